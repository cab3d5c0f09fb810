"""Names and values of the two Majorana states of a Dirac N; the physics is in tests/physics."""

from __future__ import annotations

import warnings

import flavio
import numpy as np
import pytest
from random_coefficients import random_coefficients

from flavio_nusmeft import LogLikelihood, NuWilson, dirac, errors, likelihood, predict, scan, uv
from flavio_nusmeft.eft.dirac import dirac_pairs, sterile_flavours
from flavio_nusmeft.eft.flavour import lookup
from flavio_nusmeft.eft.operators import JMS, WARSAW

WARSAW_BASIS = {"eft": "nuSMEFT", "basis": "Warsaw"}
LOW = {"eft": "nuWET", "basis": "JMS"}
ROOT = 2**-0.5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("qn_2311", {"qn_2311": 1 / 2, "qn_2322": 1 / 2, "qn_2312": 1j / 2, "qn_2321": -1j / 2}),
        ("nd_1123", {"nd_1123": 1 / 2, "nd_2223": 1 / 2, "nd_1223": 1j / 2, "nd_1232": 1j / 2}),
        # real coefficients stay real, and 21 is the partner of 12
        ("qn_2211", {"qn_2211": 1 / 2, "qn_2222": 1 / 2, "qn_2212": 1j / 2}),
        ("phin_11", {"phin_11": 1 / 2, "phin_22": 1 / 2, "phin_12": 1j / 2}),
        ("lnqd1_2123", {"lnqd1_2123": ROOT, "lnqd1_2223": 1j * ROOT}),
        ("nW_21", {"nW_21": ROOT, "nW_22": 1j * ROOT}),
        ("nedu_1123", {"nedu_1123": ROOT, "nedu_2123": -1j * ROOT}),
        ("phine_13", {"phine_13": ROOT, "phine_23": -1j * ROOT}),
        # one N with the third, which stays a Majorana particle
        ("qn_2313", {"qn_2313": ROOT, "qn_2323": -1j * ROOT}),
        ("lq1_1123", {"lq1_1123": 1}),
        # four entries of the array with 1122 or one of its orders, one with 1212
        (
            "nn_1111",
            {
                "nn_1111": 1 / 4,
                "nn_1112": 1j / 2,
                "nn_1122": 1,
                "nn_1212": -1 / 4,
                "nn_1222": 1j / 2,
                "nn_2222": 1 / 4,
            },
        ),
    ],
)
def test_factors(name, expected):
    found = dirac({name: 2e-8}, **WARSAW_BASIS)
    assert found.keys() == expected.keys()
    for key, factor in expected.items():
        assert found[key] == pytest.approx(2e-8 * factor, rel=1e-15, abs=0)
    NuWilson(found, 1e3, **WARSAW_BASIS)  # hermitian ones are real


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("VnudLL_4423", {"4423": 1 / 2, "5523": 1 / 2, "4523": -1j / 2, "4532": -1j / 2}),
        ("VnudLL_1423", {"1423": ROOT, "1523": 1j * ROOT}),  # of the left-handed component
        ("SnudLL_1423", {"1423": ROOT, "1523": -1j * ROOT}),
        ("TnueLL_1423", {"1423": ROOT, "1523": -1j * ROOT}),
        ("VnueduLL_4132", {"4132": ROOT, "5132": -1j * ROOT}),  # of the left-handed one
        ("VnueduRR_4132", {"4132": ROOT, "5132": -1j * ROOT}),
    ],
)
def test_factors_of_nuwet(name, expected):
    """In charged currents both have -i, nbar e and N_Lbar e: they can interfere."""
    label = name.split("_")[0]
    found = dirac({name: 1e-8}, **LOW)
    assert found.keys() == {f"{label}_{digits}" for digits in expected}
    for digits, factor in expected.items():
        assert found[f"{label}_{digits}"] == pytest.approx(1e-8 * factor, rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("values", "space", "keywords", "error", "message"),
    [
        ({"QN_2322": 1}, ("nuSMEFT", "FGMS"), {}, errors.UnknownCoefficient, "with N1$"),
        ({"QN_2313": 1}, ("nuSMEFT", "FGMS"), {"states": (1, 3)}, errors.UnknownCoefficient, "N3"),
        ({"SnudLL_4423": 1}, ("nuWET", "JMS"), {}, errors.UnknownCoefficient, "lepton number"),
        ({"qn_2311": 1}, ("nuSMEFT", "FGMS"), {}, errors.UnknownCoefficient, "here QN_2311"),
        ({"QN_2311": "x"}, ("nuSMEFT", "FGMS"), {}, errors.InvalidValue, "not a number"),
        ({"QN_1111": 1j}, ("nuSMEFT", "FGMS"), {}, errors.InvalidValue, "QN_1111 is real"),
        ({"QN_2311": np.nan}, ("nuSMEFT", "FGMS"), {}, errors.InvalidValue, "not finite"),
        ({"lq1_1111": 1}, ("SMEFT", "Warsaw"), {}, errors.UnknownBasis, "not in SMEFT"),
        ({"QN_2333": 1}, ("nuSMEFT", "FGMS"), {}, errors.InvalidValue, "but those of N3: choose"),
        ({}, ("nuSMEFT", "JMS"), {}, errors.UnknownBasis, "no basis 'JMS'"),
        ({}, ("nuSMEFT", "FGMS"), {"states": (1, 1)}, errors.InvalidValue, "two of the N"),
        ({}, ("nuSMEFT", "FGMS"), {"states": (0, 1)}, errors.InvalidValue, "two of the N"),
        ({}, ("nuSMEFT", "FGMS"), {"states": 2}, errors.InvalidValue, "two of the N"),
        ([1.0], ("nuSMEFT", "FGMS"), {}, errors.InvalidValue, "must be a dictionary"),
    ],
)
def test_refused(values, space, keywords, error, message):
    with pytest.raises(error, match=message) as found:
        dirac(values, eft=space[0], basis=space[1], **keywords)
    assert "\n" not in str(found.value)


