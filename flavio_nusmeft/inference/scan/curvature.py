"""What a maximum of a likelihood tells about each variable: errors, or why there is none.

Errors are those of HESSE: from the second derivatives of -ln L, here with steps of a known size
that stay within the bounds, and with variables at a bound held there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .descent import Objective, flat, migrad

__all__ = [
    "CURVED",
    "FLAT",
    "PHASE",
    "REASONS",
    "SMALL",
    "STRAIGHT",
    "UNKNOWN",
    "Curvature",
    "examine",
]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: why a variable has no error; indices are the codes of a `Curvature`
REASONS = (
    "",
    "at the lower bound",
    "at the upper bound",
    "does not change this likelihood",
    "only in combination with others",
    "the likelihood ends within the error",
    "the error exceeds the bounds",
    "not parabolic here",
    "not computed",
)
_LOWER, _UPPER, FLAT, _DEGENERATE, _WALL, _WIDE, _CURVED, UNKNOWN = range(1, 9)
#: kinds of directions in which the likelihood does not change
STRAIGHT, CURVED, PHASE = range(3)
#: components of a direction that are not named, if the largest is 1
SMALL = 0.02

_BEYOND = 0.1  # the distance to a bound over the error: as if at the bound
_STEP = 1e-2  # in ln L, of finite differences: 0.14 of the error
_NOISE = 1e-8  # in ln L
_CANDIDATE = 0.2  # eigenvalues, of at most 1 each on average, of directions that are looked at
_SINGULAR = 1e-6
_SAME = 1e-4  # in ln L: unchanged
_LENGTHS = (0.1, 0.03, 0.01)  # of a walk, of the range
_ALIKE = 0.3  # sine of the angle between directions
_ANGLES = (0.3, -0.3, 1.0, -1.0, 2.0, -2.0)


class Curvature(NamedTuple):
    """At a maximum, of the scaled variables.

    Attributes
    ----------
    codes : ndarray of int
        Indices of `REASONS`, shape (variables,).
    covariance : ndarray
        Shape (variables, variables), nan for those with a reason.
    directions : ndarray
        In which the likelihood does not change, shape (directions, variables).
    kinds : list of int
        Of the directions.
    """

    codes: NDArray[np.int64]
    covariance: Array
    directions: Array
    kinds: list[int]


def examine(objective: Objective, u: Array, pairs: Sequence[tuple[int, int]]) -> Curvature:
    """The curvature at a maximum.

    Parameters
    ----------
    objective : Objective
        Of all variables.
    u : ndarray
        The maximum, scaled, shape (variables,).
    pairs : sequence of (int, int)
        Variables that are real and imaginary part of the same coefficient.
    """
    codes = np.zeros(len(u), dtype=np.int64)
    codes[u <= 0] = _LOWER
    codes[u >= 1] = _UPPER
    codes[flat(objective, u)] = FLAT
    hessian = _hessian(objective, u, codes)
    candidates = [np.eye(len(u))[i] for i in np.flatnonzero(codes == _CURVED)]
    matrix, scale, free = _normalised(hessian, codes)
    eigenvalues, vectors = np.linalg.eigh(matrix)
    for vector in vectors.T[eigenvalues < _CANDIDATE]:
        candidates.append(np.zeros(len(u)))
        candidates[-1][free] = vector / scale
    found = _phases(objective, u, pairs)
    known = _basis(np.array([walk.direction for walk in found]).reshape(-1, len(u)))
    for v in candidates:
        rest = v - known.T @ (known @ v)
        if np.linalg.norm(rest) < _ALIKE * np.linalg.norm(v):
            continue
        if (walk := _walk(objective, u, rest, codes)) is not None:
            found.append(walk)
    directions = _reduced(np.array([walk.direction for walk in found]).reshape(-1, len(u)))
    for walk in found:
        codes[walk.moved] = _DEGENERATE
    kinds = []
    for direction in directions:
        involved = [pair for pair in pairs if np.any(np.abs(direction[list(pair)]) > SMALL)]
        kinds.append(_kind(objective, u, direction, involved))
        if kinds[-1] == PHASE:
            codes[np.array(involved).ravel()] = _DEGENERATE
    covariance = _covariance(objective, u, hessian, directions, codes)
    return Curvature(codes, covariance, directions, kinds)


def _basis(directions: Array) -> Array:
    """Orthonormal rows that span the same space."""
    _, singular, rows = np.linalg.svd(directions, full_matrices=False)
    return rows[singular > SMALL]


def _phases(objective: Objective, u: Array, pairs: Sequence[tuple[int, int]]) -> list[_Walk]:
    """Phases that do not matter: of each coefficient, or if none, of all together."""
    groups = [[pair] for pair in pairs if _turns(objective, u, [pair])]
    if not groups and len(pairs) > 1 and _turns(objective, u, pairs):
        groups = [list(pairs)]
    found = []
    x = objective.values(u)
    for group in groups:
        real, imaginary = np.array(group).T
        tangent, moved = np.zeros(len(u)), np.zeros(len(u), dtype=bool)
        tangent[real], tangent[imaginary] = -x[imaginary], x[real]
        tangent /= objective.ranges
        moved[np.array(group).ravel()] = True
        found.append(_Walk(tangent / np.max(np.abs(tangent)), moved))
    return found


def _turns(objective: Objective, u: Array, pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether a common rotation of coefficients changes nothing, at angles within the bounds."""
    real, imaginary = np.array(pairs).T
    x, value = objective.values(u), objective.value(u)
    changes = []
    for angle in _ANGLES:
        turned = x.copy()
        turned[real] = x[real] * np.cos(angle) - x[imaginary] * np.sin(angle)
        turned[imaginary] = x[real] * np.sin(angle) + x[imaginary] * np.cos(angle)
        trial = objective.scaled(turned)
        if np.allclose(objective.values(trial), turned, rtol=1e-9, atol=0):
            changes.append(abs(objective.value(trial) - value))
    return bool(changes) and max(changes) < _SAME and bool(np.any(x[[real, imaginary]] != 0))


