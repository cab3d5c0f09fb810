"""The likelihood of smelli; code that imports smelli on its own runs in fresh processes."""

from __future__ import annotations

import importlib
import importlib.util
import pickle
from functools import cache

import flavio
import numpy as np
import pytest
import wilson
from flavio.statistics.likelihood import Likelihood

from flavio_nusmeft import NuWilson, _data, dataset, errors
from flavio_nusmeft.observables import NAMES

OURS = "likelihood_nusmeft.yaml"
KAONS = "likelihood_kpiinv.yaml"
POLARISATIONS = "likelihood_dstar_polarisation.yaml"
TAUS = "likelihood_tauinv.yaml"
FILES = (OURS, KAONS, POLARISATIONS, TAUS)

needs_smelli = pytest.mark.skipif(
    importlib.util.find_spec("smelli") is None, reason="smelli is not installed"
)

POINTS = {
    "FGMS": ({"LNQd_2123": 1.5e-8, "QN_2311": 1e-8j}, "nuSMEFT", "FGMS"),
    "Warsaw": ({"qn_2311": 1e-8, "lnqd1_1123": 5e-9, "lnuq_1123": 2e-8}, "nuSMEFT", "Warsaw"),
    "SMEFT and N": ({"lq1_1123": 5e-9, "qn_2311": 1e-8}, "nuSMEFT", "Warsaw"),
    "SMEFT": ({"lq1_1123": 5e-9}, "SMEFT", "Warsaw"),
}


@cache
def likelihood(*args, **kwargs):
    module = importlib.import_module("flavio_nusmeft.smelli")
    return module.GlobalLikelihood(*args, **kwargs)


def by_flavio(par, par_sm, wc_obj, files=FILES):
    """Difference to the SM with flavio's own class, of everything in the data set."""
    names = [n for f in files for n in _data.load_yaml(f"smelli/{f}")["include_measurements"]]
    observables = sorted({o for n in names for o in flavio.Measurement[n].all_parameters})
    mine = Likelihood(observables=observables, include_measurements=names)
    return mine.log_likelihood(par, wc_obj) - mine.log_likelihood(par_sm, None)


def make(coefficients, eft, basis):
    if eft.startswith("nu"):
        return NuWilson(coefficients, 1e3, eft, basis)
    return wilson.Wilson(coefficients, 1e3, eft, basis)


# without smelli


def test_files_are_the_data_set():
    files = [_data.load_yaml(f"smelli/{name}") for name in FILES]
    found = [n for f in files for n in f["include_measurements"]]
    assert sorted(found) == sorted(dataset("current"))
    for content in files:
        names = content["include_measurements"]
        measured = {o for n in names for o in flavio.Measurement[n].all_parameters}
        assert set(content["observables"]) == measured
        assert len(content["observables"]) == len(measured)
        assert measured <= set(NAMES)


def test_message_without_smelli(after_flavio):
    result = after_flavio("import sys; sys.modules['smelli'] = None; import flavio_nusmeft.smelli")
    assert result.returncode == 1
    assert "MissingPackage: flavio_nusmeft.smelli needs smelli: pip install" in result.stderr


# what the import does


@needs_smelli
def test_import_leaves_options_alone(after_flavio):
    code = """
import copy, sys, flavio
from wilson import Wilson
before = copy.deepcopy(Wilson._default_options)
import flavio_nusmeft
assert "smelli" not in sys.modules
from flavio_nusmeft.smelli import GlobalLikelihood
import smelli
assert issubclass(GlobalLikelihood, smelli.GlobalLikelihood)
assert Wilson._default_options == before, Wilson._default_options
"""
    result = after_flavio(code)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@needs_smelli
def test_options_after_an_import_of_ones_own_stay(after_flavio):
    code = """
import smelli, flavio_nusmeft.smelli
from wilson import Wilson
assert Wilson._default_options["smeft_accuracy"] == "leadinglog"
"""
    assert after_flavio(code).returncode == 0