def test_the_third_n_stays():
    values = {"QN_2311": 2e-8, "QN_2333": 1e-8j, "LNQd_2332": 3e-8}
    found = dirac(values, eft="nuSMEFT", basis="FGMS")
    assert (found["QN_2333"], found["LNQd_2332"]) == (1e-8j, 3e-8)
    assert len(found) == 4 + 2


def test_arrays():
    """Of any shape, as `predict` takes them; real ones stay real where the factor is."""
    point = {"eft": "nuSMEFT", "basis": "FGMS"}
    C = np.linspace(0, 5e-8, 4)
    two = dirac({"QN_2311": C, "LNQd_2123": C[:, None] * 1j}, **point)
    assert two["QN_2322"].dtype == float
    assert two["LNQd_2223"].shape == (4, 1)
    par = {"m_N1": 1.2, "m_N2": 1.2}
    found = predict("BR(B0->K*inv)", two, scale=1e3, par=par, **point)["BR(B0->K*inv)"]
    assert found.shape == (4, 4)
    single = dirac({"QN_2311": C[2], "LNQd_2123": C[3] * 1j}, **point)
    expected = predict("BR(B0->K*inv)", single, scale=1e3, par=par, **point)["BR(B0->K*inv)"]
    assert found[3, 2] == pytest.approx(float(expected), rel=1e-12, abs=0)
    assert all(type(x) in (float, complex) for x in single.values())


@pytest.mark.parametrize("table", [WARSAW, JMS], ids=["Warsaw", "JMS"])
@pytest.mark.parametrize("states", [(1, 2), (3, 1)])
def test_are_recognised(table, states, rng):
    space = WARSAW_BASIS if table is WARSAW else LOW
    first = states[0] - 1
    values = {
        name: x
        for name, x in random_coefficients(table, rng).items()
        if sterile_flavours(table is WARSAW, name) == {first}
        and not (name[0] == "S" and name.split("_")[1][:2] == f"{first + 4}" * 2)
    }
    two = dirac(values, **space, states=states)
    assert dirac_pairs(two, space["eft"]) == [states]
    assert not dirac_pairs(values, space["eft"])
    # another phase of a single coefficient
    name = next(n for n in two if sterile_flavours(table is WARSAW, n) == {states[1] - 1})
    assert not lookup(table)[name].real or two[name].imag == 0
    assert not dirac_pairs({**two, name: 2 * two[name]}, space["eft"])
    assert not dirac_pairs({}, space["eft"])


def test_files(tmp_path):
    """What is written is read, and recognised."""
    two = dirac({"dN_1231": 0, "dN_2311": 1e-8j, "LNQd_2123": 3e-8}, eft="nuSMEFT", basis="FGMS")
    w = NuWilson(two, 1e3, "nuSMEFT", "FGMS")
    path = tmp_path / "two.yml"
    with path.open("w") as stream:
        w.wc.dump(stream, fmt="yaml")
    read = NuWilson.load_wc(path)
    assert read.wc.dict == w.wc.dict
    assert dirac_pairs(read._sterile_values, "nuSMEFT") == [(1, 2)]


