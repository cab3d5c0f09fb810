"""What to say about a coefficient name that a basis does not have: the right name, or none.

A name can stand for an entry of a coefficient array that is not independent, that vanishes, or
that another basis or EFT has. All this follows from symmetries and translators; only what is left
is compared by its letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import flavio
from wilson import wcxf
from wilson.util import smeftutil, wetutil

from ..errors import nearest, nearest_parameter
from .bases import known_coefficients
from .flavour import name_of, orbit
from .operators import (
    ANTISYMMETRIC,
    EXCHANGEABLE,
    HERMITIAN,
    HERMITIAN_EXCHANGEABLE,
    HERMITIAN_FIERZ,
    HERMITIAN_MATRIX,
    JMS,
    NONE,
    NU_SMEFT,
    SYMMETRIC,
    SYMMETRIC_MATRIX,
    Symmetry,
)
from .translators import has_counterpart, translate

__all__ = ["hint", "parameter_hint", "sector_hint"]

# symmetries of the classes of SMEFT Warsaw and WET JMS, by wilson's number of the class
_WILSON = {
    1: NONE,
    2: HERMITIAN_MATRIX,
    3: NONE,
    4: HERMITIAN_EXCHANGEABLE,
    41: EXCHANGEABLE,
    5: HERMITIAN,
    6: HERMITIAN_FIERZ,
    7: SYMMETRIC,
    71: ANTISYMMETRIC,
    9: SYMMETRIC_MATRIX,
}
_BARYONIC = 8  # qqql, see `_qqql`
_LISTED = 3  # bases in a hint


class _Class(NamedTuple):
    """``symmetry`` is None for qqql; ``shape``: sizes of the index ranges."""

    symmetry: Symmetry | None
    shape: tuple[int, ...]


class _Term(NamedTuple):
    """A coefficient, or its complex conjugate, with a factor."""

    factor: float
    name: str
    conjugate: bool = False


@cache
def _classes(eft: str, basis: str) -> dict[str, _Class]:
    """The classes with flavour indices of a basis, as far as their symmetries are known here."""
    result = {}
    if eft.endswith("SMEFT") or basis == "JMS":
        util = smeftutil if eft.endswith("SMEFT") else wetutil
        for number, names in util.C_symm_keys.items():
            for name in names:
                if number in _WILSON or number == _BARYONIC:
                    shape = tuple(int(size) for size in util.C_keys_shape[name])
                    result[name] = _Class(_WILSON.get(number), shape)
    table = NU_SMEFT.get(basis, {}) if eft == "nuSMEFT" else JMS if eft.startswith("nu") else {}
    result |= {name: _Class(operator.symmetry, operator.shape) for name, operator in table.items()}
    occurring = {name.split("_")[0] for name in known_coefficients(eft, basis)}
    return {name: entry for name, entry in result.items() if name in occurring}


def _entry(name: str, eft: str, basis: str) -> tuple[str, _Class, tuple[int, ...]] | None:
    """Class and indices of a name like ``LNQd_2123``, if the basis has the class."""
    operator, _, digits = name.partition("_")
    found = _classes(eft, basis).get(operator)
    if found is None or (digits and not (digits.isascii() and digits.isdigit())):
        return None
    return operator, found, tuple(int(digit) - 1 for digit in digits)


def _fits(indices: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(indices) == len(shape) and all(
        0 <= i < size for i, size in zip(indices, shape, strict=True)
    )


def _relation(name: str, eft: str, basis: str) -> list[_Term] | None:
    """The independent coefficients that a name stands for: none if it vanishes, None if unknown."""
    known = known_coefficients(eft, basis)
    if name in known:
        return [_Term(1.0, name)]
    entry = _entry(name, eft, basis)
    if entry is None or not _fits(entry[2], entry[1].shape):
        return None
    operator, (symmetry, _), indices = entry
    if symmetry is None:
        return _qqql(operator, indices)
    images = sorted(orbit(symmetry, indices))
    if (indices, -1, False) in images:
        return []
    for image, sign, conjugate in images:
        related = name_of(operator, image)
        if related in known:
            return [_Term(float(sign), related, conjugate)]
    return None


def _qqql(operator: str, indices: tuple[int, ...]) -> list[_Term]:
    """O_prst = O_sprt + O_srpt - O_rpst, the flavour relation of arXiv:1405.0486."""
    p, r, s, t = indices
    factors: Counter[tuple[int, ...]] = Counter([(s, p, r, t), (s, r, p, t)])
    factors.subtract([(r, p, s, t), indices])
    own = -factors.pop(indices)
    return [
        _Term(factor / own, name_of(operator, image))
        for image, factor in sorted(factors.items())
        if factor
    ]


def _sum(terms: list[_Term]) -> str:
    """``-0.5 LNQd_2123 - 0.125 LNQdT_2123``."""
    text = ""
    for factor, name, conjugate in terms:
        sign = ("-" if factor < 0 else "") if not text else " - " if factor < 0 else " + "
        size = "" if abs(factor) == 1 else f"{abs(factor):g} "
        text += f"{sign}{size}{name}{'*' if conjugate else ''}"
    return text


def _translated(terms: list[_Term], source: str, target: str) -> list[_Term]:
    """Terms of the basis ``source`` of nuSMEFT in ``target``."""
    result = []
    for factor, name, conjugate in terms:
        one = translate({name: 1.0}, source, target)
        real = known_coefficients("nuSMEFT", source)[name]
        unit = one if real else translate({name: 1j}, source, target)
        for key, value in one.items():
            flipped = not real and unit[key] == -1j * value
            result.append(_Term(factor * value.real, key, conjugate ^ flipped))
    return result


def _elsewhere(name: str, eft: str, basis: str) -> str:
    """Say which other basis, or EFT, has the name."""
    if eft == "nuSMEFT":
        for other in NU_SMEFT:
            terms = _relation(name, eft, other) if other != basis else None
            if terms:
                text = f"; it is a coefficient of the basis {other}"
                if not has_counterpart(terms[0].name, other, basis):
                    return f"{text}, and {basis} has no counterpart"
                return f"{text}, here {_sum(_translated(terms, other, basis))}"
    bases: dict[str, list[str]] = {}
    for other_eft, other in sorted(wcxf.Basis.instances, key=lambda key: (key[0] != eft, key)):
        if name in known_coefficients(other_eft, other):
            bases.setdefault(other_eft, []).append(other)
    if not bases:
        return ""
    if eft in bases:
        bases = {eft: bases[eft]}
    found = [f"{other_eft} {', '.join(names)}" for other_eft, names in bases.items()]
    return f"; it is a coefficient of {'; '.join(found[:_LISTED])}"


def sector_hint(sector: str, eft: str) -> str:
    """What is known about a name that is no sector of an EFT, or an empty string."""
    having = [other for other, known in wcxf.EFT.instances.items() if sector in known.sectors]
    if having:
        return f"; it is a sector of {', '.join(having)}"
    exchanged = sector[1::-1] + sector[2:]  # bsnunu: WCxf calls it sbnunu
    known = wcxf.EFT[eft].sectors
    return nearest(sector, [exchanged] if exchanged in known else known)


def hint(name: str, eft: str, basis: str) -> str:
    """What is known about a name that is no coefficient of a basis, or an empty string."""
    terms = _relation(name, eft, basis)
    if terms is not None:
        if not terms:
            return "; it vanishes, as the class is antisymmetric in the first two indices"
        equal = f"; it is not independent: {name} = {_sum(terms)}"
        return f"{equal}, set that one" if len(terms) == 1 else f"{equal}, set these"
    elsewhere = _elsewhere(name, eft, basis)
    if elsewhere:
        return elsewhere
    entry = _entry(name, eft, basis)
    if entry is not None:
        operator, (_, shape), indices = entry
        if _fits(indices, shape):  # without one of the quarks or leptons
            return ""
        ranges = ", ".join(f"1-{size}" for size in shape)
        return f"; the indices of {operator} are {ranges}"
    if name in flavio.default_parameters.all_parameters:
        return "; it is a parameter, which is set with par or flavio.default_parameters"
    return nearest(name, known_coefficients(eft, basis))


def parameter_hint(name: str, known: Iterable[str]) -> str:
    """What is known about a name that is no parameter, or an empty string.

    Parameters
    ----------
    name : str
        What was typed.
    known : iterable of str
        The parameters that exist.
    """
    return _elsewhere(name, "", "") or nearest_parameter(name, known)
