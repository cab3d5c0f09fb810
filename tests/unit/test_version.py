"""One number, from _version.py, for everything that states it."""

from __future__ import annotations

import configparser
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from nusmeft_cli import main

from flavio_nusmeft._version import __version__

CHECKOUT = Path(__file__).parents[2]


def test_metadata():
    config = configparser.ConfigParser()
    config.read(CHECKOUT / "setup.cfg")
    assert config["metadata"]["version"] == "attr: flavio_nusmeft._version.__version__"
    assert version("flavio_nusmeft") == __version__


def test_changelog():
    """The newest heading."""
    text = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(r"^## (\S+)", text, re.MULTILINE)
    assert found is not None
    assert found[1] == __version__


def test_command(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"nusmeft {__version__}\n"


def test_readme():
    """The version that the table of the README shows."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"flavio_nusmeft = ([\d.]+),", text) == [__version__]
