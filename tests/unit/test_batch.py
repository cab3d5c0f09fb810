"""Many points at once equal single points."""

from __future__ import annotations

import itertools
import json

import flavio
import numpy as np
import pytest
import wilson
import yaml

from flavio_nusmeft import NuWilson, batch, errors, likelihood, predict, to_popxf
from flavio_nusmeft.eft.bases import known_coefficients
from flavio_nusmeft.measurements import results
from flavio_nusmeft.observables import NAMES, QUANTITIES
from flavio_nusmeft.physics.rates import Quantity, Stock, evaluate

FGMS = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
ARGUMENTS = {
    (): (),
    ("q2",): (7.3,),
    ("q2min", "q2max"): (5.0, 8.5),
    ("MXmin", "MXmax"): (1.0, 6.0),
    ("mTmin", "mTmax"): (500.0, 600.0),
}
SCALES = {"(K": 0.01, "(D": 0.2}  # q² of these decays over that of B


def arguments_of(name):
    factor = next((factor for start, factor in SCALES.items() if start in name), 1.0)
    return [factor * x for x in ARGUMENTS[tuple(flavio.Observable[name].arguments or ())]]


# every observable of the package, with arguments where it has any
ALL = [(name, *arguments_of(name)) if flavio.Observable[name].arguments else name for name in NAMES]


def single(observable, w, **par):
    name, *arguments = (observable,) if isinstance(observable, str) else observable
    parameters = {**flavio.default_parameters.get_central_all(), **par}
    return flavio.Observable[name].prediction_par(parameters, w, *arguments)


def complexes(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) * 2e-8


def test_every_observable_equals_single_points(rng, toy_pdf):
    """Complex coefficients that interfere, unequal masses, two parameter points."""
    names = ("QN_2311", "QN_2312", "dN_2312", "LNQd_2123", "LNQdT_2123", "LNQd_1132", "LNQdT_3323")
    coefficients = {name: complexes(rng, 3) for name in names}
    light = ("QN_1312", "LNQd_2113", "LNQdT_2131", "QN_1212", "dN_1222", "LNQd_2112", "LNQdT_1121")
    coefficients |= {name: 1e-3 * complexes(rng, 3) for name in light}
    coefficients["QN_2311"] = coefficients["QN_2311"].real
    par = {"m_N1": np.array([[0.4], [1.1]]), "m_N2": 0.7, "Vcb": np.array([[0.041], [0.043]])}
    found = predict(ALL, coefficients, **FGMS, par=par)
    assert set(found) == set(ALL)
    for i, j in itertools.product(range(2), range(3)):
        w = NuWilson({k: v[j] for k, v in coefficients.items()}, 1e3, "nuSMEFT", "FGMS")
        point = {k: np.ravel(v)[i % np.size(v)] for k, v in par.items()}
        for observable in ALL:
            assert found[observable].shape == (2, 3)
            expected = single(observable, w, **point)
            # branching ratios of K are 1e-11
            assert found[observable][i, j] == pytest.approx(expected, rel=1e-12, abs=1e-24)
    # as np_prediction, with flavio's default parameters
    name = "BR(B+->Kinv)"
    alone = predict(name, {k: v[0] for k, v in coefficients.items()}, **FGMS)[name]
    w = NuWilson({k: v[0] for k, v in coefficients.items()}, 1e3, "nuSMEFT", "FGMS")
    assert alone.shape == ()
    assert alone == pytest.approx(flavio.np_prediction(name, w), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("eft", "basis", "names", "scale"),
    [
        ("nuSMEFT", "Warsaw", ("qn_2311", "lq1_1123", "lq3_2223", "phiq3_23", "lnqd1_2123"), 1e3),
        ("nuSMEFT", "LiaoMa", ("LdQN_2321", "LNQd_2123", "QN_2311"), 1e3),
        ("SMEFT", "Warsaw", ("lq3_3323", "ledq_3333"), 1e3),
        ("nuWET", "JMS", ("VnudLL_1223", "VnudLL_4523", "SnudLL_1423", "VnueduLL_3332"), 4.8),
        ("WET", "JMS", ("VnudLL_1223", "VnudLR_1123", "VnueduLL_3332"), 80.0),
        ("WET", "flavio", ("CL_bsnuenumu", "CR_bsnumunumu", "CVL_bctaunutau"), 4.8),
        ("nuWET", "JMS", ("VnudLL_1223", "SnudLL_1412", "TnuuLL_1421", "VnudLL_1212"), 4.8),
        ("WET", "JMS", ("VnudLL_1223", "VnuuLL_1212", "VnudLR_2312"), 80.0),
        ("WET", "flavio", ("CL_bsnuenumu", "CL_sdnuenumu", "CR_sdnumunumu"), 4.8),
    ],
)
def test_other_effective_theories(eft, basis, names, scale, rng):
    observables = ["BR(B0->K*inv)", "BR(Bs->inv)", "Rtaul(B->Dlinv)", "BR(B->Xcmuinv)"]
    observables += ["BR(KL->piinv)", "BR(K+->piinv)", "BR(D0->piinv)"]
    size = 1.0 if basis == "flavio" else 1e-7 if basis == "Warsaw" else 5e-9
    values = {name: size * complexes(rng, 2) / 2e-8 for name in names}
    real = {name for name in names if name in ("VnudLL_1123", "VnudLR_1123", "QN_2311")}
    known = known_coefficients(eft, basis)
    values = {k: v.real if known[k] or k in real else v for k, v in values.items()}
    found = predict(observables, values, scale=scale, eft=eft, basis=basis)
    for j in range(2):
        point = {k: v[j] for k, v in values.items()}
        if eft.startswith("nu"):
            w = NuWilson(point, scale, eft, basis)
        else:
            w = wilson.Wilson(point, scale, eft, basis)
        assert abs(single("BR(B0->K*inv)", w) / single("BR(B0->K*inv)", None) - 1) > 1e-3
        for observable in observables:
            expected = single(observable, w)
            assert found[observable][j] == pytest.approx(expected, rel=1e-12, abs=0)


