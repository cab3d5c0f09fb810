"""Spectra of other explanations, and the likelihood of any spectrum as a function."""

from __future__ import annotations

import functools
import pickle
from itertools import pairwise

import belle2_record
import flavio
import numpy as np
import pytest
from scan_functions import bump
from scipy.integrate import quad

from flavio_nusmeft import alternatives, scan
from flavio_nusmeft.belle2 import Belle2Likelihood, record
from flavio_nusmeft.errors import (
    InvalidMass,
    InvalidShape,
    InvalidValue,
    SettingsWarning,
    UnknownParameter,
)

EDGES = np.array(record.EDGES)
MIDDLES = (EDGES[1:] + EDGES[:-1]) / 2


@pytest.fixture(scope="module")
def b2(tmp_path_factory):
    folder = belle2_record.make(tmp_path_factory.mktemp("record"))
    return Belle2Likelihood(folder, check_sums=False)


# --- spectra ----------------------------------------------------------------------------------


def dalitz(par, m_phi, current, edges):
    """Branching ratios by the Dalitz plot, flat in q² and s = (p_K + k_1)², with the amplitudes
    f0 and f+ (p_B + p_K)·(k_1 - k_2) = f+ (s - s'), where q² + s + s' is the sum of the squared
    masses; form factors by stock flavio."""
    m_B, m_K = par["m_B+"], par["m_K+"]
    x, w = np.polynomial.legendre.leggauss(60)
    result = []
    for low, high in pairwise(edges):
        low, high = max(low, 4 * m_phi**2), min(high, (m_B - m_K) ** 2)
        if low >= high:
            result.append(0.0)
            continue
        # q² = low + ... y² (3 - 2y): square roots at both ends of phase space are smooth in y
        y = (x + 1) / 2
        q2 = low + (high - low) * y**2 * (3 - 2 * y)
        jacobian = w / 2 * (high - low) * 6 * y * (1 - y)
        # PDG, kinematics, limits of the Dalitz plot: energies in the frame of the pair
        E_phi = np.sqrt(q2) / 2
        E_K = (m_B**2 - q2 - m_K**2) / (2 * np.sqrt(q2))
        p_phi, p_K = np.sqrt(E_phi**2 - m_phi**2), np.sqrt(E_K**2 - m_K**2)
        middle, half = (E_phi + E_K) ** 2 - p_phi**2 - p_K**2, 2 * p_phi * p_K
        s = middle[:, None] + half[:, None] * x
        other = m_B**2 + m_K**2 + 2 * m_phi**2 - q2[:, None] - s
        ffs = flavio.classes.AuxiliaryQuantity["B->K form factor"]
        found = [ffs.prediction(par_dict=par, wc_obj=None, q2=value) for value in q2]
        if current == "scalar":
            amplitude = np.array([ff["f0"] for ff in found])[:, None] * np.ones_like(s)
        else:
            amplitude = np.array([ff["f+"] for ff in found])[:, None] * (s - other)
        result.append(((amplitude**2 * w).sum(axis=1) * half * jacobian).sum())
    return np.array(result)


@pytest.mark.parametrize("current", ["scalar", "vector"])
@pytest.mark.parametrize("m_phi", [0.0, 0.6, 2.0])
def test_dark_scalars_equal_the_dalitz_plot(par, m_phi, current):
    edges = EDGES[::5].copy()
    edges[-1] = 23.0
    expected = dalitz(par, m_phi, current, edges)
    found = alternatives.dark_scalars(3e-6, m_phi, current).reshape(20, 5).sum(axis=1)
    assert found.sum() == pytest.approx(3e-6, abs=1e-20)
    np.testing.assert_allclose(found, 3e-6 * expected / expected.sum(), rtol=1e-6, atol=0)


def test_massless_scalars_by_the_vector_current_look_like_neutrinos(b2, par):
    sm = b2.spectrum(par, None)
    found = alternatives.dark_scalars(1.0, 0.0, "vector", par)
    # the last bin goes on to the end of phase space, for both currents
    np.testing.assert_allclose(found[:-1] / found[0], sm[:-1] / sm[0], rtol=1e-10)


def line(q2, m_X, width):
    return 1 / ((q2 - m_X**2) ** 2 + (m_X * width) ** 2)


@pytest.mark.parametrize(("m_X", "width"), [(2.1, 0.1), (0.2, 0.5), (4.7, 0.3), (1.3, 0.004)])
def test_resonance_is_its_line(par, m_X, width):
    """With efficiencies 1, q² and q⁴ for every event: by numerical integrals of the line with the
    efficiency linear between the middles of bins."""
    found = alternatives.resonance(1e-5, m_X, width)
    endpoint = (par["m_B+"] - par["m_K+"]) ** 2
    cuts = np.concatenate([[0.0], MIDDLES, [endpoint], m_X**2 + m_X * width * np.arange(-9, 10)])
    cuts = np.unique(cuts[(cuts >= 0) & (cuts <= endpoint)])

    def mean(power):
        values = MIDDLES**power
        return sum(
            quad(lambda q2: line(q2, m_X, width) * np.interp(q2, MIDDLES, values), a, b)[0]
            for a, b in pairwise(cuts)
        )

    assert found.sum() == pytest.approx(1e-5, abs=1e-18)
    for power in (1, 2):
        expected = 1e-5 * mean(power) / mean(0)
        assert found @ MIDDLES**power == pytest.approx(expected, abs=1e-9 * expected)


