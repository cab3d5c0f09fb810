"""The table of `limits`: rows that print, and go to JSON, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import flavio

from .._files import check_writable, write_files
from .._saved import Saved
from ..batch import Observable
from ..eft.limits import largest_coefficient
from ..units import TeV

__all__ = ["Limit", "Limits"]

_PREFIX = "flavio_nusmeft "  # of the names of measurements


@dataclass(frozen=True, eq=False)
class Limit(Saved):
    """What the data say about one coefficient C at one mass; coefficients in GeV^-2.

    Attributes
    ----------
    operator : str
        Name of the coefficient.
    m_N1 : float
        Mass of N1, GeV.
    best : float
        Where the likelihood is largest; nan for ``method="published"``.
    significance : float
        Of the best fit over the SM, in standard deviations; nan for ``method="published"``.
    interval : tuple of (float, float)
        Interval of 68%, in one or several pieces; inf: up to the largest meaningful value, (4π)² /
        scale². Empty for ``method="published"``.
    upper : float
        Upper limit; inf if there is none below the largest meaningful value.
    of_modulus : bool
        Whether it is a limit on ``|C|``, else on positive C.
    measurement : str or None
        The measurement that drives the limit; None if there is no limit.
    observables : tuple of observables
        What it measures.
    equivalent : tuple of str
        Operators with the same numbers.
    """

    operator: str
    m_N1: float
    best: float
    significance: float
    interval: tuple[tuple[float, float], ...]
    upper: float
    of_modulus: bool
    measurement: str | None
    observables: tuple[Observable, ...]
    equivalent: tuple[str, ...]

    _derived: ClassVar[tuple[str, ...]] = ("Lambda",)

    @property
    def Lambda(self) -> float:
        """C^(-1/2) of the upper limit, TeV; 0 if there is no limit."""
        return 1 / (math.sqrt(self.upper) * TeV) if self.upper else math.inf

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON can have it: None in the place of nan and inf.

        Returns
        -------
        dict
            By the names of the attributes, with ``Lambda``.
        """
        return {
            "operator": self.operator,
            "m_N1": self.m_N1,
            "best": _finite(self.best),
            "significance": _finite(self.significance),
            "interval": [[_finite(low), _finite(high)] for low, high in self.interval],
            "upper": _finite(self.upper),
            "Lambda": _finite(self.Lambda) if self.has_limit else None,
            "of_modulus": self.of_modulus,
            "measurement": self.measurement,
            "observables": [o if isinstance(o, str) else list(o) for o in self.observables],
            "equivalent": list(self.equivalent),
        }

    @classmethod
    def _of(cls, content: Any) -> Limit:
        interval = [list(map(_end, piece)) for piece in content["interval"]]
        return super()._of({**content, "upper": _end(content["upper"]), "interval": interval})

    @property
    def has_limit(self) -> bool:
        """Whether there is one."""
        return self.upper < math.inf


