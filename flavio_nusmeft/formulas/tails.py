"""q q̄' -> l N at parton level: cross sections in a bin of the transverse mass.

For massless quarks and leptons and an N of mass m, at the invariant mass ŝ, x² = m²/ŝ, with the
operators (q̄ Γ q')(l̄ Γ' N), of one coupling C (GeV^-2; the dipole GeV^-3):

    dσ̂/dc = |C|² ŝ (1 - x²)²/(384π) (A + B c²),   c = cos θ of the lepton

    scalar   P × P           A = 1              B = 0
    vector   γ_μ P × γ^μ P   A = 1 + x²         B = 1 - x²
    tensor   σ_μν P × σ^μν P A = 16 x²          B = 16 (1 - x²)
    dipole   γ_μ P × σ^μν q_ν P, q the sum of both momenta: A = ŝ (1 + x²), B = -ŝ (1 - x²)

averaged over spins and colours (explicit calculation in ``tests/unit/formulas/test_tails.py``).
What is odd in c, of vectors with the chiralities of either kind and of scalars with tensors, drops
out in the transverse mass m_T = (ŝ - m²)/√ŝ sin θ: twice the transverse momentum. For m = 0 this is
arXiv:2212.10497, as flavio has it.
"""

from __future__ import annotations

import numpy as np

__all__ = ["DIPOLE", "SCALAR", "TENSOR", "VECTOR", "lowest", "parton_level"]

#: rows of `parton_level`
SCALAR, VECTOR, TENSOR, DIPOLE = range(4)


def lowest(m_T: float, m: float) -> float:
    """The smallest ŝ (GeV²) at which an N of mass m (GeV) has a transverse mass m_T (GeV)."""
    return float((m_T + np.sqrt(m_T**2 + 4 * m**2)) ** 2 / 4)


def parton_level(s: np.ndarray, m_T: float, m: float) -> np.ndarray:
    """Cross sections above a transverse mass per |C|².

    Parameters
    ----------
    s : invariant mass squared, GeV²
    m_T : transverse mass, GeV
    m : mass of N, GeV

    Returns
    -------
    ndarray
        Shape (4, ...): `SCALAR`, `VECTOR`, `TENSOR`, `DIPOLE`; GeV², the dipole GeV^4; 0 below
        `lowest`.
    """
    s = np.asarray(s, dtype=float)
    x2 = np.minimum(m**2 / s, 1.0)
    sine2 = m_T**2 / (s * np.maximum((1 - x2) ** 2, 1e-300))
    c = np.sqrt(np.maximum(1 - sine2, 0.0))
    flat, cube = 2 * c, 2 / 3 * c**3
    vector = (1 + x2) * flat + (1 - x2) * cube
    tensor = 16 * (x2 * flat + (1 - x2) * cube)
    dipole = s * ((1 + x2) * flat - (1 - x2) * cube)
    return np.asarray(s * (1 - x2) ** 2 / (384 * np.pi) * np.stack([flat, vector, tensor, dipole]))
