"""The observables as flavio sees them."""

from __future__ import annotations

import flavio
import matplotlib.mathtext
import numpy as np
import pytest

from flavio_nusmeft import NuWilson, errors
from flavio_nusmeft.observables import NAMES

PROCESSES = {
    "B+->D": 0,
    "B0->D": 0,
    "B+->D*": 1,
    "B0->D*": 1,
    "B+->pi": 0,
    "B0->pi": 0,
    "B+->rho": 1,
    "B0->rho": 1,
    "B+->omega": 1,
    "Bs->K*": 1,
    "D+->K": 0,
    "D0->K": 0,
    "D+->pi": 0,
    "D0->pi": 0,
    "K+->pi": 0,
    "KL->pi": 0,
    "KS->pi": 0,
}  # with a charged lepton: spin of the final hadron
MODES = ("B+->K", "B0->K", "B+->K*", "B0->K*", "Bs->phi", "Lambdab->Lambda")
MODES += ("B+->pi", "B0->pi", "B+->rho", "B0->rho", "K+->pi", "KL->pi", "D+->pi", "D0->pi")
MODES += ("Lambdac->p",)


def test_names():
    expected = {f"BR({m}inv)" for m in (*MODES, "Bs->", "B0->")}
    for m in MODES:
        expected |= {f"dBR/dq2({m}inv)", f"<dBR/dq2>({m}inv)"}
    for m in ("B+->K", "B+->K*", "B+->pi", "B+->rho", "D+->pi"):
        expected |= {f"{x}({m}inv)" for x in ("BR_SD", "dBR_SD/dq2", "<dBR_SD/dq2>")}
    spins = ("B+->K*", "B0->K*", "Bs->phi", "Lambdab->Lambda", "B+->rho", "B0->rho", "Lambdac->p")
    for m in spins:
        expected |= {f"{x}({m}inv)" for x in ("FL", "<FL>", "FLtot")}
    for m, spin in PROCESSES.items():
        leptons = ("e", "mu", "tau") if m[0] == "B" else ("e", "mu")
        for x in ("BR", "BR_L", "BR_T") if spin else ("BR",):
            for y in (x, f"d{x}/dq2", f"<{x}>"):
                expected |= {f"{y}({m}{lepton}inv)" for lepton in (*leptons, "l")}
        if spin:
            expected |= {f"{x}({m}{y}inv)" for x in ("FL", "<FL>", "FLtot") for y in leptons}
        if "tau" in leptons:
            expected |= {f"{x}({m}tauinv)" for x in ("Ptau", "<Ptau>", "Ptautot")}
    for m in ("B->D", "B->D*"):
        expected |= {f"{x}({m}tauinv)" for x in ("Ptau", "<Ptau>", "Ptautot", "<BR>/BR")}
    for lepton in ("e", "mu", "tau"):
        expected |= {f"{x}(B->D*{lepton}inv)" for x in ("FL", "<FL>", "FLtot")}
    ratios = {"Rmue", "Remu", "Rtaul", "Rtaumu"}
    for m in ("B->D", "B->D*", "B->pi", "B->rho", "B+->omega", "Bs->K*", "D->K", "D->pi"):
        for x in ratios if m[0] == "B" else {"Rmue", "Remu"}:
            expected |= {f"{x}({m}linv)", f"<{x}>({m}linv)"}
    for m in ("Bc", "B+", "D+", "Ds", "K+"):
        expected |= {f"BR({m}->{x}inv)" for x in ("e", "mu", "tau") if (m, x) != ("K+", "tau")}
    expected |= {"Gamma(pi+->muinv)", "BR(pi+->einv)", "Remu(K+->linv)"}
    expected |= {"RKpi(P+->einv)", "RKpi(P+->muinv)"}
    expected |= {f"BR(B->Xc{lepton}inv)" for lepton in ("e", "mu", "tau", "l")}
    expected |= {f"{x}(B->Xclinv)" for x in ("Rmue", "Rtaul", "Rtaumu")}
    expected |= {"Rmue(B->Xlinv)", "Remu(B->Xlinv)", "BR(B->Xsinv)", "<BR>(B->Xsinv)"}
    expected |= {f"BR(tau->{x}inv)" for x in ("pi", "K", "e", "mu")} | {"Gamma/Gamma_SM(mu->einv)"}
    expected |= {f"BR({m}->inv)" for m in ("D0", "KL", "KS", "pi0", "eta")}
    expected |= {f"BR({m}->inv)" for m in ("Upsilon(1S)", "J/psi", "phi", "omega")}
    expected |= {"Gamma(Z->inv)", "BR(h->inv)", *(f"BR(W->{x}inv)" for x in ("e", "mu", "tau"))}
    expected |= {f"R{x}(W->linv)" for x in ("mue", "taue", "taumu")}
    expected |= {"R_13(pp->einv)", "R_13(pp->muinv)"}
    assert set(NAMES) == expected


