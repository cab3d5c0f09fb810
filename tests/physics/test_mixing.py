"""Mixing of N: textbook widths, the limits of massless and of heavy N, interference."""

import itertools
import warnings

import flavio
import numpy as np
import pytest
from observable_arguments import all_observables

import flavio_nusmeft as nus
from flavio_nusmeft import errors
from flavio_nusmeft.eft.space import Space
from flavio_nusmeft.physics import channels, mixing
from flavio_nusmeft.physics.channels import CouplingSet

LEPTONS = ("e", "mu", "tau")
SPACE = {"scale": 1000, "eft": "nuSMEFT", "basis": "Warsaw"}
WET3 = {"scale": 2, "eft": "nuWET-3", "basis": "JMS"}


def lam(a, b, c):
    return a**2 + b**2 + c**2 - 2 * (a * b + a * c + b * c)


def shrock(m_P, m_l, m_N):
    """Γ(P -> l N)/(|U|² Γ(P -> l ν)), Phys. Rev. D 24 (1981) 1232."""
    x, y = (m_l / m_P) ** 2, (m_N / m_P) ** 2
    return (x + y - (x - y) ** 2) * np.sqrt(lam(1, x, y)) / (x * (1 - x) ** 2)


@pytest.fixture(scope="module")
def par():
    return flavio.default_parameters.get_central_all()


def predict(name, par=None, coefficients=None, space=SPACE):
    return float(nus.predict(name, coefficients or {}, par=par, **space)[name])


@pytest.mark.parametrize(
    ("name", "meson", "lepton", "m_N"),
    [
        ("BR(K+->muinv)", "K+", "mu", 0.25),
        ("BR(B+->tauinv)", "B+", "tau", 2.0),
        ("BR(Ds->einv)", "Ds", "e", 1.0),
        ("Gamma(pi+->muinv)", "pi+", "mu", 0.02),
    ],
)
def test_leptonic(par, name, meson, lepton, m_N):
    U = 0.02
    standard = predict(name)
    found = predict(name, {f"U_{lepton}1": U, "m_N1": m_N})
    factor = shrock(par[f"m_{meson}"], par[f"m_{lepton}"], m_N)
    assert (found / standard - 1 + U**2) / U**2 == pytest.approx(factor, rel=1e-6, abs=0)
    # heavy: what is left is the deficit
    found = predict(name, {f"U_{lepton}1": U, "m_N1": 10.0})
    assert found == pytest.approx((1 - U**2) * standard, rel=1e-12, abs=0)


def random_mixings(rng, size=0.2):
    return {f"U_{x}{k}": float(rng.normal() * size) for x in LEPTONS for k in (1, 2, 3)}


def test_massless_n_are_neutrinos(rng):
    """No observable depends on the mixings with massless N, whatever the operators."""
    known = Space.of(1000, "nuSMEFT", "Warsaw", None).known
    chosen = rng.choice(list(known), 60, replace=False)
    c = {str(n): 2e-8 * (rng.normal() + (0 if known[n] else 1j * rng.normal())) for n in chosen}
    names = all_observables()
    assert len(names) > 600
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.NoEffectWarning)
        without = nus.predict(names, c, **SPACE)
        found = nus.predict(names, c, par=random_mixings(rng), **SPACE)
    for name in names:
        assert found[name] == pytest.approx(float(without[name]), rel=1e-12, abs=0), name


def test_forgotten_mass():
    with pytest.warns(errors.NoEffectWarning, match="U_e1, U_mu1 changes .* m_N1 is 0"):
        predict("BR(B+->Kinv)", {"U_e1": 0.1, "U_mu1": 0.1, "m_N2": 1.0, "U_tau2": 0.1})


def test_heavy_n_take_from_the_active(rng):
    U = random_mixings(rng)
    heavy = {f"m_N{k}": 400.0 for k in (1, 2, 3)}
    left = [1 - sum(U[f"U_{x}{k}"] ** 2 for k in (1, 2, 3)) for x in LEPTONS]
    for lepton, fraction in zip(LEPTONS, left, strict=True):
        for name in (f"BR(B0->D*{lepton}inv)", f"BR(B->Xc{lepton}inv)", f"BR(Bc->{lepton}inv)"):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = predict(name, {**U, **heavy})
            assert found == pytest.approx(fraction * predict(name), rel=1e-12, abs=0)
    # of two charged currents, and of the neutral one: the matrix 1 - U U^T
    name = "BR(tau->muinv)"
    expected = left[1] * left[2] * predict(name)
    assert predict(name, {**U, **heavy}) == pytest.approx(expected, rel=1e-3, abs=0)
    matrix = np.array([[U[f"U_{x}{k}"] for k in (1, 2, 3)] for x in LEPTONS])
    current = np.eye(3) - matrix @ matrix.T
    for name in ("BR(B0->Kinv)", "Gamma(Z->inv)"):
        expected = np.sum(current**2) / 3 * predict(name)
        assert predict(name, {**U, **heavy}) == pytest.approx(expected, rel=1e-12, abs=0)


