"""Likelihoods equal flavio's, travel between processes, and theory follows the new physics."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import pickle

import flavio
import matplotlib as mpl
import numpy as np
import pytest
import scipy.stats
import wilson
from flavio.statistics import likelihood as stock

import flavio_nusmeft as nus
from flavio_nusmeft import errors
from flavio_nusmeft.inference.draws import Draws
from flavio_nusmeft.measurements import add_to_flavio

FGMS = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
FOUR = ["BR_SD(B+->Kinv)", "BR(B0->Kinv)", "BR_SD(B+->K*inv)", "BR(B0->K*inv)"]
# measured: in the Gaussian part of fast likelihoods
MEASURED = ["BR_SD(B+->Kinv)", "BR(K+->piinv)", "Rtaul(B->Dlinv)", "Rtaul(B->D*linv)"]


def point(**coefficients):
    return nus.NuWilson(coefficients or {"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")


@pytest.fixture
def registry(monkeypatch):
    """flavio's measurements, as they were afterwards."""
    monkeypatch.setattr(flavio.Measurement, "instances", flavio.Measurement.instances.copy())


@pytest.fixture(scope="module")
def fast():
    """By theory uncertainties: fast likelihoods with the same random draws."""
    result = {}
    for theory in ("SM", "NP"):
        result[theory] = nus.likelihood(
            "current",
            [*FOUR, *MEASURED[1:]],
            fit_parameters={"m_N1": (0, 2.3)},
            fast=True,
            theory=theory,
        )
        result[theory].make_measurement(N=60, Nexp=2000, seed=5)
    return result


@pytest.mark.parametrize("name", ["paper2023", "current"])
def test_equals_flavio(name, par, registry):
    measurements = add_to_flavio(nus.dataset(name))
    found = nus.likelihood(name, fit_parameters=["Vcb"])
    observables = found.observables
    assert set(observables) == {
        o for m in measurements for o in flavio.Measurement[m].all_parameters
    }
    expected = stock.Likelihood(
        observables=observables, include_measurements=measurements, fit_parameters=["Vcb"]
    )
    assert isinstance(found, stock.Likelihood)
    for w, mass, vcb in ((point(), 0.0, 0.041), (point(QN_2311=1e-8, dN_2311=-3e-8), 1.2, 0.0405)):
        par |= {"m_N1": mass, "Vcb": vcb}
        assert found.log_likelihood(par, w) == pytest.approx(
            expected.log_likelihood(par, w), rel=1e-13, abs=0
        )
        assert found.log_likelihood(par, w, delta=True, exclude_observables=["BR(Bs->inv)"]) == (
            pytest.approx(
                expected.log_likelihood(par, w, delta=True, exclude_observables=["BR(Bs->inv)"]),
                rel=1e-12,
                abs=0,
            )
        )


def test_fast_equals_flavio(par):
    """Measured values, with the same covariances."""
    found = nus.likelihood("current", MEASURED[1:], fast=True)
    assert isinstance(found, stock.FastLikelihood)
    found.make_measurement(N=20, Nexp=2000, seed=5)
    expected = stock.FastLikelihood(
        "stock fast likelihood",
        observables=MEASURED[1:],
        include_measurements=nus.dataset("current"),
        fit_parameters=[],
    )
    expected.sm_covariance._cov = found.sm_covariance.get(force=False)
    expected.exp_covariance._central_cov = found.exp_covariance.get(force=False)
    expected.make_measurement()
    try:
        for value in (0.0, 1e-8, 3e-8):
            w = point(LNQd_2113=value, LNQd_3133=100 * value)
            for left_out in ((), MEASURED[1:2], MEASURED[2:]):
                arguments = {"exclude_observables": left_out, "delta": bool(left_out)}
                assert found.log_likelihood(par, w, **arguments) == pytest.approx(
                    expected.log_likelihood(par, w, **arguments), rel=1e-11, abs=0
                )
    finally:
        del stock.FastLikelihood["stock fast likelihood"]
        del flavio.Measurement[expected.pseudo_measurement.name]


