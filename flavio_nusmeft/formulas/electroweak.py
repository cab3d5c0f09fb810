"""Two-body widths of Z, W and h to N, and of N -> nu + photon.

Couplings of the mass eigenstates (v = 246 GeV, D = ∂ + i g W, B = c_W A - s_W Z), from the
operators of arXiv:2411.07220 (phin, phine, nW, nB, nphi; explicit calculation in
``tests/bruteforce``):

    Z_μ N̄_a γ^μ P_R N_b        g_ab = m_Z v phin_ab
    Z_{μν} ν̄ σ^{μν} P_R N      d_Z = (v/√2) (c_W nW - s_W nB)
    F_{μν} ν̄ σ^{μν} P_R N      d_γ = (v/√2) (s_W nW + c_W nB)
    W^-_μ l̄ γ^μ P_R N          g_R = -(m_W v/√2) phine*
    W^-_{μν} l̄ σ^{μν} P_R N    d_W = v nW
    h ν̄ P_R N                  y = (v²/√2) nphi, the mass term absorbed in a Yukawa coupling

N and nu are Majorana particles. All arrays broadcast; widths in GeV, 0 below threshold.
"""

from __future__ import annotations

import numpy as np

from .two_body import two_body
from .vector_two_body import VECTOR_TWO_BODY_TERMS, vector_two_body
from .widths import COMPONENTS, term_indices

__all__ = [
    "h_form",
    "h_to_nu_n",
    "n_to_nu_photon",
    "w_couplings",
    "w_form",
    "w_to_lepton_n",
    "z_form",
    "z_to_nn",
    "z_to_nu_n",
]

_FIRST, _SECOND = term_indices(VECTOR_TWO_BODY_TERMS)


def _squared(z: np.ndarray) -> np.ndarray:
    return np.asarray(z.real**2 + z.imag**2)


def z_to_nn(m_Z: float, m_a: np.ndarray, m_b: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Γ(Z -> N_a N_b) for a ≠ b; to be halved for a = b, where g is real.

    Γ = m_Z/(12π) λ^½(1, x_a², x_b²) [|g|² (1 - (x_a² + x_b²)/2 - (x_a² - x_b²)²/2)
    - 3 x_a x_b Re g²], x = m/m_Z; for a = b half of it is g² m_Z (1 - 4x²)^{3/2}/(24π).
    """
    g, x_a, x_b = np.asarray(g), np.asarray(m_a) / m_Z, np.asarray(m_b) / m_Z
    lam = (1 - (x_a + x_b) ** 2) * (1 - (x_a - x_b) ** 2)
    root = np.sqrt(np.where(x_a + x_b < 1, lam, 0.0))
    same = 1 - (x_a**2 + x_b**2) / 2 - (x_a**2 - x_b**2) ** 2 / 2
    bracket = _squared(g) * same - 3 * x_a * x_b * (g * g).real
    return np.asarray(m_Z / (12 * np.pi) * root * bracket)


def z_to_nu_n(m_Z: float, m_N: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Γ(Z -> ν N) = |d_Z|² m_Z³ (1 - x²)² (1 + 2x²)/(6π), x = m_N/m_Z; d_Z in GeV^-1."""
    x2 = np.minimum(np.asarray(m_N) / m_Z, 1.0) ** 2
    width = m_Z**3 / (6 * np.pi) * (1 - x2) ** 2 * (1 + 2 * x2)
    return np.asarray(_squared(np.asarray(d)) * width)


def w_to_lepton_n(
    m_W: float,
    m_lepton: np.ndarray,
    m_N: np.ndarray,
    g_L: np.ndarray,
    g_R: np.ndarray,
    d: np.ndarray,
) -> np.ndarray:
    """Γ(W^- -> l^- N) with both masses, and with all interferences.

    L = W^-_μ l̄ γ^μ (g_L P_L + g_R P_R) N + d_W W^-_{μν} l̄ σ^{μν} P_R N + h.c.; for m_lepton = 0
    Γ = (|g_L|² + |g_R|²) m_W/(24π) (1 - x²)² (1 + x²/2) + |d_W|² m_W³/(12π) (1 - x²)² (1 + 2x²)
    + (m_W²/4π) (1 - x²)² x Re g_L d_W*, x = m_N/m_W. The interference of g_R with d_W is
    proportional to m_lepton. g_L is of mixing: -(g/√2) U for ν_l = U N^c.
    """
    g_L, g_R, d, m_lepton, m_N = np.broadcast_arrays(g_L, g_R, d, m_lepton, m_N)
    C = w_couplings(g_L, g_R, d)
    products = (C[list(_FIRST)] * C[list(_SECOND)].conj()).real
    return np.asarray(np.sum(w_form(m_W, m_lepton, m_N) * products, axis=0))


def w_couplings(g_L: np.ndarray, g_R: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The couplings of W^- -> l^- N in `widths.COMPONENTS`, for the terms of `w_form`.

    Those of a vector meson with f_V m_V = 2 and f_T = 2: the couplings of the parity basis have a
    P_L or P_R in the quark current. Shape (10, ...).
    """
    couplings = dict.fromkeys(COMPONENTS, np.zeros(np.shape(g_L), dtype=complex))
    couplings |= {"V+": (g_R + g_L) / 2, "A+": (g_R - g_L) / 2, "T+": d / 2, "T-": d / 2}
    return np.array(list(couplings.values()))


def w_form(m_W: float, m_lepton: np.ndarray, m_N: np.ndarray) -> np.ndarray:
    """Coefficients of the width of W^- -> l^- N, in `VECTOR_TWO_BODY_TERMS` of `w_couplings`."""
    return vector_two_body(m_W, 2 / m_W, 2.0, m_lepton, m_N)


def z_form(m_Z: float, m1: np.ndarray, m2: np.ndarray) -> np.ndarray:
    """Coefficients of the width of Z -> f1 f2 in `VECTOR_TWO_BODY_TERMS`, as those of a W.

    Pairs of Majorana fields, L = Z_μ Σ_ab g_ab f_a γ^μ P_R f_b, have V+ = i Im g_ab and
    A+ = Re g_ab; with Z_{μν} Σ d_ab f_a σ^{μν} P_R f_b + h.c., a < b, T+ = i Im d_ab and
    T- = Re d_ab.
    """
    return vector_two_body(m_Z, 2 / m_Z, 2.0, m1, m2)


def h_form(m_h: float, m1: np.ndarray, m2: np.ndarray) -> np.ndarray:
    """Coefficients of the width of h -> f1 f2 in `TWO_BODY_TERMS`.

    Those of a meson with f = 2/m_h and m_q + m_q' = m_h: h f1 (y P_R + y* P_L) f2 of Majorana
    fields has S- = Re y and P- = i Im y.
    """
    return two_body(m_h, 2 / m_h, m_h, m1, m2)


def h_to_nu_n(m_h: float, m_N: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Γ(h -> ν N) = |y|² m_h (1 - x²)²/(8π), x = m_N/m_h: |nphi|² v⁴ m_h (1 - x²)²/(16π)."""
    x2 = np.minimum(np.asarray(m_N) / m_h, 1.0) ** 2
    return np.asarray(_squared(np.asarray(y)) * m_h / (8 * np.pi) * (1 - x2) ** 2)


def n_to_nu_photon(m_N: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Γ(N -> ν γ) = |d_γ|² m_N³/(2π), d_γ in GeV^-1."""
    return np.asarray(_squared(np.asarray(d)) * np.asarray(m_N) ** 3 / (2 * np.pi))
