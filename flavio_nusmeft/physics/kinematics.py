"""Kinematics and lepton functions of B -> M f1 f2 with arbitrary masses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["LeptonFunctions", "kallen", "lepton_functions"]


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
