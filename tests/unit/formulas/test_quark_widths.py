"""Parton-level b -> c f1 f2 against explicit amplitudes, the free-quark width and flavio."""

from __future__ import annotations

from itertools import combinations_with_replacement

import flavio
import numpy as np
import pytest
from bruteforce.spinors import (
    GAMMA,
    GAMMA5,
    GAMMA_LOW,
    ID4,
    PROJECTOR,
    SIGMA,
    SIGMA_LOW,
    bar,
    u_spinors,
    v_spinors,
)
from flavio.physics.bdecays.bxlnu import _BR_BXclnu, g, gLR, gVS, gVSp
from flavio.physics.bdecays.wilsoncoefficients import get_wceff_fccc

from flavio_nusmeft.formulas.quadrature import nodes
from flavio_nusmeft.formulas.quark_widths import QUARK_TERMS, quark
from flavio_nusmeft.formulas.widths import COMPONENTS

M_b, M_c = 4.6, 1.1
QUADRATURE = 2e-10  # accuracy of the 40-node rule, see integrate.N_NODES
M_e, M_mu, M_tau = 0.000511, 0.10566, 1.777
MASSES = [
    (0.0, 0.0),
    (0.0, 1.5),
    (1.5, 0.0),
    (M_e, 0.0),
    (M_mu, 1e-3),
    (M_mu, 2.7),
    (1.2, 0.7),
    (M_tau, 1.0),
    (1.7, 1.7),
]
FRACTIONS = np.array([1e-6, 0.01, 0.2, 0.5, 0.9, 1 - 1e-6])

# the operator O or, primed, O' of L = Σ C O + C' O': quark and lepton matrices, contracted
OPERATORS = {
    kind + prime: (quark_gamma @ PROJECTOR[chirality], lepton_gamma)
    for kind, quark_gamma, lepton_gamma, chiralities in (
        ("S", ID4[None], ID4[None], "RL"),
        ("P", ID4[None], GAMMA5[None], "RL"),
        ("V", GAMMA, GAMMA_LOW, "LR"),
        ("A", GAMMA, GAMMA_LOW @ GAMMA5, "LR"),
        ("T", SIGMA.reshape(16, 4, 4), SIGMA_LOW.reshape(16, 4, 4), "RL"),
    )
    for prime, chirality in zip(("", "p"), chiralities, strict=True)
}


def amplitudes(q2, m_b, m_c, m1, m2, n_theta=4):
    """Amplitude of every operator, for all spins and angles, and the weights of dΓ/dq².

    In the rest frame of q = p_b - p_c, with b and c along z; the spin sum does not depend on the
    azimuth, and is of second order in cos θ: 4 Gauss-Legendre nodes are exact.
    """
    root = np.sqrt(q2)
    p_quark = np.sqrt(((m_b - m_c) ** 2 - q2) * ((m_b + m_c) ** 2 - q2)) / (2 * root)
    p_lepton = np.sqrt((q2 - (m1 + m2) ** 2) * (q2 - (m1 - m2) ** 2)) / (2 * root)
    cos, weight = np.polynomial.legendre.leggauss(n_theta)
    p1 = p_lepton * np.stack([np.sqrt(1 - cos**2), 0 * cos, cos], axis=-1)
    b, c = (u_spinors(np.array([0, 0, p_quark]), m) for m in (m_b, m_c))
    f1, f2 = bar(u_spinors(p1, m1)), v_spinors(-p1, m2)
    # 1/(2 m_b) · dΦ2(b; c q) · dq²/(2π) · dΦ2(q; f1 f2), dΦ2 = 2p/(8π √s) dcosθ/2; ½ for the
    # spin of b; the momentum of c in the rest frame of b is p_quark √q²/m_b
    factor = 1 / (2 * m_b) * (p_quark * root / m_b) / (4 * np.pi * m_b) / (2 * np.pi)
    factor *= p_lepton / (4 * np.pi * root) / 2
    return {
        name: np.einsum("ca,xab,hb,nid,xde,nje->nchij", bar(c), q, b, f1, lep, f2, optimize=True)
        for name, (q, lep) in OPERATORS.items()
    }, factor * weight / 2


def explicit(q2, m_b, m_c, m1, m2, couplings):
    by_operator, weight = amplitudes(q2, m_b, m_c, m1, m2)
    total = sum(couplings[name] * amplitude for name, amplitude in by_operator.items())
    return np.einsum("nchij,n->", np.abs(total) ** 2, weight)


def plus_minus(couplings):
    return np.array(
        [
            couplings.get(name[0], 0) + int(name[1] + "1") * couplings.get(name[0] + "p", 0)
            for name in COMPONENTS
        ]
    )


