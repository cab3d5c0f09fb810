"""A log-likelihood some of whose variables have fixed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._inputs import reals
from ..batch import Observable
from ..errors import InvalidShape
from .log_likelihood import LogLikelihood

__all__ = ["Fixed"]


class Fixed:
    """A `LogLikelihood` as a function of the variables that have no fixed value.

    Parameters
    ----------
    function : LogLikelihood
        Of all variables.
    values : mapping of str to float
        Fixed values of some of its variables.
    """

    def __init__(self, function: LogLikelihood, values: Mapping[str, float]) -> None:
        self.function, self.values = function, dict(values)
        self.variables = tuple(name for name in function.variables if name not in self.values)
        self._free = [function.variables.index(name) for name in self.variables]
        self._template = np.array([self.values.get(name, 0.0) for name in function.variables])

    def full(self, x: Any) -> np.ndarray:
        """Values of all variables, for arrays (..., variables) of the free ones.

        Raises
        ------
        InvalidValue, InvalidShape
        """
        given = reals("a point", x)
        if given.shape[-1:] != (len(self.variables),):
            raise InvalidShape(
                f"a point has the variables {', '.join(self.variables)}: shape"
                f" ({len(self.variables)},), not {given.shape}"
            )
        result = np.tile(self._template, (*given.shape[:-1], 1))
        result[..., self._free] = given
        return result

    def __call__(self, x: Sequence[float] | np.ndarray) -> float:
        """ln L."""
        return self.function(self.full(x))

    def many(self, points: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
        """As `LogLikelihood.many`."""
        return self.function.many(self.full(points))

    def value_and_gradient(self, x: Sequence[float] | np.ndarray) -> tuple[float, np.ndarray]:
        """As `LogLikelihood.value_and_gradient`."""
        value, gradient = self.function.value_and_gradient(self.full(x))
        return value, gradient[self._free]

    def point(self, x: Sequence[float] | np.ndarray) -> tuple[dict[str, float], Any]:
        """As `LogLikelihood.point`."""
        return self.function.point(self.full(x))

    def derived(self, observable: Observable) -> FixedObservable:
        """As `LogLikelihood.derived`."""
        return FixedObservable(self, self.function.derived(observable))

    def islands(self, variable: str) -> list[tuple[float, ...]]:
        """As `LogLikelihood.islands`."""
        return self.function.islands(variable, self.values)

    def description(self) -> dict[str, Any]:
        """As `LogLikelihood.description`, with the fixed values."""
        return {**self.function.description(), "fixed": self.values}


class FixedObservable:
    """An observable as a function of the free variables, with derivatives."""

    def __init__(self, fixed: Fixed, expansion: Any) -> None:
        self._fixed, self._expansion = fixed, expansion

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Shape (1,)."""
        return np.asarray(self._expansion(self._fixed.full(x)))

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Derivatives, shape (1, variables)."""
        return np.asarray(self._expansion.jacobian(self._fixed.full(x))[:, self._fixed._free])
