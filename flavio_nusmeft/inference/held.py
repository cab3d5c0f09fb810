"""A log-likelihood with some variables held, and whether it contains the fit of another one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._inputs import number
from ..errors import FailedPoint, InvalidScan
from .scan.points import LogLikelihood, evaluate, value_and_gradient
from .scan.session import bounds_array, check_mass, identity

__all__ = ["Bounds", "Held", "Inside"]

Array = NDArray[np.float64]
#: (lower, upper), or a value that is held
Bounds = Mapping[str, float | tuple[float, float]]

_SAME = 1e-6  # of ln L: the same value
_PLACES = (0.25, 0.75)  # of the range, where it is looked up whether a variable matters


class Inside(NamedTuple):
    """Of a point inside the bounds, at which ln L is that of another fit."""

    meaningless: tuple[str, ...]  # variables that change nothing there
    one_sided: tuple[str, ...]  # at a bound, or with the same ln L on both sides


@dataclass(frozen=True)
class Held:
    """A log-likelihood of the free variables: picklable, as scans take it.

    ``limits`` are bounds (lower, upper) or the value, of every variable in the order of
    ``function``.
    """

    function: LogLikelihood
    limits: dict[str, float | list[float]]

    @classmethod
    def of(cls, function: LogLikelihood, bounds: Bounds) -> Held:
        """With the derivatives of the function if it has some.

        Raises
        ------
        InvalidScan
        """
        limits: dict[str, Any] = {}
        for name in function.variables:
            if np.ndim(bounds[name]) == 0:
                limits[name] = number(f"the bounds of '{name}'", bounds[name], InvalidScan)
                if not math.isfinite(limits[name]):
                    raise InvalidScan(f"'{name}' is held at {limits[name]}: it must be finite")
                check_mass(f"the values of '{name}'", name, limits[name])
            else:
                limits[name] = bounds_array(bounds, (name,))[0].tolist()  # type: ignore[arg-type]
        kind = _HeldWithGradient if hasattr(function, "value_and_gradient") else cls
        return kind(function, limits)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of those that are free."""
        return tuple(name for name, limit in self.limits.items() if isinstance(limit, list))

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """Of the free variables."""
        found = {n: limit for n, limit in self.limits.items() if isinstance(limit, list)}
        return {name: (low, high) for name, (low, high) in found.items()}

    def values(self, x: Array) -> dict[str, float]:
        """All variables, in the order of the function."""
        free = dict(zip(self.variables, x.tolist(), strict=True))
        return {n: free[n] if isinstance(v, list) else v for n, v in self.limits.items()}

    def _point(self, x: Array) -> Array:
        return np.array(list(self.values(x).values()))

    def __call__(self, x: Array) -> float:
        """ln L at the free variables ``x``."""
        return evaluate(self.function, self._point(x))

    def description(self) -> dict[str, Any]:
        """That of the function, and what is held."""
        held = {n: v for n, v in self.limits.items() if not isinstance(v, list)}
        return identity("", self.function)["function"] | {"held": held}

    def containing(
        self,
        values: Mapping[str, float],
        free: Sequence[str],
        log_likelihood: float,
        best: Mapping[str, float],
    ) -> Inside | None:
        """Whether another fit is a point of this function, within its bounds.

        That is looked up at its values of the variables, and at 0, or where this is out of bounds
        at the best fit, of those that it does not have.

        Parameters
        ----------
        values : the variables of the other fit
        free : those of them that were fitted
        log_likelihood : ln L there
        best : the best fit of this function
        """
        if not set(free) <= set(self.variables):
            return None
        origin = {}
        for name, (low, high) in self.bounds.items():
            wanted = [x for x in (values.get(name, 0.0), 0.0, best[name]) if low <= x <= high]
            origin[name] = wanted[0]
        if abs(self._at(origin) - log_likelihood) > _SAME:
            return None
        more = [name for name in self.variables if name not in free]
        meaningless = [n for n in more if self._is_constant(origin, n)]
        one_sided = [n for n in more if n not in meaningless and self._is_one_sided(origin, n)]
        return Inside(tuple(meaningless), tuple(one_sided))

    def _at(self, values: Mapping[str, float]) -> float:
        try:
            return self(np.array(list(values.values())))
        except FailedPoint:
            return -np.inf

    def _is_constant(self, origin: dict[str, float], name: str) -> bool:
        low, high = self.bounds[name]
        places = (low + part * (high - low) for part in _PLACES)
        here = self._at(origin)
        return all(abs(self._at(origin | {name: x}) - here) < _SAME for x in places)

    def _is_one_sided(self, origin: dict[str, float], name: str) -> bool:
        low, high = self.bounds[name]
        at = origin[name]
        step = min(at - low, high - at) / 2
        if step == 0:
            return True
        lower, upper = (self._at(origin | {name: x}) for x in (at - step, at + step))
        return abs(upper - lower) < _SAME


class _HeldWithGradient(Held):
    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """Value and derivatives at ``x``."""
        value, slopes = value_and_gradient(self.function, self._point(x))
        names = self.function.variables
        return value, slopes[[names.index(name) for name in self.variables]]
