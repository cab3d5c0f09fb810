"""The command nusmeft decays."""

from __future__ import annotations

import json

import numpy as np
import pytest
from nusmeft_cli import main

import flavio_nusmeft as nus

POINT = "{eft: nuSMEFT, basis: Warsaw, scale: 1000, values: {lnqd1_1111: 1.0e-8, nB_12: 1.0e-10}}"
WC = nus.NuWilson({"lnqd1_1111": 1e-8, "nB_12": 1e-10}, 1000, "nuSMEFT", "Warsaw")


@pytest.fixture
def point(tmp_path):
    path = tmp_path / "point.yml"
    path.write_text(POINT)
    return str(path)


def test_table(point, capsys):
    assert main(["decays", point, "--m-N1", "0.6"]) == 0
    assert capsys.readouterr().out == f"{nus.decays(WC, par={'m_N1': 0.6})}\n"


def test_json(point, capsys):
    arguments = ["--m-N2", "0.1,0.6", "--m-N1", "0.3", "--par", "f_pi0=0.13", "--json"]
    assert main(["decays", point, "-N", "2", *arguments]) == 0
    data = json.loads(capsys.readouterr().out)
    par = {"m_N2": [0.1, 0.6], "m_N1": 0.3, "f_pi0": 0.13}
    assert data == json.loads(json.dumps(nus.decays(WC, 2, par=par).to_dict()))
    assert list(data["widths"]) == ["nu gamma"]


@pytest.mark.parametrize("value", ["-1e-4", "-.0001", "-0.0001"])
def test_negative_mixing(value, point, capsys):
    # of which the sign counts beside operators
    assert main(["decays", point, "--m-N1", "0.6", "--U-e1", value, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["par"]["U_e1"] == -1e-4
    assert data["total"] == nus.decays(WC, par={"m_N1": 0.6, "U_e1": -1e-4}).total


def test_without_file(capsys):
    assert main(["decays", "--m-N1", "1"]) == 0
    assert "stable" in capsys.readouterr().out


def test_running(point, capsys):
    assert main(["decays", point, "--m-N1", "0.6", "--running", "full", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["made_with"]["running"] == "full"
    assert data["total"] != nus.decays(WC, par={"m_N1": 0.6}).total


def test_plot(point, capsys, tmp_path, monkeypatch):
    from flavio_nusmeft import figures

    drawn = []
    monkeypatch.setattr(
        figures, "write_decays", lambda path, found: drawn.append((path.name, found))
    )
    path = str(tmp_path / "plot.pdf")
    assert main(["decays", point, "--m-N1", "0.3,1.2", "--plot", path]) == 0
    assert main(["decays", point, "--m-N1", "0.3", "--plot", path]) == 0
    (name, between), (_, default) = drawn
    assert name == "plot.pdf"
    assert between.m_N[[0, -1]] == pytest.approx([0.3, 1.2], abs=1e-12)
    assert default.m_N[[0, -1]] == pytest.approx([0.05, 10], abs=1e-12)
    assert np.all(np.diff(default.m_N) > 0)
    capsys.readouterr()


def test_dirac(tmp_path, capsys):
    """Half of the width of a Majorana N, and a mixing is of its two states."""
    path = tmp_path / "point.yml"
    path.write_text("{eft: nuSMEFT, basis: Warsaw, scale: 1000, values: {lnqd1_1111: 1.0e-8}}")
    totals = []
    for more in ([], ["--dirac"]):
        assert main(["decays", str(path), "--m-N1", "0.6", "--json", *more]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        data = json.loads(captured.out)
        totals.append(data["total"])
    assert data["par"] == {"m_N1": 0.6, "m_N2": 0.6}
    assert totals[1] / totals[0] == pytest.approx(0.5, abs=1e-12)
    assert main(["decays", str(path), "--m-N1", "0.6", "--dirac", "--U-e1", "1e-4"]) == 0
    assert "give U_e1 and U_e2 the same size, U/√2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "give the mass of N1, as --m-N1 1.5"),
        (["--m-N2", "1"], "or -N 2 for N2"),
        (["--m-N1", "0"], "m_N1 = 0"),
        (["--m-N1", "100"], "m_W"),
        (["--m-N1", "1", "--running", "full"], "without a file nothing runs: running"),
        (["--m-N1", "1", "--par", "m_N1=2"], "given twice"),
        (["--m-N1", "1", "--U-e1", "1e-3", "--par", "U_e1=2"], "U_e1 is given twice"),
        (["--m-N1", "1", "--m-N2", "1,2"], "m_N2 must be a number"),
        (["no-such-file.yml", "--m-N1", "1"], "no-such-file.yml"),
        (["--m-N1", "1", "--plot", "no-such-folder/x.pdf"], "no-such-folder"),
        (["--m-N1", "1", "--dirac"], "--dirac is for the coefficients of a file"),
        (["x.yml", "--m-N1", "1", "--dirac", "-N", "2"], "-N 2: with --dirac"),
        (["x.yml", "--m-N1", "1,2", "--dirac"], "several masses: not with --dirac"),
        (["x.yml", "--m-N1", "1", "--dirac", "--plot", "x.pdf"], "--plot: not with --dirac"),
        (["x.yml", "--m-N1", "1", "--m-N2", "2", "--dirac"], "m_N2: with --dirac"),
    ],
)
def test_errors(arguments, match, capsys):
    assert main(["decays", *arguments]) == 2
    error = capsys.readouterr().err
    assert match in error
    assert len(error.splitlines()) == 1


def test_stable_plot(tmp_path, capsys):
    assert main(["decays", "--m-N1", "1", "--plot", str(tmp_path / "x.pdf")]) == 2
    assert "stable" in capsys.readouterr().err
