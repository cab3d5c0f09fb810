"""HistFactory models, profiled by Newton's method with analytic derivatives.

The likelihood is the one of pyhf (CERN-OPEN-2012-016) for the modifiers ``histosys``, ``normsys``,
``staterror`` and one ``normfactor``, with pyhf's default interpolations code4p and code4, bounds
and constraints. Nothing is linearised:

- expected events in bin b: ν_b = sum_s γ_sb y_sb over the samples, with
  y_sb = N_s(α) [r_sb (nominal + sum_j Δ_jsb(α_j)) + sum_k η_k E_ksb]; r and E are factors and
  components of the signal, 1 and 0 elsewhere
- the γ of a bin are eliminated exactly: at the maximum γ_s = 1 + σ_s² y_s λ with λ = n/ν - 1, so
  that ν solves the quadratic equation ν = Y + λ V with Y = sum y_s and V = sum σ_s² y_s²
- what remains are some 50 parameters α and η, for Newton's method with the full Hessian; it is
  computed again where steps with the last one converge slowly
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs
from scipy.special import gammaln

from ..errors import FailedMinimization
from ..formulas.interpolation import Norms, code4p, code4p_curvature

__all__ = ["ALPHA", "SLOW", "STEPS", "TOLERANCE", "Model", "Point", "Profile"]

# bounds of α and γ in pyhf 0.7
ALPHA = 5.0
_GAMMA = (1e-10, 10.0)
TOLERANCE = 1e-9  # what the last step gains in ln L
SLOW = 0.1  # a step that gains more than this part of the one before calls for a new Hessian
STEPS = 100  # with the published record up to 45
_TINY = 1e-100
_EMPTY = 1e-9  # stands in for 0 observed events, for which ν can reach 0; ln L changes by less


class Profile(NamedTuple):
    """A maximum: ln L without the normalisation of the constraints, and where it is.

    ``alpha``: parameters in the order of `Model.parameters`, then the components; ``held``: those
    at a bound; ``factor``: Cholesky factor of a Hessian close by; ``slope``: d ln L/d ln r, if all
    factors and components of the signal are multiplied by r; ``is_extreme``: with a parameter at a
    bound or a negative signal, so that there can be other maxima.
    """

    log_likelihood: float
    alpha: np.ndarray
    held: np.ndarray
    factor: np.ndarray
    slope: float
    is_extreme: bool


class Point(NamedTuple):
    """Everything at a point α with the γ eliminated.

    Or at many, in arrays with a further axis in front. ``value``: -ln L without constants; per bin
    and sample: ``events`` y, ``norm`` N, ``gamma``, ``free`` = σ² y where γ is not at a bound, else
    0; per bin: ``lam``, ``expected``, ``spread`` V; ``slopes``, see `Model._events`.
    """

    value: np.ndarray
    events: np.ndarray
    norm: np.ndarray
    slopes: np.ndarray
    gamma: np.ndarray
    free: np.ndarray
    lam: np.ndarray
    expected: np.ndarray
    spread: np.ndarray


class Model:
    """The channels of a pyhf workspace as arrays (bins, samples), padded with empty samples.

    Parameters
    ----------
    channels, observations : as in the workspace, checked as by `record.read`
    signal : name of the ``normfactor`` of signal samples, which is 1
    dropped : names of parameters that are left out

    Attributes
    ----------
    parameters : names of the α
    nominal : signal events, shape (signal bins,), in the order of the channels
    staterrors : names of the γ, with their flat positions in (bins, samples)
    size : bins times samples
    """

    def __init__(
        self,
        channels: Sequence[Mapping[str, Any]],
        observations: Sequence[Mapping[str, Any]],
        signal: str,
        dropped: Sequence[str] = (),
    ) -> None:
        observed = {o["name"]: o["data"] for o in observations}
        n = np.array([x for c in channels for x in observed[c["name"]]], dtype=float)
        self._constant = -float(gammaln(n + 1).sum())
        self._n = np.maximum(n, _EMPTY)
        self._shape = len(n), max(len(c["samples"]) for c in channels)
        self.size = self._shape[0] * self._shape[1]
        names = (
            m["name"]
            for c in channels
            for s in c["samples"]
            for m in s["modifiers"]
            if m["type"] in ("histosys", "normsys") and m["name"] not in dropped
        )
        self.parameters = tuple(dict.fromkeys(names))
        self.staterrors: dict[str, np.ndarray] = {}
        self._nominal, self._sigma = np.zeros(self.size), np.zeros(self.size)
        # code4p: Δ = odd α + even q(α)
        self._odd = np.zeros((self.size, len(self.parameters)))
        self._even = np.zeros_like(self._odd)
        norms: dict[tuple[int, float, float], list[np.ndarray]] = {}
        signals: list[np.ndarray] = []
        first = 0
        for channel in channels:
            bins = len(observed[channel["name"]])
            for k, sample in enumerate(channel["samples"]):
                where = (first + np.arange(bins)) * self._shape[1] + k
                self._nominal[where] = sample["data"]
                for modifier in sample["modifiers"]:
                    if modifier["name"] not in dropped:
                        self._add(modifier, where, signal, norms, signals)
            first += bins
        self._variance = (self._sigma**2).reshape(self._shape)
        self._both = np.hstack([self._odd, self._even])
        self._norms = Norms(norms, self.size, len(self.parameters))
        self._signal = np.concatenate(signals)
        self.nominal = self._nominal[self._signal]

    def _add(
        self,
        modifier: Mapping[str, Any],
        where: np.ndarray,
        signal: str,
        norms: dict[tuple[int, float, float], list[np.ndarray]],
        signals: list[np.ndarray],
    ) -> None:
        name, kind, data = modifier["name"], modifier["type"], modifier["data"]
        nominal = self._nominal[where]
        if kind == "histosys":
            high, low = np.array(data["hi_data"]), np.array(data["lo_data"])
            self._odd[where, self.parameters.index(name)] = (high - low) / 2
            self._even[where, self.parameters.index(name)] = (high + low) / 2 - nominal
        elif kind == "normsys":
            key = self.parameters.index(name), float(data["hi"]), float(data["lo"])
            norms.setdefault(key, []).append(where)
        elif kind == "staterror":
            self.staterrors[name] = where
            positive = nominal > 0
            self._sigma[where[positive]] = np.array(data)[positive] / nominal[positive]
        elif name == signal:
            signals.append(where)

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite is no step
    def profile(
        self,
        factors: np.ndarray,
        components: np.ndarray | None = None,
        start: Profile | None = None,
    ) -> Profile:
        """Maximise over all parameters.

        Parameters
        ----------
        factors : of the signal and its variations in every bin, shape (signal bins,)
        components : changes of the signal events for one standard deviation of further parameters
            with normal distributions, in which they are linear; shape (signal bins, components)
        start : a maximum to start from, with as many components; else α = 0. The result is the same
            within 1e-8.

        Raises
        ------
        FailedMinimization
        """
        scale, extra = self._signal_arrays(factors, components)
        alpha = np.zeros(len(self.parameters) + extra.shape[1])
        held, factor = np.zeros(len(alpha), dtype=bool), None
        if start is not None and len(start.alpha) == len(alpha):
            alpha, held, factor = start.alpha, start.held, start.factor
        point = self._point(alpha, scale, extra)
        last = np.inf
        for _ in range(STEPS):
            gradient = self._gradient(alpha, point, scale, extra)
            # parameters that are at a bound, with the maximum beyond it, stay there
            at_bound = (np.abs(alpha) >= ALPHA) & (gradient * alpha < 0)
            is_new = factor is None or bool((at_bound != held).any())
            if factor is None or is_new:
                held = at_bound
                factor = _factor(self._hessian(alpha, point, scale, extra), held)
            step = -dpotrs(factor, np.where(held, 0.0, gradient))[0]
            gain = -float(gradient @ step) / 2
            if gain < TOLERANCE:
                value = self._constant - float(point.value) + gain
                return self._profile(value, alpha + step, held, factor, point)
            length = 1.0
            while True:
                trial = np.minimum(np.maximum(alpha + length * step, -ALPHA), ALPHA)
                new = self._point(trial, scale, extra)
                improves = new.value < point.value + 1e-4 * float(gradient @ (trial - alpha))
                if improves or not is_new or length < 1e-9:
                    break
                length /= 2
            if improves:
                alpha, point = trial, new
            elif is_new:
                break
            if gain > SLOW * last or not improves:
                factor = None
            last = gain
        raise FailedMinimization(
            "the profile likelihood of Belle II does not converge, with"
            f" {self.nominal @ factors:.6g} signal events"
        )

    def gamma(
        self, profile: Profile, factors: np.ndarray, components: np.ndarray | None
    ) -> np.ndarray:
        """The γ of a maximum, shape (size,)."""
        point = self._point(profile.alpha, *self._signal_arrays(factors, components))
        return point.gamma.ravel()

    def fitted(
        self, profile: Profile, factors: np.ndarray, components: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Observed, background and signal events at a maximum, each of shape (bins,)."""
        point = self._point(profile.alpha, *self._signal_arrays(factors, components))
        events = (point.events * point.gamma).ravel()
        signal = np.zeros(self.size)
        signal[self._signal] = events[self._signal]
        background, signal = (
            part.reshape(self._shape).sum(axis=1) for part in (events - signal, signal)
        )
        return np.where(self._n > _EMPTY, self._n, 0.0), background, signal

    def signal_slopes(
        self, profile: Profile, factors: np.ndarray, components: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of a maximum by the factors and components of the signal.

        As ln L is at its maximum, the parameters do not count (envelope theorem).

        Parameters
        ----------
        profile : Profile
            The maximum for ``factors`` and ``components``.
        factors, components : ndarray
            As in `profile`.

        Returns
        -------
        (ndarray, ndarray)
            Shapes (signal bins,) and (signal bins, components).
        """
        scale, extra = self._signal_arrays(factors, components)
        # the error of a slope is linear in that of the parameters: one more step
        alpha, held = profile.alpha, profile.held
        point = self._point(alpha, scale, extra)
        gradient = self._gradient(alpha, point, scale, extra)
        factor = _factor(self._hessian(alpha, point, scale, extra), held)
        alpha = alpha - dpotrs(factor, np.where(held, 0.0, gradient))[0]
        point = self._point(alpha, scale, extra)
        weights = (point.lam[:, None] * point.gamma * point.norm).take(self._signal)
        first, others = np.split(alpha, [len(self.parameters)])
        both = self._both[self._signal] @ np.concatenate([first, code4p(first)[0]])
        return weights * (self.nominal + both), np.outer(weights, others)

    def _profile(
        self, value: float, alpha: np.ndarray, held: np.ndarray, factor: np.ndarray, point: Point
    ) -> Profile:
        signal = point.events.take(self._signal)
        # the γ and α are at their maximum
        slope = (point.lam[:, None] * point.gamma).take(self._signal) @ signal
        is_extreme = bool(held.any() or signal.min() < 0)
        return Profile(value, alpha, held, factor, float(slope), is_extreme)

    def log_density(
        self,
        alpha: np.ndarray,
        gamma: np.ndarray,
        factors: np.ndarray,
        components: np.ndarray | None = None,
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """pyhf's ``logpdf`` at any point, and its derivatives by α and γ.

        Parameters
        ----------
        alpha : shape (parameters + components,)
        gamma : shape (size,), those of a name at its `staterrors`, 1 elsewhere
        factors, components : as in `profile`
        """
        scale, extra = self._signal_arrays(factors, components)
        events, norm, slopes = self._events(alpha, scale, extra)
        gammas = gamma.reshape(self._shape)
        expected = (events * gammas).sum(axis=1)
        sigma = np.where(self._sigma > 0, self._sigma, 1.0)  # pyhf's, for fixed parameters
        pull = (gamma - 1) / sigma
        rows = np.concatenate(list(self.staterrors.values()))
        constraints = -(alpha @ alpha + pull @ pull) / 2 - np.log(sigma[rows]).sum()
        constraints -= (len(alpha) + len(rows)) / 2 * np.log(2 * np.pi)
        main = self._n @ np.log(expected) - expected.sum() + self._constant
        lam = (self._n / expected - 1)[:, None]
        by_alpha = self._chain(lam * gammas, events, norm, slopes, scale, extra) - alpha
        return float(main + constraints), by_alpha, (lam * events).ravel() - pull / sigma

    def _signal_arrays(
        self, factors: np.ndarray, components: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """r, shape (..., bins, samples), and E, shape (..., size, components)."""
        lead = factors.shape[:-1]
        scale = np.ones((*lead, self.size))
        scale[..., self._signal] = factors
        extra = np.zeros((*lead, self.size, 0 if components is None else components.shape[-1]))
        if components is not None:
            extra[..., self._signal, :] = components
        return scale.reshape(*lead, *self._shape), extra

    def _events(
        self, alpha: np.ndarray, scale: np.ndarray, extra: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """y, N and dq/dα with d ln N/dα of the normsys behind it."""
        first = alpha[..., : len(self.parameters)]
        q, slope = code4p(first)
        log_norms, log_slope = self._norms.interpolate(alpha)
        norm = np.exp(log_norms @ self._norms.applies.T).reshape(scale.shape)
        shapes = self._nominal + np.concatenate([first, q], axis=-1) @ self._both.T
        events = scale * shapes.reshape(scale.shape)
        if extra.shape[-1]:
            events += (extra @ alpha[..., len(self.parameters) :, None]).reshape(scale.shape)
        return norm * events, norm, np.concatenate([slope, log_slope], axis=-1)

    def _point(self, alpha: np.ndarray, scale: np.ndarray, extra: np.ndarray) -> Point:
        events, norm, slopes = self._events(alpha, scale, extra)
        # γ = 1 + σ² y λ. A γ beyond its bound is set to it, which moves λ further in the same
        # direction: so none of them comes back
        base, free = np.ones(events.shape), events * self._variance
        while True:
            spread = (events * free).sum(axis=-1)
            expected, lam = _balance((events * base).sum(axis=-1), spread, self._n)
            gamma = base + free * lam[..., None]
            beyond = (gamma < _GAMMA[0]) | (gamma > _GAMMA[1])
            if not beyond.any():
                break
            base[beyond], free[beyond] = gamma[beyond].clip(*_GAMMA), 0.0
        value = (expected - self._n * np.log(expected) + spread * lam**2 / 2).sum(axis=-1)
        value += (alpha * alpha).sum(axis=-1) / 2
        fixed = base != 1
        if fixed.any():
            pull = np.where(fixed, base - 1, 0.0) ** 2 / np.where(fixed, self._variance, 1.0)
            value += pull.sum(axis=(-2, -1)) / 2
        return Point(value, events, norm, slopes, gamma, free, lam, expected, spread)

    def _chain(
        self,
        outer: np.ndarray,
        events: np.ndarray,
        norm: np.ndarray,
        slopes: np.ndarray,
        scale: np.ndarray,
        extra: np.ndarray,
    ) -> np.ndarray:
        """sum_bs outer_bs dy_bs/dα."""
        flat = (*outer.shape[:-2], self.size)
        inner = outer * norm
        both, size = (inner * scale).reshape(flat) @ self._both, len(self.parameters)
        result = both[..., :size] + slopes[..., :size] * both[..., size:]
        by_norm = slopes[..., size:] * ((outer * events).reshape(flat) @ self._norms.applies)
        result += by_norm @ self._norms.into
        if not extra.shape[-1]:
            return np.asarray(result)
        return np.concatenate(
            [result, (inner.reshape(flat)[..., None, :] @ extra)[..., 0, :]], axis=-1
        )

    def _gradient(
        self, alpha: np.ndarray, point: Point, scale: np.ndarray, extra: np.ndarray
    ) -> np.ndarray:
        """Of -ln L: with f the part of a bin, df/dy_s = -λ γ_s, as the γ are at their maximum."""
        outer = -point.lam[..., None] * point.gamma
        return alpha + self._chain(outer, point.events, point.norm, point.slopes, scale, extra)

    def _hessian(
        self, alpha: np.ndarray, point: Point, scale: np.ndarray, extra: np.ndarray
    ) -> np.ndarray:
        """The Hessian of -ln L.

        d²f/dy_s dy_t = κ g_s g_t - δ_st σ_s² λ² with g_s = γ_s + σ_s² y_s λ and
        κ = n/ν² / (1 + V n/ν²), where σ_s = 0 for a γ at its bound; and the second derivatives of
        y.
        """
        size, lam, lead = len(self.parameters), point.lam[..., None], alpha.shape[:-1]

        def column(array: np.ndarray) -> np.ndarray:
            return array.reshape(*lead, self.size, 1)

        def transposed(array: np.ndarray) -> np.ndarray:
            return array.swapaxes(-1, -2)

        events, scales = column(point.events), column(point.norm * scale)
        log_slopes = self._norms.applies * point.slopes[..., None, size:]
        into = self._norms.into
        jacobian = np.empty((*lead, self.size, alpha.shape[-1]))
        shapes = jacobian[..., :size]
        np.multiply(self._even, point.slopes[..., None, :size], out=shapes)
        shapes += self._odd
        shapes *= scales
        shapes += (events * log_slopes) @ into
        np.multiply(column(point.norm), extra, out=jacobian[..., size:])

        outer = column(-lam * point.gamma)
        kappa = self._n / point.expected**2
        kappa /= 1 + point.spread * kappa
        total = column(point.gamma + point.free * lam) * jacobian
        total = total.reshape(*lead, *self._shape, -1).sum(axis=-2)
        hessian = transposed(total) @ (kappa[..., None] * total)
        weights = np.where(point.free != 0, self._variance, 0.0) * lam**2
        hessian -= transposed(jacobian) @ (column(weights) * jacobian)
        mixed = into.T @ (transposed(outer * log_slopes) @ jacobian)
        hessian[..., :size, :] += mixed
        hessian[..., :size] += transposed(mixed)
        twice = transposed(log_slopes) @ (outer * events * log_slopes)
        hessian[..., :size, :size] -= into.T @ twice @ into
        diagonal = np.ones_like(alpha)
        first = alpha[..., :size]
        diagonal[..., :size] += (outer * scales)[..., 0] @ self._even * code4p_curvature(first)
        curvature = self._norms.curvature(alpha) * ((outer * events)[..., 0] @ self._norms.applies)
        diagonal[..., :size] += curvature @ into
        index = np.arange(alpha.shape[-1])
        hessian[..., index, index] += diagonal
        return np.asarray(hessian)


def _balance(fixed: np.ndarray, spread: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ν = fixed + λ spread, at least a tiny number, and λ = n/ν - 1.

    From the larger root of either quadratic equation; without cancellation, also where ν is close
    to n, so that λ is small, with an enormous spread.
    """
    b, total = fixed - spread, fixed + spread
    root = np.sqrt(b * b + 4 * spread * n)
    half = (np.abs(b) + root) / 2 + _TINY
    expected = np.where(b >= 0, half, spread * n / half + _TINY)
    lam = n / expected - 1
    np.divide(2 * (n - fixed), total + root, out=lam, where=total > 0)
    return expected, lam


def _factor(hessian: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Cholesky factor of the Hessian of the parameters that are not held.

    It is shifted until it is positive.

    Raises
    ------
    FailedMinimization
        If it is not finite.
    """
    if held.any():
        hessian = np.where(held | held[:, None], 0.0, hessian)
    hessian[held, held] = 1.0
    factor, failed = dpotrf(hessian)
    if failed:
        # positive from the largest sum of a row on
        largest, shift = float(np.abs(hessian).sum(axis=1).max()), 1.0
        while failed and shift <= 10 * largest:  # never for nan
            factor, failed = dpotrf(hessian + shift * np.eye(len(hessian)))
            shift *= 10
    if failed:
        raise FailedMinimization("the likelihood of Belle II is not finite")
    return np.asarray(factor)
