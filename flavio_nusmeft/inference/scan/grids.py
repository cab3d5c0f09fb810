"""Log-likelihoods and profile likelihoods on a grid; `grid` and `Grid` are public in `scan`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._inputs import seed_number
from ..._optional import require
from ..._saved import Saved
from ...errors import ConvergenceWarning, FailedPointWarning, InvalidScan
from .descent import Profile
from .points import Block, LogLikelihood, Value
from .session import (
    Bounds,
    Path,
    Session,
    axis,
    bounds_array,
    check_names,
    identity,
    integer,
)

__all__ = ["Grid", "grid"]


@dataclass(frozen=True, eq=False, repr=False)
class Grid(Saved):
    """Result of `grid`.

    Attributes
    ----------
    axes : dict of str to ndarray
        The values of every axis.
    log_likelihood : ndarray
        ln L, with the lengths of the axes as shape; nan where it could not be computed.
    profiled : dict of str to ndarray
        Values of the profiled variables at the maximum, arrays of the same shape; nan where the
        likelihood vanishes at all points that were tried, or could not be computed.
    converged : ndarray of bool
        Of the same shape, whether MIGRAD has converged (True without ``profile``, but False where
        ln L could not be computed).
    failed : dict of tuple of int to str
        The reasons, by the indices of the point, why ln L could not be computed.
    """

    axes: dict[str, NDArray[np.float64]]
    log_likelihood: NDArray[np.float64]
    profiled: dict[str, NDArray[np.float64]]
    converged: NDArray[np.bool_]
    failed: dict[tuple[int, ...], str]

    def __repr__(self) -> str:
        axes = " x ".join(f"{name} ({len(values)})" for name, values in self.axes.items())
        highest = f"maximum of ln L {np.nanmax(self.log_likelihood):.6g}"
        profiled = f", profiled: {', '.join(self.profiled)}" if self.profiled else ""
        failed = len(self.failed)
        open_ = int(np.sum(~self.converged)) - failed
        more = f"{f', {open_} not converged' * bool(open_)}{f', {failed} failed' * bool(failed)}"
        return f"Grid({axes}: {highest}{profiled}{more})"


def grid(
    function: LogLikelihood,
    axes: Mapping[str, ArrayLike],
    *,
    profile: Bounds | None = None,
    starts: int = 3,
    seed: int | np.random.Generator = 0,
    executor: Executor | int | None = None,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> Grid:
    """The log-likelihood at all combinations of the values of ``axes``.

    Parameters
    ----------
    function : LogLikelihood
        A log-likelihood, e.g. `LogLikelihood`.
    axes : mapping of str to array_like
        For each variable a 1-d array; their order is that of the axes of the result.
    profile : mapping of str to (float, float), optional
        Bounds (lower, upper) of the variables over which to maximise at every point, by iminuit.
        Together with ``axes`` these must be all variables of the function.
    starts : int, default 3
        Most descents of every maximisation, from the best points of a sample (the centre of the
        bounds, then scrambled Sobol points); when two agree within 1e-3 in ln L, it ends.
    seed : int or numpy.random.Generator, default 0
        Of the samples.
    executor : concurrent.futures.Executor or int, optional
        None for this process, a number of processes, or an executor; it is kept open.
    checkpoint : str or path-like, optional
        File for the results, to continue if the scan is interrupted.
    progress : bool, default True
        Show a bar on stderr.

    Returns
    -------
    Grid
        The values, as arrays over the axes.

    Raises
    ------
    InvalidScan
        If axes, bounds or numbers do not fit.
    InvalidCheckpoint
        If the file is not that of the same scan, damaged, in use or cannot be written.
    FailedPoint
        If the function raises an exception, is nan or inf at all points.
    FailedWorkers
        If workers die at the same point three times.

    Warns
    -----
    FailedPointWarning
        If the function raises an exception, is nan or inf at some of the points, see ``failed``.
        These are not stored in the checkpoint, and tried again if the scan is repeated. In a
        maximisation, errors of this package, ValueError, ArithmeticError and nan count as if the
        likelihood vanished.
    WorkerWarning
        If a worker died; its points are done again.
    CheckpointWarning
        If the file can no longer be written; the scan goes on.
    ConvergenceWarning
        If MIGRAD did not converge at some of the points, see ``converged``.
    """
    bounds = {} if profile is None else profile
    if bounds:
        require("grid with profile", "iminuit")
    check_names(function, "axes and profile" if bounds else "axes", axes, bounds)
    starts, seed = integer("starts", starts, 1), seed_number(seed, InvalidScan)
    values = {name: axis(name, given) for name, given in axes.items()}
    variables, free = function.variables, tuple(bounds)
    limits = bounds_array(bounds, free)
    settings: dict[str, Any] = {"axes": {name: array.tolist() for name, array in values.items()}}
    if free:
        settings |= {"profile": dict(zip(free, limits.tolist(), strict=True))}
        settings |= {"starts": starts, "seed": seed, "sample": Profile.sample(len(free))}
        task: Value | Block | Profile = Profile(
            function, tuple(variables.index(name) for name in free), limits, starts, seed
        )
    else:
        size = integer("together of the log-likelihood", getattr(function, "together", 1), 1)
        task = Value(function) if size == 1 else Block(function, size)
        settings |= {"together": size} if size > 1 else {}
    shape = tuple(len(array) for array in values.values())
    positions = [variables.index(name) for name in values]

    def point(number: int) -> NDArray[np.float64]:
        x = np.full(len(variables), np.nan)
        indices = np.unravel_index(number, shape) if shape else ()
        x[positions] = [array[i] for array, i in zip(values.values(), indices, strict=True)]
        return x

    count = int(np.prod(shape))
    with Session(
        task,
        identity("grid", function, **settings),
        (count, 2 + len(free) if free else 1),
        executor=executor,
        checkpoint=checkpoint,
        progress=progress,
    ) as session:
        session.run(range(count), point)
    rows, failed = session.rows, sorted(session.failed.items())
    if len(failed) == count:
        session.fail()
    if failed:
        warnings.warn(
            f"the log-likelihood could not be computed at {len(failed)} of {count} points, which "
            f"are nan, see 'failed': {failed[0][1]}",
            FailedPointWarning,
            stacklevel=2,
        )
    converged = (rows[:, 1] if free else session.finished).astype(bool) & session.finished
    unsure = np.flatnonzero(~converged & session.finished)
    if len(unsure):
        first = point(int(unsure[0]))
        place = ", ".join(f"{variables[i]} = {first[i]}" for i in positions)
        warnings.warn(
            f"MIGRAD did not converge at {len(unsure)} of {count} points, first at "
            f"{place or 'the only one'}; more starts or other bounds may help",
            ConvergenceWarning,
            stacklevel=2,
        )
    return Grid(
        values,
        rows[:, 0].reshape(shape),
        {name: rows[:, 2 + i].reshape(shape) for i, name in enumerate(free)},
        converged.reshape(shape),
        {tuple(map(int, np.unravel_index(i, shape))): reason for i, reason in failed},
    )
