"""Intervals and limits from likelihoods, each with its definition.

- `profile`: the likelihood along a variable or an observable, maximised over all variables
- `interval`: confidence or credible intervals, more than one where the likelihood has lobes
- `upper_limit`: one-sided
- `credible`: of a Markov chain of `scan.sample`

Two definitions are in use in the field, and a number is worth nothing without its own:

- ``profile``: -2 ln L rises by z² above its minimum (Wilks): two-sided with erf(z/√2) = CL; for an
  upper limit one-sided with Φ(z) = CL, so by 1.64 for 90%, also if the best fit is at a physical
  boundary (arXiv:1007.1727 Eqs. (12), (16), (58))
- ``bayes``: this part of the posterior for a prior that is flat within the bounds: the region of
  highest density, or all below the limit. The limits that experiments publish as such are
  reproduced by their likelihoods with this definition, from 0 on
"""

from __future__ import annotations

from concurrent.futures import Executor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator
from scipy.stats import norm

from .._inputs import number as a_number
from .._inputs import reals, seed_number
from ..batch import Observable
from ..errors import InvalidScan, nearest
from .constrained import AtTarget, AtValue
from .results import Curve, Interval
from .scan import Chain, minimize
from .scan.points import LogLikelihood
from .scan.session import Bounds, Path, Session, bounds_array, check_names, identity, integer

__all__ = ["Curve", "Interval", "credible", "interval", "profile", "upper_limit"]


def __dir__() -> list[str]:
    return sorted(__all__)


Array = NDArray[np.float64]

_SAMPLE = 64  # points at which the range of an observable is looked up
_WIDTHS = 0.5  # of the penalty of an observable, in steps between targets
_ROUNDS = 8  # of refinement at the ends of intervals
_CLOSE = 2e-3  # of -2 ln L at an end
_STEP = 0.1  # of -2 ln L between points of a posterior
_FINE = 4001  # of the interpolated curve


