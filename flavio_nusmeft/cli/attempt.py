"""What the commands on a WCxf file have in common: read it, and report errors in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["attempt"]


def attempt(file: str, action: Callable[[str], None]) -> int:
    """Exit status of ``action`` on the text of a file, or of standard input for ``-``.

    0; 2 for wrong input, 1 if a result cannot be written.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"nusmeft: {file}: {error}", file=sys.stderr)
        return 2
    from flavio_nusmeft.errors import InvalidFile, NuSMEFTError

    try:
        action(text)
    except InvalidFile as error:
        print(f"nusmeft: {file}: {error}", file=sys.stderr)
        return 2
    except NuSMEFTError as error:
        print(f"nusmeft: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"nusmeft: {error}", file=sys.stderr)
        return 1
    return 0
