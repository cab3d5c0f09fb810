"""The command nusmeft export."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml
from nusmeft_cli import main

from flavio_nusmeft import NuWilson, _data, tables, to_popxf
from flavio_nusmeft.exports.tables import spectrum

SCALAR = str(_data.path("examples/scalar.yml"))
NAME = "<dBR_SD/dq2>(B+->Kinv)"
EDGES = (0, 4, 8.5, 14, 23)
JMS = {"scale": 4.8, "eft": "nuWET", "basis": "JMS"}


@pytest.fixture
def scalar():
    return NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")


def test_popxf(tmp_path, capsys):
    file = str(_data.path("examples/nuwet.yml"))
    output = tmp_path / "Kinv.json"
    arguments = ["--format", "popxf", "--observable", "<dBR/dq2>(B+->Kinv),4,8", "--m-N1", "0.6"]
    assert main(["export", file, *arguments, "--given", "-o", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}\n"
    expected = to_popxf(
        [("<dBR/dq2>(B+->Kinv)", 4.0, 8.0)],
        **JMS,
        par={"m_N1": 0.6},
        coefficients=("SnudLL_2432", "VnudLR_4423"),
    )
    assert json.loads(output.read_text("utf-8")) == expected
    assert main(["export", file, *arguments, "--given", "--draws", "2", "-o", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}\n{tmp_path / 'Kinv-corr.json'}\n"
    written = json.loads((tmp_path / "Kinv-corr.json").read_text("utf-8"))
    assert written["$schema"].endswith("popxf-corr-1.0.json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yml"], "No such file"),
        (["--observable", "BR(B+->Kinf)"], "did you mean"),
        (["--m-N1", "-1"], "m_N1 = -1.0 GeV"),
        (["--bins", "1,2"], "--bins is not an option of --format popxf"),
        (["--draws", "2", "--jelli"], "jelli 0.1 reads no uncertainties"),
        (["-o", "/nowhere/x.json"], "cannot write /nowhere/x.json: there is no folder /nowhere"),
        (["-o", "/"], "it is a folder"),
    ],
)
def test_popxf_with_wrong_input(arguments, message, tmp_path, capsys):
    usual = [str(_data.path("examples/nuwet.yml")), "--format", "popxf"]
    usual += ["--observable", "BR(B+->Kinv)", "-o", str(tmp_path / "x.json")]
    if arguments[0] == "nowhere.yml":
        usual, arguments = ["nowhere.yml", *usual[1:]], []
    assert main(["export", *usual, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("nusmeft: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_spectrum(tmp_path, capsys, scalar):
    arguments = ["export", SCALAR, "--observable", NAME, "--bins", "0,4,8.5,14,23", "--m-N1", "1.5"]
    output = tmp_path / "x.csv"
    usual = ["--draws", "8", "--seed", "3", "-o", str(output)]
    assert main([*arguments, "--format", "csv", *usual]) == 0
    assert capsys.readouterr().out == f"{output}\n"
    expected = spectrum(NAME, EDGES, scalar, par={"m_N1": 1.5}, draws=8, seed=3)
    expected.to_csv(tmp_path / "y.csv")
    assert output.read_text("utf-8") == (tmp_path / "y.csv").read_text("utf-8")
    folder = tmp_path / "weights"
    assert main([*arguments, "--format", "hepdata", "--weights", "-o", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {"spectrum.yaml", "submission.yaml"}
    values = yaml.safe_load((folder / "spectrum.yaml").read_text("utf-8"))
    found = [v["value"] for v in values["dependent_variables"][0]["values"]]
    sm = spectrum(NAME, EDGES)
    assert found == pytest.approx(expected.values / sm.values, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bins", "2,5,15"], "they miss q² < 2 GeV²"),
        (["--bins", "0,x"], "--bins must be numbers with commas: 0,x"),
        (["--bins", "3,2"], "must increase"),
        (["--draws", "-1"], "draws = -1"),
        (["--m-N1", "nan"], "m_N1"),
        (["--observable", "BR(B+->Kinv)"], "'BR(B+->Kinv)' is not a binned observable"),
        (["--observable", NAME], "different names"),
        (["--m-N1", "1,nan"], "m_N1"),
        (["--jelli"], "--jelli is not an option of --format csv"),
        (["-o", "/nowhere/x.csv"], "cannot write /nowhere/x.csv: there is no folder /nowhere"),
        (["--format", "hepdata", "-o", "/dev/null"], "cannot write to /dev/null"),
    ],
)
def test_spectrum_with_wrong_input(arguments, message, tmp_path, capsys, monkeypatch):
    if "-o" in arguments:
        monkeypatch.setattr(tables, "spectra", None)  # nothing is computed
    usual = [SCALAR, "--format", "csv", "--observable", NAME]
    usual += ["-o", str(tmp_path / "x.csv")]
    assert main(["export", *usual, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("nusmeft: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_spectra(tmp_path, capsys, scalar):
    """Several observables and masses, as `spectra`; also as weights, and at one mass."""
    names, masses, bins = [NAME, "<dBR/dq2>(B0->K*inv)"], [0.5, 1.5], [0.0, 8.0, 23.0]
    arguments = ["export", SCALAR, *(x for name in names for x in ("--observable", name))]
    arguments += ["--bins", "0,8,23", "--draws", "4"]
    for given, par in (("0.5,1.5", masses), ("1.5", 1.5)):
        output = tmp_path / "x.csv"
        usual = [*arguments, "--m-N1", given, "--format"]
        assert main([*usual, "csv", "-o", str(output)]) == 0
        expected = tables.spectra(names, bins, scalar, par={"m_N1": par}, draws=4)
        found = tables.Spectra.from_csv(output)
        assert np.array_equal(found.covariance, expected.covariance)
        folder = tmp_path / "weights"
        assert main([*usual, "hepdata", "--weights", "-o", str(folder)]) == 0
        sm = tables.spectra(names, bins, par={"m_N1": par})
        documents = list(yaml.safe_load_all((folder / "covariance.yaml").read_text("utf-8")))
        values = [v["value"] for v in documents[0]["dependent_variables"][0]["values"]]
        assert values == expected.weights(sm).covariance.ravel().tolist()
    capsys.readouterr()
    with pytest.raises(SystemExit, match="2"):
        main([*arguments, "--m-N1", "0.5,x", "--format", "csv", "-o", "x.csv"])
    assert "--m-N1: must be numbers with commas, not 0.5,x" in capsys.readouterr().err
    popxf = ["--format", "popxf", "--observable", "BR(B+->Kinv)", "-o", str(tmp_path / "x.json")]
    assert main(["export", SCALAR, *popxf, "--m-N1", "0.5,1.5"]) == 2
    assert "m_N1 must be one number" in capsys.readouterr().err


def test_spectrum_with_parameters_and_options(tmp_path, capsys, scalar):
    """As `spectrum` with them, and the file says so."""
    path = tmp_path / "x.csv"
    arguments = ["export", SCALAR, "--format", "csv", "--observable", NAME, "--bins", "0,8,23"]
    arguments += ["--running", "full", "--option", "alpha_s=0.12", "--par", "Vcb=0.045", "--json"]
    assert main([*arguments, "-o", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == [str(path)]
    for name, value in {"running": "full", "alpha_s": 0.12}.items():
        scalar.set_option(name, value)
    expected = spectrum(NAME, (0, 8, 23), scalar, par={"Vcb": 0.045})
    expected.to_csv(tmp_path / "y.csv")
    text = path.read_text("utf-8")
    assert text == (tmp_path / "y.csv").read_text("utf-8")
    lines = text.splitlines()
    for line in ("# running: full", "# alpha_s: 0.12", "# parameter Vcb: 0.045"):
        assert line in lines
    plain = tables.spectrum(
        NAME,
        (0, 8, 23),
        NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS"),
        par={"Vcb": 0.045},
        options={"running": "full", "alpha_s": 0.12},
    )
    assert np.array_equal(plain.values, expected.values)
    assert plain.info == expected.info


def test_popxf_with_parameters_and_options(tmp_path):
    path = tmp_path / "x.json"
    arguments = ["export", SCALAR, "--format", "popxf", "--observable", "BR(B+->Kinv)", "--given"]
    arguments += ["--running", "full", "--option", "alpha_s=0.12", "--par", "Vcb=0.045"]
    assert main([*arguments, "-o", str(path)]) == 0
    expected = to_popxf(
        "BR(B+->Kinv)",
        scale=1e3,
        eft="nuSMEFT",
        basis="FGMS",
        par={"Vcb": 0.045},
        coefficients=["LNQd_2123"],
        options={"running": "full", "alpha_s": 0.12},
    )
    assert json.loads(path.read_text("utf-8")) == expected


def test_help(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["export", "--help"])
    out = capsys.readouterr().out
    assert "nusmeft export point.yml --format popxf" in out
    assert max(map(len, out.splitlines())) <= 100
    with pytest.raises(SystemExit, match="2"):
        main(["export", "x.yml", "--format", "xml", "--observable", NAME, "-o", "x"])
