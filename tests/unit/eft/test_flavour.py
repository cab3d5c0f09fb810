"""Independent coefficients and full arrays."""

from __future__ import annotations

import numpy as np
import pytest
from random_coefficients import random_coefficients
from wilson import wcxf

from flavio_nusmeft.eft.flavour import LinearMap, coefficients, from_arrays, lookup, to_arrays
from flavio_nusmeft.eft.operators import FGMS, JMS, LIAO_MA, WARSAW, OperatorClass

TABLES = {"Warsaw": WARSAW, "FGMS": FGMS, "LiaoMa": LIAO_MA, "JMS": JMS}
CLASSES = [
    pytest.param(c, id=f"{t}-{c.name}") for t, table in TABLES.items() for c in table.values()
]


@pytest.mark.parametrize(("table", "number"), [("Warsaw", 693), ("JMS", 3174), ("FGMS", 252)])
def test_number_of_coefficients(table, number):
    """Counts from the symmetries, e.g. 45 for a hermitian product of two currents."""
    assert len(lookup(TABLES[table])) == number


def test_identical_singlet_currents():
    """nn has 21 independent coefficients with 36 real parameters, like SMEFT's ee."""
    ours = {c.name[3:]: c.real for c in coefficients(WARSAW["nn"])}
    theirs = {
        name[3:]: bool(info.get("real", False))
        for sector in wcxf.Basis["SMEFT", "Warsaw"].sectors.values()
        for name, info in sector.items()
        if name.startswith("ee_")
    }
    assert ours == theirs


@pytest.mark.parametrize("operator", CLASSES)
def test_real_parameters(operator: OperatorClass):
    """Real degrees of freedom counted from the dimension of the space of symmetric arrays."""
    size = int(np.prod(operator.shape))
    rows = []
    for flat in range(size):
        indices = np.unravel_index(flat, operator.shape)
        for permutation, sign, conjugate in operator.symmetry.generators:
            image = np.ravel_multi_index(tuple(indices[i] for i in permutation), operator.shape)
            for part in (0, 1):  # real and imaginary parts
                row = np.zeros(2 * size, dtype=np.int8)
                row[2 * flat + part] += 1
                row[2 * image + part] -= sign * (-1 if conjugate and part else 1)
                if row.any():
                    rows.append(row)
    rank = _rank(rows, 2 * size)
    found = sum(1 if c.real else 2 for c in coefficients(operator))
    assert found == 2 * size - rank


def _rank(rows: list[np.ndarray], size: int) -> int:
    """Rank of constraints x_i = ±x_j: union-find with signs."""
    parent, sign = list(range(size)), [1] * size
    zero: set[int] = set()

    def find(i: int) -> tuple[int, int]:
        s = 1
        while parent[i] != i:
            s *= sign[i]
            i = parent[i]
        return i, s

    rank = 0
    for row in rows:
        nonzero = np.flatnonzero(row)
        if len(nonzero) == 1:
            root, _ = find(int(nonzero[0]))
            rank += root not in zero
            zero.add(root)
            continue
        i, j = (int(k) for k in nonzero)
        (a, s), (b, t) = find(i), find(j)
        relation = -int(row[i]) * int(row[j]) * s * t  # x_a = relation * x_b
        if a == b:
            if relation == -1:
                rank += a not in zero
                zero.add(a)
            continue
        parent[a], sign[a] = b, relation
        rank += not (a in zero and b in zero)
        if a in zero or b in zero:
            zero.add(b)
    return rank


@pytest.mark.parametrize("table", TABLES)
def test_round_trip(table, rng):
    values = random_coefficients(TABLES[table], rng)
    assert from_arrays(to_arrays(values, TABLES[table]), TABLES[table]) == pytest.approx(
        values, rel=1e-15, abs=0
    )


@pytest.mark.parametrize("table", TABLES)
def test_round_trip_of_imaginary_values(table):
    values = {c.name: 2j for c in lookup(TABLES[table]).values() if not c.real}
    assert from_arrays(to_arrays(values, TABLES[table]), TABLES[table]) == values


@pytest.mark.parametrize("table", TABLES)
def test_arrays_have_the_symmetry(table, rng):
    for name, array in to_arrays(random_coefficients(TABLES[table], rng), TABLES[table]).items():
        for permutation, sign, conjugate in TABLES[table][name].symmetry.generators:
            image = np.transpose(array, np.argsort(permutation))
            np.testing.assert_allclose(array, sign * (image.conj() if conjugate else image))


def test_doubling():
    """For alpha < beta the WCxf value counts both orders: twice the symmetrised array."""
    arrays = to_arrays({"SnudLL_2432": 1.0, "TnudLL_2432": 1.0, "SnudLL_4423": 1.0}, JMS)
    assert arrays["SnudLL"][1, 3, 2, 1] == arrays["SnudLL"][3, 1, 2, 1] == 0.5
    assert arrays["TnudLL"][1, 3, 2, 1] == -arrays["TnudLL"][3, 1, 2, 1] == 0.5
    assert arrays["SnudLL"][3, 3, 1, 2] == 1


def test_linear_map_of_complex_and_real_coefficients(rng):
    """A map with conjugation is reproduced column by column."""

    def function(C):
        return {("x", i): complex(2 * C["qn"][0, i, 1, 2].conj()) for i in range(3)}

    values = random_coefficients(WARSAW, rng, {"qn"})
    expected = function(to_arrays(values, WARSAW))
    assert LinearMap(WARSAW, function)(values) == pytest.approx(expected, rel=1e-14, abs=0)


def test_linear_map_to_results_of_one_part(rng):
    """Results of the real or imaginary part alone: one of the two columns does not have them."""

    def function(C):
        parts = {("Re", i): C["lnqd1"][0, 0, i, 1].real for i in range(3)}
        parts |= {("Im", i): C["lnqd1"][0, 0, i, 1].imag for i in range(3)}
        return {key: complex(value) for key, value in parts.items() if value != 0}

    values = random_coefficients(WARSAW, rng, {"lnqd1"})
    expected = function(to_arrays(values, WARSAW))
    assert len(expected) == 6
    found = LinearMap(WARSAW, function)(values)
    assert found == pytest.approx(expected, rel=1e-14, abs=0)
    imaginary = {name: complex(0, value.imag) for name, value in values.items()}
    found = LinearMap(WARSAW, function)(imaginary)
    # a result of both columns that cancels may stay as 0
    assert {key: value for key, value in found.items() if value != 0} == pytest.approx(
        {key: value for key, value in expected.items() if key[0] == "Im"}, rel=1e-14, abs=0
    )
