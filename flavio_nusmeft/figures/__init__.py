"""The figures of arXiv:2309.02940, for these and other operators, masses and data.

Numbers, drawing and the paper's arrangement are apart from each other:

- `spectra`, `mass_plane`, `branching_ratios`, `coefficient_plane`, `reach`, `dirac_ratios` compute;
  coefficients are in GeV^-2 at 1 TeV in the basis FGMS unless a `Theory` says otherwise
- `draw_spectra`, `draw_plane`, `draw_signal`, `draw_channels`, `draw_reach` and
  `draw_dirac_ratios` draw on Axes
- `draw_decays` draws branching ratios of N against its mass, of what `decays` returns
- `draw_searches` draws limits on ``|U|²`` against mass
- axes and tables show coefficients in TeV^-2, as the paper does
- ``FIGURES[n]`` is Fig. n of the paper: ``compute`` gives its panels, ``draw`` a Figure of them
- ``FIGURES["reach"]``, not in the paper, is what Belle II and FCC-ee will reach, and
  ``FIGURES["dirac"]`` what a Dirac N changes
- `write_figures` writes files; so does the command ``nusmeft figures``
- `write_explorer` writes a page with sliders for coefficients and mass: ``nusmeft explore``
- `experiment`: the limits, bands and lines of the expected reach of a data set

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
from .decays import draw_decays, write_decays
from .draw import draw_channels, draw_plane, draw_reach, draw_signal, draw_spectra
from .experiment import CHANNELS, Z_POLE, Band, Experiment, Line, experiment
from .explorer import write_explorer
from .files import write_figures
from .limits_on_mixing import draw_searches
from .nature import DiracRatios, dirac_ratios, draw_dirac_ratios
from .paper import FIGURES, PaperFigure
from .reach import Reach, reach
from .theory import Theory

__all__ = [
    "CHANNELS",
    "FIGURES",
    "Z_POLE",
    "Band",
    "Curves",
    "DiracRatios",
    "Experiment",
    "Line",
    "PaperFigure",
    "Plane",
    "Reach",
    "Spectra",
    "Theory",
    "branching_ratios",
    "coefficient_plane",
    "dirac_ratios",
    "draw_channels",
    "draw_decays",
    "draw_dirac_ratios",
    "draw_plane",
    "draw_reach",
    "draw_searches",
    "draw_signal",
    "draw_spectra",
    "experiment",
    "mass_plane",
    "reach",
    "spectra",
    "write_decays",
    "write_explorer",
    "write_figures",
]


def __dir__() -> list[str]:
    return sorted(__all__)
