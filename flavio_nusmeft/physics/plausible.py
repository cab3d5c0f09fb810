"""Predictions that cannot be meant: with N that changes nothing, and branching ratios above 1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import flavio
import numpy as np
from numpy.typing import ArrayLike

from ..eft.dirac import dirac_pairs, sterile_flavours
from ..eft.flavour import LinearMap
from ..eft.limits import warn_scale
from ..eft.objects import promote, with_options
from ..eft.theories import HIGH, THEORIES
from ..eft.translators import to_warsaw
from ..eft.wilson import NuWilson
from ..errors import (
    DiracMassWarning,
    HeavyMassWarning,
    NoEffectWarning,
    SizeWarning,
    listed,
    warn,
)
from .boson_couplings import PHOTON
from .channels import sector
from .masses import STERILE
from .mixing import MIXINGS
from .modes import INVISIBLE, LEPTONIC, SEMI_INVISIBLE, SEMILEPTONIC, TAU_HADRONIC, VECTORS
from .n_decays import NWidths, n_widths
from .tail_couplings import CLASSES
from .tails import ENERGY

__all__ = [
    "check",
    "check_decays",
    "contains",
    "families",
    "idle",
    "may_differ",
    "need_protons",
    "warn_above_one",
    "warn_dirac",
    "warn_heavy",
    "warn_idle",
    "warn_idle_masses",
    "warn_massless",
]

Par = Mapping[str, float]

_TABLES = (LEPTONIC, TAU_HADRONIC, INVISIBLE, VECTORS, SEMI_INVISIBLE, SEMILEPTONIC)
_MODES = [mode for table in _TABLES for mode in table.values()]
# (quarks, lepton): key of flavio's configured renormalisation scale
_TRANSITIONS = {(mode.quarks, mode.lepton): mode.scale for mode in _MODES}
_TRANSITIONS |= {("taumu", None): "taudecays", ("taue", None): "taudecays"}
_TRANSITIONS |= {("mue", None): "mudecays"}
# those of two-body decays alone see no tensors
_TENSORS = {(m.quarks, m.lepton) for t in (SEMI_INVISIBLE, SEMILEPTONIC) for m in t.values()}
_TENSORS |= {(leptons, None) for leptons in ("taumu", "taue", "mue")}
# what flavour-diagonal mesons see: kinds of operators; kinds and flavours of quarks
_LIGHT = {("d", "11"), ("u", "11")}
_MESONS = {
    "bb": ("VT", {("d", "33")}),
    "cc": ("VT", {("u", "22")}),
    "ss": ("VT", {("d", "22")}),
    "omega": ("VT", _LIGHT),
    "pi0": ("VS", _LIGHT),
    "eta": ("V", _LIGHT | {("d", "22")}),
}
_PHOTON = {mode.quarks for mode in VECTORS.values()}  # those that become a photon
# classes that decays of Z, W and h see at these scales
_BOSONS = {"zdecays": ("phin", "nW", "nB"), "wdecays": ("phine", "nW"), "hdecays": ("nphi",)}
_HEAVIEST, _HIGGS = "m_Bc", "m_h"  # of all hadrons that decay in `modes`, and of all that decays
_KEPT = 10_000
_TRIED = 20  # coefficients of which a warning says what full running does, 10 ms each
_REACHED: dict[tuple[Any, ...], bool] = {}


def check(wc_obj: Any, par: Par, protons: bool = False) -> None:
    """Warn of an object with N that a prediction is asked of, if it cannot be meant.

    Of its scale, and of coefficients that change no observable, once per object; of masses, and of
    mixings with massless N.

    Parameters
    ----------
    wc_obj : object with coefficients, or None
    par : all parameters
    protons : as for `warn_heavy`
    """
    warn_massless(par)
    if not isinstance(wc_obj, NuWilson):
        if wc_obj is None or wc_obj.wc is None or not wc_obj.wc.eft.startswith("nu"):
            return
        wc_obj = promote(wc_obj)
    if not wc_obj._is_plausible:
        wc_obj._is_plausible = True
        warn_scale(wc_obj)
        sterile = wc_obj._sterile_values
        alone = sterile and not wc_obj.has_standard_part
        if alone and not any(_reaches(wc_obj, name, par) for name in sterile):
            warn_idle(idle(wc_obj, par), wc_obj, par)
    _check_dirac(wc_obj, par)
    masses = [par[name] for name in STERILE]
    if max(masses) > par[_HEAVIEST]:
        warn_heavy(wc_obj._sterile_values, wc_obj.wc.eft, masses, par, protons)


def _check_dirac(wc_obj: NuWilson, par: Mapping[str, ArrayLike]) -> None:
    """`warn_dirac` for an object, of which the pairs are found once."""
    if may_differ(par):
        if wc_obj._dirac_pairs is None:
            wc_obj._dirac_pairs = dirac_pairs(wc_obj._sterile_values, wc_obj.wc.eft)
        warn_dirac(wc_obj._dirac_pairs, par)


def check_decays(N: int, wc_obj: Any, par: Par, masses: np.ndarray, found: NWidths) -> None:
    """Warn of what decays of one N hardly mean: a forgotten mass, another N, a stable one.

    Parameters
    ----------
    N : 1, 2 or 3
    wc_obj : object with coefficients, a `NuWilson` if there are some of N, or None
    par : all parameters
    masses : of this N, GeV
    found : its widths
    """
    arrays: dict[str, ArrayLike] = {**par, STERILE[N - 1]: masses}
    warn_massless(arrays)
    if isinstance(wc_obj, NuWilson):
        _check_dirac(wc_obj, arrays)
    if not found.widths:
        _warn_stable(N, wc_obj, par, masses)


def _warn_stable(N: int, wc_obj: Any, par: Par, masses: np.ndarray) -> None:
    """Of coefficients of N, and mixings, of which none makes this N decay, and what would."""
    names = [name for row in MIXINGS for name in row if par[name]]
    having = {int(name[-1]) for name in names}
    remedy = ""
    if isinstance(wc_obj, NuWilson) and wc_obj._sterile_values:
        wc, is_high = wc_obj.wc, wc_obj.wc.eft == HIGH.eft
        names += [str(name) for name, value in wc.dict.items() if value]
        nonzero = [name for name, value in wc_obj._sterile_values.items() if value]
        having |= {i + 1 for name in nonzero for i in sterile_flavours(is_high, name)}
        if wc_obj.get_option("running") != "full":
            full = with_options(dict(wc.dict), wc.scale, wc.eft, wc.basis, wc_obj._options)
            full.set_option("running", "full")
            if n_widths(full, par, N, masses).widths:
                remedy = "; the option running = 'full' makes it decay by mixing of operators"
    if having and N not in having:
        remedy = f"; these are of {', '.join(f'N{n}' for n in sorted(having))}"
    if names:
        warn(f"none of {listed(names)} makes N{N} decay: it is stable{remedy}", NoEffectWarning)


def contains(wc_obj: Any, index: int) -> bool:
    """Whether an object has a coefficient of N with this index, 0, 1 or 2, that is not 0."""
    if wc_obj is None or wc_obj.wc is None or not wc_obj.wc.eft.startswith("nu"):
        return False
    wc_obj = promote(wc_obj)
    is_high = wc_obj.wc.eft == HIGH.eft
    values = wc_obj._sterile_values.items()
    return any(value and index in sterile_flavours(is_high, name) for name, value in values)


def warn_massless(par: Mapping[str, Any]) -> None:
    """Warn of mixings with massless N: a forgotten mass.

    Parameters
    ----------
    par : all parameters, numbers or arrays
    """
    names = []
    for mass, column in zip(STERILE, zip(*MIXINGS, strict=True), strict=True):
        mixed = [name for name in column if np.any(par[name])]
        if mixed and not np.any(par[mass]):
            names += mixed
    if names:
        masses = ", ".join(dict.fromkeys(f"m_N{name[-1]}" for name in names))
        warn(
            f"{', '.join(names)} changes nothing while {masses} is 0: a massless N is one more"
            " neutrino",
            NoEffectWarning,
        )


def warn_heavy(
    names: Iterable[str], eft: str, masses: Sequence[float], par: Par, protons: bool = False
) -> None:
    """Warn if no operator can be seen for its N are heavier than all that makes them.

    Parameters
    ----------
    names : of coefficients with N in nuSMEFT Warsaw or nuWET JMS
    eft : nuSMEFT or nuWET
    masses : m_N1, m_N2, m_N3, GeV; the smallest ones, if there are more
    par : all parameters
    protons : whether observables of pp -> l + inv are asked for
    """
    bosonic = {name for classes in _BOSONS.values() for name in classes}

    def heavy(name: str) -> frozenset[int]:
        kind = name.partition("_")[0]
        heaviest = par[_HIGGS if kind in bosonic else _HEAVIEST]
        if protons and eft == HIGH.eft and kind in CLASSES:
            heaviest = ENERGY
        flavours = sterile_flavours(eft == HIGH.eft, name)
        return frozenset(i for i in flavours if masses[i] > heaviest)

    operators = [heavy(name) for name in names]
    if operators and all(operators):
        which = sorted(set().union(*operators))
        warn(
            f"{', '.join(STERILE[i] for i in which)} above the masses of all that decays to N"
            " by these coefficients; masses are in GeV",
            HeavyMassWarning,
        )


def warn_dirac(pairs: Iterable[tuple[int, int]], par: Mapping[str, ArrayLike]) -> None:
    """Warn if the Majorana states of a Dirac N have masses, or sizes of mixings, that differ.

    Parameters
    ----------
    pairs : of the N, from `dirac_pairs`
    par : masses (GeV) and mixings of all N, numbers or arrays that broadcast
    """
    for first, second in pairs:
        states = (
            "the coefficients are those of one Dirac N, of which"
            f" N{first} and N{second} are the Majorana states"
        )
        one, other = STERILE[first - 1], STERILE[second - 1]
        if np.any(np.not_equal(par[one], par[other])):
            warn(f"{states}: give {one} and {other} the same value", DiracMassWarning)
        for row in MIXINGS:
            one, other = row[first - 1], row[second - 1]
            if np.any(np.not_equal(np.abs(par[one]), np.abs(par[other]))):
                remedy = f"give {one} and {other} the same size, U/√2 for U of the Dirac N"
                warn(f"{states}: {remedy}", DiracMassWarning)


def may_differ(par: Mapping[str, ArrayLike]) -> bool:
    """Whether `warn_dirac` can have anything to warn of."""
    masses = [np.asarray(par[name]) for name in STERILE]
    equal = all(np.array_equal(masses[0], other) for other in masses[1:])
    return not equal or any(np.any(par[name]) for row in MIXINGS for name in row)


def need_protons(observables: Iterable[str | tuple[Any, ...]]) -> bool:
    """Whether any of them is of pp -> l + inv, with N that may be heavier than all that decays."""
    return any("(pp->" in (o if isinstance(o, str) else o[0]) for o in observables)


def warn_idle_masses(names: Iterable[str], eft: str, given: Iterable[str]) -> None:
    """Warn of masses of N if they are all of others than the coefficients are of: m_N2 for m_N1.

    Parameters
    ----------
    names : of coefficients with N in nuSMEFT Warsaw or nuWET JMS
    given : parameters to which the user gave values that are not 0, mixings included
    """
    given = list(given)
    operators = [sterile_flavours(eft == HIGH.eft, name) for name in names]
    contained = {STERILE[i] for operator in operators for i in operator}
    contained |= {
        mass
        for mass, column in zip(STERILE, zip(*MIXINGS, strict=True), strict=True)
        if any(name in given for name in column)
    }
    masses = [name for name in given if name in STERILE]
    if contained and masses and contained.isdisjoint(masses):
        warn(
            f"{', '.join(masses)} changes nothing: the coefficients and mixings are of N with"
            f" {', '.join(sorted(contained))}",
            NoEffectWarning,
        )


def _ways(wc_obj: NuWilson, par: Par) -> Iterator[tuple[str, LinearMap, Callable[[str], bool]]]:
    """Families of decays, the maps from coefficients with N to theirs, and which of these count."""
    scales, source = flavio.config["renormalization scale"], THEORIES[wc_obj.wc.eft]
    for transition, key in _TRANSITIONS.items():
        eft, name = sector(*transition)
        if source.contains(THEORIES[eft]):
            way = wc_obj.sterile_map(scales[key], (name,), eft, par)
            if transition[0] in _MESONS:
                counts: Callable[[str], bool] = partial(_of_mesons, *_MESONS[transition[0]])
            else:
                counts = _any if transition in _TENSORS else _no_tensor
            yield _family(*transition), way, counts
        if source is HIGH and transition[0] in _PHOTON:
            way = wc_obj.high_map(float(wc_obj.get_option("smeft_matchingscale")), par)
            yield _family(*transition), way, partial(_of_classes, PHOTON)
    if source is HIGH:
        for key, classes in _BOSONS.items():
            yield key[0].upper(), wc_obj.high_map(scales[key], par), partial(_of_classes, classes)


def _family(fermions: str, lepton: str | None) -> str:
    names = ("tau", "mu", "e") if fermions in ("taumu", "taue", "mue") else "bcsdu"
    parts = [name for name in names if name in fermions]
    if fermions in _MESONS or len(parts) != 2:
        return fermions
    first, second = sorted(parts, key=fermions.index)
    return f"{first}->{second} {lepton or ''}".strip()


def _any(name: str) -> bool:
    return True


def _no_tensor(name: str) -> bool:
    return not name.startswith("T")


def _of_mesons(kinds: str, quarks: set[tuple[str, str]], name: str) -> bool:
    return name[0] in kinds and (name[3], name[-2:]) in quarks


def _of_classes(classes: tuple[str, ...], name: str) -> bool:
    return name.partition("_")[0] in classes


def families(wc_obj: NuWilson, name: str, par: Par) -> Iterator[str]:
    """The decays whose observables a coefficient with N changes: ``b->s``, ``b->u e``, ``Z``.

    Parameters
    ----------
    wc_obj : of which scale, EFT and options are taken
    name : of the coefficient, in nuSMEFT Warsaw or nuWET JMS
    """
    found = set()
    for family, way, counts in _ways(wc_obj, par):
        changes = any(counts(str(coefficient)) for coefficient, *_ in way.column(name))
        if changes and family not in found:
            found.add(family)
            yield family


def _reaches(wc_obj: NuWilson, name: str, par: Par) -> bool:
    """Whether a coefficient, in Warsaw or JMS, changes any coupling of any observable."""
    wc, option = wc_obj.wc, wc_obj.get_option
    key = (wc.eft, name, wc.scale, option("running"), option("smeft_matchingscale"))
    found = _REACHED.get(key)
    if found is None:
        if len(_REACHED) >= _KEPT:
            _REACHED.clear()
        found = _REACHED[key] = any(True for _ in families(wc_obj, name, par))
    return found


def idle(wc_obj: Any, par: Par) -> list[str]:
    """The coefficients with N that change no observable of this package.

    By their names in the basis of the object; par are flavio's parameters.
    """
    if not isinstance(wc_obj, NuWilson):
        return []
    wc = wc_obj.wc
    result = []
    for name, value in wc.dict.items():
        inner = to_warsaw({name: value}, wc.basis) if wc.eft == HIGH.eft else {name: value}
        sterile = [n for n in inner if n in wc_obj._sterile_values]
        if sterile and not any(_reaches(wc_obj, n, par) for n in sterile):
            result.append(name)
    return result


def warn_idle(names: list[str], wc_obj: NuWilson, par: Par) -> None:
    """Warn that coefficients change no observable, and say where they do."""
    if not names:
        return
    wc, running = wc_obj.wc, wc_obj.get_option("running")
    remedy = ""
    if running == "qcd" and wc.eft == HIGH.eft:
        values = dict.fromkeys(names[:_TRIED], 1.0)
        full = with_options(values, wc.scale, wc.eft, wc.basis, wc_obj._options)
        full.set_option("running", "full")
        better = sorted(values.keys() - idle(full, par))
        if better:
            which = "" if better == sorted(names) else f" of {listed(better)}"
            remedy = f"; with the option running = 'full' the effect{which} comes by mixing"
    warn(
        f"no observable of flavio_nusmeft depends on {listed(names)} ({running} running){remedy}",
        NoEffectWarning,
    )


def warn_above_one(name: str) -> None:
    """Warn of a branching ratio above 1."""
    warn(
        f"{name} is above 1: coefficients are in GeV^-2; from TeV^-2 multiply by nus.TeV**-2",
        SizeWarning,
    )
