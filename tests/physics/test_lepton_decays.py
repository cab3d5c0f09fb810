"""τ -> l + inv and μ -> e + inv: explicit amplitudes, the textbook, and flavio."""

from __future__ import annotations

from itertools import combinations_with_replacement

import flavio
import numpy as np
import pytest
from bruteforce import projection, rates
from bruteforce.phasespace import pair_spinors
from bruteforce.spinors import PROJECTOR, bar, u_spinors
from flavio.physics.running.running import get_alpha_e
from random_coefficients import random_coefficients, random_point
from wilson import parameters as wilson_parameters
from wilson import wcxf

from flavio_nusmeft import NuWilson, errors
from flavio_nusmeft.batch import Predictor
from flavio_nusmeft.eft.flavour import to_arrays
from flavio_nusmeft.eft.operators import JMS, WARSAW
from flavio_nusmeft.eft.space import Space
from flavio_nusmeft.physics.channels import couplings, sector
from flavio_nusmeft.physics.lepton_decays import rate
from flavio_nusmeft.physics.rates import Quantity, evaluate

LEPTONS = ("e", "mu", "tau")
SECTORS = ("nunumutau", "nunutaue", "nunumue")
SIZE = 1e-5  # GeV^-2, as G_F


def branching_ratio(wc_obj, par, initial, final):
    return evaluate(Quantity((rate(initial, final),)), wc_obj, par)


def correction(par, initial):
    """arXiv:1310.7922 Eq. (3)"""
    scale, flavours = {"tau": (1.8, 4), "mu": (1.0, 3)}[initial]
    return 1 + get_alpha_e(par, scale, nf_out=flavours) / (2 * np.pi) * (25 / 4 - np.pi**2)


# amplitudes --------------------------------------------------------------------------------------


def squared(terms, q2, m_i, m_j, i, j, a, b, masses):
    """dΓ/dq² of lepton i -> j chi_a chi_b with all contractions.

    The terms are (chi chi)(e e) and (chi e)(e chi). In the rest frame of the pair, with both
    charged leptons along z.
    """
    root = np.sqrt(q2)
    p_i = np.sqrt(((m_i - m_j) ** 2 - q2) * ((m_i + m_j) ** 2 - q2)) / (2 * root)
    p_a = np.sqrt((q2 - (masses[a] + masses[b]) ** 2) * (q2 - (masses[a] - masses[b]) ** 2))
    p_a /= 2 * root
    start, end = u_spinors(np.array([0, 0, p_i]), m_i), bar(u_spinors(np.array([0, 0, p_i]), m_j))
    row_a, col_b, row_b, col_a, weight = pair_spinors(q2, masses[a], masses[b], 4)
    total = 0
    for term in terms:
        if term.kinds == ("chi", "chi", "e", "e"):
            lepton = np.einsum("ca,xab,hb->xch", end, term.second, start)
            for c, row, col, k, l in (  # noqa: E741
                (term.c[a, b, j, i], row_a, col_b, "k", "l"),
                (-term.c[b, a, j, i], row_b, col_a, "l", "k"),
            ):
                pair = np.einsum(f"n{k}a,xab,n{l}b->nxkl", row, term.first, col)
                total = total + c * np.einsum("nxkl,xch->nchkl", pair, lepton)
        else:  # (chi e)(e chi), with the sign of the exchange of two fermions
            for c, row, col, k, l in (  # noqa: E741
                (-term.c[a, i, j, b], row_a, col_b, "k", "l"),
                (term.c[b, i, j, a], row_b, col_a, "l", "k"),
            ):
                first = np.einsum(f"n{k}a,xab,hb->nx{k}h", row, term.first, start)
                second = np.einsum(f"ca,xab,n{l}b->nxc{l}", end, term.second, col)
                total = total + c * np.einsum(f"nx{k}h,nxc{l}->nchkl", first, second)
    spins = np.einsum("nchkl,n->", abs(total) ** 2, weight) / weight.sum()
    factor = 1 / (2 * m_i) * (p_i * root / m_i) / (4 * np.pi * m_i) / (2 * np.pi)
    return factor * p_a / (4 * np.pi * root) / 2 * spins / (2 if a == b else 1)


