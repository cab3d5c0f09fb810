"""From coefficients to observables, against widths straight from the Lagrangian.

The reference expands the nuSMEFT (or nuWET) operators in Majorana fields and sums helicity
amplitudes; it shares nothing with the matching, the parity basis or the closed forms.
"""

from __future__ import annotations

import flavio
import numpy as np
import pytest
from bruteforce import rates

from flavio_nusmeft import NuWilson
from flavio_nusmeft.eft.flavour import lookup, to_arrays
from flavio_nusmeft.eft.operators import JMS, WARSAW
from flavio_nusmeft.eft.running import M_Z, qcd_evolution
from flavio_nusmeft.physics.formfactors import form_factors

MODES = {
    "B+->K": ("B+", "K+", "B->K", 0, 1.0),
    "B0->K": ("B0", "K0", "B->K", 0, 1.0),
    "B+->K*": ("B+", "K*+", "B->K*", 1, 1.2),
    "B0->K*": ("B0", "K*0", "B->K*", 1, 1.2),
    "Bs->phi": ("Bs", "phi", "Bs->phi", 1, 1.0),
}
MASSES = [(0.0, 0.0, 0.0), (0.4, 1.1, 1.6), (1e-3, 0.05, 2.0)]
SCALE = 4.8


@pytest.fixture(params=MASSES, ids=str)
def massive_par(request, par):
    par.update({f"m_N{i}": m for i, m in enumerate(request.param, start=1)})
    return par


def sm_coefficient(par):
    """arXiv:2309.02940 Eq. (11) with flavio's inputs."""
    alpha = flavio.physics.running.running.get_alpha(par, SCALE)["alpha_e"]
    alpha_mz = flavio.physics.running.running.get_alpha(par, M_Z)["alpha_e"]
    V = flavio.physics.ckm.get_ckm(par)
    x_over_s2 = par["Xt_di->djnunu"] / par["s2w"] * alpha_mz / alpha
    normalisation = 4 * par["GF"] / np.sqrt(2) * alpha / (2 * np.pi) * V[2, 1].conj() * V[2, 2]
    return -normalisation * x_over_s2, normalisation


def masses_of(par):
    return [0.0, 0.0, 0.0, par["m_N1"], par["m_N2"], par["m_N3"]]


def quark_masses(par):
    running = flavio.physics.running.running
    return running.get_mb(par, SCALE), running.get_ms(par, SCALE)


def reference(function, mode, par, q2, *arguments, **keywords):
    """τ_B dΓ/dq² (total, longitudinal) from one of the brute-force widths."""
    B, M, process, spin, factor = MODES[mode]
    ff = {k: float(v[0]) for k, v in form_factors(process, par, np.array([q2])).items()}
    total, part = function(
        q2,
        par[f"m_{B}"],
        par[f"m_{M}"],
        masses_of(par),
        *arguments,
        ff,
        *quark_masses(par),
        spin,
        n_theta=4,
        **keywords,
    )
    return total * factor * par[f"tau_{B}"], part * factor * par[f"tau_{B}"]


def compare(mode, par, w, q2, expected, rel=1e-8):
    total, part = expected
    symbol = "BR_SD" if mode.startswith("B+") else "BR"
    observable = flavio.Observable[f"d{symbol}/dq2({mode}inv)"]
    assert observable.prediction_par(par, w, q2) == pytest.approx(total, rel=rel, abs=0)
    if MODES[mode][3]:
        observable = flavio.Observable[f"FL({mode}inv)"]
        assert observable.prediction_par(par, w, q2) == pytest.approx(part / total, rel=rel, abs=0)


def random_values(table, names, rng, size=1e-8):
    known = lookup(table)
    return {n: complex(rng.normal(), 0 if known[n].real else rng.normal()) * size for n in names}


def at_low_scale(values, table):
    """Values times the QCD factors of their classes from m_Z to 4.8 GeV."""
    factors = qcd_evolution(M_Z, SCALE, nf=5)
    return {n: v * factors[table[n.split("_")[0]].qcd] for n, v in values.items()}


