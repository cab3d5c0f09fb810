"""Rates of a Dirac N over those of a Majorana N, as a function of the mass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .._inputs import line
from ..eft.dirac import dirac
from ..errors import InvalidValue
from ..physics.channels import STERILE
from ..units import TeV
from .data import Table, largest_mass
from .draw import COLORS, channel_tex, check_drawn, coefficient_tex
from .experiment import CHANNELS, Z_POLE
from .theory import Theory, check

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["DiracRatios", "dirac_ratios", "draw_dirac_ratios"]

_DEFAULT = Theory()
_CLOSED = 1e-12  # N part over the SM rate at 1 TeV^-2, up to which there is no ratio
_DRAWN = {
    "B0->K*inv": "-",
    "Bs->phiinv": "--",
    "Lambdab->Lambdainv": (0, (5, 1, 1, 1)),
    "B+->Kinv": "-",
    "Bs->inv": "-.",
}


@dataclass(frozen=True, eq=False)
class DiracRatios:
    """The N part of branching ratios of a Dirac N over that of a Majorana N, of one coefficient.

    Attributes
    ----------
    coefficient : str
        Name of the coefficient.
    m_N : ndarray
        GeV, shape (n,).
    values : mapping of str to ndarray
        Ratios by channel, shape (n,); nan where N contributes to neither.
    """

    coefficient: str
    m_N: np.ndarray
    values: Mapping[str, np.ndarray]

    def table(self) -> Table:
        """The numbers as columns of a table.

        Returns
        -------
        (list of str, list of ndarray)
            Names of the columns with units, and the columns, all of one length.
        """
        names = ["coefficient", "m_N [GeV]", *(f"{c} Dirac/Majorana" for c in self.values)]
        columns = [np.full(len(self.m_N), self.coefficient), self.m_N, *self.values.values()]
        return names, columns


def dirac_ratios(
    coefficient: str = "QN_2311", *, m_N: ArrayLike | None = None, theory: Theory = _DEFAULT
) -> DiracRatios:
    """What a Dirac N changes: rates of a Dirac over those of a Majorana N.

    Short distance; for a single real coefficient its size does not matter.

    Parameters
    ----------
    coefficient : str, default 'QN_2311'
        Name of a coefficient of the N whose mass is ``theory.mass``.
    m_N : array_like, optional
        GeV, shape (n,); by default 200 values up to the largest mass in B+ -> K+ + inv.
    theory : Theory, optional
        EFT, basis, scale and parameters.

    Returns
    -------
    DiracRatios
        Ratios by channel.

    Raises
    ------
    UnknownCoefficient, InvalidMass, InvalidValue
    """
    check(theory, coefficient)
    if theory.mass not in STERILE:
        raise InvalidValue(f"the mass of N is one of {', '.join(STERILE)}, not {theory.mass}")
    first = STERILE.index(theory.mass) + 1
    second = 2 if first == 1 else 1
    masses = np.linspace(0, largest_mass(coefficient, theory), 200) if m_N is None else m_N
    x = line("m_N", masses)
    known = CHANNELS | Z_POLE
    observables = {channel: known[channel].observables[-1] for channel in _DRAWN}
    names = [*observables.values()]
    majorana = {coefficient: TeV**-2}
    states = dirac(majorana, eft=theory.eft, basis=theory.basis, states=(first, second))
    if states == majorana:
        raise InvalidValue(f"{coefficient} is no coefficient with N")
    par: dict[str, Any] = {**theory.par, STERILE[second - 1]: x}
    standard = theory.predict(names, {}, 0.0)
    one = theory.predict(names, majorana, x)
    two = replace(theory, par=par).predict(names, states, x)
    values = {}
    for channel, name in observables.items():
        below, above = one[name] - standard[name], two[name] - standard[name]
        open_ = below > _CLOSED * standard[name] + np.finfo(float).tiny
        values[channel] = np.where(open_, above / np.where(open_, below, 1.0), np.nan)
    return DiracRatios(coefficient, x, values)


def draw_dirac_ratios(axes: Axes, ratios: DiracRatios) -> dict[str, Line2D]:
    """Draw the ratios, one line per channel; dotted: 1.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    ratios : DiracRatios
        From `dirac_ratios`.

    Returns
    -------
    dict of str to Line2D
        Lines by channel, and ``one``.
    """
    check_drawn(axes, ratios, DiracRatios)
    artists: dict[str, Line2D] = {}
    artists["one"] = axes.axhline(1, color="0.45", linestyle=":", linewidth=1.0)
    for channel, values in ratios.values.items():
        (artists[channel],) = axes.plot(
            ratios.m_N,
            values,
            color=COLORS[channel],
            linestyle=_DRAWN[channel],
            label=f"${channel_tex(channel)}$",
        )
    axes.set_xlim(ratios.m_N[0], ratios.m_N[-1])
    axes.set_yscale("log")
    axes.set_ylim(0.4, 5)
    ticks = [0.5, 0.7, 1, 2, 3, 4, 5]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_yticks([], minor=True)
    axes.set_xlabel(r"$m_N$ [GeV]")
    axes.set_ylabel(f"rate of a Dirac over a Majorana $N$, {coefficient_tex(ratios.coefficient)}")
    return artists
