"""A user's script for type checkers: it is not run.

Lines that must be reported have a ``type: ignore``, which the checkers report if it is not needed.
"""

import numpy as np
from typing_extensions import assert_type

import flavio_nusmeft as nus
from flavio_nusmeft import scan
from flavio_nusmeft.inference.fits import FastLikelihood, Likelihood

# every name that is imported when it is first used
coefficients = {"LNQd_2123": 0.02 * nus.TeV**-2}
wc = nus.NuWilson(coefficients, 1e3, "nuSMEFT", "FGMS")
spectrum: nus.tables.Spectrum = nus.tables.spectrum("<dBR_SD/dq2>(B+->Kinv)", [0, 5, 23], wc)
document: dict[str, object] = nus.to_popxf("BR(B+->Kinv)", scale=4.2, basis="JMS")
figures: nus.figures.Reach = nus.figures.reach("LNQd_2123")

plain = nus.likelihood("current")
assert_type(plain, Likelihood)
assert_type(nus.likelihood(fast=False), Likelihood)
assert_type(nus.likelihood("current", fast=True), FastLikelihood)
assert_type(nus.likelihood(fast=len(coefficients) > 1), Likelihood | FastLikelihood)
function = nus.LogLikelihood(plain, ["LNQd_2123"], scale=1e3, eft="nuSMEFT", basis="FGMS")
best: scan.Minimum = scan.minimize(function, {"LNQd_2123": (0, 1e-7)}, executor=4)
values: np.ndarray = scan.grid(function, {"LNQd_2123": [0, 1e-8]}).log_likelihood

print(nus.typo)  # type: ignore[attr-defined]
nus.likelihod("current")  # type: ignore[attr-defined]
nus.likelihood(fast="yes")  # type: ignore[call-overload]
nus.likelihood(fast=True, data="current")  # type: ignore[call-overload]
assert_type(nus.likelihood("current"), FastLikelihood)  # type: ignore[assert-type]
nus.NuWilson(coefficients, "1 TeV", "nuSMEFT", "FGMS")  # type: ignore[arg-type]
