"""The files of the package HNLimits, arXiv:2304.06772, read where it is installed.

``data/searches.yml`` says what each file is, which the package itself does not.
"""

from __future__ import annotations

import importlib.metadata
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .. import _data
from .._optional import require
from ..errors import InvalidRecord
from .search import Search

__all__ = ["PACKAGE", "TESTED", "known", "read", "version"]

PACKAGE = "HNLimits"
_PER_GEV = {"MeV": 1000.0, "GeV": 1.0}
_FILES = ("limit", "lower", "upper", "contour")
TESTED = "1.2.0"
_WHAT = "the table of searches for N"


@lru_cache(maxsize=1)
def known() -> dict[str, dict[str, Any]]:
    """What is said about the files, by the names of the searches."""
    return dict(_data.load_yaml("searches.yml"))


def version() -> str:
    """Version of the installed package.

    Raises
    ------
    MissingPackage
    """
    require(_WHAT, PACKAGE)
    return importlib.metadata.version(PACKAGE)


def read(name: str) -> Search:
    """One search of `known`.

    Raises
    ------
    MissingPackage
    InvalidRecord
        If its file is not there, or is no table of numbers.
    """
    entry = dict(known()[name])
    unit = _PER_GEV[entry.pop("unit")]
    files = {key: str(entry.pop(key)) for key in _FILES if key in entry}
    columns = {key: _columns(file, unit) for key, file in files.items()}
    if "contour" in columns:
        columns["lower"], columns["upper"] = _ends(columns["contour"])
    lower, upper = columns["limit" if "limit" in columns else "lower"], columns.get("upper")
    ends = None if upper is None else (upper[0], upper[1])
    found = Search(name, lower[0], lower[1], upper=ends, **entry)
    found.package = f"{PACKAGE} {version()}"
    return found


def _folder() -> Path:
    require(_WHAT, PACKAGE)
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0], "include", "data")


def _columns(file: str, unit: float) -> np.ndarray:
    """Masses in GeV and values, shape (2, n): the first columns, after headings."""
    path = _folder() / file
    try:
        rows = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InvalidRecord(
            f"{PACKAGE} {version()} has no readable '{file}' ({error}); {TESTED} has it"
        ) from None
    found: list[list[float]] = []
    for row in rows:
        cells = row.partition("#")[0].replace(",", " ").split()
        if not cells:
            continue
        try:
            found.append([float(cell) for cell in cells[:2]])
        except ValueError:
            if found:  # a heading is above the numbers
                raise InvalidRecord(f"{PACKAGE}'s '{file}': '{row[:40]}' is no number") from None
    array = np.array(found, dtype=float)
    if array.ndim != 2 or array.shape[1] != 2:
        raise InvalidRecord(f"{PACKAGE}'s '{file}' has not two columns of numbers")
    return array.T / [[unit], [1.0]]


def _ends(contour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest values of the inside of a closed line, at the masses of its corners."""
    corners = np.log(np.column_stack([contour, contour[:, :1]])).T
    masses = np.unique(corners[:, 0])
    lowest, highest = np.full_like(masses, np.inf), np.full_like(masses, -np.inf)
    for a, b in pairwise(corners):
        (start, first), (stop, last) = sorted([a.tolist(), b.tolist()])
        if start < stop:  # the ends of vertical pieces are those of their neighbours
            inside = (masses >= start) & (masses <= stop)
            values = np.interp(masses[inside], [start, stop], [first, last])
            lowest[inside] = np.minimum(lowest[inside], values)
            highest[inside] = np.maximum(highest[inside], values)
    return np.exp([masses, lowest]), np.exp([masses, highest])
