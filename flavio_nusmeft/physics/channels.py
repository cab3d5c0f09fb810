"""The final states that "inv" sums over: masses, symmetry factors and couplings of each.

Without a charged lepton these are the 21 pairs of neutrinos, whose width as Majorana particles is
Γ_Dirac(C_ab)/(1 + δ_ab) (arXiv:2309.02940 Eq. (14)); with one, the six neutrinos with Γ_Dirac.

All neutrinos are Majorana particles, and all of them count as invisible: an N that decays in a
detector is taken out on request only (`detectors`). N mix with the active neutrinos as in `mixing`,
by default not at all.

For a pair of massive N the rates of Dirac particles are others. With a vector of right-handed N
(``qn``, ``nd``) a Dirac N has 0.91, 0.81, 0.67 times the rate of B+ -> K+ + inv at m_N = 1, 1.5,
2 GeV, 1.20, 1.58, 3.4 times that of B0 -> K*0 + inv and half of that of Bs -> inv;
`eft.dirac.dirac` makes one of two Majorana states. Operators with one N give the same rates for
both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import flavio
import numpy as np

from ..eft.theories import HIGH
from ..formulas.widths import COMPONENTS
from .boson_couplings import BOSONS, boson_couplings, photon_couplings
from .charged_couplings import charged_couplings, theory
from .kaons import annihilated, long_lived
from .masses import STERILE, neutrino_mass, neutrino_masses
from .mixing import pair_rotations, rotation
from .neutral_couplings import PAIRS, TRANSITIONS, pair_couplings
from .tail_couplings import tail_couplings

__all__ = [
    "STERILE",
    "CouplingSet",
    "content",
    "couplings",
    "fields",
    "mass_basis",
    "masses",
    "neutrino_masses",
    "sector",
    "symmetry_factors",
]

_IDENTICAL = np.array([2.0 if a == b else 1.0 for a, b in PAIRS])


def masses(par: Mapping[str, float], lepton: str | None, channel: int) -> tuple[float, float]:
    """Masses (GeV) of the two leptons of a channel; parameters of other N are not read."""
    if lepton is None:
        a, b = PAIRS[channel]
        return neutrino_mass(par, a), neutrino_mass(par, b)
    return float(par[f"m_{lepton}"]), neutrino_mass(par, channel)


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
    ``part`` of charged currents: a key of `charged_couplings.PARTS`; of neutral ones: ``all``, or
    ``vector`` (V and A) only, or ``photon``, all and those of the photon, or for the mixtures of K0
    and K0bar ``long`` (K_L -> π), ``KL -> inv`` or ``KS -> inv``.
    """

    quarks: str
    lepton: str | None
    scale: float
    part: str = "all"


_NEUTRAL_PARTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "vector": lambda pairs: pairs * _VECTOR,
    "long": long_lived,
    "KL -> inv": annihilated,
    "KS -> inv": partial(annihilated, short=True),
}


# in the two neutrinos, also of dipoles, which come last
_SYMMETRIC = np.array([component[0] in "SPA" for component in (*COMPONENTS, "D+", "D-")])


def fields(
    wc_obj: flavio.WilsonCoefficients | None, par: Mapping[str, float], which: CouplingSet
) -> np.ndarray:
    """Couplings of the fields of flavour (GeV^-2), in the form of `couplings`."""
    quarks, lepton, scale, part = which
    if quarks in BOSONS or quarks == "photon":
        return boson_couplings(wc_obj, par, quarks, lepton, scale)
    if quarks == "pp":
        return tail_couplings(wc_obj, par, lepton or "", scale)
    if lepton is None:
        amplitudes = content(par, quarks).items()
        pairs = [x * pair_couplings(wc_obj, par, qq, scale) for qq, x in amplitudes]
        total = np.asarray(np.sum(pairs, axis=0))
        return np.hstack([total, photon_couplings(wc_obj, par)]) if part == "photon" else total
    return charged_couplings(wc_obj, par, quarks, lepton, scale, part)


def mass_basis(par: Mapping[str, float], which: CouplingSet, C: np.ndarray) -> np.ndarray:
    """Couplings of the neutrinos with masses from those of the fields of flavour, see `mixing`.

    Parameters
    ----------
    C : shape (..., channels, couplings)
    """
    if which.lepton is not None:
        W = rotation(par)
        return C if W is None else W.T @ C
    rotations = pair_rotations(par)
    if rotations is not None:
        symmetric, antisymmetric = rotations
        C = np.where(_SYMMETRIC[: C.shape[-1]], symmetric.T @ C, antisymmetric.T @ C)
    part = _NEUTRAL_PARTS.get(which.part)
    return C if part is None else part(C)


def couplings(
    wc_obj: flavio.WilsonCoefficients | None, par: Mapping[str, float], which: CouplingSet
) -> np.ndarray:
    """Couplings of every channel (GeV^-2), shape (channels, 10) as in `widths.COMPONENTS`.

    Those of Z, W, h and the photon are as in `boson_couplings`, those of pp as in `tail_couplings`;
    those of ``part`` photon come after the others, as in `photon_couplings`.
    """
    return mass_basis(par, which, fields(wc_obj, par, which))