def leaves(tree):
    for name, branch in tree.items():
        if branch:
            yield from leaves(branch)
        else:
            yield name


@pytest.mark.parametrize("name", NAMES)
def test_complete(name):
    observable = flavio.Observable[name]
    assert observable.description
    assert observable.prediction is not None
    matplotlib.mathtext.MathTextParser("path").parse(observable.tex.replace(r"\text", r"\mathrm"))
    assert name in set(leaves(flavio.Observable.taxonomy_dict()))
    expected = {"d": ["q2"], "F": ["q2"], "P": ["q2"], "<": ["q2min", "q2max"]}.get(name[0])
    total = name.startswith(("FLtot", "Ptautot"))
    if name == "<BR>(B->Xsinv)":
        expected = ["MXmin", "MXmax"]
    if "pp->" in name:
        expected = ["mTmin", "mTmax"]
    assert observable.arguments == (None if total else expected)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("dBR/dq2(B+->Kinv)", {"q2": 3.0}),
        ("<dBR/dq2>(B+->Kinv)", {"q2min": 3.0, "q2max": 5.0}),
        ("FL(B0->K*inv)", {"q2": 3.0}),
        ("<FL>(B0->K*inv)", {"q2min": 3.0, "q2max": 5.0}),
        ("<BR>(B0->Dtauinv)", {"q2min": 4.0, "q2max": 5.0}),
        ("dBR/dq2(B0->Dmuinv)", {"q2": 3.0}),
        ("<BR>(B->Xsinv)", {"MXmin": 1.0, "MXmax": 5.2}),
    ],
)
def test_arguments_by_name(name, arguments):
    """As flavio's likelihoods pass them."""
    expected = flavio.sm_prediction(name, *arguments.values())
    assert flavio.sm_prediction(name, **arguments) == expected > 0


