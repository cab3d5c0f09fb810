"""Fixtures: flavio's parameters as the package extends them, and random coefficient arrays."""

from __future__ import annotations

from collections.abc import Iterator

import flavio
import numpy as np
import pytest

from flavio_nusmeft.physics.formfactors import PROCESSES


@pytest.fixture
def par() -> dict[str, float]:
    """Central values of all parameters, free to be changed."""
    return flavio.default_parameters.get_central_all()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20230905)


@pytest.fixture
def as_flavio(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Form factors of stock flavio in the observables of the package."""
    for process in PROCESSES:
        monkeypatch.setitem(
            flavio.config["implementation"],
            f"{process} invisible form factor",
            f"{process} as flavio",
        )
    return
