"""Mesons that decay to nothing visible: explicit amplitudes, the Standard Model, symmetries."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
import wilson
from bruteforce import two_fermions as explicit
from bruteforce.hadronic import Currents
from bruteforce.kaons import conjugated
from bruteforce.projection import project_nuwet
from bruteforce.rates import left_terms
from wilson import parameters as wilson_parameters

from flavio_nusmeft import NuWilson, batch, predict
from flavio_nusmeft.eft.flavour import lookup, to_arrays
from flavio_nusmeft.eft.operators import JMS, WARSAW
from flavio_nusmeft.eft.running import M_Z, qcd_evolution
from flavio_nusmeft.physics import kaons
from flavio_nusmeft.physics.modes import INVISIBLE, VECTORS
from flavio_nusmeft.physics.neutral_couplings import pair_couplings

pytestmark = [
    pytest.mark.filterwarnings(f"ignore::flavio_nusmeft.errors.{kind}Warning")
    for kind in ("NoEffect", "Size", "HeavyMass")
]

ROOT = np.sqrt(0.5)
QUARKS = {"d": ("d", 0), "s": ("d", 1), "b": ("d", 2), "u": ("u", 0), "c": ("u", 1)}
# scale and number of quark flavours
LOW = {"Upsilon(1S)": (10.0, 5), "J/psi": (2.0, 4), "D0": (2.0, 4)}
LIGHT = (2.0, 3)
PSEUDOSCALARS = {n: m for n, m in INVISIBLE.items() if m.B not in ("Bs", "B0")}
MODES = PSEUDOSCALARS | VECTORS
OBSERVABLES = {f"BR({name}inv)": mode for name, mode in MODES.items()}
CLASSES = ("qn", "nd", "nu", "lnqd1", "lnqd3", "lnuq", "phin", "nW", "nB")
# of left-handed quarks
ISOSPIN = {**dict.fromkeys("uc", 1 / 2), **dict.fromkeys("dsb", -1 / 2)}
SPACE = {"scale": M_Z, "eft": "nuSMEFT", "basis": "Warsaw"}


def value(observable, par, w=None):
    return flavio.Observable[observable].prediction_par(par, w or flavio.WilsonCoefficients())


def set_masses(par, *masses):
    par |= {f"m_N{i}": m for i, m in enumerate(masses, start=1)}
    return [0.0, 0.0, 0.0, *masses]


def content(par, meson):
    """Quarks (i, j) of qbar_i q_j and their amplitude."""
    angle = np.radians(39.3)
    f_q = 1.07 * np.cos(angle) * ROOT
    return {
        "pi0": [("u", "u", ROOT), ("d", "d", -ROOT)],
        "eta": [("u", "u", f_q), ("d", "d", f_q), ("s", "s", -1.34 * np.sin(angle))],
        "omega": [("u", "u", ROOT), ("d", "d", ROOT)],
        "phi": [("s", "s", 1.0)],
        "J/psi": [("c", "c", 1.0)],
        "Upsilon(1S)": [("b", "b", 1.0)],
        "D0": [("u", "c", 1.0)],
        "KL": [("d", "s", ROOT), ("s", "d", ROOT)],
        "KS": [("d", "s", -ROOT), ("s", "d", ROOT)],
    }[meson]


def tensor_constant(par, meson):
    if meson in ("phi", "omega"):
        return par[f"f_perp_{meson}"]  # at 2 GeV
    return par[f"fT_{meson}"]


def currents(par, meson):
    """<0|qbar Gamma q|M> of a single pair of quarks."""
    mass = par[f"m_{meson}"]
    p = np.array([mass, 0, 0, 0])
    if f"{meson}->" in VECTORS:
        eps = explicit.polarisations(p, mass)
        return explicit.vector_currents(
            par[f"f_{meson}"], tensor_constant(par, meson), mass, p, eps
        )
    constant = {"KL": "K0", "KS": "K0", "eta": "pi0"}.get(meson, meson)
    pair = {"D0": "uc", "pi0": "ud", "KL": "ds", "KS": "ds"}.get(meson)
    running = flavio.physics.running.running
    m_quarks = sum(running.get_mq(q, par, 2.0) for q in pair) if pair else np.inf
    return explicit.pseudoscalar_currents(par[f"f_{constant}"], mass, m_quarks, p)


def times(current, factor):
    return Currents(**{name: factor * array for name, array in vars(current).items()})


def photon(par, meson, dipoles):
    """Exchange of a photon, with flavio's alpha at the scale of the decay."""
    if f"{meson}->" not in VECTORS:
        return None
    v = 1 / np.sqrt(np.sqrt(2) * par["GF"])
    g, e = 2 * par["m_W"] / v, np.sqrt(4 * np.pi * par["alpha_e"])
    model = explicit.Electroweak(g, e / np.sqrt(1 - (e / g) ** 2), v)
    scale = LOW.get(meson, LIGHT)[0]
    low = np.sqrt(4 * np.pi * flavio.physics.running.running.get_alpha(par, scale)["alpha_e"])
    constants = par[f"m_{meson}"], par[f"f_{meson}"], dipoles, low
    return sum(
        amplitude * explicit.photon_exchange(model, ISOSPIN[q], 1 / 6, *constants)
        for q, _, amplitude in content(par, meson)
    )


