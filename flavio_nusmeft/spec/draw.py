"""Figures of a fit: profiles with their intervals, and contours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import flavio
import numpy as np

from ..eft.theories import HIGH, theory_of
from ..figures.draw import COLORS, coefficient_tex, percent_tex
from ..figures.files import content
from ..figures.paper import STYLE
from ..inference.curves import hermite
from ..physics.channels import STERILE
from ..units import TeV

__all__ = ["label", "pictures"]

_COLOR = COLORS["B+->Kinv"]
_SHADES = (0.55, 0.25, 0.12)
_HIGHEST = 12.0  # of -2 ln L in a figure
_FAR = 1e3  # where the likelihood vanishes
_FINE = 400  # points of a curve


def label(quantity: str | Sequence[Any], eft: str, basis: str) -> tuple[str, float]:
    """Of an axis, and the unit in which the quantity is drawn on it."""
    name, *arguments = (quantity,) if isinstance(quantity, str) else tuple(quantity)
    if name in flavio.Observable.instances:
        text = flavio.Observable[name].tex or name
        more = ", ".join(f"{value:g}" for value in arguments)
        return text + f" ({more})" * bool(more), 1.0
    if name in STERILE:
        return rf"$m_{{N_{name[-1]}}}$ [GeV]", 1.0
    if name in flavio.default_parameters.all_parameters:
        return name, 1.0
    inner = re.fullmatch(r"Im\((.*)\)", name)
    text = coefficient_tex(inner[1] if inner else name)
    if inner:
        text = rf"$\mathrm{{Im}}\,${text}"
    if theory_of(eft) is HIGH or basis == "JMS":
        return f"{text} [TeV$^{{-2}}$]", TeV**-2
    return text, 1.0


def pictures(
    result: Mapping[str, Any], formats: Sequence[str], made: Mapping[str, Any]
) -> dict[str, bytes]:
    """The figures of a result, by the names of their files; ``made`` as `files.content` has it."""
    if not formats:
        return {}
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    space = result["spec"]["eft"], result["spec"]["basis"]
    drawn: dict[str, Any] = {}
    with rc_context(STYLE):
        for kind in ("intervals", "limits"):
            for i, found in enumerate(result[kind]):
                if found["curve"] is not None:
                    name = f"{kind}-{i}-{_slug(found['quantity'])}"
                    drawn[name] = figure = Figure(figsize=(3.4, 2.7), layout="constrained")
                    _profile(figure.subplots(), found, space)
        for i, found in enumerate(result["contours"]):
            name = f"contours-{i}-{'-'.join(map(_slug, found['variables']))}"
            drawn[name] = figure = Figure(figsize=(3.4, 3.0), layout="constrained")
            _contour(figure.subplots(), found, result["best_fit"]["values"], space)
        return {
            f"{name}.{kind}": content(figure, kind, name, made)
            for name, figure in drawn.items()
            for kind in formats
        }


def _level(cl: float) -> str:
    return percent_tex(f"{100 * cl:.4g}% CL")


def _slug(quantity: str | Sequence[Any]) -> str:
    text = quantity if isinstance(quantity, str) else "-".join(map(str, quantity))
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-")


def _profile(axes: Any, found: Mapping[str, Any], space: tuple[str, str]) -> None:
    text, unit = label(found["quantity"], *space)
    names = ("values", "log_likelihood", "slopes")
    x, y, slopes = (np.array(found["curve"][name], dtype=float) for name in names)
    fine = np.union1d(x, np.linspace(x[0], x[-1], _FINE))
    rise = 2 * (y.max() - hermite(x, y, slopes)(fine))
    fine /= unit
    axes.plot(fine, np.maximum(rise, 0), color=_COLOR, linewidth=1.4)
    for low, high in found["pieces"]:
        axes.axvspan(low / unit, high / unit, color=_COLOR, alpha=0.15, linewidth=0)
    axes.axvline(found["best"] / unit, color=_COLOR, linestyle=":", linewidth=1.0)
    shown = fine[rise <= _HIGHEST]
    axes.set_xlim(shown[0], shown[-1])
    axes.set_ylim(0, min(_HIGHEST, max(1.0, 1.05 * float(rise.max()))))
    axes.set_xlabel(text)
    axes.set_ylabel(r"$-2\,\Delta\ln L$")
    axes.set_title(_level(found["cl"]), fontsize=8)


def _contour(
    axes: Any, found: Mapping[str, Any], best: Mapping[str, float], space: tuple[str, str]
) -> None:
    labels, grids, point = [], [], []
    for name in found["variables"]:
        text, unit = label(name, *space)
        labels.append(text)
        grids.append(np.array(found["axes"][name]) / unit)
        point.append(best[name] / unit)
    rise = np.nan_to_num(np.array(found["rise"], dtype=float), nan=_FAR).T
    inner = float(rise.min())
    for cl, level, shade in zip(found["cl"], found["levels"], _SHADES * 9, strict=False):
        if inner < level < rise.max():
            axes.contourf(*grids, rise, levels=[inner, level], colors=[_COLOR], alpha=shade)
            axes.contour(*grids, rise, levels=[level], colors=[_COLOR], linewidths=1.0)
            inner = level
        axes.fill([], [], color=_COLOR, alpha=shade, label=_level(cl))
    axes.plot(*point, "*", color="black", linestyle="none", label="best fit", clip_on=False)
    axes.set_xlim(grids[0][0], grids[0][-1])
    axes.set_ylim(grids[1][0], grids[1][-1])
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.legend()
