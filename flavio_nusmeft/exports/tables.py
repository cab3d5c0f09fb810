"""Binned predictions as tables with covariance: CSV, and the YAML of HEPData.

`spectrum` predicts a binned observable of this package in all bins of a grid; `Spectrum.weights`
are ratios to another spectrum, for the reweighting of simulated events (redist, pyhf).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import flavio
import numpy as np
import yaml
from numpy.typing import ArrayLike

from .. import settings
from .._files import check_writable, write_files
from .._inputs import reals, seed_number, wc_object
from ..belle2.record import EDGES
from ..errors import (
    IncompleteBins,
    InvalidBin,
    InvalidShape,
    UndefinedRatio,
    UnknownObservable,
    nearest,
)
from ..inference.draws import Draws, check_draws, one_point, parameter_draws
from ..observables import NAMES

__all__ = ["Spectrum", "spectrum"]


def __dir__() -> list[str]:
    return sorted(__all__)


_BEYOND = 100.0  # GeV²; above the largest q² of any b hadron
# part of the branching ratio that may lie outside of the bins: the grid of Belle II ends
# 0.017 GeV² below the endpoint of B+ -> K+, where at most 5e-5 of it lies
_OUTSIDE = 1e-4
_TABLES = ("spectrum.yaml", "covariance.yaml")  # of a submission to HEPData
_YAML: dict[str, Any] = {
    "Dumper": getattr(yaml, "CSafeDumper", yaml.SafeDumper),
    "sort_keys": False,
    "default_flow_style": None,
    "allow_unicode": True,
}


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
        ones, versions.
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
    def widths(self) -> np.ndarray | None:
        """What ``values`` are multiplied with to integrate them; None if they are no rates."""
        if self.is_weight or not _is_rate(self.observable):
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
        if isinstance(reference, Spectrum):
            if not np.array_equal(self.edges, reference.edges):
                raise InvalidBin("the reference has other bins")
            reference = reference.branching_ratios
        ours, theirs = self.branching_ratios, reals("the reference", reference)
        if theirs.shape != ours.shape:
            raise InvalidShape(f"a reference of {len(ours)} bins, not of shape {theirs.shape}")
        closed = theirs <= 0
        for k in np.flatnonzero(closed & (ours > 0)):
            low, high = self.edges[k : k + 2]
            raise UndefinedRatio(f"the reference is empty in {low:g} < q² < {high:g} GeV²")
        factors = np.where(closed, 0.0, 1 / np.where(closed, 1.0, theirs))
        scale = factors * self.widths
        covariance = None if self.covariance is None else self.covariance * np.outer(scale, scale)
        return replace(self, values=self.values * scale, covariance=covariance, is_weight=True)

    def to_csv(self, path: str | Path) -> None:
        """Write a CSV file with one row per bin.

        Columns: edges (GeV²), values, branching ratios, and, if they are there, uncertainties and
        covariance of the values.
        ``info`` stands in front, in lines that begin with ``#``: ``numpy.genfromtxt`` skips them,
        pandas with ``comment="#"``.

        Parameters
        ----------
        path : str or path-like
            File to write.

        Raises
        ------
        UnwritablePath
        """
        path = check_writable(path)
        header, columns = ["q2min", "q2max"], [self.edges[:-1], self.edges[1:]]
        header.append(f"weight of {self.observable}" if self.is_weight else self.observable)
        columns.append(self.values)
        if self.widths is not None:
            header.append("branching ratio")
            columns.append(self.branching_ratios)
        if self.uncertainties is not None and self.covariance is not None:
            header += ["uncertainty", *(f"covariance {k + 1}" for k in range(len(self.values)))]
            columns += [self.uncertainties, *self.covariance]
        stream = io.StringIO(newline="")
        for name, value in self.info.items():
            stream.write(f"# {name}: {value}\n")
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
        write_files({path: stream.getvalue()})

    def to_hepdata(self, directory: str | Path) -> list[Path]:
        """Write the files of a HEPData submission.

        ``submission.yaml``, the table, and, if it is there, the covariance of the values.
        A covariance that an earlier submission in the folder has, and this one has not, is removed.

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
        folder = check_writable(directory, directory=True)
        files = {
            check_writable(folder / name): yaml.dump_all(documents, **_YAML)
            for name, documents in self.hepdata().items()
        }
        earlier = folder / "submission.yaml"
        old = earlier.read_text("utf-8", errors="replace") if earlier.is_file() else ""
        stale = [folder / name for name in _TABLES if f"data_file: {name}" in old]
        write_files(files, remove=[path for path in stale if path not in files])
        return list(files)

    def hepdata(self) -> dict[str, list[dict[str, Any]]]:
        """The YAML documents of `to_hepdata` by file name.

        Returns
        -------
        dict of str to list of dict of str to object
            Documents of each file.
        """
        quantities = [(self._title, self._unit, self.values, self.uncertainties)]
        if self.widths is not None and not np.all(self.widths == 1):
            errors = None if self.uncertainties is None else self.uncertainties * self.widths
            quantities.append(("Branching ratio", "", self.branching_ratios, errors))
        bins = [{"low": low, "high": high} for low, high in self._pairs]
        table = {
            "independent_variables": [_variable("$q^2$", "GeV$^2$", bins)],
            "dependent_variables": [
                {**_variable(name, unit, _values(values, errors)), "qualifiers": self._qualifiers}
                for name, unit, values, errors in quantities
            ],
        }
        result: dict[str, list[dict[str, Any]]] = {"spectrum.yaml": [table]}
        tables = [("spectrum", f"{self._title} in bins of q².")]
        if self.covariance is not None:
            squared = f"({self._unit})$^2$" if self._unit else ""
            first = [x for x in bins for _ in bins]
            second = [x for _ in bins for x in bins]
            values = [{"value": value} for value in self.covariance.ravel().tolist()]
            result["covariance.yaml"] = [
                {
                    "independent_variables": [
                        _variable("$q^2$ (1)", "GeV$^2$", first),
                        _variable("$q^2$ (2)", "GeV$^2$", second),
                    ],
                    "dependent_variables": [_variable("Covariance", squared, values)],
                }
            ]
            tables.append(("covariance", f"Covariance of {self._title}, theory uncertainties."))
        result["submission.yaml"] = [
            {
                "name": f"{self.observable} {name}",
                "description": text,
                "keywords": [{"name": "observables", "values": [self.observable]}],
                "data_file": f"{name}.yaml",
            }
            for name, text in tables
        ]
        return result

    @property
    def _title(self) -> str:
        tex = flavio.Observable[self.observable].tex or self.observable
        return f"Weight for {tex}" if self.is_weight else str(tex)

    @property
    def _unit(self) -> str:
        return "GeV$^{-2}$" if self.widths is not None and "/dq2" in self.observable else ""

    @property
    def _pairs(self) -> list[tuple[float, float]]:
        return list(zip(self.edges[:-1].tolist(), self.edges[1:].tolist(), strict=True))

    @property
    def _qualifiers(self) -> list[dict[str, Any]]:
        return [{"name": name, "value": str(value)} for name, value in self.info.items()]


