"""What searches for N exclude, against mass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .._inputs import brief
from ..errors import InvalidValue
from ..searches import Searches

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = ["draw_searches"]

_POINTS = 600
_TOP = 1.0  # |U|² up to which a region without an upper end is drawn
_TEX = {"e": "e", "mu": r"\mu", "tau": r"\tau"}
_STYLES = {"peak": "-", "visible": "--"}


def draw_searches(axes: Axes, searches: Searches) -> dict[str, Artist]:
    """Draw the limits on ``|U|²`` of one flavour on matplotlib Axes.

    Lines are solid for peaks, dashed for visible decays; the regions above them, or between their
    ends, are filled. Labels are for a legend: ``axes.legend()``.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    searches : Searches
        Of one flavour, e.g. ``Searches("all", flavour="mu")``.

    Returns
    -------
    dict of str to Artist
        Lines by the names of the searches.

    Raises
    ------
    InvalidValue
        For searches of several flavours, or of branching ratios.
    """
    if not hasattr(axes, "fill_between"):
        raise InvalidValue(f"axes must be matplotlib's Axes, not {brief(axes)}")
    if not isinstance(searches, Searches):
        raise InvalidValue(f"searches must be nus.Searches(...), not {brief(searches)}")
    flavours = sorted({each.flavour for each in searches})
    if len(flavours) > 1:
        raise InvalidValue(
            f"searches of {', '.join(flavours)} are limits on different mixings: give one flavour,"
            " e.g. Searches('all', flavour='mu')"
        )
    if any(each.quantity != "U2" for each in searches):
        raise InvalidValue("limits on branching ratios have no place in a plot of |U|²")
    artists: dict[str, Artist] = {}
    for each in searches:
        masses = np.geomspace(each.low, each.high, _POINTS)
        masses[[0, -1]] = each.low, each.high
        lower, upper = each.limits(masses)
        ends = np.isfinite(upper)
        top = np.where(ends, upper, np.maximum(lower, _TOP))
        (line,) = axes.plot(
            masses, lower, linestyle=_STYLES[each.kind], linewidth=1.2, zorder=2, label=each.name
        )
        color = line.get_color()
        above = np.where(ends, upper, np.nan)
        axes.plot(masses, above, linestyle=_STYLES[each.kind], linewidth=1.2, color=color, zorder=2)
        axes.fill_between(masses, lower, top, color=color, alpha=0.12, linewidth=0, zorder=1)
        artists[each.name] = line
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(r"$m_N$ [GeV]")
    axes.set_ylabel(rf"$|U_{{{_TEX[flavours[0]]} N}}|^2$")
    return artists
