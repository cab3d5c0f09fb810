"""Derivatives of the log-densities of flavio's distributions, and of those of `distributions`.

They are those of the formulas. A distribution that is given as numbers is interpolated linearly in
its density, so its slope is that of a straight piece; for classes that are not known here it is
taken from central differences.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np
from flavio.statistics.probability import (
    AsymmetricNormalDistribution,
    DeltaDistribution,
    GammaDistribution,
    GammaDistributionPositive,
    HalfNormalDistribution,
    MultivariateNormalDistribution,
    NormalDistribution,
    NumericalDistribution,
    ProbabilityDistribution,
    UniformDistribution,
)

from ..distributions import ConvolvedNormals, CountingLimit

__all__ = ["slope"]

_STEP = 1e-5  # of central differences, in units of the error


@singledispatch
def slope(distribution: ProbabilityDistribution, x: Any) -> np.ndarray:
    """Derivative of ``distribution.logpdf``.

    Parameters
    ----------
    distribution : flavio.statistics.probability.ProbabilityDistribution
        Of one variable or of several.
    x : ndarray
        Where, shape (variables,).

    Returns
    -------
    ndarray
        Shape (variables,); nan where the density vanishes.
    """
    x = np.asarray(x, dtype=float)
    left, right = np.broadcast_arrays(distribution.error_left, distribution.error_right)
    steps = _STEP * np.maximum(np.atleast_1d(left), np.atleast_1d(right))
    result = np.empty(len(x))
    for i, step in enumerate(steps):
        moved = np.zeros(len(x))
        moved[i] = step
        upper, lower = (_value(distribution, x + sign * moved) for sign in (1, -1))
        result[i] = (upper - lower) / (2 * step)
    return result


def _value(distribution: ProbabilityDistribution, x: np.ndarray) -> float:
    return float(np.ravel(distribution.logpdf(x if len(x) > 1 else x[0]))[0])


@slope.register
def _(distribution: NormalDistribution, x: Any) -> np.ndarray:
    return np.asarray((distribution.central_value - x) / distribution.standard_deviation**2)


@slope.register
def _(distribution: AsymmetricNormalDistribution, x: Any) -> np.ndarray:
    is_right = x > distribution.central_value
    width = np.where(is_right, distribution.right_deviation, distribution.left_deviation)
    return np.asarray((distribution.central_value - x) / width**2)


@slope.register
def _(distribution: HalfNormalDistribution, x: Any) -> np.ndarray:
    distance, width = x - distribution.central_value, distribution.standard_deviation
    return np.where(distance * width >= 0, -distance / width**2, np.nan)


@slope.register
def _(distribution: MultivariateNormalDistribution, x: Any) -> np.ndarray:
    err = distribution.err
    pull = (distribution.central_value - np.asarray(x)) / err
    return np.asarray(np.linalg.solve(distribution.scaled_covariance, pull) / err)


@slope.register(GammaDistribution)
@slope.register(GammaDistributionPositive)
def _(distribution: Any, x: Any) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.asarray((distribution.a - 1) / (x - distribution.loc) - 1 / distribution.scale)


@slope.register(UniformDistribution)
@slope.register(DeltaDistribution)
def _(distribution: Any, x: Any) -> np.ndarray:
    return np.zeros(np.shape(x))


@slope.register
def _(distribution: NumericalDistribution, x: Any) -> np.ndarray:
    return _of_piece(distribution, np.asarray(x))


@slope.register(ConvolvedNormals)
@slope.register(CountingLimit)
def _(distribution: ConvolvedNormals | CountingLimit, x: Any) -> np.ndarray:
    x = np.asarray(x)
    low, high = distribution.ends
    tail = np.where(x < low, distribution.tail_slope(x, low), distribution.tail_slope(x, high))
    inside = (x >= low) & (x <= high)
    return np.where(inside, _of_piece(distribution, np.clip(x, low, high)), tail)


def _of_piece(distribution: NumericalDistribution, x: np.ndarray) -> np.ndarray:
    grid, density = distribution.x, distribution.y_norm
    piece = np.clip(np.searchsorted(grid, x, side="right") - 1, 0, len(grid) - 2)
    rise = (density[piece + 1] - density[piece]) / (grid[piece + 1] - grid[piece])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = density[piece] + rise * (x - grid[piece])
        return np.where(value > 0, rise / value, np.nan)