def test_strange_regions(par):
    """K, K* and the rest add up; only these regions exist."""
    w = NuWilson({"QN_2311": 2e-8, "LNQdT_2123": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    parts = [
        flavio.np_prediction("<BR>(B->Xsinv)", w, *region)
        for region in ((0.0, 0.6), (0.6, 1.0), (1.0, 6.0))
    ]
    assert sum(parts) == pytest.approx(flavio.np_prediction("BR(B->Xsinv)", w), rel=1e-12, abs=0)
    kaons = [flavio.np_prediction(f"{x}inv)", w) for x in ("BR_SD(B+->K", "BR(B0->K")]
    assert parts[0] == pytest.approx(np.mean(kaons), rel=1e-12, abs=0)
    for region in ((0.0, 1.0), (1.0, 2.0), (0.6, 6.0)):
        with pytest.raises(errors.InvalidBin, match="there are the regions"):
            flavio.np_prediction("<BR>(B->Xsinv)", w, *region)


def test_bad_bins(par):
    observable = flavio.Observable["<dBR/dq2>(B0->Kinv)"]
    with pytest.raises(errors.InvalidBin, match="q2min = 5 is larger than q2max = 1"):
        observable.prediction_par(par, None, 5, 1)
    with pytest.raises(errors.InvalidBin, match="empty"):
        observable.prediction_par(par, None, 5, 5)
    with pytest.raises(errors.InvalidBin, match="not finite"):
        observable.prediction_par(par, None, 0, np.inf)
    with pytest.raises(errors.InvalidBin, match="not finite"):
        flavio.sm_prediction("dBR/dq2(B+->Kinv)", np.nan)
    with pytest.raises(errors.InvalidBin):
        flavio.sm_prediction("<FL>(B0->K*inv)", 5, 1)
    with pytest.raises(errors.InvalidBin):
        flavio.sm_prediction("<Ptau>(B->Dtauinv)", 5, 5)
    assert observable.prediction_par(par, None, 40, 50) == 0


@pytest.mark.parametrize("name", [n for n in NAMES if flavio.Observable[n].arguments is None])
@pytest.mark.parametrize("mass", [-1e-3, np.nan, np.inf])
def test_bad_masses(name, mass, par):
    par["m_N2"] = mass
    with pytest.raises(errors.InvalidMass, match="m_N2"):
        flavio.Observable[name].prediction_par(par, None)


def test_very_heavy_neutrinos(par):
    """Whatever cannot be produced does not contribute, whatever its mass."""
    w = NuWilson({"QN_2311": 3e-8}, 1e3, "nuSMEFT", "FGMS")
    par["m_N1"] = 1e200
    for name in ("BR(B0->K*inv)", "BR(Bs->inv)"):
        observable = flavio.Observable[name]
        with pytest.warns(errors.HeavyMassWarning, match="m_N1 above the masses of all that"):
            assert observable.prediction_par(par, w) == observable.prediction_par(par, None)


def test_q2_zero_of_massless_neutrinos(par):
    """Finite: the limit of small q², in the SM as in stock flavio."""
    for name in ("dBR/dq2(B+->Kinv)", "dBR/dq2(B0->K*inv)"):
        at_zero = flavio.sm_prediction(name, 0.0)
        assert at_zero == pytest.approx(flavio.sm_prediction(name, 1e-9), rel=1e-6, abs=0)


def test_masses_are_flavio_parameters():
    """set_constraint changes the prediction, as for any parameter of flavio."""
    w = NuWilson({"QN_2311": 3e-8}, 1e3, "nuSMEFT", "FGMS")
    massless = flavio.np_prediction("BR(B+->Kinv)", w)
    try:
        flavio.default_parameters.set_constraint("m_N1", "1.5")
        massive = flavio.np_prediction("BR(B+->Kinv)", w)
    finally:
        flavio.default_parameters.set_constraint("m_N1", "0")
    assert massive < 0.9 * massless
    assert flavio.np_prediction("BR(B+->Kinv)", w) == massless


@pytest.mark.parametrize("threads", [1, 2])
def test_uncertainty(threads):
    """Form factors and CKM dominate: 4-15% for K*, with processes as well."""
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    np.random.seed(1)  # noqa: NPY002 (flavio draws from the global generator)
    error = flavio.np_uncertainty("BR(B0->K*inv)", w, N=50, threads=threads)
    assert 0.03 < error / flavio.np_prediction("BR(B0->K*inv)", w) < 0.2


def test_error_budget_knows_the_form_factors():
    parameters = flavio.functions.get_dependent_parameters_sm("BR(B0->K*inv)")
    assert {"B->K* GRvDV a0_V", "B->K* finite width", "Vcb", "m_N1", "tau_B0"} <= parameters
    assert "B->K* BSZ a0_V" not in parameters


def test_dependent_coefficients():
    """flavio's function sees the WET sectors of active neutrinos."""
    found = flavio.functions.get_dependent_wcs("BR(B0->K*inv)")
    assert found == {(4.8, "WET", "flavio", ("sbnunu",))}
    found = flavio.functions.get_dependent_wcs("BR(B0->Dtauinv)")
    assert found == {(4.8, "WET", "flavio", ("cbtaunu",))}


def test_finite_width_is_a_factor(par):
    """On the short-distance rate only, not on the τ part."""
    names = ("BR(B+->K*inv)", "BR_SD(B+->K*inv)")
    before = [flavio.Observable[n].prediction_par(par, None) for n in names]
    par["B->K* finite width"] = 1.0
    after = [flavio.Observable[n].prediction_par(par, None) for n in names]
    assert before[1] / after[1] == pytest.approx(1.2, rel=1e-14, abs=0)
    assert before[0] - before[1] == pytest.approx(after[0] - after[1], rel=1e-12, abs=0)