BIN = "<dBR/dq2>(B+->Kinv)"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("BR(B+->Kinv)", ["BR(B+->Kinv)"]),
        ((BIN, 4, 8), [(BIN, 4, 8)]),
        ([BIN, 4, 8], [(BIN, 4, 8)]),
        ([BIN, 4.0, np.float64(8)], [(BIN, 4, 8)]),
        (["BR(B+->Kinv)"], ["BR(B+->Kinv)"]),
        ([[BIN, 4, 8]], [(BIN, 4, 8)]),
        (["BR(B+->Kinv)", [BIN, 4, 8], (BIN, 0, 4)], ["BR(B+->Kinv)", (BIN, 4, 8), (BIN, 0, 4)]),
    ],
)
def test_lists_stand_for_tuples(given, expected):
    """As YAML and JSON give them: a list of a name and numbers is one observable."""
    found = predict(given, {"LNQd_2123": 2e-8}, **FGMS)
    assert list(found) == expected
    assert found == predict(expected, {"LNQd_2123": 2e-8}, **FGMS)
    texts = [json.dumps(given, default=float), yaml.safe_dump(json.loads(json.dumps(expected)))]
    for text in texts:
        assert predict(yaml.safe_load(text), {"LNQd_2123": 2e-8}, **FGMS) == found
    document = to_popxf(given, **FGMS, coefficients=["LNQd_2123"])
    assert document == to_popxf(list(found), **FGMS, coefficients=["LNQd_2123"])


