"""The table of rooms in CONTRIBUTING.md, compared with the imports of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGE = CHECKOUT / "flavio_nusmeft"


def floors() -> dict[str, int]:
    """The row of every room in the table, counted from the top."""
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("| rooms |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table]
    return {room: number for number, row in enumerate(rows) for room in row}


def room(parts: tuple[str, ...]) -> str:
    """``eft`` for flavio_nusmeft.eft.running; names of the package itself are of ``__init__``."""
    if len(parts) > 1 and ((PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").exists()):
        return parts[1]
    return "__init__"


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Rooms that a module imports from, wherever it does so, and as what."""
    folder = (PACKAGE.name, *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        found: list[tuple[str, ...]] = []
        if isinstance(node, ast.Import):
            found = [tuple(name.name.split(".")) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) + 1 - node.level] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            found = [(*base, name.name) for name in node.names]
        for parts in found:
            if parts[0] == PACKAGE.name:
                yield room(parts), ".".join(parts)


def test_table_is_complete():
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(floors()) == modules | packages


@pytest.mark.parametrize("name", floors())
def test_no_room_imports_one_below(name):
    single = PACKAGE / f"{name}.py"
    paths = [single] if single.exists() else sorted((PACKAGE / name).rglob("*.py"))
    floor = floors()
    for path in paths:
        wrong = [full for target, full in imports(path) if floor[target] > floor[name]]
        assert not wrong, path


def test_imports_are_found():
    """Of every form: relative, of a module, within a function."""
    assert ("formulas", "flavio_nusmeft.formulas.interpolation.Norms") in imports(
        PACKAGE / "belle2" / "model.py"
    )
    rooms = {target for path in PACKAGE.rglob("*.py") for target, _ in imports(path)}
    assert {"errors", "eft", "physics", "batch", "exports", "__init__"} <= rooms
