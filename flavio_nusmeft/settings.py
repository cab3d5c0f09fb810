"""What predictions depend on beside their arguments: the settings of flavio and wilson.

All of them are listed once, in `_SOURCES`. They enter the keys of caches (`number`), the files of
scans (`description`) and what goes to other processes (`snapshot`, `applied`); `provenance` says in
words how a number was made.
"""

from __future__ import annotations

import copy
import json
import pkgutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import flavio
import wilson
import wilson.parameters
import yaml
from wilson.run.smeft import smpar

from ._version import __version__
from .errors import SettingsWarning

__all__ = [
    "ALPHA_S",
    "NUWILSON",
    "Snapshot",
    "applied",
    "changed",
    "choose",
    "description",
    "differences",
    "live",
    "number",
    "provenance",
    "snapshot",
    "versions",
    "warn_pickled",
]


def __dir__() -> list[str]:
    return sorted(__all__)


#: alpha_s(m_Z), the value that gives the running factors of arXiv:2309.02940
ALPHA_S = 0.1181
#: default options of `NuWilson` beside those of wilson
NUWILSON: dict[str, Any] = {"running": "qcd", "alpha_s": ALPHA_S, "qcd_loops": 1}

_SOURCES: dict[str, dict[str, Any]] = {
    "flavio.config": flavio.config,
    "wilson.Wilson options": wilson.Wilson._default_options,
    "NuWilson options": NUWILSON,
    "wilson parameters": wilson.parameters.p,
    "wilson parameters at m_Z": smpar.p,
}
_LIVE = tuple(_SOURCES.values())

Snapshot = dict[str, dict[str, Any]]


def snapshot() -> Snapshot:
    """A copy of all settings, for `applied`; it can be pickled.

    Returns
    -------
    dict of str to dict
        Settings by source.
    """
    return copy.deepcopy(_SOURCES)


def live() -> Snapshot:
    """The settings themselves, to be compared with a `snapshot`.

    Returns
    -------
    dict of str to dict
        Settings by source; do not change them.
    """
    return _SOURCES


_current: tuple[tuple[dict[str, Any], ...], int] = ((), -1)
_numbers: dict[str, int] = {}


def number() -> int:
    """A number for the settings as they are now: equal in one process if and only if they are.

    Returns
    -------
    int
        A number that no other settings have in this process.
    """
    global _current
    known, result = _current
    if known != _LIVE:
        text = json.dumps(_SOURCES, sort_keys=True, default=repr)
        result = _numbers.setdefault(text, len(_numbers))
        _current = tuple(snapshot().values()), result
    return result


def _assign(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    """Give a nested dictionary the content of another one, in place."""
    for name in target.keys() - source.keys():
        del target[name]
    for name, value in source.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _assign(target[name], value)
        elif name not in target or target[name] != value:
            target[name] = copy.deepcopy(value)


@contextmanager
def applied(settings: Snapshot) -> Iterator[None]:
    """Settings of a `snapshot`, also one from another process, while a block runs.

    Parameters
    ----------
    settings : dict of str to dict
        From `snapshot`.
    """
    if settings == _SOURCES:
        yield
        return
    before = snapshot()
    _assign(_SOURCES, settings)
    try:
        yield
    finally:
        _assign(_SOURCES, before)


def versions() -> dict[str, str]:
    """Versions of the packages that numbers depend on.

    Returns
    -------
    dict of str to str
        Versions by package.
    """
    return {
        "flavio_nusmeft": __version__,
        "flavio": str(flavio.__version__),
        "wilson": str(wilson.__version__),
    }


def description() -> dict[str, Any]:
    """All settings and versions, as JSON.

    Returns
    -------
    dict of str to object
        Settings by source, and ``versions``.
    """
    return {"versions": versions(), **json.loads(json.dumps(_SOURCES, default=repr))}


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}: ")
        else:
            yield f"{prefix}{name}", value


def differences(first: Snapshot, second: Snapshot) -> dict[str, tuple[Any, Any]]:
    """The settings that differ, by name, with both values (None where there is none).

    Parameters
    ----------
    first, second : dict of str to dict
        From `snapshot`.

    Returns
    -------
    dict of str to (object, object)
        Both values by name.
    """
    one, other = dict(_flat(first)), dict(_flat(second))
    return {
        name: (one.get(name), other.get(name))
        for name in {**one, **other}
        if one.get(name) != other.get(name)
    }


def warn_pickled(then: Snapshot) -> None:
    """Warn that an object was pickled with other settings than those of now.

    Parameters
    ----------
    then : dict of str to dict
        From `snapshot`, when it was pickled.

    Warns
    -----
    SettingsWarning
    """
    changes = differences(then, snapshot())
    if changes:
        listed = ", ".join(f"{n} was {old}, is {new}" for n, (old, new) in changes.items())
        warnings.warn(
            f"pickled with other settings, which change its values: {listed}; set them here as"
            " they were (`scan` does that for its workers)",
            SettingsWarning,
            stacklevel=3,
        )


# what flavio ships; for what is not in its file and for wilson: as it was before any use
_FIRST = snapshot()


@cache
def _file_of_flavio() -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(pkgutil.get_data("flavio", "data/config.yml") or b"{}"))


def _shipped() -> Snapshot:
    result = copy.deepcopy(_FIRST)
    for section, content in _file_of_flavio().items():
        result["flavio.config"].setdefault(section, {}).update(content)
    # defaults of this package, which were not there yet
    for name, value in flavio.config["implementation"].items():
        result["flavio.config"]["implementation"].setdefault(name, _DEFAULTS.get(name, value))
    return result


# choices that this package adds to flavio's, by `choose`
_DEFAULTS: dict[str, str] = {}


def choose(quantity: str, implementation: str) -> None:
    """Choose an implementation of an own quantity in ``flavio.config``, where none is chosen.

    Parameters
    ----------
    quantity : str
        Name of the quantity in ``flavio.config['implementation']``.
    implementation : str
        Name of the implementation.
    """
    _DEFAULTS[quantity] = implementation
    flavio.config["implementation"].setdefault(quantity, implementation)


def changed() -> dict[str, Any]:
    """Settings that are not those shipped with flavio, wilson and this package, by name.

    Returns
    -------
    dict of str to object
        Values by name.
    """
    return {name: now for name, (_, now) in differences(_shipped(), snapshot()).items()}


def provenance(wc_obj: wilson.Wilson | None = None) -> dict[str, Any]:
    """How a number is made.

    Options of the running, settings that are not the shipped ones, and versions.

    Parameters
    ----------
    wc_obj : NuWilson, Wilson, WilsonCoefficients or None, optional
        The object with Wilson coefficients; None: the SM.

    Returns
    -------
    dict of str to object
        Values by name.
    """
    result: dict[str, Any] = {}
    if wc_obj is not None and wc_obj.wc is not None:
        options = {name: wc_obj.get_option(name) for name in wc_obj._option_schema.schema}
        parameters = options.pop("parameters", {})
        result = {str(name): value for name, value in options.items()}
        result |= {f"parameters: {name}": value for name, value in parameters.items()}
    return result | changed() | versions()
