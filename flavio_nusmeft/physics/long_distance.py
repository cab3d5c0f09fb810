"""B+ -> tau+ (-> M+ nubar) nu with an on-shell τ, the tree-level background of B+ -> M+ inv.

arXiv:0908.1174; no interference with the short-distance part. The same holds for D+ -> pi+ inv,
where the τ has 0.09 GeV to spare; a K is too light for it.

With mixing the rates of both decays are those to all neutrinos (`mixing`), N with the shape in q²
of massless neutrinos: their part is |U_τ|² of a rate that is itself a tenth of the SM.

Without electroweak corrections: the factors 1 + 2α/π ln(m_Z/m) of both decays, 1.013 at m_B and
1.018 at m_τ, make it 3% larger. It is proportional to |V_ub|², for which flavio has the exclusive
value 0.00364 ± 0.00016 (9% of the rate); with the 0.0041 of inclusive ones it would be 27% larger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import flavio
import numpy as np

from ..formulas.two_body import TWO_BODY_TERMS, fermion_pseudoscalar, two_body
from ..formulas.vector_two_body import VECTOR_TWO_BODY_TERMS, fermion_vector
from .cache import ParameterCache
from .masses import neutrino_masses
from .mixing import rotation
from .modes import CHARGED_LEPTONS, SEMI_INVISIBLE, ExclusiveMode

__all__ = ["branching_ratio", "differential"]


# row and column of the CKM element of the meson's quarks
_CKM = {
    "B+": (0, 2),
    "D+": (1, 0),
    "K+": (0, 1),
    "K*+": (0, 1),
    "pi+": (0, 0),
    "rho+": (0, 0),
}
# flavio has the decay constant of the neutral ρ alone; isospin
_DECAY_CONSTANTS = {"rho+": "f_rho0"}


class _Spectrum(NamedTuple):
    """dBR/dq² = c0 + c1 q² for 0 < q² < end."""

    end: float
    c0: float
    c1: float


def _mixed(par: Mapping[str, float], mode: ExclusiveMode) -> float:
    """The rates of B -> τ ν and τ -> M ν with mixing over those without, multiplied."""
    W = rotation(par)
    if W is None:
        return 1.0
    probabilities, m = W[CHARGED_LEPTONS.index("tau")] ** 2, np.array(neutrino_masses(par))
    m_tau = np.full_like(m, par["m_tau"])
    probabilities = np.where(m < m_tau, probabilities, 0.0)
    m_B, m_M = par[f"m_{mode.B}"], par[f"m_{mode.M}"]

    def ratio(coefficients: np.ndarray, terms: Sequence[tuple[str, str]], sign: str) -> float:
        # of V - A; shape (terms, neutrinos), the first one massless
        signs = {f"V{sign}": 1, f"A{sign}": -1}
        factors = np.array([signs.get(a, 0) * signs.get(b, 0) for a, b in terms])
        widths = factors @ coefficients
        return float(probabilities @ widths / widths[0])

    produced = ratio(two_body(m_B, 1.0, 1.0, m_tau, m), TWO_BODY_TERMS, "-")
    if mode.spin:
        return produced * ratio(fermion_vector(m_M, 1.0, 0.0, m_tau, m), VECTOR_TWO_BODY_TERMS, "+")
    return produced * ratio(fermion_pseudoscalar(m_M, 1.0, 1.0, m_tau, m), TWO_BODY_TERMS, "-")


def _spectrum(par: Mapping[str, float], name: str) -> _Spectrum:
    mode = SEMI_INVISIBLE[name]
    V = flavio.physics.ckm.get_ckm(par)
    m_tau, m_B, m_M = par["m_tau"], par[f"m_{mode.B}"], par[f"m_{mode.M}"]
    f_M = par[_DECAY_CONSTANTS.get(mode.M, f"f_{mode.M}")]
    couplings = V[_CKM[mode.B]] * V[_CKM[mode.M]] * f_M * par[f"f_{mode.B}"]
    kinematics = m_tau * (m_B**2 - m_tau**2) ** 2 * (m_tau**2 - m_M**2) ** 2 / m_B**3
    spin = 1 + 2 * m_M**2 / m_tau**2 if mode.spin else 1.0
    lifetimes = par[f"tau_{mode.B}"] * par["tau_tau"]
    total = par["GF"] ** 4 * abs(couplings) ** 2 * kinematics * spin * lifetimes / (128 * np.pi**2)
    # shape (m_B² - m_τ²)(m_τ² - m²) - q² m_τ², with m_τ² - 2 m² in the last term for spin 1
    shape0 = (m_B**2 - m_tau**2) * (m_tau**2 - m_M**2)
    shape1 = -(m_tau**2 - 2 * m_M**2) if mode.spin else -(m_tau**2)
    end = shape0 / m_tau**2
    total *= _mixed(par, mode)
    norm = total / (end * (shape0 + shape1 * end / 2))
    return _Spectrum(end, norm * shape0, norm * shape1)


_cached = ParameterCache(_spectrum)


def _get(par: Mapping[str, float], mode: ExclusiveMode) -> _Spectrum:
    return _cached(par, mode.name)


def branching_ratio(
    par: Mapping[str, float], mode: ExclusiveMode, q2min: float = 0.0, q2max: float = np.inf
) -> float:
    """Branching ratio in q2min < q² < q2max (GeV²)."""
    end, c0, c1 = _get(par, mode)
    low, high = min(max(q2min, 0.0), end), min(max(q2max, 0.0), end)
    return float((high - low) * (c0 + c1 * (high + low) / 2))


def differential(par: Mapping[str, float], mode: ExclusiveMode, q2: float) -> float:
    """dBR/dq² (GeV^-2); 0 outside of phase space."""
    end, c0, c1 = _get(par, mode)
    return float(c0 + c1 * q2) if 0 <= q2 <= end else 0.0
