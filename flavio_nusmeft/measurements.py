"""The measurements, and the data sets that they form."""

from __future__ import annotations

import flavio
import flavio.measurements

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
    if dataset("current")[0] not in flavio.Measurement.instances:
        flavio.measurements.read_file(str(_data.path("measurements.yml")))
