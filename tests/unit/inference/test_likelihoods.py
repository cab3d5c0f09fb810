"""What is in a fast likelihood, compared with the exact one; correlated observables alone."""

from __future__ import annotations

import pickle

import flavio
import numpy as np
import pytest
from flavio.statistics import likelihood as stock
from flavio.statistics.probability import (
    AsymmetricNormalDistribution,
    MultivariateNormalDistribution,
    NormalDistribution,
)

import flavio_nusmeft as nus
from flavio_nusmeft import _data, errors
from flavio_nusmeft.distributions import ONE_SIDED, ConvolvedNormals
from flavio_nusmeft.inference.likelihoods import FastLikelihood, Likelihood, MeasurementLikelihood
from flavio_nusmeft.measurements import find

FGMS = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
PAIR = ["Rtaul(B->Dlinv)", "Rtaul(B->D*linv)"]
SETS = ("paper2023", "current")
MEMBERS = sorted({member for name in SETS for member in nus.dataset(name)})
ALTERNATIVES = sorted(_data.load_yaml("datasets.yml")["alternatives"])
CORRELATED = [
    (name, observable)
    for name in [*MEMBERS, *ALTERNATIVES]
    for distribution, observables in find(name)._constraints
    if isinstance(distribution, MultivariateNormalDistribution)
    for observable in observables
]
# the one that measures both of PAIR
TOGETHER = next(name for name in MEMBERS if find(name).all_parameters == PAIR)


@pytest.fixture
def predict(monkeypatch):
    """A function that sets the predictions."""

    def set_predictions(predictions):
        monkeypatch.setattr(
            MeasurementLikelihood, "get_predictions_par", lambda self, par, wc_obj: predictions
        )

    return set_predictions


def experiment_alone(observables, measurements, theory="SM"):
    """Fast and exact likelihood without theory uncertainties."""
    fast = FastLikelihood(
        f"{theory} {measurements} {observables}",
        observables=observables,
        include_measurements=measurements,
        nuisance_parameters=[],
        theory=theory,
    )
    fast.make_measurement(N=2, Nexp=20000, seed=1)
    return fast, Likelihood(observables=observables, include_measurements=measurements)


def steps(distribution):
    """Distances from the central value in errors, and how well the fast likelihood must agree.

    Asymmetric errors are symmetrised, mean and variance are kept: for those of the data sets
    Delta chi² within one standard deviation changes by less than 0.2.
    """
    if isinstance(distribution, ONE_SIDED):
        return (0.0, 0.3, 1.0, 3.0, 30.0), 1e-12
    if isinstance(distribution, (NormalDistribution, MultivariateNormalDistribution)):
        return (-2.0, 0.3, 1.0, 3.0), 1e-9
    assert isinstance(distribution, (AsymmetricNormalDistribution, ConvolvedNormals))
    return (-1.0, -0.5, 0.5, 1.0), 0.2


@pytest.mark.parametrize("theory", ["SM", "NP"])
@pytest.mark.parametrize("name", [*MEMBERS, *ALTERNATIVES])
def test_fast_is_exact(name, theory, par, predict):
    """Every measurement: differences of -2 ln L, at the measured value and around it."""
    measurement = find(name)
    observables = measurement.all_parameters
    fast, exact = experiment_alone(observables, [name], theory)
    centre = {}
    for distribution, names in measurement._constraints:
        one_sided = isinstance(distribution, ONE_SIDED)
        assert {*names} <= {*(fast.exact if one_sided else fast.gaussian)[name]}
        centre |= dict(zip(names, np.atleast_1d(distribution.central_value), strict=True))

    def chi2(values):
        predict(centre | values)
        return np.array([-2 * found.log_likelihood(par, None) for found in (fast, exact)])

    for distribution, names in measurement._constraints:
        distances, precision = steps(distribution)
        errors_right = np.atleast_1d(distribution.error_right)
        for distance in distances:
            values = {o: centre[o] + distance * e for o, e in zip(names, errors_right, strict=True)}
            if isinstance(distribution, ONE_SIDED):
                values = {o: abs(value) for o, value in values.items()}
            found, expected = chi2(values) - chi2({})
            assert found == pytest.approx(expected, rel=1e-10, abs=precision)


