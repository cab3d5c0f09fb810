"""Published numbers, and stock flavio."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
from scipy.optimize import brentq

import flavio_nusmeft as nus
from flavio_nusmeft import NuWilson
from flavio_nusmeft.formulas.quark_widths import QUARK_TERMS, baryon
from flavio_nusmeft.physics.formfactors import form_factors


def predict(observable, par, w=None, *arguments):
    return flavio.Observable[observable].prediction_par(par, w, *arguments)


def point(name, value):
    """One operator of the paper at 1 TeV, value in TeV^-2."""
    return NuWilson({name: value * 1e-6}, 1e3, "nuSMEFT", "FGMS")


def limit(name, par, observable="BR(B0->K*inv)", bound=1.8e-5):
    """Coefficient (TeV^-2) at which the observable reaches the bound."""
    return brentq(lambda c: predict(observable, par, point(name, c)) - bound, 0, 1, xtol=1e-9)


@pytest.mark.parametrize(("m_N1", "expected"), [(1.5, 0.0366), (0, 0.0161)])
def test_vector_limit(m_N1, expected, par):
    """arXiv:2309.02940 Sec. 4 quotes 0.037 TeV^-2 for 1.5 GeV."""
    par["m_N1"] = m_N1
    assert limit("QN_2311", par) == pytest.approx(expected, abs=5e-5)


@pytest.mark.usefixtures("as_flavio")
def test_vector_limit_with_flavios_form_factors(par):
    par["m_N1"] = 1.5
    assert limit("QN_2311", par) == pytest.approx(0.0309, abs=5e-5)


@pytest.mark.parametrize(
    ("observable", "value"),
    [
        ("BR_SD(B+->Kinv)", 4.706e-6),
        ("BR(B0->Kinv)", 4.355e-6),
        ("BR(B0->K*inv)", 8.562e-6 * 1.2),
        ("BR_SD(B+->K*inv)", 9.229e-6 * 1.2),
        ("BR(Lambdab->Lambdainv)", 8.121e-6),
    ],
)
def test_standard_model(observable, value, par):
    """flavio 2.7.1 inputs with the form factors of arXiv:2305.06301, and the nominal fit of
    arXiv:1602.01399."""
    assert predict(observable, par) == pytest.approx(value, rel=1.2e-4, abs=0)


@pytest.mark.parametrize(
    ("low", "high", "value", "error"),
    [(0.1, 2.0, 0.25, 0.005), (2.0, 4.0, 0.18, 0.005), (15.0, 20.0, 0.756, 0.015)],
)
def test_lattice_form_factors(low, high, value, error, par):
    """arXiv:1602.01399 Table VII, 1e-7 GeV^-2, with stock flavio's Λ_b -> Λ mu mu.

    flavio evaluates two terms of the expansion, which the nominal fit has. The first two bins have
    two digits; for the last one flavio's inputs differ from those of 2016, by up to 2% of a rate.
    """
    for name in [name for name in par if name.startswith("Lambdab->Lambda DM a")]:
        par[name.replace("DM", "SSE")] = par[name]
    sm = flavio.WilsonCoefficients()
    found = predict("<dBR/dq2>(Lambdab->Lambdamumu)", par, sm, low, high)
    assert found == pytest.approx(value * 1e-7, rel=0, abs=error * 1e-7)


def lambda_c_to_neutron(par):
    """Γ(Λ_c -> n e nu)/|V_cd|², in GeV, with the form factors of Λ_c -> p: isospin."""
    m_B, m_n, zero = par["m_Lambdac"], par["m_n"], np.zeros(1)
    end = (m_B - m_n) ** 2
    x, weights = np.polynomial.legendre.leggauss(24)
    q2, weights = end * (x + 1) / 2, weights * end / 2
    ff = form_factors("Lambdac->p", par, q2)
    terms = baryon(q2, m_B, m_n, zero, zero, ff, 1.0, 0.0)[0] @ weights
    C = 4 * par["GF"] / np.sqrt(2) / 2
    couplings = {"V+": C, "V-": C, "A+": -C, "A-": -C}
    return sum(
        k * couplings.get(a, 0) * couplings.get(b, 0)
        for k, (a, b) in zip(terms, QUARK_TERMS, strict=True)
    )


def test_lattice_form_factors_of_lambda_c(par):
    """arXiv:1712.05783, abstract: (0.405 ± 0.016 ± 0.020) |V_cd|²/ps. The covariance has both parts
    of an error of which the larger one is published: it gives at most √2 times as much."""
    per_ps = 6.582119569e-13
    value = lambda_c_to_neutron(par) / per_ps
    assert value == pytest.approx(0.405, rel=0, abs=0.0005)
    names = [name for name in par if name.startswith("Lambdac->p Meinel a")]
    constraint = flavio.default_parameters._parameters[names[0]][1]
    order = dict(flavio.default_parameters._constraints)[constraint]
    step, central = 1e-4, dict(par)
    slopes = [
        (lambda_c_to_neutron(central | {n: par[n] + step}) / per_ps - value) / step for n in order
    ]
    variance = np.array(slopes) @ constraint.covariance @ np.array(slopes)
    published = np.hypot(0.016, 0.020)
    assert published < np.sqrt(variance) < np.sqrt(2) * published
    assert len(order) == len(names) == 28


@pytest.mark.parametrize(("meson", "value"), [("K", 5.755e-7), ("K*", 9.77e-7)], ids=["K", "K*"])
def test_long_distance(meson, value, par):
    """arXiv:0908.1174 with flavio's inputs; about 10% of the short-distance rate."""
    total = predict(f"BR(B+->{meson}inv)", par)
    short = predict(f"BR_SD(B+->{meson}inv)", par)
    assert total - short == pytest.approx(value, rel=5e-4, abs=0)


