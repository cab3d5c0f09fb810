"""B_s -> inv, B0 -> inv and B_c -> l + inv, from the width of `formulas.two_body`."""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..formulas.two_body import TWO_BODY_TERMS, two_body
from ..formulas.widths import term_indices
from . import channels
from .cache import ParameterCache
from .modes import INVISIBLE, LEPTONIC, TwoBodyMode
from .rates import Form, Rate

__all__ = ["rate"]

_TERMS = term_indices(TWO_BODY_TERMS)
_MODES = INVISIBLE | LEPTONIC


def _forms(
    par: Mapping[str, float], kind: tuple[str, float], pairs: tuple[tuple[float, float], ...]
) -> tuple[np.ndarray, ...]:
    """Coefficients of the branching ratio, shape (pairs of masses, terms)."""
    name, scale = kind
    mode = _MODES[name]
    running = flavio.physics.running.running
    quark_masses = sum(running.get_mq(quark, par, scale) for quark in mode.quarks)
    m1, m2 = np.array(pairs).T
    widths = two_body(par[f"m_{mode.B}"], par[f"f_{mode.B}"], quark_masses, m1, m2)
    return (par[f"tau_{mode.B}"] * widths.T,)


_cached_forms = ParameterCache(_forms)


def rate(par: Mapping[str, float], mode: TwoBodyMode) -> Rate:
    """Branching ratio, the sum over all neutrinos or pairs of them."""
    scale = flavio.config["renormalization scale"]["bll"]
    couplings = channels.CouplingSet(mode.quarks, mode.lepton, scale)
    return Rate(couplings, Form(_cached_forms, (mode.name, scale)), _TERMS)