def width(terms, m_i, m_j, i, j, masses):
    """Γ of all pairs; the substitution q² -> t removes the square roots at both ends."""
    t, weights = np.polynomial.legendre.leggauss(40)
    t, weights = (t + 1) * np.pi / 4, weights * np.pi / 4
    total = 0.0
    for a, b in combinations_with_replacement(range(6), 2):
        low, high = (masses[a] + masses[b]) ** 2, (m_i - m_j) ** 2
        if low >= high:
            continue
        q2, jacobian = low + (high - low) * np.sin(t) ** 2, (high - low) * np.sin(2 * t)
        values = [squared(terms, x, m_i, m_j, i, j, a, b, masses) for x in q2]
        total += float(np.dot(values, weights * jacobian))
    return total


def w_exchange(par):
    """-4 G_F/√2 (nubar_i γ P_L e_i)(ebar_j γ P_L nu_j)"""
    c = np.zeros((6, 3, 3, 6), dtype=complex)
    for i in range(3):
        for j in range(3):
            c[i, i, j, j] = -4 * par["GF"] / np.sqrt(2)
    vector, lower = projection.STRUCTURES["V"]
    left = PROJECTOR["L"]
    return projection.Term(("chi", "e", "e", "chi"), vector @ left, lower @ left, c)


def four_leptons(terms):
    """Those with two charged leptons, in one of two orders of the fields."""
    orders = ("chi", "chi", "e", "e"), ("chi", "e", "e", "chi")
    return [t for term in terms for t in (term, term.swapped()) if t.kinds in orders]


@pytest.mark.parametrize(("initial", "final"), [("tau", "mu"), ("mu", "e")])
def test_from_nusmeft_against_amplitudes(initial, final, rng, par):
    """Matching, Fierz relations, parity basis and integral, for random complex coefficients."""
    names = {"ln", "ne", "lnle", "phin", "phine"}
    values = {k: SIZE * v for k, v in random_coefficients(WARSAW, rng, names).items()}
    fractions = (0.05, 0.2, 0.45) if initial == "tau" else (0.1, 0.3, 0.0)
    for n, x in enumerate(fractions, start=1):
        par[f"m_N{n}"] = x * par[f"m_{initial}"]
    w = NuWilson(values, 91.1876, "nuSMEFT", "Warsaw")
    p = wilson_parameters.p
    arrays, v = to_arrays(values, WARSAW), 1 / np.sqrt(np.sqrt(2) * p["GF"])
    terms = projection._contact_terms(arrays, np.eye(3))
    terms += projection._exchange_terms(arrays, np.eye(3), p["m_W"], v, p["alpha_e"])
    terms = [*four_leptons(terms), w_exchange(par)]
    masses = [0, 0, 0, par["m_N1"], par["m_N2"], par["m_N3"]]
    i, j = LEPTONS.index(initial), LEPTONS.index(final)
    expected = width(terms, par[f"m_{initial}"], par[f"m_{final}"], i, j, masses)
    expected *= par[f"tau_{initial}"] * correction(par, initial)
    assert branching_ratio(w, par, initial, final) == pytest.approx(expected, rel=1e-8, abs=0)
    assert expected > 2 * branching_ratio(None, par, initial, final)


def test_from_nuwet_against_amplitudes(rng, par):
    """All coefficients of nuWET of τ -> μ, with and without N."""
    sector = {n: v for n, v in random_coefficients(JMS, rng).items() if n[1:4] == "nue"}
    values = {n: SIZE * v for n, v in sector.items() if n[4] == "L" and n[-2:] in ("23", "32")}
    par |= {"m_N1": 0.1, "m_N2": 0.4, "m_N3": 0.7}
    w = NuWilson(values, 1.8, "nuWET-4", "JMS")
    arrays = {f"{n[0]}{n[4:]}": array for n, array in to_arrays(values, JMS).items()}
    terms = []
    for kind, neutrino, lepton, c in rates.left_terms(arrays, (1, 2)):
        upper, lower = projection.STRUCTURES[kind]
        full = np.zeros((6, 6, 3, 3), dtype=complex)
        full[:, :, 1, 2] = c
        kinds = ("chi", "chi", "e", "e")
        first, second = upper @ PROJECTOR[neutrino], lower @ PROJECTOR[lepton]
        terms.append(projection.Term(kinds, first, second, full))
    masses = [0, 0, 0, 0.1, 0.4, 0.7]
    expected = width([*terms, w_exchange(par)], par["m_tau"], par["m_mu"], 2, 1, masses)
    expected *= par["tau_tau"] * correction(par, "tau")
    assert branching_ratio(w, par, "tau", "mu") == pytest.approx(expected, rel=1e-8, abs=0)


