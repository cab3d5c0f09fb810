"""`invisible_probability`, and the option ``detector`` of `predict` and `LogLikelihood`."""

from __future__ import annotations

import pickle

import flavio
import numpy as np
import pytest

import flavio_nusmeft as nus
from flavio_nusmeft.errors import InvalidShape, InvalidValue, UnknownObservable
from flavio_nusmeft.invisible import is_seen
from flavio_nusmeft.observables import NAMES
from flavio_nusmeft.physics.detectors import DETECTORS, as_detectors

SPACE = {"scale": 1000.0, "eft": "nuSMEFT", "basis": "Warsaw"}
VALUES = {"qn_2311": 2e-8, "lnqd1_1123": 1e-8}
PAR = {"m_N1": 1.5, "U_mu1": 3e-3}
K = "BR(B+->Kinv)"


def predict(observables, coefficients=VALUES, par=PAR, **more):
    return nus.predict(observables, coefficients, **SPACE, par=par, **more)


def probability(observable=K, coefficients=VALUES, par=PAR, detector="Belle II", **more):
    return nus.invisible_probability(
        observable, coefficients, **SPACE, par=par, detector=detector, **more
    )


def test_factor_of_predictions():
    found = probability()
    stable, left = predict(K), predict(K, detector="Belle II")
    assert found.stable == pytest.approx(float(stable[K]), rel=1e-9, abs=0)
    assert found.prediction == pytest.approx(float(left[K]), rel=1e-12, abs=0)
    assert found.value == found.prediction / found.stable
    assert 0.5 < found.value < 0.95
    parts = found.channels.values()
    assert sum(part for part, _ in parts) == pytest.approx(1, abs=1e-12)
    assert sum(part * p for part, p in parts) == pytest.approx(found.value, abs=1e-12)
    assert found.channels["nu nu"][1] == found.channels["long distance"][1] == 1
    assert found.channels["N1 N1"][1] < found.channels["nu N1"][1] < 1


def test_lifetimes_are_those_of_decays():
    decay, found = nus.decays(VALUES, **SPACE, par=PAR), probability().lifetimes["N1"]
    assert found.lifetime == pytest.approx(decay.lifetime, rel=1e-12, abs=0)
    assert found.invisible_fraction == pytest.approx(decay.invisible_fraction, abs=1e-12)
    assert found.in_tension_with_BBN == decay.in_tension_with_BBN is False


def test_stable_N_leave():
    for more in ({"par": {"m_N1": 1.5}}, {"detector": nus.Detector("none", 0)}):
        found = probability(coefficients={"qn_2311": 2e-8}, **more)
        assert found.value == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "lifetime", "tension"),
    [
        ("lnqd3_1123", 4.7, True),
        ("lnqd3_2123", 4.7, True),
        ("lnqd1_1123", 1.5e3, True),
        ("lnqd1_1132", 0.04, True),
        ("lnqd3_1132", 0.01, False),
        ("qn_2311", np.inf, False),
    ],
)
def test_operators_of_b_and_s_alone(name, lifetime, tension):
    """The numbers of the docstring: they leave every detector."""
    options = {"running": "full"}
    found = probability(coefficients={name: 2e-8}, par={"m_N1": 1.5}, options=options)
    life = found.lifetimes["N1"]
    assert life.lifetime == pytest.approx(lifetime, rel=0.2, abs=0)
    assert life.in_tension_with_BBN == tension
    assert ("in tension with BBN" in str(found)) == tension
    assert found.value == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("observable", "detector"),
    [
        ("BR(Bs->inv)", "Belle II"),
        ("BR(B0->K*inv)", "Belle II"),
        ("BR(B->Xsinv)", "ALEPH"),
        ("BR(Lambdab->Lambdainv)", "ALEPH"),
        ("BR(B0->Dmuinv)", "Belle II"),
        ("BR(B+->muinv)", "Belle II"),
        ("BR(B->Xcmuinv)", "ALEPH"),
        (("<dBR/dq2>(B+->Kinv)", 10.0, 15.0), "Belle II"),
        (("dBR/dq2(B0->K*inv)", 12.0), "Belle II"),
    ],
)
def test_families(observable, detector):
    """Every family of decays has its N: P_inv between those of prompt and of stable N."""
    values = {"qn_2311": 2e-8, "nedu_1222": 1e-8, "nedu_1213": 1e-8, "nedu_1223": 1e-8}
    prompt = nus.Detector("all", 1e30)
    for where in (detector, prompt):
        found = probability(observable, values, detector=where)
        hidden = found.lifetimes["N1"].invisible_fraction
        seen = {state: p for state, (_, p) in found.channels.items() if "N1" in state}
        assert seen
        for state, p in seen.items():
            least = hidden ** state.count("N1")
            if where is prompt:
                assert p == pytest.approx(least, abs=1e-9)
            else:
                assert least < p < 1