CLASSES = ["qn", "nd", "lnqd1", "lnqd3"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("classes", [[c] for c in CLASSES] + [CLASSES], ids="+".join)
def test_nusmeft(classes, mode, massive_par, rng):
    """Every class alone and all interfering, all flavours of N, leptons and both quark orders.

    Relative signs of qn and nd, off-diagonal N, and phases all matter here.
    """
    par = massive_par
    names = [
        n
        for n, c in lookup(WARSAW).items()
        if n.split("_")[0] in classes
        and {1, 2} <= set(c.indices[slice(0, 2) if n.startswith("qn") else slice(2, 4)])
    ]
    values = random_values(WARSAW, names, rng)
    w = NuWilson(values, M_Z, "nuSMEFT", "Warsaw")
    arrays = to_arrays(at_low_scale(values, WARSAW), WARSAW)
    VLL_SM = sm_coefficient(par)[0]
    for q2 in (0.3, 7.0, 15.5):
        expected = reference(rates.majorana_width_nusmeft, mode, par, q2, arrays, VLL_SM=VLL_SM)
        compare(mode, par, w, q2, expected)


@pytest.mark.parametrize("mode", ["B0->K", "B0->K*"])
def test_flavour_diagonal_exchange_does_not_contribute(mode, par):
    """phin gives flavour-diagonal Z exchange only: no b -> s at tree level."""
    observable = flavio.Observable[f"BR({mode}inv)"]
    w = NuWilson({"phin_11": 1e-6, "nu_1123": 1e-6, "nedu_1132": 1e-6}, 1e3, "nuSMEFT", "Warsaw")
    assert observable.prediction_par(par, w) == observable.prediction_par(par, None)


@pytest.mark.parametrize("mode", MODES)
def test_nuwet(mode, massive_par, rng):
    """All coefficients of the sector sbnunu that WET does not have, interfering."""
    par = massive_par
    names = [
        n
        for n, c in lookup(JMS).items()
        if n.startswith(("Vnud", "Snud", "Tnud"))
        and {1, 2} == set(c.indices[2:])
        and not (n.startswith("V") and max(c.indices[:2]) < 3)
    ]
    values = random_values(JMS, names, rng)
    w = NuWilson(values, SCALE, "nuWET", "JMS")
    arrays = to_arrays(values, JMS)
    left = {name[0] + name[-2:]: array for name, array in arrays.items()}
    for a in range(3):
        left["VLL"][a, a, 1, 2] += sm_coefficient(par)[0]
        left["VLL"][a, a, 2, 1] += sm_coefficient(par)[0].conjugate()
    for q2 in (0.3, 15.5):
        compare(mode, par, w, q2, reference(rates.majorana_width_left, mode, par, q2, left))


@pytest.mark.parametrize("mode", MODES)
def test_active_neutrinos_interfere_with_the_sm(mode, par, rng):
    """C_L, C_R of WET with all flavours and phases, in flavio's normalisation."""
    flavours = ("e", "mu", "tau")
    values = {
        f"C{X}_bsnu{a}nu{b}": complex(*rng.normal(size=2))
        for X in "LR"
        for a in flavours
        for b in flavours
    }
    w = flavio.WilsonCoefficients()
    w.set_initial(values, SCALE, "WET", "flavio")
    sm, normalisation = sm_coefficient(par)
    left = {name: np.zeros((6, 6, 3, 3), complex) for name in ("VLL", "VLR")}
    for (i, a), (j, b) in [(x, y) for x in enumerate(flavours) for y in enumerate(flavours)]:
        for X in "LR":
            c = normalisation * values[f"C{X}_bsnu{a}nu{b}"] + (sm if i == j and X == "L" else 0)
            left[f"VL{X}"][i, j, 1, 2] = c
            left[f"VL{X}"][j, i, 2, 1] = c.conjugate()
    for q2 in (0.3, 15.5):
        compare(mode, par, w, q2, reference(rates.majorana_width_left, mode, par, q2, left))


@pytest.mark.parametrize("quarks", ["bs", "bd"])
@pytest.mark.parametrize("eft", ["nuSMEFT", "nuWET"])
def test_invisible(quarks, eft, massive_par, rng):
    """B_s -> inv and B0 -> inv with all couplings; tensors do not contribute."""
    par = massive_par
    light = "ds".index(quarks[1])
    if eft == "nuSMEFT":
        table, scale, prefixes, basis = WARSAW, M_Z, tuple(CLASSES), "Warsaw"
    else:
        table, scale, prefixes, basis = JMS, SCALE, ("Vnud", "Snud", "Tnud"), "JMS"
    names = [
        n
        for n, c in lookup(table).items()
        if n.startswith(prefixes)
        and {light, 2} == set(c.indices[slice(0, 2) if n.startswith("qn") else slice(2, 4)])
        and not (eft == "nuWET" and n.startswith("V") and max(c.indices[:2]) < 3)
    ]
    values = random_values(table, names, rng)
    w = NuWilson(values, scale, eft, basis)
    B, f, m_light = ("Bs", "f_Bs", "s") if quarks == "bs" else ("B0", "f_B0", "d")
    running = flavio.physics.running.running
    masses = (running.get_mb(par, SCALE), running.get_mq(m_light, par, SCALE))
    if eft == "nuSMEFT":
        coefficients = to_arrays(at_low_scale(values, table), table)
        function = rates.majorana_two_body_nusmeft
    else:
        arrays = to_arrays(values, table)
        coefficients = {name[0] + name[-2:]: array for name, array in arrays.items()}
        function = rates.majorana_two_body_left
    width = function(
        par[f"m_{B}"], par[f], *masses, masses_of(par), coefficients, quarks=(light, 2)
    )
    found = flavio.Observable[f"BR({B}->inv)"].prediction_par(par, w)
    assert found == pytest.approx(width * par[f"tau_{B}"], rel=1e-8, abs=0)
