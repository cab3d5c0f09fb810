"""Flavour physics with sterile neutrinos: a plugin of flavio and wilson.

``import flavio_nusmeft`` adds the EFTs ``nuSMEFT`` and ``nuWET``, the observables of B, K and D
decays with sterile neutrinos, their parameters and measurements to flavio and WCxf.

- `NuWilson`: Wilson coefficients with sterile neutrinos, wherever flavio takes a ``wc_obj``
- `dirac`: coefficients of a Dirac N as those of two Majorana states, which N1, N2, N3 are
- `predict`: many points of coefficients and masses at once
- `decays`: partial widths and lifetime of a sterile neutrino
- `invisible_probability`: whether they decay in a `Detector`
- `likelihood`: flavio likelihoods of the data sets; `LogLikelihood`: as functions of an array
- `scan`: grids, profiles, best fits and Markov chains, on one core or a cluster
- `interval`, `upper_limit`: from a likelihood to the number, with its definition; `intervals`
- `limits`: the table of limits on one operator at a time
- `compare`: explanations in one table, with p-values and information criteria
- `alternatives`: spectra of a resonance or of dark scalars in place of N
- `spec`: fits and scans that a file specifies
- `figures`: the figures of arXiv:2309.02940, also for other operators, masses and data
- `Searches`: limits on N in peaks and visible decays, for `likelihood`
- `Belle2Likelihood`: Belle II's published likelihood of B+ -> K+ + inv in q²
- `to_popxf`: predictions as polynomials for jelli and other codes
- `tables`: binned spectra with covariance
- `uv`: models with heavy particles, from masses and couplings to all coefficients
- `dataset`: names of measurements that belong together
- `citations`: the papers behind the numbers, with BibTeX
- `settings`: what predictions depend on beside their arguments
- `TeV`: 1000.0, in GeV, the unit of energies: a coefficient is ``0.02 * TeV**-2``
- `errors`: the exceptions and warnings
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import citations, errors
from ._registration import register as _register
from ._version import __version__ as __version__
from .batch import predict
from .eft.dirac import dirac
from .eft.wilson import NuWilson
from .invisible import invisible_probability
from .lifetimes import decays
from .measurements import dataset
from .physics.detectors import Detector
from .units import TeV

if TYPE_CHECKING:
    from . import figures, settings, spec, uv
    from .belle2 import Belle2Likelihood, alternatives
    from .exports import popxf, tables
    from .exports.popxf import to_popxf
    from .inference import intervals, scan
    from .inference.comparison import compare
    from .inference.fits import likelihood
    from .inference.intervals import interval, upper_limit
    from .inference.limits import limits
    from .inference.log_likelihood import LogLikelihood
    from .searches import Searches

__all__ = [
    "Belle2Likelihood",
    "Detector",
    "LogLikelihood",
    "NuWilson",
    "Searches",
    "TeV",
    "alternatives",
    "citations",
    "compare",
    "dataset",
    "decays",
    "dirac",
    "errors",
    "figures",
    "interval",
    "intervals",
    "invisible_probability",
    "likelihood",
    "limits",
    "popxf",
    "predict",
    "scan",
    "settings",
    "spec",
    "tables",
    "to_popxf",
    "upper_limit",
    "uv",
]

# imported when they are first used: the module of each name
_LATER = {
    "Belle2Likelihood": "belle2",
    "LogLikelihood": "inference.log_likelihood",
    "Searches": "searches",
    "alternatives": "belle2.alternatives",
    "compare": "inference.comparison",
    "figures": "figures",
    "interval": "inference.intervals",
    "intervals": "inference.intervals",
    "likelihood": "inference.fits",
    "limits": "inference.limits",
    "popxf": "exports.popxf",
    "scan": "inference.scan",
    "settings": "settings",
    "spec": "spec",
    "tables": "exports.tables",
    "to_popxf": "exports.popxf",
    "upper_limit": "inference.intervals",
    "uv": "uv",
}

_register()


# hidden from type checkers, to which every name would exist
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        module = importlib.import_module(f".{_LATER[name]}", __name__)
        return vars(module).get(name, module)


def __dir__() -> list[str]:
    return sorted(__all__)
