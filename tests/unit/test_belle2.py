"""The reinterpretation likelihood of Belle II with an invented record of the published form."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import pickle
import re
import shutil
import time
from fractions import Fraction

import belle2_mutations
import belle2_record
import flavio
import numpy as np
import pytest
from scipy.optimize import brentq, minimize, minimize_scalar

import flavio_nusmeft
from flavio_nusmeft import NuWilson
from flavio_nusmeft.belle2 import Belle2Likelihood, record
from flavio_nusmeft.belle2 import model as model_module
from flavio_nusmeft.belle2.model import Model
from flavio_nusmeft.errors import (
    FailedMinimization,
    InvalidBin,
    InvalidRecord,
    InvalidShape,
    InvalidValue,
    MissingRecord,
)
from flavio_nusmeft.physics.exclusive import spectrum
from flavio_nusmeft.physics.modes import SEMI_INVISIBLE

SM = record.sm_spectrum()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return belle2_record.make(tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="module")
def b2(folder):
    return Belle2Likelihood(folder, check_sums=False)


@pytest.fixture
def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def wilson(**coefficients):
    return NuWilson(coefficients, 1e3, "nuSMEFT", "FGMS")


POINT = {"LNQd_2123": 2e-8 + 1e-8j, "QN_2311": 1e-8, "LNQdT_2123": 0.5e-8}


def load(folder, **options):
    return Belle2Likelihood(folder, check_sums=False, **options)


def edit(folder, change):
    path = folder / record.WORKSPACE
    workspace = json.loads(path.read_text())
    change(workspace)
    path.write_text(json.dumps(workspace))


# --- the record -------------------------------------------------------------------------------


def test_folder_by_argument_or_variable(folder, monkeypatch):
    monkeypatch.delenv(record.VARIABLE, raising=False)
    with pytest.raises(MissingRecord, match=r"(?s)https://doi.org/10.17182/hepdata.166082.*"):
        Belle2Likelihood()
    monkeypatch.setenv(record.VARIABLE, str(folder))
    assert Belle2Likelihood(check_sums=False).description()["record"] == record.DOI


def test_missing_folder_and_files(copied):
    with pytest.raises(MissingRecord, match=r"no folder .*nowhere"):
        load(copied / "nowhere")
    (copied / "number_density_hta.csv").unlink()
    with pytest.raises(MissingRecord, match=r"lacks number_density_hta.csv: download"):
        load(copied)


def test_other_checksums_are_refused(folder):
    with pytest.raises(
        InvalidRecord, match=r"combined_likelihood.json.*SHA-256 .*\w{64}, expected"
    ):
        Belle2Likelihood(folder)


def test_checksums_are_those_of_the_numbers(copied, monkeypatch):
    """Copies of the record differ in digits, white space and order; a change of 1e-7 is found."""
    monkeypatch.setattr(record, "FILES", record.read(copied, check_sums=False).checksums)
    path = copied / record.WORKSPACE
    keys_reversed = dict(reversed(json.loads(path.read_text()).items()))
    path.write_text(json.dumps(keys_reversed, indent=4) + "\n")
    for name in record._DENSITIES.values():
        density = np.loadtxt(copied / name, delimiter=",")
        np.savetxt(copied / name, density, delimiter=",", fmt="%.12e")
    record.read(copied)
    np.savetxt(copied / name, density * (1 + 1e-7), delimiter=",", fmt="%.12e")
    with pytest.raises(InvalidRecord, match=rf"{name}.*SHA-256"):
        record.read(copied)


def test_download_command_names_the_files():
    for name in record.FILES:
        assert record.HOW_TO.count(name) == 1
    assert f"curl -f --create-dirs -o 'belle2/#1' '{record.AUTHORS_COPY}/{{" in record.HOW_TO


@pytest.mark.parametrize("name", list(record.FILES)[1:])
def test_truncated_table(copied, name):
    content = (copied / name).read_bytes()
    (copied / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InvalidRecord, match=name):
        load(copied)


def test_truncated_workspace(copied):
    path = copied / record.WORKSPACE
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InvalidRecord, match=r"combined_likelihood.json' is not a pyhf workspace"):
        load(copied)


def test_other_binning_is_refused(copied):
    def change(workspace):
        workspace["observations"][0]["data"].pop()

    edit(copied, change)
    with pytest.raises(InvalidRecord, match=r"observations\[0\]\.data: 8 numbers, expected 9"):
        load(copied)


def test_signal_must_be_the_sum_of_the_densities(copied):
    path = copied / "number_density_hta.csv"
    density = np.loadtxt(path, delimiter=",")
    np.savetxt(path, 1.01 * density, delimiter=",")
    with pytest.raises(InvalidRecord, match=r"row 1 of '.*number_density_hta.csv' does not add up"):
        load(copied)


def _modifiers(workspace, channel=0, sample=1):
    return workspace["channels"][channel]["samples"][sample]["modifiers"]


def _set(*keys, value):
    def change(workspace):
        for key in keys[:-1]:
            workspace = workspace[key]
        workspace[keys[-1]] = value

    return change


CHANGES = {
    "modifier of another type": (
        lambda w: _modifiers(w).append({"name": "free", "type": "shapefactor", "data": None}),
        r"channels\[0\]\.samples\[1\]\.modifiers: .* no modifier 'free' of type 'shapefactor'",
    ),
    "name of the signal": (
        lambda w: _modifiers(w)[1].update(name="mu"),
        r"samples\[1\]\.modifiers: .* no modifier 'mu' of type 'normsys'",
    ),
    "twice in a sample": (
        lambda w: _modifiers(w).append(_modifiers(w)[0]),
        r"modifiers: the name 'corr_pid_c1' of 'histosys' is not unique",
    ),
    "staterror twice": (
        lambda w: _modifiers(w, 1)[3].update(name=_modifiers(w)[3]["name"]),
        r"channels\[1\].samples\[1\].modifiers: the name 'uncorr_.*' of 'staterror' is not",
    ),
    "channel twice": (
        lambda w: w["channels"].append(w["channels"][0]),
        r"channels: the names .* are not unique",
    ),
    "sample twice": (
        lambda w: w["channels"][2]["samples"].append(w["channels"][2]["samples"][0]),
        r"channels\[2\].samples: the names .* are not unique",
    ),
    "other channel": (
        _set("observations", 1, "name", value="other"),
        r"has the observations \[.*\], expected",
    ),
    "true": (
        _set("observations", 0, "data", 2, value=True),
        r"observations\[0\]\.data\[2\]: True is not a number from 0 to 1e\+07",
    ),
    "negative": (
        _set("channels", 1, "samples", 1, "data", 0, value=-1e-3),
        r"channels\[1\]\.samples\[1\]\.data\[0\]: -0.001 is not a number",
    ),
    "nan": (
        _set("channels", 0, "samples", 1, "modifiers", 0, "data", "hi_data", 3, value=np.nan),
        r"modifiers\[0\]\.data\.hi_data\[3\]: nan is not a number",
    ),
    "no factor": (
        _set("channels", 0, "samples", 1, "modifiers", 1, "data", "lo", value=0),
        r"modifiers\[1\]\.data\.lo: 0.0 is not a number from 0.1 to 10",
    ),
    "missing": (lambda w: w["channels"][3].pop("samples"), r"channels\[3\] has no 'samples'"),
    "no object": (_set("measurements", value=[1]), r"measurements\[0\]: 1.0 is not an object"),
    "shorter": (
        lambda w: _modifiers(w)[3]["data"].pop(),
        r"modifiers\[3\]\.data: 8 numbers, expected 9",
    ),
    "larger than the events": (
        lambda w: _modifiers(w)[3]["data"].__setitem__(0, 1e5),
        r"modifiers\[3\]\.data: more than 100 times the events",
    ),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_other_forms_are_refused_with_their_place(copied, change, message):
    edit(copied, change)
    with pytest.raises(InvalidRecord, match=rf"^'.*{record.WORKSPACE}'.*{message}"):
        load(copied)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[" * 100_000, "recursion"),
        ("9" * 5000, "inf is not an object"),
        ('{"channels": [], "channels": []}', "a key is twice"),
        (" " * 6_000_000, "more than 5000000 bytes"),
    ],
)
def test_contents_that_are_no_workspace(copied, content, message):
    (copied / record.WORKSPACE).write_text(content)
    with pytest.raises(InvalidRecord, match=rf"{record.WORKSPACE}'.*{message}"):
        load(copied)


def test_path_is_a_path():
    for path in (5, [], b"belle2"):
        with pytest.raises(InvalidValue, match="the folder of the record must be a path, not"):
            Belle2Likelihood(path)


def test_byte_order_mark(folder, copied):
    """Spreadsheets put one before a table: the same numbers."""
    for name in list(record.FILES)[1:]:
        (copied / name).write_bytes(b"\xef\xbb\xbf" + (copied / name).read_bytes())
    found, expected = (record.read(f, check_sums=False) for f in (copied, folder))
    assert found.checksums == expected.checksums
    for name, density in expected.densities.items():
        np.testing.assert_array_equal(found.densities[name], density)


def attempt(function, *args, **kwargs):
    """The result, or the message with which the record is refused."""
    try:
        return function(*args, **kwargs), ""
    except InvalidRecord as error:
        return None, str(error)


def damaged(folder, seed, count):
    """Name and contents of files, each to be put in place of the one of the record."""
    rng = np.random.default_rng(seed)
    for name in record.FILES:
        text = (folder / name).read_text()
        is_workspace = name == record.WORKSPACE
        make = belle2_mutations.workspaces if is_workspace else belle2_mutations.tables
        for content in make(text, rng, count if is_workspace else count // 3):
            yield name, content


def test_mutations_of_the_record(copied, tmp_path):
    """Every damaged record is read, or refused in one line that names the file, in time; what is
    read has a likelihood or is refused."""
    refused = built = 0
    for k, (name, content) in enumerate(damaged(copied, 2025, 2000)):
        good = (copied / name).read_bytes()
        (copied / name).write_bytes(content)
        start = time.monotonic()
        found, message = attempt(record.read, copied, check_sums=False)
        if found and k % 20 == 0:
            b2, message = attempt(load, copied)
            if b2:
                built += 1
                values = [b2.spectrum_log_likelihood(size * SM) for size in (0.0, 1.0, 1e4)]
                assert np.isfinite(values).all()
        assert time.monotonic() - start < 2
        if message:
            refused += 1
            assert name in message or f"'{copied}'" in message
            assert "\n" not in message
            assert len(message) < 700 + 2 * len(str(copied))
        (copied / name).write_bytes(good)
    assert refused > 2000
    assert built > 20


def wild(workspace, rng):
    """Numbers that a workspace can have, and no experiment has."""
    share, digits = rng.choice([0.02, 0.2, 0.7]), rng.choice([1, 3, 6])

    def change(x, low, high):
        if rng.random() > share:
            return x
        factor = 10 ** (digits * rng.normal()) * (rng.choice([-1, 1]) if low < 0 else 1)
        return float(rng.choice([np.clip(x * factor, low, high), low, high], p=(0.8, 0.1, 0.1)))

    for observation in workspace["observations"]:
        observation["data"] = [change(x, 0, 1e7) for x in observation["data"]]
    for sample in (s for c in workspace["channels"] for s in c["samples"]):
        for modifier in sample["modifiers"]:
            data = modifier["data"]
            if modifier["type"] == "histosys":
                modifier["data"] = {k: [change(x, -1e7, 1e7) for x in v] for k, v in data.items()}
            elif modifier["type"] == "normsys":
                modifier["data"] = {k: change(v, 0.1, 10) for k, v in data.items()}
            elif modifier["type"] == "staterror":
                events = sample["data"]
                largest = [99 * x or 1e7 for x in events]
                modifier["data"] = [
                    change(x, 0, high) for x, high in zip(data, largest, strict=True)
                ]


def test_wild_numbers_end(copied):
    """A fit that does not converge ends, and is told."""
    rng, text = np.random.default_rng(7), (copied / record.WORKSPACE).read_text()
    refused, values = 0, []
    for _ in range(40):
        workspace = json.loads(text)
        wild(workspace, rng)
        (copied / record.WORKSPACE).write_text(json.dumps(workspace))
        start = time.monotonic()
        b2, message = attempt(load, copied)
        assert time.monotonic() - start < 2
        if b2:
            for size in (0.0, 1.0, 1e9):
                with contextlib.suppress(FailedMinimization):
                    values.append(b2.spectrum_log_likelihood(size * SM))
            assert time.monotonic() - start < 4
        else:
            refused += 1
            assert re.fullmatch("the likelihood of the record in '.*' has no maximum: .*", message)
    assert np.isfinite(values).all()
    assert len(values) > 20
    assert refused > 2


def test_spectrum_of_the_simulation():
    # total of arXiv:2507.12393; the prefactor of arXiv:2207.13371 Eq. (16) with the inputs there
    # gives it independently of the normalisation here
    q2 = (np.array(record.EDGES)[1:] + np.array(record.EDGES)[:-1]) / 2
    assert SM.sum() == pytest.approx(4.966e-6, abs=1e-15)
    assert q2[SM.argmax()] < 5
    assert (np.diff(SM)[60:] < 0).all()


def test_fitted_events_are_those_of_pyhf(b2, par):
    """At the parameters of the maximum, with the signal in the workspace and without."""
    pyhf = pytest.importorskip("pyhf")
    wc = wilson(LNQd_2123=2e-8)
    found = b2.fitted_events(b2.spectrum(par, wc))
    factors, _ = b2._signal(b2._spectra(par, wc))
    model = b2._model
    profile = model.profile(factors, None, b2._start(factors))
    gamma = model.gamma(profile, factors, None)
    workspace = b2.workspace(par, wc)
    expected = []
    for names in (("charged", "mixed"), ("charged", "mixed", "signal")):
        channels = [
            c | {"samples": [s for s in c["samples"] if s["name"] in names]}
            for c in workspace["channels"]
        ]
        exact = pyhf.Model({"channels": channels}, validate=False, poi_name=None)
        x = np.array(exact.config.suggested_init())
        for name, alpha in zip(model.parameters, profile.alpha, strict=True):
            x[exact.config.par_slice(name)] = alpha
        for name, where in model.staterrors.items():
            if name in exact.config.par_order:
                x[exact.config.par_slice(name)] = gamma[where]
        events = np.split(
            exact.expected_actualdata(x),
            [exact.config.channel_slices[name].start for name in exact.config.channels][1:],
        )
        expected.append(dict(zip(exact.config.channels, events, strict=True)))
    observed = {o["name"]: o["data"] for o in workspace["observations"]}
    assert set(found) == set(observed)
    for name, events in found.items():
        np.testing.assert_array_equal(events["observed"], observed[name])
        np.testing.assert_allclose(events["background"], expected[0][name], rtol=1e-8)
        total = events["background"] + events["signal"]
        np.testing.assert_allclose(total, expected[1][name], rtol=1e-8)
    with pytest.raises(InvalidShape):
        b2.fitted_events([1e-6])


# --- spectra and yields -----------------------------------------------------------------------


@pytest.mark.parametrize("masses", [(0, 0, 0), (1.3, 0, 0), (0.002, 1.9, 2.3), (2.388, 4.7, 9)])
def test_spectrum_equals_the_binned_observable(par, masses):
    par |= dict(zip(("m_N1", "m_N2", "m_N3"), masses, strict=True))
    wc = wilson(**POINT, LNQd_2132=1e-8, QN_2312=1e-8, QN_2323=1e-8j)
    found = spectrum(par, SEMI_INVISIBLE["B+->K"], record.EDGES, wc)[0]
    binned = flavio.Observable["<dBR_SD/dq2>(B+->Kinv)"]
    bins = zip(record.EDGES[:-1], record.EDGES[1:], strict=True)
    expected = [binned.prediction_par(par, wc, low, high) * (high - low) for low, high in bins]
    # fewer nodes in most bins, where both integrals have converged
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-22)


def test_shifts_are_those_of_the_parameters(par):
    """All at once as one after the other, and never part of the next."""
    names = ("B->K GRvDV a0_f+", "B->K GRvDV a1_f0", "B->K GRvDV a0_fT")
    shifts = ((), ((names[0], 0.01), (names[1], -0.2)), ((names[2], 0.05),), ((names[0], -0.01),))
    par["m_N1"] = 0.7
    wc, before = wilson(**POINT), dict(par)
    found = spectrum(par, SEMI_INVISIBLE["B+->K"], record.EDGES, wc, shifts)
    assert par == before
    for row, shift in zip(found, shifts, strict=True):
        shifted = par | {name: par[name] + step for name, step in shift}
        expected = spectrum(shifted, SEMI_INVISIBLE["B+->K"], record.EDGES, wc)[0]
        np.testing.assert_allclose(row, expected, rtol=1e-13, atol=0)
    # parameters that shifts alone read are part of the key of what is remembered
    other = spectrum(par | {names[2]: 0.4}, SEMI_INVISIBLE["B+->K"], record.EDGES, wc, shifts)
    assert (other[2] != found[2]).any()


def test_yields_are_sums_over_the_densities(b2, par, folder):
    wc = wilson(**POINT)
    weights = b2.spectrum(par, wc) / SM
    found = b2.yields(par, wc)
    assert list(found) == list(record._DENSITIES)
    for channel, name in record._DENSITIES.items():
        density = np.loadtxt(folder / name, delimiter=",")
        visible = density[:, 1:] @ weights
        # candidates without q² have the average weight
        expected = visible + density[:, 0] * visible / density[:, 1:].sum(axis=1)
        np.testing.assert_allclose(found[channel], expected, rtol=1e-12)


def test_simulated_spectrum_gives_the_nominal_signal(b2, folder):
    nominal = [
        np.loadtxt(folder / n, delimiter=",").sum(axis=1) for n in record._DENSITIES.values()
    ]
    for found, expected in zip(b2.spectrum_yields(SM).values(), nominal, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_lifetime_enters(b2, par):
    wc = wilson(**POINT)
    longer = {**par, "tau_B+": 1.1 * par["tau_B+"]}
    for found, expected in zip(
        b2.yields(longer, wc).values(), b2.yields(par, wc).values(), strict=True
    ):
        np.testing.assert_allclose(found, 1.1 * expected, rtol=1e-12)


def test_bad_spectra(b2, par):
    with pytest.raises(InvalidShape, match=r"\(100,\), not \(99,\)"):
        b2.spectrum_yields(SM[1:])
    for bad in (np.nan, -1e-9):
        with pytest.raises(InvalidValue, match="finite and not negative"):
            b2.spectrum_log_likelihood([bad, *SM[1:]])
    with pytest.raises(InvalidBin, match=r"masses of B\+ and K\+"):
        b2.log_likelihood({**par, "m_K+": 0.1}, None)


# --- the model --------------------------------------------------------------------------------


def model_of(folder):
    workspace = record.read(folder, check_sums=False).workspace
    return workspace, Model(workspace["channels"], workspace["observations"], "mu")


def test_density_equals_pyhf(folder, rng):
    pyhf = pytest.importorskip("pyhf")
    workspace, model = model_of(folder)
    reference = pyhf.Model({"channels": workspace["channels"]}, validate=False, poi_name="mu")
    config = reference.config
    observed = {o["name"]: o["data"] for o in workspace["observations"]}
    data = [x for name in config.channels for x in observed[name]] + config.auxdata
    initial = np.array(config.suggested_init())
    for spread in (0.0, 0.1, 0.5, 1.5):
        x = initial + spread * rng.normal(size=len(initial))
        x[config.suggested_fixed()] = 1.0
        for name in model.staterrors:
            x[config.par_slice(name)] = 1 + spread / 5 * rng.normal(size=1)
        mu = x[config.par_slice("mu")] = 0.5 + spread
        alpha, gamma = belle2_record.pyhf_point(model, config, x)
        found = model.log_density(alpha, gamma, np.full(18, mu))[0]
        # sums of 30 Poisson terms and 80 constraints
        assert found == pytest.approx(float(reference.logpdf(x, data)[0]), abs=1e-9)


@pytest.mark.parametrize(("size", "factor"), [(0.5, 3.0), (2.0, 1.0), (1.0, 2000.0)])
def test_derivatives(folder, rng, size, factor):
    """Against differences, with parameters beyond ±1 and, for much signal, γ at their bounds."""
    model = model_of(folder)[1]
    signal = model._signal_arrays(np.full(18, factor), rng.normal(size=(18, 3)))
    alpha = np.clip(size * rng.normal(size=len(model.parameters) + 3), -4.5, 4.5)
    point = model._point(alpha, *signal)
    if factor > 100:
        assert (point.gamma < 1e-9).any()
    gradient = model._gradient(alpha, point, *signal)
    hessian = model._hessian(alpha, point, *signal)
    h = 1e-5
    for k, step in enumerate(h * np.eye(len(alpha))):
        up, down = (model._point(a, *signal) for a in (alpha + step, alpha - step))
        slope = (up.value - down.value) / (2 * h)
        assert gradient[k] == pytest.approx(slope, rel=1e-6, abs=1e-5)
        change = model._gradient(alpha + step, up, *signal)
        change -= model._gradient(alpha - step, down, *signal)
        np.testing.assert_allclose(hessian[k], change / (2 * h), rtol=1e-5, atol=1e-5)


def test_derivatives_of_the_full_density(folder, rng):
    model = model_of(folder)[1]
    alpha, factors = rng.normal(size=len(model.parameters)), np.full(18, 2.0)
    gamma = 1 + 0.1 * rng.normal(size=model.size)
    _, by_alpha, by_gamma = model.log_density(alpha, gamma, factors)
    h = 1e-6

    def slope(a, g):
        up, down = (model.log_density(alpha + s * a, gamma + s * g, factors)[0] for s in (h, -h))
        return (up - down) / (2 * h)

    for k, unit in enumerate(np.eye(len(alpha))):
        assert by_alpha[k] == pytest.approx(slope(unit, 0), rel=1e-6, abs=1e-6)
    rows = np.concatenate(list(model.staterrors.values()))
    for row in rng.choice(rows, 20):
        unit = np.eye(model.size)[row]
        assert by_gamma[row] == pytest.approx(slope(0, unit), rel=1e-6, abs=1e-6)


def test_profile_is_the_maximum_over_everything(folder):
    """γ = 1 + σ² y λ make the derivatives of the full density vanish, as do the α."""
    model = model_of(folder)[1]
    factors = np.full(18, 4.0)
    found = model.profile(factors)
    point = model._point(found.alpha, *model._signal_arrays(factors, None))
    value, by_alpha, by_gamma = model.log_density(found.alpha, point.gamma.ravel(), factors)
    rows = np.concatenate(list(model.staterrors.values()))
    assert np.abs(by_alpha).max() < 1e-3
    assert np.abs(by_gamma[rows]).max() < 1e-3
    sigma = np.where(model._sigma > 0, model._sigma, 1.0)[rows]
    size = len(by_alpha) + len(rows)
    normalisation = -np.log(sigma).sum() - size / 2 * np.log(2 * np.pi)
    assert found.log_likelihood == pytest.approx(value - normalisation, abs=1e-7)


@pytest.mark.parametrize(
    ("size", "fewer", "more", "bounds"),
    [(2000.0, 0.2, 1, {1e-10}), (1.0, 1, 300, {10.0}), (2000.0, 0.2, 300, {1e-10, 10.0})],
)
def test_gamma_at_bounds(copied, rng, size, fewer, more, bounds):
    """Against the solution of ν = sum γ y, γ = 1 + σ² y (n/ν - 1) within pyhf's bounds, bin by bin:
    the sum falls with ν, so there is just one."""

    def change(workspace):
        for observation, factor in zip(
            workspace["observations"], (fewer, 1, more, 1, 1), strict=True
        ):
            observation["data"] = [factor * x for x in observation["data"]]
        for sample in workspace["channels"][2]["samples"]:
            sample["modifiers"][3]["data"] = sample["data"]

    edit(copied, change)
    model = model_of(copied)[1]
    signal = model._signal_arrays(np.full(18, size), None)
    alpha = 0.1 * rng.normal(size=len(model.parameters))
    point = model._point(alpha, *signal)
    value, found = alpha @ alpha / 2, np.ones_like(point.gamma)
    for b, (y, n) in enumerate(zip(point.events, model._n, strict=True)):
        sigma2 = model._variance[b]

        def gamma(nu, y=y, n=n, sigma2=sigma2):
            return np.clip(1 + sigma2 * y * (n / nu - 1), 1e-10, 10.0)

        nu = brentq(lambda x, y=y, gamma=gamma: gamma(x) @ y - x, 1e-6, 1e7, xtol=1e-12)
        found[b] = gamma(nu)
        pull = (found[b] - 1)[sigma2 > 0] / np.sqrt(sigma2[sigma2 > 0])
        value += nu - n * np.log(nu) + pull @ pull / 2
    np.testing.assert_allclose(point.gamma, found, rtol=1e-7, atol=1e-9)
    assert point.value == pytest.approx(value, rel=1e-10, abs=0)
    assert set(point.gamma.ravel()) & {1e-10, 10.0} == bounds


def test_alpha_at_bounds(copied):
    """Against L-BFGS-B within pyhf's bounds, for data that ask for hardly any background: those at
    a bound are held there, and the others are at the maximum for it."""

    def change(workspace):
        for observation in workspace["observations"]:
            observation["data"] = [0.02 * x for x in observation["data"]]

    edit(copied, change)
    model = model_of(copied)[1]
    factors = np.full(18, 1.0)
    signal = model._signal_arrays(factors, None)
    found = model.profile(factors)
    at_bound = np.abs(found.alpha) == model_module.ALPHA
    assert found.held.tolist() == at_bound.tolist()
    assert 0 < at_bound.sum() < len(at_bound)
    best = minimize(
        lambda alpha: float(model._point(alpha, *signal).value),
        np.zeros(len(found.alpha)),
        jac=lambda alpha: model._gradient(alpha, model._point(alpha, *signal), *signal),
        method="L-BFGS-B",
        bounds=[(-model_module.ALPHA, model_module.ALPHA)] * len(found.alpha),
        options={"ftol": 1e-15, "gtol": 1e-8},
    )
    assert found.log_likelihood == pytest.approx(model._constant - best.fun, abs=1e-6)
    assert found.alpha == pytest.approx(best.x, abs=1e-3)


@pytest.mark.parametrize("size", [1.0, 1e5, 1e9, 1e13])
def test_expected_events_of_enormous_signals(size):
    """ν = Y + λ V and λ = n/ν - 1 hold in exact arithmetic, to the rounding of ν and λ: λ where it
    is small, 1 + λ elsewhere."""
    rng = np.random.default_rng(4)
    y, sigma, n = size * rng.uniform(1, 50, 30), 0.1, rng.uniform(0.5, 1e3, 30)
    expected, lam = model_module._balance(y, (sigma * y) ** 2, n)
    for k in range(30):
        Y, V, N, found = (Fraction(float(x)) for x in (y[k], (sigma * y[k]) ** 2, n[k], lam[k]))
        # V λ² + (Y + V) λ + Y - n = 0
        slope = 2 * V * found + Y + V
        assert abs((V * found**2 + (Y + V) * found + Y - N) / slope) <= 1e-15 * abs(found)
        assert expected[k] * (1 + lam[k]) == pytest.approx(
            n[k], rel=1e-15 * (1 + 1 / (1 + lam[k])), abs=0
        )


def test_empty_bins_have_a_likelihood(copied):
    def change(workspace):
        for observation in workspace["observations"]:
            observation["data"][0] = 0

    edit(copied, change)
    b2 = load(copied)
    assert b2.spectrum_log_likelihood(0 * SM) > b2.spectrum_log_likelihood(5 * SM)


# --- the likelihood ---------------------------------------------------------------------------

SIZES = (0.0, 1.0, 4.0, 30.0, 1e3, 1e6, 2.0)


def test_result_does_not_depend_on_the_history(b2, folder, rng):
    spectra = [size * SM * rng.uniform(0.5, 1.5, 100) for size in SIZES]
    warm = [b2.spectrum_log_likelihood(s) for s in spectra]
    again = [b2.spectrum_log_likelihood(s) for s in reversed(spectra)][::-1]
    cold = [load(folder).spectrum_log_likelihood(s) for s in spectra]
    for other in (again, cold):
        assert other == warm


@pytest.mark.parametrize("options", [{}, {"form_factor_covariance": True}], ids=["", "covariance"])
@pytest.mark.parametrize("size", [0.0, 0.7, 2.5])
def test_exact_is_the_same(folder, par, size, options):
    pytest.importorskip("pyhf")
    pytest.importorskip("iminuit")
    b2 = load(folder, **options)
    par["m_N1"] = 1.2
    wc = wilson(**{name: size * value for name, value in POINT.items()})
    exact = b2.log_likelihood(par, wc, exact=True)
    # MINUIT stops at an estimated distance of 1e-6
    assert b2.log_likelihood(par, wc) == pytest.approx(exact, abs=1e-4)


def test_far_signals(b2, rng):
    """Finite and the smaller the larger the signal, out to branching ratios of 1e300, and for any
    shape; ln L = ln L(0) - 50/t, where ln L at the part t is 50 below ln L(0)."""
    none = b2.spectrum_log_likelihood(0 * SM)
    q2 = (b2.edges[1:] + b2.edges[:-1]) / 2
    for k in range(12):
        peak = np.exp(-(((q2 - rng.uniform(0, 22)) / rng.uniform(0.3, 5)) ** 2))
        shape = SM.sum() * (peak / peak.sum() if k % 2 else rng.dirichlet(np.full(100, 0.2)))
        sizes = np.concatenate([np.sort(10 ** rng.uniform(0, 13, 20)), [1e100, 1e300]])
        values = np.array([b2.spectrum_log_likelihood(size * shape) for size in sizes])
        assert np.isfinite(values).all()
        assert (np.diff(values[values.argmax() :]) < 0).all()
        part = 50 / (none - values[-3])
        assert part < 1
        at_edge = b2.spectrum_log_likelihood(part * sizes[-3] * shape)
        assert at_edge == pytest.approx(none - 50, abs=1e-5)
        inside = b2.spectrum_log_likelihood(part * (1 - 1e-7) * sizes[-3] * shape)
        assert inside == pytest.approx(none - 50, abs=1e-4)


def test_events_without_number(b2, par):
    assert b2.spectrum_log_likelihood(np.full(100, 1e308)) == -np.inf


def test_a_larger_signal_in_any_bin_is_less_likely(b2, rng):
    base = 50 * SM
    value = b2.spectrum_log_likelihood(base)
    for k in rng.choice(100, 15):
        more = base.copy()
        more[k] *= rng.uniform(1.01, 100)
        larger = b2.spectrum_log_likelihood(more)
        assert larger < value


def test_many_at_once(b2, folder, rng):
    """As one by one: small signals, such of one bin, enormous ones, and with form factors."""
    shapes = [SM, np.eye(100)[30] * SM.sum(), np.arange(100.0) / 1e7]
    spectra = [size * shape for shape in shapes for size in (0, 0.5, 3, 8, 50, 1e4, 1e300)]
    spectra += [SM * rng.uniform(0, 10, 100) for _ in range(80)]
    single = [b2.spectrum_log_likelihood(spectrum) for spectrum in spectra]
    together = b2.log_likelihoods(spectra)
    assert together == pytest.approx(single, rel=0, abs=1e-7)
    assert b2.log_likelihoods(spectra[::-1]).tolist() == together[::-1].tolist()
    for bad in (spectra[0], [spectra[0][:99]], np.ones((2, 3, 100))):
        with pytest.raises(InvalidShape, match="points, 100"):
            b2.log_likelihoods(bad)
    with pytest.raises(InvalidValue, match="not negative"):
        b2.log_likelihoods([-SM])


def test_many_at_once_with_form_factors(folder, par):
    b2 = Belle2Likelihood(folder, check_sums=False, form_factor_covariance=True)
    points = [(par, wilson(LNQd_2123=x)) for x in (0.0, 1e-8, 3e-8, 1e-7, 1e-5)]
    together = b2.log_likelihoods([b2.spectra(*point) for point in points])
    single = [b2.log_likelihood(*point) for point in points]
    assert together == pytest.approx(single, rel=0, abs=1e-7)
    plain = [SM, 3 * SM]
    expected = [b2.spectrum_log_likelihood(spectrum) for spectrum in plain]
    assert b2.log_likelihoods(plain).tolist() == expected


def test_few_need_a_single_call(b2, rng, monkeypatch):
    """What is neither extreme nor far away is found together with the others."""
    spectra = SM * rng.uniform(0, 3, (50, 100))
    expected = b2.log_likelihoods(spectra)
    calls = []
    single = b2._log_likelihood
    monkeypatch.setattr(b2, "_log_likelihood", lambda *args: calls.append(1) or single(*args))
    assert b2.log_likelihoods(spectra).tolist() == expected.tolist()
    assert len(calls) < 10


def test_a_minimiser_comes_back_from_far_away(b2):
    """From 1e8 times the SM, in the logarithm of the size."""

    def minus(x):
        return -b2.spectrum_log_likelihood(float(np.exp(x[0])) * SM)

    found = minimize(minus, [np.log(1e8)], method="Nelder-Mead")
    best = minimize_scalar(lambda mu: -b2.spectrum_log_likelihood(mu * SM), bounds=(0, 20))
    assert found.fun == pytest.approx(best.fun, abs=1e-3)


@pytest.mark.parametrize("options", [{}, {"form_factor_covariance": True}], ids=["", "covariance"])
@pytest.mark.parametrize("name", ["LNQd_2123", "LNQdT_2123"])
@pytest.mark.parametrize("size", [1.2e-7, 3e-7, 1e-6, 1e-2])
@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.SizeWarning")
def test_exact_is_the_same_at_the_edge(folder, par, name, size, options):
    pytest.importorskip("pyhf")
    pytest.importorskip("iminuit")
    b2 = load(folder, **options)
    par["m_N1"] = 0.24
    found = b2.log_likelihood(par, wilson(**{name: size}))
    exact = b2.log_likelihood(par, wilson(**{name: size}), exact=True)
    assert found == pytest.approx(exact, abs=1e-4, rel=1e-13)


@pytest.fixture
def pyhf():
    module = pytest.importorskip("pyhf")
    pytest.importorskip("iminuit")
    default, current = module.get_backend(default=True), module.get_backend()
    logger = logging.getLogger("pyhf")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield module
    logger.setLevel(level)
    module.set_backend(*default, default=True)
    module.set_backend(*current)


BACKENDS = (
    {"precision": "32b"},
    {"precision": "32b", "custom_optimizer": "minuit"},
    {"precision": "32b", "custom_optimizer": "minuit", "default": True},
    {"custom_optimizer": "minuit"},
)


@pytest.mark.parametrize("options", BACKENDS)
def test_exact_leaves_pyhf_as_it_was(b2, pyhf, options):
    """The same value under any backend; backends and optimizers, also the default ones, the level
    of the messages and the callbacks of events are those of before."""
    value = b2.spectrum_log_likelihood(2 * SM, exact=True)

    def state():
        gc.collect()
        callbacks = len(pyhf.events.trigger("tensorlib_changed").callbacks)
        return *pyhf.get_backend(), *pyhf.get_backend(default=True), callbacks

    pyhf.set_backend("numpy", **options)
    before = state()
    assert b2.spectrum_log_likelihood(2 * SM, exact=True) == value
    after = state()
    assert all(x is y for x, y in zip(after[:4], before[:4], strict=True))
    assert after[4:] == before[4:]
    assert logging.getLogger("pyhf").level == logging.ERROR


def test_exact_leaves_pyhf_as_it_was_after_an_error(b2, pyhf, monkeypatch):
    pyhf.set_backend("numpy", custom_optimizer="minuit", precision="32b")
    before = pyhf.get_backend()

    def broken(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr(pyhf, "Model", broken)
    with pytest.raises(RuntimeError, match="broken"):
        b2.spectrum_log_likelihood(SM, exact=True)
    assert all(x is y for x, y in zip(pyhf.get_backend(), before, strict=True))
    assert logging.getLogger("pyhf").level == logging.ERROR


def test_exact_without_signal(b2):
    pytest.importorskip("pyhf")
    pytest.importorskip("iminuit")
    exact = b2.spectrum_log_likelihood(0 * SM, exact=True)
    assert b2.spectrum_log_likelihood(0 * SM) == pytest.approx(exact, abs=1e-4)


@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")
def test_workspace_is_one_of_pyhf(b2, par):
    pyhf = pytest.importorskip("pyhf")
    model = pyhf.Workspace(b2.workspace(par, wilson(**POINT))).model(poi_name=None)
    assert "corr_ff_c1" not in model.config.parameters
    expected = np.concatenate(list(b2.yields(par, wilson(**POINT)).values()))
    signal = model.nominal_rates[0, model.config.samples.index("signal"), 0]
    np.testing.assert_allclose(sorted(signal[signal > 0]), sorted(expected), rtol=1e-12)


def test_without_pyhf(b2, par, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyhf", None)
    assert np.isfinite(b2.log_likelihood(par, None))
    with pytest.raises(ImportError, match=r"pip install 'flavio_nusmeft\[belle2\]'"):
        b2.log_likelihood(par, None, exact=True)


def test_pickle(b2, par):
    value = b2.log_likelihood(par, wilson(**POINT))
    copy = pickle.loads(pickle.dumps(b2))
    assert copy.log_likelihood(par, wilson(**POINT)) == pytest.approx(value, abs=1e-7)
    assert copy.description() == b2.description()


def test_description(b2, folder):
    description = json.loads(json.dumps(b2.description()))
    assert set(description["checksums"]) == set(record.FILES)
    assert description != load(folder, form_factor_covariance=True).description()


def _leaves(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def test_description_is_all_of_python(folder):
    """So that it is the same text with any version of numpy."""
    for options in ({}, {"form_factor_covariance": np.True_}):
        leaves = list(_leaves(load(folder, **options).description()))
        assert {type(x) for x in leaves} <= {str, float, int, bool}


def test_description_has_the_form_factors(folder):
    description = load(folder, form_factor_covariance=True).description()
    names, covariance = list(description["form factors"]), description["form factor covariance"]
    (distribution,) = {
        id(d): d for d, n in flavio.default_parameters._constraints if n == names
    }.values()
    np.testing.assert_array_equal(covariance, distribution.covariance)


def test_repr(b2, folder):
    text = repr(b2)
    assert text.startswith(
        f"Belle2Likelihood('{folder}', form_factor_covariance=False, check_sums=False): B+ -> K+"
    )
    assert text.endswith(f"record {record.DOI}, another version")
    assert "\n" not in text
    assert "form_factor_covariance=True" in repr(load(folder, form_factor_covariance=True))


def test_parameters_are_not_changed(b2, par):
    before = dict(par)
    b2.log_likelihood(par, wilson(**POINT))
    assert par == before


# --- covariance of form factors ---------------------------------------------------------------


def test_covariance_of_the_yields(folder, par):
    """Components have the covariance of the yields for random form factors."""
    b2, plain = load(folder, form_factor_covariance=True), load(folder)
    wc = wilson(**{name: 3 * value for name, value in POINT.items()})
    factors, components = b2._signal(b2._spectra(par, wc))
    constraints = flavio.default_parameters
    (distribution, names), *_ = [
        (d, n) for d, n in constraints._constraints if n[0].startswith("B->K GRvDV a0_f+")
    ]
    rng = np.random.default_rng(1)
    draws = rng.multivariate_normal([par[n] for n in names], distribution.covariance, 400)
    events = []
    for draw in draws:
        values = plain.yields(par | dict(zip(names, map(float, draw), strict=True)), wc)
        events.append(np.concatenate(list(values.values())))
    expected = np.cov(np.transpose(events))
    found = components @ components.T
    assert components.shape == (18, len(names))
    # 400 draws: 7% of a variance at 2σ, and terms of second order
    np.testing.assert_allclose(np.diag(found), np.diag(expected), rtol=0.2)
    nominal = np.concatenate(list(plain.yields(par, wc).values()))
    np.testing.assert_allclose(factors * plain._model.nominal, nominal, rtol=1e-12)


def test_covariance_widens(folder, par):
    b2, plain = load(folder, form_factor_covariance=True), load(folder)
    wc = wilson(LNQd_2123=5e-8)
    assert b2.log_likelihood(par, wc) > plain.log_likelihood(par, wc)


def test_never_both(folder, par, as_flavio):
    b2 = load(folder, form_factor_covariance=True)
    with pytest.raises(InvalidValue, match=r"is for the form factors 'B->K GRvDV'"):
        b2.log_likelihood(par, None)
    par["B->K GRvDV a0_f+"] *= 1.01
    with pytest.raises(InvalidValue, match=r"a0_f\+' is .* central value .* cannot be varied"):
        b2.log_likelihood(par, None)
    assert np.isfinite(load(folder).log_likelihood(par, None))


# --- together with other measurements -----------------------------------------------------------


def test_in_place_of_the_branching_ratio(b2, folder, par):
    """The other measurements, and never both results of Belle II."""
    combined = "flavio_nusmeft Belle II B+->Kinv combined 2023"
    full = flavio_nusmeft.likelihood("current", belle2=b2)
    names = full.measurement_likelihood.get_measurements
    assert combined not in names
    assert set(names) == set(flavio_nusmeft.dataset("current")) - {combined}
    for likelihood in (full, flavio_nusmeft.likelihood("current", [], belle2=load(folder))):
        others = 0.0
        if likelihood.observables:
            others = likelihood.measurement_likelihood.log_likelihood_par(par, wilson(**POINT))
        found = likelihood.log_likelihood(par, wilson(**POINT))
        expected = others + b2.log_likelihood(par, wilson(**POINT))
        assert found == pytest.approx(expected, rel=1e-13, abs=0)


def test_as_a_function(b2):
    likelihood = flavio_nusmeft.likelihood("current", belle2=b2, fit_parameters={"m_N1": (0, 2)})
    function = flavio_nusmeft.LogLikelihood(
        likelihood, ["LNQd_2123", "m_N1"], scale=1e3, eft="nuSMEFT", basis="FGMS"
    )
    again = pickle.loads(pickle.dumps(function))
    assert again([1e-8, 1.0]) == function([1e-8, 1.0]) != function([2e-8, 1.0])
    assert function.description()["belle2"] == b2.description()


def test_not_with_other_data(b2):
    for arguments in ({"dataset": "paper2023"}, {"fast": True}):
        with pytest.raises(InvalidValue, match="data set 'current' with fast=False"):
            flavio_nusmeft.likelihood(belle2=b2, **arguments)