@needs_smelli
def test_file_in_plain_smelli(after_flavio):
    """The file works in any subclass that lists it, here with smelli's own points."""
    code = f"""
import smelli, flavio_nusmeft
from flavio_nusmeft import _data
from wilson import Wilson
path = str(_data.path("smelli/{OURS}"))
class Mine(smelli.GlobalLikelihood):
    _fast_likelihoods_yaml = []
    _likelihoods_yaml = [path]  # b and c quarks
values = Mine().parameter_point({{"lq1_1123": 5e-9}}, scale=1000).log_likelihood_dict()
w = flavio_nusmeft.NuWilson({{"qn_2311": 1e-8}}, 1e3, "nuSMEFT", "Warsaw")
theirs = Mine().parameter_point(w).log_likelihood_dict()
from flavio_nusmeft.smelli import GlobalLikelihood
gl = GlobalLikelihood("SMEFT", fix_ckm=False)
ours = gl.parameter_point({{"lq1_1123": 5e-9}}, scale=1000).log_likelihood_dict()
assert abs(values[path] - ours["{OURS}"]) < 1e-10, (values, ours)
assert abs(values[path]) > 0.1
ours = gl.parameter_point(w).log_likelihood_dict()
assert abs(theirs[path] - ours["{OURS}"]) < 1e-10, theirs
"""
    result = after_flavio(code)
    assert result.returncode == 0, result.stderr


# points


@needs_smelli
@pytest.mark.parametrize("fix_ckm", [True, False])
@pytest.mark.parametrize("point", POINTS)
def test_equals_flavio(point, fix_ckm):
    gl = likelihood(fix_ckm=fix_ckm)
    coefficients, eft, basis = POINTS[point]
    w = make(coefficients, eft, basis)
    w.set_option("smeft_accuracy", "leadinglog")
    found = gl.parameter_point(w)
    files = FILES if fix_ckm else [name for name in FILES if name != TAUS]  # they give V_ub
    expected = by_flavio(found.par_dict_np, gl.par_dict_sm, w, files)
    assert abs(expected) > 0.05
    parts = found.log_likelihood_dict()
    assert set(parts) == {*files, "global"}
    assert found.log_likelihood_global() == pytest.approx(expected, rel=0, abs=1e-10)
    assert sum(parts[name] for name in files) == pytest.approx(expected, rel=0, abs=1e-10)


@needs_smelli
def test_fixed_ckm_is_flavios(par):
    assert likelihood().par_dict_sm == par
    w = make(*POINTS["FGMS"])
    found = likelihood().parameter_point(w).log_likelihood_global()
    assert found == pytest.approx(by_flavio(par, par, w), rel=0, abs=1e-10)


@needs_smelli
@pytest.mark.parametrize("point", ["FGMS", "Warsaw"])
def test_ways_to_give_a_point(point, tmp_path):
    coefficients, eft, basis = POINTS[point]
    gl = likelihood(eft, basis)
    w = make(coefficients, eft, basis)
    expected = gl.parameter_point(w).log_likelihood_global()
    path = tmp_path / "point.json"
    with open(path, "w") as stream:
        w.wc.dump(stream, fmt="json")
    plain = wilson.Wilson(coefficients, 1000, eft, basis)
    for found in (
        gl.parameter_point(coefficients, scale=1000),
        gl.parameter_point(coefficients, 1000),
        gl.parameter_point(plain),
        gl.parameter_point(str(path)),
        gl.parameter_point(path),
    ):
        assert found.log_likelihood_global() == pytest.approx(expected, rel=0, abs=1e-10)


