"""Searches for N: what the files are, the likelihood of limits, and how it joins a fit."""

from __future__ import annotations

import pickle
import re
from importlib.util import find_spec
from pathlib import Path

import flavio
import numpy as np
import pytest
from HNLimits.FourFermion_CC import decay_functions as hnlimits
from nusmeft_cli import specs
from scipy.integrate import quad
from scipy.stats import norm

import flavio_nusmeft as nus
from flavio_nusmeft import errors
from flavio_nusmeft.inference.fixed import Fixed
from flavio_nusmeft.physics.modes import LEPTONIC
from flavio_nusmeft.physics.production import produced
from flavio_nusmeft.searches import Search, likelihood, tables

FOLDER = Path(find_spec("HNLimits").origin).with_name("include") / "data"
PAR = flavio.default_parameters.get_central_all()
POINT = {"scale": 1e3, "eft": "nuSMEFT", "basis": "Warsaw"}
MESONS = {"pi+": (0.13957, "du", 0, 0), "K+": (0.493677, "su", 0, 1), "B+": (5.27934, "bu", 0, 2)}
LEPTONS = {"e": 0.000511, "mu": 0.105658}
# at 2 GeV; of lnuq the quark indices are Q, u, of nedu d, u
OF_KAONS = {"e": ("nedu_1121", "lnuq_1121"), "mu": ("nedu_1221", "lnuq_2121")}


def mass_of(decay):
    meson, _, lepton = decay.partition("->")
    return MESONS[meson][0] - LEPTONS[lepton]


def coefficients(values, scale=2.0, eft="nuWET-3"):
    return nus.NuWilson(values, scale, eft, "JMS")


@pytest.fixture(scope="module")
def everything():
    return nus.Searches("all")


@pytest.fixture(scope="module")
def kaons():
    return nus.Searches(["NA62 K->eN", "NA62 K->muN"])


# what the files are


def test_units_of_masses(everything):
    """Peaks end below the largest mass of N, and headings say the same, but that of NA62."""
    for each in everything:
        if each.decay is not None:
            assert 0.3 * mass_of(each.decay) < each.high < mass_of(each.decay)
            assert each.low > 1e-3
        entry = tables.known()[each.name]
        file = FOLDER / next(entry[key] for key in tables._FILES if key in entry)
        unit = re.search(r"\b(MeV|GeV)\b", file.read_text()[:300])
        if unit and entry.get("limit") != "umu4/NA62_2021_mu.dat":
            assert unit[1] == entry["unit"], each.name


def test_numbers_of_the_files(everything):
    """As published on HEPData, and between two of them in the logarithms."""
    limits = {each.name: each.limits for each in everything}
    assert limits["NA62 K->eN"]([0.144])[0] == pytest.approx(2.20202e-9, abs=1e-20)
    assert limits["PIENU pi->muN below 1.2 MeV"]([0.0338093])[0] == pytest.approx(
        3.40538e-5, abs=1e-12
    )
    (row,) = nus.Searches("PIENU pi->eN").table(0.133567)
    between = np.exp(
        np.interp(np.log(0.133567), *np.log([[0.133436, 0.133698], [1.88959e-7, 1.93179e-7]]))
    )
    assert row["lower"] == pytest.approx(between, abs=1e-15)
    assert row["upper"] is None


@pytest.mark.parametrize("name", [n for n, e in tables.known().items() if "contour" in e])
def test_inside_of_contours(name):
    """Vertical lines at random masses cross a contour at the ends, counted in another way.

    Where pieces cross between corners the ends are between those there, which is 1% at most.
    """
    (search,) = nus.Searches([name])
    entry = tables.known()[name]
    x, y = np.log(np.genfromtxt(FOLDER / entry["contour"])[:, :2]).T
    x = np.append(x, x[0]) - (np.log(1000) if entry["unit"] == "MeV" else 0)
    y = np.append(y, y[0])
    for m in np.random.default_rng(1).uniform(x.min(), x.max(), 20):
        crossed = np.flatnonzero((x[:-1] - m) * (x[1:] - m) < 0)
        heights = [y[i] + (m - x[i]) * (y[i + 1] - y[i]) / (x[i + 1] - x[i]) for i in crossed]
        ends = [end.item() for end in search.limits([np.exp(m)])]
        assert np.log(ends) == pytest.approx([min(heights), max(heights)], abs=1e-2)


def test_version_and_numbers_are_in_the_description(kaons):
    found = kaons.description()
    assert found["package"] == f"HNLimits {tables.version()}"
    assert found["checksums"].keys() == {"NA62 K->eN", "NA62 K->muN"}
    one = Search("a", [0.1, 0.3], [1e-6, 1e-7], flavour="mu", decay="K+->mu")
    other = Search("a", [0.1, 0.3], [1e-6, 1.01e-7], flavour="mu", decay="K+->mu")
    weaker = Search("a", [0.1, 0.3], [1e-6, 1e-7], flavour="mu", decay="K+->mu", cl=0.95)
    assert len({s.checksum() for s in (one, other, weaker)}) == 3


