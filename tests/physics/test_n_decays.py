"""Decays of N by mixing against the closed formulas and the totals of arXiv:1805.08567.

The formulas are written again here, from the literature. Mixing stands as coefficients of nuWET, to
first order in G_F, which go through all of the engine. Formulas of the literature are of Dirac N: a
Majorana N has the conjugate mode, or twice the rate with ν.
"""

from __future__ import annotations

import numpy as np
import pytest
from flavio.physics.ckm import get_ckm
from scipy.integrate import quad

import flavio_nusmeft as nus

U = 1e-3
LEPTONS = ("e", "mu", "tau")
MAJORANA = 2


def mixed(par, flavour, s2):
    """nuWET coefficients of the mixing U of N1 with one flavour, without radiative corrections."""
    b, c = LEPTONS.index(flavour) + 1, {}
    V = get_ckm(par)
    for d in range(3):
        for u in range(2):
            c[f"VnueduLL_4{b}{d + 1}{u + 1}"] = -4 * par["GF"] / np.sqrt(2) * V[u, d].conj() * U
    for kind, T3, Q, n in (("d", -1 / 2, -1 / 3, 3), ("u", 1 / 2, 2 / 3, 2), ("e", -1 / 2, -1, 3)):
        for chirality, t in (("L", T3), ("R", 0)):
            for i in range(1, n + 1):
                value = -4 * par["GF"] / np.sqrt(2) * U * (t - Q * s2)
                c[f"Vnu{kind}L{chirality}_{b}4{i}{i}"] = value
    for i in (1, 2, 3):
        name = f"VnueLL_{i}4{b}{i}"
        c[name] = c.get(name, 0) - 2 * np.sqrt(2) * par["GF"] * U
    return c


def found(par, flavour, masses, s2=None, **more):
    s2 = par["s2w"] if s2 is None else s2
    wc = nus.NuWilson(mixed(par, flavour, s2), 4.8, "nuWET", "JMS")
    return nus.decays(wc, par={"m_N1": masses} | more)


def kallen(a, b, c):
    return a * a + b * b + c * c - 2 * (a * b + b * c + c * a)


def unit(par, m):
    """G_F² m³ |U|²/(16π)."""
    return par["GF"] ** 2 * m**3 * U**2 / (16 * np.pi)


def lepton_pseudoscalar(par, m, lepton, meson, V):
    x, y = par[f"m_{lepton}"] / m, par[f"m_{meson}"] / m
    shape = (1 - x**2) ** 2 - y**2 * (1 + x**2)
    root = np.sqrt(kallen(1, x**2, y**2))
    return unit(par, m) * par[f"f_{meson}"] ** 2 * abs(V) ** 2 * shape * root


def lepton_vector(par, m, lepton, meson, f_V, V):
    x, y = par[f"m_{lepton}"] / m, par[f"m_{meson}"] / m
    shape = (1 - x**2) ** 2 + y**2 * (1 + x**2) - 2 * y**4
    root = np.sqrt(kallen(1, x**2, y**2))
    return unit(par, m) * f_V**2 * abs(V) ** 2 * shape * root


def neutrino_pseudoscalar(par, m, meson, f_P):
    return unit(par, m) / 2 * f_P**2 * (1 - (par[f"m_{meson}"] / m) ** 2) ** 2


def neutrino_vector(par, m, meson, kappa):
    y = par[f"m_{meson}"] / m
    return unit(par, m) / 2 * (kappa * par[f"f_{meson}"]) ** 2 * (1 + 2 * y**2) * (1 - y**2) ** 2


def charged(par, m, m_l, m_u, m_d):
    """The three masses of N -> l u d, one colour."""
    x, y, z = m_u / m, m_d / m, m_l / m

    def integrand(s):
        product = kallen(s, x**2, y**2) * kallen(1, s, z**2)
        return 12 / s * (s - x**2 - y**2) * (1 + z**2 - s) * np.sqrt(max(product, 0))

    shape, _ = quad(integrand, (x + y) ** 2, (1 - z) ** 2, epsabs=0, epsrel=1e-10)
    return par["GF"] ** 2 * m**5 * U**2 / (192 * np.pi**3) * shape


def neutral(par, m, m_f, C1, C2):
    x = m_f / m
    root = np.sqrt(1 - 4 * x**2)
    # (1 - 3x² - (1 - x²) root)/(x² (1 + root)) without cancellation
    L = np.log(4 * x**4 / ((1 + root) * (1 - 3 * x**2 + (1 - x**2) * root)))
    first = (1 - 14 * x**2 - 2 * x**4 - 12 * x**6) * root + 12 * x**4 * (x**4 - 1) * L
    second = x**2 * (2 + 10 * x**2 - 12 * x**4) * root + 6 * x**4 * (1 - 2 * x**2 + 2 * x**4) * L
    return par["GF"] ** 2 * m**5 * U**2 / (192 * np.pi**3) * (C1 * first + 4 * C2 * second)


