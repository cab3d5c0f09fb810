"""Polarisation of the charged lepton in B -> D(*) l + inv: helicity spinors, limits, literature."""

from __future__ import annotations

from itertools import combinations_with_replacement, pairwise

import flavio
import numpy as np
import pytest
from bruteforce.rates import (
    CHARGED,
    dirac_width,
    polarised_charged_width_left,
    polarised_width,
)
from scipy.integrate import quad

from flavio_nusmeft import NuWilson
from flavio_nusmeft.eft.flavour import lookup, to_arrays
from flavio_nusmeft.eft.operators import JMS
from flavio_nusmeft.formulas.widths import (
    COMPONENTS,
    POLARISED_PSEUDOSCALAR_TERMS,
    POLARISED_VECTOR_TERMS,
    PSEUDOSCALAR_TERMS,
    VECTOR_TERMS,
    polarised_pseudoscalar,
    polarised_vector,
    pseudoscalar,
    vector,
)
from flavio_nusmeft.physics import exclusive
from flavio_nusmeft.physics.charged_couplings import left_to_parity
from flavio_nusmeft.physics.formfactors import form_factors
from flavio_nusmeft.physics.modes import SEMILEPTONIC
from flavio_nusmeft.physics.rates import evaluate

M_B, M_QUARKS = 5.28, (4.1, 1.1)
M_MESON = {0: 1.87, 1: 2.01}
FORM_FACTORS = {0: ("f+", "f0", "fT"), 1: ("V", "A0", "A1", "A12", "T1", "T2", "T23")}
WIDTHS = {
    0: (polarised_pseudoscalar, POLARISED_PSEUDOSCALAR_TERMS, PSEUDOSCALAR_TERMS),
    1: (polarised_vector, POLARISED_VECTOR_TERMS, VECTOR_TERMS),
}
MASSES = [
    (0.0, 0.0),
    (0.0, 1.5),
    (1.777, 0.0),
    (1.777, 0.01),
    (1.777, 0.9),
    (1e-3, 1e-3),
    (0.106, 2.7),
    (1.2, 1.2),
]
SCALE = 4.8
LEPTONS = ("e", "mu", "tau")
DECAYS = {
    "B+->D": ("B+", "D0", "B->D", 0),
    "B0->D": ("B0", "D+", "B->D", 0),
    "B+->D*": ("B+", "D*0", "B->D*", 1),
    "B0->D*": ("B0", "D*+", "B->D*", 1),
}


def predict(observable, par, w=None, *arguments):
    return flavio.Observable[observable].prediction_par(par, w, *arguments)


def nuwet(values):
    return NuWilson(values, SCALE, "nuWET", "JMS")


def parity_basis(C):
    """Couplings C and C' of the oracle from C± in the order of `COMPONENTS`."""
    C = dict(zip(COMPONENTS, C, strict=True))
    return {k: (C[k + "+"] + C[k + "-"]) / 2 for k in "VASPT"} | {
        k + "p": (C[k + "+"] - C[k + "-"]) / 2 for k in "VASPT"
    }


def quadratic(coefficients, terms, C):
    index = COMPONENTS.index
    return sum(
        k * (C[index(a)] * C[index(b)].conjugate()).real
        for k, (a, b) in zip(coefficients, terms, strict=True)
    )


def random_form_factors(rng, spin):
    return {name: rng.uniform(0.2, 2) for name in FORM_FACTORS[spin]}


def q2_values(m1, m2, spin):
    low, high = (m1 + m2) ** 2, (M_B - M_MESON[spin]) ** 2
    return low + (high - low) * np.array([1e-3, 0.01, 0.2, 0.5, 0.9, 1 - 1e-6])


# ---------------------------------------------------------------------------- explicit helicities


@pytest.mark.parametrize("spin", [0, 1])
@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_closed_form(m1, m2, spin, rng):
    """All couplings at once, with phases."""
    function, terms, _ = WIDTHS[spin]
    for q2 in q2_values(m1, m2, spin):
        C, ff = rng.normal(size=(10, 2)) @ [1, 1j], random_form_factors(rng, spin)
        masses = M_B, M_MESON[spin], m1, m2
        arguments = (q2, *masses, parity_basis(C), ff, *M_QUARKS, spin, 8)
        plus, minus = polarised_width(*arguments)
        assert plus + minus == pytest.approx(dirac_width(*arguments)[0], rel=1e-12, abs=0)
        found = quadratic(function(np.float64(q2), *masses, ff, *M_QUARKS), terms, C)
        assert found == pytest.approx(plus - minus, rel=1e-8, abs=1e-10 * (plus + minus))


