"""The final states that "inv" sums over: masses, symmetry factors and couplings of each.

Without a charged lepton these are the 21 pairs of neutrinos, whose width as Majorana particles is
Γ_Dirac(C_ab)/(1 + δ_ab) (arXiv:2309.02940 Eq. (14)); with one, the six neutrinos with Γ_Dirac.

All neutrinos are Majorana particles, the N without mixing, and all of them count as invisible: an N
that decays in the detector is not taken out. For a pair of massive N the rates of Dirac particles
are others. With a vector of right-handed N (``qn``, ``nd``) a Dirac N has 0.91, 0.81, 0.67 times
the rate of B+ -> K+ + inv at m_N = 1, 1.5, 2 GeV, 1.20, 1.58, 3.4 times that of B0 -> K*0 + inv and
half of that of Bs -> inv; `eft.wilson.NuWilson` says how to have one as two Majorana states.
Operators with one N give the same rates for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import flavio
import numpy as np

from ..eft.operators import N_ACTIVE, N_NEUTRINOS
from ..eft.theories import HIGH
from ..errors import InvalidMass, UnknownParameter, nearest_parameter
from ..formulas.widths import COMPONENTS
from .boson_couplings import BOSONS, boson_couplings
from .charged_couplings import active_couplings, charged_couplings, sterile_couplings, theory
from .kaons import annihilated, long_lived
from .neutral_couplings import PAIRS, TRANSITIONS, pair_couplings
from .tail_couplings import tail_couplings

__all__ = [
    "STERILE",
    "CouplingSet",
    "content",
    "coupling_sets",
    "couplings",
    "masses",
    "neutrino_masses",
    "sector",
    "symmetry_factors",
]

#: parameters of the masses of N
STERILE = ("m_N1", "m_N2", "m_N3")
_HEAVY = 1e5  # GeV
_IDENTICAL = np.array([2.0 if a == b else 1.0 for a, b in PAIRS])


def neutrino_masses(par: Mapping[str, float]) -> list[float]:
    """Masses of the six neutrinos (GeV): three massless ones, m_N1, m_N2 and m_N3.

    Raises
    ------
    InvalidMass
    """
    return [_neutrino_mass(par, i) for i in range(N_NEUTRINOS)]


def _neutrino_mass(par: Mapping[str, float], index: int) -> float:
    if index < N_ACTIVE:
        return 0.0
    name = STERILE[index - N_ACTIVE]
    try:
        mass = float(par[name])
    except KeyError:
        known = flavio.default_parameters.all_parameters
        hint = "" if name in known else nearest_parameter(name, known)
        raise UnknownParameter(f"there is no parameter '{name}'{hint}") from None
    if not 0 <= mass < np.inf:
        raise InvalidMass(
            f"{name} = {mass} GeV: a mass must be finite and not negative (a constraint on"
            " it should be a positive distribution)"
        )
    # nothing decays to anything heavier, nor do protons make it; squares stay finite
    return min(mass, _HEAVY)


def masses(par: Mapping[str, float], lepton: str | None, channel: int) -> tuple[float, float]:
    """Masses (GeV) of the two leptons of a channel; parameters of other N are not read."""
    if lepton is None:
        a, b = PAIRS[channel]
        return _neutrino_mass(par, a), _neutrino_mass(par, b)
    return float(par[f"m_{lepton}"]), _neutrino_mass(par, channel)


def symmetry_factors(lepton: str | None) -> np.ndarray:
    """The number by which Γ_Dirac of every channel is divided."""
    return _IDENTICAL if lepton is None else np.ones(6)


_VECTOR = np.array([component[0] in "VA" for component in COMPONENTS])
_ROOT_HALF = 0.5**0.5
_CONTENT = {
    "pi0": {"uu": _ROOT_HALF, "dd": -_ROOT_HALF},
    "rho0": {"uu": _ROOT_HALF, "dd": -_ROOT_HALF},
    "omega": {"uu": _ROOT_HALF, "dd": _ROOT_HALF},
}


def content(par: Mapping[str, float], quarks: str) -> dict[str, float]:
    """The pairs of quarks in a neutral meson, with their amplitudes.

    Those of η and η' are relative to the decay constant of the pion, by quark flavours as in
    hep-ph/9802409: f_q cos φ/√2 of u and d, -f_s sin φ of s; and f_q sin φ/√2, f_s cos φ.
    """
    if quarks not in ("eta", "eta'"):
        return _CONTENT.get(quarks, {quarks: 1.0})
    angle = np.radians(par["eta mixing angle"])
    light, strange = np.cos(angle), -np.sin(angle)
    if quarks == "eta'":
        light, strange = -strange, light
    light = float(par["eta f_q/f_pi"] * light * _ROOT_HALF)
    return {"uu": light, "dd": light, "ss": float(par["eta f_s/f_pi"] * strange)}


def sector(quarks: str, lepton: str | None) -> tuple[str, str]:
    """The EFT of nuWET, and its sector, of the couplings; nuSMEFT for Z, W, h and pp."""
    if quarks in BOSONS or quarks in ("photon", "pp"):
        return HIGH.eft, "sterile"
    if lepton is not None:
        return theory(quarks, lepton).eft, f"{quarks[::-1]}{lepton}nu"
    # the quarks of mixtures are all light
    transition = TRANSITIONS.get(quarks) or TRANSITIONS["ss"]
    return transition.theory.eft, transition.sector


class CouplingSet(NamedTuple):
    """Which couplings: of a quark transition, with a charged lepton or None, at a scale (GeV).

    ``quarks`` may be a meson of `content`, or Z, W (with a charged lepton), h or photon, or ``pp``
    with a charged lepton in the final state.
    ``part`` of charged currents: ``all``, or ``active`` (SM, SMEFT and WET) or ``sterile`` only, or
    ``active, GF``, see `active_couplings`; of neutral ones: ``all``, or ``vector`` (V and A) only,
    or for the mixtures of K0 and K0bar ``long`` (K_L -> π), ``KL -> inv`` or ``KS -> inv``.
    """

    quarks: str
    lepton: str | None
    scale: float
    part: str = "all"


def coupling_sets(
    par: Mapping[str, float], quarks: str, lepton: str | None, scale: float, tied: bool = False
) -> tuple[CouplingSet, ...]:
    """The couplings of a decay at a renormalisation scale (GeV), in one set or two.

    In decays of π and K with charged currents flavio has active neutrinos at m_ρ, where the QED
    logarithm of the SM ends. Those of N are at ``scale``, since form factors of tensors are known
    at 2 GeV. In decays of τ both are. ``tied`` as ``tied_to_muon_decay`` of `active_couplings`.
    """
    all_of_them = CouplingSet(quarks, lepton, scale)
    if lepton is None or quarks not in ("su", "du"):
        return (all_of_them,)
    end = scale if lepton == "tau" else par["m_rho0"]
    active = CouplingSet(quarks, lepton, end, "active, GF" if tied else "active")
    return active, all_of_them._replace(part="sterile")


_CHARGED_PARTS: dict[str, Callable[..., np.ndarray]] = {
    "all": charged_couplings,
    "active": active_couplings,
    "active, GF": partial(active_couplings, tied_to_muon_decay=True),
    "sterile": sterile_couplings,
}
_NEUTRAL_PARTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "all": np.asarray,
    "vector": lambda pairs: pairs * _VECTOR,
    "long": long_lived,
    "KL -> inv": annihilated,
    "KS -> inv": partial(annihilated, short=True),
}


def couplings(
    wc_obj: flavio.WilsonCoefficients | None, par: Mapping[str, float], which: CouplingSet
) -> np.ndarray:
    """Couplings of every channel (GeV^-2), shape (channels, 10) as in `widths.COMPONENTS`.

    Those of Z, W and h are as in `boson_couplings`, those of pp as in `tail_couplings`.
    """
    quarks, lepton, scale, part = which
    if quarks in BOSONS or quarks == "photon":
        return boson_couplings(wc_obj, par, quarks, lepton, scale)
    if quarks == "pp":
        return tail_couplings(wc_obj, par, lepton or "", scale)
    if lepton is None:
        amplitudes = content(par, quarks).items()
        pairs = [x * pair_couplings(wc_obj, par, qq, scale) for qq, x in amplitudes]
        return _NEUTRAL_PARTS[part](np.sum(pairs, axis=0))
    return _CHARGED_PARTS[part](wc_obj, par, quarks, lepton, scale)