def test_changed_files_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "_folder", lambda: tmp_path)
    with pytest.raises(errors.InvalidRecord, match=r"has no readable 'NA62_2020/NA62_2020\.dat'"):
        nus.Searches("NA62 K->eN")
    (tmp_path / "NA62_2020").mkdir()
    file = tmp_path / "NA62_2020" / "NA62_2020.dat"
    file.write_text("mass limit\n200 1e-9\n300 none\n")
    with pytest.raises(errors.InvalidRecord, match="'300 none' is no number"):
        nus.Searches("NA62 K->eN")
    file.write_text("# nothing\n")
    with pytest.raises(errors.InvalidRecord, match="has not two columns"):
        nus.Searches("NA62 K->eN")


# production


def tree(m, decay, vector=0.0, scalar=0.0):
    """Γ(P -> l N) over Γ(P -> l ν; m_ν = m) of the SM, both at tree level, written out again.

    Of a vector current C and a density C; arXiv:1805.08567 Eq. (2.5) for the SM.
    """
    meson, _, lepton = decay.partition("->")
    m_P, quarks, i, j = MESONS[meson]
    a, b = (m / m_P) ** 2, (LEPTONS[lepton] / m_P) ** 2
    V = abs(flavio.physics.ckm.get_ckm(PAR)[i, j])
    standard = 8 * PAR["GF"] ** 2 * V**2 * (a + b - (a - b) ** 2)
    masses = sum(flavio.physics.running.running.get_mq(q, PAR, 2.0) for q in quarks)
    return (
        vector**2 * (a + b - (a - b) ** 2) + (scalar * m_P / masses) ** 2 * (1 - a - b)
    ) / standard


@pytest.mark.parametrize("lepton", ["e", "mu"])
@pytest.mark.parametrize("m", [0.0, 0.05, 0.2, 0.35])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_operators_over_the_sm(lepton, m, k):
    """Vector and scalar, up to flavio's radiative corrections of the SM."""
    par = PAR | {f"m_N{k}": m}
    beta = {"e": 1, "mu": 2}[lepton]
    decay = f"K+->{lepton}"
    current = flavio.physics.bdecays.wilsoncoefficients.get_CVLSM(par, par["m_rho0"], nf=3)
    of_sm = current**2 * (1 + flavio.physics.kdecays.klnu.delta_Plnu(par, "K+", lepton))
    for name, kind in (("VnueduRR", "vector"), ("VnueduLR", "vector"), ("SnueduRR", "scalar")):
        w = coefficients({f"{name}_{k + 3}{beta}21": 1e-9})
        found = produced(par, w, LEPTONIC[decay])
        expected = np.zeros(3)
        expected[k - 1] = tree(m, decay, **{kind: 1e-9}) / of_sm
        assert found.mixings == pytest.approx(expected, abs=1e-3 * expected.max())


@pytest.mark.parametrize("decay", ["pi+->e", "pi+->mu", "K+->e", "K+->mu", "D+->mu", "B+->e"])
def test_mixing_alone_is_the_mixing(decay):
    par = PAR | {"m_N1": 0.02, "m_N3": 0.01, f"U_{decay.split('->')[1]}1": 0.03, "U_tau3": 0.1}
    assert produced(par, None, LEPTONIC[decay]).mixings == pytest.approx([9e-4, 0, 0], abs=1e-12)


def test_mixing_and_operators_interfere():
    """A left-handed current with the coefficient that mixing gives doubles the amplitude."""
    V = flavio.physics.ckm.get_ckm(PAR)[0, 1]
    U = 1e-4
    par = PAR | {"m_N1": 0.3, "U_mu1": U}
    w = {
        sign: coefficients({"VnueduLL_4221": sign * -4 * PAR["GF"] / 2**0.5 * V.conjugate() * U})
        for sign in (1, -1)
    }
    found = {sign: produced(par, w[sign], LEPTONIC["K+->mu"]).mixings[0] for sign in w}
    # but for 1% of corrections of the SM part: the amplitudes are 1 and 1/1.0059
    assert found[1] == pytest.approx(4 * U**2, abs=0.05 * U**2)
    assert found[-1] == pytest.approx(0, abs=1e-3 * U**2)


def test_partner_of_the_branching_ratio():
    """BR(K+->muinv) of this package rises by it."""
    w, par = coefficients({"SnueduRR_4221": 3e-8}), PAR | {"m_N1": 0.2}
    both = flavio.Observable["BR(K+->muinv)"].prediction_par(par, w)
    alone = flavio.Observable["BR(K+->muinv)"].prediction_par(par, None)
    ours = produced(par, w, LEPTONIC["K+->mu"]).branching_ratios.sum()
    assert ours == pytest.approx(both - alone, abs=1e-9 * both)