def test_seed():
    """The same numbers again, and the global generator is left as it was."""
    numbers = []
    for _ in range(2):
        likelihood = nus.likelihood("current", FOUR[:2], fast=True)
        np.random.seed(1)  # noqa: NPY002
        likelihood.make_measurement(N=5, Nexp=50, seed=3)
        assert np.random.random() == np.random.RandomState(1).random()  # noqa: NPY002
        numbers.append(likelihood.log_likelihood(likelihood.parameters_central, point()))
    assert numbers[0] == numbers[1]


def test_seed_by_default_and_by_generator():
    numbers = []
    for arguments in ({}, {"seed": 0}, *({"seed": np.random.default_rng(1)} for _ in range(2))):
        likelihood = nus.likelihood("current", FOUR[:2], fast=True)
        likelihood.make_measurement(N=5, Nexp=50, **arguments)
        numbers.append(likelihood.log_likelihood(likelihood.parameters_central, point()))
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]


def test_theory_covariance_by_direct_sampling(fast, par):
    """Every draw evaluated on its own through flavio, for new masses, phases and interference."""
    likelihood = fast["NP"]
    draws = likelihood._draws._draws
    assert len({draw["B->K GRvDV a0_f+"] for draw in draws}) == 60
    assert len({draw["m_N1"] for draw in draws}) == 1
    covariances = []
    for values, mass in (
        ({}, 0.0),
        ({"LNQd_2123": 2e-8 * (1 + 0.5j), "LNQdT_2123": 1e-8, "LNQd_3133": 1e-6}, 0.7),
        ({"QN_2311": 3e-8, "dN_2311": -2e-8, "LNQd_3133": 1e-6}, 0.7),
    ):
        par["m_N1"] = mass
        w = nus.NuWilson(values, 1e3, "nuSMEFT", "FGMS")
        predictions = [
            [flavio.Observable[o].prediction_par({**draw, "m_N1": mass}, w) for o in MEASURED]
            for draw in draws
        ]
        found = likelihood.theory_covariance(par, w)
        scale = np.sqrt(np.outer(np.diag(found), np.diag(found)))
        assert found / scale == pytest.approx(np.cov(np.transpose(predictions)) / scale, abs=1e-10)
        covariances.append(found)
        # the likelihood is the Gaussian with this covariance, times that of the limits
        central, experiment = likelihood.exp_covariance.get(force=False)
        unit = np.sqrt(np.diag(experiment))
        expected = scipy.stats.multivariate_normal(
            central / unit, (experiment + found) / np.outer(unit, unit)
        ).logpdf([flavio.Observable[o].prediction_par(par, w) for o in MEASURED] / unit)
        expected -= np.log(unit).sum()
        for name, limited in likelihood.exact.items():
            for o in limited:
                limit = flavio.Measurement[name]._parameters[o][1]
                expected += limit.logpdf(flavio.Observable[o].prediction_par(par, w))
        assert likelihood.log_likelihood(par, w) == pytest.approx(expected, rel=1e-12, abs=0)
    # theory errors of the new physics are several times those of the SM here
    assert covariances[1][0, 0] > 4 * covariances[0][0, 0]
    assert likelihood.theory_covariance(par | {"m_N1": 0.0}, None) == pytest.approx(
        covariances[0], rel=1e-12, abs=0
    )


def test_theory_covariance_against_flavio(fast, par):
    """Independent draws agree within their statistical error (60 and 100 draws: 9% and 7%)."""
    w = point()
    found = np.sqrt(np.diag(fast["NP"].theory_covariance(par, w)))
    np.random.seed(11)  # noqa: NPY002
    expected = [flavio.np_uncertainty(observable, w, N=100) for observable in MEASURED]
    assert found / expected == pytest.approx(np.ones(4), abs=0.35)


def test_theory_covariance_with_active_neutrinos_and_options(par):
    """SMEFT coefficients, which run on their own, and the options of the object."""
    likelihood = nus.likelihood("current", FOUR[:1], fast=True, theory="NP")
    likelihood.make_measurement(N=3, Nexp=50, seed=5)
    w = nus.NuWilson({"lq1_1123": 3e-8, "lnqd1_2123": 1e-8}, 1e3, "nuSMEFT", "Warsaw")
    w.set_option("alpha_s", 0.13)
    predictions = [
        flavio.Observable[FOUR[0]].prediction_par(draw, w) for draw in likelihood._draws._draws
    ]
    found = likelihood.theory_covariance(par, w)
    assert found[0, 0] == pytest.approx(np.var(predictions, ddof=1), rel=1e-8, abs=0)


