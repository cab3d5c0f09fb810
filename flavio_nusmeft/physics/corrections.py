"""Corrections of the SM to rates of charged currents, relative to tree level, as in flavio.

They multiply the amplitudes of active neutrinos by their square root; N are at tree level, but for
what they get of these amplitudes by mixing.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..formulas.quadrature import nodes
from ..formulas.quark_widths import QUARK_TERMS, quark
from ..formulas.widths import COMPONENTS, term_indices
from .cache import ParameterCache

__all__ = ["inclusive", "inclusive_masses", "radiative"]

_MESONS = {"su": "K+", "du": "pi+"}
# of a purely left-handed current (V-A) x (V-A) with the coupling 1
_LEFT = np.array([{"V": 0.5, "A": -0.5}.get(name[0], 0.0) for name in COMPONENTS])


def inclusive_masses(par: Mapping[str, float]) -> tuple[float, float]:
    """m_b and m_c that flavio takes in B -> X_c l nu: kinetic scheme at 1 GeV and m_c(3 GeV)."""
    running = flavio.physics.running.running
    return float(running.get_mb_KS(par, 1.0)), float(running.get_mc(par, 3.0))


def _radiative(par: Mapping[str, float], kind: tuple[str, str]) -> float:
    return 1 + float(flavio.physics.kdecays.klnu.delta_Plnu(par, *kind))


_cached_radiative = ParameterCache(_radiative)


def radiative(par: Mapping[str, float], quarks: str, lepton: str) -> float:
    """Of K, π -> l nu, arXiv:0707.4464."""
    return _cached_radiative(par, (_MESONS[quarks], lepton))


def _inclusive(par: Mapping[str, float], kind: tuple[str]) -> float:
    (lepton,) = kind
    m_b, m_c = inclusive_masses(par)
    m_l, massless = np.array([par[f"m_{lepton}"]]), np.zeros(1)
    q2, weights = nodes(m_l, massless, (m_b - m_c) ** 2)
    coefficients = (quark(q2, m_b, m_c, m_l[:, None], massless[:, None]) * weights).sum(axis=(1, 2))
    first, second = (_LEFT[list(indices)] for indices in term_indices(QUARK_TERMS))
    scale = flavio.config["renormalization scale"]["bxlnu"]
    C_V = flavio.physics.bdecays.wilsoncoefficients.get_CVLSM(par, scale, nf=5)
    coupling = 4 * par["GF"] / np.sqrt(2) * abs(flavio.physics.ckm.get_ckm(par)[1, 2] * C_V)
    if coupling == 0:
        return 1.0
    lifetime = (par["tau_B0"] + par["tau_B+"]) / 2
    tree = lifetime * coupling**2 * float(np.sum(coefficients * first * second))
    sm = flavio.physics.bdecays.bxlnu.BR_BXclnu(par, flavio.WilsonCoefficients(), lepton)
    return float(sm) / tree


_cached_inclusive = ParameterCache(_inclusive)


def inclusive(par: Mapping[str, float], quarks: str, lepton: str) -> float:
    """Of B -> X_c l nu: flavio's rate of the SM, arXiv:1107.3100, over that of tree level."""
    return _cached_inclusive(par, (lepton,))