@pytest.mark.parametrize("name", SETS)
def test_contents_of_a_data_set(name):
    """Every entry once, limits apart from measured values."""
    fast = nus.likelihood(name, fast=True)
    found = {(m, o) for part in (fast.gaussian, fast.exact) for m in part for o in part[m]}
    assert found == {(m, o) for m in nus.dataset(name) for o in find(m).all_parameters}
    assert sum(len(o) for part in (fast.gaussian, fast.exact) for o in part.values()) == len(found)
    for measurement, observables in fast.exact.items():
        for observable in observables:
            distribution = find(measurement)._parameters[observable][1]
            assert distribution.logpdf(-1e-9) == -np.inf  # excluded


@pytest.mark.parametrize("observable", ["BR(Bs->inv)", "BR(B0->inv)", "BR(B0->Kinv)"])
def test_a_limit_does_not_prefer_a_signal(observable, par):
    """Where the density of all limits is largest at zero, or, for K0, up to what counts prefer."""
    fast = nus.likelihood("current", [observable], fast=True)
    fast.make_measurement(N=5, seed=1)
    exact = nus.likelihood("current", [observable])
    values = []
    for size in (0.0, 1e-8, 2e-8, 1e-7, 1e-6):
        w = nus.NuWilson({"LNQd_2123": size, "LNQd_2113": size}, *FGMS.values())
        values.append((fast.log_likelihood(par, w), exact.log_likelihood(par, w)))
    chi2 = -2 * (np.array(values) - values[0])
    assert chi2[:, 0] == pytest.approx(chi2[:, 1], rel=1e-12, abs=1e-12)
    assert np.isfinite(chi2).all()
    if observable != "BR(B0->Kinv)":
        assert (np.diff(chi2[:, 0]) > 0).all()


@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.SizeWarning")
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("theory", [None, "SM", "NP"])
def test_no_walls(name, theory):
    """Far above all limits the likelihood is finite; at fixed widths it falls without end."""
    likelihood = nus.likelihood(name, fast=bool(theory), theory=theory or "SM")
    if theory:
        likelihood.make_measurement(N=10, seed=1)
    for coefficient in ("LNQd_2123", "LNQd_2113", "QN_2311", "LNQd_3133"):
        function = nus.LogLikelihood(likelihood, [coefficient], **FGMS)
        values = np.array([function([x]) for x in np.geomspace(1e-7, 1e-3, 40)])
        assert np.isfinite(values).all()
        if theory != "NP" and coefficient != "LNQd_3133":
            assert (np.diff(values) < 0).all()


@pytest.mark.parametrize("theory", ["SM", "NP"])
def test_left_out_and_normalised(theory, par):
    """exclude_observables and delta: the parts add up, whatever they are made of."""
    observables = ["BR_SD(B+->Kinv)", "BR(B0->Kinv)", "BR(K+->piinv)", "BR(Bs->inv)"]
    fast = nus.likelihood("current", observables, fast=True, theory=theory)
    fast.make_measurement(N=10, seed=3)
    w = nus.NuWilson({"LNQd_2123": 1e-8, "QN_2311": 1e-8}, *FGMS.values())

    def value(*kept, delta=False):
        left_out = [o for o in observables if o not in kept]
        return fast.log_likelihood(par, w, exclude_observables=left_out, delta=delta)

    assert value() == 0.0
    # no theory uncertainty is common to K and B decays but for CKM elements, which are 1% here
    whole = value(*observables)
    assert sum(value(o) for o in observables) == pytest.approx(whole, rel=0, abs=0.1)
    limits = ["BR(B0->Kinv)", "BR(Bs->inv)"]
    exact = nus.likelihood("current", limits)
    for delta in (False, True):
        assert value(*limits, delta=delta) == pytest.approx(
            exact.log_likelihood(par, w, delta=delta), rel=1e-12, abs=0
        )
    # at its maximum: the predictions where the densities are largest
    part = fast.likelihood.measurement_likelihood.parts[0]
    centre = dict(zip(part.observables, part.distribution.central_value, strict=True))
    assert fast._exact.log_likelihood_pred(dict.fromkeys(observables, 0.0), delta=True) <= 0
    assert fast.likelihood.measurement_likelihood.log_likelihood_pred(centre, delta=True) == 0


