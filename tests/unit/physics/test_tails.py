"""Partners of flavio's R_13(pp -> l nu), with a toy set of parton distributions."""

from __future__ import annotations

import itertools
import pickle

import flavio
import numpy as np
import parton_toy
import pytest
import wilson
from flavio.physics.dileptons import pplnu
from scipy.integrate import quad

from flavio_nusmeft import NuWilson, dataset, likelihood, predict
from flavio_nusmeft.errors import (
    HeavyMassWarning,
    InvalidBin,
    MissingRecord,
    StockObservableWarning,
    UnknownBasis,
)
from flavio_nusmeft.formulas.tails import parton_level
from flavio_nusmeft.measurements import find
from flavio_nusmeft.observables import QUANTITIES
from flavio_nusmeft.physics import tails
from flavio_nusmeft.physics.charged_couplings import has_coefficients
from flavio_nusmeft.physics.tail_couplings import KINDS, tail_couplings

NAME, STOCK = "R_13(pp->muinv)", "R_13(pp->munu)"
LOW, HIGH = BIN = (1000.0, 1500.0)
SCALE = 1250.0  # of the bin: nothing runs
MEMBER = "PDFmembers avg=0 replicas=1-100"
S = 13000.0**2


def warsaw(values, scale=SCALE):
    return NuWilson(values, scale, "nuSMEFT", "Warsaw")


def ratio(values, par, name=NAME, region=BIN):
    return flavio.Observable[name].prediction_par(par, warsaw(values), *region)


def ckm(par):
    return flavio.physics.ckm.get_ckm(par)


def vacuum(par):
    return (np.sqrt(2) * par["GF"]) ** -0.5


@pytest.mark.parametrize(
    ("operator", "kind", "low_energy"),
    [
        ("lnqd1", "scalar", "SnueduLL"),
        ("lnuq", "other scalar", "SnueduLR"),
        ("lnqd3", "tensor", "TnueduLL"),
        ("nedu", "vector", "VnueduRR"),
        ("phine", "W", "VnueduRL"),
    ],
)
def test_couplings_are_those_of_low_energies(operator, kind, low_energy, par, rng):
    """Matched onto nuWET at the same scale; the W has v²/2 times its propagator there."""
    n = 2 if operator == "phine" else 4
    values = {
        f"{operator}_{''.join(map(str, np.add(i, 1)))}": 1e-8 * complex(*rng.normal(size=2))
        for i in np.ndindex((3,) * n)
    }
    w = warsaw(values, 91.1876)
    sectors = tuple(f"{u}{d}{x}nu" for u in "uc" for d in "dsb" for x in ("e", "mu", "tau"))
    matched = w.sterile(91.1876, sectors, "nuWET", par)
    for p, lepton in enumerate(("e", "mu", "tau")):
        found = tail_couplings(w, par, lepton, 91.1876).reshape(6, len(KINDS), 2, 3)
        assert not found[:3].any()
        assert not np.delete(found, KINDS.index(kind), axis=1).any()
        factor = vacuum(par) ** 2 / 2 if kind == "W" else 1
        for r, i, t in np.ndindex(3, 2, 3):
            expected = factor * matched[f"{low_energy}_{4 + r}{p + 1}{t + 1}{i + 1}"]
            one = found[3 + r, KINDS.index(kind), i, t]
            assert abs(one) == pytest.approx(abs(expected), rel=1e-9, abs=1e-20)


def test_standard_model(toy_pdf, par):
    for lepton in ("e", "mu"):
        name = f"R_13(pp->{lepton}inv)"
        assert flavio.sm_prediction(name, *BIN) == 1
        assert ratio({}, par, name) == 1
    assert flavio.sm_prediction(STOCK, *BIN) == 1


