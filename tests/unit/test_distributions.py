"""Densities of the measurements: finite and monotonic, with the tails that they stand for."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
import scipy.integrate
import yaml
from flavio.statistics import probability
from flavio.statistics.likelihood import Likelihood

from flavio_nusmeft import _data, distributions
from flavio_nusmeft.measurements import find


def univariate():
    """All distributions of one observable: data sets and alternatives."""
    sets = _data.load_yaml("datasets.yml")
    names = {n for members in sets.values() for n in members}
    found = {}
    for name in sorted(names):
        measurement = find(name)
        for distribution, observables in measurement._constraints:
            if len(observables) == 1:
                found[f"{name} {observables[0]}"] = distribution
    return found


UNIVARIATE = univariate()
COUNTS = {k: d for k, d in UNIVARIATE.items() if isinstance(d, distributions.CountingLimit)}
NUMBERS = {k: d for k, d in UNIVARIATE.items() if isinstance(d, distributions.Counts)}
CONVOLVED = {k: d for k, d in UNIVARIATE.items() if isinstance(d, distributions.ConvolvedNormals)}


def test_kinds():
    """Every numerical distribution is one of the kinds that have tails."""
    assert len(NUMBERS) > 200
    assert len(COUNTS) > 20
    assert len(CONVOLVED) > 1
    for distribution in UNIVARIATE.values():
        numerical = isinstance(distribution, probability.NumericalDistribution)
        assert numerical == isinstance(distribution, distributions._Tails)


@pytest.mark.parametrize("distribution", UNIVARIATE.values(), ids=UNIVARIATE)
def test_finite_and_falling_for_every_prediction(distribution):
    """Away from the mode, up to a million times the limit; below 0 only where it is excluded."""
    low, high = distribution.support
    x = np.concatenate([np.linspace(low, 3 * high, 3001), high * np.geomspace(3, 1e6, 50)])
    if not isinstance(distribution, distributions.ONE_SIDED):
        x = np.concatenate([low - (high - low) * np.geomspace(1e-3, 1e4, 50)[::-1], x])
    density = distribution.logpdf(x)
    assert np.isfinite(density).all()
    mode = density.argmax()
    # flavio's convolutions have rounding errors of 1e-16 of the maximum
    assert (np.diff(density[: mode + 1]) >= -1e-14).all()
    assert (np.diff(density[mode:]) <= 1e-14).all()
    alone = [float(distribution.logpdf(value)) for value in x[::200]]
    assert density[::200] == pytest.approx(alone, rel=1e-14, abs=0)
    positive = isinstance(distribution, distributions.ONE_SIDED)
    assert (distribution.logpdf(-1e-3 * high) == -np.inf) == positive


def by_counting(distribution, x):
    """Poisson probability of the counts, with a Gaussian background: numerical integral.

    The logarithm of it, up to a constant; the maximum of the integrand is taken out.
    """
    n, sigma = distribution.counts_total, distribution.background_std
    mean = x / distribution.scale_factor + distribution.counts_background

    def exponent(t):
        return n * np.log(t) - t - ((t - mean) / sigma) ** 2 / 2

    # t² + (sigma² - mean) t - n sigma² = 0 at the maximum
    half = (mean - sigma**2) / 2
    best = half + np.sqrt(half**2 + n * sigma**2)
    low = max(best - 12 * sigma, 1e-12)
    integral, _ = scipy.integrate.quad(
        lambda t: np.exp(exponent(t) - exponent(best)), low, best + 12 * sigma, epsrel=1e-11
    )
    return np.log(integral) + exponent(best)


@pytest.mark.parametrize("distribution", COUNTS.values(), ids=COUNTS)
def test_counts(distribution):
    """The likelihood of the counts, from zero to a thousand times the limit.

    flavio's grid and its reflection at zero signal change it by up to 0.005, the tail by nothing.
    """
    scale = distribution.limit
    x = scale * np.array([0.1, 0.5, 1, 2, 3, 10, 30, 1e3])
    found = distribution.logpdf(x)
    expected = np.array([by_counting(distribution, value) for value in x])
    assert found - found[2] == pytest.approx(expected - expected[2], rel=1e-12, abs=0.006)
    assert found[5:] - found[5] == pytest.approx(expected[5:] - expected[5], rel=1e-9, abs=0)


def by_sum(distribution, x):
    """As `by_counting`, on a grid around the maximum, for up to 1e5 events."""
    n, sigma = distribution.counts_total, distribution.background_std
    mean = x / distribution.scale_factor + distribution.counts_background

    def exponent(t):
        return n * np.log(t) - t - ((t - mean) / sigma) ** 2 / 2

    half = (mean - sigma**2) / 2
    best = max(half + np.sqrt(half**2 + n * sigma**2), 1e-9)
    width = 12 * (n / best**2 + 1 / sigma**2) ** -0.5
    t = np.linspace(max(best - width, 1e-12), best + width, 20001)
    return np.log(np.sum(np.exp(exponent(t) - exponent(best))) * (t[1] - t[0])) + exponent(best)


def test_numbers_of_events():
    """The tails of every tenth are those of the integral, from the ends up to R = 1000."""
    for distribution in list(NUMBERS.values())[::10]:
        low, high = distribution.ends
        x = np.array([high, 1.5 * high, 3 * high, 1000.0 + high])
        expected = np.array([by_sum(distribution, value) for value in x])
        found = distribution.logpdf(x)
        assert found - found[0] == pytest.approx(expected - expected[0], rel=2e-3, abs=1e-3)
        assert found[0] - distribution.logpdf(distribution.central_value) < -5
        steps = distribution.logpdf(np.array([1.999, 2.001]) * high)
        slope = float(distribution.tail_slope(2 * high, high))
        assert 0.002 * high * slope == pytest.approx(np.diff(steps)[0], rel=1e-4, abs=0)
        if low > 0:
            below = np.array([low, low / 2, 0.0])
            expected = np.array([by_sum(distribution, value) for value in below])
            found = distribution.logpdf(below)
            assert found - found[0] == pytest.approx(expected - expected[0], rel=2e-3, abs=1e-3)


@pytest.mark.parametrize("distribution", CONVOLVED.values(), ids=CONVOLVED)
def test_convolved_errors(distribution):
    """The tail goes on as the curve bends before it, as a normal distribution."""
    low, high = distribution.ends
    for end, sign in ((low, -1), (high, 1)):
        step = abs(end - distribution.central_value) / 20
        inside = distribution.logpdf(end - sign * step * np.arange(6))
        outside = distribution.logpdf(end + sign * step * np.arange(6))
        curvatures = np.diff(inside, 2), np.diff(outside, 2)
        assert curvatures[1] == pytest.approx(np.full(4, curvatures[1][0]), rel=1e-6, abs=0)
        assert curvatures[1] == pytest.approx(curvatures[0], rel=0.03, abs=0)


def test_width_of_the_tail():
    """Errors of either side in quadrature: of "2.3 ± 0.5 +0.5 -0.4", sqrt(0.5) above."""
    distribution = find("flavio_nusmeft Belle II B+->Kinv combined 2023")._constraints[0][0]
    for sign, width in ((1, np.hypot(0.5e-5, 0.5e-5)), (-1, np.hypot(0.5e-5, 0.4e-5))):
        values = distribution.logpdf(2.3e-5 + sign * width * np.array([8, 9]))
        assert values[0] - values[1] == pytest.approx((9**2 - 8**2) / 2, rel=2e-3, abs=0)


def test_one_of_a_correlated_pair():
    """A number: the marginal distribution, also in flavio's own likelihood."""
    name = "flavio_nusmeft HFLAV R(D) R(D*) 2025"
    (distribution, observables), *_ = find(name)._constraints
    for i, observable in enumerate(observables):
        mean, width = distribution.central_value[i], np.sqrt(distribution.covariance[i, i])
        marginal = probability.NormalDistribution(mean, width)
        found = distribution.logpdf([mean + width], exclude=(1 - i,))
        assert isinstance(found, float)
        assert found == pytest.approx(marginal.logpdf(mean + width), rel=1e-13, abs=0)
        assert distribution.delta_logpdf([mean + width], exclude=(1 - i,)) == pytest.approx(
            -0.5, rel=1e-12, abs=0
        )
        theirs = Likelihood(observables=[observable])
        value = theirs.measurement_likelihood.log_likelihood_pred({observable: mean}, delta=True)
        assert isinstance(value, float)
    # integral over the other one, by hand
    x = distribution.central_value[0] + 0.01
    y = np.linspace(*(distribution.central_value[1] + np.array([-0.2, 0.2])), 4001)
    density = np.exp(distribution.logpdf(np.array([np.full_like(y, x), y]).T))
    assert np.log(density.sum() * (y[1] - y[0])) == pytest.approx(
        distribution.logpdf([x], exclude=(1,)), rel=1e-6, abs=0
    )


