"""The table data/operator-map.md: which operators change some observable."""

from __future__ import annotations

import operator_map as script
import pytest

from flavio_nusmeft import NuWilson
from flavio_nusmeft.physics import plausible


def rows():
    """By operator: the decays in both columns."""
    lines = script.TABLE.read_text("utf-8").splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    found = {}
    for label, _, *both in cells:
        found[label.strip("`")] = tuple([] if x == "none" else x.split(", ") for x in both)
    return found


def test_the_file_is_what_the_script_writes():
    """Its text from its own rows; the first column and every twelfth one with mixing anew."""
    table, members = rows(), script.operators()
    assert script.TABLE.read_text("utf-8") == script.text(table)
    assert list(table) == list(members)
    first = {label: names[0] for label, names in members.items()}
    qcd = script.families(first.values(), "qcd")
    assert {label: both[0] for label, both in table.items()} == {
        label: qcd[name] for label, name in first.items()
    }
    some = dict(list(first.items())[::12])
    full = script.families(some.values(), "full")
    for label, name in some.items():
        assert sorted(full[name]) == sorted([*table[label][0], *table[label][1]]), label


def test_numbers():
    """Of the 693 coefficients with N; with mixing all but the 21 of four N."""
    assert script.numbers(rows()) == (549, 672, 693)


@pytest.mark.parametrize("running", script.RUNNINGS)
def test_flavours_of_n_do_not_matter(running, par, rng):
    """The last of the coefficients of an operator for the first one; `idle` finds the same ones."""
    table, members = rows(), script.operators()
    labels = list(table) if running == "qcd" else rng.choice(list(table), 8, replace=False)
    names = {label: members[label][-1] for label in labels}
    found = script.families(names.values(), running)
    expected = {
        label: sorted(both[0] + (both[1] if running == "full" else []))
        for label, both in table.items()
    }
    assert {x: sorted(found[name]) for x, name in names.items()} == {x: expected[x] for x in labels}
    w = NuWilson(dict.fromkeys(names.values(), 1e-8), 1e3, "nuSMEFT", "Warsaw")
    w.set_option("running", running)
    assert sorted(plausible.idle(w, par)) == sorted(n for x, n in names.items() if not expected[x])