@pytest.mark.parametrize("region", [BIN, (130.0, 138.982), (4485.0, 6000.0)])
def test_cross_section_of_flavio(toy_pdf, par, region):
    sections = tails._cross_sections(par, *region, 0.0)[KINDS.index("W")]
    scale = sum(region) / 2
    expected = pplnu.sigma_qqlnu_int(S, *region, "mu", None, par, scale**2, scale, newphys=False)
    found = np.sum(sections * abs(ckm(par)[:2]) ** 2)
    assert found == pytest.approx(expected, rel=1e-5, abs=0)


def integral(par, kind, m, low, high):
    """Of u and d quarks, with the propagator of the W written out, if any."""
    plumi = tails._luminosity(par, ((low + high) / 2) ** 2)
    g2 = 0.9608 * 4 * np.pi * par["alpha_e"] / par["s2w"]
    m_W, width = par["m_W"], 1 / par["tau_W"]
    row = {"scalar": 0, "tensor": 2, "W": 1, "dipole": 3}[kind]

    def integrand(tau):
        s = tau * S
        part = parton_level(s, low, m)[row] - parton_level(s, high, m)[row]
        luminosity = 2 * (plumi.L(2, -1, tau) + plumi.L(1, -2, tau))
        pole = ((s - m_W**2) ** 2 + (m_W * width) ** 2) ** -1
        amplitude2 = {"W": g2**2 / 4 * pole, "dipole": 2 * g2 * pole}.get(kind, 1.0)
        return part * luminosity * amplitude2

    ends = [(x + np.sqrt(x**2 + 4 * m**2)) ** 2 / 4 / S for x in (low, high)]
    peak = [(m_W + k * width) ** 2 / S for k in (-5, 0, 5)]
    edges = sorted({*ends, *(x for x in peak if x > ends[0]), 0.05, 1 - 1e-9})
    parts = [
        quad(integrand, a, b, epsabs=0, epsrel=1e-7, limit=200)[0]
        for a, b in itertools.pairwise(edges)
    ]
    return sum(parts)


@pytest.mark.parametrize(
    ("kind", "m", "region"),
    [
        ("W", 0.0, (40.0, 60.0)),  # below the resonance
        ("scalar", 900.0, BIN),
        ("tensor", 300.0, BIN),
        ("dipole", 300.0, BIN),
    ],
)
def test_integrals(toy_pdf, par, kind, m, region):
    found = tails._cross_sections(par, *region, m)[KINDS.index(kind), 0, 0]
    assert found == pytest.approx(integral(par, kind, m, *region), rel=1e-6, abs=0)


def test_as_smeft_in_flavio(toy_pdf, par):
    """The same scalar, tensor and vector couplings of an active neutrino without interference."""
    V = ckm(par)
    smeft = {"ledq_1211": 3e-7, "lequ3_1211": 1e-7, "lq3_1211": 4e-8}
    values = {"lnuq_2111": smeft["ledq_1211"]}
    for t in range(3):
        values[f"nedu_12{t + 1}1"] = 2 * smeft["lq3_1211"] * V[0, t]
        for s in range(3):
            tensor = smeft["lequ3_1211"] * V[0, s].conj() * V[0, t]
            values[f"lnqd3_21{s + 1}{t + 1}"] = tensor
    wc_obj = flavio.WilsonCoefficients()
    wc_obj.set_initial(smeft, SCALE, "SMEFT", "Warsaw up")
    expected = flavio.Observable[STOCK].prediction_par(par, wc_obj, *BIN)
    assert ratio(values, par) == pytest.approx(expected, rel=1e-6, abs=0)
    alone = [
        ratio({k: v for k, v in values.items() if k[:4] == x}, par) - 1
        for x in ("lnuq", "lnqd", "nedu")
    ]
    assert min(alone) > 0.05 * max(alone)
    assert 1 + sum(alone) == pytest.approx(expected, rel=1e-6, abs=0)


