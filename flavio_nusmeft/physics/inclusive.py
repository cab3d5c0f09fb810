"""B -> X_c l + inv: flavio's rate for active neutrinos, tree level for the rest.

The SM and the active neutrinos of SMEFT and WET are flavio's B -> X_c l nu with its perturbative
and power corrections (arXiv:1107.3100). Final states with N, and active neutrinos through
operators that WET does not have, are added at tree level at parton level, with the masses that
flavio takes: m_b in the kinetic scheme at 1 GeV and m_c(3 GeV).

flavio 2.7.1 has Re(C_i C_j) in place of Re(C_i C_j*) in its interferences; its part is right as
long as at most one of two interfering coefficients is complex.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flavio
import numpy as np

from ..eft.wilson import promote, set_ckm
from . import channels
from .cache import ParameterCache
from .charged_couplings import has_coefficients, sterile_couplings
from .integrate import nodes
from .quark_widths import QUARK_TERMS, quark
from .widths import term_indices

__all__ = ["branching_ratio"]

_FIRST, _SECOND = term_indices(QUARK_TERMS)


def _forms(par: Mapping[str, float], lepton: str) -> np.ndarray:
    """Integrated coefficients of the branching ratio, shape (neutrinos, terms)."""
    running = flavio.physics.running.running
    m_b, m_c = running.get_mb_KS(par, 1.0), running.get_mc(par, 3.0)
    m1, m2 = np.array(channels.masses(par, lepton)).T
    q2, weights = nodes(m1, m2, (m_b - m_c) ** 2)
    coefficients = quark(q2, m_b, m_c, m1[:, None], m2[:, None])
    lifetime = (par["tau_B0"] + par["tau_B+"]) / 2
    return lifetime * (coefficients * weights).sum(axis=-1).T


_cached_forms: ParameterCache[np.ndarray] = ParameterCache(_forms)


def branching_ratio(wc_obj: Any, par: Mapping[str, float], lepton: str) -> float:
    """Branching ratio of B -> X_c l + inv, the average of B0 and B+ as in flavio."""
    channels.neutrino_masses(par)  # refuses wrong masses, whether N contributes or not
    own = promote(wc_obj) if has_coefficients(wc_obj) else flavio.WilsonCoefficients()
    if own.wc is not None:
        set_ckm(own, par)
    standard = flavio.physics.bdecays.bxlnu.BR_BXclnu(par, own, lepton)
    scale = flavio.config["renormalization scale"]["bxlnu"]
    C = sterile_couplings(own, par, "bc", lepton, scale)
    if not C.any():
        return float(standard)
    products = (C[:, _FIRST] * C[:, _SECOND].conj()).real
    return float(standard + np.vdot(_cached_forms(par, lepton), products))
