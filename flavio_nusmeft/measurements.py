"""The measurements, and the data sets that they form.

flavio's likelihoods and ``combine_measurements`` take every measurement that is registered with
flavio, unless they are given names. Registered are therefore only those of the data set
``current``, in which no result enters twice. The others, older or alternative representations of
results that are in it, are known to this package (`find`), and to flavio after `add_to_flavio`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flavio
import numpy as np
from flavio.statistics.probability import (
    MultivariateNormalDistribution,
    NumericalDistribution,
    ProbabilityDistribution,
)

from . import _data
from ._inputs import names as names_of
from ._inputs import text
from .distributions import completed
from .errors import TheoryWarning, UnknownDataset, UnknownMeasurement, nearest, warn

__all__ = [
    "Result",
    "add_to_flavio",
    "dataset",
    "describe",
    "digest",
    "find",
    "paper",
    "pull",
    "register",
    "result",
    "results",
    "warn_of_rates",
]


def __dir__() -> list[str]:
    return sorted(__all__)


Observable = str | tuple[Any, ...]

_SEEN_BY_FLAVIO = "current"
_ARXIV = "https://arxiv.org/abs/"
_others: dict[str, flavio.Measurement] = {}


def dataset(name: str, alternatives: Iterable[str] = ()) -> list[str]:
    """Names of the measurements of a data set, for ``include_measurements`` of a likelihood.

    Parameters
    ----------
    name : str
        ``paper2023``, the inputs of arXiv:2309.02940; ``current``; ``electroweak``, decays of W, Z
        and h, for coefficients of nuSMEFT; ``leptonic``, decays to e or mu and N, for N so light
        that the lepton has the momentum of the SM; ``charged``, rates and spectra of charged
        currents, for likelihoods with theory uncertainties; ``tails``, pp -> l + inv at large
        transverse mass, for which a set of parton distributions must be installed; or a sum without
        common results, ``current+leptonic``.
    alternatives : iterable of str, optional
        Names of measurements that replace members of the data set, those that data/datasets.yml
        gives.

    Returns
    -------
    list of str
        The names.

    Raises
    ------
    UnknownDataset
        Also a sum of data sets that have results in common.
    UnknownMeasurement
        An alternative that the data set does not have.

    Notes
    -----
    flavio's own likelihoods know the members of ``current``, the others after `add_to_flavio`.
    """
    name = text("a data set", name, UnknownDataset)
    sets = _data.load_yaml("datasets.yml")
    known = sets.pop("alternatives")
    parts = [part.strip() for part in name.split("+")]
    for part in parts:
        if part not in sets:
            hint = nearest(part, [*sets, *known])
            raise UnknownDataset(f"no data set '{part}'; there are {', '.join(sets)}{hint}")
    members = [member for part in parts for member in sets[part]]
    if len({*members}) < len(members):
        raise UnknownDataset(f"the data sets of '{name}' have results in common")
    chosen = names_of("alternatives", alternatives)
    possible = [other for other, entry in known.items() if entry["data set"] in parts]
    for other in chosen:
        if other not in possible:
            raise UnknownMeasurement(
                f"the data set '{name}' has no alternative '{other}'; there are"
                f" {', '.join(possible)}{nearest(other, possible)}"
            )
    replaced = {known[other]["replaces"] for other in chosen}
    return [member for member in members if member not in replaced] + chosen


def find(name: str) -> flavio.Measurement:
    """A measurement of this package or of flavio.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    flavio.Measurement
        Registered with flavio or not.

    Raises
    ------
    UnknownMeasurement
    """
    registry = flavio.Measurement.instances
    if name not in registry and name not in _others:
        raise UnknownMeasurement(f"no measurement '{name}'{nearest(name, [*_others, *registry])}")
    return registry.get(name) or _others[name]


def paper(name: str) -> str | None:
    """The paper of a measurement, a key for `citations.bibtex`.

    Parameters
    ----------
    name : str
        Name of the measurement.

    Returns
    -------
    str or None
        Key of INSPIRE, or ``arXiv:`` and a number; None if there is no paper.

    Raises
    ------
    UnknownMeasurement
    """
    measurement = find(name)
    address = str(measurement.url or "")
    if measurement.inspire:
        return str(measurement.inspire)
    return f"arXiv:{address.removeprefix(_ARXIV)}" if address.startswith(_ARXIV) else None


def add_to_flavio(names: Iterable[str]) -> list[str]:
    """Register measurements with flavio, for its own likelihoods.

    flavio counts them beside the members of ``current`` from now on, wherever it is not given
    names (``include_measurements``). ``del flavio.Measurement[name]`` takes one out again.

    Parameters
    ----------
    names : iterable of str
        Names of measurements of this package.

    Returns
    -------
    list of str
        The names.

    Raises
    ------
    UnknownMeasurement
    """
    added = names_of("names", names)
    flavio.Measurement.instances.update({name: find(name) for name in added})
    return added


@dataclass(frozen=True)
class Result:
    """What one measurement says about one observable.

    Either ``limit`` at ``confidence_level`` is set, or ``central`` with the errors.

    Attributes
    ----------
    measurement : str
        Its name.
    central : float or None
        Central value, None for a limit.
    error_plus : float or None
        Error of one standard deviation upwards.
    error_minus : float or None
        Error of one standard deviation downwards, positive.
    limit : float or None
        Upper limit, None for a measured value.
    confidence_level : float or None
        Of the limit, e.g. 0.9.
    """

    measurement: str
    central: float | None = None
    error_plus: float | None = None
    error_minus: float | None = None
    limit: float | None = None
    confidence_level: float | None = None

    def __str__(self) -> str:
        if self.limit is not None:
            return f"< {self.limit:.3g} ({self.confidence_level:.0%})"
        plus, minus = self.error_plus or 0.0, self.error_minus or 0.0
        central = self.central or 0.0
        # two digits of the smaller error; a common power of ten for very small or large values
        exponent = math.floor(math.log10(abs(central))) if central else 0
        if -3 <= exponent <= 3:
            exponent = 0
        smaller = min(filter(None, (plus, minus)), default=1.0)  # a value of 0 may have but one
        digits = max(0, exponent + 1 - math.floor(math.log10(smaller)))
        values = [f"{value / 10**exponent:.{digits}f}" for value in (central, plus, minus)]
        text = "{} ± {}" if values[1] == values[2] else "{} +{} -{}"
        text = text.format(*values)
        return f"({text})e{exponent:+03d}" if exponent else text


def result(observable: str | Sequence[Any], measurement: str) -> Result | None:
    """What a measurement, member of a data set or not, says about an observable.

    Parameters
    ----------
    observable : str or sequence
        Name, or tuple or list of a name and arguments.
    measurement : str
        Name of the measurement.

    Returns
    -------
    Result or None
        None if it says nothing.
    """
    key = observable if isinstance(observable, str) else tuple(observable)
    entry = find(measurement)._parameters.get(key)
    if entry is None:
        return None
    position, distribution = entry
    if hasattr(distribution, "limit"):
        return Result(
            measurement,
            limit=float(distribution.limit),
            confidence_level=float(distribution.confidence_level),
        )
    return Result(
        measurement,
        central=float(np.ravel(distribution.central_value)[position]),
        error_plus=float(np.ravel(distribution.error_right)[position]),
        error_minus=float(np.ravel(distribution.error_left)[position]),
    )


def results(observable: str | Sequence[Any], name: str) -> list[Result]:
    """Results on an observable (with arguments: a tuple or list) in the data set ``name``.

    Measured values come first, then limits, the strongest first.

    Parameters
    ----------
    observable : str or sequence
        Name, or tuple or list of a name and arguments.
    name : str
        Name of the data set.

    Returns
    -------
    list of Result
        Measured values first, then limits, the strongest first.
    """
    found = [result(observable, measurement) for measurement in dataset(name)]
    known = [entry for entry in found if entry is not None]
    return sorted(known, key=lambda entry: entry.limit or 0.0)


def warn_of_rates(names: Iterable[str], observables: Iterable[Observable], where: str) -> None:
    """Warn of rates in ``charged`` that are used without theory errors.

    Parameters
    ----------
    names : iterable of str
        Names of measurements.
    observables : iterable of observables
        Observables that are used.
    where : str
        What the theory errors are missing in, and the remedy.

    Warns
    -----
    TheoryWarning
    """
    rates = {*dataset("charged")}.intersection(names)
    used = {*observables}
    if any(not used.isdisjoint(find(name).all_parameters) for name in rates):
        warn(
            "theory errors of rates in the data set 'charged', from CKM elements, form factors and"
            f" lifetimes, are as large as those of the data and not in {where}",
            TheoryWarning,
        )


def describe(distribution: Any) -> dict[str, Any]:
    """Kind and numbers of a probability distribution of flavio, as JSON.

    Parameters
    ----------
    distribution : ProbabilityDistribution
        A distribution.

    Returns
    -------
    dict of str to object
        JSON.
    """
    kind = type(distribution)
    numbers = {
        name: _numbers(value)
        for name, value in sorted(vars(distribution).items())
        if not isinstance(getattr(kind, name, None), cached_property)  # there after the first use
    }
    # the others are what flavio derives from them
    kept = {name: value for name, value in numbers.items() if value is not None}
    return {"type": kind.__name__, **kept}


def _numbers(value: Any) -> Any:
    try:
        return np.asarray(value, dtype=float).tolist()
    except (TypeError, ValueError):
        return None


def digest(names: Iterable[str]) -> str:
    """Checksum of the content of measurements.

    Parameters
    ----------
    names : iterable of str
        Names of the measurements.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits.
    """
    content = {
        name: [
            [list(map(str, observables)), describe(distribution)]
            for distribution, observables in find(name)._constraints
        ]
        for name in names
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def register() -> None:
    """Load the measurements, and those of the data set ``current`` into flavio.

    What is there already is left as it is.
    """
    registry = flavio.Measurement.instances
    known = {*registry, *_others}
    for data in _data.load_yaml("measurements.yml"):
        if data["arguments"]["name"] not in known:
            _load(data)
    for name, reuse in _data.load_yaml("measurements_from_flavio.yml").items():
        if name not in known:
            _take_over(name, reuse)
    for name in {*registry} - known - {*dataset(_SEEN_BY_FLAVIO)}:
        _others[name] = registry.pop(name)


def _load(data: dict[str, Any]) -> None:
    """Register a measurement in flavio's format."""
    for constraint in data["constraints"]:
        if "observables" in constraint:
            constraint["observables"] = [
                o if isinstance(o, str) else tuple(o.values()) for o in constraint["observables"]
            ]
    measurement = flavio.Measurement.from_yaml_dict(data, pname="observables")
    constraints, measurement._constraints = measurement._constraints, []
    for distribution, observables in constraints:
        measurement.add_constraint(observables, completed(distribution))