def test_kaons():
    found = probability("BR(K+->piinv)", {"lnqd1_1112": 1e-9}, {"m_N1": 0.1, "U_e1": 0.1}, "NA62")
    # slow decays: all but c τ βγ of some 10^7 m leave
    assert 0.99 < found.value < 1


def test_arrays_are_points():
    mass, C = np.array([0.5, 1.5, 0.2]), np.array([[1e-8], [3e-8]])
    found = predict(K, {"qn_2311": C}, {"m_N1": mass, "U_tau1": 1e-3}, detector="Belle II")[K]
    assert found.shape == (2, 3)
    for i in range(2):
        for j in range(3):
            par = {"m_N1": mass[j], "U_tau1": 1e-3}
            one = predict(K, {"qn_2311": C[i, 0]}, par, detector="Belle II")[K]
            assert found[i, j] == pytest.approx(float(one), rel=1e-12, abs=0)


def test_heavy_N_are_not_produced():
    """Also above m_W, where no width is known."""
    par = {"m_N1": 200.0, "U_mu1": 1e-3}
    with pytest.warns(nus.errors.NuSMEFTWarning):
        left = predict(K, {"qn_2311": 1e-8}, par, detector="Belle II")[K]
    with pytest.warns(nus.errors.NuSMEFTWarning):
        stable = predict(K, {"qn_2311": 1e-8}, par)[K]
    assert left == pytest.approx(float(stable), rel=1e-12, abs=0)


def test_smeft_points():
    space = {"scale": 1000.0, "eft": "SMEFT", "basis": "Warsaw"}
    values = {"lq1_2223": np.array([0.0, 1e-9])}
    stable = nus.predict(K, values, **space)[K]
    left = nus.predict(K, values, **space, detector="Belle II")[K]
    assert left == pytest.approx(stable, rel=1e-12, abs=0)


def test_first_detector_that_sees():
    both = ["NA62", "Belle II"]
    assert probability(detector=both).value == probability().value
    with pytest.raises(InvalidValue, match=r"BR\(B\+->Kinv\): NA62 sees no decays of B\+"):
        probability(detector="NA62")
    with pytest.raises(InvalidValue, match="NA62"):
        predict("BR(K+->piinv)", detector="Belle II")


@pytest.mark.parametrize("observable", ["BR(tau->einv)", "BR(h->inv)", "BR(tau->piinv)"])
def test_no_hadron(observable):
    with pytest.raises(InvalidValue, match="baryons only; predict others without"):
        predict(observable, detector=nus.Detector("mine", 1))


def test_every_observable_is_seen_or_refused():
    mine = as_detectors(nus.Detector("mine", 1))
    plain = [name for name in NAMES if flavio.Observable[name].arguments is None]
    seen = [name for name in plain if is_seen(name, mine)]
    assert 100 < len(seen) < len(plain)
    predict(seen, {}, {"m_N1": 1.5, "U_mu1": 1e-2}, detector=mine)


@pytest.mark.parametrize(
    ("detector", "message"),
    [
        ("Bele II", "did you mean 'Belle II'"),
        (3.0, "3.0 is not a detector: there are Belle II, ALEPH, NA62"),
        ([], "give a detector: Belle II, ALEPH, NA62"),
        ({"Belle II": 1}, "is not a detector"),
    ],
)
def test_no_detector(detector, message):
    with pytest.raises(InvalidValue, match=message):
        predict(K, detector=detector)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mine", -1.0), "radius of mine = -1 m"),
        (("mine", np.inf), "radius of mine = inf m"),
        (("mine", "wide"), "radius of mine"),
        (("mine", 1.0, -0.1), "boost of mine = -0.1"),
        ((3, 1.0), "name of a detector"),
    ],
)
def test_no_such_detector(arguments, message):
    with pytest.raises(InvalidValue, match=message):
        nus.Detector(*arguments)


def test_detectors():
    assert list(DETECTORS) == ["Belle II", "ALEPH", "NA62"]
    # βγ from energies: of beams, of B in decays of Z, of K+
    assert DETECTORS["Belle II"].boost == pytest.approx(
        (7.007 - 4) / np.sqrt(4 * 7.007 * 4), abs=5e-4
    )
    mass, energy = flavio.default_parameters.get_central("m_B+"), 0.7163 * 91.19 / 2
    assert DETECTORS["ALEPH"].boost == pytest.approx(np.sqrt(energy**2 / mass**2 - 1), abs=0.05)
    mass = flavio.default_parameters.get_central("m_K+")
    assert DETECTORS["NA62"].boost == pytest.approx(75 / mass, abs=0.05)