@pytest.mark.parametrize("theory", ["SM", "NP"])
@pytest.mark.parametrize("observables", [["BR(Bs->inv)"], ["BR(B0->Kinv)", "BR_SD(B+->Kinv)"]])
def test_travels_and_comes_out_again(observables, theory):
    """Pickles, and seeds; with and without a Gaussian part."""
    values = []
    for _ in range(2):
        fast = nus.likelihood("current", observables, fast=True, theory=theory)
        with pytest.raises(ValueError, match="make_measurement"):
            _ = fast.likelihood
        with pytest.raises(errors.InvalidValue, match="make_measurement"):
            fast.log_likelihood({}, None)
        fast.make_measurement(N=4, Nexp=50, seed=2)
        function = nus.LogLikelihood(fast, ["LNQd_2123"], **FGMS)
        values += [function([1e-8]), pickle.loads(pickle.dumps(function))([1e-8])]
        assert len(pickle.dumps(fast)) < 1e6  # distributions stay here
        function.description()
    assert len(set(values)) == 1
    assert np.isfinite(values[0])


@pytest.mark.parametrize("fast", [False, True, "NP"])
@pytest.mark.parametrize(("name", "observable"), CORRELATED)
def test_one_of_a_correlated_pair(name, observable, fast, par, predict):
    """The marginal normal distribution; a float."""
    if fast:
        found, _ = experiment_alone([observable], [name], "NP" if fast == "NP" else "SM")
    else:
        found = Likelihood(observables=[observable], include_measurements=[name])
    position, distribution = find(name)._parameters[observable]
    width = np.sqrt(distribution.covariance[position, position])
    predict({observable: distribution.central_value[position] + 2 * width})
    value = found.log_likelihood(par, None)
    assert isinstance(value, float)
    assert value == pytest.approx(-2 - np.log(np.sqrt(2 * np.pi) * width), rel=1e-12, abs=0)


@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.StockObservableWarning")
@pytest.mark.parametrize("observable", PAIR)
def test_one_of_a_correlated_pair_as_a_function(observable):
    """In all ways to make a function of it, flavio's own likelihoods included."""
    made = [nus.likelihood("current", [observable], fast=fast) for fast in (False, True)]
    made[1].make_measurement(N=5, seed=1)
    for o, name in ((observable, TOGETHER), (observable.replace("inv", "nu"), "BaBar RD 2012")):
        made.append(stock.Likelihood(observables=[o], include_measurements=[name]))
    for likelihood in made:
        assert isinstance(nus.LogLikelihood(likelihood, ["LNQd_3133"], **FGMS)([1e-7]), float)


def test_both_of_a_correlated_pair(par, predict):
    """One covariance in the fast likelihood, that of the measurement."""
    fast, _ = experiment_alone(PAIR, nus.dataset("current"))
    distribution = find(TOGETHER)._constraints[0][0]
    central, covariance = fast.exp_covariance.get(force=False)
    assert central == pytest.approx(distribution.central_value, rel=1e-13, abs=0)
    assert covariance == pytest.approx(distribution.covariance, rel=1e-13, abs=0)


