"""Best fits: the same from everywhere, with errors where these mean something, else reasons."""

from __future__ import annotations

import json
import re
import warnings

import numpy as np
import pytest
import scan_functions as functions

from flavio_nusmeft import scan
from flavio_nusmeft.errors import (
    ConvergenceWarning,
    FailedMinimization,
    FailedPoint,
    FailedPointWarning,
    InvalidScan,
    UnwritablePath,
)
from flavio_nusmeft.inference import intervals
from flavio_nusmeft.inference.comparison import compare
from flavio_nusmeft.inference.scan.descent import sobol, starting_points

BOUNDS = {"C": (-1e-8, 5e-8), "m": (0.0, 3.0), "nu": (-8.0, 8.0)}


class Of:
    """A function of an array, counted; with its derivatives if they are given."""

    def __init__(self, variables, function, derivatives=None):
        self.variables = tuple(variables.split())
        self.function = function
        self.calls = self.derived = 0
        if derivatives is not None:
            self.derivatives = derivatives
            self.value_and_gradient = self._value_and_gradient

    def __call__(self, x):
        self.calls += 1
        return float(self.function(x))

    def _value_and_gradient(self, x):
        self.derived += 1
        return float(self.function(x)), np.asarray(self.derivatives(x))


def fit(function, low=-1.0, high=1.0, **arguments):
    bounds = dict.fromkeys(function.variables, (low, high))
    return scan.minimize(function, bounds, progress=False, **arguments)


# the maximum --------------------------------------------------------------------------------------


def test_minimize():
    """Mean and standard deviations of a normal distribution, of very different scales."""
    function = functions.Gauss()
    result = scan.minimize(function, BOUNDS, progress=False)
    values = np.array([result.values[name] for name in function.variables])
    errors = np.array([result.errors[name] for name in function.variables])
    assert result.valid
    assert result.log_likelihood == pytest.approx(0.0, abs=1e-5)
    assert (values - function.mean) / function.sigma == pytest.approx(0.0, abs=5e-3)
    assert errors / function.sigma == pytest.approx(1.0, rel=0, abs=3e-3)
    assert result.covariance / np.outer(function.sigma, function.sigma) == pytest.approx(
        function.correlation, rel=0, abs=5e-3
    )
    assert result.notes == {}
    assert result.flat == ()
    assert len(result.starts) == 4
    assert result.log_likelihood == max(start.log_likelihood for start in result.starts)


def hills(heights, places, width):
    """Several maxima; the heights are exact, the hills being far from each other."""
    places = np.array(places)

    def function(x):
        distance = np.sum((x - places) ** 2, axis=1)
        return np.log(np.sum(np.exp(heights - distance / (2 * width**2))) + 1e-8)

    return Of("a b", function)


@pytest.mark.parametrize(
    ("heights", "places", "width"),
    [
        ([0.0, 1.0], [[-0.6, -0.6], [0.6, 0.5]], 0.2),
        ([0.0, 1.0, 0.5, 0.9], [[-0.6, -0.6], [0.6, 0.6], [-0.6, 0.6], [0.6, -0.6]], 0.2),
    ],
)
def test_several_maxima(heights, places, width):
    """The highest of them, whatever the seed."""
    for seed in range(20):
        result = fit(hills(heights, places, width), seed=seed)
        assert result.log_likelihood == pytest.approx(1.0, rel=0, abs=1e-3)
        assert result.valid


def test_narrow_maximum_beside_a_wide_one():
    """The sample and gradients miss it, a line through the other maximum does not."""

    def function(x):
        wide, narrow = ((x[0] + 0.4) / 0.3) ** 2, ((x[0] - 0.5) / 0.03) ** 2
        return np.exp(-wide / 2) + 2 * np.exp(-narrow / 2) - 8 * x[1] ** 2

    for seed in range(10):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # found once
            result = fit(Of("a b", function), seed=seed)
        assert result.values["a"] == pytest.approx(0.5, rel=0, abs=1e-3)


def test_no_bound_is_named_far_from_it():
    """Of a mass that has no effect as its coefficient is 0, and of bounds that are far too wide."""
    result = fit(Of("C m", lambda x: -(1 + x[1] ** 2) * x[0] ** 2 - x[0]), low=0.0)
    assert result.values["C"] == 0
    assert 0 < result.values["m"] < 1
    assert result.notes == {"C": "at the lower bound", "m": "the error exceeds the bounds"}
    wide = fit(Of("C", lambda x: -((x[0] - 2e-8) ** 2) / 5e-17), low=0.0, high=0.1)
    assert not wide.notes
    assert wide.values["C"] == pytest.approx(2e-8, rel=0, abs=1e-11)
    assert wide.errors["C"] == pytest.approx(5e-9, rel=0, abs=1e-10)


