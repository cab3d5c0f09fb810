"""Fixtures: flavio's parameters as the package extends them, random numbers, fresh processes.

flavio is imported where it is needed: the process that hands tests to others (pytest -n) does not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# one process per core (pytest -n) needs no threads; before numpy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from after_flavio import Runner


@pytest.fixture
def par() -> dict[str, float]:
    """Central values of all parameters, free to be changed."""
    import flavio

    return flavio.default_parameters.get_central_all()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20230905)


@pytest.fixture(scope="session")
def after_flavio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """Runs code in a process that has imported flavio and nothing of this package."""
    runner = Runner(tmp_path_factory.mktemp("after_flavio"))
    yield runner
    runner.close()


@pytest.fixture
def as_flavio(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Form factors of stock flavio in the observables of the package."""
    import flavio

    from flavio_nusmeft.physics.formfactors import PROCESSES

    for process in PROCESSES:
        monkeypatch.setitem(
            flavio.config["implementation"],
            f"{process} invisible form factor",
            f"{process} as flavio",
        )
    return


@pytest.fixture
def toy_pdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a toy set of parton distributions, which flavio takes: members 0 and 1."""
    import parton_toy

    parton_toy.write(tmp_path, powers=(0.0, 0.5))
    parton_toy.install(tmp_path, monkeypatch)
    return tmp_path
