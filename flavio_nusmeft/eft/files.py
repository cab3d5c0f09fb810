"""Reading WCxf files with Wilson coefficients: strict about what a typing error can break.

A file of any content is read, or refused in one line, in a short time and little memory: before
anything is made of a YAML file, its size is counted with all aliases written out.
"""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import yaml
from wilson import wcxf

from .._inputs import brief
from ..errors import InvalidFile, nearest

__all__ = ["read_wc"]


_KEYS = ("eft", "basis", "scale", "values")
_OPTIONAL = "metadata"
# far above all files: a full basis has 3000 names, a depth of 4 and 500 kB; with names that are
# pickled objects of numpy, as in some files of wilson, 40,000 nodes and a depth of 8
_CHARACTERS, _NODES, _DEPTH, _SCALAR, _NAME = 4_000_000, 100_000, 30, 10_000, 100
_LINE = 300  # characters of a quoted message
# what PyYAML raises for values that their tags or forms do not allow: !!float "abc", 2001-99-99
_CONSTRUCTION = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def _short(path: str) -> str:
    return path if len(path) <= _NAME else brief(path)


def _line(error: Exception | str) -> str:
    """Message of an error that quotes a file, in one line."""
    text = " ".join(str(error).split())
    text = text if len(text) <= _LINE else f"{text[:_LINE]}..."
    return "".join(c if c.isprintable() else "?" for c in text)


def _unique(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            raise InvalidFile(f"{brief(key)} cannot be a key")
        if key in result:
            raise InvalidFile(f"key {brief(key)} stands more than once")
        result[key] = value
    return result


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):
    """Safe loader that refuses duplicate keys."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    try:
        return _unique(loader.construct_pairs(node, deep=True))
    except InvalidFile as error:
        raise InvalidFile(f"line {node.start_mark.line + 1} ff.: {error}") from None


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _numpy_name(loader: _Loader, node: Any) -> str:
    """A name that is a string of numpy: wilson's YAML of WET-4 and WET-3 has such keys, pickled."""
    match loader.construct_sequence(node, deep=True):
        case [{"args": [str(dtype), *_]}, bytes(content)] if dtype.startswith("U"):
            return content.decode("utf-32-le", "replace").rstrip("\0")
    raise InvalidFile(f"line {node.start_mark.line + 1}: an object of numpy that is not a name")


def _numpy_dtype(loader: _Loader, node: Any) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


def _tuple(loader: _Loader, node: Any) -> list[Any]:
    return loader.construct_sequence(node, deep=True)


for _module in ("numpy._core", "numpy.core"):
    _Loader.add_constructor(
        f"tag:yaml.org,2002:python/object/apply:{_module}.multiarray.scalar", _numpy_name
    )
_Loader.add_constructor("tag:yaml.org,2002:python/object/apply:numpy.dtype", _numpy_dtype)
_Loader.add_constructor("tag:yaml.org,2002:python/tuple", _tuple)


def _check_size(text: str) -> None:
    """Count the nodes of a YAML file, with those that aliases stand for, and their depth.

    Raises
    ------
    InvalidFile
    """
    sizes: dict[str, int | None] = {}  # by anchor; None: still open
    opened: list[tuple[str | None, int]] = []  # anchor and number of nodes before
    nodes = 0
    events: Iterable[Any] = yaml.parse(text, Loader=_Base)
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor is not None:
                sizes[anchor] = nodes - before
        elif isinstance(event, yaml.AliasEvent):
            size = sizes.get(str(event.anchor), 1)  # PyYAML reports anchors that do not exist
            if size is None:
                raise InvalidFile(f"line {line}: an alias to what contains it")
            nodes += size
        elif isinstance(event, (yaml.CollectionStartEvent, yaml.ScalarEvent)):
            nodes += 1
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append((event.anchor, nodes - 1))
                if event.anchor is not None:
                    sizes[event.anchor] = None
            elif len(event.value) > _SCALAR:
                raise InvalidFile(f"line {line}: a value of {len(event.value)} characters")
            elif event.anchor is not None:
                sizes[event.anchor] = 1
        if len(opened) > _DEPTH:
            raise InvalidFile(f"line {line}: nested too deeply for a WCxf file")
        if nodes > _NODES:
            raise InvalidFile(f"line {line}: too many entries for a WCxf file")


