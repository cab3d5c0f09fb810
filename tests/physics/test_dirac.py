"""Two Majorana states in place of a Dirac N, against amplitudes of a Dirac field."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
from bruteforce import dirac as explicit
from bruteforce import projection, rates
from bruteforce.spinors import PROJECTOR
from random_coefficients import random_coefficients
from wilson import parameters as wilson_parameters

from flavio_nusmeft import NuWilson, dirac, errors
from flavio_nusmeft.eft.flavour import lookup, to_arrays
from flavio_nusmeft.eft.matching import match
from flavio_nusmeft.eft.operators import FGMS, JMS, LIAO_MA, WARSAW
from flavio_nusmeft.eft.running import M_Z, qcd_evolution
from flavio_nusmeft.eft.translators import to_warsaw
from flavio_nusmeft.physics.formfactors import form_factors

SCALE = 4.8
HIGH = {"eft": "nuSMEFT", "basis": "Warsaw"}
LOW = {"eft": "nuWET", "basis": "JMS"}
MODES = {
    "B0->K": ("B0", "K0", "B->K", 0, 1.0),
    "B0->K*": ("B0", "K*0", "B->K*", 1, 1.2),
}
LEPTONS = ("e", "mu", "tau")


def of_the_dirac(table, rng, size=1e-7, chosen=None):
    """A random value for all coefficients with N1 and no other N, but scalars of two N."""
    result = {}
    for name, value in random_coefficients(table, rng).items():
        found = lookup(table)[name]
        pairs = zip(found.operator.fields, found.indices, strict=True)
        sterile = [i - 3 * (f != "n") for f, i in pairs if f == "n" or (f[:2] == "nu" and i > 2)]
        if set(sterile) == {0} and not (name[0] == "S" and len(sterile) == 2):
            result[name] = size * value
    return result if chosen is None else {n: v for n, v in result.items() if chosen(n)}


def value(observable, par, w, *arguments):
    return flavio.Observable[observable].prediction_par(par, w, *arguments)


def excess(observable, par, w, *arguments):
    """Over the SM, with which N do not interfere."""
    return value(observable, par, w, *arguments) - value(observable, par, None, *arguments)


def set_mass(par, mass):
    par["m_N1"] = par["m_N2"] = mass
    return [0.0, 0.0, 0.0, mass]


def quark_masses(par, light):
    running = flavio.physics.running.running
    return running.get_mb(par, SCALE), running.get_mq(light, par, SCALE)


def check_semi_invisible(mode, mass, par, w, terms):
    masses = set_mass(par, mass)
    B, M, process, spin, width = MODES[mode]
    for q2 in (0.5 + 4 * mass**2, 10.5):
        ff = {k: float(v[0]) for k, v in form_factors(process, par, np.array([q2])).items()}
        arguments = (q2, par[f"m_{B}"], par[f"m_{M}"], masses, ff, *quark_masses(par, "s"), spin)
        total, part = width * par[f"tau_{B}"] * np.array(explicit.three_body(terms, *arguments))
        found = excess(f"dBR/dq2({mode}inv)", par, w, q2)
        assert found == pytest.approx(total, rel=1e-8, abs=0)
        assert total > value(f"dBR/dq2({mode}inv)", par, None, q2)
        if spin:
            found, standard = (
                value(f"FL({mode}inv)", par, x, q2) * value(f"dBR/dq2({mode}inv)", par, x, q2)
                for x in (w, None)
            )
            assert found - standard == pytest.approx(part, rel=1e-8, abs=0)


def check_bs(mass, par, w, terms):
    masses = set_mass(par, mass)
    width = explicit.two_body(terms, par["m_Bs"], par["f_Bs"], *quark_masses(par, "s"), masses)
    expected = par["tau_Bs"] * width
    assert expected > 0
    assert excess("BR(Bs->inv)", par, w) == pytest.approx(expected, rel=1e-8, abs=0)


def at_low_scale(values):
    factors = qcd_evolution(M_Z, SCALE, nf=5)
    return {n: v * factors[WARSAW[n.split("_")[0]].qcd] for n, v in values.items()}


CLASSES = ("qn", "nd", "lnqd1", "lnqd3")


@pytest.mark.parametrize("mass", [0.0, 1.4])
@pytest.mark.parametrize(
    "classes", [("qn",), ("nd",), ("lnqd1",), ("lnqd3",), CLASSES], ids="+".join
)
def test_neutral_currents(classes, mass, par, rng):
    """N Nbar with vectors, N nubar and nu Nbar with scalars and tensors, all interfering."""
    values = of_the_dirac(WARSAW, rng, chosen=lambda n: n.split("_")[0] in classes)
    w = NuWilson(dirac(values, **HIGH), M_Z, **HIGH)
    terms = rates.nusmeft_terms(to_arrays(at_low_scale(values), WARSAW), (1, 2))
    for mode in MODES:
        check_semi_invisible(mode, mass, par, w, terms)
    if mass and classes != ("lnqd3",):
        check_bs(mass, par, w, terms)


@pytest.mark.parametrize("mass", [0.0, 1.4])
def test_neutral_currents_of_nuwet(mass, par, rng):
    """With the left-handed component, too, which interferes with the other by the mass."""
    values = of_the_dirac(JMS, rng, chosen=lambda n: n[1:4] == "nud" and n[-2:] in ("23", "32"))
    assert {n[:6] for n in values} == {"VnudLL", "VnudLR", "SnudLL", "SnudLR", "TnudLL"}
    assert {n[7:9] for n in values} == {"14", "24", "34", "44"}
    left = {n[0] + n[-2:]: array for n, array in to_arrays(values, JMS).items()}
    w = NuWilson(dirac(values, **LOW), SCALE, **LOW)
    terms = explicit.dirac_terms(left, (1, 2))
    for mode in MODES:
        check_semi_invisible(mode, mass, par, w, terms)
    check_bs(max(mass, 0.7), par, w, terms)


@pytest.mark.parametrize("mass", [0.0, 1.4])
def test_scalars_and_tensors_of_two_n(mass, par):
    """Given by hand, as the docstring of `dirac` says; with vectors, which interfere."""
    S, T, vector = 1e-7 * (1 + 2j), 1e-7 * (2 - 1j), {"VnudLL_4423": 2e-7, "VnudLR_4423": -1e-7j}
    scalar = {"SnudLL_4423": S / 2, "SnudLL_5523": S / 2, "TnudLL_4523": 1j * T}
    w = NuWilson(scalar | dirac(vector, **LOW), SCALE, **LOW)
    left = {f"{k}L{q}": np.zeros((6, 6, 3, 3), complex) for k, q in ("VL", "VR", "SL", "SR", "TL")}
    left |= {n[0] + n[-2:]: array for n, array in to_arrays(vector, JMS).items()}
    terms = explicit.dirac_terms(left, (1, 2))
    for kind, C in (("S", S), ("T", T)):
        block = np.zeros((6, 6), complex)
        block[3, 3] = C
        terms.append((kind, "L", "L", block))
    for mode in MODES:
        check_semi_invisible(mode, mass, par, w, terms)
    check_bs(max(mass, 0.7), par, w, terms)


@pytest.mark.parametrize("mass", [0.0, 1.4])
@pytest.mark.parametrize(("mode", "spin"), [("B->D", 0), ("B->D*", 1)])
def test_charged_currents(mode, spin, mass, par, rng):
    """B -> D l N with all ten operators: right- and left-handed components interfere."""
    set_mass(par, mass)
    values = of_the_dirac(JMS, rng, chosen=lambda n: "nuedu" in n and n[-3:] == "232")
    assert len(values) == 10
    w = NuWilson(dirac(values, **LOW), SCALE, **LOW)
    left, M = to_arrays(values, JMS), "D+" if mode == "B->D" else "D*+"
    for q2 in (2.5, 7.0):
        ff = {k: float(v[0]) for k, v in form_factors(mode, par, np.array([q2])).items()}
        fixed = (par["m_B0"], par[f"m_{M}"], par["m_mu"], mass, left, ff, *quark_masses(par, "c"))
        total, _ = rates.charged_width_left(q2, *fixed, spin, (3, 1, 2, 1), n_theta=4)
        found = excess(f"dBR/dq2({mode.replace('B', 'B0')}muinv)", par, w, q2)
        assert found == pytest.approx(par["tau_B0"] * total, rel=1e-8, abs=0)
        assert total > 0


@pytest.mark.parametrize("fraction", [0.0, 0.2])
def test_lepton_decays(fraction, par, rng):
    """τ -> μ with N Nbar, N nubar and nu Nbar, before any Fierz relation."""
    chosen = {"ln", "ne", "lnle", "phin", "phine"}
    values = of_the_dirac(WARSAW, rng, 1e-5, lambda n: n.split("_")[0] in chosen)
    masses = set_mass(par, fraction * par["m_tau"])
    w = NuWilson(dirac(values, **HIGH), M_Z, **HIGH)
    arrays, p = to_arrays(values, WARSAW), wilson_parameters.p
    v = 1 / np.sqrt(np.sqrt(2) * p["GF"])
    terms = projection._contact_terms(arrays, np.eye(3))
    terms += projection._exchange_terms(arrays, np.eye(3), p["m_W"], v, p["alpha_e"])
    orders = ("chi", "chi", "e", "e"), ("chi", "e", "e", "chi")
    terms = [t for term in terms for t in (term, term.swapped()) if t.kinds in orders]

    def width(terms, masses):
        return explicit.lepton_width(terms, par["m_tau"], par["m_mu"], 2, 1, masses)

    c = np.zeros((6, 3, 3, 6), dtype=complex)
    c[2, 2, 1, 1] = -4 * par["GF"] / np.sqrt(2)
    (upper, lower), left = projection.STRUCTURES["V"], PROJECTOR["L"]
    standard = projection.Term(("chi", "e", "e", "chi"), upper @ left, lower @ left, c)
    expected = width(terms, masses) / width([standard], masses)
    found = excess("BR(tau->muinv)", par, w) / value("BR(tau->muinv)", par, None)
    assert found == pytest.approx(expected, rel=1e-8, abs=0)
    assert expected > 0.1


@pytest.mark.parametrize("x", [0.0, 0.3])
def test_z_decays(x, par):
    """Γ(Z -> N Nbar) = g² m_Z/(24π) (1 - x²) √(1 - 4x²), g = m_Z v C of phin, x = m_N/m_Z."""
    set_mass(par, x * par["m_Z"])
    g = par["m_Z"] / np.sqrt(np.sqrt(2) * par["GF"]) * 1e-6
    w = NuWilson(dirac({"phin_11": 1e-6}, **HIGH), par["m_Z"], **HIGH)
    expected = g**2 * par["m_Z"] / (24 * np.pi) * (1 - x**2) * np.sqrt(1 - 4 * x**2)
    found = 3 * excess("Gamma(Z->inv)", par, w)  # flavio: the mean of three
    assert found == pytest.approx(expected, rel=1e-8, abs=0)


# the same in every basis and EFT


def close(one, other):
    size = max(map(abs, one.values()))
    for name in {*one, *other}:
        assert one.get(name, 0) == pytest.approx(other.get(name, 0), rel=0, abs=1e-14 * size)


def test_commutes_with_matching(rng):
    """All classes that nuWET has, of all currents."""
    values = of_the_dirac(WARSAW, rng, 1.0)

    def matched(values):
        arrays = match(to_arrays(values, WARSAW), wilson_parameters.p)
        return {
            c.name: c.multiplicity * arrays[c.operator.name][c.indices]
            for c in lookup(JMS).values()
            if c.operator.name in arrays
        }

    low = {name: v.real if lookup(JMS)[name].real else v for name, v in matched(values).items()}
    low = {name: complex(v) for name, v in low.items() if v != 0}
    close(dirac(low, **LOW), matched(dirac(values, **HIGH)))


@pytest.mark.parametrize(("basis", "table"), [("FGMS", FGMS), ("LiaoMa", LIAO_MA)])
def test_commutes_with_translators(basis, table, rng):
    values = of_the_dirac(table, rng, 1.0)
    translated = dirac(to_warsaw(values, basis), **HIGH)
    close(translated, to_warsaw(dirac(values, eft="nuSMEFT", basis=basis), basis))


def test_commutes_with_full_running(rng):
    """Nothing but N tells the states from each other; the way ends in nuWET-3."""
    values = of_the_dirac(WARSAW, rng, 1e-8, lambda n: n.split("_")[0] in CLASSES)
    options = {"running": "full"}
    way = (2.0, "nuWET-3", "JMS", ("sdnunu", "ffnunu"))
    one = NuWilson(values, 1e3, **HIGH, options=options).match_run(*way).dict
    two = NuWilson(dirac(values, **HIGH), 1e3, **HIGH, options=options).match_run(*way).dict
    close(dirac(one, eft="nuWET-3", basis="JMS"), two)


def test_other_states(par, rng):
    """Which two of the three N, and in which order, does not matter."""
    values = of_the_dirac(WARSAW, rng, chosen=lambda n: n.split("_")[0] in CLASSES)
    par["m_N1"] = par["m_N2"] = par["m_N3"] = 1.2
    w = NuWilson(dirac(values, **HIGH), 1e3, **HIGH)
    expected = value("BR(B0->K*inv)", par, w)
    places = {"qn": slice(5, 7), "nd": slice(3, 5), "lnqd1": slice(7, 8), "lnqd3": slice(7, 8)}
    for states in ((1, 3), (2, 3), (3, 2)):
        renamed = {}
        for name, x in values.items():
            place = places[name.split("_")[0]]
            index = name[place].replace("1", str(states[0]))
            renamed[name[: place.start] + index + name[place.stop :]] = x
        w = NuWilson(dirac(renamed, **HIGH, states=states), 1e3, **HIGH)
        assert value("BR(B0->K*inv)", par, w) == pytest.approx(expected, rel=1e-10, abs=0)


def test_a_forgotten_mass(par):
    """In flavio's predictions; the rates are wrong by tens of percent."""
    w = NuWilson(dirac({"qn_2311": 1e-7}, **HIGH), 1e3, **HIGH)
    par["m_N1"] = 1.5
    with pytest.warns(errors.DiracMassWarning, match="give m_N1 and m_N2 the same value"):
        wrong = value("BR(B0->Kinv)", par, w)
    par["m_N2"] = 1.5
    assert value("BR(B0->Kinv)", par, w) < 0.9 * wrong


def test_mixing(par):
    """U_β and iU_β over √2, of ν_β in the current of the W; what real elements for both give."""
    set_mass(par, 1.4)
    mixing, operator = {"VnueduLL_4232": 1e-7}, {"VnueduRR_4232": 2e-7}

    def rate(values):
        w = NuWilson(values, SCALE, **LOW)
        return excess("BR(B0->D*muinv)", par, w)

    real = {f"VnueduLL_{n}232": 1e-7 / np.sqrt(2) for n in (4, 5)}
    assert rate(dirac(mixing, **LOW)) == pytest.approx(rate(real), rel=1e-10, abs=0)
    one, other = rate(dirac(mixing, **LOW)), rate(dirac(operator, **LOW))
    interference = rate(dirac(mixing | operator, **LOW)) - one - other
    assert abs(interference) > 0.05 * one
    with_real = rate(real | dirac(operator, **LOW)) - one - other
    assert with_real == pytest.approx(interference / 2, rel=1e-8, abs=0)
