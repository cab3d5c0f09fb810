"""The option --dirac of nusmeft predict and nusmeft run."""

from __future__ import annotations

import json

import flavio
import pytest
from nusmeft_cli import main

from flavio_nusmeft import NuWilson, _data, dirac

VECTOR = str(_data.path("examples/vector.yml"))
SAME = ["--scale", "1000", "--eft", "nuSMEFT", "--basis", "FGMS"]


def two_states():
    wc = NuWilson.load_wc(VECTOR).wc
    return NuWilson(dirac(wc.dict, eft=wc.eft, basis=wc.basis), wc.scale, wc.eft, wc.basis)


def test_predict(par, capsys):
    """The mass of N1 is that of both."""
    arguments = [VECTOR, "--m-N1", "1.5", "-o", "BR(B0->K*inv)", "--json"]
    assert main(["predict", *arguments, "--dirac"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    found = json.loads(captured.out)
    assert found["masses"] == {"m_N1": 1.5, "m_N2": 1.5, "m_N3": 0.0}
    par["m_N1"] = par["m_N2"] = 1.5
    expected = flavio.Observable["BR(B0->K*inv)"].prediction_par(par, two_states())
    assert found["observables"][0]["prediction"] == pytest.approx(expected, rel=1e-12, abs=0)
    assert main(["predict", *arguments]) == 0
    majorana = json.loads(capsys.readouterr().out)["observables"][0]
    assert expected - majorana["SM"] > 1.5 * (majorana["prediction"] - majorana["SM"])


def test_run_writes_what_predict_reads(tmp_path, capsys):
    """A forgotten mass is told there."""
    path = tmp_path / "two.yml"
    assert main(["run", VECTOR, *SAME, "--dirac", "-o", str(path)]) == 0
    assert "states of the Dirac N1" in " ".join(path.read_text("utf-8").split())
    assert NuWilson.load_wc(path).wc.dict == two_states().wc.dict
    capsys.readouterr()
    predict = ["predict", str(path), "-o", "BR(B0->K*inv)", "--json"]
    assert main([*predict, "--m-N1", "1.5"]) == 0
    captured = capsys.readouterr()
    assert "give m_N1 and m_N2 the same value" in captured.err
    assert captured.err.count("\n") == 1
    wrong = json.loads(captured.out)["observables"][0]["prediction"]
    assert main([*predict, "--m-N1", "1.5", "--m-N2", "1.5"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    right = json.loads(captured.out)["observables"][0]["prediction"]
    assert main(["predict", VECTOR, *predict[2:], "--dirac", "--m-N1", "1.5"]) == 0
    assert json.loads(capsys.readouterr().out)["observables"][0]["prediction"] == right != wrong


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("QN_2311: 1e-8", ["--m-N1", "1", "--m-N2", "1.5"], "m_N2: with --dirac N1 and N2 are one"),
        ("QN_2311: 1e-8", ["--par", "m_N2=1"], "m_N2: with --dirac N1 and N2 are one"),
        ("QN_2322: 1e-8", [], "QN_2322 has N2, the second Majorana state"),
        ("QN_2333: 1e-8", [], "no coefficient is one of N1, the Dirac N of the states (1, 2)"),
        ("", [], "--dirac: the file has no coefficient with N"),
    ],
)
def test_refused(content, arguments, message, tmp_path, capsys):
    path = tmp_path / "point.yml"
    path.write_text(f"{{eft: nuSMEFT, basis: FGMS, scale: 1000, values: {{{content}}}}}")
    assert main(["predict", str(path), "-o", "BR(B0->K*inv)", "--dirac", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"nusmeft: {message}")
    assert captured.err.count("\n") == 1