def test_narrow_resonance_is_the_limit():
    for m_X in (0.0, 0.4, 2.1, 4.0, 4.78):
        narrow = alternatives.resonance(1.0, m_X)
        assert narrow.sum() == pytest.approx(1, abs=1e-14)
        assert narrow.min() >= 0
        assert np.count_nonzero(narrow) <= 2
        if MIDDLES[0] < m_X**2 < MIDDLES[-1]:
            assert narrow @ MIDDLES == pytest.approx(m_X**2, abs=1e-12)
        # half of a line of width mΓ is within it: its tail beyond a bin is 2mΓ/(π 0.2 GeV²)
        close = alternatives.resonance(1.0, m_X, 1e-5)
        np.testing.assert_allclose(close, narrow, atol=2e-3)


def test_binned():
    width = np.diff(EDGES)
    np.testing.assert_allclose(alternatives.binned(lambda q2: q2), MIDDLES * width, rtol=1e-13)
    with pytest.raises(InvalidShape, match=r"dBR/dq² at q² of shape \(2000,\) must have this"):
        alternatives.binned(lambda q2: 1.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: alternatives.resonance(1e-6, 5), InvalidMass, r"m_X = 5.0 GeV is not between 0"),
        (lambda: alternatives.resonance(1e-6, np.nan), InvalidMass, "m_X = nan"),
        (lambda: alternatives.resonance(1e-6, 2, -1), InvalidValue, "width = -1.0 GeV must be"),
        (lambda: alternatives.resonance("x", 2), InvalidValue, "BR = 'x' is not a real number"),
        (lambda: alternatives.dark_scalars(1e-6, 2.4), InvalidMass, r"\(m_B - m_K\)/2 = 2.39"),
        (lambda: alternatives.dark_scalars(1e-6, -1), InvalidMass, "m_phi = -1"),
        (lambda: alternatives.dark_scalars(1e-6, 1, "axial"), InvalidValue, "'scalar' or 'vector'"),
        (lambda: alternatives.dark_scalars(1e-6, 1, par={}), InvalidValue, "all parameters"),
    ],
)
def test_bad_spectra_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- the likelihood of a spectrum -------------------------------------------------------------


def test_function_is_the_likelihood_of_the_sum(b2, par):
    function = b2.function(alternatives.resonance, ["m_X", "BR"], fixed={"width": 0.1})
    bins = b2.spectrum(par, None) + alternatives.resonance(9e-6, 2.1, 0.1)
    assert function([2.1, 9e-6]) == pytest.approx(b2.spectrum_log_likelihood(bins), abs=1e-8)
    assert function.variables == ("m_X", "BR")
    # without signal it is that of the SM, also of other parameters
    function = b2.function(alternatives.resonance, ["BR", "m_X"], par={"Vcb": 0.039})
    expected = b2.log_likelihood(par | {"Vcb": 0.039}, None)
    assert function([0, 2]) == pytest.approx(expected, abs=1e-8)


def test_densities_and_interference(b2, par):
    """A callable is dBR/dq²; what is negative must not be more than the SM."""
    by_density = b2.function(lambda size: lambda q2: size * q2, ["size"])
    by_bins = b2.function(lambda size: size * MIDDLES * np.diff(EDGES), ["size"])
    assert by_density([1e-8]) == pytest.approx(by_bins([1e-8]), abs=1e-8)
    sm = b2.spectrum(par, None)
    less = b2.function(lambda part: -part * sm, ["part"])
    assert less([0.5]) == pytest.approx(b2.spectrum_log_likelihood(sm / 2), abs=1e-8)
    with pytest.raises(InvalidValue, match="the sum of the SM and a spectrum must be"):
        less([1.5])
    with pytest.raises(InvalidValue, match="the sum of the SM and a spectrum must be"):
        less([np.nan])


def test_form_factor_uncertainty_is_that_of_the_sm(b2, par, tmp_path):
    folder = belle2_record.make(tmp_path)
    with_errors = Belle2Likelihood(folder, check_sums=False, form_factor_covariance=True)
    function = with_errors.function(alternatives.resonance, ["BR", "m_X"])
    assert function([0, 2]) == pytest.approx(with_errors.log_likelihood(par, None), abs=1e-8)
    rows = with_errors.spectra(par, None) + alternatives.resonance(2e-5, 2.0)
    expected = with_errors.log_likelihoods(rows[None])[0]
    assert function([2e-5, 2.0]) == pytest.approx(expected, abs=1e-8)
    assert (
        abs(function([2e-5, 2.0]) - b2.function(alternatives.resonance, ["BR", "m_X"])([2e-5, 2]))
        > 1e-4
    )