@pytest.mark.parametrize("wrong", [[[BIN, "4", "8"]], [[BIN, True, 8]], [[4, 8]], [[]], [4], [{}]])
def test_other_lists_are_no_observables(wrong):
    for entry in (
        lambda: predict(wrong, {}, **FGMS),
        lambda: to_popxf(wrong, **FGMS),
        lambda: likelihood("current", wrong),
    ):
        with pytest.raises(errors.UnknownObservable, match="is not an observable: give a name"):
            entry()


def test_lists_of_likelihoods_and_measurements():
    for given in ([BIN, 4, 8], [[BIN, 4, 8]], [(BIN, 4, 8)]):
        with pytest.raises(
            errors.UnknownObservable, match=r"^'\('<dBR.*', 4, 8\)' is not measured"
        ):
            likelihood("current", given)
    assert likelihood("current", "BR(B0->Kinv)").observables == ["BR(B0->Kinv)"]
    assert results([BIN, 4, 8], "current") == results((BIN, 4, 8), "current") == []


def test_broadcasting():
    """Every point of a product of axes, with coefficients and masses of several shapes."""
    x, y = np.linspace(0, 3e-8, 4), np.linspace(-2e-8, 2e-8, 3)[:, None] * 1j
    masses = np.array([0.0, 2.2, 1.0, 2.2]).reshape(4, 1, 1)
    name = "BR(B+->Kinv)"
    found = predict(
        name, {"LNQd_2123": x, "LNQdT_2123": y}, **FGMS, par={"m_N1": masses, "m_N2": 1.0}
    )[name]
    assert found.shape == (4, 3, 4)
    assert np.array_equal(found[1], found[3])
    for i, j, k in np.ndindex(found.shape):
        w = NuWilson({"LNQd_2123": x[k], "LNQdT_2123": y[j, 0]}, 1e3, "nuSMEFT", "FGMS")
        expected = single(name, w, m_N1=masses[i, 0, 0], m_N2=1.0)
        assert found[i, j, k] == pytest.approx(expected, rel=1e-12, abs=0)
    for empty in ({}, {"QN_2311": 0.0}):
        alone = predict(name, empty, **FGMS)[name]
        assert alone == pytest.approx(single(name, None), rel=1e-15, abs=0)
    nothing = predict(name, {"QN_2311": np.zeros((0, 3))}, **FGMS)[name]
    assert nothing.shape == (0, 3)
    only_masses = predict(name, {"LNQd_2123": 1e-8}, **FGMS, par={"m_N1": np.array([0.0, 1.5])})
    assert only_masses[name][0] > only_masses[name][1] > single(name, None)


def test_all_parameters_of_draws(rng):
    """A full dictionary of arrays, as flavio draws them."""
    draws = flavio.default_parameters.get_random_all(size=3)
    observables = ["BR(B0->K*inv)", ("FL(B0->K*inv)", 4.0), "Rtaul(B->D*linv)"]
    found = predict(observables, {"LNQd_2123": 2e-8}, **FGMS, par=draws)
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    for i in range(3):
        par = {k: v[i] for k, v in draws.items()}
        for observable in observables:
            assert found[observable][i] == pytest.approx(
                single(observable, w, **par), rel=1e-12, abs=0
            )


def test_pieces_of_any_size(monkeypatch, rng):
    values = {"QN_2311": complexes(rng, 101).real, "LNQd_2123": complexes(rng, 101)}
    observables = ["BR(B+->Kinv)", "FLtot(B0->K*inv)"]
    whole = predict(observables, values, **FGMS)
    monkeypatch.setattr(batch, "_CHUNK", 60)
    pieces = predict(observables, values, **FGMS)
    for observable in observables:
        assert pieces[observable] == pytest.approx(whole[observable], rel=1e-14, abs=0)


def test_closed_phase_space(par):
    """F_L is 0 where the bin is closed, a ratio of rates has no value."""
    found = predict(("FL(B0->K*inv)", 21.0), {"QN_2311": np.array([0, 1e-8])}, **FGMS)
    assert not found[("FL(B0->K*inv)", 21.0)].any()
    with pytest.raises(errors.UndefinedRatio, match="denominator vanishes"):
        predict("Rmue(B->D*linv)", {}, **FGMS, par={"m_e": np.array([5e-4, 3.5])})


