"""The pages that are made from the package: the catalogue, the command line, and copies of files.

They are written to ``docs/generated`` before Sphinx looks for its sources, if they have changed.
Numbers that take more than a moment are kept there, too, by the content of the package.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "generated"
# of html_extra_path: it is at the top of the site
EXPLORER = "nusmeft-explorer.html"
_LOGGER = logging.getLogger(__name__)


def _content() -> str:
    """Of the package, what computes here, and what it computes with."""
    versions = [version(name) for name in ("flavio", "wilson", "numpy", "scipy")]
    digest = hashlib.sha256(" ".join(versions).encode())
    for folder, pattern in (
        ("flavio_nusmeft", "**/*.py"),
        ("data", "*.yml"),
        ("data", "citations.bib"),
        ("data", "explorer/*"),
        ("docs/nusmeft_docs", "computed.py"),
        ("docs/nusmeft_docs", "reproductions.py"),
    ):
        for path in sorted((ROOT / folder).glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def kept(name: str, compute: Callable[[], Any]) -> Any:
    """The result of a function, from a file if the package is what it was."""
    path, content = FOLDER / f"{name}.json", _content()
    if path.exists():
        found = json.loads(path.read_text("utf-8"))
        if found["content"] == content:
            return found["result"]
    _LOGGER.info("computing %s ...", name)
    result = compute()
    path.write_text(json.dumps({"content": content, "result": result}), encoding="utf-8")
    return result


def _copies() -> Iterator[tuple[str, bytes]]:
    """Files of other folders that are pages, too."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        yield f"notebooks/{path.name}", path.read_bytes()
    for path in sorted((ROOT / "data").glob("*.md")):
        if path.name != "operator-map.md":  # `entries` has its table with a figure
            name = "sources.md" if path.name == "README.md" else path.name
            yield f"data/{name}", path.read_bytes()


def _pages() -> Iterator[tuple[str, bytes]]:
    from . import command_line, entries, figure, reproductions
    from .computed import explorer, limits, standard_model

    yield from _copies()
    numbers = kept("standard-model", standard_model)
    table = kept("limits", limits)
    compared = reproductions.tables(kept("reproductions", reproductions.numbers))
    for name, text in (*command_line.pages(), *entries.pages(numbers, table), *compared):
        yield name, text.encode()
    for name, text in kept("figures", reproductions.drawings).items():
        yield f"figures/{name}", text.encode()
    yield "operator-map.svg", figure.svg()
    yield f"site/{EXPLORER}", kept("explorer", explorer).encode()


def _write(app: Sphinx, config: Config) -> None:
    FOLDER.mkdir(exist_ok=True)
    written = set()
    for name, content in _pages():
        path = FOLDER / name
        written.add(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
    for path in FOLDER.rglob("*"):
        if path.suffix in (".md", ".ipynb") and path not in written:
            path.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", _write)
    return {"parallel_read_safe": True}
