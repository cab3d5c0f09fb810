"""Units: energies are in GeV, coefficients of dimension-six operators in GeV^-2."""

from __future__ import annotations

__all__ = ["TeV"]


def __dir__() -> list[str]:
    return sorted(__all__)


#: in GeV, so that ``0.02 * TeV**-2`` is a coefficient in GeV^-2
TeV = 1000.0
