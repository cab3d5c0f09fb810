"""Arguments by their kind: what is accepted everywhere, and one line for what is not.

Dictionaries are whatever has names and values, a DataFrame too; lists are whatever can be gone
through, and a single name is a list of one; numbers are those of Python and numpy, arrays whatever
numpy makes one of, but without masked entries.
"""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InvalidShape, InvalidValue, NuSMEFTError, UnwritablePath

__all__ = [
    "all_parameters",
    "as_path",
    "brief",
    "integer",
    "line",
    "mapping",
    "names",
    "number",
    "numbers",
    "printable",
    "reals",
    "scalar",
    "seed_number",
    "text",
    "wc_object",
]

_SEEDS = 2**32  # the number of seeds of numpy's global generator


def brief(value: Any) -> str:
    """A value for messages: one short line, whatever it is."""
    if isinstance(value, str) and value.isprintable() and len(value) <= 60:
        return repr(value)
    try:
        found = " ".join(reprlib.repr(value).split())
    except ValueError:
        return "a number with too many digits"
    return found if "..." not in found else f"{found} ({type(value).__name__})"


def printable(message: str) -> str:
    """A message that quotes a file, in one line and without control characters."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in message)


def text(what: str, value: Any, error: type[NuSMEFTError] = InvalidValue) -> str:
    """A single string.

    Raises
    ------
    error
    """
    if not isinstance(value, str):
        raise error(f"{what} must be a string, not {brief(value)}")
    return value


def mapping(what: str, value: Any) -> Mapping[str, Any]:
    """A dictionary with strings as keys.

    Raises
    ------
    InvalidValue
    """
    if not isinstance(value, Mapping):
        if not (hasattr(value, "keys") and hasattr(value, "__getitem__")):
            raise InvalidValue(
                f"{what} must be a dictionary of names and values, not {brief(value)}"
            )
        value = {name: value[name] for name in value.keys()}  # noqa: SIM118
    for name in value:
        if not isinstance(name, str):
            raise InvalidValue(f"the names in {what} must be strings, not {brief(name)}")
    return value


def names(what: str, value: Any) -> list[str]:
    """A list of strings.

    Raises
    ------
    InvalidValue
    """
    if isinstance(value, str):
        return [value]
    if np.ndim(value) == 0 and isinstance(value, np.ndarray):
        return names(what, value.item())
    if not isinstance(value, Iterable):
        raise InvalidValue(f"{what} must be a list of names, not {brief(value)}")
    found = list(value)
    for name in found:
        if not isinstance(name, str):
            raise InvalidValue(f"{what} must be names, not {brief(name)}")
    return found


def scalar(value: Any) -> Any:
    """The number in an array without dimensions; anything else as it is."""
    if isinstance(value, np.ndarray) and value.ndim == 0 and not np.ma.is_masked(value):
        return value.item()
    return value


def number(what: str, value: Any, error: type[NuSMEFTError] = InvalidValue) -> float:
    """A real number, which may be infinite or nan.

    Raises
    ------
    error
    """
    value = scalar(value)
    if isinstance(value, (float, int, np.floating, np.integer)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise error(f"{what} = {brief(value)} is not a real number")


def integer(what: str, value: Any, least: int, most: int) -> int:
    """An integer in a range, its bounds included.

    Raises
    ------
    InvalidValue
    """
    value = scalar(value)
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        raise InvalidValue(f"{what} = {brief(value)} must be an integer from {least} to {most}")
    return int(value)


def seed_number(seed: Any, error: type[NuSMEFTError] = InvalidValue) -> int:
    """The seed itself, or an integer drawn from a generator, in the range of numpy's global one.

    Raises
    ------
    error
    """
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(_SEEDS))
    value = scalar(seed)
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not 0 <= value < _SEEDS:
        raise error(
            f"seed = {brief(seed)} must be an integer from 0 to {_SEEDS - 1} or a"
            " numpy.random.Generator"
        )
    return int(value)


def numbers(what: str, value: Any) -> np.ndarray:
    """An array of real or complex numbers.

    Raises
    ------
    InvalidValue
    """
    if np.ma.is_masked(value):
        raise InvalidValue(f"{what} has masked entries: leave them out, or fill them")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # lists of different lengths
        array = np.asarray(None)
    if not np.issubdtype(array.dtype, np.number):
        raise InvalidValue(f"{what} = {brief(value)} is not a number or an array of numbers")
    return array


def reals(what: str, value: Any, error: type[NuSMEFTError] = InvalidValue) -> np.ndarray:
    """An array of real numbers.

    Raises
    ------
    error
    """
    try:
        array = numbers(what, value)
    except InvalidValue as wrong:
        raise error(str(wrong)) from None
    if np.iscomplexobj(array):
        raise error(f"{what} must be an array of real numbers, not of complex ones")
    return array.astype(float)


def line(what: str, value: Any) -> np.ndarray:
    """A one-dimensional array of real numbers, one at least.

    Raises
    ------
    InvalidValue, InvalidShape
    """
    array = reals(what, value)
    if array.ndim != 1 or not array.size:
        raise InvalidShape(f"{what} must be a list of numbers, not of shape {array.shape}")
    return array


def all_parameters(value: Any) -> Any:
    """A dictionary of all parameters of flavio.

    Raises
    ------
    InvalidValue
    """
    if not isinstance(value, Mapping) or "GF" not in value:
        raise InvalidValue(
            "par_dict must be a dictionary of all parameters, as"
            f" flavio.default_parameters.get_central_all() gives it, not {brief(value)}"
        )
    return value


def as_path(what: str, value: Any, error: type[NuSMEFTError] = UnwritablePath) -> Path:
    """The path of a file or folder.

    Raises
    ------
    error
    """
    if not isinstance(value, (str, os.PathLike)) or "\0" in os.fsdecode(value):
        raise error(f"{what} must be a path, not {brief(value)}")
    return Path(os.fsdecode(value))


def wc_object(value: Any) -> Any:
    """An object with Wilson coefficients of wilson, flavio or this package, or None for the SM.

    Raises
    ------
    InvalidValue
    """
    if value is not None and not hasattr(value, "match_run"):
        raise InvalidValue(
            f"wc_obj must be an object with Wilson coefficients, not {brief(value)}: give"
            " NuWilson(coefficients, scale, eft, basis)"
        )
    return value
