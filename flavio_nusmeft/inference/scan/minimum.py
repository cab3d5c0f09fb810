"""The best fit of a log-likelihood; `minimize`, `Minimum` and `Start` are public in `scan`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._inputs import seed_number
from ..._optional import require
from ..._version import __version__
from ...errors import ConvergenceWarning, FailedMinimization, FailedPointWarning, InvalidScan
from . import curvature
from .descent import AGREE, MOST, REASONS, Objective, descend, higher, sobol, starting_points
from .points import LogLikelihood, evaluate
from .results import Minimum, Start, direction_text
from .session import Bounds, Path, Session, Show, bounds_array, check_names, identity, integer

__all__ = ["Found", "minimize", "search"]

Array = NDArray[np.float64]

_ROUND = 2  # descents, until it is asked whether they agree
_LEAST = 3  # descents
_STARTS = 10


def minimize(
    function: LogLikelihood,
    bounds: Bounds,
    *,
    starts: int = _STARTS,
    seed: int | np.random.Generator = 0,
    executor: Executor | int | None = None,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> Minimum:
    """The minimum of -2 ln L within bounds, by MIGRAD of iminuit, and its errors.

    A sample (the centre of the bounds, then scrambled Sobol points) is evaluated first. MIGRAD
    starts from its best points that are apart from each other, two at a time, until two starts
    have found the same maximum of ln L within 1e-3 and no other one a higher one. Then ln L is
    looked at along every variable; from where it is higher, MIGRAD starts once more.

    Parameters
    ----------
    function : LogLikelihood
        A log-likelihood, e.g. `LogLikelihood`. If it has a method ``value_and_gradient``, MIGRAD
        uses its derivatives.
    bounds : mapping of str to (float, float)
        (lower, upper) for every variable; they also set the scale of the first steps.
    starts : int, default 10
        Most starting points, each a task for the executor.
    seed : int or numpy.random.Generator, default 0
        Of the sample.
    executor : concurrent.futures.Executor or int, optional
        As in `grid`.
    checkpoint : str or path-like, optional
        As in `grid`.
    progress : bool, default True
        As in `grid`.

    Returns
    -------
    Minimum
        The best fit and what each start has found.

    Raises
    ------
    FailedMinimization
        If MIGRAD converges from none of the starts.
    FailedPoint
        If the function fails at all points of the sample, or from all starts.
    InvalidScan, InvalidCheckpoint, FailedWorkers
        As in `grid`.

    Warns
    -----
    ConvergenceWarning
        If MIGRAD did not converge for the best of the starts, or if no other start (of three and
        more) has found the same maximum.
    FailedPointWarning
        If the function raises an exception or is inf, for some starts or points of the sample.
        Errors of this package, ValueError, ArithmeticError and nan count as if the likelihood
        vanished.
    WorkerWarning, CheckpointWarning
        As in `grid`.
    """
    found = search(
        function,
        bounds,
        starts=starts,
        seed=seed,
        executor=executor,
        checkpoint=checkpoint,
        progress=progress,
    )
    definition = found.description | {"version": __version__}
    return _result(function.variables, found, definition)


class Found(NamedTuple):
    """The best of all starts, all of them, the sample (rows: variables, ln L), and errors."""

    best: Start
    starts: list[Start]
    sample: Array
    limits: Array
    examined: Array | None
    description: dict[str, Any]


def search(
    function: LogLikelihood,
    bounds: Bounds,
    *,
    starts: int = _STARTS,
    seed: int | np.random.Generator,
    executor: Executor | int | None,
    checkpoint: Path | None = None,
    progress: bool | Show,
    errors: bool = True,
    stacklevel: int = 3,
) -> Found:
    """What `minimize` finds, without errors of the variables if they are not asked for."""
    require("minimize", "iminuit")
    check_names(function, "bounds", bounds)
    starts, seed = integer("starts", starts, 1), seed_number(seed, InvalidScan)
    names = function.variables
    limits = bounds_array(bounds, names)
    count = min(MOST, max(32, 1 << (8 * len(names) - 1).bit_length()))
    settings: dict[str, Any] = {"bounds": dict(zip(names, limits.tolist(), strict=True))}
    settings |= {"starts": starts, "seed": seed, "sample": count}
    description = identity("minimize", function, **settings)
    task = _Fit(function, limits, MOST + starts)
    with Session(
        task,
        description,
        (MOST + starts + 2, task.width),
        executor=executor,
        checkpoint=checkpoint,
        progress=progress,
    ) as session:
        steps = _Search(task, session, count + starts + 1 + errors)
        steps.sample(count, seed)
        found = steps.descents()
        best = _best(found)
        examined = steps.examine(best) if best.valid and errors else None
        session.total = int(session.finished.sum()) + len(session.failed)
    _warn(found, best, session.failed, stacklevel + 1)
    sample = session.rows[:MOST, : len(names) + 1]
    return Found(best, found, sample, limits, examined, description)


def _warn(found: list[Start], best: Start, failed: dict[int, str], stacklevel: int) -> None:
    """Warn of what failed, raise if nothing converged."""
    if failed:
        warnings.warn(
            f"the log-likelihood fails for {len(failed)} starts or points of the sample, "
            f"which are left out: {failed[min(failed)]}",
            FailedPointWarning,
            stacklevel=stacklevel,
        )
    if not best.valid:
        if not any(start.valid for start in found):
            raise FailedMinimization(
                f"MIGRAD converges from none of {len(found)} starting points; the best point "
                f"reached is {best.values} with ln L = {best.log_likelihood}. Other bounds or more "
                "starts may help; where a prior ends in -inf, MIGRAD cannot converge: end the "
                "bounds there"
            )
        warnings.warn(
            "MIGRAD did not converge for the best of the starts; more starts or other bounds may "
            "help",
            ConvergenceWarning,
            stacklevel=stacklevel,
        )
    if len(found) >= _LEAST and not _agree(found):
        warnings.warn(
            f"the maximum was found from one of {len(found)} starts only; more starts or other "
            "bounds may give a higher one",
            ConvergenceWarning,
            stacklevel=stacklevel,
        )


@dataclass(frozen=True)
class _Fit:
    """The tasks: the sample, descents, and the examination of the best; all start with ``x``.

    - number < `MOST`: ln L; whether it is an error that counts as -inf
    - number < ``last``: ln L; reason, see `REASONS`; the variables
    - ``last``: the same, from a higher point on a line through the best
    - the one after: see `curvature.Curvature`, the covariance in the units of the variables
    """

    function: LogLikelihood
    bounds: Array
    last: int

    @property
    def width(self) -> int:
        n = len(self.bounds)
        return 3 * n + 2 * n**2

    def __call__(self, number: int, x: Array) -> Array:
        n = len(self.bounds)
        objective = Objective(self.function, x, range(n), self.bounds)
        u = objective.scaled(x)
        if number < MOST:
            found: Any = [-objective.value(u), objective.error is not None]
        elif number <= self.last:
            start = u if number < self.last else higher(objective, u)
            if number < self.last or start is not u:
                value, u, reason = descend(objective, start)
            else:
                value, reason = objective.value(u), 0
            found = [-value, reason, *objective.values(u)]
        else:
            found = self._examined(curvature.examine(objective, u, _pairs(self.function.variables)))
        row = np.full(self.width, np.nan)
        row[:n], row[n : n + len(found)] = x, found
        return row

    def _examined(self, found: curvature.Curvature) -> Array:
        n = len(self.bounds)
        scale = self.bounds[:, 1] - self.bounds[:, 0]
        directions, kinds = np.full((n, n), np.nan), np.full(n, np.nan)
        directions[: len(found.directions)] = found.directions
        kinds[: len(found.kinds)] = found.kinds
        covariance = found.covariance * np.outer(scale, scale)
        return np.concatenate([found.codes, covariance.ravel(), directions.ravel(), kinds])


class _Search:
    """The order of the tasks, which depends on their results alone."""

    def __init__(self, task: _Fit, session: Session, total: int) -> None:
        self._task = task
        self._session = session
        self._n = len(task.bounds)
        self._looked = False
        session.total = total

    def _ask(self, first: int, points: Sequence[Array]) -> Array:
        """Results of the tasks from ``first`` on, nan for those that fail, without ``x``."""
        session, numbers = self._session, range(first, first + len(points))
        for number, x in zip(numbers, points, strict=True):
            # a point of the sample that failed before the scan was resumed changes the starts
            session.finished[number] &= np.array_equal(session.rows[number, : self._n], x)
        session.run(numbers, lambda number: points[number - first])
        rows = session.rows[numbers.start : numbers.stop, self._n :].copy()
        rows[[number in session.failed for number in numbers]] = np.nan
        return rows

    def sample(self, count: int, seed: int) -> None:
        """Evaluate a sample, with as many points as it takes until some are finite."""
        low, high = self._task.bounds.T
        u = sobol(self._n, MOST, (seed,))
        self._points = np.clip(low + u * (high - low), low, high)
        values = np.full(MOST, np.inf)
        for first in range(0, MOST, count):
            rows = self._ask(first, self._points[first : first + count])
            values[first : first + count] = np.nan_to_num(-rows[:, 0], nan=np.inf, posinf=np.inf)
            if np.isfinite(values).any():
                self._order = starting_points(u, values)
                return
            if self._session.failed:
                self._session.fail()
        walls = np.flatnonzero(self._session.rows[:MOST, self._n + 1] == 1)
        if len(walls):  # the error, as it is raised
            evaluate(self._task.function, self._points[walls[0]])
        raise FailedMinimization(
            "the likelihood vanishes at all starting points tried within the bounds; other bounds "
            "may help"
        )

    def descents(self) -> list[Start]:
        """From the most promising points, until two agree."""
        found: list[Start] = []
        most = self._task.last - MOST
        order = self._order[:most]
        for first in range(0, len(order), _ROUND):
            numbers = range(first, min(first + _ROUND, len(order)))
            rows = self._ask(MOST + first, [self._points[order[i]] for i in numbers])
            for i, row in zip(numbers, rows, strict=True):
                found.append(self._start(MOST + i, row))
            if _agree(found) and not self._is_higher(found):
                break
        if len(self._session.failed) and all(np.isnan(s.log_likelihood) for s in found):
            self._session.fail()
        return found

    def _is_higher(self, found: list[Start]) -> bool:
        """Whether a line through the best leads to a higher maximum, which is then the last found.

        Asked once.
        """
        number, best = self._task.last, _best(found)
        if not self._looked:
            self._looked = True
            row = self._ask(number, [np.array(list(best.values.values()))])[0]
            if (start := self._start(number, row)).log_likelihood > best.log_likelihood + AGREE:
                found.append(start)
                return True
        return False

    def _start(self, number: int, row: Array) -> Start:
        names = self._task.function.variables
        values = dict(zip(names, row[2 : 2 + self._n].tolist(), strict=True))
        if number in self._session.failed:
            return Start(values, np.nan, False, self._session.failed[number])
        return Start(values, float(row[0]), bool(row[1] == 0), REASONS[int(row[1])])

    def examine(self, best: Start) -> Array | None:
        """None if the function fails."""
        number = self._task.last + 1
        x = np.array(list(best.values.values()))
        row = self._ask(number, [x])[0]
        return None if number in self._session.failed else row


def _pairs(names: tuple[str, ...]) -> list[tuple[int, int]]:
    """Real and imaginary part of the same coefficient."""
    parts = [(i, f"Im({name})") for i, name in enumerate(names)]
    return [(i, names.index(part)) for i, part in parts if part in names]


def _agreeing(found: Sequence[Start]) -> list[Start]:
    """Those with the highest ln L."""
    done = [start for start in found if np.isfinite(start.log_likelihood)]
    highest = max((start.log_likelihood for start in done), default=np.inf)
    return [start for start in done if start.log_likelihood >= highest - AGREE]


def _best(found: Sequence[Start]) -> Start:
    """The highest; a valid one, if one agrees with it."""
    agreeing = _agreeing(found)
    valid = [start for start in agreeing if start.valid] or agreeing
    return max(valid, key=lambda start: start.log_likelihood)


def _agree(found: Sequence[Start]) -> bool:
    done = sum(bool(np.isfinite(start.log_likelihood)) for start in found)
    return done >= _LEAST and len(_agreeing(found)) > 1 and _best(found).valid


def _result(names: tuple[str, ...], found: Found, definition: dict[str, Any]) -> Minimum:
    n, best, examined = len(names), found.best, found.examined
    codes, covariance = np.full(n, curvature.UNKNOWN), np.full((n, n), np.nan)
    flat: list[str] = []
    if examined is not None:
        codes = examined[:n].astype(int)
        covariance = examined[n : n + n**2].reshape(n, n)
        directions = examined[n + n**2 : n + 2 * n**2].reshape(n, n)
        kinds = examined[n + 2 * n**2 :]
        flat = [
            f"{name} does not change this likelihood"
            for name, code in zip(names, codes, strict=True)
            if code == curvature.FLAT
        ]
        ranges, pairs = found.limits[:, 1] - found.limits[:, 0], _pairs(names)
        flat += [
            direction_text(names, direction, ranges, pairs, int(kind))
            for direction, kind in zip(directions, kinds, strict=True)
            if np.isfinite(kind)
        ]
    return Minimum(
        best.values,
        best.log_likelihood,
        best.valid,
        best.reason,
        errors=dict(zip(names, np.sqrt(np.diag(covariance)).tolist(), strict=True)),
        covariance=covariance,
        notes={
            name: curvature.REASONS[code] for name, code in zip(names, codes, strict=True) if code
        },
        flat=tuple(flat),
        starts=tuple(found.starts),
        definition=definition,
    )
