"""Differential widths of B -> P f1 f2 and B -> V f1 f2 as quadratic forms in the couplings.

The width is ``sum_k K_k(q²) Re(C_i(k) C_j(k)*)`` with real K_k. The couplings are the combinations
C± = C ± C' of the parity basis (arXiv:2309.02940 App. A), in the order of `COMPONENTS`.
Closed forms valid for arbitrary masses; helicity amplitudes in the convention of
arXiv:1506.03970, form factors in that of arXiv:1503.05534.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .kinematics import kallen, lepton_functions

__all__ = [
    "COMPONENTS",
    "PSEUDOSCALAR_TERMS",
    "VECTOR_TERMS",
    "combine",
    "phase_space",
    "pseudoscalar",
    "term_indices",
    "vector",
]

COMPONENTS = ("V+", "V-", "A+", "A-", "S+", "S-", "P+", "P-", "T+", "T-")

# the pairs of couplings that a width contains, in the order of the coefficients
PSEUDOSCALAR_TERMS = (
    ("V+", "V+"),
    ("A+", "A+"),
    ("S+", "S+"),
    ("P+", "P+"),
    ("V+", "S+"),
    ("A+", "P+"),
    ("T+", "T+"),
    ("T-", "T-"),
    ("V+", "T+"),
    ("A+", "T-"),
)
VECTOR_TERMS = (
    ("V+", "V+"),
    ("V-", "V-"),
    ("A+", "A+"),
    ("A-", "A-"),
    ("S-", "S-"),
    ("P-", "P-"),
    ("V-", "S-"),
    ("A-", "P-"),
    ("T+", "T+"),
    ("T-", "T-"),
    ("V+", "T+"),
    ("V-", "T-"),
    ("A+", "T-"),
    ("A-", "T+"),
)


def combine(pairs: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """C+ = C + C' and C- = C - C' from the pairs (C, C'), by the names of `COMPONENTS`."""
    result = {}
    for name, (c, prime) in pairs.items():
        result[f"{name}+"], result[f"{name}-"] = c + prime, c - prime
    return result


def term_indices(terms: tuple[tuple[str, str], ...]) -> np.ndarray:
    """Component indices of the first and of the second coupling of every term, shape (2, n)."""
    return np.array([[COMPONENTS.index(c) for c in pair] for pair in terms]).T


def phase_space(
    q2: np.ndarray, m_B: float, lam: np.ndarray, m1: np.ndarray, m2: np.ndarray
) -> np.ndarray:
    """1/(2 m_B) · 1/(2π) · √λ/(8π m_B²) · √λ_ℓ/(8π q²), in GeV^-1; 0 outside of phase space."""
    lam_l = (q2 - (m1 + m2) ** 2) * (q2 - (m1 - m2) ** 2)
    inside = (q2 >= (m1 + m2) ** 2) & (lam >= 0) & (q2 <= m_B**2)
    root = np.sqrt(np.where(inside, lam * lam_l, 0.0))
    return root / (256 * np.pi**3 * m_B**3 * q2)


def pseudoscalar(
    q2: np.ndarray,
    m_B: float,
    m_P: float,
    m1: np.ndarray,
    m2: np.ndarray,
    form_factors: Mapping[str, np.ndarray],
    m_b: float,
    m_q: float,
) -> np.ndarray:
    """Coefficients of dΓ(B -> P f1 f2)/dq², shape (terms, ...) with the shape of ``q2``.

    Parameters
    ----------
    q2 : GeV², positive; m1, m2 (GeV) broadcast against it
    form_factors : f+, f0, fT at q2
    m_b, m_q : running quark masses of the b -> q current (GeV)
    """
    ff = form_factors
    lam = kallen(m_B**2, m_P**2, q2)
    root, sqrt_q2 = np.sqrt(np.maximum(lam, 0)), np.sqrt(q2)
    h1 = ff["f+"] * root / (2 * sqrt_q2)
    h0 = ff["f0"] * (m_B**2 - m_P**2) / (2 * sqrt_q2)
    hS = ff["f0"] * (m_B**2 - m_P**2) / (2 * (m_b - m_q))
    hT = ff["fT"] * root / (m_B + m_P)
    lep = lepton_functions(q2, m1, m2)
    terms = np.array(
        [
            h1**2 * lep.V1 + h0**2 * lep.V0,
            h1**2 * lep.A1 + h0**2 * lep.A0,
            hS**2 * lep.S,
            hS**2 * lep.P,
            2 * h0 * hS * lep.VS,
            2 * h0 * hS * lep.AP,
            hT**2 * lep.TV,
            hT**2 * lep.TA,
            2 * h1 * hT * lep.VT,
            2 * h1 * hT * lep.AT,
        ]
    )
    return terms * phase_space(q2, m_B, lam, m1, m2)


def vector(
    q2: np.ndarray,
    m_B: float,
    m_V: float,
    m1: np.ndarray,
    m2: np.ndarray,
    form_factors: Mapping[str, np.ndarray],
    m_b: float,
    m_q: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of dΓ(B -> V f1 f2)/dq² and of its part with longitudinal V.

    As `pseudoscalar`, with the form factors V, A0, A1, A12, T1, T2, T23.
    """
    ff = form_factors
    lam = kallen(m_B**2, m_V**2, q2)
    root, sqrt_q2 = np.sqrt(np.maximum(lam, 0)), np.sqrt(q2)
    perp = ff["V"] * root / (np.sqrt(2) * (m_B + m_V))
    para = ff["A1"] * (m_B + m_V) / np.sqrt(2)
    zero = 4 * m_B * m_V * ff["A12"] / sqrt_q2
    t = ff["A0"] * root / (2 * sqrt_q2)
    s = ff["A0"] * root / (2 * (m_b + m_q))
    T_perp = np.sqrt(2) * ff["T1"] * root / sqrt_q2
    T_para = np.sqrt(2) * ff["T2"] * (m_B**2 - m_V**2) / sqrt_q2
    T_zero = 4 * m_B * m_V * ff["T23"] / (m_B + m_V)
    lep = lepton_functions(q2, m1, m2)
    nothing = np.zeros_like(perp * lep.V1)
    longitudinal = np.array(
        [
            nothing,
            zero**2 * lep.V1 + t**2 * lep.V0,
            nothing,
            zero**2 * lep.A1 + t**2 * lep.A0,
            s**2 * lep.S,
            s**2 * lep.P,
            2 * t * s * lep.VS,
            2 * t * s * lep.AP,
            T_zero**2 * lep.TA,
            T_zero**2 * lep.TV,
            nothing,
            2 * zero * T_zero * lep.VT,
            nothing,
            2 * zero * T_zero * lep.AT,
        ]
    )
    transverse = np.array(
        [
            perp**2 * lep.V1,
            para**2 * lep.V1,
            perp**2 * lep.A1,
            para**2 * lep.A1,
            nothing,
            nothing,
            nothing,
            nothing,
            T_perp**2 * lep.TV + T_para**2 * lep.TA,
            T_perp**2 * lep.TA + T_para**2 * lep.TV,
            2 * perp * T_perp * lep.VT,
            2 * para * T_para * lep.VT,
            2 * perp * T_perp * lep.AT,
            2 * para * T_para * lep.AT,
        ]
    )
    factor = phase_space(q2, m_B, lam, m1, m2)
    return (transverse + longitudinal) * factor, longitudinal * factor
