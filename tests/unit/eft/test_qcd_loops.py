"""QCD beyond the paper: anomalous dimensions of more loops, and the decoupling of quarks."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import rundec
from numpy.polynomial import polynomial
from scipy.integrate import solve_ivp
from scipy.special import zeta

import flavio_nusmeft as nus
from flavio_nusmeft import NuWilson, figures
from flavio_nusmeft.eft import evolution as module
from flavio_nusmeft.eft import running
from flavio_nusmeft.eft.operators import JMS
from flavio_nusmeft.eft.rge import CHARGED
from flavio_nusmeft.eft.running import M_T, M_Z, alpha_s, decoupling, qcd_evolution, run_nuwet
from flavio_nusmeft.errors import InvalidValue
from flavio_nusmeft.settings import ALPHA_S

POINT = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
BOTH = {"LNQd_2123": 1e-8, "LNQdT_2123": 1e-8}
C_A, C_F = 3.0, 4 / 3


def beta(nf):
    """Coefficients of -d alpha/d ln mu² in alpha_s/pi, hep-ph/9701390 as in rundec."""
    return [
        (11 - 2 / 3 * nf) / 4,
        (102 - 38 / 3 * nf) / 16,
        (2857 / 2 - 5033 / 18 * nf + 325 / 54 * nf**2) / 64,
        (
            149753 / 6
            + 3564 * zeta(3)
            + (-1078361 / 162 - 6508 / 27 * zeta(3)) * nf
            + (50065 / 162 + 6472 / 81 * zeta(3)) * nf**2
            + 1093 / 729 * nf**3
        )
        / 256,
    ]


def gamma_mass(nf):
    """Coefficients of -d ln m/d ln mu² in alpha_s/pi, hep-ph/9703278."""
    return [
        1,
        (202 / 3 - 20 / 9 * nf) / 16,
        (1249 + (-2216 / 27 - 160 / 3 * zeta(3)) * nf - 140 / 81 * nf**2) / 64,
        (
            4603055 / 162
            + 135680 / 27 * zeta(3)
            - 8800 * zeta(5)
            + (-91723 / 27 - 34192 / 9 * zeta(3) + 880 * zeta(4) + 18400 / 9 * zeta(5)) * nf
            + (5242 / 243 + 800 / 9 * zeta(3) - 160 / 3 * zeta(4)) * nf**2
            + (332 / 243 + 64 / 27 * zeta(3)) * nf**3
        )
        / 256,
    ]


def gamma_tensor(nf):
    """Coefficients of d ln C/d ln mu² in alpha_s/(4 pi), with the colour factors of Gracey."""
    F = nf / 2
    three = (
        (13639 - 4320 * zeta(3)) * C_A**2
        + (12096 * zeta(3) - 20469) * C_A * C_F
        - (1728 * zeta(3) + 4016) * C_A * F
        + (6570 - 6912 * zeta(3)) * C_F**2
        + (1728 * zeta(3) + 1176) * C_F * F
        - 144 * F**2
    )
    return [C_F, C_F * (257 * C_A - 171 * C_F - 52 * F) / 18, C_F * three / 108]


def rates(a, nf):
    """d/d ln mu of ln(alpha_s/pi), and of the logarithms of a scalar and a tensor."""
    tensor = [c / 4 ** (i + 1) for i, c in enumerate(gamma_tensor(nf))]
    return 2 * np.array(
        [
            -a * polynomial.polyval(a, beta(nf)),
            -a * polynomial.polyval(a, gamma_mass(nf)),
            a * polynomial.polyval(a, tensor),
        ]
    )


def integrated(scale_in, scale_out, nf):
    """Factors of a scalar and a tensor from the renormalisation group equations."""
    solution = solve_ivp(
        lambda t, y: rates(np.exp(y[0]), nf),
        (np.log(scale_in), np.log(scale_out)),
        [np.log(alpha_s(scale_in, nf) / np.pi), 0, 0],
        method="DOP853",
        rtol=1e-12,
        atol=1e-13,
    )
    return np.exp(solution.y[1:, -1])


@pytest.mark.parametrize(
    ("start", "end", "nf"),
    [(1e3, M_T, 6), (M_T, 4.8, 5), (M_Z, 4.2, 5), (4.2, 1.5, 4), (1.3, 1.1, 3), (2.0, 60.0, 5)],
)
def test_solves_the_rge(start, end, nf):
    """rundec has alpha_s at 4 loops to 1e-7; where it decouples (nf = 4, 3), to 1e-6."""
    found = qcd_evolution(start, end, nf=nf, loops=4)
    expected = integrated(start, end, nf)
    assert [found["S"], found["T"]] == pytest.approx(list(expected), rel=1e-6, abs=0)
    assert found["V"] == 1


def test_factors():
    """Known numbers from 1 TeV to 4.8 GeV, and how they converge: by loops."""
    found = [qcd_evolution(1e3, 4.8, loops=loops) for loops in (1, 2, 3, 4)]
    scalars, tensors = ([factors[current] for factors in found] for current in "ST")
    assert scalars == pytest.approx([1.608, 1.685, 1.694, 1.6945], abs=5e-4)
    assert tensors == pytest.approx([0.8535, 0.828, 0.8265, 0.8267], abs=2e-4)
    assert np.all(np.diff(np.abs(np.diff(scalars))) < 0)


def test_scalars_run_as_the_mass():
    """rundec's mass with decoupling; its expansion in alpha_s is 2e-5 from the exact solution."""
    crd = rundec.CRunDec()
    crd.nfMmu.Mth = crd.nfMmu.muth = M_T
    crd.nfMmu.nf = 6
    mass = crd.mL2mH(1.0, alpha_s(4.8, 5), 4.8, crd.nfMmu, 1e3, 4)
    assert qcd_evolution(1e3, 4.8, loops=4)["S"] * mass == pytest.approx(1, abs=3e-5)
    alone = crd.mMS2mMS(1.0, alpha_s(M_T, 5), alpha_s(4.8, 5), 5, 4)
    found = qcd_evolution(M_T, 4.8, nf=5, loops=4)["S"]
    assert found == pytest.approx(alone, rel=1e-5, abs=0)


