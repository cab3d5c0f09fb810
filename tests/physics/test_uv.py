"""UV models: the exchange of the heavy particle, expanded, and what the models predict."""

from __future__ import annotations

import itertools
from collections import defaultdict

import flavio
import numpy as np
import pytest
import wilson
from bruteforce import grassmann as g
from wilson import wcxf

import flavio_nusmeft as nus
from flavio_nusmeft import NuWilson, errors, uv

MASS = 2e3
GENERATIONS = range(2)  # enough to tell all flavour structures apart


def matrices(rng, *names):
    """Random couplings of two generations; those of the third vanish."""
    result = {}
    for name in names:
        result[name] = np.zeros((3, 3), dtype=complex)
        result[name][:2, :2] = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    return result


def current(couplings, bar, psi, matrix, isospin=None, conjugate=False):
    """sum_ij y_ij psibar_i matrix psi_j"""
    result = defaultdict(complex)
    for i, j in itertools.product(GENERATIONS, GENERATIONS):
        term = g.bilinear(bar, i, matrix, psi, j, isospin, conjugate=conjugate)
        g.add(result, term, couplings[i, j])
    return result


def total(*polynomials):
    result = defaultdict(complex)
    for polynomial in polynomials:
        g.add(result, polynomial)
    return result


def column(i):
    """The doublet component i of a barred field next to a singlet."""
    result = np.zeros((2, 1))
    result[i, 0] = 1
    return result


def leptoquark_bilinear(y, bar, psi, matrix, isospin=None, conjugate=False):
    """A quark and a lepton, for each colour of the quark: the colour matrix is a vector."""
    colours = []
    for c in range(3):
        vector = np.zeros((3, 1) if bar in g.COLOURED else (1, 3))
        vector[(c, 0) if bar in g.COLOURED else (0, c)] = 1
        result = defaultdict(complex)
        for i, j in itertools.product(GENERATIONS, GENERATIONS):
            term = g.bilinear(bar, i, matrix, psi, j, isospin, vector, conjugate)
            g.add(result, term, y[i, j])
        colours.append(result)
    return colours


def scalar_exchange(currents):
    """L = phi* J + h.c. (any number of components of phi): J J^dagger/M²."""
    result = defaultdict(complex)
    for J in currents:
        g.product(J, g.dagger(J), result, 1 / MASS**2)
    return result


def vector_exchange(currents, real=False):
    """L = V_mu J^mu (+ h.c.), currents[...][mu]: -J J^dagger/M², for a real V half of it."""
    result = defaultdict(complex)
    for J in currents:
        for mu in range(4):
            factor = -g.METRIC[mu, mu] / MASS**2 / (2 if real else 1)
            g.product(J[mu], g.dagger(J[mu]), result, factor)
    return result


def eta(y_N, y_d, y_u, y_e, lam):
    """eta^i stands with lbar_i N, qbar_i u and (phi† phi) phi~†_i, phi~†_i = epsilon_ij phi_j, and
    (i sigma_2 eta*)_i = epsilon_ij eta*_j with d, e."""
    currents = []
    for j in range(2):
        quartic = defaultdict(complex)
        for k in range(2):
            g.product(g.higgs_squared(), g.higgs(k), quartic, -lam * g.EPSILON[j, k])
        with_eta = total(
            current(-y_N, "l", "n", g.ONE, column(j)),
            current(-y_u, "q", "u", g.ONE, column(j)),
            quartic,
        )
        conjugated = defaultdict(complex)
        for i in range(2):
            if g.EPSILON[i, j]:
                for y, bar, psi in ((y_d, "q", "d"), (y_e, "l", "e")):
                    term = current(-y, bar, psi, g.ONE, column(i))
                    g.add(conjugated, term, g.EPSILON[i, j])
        # what multiplies eta*_j
        currents.append(total(conjugated, g.dagger(with_eta)))
    return scalar_exchange(currents)


def s1(y_L, y_R, y_N):
    left = leptoquark_bilinear(y_L, "q", "l", g.ONE, g.EPSILON, conjugate=True)
    right = leptoquark_bilinear(y_R, "u", "e", g.ONE, conjugate=True)
    sterile = leptoquark_bilinear(y_N, "d", "n", g.ONE, conjugate=True)
    return scalar_exchange([total(*parts) for parts in zip(left, right, sterile, strict=True)])


