"""Intervals where a coarse profile misleads: against the exact answer of each function."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import flavio_nusmeft as nus
from flavio_nusmeft.errors import InvalidScan, UnknownObservable
from flavio_nusmeft.inference.intervals import credible, interval, upper_limit
from flavio_nusmeft.inference.scan import Chain

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


def ends(found):
    return np.ravel(found.pieces)


def normal(x, centre, width):
    return -(((x - centre) / width) ** 2) / 2


@pytest.mark.parametrize("method", ["profile", "bayes"])
def test_both_lobes_of_an_even_function(method):
    """Each is narrower than the steps of the grid by a factor of 30; no gradient leads to it."""
    function = Function(lambda x: normal(x**2, 0.16, 0.004), "x")
    found = interval(function, "x", {"x": (-1, 1)}, method=method, **QUIET)
    low, high = np.sqrt([0.156, 0.164])
    assert ends(found) == pytest.approx([-high, -low, low, high], abs=3e-5)


@pytest.mark.parametrize("outside", [-np.inf, np.nan])
def test_walls(outside):
    """The likelihood ends between two points of the grid; the posterior is a cut normal one."""
    function = Function(lambda x: outside if x > 0.62 else normal(x, 0.3, 0.5), "x")
    found = interval(function, "x", {"x": (0, 1)}, **QUIET)
    assert ends(found) == pytest.approx([0, 0.62], abs=2e-6)
    assert "the likelihood vanishes beyond 0.62" in found.notes
    limit = upper_limit(function, "x", {"x": (0, 1)}, method="bayes", **QUIET)
    below, above = norm.cdf([-0.6, 0.64])
    exact = 0.3 + 0.5 * norm.ppf(below + 0.9 * (above - below))
    assert limit.high == pytest.approx(exact, abs=2e-5)


def test_a_gap_is_no_part():
    function = Function(lambda x: -np.inf if 0.45 < x < 0.55 else normal(x, 0.5, 0.3), "x")
    found = interval(function, "x", {"x": (0, 1)}, **QUIET)
    width = np.sqrt(0.05**2 + 0.3**2)  # the maxima are at the gap
    expected = [0.5 - width, 0.45, 0.55, 0.5 + width]
    assert ends(found) == pytest.approx(expected, abs=1e-5)
    (note,) = [note for note in found.notes if "vanishes" in note]
    words = note.removeprefix("the likelihood vanishes between ").split(" and ")
    assert [float(word) for word in words] == pytest.approx([0.45, 0.55], abs=2e-6)
    posterior = interval(function, "x", {"x": (0, 1)}, method="bayes", **QUIET)
    assert ends(posterior)[1:3] == pytest.approx([0.45, 0.55], abs=1e-5)


def test_sharp_posterior():
    """Of 1e-5 of the range."""
    function = Function(lambda x: normal(x, 0.3, 1e-5), "x")
    found = interval(function, "x", {"x": (0, 1)}, method="bayes", **QUIET)
    z = norm.ppf((1 + 0.6827) / 2)
    assert (ends(found) - 0.3) / 1e-5 == pytest.approx([-z, z], abs=0.01)
    assert found.notes == ()


def test_constant_posterior_is_said():
    """Rounding errors do not choose the region."""

    def formula(x):
        return normal(max(x, 0.5), 0.5, 0.05) + 1e-9 * np.sin(1e4 * x)

    found = interval(Function(formula, "x"), "x", {"x": (0, 1)}, method="bayes", **QUIET)
    assert len(found.pieces) == 1
    assert "other regions are as good" in found.notes[0]


@pytest.mark.parametrize("cl", [0.05, 0.5])
def test_limits_below_the_maximum_are_refused(cl):
    """z² is the same for CL and 1 - CL."""
    with pytest.raises(InvalidScan, match=r"more than 0\.5"):
        upper_limit(Function(lambda x: normal(x, 0.5, 0.1), "x"), "x", {"x": (0, 1)}, cl=cl)


def test_limit_beyond_the_bounds_is_said_in_short():
    function = Function(lambda x: -0.05 * x, "x")
    found = upper_limit(function, "x", {"x": (0, 1)}, **QUIET)
    assert "the upper bound 1 is inside" in repr(found)
    assert str(found).count("the upper bound") == 1


def test_range_of_an_observable():
    """x - y is largest in a corner that is in no sample."""
    function = Function(
        lambda x, y: normal(x, 0.9, 0.3) + normal(y, 0.1, 0.3),
        "x",
        "y",
        observable=lambda x: x[0] - x[1],
    )
    found = interval(function, "O", BOX, **QUIET)
    # both at equal pulls: 0.8 -+ sqrt(2) 0.3
    assert ends(found) == pytest.approx([0.8 - np.sqrt(2) * 0.3, 1], abs=1e-3)
    assert any("upper bound 1 is inside" in note for note in found.notes)


def test_observable_that_is_known_well():
    """Its error is 1e-6 of its range, so that targets outside move it by nothing."""

    def observable(x):
        return 1 + 3e4 * x[0] ** 2 + 2e4 * x[1] ** 2

    function = Function(
        lambda x, y: normal(observable((x, y)), 2, 0.01), "x", "y", observable=observable
    )
    found = interval(function, "O", BOX, **QUIET)
    assert ends(found) == pytest.approx([1.99, 2.01], abs=2e-4)
    assert found.notes == ()


def test_lower_end_of_a_branching_ratio():
    """Of the data: against the function itself at many points, which have one variable only."""
    name, bounds = "BR(B0->K*inv)", {"LNQd_2123": (-1e-7, 1e-7)}
    likelihood = nus.likelihood("current", ["BR_SD(B+->Kinv)", "BR(B0->Kinv)"])
    function = nus.LogLikelihood(
        likelihood, ["LNQd_2123"], par={"m_N1": 1.5}, scale=1e3, eft="nuSMEFT", basis="FGMS"
    )
    found = interval(function, name, bounds, **QUIET)
    points = np.linspace(0, 4e-8, 2001)
    rise = np.array([-2 * function([c]) for c in points])
    inside = points[rise - rise.min() < 1][[0, -1]]
    observable = function.derived(name)
    expected = [observable(np.array([c])).item() for c in inside]
    assert ends(found) == pytest.approx(expected, abs=2e-8)
    with pytest.raises(UnknownObservable, match="did you mean 'LNQd_2123'"):
        interval(function, "LNQd2123", bounds)
    of_bin = ("<dBR/dq2>(B+->Kinv)", np.int64(4), np.float32(8))
    assert interval(function, of_bin, bounds, points=5, **QUIET).quantity == (of_bin[0], 4, 8)


def test_definition_has_what_the_number_depends_on():
    function = Function(lambda x: normal(x, 0.5, 0.1), "x")
    made_of = interval(function, "x", {"x": (0, 1)}, points=7, **QUIET).made_of
    assert (made_of["points"], made_of["version"]) == (7, nus.__version__)


def test_chain_with_its_beginning(rng):
    """Samples that are far away do not make the bins finer than memory."""
    values = rng.normal(0.5, 1e-9, (500, 8, 1))
    values[0] = rng.random((8, 1))
    chain = Chain(("x",), values, np.zeros((500, 8)), np.ones(8))
    assert "discard more steps" in credible(chain, "x").notes[0]
    assert credible(chain, "x", discard=1).notes == ()
