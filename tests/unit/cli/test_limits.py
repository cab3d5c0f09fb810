"""The command nusmeft limits."""

from __future__ import annotations

import csv
import json

import pytest
from nusmeft_cli import main

import flavio_nusmeft as nus
from flavio_nusmeft import _data

SCALAR = str(_data.path("examples/scalar.yml"))
POINT = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}


def test_table(capsys):
    assert main(["limits", "--operators", "QN_2311,LNQd_2123", "--m-N1", "0,1.5"]) == 0
    found = nus.limits(["QN_2311", "LNQd_2123"], m_N1=[0, 1.5], **POINT)
    assert capsys.readouterr().out == f"{found}\n"


def test_file(capsys, tmp_path):
    """The operators, EFT, basis and scale of a file; other options as in Python."""
    path = tmp_path / "low.yml"
    path.write_text("{eft: nuWET, basis: JMS, scale: 4.8, values: {VnudLL_4423: 3.0e-9}}")
    arguments = ["--m-N1", "1", "--m-N2", "0.5", "--cl", "0.95", "--dataset", "paper2023", "--json"]
    assert main(["limits", str(path), *arguments]) == 0
    data = json.loads(capsys.readouterr().out)
    found = nus.limits(
        ["VnudLL_4423"],
        m_N1=1,
        cl=0.95,
        dataset="paper2023",
        par={"m_N2": 0.5},
        scale=4.8,
        eft="nuWET",
        basis="JMS",
    )
    assert data == json.loads(json.dumps(found.to_dict()))
    assert data["cl"] == 0.95
    assert data["par"] == {"m_N2": 0.5}


def test_options(capsys, tmp_path):
    arguments = ["--running", "full", "--par", "Vcb=0.045", "-o", "BR_SD(B+->Kinv)"]
    path = tmp_path / "limits.csv"
    assert main(["limits", SCALAR, "--m-N1", "1.5", *arguments, "--csv", str(path)]) == 0
    (row,) = nus.limits(
        ["LNQd_2123"],
        m_N1=1.5,
        observables=["BR_SD(B+->Kinv)"],
        par={"Vcb": 0.045},
        options={"running": "full"},
        **POINT,
    ).rows
    out = capsys.readouterr().out
    assert "running = full" in out
    assert "Vcb = 0.045" in out.splitlines()[0]
    lines = [line for line in path.read_text("utf-8").splitlines() if line[0] != "#"]
    (written,) = csv.DictReader(lines)
    assert float(written["upper"]) == row.upper
    (plain,) = nus.limits(["LNQd_2123"], m_N1=1.5, **POINT).rows
    assert abs(row.upper / plain.upper - 1) > 1e-3


def test_basis_of_nuwet(capsys):
    """The default is that of `nusmeft list`, not FGMS, which nuWET does not have."""
    arguments = ["--eft", "nuWET", "--scale", "4.8", "--operators", "SnudLL_2423", "--m-N1", "0"]
    assert main(["limits", *arguments]) == 0
    captured = capsys.readouterr()
    assert "nuWET JMS at 4.8 GeV" in captured.out + captured.err


def test_published(capsys):
    """The vector of arXiv:2309.02940 at 1.5 GeV: 0.037 TeV^-2."""
    arguments = ["--method", "published", "--dataset", "paper2023"]
    assert main(["limits", "--operators", "QN_2311", "--m-N1", "0,1.5", *arguments]) == 0
    out = capsys.readouterr().out
    assert "|C| < 0.0161" in out
    assert "|C| < 0.0366" in out
    assert "face value" in out


def test_latex(capsys):
    assert main(["limits", "--operators", "QN_2311", "--m-N1", "0", "--latex"]) == 0
    expected = nus.limits(["QN_2311"], m_N1=0, **POINT).to_latex()
    assert capsys.readouterr().out == f"{expected}\n"


def test_example_in_help(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["limits", "--help"])
    out = capsys.readouterr().out
    assert "nusmeft limits --m-N1 1.5\n" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--m-N1", "x"], "--m-N1 must be numbers with commas: x"),
        (["--m-N1", "-1"], "m_N1 = -1.0 GeV"),
        (["--m-N1", "1", "--par", "m_N1=1"], "m_N1 is given twice, with --m-N1 and --par"),
        (["--m-N1", "1", "--operators", "QN_2341"], "the indices of QN are 1-3"),
        (["--m-N1", "1", "--operators", "QN_2311", "--scale", "0"], "scale = 0.0 must be"),
        (["--m-N1", "1", "--basis", "FGMT"], "no basis 'FGMT'"),
        (["--m-N1", "1", "--cl", "90"], "90% is 0.9, not 90"),
        (["--m-N1", "1", "--dataset", "paper"], "no data set 'paper'"),
        (["--m-N1", "1", "-o", "BR(B+->Kinf)"], "no observable 'BR(B+->Kinf)'"),
        (["--m-N1", "1", "--belle2", "nowhere"], "there is no folder 'nowhere'"),
        (["--m-N1", "1", "--csv", "nowhere/x.csv"], "there is no folder nowhere"),
        ([SCALAR, "--m-N1", "1", "--scale", "100"], "--scale is given twice, by the file"),
        ([SCALAR, "--m-N1", "1", "--operators", "QN_2311"], "--operators is given twice"),
        (["nowhere.yml", "--m-N1", "1"], "No such file"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(arguments, message, capsys):
    assert main(["limits", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("nusmeft: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_cite(capsys):
    """Papers of the data that enter, and of the predictions for them."""
    arguments = ["limits", SCALAR, "--m-N1", "0", "-o", "BR(Bs->inv)", "--cite"]
    assert main([*arguments, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {"arXiv:2309.02940", "arXiv:2310.13043", "Straub:2018kue"} <= {*data["papers"]}
    assert "Lutz:2013ftz" not in data["papers"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.endswith(f"\n\n{data['bibtex']}\n")
