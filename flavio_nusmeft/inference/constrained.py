"""Maxima of a log-likelihood at given values of a variable or of an observable.

For an observable O, what is maximised is ln L - (O - t)²/(2w²) with a target t. Where its maximum
is, at O = o, ln L is the largest of all points with this o, whatever the width w: so every target
gives a point of the profile likelihood exactly, with its slope (o - t)/w².
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scan.descent import Profile
from .scan.points import LogLikelihood, Wall, evaluate, value_and_gradient

__all__ = ["AtTarget", "AtValue", "Penalised"]

Array = NDArray[np.float64]

_PULL = 0.05  # ten times what MIGRAD leaves: slopes are known
_CLOSE = 0.5  # widths between the observable and its target
_NARROWER = 10  # times that a width is made smaller, until the target is reached
_STUCK = 0.99  # of the distance is left: the target is out of reach


@dataclass(frozen=True)
class Penalised:
    """ln L - (O - t)²/(2w²): a log-likelihood with the variables of ``function``.

    ``observable`` is called with an array of the variables, and may have a method ``jacobian``, as
    an `Expansion` of one observable.
    """

    function: LogLikelihood
    observable: Any
    target: float
    width: float

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the components of the argument."""
        return self.function.variables

    def pull(self, x: Array) -> float:
        """(O - t)/w."""
        return (np.asarray(self.observable(x)).item() - self.target) / self.width

    def __call__(self, x: Array) -> float:
        """Value at ``x``."""
        value = float(self.function(x))
        return value if value == -np.inf else value - self.pull(x) ** 2 / 2


class _WithGradient(Penalised):
    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """Value and derivatives at ``x``."""
        value, slopes = self.function.value_and_gradient(x)  # type: ignore[attr-defined]
        if value == -np.inf:
            return value, slopes
        pull = self.pull(x)
        return value - pull**2 / 2, slopes - pull / self.width * self.observable.jacobian(x)[0]


def penalised(
    function: LogLikelihood, observable: Callable[[Array], float], target: float, width: float
) -> Penalised:
    """A `Penalised`, with derivatives if the function and the observable have them."""
    both = hasattr(function, "value_and_gradient") and hasattr(observable, "jacobian")
    return (_WithGradient if both else Penalised)(function, observable, target, width)


@dataclass(frozen=True)
class AtValue:
    """The maximum at a value of a variable: array (4 + variables).

    These are ln L, whether it converged, the value, the slope of the profile likelihood (nan if the
    function has no gradient), and the variables.
    """

    function: LogLikelihood
    index: int
    bounds: Array
    values: tuple[float, ...]
    starts: int
    seed: int

    def __call__(self, number: int, x: Array) -> Array:
        """The row of the value with this number; ``x`` as of `Profile`."""
        rows, value = np.atleast_2d(np.array(x)), self.values[number]
        point = rows[0]
        point[self.index] = value
        free = [i for i in range(len(point)) if i != self.index]
        try:
            if free:
                task = Profile(
                    self.function, tuple(free), self.bounds[free], self.starts, self.seed
                )
                found, converged, *rest = task(number, rows)
                point[free] = rest
            else:
                found, converged = evaluate(self.function, point), True
        except Wall:  # as in all maximisations
            found, converged = -np.inf, True
        slope = np.nan
        if hasattr(self.function, "value_and_gradient") and np.isfinite(found):
            slope = value_and_gradient(self.function, point)[1][self.index]
        return np.array([found, converged, value, slope, *point])


@dataclass(frozen=True)
class AtTarget:
    """As `AtValue`, of an observable close to targets; within half a width, if ``exact``."""

    function: LogLikelihood
    observable: Any
    widths: tuple[float, ...]
    bounds: Array
    values: tuple[float, ...]
    starts: int
    seed: int
    exact: bool

    def __call__(self, number: int, x: Array) -> Array:
        """The row of the target with this number; ``x`` as of `Profile`."""
        target, width = self.values[number], self.widths[number]
        row = self._maximum(number, x, target, width)
        for _ in range(_NARROWER if self.exact else 0):
            distance = abs(row[2] - target)
            if not distance > _CLOSE * self.widths[number]:
                break
            # the distance is the slope times width²
            width *= min(0.5, np.sqrt(_CLOSE * self.widths[number] / (2 * distance)))
            before, start = row, np.vstack([np.full(len(self.bounds), np.nan), row[4:], row[4:]])
            row = self._maximum(number, start, target, width)
            if abs(row[2] - target) > _STUCK * abs(before[2] - target):
                break
        return row

    def _maximum(self, number: int, x: Array, target: float, width: float) -> Array:
        aim = penalised(self.function, self.observable, target, width)
        free = tuple(range(len(self.bounds)))
        task = Profile(aim, free, self.bounds, self.starts, self.seed)
        found, converged, *rest = task(number, np.array(x))
        point = np.array(rest)
        if not np.isfinite(found):
            return np.array([-np.inf, converged, np.nan, np.nan, *point])
        value, pull = np.asarray(self.observable(point)).item(), aim.pull(point)
        slope = pull / width if abs(pull) > _PULL else np.nan
        return np.array([found + pull**2 / 2, converged, value, slope, *point])
