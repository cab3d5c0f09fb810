"""Damaged records of Belle II: random mutations of the text and structure of its files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_DEEP = "[" * 50_000 + "]" * 50_000
# in place of a value of the workspace, as JSON
_VALUES = (
    *("null", "true", '""', '"x"', '"1.0"', '"mu"', '"\\ud800"', '"a\\nb"', '"corr_pid_c1"'),
    *("[]", "{}", "[[]]", "[null]", "[1]", '{"a":1}', '{"hi":1.2,"lo":0.8}', _DEEP),
    *("NaN", "Infinity", "-Infinity", "0", "-0.0", "1", "-1", "1e-320", "1e-12", "1e6", "1e12"),
    *("1e300", "-1e300", "1e400", "9" * 400, "9" * 5000, '{"hi_data":[1],"lo_data":[1]}'),
    *('"histosys"', '"normsys"', '"staterror"', '"normfactor"', '"shapefactor"', '"lumi"'),
)
# in place of a number of a table
_CELLS = (
    *("nan", "inf", "-inf", "-1", "1e300", "1e400", "1_0", "0x10", "\N{FULLWIDTH DIGIT ONE}"),
    *("x", "#1", "'1'", "1;2", "1\0", "1e5", "0", "1,1", ""),
)


def workspaces(text: str, rng: np.random.Generator, count: int) -> Iterator[bytes]:
    """Mutations of a workspace: every third of its text, else of its values."""
    for k in range(count):
        yield _text(text, rng) if k % 3 == 0 else _structure(json.loads(text), rng).encode()


def tables(text: str, rng: np.random.Generator, count: int) -> Iterator[bytes]:
    """Mutations of a table: of its text, its numbers, rows and columns."""
    for k in range(count):
        rows = [line.split(",") for line in text.splitlines()]
        row, column = int(rng.integers(len(rows))), int(rng.integers(len(rows[0])))
        kind = k % 6
        if kind == 0:
            yield _text(text, rng)
            continue
        if kind == 1:
            rows.pop(row) if rng.integers(2) else rows.insert(row, rows[row])
        elif kind == 2:
            for cells in rows if rng.integers(2) else rows[row : row + 1]:
                cells.pop(column) if k % 4 else cells.insert(column, cells[column])
        elif kind == 3:
            rows[row] = ["0"] * len(rows[row])
        else:
            rows[row][column] = str(rng.choice(_CELLS))
        yield "\n".join(map(",".join, rows)).encode("utf-8")


def _text(text: str, rng: np.random.Generator) -> bytes:
    content = bytearray(text.encode())
    at, end = sorted(map(int, rng.integers(0, len(content), 2)))
    changes: tuple[Callable[[], bytes], ...] = (
        lambda: bytes(content[:at]),
        lambda: bytes(content[:at] + content[end:]),
        lambda: (
            bytes(content[:at] + bytes([content[at] ^ 1 << int(rng.integers(8))]))
            + bytes(content[at + 1 :])
        ),
        lambda: bytes(content[:at]) + rng.bytes(3) + bytes(content[at:]),
        lambda: b"\xef\xbb\xbf" + bytes(content),
        lambda: text.encode("utf-16"),
        lambda: b"",
    )
    return changes[int(rng.choice(len(changes), p=(0.1, 0.1, 0.4, 0.3, 0.04, 0.03, 0.03)))]()


def _structure(workspace: Any, rng: np.random.Generator) -> str:
    """With one value changed, deleted, doubled or renamed, at any depth."""
    parent, key = _place(workspace, rng)
    kind, marker = rng.integers(6), "a place of a mutation"
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(parent, list):
        parent.insert(int(rng.integers(len(parent) + 1)), parent[key])
    elif kind == 1:
        parent["other"] = parent.pop(key)
    elif kind == 2 and isinstance(parent[key], float | int):
        parent[key] *= float(rng.choice([-1, 0, 0.1, 1.01, 10, 1e3, 1e9]))
    elif kind == 3 and isinstance(parent, dict):
        other = dict(parent)
        parent[marker] = parent[key]
        name, value = json.dumps(key), json.dumps(other[key])
        return json.dumps(workspace).replace(json.dumps(marker), name).replace(marker, value)
    else:
        parent[key] = marker
        return json.dumps(workspace).replace(json.dumps(marker), str(rng.choice(_VALUES)))
    return json.dumps(workspace)


def _place(value: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """A random container and key, all depths alike."""
    parent, key = value, rng.choice(list(value))
    while isinstance(parent[key], list | dict) and len(parent[key]) and rng.random() < 0.85:
        parent = parent[key]
        keys = list(parent) if isinstance(parent, dict) else range(len(parent))
        key = keys[int(rng.integers(len(keys)))]
    return parent, str(key) if isinstance(parent, dict) else int(key)