@pytest.mark.parametrize("loops", [2, 4])
@pytest.mark.parametrize("nf", [None, 5])
def test_steps_and_way_back(loops, nf):
    for current in "VST":
        whole = qcd_evolution(1e3, 20, nf=nf, loops=loops)[current]
        for middle in (250.0, M_T, 100.0):
            first = qcd_evolution(1e3, middle, nf=nf, loops=loops)[current]
            second = qcd_evolution(middle, 20, nf=nf, loops=loops)[current]
            assert first * second == pytest.approx(whole, rel=1e-7, abs=0)
        back = qcd_evolution(20, 1e3, nf=nf, loops=loops)[current]
        assert back * whole == pytest.approx(1, rel=1e-12, abs=0)


def test_decoupling_of_tensors():
    """The bare diagram is -(1-2 eps)/(3-2 eps) times that of the scalar, which is known.

    Scalar: 2/eps² - 5/(3 eps) + 89/18, with the finite part of the mass (times C_F T_F, at
    mu = m, without pi² that cancels). The pole of the tensor must be that of its two-loop
    anomalous dimension, 13/9 from the quark loop.
    """
    series = np.array([1.0, -4 / 3, -8 / 9])  # of (1 - 2 eps)/(1 - 2 eps/3)
    scalar = np.array([2.0, -5 / 3, 89 / 18])
    tensor = -np.convolve(series, scalar)[:3] / 3
    assert tensor[1] == pytest.approx(13 / 9, abs=1e-14)
    per_flavour = (gamma_tensor(1)[1] - gamma_tensor(0)[1]) / (C_F / 2)
    assert -per_flavour / 2 == pytest.approx(tensor[1], abs=1e-13)
    a = alpha_s(M_T, 6) / (4 * np.pi)
    found = decoupling(M_T, 6, loops=4)
    assert found["T"] - 1 == pytest.approx(C_F / 2 * tensor[2] * a**2, rel=1e-9, abs=0)
    assert decoupling(M_T, 6, loops=3)["S"] - 1 == pytest.approx(
        C_F / 2 * scalar[2] * a**2, rel=1e-9, abs=0
    )
    assert decoupling(M_T, 6, loops=2) == {"V": 1, "S": 1, "T": 1}


