"""What predictions depend on beside their arguments travels, and is part of every key and file."""

from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import ckmutil.ckm
import flavio
import numpy as np
import pytest
import wilson

import flavio_nusmeft as nus
from flavio_nusmeft import errors, settings
from flavio_nusmeft.batch import Predictor
from flavio_nusmeft.eft.objects import with_options
from flavio_nusmeft.eft.space import Space
from flavio_nusmeft.observables import NAMES

POINT = {"scale": 1e3, "eft": "nuSMEFT", "basis": "Warsaw"}
FGMS = {**POINT, "basis": "FGMS"}
IMPLEMENTATION = flavio.config["implementation"]
SCALES = flavio.config["renormalization scale"]
FORM_FACTOR = "B->K* invisible form factor"
TOTALS = [n for n in NAMES if flavio.Observable[n].arguments is None]
# neutral and charged currents with N that depend on the CKM matrix, and one without
VALUES = {"qn_2311": 1e-8, "qn_1223": 2e-8, "lnqd1_2132": 2e-8j, "phine_11": 1e-8, "lq1_1123": 1e-9}
MODES = ["BR_SD(B+->Kinv)", "BR(B0->K*inv)"]


@pytest.fixture
def as_found():
    """The shipped settings, whatever was changed before; what a test changes is set back."""
    before = settings.snapshot()
    settings._assign(settings.live(), settings._shipped())
    yield
    settings._assign(settings.live(), before)


@pytest.fixture
def wolfenstein(par):
    """The same CKM matrix in the Wolfenstein parametrisation, and another one under the names of
    the tree parametrisation."""
    tree = (par[name] for name in ("Vus", "Vub", "Vcb", "gamma"))
    values = ckmutil.ckm.tree_to_wolfenstein(*tree)
    other = {"Vus": 0.2, "Vub": 0.001, "Vcb": 0.03, "gamma": 0.5}
    return {**par, **other, **dict(zip(("laC", "A", "rhobar", "etabar"), values, strict=True))}


def predictions(par, w, names=TOTALS):
    return [flavio.Observable[name].prediction_par(par, w) for name in names]


@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.StockObservableWarning")
@pytest.mark.parametrize("running", ["qcd", "full"])
def test_parametrisation_of_the_ckm_matrix(par, wolfenstein, running, as_found):
    """Nothing depends on how the matrix is parametrised; one object, one process."""
    w = nus.NuWilson(VALUES, **POINT, options={"running": running})
    tree = predictions(par, w)
    assert predictions(wolfenstein, w) != pytest.approx(tree, rel=1e-2, abs=0)
    IMPLEMENTATION["CKM matrix"] = "Wolfenstein"
    assert predictions(wolfenstein, w) == pytest.approx(tree, rel=1e-10, abs=0)
    assert flavio.Observable["BR(B+->Knunu)"].prediction_par(wolfenstein, w) == pytest.approx(
        flavio.Observable["BR_SD(B+->Kinv)"].prediction_par(
            wolfenstein, nus.NuWilson({"lq1_1123": 1e-9}, **POINT)
        ),
        rel=1e-6,
        abs=0,  # of flavio's quadrature
    )


def test_compiled_predictors_follow_the_settings(par, wolfenstein, as_found):
    predictor = Predictor(MODES, ["qn_2311"], Space(**POINT))
    tree = predictor.polynomials(par).numerator
    IMPLEMENTATION["CKM matrix"] = "Wolfenstein"
    again = predictor.polynomials(wolfenstein).numerator
    assert np.allclose(again, tree, rtol=1e-10, atol=0)
    IMPLEMENTATION[FORM_FACTOR] = "B->K* as flavio"
    assert not np.allclose(predictor.polynomials(wolfenstein).numerator[1], tree[1], rtol=1e-2)


def test_number(as_found):
    """Equal exactly for equal settings, whatever happens in between."""
    first = settings.number()
    assert settings.number() == first
    SCALES["bvll"] = 4.2
    second = settings.number()
    SCALES["bvll"] = 4.8
    assert settings.number() == first != second
    numbers = {first, second}
    wilson.Wilson.set_default_option("smeft_accuracy", "leadinglog")
    numbers.add(settings.number())
    nus.NuWilson.set_default_option("running", "full")
    numbers.add(settings.number())
    wilson.parameters.p["m_W"] = 80.0
    numbers.add(settings.number())
    flavio.config["PDF set"]["dileptons"]["name"] = "toy"
    numbers.add(settings.number())
    assert len(numbers) == 6


