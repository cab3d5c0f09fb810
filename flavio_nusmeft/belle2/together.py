"""Newton's method of `model` for many signals at once, in arrays in place of loops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from .model import ALPHA, SLOW, STEPS, TOLERANCE, Model, Point, Profile

__all__ = ["maxima"]


@np.errstate(all="ignore")  # what is not finite is left out
def maxima(
    model: Model,
    factors: np.ndarray,
    components: np.ndarray | None,
    starts: Sequence[Profile],
) -> np.ndarray:
    """Maxima of ln L, by the steps of `Model.profile`, which agree with its own within 1e-8.

    Parameters
    ----------
    model : Model
        Of the data.
    factors : ndarray
        As in `Model.profile`, shape (points, signal bins).
    components : ndarray or None
        As in `Model.profile`, shape (points, signal bins, components).
    starts : sequence of Profile
        For every point the maximum to start from, with as many components.

    Returns
    -------
    ndarray
        ln L, shape (points,); nan where the maximum is extreme, or not found by full steps.
    """
    scale, extra = model._signal_arrays(factors, components)
    result, last = np.full(len(factors), np.nan), np.full(len(factors), np.inf)
    if len(starts[0].alpha) != len(model.parameters) + extra.shape[-1]:
        return result
    alpha = np.array([start.alpha for start in starts])
    hessians: list[np.ndarray | None] = [start.factor for start in starts]
    left = np.arange(len(alpha))
    point = model._point(alpha, scale, extra)
    for _ in range(STEPS):
        x, signal = alpha[left], (scale[left], extra[left])
        is_new = np.array([hessians[i] is None for i in left])
        if is_new.any():
            parts = (a[is_new] for a in signal)
            computed = model._hessian(x[is_new], _taken(point, is_new), *parts)
            for i, hessian in zip(left[is_new], computed, strict=True):
                factor, failed = dpotrf(hessian)
                hessians[i] = np.full_like(factor, np.nan) if failed else factor
        gradient = model._gradient(x, point, *signal)
        step = -_solutions([hessians[i] for i in left], gradient)
        gain = -(gradient * step).sum(axis=-1) / 2
        is_done = gain < TOLERANCE
        events = point.events.reshape(len(left), -1)[:, model._signal]
        found = is_done & (events >= 0).all(axis=-1)
        result[left[found]] = (model._constant - point.value + gain)[found]
        going = np.flatnonzero(~is_done)
        left, point = left[going], _taken(point, going)
        gain, is_new = gain[going], is_new[going]
        trial = x[going] + step[going]
        moved = model._point(trial, scale[left], extra[left])
        improves = moved.value < point.value - 2e-4 * gain
        alpha[left[improves]] = trial[improves]
        point = _chosen(improves, moved, point)
        for i in left[(gain > SLOW * last[left]) | ~improves]:
            hessians[i] = None
        last[left] = gain
        kept = (np.abs(trial) < ALPHA).all(axis=-1) & (improves | ~is_new)
        if not kept.any():
            break
        left, point = left[kept], _taken(point, kept)
    return result


def _taken(point: Point, chosen: np.ndarray) -> Point:
    """Of some points of an array."""
    return Point(*(array[chosen] for array in point))


def _chosen(first: np.ndarray, points: Point, others: Point) -> Point:
    """The points of one array where ``first``, else those of another."""
    pairs = zip(points, others, strict=True)
    return Point(*(np.where(first.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in pairs))


def _solutions(factors: Sequence[np.ndarray | None], right: np.ndarray) -> np.ndarray:
    """Solutions for rows of right-hand sides, in one call for all that have the same factor."""
    groups: dict[int, list[int]] = {}
    for i, factor in enumerate(factors):
        groups.setdefault(id(factor), []).append(i)
    result = np.empty_like(right)
    for rows in groups.values():
        result[rows] = dpotrs(factors[rows[0]], right[rows].T)[0].T
    return result