def test_closed_decays():
    found = produced(PAR | {"m_N1": 0.4}, coefficients({"VnueduRR_4221": 1e-9}), LEPTONIC["K+->mu"])
    assert not np.any(found.branching_ratios)
    assert not np.any(found.mixings)


def test_bosonic_current():
    """|U| = C v²/2 for i(φ̃†D_μφ)(n̄γ^μe), which the left-right derivative has twice."""
    C, v2 = 1e-9, 1 / (2**0.5 * PAR["GF"])
    w = nus.NuWilson({"phine_12": C}, 91.1876, "nuSMEFT", "Warsaw")
    found = produced(PAR | {"m_N1": 0.3}, w, LEPTONIC["K+->mu"]).mixings[0]
    # of the SM part flavio has 1.0232 × 0.9889
    assert found == pytest.approx((C * v2 / 2) ** 2 / 1.0118, rel=2e-3, abs=0)


def test_limits_of_hnlimits_on_operators():
    """arXiv:2304.06772's own translation of a limit on |U|² at the same mass, without running.

    Theirs of vectors is C² = 16 G_F²|V|² |U|², where `tree` and explicit amplitudes have 8: twice
    the rate, √2 in C, at all masses. Theirs of densities has 128 in the place of 64 π.
    """
    V = abs(flavio.physics.ckm.get_ckm(PAR)[0, 1])
    inputs = (1.16e-5 / PAR["GF"]) ** 2 * (0.2243 / V) ** 2  # theirs over ours
    for m in (0.2, 0.3):
        vector, density = (f(m, True) for f in (hnlimits.RmuPSKaon4fX, hnlimits.RmuPSKaon4fYZ))
        ratio = tree(m, "K+->mu", vector=1) * float(vector)
        assert ratio == pytest.approx(2 * inputs, abs=1e-3)
        masses = sum(flavio.physics.running.running.get_mq(q, PAR, 2.0) for q in "su")
        theirs = 2.16e-3 + 93.4e-3  # of quarks, at 2 GeV
        ratio = tree(m, "K+->mu", scalar=1) * float(density) * (masses / theirs) ** 2
        assert ratio == pytest.approx(128 / (64 * np.pi) * inputs, abs=0.01)


# the likelihood


@pytest.mark.parametrize(("cl", "z"), [(0.9, 1.6449), (0.95, 1.96)])
def test_limit_at_its_level(cl, z):
    """A normal distribution of positive values has the probability cl below the limit."""
    search = Search("a", [0.1, 0.3], [2e-9, 2e-9], flavour="mu", cl=cl)

    def density(u):
        return np.exp(-0.5 * (search.z * search.strength([0.2], [u]).item()) ** 2)

    below, above = quad(density, 0, 2e-9)[0], quad(density, 2e-9, 2e-8)[0]
    assert below / (below + above) == pytest.approx(cl, abs=1e-7)
    assert search.z == pytest.approx(z, abs=1e-4)


def test_island():
    """1 at both ends, most between them, and less outside; nothing beyond the masses."""
    search = Search(
        "a",
        [0.1, 0.3],
        [1e-8, 1e-8],
        flavour="mu",
        kind="visible",
        upper=([0.1, 0.2], [1e-4, 1e-4]),
    )
    values = [1e-9, 1e-8, 1e-6, 1e-4, 1e-3, 0.0]
    found = search.strength(np.full(6, 0.15), values)
    assert found == pytest.approx([0.1, 1, 100, 1, 0.1, 0], abs=1e-9)
    assert search.strength([0.25], [1e-3]) == pytest.approx(1e5, abs=1e-5)  # no upper end there
    assert not search.strength([0.09, 0.31], [1, 1]).any()
    lower, upper = search.limits([0.05, 0.15, 0.25])
    assert np.isnan(lower[0])
    assert upper.tolist()[1:] == [pytest.approx(1e-4, abs=1e-12), np.inf]


def test_a_peak_is_as_in_the_definition(kaons):
    par = PAR | {"m_N1": 0.3}
    unit = produced(par, coefficients({"VnueduRR_4221": 1e-9}), LEPTONIC["K+->mu"]).mixings[0]
    limit = 9.05385e-9
    C = 1e-9 * (limit / unit) ** 0.5
    found = kaons.contributions(par, coefficients({"VnueduRR_4221": C}))
    assert found == pytest.approx({"NA62 K->eN": 0, "NA62 K->muN": 1.6448536**2}, abs=1e-5)
    ln_L = kaons.log_likelihood(par, coefficients({"VnueduRR_4221": 2 * C}))
    assert ln_L == pytest.approx(-0.5 * 16 * 1.6448536**2, abs=1e-4)