def quadratic(coefficients, C):
    index = COMPONENTS.index
    return sum(
        k * (C[index(a)] * np.conj(C[index(b)])).real
        for k, (a, b) in zip(coefficients, QUARK_TERMS, strict=True)
    )


def integrated(m_b, m_c, m1, m2, n=40):
    """Coefficients of the total width."""
    q2, weights = nodes(np.array([m1]), np.array([m2]), (m_b - m_c) ** 2, n=n)
    return (quark(q2, m_b, m_c, np.array([[m1]]), np.array([[m2]])) * weights).sum(axis=(1, 2))


def q2_values(m1, m2, m_c=M_c):
    low, high = (m1 + m2) ** 2, (M_b - m_c) ** 2
    return low + (high - low) * FRACTIONS


# ---------------------------------------------------------------------------------------------
# explicit amplitudes


@pytest.mark.parametrize("m_c", [0.0, M_c])
@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_explicit_amplitudes(m1, m2, m_c, rng):
    for q2 in q2_values(m1, m2, m_c):
        couplings = {name: complex(*rng.normal(size=2)) for name in OPERATORS}
        expected = explicit(q2, M_b, m_c, m1, m2, couplings)
        found = quadratic(quark(np.float64(q2), M_b, m_c, m1, m2), plus_minus(couplings))
        # both exact up to rounding: 3e-15 seen, cancellations of spinors at the edges of phase
        # space (momentum/energy down to 1e-3) may cost three digits
        assert found == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_every_term(m1, m2):
    """Every entry of the hermitian form: the listed terms, real, and nothing else."""
    for q2 in q2_values(m1, m2):
        by_operator, weight = amplitudes(q2, M_b, M_c, m1, m2)
        stack = [
            (by_operator[name[0]] + int(name[1] + "1") * by_operator[name[0] + "p"]) / 2
            for name in COMPONENTS
        ]
        form = np.einsum("anchij,bnchij,n->ab", stack, np.conj(stack), weight)
        scale = np.sqrt(np.diag(form).real)
        found = np.zeros_like(form)
        for k, (first, second) in zip(
            quark(np.float64(q2), M_b, M_c, m1, m2), QUARK_TERMS, strict=True
        ):
            i, j = COMPONENTS.index(first), COMPONENTS.index(second)
            found[i, j] += k / 2
            found[j, i] += k / 2
        # relative to the largest value that Cauchy-Schwarz allows; the p-wave amplitudes (S) at
        # the edges are differences of spinors 1e3 times as large: 1e-12 of rounding
        difference = (form - found) / np.outer(scale, scale)
        assert np.abs(difference).max() < 1e-11


# ---------------------------------------------------------------------------------------------
# symmetries


def swap(mapping):
    """Positions of the terms after a renaming of couplings."""
    return [
        QUARK_TERMS.index((mapping.get(first, first), mapping.get(second, second)))
        for first, second in QUARK_TERMS
    ]


def exchange(*pairs):
    return {a: b for pair in pairs for a, b in (pair, pair[::-1])}


@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_symmetries(m1, m2):
    """m1 <-> m2, and m -> -m with γ5 absorbed in a field.

    Nothing but the order of sums and products may differ: rounding of a few 1e-16.
    """
    q2 = q2_values(m1, m2)
    terms = quark(q2, M_b, M_c, m1, m2)
    # charge conjugation of the lepton current: odd for V and T, even for A, S and P
    odd = [(first[0] in "VT") != (second[0] in "VT") for first, second in QUARK_TERMS]
    exchanged = quark(q2, M_b, M_c, m2, m1) * np.where(odd, -1, 1)[:, None]
    np.testing.assert_allclose(exchanged, terms, rtol=1e-14)
    # f2 -> γ5 f2
    gamma5 = exchange(("V+", "A+"), ("V-", "A-"), ("S+", "P+"), ("S-", "P-"), ("T+", "T-"))
    np.testing.assert_allclose(quark(q2, M_b, M_c, m1, -m2)[swap(gamma5)], terms, rtol=1e-14)
    # c -> -γ5 c
    gamma5 = exchange(*((f"{kind}+", f"{kind}-") for kind in "VASPT"))
    np.testing.assert_allclose(quark(q2, M_b, -M_c, m1, m2)[swap(gamma5)], terms, rtol=1e-14)


@pytest.mark.parametrize("masses", [(M_c, M_tau, 0.0), (M_c, M_mu, 0.9), (0.0, 1.5, 0.7)])
def test_fierz(masses):
    """(V-A)(V-A) is Fierz-symmetric: Γ(b -> c l N) does not change with m_c <-> m_l."""
    m_c, m_l, m_N = masses
    C = plus_minus({"V": 1, "A": -1})
    one = quadratic(integrated(M_b, m_c, m_l, m_N), C)
    other = quadratic(integrated(M_b, m_l, m_c, m_N), C)
    assert one == pytest.approx(other, rel=QUADRATURE, abs=0)