def _unit(n: int, i: int, length: float) -> Array:
    step = np.zeros(n)
    step[i] = length
    return step


def _hessian(objective: Objective, u: Array, codes: NDArray[np.int64]) -> Array:
    """Second derivatives, nan for variables with a code; sets it where there is no parabola."""
    n, value = len(u), objective.value(u)
    hessian, steps, changes = np.full((n, n), np.nan), np.zeros(n), np.zeros(n)

    def change(i: int, length: float) -> float:
        step = _unit(n, i, length)
        return (objective.value(u + step) + objective.value(u - step)) / 2 - value

    for i in np.flatnonzero(codes == 0).tolist():
        room = min(u[i], 1 - u[i])
        steps[i] = min(_STEP, room)
        for _ in range(10):
            changes[i] = change(i, steps[i])
            if not np.isfinite(changes[i]):
                steps[i] /= 10
            elif _STEP / 4 < changes[i] < 4 * _STEP or (steps[i] == room and changes[i] < _STEP):
                break
            else:
                growth = np.sqrt(_STEP / max(changes[i], 1e-4 * _STEP))
                steps[i] = min(room, growth * steps[i])
        if not np.isfinite(changes[i]):
            codes[i] = _WALL
        elif changes[i] < _NOISE:
            is_wide = steps[i] < room or room**2 > 2 * _NOISE
            codes[i] = _WIDE if is_wide else _LOWER if u[i] < 0.5 else _UPPER
        elif not 0.5 < 16 * change(i, steps[i] / 4) / changes[i] < 2:
            codes[i] = _CURVED
        else:
            hessian[i, i] = 2 * changes[i] / steps[i] ** 2
    free = np.flatnonzero(codes == 0).tolist()
    for a, i in enumerate(free):
        for j in free[:a]:
            step = _unit(n, i, steps[i]) + _unit(n, j, steps[j])
            both = (objective.value(u + step) + objective.value(u - step)) / 2 - value
            if not np.isfinite(both):
                codes[[i, j]] = _WALL
            mixed = (both - changes[i] - changes[j]) / (steps[i] * steps[j])
            hessian[i, j] = hessian[j, i] = mixed
    return hessian


def _normalised(hessian: Array, codes: NDArray[np.int64]) -> tuple[Array, Array, NDArray[np.intp]]:
    """Of variables without a code: the matrix with ones on the diagonal, the scale, the indices."""
    free = np.flatnonzero(codes == 0)
    chosen = hessian[np.ix_(free, free)]
    scale = np.sqrt(np.diag(chosen))
    return chosen / np.outer(scale, scale), scale, free


class _Walk(NamedTuple):
    direction: Array  # largest component 1
    moved: Mask


