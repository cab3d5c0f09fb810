"""Charged currents of every family: N from nuSMEFT by brute force, active ones as stock flavio."""

from __future__ import annotations

import re

import flavio
import numpy as np
import pytest
import wilson
from bruteforce.projection import project_nuwet
from bruteforce.rates import charged_two_body_left, charged_width_left
from wilson import parameters as wilson_parameters

from flavio_nusmeft import NuWilson
from flavio_nusmeft.eft.flavour import lookup, to_arrays
from flavio_nusmeft.eft.operators import JMS, WARSAW
from flavio_nusmeft.eft.running import M_Z, qcd_evolution
from flavio_nusmeft.observables import NAMES
from flavio_nusmeft.physics.formfactors import form_factors
from flavio_nusmeft.physics.modes import LEPTONIC, SEMILEPTONIC

LEPTONS = ("e", "mu", "tau")
CHARGED = [n for n in JMS if "nuedu" in n]
CLASSES = ("lnqd1", "lnqd3", "lnuq", "nedu", "phine")
MASSES = (0.02, 0.1, 0.3)  # of N, GeV; open in all decays but for the last one in K -> pi
# size of the coefficients (GeV^-2): N dominate, and branching ratios are below 1
SIZE = {"bu": 3e-7, "sc": 1e-5, "dc": 3e-6, "su": 1e-6}


def predict(observable, par, w, *arguments):
    return flavio.Observable[observable].prediction_par(par, w, *arguments)


@pytest.fixture
def massive(par):
    return par | {f"m_N{i}": m for i, m in enumerate(MASSES, start=1)}


def factors(w, scale, quarks):
    """QCD factors from m_Z, with five quarks to m_b, four to m_c, three from there."""
    if "b" in quarks:
        return qcd_evolution(M_Z, scale, nf=5)
    m_b, m_c = (w.get_option(f"m{q}_matchingscale") for q in "bc")
    steps = [qcd_evolution(M_Z, m_b, nf=5)]
    if "c" in quarks:
        steps.append(qcd_evolution(m_b, scale, nf=4))
    else:
        steps += [qcd_evolution(m_b, m_c, nf=4), qcd_evolution(m_c, scale, nf=3)]
    return {current: np.prod([step[current] for step in steps]) for current in "VST"}


def random_point(rng, quarks, par, size):
    """All classes with phases: the object, and its LEFT arrays at the scale of the decay."""
    values = {
        n: complex(*rng.normal(size=2)) * size
        for n, c in lookup(WARSAW).items()
        if c.operator.name in CLASSES
    }
    par["gamma"] = 1.3
    w = NuWilson(values, M_Z, "nuSMEFT", "Warsaw")
    V, p = flavio.physics.ckm.get_ckm(par), wilson_parameters.p
    v = 1 / np.sqrt(np.sqrt(2) * p["GF"])
    left = project_nuwet(to_arrays(values, WARSAW), V, p["m_W"], v, p["alpha_e"])
    scale = 4.8 if "b" in quarks else 2.0
    running = factors(w, scale, quarks)
    return w, scale, {n: running[JMS[n].qcd] * left[n][..., :2] for n in CHARGED}


def place(mode):
    """Indices of the charged lepton and quarks, and whether the up-type quark decays."""
    down, up = "dsb".index(mode.quarks[0]), "uc".index(mode.quarks[1])
    return (LEPTONS.index(mode.lepton), down, up), mode.quarks in ("sc", "dc")


def quark_masses(par, mode, scale):
    """Of the decaying quark and the other one."""
    running = flavio.physics.running.running
    down, up = (running.get_mq(q, par, scale) for q in mode.quarks)
    return (up, down) if mode.quarks in ("sc", "dc") else (down, up)


