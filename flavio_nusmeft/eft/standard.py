"""The part without sterile neutrinos, SMEFT or WET, which wilson runs; options and CKM elements."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import flavio
import numpy as np
import voluptuous as vol
import wilson
from wilson import wcxf

from .. import settings
from .._inputs import brief, mapping
from ..errors import InvalidScale, InvalidValue, UnknownBasis, nearest
from .evolution import Ckm
from .limits import check_scale

__all__ = [
    "StandardWilson",
    "check_option",
    "ckm_elements",
    "finite",
    "frozen",
    "invalid_option",
    "options_of",
    "own_options",
    "run_standard",
    "set_options",
    "with_ckm",
]

_CKM = Ckm._fields


def finite(value: Any) -> float:
    """A finite number, for the schema of an option.

    Raises
    ------
    vol.Invalid
    """
    try:
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        raise vol.Invalid("expected float") from None
    if not np.isfinite(result):
        raise vol.Invalid("value must be finite")
    return result


def _matching_scale(value: Any) -> float:
    try:
        return check_scale(finite(value))
    except InvalidScale:
        raise vol.Invalid("value must be a positive scale, in GeV") from None


class StandardWilson(flavio.WilsonCoefficients):
    """Coefficients of SMEFT or WET that run with the CKM elements of flavio's parameters.

    That is what flavio makes of a ``wilson.Wilson``, with other ``parameters`` of the object kept.
    A ``flavio.WilsonCoefficients`` runs with the CKM elements of wilson, or those set on it.
    Options that are numbers must be finite.
    """

    _option_schema = vol.Schema(
        {
            **wilson.Wilson._option_schema.schema,
            **dict.fromkeys(
                ("smeft_matchingscale", "mb_matchingscale", "mc_matchingscale"), _matching_scale
            ),
            "parameters": vol.Schema({vol.Extra: finite}),
        }
    )

    def get_wcxf(
        self,
        sector: str,
        scale: float,
        par: Mapping[str, float],
        eft: str = "WET",
        basis: str = "flavio",
        nf_out: int | None = None,
    ) -> wcxf.WC:
        """As in flavio, of the part without N, with the CKM elements of ``par``.

        flavio calls this with gamma of the opposite sign for CP-conjugated amplitudes, where it
        wants the coefficients of the decay itself; so gamma is taken to be positive.
        """
        part = flavio.WilsonCoefficients()
        if self.has_standard_part:
            part = with_ckm(self, {**par, "gamma": abs(par["gamma"])})
        return part.get_wcxf(sector, scale, par, eft, basis, nf_out)

    @property
    def has_standard_part(self) -> bool:
        """Whether any coefficient without sterile neutrinos is non-zero."""
        return bool(self.standard_values)

    @property
    def standard_values(self) -> frozenset[tuple[str, complex]]:
        """Non-zero coefficients without sterile neutrinos, as pairs."""
        return frozenset((k, v) for k, v in self.wc.dict.items() if v != 0)

    @property
    def standard_basis(self) -> tuple[str, str]:
        """EFT and basis of `standard_values`."""
        return self.wc.eft, self.wc.basis


def run_standard(
    wc_obj: wilson.Wilson,
    scale: float,
    eft: str,
    basis: str,
    sectors: str | tuple[str, ...] = "all",
) -> wcxf.WC:
    """``wc_obj.match_run`` of wilson, with one kind of error for what it cannot do.

    Raises
    ------
    UnknownBasis, InvalidScale
    """
    try:
        return wc_obj.match_run(check_scale(scale), eft, basis, sectors)
    except (ValueError, TypeError) as error:  # no way from here to there; translator to EOS
        reason = f"{wc_obj.wc.eft} {wc_obj.wc.basis} to {eft} {basis}"
        raise UnknownBasis(f"wilson cannot run {reason}: {error}") from error


def ckm_elements(par: Mapping[str, float]) -> dict[str, float]:
    """The CKM elements that wilson takes, V_us, |V_ub|, V_cb and γ.

    Of flavio's parameters ``par`` in the parametrisation of
    ``flavio.config['implementation']['CKM matrix']``.
    """
    if flavio.config["implementation"]["CKM matrix"] == "Tree":
        return {key: par[key] for key in _CKM}
    V = flavio.physics.ckm.get_ckm(par)
    gamma = np.angle(-V[0, 0] * V[0, 2].conj() / (V[1, 0] * V[1, 2].conj()))
    elements = (abs(V[0, 1]), abs(V[0, 2]), abs(V[1, 2]), gamma)
    return dict(zip(_CKM, map(float, elements), strict=True))


def own_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of options, with parameters of its own."""
    return {**options, "parameters": dict(options.get("parameters", {}))}