@dataclass(frozen=True, repr=False, eq=False)
class Limits(Saved):
    """Limits on one coefficient at a time; ``print`` shows the table, with its definition.

    Attributes
    ----------
    rows : tuple of Limit
        One per operator and mass.
    method : str
        ``profile`` or ``published``.
    cl : float
        Confidence level of the upper limits.
    definition : str
        What the numbers mean.
    data : str
        The data set.
    eft, basis : str
        Of the coefficients.
    scale : float
        MSbar scale of the coefficients, GeV.
    par : dict of str to float
        Parameters that are not at flavio's central values.
    without : tuple of str
        Operators that no observable depends on, if all of the basis were asked for.
    made_with : dict
        Options, settings that are not the shipped ones, and versions, see `settings.provenance`.
    """

    rows: tuple[Limit, ...]
    method: str
    cl: float
    definition: str
    data: str
    eft: str
    basis: str
    scale: float
    par: dict[str, float]
    without: tuple[str, ...]
    made_with: dict[str, Any]

    _derived: ClassVar[tuple[str, ...]] = ("units",)

    def __repr__(self) -> str:
        return f"Limits({len(self.rows)} rows, {self._title})"

    def __str__(self) -> str:
        headings, rows = self._cells(_plain)
        table = [headings, *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([self._title, *self._notes(), "", lines[0], rule, *lines[1:]])

    @property
    def units(self) -> dict[str, str]:
        """Of the numbers."""
        return {"C": "GeV^-2", "Lambda": "TeV", "m_N1": "GeV", "scale": "GeV"}

    @property
    def _title(self) -> str:
        given = "".join(f", {name} = {value:g}" for name, value in self.par.items())
        return f"{self.eft} {self.basis} at {self.scale:g} GeV, data: {self.data}{given}"

    def _notes(self) -> list[str]:
        """Definition, equivalent operators and what the numbers were made with."""
        notes = [self.definition]
        if any(not row.has_limit for row in self.rows):
            bound = largest_coefficient(self.scale) * TeV**2
            notes.append(f"no limit: none below (4π/scale)² = {bound:.3g} TeV^-2")
        same = {row.operator: row.equivalent for row in self.rows if row.equivalent}
        notes += [f"as {name}: {', '.join(others)}" for name, others in same.items()]
        if self.without:
            notes.append(f"without effect: {len(self.without)} operators")
        notes.append(", ".join(f"{name} = {value}" for name, value in self.made_with.items()))
        return notes

    def _cells(self, write: Any) -> tuple[list[str], list[list[str]]]:
        """Headings and cells; ``write`` makes the text of a number."""
        fits = self.method == "profile"
        headings = ["operator", "m_N1 [GeV]"]
        headings += ["best fit [TeV^-2]", "sigma", "68% interval [TeV^-2]"] if fits else []
        level = f"{100 * self.cl:.4g}%"
        headings += [f"upper limit ({level}) [TeV^-2]", "Lambda [TeV]", "driven by"]
        rows = []
        for row in self.rows:
            cells = [row.operator, f"{row.m_N1:g}"]
            if fits:
                pieces = [
                    f"{write(low * TeV**2)} to {write(high * TeV**2)}" for low, high in row.interval
                ]
                cells += [write(row.best * TeV**2), f"{row.significance:.1f}", " or ".join(pieces)]
            if row.has_limit:
                what = "|C|" if row.of_modulus else "C"
                cells += [f"{what} < {write(row.upper * TeV**2)}", write(row.Lambda)]
            else:
                cells += ["no limit", ""]
            rows.append([*cells, _source(row)])
        return headings, rows

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the rows as CSV, after comments (#) with the definition.

        Coefficients are in GeV^-2, Lambda in TeV, m_N1 in GeV; a cell is empty where there is no
        number.

        Parameters
        ----------
        path : str or path-like
            The file.

        Raises
        ------
        UnwritablePath
        """
        target = check_writable(Path(path))
        stream = io.StringIO()
        for note in (self._title, *self._notes(), "coefficients in GeV^-2"):
            stream.write(f"# {note}\n")
        writer = csv.DictWriter(stream, list(self.rows[0].to_dict()), lineterminator="\n")
        writer.writeheader()
        for row in self.rows:
            content = row.to_dict()
            content["interval"] = "; ".join(
                f"{low} {'' if high is None else high}".strip() for low, high in content["interval"]
            )
            content["observables"] = "; ".join(map(str, row.observables))
            content["equivalent"] = " ".join(row.equivalent)
            writer.writerow(content)
        write_files({target: stream.getvalue()})

    def to_latex(self) -> str:
        """The table in LaTeX, for the packages amsmath and booktabs; the definition is a comment.

        Returns
        -------
        str
            An environment ``tabular``.
        """
        fits = self.method == "profile"
        level = rf"{100 * self.cl:.4g}\%"
        headings = [r"operator", r"$m_{N_1}$ [GeV]"]
        if fits:
            headings += [r"best fit [TeV$^{-2}$]", r"$\sigma$", r"68\% interval [TeV$^{-2}$]"]
        headings += [rf"{level} limit [TeV$^{{-2}}$]", r"$\Lambda$ [TeV]", "driven by"]
        _, rows = self._cells(_power)
        body = [
            [rf"\texttt{{{_escaped(row.operator)}}}", *map(_math, cells[1:-1]), _tex_source(row)]
            for row, cells in zip(self.rows, rows, strict=True)
        ]
        notes = (self._title, *self._notes())
        comments = [f"% {' '.join(note.split())}" for note in notes]
        return "\n".join(
            [
                *comments,
                rf"\begin{{tabular}}{{{'l' * len(headings)}}}",
                r"\toprule",
                " & ".join(headings) + r" \\",
                r"\midrule",
                *(" & ".join(cells) + r" \\" for cells in body),
                r"\bottomrule",
                r"\end{tabular}",
            ]
        )


def _end(value: float | None) -> float:
    """Of an interval: inf where `Limit.to_dict` has None."""
    return math.inf if value is None else value


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _digits(value: float) -> str:
    """Three digits."""
    return f"{value:#.3g}".rstrip(".") if value else "0"


def _plain(value: float) -> str:
    return _digits(value) if math.isfinite(value) else "..."


def _power(value: float) -> str:
    """A number for the mathematical mode of LaTeX."""
    if not math.isfinite(value):
        return r"\ldots"
    digits, _, exponent = _digits(value).partition("e")
    return rf"{digits} \times 10^{{{int(exponent)}}}" if exponent else digits


def _math(cell: str) -> str:
    """A cell of numbers in LaTeX."""
    if not cell or cell == "no limit":
        return cell
    text = cell.replace(" to ", r"\text{ to }").replace(" or ", r"\text{ or }")
    return f"${text}$"


_SPECIAL = {
    "->": r"$\to$",
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    **{character: f"\\{character}" for character in "_&%$#{}"},
}
_TOKEN = re.compile("|".join(map(re.escape, _SPECIAL)))


def _escaped(text: str) -> str:
    """Text in LaTeX, in the encoding of any font."""
    return _TOKEN.sub(lambda found: _SPECIAL[found[0]], text)


def _name(observable: Observable) -> str:
    if isinstance(observable, str):
        return observable
    name, *arguments = observable
    return f"{name} {', '.join(f'{x:g}' for x in arguments)}"


def _source(row: Limit) -> str:
    if row.measurement is None:
        return ""
    names = ", ".join(map(_name, row.observables))
    return f"{names}: {row.measurement.removeprefix(_PREFIX)}"


def _tex_source(row: Limit) -> str:
    if row.measurement is None:
        return ""
    names = [o if isinstance(o, str) else o[0] for o in row.observables]
    texts = [flavio.Observable[name].tex or _escaped(name) for name in names]
    return f"{', '.join(texts)}: {_escaped(row.measurement.removeprefix(_PREFIX))}"
