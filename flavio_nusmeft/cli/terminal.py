"""Output that every terminal can show: what its encoding lacks is written in ASCII.

The one place where output is made safe: `safe_output` is around the whole command.
"""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["console", "legible", "safe_output", "written"]

_HANDLER = "nusmeft"
_SYMBOLS = {
    "±": "+-",
    "×": "x",
    "→": "->",
    "−": "-",
    "–": "-",
    "—": "-",
    "…": "...",
    "√": "sqrt",
    "∞": "inf",
    "≤": "<=",
    "≥": ">=",
    "†": "dagger",
    "’": "'",
    "“": '"',
    "”": '"',
}
_LINES = {"─": "-", "━": "-", "═": "-", "│": "|", "┃": "|", "║": "|"}


def _is_raised(text: str, i: int) -> bool:
    inside = 0 <= i < len(text)
    return inside and unicodedata.decomposition(text[i]).startswith("<super>")


def _ascii(text: str, i: int) -> str:
    """A character of the text in ASCII."""
    character = text[i]
    if character in _SYMBOLS:
        return _SYMBOLS[character]
    if "\u2500" <= character <= "\u257f":  # box drawing
        return _LINES.get(character, "+")
    kind, _, letter = unicodedata.name(character, "").partition(" LETTER ")
    if kind in ("GREEK SMALL", "GREEK CAPITAL"):
        letter = letter.split(" WITH ")[0].removeprefix("FINAL ")
        return letter.lower() if kind == "GREEK SMALL" else letter.capitalize()
    if unicodedata.combining(character):
        return ""
    plain = unicodedata.normalize("NFKD", character).replace("−", "-")
    plain = plain.encode("ascii", "ignore").decode()
    if not plain:
        return character.encode("ascii", "backslashreplace").decode()
    if _is_raised(text, i) and not _is_raised(text, i - 1):
        # q^2 and 10^-8, but B+, B0 and K(*)
        signed = plain in "+-" and _is_raised(text, i + 1)
        return "^" * (plain in "123456789" or signed) + plain
    return plain


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = "".join(_ascii(error.object, i) for i in range(error.start, error.end))
    return text, error.end


def legible(text: str) -> str:
    """The text as standard output will show it: to align columns."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    codecs.register_error(_HANDLER, _replace)
    return text.encode(encoding, _HANDLER).decode(encoding)


def console(width: int = 100) -> Any:
    """A console of rich that prints names as they are, as wide as ``width`` if not a terminal."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else width, markup=False, emoji=False, highlight=False)


def _print_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"nusmeft: {message}", file=sys.stderr)


@contextmanager
def safe_output() -> Iterator[None]:
    """Within the block, printing never fails for the sake of an encoding.

    And a warning is a line like an error.
    """
    codecs.register_error(_HANDLER, _replace)
    changed = []
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            changed.append((stream, stream.errors))
            stream.reconfigure(errors=_HANDLER)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _print_warning
            yield
    finally:
        for stream, errors in changed:
            stream.reconfigure(errors=errors)


def written(action: Callable[[], int]) -> int:
    """Exit status of an action that prints: its own, or 1 if the output cannot be written."""
    try:
        status = action()
        sys.stdout.flush()
    except SystemExit:  # of argparse, after help and wrong options
        if written(lambda: 0):
            sys.exit(1)
        raise
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # as in: nusmeft ... | head
            print(f"nusmeft: cannot write the output: {error.strerror}", file=sys.stderr)
        # or the interpreter tries again and complains on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
