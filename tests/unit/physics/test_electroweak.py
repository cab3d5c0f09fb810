"""N in decays of Z, W and h: explicit amplitudes with the vertices of the operators, flavio."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
import wilson
from bruteforce import two_fermions as explicit

from flavio_nusmeft import NuWilson, batch, predict
from flavio_nusmeft.errors import StockObservableWarning, UnknownBasis
from flavio_nusmeft.physics.electroweak import h_rate, w_rate, z_rate
from flavio_nusmeft.physics.rates import Quantity, evaluate

# m_N above the mesons, and coefficients that only Z, W and h know
pytestmark = [
    pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.NoEffectWarning"),
    pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.HeavyMassWarning"),
]

SCALE, M_N = 91.1876, (0.0, 11.0, 30.0)
LEPTONS = ("e", "mu", "tau")
STOCK = {"Gamma(Z->inv)": "Gamma(Z->nunu)"}
STOCK |= {f"BR(W->{x}inv)": f"BR(W->{x}nu)" for x in LEPTONS}
STOCK |= {f"R{x}(W->linv)": f"R{x}(W->lnu)" for x in ("mue", "taue", "taumu")}
OBSERVABLES = [*STOCK, "BR(h->inv)"]


def z_width(wc_obj, par):
    return evaluate(Quantity((z_rate(),)), wc_obj, par)


def w_width(wc_obj, par, lepton):
    return evaluate(Quantity((w_rate(lepton),)), wc_obj, par)


def h_width(wc_obj, par):
    return evaluate(Quantity((h_rate(),)), wc_obj, par)


def value(observable, par, w=None):
    return flavio.Observable[observable].prediction_par(par, w or flavio.WilsonCoefficients())


@pytest.fixture
def model(par):
    """The tree-level relations of the couplings, and flavio's parameters as they give them."""
    ew = explicit.Electroweak(0.648, 0.358, 246.2)
    par |= {"m_N1": M_N[0], "m_N2": M_N[1], "m_N3": M_N[2], "m_W": ew.m_W, "m_Z": ew.m_Z}
    par |= {"GF": 1 / (np.sqrt(2) * ew.v**2), "alpha_e": (ew.g * ew.s) ** 2 / (4 * np.pi)}
    return ew


def arrays(rng, *names):
    """Random coefficients in GeV^-2, by class."""
    c = {k: 1e-8 * (rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))) for k in names}
    if "phin" in c:
        c["phin"] = c["phin"] + c["phin"].conj().T
    return c


def named(c, scale=SCALE):
    values = {
        f"{name}_{i + 1}{j + 1}": array[i, j]
        for name, array in c.items()
        for i in range(3)
        for j in range(3)
        if name != "phin" or i <= j
    }
    real = {k: v.real for k, v in values.items() if k.startswith("phin_") and k[-1] == k[-2]}
    return NuWilson(values | real, scale, "nuSMEFT", "Warsaw")


def test_z(model, par, rng):
    c = arrays(rng, "phin", "nW", "nB", "nphi", "phine")
    pairs = sum(
        explicit.z_to_nn(model, c["phin"], M_N, (a, b)) for a in range(3) for b in range(a, 3)
    )
    single = sum(
        explicit.z_to_nu_n(model, c["nW"][p, r], c["nB"][p, r], M_N[r])
        for p in range(3)
        for r in range(3)
    )
    assert z_width(named(c), par) == pytest.approx(pairs + single, rel=1e-8, abs=0)
    assert min(pairs, single) > 0.01 * max(pairs, single)


def test_w(model, par, rng):
    c = arrays(rng, "phine", "nW", "nB", "phin")
    for p, lepton in enumerate(LEPTONS):
        expected = sum(
            explicit.w_to_lepton_n(
                model, 0, c["phine"][r, p], c["nW"][p, r], par[f"m_{lepton}"], M_N[r]
            )
            for r in range(3)
        )
        assert w_width(named(c), par, lepton) == pytest.approx(expected, rel=1e-8, abs=0)


def test_h(model, par, rng):
    c = arrays(rng, "nphi", "nW")
    expected = sum(
        explicit.h_to_nu_n(model, c["nphi"][p, r], par["m_h"], M_N[r])
        for p in range(3)
        for r in range(3)
    )
    assert h_width(named(c), par) == pytest.approx(expected, rel=1e-8, abs=0)


def test_running(par, rng):
    """Coefficients at 1 TeV give the widths of what match_run gives at the scale of the decay."""
    par |= {"m_N1": 1.0, "m_N2": 10.0, "m_N3": 500.0}
    high = named(arrays(rng, "phine", "nW", "nB", "phin", "nphi"), 1000.0)
    high.set_option("running", "full")
    low = NuWilson.from_wc(high.match_run(SCALE, "nuSMEFT", "Warsaw"))
    low.set_option("running", "full")
    not_run = NuWilson(high.wc.dict, SCALE, "nuSMEFT", "Warsaw")
    for width in (z_width, lambda *a: w_width(*a, "mu")):
        # match_run takes the CKM elements of the object: they move nothing at this precision
        assert width(high, par) == pytest.approx(width(low, par), rel=1e-6, abs=0)
        assert width(high, par) != pytest.approx(width(not_run, par), rel=1e-2, abs=0)


