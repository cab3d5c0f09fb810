"""Translators and matchers of nuSMEFT, as WCxf calls them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wilson import parameters as wilson_parameters
from wilson import wcxf

from .bases import known_coefficients
from .checks import check_coefficients
from .operators import NU_SMEFT
from .rounding import real_where_hermitian
from .theories import HIGH, LOW
from .translators import translate
from .wilson import NuWilson

__all__ = ["register"]


def _adapter(source: str, target: str) -> Any:
    def translator(
        C: Mapping[str, complex], scale: float, parameters: Any, sectors: Any = None
    ) -> dict[str, complex]:
        known = known_coefficients("nuSMEFT", source)
        values = real_where_hermitian(C, known, "nuSMEFT")
        check_coefficients(values, known, "nuSMEFT", source)
        return translate(values, source, target)

    return translator


def _matcher(basis: str) -> Any:
    """WCxf adapter: tree-level matching at the scale of the coefficients."""

    def match_nuwet(
        C: Mapping[str, complex], scale: float, parameters: Mapping[str, Any] | None
    ) -> dict[str, complex]:
        known = known_coefficients("nuSMEFT", basis)
        values = real_where_hermitian(C, known, "nuSMEFT")
        point = NuWilson(values, scale, "nuSMEFT", basis)
        point.set_option("smeft_matchingscale", scale)
        own = {k: v for k, v in (parameters or {}).items() if k in wilson_parameters.p}
        point.set_option("parameters", own)
        return dict(point.match_run(scale, "nuWET", "JMS").dict)

    return match_nuwet


def register() -> None:
    """Register the translators between all bases of nuSMEFT, and the matchers to nuWET JMS.

    Existing ones are kept.
    """
    translators = getattr(wcxf.Translator, "instances", {})
    matchers = getattr(wcxf.Matcher, "instances", {})
    for source in NU_SMEFT:
        for target in NU_SMEFT:
            if source != target and (HIGH.eft, source, target) not in translators:
                wcxf.Translator(HIGH.eft, source, target, _adapter(source, target))
        if (HIGH.eft, source, LOW[0].eft, LOW[0].hub) not in matchers:
            wcxf.Matcher(HIGH.eft, source, LOW[0].eft, LOW[0].hub, _matcher(source))
