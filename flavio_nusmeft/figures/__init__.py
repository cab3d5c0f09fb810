"""The figures of arXiv:2309.02940, for these and other operators, masses and data.

Numbers, drawing and the paper's arrangement are apart from each other:

- `spectra`, `mass_plane`, `branching_ratios`, `coefficient_plane` compute; coefficients are in
  TeV^-2 at 1 TeV in the basis FGMS unless a `Theory` says otherwise
- `draw_spectra`, `draw_plane`, `draw_signal`, `draw_channels` draw on matplotlib Axes
- ``FIGURES[n]`` is Fig. n of the paper: ``FIGURES[n].draw(FIGURES[n].compute("current"))``
- `write_figures` writes files; so does the command ``nusmeft figures``
- `experiment`: the limits, bands and lines of the Belle II reach of a data set

Only drawing needs matplotlib: ``pip install 'flavio_nusmeft[plot]'``.
"""

from __future__ import annotations

from .data import (
    Curves,
    Plane,
    Spectra,
    branching_ratios,
    coefficient_plane,
    mass_plane,
    spectra,
)
from .draw import draw_channels, draw_plane, draw_signal, draw_spectra
from .experiment import CHANNELS, Band, Experiment, Line, experiment
from .paper import FIGURES, PaperFigure, write_figures
from .theory import Theory

__all__ = [
    "CHANNELS",
    "FIGURES",
    "Band",
    "Curves",
    "Experiment",
    "Line",
    "PaperFigure",
    "Plane",
    "Spectra",
    "Theory",
    "branching_ratios",
    "coefficient_plane",
    "draw_channels",
    "draw_plane",
    "draw_signal",
    "draw_spectra",
    "experiment",
    "mass_plane",
    "spectra",
    "write_figures",
]