@pytest.mark.parametrize(("low", "high"), [(0, 2.4), (0.1, 2.3)])
def test_both_ends_of_a_range_belong_to_it(low, high):
    likelihood = nus.likelihood("current", ["BR(B0->Kinv)"], fit_parameters={"m_N1": (low, high)})
    function = nus.LogLikelihood(likelihood, ["LNQd_2123", "m_N1"], **FGMS)
    for mass in (low, high):
        assert np.isfinite(function([1e-8, mass]))
    assert function([1e-8, high * (1 + 1e-12)]) == -np.inf
    assert function([1e-8, low - 1e-12]) == -np.inf
    again = pickle.loads(pickle.dumps(function))
    assert np.isfinite(again([1e-8, high]))


def test_function_of_an_array(fast):
    likelihood = nus.likelihood("current", fit_parameters={"m_N1": (0, 2.0)})
    variables = ["m_N1", "LNQd_2123", "Im(LNQd_2123)", "QN_2311"]
    function = nus.LogLikelihood(likelihood, variables, **FGMS, par={"Vcb": 0.041})
    assert function.variables == tuple(variables)
    par, w = function.point([1.5, 1e-8, -2e-8, 3e-8])
    assert (par["m_N1"], par["Vcb"]) == (1.5, 0.041)
    assert w.wc.dict == {"LNQd_2123": 1e-8 - 2e-8j, "QN_2311": 3e-8}
    expected = likelihood.log_likelihood(par, w)
    # predictions as polynomials: equal within rounding errors
    value = function([1.5, 1e-8, -2e-8, 3e-8])
    assert value == pytest.approx(expected, rel=1e-13, abs=0)
    assert likelihood.log_prior_fit_parameters(par) == pytest.approx(-np.log(2), abs=1e-15)
    assert function([-0.1, 1e-8, 0, 0]) == function([2.1, 1e-8, 0, 0]) == -np.inf
    # a fast one adds the prior, too
    quick = nus.LogLikelihood(fast["NP"], ["LNQd_2123", "m_N1"], **FGMS)
    par, w = quick.point([1e-8, 1.0])
    assert quick([1e-8, 1.0]) == pytest.approx(
        fast["NP"].log_likelihood(par, w) - np.log(2.3), abs=1e-12
    )
    # without a prior, only what is not physical is excluded
    free = nus.LogLikelihood(nus.likelihood("current"), ["m_N1"], **FGMS)
    assert np.isfinite(free([2.1]))
    assert free([-0.1]) == -np.inf


def test_other_bases():
    likelihood = nus.likelihood("current", ["BR(B0->K*inv)"])
    function = nus.LogLikelihood(
        likelihood, ["CL_bsnuenue", "Im(CL_bsnuenumu)"], scale=4.8, eft="WET", basis="flavio"
    )
    w = flavio.WilsonCoefficients()
    w.set_initial({"CL_bsnuenue": 2.0, "CL_bsnuenumu": 1j}, 4.8)
    assert function([2.0, 1.0]) == likelihood.log_likelihood(likelihood.parameters_central, w)


def test_other_processes(fast):
    """Pickled to a fresh process, which does not know the likelihoods: the same bits."""
    likelihoods = [*fast.values(), nus.likelihood("current")]
    functions = [nus.LogLikelihood(like, ["LNQd_2123", "m_N1"], **FGMS) for like in likelihoods]
    points = [[1e-8, 0.3], [2e-8, 1.1]]
    values = [function(x) for function in functions for x in points]
    copies = [pickle.loads(pickle.dumps(function)) for function in functions]
    assert [copied(x) for copied in copies for x in points] == values
    for method in ("spawn", "fork"):
        context = multiprocessing.get_context(method)
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
            futures = [executor.submit(function, x) for function in functions for x in points]
            assert [future.result() for future in futures] == values


def test_contour(fast):
    """flavio's contours, in one process and in two."""
    with mpl.rc_context():
        import flavio.plots

        function = nus.LogLikelihood(fast["SM"], ["LNQd_2123", "m_N1"], **FGMS)
        box = (0, 3e-8, 0.1, 2)
        one, two = (
            flavio.plots.likelihood_contour_data(function, *box, steps=4, threads=threads)
            for threads in (1, 2)
        )
        assert (one["z"] == two["z"]).all()
        mpl.rcParams["text.usetex"] = False  # flavio.plots asks for LaTeX
        contours = flavio.plots.contour(**one, z_min=one["z"].min())
    assert len(contours.get_paths()) > 0
    mpl.pyplot.close("all")


