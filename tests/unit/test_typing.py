"""What type checkers say of a user's script; ``.ci/run`` asks mypy and pyright of the wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_a_users_script(tmp_path):
    """Correct lines pass; wrong ones, marked ``type: ignore``, are reported (or the mark is)."""
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--cache-dir", tmp_path, "tests/typing/user.py"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
