"""What exports have in common: parameters and draws of them, and files that can be written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import flavio

from .batch import as_numbers, central_parameters
from .draws import draw, seeded
from .errors import InvalidValue, UnwritablePath

__all__ = ["check_draws", "check_writable", "one_point", "parameter_draws"]


def check_draws(draws: int) -> int:
    """The number of draws: 0, or at least 2.

    Raises
    ------
    InvalidValue
    """
    if isinstance(draws, bool) or draws != int(draws) or draws < 0 or draws == 1:
        raise InvalidValue(f"draws = {draws!r} must be 0 (no uncertainties) or at least 2")
    return int(draws)


def one_point(par: Mapping[str, float] | None) -> tuple[dict[str, float], dict[str, float]]:
    """The parameters that are given, and all: these and the central values of the others.

    Raises
    ------
    UnknownParameter, InvalidValue
    """
    arrays = {name: as_numbers(name, value) for name, value in (par or {}).items()}
    for name, array in arrays.items():
        if array.ndim:
            raise InvalidValue(f"parameter {name} must be one number")
    parameters = central_parameters(arrays)
    return {name: parameters[name] for name in arrays}, parameters


def parameter_draws(n: int, fixed: Mapping[str, float], seed: int | None) -> list[dict[str, float]]:
    """Points drawn from ``flavio.default_parameters``, those of ``fixed`` at their values.

    Parameters
    ----------
    n : number of points
    seed : of numpy's global generator during the call; None takes the generator as it is
    """
    constraints = flavio.default_parameters
    with seeded(seed):
        points = draw(constraints, constraints.all_parameters, n)
    return [{**point, **fixed} for point in points]


def check_writable(path: str | Path, directory: bool = False) -> Path:
    """Check that a file can be written, or files in a folder, which is made if it is missing.

    The file itself is neither made nor changed.

    Raises
    ------
    UnwritablePath
    """
    path = Path(path)
    folder = path if directory else path.parent
    try:
        if directory:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritablePath(f"cannot write to {path}: {error.strerror}") from None
    if not folder.is_dir():
        raise UnwritablePath(f"cannot write {path}: there is no folder {folder}")
    if not directory and path.is_dir():
        raise UnwritablePath(f"cannot write {path}: it is a folder")
    existing = path if path.exists() else folder
    if not os.access(existing, os.W_OK | (os.X_OK if existing.is_dir() else 0)):
        raise UnwritablePath(f"cannot write {path}: permission denied")
    return path
