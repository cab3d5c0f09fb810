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
from .cache import ParameterCache
from .channels import CouplingSet

__all__ = ["Form", "Quantity", "Rate", "evaluate", "scaled"]


class Form(NamedTuple):
    """How the quadratic forms of the channels of a rate are computed and where they are kept.

    ``integrals(par, kind, *arguments, pairs)`` gives arrays of shape (pairs, terms), of which
    ``part`` is taken, for pairs of masses (GeV) of distinguishable Dirac fermions.
    """

    integrals: ParameterCache[tuple[np.ndarray, ...]]
    kind: tuple[Any, ...]
    arguments: tuple[float, ...] = ()
    part: int = 0


class Rate(NamedTuple):
    """A rate: forms, shape (channels, terms), times products of couplings, times ``factor``.

    ``terms`` are the indices of the first and the second couplings in `widths.COMPONENTS`.
    """

    couplings: CouplingSet
    form: Form
    terms: tuple[tuple[int, ...], tuple[int, ...]]
    factor: float = 1.0

    def forms(self, par: Mapping[str, float], chosen: np.ndarray) -> np.ndarray:
        """Of the channels with the indices ``chosen``, shape (chosen, terms), without ``factor``.

        The massless neutrinos are integrated apart from the others, as often only these are new.
        """
        lepton = self.couplings.lepton
        pairs = [channels.masses(par, lepton, k) for k in chosen.tolist()]
        lightest, forms = channels.masses(par, lepton, 0), dict[tuple[float, float], np.ndarray]()
        integrals, kind, arguments, part = self.form
        for is_lightest in (True, False):
            group = tuple(dict.fromkeys(p for p in pairs if (p == lightest) is is_lightest))
            if group:
                found = integrals(par, kind, *arguments, group)[part]
                forms.update(zip(group, found, strict=True))
        factors = channels.symmetry_factors(lepton)[chosen, None]
        return np.array([forms[pair] for pair in pairs]) / factors


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
            used = np.flatnonzero(C.any(axis=1))
            if len(used):
                first, second = (C[used][:, indices] for indices in rate.terms)
                products = (first * second.conj()).real
                # channel by channel, so that closed ones do not even change the rounding
                by_channel = (rate.forms(par, used) * products).sum(axis=1)
                result += rate.factor * sum(by_channel.tolist())
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