@needs_smelli
def test_masses(par):
    """Masses come from par_dict; beyond the phase space nothing is left."""
    w = NuWilson({"LNQd_2123": 1.5e-8}, 1e3, "nuSMEFT", "FGMS")
    heavy = {**par, "m_N1": 1.5}
    found = likelihood.__wrapped__(par_dict={"m_N1": 1.5}).parameter_point(w)
    value = found.log_likelihood_global()
    assert value == pytest.approx(by_flavio(heavy, heavy, w), rel=0, abs=1e-10)
    assert abs(value - likelihood().parameter_point(w).log_likelihood_global()) > 0.01
    closed = likelihood.__wrapped__(par_dict={"m_N1": 6.0}).parameter_point(w)
    assert closed.log_likelihood_global() == pytest.approx(0, abs=1e-10)


@needs_smelli
@pytest.mark.parametrize("fix_ckm", [True, False])
@pytest.mark.parametrize("point", ["FGMS", "SMEFT"])
def test_nothing_is_changed(point, fix_ckm):
    """smelli would set the CKM elements in the object, or in wilson's default options."""
    before = {**wilson.Wilson._default_options, "parameters": {}}
    assert wilson.Wilson._default_options == before
    w = make(*POINTS[point])
    w.set_option("smeft_accuracy", "leadinglog")
    options = dict(w._options)
    likelihood(fix_ckm=fix_ckm).parameter_point(w).log_likelihood_dict()
    assert w._options == options
    assert wilson.Wilson._default_options == before
    assert before["smeft_accuracy"] == "integrate"


@needs_smelli
def test_options_of_the_object_hold():
    gl = likelihood()
    values = []
    for alpha_s in (0.10, 0.13):
        w = NuWilson({"LNQd_2123": 1.5e-8}, 1e3, "nuSMEFT", "FGMS")
        w.set_option("alpha_s", alpha_s)
        w.set_option("parameters", {"m_t": 170.0})
        point = gl.parameter_point(w)
        assert point.w.get_option("alpha_s") == alpha_s
        assert point.w.get_option("parameters")["m_t"] == 170.0
        values.append(point.log_likelihood_global())
    assert abs(values[0] - values[1]) > 0.01


@needs_smelli
def test_ckm_extraction_sees_sterile_neutrinos(par):
    """V_cb from B -> X_c e + inv; K, pi -> mu nu etc. know the part without N only."""
    gl = likelihood(fix_ckm=False)
    w = NuWilson({"lnuq_1123": 3e-7}, 1e3, "nuSMEFT", "Warsaw")
    rate = flavio.Observable["BR(B->Xceinv)"].prediction_par
    increase = rate(par, w) / rate(par, None)
    assert increase > 1.01
    found, sm = gl.parameter_point(w).par_dict_np, gl.par_dict_sm
    assert rate(found, w) == pytest.approx(rate(sm, None), rel=1e-6, abs=0)
    assert found["Vcb"] < sm["Vcb"]
    for name in ("Vus", "Vub"):
        assert found[name] == pytest.approx(sm[name], rel=1e-3, abs=0)


@needs_smelli
def test_methods_of_smelli():
    gl = likelihood()
    point = gl.parameter_point({"lnqd1_2123": 1e-8}, scale=1000)
    table = point.obstable()
    measured = {o for n in dataset("current") for o in flavio.Measurement[n].all_parameters}
    assert set(table.index) == measured
    assert table.notna().all(axis=None)
    observations = sum(len(flavio.Measurement[n].all_parameters) for n in dataset("current"))
    counts = {KAONS: 2, POLARISATIONS: 3, TAUS: 4}
    counts |= {OURS: observations - sum(counts.values()), "global": observations}
    assert gl.number_observations_dict() == counts
    grid = gl.plot_data_2d(
        lambda x, y: {"qn_2311": x, "nd_1123": y}, 1e3, 0, 1e-8, 0, 1e-8, steps=2
    )
    corner = gl.parameter_point({"qn_2311": 1e-8, "nd_1123": 1e-8}, 1e3).log_likelihood_global()
    assert grid["global"]["z"][-1, -1] == pytest.approx(-2 * corner, rel=1e-10, abs=0)
    copied = pickle.loads(pickle.dumps(gl)).parameter_point({"lnqd1_2123": 1e-8}, scale=1000)
    assert copied.log_likelihood_global() == point.log_likelihood_global()