def brute_force(par, meson, left, dipoles=None):
    """Branching ratio; left are arrays of nuWET at the scale of the decay."""
    masses = [0.0, 0.0, 0.0, *(par[f"m_N{i}"] for i in (1, 2, 3))]
    parts = []
    for i, j, amplitude in content(par, meson):
        (kind, first), (_, second) = QUARKS[i], QUARKS[j]
        own = {n.replace(f"nu{kind}", ""): a for n, a in left.items() if n[1:4] == f"nu{kind}"}
        current = currents(par, meson)
        # <0|sbar Gamma d|K0> from <0|dbar Gamma s|K0bar>
        current = conjugated(current) if (i, j) == ("s", "d") else current
        parts.append((left_terms(own, (first, second)), times(current, amplitude)))
    pairs = [(a, b) for a in range(6) for b in range(a, 6)]
    mass = par[f"m_{meson}"]
    exchange = photon(par, meson, dipoles) if dipoles is not None else None
    return par[f"tau_{meson}"] * sum(
        explicit.invisible_width(mass, masses, parts, pair, exchange) for pair in pairs
    )


def matched(values, par):
    """nuWET arrays at m_Z, and the exchange of a Z in the SM."""
    p = wilson_parameters.p
    v = 1 / np.sqrt(np.sqrt(2) * p["GF"])
    V = flavio.physics.ckm.get_ckm(par)
    left = project_nuwet(to_arrays(values, WARSAW), V, p["m_W"], v, p["alpha_e"])
    full = {}
    for name, array in left.items():
        if "nuedu" in name:
            continue
        full[name] = np.zeros((6, 6, 3, 3), dtype=complex)
        full[name][:, :, : array.shape[2], : array.shape[3]] = array
    for kind, T3, charge in (("d", -1 / 2, -1 / 3), ("u", 1 / 2, 2 / 3)):
        for chirality, isospin in (("L", T3), ("R", 0)):
            g = isospin - charge * par["s2w"]
            for a in range(3):
                full[f"Vnu{kind}L{chirality}"][a, a] -= 2 * np.sqrt(2) * par["GF"] * g * np.eye(3)
    return full


def run(left, meson):
    scale, flavours = LOW.get(meson, LIGHT)
    w = NuWilson({}, **SPACE)
    steps, start = [], M_Z
    for nf, option in ((5, "mb_matchingscale"), (4, "mc_matchingscale")):
        if flavours < nf:
            steps.append(qcd_evolution(start, w.get_option(option), nf=nf))
            start = w.get_option(option)
    steps.append(qcd_evolution(start, scale, nf=flavours))
    return {n: np.prod([step[JMS[n].qcd] for step in steps]) * a for n, a in left.items()}


def random_values(rng):
    known = {n: c for n, c in lookup(WARSAW).items() if c.operator.name in CLASSES}
    return {
        name: 1e-6 * complex(rng.normal(), 0 if c.real else rng.normal())
        for name, c in known.items()
    }