def test_par_is_given_to_spectra_that_take_it(b2, par):
    function = b2.function(alternatives.dark_scalars, ["BR", "m_phi"], par={"m_K+": 0.51})
    expected = alternatives.dark_scalars(1e-5, 0.3, par=par | {"m_K+": 0.51})
    np.testing.assert_array_equal(function.bins([1e-5, 0.3]), expected)


def test_settings_of_flavio_count(b2, monkeypatch):
    function = b2.function(alternatives.dark_scalars, ["BR", "m_phi"])
    before, text = function([3e-5, 0.3]), pickle.dumps(function)
    description = function.description()
    choice = flavio.config["implementation"]
    monkeypatch.setitem(choice, "B->K form factor", "B->K BCL3")
    monkeypatch.setitem(choice, "B->K invisible form factor", "B->K as flavio")
    assert abs(function([3e-5, 0.3]) - before) > 1e-4
    assert function.description() != description
    with pytest.warns(SettingsWarning, match="pickled with other settings"):
        pickle.loads(text)


def test_scans_and_pickles(b2):
    function = b2.function(bump, ["size", "place"], fixed={"spread": 1.0})
    again = pickle.loads(pickle.dumps(function))
    assert again([1e-5, 4.0]) == function([1e-5, 4.0])
    assert again.description() == function.description()
    found = scan.grid(function, {"size": [1e-5], "place": [4.0]}, progress=False)
    assert found.log_likelihood.item() == function([1e-5, 4.0])
    assert "scan_functions.bump" in repr(function)


def test_description_is_of_what_is_computed(b2, par):
    def made(size):
        return lambda BR: BR * size * np.ones(100)

    functions = [
        b2.function(alternatives.resonance, ["BR", "m_X"]),
        b2.function(alternatives.resonance, ["BR", "m_X"], fixed={"width": 0.1}),
        b2.function(alternatives.resonance, ["BR", "m_X"], par={"Vcb": 0.039}),
        b2.function(alternatives.dark_scalars, ["BR", "m_phi"]),
        b2.function(made(1), ["BR"]),
        b2.function(made(2), ["BR"]),
        b2.function(functools.partial(bump, spread=1.0), ["size", "place"]),
        b2.function(functools.partial(bump, spread=2.0), ["size", "place"]),
    ]
    texts = [repr(f.description()) for f in functions]
    assert len(set(texts)) == len(texts)
    assert not any(" at 0x" in text for text in texts)
    assert b2.function(made(2), ["BR"]).description() == functions[5].description()


SIZES = np.linspace(0, 1, 2000)


def scaled(x):
    return x * SIZES[1000]


def constant(BR):
    return np.array([scaled(BR) for _ in range(100)])


def test_description_knows_the_values_of_the_module(b2, monkeypatch):
    """Also those in functions that the spectrum calls, and all elements and digits of arrays."""
    function = b2.function(constant, ["BR"])
    before, value = function.description(), function([1e-7])
    assert function.description() == before
    sizes = SIZES.copy()
    sizes[1000] += 1e-9
    monkeypatch.setitem(globals(), "SIZES", sizes)
    assert function([1e-7]) != value
    assert function.description() != before
    monkeypatch.undo()
    assert function.description() == before


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((5, ["BR"]), InvalidValue, "spectrum must be a function of BR, not 5"),
        ((dict, ["BR"]), InvalidValue, "the arguments of .* are not known"),
        ((alternatives.resonance, []), InvalidValue, "list of different names"),
        ((alternatives.resonance, ["BR"]), InvalidValue, "'m_X' of the spectrum has no value"),
        (
            (alternatives.resonance, ["BR", "m_x"]),
            InvalidValue,
            r"'m_x' is no argument .* are BR, m_X, width; did you mean 'm_X'\?",
        ),
        ((alternatives.resonance, ["BR", "m_X", "par"]), InvalidValue, "'par' is no argument"),
    ],
)
def test_bad_functions_are_refused(b2, arguments, error, message):
    with pytest.raises(error, match=message):
        b2.function(*arguments)


def test_bad_values_are_refused(b2):
    resonance = alternatives.resonance
    with pytest.raises(InvalidValue, match="'BR' is a variable; leave it out of fixed"):
        b2.function(resonance, ["BR", "m_X"], fixed={"BR": 1})
    with pytest.raises(UnknownParameter, match="no parameter 'Vcc'"):
        b2.function(resonance, ["BR", "m_X"], par={"Vcc": 1})
    function = b2.function(resonance, ["BR", "m_X"])
    with pytest.raises(InvalidShape, match=r"variables BR, m_X: shape \(2,\), not \(1,\)"):
        function([1.0])
    with pytest.raises(InvalidShape, match=r"a spectrum has the shape \(100,\), not \(3,\)"):
        b2.function(lambda BR: BR * np.ones(3), ["BR"])([1.0])
