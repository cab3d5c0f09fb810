"""Likelihood of B+ -> K+ + inv of Belle II for any spectrum, arXiv:2507.12393.

- `likelihood.Belle2Likelihood`: for flavio's parameters and Wilson coefficients
- `function`: the same as a function of the variables of any spectrum, for scans
- `alternatives`: spectra of a resonance and of pairs of scalars
- `record`: the published files, which the user downloads, and the spectrum of their simulation
- `model`: the pyhf workspace as arrays, and its maximum over the nuisance parameters
- `exact`: the same by pyhf and MINUIT
"""

from __future__ import annotations

from .likelihood import Belle2Likelihood

__all__ = ["Belle2Likelihood"]


def __dir__() -> list[str]:
    return sorted(__all__)
