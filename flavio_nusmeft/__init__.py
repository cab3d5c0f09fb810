"""Flavour physics with sterile neutrinos: a plugin of flavio and wilson.

``import flavio_nusmeft`` adds the EFTs ``nuSMEFT`` and ``nuWET``, the observables of B -> K(*),
phi + inv, B_s, B0 -> inv and b -> c l + inv, their parameters and measurements to flavio and WCxf.

- `NuWilson`: Wilson coefficients with sterile neutrinos, wherever flavio takes a ``wc_obj``
- `dataset`: names of measurements that belong together
- `errors`: the exceptions and warnings
"""

from __future__ import annotations

from . import errors
from ._registration import register as _register
from .eft.wilson import NuWilson
from .measurements import dataset

__all__ = ["NuWilson", "dataset", "errors"]

_register()


def __dir__() -> list[str]:
    return sorted(__all__)
