"""Arguments of the wrong kind are refused in one line of the package's own errors; arguments that
mean the same give the same result."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import flavio
import matplotlib.figure
import numpy as np
import pytest

import flavio_nusmeft as nus
from flavio_nusmeft import errors, figures, popxf, scan, tables, uv
from flavio_nusmeft.belle2 import Belle2Likelihood, exact
from flavio_nusmeft.measurements import add_to_flavio

EFT: dict[str, Any] = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
WET: dict[str, Any] = {"scale": 4.8, "eft": "nuWET", "basis": "JMS"}
NAME, BIN = "BR(B+->Kinv)", "<dBR/dq2>(B+->Kinv)"
POINT = {"LNQd_2123": 1e-8}
MASKED = np.ma.array([1e-8, 2e-8], mask=[False, True])
MASKED_COUPLINGS = np.ma.array(np.eye(3), mask=np.eye(3))


class Frame:
    """Like a DataFrame of pandas: columns by name."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns

    def keys(self) -> list[str]:
        return list(self._columns)

    def __getitem__(self, name: str) -> Any:
        return Series(self._columns[name])


class Series:
    """Like a Series of pandas: an array with something around it."""

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self._values


class Parabola:
    variables = ("a", "b")

    def __call__(self, x: np.ndarray) -> float:
        return -float(((np.asarray(x) - 0.3) ** 2).sum() * 50)


F: Any = Parabola()


@pytest.fixture(scope="module")
def likelihood() -> Any:
    return nus.likelihood()


def _log_likelihood(**changes: Any) -> Any:
    return nus.LogLikelihood(nus.likelihood(), **{"variables": ["LNQd_2123"], **EFT, **changes})


def _predict(observables: Any = NAME, coefficients: Any = POINT, **changes: Any) -> Any:
    return nus.predict(observables, coefficients, **{**EFT, **changes})


def _popxf(observables: Any = NAME, **changes: Any) -> Any:
    return nus.to_popxf(observables, **{**WET, "coefficients": ["VnudLL_4423"], **changes})


def _axes() -> Any:
    return matplotlib.figure.Figure().subplots()


