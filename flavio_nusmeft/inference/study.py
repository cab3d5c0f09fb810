"""The profile likelihood of one quantity, point after point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._inputs import number as a_number
from .._inputs import reals, seed_number
from .._version import __version__
from ..batch import Observable
from ..errors import FailedMinimization, InvalidScan, UnknownObservable, nearest
from .constrained import AtTarget, AtValue
from .curves import SAME, interpolated
from .refinement import between, extremes
from .results import Curve
from .scan.descent import sobol
from .scan.minimum import search
from .scan.points import LogLikelihood
from .scan.session import (
    Bounds,
    Path,
    Session,
    Show,
    bounds_array,
    check_names,
    identity,
    integer,
    progress_bar,
)

__all__ = ["ROUNDS", "Study", "level"]

Array = NDArray[np.float64]

ROUNDS = 30  # of refinement
_SAMPLE = 64  # points at which the range of an observable is looked up
_WIDTHS = 0.5  # of the penalty of an observable, in steps between targets
_ENDS = 0.02  # of this width at the ends of the range
_REACHED = 0.25  # steps between targets: one is reached
_SEARCHED = 4  # every fourth point of a grid is searched in a sample
_ABOVE = 2e-3  # of -2 ln L: a point is above the curve
_LOW = 30.0  # of -2 ln L: further away nothing is of interest


def level(cl: float) -> float:
    """A confidence or credible level, checked."""
    value = a_number("cl", cl, InvalidScan)
    if not 0 < value < 1:
        percent = f"; 90% is 0.9, not {value:g}" if 1 <= value < 100 else ""
        raise InvalidScan(f"cl = {cl} must be between 0 and 1{percent}")
    return float(value)


class _Bar:
    """One progress bar for several scans, one after the other."""

    def __init__(self, show: Show) -> None:
        self._show, self._before, self._part = show, 0, 0

    def begin(self) -> _Bar:
        self._before, self._part = self._before + self._part, 0
        return self

    def __call__(self, completed: int, total: int) -> None:
        self._part = total
        self._show(self._before + completed, self._before + total)


class Study:
    """What is known of the profile likelihood of a quantity.

    Attributes
    ----------
    rows : ndarray
        Maxima, shape (values, 4 + variables), see `AtValue`.
    vanishing : list of float
        Values of a variable at which the likelihood vanishes.
    """

    def __init__(
        self,
        function: LogLikelihood,
        quantity: Observable,
        bounds: Bounds,
        *,
        points: int = 13,
        starts: int = 3,
        seed: int | np.random.Generator = 0,
        executor: Executor | int | None = None,
        progress: bool = True,
    ) -> None:
        check_names(function, "bounds", bounds)
        self.function, self.quantity = function, quantity
        self.points, self.starts = integer("points", points, 2), integer("starts", starts, 1)
        self.seed = seed_number(seed, InvalidScan)
        self.names = function.variables
        self.bounds = bounds_array(bounds, self.names)
        self.observable: Any = None
        self.rows: Array = np.empty((0, 4 + len(self.names)))
        self.vanishing: list[float] = []
        self.failed: list[str] = []
        self._executor, self._progress = executor, progress
        self._bar = _Bar(lambda completed, total: None)
        self._limits: tuple[float, float] | None = None
        self._sample: Array = np.empty((0, 2 + len(self.names)))  # the quantity, ln L, variables
        if quantity not in self.names:
            self._derive()
        box = dict(zip(self.names, self.bounds.tolist(), strict=True))
        self._definition = identity(
            "profile",
            function,
            quantity=self.quantity,
            bounds=box,
            starts=self.starts,
            seed=self.seed,
        )

    def _derive(self) -> None:
        """Take the quantity as an observable."""
        quantity = self.quantity
        derive = getattr(self.function, "derived", None)
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

    @contextmanager
    def shown(self, title: str) -> Iterator[None]:
        """With a progress bar, if one is wanted."""
        with progress_bar(title, 1, self._progress) as show:
            self._bar = _Bar(show)
            yield

    def definition(self) -> dict[str, Any]:
        """Of what results are, as in the checkpoints of scans."""
        return self._definition | {"points": self.points, "version": __version__}

    def grid(self, values: ArrayLike | None = None) -> Array:
        """The values of the quantity to begin with."""
        if values is not None:
            array = reals("values", values, InvalidScan)
            if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
                raise InvalidScan("values must be at least two finite numbers")
            array = np.unique(array)
            if len(array) < 2:
                raise InvalidScan("values must be at least two different numbers")
            return array
        grid = np.linspace(*self.range(), self.points)
        return np.union1d(grid, between(self.function, str(self.quantity), grid))

    def range(self) -> tuple[float, float]:
        """The bounds of a variable, or between what values an observable is in the bounds."""
        if self._limits is not None:
            return self._limits
        low, high = self.bounds.T
        if self.observable is None:
            index = self.names.index(str(self.quantity))
            self._limits = float(low[index]), float(high[index])
            return self._limits
        cube = sobol(len(self.names), _SAMPLE, (self.seed,))
        corners = np.array([np.zeros(len(low)), np.ones(len(low))])
        sample = [self.place(low + u * (high - low)) for u in [*cube, *corners]]
        if not min(sample) < max(sample):
            raise InvalidScan(f"'{self.quantity}' does not depend on the variables")
        spread = max(sample) - min(sample)
        ends = extremes(self.function, self.observable, spread, self.bounds, self.starts, self.seed)
        self._limits = min(ends[0], *sample), max(ends[1], *sample)
        return self._limits

    def place(self, x: Array) -> float:
        """The quantity for values of the variables."""
        if self.observable is None:
            return float(x[self.names.index(str(self.quantity))])
        return float(np.asarray(self.observable(x)).item())

    def begin(self) -> None:
        """Find the maximum over all variables, other maxima, and a grid."""
        box = dict(zip(self.names, self.bounds.tolist(), strict=True))
        found = search(
            self.function,
            box,
            seed=self.seed,
            executor=self._executor,
            progress=self._bar.begin(),
            errors=False,
            stacklevel=5,
        )
        low, high = self.range()
        ends = [
            (self.place(x := np.array([*one.values.values()])), one.log_likelihood, *x)
            for one in [found.best, *found.starts]
            if np.isfinite(one.log_likelihood)
        ]
        best = ends[0][0]
        slope = 0.0 if self.observable is None and low < best < high else np.nan
        top = [ends[0][1], found.best.valid, best, slope, *ends[0][2:]]
        self.rows = np.vstack([self.rows, top])
        self._sample = np.array(
            [
                (self.place(row[:-1]), row[-1], *row[:-1])
                for row in found.sample
                if np.isfinite(row[-1])
            ]
        )
        apart = [value for value, *_ in ends if abs(value - best) > 1e-3 * (high - low)]
        values = np.append(self.grid(), apart)
        widths = np.full(len(values), _WIDTHS * (high - low) / (self.points - 1))
        self.add(values, widths, seeds=np.array([(value, *x) for value, _, *x in ends]))

    def profile(self, values: ArrayLike | None, checkpoint: Path | None) -> Curve:
        """The curve at a grid or at given values, close to them if it is of an observable."""
        grid = self.grid(values)
        step = np.diff(grid).min()
        widths = np.full(len(grid), _WIDTHS * step)
        if values is None:  # the ends of the range
            widths[[0, -1]] *= _ENDS
        with self.shown("profile"):
            none = np.empty((0, 1 + len(self.names)))
            self.add(grid, widths, seeds=none, checkpoint=checkpoint, exact=True)
        curve = self.curve()
        if self.observable is None:
            return curve
        distance = np.abs(grid[:, None] - curve.values).min(axis=1)
        beyond = grid[distance > _REACHED * step]
        if not len(beyond):
            return curve
        note = f"not reached within the bounds: {', '.join(f'{x:.6g}' for x in beyond)}"
        return replace(curve, notes=(*curve.notes, note))

    def missed(self, curve: Curve) -> list[float]:
        """Values of the quantity at points of the first sample that are above the curve."""
        value, log_likelihood = self._sample[:, :2].T
        inside = (value > curve.values[0]) & (value < curve.values[-1])
        rise = 2 * (curve.log_likelihood.max() - log_likelihood)
        above = 2 * (log_likelihood - interpolated(curve)(value)) > _ABOVE
        return sorted(value[inside & above & (rise < _LOW)].tolist())

    def new(self, values: Sequence[float]) -> list[tuple[float, float]]:
        """Those where nothing was maximised before, with widths of penalties."""
        known = self.rows[:, 2]
        smallest = SAME * np.ptp(known)
        distances = [float(np.abs(known - x).min()) for x in values]
        return [(x, _WIDTHS * d) for x, d in zip(values, distances, strict=True) if d > smallest]

    def add(self, values: Array, widths: Array, **options: Any) -> None:
        """Maximise at values of the quantity; repeat what does not converge; see `_maximise`."""
        rows = self._maximise(values, widths, **options)
        unsure = np.flatnonzero(np.isfinite(rows[:, 0]) & (rows[:, 1] == 0))
        if len(unsure):
            good = np.vstack([self.rows, rows])
            good = good[(good[:, 1] == 1) & np.isfinite(good[:, 0])]
            near = [_near(good[:, [2, *range(4, good.shape[1])]], x) for x in rows[unsure, 2]]
            again = self._maximise(values[unsure], widths[unsure], near=near)
            better = again[:, 0] >= rows[unsure, 0]
            rows[unsure[better]] = again[better]
        self.rows = np.vstack([self.rows, rows[np.isfinite(rows[:, 0]) & np.isfinite(rows[:, 2])]])

    def _maximise(
        self,
        values: Array,
        widths: Array,
        *,
        seeds: Array | None = None,
        near: list[Array] | None = None,
        checkpoint: Path | None = None,
        exact: bool = False,
    ) -> Array:
        """Rows of maxima at values of the quantity.

        Parameters
        ----------
        values, widths : ndarray
            Of the quantity, and of penalties of an observable.
        seeds : ndarray, optional
            Points to start from, for a grid: rows of the quantity and the variables. Every fourth
            value is searched from the nearest and from a sample, others from their neighbours.
        near : list of ndarray, optional
            Points from which to start; default: the neighbours that are known.
        checkpoint : str or path-like, optional
            File for the results.
        exact : bool, default False
            Come close to values of an observable.
        """
        count, chosen = len(values), tuple(values.tolist())
        task: AtValue | AtTarget
        if self.observable is None:
            index = self.names.index(str(self.quantity))
            task = AtValue(self.function, index, self.bounds, chosen, self.starts, self.seed)
        else:
            task = AtTarget(
                self.function,
                self.observable,
                tuple(widths.tolist()),
                self.bounds,
                chosen,
                self.starts,
                self.seed,
                exact,
            )
        definition = self._definition | {"values": list(chosen)}
        with Session(
            task,
            definition,
            (count, 4 + len(self.names)),
            executor=self._executor,
            checkpoint=checkpoint,
            progress=self._bar.begin(),
        ) as session:
            blank = np.full((1, len(self.names)), np.nan)

            def point(number: int) -> Array:
                return np.vstack([blank, near[number] if near is not None else blank[:0]])

            if near is None:
                first = np.arange(count)
                if seeds is not None:
                    first = np.union1d(first[::_SEARCHED], [count - 1])
                    near = [_near(seeds, x)[:1] for x in values]
                    session.run(first, point)
                known = np.vstack([self.rows, session.rows])
                known = known[(known[:, 1] == 1) & np.isfinite(known[:, 0])]
                near = [_near(known[:, [2, *range(4, known.shape[1])]], x) for x in values]
            session.run(range(count), point)
        if len(session.failed) == count and not len(self.rows):
            session.fail()
        if self.observable is None:
            ended = session.finished & ~np.isfinite(session.rows[:, 0])
            self.vanishing += values[ended].tolist()
        self.failed += [session.failed[number] for number in sorted(session.failed)]
        return session.rows

    def curve(self) -> Curve:
        """What is known, in ascending order.

        Without maximisations that did not converge, as they can be too low, but for the highest of
        all.
        """
        if not len(self.rows):
            raise InvalidScan(f"the likelihood vanishes at all values of {self.quantity}")
        rows = self.rows[(self.rows[:, 1] == 1) | (self.rows[:, 0] == self.rows[:, 0].max())]
        left_out = len(self.rows) - len(rows)
        if left_out and len(rows) < 2:
            raise FailedMinimization(
                f"MIGRAD converges at none of {len(self.rows)} values of {self.quantity}; other"
                " bounds or more starts may help"
            )
        rows = rows[np.argsort(rows[:, 2], kind="stable")]
        # an observable can come out the same for two targets, a variable as at the maximum
        apart = np.diff(rows[:, 2]) > SAME * (rows[-1, 2] - rows[0, 2])
        group = np.cumsum(np.append(0, apart))
        rows = rows[np.lexsort((-rows[:, 0], group))]
        rows = rows[np.append(True, np.diff(group) > 0)]
        notes = []
        if self.failed:
            notes.append(f"{len(self.failed)} points failed, the first: {self.failed[0]}")
        if left_out:
            notes.append(
                f"{left_out} maximisations did not converge; they are left out, and the curve is"
                " interpolated there"
            )
        return Curve(
            self.quantity,
            rows[:, 2],
            rows[:, 0],
            rows[:, 3],
            {name: rows[:, 4 + i] for i, name in enumerate(self.names)},
            rows[:, 1].astype(bool),
            tuple(notes),
            self.definition(),
        )


def _near(rows: Array, value: float) -> Array:
    """Points to start from, shape (points, variables): the next two rows, one from either side.

    ``rows`` are of the quantity and the variables.
    """
    distance = np.abs(rows[:, 0] - value)
    order = np.argsort(distance, kind="stable")
    above = order[rows[order, 0] > value]
    below = order[rows[order, 0] <= value]
    chosen = np.concatenate([above[:1], below[:1]]).astype(int)
    if len(chosen) < 2:
        chosen = order[:2]
    return rows[chosen[np.argsort(distance[chosen], kind="stable")], 1:]