def test_objects(par):
    """Any object that observables take; none of N below the electroweak scale."""
    values = {"phin_11": 1e-8}
    nu = NuWilson(values, SCALE, "nuSMEFT", "Warsaw")
    plain = wilson.Wilson(values, SCALE, "nuSMEFT", "Warsaw")
    expected = z_width(nu, par)
    assert expected > 0
    assert z_width(plain, par) == expected
    both = NuWilson({"phin_11": 1e-8, "phiD": 1e-8}, SCALE, "nuSMEFT", "Warsaw")
    assert z_width(both, par) == expected
    smeft = flavio.WilsonCoefficients()
    for wc_obj in (None, smeft, wilson.Wilson({"phiD": 1e-8}, SCALE, "SMEFT", "Warsaw")):
        assert z_width(wc_obj, par) == w_width(wc_obj, par, "e") == h_width(wc_obj, par) == 0
    with pytest.raises(UnknownBasis, match=r"of nuSMEFT, or choose .* of decays below m_Z"):
        z_width(NuWilson({"SnudLL_1423": 1e-9}, 5.0, "nuWET", "JMS"), par)


def test_sizes(par):
    """With 1/TeV² of one coefficient: Z -> N N has (v/TeV)⁴ of Z -> nu nu of a flavour."""
    v2 = 1 / (np.sqrt(2) * par["GF"])
    c = NuWilson({"phin_11": 1e-6}, SCALE, "nuSMEFT", "Warsaw")
    # Z -> nu nu has the coupling m_Z/v, Z -> N N m_Z v C, both of one chirality
    flavour = np.sqrt(2) * par["GF"] * par["m_Z"] ** 3 / (24 * np.pi)
    assert z_width(c, par) / flavour == pytest.approx((v2 * 1e-6) ** 2, rel=1e-9, abs=0)


# the observables


def brute_force(model, par, c):
    """Widths of Z, of W by lepton and of h, the sums over N."""
    z = sum(explicit.z_to_nn(model, c["phin"], M_N, (a, b)) for a in range(3) for b in range(a, 3))
    w, h = dict.fromkeys(LEPTONS, 0.0), 0.0
    for p, lepton in enumerate(LEPTONS):
        for r, m_N in enumerate(M_N):
            z += explicit.z_to_nu_n(model, c["nW"][p, r], c["nB"][p, r], m_N)
            h += explicit.h_to_nu_n(model, c["nphi"][p, r], par["m_h"], m_N)
            couplings = 0, c["phine"][r, p], c["nW"][p, r]
            w[lepton] += explicit.w_to_lepton_n(model, *couplings, par[f"m_{lepton}"], m_N)
    return z, w, h


def test_from_nusmeft(model, par, rng):
    """predict() for complex coefficients of all classes, and single points."""
    c = {k: 100 * array for k, array in arrays(rng, "phin", "phine", "nW", "nB", "nphi").items()}
    z, w, h = brute_force(model, par, c)
    stock = {x: value(f"BR(W->{x}nu)", par) for x in LEPTONS}
    total = flavio.physics.wdecays.gammaw.Gammatot(flavio.WilsonCoefficients(), par)
    new = total + sum(w.values())
    br = {x: (stock[x] * total + w[x]) / new for x in LEPTONS}
    h_total = 4.101e-3 / 125.1 * par["m_h"]
    expected = {
        "Gamma(Z->inv)": value("Gamma(Z->nunu)", par) + z / 3,
        "BR(h->inv)": h / (h + h_total),
    }
    expected |= {f"BR(W->{x}inv)": br[x] for x in LEPTONS}
    expected |= {
        f"R{first}{second}(W->linv)": br[first] / br[second]
        for first, second in (("mu", "e"), ("tau", "e"), ("tau", "mu"))
    }
    assert set(expected) == set(OBSERVABLES)
    assert min(z / 3, h, *w.values()) > 1e-4
    point = named(c)
    overrides = {
        name: par[name] for name in ("m_N1", "m_N2", "m_N3", "m_W", "m_Z", "GF", "alpha_e")
    }
    values = {name: np.array([0, v]) for name, v in point.wc.dict.items()}
    space = {"scale": SCALE, "eft": "nuSMEFT", "basis": "Warsaw"}
    found = predict(OBSERVABLES, values, **space, par=overrides)
    for name, number in expected.items():
        assert value(name, par, point) == pytest.approx(number, rel=1e-8, abs=0)
        assert found[name][1] == pytest.approx(value(name, par, point), rel=1e-12, abs=0)
        assert found[name][0] == pytest.approx(value(name, par), rel=1e-14, abs=0)


SMEFT = {"phil3_11": 2e-8, "phil1_23": 5e-8, "ll_1221": 3e-8, "phiD": 2e-8, "dphi_33": 1e-8}


