"""What the commands on a WCxf file have in common: read it, and report errors in one line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["attempt"]


def attempt(file: str, action: Callable[[str], None]) -> int:
    """Exit status of ``action`` on the text of a file, or of standard input for ``-``.

    0; 2 for wrong input, 1 if a result cannot be written. Warnings of the package are one line,
    too.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"nusmeft: {file}: {error}", file=sys.stderr)
        return 2
    from flavio_nusmeft.errors import InvalidFile, NuSMEFTError, NuSMEFTWarning

    shown: set[str] = set()
    original: Any = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if not issubclass(category, NuSMEFTWarning):
            original(message, category, *place, **more)
        elif str(message) not in shown:
            shown.add(str(message))
            print(f"nusmeft: {message}", file=sys.stderr)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", NuSMEFTWarning)
            warnings.showwarning = show
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
