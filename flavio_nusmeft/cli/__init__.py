"""The command ``nusmeft``.

Installed as the top-level package ``nusmeft_cli``: importing ``flavio_nusmeft`` imports flavio,
which takes seconds, and neither ``nusmeft --help`` nor a typing error should wait for it.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from typing import Any

from . import (
    catalogue,
    decays,
    explore,
    export,
    figures,
    limits,
    predict,
    run,
    specs,
    wcxf,
)
from .shared import Refused
from .terminal import safe_output, written

__all__ = ["main"]


class _Version(argparse.Action):
    """Print the version, which is read without importing the package."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        spec = find_spec("flavio_nusmeft")
        assert spec is not None
        assert spec.origin is not None
        print("nusmeft", run_path(str(Path(spec.origin).with_name("_version.py")))["__version__"])
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nusmeft", description="Flavour physics with sterile neutrinos."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(title="commands", dest="command", required=True)
    for command in (predict, decays, limits, specs, catalogue, figures, explore, export, run):
        command.add_parser(commands)
    commands.add_parser("wcxf", help=wcxf.HELP, add_help=False)  # see _run
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status, 2 for wrong input."""
    given = sys.argv[1:] if arguments is None else arguments
    with safe_output():
        return written(lambda: _run(given))


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["wcxf"]:  # has a parser of its own
        return wcxf.run(arguments[1:])
    parser = _parser()
    options, left = parser.parse_known_args(arguments)
    if left and getattr(options, "pattern", "") is None and not left[0].startswith("-"):
        options.pattern = left.pop(0)  # that argparse of older Python does not find after options
    if left:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    try:
        status: int = options.run(options)
    except Refused as error:
        print(f"nusmeft: {error}", file=sys.stderr)
        return 2
    return status
