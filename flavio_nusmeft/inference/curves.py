"""Profile likelihoods between their points."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

from .results import Curve, Interval

__all__ = ["SAME", "crossings", "hermite", "interpolated", "interval_of", "is_known", "rise"]

SAME = 1e-9  # of the range: the same value
_CLOSE = 2e-3  # of -2 ln L at an end


def hermite(x: np.ndarray, y: np.ndarray, slopes: np.ndarray) -> Any:
    """A function through points: cubic pieces with the slopes, where they are known, not nan."""
    monotonic = PchipInterpolator(x, y)
    filled = np.where(np.isfinite(slopes), slopes, monotonic.derivative()(x))
    return CubicHermiteSpline(x, y, filled)


def interpolated(curve: Curve) -> Any:
    """ln L as a function."""
    return hermite(curve.values, curve.log_likelihood, curve.slopes)


def rise(curve: Curve, x: float) -> float:
    """-2 ln L above its minimum at any value."""
    return 2 * float(curve.log_likelihood.max() - interpolated(curve)(x))


def crossings(curve: Curve, threshold: float) -> list[float]:
    """Where the interpolated -2 ln L crosses or touches the threshold, in ascending order."""
    spline, at = interpolated(curve), curve.log_likelihood.max() - threshold / 2
    roots = np.atleast_1d(spline.solve(at, extrapolate=False))
    roots = np.sort(roots[np.isfinite(roots)])
    # at a point of the curve both of its pieces can have one
    apart = np.diff(roots, prepend=-np.inf) > SAME * np.ptp(curve.values)
    return [float(x) for x in roots[apart]]


def is_known(curve: Curve, x: float, threshold: float) -> bool:
    """Whether the curve has a point next to this crossing of the threshold that is close to it."""
    after = int(np.clip(np.searchsorted(curve.values, x), 1, len(curve.values) - 1))
    return bool(np.abs(curve.rise[after - 1 : after + 1] - threshold).min() <= _CLOSE)


def interval_of(
    curve: Curve,
    cl: float,
    definition: str,
    pieces: tuple[tuple[float, float], ...],
    notes: list[str],
) -> Interval:
    """The interval with these pieces, with the maximum and the notes of its curve."""
    best = int(curve.log_likelihood.argmax())
    return Interval(
        curve.quantity,
        cl,
        definition,
        float(curve.values[best]),
        pieces,
        (*notes, *curve.notes),
        {name: float(values[best]) for name, values in curve.variables.items()},
        float(curve.log_likelihood[best]),
        curve,
        curve.made_of,
    )
