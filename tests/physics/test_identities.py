"""Limits and identities that hold for any couplings."""

from __future__ import annotations

import itertools

import flavio
import numpy as np
import pytest
import wilson

from flavio_nusmeft import NuWilson, dirac
from flavio_nusmeft.errors import StockObservableWarning
from flavio_nusmeft.physics.formfactors import form_factors
from flavio_nusmeft.physics.modes import SEMI_INVISIBLE

# the other quarks in test_flavours.py
MODES = [name for name, mode in SEMI_INVISIBLE.items() if mode.quarks == "bs"]
EVERYTHING = {
    "qn_2311": 2e-8 + 1e-8j,
    "qn_2312": 1e-8j,
    "nd_1123": -1e-8,
    "nd_1223": 2e-8 - 1e-8j,
    "lnqd1_2123": 1e-8,
    "lnqd1_1232": 1e-8j,
    "lnqd3_2123": -1e-8j,
    "lnqd3_2132": 2e-8,
}


def predict(observable, par, w=None, *arguments):
    return flavio.Observable[observable].prediction_par(par, w, *arguments)


def everything(scale=1e3, factor=1.0):
    return NuWilson({k: factor * v for k, v in EVERYTHING.items()}, scale, "nuSMEFT", "Warsaw")


def set_masses(par, *masses):
    par.update({f"m_N{i}": m for i, m in enumerate(masses, start=1)})


@pytest.mark.parametrize("mode", MODES)
def test_massless_limit(mode, par):
    """The rate is analytic in the masses, with terms m²/q² log m² at most."""
    massless = predict(f"BR({mode}inv)", par, everything())
    for mass, rel in ((1e-2, 3e-4), (1e-4, 1e-7), (1e-6, 1e-9)):
        set_masses(par, mass, mass)
        assert predict(f"BR({mode}inv)", par, everything()) == pytest.approx(
            massless, rel=rel, abs=0
        )


@pytest.mark.parametrize("mode", MODES)
def test_threshold_and_endpoint(mode, par):
    """A pair opens at q² = (m_a + m_b)²; above m_B - m_M only the SM is left."""
    m_B, m_M = (par[f"m_{getattr(SEMI_INVISIBLE[mode], x)}"] for x in "BM")
    w = NuWilson({"qn_2311": 1e-7}, 1e3, "nuSMEFT", "Warsaw")
    name = f"dBR/dq2({mode}inv)"
    set_masses(par, 1.5)

    def excess(q2):
        return predict(name, par, w, q2) - predict(name, par, None, q2)

    assert excess(9 - 1e-9) == excess(5) == 0
    assert excess(9 + 1e-9) > 0
    # the pair of identical Majorana fermions opens in an s-wave: rate ~ sqrt(q² - 4m²)
    assert excess(9 + 2e-6) / excess(9 + 1e-6) == pytest.approx(2**0.5, rel=1e-5, abs=0)
    end = (m_B - m_M) ** 2
    assert predict(name, par, w, end * (1 + 1e-12)) == 0
    assert predict(name, par, w, end * (1 - 1e-9)) > 0
    assert predict(name, par, w, -1.0) == 0
    for mass in ((m_B - m_M) / 2, 3.0, 6.0):
        set_masses(par, mass)
        assert predict(f"BR({mode}inv)", par, w) == predict(f"BR({mode}inv)", par)


@pytest.mark.parametrize("masses", [(0, 0, 0), (0.005, 0.02, 0), (0.4, 1.4, 0)])
@pytest.mark.parametrize("mode", MODES)
def test_bins_add_up(mode, masses, par):
    set_masses(par, *masses)
    w = everything()
    variants = ["BR"] + (["BR_SD"] if mode.startswith("B+") else [])
    edges = [0, 0.01, 0.5, 3, 4.4, 9.7, 15, 22, 30]
    for symbol in variants:
        total = sum(
            predict(f"<d{symbol}/dq2>({mode}inv)", par, w, a, b) * (b - a)
            for a, b in itertools.pairwise(edges)
        )
        assert total == pytest.approx(predict(f"{symbol}({mode}inv)", par, w), rel=1e-6, abs=0)


