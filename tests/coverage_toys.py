"""How often intervals contain the true value: the table data/coverage.md.

``python tests/coverage_toys.py`` writes its part on `paper2023`. A toy is a measured value per
measurement, normally distributed around the prediction for the true coefficient with the width of
the measurement's distribution; so are searches that have given limits, with the width of their
half-normal distributions. ``python tests/coverage_toys.py --belle2 FOLDER`` writes its part on the
published likelihood of Belle II, arXiv:2507.12393, with the record in the folder. A toy has
nuisance parameters that are drawn from their constraints, and events with Poisson distributions.

The interval of a toy is the one of `flavio_nusmeft.interval`, -2 ln L up to z² above its minimum,
for one coefficient at a fixed mass.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import flavio
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import chi2

import flavio_nusmeft as nus
from flavio_nusmeft.belle2 import model as belle2_model
from flavio_nusmeft.belle2 import record
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


STRENGTHS = (0.0, 1.0, 4.6)  # μ of the SM spectrum; the last one is that of the data
SCALAR = "SnudLL_2432"  # of nuWET JMS at 4.8 GeV, for massless neutrinos; its rate adds to the SM
SCALARS = (0.0, 0.02, 0.04)  # TeV^-2
BELLE2_TOYS = 1000
BELLE2_TITLE = "# Coverage of intervals with the published likelihood of Belle II"


class Strength:
    """Spectra base + t shape of B+ -> K+ inv, t >= 0, and t for a value of the parameter."""

    def __init__(self, base, shape, power, largest):
        self.base, self.shape, self.power, self.largest = base, shape, power, largest

    def at(self, t):
        return self.base + t * self.shape


def strengths(belle2):
    """The signal strength, and the coefficient (TeV^-2)."""
    sm = record.sm_spectrum()
    par = flavio.default_parameters.get_central_all()
    without = belle2.spectrum(par, None)
    wc = nus.NuWilson({SCALAR: nus.TeV**-2}, scale=4.8, eft="nuWET", basis="JMS")
    scalar = belle2.spectrum(par, wc) - without
    return {
        "μ": Strength(np.zeros_like(sm), sm, 1, 14.0),
        SCALAR: Strength(without, scalar, 2, 0.08**2),
    }


def belle2_toy(belle2, spectrum, rng):
    """The likelihood for events that are drawn for a spectrum."""
    model = belle2._model
    scale, extra = model._signal_arrays(belle2._signal(spectrum[None, None])[0][0], None)
    alpha = np.clip(rng.normal(size=len(model.parameters)), -belle2_model.ALPHA, belle2_model.ALPHA)
    gamma = np.clip(1 + np.sqrt(model._variance) * rng.normal(size=model._shape), 0, None)
    expected = (model._events(alpha, scale, extra)[0] * gamma).sum(axis=1)
    toy = copy.copy(belle2)
    toy._model = copy.copy(model)
    toy._model._n = np.maximum(rng.poisson(np.maximum(expected, 0)), belle2_model._EMPTY)
    toy._edge = -np.inf  # 10σ are far away
    return toy


def belle2_rise(toy, strength, true):
    """-2 ln L of the true value above its minimum."""

    start = None

    def minus_2_log(t):
        nonlocal start
        start = toy._model.profile(toy._signal(strength.at(t)[None])[0], None, start)
        return -2 * start.log_likelihood

    at = minus_2_log(true**strength.power)
    grid = strength.largest * np.linspace(0, 1, 7)
    values = [minus_2_log(t) for t in grid]
    k = int(np.argmin(values))
    around = grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]
    accuracy = {"xatol": 1e-3 * strength.largest}  # 1e-2 of its error, 1e-4 in -2 ln L
    found = minimize_scalar(minus_2_log, bounds=around, method="bounded", options=accuracy)
    return at - min(found.fun, values[k], at)


def belle2_coverage(belle2, name, true, toys, seed):
    """The parts of toys whose interval contains the true value, by level."""
    strength, rng = strengths(belle2)[name], np.random.default_rng(seed)
    spectrum = strength.at(true**strength.power)
    rises = [belle2_rise(belle2_toy(belle2, spectrum, rng), strength, true) for _ in range(toys)]
    return [float(np.mean(np.array(rises) <= chi2.ppf(level, 1))) for level in LEVELS]


def belle2_rows():
    """Of the table: name and true value."""
    for true in STRENGTHS:
        yield "μ", true
    for true in SCALARS:
        yield SCALAR, true


def belle2_lines(folder):
    belle2 = nus.Belle2Likelihood(folder)
    lines = [
        BELLE2_TITLE,
        "",
        f"Part of {BELLE2_TOYS} toys in which the profile-likelihood interval contains the true",
        "value: of the signal strength μ, in units of the SM spectrum of Belle II's simulation,",
        f"and of one coefficient, `{SCALAR}` of nuWET JMS at 4.8 GeV with massless neutrinos,",
        "whose rate adds to that of the SM. Neither is negative: at 0, and close to it, intervals",
        "contain the true value in up to 84.1% and 95% of the cases. Nuisance parameters are drawn",
        "from their constraints, events from Poisson distributions. For signals as large as that",
        "of the data, intervals are a little too short.",
        "Statistical errors: up to 1.5% and 0.9%. Written by",
        "`python tests/coverage_toys.py --belle2 FOLDER`, compared by",
        "`tests/physics/test_coverage.py`.",
        "",
        "| parameter | true value | 68.27% | 90% |",
        "|---|---|---|---|",
    ]
    for number, (name, true) in enumerate(belle2_rows()):
        parts = belle2_coverage(belle2, name, true, BELLE2_TOYS, number)
        numbers = " | ".join(f"{100 * part:.1f}%" for part in parts)
        unit = " TeV⁻²" if name == SCALAR else ""
        lines.append(f"| `{name}` | {true:g}{unit} | {numbers} |")
    return lines


def paper_lines():
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
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--belle2", metavar="FOLDER", help="folder of the record of Belle II")
    folder = parser.parse_args().belle2
    before = TABLE.read_text("utf-8").splitlines()
    split = before.index(BELLE2_TITLE) if BELLE2_TITLE in before else len(before)
    paper, belle2 = before[:split], before[split:]
    if folder is None:
        paper = [*paper_lines(), ""]
    else:
        belle2 = belle2_lines(folder)
    text = "\n".join([*"\n".join(paper).rstrip().splitlines(), "", *belle2]).rstrip()
    TABLE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
