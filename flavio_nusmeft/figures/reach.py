"""Which coefficients experiments exclude, favour and will reach, as a function of the mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._inputs import line
from ..units import TeV
from .data import Table, largest_mass
from .experiment import CHANNELS, Z_POLE, Band, Experiment, Line, experiment
from .theory import Theory, check

__all__ = ["Reach", "reach"]

_DEFAULT = Theory()


@dataclass(frozen=True, eq=False)
class Reach:
    """Coefficients (GeV^-2) at which branching ratios rise above limits, measurements and reach.

    Attributes
    ----------
    coefficient : str
        Name of the coefficient.
    m_N : ndarray
        GeV, shape (n,).
    lines : tuple of Line
        Limits, reach of Belle II and of FCC-ee; their ``channel`` and ``kind`` tell them apart.
    values : ndarray
        Shape (lines, n); nan where no coefficient reaches the line.
    bands : tuple of Band
        Measurements.
    edges : ndarray
        Lower and upper edges of the bands, shape (bands, 2, n).
    data : Experiment
        What was compared with.
    """

    coefficient: str
    m_N: np.ndarray
    lines: tuple[Line, ...]
    values: np.ndarray
    bands: tuple[Band, ...]
    edges: np.ndarray
    data: Experiment

    def strongest(self, kind: str) -> np.ndarray:
        """The smallest coefficient for lines of a kind, shape (n,).

        Parameters
        ----------
        kind : str
            ``limit``, ``reach``, ``improved reach`` or ``FCC-ee reach``.

        Returns
        -------
        ndarray
            GeV^-2, shape (n,); nan where none reaches.
        """
        pairs = zip(self.lines, self.values, strict=True)
        return np.fmin.reduce([row for line, row in pairs if line.kind == kind])

    def table(self) -> Table:
        """The numbers as columns of a table; coefficients in TeV^-2.

        Returns
        -------
        (list of str, list of ndarray)
            Names of the columns with units, and the columns, all of one length.
        """
        names = ["coefficient", "m_N [GeV]"]
        names += [f"{line.kind} {line.channel} C [TeV^-2]" for line in self.lines]
        columns = [np.full(len(self.m_N), self.coefficient), self.m_N, *(self.values / TeV**-2)]
        for band, edges in zip(self.bands, self.edges, strict=True):
            names += [f"{band.source} {edge} C [TeV^-2]" for edge in ("low", "high")]
            columns += [*(edges / TeV**-2)]
        return names, columns


def reach(
    coefficient: str,
    *,
    dataset: str = "current",
    m_N: ArrayLike | None = None,
    theory: Theory = _DEFAULT,
) -> Reach:
    """The reach of all experiments in a coefficient and the sterile mass.

    A branching ratio is a quadratic polynomial of the coefficient, so the coefficients are exact.
    Efficiencies are taken to be those of the SM spectra. The reach of FCC-ee is that of the
    experiment: the SM rates are not known as well today (see `experiment`).

    Parameters
    ----------
    coefficient : str
        Name of the coefficient.
    dataset : str, default 'current'
        ``paper2023`` or ``current``.
    m_N : array_like, optional
        GeV, shape (n,); by default 200 values up to the largest mass in B+ -> K+ + inv.
    theory : Theory, optional
        EFT, basis, scale and parameters.

    Returns
    -------
    Reach
        Coefficients for every line and band.

    Raises
    ------
    UnknownDataset, UnknownCoefficient, InvalidMass
    """
    check(theory, coefficient)
    masses = np.linspace(0, largest_mass(coefficient, theory), 200) if m_N is None else m_N
    x = line("m_N", masses)
    data = experiment(dataset, theory)
    observables = {channel: names[0] for channel, (names, _) in Z_POLE.items()}
    observables |= {channel: data.observables[channel] for channel in CHANNELS}
    unit = TeV**-2
    C = np.array([[0.0], [unit], [-unit]])
    found = theory.predict([*observables.values()], {coefficient: C}, x[None, :])

    def crossing(channel: str, value: float) -> np.ndarray:
        none, plus, minus = found[observables[channel]]
        linear, quadratic = (plus - minus) / 2, (plus + minus) / 2 - none
        missing = value - none
        can = (missing > 0) & (quadratic > 0)
        quadratic = np.where(can, quadratic, np.nan)
        return unit * (np.sqrt(linear**2 + 4 * quadratic * missing) - linear) / (2 * quadratic)

    lines = (*data.limits.values(), *data.reach, *data.prospects)
    values = np.array([crossing(line.channel, line.value) for line in lines])
    edges = [[crossing(b.channel, value) for value in (b.low, b.high)] for b in data.bands]
    return Reach(coefficient, x, lines, values, data.bands, np.array(edges), data)
