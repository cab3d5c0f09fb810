"""Differential widths of b -> c f1 f2, N -> f f_i f_j and Lambda_b -> Lambda f1 f2.

Both decay a spin ½ to a spin ½. The width is ``sum_k K_k(q²) Re(C_i(k) C_j(k)*)`` with real K_k and
the couplings of `widths.COMPONENTS`, for the Dirac Lagrangian without the ½: quark currents
P_R (S, P), γ^μ P_L (V, A), σ^{μν} P_R (T), primed with P_L <-> P_R, lepton current fbar1 Γ f2.

In the angular average the spin-1 and spin-0 parts of the hadronic current multiply those of the
lepton current. For quarks, by crossing, the traces of the current are minus the lepton functions of
masses m_b, m_c (q = p_b - p_c; V, S, T with C+, and with a γ5 A, P, T with C-); for baryons every
helicity has a form factor. The conventions are those of `widths` and `kinematics`
(arXiv:2309.02940 App. A, arXiv:1506.03970).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .kinematics import LeptonFunctions, lepton_functions
from .widths import phase_space

__all__ = ["QUARK_TERMS", "baryon", "fermion", "quark"]

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


def _contract(had: LeptonFunctions, lep: LeptonFunctions) -> np.ndarray:
    """Products of both currents, in the order of `QUARK_TERMS`.

    ``had`` are the squares of the hadronic currents by the same letters, positive, and summed over
    spins and polarisations: V1 and A1, TV and TA, VT and AT over three of them.
    """
    # 1/2 for the spin of the initial state, 1/4 = (1/2)² for P_L, P_R; the tensor counts σ^{0i} and
    # σ^{i0}, hence 2 in the amplitude, and σ^{ij} = σ^{0k} γ5 swaps TV and TA
    return np.array(
        [
            (had.V1 * lep.V1 + had.V0 * lep.V0) / 8,
            (had.A1 * lep.V1 + had.A0 * lep.V0) / 8,
            (had.V1 * lep.A1 + had.V0 * lep.A0) / 8,
            (had.A1 * lep.A1 + had.A0 * lep.A0) / 8,
            had.S * lep.S / 8,
            had.P * lep.S / 8,
            had.S * lep.P / 8,
            had.P * lep.P / 8,
            had.VS * lep.VS / 4,
            had.AP * lep.VS / 4,
            had.VS * lep.AP / 4,
            had.AP * lep.AP / 4,
            (had.TV * lep.TV + had.TA * lep.TA) / 2,
            (had.TA * lep.TV + had.TV * lep.TA) / 2,
            had.VT * lep.VT / 2,
            had.AT * lep.VT / 2,
            had.VT * lep.AT / 2,
            had.AT * lep.AT / 2,
        ]
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
    had = _crossed(q2, np.asarray(m_b), np.asarray(m_c))
    lam = had.S * had.P / 4  # in factors, exact at the endpoint
    terms = _contract(had, lepton_functions(q2, m1, m2))
    return terms * phase_space(q2, m_b, lam, m1, m2)


def fermion(
    q2: np.ndarray, m_N: np.ndarray, m_f: np.ndarray, m_i: np.ndarray, m_j: np.ndarray
) -> np.ndarray:
    """Coefficients of dΓ(N -> f f_i fbar_j)/dq², q² of the pair, shape (terms, ...).

    For the Lagrangian (fbar_i Γ f_j)(fbar Γ N) with the couplings of `quark`, b -> f_j and c ->
    f_i: its crossing, averaged over the spin of N. No factor of colour. Units as in `quark`.

    Parameters
    ----------
    q2 : GeV², positive; the masses (GeV) broadcast against it
    m_N, m_f : masses of N and of f
    m_i, m_j : masses of the pair
    """
    pair, leptons = _crossed(q2, m_j, m_i), lepton_functions(q2, m_f, m_N)
    lam = leptons.S * leptons.P / 4
    return _contract(pair, leptons) * phase_space(q2, m_N, lam, m_i, m_j)


def _crossed(q2: np.ndarray, m_b: np.ndarray, m_c: np.ndarray) -> LeptonFunctions:
    """Minus the lepton functions of masses m_b, m_c, summed over the polarisations."""
    functions = lepton_functions(q2, m_b, m_c)
    polarisations = {"V1": 3, "A1": 3, "TV": 3, "TA": 3, "VT": 3, "AT": 3}
    return LeptonFunctions(
        **{name: -polarisations.get(name, 1) * f for name, f in functions._asdict().items()}
    )


def baryon(
    q2: np.ndarray,
    m_B: float,
    m_L: float,
    m1: np.ndarray,
    m2: np.ndarray,
    form_factors: Mapping[str, np.ndarray],
    m_b: float,
    m_q: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of dΓ(Lambda_b -> Lambda f1 f2)/dq² and of its longitudinal part.

    Averaged over the spin of the initial baryon; the helicity of the lepton pair is 0 in the
    longitudinal part. Shape (terms, ...) with the shape of ``q2``, as in `quark`.

    Parameters
    ----------
    q2 : GeV², positive; m1, m2 (GeV) broadcast against it
    m_B, m_L : masses of the baryons (GeV)
    form_factors : helicity form factors (arXiv:1602.01399) by flavio's names fVt, fV0, fVperp (f_0,
        f_+, f_⊥), fAt, fA0, fAperp (g_0, g_+, g_⊥), fT0, fTperp (h_+, h_⊥), fT50, fT5perp
    m_b, m_q : running quark masses of the b -> q current (GeV)
    """
    ff, plus, minus = form_factors, m_B + m_L, m_B - m_L
    s_plus, s_minus, root = plus**2 - q2, minus**2 - q2, np.sqrt(q2)
    lep = lepton_functions(q2, m1, m2)
    results = []
    for transverse in (2.0, 0.0):  # two transverse polarisations, or none
        had = LeptonFunctions(
            V1=2 * s_minus * (plus**2 / q2 * ff["fV0"] ** 2 + transverse * ff["fVperp"] ** 2),
            A1=2 * s_plus * (minus**2 / q2 * ff["fA0"] ** 2 + transverse * ff["fAperp"] ** 2),
            V0=2 * s_plus * minus**2 / q2 * ff["fVt"] ** 2,
            A0=2 * s_minus * plus**2 / q2 * ff["fAt"] ** 2,
            S=2 * s_plus * (minus / (m_b - m_q) * ff["fVt"]) ** 2,
            P=2 * s_minus * (plus / (m_b + m_q) * ff["fAt"]) ** 2,
            TV=2 * s_minus * (ff["fT0"] ** 2 + transverse * plus**2 / q2 * ff["fTperp"] ** 2),
            TA=2 * s_plus * (ff["fT50"] ** 2 + transverse * minus**2 / q2 * ff["fT5perp"] ** 2),
            VS=2 * s_plus * minus**2 / (root * (m_b - m_q)) * ff["fVt"] ** 2,
            AP=2 * s_minus * plus**2 / (root * (m_b + m_q)) * ff["fAt"] ** 2,
            VT=2
            * s_minus
            * plus
            / root
            * (ff["fV0"] * ff["fT0"] + transverse * ff["fVperp"] * ff["fTperp"]),
            AT=2
            * s_plus
            * minus
            / root
            * (ff["fA0"] * ff["fT50"] + transverse * ff["fAperp"] * ff["fT5perp"]),
        )
        results.append(_contract(had, lep) * phase_space(q2, m_B, s_plus * s_minus, m1, m2))
    return results[0], results[1]