def frozen(options: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Options that can be a key."""
    parameters = tuple(sorted(options.get("parameters", {}).items()))
    return tuple(sorted({**options, "parameters": parameters}.items()))


@lru_cache(maxsize=64)
def _made(
    eft: str,
    basis: str,
    scale: float,
    values: frozenset[tuple[str, complex]],
    options: tuple[tuple[str, Any], ...],
    number: int,
) -> flavio.WilsonCoefficients:
    """An object that is never changed, with all results of running that it has remembered.

    ``number`` of the settings, on which these depend.
    """
    result = flavio.WilsonCoefficients()
    result.set_initial(dict(values), scale, eft, basis)
    result._options.update(options)
    result._options["parameters"] = dict(result._options["parameters"])
    return result


def with_ckm(wc_obj: wilson.Wilson, par: Mapping[str, float] | None) -> flavio.WilsonCoefficients:
    """The part of an object without N, with the parameters that it runs with.

    The object itself is not changed, so that several threads can use it. Results of running are
    kept as long as coefficients, options and CKM elements stay the same. (flavio shares the cache
    of a ``wilson.Wilson`` across CKM elements.)

    Parameters
    ----------
    wc_obj : a `StandardWilson`, which runs with the CKM elements of flavio's ``par`` (None: its
        own); a plain object, with its own; others are returned as they are
    """
    options = own_options(wc_obj._options)
    if isinstance(wc_obj, StandardWilson):
        eft, basis = wc_obj.standard_basis
        values = wc_obj.standard_values
        options = {k: v for k, v in options.items() if k not in settings.NUWILSON}
        if par is not None:
            options["parameters"] |= ckm_elements(par)
    elif type(wc_obj) in (wilson.Wilson, flavio.WilsonCoefficients):
        eft, basis, values = wc_obj.wc.eft, wc_obj.wc.basis, frozenset(wc_obj.wc.dict.items())
    else:  # as flavio's get_dependent_wcs needs it
        return wc_obj
    return _made(eft, basis, wc_obj.wc.scale, values, frozen(options), settings.number())


def set_options(wc_obj: flavio.WilsonCoefficients, options: Mapping[str, Any]) -> None:
    """Set options of an object.

    Raises
    ------
    InvalidValue
    """
    for key, value in mapping("options", options).items():
        check_option(wc_obj, key, wc_obj.wc.eft, value)
        try:
            wc_obj.set_option(key, value)
        except vol.Invalid as error:
            raise invalid_option(key, value, error) from None


def check_option(wc_obj: Any, key: str, what: str, value: Any = None) -> None:
    """Check that an object has an option, and that parameters are a dictionary.

    Raises
    ------
    InvalidValue
    """
    known = wc_obj._option_schema.schema
    if key not in known:
        hint = nearest(str(key), known) or f"; there are {', '.join(sorted(known))}"
        if key in settings.NUWILSON:
            hint = ", it is for coefficients with N"
        raise InvalidValue(f"{brief(key)} is not an option of {what}{hint}")
    if key == "parameters":  # wilson looks into it before its schema does
        mapping("option parameters", value)


def invalid_option(key: str, value: Any, error: vol.Invalid) -> InvalidValue:
    """The error for a value that the schema of an option refuses."""
    reasons = {wrong.msg for wrong in getattr(error, "errors", [error])}
    hint = "; for coefficients with N there is qcd_loops" if key == "qcd_order" else ""
    return InvalidValue(f"option {key} = {brief(value)}: {', '.join(sorted(reasons))}{hint}")


def options_of(wc_obj: wilson.Wilson) -> dict[str, Any]:
    """The options of an object apart from CKM elements, which predictions set."""
    options = own_options(wc_obj._options)
    for name in _CKM:
        options["parameters"].pop(name, None)
    return options