@pytest.mark.parametrize(
    ("name", "isospin", "correction"),
    [
        ("B0->pimu", 1, None),
        ("B+->pitau", 0.5, None),
        ("B+->rhoe", 0.5, None),
        ("B+->omegatau", 0.5, None),
        ("Bs->K*mu", 1, None),
        ("D0->Kmu", 1, None),
        ("D+->Ke", 1, None),
        ("D+->pimu", 0.5, None),
        ("K+->pimu", 0.5, "K->pi delta_K+pi0"),
        ("KL->pie", 1, "K0e3 delta_EM"),
    ],
)
def test_semileptonic(name, isospin, correction, massive, rng):
    """dΓ/dq² of the N, and its longitudinal part, from all classes with charged currents.

    Decays of charm take c -> s l^+ N of the operators as they are, with the momentum of c and s in
    the matrix elements, and m_c - m_s in that of the scalar.
    """
    par, mode = massive, SEMILEPTONIC[name]
    w, scale, left = random_point(rng, mode.quarks, par, SIZE[mode.quarks])
    m_b, m_q = quark_masses(par, mode, scale)
    if mode.quarks[1] == "u":
        m_q = 0.0  # as in flavio
    indices, up = place(mode)
    m_B, m_M, m_lepton = (par[f"m_{x}"] for x in (mode.B, mode.M, mode.lepton))
    factor = isospin * (1 + par[correction]) ** 2 if correction else isospin
    low, high = (m_lepton + MASSES[0]) ** 2, (m_B - m_M) ** 2
    for fraction in (0.1, 0.5, 0.9):
        q2 = low + fraction * (high - low)
        ff = {
            k: float(f[0]) for k, f in form_factors(mode.form_factors, par, np.array([q2])).items()
        }
        widths = [
            charged_width_left(
                q2,
                m_B,
                m_M,
                m_lepton,
                mass,
                left,
                ff,
                m_b,
                m_q,
                mode.spin,
                (3 + i, *indices),
                n_theta=4,
                up=up,
            )
            for i, mass in enumerate(MASSES)
        ]
        total, part = np.sum(widths, axis=0) * factor * par[f"tau_{mode.B}"]
        for symbol, expected in (("BR", total), ("BR_L", part))[: 1 + (mode.spin == 1)]:
            observable = f"d{symbol}/dq2({name}inv)"
            sm = predict(observable, par, None, q2)
            assert expected > 0.1 * sm
            found = predict(observable, par, w, q2) - sm
            assert found == pytest.approx(expected, rel=1e-8, abs=1e-14 * sm)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("B+->mu", 3e-7),
        ("D+->tau", 1e-6),
        ("Ds->mu", 1e-6),
        ("Ds->e", 1e-6),
        ("K+->e", 1e-8),
        ("K+->mu", 1e-8),
    ],
)
def test_leptonic(name, size, massive, rng):
    """Γ(P -> l N): both signs of interference, N heavier and lighter than l."""
    par, mode = massive, LEPTONIC[name]
    w, scale, left = random_point(rng, mode.quarks, par, size)
    m_b, m_q = quark_masses(par, mode, scale)
    indices, up = place(mode)
    expected = par[f"tau_{mode.B}"] * sum(
        charged_two_body_left(
            par[f"m_{mode.B}"],
            par[f"f_{mode.B}"],
            m_b,
            m_q,
            par[f"m_{mode.lepton}"],
            mass,
            left,
            (3 + i, *indices),
            up,
        )
        for i, mass in enumerate(MASSES)
    )
    sm = predict(f"BR({name}inv)", par, None)
    assert expected > 0.01 * sm
    found = predict(f"BR({name}inv)", par, w) - sm
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-14 * sm)


# active neutrinos as in stock flavio

# observables of flavio with a charged lepton that have a partner; those of K -> pi l nu with the
# mean of the leptons fail in flavio for want of a mass of l
STOCK = {
    n: stock
    for n in NAMES
    if (stock := n.replace("inv)", "nu)")) in flavio.Observable.instances
    and not re.search(r"K.->pilinv|pp->", n)  # stock flavio fails; needs parton distributions
}
PROCESSES = sorted({n[n.index("(") :] for n in STOCK})


def quadrature(name):
    """The accuracy of flavio's integrals in totals; where flavio does not integrate it is exact."""
    is_integral = flavio.Observable[name].arguments is None and re.search("->[^lemt]|B->X", name)
    return 3e-5 if is_integral or name.startswith("<BR>/") else 1e-12


def arguments(name, par):
    """A point or a bin in which all leptons of the process are open."""
    process = name[name.index("(") + 1 : -len("inv)")]
    decay = re.sub("(e|mu|tau|l)$", "", process)
    mode = SEMILEPTONIC.get(re.sub("^([BD])->", r"\g<1>0->", decay) + "e")
    wanted = len(flavio.Observable[name].arguments or ())
    if not wanted:
        return ()
    heaviest = "m_tau" if "tau" in name else "m_mu"
    low, high = par[heaviest] ** 2, (par[f"m_{mode.B}"] - par[f"m_{mode.M}"]) ** 2
    return tuple(low + x * (high - low) for x in ((0.4,), (0.3, 0.7))[wanted - 1])


@pytest.mark.usefixtures("as_flavio")
@pytest.mark.parametrize("process", PROCESSES)
def test_standard_model_is_stock_flavio(process, par):
    """Totals, bins, spectra, polarised ones, ratios."""
    for name in (n for n in STOCK if n.endswith(process)):
        values = arguments(name, par)
        expected = predict(STOCK[name], par, flavio.WilsonCoefficients(), *values)
        assert expected > 0
        found = predict(name, par, None, *values)
        assert found == pytest.approx(expected, rel=quadrature(name), abs=0), name


