"""tau -> pi, K + inv: stock flavio without N, explicit amplitudes with N."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
import wilson
from bruteforce import two_fermions as explicit
from bruteforce.projection import project_nuwet
from wilson import parameters as wilson_parameters

from flavio_nusmeft import NuWilson, predict
from flavio_nusmeft.eft.flavour import lookup, to_arrays
from flavio_nusmeft.eft.operators import JMS, WARSAW
from flavio_nusmeft.eft.running import M_Z, qcd_evolution
from flavio_nusmeft.physics.modes import TAU_HADRONIC

# with du and tau there is no other observable
pytestmark = pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.NoEffectWarning")

OBSERVABLES = {f"BR({name}inv)": f"BR({name}nu)" for name in TAU_HADRONIC}
MASSES = (0.0, 0.4, 1.1)
SCALE = 1.8
CLASSES = ("lnqd1", "lnqd3", "lnuq", "nedu", "phine")


def value(observable, par, w=None):
    return flavio.Observable[observable].prediction_par(par, w or flavio.WilsonCoefficients())


@pytest.mark.parametrize(
    ("values", "scale", "eft", "basis"),
    [
        ({}, 1e3, "SMEFT", "Warsaw"),
        ({"lq3_3311": 1e-7, "ll_1221": 3e-8, "ledq_3311": 1e-7j}, 1e3, "SMEFT", "Warsaw"),
        (
            {"CSR_dutaunutau": 0.1j, "CVR_sutaunutau": 0.2, "CSL_sutaunumu": 0.1},
            1.8,
            "WET-4",
            "flavio",
        ),
    ],
)
def test_stock_flavio(values, scale, eft, basis, par):
    """With operators that change G_F, in which flavio takes out what mu -> e nu nu has of them."""
    w = wilson.Wilson(values, scale, eft, basis)
    for ours, theirs in OBSERVABLES.items():
        assert value(ours, par, w) == pytest.approx(value(theirs, par, w), rel=1e-9, abs=0)
        if values:
            assert abs(value(ours, par, w) / value(ours, par) - 1) > 1e-3


def left_at(values, par):
    """Charged LEFT arrays at the scale of the decay, from m_Z, where all coefficients are given."""
    p = wilson_parameters.p
    v = 1 / np.sqrt(np.sqrt(2) * p["GF"])
    V = flavio.physics.ckm.get_ckm(par)
    left = project_nuwet(to_arrays(values, WARSAW), V, p["m_W"], v, p["alpha_e"])
    m_b = NuWilson({}, M_Z, "nuSMEFT", "Warsaw").get_option("mb_matchingscale")
    factors = [qcd_evolution(M_Z, m_b, nf=5), qcd_evolution(m_b, SCALE, nf=4)]
    return {n: np.prod([f[JMS[n].qcd] for f in factors]) * left[n] for n in JMS if "nuedu" in n}


@pytest.mark.parametrize("mode", TAU_HADRONIC)
def test_from_nusmeft(mode, par, rng):
    """Random complex coefficients of every class with charged currents, unequal masses of N."""
    names = [name for name, c in lookup(WARSAW).items() if c.operator.name in CLASSES]
    values = {name: complex(*rng.normal(size=2)) * 1e-6 for name in names}
    meson, quarks = TAU_HADRONIC[mode].B, TAU_HADRONIC[mode].quarks
    left = left_at(values, par)
    running = flavio.physics.running.running
    masses = sum(running.get_mq(q, par, SCALE) for q in quarks)
    state = {"mass": par[f"m_{meson}"], "f_P": par[f"f_{meson}"], "m_quarks": masses}
    widths = [
        explicit.charged_lepton_width(
            par["m_tau"], mass, state, left, (neutrino, 2, "ds".index(quarks[0]), 0)
        )
        for neutrino, mass in enumerate(MASSES, start=3)
    ]
    sm = value(f"BR({mode}inv)", par)
    assert min(widths) * par["tau_tau"] > 1e-3 * sm
    observable = f"BR({mode}inv)"
    scalings = np.array([0, 0.3, 1])
    found = predict(
        observable,
        {name: c * scalings for name, c in values.items()},
        scale=M_Z,
        eft="nuSMEFT",
        basis="Warsaw",
        par={f"m_N{i}": mass for i, mass in enumerate(MASSES, start=1)},
    )[observable]
    expected = sm + scalings**2 * par["tau_tau"] * sum(widths)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=0)
    par |= {f"m_N{i}": mass for i, mass in enumerate(MASSES, start=1)}
    single = value(observable, par, NuWilson(values, M_Z, "nuSMEFT", "Warsaw"))
    assert single == pytest.approx(found[-1], rel=1e-12, abs=0)


def test_masses(par):
    """A closed channel leaves the SM as it is; a massless N is the limit of a light one."""
    w = NuWilson({"SnueduLL_4311": 1e-5, "VnueduRR_4311": 1e-6j}, SCALE, "nuWET-4", "JMS")
    name = "BR(tau->piinv)"
    sm, massless = value(name, par), value(name, par, w)
    par["m_N1"] = 1e-6
    assert value(name, par, w) == pytest.approx(massless, rel=1e-5, abs=0)
    par["m_N1"] = par["m_tau"] - par["m_pi+"] - 1e-3
    assert value(name, par, w) > sm
    par["m_N1"] += 2e-3
    assert value(name, par, w) == sm
