"""Distributions of the measurements: flavio's, finite and monotonic for every prediction.

flavio computes convolutions on a grid that ends some six standard deviations from the centre. Near
the end the numbers are rounding errors, beyond it the likelihood is -inf. Its log-density of one
observable out of a correlated pair is an array. The classes here differ in this only; of what they
are written as (YAML), they are flavio's own.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from flavio.statistics.probability import (
    GammaDistributionPositive,
    GeneralGammaCountingProcess,
    GeneralGammaDistributionPositive,
    GeneralGammaUpperLimit,
    HalfNormalDistribution,
    MultivariateNormalDistribution,
    NumericalDistribution,
    ProbabilityDistribution,
)
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import xlogy

__all__ = [
    "ONE_SIDED",
    "ConvolvedNormals",
    "CorrelatedNormals",
    "CountingLimit",
    "Counts",
    "completed",
]


def __dir__() -> list[str]:
    return sorted(__all__)


# of flavio, restricted to one side of a value: limits, and counts of a quantity that is positive
ONE_SIDED = (
    HalfNormalDistribution,
    GammaDistributionPositive,
    GeneralGammaDistributionPositive,
)

# Up to this fraction of the maximum flavio's convolutions are good: they cut gamma and normal
# distributions at six standard deviations, 1.5e-8 of the maximum.
_RELIABLE = 1e-6

# Gauss-Hermite quadrature, exact for up to 255 events
_NODES, _WEIGHTS = hermegauss(128)


class _Completed(ProbabilityDistribution):
    """A distribution of flavio with another ``logpdf``."""

    _flavios: ClassVar[type[ProbabilityDistribution]]

    @classmethod
    def of(cls, distribution: ProbabilityDistribution) -> Any:
        """The same distribution; the arrays are shared."""
        new = cls.__new__(cls)
        new.__dict__.update(distribution.__dict__)
        return new

    def get_dict(self, distribution: bool = False, **options: Any) -> OrderedDict[str, Any]:
        """Arguments of flavio's class, by which YAML files name it."""
        found: OrderedDict[str, Any] = super().get_dict(distribution, **options)
        if distribution:
            found["distribution"] = self._flavios.class_to_string()
        return found


class CorrelatedNormals(_Completed, MultivariateNormalDistribution):
    """A multivariate normal distribution of which one variable has a density, not an array."""

    _flavios = MultivariateNormalDistribution

    def logpdf(self, x: Any, exclude: Any = None) -> Any:
        """Log-density; variables at the positions ``exclude`` are integrated out.

        Parameters
        ----------
        x : array_like
            Values of the variables that are not excluded.
        exclude : int or sequence of int, optional
            Positions of variables that are integrated out.

        Returns
        -------
        float or ndarray
            The logarithm of the density.
        """
        found = super().logpdf(x, exclude=exclude)
        return found.item() if np.size(found) == 1 else found


class _Tails(_Completed, NumericalDistribution):
    """A numerical distribution with tails in place of the ends of its grid."""

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Where the tails begin."""
        good = np.flatnonzero(self.y_norm > _RELIABLE * self.y_norm.max())
        return float(self.x[good[0]]), float(self.x[good[-1]])

    def _tail(self, x: Any, end: float) -> Any:
        """Log-density at ``x`` relative to the one at ``end``, where the tail begins."""
        raise NotImplementedError

    def tail_slope(self, x: Any, end: float) -> Any:
        """Derivative of the log-density in a tail.

        Parameters
        ----------
        x : array_like
            Where.
        end : float
            Where the tail begins.

        Returns
        -------
        ndarray
            Of the shape of ``x``.
        """
        raise NotImplementedError

    def logpdf(self, x: Any) -> Any:
        """Log-density: flavio's down to 1e-6 of the maximum, then the tail, joined continuously."""
        low, high = self.ends
        inside = np.minimum(np.maximum(x, low), high)
        found = np.log(np.interp(inside, self.x, self.y_norm))
        if np.any(x < inside):
            found = found + np.where(x < inside, self._tail(x, low), 0)
        if np.any(x > inside):
            found = found + np.where(x > inside, self._tail(x, high), 0)
        return found


class ConvolvedNormals(_Tails):
    """A convolution of (asymmetric) normal distributions.

    Far from the centre it is the normal distribution of the widths on that side, added in
    quadrature.
    """

    _flavios = NumericalDistribution

    def _tail(self, x: Any, end: float) -> Any:
        width = end - self.central_value
        return self._slope(end) * ((x - self.central_value) ** 2 - width**2) / (2 * width)

    def tail_slope(self, x: Any, end: float) -> Any:
        """Derivative of the log-density in a tail.

        Parameters
        ----------
        x : array_like
            Where.
        end : float
            Where the tail begins.

        Returns
        -------
        ndarray
            Of the shape of ``x``.
        """
        return self._slope(end) * (x - self.central_value) / (end - self.central_value)

    def _slope(self, end: float) -> float:
        # width: from the slope at the end, d(log p)/dx = -(x - centre)/width²
        around = end + np.array([-0.5, 0.5]) * (end - self.central_value) / 100
        below, above = np.log(np.interp(around, self.x, self.y_norm))
        return float((above - below) / (around[1] - around[0]))


