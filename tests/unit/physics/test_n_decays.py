"""Partial widths of N: which couplings, scales and factors they have."""

from __future__ import annotations

import numpy as np
import pytest
import wilson
from bruteforce import two_fermions as explicit

import flavio_nusmeft as nus
from flavio_nusmeft.eft.matching import sine_squared
from flavio_nusmeft.formulas.quark_widths import QUARK_TERMS
from flavio_nusmeft.formulas.two_body import TWO_BODY_TERMS, fermion_pseudoscalar
from flavio_nusmeft.formulas.widths import term_indices
from flavio_nusmeft.physics import channels
from flavio_nusmeft.physics.channels import CouplingSet
from flavio_nusmeft.physics.n_channels import CHANNELS, massless_pair
from flavio_nusmeft.physics.n_decays import INVISIBLE, MORE, n_widths
from flavio_nusmeft.physics.neutral_couplings import PAIRS

LOW = {"scale": 2.0, "eft": "nuWET-4", "basis": "JMS"}
C = 1e-8


def low(values):
    return nus.NuWilson(values, **LOW)


def warsaw(values, **options):
    return nus.NuWilson(values, 91.1876, "nuSMEFT", "Warsaw", options)


def widths(wc, par, N=1, **masses):
    return n_widths(wc, par | masses, N)


