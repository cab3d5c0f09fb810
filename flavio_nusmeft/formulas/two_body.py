"""Two-body widths with a pseudoscalar meson: P -> inv, P -> l + inv and F -> P f.

With x = m/m_B, Δ = C - C', the width of two Dirac fermions is

    Γ = λ^½(1, x_a², x_b²) m_B³ f² / (32 π)
        · { |Δ_V (x_a - x_b) + Δ_S/(x_b + x_s)|² [1 - (x_a + x_b)²]
          + |Δ_A (x_a + x_b) + Δ_P/(x_b + x_s)|² [1 - (x_a - x_b)²] }.

For a pair of Majorana neutrinos, divided by 1 + δ_ab, this is twice arXiv:2309.02940 Eqs. (15),
(16), (24), (25): the Lagrangian (20) and the form factors (23) of that paper give this
normalisation, which also reproduces the textbook rates of B -> l nu and B_s -> l l.

A fermion F that decays to P f, b being the barred field and n the other, has by crossing

    Γ = f² λ^½(m_b², m_n², m_P²)/(64 π m_F³)
        · { |Δ_V (m_b - m_n) + Δ_S m_P²/(m_q + m_q')|² [(m_b + m_n)² - m_P²]
          + |Δ_A (m_b + m_n) + Δ_P m_P²/(m_q + m_q')|² [(m_b - m_n)² - m_P²] },

whichever of b and n is F (explicit calculation in ``tests/bruteforce``).
"""

from __future__ import annotations

import numpy as np

__all__ = ["TWO_BODY_TERMS", "fermion_pseudoscalar", "two_body"]

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
    plus, minus = x1 + x2, x1 - x2
    # λ, of which the sum of squares would lose its digits at threshold
    root = np.sqrt(np.where(is_open, (1 - plus**2) * (1 - minus**2), 0.0))
    chirality = m_B / quark_masses
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


def fermion_pseudoscalar(
    m_P: float, f_P: float, quark_masses: float, m_b: np.ndarray, m_n: np.ndarray
) -> np.ndarray:
    """Coefficients of the width of F -> P f, averaged over the spin of F, in `TWO_BODY_TERMS`.

    F is the heavier of two Dirac fermions, b of the barred field (l of charged currents) or n:
    N -> P l has m_n > m_b, tau -> P N m_b > m_n. Majorana N -> l^- P^+ and N -> l^+ P^- have this
    width each, and so has the sum over the helicities of nu in N_n -> nu_b P with the coupling
    C_bn of neutral currents. Units and shape as in `two_body`.

    Parameters
    ----------
    m_P, f_P : mass and decay constant of P, GeV
    quark_masses : sum of the running masses of the meson's quarks, GeV
    m_b, m_n : shape (pairs,), GeV
    """
    plus, minus = m_b + m_n, m_b - m_n
    scalar, pseudoscalar = plus**2 - m_P**2, minus**2 - m_P**2
    is_open = np.abs(minus) > m_P
    root = np.sqrt(np.where(is_open, scalar * pseudoscalar, 0.0))
    m_F = np.where(is_open, np.maximum(m_b, m_n), 1.0)  # no division by 0
    density = m_P**2 / quark_masses
    terms = np.array(
        [
            minus**2 * scalar,
            density**2 * scalar,
            2 * minus * density * scalar,
            plus**2 * pseudoscalar,
            density**2 * pseudoscalar,
            2 * plus * density * pseudoscalar,
        ]
    )
    return terms * root * f_P**2 / (64 * np.pi * m_F**3)