def test_averages_are_weighted(par):
    """Two measurements of one observable: inverse variances, also beside a correlated pair."""
    first, second = "flavio_nusmeft Belle Rmue(D) 2015", "test second value"
    measurement = flavio.Measurement(second)
    measurement.set_constraint("Rmue(B->Dlinv)", "1.1 ± 0.03")
    try:
        fast, _ = experiment_alone(
            ["Rmue(B->Dlinv)", *PAIR],
            [first, second, TOGETHER],
        )
    finally:
        del flavio.Measurement[second]
    central, covariance = fast.exp_covariance.get(force=False)
    weights = np.array([1 / np.hypot(0.022, 0.039), 1 / 0.03]) ** 2
    assert central[0] == pytest.approx(weights @ [0.995, 1.1] / weights.sum(), rel=1e-12, abs=0)
    assert covariance[0, 0] == pytest.approx(1 / weights.sum(), rel=1e-12, abs=0)
    assert (covariance[0, 1:] == 0).all()


def test_alternatives_replace(par):
    name = "flavio_nusmeft Belle II B+->Kinv inclusive 2023"
    for fast in (False, True):
        found = nus.likelihood("current", ["BR_SD(B+->Kinv)"], alternatives=[name], fast=fast)
        measurements = found.include_measurements
        assert name in measurements
        assert "flavio_nusmeft Belle II B+->Kinv combined 2023" not in measurements
    assert found.gaussian == {name: ["BR_SD(B+->Kinv)"]}
    assert name not in flavio.Measurement.instances
    with pytest.raises(errors.UnknownMeasurement, match="has no alternative"):
        nus.likelihood("paper2023", alternatives=[name])


def test_what_is_not_measured(par):
    with pytest.raises(errors.UnknownObservable, match=r"no measurement of FLtot\(B0->K\*inv\)"):
        Likelihood(observables=["FLtot(B0->K*inv)", "BR(Bs->inv)"])
    with pytest.raises(errors.UnknownMeasurement, match="did you mean 'flavio_nusmeft KOTO"):
        Likelihood(
            observables=["BR(KL->piinv)"],
            include_measurements=["flavio_nusmeft KOTO KL->piinv 2O24"],
        )


def test_profiled_measurements_warn():
    """flavio's warning, of two correlated measurements of which one observable is used."""
    second = "test second pair"
    measurement = flavio.Measurement(second)
    measurement.add_constraint(PAIR, find(TOGETHER)._constraints[0][0])
    try:
        with pytest.warns(UserWarning, match=r"2 measurements constrain both .* only the former"):
            Likelihood(observables=PAIR[:1])
    finally:
        del flavio.Measurement[second]


@pytest.mark.parametrize("fast", [False, "SM", "NP"])
def test_fit_parameters_need_values(fast):
    """Not the middle of the prior."""
    likelihood = nus.likelihood(
        "current",
        ["BR_SD(B+->Kinv)"],
        fit_parameters={"m_N1": (0, 2.4), "m_N2": (0, 1)},
        fast=bool(fast),
        theory=fast or "SM",
    )
    if fast:
        likelihood.make_measurement(N=4, seed=1)
    for par in ({}, {"m_N2": 0.5}, {"m_N1": 0.5}):
        with pytest.raises(errors.UnknownParameter, match="has no value: make it a variable, or"):
            nus.LogLikelihood(likelihood, ["LNQd_2123"], **FGMS, par=par)
    given = nus.LogLikelihood(likelihood, ["LNQd_2123"], **FGMS, par={"m_N1": 2.0, "m_N2": 0.0})
    varied = nus.LogLikelihood(likelihood, ["LNQd_2123", "m_N1"], **FGMS, par={"m_N2": 0.0})
    assert given([2e-8]) == varied([2e-8, 2.0]) != varied([2e-8, 1.2])


def test_parameters_with_a_prior_of_their_own():
    likelihood = nus.likelihood("current", ["BR_SD(B+->Kinv)"], fit_parameters=["Vcb"])
    with pytest.raises(errors.UnknownParameter, match=r"par=\{'Vcb': 0.04"):
        nus.LogLikelihood(likelihood, ["LNQd_2123"], **FGMS)