def test_applied(as_found):
    IMPLEMENTATION[FORM_FACTOR] = "B->K* as flavio"
    wilson.Wilson.set_default_option("parameters", {"m_W": 79.0})
    chosen = pickle.loads(pickle.dumps(settings.snapshot()))
    IMPLEMENTATION[FORM_FACTOR] = "B->K* GRvDV"
    wilson.Wilson.set_default_option("parameters", {})
    before = settings.snapshot()
    with settings.applied(chosen):
        assert IMPLEMENTATION[FORM_FACTOR] == "B->K* as flavio"
        assert nus.NuWilson({}, **POINT).parameters["m_W"] == 79.0
    assert settings.live() == before
    with pytest.raises(RuntimeError), settings.applied(chosen):
        raise RuntimeError
    assert settings.live() == before


def test_changed_and_provenance(as_found):
    assert settings.changed() == {}
    SCALES["bvll"] = 4.2
    IMPLEMENTATION[FORM_FACTOR] = "B->K* as flavio"
    expected = {
        "flavio.config: renormalization scale: bvll": 4.2,
        f"flavio.config: implementation: {FORM_FACTOR}": "B->K* as flavio",
    }
    assert settings.changed() == expected
    w = nus.NuWilson(VALUES, **POINT, options={"running": "full", "parameters": {"m_W": 80.0}})
    made = settings.provenance(w)
    assert expected.items() <= made.items()
    assert made["running"] == "full"
    assert made["alpha_s"] == 0.1181
    assert made["smeft_matchingscale"] == 91.1876
    assert made["parameters: m_W"] == 80.0
    assert made["flavio"] == flavio.__version__


def test_defaults_of_later_do_not_count(par, as_found):
    """An object keeps the defaults of wilson that were in force when it was made."""
    values = {"lq1_1123": 3e-8, "lnqd1_2123": 1e-8}
    w, name = nus.NuWilson(values, **POINT), "BR_SD(B+->Kinv)"
    before = flavio.Observable[name].prediction_par(par, w)
    wilson.Wilson.set_default_option("smeft_matchingscale", 160.0)
    assert flavio.Observable[name].prediction_par(par, copy.deepcopy(w)) == before
    later = nus.NuWilson(values, **POINT)
    assert later.get_option("smeft_matchingscale") == 160.0
    assert flavio.Observable[name].prediction_par(par, later) != pytest.approx(
        before, rel=1e-5, abs=0
    )


@pytest.mark.parametrize("parameters", [{}, {"m_W": 75.0, "alpha_e": 0.01}, {"Vcb": 0.05}])
@pytest.mark.parametrize("kind", [wilson.Wilson, flavio.WilsonCoefficients])
def test_parameters_of_plain_objects(kind, parameters):
    """The same object gives the same number here and in stock flavio."""
    arguments = {"lq1_1123": 3e-8}, 1e3, "SMEFT", "Warsaw"
    if kind is wilson.Wilson:
        w = kind(*arguments)
    else:
        w = kind()
        w.set_initial(*arguments)
    w.set_option("parameters", parameters)
    here = flavio.np_prediction("BR_SD(B+->Kinv)", w)
    assert here == pytest.approx(flavio.np_prediction("BR(B+->Knunu)", w), rel=1e-6, abs=0)


@pytest.mark.parametrize("parameters", [{}, {"m_W": 75.0, "alpha_e": 0.01}])
def test_parameters_of_own_objects(par, parameters):
    """Those of a NuWilson hold in its part without N, next to the CKM elements of flavio's."""
    options = {"parameters": parameters}
    mixed = nus.NuWilson({"lq1_1123": 3e-8, "nd_1123": 0.0}, **POINT, options=options)
    alone = nus.predict(
        "BR_SD(B+->Kinv)",
        {"lq1_1123": 3e-8},
        scale=1e3,
        eft="SMEFT",
        basis="Warsaw",
        options=options,
    )
    stock = flavio.WilsonCoefficients()
    stock.set_initial({"lq1_1123": 3e-8}, 1e3, "SMEFT", "Warsaw")
    ckm = {name: par[name] for name in ("Vus", "Vub", "Vcb", "gamma")}
    stock.set_option("parameters", {**parameters, **ckm})
    expected = flavio.np_prediction("BR(B+->Knunu)", stock)
    assert flavio.np_prediction("BR_SD(B+->Kinv)", mixed) == pytest.approx(
        expected, rel=1e-6, abs=0
    )
    assert float(alone["BR_SD(B+->Kinv)"]) == pytest.approx(expected, rel=1e-6, abs=0)