def r2_tilde(y_N, y_L):
    currents = []
    for i in range(2):
        sterile = leptoquark_bilinear(y_N, "q", "n", g.ONE, column(i))
        row = g.EPSILON[i : i + 1, :]
        left = leptoquark_bilinear(y_L, "d", "l", g.ONE, row)
        currents += [total(*parts) for parts in zip(sterile, left, strict=True)]
    return scalar_exchange(currents)


def z_prime(**couplings):
    fields = {"g_q": "q", "g_u": "u", "g_d": "d", "g_l": "l", "g_e": "e", "g_N": "n"}
    J = [
        total(*(current(c, fields[k], fields[k], g.GAMMA[mu]) for k, c in couplings.items()))
        for mu in range(4)
    ]
    return vector_exchange([J], real=True)


def w_prime(g_N, g_R):
    J = [
        total(current(g_N, "n", "e", g.GAMMA[mu]), current(g_R, "u", "d", g.GAMMA[mu]))
        for mu in range(4)
    ]
    return vector_exchange([J])


def vector_leptoquark(*terms):
    """terms: (coupling, bar, psi, isospin, conjugate) for one component of isospin."""
    by_index = []
    for mu in range(4):
        parts = [
            leptoquark_bilinear(x, bar, psi, g.GAMMA[mu], weak, conjugate)
            for x, bar, psi, weak, conjugate in terms
        ]
        by_index.append([total(*colour) for colour in zip(*parts, strict=True)])
    return [list(J) for J in zip(*by_index, strict=True)]


def u1(x_L, x_R, x_N):
    terms = ((x_L, "q", "l", None, False), (x_R, "d", "e", None, False))
    return vector_exchange(vector_leptoquark(*terms, (x_N, "u", "n", None, False)))


def u1_bar(x_N):
    return vector_exchange(vector_leptoquark((x_N, "d", "n", None, False)))


def v2_tilde(x_N, x_L):
    currents = []
    for j in range(2):
        up = g.EPSILON[:, j : j + 1]
        currents += vector_leptoquark((x_N, "q", "n", up, True), (x_L, "u", "l", up.T, True))
    return vector_exchange(currents)


MODELS = {
    "scalar_doublet": (eta, ("y_N", "y_d", "y_u", "y_e")),
    "S1": (s1, ("y_L", "y_R", "y_N")),
    "R2_tilde": (r2_tilde, ("y_N", "y_L")),
    "Z_prime": (z_prime, ("g_q", "g_u", "g_d", "g_l", "g_e", "g_N")),
    "W_prime": (w_prime, ("g_N", "g_R")),
    "U1": (u1, ("x_L", "x_R", "x_N")),
    "U1_bar": (u1_bar, ("x_N",)),
    "V2_tilde": (v2_tilde, ("x_N", "x_L")),
}


@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.NeutrinoMassWarning")
@pytest.mark.parametrize("name", MODELS)
def test_exchange(name, rng):
    """Every coefficient, its sign, Fierz factor and flavour order: both Lagrangians are the same
    polynomial of anticommuting fields."""
    exchange, names = MODELS[name]
    couplings = matrices(rng, *names)
    if name == "Z_prime":
        couplings = {k: c + c.conj().T for k, c in couplings.items()}
    if name == "scalar_doublet":
        couplings["lam"] = 0.7 - 0.4j
    w = getattr(uv, name)(MASS, **couplings)
    assert (w.wc.eft, w.wc.basis, w.wc.scale) == ("nuSMEFT", "Warsaw", MASS)
    basis = wcxf.Basis["nuSMEFT", "Warsaw"]
    real = {n: (i or {}).get("real", False) for s in basis.sectors.values() for n, i in s.items()}
    gap, size = g.difference(exchange(**couplings), g.lagrangian(w.wc.dict, real))
    assert gap < 1e-14 * size


def test_all_models_are_tested():
    assert set(MODELS) == set(uv.__all__) - {"add"}