def _variable(name: str, unit: str, values: list[dict[str, Any]]) -> dict[str, Any]:
    return {"header": {"name": name} | ({"units": unit} if unit else {}), "values": values}


def _values(values: np.ndarray, errors: np.ndarray | None) -> list[dict[str, Any]]:
    if errors is None:
        return [{"value": value} for value in values.tolist()]
    return [
        # HEPData wants uncertainties that are not 0
        {"value": value} | ({"errors": [{"symerror": e, "label": "theory"}]} if e > 0 else {})
        for value, e in zip(values.tolist(), errors.tolist(), strict=True)
    ]


def spectrum(
    observable: str,
    edges: ArrayLike = EDGES,
    wc_obj: Any = None,
    *,
    par: Mapping[str, float] | None = None,
    draws: int = 0,
    seed: int | np.random.Generator = 0,
    partial: bool = False,
) -> Spectrum:
    """Predict a binned observable in all bins of a grid.

    Parameters
    ----------
    observable : str
        One of this package with the arguments q2min and q2max, e.g. ``<dBR_SD/dq2>(B+->Kinv)``,
        ``<BR>(B0->Dtauinv)`` or ``<FL>(B0->K*inv)``.
    edges : array_like, optional
        Edges of the bins, GeV², increasing; default: the 100 bins from 0 to 22.885 GeV² in which
        Belle II has published its number densities (arXiv:2507.12393).
    wc_obj : NuWilson, Wilson, WilsonCoefficients or None, optional
        Any object with Wilson coefficients; None: the SM.
    par : mapping of str to float, optional
        Parameters that differ from the central values of ``flavio.default_parameters``.
    draws : int, default 0
        Number of random draws of the parameters (not of those in ``par``) for the covariance, which
        is that of the point itself; 0: none.
    seed : int or numpy.random.Generator, default 0
        Seed of the draws; a generator gives an integer for it, which ``info`` says.
    partial : bool, default False
        Accept bins that do not cover the spectrum.

    Returns
    -------
    Spectrum
        With covariance if there are draws.

    Raises
    ------
    IncompleteBins
        If more than 1e-4 of the branching ratio lies outside of the bins. (Not for fractions.)
    UnknownObservable, UnknownParameter, InvalidValue, InvalidBin, InvalidMass
    """
    bounds = _check(observable, edges)
    number, seed = check_draws(draws), seed_number(seed)
    wc_object(wc_obj)
    fixed, parameters = one_point(par)
    prediction = flavio.Observable[observable].prediction_par
    pairs = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
    values = np.array([prediction(parameters, wc_obj, *pair) for pair in pairs])
    result = Spectrum(observable, bounds, values, info=_info(wc_obj, parameters, number, seed))
    if not partial and _is_rate(observable):
        _check_coverage(result, lambda low, high: prediction(parameters, wc_obj, low, high))
    if not number:
        return result
    bins = [(observable, *pair) for pair in pairs]
    with np.errstate(invalid="ignore"):
        drawn = Draws(bins, parameter_draws(number, fixed, seed)).predictions({}, wc_obj)
    drawn = np.where(np.isnan(drawn), 0.0, drawn)  # fractions where phase space is closed
    return replace(result, covariance=np.atleast_2d(np.cov(drawn.T)))