def test_threads_meet_the_serial_values(par):
    """One object of every kind, evaluated for different CKM elements at the same time.

    (On a wilson.Wilson flavio itself sets options, before this package is asked.)
    """
    smeft = with_options({"lq1_1123": 3e-9}, 1e3, "SMEFT", "Warsaw")
    wet = flavio.WilsonCoefficients()
    wet.set_initial({"VnudLL_1123": 3e-9, "SnueduRL_1132": 1e-9}, 160.0, "WET", "JMS")
    own = nus.NuWilson({"lnqd1_2123": 1e-8, "qn_1223": 1e-8}, **POINT)
    mixed = nus.NuWilson({"VnudLL_1123": 3e-9, "SnudLL_1423": 1e-9}, 4.8, "nuWET", "JMS")
    names = ["BR_SD(B+->Kinv)", "BR(B0->K*inv)", "BR(D0->piinv)", "BR(Bc->tauinv)"]
    jobs = [
        (w, name, {**par, "Vcb": 0.04 + 1e-4 * k, "Vus": 0.22 + 1e-4 * k})
        for k in range(8)
        for w in (wet, own, mixed)
        for name in names
    ]
    jobs += [(smeft, names[0], {**par, "Vcb": vcb}) for vcb in (0.040, 0.041)]
    jobs *= 5

    def value(job):
        w, name, parameters = job
        return flavio.Observable[name].prediction_par(parameters, w)

    order = np.random.default_rng(1).permutation(len(jobs))
    with ThreadPoolExecutor(16) as pool:
        found = dict(zip(order.tolist(), pool.map(value, [jobs[i] for i in order]), strict=True))
    assert [found[i] for i in range(len(jobs))] == [value(job) for job in jobs]


@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.StockObservableWarning")
def test_predictions_leave_objects_alone(par):
    w = nus.NuWilson(VALUES, **POINT)
    plain = flavio.WilsonCoefficients()
    plain.set_initial({"lq1_1123": 3e-8}, 1e3, "SMEFT", "Warsaw")
    for wc_obj in (w, plain):
        before = copy.deepcopy(wc_obj._options)
        predictions(par, wc_obj, ["BR_SD(B+->Kinv)", "BR(B0->Dtauinv)", "BR(B+->Knunu)"])
        assert wc_obj._options == before
        assert w.get_option("parameters") == {}


def function():
    return nus.LogLikelihood(nus.likelihood("current", MODES), ["LNQd_2123"], **FGMS)


def changed_settings():
    IMPLEMENTATION[FORM_FACTOR] = "B->K* as flavio"
    SCALES["bpll"] = 4.2
    wilson.Wilson.set_default_option("smeft_matchingscale", 160.0)


def test_scans_in_other_processes(as_found):
    """Spawned workers take the settings of this process, whatever theirs are, and keep theirs."""
    axes = {"LNQd_2123": [0.0, 2e-8]}
    shipped = nus.scan.grid(function(), axes, progress=False).log_likelihood
    before = settings.snapshot()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        changed_settings()
        here = nus.scan.grid(function(), axes, progress=False).log_likelihood
        there = nus.scan.grid(function(), axes, executor=pool, progress=False).log_likelihood
        assert there.tolist() == here.tolist()
        assert here.tolist() != shipped.tolist()
        settings._assign(settings.live(), before)
        again = nus.scan.grid(function(), axes, executor=pool, progress=False).log_likelihood
        assert again.tolist() == shipped.tolist()
        assert pool.submit(settings.changed).result() == {}


def test_checkpoints_of_other_settings_are_refused(tmp_path, as_found):
    axes, path = {"LNQd_2123": [2e-8]}, tmp_path / "scan"
    nus.scan.grid(function(), axes, checkpoint=path, progress=False)
    nus.scan.grid(function(), axes, checkpoint=path, progress=False)
    SCALES["bpll"] = 4.2
    with pytest.raises(errors.InvalidCheckpoint, match=r"renormalization scale.bpll: 4\.8 there"):
        nus.scan.grid(function(), axes, checkpoint=path, progress=False)
    with pytest.raises(errors.InvalidCheckpoint, match=r"renormalization scale.bpll: 4\.8 there"):
        nus.scan.grid(function(), axes, checkpoint=path, progress=False, executor=None)