ONE = {
    "GeV^-2": lambda x: {"LNQd_2123": x},
    "1e-8 GeV^-2": lambda x: {"LNQd_2123": 1e-8 * x},
    "1e-4 GeV^-2": lambda x: {"LNQd_2123": 1e-4 * x},
}


@needs_smelli
@pytest.mark.parametrize("name", ONE)
def test_minimum_where_only_squares_enter(name):
    """As on a fine grid: away from zero, where the derivative vanishes, in any unit."""
    gl = likelihood("nuSMEFT", "FGMS")
    grid = np.linspace(0.5e-8, 3e-8, 101)
    curve = [-2 * gl.parameter_point({"LNQd_2123": x}, 1e3).log_likelihood_global() for x in grid]
    best = np.argmin(curve)
    assert 0 < best < 100
    assert curve[best] < -2
    unit = ONE[name](1.0)["LNQd_2123"]
    found = gl.chi2_min(ONE[name], 1e3, n=1)
    for key in ("global", OURS):
        assert abs(found[key]["coords_min"][0]) * unit == pytest.approx(
            grid[best], rel=0, abs=grid[1] - grid[0]
        )
        assert found[key]["z_min"] == pytest.approx(curve[best], rel=0, abs=0.01)
    assert found[KAONS] == {"coords_min": [0.0], "z_min": 0.0}  # does not depend on it


@needs_smelli
@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.SizeWarning")
def test_minimum_of_two_variables():
    """A minimum in both directions, with the gains of b -> s and of b -> c; units differ by 100."""
    gl = likelihood("nuSMEFT", "FGMS")
    single = [
        gl.chi2_min(function, 1e3, n=1)["global"]["z_min"]
        for function in (lambda x: {"LNQd_2123": x}, lambda x: {"LNQd_3133": x})
    ]
    functions = {
        2: lambda x, y: {"LNQd_2123": x, "LNQd_3133": y},
        None: lambda x: {"LNQd_2123": x[0], "LNQd_3133": x[1]},
    }
    for n, function in functions.items():
        found = gl.chi2_min(function, 1e3, n=None if n else 2)["global"]
        assert found["z_min"] < sum(single) + 1e-6
        for factors in ((1, 1), (0.95, 1), (1.05, 1), (1, 0.95), (1, 1.05)):
            point = gl.parameter_point(functions[2](*found["coords_min"] * factors), 1e3)
            higher = -2 * point.log_likelihood_global() - found["z_min"]
            assert higher > 0.01 if factors != (1, 1) else higher == pytest.approx(0, abs=1e-9)
    # the scale may be a function, and guesses of one's own are smelli's matter
    again = gl.chi2_min(functions[2], lambda x, y: 1e3)["global"]
    assert (again["coords_min"] == gl.chi2_min(functions[2], 1e3)["global"]["coords_min"]).all()
    guesses = {"initial_guesses": {"global": [0.0, 0.0]}}
    theirs = super(type(gl), gl).chi2_min(functions[2], 1e3, **guesses)["global"]
    ours = gl.chi2_min(functions[2], 1e3, **guesses)["global"]
    assert ours["z_min"] == theirs["z_min"]
    assert (ours["coords_min"] == theirs["coords_min"]).all()
    assert ours["z_min"] >= found["z_min"] - 1e-6  # nothing is won by them