def _is_rate(observable: str) -> bool:
    return observable.startswith(("<dBR", "<BR"))


def _check(observable: str, edges: ArrayLike) -> np.ndarray:
    binned = [n for n in NAMES if flavio.Observable[n].arguments == ["q2min", "q2max"]]
    if observable not in binned:
        raise UnknownObservable(
            f"'{observable}' is not a binned observable of flavio_nusmeft"
            f"{nearest(str(observable), binned)}"
        )
    bounds = reals("edges", edges, InvalidBin)
    if bounds.ndim != 1 or len(bounds) < 2 or not np.isfinite(bounds).all():
        raise InvalidBin("edges must be a list of at least two finite numbers (GeV²)")
    if (np.diff(bounds) <= 0).any():
        raise InvalidBin("edges must increase")
    return bounds


def _check_coverage(result: Spectrum, prediction: Any) -> None:
    inside = float(result.branching_ratios.sum())
    first, last = float(result.edges[0]), float(result.edges[-1])
    outside = []
    for text, low, high in (
        (f"q² < {first:g} GeV²", min(0.0, first), first),
        (f"q² > {last:g} GeV²", last, max(_BEYOND, last)),
    ):
        if low < high:
            width = high - low if "/dq2" in result.observable else 1.0
            outside.append((text, float(prediction(low, high)) * width))
    missing = sum(part for _, part in outside)
    total = inside + missing
    if missing > _OUTSIDE * total:
        parts = " and ".join(
            f"{text} with a branching ratio of {part:.3g} ({part / total:.2%})"
            for text, part in outside
            if part > 0
        )
        raise IncompleteBins(
            f"the bins do not cover the spectrum of {result.observable}: they miss {parts};"
            " ask for partial coverage if that is what you want"
        )


def _info(wc_obj: Any, par: Mapping[str, float], draws: int, seed: int) -> dict[str, Any]:
    wc = getattr(wc_obj, "wc", None)
    values = {name: value for name, value in wc.dict.items() if value != 0} if wc else {}
    info: dict[str, Any] = {"Model": "SM"}
    if wc and values:
        info = {"EFT": f"{wc.eft} {wc.basis} at {wc.scale:g} GeV"}
        for name, value in values.items():
            info[name] = value.real if value.imag == 0 else value
    masses = {f"m_N{i}": f"{par[f'm_N{i}']:g} GeV" for i in (1, 2, 3)}
    central = flavio.default_parameters.get_central_all()
    others = {name: x for name, x in par.items() if name not in masses and x != central[name]}
    info |= masses | {f"parameter {name}": value for name, value in others.items()}
    if draws:
        info["Parameter draws"] = f"{draws}, seed {seed}"
    return info | settings.provenance(wc_obj)
