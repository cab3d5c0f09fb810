"""B+ -> tau+ (-> M+ nubar) nu with an on-shell τ, the tree-level background of B+ -> M+ inv.

arXiv:0908.1174; no interference with the short-distance part.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from .modes import SemiInvisibleMode

__all__ = ["branching_ratio", "differential"]


def _shape(par: Mapping[str, float], mode: SemiInvisibleMode) -> tuple[float, float, float]:
    """q²max and the shape c0 + c1 q² of dBR/dq²."""
    m_tau2, m_B2, m_M2 = (par[m] ** 2 for m in ("m_tau", f"m_{mode.B}", f"m_{mode.M}"))
    c0 = (m_B2 - m_tau2) * (m_tau2 - m_M2)
    c1 = -(m_tau2 - 2 * m_M2) if mode.spin else -m_tau2
    return c0 / m_tau2, c0, c1


def _total(par: Mapping[str, float], mode: SemiInvisibleMode) -> float:
    V = flavio.physics.ckm.get_ckm(par)
    m_tau, m_B, m_M = (par[m] for m in ("m_tau", f"m_{mode.B}", f"m_{mode.M}"))
    amplitude2 = (
        par["GF"] ** 4 * abs(V[0, 2] * V[0, 1] * par[f"f_{mode.M}"] * par[f"f_{mode.B}"]) ** 2
    )
    kinematics = m_tau * (m_B**2 - m_tau**2) ** 2 * (m_tau**2 - m_M**2) ** 2 / m_B**3
    spin = 1 + 2 * m_M**2 / m_tau**2 if mode.spin else 1.0
    lifetimes = par[f"tau_{mode.B}"] * par["tau_tau"]
    return float(amplitude2 * kinematics * spin * lifetimes / (128 * np.pi**2))


def branching_ratio(
    par: Mapping[str, float], mode: SemiInvisibleMode, q2min: float = 0.0, q2max: float = np.inf
) -> float:
    """Branching ratio in q2min < q² < q2max (GeV²)."""
    end, c0, c1 = _shape(par, mode)

    def integral(q2: float) -> float:
        q2 = min(max(q2, 0.0), end)
        return q2 * (c0 + c1 * q2 / 2)

    return _total(par, mode) * (integral(q2max) - integral(q2min)) / integral(end)


def differential(par: Mapping[str, float], mode: SemiInvisibleMode, q2: float) -> float:
    """dBR/dq² (GeV^-2); 0 outside of phase space."""
    end, c0, c1 = _shape(par, mode)
    if not 0 <= q2 <= end:
        return 0.0
    return _total(par, mode) * (c0 + c1 * q2) / (end * (c0 + c1 * end / 2))
