"""``nusmeft wcxf``: the command ``wcxf`` of wilson with the EFTs and bases of this package."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["HELP", "run"]

HELP = "convert, translate, match or validate WCxf files: wilson's command with the new bases"


def run(arguments: Sequence[str]) -> int:
    """Exit status of wilson's command with these arguments: 0, or 2 if it fails."""
    if {"-h", "--help"}.isdisjoint(arguments):
        import flavio_nusmeft  # noqa: F401  registers the bases
    from wilson.wcxf import cli

    own, sys.argv = sys.argv, ["nusmeft wcxf", *arguments]
    try:
        cli.wcxf_cli()
    except OSError:  # of the output
        raise
    except Exception as error:  # of any kind: wilson lets those of its files and functions through
        text = " ".join(str(error).split()) or type(error).__name__
        print(f"nusmeft: wcxf: {text}", file=sys.stderr)
        return 2
    finally:
        sys.argv = own
    return 0
