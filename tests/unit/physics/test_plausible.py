"""Warnings for predictions that cannot be meant."""

from __future__ import annotations

import json
import re
import warnings

import flavio
import numpy as np
import pytest
import wilson
from nusmeft_cli import main

from flavio_nusmeft import LogLikelihood, NuWilson, errors, likelihood, predict, to_popxf
from flavio_nusmeft.eft.flavour import lookup
from flavio_nusmeft.eft.operators import WARSAW
from flavio_nusmeft.eft.wilson import PARTNERS
from flavio_nusmeft.observables import NAMES, QUANTITIES
from flavio_nusmeft.physics import plausible
from flavio_nusmeft.physics.modes import INVISIBLE, LEPTONIC, SEMI_INVISIBLE, SEMILEPTONIC
from flavio_nusmeft.physics.rates import couplings_of

FGMS = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
NUSMEFT = (1e3, "nuSMEFT", "Warsaw")
TOTALS = [n for n in NAMES if not flavio.Observable[n].arguments and n.startswith("BR")]
# observables of flavio that become one of ours with inv for nu
STOCK = {
    name.replace("inv)", end): name
    for name in TOTALS
    for end in ("nunu)", "nu)")
    if name.replace("inv)", end) in flavio.Observable.instances
}
STOCK |= {n.replace("inv)", "nu)"): n for n in NAMES if n.startswith(("Rtaul", "Rmue(B->D"))}
# these fail in stock flavio, for want of a mass of l
STOCK = {stock: own for stock, own in STOCK.items() if "->pilnu" not in stock or stock[3] != "K"}


def predict_one(name, wc_obj, *arguments):
    par = flavio.default_parameters.get_central_all()
    return flavio.Observable[name].prediction_par(par, wc_obj, *arguments)


# stock observables


@pytest.mark.parametrize("name", sorted(STOCK))
def test_stock_observables_with_a_partner(name):
    """Of an object in which N contributes to the partner; the value is that without N."""
    par, partner = flavio.default_parameters.get_central_all(), STOCK[name]
    quantity = QUANTITIES[partner](par)
    if "W->" in name:
        w = NuWilson({"nW_21": 1e-8}, *NUSMEFT)
    else:
        names = map(operator, couplings_of(quantity))
        w = NuWilson(dict.fromkeys(names, 1e-8), 4.8, "nuWET", "JMS")
    with pytest.warns(errors.StockObservableWarning, match="inv for nu in their names") as caught:
        value = predict_one(name, w)
    assert len({str(one.message) for one in caught}) == 1
    assert value == pytest.approx(flavio.sm_prediction(name), rel=1e-12, abs=0)
    # widths to a helicity of the meson and the inclusive one are not listed
    shown = re.sub(r"_[LT]\(", "(", partner)
    names = {re.sub(r"(e|mu|tau)inv\)", lepton, shown) for lepton in ("linv)", "einv)", "muinv)")}
    text = str(caught[0].message)
    assert "Xc" in partner or any(name in text for name in names)


LOW_STOCK = [name for name in sorted(STOCK) if "W->" not in name][::8]


@pytest.mark.parametrize("name", LOW_STOCK)
def test_stock_observables_with_mixing(name):
    """Of an object without N in this sector: the parameters say that N contributes."""
    par = flavio.default_parameters.get_central_all()
    w = NuWilson({"VnuuLL_4422": 1e-12}, 4.8, "nuWET", "JMS")
    mixed = par | {"m_N2": 1.0, "U_mu2": 0.1}
    stock = flavio.Observable[name]
    with pytest.warns(errors.StockObservableWarning, match="do not see the mixing U_mu2: take"):
        value = stock.prediction_par(mixed, w)
    assert value == pytest.approx(flavio.sm_prediction(name), rel=1e-12, abs=0)
    stock.prediction_par(par, w)
    stock.prediction_par(par | {"U_mu2": 0.1}, w)  # massless: nothing changes


def operator(which):
    """An operator of nuWET with one N or two of a transition of quarks or leptons."""
    leptons = {"taumu": "23", "taue": "13", "mue": "12"}
    if which.quarks in leptons:
        return f"VnueLL_44{leptons[which.quarks]}"
    down, up = (
        quarks.index(q) + 1 if q in quarks else 0
        for quarks, q in zip(("dsb", "uc"), which.quarks, strict=True)
    )
    if which.lepton:
        return f"VnueduRR_4{['e', 'mu', 'tau'].index(which.lepton) + 1}{down}{up}"
    indices = sorted("dsb".index(q) + 1 for q in which.quarks)
    return "VnudLL_44{}{}".format(*indices)


