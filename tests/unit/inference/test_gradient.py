"""Derivatives of log-likelihoods against Richardson differences of their values."""

from __future__ import annotations

import pickle

import flavio
import numpy as np
import pytest
from belle2_record import PUBLISHED
from flavio.statistics.probability import (
    AsymmetricNormalDistribution,
    GammaDistribution,
    GammaDistributionPositive,
    HalfNormalDistribution,
    KernelDensityEstimate,
    MultivariateNormalDistribution,
    NormalDistribution,
    NumericalDistribution,
    UniformDistribution,
)

import flavio_nusmeft as nus
from flavio_nusmeft import errors
from flavio_nusmeft.distributions import ConvolvedNormals, CountingLimit
from flavio_nusmeft.inference.expansion import Expansion, difference, step, variable
from flavio_nusmeft.inference.slopes import slope
from flavio_nusmeft.measurements import find

FGMS = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
VARIABLES = ["LNQd_2123", "QN_2311", "Im(LNQdT_3123)", "m_N1"]
TYPICAL = np.array([2e-8, 1e-8, 5e-9, 1.0])


def richardson(function, x, i, h):
    """Error of fourth order in h."""

    def central(h):
        moved = [np.array(x, dtype=float) for _ in range(2)]
        moved[0][i] += h
        moved[1][i] -= h
        return (function(moved[0]) - function(moved[1])) / (2 * h)

    return (4 * central(h / 2) - central(h)) / 3


def pieces(function, x):
    """Where the predictions are on the grids of numerical densities, which have kinks there."""
    par, wc_obj = function.point(x)
    found = []
    for part in function.likelihood.measurement_likelihood.parts:
        if isinstance(part.distribution, (ConvolvedNormals, CountingLimit)):
            value = flavio.Observable[part.observables[0]].prediction_par(par, wc_obj)
            found.append(int(np.searchsorted(part.distribution.x, value)))
    return found


def random_point(rng):
    x = TYPICAL * rng.normal(size=4)
    x[3] = rng.uniform(0.05, 2.2)
    return x


@pytest.mark.parametrize("dataset", ["paper2023", "current"])
def test_data_sets(dataset, rng):
    likelihood = nus.likelihood(dataset, fit_parameters={"m_N1": (0, 2.4)})
    function = nus.LogLikelihood(likelihood, VARIABLES, **FGMS)
    h = 3e-6 * TYPICAL
    compared = 0
    for _ in range(6):
        x = random_point(rng)
        value, gradient = function.value_and_gradient(x)
        assert value == function(x)
        par, wc_obj = function.point(x)
        direct = likelihood.log_prior_fit_parameters(par)
        direct += likelihood.log_likelihood_exp(par, wc_obj)
        assert value == pytest.approx(direct, rel=1e-13, abs=1e-13)
        for i in range(4):
            ends = [x + sign * h[i] * (np.arange(4) == i) for sign in (1, -1)]
            if pieces(function, ends[0]) != pieces(function, ends[1]):
                continue
            compared += 1
            numeric = richardson(function, x, i, h[i])
            assert gradient[i] == pytest.approx(numeric, rel=1e-6, abs=1e-6 / TYPICAL[i])
    assert compared > 12


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published record is not there")
@pytest.mark.parametrize("covariance", [False, True])
def test_belle2(covariance, rng):
    """By the envelope theorem at the profiled maximum, which is found to 1e-9 in ln L."""
    belle2 = nus.Belle2Likelihood(PUBLISHED, form_factor_covariance=covariance)
    likelihood = nus.likelihood("current", [], belle2=belle2, fit_parameters={"m_N1": (0, 2.4)})
    function = nus.LogLikelihood(likelihood, VARIABLES, **FGMS)
    h = 3e-3 * TYPICAL
    for _ in range(3):
        x = random_point(rng)
        value, gradient = function.value_and_gradient(x)
        assert value == function(x)
        for i in range(4):
            numeric = richardson(function, x, i, h[i])
            assert gradient[i] == pytest.approx(numeric, rel=1e-6, abs=3e-6 / TYPICAL[i])


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published record is not there")
def test_many_points(rng):
    """As one by one: also far away, outside of a prior, and without Belle II."""
    for belle2 in (PUBLISHED, None):
        options = {"belle2": belle2, "fit_parameters": {"m_N1": (0, 2.4)}}
        likelihood = nus.likelihood("current", ["BR(B0->Kinv)"], **options)
        function = nus.LogLikelihood(likelihood, VARIABLES, **FGMS)
        points = [random_point(rng) for _ in range(20)]
        points += [1e3 * TYPICAL, np.array([0, 0, 0, 2.5]), np.array([3e-7, 0, 0, 1.0])]
        assert function.many(points) == pytest.approx([function(x) for x in points], abs=1e-7)
        assert function.many(np.empty((0, 4))).tolist() == []
        with pytest.raises(nus.errors.InvalidShape, match="points, variables"):
            function.many(TYPICAL)


