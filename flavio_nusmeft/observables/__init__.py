"""The observables: one table of specifications, registered with flavio.

``BR(...)`` of charged modes contains the long-distance τ part, ``BR_SD(...)`` does not; F_L is
defined for the short-distance rate. P_τ is defined for the τ^- of the decay of a b quark, in the
rest frame of q, see `exclusive.polarisation`. Arguments: q² in GeV², for pp the transverse mass in
GeV.
"""

from __future__ import annotations

import re
from functools import partial
from math import isfinite
from typing import Any

import flavio
import numpy as np

from ..eft.wilson import HIGH_PARTNERS, MIXED, PARTNERS, TAIL_PARTNERS
from ..errors import InvalidValue
from ..physics import formfactors, plausible
from ..physics.boson_couplings import BOSONS
from ..physics.channels import STERILE, neutrino_masses, sector
from ..physics.mixing import MIXINGS
from ..physics.modes import (
    INVISIBLE,
    LEPTONIC,
    SEMI_INVISIBLE,
    SEMILEPTONIC,
    TAU_HADRONIC,
    ExclusiveMode,
    TwoBodyMode,
)
from ..physics.neutral_couplings import FLAVOUR_CHANGING
from ..physics.rates import evaluate
from ..physics.tail_couplings import CLASSES
from . import charged, electroweak, leptons, neutral, tails
from .specs import Par, Spec

__all__ = ["NAMES", "QUANTITIES", "check_value", "form_factors", "papers", "register"]


def __dir__() -> list[str]:
    return sorted(__all__)


_SPECS = (
    *neutral.specs(),
    *charged.specs(),
    *leptons.specs(),
    *electroweak.specs(),
    *tails.specs(),
)
NAMES = tuple(spec.name for spec in _SPECS)
# (par, *arguments) -> Quantity, by the names of the observables
QUANTITIES = {spec.name: spec.quantity for spec in _SPECS}
_BY_NAME = {spec.name: spec for spec in _SPECS}


def form_factors(name: str) -> list[str]:
    """The form factors in force: implementations in ``flavio.config``.

    Parameters
    ----------
    name : str
        Of an observable of this package.

    Returns
    -------
    list of str
        E.g. ``B->K* GRvDV``; empty if it needs none.
    """
    return [formfactors.implementation(process) for process in _BY_NAME[name].transitions]


def papers(name: str) -> list[str]:
    """Papers that the observable notes in the SM, keys for `citations.bibtex`.

    Parameters
    ----------
    name : str
        Of an observable of this package.

    Returns
    -------
    list of str
        Of method and form factors in force.
    """
    return list(dict.fromkeys(_BY_NAME[name].cited))


# the part of a name in front of the decay
_SYMBOLS = {name: name.partition("(")[0].replace("_SD", "") for name in NAMES}


def _largest(name: str, arguments: tuple[float, ...]) -> float:
    """The value of an observable at which its branching ratio, in a bin of it, is 1."""
    symbol = _SYMBOLS[name]
    if symbol in ("BR", "<BR>"):
        return 1.0
    if symbol == "<dBR/dq2>":
        return 1 / abs(arguments[1] - arguments[0])
    return np.inf


def check_value(name: str, arguments: tuple[float, ...], value: float) -> None:
    """Check a value of an observable, or the largest of many.

    Parameters
    ----------
    name : str
        Of the observable.
    arguments : tuple of float
        Its arguments, q² or a bin, GeV².
    value : float
        To be checked.

    Raises
    ------
    InvalidValue
        If it is not finite.

    Warns
    -----
    SizeWarning
        If it is a branching ratio above 1.
    """
    if not isfinite(value):
        raise InvalidValue(f"{name} is not finite with coefficients, or a bin, of such a size")
    if value > _largest(name, arguments):
        plausible.warn_above_one(name)


def _predict(spec: Spec, wc_obj: Any, par: Par, *args: float, **named: float) -> float:
    neutrino_masses(par)  # also those that have no couplings are checked
    quantity = spec.quantity(par, *args, **named)
    with np.errstate(over="ignore", invalid="ignore"):  # of huge coefficients
        value = evaluate(quantity, wc_obj, par)
    check_value(spec.name, (*args, *named.values()), value)
    if wc_obj is not None:
        plausible.check(wc_obj, par, plausible.need_protons([spec.name]))
    return value


def _named(mode: ExclusiveMode | TwoBodyMode) -> list[str]:
    """Names of observables of a mode; with a charged lepton those that average over it."""
    if isinstance(mode, TwoBodyMode) or mode.lepton is None:
        return [f"BR({mode.name}inv)", f"Gamma({mode.name}inv)"]
    decay = mode.name.removesuffix(mode.lepton)
    averaged = re.sub("^(B|D)[0+]", r"\1", decay)
    ratios = [f"R{pair}({x}linv)" for x in (averaged, decay) for pair in ("mue", "taul")]
    return [f"BR({decay}linv)", *ratios]


def _partners() -> dict[str, tuple[str, ...]]:
    """By sector of WET: the observables in which N contributes, and flavio has them without N.

    Sectors of the same quarks that differ in the charged lepton have the same ones.
    """
    tables = (SEMI_INVISIBLE, SEMILEPTONIC, LEPTONIC, TAU_HADRONIC)
    modes: list[ExclusiveMode | TwoBodyMode] = [m for t in tables for m in t.values()]
    # no observable of flavio depends on what mesons of quarks of one flavour do
    modes += [mode for mode in INVISIBLE.values() if mode.quarks in FLAVOUR_CHANGING]
    found: dict[tuple[str, bool], list[str]] = {}
    for mode in modes:
        names = [name for name in _named(mode) if name in NAMES]
        found.setdefault((mode.quarks, mode.lepton is None), []).extend(names)
    result = {
        sector(mode.quarks, mode.lepton)[1]: tuple(
            dict.fromkeys(found[mode.quarks, mode.lepton is None])
        )
        for mode in modes
    }
    for pair, name in leptons.TOTALS.items():
        result[sector(pair, None)[1]] = (name,)
    return result


def _high_partners() -> dict[str, tuple[str, ...]]:
    """By class of coefficients: the observables of Z, W and h."""
    result: dict[str, tuple[str, ...]] = {}
    for boson, classes in BOSONS.items():
        names = tuple(name for name in NAMES if f"({boson}->" in name)
        for name in classes:
            result[name] = result.get(name, ()) + names
    return result


def register() -> None:
    """Add the observables and their predictions to flavio, if they are not there yet."""
    PARTNERS.update(_partners())
    MIXED.update((U, mass) for row in MIXINGS for U, mass in zip(row, STERILE, strict=True))
    HIGH_PARTNERS.update(_high_partners())
    TAIL_PARTNERS.update(
        dict.fromkeys(CLASSES, tuple(n for n in NAMES if plausible.need_protons([n])))
    )
    for spec in _SPECS:
        if spec.name in flavio.Observable.instances:
            continue  # creating it again would drop its prediction
        observable = flavio.Observable(spec.name, arguments=list(spec.arguments) or None)
        observable.set_description(spec.description)
        observable.tex = spec.tex
        observable.add_taxonomy(spec.taxonomy)
        flavio.classes.Prediction(spec.name, partial(_predict, spec))