@pytest.mark.parametrize(
    ("name", "arguments", "values"),
    [
        ("DeltaM_s", (), {"qn_2311": 1e-8, "lnqd1_2123": 1e-8}),
        ("BR(Bs->mumu)", (), {"qn_2311": 1e-8, "lnqd1_2123": 1e-8}),
        ("<P5p>(B0->K*mumu)", (1.1, 6.0), {"qn_2311": 1e-8}),
        ("BR(B+->Knunu)", (), {"qn_1211": 1e-8}),  # s -> d
        ("BR(B+->Knunu)", (), {"nu_1112": 1e-8}),  # c -> u
        ("BR(B+->Knunu)", (), {"nn_1111": 1e-8}),
        ("BR(B+->Knunu)", (), {"lq1_1123": 1e-9}),
        ("BR(B+->Knunu)", (), {}),
        ("BR(B+->Dtaunu)", (), {"qn_2311": 1e-8}),
        ("BR(B+->Dtaunu)", (), {"lq3_3323": 1e-9}),
    ],
)
def test_stock_observables_that_n_does_not_touch(name, arguments, values):
    predict_one(name, NuWilson(values, *NUSMEFT), *arguments)  # warnings are errors


def test_stock_observables_of_other_objects():
    predict_one("BR(B+->Knunu)", wilson.Wilson({"lq1_1123": 1e-9}, 1e3, "SMEFT", "Warsaw"))
    # sectors below m_b of an object that begins there
    w = NuWilson({"VnudLL_4412": 1e-10}, 2.0, "nuWET-3", "JMS")
    with pytest.warns(errors.StockObservableWarning, match="BR.K.->piinv"):
        predict_one("BR(K+->pinunu)", w)


def test_stock_observables_without_a_partner(monkeypatch):
    """As those of a sector of which a later version of flavio has the first observable."""
    monkeypatch.delitem(PARTNERS, "ustaunu")
    w = NuWilson({"nedu_1321": 1e-8}, *NUSMEFT)
    with pytest.warns(errors.StockObservableWarning, match="has none of ustaunu with N$"):
        value = predict_one("BR(tau->Knu)", w)
    assert value == predict_one("BR(tau->Knu)", NuWilson({}, *NUSMEFT))


def test_our_own_observables_see_everything(toy_pdf):
    """SMEFT and N in one object: no word of stock observables."""
    w = NuWilson({"lq1_1123": 1e-10, "qn_2311": 1e-10, "lnqd1_1123": 1e-10}, *NUSMEFT)
    for name in NAMES:
        arguments = flavio.Observable[name].arguments or ()
        bins = (500.0, 600.0) if "pp->" in name else (0.0, 0.6)
        predict_one(name, w, *{0: (), 1: (3.0,), 2: bins}[len(arguments)])


def test_stock_observables_once_in_a_loop():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for size in range(5):
            w = NuWilson({"LNQd_2123": size * 1e-9, "QN_2311": 1e-9}, **FGMS)
            predict_one("BR(B+->Knunu)", w)
        flavio.np_uncertainty("BR(B+->Knunu)", w, N=3)
    assert len(caught) == 2  # two lines
    assert {one.filename for one in caught} == {__file__}


# coefficients without effect


def test_what_changes_an_observable(par, rng):
    """Decided by the predictions themselves: all that change nothing, and a part of the others."""
    totals = [n for n in NAMES if not flavio.Observable[n].arguments]
    totals = [n for n in totals if "pp->" not in n and n.startswith(("BR(", "Gamma"))]
    predictions = [flavio.Observable[o].prediction_par for o in totals]
    standard = [prediction(par, None) for prediction in predictions]
    for name, coefficient in lookup(WARSAW).items():
        value = 1e-8 * (1.0 if coefficient.real else 1 + 1j)
        w = NuWilson({name: value}, *NUSMEFT)
        is_idle = plausible.idle(w, par) == [name]
        if is_idle or rng.random() < 0.2:
            w._is_plausible = True  # no warnings here
            pairs = zip(predictions, standard, strict=True)
            assert is_idle == all(prediction(par, w) == sm for prediction, sm in pairs), name


