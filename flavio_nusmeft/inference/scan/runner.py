"""Evaluate many points on any ``concurrent.futures.Executor``, and survive the death of workers.

This is the engine of `flavio_nusmeft.inference.scan`, where it is told how to use it on a cluster.
"""

from __future__ import annotations

import functools
import itertools
import queue
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ...errors import FailedPoint, FailedWorkers, InvalidScan
from .workers import (
    Answer,
    Array,
    DaskLosses,
    Point,
    context,
    evaluate,
    note,
    pickled,
    pool_like,
    start_worker,
    warn,
)

__all__ = ["Runner"]

_SECONDS_PER_TASK = 0.25  # several cheap points make a task of about this length
_POINTS_PER_TASK = 1000
_DEATHS = 3  # of workers, after which a point is given up
_OUTSTANDING = 1000  # tasks, if the number of workers is not known
_WORKERS = 64  # assumed for the length of tasks, if not known


class Runner:
    """Evaluates ``function(number, point)``, a picklable callable that returns an array.

    For a `Block` a point is an array of points, and the result that of the block.

    Parameters
    ----------
    function : callable
        Raises FailedPoint where it cannot be evaluated.
    executor : concurrent.futures.Executor, int or None
        None for this process, a number of processes (see `context`), or an executor, which is kept
        open and can serve several scans.
    names : sequence of str
        Of the coordinates of a point, for messages.

    Raises
    ------
    InvalidScan
        If ``executor`` is nothing of this, or the function cannot be pickled.
    """

    def __init__(
        self,
        function: Callable[[int, Array], Array],
        executor: Executor | int | None,
        names: Sequence[str],
    ) -> None:
        self._function = function
        self._names = names
        self._executor: Executor | None = None
        self._pool: Callable[[], ProcessPoolExecutor] | None = None  # makes a new one
        self._owned = False
        self._workers: int | None = None
        if executor is None:
            return
        self._payload = pickled(function)
        if isinstance(executor, Executor):
            self._executor = executor
            self._workers = getattr(executor, "_max_workers", None)
            if isinstance(executor, ProcessPoolExecutor):
                self._pool = pool_like(executor)
        elif isinstance(executor, (int, np.integer)) and executor is not True and executor > 0:
            executor = self._workers = int(executor)
            self._pool = functools.partial(
                ProcessPoolExecutor,
                executor,
                mp_context=context(),
                initializer=start_worker,
            )
            self._executor = self._pool()
            self._owned = True
        else:
            hint = "; give client.get_executor()" if hasattr(executor, "get_executor") else ""
            raise InvalidScan(
                "executor must be None, a positive number of processes or a "
                f"concurrent.futures.Executor, not {executor!r}{hint}"
            )
        self._scan = uuid.uuid4().hex
        self._tasks = itertools.count()
        self._seconds: float | None = None  # of a point
        self._worked = False
        self._deaths = 0
        self._refused = 0
        self._dask = DaskLosses(executor)

    def run(
        self,
        numbers: Sequence[int] | NDArray[np.intp],
        point: Callable[[int], Array],
        done: Callable[[dict[int, Array]], None],
        failed: Callable[[int, FailedPoint, str], None] | None = None,
    ) -> None:
        """Evaluate the points ``point(number)``, and give results to ``done`` as they arrive.

        Points at which the function fails are given to ``failed``: number, error, traceback in the
        worker (a text, empty if there is none).

        Raises
        ------
        FailedPoint
            If the function fails, without ``failed``. The results of all points that were finished
            or running in other workers have been given to ``done`` before.
        FailedWorkers
            If three workers died at the same point, or if workers cannot do tasks at all.

        Warns
        -----
        WorkerWarning
            If a worker died; its points are done again.
        """
        self._fresh: Iterator[Point] = ((int(number), point(int(number))) for number in numbers)
        self._left = len(numbers)
        self._again: deque[list[Point]] = deque()
        self._alone: deque[Point] = deque()  # may have killed two workers: one at a time
        self._isolated: set[int] = set()  # points that were such
        self._killed: Counter[int] = Counter()
        self._futures: dict[Future[Answer], list[Point]] = {}
        self._finished: queue.SimpleQueue[Future[Answer]] = queue.SimpleQueue()
        self._failed = failed or _raise
        try:
            while self._executor is not None and self._submit():
                self._collect(done)
        except BaseException as error:
            self._rescue(done, patient=isinstance(error, Exception))
            raise
        for number, x in itertools.chain(*self._again, self._alone, self._fresh):
            self._here(number, x, done)

    def _here(self, number: int, x: Array, done: Callable[[dict[int, Array]], None]) -> None:
        try:
            row = self._function(number, x)
        except FailedPoint as error:
            self._failed(number, error, "")
        else:
            done({number: row})

    def _submit(self) -> bool:
        """Fill the executor; False if there is nothing more to wait for."""
        limit = 2 * self._workers if self._workers else _OUTSTANDING
        while len(self._futures) < limit and self._executor is not None:
            if self._alone:
                if self._futures:
                    break
                chunk = [self._alone.popleft()]
                self._isolated.add(chunk[0][0])
                limit = 1
            elif self._again:
                chunk = self._again.popleft()
            else:
                chunk = list(itertools.islice(self._fresh, self._chunk_size()))
                self._left -= len(chunk)
            if not chunk:
                break
            # the last argument makes tasks differ: dask gives equal ones the same result
            arguments = self._payload, chunk, f"{self._scan}-{next(self._tasks)}"
            try:
                future = self._executor.submit(evaluate, *arguments)
            except Exception as error:  # broken, shut down, not connected any more
                self._again.appendleft(chunk)
                self._replace(error)
                continue
            self._futures[future] = chunk
            future.add_done_callback(self._finished.put)
        return bool(self._futures)

    def _chunk_size(self) -> int:
        if self._seconds is None:
            return 1
        fair = -(-self._left // (self._workers or _WORKERS))
        return max(1, min(int(_SECONDS_PER_TASK / self._seconds), fair, _POINTS_PER_TASK))

    def _collect(self, done: Callable[[dict[int, Array]], None]) -> None:
        """Wait for a task, and take what has arrived."""
        try:
            arrived = [self._finished.get(timeout=1.0)]
        except queue.Empty:
            self._dask.report()
            return
        while not self._finished.empty():
            arrived.append(self._finished.get())
        lost: list[tuple[list[Point], int]] = []
        broken: Exception | None = None
        for future in arrived:
            chunk = self._futures.pop(future, None)
            if chunk is None:
                continue  # of a pool that is gone
            try:
                answer = future.result()
            except BrokenExecutor as error:
                broken = error
                lost.append((chunk, 1))
            except CancelledError as error:
                broken = error
                lost.append((chunk, 0))
            except Exception as error:
                # not of the log-likelihood, these are in the answer
                broken = broken or error
                tried = type(error).__name__ == "KilledWorker"  # by dask, several times
                lost.append((chunk, _DEATHS - 1 if tried else 1))
            else:
                self._take(answer, done)
        if isinstance(broken, BrokenExecutor):
            # all tasks of the executor are lost, apart from those that were just finished
            wait(self._futures, timeout=10)
            for future, chunk in self._futures.items():
                if future.done() and not future.cancelled() and future.exception() is None:
                    self._take(future.result(), done)
                else:
                    lost.append((chunk, 1))
            self._futures.clear()
        if broken is not None:
            self._recover(lost, broken)
        self._dask.report()

    def _take(self, answer: Answer, done: Callable[[dict[int, Array]], None]) -> None:
        results, failures, seconds, papers = answer
        note(papers)
        self._worked = True
        self._refused = 0
        if results:
            done(results)
        self._seconds = max(seconds / (len(results) + len(failures)), 1e-6)
        for number, (message, trace, cause) in failures.items():
            error = FailedPoint(message)
            error.__cause__ = cause
            self._failed(number, error, trace)

    def _recover(self, lost: list[tuple[list[Point], int]], broken: Exception) -> None:
        """Arrange that lost tasks are done again."""
        self._deaths += 1
        points = sum(len(chunk) for chunk, _ in lost)
        for chunk, deaths in lost:
            self._killed.update({number: deaths for number, _ in chunk})
            if chunk[0][0] in self._isolated and self._killed[chunk[0][0]] >= _DEATHS:
                raise FailedWorkers(self._poison(chunk[0], broken)) from broken
        warn(
            f"a worker died or its tasks were lost (no. {self._deaths} in this scan): {broken!r}; "
            f"{points} points are done again"
        )
        for chunk, _ in lost:
            if any(self._killed[number] >= _DEATHS - 1 for number, _ in chunk):
                self._alone.extend(chunk)
            else:
                self._again.append(chunk)
        if isinstance(broken, BrokenExecutor):
            self._replace(broken)
        elif isinstance(broken, CancelledError):
            self._refused += 1
            if self._refused >= _DEATHS:
                self._replace(broken)

    def _poison(self, point: Point, error: Exception) -> str:
        first = np.atleast_2d(point[1])
        place = ", ".join(
            f"{name} = {value!r}"
            for name, value in zip(self._names, first[0].tolist(), strict=True)
        )
        which = "the point" if len(first) == 1 else f"one of the {len(first)} points from"
        message = (
            f"the workers die at {which} {place} (number {point[0]}), {_DEATHS} times now "
            f"({error!r}); all results before are kept. Is there enough memory?"
        )
        if not self._worked:
            message += (
                " No worker has finished anything yet: if the call is in a script, is it under "
                'if __name__ == "__main__": ?'
            )
        return message

    def _replace(self, reason: Exception) -> None:
        """Go on without the executor, which cannot be used any more."""
        if self._pool is not None and isinstance(reason, BrokenExecutor):
            if self._owned and self._executor is not None:
                self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = self._pool()
            self._owned = True
            return
        if self._owned:
            raise FailedWorkers(
                f"processes cannot be started ({reason}); all results before are kept"
            ) from reason
        if self._killed and max(self._killed.values()) >= _DEATHS - 1:
            raise FailedWorkers(
                f"the executor cannot be used any more ({reason!r}), and points that killed its "
                "workers are not evaluated in this process; all results before are kept"
            ) from reason
        for chunk in self._futures.values():
            self._again.append(chunk)
        for future in list(self._futures):
            future.cancel()
        self._futures.clear()
        self._executor = None
        warn(f"the executor cannot be used any more ({reason!r}); going on in this process")

    def _rescue(self, done: Callable[[dict[int, Array]], None], patient: bool) -> None:
        """Keep what is finished; if ``patient``, wait for what runs."""
        running = [future for future in self._futures if not future.cancel()]
        if patient:
            wait(running)
        for future in running:
            if future.done() and not future.cancelled() and future.exception() is None:
                results, *_ = future.result()
                if results:
                    done(results)
        self._futures.clear()

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._executor is not None and error is None:
            self._dask.report(last=True)
        if self._owned and self._executor is not None:
            if error is not None:
                for process in list((getattr(self._executor, "_processes", None) or {}).values()):
                    process.terminate()
            self._executor.shutdown(wait=True, cancel_futures=True)


def _raise(number: int, error: FailedPoint, trace: str) -> None:
    raise FailedPoint(f"{error}{trace}") from error.__cause__