@pytest.mark.parametrize("mode", MODES)
def test_bin_is_the_average_of_the_spectrum(mode, par):
    """Gauss-Legendre over the differential observable itself, long-distance part included."""
    set_masses(par, 0.3)
    w = everything()
    x, weights = np.polynomial.legendre.leggauss(24)
    low, high = 4.0, 8.0
    q2 = (low + high) / 2 + (high - low) / 2 * x
    values = [predict(f"dBR/dq2({mode}inv)", par, w, q) for q in q2]
    average = predict(f"<dBR/dq2>({mode}inv)", par, w, low, high)
    assert average == pytest.approx(np.dot(weights, values) / 2, rel=1e-9, abs=0)


@pytest.mark.parametrize("mode", ["B+->K*", "B0->K*", "Bs->phi"])
def test_longitudinal_fraction_of_bins(mode, par):
    """F_L of the total is the rate-weighted mean of the bins, short distance."""
    w = everything()
    symbol = "BR_SD" if mode.startswith("B+") else "BR"
    edges = [0, 6, 12, 25]
    mean = sum(
        predict(f"<FL>({mode}inv)", par, w, a, b)
        * predict(f"<d{symbol}/dq2>({mode}inv)", par, w, a, b)
        * (b - a)
        for a, b in itertools.pairwise(edges)
    ) / predict(f"{symbol}({mode}inv)", par, w)
    assert predict(f"FLtot({mode}inv)", par, w) == pytest.approx(mean, rel=1e-7, abs=0)
    assert predict(f"FL({mode}inv)", par, w, 25.0) == 0


@pytest.mark.parametrize("mode", MODES)
def test_rephasing(mode, par):
    """A phase of N1 and one of the quark current are unobservable where nothing interferes."""
    set_masses(par, 0.3, 0.9)
    values = {"lnqd1_2123": 1e-8, "lnqd3_2123": 2e-8}
    phase = np.exp(0.7j)
    plain = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    turned = NuWilson({k: phase * v for k, v in values.items()}, 1e3, "nuSMEFT", "Warsaw")
    name = f"BR({mode}inv)"
    assert predict(name, par, turned) == pytest.approx(predict(name, par, plain), rel=1e-13, abs=0)
    # N2 -> e^{i phase} N2 for all its couplings; here with a Majorana mass difference m1 != m2
    values = {"qn_2312": 1e-8, "nd_1223": 2e-8j, "qn_2311": 1e-8}
    turned_values = {"qn_2312": phase * 1e-8, "nd_1223": phase * 2e-8j, "qn_2311": 1e-8}
    set_masses(par, 0.3, 0.0)  # massless N2: its phase is unphysical
    pair = [NuWilson(v, 1e3, "nuSMEFT", "Warsaw") for v in (values, turned_values)]
    assert predict(name, par, pair[1]) == pytest.approx(
        predict(name, par, pair[0]), rel=1e-13, abs=0
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["LNQd", "LNQdT"])
def test_exchange_of_s_and_b(mode, name, par):
    """Rates are the same for 2123 and 2132 of scalars and tensors."""
    set_masses(par, 1.1)
    rates = [
        predict(f"BR({mode}inv)", par, NuWilson({f"{name}_{i}": 1e-8}, 1e3, "nuSMEFT", "FGMS"))
        for i in ("2123", "2132")
    ]
    assert rates[0] == pytest.approx(rates[1], rel=1e-13, abs=0)


@pytest.mark.parametrize("mode", MODES)
def test_majorana_symmetry(mode, par):
    """Exchanging N1 and N2, coefficients and masses, changes nothing."""
    values = {"qn_2312": 1e-8 + 2e-8j, "qn_2311": 1e-8, "nd_1223": 1e-8j, "lnqd3_1123": 1e-8}
    # nd_2123, the exchange of nd_1223, is (nd_1232)*
    swapped = {"qn_2321": 1e-8 + 2e-8j, "qn_2322": 1e-8, "nd_1232": -1e-8j, "lnqd3_1223": 1e-8}
    set_masses(par, 0.4, 1.2)
    first = predict(f"BR({mode}inv)", par, NuWilson(values, 1e3, "nuSMEFT", "Warsaw"))
    set_masses(par, 1.2, 0.4)
    second = predict(f"BR({mode}inv)", par, NuWilson(swapped, 1e3, "nuSMEFT", "Warsaw"))
    assert first == pytest.approx(second, rel=1e-13, abs=0)


