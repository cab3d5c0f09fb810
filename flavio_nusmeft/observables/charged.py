"""Charged currents: M -> M' l + inv, B -> X_c l + inv, M -> l + inv, and their ratios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from ..physics import exclusive, inclusive, two_body
from ..physics.modes import LEPTON_TEX, LEPTONIC, SEMILEPTONIC, TAU_HADRONIC, ExclusiveMode
from ..physics.rates import Quantity, Rate, scaled
from .specs import (
    AVERAGE,
    BIN,
    Par,
    Spec,
    average,
    check_bin,
    check_q2,
    fl_specs,
    fraction_specs,
    hadrons,
    ratio_spec,
    two_body_spec,
)

__all__ = ["specs"]

_POLARISATION = "arXiv:1212.1878"
_KINETIC = ("Gambino:2011cq", "Benson:2003kp")
_RADIATIVE = ("Cirigliano:2007ga",)

# of a mode and a region, as a sum
_Rates = Callable[..., tuple[Rate, ...]]


def _all(mode: ExclusiveMode, *region: float) -> tuple[Rate, ...]:
    return (exclusive.rate(mode, *region),)


def _longitudinal(mode: ExclusiveMode, *region: float) -> tuple[Rate, ...]:
    return (exclusive.longitudinal_rate(mode, *region),)


def _transverse(mode: ExclusiveMode, *region: float) -> tuple[Rate, ...]:
    longitudinal = exclusive.longitudinal_rate(mode, *region)
    return exclusive.rate(mode, *region), scaled(longitudinal, -1.0)


def _mean(rates: _Rates, decay: str, lepton: str, *region: float) -> Quantity:
    leptons = AVERAGE[lepton]
    found = [r for x in leptons for r in rates(SEMILEPTONIC[decay + x], *region)]
    return average(found, leptons)


def _total(rates: _Rates, decay: str, lepton: str, par: Par) -> Quantity:
    return _mean(rates, decay, lepton)


def _differential(rates: _Rates, decay: str, lepton: str, par: Par, q2: float) -> Quantity:
    q2 = check_q2(q2)
    return _mean(rates, decay, lepton, q2, q2)


def _partial(
    rates: _Rates, decay: str, lepton: str, par: Par, q2min: float, q2max: float
) -> Quantity:
    return _mean(rates, decay, lepton, *check_bin(q2min, q2max))


def _normalised(decay: str, lepton: str, par: Par, q2min: float, q2max: float) -> Quantity:
    """The part of the rate in a bin."""
    part = _partial(_all, decay, lepton, par, q2min, q2max)
    return Quantity(part.numerator, denominator=_total(_all, decay, lepton, par).numerator)


class _Decay(NamedTuple):
    """A decay in the names of observables.

    ``source`` is the one that it stands for: names without a charge stand for the neutral meson,
    as in flavio. ``ratios`` are pairs of leptons.
    """

    source: str
    tex: str
    ratios: tuple[tuple[str, str], ...] = ()

    @property
    def leptons(self) -> list[str]:
        found = [x for x in ("e", "mu", "tau") if self.source + x in SEMILEPTONIC]
        return [*found, "l"]

    @property
    def mode(self) -> ExclusiveMode:
        return SEMILEPTONIC[f"{self.source}e"]

    @property
    def taxonomy(self) -> str:
        initial = {"b": "B", "c": "D", "s": "K"}[next(q for q in "bcs" if q in self.mode.quarks)]
        kind = rf"${initial}\to {'V' if self.mode.spin else 'P'}\ell$ + invisible"
        return f"{hadrons(self.mode.quarks)} :: Semi-leptonic tree-level decays :: {kind}"


_MUE, _EMU, _TAUL, _TAUMU = ("mu", "e"), ("e", "mu"), ("tau", "l"), ("tau", "mu")
_ALL = (_MUE, _EMU, _TAUL, _TAUMU)
_DECAYS = {
    "B+->D": _Decay("B+->D", r"B^+\to \bar D^0"),
    "B0->D": _Decay("B0->D", r"B^0\to D^-"),
    "B->D": _Decay("B0->D", r"B\to D", _ALL),
    "B+->D*": _Decay("B+->D*", r"B^+\to \bar D^{*0}"),
    "B0->D*": _Decay("B0->D*", r"B^0\to D^{*-}"),
    "B->D*": _Decay("B0->D*", r"B\to D^*", _ALL),
    "B+->pi": _Decay("B+->pi", r"B^+\to \pi^0"),
    "B0->pi": _Decay("B0->pi", r"B^0\to \pi^-"),
    "B->pi": _Decay("B0->pi", r"B\to \pi", _ALL),
    "B+->rho": _Decay("B+->rho", r"B^+\to \rho^0"),
    "B0->rho": _Decay("B0->rho", r"B^0\to \rho^-"),
    "B->rho": _Decay("B0->rho", r"B\to \rho", _ALL),
    "B+->omega": _Decay("B+->omega", r"B^+\to \omega", _ALL),
    "Bs->K*": _Decay("Bs->K*", r"B_s\to K^{*-}", _ALL),
    "D+->K": _Decay("D+->K", r"D^+\to \bar K^0"),
    "D0->K": _Decay("D0->K", r"D^0\to K^-"),
    "D->K": _Decay("D0->K", r"D\to K", (_MUE, _EMU)),
    "D+->pi": _Decay("D+->pi", r"D^+\to \pi^0"),
    "D0->pi": _Decay("D0->pi", r"D^0\to \pi^-"),
    "D->pi": _Decay("D0->pi", r"D\to \pi", (_MUE, _EMU)),
    "K+->pi": _Decay("K+->pi", r"K^+\to \pi^0"),
    "KL->pi": _Decay("KL->pi", r"K_L\to \pi^\mp"),
    "KS->pi": _Decay("KS->pi", r"K_S\to \pi^\mp"),
}
_BR = r"\text{BR}"
_WIDTHS = (  # symbol, arguments, function, text, LaTeX
    ("BR%s", (), _total, "Branching", _BR + "%s"),
    ("dBR%s/dq2", ("q2",), _differential, "Differential branching", rf"\frac{{d{_BR}%s}}{{dq^2}}"),
    ("<BR%s>", BIN, _partial, "Partial branching", rf"\langle{_BR}%s\rangle"),
)
_HELICITIES = (  # index of the symbol, rates, text
    ("", _all, ""),
    ("_L", _longitudinal, " to the longitudinal meson"),
    ("_T", _transverse, " to the transverse meson"),
)


def _rate_specs(name: str, decay: _Decay, lepton: str, tex: str, taxonomy: str) -> Iterator[Spec]:
    transitions = (decay.mode.form_factors,)
    for index, rates, of_meson in _HELICITIES if decay.mode.spin else _HELICITIES[:1]:
        for symbol, arguments, function, text, symbol_tex in _WIDTHS:
            yield Spec(
                f"{symbol % index}({name}{lepton}inv)",
                arguments,
                partial(function, rates, decay.source, lepton),
                f"{text} ratio of ${tex}${of_meson}",
                f"${symbol_tex % index}({tex})$",
                taxonomy,
                transitions=transitions,
            )


def _polarisation_specs(
    mode: ExclusiveMode, process: str, tex: str, taxonomy: str
) -> Iterator[Spec]:
    text = rf"polarisation of the $\tau$ in ${tex}$, sign as for $\tau^-$"
    function, papers = exclusive.polarisation, (_POLARISATION,)
    yield from fraction_specs(
        function, "Ptau", r"P_\tau", text, mode, process, tex, taxonomy, papers
    )


def _semileptonic_specs(name: str, decay: _Decay) -> Iterator[Spec]:
    is_charge_average = "->" in name and name.split("->")[0] in ("B", "D")
    for lepton in decay.leptons:
        tex = rf"{decay.tex} {LEPTON_TEX[lepton]}^+\,\text{{inv}}"
        taxonomy = f"{decay.taxonomy} :: ${tex}$"
        if not is_charge_average:
            yield from _rate_specs(name, decay, lepton, tex, taxonomy)
        if lepton == "l":
            continue
        mode, process = SEMILEPTONIC[decay.source + lepton], f"{name}{lepton}inv"
        if is_charge_average and mode.quarks != "bc":
            continue
        if mode.spin:
            yield from fl_specs(mode, process, tex, taxonomy)
        if lepton == "tau":
            yield from _polarisation_specs(mode, process, tex, taxonomy)
            if is_charge_average:
                yield Spec(
                    f"<BR>/BR({process})",
                    BIN,
                    partial(_normalised, decay.source, lepton),
                    f"Part of the decays ${tex}$ in a bin",
                    rf"$\langle {_BR}\rangle/{_BR}({tex})$",
                    taxonomy,
                    transitions=(mode.form_factors,),
                )
    tex = rf"{decay.tex} \ell^+\,\text{{inv}}"
    for first, second in decay.ratios:
        ratio_tex = rf"R_{{{LEPTON_TEX[first]} {LEPTON_TEX[second]}}}"
        for symbol, function, arguments, symbol_tex in (
            (f"R{first}{second}", _total, (), ratio_tex),
            (f"<R{first}{second}>", _partial, BIN, rf"\langle {ratio_tex} \rangle"),
        ):
            yield ratio_spec(
                f"{symbol}({name}linv)",
                partial(function, _all, decay.source, first),
                partial(function, _all, decay.source, second),
                f"{symbol_tex}({tex})",
                f"{decay.taxonomy} :: ${tex}$",
                transitions=(decay.mode.form_factors,),
                arguments=arguments,
            )


def _inclusive(lepton: str, par: Par) -> Quantity:
    leptons = AVERAGE[lepton]
    return average([inclusive.rate(x) for x in leptons], leptons)


def _inclusive_specs() -> Iterator[Spec]:
    taxonomy = f"{hadrons('bc')} :: Semi-leptonic tree-level decays :: $B\\to X\\ell$ + invisible"
    for lepton in AVERAGE:
        tex = rf"B\to X_c {LEPTON_TEX[lepton]}^+\,\text{{inv}}"
        yield Spec(
            f"BR(B->Xc{lepton}inv)",
            (),
            partial(_inclusive, lepton),
            f"Branching ratio of ${tex}$",
            rf"$\text{{BR}}({tex})$",
            f"{taxonomy} :: ${tex}$",
            _KINETIC,
        )
    for name, tex, ratios in (
        ("B->Xlinv", r"B\to X\ell^+\,\text{inv}", (_MUE, _EMU)),
        ("B->Xclinv", r"B\to X_c\ell^+\,\text{inv}", (_MUE, _TAUL, _TAUMU)),
    ):
        for first, second in ratios:
            yield ratio_spec(
                f"R{first}{second}({name})",
                partial(_inclusive, first),
                partial(_inclusive, second),
                rf"R_{{{LEPTON_TEX[first]} {LEPTON_TEX[second]}}}({tex})",
                f"{taxonomy} :: ${tex}$",
                _KINETIC,
            )


def _leptonic(name: str, factor: str | float, par: Par) -> Quantity:
    """Branching ratio of a leptonic mode times a number, or over a lifetime: a partial width."""
    number = 1 / par[factor] if isinstance(factor, str) else factor
    return Quantity((scaled(two_body.rate(LEPTONIC[name]), number),))


_ALPHA_LOGARITHMS = 1.00055  # of higher orders in K -> e nu over K -> mu nu, arXiv:0707.4464 (111)


def _leptonic_specs() -> Iterator[Spec]:
    kind = "Leptonic tree-level decays"
    for mode in LEPTONIC.values():
        if mode.B == "pi+":
            continue
        initial = {"b": "B", "c": "D", "s": "K"}[next(q for q in "bcs" if q in mode.quarks)]
        yield two_body_spec(mode, rf"{kind} :: ${initial}\to\ell$ + invisible")
    pion, kaon = f"{hadrons('du')} :: {kind}", f"{hadrons('su')} :: {kind}"
    tex = rf"{LEPTONIC['pi+->mu'].tex}\,\text{{inv}}"
    yield Spec(
        "Gamma(pi+->muinv)",
        (),
        partial(_leptonic, "pi+->mu", "tau_pi+"),
        f"Width of ${tex}$, GeV",
        rf"$\Gamma({tex})$",
        rf"{pion} :: $\pi\to\ell$ + invisible :: ${tex}$",
        _RADIATIVE,
    )
    # as in flavio the pion decays to nothing but muons: its width, and decays to e over those to mu
    yield ratio_spec(
        "BR(pi+->einv)",
        partial(_leptonic, "pi+->e", _ALPHA_LOGARITHMS),
        partial(_leptonic, "pi+->mu", 1.0),
        rf"R_{{e\mu}}({LEPTONIC['pi+->e'].tex}\,\text{{inv}})",
        rf"{pion} :: $\pi\to\ell$ + invisible",
        _RADIATIVE,
    )
    for lepton in ("e", "mu"):
        tex = rf"P^+\to {LEPTON_TEX[lepton]}^+\,\text{{inv}}"
        yield ratio_spec(
            f"RKpi(P+->{lepton}inv)",
            partial(_leptonic, f"K+->{lepton}", "tau_K+"),
            partial(_leptonic, f"pi+->{lepton}", "tau_pi+"),
            rf"R_{{K\pi}}({tex})",
            rf"{kaon} :: $K\to\ell$ + invisible :: ${tex}$",
            _RADIATIVE,
        )
    tex = r"K^+\to\ell^+\,\text{inv}"
    yield ratio_spec(
        "Remu(K+->linv)",
        partial(_leptonic, "K+->e", _ALPHA_LOGARITHMS),
        partial(_leptonic, "K+->mu", 1.0),
        rf"R_{{e\mu}}({tex})",
        rf"{kaon} :: $K\to\ell$ + invisible :: ${tex}$",
        _RADIATIVE,
    )


def specs() -> Iterator[Spec]:
    """The rows of the table."""
    for name, decay in _DECAYS.items():
        yield from _semileptonic_specs(name, decay)
    yield from _inclusive_specs()
    yield from _leptonic_specs()
    tau = "Process :: $\\tau$ lepton decays"
    for mode in TAU_HADRONIC.values():
        yield two_body_spec(mode, r"Hadronic tree-level decays :: $\tau\to P$ + invisible", tau)
