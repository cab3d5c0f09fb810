"""Names in docstrings: ``scan.grid`` for ``flavio_nusmeft.inference.scan.grid``.

A docstring names what it refers to as people do, by the last parts of its name. Here these become
links if they are on this site, and stay code if they are elsewhere in the package or are arguments,
attributes or values; a name that is nowhere is an error of the docstring, and warned of.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

import flavio_nusmeft

_ROLES = {"obj", "func", "class", "mod", "meth", "attr", "data", "exc"}


@cache
def _elsewhere() -> frozenset[str]:
    """The names of the package: of modules, of what they hold, and of members of classes."""
    names = set()
    for found in pkgutil.walk_packages(flavio_nusmeft.__path__, "flavio_nusmeft."):
        if found.name.endswith("__main__"):
            continue
        names.add(found.name)
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            names.add(f"{found.name}.{name}")
            if isinstance(value, type):
                names |= {f"{found.name}.{name}.{member}" for member in dir(value)}
    return frozenset(names)


@cache
def _known(target: str) -> bool:
    return any(name.endswith(f".{target}") for name in _elsewhere())


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    if node.get("refdomain") != "py" or node.get("reftype") not in _ROLES:
        return None
    target = node["reftarget"].removeprefix("~").removeprefix("flavio_nusmeft.")
    objects: dict[str, Any] = env.domains.python_domain.objects
    ending = re.compile(rf"(^|\.){re.escape(target)}$")
    # the shortest name: of a function of the package before one of its modules
    matches = sorted(filter(ending.search, objects), key=lambda name: (name.count("."), name))
    if matches:
        entry = objects[matches[0]]
        start = node.get("refdoc", env.docname)
        return make_refnode(app.builder, start, entry.docname, entry.node_id, content, matches[0])
    return content if _known(target) else None


# an absolute value would be a substitution of reStructuredText; not in what is quoted
_ABSOLUTE = re.compile(r"(``.*?``)|\|([^|`\s]+)\|")


def _absolute_values(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    lines[:] = [_ABSOLUTE.sub(lambda m: m[1] or rf"\|{m[2]}\|", line) for line in lines]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", _absolute_values)
    app.connect("missing-reference", _resolve, priority=900)  # after intersphinx
    return {"parallel_read_safe": True}
