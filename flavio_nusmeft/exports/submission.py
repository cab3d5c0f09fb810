"""Binned predictions as submissions to HEPData."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from .._files import check_writable, write_files

if TYPE_CHECKING:
    from .binned import Spectrum

__all__ = ["documents", "write"]

_TABLES = re.compile(r"data_file: ((?:spectrum(?:-\d+)?|covariance)\.yaml)")  # of a submission
_YAML: dict[str, Any] = {
    "Dumper": getattr(yaml, "CSafeDumper", yaml.SafeDumper),
    "sort_keys": False,
    "default_flow_style": None,
    "allow_unicode": True,
}


def write(directory: str | Path, content: Mapping[str, list[dict[str, Any]]]) -> list[Path]:
    """Write YAML documents by file name; tables of an earlier submission are removed.

    Raises
    ------
    UnwritablePath
    """
    folder = check_writable(directory, directory=True)
    files = {
        check_writable(folder / name): yaml.dump_all(documents, **_YAML)
        for name, documents in content.items()
    }
    earlier = folder / "submission.yaml"
    old = earlier.read_text("utf-8", errors="replace") if earlier.is_file() else ""
    stale = [folder / name for name in _TABLES.findall(old)]
    write_files(files, remove=[path for path in stale if path not in files])
    return list(files)


def documents(
    spectra: Sequence[Spectrum],
    covariance: np.ndarray | None,
    points: Sequence[Mapping[str, float]] = ({},),
) -> dict[str, list[dict[str, Any]]]:
    """The YAML documents of all files, by name.

    Parameters
    ----------
    spectra : the spectra
    covariance : of all their values, shape (values, values), or None
    points : for every spectrum the parameters that differ
    """
    result: dict[str, list[dict[str, Any]]] = {}
    entries = []
    for k, (spectrum, point) in enumerate(zip(spectra, points, strict=True), 1):
        name = "spectrum" if len(spectra) == 1 else f"spectrum-{k}"
        result[f"{name}.yaml"] = [_table(spectrum)]
        at = "".join(f", {parameter} = {value:.15g}" for parameter, value in point.items())
        text = f"{spectrum.title} in bins of q²{at}."
        entries.append(_entry(f"{spectrum.observable} {name}{at}", text, [spectrum], name))
    if covariance is not None:
        result["covariance.yaml"] = [_covariance(spectra, covariance, points)]
        titles = ", ".join(dict.fromkeys(spectrum.title for spectrum in spectra))
        names = ", ".join(dict.fromkeys(spectrum.observable for spectrum in spectra))
        text = f"Covariance of {titles}, theory uncertainties."
        entries.append(_entry(f"{names} covariance", text, spectra, "covariance"))
    result["submission.yaml"] = entries
    return result


def _entry(name: str, text: str, spectra: Sequence[Spectrum], file: str) -> dict[str, Any]:
    observables = list(dict.fromkeys(spectrum.observable for spectrum in spectra))
    return {
        "name": name,
        "description": text,
        "keywords": [{"name": "observables", "values": observables}],
        "data_file": f"{file}.yaml",
    }


def _table(spectrum: Spectrum) -> dict[str, Any]:
    quantities = [(spectrum.title, spectrum.unit, spectrum.values, spectrum.uncertainties)]
    if spectrum.widths is not None and not np.all(spectrum.widths == 1):
        errors = spectrum.uncertainties
        errors = None if errors is None else errors * spectrum.widths
        quantities.append(("Branching ratio", "", spectrum.branching_ratios, errors))
    qualifiers = [{"name": name, "value": str(value)} for name, value in spectrum.info.items()]
    return {
        "independent_variables": [_variable("$q^2$", "GeV$^2$", _bins(spectrum))],
        "dependent_variables": [
            {**_variable(name, unit, _values(values, errors)), "qualifiers": qualifiers}
            for name, unit, values, errors in quantities
        ],
    }


def _covariance(
    spectra: Sequence[Spectrum], covariance: np.ndarray, points: Sequence[Mapping[str, float]]
) -> dict[str, Any]:
    units = list(dict.fromkeys(spectrum.unit for spectrum in spectra))
    unit = f"({units[0]})$^2$" if units[0] and len(units) == 1 else ""
    columns: list[tuple[str, str, list[Any]]] = []
    if len(spectra) > 1:
        columns.append(("Observable", "", [s.observable for s in spectra for _ in s.values]))
        for name in dict.fromkeys(name for point in points for name in point):
            values = [point.get(name, "-") for point in points]
            of_mass = "GeV" if name.startswith("m_") else ""
            rows = [x for s, x in zip(spectra, values, strict=True) for _ in s.values]
            columns.append((name, of_mass, rows))
    variables = []
    for k in (1, 2):
        for name, of, rows in columns:
            variables.append(
                _variable(f"{name} ({k})", of, _pairs([{"value": x} for x in rows], k))
            )
        bins = [entry for spectrum in spectra for entry in _bins(spectrum)]
        variables.append(_variable(f"$q^2$ ({k})", "GeV$^2$", _pairs(bins, k)))
    entries = [{"value": value} for value in covariance.ravel().tolist()]
    return {
        "independent_variables": variables,
        "dependent_variables": [_variable("Covariance", unit, entries)],
    }


def _pairs(rows: list[Any], which: int) -> list[Any]:
    """The first, or the second, of all pairs."""
    return [x for x in rows for _ in rows] if which == 1 else [x for _ in rows for x in rows]


def _bins(spectrum: Spectrum) -> list[dict[str, float]]:
    pairs = zip(spectrum.edges[:-1].tolist(), spectrum.edges[1:].tolist(), strict=True)
    return [{"low": low, "high": high} for low, high in pairs]


def _variable(name: str, unit: str, values: list[Any]) -> dict[str, Any]:
    return {"header": {"name": name} | ({"units": unit} if unit else {}), "values": values}


def _values(values: np.ndarray, errors: np.ndarray | None) -> list[dict[str, Any]]:
    if errors is None:
        return [{"value": value} for value in values.tolist()]
    return [
        # HEPData wants uncertainties that are not 0
        {"value": value} | ({"errors": [{"symerror": e, "label": "theory"}]} if e > 0 else {})
        for value, e in zip(values.tolist(), errors.tolist(), strict=True)
    ]
