"""Couplings of Z, W, h and photons to N, from the coefficients of nuSMEFT (Warsaw).

They are taken at the scale of the decay, those of the photon at the scale where nuSMEFT ends: nuWET
has no dipoles, and below they do not run.

v = (√2 G_F)^-½, s_W² as in `eft.matching.sine_squared`; the vertices are those of
`formulas.electroweak`. Without coefficients of N, as of SMEFT, and without mixing the couplings
are 0: the widths to active neutrinos are flavio's.

With mixing the active neutrinos have the couplings of the SM, from which N get theirs: of Z and W
with the value that gives flavio's width in the SM at tree level, `standard_width`, and of h with
the Dirac mass, -m_D/v with m_D,βs = Σ_i W_βi m_i W_si (`mixing`; (U m_N)_βs to first order): the
mass terms of the active neutrinos are not those of the Higgs field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flavio
import numpy as np

from ..eft.flavour import Arrays, to_arrays
from ..eft.matching import sine_squared
from ..eft.objects import promote
from ..eft.operators import N_ACTIVE, N_NEUTRINOS, WARSAW
from ..eft.theories import HIGH, check_reached
from ..eft.wilson import NuWilson
from ..formulas.electroweak import w_couplings, w_form
from ..formulas.vector_two_body import VECTOR_TWO_BODY_TERMS
from ..formulas.widths import COMPONENTS, term_indices
from .cache import ParameterCache
from .charged_couplings import has_coefficients
from .masses import neutrino_masses
from .mixing import rotation
from .modes import CHARGED_LEPTONS
from .neutral_couplings import PAIRS

__all__ = ["BOSONS", "PHOTON", "boson_couplings", "photon_couplings", "standard_width"]

#: bosons, and the classes of coefficients on which their decays to N depend
BOSONS = {"Z": ("phin", "nW", "nB"), "W": ("phine", "nW"), "h": ("nphi",)}
#: those on which the coupling of the photon depends
PHOTON = ("nW", "nB")
_CLASSES = BOSONS | {"photon": PHOTON}


def _coefficients(
    wc_obj: Any, par: Mapping[str, float], classes: tuple[str, ...], scale: float
) -> Arrays:
    """Arrays (flavour, flavour) of the classes of a boson, GeV^-2."""
    arrays: Arrays = {name: np.zeros((3, 3), dtype=complex) for name in classes}
    if isinstance(wc_obj, NuWilson):
        values = wc_obj.sterile_high(scale, par)
        wanted = {k: v for k, v in values.items() if k.partition("_")[0] in classes}
        arrays |= to_arrays(wanted, WARSAW)
    return arrays


def _standard_width(par: Mapping[str, float], kind: tuple[str, str | None]) -> float:
    boson, lepton = kind
    wc_obj = flavio.WilsonCoefficients()
    if boson == "Z":
        return float(flavio.physics.zdecays.gammaz.GammaZnu(wc_obj, par))
    width = flavio.physics.wdecays.gammaw.GammaW
    return float(width(wc_obj, par, lepton, lepton))


_cached_standard_width = ParameterCache(_standard_width)


def standard_width(par: Mapping[str, float], boson: str, lepton: str | None = None) -> float:
    """flavio's Γ(Z -> ν ν), the mean over the flavours, or Γ(W -> l ν) in the SM, GeV."""
    return _cached_standard_width(par, (boson, lepton))


def _z_couplings(C: Arrays, par: Mapping[str, float], v: float) -> dict[str, np.ndarray]:
    g, d = np.zeros((2, N_NEUTRINOS, N_NEUTRINOS), dtype=complex)
    g[N_ACTIVE:, N_ACTIVE:] = par["m_Z"] * v * C["phin"]
    if rotation(par) is not None:
        # Γ = g² m_Z/(24 π) of every flavour
        active = np.sqrt(24 * np.pi * standard_width(par, "Z") / par["m_Z"])
        g[:N_ACTIVE, :N_ACTIVE] = active * np.eye(N_ACTIVE)
    s2 = sine_squared(par)
    d[:N_ACTIVE, N_ACTIVE:] = v / np.sqrt(2) * (np.sqrt(1 - s2) * C["nW"] - np.sqrt(s2) * C["nB"])
    d = d - d.T
    # see `z_form`; of Majorana fields f γ^μ γ5 f' is symmetric, vectors and tensors antisymmetric
    return {"V+": 1j * g.imag, "A+": g.real, "T+": 1j * d.imag, "T-": d.real}