def test_from_nusmeft(par, rng):
    """All classes at once, complex, unequal masses, with the SM: predict() for every meson."""
    set_masses(par, 0.02, 0.05, 0.11)
    values = random_values(rng)
    left = matched(values, par)
    high = to_arrays(values, WARSAW)
    dipoles = high["nW"], high["nB"]
    overrides = {f"m_N{i}": par[f"m_N{i}"] for i in (1, 2, 3)}
    arrays = {name: c * np.array([0.0, 1.0]) for name, c in values.items()}
    found = predict(list(OBSERVABLES), arrays, **SPACE, par=overrides)
    w = NuWilson(values, **SPACE)
    for name, mode in OBSERVABLES.items():
        expected = brute_force(par, mode.B, run(left, mode.B), dipoles)
        assert found[name][1] == pytest.approx(expected, rel=1e-8, abs=0)
        assert value(name, par, w) == pytest.approx(found[name][1], rel=1e-12, abs=0)
        assert found[name][0] == pytest.approx(value(name, par), rel=1e-14, abs=0)
        assert expected > 1.01 * value(name, par)


@pytest.mark.parametrize("mode", VECTORS)
def test_dipoles(mode, par):
    """Γ(V -> νN)/Γ(V -> ee) = |d|² m²/(2πα) (1 - x²)² (1 + 2x²); closed for a heavy N; with
    parameters and options of the object."""
    name, meson = f"BR({mode}inv)", VECTORS[mode].B
    scale, mass = LOW.get(meson, LIGHT)[0], par[f"m_{meson}"]
    alpha = flavio.physics.running.running.get_alpha(par, scale)["alpha_e"]
    charge = {"omega": np.sqrt(0.5) / 3, "J/psi": 2 / 3}.get(meson, -1 / 3)
    electrons = 4 * np.pi * (alpha * charge * par[f"f_{meson}"]) ** 2 / (3 * mass)
    v = 1 / np.sqrt(np.sqrt(2) * par["GF"])
    sine = np.sqrt(np.pi * par["alpha_e"] / np.sqrt(2) / par["GF"]) / par["m_W"]
    for coefficient, fraction in (("nW_31", sine), ("nB_23", np.sqrt(1 - sine**2))):
        d = v / np.sqrt(2) * fraction * 1e-5
        w = NuWilson({coefficient: 1e-5j}, **SPACE)
        for x in (0.0, 1e-5, 0.3, 0.8):
            heavy = {f"m_N{coefficient[-1]}": x * mass}
            new = value(name, par | heavy, w) - value(name, par)
            expected = par[f"tau_{meson}"] * electrons * d**2 * mass**2 / (2 * np.pi * alpha)
            expected *= (1 - x**2) ** 2 * (1 + 2 * x**2)
            assert new == pytest.approx(expected, rel=1e-6, abs=0)
        heavy = {f"m_N{coefficient[-1]}": 1.001 * mass}
        assert value(name, par | heavy, w) == value(name, par)
        point = NuWilson({coefficient: 1e-5j}, 160.0, "nuSMEFT", "Warsaw")
        point.set_option("smeft_matchingscale", 160.0)
        assert value(name, par, point) == pytest.approx(value(name, par, w), rel=1e-12, abs=0)


def test_dipole_interferes_with_the_tensor(par):
    """As the coefficient of lnqd3 that it is: -e Q f_V d/(f_T m_V); both cancel."""
    v = 1 / np.sqrt(np.sqrt(2) * par["GF"])
    sine = np.sqrt(np.pi * par["alpha_e"] / np.sqrt(2) / par["GF"]) / par["m_W"]
    running = flavio.physics.running.running
    e = np.sqrt(4 * np.pi * running.get_alpha(par, 10.0)["alpha_e"])
    nB = 1e-6 * (1 + 2j)
    d = v / np.sqrt(2) * np.sqrt(1 - sine**2) * nB
    constants = [par[f"{x}_Upsilon(1S)"] for x in ("f", "fT", "m")]
    effective = e / 3 * constants[0] * d / (constants[1] * constants[2])
    tensor = -effective / qcd_evolution(M_Z, 10.0, nf=5)["T"]
    par["m_N1"], name = 2.0, "BR(Upsilon(1S)->inv)"
    both = NuWilson({"nB_11": nB, "lnqd3_1133": tensor}, **SPACE)
    alone = value(name, par, NuWilson({"nB_11": nB}, **SPACE)) - value(name, par)
    assert alone > 1e-8
    assert value(name, par, both) - value(name, par) == pytest.approx(0, abs=1e-6 * alone)


