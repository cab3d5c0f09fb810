"""Drawing on matplotlib Axes: every function returns its artists by name.

Axes of coefficients are in TeV^-2. Nothing here changes the settings of matplotlib. All labels are
for legends: ``axes.legend()``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._inputs import brief
from ..errors import InvalidValue
from ..units import TeV
from .data import KPLUS, LIMITS, Curves, Plane, Spectra
from .experiment import CHANNELS, Z_POLE, Band, Experiment
from .reach import Reach

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = [
    "COLORS",
    "PALETTE",
    "check_drawn",
    "coefficient_tex",
    "draw_channels",
    "draw_plane",
    "draw_reach",
    "draw_signal",
    "draw_spectra",
    "percent_tex",
]

# The palette of M. Okabe and K. Ito, in the paper's order of hues
_BLACK, _ORANGE, _SKY, _GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
_BLUE, _VERMILLION, _PURPLE = "#0072B2", "#D55E00", "#CC79A7"
COLORS = {
    "Bs->inv": _BLACK,
    "B0->K*inv": _VERMILLION,
    "B+->K*inv": _ORANGE,
    "B0->Kinv": _GREEN,
    "B+->Kinv": _BLUE,
    "Bs->phiinv": _PURPLE,
    "Lambdab->Lambdainv": _SKY,
}
_OPERATOR_COLORS = (_BLUE, _VERMILLION, _BLACK, _GREEN, _ORANGE, _PURPLE)
PALETTE = (*_OPERATOR_COLORS, _SKY)
_MASS_STYLES = ("-", "--", "-.", (0, (1, 1)))
_LIMIT_STYLES = {"B0->K*inv": "-", "B0->Kinv": (0, (5, 1.5))}
_FILL, _HATCH = "#B5DBF3", "#5B9FD0"
_ARTIST = dict[str, "Artist"]


def coefficient_tex(name: str) -> str:
    """``QN_2311`` as LaTeX with dollars."""
    kind, _, indices = name.partition("_")
    return rf"$C^{{\mathrm{{{kind}}}}}_{{{indices}}}$"


def channel_tex(channel: str) -> str:
    """A channel as LaTeX without dollars: the whole reaction."""
    tex = (CHANNELS | Z_POLE)[channel].tex
    arrow = "" if r"\to" in tex else r"\to"
    plus = "" if arrow else "+"
    return rf"{tex}{arrow}{plus}\mathrm{{inv}}"


def unit_tex(text: str) -> str:
    """``1 ab^-1`` as text with LaTeX."""
    return text.replace("ab^-1", "ab$^{-1}$")


def percent_tex(text: str) -> str:
    """``90% CL`` with a space before the unit."""
    return text.replace("%", " %")


def check_drawn(axes: Any, numbers: Any, kind: type) -> None:
    """Check the arguments of the functions that draw.

    Raises
    ------
    InvalidValue
    """
    if not hasattr(axes, "set_xlim"):
        raise InvalidValue(f"axes must be Axes of matplotlib, like plt.gca(), not {brief(axes)}")
    if not isinstance(numbers, kind):
        raise InvalidValue(f"what is drawn must be {kind.__name__}, not {brief(numbers)}")


def draw_spectra(axes: Axes, spectra: Spectra) -> dict[Any, Line2D]:
    """Draw spectra, solid for the first mass, dashed for the second, and the SM.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    spectra : Spectra
        From `spectra`.

    Returns
    -------
    dict of tuple or str to Line2D
        Lines by (coefficient, mass), and ``SM``.
    """
    check_drawn(axes, spectra, Spectra)
    artists: dict[Any, Line2D] = {}
    unit = 1e6
    for i, (name, C) in enumerate(spectra.coefficients.items()):
        name_tex = rf"{coefficient_tex(name)} = {C / TeV**-2:g} TeV$^{{-2}}$"
        for j, mass in enumerate(spectra.masses):
            (artists[name, mass],) = axes.plot(
                spectra.q2,
                unit * spectra.values[i, j],
                color=_OPERATOR_COLORS[i % len(_OPERATOR_COLORS)],
                linestyle=_MASS_STYLES[j % len(_MASS_STYLES)],
                label=rf"{name_tex}, $m_N$ = {mass:g} GeV",
            )
    (artists["SM"],) = axes.plot(
        spectra.q2, unit * spectra.sm, color="0.45", linestyle=":", linewidth=1.6, label="SM"
    )
    axes.set_xlim(spectra.q2[0], spectra.q2[-1])
    axes.set_ylim(0, None)
    axes.set_xlabel(r"$q^2$ [GeV$^2$]")
    kind = r"d\mathrm{BR}_\mathrm{SD}" if "_SD" in spectra.observable else r"d\mathrm{BR}"
    axes.set_ylabel(rf"${kind}/dq^2\,({channel_tex(KPLUS)})$ [$10^{{-6}}$ GeV$^{{-2}}$]")
    return artists


def draw_plane(axes: Axes, plane: Plane) -> _ARTIST:
    """Draw limits as lines with ticks on the excluded side, measurements as bands.

    The bands are B+ -> K+ + inv at one standard deviation, filled (members of the data set) or
    hatched (Belle II).

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    plane : Plane
        From `mass_plane` or `coefficient_plane`.

    Returns
    -------
    dict of str to Artist
        Contour sets by channel and by the names of the measurements.
    """
    check_drawn(axes, plane, Plane)
    artists: _ARTIST = {}
    for band in plane.data.bands:
        values = plane.values[band.channel]
        inside = values.min() < band.high and values.max() > band.low
        for kind, style in _band_styles(band):
            if inside:
                artists[f"{band.source} {kind}"] = _filled(axes, plane, values, band, style)
        _proxy(axes, band)
    for channel in LIMITS:
        line = plane.data.limits.get(channel)
        if line is None:
            continue
        style = {"color": COLORS[channel], "linestyle": _LIMIT_STYLES[channel]}
        values = plane.values[channel]
        if values.min() < line.value < values.max():
            artists[channel] = contour = axes.contour(
                *_axes_of(plane),
                values,
                levels=[line.value],
                colors=[style["color"]],
                linestyles=[style["linestyle"]],
                linewidths=1.4,
                zorder=3,
            )
            contour.set_path_effects(_ticks(60))
        label = _limit_label(channel, plane.data)
        (proxy,) = axes.plot([], [], label=label, linewidth=1.4, **style)
        proxy.set_path_effects(_ticks(60))
    x, y = _axes_of(plane)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    if plane.m_N is None:
        axes.set_yscale("log")
        axes.set_xlabel(r"$m_N$ [GeV]")
    else:
        axes.set_xlabel(f"{coefficient_tex(plane.names[0])} [TeV$^{{-2}}$]")
        (artists["SM"],) = axes.plot(0, 0, "+", color="black", linestyle="none", label="SM")
    axes.set_ylabel(f"{coefficient_tex(plane.names[1])} [TeV$^{{-2}}$]")
    return artists


def draw_signal(axes: Axes, curves: Curves) -> _ARTIST:
    """Draw B+ -> K+ + inv with its bands, and where the coefficient is excluded by K*0 and K0.

    Vertical lines with ticks on the excluded side: limits; dotted: Belle II reach.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    curves : Curves
        From `branching_ratios`.

    Returns
    -------
    dict of str to Artist
        By channel (``B+->Kinv``: the curve), ``B0->K*inv reach`` etc., and by the names of the
        measurements.
    """
    check_drawn(axes, curves, Curves)
    unit = 1e5
    artists = _horizontal_bands(axes, curves.data, unit)
    (artists[KPLUS],) = axes.plot(
        curves.C / TeV**-2,
        unit * curves.values[KPLUS],
        color=COLORS[KPLUS],
        linewidth=1.8,
        zorder=4,
    )
    artists[KPLUS].set_label(f"${channel_tex(KPLUS)}$")
    for channel in LIMITS:
        line, color = curves.data.limits.get(channel), COLORS[channel]
        if line is not None:
            style: dict[str, Any] = {"color": color, "linestyle": _LIMIT_STYLES[channel]}
            artists[channel] = artist = axes.axvline(
                curves.crossing(channel, line.value) / TeV**-2, linewidth=1.4, zorder=3, **style
            )
            artist.set_path_effects(_ticks(-60))
            artist.set_label(_limit_label(channel, curves.data))
        for line in curves.data.reach:
            if line.channel == channel and line.kind == "reach":
                artists[f"{channel} reach"] = axes.axvline(
                    curves.crossing(channel, line.value) / TeV**-2,
                    color=color,
                    linestyle=":",
                    linewidth=1.0,
                    zorder=3,
                    label=f"${CHANNELS[channel].tex}$: Belle II reach, {unit_tex(line.text)}",
                )
    _coefficient_axis(axes, curves)
    axes.set_ylim(0, 5)
    axes.set_ylabel(rf"$\mathrm{{{_kind(curves.data)}}}\,({channel_tex(KPLUS)})$ [$10^{{-5}}$]")
    return artists


def draw_channels(axes: Axes, curves: Curves, channels: Sequence[str] = tuple(CHANNELS)) -> _ARTIST:
    """Draw branching ratios of the channels, with limits and the Belle II reach.

    Limits are dashed, full dots mark where the curves cross them. Dotted lines end where the curve
    crosses the reach: circles for the baseline analysis, diamonds for the improved one.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    curves : Curves
        From `branching_ratios`.
    channels : sequence of str, optional
        The channels to draw; default: all.

    Returns
    -------
    dict of str to Artist
        By channel, ``<channel> limit``, ``<channel> reach`` and ``<channel> improved reach``.
    """
    check_drawn(axes, curves, Curves)
    artists = _horizontal_bands(axes, curves.data)
    C = curves.C / TeV**-2
    for channel in channels:
        color = COLORS[channel]
        (artists[channel],) = axes.plot(
            C, curves.values[channel], color=color, linewidth=1.6, zorder=4
        )
        artists[channel].set_label(f"${channel_tex(channel)}$")
        limit = curves.data.limits.get(channel)
        lines = [line for line in curves.data.reach if line.channel == channel]
        for line in [limit, *lines] if limit else lines:
            crossing = curves.crossing(channel, line.value) / TeV**-2
            end = C[-1] if line is limit or np.isnan(crossing) else crossing
            (artists[f"{channel} {line.kind}"],) = axes.plot(
                [C[0], end], [line.value] * 2, color=color, zorder=2, **LINES[line.kind]
            )
            marker: dict[str, Any] = {"color": color, "zorder": 5, **MARKERS[line.kind]}
            axes.plot([crossing], [line.value], **marker)
    _coefficient_axis(axes, curves)
    axes.set_yscale("log")
    axes.set_ylim(3e-6, 1e-3)
    short = " (short distance)" if "_SD" in curves.data.observables[KPLUS] else ""
    axes.set_ylabel(f"branching ratio{short}")
    _label_ends(axes, {channel: float(curves.values[channel][-1]) for channel in channels})
    return artists


def draw_reach(axes: Axes, reach: Reach) -> _ARTIST:
    """Draw what is excluded (grey), measured (as in `draw_plane`) and within reach.

    Lines: FCC-ee, one per channel, and Belle II's strongest channel, dashed.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    reach : Reach
        From `reach`.

    Returns
    -------
    dict of str to Artist
        By channel, ``Belle II``, ``excluded`` and by the names of the measurements.
    """
    check_drawn(axes, reach, Reach)
    artists: _ARTIST = {}
    limit = next(line for line in reach.lines if line.kind == "limit")
    excluded = reach.strongest("limit") / TeV**-2
    artists["excluded"] = axes.fill_between(
        reach.m_N,
        excluded,
        _HIGHEST,
        color="0.85",
        linewidth=0,
        zorder=0,
        label=f"excluded ({percent_tex(limit.text)})",
    )
    for band, (low, high) in zip(reach.bands, reach.edges / TeV**-2, strict=True):
        for kind, style in _band_styles(band):
            artists[f"{band.source} {kind}"] = axes.fill_between(
                reach.m_N, low, high, linewidth=0.5, zorder=1, **style
            )
        _proxy(axes, band)
    (artists["Belle II"],) = axes.plot(
        reach.m_N,
        reach.strongest("reach") / TeV**-2,
        color="0.3",
        linestyle="--",
        linewidth=1.2,
        zorder=3,
        label=r"Belle II reach ($1\sigma$)",
    )
    for line, values in zip(reach.lines, reach.values, strict=True):
        if line.kind == "FCC-ee reach":
            (artists[line.channel],) = axes.plot(
                reach.m_N,
                values / TeV**-2,
                color=COLORS[line.channel],
                linewidth=1.6,
                zorder=4,
                label=f"FCC-ee, ${(CHANNELS | Z_POLE)[line.channel].tex}$",
            )
    axes.set_xlim(reach.m_N[0], reach.m_N[-1])
    axes.set_yscale("log")
    axes.set_ylim(_LOWEST, _HIGHEST)
    axes.set_xlabel(r"$m_N$ [GeV]")
    axes.set_ylabel(f"{coefficient_tex(reach.coefficient)} [TeV$^{{-2}}$]")
    return artists


_LOWEST, _HIGHEST = 3e-4, 0.5  # TeV^-2, of the axis of coefficients in `draw_reach`
LINES: dict[str, dict[str, Any]] = {
    "limit": {"linestyle": (0, (6, 2)), "linewidth": 1.0},
    "reach": {"linestyle": (0, (1, 1.5)), "linewidth": 0.9},
    "improved reach": {"linestyle": (0, (1, 3.5)), "linewidth": 0.9},
}
MARKERS: dict[str, dict[str, Any]] = {
    "limit": {"marker": "o", "markersize": 4.5},
    "reach": {"marker": "o", "markersize": 4.5, "markerfacecolor": "white"},
    "improved reach": {"marker": "D", "markersize": 3.5, "markerfacecolor": "white"},
}


def _label_ends(axes: Axes, ends: dict[str, float]) -> None:
    """Names of the curves right of the axes, moved apart where they would overlap."""
    low, high = np.log(axes.get_ylim())
    shown = sorted((v, c) for c, v in ends.items() if v > np.exp(low))
    heights = np.array([min((np.log(v) - low) / (high - low), 1.0) for v, _ in shown])
    for _ in range(200):
        overlap = np.maximum(0.055 - np.diff(heights), 0)
        heights[1:] += overlap / 2
        heights[:-1] -= overlap / 2
    for height, (_, channel) in zip(heights, shown, strict=True):
        axes.text(
            1.02,
            height,
            f"${CHANNELS[channel].tex.split('to ')[-1]}$",
            color=COLORS[channel],
            transform=axes.transAxes,
            verticalalignment="center",
        )


def _coefficient_axis(axes: Axes, curves: Curves) -> None:
    axes.set_xlim(curves.C[0] / TeV**-2, curves.C[-1] / TeV**-2)
    axes.set_xlabel(f"{coefficient_tex(curves.coefficient)} [TeV$^{{-2}}$]")


def _horizontal_bands(axes: Axes, data: Experiment, unit: float = 1.0) -> _ARTIST:
    artists: _ARTIST = {}
    for band in data.bands:
        for kind, style in _band_styles(band):
            artists[f"{band.source} {kind}"] = axes.axhspan(
                unit * band.low, unit * band.high, linewidth=0.5, zorder=1, **style
            )
        _proxy(axes, band)
    return artists


def _band_styles(band: Band) -> list[tuple[str, dict[str, Any]]]:
    fill = {"facecolor": _FILL, "edgecolor": "none"}
    hatch = {"facecolor": "none", "edgecolor": _HATCH, "hatch": "////"}
    return [("fill", fill)] * band.member + [("hatch", hatch)] * band.belle2


def _proxy(axes: Axes, band: Band) -> None:
    """An empty patch that stands for the band in legends."""
    fill = _FILL if band.member else "none"
    style: dict[str, Any] = {"facecolor": fill, "edgecolor": _FILL}
    if band.belle2:
        style |= {"edgecolor": _HATCH, "hatch": "////"}
    axes.fill([], [], linewidth=0.5, label=f"${CHANNELS[band.channel].tex}$ {band.label}", **style)


def _axes_of(plane: Plane) -> tuple[np.ndarray, np.ndarray]:
    """x and y as they are drawn: masses in GeV, coefficients in TeV^-2."""
    return plane.x if plane.m_N is None else plane.x / TeV**-2, plane.y / TeV**-2


def _filled(
    axes: Axes, plane: Plane, values: np.ndarray, band: Band, style: dict[str, Any]
) -> Artist:
    artist = axes.contourf(
        *_axes_of(plane),
        values,
        levels=[band.low, band.high],
        colors=[style["facecolor"]],
        hatches=[style.get("hatch")],
        zorder=1,
    )
    artist.set_edgecolor(style["edgecolor"])
    artist.set_linewidth(0.5)
    return artist


def _ticks(angle: float) -> list[Any]:
    from matplotlib.patheffects import withTickedStroke

    return [withTickedStroke(angle=angle, spacing=7, length=0.45)]


def _limit_label(channel: str, data: Experiment) -> str:
    line = data.limits[channel]
    digits, exponent = f"{line.value:.1e}".split("e")
    number = rf"{digits}\times 10^{{{int(exponent)}}}"
    return rf"${CHANNELS[channel].tex}$ $<{number}$ ({percent_tex(line.text)})"


def _kind(data: Experiment) -> str:
    return r"BR_{SD}" if "_SD" in data.observables[KPLUS] else "BR"
