"""Searches for N in peaks of decays and in visible decays, as likelihoods that join a fit.

- `likelihood.Searches`: those of the package HNLimits, or the user's own, as one likelihood
- `search.Search`: one of them: a limit on |U|², or on a branching ratio, against mass
- `tables`: the files of HNLimits
"""

from __future__ import annotations

from .likelihood import Searches
from .search import Search

__all__ = ["Search", "Searches"]


def __dir__() -> list[str]:
    return sorted(__all__)