@pytest.mark.parametrize("values", [{}, SMEFT], ids=["SM", "SMEFT"])
def test_stock_flavio(values, par):
    """Equal without N; SMEFT of NuWilson as of wilson, in predict() as in single points."""
    w = wilson.Wilson(values, 1e3, "SMEFT", "Warsaw")
    both = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    space = {"scale": 1e3, "basis": "Warsaw"}
    found = predict(OBSERVABLES, values, **space, eft="SMEFT")
    with_n = predict(OBSERVABLES, {**values, "phin_11": 0.0}, **space, eft="nuSMEFT")
    for ours, theirs in STOCK.items():
        expected = flavio.np_prediction(theirs, w)
        for number in (flavio.np_prediction(ours, w), flavio.np_prediction(ours, both)):
            assert number == pytest.approx(expected, rel=1e-12, abs=0)
        assert found[ours] == pytest.approx(expected, rel=1e-12, abs=0)
        assert with_n[ours] == pytest.approx(expected, rel=1e-12, abs=0)
        if values and ours != "Rtaumu(W->linv)":
            assert abs(expected / value(ours, par) - 1) > 1e-5


def test_total_width_of_h_with_smeft(par):
    """h -> b b of SMEFT is in the total width, with N or without."""
    values = {"nphi_11": 3e-8}
    alone = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    both = NuWilson({**values, "dphi_33": 3e-8}, 1e3, "nuSMEFT", "Warsaw")
    R = flavio.np_prediction("BR(h->inv)", alone), flavio.np_prediction("BR(h->inv)", both)
    total = 4.101e-3 / 125.1 * par["m_h"]
    h = h_width(alone, par)
    plain = wilson.Wilson({"dphi_33": 3e-8}, 1e3, "SMEFT", "Warsaw")
    C = plain.match_run(125, "SMEFT", "Warsaw")
    factor = flavio.physics.higgs.width.Gamma_h(par, C)
    assert abs(factor - 1) > 0.01
    assert R[0] == pytest.approx(h / (h + total), rel=1e-12, abs=0)
    assert R[1] == pytest.approx(h / (h + factor * total), rel=1e-12, abs=0)


def test_masses(par):
    """Closed channels leave flavio's value; light N are as massless ones."""
    values = {"phin_11": 1e-6, "phine_12": 1e-6, "nW_21": 1e-7, "nB_11": 1e-7, "nphi_11": 1e-7}
    w = NuWilson(values, SCALE, "nuSMEFT", "Warsaw")
    massless = {name: value(name, par, w) for name in OBSERVABLES}
    par["m_N1"] = 1e-5
    for name in OBSERVABLES:
        assert value(name, par, w) == pytest.approx(massless[name], rel=1e-5, abs=0)
    par["m_N1"] = 200.0
    for name in OBSERVABLES:
        assert value(name, par, w) == value(name, par)
    assert massless["BR(h->inv)"] > 1e-3


def test_other_theories(par):
    """Coefficients below m_Z: one clear line, in predictions of one point and of many."""
    low = {
        "nuWET": NuWilson({"SnudLL_1423": 1e-9}, 5.0, "nuWET", "JMS"),
        "WET": wilson.Wilson({"VnudLL_1123": 1e-9}, 5.0, "WET", "JMS"),
    }
    for name in OBSERVABLES:
        assert not batch.is_reached(name, "nuWET")
        assert batch.is_reached(name, "nuSMEFT")
        assert batch.is_reached(name, "SMEFT")
        for eft, w in low.items():
            with pytest.raises(UnknownBasis, match=f"cannot run from {eft} up to"):
                value(name, par, w)
            with pytest.raises(UnknownBasis, match=f"cannot run from {eft} up to"):
                predict(name, w.wc.dict, scale=5.0, eft=eft, basis="JMS")


@pytest.mark.parametrize(
    ("stock", "coefficient", "partner"),
    [
        ("Gamma(Z->nunu)", "phin_11", r"Gamma\(Z->inv\)$"),
        ("GammaZ", "nB_11", r"Gamma\(Z->inv\)$"),
        ("BR(W->munu)", "phine_12", r"BR\(W->einv\), .*Rmue\(W->linv\), Rtaumu\(W->linv\)$"),
        ("mu_gg(h->bb)", "nphi_11", r"BR\(h->inv\)$"),
    ],
)
def test_stock_observables(stock, coefficient, partner, par):
    """They do not see N, and say so."""
    w = NuWilson({coefficient: 1e-7}, 1e3, "nuSMEFT", "Warsaw")
    with pytest.warns(StockObservableWarning, match=f"inv for nu in their names, here .*{partner}"):
        assert flavio.np_prediction(stock, w) == flavio.sm_prediction(stock)
    flavio.np_prediction(stock, NuWilson({"nn_1111": 1e-7}, 1e3, "nuSMEFT", "Warsaw"))


def test_stock_observables_with_full_running():
    """qn mixes into phin; in QCD it does not."""
    w = NuWilson({"qn_3311": 1e-7}, 1e3, "nuSMEFT", "Warsaw")
    flavio.np_prediction("GammaZ", w)
    w.set_option("running", "full")
    with pytest.warns(StockObservableWarning, match=r"Gamma\(Z->inv\)"):
        flavio.np_prediction("GammaZ", w)
