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
from flavio_nusmeft.eft.operators import WARSAW
from flavio_nusmeft.physics.charged_couplings import left_to_parity
from flavio_nusmeft.physics.modes import TAU_HADRONIC

# m_N is above the mass of some of what decays to it, and operators with tau reach nothing else
pytestmark = pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.NoEffectWarning")

OBSERVABLES = {f"BR({name}inv)": f"BR({name}nu)" for name in TAU_HADRONIC}
MASSES = {"m_N1": 0.0, "m_N2": 0.4, "m_N3": 1.1}
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


@pytest.mark.parametrize(("meson", "mode", "down"), [("pi+", "tau->pi", 0), ("K+", "tau->K", 1)])
def test_from_nusmeft(meson, mode, down, par, rng):
    """The chain for random complex coefficients of every class, N massless, light and closed."""
    names = [
        name
        for name, c in lookup(WARSAW).items()
        if c.operator.name in CLASSES and {"lnle"}.isdisjoint([c.operator.name])
    ]
    values = {name: complex(*rng.normal(size=2)) * 1e-6 for name in names}
    par |= MASSES
    scale = flavio.config["renormalization scale"]["taudecays"]
    # the running of quark currents is tested elsewhere: coefficients from the matching as they are
    p = wilson_parameters.p
    v = 1 / np.sqrt(np.sqrt(2) * p["GF"])
    V = flavio.physics.ckm.get_ckm(par)
    high = NuWilson(values, p["m_Z"], "nuSMEFT", "Warsaw")
    matched = project_nuwet(to_arrays(values, WARSAW), V, p["m_W"], v, p["alpha_e"])
    name = f"us{'' if down else ''}"  # noqa: F841
    sector = f"u{'ds'[down]}taunu"
    low = to_arrays(high.sterile(scale, (sector,), "nuWET-4", par), WARSAW | lookup_classes())
    running = flavio.physics.running.running
    quarks = sum(running.get_mq(q, par, scale) for q in ("u", "ds"[down]))
    state = {"mass": par[f"m_{meson}"], "f_P": par[f"f_{meson}"], "m_quarks": quarks}
    assert matched
    couplings = left_to_parity(low, 2, down, 0)
    expected = value(f"BR({mode}inv)", par)
    for neutrino, mass in zip((3, 4, 5), MASSES.values(), strict=True):
        c = {k: a[neutrino] for k, a in couplings.items()}
        single = {x: (c[f"{x}+"] + c[f"{x}-"]) / 2 for x in "VASPT"}
        single |= {f"{x}p": (c[f"{x}+"] - c[f"{x}-"]) / 2 for x in "VASPT"}
        width = explicit.fermion_width(par["m_tau"], mass, state, single)
        assert width > 0
        expected += par["tau_tau"] * width
    assert value(f"BR({mode}inv)", par, high) == pytest.approx(expected, rel=1e-8, abs=0)
