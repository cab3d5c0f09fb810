"""Lambda_b -> Lambda f1 f2 against explicit spinors with a numerical angular integral."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
from bruteforce.baryon import (
    FORM_FACTORS,
    HELICITY_0,
    amplitudes,
    baryon_spinors,
    baryon_width,
    currents_baryon,
)
from bruteforce.hadronic import dual, momenta
from bruteforce.spinors import GAMMA, GAMMA5, ID4, METRIC, SIGMA, dot
from flavio.physics.bdecays import lambdablambdall
from flavio.physics.bdecays.formfactors.lambdab_12 import lattice_parameters, sse

from flavio_nusmeft import NuWilson
from flavio_nusmeft.formulas.quark_widths import QUARK_TERMS, baryon, quark
from flavio_nusmeft.formulas.widths import COMPONENTS
from flavio_nusmeft.physics import channels
from flavio_nusmeft.physics.formfactors import form_factors

DECAY = "Lambdab->Lambda"
M_B, M_L, M_QUARKS = 5.6196, 1.1157, (4.1, 0.08)
MASSES = [
    (0.0, 0.0),
    (0.0, 1.5),
    (1.5, 0.0),
    (1e-3, 1e-3),
    (0.02, 0.3),
    (1.2, 0.7),
    (2.1, 2.1),
    (0.01, 4.0),
]
# double precision away from the endpoint, 1e-14; there s- is a difference of squares, down to
# 3e-4 GeV², and the amplitudes one of spinors: 1e-10 seen
TOL = 1e-9


def q2_values(m1, m2, m_L=M_L):
    low, high = (m1 + m2) ** 2, (M_B - m_L) ** 2
    return low + (high - low) * np.array([1e-6, 0.01, 0.2, 0.5, 0.9, 1 - 1e-4])


def random_form_factors(rng):
    """Of both signs, so that every relative sign matters."""
    return dict(zip(FORM_FACTORS, rng.uniform(-2, 2, len(FORM_FACTORS)), strict=True))


def random_couplings(rng):
    return {k + p: complex(*rng.normal(size=2)) for k in "VASPT" for p in ("", "p")}


def plus_minus(couplings):
    return np.array(
        [couplings[name[0]] + int(name[1] + "1") * couplings[name[0] + "p"] for name in COMPONENTS]
    )


def quadratic(coefficients, C):
    index = COMPONENTS.index
    return sum(
        k * (C[index(a)] * np.conj(C[index(b)])).real
        for k, (a, b) in zip(coefficients, QUARK_TERMS, strict=True)
    )


def hermitian_form(coefficients):
    form = np.zeros((len(COMPONENTS), len(COMPONENTS)))
    for k, (first, second) in zip(coefficients, QUARK_TERMS, strict=True):
        i, j = COMPONENTS.index(first), COMPONENTS.index(second)
        form[i, j] += k / 2
        form[j, i] += k / 2
    return form


def between_spinors(q2, matrix, M=M_B, m=M_L):
    """ubar(Lambda) matrix u(Lambda_b), the indices of the matrix last."""
    row, column = baryon_spinors(q2, M, m)
    return np.einsum("la,...ac,bc->lb...", row, matrix, column)


# ---------------------------------------------------------------------------------------------
# the matrix elements of the oracle


@pytest.mark.parametrize("q2", [0.3, 9.0, 19.0])
def test_point_like_matrix_elements(q2):
    """All form factors 1: the matrix elements of a free quark with the masses of the baryons."""
    cur = currents_baryon(q2, M_B, M_L, dict.fromkeys(FORM_FACTORS, 1.0), M_B, M_L)
    for found, matrix in (
        (cur.S, ID4),
        (cur.P, GAMMA5),
        (cur.V, GAMMA),
        (cur.A, GAMMA @ GAMMA5),
        (cur.T, SIGMA),
        (cur.T5, SIGMA @ GAMMA5),
    ):
        np.testing.assert_allclose(found, between_spinors(q2, matrix), rtol=0, atol=1e-12)


def test_full_tensor(rng):
    """All components from those contracted with q, against that of arXiv:1702.02243.

    There in closed form, with the Dirac matrices σ, γ and 1 and all four form factors.
    """
    for q2 in (1.0, 9.0, 19.0):
        ff = random_form_factors(rng)
        cur = currents_baryon(q2, M_B, M_L, ff, *M_QUARKS)
        np.testing.assert_allclose(dual(cur.T), cur.T5, rtol=0, atol=1e-9)
        p, k, q = momenta(q2, M_B, M_L)
        plus, minus = M_B + M_L, M_B - M_L
        s_plus, s_minus = plus**2 - q2, minus**2 - q2

        def wedge(a, b):
            outer = np.einsum("mac,ncd->mnad", a, b)
            return outer - outer.swapaxes(0, 1)

        P, K, Q = (x[:, None, None] * ID4 for x in (p, k, q))
        matrix = (
            2 * ff["fT0"] / s_plus * wedge(P, K)
            + ff["fTperp"] * (plus / q2 * wedge(Q, GAMMA) - 2 * (1 / q2 + 1 / s_plus) * wedge(P, K))
            + ff["fT50"]
            * (
                1j * SIGMA
                - 2 / s_minus * (M_B * wedge(K, GAMMA) - M_L * wedge(P, GAMMA) + wedge(P, K))
            )
            + ff["fT5perp"]
            * (minus / (q2 * s_minus))
            * (
                (plus * minus - q2) * wedge(GAMMA, P)
                - (plus * minus + q2) * wedge(GAMMA, K)
                + 2 * minus * wedge(P, K)
            )
        )
        np.testing.assert_allclose(1j * cur.T, between_spinors(q2, matrix), rtol=0, atol=1e-9)


def test_helicities(rng):
    """Components along z and t occur for equal helicities of the baryons only, x and y otherwise.

    So the helicity of the pair is their difference.
    """
    cur = currents_baryon(9.0, M_B, M_L, random_form_factors(rng), *M_QUARKS)
    vectors = np.stack([cur.V, cur.A, cur.T[..., 0], cur.T5[..., 0]])
    np.testing.assert_allclose(vectors[:, HELICITY_0][..., [1, 2]], 0, atol=1e-13)
    np.testing.assert_allclose(vectors[:, ~HELICITY_0][..., [0, 3]], 0, atol=1e-13)


def test_no_photon_pole(rng):
    """f_0(0) = f_+(0), g_0(0) = g_+(0) and h_⊥(0) = h̃_⊥(0): nothing grows like 1/q²."""
    x, y = (np.array([0, *v, 0]) for v in np.eye(2))

    def invariants(q2, ff):
        """Independent of the frame, as helicities are in boosts along z."""
        cur = currents_baryon(q2, M_B, M_L, ff, *M_QUARKS)
        p = METRIC @ momenta(q2, M_B, M_L)[0]
        tensors = (p @ cur.T @ (METRIC @ x), p @ cur.T @ (METRIC @ y))
        return np.array([np.linalg.norm(z) for z in (cur.V @ p, cur.A @ p, np.array(tensors))])

    equal = random_form_factors(rng)
    for first, second in (("fVt", "fV0"), ("fAt", "fA0"), ("fTperp", "fT5perp")):
        equal[first] = equal[second]
    np.testing.assert_allclose(invariants(1e-4, equal), invariants(1e-3, equal), rtol=1e-3)
    for index, name in enumerate(("fVt", "fAt", "fTperp")):
        opposite = equal | {name: -equal[name]}
        growth = invariants(1e-4, opposite)[index] / invariants(1e-3, opposite)[index]
        assert growth == pytest.approx(10, rel=1e-2, abs=0)


def test_no_direction_at_the_endpoint(rng):
    """g_⊥ = g_+ and h̃_⊥ = h̃_+ at zero recoil: spin averages do not prefer the z axis."""
    ff = random_form_factors(rng)
    ff["fAperp"], ff["fT5perp"] = ff["fA0"], ff["fT50"]
    cur = currents_baryon((M_B - M_L) ** 2 * (1 - 1e-6), M_B, M_L, ff, *M_QUARKS)
    for vector in (cur.A, cur.T5[..., 0]):
        x, y, z = np.sum(np.abs(vector[..., 1:]) ** 2, axis=(0, 1))
        np.testing.assert_allclose([x, y], z, rtol=1e-5)


# ---------------------------------------------------------------------------------------------
# the width


@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_width(m1, m2, rng):
    for q2 in q2_values(m1, m2):
        ff, couplings = random_form_factors(rng), random_couplings(rng)
        expected = baryon_width(*amplitudes(q2, M_B, M_L, m1, m2, ff, *M_QUARKS), couplings)
        found = baryon(np.float64(q2), M_B, M_L, m1, m2, ff, *M_QUARKS)
        C = plus_minus(couplings)
        for coefficients, value in zip(found, expected, strict=True):
            assert quadratic(coefficients, C) == pytest.approx(value, rel=TOL, abs=0)


def test_random_masses(rng):
    """All masses at random, with those of the quarks."""
    for _ in range(20):
        m_L, m1, m2, m_q = rng.uniform(0, 1.5, 4)
        low, high = (m1 + m2) ** 2, (M_B - m_L) ** 2
        q2, m_b = rng.uniform(low, high), rng.uniform(3, 6)
        ff, couplings = random_form_factors(rng), random_couplings(rng)
        expected = baryon_width(*amplitudes(q2, M_B, m_L, m1, m2, ff, m_b, m_q), couplings)
        found = baryon(np.float64(q2), M_B, m_L, m1, m2, ff, m_b, m_q)
        C = plus_minus(couplings)
        for coefficients, value in zip(found, expected, strict=True):
            assert quadratic(coefficients, C) == pytest.approx(value, rel=TOL, abs=0)


@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_every_term(m1, m2, rng):
    """Every entry of the hermitian forms: the listed terms, real, and nothing else."""
    for q2 in q2_values(m1, m2):
        ff = random_form_factors(rng)
        by_operator, weights = amplitudes(q2, M_B, M_L, m1, m2, ff, *M_QUARKS)
        stack = np.array(
            [
                (by_operator[name[0]] + int(name[1] + "1") * by_operator[name[0] + "p"]) / 2
                for name in COMPONENTS
            ]
        )
        weighted = stack * weights[:, None, None, None, None]
        by_helicity = np.einsum("xnlbij,ynlbij->lbxy", weighted, stack.conj(), optimize=True)
        found = baryon(np.float64(q2), M_B, M_L, m1, m2, ff, *M_QUARKS)
        scale = np.sqrt(np.diag(by_helicity.sum(axis=(0, 1))).real)
        for part, coefficients in zip((np.full((2, 2), True), HELICITY_0), found, strict=True):
            difference = by_helicity[part].sum(axis=0) - hermitian_form(coefficients)
            # relative to the largest value that Cauchy-Schwarz allows
            assert np.abs(difference / np.outer(scale, scale)).max() < TOL


@pytest.mark.parametrize("m_L", [0.0, M_L])
@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_point_like_is_quark(m1, m2, m_L):
    q2 = q2_values(m1, m2, m_L)
    point = dict.fromkeys(FORM_FACTORS, 1.0)
    total, _ = baryon(q2, M_B, m_L, m1, m2, point, M_B, m_L)
    # rounding; s- is a difference of squares
    np.testing.assert_allclose(total, quark(q2, M_B, m_L, m1, m2), rtol=1e-11)


def test_outside_of_phase_space():
    ff = dict.fromkeys(FORM_FACTORS, 1.0)
    plus, minus = M_B + M_L, M_B - M_L
    outside = [1e-3, 2.2499, minus**2 + 1e-9, 25.0, M_B**2, 40.0, plus**2 + 1e-9, 60.0]
    for part in baryon(np.array(outside), M_B, M_L, 0.75, 0.75, ff, *M_QUARKS):
        assert not part.any()
    for part in baryon(np.linspace(0.1, 30, 50), M_B, M_L, 2.3, 2.3, ff, *M_QUARKS):
        assert not part.any()


def test_vectorised(rng):
    """Arrays of q², masses and form factors are the scalar calls, bit by bit."""
    q2 = rng.uniform(4, 19, (2, 5))
    ff = {name: rng.normal(size=q2.shape) for name in FORM_FACTORS}
    m1, m2 = np.array([[0.0], [0.3]]), np.array([[1.2], [0.7]])
    one = {name: value[1, 3] for name, value in ff.items()}
    found = baryon(q2, M_B, M_L, m1, m2, ff, *M_QUARKS)
    expected = baryon(q2[1, 3], M_B, M_L, 0.3, 0.7, one, *M_QUARKS)
    for array, scalar in zip(found, expected, strict=True):
        assert array.shape == (len(QUARK_TERMS), *q2.shape)
        np.testing.assert_array_equal(array[:, 1, 3], scalar)


# ---------------------------------------------------------------------------------------------
# flavio's form factors


@pytest.mark.parametrize("q2", [0.3, 9.0, 19.0])
def test_flavio_helicity_amplitudes(q2, rng):
    """flavio's names, and its signs of V, A, T, T5 against each other, for every helicity.

    Up to a phase of the spinors and polarisation vectors.
    """
    ff = random_form_factors(rng)
    stock = lambdablambdall.helicity_amps(q2, M_B, M_L, ff)
    cur = currents_baryon(q2, M_B, M_L, ff, *M_QUARKS)
    q = METRIC @ momenta(q2, M_B, M_L)[2]
    root = np.sqrt(0.5)
    polarisations = {"0": [0, 0, 0, 1], "+": [0, root, 1j * root, 0], "-": [0, root, -1j * root, 0]}
    currents = np.stack([cur.V, cur.A, 1j * cur.T @ q, 1j * cur.T5 @ q])
    for (row, column), polarisation, label in (
        ((0, 0), "0", "0{}++"),
        ((1, 1), "0", "0{}--"),
        ((0, 1), "+", "+{}-+"),
        ((1, 0), "-", "+{}+-"),
    ):
        ours = dot(currents[:, row, column], np.array(polarisations[polarisation]))
        theirs = np.array([stock[label.format(kind)] for kind in ("V", "A", "T", "T5")])
        phase = ours[0] / theirs[0]
        assert abs(phase) == pytest.approx(1, rel=TOL, abs=0)
        np.testing.assert_allclose(ours, phase * theirs, rtol=TOL)


def test_flavio_width(par, rng):
    """Massless charged leptons, b -> s l l with flavio's transversity amplitudes; and F_L."""
    masses = par["m_Lambdab"], par["m_Lambda"]
    for q2 in (0.5, 9.0, 19.0):
        ff = random_form_factors(rng)
        wc = {name: complex(*rng.normal(size=2)) for name in ("v", "a", "vp", "ap")}
        stock = lambdablambdall.transverity_amps(
            lambdablambdall.helicity_amps(q2, *masses, ff),
            *(q2, *masses, 4.2, 0.0),
            wc | {"7": 0.0, "7p": 0.0},
            lambdablambdall.prefactor(q2, par, 4.8),
        )
        K = lambdablambdall.angular_coefficients(stock, 0.0, 0.0)
        expected = lambdablambdall.dGdq2(K)
        alpha = flavio.physics.running.running.get_alpha(par, 4.8)["alpha_e"]
        norm = 4 * par["GF"] / np.sqrt(2) * flavio.physics.ckm.xi("t", "bs")(par)
        norm *= alpha / (4 * np.pi)
        C = dict.fromkeys(("S", "Sp", "P", "Pp", "T", "Tp"), 0.0)
        C |= {name[0].upper() + name[1:]: norm * value for name, value in wc.items()}
        total, part = (
            quadratic(k, plus_minus(C))
            for k in baryon(np.float64(q2), *masses, 0.0, 0.0, ff, *M_QUARKS)
        )
        assert total == pytest.approx(expected, rel=TOL, abs=0)
        F_L = lambdablambdall.FL_num(K) / expected
        assert part / total == pytest.approx(F_L, rel=TOL, abs=0)


