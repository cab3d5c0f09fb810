"""Flavour physics with sterile neutrinos: a plugin of flavio and wilson.

``import flavio_nusmeft`` adds the EFTs ``nuSMEFT`` and ``nuWET``, the observables of B -> K(*),
phi + inv, B_s, B0 -> inv and b -> c l + inv, their parameters and measurements to flavio and WCxf.

- `NuWilson`: Wilson coefficients with sterile neutrinos, wherever flavio takes a ``wc_obj``
- `predict`: many points of coefficients and masses at once
- `likelihood`: flavio likelihoods of the data sets; `LogLikelihood`: as functions of an array
- `scan`: grids, profiles, best fits and Markov chains, on one core or a cluster
- `figures`: the figures of arXiv:2309.02940, also for other operators, masses and data
- `Belle2Likelihood`: Belle II's published likelihood of B+ -> K+ + inv in q²
- `dataset`: names of measurements that belong together
- `errors`: the exceptions and warnings
"""

from __future__ import annotations

from . import errors, figures, scan
from ._registration import register as _register
from .batch import predict
from .belle2 import Belle2Likelihood
from .eft.wilson import NuWilson
from .fits import LogLikelihood, likelihood
from .measurements import dataset

__all__ = [
    "Belle2Likelihood",
    "LogLikelihood",
    "NuWilson",
    "dataset",
    "errors",
    "figures",
    "likelihood",
    "predict",
    "scan",
]

_register()


def __dir__() -> list[str]:
    return sorted(__all__)