def test_full_running_mixes(par):
    w = NuWilson(dict.fromkeys(("nu_1133", "nn_1111", "lnle_2122"), 1e-8), *NUSMEFT)
    assert plausible.idle(w, par) == ["nu_1133", "nn_1111", "lnle_2122"]
    w.set_option("running", "full")
    assert plausible.idle(w, par) == ["nn_1111"]
    w = NuWilson({"nu_1133": 1e-8}, 91.1876, "nuSMEFT", "Warsaw")
    w.set_option("running", "full")
    assert plausible.idle(w, par) == ["nu_1133"]  # there is no running


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nu_1133": 1e-8}, r"nu_1133 \(qcd running\); .* 'full' the effect comes by mixing$"),
        ({"nn_1111": 1e-8}, r"nn_1111 \(qcd running\)$"),
        (
            {"nn_1111": 1e-8, "nu_1133": 1e-8},
            r"nn_1111, nu_1133 \(qcd .* effect of nu_1133 comes by mixing$",
        ),
    ],
)
def test_coefficients_without_effect(values, message):
    w = NuWilson(values, *NUSMEFT)
    with pytest.warns(errors.NoEffectWarning, match=message):
        flavio.np_prediction("BR(B+->Kinv)", w)
    flavio.np_prediction("BR(B+->Kinv)", w)  # once per object
    point = dict(zip(("scale", "eft", "basis"), NUSMEFT, strict=True))
    with pytest.warns(errors.NoEffectWarning, match=message):
        predict("BR(B+->Kinv)", values, **point)
    with pytest.warns(errors.NoEffectWarning, match=message):
        LogLikelihood(likelihood("current", ["BR(B0->Kinv)"]), list(values), **point)
    with pytest.warns(errors.NoEffectWarning, match=message):
        to_popxf("BR(B+->Kinv)", coefficients=["qn_2311", *values], **point)


def test_part_of_the_coefficients_without_effect():
    """An object of a model is not reproached with operators that no observable sees; a variable
    is."""
    values = {"nn_1111": 1e-8, "qn_2311": 1e-8}
    flavio.np_prediction("BR(B+->Kinv)", NuWilson(values, *NUSMEFT))
    point = dict(zip(("scale", "eft", "basis"), NUSMEFT, strict=True))
    with pytest.warns(errors.NoEffectWarning, match="on nn_1111 "):
        predict("BR(B+->Kinv)", values, **point)


def test_names_in_nuwet(par):
    w = NuWilson({"VnueLL_4411": 1e-8, "VnudLL_4423": 1e-8}, 4.8, "nuWET", "JMS")
    assert plausible.idle(w, par) == ["VnueLL_4411"]


# masses


def test_no_hadron_is_heavier_than_the_bc(par):
    modes = (SEMI_INVISIBLE, SEMILEPTONIC, INVISIBLE, LEPTONIC)
    assert max(par[f"m_{m.B}"] for table in modes for m in table.values()) == par["m_Bc"]


@pytest.mark.parametrize(
    ("values", "masses", "heavy"),
    [
        ({"QN_2311": 1e-8}, {"m_N1": 1500.0}, True),
        ({"QN_2312": 1e-8}, {"m_N2": 1500.0}, True),
        ({"LNQd_2123": 1e-8}, {"m_N1": 10.0}, True),
        ({"LNQd_2123": 1e-8}, {"m_N1": 0.1, "m_N2": 10.0}, False),
        ({"LNQd_2123": 1e-8, "QN_2322": 1e-8}, {"m_N1": 10.0}, False),
        ({"LNQd_2123": 1e-8, "QN_2322": 1e-8}, {"m_N1": 10.0, "m_N2": 10.0}, True),
        ({"LNQd_2123": 1e-8}, {"m_N1": 5.0}, False),
        ({}, {"m_N1": 1500.0}, False),
    ],
)
def test_masses_in_mev(par, values, masses, heavy):
    w = NuWilson(values, **FGMS)

    def single():
        return flavio.Observable["BR(B+->Kinv)"].prediction_par(par | masses, w)

    def many():
        arrays = {name: np.array([mass, mass + 1]) for name, mass in masses.items()}
        return predict("BR(B+->Kinv)", values, par=arrays, **FGMS)

    for call in (single, many):
        if heavy:
            with pytest.warns(errors.HeavyMassWarning, match="m_N. above .*; masses are in GeV$"):
                call()
        else:
            call()
    if heavy:  # some point is open
        arrays = {name: np.array([mass, 1.0]) for name, mass in masses.items()}
        predict("BR(B+->Kinv)", values, par=arrays, **FGMS)


@pytest.mark.parametrize(("mass", "heavy"), [(100.0, False), (2e4, True)])
def test_protons_make_n_that_are_heavier_than_hadrons(toy_pdf, par, mass, heavy):
    """Not in a decay, but in pp, up to its energy; of an operator that pp sees."""
    observable, values = ("R_13(pp->muinv)", 500.0, 600.0), {"lnuq_2111": 1e-8}
    point = dict(zip(("scale", "eft", "basis"), NUSMEFT, strict=True))
    name, *bins = observable
    calls = (
        lambda: flavio.Observable[name].prediction_par(
            par | {"m_N1": mass}, NuWilson(values, *NUSMEFT), *bins
        ),
        lambda: predict(observable, values, par={"m_N1": mass}, **point),
    )
    for call in calls:
        if heavy:
            with pytest.warns(errors.HeavyMassWarning, match="m_N1 above the masses of all that"):
                call()
        else:
            call()
    with pytest.warns(errors.HeavyMassWarning, match="decays to N by these coefficients"):
        predict("BR(D+->muinv)", values, par={"m_N1": mass}, **point)


