"""Rounding errors of running and matching, in what is read and in what is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .theories import LOW

__all__ = ["real_where_hermitian", "without_dust"]

_EPSILON = float(np.finfo(float).eps)
# Of the largest coefficient. Running and matching leave up to 2e-16 of it in the imaginary parts of
# hermitian coefficients; a sum of the thousands of coefficients of a basis could leave some 1e-13,
# and the largest may be gone when a file holds some sectors only. A phase that means something, or
# a typing error, is larger by many orders.
_ROUNDING = 1e-12
# wilson.run.wet diagonalises anomalous dimensions that are nearly degenerate for four quarks, which
# amplifies rounding errors: 1e-7 remain in V1ddLR_1111 and its like after running in WET-3
_AMPLIFIED = dict.fromkeys((theory.standard for theory in LOW), 1e-6)


def real_where_hermitian(
    values: Mapping[str, complex], known: Mapping[str, bool], eft: str
) -> dict[str, complex]:
    """Coefficients that a program has computed, real where the operator is hermitian.

    Imaginary parts of rounding size are left out there. Larger ones are kept, to be refused.

    Parameters
    ----------
    values : coefficients by name
    known : for every name of the basis whether it is real
    eft : the EFT of the basis
    """
    bound = _AMPLIFIED.get(eft, _ROUNDING) * _largest(values)
    return {
        name: value.real if known.get(name) and abs(value.imag) <= bound else value
        for name, value in values.items()
    }


def without_dust(values: Mapping[Any, complex], keep: Iterable[str] = ()) -> dict[Any, complex]:
    """Results without the real and imaginary parts below the rounding error of the largest one.

    Parameters
    ----------
    values : results of one dimension; those that are 0 are left out, too
    keep : names that stay as they are
    """
    bound, kept = _EPSILON * _largest(values), frozenset(keep)

    def clean(part: float) -> float:
        return part if abs(part) > bound else 0.0

    cleaned = {
        key: value if key in kept else complex(clean(value.real), clean(value.imag))
        for key, value in values.items()
    }
    return {key: value for key, value in cleaned.items() if value != 0}


def _largest(values: Mapping[Any, complex]) -> float:
    return max(map(abs, values.values()), default=0.0)
