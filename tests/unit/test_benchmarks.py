"""The record of speed: what `python tests/benchmarks --history` writes and --compare reads."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from flavio_nusmeft import __version__

BENCHMARKS = Path(__file__).parents[1] / "benchmarks" / "__main__.py"


@pytest.fixture(scope="module")
def benchmarks():
    return runpy.run_path(str(BENCHMARKS), run_name="benchmarks")


def test_history(benchmarks, tmp_path):
    path = tmp_path / "history.json"
    assert benchmarks["records"](path) == []
    benchmarks["add_record"](path, {"K": 123.456, "pi mu": 0.98765})
    benchmarks["add_record"](path, {"K": 150.0})
    first, last = json.loads(path.read_text())
    assert first["ratios"] == {"K": 123.0, "pi mu": 0.988}
    assert first["versions"]["flavio_nusmeft"] == __version__
    assert benchmarks["ratios_of"](path) == last["ratios"] == {"K": 150.0}


def test_saved_ratios(benchmarks, tmp_path):
    path = tmp_path / "speed.json"
    path.write_text(json.dumps({"K": 99.5}))
    assert benchmarks["ratios_of"](path) == {"K": 99.5}
    with pytest.raises(SystemExit, match="is no history"):
        benchmarks["records"](path)


def test_ratios(benchmarks):
    """Time per point, flavio over nusmeft; without flavio there is none."""
    groups = {"K": {"stock": (6.0, 2), "nusmeft": (0.5, 10)}, "own": {"nusmeft": (1.0, 1)}}
    assert benchmarks["ratios"](groups) == pytest.approx({"K": 60.0}, rel=1e-15, abs=0)


def test_record_of_the_project(benchmarks):
    """Every case with a goal is in the last entry, as long as there is a record."""
    for record in benchmarks["records"](benchmarks["HISTORY"])[-1:]:
        assert benchmarks["TARGETS"].keys() <= record["ratios"].keys()