def test_uv_model():
    """At dimension six a model with the couplings of N1 alone is one of a Dirac N, too."""
    y = np.zeros((3, 3))
    y[1, 2] = 1
    w = uv.scalar_doublet(8e3, y_N=[[0, 0, 0], [1, 0, 0], [0, 0, 0]], y_d=y)
    two = NuWilson(dirac(w.wc.dict, **WARSAW_BASIS), w.wc.scale, **WARSAW_BASIS)
    found, expected = (flavio.np_prediction("BR(B+->Kinv)", x) for x in (two, w))
    assert found == pytest.approx(expected, rel=1e-10, abs=0)


# masses that differ


SPACE = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
TWO = dirac({"QN_2311": 3e-8, "LNQd_2123": 1e-8j}, eft="nuSMEFT", basis="FGMS")
FORGOTTEN = "which N1 and N2 are the Majorana states: give m_N1 and m_N2 the same value"


@pytest.mark.parametrize(
    ("coefficients", "par"),
    [
        (TWO, {"m_N1": 1.5}),
        (TWO, {"m_N1": 1.5, "m_N2": [1.5, 1.4]}),
        ({n: x * np.array([0.0, 2.0, 1.0])[:, None] for n, x in TWO.items()}, {"m_N2": 1.5}),
    ],
    ids=["forgotten", "an array", "arrays of coefficients"],
)
def test_unequal_masses_in_predict(coefficients, par):
    with pytest.warns(errors.DiracMassWarning, match=FORGOTTEN):
        predict("BR(B0->Kinv)", coefficients, par=par, **SPACE)


@pytest.mark.parametrize(
    ("coefficients", "par"),
    [
        (TWO, {"m_N1": 1.5, "m_N2": 1.5}),
        (TWO, {"m_N1": [0.5, 1.5], "m_N2": [0.5, 1.5], "m_N3": 1.0}),
        ({"QN_2311": 3e-8, "QN_2322": 3e-8}, {"m_N1": 1.5}),
        ({"QN_2311": 3e-8, "LNQd_2123": 1e-8}, {"m_N1": 1.5}),
        ({n: np.zeros(0) for n in TWO}, {"m_N1": 1.5}),
        (dict.fromkeys(TWO, 0.0), {"m_N1": 1.5}),
    ],
    ids=["equal", "arrays", "two Majorana N", "one Majorana N", "no points", "zero"],
)
def test_no_warning(coefficients, par):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predict("BR(B0->Kinv)", coefficients, par=par, **SPACE)


def test_unequal_masses_in_a_likelihood():
    function = LogLikelihood(
        likelihood("paper2023", fit_parameters={"m_N1": (0, 2.4)}),
        ["QN_2311", "QN_2322", "Im(QN_2312)", "Im(QN_2321)", "m_N1"],
        **SPACE,
    )
    with pytest.warns(errors.DiracMassWarning, match=FORGOTTEN):
        function([1e-8, 1e-8, 1e-8, -1e-8, 1.5])
    function([1e-8, 2e-8, 1e-8, -1e-8, 1.5])


def test_running_does_not_hide_a_dirac_n():
    """Coefficients of nuWET that `match_run` has written."""
    w = NuWilson.from_wc(NuWilson(TWO, **SPACE).match_run(4.8, "nuWET", "JMS", ("sbnunu",)))
    assert dirac_pairs(w._sterile_values, "nuWET") == [(1, 2)]


class DiracFit:
    """As the docstring of `dirac` says: one coefficient, one mass."""

    variables = ("QN_2311", "m_N")

    def __init__(self):
        states = ["QN_2311", "QN_2322", "Im(QN_2312)", "Im(QN_2321)", "m_N1", "m_N2"]
        self.function = LogLikelihood(likelihood("paper2023"), states, **SPACE)

    def __call__(self, x):
        C, m_N = x
        return self.function([C / 2, C / 2, C / 2, -C / 2, m_N, m_N])


def test_fit():
    """The likelihood is that of the coefficients that `dirac` gives."""
    fit = DiracFit()
    par = {**fit.function.point([0] * 6)[0], "m_N1": 1.2, "m_N2": 1.2}
    w = NuWilson(dirac({"QN_2311": 3e-8}, eft="nuSMEFT", basis="FGMS"), **SPACE)
    expected = fit.function.likelihood.log_likelihood_exp(par, w)
    assert fit([3e-8, 1.2]) == pytest.approx(expected, rel=1e-9, abs=0)
    grid = scan.grid(fit, {"QN_2311": [1e-8, 3e-8], "m_N": [1.2, 1.5]})
    assert grid.log_likelihood[1, 0] == pytest.approx(expected, rel=1e-9, abs=0)