def test_first_order(par):
    """The coefficients of nuWET that stand for a small mixing."""
    U = 1e-4
    mixed = {**par, "U_mu2": U, "m_N2": 0.3}
    G = par["GF"]
    ckm = flavio.physics.ckm.get_ckm(par)
    empty = flavio.WilsonCoefficients()
    C = channels.couplings(empty, mixed, CouplingSet("bc", "mu", 4.8))
    sm = flavio.physics.bdecays.wilsoncoefficients.get_CVLSM(par, 4.8, nf=5)
    expected = -4 * G / np.sqrt(2) * ckm[1, 2] * U * sm / 2
    assert C[4, channels.COMPONENTS.index("V+")] == pytest.approx(expected, rel=1e-12, abs=0)
    # ν_mu N2 in s̄ b, and s̄ s by Z exchange
    pair = mixing.PAIRS.index((1, 4))
    same = mixing.PAIRS.index((1, 1))
    for quarks in ("bs", "ss"):
        which = CouplingSet(quarks, None, 4.8)
        C = channels.couplings(empty, mixed, which)
        assert C[pair] == pytest.approx(U * C[same], rel=1e-7, abs=0)
    A = channels.couplings(empty, mixed, CouplingSet("dd", None, 2.0))[pair]
    expected = 2 * np.sqrt(2) * G * U * np.array([-1 / 2 + par["s2w"] * 2 / 3, -1 / 2])
    found = [A[channels.COMPONENTS.index(name)] for name in ("A+", "A-")]
    assert found == pytest.approx(expected, rel=1e-7, abs=0)


def test_n_decays_of_the_muon(par):
    """W exchange in μ -> e ν N: |U|² times the phase space with one massive fermion."""
    m_N, U = 0.04, 1e-3
    x = (m_N / par["m_mu"]) ** 2
    phase_space = 1 - 8 * x + 8 * x**3 - x**4 - 12 * x**2 * np.log(x)
    for name in ("U_e1", "U_mu1"):
        found = predict("Gamma/Gamma_SM(mu->einv)", {name: U, "m_N1": m_N})
        # m_e changes the function by some 8 (m_e/m_mu)²
        assert (found - 1 + U**2) / U**2 == pytest.approx(phase_space, rel=2e-3, abs=0)


def test_w_z_h(par):
    m_N, U = 30.0, 0.01
    given = {"U_mu1": U, "m_N1": m_N}

    def excess(name):
        return (predict(name, given) - predict(name)) / U**2

    x = (m_N / par["m_W"]) ** 2
    ratio = "Rmue(W->linv)"
    assert excess(ratio) / predict(ratio) == pytest.approx(
        (1 - x) ** 2 * (1 + x / 2) - 1, rel=1e-3, abs=0
    )
    # Z -> ν N, twice the coupling of one flavour
    x = (m_N / par["m_Z"]) ** 2
    change = 2 * ((1 - x) ** 2 * (1 + x / 2) - 1) / 3
    assert excess("Gamma(Z->inv)") / predict("Gamma(Z->inv)") == pytest.approx(
        change, rel=1e-3, abs=0
    )
    # arXiv:hep-ph/9209227: Γ(h -> ν N) = |U|² m_N² m_h (1 - x²)²/(8π v²)
    v2 = 1 / (np.sqrt(2) * par["GF"])
    x = (m_N / par["m_h"]) ** 2
    width = U**2 * m_N**2 * par["m_h"] * (1 - x) ** 2 / (8 * np.pi * v2)
    total = flavio.physics.higgs.width.Gamma_rel_SM * par["m_h"]
    expected = width / (width + total)
    assert predict("BR(h->inv)", given) == pytest.approx(expected, rel=3e-4, abs=0)


def spinor_width(m_P, m_l, m_N, a, b):
    """Γ of P -> l N with the amplitude l (a + b γ5) N (GeV)."""
    p = np.sqrt(lam(m_P**2, m_l**2, m_N**2)) / (2 * m_P)
    product = np.hypot(p, m_l) * np.hypot(p, m_N) + p**2
    squared = 4 * (abs(a) ** 2 * (product - m_l * m_N) + abs(b) ** 2 * (product + m_l * m_N))
    return squared * p / (8 * np.pi * m_P**2)


