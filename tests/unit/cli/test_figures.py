"""The command nusmeft figures."""

from __future__ import annotations

import json
import sys

import pytest
from nusmeft_cli import main

from flavio_nusmeft import figures


def test_figures(tmp_path, capsys):
    output = tmp_path / "new" / "folder"
    arguments = ["--output", str(output), "--dataset", "current", "--format", "csv"]
    assert main(["figures", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert sorted(captured.out.splitlines()) == sorted(map(str, output.iterdir()))
    names = ["data", "fig1-spectra", "fig2-masses", "fig3-signal", "fig4-channels", "fig5-pairs"]
    names = sorted([*names, "reach", "dirac"])
    assert sorted(path.name for path in output.iterdir()) == [f"{n}-current.csv" for n in names]


def test_figures_refuse_a_path_before_computing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("flavio_nusmeft.figures.write_figures", None)
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        assert main(["figures", "--output", str(path)]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith(f"nusmeft: cannot write to {path}: ")
        assert captured.err.count("\n") == 1


def test_figures_without_matplotlib(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["figures", "--output", str(tmp_path), "--format", "png"]) == 2
    assert "pip install 'flavio_nusmeft[plot]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [[], ["--output", ".", "--format", "x"]])
def test_figures_wrong_options(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["figures", *arguments])
    assert "usage: nusmeft figures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "paper"], "no data set 'paper'; there are paper2023, current"),
        (["--par", "m_N1=1"], "--par m_N1: the figures have masses of N of their own"),
        (["--par", "m_N3=1"], "--par m_N3: the figures have masses of N of their own"),
        (["--par", "Vcd=0.04"], "flavio has no parameter 'Vcd'"),
    ],
)
def test_figures_with_wrong_input(arguments, message, tmp_path, capsys):
    """The directory is not made."""
    assert main(["figures", "--output", str(tmp_path / "new"), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"nusmeft: {message}")
    assert captured.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_figures_with_parameters_and_options(tmp_path, capsys, monkeypatch):
    """As `write_figures` with a theory of its own; the files are listed in JSON."""
    seen = []

    def fewer(*arguments, theory, on_written):
        seen.append(theory)
        return figures.files.write_figures(*arguments, numbers=(), theory=theory)

    monkeypatch.setattr(figures, "write_figures", fewer)
    arguments = ["--dataset", "current", "--format", "csv", "--par", "Vcb=0.045", "--json"]
    arguments += ["--running", "full", "--option", "alpha_s=0.12"]
    path = tmp_path / "new" / "data-current.csv"
    assert main(["figures", "--output", str(path.parent), *arguments]) == 0
    assert json.loads(capsys.readouterr().out) == [str(path)]
    theory = figures.Theory(par={"Vcb": 0.045}, options={"running": "full", "alpha_s": 0.12})
    assert seen == [theory]
    # the reach is above the SM rate, which Vcb changes
    text, other = path.read_text("utf-8"), tmp_path / "other"
    for chosen, equal in ((theory, True), (figures.Theory(), False)):
        list(figures.files.write_figures(other, ["current"], ["csv"], numbers=(), theory=chosen))
        assert ((other / path.name).read_text("utf-8") == text) == equal