def test_maxima_at_bounds():
    """Two maxima at the ends of a valley, the higher one at a bound in its corner."""
    function = Of("a b", lambda x: -50 * (x[1] - 0.5 * x[0]) ** 2 + x[0] ** 2 + 0.1 * x[0])
    for seed in range(20):
        result = fit(function, seed=seed)
        assert result.values["a"] == 1.0
        assert result.values["b"] == pytest.approx(0.5, rel=0, abs=1e-3)
        assert result.notes == {"a": "at the upper bound"}
        assert result.errors["b"] == pytest.approx(0.1, rel=0, abs=1e-3)


def test_ends_when_starts_agree():
    """Three starts at least, in rounds of two; all of them if none agrees."""
    assert len(fit(Of("a b", lambda x: -x @ x)).starts) == 4
    assert len(fit(Of("a b", lambda x: -x @ x), starts=3).starts) == 3
    assert len(fit(Of("a b", lambda x: -x @ x), starts=1).starts) == 1
    with pytest.warns(ConvergenceWarning, match="from one of 5 starts only"):
        result = fit(Of("a b", lambda x: 5 * np.sin(1e9 * x[0]) ** 2 - x @ x), starts=5)
    assert len(result.starts) == 5


def test_starting_points():
    """The best first, but apart from each other."""
    points = sobol(2, 64, (0,))
    assert points[0].tolist() == [0.5, 0.5]
    two = np.min([np.sum((points - place) ** 2, axis=1) for place in (0.2, 0.8)], axis=0)
    order = starting_points(points, np.where(two < 0.3, two, np.inf))
    assert sorted(order) == np.flatnonzero(two < 0.3).tolist()
    assert order[0] == np.argmin(two)
    first, second = points[order[:2]]
    assert np.linalg.norm(first - second) > 0.6
    assert starting_points(points, np.full(64, np.inf)) == []
    assert starting_points(points[:1], np.zeros(1)) == [0]


def test_gradients():
    """The same maximum with derivatives, with fewer calls."""

    def function(x):
        return -(x @ matrix @ x) / 2 - np.sum(x**4)

    names = "a b c d e f g h"
    random = np.random.default_rng(1).normal(size=(8, 8))
    matrix = random @ random.T + 20 * np.eye(8)
    plain = Of(names, function)
    derived = Of(names, function, lambda x: -matrix @ x - 4 * x**3)
    without, result = fit(plain, -0.8, 1.0), fit(derived, -0.8, 1.0)
    assert derived.derived > 0
    assert derived.calls + derived.derived < 0.75 * plain.calls  # a third of these are no descents
    for found in (without, result):
        assert list(found.values.values()) == pytest.approx(np.zeros(8), abs=2e-3)
        assert found.covariance == pytest.approx(np.linalg.inv(matrix), rel=0, abs=1e-3)


def test_gradients_in_a_profile():
    """Derivatives of the variables that are free are used."""
    function = Of("a b c", lambda x: -np.sum((x - 0.3) ** 2), lambda x: -2 * (x - 0.3))
    profile = {"c": (-1.0, 1.0), "a": (-1.0, 2.0)}
    result = scan.grid(function, {"b": [0.3, 1.3]}, profile=profile, progress=False)
    assert function.derived > 0
    assert result.log_likelihood == pytest.approx([0.0, -1.0], rel=0, abs=1e-5)
    assert result.profiled["a"] == pytest.approx([0.3, 0.3], rel=0, abs=5e-3)


def test_gradients_that_are_nan():
    """Numerical derivatives take their place."""
    function = Of("a b", lambda x: -x @ x, lambda x: np.array([np.nan, 0.0]))
    result = fit(function, -0.5, 1.0)
    assert result.log_likelihood == pytest.approx(0.0, abs=1e-5)
    assert function.derived > 0


# walls and failures -------------------------------------------------------------------------------


