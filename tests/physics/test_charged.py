"""b -> c l + inv: brute force, stock flavio, literature, identities."""

from __future__ import annotations

from itertools import pairwise

import flavio
import numpy as np
import pytest
import wilson
from bruteforce.projection import project_nuwet
from bruteforce.rates import charged_width_left, dirac_two_body_width
from wilson import parameters as wilson_parameters

from flavio_nusmeft import NuWilson, errors
from flavio_nusmeft.eft.flavour import lookup, to_arrays
from flavio_nusmeft.eft.operators import JMS, WARSAW
from flavio_nusmeft.eft.running import M_Z, qcd_evolution
from flavio_nusmeft.physics.formfactors import form_factors

MODES = {
    "B+->D": ("B+", "D0", "B->D", 0),
    "B0->D": ("B0", "D+", "B->D", 0),
    "B+->D*": ("B+", "D*0", "B->D*", 1),
    "B0->D*": ("B0", "D*+", "B->D*", 1),
}
LEPTONS = ("e", "mu", "tau")
SCALE = 4.8
CHARGED = [n for n in JMS if "nuedu" in n]


def predict(observable, par, w=None, *arguments):
    return flavio.Observable[observable].prediction_par(par, w, *arguments)


@pytest.fixture(params=[(0.0, 0.0, 0.0), (0.3, 1.1, 1.6), (2e-3, 0.1, 3.5)], ids=str)
def massive_par(request, par):
    par.update({f"m_N{i}": m for i, m in enumerate(request.param, start=1)})
    return par


def quark_masses(par):
    running = flavio.physics.running.running
    return running.get_mb(par, SCALE), running.get_mc(par, SCALE)


def empty():
    return {name: np.zeros(JMS[name].shape, complex) for name in CHARGED}


def add_sm(left, par):
    """VLL = -4 G_F/√2 V_cb*, arXiv:2309.02940 Eq. (11), with flavio's electroweak correction."""
    alpha = flavio.physics.running.running.get_alpha(par, SCALE)["alpha_e"]
    correction = 1 + alpha / np.pi * np.log(par["m_Z"] / SCALE)
    V_cb = flavio.physics.ckm.get_ckm(par)[1, 2]
    for i in range(3):
        left["VnueduLL"][i, i, 2, 1] -= 4 * par["GF"] / np.sqrt(2) * V_cb.conj() * correction
    return left


def reference(mode, lepton, par, q2, left):
    """τ_B dΓ/dq², total and longitudinal, summed over the six neutrinos."""
    B, M, process, spin = MODES[mode]
    ff = {k: float(v[0]) for k, v in form_factors(process, par, np.array([q2])).items()}
    masses = [0.0, 0.0, 0.0, par["m_N1"], par["m_N2"], par["m_N3"]]
    results = [
        charged_width_left(
            q2,
            par[f"m_{B}"],
            par[f"m_{M}"],
            par[f"m_{lepton}"],
            mass,
            left,
            ff,
            *quark_masses(par),
            spin,
            (neutrino, LEPTONS.index(lepton), 2, 1),
            n_theta=4,
        )
        for neutrino, mass in enumerate(masses)
    ]
    return par[f"tau_{B}"] * np.sum(results, axis=0)


def compare(mode, lepton, par, w, left, rel=1e-8):
    for q2 in (0.05, 3.6, 9.9):
        total, part = reference(mode, lepton, par, q2, left)
        assert predict(f"dBR/dq2({mode}{lepton}inv)", par, w, q2) == pytest.approx(
            total, rel=rel, abs=0
        )
        if MODES[mode][3] and total > 0:
            found = predict(f"FL({mode}{lepton}inv)", par, w, q2)
            assert found == pytest.approx(part / total, rel=rel, abs=0)


