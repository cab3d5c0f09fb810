"""Belle II's likelihood in q² of the events that stay invisible in a detector."""

from __future__ import annotations

import pickle
from itertools import pairwise

import belle2_record
import flavio
import numpy as np
import pytest

import flavio_nusmeft as nus
from flavio_nusmeft.belle2 import Belle2Likelihood
from flavio_nusmeft.errors import InvalidValue

SPACE = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
# N1 N1 and ν N1, N2 with another width: pairs with none, one and two that decay
COEFFICIENTS = {"QN_2311": 2e-8, "LNQd_2123": 1e-8, "QN_2312": 1e-8}
PAR = {"m_N1": 1.5, "U_mu1": 3e-3, "m_N2": 0.6, "U_e2": 2e-2}
DETECTOR = "Belle II"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return belle2_record.make(tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="module")
def b2(folder):
    return Belle2Likelihood(folder, check_sums=False)


@pytest.fixture(scope="module")
def varied(folder):
    return Belle2Likelihood(folder, check_sums=False, form_factor_covariance=True)


def full(par=PAR):
    return flavio.default_parameters.get_central_all() | par


def wilson(coefficients=COEFFICIENTS):
    return nus.NuWilson(coefficients, **SPACE)


def by_hand(b2, bins, par=PAR, coefficients=COEFFICIENTS, **more):
    """Branching ratios of some of the bins, each an observable of its own."""
    edges = [list(pairwise(b2.edges))[k] for k in bins]
    names = [("<dBR_SD/dq2>(B+->Kinv)", *ends) for ends in edges]
    found = nus.predict(names, coefficients, **SPACE, par=par, **more)
    return np.array([float(found[name]) * (name[2] - name[1]) for name in names])


# thresholds of N2 N2, N1 N2 and N1 N1 at 1.4, 4.4 and 9 GeV²; the last bins
BINS = [0, 3, 6, 10, 19, 21, 39, 45, 70, 98, 99]


def test_spectrum_is_that_of_the_bins(b2):
    found = b2.spectrum(full(), wilson(), detector=DETECTOR)
    expected = by_hand(b2, BINS, detector=DETECTOR)
    # 1e-10: of the quadrature of P_inv in a bin with 12 nodes in place of 40
    np.testing.assert_allclose(found[BINS], expected, rtol=1e-10, atol=1e-16)
    stable = b2.spectrum(full(), wilson())
    assert (found <= stable * (1 + 1e-12)).all()
    assert 0.2 < found.sum() / stable.sum() < 0.95


def test_sum_of_the_spectrum(b2):
    """A bin that holds all the others; what is above them is 5e-5 of the rate."""
    name = ("<dBR_SD/dq2>(B+->Kinv)", 0, b2.edges[-1])
    (density,) = nus.predict([name], COEFFICIENTS, **SPACE, par=PAR, detector=DETECTOR).values()
    found = b2.spectrum(full(), wilson(), detector=DETECTOR).sum()
    assert found == pytest.approx(float(density) * b2.edges[-1], rel=1e-6, abs=0)


def test_heavy_N(b2):
    """Pairs of N1 are above all bins, ν N1 is open in the last ones; 5 GeV is above both."""
    par = {"m_N1": 2.6, "U_mu1": 1e-3}
    coefficients = {"QN_2311": 2e-8, "LNQd_2123": 2e-8}
    found = b2.spectrum(full(par), wilson(coefficients), detector=DETECTOR)
    bins = [29, 30, 60, 98]
    expected = by_hand(b2, bins, par, coefficients, detector=DETECTOR)
    np.testing.assert_allclose(found[bins], expected, rtol=1e-10, atol=1e-16)
    assert found[60] < (1 - 1e-3) * b2.spectrum(full(par), wilson(coefficients))[60]
    par, w = full({"m_N1": 5.0, "U_mu1": 1e-3}), wilson(coefficients)
    np.testing.assert_array_equal(b2.spectrum(par, w, detector=DETECTOR), b2.spectrum(par, w))


def test_shifted_form_factors(varied):
    """P_inv at every q² is weighted with the form factors that are shifted."""
    rows = varied.spectra(full(), wilson(), detector=DETECTOR)
    assert len(rows) == len(varied._shifts) > 10
    for k in (1, 2, 7):
        par = PAR | {name: full()[name] + step for name, step in varied._shifts[k]}
        expected = by_hand(varied, [10, 45], par, detector=DETECTOR)
        np.testing.assert_allclose(rows[k, [10, 45]], expected, rtol=1e-10, atol=0)
        assert abs(rows[k, 45] / rows[0, 45] - 1) > 1e-5


@pytest.mark.parametrize("which", ["b2", "varied"])
def test_stable_N(which, request):
    b2 = request.getfixturevalue(which)
    par, w = full({"m_N1": 1.5}), wilson({"QN_2311": 2e-8})
    expected = b2.log_likelihood(par, w)
    assert b2.log_likelihood(par, w, detector=DETECTOR) == expected
    # so long-lived that all leave, so small that none decays
    long_lived = par | {"U_mu1": 1e-8}
    assert b2.log_likelihood(long_lived, w, detector=DETECTOR) == pytest.approx(expected, abs=1e-9)
    small = [nus.Detector("small", 0, 0.3)]
    there = b2.log_likelihood(full(), w)
    assert b2.log_likelihood(full(), w, detector=small) == pytest.approx(there, abs=1e-9)


