"""The claims of arXiv:2309.02940: every number in data/paper-claims.md is computed again here."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import flavio
import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

import flavio_nusmeft as nus
from flavio_nusmeft.eft.running import qcd_evolution
from flavio_nusmeft.measurements import find, results

TABLE = Path(__file__).parents[2] / "data" / "paper-claims.md"
KP, KPS, K0, KS0, KSP = (
    "BR(B+->Kinv)",
    "BR_SD(B+->Kinv)",
    "BR(B0->Kinv)",
    "BR(B0->K*inv)",
    "BR(B+->K*inv)",
)
BS = "BR(Bs->inv)"
AVERAGE, BELLE2 = (1.0e-5, 1.8e-5), (1.7e-5, 3.1e-5)
BS_REACH = 1.1e-5
VECTOR, SCALAR, TENSOR = "QN_2311", "LNQd_2123", "LNQdT_2123"


OPTIONS: dict[str, str] = {}


def predict(observable, coefficients, m_N):
    """Coefficients in TeV^-2."""
    values = {name: np.asarray(value) * 1e-6 for name, value in coefficients.items()}
    where = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS", "options": OPTIONS}
    return nus.predict(observable, values, par={"m_N1": m_N}, **where)[observable]


def sm(observable):
    return float(predict(observable, {}, 0.0))


def coefficient(name, observable, value, m_N):
    """The positive coefficient (TeV^-2) at which a branching ratio reaches a value."""
    per_square = predict(observable, {name: 1.0}, m_N) - sm(observable)
    return np.sqrt((value - sm(observable)) / per_square) if per_square > 0 else np.inf


def limit(observable):
    return min(r.limit for r in results(observable, "paper2023") if r.limit is not None)


def allowed(name, m_N):
    """Largest coefficient that the limits on K*0, K*+ and K0 allow."""
    return min(coefficient(name, o, limit(o), m_N) for o in (KS0, KSP, K0))


def reach(name, m_N):
    """Largest branching ratio of B+ -> K+ that the limits allow."""
    return predict(KP, {name: allowed(name, m_N)}, m_N)


def mass_of(name, value, low, high):
    """Mass from which a coefficient can bring B+ -> K+ up to a value."""
    return brentq(lambda m: reach(name, m) - value, low, high, xtol=1e-4)


def running():
    factors = qcd_evolution(91.1876, 4.8, nf=5), qcd_evolution(1e3, 91.1876)
    scalar, tensor = (factors[0][k] * factors[1][k] for k in "ST")
    return f"{scalar:.3f}, {tensor:.4f}"


def standard_ratios():
    d, dstar, x = map(sm, ("Rmue(B->Dlinv)", "Remu(B->D*linv)", "Remu(B->Xlinv)"))
    return f"{d:.4f}, {dstar:.4f}, {x:.4f}"


def long_distance():
    found = [100 * (sm(f"BR({m}inv)") / sm(f"BR_SD({m}inv)") - 1) for m in ("B+->K", "B+->K*")]
    return "{:.1f}%, {:.1f}%".format(*found)


def isospin():
    """Largest deviation of the ratio B+/B0 of the new-physics parts from that in the SM."""
    worst = 0.0
    for charged, neutral in ((KPS, K0), ("BR_SD(B+->K*inv)", KS0)):
        for name in (VECTOR, SCALAR):
            for m_N in (0.0, 1.5):
                parts = [predict(o, {name: 0.02}, m_N) - sm(o) for o in (charged, neutral)]
                worst = max(worst, abs(parts[0] / parts[1] * sm(neutral) / sm(charged) - 1))
    return f"{100 * worst:.1f}%"


def vector_massless():
    return f"C ≤ {allowed(VECTOR, 0.0):.4f}, B⁺→K⁺ ≤ {reach(VECTOR, 0.0):.2e}"


def vector_masses():
    found = [mass_of(VECTOR, value, 0.1, 2.2) for value in (AVERAGE[0], 1.4e-5, BELLE2[0])]
    return "{:.2f}, {:.2f}, {:.2f} GeV".format(*found)


def vector_heavy():
    return f"C ≤ {allowed(VECTOR, 1.5):.4f}, B⁺→K⁺ ≤ {reach(VECTOR, 1.5):.2e}"


def right_handed_vector():
    worst = max(
        abs(predict(o, {VECTOR: 0.03}, m) / predict(o, {"dN_2311": 0.03}, m) - 1)
        for o in (KP, K0)
        for m in (0.0, 1.5)
    )
    ratio = [allowed("dN_2311", m) / allowed(VECTOR, m) - 1 for m in (0.0, 1.5)]
    worst = max(worst, *map(abs, ratio))
    assert worst < 1e-9
    return "equal"


def tensor():
    masses = np.linspace(0, 3.5, 15)
    highest = max(reach(TENSOR, m) for m in masses)
    return f"B⁺→K⁺ ≤ {highest:.1e} up to 3.5 GeV; {mass_of(TENSOR, AVERAGE[0], 3.5, 4.35):.2f} GeV"


def tensor_mixing():
    """The scalar at 4.8 GeV over the tensor that it comes from, the limit on a tensor with massless
    N in full and in QCD running, and `tensor` again."""
    limits = [allowed(TENSOR, 0.0)]
    w = nus.NuWilson({TENSOR: 1e-8}, 1e3, "nuSMEFT", "FGMS")
    w.set_option("running", "full")
    wc = w.match_run(4.8, "nuWET", "JMS", ("sbnunu",)).dict
    OPTIONS["running"] = "full"
    try:
        text = tensor()
        limits.append(allowed(TENSOR, 0.0))
    finally:
        OPTIONS.clear()
    # SnudLL = lnqd1*, TnudLL = -lnqd3*
    mixing = -(wc["SnudLL_2432"] / wc["TnudLL_2432"]).real
    return f"{mixing:.3f}; C ≤ {limits[1]:.5f} for {limits[0]:.5f}; {text}"


def scalar():
    masses = np.concatenate([np.linspace(0, 4.3, 44), [4.5, 4.7]])
    values = [reach(SCALAR, m) for m in masses]
    return f"B⁺→K⁺ ≤ {min(values):.2e} at least (m_N = {masses[np.argmin(values)]:g} GeV)"


def scalar_size():
    parts = []
    for m_N in (0.0, 2.0, 4.0):
        low, high = (coefficient(SCALAR, KP, value, m_N) for value in AVERAGE)
        parts.append(f"{low:.4f}–{high:.4f}")
    return ", ".join(parts)


def exchanged_flavours():
    """s <-> b, and the flavour of the lepton, for scalar and tensor."""
    for first, others in (
        (SCALAR, ("LNQd_2132", "LNQd_1123", "LNQd_3123", "LNQd_2223")),
        (TENSOR, ("LNQdT_2132", "LNQdT_1123", "LNQdT_3123")),
    ):
        for observable in (KP, KS0, BS):
            expected = predict(observable, {first: 0.02}, 0.0)
            for other in others:
                found = predict(observable, {other: 0.02}, 0.0)
                assert found == pytest.approx(expected, rel=1e-9, abs=1e-20)
    return "equal"


def vector_sum():
    along = predict(KPS, {VECTOR: 0.03, "dN_2311": -0.03}, 1.5) / sm(KPS) - 1
    double = predict(KPS, {VECTOR: 0.03, "dN_2311": 0.03}, 1.5) - sm(KPS)
    single = predict(KPS, {VECTOR: 0.03}, 1.5) - sm(KPS)
    assert abs(along) < 1e-9
    return f"{double / single:.6f}"


def interference():
    worst = 0.0
    for observable in (KP, KS0):
        both = predict(observable, {VECTOR: 0.02, SCALAR: 0.02}, 0.0) - sm(observable)
        apart = [predict(observable, {n: 0.02}, 0.0) - sm(observable) for n in (VECTOR, SCALAR)]
        worst = max(worst, abs(both / sum(apart) - 1))
    assert worst < 1e-9
    return "none"


def invisible_now():
    return f"C ≤ {coefficient(SCALAR, BS, limit(BS), 0.0):.4f}"


def invisible_vector():
    """Mass above which the LEP limit contradicts the lower edge of the average, and the same with
    the paper's Eq. (15), half of the width."""

    def excess(m_N, factor):
        C = coefficient(VECTOR, KP, AVERAGE[0], m_N)
        return factor * predict(BS, {VECTOR: C}, m_N) - limit(BS)

    masses = (brentq(excess, 1.5, 2.38, args=(factor,), xtol=1e-5) for factor in (1.0, 0.5))
    return ", ".join(f"{mass:.3f}" for mass in masses) + " GeV"


