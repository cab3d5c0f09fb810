"""The texts for users: what they show runs, and what the site says of the package is there.

A block of ```python runs, after those before it on the page; one of ```py needs what is not here (a
cluster, a record that users download) and must compile. Commands are parsed.
"""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import flavio
import nusmeft_cli as cli
import pytest

from flavio_nusmeft import NuWilson, limits
from flavio_nusmeft.observables import NAMES
from flavio_nusmeft.physics import formfactors

CHECKOUT = Path(__file__).parents[1]
SITE = CHECKOUT / "docs"
PAGES = [CHECKOUT / "README.md"]
PAGES += sorted(p for p in SITE.rglob("*.md") if "generated" not in p.parts)
_BLOCK = re.compile(r"^```(\S*).*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$\n]*\$", re.DOTALL)
_COMMAND = re.compile(r"^nusmeft ((?:.*\\\n)*.*)$", re.MULTILINE)


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
    registries = (flavio.Measurement.instances, flavio.classes.Implementation.instances)
    known = [dict(registry) for registry in registries]
    yield
    constraints._parameters.clear()
    constraints._parameters.update(parameters)
    constraints._constraints[:] = order
    for key, value in config.items():
        flavio.config[key].clear()
        flavio.config[key].update(value)
    for registry, before in zip(registries, known, strict=True):
        registry.clear()
        registry.update(before)


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
            words = shlex.split(command.replace("\\\n", ""), comments=True)
            if words[0] != "wcxf":
                parser.parse_args(words)
            for word in words:
                if word.startswith("data/"):
                    assert (CHECKOUT / word).exists(), word


TEXTS = [*PAGES, CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "data").glob("*.md"))]


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: str(p.relative_to(CHECKOUT)))
def test_links(path):
    """To files that are there; the pages that are generated are checked when the site is built."""
    text = _FORMULA.sub("", _BLOCK.sub("", path.read_text("utf-8")))
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        found = target.startswith("http") or (path.parent / target).exists()
        assert found or target.startswith(("generated/", "../generated/")), target


@pytest.fixture
def site(monkeypatch):
    """The package that makes the catalogue."""
    monkeypatch.syspath_prepend(SITE)
    return importlib.import_module


def test_every_observable_has_a_page(site):
    """With the page of its formulas, which exists, and columns of the map that exist."""
    pages = site("nusmeft_docs.observables")
    columns = {
        name
        for row in site("nusmeft_docs.operator_map").rows().values()
        for name in (*row.tree, *row.mixing)
    }
    found = pages.by_process()
    assert sum(map(len, found.values())) == len(NAMES)
    assert len({pages.slug(decay) for decay in found}) == len(found)
    used = {pages.physics_page(decay) for decay in found}
    assert used == set(pages.PHYSICS)
    assert all((SITE / "physics" / f"{name}.md").exists() for name in used)
    for names in found.values():
        for name in names:
            labels, _ = pages.operator_map.families(name, pages._arguments(name))
            assert labels
            assert labels <= columns | {pages.operator_map.TAILS}, name


def test_form_factors_are_shown_with_their_papers(site):
    """Of every transition, on the page of every observable that has one."""
    pages = site("nusmeft_docs.observables")
    transitions = {t for spec in pages._SPECS.values() for t in spec.transitions}
    for transition in transitions:
        text = pages._form_factors(transition)
        assert formfactors.implementation(transition) in text
        assert "Cited as: ." not in text
    text = pages._page("B0->K*inv", ["BR(B0->K*inv)"], {}, {})
    assert "by default `B->K* GRvDV`" in text
    assert "arxiv.org/abs/2305.06301" in text


def test_two_body_decays_see_no_tensors(site):
    """B_s -> inv by the linear map of one tensor and one scalar; B -> K inv sees both."""
    maps = site("nusmeft_docs.operator_map")
    for name, sees in (("BR(Bs->inv)", False), ("BR(B0->Kinv)", True)):
        tree, _ = maps.operators(*maps.families(name, ()))
        w = NuWilson({"lnqd3_2123": 1e-7}, 1e3, "nuSMEFT", "Warsaw")
        changed = flavio.np_prediction(name, w) != flavio.sm_prediction(name)
        assert ("lnqd3_2n23" in tree) is changed is sees
        assert "lnqd1_2n23" in tree


def test_limits_of_the_pages_are_those_of_the_table(site):
    """A cell is the upper limit in TeV^-2, the observable and the measurement that drive it."""
    operators = site("nusmeft_docs.operators")
    found = limits(["LNQd_2123"], m_N1=1.5, scale=1e3, eft="nuSMEFT", basis="FGMS")
    cell = operators._cell(found.rows[0].to_dict())
    assert float(cell.split()[0]) == pytest.approx(found.rows[0].upper * 1e6, rel=5e-3, abs=0)
    assert found.rows[0].measurement.removeprefix("flavio_nusmeft ") in cell
    assert operators._fgms()["nd_1123"] == "dN_2311"


def test_the_explorer_is_on_the_site(site):
    """By the name that its page has, which is no text of Markdown and not checked by the build."""
    name = site("nusmeft_docs.generated").EXPLORER
    page = (SITE / "explorer.md").read_text("utf-8")
    assert page.count(f'href="{name}"') == page.count(f'src="{name}"') == 1


def test_names_of_papers_are_found(site):
    """The page of R(D*) is in the index by this name, and by that of flavio."""
    pages = site("nusmeft_docs.observables")
    assert set(pages._ALSO) <= set(NAMES)
    text = pages._page("B->D*linv", ["Rtaul(B->D*linv)"], {}, {})
    assert "!Rtaul(B->D*linv), !R(D*), !Rtaul(B->D*lnu)" in text
    assert "!BR(K+->pinunu)" in pages._page("K+->piinv", ["BR(K+->piinv)"], {}, {})
