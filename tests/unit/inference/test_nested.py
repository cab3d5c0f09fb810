"""Nested sampling: evidences are integrals, runs are reproducible and not to be killed."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scan_functions as functions

from flavio_nusmeft import intervals, scan
from flavio_nusmeft.errors import (
    FailedPoint,
    FailedPointWarning,
    InvalidCheckpoint,
    InvalidScan,
)

TESTS = Path(__file__).parents[2]
BOUNDS = {"a": (-1.0, 2.0), "b": (-2.0, 2.0)}
WIDE = {"C": (-1e-8, 5e-8), "m": (0.0, 3.0), "nu": (-8.0, 8.0)}
EMPTY = -np.inf
QUICK = {"live": 20, "progress": False}


@pytest.fixture(scope="module")
def gauss():
    return scan.nested(functions.Correlated(), BOUNDS, live=100, progress=False)


@pytest.fixture(scope="module")
def quick():
    return scan.nested(functions.Correlated(), BOUNDS, **QUICK)


@pytest.fixture(scope="module")
def direct():
    return scan.nested(functions.Gauss(), WIDE, **QUICK)


def pull(found, exact):
    return (found.log_evidence - exact) / found.log_evidence_error


# results are right ----------------------------------------------------------------------------


def test_gaussian(gauss):
    """Its integral is known; mean and covariance within five statistical errors."""
    function = functions.Correlated()
    exact = np.log(2 * np.pi * np.sqrt(np.linalg.det(function.covariance)) / 12)
    assert gauss.log_evidence == pytest.approx(exact, rel=0, abs=4 * gauss.log_evidence_error)
    assert 0.1 < gauss.log_evidence_error < 0.3  # sqrt(information / live) is 0.15
    error = 5 / np.sqrt(gauss.effective_samples)
    sigma = np.sqrt(np.diag(function.covariance))
    for i, name in enumerate("ab"):
        assert gauss.mean[name] == pytest.approx(function.centre[i], abs=error * sigma[i])
        assert gauss.std[name] == pytest.approx(sigma[i], rel=0, abs=error * sigma[i])
    correlation = gauss.covariance / np.outer(sigma, sigma)
    assert correlation[0, 1] == pytest.approx(0.5, abs=error)
    best = gauss.log_likelihood.argmax()
    assert gauss.log_likelihood[best] == function(gauss.samples[best])
    assert (np.diff(gauss.log_likelihood) >= 0).all()
    assert gauss.notes == ()


def test_error_of_the_evidence():
    """Results of many seeds scatter by the error that they state."""
    function = functions.Correlated()
    exact = np.log(2 * np.pi * np.sqrt(np.linalg.det(function.covariance)) / 12)
    pulls = [pull(scan.nested(function, BOUNDS, seed=seed, **QUICK), exact) for seed in range(8)]
    assert abs(np.mean(pulls)) < 4 / np.sqrt(8)
    assert 0.3 < np.std(pulls) < 2


class Corner:
    """A narrow maximum at a corner of the prior, as of couplings that are compatible with zero."""

    variables = ("a", "b")
    sigma = np.array([5e-4, 5e-3])

    def __call__(self, x):
        return -0.5 * float(np.sum((x / self.sigma) ** 2))


def test_corner():
    exact = np.log(np.prod(Corner.sigma * np.sqrt(np.pi / 2)))
    for seed in range(4):
        found = scan.nested(Corner(), {"a": (0.0, 1.0), "b": (0.0, 1.0)}, seed=seed, **QUICK)
        assert abs(pull(found, exact)) < 4


@pytest.mark.parametrize("wall", [EMPTY, np.nan])
def test_walls(wall):
    """The part of the prior where the likelihood vanishes lowers the evidence."""
    from scipy.stats import norm

    function = functions.Limited(-1.0, wall)
    found = scan.nested(function, WIDE, live=30, progress=False)
    volume = np.prod([high - low for low, high in WIDE.values()])
    exact = norm.cdf(-0.7) * np.sqrt(np.linalg.det(2 * np.pi * function.covariance)) / volume
    assert abs(pull(found, np.log(exact))) < 4
    assert (found.samples[:, 2] <= -1).all()
    vanishing = float(found.notes[0].split()[4])
    assert vanishing == pytest.approx(9 / 16, abs=0.3)
    assert len(found.notes) == (2 if wall is not EMPTY else 1)


BOX = {"m_N1": (0.0, 2.3)}
COUPLINGS = {"LNQd_2123": (0.0, 1e-7), "QN_2311": (0.0, 1e-7)}  # scalar, vector


@pytest.fixture(scope="module")
def models():
    """Scalar and vector with a massive N: the functions, and their results for real data."""
    import flavio_nusmeft as nus

    data = nus.likelihood("current", observables=["BR(B0->Kinv)"], fit_parameters={"m_N1": (0, 3)})
    point = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
    found = []
    for name, bounds in COUPLINGS.items():
        function = nus.LogLikelihood(data, [name, "m_N1"], **point)
        result = scan.nested(function, {name: bounds} | BOX, live=40, progress=False)
        found.append((function, result))
    return found


def integral(function, coupling):
    """ln Z, means and standard deviations: midpoints in the coupling, Gauss-Legendre in mass."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    couplings, masses = coupling * (np.arange(60) + 0.5) / 60, 2.3 * (nodes + 1) / 2
    density = np.exp([[function([c, m]) for c in couplings] for m in masses])
    density *= weights[:, None] / 2 / len(couplings)
    by_mass, by_coupling = density.sum(axis=1) / density.sum(), density.sum(axis=0) / density.sum()
    means = by_coupling @ couplings, by_mass @ masses
    squares = by_coupling @ couplings**2, by_mass @ masses**2
    return np.log(density.sum()), means, np.sqrt(np.array(squares) - np.array(means) ** 2)


