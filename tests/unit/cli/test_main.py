"""The command nusmeft as it is installed, in a checkout, and its version."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys

import nusmeft_cli
import pytest
from nusmeft_cli import main

import flavio_nusmeft
from flavio_nusmeft import _data

SCALAR = str(_data.path("examples/scalar.yml"))


def test_installed_command():
    """--help and a wrong option answer without importing flavio."""
    command = shutil.which("nusmeft", path=str(sys.prefix) + "/bin")
    assert command is not None
    result = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "predict" in result.stdout
    assert "figures" in result.stdout
    result = subprocess.run(
        [command, "predict", SCALAR, "--m-N1", "heavy"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    code = "import sys, nusmeft_cli; nusmeft_cli._parser(); assert 'flavio' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


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
