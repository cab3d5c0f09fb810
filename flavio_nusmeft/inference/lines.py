"""What a data set says along one coefficient, with all others 0: a line in the space of `Space`.

At fixed masses predictions are polynomials of the coefficient, so that a likelihood costs a
fraction of a millisecond: it is looked at everywhere between 0 and the largest meaningful value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from ..batch import Observable, Polynomials, Predictor
from ..eft.limits import largest_coefficient
from ..eft.space import Space
from ..measurements import results
from .likelihoods import Likelihood

__all__ = ["Line", "Maximum", "Source", "lines"]

Pieces = tuple[tuple[float, float], ...]

BELLE2 = "Belle II B+->Kinv, published likelihood"

_CHUNK = 100  # coefficients in one set of polynomials
_DOUBLINGS = 50  # from the smallest to the largest value that is looked at
_PARTS = 8  # of every octave between them
_VISIBLE = 1e-4  # of -2 ln L: below it there is no structure
_MARGIN = 30.0  # of -2 ln L beyond what is asked for: more than other measurements win back
_SIGNIFICANT = 1e-9  # of -2 ln L: less is rounding


class Maximum(NamedTuple):
    """What the likelihood along a line says.

    Attributes
    ----------
    best : where it is largest, GeV^-2
    gain : by how much -2 ln L is smaller there than at 0
    pieces : the coefficients whose -2 ln L is less than ``levels`` above its minimum, for every
        level; an end beyond the largest meaningful value is inf
    """

    best: float
    gain: float
    pieces: tuple[Pieces, ...]


class Source(NamedTuple):
    """A measurement, with its observables that are used together."""

    measurement: str
    observables: tuple[Observable, ...]


class Line:
    """Predictions and likelihood along one coefficient, at given parameters.

    Parameters
    ----------
    name : of the coefficient; its real part is positive
    predictor : of the observables of the likelihood, with this coefficient
    polynomials : of the predictor at the parameters
    par : all parameters
    likelihood : of a data set
    note : called after every point at which predictions are no polynomials, which takes long
    """

    def __init__(
        self,
        name: str,
        predictor: Predictor,
        polynomials: Polynomials,
        par: Mapping[str, float],
        likelihood: Likelihood,
        note: Callable[[], None] = lambda: None,
    ) -> None:
        self._note = note
        self.name, self.space, self.m_N1 = name, predictor.space, par["m_N1"]
        self.bound = largest_coefficient(self.space.scale)
        self._par, self._predictor, self._belle2 = par, predictor, likelihood.belle2
        self._searches = likelihood.searches
        self._polynomials: Polynomials | None = None  # of coefficients of SMEFT there are none
        self.observables: tuple[Observable, ...] = predictor.observables
        self.moving = set(self.observables)
        self.mirror = 0.0
        if name in predictor.linear:
            self._reduce(polynomials)
        self._parts = [
            part
            for part in likelihood.measurement_likelihood.parts
            if self.moving.intersection(part.observables)
        ]
        if self._searches is not None:
            ends = [list(self._searched(value)) for value in (0.0, self.bound)]
            if ends[0] == ends[1]:
                self._searches = None
        self._rises: dict[complex, float] = {}
        self._origin = self.log_likelihood(0.0)

    def _reduce(self, polynomials: Polynomials) -> None:
        """Keep what depends on the coefficient, and what that is measured together with."""
        k = 1 + 2 * self._predictor.linear.index(self.name)
        block = np.ix_(range(len(self.observables)), [0, k, k + 1], [0, k, k + 1])
        full = Polynomials(
            polynomials.numerator[block],
            polynomials.denominator[block],
            polynomials.is_ratio,
            polynomials.undefined,
        )
        above, below = full.numerator, full.denominator
        moves = above[:, :2, 1].any(axis=1) | (full.is_ratio & below[:, :2, 1].any(axis=1))
        self.moving = {o for o, moved in zip(self.observables, moves, strict=True) if moved}
        # the same prediction as in the SM, where they interfere
        a, b = above[:, 1, 1], 2 * above[:, 0, 1]
        there = ~full.is_ratio & (a > 0)
        self.mirror = float(max(-b[there] / a[there], default=0.0))
        self._polynomials = full
        if self._belle2 is not None:
            columns = self._predictor.columns(self._par, self._belle2.coupling_set)
            if not columns[k].any():
                self._belle2 = None

    @property
    def moves(self) -> bool:
        """Whether anything that is measured depends on the coefficient."""
        return bool(self.moving) or self._belle2 is not None or self._searches is not None

    @property
    def phases(self) -> tuple[complex, ...]:
        """Of -C and iC, if the coefficient can be complex, relative to C."""
        return (-1.0,) if self.space.known[self.name] else (-1.0, 1j)

    def predictions(self, value: complex) -> dict[Observable, float]:
        """Predictions for a value (GeV^-2)."""
        if self._polynomials is None:
            found = self._predictor.polynomials(self._par, {self.name: value})
            values, _ = found.at(np.eye(found.numerator.shape[1])[0])
            self._note()
        else:
            values, _ = self._polynomials.at(np.array([1.0, value.real, value.imag]))
        return dict(zip(self.observables, values.tolist(), strict=True))

    def contributions(self, value: complex) -> Iterator[tuple[Source, float]]:
        """Ln L of every measurement that depends on the coefficient."""
        predicted = self.predictions(value) if self._parts else {}
        for part in self._parts:
            x = [predicted[observable] for observable in part.observables]
            density = part.distribution.logpdf(x if len(x) > 1 else x[0])
            yield Source(part.measurement, part.observables), float(density)
        if self._belle2 is not None:
            found = self._belle2.log_likelihood(self._par, self.space.point({self.name: value}))
            yield Source(BELLE2, ("BR_SD(B+->Kinv)",)), found
        if self._searches is not None:
            yield from self._searched(value)

    def _searched(self, value: complex) -> Iterator[tuple[Source, float]]:
        """Ln L of the searches for decays to which coefficients contribute."""
        assert self._searches is not None
        point = self.space.point({self.name: value})
        found = self._searches.contributions(self._par, point)
        for each in self._searches:
            if each.decay is not None:
                yield Source(each.name, (f"BR({each.decay}inv)",)), -found[each.name] / 2

    def log_likelihood(self, value: complex) -> float:
        """Ln L up to a constant."""
        return sum(density for _, density in self.contributions(value))

    def rise(self, value: complex) -> float:
        """-2 ln L above its value at 0."""
        if value not in self._rises:
            self._rises[value] = -2 * (self.log_likelihood(value) - self._origin)
        return self._rises[value]

    def maximum(self, levels: Sequence[float]) -> Maximum:
        """Best fit and intervals, among the values from 0 to ``bound``."""
        x, y = self._curve(max(levels))
        i = int(y.argmin())
        if y[i] > -_SIGNIFICANT:
            i = 0
        lowest = float(y[i])
        return Maximum(
            float(x[i]),
            max(0.0, -lowest),
            tuple(self._pieces(x, y, lowest + level) for level in levels),
        )

    def _curve(self, needed: float) -> tuple[np.ndarray, np.ndarray]:
        """Points in ascending order, with all minima, up to where nothing is allowed any more."""
        doubled = [self.bound * 2.0**-k for k in range(_DOUBLINGS, -1, -1)]
        lowest, used = 0.0, list[float]()
        for value in doubled:
            used.append(value)
            rise = self.rise(value)
            lowest = min(lowest, rise)
            if rise > lowest + needed + _MARGIN and value >= self.mirror:
                break
        points = [0.0, used[0]]
        for low, high in pairwise(used):
            seen = max(abs(self.rise(low)), abs(self.rise(high))) > _VISIBLE
            points += np.linspace(low, high, (_PARTS if seen else 1) + 1)[1:].tolist()
        x, y = np.array(points), np.array([self.rise(value) for value in points])
        dips = 1 + np.flatnonzero((y[1:-1] <= y[:-2]) & (y[1:-1] <= y[2:]))
        # also where y is large here: a minimum may be narrower than the grid
        deepest = [self._minimum(x[i - 1], x[i + 1]) for i in dips if abs(y[i]) > _SIGNIFICANT]
        x = np.unique(np.append(x, deepest))
        return x, np.array([self.rise(value) for value in x.tolist()])

    def _minimum(self, low: float, high: float) -> float:
        found = minimize_scalar(
            self.rise, bounds=(low, high), method="bounded", options={"xatol": 1e-7 * high}
        )
        return float(found.x)

    def _pieces(self, x: np.ndarray, y: np.ndarray, level: float) -> Pieces:
        inside = y < level
        ends = [
            brentq(lambda c: self.rise(c) - level, x[i], x[i + 1], xtol=1e-12 * x[i + 1])
            for i in np.flatnonzero(inside[1:] != inside[:-1])
        ]
        edges = [*([0.0] if inside[0] else []), *ends, *([np.inf] if inside[-1] else [])]
        return tuple(zip(edges[::2], edges[1::2], strict=True))

    def reached(self, observable: Observable, limit: float) -> float:
        """The smallest value at which a prediction is as large as a limit; inf if there is none."""

        def excess(value: float) -> float:
            return self.predictions(value)[observable] - limit

        low = 0.0
        for k in range(_DOUBLINGS, -1, -1):
            high = self.bound * 2.0**-k
            if excess(high) >= 0:
                at_zero = low == 0 and excess(0.0) >= 0
                return 0.0 if at_zero else float(brentq(excess, low, high, xtol=1e-12 * high))
            low = high
        return np.inf

    def driver(self, best: float, limit: float) -> Source | None:
        """The measurement whose -2 ln L rises most between two values."""
        before = dict(self.contributions(best))
        rises = {source: before[source] - after for source, after in self.contributions(limit)}
        return max(rises, key=rises.__getitem__, default=None)

    def strongest(self, dataset: str, cl: float) -> tuple[float, Source] | None:
        """The published limit that is reached first, and at what value."""
        found = [
            (self.reached(observable, result.limit), Source(result.measurement, (observable,)))
            for observable in self.observables
            if observable in self.moving
            for result in results(observable, dataset)
            if result.limit is not None and result.confidence_level == cl
        ]
        return min(found, key=lambda entry: entry[0], default=None)


def lines(
    names: Sequence[str],
    space: Space,
    pars: Sequence[Mapping[str, float]],
    likelihood: Likelihood,
    note: Callable[[], None] = lambda: None,
) -> Iterator[list[Line]]:
    """The lines of coefficients, each for all sets of parameters; ``note`` as for `Line`."""
    observables = list(dict.fromkeys(likelihood.observables))
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        predictor = Predictor(observables, chunk, space)
        polynomials = [predictor.polynomials(par) for par in pars]
        for name in chunk:
            yield [
                Line(name, predictor, found, par, likelihood, note)
                for found, par in zip(polynomials, pars, strict=True)
            ]
