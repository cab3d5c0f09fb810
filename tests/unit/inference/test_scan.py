"""Scans: right, reproducible on every executor, and not to be killed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import scan_functions as functions

from flavio_nusmeft import scan
from flavio_nusmeft.errors import (
    ConvergenceWarning,
    FailedPoint,
    FailedPointWarning,
    FailedWorkers,
    InvalidCheckpoint,
    InvalidScan,
    WorkerWarning,
)
from flavio_nusmeft.inference.scan import runner
from flavio_nusmeft.inference.scan.workers import context, start_worker

TESTS = Path(__file__).parents[2]
AXES = {"m": np.linspace(1.0, 2.0, 5), "C": np.linspace(1e-8, 3e-8, 6)}
NU = {"nu": (-5.0, 5.0)}
BOUNDS = {"C": (-1e-8, 5e-8), "m": (0.0, 3.0), "nu": (-8.0, 8.0)}
FULL = AXES | {"nu": np.array([0.0])}
AT = 3e-8  # the last value of C


@pytest.fixture(scope="module")
def processes():
    """Spawned workers that need not import flavio."""
    context = get_context("spawn")
    with ProcessPoolExecutor(2, context, functions.without_flavio) as pool:
        yield pool


@pytest.fixture
def fragile():
    """Workers that may die: a new pool."""
    context = get_context("spawn")
    with ProcessPoolExecutor(2, context, functions.without_flavio) as pool:
        yield pool


def command(name, function, axes, arguments, out="", *, options=None, **more):
    """The command for a scan of ``function(**options)`` in a process of its own."""
    job = {"scan": name, "function": function, "options": options or {}, "out": out, **more}
    job |= {"axes": axes, "arguments": arguments}
    # paths are written as strings, arrays as lists
    text = json.dumps(job, default=lambda x: x.tolist() if hasattr(x, "tolist") else str(x))
    return [sys.executable, os.fspath(TESTS / "scan_driver.py"), text]


def run_driver(*arguments, status=0, **more):
    """Run a scan in a process of its own; its stderr."""
    with tempfile.TemporaryFile("w+") as output:
        job = command(*arguments, **more)
        process = subprocess.Popen(job, stdout=output, stderr=output, start_new_session=True)
        try:
            process.wait(timeout=120)
        finally:
            # and its workers: those of dask may live longer
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        error = output.read()
    assert process.returncode == status, error
    return error


def points(log):
    """All calls of the function, in their order."""
    text = Path(log).read_text() if Path(log).exists() else ""
    lines = text.rpartition("\n")[0].splitlines()  # the last one may be just being written
    return [tuple(map(float.fromhex, line.split())) for line in lines]


def stored(checkpoint):
    """Keys in a checkpoint, without changing it."""
    database = sqlite3.connect(f"{Path(checkpoint).as_uri()}?mode=ro", uri=True)
    keys = {key for (key,) in database.execute("SELECT key FROM results")}
    database.close()
    return keys


# results are right ----------------------------------------------------------------------------


def test_grid():
    """The values of the function, in the order of the axes as given."""
    function = functions.Gauss()
    result = scan.grid(function, FULL, progress=False)
    assert list(result.axes) == ["m", "C", "nu"]
    assert result.log_likelihood.shape == result.converged.shape == (5, 6, 1)
    for i, m in enumerate(AXES["m"]):
        for j, c in enumerate(AXES["C"]):
            assert result.log_likelihood[i, j, 0] == function(np.array([c, m, 0.0]))
    assert result.profiled == {}
    assert result.converged.all()


def test_blocks(tmp_path, processes):
    """Points in fixed blocks: the same bits on any executor, and the blocks are in the file."""
    function = functions.Together()
    direct = scan.grid(function, FULL, progress=False)
    single = scan.grid(functions.Gauss(), FULL, progress=False)
    assert direct.log_likelihood == pytest.approx(single.log_likelihood, rel=1e-9, abs=0)
    grid_points = np.array([(c, m, 0.0) for m in AXES["m"] for c in AXES["C"]])
    blocks = [function.many(grid_points[k : k + 4]) for k in range(0, 30, 4)]
    assert np.array_equal(direct.log_likelihood.ravel(), np.concatenate(blocks))
    assert not np.array_equal(direct.log_likelihood.ravel(), function.many(grid_points))
    with ThreadPoolExecutor(3) as threads:
        for executor in (processes, threads):
            found = scan.grid(function, FULL, progress=False, executor=executor)
            assert found.log_likelihood.tobytes() == direct.log_likelihood.tobytes()
    file = tmp_path / "scan.db"
    scan.grid(function, FULL, progress=False, checkpoint=file)
    function.together = 5
    with pytest.raises(InvalidCheckpoint, match="together: 4 there, 5 here"):
        scan.grid(function, FULL, progress=False, checkpoint=file)
    function.together = 0
    with pytest.raises(InvalidScan, match="together of the log-likelihood must be an integer"):
        scan.grid(function, FULL, progress=False)


@pytest.mark.parametrize("what", ["zero", "odd", "nan", "inf"])
@pytest.mark.parametrize("parallel", [False, True])
def test_block_with_a_failure(tmp_path, request, parallel, what):
    """The others of the block are there, point by point; only the one is tried again."""
    executor = request.getfixturevalue("processes") if parallel else None
    arguments = {"progress": False, "executor": executor, "checkpoint": tmp_path / "scan.db"}
    axes = {"m": [1.0], "nu": [0.0], "C": np.linspace(1e-8, 3e-8, 10)}
    axes["C"][[5, 9]] = axes["C"][[9, 5]]
    with pytest.warns(FailedPointWarning, match="at 1 of 10 points.*C = 3e-08, m = 1.0"):
        result = scan.grid(functions.Together(AT, what), axes, **arguments)
    assert list(result.failed) == [(0, 0, 5)]
    expected = scan.grid(functions.Together(), axes, progress=False).log_likelihood[0, 0]
    single = scan.grid(functions.Gauss(), axes, progress=False).log_likelihood[0, 0]
    found = result.log_likelihood[0, 0]
    assert np.array_equal(found[[0, 1, 2, 3, 8, 9]], expected[[0, 1, 2, 3, 8, 9]])
    assert np.array_equal(found[[4, 6, 7]], single[[4, 6, 7]])
    assert np.isnan(found[5])
    assert stored(tmp_path / "scan.db") == set(range(10)) - {5}
    again = scan.grid(functions.Together(), axes, **arguments)
    assert again.log_likelihood[0, 0, 5] == expected[5]
    with pytest.raises(FailedPoint, match=r"C = 3e-08") as caught:
        scan.grid(functions.Together(AT, what), axes | {"C": [AT] * 6}, progress=False)
    assert "In the worker" not in str(caught.value)


def test_blocks_killed(tmp_path):
    """Continued with the same bits, also by other workers; what was finished is not done again."""
    axes = FULL | {"m": np.linspace(1.0, 2.0, 20)}
    log, again, file = tmp_path / "killed", tmp_path / "again", tmp_path / "scan.db"
    kill_driver("grid", axes, {"checkpoint": file}, log=log, calls=30, function="Together")
    kept = stored(file)
    assert 0 < len(kept) < 120
    assert {i // 4 * 4 + k for i in kept for k in range(4)} == kept
    function = functions.Together(log=again)
    result = scan.grid(function, axes, checkpoint=file, progress=False)
    direct = scan.grid(functions.Together(), axes, progress=False)
    assert result.log_likelihood.tobytes() == direct.log_likelihood.tobytes()
    assert len(points(again)) == 120 - len(kept)


def test_worker_dies_with_a_block(tmp_path, fragile):
    class_ = functions.KillsTogether
    expected = scan.grid(functions.Together(), FULL, progress=False)
    function = class_(AT, once=tmp_path / "once")
    with pytest.warns(WorkerWarning):
        found = scan.grid(function, FULL, progress=False, executor=fragile)
    assert found.log_likelihood.tobytes() == expected.log_likelihood.tobytes()


def test_profile_is_the_marginal_of_a_gaussian():
    """Maximum over nu: the normal distribution without it; nu is its conditional mean."""
    function = functions.Gauss()
    result = scan.grid(function, AXES, profile=NU, progress=False)
    m, c = np.meshgrid(*AXES.values(), indexing="ij")
    difference = np.stack([c - 2e-8, m - 1.5], axis=-1)
    inverse = np.linalg.inv(function.covariance[:2, :2])
    exact = -0.5 * np.einsum("...i,ij,...j", difference, inverse, difference)
    # MIGRAD stops at an estimated distance of 0.002 * 0.01 * 0.5 = 1e-5
    assert result.log_likelihood == pytest.approx(exact, rel=0, abs=1e-5)
    mean = -0.3 + difference @ inverse @ function.covariance[:2, 2]
    assert result.profiled["nu"] == pytest.approx(mean, rel=0, abs=5e-3)  # sqrt(2e-5)
    assert result.converged.all()


def test_profile_over_everything():
    result = scan.grid(functions.Gauss(), {}, profile=BOUNDS, progress=False)
    assert result.log_likelihood.shape == ()
    assert result.profiled["C"] == pytest.approx(2e-8, rel=0, abs=2e-11)


def test_profile_at_a_bound():
    function = functions.Gauss()
    result = scan.grid(function, AXES, profile={"nu": (3.5, 5.0)}, progress=False)
    assert result.profiled["nu"] == pytest.approx(np.full((5, 6), 3.5), rel=0, abs=1e-5)
    assert result.converged.all()


def test_profile_where_the_likelihood_vanishes():
    function = functions.Prior(limit=1.5e-8)
    result = scan.grid(function, AXES, profile=NU, progress=False)
    excluded = AXES["C"] > 1.5e-8
    assert (result.log_likelihood[:, excluded] == -np.inf).all()
    assert np.isnan(result.profiled["nu"][:, excluded]).all()
    assert np.isfinite(result.log_likelihood[:, ~excluded]).all()
    assert np.isfinite(result.profiled["nu"][:, ~excluded]).all()


def test_profile_at_the_edge_of_a_prior():
    """The best point is returned, not that at which MIGRAD has ended."""
    function = functions.Prior(limit=1.5e-8)
    axes = {"m": [1.5], "nu": [-0.3]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = scan.grid(function, axes, profile={"C": (0.0, 5e-8)}, progress=False)
    assert 1.49e-8 < result.profiled["C"][0, 0] <= 1.5e-8


def test_profile_without_convergence():
    axes = {"m": [1.5], "C": [2e-8, 3e-8]}
    with pytest.warns(ConvergenceWarning, match="at 2 of 2 points, first at m = 1.5, C = 2e-08"):
        result = scan.grid(functions.Rough(), axes, profile=NU, progress=False)
    assert not result.converged.any()


def test_sample():
    """Mean and covariance of a normal distribution, within five statistical errors."""
    function = functions.Gauss()
    result = scan.sample(function, BOUNDS, steps=2500, seed=3, progress=False)
    assert result.chain.shape == (2500, 32, 3)
    times = result.autocorrelation_time(discard=200)
    assert times is not None
    assert ((times > 10) & (times < 45)).all()  # 30 to 40 by experience with emcee
    assert result.samples(discard=200, thin=10).shape == (230 * 32, 3)
    samples = (result.samples(discard=200) - function.mean) / function.sigma
    independent = len(samples) / times.max()
    assert samples.mean(axis=0) == pytest.approx(np.zeros(3), abs=5 / np.sqrt(independent))
    assert np.cov(samples.T) == pytest.approx(
        function.correlation, rel=0, abs=5 * np.sqrt(2 / independent)
    )
    assert 0.4 < result.acceptance_fraction.mean() < 0.8
    last = result.chain[-1, 5]
    assert result.log_likelihood[-1, 5] == function(last)
    assert (
        scan.Chain(
            result.variables, result.chain[:100], result.log_likelihood[:100], np.ones(32)
        ).autocorrelation_time()
        is None
    )
    assert result.autocorrelation_time(discard=2497) is None
    with pytest.raises(InvalidScan, match="no samples: the chain has 2500 steps"):
        result.samples(discard=2500)


def test_sample_stays_within_bounds(tmp_path):
    """A truncated normal distribution; the function is not called outside."""
    log = tmp_path / "log"
    narrow = {"C": (2e-8, 2.2e-8), "m": (1.5, 3.0), "nu": (-1.0, 0.0)}
    result = scan.sample(functions.Gauss(log), narrow, steps=20, walkers=6, progress=False)
    limits = np.array(list(narrow.values()))
    for x in (result.samples(), np.array(points(log))):
        assert ((x >= limits[:, 0]) & (x <= limits[:, 1])).all()
    assert np.isfinite(result.log_likelihood).all()


def test_sample_starts_where_the_likelihood_is_finite():
    result = scan.sample(functions.Prior(0.0), BOUNDS, steps=2, progress=False)
    assert (result.chain[..., 0] <= 0).all()
    with pytest.raises(InvalidScan, match="32 of 32 walkers have no start"):
        scan.sample(functions.Prior(-1.0), BOUNDS, steps=2, progress=False)


def test_seeds(tmp_path):
    for run in (
        lambda seed: scan.sample(functions.Gauss(), BOUNDS, steps=3, seed=seed, progress=False),
        lambda seed: scan.minimize(functions.Gauss(), BOUNDS, seed=seed, progress=False).starts[1],
    ):
        first, second, other = (np.array(run(s).log_likelihood) for s in (1, 1, 2))
        assert first.tobytes() == second.tobytes()
        assert first.tobytes() != other.tobytes()
        # a generator stands for what is drawn from it
        drawn = int(np.random.default_rng(7).integers(2**32))
        by_generator = np.array(run(np.random.default_rng(7)).log_likelihood)
        assert by_generator.tobytes() == np.array(run(drawn).log_likelihood).tobytes()


def test_checkpoint_of_a_generator(tmp_path):
    """It belongs to the integer that was drawn."""
    arguments = {"checkpoint": tmp_path / "fit.db", "starts": 2, "progress": False}
    scan.minimize(functions.Gauss(), BOUNDS, seed=np.random.default_rng(7), **arguments)
    scan.minimize(functions.Gauss(), BOUNDS, seed=np.random.default_rng(7), **arguments)
    with pytest.raises(InvalidCheckpoint, match="seed: "):
        scan.minimize(functions.Gauss(), BOUNDS, seed=np.random.default_rng(8), **arguments)


# any executor -----------------------------------------------------------------------------------


def everything(executor, function=None, **arguments):
    """All kinds of scans, as bytes."""
    function = function or functions.Gauss()
    arguments |= {"executor": executor, "progress": False}
    found = scan.grid(function, FULL, **arguments)
    profiled = scan.grid(function, AXES, profile=NU, **arguments)
    chain = scan.sample(function, BOUNDS, steps=10, walkers=8, **arguments)
    fit = scan.minimize(function, BOUNDS, starts=3, **arguments)
    return [
        found.log_likelihood.tobytes(),
        profiled.log_likelihood.tobytes(),
        profiled.profiled["nu"].tobytes(),
        chain.chain.tobytes(),
        fit,
    ]


@pytest.fixture(scope="module")
def expected():
    return everything(None)


def test_processes(processes, expected):
    assert everything(processes) == expected
    assert processes.submit(os.getpid).result() != os.getpid()  # still open


def test_threads(expected):
    with ThreadPoolExecutor(3) as pool:
        assert everything(pool) == expected


@pytest.mark.parametrize("name", ["grid", "sample"])
def test_dask(tmp_path, name):
    """Two processes of a LocalCluster."""
    pytest.importorskip("distributed")
    axes, more = (AXES, {"profile": NU}) if name == "grid" else (BOUNDS, {"steps": 5})
    run_driver(name, "Gauss", axes, more, tmp_path / "out", allowed_failures=3)
    direct = getattr(scan, name)(functions.Gauss(), axes, progress=False, **more)
    with np.load(tmp_path / "out") as arrays:
        assert arrays["log_likelihood"].tobytes() == direct.log_likelihood.tobytes()


@pytest.mark.parametrize("name", ["grid", "sample"])
def test_number_of_processes(tmp_path, name):
    """The scan makes the processes itself."""
    axes, more = (FULL, {}) if name == "grid" else (BOUNDS, {"steps": 5, "walkers": 8})
    log, out = tmp_path / "log", tmp_path / "out"
    run_driver(name, "Gauss", axes, more | {"executor": 2}, out, options={"log": log})
    direct = getattr(scan, name)(functions.Gauss(), axes, progress=False, **more)
    with np.load(out) as arrays:
        assert arrays["log_likelihood"].tobytes() == direct.log_likelihood.tobytes()
    if name == "grid":
        assert len(points(log)) == 30


@pytest.mark.skipif(sys.platform != "linux", reason="processes are spawned")
def test_one_server_starts_the_workers_of_all_scans():
    """And not this process, which may have threads."""
    servers = set()
    for _ in range(2):
        with ProcessPoolExecutor(1, context(), start_worker) as pool:
            servers.add(pool.submit(os.getppid).result())
    assert len(servers) == 1
    assert os.getpid() not in servers


def test_many_cheap_points(processes):
    """More points than fit into a task or may wait."""
    axes = {"C": np.linspace(0, 1e-8, 60), "m": np.linspace(0, 1, 50), "nu": [0.0, 1.0]}
    direct = scan.grid(functions.Gauss(), axes, progress=False)
    parallel = scan.grid(functions.Gauss(), axes, progress=False, executor=processes)
    assert parallel.log_likelihood.tobytes() == direct.log_likelihood.tobytes()


def test_closed_executor(expected):
    with ThreadPoolExecutor(2) as pool:
        pass
    with pytest.warns(WorkerWarning, match="cannot be used any more"):
        result = scan.grid(functions.Gauss(), FULL, progress=False, executor=pool)
    assert result.log_likelihood.tobytes() == expected[0]


@pytest.mark.parametrize("executor", [0, -1, True, 2.0, "4"])
def test_wrong_executor(executor):
    with pytest.raises(InvalidScan, match="a positive number of processes"):
        scan.grid(functions.Gauss(), FULL, executor=executor, progress=False)


def test_function_that_cannot_be_pickled():
    function = functions.Gauss()
    function.lock = threading.Lock()
    with ThreadPoolExecutor(1) as pool, pytest.raises(InvalidScan, match="cannot be pickled"):
        scan.grid(function, FULL, progress=False, executor=pool)


def test_progress(capsys):
    scan.grid(functions.Gauss(), FULL)
    shown = capsys.readouterr()
    assert "30/30" in shown.err
    assert shown.out == ""
    scan.grid(functions.Gauss(), FULL, progress=False)
    assert capsys.readouterr().err == ""


def test_progress_in_a_terminal(tmp_path):
    """One bar that moves, with the points of a checkpoint done from the start."""
    pty = pytest.importorskip("pty")
    scan.grid(functions.Gauss(), FULL, checkpoint=tmp_path / "scan.db", progress=False)
    arguments = {"checkpoint": tmp_path / "scan.db", "progress": True}
    own, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    job = command("grid", "Gauss", FULL, arguments)
    with subprocess.Popen(job, stderr=theirs, stdout=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # EIO: the other side is closed
            while piece := os.read(own, 4096):
                shown += piece
        assert process.stdout.read() == b""
    os.close(own)
    assert process.returncode == 0, shown
    assert b"grid" in shown
    assert b"30/30" in shown
    assert b"\x1b[?25l" in shown  # the cursor is hidden, and shown again
    assert shown.rstrip().endswith(b"\x1b[?25h")


class Loses(Executor):
    """Answers the first ``good`` tasks; the others fail, and after ``last`` tasks submit does."""

    def __init__(self, error, good=0, last=1000):
        self.error, self.good, self.last = error, good, last
        self.tasks = 0

    def submit(self, function, /, *arguments):
        self.tasks += 1
        if self.tasks > self.last:
            raise RuntimeError("not connected")
        future = Future()
        if self.tasks <= self.good:
            future.set_result(function(*arguments))
        elif isinstance(self.error, CancelledError):
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(self.error)
        return future


def test_executor_that_cancels_everything(expected):
    """Three times in a row: the scan goes on in this process."""
    lost = Loses(CancelledError(), good=4)
    with pytest.warns(WorkerWarning) as record:
        result = scan.grid(functions.Gauss(), FULL, progress=False, executor=lost)
    assert result.log_likelihood.tobytes() == expected[0]
    messages = [str(warning.message) for warning in record]
    assert len(messages) == 4
    assert all("tasks were lost" in message for message in messages[:3])
    assert "going on in this process" in messages[3]


def test_executor_that_is_lost_with_a_suspect_point(tmp_path):
    """What has killed two workers is not evaluated in this process."""

    class KilledWorker(Exception):  # as dask calls it
        pass

    lost, file = Loses(KilledWorker("no memory"), good=5, last=6), tmp_path / "scan.db"
    log = tmp_path / "log"
    axes = FULL | {"m": [1.0]}
    with (
        pytest.warns(WorkerWarning, match="no memory"),
        pytest.raises(FailedWorkers, match=r"killed its workers are not evaluated in this pro"),
    ):
        scan.grid(functions.Gauss(log), axes, progress=False, executor=lost, checkpoint=file)
    assert stored(file) == set(range(5))
    assert len(points(log)) == 5


def test_own_processes_that_cannot_be_started(monkeypatch):
    class Refuses(Loses):
        def __init__(self, *arguments, **options):
            super().__init__(OSError("no processes"), last=0)

    monkeypatch.setattr(runner, "ProcessPoolExecutor", Refuses)
    with pytest.raises(FailedWorkers, match=r"processes cannot be started \(not connected\)"):
        scan.grid(functions.Gauss(), FULL, progress=False, executor=2)


# workers that die, functions that fail ------------------------------------------------------------


def test_worker_dies_in_a_given_pool(tmp_path, fragile, expected):
    """All points are done; those whose results had arrived only once."""
    function = functions.Kills(AT, tmp_path / "once", log=tmp_path / "log")
    with pytest.warns(WorkerWarning, match=r"a worker died .*\(no. 1 ") as warnings:
        result = scan.grid(
            function, FULL, progress=False, executor=fragile, checkpoint=tmp_path / "scan.db"
        )
    assert result.log_likelihood.tobytes() == expected[0]
    assert stored(tmp_path / "scan.db") == set(range(30))
    calls = points(tmp_path / "log")
    assert len(set(calls)) == 30
    (lost,) = (
        int(n) for w in warnings for n in re.findall(r"(\d+) points are done", str(w.message))
    )
    assert 30 < len(calls) <= 30 + lost < 60


def test_worker_dies_while_sampling(tmp_path, fragile, expected):
    once = tmp_path / "once"
    function = functions.Gauss()
    start = scan.sample(function, BOUNDS, steps=1, walkers=8, progress=False)
    function = functions.Kills(start.chain[0, 0, 0], once)
    with pytest.warns(WorkerWarning, match="a worker died or"):
        result = scan.sample(
            function, BOUNDS, steps=10, walkers=8, progress=False, executor=fragile
        )
    assert result.chain.tobytes() == expected[3]
    assert once.exists()


def test_worker_dies_in_an_own_pool(tmp_path, expected):
    options = {"at": AT, "once": tmp_path / "once"}
    error = run_driver("grid", "Kills", FULL, {"executor": 2}, tmp_path / "out", options=options)
    assert "WorkerWarning: a worker died or its tasks were lost (no. 1 in this scan)" in error
    with np.load(tmp_path / "out") as arrays:
        assert arrays["log_likelihood"].tobytes() == expected[0]


@pytest.mark.parametrize(
    ("allowed_failures", "message"), [(3, "dask lost the worker"), (0, "KilledWorker")]
)
def test_worker_of_dask_dies(tmp_path, expected, allowed_failures, message):
    """Whether dask does the tasks again by itself or gives up, it is reported."""
    pytest.importorskip("distributed")
    options = {"at": AT, "once": tmp_path / "once", "log": tmp_path / "log"}
    more = {"options": options, "allowed_failures": allowed_failures}
    error = run_driver("grid", "Kills", FULL, {}, tmp_path / "out", **more)
    assert any("WorkerWarning" in line and message in line for line in error.splitlines())
    with np.load(tmp_path / "out") as arrays:
        assert arrays["log_likelihood"].tobytes() == expected[0]
    assert len(set(points(tmp_path / "log"))) == 30


def test_poison_point(tmp_path, fragile):
    """Three workers, not more; all other points that were evaluated are kept."""
    axes = FULL | {"C": np.linspace(1e-8, 3e-8, 6)[[0, 1, 5, 2, 3]], "m": [1.0, 1.5]}
    function = functions.Kills(AT, log=tmp_path / "log")
    arguments = {"progress": False, "checkpoint": tmp_path / "scan.db"}
    with (
        pytest.warns(WorkerWarning) as record,
        pytest.raises(FailedWorkers, match=r"die at the point C = 3e-08, m = 1\.0, nu = 0\.0"),
    ):
        scan.grid(function, axes, executor=fragile, **arguments)
    assert len(record) == 2
    calls = points(tmp_path / "log")
    assert calls.count((AT, 1.0, 0.0)) + calls.count((AT, 1.5, 0.0)) >= 3
    assert calls.count((AT, 1.0, 0.0)) <= 3
    finished = stored(tmp_path / "scan.db")
    assert {0, 1} <= finished
    assert 2 not in finished  # number of the poisoned point


def test_poison_point_of_dask(tmp_path):
    pytest.importorskip("distributed")
    axes = {"C": [1e-8, AT], "m": [1.0], "nu": [0.0]}
    more = {"options": {"at": AT}, "allowed_failures": 0, "status": 1}
    error = run_driver("grid", "Kills", axes, {"checkpoint": tmp_path / "scan.db"}, **more)
    assert "FailedWorkers: the workers die at the point C = 3e-08, m = 1.0, nu = 0.0" in error
    assert stored(tmp_path / "scan.db") == {0}


def test_workers_that_cannot_start(tmp_path):
    """A script without protection of its main part: the reason is suggested."""
    script = tmp_path / "script.py"
    script.write_text(
        "import scan_functions as s; s.without_flavio()\n"
        "from flavio_nusmeft.inference import scan\n"
        "scan.grid(s.Gauss(), {'C': [1.0], 'm': [1.0], 'nu': [1.0]}, executor=1, progress=False)"
    )
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    run = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True)
    assert run.returncode == 1
    assert 'is it under if __name__ == "__main__"' in run.stderr.splitlines()[-1]


def test_function_that_workers_cannot_load():
    """Not a matter of the first point: the reason is in the message, and chained."""
    with (
        ThreadPoolExecutor(2) as pool,
        pytest.warns(WorkerWarning, match="ModuleNotFoundError.*points are done again"),
        pytest.raises(FailedWorkers, match=r"ModuleNotFoundError.*only here.*No worker has fin"),
    ):
        scan.grid(functions.NotInstalled(), FULL, progress=False, executor=pool)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("zero", "fails at C = 3e-08, m = 1.0, nu = 0.0: ZeroDivisionError: division by zero"),
        ("odd", "fails at C = 3e-08, m = 1.0, nu = 0.0: OddError: negative mass"),
        ("exit", "fails at C = 3e-08, m = 1.0, nu = 0.0: SystemExit: 3"),
        ("vector", r"fails at .*TypeError: the result has the shape \(2,\)"),
        ("nan", "is nan at C = 3e-08, m = 1.0, nu = 0.0; it must be finite"),
        ("inf", "is inf at C = 3e-08"),
    ],
)
@pytest.mark.parametrize("parallel", [False, True])
def test_function_that_fails(tmp_path, request, parallel, what, message):
    """All other points are done and stored; the next run does only this one."""
    executor = request.getfixturevalue("processes") if parallel else None
    arguments = {"progress": False, "executor": executor, "checkpoint": tmp_path / "scan.db"}
    axes = {"m": [1.0], "nu": [0.0], "C": np.linspace(1e-8, 3e-8, 10)}
    axes["C"][[4, 9]] = axes["C"][[9, 4]]
    with pytest.warns(FailedPointWarning, match=f"at 1 of 10 points.*{message}"):
        result = scan.grid(functions.Fails(AT, what), axes, **arguments)
    assert list(result.failed) == [(0, 0, 4)]
    assert re.search(message, result.failed[0, 0, 4])
    assert "\n" not in result.failed[0, 0, 4]
    expected = scan.grid(functions.Gauss(), axes, progress=False)
    assert expected.failed == {}
    others = np.arange(10) != 4
    assert np.array_equal(result.log_likelihood[..., others], expected.log_likelihood[..., others])
    assert np.isnan(result.log_likelihood[0, 0, 4])
    assert result.converged.sum() == 9
    assert "1 failed" in repr(result)
    assert stored(tmp_path / "scan.db") == set(range(10)) - {4}
    repaired = functions.Fails(AT, "nothing", log=tmp_path / "log")
    again = scan.grid(repaired, axes, **arguments)
    assert points(tmp_path / "log") == [(AT, 1.0, 0.0)]
    assert again.log_likelihood.tobytes() == expected.log_likelihood.tobytes()


@pytest.mark.parametrize("parallel", [False, True])
def test_function_that_fails_everywhere(request, parallel):
    """The first reason, with its cause."""
    executor = request.getfixturevalue("processes") if parallel else None
    axes = {"m": [2.0, 1.0], "nu": [0.0], "C": [AT, AT]}
    with pytest.raises(FailedPoint, match=r"C = 3e-08, m = 2\.0, nu = 0\.0: ZeroDiv") as caught:
        scan.grid(functions.Fails(AT, "zero"), axes, progress=False, executor=executor)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert ("In the worker" in str(caught.value)) is parallel


def test_failure_of_a_step_names_all_variables():
    """Also the values at which the sampler has arrived."""
    bounds = BOUNDS | {"nu": (0.0, 1.0)}
    with pytest.raises(FailedPoint, match=r"at C = \S+, m = \S+, nu = 0\.\d+: ValueError: no"):
        scan.sample(functions.Limited(0.1), bounds, steps=5, progress=False)


@pytest.mark.parametrize("parallel", [False, True])
def test_profile_that_fails_at_a_point(tmp_path, request, parallel):
    """An error outside of the domain of the function is a wall, another one ends the point."""
    executor = request.getfixturevalue("processes") if parallel else None
    arguments = {"profile": NU, "progress": False, "checkpoint": tmp_path / "scan.db"}
    axes = {"C": [1e-8, AT, 2e-8], "m": [1.5]}
    with pytest.warns(FailedPointWarning, match="at 1 of 3 points.*TypeError: the result has"):
        result = scan.grid(functions.Fails(AT, "vector"), axes, executor=executor, **arguments)
    assert list(result.failed) == [(1, 0)]
    assert stored(tmp_path / "scan.db") == {0, 2}
    assert result.converged.tolist() == [[True], [False], [True]]
    assert np.isnan(result.profiled["nu"]).tolist() == [[False], [True], [False]]
    repaired = functions.Fails(AT, "nothing")
    again = scan.grid(repaired, axes, executor=executor, **arguments)
    direct = scan.grid(functions.Gauss(), axes, profile=NU, progress=False)
    assert again.log_likelihood.tobytes() == direct.log_likelihood.tobytes()


@pytest.mark.parametrize("wall", [ValueError("no"), InvalidScan("no"), -np.inf, np.nan])
def test_profile_with_a_wall(wall):
    """The maximum in the other half of the range is found."""
    function = functions.Limited(1.0, wall)
    result = scan.grid(function, AXES, profile=NU, progress=False)
    free = scan.grid(functions.Gauss(), AXES, profile={"nu": (-5.0, 1.0)}, progress=False)
    inside = free.profiled["nu"] < 0.9
    assert inside.sum() > 20
    difference = result.log_likelihood - free.log_likelihood
    assert difference[inside] == pytest.approx(0.0, abs=1e-5)
    assert result.converged[inside].all()
    assert np.abs(difference[~inside]).max() < 0.05


def test_profile_behind_a_wall():
    """Where no point of the sample has a value, the reason is given."""
    axes = {"C": [2e-8], "m": [1.5]}
    with pytest.raises(FailedPoint, match=r"C = 2e-08, m = 1.5, nu = \S+: ValueError: no"):
        scan.grid(functions.Limited(-6.0), axes, profile=NU, progress=False)


# killed, interrupted, full ------------------------------------------------------------------------


def kill_driver(name, axes, arguments, *, log, calls, number=signal.SIGKILL, function="Gauss"):
    """Start a scan in a process of its own, and kill it after so many calls of the function."""
    job = command(name, function, axes, arguments, options={"log": log, "delay": 0.002})
    process = subprocess.Popen(job, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while len(points(log)) < calls:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(number)
        _, error = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode != 0
    return error


@pytest.mark.parametrize("executor", [None, 2])
def test_grid_killed(tmp_path, executor):
    axes = FULL | {"m": np.linspace(1.0, 2.0, 20)}
    log, again, file = tmp_path / "killed", tmp_path / "again", tmp_path / "scan.db"
    kill_driver("grid", axes, {"checkpoint": file, "executor": executor}, log=log, calls=30)
    time.sleep(0.1)  # workers end with their parent
    before = points(log)
    kept = stored(file)
    assert 0 < len(kept) < 120
    if executor is None:
        assert len(before) - 1 <= len(kept) <= len(before)  # all that were finished
    result = scan.grid(
        functions.Gauss(again), axes, executor=executor and None, checkpoint=file, progress=False
    )
    direct = scan.grid(functions.Gauss(), axes, progress=False)
    assert result.log_likelihood.tobytes() == direct.log_likelihood.tobytes()
    grid_points = [(c, m, 0.0) for m in axes["m"] for c in axes["C"]]
    assert points(again) == [x for i, x in enumerate(grid_points) if i not in kept]
    time.sleep(0.3)
    assert points(log) == before  # nobody is left who works on it


def test_profile_killed(tmp_path):
    log, again, file = tmp_path / "killed", tmp_path / "again", tmp_path / "scan.db"
    kill_driver("grid", AXES, {"checkpoint": file, "profile": NU}, log=log, calls=400)
    kept = stored(file)
    assert 0 < len(kept) < 30
    arguments = {"profile": NU, "progress": False}
    result = scan.grid(functions.Gauss(again), AXES, checkpoint=file, **arguments)
    direct = scan.grid(functions.Gauss(), AXES, **arguments)
    assert result.log_likelihood.tobytes() == direct.log_likelihood.tobytes()
    assert result.profiled["nu"].tobytes() == direct.profiled["nu"].tobytes()
    grid_points = [(c, m) for m in AXES["m"] for c in AXES["C"]]
    assert {x[:2] for x in points(again)} == {x for i, x in enumerate(grid_points) if i not in kept}


def test_sample_killed(tmp_path):
    """The calls of both runs are those of one, but for those of the unfinished step."""
    log, again, full = (tmp_path / name for name in ("killed", "again", "full"))
    file = tmp_path / "scan.db"
    arguments = {"steps": 200, "walkers": 8}
    kill_driver("sample", BOUNDS, arguments | {"checkpoint": file}, log=log, calls=500)
    assert 10 < len(stored(file)) < 200
    arguments["progress"] = False
    result = scan.sample(functions.Gauss(again), BOUNDS, checkpoint=file, **arguments)
    direct = scan.sample(functions.Gauss(full), BOUNDS, **arguments)
    assert result.chain.tobytes() == direct.chain.tobytes()
    assert result.log_likelihood.tobytes() == direct.log_likelihood.tobytes()
    assert result.acceptance_fraction.tobytes() == direct.acceptance_fraction.tobytes()
    first, second, both = points(log), points(again), points(full)
    assert both[: len(first)] == first
    assert both[-len(second) :] == second
    assert len(first) + len(second) <= len(both) + 8


def test_longer_chain(tmp_path):
    """A longer run continues a shorter one, and equals a long run."""
    arguments = {"walkers": 8, "progress": False}
    file = tmp_path / "scan.db"
    short = scan.sample(functions.Gauss(), BOUNDS, steps=4, checkpoint=file, **arguments)
    log = tmp_path / "log"
    longer = scan.sample(functions.Gauss(log), BOUNDS, steps=9, checkpoint=file, **arguments)
    direct = scan.sample(functions.Gauss(), BOUNDS, steps=9, **arguments)
    assert 0 < len(points(log)) <= 5 * 8
    assert longer.chain.tobytes() == direct.chain.tobytes()
    assert longer.chain[:4].tobytes() == short.chain.tobytes()
    again = scan.sample(functions.Gauss(log), BOUNDS, steps=4, checkpoint=file, **arguments)
    assert again.chain.tobytes() == short.chain.tobytes()


def test_minimize_continues(tmp_path):
    file = tmp_path / "scan.db"
    first = scan.minimize(functions.Gauss(), BOUNDS, checkpoint=file, progress=False)
    log = tmp_path / "log"
    again = scan.minimize(functions.Gauss(log), BOUNDS, checkpoint=file, progress=False)
    assert again == first
    assert points(log) == []


@pytest.mark.parametrize("executor", [None, 2])
def test_interrupted(tmp_path, executor):
    """Ctrl-C: quickly, with the points so far."""
    log, file = tmp_path / "log", tmp_path / "scan.db"
    axes = FULL | {"m": np.linspace(1.0, 2.0, 2000)}
    start = time.monotonic()
    arguments = {"checkpoint": file, "executor": executor}
    error = kill_driver("grid", axes, arguments, log=log, calls=50, number=signal.SIGINT)
    assert "KeyboardInterrupt" in error
    assert time.monotonic() - start < 60
    assert [entry.name for entry in tmp_path.glob("scan.db*")] == ["scan.db"]
    assert len(stored(file)) > 0
    calls = len(points(log))
    time.sleep(0.3)
    assert len(points(log)) == calls


def test_full_disk(tmp_path):
    """The kernel refuses to enlarge files: the scan ends, and what was written is good."""
    pytest.importorskip("resource")
    axes = FULL | {"m": np.linspace(1.0, 2.0, 100)}
    file = tmp_path / "scan.db"
    arguments = {"checkpoint": file}
    error = run_driver("grid", "Gauss", axes, arguments, tmp_path / "out", file_size=200_000)
    assert error.count("CheckpointWarning") == 1
    direct = scan.grid(functions.Gauss(), axes, progress=False)
    with np.load(tmp_path / "out") as arrays:
        assert arrays["log_likelihood"].tobytes() == direct.log_likelihood.tobytes()
    kept = stored(file)
    assert 0 < len(kept) < 600
    log = tmp_path / "log"
    result = scan.grid(functions.Gauss(log), axes, checkpoint=file, progress=False)
    assert result.log_likelihood.tobytes() == direct.log_likelihood.tobytes()
    assert len(points(log)) == 600 - len(kept)


def test_checkpoint_of_another_scan(tmp_path):
    file = tmp_path / "scan.db"
    arguments = {"checkpoint": file, "progress": False}
    scan.grid(functions.Described("paper2023"), FULL, **arguments)
    before = file.read_bytes()
    log = tmp_path / "log"
    with pytest.raises(InvalidCheckpoint, match=r'function.data: "paper2023" there, "current" he'):
        scan.grid(functions.Described("current", log=log), FULL, **arguments)
    with pytest.raises(InvalidCheckpoint, match=r"function.type: null there, \"scan_functions.Ga"):
        scan.grid(functions.Gauss(log), FULL, **arguments)
    with pytest.raises(InvalidCheckpoint, match=r"axes.nu: \[0.0\] there, null here; profile"):
        scan.grid(functions.Described("paper2023", log=log), AXES, profile=NU, **arguments)
    with pytest.raises(InvalidCheckpoint, match='scan: "grid" there, "sample" here'):
        scan.sample(functions.Described("paper2023", log=log), BOUNDS, steps=2, **arguments)
    missing = {"checkpoint": tmp_path / "no" / "scan.db", "progress": False}
    with pytest.raises(InvalidCheckpoint, match="No such file or directory"):
        scan.grid(functions.Gauss(log), FULL, **missing)
    assert file.read_bytes() == before
    assert points(log) == []


# wrong input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"c": [1.0]}, "'c' in axes is no variable of the log-likelihood; these are C, m, nu"),
        ({"nuu": [1.0], "nu": None}, "'nuu' in axes is no variable .*did you mean 'nu'"),
        ({"nu": None}, "axes must contain every variable; nu missing"),
        ({"nu": []}, r"the axis 'nu' must be a 1-d array with one value .* its shape is \(0,\)"),
        ({"nu": 1.0}, r"its shape is \(\)"),
        ({"nu": [[1.0], [2.0]]}, r"its shape is \(2, 1\)"),
        ({"nu": [[1.0], [2.0, 3.0]]}, "not a number or an array of numbers"),
        ({"nu": [0.0, np.nan]}, "the axis 'nu' is not finite: nan at index 1"),
        ({"nu": [np.inf]}, "the axis 'nu' is not finite: inf at index 0"),
        ({"nu": ["a"]}, "not a number or an array of numbers"),
        ({"nu": np.array([1j])}, "must be an array of real numbers"),
    ],
)
def test_wrong_axes(tmp_path, change, message):
    log = tmp_path / "log"
    axes = {name: values for name, values in (FULL | change).items() if values is not None}
    with pytest.raises(InvalidScan, match=message):
        scan.grid(functions.Gauss(log), axes, checkpoint=tmp_path / "scan.db", progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ((5.0, -5.0), r"of 'nu' must be two finite numbers, .* not \(5.0, -5.0\); they are rev"),
        ((1.0, 1.0), "the lower one first"),
        ((0.0, np.inf), "two finite numbers"),
        ((0.0, 1.0, 2.0), "two finite numbers"),
        (None, "not a number or an array of numbers|two finite numbers"),
    ],
)
def test_wrong_bounds(limits, message):
    function = functions.Gauss()
    with pytest.raises(InvalidScan, match=message):
        scan.grid(function, AXES, profile={"nu": limits}, progress=False)
    with pytest.raises(InvalidScan, match=message):
        scan.minimize(function, BOUNDS | {"nu": limits}, progress=False)
    with pytest.raises(InvalidScan, match=message):
        scan.sample(function, BOUNDS | {"nu": limits}, steps=1, progress=False)


def test_wrong_variables():
    function = functions.Gauss()
    with pytest.raises(InvalidScan, match="'nu' is twice in axes and profile"):
        scan.grid(function, FULL, profile=NU, progress=False)
    with pytest.raises(InvalidScan, match="bounds must contain every variable; C, nu missing"):
        scan.minimize(function, {"m": (0.0, 1.0)}, progress=False)
    for wrong in (abs, lambda x: 0.0, 3):
        with pytest.raises(InvalidScan, match="must be a callable with an attribute 'variables'"):
            scan.grid(wrong, FULL, progress=False)
    function.description = lambda: {"data": {1, 2}}
    with pytest.raises(InvalidScan, match=r"description\(\) of the log-likelihood must be JSON"):
        scan.grid(function, FULL, progress=False)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("minimize", {"starts": 0}, "starts must be an integer >= 1, not 0"),
        ("minimize", {"seed": -1}, "seed = -1 must be an integer from 0 to 4294967295 or a"),
        ("minimize", {"seed": 1.5}, r"seed = 1\.5 must be an integer"),
        ("sample", {"seed": None}, r"seed = None must be .* or a numpy\.random\.Generator"),
        ("sample", {"seed": 2**32}, "seed = 4294967296 must be an integer"),
        ("sample", {"steps": 0}, "steps must be an integer >= 1"),
        ("sample", {"steps": True}, "steps must be an integer"),
        ("sample", {"walkers": 5}, r"walkers \(at least two per variable\) must be .* >= 6"),
    ],
)
def test_wrong_numbers(name, change, message):
    arguments = ({"steps": 2} if name == "sample" else {}) | change
    with pytest.raises(InvalidScan, match=message):
        getattr(scan, name)(functions.Gauss(), BOUNDS, progress=False, **arguments)
