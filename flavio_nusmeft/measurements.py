"""The measurements, and the data sets that they form."""

from __future__ import annotations

import flavio

from . import _data
from .errors import nearest

__all__ = ["dataset", "register"]


def dataset(name: str) -> list[str]:
    """Names of the measurements of a data set, for ``include_measurements`` of a likelihood.

    Parameters
    ----------
    name : ``paper2023``, the inputs of arXiv:2309.02940, or ``current``

    Raises
    ------
    ValueError
        For an unknown data set.
    """
    sets = _data.load_yaml("datasets.yml")
    alternatives = sets.pop("alternatives")
    if name not in sets:
        hint = nearest(name, [*sets, *alternatives])
        raise ValueError(f"no data set '{name}'; there are {', '.join(sets)}{hint}")
    return list(sets[name])


def register() -> None:
    """Load the measurements into flavio, if they are not there yet."""
    known = flavio.Measurement.instances
    for data in _data.load_yaml("measurements.yml"):
        if data["arguments"]["name"] not in known:
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
