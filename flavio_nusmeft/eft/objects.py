"""Objects with coefficients of any EFT: from other objects, from dictionaries and from files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import IO, Any

import flavio
import wilson
from wilson import wcxf

from .. import settings
from ..errors import UnknownBasis
from .bases import check_readable, known_coefficients
from .checks import check_coefficients
from .files import read_wc
from .limits import check_scale, warn_size
from .rounding import real_where_hermitian
from .standard import StandardWilson, frozen, run_standard, set_options
from .theories import HIGH, LOW, THEORIES
from .wilson import NuWilson, values_of

__all__ = ["load_wc", "match_run", "promote", "with_options"]


def match_run(
    wc_obj: wilson.Wilson,
    scale: float,
    eft: str,
    basis: str,
    sectors: str | tuple[str, ...] = "all",
) -> wcxf.WC:
    """Results of ``wc_obj.match_run`` for any object.

    There is one kind of error for what wilson cannot do.

    Raises
    ------
    UnknownBasis, InvalidScale, UnknownSector
    """
    source = wc_obj.wc.eft
    if isinstance(wc_obj, NuWilson):
        return wc_obj.match_run(scale, eft, basis, sectors)
    known_coefficients(eft, basis)
    if eft in THEORIES:
        raise UnknownBasis(f"coefficients of {source} cannot be run to {eft}: give nuSMEFT Warsaw")
    return run_standard(wc_obj, scale, eft, basis, sectors)


@lru_cache(maxsize=64)
def _made(
    eft: str,
    basis: str,
    scale: float,
    values: frozenset[tuple[str, complex]],
    options: tuple[tuple[str, Any], ...],
    number: int,
) -> NuWilson:
    """An object that is never changed, with all results of running that it has remembered.

    ``number`` of the settings, on which these depend.
    """
    real = real_where_hermitian(dict(values), known_coefficients(eft, basis), eft)
    result = NuWilson(real, scale, eft, basis)
    result._options.update(options)
    result._options["parameters"] = dict(result._options["parameters"])
    return result


def promote(wc_obj: wilson.Wilson) -> flavio.WilsonCoefficients:
    """A `NuWilson` for a plain wilson or flavio object of nuSMEFT or nuWET.

    Any other object is returned as it is.

    Raises
    ------
    UnknownBasis
        For a basis of SMEFT or WET from which wilson has no translator.
    """
    if isinstance(wc_obj, NuWilson):
        return wc_obj
    if wc_obj.wc.eft not in THEORIES:
        check_readable(wc_obj.wc.eft, wc_obj.wc.basis)
        return wc_obj
    wc = wc_obj.wc
    options = {**NuWilson._default_options, **wc_obj._options}
    # by content: flavio makes a new wcxf.WC for every prediction
    values = frozenset(wc.dict.items())
    return _made(wc.eft, wc.basis, wc.scale, values, frozen(options), settings.number())


def with_options(
    values: Mapping[str, complex],
    scale: float,
    eft: str,
    basis: str,
    options: Mapping[str, Any] | None = None,
) -> flavio.WilsonCoefficients:
    """A `NuWilson`, or a `StandardWilson` for SMEFT and WET, with options.

    Nothing is said on the size of the coefficients, which may be units: see `limits.warn_size`.

    Raises
    ------
    UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
    """
    if eft in THEORIES:
        point = NuWilson.__new__(NuWilson)
        point._begin(values, scale, eft, basis, options)
        return point
    check_readable(eft, basis)
    result = StandardWilson()
    result.set_initial(dict(values), check_scale(scale, eft), eft, basis)
    set_options(result, options or {})
    matched = eft == HIGH.standard and scale == result.get_option("smeft_matchingscale")
    if matched and (eft, basis, LOW[0].standard, LOW[0].hub) not in wcxf.Matcher.instances:
        raise UnknownBasis(
            f"wilson cannot match SMEFT {basis} at the scale of the coefficients, {scale} GeV:"
            " translate them to Warsaw"
        )
    return result


def load_wc(stream: IO[Any] | str | os.PathLike[str]) -> flavio.WilsonCoefficients:
    """Read a WCxf file of nuSMEFT or nuWET (-4, -3), SMEFT or WET (-4, -3), as `NuWilson.load_wc`.

    Raises
    ------
    InvalidFile, UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
    """
    wc = read_wc(stream)
    if wc.eft in THEORIES:
        return NuWilson.from_wc(wc)
    check_readable(wc.eft, wc.basis)
    values = values_of(wc)
    check_coefficients(values, known_coefficients(wc.eft, wc.basis), wc.eft, wc.basis)
    warn_size(values, wc.eft, wc.scale)
    return with_options(values, wc.scale, wc.eft, wc.basis)
