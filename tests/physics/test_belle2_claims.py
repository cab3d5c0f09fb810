"""The table data/belle2-claims.md, computed again with the record of Belle II."""

from __future__ import annotations

import re

import belle2_claims as script
import belle2_record
import pytest

# that a machine may differ in the last digit: half of it, and the cells of the posterior
_SLACK = {script.mode: 0.13, script.couplings: 0.13}


def rows():
    lines = script.TABLE.read_text("utf-8").splitlines()
    cells = [re.split(r"(?<!\\)\|", line) for line in lines if line.startswith("| `")]
    return {row[1].strip(" `"): [cell.strip() for cell in row[2:-1]] for row in cells}


def numbers(text):
    """Without powers of ten."""
    return [float(x) for x in re.findall(r"-?\d+\.\d+", text)]


def last_digit(text):
    """Of the number with the fewest."""
    return 10.0 ** -min(len(decimals) for decimals in re.findall(r"\.(\d+)", text))


def test_the_table_is_complete():
    expected = {f.__name__: list(texts) for f, texts in script.CLAIMS.items()}
    assert {name: [row[0], row[2]] for name, row in rows().items()} == expected


@pytest.mark.skipif(not belle2_record.PUBLISHED.is_dir(), reason="needs the record of Belle II")
@pytest.mark.parametrize("claim", script.CLAIMS, ids=lambda f: f.__name__)
def test_claim(claim):
    text = rows()[claim.__name__][1]
    found = claim(belle2_record.PUBLISHED)
    assert re.sub(r"[\d.]+", "#", found) == re.sub(r"[\d.]+", "#", text)
    for value, expected in zip(numbers(found), numbers(text), strict=True):
        slack = _SLACK.get(claim, last_digit(text))
        assert value == pytest.approx(expected, rel=0, abs=slack * (1 + 1e-9))
