"""Files of the figures, and of the numbers behind them; they say how they were made."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._files import check_writable, write_files
from .._inputs import brief, names, printable
from .._optional import require
from .._version import __version__
from ..errors import InvalidValue, MissingPackage
from ..measurements import dataset as dataset_names
from .experiment import Z_POLE, Experiment, experiment
from .paper import FIGURES, STYLE, Panel
from .theory import Theory, check

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "check_formats", "content", "write_figures"]

FORMATS = ("pdf", "png", "csv")


def write_figures(
    directory: str | Path,
    datasets: str | Sequence[str] = ("paper2023", "current"),
    formats: str | Sequence[str] = FORMATS,
    *,
    numbers: int | str | Sequence[int | str] = tuple(FIGURES),
    theory: Theory | None = None,
    on_written: Callable[[Path], object] | None = None,
) -> list[Path]:
    """Write the figures and the numbers behind them.

    The files say how they were made, tables in lines ``# name: value`` in front, pictures (PDF,
    PNG, SVG, PostScript) in their metadata: data set, EFT, parameters, options and versions.

    Parameters
    ----------
    directory : str or path-like
        Folder; made if it is missing.
    datasets : str or sequence of str, optional
        One or several data sets.
    formats : str or sequence of str, optional
        ``csv`` and formats of matplotlib.
    numbers : int, str or sequence of these, optional
        One or several numbers of figures, ``reach`` or ``dirac``.
    theory : Theory, optional
        EFT, basis, scale and parameters. Unless it has the option ``qcd_loops``, figures of data
        sets other than ``paper2023`` have four loops (`Theory.for_dataset`).
    on_written : callable, optional
        Is called with every path when it is written, e.g. for a progress bar.

    Returns
    -------
    list of Path
        The paths, in the order in which they were written.

    Raises
    ------
    MissingPackage
        If matplotlib is missing and needed.
    UnknownDataset, InvalidValue, UnwritablePath
    """
    folder = check_writable(directory, directory=True)
    datasets, formats = names("datasets", datasets), names("formats", formats)
    chosen = [numbers] if isinstance(numbers, (int, str)) else list(numbers)
    for name in datasets:
        dataset_names(name)
    for number in chosen:
        if number not in FIGURES:
            known = ", ".join(map(str, FIGURES))
            raise InvalidValue(f"there is no figure {brief(number)}; there are {known}")
    check_formats(formats)
    theory = theory or Theory()
    check(theory)
    written = []
    for path in _write(folder, datasets, formats, chosen, theory):
        written.append(path)
        if on_written is not None:
            on_written(path)
    return written


def check_formats(formats: Sequence[str]) -> None:
    """Check that matplotlib has the formats; csv is one.

    Parameters
    ----------
    formats : sequence of str
        Their names.

    Raises
    ------
    MissingPackage, InvalidValue
    """
    pictures = [name for name in formats if name != "csv"]
    if not pictures:
        return
    require("a figure", "matplotlib")
    from matplotlib.backend_bases import FigureCanvasBase

    known = FigureCanvasBase.get_supported_filetypes()
    for name in pictures:
        if name not in known:
            raise InvalidValue(f"matplotlib has no format '{name}'; there are {', '.join(known)}")


def _write(
    folder: Path,
    datasets: Sequence[str],
    formats: Sequence[str],
    numbers: Sequence[int | str],
    theory: Theory,
) -> Iterator[Path]:
    pictures = [name for name in formats if name != "csv"]
    for dataset in datasets:
        own = theory.for_dataset(dataset)
        made = {"data set": dataset} | own.provenance()
        if "csv" in formats:
            data = experiment(dataset, own)
            yield _write_table(folder / f"data-{dataset}.csv", made, _experiment_rows(data))
        for number in numbers:
            figure = FIGURES[number]
            panels = figure.compute(dataset, own)
            stem = f"{figure.name}-{dataset}"
            if "csv" in formats:
                yield _write_table(folder / f"{stem}.csv", made, _panel_rows(panels))
            if pictures:
                drawn = figure.draw(panels)
                for picture in pictures:
                    yield _save(drawn, folder / f"{stem}.{picture}", made)


def content(figure: Figure, kind: str, title: str, made: Mapping[str, Any]) -> bytes:
    """The file of a figure: the same for the same numbers, as it has no date.

    Parameters
    ----------
    figure : Figure
        What to save.
    kind : str
        A format of matplotlib.
    title : str
        Its title in the metadata.
    made : mapping of str to object
        How it was made, for the metadata.

    Returns
    -------
    bytes
        The content.

    Raises
    ------
    MissingPackage
        If what the format needs is not installed: LaTeX for pgf.
    """
    from matplotlib import rc_context

    logger = logging.getLogger("fontTools")
    level = logger.level
    logger.setLevel(logging.WARNING)  # it reports every glyph
    try:
        with rc_context(STYLE):
            stream = io.BytesIO()
            figure.savefig(stream, format=kind, metadata=_metadata(kind, title, made))
    except RuntimeError as error:  # as of pgf without LaTeX
        reason = str(error).partition("\n")[0]
        raise MissingPackage(f"matplotlib cannot write {kind}: {reason}") from None
    finally:
        logger.setLevel(level)
    # matplotlib writes a date into PostScript whatever the metadata are
    return re.sub(rb"(?m)^%%CreationDate: .*\n", b"", stream.getvalue())


def _save(figure: Figure, path: Path, made: Mapping[str, Any]) -> Path:
    write_files({path: content(figure, path.suffix[1:], path.stem, made)})
    return path


def _metadata(kind: str, title: str, made: Mapping[str, Any]) -> dict[str, Any] | None:
    """How a picture was made, without the date: the same numbers give the same file."""
    text = "; ".join(_lines(made))
    program = f"flavio_nusmeft {__version__}"
    if kind == "pdf":
        return {"Title": title, "Subject": text, "Creator": program, "CreationDate": None}
    if kind == "png":
        return {"Title": title, "Description": text, "Software": program}
    if kind in ("svg", "svgz"):
        return {"Title": title, "Description": text, "Creator": program, "Date": None}
    # PostScript has one line
    return {"Creator": f"{program}: {text}"} if kind in ("ps", "eps") else None


def _lines(made: Mapping[str, Any]) -> list[str]:
    return [printable(f"{name}: {' '.join(str(x).split())}") for name, x in made.items()]


def _write_table(path: Path, made: Mapping[str, Any], rows: Iterator[Sequence[str]]) -> Path:
    stream = io.StringIO(newline="")
    stream.writelines(f"# {line}\n" for line in _lines(made))
    csv.writer(stream).writerows(rows)
    write_files({path: stream.getvalue()})
    return path


def _panel_rows(panels: Sequence[Panel]) -> Iterator[Sequence[str]]:
    """One table with a header that says the units; the panels one below the other."""
    header: list[str] = []
    for panel in panels:
        found, columns = panel.table()
        if found != header:
            yield found
            header = found
        yield from zip(*(_format(column) for column in columns), strict=True)


def _format(column: np.ndarray) -> list[str]:
    if column.dtype.kind == "U":
        return [str(value) for value in column]
    return [f"{value:.6g}" for value in column.tolist()]


def _experiment_rows(data: Experiment) -> Iterator[Sequence[str]]:
    yield ["observable", "kind", "low", "high", "remark", "source"]
    for band in data.bands:
        kind = "member" if band.member else "alternative"
        observable = data.observables[band.channel]
        yield [observable, kind, f"{band.low:.6g}", f"{band.high:.6g}", "1 sigma", band.source]
    observables = {c: names[0] for c, (names, _) in Z_POLE.items()} | dict(data.observables)
    for line in (*data.limits.values(), *data.reach, *data.prospects):
        observable = observables[line.channel]
        yield [observable, line.kind, "", f"{line.value:.6g}", line.text, line.source]
