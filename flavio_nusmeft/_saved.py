"""Results that write themselves as JSON, and are read again."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
from numpy.typing import NDArray

from ._files import check_writable, write_files
from ._inputs import as_path, brief
from .errors import InvalidFile

__all__ = ["Flags", "Numbers", "Saved"]

#: fields for one point or several: a number, or an array of them
if TYPE_CHECKING:
    Numbers = Any
    Flags = Any
else:
    Numbers = float | NDArray[np.float64]
    Flags = bool | NDArray[np.bool_]

T = TypeVar("T", bound="Saved")


class Saved:
    """Base of results, frozen dataclasses; two are equal if their content is.

    What a field is follows from its annotation: numbers, strings, arrays, `Numbers`, other results,
    and dictionaries and tuples of them.
    """

    #: properties that files have, too, for who reads them without this package
    _derived: ClassVar[tuple[str, ...]] = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON can have it: None in the place of nan, strings in that of ±inf.

        Complex numbers are dictionaries of Re and Im.

        Returns
        -------
        dict
            By the names of the attributes.
        """
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        return {name: _plain(getattr(self, name)) for name in (*names, *self._derived)}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `to_dict` as JSON, completely or not at all.

        Parameters
        ----------
        path : str or path-like
            The file; an existing one is replaced.

        Raises
        ------
        UnwritablePath
            If that is not possible.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        write_files({check_writable(Path(path)): text + "\n"})

    @classmethod
    def load(cls: type[T], path: str | os.PathLike[str]) -> T:
        """Read what `save` has written.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        object of this class
            Equal to the one that was saved, to the last bit.

        Raises
        ------
        InvalidFile
            If it cannot be read, or has something else.
        """
        file = as_path("the file to read", path, InvalidFile)
        try:
            return cls._of(json.loads(file.read_bytes()))
        except OSError as error:
            raise InvalidFile(f"cannot read {file}: {error.strerror}") from None
        except RecursionError:
            raise InvalidFile(f"{file} is no {cls.__name__}: too many brackets") from None
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            reason = " ".join(str(error).split())
            raise InvalidFile(f"{file} is no {cls.__name__}: {reason}") from None

    @classmethod
    def _of(cls: type[T], content: Any) -> T:
        """The object with the content of `to_dict`."""
        if not isinstance(content, Mapping):
            raise ValueError(f"it must be a dictionary, not {brief(content)}")
        own = fields(cls)  # type: ignore[arg-type]
        names = {field.name for field in own}
        needed = {f.name for f in own if f.default is MISSING and f.default_factory is MISSING}
        wrong = sorted(content.keys() - names - {*cls._derived}) or sorted(needed - content.keys())
        if wrong:
            what = "is missing" if wrong[0] in names else "does not belong to it"
            raise ValueError(f"the key {brief(wrong[0])} {what}")
        kinds = get_type_hints(cls)
        return cls(**{n: _restored(kinds[n], content[n]) for n in content if n in names})


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Saved):
        return value.to_dict()
    if isinstance(value, Mapping):
        if any(isinstance(key, tuple) for key in value):
            return [[_plain(key), _plain(entry)] for key, entry in value.items()]
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, complex):
        return {"Re": _plain(value.real), "Im": _plain(value.imag)}
    return value


def _scalar(kind: Any) -> Any:
    """Of an array: the type of its entries; None for other types."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is np.ndarray:
        ((scalar,),) = (get_args(dtype) for dtype in arguments[1:])
        return scalar
    # with newer versions of numpy and Python NDArray is a name of its own
    return arguments[0] if getattr(origin, "__name__", "") == "NDArray" else None


def _restored(kind: Any, value: Any) -> Any:
    """The value of a field, of what `_plain` made of it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None and NoneType in arguments:
            return None
        choices = [choice for choice in arguments if choice is not NoneType]
        if isinstance(value, list):
            fitting = [c for c in choices if get_origin(c) is tuple or _scalar(c) is not None]
        else:
            fitting = [c for c in choices if (c is str) == isinstance(value, str)]
        return _restored((fitting or choices)[0], value)
    scalar = _scalar(kind)
    if scalar is not None:
        return np.array(value, dtype=scalar)
    if origin is dict:
        key, entry = arguments
        if get_origin(key) is not tuple and not isinstance(value, dict):
            raise ValueError(f"{brief(value)} must be a dictionary")
        if get_origin(key) is tuple:
            return {_restored(key, k): _restored(entry, v) for k, v in value}
        return {k: _restored(entry, v) for k, v in value.items()}
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{brief(value)} must be a list")
        first, *others = arguments
        several = [first] * len(value) if others == [...] else arguments
        return tuple(_restored(k, v) for k, v in zip(several, value, strict=True))
    if kind is float:
        return math.nan if value is None else float(value)
    if kind is complex:
        return complex(_restored(float, value["Re"]), _restored(float, value["Im"]))
    if kind is Any:
        return value
    if issubclass(kind, Saved):
        return kind._of(value)
    if not isinstance(value, kind):
        raise ValueError(f"{brief(value)} must be of the type {kind.__name__}")
    return value
