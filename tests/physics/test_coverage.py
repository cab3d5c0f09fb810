"""The table data/coverage.md, with other toys; and a case whose coverage is known."""

from __future__ import annotations

import re

import belle2_record
import coverage_toys as script
import numpy as np
import pytest

import flavio_nusmeft as nus

_TOYS = 500


def table():
    text = script.TABLE.read_text("utf-8")
    pattern = r"^\| \w+ `(\w+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+)% \| ([\d.]+)% \|$"
    return [
        (name, float(m_N1), float(true), float(first) / 100, float(second) / 100)
        for name, m_N1, true, first, second in re.findall(pattern, text, re.MULTILINE)
    ]


def test_the_table_is_complete():
    wanted = [(coefficient, m_N1, true) for _, m_N1, true, coefficient in script.rows()]
    assert [row[:3] for row in table()] == wanted


@pytest.mark.parametrize("row", table()[::4], ids=lambda row: f"{row[0]}-{row[1]:g}-{row[2]:g}")
def test_other_toys(row):
    name, m_N1, true, *expected = row
    found = script.coverage(name, m_N1, true, _TOYS, 99)
    for part, other in zip(found, expected, strict=True):
        spread = np.sqrt(other * (1 - other) * (1 / _TOYS + 1 / script.TOYS))
        assert part == pytest.approx(other, abs=4 * spread)


def test_far_from_the_boundary():
    """Wilks' theorem holds where the coefficient is well measured."""
    found = script.coverage("LNQd_2123", 0.0, 0.06, 2000, 5)
    assert found == pytest.approx(list(script.LEVELS), abs=0.04)


def test_the_interval_of_a_toy():
    """The data themselves as a toy: the rise is the one of `interval`."""
    function = nus.LogLikelihood(nus.likelihood("paper2023"), ["LNQd_2123"], **script.SPACE)
    found = nus.interval(function, "LNQd_2123", {"LNQd_2123": (0, 8e-8)}, progress=False)
    observables, widths = script.data()
    values = {"LNQd_2123": np.append(script.GRID, 0) * nus.TeV**-2}
    predicted = nus.predict(sorted(set(observables)), values, **script.SPACE)
    central = {"BR(B+->Kinv)": 1.4e-5, "Rmue(B->Dlinv)": 0.995, "Remu(B->D*linv)": 1.01}
    central["Remu(B->Xlinv)"] = 1.007
    minus_2_log = sum(
        ((predicted[o] - central.get(o, 0.0)) / width) ** 2
        for o, width in zip(observables, widths, strict=True)
    )
    inside = script.GRID[minus_2_log[:-1] <= minus_2_log.min() + 1] * nus.TeV**-2
    assert found.low == pytest.approx(inside[0], abs=2e-11)
    assert found.high == pytest.approx(inside[-1], abs=4e-11)


def belle2_table():
    text = script.TABLE.read_text("utf-8")
    pattern = r"^\| `(\w+)` \| ([\d.]+)(?: TeV⁻²)? \| ([\d.]+)% \| ([\d.]+)% \|$"
    return [
        (name, float(true), float(first) / 100, float(second) / 100)
        for name, true, first, second in re.findall(pattern, text, re.MULTILINE)
    ]


def test_the_table_of_belle2_is_complete():
    assert [row[:2] for row in belle2_table()] == list(script.belle2_rows())


@pytest.fixture(scope="module")
def belle2():
    if not belle2_record.PUBLISHED.is_dir():
        pytest.skip("the published record is not there")
    return nus.Belle2Likelihood(belle2_record.PUBLISHED)


@pytest.mark.parametrize(("name", "true"), [("μ", 4.6), (script.SCALAR, 0.02)])
def test_other_toys_of_belle2(belle2, name, true):
    (expected,) = [row[2:] for row in belle2_table() if row[:2] == (name, true)]
    toys = 40
    found = script.belle2_coverage(belle2, name, true, toys, 99)
    for part, other in zip(found, expected, strict=True):
        spread = np.sqrt(other * (1 - other) * (1 / toys + 1 / script.BELLE2_TOYS))
        assert part == pytest.approx(other, abs=4 * spread)


def test_the_interval_of_a_toy_of_belle2(belle2):
    """The rise of the true value says whether it is in the interval of `interval`."""
    strength, rng = script.strengths(belle2)["μ"], np.random.default_rng(4)

    class Toy:
        variables = ("mu",)

        def __init__(self):
            self.belle2 = script.belle2_toy(belle2, strength.at(4.6), rng)

        def __call__(self, x):
            return self.belle2.spectrum_log_likelihood(strength.at(x[0]))

    for _ in range(3):
        toy = Toy()
        found = nus.interval(toy, "mu", {"mu": (0.0, 14.0)}, progress=False)
        for end in (found.low, found.high):
            rise = script.belle2_rise(toy.belle2, strength, end)
            assert rise == pytest.approx(1, abs=5e-3)
