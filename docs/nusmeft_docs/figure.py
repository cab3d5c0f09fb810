"""The map of operators and decays as a figure."""

from __future__ import annotations

import io

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from . import operator_map

_DARK, _LIGHT = "#0b5394", "#b5dbf3"


def svg() -> bytes:
    """Classes of operators against decays: areas are shares of the coefficients of a class."""
    rows = operator_map.rows()
    classes = list(dict.fromkeys(name.partition("_")[0] for name in rows))
    decays = list(dict.fromkeys(x for row in rows.values() for x in (*row.tree, *row.mixing)))
    decays.sort(key=lambda name: (name.count(" "), "->" not in name, name))
    figure = Figure(figsize=(10, 5), layout="constrained")
    ax = figure.subplots()
    for y, kind in enumerate(classes):
        members = [row for name, row in rows.items() if name.partition("_")[0] == kind]
        total = sum(row.coefficients for row in members)
        for x, decay in enumerate(decays):
            tree = sum(row.coefficients for row in members if decay in row.tree) / total
            mixing = sum(row.coefficients for row in members if decay in row.mixing) / total
            for share, colour in ((tree + mixing, _LIGHT), (tree, _DARK)):
                size = 0.9 * np.sqrt(share)
                corner = (x - size / 2, y - size / 2)
                ax.add_patch(Rectangle(corner, size, size, color=colour, linewidth=0))
    ax.set_xticks(range(len(decays)), decays, rotation=90)
    ax.set_yticks(range(len(classes)), classes)
    ax.set_xlim(-0.6, len(decays) - 0.4)
    ax.set_ylim(len(classes) - 0.4, -0.6)
    ax.set_aspect("equal")
    ax.tick_params(length=0)
    ax.set_frame_on(False)
    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "operator-map"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
