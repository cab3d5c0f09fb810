"""The observables: one table of specifications, registered with flavio.

``BR(...)`` of charged modes contains the long-distance τ part, ``BR_SD(...)`` does not; F_L is
defined for the short-distance rate. P_τ is defined for the τ^- of the decay of a b quark, in the
rest frame of q, see `exclusive.polarisation`. Arguments: q² in GeV².
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any

import flavio
import numpy as np

from ._inputs import number
from .citations import cite
from .eft.wilson import PARTNERS
from .errors import InvalidBin, InvalidValue
from .formulas.quadrature import SMALLEST
from .physics import exclusive, formfactors, inclusive, long_distance, plausible, two_body
from .physics.channels import neutrino_masses, sector
from .physics.modes import (
    CHARGED_LEPTONS,
    INVISIBLE,
    LEPTON_TEX,
    LEPTONIC,
    SEMI_INVISIBLE,
    SEMILEPTONIC,
    ExclusiveMode,
    TwoBodyMode,
)
from .physics.rates import Quantity, Rate, evaluate, scaled

__all__ = ["NAMES", "QUANTITIES", "check_value", "register"]


def __dir__() -> list[str]:
    return sorted(__all__)


Par = Mapping[str, float]


def _check_q2(q2: float) -> float:
    value = number("q2", q2, InvalidBin)
    if not np.isfinite(value):
        raise InvalidBin(f"q2 = {q2} is not finite")
    return value


def _check_bin(q2min: float, q2max: float) -> tuple[float, float]:
    low, high = _check_q2(q2min), _check_q2(q2max)
    if low > high:
        raise InvalidBin(f"q2min = {q2min} is larger than q2max = {q2max}")
    if low == high:
        raise InvalidBin(f"the bin q2min = q2max = {q2min} is empty")
    return low, high


def _averaged(low: float, high: float) -> tuple[float, float]:
    """The bin, or a point (low = high) in its place if it is too narrow to be integrated, at 0."""
    if high - low >= SMALLEST:
        return low, high
    point = low if high <= 0 else max(low, 0.0)
    return point, point


def _total(mode: ExclusiveMode, tau: bool, par: Par) -> Quantity:
    offset = long_distance.branching_ratio(par, mode) if tau else 0.0
    return Quantity((exclusive.rate(par, mode),), offset)


def _differential(mode: ExclusiveMode, tau: bool, par: Par, q2: float) -> Quantity:
    q2 = _check_q2(q2)
    offset = long_distance.differential(par, mode, q2) if tau else 0.0
    return Quantity((exclusive.rate(par, mode, q2, q2),), offset)


def _binned(mode: ExclusiveMode, tau: bool, par: Par, q2min: float, q2max: float) -> Quantity:
    low, high = _averaged(*_check_bin(q2min, q2max))
    if low == high:
        return _differential(mode, tau, par, low)
    width = high - low
    offset = long_distance.branching_ratio(par, mode, low, high) / width if tau else 0.0
    return Quantity((scaled(exclusive.rate(par, mode, low, high), 1 / width),), offset)


# F_L and P_τ: ratios of rates, by a function of `exclusive`
_Fraction = Callable[..., Quantity]


def _fraction_total(function: _Fraction, mode: ExclusiveMode, par: Par) -> Quantity:
    return function(par, mode)


def _fraction(function: _Fraction, mode: ExclusiveMode, par: Par, q2: float) -> Quantity:
    q2 = _check_q2(q2)
    return function(par, mode, q2, q2)


def _fraction_binned(
    function: _Fraction, mode: ExclusiveMode, par: Par, q2min: float, q2max: float
) -> Quantity:
    return function(par, mode, *_averaged(*_check_bin(q2min, q2max)))


def _two_body(mode: TwoBodyMode, par: Par) -> Quantity:
    return Quantity((two_body.rate(par, mode),))


# l stands for the average of e and mu, as in flavio
_AVERAGE = {**{lepton: (lepton,) for lepton in CHARGED_LEPTONS}, "l": ("e", "mu")}


def _average(rates: list[Rate], leptons: tuple[str, ...]) -> Quantity:
    return Quantity(tuple(scaled(rate, 1 / len(leptons)) for rate in rates))


def _semileptonic(decay: str, lepton: str, par: Par) -> Quantity:
    leptons = _AVERAGE[lepton]
    return _average([exclusive.rate(par, SEMILEPTONIC[decay + x]) for x in leptons], leptons)


def _semileptonic_differential(decay: str, lepton: str, par: Par, q2: float) -> Quantity:
    q2, leptons = _check_q2(q2), _AVERAGE[lepton]
    rates = [exclusive.rate(par, SEMILEPTONIC[decay + x], q2, q2) for x in leptons]
    return _average(rates, leptons)


def _semileptonic_bin(decay: str, lepton: str, par: Par, q2min: float, q2max: float) -> Quantity:
    (low, high), leptons = _check_bin(q2min, q2max), _AVERAGE[lepton]
    rates = [exclusive.rate(par, SEMILEPTONIC[decay + x], low, high) for x in leptons]
    return _average(rates, leptons)


def _inclusive(lepton: str, par: Par) -> Quantity:
    leptons = _AVERAGE[lepton]
    return _average([rate for x in leptons for rate in inclusive.rates(par, x)], leptons)


_STRANGE_REGIONS = {  # of the hadronic mass (GeV): the decays that are subtracted or counted
    (0.0, 0.6): "K",
    (0.6, 1.0): "K*",
}
_CUT, _HEAVIEST = 1.0, 5.2


def _strange(par: Par) -> Quantity:
    return Quantity((inclusive.strange_rate(par),))


def _strange_region(par: Par, MXmin: float, MXmax: float) -> Quantity:
    """Regions of the hadronic mass: K, K* and all the rest."""
    region = _STRANGE_REGIONS.get((MXmin, MXmax))
    if region is None and not (MXmin == _CUT and MXmax >= _HEAVIEST):
        raise InvalidBin(
            f"MX from {MXmin} to {MXmax} GeV: at tree level there are the regions 0 to 0.6 (K),"
            f" 0.6 to 1 (K*), and 1 to {_HEAVIEST} GeV or more (the rest)"
        )

    def average(meson: str, factor: float) -> list[Rate]:
        modes = (SEMI_INVISIBLE[f"{charge}->{meson}"] for charge in ("B+", "B0"))
        return [scaled(exclusive.rate(par, mode), factor / 2) for mode in modes]

    if region is not None:
        return Quantity(tuple(average(region, 1.0)))
    return Quantity((inclusive.strange_rate(par), *average("K", -1.0), *average("K*", -1.0)))


def _ratio(
    numerator: Callable[[Par], Quantity], denominator: Callable[[Par], Quantity], par: Par
) -> Quantity:
    return Quantity(numerator(par).numerator, denominator=denominator(par).numerator)


@dataclass(frozen=True)
class _Spec:
    """An observable.

    ``function`` of (par, *arguments) is called through `quantity`, which notes the papers to cite:
    ``papers``, and those of the form factors of ``transitions``.
    """

    name: str
    arguments: tuple[str, ...]
    function: Callable[..., Quantity]
    description: str
    tex: str
    taxonomy: str
    papers: tuple[str, ...] = ()
    transitions: tuple[str, ...] = ()

    def quantity(self, par: Par, *args: float, **named: float) -> Quantity:
        papers = (_METHOD, *self.papers)
        for transition in self.transitions:
            papers += formfactors.papers(transition)
        cite(papers)
        return self.function(par, *args, **named)


# what predictions cite, by the texkeys of citations.yml and flavio
_METHOD = "arXiv:2309.02940"
_SM = "Buras:2014fpa"
_WIDTH = "arXiv:1908.02267"
_TAU = "arXiv:0908.1174"
_POLARISATION = "arXiv:1212.1878"
_KAONS = ("Mescia:2007kn", "Buras:2006gb", "arXiv:hep-ph/0503107")
_KLONG = "arXiv:hep-ph/9701313"
_KINETIC = ("Gambino:2011cq", "Benson:2003kp")


def _short_distance_papers(mode: ExclusiveMode) -> tuple[str, ...]:
    """Of the decay without a charged lepton: the SM, and what is special to the mode."""
    papers: tuple[str, ...] = (_SM,) if mode.quarks in ("bs", "bd") else ()
    if mode.width_factor:
        papers += (_WIDTH,)
    if mode.kaon:
        papers += _KAONS
    return (*papers, _KLONG) if mode.kaon == "long" else papers


_BIN = ("q2min", "q2max")


_B_KINDS = {0: r"B\to P", 0.5: r"\Lambda_b\to \Lambda", 1: r"B\to V"}
_OTHER_KINDS = {"s": r"K\to \pi", "c": r"D\to \pi"}


def _semi_invisible_specs(mode: ExclusiveMode) -> Iterator[_Spec]:
    process = f"{mode.name}inv"
    tex = rf"{mode.tex}\,\text{{inv}}"
    quark = mode.quarks[0]
    kind = _OTHER_KINDS.get(quark) or _B_KINDS[mode.spin]
    taxonomy = (
        f"Process :: ${quark}$ hadron decays :: FCNC decays :: ${kind}$ + invisible :: ${tex}$"
    )
    variants = [("BR", r"\text{BR}", mode.long_distance, "")]
    if mode.long_distance:
        variants.append(("BR_SD", r"\text{BR}_\text{SD}", False, ", short distance only"))
    transitions = (mode.form_factors,)
    for symbol, symbol_tex, tau, note in variants:
        papers = _short_distance_papers(mode) + ((_TAU,) if tau else ())
        derivative = rf"\frac{{d{symbol_tex}}}{{dq^2}}"
        yield _Spec(
            f"{symbol}({process})",
            (),
            partial(_total, mode, tau),
            rf"Branching ratio of ${tex}${note}",
            rf"${symbol_tex}({tex})$",
            taxonomy,
            papers,
            transitions,
        )
        yield _Spec(
            f"d{symbol}/dq2({process})",
            ("q2",),
            partial(_differential, mode, tau),
            rf"Differential branching ratio of ${tex}${note}",
            rf"${derivative}({tex})$",
            taxonomy,
            papers,
            transitions,
        )
        yield _Spec(
            f"<d{symbol}/dq2>({process})",
            _BIN,
            partial(_binned, mode, tau),
            rf"Binned differential branching ratio of ${tex}${note}",
            rf"$\langle {derivative} \rangle({tex})$",
            taxonomy,
            papers,
            transitions,
        )
    if mode.spin:
        yield from _fl_specs(mode, process, tex, taxonomy)


def _fl_specs(mode: ExclusiveMode, process: str, tex: str, taxonomy: str) -> Iterator[_Spec]:
    text = f"longitudinal polarisation fraction of ${tex}$ (short distance)"
    function = exclusive.longitudinal
    papers = () if mode.lepton else _short_distance_papers(mode)
    yield from _fraction_specs(function, "FL", "F_L", text, mode, process, tex, taxonomy, papers)


def _polarisation_specs(
    mode: ExclusiveMode, process: str, tex: str, taxonomy: str
) -> Iterator[_Spec]:
    text = rf"polarisation of the $\tau$ in ${tex}$, sign as for $\tau^-$"
    function, papers = exclusive.polarisation, (_POLARISATION,)
    yield from _fraction_specs(
        function, "Ptau", r"P_\tau", text, mode, process, tex, taxonomy, papers
    )


def _fraction_specs(
    fraction: _Fraction,
    symbol: str,
    symbol_tex: str,
    text: str,
    mode: ExclusiveMode,
    process: str,
    tex: str,
    taxonomy: str,
    papers: tuple[str, ...],
) -> Iterator[_Spec]:
    for name, arguments, function, description, name_tex in (
        (symbol, ("q2",), _fraction, f"Differential {text}", symbol_tex),
        (f"<{symbol}>", _BIN, _fraction_binned, f"Binned {text}", rf"\langle {symbol_tex} \rangle"),
        (
            f"{symbol}tot",
            (),
            _fraction_total,
            text[0].upper() + text[1:],
            rf"{symbol_tex}^\text{{tot}}",
        ),
    ):
        yield _Spec(
            f"{name}({process})",
            arguments,
            partial(function, fraction, mode),
            description,
            f"${name_tex}({tex})$",
            taxonomy,
            papers,
            (mode.form_factors,),
        )


_SEMILEPTONIC_TAXONOMY = (
    r"Process :: $b$ hadron decays :: Semi-leptonic tree-level decays :: $B\to %s\ell$ + invisible"
)
# decay in the names -> (decay that it stands for, LaTeX, class of decays); ratios, F_L and P_τ
# without a charge are those of the B0, as in flavio
_SEMILEPTONIC_DECAYS = {
    "B+->D": ("B+->D", r"B^+\to \bar D^0", "P"),
    "B0->D": ("B0->D", r"B^0\to D^-", "P"),
    "B->D": ("B0->D", r"B\to D", "P"),
    "B+->D*": ("B+->D*", r"B^+\to \bar D^{*0}", "V"),
    "B0->D*": ("B0->D*", r"B^0\to D^{*-}", "V"),
    "B->D*": ("B0->D*", r"B\to D^*", "V"),
}
_RATIOS = (("mu", "e"), ("e", "mu"), ("tau", "l"))


def _semileptonic_specs(decay: str) -> Iterator[_Spec]:
    source, decay_tex, meson = _SEMILEPTONIC_DECAYS[decay]
    transitions = (SEMILEPTONIC[f"{source}e"].form_factors,)
    for lepton in _AVERAGE:
        tex = rf"{decay_tex} {LEPTON_TEX[lepton]}^+\,\text{{inv}}"
        taxonomy = f"{_SEMILEPTONIC_TAXONOMY % meson} :: ${tex}$"
        if not decay.startswith("B->"):
            for symbol, arguments, function, text, symbol_tex in (
                ("BR", (), _semileptonic, "Branching", r"\text{BR}"),
                (
                    "dBR/dq2",
                    ("q2",),
                    _semileptonic_differential,
                    "Differential branching",
                    r"\frac{d\text{BR}}{dq^2}",
                ),
                ("<BR>", _BIN, _semileptonic_bin, "Partial branching", r"\langle\text{BR}\rangle"),
            ):
                yield _Spec(
                    f"{symbol}({decay}{lepton}inv)",
                    arguments,
                    partial(function, source, lepton),
                    f"{text} ratio of ${tex}$",
                    f"${symbol_tex}({tex})$",
                    taxonomy,
                    transitions=transitions,
                )
        if lepton == "l":
            continue
        mode, process = SEMILEPTONIC[source + lepton], f"{decay}{lepton}inv"
        if meson == "V":
            yield from _fl_specs(mode, process, tex, taxonomy)
        if lepton == "tau":
            yield from _polarisation_specs(mode, process, tex, taxonomy)
    if decay.startswith("B->"):
        tex = rf"{decay_tex} \ell^+\,\text{{inv}}"
        for first, second in _RATIOS:
            yield _ratio_spec(
                f"R{first}{second}({decay}linv)",
                partial(_semileptonic, source, first),
                partial(_semileptonic, source, second),
                rf"R_{{{LEPTON_TEX[first]} {LEPTON_TEX[second]}}}({tex})",
                f"{_SEMILEPTONIC_TAXONOMY % meson} :: ${tex}$",
                transitions=transitions,
            )


def _ratio_spec(
    name: str,
    numerator: Callable[[Par], Quantity],
    denominator: Callable[[Par], Quantity],
    tex: str,
    taxonomy: str,
    papers: tuple[str, ...] = (),
    transitions: tuple[str, ...] = (),
) -> _Spec:
    text = f"Ratio of branching ratios ${tex}$, first over second lepton"
    function = partial(_ratio, numerator, denominator)
    return _Spec(name, (), function, text, f"${tex}$", taxonomy, papers, transitions)


def _inclusive_specs() -> Iterator[_Spec]:
    taxonomy = _SEMILEPTONIC_TAXONOMY % "X"
    for lepton in _AVERAGE:
        tex = rf"B\to X_c {LEPTON_TEX[lepton]}^+\,\text{{inv}}"
        yield _Spec(
            f"BR(B->Xc{lepton}inv)",
            (),
            partial(_inclusive, lepton),
            f"Branching ratio of ${tex}$",
            rf"$\text{{BR}}({tex})$",
            f"{taxonomy} :: ${tex}$",
            _KINETIC,
        )
    tex = r"B\to X\ell^+\,\text{inv}"
    for first, second in (("mu", "e"), ("e", "mu")):
        yield _ratio_spec(
            f"R{first}{second}(B->Xlinv)",
            partial(_inclusive, first),
            partial(_inclusive, second),
            rf"R_{{{LEPTON_TEX[first]} {LEPTON_TEX[second]}}}({tex})",
            f"{taxonomy} :: ${tex}$",
            _KINETIC,
        )


def _strange_specs() -> Iterator[_Spec]:
    tex = r"B\to X_s\,\text{inv}"
    taxonomy = rf"Process :: $b$ hadron decays :: FCNC decays :: $B\to X$ + invisible :: ${tex}$"
    for name, arguments, quantity, text, name_tex, papers, transitions in (
        ("BR", (), _strange, "Branching ratio", r"\text{BR}", (_SM,), ()),
        (
            "<BR>",
            ("MXmin", "MXmax"),
            _strange_region,
            "Partial branching ratio",
            r"\langle\text{BR}\rangle",
            (_SM, _WIDTH),
            ("B->K", "B->K*"),
        ),
    ):
        yield _Spec(
            f"{name}(B->Xsinv)",
            arguments,
            quantity,
            f"{text} of ${tex}$, short distance, average of charges",
            f"${name_tex}({tex})$",
            taxonomy,
            papers,
            transitions,
        )


def _two_body_spec(mode: TwoBodyMode, kind: str) -> _Spec:
    tex = rf"{mode.tex}\,\text{{inv}}"
    return _Spec(
        f"BR({mode.name}inv)",
        (),
        partial(_two_body, mode),
        f"Branching ratio of ${tex}$",
        rf"$\text{{BR}}({tex})$",
        f"Process :: $b$ hadron decays :: {kind} :: ${tex}$",
    )


def _specs() -> Iterator[_Spec]:
    for mode in SEMI_INVISIBLE.values():
        yield from _semi_invisible_specs(mode)
    for invisible in INVISIBLE.values():
        yield _two_body_spec(invisible, r"FCNC decays :: $B\to$ invisible")
    for decay in _SEMILEPTONIC_DECAYS:
        yield from _semileptonic_specs(decay)
    yield from _inclusive_specs()
    yield from _strange_specs()
    for leptonic in LEPTONIC.values():
        kind = r"Leptonic tree-level decays :: $B\to\ell$ + invisible"
        yield _two_body_spec(leptonic, kind)


_SPECS = tuple(_specs())
NAMES = tuple(spec.name for spec in _SPECS)
# (par, *arguments) -> Quantity, by the names of the observables
QUANTITIES = {spec.name: spec.quantity for spec in _SPECS}


# the part of a name in front of the decay
_SYMBOLS = {name: name.partition("(")[0].replace("_SD", "") for name in NAMES}


def _largest(name: str, arguments: tuple[float, ...]) -> float:
    """The value of an observable at which its branching ratio, in a bin of it, is 1."""
    symbol = _SYMBOLS[name]
    if symbol in ("BR", "<BR>"):
        return 1.0
    if symbol == "<dBR/dq2>":
        return 1 / abs(arguments[1] - arguments[0])
    return np.inf


def check_value(name: str, arguments: tuple[float, ...], value: float) -> None:
    """Check a value of an observable, or the largest of many.

    Parameters
    ----------
    name : str
        Of the observable.
    arguments : tuple of float
        Its arguments, q² or a bin, GeV².
    value : float
        To be checked.

    Raises
    ------
    InvalidValue
        If it is not finite.

    Warns
    -----
    SizeWarning
        If it is a branching ratio above 1.
    """
    if not isfinite(value):
        raise InvalidValue(f"{name} is not finite with coefficients, or a bin, of such a size")
    if value > _largest(name, arguments):
        plausible.warn_above_one(name)


def _predict(spec: _Spec, wc_obj: Any, par: Par, *args: float, **named: float) -> float:
    neutrino_masses(par)  # also those that have no couplings are checked
    quantity = spec.quantity(par, *args, **named)
    with np.errstate(over="ignore", invalid="ignore"):  # of huge coefficients
        value = evaluate(quantity, wc_obj, par)
    check_value(spec.name, (*args, *named.values()), value)
    if wc_obj is not None:
        plausible.check(wc_obj, par)
    return value


def _partners() -> dict[str, tuple[str, ...]]:
    """By sector of WET: the observables in which N contributes, and flavio has them without N."""
    charged = tuple(n for n in NAMES if n.endswith("linv)") and n.startswith(("BR(", "R")))
    leptonic = tuple(f"BR({mode.name}inv)" for mode in LEPTONIC.values())
    result = {sector(m.quarks, m.lepton)[1]: charged + leptonic for m in SEMILEPTONIC.values()}
    neutral = [(mode.quarks, mode.name) for mode in SEMI_INVISIBLE.values()]
    for quarks, name in [*neutral, *((mode.quarks, mode.name) for mode in INVISIBLE.values())]:
        key = sector(quarks, None)[1]
        result[key] = (*result.get(key, ()), f"BR({name}inv)")
    return result


def register() -> None:
    """Add the observables and their predictions to flavio, if they are not there yet."""
    PARTNERS.update(_partners())
    for spec in _SPECS:
        if spec.name in flavio.Observable.instances:
            continue  # creating it again would drop its prediction
        observable = flavio.Observable(spec.name, arguments=list(spec.arguments) or None)
        observable.set_description(spec.description)
        observable.tex = spec.tex
        observable.add_taxonomy(spec.taxonomy)
        flavio.classes.Prediction(spec.name, partial(_predict, spec))
