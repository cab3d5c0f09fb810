"""The commands nusmeft fit and nusmeft scan."""

from __future__ import annotations

import json

import pytest
from nusmeft_cli import main

import flavio_nusmeft as nus
from flavio_nusmeft import _data

FIT = str(_data.path("examples/fit-scalar.yml"))
SCAN = str(_data.path("examples/scan-vector.yml"))


def test_example_of_a_fit(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["fit", FIT]) == 0
    out = capsys.readouterr().out
    result = nus.spec.load("fit-scalar")
    best, (interval,), (limit,) = (result[k] for k in ("best_fit", "intervals", "limits"))
    assert f"{best['values']['LNQd_2123']:.5g}" in out
    assert f"{best['significance']:.2g}σ (2 variables)" in out
    low, high = interval["pieces"][0]
    assert f"[{low:.5g}, {high:.5g}]" in out
    assert f"< {limit['pieces'][0][1]:.5g}" in out
    assert "within" in out  # what a limit allows
    assert "contour of m_N1 and LNQd_2123: 68.27%: goes on beyond the upper end of m_N1" in out
    assert "written to fit-scalar" in out
    assert len(list((tmp_path / "fit-scalar").glob("*.pdf"))) == 3
    assert main(["fit", "fit-scalar/spec.yml", "-o", "fit-scalar", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == result


def test_example_of_a_scan(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["scan", SCAN]) == 0
    found = nus.spec.load("scan-vector")
    out = capsys.readouterr().out
    assert "QN_2311 (26) x m_N1 (24)" in out
    assert f"{found.log_likelihood.max():.6g}" in out


def test_chain(capsys, tmp_path):
    path = tmp_path / "my.yml"
    path.write_text(
        "dataset: paper2023\nparameters: {m_N1: 1}\nvariables: {LNQd_2123: [0, 5e-8]}\n"
        "chain: {steps: 3, walkers: 4}"
    )
    arguments = ["-o", str(tmp_path / "out"), "--checkpoint", str(tmp_path / "points.db")]
    assert main(["scan", str(path), *arguments]) == 0
    out = capsys.readouterr().out
    assert "3 steps of 4 walkers" in out
    assert "Note: the chain is shorter" in out
    assert (tmp_path / "points.db").exists()


@pytest.mark.parametrize("command", ["fit", "scan"])
def test_help(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"nusmeft {command} data/examples/" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (None, [], "nowhere.yml: No such file"),
        ("variables: {m_N1: [2, 1]}", [], "line 1, variables.m_N1: the range"),
        ("variables: {m_N1: [0, 1]}", ["--workers", "0"], "there must be one at least"),
        ("variables: {m_N1: [0, 1]}", ["-o", "my.yml"], "cannot write to my.yml"),
        ("variables: {m_N1: [0, 1]}", ["-o", "my.yml/x"], "cannot write to my.yml/x"),
        ("variables: {m_N1: [0, 1]}", ["--format", "none", "pdf"], "give nothing else then"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(
    text, arguments, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "my.yml").write_text(text)
    assert main(["fit", "nowhere.yml" if text is None else "my.yml", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("nusmeft: ")


def test_interrupted(capsys, tmp_path, monkeypatch):
    def interrupt(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("flavio_nusmeft.spec.fitting.minimize", interrupt)
    assert main(["fit", FIT]) == 130
    assert capsys.readouterr().err == "nusmeft: interrupted; the same command goes on from here\n"
