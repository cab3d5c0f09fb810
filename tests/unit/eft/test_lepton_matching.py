"""Operators of two neutrinos and two charged leptons, component by component.

Both Lagrangians are written as polynomials in anticommuting components, so that no Fierz identity
and no symmetry of the coefficients enters.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from bruteforce import grassmann as g
from bruteforce import projection
from random_coefficients import random_coefficients
from wilson import parameters as wilson_parameters

from flavio_nusmeft import NuWilson
from flavio_nusmeft.eft import matching
from flavio_nusmeft.eft.bases import known_coefficients
from flavio_nusmeft.eft.flavour import from_arrays, lookup, to_arrays
from flavio_nusmeft.eft.operators import JMS, WARSAW

PARAMETERS = wilson_parameters.p
CHIRALITY = {"L": np.diag([1, 1, 0, 0]), "R": np.diag([0, 0, 1, 1])}
MATRICES = {
    "V": [(g.GAMMA[m], g.METRIC[m, m]) for m in range(4)],
    "S": [(np.eye(4), 1)],
    "T": [
        (g.SIGMA[m, n], g.METRIC[m, m] * g.METRIC[n, n])
        for m, n in product(range(4), repeat=2)
        if m != n
    ],
}


def field(kind, flavour):
    """The four components of a field as polynomials.

    chi: neutrino 0-5, of a left-handed l or a right-handed n; nu: its left-handed form, n^c.
    """
    letter, isospin, chirality = {
        "e": ("l", 1, "L"),
        "E": ("e", 0, "R"),
        "chi": ("l", 0, "L"),
        "nu": ("l", 0, "L"),
    }[kind]
    if kind in ("chi", "nu") and flavour >= 3:
        letter, flavour, chirality = "n", flavour - 3, "R"
    spinors = (0, 1) if chirality == "L" else (2, 3)
    result = [{} for _ in range(4)]
    for a in spinors:
        result[a] = {((False, letter, flavour, isospin, 0, a),): 1.0}
    if kind == "nu" and letter == "n":
        return conjugated(result)
    return result


def combined(matrix, components):
    """matrix times a column of polynomials."""
    result = [defaultdict(complex) for _ in range(4)]
    for a, b in product(range(4), repeat=2):
        if matrix[a, b] != 0:
            g.add(result[a], components[b], matrix[a, b])
    return result


def conjugated(psi):
    """C psibar^T, psibar^T = gamma0^T psi*."""
    starred = [g.dagger(component) for component in psi]
    return combined(g.CONJUGATION @ g.GAMMA[0].T, starred)


def current(left, matrix, psi, conjugate=False):
    """psibar matrix psi, or with the charge conjugate of the first field."""
    if conjugate:
        left = conjugated(left)
    bar = combined(g.GAMMA[0].T, [g.dagger(component) for component in left])
    result = defaultdict(complex)
    for a, b in product(range(4), repeat=2):
        if matrix[a, b] != 0 and bar[a] and psi[b]:
            g.product(bar[a], psi[b], result, matrix[a, b])
    return result


def low_operator(name):
    """An operator of nuWET by its name."""
    label, digits = name.split("_")
    a, b, i, j = (int(digit) - 1 for digit in digits)
    right = label[-1] == "R"
    if label[0] == "V":
        bar = psi = "E" if right else "e"
    else:
        bar, psi = ("e", "E") if right else ("E", "e")
    result = defaultdict(complex)
    for matrix, sign in MATRICES[label[0]]:
        first = current(field("nu", a), matrix, field("nu", b), conjugate=label[0] != "V")
        second = current(field(bar, i), matrix, field(psi, j))
        g.product(first, second, result, sign)
    return result


def low_lagrangian(values):
    real, result = known_coefficients("nuWET", "JMS"), defaultdict(complex)
    for name, value in values.items():
        term = low_operator(name)
        g.add(result, term, value)
        if not real[name]:
            g.add(result, g.dagger(term), np.conj(value))
    return result


def is_neutral(monomial):
    """Whether two of the four fields are charged leptons, and two are neutrinos."""
    charged = [rest for _, *rest in monomial if rest[0] == "e" or (rest[0] == "l" and rest[2] == 1)]
    neutral = [rest for _, *rest in monomial if rest[0] == "n" or (rest[0] == "l" and rest[2] == 0)]
    return len(charged) == len(neutral) == 2


def contact(values):
    """The operators of nuSMEFT, without those of three neutrinos or charged leptons."""
    real = {name: coefficient.real for name, coefficient in lookup(WARSAW).items()}
    full = g.lagrangian(values, real)
    return {key: value for key, value in full.items() if is_neutral(key)}


def either(kind, flavour):
    """A field with both chiralities, of which the projectors of a term choose one."""
    if kind == "chi":
        return field("chi", flavour)
    left, right = field("e", flavour), field("E", flavour)
    return [a or b for a, b in zip(left, right, strict=True)]


def exchange(arrays):
    """A W, Z or photon between phin or phine and the leptons, at zero momentum."""
    v = 1 / np.sqrt(np.sqrt(2) * PARAMETERS["GF"])
    terms = projection._exchange_terms(
        arrays, np.eye(3), PARAMETERS["m_W"], v, PARAMETERS["alpha_e"]
    )
    result = defaultdict(complex)
    for term in terms:
        if sorted(term.kinds) != ["chi", "chi", "e", "e"]:
            continue
        for flavours in zip(*np.nonzero(abs(term.c) > 1e-12), strict=True):
            one, two, three, four = map(either, term.kinds, flavours)
            for mu in range(4):
                first = current(one, term.first[mu], two)
                second = current(three, term.second[mu], four)
                g.product(first, second, result, term.c[flavours])
    return result


@pytest.mark.parametrize("name", ["ln", "ne", "lnle", "phin", "phine"])
def test_every_class(name, rng):
    """Signs, factors of 2 and names for random complex coefficients of two generations."""
    values = random_coefficients(WARSAW, rng, {name})
    values = {name: value for name, value in values.items() if "3" not in name}
    arrays = to_arrays(values, WARSAW)
    expected = exchange(arrays) if name.startswith("phi") else contact(values)
    found = from_arrays(matching.match(arrays, PARAMETERS, "e"), JMS)
    assert found
    gap, size = g.difference(expected, low_lagrangian(found))
    assert gap < 1e-12 * size


def test_arrays_have_the_symmetry(rng):
    values = random_coefficients(WARSAW, rng, {"ln", "ne", "lnle", "phin", "phine"})
    arrays = matching.match(to_arrays(values, WARSAW), PARAMETERS, "e")
    assert set(arrays) == {"VnueLL", "VnueLR", "SnueLL", "SnueLR", "TnueLL"}
    for name, array in arrays.items():
        for permutation, sign, conjugate in JMS[name].symmetry.generators:
            image = sign * np.transpose(array, np.argsort(permutation))
            np.testing.assert_allclose(array, image.conj() if conjugate else image, atol=1e-15)


def test_named_coefficients():
    """Active index first, where S has the sign of the symmetric array and T the other one."""
    direct = {"SnueLL_1432": 1, "SnueLL_2431": 0.5, "TnueLL_2431": -1 / 8}

    def matched(values):
        return from_arrays(matching.match(to_arrays(values, WARSAW), PARAMETERS, "e"), JMS)

    assert matched({"lnle_1123": 1}) == direct
    assert matched({"lnle_1123": 1j}) == {name: -1j * value for name, value in direct.items()}
    assert matched({"ln_2311": 1}) == {"VnueLL_4423": -1}
    assert matched({"ne_1223": 1j}) == {"VnueLR_4532": 1j}
    assert matched({"phine_13": 1}) == {f"SnueLR_{k}4{k}3": 2 for k in (1, 2, 3)}


def test_running_above_m_z():
    """Leading logarithm of lnle, -3/2 (g1² + g2²) and, with exchanged doublets, 3 (g2² - g1²)."""
    values = {"lnle_1123": 1e-8, "ln_2311": 1e-8, "ne_1223": 1e-8}
    w = NuWilson(values, 1e3, "nuSMEFT", "Warsaw", {"running": "full"})
    low = w.match_run(91.1876, "nuWET", "JMS", ("nunutaue", "nunumutau")).dict
    g1, g2 = 0.358, 0.648
    log = np.log(91.1876 / 1e3) / (16 * np.pi**2)
    same, exchanged = 1 - 3 / 2 * (g1**2 + g2**2) * log, 3 * (g2**2 - g1**2) * log
    expected = {
        "SnueLL_1432": same + exchanged / 2,
        "SnueLL_2431": exchanged + same / 2,
        "TnueLL_1432": -exchanged / 8,
        "TnueLL_2431": -same / 8,
        "VnueLL_4423": -1,
        "VnueLR_4532": -1,
    }
    for name, value in expected.items():
        assert low[name] / 1e-8 == pytest.approx(value, abs=5e-4)