@pytest.mark.parametrize("dataset", ["paper2023", "current"])
def test_grid_of_a_data_set(dataset):
    """All distributions of the data, limits and correlated ones, for arrays of points."""
    function = nus.LogLikelihood(nus.likelihood(dataset), ["LNQd_2123", "m_N1"], **FGMS)
    assert function.together == 16
    axes = {"LNQd_2123": np.linspace(-6e-8, 6e-8, 9), "m_N1": [0.0, 1.0, 2.0, 5.0]}
    points = np.array([(c, m) for c in axes["LNQd_2123"] for m in axes["m_N1"]])
    found = nus.scan.grid(function, axes, progress=False).log_likelihood.ravel()
    assert found == pytest.approx([function(x) for x in points], rel=1e-12, abs=1e-8)
    blocks = [function.many(points[k : k + 16]) for k in range(0, len(points), 16)]
    assert np.array_equal(found, np.concatenate(blocks))
    smeft = {"scale": 1e3, "eft": "SMEFT", "basis": "Warsaw"}
    running = nus.LogLikelihood(nus.likelihood(dataset), ["lq1_2223"], **smeft)
    assert running.together == 1  # wilson runs every point


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published record is not there")
def test_belle2_beyond_ten_sigma():
    likelihood = nus.likelihood("current", [], belle2=PUBLISHED)
    function = nus.LogLikelihood(likelihood, ["LNQd_2123"], **FGMS)
    x = np.array([3e-7])
    _, gradient = function.value_and_gradient(x)
    numeric = richardson(function, x, 0, 1e-9)
    assert numeric < 0
    assert gradient[0] == pytest.approx(numeric, rel=1e-4, abs=0)


def test_fast_likelihood(rng):
    fast = nus.likelihood("current", fit_parameters={"m_N1": (0, 2.4)}, fast=True)
    fast.make_measurement(N=10, Nexp=100)
    function = nus.LogLikelihood(fast, VARIABLES, **FGMS)
    x = random_point(rng)
    value, gradient = function.value_and_gradient(x)
    par, wc_obj = function.point(x)
    direct = fast.likelihood.log_prior_fit_parameters(par) + fast.log_likelihood(par, wc_obj)
    assert value == pytest.approx(direct, rel=1e-13, abs=1e-13)
    assert np.isfinite(gradient).all()
    # without limits, which have kinks: correlated normal distributions
    taus = ["Rtaul(B->Dlinv)", "Rtaul(B->D*linv)"]
    fast = nus.likelihood("current", taus, fast=True)
    fast.make_measurement(N=10, Nexp=100)
    assert not fast.exact
    function = nus.LogLikelihood(
        fast, ["nedu_1332", "m_N1"], scale=1e3, eft="nuSMEFT", basis="Warsaw"
    )
    x = np.array([3e-7, 0.4])
    _, gradient = function.value_and_gradient(x)
    for i, h in enumerate((1e-10, 1e-3)):
        numeric = richardson(function, x, i, h)
        assert gradient[i] == pytest.approx(numeric, rel=1e-6, abs=0)


