"""What a row of the table of observables is made of: arguments, averages, ratios, fractions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from .._inputs import number
from ..citations import cite
from ..errors import InvalidBin
from ..formulas.quadrature import SMALLEST
from ..physics import exclusive, formfactors, two_body
from ..physics.modes import CHARGED_LEPTONS, ExclusiveMode, TwoBodyMode
from ..physics.rates import Quantity, Rate, scaled

Par = Mapping[str, float]


def check_q2(q2: float) -> float:
    """q² (GeV²) as a finite number."""
    value = number("q2", q2, InvalidBin)
    if not np.isfinite(value):
        raise InvalidBin(f"q2 = {q2} is not finite")
    return value


def check_bin(q2min: float, q2max: float) -> tuple[float, float]:
    """Both ends (GeV²) of a bin that is not empty."""
    low, high = check_q2(q2min), check_q2(q2max)
    if low > high:
        raise InvalidBin(f"q2min = {q2min} is larger than q2max = {q2max}")
    if low == high:
        raise InvalidBin(f"the bin q2min = q2max = {q2min} is empty")
    return low, high


def averaged(low: float, high: float) -> tuple[float, float]:
    """The bin, or a point (low = high) in its place if it is too narrow to be integrated, at 0."""
    if high - low >= SMALLEST:
        return low, high
    point = low if high <= 0 else max(low, 0.0)
    return point, point


# F_L and P_τ: ratios of rates, by a function of `exclusive`
_Fraction = Callable[..., Quantity]


def _fraction_total(function: _Fraction, mode: ExclusiveMode, par: Par) -> Quantity:
    return function(mode)


def _fraction(function: _Fraction, mode: ExclusiveMode, par: Par, q2: float) -> Quantity:
    q2 = check_q2(q2)
    return function(mode, q2, q2)


def _fraction_binned(
    function: _Fraction, mode: ExclusiveMode, par: Par, q2min: float, q2max: float
) -> Quantity:
    return function(mode, *averaged(*check_bin(q2min, q2max)))


def two_body_quantity(mode: TwoBodyMode, par: Par) -> Quantity:
    """The branching ratio of a two-body decay."""
    return Quantity((two_body.rate(mode),))


# l stands for the average of e and mu, as in flavio
AVERAGE = {**{lepton: (lepton,) for lepton in CHARGED_LEPTONS}, "l": ("e", "mu")}


def average(rates: list[Rate], leptons: tuple[str, ...]) -> Quantity:
    """The mean over the leptons of their rates."""
    return Quantity(tuple(scaled(rate, 1 / len(leptons)) for rate in rates))


def _ratio(
    numerator: Callable[..., Quantity], denominator: Callable[..., Quantity], par: Par, *args: float
) -> Quantity:
    """Of rates at the same arguments; there is none where that of the denominator is closed."""
    above, below = numerator(par, *args).numerator, denominator(par, *args).numerator
    return Quantity(above, denominator=below)


@dataclass(frozen=True)
class Spec:
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

    @property
    def cited(self) -> tuple[str, ...]:
        """All papers of the observable, with those of the form factors in force."""
        papers = (METHOD, *self.papers)
        for transition in self.transitions:
            papers += formfactors.papers(transition)
        return papers

    def quantity(self, par: Par, *args: float, **named: float) -> Quantity:
        """The observable for these parameters, with its papers noted."""
        cite(self.cited)
        return self.function(par, *args, **named)


# what predictions cite, by the keys of citations.bib and flavio
METHOD = "arXiv:2309.02940"
SM = "Buras:2014fpa"
WIDTH = "arXiv:1908.02267"


BIN = ("q2min", "q2max")


def fraction_specs(
    fraction: _Fraction,
    symbol: str,
    symbol_tex: str,
    text: str,
    mode: ExclusiveMode,
    process: str,
    tex: str,
    taxonomy: str,
    papers: tuple[str, ...],
) -> Iterator[Spec]:
    """A ratio of rates as a function of q², in a bin and in total."""
    for name, arguments, function, description, name_tex in (
        (symbol, ("q2",), _fraction, f"Differential {text}", symbol_tex),
        (f"<{symbol}>", BIN, _fraction_binned, f"Binned {text}", rf"\langle {symbol_tex} \rangle"),
        (
            f"{symbol}tot",
            (),
            _fraction_total,
            text[0].upper() + text[1:],
            rf"{symbol_tex}^\text{{tot}}",
        ),
    ):
        yield Spec(
            f"{name}({process})",
            arguments,
            partial(function, fraction, mode),
            description,
            f"${name_tex}({tex})$",
            taxonomy,
            papers,
            (mode.form_factors,),
        )


def fl_specs(
    mode: ExclusiveMode, process: str, tex: str, taxonomy: str, papers: tuple[str, ...] = ()
) -> Iterator[Spec]:
    """The longitudinal fraction, likewise."""
    text = f"longitudinal polarisation fraction of ${tex}$ (short distance)"
    function = exclusive.longitudinal
    yield from fraction_specs(function, "FL", "F_L", text, mode, process, tex, taxonomy, papers)


def ratio_spec(
    name: str,
    numerator: Callable[..., Quantity],
    denominator: Callable[..., Quantity],
    tex: str,
    taxonomy: str,
    papers: tuple[str, ...] = (),
    transitions: tuple[str, ...] = (),
    arguments: tuple[str, ...] = (),
) -> Spec:
    """The ratio of two rates."""
    text = f"Ratio of branching ratios ${tex}$, first over second lepton"
    function = partial(_ratio, numerator, denominator)
    return Spec(name, arguments, function, text, f"${tex}$", taxonomy, papers, transitions)


def hadrons(quarks: str) -> str:
    """Beginning of the taxonomy for the decays of a hadron with these quarks, as in flavio."""
    flavoured = len(quarks) == 2 and quarks[0] != quarks[1]
    heaviest = next((q for q in "bcs" if q in quarks), None) if flavoured else None
    kind = f"${heaviest}$ hadron" if heaviest else "Unflavoured meson"
    return f"Process :: {kind} decays"


def two_body_spec(mode: TwoBodyMode, kind: str, process: str | None = None) -> Spec:
    """The branching ratio of a two-body decay; ``process`` as `hadrons` unless a hadron decays."""
    tex = rf"{mode.tex}\,\text{{inv}}"
    return Spec(
        f"BR({mode.name}inv)",
        (),
        partial(two_body_quantity, mode),
        f"Branching ratio of ${tex}$",
        rf"$\text{{BR}}({tex})$",
        f"{process or hadrons(mode.quarks)} :: {kind} :: ${tex}$",
    )
