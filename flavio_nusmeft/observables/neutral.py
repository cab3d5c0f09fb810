"""B -> M + inv and the like, B -> X_s + inv, and mesons that decay to nothing visible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from ..errors import InvalidBin
from ..physics import exclusive, inclusive, long_distance
from ..physics.modes import INVISIBLE, SEMI_INVISIBLE, VECTORS, ExclusiveMode, TwoBodyMode
from ..physics.neutral_couplings import FLAVOUR_CHANGING
from ..physics.rates import Quantity, Rate, scaled
from .specs import (
    BIN,
    SM,
    WIDTH,
    Par,
    Spec,
    averaged,
    check_bin,
    check_q2,
    fl_specs,
    two_body_spec,
)

__all__ = ["specs"]


def _total(mode: ExclusiveMode, tau: bool, par: Par) -> Quantity:
    offset = long_distance.branching_ratio(par, mode) if tau else 0.0
    return Quantity((exclusive.rate(mode),), offset)


def _differential(mode: ExclusiveMode, tau: bool, par: Par, q2: float) -> Quantity:
    q2 = check_q2(q2)
    offset = long_distance.differential(par, mode, q2) if tau else 0.0
    return Quantity((exclusive.rate(mode, q2, q2),), offset)


def _binned(mode: ExclusiveMode, tau: bool, par: Par, q2min: float, q2max: float) -> Quantity:
    low, high = averaged(*check_bin(q2min, q2max))
    if low == high:
        return _differential(mode, tau, par, low)
    width = high - low
    offset = long_distance.branching_ratio(par, mode, low, high) / width if tau else 0.0
    return Quantity((scaled(exclusive.rate(mode, low, high), 1 / width),), offset)


_STRANGE_REGIONS = {  # of the hadronic mass (GeV): the decays that are subtracted or counted
    (0.0, 0.6): "K",
    (0.6, 1.0): "K*",
}
_CUT, _HEAVIEST = 1.0, 5.2


def _strange(par: Par) -> Quantity:
    return Quantity((inclusive.strange_rate(),))


def _strange_region(par: Par, MXmin: float, MXmax: float) -> Quantity:
    """Regions of the hadronic mass: K, K* and all the rest."""
    region = _STRANGE_REGIONS.get((MXmin, MXmax))
    if region is None and not (MXmin == _CUT and MXmax >= _HEAVIEST):
        raise InvalidBin(
            f"MX from {MXmin} to {MXmax} GeV: at tree level there are the regions 0 to 0.6 (K),"
            f" 0.6 to 1 (K*), and 1 to {_HEAVIEST} GeV or more (the rest)"
        )

    def mean(meson: str, factor: float) -> list[Rate]:
        modes = (SEMI_INVISIBLE[f"{charge}->{meson}"] for charge in ("B+", "B0"))
        return [scaled(exclusive.rate(mode), factor / 2) for mode in modes]

    if region is not None:
        return Quantity(tuple(mean(region, 1.0)))
    return Quantity((inclusive.strange_rate(), *mean("K", -1.0), *mean("K*", -1.0)))


_TAU = "arXiv:0908.1174"
_KAONS = ("Mescia:2007kn", "Buras:2006gb", "arXiv:hep-ph/0503107")
_KLONG = "arXiv:hep-ph/9701313"


def _short_distance_papers(mode: ExclusiveMode) -> tuple[str, ...]:
    """Of the decay without a charged lepton: the SM, and what is special to the mode."""
    papers: tuple[str, ...] = (SM,) if mode.quarks in ("bs", "bd") else ()
    if mode.width_factor:
        papers += (WIDTH,)
    if mode.kaon:
        papers += _KAONS
    return (*papers, _KLONG) if mode.kaon == "long" else papers


_KINDS = {
    ("b", 0): r"B\to P",
    ("b", 0.5): r"\Lambda_b\to \Lambda",
    ("b", 1): r"B\to V",
    ("s", 0): r"K\to \pi",
    ("c", 0): r"D\to \pi",
    ("c", 0.5): r"\Lambda_c\to p",
}


def _semi_invisible_specs(mode: ExclusiveMode) -> Iterator[Spec]:
    process = f"{mode.name}inv"
    tex = rf"{mode.tex}\,\text{{inv}}"
    quark = mode.quarks[0]
    kind = _KINDS[quark, mode.spin]
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
        yield Spec(
            f"{symbol}({process})",
            (),
            partial(_total, mode, tau),
            rf"Branching ratio of ${tex}${note}",
            rf"${symbol_tex}({tex})$",
            taxonomy,
            papers,
            transitions,
        )
        yield Spec(
            f"d{symbol}/dq2({process})",
            ("q2",),
            partial(_differential, mode, tau),
            rf"Differential branching ratio of ${tex}${note}",
            rf"${derivative}({tex})$",
            taxonomy,
            papers,
            transitions,
        )
        yield Spec(
            f"<d{symbol}/dq2>({process})",
            BIN,
            partial(_binned, mode, tau),
            rf"Binned differential branching ratio of ${tex}${note}",
            rf"$\langle {derivative} \rangle({tex})$",
            taxonomy,
            papers,
            transitions,
        )
    if mode.spin:
        yield from fl_specs(mode, process, tex, taxonomy, _short_distance_papers(mode))


def _strange_specs() -> Iterator[Spec]:
    tex = r"B\to X_s\,\text{inv}"
    taxonomy = rf"Process :: $b$ hadron decays :: FCNC decays :: $B\to X$ + invisible :: ${tex}$"
    for name, arguments, quantity, text, name_tex, papers, transitions in (
        ("BR", (), _strange, "Branching ratio", r"\text{BR}", (SM,), ()),
        (
            "<BR>",
            ("MXmin", "MXmax"),
            _strange_region,
            "Partial branching ratio",
            r"\langle\text{BR}\rangle",
            (SM, WIDTH),
            ("B->K", "B->K*"),
        ),
    ):
        yield Spec(
            f"{name}(B->Xsinv)",
            arguments,
            quantity,
            f"{text} of ${tex}$, short distance, average of charges",
            f"${name_tex}({tex})$",
            taxonomy,
            papers,
            transitions,
        )


_ETA = ("arXiv:hep-ph/9802409",)


def _invisible_spec(mode: TwoBodyMode) -> Spec:
    if mode.quarks in FLAVOUR_CHANGING:
        kind = rf"FCNC decays :: ${mode.B[0]}\to$ invisible"
        return two_body_spec(mode, kind)
    heavy = mode.quarks in ("bb", "cc")
    process = "Process :: quarkonium lepton decays" if heavy else None
    spec = two_body_spec(mode, r"Flavour conserving decays :: $M\to$ invisible", process)
    return replace(spec, papers=_ETA) if mode.B == "eta" else spec


def specs() -> Iterator[Spec]:
    """The rows of the table."""
    for mode in SEMI_INVISIBLE.values():
        yield from _semi_invisible_specs(mode)
    for invisible in (*INVISIBLE.values(), *VECTORS.values()):
        yield _invisible_spec(invisible)
    yield from _strange_specs()
