"""``nusmeft run``: coefficients at another scale, in another EFT or basis, as a WCxf file."""

from __future__ import annotations

import argparse
import sys
from typing import IO, Any

from .attempt import attempt

__all__ = ["add_parser"]

_EXAMPLE = """\
example:
  nusmeft run point.yml --scale 4.8 --eft nuWET --basis JMS --running full -o low.yml
"""


def add_parser(commands: Any) -> None:
    """Add the command to the sub-parsers of argparse."""
    parser = commands.add_parser(
        "run",
        help="run and match coefficients to another scale, EFT or basis",
        description="Run and match the Wilson coefficients in a WCxf file to another scale, EFT or"
        " basis, and write them as a WCxf file.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help="WCxf file, or - for standard input")
    parser.add_argument("--scale", required=True, type=float, metavar="GEV")
    parser.add_argument(
        "--eft",
        required=True,
        help="nuSMEFT, nuWET, nuWET-4, nuWET-3; or for the part without N SMEFT, WET, WET-4, WET-3",
    )
    parser.add_argument("--basis", required=True, help="e.g. Warsaw, FGMS or JMS")
    parser.add_argument(
        "--running",
        choices=("qcd", "full"),
        help="of coefficients with N: qcd (default) or full, as for nusmeft predict",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="file to write (default: standard output)"
    )
    parser.add_argument(
        "--format",
        choices=("yaml", "json"),
        help="default: json for a FILE that ends in .json, else yaml",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    def run(content: IO[Any]) -> None:
        from flavio_nusmeft.exports.files import check_writable, write_files

        path = check_writable(options.output) if options.output else None
        text = _output(options, content)
        if path is None:
            sys.stdout.write(text)
        else:
            write_files({path: text})
            print(path)

    return attempt(options.file, run)


def _output(options: argparse.Namespace, content: IO[Any]) -> str:
    from wilson import wcxf

    from flavio_nusmeft import __version__
    from flavio_nusmeft.eft.objects import match_run

    from . import load

    wc_obj = load(content, options.running)
    found = match_run(wc_obj, options.scale, options.eft, options.basis)
    start = wc_obj.wc
    running = f", {wc_obj.get_option('running')} running" if start.eft.startswith("nu") else ""
    result = wcxf.WC(
        eft=found.eft,
        basis=found.basis,
        scale=found.scale,
        # names of wilson may be strings of numpy, which YAML would pickle
        values={str(name): value for name, value in found.values.items()},
        metadata={
            "generator": f"flavio_nusmeft {__version__}",
            "description": f"from {start.eft} {start.basis} at {start.scale:g} GeV{running}",
        },
    )
    json = (options.output or "").endswith(".json")
    text = str(result.dump(fmt=options.format or ("json" if json else "yaml")))
    return text if text.endswith("\n") else text + "\n"