def test_lattice_names():
    """Names of the lattice paper to flavio's, for those that flavio's amplitudes do not contain."""
    assert lattice_parameters.ffname_dict["f0"] == "fVt"
    assert lattice_parameters.ffname_dict["g0"] == "fAt"


@pytest.mark.parametrize(
    ("label", "fit"), [("DM", "DM"), ("DM higher order", "SSE")], ids=["nominal", "higher order"]
)
def test_form_factors(label, fit, par, monkeypatch):
    """flavio's own function, with all three terms; the endpoint relations; signs.

    All are positive, as they are for a point-like baryon: this fixes the interferences.
    """
    monkeypatch.setitem(
        flavio.config["implementation"], f"{DECAY} invisible form factor", f"{DECAY} {label}"
    )
    endpoint = (par["m_Lambdab"] - par["m_Lambda"]) ** 2
    q2 = np.array([0.0, 5.0, 12.0, endpoint])
    found = form_factors(DECAY, par, q2)
    assert set(found) == set(FORM_FACTORS)
    stock = dict(par)
    for name, value in par.items():
        if name.startswith(f"{DECAY} {fit} a"):
            stock[name.replace(fit, "SSE")] = value
    for k, x in enumerate(q2):
        expected = sse.ff(DECAY, x, stock, n=3)
        for name, value in expected.items():
            assert found[name][k] == pytest.approx(value, rel=1e-13, abs=0)
            assert value > 0
    assert found["fAperp"][-1] == found["fA0"][-1]
    assert found["fT5perp"][-1] == found["fT50"][-1]


