"""Reading WCxf files with Wilson coefficients: strict about what a typing error can break."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import yaml
from wilson import wcxf

from ..errors import InvalidFile

__all__ = ["read_wc"]


def _unique(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key, value in pairs:
        if not isinstance(key, (str, int, float)):
            raise InvalidFile(f"{key!r} cannot be a key")
        if key in result:
            raise InvalidFile(f"key '{key}' stands more than once")
        result[key] = value
    return result


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses duplicate keys."""


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


def _parse(text: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, object_pairs_hook=_unique)
        except json.JSONDecodeError:
            pass  # a YAML flow mapping looks alike
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise InvalidFile(f"neither YAML nor JSON: {' '.join(str(error).split())}") from None


def _number(name: str, value: Any) -> complex:
    if isinstance(value, dict):
        if not value or set(value) - {"Re", "Im"}:
            raise InvalidFile(f"value of {name} must be a number or have the keys Re and Im")
        return complex(_real(name, value.get("Re", 0)), _real(name, value.get("Im", 0)))
    return _real(name, value)


def _real(name: str, value: Any) -> float:
    if not isinstance(value, bool):
        try:
            return float(value)  # YAML reads 1e-9 as a string
        except (TypeError, ValueError):
            pass
    raise InvalidFile(f"value of {name} is not a number: {value!r}")


def _text(source: IO[Any] | str | os.PathLike[str]) -> str:
    """Content of a file, in UTF-8, or in UTF-16 as a Windows shell writes it, with or without a
    byte order mark."""
    if isinstance(source, os.PathLike):
        try:
            with open(source, "rb") as stream:
                return _text(stream)
        except OSError as error:
            raise InvalidFile(f"{os.fspath(source)}: {error.strerror}") from None
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
        If it is not YAML or JSON, has duplicate keys, lacks one of eft, basis, scale and values,
        or holds a value that is not a number.
    """
    if isinstance(source, str) and source and not {"\n", "\r", "{"} & set(source):
        source = Path(source)
    data = _parse(_text(source))
    if not isinstance(data, dict):
        raise InvalidFile("not a WCxf file: no mapping with eft, basis, scale and values")
    missing = [key for key in ("eft", "basis", "scale", "values") if key not in data]
    if missing:
        raise InvalidFile(f"not a complete WCxf file: {', '.join(missing)} missing")
    if not isinstance(data["values"], dict):
        raise InvalidFile("values must map coefficient names to numbers")
    values = {str(name): _number(str(name), value) for name, value in data["values"].items()}
    return wcxf.WC(
        eft=str(data["eft"]),
        basis=str(data["basis"]),
        scale=_real("scale", data["scale"]),
        values=wcxf.WC.dict2values(values),
    )
