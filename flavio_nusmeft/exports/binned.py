"""A binned prediction; `Spectrum` is public in `tables`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flavio
import numpy as np
from numpy.typing import ArrayLike

from .._files import check_writable, write_files
from .._inputs import brief, reals
from ..errors import InvalidBin, InvalidShape, InvalidValue, UndefinedRatio, UnknownObservable
from . import csv_files, submission

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Spectrum", "correlation", "is_rate", "label", "weighting"]


def is_rate(observable: str) -> bool:
    """Whether an observable is a branching ratio, or one per q²."""
    return observable.startswith(("<dBR", "<BR"))


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum:
    """A binned prediction.

    Attributes
    ----------
    observable : str
        Its name, e.g. ``<dBR_SD/dq2>(B+->Kinv)``.
    edges : ndarray
        Edges of the bins in q², GeV², shape (bins + 1,).
    values : ndarray
        The observable in the bins, shape (bins,); those of ``<dBR/dq2>`` are averages in GeV^-2,
        those of ``<BR>`` are integrated.
    covariance : ndarray or None
        Covariance of ``values`` from draws of the parameters, shape (bins, bins), or None.
    info : mapping of str to object
        What the prediction is of and how it was made: coefficients, masses, parameters that
        differ from flavio's, draws, options of the running, settings that are not the shipped
        ones, versions, and the papers to cite, for `flavio_nusmeft.citations.bibtex`; of weights
        also what differs in the reference. Texts, if it was read from a file.
    is_weight : bool
        Whether ``values`` are weights, see `weights`.
    """

    observable: str
    edges: np.ndarray
    values: np.ndarray
    covariance: np.ndarray | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    is_weight: bool = False

    def __post_init__(self) -> None:
        bins = len(self.edges) - 1
        matrix = () if self.covariance is None else (("covariance", self.covariance, (bins, bins)),)
        for name, array, shape in (("values", self.values, (bins,)), *matrix):
            if np.shape(array) != shape:
                raise InvalidShape(f"{name} of {bins} bins: shape {shape}, not {np.shape(array)}")

    def __repr__(self) -> str:
        kind = "weights of " if self.is_weight else ""
        covariance = "no covariance" if self.covariance is None else "covariance"
        return (
            f"Spectrum({kind}'{self.observable}', {len(self.values)} bins, q² from"
            f" {self.edges[0]:g} to {self.edges[-1]:g} GeV², {covariance})"
        )

    @property
    def uncertainties(self) -> np.ndarray | None:
        """Standard deviations of ``values``."""
        return None if self.covariance is None else np.sqrt(np.diagonal(self.covariance))

    @property
    def correlation(self) -> np.ndarray | None:
        """Correlation matrix of ``values``; bins without uncertainty are correlated with none."""
        return None if self.covariance is None else correlation(self.covariance)

    @property
    def widths(self) -> np.ndarray | None:
        """What ``values`` are multiplied with to integrate them; None if they are no rates."""
        if self.is_weight or not is_rate(self.observable):
            return None
        return np.diff(self.edges) if "/dq2" in self.observable else np.ones(len(self.values))

    @property
    def branching_ratios(self) -> np.ndarray:
        """Integrated over the bins, shape (bins,).

        Raises
        ------
        UnknownObservable
            If it is not a branching ratio.
        """
        if self.widths is None:
            raise UnknownObservable(f"{self.observable} is not a branching ratio")
        return np.asarray(self.values * self.widths)

    @property
    def title(self) -> str:
        """The observable in LaTeX."""
        tex = flavio.Observable[self.observable].tex or self.observable
        return f"Weight for {tex}" if self.is_weight else str(tex)

    @property
    def unit(self) -> str:
        """Unit of ``values`` in LaTeX, empty if there is none."""
        return "GeV$^{-2}$" if self.widths is not None and "/dq2" in self.observable else ""

    def weights(self, reference: Spectrum | ArrayLike) -> Spectrum:
        """Ratios of the branching ratios to a fixed reference, 0 where both are 0.

        The uncertainties are those of this spectrum alone: simulated events follow one reference.

        Parameters
        ----------
        reference : Spectrum or array_like
            A spectrum in the same bins, or branching ratios, shape (bins,).

        Returns
        -------
        Spectrum
            With the weights as ``values``.

        Raises
        ------
        InvalidBin, InvalidShape
            If the reference has other bins.
        UndefinedRatio
            If a bin of the reference is empty and ours is not.
        """
        scale, info = weighting(self, reference)
        covariance = None if self.covariance is None else self.covariance * np.outer(scale, scale)
        values = self.values * scale
        return replace(self, values=values, covariance=covariance, info=info, is_weight=True)

    def plot(self, ax: Axes, **style: Any) -> None:
        """Draw the values as a histogram, with a band of one standard deviation.

        Parameters
        ----------
        ax : matplotlib.axes.Axes
            To draw on.
        **style : object
            Of the line, e.g. ``color`` and ``label``, as for ``matplotlib.axes.Axes.stairs``.

        Raises
        ------
        InvalidValue
            If ``ax`` is no Axes.
        """
        if not hasattr(ax, "stairs"):
            raise InvalidValue(f"ax must be Axes of matplotlib, like plt.gca(), not {brief(ax)}")
        line = ax.stairs(self.values, self.edges, **{"linewidth": 1.2, "baseline": None, **style})
        if self.uncertainties is not None:
            lower, upper = self.values - self.uncertainties, self.values + self.uncertainties
            color = line.get_edgecolor()
            ax.stairs(upper, self.edges, baseline=lower, fill=True, color=color, alpha=0.25, lw=0)
        ax.set_xlabel("$q^2$ [GeV$^2$]")
        ax.set_ylabel(label(self.title, self.unit))

    def to_csv(self, path: str | Path) -> None:
        """Write a CSV file with one row per bin.

        Columns: edges (GeV²), values, branching ratios, and, if they are there, uncertainties and
        covariance of the values.
        The observable and ``info`` stand in front, in lines that begin with ``#``:
        ``numpy.genfromtxt`` skips them, pandas with ``comment="#"``.

        Parameters
        ----------
        path : str or path-like
            File to write.

        Raises
        ------
        UnwritablePath
        """
        write_files({check_writable(path): csv_files.single(self)})

    @classmethod
    def from_csv(cls, path: str | Path) -> Spectrum:
        """Read a file of `to_csv`.

        Parameters
        ----------
        path : str or path-like
            File to read.

        Returns
        -------
        Spectrum
            With the same numbers; the values of ``info`` are texts.

        Raises
        ------
        InvalidFile
            If it is no such file.
        """
        (table,), _ = csv_files.read(path, several=False)
        return cls(**table)

    def to_hepdata(self, directory: str | Path) -> list[Path]:
        """Write the files of a HEPData submission.

        ``submission.yaml``, the table, and, if it is there, the covariance of the values.
        Tables that an earlier submission in the folder has, and this one has not, are removed.

        Parameters
        ----------
        directory : str or path-like
            Folder; made if it is missing.

        Returns
        -------
        list of Path
            The paths.

        Raises
        ------
        UnwritablePath
        """
        return submission.write(directory, self.hepdata())

    def hepdata(self) -> dict[str, list[dict[str, Any]]]:
        """The YAML documents of `to_hepdata` by file name.

        Returns
        -------
        dict of str to list of dict of str to object
            Documents of each file.
        """
        return submission.documents([self], self.covariance)


def weighting(
    spectrum: Spectrum, reference: Spectrum | ArrayLike
) -> tuple[np.ndarray, dict[str, Any]]:
    """Weights per value, and the information with that on the reference."""
    ours = spectrum.branching_ratios
    info = {**spectrum.info, "reference": "branching ratios given as numbers"}
    if isinstance(reference, Spectrum):
        if not np.array_equal(spectrum.edges, reference.edges):
            raise InvalidBin("the reference has other bins")
        info["reference"] = reference.observable
        for name in {**reference.info, **spectrum.info}:
            value = reference.info.get(name, "none")
            if value != spectrum.info.get(name):
                info[f"reference {name}"] = value
        reference = reference.branching_ratios
    theirs = reals("the reference", reference)
    if theirs.shape != ours.shape:
        raise InvalidShape(f"a reference of {len(ours)} bins, not of shape {theirs.shape}")
    closed = theirs <= 0
    for k in np.flatnonzero(closed & (ours > 0)):
        low, high = spectrum.edges[k : k + 2]
        raise UndefinedRatio(f"the reference is empty in {low:g} < q² < {high:g} GeV²")
    factors = np.where(closed, 0.0, 1 / np.where(closed, 1.0, theirs))
    return factors * spectrum.widths, info


def correlation(covariance: np.ndarray) -> np.ndarray:
    """The correlation matrix; values without uncertainty are correlated with none."""
    sigma = np.sqrt(np.diagonal(covariance))
    inverse = np.where(sigma > 0, 1 / np.where(sigma > 0, sigma, 1.0), 0.0)
    result = covariance * np.outer(inverse, inverse)
    np.fill_diagonal(result, 1.0)
    return result


def label(title: str, unit: str) -> str:
    r"""Of an axis; ``\text`` of flavio's names is not known to all versions of matplotlib."""
    return title.replace(r"\text{", r"\mathrm{").replace(r"_\text", r"_\mathrm") + (
        f" [{unit}]" if unit else ""
    )
