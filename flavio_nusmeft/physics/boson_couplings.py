"""Couplings of Z, W, h and γ to N, from coefficients of nuSMEFT (Warsaw) at the scale of a decay.

N do not mix. v = (√2 G_F)^-½, s_W² as in `eft.matching.sine_squared`; the vertices are those of
`formulas.electroweak`. Without coefficients of N, as of SMEFT, the couplings are 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..eft.flavour import Arrays, to_arrays
from ..eft.matching import sine_squared
from ..eft.objects import promote
from ..eft.operators import N_ACTIVE, N_NEUTRINOS, WARSAW
from ..eft.theories import HIGH, check_reached
from ..eft.wilson import NuWilson
from ..formulas.electroweak import w_couplings
from .charged_couplings import has_coefficients
from .modes import CHARGED_LEPTONS
from .neutral_couplings import PAIRS

__all__ = ["BOSONS", "boson_couplings"]

#: bosons, and the classes of coefficients on which their decays to N depend
BOSONS = {"Z": ("phin", "nW", "nB"), "W": ("phine", "nW"), "h": ("nphi",)}
_CLASSES = BOSONS | {"photon": ("nW", "nB")}


def _coefficients(
    wc_obj: flavio.WilsonCoefficients | None, par: Mapping[str, float], boson: str, scale: float
) -> Arrays:
    """Arrays (flavour, flavour) of the classes of a boson, GeV^-2."""
    arrays: Arrays = {name: np.zeros((3, 3), dtype=complex) for name in _CLASSES[boson]}
    if has_coefficients(wc_obj):
        wc_obj = promote(wc_obj)
        check_reached(wc_obj.wc.eft, HIGH)
        if isinstance(wc_obj, NuWilson):
            values = wc_obj.sterile_high(scale, par)
            wanted = {k: v for k, v in values.items() if k.partition("_")[0] in _CLASSES[boson]}
            arrays |= to_arrays(wanted, WARSAW)
    return arrays


def _pairs(sterile: np.ndarray | None, active: np.ndarray | None) -> np.ndarray:
    """By pair of neutrinos, from arrays of two N and of (active flavour, N); None: no coupling."""
    full = np.zeros((N_NEUTRINOS, N_NEUTRINOS), dtype=complex)
    if sterile is not None:
        full[N_ACTIVE:, N_ACTIVE:] = sterile
    if active is not None:
        full[:N_ACTIVE, N_ACTIVE:] = active
    return np.array([full[pair] for pair in PAIRS])


def boson_couplings(
    wc_obj: flavio.WilsonCoefficients | None,
    par: Mapping[str, float],
    boson: str,
    lepton: str | None,
    scale: float,
) -> np.ndarray:
    """Couplings of every channel with N, of `formulas.electroweak`.

    Parameters
    ----------
    wc_obj : any flavio or wilson object of nuSMEFT or SMEFT, or None
    boson : a key of `BOSONS`, or photon
    lepton : the charged lepton in decays of W, else None
    scale : renormalisation scale, GeV

    Returns
    -------
    ndarray
        Z: Re g, Im g, d_Z (GeV^-1), h: y, photon: d_γ (GeV^-1), by pairs as in `PAIRS`; W: by
        neutrino, as `w_couplings`.

    Raises
    ------
    UnknownBasis
        For coefficients of WET or nuWET (-4, -3).
    """
    C = _coefficients(wc_obj, par, boson, scale)
    v = float((np.sqrt(2) * par["GF"]) ** -0.5)
    if boson == "h":
        return _pairs(None, v**2 / np.sqrt(2) * C["nphi"])[:, None]
    s2 = sine_squared(par)
    if boson == "photon":
        return _pairs(None, v / np.sqrt(2) * (np.sqrt(1 - s2) * C["nB"] + np.sqrt(s2) * C["nW"]))[
            :, None
        ]
    if boson == "Z":
        g = _pairs(par["m_Z"] * v * C["phin"], None)
        d_Z = v / np.sqrt(2) * (np.sqrt(1 - s2) * C["nW"] - np.sqrt(s2) * C["nB"])
        return np.stack([g.real + 0j, g.imag + 0j, _pairs(None, d_Z)], axis=1)
    index = CHARGED_LEPTONS.index(lepton or "")
    g_R, d_W = np.zeros((2, N_NEUTRINOS), dtype=complex)
    g_R[N_ACTIVE:] = -par["m_W"] * v / np.sqrt(2) * C["phine"][:, index].conj()
    d_W[N_ACTIVE:] = v * C["nW"][index]
    return w_couplings(np.zeros_like(g_R), g_R, d_W).T
