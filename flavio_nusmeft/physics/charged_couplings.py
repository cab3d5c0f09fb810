"""Couplings of d_i -> u_j l nu (or N) in the parity basis, arXiv:2309.02940 App. A.1, Dirac form.

For b -> c: L = sum (C_i O_i + C'_i O'_i) with O_{S,P} = (c P_R b)(l {1,γ5} ν), O_{V,A} =
(c γ^μ P_L b)(l γ_μ {1,γ5} ν), O_T = (c σ^{μν} P_R b)(l σ_{μν} ν); primed: P_L <-> P_R in the quark
current. Decays of charm have the conjugate couplings, and the same rates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import flavio
import numpy as np

from ..eft.flavour import Arrays, LinearMap
from ..eft.objects import promote
from ..eft.operators import JMS, N_ACTIVE, N_NEUTRINOS
from ..eft.standard import with_ckm
from ..eft.theories import THEORIES, EffectiveTheory, check_reached
from ..eft.wilson import NuWilson
from ..formulas.widths import COMPONENTS, combine
from .cache import ParameterCache
from .corrections import inclusive, radiative
from .lepton_couplings import fermi_shift
from .modes import CHARGED_LEPTONS

__all__ = [
    "PARTS",
    "active_couplings",
    "charged_couplings",
    "has_coefficients",
    "left_to_parity",
    "sterile_couplings",
    "theory",
]

_DOWN, _UP = "dsb", "uc"


def theory(quarks: str, lepton: str) -> EffectiveTheory:
    """The theory in which flavio has these coefficients: without quarks heavier than the decay."""
    if "b" in quarks:
        return THEORIES["nuWET"]
    return THEORIES["nuWET-4" if "c" in quarks or lepton == "tau" else "nuWET-3"]


def left_to_parity(C: Arrays, lepton: int, initial: int, final: int) -> dict[str, np.ndarray]:
    """Couplings C±C' of initial -> final, Eq. (19).

    Parameters
    ----------
    C : full nuWET arrays (any subset of the charged-current classes), GeV^-2
    lepton, initial, final : indices of the charged lepton, down- and up-type quark

    Returns
    -------
    dict
        Arrays (neutrino,) by the names of `widths.COMPONENTS`.
    """
    zero = np.zeros(N_NEUTRINOS, dtype=complex)

    def entry(name: str) -> np.ndarray:
        array = C.get(f"{name[0]}nuedu{name[1:]}")
        return zero if array is None else array[:, lepton, initial, final].conj()

    def halves(first: str, second: str) -> tuple[np.ndarray, np.ndarray]:
        return (entry(first) + entry(second)) / 2, (entry(first) - entry(second)) / 2

    V, A = halves("VRL", "VLL")
    Vp, Ap = halves("VRR", "VLR")
    S, P = halves("SLL", "SRL")
    Sp, Pp = halves("SLR", "SRR")
    return combine(
        {
            "V": (V, Vp),
            "A": (A, Ap),
            "S": (S, Sp),
            "P": (P, Pp),
            "T": (entry("TLL"), entry("TRR")),
        }
    )


@cache
def _parity_map(quarks: str, lepton: str) -> LinearMap:
    """Map of independent nuWET coefficients to {(neutrino, component): coupling}."""
    initial, final = _DOWN.index(quarks[0]), _UP.index(quarks[1])

    def function(C: Arrays) -> dict[tuple[int, int], complex]:
        couplings = left_to_parity(C, CHARGED_LEPTONS.index(lepton), initial, final)
        return {
            (neutrino, c): complex(couplings[component][neutrino])
            for c, component in enumerate(COMPONENTS)
            for neutrino in range(N_NEUTRINOS)
            if couplings[component][neutrino] != 0
        }

    return LinearMap(JMS, function)


def _normalisation(par: Mapping[str, float], kind: tuple[Any, ...]) -> tuple[complex, complex]:
    """-4 G_F/sqrt2 V of flavio's coefficients, and flavio's C_VL of the SM."""
    quarks, scale, flavours = kind
    V = flavio.physics.ckm.get_ckm(par)[_UP.index(quarks[1]), _DOWN.index(quarks[0])]
    sm = flavio.physics.bdecays.wilsoncoefficients.get_CVLSM(par, scale, nf=flavours)
    return complex(-4 * par["GF"] / np.sqrt(2) * V), complex(sm)


_cached_normalisation = ParameterCache(_normalisation)


def _active(wcs: Mapping[str, complex], quarks: str, lepton: str, sm: complex) -> np.ndarray:
    """Couplings of the active neutrinos over the normalisation, from flavio's WET basis."""
    couplings = np.zeros((N_NEUTRINOS, len(COMPONENTS)), dtype=complex)
    for neutrino in range(N_ACTIVE):
        flavour = CHARGED_LEPTONS[neutrino]
        VL, VR, SR, SL, T = (
            wcs.get(f"C{name}_{quarks}{lepton}nu{flavour}", 0)
            for name in ("VL", "VR", "SR", "SL", "T")
        )
        if flavour == lepton:
            VL = VL + sm
        c = combine(
            {
                "V": (VL / 2, VR / 2),
                "A": (-VL / 2, -VR / 2),
                "S": (SR / 2, SL / 2),
                "P": (-SR / 2, -SL / 2),
                "T": (0, T),
            }
        )
        couplings[neutrino] = [c[name] for name in COMPONENTS]
    return couplings


def has_coefficients(wc_obj: flavio.WilsonCoefficients | None) -> bool:
    """Whether an object, or None for the SM, holds any coefficient."""
    return wc_obj is not None and wc_obj.wc is not None and bool(wc_obj.wc.values)