def _parse(text: str) -> Any:
    if len(text) > _CHARACTERS:
        raise InvalidFile(f"too long for a WCxf file: {len(text)} characters")
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, object_pairs_hook=_unique)
        except (json.JSONDecodeError, RecursionError):
            pass  # a YAML flow mapping looks alike
        except InvalidFile:
            raise
        except ValueError:
            raise InvalidFile("a number with too many digits") from None
    try:
        _check_size(text)
        return yaml.load(text, Loader=_Loader)
    except InvalidFile:
        raise
    except yaml.YAMLError as error:
        raise InvalidFile(f"neither YAML nor JSON: {_line(error)}") from None
    except _CONSTRUCTION as error:
        raise InvalidFile(f"a value that YAML does not allow: {_line(error)}") from None


def _number(name: str, value: Any) -> complex:
    if isinstance(value, dict):
        if not value or set(value) - {"Re", "Im"}:
            raise InvalidFile(f"value of {name} must be a number or have the keys Re and Im")
        return complex(_real(name, value.get("Re", 0)), _real(name, value.get("Im", 0)))
    return _real(name, value)


def _real(name: str, value: Any) -> float:
    if isinstance(value, (float, int, str)) and not isinstance(value, bool):
        try:
            return float(value)  # YAML reads 1e-9 as a string
        except (OverflowError, ValueError):
            pass
    raise InvalidFile(f"value of {name} is not a number: {brief(value)}")


def _check_keys(data: dict[str, Any]) -> None:
    known = (*_KEYS, _OPTIONAL)
    for key in data:
        if key not in known:
            hint = nearest(key, known) or f"; there are {', '.join(known)}"
            raise InvalidFile(f"a WCxf file has no key {brief(key)}{hint}")
    missing = [key for key in _KEYS if key not in data]
    if missing:
        raise InvalidFile(f"not a complete WCxf file: {', '.join(missing)} missing")


def _check_name(what: str, name: Any) -> str:
    if not isinstance(name, str) or len(name) > _NAME or not name.isprintable():
        raise InvalidFile(f"{brief(name)} cannot be the name of {what}")
    return name


def _text(source: IO[Any] | str | os.PathLike[str]) -> str:
    """Content of a file, with or without a byte order mark.

    In UTF-8, or in UTF-16 as a Windows shell writes it.
    """
    if isinstance(source, os.PathLike):
        try:
            with open(source, "rb") as stream:
                return _text(stream)
        except (OSError, ValueError) as error:  # ValueError: a null character
            reason = getattr(error, "strerror", None) or error
            raise InvalidFile(_line(f"{_short(os.fspath(source))}: {reason}")) from None
    try:
        content = source if isinstance(source, str) else source.read()
        if isinstance(content, bytes):
            wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            content = content.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidFile(f"not a text file: {error}") from None
    return str(content).removeprefix("\ufeff")


def read_wc(source: IO[Any] | str | os.PathLike[str]) -> wcxf.WC:
    """Read Wilson coefficients from a WCxf file in YAML or JSON.

    Parameters
    ----------
    source : the path of the file, a text or binary stream, or the content. A string is a path if it
        has a single line without a brace, which no WCxf file has

    Raises
    ------
    InvalidFile
        If it is not YAML or JSON, has duplicate or unknown keys, lacks one of eft, basis, scale and
        values, holds a value that is not a number, or is far larger than any basis.
    """
    if not isinstance(source, (str, os.PathLike)) and not hasattr(source, "read"):
        raise InvalidFile(f"neither a path, a stream nor the content of a file: {brief(source)}")
    if isinstance(source, str) and source and not {"\n", "\r", "{"} & set(source):
        source = Path(source)
    data = _parse(_text(source))
    if not isinstance(data, dict):
        raise InvalidFile("not a WCxf file: no mapping with eft, basis, scale and values")
    _check_keys(data)
    if not isinstance(data["values"], dict):
        raise InvalidFile("values must map coefficient names to numbers")
    values = {
        name: _number(_check_name("a coefficient", name), value)
        for name, value in data["values"].items()
    }
    return wcxf.WC(
        eft=_check_name("an EFT", data["eft"]),
        basis=_check_name("a basis", data["basis"]),
        scale=_real("scale", data["scale"]),
        values=wcxf.WC.dict2values(values),
    )
