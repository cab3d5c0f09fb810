"""Intervals and limits: against functions whose answer is known, and published ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
from belle2_record import PUBLISHED
from scan_functions import Correlated
from scipy.optimize import brentq
from scipy.stats import norm

import flavio_nusmeft as nus
from flavio_nusmeft import errors
from flavio_nusmeft.belle2 import record
from flavio_nusmeft.distributions import CountingLimit
from flavio_nusmeft.inference.intervals import credible, interval, profile, upper_limit
from flavio_nusmeft.measurements import find

FGMS = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
QUIET = {"progress": False}


class Normal:
    """A normal distribution of one variable."""

    variables = ("a",)

    def __init__(self, centre=1.0, width=0.3):
        self.centre, self.width = centre, width

    def __call__(self, x):
        return -(((x[0] - self.centre) / self.width) ** 2) / 2


class Lobes:
    """The better one of two explanations, and a second variable."""

    variables = ("a", "b")

    def __call__(self, x):
        a, b = x
        lobes = np.logaddexp(-(((a - 1) / 0.1) ** 2) / 2, -0.2 - (((a + 1) / 0.1) ** 2) / 2)
        return lobes - ((b - a) / 0.5) ** 2 / 2


BOX = {"a": (-3.0, 3.0), "b": (-4.0, 4.0)}


@pytest.mark.parametrize(("cl", "z"), [(0.6827, 1.0), (0.9, 1.6449), (0.9545, 2.0)])
def test_normal(cl, z):
    found = interval(Normal(), "a", {"a": (-3, 5)}, cl=cl, **QUIET)
    assert found.pieces == (pytest.approx((1 - 0.3 * z, 1 + 0.3 * z), abs=3e-4),)
    assert found.best == pytest.approx(1, abs=1e-3)
    assert "two-sided" in found.definition
    limit = upper_limit(Normal(), "a", {"a": (0, 5)}, cl=cl, **QUIET)
    assert limit.high == pytest.approx(1 + 0.3 * norm.ppf(cl), abs=3e-4)
    assert limit.low == 0
    assert "one-sided" in limit.definition
    assert not limit.notes


def test_limit_from_a_boundary():
    """The best fit is at the bound: the rise counts from there."""
    limit = upper_limit(Normal(-0.2, 0.3), "a", {"a": (0, 5)}, **QUIET)
    expected = -0.2 + np.sqrt(0.2**2 + (0.3 * norm.ppf(0.9)) ** 2)
    assert limit.best == 0
    assert limit.high == pytest.approx(expected, abs=3e-4)


@pytest.mark.parametrize("quantity", ["a", "b", "sum"])
def test_profile_of_correlated_variables(quantity):
    function = Correlated()
    covariance, centre = function.covariance, function.centre
    weights = {"a": [1, 0], "b": [0, 1], "sum": [1, 1]}[quantity]
    width = np.sqrt(weights @ covariance @ weights)
    found = interval(function, quantity, BOX, **QUIET)
    expected = weights @ centre + width * np.array([-1, 1])
    assert found.pieces == (pytest.approx(tuple(expected), abs=1e-3),)
    # the variables along the curve: E(x | quantity)
    curve = found.curve
    shift = (curve.values - weights @ centre)[:, None] * (covariance @ weights) / width**2
    inside = curve.rise < 4
    for i, name in enumerate(function.variables):
        along = (centre + shift)[inside, i]
        assert curve.variables[name][inside].tolist() == pytest.approx(along.tolist(), abs=2e-3)
    rise = ((curve.values - weights @ centre) / width) ** 2
    assert curve.rise[inside].tolist() == pytest.approx(rise[inside].tolist(), abs=1e-3)


def test_lobes():
    found = interval(Lobes(), "a", BOX, **QUIET)
    (first, second) = found.pieces
    half = 0.1 * np.sqrt(1 - 0.4)
    assert first == pytest.approx((-1 - half, -1 + half), abs=1e-3)
    assert second == pytest.approx((0.9, 1.1), abs=1e-3)
    assert " or " in repr(found)
    assert found.minimum["a"] == pytest.approx(1, abs=1e-2)


def test_ends_at_bounds_are_said():
    found = interval(Normal(1.0, 10.0), "a", {"a": (0, 2)}, **QUIET)
    assert found.pieces == ((0, 2),)
    assert len(found.notes) == 2
    assert "upper bound 2 is inside" in found.notes[1]
    assert "upper bound" in str(found)


def test_flat_prior():
    found = interval(Normal(), "a", {"a": (-3, 5)}, method="bayes", cl=0.9, **QUIET)
    assert found.pieces == (pytest.approx((1 - 0.4935, 1 + 0.4935), abs=2e-3),)
    # of a half-normal distribution
    limit = upper_limit(Normal(0.0, 0.3), "a", {"a": (0, 5)}, method="bayes", **QUIET)
    assert limit.high == pytest.approx(0.3 * norm.ppf(0.95), abs=1e-4)
    assert "flat prior in a from 0 to 5" in limit.definition


def test_limits_of_searches():
    """Every published limit follows from its likelihood, with a prior that is flat from 0 on."""

    class Search:
        variables = ("BR",)

        def __init__(self, distribution):
            self.distribution = distribution

        def __call__(self, x):
            return float(self.distribution.logpdf(x[0]))

    found = 0
    for name in {*nus.dataset("current"), *nus.dataset("paper2023")}:
        for distribution, _ in find(name)._constraints:
            limit = getattr(distribution, "limit", None)
            if limit is None:
                continue
            found += isinstance(distribution, CountingLimit)
            cl = distribution.confidence_level
            bounds = {"BR": (0, 8 * limit)}
            ours = upper_limit(
                Search(distribution), "BR", bounds, method="bayes", cl=cl, points=41, **QUIET
            )
            # flavio's own integral is a sum over a grid
            assert ours.high == pytest.approx(limit, rel=1e-2, abs=0)
    assert found > 5


def test_coefficients_and_observables():
    """Of one coefficient: against a root of the function; BR(C) gives the interval of BR."""
    likelihood = nus.likelihood("current", ["BR_SD(B+->Kinv)", "BR(B0->K*inv)"])
    function = nus.LogLikelihood(likelihood, ["QN_2311"], **FGMS, par={"m_N1": 1.2})
    bounds = {"QN_2311": (0, 6e-8)}
    found = interval(function, "QN_2311", bounds, **QUIET)

    def rise(C):
        return 2 * (found.log_likelihood - function([C])) - 1

    low = brentq(rise, 1e-10, found.best, xtol=1e-14)
    high = brentq(rise, found.best, 6e-8, xtol=1e-14)
    assert found.pieces == (pytest.approx((low, high), rel=2e-3, abs=0),)
    observable = "BR(B+->Kinv)"
    rate = interval(function, observable, bounds, **QUIET)
    expected = tuple(function.derived(observable)(np.array([C])).item() for C in (low, high))
    assert rate.pieces == (pytest.approx(expected, rel=5e-3, abs=0),)
    limit = upper_limit(function, "QN_2311", bounds, cl=0.95, **QUIET)
    assert limit.high > high
    assert limit.made_of["function"]["variables"] == ["QN_2311"]


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published record is not there")
def test_signal_strength_of_belle2():
    """μ = 4.6 ± 1.3, 2.7σ from 1 and 3.5σ from 0, arXiv:2311.14647."""

    class Strength:
        variables = ("mu",)

        def __init__(self):
            self.belle2 = nus.Belle2Likelihood(PUBLISHED)

        def __call__(self, x):
            return self.belle2.spectrum_log_likelihood(x[0] * record.sm_spectrum())

    function = Strength()
    found = interval(function, "mu", {"mu": (0.0, 12.0)}, **QUIET)
    assert found.best == pytest.approx(4.6, abs=0.15)
    assert found.high - found.best == pytest.approx(1.3, abs=0.15)
    assert found.best - found.low == pytest.approx(1.3, abs=0.15)
    for mu, sigma in ((1.0, 2.7), (0.0, 3.5)):
        q = 2 * (found.log_likelihood - function([mu]))
        assert np.sqrt(q) == pytest.approx(sigma, abs=0.15)


def test_chain(rng):
    drawn = rng.normal([1.0, -2.0], [0.3, 0.1], size=(2000, 10, 2))
    pulls = (drawn - [1.0, -2.0]) / [0.3, 0.1]
    height = -(pulls**2).sum(axis=2) / 2
    chain = nus.scan.Chain(("a", "b"), drawn, height, np.full(10, 0.5))
    found = credible(chain, "a")
    assert found.pieces == (pytest.approx((0.7, 1.3), abs=0.06),)
    assert found.best == pytest.approx(1.0, abs=0.05)
    limit = credible(chain, "b", cl=0.95, upper=True, discard=100)
    assert limit.high == pytest.approx(-2 + 0.1 * norm.ppf(0.95), abs=5e-3)
    with pytest.raises(errors.InvalidScan, match="no variable of the chain"):
        credible(chain, "c")


def test_profile_by_hand(tmp_path):
    """Values of one's own, processes and a checkpoint."""
    values = [-0.5, 0.5, 1.0]
    path = tmp_path / "profile.db"
    first = profile(Correlated(), "a", BOX, values=values, checkpoint=path, executor=2, **QUIET)
    again = profile(Correlated(), "a", BOX, values=values, checkpoint=path, **QUIET)
    assert first.values.tolist() == values
    assert first.log_likelihood.tolist() == again.log_likelihood.tolist()
    with pytest.raises(errors.InvalidCheckpoint, match="values"):
        profile(Correlated(), "a", BOX, values=[0.0, 1.0], checkpoint=path, **QUIET)


