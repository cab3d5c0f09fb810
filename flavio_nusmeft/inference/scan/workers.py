"""What runs in the workers of a scan, and what is particular to pools of processes and dask."""

from __future__ import annotations

import functools
import importlib
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.context import BaseContext
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import FailedPoint, InvalidScan, WorkerWarning

__all__ = [
    "Answer",
    "Array",
    "DaskLosses",
    "Failure",
    "Point",
    "attempt",
    "context",
    "evaluate",
    "note",
    "pickled",
    "pool_like",
    "start_worker",
    "warn",
]

Array = NDArray[np.float64]
#: number of a point in its scan, and its coordinates
Point = tuple[int, Array]
#: of a point: message, traceback in the worker, cause
Failure = tuple[str, str, "BaseException | None"]
#: results, failures, seconds, papers
Answer = tuple[dict[int, Array], dict[int, Failure], float, list[str]]


class DaskLosses:
    """Reports the workers that dask lost: it does their tasks again by itself."""

    def __init__(self, executor: Any) -> None:
        self._client = getattr(executor, "_client", None)
        if not hasattr(self._client, "get_events"):
            self._client = None
        self._since = max((when for when, _ in self._events()), default=0.0)
        self._next = time.monotonic()

    def _events(self) -> Sequence[tuple[float, Any]]:
        try:
            return () if self._client is None else self._client.get_events("all") or ()
        except Exception:  # the client is closed: its tasks tell
            return ()

    def report(self, last: bool = False) -> None:
        """Warn of new losses, twice a second at most, unless it is the last time."""
        if self._client is None or (time.monotonic() < self._next and not last):
            return
        self._next = time.monotonic() + 0.5  # dask keeps the last thousand events
        for when, event in self._events():
            if when <= self._since:
                continue
            self._since = when
            if not isinstance(event, dict) or event.get("action") != "remove-worker":
                continue
            keys = [*event.get("processing-tasks", ()), *event.get("lost-computed-tasks", ())]
            tasks = sum(str(key).startswith(evaluate.__name__) for key in keys)
            if tasks and not event.get("expected", False):
                warn(
                    f"dask lost the worker {event.get('worker')}; {tasks} tasks of the scan are "
                    "done again by others"
                )


def warn(message: str) -> None:
    """Warn at the line of the user's code that calls the scan."""
    warnings.warn(message, WorkerWarning, stacklevel=6)


def pickled(function: Callable[..., Any]) -> bytes:
    """The function and the settings of flavio and wilson, pickled once, not for every task.

    With cloudpickle, if it is there, also from a notebook.
    """
    try:
        module = importlib.import_module("cloudpickle")
    except ImportError:
        module = pickle
    try:
        return bytes(pickle.dumps((_settings(), module.dumps(function))))
    except Exception as error:
        raise InvalidScan(
            f"the log-likelihood cannot be pickled ({error}): define it in a module, or use "
            "executor=None"
        ) from error


class _Settings(NamedTuple):
    """A snapshot of the settings of flavio and wilson, and whether any is not the shipped one."""

    snapshot: dict[str, Any]
    changed: bool


def _settings() -> _Settings | None:
    """Those of now; None where flavio is not in use."""
    if "flavio" not in sys.modules:
        return None
    module = importlib.import_module("flavio_nusmeft.settings")
    return _Settings(module.snapshot(), bool(module.changed()))


def _applied(chosen: _Settings | None) -> AbstractContextManager[None]:
    """The settings in force; flavio is imported for it only if it matters, it takes seconds."""
    if chosen is None or not (chosen.changed or "flavio" in sys.modules):
        return nullcontext()
    module = importlib.import_module("flavio_nusmeft.settings")
    context: AbstractContextManager[None] = module.applied(chosen.snapshot)
    return context


def _noted() -> AbstractContextManager[Any]:
    """A scope of ``flavio.citations``, where flavio is in use."""
    if "flavio" not in sys.modules:
        return nullcontext()
    scope: AbstractContextManager[Any] = importlib.import_module("flavio").citations.collect()
    return scope


def note(papers: Sequence[str]) -> None:
    """Note papers that a worker noted in ``flavio.citations`` of this process."""
    if papers and "flavio" in sys.modules:
        importlib.import_module("flavio_nusmeft.citations").cite(papers)


@functools.lru_cache(maxsize=4)
def _loaded(payload: bytes) -> tuple[_Settings | None, Callable[[int, Array], Array]]:
    """Settings and function, kept between the tasks of a worker.

    So is what the function itself remembers.
    """
    chosen, content = pickle.loads(payload)
    with _applied(chosen):
        return chosen, pickle.loads(content)


def evaluate(payload: bytes, chunk: list[Point], task: str) -> Answer:
    """Evaluate points in a worker."""
    chosen, function = _loaded(payload)
    results: dict[int, Array] = {}
    failures: dict[int, Failure] = {}
    start = time.perf_counter()
    with _applied(chosen), _noted() as noted:
        for number, x in chunk:
            found = attempt(function, number, x)
            if isinstance(found, tuple):
                failures[number] = found
            else:
                results[number] = found
    papers = [] if noted is None else sorted(noted.set)
    return results, failures, time.perf_counter() - start, papers


def attempt(function: Callable[[int, Array], Array], number: int, x: Array) -> Array | Failure:
    """The result at a point, or why there is none, so that it can be pickled."""
    try:
        return function(number, x)
    except FailedPoint as error:
        return _portable(error)


def _portable(error: FailedPoint) -> Failure:
    """Message, traceback and cause, which may be an exception that cannot be pickled."""
    cause = error.__cause__
    if cause is None:
        return str(error), "", None
    text = "".join(traceback.format_exception(type(cause), cause, cause.__traceback__))
    try:
        pickle.loads(pickle.dumps(cause))
    except Exception:
        cause = RuntimeError(f"{type(cause).__qualname__}: {cause}")
    return str(error), f"\n\nIn the worker:\n{text}", cause


def context() -> BaseContext:
    """How own processes are started.

    On Linux by a server without threads that is forked, and kept until the session ends: it has
    imported this package, which takes seconds, for the workers of all scans. Only the first one
    waits for it. What workers see of the environment is as when it started. Elsewhere every worker
    imports the package; an executor that is made once and given to several scans saves that.

    Returns
    -------
    multiprocessing.context.BaseContext
        ``forkserver`` or ``spawn``.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    if "flavio" in sys.modules:
        found.set_forkserver_preload(["flavio_nusmeft.inference.log_likelihood"])
    return found


def start_worker() -> None:
    """Leave Ctrl-C to the parent process, and end when it ends, however that happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def pool_like(pool: ProcessPoolExecutor) -> Callable[[], ProcessPoolExecutor]:
    """Makes pools like a given one, to replace it when a worker has broken it."""
    return functools.partial(
        ProcessPoolExecutor,
        getattr(pool, "_max_workers", None),
        mp_context=getattr(pool, "_mp_context", None),
        initializer=getattr(pool, "_initializer", None),
        initargs=getattr(pool, "_initargs", ()),
    )