def test_equal_masses_are_one_peak(kaons):
    """One Dirac N is two Majorana states (C, ±iC)/√2 of one mass; others count by themselves."""
    C = 4e-10
    one = kaons.log_likelihood(PAR | {"m_N1": 0.3}, coefficients({"VnueduRR_4221": C}))
    pair = coefficients({"VnueduRR_4221": C / 2**0.5, "VnueduRR_5221": 1j * C / 2**0.5})
    masses = {"m_N1": 0.3, "m_N2": 0.3}
    assert kaons.log_likelihood(PAR | masses, pair) == pytest.approx(one, abs=1e-9)
    apart = kaons.contributions(PAR | {"m_N1": 0.3, "m_N2": 0.21}, pair)["NA62 K->muN"]
    single = [
        kaons.contributions(
            PAR | {f"m_N{k}": m}, coefficients({f"VnueduRR_{k + 3}221": C / 2**0.5})
        )
        for k, m in ((1, 0.3), (2, 0.21))
    ]
    assert apart == pytest.approx(sum(s["NA62 K->muN"] for s in single), abs=1e-9)
    grouped = [g.tolist() for g in likelihood._peaks(np.array([0.3, 0.1, 0.3001]))]
    assert grouped == [[1], [0, 2]]


def test_mixing_at_the_limit(everything):
    """At its limit every search has z², but for data that a stronger one has as well."""
    for each in everything:
        m = np.sqrt(each.low * each.high)
        limit = each.limits([m])[0].item()
        par = PAR | {"m_N2": m, f"U_{each.flavour}2": limit**0.5}
        assert nus.Searches([each]).contributions(par)[each.name] == pytest.approx(
            each.z**2, rel=1e-9, abs=0
        )


@pytest.mark.filterwarnings("ignore:visible decays of N1:flavio_nusmeft.errors.AssumptionWarning")
@pytest.mark.parametrize(
    ("names", "values"),
    [
        (["DELPHI long-lived tau", "DELPHI short-lived tau"], {"m_N1": 2.5, "U_tau1": 0.005}),
        # arXiv:2107.14685 and arXiv:2208.00416 are analyses of the data of the other one
        (["CHARM e", "CHARM tau"], {"m_N1": 0.5, "U_e1": 5e-4, "U_tau1": 5e-3}),
        (["BEBC mu", "BEBC tau"], {"m_N1": 0.5, "U_mu1": 5e-3, "U_tau1": 5e-3}),
    ],
)
def test_same_data_count_once(names, values):
    """The stronger of two analyses of one data set."""
    both, par = nus.Searches(names), PAR | values
    single = [nus.Searches(name).contributions(par)[name] for name in names]
    assert min(single) > 1e-4
    assert sorted(both.contributions(par).values()) == [0, max(single)]
    assert both.log_likelihood(par) == -max(single) / 2


def test_visible_decays_assume_mixing_with_one_flavour():
    par = PAR | {"m_N1": 1.0, "U_mu1": 1e-3}
    assert nus.Searches("NuTeV mu").log_likelihood(par) < -0.1  # no warning
    w = coefficients({"VnueduRR_4221": 1e-12})
    for other, wc_obj in (({"U_e1": 1e-5}, None), ({}, w)):
        searches = nus.Searches("NuTeV mu")
        with pytest.warns(errors.AssumptionWarning, match="visible decays of N1 are taken as"):
            searches.log_likelihood(par | other, wc_obj)
    # of another N it does not matter
    other = coefficients({"VnueduRR_5221": 1e-12})
    nus.Searches("NuTeV mu").log_likelihood(par | {"m_N2": 0.1}, other)


def test_own_limit_on_a_branching_ratio():
    """B+ -> mu N, of which HNLimits has none."""
    own = Search("mine", [0.1, 1.8], [2e-6, 2e-6], flavour="mu", decay="B+->mu", quantity="BR")
    searches = nus.Searches([own])
    par, w = PAR | {"m_N1": 1.0}, nus.NuWilson({"SnueduRR_4231": 1e-9}, 4.8, "nuWET", "JMS")
    ratio = produced(par, w, LEPTONIC["B+->mu"]).branching_ratios[0]
    assert searches.log_likelihood(par, w) == pytest.approx(
        -0.5 * (1.6448536 * ratio / 2e-6) ** 2, rel=1e-6, abs=0
    )
    assert searches.description()["package"] is None
    with flavio.citations.collect() as papers:
        searches.log_likelihood(par, w)
        assert "Fernandez-Martinez:2023phj" not in papers.set


# in fits


@pytest.fixture(scope="module")
def function():
    data = nus.likelihood("current", [], searches="peak", fit_parameters={"m_N1": (0.2, 0.38)})
    return nus.LogLikelihood(data, ["nedu_1221", "m_N1"], **POINT)


