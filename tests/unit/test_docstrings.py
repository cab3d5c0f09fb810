"""Docstrings say of everything public what goes in and what comes out, with types (numpydoc)."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import importlib
import importlib.util
import inspect
import textwrap
from pathlib import Path

import pytest

import flavio_nusmeft
from flavio_nusmeft import errors

ROOT = Path(flavio_nusmeft.__file__).parent
# modules with a __dir__ of their own are public
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix("__init__").rstrip(".")
    for path in sorted(ROOT.rglob("*.py"))
    if "\ndef __dir__() -> list[str]:\n" in path.read_text("utf-8")
]


def signature(function, bound):
    """Names of the parameters, as a docstring writes them."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    known = list(inspect.signature(function).parameters.values())[bound:]
    return [stars.get(p.kind, "") + p.name for p in known]


def described(entries):
    """Names in a section, each with a type and a description."""
    for entry in entries:
        assert entry.type, f"{entry.name} has no type"
        assert entry.desc, f"{entry.name} is not described"
    return [name for entry in entries for name in entry.name.split(", ")]


def assigned(cls):
    """Public attributes that a constructor sets and that are not of a class of another package."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls.__init__)))
    names = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    others = "".join(
        inspect.getsource(base)
        for base in cls.__mro__[1:-1]
        if not base.__module__.startswith("flavio_nusmeft")
    )
    return {n for n in names if not n.startswith("_") and f"self.{n} = " not in others}


def check_function(function, doc, bound):
    assert described(doc["Parameters"]) == signature(function, bound)
    results = doc["Returns"] + doc["Yields"]
    returns = inspect.signature(function).return_annotation
    assert bool(results) == (returns not in ("None", "Iterator[None]"))
    for result in results:
        assert result.type, "what is returned has no type"
        assert result.desc, "what is returned is not described"


def check_class(cls, doc):
    attributes = described(doc["Attributes"])
    if dataclasses.is_dataclass(cls):
        assert attributes == [f.name for f in dataclasses.fields(cls) if not f.name.startswith("_")]
    elif hasattr(cls, "_fields"):
        assert attributes == list(cls._fields)
    elif "__init__" in vars(cls) and not getattr(cls, "_is_protocol", False):
        parameters = described(doc["Parameters"])
        assert parameters == signature(cls.__init__, 1)
        assert set(attributes) == assigned(cls) - set(parameters)


def check_errors(doc):
    """What is said to be raised, or warned of, is an error of the package or of Python."""
    for section, base in (("Raises", Exception), ("Warns", Warning)):
        for entry in doc[section]:
            for name in entry.type.rstrip(",").split(", "):
                kind = getattr(errors, name, getattr(builtins, name, None))
                assert inspect.isclass(kind), f"{name} is no error"
                assert issubclass(kind, base), f"{name} is in the wrong section"


def public():
    """Public functions, classes and methods, by name."""
    found = {}
    for path in MODULES:
        if path == "smelli" and importlib.util.find_spec("smelli") is None:
            continue
        module = importlib.import_module(f"flavio_nusmeft.{path}".rstrip("."))
        for name in module.__all__:
            obj = getattr(module, name)
            if not callable(obj) or not obj.__module__.startswith("flavio_nusmeft"):
                continue
            found[f"{obj.__module__}.{obj.__qualname__}"] = obj
            for member, value in vars(obj).items() if inspect.isclass(obj) else ():
                function = getattr(value, "__func__", getattr(value, "fget", value))
                seen = not member.startswith("_") or member == "__call__"
                if seen and inspect.isfunction(function):
                    found[f"{obj.__module__}.{obj.__qualname__}.{member}"] = value
    return found


@pytest.fixture(scope="module")
def docscrape():
    return pytest.importorskip("numpydoc.docscrape")


def test_everything_public(docscrape):
    objects, wrong = public(), []
    assert len(objects) > 150
    for name, obj in objects.items():
        text = inspect.getdoc(obj)
        try:
            assert text, "no docstring"
            doc = docscrape.NumpyDocString(text)
            check_errors(doc)
            if inspect.isclass(obj):
                check_class(obj, doc)
            elif not isinstance(obj, property):
                function = getattr(obj, "__func__", obj)
                method = "." in function.__qualname__ and not isinstance(obj, staticmethod)
                check_function(function, doc, bound=method)
        except AssertionError as error:
            wrong.append(f"{name}: {str(error).splitlines()[0]}")
    assert not wrong, "\n".join(wrong)