def test_other_likelihoods_and_variables():
    """Those of flavio, coefficients of SMEFT and other parameters, by differences."""
    smeft = {"scale": 1e3, "eft": "SMEFT", "basis": "Warsaw"}
    stock = flavio.statistics.likelihood.Likelihood(observables=["BR(B+->taunu)"])
    function = nus.LogLikelihood(stock, ["lq3_3313", "Vub"], **smeft)
    x = np.array([3e-9, 0.0038])
    _, gradient = function.value_and_gradient(x)
    for i, h in enumerate((1e-11, 1e-5)):
        numeric = richardson(function, x, i, h)
        assert gradient[i] == pytest.approx(numeric, rel=1e-5, abs=0)
    ours = nus.likelihood("current", ["Rtaul(B->Dlinv)"])
    function = nus.LogLikelihood(ours, ["lq3_3323", "Vcb"], **smeft)
    x = np.array([3e-9, 0.0415])
    _, gradient = function.value_and_gradient(x)
    assert gradient[0] == pytest.approx(richardson(function, x, 0, 1e-11), rel=1e-6, abs=0)
    assert gradient[1] == pytest.approx(richardson(function, x, 1, 1e-5), rel=1e-5, abs=1e-6)


def test_edges():
    likelihood = nus.likelihood("current", fit_parameters={"m_N1": (0, 2.4)})
    function = nus.LogLikelihood(likelihood, ["LNQd_2123", "m_N1"], **FGMS)
    value, gradient = function.value_and_gradient([1e-8, 2.5])  # outside of the prior
    assert value == -np.inf
    assert np.isnan(gradient).all()
    # at the mass 0, where masses enter squared, and C = 0, where ln L is even
    _, gradient = function.value_and_gradient([1e-8, 0.0])
    slope_at = function.value_and_gradient([1e-8, 1e-3])[1][1]
    assert abs(gradient[1]) < 0.2 * abs(slope_at)
    assert function.value_and_gradient([0.0, 1.0])[1].tolist() == pytest.approx([0, 0], abs=1e-9)
    again = pickle.loads(pickle.dumps(function))
    assert again.value_and_gradient([1e-8, 1.0])[1].tolist() == pytest.approx(
        function.value_and_gradient([1e-8, 1.0])[1].tolist(), rel=1e-12, abs=0
    )


def test_mixings_up_to_the_largest():
    """Inside of the largest mixing there are derivatives, outside ln L is -inf, as at m_N < 0."""
    likelihood = nus.likelihood("current", ["BR(B0->K*inv)"])
    names = ["U_e1", "U_mu1"]
    function = nus.LogLikelihood(likelihood, names, par={"m_N1": 0.5}, **FGMS)
    for x in ([0.6, 0.8], [-0.6, 0.8], [0, -1.0], [1e-20, 1.0], [0.3, 0]):
        value, gradient = function.value_and_gradient(x)
        assert value == function(x) > -np.inf
        inside = [(function([(1 - k * 1e-3) * c for c in x])) for k in range(3)]
        along = -(4 * inside[1] - inside[2] - 3 * inside[0]) / 2e-3
        assert gradient @ x == pytest.approx(along, rel=1e-4, abs=1e-7)
    assert function([0.8, 0.8]) == function.many([[0.8, 0.8]])[0] == -np.inf
    assert np.isnan(function.value_and_gradient([0.8, 0.8])[1]).all()
    with pytest.raises(errors.InvalidMixing, match="U_mu1 = nan"):
        function([0.1, np.nan])
    with pytest.raises(errors.InvalidMixing, match="U_tau1² = 4 is above 1"):
        nus.LogLikelihood(likelihood, names, par={"U_tau1": 2}, **FGMS)


