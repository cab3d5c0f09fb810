"""B_s, B0 -> inv, P -> l + inv for π, K, D, D_s, B, B_c, and τ -> π, K + inv.

The widths are those of `formulas.two_body`.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..formulas.two_body import TWO_BODY_TERMS, fermion_pseudoscalar, two_body
from ..formulas.widths import term_indices
from . import channels
from .cache import ParameterCache
from .modes import INVISIBLE, LEPTONIC, TAU_HADRONIC, TwoBodyMode
from .rates import Form, Rate

__all__ = ["rates"]

_TERMS = term_indices(TWO_BODY_TERMS)
_MODES = INVISIBLE | LEPTONIC | TAU_HADRONIC


def _forms(
    par: Mapping[str, float], kind: tuple[str, float], pairs: tuple[tuple[float, float], ...]
) -> tuple[np.ndarray, ...]:
    """Coefficients of the branching ratio, shape (pairs of masses, terms)."""
    name, scale = kind
    mode = _MODES[name]
    running = flavio.physics.running.running
    quark_masses = sum(running.get_mq(quark, par, scale) for quark in mode.quarks)
    m1, m2 = np.array(pairs).T
    is_tau = name in TAU_HADRONIC
    function = fermion_pseudoscalar if is_tau else two_body
    widths = function(par[f"m_{mode.B}"], par[f"f_{mode.B}"], quark_masses, m1, m2)
    return (par["tau_tau" if is_tau else f"tau_{mode.B}"] * widths.T,)


_cached_forms = ParameterCache(_forms)


def _radiative(par: Mapping[str, float], kind: tuple[str, str]) -> float:
    """flavio's radiative corrections of K, π -> l nu, arXiv:0707.4464."""
    return 1 + float(flavio.physics.kdecays.klnu.delta_Plnu(par, *kind))


_cached_radiative = ParameterCache(_radiative)


def rates(par: Mapping[str, float], mode: TwoBodyMode) -> tuple[Rate, ...]:
    """Branching ratio, the sum over all neutrinos or pairs of them.

    In decays of K and π active neutrinos have flavio's radiative corrections, and there and in
    those of τ its Fermi constant; sterile ones are at tree level.
    """
    scale = flavio.config["renormalization scale"][mode.scale]
    factor = 1.0
    if mode.name in LEPTONIC and mode.quarks in ("su", "du"):
        factor = _cached_radiative(par, (mode.B, mode.lepton or ""))
    return tuple(
        Rate(
            which,
            Form(_cached_forms, (mode.name, which.scale)),
            _TERMS,
            factor if which.part.startswith("active") else 1.0,
        )
        for which in channels.coupling_sets(par, mode.quarks, mode.lepton, scale, tied=True)
    )
