r"""Widths of :math:`N\to f\,f_i\bar f_j` from explicit spinors.

In the rest frame of the pair :math:`f_i\bar f_j`, N and f moving along +z, averaged over the angle
of the pair. The currents :math:`\bar u_i\Gamma v_j` of all its angles and helicities stand where
matrix elements of a meson stand elsewhere. Masses in GeV, q2 in GeV^2, dGamma/dq2 in GeV^-1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .hadronic import Currents, kallen
from .phasespace import pair_spinors, three_body_factor
from .rates import Arrays, Pair, _matrix, _parity_matrix, left_terms
from .spinors import GAMMA, GAMMA5, ID4, METRIC, SIGMA_LOW, bar, u_spinors, v_spinors

N_THETA = 8


def _pair_currents(q2: float, m_i: float, m_j: float) -> tuple[Currents, np.ndarray]:
    """The currents, first axis (angle, helicities) in one, and the weights of the angles."""
    row, column, _, _, weight = pair_spinors(q2, m_i, m_j, N_THETA)
    sigma = np.einsum("mr,ns,rsab->mnab", METRIC, METRIC, SIGMA_LOW)

    def current(matrices: np.ndarray) -> np.ndarray:
        found = np.einsum("nia,...ab,njb->nij...", row, matrices, column)
        return found.reshape(-1, *found.shape[3:])

    currents = Currents(
        S=current(ID4),
        P=current(GAMMA5),
        V=current(GAMMA),
        A=current(GAMMA @ GAMMA5),
        T=current(sigma),
        T5=current(sigma @ GAMMA5),
    )
    return currents, np.repeat(weight, 4)


def _momentum(q2: float, m_N: float, m_f: float) -> np.ndarray:
    return np.array([0, 0, np.sqrt(kallen(m_N**2, m_f**2, q2)) / (2 * np.sqrt(q2))])


def _width(
    q2: float, m_N: float, m_f: float, pair: Pair, matrix: np.ndarray, crossed: np.ndarray, weight
) -> float:
    p = _momentum(q2, m_N, m_f)
    amplitude = bar(u_spinors(p, m_f)) @ matrix @ u_spinors(p, m_N).T
    amplitude = amplitude - np.swapaxes(
        bar(v_spinors(p, m_N)) @ crossed @ v_spinors(p, m_f).T, 1, 2
    )
    squared = np.einsum("hij,h->", np.abs(amplitude) ** 2, weight) / 2
    return float(three_body_factor(q2, m_N, m_f, *pair) * squared)


def width(q2: float, m_N: float, m_f: float, pair: Pair, couplings: Mapping[str, complex]) -> float:
    """Dirac fermions, L = (fbar .. N)(fbar_i .. f_j) as in `rates.dirac_width`; masses (i, j)."""
    currents, weight = _pair_currents(q2, *pair)
    matrix = _parity_matrix(couplings, currents)
    return _width(q2, m_N, m_f, pair, matrix, 0 * matrix, weight)


def majorana_width(
    q2: float,
    masses: Sequence[float],
    pair: Pair,
    left: Arrays,
    flavours: tuple[int, int],
    decaying: int,
    other: int,
) -> float:
    """chi_decaying -> chi_other f_i fbar_j from the LEFT Lagrangian; flavours (i, j)."""
    currents, weight = _pair_currents(q2, *pair)
    terms = left_terms(left, flavours)
    w, crossed = (_matrix(terms, *ab, currents) for ab in ((other, decaying), (decaying, other)))
    return _width(q2, masses[decaying], masses[other], pair, w, crossed, weight)