def test_N_that_decay_at_once(b2):
    """Of all N that decay in sight the SM is left, and what decays to neutrinos alone."""
    par = full({"m_N1": 1.5, "U_mu1": 3e-3})
    huge = nus.Detector("huge", 1e15, 0.284, ("B+",))
    found = b2.spectrum(par, wilson({"QN_2311": 2e-8}), detector=huge)
    without, stable = b2.spectrum(par, None), b2.spectrum(par, wilson({"QN_2311": 2e-8}))
    hidden = nus.decays(None, par={"m_N1": 1.5, "U_mu1": 3e-3}).invisible_fraction
    # mixing takes |U|² = 1e-5 of the SM's part to other channels
    expected = without + hidden**2 * (stable - without)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * without.max())
    assert found[60] > without[60]


def test_all_methods_agree(b2):
    par, w = full({"m_N1": 1.5, "U_mu1": 3e-3}), wilson({"QN_2311": 2e-8})
    spectrum = b2.spectrum(par, w, detector=DETECTOR)
    value = b2.log_likelihood(par, w, detector=DETECTOR)
    assert value == pytest.approx(b2.spectrum_log_likelihood(spectrum), abs=1e-9)
    assert abs(value - b2.log_likelihood(par, w)) > 1e-2
    expected = b2.spectrum_yields(spectrum)
    for channel, events in b2.yields(par, w, detector=DETECTOR).items():
        np.testing.assert_array_equal(events, expected[channel])
    assert b2.workspace(par, w, detector=DETECTOR) != b2.workspace(par, w)
    slopes = b2.slopes(par, w, detector=DETECTOR)
    step = 1e-3 * spectrum
    moved = [b2.spectrum_log_likelihood(spectrum + sign * step) for sign in (1, -1)]
    assert slopes[0] @ step == pytest.approx((moved[0] - moved[1]) / 2, rel=1e-4, abs=0)


def test_wrong_detectors(b2):
    with pytest.raises(InvalidValue, match=r"BR_SD\(B\+->Kinv\): NA62 sees no decays of B\+"):
        b2.log_likelihood(full(), wilson(), detector="NA62")
    with pytest.raises(InvalidValue, match="'Bell' is not a detector"):
        b2.spectrum(full(), wilson(), detector="Bell")
    with pytest.raises(InvalidValue, match="columns: of stable N only"):
        b2.spectra(full(), wilson(), np.zeros((1, 21, 10)), detector=DETECTOR)
    likelihood = nus.likelihood("current", [], belle2=b2)
    with pytest.raises(InvalidValue, match=r"NA62 sees no decays of B\+"):
        nus.LogLikelihood(likelihood, ["QN_2311"], **SPACE, detector="NA62")


# --- `LogLikelihood` --------------------------------------------------------------------------

VARIABLES, POINT = ["QN_2311", "m_N1"], [2e-8, 1.5]
OBSERVABLES = ["BR(B0->Kinv)"]
FIXED = {"U_mu1": 3e-3}


def make(b2, observables=OBSERVABLES, detector=DETECTOR, par=FIXED):
    likelihood = nus.likelihood("current", observables, belle2=b2)
    return nus.LogLikelihood(likelihood, VARIABLES, **SPACE, par=par, detector=detector)


@pytest.fixture(scope="module")
def function(b2):
    return make(b2)


def test_log_likelihood(function, b2):
    par, w = function.point(POINT)
    predictions = {o: float(function.derived(o)(np.array(POINT))[0]) for o in OBSERVABLES}
    measured = function.likelihood.log_likelihood_pred(predictions)
    expected = measured + b2.log_likelihood(par, w, detector=DETECTOR)
    assert function(POINT) == pytest.approx(expected, abs=1e-9)
    found = function.many([POINT, [1e-8, 0.7]])
    assert found == pytest.approx([function(POINT), function([1e-8, 0.7])], abs=1e-8)
    assert abs(make(b2, detector=None)(POINT) - expected) > 1e-2


@pytest.mark.parametrize("which", ["b2", "varied"])
def test_log_likelihood_of_stable_N(which, request):
    b2 = request.getfixturevalue(which)
    likelihoods = [make(b2, [], detector, {}) for detector in (DETECTOR, None)]
    found, expected = (f(POINT) for f in likelihoods)
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("which", ["b2", "varied"])
def test_gradient(which, request):
    function = make(request.getfixturevalue(which), [])
    value, gradient = function.value_and_gradient(POINT)
    assert value == function(POINT)
    for i, step in enumerate((2e-11, 1e-3)):
        moved = [list(POINT), list(POINT)]
        moved[0][i] += step
        moved[1][i] -= step
        expected = (function(moved[0]) - function(moved[1])) / (2 * step)
        assert gradient[i] == pytest.approx(expected, rel=1e-3, abs=0)


def test_state(function, b2):
    copy = pickle.loads(pickle.dumps(function))
    assert copy.detectors == function.detectors
    assert copy(POINT) == function(POINT)
    described, without = function.description(), make(b2, detector=None).description()
    assert described.pop("detectors")[0]["radius"] == 3.33
    assert described == without
