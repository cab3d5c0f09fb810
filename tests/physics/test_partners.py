"""Every observable of flavio with a neutrino has a partner that counts N, or a reason for none."""

from __future__ import annotations

import re

import flavio
import pytest

from flavio_nusmeft.observables import NAMES

STOCK = [n for n in flavio.Observable.instances if n.endswith("nu)") and n not in NAMES]

_EFFECTIVE = "form factors as the interference with the SM distorts them; N do not interfere"
# processes of flavio without a partner
NONE = {
    "(K->pienu)": _EFFECTIVE,  # lnC, RT
    "(K->pimunu)": _EFFECTIVE,
    "(K->pilnu)": _EFFECTIVE,
    "(Lambda->penu)": "g1/f1, a ratio of form factors",
    "(Lambda->pmunu)": "g1/f1, a ratio of form factors",
    "(Lambda->plnu)": "g1/f1, a ratio of form factors",
}
# observables of processes with a partner that have none
ANGULAR = {
    *("<BR>/<cl>", "<BR>/<cV>", "<BR>/<phi>", "dBR/dcl", "dBR/dcV", "dBR/dphi"),
    *("FLttot", "AFBtot", "I3tot"),
}
FRACTIONS = {"FL", "<FL>", "FLtot"}  # of the mean over e and mu


def process(name):
    return name[name.rindex("(") :]


def partner(name):
    """``(B+->K*inv)`` of ``(B+->K*nunu)``."""
    return re.sub(r"(nunu|nu)\)$", "inv)", name)


def test_numbers_of_flavio():
    """flavio 2.7.1; others may have more."""
    assert len({process(n) for n in STOCK}) >= 119
    assert len(STOCK) >= 717


@pytest.mark.parametrize("name", sorted({process(n) for n in STOCK}))
def test_every_process(name):
    found = any(n.endswith(partner(name)) for n in NAMES)
    assert found != (name in NONE)


def test_every_observable():
    """Of processes with a partner, those of angles do not count N."""
    with_partner = [n for n in STOCK if process(n) not in NONE]
    missing = [n for n in with_partner if partner(n) not in NAMES]
    for name in missing:
        symbol = name.removesuffix(process(name))
        assert symbol in ANGULAR or (symbol in FRACTIONS and name.endswith("lnu)")), name
    assert {n.removesuffix(process(n)) for n in missing} == ANGULAR | FRACTIONS
