"""B -> X_c l + inv: flavio's SM rate, new physics relative to it or at tree level.

Active neutrinos: flavio's rate in the SM, with its perturbative and power corrections
(arXiv:1107.3100), times the tree-level ratio of the rates with and without new physics; flavio
corrects new physics by the same factor. (Its own interferences have Re(C_i C_j) in place of
Re(C_i C_j*) and are right for real coefficients only.)

Final states with N, and active neutrinos through operators that WET does not have, are added at
tree level, at parton level, with the masses that flavio takes: m_b in the kinetic scheme at 1 GeV
and m_c(3 GeV).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flavio
import numpy as np

from . import channels
from .cache import ParameterCache
from .charged_couplings import active_couplings, sterile_couplings
from .integrate import nodes
from .quark_widths import QUARK_TERMS, quark
from .widths import term_indices

__all__ = ["branching_ratio"]

_FIRST, _SECOND = term_indices(QUARK_TERMS)


def _forms(par: Mapping[str, float], kind: tuple[str, str]) -> tuple[np.ndarray, float]:
    """Integrated coefficients of the tree-level branching ratio, shape (neutrinos, terms), and
    flavio's SM branching ratio."""
    lepton, _ = kind
    running = flavio.physics.running.running
    m_b, m_c = running.get_mb_KS(par, 1.0), running.get_mc(par, 3.0)
    m1, m2 = np.array(channels.masses(par, lepton)).T
    q2, weights = nodes(m1, m2, (m_b - m_c) ** 2)
    coefficients = quark(q2, m_b, m_c, m1[:, None], m2[:, None])
    lifetime = (par["tau_B0"] + par["tau_B+"]) / 2
    sm = flavio.physics.bdecays.bxlnu.BR_BXclnu(par, flavio.WilsonCoefficients(), lepton)
    return lifetime * (coefficients * weights).sum(axis=-1).T, float(sm)


_cached_forms = ParameterCache(_forms)


def branching_ratio(wc_obj: Any, par: Mapping[str, float], lepton: str) -> float:
    """Branching ratio of B -> X_c l + inv, the average of B0 and B+ as in flavio."""
    scale = flavio.config["renormalization scale"]["bxlnu"]
    kind = (lepton, f"{scale} {flavio.config['implementation']['CKM matrix']}")
    forms, sm = _cached_forms(par, kind)

    def tree(C: np.ndarray) -> float:
        return float(np.vdot(forms, (C[:, _FIRST] * C[:, _SECOND].conj()).real))

    arguments = (par, "bc", lepton, scale)
    in_sm = tree(active_couplings(None, *arguments))
    active, sterile = active_couplings(wc_obj, *arguments), sterile_couplings(wc_obj, *arguments)
    # new physics relative to the SM vanishes exactly without coefficients
    return sm * (tree(active) / in_sm) + tree(sterile)
