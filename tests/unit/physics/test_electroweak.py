"""N in decays of Z, W and h, against explicit amplitudes with the vertices of the operators."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
import wilson
from bruteforce import two_fermions as explicit

from flavio_nusmeft import NuWilson
from flavio_nusmeft.errors import UnknownBasis
from flavio_nusmeft.physics.electroweak import h_width, w_width, z_width

SCALE, M_N = 91.1876, (0.0, 11.0, 30.0)
LEPTONS = ("e", "mu", "tau")


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
