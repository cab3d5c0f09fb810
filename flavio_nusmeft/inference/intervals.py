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

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np
from numpy.typing import ArrayLike

from ..batch import Observable
from ..errors import InvalidScan
from .confidence import confidence
from .posterior import of_chain, of_variable
from .results import Curve, Interval
from .scan import Chain
from .scan.points import LogLikelihood
from .scan.session import Bounds, Path
from .study import Study, level

__all__ = ["Curve", "Interval", "credible", "interval", "profile", "upper_limit"]


def __dir__() -> list[str]:
    return sorted(__all__)


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
        smallest and largest value within the bounds.
    points : int, default 13
        Their number, without those at what searches exclude of a mixing between two of them.
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
        In ascending order of the quantity; of an observable within a quarter of the smallest step
        of the values asked for, and notes if one was not reached.

    Raises
    ------
    InvalidScan
        If quantity, bounds or values do not fit.
    InvalidCheckpoint, FailedPoint, FailedWorkers
        As `scan.grid`.
    """
    study = Study(
        function,
        quantity,
        bounds,
        points=points,
        starts=starts,
        seed=seed,
        executor=executor,
        progress=progress,
    )
    return study.profile(values, checkpoint)


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
        Of the profile likelihood, before it is refined at the ends. A lobe that is narrower than
        their distance, and has no trace at them or in the sample of `scan.minimize`, is missed:
        more points find it. What searches exclude of a mixing between two such points, at a fixed
        mass, is looked for as well.
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
    study = Study(
        function,
        quantity,
        bounds,
        points=points,
        starts=starts,
        seed=seed,
        executor=executor,
        progress=progress,
    )
    return _of_method(method)(study, level(cl), upper=False)


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
        As for `interval`, before it is refined at the limit.
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
    study = Study(
        function,
        quantity,
        bounds,
        points=points,
        starts=starts,
        seed=seed,
        executor=executor,
        progress=progress,
    )
    find, part = _of_method(method), level(cl)
    if method == "profile" and part <= 0.5:
        raise InvalidScan(
            f"cl = {part:g}: an upper limit of a profile likelihood has more than 0.5, e.g. 0.9"
        )
    return find(study, part, upper=True)


def credible(
    chain: Chain, quantity: str, *, cl: float = 0.6827, upper: bool = False, discard: int = 0
) -> Interval:
    """Credible interval or upper limit of a variable, from a Markov chain.

    Parameters
    ----------
    chain : Chain
        From `scan.sample`, with flat priors within its bounds; of a chain made by hand these are
        not known, and a limit starts at the lowest sample.
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
        Ends of a region of highest density are those of bins; a gap that could come from the
        statistics of the chain is none.

    Raises
    ------
    InvalidScan
        If the chain has no such variable, or nothing is left of it.
    MissingPackage
        Without emcee.
    """
    return of_chain(chain, quantity, level(cl), upper=upper, discard=discard)


def _of_method(method: str) -> Callable[..., Interval]:
    if method not in ("profile", "bayes"):
        raise InvalidScan(f"method = {method!r} must be 'profile' or 'bayes'")
    return of_variable if method == "bayes" else confidence
