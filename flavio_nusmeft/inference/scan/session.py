"""What all scans have in common: checks of the input, the checkpoint, the progress bar."""

from __future__ import annotations

import importlib
import json
import operator
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..._inputs import brief, reals
from ...errors import FailedPoint, InvalidScan, nearest
from ...physics.channels import STERILE
from .checkpoint import Checkpoint
from .points import Block, LogLikelihood
from .runner import Runner

__all__ = [
    "Bounds",
    "Path",
    "Session",
    "Show",
    "axis",
    "bounds_array",
    "check_mass",
    "check_names",
    "identity",
    "integer",
    "progress_bar",
]

Array = NDArray[np.float64]
Bounds = Mapping[str, tuple[float, float]]
Path = str | os.PathLike[str]
Show = Callable[[int, int], None]  # of what is completed, and of how many


def check_names(function: LogLikelihood, what: str, *given: Mapping[str, Any]) -> None:
    """The mappings together must have exactly the variables of the log-likelihood.

    Raises
    ------
    InvalidScan
    """
    variables = getattr(function, "variables", None)
    if (
        not callable(function)
        or not isinstance(variables, tuple)
        or not variables
        or len(set(variables)) < len(variables)
        or not all(isinstance(name, str) for name in variables)
    ):
        raise InvalidScan(
            "the log-likelihood must be a callable with an attribute 'variables', a tuple of "
            f"different names, not {function!r} with {variables!r}"
        )
    for mapping in given:
        if not (hasattr(mapping, "keys") and hasattr(mapping, "__getitem__")):
            raise InvalidScan(f"{what}: a dictionary by variable is needed, not {brief(mapping)}")
    names = [name for mapping in given for name in mapping]
    missing = [name for name in variables if name not in names]
    for name in names:
        if name not in variables:
            hint = nearest(str(name), missing or variables)
            raise InvalidScan(
                f"'{name}' in {what} is no variable of the log-likelihood; these are "
                f"{', '.join(variables)}{hint}"
            )
        if names.count(name) > 1:
            raise InvalidScan(f"'{name}' is twice in {what}: as an axis and to be profiled")
    if missing:
        raise InvalidScan(f"{what} must contain every variable; {', '.join(missing)} missing")


def axis(name: str, values: ArrayLike) -> Array:
    """A 1-d array of finite numbers."""
    array = _floats(f"the axis '{name}'", values)
    if array.ndim != 1 or array.size == 0:
        raise InvalidScan(
            f"the axis '{name}' must be a 1-d array with one value at least; its shape is "
            f"{array.shape}"
        )
    if not np.isfinite(array).all():
        index = int(np.flatnonzero(~np.isfinite(array))[0])
        raise InvalidScan(f"the axis '{name}' is not finite: {array[index]} at index {index}")
    check_mass(f"the values of '{name}'", name, array.min())
    return array


def bounds_array(bounds: Bounds, names: tuple[str, ...]) -> Array:
    """Array (names, 2): lower and upper bounds, finite and different."""
    rows = []
    for name in names:
        row = _floats(f"the bounds of '{name}'", bounds[name])
        if row.shape != (2,) or not np.isfinite(row).all() or not row[0] < row[1]:
            swapped = "; they are reversed" if row.shape == (2,) and row[0] > row[1] else ""
            raise InvalidScan(
                f"the bounds of '{name}' must be two finite numbers, the lower one first, not "
                f"{bounds[name]!r}{swapped}"
            )
        check_mass(f"the bounds of '{name}'", name, row[0])
        rows.append(row)
    return np.array(rows).reshape(len(names), 2)


def check_mass(what: str, name: str, lowest: float) -> None:
    """The masses of N among the variables are not negative.

    Raises
    ------
    InvalidScan
    """
    if name in STERILE and lowest < 0:
        raise InvalidScan(f"{what} begin at {lowest:g}, but a mass is not negative: begin at 0")


def _floats(what: str, values: ArrayLike) -> Array:
    return reals(what, values, InvalidScan)