def test_machinery_sees_signs():
    """Known identities of the algebra: Fierz of arXiv:2309.02940 Eq. (2), and its sign."""
    tensor, scalar = g.operator("lnqd3", (0, 1, 1, 0)), g.operator("lnqd1", (0, 1, 1, 0))
    crossed = defaultdict(complex)
    for j, k in ((0, 1), (1, 0)):
        for c in range(3):
            row, col = np.zeros((1, 3)), np.zeros((3, 1))
            row[0, c] = col[c, 0] = 1
            left = g.bilinear("l", 0, g.ONE, "d", 0, column(j), row)
            right = g.bilinear("q", 1, g.ONE, "n", 1, column(k), col)
            g.product(left, right, crossed, g.EPSILON[j, k])
    expected = defaultdict(complex)
    g.add(expected, crossed, -8.0)
    g.add(expected, scalar, -4.0)
    gap, size = g.difference(tensor, expected)
    assert gap < 1e-13 * size


# what the models predict --------------------------------------------------------------------------


def single(i, j, value=1.0):
    """A coupling matrix with one entry, flavours from 1."""
    result = np.zeros((3, 3), dtype=complex)
    result[i - 1, j - 1] = value
    return result


def test_scalar_and_tensor_of_leptoquarks():
    """S1 and R2~ with both couplings: C_T = ∓C_S/4."""
    first = uv.S1(3e3, y_L=single(2, 2), y_N=single(3, 1)).wc.dict
    second = uv.R2_tilde(3e3, y_N=single(2, 1), y_L=single(3, 2)).wc.dict
    assert first["lnqd3_2123"] == -first["lnqd1_2123"] / 4 != 0
    assert second["lnqd3_2123"] == second["lnqd1_2123"] / 4 != 0


def test_running_of_scalar_and_tensor():
    """S/T at 4.8 GeV after full running from 1 TeV: -7.5 for S1, +7.2 for R2~."""
    for w, expected in (
        (uv.S1(1e3, y_L=single(2, 2), y_N=single(3, 1)), -7.5),
        (uv.R2_tilde(1e3, y_N=single(2, 1), y_L=single(3, 2)), 7.2),
    ):
        w.set_option("running", "full")
        wc = w.match_run(4.8, "nuWET", "JMS", ("sbnunu",)).dict
        # SnudLL = lnqd1*, TnudLL = -lnqd3*
        ratio = -wc["SnudLL_2432"] / wc["TnudLL_2432"]
        assert ratio == pytest.approx(expected, abs=0.05)


@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.DroppedCoefficientWarning")
def test_mixing_needs_both_couplings():
    """Delta M_s through the doublet at tree level: proportional to y_d^sb (y_d^bs)*."""
    sm = flavio.sm_prediction("DeltaM_s")

    def shift(y_sb, y_bs):
        w = uv.scalar_doublet(5e3, y_N=single(2, 1), y_d=single(2, 3, y_sb) + single(3, 2, y_bs))
        return flavio.np_prediction("DeltaM_s", w) / sm - 1

    assert abs(shift(1.0, 0.0)) < 1e-3  # from running alone
    assert abs(shift(0.0, 1.0)) < 1e-3
    both = shift(0.01, 0.01)
    assert both < -0.2
    assert shift(0.005, 0.01) / both == pytest.approx(0.5, abs=0.01)


def test_stock_observables_respond():
    """One object: N in B -> K + inv, and the SMEFT part in stock flavio, as for a Wilson object."""
    w = uv.U1(4e3, x_L=single(2, 2) + single(3, 2, 0.1), x_N=single(2, 1, 0.5))
    known = wcxf.Basis["SMEFT", "Warsaw"].all_wcs
    standard = {name: v for name, v in w.wc.dict.items() if name in known}
    assert {name.split("_")[0] for name in standard} == {"lq1", "lq3"}
    plain = wilson.Wilson(standard, 4e3, "SMEFT", "Warsaw")
    for name, *arguments in (("<dBR/dq2>(B+->Kmumu)", 1.1, 6.0), ("BR(Bs->mumu)",)):
        found = flavio.np_prediction(name, w, *arguments)
        expected = flavio.np_prediction(name, plain, *arguments)
        assert found == pytest.approx(expected, rel=1e-9, abs=0)
        assert abs(found / flavio.sm_prediction(name, *arguments) - 1) > 0.1


