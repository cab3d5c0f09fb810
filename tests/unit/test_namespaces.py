"""Every public module shows its public names only."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

import pytest

import flavio_nusmeft

_INTERNAL = ("cli", "data", "eft", "exports", "formulas", "inference", "physics")
MODULES = [
    module.name
    for module in pkgutil.iter_modules(flavio_nusmeft.__path__)
    if not module.name.startswith("_") and module.name not in _INTERNAL
]


def test_the_package():
    assert dir(flavio_nusmeft) == sorted(flavio_nusmeft.__all__)
    for name in flavio_nusmeft.__all__:
        assert getattr(flavio_nusmeft, name) is not None


@pytest.mark.parametrize("name", MODULES)
def test_modules(name):
    # not imported for the question: to import smelli changes default options of wilson
    if name == "smelli" and importlib.util.find_spec("smelli") is None:
        pytest.skip("smelli is not installed")
    module = importlib.import_module(f"flavio_nusmeft.{name}")
    assert dir(module) == sorted(module.__all__)
    for public in module.__all__:
        assert hasattr(module, public)
        assert not public.startswith("_")