WRONG: dict[str, Callable[[], Any]] = {
    "predict, list of names": lambda: _predict(coefficients=["LNQd_2123"]),
    "predict, name": lambda: _predict(coefficients="LNQd_2123"),
    "predict, None": lambda: _predict(coefficients=None),
    "predict, key": lambda: _predict(coefficients={5: 1e-8}),
    "predict, masked": lambda: _predict(coefficients={"LNQd_2123": MASKED}),
    "predict, ragged": lambda: _predict(coefficients={"LNQd_2123": [[1], [1, 2]]}),
    "predict, objects": lambda: _predict(coefficients={"LNQd_2123": np.array([1, None])}),
    "predict, text": lambda: _predict(coefficients={"LNQd_2123": "1e-8"}),
    "predict, bool": lambda: _predict(coefficients={"LNQd_2123": [True]}),
    "predict, no observable": lambda: _predict(5),
    "predict, None observable": lambda: _predict(None),
    "predict, dictionary of observables": lambda: _predict([{"name": NAME}]),
    "predict, empty tuple": lambda: _predict([()]),
    "predict, text as argument": lambda: _predict((BIN, "a", 2)),
    "predict, array as argument": lambda: _predict((BIN, np.array([1, 2]), 2)),
    "predict, complex argument": lambda: _predict((BIN, 1j, 2)),
    "predict, missing argument": lambda: _predict((BIN, 1)),
    "predict, par list": lambda: _predict(par=["m_N1"]),
    "predict, par key": lambda: _predict(par={5: 1}),
    "predict, par text": lambda: _predict(par={"m_N1": "1 GeV"}),
    "predict, par masked": lambda: _predict(par={"m_N1": MASKED}),
    "predict, scale text": lambda: _predict(scale="1 TeV"),
    "predict, scale list": lambda: _predict(scale=[1e3, 2e3]),
    "predict, scale bool": lambda: _predict(scale=True),
    "predict, EFT": lambda: _predict(eft=None),
    "predict, basis": lambda: _predict(basis=["FGMS"]),
    "predict, options": lambda: _predict(options="full"),
    "predict, option": lambda: _predict(options={"running": "FULL"}),
    "NuWilson, list": lambda: nus.NuWilson(["LNQd_2123"], 1e3, "nuSMEFT", "FGMS"),
    "NuWilson, exchanged": lambda: nus.NuWilson(1e3, POINT, "nuSMEFT", "FGMS"),
    "NuWilson, exchanged names": lambda: nus.NuWilson(POINT, "nuSMEFT", "FGMS", 1e3),
    "NuWilson, array": lambda: nus.NuWilson({"LNQd_2123": [1e-8]}, 1e3, "nuSMEFT", "FGMS"),
    "NuWilson, masked": lambda: nus.NuWilson({"LNQd_2123": np.ma.masked}, 1e3, "nuSMEFT", "FGMS"),
    "NuWilson, EFT": lambda: nus.NuWilson(POINT, 1e3, ["nuSMEFT"], "FGMS"),
    "NuWilson, option": lambda: _wilson().set_option("runing", "full"),
    "NuWilson, value": lambda: _wilson().set_option("running", "ful"),
    "NuWilson, sectors": lambda: _wilson().match_run(4.8, "nuWET", "JMS", 5),
    "NuWilson, sector": lambda: _wilson().match_run(4.8, "nuWET", "JMS", [5]),
    "load_wc, number": lambda: nus.NuWilson.load_wc(5),
    "load_wc, dictionary": lambda: nus.NuWilson.load_wc({"eft": "nuSMEFT"}),
    "load_wc, no file": lambda: nus.NuWilson.load_wc("no file.yml"),
    "from_wc, dictionary": lambda: nus.NuWilson.from_wc({"eft": "nuSMEFT"}),
    "likelihood, observables": lambda: nus.likelihood(observables=5),
    "likelihood, observable": lambda: nus.likelihood(observables=[5]),
    "likelihood, data set": lambda: nus.likelihood(["current"]),
    "likelihood, alternatives": lambda: nus.likelihood(alternatives=5),
    "likelihood, fit parameters": lambda: nus.likelihood(fit_parameters=[5]),
    "likelihood, range": lambda: nus.likelihood(fit_parameters={"m_N1": "ab"}),
    "likelihood, path": lambda: nus.likelihood(belle2=True),
    "make_measurement, N": lambda: nus.likelihood(fast=True).make_measurement(N="many"),
    "make_measurement, seed": lambda: nus.likelihood(fast=True).make_measurement(seed=-1),
    "LogLikelihood, likelihood": lambda: nus.LogLikelihood("current", ["LNQd_2123"], **EFT),
    "LogLikelihood, variables": lambda: _log_likelihood(variables=None),
    "LogLikelihood, no variables": lambda: _log_likelihood(variables=[]),
    "LogLikelihood, variable": lambda: _log_likelihood(variables=[5]),
    "LogLikelihood, par": lambda: _log_likelihood(par=["m_N1"]),
    "LogLikelihood, value": lambda: _log_likelihood(par={"m_N1": "a"}),
    "LogLikelihood, nan": lambda: _log_likelihood(par={"m_N1": np.nan}),
    "LogLikelihood, EFT": lambda: _log_likelihood(eft=None),
    "LogLikelihood, options": lambda: _log_likelihood(options=["full"]),
    "point, number": lambda: _log_likelihood()(1e-8),
    "point, text": lambda: _log_likelihood()(["a"]),
    "point, complex": lambda: _log_likelihood()([1j]),
    "point, masked": lambda: _log_likelihood()(np.ma.array([1e-8], mask=[True])),
    "point, dictionary": lambda: _log_likelihood()(POINT),
    "popxf, coefficients": lambda: _popxf(coefficients=5),
    "popxf, coefficient": lambda: _popxf(coefficients=[5]),
    "popxf, observables": lambda: _popxf(None),
    "popxf, draws": lambda: _popxf(draws="2"),
    "popxf, nan draws": lambda: _popxf(draws=float("nan")),
    "popxf, seed": lambda: _popxf(draws=2, seed=-1),
    "popxf, no seed": lambda: _popxf(draws=2, seed=None),
    "popxf, seed text": lambda: _popxf(draws=2, seed="a"),
    "popxf, correlations": lambda: popxf.popxf_correlations(NAME, draws=None, **WET),
    "spectrum, list": lambda: tables.spectrum([BIN]),
    "spectrum, text": lambda: tables.spectrum(BIN, "0,1"),
    "spectrum, masked": lambda: tables.spectrum(BIN, np.ma.array([0, 9, 23], mask=[0, 1, 0])),
    "spectrum, complex": lambda: tables.spectrum(BIN, [0, 1j]),
    "spectrum, dictionary": lambda: tables.spectrum(BIN, [0, 23], POINT),
    "spectrum, par": lambda: tables.spectrum(BIN, [0, 23], par=["m_N1"]),
    "spectrum, draws": lambda: tables.spectrum(BIN, [0, 23], draws=2.5),
    "spectrum, seed": lambda: tables.spectrum(BIN, [0, 23], draws=2, seed=1.5),
    "spectrum, old generator": lambda: tables.spectrum(
        BIN,
        [0, 23],
        draws=2,
        seed=np.random.RandomState(1),
    ),
    "spectrum, large seed": lambda: tables.spectrum(BIN, [0, 23], draws=2, seed=2**32),
    "spectrum, reference": lambda: _spectrum().weights("a"),
    "spectrum, stream": lambda: _spectrum().to_csv(io.StringIO()),
    "spectrum, no folder": lambda: _spectrum().to_hepdata(None),
    "grid, list": lambda: scan.grid(F, [[0, 1], [0, 1]], progress=False),
    "grid, None": lambda: scan.grid(F, None, progress=False),
    "grid, text": lambda: scan.grid(F, {"a": "01", "b": [1]}, progress=False),
    "grid, masked": lambda: scan.grid(F, {"a": MASKED, "b": [1]}, progress=False),
    "grid, profile": lambda: scan.grid(F, {"a": [0]}, profile=["b"], progress=False),
    "grid, checkpoint": lambda: scan.grid(F, {"a": [0], "b": [1]}, checkpoint=io.BytesIO()),
    "grid, executor": lambda: scan.grid(F, {"a": [0], "b": [1]}, executor="4"),
    "grid, likelihood": lambda: scan.grid(nus.likelihood(), {"a": [0]}),
    "minimize, list": lambda: scan.minimize(F, [(0, 1), (0, 1)], progress=False),
    "sample, steps": lambda: scan.sample(F, {"a": (0, 1), "b": (0, 1)}, steps="5"),
    "uv, mass": lambda: uv.S1([1e3, 2e3], y_L=np.eye(3)),
    "uv, bool": lambda: uv.S1(True),
    "uv, number": lambda: uv.S1(1e3, y_L=1),
    "uv, masked": lambda: uv.S1(1e3, y_L=MASKED_COUPLINGS),
    "uv, dictionary": lambda: uv.S1(1e3, y_L={"11": 1}),
    "dataset, list": lambda: nus.dataset(["current"]),
    "dataset, None": lambda: nus.dataset(None),
    "measurements": lambda: add_to_flavio(5),
    "figures, list": lambda: figures.spectra(["QN_2311"]),
    "figures, mass": lambda: figures.spectra(masses=1.0),
    "figures, coefficient": lambda: figures.branching_ratios(["QN_2311"]),
    "figures, text": lambda: figures.branching_ratios("QN_2311", C="a"),
    "figures, masses": lambda: figures.branching_ratios("QN_2311", [0.0, 1.0]),
    "figures, one value": lambda: figures.mass_plane("QN_2311", C=1e-8),
    "figures, theory": lambda: figures.reach("QN_2311", theory={"scale": 1e3}),
    "figures, data set": lambda: figures.experiment(["current"]),
    "figures, axes": lambda: figures.draw_spectra(None, figures.spectra(q2=[1.0])),
    "figures, panel": lambda: figures.draw_plane(_axes(), figures.spectra(q2=[1.0])),
    "write_figures, folder": lambda: figures.write_figures(5),
    "write_figures, number": lambda: figures.write_figures("x", numbers=[9]),
    "write_figures, format": lambda: figures.write_figures("x", formats=["xyz"]),
    "write_figures, data set": lambda: figures.write_figures("x", ["nonsense"]),
    "Belle II, path": lambda: Belle2Likelihood(5),
    "Belle II, stream": lambda: Belle2Likelihood(io.StringIO()),
}