def test_table():
    """Every pair of charged leptons and every transition of quarks, once."""
    pairs = {c.quarks for c in CHANNELS if c.kind == "leptons"}
    assert pairs == {"ee", "mumu", "tautau", "mue", "taue", "taumu"}
    quarks = [(c.quarks, c.lepton) for c in CHANNELS if c.kind == "quarks"]
    assert len(quarks) == len(set(quarks)) == 5 + 4 + 3 * 6
    names = [(c.name, c.lepton) for c in CHANNELS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("charged", [True, False])
def test_pion(charged, par):
    """One operator of the pseudoscalar: by hand, with the conjugate of the charged pion."""
    name = "SnueduLL_4211" if charged else "SnudLL_1411"
    m_N, f = 0.6, par["f_pi0"]
    found = widths(low({name: C}), par, m_N1=m_N)
    which = CouplingSet("du" if charged else "dd", "mu" if charged else None, 2.0)
    couplings = channels.couplings(low({name: C}), par, which)
    k = 3 if charged else PAIRS.index((0, 3))
    first, second = term_indices(TWO_BODY_TERMS)
    # the SM has no part in it
    products = (couplings[k][list(first)] * couplings[k][list(second)].conj()).real
    from flavio.physics.running.running import get_md, get_mu

    masses = get_mu(par, 2.0) + get_md(par, 2.0)
    m_P, m_l = (par["m_pi+"], par["m_mu"]) if charged else (par["m_pi0"], 0.0)
    form = fermion_pseudoscalar(m_P, f, masses, np.array([m_l]), np.array([m_N]))[:, 0]
    expected = products @ form * (2 if charged else 1 / 2)  # d is half of a π0
    state = "mu pi" if charged else "nu pi0"
    assert list(found.widths) == [state]
    assert found.widths[state] == pytest.approx([expected], rel=1e-12, abs=0)


def test_kaons(par):
    """N -> ν K0 and ν K0bar, also if only s -> d has a coefficient."""
    one = widths(low({"SnudLL_1412": C}), par, m_N1=0.9).widths
    other = widths(low({"SnudLL_1421": C}), par, m_N1=0.9).widths
    assert set(one) == {"nu K0"}
    assert other["nu K0"] == pytest.approx(one["nu K0"], rel=1e-12, abs=0)


def test_flavours_add_up(par):
    """Two flavours of ν do not interfere, two operators with one ν do."""
    a, b = low({"VnudLL_1411": C}), low({"VnudLL_2411": C})
    both = low({"VnudLL_1411": C, "VnudLL_2411": C})
    states = [widths(wc, par, m_N1=0.9).widths["nu pi0"] for wc in (a, b, both)]
    assert states[2] == pytest.approx(states[0] + states[1], rel=1e-12, abs=0)
    axial = widths(low({"VnudLL_1411": C, "VnudLR_1411": C}), par, m_N1=0.9)
    assert "nu pi0" not in axial.widths


def test_order_of_n(par):
    """N2 -> N1 and N1 -> N2 with a real vector: the same, whichever index comes first."""
    wc = low({"VnudLL_4511": C})
    first = widths(wc, par, N=2, m_N1=0.4, m_N2=1.9)
    second = widths(wc, par, N=1, m_N1=1.9, m_N2=0.4)
    assert set(first.widths) == {"N1 pi0", "N1 eta", "N1 eta'", "N1 rho0", "N1 omega", MORE}
    for state, width in first.widths.items():
        assert second.widths[state.replace("N1", "N2")] == pytest.approx(width, rel=1e-12, abs=0)
    heavier = widths(wc, par, N=1, m_N1=0.4, m_N2=1.9)
    assert not heavier.widths


def test_masses_at_once(par):
    """Several masses give what each of them gives, below and above thresholds and quarks."""
    wc = warsaw({"lnqd1_1111": C, "nedu_1221": C, "lnle_1112": C, "nB_11": 1e-10})
    masses = np.array([0.05, 0.12, 0.4, 0.99, 1.0, 2.2, 9.0])
    together = n_widths(wc, par, 1, masses)
    for i, mass in enumerate(masses):
        alone = n_widths(wc, par, 1, np.array([mass]))
        for state, width in together.widths.items():
            expected = alone.widths.get(state, np.zeros(1))[0]
            assert width[i] == pytest.approx(expected, rel=1e-13, abs=0)
        assert together.quarks[i] == pytest.approx(alone.quarks[0], rel=1e-13, abs=0)


def test_hadrons(par):
    """The larger one of mesons and quarks, and nothing twice."""
    for m_N, larger in ((0.9, "mesons"), (5.0, "quarks")):
        found = widths(low({"VnueduLL_4111": C}), par, m_N1=m_N)
        total = sum(found.widths.values())
        assert total == pytest.approx(getattr(found, larger), rel=1e-12, abs=0)
        assert (MORE in found.widths) is (larger == "quarks")


def test_photon(par):
    """By the explicit calculation of the dipole, from components of the fields."""
    nW, nB, m_N = 2e-8 + 1e-8j, -1e-8j, 0.08
    found = widths(warsaw({"nW_11": nW, "nB_11": nB}), par, m_N1=m_N)
    v = (np.sqrt(2) * par["GF"]) ** -0.5
    s2 = sine_squared(par)
    vertex = explicit.Electroweak(0.65, 0.65 * np.sqrt(s2 / (1 - s2)), v)
    expected = explicit.n_to_nu_photon(vertex, nW, nB, m_N)
    assert found.widths["nu gamma"] == pytest.approx([expected], rel=1e-8, abs=0)
    two = widths(warsaw({"nB_11": 1e-8, "nB_31": 2e-8}), par, m_N1=m_N).widths["nu gamma"]
    one = widths(warsaw({"nB_11": 1e-8}), par, m_N1=m_N).widths["nu gamma"]
    assert two == pytest.approx(5 * one, rel=1e-12, abs=0)


def test_neutrinos(par):
    """N2 -> N1 with ν ν by Z exchange, next to e e: their couplings to the Z, squared."""
    found = widths(warsaw({"phin_12": C}), par, N=2, m_N1=0.3, m_N2=0.8).widths
    s2 = sine_squared(par)
    leptons = (1 - 2 * s2) ** 2 + (2 * s2) ** 2
    # e have 2 m_e/m_N2, squared
    ratio = found["N1 nu nu"] / found["N1 e e"]
    assert ratio == pytest.approx([3 / leptons], rel=1e-4, abs=0)
    assert INVISIBLE[1] == "N1 nu nu"


def test_neutrinos_with_flavour(par):
    """ln: with real coefficients of either order; ν_1 ν_2 and its conjugate."""
    diagonal = widths(warsaw({"ln_1112": C}), par, N=2, m_N2=0.8).widths["N1 nu nu"]
    changing = widths(warsaw({"ln_1212": C}), par, N=2, m_N2=0.8).widths["N1 nu nu"]
    # ln_1212 has ν_1 ν_2bar with C and N_1 N_2, its conjugate ν_2 ν_1bar
    assert changing == pytest.approx(diagonal, rel=1e-12, abs=0)
    charged = widths(warsaw({"ln_1112": C}), par, N=2, m_N2=0.8).widths["N1 e e"]
    assert diagonal == pytest.approx(charged, rel=1e-4, abs=0)


def test_massless_pair():
    """Purely left-handed: G² m⁵/(192π³) with G = C/(2√2), and f(x) of the other mass."""
    m, x = 2.0, 0.4
    terms = dict(zip(QUARK_TERMS, massless_pair(np.array([m]), x * m)[:, 0], strict=True))
    vectors = ("V+", "V-", "A+", "A-")
    # V = -A = 1/2, unprimed; V and A do not interfere but in V+ with V+ and so on
    total = sum(terms[a, a] / 4 for a in vectors)
    shape = 1 - 8 * x**2 + 8 * x**6 - x**8 - 24 * x**4 * np.log(x)
    assert total == pytest.approx(m**5 / (8 * 192 * np.pi**3) * shape, rel=1e-9, abs=0)


@pytest.mark.parametrize("mass", [0.0, -1.0, np.nan, np.inf, 80.5])
def test_masses(mass, par):
    with pytest.raises(nus.errors.InvalidMass, match="m_N1"):
        widths(None, par, m_N1=mass)


def test_left_out(par):
    def notes(wc, m_N):
        return widths(wc, par, m_N1=m_N).left_out

    assert notes(None, 2.0) == ()
    assert notes(warsaw({"nB_11": C}), 2.0) == ()
    (dipole,) = notes(nus.NuWilson({"VnueLL_1411": C}, 4.8, "nuWET", "JMS"), 2.0)
    assert "nuWET has no dipole" in dipole
    _, quarks = notes(nus.NuWilson({"VnueLL_1411": C}, 2.0, "nuWET-3", "JMS"), 2.0)
    assert "c, b, tau" in quarks
    assert notes(warsaw({"nn_1111": C, "nphi_11": C}), 1.0) == (
        "nn: operators of four N",
        "nphi: operators of N with h",
    )
    (scalars,) = notes(warsaw({"lnqd1_1111": C}), 0.8)
    assert "scalar currents" in scalars
    (propagator,) = notes(None, 20.0)
    assert "m_N²/m_W², which is 6%" in propagator
    (meson,) = notes(warsaw({"nedu_1112": C}), 2.5)
    assert "e D*" in meson


def test_smeft(par):
    """Operators without N do not make it decay."""
    import wilson

    wc = wilson.Wilson({"VnueLL_1111": C}, 4.8, "WET", "JMS")
    assert widths(wc, par, m_N1=1.0) == ({}, 0, 0, ())


@pytest.mark.parametrize("setting", ["bll"])
def test_settings(setting, par, monkeypatch):
    """The scale of mesons with b is flavio's."""
    import flavio

    wc = nus.NuWilson({"SnudLL_1423": C}, 4.8, "nuWET", "JMS")
    before = widths(wc, par, m_N1=6.0).widths["nu Bs"]
    monkeypatch.setitem(flavio.config["renormalization scale"], setting, 3.0)
    after = widths(wc, par, m_N1=6.0).widths["nu Bs"]
    # C/m_q of a scalar runs as little as its loops differ from those of the mass
    assert after != before
    assert after == pytest.approx(before, rel=0.2, abs=0)


@pytest.mark.parametrize("eft", ["WET-3", "WET-4", "WET"])
def test_what_coefficients_without_n_do_not_have(eft):
    """Where the EFT of active neutrinos ends, only mixing counts, as where that of N does."""
    wc_obj = wilson.Wilson({"VnueduLL_1111": 1e-8}, 2.0, eft, "JMS")
    left_out = nus.decays(wc_obj, par={"m_N1": 1.0, "U_e1": 1e-3}).left_out
    missing = {"WET-3": "c, b, tau", "WET-4": "b", "WET": ""}[eft]
    expected = [f"operators with {missing}: {eft} has none, only mixing counts"] * bool(missing)
    assert list(left_out) == expected