def integer(name: str, value: int, least: int) -> int:
    """An integer that is not smaller than ``least``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise InvalidScan(f"{name} must be an integer >= {least}, not {value!r}")
    return number


def identity(scan: str, function: LogLikelihood, **settings: Any) -> dict[str, Any]:
    """What results belong to: equal for two scans exactly if these have the same points."""
    kind = type(function)
    description: Any = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    if hasattr(function, "description"):
        description = function.description()
    full = {"scan": scan, "function": description, "variables": list(function.variables)}
    if "settings" not in description and "flavio" in sys.modules:
        # a function of the user's may depend on all of them
        changed = importlib.import_module("flavio_nusmeft.settings").changed()
        full |= {"settings": changed} if changed else {}
    full.update(settings)
    try:
        json.dumps(full)
    except (TypeError, ValueError) as error:
        raise InvalidScan(f"description() of the log-likelihood must be JSON: {error}") from error
    return full


@contextmanager
def progress_bar(title: str, total: int, show: bool) -> Iterator[Show]:
    """A bar on stderr; yields the function that sets what is completed, and of how many."""
    if not show:
        yield lambda completed, total: None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total)
        yield lambda completed, total: bar.update(task, completed=completed, total=total)


class Session:
    """The tasks of a scan, in its checkpoint and on its executor; a context manager.

    Parameters
    ----------
    function : callable
        ``function(i, point(i))`` is the row of the task i, or raises FailedPoint; or a `Block`.
    description : dict
        From `identity`.
    shape : (int, int)
        Number of tasks, numbers in a row.
    executor, checkpoint, progress
        As in `flavio_nusmeft.inference.scan.grid`; progress may be the function of a bar that is
        there already.

    Attributes
    ----------
    rows : ndarray
        Results, shape ``shape``; nan where there is none yet.
    finished : ndarray of bool
        Shape (tasks,).
    total : int
        Number of tasks for the progress bar.
    failed : dict of int to str
        Reasons of the tasks that failed; they are not stored, and tried again on resumption.
    """

    def __init__(
        self,
        function: Callable[[int, Array], Any],
        description: dict[str, Any],
        shape: tuple[int, int],
        *,
        executor: Executor | int | None,
        checkpoint: Path | None,
        progress: bool | Show,
    ) -> None:
        self.rows: Array = np.full(shape, np.nan)
        self.finished: NDArray[np.bool_] = np.zeros(shape[0], dtype=bool)
        self.total = shape[0]
        self.failed: dict[int, str] = {}
        self._first: tuple[int, FailedPoint, str] | None = None
        self._block = function.size if isinstance(function, Block) else 1
        self._is_parallel = executor is not None
        with ExitStack() as stack:
            self._store: Checkpoint | None = None
            if checkpoint is not None:
                self._store = Checkpoint(checkpoint, description, shape[1], shape[0])
                stack.enter_context(self._store)
                self.rows[self._store.keys] = self._store.rows
                self.finished[self._store.keys] = True
            self._runner = stack.enter_context(Runner(function, executor, description["variables"]))
            title = description["scan"]
            if callable(progress):
                self._show = progress
            else:
                self._show = stack.enter_context(progress_bar(title, shape[0], progress))
            self._stack = stack.pop_all()

    def run(self, numbers: Sequence[int] | NDArray[np.intp], point: Callable[[int], Array]) -> None:
        """Do those of the tasks that are not finished."""
        self._progress()
        wanted = [int(number) for number in numbers if not self.finished[number]]
        if self._block == 1:
            self._runner.run(wanted, point, self._done, self._note)
            return
        size, count = self._block, len(self.rows)

        def points(block: int) -> Array:
            return np.array([point(i) for i in range(block * size, min((block + 1) * size, count))])

        blocks = list(dict.fromkeys(number // size for number in wanted))
        self._runner.run(blocks, points, self._blocks_done)

    def _blocks_done(self, blocks: dict[int, Any]) -> None:
        for block in blocks.values():
            # those that are there have the same bits
            new = {number: row for number, row in block.rows.items() if not self.finished[number]}
            self._done(new)
            for number, (message, trace, cause) in block.failures.items():
                error = FailedPoint(message)
                error.__cause__ = cause
                self._note(number, error, trace if self._is_parallel else "")

    def _done(self, rows: dict[int, Array]) -> None:
        if self._store is not None:
            self._store.add(rows)
        for number, row in rows.items():
            self.rows[number], self.finished[number] = row, True
        self._progress()

    def _note(self, number: int, error: FailedPoint, trace: str) -> None:
        self.failed[number] = str(error)
        self._progress()
        if self._first is None or number < self._first[0]:
            self._first = number, error, trace

    def _progress(self) -> None:
        self._show(int(self.finished.sum()) + len(self.failed), self.total)

    def fail(self) -> NoReturn:
        """Raise the error of the first of the tasks that failed."""
        if self._first is None:
            raise RuntimeError("no task has failed")
        _, error, trace = self._first
        raise FailedPoint(f"{error}{trace}") from error.__cause__

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress()
        self._stack.__exit__(kind, error, traceback)
