"""Points of profile likelihoods: where they start from, what is left out, what is missed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scan_functions import Correlated, Gauss

import flavio_nusmeft as nus
from flavio_nusmeft import errors
from flavio_nusmeft.inference.intervals import credible, interval, profile
from flavio_nusmeft.inference.scan import Chain, sample
from flavio_nusmeft.inference.scan.descent import sobol
from flavio_nusmeft.inference.study import Study

QUIET = {"progress": False}
BOX = {"x": (0, 1), "y": (0, 1)}


class Function:
    """A function of named variables, perhaps with an observable."""

    def __init__(self, formula, *variables, observable=None):
        self.formula, self.variables = formula, variables
        if observable is not None:
            self.derived = lambda name: observable

    def __call__(self, x):
        return float(self.formula(*x))


def normal(x, centre, width):
    return -(((x - centre) / width) ** 2) / 2


def noise(y):
    """At all scales: MIGRAD finds no minimum in it."""
    return np.sin(1e9 * y + np.sin(3e12 * y)) ** 2


def test_what_does_not_converge_is_no_hole():
    def formula(x, y):
        rough = 1000 * noise(y) if 0.4 < x < 0.48 else 0
        return normal(x, 0.5, 0.2) + normal(y, 0.43, 0.2) - rough

    function = Function(formula, "x", "y")
    # 6 and 7 of these are in the noise
    found = interval(function, "x", BOX, points=16, **QUIET)
    assert np.ravel(found.pieces) == pytest.approx([0.3, 0.7], abs=3e-4)
    (note,) = found.notes
    assert "did not converge; they are left out" in note
    assert found.curve.converged.all()
    assert not np.any((found.curve.values > 0.4) & (found.curve.values < 0.48))


def test_nothing_converges():
    study = Study(Correlated(), "a", {"a": (-1, 2), "b": (-2, 2)})
    study.rows = np.array([[-1.0, 0, 0.3, np.nan, 0.3, 0], [-2.0, 0, 0.9, np.nan, 0.9, 0]])
    with pytest.raises(errors.FailedMinimization, match="converges at none of 2 values of a"):
        study.curve()
    study.rows[1, 1] = 1.0
    curve = study.curve()
    # the highest stays, as it is attained
    assert curve.converged.tolist() == [False, True]


def test_maximum_that_no_sample_finds():
    """It is followed from one value to the next."""

    def formula(x, y):
        distance = abs(y - 0.3 - 0.2 * x)
        return normal(x, 0.5, 0.2) + (normal(distance, 0, 0.01) if distance < 0.05 else -20)

    found = interval(Function(formula, "x", "y"), "x", BOX, **QUIET)
    assert np.ravel(found.pieces) == pytest.approx([0.3, 0.7], abs=1e-3)
    inside = found.curve.rise < 4
    assert found.curve.variables["y"][inside] == pytest.approx(
        0.3 + 0.2 * found.curve.values[inside], abs=1e-3
    )


def test_maxima_at_a_bound_and_inside():
    """Starts at a bound leave it, where the maximum does."""

    def formula(x, y):
        return normal(x, 0.5, 0.2) + normal(y, 2 * x, 0.1)

    curve = profile(Function(formula, "x", "y"), "x", BOX, points=21, **QUIET)
    x, y = curve.values, np.minimum(2 * curve.values, 1)
    assert curve.variables["y"] == pytest.approx(y, abs=1e-3)
    assert curve.log_likelihood == pytest.approx(formula(x, y), abs=1e-4)


def test_lobes_that_only_the_sample_sees():
    """Between the points of the grid, more than the minimiser starts from."""
    places = np.sort(sobol(1, 32, (0,))[1:13, 0])
    assert np.abs(places[:, None] - np.linspace(0, 1, 13)).min() > 5e-4
    lobes = list(enumerate(places))

    def formula(x):
        return max(normal(x, 0.5, 1), *(0.2 - k / 50 + normal(x, p, 1e-4) for k, p in lobes))

    function, bounds = Function(formula, "x"), {"x": (0, 1)}
    with pytest.warns(errors.ConvergenceWarning, match="from one of 10 starts") as record:
        found = interval(function, "x", bounds, **QUIET)
    assert Path(record[0].filename) == Path(__file__)
    for place in places:
        nearest = np.abs(found.curve.values - place).argmin()
        assert found.curve.values[nearest] == pytest.approx(place, abs=2e-5)


def test_profile_of_an_observable_is_where_it_was_asked_for():
    """Up to its ends, though ln L is 5000 below its maximum there."""

    def observable(x):
        return x[0] + x[1]

    function = Function(
        lambda x, y: normal(x, 0.3, 0.01) + normal(y, 0.2, 0.01), "x", "y", observable=observable
    )
    curve = profile(function, "O", BOX, points=9, **QUIET)
    grid = np.linspace(0, 2, 9)
    assert curve.values == pytest.approx(grid, abs=0.25 / 4)
    assert curve.values[[0, -1]] == pytest.approx([0, 2], abs=2.5e-3)
    middle = curve.values < 0.9
    expected = -((curve.values[middle] - 0.5) ** 2) / (4 * 0.01**2)
    expected = np.where(curve.values[middle] > 0.1, expected, np.nan)
    for value, exact in zip(curve.log_likelihood[middle], expected, strict=True):
        assert np.isnan(exact) or value == pytest.approx(exact, rel=1e-3, abs=1e-3)
    assert curve.notes == ()
    beyond = profile(function, "O", BOX, values=[0.5, 1.0, 3.0], **QUIET)
    assert beyond.notes == ("not reached within the bounds: 3",)
    assert "not reached" in repr(beyond)


def test_curve_saves_its_definition(tmp_path):
    curve = profile(Correlated(), "a", {"a": (-1, 2), "b": (-2, 2)}, points=5, **QUIET)
    curve.save(tmp_path / "curve.json")
    stored = json.loads((tmp_path / "curve.json").read_text("utf-8"))
    assert stored["definition"] == curve.definition
    assert "largest ln L" in curve.definition
    made_of = stored["made_of"]
    assert made_of["bounds"] == {"a": [-1, 2], "b": [-2, 2]}
    assert (made_of["points"], made_of["version"]) == (5, nus.__version__)
    assert made_of["function"]["type"].endswith("Correlated")


@pytest.mark.parametrize("show", [True, False])
def test_bar_goes_on_while_ends_are_refined(show, capfd):
    found = interval(Correlated(), "a", {"a": (-1, 2), "b": (-2, 2)}, points=5, progress=show)
    err = capfd.readouterr().err
    if not show:
        assert err == ""
        return
    assert err.count("interval") == 1
    done, total = map(int, _last(err))
    assert done == total > 32 + len(found.curve.values)


def _last(text):
    """The numbers of a bar, n/m."""
    return next(word for word in text.split() if "/" in word).split("/")


def test_limit_of_a_chain_begins_at_the_bound(tmp_path):
    bounds = {"C": (1e-8, 3e-8), "m": (1.0, 2.0), "nu": (-3.0, 3.0)}
    chain = sample(Gauss(), bounds, steps=50, seed=2, **QUIET)
    assert chain.definition["bounds"] == {name: list(box) for name, box in bounds.items()}
    limit = credible(chain, "C", upper=True, cl=0.9)
    assert limit.low == 1e-8
    assert limit.notes == ()
    assert limit.made_of["function"]["type"].endswith("Gauss")
    assert limit.made_of["version"] == nus.__version__
    assert limit.made_of["samples"] == 50 * 32
    assert "flat priors in C from 1e-08 to 3e-08" in limit.definition
    limit.save(tmp_path / "limit.json")
    # one that does not know its bounds
    values = np.linspace(0.1, 1, 900).reshape(30, 30, 1)
    by_hand = Chain(("x",), values, np.zeros((30, 30)), np.ones(30))
    limit = credible(by_hand, "x", upper=True)
    assert limit.low == pytest.approx(0.1, abs=1e-12)
    assert "the chain does not know its bounds" in limit.notes[0]


def test_region_of_a_chain_ends_at_the_bound(rng):
    """The lowest of the samples is no end."""
    values = np.abs(rng.normal(0, 0.3, (200, 20, 1))) % 1
    definition = {"bounds": {"x": [0.0, 1.0]}}
    chain = Chain(("x",), values, np.zeros((200, 20)), np.ones(20), definition)
    assert credible(chain, "x").low == 0


def test_gaps_of_a_chain(rng):
    """What could be statistics is no gap; one between lobes is."""
    lobes = rng.normal(0, 0.05, (500, 20, 1)) + rng.choice([0.3, 0.7], (500, 20, 1))
    (first, second) = credible(Chain(("x",), lobes, 0 * lobes[..., 0], np.ones(20)), "x").pieces
    assert (first[1], second[0]) == pytest.approx((0.35, 0.65), abs=0.04)  # bins
    flat = rng.random((500, 20, 1))
    found = credible(Chain(("x",), flat, 0 * flat[..., 0], np.ones(20)), "x")
    assert len(found.pieces) == 1
    assert "closed" in found.notes[0]
