"""The numbers of the figures; coefficients in GeV^-2, in tables in TeV^-2, masses in GeV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import flavio
import numpy as np
from numpy.typing import ArrayLike

from .._inputs import line, mapping, number
from ..errors import InvalidMass
from ..units import TeV
from .experiment import CHANNELS, Experiment, experiment
from .theory import Theory, check

__all__ = [
    "Curves",
    "Plane",
    "Spectra",
    "branching_ratios",
    "coefficient_plane",
    "largest_mass",
    "mass_plane",
    "spectra",
]

Table = tuple[list[str], list[np.ndarray]]  # names with units, columns of equal length

KPLUS, LIMITS = "B+->Kinv", ("B0->K*inv", "B0->Kinv")
_OPERATORS = dict.fromkeys(("QN_2311", "LNQd_2123", "LNQdT_2123"), 0.01 * TeV**-2)
_DEFAULT = Theory()


@dataclass(frozen=True, eq=False)
class Spectra:
    """dBR/dq² (GeV^-2) at ``q2`` (GeV²), shape (n,), for one operator at a time.

    Attributes
    ----------
    observable : str
        ``dBR/dq2(B+->Kinv)``, or ``dBR_SD/dq2(B+->Kinv)`` without the tau part.
    coefficients : mapping of str to float
        GeV^-2, shape (K,) by name.
    masses : tuple of float
        GeV, shape (M,).
    q2 : ndarray
        GeV², shape (n,).
    values : ndarray
        Shape (K, M, n).
    sm : ndarray
        The SM, shape (n,).
    """

    observable: str
    coefficients: Mapping[str, float]
    masses: tuple[float, ...]
    q2: np.ndarray
    values: np.ndarray
    sm: np.ndarray

    def table(self) -> Table:
        """The numbers as columns of a table; coefficients in TeV^-2.

        Returns
        -------
        (list of str, list of ndarray)
            Names of the columns with units, and the columns, all of one length.
        """
        columns, names = [self.q2, self.sm], ["q2 [GeV^2]", f"{self.observable} SM [GeV^-2]"]
        for rows, (name, C) in zip(self.values, self.coefficients.items(), strict=True):
            for row, mass in zip(rows, self.masses, strict=True):
                columns.append(row)
                point = f"{name} = {C / TeV**-2:g} TeV^-2 m_N = {mass:g} GeV"
                names.append(f"{self.observable} {point} [GeV^-2]")
        return names, columns


@dataclass(frozen=True, eq=False)
class Curves:
    """Branching ratios of all channels against one coefficient.

    Attributes
    ----------
    coefficient : str
        Name of the coefficient.
    m_N : float
        Sterile mass, GeV.
    C : ndarray
        Values of the coefficient, GeV^-2, shape (n,).
    values : mapping of str to ndarray
        Branching ratios by channel, shape (n,); which of them is in ``data.observables``.
    data : Experiment
        What to compare with.
    """

    coefficient: str
    m_N: float
    C: np.ndarray
    values: Mapping[str, np.ndarray]
    data: Experiment

    def crossing(self, channel: str, value: float) -> float:
        """The first coefficient (GeV^-2) at which a branching ratio rises above ``value``.

        Interpolated linearly in the square of the coefficient; nan if there is none.

        Parameters
        ----------
        channel : str
            Name of the channel, e.g. ``B0->Kinv``.
        value : float
            Branching ratio.

        Returns
        -------
        float
            GeV^-2; nan if there is none.
        """
        difference = self.values[channel] - value
        rising = np.flatnonzero((difference[:-1] <= 0) & (difference[1:] > 0))
        if not len(rising):
            return float("nan")
        i = rising[0]
        low, high = self.C[i] ** 2, self.C[i + 1] ** 2
        part = -difference[i] / (difference[i + 1] - difference[i])
        return float(np.sqrt(low + part * (high - low)))

    def table(self) -> Table:
        """The numbers as columns of a table; coefficients in TeV^-2.

        Returns
        -------
        (list of str, list of ndarray)
            Names of the columns with units, and the columns, all of one length.
        """
        size = len(self.C)
        columns = [np.full(size, self.coefficient), np.full(size, self.m_N), self.C / TeV**-2]
        names = ["coefficient", "m_N [GeV]", "C [TeV^-2]"]
        columns += self.values.values()
        return names + [self.data.observables[channel] for channel in self.values], columns


@dataclass(frozen=True, eq=False)
class Plane:
    """Branching ratios in a plane of two coefficients, or of m_N and a coefficient.

    Attributes
    ----------
    names : (str, str)
        Of x and y: coefficients, or ``m_N``.
    x, y : ndarray
        GeV^-2 or GeV, shapes (n,) and (m,).
    m_N : float or None
        GeV, None if it is x.
    values : mapping of str to ndarray
        Branching ratios by channel, shape (m, n); which of them is in ``data.observables``.
    data : Experiment
        What to compare with.
    """

    names: tuple[str, str]
    x: np.ndarray
    y: np.ndarray
    m_N: float | None
    values: Mapping[str, np.ndarray]
    data: Experiment

    def table(self) -> Table:
        """The numbers as columns of a table; coefficients in TeV^-2.

        Returns
        -------
        (list of str, list of ndarray)
            Names of the columns with units, and the columns, all of one length.
        """
        x, y = (a.ravel() for a in np.meshgrid(self.x, self.y))
        if self.m_N is None:
            names = ["coefficient", "m_N [GeV]", "C [TeV^-2]"]
            columns = [np.full(x.size, self.names[1]), x, y / TeV**-2]
        else:
            names = ["x", "y", "m_N [GeV]", "C_x [TeV^-2]", "C_y [TeV^-2]"]
            columns = [np.full(x.size, name) for name in self.names]
            columns += [np.full(x.size, self.m_N), x / TeV**-2, y / TeV**-2]
        columns += [value.ravel() for value in self.values.values()]
        return names + [self.data.observables[channel] for channel in self.values], columns


def spectra(
    coefficients: Mapping[str, float] = _OPERATORS,
    masses: Sequence[float] = (0.0, 1.5),
    *,
    dataset: str = "paper2023",
    q2: ArrayLike | None = None,
    theory: Theory = _DEFAULT,
) -> Spectra:
    """Spectra of B+ -> K+ + inv (arXiv:2309.02940 Fig. 1).

    Parameters
    ----------
    coefficients : mapping of str to float, optional
        GeV^-2 by name, switched on one at a time.
    masses : sequence of float, optional
        GeV.
    dataset : str, default 'paper2023'
        Decides whether the tau part is included, as in what was measured.
    q2 : array_like, optional
        GeV², shape (n,); the full range by default.
    theory : Theory, optional
        EFT, basis, scale and parameters.

    Returns
    -------
    Spectra
        All spectra, and that of the SM.
    """
    check(theory)
    coefficients = mapping("coefficients", coefficients)
    observable = experiment(dataset, theory).observables[KPLUS].replace("(", "/dq2(")
    nodes = np.linspace(0, _endpoint(theory) ** 2, 461) if q2 is None else line("q2", q2)
    tuples = [(f"d{observable}", float(value)) for value in nodes]
    # one axis for the operators, one of them non-zero at a time, one for the masses
    one = np.eye(len(coefficients))[:, :, None]
    chosen = {name: C * one[i] for i, (name, C) in enumerate(coefficients.items())}
    found = theory.predict(tuples, chosen, line("masses", masses))
    standard = theory.predict(tuples, {}, 0.0)
    return Spectra(
        f"d{observable}",
        dict(coefficients),
        tuple(masses),
        nodes,
        np.stack([found[t] for t in tuples], axis=-1),
        np.array([standard[t] for t in tuples]),
    )


def branching_ratios(
    coefficient: str,
    m_N: float = 0.0,
    *,
    dataset: str = "paper2023",
    C: ArrayLike | None = None,
    theory: Theory = _DEFAULT,
) -> Curves:
    """Branching ratios of all channels against a coefficient (arXiv:2309.02940 Figs. 3 and 4).

    Parameters
    ----------
    coefficient : str
        Name of the coefficient.
    m_N : float, default 0.0
        Sterile mass, GeV.
    dataset : str, default 'paper2023'
        ``paper2023`` or ``current``.
    C : array_like, optional
        Values of the coefficient, GeV^-2, shape (n,), increasing; by default 0 to 0.1 TeV^-2.
    theory : Theory, optional
        EFT, basis, scale and parameters.

    Returns
    -------
    Curves
        One curve per channel.
    """
    check(theory, coefficient)
    m_N = number("m_N", m_N, InvalidMass)
    values = np.linspace(0, 0.1, 2001) * TeV**-2 if C is None else line("C", C)
    data = experiment(dataset, theory)
    found = theory.predict([*data.observables.values()], {coefficient: values}, m_N)
    rows = {channel: found[data.observables[channel]] for channel in CHANNELS}
    return Curves(coefficient, m_N, values, rows, data)


def mass_plane(
    coefficient: str,
    *,
    dataset: str = "paper2023",
    m_N: ArrayLike | None = None,
    C: ArrayLike | None = None,
    theory: Theory = _DEFAULT,
) -> Plane:
    """The plane of the sterile mass and a coefficient (arXiv:2309.02940 Fig. 2).

    Parameters
    ----------
    coefficient : str
        Name of the coefficient.
    dataset : str, default 'paper2023'
        ``paper2023`` or ``current``.
    m_N : array_like, optional
        GeV, shape (n,); by default 200 values up to the largest mass in B+ -> K+ + inv: m_B - m_K
        for decays to one N, half of it for decays to two.
    C : array_like, optional
        GeV^-2, shape (m,); by default 200 values from 0.003 to 0.5 TeV^-2, equidistant in the
        logarithm.
    theory : Theory, optional
        EFT, basis, scale and parameters.

    Returns
    -------
    Plane
        Branching ratios on the grid.
    """
    check(theory, coefficient)
    y = np.geomspace(3e-3, 0.5, 200) * TeV**-2 if C is None else line("C", C)
    x = np.linspace(0, largest_mass(coefficient, theory), 200) if m_N is None else line("m_N", m_N)
    data = experiment(dataset, theory)
    wanted = {channel: data.observables[channel] for channel in (KPLUS, *LIMITS)}
    found = theory.predict([*wanted.values()], {coefficient: y[:, None]}, x[None, :])
    rows = {channel: found[observable] for channel, observable in wanted.items()}
    return Plane(("m_N", coefficient), x, y, None, rows, data)


def coefficient_plane(
    x_name: str,
    y_name: str,
    m_N: float = 0.0,
    *,
    dataset: str = "paper2023",
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    theory: Theory = _DEFAULT,
) -> Plane:
    """The plane of two real coefficients (arXiv:2309.02940 Fig. 5).

    Parameters
    ----------
    x_name, y_name : str
        Coefficients.
    m_N : float, default 0.0
        Sterile mass, GeV.
    dataset : str, default 'paper2023'
        ``paper2023`` or ``current``.
    x, y : array_like, optional
        GeV^-2, shapes (n,) and (m,); by default 401 values from -0.06 to 0.06 TeV^-2.
    theory : Theory, optional
        EFT, basis, scale and parameters.

    Returns
    -------
    Plane
        Branching ratios on the grid.
    """
    check(theory, x_name, y_name)
    m_N = number("m_N", m_N, InvalidMass)
    default = np.linspace(-0.06, 0.06, 401) * TeV**-2
    columns = default if x is None else line("x", x)
    rows = default if y is None else line("y", y)
    data = experiment(dataset, theory)
    wanted = {channel: data.observables[channel] for channel in (KPLUS, *LIMITS)}
    point = {x_name: columns[None, :], y_name: rows[:, None]}
    found = theory.predict([*wanted.values()], point, m_N)
    values = {channel: found[observable] for channel, observable in wanted.items()}
    return Plane((x_name, y_name), columns, rows, m_N, values, data)


def _endpoint(theory: Theory) -> float:
    """m_B - m_K of B+ -> K+ (GeV)."""
    par = {**flavio.default_parameters.get_central_all(), **theory.par}
    return float(par["m_B+"] - par["m_K+"])


def largest_mass(coefficient: str, theory: Theory) -> float:
    """The largest m_N (GeV) with which the coefficient contributes to B+ -> K+ + inv."""
    endpoint = _endpoint(theory)
    name = CHANNELS[KPLUS].observables[-1]
    one_N = theory.predict([name], {coefficient: np.array([0.0, TeV**-2])}, 0.6 * endpoint)[name]
    return endpoint if one_N[1] != one_N[0] else endpoint / 2
