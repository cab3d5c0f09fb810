"""The pulls of nusmeft predict."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
from nusmeft_cli import pulls

from flavio_nusmeft.measurements import dataset, find, pull
from flavio_nusmeft.observables import NAMES


@pytest.mark.parametrize(
    ("observable", "measurement", "value", "expected"),
    [
        # Gaussian: (value - 1.01) / 0.0319
        ("Remu(B->D*linv)", "Belle Remu(D*) 2018", 1.01 - 0.0319 * 2, -2.0),
        # two widths; values of the distribution
        ("BR(K+->piinv)", "NA62 K+->piinv 2024", 1.3e-10, 0.0),
        ("BR(K+->piinv)", "NA62 K+->piinv 2024", 1.3e-10 + 2 * 0.33e-10, 2.0),
        ("BR(K+->piinv)", "NA62 K+->piinv 2024", 1.3e-10 - 3 * 0.30e-10, -3.0),
        # one of a correlated pair: 0.281 ± 0.011, whatever the other one is
        ("Rtaul(B->D*linv)", "HFLAV R(D) R(D*) 2025", 0.281 - 0.011, -1.0),
        # a half-normal distribution: 1.645 standard deviations at 90% confidence level
        ("BR(Bs->inv)", "LEP Bs->inv published", 5.6e-4, 1.644854),
        ("BR(Bs->inv)", "LEP Bs->inv published", 0.0, 0.0),
        ("BR(Bs->inv)", "LEP Bs->inv published", -1e-4, None),
    ],
)
def test_pull(observable, measurement, value, expected):
    found = pull(observable, f"flavio_nusmeft {measurement}", value)
    if expected is None:
        assert found is None
    else:
        assert found == pytest.approx(expected, rel=1e-2, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_pulls_begin_at_the_best_value(name):
    """Of every measurement in the data sets: 0 at its best value, larger on both sides."""
    for measurement in dict.fromkeys([*dataset("current"), *dataset("paper2023")]):
        if name not in find(measurement).all_parameters:
            continue
        position, distribution = find(measurement)._parameters[name]
        width = np.ravel(distribution.error_right)[position]
        steps = np.linspace(-1, 8, 361)
        x = np.ravel(distribution.central_value)[position] + width * steps
        values = [pull(name, measurement, value) for value in x]
        known = np.array([value for value in values if value is not None])
        assert (np.diff(known) > -1e-9).all()
        assert np.abs(known).min() < 0.03
        assert 5 < known[-1] < 9


def test_pull_of_a_counting_experiment():
    """Of the likelihood of flavio's own distribution; negative below the excess that it saw."""
    name, measurement = "BR_SD(B+->Kinv)", "flavio_nusmeft Belle B->hinv had 2013"
    distribution = flavio.Measurement["Belle B->hnunu had 2013"]._parameters["BR(B+->Knunu)"][1]
    for value in (5e-6, 2e-5, 7e-5):
        drop = distribution.logpdf(distribution.central_value) - distribution.logpdf(value)
        found = pull(name, measurement, value)
        assert abs(found) == pytest.approx(np.sqrt(2 * drop), abs=1e-3)
        assert (found > 0) == (value > distribution.central_value)


def test_limits_do_not_exclude_small_predictions():
    """However small a prediction is, an upper limit is satisfied."""
    results = [
        {"measurement": "A", "limit": 1e-5, "pull": -3.0, "SM pull": 0.0},
        {"measurement": "B", "limit": 1e-5, "pull": 0.4, "SM pull": 0.0},
        {"measurement": "C", "limit": 1e-5, "pull": None, "SM pull": None},
    ]
    rows = [{"observable": "BR(X)", "prediction": 1e-6, "results": results}]
    tension = pulls.largest(rows, lambda row: row["observable"])
    assert tension.result["measurement"] == "B"
    assert pulls.pull_text(1e-6, results[0]) == "within"
    assert pulls.pull_text(2e-5, results[1]) == "+0.4σ"
    assert pulls.pull_text(2e-5, results[2]) == ""