def test_smeft_and_n(toy_pdf, par):
    """flavio's part is that of SMEFT alone."""
    smeft, sterile = {"lq3_2211": 2e-8}, {"lnqd1_2111": 1e-7}
    expected = flavio.np_prediction(STOCK, wilson.Wilson(smeft, SCALE, "SMEFT", "Warsaw"), *BIN)
    assert ratio(smeft, par) == pytest.approx(expected, rel=1e-12, abs=0)
    assert abs(expected - 1) > 0.01
    both = expected + ratio(sterile, par) - 1
    assert ratio(smeft | sterile, par) == pytest.approx(both, rel=1e-12, abs=0)


def test_w_pole(toy_pdf, par):
    """phine: as many N per event of the SM as in W -> l N; nW grows with the energy."""
    C = 1e-6
    found = ratio({"phine_12": C}, par) - 1
    assert found == pytest.approx((vacuum(par) ** 2 / 2 * C) ** 2, rel=1e-10, abs=0)
    assert ratio({"phine_12": C}, par, "R_13(pp->einv)") == 1
    assert ratio({"nW_21": C}, par, region=(2000.0, 3000.0)) > 1 + 4 * found
    # 2√2 m_W nW over the amplitude of the SM, of u and d quarks alone
    standard, one = (integral(par, kind, 0.0, *BIN) for kind in ("W", "dipole"))
    sections = tails._cross_sections(par, *BIN, 0.0)[:, 0, 0]
    assert sections[KINDS.index("dipole")] == pytest.approx(one, rel=1e-6, abs=0)
    assert sections[KINDS.index("W")] == pytest.approx(standard, rel=1e-6, abs=0)
    weights = abs(ckm(par)[:2]) ** 2
    total = [np.sum(weights * tails._cross_sections(par, *BIN, 0.0)[i]) for i in (4, 5)]
    expected = (vacuum(par) * C) ** 2 * total[1] / total[0]
    assert ratio({"nW_21": C}, par) - 1 == pytest.approx(expected, rel=1e-9, abs=0)


def test_many_points(toy_pdf, rng):
    names = ("lnqd1_2111", "lnqd3_2212", "lnuq_2121", "nedu_3232", "phine_12", "nW_21")
    values = {n: 1e-7 * (rng.normal(size=3) + 1j * rng.normal(size=3)) for n in names}
    mass = np.array([[0.3], [2.0]])
    observables = [(NAME, *BIN), (NAME, 300.0, 400.0), ("R_13(pp->einv)", *BIN)]
    found = predict(
        observables, values, scale=1e3, eft="nuSMEFT", basis="Warsaw", par={"m_N1": mass}
    )
    for observable in observables:
        name, *region = observable
        assert found[observable].shape == (2, 3)
        for i, j in np.ndindex(2, 3):
            par = flavio.default_parameters.get_central_all() | {"m_N1": float(mass[i, 0])}
            w = warsaw({k: v[j] for k, v in values.items()}, 1e3)
            expected = flavio.Observable[name].prediction_par(par, w, *region)
            assert found[observable][i, j] == pytest.approx(expected, rel=1e-12, abs=0)
    assert found[observables[0]].min() > 1.001
    assert (found[observables[2]] == 1).all()


def test_mass(toy_pdf, par):
    """Light N are massless; heavy ones are rarer, up to the energy of the protons."""
    values = {"lnqd1_2111": 1e-7, "nedu_1211": 1e-7}
    massless = ratio(values, par)
    assert ratio(values, par | {"m_N1": 1.0}) == pytest.approx(massless, rel=1e-5, abs=0)
    heavy = ratio(values, par | {"m_N1": 500.0})
    assert 1.01 < heavy < massless - 0.01
    with pytest.warns(HeavyMassWarning):
        assert ratio(values, par | {"m_N1": 13001.0}) == 1