@pytest.mark.parametrize("spin", [0, 1])
@pytest.mark.parametrize(("m1", "m2"), [(1.777, 0.6), (1.777, 0.0), (0.3, 1.2)])
def test_every_pair_of_couplings(m1, m2, spin, rng):
    """The terms are all there are: no others, and no imaginary part of a product."""
    function, terms, _ = WIDTHS[spin]
    q2, ff = q2_values(m1, m2, spin)[3], random_form_factors(rng, spin)
    masses = M_B, M_MESON[spin], m1, m2
    coefficients = function(np.float64(q2), *masses, ff, *M_QUARKS)
    expected = dict(zip(terms, coefficients, strict=True))

    def difference(C):
        plus, minus = polarised_width(q2, *masses, parity_basis(C), ff, *M_QUARKS, spin, 6)
        return plus - minus, plus + minus

    unit = np.eye(10, dtype=complex)
    alone = [difference(unit[k])[0] for k in range(10)]
    for i, j in combinations_with_replacement(range(10), 2):
        names = COMPONENTS[i], COMPONENTS[j]
        for phase in (1, 1j):
            found, rate = difference(unit[i] + phase * unit[j])
            if i != j:
                found -= alone[i] + alone[j]
            value = 0.0 if phase == 1j else expected.get(names, expected.get(names[::-1], 0.0))
            assert found == pytest.approx(value, rel=1e-8, abs=1e-12 * rate), names


def parity(name):
    """Of a product of couplings under parity: C'_i and C_i exchanged, times -1 for A and P."""
    return (-1) ** (name[0] in "AP") * (-1) ** (name[1] == "-")


@pytest.mark.parametrize("spin", [0, 1])
def test_parity(spin):
    """The rate is even and the polarisation is odd."""
    _, polarised, rate = WIDTHS[spin]
    assert {parity(a) * parity(b) for a, b in rate} == {1}
    assert {parity(a) * parity(b) for a, b in polarised} == {-1}


def test_outside_of_phase_space():
    ff = dict.fromkeys((*FORM_FACTORS[0], *FORM_FACTORS[1]), 1.0)
    for spin, (function, _, _) in WIDTHS.items():
        for q2 in (0.5, 1.99, (M_B - M_MESON[spin]) ** 2 + 1e-9, 40.0):
            assert not function(np.float64(q2), M_B, M_MESON[spin], 0.7, 0.8, ff, *M_QUARKS).any()


# ------------------------------------------------------------------------------------ observables


@pytest.fixture(params=[(0.0, 0.0, 0.0), (0.3, 1.1, 1.6), (2e-3, 0.1, 3.5)], ids=str)
def massive_par(request, par):
    par.update({f"m_N{i}": m for i, m in enumerate(request.param, start=1)})
    return par


def reference(decay, lepton, par, q2, left):
    """P at q², summed over the six neutrinos, from the Lagrangian."""
    B, M, process, spin = DECAYS[decay]
    ff = {k: float(v[0]) for k, v in form_factors(process, par, np.array([q2])).items()}
    running = flavio.physics.running.running
    quarks = running.get_mb(par, SCALE), running.get_mc(par, SCALE)
    masses = [0.0, 0.0, 0.0, par["m_N1"], par["m_N2"], par["m_N3"]]
    plus, minus = np.sum(
        [
            polarised_charged_width_left(
                q2,
                par[f"m_{B}"],
                par[f"m_{M}"],
                par[f"m_{lepton}"],
                mass,
                left,
                ff,
                *quarks,
                spin,
                (neutrino, LEPTONS.index(lepton), 2, 1),
                n_theta=4,
            )
            for neutrino, mass in enumerate(masses)
        ],
        axis=0,
    )
    return (plus - minus) / (plus + minus)


@pytest.mark.parametrize("decay", DECAYS)
@pytest.mark.parametrize("lepton", LEPTONS)
def test_all_operators_interfering(decay, lepton, massive_par, rng):
    """Ten operators with six neutrinos of unequal masses, and phases; the SM included."""
    par, index = massive_par, LEPTONS.index(lepton)
    values = {
        n: complex(*rng.normal(size=2)) * 1e-7
        for n, c in lookup(JMS).items()
        if c.operator.name in CHARGED and c.indices[1:] == (index, 2, 1)
    }
    left = {name: np.zeros(JMS[name].shape, complex) for name in CHARGED} | to_arrays(values, JMS)
    assert len(values) == 60
    C_SM = -4 * par["GF"] / np.sqrt(2) * flavio.physics.ckm.get_ckm(par)[1, 2].conj()
    alpha = flavio.physics.running.running.get_alpha(par, SCALE)["alpha_e"]
    correction = 1 + alpha / np.pi * np.log(par["m_Z"] / SCALE)
    for i in range(3):
        left["VnueduLL"][i, i, 2, 1] += C_SM * correction
    for q2 in (3.6, 6.5, 9.9):
        found = evaluate(
            exclusive.polarisation(SEMILEPTONIC[decay + lepton], q2, q2), nuwet(values), par
        )
        # wilson and flavio have G_F differing by 9e-8
        assert found == pytest.approx(reference(decay, lepton, par, q2, left), abs=1e-7)
        if lepton == "tau":
            assert predict(f"Ptau({decay}tauinv)", par, nuwet(values), q2) == found


