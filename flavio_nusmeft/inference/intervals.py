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
from scipy.stats import norm

from .._inputs import number as a_number
from .._inputs import reals, seed_number
from .._version import __version__
from ..batch import Observable
from ..errors import InvalidScan, UnknownObservable, nearest
from .constrained import AtTarget, AtValue
from .refinement import extremes, gaps, interpolated, outwards, peaks, reached, walls
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
_ROUNDS = 30  # of refinement
_CLOSE = 2e-3  # of -2 ln L at an end
_STEP = 0.1  # of -2 ln L between points of a posterior
_FINE = 32  # of the interpolated curve, for each of its points
_BINS = 10_000  # of a chain
_DIGITS = 6  # of a density
_TIED = 0.02  # of the posterior, with the same density
_LOW = 30.0  # of -2 ln L, where a posterior is small
_SAME = 1e-9  # of the range: the same value


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
    if level <= 0.5:
        raise InvalidScan(
            f"cl = {level:g}: an upper limit of a profile likelihood has more than 0.5, e.g. 0.9"
        )
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
    notes: list[str] = []
    if upper:
        pieces: tuple[tuple[float, float], ...] = (
            (float(drawn.min()), float(np.quantile(drawn, level))),
        )
    else:
        # Freedman and Diaconis, but not for what is far outside
        low, high = np.quantile(drawn, [0.25, 0.75])
        width = 2 * (high - low) / len(drawn) ** (1 / 3)
        count = np.ptp(drawn) / width if width > 0 else 1
        counts, edges = np.histogram(drawn, bins=int(np.clip(np.ceil(count), 1, _BINS)))
        if count > _BINS:
            notes.append("bins are coarse, because some samples are far away: discard more steps")
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
        tuple(notes),
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
        self.vanishing: list[float] = []  # values of a variable at which the likelihood does
        self.limits: tuple[float, float] | None = None  # of the quantity
        self.failed: list[str] = []
        self.started = False
        if quantity not in self.names:
            derive = getattr(function, "derived", None)
            if derive is None:
                hint = nearest(str(quantity), self.names)
                raise InvalidScan(f"'{quantity}' is no variable of the log-likelihood{hint}")
            try:
                self.observable = derive(quantity)
            except UnknownObservable as error:
                hint = nearest(str(quantity), self.names)
                variables = hint or f"; variables are {', '.join(self.names)}"
                raise UnknownObservable(f"{error}{variables}") from None
            if not isinstance(quantity, str):  # numbers as JSON has them
                name, *arguments = quantity
                self.quantity = (name, *(np.asarray(x).item() for x in arguments))

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
        if self.limits is not None:
            return self.limits
        low, high = self.bounds.T
        if self.observable is None:
            index = self.names.index(self.quantity)
            self.limits = float(low[index]), float(high[index])
            return self.limits
        from .scan.descent import sobol

        cube = sobol(len(self.names), _SAMPLE, (self.seed,))
        corners = np.array([np.zeros(len(low)), np.ones(len(low))])
        places = [low + u * (high - low) for u in [*cube, *corners]]
        sample = [np.asarray(self.observable(x)).item() for x in places]
        if not min(sample) < max(sample):
            raise InvalidScan(f"'{self.quantity}' does not depend on the variables")
        spread = max(sample) - min(sample)
        ends = extremes(self.function, self.observable, spread, self.bounds, self.starts, self.seed)
        self.limits = min(ends[0], *sample), max(ends[1], *sample)
        return self.limits

    def rows(
        self,
        values: Array,
        widths: Array | None = None,
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
            if widths is None:
                widths = np.full(len(values), _WIDTHS * np.diff(values).min())
            task = AtTarget(
                self.function,
                self.observable,
                tuple(widths.tolist()),
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
        if len(session.failed) == len(chosen) and not self.started:
            session.fail()
        self.started = True
        if self.observable is None:
            ended = session.finished & ~np.isfinite(session.rows[:, 0])
            self.vanishing += values[ended].tolist()
        self.failed += [session.failed[number] for number in sorted(session.failed)]
        return session.rows

    def curve(self, rows: Array) -> Curve:
        """The rows in ascending order, without those where the likelihood vanishes."""
        rows = rows[np.isfinite(rows[:, 2]) & np.isfinite(rows[:, 0])]
        if not len(rows):
            raise InvalidScan(f"the likelihood vanishes at all values of {self.quantity}")
        rows = rows[np.argsort(rows[:, 2], kind="stable")]
        # an observable can come out the same for two targets, a variable as at the maximum
        apart = np.diff(rows[:, 2]) > _SAME * (rows[-1, 2] - rows[0, 2])
        group = np.cumsum(np.append(0, apart))
        rows = rows[np.lexsort((-rows[:, 0], group))]
        rows = rows[np.append(True, np.diff(group) > 0)]
        return Curve(
            self.quantity,
            rows[:, 2],
            rows[:, 0],
            rows[:, 3],
            {name: rows[:, 4 + i] for i, name in enumerate(self.names)},
            rows[:, 1].astype(bool),
        )

    def begin(self, points: int, executor: Executor | int | None, progress: bool) -> Array:
        """The rows of the maximum over all variables, of other maxima, and of a grid."""
        found = minimize(
            self.function, self._given, seed=self.seed, executor=executor, progress=False
        )
        low, high = self.range()
        best = self._place(found.values)
        slope = 0.0 if self.observable is None and low < best < high else np.nan
        x = [found.values[name] for name in self.names]
        row = np.array([found.log_likelihood, found.valid, best, slope, *x])
        others = [
            self._place(one.values) for one in found.starts if np.isfinite(one.log_likelihood)
        ]
        apart = [value for value in others if abs(value - best) > 1e-3 * (high - low)]
        values = self.grid(None, points)
        step = (high - low) / (points - 1)
        widths = np.full(len(values) + len(apart), _WIDTHS * step)
        values = np.append(values, apart)
        return np.vstack(
            [row[None], self.rows(values, widths, executor=executor, progress=progress)]
        )

    def _place(self, values: dict[str, float]) -> float:
        """The quantity for values of the variables."""
        if self.observable is None:
            return float(values[str(self.quantity)])
        x = np.array([values[name] for name in self.names])
        return float(np.asarray(self.observable(x)).item())

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
        threshold = _threshold(cl, upper)
        rows, last = self.begin(points, executor, progress), [(np.nan, np.inf)] * 2
        for _ in range(_ROUNDS):
            curve = self.curve(rows)
            known, low = curve.values, curve.values[0]
            ends = [x for x in _crossings(curve, threshold) if not (upper and x < self.top(curve))]
            wanted = [x for x in ends if not _is_known(curve, x, threshold)]
            wanted += peaks(curve, threshold)
            if self.vanishing:
                wanted += walls(curve, self.vanishing)
            distances = [float(np.abs(known - x).min()) for x in wanted]
            smallest = _SAME * (known[-1] - low)
            chosen = [
                (x, _WIDTHS * d) for x, d in zip(wanted, distances, strict=True) if d > smallest
            ]
            if self.observable is not None:
                targets = outwards(curve, self.range(), threshold, last, upper=upper)
                chosen += zip(*targets, strict=True)
            if not chosen:
                break
            rows = np.vstack([rows, self.rows(*np.array(chosen).T, executor=executor)])
        curve = self.curve(rows)
        return self._result(curve, cl, points, upper=upper, unresolved=bool(chosen))

    @staticmethod
    def top(curve: Curve) -> float:
        """The quantity where the likelihood is largest."""
        return float(curve.values[curve.log_likelihood.argmax()])

    def _result(
        self, curve: Curve, cl: float, points: int, *, upper: bool, unresolved: bool
    ) -> Interval:
        threshold = _threshold(cl, upper)
        low, high = float(curve.values[0]), float(curve.values[-1])
        closed = np.flatnonzero(gaps(curve, self.vanishing))
        holes = [(float(curve.values[i]), float(curve.values[i + 1])) for i in closed]
        ends = [x for x in _crossings(curve, threshold) if not any(a < x < b for a, b in holes)]
        edges = sorted({low, *ends, *(x for hole in holes for x in hole), high})
        best = int(curve.log_likelihood.argmax())
        pieces = [
            (a, b)
            for a, b in pairwise(edges)
            if (a, b) not in holes and _rise(curve, (a + b) / 2) < threshold
        ]
        if upper:
            top = max((b for a, b in pieces if b >= curve.values[best]), default=high)
            pieces = [(self.range()[0], top)]
        notes = []
        for side, end, limit in zip(("lower", "upper"), (low, high), self.range(), strict=True):
            outer = pieces[0][0] if side == "lower" else pieces[-1][1]
            if outer != end or (upper and side == "lower"):
                continue
            if self.observable is None and end != limit:
                notes.append(f"the likelihood vanishes beyond {end:.6g}")
            elif not reached(end, limit, float(curve.values[best])):
                notes.append(f"what is beyond {end:.6g} was not reached, up to {limit:.6g}")
            else:
                pieces[0 if side == "lower" else -1] = (
                    (limit, pieces[0][1]) if side == "lower" else (pieces[-1][0], limit)
                )
                notes.append(
                    f"the {side} bound {limit:.6g} is inside: ln L does not fall enough before it"
                )
        if holes:
            listed = ", ".join(f"{a:.6g} and {b:.6g}" for a, b in holes)
            notes.append(f"the likelihood vanishes between {listed}")
        notes += self.warnings(curve, unresolved)
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
            self.definition(points),
        )

    def definition(self, points: int) -> dict[str, Any]:
        """Of what the result is, as in the checkpoints of scans."""
        limits = dict(zip(self.names, self.bounds.tolist(), strict=True))
        return identity(
            "interval",
            self.function,
            quantity=self.quantity,
            bounds=limits,
            starts=self.starts,
            seed=self.seed,
            points=points,
            version=__version__,
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
        rows = self.begin(points, executor, progress)
        for _ in range(_ROUNDS):
            curve = self.curve(rows)
            known, rise = curve.values, curve.rise
            # where the density changes much between two points
            coarse = (np.abs(np.diff(rise)) > _STEP) & (np.minimum(rise[1:], rise[:-1]) < _LOW)
            coarse &= ~gaps(curve, self.vanishing) & (np.diff(known) > _SAME * np.ptp(known))
            wanted = [*((known[1:] + known[:-1]) / 2)[coarse], *peaks(curve, _LOW)]
            if self.vanishing:
                wanted += walls(curve, self.vanishing)
            if not wanted:
                break
            rows = np.vstack([rows, self.rows(np.array(wanted), executor=executor)])
        curve = self.curve(rows)
        cells = len(curve.values) - 1
        x = np.interp(np.arange(cells * _FINE + 1) / _FINE, np.arange(cells + 1), curve.values)
        density = np.exp(_interpolated(curve)(x) - curve.log_likelihood.max())
        parts = (density[1:] + density[:-1]) / 2 * np.diff(x)
        parts[np.repeat(gaps(curve, self.vanishing), _FINE)] = 0.0
        below = np.append(0.0, np.cumsum(parts)) / parts.sum()
        if upper:
            pieces: tuple[tuple[float, float], ...] = (
                (self.range()[0], float(np.interp(cl, below, x))),
            )
        else:
            pieces = _highest(parts / parts.sum(), x, cl)
        best = int(curve.log_likelihood.argmax())
        kind = "upper limit" if upper else "region of highest density"
        low, high = self.range()
        notes = self.warnings(curve, bool(wanted))
        if not upper and _is_ambiguous(parts / parts.sum(), x, cl):
            notes.append("the density is constant at the ends: other regions are as good")
        return Interval(
            self.quantity,
            cl,
            f"{kind} with {cl:.4g} of the posterior, flat prior in {self.quantity} from {low:.6g}"
            f" to {high:.6g}",
            float(curve.values[best]),
            pieces,
            tuple(notes),
            {name: float(values[best]) for name, values in curve.variables.items()},
            float(curve.log_likelihood[best]),
            curve,
            self.definition(points),
        )

    def warnings(self, curve: Curve, unresolved: bool) -> list[str]:
        """Notes on what failed."""
        notes = []
        if unresolved:
            notes.append(f"ends are not exact after {_ROUNDS} rounds; more points may help")
        if self.failed:
            notes.append(f"{len(self.failed)} points failed, the first: {self.failed[0]}")
        if not curve.converged.all():
            notes.append(f"{int(np.sum(~curve.converged))} maximisations did not converge")
        return notes


def _level(cl: float) -> float:
    level = a_number("cl", cl, InvalidScan)
    if not 0 < level < 1:
        percent = f"; 90% is 0.9, not {level:g}" if 1 <= level < 100 else ""
        raise InvalidScan(f"cl = {cl} must be between 0 and 1{percent}")
    return float(level)


def _threshold(cl: float, upper: bool) -> float:
    return float((norm.ppf(cl) if upper else norm.ppf((1 + cl) / 2)) ** 2)


def _method(method: str) -> str:
    if method not in ("profile", "bayes"):
        raise InvalidScan(f"method = {method!r} must be 'profile' or 'bayes'")
    return method


def _interpolated(curve: Curve) -> Any:
    """ln L as a function."""
    return interpolated(curve.values, curve.log_likelihood, curve.slopes)


def _rise(curve: Curve, x: float) -> float:
    return 2 * float(curve.log_likelihood.max() - _interpolated(curve)(x))


def _is_known(curve: Curve, x: float, threshold: float) -> bool:
    """Whether the curve has a point next to this crossing of the threshold that is close to it."""
    after = int(np.clip(np.searchsorted(curve.values, x), 1, len(curve.values) - 1))
    return bool(np.abs(curve.rise[after - 1 : after + 1] - threshold).min() <= _CLOSE)


def _crossings(curve: Curve, threshold: float) -> list[float]:
    """Where the interpolated -2 ln L crosses the threshold, in ascending order."""
    spline, level = _interpolated(curve), curve.log_likelihood.max() - threshold / 2
    roots = spline.solve(level, extrapolate=False)
    return sorted(float(x) for x in np.atleast_1d(roots) if np.isfinite(x))


def _highest(parts: Array, edges: Array, cl: float) -> tuple[tuple[float, float], ...]:
    """The cells with the highest density that contain the given part, as pieces."""
    order = np.argsort(-_rounded(parts, edges), kind="stable")
    count = int(np.searchsorted(np.cumsum(parts[order]), cl)) + 1
    inside = np.zeros(len(parts), dtype=bool)
    inside[order[:count]] = True
    starts = np.flatnonzero(inside & ~np.append(False, inside[:-1]))
    stops = np.flatnonzero(inside & ~np.append(inside[1:], False))
    return tuple((float(edges[a]), float(edges[b + 1])) for a, b in zip(starts, stops, strict=True))


def _rounded(parts: Array, edges: Array) -> Array:
    """Densities of cells, equal where they differ by rounding errors."""
    density = parts / np.diff(edges)
    return np.asarray(np.round(density / density.max(), _DIGITS))


def _is_ambiguous(parts: Array, edges: Array, cl: float) -> bool:
    """Whether much of the posterior has the density at which the region of highest density ends."""
    density = _rounded(parts, edges)
    order = np.argsort(-density, kind="stable")
    last = min(int(np.searchsorted(np.cumsum(parts[order]), cl)), len(order) - 1)
    return bool(parts[density == density[order[last]]].sum() > _TIED)
