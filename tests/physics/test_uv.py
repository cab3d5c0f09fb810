"""UV models: the exchange of the heavy particle, expanded, and what the models predict."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from bruteforce import grassmann as g
from wilson import wcxf

from flavio_nusmeft import uv

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


def eta(y_N, y_d, y_u, y_e):
    """eta^i stands with lbar_i N and qbar_i u, (i sigma_2 eta*)_i = epsilon_ij eta*_j with d, e."""
    currents = []
    for j in range(2):
        with_eta = total(
            current(-y_N, "l", "n", g.ONE, column(j)), current(-y_u, "q", "u", g.ONE, column(j))
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


@pytest.mark.parametrize("name", MODELS)
def test_exchange(name, rng):
    """Every coefficient, its sign, Fierz factor and flavour order: both Lagrangians are the same
    polynomial of anticommuting fields."""
    exchange, names = MODELS[name]
    couplings = matrices(rng, *names)
    if name == "Z_prime":
        couplings = {k: c + c.conj().T for k, c in couplings.items()}
    w = getattr(uv, name)(MASS, **couplings)
    assert (w.wc.eft, w.wc.basis, w.wc.scale) == ("nuSMEFT", "Warsaw", MASS)
    basis = wcxf.Basis["nuSMEFT", "Warsaw"]
    real = {n: (i or {}).get("real", False) for s in basis.sectors.values() for n, i in s.items()}
    gap, size = g.difference(exchange(**couplings), g.lagrangian(w.wc.dict, real))
    assert gap < 1e-14 * size


def test_all_models_are_tested():
    assert set(MODELS) == set(uv.__all__)


def test_machinery_sees_signs():
    """Known identities of the algebra: Fierz of arXiv:2309.02940 Eq. (2), and its sign."""
    tensor, scalar = g.operator("lnqd3", (0, 1, 1, 0)), g.operator("lnqd1", (0, 1, 1, 0))
    crossed = defaultdict(complex)
    for j, k in ((0, 1), (1, 0)):
        first = g.bilinear("l", 0, g.ONE, "d", 0, column(j), np.array([[1.0, 1.0, 1.0]]))
        assert first  # the colours must be summed together with those of the quark
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
