"""The texts for users: what they show runs, and what the site says of the package is there.

A block of ```python runs, after those before it on the page; one of ```py needs what is not here (a
cluster, a record that users download) and must compile. Commands are parsed.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import flavio
import pytest

from flavio_nusmeft import cli

CHECKOUT = Path(__file__).parents[1]
SITE = CHECKOUT / "docs"
PAGES = [CHECKOUT / "README.md"]
PAGES += sorted(p for p in SITE.rglob("*.md") if "generated" not in p.parts)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^nusmeft (.*(?:\\\n.*)*)$", re.MULTILINE)


def blocks(path, *languages):
    return [text for found, text in _BLOCK.findall(path.read_text("utf-8")) if found in languages]


def having(*languages):
    found = [path for path in PAGES if blocks(path, *languages)]
    return pytest.mark.parametrize("path", found, ids=lambda p: str(p.relative_to(CHECKOUT)))


@pytest.fixture
def unchanged():
    """flavio's parameters and configuration as they were."""
    constraints = flavio.default_parameters
    parameters = dict(constraints._parameters)
    order = list(constraints._constraints)
    config = {key: dict(value) for key, value in flavio.config.items() if isinstance(value, dict)}
    measurements = dict(flavio.Measurement.instances)
    yield
    constraints._parameters.clear()
    constraints._parameters.update(parameters)
    constraints._constraints[:] = order
    for key, value in config.items():
        flavio.config[key].clear()
        flavio.config[key].update(value)
    flavio.Measurement.instances.clear()
    flavio.Measurement.instances.update(measurements)


@having("python")
def test_python(path, unchanged, monkeypatch, tmp_path):
    """In a folder of its own, with the data of the checkout."""
    (tmp_path / "data").symlink_to(CHECKOUT / "data")
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    for number, text in enumerate(blocks(path, "python"), 1):
        code = compile(text, f"{path.name}, block {number}", "exec")
        exec(code, namespace)


@having("py")
def test_python_that_needs_more(path):
    for text in blocks(path, "py"):
        compile(text, path.name, "exec")


@having("", "bash", "console")
def test_commands(path):
    """Their options exist, and the files that they read."""
    parser = cli._parser()
    for text in blocks(path, "", "bash", "console"):
        for command in _COMMAND.findall(text):
            words = shlex.split(command, comments=True)
            if words[0] != "wcxf":
                parser.parse_args(words)
            for word in words:
                if word.startswith("data/"):
                    assert (CHECKOUT / word).exists(), word


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_of_the_readme(name):
    """To files that are there; those of the site are checked when it is built."""
    text = (CHECKOUT / name).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert target.startswith("http") or (CHECKOUT / target).exists(), target
