"""A Dirac N as two Majorana states of equal mass: what happens to its coefficients.

A Dirac field of mass m is n + n'^c, of two right-handed fields with a mass term between them, and
equal to two Majorana states of mass m:

n = (n_1 + i n_2)/√2 and n' = (n_1 - i n_2)/√2.

Operators of nuSMEFT contain n. Those of nuWET with neutrino 4 contain n^c, or n'^c, the left-handed
component, where n^c would violate lepton number, which a Dirac N carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._inputs import brief, mapping, numbers, scalar, text
from ..errors import InvalidValue, NuSMEFTError, UnknownBasis, UnknownCoefficient
from .bases import known_coefficients
from .checks import check_coefficients
from .flavour import Arrays, Coefficient, LinearMap, from_arrays, lookup
from .operators import JMS, N_ACTIVE, NU_SMEFT, WARSAW, OperatorClass
from .theories import HIGH, THEORIES

__all__ = ["dirac", "dirac_pairs", "sterile_flavours"]


def __dir__() -> list[str]:
    return sorted(__all__)


_STERILE = (1, 2, 3)
_EQUAL = 1e-9  # of the largest coefficient, beyond the rounding of running and files
_LEPTONS = ("l", "e", "eL", "eR")
_NEUTRINOS = ("nu", "nuc")


def dirac(
    coefficients: Mapping[str, ArrayLike],
    *,
    eft: str,
    basis: str,
    states: tuple[int, int] = (1, 2),
) -> dict[str, Any]:
    """Coefficients of the two Majorana states that are one Dirac N.

    In observables N1, N2 and N3 are Majorana particles. Two of them with these coefficients and
    **equal masses**, ``m_N1`` = ``m_N2``, give the rates of a Dirac N, interference included. Only
    final states with two N know the difference: for the same coefficient a Dirac N has 0.91, 0.81,
    0.67 times the rate of B+ -> K+ + inv of a Majorana N at 1, 1.5, 2 GeV (``QN``, ``dN``), 1.20,
    1.58, 3.4 times that of B0 -> K*0 + inv and half of that of Bs -> inv.

    Parameters
    ----------
    coefficients : mapping of str to array_like
        Coefficients of the Dirac N by name, numbers or arrays of any shape (GeV^-2 or the
        coefficient's dimension). Its index is the first one of ``states``, by default 1 (4 in
        nuWET). Coefficients without it, of SMEFT, WET or the third N, stay as they are.
    eft, basis : str
        ``nuSMEFT`` with ``Warsaw``, ``FGMS`` or ``LiaoMa``, or ``nuWET`` (-4, -3) with ``JMS``.
    states : (int, int), default (1, 2)
        Which N are the two states; the Dirac N is named as the first one.

    Returns
    -------
    dict of str to complex or ndarray
        Coefficients of the basis by name, for `NuWilson`, `predict` and whatever takes names and
        values; real numbers where they are.

    Raises
    ------
    UnknownBasis
        For an EFT without N.
    UnknownCoefficient
        For coefficients of the second state, and for those with two N that violate lepton number
        (``SnudLL_4423``), which no Dirac N has.
    InvalidValue
        For values that are no numbers or not real where they must be, and if all N are others than
        the Dirac N.

    Warns
    -----
    DiracMassWarning
        Later, in predictions with such coefficients, if masses or sizes of mixings are not equal.

    Notes
    -----
    A coefficient C of nbar n becomes C/2 with the N indices 11 and 22, iC/2 with 12 and -iC/2 with
    21; of lbar n C/√2 and iC/√2, of nbar e C/√2 and -iC/√2; four N have the product of their
    factors. Running and matching commute with this.

    In nuWET neutrino 4 is n^c. An operator with one N of the wrong lepton number for n^c, such as
    ``VnudLL_1423`` or ``VnueduLL_4123``, contains the left-handed component of the Dirac N instead,
    (N_1^c + i N_2^c)/√2. This is what mixing of the active neutrinos makes, ν_β -> ν_β + U_β N_L,
    at first order in G_F: the Majorana states have the elements U_β/√2 and iU_β/√2. Real elements
    of size U_β/√2 for both give the same rates of decays to one N if mixing alone makes it, but not
    its interference with operators; coefficients of nuWET do.

    In fits, give `scan` an object with ``variables`` (say, a coefficient and the mass) that calls a
    `LogLikelihood` of the coefficients and masses of both states.

    A scalar (Nbar P_L N) (dbar_R d_L) of a Dirac N has C/2 of ``SnudLL`` with 44 and with 55, a
    tensor iC of ``TnudLL`` with 45.

    Examples
    --------
    >>> from flavio_nusmeft import dirac
    >>> dirac({"QN_2311": 2.0, "LNQd_2123": 0.0}, eft="nuSMEFT", basis="FGMS")["QN_2312"]
    1j
    """
    coefficients = mapping("coefficients", coefficients)
    if text("the EFT", eft, UnknownBasis) not in THEORIES:
        raise UnknownBasis(f"N is in {', '.join(THEORIES)}, not in {eft}")
    known = known_coefficients(eft, basis)
    values = {str(name): numbers(name, scalar(value)) for name, value in coefficients.items()}
    single = {name: v.item() if v.ndim == 0 else 0.0 for name, v in values.items()}
    check_coefficients(single, known, eft, basis)
    pair = _check_states(states)
    table = NU_SMEFT[basis] if eft == HIGH.eft else JMS
    occurring = {n for name in values for n in _states_of(lookup(table).get(name))}
    result: dict[str, Any] = {}
    for name, value in values.items():
        for key, a, b in _column(eft, basis, name, pair):
            term = _plain(a) * value
            if b != 0:
                term = term + _plain(b) * np.conj(value)
            result[key] = result[key] + term if key in result else term
    if occurring and pair[0] not in occurring:
        raise InvalidValue(
            f"no coefficient is one of N{pair[0]}, the Dirac N of the states {pair}, but those of"
            f" N{min(occurring)}: choose other states"
        )
    return {name: x.item() if np.ndim(x) == 0 else x for name, x in result.items()}


def _check_states(states: Any) -> tuple[int, int]:
    try:
        first, second = states
    except (TypeError, ValueError):
        first = second = None
    if first not in _STERILE or second not in _STERILE or first == second:
        raise InvalidValue(f"states must be two of the N 1, 2, 3, not {brief(states)}")
    return int(first), int(second)


def _plain(factor: complex) -> complex:
    """A real number if it is one."""
    return factor.real if factor.imag == 0 else factor


def _number(operator: OperatorClass, position: int) -> int:
    """1 for a field, -1 for a conjugated one: the first and third are, the charge conjugate not."""
    return 1 if position % 2 or operator.fields[position] == "nuc" else -1


def _sterile(operator: OperatorClass, indices: tuple[int, ...]) -> dict[int, int]:
    """Which N, from 1, are at which positions."""
    found = {}
    for position, (field, index) in enumerate(zip(operator.fields, indices, strict=True)):
        if field == "n":
            found[position] = index + 1
        elif field in _NEUTRINOS and index >= N_ACTIVE:
            found[position] = index + 1 - N_ACTIVE
    return found


def _lepton_number(coefficient: Coefficient) -> int:
    """What the operator adds to it if every N of nuWET is n^c."""
    operator, total = coefficient.operator, 0
    for position, (field, index) in enumerate(
        zip(operator.fields, coefficient.indices, strict=True)
    ):
        if field in _NEUTRINOS:
            total -= _number(operator, position) * (1 if index < N_ACTIVE else -1)
        elif field == "n" or field in _LEPTONS:
            total -= _number(operator, position)
    return total


def _states_of(coefficient: Coefficient | None) -> set[int]:
    """Which N, from 1, it has."""
    if coefficient is None:
        return set()
    return set(_sterile(coefficient.operator, coefficient.indices).values())


@lru_cache(maxsize=4096)
def _column(
    eft: str, basis: str, name: str, states: tuple[int, int]
) -> tuple[tuple[Any, complex, complex], ...]:
    """``(key, a, b)`` of all a C + b C* that a coefficient C of the Dirac N becomes."""
    table = NU_SMEFT[basis] if eft == HIGH.eft else JMS
    coefficient = lookup(table).get(name)
    if coefficient is None:
        return ((name, 1.0 + 0j, 0j),)
    first, second = states
    sterile = _sterile(coefficient.operator, coefficient.indices)
    if second in sterile.values():
        raise UnknownCoefficient(
            f"{name} has N{second}, the second Majorana state of the Dirac N: its coefficients are"
            f" those with N{first}"
        )
    positions = [position for position, n in sterile.items() if n == first]
    if not positions:
        return ((name, 1.0 + 0j, 0j),)
    wrong = _lepton_number(coefficient)
    # with n'^c in place of n^c the lepton number is another one
    left = 2 * _number(coefficient.operator, positions[0]) == wrong if wrong else False
    if wrong and not (left and len(positions) == 1):
        raise UnknownCoefficient(
            f"{name} violates lepton number with two N, which a Dirac N does not: its"
            " coefficients with two N are vectors"
        )
    replace = partial(_replace, coefficient.operator, states, left)
    halves, root = divmod(len(positions), 2)
    factor = float(2.0**halves * np.sqrt(2.0) ** root)
    way = LinearMap(table, lambda C: from_arrays(replace(C), table))
    return tuple((key, a / factor, b / factor) for key, a, b in way.column(name))


def _replace(operator: OperatorClass, states: tuple[int, int], left: bool, C: Arrays) -> Arrays:
    """Arrays with n -> n_1 + i n_2, n^c -> n_1^c - i n_2^c or, ``left``, n_1^c + i n_2^c."""
    array = C[operator.name]
    for position, field in enumerate(operator.fields):
        if field != "n" and field not in _NEUTRINOS:
            continue
        offset = 0 if field == "n" else N_ACTIVE
        first, second = (n - 1 + offset for n in states)
        phase = 1j * _number(operator, position) * (1 if field == "n" or left else -1)
        matrix = np.eye(array.shape[position], dtype=complex)
        matrix[second, first], matrix[second, second] = phase, 0
        array = np.moveaxis(np.tensordot(matrix, array, (1, position)), 0, position)
    return {operator.name: array}


@lru_cache(maxsize=4096)
def sterile_flavours(is_high: bool, name: str) -> frozenset[int]:
    """Which N an operator contains.

    Parameters
    ----------
    is_high : bool
        Whether it is one of nuSMEFT Warsaw, or else of nuWET (-4, -3) JMS.
    name : str
        Name of its coefficient.

    Returns
    -------
    frozenset of int
        Counted from 0.
    """
    return frozenset(n - 1 for n in _states_of(lookup(WARSAW if is_high else JMS)[name]))


def dirac_pairs(values: Mapping[str, complex], eft: str) -> list[tuple[int, int]]:
    """The pairs of N that are the Majorana states of one Dirac N, as `dirac` makes them.

    Parameters
    ----------
    values : mapping of str to complex
        Coefficients with N of nuSMEFT Warsaw or of nuWET (-4, -3) JMS.
    eft : str
        Name of the EFT.

    Returns
    -------
    list of (int, int)
        ``states`` of `dirac`.
    """
    basis = THEORIES[eft].hub
    content = {n: sterile_flavours(eft == HIGH.eft, n) for n, value in values.items() if value != 0}
    occurring = sorted(frozenset().union(*content.values()))
    found = []
    for first, second in permutations([i + 1 for i in occurring], 2):
        alone = {
            n for n, which in content.items() if first - 1 in which and second - 1 not in which
        }
        own = {n: values[n] for n, which in content.items() if {first - 1, second - 1} & which}
        try:
            # what a coefficient of the Dirac N leaves to its own name
            parts = {
                name: {key: a for key, a, _ in _column(eft, basis, name, (first, second))}
                for name in alone
            }
            whole = {name: own[name] / parts[name][name] for name in alone}
            expected = dirac(whole, eft=eft, basis=basis, states=(first, second))
        except NuSMEFTError:
            continue
        difference = [own.get(n, 0) - expected.get(n, 0) for n in {*own, *expected}]
        if np.max(np.abs(difference)) <= _EQUAL * max(map(abs, own.values())):
            found.append((first, second))
    return found
