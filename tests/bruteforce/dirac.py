r"""Widths with one Dirac N from explicit amplitudes: particle and antiparticle are different.

Index 3 (counted from 0) of neutrinos is a Dirac field :math:`\Psi`, whose right-handed component is
the n of nuSMEFT; 0..2 are active neutrinos. A Lagrangian :math:`c_{ab}\,\bar\psi_a\Gamma\psi_b` has
one contraction, :math:`\bar u_a\Gamma v_b`, and all final states :math:`a\bar b` are different:
no crossed amplitude, no factor for identical particles. Nothing is known here of Majorana states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from .hadronic import Currents, currents_vacuum
from .phasespace import (
    allowed,
    integrate,
    meson_currents,
    pair_spinors,
    sandwich,
    three_body_factor,
    total_and_longitudinal,
    two_body_factor,
)
from .projection import Term
from .rates import Arrays, Pair, Terms, _matrix
from .spinors import bar, u_spinors

N = 3
FIELDS = range(4)


def dirac_terms(left: Arrays, quarks: Pair) -> Terms:
    r"""Terms of the LEFT Lagrangian with lepton number; arguments as `rates.left_terms`.

    Neutrino 3 is :math:`\Psi_R^c` in vectors of two of them and in S and T with an active one; in
    vectors with an active one it is :math:`\Psi_L`.
    """
    i, j = quarks
    active = slice(0, 3)
    terms: Terms = []

    def add(kind: str, neutrino: str, quark: str, rows, columns, c: np.ndarray) -> None:
        block = np.zeros((6, 6), dtype=complex)
        block[rows, columns] = c
        terms.append((kind, neutrino, quark, block))

    for quark in "LR":
        V = left[f"VL{quark}"][:, :, i, j]
        add("V", "L", quark, active, active, V[active, active])
        add("V", "L", quark, active, N, V[active, N])
        add("V", "L", quark, N, active, V[N, active])
        # nu^cbar gamma P_L nu^c = -nubar gamma P_R nu
        add("V", "R", quark, N, N, -V[N, N])
    for name, kind, quark, other in (
        ("SLL", "S", "L", "R"),
        ("SLR", "S", "R", "L"),
        ("TLL", "T", "L", "R"),
    ):
        # both orders of the neutrinos are the same operator, (Psi_R^c)^c = Psi_R
        add(kind, "L", quark, N, active, 2 * left[name][N, active, i, j])
        add(kind, "R", other, active, N, 2 * left[name][N, active, j, i].conj())
    return terms


def _squared(
    terms: Terms, a: int, b: int, currents: Currents, s: float, masses: Sequence[float], n: int
) -> np.ndarray:
    row, column, _, _, weight = pair_spinors(s, masses[a], masses[b], n)
    return integrate(sandwich(row, _matrix(terms, a, b, currents), column), weight)


def _final_states(terms: Terms) -> Iterator[tuple[int, int]]:
    for a in FIELDS:
        for b in FIELDS:
            if any(c[a, b] for *_, c in terms):
                yield a, b


def three_body(
    terms: Terms,
    q2: float,
    m_B: float,
    m_M: float,
    masses: Sequence[float],
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    spin: int,
    n_theta: int = 4,
) -> tuple[float, float]:
    """dGamma/dq2 of B -> M + all pairs, as `rates.majorana_width_left`."""
    total = np.zeros(2)
    currents = meson_currents(q2, m_B, m_M, form_factors, m_b, m_q, spin)
    for a, b in _final_states(terms):
        if allowed(q2, m_B, m_M, masses[a], masses[b]):
            factor = three_body_factor(q2, m_B, m_M, masses[a], masses[b])
            squared = _squared(terms, a, b, currents, q2, masses, n_theta)
            total += total_and_longitudinal(factor * squared, spin)
    return float(total[0]), float(total[1])


def two_body(
    terms: Terms, m_B: float, f_B: float, m_b: float, m_q: float, masses: Sequence[float]
) -> float:
    """Width of B -> all pairs, as `rates.majorana_two_body_left`."""
    currents, total = currents_vacuum(m_B, f_B, m_b, m_q), 0.0
    for a, b in _final_states(terms):
        if masses[a] + masses[b] < m_B:
            squared = _squared(terms, a, b, currents, m_B**2, masses, 1).sum()
            total += float(two_body_factor(m_B, masses[a], masses[b]) * squared)
    return total


def lepton_width(
    terms: Sequence[Term], m_i: float, m_j: float, i: int, j: int, masses: Sequence[float]
) -> float:
    """Width of lepton i -> j + all pairs from (psi psi)(e e) and (psi e)(e psi).

    The substitution q2 -> t removes the square roots at both ends.
    """
    t, weights = np.polynomial.legendre.leggauss(40)
    t, weights = (t + 1) * np.pi / 4, weights * np.pi / 4
    total = 0.0
    for a in FIELDS:
        for b in FIELDS:
            low, high = (masses[a] + masses[b]) ** 2, (m_i - m_j) ** 2
            if low < high:
                q2, jacobian = low + (high - low) * np.sin(t) ** 2, (high - low) * np.sin(2 * t)
                values = [_lepton(terms, x, m_i, m_j, i, j, a, b, masses) for x in q2]
                total += float(np.dot(values, weights * jacobian))
    return total


def _lepton(
    terms: Sequence[Term],
    q2: float,
    m_i: float,
    m_j: float,
    i: int,
    j: int,
    a: int,
    b: int,
    masses: Sequence[float],
) -> float:
    """dGamma/dq2 in the rest frame of the pair, both charged leptons along z."""
    root = np.sqrt(q2)
    momentum = np.sqrt(((m_i - m_j) ** 2 - q2) * ((m_i + m_j) ** 2 - q2)) / (2 * root)
    along = np.array([0, 0, momentum])
    start, end = u_spinors(along, m_i), bar(u_spinors(along, m_j))
    row, column, _, _, weight = pair_spinors(q2, masses[a], masses[b], 4)
    amplitude = np.zeros((len(weight), 2, 2, 2, 2), dtype=complex)
    for term in terms:
        if term.kinds == ("chi", "chi", "e", "e"):
            pair = np.einsum("nka,xab,nlb->nxkl", row, term.first, column)
            lepton = np.einsum("ca,xab,hb->xch", end, term.second, start)
            amplitude += term.c[a, b, j, i] * np.einsum("nxkl,xch->nchkl", pair, lepton)
        else:  # (psi e)(e psi), with the sign of the exchange of two fermions
            first = np.einsum("nka,xab,hb->nxkh", row, term.first, start)
            second = np.einsum("ca,xab,nlb->nxcl", end, term.second, column)
            amplitude -= term.c[a, i, j, b] * np.einsum("nxkh,nxcl->nchkl", first, second)
    spins = np.einsum("nchkl,n->", abs(amplitude) ** 2, weight) / 2
    flux = 1 / (2 * m_i) * momentum * root / m_i / (4 * np.pi * m_i) / (2 * np.pi)
    pair_momentum = np.sqrt(
        (q2 - (masses[a] + masses[b]) ** 2) * (q2 - (masses[a] - masses[b]) ** 2)
    ) / (2 * root)
    return float(flux * pair_momentum / (4 * np.pi * root) * spins)
