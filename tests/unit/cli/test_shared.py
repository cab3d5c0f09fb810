"""What the subcommands share: options of one meaning, and errors in one line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import flavio
import pytest
from nusmeft_cli import main, shared

from flavio_nusmeft import _data, errors

SCALAR = str(_data.path("examples/scalar.yml"))
NAME = "<dBR_SD/dq2>(B+->Kinv)"
COMMANDS = {
    "predict": ["predict", SCALAR, "-o", "BR(B+->Kinv)"],
    "run": ["run", SCALAR, "--scale", "4.8", "--eft", "nuWET", "--basis", "JMS"],
    "csv": ["export", SCALAR, "--format", "csv", "--observable", NAME, "-o", "x"],
    "popxf": ["export", SCALAR, "--format", "popxf", "--observable", "BR(B+->Kinv)", "-o", "x"],
    "limits": ["limits", "--operators", "LNQd_2123", "--m-N1", "1", "--csv", "x"],
    "figures": ["figures", "-o", "new", "--format", "csv"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--par", "Vcb"], "--par Vcb: give NAME=VALUE"),
        (["--par", "=1"], "--par =1: give NAME=VALUE"),
        (["--par", "Vcb=x"], "--par Vcb=x: the value must be a number"),
        (["--par", "Vcb=1", "--par", "Vcb=1"], "Vcb is given twice with --par"),
        (["--par", "Vbc=0.04"], "'Vbc'; did you mean 'Vcb'?"),
        (["--par", "Vcb=nan"], "parameter Vcb must be real and finite"),
        (["--running", "full", "--par", "Vcb=5"], "there is no CKM matrix with Vcb = 5.0"),
        (["--option", "alpha_s"], "--option alpha_s: give NAME=VALUE"),
        (["--option", "alpha_s=inf"], "--option alpha_s=inf: the value must be finite"),
        (["--option", "alpha_s=1", "--option", "alpha_s=2"], "alpha_s is given twice"),
        (["--option", "alpha=0.12"], "'alpha' is not an option of nuSMEFT"),
        (["--option", "alpha_s=0.9"], "option alpha_s = 0.9: value must be at most 0.2"),
        (["--option", "alpha_s=weak"], "option alpha_s = 'weak': expected float"),
        (["--option", "parameters=1"], "--option parameters: give --par"),
        (["--running", "full", "--option", "running=qcd"], "running is given twice"),
    ],
)
def test_wrong_options(command, arguments, message, tmp_path, monkeypatch, capsys):
    """The same for every command: one line, status 2, and no file."""
    monkeypatch.chdir(tmp_path)
    assert main([*COMMANDS[command], *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("nusmeft: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("command", ["predict", "csv", "popxf"])
def test_mass_that_is_given_twice(command, capsys):
    """--m-N1 and --par m_N1 are the same; other masses may be given in the other way."""
    assert main([*COMMANDS[command], "--m-N1", "1", "--par", "m_N1=1"]) == 2
    assert capsys.readouterr().err == "nusmeft: m_N1 is given twice, with --m-N1 and --par\n"


def test_masses(capsys):
    predictions = []
    for arguments in (["--m-N1", "1.5", "--m-N2", "2"], ["--m-N2", "2", "--par", "m_N1=1.5"]):
        assert main([*COMMANDS["predict"], *arguments, "--json"]) == 0
        predictions.append(json.loads(capsys.readouterr().out))
    assert predictions[0] == predictions[1]
    assert predictions[0]["masses"] == {"m_N1": 1.5, "m_N2": 2.0, "m_N3": 0}
    assert predictions[0]["parameters"] == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_typing_errors_do_not_wait_for_flavio(command, tmp_path):
    code = (
        "import sys, nusmeft_cli\n"
        "for wrong in (['--par', 'Vcb'], ['--option', 'alpha_s=nan']):\n"
        f"    assert nusmeft_cli.main([*{COMMANDS[command]!r}, *wrong]) == 2\n"
        "assert 'flavio' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True)


@pytest.mark.parametrize("arguments", [["--running", "full"], ["--option", "alpha_s=0.12"]])
@pytest.mark.parametrize("command", ["predict", "run", "csv"])
def test_coefficients_without_N(command, arguments, tmp_path, capsys):
    """Options of the running with N are refused for SMEFT."""
    path = tmp_path / "smeft.yml"
    path.write_text("{eft: SMEFT, basis: Warsaw, scale: 1000, values: {lq1_1123: 1.0e-9}}")
    name, _, *others = COMMANDS[command]
    assert main([name, str(path), *others, *arguments]) == 2
    captured = capsys.readouterr()
    assert "for coefficients with N" in captured.err
    assert "SMEFT" in captured.err
    assert captured.err.count("\n") == 1


def test_names_with_an_equals_sign(capsys):
    """The last one counts: flavio has such parameters."""
    name = "PDFmembers avg=0 replicas=1-100"
    assert name in flavio.default_parameters.all_parameters
    assert main([*COMMANDS["predict"], "--par", f"{name}=3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == {name: 3.0}


def test_load():
    with open(SCALAR, "rb") as stream:
        found = shared.load(stream, {"alpha_s": 0.12, "running": "full"})
    assert (found.get_option("alpha_s"), found.get_option("running")) == (0.12, "full")
    assert found.wc.dict == {"LNQd_2123": 2e-8}
    # at the scale of the coefficients wilson needs a matcher for their basis
    text = "{eft: SMEFT, basis: Higgs-Warsaw up, scale: 160, values: {}}"
    with pytest.raises(errors.UnknownBasis, match="translate them to Warsaw"):
        shared.load(io.StringIO(text), {"smeft_matchingscale": 160})


def test_errors_of_the_program_are_not_hidden():
    """Arithmetic fails by the parameters of the user, or else by a mistake here."""

    def divide() -> int:
        return 1 // 0

    assert shared.attempt(divide, {"m_b": 0.0}) == 2
    with pytest.raises(ZeroDivisionError):
        shared.attempt(divide)


@pytest.mark.parametrize("parameter", ["m_B+=0", "m_B+=1e300", "alpha_s=0", "m_b=0", "m_tau=0"])
def test_parameters_that_cannot_be(parameter, capsys):
    assert main([*COMMANDS["predict"], "--par", parameter]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    name, value = parameter.split("=")
    assert captured.err.startswith(f"nusmeft: cannot compute with {name} = {float(value)}: ")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("as_json", [False, True])
def test_print_paths(as_json, tmp_path, capsys):
    paths = [tmp_path / "a", tmp_path / "b"]
    shared.print_paths(paths, as_json)
    out = capsys.readouterr().out
    assert (json.loads(out) if as_json else out.split(os.linesep)[:-1]) == [*map(str, paths)]
