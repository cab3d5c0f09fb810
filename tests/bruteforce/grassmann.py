"""Lagrangians as polynomials in the components of fields, anticommuting but for the Higgs.

A polynomial is a dictionary from sorted tuples of generators to numbers; a generator is a component
(field, generation, weak isospin, colour, spinor index) or its conjugate. The Higgs doublet ``h``
commutes. Everything is explicit: no
Fierz identity, no crossing sign and no flavour symmetry enters.
"""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np

# chiral representation: left-handed fields have the spinor components 0 and 1
_SIGMA = np.array(
    [np.eye(2), [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex
)
METRIC = np.diag([1.0, -1.0, -1.0, -1.0])
GAMMA = np.zeros((4, 4, 4), dtype=complex)
for _mu in range(4):
    GAMMA[_mu, :2, 2:] = _SIGMA[_mu]
    GAMMA[_mu, 2:, :2] = _SIGMA[_mu] * METRIC[_mu, _mu]
SIGMA = np.zeros((4, 4, 4, 4), dtype=complex)
for _mu, _nu in itertools.product(range(4), range(4)):
    SIGMA[_mu, _nu] = 0.5j * (GAMMA[_mu] @ GAMMA[_nu] - GAMMA[_nu] @ GAMMA[_mu])
CONJUGATION = 1j * GAMMA[2] @ GAMMA[0]
PAULI = _SIGMA[1:]
EPSILON = np.array([[0, 1], [-1, 0]])

LEFT, DOUBLETS, COLOURED = "ql", "ql", "qud"


def _gell_mann():
    T = np.zeros((8, 3, 3), dtype=complex)
    T[0][0, 1] = T[0][1, 0] = 1
    T[1][0, 1], T[1][1, 0] = -1j, 1j
    T[2][0, 0], T[2][1, 1] = 1, -1
    T[3][0, 2] = T[3][2, 0] = 1
    T[4][0, 2], T[4][2, 0] = -1j, 1j
    T[5][1, 2] = T[5][2, 1] = 1
    T[6][1, 2], T[6][2, 1] = -1j, 1j
    T[7] = np.diag([1, 1, -2]) / np.sqrt(3)
    return T / 2


COLOUR = _gell_mann()


def components(field):
    """All (isospin, colour, spinor) of a field that are there."""
    isospins = range(2) if field in DOUBLETS else (0,)
    colours = range(3) if field in COLOURED else (0,)
    spinors = (0, 1) if field in LEFT else (2, 3)
    return itertools.product(isospins, colours, spinors)


def _sorted(generators):
    """Sorted generators and the sign of the permutation; sign 0 if a fermion stands twice."""
    order = list(generators)
    sign = 1
    for i in range(1, len(order)):
        j = i
        while j and order[j - 1] > order[j]:
            if "h" not in (order[j - 1][1], order[j][1]):
                sign = -sign
            order[j - 1], order[j] = order[j], order[j - 1]
            j -= 1
        if j and order[j - 1] == order[j] and order[j][1] != "h":
            return (), 0
    return tuple(order), sign


def product(first, second, result, factor=1.0):
    """Add factor * first * second to result."""
    for left, a in first.items():
        for right, b in second.items():
            key, sign = _sorted(left + right)
            if sign:
                result[key] += sign * factor * a * b


def dagger(polynomial):
    result = defaultdict(complex)
    for key, value in polynomial.items():
        conjugated = [(not bar, *rest) for bar, *rest in reversed(key)]
        order, sign = _sorted(tuple(conjugated))
        result[order] += sign * np.conj(value)
    return result


def higgs(i, conjugate=False):
    """The component phi_i of the Higgs doublet, or phi*_i."""
    return {((conjugate, "h", 0, i, 0, 0),): 1.0}


def higgs_squared():
    """phi† phi"""
    result = defaultdict(complex)
    for i in range(2):
        product(higgs(i, conjugate=True), higgs(i), result)
    return result


def bilinear(bar, i, matrix, psi, j, isospin=None, colour=None, conjugate=False):
    """psibar_bar,i matrix psi_j, or with ``conjugate`` the bilinear of the charge-conjugate of bar.

    ``isospin`` and ``colour``: matrices between the two fields; None is the identity, where it
    makes sense.
    """
    result = defaultdict(complex)
    # psibar = psi^dagger gamma^0, (psi^c)bar = psi^T C
    left = (CONJUGATION if conjugate else GAMMA[0]) @ matrix
    for w, c, a in components(bar):
        for x, k, b in components(psi):
            value = left[a, b]
            value *= (w == x) if isospin is None else isospin[w, x]
            value *= (c == k) if colour is None else colour[c, k]
            if value != 0:
                key, sign = _sorted(((not conjugate, bar, i, w, c, a), (False, psi, j, x, k, b)))
                if sign:
                    result[key] += sign * value
    return result


def add(result, polynomial, factor=1.0):
    for key, value in polynomial.items():
        result[key] += factor * value


def difference(first, second):
    """Largest difference of two polynomials, and the largest number in the first."""
    keys = set(first) | set(second)
    gap = max(abs(first.get(key, 0) - second.get(key, 0)) for key in keys)
    return gap, max(map(abs, first.values()))


# operators of the Warsaw basis, with the tensor lnqd3 ---------------------------------------------

VECTOR = {
    "qn": "qqnn", "nd": "nndd", "nu": "nnuu", "ne": "nnee", "ln": "llnn", "nn": "nnnn",
    "nedu": "nedu", "ll": "llll", "qq1": "qqqq", "lq1": "llqq", "ee": "eeee", "uu": "uuuu",
    "dd": "dddd", "eu": "eeuu", "ed": "eedd", "ud1": "uudd", "le": "llee", "lu": "lluu",
    "ld": "lldd", "qe": "qqee", "qu1": "qquu", "qd1": "qqdd",
}  # fmt: skip
TRIPLET = {"lq3": "llqq", "qq3": "qqqq"}
OCTET = {"ud8": "uudd", "qu8": "qquu", "qd8": "qqdd"}
SCALAR_EPSILON = {
    "lnqd1": "lnqd", "lnle": "lnle", "quqd1": "quqd", "lequ1": "lequ",
}  # fmt: skip
TENSOR_EPSILON = {"lnqd3": "lnqd", "lequ3": "lequ"}
SCALAR = {"lnuq": "lnuq", "ledq": "ledq"}

# (phi† phi) times a bilinear with phi, or with phi~_i = epsilon_ij phi*_j
HIGGS = {"dphi": "qd", "ephi": "le"}
HIGGS_TILDE = {"uphi": "qu", "nphi": "ln"}

ONE = np.eye(4)


def higgs_operator(name, indices):
    """phi = (phi† phi)^3, and the bilinears with three Higgs fields."""
    square, result = higgs_squared(), defaultdict(complex)
    if name == "phi":
        fourth = defaultdict(complex)
        product(square, square, fourth)
        product(fourth, square, result)
        return result
    bar, psi = (HIGGS | HIGGS_TILDE)[name]
    for i in range(2):
        column = np.zeros((2, 1))
        column[i, 0] = 1
        current, third = (
            bilinear(bar, indices[0], ONE, psi, indices[1], column),
            defaultdict(complex),
        )
        for j in range(2):
            if name in HIGGS:
                product(square, higgs(j), third, float(i == j))
            else:
                product(square, higgs(j, conjugate=True), third, EPSILON[i, j])
        product(current, third, result)
    return result


def operator(name, indices):
    """The operator of a class with flavour indices from 0."""
    if name == "phi" or name in HIGGS | HIGGS_TILDE:
        return higgs_operator(name, indices)
    p, r, s, t = indices
    result = defaultdict(complex)
    for table, weak, coloured in (
        (VECTOR, (None,), (None,)),
        (TRIPLET, PAULI, (None,)),
        (OCTET, (None,), COLOUR),
    ):
        if name not in table:
            continue
        a, b, c, d = table[name]
        for mu, tau, T in itertools.product(range(4), weak, coloured):
            first = bilinear(a, p, GAMMA[mu], b, r, tau, T)
            second = bilinear(c, s, GAMMA[mu], d, t, tau, T)
            product(first, second, result, METRIC[mu, mu])
        return result
    if name in SCALAR:
        a, b, c, d = SCALAR[name]
        for i in range(2):
            up, down = np.zeros((2, 1)), np.zeros((1, 2))
            up[i, 0] = down[0, i] = 1
            first, second = bilinear(a, p, ONE, b, r, up), bilinear(c, s, ONE, d, t, down)
            product(first, second, result)
        return result
    tensor = name in TENSOR_EPSILON
    a, b, c, d = (TENSOR_EPSILON if tensor else SCALAR_EPSILON)[name]
    matrices = [(ONE, 1.0)]
    if tensor:
        pairs = itertools.product(range(4), range(4))
        matrices = [(SIGMA[m, n], METRIC[m, m] * METRIC[n, n]) for m, n in pairs if m != n]
    for j, k in ((0, 1), (1, 0)):
        first_isospin, second_isospin = np.zeros((2, 1)), np.zeros((2, 1))
        first_isospin[j, 0] = second_isospin[k, 0] = 1
        for matrix, sign in matrices:
            first = bilinear(a, p, matrix, b, r, first_isospin)
            second = bilinear(c, s, matrix, d, t, second_isospin)
            product(first, second, result, sign * EPSILON[j, k])
    return result


def lagrangian(values, real):
    """sum C O, and the hermitian conjugate where the operator is not hermitian.

    ``real``: for every name whether the coefficient is real. Names count flavours from 1.
    """
    result = defaultdict(complex)
    for name, value in values.items():
        label, _, digits = name.partition("_")
        term = operator(label, [int(digit) - 1 for digit in digits])
        add(result, term, value)
        if not real[name]:
            add(result, dagger(term), np.conj(value))
    return result
