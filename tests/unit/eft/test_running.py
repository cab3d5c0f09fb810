"""QCD running."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.special import zeta
from wilson.util import qcd

from flavio_nusmeft import NuWilson
from flavio_nusmeft.eft.running import M_Z, alpha_s, qcd_evolution


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


@pytest.mark.parametrize(("scale", "nf"), [(4.8, 5), (30.0, 5), (M_Z, 5), (1e3, 6)])
def test_alpha_s_agrees_with_wilson(scale, nf):
    """wilson has 3 loops and m_t = 170 GeV, here 4 loops: 1.1e-3 apart at 4.8 GeV."""
    assert alpha_s(scale, nf, 0.1185) == pytest.approx(
        qcd.alpha_s(scale, nf, 0.1185), rel=2e-3, abs=0
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
@pytest.mark.parametrize("m_t", [173.21, None])
def test_inverse(scales, m_t):
    forth, back = qcd_evolution(*scales, m_t=m_t), qcd_evolution(*scales[::-1], m_t=m_t)
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
