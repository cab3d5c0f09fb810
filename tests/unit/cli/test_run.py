"""The commands nusmeft run and nusmeft wcxf, and the version."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys

import nusmeft_cli
import pytest
import yaml
from nusmeft_cli import main
from wilson import wcxf

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


# wilson leaves the files open
unclosed = pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@unclosed
def test_wcxf_knows_the_bases(tmp_path, capsys, scalar):
    """The four commands of wilson give what the objects do."""
    assert main(["wcxf", "validate", "wc", SCALAR]) == 0
    assert "successful" in capsys.readouterr().out
    assert main(["wcxf", "translate", "Warsaw", SCALAR]) == 0
    expected = scalar.wc.translate("Warsaw").dict
    assert wcxf.WC.load(capsys.readouterr().out).dict == expected
    assert main(["wcxf", "convert", "json", SCALAR]) == 0
    assert NuWilson.load_wc(capsys.readouterr().out).wc.dict == scalar.wc.dict
    output = tmp_path / "matched.yml"
    arguments = ["nuWET", "JMS", SCALAR, "--format", "yaml", "--output", str(output)]
    assert main(["wcxf", "match", *arguments]) == 0
    assert NuWilson.load_wc(output).wc.dict == scalar.wc.match("nuWET", "JMS").dict


@unclosed
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["translate", "JMS", SCALAR], "No translator from basis FGMS to JMS"),
        (["match", "WET", "JMS", SCALAR], "No matcher"),
        (["validate", "wc", str(_data.path("datasets.yml"))], "nusmeft: wcxf: "),
    ],
)
def test_wcxf_with_wrong_input(arguments, message, capsys):
    before = list(sys.argv)
    assert main(["wcxf", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("nusmeft: wcxf: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert sys.argv == before


def test_wcxf_with_wrong_options(capsys):
    for arguments, status in ((["--help"], 0), (["foo"], 2), (["translate"], 2)):
        with pytest.raises(SystemExit, match=str(status)):
            main(["wcxf", *arguments])
        captured = capsys.readouterr()
        assert "usage: nusmeft wcxf" in captured.out + captured.err


def test_version(capsys):
    """One number for the metadata, the package and the command, which does not import flavio."""
    version = flavio_nusmeft.__version__
    assert importlib.metadata.version("flavio_nusmeft") == version
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"nusmeft {version}\n"
    code = (
        "import sys, nusmeft_cli\ntry: nusmeft_cli.main(['--version'])\n"
        "except SystemExit: assert not {'flavio', 'flavio_nusmeft', 'wilson'} & set(sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == f"nusmeft {version}\n"


CHECKOUT = """
import importlib.metadata
import importlib.util
real = importlib.metadata.Distribution.from_name
def missing(name):
    if name.replace("-", "_").startswith("flavio_nusmeft"):
        raise importlib.metadata.PackageNotFoundError(name)
    return real(name)
importlib.metadata.Distribution.from_name = missing
import json, runpy, sys
import flavio_nusmeft as nus
assert nus.__file__ == sys.argv[1], nus.__file__
assert nus.__version__ in str(nus.tables.spectrum("<BR>(B0->Dtauinv)", (3, 12)).info)
document = nus.to_popxf("BR(B+->Kinv)", scale=4.8, basis="JMS", coefficients=["SnudLL_2432"])
assert document["metadata"]["reproducibility"][0]["tool"]["version"] == nus.__version__
sys.argv = ["nusmeft", "run", sys.argv[2], "--scale", "4.8", "--eft", "nuWET", "--basis", "JMS"]
runpy.run_module("flavio_nusmeft.cli", run_name="__main__")
"""


def test_checkout_that_is_not_installed(tmp_path):
    """On PYTHONPATH, without metadata of an installation."""
    root = tmp_path / "checkout"
    package, command = root / "flavio_nusmeft", os.path.dirname(nusmeft_cli.__file__)
    shutil.copytree(os.path.dirname(flavio_nusmeft.__file__), package)
    shutil.copytree(command, package / "cli", dirs_exist_ok=True)
    shutil.copytree(_data.path("datasets.yml").parent, root / "data")
    arguments = [str(package / "__init__.py"), str(root / "data" / "examples" / "scalar.yml")]
    result = subprocess.run(
        [sys.executable, "-c", CHECKOUT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert result.returncode == 0, result.stderr
    assert "SnudLL_2432" in result.stdout


STANDALONE = """
import sys
import wcxf, wcxf.classes
if "latex" in sys.argv:
    wcxf.classes._testtex = lambda text: {"success": True}  # the rest of the validation
for path in sys.argv[2:]:
    if path.endswith(".eft.yml"):
        with open(path) as stream: wcxf.EFT.load(stream)
for path in sys.argv[2:]:
    if path.endswith(".basis.yml"):
        with open(path) as stream: wcxf.Basis.load(stream).validate()
for path in sys.argv[2:]:
    if path.endswith(".wc.yml"):
        with open(path) as stream: wc = wcxf.WC.load(stream)
        wc.validate()
        print(wc.eft, wc.basis, len(wc.dict))
"""


def test_standalone_wcxf(tmp_path, scalar):
    """The package wcxf 1.6, which wilson has in itself since, reads bases and coefficients."""
    if importlib.util.find_spec("wcxf") is None:
        pytest.skip("wcxf is not installed")
    files = sorted(_data.path("bases").iterdir())
    for eft, basis, scale in (("nuSMEFT", "Warsaw", 1e3), ("nuWET", "JMS", 4.8)):
        target = tmp_path / f"{eft}.wc.yml"
        arguments = ["--scale", str(scale), "--eft", eft, "--basis", basis, "--running", "full"]
        assert main(["run", SCALAR, *arguments, "-o", str(target)]) == 0
        files.append(target)
    latex = "latex" if shutil.which("latex") is None else "-"
    result = subprocess.run(
        [sys.executable, "-c", STANDALONE, latex, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    sizes = [len(NuWilson.load_wc(path).wc.dict) for path in files[-2:]]
    expected = [f"nuSMEFT Warsaw {sizes[0]}", f"nuWET JMS {sizes[1]}"]
    assert result.stdout.splitlines() == expected