# ---------------------------------------------------------------------------------------------
# phase space


def test_outside_of_phase_space():
    q2 = np.array([1e-3, 2.2499, 2.25, 3.5**2 + 1e-9, 4.7**2, 5.7**2, 40.0])  # m_b + m_c = 5.7
    assert not quark(q2, M_b, M_c, 0.75, 0.75).any()
    # m_c = 0: the Källén function is positive above the endpoint as well
    assert not quark(np.array([2.2, M_b**2, M_b**2 + 1e-9, 30.0]), M_b, 0.0, 0.7, 0.8).any()
    closed = quark(np.linspace(0.1, 30, 50), M_b, M_c, 1.8, 1.8)  # m1 + m2 > m_b - m_c
    assert not closed.any()


def test_partial_waves():
    """Powers of the momenta at threshold and endpoint: 1 for an s wave, 3 for a p wave.

    At ε = 1e-8 (in GeV²) from the edge, the next order is of relative size ε/GeV², and q² itself
    has a rounding of 1e-15 in 1e-8: 1e-6 in the power.
    """
    m1, m2, eps = 1.2, 0.7, 1e-8

    def powers(edge, sign):
        near, far = (quark(np.float64(edge + sign * x), M_b, M_c, m1, m2) for x in (eps, 4 * eps))
        found = zip(QUARK_TERMS, np.log2(far / near), strict=True)
        return {first: value for (first, second), value in found if first == second}

    # a vector or tensor has s waves in spin 1 or, the axial vector, in spin 0
    mixed = dict.fromkeys(("V+", "V-", "A+", "A-", "T+", "T-"), 1)
    threshold = {"S+": 3, "S-": 3, "P+": 1, "P-": 1} | mixed
    endpoint = {"S+": 1, "P+": 1, "S-": 3, "P-": 3} | mixed
    assert powers((m1 + m2) ** 2, 1) == pytest.approx(threshold, abs=1e-6)
    assert powers((M_b - M_c) ** 2, -1) == pytest.approx(endpoint, abs=1e-6)


def test_vectorised():
    """Masses (pairs, 1) against q² (pairs, n) are the scalar calls, bit by bit."""
    q2, _ = nodes(np.array([0.0, M_mu]), np.array([0.3, 1.0]), (M_b - M_c) ** 2)
    terms = quark(q2, M_b, M_c, np.array([[0.0], [M_mu]]), np.array([[0.3], [1.0]]))
    assert terms.shape == (len(QUARK_TERMS), *q2.shape)
    np.testing.assert_array_equal(terms[:, 1, 7], quark(q2[1, 7], M_b, M_c, M_mu, 1.0))


@pytest.mark.parametrize(
    ("m1", "m2"),
    [(M_e, 0.0), (0.0, 0.0), (M_mu, 0.0), (M_tau, 1.0)]
    + [(M_mu, m_N) for m_N in (1e-3, 0.1, 1.0, 2.5, 3.3)],
)
@pytest.mark.parametrize("m_c", [0.0, M_c])
def test_convergence(m1, m2, m_c):
    """Every single term with 40 nodes against 400."""
    reference = integrated(M_b, m_c, m1, m2, 400)
    np.testing.assert_allclose(integrated(M_b, m_c, m1, m2), reference, rtol=QUADRATURE, atol=0)


# ---------------------------------------------------------------------------------------------
# total widths of the literature


def test_free_quark_width(par):
    """SM, massless leptons: G_F² m_b⁵ |V|²/(192 π³) (1 - 8x + 8x³ - x⁴ - 12 x² ln x)."""
    V = 0.0423 * np.exp(0.3j)
    C = -4 * par["GF"] / np.sqrt(2) * V / 2
    found = quadratic(integrated(M_b, M_c, 0.0, 0.0), plus_minus({"V": C, "A": -C}))
    x = (M_c / M_b) ** 2
    phase_space = 1 - 8 * x + 8 * x**3 - x**4 - 12 * x**2 * np.log(x)
    expected = par["GF"] ** 2 * M_b**5 * abs(V) ** 2 / (192 * np.pi**3) * phase_space
    assert found == pytest.approx(
        expected, rel=1e-12, abs=0
    )  # rounding; the quadrature has converged