@pytest.mark.parametrize(
    "name",
    [
        "flavio_nusmeft Belle II B+->Kinv combined 2023",
        "flavio_nusmeft Belle B->hinv SL 2017",
        "flavio_nusmeft HFLAV R(D) R(D*) 2025",
    ],
)
def test_as_flavios_in_files(name, monkeypatch):
    """YAML names flavio's classes, and flavio reads it."""
    monkeypatch.setattr(flavio.Measurement, "instances", flavio.Measurement.instances.copy())
    measurement = find(name)
    data = yaml.safe_load(yaml.dump(measurement.get_yaml_dict(pname="observables")))
    read = flavio.Measurement.from_yaml_dict(data, pname="observables")
    assert read is not measurement
    for (ours, names), (theirs, same) in zip(
        measurement._constraints, read._constraints, strict=True
    ):
        assert type(theirs).__module__ == "flavio.statistics.probability"
        assert isinstance(ours, type(theirs))
        assert names == same
        x = ours.central_value
        assert ours.logpdf(x) == pytest.approx(theirs.logpdf(x), rel=1e-12, abs=0)


def test_nothing_of_flavio_is_changed():
    """Its own measurements keep their classes, and numbers are shared, not moved."""
    for measurement in flavio.Measurement.instances.values():
        if not measurement.name.startswith("flavio_nusmeft"):
            for distribution, _ in measurement._constraints:
                assert type(distribution).__module__ == "flavio.statistics.probability"
    assert not {"counting_limit", "convolved_normals"} & set(probability.class_from_string)
