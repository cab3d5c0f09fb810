"""Between full, symmetrised coefficient arrays and the independent coefficients of a basis.

A full array holds every index combination; the Lagrangian is the sum over all of them,
``L = sum_prst C_prst O_prst`` (plus h.c. for operators that are not hermitian). A WCxf basis
holds every operator once, so an independent coefficient is its array entry times the number of
entries that multiply the same operator. This is the only place with such factors.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .operators import OperatorClass, Symmetry
from .rounding import without_dust

__all__ = [
    "Arrays",
    "Coefficient",
    "LinearMap",
    "coefficients",
    "from_arrays",
    "lookup",
    "name_of",
    "orbit",
    "to_arrays",
]

Arrays = dict[str, np.ndarray]
Indices = tuple[int, ...]
Table = Mapping[str, OperatorClass]


class Coefficient(NamedTuple):
    """An independent coefficient of a class.

    ``name`` is its name in the basis (flavour indices count from 1); ``orbit`` lists
    ``(indices, factor, conjugate)`` of all array entries equal to the coefficient:
    entry = factor * coefficient, complex conjugated if ``conjugate``.
    """

    name: str
    operator: OperatorClass
    indices: Indices
    real: bool
    multiplicity: int
    orbit: tuple[tuple[Indices, float, bool], ...]


def name_of(operator: str, indices: Indices) -> str:
    """``LNQd_2123`` for ``LNQd`` and the indices (1, 0, 1, 2), which count from 0."""
    return f"{operator}_{''.join([str(i + 1) for i in indices])}"


@cache
def _group(symmetry: Symmetry) -> tuple[tuple[Indices, int, bool], ...]:
    """All (permutation, sign, conjugate) that the generators of a symmetry generate."""
    if not symmetry.generators:
        return ()
    identity = tuple(range(len(symmetry.generators[0][0])))
    group = {(identity, 1, False)}
    pending = list(group)
    while pending:
        permutation, sign, conjugate = pending.pop()
        for generator, factor, conjugates in symmetry.generators:
            element = (
                tuple(permutation[i] for i in generator),
                sign * factor,
                conjugate ^ conjugates,
            )
            if element not in group:
                group.add(element)
                pending.append(element)
    return tuple(group)


def orbit(symmetry: Symmetry, start: Indices) -> set[tuple[Indices, int, bool]]:
    """All (indices, sign, conjugate) that the symmetry relates to one index tuple."""
    return {
        (tuple([start[i] for i in permutation]), sign, conjugate)
        for permutation, sign, conjugate in _group(symmetry)
    }


@cache
def coefficients(operator: OperatorClass) -> tuple[Coefficient, ...]:
    """The independent coefficients of a class, in lexicographic order.

    The representative of an orbit is its lexicographically smallest index tuple, which for the
    classes of WET and SMEFT is the choice of the WCxf bases.
    """
    all_indices = itertools.product(*map(range, operator.shape))
    if not operator.symmetry.generators:
        return tuple(
            Coefficient(
                name_of(operator.name, indices),
                operator,
                indices,
                False,
                1,
                ((indices, 1.0, False),),
            )
            for indices in all_indices
        )
    result = []
    for indices in all_indices:
        images = orbit(operator.symmetry, indices)
        if min(images)[0] != indices or (indices, -1, False) in images:
            continue
        real = (indices, 1, True) in images
        same_operator = {image for image, _, conjugate in images if not conjugate}
        multiplicity = len(same_operator)
        # a self-conjugate coefficient reaches every entry without conjugation as well
        entries = tuple(
            (image, sign / multiplicity, conjugate)
            for image, sign, conjugate in sorted(images)
            if not (conjugate and image in same_operator)
        )
        name = name_of(operator.name, indices)
        result.append(Coefficient(name, operator, indices, real, multiplicity, entries))
    return tuple(result)


@cache
def _by_name(operators: tuple[OperatorClass, ...]) -> dict[str, Coefficient]:
    return {c.name: c for operator in operators for c in coefficients(operator)}


def lookup(table: Table) -> dict[str, Coefficient]:
    """All independent coefficients of a table of classes, by name."""
    return _by_name(tuple(table.values()))


def to_arrays(values: Mapping[str, complex], table: Table) -> Arrays:
    """Full arrays of the classes that occur among the given independent coefficients."""
    known = lookup(table)
    arrays: Arrays = {}
    for name, value in values.items():
        coefficient = known[name]
        operator = coefficient.operator
        if operator.name not in arrays:
            arrays[operator.name] = np.zeros(operator.shape, dtype=complex)
        array = arrays[operator.name]
        for indices, factor, conjugate in coefficient.orbit:
            array[indices] = factor * (np.conj(value) if conjugate else value)
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray], table: Table) -> dict[str, complex]:
    """Non-zero independent coefficients of full, symmetrised arrays."""
    values: dict[str, complex] = {}
    for operator_name, array in arrays.items():
        for coefficient in coefficients(table[operator_name]):
            value = coefficient.multiplicity * array[coefficient.indices]
            if value != 0:
                values[coefficient.name] = complex(value)
    return values


class LinearMap:
    """A real-linear map of coefficients, ``out = a c + b c*``, built column by column on demand.

    Parts of a column below the rounding error of its largest entry are zero.

    Parameters
    ----------
    source : table of the operator classes that are mapped
    function : the map, from full arrays (of any subset of the classes) to a dictionary of
        non-zero results; it must be linear over the real numbers
    """

    def __init__(self, source: Table, function: Callable[[Arrays], Mapping[Any, complex]]) -> None:
        self._source = source
        self._function = function
        self._columns: dict[str, tuple[tuple[Hashable, complex, complex], ...]] = {}

    def column(self, name: str) -> tuple[tuple[Hashable, complex, complex], ...]:
        """``(key, a, b)`` of every result that the coefficient contributes to."""
        try:
            return self._columns[name]
        except KeyError:
            pass
        one = without_dust(self._function(to_arrays({name: 1.0}, self._source)))
        if lookup(self._source)[name].real:
            column = tuple((key, complex(value), 0j) for key, value in one.items())
        else:
            unit = without_dust(self._function(to_arrays({name: 1j}, self._source)))
            keys = list(dict.fromkeys([*one, *unit]))
            column = tuple(
                (
                    key,
                    (one.get(key, 0) - 1j * unit.get(key, 0)) / 2,
                    (one.get(key, 0) + 1j * unit.get(key, 0)) / 2,
                )
                for key in keys
            )
        self._columns[name] = column
        return column

    def __call__(self, values: Mapping[str, complex]) -> dict[Any, complex]:
        """Results for a dictionary of coefficients."""
        result: dict[Any, complex] = {}
        for name, value in values.items():
            for key, a, b in self._columns.get(name) or self.column(name):
                result[key] = result.get(key, 0) + a * value + b * complex(value).conjugate()
        return result