def invisible_scalar_reach():
    masses = np.linspace(0, 4.7, 48)
    lowest = min(
        predict(BS, {SCALAR: coefficient(SCALAR, KP, AVERAGE[0], m)}, float(m)) for m in masses
    )
    return f"≥ {lowest:.1e}"


def invisible_vector_reach():
    def excess(m_N):
        return predict(BS, {VECTOR: coefficient(VECTOR, KP, AVERAGE[0], m_N)}, m_N) - BS_REACH

    return f"{brentq(excess, 0.5, 2.0, xtol=1e-4):.2f} GeV"


def strength(name, m_N, edge, observable):
    """Branching ratio over the SM where B+ -> K+ has the value ``edge``, or at the limits."""
    C = min(coefficient(name, KP, edge, m_N), allowed(name, m_N))
    return predict(observable, {name: C}, m_N) / sm(observable)


def kaon_strength():
    low, high = (strength(SCALAR, 0.0, edge, K0) for edge in AVERAGE)
    return f"{low:.2f}–{high:.2f}"


def scalar_strengths():
    parts = []
    for m_N in (0.0, 1.5):
        low, high = (strength(SCALAR, m_N, edge, KS0) for edge in AVERAGE)
        parts.append(f"{low:.2f}–{high:.2f}")
    return ", ".join(parts)


