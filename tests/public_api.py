"""What users can call, with parameters and defaults, as text.

``python tests/public_api.py`` writes it to ``tests/public_api.txt``, with which a test compares it:
the difference of that file shows what a change does to users. Types are for mypy
(``tests/typing``), names of all modules are in ``tests/unit/test_api.py``.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import flavio_nusmeft

FILE = Path(__file__).with_suffix(".txt")
_PLAIN = (bool, int, float, str, type(None), tuple)
_LONG = 8  # tuples with more are an ellipsis


def lines() -> Iterator[str]:
    """One of every name, and of every attribute of a class below it."""
    for name in sorted(flavio_nusmeft.__all__):
        thing = getattr(flavio_nusmeft, name)
        if not isinstance(thing, types.ModuleType):
            yield from _described(name, thing)
            continue
        for member in sorted(thing.__all__):
            yield from _described(f"{name}.{member}", getattr(thing, member))


def _described(name: str, thing: object) -> Iterator[str]:
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        bases = ", ".join(base.__name__ for base in thing.__bases__)
        yield f"{name}: exception of {bases}"
    elif inspect.isclass(thing):
        is_protocol = getattr(thing, "_is_protocol", False)
        yield f"{name}: protocol" if is_protocol else f"{name}{_parameters(thing)}"
        yield from (f"    .{line}" for line in sorted(_members(thing)))
    elif inspect.isroutine(thing):
        yield f"{name}{_parameters(thing)}"
    elif isinstance(thing, (int, float, str)):
        yield f"{name} = {thing!r}"
    else:
        yield f"{name}: {type(thing).__name__}"


def _members(cls: type) -> Iterator[str]:
    """Public attributes that a class has from this package."""
    found = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("flavio_nusmeft"):
            found |= vars(base)
    found["__call__"] = found.get("__call__")
    for name, value in found.items():
        if value is None or (name.startswith("_") and name != "__call__"):
            continue
        if isinstance(value, (classmethod, staticmethod)):
            yield f"{name}{_parameters(value.__func__, isinstance(value, classmethod))}"
        elif inspect.isfunction(value):
            yield f"{name}{_parameters(value, True)}"
        elif isinstance(value, (property, cached_property)) or inspect.isdatadescriptor(value):
            yield name


def _parameters(function: object, bound: bool = False) -> str:
    """In brackets, without types; ``...`` is a default that is more than numbers and texts."""
    signature = inspect.signature(function)
    known = [_without_type(p) for p in signature.parameters.values()][bound:]
    return str(signature.replace(parameters=known, return_annotation=inspect.Signature.empty))


def _without_type(parameter: inspect.Parameter) -> inspect.Parameter:
    plain = parameter.replace(annotation=inspect.Parameter.empty)
    default = parameter.default
    if default is inspect.Parameter.empty or isinstance(default, _PLAIN):
        long = isinstance(default, tuple) and len(default) > _LONG
        return plain.replace(default=...) if long else plain
    return plain.replace(default=...)


def text() -> str:
    """All lines."""
    return "\n".join(lines()).replace("Ellipsis", "...") + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
