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

from collections.abc import Mapping
from typing import NamedTuple

import flavio
import numpy as np

from ..eft.operators import N_ACTIVE, N_NEUTRINOS
from ..eft.theories import LOW
from ..errors import InvalidMass, UnknownParameter, nearest_parameter
from .charged_couplings import active_couplings, charged_couplings, sterile_couplings
from .kaons import long_lived
from .neutral_couplings import PAIRS, TRANSITIONS, pair_couplings

__all__ = [
    "STERILE",
    "CouplingSet",
    "couplings",
    "masses",
    "neutrino_masses",
    "sector",
    "symmetry_factors",
]

#: parameters of the masses of N
STERILE = ("m_N1", "m_N2", "m_N3")
_HEAVY = 1e3  # GeV
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
    # no meson decays to anything heavier; squares stay finite
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


def sector(quarks: str, lepton: str | None) -> tuple[str, str]:
    """The EFT of nuWET, and its sector, from which couplings are taken."""
    if lepton is not None:
        return LOW[0].eft, f"{quarks[::-1]}{lepton}nu"
    transition = TRANSITIONS[quarks]
    return transition.theory.eft, transition.sector


class CouplingSet(NamedTuple):
    """Which couplings: of a quark transition, with a charged lepton or None, at a scale (GeV).

    ``part`` of charged currents: ``all``, or ``active`` (SM, SMEFT and WET) or ``sterile`` only;
    of neutral currents: ``all``, or ``long`` for the mixture of K0 and K0bar that is a K_L.
    """

    quarks: str
    lepton: str | None
    scale: float
    part: str = "all"


_CHARGED_PARTS = {
    "all": charged_couplings,
    "active": active_couplings,
    "sterile": sterile_couplings,
}


def couplings(
    wc_obj: flavio.WilsonCoefficients | None, par: Mapping[str, float], which: CouplingSet
) -> np.ndarray:
    """Couplings of every channel (GeV^-2), shape (channels, 10) as in `widths.COMPONENTS`."""
    quarks, lepton, scale, part = which
    if lepton is None:
        pairs = pair_couplings(wc_obj, par, quarks, scale)
        return long_lived(pairs) if part == "long" else pairs
    return _CHARGED_PARTS[part](wc_obj, par, quarks, lepton, scale)