def published(fit):
    """Values and covariance of a fit of arXiv:1602.01399, from the files that flavio ships."""
    path = f"data/arXiv-1602-01399v1/LambdabLambda_{fit}"
    values, covariance = (
        lattice_parameters.csv_to_dict(f"{path}{name}.dat") for name in ("results", "covariance")
    )
    rename = lattice_parameters.translate_parameters
    return (
        {f"{DECAY} DM {rename(name)}": value for name, value in values.items()},
        {
            tuple(f"{DECAY} DM {rename(name)}" for name in pair): value
            for pair, value in covariance.items()
        },
    )


def constraint():
    names = [n for n in flavio.Parameter.instances if n.startswith(f"{DECAY} DM a")]
    distribution = flavio.default_parameters._parameters[names[0]][1]
    assert all(flavio.default_parameters._parameters[n][1] is distribution for n in names)
    return names, distribution


def test_nominal_fit():
    """Central values of the nominal fit; covariance of the higher-order one and the shift."""
    names, distribution = constraint()
    nominal, _ = published("")
    higher, covariance = published("HO_")
    assert set(names) == set(higher)
    assert distribution.central_value == [nominal.get(name, 0.0) for name in names]
    assert all(name in nominal for name in names if " a2_" not in name)
    shifts = [higher[name] - nominal.get(name, 0.0) for name in names]
    expected = np.array([[covariance[a, b] for b in names] for a in names])
    expected += np.outer(shifts, shifts)
    # nine digits
    np.testing.assert_allclose(distribution.covariance, expected, rtol=1e-8)
    assert (distribution.covariance == distribution.covariance.T).all()