class Counts(_Tails, GeneralGammaCountingProcess):
    """A number of events, up to 1e5, of which a background that has a Gaussian uncertainty is part.

    As `CountingLimit`, but with the integral in the tails by the method of steepest descent.
    """

    _flavios = GeneralGammaCountingProcess

    def _tail(self, x: Any, end: float) -> Any:
        step = self._log_counts(x) - self._log_counts(end)
        return np.where(np.less(x, 0), -np.inf, step)

    def tail_slope(self, x: Any, end: float) -> Any:
        """Derivative of the log-density in a tail.

        Parameters
        ----------
        x : array_like
            Where.
        end : float
            Where the tail begins.

        Returns
        -------
        ndarray
            Of the shape of ``x``.
        """
        mean, t, curvature = self._most_probable(x)
        variance = self.background_std**2
        step = (t - mean) / variance + self.counts_total / t**3 / (variance * curvature**2)
        return np.where(np.less(x, 0), np.nan, step / self.scale_factor)

    def _most_probable(self, x: Any) -> tuple[Any, Any, Any]:
        """The mean, where t^n exp(-t) times its normal distribution is largest, the curvature."""
        mean = np.asarray(x) / self.scale_factor + self.counts_background
        n, variance = self.counts_total, self.background_std**2
        half = (mean - variance) / 2
        root = np.sqrt(half**2 + n * variance)
        # the larger root of t² = 2 half t + n variance, without cancellation
        t = np.where(half > 0, half + root, n * variance / np.maximum(root - half, 1e-300))
        t = np.maximum(t, 1e-100)
        return mean, t, n / t**2 + 1 / variance

    def _log_counts(self, x: Any) -> Any:
        mean, t, curvature = self._most_probable(x)
        largest = xlogy(self.counts_total, t) - t - ((t - mean) / self.background_std) ** 2 / 2
        return largest - np.log(curvature) / 2


class CountingLimit(_Tails, GeneralGammaUpperLimit):
    """A limit from a number of events, with a background that has a Gaussian uncertainty.

    flavio's distribution is the likelihood of the signal s at n events, background b ± sigma: the
    integral of t^n exp(-t) over t, normally distributed around s + b. So is the tail.
    """

    _flavios = GeneralGammaUpperLimit

    def _tail(self, x: Any, end: float) -> Any:
        step = self._log_counts(x) - self._log_counts(end)
        return np.where(np.less(x, 0), -np.inf, step)

    def tail_slope(self, x: Any, end: float) -> Any:
        """Derivative of the log-density in a tail.

        Parameters
        ----------
        x : array_like
            Where.
        end : float
            Where the tail begins.

        Returns
        -------
        ndarray
            Of the shape of ``x``.
        """
        events, _ = self._events(x)
        n, positive = self.counts_total, np.maximum(events, 0)
        largest = np.maximum(positive.max(axis=-1, keepdims=True), np.finfo(float).tiny)
        with np.errstate(divide="ignore"):
            less = np.where(positive > 0, (positive / largest) ** (n - 1), 0) @ _WEIGHTS
            mean = ((positive / largest) ** n) @ _WEIGHTS * largest[..., 0]
        step = (n * less / mean - 1) / self.scale_factor
        return np.where(np.less(x, 0), np.nan, step)

    def _events(self, x: Any) -> tuple[Any, Any]:
        # exp(-t) moves the mean of the normal distribution by -sigma², and its integral is
        # exp(-mean + sigma²/2)
        mean = np.asarray(x)[..., None] / self.scale_factor + self.counts_background
        return mean - self.background_std**2 + self.background_std * _NODES, mean

    def _log_counts(self, x: Any) -> Any:
        events, mean = self._events(x)
        powers = xlogy(self.counts_total, np.maximum(events, 0))
        largest = powers.max(axis=-1)
        return largest + np.log(np.exp(powers - largest[..., None]) @ _WEIGHTS) - mean[..., 0]


_OURS: dict[type[ProbabilityDistribution], type[_Completed]] = {
    ours._flavios: ours for ours in (CorrelatedNormals, ConvolvedNormals, CountingLimit, Counts)
}


def completed(distribution: ProbabilityDistribution) -> ProbabilityDistribution:
    """The distribution as a class of this module, if there is one for it.

    Parameters
    ----------
    distribution : ProbabilityDistribution
        Of flavio; a `NumericalDistribution` must be a convolution of normal distributions.

    Returns
    -------
    ProbabilityDistribution
        With the same numbers.
    """
    ours = _OURS.get(type(distribution))
    return ours.of(distribution) if ours else distribution