# the SM, and flavio ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initial", "final", "tree"),
    [("tau", "mu", 0.1736), ("tau", "e", 0.1785), ("mu", "e", 1.004)],
)
def test_standard_model(initial, final, tree, par):
    found = branching_ratio(None, par, initial, final)
    m, x = par[f"m_{initial}"], (par[f"m_{final}"] / par[f"m_{initial}"]) ** 2
    textbook = par["GF"] ** 2 * m**5 / (192 * np.pi**3) * par[f"tau_{initial}"]
    textbook *= 1 - 8 * x + 8 * x**3 - x**4 - 12 * x**2 * np.log(x)
    assert found == pytest.approx(textbook * correction(par, initial), rel=1e-9, abs=0)
    assert textbook == pytest.approx(tree, abs=1e-4 if initial == "tau" else 5e-4)


def random_active(rng, eft, sectors, size):
    """Coefficients of active neutrinos, real where they must be."""
    known = [wcxf.Basis[eft, "JMS"].sectors[sector].items() for sector in sectors]
    real = {n: (info or {}).get("real", False) for part in known for n, info in part}
    return random_point(rng, real, size)


@pytest.fixture
def with_masses(monkeypatch):
    """flavio's formula with the factor m_l/m_τ of the interference, for x = (m_l/m_τ)²."""
    taulnunu = flavio.physics.taudecays.taulnunu

    def widths(x, CL, CR):
        square = abs(CL) ** 2 + abs(CR) ** 2
        return taulnunu.F(x) * square - 4 * np.sqrt(x) * taulnunu.G(x) * (CL * np.conj(CR)).real

    monkeypatch.setattr(taulnunu, "_BR", widths)


@pytest.mark.parametrize("eft", ["WET", "WET-4"])
@pytest.mark.parametrize("lepton", ["mu", "e"])
def test_flavio_with_coefficients_of_wet(eft, lepton, rng, par, with_masses):
    """With the shift of G_F from the coefficients of the μ decay."""
    values = random_active(rng, eft, SECTORS, 3e-6)
    w = flavio.WilsonCoefficients()
    w.set_initial(values, 1.8 if eft == "WET-4" else 5.0, eft, "JMS")
    flavios = flavio.Observable[f"BR(tau->{lepton}nunu)"].prediction_par(par, w)
    expected = pytest.approx(flavios, rel=1e-9, abs=0)
    assert branching_ratio(w, par, "tau", lepton) == expected
    same = NuWilson(values, w.wc.scale, f"nu{eft}", "JMS")
    assert branching_ratio(same, par, "tau", lepton) == expected
    assert flavios != pytest.approx(branching_ratio(None, par, "tau", lepton), rel=0.02, abs=0)


@pytest.mark.parametrize("lepton", ["mu", "e"])
def test_flavio_with_vectors_of_left_handed_leptons(lepton, rng, par):
    values = random_active(rng, "WET", SECTORS, 3e-6)
    w = flavio.WilsonCoefficients()
    w.set_initial({n: v for n, v in values.items() if "LL" in n}, 5.0, "WET", "JMS")
    flavios = flavio.Observable[f"BR(tau->{lepton}nunu)"].prediction_par(par, w)
    assert branching_ratio(w, par, "tau", lepton) == pytest.approx(flavios, rel=1e-9, abs=0)


