"""Pieces of pages: tables, numbers and links, as MyST reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from flavio_nusmeft.citations import fields

_ARXIV = re.compile(r"arXiv:((?:[\w-]+/)?\d[\d.]*\d)")
_PREFIX = "flavio_nusmeft "


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; | in a cell would end it."""
    lines = [headings, ["---"] * len(headings), *rows]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def code(text: str) -> str:
    return f"`{text}`"


def linked(text: str) -> str:
    """With links for arXiv numbers."""
    return _ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


def paper(key: str) -> str:
    """A paper that predictions cite: authors and title as in ``data/citations.bib``, and a link."""
    entry = fields(key)
    link = f"[{key}](https://inspirehep.net/literature?q=texkeys%3A{quote(key)})"
    if "eprint" in entry:
        link = linked(f"arXiv:{entry['eprint']}")
    authors = re.split(r"\s+and\s+", entry.get("author", ""))
    first = authors[0].partition(",")[0] + (" et al." if len(authors) > 1 else "")
    title = re.sub(r"\$([^$]*)\$", r"{math}`\1`", entry.get("title", ""))
    return ", ".join(filter(None, (first, title, link)))


def number(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}g}"


def with_error(value: float, error: float) -> str:
    """A value and its error, to two digits of the error."""
    if not error > 1e-9 * abs(value):
        return number(value)
    exponent = int(f"{value:e}".partition("e")[2]) if value else 0
    if -3 <= exponent <= 3:
        exponent = 0
    scale = 10.0**exponent
    decimals = max(0, 1 - int(f"{error / scale:e}".partition("e")[2]))
    text = f"{value / scale:.{decimals}f} ± {error / scale:.{decimals}f}"
    return f"({text})e{exponent:+03d}" if exponent else text


def short(measurement: str) -> str:
    return measurement.removeprefix(_PREFIX)


def slug(name: str) -> str:
    """Of a name of the field, for files and anchors."""
    for old, new in (("->", "-to-"), ("*", "star"), ("+", "plus")):
        name = name.replace(old, new)
    return re.sub(r"[^\w-]", "", name).lower()


def measurement_link(name: str) -> str:
    return f"[{short(name)}](#measurement-{slug(short(name))})"


def page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", *(part.rstrip() for part in parts if part)]) + "\n"


def index(names: Iterable[str]) -> str:
    """Main entries of the index, which the search looks at first."""
    return f"```{{index}} {', '.join(f'!{name}' for name in names)}\n```"


def bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