def test_settings_count(toy_pdf, par, tmp_path, monkeypatch):
    """Another member, or another set: also for flavio's part."""
    smeft = flavio.WilsonCoefficients()
    smeft.set_initial({"ledq_2211": 1e-7}, SCALE, "SMEFT", "Warsaw up")
    points = warsaw({"lnuq_2111": 1e-7}), smeft  # the same couplings

    def values(member=0):
        observable = flavio.Observable[NAME]
        return [observable.prediction_par(par | {MEMBER: member}, w, *BIN) for w in points]

    first, member = values(), values(1)
    parton_toy.write(tmp_path, "other", powers=(0.8,))
    monkeypatch.setitem(flavio.config["PDF set"]["dileptons"], "name", "other")
    other = values()
    for found in (first, member, other):
        assert found[0] == pytest.approx(found[1], rel=1e-6, abs=0)
    assert min(np.diff(sorted([first[0], member[0], other[0]]))) > 1e-3


def test_without_distributions(toy_pdf, par, monkeypatch):
    sterile, smeft = {"lnqd1_2111": 1e-7}, {"lq3_2211": 1e-8}
    for wanted in ({}, sterile, smeft):
        with pytest.raises(MissingRecord, match=r"^the PDF set toy has no member 7: set 'PDFmem"):
            ratio(wanted, par | {MEMBER: 7.0})
    monkeypatch.setitem(flavio.config["PDF set"]["dileptons"], "name", "absent")
    command = r"needs the PDF set absent: python -m parton update && python -m parton install abs"
    for wanted in ({}, sterile, smeft):
        with pytest.raises(MissingRecord, match=command) as caught:
            ratio(wanted, par)
        assert "\n" not in str(caught.value)
    with pytest.raises(MissingRecord, match=command):
        predict((NAME, *BIN), sterile, scale=1e3, eft="nuSMEFT", basis="Warsaw")


@pytest.mark.parametrize(
    "region",
    [(100, 100), (200, 100), (0, 100), (-10, 100), (np.nan, 100), (100, np.inf), (13000, 14000)],
)
def test_bins(region):
    with pytest.raises(InvalidBin, match="mTmin = "):
        flavio.sm_prediction(NAME, *region)


def test_coefficients_of_low_energies(toy_pdf, par):
    for eft, name in (("nuWET", "SnueduLL_4211"), ("WET", "CVL_dumunumu")):
        if eft == "nuWET":
            w = NuWilson({name: 1e-7}, 4.8, eft, "JMS")
        else:
            w = flavio.WilsonCoefficients()
            w.set_initial({name: 0.1}, 4.8, eft, "flavio")
        assert has_coefficients(w)
        with pytest.raises(UnknownBasis) as caught:
            flavio.Observable[NAME].prediction_par(par, w, *BIN)
        assert "\n" not in str(caught.value)


def test_pickle(toy_pdf, par):
    quantity = QUANTITIES[NAME](par, *BIN)
    copy = pickle.loads(pickle.dumps(quantity))
    assert copy.numerator[0] == quantity.numerator[0]._replace(form=copy.numerator[0].form)
    assert [part.value(None, par) for part in copy.numerator[1:]] == [0, 1]


def test_likelihood(toy_pdf, par):
    """Without the data set nobody needs distributions."""
    assert not any("pp->" in name for name in dataset("current"))
    bins = [o for n in dataset("tails") for o in find(n).all_parameters]
    assert len(bins) == 336
    chosen = [o for o in bins if o[1] > 3000][:3]
    data = likelihood("tails", chosen)
    values = [
        data.log_likelihood(par, warsaw({"lnqd1_1111": C}, 1e3)) for C in (0.0, 1e-7, 1e-6, 1e-5)
    ]
    assert np.isfinite(values).all()
    assert (np.diff(values) < 0).all()


def test_stock_observable_with_n(toy_pdf, par):
    observable = flavio.Observable[STOCK]
    with pytest.warns(StockObservableWarning, match=r"here R_13\(pp->einv\), R_13\(pp->muinv\)$"):
        value = observable.prediction_par(par, warsaw({"nW_21": 1e-7}), *BIN)
    assert value == 1
    # of two N: none in this process
    assert observable.prediction_par(par, warsaw({"qn_1111": 1e-7}), *BIN) == 1