@pytest.mark.parametrize("name", CHARGED)
@pytest.mark.parametrize("decay", ["B0->D", "B0->D*"])
def test_every_operator_alone(name, decay, massive_par):
    values = {f"{name}_5332": (2 - 1j) * 1e-7}
    left = to_arrays(values, JMS)
    par = massive_par
    par["Vcb"] = 1e-20  # no SM
    for q2 in (3.6, 9.5):
        if q2 > (par["m_tau"] + par["m_N2"]) ** 2:
            found = predict(f"Ptau({decay}tauinv)", par, nuwet(values), q2)
            expected = reference(decay, "tau", par, q2, left)
            assert found == pytest.approx(expected, rel=1e-8, abs=1e-9)


def test_names_without_charge(par):
    for meson in ("D", "D*"):
        for name, arguments in (("Ptau", (7.0,)), ("<Ptau>", (4, 8)), ("Ptautot", ())):
            values = [
                predict(f"{name}({b}->{meson}tauinv)", par, None, *arguments)
                for b in ("B", "B0", "B+")
            ]
            assert values[0] == values[1] != values[2]
            assert values[1] == pytest.approx(values[2], abs=5e-3)


W_BINS = {"SnueduLL_4332": 1e-7, "TnueduLL_5332": 1e-7j, "VnueduRR_4332": 2e-7}


@pytest.mark.parametrize("decay", DECAYS)
def test_bins_are_averages_over_the_rate(decay, massive_par):
    """Weighted with the rate, against adaptive quadrature of the differential observables."""
    par, w, edges = massive_par, nuwet(W_BINS), (0, 4, 5.5, 8, 13)
    rates = [predict(f"<BR>({decay}tauinv)", par, w, *b) for b in pairwise(edges)]
    means = [predict(f"<Ptau>({decay}tauinv)", par, w, *b) for b in pairwise(edges)]
    total = predict(f"Ptautot({decay}tauinv)", par, w)
    assert np.dot(rates, means) / sum(rates) == pytest.approx(total, abs=1e-7)

    def integrand(q2):
        rate = predict(f"dBR/dq2({decay}tauinv)", par, w, q2)
        return rate * predict(f"Ptau({decay}tauinv)", par, w, q2)

    low, high = 5.5, 8.0
    thresholds = [(par["m_tau"] + par[f"m_N{i}"]) ** 2 for i in (1, 2, 3)]
    points = [t for t in thresholds if low < t < high]
    expected = quad(integrand, low, high, points=points or None, epsrel=1e-9, epsabs=0)[0]
    found = means[2] * rates[2]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6 * rates[2])


def test_closed(par):
    for q2 in (-1.0, 2.0, 40.0):
        assert predict("Ptau(B->Dtauinv)", par, None, q2) == 0
    for q2_bin in ((-3, -1), (0, 3), (12, 20)):
        assert predict("<Ptau>(B->Dtauinv)", par, None, *q2_bin) == 0


# --------------------------------------------------------------------------- limits and literature


@pytest.mark.parametrize(("meson", "value"), [("D", 0.325), ("D*", -0.497)])
@pytest.mark.usefixtures("as_flavio")
def test_standard_model(meson, value, par):
    """arXiv:1212.1878, with other form factors: 0.325 ± 0.009 and -0.497 ± 0.013."""
    error = {"D": 0.009, "D*": 0.013}[meson]
    for b in ("B", "B0", "B+"):
        assert predict(f"Ptautot({b}->{meson}tauinv)", par) == pytest.approx(value, abs=error)


@pytest.mark.parametrize(("meson", "value"), [("D", 0.33), ("D*", -0.51)])
def test_standard_model_of_the_package(meson, value, par):
    assert predict(f"Ptautot(B->{meson}tauinv)", par) == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize("decay", DECAYS)