def test_expansion_is_the_predictions(rng):
    """Also of ratios, and of imaginary parts."""
    observables = ["BR(B0->K*inv)", "Rtaul(B->Dlinv)", ("<dBR/dq2>(B+->Kinv)", 4.0, 8.0)]
    par = flavio.default_parameters.get_central_all()
    variables = [variable(name, par) for name in ("LNQd_2123", "Im(LNQd_2123)", "m_N1")]
    expansion = Expansion(
        observables,
        variables,
        nus.LogLikelihood(nus.likelihood("current"), ["LNQd_2123"], **FGMS).space,
        par,
    )
    found = expansion(np.array([1e-8, 5e-9, 0.7]))
    w = nus.NuWilson({"LNQd_2123": 1e-8 + 5e-9j}, **FGMS)
    par["m_N1"] = 0.7
    for value, observable in zip(found, observables, strict=True):
        name, *arguments = (observable,) if isinstance(observable, str) else observable
        expected = flavio.Observable[name].prediction_par(par, w, *arguments)
        assert value == pytest.approx(expected, rel=1e-12, abs=0)


GRID = np.linspace(-5.0, 5.0, 401)


@pytest.mark.parametrize(
    "distribution",
    [
        AsymmetricNormalDistribution(1.0, 0.5, 0.2),
        GammaDistribution(3.0, -1.0, 0.7),
        GammaDistributionPositive(3.0, -1.0, 0.7),
        NumericalDistribution(GRID, np.exp(-(GRID**2) / 2) + 0.1),
        UniformDistribution(1.0, 2.0),
        KernelDensityEstimate(np.array([0.2, 0.9, 1.1]), NormalDistribution(0, 0.4)),
        HalfNormalDistribution(0.0, 0.6),
        HalfNormalDistribution(3.0, -0.6),
    ],
    ids=lambda d: type(d).__name__,
)  # fmt: skip
def test_slopes_of_distributions(distribution):
    for x in (0.313, 0.777, 1.931):
        numeric = richardson(lambda y: float(distribution.logpdf(y[0])), np.array([x]), 0, 1e-4)
        found = slope(distribution, np.array([x]))
        assert found.tolist() == pytest.approx([numeric], rel=1e-5, abs=1e-6)


def test_slopes_of_correlated_and_of_vanishing_densities():
    covariance = np.array([[4.0, 1.2], [1.2, 0.5]])
    normal = MultivariateNormalDistribution([1.0, 2.0], covariance)
    x = np.array([0.3, 2.9])
    expected = -np.linalg.inv(covariance) @ (x - [1.0, 2.0])
    assert slope(normal, x).tolist() == pytest.approx(expected.tolist(), rel=1e-12, abs=0)
    flat = NumericalDistribution(np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.0, 0.0]))
    assert np.isnan(slope(flat, np.array([1.5]))).all()


def test_tails_of_numerical_distributions():
    kinds = set()
    for name in nus.dataset("current"):
        for distribution, _ in find(name)._constraints:
            if not isinstance(distribution, (ConvolvedNormals, CountingLimit)):
                continue
            kinds.add(type(distribution))
            low, high = distribution.ends
            places = [high + 0.7 * (high - low)]
            places += [low - 0.1 * (high - low)] * isinstance(distribution, ConvolvedNormals)
            for x in places:
                h = 1e-4 * (high - low)
                numeric = richardson(lambda y, d=distribution: float(d.logpdf(y[0])), [x], 0, h)
                found = slope(distribution, np.array([x]))
                assert found.tolist() == pytest.approx([numeric], rel=1e-6, abs=0)
    assert len(kinds) == 2


def test_differences():
    assert difference(lambda x: x[0] ** 2, np.array([3.0]), 0, (0.1, 0)) == pytest.approx(
        6, abs=1e-12
    )
    assert difference(lambda x: x[0] ** 2, np.array([0.0]), 0, (0.1, 1)) == pytest.approx(
        0, abs=1e-12
    )
    assert difference(lambda x: x[0] ** 2, np.array([1.0]), 0, (0.1, -1)) == pytest.approx(
        2, abs=1e-12
    )
    space = nus.LogLikelihood(nus.likelihood("current"), ["LNQd_2123"], **FGMS).space
    par = flavio.default_parameters.get_central_all()
    assert step(variable("m_N2", par), 0.0, space)[1]
    assert not step(variable("m_N2", par), 0.5, space)[1]
