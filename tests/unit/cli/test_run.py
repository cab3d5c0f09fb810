"""The command nusmeft run."""

from __future__ import annotations

import io
import json
import sys

import pytest
import yaml
from nusmeft_cli import main
from wilson import Wilson, wcxf

import flavio_nusmeft
from flavio_nusmeft import NuWilson, _data

SCALAR = str(_data.path("examples/scalar.yml"))
LOW = ["--scale", "4.8", "--eft", "nuWET", "--basis", "JMS"]


@pytest.fixture
def scalar():
    return NuWilson.load_wc(SCALAR)


@pytest.mark.parametrize("running", ["qcd", "full"])
@pytest.mark.parametrize("fmt", ["yaml", "json"])
def test_run(fmt, running, tmp_path, capsys, scalar):
    """The file is what match_run gives, for us and for wilson, and says how it was made."""
    path = tmp_path / f"low.{fmt}"
    assert main(["run", SCALAR, *LOW, "--running", running, "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    scalar.set_option("running", running)
    expected = scalar.match_run(4.8, "nuWET", "JMS")
    assert NuWilson.load_wc(path).wc.dict == expected.dict
    with path.open() as stream:
        theirs = wcxf.WC.load(stream)
    theirs.validate()
    assert (theirs.dict, theirs.scale) == (expected.dict, 4.8)
    assert theirs.metadata == {
        "generator": f"flavio_nusmeft {flavio_nusmeft.__version__}",
        "description": f"from nuSMEFT FGMS at 1000 GeV, {running} running",
    }
    assert json.loads(path.read_text()) if fmt == "json" else yaml.safe_load(path.read_text())
    assert main(["run", SCALAR, *LOW, "--running", running, "--format", fmt]) == 0
    assert capsys.readouterr().out == path.read_text()


@pytest.mark.parametrize("fmt", [["--json"], ["--format", "json"]])
def test_run_with_parameters(fmt, capsys, scalar):
    """CKM elements and options reach the running; the file says so."""
    arguments = ["--running", "full", "--par", "Vcb=0.05", "--option", "alpha_s=0.12"]
    assert main(["run", SCALAR, *LOW, *arguments, *fmt]) == 0
    found = json.loads(capsys.readouterr().out)
    usual = scalar.match_run(4.8, "nuWET", "JMS").dict
    for name, value in {"running": "full", "alpha_s": 0.12}.items():
        scalar.set_option(name, value)
    without = scalar.match_run(4.8, "nuWET", "JMS").dict
    scalar.set_option("parameters", {"Vcb": 0.05})
    expected = scalar.match_run(4.8, "nuWET", "JMS").dict
    assert wcxf.WC.load(json.dumps(found)).dict == expected
    assert expected != without != usual
    description = "from nuSMEFT FGMS at 1000 GeV, full running, alpha_s = 0.12, Vcb = 0.05"
    assert found["metadata"]["description"] == description


def test_run_with_ckm_elements_without_N(tmp_path, capsys):
    """wilson matches SMEFT with them."""
    path = tmp_path / "smeft.json"
    path.write_text(wcxf.WC("SMEFT", "Warsaw", 1e3, {"lq1_1123": 1e-9}).dump())
    arguments = ["run", str(path), "--scale", "4.8", "--eft", "WET", "--basis", "JMS", "--json"]
    found = []
    for more in ([], ["--par", "Vcb=0.05"]):
        assert main([*arguments, *more]) == 0
        found.append(wcxf.WC.load(capsys.readouterr().out))
    w = Wilson.from_wc(wcxf.WC.load(path.read_text()))
    w.set_option("parameters", {"Vcb": 0.05})
    assert found[1].dict == w.match_run(4.8, "WET", "JMS").dict != found[0].dict
    assert found[1].metadata["description"] == "from SMEFT Warsaw at 1000 GeV, Vcb = 0.05"


def test_run_from_standard_input(monkeypatch, capsys, scalar):
    """In UTF-8 with a byte order mark, whatever the terminal is in."""
    text = "\ufeff# ν\n" + scalar.wc.dump(fmt="yaml")
    stdin = io.TextIOWrapper(io.BytesIO(text.encode("utf-8")), encoding="ascii")
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main(["run", "-", "--scale", "500", "--eft", "nuSMEFT", "--basis", "Warsaw"]) == 0
    found = NuWilson.load_wc(capsys.readouterr().out)
    assert found.wc.dict == scalar.match_run(500, "nuSMEFT", "Warsaw").dict


def test_run_files_of_wilson(tmp_path, capsys):
    path = tmp_path / "smeft.json"
    wc = wcxf.WC("SMEFT", "Warsaw", 1e3, {"lq1_1123": 1e-9})
    path.write_text(wc.dump())
    low = tmp_path / "low.yml"
    arguments = ["run", str(path), "--scale", "2", "--eft", "WET-3", "--basis", "JMS"]
    assert main([*arguments, "-o", str(low)]) == 0
    found = wcxf.WC.load(low.read_text())
    found.validate()
    assert "VnudLL_1123" not in found.dict  # has a b quark
    capsys.readouterr()
    assert main(["run", str(path), *LOW]) == 2
    assert "give nuSMEFT Warsaw" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yml", *LOW], "nowhere.yml: No such file"),
        ([SCALAR, *LOW, "--scale", "-1"], "positive finite"),
        ([SCALAR, *LOW, "--scale", "0.1"], "above 1 GeV"),
        ([SCALAR, *LOW, "--basis", "flavio"], "nuWET has no basis 'flavio'"),
        ([SCALAR, *LOW, "--eft", "nuXET"], "EFT 'nuXET' does not exist"),
        ([SCALAR, *LOW, "-o", "/nowhere/x.yml"], "there is no folder /nowhere"),
        ([SCALAR, *LOW, "--par", "m_N1=1"], "takes Vus, Vub, Vcb, gamma, not 'm_N1'"),
        ([SCALAR, *LOW, "--par", "GF=1e-5"], "takes Vus, Vub, Vcb, gamma, not 'GF'"),
        (["-", *LOW], "-: not a WCxf file"),
        (["-", *LOW, "--running", "full"], "-: not a WCxf file"),
    ],
)
def test_run_with_wrong_input(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["run", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    *warned, refused = captured.err.splitlines()
    assert message in refused
    assert refused.startswith("nusmeft: ")
    assert len(warned) == ("0.1" in arguments)  # of the scale


# of numpy 1 in wilson's translator to EOS
@pytest.mark.filterwarnings("ignore:Conversion of an array with ndim > 0:DeprecationWarning")
@pytest.mark.parametrize("basis", ["EOS", "SMEFTsim_top", "formflavor"])
def test_run_to_what_wilson_cannot_write(basis, tmp_path, capsys):
    """Translators that are missing, or that fail for some point: one line."""
    eft = "SMEFT" if basis.startswith("SMEFT") else "WET"
    path = tmp_path / "smeft.json"
    path.write_text(wcxf.WC("SMEFT", "Warsaw", 1e3, {"lq1_1123": 1e-9}).dump())
    status = main(["run", str(path), "--scale", "200", "--eft", eft, "--basis", basis])
    captured = capsys.readouterr()
    if status == 0:
        assert wcxf.WC.load(captured.out).basis == basis
    else:
        assert status == 2
        assert captured.err.startswith(f"nusmeft: wilson cannot run SMEFT Warsaw to {eft} {basis}")
        assert captured.err.count("\n") == 1
    assert basis != "SMEFTsim_top" or status == 2


def test_json_and_another_format(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["run", SCALAR, *LOW, "--json", "--format", "yaml"])
    assert "not allowed with" in capsys.readouterr().err