@pytest.mark.parametrize("current", ["S", "T"])
def test_threshold_hardly_matters(current):
    """Decoupling the top at another scale: the logarithms cancel those of the running."""

    def through(threshold, loops):
        first = qcd_evolution(1e3, threshold, nf=6, loops=4)[current]
        second = qcd_evolution(threshold, 20.0, nf=5, loops=4)[current]
        return first * decoupling(threshold, 6, loops=loops)[current] * second

    spread = {loops: np.ptp([through(x, loops) for x in (90.0, M_T, 340.0)]) for loops in (1, 3)}
    assert spread[1] > 4e-4
    assert spread[3] < spread[1] / 3


@pytest.mark.parametrize("eft", ["nuWET", "nuWET-4", "nuWET-3"])
def test_whole_chain(eft):
    """Through the thresholds of the object, by the equations and rundec's decoupling."""
    scale = {"nuWET": 4.8, "nuWET-4": 2.0, "nuWET-3": 1.2}[eft]
    w = NuWilson(BOTH, **POINT, options={"qcd_loops": 4})
    sector, scalar, tensor = "sbnunu", "SnudLL_2432", "TnudLL_2432"
    if eft != "nuWET":
        w = NuWilson({"LNQd_2122": 1e-8, "LNQdT_2122": 1e-8}, **POINT, options={"qcd_loops": 4})
        sector, scalar, tensor = "ffnunu", "SnudLL_2422", "TnudLL_2422"
    steps = [(1e3, M_T, 6), (M_T, M_Z, 5), (M_Z, 4.2, 5), (4.2, 1.3, 4), (1.3, scale, 3)]
    if eft == "nuWET":
        steps[2:] = [(M_Z, scale, 5)]
    elif eft == "nuWET-4":
        steps[3:] = [(4.2, scale, 4)]
    expected = np.array([1e-8, -1e-8])
    for previous, (start, end, nf) in zip([None, *steps], steps, strict=False):
        if previous and previous[2] > nf:
            factors = decoupling(start, nf + 1, loops=4)
            expected = expected * [factors["S"], factors["T"]]
        expected = expected * integrated(start, end, nf)
    found = w.match_run(scale, eft, "JMS", (sector,))
    assert [found[scalar], found[tensor]] == pytest.approx(list(expected), rel=2e-6, abs=0)


def test_matching_above_the_top():
    """There nuSMEFT ends with six flavours, and the top decouples at the matching."""
    w = NuWilson(BOTH, **POINT, options={"qcd_loops": 4, "smeft_matchingscale": 250})
    found = w.match_run(4.8, "nuWET", "JMS", ("sbnunu",))
    expected = qcd_evolution(1e3, 4.8, loops=4)
    assert found["SnudLL_2432"] == pytest.approx(1e-8 * expected["S"], rel=2e-5, abs=0)
    assert found["TnudLL_2432"] == pytest.approx(-1e-8 * expected["T"], rel=2e-5, abs=0)


def test_full_running_has_each_term_once():
    """The equations with gauge and Yukawa terms of one loop and QCD of more, integrated."""
    ckm, scales = module._KNOWN[0], (1e3, 200.0)
    base = module._Base(scales, module._standard_model(ALPHA_S, ckm), (ALPHA_S, 4))
    rng = np.random.default_rng(3)
    size = module._size(CHARGED)
    start = rng.normal(size=size) + 1j * rng.normal(size=size)
    kinds = np.concatenate(
        [np.full(module._size((n,)), "VST".index(module.WARSAW[n].qcd)) for n in CHARGED]
    )

    def derivative(t, y):
        scalar, tensor = rates(alpha_s(np.exp(t), 6) / np.pi, 6)[1:]
        others = module._generator(CHARGED, base._parameters(t) | {"gs": 0.0})
        return others @ y + np.array([0, scalar, tensor])[kinds] * y

    solution = solve_ivp(derivative, np.log(scales), start, method="DOP853", rtol=1e-9, atol=1e-11)
    found = base.matrix(CHARGED) @ start
    assert np.abs(found - solution.y[:, -1]).max() < 1e-6
    # one loop is the generator as it is
    one = module._Base(scales, base.sm, (ALPHA_S, 1)).matrix(CHARGED) @ start
    assert np.abs(found - one).max() > 1e-2


