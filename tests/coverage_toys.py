"""How often intervals from `paper2023` contain the true coefficient: the table data/coverage.md.

``python tests/coverage_toys.py`` writes it. A toy is a measured value per measurement, normally
distributed around the prediction for the true coefficient with the width of the measurement's
distribution; so are searches that have given limits, with the width of their half-normal
distributions. The interval of a toy is the one of `flavio_nusmeft.interval`, -2 ln L up to z² above
its minimum, for one coefficient at a fixed mass.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.stats import chi2

import flavio_nusmeft as nus
from flavio_nusmeft.measurements import find

TABLE = Path(__file__).parents[1] / "data" / "coverage.md"
SPACE = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
COEFFICIENTS = {"scalar": "LNQd_2123", "vector": "QN_2311", "tensor": "LNQdT_2123"}
MASSES = (0.0, 1.5)  # GeV
LEVELS = (0.6827, 0.9)
TRUE = (0.0, 0.01, 0.02)  # TeV^-2
TOYS = 4000
GRID = np.linspace(0.0, 0.08, 4001)  # TeV^-2


def data():
    """Observables and widths of the measurements of paper2023."""
    found = [
        (names[0], distribution.standard_deviation)
        for name in nus.dataset("paper2023")
        for distribution, names in find(name)._constraints
    ]
    return [o for o, _ in found], np.array([width for _, width in found])


def coverage(coefficient, m_N1, true, toys, seed):
    """The parts of toys whose interval contains the true value (TeV^-2), by level."""
    observables, widths = data()
    grid = np.append(GRID, true)
    values = {coefficient: grid * nus.TeV**-2}
    found = nus.predict(sorted(set(observables)), values, par={"m_N1": m_N1}, **SPACE)
    predictions = np.array([found[o] for o in observables])[:, :, None] / widths[:, None, None]
    rng = np.random.default_rng(seed)
    measured = predictions[:, -1:] + rng.normal(size=(len(observables), 1, toys))
    minus_2_log = ((predictions - measured) ** 2).sum(axis=0)
    rise = minus_2_log[-1] - minus_2_log.min(axis=0)
    return [float(np.mean(rise <= chi2.ppf(level, 1))) for level in LEVELS]


def rows():
    """Of the table: name, mass, true value, and what there is to compute."""
    for name, coefficient in COEFFICIENTS.items():
        for m_N1 in MASSES:
            for true in TRUE:
                yield name, m_N1, true, coefficient


def main():
    lines = [
        "# Coverage of intervals with the data set `paper2023`",
        "",
        f"Part of {TOYS} toys in which the profile-likelihood interval of one coefficient (nuSMEFT",
        "FGMS at 1 TeV, between 0 and 0.08 TeV⁻²) contains the true value. Rates depend on |C|²:",
        "at C = 0, a boundary, intervals contain it in 84.1% and 95% of the cases, as a χ² with",
        "half of the probability at 0 says; so they do for small C that the data cannot tell from",
        "0.",
        "Statistical errors: up to 0.7% and 0.5%. Written by `python tests/coverage_toys.py`,",
        "compared by `tests/physics/test_coverage.py`.",
        "",
        "| coefficient | m_N1 (GeV) | true C (TeV⁻²) | 68.27% | 90% |",
        "|---|---|---|---|---|",
    ]
    for number, (name, m_N1, true, coefficient) in enumerate(rows()):
        parts = coverage(coefficient, m_N1, true, TOYS, number)
        numbers = " | ".join(f"{100 * part:.1f}%" for part in parts)
        lines.append(f"| {name} `{coefficient}` | {m_N1:g} | {true:g} | {numbers} |")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
