"""Differential widths of B -> P f1 f2 and B -> V f1 f2 as quadratic forms in the couplings.

The width is ``sum_k K_k(q²) Re(C_i(k) C_j(k)*)`` with real K_k. The couplings are the combinations
C± = C ± C' of the parity basis (arXiv:2309.02940 App. A), in the order of `COMPONENTS`.
The numerator of the polarisation of f1, its rate with helicity +1/2 minus that with -1/2 in the
rest frame of the pair, is of the same kind with other pairs of couplings.
Closed forms valid for arbitrary masses; helicity amplitudes in the convention of
arXiv:1506.03970, form factors in that of arXiv:1503.05534.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .kinematics import kallen, lepton_functions, polarised_lepton_functions

__all__ = [
    "COMPONENTS",
    "POLARISED_PSEUDOSCALAR_TERMS",
    "POLARISED_VECTOR_TERMS",
    "PSEUDOSCALAR_TERMS",
    "VECTOR_TERMS",
    "combine",
    "phase_space",
    "polarised_pseudoscalar",
    "polarised_vector",
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
POLARISED_PSEUDOSCALAR_TERMS = (
    ("V+", "A+"),
    ("S+", "P+"),
    ("V+", "P+"),
    ("A+", "S+"),
    ("T+", "T-"),
    ("V+", "T-"),
    ("A+", "T+"),
)
POLARISED_VECTOR_TERMS = (
    ("V+", "A+"),
    ("V-", "A-"),
    ("S-", "P-"),
    ("V-", "P-"),
    ("A-", "S-"),
    ("T+", "T-"),
    ("V+", "T-"),
    ("V-", "T+"),
    ("A+", "T+"),
    ("A-", "T-"),
)


def combine(pairs: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """C+ = C + C' and C- = C - C' from the pairs (C, C'), by the names of `COMPONENTS`."""
    result = {}
    for name, (c, prime) in pairs.items():
        result[f"{name}+"], result[f"{name}-"] = c + prime, c - prime
    return result


def term_indices(
    terms: tuple[tuple[str, str], ...], components: tuple[str, ...] = COMPONENTS
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Component indices of the first and of the second coupling of every term."""
    first, second = (tuple(components.index(pair[i]) for pair in terms) for i in (0, 1))
    return first, second


def phase_space(
    q2: np.ndarray, m_B: float | np.ndarray, lam: np.ndarray, m1: np.ndarray, m2: np.ndarray
) -> np.ndarray:
    """1/(2 m_B) · 1/(2π) · √λ/(8π m_B²) · √λ_ℓ/(8π q²), in GeV^-1; 0 outside of phase space."""
    lam_l = (q2 - (m1 + m2) ** 2) * (q2 - (m1 - m2) ** 2)
    inside = (q2 >= (m1 + m2) ** 2) & (lam >= 0) & (q2 <= m_B**2)
    root = np.sqrt(np.where(inside, lam * lam_l, 0.0))
    return root / (256 * np.pi**3 * m_B**3 * q2)


class _PseudoscalarAmplitudes(NamedTuple):
    """λ and the amplitudes of B -> P: spin 1 and 0 of the vector current, scalar, tensor."""

    lam: np.ndarray
    h1: np.ndarray
    h0: np.ndarray
    hS: np.ndarray
    hT: np.ndarray


def _pseudoscalar_amplitudes(
    q2: np.ndarray,
    m_B: float,
    m_P: float,
    form_factors: Mapping[str, np.ndarray],
    m_b: float,
    m_q: float,
) -> _PseudoscalarAmplitudes:
    ff = form_factors
    lam = kallen(m_B**2, m_P**2, q2)
    root, sqrt_q2 = np.sqrt(np.maximum(lam, 0)), np.sqrt(q2)
    return _PseudoscalarAmplitudes(
        lam=lam,
        h1=ff["f+"] * root / (2 * sqrt_q2),
        h0=ff["f0"] * (m_B**2 - m_P**2) / (2 * sqrt_q2),
        hS=ff["f0"] * (m_B**2 - m_P**2) / (2 * (m_b - m_q)),
        hT=ff["fT"] * root / (m_B + m_P),
    )


class _VectorAmplitudes(NamedTuple):
    """λ and the amplitudes of B -> V: transversities, time component, scalar, tensor."""

    lam: np.ndarray
    perp: np.ndarray
    para: np.ndarray
    zero: np.ndarray
    t: np.ndarray
    s: np.ndarray
    T_perp: np.ndarray
    T_para: np.ndarray
    T_zero: np.ndarray


def _vector_amplitudes(
    q2: np.ndarray,
    m_B: float,
    m_V: float,
    form_factors: Mapping[str, np.ndarray],
    m_b: float,
    m_q: float,
) -> _VectorAmplitudes:
    ff = form_factors
    lam = kallen(m_B**2, m_V**2, q2)
    root, sqrt_q2 = np.sqrt(np.maximum(lam, 0)), np.sqrt(q2)
    return _VectorAmplitudes(
        lam=lam,
        perp=ff["V"] * root / (np.sqrt(2) * (m_B + m_V)),
        para=ff["A1"] * (m_B + m_V) / np.sqrt(2),
        zero=4 * m_B * m_V * ff["A12"] / sqrt_q2,
        t=ff["A0"] * root / (2 * sqrt_q2),
        s=ff["A0"] * root / (2 * (m_b + m_q)),
        T_perp=np.sqrt(2) * ff["T1"] * root / sqrt_q2,
        T_para=np.sqrt(2) * ff["T2"] * (m_B**2 - m_V**2) / sqrt_q2,
        T_zero=4 * m_B * m_V * ff["T23"] / (m_B + m_V),
    )


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
    lam, h1, h0, hS, hT = _pseudoscalar_amplitudes(q2, m_B, m_P, form_factors, m_b, m_q)
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
    lam, perp, para, zero, t, s, T_perp, T_para, T_zero = _vector_amplitudes(
        q2, m_B, m_V, form_factors, m_b, m_q
    )
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


def polarised_pseudoscalar(
    q2: np.ndarray,
    m_B: float,
    m_P: float,
    m1: np.ndarray,
    m2: np.ndarray,
    form_factors: Mapping[str, np.ndarray],
    m_b: float,
    m_q: float,
) -> np.ndarray:
    """Coefficients of dΓ(λ1 = +1/2)/dq² - dΓ(λ1 = -1/2)/dq² of B -> P f1 f2.

    Arguments and shape as in `pseudoscalar`, for `POLARISED_PSEUDOSCALAR_TERMS`.
    """
    lam, h1, h0, hS, hT = _pseudoscalar_amplitudes(q2, m_B, m_P, form_factors, m_b, m_q)
    lep = polarised_lepton_functions(q2, m1, m2)
    terms = np.array(
        [
            h1**2 * lep.VA1 + h0**2 * lep.VA0,
            hS**2 * lep.SP,
            h0 * hS * lep.VP,
            h0 * hS * lep.AS,
            hT**2 * lep.TT,
            h1 * hT * lep.V_TA,
            h1 * hT * lep.A_TV,
        ]
    )
    return 2 * terms * phase_space(q2, m_B, lam, m1, m2)


def polarised_vector(
    q2: np.ndarray,
    m_B: float,
    m_V: float,
    m1: np.ndarray,
    m2: np.ndarray,
    form_factors: Mapping[str, np.ndarray],
    m_b: float,
    m_q: float,
) -> np.ndarray:
    """As `polarised_pseudoscalar` for B -> V f1 f2 and `POLARISED_VECTOR_TERMS`, all V summed."""
    lam, perp, para, zero, t, s, T_perp, T_para, T_zero = _vector_amplitudes(
        q2, m_B, m_V, form_factors, m_b, m_q
    )
    lep = polarised_lepton_functions(q2, m1, m2)
    mixed = para * T_para + zero * T_zero
    terms = np.array(
        [
            perp**2 * lep.VA1,
            (para**2 + zero**2) * lep.VA1 + t**2 * lep.VA0,
            s**2 * lep.SP,
            t * s * lep.VP,
            t * s * lep.AS,
            (T_perp**2 + T_para**2 + T_zero**2) * lep.TT,
            perp * T_perp * lep.V_TA,
            mixed * lep.V_TA,
            perp * T_perp * lep.A_TV,
            mixed * lep.A_TV,
        ]
    )
    return 2 * terms * phase_space(q2, m_B, lam, m1, m2)
