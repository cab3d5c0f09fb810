"""Scans of specifications: grids, chains, what is written and read again."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import flavio_nusmeft as nus
from flavio_nusmeft.errors import InvalidCheckpoint, InvalidFile, InvalidSpec

HEAD = """\
dataset: paper2023
parameters: {m_N1: 1.5}
variables: {LNQd_2123: [0, 5e-8], QN_2311: [0, 4e-8]}
"""
BOUNDS = {"LNQd_2123": (0, 5e-8), "QN_2311": (0, 4e-8)}


def scan(folder, text, output, **arguments):
    path = folder / "my.yml"
    path.write_text(HEAD + text)
    return nus.spec.scan(nus.spec.read(path), output, progress=False, **arguments)


@pytest.fixture(scope="module")
def function():
    return nus.LogLikelihood(
        nus.likelihood("paper2023"),
        list(BOUNDS),
        par={"m_N1": 1.5},
        scale=1e3,
        eft="nuSMEFT",
        basis="FGMS",
    )


def rows(folder):
    with open(folder / "result.csv", newline="") as file:
        return list(csv.DictReader(file))


def equal(first, second):
    assert type(first) is type(second)
    for name, value in vars(first).items():
        np.testing.assert_equal(getattr(second, name), value)


def test_grid(function, tmp_path):
    found = scan(tmp_path, "grid: {QN_2311: [0, 1e-8], LNQd_2123: {points: 3}}", tmp_path / "out")
    axes = {"QN_2311": [0, 1e-8], "LNQd_2123": np.linspace(0, 5e-8, 3)}
    equal(found, nus.scan.grid(function, axes, progress=False))
    equal(nus.spec.load(tmp_path / "out"), found)
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["log_likelihood"] == found.log_likelihood.tolist()
    table = rows(tmp_path / "out")
    assert [float(row["ln L"]) for row in table] == found.log_likelihood.ravel().tolist()
    assert float(table[4]["QN_2311"]) == 1e-8
    assert float(table[4]["LNQd_2123"]) == 2.5e-8


def test_profiled_grid_with_executor_and_checkpoint(function, tmp_path):
    """Variables that are not axes are profiled; the written specification gives the same."""
    text = "grid: {QN_2311: {from: 1e-9, to: 2e-8, points: 2, log: true}}"
    checkpoint = tmp_path / "points.db"
    with ThreadPoolExecutor(1) as executor:
        found = scan(tmp_path, text, tmp_path / "out", checkpoint=checkpoint, executor=executor)
    profile = {"LNQd_2123": BOUNDS["LNQd_2123"]}
    direct = nus.scan.grid(function, {"QN_2311": [1e-9, 2e-8]}, profile=profile, progress=False)
    equal(found, direct)
    equal(nus.spec.load(tmp_path / "out"), found)
    assert checkpoint.exists()
    assert not (tmp_path / "out" / "checkpoint.db").exists()
    nus.spec.scan(nus.spec.read(tmp_path / "out" / "spec.yml"), tmp_path / "2", progress=False)
    for name in ("result.json", "result.npz", "result.csv", "spec.yml", "made-with.json"):
        assert (tmp_path / "2" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_chain_is_continued_with_more_steps(function, tmp_path):
    output = tmp_path / "out"
    with pytest.raises(InvalidSpec, match=r"chain\.steps"):
        scan(tmp_path, "chain: {steps: 0}", output)
    scan(tmp_path, "chain: {steps: 4, walkers: 6}", output)
    found = scan(tmp_path, "chain: {steps: 9, walkers: 6}", output)
    equal(found, nus.scan.sample(function, BOUNDS, steps=9, walkers=6, progress=False))
    equal(nus.spec.load(output), found)
    result = json.loads((output / "result.json").read_text())
    assert result["discard"] == 2
    interval = nus.intervals.credible(found, "QN_2311", discard=2)
    assert result["intervals"][1]["pieces"] == [list(piece) for piece in interval.pieces]
    (note,) = result["warnings"]
    assert "shorter than 50 autocorrelation times" in note
    assert len(rows(output)) == 54
    with pytest.raises(InvalidCheckpoint, match="a chain of 9 steps, more than 4"):
        scan(tmp_path, "chain: {steps: 4, walkers: 6}", output)
    with pytest.raises(InvalidCheckpoint, match=r"spec\.chain\.walkers: 6 there, 8 here"):
        scan(tmp_path, "chain: {steps: 9, walkers: 8}", output)
    assert scan(tmp_path, "chain: {steps: 2, walkers: 8}", output, force=True).chain.shape[1] == 8


def test_nested(function, tmp_path):
    text = "nested: {live: 20, dlogz: 5}"
    found = scan(tmp_path, text, tmp_path / "out")
    assert found == nus.scan.nested(function, BOUNDS, live=20, dlogz=5, progress=False)
    assert nus.spec.load(tmp_path / "out") == found
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    expected = [list(piece) for piece in found.interval("QN_2311").pieces]
    assert result["intervals"][1]["pieces"] == expected
    assert sum(float(row["weight"]) for row in rows(tmp_path / "out")) == pytest.approx(1, abs=1e-9)


def test_report_does_not_matter_for_a_scan(tmp_path):
    scan(tmp_path, "grid: {QN_2311: [0], LNQd_2123: [0]}", tmp_path / "out")
    scan(tmp_path, "report: {pulls: no}\ngrid: {QN_2311: [0], LNQd_2123: [0]}", tmp_path / "out")


def test_what_cannot_be_scanned_or_loaded(tmp_path):
    with pytest.raises(InvalidSpec, match="there is no grid, chain or nested") as error:
        scan(tmp_path, "", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    hint = str(error.value).partition(" grid: ")[2]  # what the message proposes
    scan(tmp_path, "grid: " + hint, tmp_path / "out")
    with pytest.raises(InvalidFile, match="no complete results"):
        nus.spec.load(tmp_path)
    (tmp_path / "out" / "result.npz").write_bytes(b"PK")
    with pytest.raises(InvalidFile, match="no complete results"):
        nus.spec.load(tmp_path / "out")