def test_printed_saved_and_drawn(tmp_path):
    from matplotlib.figure import Figure

    found = interval(Lobes(), "a", BOX, **QUIET)
    found.save(tmp_path / "interval.json")
    stored = json.loads((tmp_path / "interval.json").read_text("utf-8"))
    assert stored == json.loads(json.dumps(found.to_dict()))
    assert stored["definition"] == found.definition
    assert stored["made_of"]["bounds"] == {name: list(box) for name, box in BOX.items()}
    ax = Figure().subplots()
    found.plot(ax)
    assert ax.get_xlabel() == "a"
    assert len(ax.patches) == 2
    assert "13 points" not in repr(found.curve)  # it was refined
    assert repr(found.curve).startswith("Curve(a: ")


@pytest.mark.parametrize(
    ("quantity", "bounds", "options", "message"),
    [
        ("c", BOX, {}, "no variable of the log-likelihood"),
        ("a", {"a": (0, 1)}, {}, "b missing"),
        ("a", BOX, {"cl": 90}, "90% is 0.9, not 90"),
        ("a", BOX, {"cl": 0}, "between 0 and 1"),
        ("a", BOX, {"method": "frequentist"}, "'profile' or 'bayes'"),
        ("a", BOX, {"method": "bayes"}, "one variable.*scan.sample"),
        ("a", BOX, {"seed": -1}, "seed"),
        ("a", BOX, {"points": 1}, "points must be an integer >= 2"),
    ],
)
def test_bad_questions(quantity, bounds, options, message):
    function = Lobes()
    with pytest.raises(errors.InvalidScan, match=message):
        interval(function, quantity, bounds, **options, **QUIET)


def test_where_nothing_depends_on_the_variables():
    function = nus.LogLikelihood(nus.likelihood("current", ["BR(B0->K*inv)"]), ["QN_2311"], **FGMS)
    with pytest.raises(errors.InvalidScan, match="does not depend on the variables"):
        interval(function, "Rtaul(B->Dlinv)", {"QN_2311": (0, 1e-8)}, **QUIET)
    with pytest.raises(errors.UnknownObservable):
        interval(function, "BR(B+->Kinvv)", {"QN_2311": (0, 1e-8)}, **QUIET)
    with pytest.raises(errors.InvalidScan, match="two finite numbers"):
        profile(function, "QN_2311", {"QN_2311": (0, 1e-8)}, values=[1e-9], **QUIET)
