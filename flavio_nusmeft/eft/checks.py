"""Names and values of coefficients, checked before any work is done."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Number

import numpy as np

from .._inputs import brief, scalar
from ..errors import InvalidValue, UnknownCoefficient
from .hints import hint

__all__ = ["check_coefficients"]


def check_coefficients(
    values: Mapping[str, complex], known: Mapping[str, bool], eft: str, basis: str
) -> None:
    """Check names and values of coefficients.

    Parameters
    ----------
    values : coefficients by name
    known : for every name of the basis whether it is real

    Raises
    ------
    UnknownCoefficient, InvalidValue
    """
    for name, value in values.items():
        if name not in known:
            raise UnknownCoefficient(
                f"{brief(name)} is not a coefficient of {eft}/{basis}{hint(str(name), eft, basis)}"
            )
        value = scalar(value)
        is_number = isinstance(value, Number) and not isinstance(value, (bool, np.bool_))
        if not is_number:
            raise InvalidValue(f"{name} = {brief(value)} is not a number")
        number = complex(value)
        if not np.isfinite(number):
            raise InvalidValue(f"{name} = {value} is not finite")
        if known[name] and number.imag != 0:
            raise InvalidValue(f"{name} is real (its operator is hermitian), not {value}")