def test_joins_a_likelihood(function):
    x = np.array([4e-10, 0.30025])  # 1e-4 GeV and more from the masses in the files
    par, wc_obj = function.point(x)
    alone = nus.Searches("peak").log_likelihood(par, wc_obj)
    prior = -np.log(0.18)
    assert alone < -0.1
    assert function(x) == pytest.approx(prior + alone, abs=1e-9)
    others = np.array([[1e-10, 0.25], x, [2e-10, 0.5]])
    expected = [function(y) for y in others[:2]] + [-np.inf]
    assert function.many(others) == pytest.approx(expected, abs=1e-9)
    value, gradient = function.value_and_gradient(x)
    steps = np.diag([1e-14, 1e-6])
    slopes = [(function(x + h) - function(x - h)) / (2 * h.sum()) for h in steps]
    assert value == function(x)
    assert gradient == pytest.approx(slopes, rel=1e-3, abs=0)
    assert "HNLimits" in repr(function)


def test_limit_on_a_mixing():
    """A variable as others; at zero, where the log-likelihood is even, the slope is zero."""
    data = nus.likelihood("current", [], searches="NA62 K->muN")
    function = nus.LogLikelihood(data, ["U_mu1"], par={"m_N1": 0.3}, **POINT)
    found = nus.upper_limit(function, "U_mu1", {"U_mu1": (0, 1e-3)}, progress=False)
    expected = (9.05385e-9 * 1.2815516 / 1.6448536) ** 0.5
    assert found.pieces[-1][1] == pytest.approx(expected, rel=1e-3, abs=0)
    assert function.value_and_gradient([0.0])[1] == pytest.approx([0.0], abs=1e-12)


def test_joins_data_and_fast_likelihoods():
    x = [5e-10]
    searches = nus.Searches("peak")
    for fast in (False, True):
        pair = []
        for added in (None, searches):
            data = nus.likelihood("current", ["BR(B0->Kinv)"], searches=added, fast=fast)
            if fast:
                data.make_measurement(N=2)
            f = nus.LogLikelihood(data, ["nedu_1221"], par={"m_N1": 0.3}, **POINT)
            pair.append(f)
        alone = searches.log_likelihood(*f.point(x))
        assert alone < -0.1
        assert pair[1](x) - pair[0](x) == pytest.approx(alone, abs=1e-9)
        assert pair[1].many([x])[0] == pytest.approx(pair[1](x), abs=1e-8)
        assert pair[1].likelihood.log_likelihood(*f.point(x)) == pytest.approx(
            pair[0].likelihood.log_likelihood(*f.point(x)) + alone, abs=1e-8
        )


def test_pickles(function):
    assert pickle.loads(pickle.dumps(function))([4e-10, 0.3]) == function([4e-10, 0.3])


def test_checkpoints_know_the_searches(function, tmp_path):
    axes = {"nedu_1221": [1e-10, 4e-10], "m_N1": [0.25, 0.3]}
    arguments = {"checkpoint": tmp_path / "grid.json", "progress": False}
    first = nus.scan.grid(function, axes, **arguments)
    again = nus.scan.grid(function, axes, **arguments)
    assert np.array_equal(first.log_likelihood, again.log_likelihood)
    data = nus.likelihood(
        "current", [], searches="NA62 K->muN", fit_parameters={"m_N1": (0.2, 0.38)}
    )
    other = nus.LogLikelihood(data, ["nedu_1221", "m_N1"], **POINT)
    with pytest.raises(errors.InvalidCheckpoint):
        nus.scan.grid(other, axes, **arguments)


def test_comparisons_need_the_same_searches(function):
    data = nus.likelihood(
        "current", [], searches="NA62 K->muN", fit_parameters={"m_N1": (0.2, 0.38)}
    )
    other = nus.LogLikelihood(data, ["nedu_1221", "m_N1"], **POINT)
    bounds = {"nedu_1221": (0, 1e-9), "m_N1": (0.2, 0.38)}
    with pytest.raises(errors.InvalidScan, match="the searches for N are not the same"):
        nus.compare({"a": (function, bounds), "b": (other, bounds)}, progress=False)


def test_upper_limit_and_table_of_limits():
    """-2 ln L rises by 1.642 where |U|²_eff is limit × 1.2816/1.6449."""
    par = PAR | {"m_N1": 0.3}
    unit = produced(par, nus.NuWilson({"nedu_1221": 1e-9}, **POINT), LEPTONIC["K+->mu"]).mixings[0]
    expected = 1e-9 * (9.05385e-9 / unit * 1.2815516 / 1.6448536) ** 0.5
    table = nus.limits(
        ["nedu_1221"], m_N1=0.3, observables=["BR(B0->Kinv)"], searches="NA62 K->muN", **POINT
    )
    (row,) = table.rows
    mixed = {"U_mu1": 1e-5}  # D -> tau N is no search
    (idle,) = nus.limits(
        ["nedu_1312"], m_N1=0.3, observables=["BR(B0->Kinv)"], searches="peak", par=mixed, **POINT
    ).rows
    assert idle.upper == np.inf
    assert row.upper == pytest.approx(expected, rel=1e-5, abs=0)
    assert (row.measurement, row.observables) == ("NA62 K->muN", ("BR(K+->muinv)",))
    assert "NA62 K->muN, HNLimits" in str(table)
    data = nus.likelihood("current", [], searches=["NA62 K->muN"])
    function = nus.LogLikelihood(data, ["nedu_1221"], par={"m_N1": 0.3}, **POINT)
    found = nus.upper_limit(function, "nedu_1221", {"nedu_1221": (0, 2e-9)}, progress=False)
    assert found.pieces[-1][1] == pytest.approx(expected, rel=1e-3, abs=0)
    with pytest.raises(errors.InvalidScan, match="searches are for method = 'profile'"):
        nus.limits(["nedu_1221"], m_N1=0.3, method="published", searches="peak", **POINT)


