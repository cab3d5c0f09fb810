"""Where a profile likelihood has to be known better: peaks, walls, ends that are not reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .results import Curve
from .scan.descent import Profile
from .scan.points import LogLikelihood

__all__ = ["between", "extremes", "gaps", "outwards", "peaks", "walls"]

Array = NDArray[np.float64]

_GAIN = 40.0  # how much more than a parabola says a peak may rise
_WALL = 1e-6  # of the range: a wall is known
_END = 1e-3  # of the distance between maximum and end: an end is reached
_STEEPER = 4.0  # slopes of one target after the other
_SCALE = 1e4  # of an observable that is maximised, so that tolerances in ln L are small


def between(function: LogLikelihood, variable: str, grid: Array) -> list[float]:
    """Values at which a function says that it is low, where a grid is too coarse to tell."""
    find = getattr(function, "islands", None)
    if find is None:
        return []
    wide = 2 * (grid[1] - grid[0])  # then two points or more are within
    narrow = [values for values in find(variable) if values[-1] - values[0] < wide]
    return [x for values in narrow for x in values if grid[0] < x < grid[-1]]


def peaks(curve: Curve, threshold: float) -> list[float]:
    """Where between the points -2 ln L may be below the threshold, though at the points it is not.

    These are the vertices of parabolas: at points that are higher than their neighbours, and
    between points with slopes towards each other.
    """
    x, y, slopes = curve.values, curve.log_likelihood, curve.slopes
    found: list[float] = []
    highest = y.max()
    for i in range(1, len(x) - 1):
        if y[i] < max(y[i - 1], y[i + 1]) or 2 * (highest - y[i]) < threshold:
            continue
        left, right = (y[i] - y[i - 1]) / (x[i] - x[i - 1]), (y[i + 1] - y[i]) / (x[i + 1] - x[i])
        curvature = (right - left) / (x[i + 1] - x[i - 1])
        middle = (left * (x[i + 1] - x[i]) + right * (x[i] - x[i - 1])) / (x[i + 1] - x[i - 1])
        if curvature < 0:
            gain = -(middle**2) / (4 * curvature)
            if 2 * (highest - y[i]) - threshold < _GAIN * gain:
                found.append(float(x[i] - middle / (2 * curvature)))
    for a, b in zip(range(len(x) - 1), range(1, len(x)), strict=True):
        if slopes[a] > 0 > slopes[b]:
            part = slopes[a] / (slopes[a] - slopes[b])
            gain = slopes[a] * part * (x[b] - x[a]) / 2
            below = 2 * (highest - max(y[a], y[b]))
            if 0 < below - threshold < _GAIN * gain:
                found.append(float(x[a] + part * (x[b] - x[a])))
    return found


def gaps(curve: Curve, vanishing: list[float]) -> NDArray[np.bool_]:
    """Whether the likelihood vanishes between neighbouring points, shape (points - 1,)."""
    positions = np.searchsorted(curve.values, vanishing)
    return np.isin(np.arange(1, len(curve.values)), positions)


def walls(curve: Curve, vanishing: list[float]) -> list[float]:
    """The middle between each point with and its neighbour without a likelihood."""
    x = np.sort(np.append(curve.values, vanishing))
    is_wall = np.isin(x, vanishing)
    borders = is_wall[1:] != is_wall[:-1]
    return [
        float((a + b) / 2)
        for a, b in zip(x[:-1][borders], x[1:][borders], strict=True)
        if b - a > _WALL * (x[-1] - x[0])
    ]


def outwards(
    curve: Curve,
    limits: tuple[float, float],
    threshold: float,
    last: list[tuple[float, float]],
    *,
    upper: bool,
) -> tuple[list[float], list[float]]:
    """Targets and widths for an observable whose profile does not reach a threshold or its end.

    ``last`` are the ends of the profile and the widths of the call before; they are replaced.
    """
    best = int(curve.log_likelihood.argmax())
    center, targets, widths = curve.values[best], list[float](), list[float]()
    for side, (end, limit) in enumerate(((0, limits[0]), (-1, limits[1]))):
        at, room = curve.values[end], abs(limit - center)
        if (upper and end == 0) or curve.rise[end] >= threshold or reached(at, limit, center):
            continue
        before, width = last[side]
        if at == before:  # other points were not farther out
            width /= _STEEPER
        elif (slope := abs(curve.slopes[end])) > 0:
            width = 1 / (_STEEPER * slope)
        width = min(width, room)
        last[side] = float(at), width
        target = at + np.sign(limit - center) * width
        if width > abs(limit - at):
            target, width = limit, np.sqrt(abs(limit - at) * width)
        targets.append(float(target))
        widths.append(float(width))
    return targets, widths


def reached(at: float, limit: float, center: float) -> bool:
    """Whether an end of a profile is that of the range, seen from the maximum."""
    return abs(limit - at) <= _END * abs(limit - center)


@dataclass(frozen=True)
class _Scaled:
    """An observable as if it were a log-likelihood."""

    variables: tuple[str, ...]
    observable: Any
    scale: float

    def __call__(self, x: Array) -> float:
        return self.scale * float(np.asarray(self.observable(x)).item())


class _ScaledWithGradient(_Scaled):
    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        return self(x), self.scale * self.observable.jacobian(x)[0]


def extremes(
    function: LogLikelihood, observable: Any, spread: float, bounds: Array, starts: int, seed: int
) -> tuple[float, float]:
    """Smallest and largest value of an observable within bounds.

    ``spread`` is its natural size, the difference of values in a sample.
    """
    kind = _ScaledWithGradient if hasattr(observable, "jacobian") else _Scaled
    found = []
    for sign in (-1, 1):
        scaled = kind(function.variables, observable, sign * _SCALE / spread)
        task = Profile(scaled, tuple(range(len(bounds))), bounds, starts, seed)
        found.append(float(task(0, np.zeros(len(bounds)))[0]) * spread / _SCALE * sign)
    return found[0], found[1]