def _wilson() -> nus.NuWilson:
    return nus.NuWilson(POINT, 1e3, "nuSMEFT", "FGMS")


def _spectrum() -> tables.Spectrum:
    return tables.spectrum(BIN, [0, 10, 23])


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_wrong_kinds(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.NuSMEFTError) as caught:
        call()
    message = str(caught.value)
    assert message.isprintable()
    assert 10 < len(message) < 1000
    assert caught.value.__cause__ is None


def test_names_of_any_kind():
    """A single name, a list, an array and a series of names."""
    values = {NAME: _predict()[NAME]}
    for observables in ([NAME], {NAME}, np.array(NAME), np.array([NAME])):
        assert _predict(observables) == values
        assert all(type(name) is str for name in _predict(observables))
    one = (BIN, 4, 8)
    for arguments in (one, [one], [[*one]], [(BIN, np.int64(4), np.array(8.0))]):
        assert _predict(arguments) == _predict(one)
    documents = [_popxf(coefficients=c) for c in ("VnudLL_4423", ["VnudLL_4423"])]
    assert documents[0] == documents[1]
    wc = _wilson()
    assert (
        wc.match_run(4.8, "nuWET", "JMS", "sbnunu").dict
        == wc.match_run(4.8, "nuWET", "JMS", ["sbnunu"]).dict
    )