@pytest.mark.parametrize("lepton", LEPTONS)
def test_charged_mesons(lepton, par):
    V, m = get_ckm(par), 2.9
    decays = found(par, lepton, m)
    for meson, v in (("pi+", V[0, 0]), ("K+", V[0, 1]), ("D+", V[1, 0])):
        if par[f"m_{lepton}"] + par[f"m_{meson}"] < m:
            value = decays.widths[f"{lepton} {meson[:-1]}"]
            expected = MAJORANA * lepton_pseudoscalar(par, m, lepton, meson, v)
            assert value == pytest.approx(expected, rel=1e-10, abs=0)
    for meson, f_V, v in (("rho+", par["f_rho0"], V[0, 0]), ("K*+", par["f_K*+"], V[0, 1])):
        value = decays.widths[f"{lepton} {meson[:-1]}"]
        expected = MAJORANA * lepton_vector(par, m, lepton, meson, f_V, v)
        assert value == pytest.approx(expected, rel=1e-10, abs=0)


def test_neutral_mesons(par):
    m, s2 = 2.1, par["s2w"]
    decays = found(par, "mu", m)
    angle = np.radians(par["eta mixing angle"])
    f_s = par["eta f_s/f_pi"] * par["f_pi0"] / np.sqrt(2)
    for meson, f_P in (
        ("pi0", par["f_pi0"]),
        ("eta", f_s * np.sin(angle)),
        ("eta'", f_s * np.cos(angle)),
    ):
        expected = MAJORANA * neutrino_pseudoscalar(par, m, meson, f_P)
        assert decays.widths[f"nu {meson}"] == pytest.approx(expected, rel=1e-10, abs=0)
    # as arXiv:2007.03701; 1805.08567 has κ of ω and φ larger by 2 and √2
    kappas = {"rho0": 1 - 2 * s2, "omega": -2 / 3 * s2, "phi": (4 / 3 * s2 - 1) / np.sqrt(2)}
    for meson, kappa in kappas.items():
        expected = MAJORANA * neutrino_vector(par, m, meson, kappa)
        assert decays.widths[f"nu {meson}"] == pytest.approx(expected, rel=1e-10, abs=0)


@pytest.mark.parametrize("mixing", LEPTONS)
@pytest.mark.parametrize("m", [0.5, 3.9])
def test_leptons(mixing, m, par):
    decays, s2 = found(par, mixing, m), par["s2w"]
    for pair in LEPTONS:
        m_l = par[f"m_{pair}"]
        if 2 * m_l < m:
            sign = 1 if pair == mixing else -1
            C = (1 + sign * 4 * s2 + 8 * s2**2) / 4, s2 * (2 * s2 + sign) / 2
            expected = MAJORANA * neutral(par, m, m_l, *C)
            value = decays.widths[f"nu {pair} {pair}"]
            assert value == pytest.approx(expected, rel=1e-8, abs=0)
        if pair != mixing and m_l + par[f"m_{mixing}"] < m:
            first, second = sorted((pair, mixing), key=LEPTONS.index)
            expected = MAJORANA * charged(par, m, par[f"m_{mixing}"], 0, m_l)
            value = decays.widths[f"nu {first} {second}"]
            assert value == pytest.approx(expected, rel=1e-9, abs=0)


def test_quarks(par):
    m, s2, V = 3.0, par["s2w"], get_ckm(par)
    decays = found(par, "mu", m)
    up = (1 - 8 / 3 * s2 + 32 / 9 * s2**2) / 4, s2 / 3 * (4 / 3 * s2 - 1)
    down = (1 - 4 / 3 * s2 + 8 / 9 * s2**2) / 4, s2 / 6 * (2 / 3 * s2 - 1)
    tree = sum(neutral(par, m, par[f"m_{q}"], *(up if q in "uc" else down)) for q in "udsc")
    for i, u in enumerate("uc"):
        for j, d in enumerate("ds"):
            masses = (par[f"m_{name}"] for name in ("mu", u, d))
            tree += abs(V[i, j]) ** 2 * charged(par, m, *masses)
    found_tree = decays.quarks / (1 + _delta(par, m))
    assert found_tree == pytest.approx(MAJORANA * 3 * tree, rel=1e-8, abs=0)
    assert decays.widths["more hadrons"] == pytest.approx(
        decays.quarks - decays.mesons, rel=1e-12, abs=0
    )


def _delta(par, m):
    from flavio.physics.running.running import get_alpha_s

    a = get_alpha_s(par, m) / np.pi
    return a + 5.2 * a**2 + 26.4 * a**3


# total widths over |U|² (GeV), by independent code with the inputs of arXiv:1805.08567
TOTALS = {
    "e": (7.180e-19, 2.453e-15, 1.753e-14, 3.98e-13, 1.19e-11, 9.8e-11, 4.5e-10),
    "mu": (5.149e-19, 1.670e-15, 1.585e-14, 3.80e-13, 1.17e-11, 9.7e-11, 4.5e-10),
    "tau": (5.149e-19, 9.14e-16, 6.61e-15, 1.49e-13, 4.4e-12, 3.8e-11, 2.1e-10),
}