def _walk(
    objective: Objective, u: Array, direction: Array, codes: NDArray[np.int64]
) -> _Walk | None:
    """Move both ways along a direction, and let the other variables follow.

    None if ln L changes, or if there is no room.
    """
    direction = direction / np.max(np.abs(direction))
    held = ~np.isin(codes, (0, _CURVED, _WIDE))
    held[np.argmax(np.abs(direction))] = True
    ends = []
    for sign in (1, -1):
        if np.max(np.abs(_within(u, sign * direction) - u)) < _LENGTHS[-1]:
            continue  # at a bound
        # a curve may turn back before the first length
        tries = (_follow(objective, u, sign * direction, length, held) for length in _LENGTHS)
        if (end := next((end for end in tries if end is not None), None)) is None:
            return None
        ends.append(end)
    if not ends:
        return None
    difference = ends[0] - (ends[1] if len(ends) == 2 else u)
    moved = np.max(np.abs(np.array(ends) - u), axis=0)
    return _Walk(difference / np.max(np.abs(difference)), moved > SMALL * moved.max())


def _follow(
    objective: Objective, u: Array, direction: Array, length: float, held: Mask
) -> Array | None:
    """Where ln L is as at ``u``, so that an error along the direction exceeds the range."""
    trial = _within(u, length * direction)
    value, start = objective.value(u), objective.value(trial)
    same = min(_SAME, 0.1 * length**2)
    if not np.isfinite(start):
        return None
    if abs(start - value) > same and not held.all():
        start, trial, _ = migrad(objective, trial, start, held, 0.1)
    return trial if abs(start - value) < same else None


def _within(u: Array, step: Array) -> Array:
    """``u + step``, with a shorter step if that is outside of the bounds."""
    room = np.where(step > 0, 1 - u, u)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(step != 0, room / np.abs(step), np.inf)
    return np.clip(u + min(1.0, float(np.min(ratio))) * step, 0, 1)


def _reduced(directions: Array) -> Array:
    """The same space in reduced row echelon form: few variables in each direction."""
    rows = directions.copy()
    for number in range(len(rows)):
        i = int(np.argmax(np.abs(rows[number])))
        if abs(rows[number, i]) < SMALL:  # found twice
            rows[number] = 0
            continue
        rows[number] /= rows[number, i]
        for other in range(len(rows)):
            if other != number:
                rows[other] -= rows[other, i] * rows[number]
    rows = rows[np.any(rows != 0, axis=1)]
    return rows / np.max(np.abs(rows), axis=1, keepdims=True) if len(rows) else rows


def _kind(
    objective: Objective, u: Array, direction: Array, involved: Sequence[tuple[int, int]]
) -> int:
    value = objective.value(u)
    named = np.flatnonzero(np.abs(direction) > SMALL)
    if involved and np.isin(named, involved).all() and _turns(objective, u, involved):
        return PHASE
    ends = (_within(u, sign * _LENGTHS[0] * direction) for sign in (1, -1))
    return STRAIGHT if all(abs(objective.value(end) - value) < _SAME for end in ends) else CURVED


def _covariance(
    objective: Objective, u: Array, hessian: Array, directions: Array, codes: NDArray[np.int64]
) -> Array:
    """Inverse of the Hessian at right angles to the directions without change; sets codes."""
    inside = np.isfinite(np.diag(hessian)) & np.isin(codes, (0, _DEGENERATE))
    room = np.minimum(u, 1 - u)
    while True:
        covariance = np.full(hessian.shape, np.nan)
        matrix, scale, free = _normalised(hessian, np.where(inside, 0, 1))
        _, singular, basis = np.linalg.svd(np.vstack([directions[:, free] * scale, 0 * matrix]))
        basis = basis[np.sum(singular > SMALL) :]
        eigenvalues, vectors = np.linalg.eigh(basis @ matrix @ basis.T)
        vectors = basis.T @ vectors
        inverse = (vectors / np.maximum(eigenvalues, _SINGULAR)) @ vectors.T
        covariance[np.ix_(free, free)] = inverse / np.outer(scale, scale)
        errors = np.sqrt(np.diag(covariance))
        chosen = np.flatnonzero(inside & (codes == 0))
        near = room[chosen] < _BEYOND * np.minimum(errors[chosen], 1)
        if not near.any():
            break
        i = chosen[near][np.argmin((room / np.maximum(errors, _SINGULAR))[chosen[near]])]
        codes[i] = _LOWER if u[i] < 0.5 else _UPPER
        inside[i] = False
    codes[(codes == 0) & (errors > 1)] = _WIDE
    for i in np.flatnonzero(codes == 0).tolist():
        ends = (np.clip(u + _unit(len(u), i, sign * errors[i]), 0, 1) for sign in (1, -1))
        if not all(np.isfinite(objective.value(end)) for end in ends):
            codes[i] = _WALL
    covariance[codes != 0] = covariance[:, codes != 0] = np.nan
    return covariance
