"""Markov chains of a log-likelihood with emcee; `sample` and `Chain` are public in `scan`."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._inputs import seed_number
from ..._optional import require
from ..._saved import Saved
from ..._version import __version__
from ...errors import InvalidScan
from .checkpoint import Checkpoint
from .points import LogLikelihood, Value
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

if TYPE_CHECKING:
    from ..results import Interval

__all__ = ["Chain", "sample"]

Array = NDArray[np.float64]

_TIMES = 50  # steps in units of the autocorrelation time, which is 1 at least
_DRAWS = 1000  # of the start of a walker, until the log-likelihood is finite there


@dataclass(frozen=True, eq=False, repr=False)
class Chain(Saved):
    """Result of `sample`.

    Attributes
    ----------
    variables : tuple of str
        Their names.
    chain : ndarray
        Values of the variables, shape (steps, walkers, variables).
    log_likelihood : ndarray
        ln L, shape (steps, walkers).
    acceptance_fraction : ndarray
        Part of the proposals that was accepted, shape (walkers,).
    definition : dict
        Of `sample`: function, bounds, seed, version.
    """

    variables: tuple[str, ...]
    chain: Array
    log_likelihood: Array
    acceptance_fraction: Array
    definition: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        steps, walkers, _ = self.chain.shape
        return (
            f"Chain({', '.join(self.variables)}: {steps} steps of {walkers} walkers,"
            f" {self.acceptance_fraction.mean():.0%} of the proposals accepted)"
        )

    def samples(self, discard: int = 0, thin: int = 1) -> Array:
        """Take samples of all walkers together.

        Parameters
        ----------
        discard : int, default 0
            Steps to leave out at the beginning, several autocorrelation times.
        thin : int, default 1
            Take every ``thin``-th step of the others, the last of each group.

        Returns
        -------
        ndarray
            Shape (samples, variables).

        Raises
        ------
        InvalidScan
            If nothing is left.
        """
        discard, thin = integer("discard", discard, 0), integer("thin", thin, 1)
        chosen = self.chain[discard + thin - 1 :: thin]
        if len(chosen) == 0:
            raise InvalidScan(
                f"no samples: the chain has {len(self.chain)} steps, discard = {discard} and "
                f"thin = {thin}"
            )
        return chosen.reshape(-1, len(self.variables))

    def autocorrelation_time(self, discard: int = 0) -> Array | None:
        """Estimate the integrated autocorrelation time of every variable.

        Parameters
        ----------
        discard : int, default 0
            Steps to leave out at the beginning.

        Returns
        -------
        ndarray or None
            Shape (variables,), in steps; None if the chain is too short to tell (50 times this).
        """
        require("the autocorrelation time", "emcee")
        from emcee.autocorr import (
            AutocorrError,
            integrated_time,
        )

        rest = self.chain[integer("discard", discard, 0) :]
        if len(rest) <= _TIMES:
            return None
        try:
            with np.errstate(invalid="ignore", divide="ignore"):
                times = np.asarray(integrated_time(rest, tol=_TIMES))
        except AutocorrError:
            return None
        return times if np.isfinite(times).all() else None

    def interval(
        self, quantity: str, cl: float = 0.6827, *, upper: bool = False, discard: int = 0
    ) -> Interval:
        """Credible interval or upper limit of a variable: `intervals.credible`.

        Parameters
        ----------
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
            With its definition.

        Raises
        ------
        InvalidScan
            If the chain has no such variable, or nothing is left of it, or the level is none.
        """
        from ..intervals import credible

        return credible(self, quantity, cl=cl, upper=upper, discard=discard)


def sample(
    function: LogLikelihood,
    bounds: Bounds,
    *,
    steps: int,
    walkers: int | None = None,
    seed: int | np.random.Generator = 0,
    executor: Executor | int | None = None,
    checkpoint: Path | None = None,
    progress: bool = True,
) -> Chain:
    """Sample the likelihood with a flat prior within bounds, by emcee (its stretch move).

    Parameters
    ----------
    function : LogLikelihood
        A log-likelihood, e.g. `LogLikelihood`.
    bounds : mapping of str to (float, float)
        (lower, upper) for every variable. The walkers start at random points in there.
    steps : int
        Number of steps. A checkpoint of fewer steps is extended, with the same result as that of a
        long run from the beginning.
    walkers : int, optional
        Default 32 or 4 per variable, whichever is more.
    seed : int or numpy.random.Generator, default 0
        Seed of the starting points and of all steps, as in `grid`.
    executor : concurrent.futures.Executor or int, optional
        As in `grid`; points of half of the walkers are evaluated at the same time.
    checkpoint : str or path-like, optional
        As in `grid`; every step is stored.
    progress : bool, default True
        As in `grid`.

    Returns
    -------
    Chain
        The steps of all walkers.

    Raises
    ------
    InvalidScan
        If bounds or numbers do not fit, or if no start with a finite log-likelihood is found.
    InvalidCheckpoint, FailedPoint, FailedWorkers
        As in `grid`.

    Warns
    -----
    WorkerWarning, CheckpointWarning
        As in `grid`.
    """
    require("sample", "emcee")
    check_names(function, "bounds", bounds)
    names = function.variables
    limits = bounds_array(bounds, names)
    steps, seed = integer("steps", steps, 1), seed_number(seed, InvalidScan)
    walkers = max(32, 4 * len(names)) if walkers is None else walkers
    walkers = integer("walkers (at least two per variable)", walkers, 2 * len(names))
    settings = {"bounds": dict(zip(names, limits.tolist(), strict=True))}
    description = identity("sample", function, **settings, walkers=walkers, seed=seed)
    # row 0: the starting points; the last column is the log-likelihood
    rows = np.empty((steps + 1, walkers, len(names) + 1))
    known = 0
    with ExitStack() as stack:
        store: Checkpoint | None = None
        if checkpoint is not None:
            store = stack.enter_context(Checkpoint(checkpoint, description, rows[0].size))
            for key, row in zip(store.keys[: steps + 1], store.rows, strict=False):
                if key != known:
                    break
                rows[key] = row.reshape(rows[0].shape)
                known += 1
        walk = _Walk(stack.enter_context(Runner(Value(function), executor, names)), limits, seed)
        show = stack.enter_context(progress_bar("sample", steps, progress))
        for step in range(known, steps + 1):
            show(step - 1, steps)
            rows[step] = walk.step(step, rows[step - 1]) if step else walk.start(walkers)
            if store is not None:
                store.add({step: rows[step].ravel()})
        show(steps, steps)
    moved = (rows[1:, :, :-1] != rows[:-1, :, :-1]).any(axis=2)
    definition = description | {"version": __version__}
    return Chain(names, rows[1:, :, :-1], rows[1:, :, -1], moved.mean(axis=0), definition)


class _Walk:
    """Steps that depend on the seed, their number and the step before alone."""

    def __init__(self, runner: Runner, limits: Array, seed: int) -> None:
        self._runner = runner
        self._limits = limits
        self._seed = seed

    def _log_likelihood(self, points: Array) -> Array:
        """Array (points), -inf outside of the bounds without evaluation."""
        low, high = self._limits.T
        inside = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
        values = np.full(len(points), -np.inf)

        def done(results: dict[int, Array]) -> None:
            for number, row in results.items():
                values[number] = row[0]

        self._runner.run(inside, lambda number: points[number], done)
        return values

    def start(self, walkers: int) -> Array:
        """Array (walkers, variables + 1): each walker draws until its point is possible."""
        low, high = self._limits.T
        streams = [
            np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=(0, walker)))
            for walker in range(walkers)
        ]
        state = np.full((walkers, len(low) + 1), -np.inf)
        for _ in range(_DRAWS):
            open_ = np.flatnonzero(state[:, -1] == -np.inf)
            if len(open_) == 0:
                return state
            drawn = np.array([streams[walker].random(len(low)) for walker in open_])
            points = np.clip(low + drawn * (high - low), low, high)
            state[open_] = np.column_stack([points, self._log_likelihood(points)])
        raise InvalidScan(
            f"{np.sum(state[:, -1] == -np.inf)} of {walkers} walkers have no start: the "
            f"log-likelihood is -inf at {_DRAWS} random points within the bounds for each; "
            "narrower bounds would help"
        )

    def step(self, number: int, before: Array) -> Array:
        from emcee import State
        from emcee.model import Model
        from emcee.moves import StretchMove

        seeds = np.random.SeedSequence(self._seed, spawn_key=(1, number))
        # emcee uses the methods of RandomState
        random = np.random.RandomState(np.random.MT19937(seeds))
        model = Model(None, lambda points: (self._log_likelihood(points), None), map, random)
        state = State(before[:, :-1].copy(), log_prob=before[:, -1].copy())
        state, _ = StretchMove().propose(model, state)
        return np.column_stack([state.coords, state.log_prob])