@pytest.mark.parametrize("flavour", [1, 2, 3])
def test_lepton_flavour_does_not_matter(flavour, par):
    w = NuWilson({f"LNQd_{flavour}123": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    reference = NuWilson({"LNQd_2123": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    assert predict("BR(B0->Kinv)", par, w) == pytest.approx(
        predict("BR(B0->Kinv)", par, reference), rel=1e-14, abs=0
    )


@pytest.mark.parametrize("mode", MODES)
def test_scalar_and_vector_do_not_interfere_when_massless(mode, par):
    """arXiv:2309.02940 Sec. 4."""
    a = NuWilson({"LNQd_2123": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    b = NuWilson({"QN_2311": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    both = NuWilson({"LNQd_2123": 1e-8, "QN_2311": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    sm = predict(f"BR({mode}inv)", par)
    parts = [predict(f"BR({mode}inv)", par, w) - sm for w in (a, b, both)]
    assert parts[2] == pytest.approx(parts[0] + parts[1], rel=1e-12, abs=0)


def test_running_back_and_forth():
    """mu1 -> mu2 -> mu1 is the identity, and running is linear."""
    w = everything()
    down = NuWilson.from_wc(w.match_run(160.0, "nuSMEFT", "Warsaw"))
    back = down.match_run(1e3, "nuSMEFT", "Warsaw").dict
    assert back == pytest.approx(EVERYTHING, rel=1e-13, abs=0)
    low = w.match_run(4.8, "nuWET", "JMS")
    double = everything(factor=2).match_run(4.8, "nuWET", "JMS")
    assert double.dict == pytest.approx({k: 2 * v for k, v in low.dict.items()}, rel=1e-14, abs=0)
    up = NuWilson.from_wc(low).match_run(80.0, "nuWET", "JMS")
    again = NuWilson.from_wc(up).match_run(4.8, "nuWET", "JMS").dict
    assert again == pytest.approx(low.dict, rel=1e-13, abs=0)


@pytest.mark.parametrize("mode", MODES)
def test_prediction_does_not_depend_on_where_it_starts(mode, par):
    """The same point given in nuSMEFT, at another scale, and in nuWET."""
    set_masses(par, 0.2)
    w = everything()
    others = [
        NuWilson.from_wc(w.match_run(300.0, "nuSMEFT", "Warsaw")),
        NuWilson.from_wc(w.match_run(20.0, "nuWET", "JMS")),
        NuWilson.from_wc(w.match_run(4.8, "nuWET", "JMS")),
    ]
    expected = predict(f"BR({mode}inv)", par, w)
    for other in others:
        assert predict(f"BR({mode}inv)", par, other) == pytest.approx(expected, rel=1e-12, abs=0)


SMEFT = {"lq1_1123": 2e-9, "lq3_2223": -1e-9, "lq1_1223": 1e-9, "ld_3323": 1e-9 + 1e-9j}
WET_JMS = {"VnudLL_1123": 3e-9, "VnudLR_2332": 1e-9j, "VnudLL_1223": 2e-9}


@pytest.mark.parametrize(
    ("values", "scale", "eft", "basis"),
    [
        (SMEFT, 1e3, "SMEFT", "Warsaw"),
        (WET_JMS, 4.8, "WET", "JMS"),
        ({"CL_bsnuenue": 2.0, "CR_bsnumunutau": 1 + 1j}, 80.0, "WET", "flavio"),
    ],
)
@pytest.mark.parametrize("plain", [wilson.Wilson, "flavio"])
def test_smeft_and_wet_objects_as_in_stock_flavio(values, scale, eft, basis, plain, par):
    """BR_SD(B+->Kinv) of an object without N is stock BR(B+->Knunu)."""
    w = wilson.Wilson(values, scale, eft, basis)
    if plain == "flavio":
        w = flavio.WilsonCoefficients.from_wilson(w, par)
    stock = predict("BR(B+->Knunu)", par, w)
    assert stock != pytest.approx(flavio.sm_prediction("BR(B+->Knunu)"), rel=1e-3, abs=0)
    assert predict("BR_SD(B+->Kinv)", par, w) == pytest.approx(stock, rel=1e-6, abs=0)


def test_active_and_sterile_parts_add(par):
    """Different final states: the active part as in stock flavio, plus the rate of N."""
    sterile = {"qn_2311": 1e-8}
    w = NuWilson({**SMEFT, **sterile}, 1e3, "nuSMEFT", "Warsaw")
    plain = wilson.Wilson(SMEFT, 1e3, "SMEFT", "Warsaw")
    only_n = NuWilson(sterile, 1e3, "nuSMEFT", "Warsaw")
    sm = predict("BR_SD(B+->Kinv)", par)
    expected = predict("BR(B+->Knunu)", par, plain) + predict("BR_SD(B+->Kinv)", par, only_n) - sm
    assert predict("BR_SD(B+->Kinv)", par, w) == pytest.approx(expected, rel=1e-6, abs=0)
    # stock observables see the part without N
    with pytest.warns(StockObservableWarning, match="BR.B.->Kinv"):
        found = [predict("BR(B+->Knunu)", par, point) for point in (w, only_n)]
    expected = [predict("BR(B+->Knunu)", par, plain), flavio.sm_prediction("BR(B+->Knunu)")]
    assert found == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("mode", MODES)
def test_nuwet_does_not_distinguish_massless_neutrinos(mode, par):
    """VnudLL_1223 and VnudLL_4523 are the same physics when N1 and N2 are massless."""
    active, sterile = (
        NuWilson({f"VnudLL_{pair}23": 3e-8}, 4.8, "nuWET", "JMS") for pair in ("12", "45")
    )
    name = f"BR({mode}inv)"
    assert predict(name, par, active) == pytest.approx(
        predict(name, par, sterile), rel=1e-12, abs=0
    )


def test_normalisation_of_stock_flavio(par):
    """Why WET JMS input differs: wilson's alpha_e in C_L, flavio's alpha_e(4.8) in the rate."""
    values = {"VnudLL_1223": 3e-8}
    sm = predict("BR(B0->Kinv)", par)
    absolute = predict("BR(B0->Kinv)", par, NuWilson(values, 4.8, "nuWET", "JMS")) - sm
    stock = predict("BR(B0->Kinv)", par, wilson.Wilson(values, 4.8, "WET", "JMS")) - sm
    alpha = flavio.physics.running.running.get_alpha(par, 4.8)["alpha_e"]
    factor = alpha / wilson.parameters.p["alpha_e"]
    assert stock / absolute == pytest.approx(factor**2, rel=1e-6, abs=0)
    assert factor == pytest.approx(0.968, abs=1e-3)


def test_plain_wilson_object_of_nusmeft(par):
    values = {"qn_2311": 1e-8, "lq1_1123": 1e-9}
    plain = wilson.Wilson(values, 1e3, "nuSMEFT", "Warsaw")
    own = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    assert predict("BR(B0->K*inv)", par, plain) == predict("BR(B0->K*inv)", par, own)


def test_ckm_of_the_parameters(par):
    """One object, changing CKM: SM, SMEFT part and stock observables follow."""
    values = {"lq1_1123": 2e-9, "lq3_3333": 1e-8, "qn_2311": 1e-8}
    w = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    first = predict("BR_SD(B+->Kinv)", par, w)
    changed = {**par, "Vcb": 0.039, "gamma": 1.0}
    fresh = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    second = predict("BR_SD(B+->Kinv)", changed, w)
    assert second == pytest.approx(predict("BR_SD(B+->Kinv)", changed, fresh), rel=1e-12, abs=0)
    assert second != pytest.approx(first, rel=1e-3, abs=0)
    plain = wilson.Wilson({k: v for k, v in values.items() if k[0] == "l"}, 1e3, "SMEFT", "Warsaw")
    with pytest.warns(StockObservableWarning):
        found = predict("BR(B+->Knunu)", changed, w)
    assert found == pytest.approx(predict("BR(B+->Knunu)", changed, plain), rel=1e-12, abs=0)
    assert predict("BR_SD(B+->Kinv)", par, w) == pytest.approx(first, rel=1e-12, abs=0)


def test_ckm_of_a_plain_object(par):
    """Neither does a reused plain object keep the CKM of earlier calls."""
    values = {"lq1_3323": 3e-8, "ld_1123": 1e-8}
    other = {**par, "Vcb": 1.1 * par["Vcb"]}
    plain = wilson.Wilson(values, 1e3, "SMEFT", "Warsaw")
    found = [predict("BR_SD(B+->Kinv)", p, plain) for p in (par, par, other, other, par)]
    fresh = predict("BR_SD(B+->Kinv)", other, wilson.Wilson(values, 1e3, "SMEFT", "Warsaw"))
    assert found[0] == found[1] == found[4]
    assert found[2] == found[3] == pytest.approx(fresh, rel=1e-12, abs=0)


def test_renormalisation_scale_between_calls(par, monkeypatch):
    """Nothing remembered depends on flavio's configuration."""
    w = everything()
    scales = flavio.config["renormalization scale"]
    before = [predict(n, par, w) for n in ("BR(B0->Kinv)", "BR(B0->K*inv)", "BR(Bs->inv)")]
    for key in ("bpll", "bvll", "bll"):
        monkeypatch.setitem(scales, key, 4.2)
    after = [predict(n, par, w) for n in ("BR(B0->Kinv)", "BR(B0->K*inv)", "BR(Bs->inv)")]
    # a scalar rate does not depend on the scale at leading order: C_S runs as 1/m_b
    assert after == pytest.approx(before, rel=0.02, abs=0)
    assert after != before
    fresh = {**par, "tau_B0": par["tau_B0"] * 2}  # nothing is remembered for these parameters
    assert predict("BR(B0->Kinv)", fresh, w) == pytest.approx(2 * after[0], rel=1e-12, abs=0)


def test_meson_mixing_sees_the_smeft_part(par):
    """Another stock observable: ΔM_s."""
    values = {"qq1_2323": 1e-11, "qn_2311": 1e-8}
    w = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    plain = wilson.Wilson({"qq1_2323": 1e-11}, 1e3, "SMEFT", "Warsaw")
    stock = predict("DeltaM_s", par, plain)
    assert predict("DeltaM_s", par, w) == pytest.approx(stock, rel=1e-12, abs=0)
    assert stock != pytest.approx(flavio.sm_prediction("DeltaM_s"), rel=1e-3, abs=0)


@pytest.mark.parametrize(
    ("m_N", "kaon", "vector"),
    [(0.0, 1, 1), (1.0, 0.912, 1.205), (1.5, 0.813, 1.577), (2.0, 0.675, 3.426)],
)
def test_dirac_and_majorana(m_N, kaon, vector, par):
    """Rates of a Dirac over those of a Majorana N with the same coefficient, as README has them.

    B+ -> K+ by hand: nbar gamma P_R n of a Dirac N has V = A, of a Majorana N A alone (twice), so
    with the lepton functions of spin 1 and 0 the ratio is V1 + A1 and A0 over 2 A1 and 2 A0. In
    B_s -> N N the particles of a Majorana pair are identical. One N has no such difference.
    """
    par["m_N1"] = par["m_N2"] = m_N

    def ratio(observable, coefficients):
        states = dirac(coefficients, eft="nuSMEFT", basis="Warsaw")
        two, one = (NuWilson(c, 1e3, "nuSMEFT", "Warsaw") for c in (states, coefficients))
        sm = predict(observable, par, None)
        return (predict(observable, par, two) - sm) / (predict(observable, par, one) - sm)

    m_B, m_K = par["m_B+"], par["m_K+"]
    low, high = 4 * m_N**2, (m_B - m_K) ** 2
    t = (np.arange(20000) + 0.5) / 20000
    q2 = low + (high - low) * t**2
    ff = form_factors("B->K", par, q2)
    lam = (m_B**2 - m_K**2 - q2) ** 2 - 4 * m_K**2 * q2
    measure = t * np.sqrt(lam * (1 - low / q2)) / q2
    spin_1 = measure * ff["f+"] ** 2 * lam
    spin_0 = measure * ff["f0"] ** 2 * (m_B**2 - m_K**2) ** 2
    V1, A1 = 2 / 3 * (q2 + 2 * m_N**2), 2 / 3 * (q2 - 4 * m_N**2)
    scalar = spin_0.sum() * 4 * m_N**2  # A0
    expected = (spin_1 @ (V1 + A1) + scalar) / (2 * spin_1 @ A1 + 2 * scalar)
    qn = {"qn_2311": 1e-7}
    assert ratio("BR_SD(B+->Kinv)", qn) == pytest.approx(expected, rel=1e-4, abs=0)
    assert expected == pytest.approx(kaon, abs=6e-4)
    assert ratio("BR(B0->K*inv)", qn) == pytest.approx(vector, abs=6e-4)
    if m_N:
        assert ratio("BR(Bs->inv)", qn) == pytest.approx(0.5, rel=1e-9, abs=0)
    for observable in ("BR_SD(B+->Kinv)", "BR(B0->K*inv)", "BR(Bs->inv)"):
        found = ratio(observable, {"lnqd1_2123": 1e-7, "lnqd3_1123": 1e-7})
        assert found == pytest.approx(1, rel=1e-9, abs=0)