def test_wrong_arguments():
    with pytest.raises(InvalidShape, match="m_N1 must be a number"):
        probability(par={"m_N1": [1.0, 2.0]})
    with pytest.raises(UnknownObservable):
        probability("BR(B+->Knunu)")


def test_text():
    text = str(probability())
    assert "Belle II (radius 3.33 m, βγ = 0.284)" in text
    assert "P_inv = 0." in text
    assert "N1 of 1.5 GeV: lifetime" in text


VARIABLES = ["qn_2311", "m_N1"]
OBSERVABLES = ["BR_SD(B+->Kinv)", "BR(B0->K*inv)"]


@pytest.fixture(scope="module")
def function():
    likelihood = nus.likelihood(observables=OBSERVABLES)
    return nus.LogLikelihood(
        likelihood, VARIABLES, **SPACE, par={"U_mu1": 3e-3}, detector="Belle II"
    )


POINT = [3e-8, 1.5]


def test_log_likelihood(function):
    predictions = predict(OBSERVABLES, {"qn_2311": POINT[0]}, detector="Belle II")
    values = {name: float(value) for name, value in predictions.items()}
    expected = function.likelihood.log_likelihood_pred(values)
    assert function(POINT) == pytest.approx(expected, abs=1e-9)
    assert function.many([POINT])[0] == pytest.approx(expected, abs=1e-9)
    without = nus.LogLikelihood(function.likelihood, VARIABLES, **SPACE, par={"U_mu1": 3e-3})
    assert abs(without(POINT) - expected) > 1e-3
    left = function.derived(OBSERVABLES[0])
    assert left(np.array(POINT)) == pytest.approx([values[OBSERVABLES[0]]], rel=1e-12, abs=0)


def test_gradient(function):
    value, gradient = function.value_and_gradient(POINT)
    assert value == function(POINT)
    for i, step in enumerate((1e-11, 1e-3)):
        moved = [list(POINT), list(POINT)]
        moved[0][i] += step
        moved[1][i] -= step
        expected = (function(moved[0]) - function(moved[1])) / (2 * step)
        assert gradient[i] == pytest.approx(expected, rel=1e-3, abs=0)


def test_state(function):
    copy = pickle.loads(pickle.dumps(function))
    assert copy.detectors == function.detectors == (DETECTORS["Belle II"],)
    assert copy(POINT) == function(POINT)
    assert pickle.loads(pickle.dumps(function.derived(OBSERVABLES[0])))(POINT) < 1e-4
    described = function.description()
    assert described["detectors"][0]["radius"] == 3.33
    without = nus.LogLikelihood(function.likelihood, VARIABLES, **SPACE, par={"U_mu1": 3e-3})
    assert "detectors" not in without.description()
    assert function.together == 1
    assert "in Belle II" in repr(function)


def test_likelihoods_without_detector():
    def make(likelihood):
        nus.LogLikelihood(likelihood, VARIABLES, **SPACE, detector="Belle II")

    with pytest.raises(InvalidValue, match="K\\+: give a detector that does, too, NA62 or"):
        make(nus.likelihood(observables=["BR(K+->piinv)"]))
    stock = flavio.statistics.likelihood.Likelihood(observables=["BR(B+->Knunu)"])
    with pytest.raises(InvalidValue, match=r"make it with nus\.likelihood, or leave detector out"):
        make(stock)
    with pytest.raises(InvalidValue, match='; give it theory="SM", or leave detector out'):
        make(nus.likelihood(observables=["BR(B0->K*inv)"], fast=True, theory="NP"))


def test_warning_of_stable_N():
    with pytest.warns(nus.errors.NoEffectWarning, match="makes N1 decay; the option running"):
        predict(K, {"qn_2311": 1e-8}, {"m_N1": 1.5}, detector="Belle II")
    options = {"running": "full"}
    with pytest.warns(nus.errors.NoEffectWarning, match="makes N1 decay$"):
        predict(K, {"qn_2311": 1e-8}, {"m_N1": 1.5}, detector="Belle II", options=options)
    # some points decay, or there is no N
    predict(K, {"qn_2311": 1e-8}, {"m_N1": 1.5, "U_mu1": np.array([0, 1e-3])}, detector="Belle II")
    predict(K, {}, {}, detector="Belle II")