def vector_strengths():
    parts = []
    for m_N in (1.5, 2.0):
        low, high = (strength(VECTOR, m_N, edge, KS0) for edge in AVERAGE)
        parts.append(f"{low:.2f}–{high:.2f}")
    return ", ".join(parts)


def charged_currents():
    """Largest shift of a ratio, in its experimental error, that the limits on B -> K(*) allow."""
    worst = 0.0
    for lepton in (1, 2):
        for name in (f"LNQd_{lepton}123", f"LNQdT_{lepton}123"):
            C = allowed(name, 0.0)
            for observable in ("Rmue(B->Dlinv)", "Remu(B->D*linv)", "Remu(B->Xlinv)"):
                shift = predict(observable, {name: C}, 0.0) - sm(observable)
                (result,) = results(observable, "paper2023")
                worst = max(worst, abs(shift) / result.error_plus)
    return f"{worst:.3f}"


def improvement(name, m_N):
    """Improvement of -2 ln L by the best coefficient over the SM, data set paper2023."""
    likelihood = nus.likelihood("paper2023")
    function = nus.LogLikelihood(
        likelihood, [name], scale=1e3, eft="nuSMEFT", basis="FGMS", par={"m_N1": m_N}
    )
    best = minimize_scalar(lambda C: -2 * function([C * 1e-6]), bounds=(0, 0.08), method="bounded")
    return max(0.0, -2 * function([0.0]) - best.fun)


def best_fits(m_N=0.0):
    return ", ".join(f"{improvement(n, m_N):.1f}" for n in (VECTOR, SCALAR, TENSOR))


def best_fits_heavy():
    return best_fits(1.5)


def heaviest(model, m_N):
    """Masses (TeV) at which a model with couplings of one gives the edges of the average."""
    par = {**flavio.default_parameters.get_central_all(), "m_N1": m_N}
    observable = flavio.Observable[KP]

    @cache
    def log_rate(log_mass):
        """Nearly a straight line."""
        return np.log(observable.prediction_par(par, model(1e3 * np.exp(log_mass))))

    def excess(log_mass, value):
        return log_rate(log_mass) - np.log(value)

    range_ = 0.0, np.log(20.0)
    return [np.exp(brentq(excess, *range_, args=(v,), xtol=1e-5)) for v in AVERAGE[::-1]]


def one(*entries):
    matrix = np.zeros((3, 3))
    for i, j in entries:
        matrix[i - 1, j - 1] = 1
    return matrix


def doublet_mass():
    def model(mass):
        return nus.uv.scalar_doublet(mass, y_N=one((2, 1)), y_d=one((2, 3)))

    found = (*heaviest(model, 0.0), *heaviest(model, 1.5))
    return "{:.1f}–{:.1f}, {:.1f}–{:.1f} TeV".format(*found)


def leptoquark_mass():
    def s1(mass):
        return nus.uv.S1(mass, y_N=one((2, 1), (3, 1)))

    def r2_tilde(mass):
        return nus.uv.R2_tilde(mass, y_N=one((2, 1), (3, 1)))

    return "; ".join("{:.1f}–{:.1f} TeV".format(*heaviest(model, 1.5)) for model in (s1, r2_tilde))


CLAIMS = {
    function.__name__: function
    for function in (
        running,
        standard_ratios,
        long_distance,
        isospin,
        vector_massless,
        vector_masses,
        vector_heavy,
        right_handed_vector,
        tensor,
        tensor_mixing,
        scalar,
        scalar_size,
        exchanged_flavours,
        vector_sum,
        interference,
        invisible_now,
        invisible_vector,
        invisible_scalar_reach,
        invisible_vector_reach,
        kaon_strength,
        scalar_strengths,
        vector_strengths,
        charged_currents,
        best_fits,
        best_fits_heavy,
        doublet_mass,
        leptoquark_mass,
    )
}


def rows():
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in TABLE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("`"): row for row in cells}


@pytest.mark.parametrize("name", CLAIMS)
def test_claim(name):
    found = CLAIMS[name]()
    assert rows()[name][2] == found


def test_table():
    assert list(rows()) == list(CLAIMS)
    assert all(len(row) == 4 and re.search(r"\w", row[1]) for row in rows().values())
    # the data that the claims are about
    assert results(KP, "paper2023")[0].central == pytest.approx(np.mean(AVERAGE), abs=1e-20)
    eps = find("flavio_nusmeft Belle II B+->Kinv EPS 2023")
    assert eps.get_central(KP) == pytest.approx(np.mean(BELLE2), abs=1e-20)