@pytest.mark.parametrize("coefficient", ["SnueduLR_4221", "SnueduRR_4221", "VnueduRR_4221"])
def test_interference(par, coefficient):
    """Mixing and operators of one final state are added before they are squared."""
    m_N, U = 0.2, 0.01
    given = {"U_mu1": U, "m_N1": m_N}
    name, scale = "BR(K+->muinv)", flavio.config["renormalization scale"]["kdecays"]
    space = {"scale": scale, "eft": "nuWET-3", "basis": "JMS"}
    operator = {coefficient: 2e-9 + 1e-9j}
    both = predict(name, given, operator, space)
    which = CouplingSet("su", "mu", scale, "leptonic")
    standard = channels.couplings(None, par, which)[1]
    sterile = channels.couplings(nus.NuWilson(operator, **space), par, which)[3]
    quark_masses = sum(flavio.physics.running.running.get_mq(q, par, scale) for q in "us")
    m_K, m_l = par["m_K+"], par["m_mu"]

    def width(C, mass):
        V, A, S, P = (C[channels.COMPONENTS.index(x)] for x in ("V-", "A-", "S-", "P-"))
        a = V * (m_l - mass) + S * m_K**2 / quark_masses
        b = A * (m_l + mass) + P * m_K**2 / quark_masses
        return par["f_K+"] ** 2 / 4 * spinor_width(m_K, m_l, mass, a, b)

    cosine = np.sqrt(1 - U**2)
    parts = [
        width(cosine * standard - U * sterile, 0.0),
        width(U * standard + cosine * sterile, m_N),
    ]
    assert both == pytest.approx(par["tau_K+"] * sum(parts), rel=1e-8, abs=0)
    # seen in the numbers: without interference it would be another one
    apart = width(U * standard, m_N) + width(cosine * sterile, m_N)
    assert abs(parts[1] - apart) > 0.01 * parts[1]


def test_batch_is_np_prediction(rng):
    U = random_mixings(rng)
    masses = {"m_N1": 0.3, "m_N2": 1.2, "m_N3": 0.01}
    c = {"nd_1123": 2e-9, "nedu_1222": 1e-9j, "phin_11": 1e-8, "lnqd1_2121": 1e-9}
    names = [
        "BR(B+->Kinv)",
        "BR(B0->D*muinv)",
        "BR(KL->piinv)",
        "Gamma(Z->inv)",
        "BR(h->inv)",
        "BR(K+->einv)",
        "BR(tau->muinv)",
        "BR(D0->inv)",
        "BR(W->einv)",
    ]
    wc = nus.NuWilson(c, **SPACE)
    before = {n: flavio.default_parameters.get_central(n) for n in U | masses}
    try:
        for name, value in (U | masses).items():
            flavio.default_parameters.set_constraint(name, str(value))
        found = nus.predict(names, c, par=U | masses, **SPACE)
        for name in names:
            single = flavio.np_prediction(name, wc)
            assert float(found[name]) == pytest.approx(single, rel=1e-12, abs=0)
    finally:
        for name, value in before.items():
            flavio.default_parameters.set_constraint(name, str(value))


def test_unitary():
    W = mixing.rotation(dict.fromkeys(itertools.chain(*mixing.MIXINGS), 0.0) | {"U_e1": 0.6})
    assert pytest.approx(np.eye(6), abs=1e-15) == W @ W.T
    assert W[0, 3] == pytest.approx(0.6, abs=1e-15)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"U_mu1": 0.8, "U_mu2": 0.7}, r"U_mu1² \+ U_mu2² = 1.13 is above 1"),
        ({"U_e3": 0.9, "U_tau3": -0.9}, r"U_e3² \+ U_tau3² = 1.62 is above 1"),
        (
            dict.fromkeys((n for names in mixing.MIXINGS for n in names), 0.5),
            "eigenvalue 2.25 above 1",
        ),
    ],
)
def test_refused(given, message):
    with pytest.raises(errors.InvalidMixing, match=message):
        predict("BR(B+->Kinv)", {**given, "m_N1": 1.0, "m_N2": 1.0, "m_N3": 1.0})


def test_tau_to_heavier_n():
    """N heavier than the τ take part in no decay of it."""
    c = {"VnueduRR_4311": 1e-8}
    with pytest.warns(errors.HeavyMassWarning):
        found = predict("BR(tau->piinv)", {"m_N1": 8.0}, c, WET3 | {"eft": "nuWET", "scale": 4.8})
    assert found == pytest.approx(predict("BR(tau->piinv)"), rel=1e-12, abs=0)
    for name, fraction in (("BR(tau->piinv)", 0.99), ("BR(B+->Kinv)", 0.981)):
        found = predict(name, {"m_N1": 8.0, "U_tau1": 0.1})
        assert fraction * predict(name) <= found * (1 + 1e-12) < predict(name)
