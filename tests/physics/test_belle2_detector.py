"""Belle II's published likelihood of what stays invisible in a detector, next to a fit by hand."""

from __future__ import annotations

from itertools import pairwise

import belle2_record
import numpy as np
import pytest

import flavio_nusmeft as nus

if not belle2_record.PUBLISHED.is_dir():
    pytest.skip("needs the record of Belle II", allow_module_level=True)

SPACE = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
# as notebook 07: a vector of the mass that is preferred, and mixing by which many N decay in sight
C, PAR = 8e-8, {"m_N1": 0.6, "U_mu1": 0.05}


@pytest.fixture(scope="module")
def b2():
    return nus.Belle2Likelihood(belle2_record.PUBLISHED)


def test_by_hand(b2):
    """Every bin as an observable with a detector, times its width, and ln L of this spectrum."""
    bins = [("<dBR_SD/dq2>(B+->Kinv)", *ends) for ends in pairwise(b2.edges)]
    found = nus.predict(bins, {"QN_2311": C}, **SPACE, par=PAR, detector="Belle II")
    spectrum = np.array([float(density) for density in found.values()]) * np.diff(b2.edges)
    (expected,) = b2.log_likelihoods([spectrum])
    likelihood = nus.likelihood("current", [], belle2=b2)
    make = [
        nus.LogLikelihood(likelihood, ["QN_2311"], **SPACE, par=PAR, detector=detector)
        for detector in ("Belle II", None)
    ]
    assert make[0]([C]) == pytest.approx(expected, abs=1e-8)
    assert make[0].many([[C]])[0] == pytest.approx(expected, abs=1e-8)
    # the fit is another one
    assert abs(make[1]([C]) - expected) > 1


SPEC = """
dataset: current
observables: []
belle2: {folder}
parameters: {{m_N1: 2.5, U_mu1: 0.01}}
variables: {{LNQd_2123: [2e-8, 3e-8]}}
detectors: [Belle II]
starts: 1
report: {{intervals: []}}
"""


def test_specification(b2, tmp_path):
    path = tmp_path / "my.yml"
    path.write_text(SPEC.format(folder=belle2_record.PUBLISHED))
    spec = nus.spec.read(path)
    result = nus.spec.fit(spec, tmp_path / "out", progress=False, formats=[])
    best, function = result["best_fit"], spec.function()
    assert best["log_likelihood"] == pytest.approx(
        function([best["values"]["LNQd_2123"]]), abs=1e-6
    )
    gain = 2 * (best["log_likelihood"] - result["SM"]["log_likelihood"])
    assert result["pulls"][0]["gain"] == pytest.approx(gain, abs=1e-6)
    # with stable N it is another one
    stable = [b2.log_likelihood(*function.point([x])) for x in (2e-8, 0.0)]
    assert abs(gain - 2 * (stable[0] - stable[1])) > 0.3
