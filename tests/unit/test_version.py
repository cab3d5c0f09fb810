"""One number, from _version.py, for everything that states it."""

from __future__ import annotations

import configparser
import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from nusmeft_cli import main

from flavio_nusmeft import citations
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


def test_citation():
    """CITATION.cff; the citation of Zenodo gets its version from the release."""
    found = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text(encoding="utf-8"))
    assert found["version"] == __version__
    zenodo = json.loads((CHECKOUT / ".zenodo.json").read_text(encoding="utf-8"))
    assert zenodo["title"] == found["title"]
    assert zenodo["description"] == found["abstract"]
    assert zenodo["keywords"] == found["keywords"]
    assert zenodo["license"] == found["license"]
    assert zenodo["creators"] == found["authors"] == [{"name": "flavio_nusmeft developers"}]


def test_papers_of_the_citation():
    """Those of the method, of flavio and of wilson, as the list of papers has them."""
    found = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text(encoding="utf-8"))
    keys = ("arXiv:2309.02940", "Straub:2018kue", "Aebischer:2018bkb")
    for paper, key in zip(found["references"], keys, strict=True):
        fields = citations.fields(key)
        assert paper["url"] == f"https://arxiv.org/abs/{fields['eprint']}"
        names = [f"{a['family-names']}, {a['given-names']}" for a in paper["authors"]]
        assert " and ".join(names) == fields["author"]


def test_command(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"nusmeft {__version__}\n"


def test_readme():
    """The version that the table of the README shows."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"flavio_nusmeft = ([\d.]+),", text) == [__version__]
