"""From the tree of a file to a complete specification: what each key means, and its default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import flavio
import numpy as np
from flavio.physics.ckm import get_ckm

from .._inputs import seed_number
from ..batch import Observable, is_reached
from ..eft.space import Space
from ..errors import (
    InvalidScale,
    InvalidSpec,
    NuSMEFTError,
    UnknownBasis,
    nearest,
    nearest_parameter,
)
from ..inference.expansion import variable
from ..inference.fits import likelihood
from ..measurements import dataset as dataset_names
from ..physics.channels import STERILE
from ..searches import Searches
from . import detectors, posteriors
from .reading import Node

__all__ = ["SCANS", "as_observable", "complete"]

_T = TypeVar("_T")

_KEYS = (
    "dataset",
    "alternatives",
    "observables",
    "belle2",
    "searches",
    "detectors",
    "fast",
    "theory",
    "draws",
    "eft",
    "basis",
    "scale",
    "options",
    "parameters",
    "fixed",
    "variables",
    "seed",
    "starts",
    "report",
    "grid",
    "chain",
    "nested",
)
SCANS = ("grid", "chain", "nested")
_REPORT = ("intervals", "limits", "contours", "pulls")
_QUANTITY = "a variable, an observable, a list of an observable and its arguments"
_METHODS = ("profile", "bayes")
_MOST_POINTS = 10_000_000


def complete(top: Node, default_belle2: Callable[[Node], str]) -> dict[str, Any]:
    """The specification with all defaults, as JSON and YAML can have it.

    Parameters
    ----------
    top : Node
        The file.
    default_belle2 : callable
        Gives the absolute path of the record.

    Raises
    ------
    InvalidSpec
    """
    given = top.mapping(_KEYS, "a specification: keys such as dataset and variables")
    found: dict[str, Any] = _data(given, default_belle2)
    space = _space(given)
    found |= {"eft": space.eft, "basis": space.basis, "scale": space.scale}
    found["options"] = {k: v for k, v in space.options.items() if v != {}}
    found |= _values(given, space)
    if "variables" not in given:
        top.fail("variables is missing: give coefficients or parameters with their ranges")
    found["variables"] = _variables(given["variables"], space, found)
    found["seed"] = 0
    if "seed" in given:
        found["seed"] = _attempt(given["seed"], lambda node: seed_number(node.integer(0)))
    if "starts" in given:
        found["starts"] = given["starts"].integer(1)
    found["report"] = _report(given.get("report"), found)
    first, *others = [name for name in SCANS if name in given] or [""]
    if others:
        given[others[0]].fail(f"there is a {first} already: a scan is one of {', '.join(SCANS)}")
    if "grid" in given:
        found["grid"] = _grid(given["grid"], found["variables"])
    if "chain" in given:
        found["chain"] = posteriors.chain(given["chain"], len(found["variables"]))
    if "nested" in given:
        found["nested"] = posteriors.nested(given["nested"], len(found["variables"]))
    return found


def _attempt(node: Node, action: Callable[[Node], _T]) -> _T:
    """What an action gives; errors of the package name the place."""
    try:
        return action(node)
    except InvalidSpec:  # names it already
        raise
    except NuSMEFTError as error:
        node.fail(str(error))


def _data(given: Mapping[str, Node], belle2: Callable[[Node], str]) -> dict[str, Any]:
    name = given["dataset"].text("the name of a data set") if "dataset" in given else "current"
    if "dataset" in given:
        _attempt(given["dataset"], lambda _: dataset_names(name))
    names: list[str] = []
    if "alternatives" in given:
        node = given["alternatives"]
        items = node.items("a list of names of measurements")
        names = [item.text("the name of a measurement") for item in items]
        _attempt(node, lambda _: dataset_names(name, names))
    found: dict[str, Any] = {"dataset": name, "alternatives": names}
    if "observables" in given:
        items = given["observables"].items("a list of observables")
        chosen = found["observables"] = [_quantity(item) for item in items]
        if chosen or not {"belle2", "searches"} & given.keys():
            known = partial(likelihood, name, map(as_observable, chosen), alternatives=names)
            _attempt(given["observables"], lambda _: known())
    if "belle2" in given:
        found["belle2"] = belle2(given["belle2"])
    if "searches" in given:
        node = given["searches"]
        items = node.items("a list of names of searches") if node.is_list else [node]
        chosen = [item.text("the name of a search") for item in items]
        found["searches"] = chosen if node.is_list else chosen[0]
        _attempt(node, lambda _: Searches(found["searches"]))
    if "detectors" in given:
        items = given["detectors"].items("a list of detectors")
        found["detectors"] = [_attempt(item, detectors.detector) for item in items]
        if not items:
            given["detectors"].fail("give one at least; without this key N are stable")
    found["fast"] = given["fast"].boolean() if "fast" in given else False
    for key in ("theory", "draws"):
        if key in given and not found["fast"]:
            given[key].fail("is for fast likelihoods: give fast: true, too")
    if found["fast"]:
        found["theory"] = _choice(given["theory"], ("SM", "NP")) if "theory" in given else "SM"
        found["draws"] = given["draws"].integer(2) if "draws" in given else 100
    return found


def _choice(node: Node, known: tuple[str, ...]) -> str:
    value = node.text(" or ".join(known))
    if value not in known:
        node.fail(f"must be {' or '.join(known)}, not '{value}'{nearest(value, known)}")
    return value


def _space(given: Mapping[str, Node]) -> Space:
    eft = given["eft"].text("the name of an EFT") if "eft" in given else "nuSMEFT"
    basis = given["basis"].text("the name of a basis") if "basis" in given else "FGMS"
    scale = given["scale"].number("a scale in GeV") if "scale" in given else 1000.0
    options: dict[str, Any] = {}
    if "options" in given:
        items = given["options"].mapping((), "options with values")
        options = {name: node.value() for name, node in items.items()}
    try:
        space = Space.of(scale, eft, basis, options).with_defaults()
        space.point({})
    except NuSMEFTError as error:
        wrong = "options"
        if isinstance(error, UnknownBasis):
            wrong = "basis" if "basis" in given else "eft"
        elif isinstance(error, InvalidScale):
            wrong = "scale"
        node = given.get(wrong) or next(iter(given.values()))
        node.fail(str(error))
    return space


def _values(given: Mapping[str, Node], space: Space) -> dict[str, Any]:
    """Parameters and coefficients with values."""
    known = flavio.default_parameters.all_parameters
    parameters: dict[str, float] = {}
    fixed: dict[str, float] = {}
    if "parameters" in given:
        for name, node in given["parameters"].mapping((), "parameters with values").items():
            if name not in known:
                is_coefficient = variable(name, {}).name in space.known
                hint = "; it is a coefficient: put it under fixed" if is_coefficient else ""
                hint = hint or nearest_parameter(name, known)
                node.fail(f"flavio has no parameter '{name}'{hint}")
            parameters[name] = node.number()
            if name in STERILE and parameters[name] < 0:
                node.fail("a mass is not negative")
        _check_ckm(given["parameters"], parameters)
    if "fixed" in given:
        for name, node in given["fixed"].mapping((), "coefficients with values").items():
            if name in known:
                node.fail("it is a parameter: put it under parameters")
            _check_coefficient(node, name, space)
            fixed[name] = node.number()
    return {"parameters": parameters, "fixed": fixed}


def _check_ckm(node: Node, parameters: Mapping[str, float]) -> None:
    par = flavio.default_parameters.get_central_all() | dict(parameters)
    with np.errstate(invalid="ignore"):
        if not np.isfinite(get_ckm(par)).all():
            values = ", ".join(f"{name} = {value:g}" for name, value in parameters.items())
            node.fail(f"there is no CKM matrix with {values}")


def _check_coefficient(node: Node, name: str, space: Space) -> None:
    coefficient, factor = variable(name, {})
    if coefficient not in space.known:
        hint = nearest_parameter(coefficient, flavio.default_parameters.all_parameters)
        if hint and not nearest(coefficient, space.known):
            node.fail(f"no parameter and no coefficient '{name}'{hint}")
    _attempt(node, lambda _: space.check([coefficient]))
    if space.known[coefficient] and factor != 1:
        node.fail(f"{coefficient} is real (its operator is hermitian)")


def _variables(node: Node, space: Space, found: Mapping[str, Any]) -> dict[str, list[float]]:
    known = flavio.default_parameters.all_parameters
    ranges: dict[str, list[float]] = {}
    for name, entry in node.mapping((), "coefficients or parameters with ranges").items():
        if name not in known:
            _check_coefficient(entry, name, space)
        for group in ("parameters", "fixed"):
            if name in found[group]:
                entry.fail(f"it is given twice, in {group}, too")
        ends = [end.number() for end in entry.items("a range [low, high]")]
        if len(ends) != 2:
            entry.fail(f"must be a range [low, high], not {len(ends)} numbers")
        low, high = ends
        if not low < high:
            swapped = f"; did you mean [{high:g}, {low:g}]?" if high < low else ""
            entry.fail(f"the range [{low:g}, {high:g}] must begin with the lower end{swapped}")
        if name in STERILE and low < 0:
            entry.fail(f"a mass is not negative: did you mean [0, {high:g}]?")
        if name in known:
            for end in ends:
                _check_ckm(entry, found["parameters"] | {name: end})
        ranges[name] = ends
    if not ranges:
        node.fail("there must be one variable at least")
    return ranges


def _quantity(node: Node) -> str | list[Any]:
    """As in JSON: a name, or a list of a name and numbers."""
    if not node.is_list:
        return node.text(_QUANTITY)
    entries = node.items(_QUANTITY)
    if not entries:
        node.fail(f"must be {_QUANTITY}, not an empty list")
    name, *arguments = entries
    return [name.text("the name of an observable"), *(each.number() for each in arguments)]


def as_observable(quantity: str | list[Any]) -> Observable:
    """A quantity as the functions of the package take it."""
    return quantity if isinstance(quantity, str) else tuple(quantity)


def _report(node: Node | None, found: Mapping[str, Any]) -> dict[str, Any]:
    given = {} if node is None else node.mapping(_REPORT, "what to report")
    names = tuple(found["variables"])
    result: dict[str, Any] = {
        "intervals": [
            {"quantity": name, "cl": 0.6827, "method": "profile", "points": 13} for name in names
        ],
        "limits": [],
        "contours": [],
        "pulls": given["pulls"].boolean() if "pulls" in given else True,
    }
    for kind, cl in (("intervals", 0.6827), ("limits", 0.9)):
        if kind in given:
            items = given[kind].items(f"a list; each entry is {_QUANTITY}, or has keys")
            result[kind] = [_interval(item, kind, cl, names, found["eft"]) for item in items]
    if "contours" in given:
        items = given["contours"].items("a list of pairs of variables")
        result["contours"] = [_contour(item, names) for item in items]
    return result


def _interval(node: Node, kind: str, cl: float, names: tuple[str, ...], eft: str) -> dict[str, Any]:
    keys = {"quantity": node}
    if node.is_mapping:
        keys = node.mapping(("quantity", "cl", "method", "points"))
        if "quantity" not in keys:
            node.fail(f"quantity is missing: {_QUANTITY}")
    at = keys["quantity"]
    quantity = _quantity(at)
    if quantity not in names:
        reached = _attempt(at, lambda _: _is_reached(quantity, eft, names))
        if not reached:
            at.fail(f"{eft} does not have all quarks of this observable")
    method = _choice(keys["method"], _METHODS) if "method" in keys else "profile"
    if "cl" in keys:
        cl = _level(keys["cl"])
        if kind == "limits" and method == "profile" and cl <= 0.5:
            keys["cl"].fail("an upper limit of a profile likelihood has more than 0.5, e.g. 0.9")
    if method == "bayes" and (len(names) > 1 or quantity not in names):
        keys["method"].fail("bayes is for one variable alone; of several, scan a chain")
    points = keys["points"].integer(2) if "points" in keys else 13
    return {"quantity": quantity, "cl": cl, "method": method, "points": points}


def _is_reached(quantity: str | list[Any], eft: str, names: tuple[str, ...]) -> bool:
    try:
        return is_reached(as_observable(quantity), eft)
    except KeyError as error:  # UnknownObservable
        hint = nearest(str(quantity), names) or f"; variables are {', '.join(names)}"
        raise type(error)(f"{error}{hint}") from None


def _level(node: Node) -> float:
    cl = node.number("a confidence level")
    if not 0 < cl < 1:
        percent = f"; {cl:g}% is {cl / 100:g}" if 1 <= cl < 100 else ""
        node.fail(f"must be between 0 and 1, not {cl:g}{percent}")
    return cl


def _contour(node: Node, names: tuple[str, ...]) -> dict[str, Any]:
    keys = {"variables": node}
    if node.is_mapping:
        keys = node.mapping(("variables", "cl", "points"))
        if "variables" not in keys:
            node.fail("variables is missing: a pair of variables")
    pair = keys["variables"].items("a pair of variables")
    chosen = [_variable(item, names) for item in pair]
    if len(chosen) != 2 or chosen[0] == chosen[1]:
        keys["variables"].fail("must be a pair of different variables")
    levels = [0.6827, 0.9545]
    if "cl" in keys:
        levels = [_level(item) for item in keys["cl"].items("a list of confidence levels")]
        if not levels or levels != sorted(set(levels)):
            keys["cl"].fail("must be a list of increasing confidence levels")
    points = keys["points"].integer(3) if "points" in keys else 25
    if points**2 > _MOST_POINTS:
        keys["points"].fail(f"{points} x {points} are too many")
    return {"variables": chosen, "cl": levels, "points": points}


def _variable(node: Node, names: tuple[str, ...]) -> str:
    name = node.text("a variable")
    if name not in names:
        node.fail(f"'{name}' is none of the variables {', '.join(names)}{nearest(name, names)}")
    return name


def _grid(node: Node, ranges: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """The values of every axis."""
    axes: dict[str, list[float]] = {}
    for name, entry in node.mapping((), "variables with values").items():
        if name not in ranges:
            known = ", ".join(ranges)
            entry.fail(f"'{name}' is none of the variables {known}{nearest(name, ranges)}")
        low, high = ranges[name]
        if entry.is_list:
            values = [item.number() for item in entry.items("values")]
        else:
            values = _axis(entry, low, high)
        outside = [value for value in values if not low <= value <= high]
        if outside:
            entry.fail(f"{outside[0]:g} is outside of the range [{low:g}, {high:g}] in variables")
        if not values or len(set(values)) < len(values):
            entry.fail("must be a list of different values, one at least")
        axes[name] = values
    if not axes:
        node.fail("there must be one axis at least")
    if np.prod([float(len(values)) for values in axes.values()]) > _MOST_POINTS:
        node.fail(f"more than {_MOST_POINTS} points are too many")
    return axes


def _axis(node: Node, low: float, high: float) -> list[float]:
    keys = node.mapping(("from", "to", "points", "log"), "a list of values, or have the key points")
    if "points" not in keys:
        node.fail("points is missing: the number of values")
    first = keys["from"].number() if "from" in keys else low
    last = keys["to"].number() if "to" in keys else high
    points = keys["points"].integer(2)
    if points > _MOST_POINTS:
        keys["points"].fail(f"more than {_MOST_POINTS} are too many")
    if not first < last:
        node.fail(f"from {first:g} to {last:g}: from must be the lower end")
    if "log" in keys and keys["log"].boolean():
        if first <= 0:
            node.fail(f"a logarithmic axis must be positive, not from {first:g}: give from")
        values = np.geomspace(first, last, points)
    else:
        values = np.linspace(first, last, points)
    values[[0, -1]] = first, last
    return list(map(float, values))