@pytest.mark.parametrize("running", ["qcd", "full"])
@pytest.mark.parametrize("more", [{}, {"lq1_1112": 1e-10}])
def test_ckm_elements(par, running, more):
    """Those of the parameters count, whatever was computed with the object before."""
    names = ["BR(D0->piinv)", "BR(K+->piinv)", "BR(KL->piinv)", "BR(B+->Kinv)"]
    values = {"qn_1211": 1e-7, "nu_1133": 1e-7, "lnuq_1112": 1e-8, **more}
    options = {"running": running}
    if running == "qcd":
        del values["nu_1133"]  # of the top quark, it contributes by mixing
    points = [par, par | {"Vus": 0.3, "gamma": 0.9}]

    def fresh():
        w = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
        w.set_option("running", running)
        return w

    used = fresh()
    flavio.Observable["BR(B+->Dtauinv)"].prediction_par(points[1], used)
    for point in (*points, points[0]):
        batch = predict(
            names, values, scale=1e3, eft="nuSMEFT", basis="Warsaw", par=point, options=options
        )
        for name in names:
            observable = flavio.Observable[name]
            expected = observable.prediction_par(point, fresh())
            found = observable.prediction_par(point, used)
            assert found == pytest.approx(expected, rel=1e-12, abs=0)
            assert batch[name] == pytest.approx(expected, rel=1e-12, abs=0)
    first, second = (flavio.Observable[names[0]].prediction_par(p, fresh()) for p in points)
    assert abs(second / first - 1) > 0.1


def test_options(par):
    """Those of NuWilson: with full running the tensor becomes a scalar in part."""
    names = ["BR(B+->Kinv)", "BR(B0->K*inv)"]
    found = predict(names, {"LNQdT_2123": [1e-8, 2e-8]}, **FGMS, options={"running": "full"})
    for i, value in enumerate((1e-8, 2e-8)):
        w = NuWilson({"LNQdT_2123": value}, *FGMS.values())
        w.set_option("running", "full")
        for name in names:
            expected = flavio.Observable[name].prediction_par(par, w)
            assert found[name][i] == pytest.approx(expected, rel=1e-12, abs=0)
            plain = predict(name, {"LNQdT_2123": value}, **FGMS)[name]
            assert abs(found[name][i] / plain - 1) > 1e-3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"observables": "BR(B+->Kin)"}, errors.UnknownObservable, "did you mean 'BR.B.->Kinv"),
        ({"observables": "BR(Bs->mumu)"}, errors.UnknownObservable, "flavio.np_prediction"),
        ({"observables": "<dBR/dq2>(B+->Kinv)"}, errors.UnknownObservable, "q2min, q2max"),
        ({"observables": ("BR(B+->Kinv)", 1.0)}, errors.UnknownObservable, "no arguments"),
        (
            {"observables": ("<dBR/dq2>(B+->Kinv)", 4.0, 2.0)},
            errors.InvalidBin,
            "larger than q2max",
        ),
        ({"coefficients": {"QN_3211": 1e-8}}, errors.UnknownCoefficient, "QN_2311"),
        ({"coefficients": {"QN_2311": "a"}}, errors.InvalidValue, "not a number"),
        ({"coefficients": {"QN_2311": [1.0, np.nan]}}, errors.InvalidValue, "QN_2311"),
        (
            {"eft": "nuWET", "basis": "JMS", "scale": 5.0, "coefficients": {"VnudLL_4422": 1j}},
            errors.InvalidValue,
            "VnudLL_4422 is real",
        ),
        (
            {"coefficients": {"QN_2311": np.ones(3), "dN_2311": np.ones((2, 4))}},
            errors.InvalidShape,
            r"QN_2311 \(3,\), dN_2311 \(2, 4\)",
        ),
        ({"par": {"m_N1": np.ones((2, 2)), "m_N2": np.ones(3)}}, errors.InvalidShape, "m_N1"),
        ({"par": {"m_N4": 1.0}}, errors.UnknownParameter, "m_N"),
        ({"par": {"m_N": 1.0}}, errors.UnknownParameter, "did you mean 'm_N1' or 'm_N2' or 'm_N3'"),
        ({"par": {"m_N1": 1j}}, errors.InvalidValue, "real and finite"),
        ({"par": {"m_N1": [0.5, -1.0]}}, errors.InvalidMass, "not negative"),
        ({"eft": "WET-2", "basis": "JMS"}, errors.UnknownBasis, "nuSMEFT"),
        (
            {
                "eft": "nuWET-4",
                "basis": "JMS",
                "scale": 2.0,
                "coefficients": {"SnudLL_1412": 1e-8},
            },
            errors.UnknownBasis,
            "up to nuWET",
        ),
        ({"options": {"running": "QCD"}}, errors.InvalidValue, "running = 'QCD'.*qcd"),
        ({"options": {"runing": "full"}}, errors.InvalidValue, "did you mean 'running'"),
        (
            {"eft": "SMEFT", "basis": "Warsaw", "options": {"running": "full"}},
            errors.InvalidValue,
            "'running' is not an option of SMEFT, it is for coefficients with N",
        ),
        ({"basis": "Warzaw"}, errors.UnknownBasis, "Warsaw"),
        ({"scale": -1.0}, errors.InvalidScale, "positive"),
    ],
)
def test_bad_input(arguments, error, message):
    call = {"observables": "BR(B+->Kinv)", "coefficients": {}, **FGMS, **arguments}
    with pytest.raises(error, match=message):
        predict(call.pop("observables"), call.pop("coefficients"), **call)