SPEC = """\
observables: []
searches: {searches}
basis: Warsaw
parameters: {{m_N1: 0.3}}
variables: {{nedu_1221: [0, 2e-9]}}
report: {{intervals: []}}
"""


def test_specification(tmp_path):
    file = tmp_path / "my.yml"
    file.write_text(SPEC.format(searches="[NA62 K->muN, KEK K->muN]"))
    spec = nus.spec.read(file)
    again = tmp_path / "again.yml"
    again.write_text(spec.to_yaml())
    assert nus.spec.read(again).content == spec.content
    found = nus.spec.fit(spec, tmp_path / "out", formats=[], progress=False)
    assert found["made_with"]["searches"] == f"HNLimits {tables.version()}"
    assert found["made_with"]["checksums"].keys() >= {"NA62 K->muN", "KEK K->muN"}
    assert [row["measurement"] for row in found["pulls"]] == ["NA62 K->muN", "KEK K->muN"]
    title = "data: current with searches NA62 K->muN, KEK K->muN; m_N1 = 0.3"
    assert title in specs._title(found)
    file.write_text(SPEC.format(searches="NA62 K->mN"))
    with pytest.raises(errors.InvalidSpec, match=r"my.yml.* no search 'NA62 K->mN'; did you mean"):
        nus.spec.read(file)


def test_lists_of_all_kinds():
    own = Search("mine", [0.1, 0.3], [1e-6, 1e-6], flavour="mu")
    found = nus.Searches(["peak", own]).names
    assert found == (*nus.Searches("peak").names, "mine")
    assert set(nus.Searches("all").names) == {*found[:-1], *nus.Searches("visible").names}


# what is refused, and warned of


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"flavour": "MU"}, "flavour of a must be e, mu, tau, not 'MU'; did you mean 'mu'"),
        ({"cl": 90}, "cl of a = 90 must be between 0.5 and 1; 90% is 0.9"),
        ({"limit": [1e-6, -1e-7]}, "values of limit of a must be finite and positive"),
        ({"limit": [2, 3]}, "limit of a is nowhere below 1: |U|² and branching ratios are"),
        ({"m_N": [0.2, 0.2]}, "limit of a: all masses are 0.2 GeV"),
        ({"m_N": [100, 200], "decay": "K+->mu"}, "masses of a begin at 100 GeV.*, give GeV"),
        (
            {"kind": "visible", "upper": ([0.1, 0.3], [1e-8, 1e-8])},
            "upper of a is nowhere above its limit",
        ),
        ({"limit": [1e-6]}, "limit of a: 2 masses and 1 values"),
        ({"decay": "K+->e"}, "decay of a must be Bc->mu, .* not 'K\\+->e'; did you mean|not 'K"),
        ({"quantity": "BR"}, "a: a branching ratio needs decay"),
        ({"kind": "visible", "decay": "K+->mu"}, "a: decay is for peaks"),
        ({"upper": [1, 2, 3]}, "upper of a must be a pair"),
    ],
)
def test_own_searches_are_checked(arguments, message):
    given = {"m_N": [0.1, 0.3], "limit": [1e-6, 1e-7], "flavour": "mu"} | arguments
    with pytest.raises(errors.NuSMEFTError, match=message):
        Search("a", given.pop("m_N"), given.pop("limit"), **given)


def test_names_are_checked():
    with pytest.raises(errors.UnknownSearch, match="no search 'NA62 K->uN'; did you mean"):
        nus.Searches("NA62 K->uN")
    with pytest.raises(errors.UnknownSearch, match="there are peak, visible, all and TRIUMF"):
        nus.Searches("nonsense")
    with pytest.raises(errors.InvalidValue, match="flavour must be e, mu, tau, not 'muon'"):
        nus.Searches("peak", flavour="muon")
    with pytest.raises(errors.InvalidValue, match="must be a list of names, not 3"):
        nus.Searches(3)
    with pytest.raises(errors.UnknownSearch, match="'NA62'; did you mean 'NA62 K->eN' or 'NA62 K"):
        nus.Searches("NA62")
    with pytest.raises(errors.UnknownSearch, match=r"no search \[\]$"):
        nus.Searches([])
    mine = Search("NA62 K->eN", [0.1, 0.3], [1e-6, 1e-7], flavour="mu")
    with pytest.raises(errors.InvalidValue, match="different names: NA62 K->eN is there twice"):
        nus.Searches(["NA62 K->eN", mine])
    with pytest.raises(errors.UnknownSearch, match="of the flavour tau"):
        nus.Searches("NA62 K->eN", flavour="tau")