def test_a_refusal_comes_without_other_warnings():
    """Of coefficients that cannot reach the observable: one reason, not two."""
    point = {"scale": 91.0, "eft": "nuWET", "basis": "JMS"}
    for call in (
        lambda: predict("BR(h->inv)", {"VnueLL_4411": 1e-8}, **point),
        lambda: to_popxf("BR(h->inv)", coefficients=["VnueLL_4411"], **point),
    ):
        with pytest.raises(errors.UnknownBasis, match="cannot run from nuWET up to nuSMEFT"):
            call()


# branching ratios above 1


@pytest.mark.parametrize(
    ("observable", "size"),
    [
        ("BR(B+->Kinv)", 1e-5),
        ("BR_SD(B+->Kinv)", 1e-5),
        (("<dBR/dq2>(B+->Kinv)", 0.0, 20.0), 1e-5),
        ("BR(B->Xsinv)", 1e-5),
    ],
)
def test_branching_ratios_above_one(observable, size):
    name, *arguments = (observable,) if isinstance(observable, str) else observable
    for factor, above in ((1.0, True), (1e-2, False)):
        value = factor * size
        calls = (
            lambda value=value: predict_one(
                name, NuWilson({"LNQd_2123": value}, **FGMS), *arguments
            ),
            lambda value=value: predict(observable, {"LNQd_2123": np.array([0, value])}, **FGMS),
        )
        for call in calls:
            if above:
                with pytest.warns(errors.SizeWarning, match="is above 1: coefficients are in GeV"):
                    call()
            else:
                call()


def test_size_of_coefficients_once_per_likelihood():
    """Whatever the filter of warnings: a scan has thousands of points."""
    function = LogLikelihood(likelihood("current", ["BR(B+->tauinv)"]), ["LNQd_2123"], **FGMS)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function([1e-9])
        assert not caught
        for size in (1e-3, 2e-3, 3e-3):
            function([size])
        function.many([[1e-3], [2e-3]])
    assert [one for one in caught if "above (4π/scale)²" in str(one.message)] == [caught[0]]


def test_ratios_may_be_above_one():
    w = NuWilson({"VnueduRR_4332": 1e-4}, 4.8, "nuWET", "JMS")
    assert predict_one("Rtaul(B->Dlinv)", w) > 1


def test_values_that_are_no_numbers():
    with (
        pytest.warns(errors.SizeWarning),
        pytest.raises(errors.InvalidValue, match=r"BR.B.->Kinv. is not finite"),
    ):
        predict_one("BR(B+->Kinv)", NuWilson({"LNQd_2123": 1e200}, **FGMS))
    with (
        pytest.warns(errors.SizeWarning),
        pytest.raises(errors.InvalidValue, match=r"BR.B.->Kinv. is not finite"),
    ):
        predict("BR(B+->Kinv)", {"LNQd_2123": np.array([1e-8, 1e200])}, **FGMS)


# the command


def test_command(tmp_path, capsys):
    """Warnings are single lines, once each, and go with results."""
    path = tmp_path / "point.yml"
    path.write_text(
        "{eft: nuSMEFT, basis: Warsaw, scale: 1000,"
        " values: {lnqd1_2123: 2.0e-2, nu_1133: 1.0e-8, nW_21: 1.0e-8}}"
    )
    command = ["predict", str(path), "-o", "BR(B+->Kinv)", "-o", "BR(B+->Knunu)", "--json"]
    assert main(command) == 0
    captured = capsys.readouterr()
    data = json.loads(captured.out)
    assert data["idle"] == ["nu_1133"]
    # W -> mu N sees nW, nothing below m_W does
    assert sorted(data["unmatched"]) == ["nW_21", "nu_1133"]
    assert data["unmatched"] == NuWilson(dict.fromkeys(data["values"], 1e-8), *NUSMEFT).unmatched
    lines = captured.err.splitlines()
    starts = ["lnqd1_2123 above", "BR(B+->Kinv) is above 1", "observables of flavio see only"]
    starts.append("no observable of flavio_nusmeft depends on nu_1133")
    assert len(lines) == len(starts)
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(f"nusmeft: {start}")