def test_standard_model(par):
    """Z exchange: of a vector meson as in the literature; a pseudoscalar does not decay."""
    assert value("BR(Upsilon(1S)->inv)", par) == pytest.approx(9.3e-6, rel=0.01, abs=0)
    # Υ: Γ(νν)/Γ(ee) = 27 G_F² m⁴ (1 - 4/3 s_W²)²/(64 π² α²), hep-ph/9806487
    for meson, T3, charge in (("Upsilon(1S)", -1 / 2, -1 / 3), ("J/psi", 1 / 2, 2 / 3)):
        m = par[f"m_{meson}"]
        g_V = T3 - 2 * charge * par["s2w"]
        alpha = 1 / 137.036
        ratio = 3 * par["GF"] ** 2 * m**4 * g_V**2 / (16 * np.pi**2 * alpha**2 * charge**2)
        ee = 4 * np.pi * alpha**2 * charge**2 * par[f"f_{meson}"] ** 2 / (3 * m)
        width = value(f"BR({meson}->inv)", par) / par[f"tau_{meson}"]
        assert width / ee == pytest.approx(ratio, rel=1e-9, abs=0)
    for name in PSEUDOSCALARS:
        assert value(f"BR({name}inv)", par) == 0


@pytest.mark.parametrize("mode", MODES)
def test_active_neutrinos(mode, par):
    """Of SMEFT as of WET after wilson's matching; the SM is what Z exchange would change."""
    w = wilson.Wilson(
        {"lq1_1111": 1e-7, "lq1_1122": 2e-7, "lq3_2233": 1e-7}, 1e3, "SMEFT", "Warsaw"
    )
    name, scale = f"BR({mode}inv)", LOW.get(MODES[mode].B, LIGHT)
    eft = {5: "WET", 4: "WET-4", 3: "WET-3"}[scale[1]]
    low = wilson.Wilson.from_wc(w.match_run(scale[0], eft, "JMS")).wc
    found = value(name, par, w)
    if mode in VECTORS:
        assert abs(found / value(name, par) - 1) > 1e-4
    else:
        assert found == 0
    point = NuWilson(
        {k: v for k, v in low.dict.items() if k[1:4] in ("nuu", "nud")},
        scale[0],
        f"nu{eft}",
        "JMS",
    )
    # CKM elements of wilson and of flavio differ a little
    assert value(name, par, point) == pytest.approx(found, rel=1e-5, abs=0)
    both = NuWilson(w.wc.dict, 1e3, "nuSMEFT", "Warsaw")
    assert value(name, par, both) == pytest.approx(found, rel=1e-9, abs=0)


def test_standard_model_as_wilson_has_it(par):
    """Couplings of Z that SMEFT changes shift what is the SM here, in wilson's matching."""
    eps = 1e-8
    w = wilson.Wilson({"phil1_11": eps}, M_Z, "SMEFT", "Warsaw")
    v2 = 1 / (np.sqrt(2) * par["GF"])
    for quarks, scale in (("bb", 10.0), ("uu", 2.0), ("cc", 2.0)):
        sm = pair_couplings(flavio.WilsonCoefficients(), par, quarks, scale)[0]
        new = pair_couplings(w, par, quarks, scale)[0] - sm
        # the coupling of nu_e to Z is 1 - v² phil1; QED mixes quarks a little
        for component in (2, 3):  # A+, A-
            assert new[component] == pytest.approx(-eps * v2 * sm[component], rel=0.03, abs=0)