def test_a_name_and_its_group():
    """Names in any order, each once."""
    assert nus.Searches(["NA62 K->muN", "peak"]).names[0] == "NA62 K->muN"
    assert sorted(nus.Searches(["NA62 K->muN", "peak"]).names) == sorted(nus.Searches("peak").names)


def test_searches_of_other_searches_keep_package_and_papers(kaons):
    mine = Search("mine", [0.1, 0.3], [1e-6, 1e-7], flavour="mu", source=["nobody"])
    again = nus.Searches([*kaons, mine])
    assert again.description()["package"] == kaons.description()["package"] is not None
    with flavio.citations.collect() as noted:
        again.log_likelihood(PAR | {"m_N1": 0.25, "U_mu1": 1e-5})
    assert {"NA62:2020mcv", "NA62:2021bji", "Fernandez-Martinez:2023phj"} <= noted.set
    assert nus.Searches(mine).description()["package"] is None


def test_another_version_of_the_files_is_warned_of(monkeypatch):
    """Their units could be others."""
    monkeypatch.setattr(tables, "version", lambda: "1.3.0")
    with pytest.warns(errors.AssumptionWarning, match="HNLimits 1.3.0 is not 1.2.0"):
        nus.Searches("NA62 K->eN")


def test_without_the_package(monkeypatch):
    """What is missing, not "that comes with it"."""
    monkeypatch.setattr("flavio_nusmeft._optional.find_spec", lambda name: None)
    with pytest.raises(errors.MissingPackage, match="the table of searches for N needs HNLimits: "):
        nus.Searches()


@pytest.mark.parametrize("mass", [0, -1, np.nan, np.inf])
def test_wrong_masses_of_the_table(kaons, mass, capsys):
    from nusmeft_cli import main

    with pytest.raises(errors.InvalidMass, match="must be positive and finite"):
        kaons.table(mass)
    assert main(["list", "searches", f"--m-N1={mass}"]) == 2
    assert "must be positive" in capsys.readouterr().err
    if mass != 0:
        (search, _) = kaons
        for function in (search.limits, lambda m: search.strength(m, [1])):
            with pytest.raises(errors.InvalidMass, match="not negative"):
                function([mass])


@pytest.mark.parametrize(("cl", "ratio"), [(0.9, 0.779), (0.95, 0.839)])
def test_upper_limits_of_one_search(cl, ratio):
    """As documented: below the published one if taken one-sided, the same at (1 + CL)/2."""
    own = Search("own", [0.1, 0.4], [1e-8, 1e-8], flavour="mu", cl=cl)
    likelihood = nus.likelihood("current", [], searches=own)
    function = nus.LogLikelihood(likelihood, ["U_mu1"], par={"m_N1": 0.3}, **POINT)
    for level, expected in ((cl, ratio), ((1 + cl) / 2, 1)):
        for low in (0, -1e-3):  # ±U are the same
            found = nus.upper_limit(function, "U_mu1", {"U_mu1": (low, 1e-3)}, cl=level)
            assert found.high**2 / 1e-8 == pytest.approx(expected, abs=2e-3)


@pytest.mark.filterwarnings("ignore:the maximum was found:flavio_nusmeft.errors.ConvergenceWarning")
def test_upper_limits_beyond_an_island():
    """A limit that is the bound is not all that the data say."""
    likelihood = nus.likelihood("current", [], searches="NuTeV mu")
    function = nus.LogLikelihood(likelihood, ["U_mu1"], par={"m_N1": 1.0}, **POINT)
    bounds = {"U_mu1": (0, 0.01)}
    found = nus.upper_limit(function, "U_mu1", bounds, cl=0.95, progress=False)
    assert found.high == 0.01
    (note,) = [note for note in found.notes if note.startswith("below the limit there are")]
    low, high = map(float, re.findall(r"0\.\d+", note))
    (search,) = likelihood.searches
    lower, upper = (end.item() for end in search.limits([1.0]))
    # one-sided, 1.645 of the 90% of the search: its ends
    assert (low**2, high**2) == pytest.approx((lower, upper), rel=1e-2, abs=0)
    found = nus.upper_limit(function, "U_mu1", {"U_mu1": (0, 1e-3)}, cl=0.95, progress=False)
    assert found.high**2 == pytest.approx(lower, rel=1e-2, abs=0)
    assert not found.notes


def with_an_island(variables, **par):
    """What excludes |U|² from 1e-7 to 4e-5 up to 1 GeV, from 4e-7 at 2 GeV."""
    mine = Search(
        "mine",
        *([0.5, 1.0, 2.0], [1e-7, 1e-7, 4e-7]),
        flavour="mu",
        kind="visible",
        upper=([0.5, 2.0], [4e-5, 4e-5]),
    )
    likelihood = nus.likelihood("current", [], searches=[mine])
    return nus.LogLikelihood(likelihood, variables, par=par, **POINT)