@needs_smelli
@pytest.mark.parametrize(
    ("par_dict", "error", "message"),
    [
        ({"m_N": 1.5}, errors.UnknownParameter, r"no parameter 'm_N'; did you mean 'm_N\d'"),
        ({"mN1": 1.5}, errors.UnknownParameter, "no parameter 'mN1'; did you mean 'm_N1'"),
        ({"m_N1": -1.0}, errors.InvalidValue, "m_N1 = -1.0"),
        ({"m_N1": float("nan")}, errors.InvalidValue, "m_N1 = nan"),
        ({"m_N1": float("inf")}, errors.InvalidValue, "m_N1 = inf"),
        ({"m_N1": "1.5"}, errors.InvalidValue, "m_N1 = '1.5'"),
    ],
)
def test_parameters_are_checked(par_dict, error, message):
    with pytest.raises(error, match=message):
        likelihood.__wrapped__(par_dict=par_dict)


@needs_smelli
def test_fit_parameters_need_values(tmp_path):
    """In a file of one's own; smelli would take the default without a word."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        "observables: [BR(Bs->inv)]\ninclude_measurements: [flavio_nusmeft LEP Bs->inv published]\n"
        "fit_parameters: [Vcb]\n"
    )
    base = importlib.import_module("flavio_nusmeft.smelli").GlobalLikelihood
    mine = type("Mine", (base,), {"_likelihoods_yaml": [str(path)]})
    with pytest.raises(errors.UnknownParameter, match=r"'Vcb' of .*mine.yaml has no value: give"):
        mine()
    point = mine(par_dict={"Vcb": 0.041}).parameter_point(make(*POINTS["FGMS"]))
    assert point.log_likelihood_global() < 0


@needs_smelli
@pytest.mark.parametrize("observable", ["Rtaul(B->Dlinv)", "Rtaul(B->D*linv)"])
def test_one_of_a_correlated_pair(observable, par):
    """In likelihoods of one's own; the marginal distribution, relative to the SM."""
    gl = likelihood.__wrapped__(custom_likelihoods={"one": [observable]})
    w = NuWilson({"LNQd_3133": 2e-6}, 1e3, "nuSMEFT", "FGMS")
    found = gl.parameter_point(w).log_likelihood_dict()["custom_one"]
    name = next(n for n in dataset("current") if observable in flavio.Measurement[n].all_parameters)
    position, distribution = flavio.Measurement[name]._parameters[observable]
    width = np.sqrt(distribution.covariance[position, position])
    pulls = [
        (
            flavio.Observable[observable].prediction_par(par, wc_obj)
            - distribution.central_value[position]
        )
        / width
        for wc_obj in (w, None)
    ]
    assert isinstance(found, float)
    assert found == pytest.approx((pulls[1] ** 2 - pulls[0] ** 2) / 2, rel=1e-9, abs=0)


@needs_smelli
def test_custom_likelihoods():
    """Parts of the likelihood under names of one's own add up to the whole."""
    observables = _data.load_yaml(f"smelli/{OURS}")["observables"]
    neutral = [o for o in observables if "BR" in o]
    parts = {"neutral": neutral, "charged": [o for o in observables if o not in neutral]}
    gl = likelihood.__wrapped__(custom_likelihoods=parts)
    found = gl.parameter_point(make(*POINTS["Warsaw"])).log_likelihood_dict()
    total = found["custom_neutral"] + found["custom_charged"]
    total += found[KAONS] + found[POLARISATIONS] + found[TAUS]
    assert total == pytest.approx(found["global"], rel=0, abs=1e-10)


@needs_smelli
def test_errors():
    with pytest.raises(errors.UnknownBasis, match="no basis 'Warsaaw'"):
        likelihood("nuSMEFT", "Warsaaw")
    with pytest.raises(errors.UnknownBasis, match="'SMEEFT' does not exist"):
        likelihood("SMEEFT")
    with pytest.raises(errors.InvalidScale, match="need a scale"):
        likelihood().parameter_point({"qn_2311": 1e-8})
    with pytest.raises(errors.UnknownCoefficient, match="qn_2371"):
        likelihood().parameter_point({"qn_2371": 1e-8}, scale=1000)
    with pytest.raises(errors.InvalidFile, match=r"nothing.json: No such file"):
        likelihood().parameter_point("nothing.json")