@pytest.mark.parametrize("wall", [ValueError("no"), -np.inf, np.nan])
def test_wall(wall):
    """Beyond the maximum it does not matter, before it the error is none."""
    far = scan.minimize(functions.Limited(3.0, wall), BOUNDS, progress=False)
    assert far.valid
    assert far.log_likelihood == pytest.approx(0.0, abs=1e-5)
    assert far.errors["nu"] == pytest.approx(1.0, rel=0, abs=3e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        near = scan.minimize(functions.Limited(-0.1, wall), BOUNDS, progress=False)
    assert near.log_likelihood == pytest.approx(0.0, abs=1e-5)
    assert near.notes == {"nu": "the likelihood ends within the error"}
    assert np.isnan(near.errors["nu"])


def test_small_domain():
    """More points are tried until there is a value."""
    function = Of("a b", lambda x: -x @ x if np.hypot(*(x - 0.3)) < 0.1 else -np.inf)
    found = fit(function, starts=2)
    assert found.log_likelihood == pytest.approx(
        -((np.hypot(0.3, 0.3) - 0.1) ** 2), rel=0, abs=0.01
    )


def test_start_that_fails():
    """It is kept with its reason; the others give the result."""

    def function(x):
        if abs(x[0]) > 0.9:
            raise TypeError("what is this")
        return hills([0.0, 1.0], [[-0.6, -0.6], [0.3, 0.4]], 0.2).function(x) - 2 * (x[0] < -0.6)

    with pytest.warns(FailedPointWarning, match=r"a = -?0\.9\d+, b = .*TypeError: what is this"):
        result = fit(Of("a b", function))
    assert result.log_likelihood == pytest.approx(1.0, rel=0, abs=1e-3)

    def slope(x):
        return function(np.array([0.3, 0.4])) + x[0] if x[0] < 0.9 else {}[0]

    with pytest.raises(FailedPoint, match="KeyError") as caught:
        fit(Of("a b", slope))  # its maximum is where it fails
    assert isinstance(caught.value.__cause__, KeyError)


def test_one_start_that_fails():
    function = functions.FailsAfter(40)
    with pytest.warns(FailedPointWarning, match="fails for 1 starts or points of the sample"):
        result = scan.minimize(function, BOUNDS, progress=False)
    failed = [start for start in result.starts if start.reason]
    assert len(failed) == 1
    assert "OSError: once" in failed[0].reason
    assert not failed[0].valid
    assert np.isnan(failed[0].log_likelihood)
    assert result.log_likelihood == pytest.approx(0.0, abs=1e-5)
    assert len(result.starts) - len(failed) >= 3


def test_function_that_fails_everywhere():
    function = Of("a b", lambda x: {}[0])
    with pytest.raises(FailedPoint, match=r"a = 0\.0, b = 0\.0: KeyError"):
        fit(function)
    with pytest.raises(FailedPoint, match=r"a = 0\.0, b = 0\.0: ZeroDivisionError") as caught:
        fit(Of("a b", lambda x: 1 / 0))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(FailedMinimization, match="vanishes at all starting points"):
        fit(Of("a b", lambda x: -np.inf))


def test_minimize_without_convergence():
    """With noise in all variables there is no parabola at any scale."""
    noise = Of("a b", lambda x: np.sum(np.sin(1e9 * x + np.sin(3e12 * x))) - x @ x)
    with pytest.raises(FailedMinimization, match=r"none of 2 starting points; the best point rea"):
        fit(noise, starts=2)


def test_resumption_after_a_failure(tmp_path):
    """What failed is done again; the result is that of a run without failures."""
    arguments = {"checkpoint": tmp_path / "scan.db", "progress": False}
    for calls in (5, 40):  # in the sample; in a descent
        with pytest.warns(FailedPointWarning):
            scan.minimize(functions.FailsAfter(calls), BOUNDS, **arguments)
        again = scan.minimize(functions.FailsAfter(None), BOUNDS, **arguments)
        assert again == scan.minimize(functions.FailsAfter(None), BOUNDS, progress=False)
        (tmp_path / "scan.db").unlink()


# errors and reasons -------------------------------------------------------------------------------


def test_errors_are_those_of_the_profile():
    """-2 ln L rises by one at the error, of a correlated normal distribution and nearly so of
    another function."""
    bent = Of("C m nu", lambda x: functions.Gauss()(x) - 0.02 * ((x[2] + 0.3) / 1.0) ** 4)
    for function, tolerance in ((functions.Gauss(), 1e-3), (bent, 0.1)):
        result = scan.minimize(function, BOUNDS, progress=False)
        for name, error in result.errors.items():
            axes = {name: result.values[name] + error * np.array([-1, 1])}
            profile = {other: BOUNDS[other] for other in BOUNDS if other != name}
            found = scan.grid(function, axes, profile=profile, progress=False)
            assert found.log_likelihood - result.log_likelihood == pytest.approx(
                [-0.5, -0.5], rel=tolerance, abs=0
            )


def test_error_beyond_the_bounds():
    wide = fit(Of("a b", lambda x: -50 * x[0] ** 2 - 0.001 * x[1] ** 2))
    assert wide.notes == {"b": "the error exceeds the bounds"}
    assert wide.errors["a"] == pytest.approx(0.1, rel=0, abs=1e-3)
    close = fit(Of("a b", lambda x: -2 * (x[0] - 0.99) ** 2 - 50 * (x[1] - x[0] + 0.5) ** 2))
    assert close.notes == {"a": "at the upper bound"}
    assert close.errors["b"] == pytest.approx(0.1, rel=0, abs=1e-3)


def test_flat_variable():
    """Also if it matters where the other variable does not vanish."""
    result = fit(Of("a b", lambda x: -50 * (x[0] - 0.1) ** 2))
    assert result.flat == ("b does not change this likelihood",)
    assert result.notes == {"b": "does not change this likelihood"}
    assert result.errors["a"] == pytest.approx(0.1, rel=0, abs=1e-3)
    assert np.isnan(result.covariance[:, 1]).all()
    product = fit(Of("a b", lambda x: -50 * (x[0] - 0.1) ** 2 - (x[0] * x[1]) ** 2))
    assert product.flat == ()


def test_flat_everywhere():
    result = fit(Of("a b", lambda x: 3.0))
    assert result.valid
    assert result.log_likelihood == 3.0
    assert len(result.flat) == 2


@pytest.mark.parametrize("factor", [1.0, 1e-3, 30.0])
def test_direction_that_does_not_change(factor):
    """Named with its coefficients; the third variable has its error."""
    pair = Of(
        "QN_2311 dN_1123 m",
        lambda x: -50 * (x[0] + factor * x[1] - 0.1) ** 2 - 50 * (x[2] - x[0] - factor * x[1]) ** 2,
    )
    bounds = {"QN_2311": (-1.0, 1.0), "dN_1123": (-1 / factor, 1 / factor), "m": (-1.0, 1.0)}
    result = scan.minimize(pair, bounds, progress=False)
    number = {1.0: "-1.00", 1e-3: "-0.001", 30.0: "-30.00"}[factor]
    assert result.flat == (f"this likelihood does not change along QN_2311 = {number} dN_1123",)
    assert set(result.notes) == {"QN_2311", "dN_1123"}
    assert result.notes["dN_1123"] == "only in combination with others"
    assert result.errors["m"] == pytest.approx(0.1 * np.sqrt(2), rel=0, abs=2e-3)


def test_two_directions_that_do_not_change():
    """Each by itself, not mixed."""
    sums = Of("a b c d", lambda x: -50 * (x[0] + x[1] - 0.1) ** 2 - 9 * (x[2] - x[3] + 0.1) ** 2)
    result = fit(sums)
    assert sorted(result.flat) == [
        "this likelihood does not change along a = -1.00 b",
        "this likelihood does not change along c = 1.00 d",
    ]


def test_strong_correlation_is_not_degenerate():
    covariance = np.array([[1.0, 0.995], [0.995, 1.0]]) * 0.01
    inverse = np.linalg.inv(covariance)
    result = fit(Of("a b", lambda x: -x @ inverse @ x / 2), -0.7, 1.0)
    assert result.flat == ()
    assert result.covariance == pytest.approx(covariance, rel=0.02, abs=0)


@pytest.mark.parametrize("phase", [0.0, 0.01, 0.1, 1.0, 2.5])
def test_phase(phase):
    """Where only the modulus matters, at any phase; an interference fixes it."""
    for seed in range(5):
        function = Of("C Im(C) b", lambda x: -50 * (np.hypot(*x[:2]) - 0.5) ** 2 - 50 * x[2] ** 2)
        result = fit(function, seed=seed)
        assert result.flat == ("the phase of C does not change this likelihood",)
        assert set(result.notes) == {"C", "Im(C)"}
        assert result.errors["b"] == pytest.approx(0.1, rel=0, abs=1e-3)
    small = Of("C Im(C)", lambda x: -5e4 * (x @ x - 0.01) ** 2)
    assert fit(small).flat == ("the phase of C does not change this likelihood",)
    along = np.exp(1j * phase)
    fixed = fit(Of("C Im(C)", lambda x: -50 * abs(x[0] + 1j * x[1] - 0.5 * along) ** 2))
    assert fixed.flat == ()
    assert list(fixed.errors.values()) == pytest.approx([0.1, 0.1], rel=0, abs=1e-3)


def test_phases():
    """Each of two; or, if their difference matters, both in common."""
    two = fit(
        Of(
            "a Im(a) b Im(b)",
            lambda x: -50 * (x[:2] @ x[:2] - 0.2) ** 2 - (x[2:] @ x[2:] - 0.3) ** 2,
        )
    )
    assert sorted(two.flat) == [f"the phase of {x} does not change this likelihood" for x in "ab"]

    def function(x):
        a, b = x[:2] @ (1, 1j), x[2:] @ (1, 1j)
        return (
            -50 * (abs(a) - 0.4) ** 2
            - 50 * (abs(b) - 0.5) ** 2
            - 50 * abs(a / (abs(a) + 1e-9) - b / (abs(b) + 1e-9)) ** 2
        )

    common = fit(Of("a Im(a) b Im(b)", function))
    assert common.flat == ("the common phase of a and b does not change this likelihood",)


@pytest.mark.parametrize("radius", [0.05, 0.1, 0.5])
def test_circle(radius):
    """Two coefficients that do not interfere: a curve."""
    result = fit(Of("a b", lambda x: -20 * (x @ x / radius**2 - 1) ** 2))
    assert len(result.flat) == 1
    assert result.flat[0].startswith("this likelihood does not change along ")
    assert set(result.notes) == {"a", "b"}


def test_no_parabola():
    result = fit(Of("a b", lambda x: -1e4 * x[0] ** 4 - 50 * x[1] ** 2), -0.7, 1.0)
    assert result.notes == {"a": "not parabolic here"}
    assert result.errors["b"] == pytest.approx(0.1, rel=0, abs=1e-3)


# what is shown and written ------------------------------------------------------------------------


def test_text(tmp_path):
    function = Of("LNQd_2123 mass x", lambda x: -2 * (x[0] - 2) ** 2 - 50 * (x[1] - 0.25) ** 2)
    result = fit(function)
    assert str(result).splitlines() == [
        "ln L = -2, converged; found from 4 of 4 starts",
        "LNQd_2123  1             at the upper bound",
        f"mass       {result.values['mass']:<12.6g}  ± 0.1",
        f"x          {result.values['x']:<12.6g}  does not change this likelihood",
        "x does not change this likelihood",
    ]
    assert re.fullmatch(
        r"Minimum\(LNQd_2123 = 1 \(at the upper bound\), mass = .* valid\)", f"{result!r}"
    )


def test_file(tmp_path):
    """With all that defines the fit; equal content is equal."""
    function = functions.Described("paper2023")
    bounds = BOUNDS | {"C": (-1e-8, 1e-8)}
    result = scan.minimize(function, bounds, seed=3, progress=False)
    path = tmp_path / "fit.json"
    path.write_text("old")
    result.save(path)
    content = json.loads(path.read_text())
    assert content == result.to_dict()
    assert content["definition"]["function"]["data"] == "paper2023"
    assert content["definition"]["bounds"]["C"] == [-1e-8, 1e-8]
    assert content["definition"]["seed"] == 3
    assert "version" in content["definition"]
    assert content["errors"]["C"] is None
    assert content["covariance"][0] == [None, None, None]
    assert content["notes"] == {"C": "at the upper bound"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["fit.json"]
    again = scan.minimize(function, bounds, seed=3, progress=False)
    assert again == result
    assert again != scan.minimize(function, bounds, seed=4, progress=False)
    assert result != "fit"
    for wrong in (tmp_path / "no" / "fit.json", tmp_path):
        with pytest.raises(UnwritablePath, match="cannot write"):
            result.save(wrong)
    assert [entry.name for entry in tmp_path.iterdir()] == ["fit.json"]


@pytest.mark.parametrize(
    "call",
    [
        lambda f: scan.minimize(f, {"m_N1": (-1, 2)}, progress=False),
        lambda f: scan.sample(f, {"m_N1": (-1, 2)}, steps=2, progress=False),
        lambda f: scan.nested(f, {"m_N1": (-1, 2)}, progress=False),
        lambda f: scan.grid(f, {"m_N1": [-1, 2]}, progress=False),
        lambda f: scan.grid(f, {}, profile={"m_N1": (-1, 2)}, progress=False),
        lambda f: intervals.profile(f, "m_N1", {"m_N1": (-1, 2)}, progress=False),
        lambda f: intervals.interval(f, "m_N1", {"m_N1": (-1, 2)}, progress=False),
        lambda f: compare({"a": (f, {"m_N1": -1}), "b": (f, {"m_N1": (0, 2)})}, progress=False),
    ],
)
def test_negative_masses_are_refused(call):
    """Also of functions that have a value there; nothing is left out in silence."""
    with pytest.raises(InvalidScan, match="'m_N1' begin at -1, but a mass is not negative"):
        call(Of("m_N1", lambda x: -x @ x))
