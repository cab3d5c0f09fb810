"""A toy set of parton distributions in LHAPDF's format, for flavio and parton."""

from __future__ import annotations

from pathlib import Path

import flavio
import numpy as np
import parton
import pytest
from flavio.physics.dileptons import partondist

NAME = "toy"
FLAVOURS = (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 21)
# x f(x) = n x^a (1 - x)^b: sea, valence and gluon
_SEA = {5: 0.06, 4: 0.08, 3: 0.15, 2: 0.25, 1: 0.25, 21: 2.0}


def density(flavour: int, x: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """x f(x), which falls slowly with the scale (GeV)."""
    sea = _SEA[abs(flavour)] * x**-0.2 * (1 - x) ** 7
    valence = {2: 5.0, 1: 3.0}.get(flavour, 0.0) * x**0.7 * (1 - x) ** 3.5
    return (sea + valence) * (scale / 100) ** -0.1


def write(folder: Path, name: str = NAME, powers: tuple[float, ...] = (0.0,)) -> None:
    """Write a set as parton reads it, a member for every power of x of the antiquarks."""
    (folder / name).mkdir(parents=True)
    info = f"SetDesc: toy\nNumMembers: {len(powers)}\n"
    (folder / name / f"{name}.info").write_text(info)
    x = np.concatenate([np.geomspace(1e-6, 0.1, 41), np.linspace(0.12, 1, 45)])
    scale = np.geomspace(10, 2e4, 8)
    for member, power in enumerate(powers):
        table = [
            density(f, x[:, None], scale[None]) * x[:, None] ** (power if f < 0 else 0)
            for f in FLAVOURS
        ]
        rows = np.stack(table, axis=-1).reshape(-1, len(FLAVOURS))
        lines = [" ".join(map(repr, row)) for row in rows.tolist()]
        head = [" ".join(map(repr, values.tolist())) for values in (x, scale)]
        flavours = " ".join(map(str, FLAVOURS))
        text = "\n".join(
            ["PdfType: central\nFormat: lhagrid1\n---", *head, flavours, *lines, "---"]
        )
        (folder / name / f"{name}_{member:04d}.dat").write_text(text + "\n")


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let flavio take the toy set in a folder."""
    monkeypatch.setattr(parton.io, "data_dir", lambda: str(folder))
    monkeypatch.setitem(flavio.config["PDF set"]["dileptons"], "name", NAME)
    partondist.get_pdf.cache_clear()
    partondist.get_parton_lumi.cache_clear()