@pytest.mark.parametrize("lepton", ["mu", "e"])
def test_flavio_with_coefficients_of_smeft(lepton, par):
    values = {"ll_1221": 3e-8, "le_2312": 2e-7j, "phil3_22": 4e-8, "ll_1123": -1e-7 + 1e-7j}
    w = flavio.WilsonCoefficients()
    w.set_initial(values, 1e3, "SMEFT", "Warsaw")
    flavios = flavio.Observable[f"BR(tau->{lepton}nunu)"].prediction_par(par, w)
    same = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    assert branching_ratio(w, par, "tau", lepton) == pytest.approx(flavios, rel=1e-7, abs=0)
    assert branching_ratio(same, par, "tau", lepton) == pytest.approx(flavios, rel=1e-7, abs=0)
    sm = branching_ratio(None, par, "tau", lepton)
    assert flavios != pytest.approx(sm, rel=1e-4, abs=0)


def test_muon_decay_has_no_shift(par):
    """Its own coefficients change it, G_F is that of the parameters."""
    w = NuWilson({"VnueLL_1221": 1e-7}, 1.0, "nuWET-3", "JMS")
    expected = (1 - 1e-7 / (4 * par["GF"] / np.sqrt(2))) ** 2
    ratio = branching_ratio(w, par, "mu", "e") / branching_ratio(None, par, "mu", "e")
    assert ratio == pytest.approx(expected, rel=1e-12, abs=0)
    with pytest.raises(errors.UnknownBasis, match="cannot run from nuWET-3"):
        branching_ratio(w, par, "tau", "e")


def test_many_points_with_the_shift_of_fermis_constant(par):
    """Couplings are linear in all but the coefficients of the μ decay, also where these are."""
    names = ("VnueLL_1221", "VnueLL_1331", "SnueLL_1413")
    space = Space.of(1.8, "nuWET-4", "JMS")
    assert [name for name in names if not space.is_linear(name)] == ["VnueLL_1221"]
    assert not Space.of(1.0, "nuWET-3", "JMS").is_linear("VnueLL_1221")
    assert not Space.of(1.8, "WET-4", "flavio").is_linear("CVLL_numunueemu")
    muon = {"VnueLL_1221": 2e-6}
    values = muon | {"VnueLL_1331": -1e-6, "SnueLL_1413": 3e-6 + 1e-6j}
    which = rate("tau", "e").couplings
    columns = Predictor([], names, space)._shifted(space.point(muon), par, which)
    expected = couplings(space.point(values), par, which)
    np.testing.assert_allclose(
        np.tensordot([1, -1e-6, 0, 3e-6, 1e-6], columns, 1), expected, rtol=0, atol=1e-19
    )
    without = couplings(space.point(values | {"VnueLL_1221": 0}), par, which)
    assert np.abs(without - expected).max() > 1e-7


@pytest.mark.parametrize("lepton", ["mu", "e"])
def test_stock_observables_warn(lepton):
    w = NuWilson({"phine_11": 1e-8, "lnle_3113": 1e-8, "lnle_3123": 1e-8}, 1e3, "nuSMEFT", "Warsaw")
    with (
        pytest.warns(errors.StockObservableWarning, match=rf"here BR\(tau->{lepton}inv\)$"),
        pytest.warns(errors.StockObservableWarning, match=r"here Gamma/Gamma_SM\(mu->einv\)$"),
    ):
        flavio.np_prediction(f"BR(tau->{lepton}nunu)", w)


def test_closed_channels(par):
    """N heavier than the lepton change nothing, and no other flavour does."""
    par["m_N1"] = 1.8
    sm = branching_ratio(None, par, "tau", "mu")
    w = NuWilson({"lnle_2123": 1e-6, "lnle_1123": 1e-6}, 91.1876, "nuSMEFT", "Warsaw")
    assert branching_ratio(w, par, "tau", "mu") == sm
    par["m_N1"] = 1.6
    assert branching_ratio(w, par, "tau", "mu") > sm
    assert branching_ratio(w, par, "mu", "e") == branching_ratio(None, par, "mu", "e")


def test_sectors():
    """From which coefficients the couplings come, for whoever looks for those without effect."""
    found = [sector(leptons, None) for leptons in ("taumu", "taue", "mue")]
    assert found == [("nuWET-4", "nunumutau"), ("nuWET-4", "nunutaue"), ("nuWET-3", "nunumue")]