@pytest.mark.parametrize("loops", [2, 4])
def test_qed_in_nuwet(loops):
    """First order in alpha_e: a scalar becomes a tensor on a way with QCD at both ends."""
    C = {name: np.zeros(JMS[name].shape) for name in ("SnueduLL", "TnueduLL")}
    C["SnueduLL"][3, 1, 2, 1] = 1.0
    if loops == 4:
        alpha_e, scales = 1e-3, (M_Z, 4.2)

        def derivative(t, y):
            scalar, tensor = rates(alpha_s(np.exp(t), 5) / np.pi, 5)[1:]
            S, T, s, t1 = y  # zeroth and first order in alpha_e
            unit = alpha_e / (4 * np.pi)
            return [
                scalar * S,
                tensor * T,
                scalar * s + unit * (4 / 3 * S + 8 * T),
                tensor * t1 + unit * (S / 6 - 40 / 9 * T),
            ]

        solution = solve_ivp(derivative, np.log(scales), [1, 0, 0, 0], rtol=1e-10, atol=1e-14)
        found = run_nuwet(C, *scales, 5, ALPHA_S, loops, alpha_e)
        S, _, s, t1 = solution.y[:, -1]
        assert found["SnueduLL"][3, 1, 2, 1] == pytest.approx(S + s, rel=1e-6, abs=0)
        assert found["TnueduLL"][3, 1, 2, 1] == pytest.approx(t1, rel=1e-5, abs=0)
    one, more = (
        run_nuwet(C, M_Z, 4.2, 5, ALPHA_S, number, 1 / 128)["TnueduLL"][3, 1, 2, 1]
        for number in (1, loops)
    )
    assert 0 < abs(more / one - 1) < 0.1


def test_default_is_the_paper():
    w = NuWilson(BOTH, **POINT)
    assert w.get_option("qcd_loops") == 1
    given = NuWilson(BOTH, **POINT, options={"qcd_loops": 1})
    assert given.match_run(4.8, "nuWET", "JMS").dict == w.match_run(4.8, "nuWET", "JMS").dict


@pytest.mark.parametrize("kind", ["qcd", "full"])
def test_option_is_part_of_what_is_kept(kind):
    """Of caches, copies, settings, comparisons and metadata."""
    w = NuWilson(BOTH, **POINT, options={"running": kind})
    name, sectors = "SnudLL_2432", ("sbnunu",)
    one = w.match_run(4.8, "nuWET", "JMS", sectors)[name]
    (rate,) = nus.predict("BR_SD(B+->Kinv)", BOTH, **POINT, options={"running": kind}).values()
    before = hash(w)
    w.set_option("qcd_loops", 4)
    four = w.match_run(4.8, "nuWET", "JMS", sectors)[name]
    assert 1.04 < abs(four / one) < 1.08
    assert hash(w) != before
    again = pickle.loads(pickle.dumps(w))
    assert again.match_run(4.8, "nuWET", "JMS", sectors)[name] == four
    assert "'qcd_loops': 4" in repr(w)
    options = {"running": kind, "qcd_loops": 4}
    (more,) = nus.predict("BR_SD(B+->Kinv)", BOTH, **POINT, options=options).values()
    assert 1.02 < float(more) / float(rate) < 1.15
    assert nus.settings.provenance(w)["qcd_loops"] == 4
    w.set_option("qcd_loops", 1)
    assert w.match_run(4.8, "nuWET", "JMS", sectors)[name] == one


