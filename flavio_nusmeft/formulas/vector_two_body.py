"""Two-body widths with a vector meson: V -> f1 f2 and F -> f V.

With <0|qbar γ^μ q|V> = f_V m_V ε^μ and <0|qbar σ^{μν} q|V> = i f_T (ε^μ p^ν - ε^ν p^μ), and the
lepton functions V1, A1, TV, TA, VT, AT at q² = m_V² (`kinematics.lepton_functions`), the width of
two Dirac fermions is

    Γ = λ^½(m_V², m1², m2²)/(16 π m_V³)
        · { (f_V m_V/2)² (|C+_V|² V1 + |C+_A|² A1) + (f_T m_V)² (|C+_T|² TV + |C-_T|² TA)
          + f_V f_T m_V² (Re C+_V C+_T* VT + Re C+_A C-_T* AT) }.

Explicit calculation in ``tests/bruteforce``; the couplings are those of arXiv:2309.02940 App. A. It
reproduces Γ(V -> e e) = 4π α² Q² f_V²/(3 m_V). For a pair of Majorana neutrinos: divided by
1 + δ_ab. A fermion that decays to f V has -3/2 times the bracket, by crossing, and its own mass in
the prefactor.

A neutral V also becomes a photon, with L = -e Q A_μ qbar γ^μ q, and the photon two neutrinos by a
dipole, L = ½ F_{μν} Σ_ab nubar_a σ^{μν} (D_ab P_R + D'_ab P_L) nu_b. At q² = m_V² the propagator
leaves

    -e Q f_V/m_V · (ε^μ p^ν - ε^ν p^μ) i D nubar σ_{μν} nu,

so that f_T C_T is accompanied by -e Q f_V D/m_V: D± = D ± D' (GeV^-1) have the width of T±, and
interfere with V+, A+ and T±.
"""

from __future__ import annotations

import numpy as np

from .kinematics import lepton_functions
from .widths import COMPONENTS

__all__ = [
    "PHOTON_COMPONENTS",
    "PHOTON_TERMS",
    "VECTOR_TWO_BODY_TERMS",
    "fermion_vector",
    "vector_photon_two_body",
    "vector_two_body",
]

# the pairs of couplings that the widths contain, in the order of the coefficients
VECTOR_TWO_BODY_TERMS = (
    ("V+", "V+"),
    ("A+", "A+"),
    ("T+", "T+"),
    ("T-", "T-"),
    ("V+", "T+"),
    ("A+", "T-"),
)
# the couplings of `widths.COMPONENTS` and dipoles of the photon; their pairs, likewise
PHOTON_COMPONENTS = (*COMPONENTS, "D+", "D-")
PHOTON_TERMS = (
    *VECTOR_TWO_BODY_TERMS,
    ("D+", "D+"),
    ("D-", "D-"),
    ("V+", "D+"),
    ("A+", "D-"),
    ("T+", "D+"),
    ("T-", "D-"),
)


def _bracket(m_V: float, f_V: float, f_T: float, m1: np.ndarray, m2: np.ndarray) -> np.ndarray:
    lep = lepton_functions(np.asarray(m_V**2), m1, m2)
    vector, tensor = f_V * m_V / 2, f_T * m_V
    return np.array(
        [
            vector**2 * lep.V1,
            vector**2 * lep.A1,
            tensor**2 * lep.TV,
            tensor**2 * lep.TA,
            2 * vector * tensor * lep.VT,
            2 * vector * tensor * lep.AT,
        ]
    )


def _root(m_V: float, m1: np.ndarray, m2: np.ndarray, is_open: np.ndarray) -> np.ndarray:
    """λ^½(m_V², m1², m2²), 0 where the decay is closed."""
    lam = (m_V**2 - (m1 + m2) ** 2) * (m_V**2 - (m1 - m2) ** 2)
    return np.sqrt(np.where(is_open, lam, 0.0))


def vector_two_body(
    m_V: float, f_V: float, f_T: float, m1: np.ndarray, m2: np.ndarray
) -> np.ndarray:
    """Coefficients of the width of V -> f1 f2 for distinguishable Dirac fermions.

    In GeV^5, to be multiplied by couplings² in GeV^-4, shape (terms, pairs); 0 below threshold.

    Parameters
    ----------
    m_V, f_V, f_T : mass, vector and tensor decay constant, GeV
    m1, m2 : shape (pairs,), GeV
    """
    root = _root(m_V, m1, m2, m1 + m2 < m_V)
    return _bracket(m_V, f_V, f_T, m1, m2) * root / (16 * np.pi * m_V**3)


def vector_photon_two_body(
    m_V: float, f_V: float, f_T: float, charge: float, m1: np.ndarray, m2: np.ndarray
) -> np.ndarray:
    """As `vector_two_body`, of a neutral meson and with dipoles, in the order of `PHOTON_TERMS`.

    In GeV^5, and GeV^3 and GeV^4 for the terms with two dipoles and with one.

    Parameters
    ----------
    charge : e Q, the mean of q qbar in the meson
    """
    vector, tensor, dipole = f_V * m_V / 2, f_T * m_V, -charge * f_V
    lep = lepton_functions(np.asarray(m_V**2), m1, m2)
    terms = np.array(
        [
            dipole**2 * lep.TV,
            dipole**2 * lep.TA,
            2 * vector * dipole * lep.VT,
            2 * vector * dipole * lep.AT,
            2 * tensor * dipole * lep.TV,
            2 * tensor * dipole * lep.TA,
        ]
    )
    root = _root(m_V, m1, m2, m1 + m2 < m_V)
    without = vector_two_body(m_V, f_V, f_T, m1, m2)
    return np.concatenate([without, terms * root / (16 * np.pi * m_V**3)])


def fermion_vector(
    m_V: float, f_V: float, f_T: float, m_b: np.ndarray, m_n: np.ndarray
) -> np.ndarray:
    """Coefficients of the width of F -> f V, averaged over the spin of F.

    F is the heavier of two Dirac fermions, b of the barred field (l of charged currents) or n:
    N -> l V has m_n > m_b, tau -> V N m_b > m_n. Majorana N -> l^- V^+ and N -> l^+ V^- have this
    width each, and so has the sum over the helicities of nu in N_n -> nu_b V with the coupling
    C_bn of neutral currents. Units and shape as in `vector_two_body`.

    Parameters
    ----------
    m_V, f_V, f_T : mass, vector and tensor decay constant, GeV
    m_b, m_n : shape (pairs,), GeV
    """
    is_open = np.abs(m_b - m_n) > m_V
    m_F = np.where(is_open, np.maximum(m_b, m_n), 1.0)  # no division by 0
    root = _root(m_V, m_b, m_n, is_open)
    return -1.5 * _bracket(m_V, f_V, f_T, m_b, m_n) * root / (16 * np.pi * m_F**3)