def test_data_are_the_same_after_the_first_use(models):
    """What is derived from a distribution when it is used is no part of its description."""
    (scalar, first), (vector, _) = models
    assert first.definition["function"] == scalar.description()
    assert scalar.description()["data"] == vector.description()["data"]


def test_bayes_factor(models):
    """Evidences of real data and their ratio, against quadrature; the posterior as well."""
    exact = [integral(function, 1e-7) for function, _ in models]
    for (_, found), (log_evidence, means, spreads) in zip(models, exact, strict=True):
        assert abs(pull(found, log_evidence)) < 4
        error = 5 / np.sqrt(found.effective_samples)
        for name, mean, spread in zip(found.variables, means, spreads, strict=True):
            assert found.mean[name] == pytest.approx(mean, rel=0, abs=error * spread)
            assert found.std[name] == pytest.approx(spread, rel=0, abs=error * spread)
    scalar, vector = (found for _, found in models)
    value, error = scalar.bayes_factor(vector)
    assert value == pytest.approx(exact[0][0] - exact[1][0], rel=0, abs=4 * error)
    assert error == np.hypot(scalar.log_evidence_error, vector.log_evidence_error)
    assert vector.bayes_factor(scalar) == (-value, error)


def changed(found, *keys, value):
    """The result with another entry in its definition."""
    definition = copy.deepcopy(found.definition)
    entry = definition
    for key in keys[:-1]:
        entry = entry[key]
    assert entry[keys[-1]] != value
    entry[keys[-1]] = value
    return replace(found, definition=definition)


def test_bayes_factors_that_mean_nothing(models, quick):
    scalar, vector = (found for _, found in models)
    for key in ("data", "measurements", "observables", "likelihood", "fit parameters"):
        other = changed(vector, "function", key, value=[])
        with pytest.raises(InvalidScan, match=f"of the same data; different are {key}$"):
            scalar.bayes_factor(other)
    # other fixed values, options, or a prior of a coefficient make another model
    other = changed(vector, "function", "par", value={"Vub": 0.004})
    other = changed(other, "bounds", "QN_2311", value=[0.0, 1.0])
    assert scalar.bayes_factor(other) == scalar.bayes_factor(vector)
    # the prior of a fit parameter is in the likelihood, beside the flat one
    wider = changed(vector, "bounds", "m_N1", value=[0.0, 2.0])
    with pytest.raises(InvalidScan, match=r"same bounds in both, not .*2\.3\]\} here and .*2\.0\]"):
        scalar.bayes_factor(wider)
    with pytest.raises(InvalidScan, match=r"say what its data are; a method description\(\)"):
        scalar.bayes_factor(quick)
    with pytest.raises(InvalidScan, match=r"another result of nus.scan.nested, not tuple"):
        scalar.bayes_factor((1.0, 0.1))


class Constant:
    variables = ("a",)

    def __call__(self, x):
        return 5.0


def test_constant():
    """All live points have the same likelihood: it is the evidence, and the posterior the prior."""
    found = scan.nested(Constant(), {"a": (0.0, 2.0)}, **QUICK)
    # the first and the last of 20 intervals of the volume have half of their weight
    assert found.log_evidence == pytest.approx(5.0, abs=2 / 20)
    assert found.mean["a"] == pytest.approx(1.0, abs=5 * 0.58 / np.sqrt(20))


