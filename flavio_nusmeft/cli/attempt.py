"""What the commands on a WCxf file have in common: read it, and report errors in one line."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

__all__ = ["attempt"]


def attempt(file: str, action: Callable[[IO[Any]], None]) -> int:
    """Exit status of ``action`` on the content of a file, or of standard input for ``-``.

    0; 2 for wrong input, 1 if a result cannot be written. Warnings of the package are one line,
    too.
    """
    try:
        content = _read(file)
    except OSError as error:
        print(f"nusmeft: {file}: {error.strerror}", file=sys.stderr)
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
            action(content)
    except InvalidFile as error:
        print(f"nusmeft: {file}: {error}", file=sys.stderr)
        return 2
    except NuSMEFTError as error:
        print(f"nusmeft: {error}", file=sys.stderr)
        return 2
    return 0


def _read(file: str) -> IO[Any]:
    """Binary where possible: WCxf files are in UTF-8, whatever the terminal is in."""
    if file != "-":
        return io.BytesIO(Path(file).read_bytes())
    content = getattr(sys.stdin, "buffer", sys.stdin).read()
    return io.BytesIO(content) if isinstance(content, bytes) else io.StringIO(content)
