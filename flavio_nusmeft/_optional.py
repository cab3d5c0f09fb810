"""Packages that only parts of this one need, by the extra that installs them."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import MissingPackage

__all__ = ["require"]

_EXTRAS = {
    "HNLimits": "searches",
    "dynesty": "fit",
    "emcee": "fit",
    "iminuit": "fit",
    "matplotlib": "plot",
    "pyhf": "belle2",
    "smelli": "smelli",
}


def require(what: str, *packages: str) -> None:
    """Check that optional packages are installed, before any work is done that needs them.

    Raises
    ------
    MissingPackage
    """
    for package in packages:
        if find_spec(package) is None:
            raise MissingPackage(
                f"{what} needs {package}: pip install 'flavio_nusmeft[{_EXTRAS[package]}]'",
                name=package,
            )