def wet(quarks, lepton, rng, operators, scalar=1.0):
    """Coefficients of WET for all flavours of neutrinos; scalars larger by a factor."""
    values = {
        f"C{x}_{quarks}{lepton}nu{flavour}": complex(*rng.normal(size=2)) * 0.1
        for x in operators
        for flavour in LEPTONS
    }
    values = {n: v * (scalar if n[:2] == "CS" else 1) for n, v in values.items()}
    # where the decay takes them: QED makes tensors of scalars
    scale, eft = (2.0, "WET-4") if quarks in ("sc", "dc") else (4.8, "WET")
    return wilson.Wilson(values, scale, eft, "flavio")


@pytest.mark.usefixtures("as_flavio")
@pytest.mark.parametrize("mode", SEMILEPTONIC.values(), ids=lambda mode: mode.name)
def test_wet_as_in_stock_flavio(mode, par, rng):
    """At a point in q², but for kaons, of which flavio has totals.

    Without tensors for a pseudoscalar, whose amplitude is wrong in flavio. In decays of charm its
    interference of scalars with vectors has the sign of b -> u: with l^+ it is the opposite one, as
    the explicit amplitudes above have it.
    """
    operators = ["VL", "VR", "SL", "SR", *["T"] * (mode.spin == 1)]
    size, sign = 0.005 if mode.B[0] == "K" else 1.0, -1 if mode.B[0] == "D" else 1
    state = rng.bit_generator.state
    w = wet(mode.quarks, mode.lepton, rng, operators, size)
    rng.bit_generator.state = state
    stock = wet(mode.quarks, mode.lepton, rng, operators, size * sign)
    symbol = "BR" if mode.B[0] == "K" else "dBR/dq2"
    name = f"{symbol}({mode.name}inv)"
    values = arguments(name, par)
    expected = predict(STOCK[name], par, stock, *values)
    assert abs(expected / predict(name, par, None, *values) - 1) > 0.01
    found = predict(name, par, w, *values)
    assert found == pytest.approx(expected, rel=quadrature(name), abs=0)


@pytest.mark.parametrize("mode", LEPTONIC.values(), ids=lambda mode: mode.name)
def test_wet_in_leptonic_decays(mode, par, rng):
    """flavio's scalars have m_b + m_c for D, where m_c and the mass of the light quark belong, and
    no m_u for B+."""
    scale = {"b": 4.8, "c": 2.0}.get(next((q for q in "bc" if q in mode.quarks), ""))
    factor = 1.0
    if mode.B in ("B+", "D+", "Ds"):
        running = flavio.physics.running.running
        m_b, m_c, m_1, m_2 = (running.get_mq(q, par, scale) for q in "bc" + mode.quarks)
        factor = (m_b + (m_c if scale == 2.0 else 0)) / (m_1 + m_2)
    name = f"BR({mode.name}inv)"
    if mode.B == "pi+":
        name = {"e": "BR(pi+->einv)", "mu": "Gamma(pi+->muinv)"}[mode.lepton]
    operators = ["VL", "VR", "SL", "SR"]
    size = {"e": 1e-3, "mu": 0.03, "tau": 1.0}[mode.lepton]
    state = rng.bit_generator.state
    w = wet(mode.quarks, mode.lepton, rng, operators, size)
    rng.bit_generator.state = state
    rescaled = wet(mode.quarks, mode.lepton, rng, operators, size * factor)
    expected = predict(STOCK[name], par, rescaled)
    assert abs(expected / predict(name, par, None) - 1) > 0.01
    assert predict(name, par, w) == pytest.approx(expected, rel=1e-12, abs=0)


def test_smeft_as_in_stock_flavio(par):
    """With the Fermi constant of muon decay, which decays of π and K -> l nu subtract."""
    values = {"ll_1221": 2e-8, "lq3_2211": 1e-8, "lq3_2212": 3e-9j, "ledq_2211": 1e-11}
    values |= {"phil3_11": 1e-8, "lequ1_2222": 1e-9, "phiud_12": 1e-8, "lq3_2213": 1e-9}
    w = wilson.Wilson(values, 1e3, "SMEFT", "Warsaw")
    own = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    names = ("BR(K+->muinv)", "Remu(K+->linv)", "Gamma(pi+->muinv)", "BR(pi+->einv)")
    names += ("RKpi(P+->muinv)", "BR(K+->pimuinv)", "BR(KL->pieinv)", "BR(Bc->muinv)")
    for name in names:
        expected = predict(STOCK[name], par, w)
        assert abs(expected / predict(name, par, None) - 1) > 1e-5
        for point in (w, own):
            found = predict(name, par, point)
            assert found == pytest.approx(expected, rel=quadrature(name), abs=0), name