# what one does with the result ----------------------------------------------------------------


def test_interval(gauss):
    """Mean ± standard deviation of a Gaussian, and as from a Markov chain."""
    found = gauss.interval("a")
    error = 0.2 * 6 / np.sqrt(gauss.effective_samples) + 0.05  # half a bin
    assert found.low == pytest.approx(0.3, abs=error)
    assert found.high == pytest.approx(0.7, abs=error)
    assert found.definition == (
        "Bayesian region of highest density with 0.6827 of the posterior, prior flat in a from -1 "
        "to 2, b from -2 to 2"
    )
    assert found.best == pytest.approx(0.5, abs=0.1)
    chain = scan.sample(functions.Correlated(), BOUNDS, steps=400, progress=False)
    other = intervals.credible(chain, "a", discard=50)
    assert found.high == pytest.approx(other.high, abs=2 * error)
    assert chain.interval("a", discard=50).to_dict() == other.to_dict()
    limit = gauss.interval("a", 0.9, upper=True)
    assert (limit.low, limit.cl) == (-1.0, 0.9)
    assert limit.high == pytest.approx(0.5 + 1.2816 * 0.2, abs=error)
    assert "upper limit" in limit.definition
    with pytest.raises(InvalidScan, match="'c' is no variable"):
        gauss.interval("c")
    with pytest.raises(InvalidScan, match=r"90% is 0\.9"):
        gauss.interval("a", 90)


def test_equal_weight(gauss):
    drawn = gauss.equal_weight()
    assert drawn.shape == (round(gauss.effective_samples), 2)
    assert drawn.mean(axis=0) == pytest.approx(list(gauss.mean.values()), rel=0, abs=0.02)
    assert np.array_equal(drawn, gauss.equal_weight(seed=0))
    assert not np.array_equal(drawn, gauss.equal_weight(seed=1))
    # systematic: a sample is there as often as its weight says, up to one
    drawn = gauss.equal_weight(10_000)
    heavy = gauss.weights.argmax()
    times = (drawn == gauss.samples[heavy]).all(axis=1).sum()
    assert abs(times - 10_000 * gauss.weights[heavy]) <= 1
    with pytest.raises(InvalidScan, match="count must be an integer >= 1"):
        gauss.equal_weight(0)


def test_print_and_save(quick, tmp_path):
    assert repr(quick) == (
        f"Nested(ln Z = {quick.log_evidence:.2f} ± {quick.log_evidence_error:.2g}, prior flat in a "
        "from -1 to 2, b from -2 to 2)"
    )
    lines = str(quick).splitlines()
    assert lines[1] == "prior: flat in a from -1 to 2, b from -2 to 2"
    assert lines[2].split() == ["a", f"{quick.mean['a']:.6g}", "±", f"{quick.std['a']:.2g}"]
    quick.save(tmp_path / "nested.json")
    assert json.loads((tmp_path / "nested.json").read_text()) == quick.to_dict()
    assert quick.definition["bounds"] == {"a": [-1.0, 2.0], "b": [-2.0, 2.0]}
    assert {"version", "dynesty", "seed", "live", "dlogz", "function"} <= set(quick.definition)
    assert quick != replace(quick, calls=0)


# reproducible, on any executor, killed ----------------------------------------------------------


def test_executors(quick):
    with ThreadPoolExecutor(3) as pool:
        assert scan.nested(functions.Correlated(), BOUNDS, executor=pool, **QUICK) == quick
    assert scan.nested(functions.Correlated(), BOUNDS, seed=1, **QUICK) != quick


class Interrupted(functions.Correlated):
    """Ctrl-C at the 100th call and later."""

    calls = 0

    def __call__(self, x):
        self.calls += 1
        if self.calls >= 100:
            raise KeyboardInterrupt
        return super().__call__(x)


def points(log):
    lines = Path(log).read_text().splitlines() if Path(log).exists() else []
    return [tuple(map(float.fromhex, line.split())) for line in lines]