def test_description(fast):
    """What distinguishes two functions."""
    functions = [
        nus.LogLikelihood(likelihood, variables, **FGMS, par={"m_N1": mass})
        for likelihood in (*fast.values(), nus.likelihood("current"), nus.likelihood("paper2023"))
        for variables, mass in ((["QN_2311"], 0.0), (["QN_2311"], 1.0), (["dN_2311"], 0.0))
    ]
    descriptions = {repr(function.description()) for function in functions}
    assert len(descriptions) == len(functions)
    again = pickle.loads(pickle.dumps(functions[0]))
    assert again.description() == functions[0].description()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"dataset": "curent"}, errors.UnknownDataset, "current"),
        ({"observables": []}, errors.UnknownObservable, "empty"),
        ({"observables": ["FLtot(B0->K*inv)"]}, errors.UnknownObservable, "not measured"),
        ({"observables": ["BR(B0->K*nv)"]}, errors.UnknownObservable, "did you mean"),
        ({"fit_parameters": ["m_N1"]}, errors.UnknownParameter, "has no prior"),
        ({"fit_parameters": ["m_N7"]}, errors.UnknownParameter, "did you mean"),
        ({"fit_parameters": {"m_N1": (2, 1)}}, errors.InvalidValue, "increasing"),
        ({"fit_parameters": {"m_N1": (0, np.inf)}}, errors.InvalidValue, "finite"),
        ({"fit_parameters": {"m_N1": 2}}, errors.InvalidValue, r"\(low, high\)"),
        ({"theory": "NP"}, errors.InvalidValue, "fast=True"),
        ({"theory": "both", "fast": True}, errors.InvalidValue, "'SM' or 'NP'"),
    ],
)
def test_bad_likelihoods(arguments, error, message):
    with pytest.raises(error, match=message):
        nus.likelihood(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"variables": ["QN_2312x"]}, errors.UnknownCoefficient, "QN_2312"),
        ({"variables": ["QN_2311", "QN_2311"]}, errors.InvalidValue, "different"),
        ({"variables": "QN_2311"}, errors.InvalidValue, "list"),
        ({"variables": ["m_N1"], "par": {"m_N1": 1.0}}, errors.InvalidValue, "leave it out"),
        ({"par": {"m_N8": 1.0}}, errors.UnknownParameter, "m_N8"),
        ({"basis": "JMS"}, errors.UnknownBasis, "FGMS"),
        ({"scale": 0}, errors.InvalidScale, "positive"),
        (
            {"variables": ["Im(VnudLL_4422)"], "eft": "nuWET", "basis": "JMS"},
            errors.InvalidValue,
            "VnudLL_4422 is real",
        ),
    ],
)
def test_bad_functions(arguments, error, message):
    likelihood = nus.likelihood("paper2023", ["BR(B0->Kinv)"])
    call = {"variables": ["QN_2311"], **FGMS, **arguments}
    with pytest.raises(error, match=message):
        nus.LogLikelihood(likelihood, call.pop("variables"), **call)


def test_bad_points():
    function = nus.LogLikelihood(nus.likelihood("paper2023"), ["QN_2311", "m_N1"], **FGMS)
    with pytest.raises(errors.InvalidShape, match="QN_2311, m_N1"):
        function([1e-8])
    with pytest.raises(errors.InvalidValue, match="not finite"):
        function([np.nan, 1.0])


@pytest.fixture
def full_by_default():
    nus.NuWilson.set_default_option("running", "full")
    yield
    nus.NuWilson.set_default_option("running", "qcd")


def full(**coefficients):
    w = point(**coefficients)
    w.set_option("running", "full")
    return w