def test_textbook_formula(decay, par):
    """SM, Γ(-1/2) ~ H1² and Γ(+1/2) ~ m²/(2q²) (H1² + 3 Ht²), hep-ph/9411309."""
    B, M, process, spin = DECAYS[decay]
    m_B, m_M, m = par[f"m_{B}"], par[f"m_{M}"], par["m_tau"]
    for q2 in (3.3, 5.0, 7.9, 10.0):
        ff = {k: float(v[0]) for k, v in form_factors(process, par, np.array([q2])).items()}
        p = np.sqrt((m_B**2 - (m_M + q2**0.5) ** 2) * (m_B**2 - (m_M - q2**0.5) ** 2)) / (2 * m_B)
        if spin == 0:
            h1 = (2 * m_B * p * ff["f+"]) ** 2 / q2
            ht = ((m_B**2 - m_M**2) * ff["f0"]) ** 2 / q2
        else:
            sum_, difference = (
                (m_B + m_M) * ff["A1"] + sign * 2 * m_B * p / (m_B + m_M) * ff["V"]
                for sign in (1, -1)
            )
            h1 = sum_**2 + difference**2 + (8 * m_B * m_M * ff["A12"]) ** 2 / q2
            ht = (2 * m_B * p * ff["A0"]) ** 2 / q2
        minus, plus = h1, m**2 / (2 * q2) * (h1 + 3 * ht)
        expected = (plus - minus) / (plus + minus)
        assert predict(f"Ptau({decay}tauinv)", par, None, q2) == pytest.approx(
            expected, rel=1e-12, abs=0
        )


def ratio(spin, C, q2, m1, m2, ff):
    """P from the closed forms."""
    function, terms, rate_terms = WIDTHS[spin]
    arguments = (np.float64(q2), M_B, M_MESON[spin], m1, m2, ff, *M_QUARKS)
    rate = pseudoscalar(*arguments) if spin == 0 else vector(*arguments)[0]
    return quadratic(function(*arguments), terms, C) / quadratic(rate, rate_terms, C)


@pytest.mark.parametrize("spin", [0, 1])
@pytest.mark.parametrize("name", CHARGED)
def test_massless_lepton(name, spin, rng):
    """Helicity is chirality: (χ Γ P_X e)† makes an e^- of chirality X, -1 for L and +1 for R,
    whatever the mass of the neutrino; V-A gives -1, the scalars of massless left-handed
    neutrinos, (χ P_R e), give +1."""
    array = np.zeros((6, 3, 3, 3), complex)
    array[4, 0, 2, 1] = 1 - 2j
    couplings = left_to_parity({name: array}, 0, 2, 1)
    C = np.array([couplings[c][4] for c in COMPONENTS])
    expected = {"L": -1, "R": 1}[CHARGED[name][1]]
    for m2 in (0.0, 0.7):
        ff = random_form_factors(rng, spin)
        assert ratio(spin, C, 3.1, 0.0, m2, ff) == pytest.approx(expected, abs=1e-12)
        # the other helicity has a relative rate of m1²
        assert ratio(spin, C, 3.1, 1e-4, m2, ff) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("spin", [0, 1])
def test_scalar_with_massless_neutrino(spin, rng):
    """Spin 0: equal helicities. With (τ P_L ν) the antineutrino has +1/2, so P = +1 for any m_τ."""
    C = np.zeros(10, complex)
    for name, value in {"S+": 1, "P+": -1, "S-": 2j, "P-": -2j}.items():
        C[COMPONENTS.index(name)] = value
    for q2 in (4.4, 7.0, 10.0):
        ff = random_form_factors(rng, spin)
        assert ratio(spin, C, q2, 1.777, 0.0, ff) == pytest.approx(1, abs=1e-12)
        assert 0 < ratio(spin, C, q2, 1.777, 0.3, ff) < 0.999


def test_electron_of_the_standard_model(par):
    for decay in DECAYS:
        assert (
            -1 < evaluate(exclusive.polarisation(SEMILEPTONIC[f"{decay}e"]), None, par) < -1 + 1e-5
        )


def test_heavy_neutrino_with_a_right_handed_current(par):
    """N with (τ γ P_R N) of the SM's strength: the polarisations cancel, exactly at m_N = 0."""
    V_cb = flavio.physics.ckm.get_ckm(par)[1, 2]
    C = 4 * par["GF"] / np.sqrt(2) * V_cb.conj()
    alpha = flavio.physics.running.running.get_alpha(par, SCALE)["alpha_e"]
    C *= 1 + alpha / np.pi * np.log(par["m_Z"] / SCALE)
    w = nuwet({"VnueduRL_4332": C})
    for meson in ("D", "D*"):
        sm = predict(f"Ptautot(B->{meson}tauinv)", par)
        assert predict(f"Ptautot(B->{meson}tauinv)", par, w) == pytest.approx(0, abs=1e-9)
        par["m_N1"] = 1.0
        assert 0 < predict(f"Ptautot(B->{meson}tauinv)", par, w) / sm < 1
        par["m_N1"] = 0.0
