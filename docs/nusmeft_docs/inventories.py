"""Links to other projects, from lists of the names that this site refers to: no network is needed.

The first line of ``inventories/PROJECT.txt`` is the address of a documentation, the others are a
role, a name and the page with the anchor of that name, in which ``$`` stands for the name.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

FOLDER = Path(__file__).parents[1] / "inventories"


def _inventory(project: str, lines: list[str]) -> bytes:
    """In the format of ``objects.inv``."""
    head = f"# Sphinx inventory version 2\n# Project: {project}\n# Version: \n# zlib\n"
    rows = (line.split() for line in lines)
    body = "".join(f"{name} {role} 1 {page} -\n" for role, name, page in rows)
    return head.encode() + zlib.compress(body.encode())


def _write(app: Sphinx, config: Config) -> None:
    folder = Path(app.doctreedir) / "inventories"
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(FOLDER.glob("*.txt")):
        address, *lines = source.read_text("utf-8").splitlines()
        target = folder / f"{source.stem}.inv"
        target.write_bytes(_inventory(source.stem, lines))
        config.intersphinx_mapping[source.stem] = (address, str(target))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", _write, priority=100)  # before intersphinx reads the mapping
    return {"parallel_read_safe": True}
