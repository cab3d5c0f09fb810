"""The tables of reproductions on the site: their tests exist, and their numbers are computed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def tables():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(TESTS.parent / "docs")
        from nusmeft_docs import reproductions

        yield reproductions


def test_tests_exist(tables):
    for rows in tables.ROWS.values():
        for row in rows:
            file, _, function = row.test.partition("::")
            nodes = ast.parse((TESTS / file).read_text("utf-8")).body
            assert function in {n.name for n in nodes if isinstance(n, ast.FunctionDef)}, row.test


def test_numbers(tables):
    """One per row; within the error of the paper where it has one."""
    ours = tables.numbers()
    assert {name: len(x) for name, x in ours.items()} == {n: len(r) for n, r in tables.ROWS.items()}
    within = 0
    for name, rows in tables.ROWS.items():
        for row, text in zip(rows, ours[name], strict=True):
            value, plus_minus, errors = row.published.partition(" ± ")
            if plus_minus:
                error = sum(float(x) ** 2 for x in errors.split(" ± ")) ** 0.5
                expected = float(value.replace("−", "-"))
                assert float(text) == pytest.approx(expected, rel=0, abs=1.15 * error), row.quantity
                within += 1
    assert within == 6
    lines = "".join(text for _, text in tables.tables(ours)).splitlines()
    assert sum(line.startswith("| ") for line in lines) == 4 + sum(map(len, tables.ROWS.values()))
