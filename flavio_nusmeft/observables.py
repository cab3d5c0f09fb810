"""The observables: one table of specifications, registered with flavio.

``BR(...)`` of charged modes contains the long-distance τ part, ``BR_SD(...)`` does not; F_L is
defined for the short-distance rate. Arguments: q² in GeV².
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import flavio
import numpy as np

from .errors import InvalidBin
from .physics import invisible, long_distance, semi_invisible
from .physics.modes import INVISIBLE, SEMI_INVISIBLE, SemiInvisibleMode

__all__ = ["NAMES", "register"]


def _check_q2(q2: float) -> float:
    if not np.isfinite(q2):
        raise InvalidBin(f"q2 = {q2} is not finite")
    return float(q2)


def _check_bin(q2min: float, q2max: float) -> tuple[float, float]:
    low, high = _check_q2(q2min), _check_q2(q2max)
    if low > high:
        raise InvalidBin(f"q2min = {q2min} is larger than q2max = {q2max}")
    if low == high:
        raise InvalidBin(f"the bin q2min = q2max = {q2min} is empty")
    return low, high


def _total(mode: SemiInvisibleMode, tau: bool, wc_obj: Any, par: Any) -> float:
    result = semi_invisible.branching_ratio(wc_obj, par, mode)
    return result + long_distance.branching_ratio(par, mode) if tau else result


def _differential(mode: SemiInvisibleMode, tau: bool, wc_obj: Any, par: Any, q2: float) -> float:
    q2 = _check_q2(q2)
    result = semi_invisible.differential(wc_obj, par, mode, q2)
    return result + long_distance.differential(par, mode, q2) if tau else result


def _binned(
    mode: SemiInvisibleMode, tau: bool, wc_obj: Any, par: Any, q2min: float, q2max: float
) -> float:
    low, high = _check_bin(q2min, q2max)
    result = semi_invisible.branching_ratio(wc_obj, par, mode, low, high)
    if tau:
        result += long_distance.branching_ratio(par, mode, low, high)
    return result / (high - low)


def _fl_total(mode: SemiInvisibleMode, wc_obj: Any, par: Any) -> float:
    return semi_invisible.longitudinal(wc_obj, par, mode)


def _fl(mode: SemiInvisibleMode, wc_obj: Any, par: Any, q2: float) -> float:
    q2 = _check_q2(q2)
    return semi_invisible.longitudinal(wc_obj, par, mode, q2, q2)


def _fl_binned(mode: SemiInvisibleMode, wc_obj: Any, par: Any, q2min: float, q2max: float) -> float:
    return semi_invisible.longitudinal(wc_obj, par, mode, *_check_bin(q2min, q2max))


def _invisible(mode: Any, wc_obj: Any, par: Any) -> float:
    return invisible.branching_ratio(wc_obj, par, mode)


@dataclass(frozen=True)
class _Spec:
    name: str
    arguments: tuple[str, ...]
    function: Callable[..., float]
    description: str
    tex: str
    taxonomy: str


_BIN = ("q2min", "q2max")


def _semi_invisible_specs(mode: SemiInvisibleMode) -> Iterator[_Spec]:
    process = f"{mode.name}inv"
    tex = rf"{mode.tex}\,\text{{inv}}"
    meson = "V" if mode.spin else "P"
    taxonomy = (
        rf"Process :: $b$ hadron decays :: FCNC decays :: $B\to {meson}$ + invisible :: ${tex}$"
    )
    variants = [("BR", r"\text{BR}", mode.long_distance, "")]
    if mode.long_distance:
        variants.append(("BR_SD", r"\text{BR}_\text{SD}", False, ", short distance only"))
    for symbol, symbol_tex, tau, note in variants:
        derivative = rf"\frac{{d{symbol_tex}}}{{dq^2}}"
        yield _Spec(
            f"{symbol}({process})",
            (),
            partial(_total, mode, tau),
            rf"Branching ratio of ${tex}${note}",
            rf"${symbol_tex}({tex})$",
            taxonomy,
        )
        yield _Spec(
            f"d{symbol}/dq2({process})",
            ("q2",),
            partial(_differential, mode, tau),
            rf"Differential branching ratio of ${tex}${note}",
            rf"${derivative}({tex})$",
            taxonomy,
        )
        yield _Spec(
            f"<d{symbol}/dq2>({process})",
            _BIN,
            partial(_binned, mode, tau),
            rf"Binned differential branching ratio of ${tex}${note}",
            rf"$\langle {derivative} \rangle({tex})$",
            taxonomy,
        )
    if mode.spin:
        for symbol, arguments, function, text, symbol_tex in (
            ("FL", ("q2",), _fl, "Differential l", "F_L"),
            ("<FL>", _BIN, _fl_binned, "Binned l", r"\langle F_L \rangle"),
            ("FLtot", (), _fl_total, "L", r"F_L^\text{tot}"),
        ):
            yield _Spec(
                f"{symbol}({process})",
                arguments,
                partial(function, mode),
                rf"{text}ongitudinal polarisation fraction of ${tex}$ (short distance)",
                rf"${symbol_tex}({tex})$",
                taxonomy,
            )


def _specs() -> Iterator[_Spec]:
    for mode in SEMI_INVISIBLE.values():
        yield from _semi_invisible_specs(mode)
    for invisible_mode in INVISIBLE.values():
        tex = rf"{invisible_mode.tex}\to\text{{inv}}"
        yield _Spec(
            f"BR({invisible_mode.name}inv)",
            (),
            partial(_invisible, invisible_mode),
            rf"Branching ratio of ${tex}$",
            rf"$\text{{BR}}({tex})$",
            rf"Process :: $b$ hadron decays :: FCNC decays :: $B\to$ invisible :: ${tex}$",
        )


_SPECS = tuple(_specs())
NAMES = tuple(spec.name for spec in _SPECS)


def register() -> None:
    """Add the observables and their predictions to flavio, if they are not there yet."""
    for spec in _SPECS:
        if spec.name in flavio.Observable.instances:
            continue  # creating it again would drop its prediction
        observable = flavio.Observable(spec.name, arguments=list(spec.arguments) or None)
        observable.set_description(spec.description)
        observable.tex = spec.tex
        observable.add_taxonomy(spec.taxonomy)
        flavio.classes.Prediction(spec.name, spec.function)