def test_uncertainty_contains_the_published_one(par):
    """arXiv:1602.01399: central value O and error σ of the nominal fit, and a systematic error of
    max(|O_HO - O|, |σ_HO² - σ²|^½) from the higher-order one.

    Form factors are linear in the coefficients, so errors propagate exactly. Parameters cannot give
    the larger of two errors; with both in quadrature the error is at most √2 times the published.
    """
    names, distribution = constraint()
    nominal, nominal_covariance = published("")
    higher, higher_covariance = published("HO_")
    q2 = np.linspace(0, 20, 9)
    zero = dict.fromkeys(names, 0.0)
    gradients = {
        name: form_factors(DECAY, par | zero | {name: 1.0}, q2) for name in names
    }  # by coefficient, then form factor

    def variance(ff, covariance):
        return sum(
            value * gradients[a][ff] * gradients[b][ff] for (a, b), value in covariance.items()
        )

    ours = {
        (a, b): distribution.covariance[i, j]
        for i, a in enumerate(names)
        for j, b in enumerate(names)
    }
    for ff in FORM_FACTORS:
        value, value_higher = (
            sum(x * gradients[name][ff] for name, x in values.items())
            for values in (nominal, higher)
        )
        statistical = variance(ff, nominal_covariance)
        difference = abs(variance(ff, higher_covariance) - statistical)
        total = statistical + np.maximum((value_higher - value) ** 2, difference)
        ratio = np.sqrt(variance(ff, ours) / total)
        assert (ratio > 1 - 1e-6).all()
        assert (ratio < np.sqrt(2) + 1e-6).all()