def test_checkpoints_of_other_data_are_refused(tmp_path, monkeypatch):
    axes, path = {"LNQd_2123": [2e-8]}, tmp_path / "scan"
    first = function()
    nus.scan.grid(first, axes, checkpoint=path, progress=False)
    (name,) = [n for n in first.description()["measurements"] if "combined" in n]
    ((distribution, _),) = flavio.Measurement[name]._constraints
    monkeypatch.setattr(distribution, "central_value", 2.4e-5)
    with pytest.raises(errors.InvalidCheckpoint, match=r"function\.data"):
        nus.scan.grid(function(), axes, checkpoint=path, progress=False)


def test_descriptions_are_plain_json(par):
    """Numbers of numpy are written as those of Python: files do not depend on its version."""
    likelihood = nus.likelihood("current", MODES, fit_parameters={"m_N1": (0, np.float64(2.4))})
    w = nus.LogLikelihood(
        likelihood,
        ["LNQd_2123", "m_N1"],
        scale=np.float64(1e3),
        eft="nuSMEFT",
        basis="FGMS",
        par={"Vcb": np.float64(0.041)},
    )
    description = w.description()
    assert "np." not in json.dumps(description)
    assert description["fit parameters"]["m_N1"]["type"] == "UniformDistribution"
    assert description["options"]["running"] == "qcd"
    assert description["settings"]["versions"]["flavio"] == flavio.__version__


def test_draws_are_in_the_description():
    likelihood = nus.likelihood("current", MODES, fast=True, theory="NP")
    found = set()
    for seed in (1, 2, 1):
        likelihood.make_measurement(N=5, seed=seed, force=True, force_exp=True)
        w = nus.LogLikelihood(likelihood, ["LNQd_2123"], **FGMS)
        assert w.description() == pickle.loads(pickle.dumps(w)).description()
        found.add(w.description()["numbers"])
    assert len(found) == 2


def test_pickles_with_other_settings_say_so(as_found):
    pickled = pickle.dumps(function())
    pickle.loads(pickled)
    SCALES["bpll"] = 4.2
    with pytest.warns(errors.SettingsWarning, match=r"bpll was 4\.8, is 4\.2"):
        pickle.loads(pickled)


@pytest.mark.parametrize("theory", ["SM", "NP"])
def test_covariances_of_other_settings_are_not_used(theory, par, as_found):
    likelihood = nus.likelihood("current", MODES, fast=True, theory=theory)
    likelihood.make_measurement(N=20, seed=1)
    w = nus.NuWilson({"lnqd1_2123": 1e-8}, **POINT)
    before = likelihood.log_likelihood(par, w)
    IMPLEMENTATION[FORM_FACTOR] = "B->K* as flavio"
    with pytest.raises(errors.InvalidValue, match=r"was B->K\* GRvDV, is B->K\* as flavio"):
        likelihood.log_likelihood(par, w)
    likelihood.make_measurement(N=20, seed=1, force=True)
    assert likelihood.log_likelihood(par, w) != pytest.approx(before, abs=1e-3)


def test_predictions_of_likelihoods_follow_the_settings(par, as_found):
    """flavio keeps the last predictions by parameters and object alone."""
    likelihood = nus.likelihood("current", MODES)
    w = nus.NuWilson({"lnqd1_2123": 2e-8}, **POINT)
    before = likelihood.log_likelihood(par, w)
    IMPLEMENTATION[FORM_FACTOR] = "B->K* as flavio"
    after = likelihood.log_likelihood(par, w)
    assert after != pytest.approx(before, abs=1e-2)
    assert after == nus.likelihood("current", MODES).log_likelihood(par, w)


class OfAUser:
    """A function without a description, which may depend on everything."""

    variables = ("C",)

    def __call__(self, x):
        return -(x[0] ** 2) * SCALES["bpll"]


def test_checkpoints_of_other_functions(tmp_path, as_found):
    axes, path = {"C": [1.0]}, tmp_path / "scan"
    nus.scan.grid(OfAUser(), axes, checkpoint=path, progress=False)
    nus.scan.grid(OfAUser(), axes, checkpoint=path, progress=False)
    SCALES["bpll"] = 4.2
    with pytest.raises(errors.InvalidCheckpoint, match=r"renormalization scale: bpll"):
        nus.scan.grid(OfAUser(), axes, checkpoint=path, progress=False)
