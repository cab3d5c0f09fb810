"""The five figures of arXiv:2309.02940, one of the reach and one of Dirac N."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._optional import require
from ..units import TeV
from .data import (
    Curves,
    Plane,
    Spectra,
    branching_ratios,
    coefficient_plane,
    mass_plane,
    spectra,
)
from .draw import (
    LINES,
    MARKERS,
    channel_tex,
    coefficient_tex,
    draw_channels,
    draw_plane,
    draw_reach,
    draw_signal,
    draw_spectra,
    percent_tex,
    unit_tex,
)
from .nature import DiracRatios, dirac_ratios, draw_dirac_ratios
from .reach import Reach, reach
from .theory import Theory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "STYLE", "Panel", "PaperFigure"]

MASSES = (0.0, 1.5)
VECTOR, SCALAR, TENSOR, RIGHT = "QN_2311", "LNQd_2123", "LNQdT_2123", "dN_2311"
Panel = Spectra | Curves | Plane | Reach | DiracRatios

# Settings that are active while a figure is made and saved, for a column of 86 mm or a page of
# 178 mm; no LaTeX, fonts embedded as TrueType
STYLE: Any = {
    "text.usetex": False,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "flavio_nusmeft",
    "savefig.dpi": 300,
}


@dataclass(frozen=True)
class PaperFigure:
    """One figure: numbers, and their arrangement.

    Attributes
    ----------
    name : str
        Beginning of the names of its files.
    compute : callable
        ``compute(dataset, theory)`` gives the panels.
    arrange : callable
        ``arrange(figure, panels)`` draws them.
    """

    name: str
    compute: Callable[[str, Theory], list[Panel]]
    arrange: Callable[[Figure, list[Any]], None]

    def draw(self, panels: Sequence[Panel]) -> Figure:
        """Draw a matplotlib Figure that does not belong to pyplot.

        Parameters
        ----------
        panels : sequence of Spectra, Curves, Plane, Reach or DiracRatios
            From ``compute``.

        Returns
        -------
        matplotlib.figure.Figure
            In the size of the paper.

        Raises
        ------
        MissingPackage
            If matplotlib is missing.
        """
        require("a figure", "matplotlib")
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        with rc_context(STYLE):
            figure = Figure(layout="constrained")
            self.arrange(figure, list(panels))
            # ticks and positions as they are with these settings, here and whenever it is drawn
            figure.draw_without_rendering()
            figure.set_layout_engine(None)
        return figure


def _spectra(dataset: str, theory: Theory) -> list[Panel]:
    return [spectra(masses=MASSES, dataset=dataset, theory=theory)]


def _mass_planes(dataset: str, theory: Theory) -> list[Panel]:
    return [mass_plane(C, dataset=dataset, theory=theory) for C in (VECTOR, SCALAR, TENSOR)]


def _signal(dataset: str, theory: Theory) -> list[Panel]:
    ranges = {(VECTOR, 0.0): 0.06, (VECTOR, 1.5): 0.08, (SCALAR, 0.0): 0.03, (SCALAR, 1.5): 0.035}
    return [_curves(C, m, dataset, theory, end) for (C, m), end in ranges.items()]


def _channels(dataset: str, theory: Theory) -> list[Panel]:
    order = [(C, m) for m in MASSES for C in (SCALAR, VECTOR)]
    end = {SCALAR: 0.04, VECTOR: 0.08}
    return [_curves(C, m, dataset, theory, end[C]) for C, m in order]


def _curves(C: str, m_N: float, dataset: str, theory: Theory, end: float) -> Curves:
    """Curves from 0 to ``end`` TeV^-2."""
    values = np.linspace(0, end, 401) * TeV**-2
    return branching_ratios(C, m_N, dataset=dataset, C=values, theory=theory)


def _planes(dataset: str, theory: Theory) -> list[Panel]:
    ranges = {  # TeV^-2
        (VECTOR, RIGHT, 0.0): (0.06, 0.06),
        (VECTOR, RIGHT, 1.5): (0.08, 0.08),
        (SCALAR, VECTOR, 0.0): (0.03, 0.06),
        (SCALAR, VECTOR, 1.5): (0.04, 0.08),
    }
    return [
        coefficient_plane(
            x,
            y,
            m,
            dataset=dataset,
            x=np.linspace(-a, a, 161) * TeV**-2,
            y=np.linspace(-b, b, 161) * TeV**-2,
            theory=theory,
        )
        for (x, y, m), (a, b) in ranges.items()
    ]


def _reaches(dataset: str, theory: Theory) -> list[Panel]:
    return [reach(C, dataset=dataset, theory=theory) for C in (VECTOR, SCALAR, TENSOR)]


def _ratios(dataset: str, theory: Theory) -> list[Panel]:
    return [dirac_ratios(VECTOR, theory=theory)]


def _arrange_spectra(figure: Figure, panels: list[Spectra]) -> None:
    figure.set_size_inches(3.6, 3.0)
    axes, (panel,) = figure.subplots(), panels
    artists = draw_spectra(axes, panel)
    first = panel.masses[0]
    name = next(iter(panel.coefficients))
    # colours stand for operators, line styles for masses
    operators = [artists[operator, first] for operator in panel.coefficients]
    labels = [coefficient_tex(operator) for operator in panel.coefficients]
    style: dict[str, Any] = {"loc": "lower left", "alignment": "left", "title_fontsize": 8}
    title = rf"$C$ = {panel.coefficients[name] / TeV**-2:g} TeV$^{{-2}}$"
    axes.legend(operators, labels, title=title, **style)
    masses = [_line(color="0.3", linestyle=artists[name, m].get_linestyle()) for m in panel.masses]
    labels = [rf"$m_N$ = {mass:g} GeV" for mass in panel.masses]
    lines = [*masses, artists["SM"]]
    figure.legend(lines, [*labels, "SM"], loc="outside upper center", ncols=len(lines))


def _arrange_mass_planes(figure: Figure, panels: list[Plane]) -> None:
    figure.set_size_inches(7.0, 3.2)
    grid = figure.subplots(1, len(panels), sharey=True)
    for axes, panel in zip(grid, panels, strict=True):
        draw_plane(axes, panel)
        axes.set_title(coefficient_tex(panel.names[1]), fontsize=10)
        axes.set_ylabel("")
    grid[0].set_ylabel("$C$ [TeV$^{-2}$]")
    _legend(figure, grid[0], 2)


def _arrange_signal(figure: Figure, panels: list[Curves]) -> None:
    figure.set_size_inches(7.0, 5.4)
    grid = figure.subplots(2, 2, sharey=True)
    for axes, panel in zip(grid.flat, panels, strict=True):
        draw_signal(axes, panel)
        _mass_label(axes, panel.m_N)
    for axes in grid[:, 1]:
        axes.set_ylabel("")
    _legend(figure, grid[0, 0], 3)


def _arrange_channels(figure: Figure, panels: list[Curves]) -> None:
    figure.set_size_inches(7.0, 7.2)
    grid = figure.subplots(2, 2, sharey=True)
    for axes, panel in zip(grid.flat, panels, strict=True):
        draw_channels(axes, panel)
        _mass_label(axes, panel.m_N)
    for axes in grid[:, 1]:
        axes.set_ylabel("")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    luminosity = {line.channel: line.text for line in panels[0].data.reach}
    main = luminosity["B0->Kinv"]
    others = [
        f"{channel_tex(c)}: {text.split()[0]}" for c, text in luminosity.items() if text != main
    ]
    text = f"Belle II, {unit_tex(main)}" + f" (${', '.join(others)}$)" * bool(others)
    limit = next(iter(panels[0].data.limits.values()))
    for kind, label in (
        ("limit", f"limit ({percent_tex(limit.text)})"),
        ("reach", text),
        ("improved reach", "Belle II, improved"),
    ):
        handles.append(_line(color="0.3", **LINES[kind], **MARKERS[kind]))
        labels.append(label)
    figure.legend(handles, labels, loc="outside upper center", ncols=4)


def _arrange_planes(figure: Figure, panels: list[Plane]) -> None:
    figure.set_size_inches(7.0, 7.0)
    grid = figure.subplots(2, 2)
    for axes, panel in zip(grid.flat, panels, strict=True):
        draw_plane(axes, panel)
        _mass_label(axes, panel.m_N or 0.0)
    _legend(figure, grid[0, 0], 3)


def _arrange_reaches(figure: Figure, panels: list[Reach]) -> None:
    figure.set_size_inches(7.0, 3.4)
    grid = figure.subplots(1, len(panels), sharey=True)
    for axes, panel in zip(grid, panels, strict=True):
        draw_reach(axes, panel)
        axes.set_title(coefficient_tex(panel.coefficient), fontsize=10)
        axes.set_ylabel("")
    grid[0].set_ylabel("$C$ [TeV$^{-2}$]")
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, columnspacing=1.0)


def _arrange_ratios(figure: Figure, panels: list[DiracRatios]) -> None:
    figure.set_size_inches(3.6, 3.4)
    axes, (panel,) = figure.subplots(), panels
    draw_dirac_ratios(axes, panel)
    _legend(figure, axes, 2)


def _line(**style: Any) -> Any:
    """A line for legends."""
    from matplotlib.lines import Line2D

    return Line2D([], [], **style)


def _mass_label(axes: Axes, m_N: float) -> None:
    axes.set_title(rf"$m_N = {m_N:g}$ GeV", fontsize=9)


def _legend(figure: Figure, axes: Axes, columns: int) -> None:
    """One legend above all panels, which show the same things."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=columns)


FIGURES: dict[int | str, PaperFigure] = {
    1: PaperFigure("fig1-spectra", _spectra, _arrange_spectra),
    2: PaperFigure("fig2-masses", _mass_planes, _arrange_mass_planes),
    3: PaperFigure("fig3-signal", _signal, _arrange_signal),
    4: PaperFigure("fig4-channels", _channels, _arrange_channels),
    5: PaperFigure("fig5-pairs", _planes, _arrange_planes),
    "reach": PaperFigure("reach", _reaches, _arrange_reaches),
    "dirac": PaperFigure("dirac", _ratios, _arrange_ratios),
}