# ---------------------------------------------------------------------------------------------
# the mode


def test_observables(par):
    """dBR/dq² and F_L with neutrinos of all kinds: every channel by explicit amplitudes."""
    par |= {"m_N1": 0.4, "m_N2": 1.3, "m_N3": 2.6}
    scale = flavio.config["renormalization scale"]["lambdab"]
    coefficients = {
        "VnudLL_4423": 3e-9,
        "VnudLR_4523": 2e-9 + 3e-9j,
        "SnudLL_1423": 4e-9 - 1e-9j,
        "SnudLR_2532": 3e-9,
        "TnudLL_1423": 1e-9 + 2e-9j,
        "TnudLL_4532": 2e-9,
    }
    wilson = NuWilson(coefficients, scale, "nuWET", "JMS")
    masses = par["m_Lambdab"], par["m_Lambda"]
    running = flavio.physics.running.running
    m_b, m_s = running.get_mb(par, scale), running.get_ms(par, scale)
    couplings = channels.couplings(wilson, par, channels.CouplingSet("bs", None, scale))
    pairs = [channels.masses(par, None, k) for k in range(len(couplings))]
    weights = par["tau_Lambdab"] / channels.symmetry_factors(None)
    for q2 in (1.0, 4.0, 13.0):
        ff = {k: v[0] for k, v in form_factors("Lambdab->Lambda", par, np.array([q2])).items()}
        expected, amplitudes_of = np.zeros(2), {}
        for C, pair, weight in zip(couplings, pairs, weights, strict=True):
            if not C.any() or q2 <= sum(pair) ** 2:
                continue
            if pair not in amplitudes_of:
                amplitudes_of[pair] = amplitudes(q2, *masses, *pair, ff, m_b, m_s)
            named = dict(zip(COMPONENTS, C, strict=True))
            original = {k: (named[k + "+"] + named[k + "-"]) / 2 for k in "VASPT"}
            original |= {k + "p": (named[k + "+"] - named[k + "-"]) / 2 for k in "VASPT"}
            expected += weight * np.array(baryon_width(*amplitudes_of[pair], original))
        observables = (
            flavio.Observable[f"{name}(Lambdab->Lambdainv)"].prediction_par(par, wilson, q2)
            for name in ("dBR/dq2", "FL")
        )
        total, F_L = expected[0], expected[1] / expected[0]
        assert tuple(observables) == pytest.approx((total, F_L), rel=TOL, abs=0)
