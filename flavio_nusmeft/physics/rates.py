"""Observables as quadratic polynomials of the couplings, and ratios of such.

A rate is ``sum_ck form_ck Re(C_c,i(k) C_c,j(k)*)`` over channels c and terms k. The form depends on
parameters, masses and the bin only, the couplings C on the Wilson coefficients. Everything that
predicts, one point or many, takes a `Quantity` and couplings and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

import flavio
import numpy as np

from ..eft.objects import promote
from ..eft.standard import with_ckm
from ..eft.wilson import NuWilson
from ..errors import UndefinedRatio
from . import channels
from .cache import ParameterCache
from .channels import CouplingSet
from .charged_couplings import has_coefficients

__all__ = [
    "Form",
    "Part",
    "Quantity",
    "Rate",
    "Spectra",
    "Spectrum",
    "Stock",
    "couplings_of",
    "evaluate",
    "scaled",
]


class Spectra(NamedTuple):
    """Forms of a decay of M to a visible system R and pairs of masses, before they are integrated.

    ``q2`` are nodes, GeV², shape (pairs, nodes), ``parts`` the forms, but for ``factor``, times the
    weights of the nodes, shape (terms, pairs, nodes). A decay to the pair alone has one node, and
    m_R = 0.
    """

    q2: np.ndarray
    parts: tuple[np.ndarray, ...]
    m_M: float
    m_R: float
    factor: float = 1.0

    def integrals(self) -> tuple[np.ndarray, ...]:
        """The forms, shape (pairs, terms)."""
        return tuple(self.factor * part.sum(axis=-1).T for part in self.parts)


class Spectrum(NamedTuple):
    """One part of `Spectra` for one pair: ``q2`` (nodes,) and ``values`` (terms, nodes)."""

    q2: np.ndarray
    values: np.ndarray
    m_M: float
    m_R: float


class Form(NamedTuple):
    """How the quadratic forms of the channels of a rate are computed and where they are kept.

    ``integrals(par, kind, *arguments, pairs)`` gives arrays of shape (pairs, terms), of which
    ``part`` is taken, for pairs of masses (GeV) of distinguishable Dirac fermions. ``spectra``
    gives them before the integration, for decays of ``hadron``, where it is known how N move.
    """

    integrals: ParameterCache[tuple[np.ndarray, ...]]
    kind: tuple[Any, ...]
    arguments: tuple[float, ...] = ()
    part: int = 0
    spectra: ParameterCache[Spectra] | None = None
    hadron: str = ""

    def spectrum_of(self, par: Mapping[str, float], pair: tuple[float, float]) -> Spectrum:
        """Of one pair of masses."""
        assert self.spectra is not None
        found = self.spectra(par, self.kind, *self.arguments, (pair,))
        values = found.factor * found.parts[self.part][:, 0]
        return Spectrum(found.q2[0], values, found.m_M, found.m_R)


class _Events(Protocol):
    """What N do in a detector, see `detectors.Events`."""

    def forms(
        self, par: Mapping[str, float], rate: Rate, chosen: np.ndarray, stable: np.ndarray
    ) -> np.ndarray: ...


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
        integrals, kind, arguments, part = self.form[:4]
        for is_lightest in (True, False):
            group = tuple(dict.fromkeys(p for p in pairs if (p == lightest) is is_lightest))
            if group:
                found = integrals(par, kind, *arguments, group)[part]
                forms.update(zip(group, found, strict=True))
        factors = channels.symmetry_factors(lepton)[chosen, None]
        return np.array([forms[pair] for pair in pairs]) / factors


class Stock(NamedTuple):
    """A part that flavio computes: ``function(wc_obj, par)`` times ``factor``.

    The function takes an object without N, flavio's, and must be one and the same in all calls.
    """

    function: Callable[[Any, Mapping[str, float]], float]
    factor: float = 1.0

    def value(self, wc_obj: Any, par: Mapping[str, float]) -> float:
        """For an object of any kind, of which the part without N counts (None: the SM)."""
        if has_coefficients(wc_obj):
            wc_obj = promote(wc_obj)
            if not isinstance(wc_obj, NuWilson) or wc_obj.has_standard_part:
                return self.factor * float(self.function(with_ckm(wc_obj, par), par))
        return self.factor * _cached_stock(par, self.function)


def _standard_model(par: Mapping[str, float], function: Callable[..., float]) -> float:
    return float(function(flavio.WilsonCoefficients(), par))


_cached_stock = ParameterCache(_standard_model)
#: what a quantity is the sum of
Part = Rate | Stock


class Quantity(NamedTuple):
    """The sum of the parts of the numerator and ``offset``, over that of the denominator if any.

    ``undefined`` is the value where the denominator vanishes; None: there is none.
    """

    numerator: tuple[Part, ...]
    offset: float = 0.0
    denominator: tuple[Part, ...] = ()
    undefined: float | None = None


_AnyPart = TypeVar("_AnyPart", Rate, Stock)


def scaled(part: _AnyPart, factor: float) -> _AnyPart:
    """A rate, or a part of flavio, times a factor."""
    return part._replace(factor=part.factor * factor)


def couplings_of(quantity: Quantity) -> list[CouplingSet]:
    """The couplings that a quantity depends on; those within flavio's parts do not count."""
    parts = (*quantity.numerator, *quantity.denominator)
    return [part.couplings for part in parts if isinstance(part, Rate)]


def evaluate(
    quantity: Quantity, wc_obj: Any, par: Mapping[str, float], events: _Events | None = None
) -> float:
    """Value of a quantity for one object with Wilson coefficients (None: the SM).

    With ``events`` of this object and these parameters it counts what stays invisible in detectors.
    """
    couplings: dict[CouplingSet, np.ndarray] = {}

    def total(parts: tuple[Part, ...]) -> float:
        result = 0.0
        for rate in parts:
            if isinstance(rate, Stock):
                result += rate.value(wc_obj, par)
                continue
            C = couplings.get(rate.couplings)
            if C is None:
                C = couplings[rate.couplings] = channels.couplings(wc_obj, par, rate.couplings)
            used = np.flatnonzero(C.any(axis=1))
            if len(used):
                first, second = (C[used][:, indices] for indices in rate.terms)
                products = (first * second.conj()).real
                # channel by channel, so that closed ones do not even change the rounding
                forms = rate.forms(par, used)
                if events is not None:
                    forms = events.forms(par, rate, used, forms)
                by_channel = (forms * products).sum(axis=1)
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