def test_single_names_in_likelihoods():
    one = nus.likelihood(observables="BR(B0->Kinv)", fit_parameters="Vcb")
    assert one.observables == ["BR(B0->Kinv)"]
    assert one.fit_parameters == ["Vcb"]


def test_numbers_of_any_kind():
    values = np.array([1e-8, 2e-8])
    expected = _predict(coefficients={"LNQd_2123": values}, par={"m_N1": 1})[NAME]
    for given in (Series(values), values.tolist(), np.ma.array(values)):
        found = _predict(coefficients={"LNQd_2123": given}, par={"m_N1": np.int64(1)})[NAME]
        assert np.array_equal(found, expected)
    found = _predict(coefficients=Frame({"LNQd_2123": values}), par=Frame({"m_N1": [1, 1]}))[NAME]
    assert np.array_equal(found, expected)
    point = nus.NuWilson({"LNQd_2123": np.array(1e-8)}, np.int64(1000), "nuSMEFT", "FGMS")
    assert point.wc.dict == POINT
    assert point.wc.scale == 1e3


def test_points_of_any_kind(likelihood):
    function = nus.LogLikelihood(likelihood, ["LNQd_2123", "m_N1"], **EFT)
    expected = function([1e-8, 1.0])
    for point in ((1e-8, 1), np.array([1e-8, 1]), Series([1e-8, 1])):
        assert function(point) == expected