def profile(
    function: LogLikelihood,
    quantity: Observable,
    bounds: Bounds,
    *,
    values: ArrayLike | None = None,
    points: int = 13,
    starts: int = 3,
    seed: int | np.random.Generator = 0,
    executor: Executor | int | None = None,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> Curve:
    """Profile likelihood of a variable or of an observable.

    Parameters
    ----------
    function : LogLikelihood
        A log-likelihood, e.g. `LogLikelihood`.
    quantity : str or tuple
        One of its variables, or an observable of this package (of a `LogLikelihood`).
    bounds : mapping of str to (float, float)
        (lower, upper) for every variable, between which the likelihood is maximised.
    values : array_like, optional
        Of the quantity; default: ``points`` between its bounds, of an observable between its
        smallest and largest value in a sample of points.
    points : int, default 13
        Their number.
    starts : int, default 3
        Most starting points of every maximisation.
    seed : int or numpy.random.Generator, default 0
        Of the starting points.
    executor : Executor or int, optional
        None for this process, a number of processes, or an executor.
    checkpoint : str or path-like, optional
        File for the results, to continue if the scan is interrupted.
    progress : bool, default True
        Show a bar on stderr.

    Returns
    -------
    Curve
        In ascending order of the quantity; of an observable close to the values asked for.

    Raises
    ------
    InvalidScan
        If quantity, bounds or values do not fit.
    InvalidCheckpoint, FailedPoint, FailedWorkers
        As `scan.grid`.
    """
    study = _Study(function, quantity, bounds, integer("starts", starts, 1), seed)
    grid = study.grid(values, integer("points", points, 2))
    rows = study.rows(grid, executor=executor, checkpoint=checkpoint, progress=progress)
    return study.curve(rows)


def interval(
    function: LogLikelihood,
    quantity: Observable,
    bounds: Bounds,
    *,
    cl: float = 0.6827,
    method: str = "profile",
    points: int = 13,
    starts: int = 3,
    seed: int | np.random.Generator = 0,
    executor: Executor | int | None = None,
    progress: bool = True,
) -> Interval:
    """Two-sided interval of a variable or of an observable.

    Parameters
    ----------
    function : LogLikelihood
        A log-likelihood, e.g. `LogLikelihood`.
    quantity : str or tuple
        One of its variables, or an observable of this package (of a `LogLikelihood`).
    bounds : mapping of str to (float, float)
        (lower, upper) for every variable.
    cl : float, default 0.6827
        Confidence or credible level.
    method : {"profile", "bayes"}
        The definition, see above. ``bayes`` is for functions of one variable; of several, sample
        with `scan.sample`, and give the chain to `credible`.
    points : int, default 13
        Of the profile likelihood, before it is refined at the ends.
    starts : int, default 3
        Most starting points of every maximisation.
    seed : int or numpy.random.Generator, default 0
        Of the starting points.
    executor : Executor or int, optional
        None for this process, a number of processes, or an executor.
    progress : bool, default True
        Show a bar on stderr.

    Returns
    -------
    Interval
        With one or several pieces, and the definition.

    Raises
    ------
    InvalidScan
        If quantity, bounds, level or method do not fit.
    FailedMinimization, FailedPoint, FailedWorkers
        As `scan.minimize`.
    """
    study = _Study(function, quantity, bounds, integer("starts", starts, 1), seed)
    level, points = _level(cl), integer("points", points, 2)
    if _method(method) == "bayes":
        return study.credible(level, points, upper=False, executor=executor, progress=progress)
    return study.confidence(level, points, upper=False, executor=executor, progress=progress)


def upper_limit(
    function: LogLikelihood,
    quantity: Observable,
    bounds: Bounds,
    *,
    cl: float = 0.9,
    method: str = "profile",
    points: int = 13,
    starts: int = 3,
    seed: int | np.random.Generator = 0,
    executor: Executor | int | None = None,
    progress: bool = True,
) -> Interval:
    """Upper limit on a variable or on an observable.

    Parameters
    ----------
    function : LogLikelihood
        A log-likelihood, e.g. `LogLikelihood`.
    quantity : str or tuple
        One of its variables, or an observable of this package (of a `LogLikelihood`).
    bounds : mapping of str to (float, float)
        (lower, upper) for every variable; the lower one of the quantity is the physical boundary.
    cl : float, default 0.9
        Confidence or credible level.
    method : {"profile", "bayes"}
        As for `interval`.
    points : int, default 13
        Of the profile likelihood, before it is refined at the limit.
    starts : int, default 3
        Most starting points of every maximisation.
    seed : int or numpy.random.Generator, default 0
        Of the starting points.
    executor : Executor or int, optional
        None for this process, a number of processes, or an executor.
    progress : bool, default True
        Show a bar on stderr.

    Returns
    -------
    Interval
        From the lower bound to the limit.

    Raises
    ------
    InvalidScan, FailedMinimization, FailedPoint, FailedWorkers
        As `interval`.
    """
    study = _Study(function, quantity, bounds, integer("starts", starts, 1), seed)
    level, points = _level(cl), integer("points", points, 2)
    if _method(method) == "bayes":
        return study.credible(level, points, upper=True, executor=executor, progress=progress)
    return study.confidence(level, points, upper=True, executor=executor, progress=progress)


def credible(
    chain: Chain, quantity: str, *, cl: float = 0.6827, upper: bool = False, discard: int = 0
) -> Interval:
    """Credible interval or upper limit of a variable, from a Markov chain.

    Parameters
    ----------
    chain : Chain
        From `scan.sample`, with flat priors within its bounds.
    quantity : str
        A variable.
    cl : float, default 0.6827
        Part of the posterior.
    upper : bool, default False
        Upper limit, in place of the region of highest density.
    discard : int, default 0
        Steps to leave out at the beginning.

    Returns
    -------
    Interval
        Ends of a region of highest density are those of bins.

    Raises
    ------
    InvalidScan
        If the chain has no such variable, or nothing is left of it.
    """
    if quantity not in chain.variables:
        hint = nearest(str(quantity), chain.variables)
        raise InvalidScan(f"'{quantity}' is no variable of the chain{hint}")
    level = _level(cl)
    drawn = chain.samples(discard)[:, chain.variables.index(quantity)]
    if upper:
        pieces: tuple[tuple[float, float], ...] = (
            (float(drawn.min()), float(np.quantile(drawn, level))),
        )
    else:
        counts, edges = np.histogram(drawn, bins="fd")  # Freedman and Diaconis
        pieces = _highest(counts / counts.sum(), edges, level)
    index = np.unravel_index(chain.log_likelihood.argmax(), chain.log_likelihood.shape)
    best = dict(zip(chain.variables, chain.chain[index].tolist(), strict=True))
    kind = "upper limit" if upper else "region of highest density"
    return Interval(
        quantity,
        level,
        f"{kind} with {level:.4g} of the posterior, flat priors in {', '.join(chain.variables)}",
        best[quantity],
        pieces,
        (),
        best,
        float(chain.log_likelihood.max()),
        None,
        {"samples": len(drawn), "discard": discard},
    )


class _Study:
    """What is asked about one quantity of a log-likelihood."""

    def __init__(
        self,
        function: LogLikelihood,
        quantity: Observable,
        bounds: Bounds,
        starts: int,
        seed: int | np.random.Generator,
    ) -> None:
        check_names(function, "bounds", bounds)
        self.function, self.quantity, self.starts = function, quantity, starts
        self.seed = seed_number(seed, InvalidScan)
        self.names = function.variables
        self.bounds = bounds_array(bounds, self.names)
        self._given = {name: bounds[name] for name in self.names}
        self.observable: Any = None
        self.step = 0.0  # between targets
        self.failed: list[str] = []
        if quantity not in self.names:
            derive = getattr(function, "derived", None)
            if derive is None:
                hint = nearest(str(quantity), self.names)
                raise InvalidScan(f"'{quantity}' is no variable of the log-likelihood{hint}")
            self.observable = derive(quantity)

    def grid(self, values: ArrayLike | None, points: int) -> Array:
        """The values of the quantity to begin with."""
        if values is not None:
            array = reals("values", values, InvalidScan)
            if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
                raise InvalidScan("values must be at least two finite numbers")
            return np.unique(array)
        low, high = self.range()
        return np.linspace(low, high, points)

    def range(self) -> tuple[float, float]:
        """The bounds of a variable, or between what values an observable is in the bounds."""
        if self.observable is None:
            low, high = self.bounds[self.names.index(self.quantity)]
            return float(low), float(high)
        from .scan.descent import sobol

        low, high = self.bounds.T
        cube = sobol(len(self.names), _SAMPLE, (self.seed,))
        corners = np.array([np.zeros(len(low)), np.ones(len(low))])
        places = [low + u * (high - low) for u in [*cube, *corners]]
        sample = [np.asarray(self.observable(x)).item() for x in places]
        if not min(sample) < max(sample):
            raise InvalidScan(f"'{self.quantity}' does not depend on the variables")
        return min(sample), max(sample)

    def rows(
        self,
        values: Array,
        *,
        executor: Executor | int | None = None,
        checkpoint: Path | None = None,
        progress: bool = False,
    ) -> Array:
        """Maxima at values of the quantity, shape (values, 4 + variables), see `AtValue`."""
        chosen, settings = tuple(values.tolist()), {"starts": self.starts, "seed": self.seed}
        task: AtValue | AtTarget
        if self.observable is None:
            index = self.names.index(self.quantity)
            task = AtValue(self.function, index, self.bounds, chosen, self.starts, self.seed)
        else:
            step = float(np.diff(values).min()) if len(values) > 1 else self.step
            self.step = step
            task = AtTarget(
                self.function,
                self.observable,
                _WIDTHS * step,
                self.bounds,
                chosen,
                self.starts,
                self.seed,
            )
        limits = dict(zip(self.names, self.bounds.tolist(), strict=True))
        definition = identity(
            "profile",
            self.function,
            quantity=self.quantity,
            values=list(chosen),
            bounds=limits,
            **settings,
        )
        with Session(
            task,
            definition,
            (len(chosen), 4 + len(self.names)),
            executor=executor,
            checkpoint=checkpoint,
            progress=progress,
        ) as session:
            session.run(range(len(chosen)), lambda number: np.full(len(self.names), np.nan))
        if len(session.failed) == len(chosen):
            session.fail()
        self.failed += [session.failed[number] for number in sorted(session.failed)]
        return session.rows

    def curve(self, rows: Array) -> Curve:
        """The rows in ascending order, without those where the likelihood vanishes."""
        rows = rows[np.isfinite(rows[:, 2]) & np.isfinite(rows[:, 0])]
        if not len(rows):
            raise InvalidScan(f"the likelihood vanishes at all values of {self.quantity}")
        rows = rows[np.argsort(rows[:, 2], kind="stable")]
        # an observable can come out the same for two targets
        keep = np.append(np.diff(rows[:, 2]) > 0, True)
        rows = rows[keep]
        return Curve(
            self.quantity,
            rows[:, 2],
            rows[:, 0],
            rows[:, 3],
            {name: rows[:, 4 + i] for i, name in enumerate(self.names)},
            rows[:, 1].astype(bool),
        )

    def best(self, executor: Executor | int | None) -> Array:
        """The row of the maximum over all variables."""
        found = minimize(
            self.function, self._given, seed=self.seed, executor=executor, progress=False
        )
        x = np.array([found.values[name] for name in self.names])
        if self.observable is None:
            value = found.values[str(self.quantity)]
        else:
            value = np.asarray(self.observable(x)).item()
        low, high = self.range() if self.observable is None else (-np.inf, np.inf)
        slope = 0.0 if low < value < high else np.nan
        return np.array([found.log_likelihood, found.valid, float(value), slope, *x])

    def confidence(
        self,
        cl: float,
        points: int,
        *,
        upper: bool,
        executor: Executor | int | None,
        progress: bool,
    ) -> Interval:
        """Where -2 ln L is less than a threshold above its minimum."""
        z = norm.ppf(cl) if upper else norm.ppf((1 + cl) / 2)
        threshold = float(z**2)
        rows = np.vstack(
            [
                self.best(executor)[None],
                self.rows(self.grid(None, points), executor=executor, progress=progress),
            ]
        )
        for _ in range(_ROUNDS):
            curve = self.curve(rows)
            ends = _crossings(curve, threshold)
            known = curve.values
            new = [
                x
                for x in ends
                if abs(_rise_at(curve, x, known) - threshold) > _CLOSE
                and np.abs(known - x).min() > 1e-9 * (known[-1] - known[0])
            ]
            if not new:
                break
            rows = np.vstack([rows, self.rows(np.array(new))])
        curve = self.curve(rows)
        return self._result(curve, cl, threshold, upper)

    def _result(self, curve: Curve, cl: float, threshold: float, upper: bool) -> Interval:
        ends = _crossings(curve, threshold)
        low, high = float(curve.values[0]), float(curve.values[-1])
        edges = [low, *ends, high]
        best = int(curve.log_likelihood.argmax())
        pieces = [
            (a, b) for a, b in pairwise(edges) if a < b and _rise(curve, (a + b) / 2) < threshold
        ]
        if upper:
            top = max((b for a, b in pieces if b >= curve.values[best]), default=high)
            pieces = [(low, top)]
        notes = [
            f"the {name} bound {bound:.6g} is inside: ln L does not fall enough before it"
            for name, bound, outer in (
                ("lower", low, pieces[0][0] if pieces else None),
                ("upper", high, pieces[-1][1] if pieces else None),
            )
            if outer == bound and not (upper and name == "lower")
        ]
        if self.failed:
            notes.append(f"{len(self.failed)} points failed, the first: {self.failed[0]}")
        if not curve.converged.all():
            notes.append(f"{int(np.sum(~curve.converged))} maximisations did not converge")
        sides = "one-sided, Φ(z) = CL" if upper else "two-sided, erf(z/√2) = CL"
        kind = "upper limit" if upper else "interval"
        return Interval(
            self.quantity,
            cl,
            f"profile likelihood {kind}: -2 ln L rises by {threshold:.4g} ({sides})",
            float(curve.values[best]),
            tuple(pieces),
            tuple(notes),
            {name: float(values[best]) for name, values in curve.variables.items()},
            float(curve.log_likelihood[best]),
            curve,
            self.definition(),
        )

    def definition(self) -> dict[str, Any]:
        """Of what the result is, as in the checkpoints of scans."""
        limits = dict(zip(self.names, self.bounds.tolist(), strict=True))
        return identity(
            "interval",
            self.function,
            quantity=self.quantity,
            bounds=limits,
            starts=self.starts,
            seed=self.seed,
        )

    def credible(
        self,
        cl: float,
        points: int,
        *,
        upper: bool,
        executor: Executor | int | None,
        progress: bool,
    ) -> Interval:
        """Part of the posterior with a flat prior in the only variable."""
        if len(self.names) > 1 or self.observable is not None:
            raise InvalidScan(
                "method = 'bayes' is for a variable of a function of one variable; sample functions"
                " of several with nus.scan.sample, and give the chain to nus.intervals.credible"
            )
        rows = np.vstack(
            [
                self.best(executor)[None],
                self.rows(self.grid(None, points), executor=executor, progress=progress),
            ]
        )
        for _ in range(_ROUNDS):
            curve = self.curve(rows)
            middle = (curve.values[1:] + curve.values[:-1]) / 2
            rise = 2 * (curve.log_likelihood.max() - curve.log_likelihood)
            # where the density changes much between two points
            coarse = (np.abs(np.diff(rise)) > _STEP) & (np.minimum(rise[1:], rise[:-1]) < 30)
            if not coarse.any():
                break
            rows = np.vstack([rows, self.rows(middle[coarse])])
        curve = self.curve(rows)
        x = np.unique(
            np.append(np.linspace(curve.values[0], curve.values[-1], _FINE), curve.values)
        )
        density = np.exp(_interpolated(curve)(x) - curve.log_likelihood.max())
        parts = (density[1:] + density[:-1]) / 2 * np.diff(x)
        below = np.append(0.0, np.cumsum(parts)) / parts.sum()
        if upper:
            pieces: tuple[tuple[float, float], ...] = (
                (float(x[0]), float(np.interp(cl, below, x))),
            )
        else:
            pieces = _highest(parts / parts.sum(), x, cl)
        best = int(curve.log_likelihood.argmax())
        kind = "upper limit" if upper else "region of highest density"
        low, high = curve.values[[0, -1]].tolist()
        return Interval(
            self.quantity,
            cl,
            f"{kind} with {cl:.4g} of the posterior, flat prior in {self.quantity} from {low:.6g}"
            f" to {high:.6g}",
            float(curve.values[best]),
            pieces,
            (),
            {name: float(values[best]) for name, values in curve.variables.items()},
            float(curve.log_likelihood[best]),
            curve,
            self.definition(),
        )


def _level(cl: float) -> float:
    level = a_number("cl", cl, InvalidScan)
    if not 0 < level < 1:
        percent = f"; 90% is 0.9, not {level:g}" if 1 <= level < 100 else ""
        raise InvalidScan(f"cl = {cl} must be between 0 and 1{percent}")
    return float(level)


def _method(method: str) -> str:
    if method not in ("profile", "bayes"):
        raise InvalidScan(f"method = {method!r} must be 'profile' or 'bayes'")
    return method


def _interpolated(curve: Curve) -> Any:
    """ln L as a function: cubic pieces with the slopes, where they are known."""
    x, y, slopes = curve.values, curve.log_likelihood, curve.slopes
    monotonic = PchipInterpolator(x, y)
    filled = np.where(np.isfinite(slopes), slopes, monotonic.derivative()(x))
    return CubicHermiteSpline(x, y, filled)


def _rise(curve: Curve, x: float) -> float:
    return 2 * float(curve.log_likelihood.max() - _interpolated(curve)(x))


def _rise_at(curve: Curve, x: float, known: Array) -> float:
    """The rise at a point of the curve, or inf if the curve has none there."""
    near = int(np.abs(known - x).argmin())
    if abs(known[near] - x) > 1e-9 * (known[-1] - known[0]):
        return np.inf
    return 2 * float(curve.log_likelihood.max() - curve.log_likelihood[near])


def _crossings(curve: Curve, threshold: float) -> list[float]:
    """Where the interpolated -2 ln L crosses the threshold, in ascending order."""
    spline, level = _interpolated(curve), curve.log_likelihood.max() - threshold / 2
    roots = spline.solve(level, extrapolate=False)
    return sorted(float(x) for x in np.atleast_1d(roots) if np.isfinite(x))


def _highest(parts: Array, edges: Array, cl: float) -> tuple[tuple[float, float], ...]:
    """The cells with the highest density that contain the given part, as pieces."""
    density = parts / np.diff(edges)
    order = np.argsort(-density, kind="stable")
    count = int(np.searchsorted(np.cumsum(parts[order]), cl)) + 1
    inside = np.zeros(len(parts), dtype=bool)
    inside[order[:count]] = True
    starts = np.flatnonzero(inside & ~np.append(False, inside[:-1]))
    stops = np.flatnonzero(inside & ~np.append(inside[1:], False))
    return tuple((float(edges[a]), float(edges[b + 1])) for a, b in zip(starts, stops, strict=True))
