"""``nusmeft figures``: the figures of arXiv:2309.02940 and the numbers behind them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from . import shared

__all__ = ["add_parser"]

_DESCRIPTION = """\
Draw the five figures of arXiv:2309.02940, one of the reach of Belle II and FCC-ee and one of
what a Dirac N changes, and write the numbers behind them as CSV. Prints the files it writes. For
other data than paper2023 QCD has four loops, unless --option qcd_loops=1 (the paper) is given.
"""
_EXAMPLES = """\
examples:
  nusmeft figures -o figures
      everything, for the data of the paper and for the current ones
  nusmeft figures -o full --dataset current --format csv --running full --par Vcb=0.041
      the numbers alone, with other running and CKM elements
"""


def add_parser(commands: Any) -> None:
    """Add the command to the sub-parsers of argparse."""
    parser = shared.add_command(
        commands,
        "figures",
        help="draw the figures of arXiv:2309.02940",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="DIR", help="directory, made if it is missing"
    )
    parser.add_argument(
        "--format",
        nargs="+",
        default=["pdf", "png", "csv"],
        choices=("pdf", "png", "svg", "csv"),
        help="kinds of files (default: pdf png csv)",
    )
    shared.add_dataset(parser, "both", "paper2023, current or both")
    shared.add_par(parser)
    shared.add_running(parser)
    shared.add_json(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    par, chosen = shared.given_par(options), shared.given_options(options)
    for name in shared.MASSES:
        if name in par:
            raise shared.Refused(f"--par {name}: the figures have masses of N of their own")
    directory = Path(options.output)
    _check_writable(directory)
    datasets = ("paper2023", "current") if options.dataset == "both" else (options.dataset,)
    written: list[Path] = []

    def draw() -> int:
        from flavio_nusmeft.figures import FIGURES, Theory, write_figures
        from flavio_nusmeft.measurements import dataset

        for name in datasets:  # before the directory is made
            dataset(name)
        shared.all_parameters(par)
        theory, formats = Theory(par=par, options=chosen), options.format
        # a figure in every format, and one table of the measurements, per data set
        total = len(datasets) * (len(FIGURES) * len(formats) + ("csv" in formats))
        try:
            with _bar(total) as progress:
                written.extend(
                    write_figures(
                        directory,
                        datasets,
                        formats,
                        theory=theory,
                        on_written=lambda path: progress(advance=1, description=path.stem),
                    )
                )
        except OSError as error:
            print(f"nusmeft: {error}", file=sys.stderr)
            return 1
        return 0

    with _bar():
        import flavio_nusmeft  # noqa: F401  takes seconds
    status = shared.attempt(draw, par | chosen)
    if not status:
        shared.print_paths(written, options.json)
    return status


def _check_writable(directory: Path) -> None:
    """Check, without flavio, that files can be written to a directory; it is not made yet."""
    import tempfile

    try:
        folders = (directory, *directory.absolute().parents)
        existing = next(folder for folder in folders if folder.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise shared.Refused(f"cannot write to {directory}: {error.strerror}") from None


@contextmanager
def _bar(total: int | None = None) -> Iterator[Callable[..., None]]:
    """A progress bar on a terminal, and the function that updates it."""
    if not sys.stderr.isatty():
        yield lambda **_: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield partial(progress.update, progress.add_task("starting", total=total))
