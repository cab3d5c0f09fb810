"""pytest.approx has a default absolute tolerance of 1e-12, larger than many rates and widths."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(TESTS.rglob("test_*.py")), ids=lambda p: p.stem)
def test_absolute_tolerance_is_stated(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.approx":
            assert "abs" in {keyword.arg for keyword in node.keywords}, f"line {node.lineno}"