@pytest.mark.parametrize("charge", ["+", "0"])
def test_equals_stock_flavio_for_K(charge, par):
    """Same form factors: the SM agrees to the accuracy of flavio's quadrature."""
    symbol = "BR_SD" if charge == "+" else "BR"
    assert predict(f"{symbol}(B{charge}->Kinv)", par) == pytest.approx(
        flavio.sm_prediction(f"BR(B{charge}->Knunu)"), rel=1e-6, abs=0
    )
    for q2 in (0.1, 10.0, 22.0):
        assert predict(f"d{symbol}/dq2(B{charge}->Kinv)", par, None, q2) == pytest.approx(
            flavio.sm_prediction(f"dBR/dq2(B{charge}->Knunu)", q2), rel=1e-12, abs=0
        )


@pytest.mark.usefixtures("as_flavio")
@pytest.mark.parametrize("charge", ["+", "0"])
def test_equals_stock_flavio_for_K_star(charge, par):
    symbol = "BR_SD" if charge == "+" else "BR"
    par["B->K* finite width"] = 1.0
    ours = predict(f"{symbol}(B{charge}->K*inv)", par)
    assert ours == pytest.approx(flavio.sm_prediction(f"BR(B{charge}->K*nunu)"), rel=1e-5, abs=0)
    for q2 in (0.1, 10.0, 19.0):
        assert predict(f"d{symbol}/dq2(B{charge}->K*inv)", par, None, q2) == pytest.approx(
            flavio.sm_prediction(f"dBR/dq2(B{charge}->K*nunu)", q2), rel=1e-12, abs=0
        )
        assert predict(f"FL(B{charge}->K*inv)", par, None, q2) == pytest.approx(
            flavio.sm_prediction(f"FL(B{charge}->K*nunu)", q2), rel=1e-12, abs=0
        )


# NP part of BR(B+ -> K+ inv) for 0.01 TeV^-2 at 1 TeV with B -> K form factors of flavio; the
# running factors are known to 0.3% between implementations.
NP_PART = [
    ("QN_2311", 0, 1.373e-6),
    ("LNQd_2123", 0, 5.249e-6),
    ("LNQdT_2123", 0, 2.130e-6),
    ("QN_2311", 1.5, 7.414e-7),
    ("LNQd_2123", 1.5, 3.523e-6),
    ("LNQdT_2123", 1.5, 1.799e-6),
]


@pytest.mark.usefixtures("as_flavio")
@pytest.mark.parametrize(("name", "m_N1", "value"), NP_PART)
def test_new_physics_part(name, m_N1, value, par):
    par["m_N1"] = m_N1
    found = predict("BR(B+->Kinv)", par, point(name, 0.01)) - predict("BR(B+->Kinv)", par)
    assert found == pytest.approx(value, rel=3e-3, abs=0)


def charged_at_limit(name, par, neutral="BR(B0->K*inv)", bound=1.8e-5):
    """Largest BR(B+ -> K+ inv) that the limit on a neutral mode admits."""
    return predict("BR(B+->Kinv)", par, point(name, limit(name, par, neutral, bound)))


@pytest.mark.parametrize(("target", "mass"), [(1.0e-5, 0.85), (1.4e-5, 1.42), (1.7e-5, 1.58)])
@pytest.mark.parametrize("name", ["QN_2311", "dN_2311"])
def test_vector_explains_the_average_above_a_mass(name, target, mass, par):
    """The lower edge and centre of the average, and the lower edge of Belle II alone."""

    def excess(m_N1):
        par["m_N1"] = m_N1
        return charged_at_limit(name, par) - target

    assert brentq(excess, 0.3, 2.0, xtol=1e-4) == pytest.approx(mass, abs=0.01)


def test_vector_is_excluded_when_massless(par):
    """arXiv:2309.02940 Sec. 4: K*0 admits less than the average explains."""
    assert charged_at_limit("QN_2311", par) < 1.0e-5


def test_vector_at_1_5_gev(par):
    """The average is explained and Belle II alone, (2.4 ± 0.7)e-5, is not."""
    par["m_N1"] = 1.5
    assert 1.4e-5 < charged_at_limit("QN_2311", par) < 1.7e-5


