"""What ``import flavio_nusmeft`` does: add everything to flavio and WCxf, once."""

from __future__ import annotations

from . import citations, measurements, observables, parameters
from .eft import adapters, bases
from .physics import formfactors

__all__ = ["register"]


def register() -> None:
    """Register citations, EFTs, bases, translators, parameters, observables and measurements.

    Whatever is registered already is left as it is, so calling it twice does nothing.
    """
    citations.register()
    bases.register()
    adapters.register()
    parameters.register()
    formfactors.register()
    observables.register()
    measurements.register()
