"""What a scan does at one of its points: picklable, and a function of the point alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import FailedPoint

__all__ = ["Fit", "LogLikelihood", "Profile", "Value", "evaluate"]

Array = NDArray[np.float64]

_DRAWS = 100  # of a starting point, until the log-likelihood is finite there
_TOLERANCE = 0.01  # of MIGRAD: the maximum is closer than 1e-5 in ln L
_AGREE = 1e-3  # in ln L: two starts have found the same maximum


class LogLikelihood(Protocol):
    """A picklable function, natural logarithm of a likelihood, of named variables.

    A method ``description() -> dict`` (JSON) may say what it is: data, theory, fixed values. A
    checkpoint is continued only with an equal description.
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
    FailedPoint
        If it raises an exception (chained), is nan or inf or no number; names the point.
    """
    try:
        result = function(x.copy())
        if np.ndim(result) != 0:
            raise TypeError(f"the result has the shape {np.shape(result)}, it must be a number")
        value = float(result)
    except (Exception, SystemExit) as error:
        raise FailedPoint(
            f"the log-likelihood fails at {_place(function, x)}: {type(error).__name__}: {error}"
        ) from error
    if np.isnan(value) or value == np.inf:
        raise FailedPoint(
            f"the log-likelihood is {value} at {_place(function, x)}; it must be finite, or -inf "
            "where the likelihood vanishes"
        )
    return value


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


class _Objective:
    """-ln L as a function of the free variables, scaled to [0, 1]; remembers its minimum.

    Scaled, because coefficients of order 1e-8 and masses of order 1 are varied together.
    """

    def __init__(
        self, function: LogLikelihood, x: Array, free: Sequence[int], bounds: Array
    ) -> None:
        self._function = function
        self._x = x.copy()
        self._free = list(free)
        self._bounds = bounds
        self._worst = -np.inf
        self.best = np.inf
        self.best_u = np.full(len(free), np.nan)

    def values(self, u: Array) -> Array:
        """Values of the free variables."""
        low, high = self._bounds.T
        return np.clip(low + u * (high - low), low, high)

    def __call__(self, u: Array) -> float:
        self._x[self._free] = self.values(np.asarray(u))
        # MIGRAD proposes nan along a direction in which the likelihood is flat
        value = -evaluate(self._function, self._x) if np.isfinite(self._x).all() else np.inf
        if value == np.inf:
            # a wall that MIGRAD can compute with
            return self._worst + 1e3 if np.isfinite(self._worst) else np.inf
        self._worst = max(self._worst, value)
        if value < self.best:
            self.best, self.best_u = value, np.array(u)
        return value


def _migrad(objective: _Objective, random: np.random.Generator, centre: bool) -> Any:
    """Minuit after MIGRAD from the centre or a random point; None if no start is finite."""
    from iminuit import Minuit

    dimension = len(objective.best_u)
    for draw in range(_DRAWS):
        start = np.full(dimension, 0.5) if centre and draw == 0 else random.random(dimension)
        if np.isfinite(objective(start)):
            break
    else:
        return None
    minuit = Minuit(objective, start)
    minuit.errordef = Minuit.LIKELIHOOD
    minuit.limits = (0, 1)
    minuit.errors = 0.1
    minuit.tol = _TOLERANCE
    return minuit.migrad()


@dataclass(frozen=True)
class Profile:
    """The maximum over free variables: array (2 + free): ln L, whether converged, the variables.

    The values are nan and ln L is -inf if the likelihood vanishes at all points tried.
    """

    function: LogLikelihood
    free: tuple[int, ...]
    bounds: Array
    starts: int
    seed: int

    def __call__(self, number: int, x: Array) -> Array:
        """The row of the point with this number."""
        random = np.random.default_rng(np.random.SeedSequence((self.seed, number)))
        found = []
        for start in range(self.starts):
            objective = _Objective(self.function, x, self.free, self.bounds)
            minuit = _migrad(objective, random, centre=start == 0)
            if minuit is not None:
                found.append((objective.best, objective.values(objective.best_u), minuit.valid))
        if not found:
            return np.array([-np.inf, 1.0, *np.full(len(self.free), np.nan)])
        best, values, _ = min(found, key=lambda one: one[0])
        converged = any(valid and value <= best + _AGREE for value, _, valid in found)
        return np.array([-best, converged, *values])


@dataclass(frozen=True)
class Fit:
    """MIGRAD and HESSE from one start, the centre for number 0.

    Array (2 + 2 variables): ln L, whether valid, the variables, their errors.
    """

    function: LogLikelihood
    bounds: Array
    seed: int

    def __call__(self, number: int, x: Array) -> Array:
        """The row of the point with this number."""
        random = np.random.default_rng(np.random.SeedSequence((self.seed, number)))
        dimension = len(self.bounds)
        objective = _Objective(self.function, x, range(dimension), self.bounds)
        minuit = _migrad(objective, random, centre=number == 0)
        if minuit is None:
            return np.array([-np.inf, 0.0, *np.full(2 * dimension, np.nan)])
        minuit.hesse()
        values = objective.values(np.array(minuit.values))
        errors = np.full(dimension, np.nan)
        if minuit.covariance is not None:
            # not minuit.errors, which contain the curvature of the transformation to the limits
            variances = np.diag(np.asarray(minuit.covariance))
            errors = np.sqrt(variances) * (self.bounds[:, 1] - self.bounds[:, 0])
        return np.array([-minuit.fval, minuit.valid, *values, *errors])
