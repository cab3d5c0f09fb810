"""Observables as quadratic polynomials of the couplings, and ratios of such.

A rate is ``sum_ck form_ck Re(C_c,i(k) C_c,j(k)*)`` over channels c and terms k. The form depends on
parameters, masses and the bin only, the couplings C on the Wilson coefficients. Everything that
predicts, one point or many, takes a `Quantity` and couplings and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..errors import UndefinedRatio
from . import channels
from .channels import CouplingSet

__all__ = ["Quantity", "Rate", "evaluate", "scaled"]


class Rate(NamedTuple):
    """A rate: ``form``, shape (channels, terms), times products of couplings, times ``factor``.

    ``terms``, shape (2, terms), are the indices of both couplings in `widths.COMPONENTS`.
    """

    couplings: CouplingSet
    form: np.ndarray
    terms: np.ndarray
    factor: float = 1.0


class Quantity(NamedTuple):
    """The sum of the rates in the numerator and ``offset``, over that of the denominator if any.

    ``undefined`` is the value where the denominator vanishes; None: there is none.
    """

    numerator: tuple[Rate, ...]
    offset: float = 0.0
    denominator: tuple[Rate, ...] = ()
    undefined: float | None = None


def scaled(rate: Rate, factor: float) -> Rate:
    """The rate times a factor."""
    return rate._replace(factor=rate.factor * factor)


def evaluate(quantity: Quantity, wc_obj: Any, par: Mapping[str, float]) -> float:
    """Value of a quantity for one object with Wilson coefficients (None: the SM)."""
    couplings: dict[CouplingSet, np.ndarray] = {}

    def total(rates: tuple[Rate, ...]) -> float:
        result = 0.0
        for rate in rates:
            C = couplings.get(rate.couplings)
            if C is None:
                C = couplings[rate.couplings] = channels.couplings(wc_obj, par, rate.couplings)
            first, second = rate.terms
            products = (C[:, first] * C[:, second].conj()).real
            result += rate.factor * float(np.vdot(rate.form, products))
        return result

    numerator = total(quantity.numerator) + quantity.offset
    if not quantity.denominator:
        return numerator
    denominator = total(quantity.denominator)
    if denominator > 0:
        return numerator / denominator
    if quantity.undefined is None:
        raise UndefinedRatio("the branching ratio in the denominator vanishes")
    return quantity.undefined
