"""The command nusmeft explore."""

from __future__ import annotations

import json

import pytest
from nusmeft_cli import main

from flavio_nusmeft import figures


def test_explore(tmp_path, capsys, monkeypatch):
    """As `write_explorer` with a theory of its own."""
    seen = []

    def quick(path, dataset, *, theory):
        seen.append((path, dataset, theory))
        return path

    monkeypatch.setattr(figures, "write_explorer", quick)
    path = str(tmp_path / "page.html")
    arguments = ["--dataset", "paper2023", "--par", "Vcb=0.045", "--running", "full", "--json"]
    assert main(["explore", "-o", path, *arguments]) == 0
    assert json.loads(capsys.readouterr().out) == [path]
    theory = figures.Theory(par={"Vcb": 0.045}, options={"running": "full"})
    assert seen == [(path, "paper2023", theory)]
    assert main(["explore", "-o", path]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert seen[1:] == [(path, "current", figures.Theory())]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "paper"], "no data set 'paper'; there are paper2023, current"),
        (["--dataset", "electroweak"], "the data set 'electroweak' measures nothing that the page"),
        (["--par", "m_N1=1"], "--par m_N1: the mass of N is a slider of the page"),
        (["--par", "Vcd=0.04"], "flavio has no parameter 'Vcd'"),
        (
            ["--option", "qcd_loop=4"],
            "'qcd_loop' is not an option of nuSMEFT; did you mean 'qcd_loops'?",
        ),
    ],
)
def test_explore_with_wrong_input(arguments, message, tmp_path, capsys):
    assert main(["explore", "-o", str(tmp_path / "page.html"), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"nusmeft: {message}")
    assert captured.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_explore_refuses_a_path_before_computing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("flavio_nusmeft.figures.explorer.compute", None)
    for path in (tmp_path, tmp_path / "missing" / "page.html"):
        assert main(["explore", "-o", str(path)]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith(f"nusmeft: cannot write {path}: ")
        assert captured.err.count("\n") == 1
