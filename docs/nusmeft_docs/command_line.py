"""The page of the command line, from the parsers of ``nusmeft``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from unittest.mock import patch

import nusmeft_cli as cli

_INTRODUCTION = """\
# Command line

What `nusmeft` and its commands say with `--help`. Wrong input is refused in one line, with exit
status 2. A checkout that is not installed has the same command as `python -m flavio_nusmeft.cli`.

"""


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    actions = parser._subparsers._group_actions if parser._subparsers else []
    return {name: sub for action in actions for name, sub in (action.choices or {}).items()}


def pages() -> Iterator[tuple[str, str]]:
    parser = cli._parser()
    with patch.dict(os.environ, {"COLUMNS": "98"}):
        found = {"": parser} | _commands(parser)
        sections = [
            f"## {sub.prog}\n\n```text\n{sub.format_help().strip()}\n```\n"
            for name, sub in found.items()
            if name != "wcxf"
        ]
    wcxf = (
        "## nusmeft wcxf\n\nwilson's command `wcxf` (`convert`, `translate`, `match`, `validate`)"
        " with the bases of this package: see [](../howto/wcxf.md).\n"
    )
    yield (
        "command-line.md",
        _INTRODUCTION + "\n".join([*sections, wcxf]),
    )
