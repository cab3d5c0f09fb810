"""Widths of two-body decays of a pseudoscalar meson: P -> inv, P -> l + inv.

With x = m/m_B, Δ = C - C', the width of two Dirac fermions is

    Γ = λ^½(1, x_a², x_b²) m_B³ f² / (32 π)
        · { |Δ_V (x_a - x_b) + Δ_S/(x_b + x_s)|² [1 - (x_a + x_b)²]
          + |Δ_A (x_a + x_b) + Δ_P/(x_b + x_s)|² [1 - (x_a - x_b)²] }.

For a pair of Majorana neutrinos, divided by 1 + δ_ab, this is twice arXiv:2309.02940 Eqs. (15),
(16), (24), (25): the Lagrangian (20) and the form factors (23) of that paper give this
normalisation, which also reproduces the textbook rates of B -> l nu and B_s -> l l.
"""

from __future__ import annotations

import numpy as np

from .kinematics import kallen

__all__ = ["TWO_BODY_TERMS", "two_body"]

# the pairs of couplings that the width contains, in the order of the coefficients
TWO_BODY_TERMS = (
    ("V-", "V-"),
    ("S-", "S-"),
    ("V-", "S-"),
    ("A-", "A-"),
    ("P-", "P-"),
    ("A-", "P-"),
)


def two_body(
    m_B: float, f_B: float, quark_masses: float, m1: np.ndarray, m2: np.ndarray
) -> np.ndarray:
    """Coefficients of the width of B -> f1 f2 for distinguishable Dirac fermions.

    In GeV^5, to be multiplied by couplings² in GeV^-4, shape (terms, pairs); 0 below threshold.

    Parameters
    ----------
    quark_masses : sum of the running masses of the meson's quarks, GeV
    m1, m2 : shape (pairs,), GeV
    """
    x1, x2 = m1 / m_B, m2 / m_B
    is_open = x1 + x2 < 1
    root = np.sqrt(np.where(is_open, kallen(np.ones_like(x1), x1**2, x2**2), 0.0))
    chirality = m_B / quark_masses
    plus, minus = x1 + x2, x1 - x2
    terms = np.array(
        [
            minus**2 * (1 - plus**2),
            chirality**2 * (1 - plus**2),
            2 * minus * chirality * (1 - plus**2),
            plus**2 * (1 - minus**2),
            chirality**2 * (1 - minus**2),
            2 * plus * chirality * (1 - minus**2),
        ]
    )
    return terms * root * m_B**3 * f_B**2 / (32 * np.pi)