# The basis of flavio, -4 G_F/√2 V_cb times the operators, in terms of the parity basis
FLAVIO = {
    "VL": {"V": 0.5, "A": -0.5},
    "VR": {"Vp": 0.5, "Ap": -0.5},
    "SR": {"S": 0.5, "P": -0.5},
    "SL": {"Sp": 0.5, "Pp": -0.5},
    "T": {"Tp": 1.0},
}
# The coefficients of |C_i|² and Re(C_i C_j*) in flavio's BR(B -> X_c l nu), for the free quarks
R_WC = {
    ("VL", "VL"): lambda *x: g(*x),
    ("VR", "VR"): lambda *x: g(*x),
    ("VL", "VR"): lambda *x: -gLR(*x),
    ("SR", "SR"): lambda *x: g(*x) / 4,
    ("SL", "SL"): lambda *x: g(*x) / 4,
    ("SR", "SL"): lambda *x: gLR(*x) / 2,
    ("T", "T"): lambda *x: 12 * g(*x),
    ("VL", "SR"): lambda *x: gVS(*x),
    ("VR", "SL"): lambda *x: gVS(*x),
    ("VL", "SL"): lambda *x: gVSp(*x),
    ("VR", "SR"): lambda *x: gVSp(*x),
    ("VL", "T"): lambda *x: -12 * gVSp(*x),
    ("VR", "T"): lambda *x: 12 * gVS(*x),
}
LEPTONS = [
    # massless: rounding
    (0.0, 1e-12),
    # the quadrature; logarithms in flavio's closed forms cost 5e-13
    (M_e, QUADRATURE),
    (M_mu, QUADRATURE),
    (0.3, QUADRATURE),
    (M_tau, QUADRATURE),
]


@pytest.mark.parametrize("m_c", [0.9, M_c, 1.3])
@pytest.mark.parametrize(("m_l", "tolerance"), LEPTONS)
def test_flavio_functions(m_l, tolerance, m_c):
    """All 15 entries of the form in flavio's basis; S with T does not interfere."""
    K = integrated(M_b, m_c, m_l, 0.0)
    x = ((m_c / M_b) ** 2, (m_l / M_b) ** 2)
    unit = M_b**5 / (192 * np.pi**3)  # G_F and V divided out
    C = {name: -4 / np.sqrt(2) * plus_minus(vector) for name, vector in FLAVIO.items()}
    for i, j in combinations_with_replacement(FLAVIO, 2):
        found = quadratic(K, C[i] + C[j]) - quadratic(K, C[i]) - quadratic(K, C[j])
        if i == j:
            found /= 2
        key = (i, j) if (i, j) in R_WC else (j, i)
        expected = R_WC[key](*x) if key in R_WC else 0.0
        # the difference of the forms has the tolerance of the largest of them
        scale = max(quadratic(K, C[i]), quadratic(K, C[j])) / unit
        assert found / unit == pytest.approx(expected, rel=0, abs=tolerance * scale)


@pytest.mark.parametrize("lepton", ["e", "mu", "tau"])
def test_flavio_prediction(lepton, par, rng):
    """Ratio to the SM of flavio's own prediction, with its mapping to the parity basis.

    flavio has all the coefficients, signs and masses of the free-quark width. It multiplies
    couplings without complex conjugation (VL VR instead of VL VR*, and so on), so that it is
    right for real couplings only, which are the ones compared.
    """
    scale = flavio.config["renormalization scale"]["bxlnu"]
    m_b = flavio.physics.running.running.get_mb_KS(par, 1.0)
    m_c = flavio.physics.running.running.get_mc(par, 3)
    K = integrated(m_b, m_c, par[f"m_{lepton}"], 0.0)

    def predictions(wilson):
        wc = flavio.WilsonCoefficients()
        wc.set_initial(wilson, scale=scale, eft="WET", basis="flavio")
        c = get_wceff_fccc(wc, par, "bc", lepton, lepton, None, scale, nf=5)
        parity_basis = plus_minus({name[0].upper() + name[1:]: c[name] for name in c})
        return quadratic(K, parity_basis), _BR_BXclnu(par, wc, lepton, lepton)

    sm = predictions({})
    for _ in range(5):
        random = {
            f"{name}_bc{lepton}nu{lepton}": rng.normal()
            for name in ("CVL", "CVR", "CSR", "CSL", "CT")
        }
        found, expected = (value / ref for value, ref in zip(predictions(random), sm, strict=True))
        # cancellations of a factor of ten between the terms
        assert found == pytest.approx(expected, rel=10 * QUADRATURE, abs=0)


def test_common_phase(rng):
    """The width does not depend on a common phase of complex couplings."""
    C = rng.normal(size=10) + 1j * rng.normal(size=10)
    K = integrated(M_b, M_c, M_tau, 0.0)
    # rounding
    assert quadratic(K, 1j * C) == pytest.approx(quadratic(K, C), rel=1e-13, abs=0)