@pytest.mark.parametrize("flavour", LEPTONS)
def test_totals(flavour, par):
    """With mixing as parameters; below 1 GeV s_W² and decay constants differ by 0.1%."""
    masses = np.array([0.1, 0.3, 0.5, 1, 2, 3, 4])
    totals = nus.decays(par={"m_N1": masses, f"U_{flavour}1": U}).total / U**2
    assert totals[:3] == pytest.approx(TOTALS[flavour][:3], rel=1e-3, abs=0)
    # above, decay constants of vector mesons, m_s, m_c and α_s
    assert totals[3:] == pytest.approx(TOTALS[flavour][3:], rel=0.013, abs=0)


# mixing as parameters: the same through the rotation of all couplings


@pytest.mark.parametrize("flavour", LEPTONS)
def test_parameters(flavour, par):
    """U of the parameters and as coefficients: equal to first order."""
    m, s2 = np.array([0.4, 2.5]), 1 - (par["m_W"] / par["m_Z"]) ** 2
    first = found(par, flavour, m, s2=s2)
    rotated = nus.decays(par={"m_N1": m, f"U_{flavour}1": U})
    for state, width in first.widths.items():
        ratio = rotated.widths[state][width > 0] / width[width > 0]
        assert ratio == pytest.approx(1, abs=1e-4 if state == "more hadrons" else 3 * U**2), state
    invisible = par["GF"] ** 2 * m**5 * U**2 / (96 * np.pi**3)
    assert rotated.widths["3nu"] == pytest.approx(invisible, rel=2 * U**2, abs=0)
    assert set(rotated.widths) - set(first.widths) <= {"3nu", "nu K0", "nu K*0", "nu D0"}


def test_three_neutrinos(par):
    """With large mixing: the sum over ν_a ν_b ν_c of the square of both contractions."""
    from flavio_nusmeft.physics.mixing import rotation

    U_large = {"U_e1": 0.5, "U_mu1": 0.3, "U_tau2": 0.4}
    K = rotation(par | U_large)[:3]
    K = K.T @ K
    total = 0.0
    for a in range(3):
        for b in range(3):
            for c in range(3):
                amplitude = K[a, 3] * K[b, c] + K[b, 3] * K[a, c]
                total += amplitude**2 / 2  # ν_a and ν_b are identical
    # one massive neutrino that is purely ν_e and the others massless: 3 + 1 in K
    expected = par["GF"] ** 2 / (96 * np.pi**3) * total / 4
    value = nus.decays(par=U_large | {"m_N1": 1.0, "m_N2": 5.0}).widths["3nu"]
    assert value == pytest.approx(expected, rel=1e-12, abs=0)


def test_flavours_of_mixing(par):
    """Widths are the sum over flavours of U, where W and Z do not interfere."""
    one, two = (nus.decays(par={"m_N1": 0.6, name: U}).widths for name in ("U_e1", "U_mu1"))
    both = nus.decays(par={"m_N1": 0.6, "U_e1": U, "U_mu1": U}).widths
    for state in both:
        expected = one.get(state, 0) + two.get(state, 0)
        assert both[state] == pytest.approx(expected, rel=2 * U**2, abs=0)


def test_interference(par):
    """Operators and mixing: the cross term changes its sign with the coefficient."""
    point = {"scale": 2.0, "eft": "nuWET-3", "basis": "JMS"}
    mixing = {"m_N1": 0.6, "U_e1": U}
    unit = nus.decays({"VnueduLL_4111": 1e-8}, **point, par={"m_N1": 0.6}).widths["e pi"]
    plus, minus = (
        nus.decays({"VnueduLL_4111": x}, **point, par=mixing).widths["e pi"] for x in (1e-8, -1e-8)
    )
    alone = nus.decays(par=mixing).widths["e pi"]
    assert (plus + minus) / 2 == pytest.approx(alone + unit, rel=3 * U**2, abs=0)
    assert minus - plus == pytest.approx(4 * np.sqrt(alone * unit), rel=3 * U**2, abs=0)


def test_photon_of_n(par):
    """N2 -> N1 γ by mixing: the dipole d of ν_e N2 gives N1 the fraction U_e1."""
    wc = nus.NuWilson({"nB_12": 1e-8}, 91.1876, "nuSMEFT", "Warsaw")
    decays = nus.decays(wc, 2, par={"m_N2": 0.1, "m_N1": 0.06, "U_e1": U})
    ratio = decays.widths["N1 gamma"] / decays.widths["nu gamma"]
    assert ratio == pytest.approx(U**2 * (1 - 0.6**2) ** 3, rel=2 * U**2, abs=0)
