"""Nested sampling of a log-likelihood with dynesty; `nested` is public in `scan`.

Every value is stored by its point: a run that is repeated with the same seed asks for the same
points, and finds those that it has had.
"""

from __future__ import annotations

import hashlib
import math
import threading
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._inputs import number, seed_number
from ..._optional import require
from ..._version import __version__
from ...errors import FailedPoint, FailedPointWarning, InvalidScan
from .checkpoint import Checkpoint
from .evidence import Nested
from .points import LogLikelihood, Wall, evaluate
from .runner import Runner
from .session import (
    Bounds,
    Path,
    bounds_array,
    check_names,
    identity,
    integer,
    progress_bar,
)

__all__ = ["nested"]

Array = NDArray[np.float64]

_AT_ONCE = 16  # searches for a new live point
_DRAWS = 1000  # for a live point at the beginning
#: of the volume around the live points, in two variables. What dynesty takes by default leaves out
#: a maximum at a corner of the prior: of a narrow one, ln Z can be wrong by 10 then.
_ENLARGE = 2.0


def nested(
    function: LogLikelihood,
    bounds: Bounds,
    *,
    live: int = 500,
    dlogz: float = 0.1,
    seed: int | np.random.Generator = 0,
    executor: Executor | int | None = None,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> Nested:
    """Evidence and posterior for a flat prior within bounds, by nested sampling (dynesty).

    Parameters
    ----------
    function : LogLikelihood
        A log-likelihood, e.g. `LogLikelihood`.
    bounds : mapping of str to (float, float)
        (lower, upper) for every variable: the range of its prior, on which the evidence depends.
    live : int, default 500
        Live points. The error of ln Z falls, and the number of calls rises with it.
    dlogz : float, default 0.1
        The run ends when the live points can add less than this to ln Z.
    seed : int or numpy.random.Generator, default 0
        Of all random numbers, as in `grid`.
    executor : concurrent.futures.Executor or int, optional
        As in `grid`; up to 16 points are evaluated at the same time.
    checkpoint : str or path-like, optional
        As in `grid`; every point is stored.
    progress : bool, default True
        As in `grid`; the number of steps is an estimate.

    Returns
    -------
    Nested
        ln Z, and weighted samples.

    Raises
    ------
    InvalidScan
        If bounds or numbers do not fit, or if the likelihood vanishes almost everywhere.
    FailedPoint
        If the function fails at all points at the beginning.
    InvalidCheckpoint, FailedWorkers
        As in `grid`.

    Warns
    -----
    FailedPointWarning
        If the function raises an exception or is inf at some points. There, and where it is nan or
        raises an error of this package, a ValueError or an ArithmeticError, the likelihood counts
        as zero; the notes of the result say at how many points.
    WorkerWarning, CheckpointWarning
        As in `grid`.

    Notes
    -----
    dynesty: arXiv:1904.02180; nested sampling: Skilling, doi:10.1214/06-BA127. The part of the
    prior where the likelihood does not vanish is measured by the draws of the first live points.
    The prior of a fit parameter is part of the likelihood, beside the flat one.
    """
    require("nested", "dynesty")
    check_names(function, "bounds", bounds)
    names, seed = function.variables, seed_number(seed, InvalidScan)
    limits = bounds_array(bounds, names)
    live = integer("live (at least 20 and 5 per variable)", live, max(20, 5 * len(names)))
    dlogz = number("dlogz", dlogz, InvalidScan)
    if not 0 < dlogz < math.inf:
        raise InvalidScan(f"dlogz must be positive and finite, not {dlogz}")
    settings: dict[str, Any] = {"bounds": dict(zip(names, limits.tolist(), strict=True))}
    settings |= {"live": live, "dlogz": dlogz, "seed": seed}
    description = identity("nested", function, **settings)
    task = _Point(function)
    with ExitStack() as stack:
        store: Checkpoint | None = None
        if checkpoint is not None:
            store = stack.enter_context(Checkpoint(checkpoint, description, len(names) + 2))
        runner = stack.enter_context(Runner(task, executor, names))
        values = _Values(runner, store, len(names))
        show = stack.enter_context(progress_bar("nested", live, progress))
        run = _Run(values, limits, live, seed, parallel=executor is not None)
        points, part = run.start(function)
        found = run.sample(points, dlogz, show)
    if values.failed:
        warnings.warn(
            f"the log-likelihood fails at {len(values.failed)} points, where the likelihood counts "
            f"as zero: {values.first_failed()}",
            FailedPointWarning,
            stacklevel=2,
        )
    import dynesty

    weights = np.exp(found.logwt - found.logwt.max())
    return Nested(
        names,
        float(found.logz[-1]) + math.log(part),
        # the number of draws for the first live points has a negative binomial distribution
        math.hypot(float(found.logzerr[-1]), math.sqrt((1 - part) / live)),
        np.asarray(found.samples),
        weights / weights.sum(),
        np.asarray(found.logl),
        values.calls,
        tuple(_notes(values, part)),
        description | {"version": __version__, "dynesty": dynesty.__version__},
    )


def _notes(values: _Values, part: float) -> list[str]:
    notes = []
    if part < 1:
        notes.append(f"the likelihood vanishes in {1 - part:.2g} of the prior's volume")
    if values.walls:
        notes.append(
            f"the log-likelihood is nan or outside of its domain at {len(values.walls)} points, "
            "where the likelihood counts as zero"
        )
    if values.failed:
        notes.append(
            f"the log-likelihood fails at {len(values.failed)} points, where the likelihood counts "
            "as zero"
        )
    return notes


@dataclass(frozen=True)
class _Point:
    """Array (variables + 2): the point, ln L, whether it is an error that counts as -inf."""

    function: LogLikelihood

    def __call__(self, number: int, x: Array) -> Array:
        try:
            return np.array([*x, evaluate(self.function, x), 0.0])
        except Wall:
            return np.array([*x, -np.inf, 1.0])


class _Values:
    """Values of the log-likelihood by the points, those of the checkpoint to begin with.

    Attributes
    ----------
    calls : int
        Number of values that were asked for.
    walls : set of bytes
        Points with an error that counts as -inf.
    failed : dict of bytes to FailedPoint
        Points that are not stored, and tried again on resumption.
    """

    def __init__(self, runner: Runner, store: Checkpoint | None, width: int) -> None:
        self._runner, self._store, self._width = runner, store, width
        self._rows: dict[bytes, Array] = {}
        self.calls = 0
        self.walls: set[bytes] = set()
        self.failed: dict[bytes, FailedPoint] = {}
        if store is not None:
            self._rows = {row[:width].tobytes(): row for row in store.rows}

    def __call__(self, points: Iterable[Array]) -> list[float]:
        """The values at several points, evaluated at the same time."""
        wanted = [np.asarray(x, dtype=float) for x in points]
        self.calls += len(wanted)
        new = [i for i, x in enumerate(wanted) if x.tobytes() not in self._rows]
        self._runner.run(
            new,
            lambda i: wanted[i],
            self._done,
            lambda i, error, trace: self._note(wanted[i].tobytes(), error, trace),
        )
        return [self._value(x.tobytes()) for x in wanted]

    def _done(self, rows: dict[int, Array]) -> None:
        by_point = {row[: self._width].tobytes(): row for row in rows.values()}
        self._rows |= by_point
        if self._store is not None:
            self._store.add({_key(x): row for x, row in by_point.items()})

    def _note(self, x: bytes, error: FailedPoint, trace: str) -> None:
        self.failed[x] = FailedPoint(f"{error}{trace}")
        self.failed[x].__cause__ = error.__cause__

    def _value(self, x: bytes) -> float:
        row = self._rows.get(x)
        if row is None:
            return -math.inf
        if row[-1]:
            self.walls.add(x)
        return float(row[-2])

    def first_failed(self) -> FailedPoint:
        """The same, in whatever order points were evaluated."""
        return self.failed[min(self.failed)]


def _key(x: bytes) -> int:
    """Of a point in the checkpoint, where it is beside the value: 63 bits."""
    return int.from_bytes(hashlib.sha256(x).digest()[:8], "big") >> 1


class _Run:
    """A run of dynesty, whose points depend on the seed alone.

    It is also what dynesty calls a pool: in each of `_AT_ONCE` searches, one after the other in
    this process, or, to have points for an executor, each in a thread that waits for its values.
    """

    def __init__(
        self, values: _Values, limits: Array, live: int, seed: int, *, parallel: bool
    ) -> None:
        self._values, self._limits, self._live = values, limits, live
        self._parallel = parallel
        self._requests: SimpleQueue[tuple[Array, Future[float]] | None] = SimpleQueue()
        self._error: BaseException | None = None
        self._first, self._others = (
            np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(i,))) for i in range(2)
        )

    def _place(self, u: Array) -> Array:
        low, high = self._limits.T
        return np.clip(low + u * (high - low), low, high)

    def start(self, function: LogLikelihood) -> tuple[tuple[Array, Array, Array], float]:
        """Live points in the unit cube, in the bounds, their ln L; the part with a likelihood."""
        found: list[tuple[Array, Array, float]] = []
        drawn = 0
        while len(found) < self._live:
            cube = self._first.random((self._live - len(found), len(self._limits)))
            places = self._place(cube)
            values = self._values(places)
            drawn += len(cube)
            found += [row for row in zip(cube, places, values, strict=True) if row[2] > -math.inf]
            if not found and self._values.failed:
                raise self._values.first_failed()
            if drawn >= _DRAWS * (len(found) + 1):
                if not found and self._values.walls:  # the error, as it is raised
                    evaluate(function, np.frombuffer(min(self._values.walls)))
                raise InvalidScan(
                    f"the likelihood vanishes at {drawn - len(found)} of {drawn} random points "
                    "within the bounds; narrower bounds would help"
                )
        u, v, log_likelihood = zip(*found, strict=True)
        # the last draw is always a live point
        part = 1.0 if drawn == len(found) else (len(found) - 1) / (drawn - 1)
        return (np.array(u), np.array(v), np.array(log_likelihood)), part

    def sample(
        self,
        points: tuple[Array, Array, Array],
        dlogz: float,
        show: Callable[[int, int], None],
    ) -> Any:
        """Results of dynesty, whose warnings are about its inner workings."""
        import dynesty

        def report(step: Any, number: int, calls: int, **more: Any) -> None:
            # ln Z can grow by delta_logz, which falls by a factor e in as many steps as live points
            ahead = step.delta_logz - dlogz if step.delta_logz > 1 else 0.0
            ahead += math.log(max(math.expm1(min(step.delta_logz, 1.0)) / math.expm1(dlogz), 1.0))
            show(number, number + self._live + int(self._live * min(ahead, 1e6)))

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"dynesty\b")
            sampler = dynesty.NestedSampler(
                self._value,
                self._place,
                len(self._limits),
                nlive=self._live,
                live_points=[array.copy() for array in points],
                rstate=self._others,
                bootstrap=0,
                enlarge=_ENLARGE ** (len(self._limits) / 2),
                pool=self,
                queue_size=min(_AT_ONCE, self._live // 4),
                use_pool=dict.fromkeys(["prior_transform", "loglikelihood", "update_bound"], False),
            )
            sampler.ncall = self._live  # which dynesty does not count if they are given
            sampler.run_nested(dlogz=dlogz, print_func=report, save_bounds=False)
        steps = len(sampler.results.logl)
        show(steps, steps)
        return sampler.results

    def map(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> list[Any]:
        """Results of the searches; they call `_value`."""
        if not self._parallel:
            results = [function(task) for task in tasks]
        else:
            results = self._together(function, list(tasks))
        if self._error is not None:
            raise self._error
        return results

    def _value(self, x: Array) -> float:
        if self._error is not None:
            return math.inf  # ends the search
        if self._parallel:
            answer: Future[float] = Future()
            self._requests.put((x, answer))
            return answer.result()
        try:
            return self._values([x])[0]
        except BaseException as error:  # dynesty would print it
            self._error = error
            return math.inf

    def _together(self, function: Callable[[Any], Any], tasks: list[Any]) -> list[Any]:
        results = [None] * len(tasks)

        def search(i: int) -> None:
            try:
                results[i] = function(tasks[i])
            except BaseException as error:
                self._error = error
            finally:
                self._requests.put(None)

        for i in range(len(tasks)):
            threading.Thread(target=search, args=(i,), daemon=True).start()
        running, waiting = len(tasks), []
        while running:
            request = self._requests.get()
            if request is None:
                running -= 1
            else:
                waiting.append(request)
            if waiting and len(waiting) == running:
                for (_, answer), value in zip(waiting, self._answers(waiting), strict=True):
                    answer.set_result(value)
                waiting = []
        return results

    def _answers(self, waiting: list[tuple[Array, Future[float]]]) -> list[float]:
        if self._error is None:
            try:
                return self._values(x for x, _ in waiting)
            except BaseException as error:
                self._error = error
        return [math.inf] * len(waiting)
