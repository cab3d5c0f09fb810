"""Scans of a log-likelihood over coefficients, masses and other parameters.

- `grid`: the likelihood on a grid, or with ``profile`` its maximum over further variables: for
  contours in one or two variables
- `minimize`: the best fit, from several starting points, with errors
- `sample`: a Markov chain, for posterior distributions in many variables

A log-likelihood is any picklable callable with an attribute ``variables`` (`LogLikelihood`).
With ``checkpoint``, a file, a scan that is repeated after it was interrupted or killed does the
missing points only, and its result is the same to the last bit. Results depend on the arguments
and ``seed`` alone, not on the executor or the order in which points are finished.

``executor`` is None (this process), a number of processes, or any executor of the interface of
``concurrent.futures``. In a script, calls with processes belong under
``if __name__ == "__main__":``. On a cluster, with dask-jobqueue::

    from dask.distributed import Client
    from dask_jobqueue import SLURMCluster

    cluster = SLURMCluster(
        cores=8,
        processes=8,
        memory="16GB",
        walltime="04:00:00",
        worker_extra_args=["--preload", "flavio_nusmeft"],
    )
    cluster.scale(jobs=20)
    with Client(cluster) as client:
        grid(function, axes, executor=client.get_executor(), checkpoint="scan.db")

or with MPI, started as ``mpiexec -n 64 python -m mpi4py.futures script.py``::

    from mpi4py.futures import MPIPoolExecutor

    with MPIPoolExecutor() as executor:
        grid(function, axes, executor=executor, checkpoint="scan.db")

Use one thread per process: flavio is not made for several. With dask, let the workers import the
package before they report for work (``--preload``; ``LocalCluster(preload=["flavio_nusmeft"])``):
the import blocks a worker for seconds, and on a busy machine dask takes it for lost. If a worker
dies, this is reported, and its points are done again; MPI however ends the whole job then: start it
again with the same checkpoint.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._inputs import seed_number
from ..._optional import require
from ...errors import ConvergenceWarning, FailedMinimization, InvalidScan
from .points import Fit, LogLikelihood, Profile, Value
from .sampling import Chain, sample
from .session import (
    Bounds,
    Path,
    axis,
    bounds_array,
    check_names,
    evaluate_all,
    identity,
    integer,
)

__all__ = ["Chain", "Grid", "LogLikelihood", "Minimum", "Start", "grid", "minimize", "sample"]


def __dir__() -> list[str]:
    return sorted(__all__)


@dataclass(frozen=True, eq=False, repr=False)
class Grid:
    """Result of `grid`.

    Attributes
    ----------
    axes : dict of str to ndarray
        The values of every axis.
    log_likelihood : ndarray
        ln L, with the lengths of the axes as shape.
    profiled : dict of str to ndarray
        Values of the profiled variables at the maximum, arrays of the same shape; nan where the
        likelihood vanishes at all points that were tried.
    converged : ndarray of bool
        Of the same shape, whether MIGRAD has converged (True without ``profile``).
    """

    axes: dict[str, NDArray[np.float64]]
    log_likelihood: NDArray[np.float64]
    profiled: dict[str, NDArray[np.float64]]
    converged: NDArray[np.bool_]

    def __repr__(self) -> str:
        axes = " x ".join(f"{name} ({len(values)})" for name, values in self.axes.items())
        highest = f"maximum of ln L {self.log_likelihood.max():.6g}"
        profiled = f", profiled: {', '.join(self.profiled)}" if self.profiled else ""
        failed = int(np.sum(~self.converged))
        return f"Grid({axes}: {highest}{profiled}{f', {failed} not converged' * bool(failed)})"


@dataclass(frozen=True, repr=False)
class Start:
    """What `minimize` has found from one starting point; nan and -inf if none was finite.

    Attributes
    ----------
    values : dict of str to float
        Values of the variables at the maximum of the likelihood.
    errors : dict of str to float
        Errors of HESSE, from the curvature (-2 ln L + 1); without meaning at the bounds.
    log_likelihood : float
        The maximum of ln L.
    valid : bool
        Whether MIGRAD has converged.
    """

    values: dict[str, float]
    errors: dict[str, float]
    log_likelihood: float
    valid: bool

    def __repr__(self) -> str:
        values = ", ".join(
            f"{name} = {value:.6g} ± {self.errors[name]:.2g}" for name, value in self.values.items()
        )
        state = "valid" if self.valid else "not valid"
        return f"{type(self).__name__}({values}: ln L = {self.log_likelihood:.6g}, {state})"


@dataclass(frozen=True, repr=False)
class Minimum(Start):
    """Result of `minimize`: the best of its starts, and all of them.

    Attributes
    ----------
    values : dict of str to float
        Values of the variables at the maximum of the likelihood.
    errors : dict of str to float
        Errors of HESSE, from the curvature (-2 ln L + 1); without meaning at the bounds.
    log_likelihood : float
        The maximum of ln L.
    valid : bool
        Whether MIGRAD has converged there.
    starts : tuple of Start
        The results from all starting points.
    """

    starts: tuple[Start, ...]


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
        Starting points of every maximisation: the centre of the bounds, then random ones.
    seed : int or numpy.random.Generator, default 0
        Seed of the random starting points; a generator gives an integer for it, and a checkpoint
        is that of this integer.
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
        If the function raises an exception or is nan, after all other results were stored.
    FailedWorkers
        If workers die at the same point three times.

    Warns
    -----
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
    settings = {"axes": {name: array.tolist() for name, array in values.items()}}
    if free:
        settings |= {"profile": dict(zip(free, limits.tolist(), strict=True))}
        task: Value | Profile = Profile(
            function, tuple(variables.index(name) for name in free), limits, starts, seed
        )
        description = identity("grid", function, **settings, starts=starts, seed=seed)
    else:
        task = Value(function)
        description = identity("grid", function, **settings)
    shape = tuple(len(array) for array in values.values())
    positions = [variables.index(name) for name in values]

    def point(number: int) -> NDArray[np.float64]:
        x = np.full(len(variables), np.nan)
        indices = np.unravel_index(number, shape) if shape else ()
        x[positions] = [array[i] for array, i in zip(values.values(), indices, strict=True)]
        return x

    rows = evaluate_all(
        task,
        description,
        point,
        (int(np.prod(shape)), 2 + len(free) if free else 1),
        executor=executor,
        checkpoint=checkpoint,
        progress=progress,
    )
    converged = rows[:, 1].astype(bool) if free else np.ones(len(rows), dtype=bool)
    if not converged.all():
        first = point(int(np.flatnonzero(~converged)[0]))
        place = ", ".join(f"{variables[i]} = {first[i]}" for i in positions)
        warnings.warn(
            f"MIGRAD did not converge at {np.sum(~converged)} of {len(rows)} points, first at "
            f"{place or 'the only one'}; more starts or other bounds may help",
            ConvergenceWarning,
            stacklevel=2,
        )
    return Grid(
        values,
        rows[:, 0].reshape(shape),
        {name: rows[:, 2 + i].reshape(shape) for i, name in enumerate(free)},
        converged.reshape(shape),
    )


def minimize(
    function: LogLikelihood,
    bounds: Bounds,
    *,
    starts: int = 10,
    seed: int | np.random.Generator = 0,
    executor: Executor | int | None = None,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> Minimum:
    """The minimum of -2 ln L within bounds, by MIGRAD and HESSE of iminuit.

    Parameters
    ----------
    function : LogLikelihood
        A log-likelihood, e.g. `LogLikelihood`.
    bounds : mapping of str to (float, float)
        (lower, upper) for every variable; they also set the scale of the first steps.
    starts : int, default 10
        Starting points, each a task for the executor: the centre, then random ones.
    seed : int or numpy.random.Generator, default 0
        As in `grid`.
    executor : concurrent.futures.Executor or int, optional
        As in `grid`.
    checkpoint : str or path-like, optional
        As in `grid`.
    progress : bool, default True
        As in `grid`.

    Returns
    -------
    Minimum
        The best of all starts.

    Raises
    ------
    FailedMinimization
        If MIGRAD converges from none of the starts.
    InvalidScan, InvalidCheckpoint, FailedPoint, FailedWorkers
        As in `grid`.

    Warns
    -----
    ConvergenceWarning
        If MIGRAD did not converge for the best of the starts.
    WorkerWarning, CheckpointWarning
        As in `grid`.
    """
    require("minimize", "iminuit")
    check_names(function, "bounds", bounds)
    starts, seed = integer("starts", starts, 1), seed_number(seed, InvalidScan)
    names = function.variables
    limits = bounds_array(bounds, names)
    settings = {"bounds": dict(zip(names, limits.tolist(), strict=True))}
    rows = evaluate_all(
        Fit(function, limits, seed),
        identity("minimize", function, **settings, starts=starts, seed=seed),
        lambda number: np.full(len(names), np.nan),
        (starts, 2 + 2 * len(names)),
        executor=executor,
        checkpoint=checkpoint,
        progress=progress,
    )
    found = [
        Start(
            dict(zip(names, row[2 : 2 + len(names)].tolist(), strict=True)),
            dict(zip(names, row[2 + len(names) :].tolist(), strict=True)),
            float(row[0]),
            bool(row[1]),
        )
        for row in rows
    ]
    best = max(found, key=lambda start: start.log_likelihood)
    if not any(start.valid for start in found):
        if best.log_likelihood == -np.inf:
            message = "the likelihood vanishes at all starting points tried within the bounds"
        else:
            message = (
                f"MIGRAD converges from none of {starts} starting points; the best point reached "
                f"is {best.values} with ln L = {best.log_likelihood}"
            )
        raise FailedMinimization(
            f"{message}. Other bounds or more starts may help; where a prior ends in -inf, MIGRAD "
            "cannot converge: end the bounds there"
        )
    if not best.valid:
        warnings.warn(
            "MIGRAD did not converge for the best of the starts; more starts or other bounds may "
            "help",
            ConvergenceWarning,
            stacklevel=2,
        )
    return Minimum(best.values, best.errors, best.log_likelihood, best.valid, tuple(found))