@pytest.mark.parametrize("mode", MODES)
def test_masses(mode, par):
    """Closed channels leave the SM; light N are as massless ones."""
    values = {"lnqd1_1122": 1e-5, "lnqd3_1122": 1e-5, "lnuq_1122": 1e-5, "qn_1111": 1e-5}
    values |= {"lnqd1_1111": 1e-5, "lnqd1_1112": 1e-5j, "lnqd3_1133": 1e-5, "lnuq_1112": 1e-5}
    w = NuWilson(values | {"lnqd1_1121": 1e-6, "qn_3311": 1e-5}, 1e3, "nuSMEFT", "Warsaw")
    name = f"BR({mode}inv)"
    massless = value(name, par, w)
    set_masses(par, 1e-7, 0.0, 0.0)
    assert value(name, par, w) == pytest.approx(massless, rel=1e-5, abs=1e-20)
    mass = par[f"m_{MODES[mode].B}"]
    set_masses(par, 0.49 * mass, 0.0, 0.0)
    assert value(name, par, w) > value(name, par)
    set_masses(par, 1.001 * mass, 0.0, 0.0)
    assert value(name, par, w) == value(name, par)


@pytest.mark.parametrize(
    ("values", "long"),
    [
        ({"VnudLL_4412": 1.0}, True),  # A-: the pair has CP = -1
        ({"VnudLL_4412": 1j}, False),
        ({"VnudLL_4512": 1.0, "VnudLL_4521": -1.0}, False),  # V-, antisymmetric and real
        ({"VnudLL_4512": 1.0, "VnudLL_4521": 1.0}, True),
        ({"SnudLL_1412": 1.0, "SnudLL_1421": 1.0}, True),  # P-
        ({"SnudLL_1412": 1.0, "SnudLL_1421": -1.0}, False),  # S-
        ({"SnudLL_1412": 1j, "SnudLL_1421": 1j}, True),  # S-, imaginary
    ],
    ids=str,
)
def test_which_kaon(values, long, par):
    """CP: a coupling that conserves it opens K_L or K_S alone; both have the width of K0bar."""
    set_masses(par, 0.1, 0.12, 0.0)
    w = NuWilson({k: 1e-9 * v for k, v in values.items()}, 2.0, "nuWET-3", "JMS")
    widths = {x: value(f"BR({x}->inv)", par, w) / par[f"tau_{x}"] for x in ("KL", "KS")}
    open_one, closed = ("KL", "KS") if long else ("KS", "KL")
    assert widths[open_one] > 0
    assert widths[closed] == 0


def test_kaons_add_up(par, rng):
    """|C_L|² + |C_S|² = 2 |C|² for every coupling of the pseudoscalar."""
    names = [n for n, c in lookup(JMS).items() if n[1:4] == "nud" and set(c.indices[2:]) == {0, 1}]
    values = {n: 1e-9 * complex(*rng.normal(size=2)) for n in names}
    C = pair_couplings(NuWilson(values, 2.0, "nuWET-3", "JMS"), par, "sd", 2.0)
    both = abs(kaons.annihilated(C)) ** 2 + abs(kaons.annihilated(C, short=True)) ** 2
    minus = [1, 3, 5, 7]
    np.testing.assert_allclose(both[:, minus], 2 * abs(C[:, minus]) ** 2, rtol=1e-13, atol=0)


def test_eta_knows_no_densities(par):
    """Scalars do not contribute, nor does a current of massless N."""
    scalar = NuWilson({"SnudLL_1422": 1e-7, "SnuuLR_1411": 1e-7}, 2.0, "nuWET-3", "JMS")
    vector = NuWilson({"VnudLL_4422": 1e-7}, 2.0, "nuWET-3", "JMS")
    name = "BR(eta->inv)"
    assert value(name, par, scalar) == value(name, par, vector) == 0
    set_masses(par, 0.1, 0.0, 0.0)
    assert value(name, par, scalar) == 0 < value(name, par, vector)


def test_reach():
    """Υ(1S) needs b quarks, J/ψ and D0 charm, the others neither."""
    for name, mode in OBSERVABLES.items():
        flavours = LOW.get(mode.B, LIGHT)[1]
        assert batch.is_reached(name, "nuSMEFT")
        assert batch.is_reached(name, "nuWET")
        assert batch.is_reached(name, "nuWET-4") == (flavours < 5)
        assert batch.is_reached(name, "nuWET-3") == (flavours < 4)