def sterile_couplings(
    wc_obj: flavio.WilsonCoefficients | None,
    par: Mapping[str, float],
    quarks: str,
    lepton: str,
    scale: float,
) -> np.ndarray:
    """The part of `charged_couplings` that does not come from the SM, SMEFT or WET."""
    couplings = np.zeros((N_NEUTRINOS, len(COMPONENTS)), dtype=complex)
    if has_coefficients(wc_obj):
        wc_obj = promote(wc_obj)
        if isinstance(wc_obj, NuWilson):
            sector = f"{quarks[::-1]}{lepton}nu"
            values = wc_obj.sterile(scale, (sector,), theory(quarks, lepton).eft, par)
            for (neutrino, component), value in _parity_map(quarks, lepton)(values).items():
                couplings[neutrino, component] += value
    return couplings


def active_couplings(
    wc_obj: flavio.WilsonCoefficients | None,
    par: Mapping[str, float],
    quarks: str,
    lepton: str,
    scale: float,
    tied_to_muon_decay: bool = False,
    at_tree_level: bool = False,
) -> np.ndarray:
    """The part of `charged_couplings` from the SM, SMEFT and WET.

    ``tied_to_muon_decay``: the Fermi constant of the SM part is the measured one without new
    physics in mu -> e nu nu, as flavio has it in decays of π, K -> l nu and τ; see
    `lepton_couplings`. ``at_tree_level``: without the electroweak logarithm of the SM.
    """
    target = theory(quarks, lepton)
    normalisation, sm = _cached_normalisation(par, (quarks, scale, target.flavours))
    if at_tree_level:
        sm = 1.0
    wcs: Mapping[str, complex] = {}
    if has_coefficients(wc_obj):
        wc_obj = promote(wc_obj)
        if not isinstance(wc_obj, NuWilson) or wc_obj.has_standard_part:
            check_reached(wc_obj.wc.eft, target)
            sector, part = f"{quarks[::-1]}{lepton}nu", with_ckm(wc_obj, par)
            wcs = part.get_wc(sector, scale, par, eft=target.standard)
            if tied_to_muon_decay:
                scale = flavio.config["renormalization scale"]["mudecays"]
                muon = part.match_run(scale, "WET-3", "JMS", ("nunumue",)).dict
                sm = sm * (1 + fermi_shift(par, muon) / par["GF"])
    return np.asarray(normalisation * _active(wcs, quarks, lepton, sm))


class _Part(NamedTuple):
    """What the couplings of active neutrinos have beyond `active_couplings` at the same scale.

    ``light``: they are at m_ρ, where the QED logarithm of the SM ends, as flavio has them in decays
    of π and K; those of N are at ``scale``, since form factors of tensors are known at 2 GeV.
    ``at_tree_level``: without the electroweak logarithm of the SM.
    ``correction``: function (par, quarks, lepton) of the rate in the SM, relative to tree level.
    """

    light: bool = False
    tied_to_muon_decay: bool = False
    at_tree_level: bool = False
    correction: Callable[[Mapping[str, float], str, str], float] | None = None


#: by name: most decays, M -> M' l ν of K, P -> l ν of K and π, τ -> P ν, B -> X_c l ν, those of N
PARTS = {
    "all": _Part(),
    "light": _Part(light=True),
    "leptonic": _Part(light=True, tied_to_muon_decay=True, correction=radiative),
    "tau": _Part(tied_to_muon_decay=True),
    "inclusive": _Part(correction=inclusive),
    "N": _Part(at_tree_level=True),
}
_DENSITIES = [i for i, name in enumerate(COMPONENTS) if name[0] in "SP"]


def _density_running(par: Mapping[str, float], kind: tuple[Any, ...]) -> float:
    """Scalar couplings at a scale over those at another: that of the quark masses."""
    quark, scale, end = kind
    mass = flavio.physics.running.running.get_mq
    return float(mass(quark, par, scale) / mass(quark, par, end))


_cached_density_running = ParameterCache(_density_running)


def _active_part(
    wc_obj: flavio.WilsonCoefficients | None,
    par: Mapping[str, float],
    quarks: str,
    lepton: str,
    scale: float,
    part: _Part,
) -> np.ndarray:
    end = float(par["m_rho0"]) if part.light else scale
    chosen = part.tied_to_muon_decay, part.at_tree_level
    C = active_couplings(wc_obj, par, quarks, lepton, end, *chosen)
    if part.light:
        C[:, _DENSITIES] *= _cached_density_running(par, (quarks[0], scale, end))
    if part.correction is not None:
        C *= np.sqrt(part.correction(par, quarks, lepton))
    return C


def charged_couplings(
    wc_obj: flavio.WilsonCoefficients | None,
    par: Mapping[str, float],
    quarks: str,
    lepton: str,
    scale: float,
    part: str = "all",
) -> np.ndarray:
    """Couplings with every neutrino of flavour and N: SM, active-neutrino and sterile ones.

    Parameters
    ----------
    wc_obj : any flavio or wilson object: SMEFT, WET, nuSMEFT or nuWET
    quarks, lepton : e.g. "bc" and "mu"
    scale : renormalisation scale, GeV
    part : a key of `PARTS`

    Returns
    -------
    ndarray
        Shape (6, 10): neutrinos, couplings as in `widths.COMPONENTS`, GeV^-2.
    """
    active = _active_part(wc_obj, par, quarks, lepton, scale, PARTS[part])
    return active + sterile_couplings(wc_obj, par, quarks, lepton, scale)
