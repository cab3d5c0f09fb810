"""The command nusmeft wcxf, and the package wcxf that reads our files."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

import pytest
from nusmeft_cli import main
from wilson import wcxf

from flavio_nusmeft import NuWilson, _data

SCALAR = str(_data.path("examples/scalar.yml"))


@pytest.fixture
def scalar():
    return NuWilson.load_wc(SCALAR)


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
