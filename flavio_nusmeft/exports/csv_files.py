"""Binned predictions as CSV, written and read; `binned.Spectrum.to_csv` says what is in the files.

In front stand lines ``# name: value``; ``# [2] name: value`` is of the second of several spectra.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flavio
import numpy as np

from .._inputs import as_path, brief, printable
from ..errors import InvalidFile

if TYPE_CHECKING:
    from .binned import Spectrum
    from .joint import Spectra

__all__ = ["joint", "read", "single"]

_COMMENT = re.compile(r"# (?:\[(\d+)\] )?(.*): (.*)")
_WEIGHT = "weight of "
_BINS = ["q2min", "q2max"]
_SPECTRUM = ["spectrum", "observable"]
_RATIO, _ERROR = "branching ratio", "uncertainty"


def single(spectrum: Spectrum) -> str:
    """Text of the file of one spectrum."""
    lines = [_comment("observable", spectrum.observable)]
    lines += [_comment(name, value) for name, value in spectrum.info.items()]
    header = [*_BINS, f"{_WEIGHT * spectrum.is_weight}{spectrum.observable}"]
    header += [_RATIO] * (spectrum.widths is not None) + _errors(spectrum.covariance)
    rows = zip(_bins(spectrum), _covariance(spectrum), strict=True)
    return _text(lines, header, ([*left, *right] for left, right in rows))


def joint(spectra: Spectra) -> str:
    """Text of the file of several spectra."""
    first, *others = (spectrum.info for spectrum in spectra)
    common = {
        name: value
        for name, value in first.items()
        if all(name in info and str(info[name]) == str(value) for info in others)
    }
    names = dict.fromkeys(spectrum.observable for spectrum in spectra)
    lines = [_comment("observables", ", ".join(names))]
    lines += [_comment(name, value) for name, value in common.items()]
    for k, spectrum in enumerate(spectra, 1):
        for name, value in spectrum.info.items():
            if name not in common:
                lines.append(_comment(f"[{k}] {name}", value))
    parameters = list(dict.fromkeys(name for point in spectra.points for name in point))
    has_ratios = any(spectrum.widths is not None for spectrum in spectra)
    header = [*_SPECTRUM, *parameters, *_BINS, "weight" if spectra[0].is_weight else "value"]
    header += [_RATIO] * has_ratios + _errors(spectra.covariance)
    left = [
        [k, spectrum.observable, *(point.get(name, "") for name in parameters), *row]
        + [""] * (has_ratios and spectrum.widths is None)
        for k, (spectrum, point) in enumerate(zip(spectra, spectra.points, strict=True), 1)
        for row in _bins(spectrum)
    ]
    rows = zip(left, _covariance(spectra), strict=True)
    return _text(lines, header, ([*one, *other] for one, other in rows))


def _comment(name: str, value: Any) -> str:
    return printable(f"# {name}: {' '.join(str(value).split()).replace(': ', ':')}")


def _errors(covariance: np.ndarray | None) -> list[str]:
    if covariance is None:
        return []
    return [_ERROR, *(f"covariance {k + 1}" for k in range(len(covariance)))]


def _bins(spectrum: Spectrum) -> list[list[float]]:
    columns = [spectrum.edges[:-1], spectrum.edges[1:], spectrum.values]
    if spectrum.widths is not None:
        columns.append(spectrum.branching_ratios)
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _covariance(table: Spectrum | Spectra) -> list[list[float]]:
    if table.covariance is None or table.uncertainties is None:
        return [[] for _ in table.values]
    return np.column_stack([table.uncertainties, table.covariance]).tolist()


def _text(lines: list[str], header: list[str], rows: Iterable[list[Any]]) -> str:
    stream = io.StringIO(newline="")
    stream.writelines(f"{line}\n" for line in lines)
    writer = csv.writer(stream)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()


def read(
    path: str | Path, several: bool
) -> tuple[list[dict[str, Any]], tuple[np.ndarray | None, tuple[Mapping[str, float], ...]]]:
    """Arguments of `Spectrum` for every spectrum in a file; joint covariance, and points.

    Parameters
    ----------
    path : the file
    several : whether it is of `joint`, or of `single`

    Raises
    ------
    InvalidFile
    """
    path = as_path("the file to read", path, InvalidFile)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile(printable(f"{path}: {error}")) from None
    try:
        return _parsed(text, several)
    except InvalidFile as error:
        raise InvalidFile(printable(f"{path}: {error}")) from None
    except (ValueError, IndexError, KeyError, csv.Error) as error:
        raise InvalidFile(printable(f"{path}: not a table of binned spectra: {error}")) from None


def _parsed(text: str, several: bool) -> Any:
    lines = text.splitlines()
    comments = [line for line in lines if line.startswith("#")]
    rows = list(csv.reader(line for line in lines if line and not line.startswith("#")))
    if not rows or rows[0][:2] not in (_BINS, _SPECTRUM):
        raise InvalidFile("not a table of binned spectra, of to_csv")
    if (rows[0][:2] == _SPECTRUM) is not several:
        other = "Spectrum" if several else "Spectra"
        raise InvalidFile(f"this is a table of the other kind: read it with {other}.from_csv")
    header, *rows = rows
    found = [match.groups() for line in comments if (match := _COMMENT.fullmatch(line))]
    columns = {name: [row[k] for row in rows] for k, name in enumerate(header)}
    covariance = None
    if _ERROR in header:
        first = header.index(_ERROR) + 1
        covariance = np.array([row[first:] for row in rows], dtype=float)
        if covariance.shape != (len(rows), len(rows)):
            raise InvalidFile(f"the covariance of {len(rows)} rows has {len(header) - first}")
    if several:
        numbers = [int(number) for number in columns["spectrum"]]
        sizes = [numbers.count(k + 1) for k in range(max(numbers))]
        if numbers != [k + 1 for k, size in enumerate(sizes) for _ in range(size)]:
            raise InvalidFile("the rows of the spectra are not in order")
        quantity = header[header.index(_BINS[1]) + 1]
    else:
        sizes, quantity = [len(rows)], header[2]
    varied = header[2 : header.index(_BINS[0])] if several else []
    tables, points, first = [], [], 0
    for k, size in enumerate(sizes, 1):
        part = slice(first, first + size)
        name = columns["observable"][first] if several else quantity.removeprefix(_WEIGHT)
        if name not in flavio.Observable.instances:
            raise InvalidFile(f"no observable {brief(name)}")
        edges = [columns[_BINS[0]][first], *columns[_BINS[1]][part]]
        if edges[1:-1] != columns[_BINS[0]][part][1:]:
            raise InvalidFile("the bins do not follow each other")
        mine = {n: value for number, n, value in found if number in (None, str(k))}
        mine.pop("observables" if several else "observable", None)
        tables.append(
            {
                "observable": name,
                "edges": np.array(edges, dtype=float),
                "values": np.array(columns[quantity][part], dtype=float),
                "covariance": None if covariance is None else covariance[part, part],
                "info": mine,
                "is_weight": quantity.startswith("weight"),
            }
        )
        points.append({n: float(columns[n][first]) for n in varied if columns[n][first]})
        first += size
    return tables, (covariance, tuple(points))
