"""Kinematics and lepton functions of B -> M f1 f2 with arbitrary masses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = [
    "LeptonFunctions",
    "PolarisedLeptonFunctions",
    "kallen",
    "lepton_functions",
    "polarised_lepton_functions",
]


def kallen(a: float | np.ndarray, b: float | np.ndarray, c: np.ndarray) -> np.ndarray:
    """Källén function a² + b² + c² - 2ab - 2ac - 2bc."""
    return a * a + b * b + c * c - 2 * (a * b + a * c + b * c)


class LeptonFunctions(NamedTuple):
    """Angular averages of the squared lepton currents, in GeV² (all real).

    The letters name the currents: vector (V), axial vector (A), scalar (S), pseudoscalar (P) and
    tensor (T) with its two parities; 1 and 0 the spin of a vector current. Two different letters
    mark an interference.
    """

    V1: np.ndarray
    A1: np.ndarray
    V0: np.ndarray
    A0: np.ndarray
    S: np.ndarray
    P: np.ndarray
    TV: np.ndarray
    TA: np.ndarray
    VS: np.ndarray
    AP: np.ndarray
    VT: np.ndarray
    AT: np.ndarray


def lepton_functions(q2: np.ndarray, m1: np.ndarray, m2: np.ndarray) -> LeptonFunctions:
    """Lepton functions at q² (GeV²) for final-state masses m1, m2 (GeV); arrays broadcast.

    In the convention of arXiv:1506.03970 for Dirac fermions f1 fbar2; derived there for
    arbitrary masses in terms of helicity amplitudes.
    """
    plus, minus = m1 + m2, m1 - m2
    plus2, minus2 = plus * plus, minus * minus
    a, b = q2 - plus2, q2 - minus2
    sqrt_q2 = np.sqrt(q2)
    return LeptonFunctions(
        V1=2 / 3 * b * (2 * q2 + plus2) / q2,
        A1=2 / 3 * a * (2 * q2 + minus2) / q2,
        V0=2 * minus2 * a / q2,
        A0=2 * plus2 * b / q2,
        S=2 * a,
        P=2 * b,
        TV=2 / 3 * b * (q2 + 2 * plus2) / q2,
        TA=2 / 3 * a * (q2 + 2 * minus2) / q2,
        VS=2 * minus * a / sqrt_q2,
        AP=2 * plus * b / sqrt_q2,
        VT=2 * plus * b / sqrt_q2,
        AT=2 * minus * a / sqrt_q2,
    )


class PolarisedLeptonFunctions(NamedTuple):
    """Angular averages of products of lepton currents, helicity +1/2 of f1 minus -1/2, in GeV².

    Odd under parity, so every product is of currents of opposite parity; the letters as in
    `LeptonFunctions`, V_TA the vector with the tensor of parity A and A_TV the other way round.
    """

    VA1: np.ndarray
    VA0: np.ndarray
    SP: np.ndarray
    VP: np.ndarray
    AS: np.ndarray
    TT: np.ndarray
    V_TA: np.ndarray
    A_TV: np.ndarray


def polarised_lepton_functions(
    q2: np.ndarray, m1: np.ndarray, m2: np.ndarray
) -> PolarisedLeptonFunctions:
    """Polarised lepton functions in the rest frame of q; arguments as in `lepton_functions`.

    The functions multiply 2 Re(C_i C_j*) and are real: an imaginary part does not survive the
    angular average.
    """
    plus, minus = m1 + m2, m1 - m2
    product = plus * minus
    lam_l = (q2 - plus * plus) * (q2 - minus * minus)
    root, sqrt_q2 = np.sqrt(np.maximum(lam_l, 0)), np.sqrt(q2)
    return PolarisedLeptonFunctions(
        VA1=2 / 3 * root * (2 * q2 - product) / q2,
        VA0=-2 * root * product / q2,
        SP=-2 * root,
        VP=-2 * minus * root / sqrt_q2,
        AS=-2 * plus * root / sqrt_q2,
        TT=-2 / 3 * root * (q2 - 2 * product) / q2,
        V_TA=2 / 3 * root * (2 * minus - plus) / sqrt_q2,
        A_TV=2 / 3 * root * (2 * plus - minus) / sqrt_q2,
    )