def test_mass_of_an_n_without_coefficients():
    point = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
    with pytest.warns(errors.NoEffectWarning, match="m_N2 changes nothing: .* N with m_N1"):
        predict("BR(B+->Kinv)", {"LNQd_2123": 1e-8}, par={"m_N2": 1.5}, **point)
    par = flavio.default_parameters.get_central_all()
    predict("BR(B+->Kinv)", {"LNQd_2123": 1e-8}, par={**par, "m_N1": 1.5, "m_N3": 0.0}, **point)


def test_parts_that_flavio_computes(monkeypatch, rng):
    """They are no polynomials of WET, so each of its points is on its own; N are as before."""
    name = "BR(Bs->inv)"
    stock = flavio.Observable["BR(B+->taunu)"].prediction.function

    def quantity(par):
        rate = QUANTITIES["BR(B0->inv)"](par).numerator[0]
        return Quantity((rate, Stock(stock, 0.5)), denominator=(Stock(stock),))

    monkeypatch.setitem(batch.QUANTITIES, name, quantity)
    values = {"SnudLL_1413": 0.3 * complexes(rng, 3), "VnueduLL_3331": complexes(rng, 3) / 10}
    found = predict(name, values, scale=4.8, eft="nuWET", basis="JMS")[name]
    par = flavio.default_parameters.get_central_all()
    for k in range(3):
        point = {n: v[k] for n, v in values.items()}
        w = NuWilson(point, 4.8, "nuWET", "JMS")
        without_n = wilson.Wilson({"VnueduLL_3331": point["VnueduLL_3331"]}, 4.8, "WET", "JMS")
        below = flavio.Observable["BR(B+->taunu)"].prediction_par(
            par, flavio.WilsonCoefficients.from_wilson(without_n, par)
        )
        expected = 0.5 + evaluate(QUANTITIES["BR(B0->inv)"](par), w, par) / below
        assert found[k] == pytest.approx(expected, rel=1e-12, abs=0)
    assert abs(found[1] / found[0] - 1) > 1e-3