def sector_names(lepton):
    """Coefficients of cb l nu that WET does not have: with N, and those of active neutrinos."""
    l_index = LEPTONS.index(lepton)
    return [
        n
        for n, c in lookup(JMS).items()
        if c.operator.name in CHARGED
        and c.indices[1:] == (l_index, 2, 1)
        and n not in wilson.wcxf.Basis["WET", "JMS"].all_wcs
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("lepton", LEPTONS)
def test_all_operators_interfering(mode, lepton, massive_par, rng):
    """Ten operators with six neutrinos, phases, and the SM, for unequal masses."""
    names = sector_names(lepton)
    assert len(names) == 10 * 6 - 5 * 3
    values = {n: complex(*rng.normal(size=2)) * 1e-7 for n in names}
    w = NuWilson(values, SCALE, "nuWET", "JMS")
    left = add_sm({**empty(), **to_arrays(values, JMS)}, massive_par)
    compare(mode, lepton, massive_par, w, left)


@pytest.mark.parametrize("name", CHARGED)
def test_every_operator_alone(name, massive_par):
    """With the N of the second mass, B0 -> D and D* with tau."""
    values = {f"{name}_5332": (2 - 1j) * 1e-7}
    w = NuWilson(values, SCALE, "nuWET", "JMS")
    left = add_sm({**empty(), **to_arrays(values, JMS)}, massive_par)
    for mode in ("B0->D", "B0->D*"):
        compare(mode, "tau", massive_par, w, left)


@pytest.mark.parametrize("mode", ["B0->D", "B+->D*"])
def test_wet_coefficients_interfere_with_the_sm(mode, par, rng):
    """CVL, CVR, CSR, CSL, CT of WET with phases, all lepton flavours, tensors included."""
    names = [
        n
        for n, c in lookup(JMS).items()
        if c.operator.name in CHARGED
        and c.indices[1:] == (2, 2, 1)
        and n in wilson.wcxf.Basis["WET", "JMS"].all_wcs
    ]
    assert len(names) == 15
    values = {n: complex(*rng.normal(size=2)) * 1e-7 for n in names}
    left = add_sm({**empty(), **to_arrays(values, JMS)}, par)
    for w in (
        wilson.Wilson(values, SCALE, "WET", "JMS"),
        NuWilson(values, SCALE, "nuWET", "JMS"),
    ):
        # wilson and flavio have G_F differing by 9e-8
        compare(mode, "tau", par, w, left, rel=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_from_nusmeft(mode, massive_par, rng):
    """The whole chain for every class with charged currents, CKM from the parameters."""
    par = massive_par
    classes = ("lnqd1", "lnqd3", "lnuq", "nedu", "phine")
    values = {
        n: complex(*rng.normal(size=2)) * 1e-7
        for n, c in lookup(WARSAW).items()
        if c.operator.name in classes
    }
    par["Vcb"], par["gamma"] = 0.039, 1.3
    w = NuWilson(values, M_Z, "nuSMEFT", "Warsaw")
    V = flavio.physics.ckm.get_ckm(par)
    p = wilson_parameters.p
    v = 1 / np.sqrt(np.sqrt(2) * p["GF"])
    left = project_nuwet(to_arrays(values, WARSAW), V, p["m_W"], v, p["alpha_e"])
    factors = qcd_evolution(M_Z, SCALE, nf=5)
    left = {n: factors[JMS[n].qcd] * left[n][..., :2] for n in CHARGED}
    compare(mode, "mu", par, w, add_sm(left, par))


@pytest.mark.usefixtures("as_flavio")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("lepton", [*LEPTONS, "l"])
def test_stock_flavio(mode, lepton, par):
    """The SM, with CLN form factors: rates, spectra, bins, F_L."""
    ours, theirs = f"({mode}{lepton}inv)", f"({mode}{lepton}nu)"
    sm = flavio.sm_prediction
    assert sm(f"BR{ours}") == pytest.approx(sm(f"BR{theirs}"), rel=1e-5, abs=0)
    assert sm(f"dBR/dq2{ours}", 5.0) == pytest.approx(sm(f"dBR/dq2{theirs}", 5.0), rel=1e-12, abs=0)
    assert sm(f"<BR>{ours}", 4, 8) == pytest.approx(sm(f"<BR>{theirs}", 4, 8), rel=1e-9, abs=0)
    if mode.endswith("*") and lepton != "l":
        for name, arguments in (("FL", (6.0,)), ("<FL>", (4, 8)), ("FLtot", ())):
            expected = sm(f"{name}{theirs}", *arguments)
            assert sm(f"{name}{ours}", *arguments) == pytest.approx(expected, rel=1e-5, abs=0)


# flavio's tensor amplitude of B -> P is wrong, so no CT for D
WET = {"CVL_bctaunutau": 0.1 + 0.2j, "CSR_bctaunutau": -0.1j, "CSL_bctaunumu": 0.2}


@pytest.mark.usefixtures("as_flavio")
@pytest.mark.parametrize(
    ("mode", "values"),
    [("B0->D", WET), ("B0->D*", {**WET, "CT_bctaunutau": 0.05 + 0.1j, "CVR_bctaunue": 0.1})],
)
def test_stock_flavio_with_wet(mode, values, par):
    w = wilson.Wilson(values, 4.8, "WET", "flavio")
    for name, arguments in (("BR", ()), ("dBR/dq2", (7.0,))):
        ours = predict(f"{name}({mode}tauinv)", par, w, *arguments)
        stock = predict(f"{name}({mode}taunu)", par, w, *arguments)
        assert ours == pytest.approx(stock, rel=1e-5, abs=0)


@pytest.mark.usefixtures("as_flavio")
@pytest.mark.parametrize("meson", ["D", "D*"])
def test_ratios_of_stock_flavio(meson, par):
    for name in ("Rmue", "Rtaul"):
        expected = flavio.sm_prediction(f"{name}(B->{meson}lnu)")
        assert predict(f"{name}(B->{meson}linv)", par) == pytest.approx(expected, rel=1e-5, abs=0)


@pytest.mark.parametrize("lepton", LEPTONS)
def test_bc(lepton, par, rng):
    """B_c -> l + inv: the SM and WET as in stock flavio, N against explicit amplitudes."""
    ours, theirs = f"BR(Bc->{lepton}inv)", f"BR(Bc->{lepton}nu)"
    assert predict(ours, par) == pytest.approx(flavio.sm_prediction(theirs), rel=1e-12, abs=0)
    w = wilson.Wilson(
        {f"CSR_bc{lepton}nu{lepton}": 0.1j, f"CVL_bc{lepton}numu": 0.3}, 4.8, "WET", "flavio"
    )
    assert predict(ours, par, w) == pytest.approx(predict(theirs, par, w), rel=1e-12, abs=0)
    par["m_N2"] = 1.3
    l_index = LEPTONS.index(lepton)
    values = {f"{n}_5{l_index + 1}32": complex(*rng.normal(size=2)) * 1e-7 for n in CHARGED}
    w = NuWilson(values, SCALE, "nuWET", "JMS")
    c = {n[0] + n[6:]: v.conjugate() for n, v in ((k.split("_")[0], v) for k, v in values.items())}
    couplings = {
        "V": (c["VRL"] + c["VLL"]) / 2,
        "A": (c["VRL"] - c["VLL"]) / 2,
        "Vp": (c["VRR"] + c["VLR"]) / 2,
        "Ap": (c["VRR"] - c["VLR"]) / 2,
        "S": (c["SLL"] + c["SRL"]) / 2,
        "P": (c["SLL"] - c["SRL"]) / 2,
        "Sp": (c["SLR"] + c["SRR"]) / 2,
        "Pp": (c["SLR"] - c["SRR"]) / 2,
    }
    width = dirac_two_body_width(
        par["m_Bc"], par["f_Bc"], *quark_masses(par), par[f"m_{lepton}"], 1.3, couplings
    )
    expected = flavio.sm_prediction(theirs) + width * par["tau_Bc"]
    assert predict(ours, par, w) == pytest.approx(expected, rel=1e-8, abs=0)


def test_sm_ratios(par):
    """arXiv:2309.02940 Sec. 3: 0.997, 1.005 and 1.006 ± 0.001 (arXiv:2207.03432)."""
    assert 0.996 < predict("Rmue(B->Dlinv)", par) < 0.997
    assert predict("Remu(B->D*linv)", par) == pytest.approx(1.0046, abs=1e-4)
    assert predict("Remu(B->Xlinv)", par) == pytest.approx(1.006, abs=1e-3)


@pytest.mark.parametrize("decay", ["D", "D*", "X"])
def test_direction_of_ratios(decay, par):
    """The first lepton stands in the numerator: an N with muons raises R_mue."""
    w = NuWilson({"SnueduRL_5232": 1e-6, "SnueduRR_5232": 2e-6}, 4.8, "nuWET", "JMS")
    up, down = (predict(f"{x}(B->{decay}linv)", par, w) for x in ("Rmue", "Remu"))
    assert up > predict(f"Rmue(B->{decay}linv)", par)
    assert up * down == pytest.approx(1, rel=1e-12, abs=0)


def test_closed_channels(par):
    """m_N above m_B - m_D - m_l closes the channel, and no more."""
    w = NuWilson({"SnueduLL_4332": 1e-6}, 4.8, "nuWET", "JMS")
    for observable, limit in (
        ("BR(B0->Dtauinv)", par["m_B0"] - par["m_D+"] - par["m_tau"]),
        ("BR(B0->D*tauinv)", par["m_B0"] - par["m_D*+"] - par["m_tau"]),
        ("BR(Bc->tauinv)", par["m_Bc"] - par["m_tau"]),
    ):
        sm = predict(observable, par)
        par["m_N1"] = limit - 1e-3
        assert predict(observable, par, w) > sm
        par["m_N1"] = limit + 1e-9
        assert predict(observable, par, w) == sm


@pytest.mark.parametrize("mode", MODES)
def test_bins_add_up(mode, massive_par):
    w = NuWilson({"SnueduLL_4232": 1e-7, "TnueduLL_5232": 1e-7}, 4.8, "nuWET", "JMS")
    edges = [0, 0.02, 1, 4, 8, 12]
    bins = pairwise(edges)
    total = sum(predict(f"<BR>({mode}muinv)", massive_par, w, a, b) for a, b in bins)
    assert total == pytest.approx(predict(f"BR({mode}muinv)", massive_par, w), rel=1e-7, abs=0)


@pytest.mark.parametrize("lepton", LEPTONS)
def test_inclusive(lepton, massive_par):
    """Without N flavio's B -> X_c l nu; the rate of N is quadratic in its couplings."""
    name = f"BR(B->Xc{lepton}inv)"
    par = massive_par
    expected = flavio.sm_prediction(f"BR(B->Xc{lepton}nu)")
    assert predict(name, par) == pytest.approx(expected, rel=1e-13, abs=0)
    wet = wilson.Wilson(
        {f"CVL_bc{lepton}nu{lepton}": 0.1, f"CSR_bc{lepton}nu{lepton}": 0.2j}, 4.8, "WET", "flavio"
    )
    expected = predict(f"BR(B->Xc{lepton}nu)", par, wet)
    assert predict(name, par, wet) == pytest.approx(expected, rel=5e-9, abs=0)
    i = LEPTONS.index(lepton) + 1
    values = {f"SnueduLL_4{i}32": 1e-7j, f"VnueduRR_4{i}32": 1e-7, f"TnueduLL_5{i}32": 2e-7}
    rates = [
        predict(name, par, NuWilson({k: f * v for k, v in values.items()}, 4.8, "nuWET", "JMS"))
        - predict(name, par)
        for f in (1, 3)
    ]
    assert rates[1] == pytest.approx(9 * rates[0], rel=1e-9, abs=0)
    assert rates[0] > 0


def test_inclusive_right_handed_neutrino(par):
    """A massless N with a V+A current of the size of the SM has the SM's tree-level rate,
    τ G_F² m_b⁵ |V_cb|² g/(192 π³); flavio's corrections take 22% off the SM."""
    V_cb = flavio.physics.ckm.get_ckm(par)[1, 2]
    w = NuWilson({"VnueduRR_4132": 4 * par["GF"] / np.sqrt(2) * V_cb.conj()}, 4.6, "nuWET", "JMS")
    sm = predict("BR(B->Xceinv)", par)
    new = predict("BR(B->Xceinv)", par, w) - sm
    running = flavio.physics.running.running
    m_b, m_c = running.get_mb_KS(par, 1.0), running.get_mc(par, 3.0)
    g = flavio.physics.bdecays.bxlnu.g((m_c / m_b) ** 2, (par["m_e"] / m_b) ** 2)
    tree = par["GF"] ** 2 * m_b**5 / (192 * np.pi**3) * abs(V_cb) ** 2 * g
    assert new == pytest.approx(tree * (par["tau_B0"] + par["tau_B+"]) / 2, rel=1e-8, abs=0)
    assert sm / new == pytest.approx(0.78, abs=0.01)


def largest(name, par, m_N1):
    """Largest coefficient that the limits on B -> K(*) + inv admit (90% CL)."""
    par["m_N1"] = m_N1

    def allowed(c):
        w = NuWilson({name: c}, 1e3, "nuSMEFT", "FGMS")
        return (
            predict("BR(B0->K*inv)", par, w) < 1.8e-5 and predict("BR(B0->Kinv)", par, w) < 2.6e-5
        )

    low, high = 0.0, 1e-6
    while high - low > 1e-11:
        middle = (low + high) / 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return low


RATIOS = (
    "Rmue(B->Dlinv)",
    "Remu(B->D*linv)",
    "Remu(B->Xlinv)",
    "Rtaul(B->Dlinv)",
    "Rtaul(B->D*linv)",
)


def shifts(name, par, m_N1):
    """Relative changes of the ratios at the largest allowed coefficient."""
    w = NuWilson({name: largest(name, par, m_N1)}, 1e3, "nuSMEFT", "FGMS")
    return {r: abs(predict(r, par, w) / predict(r, par) - 1) for r in RATIOS}


@pytest.mark.parametrize("m_N1", [0.0, 1.5, 2.8])
@pytest.mark.parametrize("flavour", [1, 2, 3])
@pytest.mark.parametrize("operator", ["LNQd", "LNQdT"])
def test_ratios_do_not_compete(operator, flavour, m_N1, par):
    """arXiv:2309.02940 Sec. 3: over the region that B -> K(*) + inv allows the ratios hardly move.

    Their experimental errors are 2% to 7%; the shifts, which are there, stay below 0.1%.
    """
    found = shifts(f"{operator}_{flavour}123", par, m_N1)
    assert max(found.values()) < 1e-3
    light = [r for r in RATIOS if not r.startswith("Rtaul")]
    if flavour < 3:
        assert min(found[r] for r in light) > 1e-7
    else:
        assert max(found[r] for r in light) == 0
        # m_B - m_D - m_tau = 1.64 GeV, m_B - m_D* - m_tau = 1.49 GeV
        assert (found["Rtaul(B->Dlinv)"] > 1e-9) == (m_N1 < 1.6)
        assert (found["Rtaul(B->D*linv)"] > 1e-9) == (m_N1 < 1.4)


@pytest.mark.parametrize("name", ["QN_2311", "dN_2311", "LNQd_2132", "LNQdT_2132"])
def test_ratios_that_stay(name, par):
    """No charged current: vectors with two N, and scalars and tensors of (L N)(Q3 s)."""
    assert set(shifts(name, par, 1.5).values()) == {0.0}


def test_vanishing_denominator(par):
    """New physics that cancels the SM of the electron."""
    alpha = flavio.physics.running.running.get_alpha(par, SCALE)["alpha_e"]
    sm = 1 + alpha / np.pi * np.log(par["m_Z"] / SCALE)
    w = wilson.Wilson({"CVL_bcenue": -sm}, SCALE, "WET", "flavio")
    with pytest.raises(errors.UndefinedRatio):
        predict("Rmue(B->Dlinv)", par, w)


@pytest.mark.parametrize(
    "values",
    [
        {"CVL": -1 + 1j, "CSR": 1j},
        {"CVL": -1 + 1j, "CVR": 0.5j},
        {"CT": 0.3j, "CVL": 0.3j},
    ],
)
def test_inclusive_phases(values, par):
    """A common phase of all amplitudes of another neutrino flavour is unobservable."""
    name = "BR(B->Xctauinv)"
    phase = np.exp(0.9j)
    rates = [
        predict(
            name,
            par,
            wilson.Wilson(
                {f"{k}_bctaunumu": f * v for k, v in values.items()}, 4.6, "WET", "flavio"
            ),
        )
        for f in (1, phase)
    ]
    assert rates[1] == pytest.approx(rates[0], rel=1e-12, abs=0)
    real = {f"{k}_bctaunutau": abs(v) for k, v in values.items()}
    w = wilson.Wilson(real, 4.6, "WET", "flavio")
    assert predict(name, par, w) == pytest.approx(
        predict("BR(B->Xctaunu)", par, w), rel=1e-9, abs=0
    )


def test_ckm_implementation_between_calls(par, monkeypatch):
    """The SM follows flavio's choice of CKM parameters."""
    before = predict("BR(B0->Dtauinv)", par)
    par.update(laC=0.225, A=0.9, rhobar=0.15, etabar=0.35)
    monkeypatch.setitem(flavio.config["implementation"], "CKM matrix", "Wolfenstein")
    after = predict("BR(B0->Dtauinv)", par)
    V_cb = flavio.physics.ckm.get_ckm(par)[1, 2]
    assert after / before == pytest.approx(abs(V_cb) ** 2 / par["Vcb"] ** 2, rel=1e-4, abs=0)


def test_uncertainty_of_a_ratio():
    np.random.seed(2)  # noqa: NPY002 (flavio draws from the global generator)
    error = flavio.sm_uncertainty("Rtaul(B->Dlinv)", N=40)
    assert 0.002 < error < 0.02


def test_plain_wilson_objects(par):
    values = {"nedu_1132": 1e-7, "lq3_3323": 1e-9}
    plain = wilson.Wilson(values, 1e3, "nuSMEFT", "Warsaw")
    own = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    for name in ("BR(B0->D*einv)", "BR(B->Xceinv)", "BR(Bc->einv)"):
        assert predict(name, par, plain) == predict(name, par, own)