def test_lepton_decays_respond():
    """A Z' with flavour-violating leptons: tau and mu decays of stock flavio."""
    g_l = np.diag([0.0, 1.0, 1.0]) + single(2, 3, 0.3) + single(3, 2, 0.3)
    w = uv.Z_prime(5e3, g_l=g_l, g_N=single(1, 1), g_q=single(2, 3) + single(3, 2))
    assert flavio.np_prediction("BR(tau->mumumu)", w) > 1e-9
    assert flavio.sm_prediction("BR(tau->mumumu)") < 1e-20
    assert flavio.np_prediction("BR(B+->Kinv)", w) > 1.02 * flavio.sm_prediction("BR(B+->Kinv)")


def test_active_neutrinos_interfere_and_sterile_ones_add(par):
    """R2~: ld shifts the amplitude of active neutrinos, qn adds a rate."""
    name = "BR(B+->Kinv)"
    observable = flavio.Observable[name]
    sm = observable.prediction_par(par, None)

    def shift(w):
        return observable.prediction_par(par, w) - sm

    weak = {"y_L": single(3, 2, 0.2) + single(2, 2, 0.2)}
    sterile = {"y_N": single(3, 1) + single(2, 1, 0.5)}
    for couplings, power in ((weak, 2), (sterile, 4)):
        half = {name: coupling / 2 for name, coupling in couplings.items()}
        ratio = shift(uv.R2_tilde(6e3, **half)) / shift(uv.R2_tilde(6e3, **couplings))
        # linear in the coefficient with the SM, quadratic without
        assert ratio == pytest.approx(2.0**-power, rel=0.05 if power == 2 else 1e-6, abs=0)
    # together they also make operators with one N and one active neutrino
    w = uv.R2_tilde(6e3, **weak, **sterile)
    alone = [shift(uv.R2_tilde(6e3, **couplings)) for couplings in (weak, sterile)]
    without = {n: v for n, v in w.wc.dict.items() if not n.startswith("lnqd")}
    together = shift(NuWilson(without, 6e3, "nuSMEFT", "Warsaw"))
    assert together == pytest.approx(sum(alone), rel=1e-6, abs=0)
    assert shift(w) > together + 0.01 * abs(sum(alone))


def test_higgs_couplings_of_the_doublet():
    """The quartic alone gives phi > 0 alone: integrating out lowers V, and L = -V. With real
    couplings uphi and nphi have one sign, dphi and ephi the other (type of epsilon)."""
    assert uv.scalar_doublet(2e3, lam=0.5j).wc.dict == {
        "phi": pytest.approx(0.25 / 4e6, rel=1e-12, abs=0)
    }
    w = uv.scalar_doublet(2e3, lam=0.5, y_u=single(2, 3), y_d=single(2, 3), y_e=single(1, 2))
    found = {name: w.wc.dict[name] * 4e6 for name in ("uphi_23", "dphi_23", "ephi_12")}
    assert found == {"uphi_23": 0.5, "dphi_23": -0.5, "ephi_12": -0.5}


def test_neutrino_mass():
    """<phi†phi> lbar <phi~> N: nphi v³/(2√2), with v = 246.22 GeV; without lam or y_N none."""
    y_N = single(2, 1, 0.1)
    expected = 0.2 * 0.1 * 246.22**3 / (2 * np.sqrt(2)) / 5e3**2
    with pytest.warns(errors.NeutrinoMassWarning, match=f"{expected:.2g} GeV"):
        w = uv.scalar_doublet(5e3, y_N=y_N, lam=0.2)
    assert w.wc.dict["nphi_21"] == pytest.approx(0.02 / 5e3**2, rel=1e-14, abs=0)
    uv.scalar_doublet(5e3, y_N=y_N)  # warnings are errors here
    uv.scalar_doublet(5e3, y_d=y_N, lam=0.2)


def test_sum_of_models(par):
    """Two leptoquarks at one scale, coefficient by coefficient; amplitudes add up in the rate."""
    first = uv.U1_bar(2e3, x_N=single(2, 1) + single(3, 1))
    second = uv.R2_tilde(2e3, y_N=single(2, 1) + single(3, 1, -1j))
    for w in (first, second):
        w.set_option("running", "full")
    both = uv.add(first, second)
    names = first.wc.dict.keys() | second.wc.dict.keys()
    assert both.wc.dict == {
        name: first.wc.dict.get(name, 0) + second.wc.dict.get(name, 0) for name in names
    }
    assert both.get_option("running") == "full"
    assert uv.add(first).wc.dict == first.wc.dict
    observable = flavio.Observable["BR(B0->K*inv)"]
    sm = observable.prediction_par(par, None)
    once, twice = (observable.prediction_par(par, w) - sm for w in (first, uv.add(first, first)))
    assert twice / once == pytest.approx(4, rel=1e-9, abs=0)  # N do not interfere with the SM