# together with smelli's own likelihoods


@needs_smelli
def test_nothing_is_counted_twice():
    gl = likelihood(with_smelli=True, include_likelihoods=("likelihood_ewpt.yaml", OURS))
    base = type(gl).__mro__[1]
    assert set(base._likelihoods_yaml) - set(gl._likelihoods_yaml) == {
        "likelihood_bqnunu.yaml",
        "likelihood_rd_rds.yaml",
    }
    assert set(gl._likelihoods_yaml) - set(base._likelihoods_yaml) == {OURS}
    assert gl._fast_likelihoods_yaml == base._fast_likelihoods_yaml_fixckm
    reused = _data.load_yaml("measurements_from_flavio.yml")
    ours = [
        reused[n] for n in _data.load_yaml(f"smelli/{OURS}")["include_measurements"] if n in reused
    ]
    assert len(ours) == 4
    twice = {(r["measurement"], theirs) for r in ours for theirs in r["observables"]}
    seen = set()
    for name in [*gl._fast_likelihoods_yaml, *gl._likelihoods_yaml]:
        with open(gl._get_yaml_path(name)) as stream:
            content = flavio.io.yaml.load_include(stream)
        observables = {o for o in content["observables"] if isinstance(o, str)}
        seen |= {(m, o) for m in content["include_measurements"] for o in observables}
        stems = ("Rtaul(B->D", "Rtaumu(B->D", "Rmue(B->D", "Remu(B->D")
        assert name == OURS or not [o for o in observables if o.startswith(stems)]
    assert not twice & seen
    theirs = {observable for _, observable in seen}
    kaons = {o.replace("inv", "nunu") for o in _data.load_yaml(f"smelli/{KAONS}")["observables"]}
    assert kaons <= theirs
    # so that of Belle in ours must not be there, and those with a tau
    assert {"FLtot(B0->D*taunu)", "BR(B0->pitaunu)", "BR(D+->taunu)", "BR(Ds->taunu)"} <= theirs
    assert not {"BR(B+->tauinv)", "BR(Ds->tauinv)"} & theirs
    assert not {o for o in theirs if o.startswith(("FLtot(B0->D*tauinv", "Ptautot"))}


@needs_smelli
def test_all_of_bqnunu_is_in_ours():
    gl = likelihood()
    with open(type(gl).__mro__[1]._get_yaml_path(gl, "likelihood_bqnunu.yaml")) as stream:
        theirs = flavio.io.yaml.load_include(stream)
    reused = _data.load_yaml("measurements_from_flavio.yml").values()
    assert set(theirs["observables"]) <= {o for r in reused for o in r["observables"]}


@needs_smelli
def test_smelli_sees_the_part_without_sterile_neutrinos():
    names = ("likelihood_ewpt.yaml", OURS)
    gl = likelihood(with_smelli=True, include_likelihoods=names)
    assert tuple(gl.likelihoods) == names  # with nuSMEFT as with SMEFT

    def values(w):
        w.set_option("smeft_accuracy", "leadinglog")
        return gl.parameter_point(w).log_likelihood_dict()

    both = values(NuWilson({"phiD": 1e-8, "qn_2311": 1e-8}, 1e3, "nuSMEFT", "Warsaw"))
    standard = values(wilson.Wilson({"phiD": 1e-8}, 1e3, "SMEFT", "Warsaw"))
    sterile = values(NuWilson({"qn_2311": 1e-8}, 1e3, "nuSMEFT", "Warsaw"))
    assert both[names[0]] == pytest.approx(standard[names[0]], rel=1e-8, abs=1e-10)
    assert sterile[names[0]] == pytest.approx(0, abs=1e-10)
    assert abs(standard["likelihood_ewpt.yaml"]) > 1e-3
    assert both["global"] == pytest.approx(sum(both[n] for n in names), rel=1e-12, abs=0)