def test_options_of_the_function(par):
    """Running as an argument and as the default of now travel with the function."""
    likelihood = nus.likelihood("paper2023", ["BR(B+->Kinv)", "BR(B0->K*inv)"])
    x = [1e-8]
    plain = nus.LogLikelihood(likelihood, ["LNQdT_2123"], **FGMS)
    given = nus.LogLikelihood(likelihood, ["LNQdT_2123"], **FGMS, options={"running": "full"})
    expected = likelihood.log_likelihood(par, full(LNQdT_2123=1e-8))
    assert given(x) == pytest.approx(expected, rel=1e-13, abs=0)
    assert abs(plain(x) - given(x)) > 1e-3
    assert plain.description() != given.description()
    with pytest.raises(errors.InvalidValue, match="did you mean 'running'"):
        nus.LogLikelihood(likelihood, ["LNQdT_2123"], **FGMS, options={"runing": "full"})


def test_default_options_are_those_of_the_start(par, full_by_default):
    """As another process, where the default is another one, would see it."""
    likelihood = nus.likelihood("paper2023", ["BR(B+->Kinv)", "BR(B0->K*inv)"])
    function = nus.LogLikelihood(likelihood, ["LNQdT_2123"], **FGMS)
    w = point(LNQdT_2123=1e-8)
    expected = function([1e-8])
    observable = flavio.Observable["BR(B+->Kinv)"]
    value = observable.prediction_par(par, w)
    nus.NuWilson.set_default_option("running", "qcd")
    assert pickle.loads(pickle.dumps(function))([1e-8]) == expected
    assert function([1e-8]) == expected
    assert observable.prediction_par(par, pickle.loads(pickle.dumps(w))) == value
    assert observable.prediction_par(par, point(LNQdT_2123=1e-8)) != value


def test_draws_see_the_options(par):
    """Of the object, whether they were set on it or are the default."""
    drawn = Draws(["BR(B+->Kinv)"], [par])
    observable = flavio.Observable["BR(B+->Kinv)"]
    results = []
    for w in (point(LNQdT_2123=1e-8), full(LNQdT_2123=1e-8)):
        (((found,),),) = (drawn.predictions({}, w),)
        assert found == pytest.approx(observable.prediction_par(par, w), rel=1e-12, abs=0)
        results.append(found)
    assert results[0] != results[1]
    nus.NuWilson.set_default_option("running", "full")
    try:
        assert drawn.predictions({}, point(LNQdT_2123=1e-8)) == results[1]
        # a plain object takes the default of now, not that of an equal one before
        plain = [wilson.Wilson({"LNQdT_2123": 1e-8}, *FGMS.values()) for _ in range(2)]
        assert observable.prediction_par(par, plain[0]) == pytest.approx(
            results[1], rel=1e-12, abs=0
        )
    finally:
        nus.NuWilson.set_default_option("running", "qcd")
    assert observable.prediction_par(par, plain[1]) == pytest.approx(results[0], rel=1e-12, abs=0)


def test_profile_along_a_flat_direction():
    """Without coefficients the mass does not matter: the profile is the likelihood itself."""
    likelihood = nus.likelihood("current", fit_parameters={"m_N1": (0, 2.4)})
    function = nus.LogLikelihood(likelihood, ["LNQd_2123", "m_N1"], **FGMS)
    axes, bounds = {"LNQd_2123": [0.0, 1e-8]}, {"m_N1": (0, 2.3)}
    found = nus.scan.grid(function, axes, profile=bounds, progress=False)
    assert found.log_likelihood[0] == pytest.approx(function([0.0, 1.0]), abs=1e-9)
    assert found.log_likelihood[1] >= max(function([1e-8, m]) for m in np.linspace(0, 2.3, 20))
    assert found.converged.all()


def test_a_forgotten_number_of_n_is_not_the_neutron():
    hint = "did you mean 'm_N1' or 'm_N2' or 'm_N3'"
    with pytest.raises(errors.UnknownParameter, match=hint):
        nus.likelihood("current", ["BR(B0->Kinv)"], fit_parameters={"m_N": (0, 2)})
    likelihood = nus.likelihood("current", ["BR(B0->Kinv)"])
    with pytest.raises(errors.UnknownParameter, match=hint):
        nus.LogLikelihood(likelihood, ["m_N"], scale=1e3, eft="nuSMEFT", basis="FGMS")
    with pytest.raises(errors.UnknownParameter, match=hint):
        nus.LogLikelihood(
            likelihood, ["m_N1"], scale=1e3, eft="nuSMEFT", basis="FGMS", par={"m_N": 1.0}
        )