def test_bins_and_axes_of_any_kind():
    expected = tables.spectrum(BIN, [0, 10, 23]).values
    assert np.array_equal(tables.spectrum(BIN, Series([0, 10, 23])).values, expected)
    grids = [
        scan.grid(F, axes, progress=False).log_likelihood
        for axes in ({"a": [0, 1], "b": [1]}, {"a": Series([0, 1]), "b": np.array([1])})
    ]
    assert np.array_equal(*grids)
    many = scan.grid(F, {"a": [0]}, profile={"b": (0, 1)}, starts=np.int64(1), progress=False)
    assert many.log_likelihood.shape == (1,)


def test_names_of_variables_that_are_nothing(likelihood):
    """A misspelt parameter is not taken for a coefficient."""
    with pytest.raises(errors.UnknownParameter, match="did you mean 'm_N1'"):
        nus.LogLikelihood(likelihood, ["LNQd_2123", "mN1"], **EFT)


def test_stock_likelihoods_of_a_dictionary():
    """The theory covariance of a dictionary is not that of the SM."""
    fast = nus.likelihood(observables="BR(B0->Kinv)", fast=True, theory="NP")
    par = flavio.default_parameters.get_central_all()
    with pytest.raises(errors.InvalidValue, match=r"not \{'LNQd_2123'"):
        fast.draws.predictions({}, POINT)
    assert par


@pytest.mark.parametrize(
    ("package", "extra", "call"),
    [
        ("iminuit", "fit", lambda: scan.minimize(None, None)),
        ("iminuit", "fit", lambda: scan.grid(None, {}, profile={"a": (0, 1)})),
        ("emcee", "fit", lambda: scan.sample(None, None, steps=1)),
        ("dynesty", "fit", lambda: scan.nested(None, None)),
        ("HNLimits", "searches", lambda: nus.Searches()),
        ("matplotlib", "plot", lambda: figures.write_figures("x")),
        ("matplotlib", "plot", lambda: figures.FIGURES[1].draw([])),
        ("emcee", "fit", lambda: scan.Chain((), *np.empty((3, 0))).autocorrelation_time()),
        ("pyhf", "belle2", lambda: exact.log_likelihood({}, None, None, None, None)),
        ("iminuit", "fit", lambda: exact.log_likelihood({}, None, None, None, None)),
    ],
)
def test_missing_packages(package, extra, call, monkeypatch, tmp_path):
    """Before anything else is looked at, in one line that says what to install."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(errors.MissingPackage) as caught:
        call()
    assert isinstance(caught.value, ImportError)
    assert caught.value.name == package
    assert str(caught.value).endswith(f"needs {package}: pip install 'flavio_nusmeft[{extra}]'")


def test_representations(likelihood):
    """One line each, with what the object is."""
    function = nus.LogLikelihood(likelihood, ["LNQd_2123", "m_N1"], **EFT)
    fast = nus.likelihood(observables="BR(B0->Kinv)", fast=True)
    bounds = {"a": (0.0, 1.0), "b": (0.0, 1.0)}
    found = {
        repr(likelihood): ("Likelihood(", f"{len(likelihood.observables)} observables"),
        repr(function): ("LogLikelihood(", "LNQd_2123, m_N1", "nuSMEFT FGMS at 1000 GeV"),
        repr(fast): ("FastLikelihood(", "1 observables", "make_measurement"),
        repr(_spectrum()): ("Spectrum(", BIN, "2 bins", "0 to 23 GeV²"),
        repr(scan.grid(F, {"a": [0, 1], "b": [1]}, progress=False)): ("Grid(", "a (2) x b (1)"),
        repr(scan.minimize(F, bounds, starts=2, progress=False)): ("Minimum(a = 0.", "± 0.1"),
        repr(scan.sample(F, bounds, steps=2, progress=False)): ("Chain(a, b", "2 steps of 32"),
    }
    for text, parts in found.items():
        assert text.isprintable()
        assert len(text) < 250
        assert all(part in text for part in parts), text