def _take_over(name: str, reuse: dict[str, Any]) -> None:
    """Register distributions of a measurement of flavio for observables of this package."""
    source = flavio.Measurement[reuse["measurement"]]
    measurement = flavio.Measurement(name)
    for attribute in ("experiment", "inspire", "url", "description"):
        value = reuse.get(attribute) or getattr(source, attribute, "")
        setattr(measurement, attribute, value)
    for distribution, theirs in source._constraints:
        ours = [_renamed(observable, reuse["observables"]) for observable in theirs]
        if any(ours):
            measurement.add_constraint(*_taken(distribution, ours))
    _check_taken(measurement, reuse)


def _renamed(observable: Observable, names: dict[str, str]) -> Observable | None:
    """The observable of this package, with the same arguments."""
    if isinstance(observable, str):
        return names.get(observable)
    name = names.get(observable[0])
    return name and (name, *observable[1:])


def _taken(
    distribution: ProbabilityDistribution, names: Sequence[Observable | None]
) -> tuple[list[Observable], ProbabilityDistribution]:
    """Marginal distribution of what has a name; of what has the same name the mean."""
    kept = list(dict.fromkeys(name for name in names if name))
    if kept != [*names]:
        weights = np.array([[float(name == own) for name in names] for own in kept])
        weights /= weights.sum(axis=1, keepdims=True)
        covariance = weights @ distribution.covariance @ weights.T
        distribution = MultivariateNormalDistribution(
            weights @ distribution.central_value, covariance
        )
    return kept, completed(distribution)


