"""Differential width of b -> c f1 f2 at parton level as a quadratic form in the couplings.

The width is ``sum_k K_k(q²) Re(C_i(k) C_j(k)*)`` with real K_k and the couplings of
`widths.COMPONENTS`, for the Dirac Lagrangian of the charged current without the ½: quark currents
P_R (S, P), γ^μ P_L (V, A), σ^{μν} P_R (T), primed with P_L <-> P_R, lepton current fbar1 Γ f2.

In the angular average the spin-1 and spin-0 parts of the quark current multiply those of the
lepton current. By crossing, the traces of the quark current are minus the lepton functions of
masses m_b, m_c (q = p_b - p_c; V, S, T with C+, and with a γ5 A, P, T with C-). The conventions are
those of `widths` and `kinematics` (arXiv:2309.02940 App. A, arXiv:1506.03970).
"""

from __future__ import annotations

import numpy as np

from .kinematics import lepton_functions
from .widths import phase_space

__all__ = ["QUARK_TERMS", "quark"]

# the pairs of couplings that the width contains, in the order of the coefficients
QUARK_TERMS = (
    ("V+", "V+"),
    ("V-", "V-"),
    ("A+", "A+"),
    ("A-", "A-"),
    ("S+", "S+"),
    ("S-", "S-"),
    ("P+", "P+"),
    ("P-", "P-"),
    ("V+", "S+"),
    ("V-", "S-"),
    ("A+", "P+"),
    ("A-", "P-"),
    ("T+", "T+"),
    ("T-", "T-"),
    ("V+", "T+"),
    ("V-", "T-"),
    ("A+", "T-"),
    ("A-", "T+"),
)


def quark(q2: np.ndarray, m_b: float, m_c: float, m1: np.ndarray, m2: np.ndarray) -> np.ndarray:
    """Coefficients of dΓ(b -> c f1 f2)/dq², shape (terms, ...) with the shape of ``q2``.

    Averaged over the spin of b, summed over the others. In GeV³, to be multiplied by couplings²
    in GeV^-4; zero outside of phase space.

    Parameters
    ----------
    q2 : GeV², positive; m1, m2 (GeV) broadcast against it
    m_b, m_c : masses of the quarks (GeV)
    """
    had = lepton_functions(q2, np.asarray(m_b), np.asarray(m_c))
    lep = lepton_functions(q2, m1, m2)
    # 1/2 for the spin of b, 1/4 = (1/2)² for P_L, P_R, 3 polarisations of a spin 1; the tensor
    # counts σ^{0i} and σ^{i0}, hence 2 in the amplitude, and σ^{ij} = σ^{0k} γ5 swaps TV and TA
    terms = -np.array(
        [
            (3 * had.V1 * lep.V1 + had.V0 * lep.V0) / 8,
            (3 * had.A1 * lep.V1 + had.A0 * lep.V0) / 8,
            (3 * had.V1 * lep.A1 + had.V0 * lep.A0) / 8,
            (3 * had.A1 * lep.A1 + had.A0 * lep.A0) / 8,
            had.S * lep.S / 8,
            had.P * lep.S / 8,
            had.S * lep.P / 8,
            had.P * lep.P / 8,
            had.VS * lep.VS / 4,
            had.AP * lep.VS / 4,
            had.VS * lep.AP / 4,
            had.AP * lep.AP / 4,
            3 * (had.TV * lep.TV + had.TA * lep.TA) / 2,
            3 * (had.TA * lep.TV + had.TV * lep.TA) / 2,
            3 * had.VT * lep.VT / 2,
            3 * had.AT * lep.VT / 2,
            3 * had.VT * lep.AT / 2,
            3 * had.AT * lep.AT / 2,
        ]
    )
    lam = had.S * had.P / 4  # in factors, exact at the endpoint
    return terms * phase_space(q2, m_b, lam, m1, m2)
