"""The table ``data/operator-map.md``, and what it says of observables."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import flavio

from flavio_nusmeft.formulas.vector_two_body import PHOTON_COMPONENTS
from flavio_nusmeft.observables import QUANTITIES
from flavio_nusmeft.physics import plausible
from flavio_nusmeft.physics.boson_couplings import BOSONS
from flavio_nusmeft.physics.rates import Rate

FILE = Path(__file__).parents[2] / "data" / "operator-map.md"
TAILS = "pp"


class Row(NamedTuple):
    """Of an operator ``qn_23nn``: how many coefficients, and the decays that see them."""

    coefficients: int
    tree: tuple[str, ...]
    mixing: tuple[str, ...]


@cache
def rows() -> dict[str, Row]:
    found = {}
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("| `"):
            name, number, *both = line.strip("| ").split(" | ")
            tree, mixing = (() if x == "none" else tuple(x.split(", ")) for x in both)
            found[name.strip("`")] = Row(int(number), tree, mixing)
    return found


def families(name: str, arguments: tuple[float, ...]) -> tuple[set[str], bool]:
    """The columns of the map for an observable, and whether it sees tensors at tree level."""
    par = flavio.default_parameters.get_central_all()
    quantity = QUANTITIES[name](par, *arguments)
    rates = [r for r in (*quantity.numerator, *quantity.denominator) if isinstance(r, Rate)]
    labels, tensors = set(), False
    for rate in rates:
        quarks, lepton = rate.couplings.quarks, rate.couplings.lepton
        if quarks in BOSONS or quarks == TAILS:
            labels.add(quarks.upper() if quarks in BOSONS else TAILS)
            continue
        labels.add(plausible._family(quarks, lepton))
        terms = {PHOTON_COMPONENTS[i][0] for indices in rate.terms for i in indices}
        tensors |= "T" in terms
    return labels, tensors


def operators(labels: set[str], tensors: bool) -> tuple[list[str], list[str]]:
    """Those that change the observable at tree level, and those that mixing adds."""
    tree, mixing = [], []
    for name, row in rows().items():
        reached = not labels.isdisjoint(row.tree)
        if reached and (tensors or not name.startswith("lnqd3") or not _hadronic(labels)):
            tree.append(name)
        elif reached or not labels.isdisjoint(row.mixing):
            mixing.append(name)
    return tree, mixing


def _hadronic(labels: set[str]) -> bool:
    return any("->" in label for label in labels)