def _check_taken(measurement: flavio.Measurement, reuse: dict[str, Any]) -> None:
    """Names that flavio's measurement does not have would be left out in silence."""
    found = {o if isinstance(o, str) else o[0] for o in measurement.all_parameters}
    missing = {*reuse["observables"].values()} - found
    if missing:
        raise ValueError(f"{reuse['measurement']} of flavio has nothing for {sorted(missing)}")


def pull(observable: str | Sequence[Any], measurement: str, value: float) -> float | None:
    """Distance of a value from the best value of a measurement, in standard deviations.

    It is ±√(2 ln p(best) - 2 ln p(value)), positive above the best value, with the probability
    density p of the measurement alone (of one observable of a correlated pair: its marginal
    density), without an error of the prediction. The best value of a limit is the most probable
    one: 0, or above it if the experiment saw more events than expected.

    Parameters
    ----------
    observable : str or sequence
        Name, or tuple or list of a name and arguments.
    measurement : str
        Name of a measurement of this observable.
    value : float
        The prediction.

    Returns
    -------
    float or None
        None where the density vanishes.
    """
    key = observable if isinstance(observable, str) else tuple(observable)
    position, distribution = find(measurement)._parameters[key]
    centre = np.ravel(distribution.central_value)
    best = float(centre[position])
    if isinstance(distribution, NumericalDistribution):
        best = float(distribution.x[np.argmax(distribution.y_norm)])
    others = {"exclude": [i for i in range(len(centre)) if i != position]}
    more = others if len(centre) > 1 else {}
    highest, found = (float(distribution.logpdf(x, **more)) for x in (best, value))
    if not math.isfinite(found):
        return None
    return math.copysign(math.sqrt(max(0.0, 2 * (highest - found))), value - best)
