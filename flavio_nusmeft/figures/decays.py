"""Branching ratios of N against its mass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .._files import check_writable, write_files
from .._inputs import integer
from ..errors import InvalidValue
from ..lifetimes import Decays
from .draw import PALETTE, check_drawn
from .files import check_formats, content
from .paper import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["draw_decays", "final_state_tex", "write_decays"]

_STYLES = ("-", "--", "-.", ":")
_SMALLEST = 1e-3
_TEX = {
    "3nu": r"\nu\nu\nu",
    "e": "e",
    "mu": r"\mu",
    "tau": r"\tau",
    "nu": r"\nu",
    "gamma": r"\gamma",
    "pi": r"\pi",
    "pi0": r"\pi^0",
    "eta": r"\eta",
    "eta'": r"\eta^\prime",
    "rho": r"\rho",
    "rho0": r"\rho^0",
    "omega": r"\omega",
    "phi": r"\phi",
    "J/psi": r"J/\psi",
    "psi(2S)": r"\psi(2S)",
    "Ds": "D_s",
    "Bs": "B_s",
    "Bc": "B_c",
    "K*": "K^*",
    "K*0": "K^{*0}",
    "K0": "K^0",
    "D0": "D^0",
    "B0": "B^0",
    "eta_c(1S)": r"\eta_c",
    "eta_b(1S)": r"\eta_b",
    **{f"Upsilon({n}S)": rf"\Upsilon({n}S)" for n in (1, 2, 3)},
    **{f"N{n}": f"N_{n}" for n in (1, 2, 3)},
}


def final_state_tex(name: str) -> str:
    """A final state of `Decays` as text with LaTeX: ``mu pi``, ``more hadrons``."""
    if name.endswith("hadrons"):
        return name
    return "$" + r"\,".join(_TEX.get(part, part) for part in name.split()) + "$"


def draw_decays(axes: Axes, found: Decays, most: int = 12) -> dict[str, Line2D]:
    """Draw branching ratios against m_N, the largest ones, and the sum of the others.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    found : Decays
        From `decays`, for several masses.
    most : int, default 12
        How many final states.

    Returns
    -------
    dict of str to Line2D
        Lines by final state, the largest first, and ``others``.

    Raises
    ------
    InvalidValue
        For one mass only, or if N is stable at all of them.
    """
    check_drawn(axes, found, Decays)
    most = integer("most", most, 1, 28)
    ratios = found.branching_ratios
    if np.ndim(found.m_N) == 0 or len(found.m_N) < 2:
        raise InvalidValue(f"give decays several masses, as par={{'m_N{found.N}': [0.5, 1, 2]}}")
    if not ratios:
        raise InvalidValue(f"N{found.N} is stable: there are no branching ratios to draw")
    order = np.argsort(found.m_N)
    names = sorted(ratios, key=lambda name: -ratios[name].max())
    lines: dict[str, Line2D] = {}
    curves = {name: ratios[name] for name in names[:most]}
    if names[most:]:
        curves["others"] = sum(ratios[name] for name in names[most:])
    for i, (name, values) in enumerate(curves.items()):
        color = "0.45" if name == "others" else PALETTE[i % len(PALETTE)]
        label = name if name == "others" else final_state_tex(name)
        shown = np.where(values > 0, values, np.nan)[order]
        style = _STYLES[i // len(PALETTE) % len(_STYLES)]
        (lines[name],) = axes.plot(
            found.m_N[order], shown, color=color, linestyle=style, label=label
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(found.m_N.min(), found.m_N.max())
    axes.set_ylim(_SMALLEST, 1.3)
    axes.set_xlabel(rf"$m_{{N_{found.N}}}$ [GeV]")
    axes.set_ylabel("branching ratio")
    return lines


def write_decays(path: str | Path, found: Decays) -> Path:
    """Write a figure of branching ratios, with how it was made in its metadata.

    Parameters
    ----------
    path : str or path-like
        The file, with the suffix of a format of matplotlib.
    found : Decays
        As for `draw_decays`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MissingPackage
        If matplotlib is missing.
    InvalidValue, UnwritablePath
    """
    path = check_writable(path)
    kind = path.suffix[1:]
    check_formats([kind or "without a suffix"])
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(4.6, 3.2), layout="constrained")
        axes = figure.add_subplot()
        draw_decays(axes, found)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    made = {"decays": repr(found)} | found.coefficients | found.par | found.made_with
    write_files({path: content(figure, kind, path.stem, made)})
    return path