def test_exports_say_it():
    text = nus.to_popxf(
        ["BR_SD(B+->Kinv)"], coefficients=["LNQd_2123"], **POINT, options={"qcd_loops": 4}
    )
    assert '"qcd_loops": 4' in json.dumps(text)


def test_active_part_is_wilsons():
    """The WET part runs as before, whatever the loops."""
    values = {"lq1_2223": 1e-8, "lnqd1_2123": 1e-8}
    made = [
        NuWilson(values, 1e3, "nuSMEFT", "Warsaw", options={"qcd_loops": loops}) for loops in (1, 4)
    ]
    first, second = (w.standard(4.8, "nuWET", "JMS", ("sbnunu",)) for w in made)
    assert first == second != {}


@pytest.mark.parametrize("value", [0, 5, 2.5, "four", None])
def test_wrong_values(value):
    with pytest.raises(InvalidValue, match="option qcd_loops = "):
        NuWilson({}, **POINT, options={"qcd_loops": value})


def test_integers_are_kept():
    w = NuWilson({}, **POINT, options={"qcd_loops": 4.0})
    assert repr(w.get_option("qcd_loops")) == "4"


def test_hint_for_the_order_of_wilson():
    with pytest.raises(InvalidValue, match=r"qcd_order = 4.*there is qcd_loops"):
        NuWilson({}, **POINT, options={"qcd_order": 4})


def test_figures_of_a_data_set(tmp_path):
    theory = figures.Theory(options={"alpha_s": 0.119})
    assert theory.for_dataset("paper2023") == theory
    assert theory.for_dataset("current").options == {"alpha_s": 0.119, "qcd_loops": 4}
    own = figures.Theory(options={"qcd_loops": 2})
    assert own.for_dataset("current") == own
    smeft = figures.Theory(eft="SMEFT", basis="Warsaw")
    assert smeft.for_dataset("current") == smeft
    (_, path) = figures.write_figures(tmp_path / "a", "current", "csv", numbers=1)
    for loops, equal in ((4, True), (1, False)):
        chosen = figures.Theory(options={"qcd_loops": loops})
        (_, other) = figures.write_figures(
            tmp_path / str(loops), "current", "csv", numbers=1, theory=chosen
        )
        assert (path.read_text() == other.read_text()) == equal


def test_results_are_remembered():
    running.qcd_evolution(900.0, 5.0, loops=4)
    hits = running.qcd_evolution.cache_info().hits
    running.qcd_evolution(900.0, 5.0, loops=4)
    assert running.qcd_evolution.cache_info().hits == hits + 1


def test_tensors_with_many_flavours():
    """The highest powers of n_f of two and three loops follow from those of scalars.

    At leading order in 1/n_f the vertex with a chain of quark loops is γ^μ Γ γ_μ twice, that is
    (d - 2n)² for Γ with n indices, and the self-energy is what makes the vector current (n = 1)
    conserved: γ is proportional to (d - 2n)² - (d - 2)². The ratio of n = 2 to n = 0 is
    (3 - d)/(d - 1), at the fixed point d = 4 - 2 ε with ε = 2/3 n_f a.
    """
    highest = {
        current: [
            np.diff(values, n=n)[0] / np.prod(range(1, n + 1)) for n, values in enumerate(rows)
        ]
        for current, rows in (
            (c, list(zip(*(running._gamma(nf)[c][:3] for nf in range(4)), strict=True)))
            for c in "ST"
        )
    }
    d = [4.0, -4 / 3]
    ratio, power = np.zeros(3), [1.0]
    for _ in range(3):  # (3 - d)/(d - 1) as a series in n_f a
        ratio += np.pad(power, (0, 3 - len(power)))
        power = polynomial.polymul(power, [0, 4 / 9])[:3]
    ratio = polynomial.polymul(ratio, polynomial.polysub([3.0], d))[:3] / (d[0] - 1)
    expected = polynomial.polymul(ratio, highest["S"])[:3]
    assert expected == pytest.approx([-4 / 3, 52 / 27, 4 / 9], abs=1e-12)
    assert highest["T"] == pytest.approx(expected, abs=1e-9)
