"""Binned predictions with one covariance; `Spectra` is public in `tables`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .._files import check_writable, write_files
from .._inputs import brief
from ..errors import InvalidShape, InvalidValue
from . import csv_files, submission
from .binned import Spectrum, correlation, label, weighting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Spectra"]


@dataclass(frozen=True, eq=False, repr=False)
class Spectra(Sequence[Spectrum]):
    """Spectra with one covariance of all bins: a sequence of `Spectrum`.

    Attributes
    ----------
    spectra : tuple of Spectrum
        One for every observable and point.
    covariance : ndarray or None
        Covariance of ``values``, shape (values, values), or None.
    points : tuple of dict of str to float
        For every spectrum the values of the parameters that differ between them, e.g. masses.
    """

    spectra: tuple[Spectrum, ...]
    covariance: np.ndarray | None = None
    points: tuple[Mapping[str, float], ...] = ()

    def __post_init__(self) -> None:
        size = sum(len(spectrum.values) for spectrum in self.spectra)
        if self.covariance is not None and np.shape(self.covariance) != (size, size):
            raise InvalidShape(
                f"covariance of {size} values: shape ({size}, {size}), not"
                f" {np.shape(self.covariance)}"
            )
        if not self.points:
            object.__setattr__(self, "points", tuple({} for _ in self.spectra))
        if len(self.points) != len(self.spectra) or not self.spectra:
            raise InvalidShape(f"{len(self.spectra)} spectra, and {len(self.points)} points")

    def __len__(self) -> int:
        return len(self.spectra)

    def __getitem__(self, index: Any) -> Any:
        return self.spectra[index]

    def __iter__(self) -> Iterator[Spectrum]:
        return iter(self.spectra)

    def __repr__(self) -> str:
        names = list(dict.fromkeys(spectrum.observable for spectrum in self.spectra))
        covariance = "no covariance" if self.covariance is None else "joint covariance"
        return (
            f"Spectra({', '.join(names)}: {len(self.spectra)} spectra, {len(self.values)} values,"
            f" {covariance})"
        )

    @property
    def values(self) -> np.ndarray:
        """Of all spectra, one after the other."""
        return np.concatenate([spectrum.values for spectrum in self.spectra])

    @property
    def uncertainties(self) -> np.ndarray | None:
        """Standard deviations of ``values``."""
        return None if self.covariance is None else np.sqrt(np.diagonal(self.covariance))

    @property
    def correlation(self) -> np.ndarray | None:
        """Correlation matrix of ``values``; bins without uncertainty are correlated with none."""
        return None if self.covariance is None else correlation(self.covariance)

    def weights(self, references: Spectrum | Sequence[Spectrum | ArrayLike]) -> Spectra:
        """The weights of every spectrum (see `Spectrum.weights`), with their joint covariance.

        Parameters
        ----------
        references : Spectrum, Spectra or sequence
            One reference for all, e.g. the SM, which has no mass of N, or one for every spectrum.

        Returns
        -------
        Spectra
            With the weights as ``values``.

        Raises
        ------
        InvalidBin, InvalidShape, UndefinedRatio
        """
        if isinstance(references, Spectrum):
            references = [references] * len(self.spectra)
        if not isinstance(references, Sequence | np.ndarray):
            raise InvalidValue(f"references must be spectra, not {brief(references)}")
        if len(references) != len(self.spectra):
            raise InvalidShape(f"{len(self.spectra)} references are needed, not {len(references)}")
        pairs = list(zip(self.spectra, references, strict=True))
        scale = np.concatenate([weighting(spectrum, other)[0] for spectrum, other in pairs])
        covariance = None if self.covariance is None else self.covariance * np.outer(scale, scale)
        weights = tuple(spectrum.weights(other) for spectrum, other in pairs)
        return Spectra(weights, covariance, self.points)

    def plot(self, ax: Axes) -> None:
        """Draw all spectra, with bands of one standard deviation and a legend.

        Parameters
        ----------
        ax : matplotlib.axes.Axes
            To draw on.

        Raises
        ------
        InvalidValue
            If they have different units: draw them on several axes.
        """
        units = {(spectrum.unit, spectrum.widths is None) for spectrum in self.spectra}
        if len(units) > 1:
            raise InvalidValue("the spectra have different units: plot each on axes of its own")
        titles = {spectrum.title for spectrum in self.spectra}
        for k, (spectrum, point) in enumerate(zip(self.spectra, self.points, strict=True)):
            parts = [] if len(titles) == 1 else [label(spectrum.title, "")]
            parts += [_setting(name, value) for name, value in point.items()]
            spectrum.plot(ax, color=f"C{k % 10}", label=", ".join(parts) or None)
        if len(titles) > 1:
            ax.set_ylabel(label("Prediction", self.spectra[0].unit))
        if len(self.spectra) > 1:
            ax.legend()

    def to_csv(self, path: str | Path) -> None:
        """Write a CSV file with one row per bin of every spectrum.

        Columns: observable, the parameters that differ (masses in GeV), then as in
        `Spectrum.to_csv`, with the covariance of all rows.

        Parameters
        ----------
        path : str or path-like
            File to write.

        Raises
        ------
        UnwritablePath
        """
        write_files({check_writable(path): csv_files.joint(self)})

    @classmethod
    def from_csv(cls, path: str | Path) -> Spectra:
        """Read a file of `to_csv`.

        Parameters
        ----------
        path : str or path-like
            File to read.

        Returns
        -------
        Spectra
            With the same numbers; the values of ``info`` are texts.

        Raises
        ------
        InvalidFile
            If it is no such file.
        """
        tables, (covariance, points) = csv_files.read(path, several=True)
        return cls(tuple(Spectrum(**table) for table in tables), covariance, points)

    def to_hepdata(self, directory: str | Path) -> list[Path]:
        """Write the files of a HEPData submission: a table per spectrum, and one covariance.

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
        return submission.documents(self.spectra, self.covariance, self.points)


def _setting(name: str, value: float) -> str:
    if name.startswith("m_N"):
        return f"$m_{{N_{name[3:]}}} = {value:g}$ GeV"
    return f"{name} = {value:g}"
