"""``nusmeft explore``: a page of HTML on which coefficients and the mass of N are sliders."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from . import shared

__all__ = ["add_parser"]

_DESCRIPTION = """\
Write a page, one HTML file for any browser, on which the coefficients of the operators of
arXiv:2309.02940 and the mass of N are sliders: spectra of B -> K(*) + inv, branching ratios and
ratios, measurements, limits and pulls. For other data than paper2023 QCD has four loops, unless
--option qcd_loops=1 (the paper) is given. Takes some ten seconds; prints the file it writes.
"""
_EXAMPLES = """\
examples:
  nusmeft explore -o explorer.html
      with the current data
  nusmeft explore -o paper.html --dataset paper2023
      with the data and the running of the paper
  nusmeft explore -o full.html --running full --par Vcb=0.041
      with other running and CKM elements
"""


def add_parser(commands: Any) -> None:
    """Add the command to the sub-parsers of argparse."""
    parser = shared.add_command(
        commands,
        "explore",
        help="write an interactive page: spectra and branching ratios with sliders",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE", help="HTML file, replaced if there is one"
    )
    shared.add_dataset(parser, known="current or paper2023")
    shared.add_par(parser)
    shared.add_running(parser)
    shared.add_json(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    par, chosen = shared.given_par(options), shared.given_options(options)
    for name in shared.MASSES:
        if name in par:
            raise shared.Refused(f"--par {name}: the mass of N is a slider of the page")
    written: list[Path] = []

    def write() -> None:
        from flavio_nusmeft.figures import Theory, write_explorer

        shared.all_parameters(par)
        theory = Theory(par=par, options=chosen)
        written.append(write_explorer(options.output, options.dataset, theory=theory))

    status = shared.attempt(write, par | chosen)
    if not status:
        shared.print_paths(written, options.json)
    return status
