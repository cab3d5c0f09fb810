"""Z, W, h -> inv and W -> l + inv: flavio's widths, and those of N at tree level.

Widths of N are those of `formulas.electroweak`, with couplings of `boson_couplings` at flavio's
scales of these decays (``zdecays``, ``wdecays``, ``hdecays``). An N that is heavier than what
decays does not count.

With mixing the widths at tree level are those to all neutrinos, the active ones with flavio's width
in the SM, and this is subtracted (`counted_twice`): without N in reach what is left is the deficit
of the active neutrinos, and with massless N nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import flavio
import numpy as np

from ..formulas.electroweak import h_form, w_form, z_form
from ..formulas.two_body import TWO_BODY_TERMS
from ..formulas.vector_two_body import VECTOR_TWO_BODY_TERMS
from ..formulas.widths import term_indices
from .boson_couplings import standard_width
from .cache import ParameterCache
from .channels import CouplingSet
from .mixing import rotation
from .modes import CHARGED_LEPTONS
from .rates import Form, Rate, Stock

__all__ = [
    "counted_twice",
    "h_rate",
    "h_total",
    "w_leptonic",
    "w_rate",
    "w_total",
    "z_invisible",
    "z_rate",
]

Pairs = tuple[tuple[float, float], ...]
_SCALES = {"Z": "zdecays", "W": "wdecays", "h": "hdecays"}
_TERMS = {
    "Z": term_indices(VECTOR_TWO_BODY_TERMS),
    "W": term_indices(VECTOR_TWO_BODY_TERMS),
    "h": term_indices(TWO_BODY_TERMS),
}
_FORMS = {"Z": z_form, "W": w_form, "h": h_form}


def _forms(par: Mapping[str, float], kind: tuple[str], pairs: Pairs) -> tuple[np.ndarray, ...]:
    """Coefficients of the width (GeV), shape (pairs of masses, terms)."""
    (boson,) = kind
    m1, m2 = np.array(pairs).T
    return (_FORMS[boson](par[f"m_{boson}"], m1, m2).T,)


_cached_forms = ParameterCache(_forms)


def _rate(boson: str, lepton: str | None = None) -> Rate:
    scale = flavio.config["renormalization scale"][_SCALES[boson]]
    couplings = CouplingSet(boson, lepton, scale)
    return Rate(couplings, Form(_cached_forms, (boson,)), _TERMS[boson])


def z_rate() -> Rate:
    """Γ(Z -> N N) + Γ(Z -> ν N), GeV, the sum over all N and flavours."""
    return _rate("Z")


def w_rate(lepton: str) -> Rate:
    """Γ(W -> l N), GeV, the sum over N, for l = e, mu or tau."""
    return _rate("W", lepton)


def h_rate() -> Rate:
    """Γ(h -> ν N) and with mixing Γ(h -> N N), GeV, the sum over all N and flavours.

    The mass term of nphi is absorbed in a Yukawa coupling: it is part of the Dirac mass of mixing.
    """
    return _rate("h")


def _leptonic(lepton: str, wc_obj: Any, par: Mapping[str, float]) -> float:
    width = flavio.physics.wdecays.gammaw.GammaW
    return float(sum(width(wc_obj, par, lepton, nu) for nu in CHARGED_LEPTONS))


def _h_total(wc_obj: Any, par: Mapping[str, float]) -> float:
    width = flavio.physics.higgs.width
    scale = flavio.config["renormalization scale"]["hdecays"]
    C = wc_obj.get_wcxf("all", scale, par, eft="SMEFT", basis="Warsaw")
    return float(width.Gamma_rel_SM * par["m_h"] * width.Gamma_h(par, C))


def _counted_twice(boson: str, lepton: str | None, wc_obj: Any, par: Mapping[str, float]) -> float:
    if rotation(par) is None:
        return 0.0
    return -(3 if boson == "Z" else 1) * standard_width(par, boson, lepton)


_COUNTED_TWICE = {
    (boson, lepton): partial(_counted_twice, boson, lepton)
    for boson, lepton in (("Z", None), *(("W", lepton) for lepton in CHARGED_LEPTONS))
}
_W_LEPTONIC = {lepton: partial(_leptonic, lepton) for lepton in CHARGED_LEPTONS}


def counted_twice(boson: str, lepton: str | None = None) -> Stock:
    """What is in flavio's width and in `z_rate` or `w_rate`, negative, GeV; 0 without mixing."""
    return Stock(_COUNTED_TWICE[boson, lepton])


def z_invisible() -> Stock:
    """flavio's Γ(Z -> ν ν), the mean over the flavours."""
    return Stock(flavio.physics.zdecays.gammaz.GammaZnu)


def w_leptonic(lepton: str) -> Stock:
    """flavio's Γ(W -> l ν)."""
    return Stock(_W_LEPTONIC[lepton])


def w_total() -> Stock:
    """flavio's Γ_W."""
    return Stock(flavio.physics.wdecays.gammaw.Gammatot)


def h_total() -> Stock:
    """flavio's Γ_h: 4.1 MeV of arXiv:1610.07922, and what SMEFT changes in the main decays."""
    return Stock(_h_total)
