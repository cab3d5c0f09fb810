"""``nusmeft run``: coefficients at another scale, in another EFT or basis, as a WCxf file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import IO, Any

from . import shared

__all__ = ["add_parser"]

_DESCRIPTION = """\
Run and match the Wilson coefficients in a WCxf file to another scale, EFT or basis, and
write them as a WCxf file.
"""
_EXAMPLES = """\
examples:
  nusmeft run point.yml --scale 4.8 --eft nuWET --basis JMS --running full -o low.yml
      from the scale of the file to that of b decays
  nusmeft run point.yml --scale 500 --eft nuSMEFT --basis Warsaw --running full \\
      --par Vcb=0.041 --json
      with another CKM element, as JSON on standard output
  nusmeft run point.yml --scale 1000 --eft nuSMEFT --basis FGMS --dirac -o two.yml
      N1 as a Dirac particle: coefficients of its two Majorana states, which any command reads
"""


def add_parser(commands: Any) -> None:
    """Add the command to the sub-parsers of argparse."""
    parser = shared.add_command(
        commands,
        "run",
        help="run and match coefficients to another scale, EFT or basis",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    shared.add_file(parser)
    parser.add_argument("--scale", required=True, type=float, metavar="GEV")
    parser.add_argument(
        "--eft",
        required=True,
        help="nuSMEFT, nuWET, nuWET-4, nuWET-3; or for the part without N SMEFT, WET, WET-4, WET-3",
    )
    parser.add_argument("--basis", required=True, help="e.g. Warsaw, FGMS or JMS")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="file to write (default: standard output)"
    )
    written = parser.add_mutually_exclusive_group()
    written.add_argument(
        "--format",
        choices=("yaml", "json"),
        help="default: json for a FILE that ends in .json, else yaml",
    )
    written.add_argument(
        "--json", dest="format", action="store_const", const="json", help="as --format json"
    )
    shared.add_dirac(parser)
    shared.add_par(parser, "Vus, Vub, Vcb or gamma in place of wilson's value")
    shared.add_running(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    par, chosen = shared.given_par(options), shared.given_options(options)

    def run(content: IO[Any]) -> None:
        from flavio_nusmeft._files import check_writable, write_files

        path = check_writable(options.output) if options.output else None
        _check_ckm(par)
        text = _output(options, content, par, chosen)
        if path is None:
            sys.stdout.write(text)
        else:
            write_files({path: text})
            print(path)

    return shared.attempt_file(options.file, run, par | chosen)


def _check_ckm(par: Mapping[str, float]) -> None:
    """Check that parameters are CKM elements: predictions give no others to the running."""
    from flavio_nusmeft.eft.evolution import Ckm
    from flavio_nusmeft.errors import UnknownParameter, nearest

    for name in par:
        if name not in Ckm._fields:
            raise UnknownParameter(
                f"of the parameters nusmeft run takes {', '.join(Ckm._fields)}, not"
                f" '{name}'{nearest(name, Ckm._fields)}"
            )
    shared.all_parameters(par)


def _output(
    options: argparse.Namespace,
    content: IO[Any],
    par: dict[str, float],
    chosen: dict[str, Any],
) -> str:
    from wilson import wcxf

    from flavio_nusmeft import __version__
    from flavio_nusmeft.eft.objects import match_run

    all_options = {**chosen, "parameters": par} if par else chosen
    wc_obj = shared.load(content, all_options, options.dirac)
    found = match_run(wc_obj, options.scale, options.eft, options.basis)
    start = wc_obj.wc
    made = [f"from {start.eft} {start.basis} at {start.scale:g} GeV"]
    if start.eft.startswith("nu"):
        made.append(f"{wc_obj.get_option('running')} running")
    if options.dirac:
        made.append("N1 and N2 are the states of the Dirac N1 of the file")
    others = {k: v for k, v in (chosen | par).items() if k != "running"}
    if others:
        made.append(shared.listed(others))
    result = wcxf.WC(
        eft=found.eft,
        basis=found.basis,
        scale=found.scale,
        # names of wilson may be strings of numpy, which YAML would pickle
        values={str(name): value for name, value in found.values.items()},
        metadata={
            "generator": f"flavio_nusmeft {__version__}",
            "description": ", ".join(made),
        },
    )
    json = (options.output or "").endswith(".json")
    text = str(result.dump(fmt=options.format or ("json" if json else "yaml")))
    return text if text.endswith("\n") else text + "\n"
