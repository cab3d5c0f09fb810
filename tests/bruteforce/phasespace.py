r"""Kinematics, phase space and squared amplitudes of B -> M f1 f2 and B -> f1 f2.

The amplitude of a pair f1 f2 is :math:`\bar u_1 W v_2`, where the 4x4 matrix W contains the
Wilson coefficients, the hadronic matrix elements and the Dirac structure of the lepton current.
Masses in GeV, q2 in GeV^2.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .baryon import currents_baryon
from .hadronic import Currents, currents_pseudoscalar, currents_vector, kallen
from .spinors import bar, u_spinors, v_spinors


def pair_spinors(s: float, m1: float, m2: float, n_theta: int) -> tuple[np.ndarray, ...]:
    """ubar_1, v_2, ubar_2, v_1 in the pair rest frame, each (n_theta, 2, 4), and the weights.

    Particle 1 has polar angle theta; the weights integrate dcos(theta)/2.
    """
    p = np.sqrt(kallen(s, m1**2, m2**2)) / (2 * np.sqrt(s))
    cos, weight = np.polynomial.legendre.leggauss(n_theta)
    sin = np.sqrt(1 - cos**2)
    p1 = p * np.stack([sin, 0 * cos, cos], axis=-1)
    return (
        bar(u_spinors(p1, m1)),
        v_spinors(-p1, m2),
        bar(u_spinors(-p1, m2)),
        v_spinors(p1, m1),
        weight / 2,
    )


def three_body_factor(q2: float, m_B: float, m_M: float, m1: float, m2: float) -> float:
    """1/(2 m_B) dPhi_3/dq2 for an angular average: dPhi_2(B; M q) dq2/(2 pi) dPhi_2(q; 1 2)."""
    phi_B = np.sqrt(kallen(m_B**2, m_M**2, q2)) / (8 * np.pi * m_B**2)
    phi_q = np.sqrt(kallen(q2, m1**2, m2**2)) / (8 * np.pi * q2)
    return phi_B * phi_q / (2 * np.pi) / (2 * m_B)


def allowed(q2: float, m_B: float, m_M: float, m1: float, m2: float) -> bool:
    return (m1 + m2) ** 2 < q2 < (m_B - m_M) ** 2


def meson_currents(
    q2: float,
    m_B: float,
    m_M: float,
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    spin: float,
) -> Currents:
    build = {0: currents_pseudoscalar, 0.5: _currents_of_spins, 1: currents_vector}[spin]
    return build(q2, m_B, m_M, form_factors, m_b, m_q)


def _currents_of_spins(*arguments) -> Currents:
    """Those of a baryon, one for each of the four helicities, averaged over those of the initial
    one. The helicity of the pair is 0 in the first and the last."""
    currents = vars(currents_baryon(*arguments))
    return Currents(**{k: x.reshape(4, *x.shape[2:]) / np.sqrt(2) for k, x in currents.items()})


def integrate(amplitude: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Angular average of the squared amplitude, summed over lepton helicities: shape (h,)."""
    return np.einsum("hnij,n->h", np.abs(amplitude) ** 2, weight)


def integrate_polarised(amplitude: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """As `integrate`, summed over the meson, for helicities +1/2 and -1/2 of particle 1."""
    plus, minus = np.einsum("hnij,n->i", np.abs(amplitude) ** 2, weight)
    return float(plus), float(minus)


def total_and_longitudinal(per_helicity: np.ndarray, spin: float) -> tuple[float, float]:
    """Sum over hadron helicities, and the helicity-0 part (zero for a pseudoscalar)."""
    zero = {0: [], 0.5: [0, 3], 1: [0]}[spin]
    return float(per_helicity.sum()), float(per_helicity[zero].sum())


def sandwich(row: np.ndarray, matrix: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return row . matrix . column: (n, i, 4), (h, 4, 4), (n, j, 4) -> (h, n, i, j)."""
    return row @ matrix[:, None] @ np.swapaxes(column, -1, -2)


def two_body_factor(m_B: float, m1: float, m2: float) -> float:
    """1/(2 m_B) Phi_2."""
    return np.sqrt(kallen(m_B**2, m1**2, m2**2)) / (8 * np.pi * m_B**2) / (2 * m_B)
