"""What a scan does at one of its points: picklable, and a function of the point alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import FailedPoint, NuSMEFTError
from .workers import Failure, attempt

__all__ = ["Answers", "Block", "LogLikelihood", "Value", "Wall", "evaluate", "value_and_gradient"]

Array = NDArray[np.float64]

#: raised outside of the domain of a function
_OUTSIDE = (NuSMEFTError, ValueError, ArithmeticError)


class Wall(FailedPoint):
    """A point where the function has no value: for a minimiser as if the likelihood vanished."""


class LogLikelihood(Protocol):
    """A picklable function, natural logarithm of a likelihood, of named variables.

    A method ``description() -> dict`` (JSON) may say what it is: data, theory, fixed values. A
    checkpoint is continued only with an equal description. A method ``value_and_gradient(x)``, with
    ln L and the array (variables) of its derivatives as result, makes maximisations faster. With an
    attribute ``together``, an integer above 1, `grid` calls the method ``many(points)`` for so many
    points at once: array (points, variables), with the array (points) of ln L as result. A method
    ``islands(variable)``, with a list of tuples of values in ascending order, says where along a
    variable it is low, though it may not be at the points of a profile.
    """

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the components of the argument."""

    def __call__(self, x: Array, /) -> float:
        """Ln L at ``x``, array (variables); -inf where it vanishes.

        Parameters
        ----------
        x : ndarray
            Values of the variables, shape (variables,).

        Returns
        -------
        float
            ln L.
        """


def evaluate(function: LogLikelihood, x: Array) -> float:
    """The log-likelihood at ``x``: finite or -inf.

    Raises
    ------
    Wall
        If it is nan, or raises an error of this package, a ValueError or an ArithmeticError
        (chained).
    FailedPoint
        If it is inf or no number, or raises another exception. Both name the point.
    """
    value = _call(function, x, lambda: _scalar(function(x.copy())))
    if np.isnan(value) or value == np.inf:
        raise (Wall if np.isnan(value) else FailedPoint)(
            f"the log-likelihood is {value} at {_place(function, x)}; it must be finite, or -inf "
            "where the likelihood vanishes"
        )
    return float(value)


def value_and_gradient(function: Any, x: Array) -> tuple[float, Array]:
    """Ln L and its derivatives at ``x``, array (variables), of a function that has them.

    Raises
    ------
    Wall, FailedPoint
        As in `evaluate`.
    """
    value, found = _call(function, x, lambda: function.value_and_gradient(x.copy()))
    return float(value), np.asarray(found, dtype=float).reshape(len(x))


def _scalar(result: Any) -> float:
    if np.ndim(result) != 0:
        raise TypeError(f"the result has the shape {np.shape(result)}, it must be a number")
    return float(result)


def _call(function: LogLikelihood, x: Array, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (Exception, SystemExit) as error:
        raise (Wall if isinstance(error, _OUTSIDE) else FailedPoint)(
            f"the log-likelihood fails at {_place(function, x)}: {type(error).__name__}: {error}"
        ) from error


def _place(function: LogLikelihood, x: Array) -> str:
    named = zip(function.variables, x.tolist(), strict=True)
    return ", ".join(f"{name} = {value!r}" for name, value in named)


@dataclass(frozen=True)
class Value:
    """The log-likelihood itself: array (1,)."""

    function: LogLikelihood

    def __call__(self, number: int, x: Array) -> Array:
        """The row of the point with this number."""
        return np.array([evaluate(self.function, x)])


@dataclass(frozen=True)
class Answers:
    """Rows and failures of a block, by the number of the point."""

    rows: dict[int, Array]
    failures: dict[int, Failure]


@dataclass(frozen=True)
class Block:
    """The log-likelihoods of neighbouring points of a grid, by one call of ``function.many``.

    The last bits may depend on which points are computed together: blocks are cut by number, so
    that results depend neither on the executor nor on interruptions. Where a point fails, the
    others of its block are done one by one.
    """

    function: Any
    size: int

    def __call__(self, number: int, x: Array) -> Answers:
        """Of the block with this number, points (size, variables)."""
        numbers = range(number * self.size, number * self.size + len(x))
        try:
            values = np.asarray(self.function.many(x.copy()), dtype=float)
        except (Exception, SystemExit):  # of which point, and why, is found below
            values = np.full(len(x), np.nan)
        if values.shape == (len(x),) and (values < np.inf).all():
            return Answers(dict(zip(numbers, values[:, None], strict=True)), {})
        rows, failures = dict[int, Array](), dict[int, Failure]()
        for i, point in zip(numbers, x, strict=True):
            found = attempt(Value(self.function), i, point)
            if isinstance(found, tuple):
                failures[i] = found
            else:
                rows[i] = found
        return Answers(rows, failures)
