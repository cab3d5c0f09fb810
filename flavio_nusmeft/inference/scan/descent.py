"""Maximisation of a log-likelihood within bounds: starting points, MIGRAD, walls, flat variables.

All variables are scaled to [0, 1] by their bounds, because coefficients of order 1e-8 and masses of
order 1 are varied together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FailedPoint
from .points import LogLikelihood, Wall, evaluate, value_and_gradient

__all__ = [
    "AGREE",
    "MOST",
    "REASONS",
    "Descent",
    "Objective",
    "Profile",
    "descend",
    "flat",
    "higher",
    "sobol",
    "starting_points",
]

Array = NDArray[np.float64]

#: in ln L: two starts have found the same maximum
AGREE = 1e-3
#: of a `Descent`
REASONS = (
    "",
    "the limit of calls of MIGRAD is reached",
    "MIGRAD is not sure to be at the maximum (estimated distance too large)",
    "MIGRAD finds no parabola there",
    "the maximum is not at the bound where MIGRAD ended",
)
#: points of a sample, if the function is finite at none of the first ones
MOST = 256
_TOLERANCE = 0.01  # of MIGRAD: the maximum is closer than 1e-5 in ln L
_WALL = 1e3  # its height above the start, in ln L
_NEAR = 0.02  # of the range: MIGRAD, which bends the axis at a bound, may stop short of it
_INSIDE = 1e-3  # of the range: a step from the bound
_UNCHANGED = 1e-6  # in ln L
_ALONG = 33  # points
_PROBES = (0.0, 0.31, 0.73, 1.0)  # of a variable that may be flat; in no ratio with each other


class Objective:
    """-ln L as a function of the free variables, scaled to [0, 1].

    Parameters
    ----------
    function : LogLikelihood
        The function.
    x : ndarray
        Values of all variables; those of the free ones are not used.
    free : sequence of int
        Indices of the free ones.
    bounds : ndarray
        Of the free ones, shape (free, 2).

    Attributes
    ----------
    error : Wall or None
        The first error that was met as a wall.
    """

    def __init__(
        self, function: LogLikelihood, x: Array, free: Sequence[int], bounds: Array
    ) -> None:
        self._function = function
        self._x = x.copy()
        self._free = list(free)
        self._low, self._high = bounds.T
        self.has_gradient = callable(getattr(function, "value_and_gradient", None))
        self.error: Wall | None = None
        self.begin(np.full(len(bounds), np.nan), np.inf)

    def begin(self, start: Array, value: float) -> None:
        """A new descent, from a point with a finite value: what was best before is forgotten."""
        self._start, self._reference = start.copy(), value
        self.best, self.best_u = value, start.copy()
        self.gradient_failed = False

    def values(self, u: Array) -> Array:
        """The free variables themselves."""
        return np.clip(self._low + u * (self._high - self._low), self._low, self._high)

    @property
    def ranges(self) -> Array:
        """Of the free variables."""
        return self._high - self._low

    def scaled(self, values: Array) -> Array:
        """The inverse of `values`."""
        return np.clip((values - self._low) / (self._high - self._low), 0, 1)

    def value(self, u: Array) -> float:
        """-ln L; inf at a wall."""
        self._x[self._free] = self.values(u)
        if not np.isfinite(self._x).all():  # MIGRAD proposes nan where it does not know what to do
            return np.inf
        try:
            value = -evaluate(self._function, self._x)
        except Wall as error:
            self.error = self.error or error
            return np.inf
        if value < self.best:
            self.best, self.best_u = value, np.array(u)
        return value

    def __call__(self, u: Array) -> float:
        """As `value`; walls are finite, and lead back to the start."""
        value = self.value(np.asarray(u))
        if np.isfinite(value):
            return value
        away = np.nan_to_num(u - self._start)
        return float(self._reference + _WALL * (1 + away @ away))

    def gradient(self, u: Array) -> Array:
        """Derivatives of ``__call__``; where they are not finite, ``gradient_failed`` is set."""
        self._x[self._free] = self.values(np.asarray(u))
        try:
            value, found = value_and_gradient(self._function, self._x)
        except Wall:
            value, found = np.nan, self._x
        if not np.isfinite(value):
            return 2 * _WALL * np.nan_to_num(u - self._start)
        self.gradient_failed |= not np.isfinite(found).all()
        return -np.nan_to_num(found[self._free]) * (self._high - self._low)


class Descent(NamedTuple):
    """Where a descent has ended: -ln L, the scaled variables, and an index of `REASONS`."""

    value: float
    u: Array
    reason: int


def descend(objective: Objective, start: Array) -> Descent:
    """MIGRAD from a point with a finite value; it ends exactly at a bound if the maximum is there.

    Variables that do not change the function stay where they are. Those that start at a bound are
    held there first, as MIGRAD does not leave one.
    """
    try:
        idle = flat(objective, start)
    except FailedPoint:  # far away
        idle = np.zeros(len(start), dtype=bool)
    u, value, reason = start, objective.value(start), 0
    at_bound: list[int] = np.flatnonzero(~idle & ((start == 0) | (start == 1))).tolist()
    may_leave = len(at_bound)
    while True:
        held = idle.copy()
        held[at_bound] = True
        reached = []
        if not held.all():
            value, u, reason = migrad(objective, u, value, held)
            for i in np.flatnonzero(~held & (np.minimum(u, 1 - u) < _NEAR)).tolist():
                trial = _moved(u, i, round(u[i]))
                if (found := objective.value(trial)) <= value:
                    u, value = trial, found
                    reached.append(i)
        if reached:
            at_bound += reached
            reason = 0
            continue
        inside = [(objective.value(_moved(u, i, abs(u[i] - _INSIDE))), i) for i in at_bound]
        best, i = min(inside, default=(np.inf, 0))
        if best >= value - AGREE:
            break
        if not may_leave:
            reason = 4
            break
        may_leave -= 1
        at_bound.remove(i)
        u, value = _moved(u, i, abs(u[i] - _INSIDE)), best
    return Descent(value, u, reason)


def migrad(
    objective: Objective,
    start: Array,
    value: float,
    held: NDArray[np.bool_],
    precision: float = 1.0,
) -> Descent:
    """MIGRAD with some of the variables held; if it does not converge, the best point it met."""
    objective.begin(start, value)
    grad = objective.gradient if objective.has_gradient else None
    minuit = _minuit(objective, held, grad, precision)
    if objective.gradient_failed:
        objective.begin(start, value)
        minuit = _minuit(objective, held, None, precision)
    if minuit.valid and np.isfinite(minuit.fval):
        u = np.clip(np.array(minuit.values), 0, 1)
        return Descent(objective.value(u), u, 0)
    state = minuit.fmin
    reason = 1 if state.has_reached_call_limit else 2 if state.is_above_max_edm else 3
    return Descent(objective.best, objective.best_u, reason)


def _minuit(objective: Objective, held: NDArray[np.bool_], grad: Any, precision: float) -> Any:
    from iminuit import Minuit

    minuit = Minuit(objective, objective.best_u, grad=grad)
    minuit.errordef = Minuit.LIKELIHOOD
    minuit.limits = (0, 1)
    minuit.errors = 0.1
    minuit.tol = _TOLERANCE * precision
    minuit.fixed = held.tolist()
    for minuit.strategy in (0, 1):
        minuit.migrad()
        if minuit.valid:
            break
    return minuit


def flat(objective: Objective, u: Array) -> NDArray[np.bool_]:
    """Which variables change the function nowhere in their range, here and at two other points."""
    result = np.ones(len(u), dtype=bool)
    for place in (u, (u + 0.382) % 1, (u + 0.618) % 1):
        value = objective.value(place)
        if not np.isfinite(value):
            continue
        for i in np.flatnonzero(result).tolist():
            trials = (_moved(place, i, probe) for probe in _PROBES)
            result[i] = all(abs(objective.value(t) - value) < _UNCHANGED for t in trials)
        if not result.any():
            break
    return result


def higher(objective: Objective, u: Array) -> Array:
    """The best of ``u`` and points along every variable through it: beyond a narrow valley."""
    trials = [u, *(_moved(u, i, x) for i in range(len(u)) for x in np.linspace(0, 1, _ALONG))]
    values = [objective.value(trial) for trial in trials]
    return trials[int(np.argmin(values))]


def _moved(u: Array, i: int, value: float) -> Array:
    trial = u.copy()
    trial[i] = value
    return trial


def sobol(dimension: int, count: int, seed: Sequence[int]) -> Array:
    """Points in the unit cube, shape (count, dimension): the centre, then a scrambled sequence."""
    from scipy.stats import qmc

    random = np.random.default_rng(np.random.SeedSequence(tuple(seed)))
    points = qmc.Sobol(dimension, seed=random).random(count)
    points[0] = 0.5
    return points


def starting_points(points: Array, values: Array) -> list[int]:
    """All points with a finite value, in the order in which they are promising.

    First those that are better than their neighbours, then those that are apart from all before,
    then the others; in each group the best first.

    Parameters
    ----------
    points : ndarray
        Shape (points, dimension), in the unit cube.
    values : ndarray
        -ln L, shape (points,).
    """
    finite = np.flatnonzero(np.isfinite(values))
    order = finite[np.argsort(values[finite], kind="stable")]
    ordered = points[order]  # the best first: indices are ranks from here on
    distance = np.linalg.norm(ordered[:, None] - ordered[None], axis=2)
    near = np.argsort(distance, axis=1, kind="stable")
    neighbours = near[:, : 1 + 2 * points.shape[1]]
    chosen = [i for i in range(len(order)) if neighbours[i].min() == i]
    apart = np.median(distance[near[:, 0], near[:, 1]]) if len(order) > 1 else 0.0
    for i in range(len(order)):
        if (distance[i, chosen] > apart).all():
            chosen.append(i)
    chosen += [i for i in range(len(order)) if i not in chosen]
    return [int(order[i]) for i in chosen]


@dataclass(frozen=True)
class Profile:
    """The maximum over free variables: array (2 + free): ln L, whether converged, the variables.

    Descents from given points, if there are several until all of them agree, else from the best
    points of a sample, until two of all agree. The values are nan and ln L is -inf if the
    likelihood vanishes at all points of the sample.
    """

    function: LogLikelihood
    free: tuple[int, ...]
    bounds: Array
    starts: int
    seed: int

    def __call__(self, number: int, x: Array) -> Array:
        """The row of the point with this number.

        Parameters
        ----------
        number : int
            Number of the sample.
        x : ndarray
            The variables; or the variables and, in further rows, points to start from.
        """
        x, *near = np.atleast_2d(x)
        objective = Objective(self.function, x, self.free, self.bounds)
        given = np.unique([objective.scaled(row[list(self.free)]) for row in near], axis=0)
        found = [descend(objective, u) for u in given if np.isfinite(objective.value(u))]
        if len(near) < 2 or len(_agreeing(found)) < len(given):
            for u in self._sampled(objective, number):
                found.append(descend(objective, u))
                if len(_agreeing(found)) > 1:
                    break
        if not found:
            if objective.error is not None:
                raise Wall(str(objective.error)) from objective.error.__cause__
            return np.array([-np.inf, 1.0, *np.full(len(self.free), np.nan)])
        best = min(found, key=lambda one: one.value)
        return np.array([-best.value, bool(_agreeing(found)), *objective.values(best.u)])

    def _sampled(self, objective: Objective, number: int) -> list[Array]:
        """The best points of a sample."""
        count = self.sample(len(self.free))
        points = sobol(len(self.free), MOST, (self.seed, number))
        values = np.full(MOST, np.inf)
        for first in range(0, MOST, count):
            block = slice(first, first + count)
            values[block] = [objective.value(u) for u in points[block]]
            if np.isfinite(values).any():
                break
        return [points[index] for index in starting_points(points, values)[: self.starts]]

    @staticmethod
    def sample(dimension: int) -> int:
        """Number of points, a power of two; up to `MOST` if the function is finite at none."""
        return min(MOST, max(8, 1 << (4 * dimension - 1).bit_length()))


def _agreeing(found: list[Descent]) -> list[Descent]:
    """Those that have found the best maximum, if one of them has converged."""
    best = min((one.value for one in found), default=np.inf)
    same = [one for one in found if one.value <= best + AGREE]
    return same if any(one.reason == 0 for one in same) else []