@pytest.mark.filterwarnings("ignore:the maximum was found:flavio_nusmeft.errors.ConvergenceWarning")
def test_narrow_islands():
    """Between points of the scan, and with both signs of U; at 90% the ends are the published."""
    function, bounds = with_an_island(["U_mu1"], m_N1=1.0), {"U_mu1": (-0.1, 0.2)}
    low, high = np.sqrt([1e-7, 4e-5])
    found = nus.interval(function, "U_mu1", bounds, cl=0.9, progress=False)
    (start, a), (b, c), (d, end) = found.pieces
    assert (start, end) == (-0.1, 0.2)
    assert (-a, d) == pytest.approx((high, high), abs=1e-3 * high)
    assert (-b, c) == pytest.approx((low, low), abs=1e-3 * low)
    found = nus.interval(function, "U_mu1", bounds, cl=0.99, progress=False)
    ratio = (norm.ppf(0.995) / norm.ppf(0.95)) ** 0.5  # the strength rises with U², falls with 1/U²
    assert found.pieces[1][1] == pytest.approx(low * ratio, abs=1e-3 * low)
    assert found.pieces[2][0] == pytest.approx(high / ratio, abs=1e-3 * high)
    assert not any("exact" in note for note in found.notes)
    limit = nus.upper_limit(function, "U_mu1", bounds, cl=0.95, progress=False)
    assert limit.high == 0.2
    (note,) = [note for note in limit.notes if note.startswith("below the limit there are")]
    ends = [float(x) for x in re.findall(r"-?0\.\d+", note)]
    assert ends == pytest.approx([-high, -low, low, high], abs=1e-3 * high)
    curve = nus.intervals.profile(function, "U_mu1", bounds, progress=False)
    assert curve.rise.max() > 50
    assert len(curve.values) == 13 + 14


def test_islands_are_of_a_mixing_at_a_fixed_mass():
    function = with_an_island(["U_mu1", "m_N1", "U_e1"])
    assert all(function.islands(name) == [] for name in function.variables)
    (right, left) = Fixed(function, {"m_N1": 2.0}).islands("U_mu1")
    expected = 4e-7**0.5, (4e-7 * 4e-5) ** 0.25, 4e-5**0.5
    assert right[::3] == pytest.approx(expected, abs=1e-12)
    assert left == tuple(-x for x in reversed(right))
    assert with_an_island(["U_mu1"], m_N1=3.0).islands("U_mu1") == []


def test_masses_that_no_search_reaches(kaons):
    w = coefficients({"VnueduRR_4221": 1e-9})
    searches = nus.Searches(["NA62 K->eN", "NA62 K->muN"])
    with pytest.warns(errors.NoEffectWarning, match="from 0.144 to 0.462 GeV"):
        assert searches.log_likelihood(PAR | {"m_N1": 0.48}, w) == 0
    assert searches.log_likelihood(PAR | {"m_N1": 0.48}, w) == 0  # said once
    (row, _) = searches.table(0.48)
    assert row["lower"] is None


def test_list(capsys):
    from nusmeft_cli import main

    assert main(["list", "searches", "K->mu", "--m-N1", "0.3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "KEK K->muN",
        "E949 K->muN",
        "NA62 K->muN",
    ]
    assert "9.05e-09" in lines[-1]
    assert "NA62:2021bji" in lines[-1]
    assert main(["list", "operators", "--m-N1", "0.3"]) == 2
    assert "--m-N1 is for searches, not for operators" in capsys.readouterr().err


def test_command_for_limits(capsys):
    from nusmeft_cli import main

    given = ["--operators", "nedu_1221", "--basis", "Warsaw", "--m-N1", "0.3"]
    given += ["-o", "BR(B0->Kinv)", "--searches"]
    assert main(["limits", *given, "NA62 K->muN,KEK K->muN"]) == 0
    assert "BR(K+->muinv): NA62 K->muN" in capsys.readouterr().out
    assert main(["limits", *given, "NA62 K->muu"]) == 2
    assert "no search 'NA62 K->muu'; did you mean 'NA62 K->muN'?" in capsys.readouterr().err


def test_figure():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    searches = nus.Searches("all", flavour="mu")
    artists = nus.figures.draw_searches(axes, searches)
    assert tuple(artists) == searches.names
    x, y = artists["NA62 K->muN"].get_data()
    assert (x[0], x[-1]) == (0.2, 0.384)
    assert y[0] == pytest.approx(2.69182e-8, abs=1e-13)
    axes.figure.canvas.draw()
    with pytest.raises(errors.InvalidValue, match="searches of e, mu, tau are limits on different"):
        nus.figures.draw_searches(axes, nus.Searches("all"))