def _w_couplings(
    C: Arrays, par: Mapping[str, float], v: float, lepton: str
) -> dict[str, np.ndarray]:
    index = CHARGED_LEPTONS.index(lepton)
    g_L, g_R, d = np.zeros((3, N_NEUTRINOS), dtype=complex)
    if rotation(par) is not None:
        form = w_form(par["m_W"], np.array([par[f"m_{lepton}"]]), np.zeros(1))
        unit = w_couplings(np.ones(1), np.zeros(1), np.zeros(1))
        first, second = (unit[list(indices)] for indices in term_indices(VECTOR_TWO_BODY_TERMS))
        tree = float(np.sum(form * (first * second.conj()).real))
        g_L[index] = -np.sqrt(standard_width(par, "W", lepton) / tree)
    g_R[N_ACTIVE:] = -par["m_W"] * v / np.sqrt(2) * C["phine"][:, index].conj()
    d[N_ACTIVE:] = v * C["nW"][index]
    return dict(zip(COMPONENTS, w_couplings(g_L, g_R, d), strict=True))


def _h_couplings(C: Arrays, par: Mapping[str, float], v: float) -> dict[str, np.ndarray]:
    y = np.zeros((N_NEUTRINOS, N_NEUTRINOS), dtype=complex)
    y[:N_ACTIVE, N_ACTIVE:] = v**2 / np.sqrt(2) * C["nphi"]
    W = rotation(par)
    if W is not None:
        m = np.array(neutrino_masses(par))
        y[:N_ACTIVE, N_ACTIVE:] -= (W * m @ W.T)[:N_ACTIVE, N_ACTIVE:] / v
    y = y + y.T
    # ν (y P_R + y* P_L) N of Majorana fields
    return {"S-": y.real + 0j, "P-": 1j * y.imag}


def _photon_couplings(C: Arrays, par: Mapping[str, float], v: float) -> dict[str, np.ndarray]:
    d = np.zeros((N_NEUTRINOS, N_NEUTRINOS), dtype=complex)
    s2 = sine_squared(par)
    d[:N_ACTIVE, N_ACTIVE:] = v / np.sqrt(2) * (np.sqrt(1 - s2) * C["nB"] + np.sqrt(s2) * C["nW"])
    d = d - d.T
    return {"T+": 1j * d.imag, "T-": d.real + 0j}


_PAIRS = {"Z": _z_couplings, "h": _h_couplings, "photon": _photon_couplings}


def boson_couplings(
    wc_obj: flavio.WilsonCoefficients | None,
    par: Mapping[str, float],
    boson: str,
    lepton: str | None,
    scale: float,
) -> np.ndarray:
    """Couplings of the fields of flavour, in the form of those of a meson.

    Parameters
    ----------
    wc_obj : any flavio or wilson object of nuSMEFT or SMEFT, or None
    boson : a key of `BOSONS`, or photon
    lepton : the charged lepton in decays of W, else None
    scale : renormalisation scale, GeV

    Returns
    -------
    ndarray
        Shape (21 pairs as in `PAIRS`, 10), of W (6 neutrinos, 10), as in `widths.COMPONENTS`: those
        of a meson with the decay constants of `formulas.electroweak`.

    Raises
    ------
    UnknownBasis
        For coefficients of WET or nuWET (-4, -3).
    """
    if has_coefficients(wc_obj):
        wc_obj = promote(wc_obj)
        check_reached(wc_obj.wc.eft, HIGH)
    C = _coefficients(wc_obj, par, _CLASSES[boson], scale)
    v = float((np.sqrt(2) * par["GF"]) ** -0.5)
    if boson == "W":
        found = _w_couplings(C, par, v, lepton or "")
        return np.array([found[name] for name in COMPONENTS]).T
    found = _PAIRS[boson](C, par, v)
    result = np.zeros((len(PAIRS), len(COMPONENTS)), dtype=complex)
    for name, matrix in found.items():
        result[:, COMPONENTS.index(name)] = [matrix[pair] for pair in PAIRS]
    return result


def photon_couplings(
    wc_obj: flavio.WilsonCoefficients | None, par: Mapping[str, float]
) -> np.ndarray:
    """Dipoles of every pair of neutrinos, D+ and D- of `formulas.vector_two_body`, GeV^-1.

    Of active flavour a and N_b: D = d_γ, D' = -d_γ*, as σ is antisymmetric for Majorana fields.

    Parameters
    ----------
    wc_obj : any flavio or wilson object, or None; only nuSMEFT has dipoles

    Returns
    -------
    ndarray
        Shape (21, 2), pairs as in `PAIRS`.
    """
    zero = np.zeros((len(PAIRS), 2), dtype=complex)
    if not has_coefficients(wc_obj):
        return zero
    wc_obj = promote(wc_obj)
    if not isinstance(wc_obj, NuWilson) or wc_obj.wc.eft != HIGH.eft:
        return zero
    scale = float(wc_obj.get_option("smeft_matchingscale"))
    C = boson_couplings(wc_obj, par, "photon", None, scale)
    return 2 * C[:, [COMPONENTS.index("T+"), COMPONENTS.index("T-")]]