@pytest.mark.parametrize("executor", [None, 2])
def test_killed(tmp_path, direct, executor):
    """What was evaluated is not evaluated again, and the result is that of one run."""
    log, again, file = tmp_path / "killed", tmp_path / "again", tmp_path / "run.db"
    job = {"scan": "nested", "function": "Gauss", "axes": WIDE, "out": ""}
    job["options"] = {"log": str(log), "delay": 0.001}
    job["arguments"] = {"live": 20, "executor": executor, "checkpoint": str(file)}
    driver = [sys.executable, os.fspath(TESTS / "scan_driver.py"), json.dumps(job)]
    with subprocess.Popen(driver, stderr=subprocess.PIPE, text=True) as process:
        while len(points(log)) < 150:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.005)
        process.kill()
    time.sleep(0.1)  # workers end with their parent
    before = points(log)
    found = scan.nested(functions.Gauss(again), WIDE, checkpoint=file, **QUICK)
    assert found == direct
    after = points(again)
    assert len(set(before)) < direct.calls
    assert len(set(before) & set(after)) <= (1 if executor is None else 40)
    assert len(set(before) | set(after)) == direct.calls
    assert scan.nested(functions.Gauss(log), WIDE, checkpoint=file, **QUICK) == direct
    assert points(log) == before


def test_checkpoint_of_another_run(tmp_path):
    file = tmp_path / "run.db"
    arguments = {"checkpoint": file, **QUICK}
    with pytest.raises(KeyboardInterrupt):
        scan.nested(Interrupted(), BOUNDS, **arguments)
    before = file.read_bytes()
    for changes, message in (
        ({"seed": 1}, "seed: 0 there, 1 here"),
        ({"live": 21}, "live: 20 there, 21 here"),
        ({"dlogz": 0.2}, r"dlogz: 0\.1 there, 0\.2 here"),
        ({"bounds": BOUNDS | {"b": (0.0, 1.0)}}, r"bounds\.b: \[-2\.0, 2\.0\] there"),
    ):
        with pytest.raises(InvalidCheckpoint, match=message):
            scan.nested(Interrupted(), **{"bounds": BOUNDS} | arguments | changes)
    with pytest.raises(InvalidCheckpoint, match=r"function\.type: "):
        scan.nested(functions.Correlated(), BOUNDS, **arguments)
    assert file.read_bytes() == before


# points that fail -----------------------------------------------------------------------------


@pytest.mark.parametrize("parallel", [False, True])
def test_points_that_fail(tmp_path, direct, parallel):
    """They are left out, with a warning, and tried again."""
    executor = ThreadPoolExecutor(2) if parallel else None
    arguments = {"checkpoint": tmp_path / "run.db", **QUICK}
    function = functions.Limited(2.0, OSError("once"))
    with pytest.warns(FailedPointWarning, match=r"fails at \d+ points.*OSError: once"):
        found = scan.nested(function, WIDE, executor=executor, **arguments)
    assert (found.samples[:, 2] <= 2).all()
    assert found.notes[1].startswith("the log-likelihood fails at")
    repaired = scan.nested(functions.Limited(9.0), WIDE, **arguments)
    assert repaired.samples.tobytes() == direct.samples.tobytes()
    assert repaired.log_evidence == direct.log_evidence


def test_failure_everywhere():
    with pytest.raises(FailedPoint, match=r"C = \S+, m = \S+, nu = \S+: OSError: no") as caught:
        scan.nested(functions.Limited(-9.0, OSError("no")), WIDE, **QUICK)
    assert isinstance(caught.value.__cause__, OSError)
    with pytest.raises(FailedPoint, match="ValueError: no"):
        scan.nested(functions.Limited(-9.0), WIDE, **QUICK)
    with pytest.raises(InvalidScan, match=r"vanishes at \d+ of \d+ random points within the boun"):
        scan.nested(functions.Limited(-9.0, -np.inf), WIDE, **QUICK)


def test_interrupted(tmp_path, capfd):
    """At once and silently, and what was done is kept."""
    function = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        scan.nested(function, BOUNDS, checkpoint=tmp_path / "run.db", **QUICK)
    assert function.calls == 100
    assert capfd.readouterr() == ("", "")
    with pytest.raises(KeyboardInterrupt):
        scan.nested(function, BOUNDS, checkpoint=tmp_path / "run.db", **QUICK)
    assert function.calls == 101  # only the point of the interruption again


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"live": 19}, r"live \(at least 20 and 5 per variable\) must be an integer >= 20, not 19"),
        ({"live": 100.0}, "live"),
        ({"dlogz": 0}, "dlogz must be positive"),
        ({"dlogz": "a"}, "dlogz"),
        ({"seed": None}, "seed"),
        ({"executor": 0}, "executor must be None"),
    ],
)
def test_wrong_arguments(changed, message):
    with pytest.raises(InvalidScan, match=message):
        scan.nested(functions.Correlated(), BOUNDS, **QUICK | changed)


def test_progress(capsys):
    scan.nested(functions.Correlated(), BOUNDS, live=20)
    shown = capsys.readouterr()
    assert shown.out == ""
    done, total = shown.err.split("━")[-1].split()[0].split("/")
    assert done == total
