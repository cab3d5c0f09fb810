"""Z, W, h -> inv and W -> l + inv: flavio's widths, and those of N at tree level.

Widths of N are those of `formulas.electroweak`, with couplings of `boson_couplings` at flavio's
scales of these decays (``zdecays``, ``wdecays``, ``hdecays``). An N that is heavier than what
decays does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import flavio
import numpy as np

from ..formulas.electroweak import h_to_nu_n, w_form, z_to_nn, z_to_nu_n
from ..formulas.vector_two_body import VECTOR_TWO_BODY_TERMS
from ..formulas.widths import term_indices
from .cache import ParameterCache
from .channels import CouplingSet
from .modes import CHARGED_LEPTONS
from .rates import Form, Rate, Stock

__all__ = ["h_rate", "h_total", "w_leptonic", "w_rate", "w_total", "z_invisible", "z_rate"]

Pairs = tuple[tuple[float, float], ...]
_SCALES = {"Z": "zdecays", "W": "wdecays", "h": "hdecays"}
_TERMS = {
    "Z": ((0, 1, 2), (0, 1, 2)),
    "W": term_indices(VECTOR_TWO_BODY_TERMS),
    "h": ((0,), (0,)),
}


def _forms(par: Mapping[str, float], kind: tuple[str], pairs: Pairs) -> tuple[np.ndarray, ...]:
    """Coefficients of the width (GeV), shape (pairs of masses, terms)."""
    (boson,) = kind
    m1, m2 = np.array(pairs).T
    one = np.ones_like(m1)
    if boson == "W":
        return (w_form(par["m_W"], m1, m2).T,)
    if boson == "h":
        return (h_to_nu_n(par["m_h"], m2, one)[:, None],)
    m_Z = par["m_Z"]
    terms = z_to_nn(m_Z, m1, m2, one), z_to_nn(m_Z, m1, m2, 1j * one), z_to_nu_n(m_Z, m2, one)
    return (np.stack(terms, axis=1),)


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
    """Γ(h -> ν N), GeV, the sum over all N and flavours.

    The mass term of nphi is absorbed in a Yukawa coupling: N do not mix.
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


_W_LEPTONIC = {lepton: partial(_leptonic, lepton) for lepton in CHARGED_LEPTONS}


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