def test_sum_at_different_scales():
    light, heavy = uv.U1_bar(2e3, x_N=single(2, 1)), uv.U1_bar(5e3, x_N=single(3, 1))
    with pytest.raises(errors.InvalidScale, match=r"match_run\(2000, 'nuSMEFT', 'Warsaw'\)"):
        uv.add(light, heavy)
    lowered = NuWilson.from_wc(heavy.match_run(2000, "nuSMEFT", "Warsaw"))
    assert uv.add(light, lowered).wc.scale == 2e3
    low = NuWilson(heavy.match_run(4.8, "nuWET", "JMS").dict, 2e3, "nuWET", "JMS")
    with pytest.raises(errors.UnknownBasis, match="nuWET JMS to those of nuSMEFT Warsaw"):
        uv.add(light, low)
    other = uv.U1_bar(2e3, x_N=single(2, 1))
    other.set_option("running", "full")
    with pytest.raises(errors.InvalidValue, match="set them alike"):
        uv.add(light, other)
    with pytest.raises(errors.InvalidValue, match="nothing to add"):
        uv.add()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0.0, {}), errors.InvalidMass, "above the electroweak scale"),
        ((-1e3, {}), errors.InvalidMass, "above the electroweak scale"),
        ((100.0, {}), errors.InvalidMass, "246.22 GeV"),
        ((np.inf, {}), errors.InvalidMass, "electroweak"),
        ((np.nan, {}), errors.InvalidMass, "electroweak"),
        (("heavy", {}), errors.InvalidMass, "'heavy' is not a real number"),
        ((1e3, {"y_N": np.eye(2)}), errors.InvalidShape, r"y_N has the shape \(2, 2\)"),
        ((1e3, {"y_d": 1.0}), errors.InvalidShape, r"\(3, 3\)"),
        ((1e3, {"y_d": "one"}), errors.InvalidValue, "not a number or an array of numbers"),
        ((1e3, {"y_d": np.diag([1, np.nan, 1])}), errors.InvalidValue, r"y_d\[1, 1\] = .*nan"),
        ((1e3, {"y_u": single(2, 3, 12.6)}), errors.InvalidValue, r"y_u\[1, 2\].*4 pi"),
        ((1e3, {"lam": np.nan}), errors.InvalidValue, "lam = .*nan.* is not finite"),
        ((1e3, {"lam": 13}), errors.InvalidValue, r"\|lam\| = 13 is larger than 4 pi"),
        ((1e3, {"lam": "one"}), errors.InvalidValue, "lam = 'one' is not a number"),
    ],
)
def test_bad_input(arguments, error, message):
    mass, couplings = arguments
    with pytest.raises(error, match=message):
        uv.scalar_doublet(mass, **couplings)


def test_current_that_is_not_hermitian():
    with pytest.raises(errors.InvalidValue, match=r"g_q is not hermitian: g_q\[1, 2\]"):
        uv.Z_prime(2e3, g_q=single(2, 3))


def test_rounding_errors_are_not_a_fault():
    """A rotated diagonal matrix is hermitian but for rounding errors."""
    V = flavio.physics.ckm.get_ckm(flavio.default_parameters.get_central_all())
    g_q = V.conj().T @ np.diag([0.3, 1.0, 0.7]) @ V
    wc = uv.Z_prime(2e3, g_q=g_q, g_N=np.eye(3)).wc.dict
    assert wc["qn_2311"] == pytest.approx(-g_q[1, 2] / 2e3**2, rel=1e-12, abs=0)
    assert uv.Z_prime(2e3, g_q=g_q.tolist(), g_N=np.eye(3)).wc.dict == wc


def test_nothing_is_there_without_couplings():
    assert uv.S1(1e3).wc.dict == {}
    assert nus.uv is uv
