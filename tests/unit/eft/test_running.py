"""QCD running."""

from __future__ import annotations

import numpy as np
import pytest
import wilson
from scipy.integrate import quad, solve_ivp
from scipy.special import zeta
from wilson.util import qcd

from flavio_nusmeft import NuWilson
from flavio_nusmeft.eft.running import M_Z, alpha_s, qcd_evolution
from flavio_nusmeft.errors import DroppedCoefficientWarning, UnknownBasis, UnknownCoefficient


def test_paper_factors():
    """arXiv:2309.02940 below Eq. (13): 1.608 and 0.853 from 1 TeV to 4.8 GeV."""
    factors = qcd_evolution(1e3, 4.8)
    assert factors["S"] == pytest.approx(1.608, abs=5e-4)
    assert factors["T"] == pytest.approx(0.8535, abs=5e-4)
    assert factors["V"] == 1


def test_whole_chain_has_the_paper_factors():
    w = NuWilson({"LNQd_2123": 1e-8, "LNQdT_2123": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    wc = w.match_run(4.8, "nuWET", "JMS", ("sbnunu",))
    assert wc["SnudLL_2432"] == pytest.approx(1.608e-8, rel=5e-4, abs=0)
    assert wc["TnudLL_2432"] == pytest.approx(-0.8535e-8, rel=5e-4, abs=0)


def test_closed_form_solves_the_rge():
    """d ln C/d ln mu = -3 C_F alpha_s/(2 pi) with 1-loop alpha_s, Eq. (12), in one theory."""
    b = -11 + 2 / 3 * 5

    def one_loop(log_mu):
        return 0.2 / (1 - b * 0.2 / (2 * np.pi) * (log_mu - np.log(5.0)))

    exponent = quad(lambda log_mu: 4 * one_loop(log_mu) / (2 * np.pi), np.log(5.0), np.log(80.0))[0]
    closed = (one_loop(np.log(80.0)) / 0.2) ** (4 / b)
    assert closed == pytest.approx(np.exp(exponent), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("scale", "nf", "rel"),
    [
        (4.8, 5, 2e-3),
        (30.0, 5, 2e-3),
        (M_Z, 5, 1e-9),
        (1e3, 6, 2e-3),
        (2.0, 4, 6e-3),
        (2.0, 3, 6e-3),
    ],
)
def test_alpha_s_agrees_with_wilson(scale, nf, rel):
    """wilson has 3 loops and m_t = 170 GeV, here 4 loops: 1.1e-3 apart at 4.8 GeV, 5e-3 at 2."""
    assert alpha_s(scale, nf, 0.1185) == pytest.approx(
        qcd.alpha_s(scale, nf, 0.1185), rel=rel, abs=0
    )


def test_alpha_s_solves_the_four_loop_rge():
    """hep-ph/9701390 Eq. (8), integrated numerically."""
    nf, zeta3 = 5, zeta(3)
    beta = (
        11 - 2 / 3 * nf,
        102 - 38 / 3 * nf,
        2857 / 2 - 5033 / 18 * nf + 325 / 54 * nf**2,
        149753 / 6
        + 3564 * zeta3
        - (1078361 / 162 + 6508 / 27 * zeta3) * nf
        + (50065 / 162 + 6472 / 81 * zeta3) * nf**2
        + 1093 / 729 * nf**3,
    )

    def derivative(log_mu2, a):
        return -sum(b * a ** (n + 2) for n, b in enumerate(beta))

    span = (2 * np.log(M_Z), 2 * np.log(4.8))
    solution = solve_ivp(derivative, span, [0.1181 / (4 * np.pi)], rtol=1e-11, atol=1e-14)
    assert alpha_s(4.8, 5) == pytest.approx(4 * np.pi * solution.y[0, -1], rel=1e-7, abs=0)


@pytest.mark.parametrize("scales", [(1e3, 4.8), (150.0, 4.8), (2e3, 300.0), (4.8, 91.0)])
@pytest.mark.parametrize("nf", [None, 5])
def test_inverse(scales, nf):
    forth, back = qcd_evolution(*scales, nf=nf), qcd_evolution(*scales[::-1], nf=nf)
    for current in "VST":
        assert forth[current] * back[current] == pytest.approx(1, rel=1e-14, abs=0)


def test_composition():
    """Running in steps is running at once, across the top threshold as well."""
    for current in "ST":
        steps = qcd_evolution(1e3, 250)[current] * qcd_evolution(250, 20)[current]
        assert steps == pytest.approx(qcd_evolution(1e3, 20)[current], rel=1e-13, abs=0)


def test_alpha_s_option():
    """alpha_s(m_Z) is an option: 0.1184 moves S by a few permille, alpha_s -> 0 would undo it."""
    w = NuWilson({"LNQd_2123": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    w.set_option("alpha_s", 0.1184)
    value = w.match_run(4.8, "nuWET", "JMS", ("sbnunu",))["SnudLL_2432"]
    assert value == pytest.approx(1e-8 * qcd_evolution(1e3, 4.8, 0.1184)["S"], rel=1e-12, abs=0)
    assert 1.6085e-8 < value < 1.611e-8


def test_scheme_independent_product():
    """S T^3 = 1: the anomalous dimensions are 3 C_F and -C_F."""
    factors = qcd_evolution(5e3, 4.2)
    assert factors["S"] * factors["T"] ** 3 == pytest.approx(1, rel=1e-14, abs=0)


# QED, and the thresholds of nuWET ----------------------------------------------------------------

ACTIVE = ("VnueduLL", "VnueduLR", "SnueduRL", "SnueduRR", "TnueduRR")
PARITY = {"VnueduLL": "VnueduRR", "VnueduLR": "VnueduRL", "SnueduRL": "SnueduLR"}
PARITY |= {"SnueduRR": "SnueduLL", "TnueduRR": "TnueduLL"}


@pytest.mark.parametrize("name", ACTIVE)
@pytest.mark.parametrize("mirrored", [False, True])
def test_charged_currents_run_as_in_wilson(name, mirrored):
    """A neutrino has no charge: N and its mirror image run like the active neutrino in wilson."""
    start, end = 80.0, 5.0
    expected = wilson.Wilson({f"{name}_1132": 1e-8}, start, "WET", "JMS").match_run(
        end, "WET", "JMS", ("cbenu",)
    )
    target = PARITY if mirrored else {n: n for n in ACTIVE}
    w = NuWilson({f"{target[name]}_4132": 1e-8}, start, "nuWET", "JMS")
    w.set_option("running", "full")
    w.set_option("alpha_s", 0.1185)
    found = w.match_run(end, "nuWET", "JMS", ("cbenu",)).dict
    assert set(found) == {f"{target[n.split('_')[0]]}_4132" for n in expected.dict}
    for key, value in expected.dict.items():
        # 3 and 4 loops in alpha_s: 6e-4 in a scalar, 1.6e-3 in T -> S; QED itself is 3e-3 and more
        mine = found[f"{target[key.split('_')[0]]}_4132"]
        assert mine == pytest.approx(value, rel=2e-3, abs=0)
    w.set_option("qed_order", 0)
    plain = w.match_run(end, "nuWET", "JMS", ("cbenu",)).dict
    w.set_option("running", "qcd")
    assert plain == w.match_run(end, "nuWET", "JMS", ("cbenu",)).dict


@pytest.mark.parametrize(
    ("name", "sector", "percent"),
    [
        ("SnueduLL_4132", "cbenu", -0.26),
        ("TnueduLL_4132", "cbenu", 0.87),
        ("VnueduRR_4132", "cbenu", 0.78),
        ("SnudLL_1423", "sbnunu", 0.12),
        ("TnudLL_1423", "sbnunu", -0.04),
        ("VnudLL_4423", "sbnunu", 0.0),
    ],
)
def test_size_of_qed(name, sector, percent):
    w = NuWilson({name: 1e-8}, M_Z, "nuWET", "JMS")
    plain = w.match_run(4.8, "nuWET", "JMS", (sector,))[name]
    w.set_option("running", "full")
    full = w.match_run(4.8, "nuWET", "JMS", (sector,))[name]
    assert 100 * (full / plain - 1) == pytest.approx(percent, abs=0.011)


def test_quark_currents_run_as_in_qcd_with_another_coupling():
    """Neutral scalars and tensors: gamma = -6 Q² and 2 Q² for -6 C_F and 2 C_F, so over a short
    distance the logarithm of the factor is alpha_e Q²/(alpha_s C_F) times that of QCD."""
    up = NuWilson({"SnuuLL_1412": 1e-8, "TnuuLL_1412": 1e-8}, 91.0, "nuWET", "JMS")
    down = NuWilson({"SnudLL_1423": 1e-8, "TnudLL_1423": 1e-8}, 91.0, "nuWET", "JMS")
    changes = []
    for w, sector in ((up, "cununu"), (down, "sbnunu")):
        plain = w.match_run(90.9, "nuWET", "JMS", (sector,)).dict
        w.set_option("running", "full")
        full = w.match_run(90.9, "nuWET", "JMS", (sector,)).dict
        charge2 = 4 / 9 if sector == "cununu" else 1 / 9
        for name, value in plain.items():
            ratio = np.log(full[name] / value) / np.log(value / 1e-8)
            expected = charge2 / 127.9 / (4 / 3 * alpha_s(91.0, 5))
            assert ratio == pytest.approx(expected, rel=3e-3, abs=0)
            changes.append(ratio)
    assert len(changes) == 4


def test_lepton_currents_run_as_in_wilson():
    """wilson's scalars of two leptons and two quarks run with -6 (Q_e² + Q_q²): with up and with
    down quarks, this gives -6 Q_e². The tensor has -1/3 of it, the vector nothing."""
    start, end, scalar = 91.0, 90.0, {}
    for name in ("SeuRR_1212", "SedRR_1212"):
        values = []
        for order in (1, 0):
            w = wilson.Wilson({name: 1e-8}, start, "WET", "JMS")
            w.set_option("qed_order", order)
            values.append(complex(w.match_run(end, "WET", "JMS").dict[name]))
        scalar[name[:3]] = (values[0] / values[1]).real - 1
    expected = scalar["Seu"] - 4 / 3 * (scalar["Seu"] - scalar["Sed"])
    values = {"SnueLL_1412": 1e-8, "SnueLR_1421": 1e-8, "TnueLL_1412": 1e-8, "VnueLL_4412": 1e-8}
    w = NuWilson(values, start, "nuWET", "JMS")
    assert w.match_run(end, "nuWET", "JMS").dict == values
    w.set_option("running", "full")
    found = w.match_run(end, "nuWET", "JMS").dict
    assert 1e-5 < expected < 1e-3
    for name, factor in (("SnueLL", 1), ("SnueLR", 1), ("TnueLL", -1 / 3), ("VnueLL", 0)):
        change = next(value for key, value in found.items() if key.startswith(name)) / 1e-8 - 1
        assert change == pytest.approx(factor * expected, abs=3e-3 * expected)


def test_thresholds():
    """Below m_b and m_c with four and three flavours; wilson does the same in three loops."""
    values = {"SnudLL_1412": 1e-8, "SnudLL_1423": 1e-8, "SnueduLL_4121": 1e-8, "SnuuLL_1412": 1e-8}
    w = NuWilson(values, 80.0, "nuWET", "JMS")
    with pytest.warns(DroppedCoefficientWarning, match="in nuWET-4, dropped: SnudLL_1423$"):
        four = w.match_run(2.0, "nuWET-4", "JMS").dict
    assert set(four) == set(values) - {"SnudLL_1423"}
    with pytest.warns(DroppedCoefficientWarning, match="dropped: SnudLL_1423, SnuuLL_1412$"):
        three = w.match_run(2.0, "nuWET-3", "JMS").dict
    assert set(three) == {"SnudLL_1412", "SnueduLL_4121"}
    steps = (80.0, 4.2, 5), (4.2, 1.3, 4), (1.3, 2.0, 3)
    factors = [qcd_evolution(start, end, nf=nf)["S"] for start, end, nf in steps]
    assert three["SnudLL_1412"] == pytest.approx(1e-8 * np.prod(factors), rel=1e-13, abs=0)
    active = wilson.Wilson({"SnueduRR_1121": 1e-8}, 80.0, "WET", "JMS")
    w = NuWilson({"SnueduLL_4121": 1e-8}, 80.0, "nuWET", "JMS")
    w.set_option("running", "full")
    w.set_option("alpha_s", 0.1185)
    for eft in ("-4", "-3"):
        expected = active.match_run(2.0, f"WET{eft}", "JMS", ("usenu",))["SnueduRR_1121"]
        found = w.match_run(2.0, f"nuWET{eft}", "JMS", ("usenu",))["SnueduLL_4121"]
        assert found == pytest.approx(expected, rel=5e-3, abs=0)


def test_flavours_only_become_fewer():
    low = NuWilson({"SnudLL_1412": 1e-8}, 2.0, "nuWET-3", "JMS")
    assert low.match_run(1.5, "nuWET-3", "JMS")["SnudLL_1412"] > 1e-8
    with pytest.raises(UnknownBasis, match="cannot run from nuWET-3 up to nuWET-4"):
        low.match_run(2.0, "nuWET-4", "JMS")
    with pytest.raises(UnknownCoefficient, match="SnudLL_1423"):
        NuWilson({"SnudLL_1423": 1e-8}, 2.0, "nuWET-3", "JMS")
