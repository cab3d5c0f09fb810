"""The measurements, and the data sets that they form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flavio
import numpy as np

from . import _data
from .errors import UnknownDataset, nearest

__all__ = ["Result", "dataset", "register", "result", "results"]


def dataset(name: str) -> list[str]:
    """Names of the measurements of a data set, for ``include_measurements`` of a likelihood.

    Parameters
    ----------
    name : ``paper2023``, the inputs of arXiv:2309.02940, or ``current``

    Raises
    ------
    UnknownDataset
    """
    sets = _data.load_yaml("datasets.yml")
    alternatives = sets.pop("alternatives")
    if name not in sets:
        hint = nearest(name, [*sets, *alternatives])
        raise UnknownDataset(f"no data set '{name}'; there are {', '.join(sets)}{hint}")
    return list(sets[name])


@dataclass(frozen=True)
class Result:
    """What one measurement says about one observable.

    Either ``limit`` at ``confidence_level`` is set, or ``central`` with the errors.
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
        digits = max(0, exponent + 1 - math.floor(math.log10(min(plus, minus))))
        values = [f"{value / 10**exponent:.{digits}f}" for value in (central, plus, minus)]
        text = "{} ± {}" if values[1] == values[2] else "{} +{} -{}"
        text = text.format(*values)
        return f"({text})e{exponent:+03d}" if exponent else text


def result(observable: str | Sequence[Any], measurement: str) -> Result | None:
    """What a measurement, member of a data set or not, says about an observable."""
    key = observable if isinstance(observable, str) else tuple(observable)
    entry = flavio.Measurement[measurement]._parameters.get(key)
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
    """
    found = [result(observable, measurement) for measurement in dataset(name)]
    known = [entry for entry in found if entry is not None]
    return sorted(known, key=lambda entry: entry.limit or 0.0)


def register() -> None:
    """Load the measurements into flavio, if they are not there yet."""
    known = flavio.Measurement.instances
    for data in _data.load_yaml("measurements.yml"):
        if data["arguments"]["name"] not in known:
            for constraint in data["constraints"]:
                if "observables" in constraint:
                    constraint["observables"] = [
                        o if isinstance(o, str) else tuple(o.values())
                        for o in constraint["observables"]
                    ]
            flavio.Measurement.from_yaml_dict(data, pname="observables")
    for name, reuse in _data.load_yaml("measurements_from_flavio.yml").items():
        if name in known:
            continue
        source = flavio.Measurement[reuse["measurement"]]
        measurement = flavio.Measurement(name)
        for attribute in ("experiment", "inspire", "url", "description"):
            setattr(measurement, attribute, getattr(source, attribute, ""))
        for theirs, ours in reuse["observables"].items():
            position, distribution = source._parameters[theirs]
            if position:
                raise ValueError(f"{reuse['measurement']}: {theirs} is correlated in flavio")
            measurement.add_constraint([ours], distribution)