@pytest.mark.parametrize("m_N1", [0, 1, 2, 3, 3.8])
@pytest.mark.parametrize("name", ["LNQdT_2123", "LNQdT_2132"])
def test_tensor_is_excluded(name, m_N1, par):
    par["m_N1"] = m_N1
    assert charged_at_limit(name, par) < 1.0e-5


@pytest.mark.parametrize("m_N1", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("name", ["LNQd_2123", "LNQd_2132"])
def test_scalar_is_allowed(name, m_N1, par):
    """Both neutral limits admit the average at every mass; coefficients as in Fig. 2."""
    par["m_N1"] = m_N1
    largest = min(
        charged_at_limit(name, par),
        charged_at_limit(name, par, "BR(B0->Kinv)", 2.6e-5),
    )
    assert largest > 1.4e-5
    low, high = (limit(name, par, "BR(B+->Kinv)", b) for b in (1.0e-5, 1.8e-5))
    if m_N1 <= 2:
        assert 0.0075 < low < high < 0.0225
    if m_N1 == 4:
        assert 0.05 < low < 0.2


def test_paper_section_15_normalisation(par):
    """B_s -> N N for a scalar: twice arXiv:2309.02940 Eq. (16) at m_N = 0."""
    C = 1e-8
    w = NuWilson({"SnudLL_4423": C}, 4.8, "nuWET", "JMS")
    running = flavio.physics.running.running
    m_q = running.get_mb(par, 4.8) + running.get_ms(par, 4.8)
    eq_16 = par["tau_Bs"] * par["m_Bs"] ** 5 * par["f_Bs"] ** 2 / (64 * np.pi * m_q**2) * C**2
    assert predict("BR(Bs->inv)", par, w) == pytest.approx(2 * eq_16, rel=1e-10, abs=0)


@pytest.mark.parametrize(
    ("observable", "parameter", "error"),
    [("BR(B0->K*inv)", "B->K* finite width", 0.05 / 1.2), ("BR(B->Xsinv)", "delta_BXsinv", 0.1)],
)
def test_theory_errors(observable, parameter, error, par):
    """The width of the K* (20% with one digit in the abstract of arXiv:1908.02267) and the power
    corrections of B -> X_s (10% of the rate) are errors of the rates, with N or without."""
    constraint = flavio.default_parameters._parameters[parameter][1]
    for w in (None, point("LNQd_2123", 0.02)):
        central = predict(observable, par, w)
        shifted = par | {parameter: par[parameter] + constraint.standard_deviation}
        assert predict(observable, shifted, w) == pytest.approx(
            central * (1 + error), rel=1e-12, abs=0
        )


def test_inclusive_strange(par):
    """B -> X_s nu nu of arXiv:1409.4557, without its power corrections; vectors scale as for K."""
    sm = flavio.sm_prediction("BR(B->Xsinv)")
    assert sm == pytest.approx(2.9e-5, abs=0.4e-5)
    w = NuWilson({"QN_2311": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    inclusive, exclusive = (
        flavio.np_prediction(name, w) / flavio.sm_prediction(name)
        for name in ("BR(B->Xsinv)", "BR(B0->Kinv)")
    )
    # alpha_e of the SM coefficient at 5 and at 4.8 GeV
    assert inclusive == pytest.approx(exclusive, rel=1e-3, abs=0)


def test_lattice_form_factors_of_d_star(par, monkeypatch):
    """R(D*) of all lattice results in arXiv:2310.03680, 0.266 ± 0.009, measured rate, F_L = 1/3 of
    a D* at rest; and where the default is not as good."""
    implementation = flavio.config["implementation"]
    rate, ratio = "BR(B0->D*muinv)", "Rtaul(B->D*linv)"
    q2_max = (par["m_B0"] - par["m_D*+"]) ** 2
    default = predict(rate, par)
    assert predict("FL(B0->D*tauinv)", par, None, q2_max * (1 - 1e-9)) > 0.43
    monkeypatch.setitem(implementation, "B->D* invisible form factor", "B->D* lattice")
    assert predict("FL(B0->D*tauinv)", par, None, q2_max * (1 - 1e-9)) == pytest.approx(
        1 / 3, rel=1e-6, abs=0
    )
    q2_max = (par["m_B+"] - par["m_D*0"]) ** 2
    assert predict("FL(B+->D*tauinv)", par, None, q2_max * (1 - 1e-9)) == pytest.approx(
        1 / 3, rel=3e-3, abs=0
    )
    assert default / predict(rate, par) == pytest.approx(1.215, abs=0.001)
    assert predict(ratio, par) == pytest.approx(0.266, abs=0.009)
    likelihood = nus.likelihood("current", [ratio, "FLtot(B0->D*tauinv)"], fast=True, theory="NP")
    likelihood.make_measurement(N=200, Nexp=100, seed=1)
    # errors of data/bdstar-lattice.md
    for covariance in (likelihood.sm_covariance.get(200), likelihood.theory_covariance(par, None)):
        assert np.sqrt(np.diag(covariance)) == pytest.approx([0.008, 0.008], rel=0.2, abs=0)
