"""Properties of the rates for any couplings and masses."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flavio_nusmeft import NuWilson, errors
from flavio_nusmeft.eft.flavour import lookup
from flavio_nusmeft.eft.operators import JMS
from flavio_nusmeft.observables import NAMES

# large coefficients test the same formulae, and those that no observable sees are none too many
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::flavio_nusmeft.errors.{name}")
    for name in ("SizeWarning", "NoEffectWarning")
]

PAR = flavio.default_parameters.get_central_all()
COEFFICIENTS = {
    name: c.real
    for name, c in lookup(JMS).items()
    if (name.startswith(("Vnud", "Snud", "Tnud")) and len(set(c.indices[2:])) == 2)
    or (name.startswith(("Vnuu", "Snuu", "Tnuu")) and {0, 1} == set(c.indices[2:]))
    or "nuedu" in name
}
# polarisations may be negative; Z, W and h need coefficients above m_Z
RATES = [n for n in NAMES if "Ptau" not in n and n.partition("(")[2][0] not in "ZWh"]
POLARISATIONS = [n for n in NAMES if "Ptau" in n]
TOTALS = [n for n in RATES if flavio.Observable[n].arguments is None and not n.startswith("FL")]
POINTS = [n for n in RATES if flavio.Observable[n].arguments == ["q2"]]
BINS = [n for n in RATES if flavio.Observable[n].arguments == ["q2min", "q2max"]]

masses = st.one_of(st.just(0.0), st.floats(1e-9, 6.0))
parts = st.floats(-1e-6, 1e-6)
coefficients = st.dictionaries(
    st.sampled_from(sorted(COEFFICIENTS)), st.builds(complex, parts, parts), max_size=8
).map(lambda d: {k: complex(v.real) if COEFFICIENTS[k] else v for k, v in d.items()})
settings.register_profile("rates", deadline=None, max_examples=60)
settings.load_profile("rates")


def with_masses(*values):
    return {**PAR, **{f"m_N{i}": m for i, m in enumerate(values, start=1)}}


def predict(name, par, values, *arguments):
    w = NuWilson(values, 4.8, "nuWET", "JMS") if values is not None else None
    return flavio.Observable[name].prediction_par(par, w, *arguments)


@given(coefficients, masses, masses, masses)
def test_rates_are_positive_numbers(values, m1, m2, m3):
    par = with_masses(m1, m2, m3)
    for name in TOTALS:
        rate = predict(name, par, values)
        assert rate >= 0
        assert np.isfinite(rate)


@given(coefficients, masses, masses, st.floats(-1, 30))
def test_spectra_are_positive_numbers(values, m1, m2, q2):
    par = with_masses(m1, m2, 0.0)
    for name in POINTS:
        rate = predict(name, par, values, q2)
        assert rate >= 0
        assert np.isfinite(rate)
        assert not (name.startswith("FL") and rate > 1 + 1e-12)


@given(coefficients, masses, st.floats(0, 25), st.floats(1e-3, 25))
def test_bins_are_positive_numbers(values, m1, low, width):
    par = with_masses(m1, 0.0, 0.0)
    for name in BINS:
        try:
            rate = predict(name, par, values, low, low + width)
        except errors.UndefinedRatio:
            assert name.startswith("<R")  # outside of phase space
            continue
        assert rate >= 0
        assert np.isfinite(rate)


@given(coefficients, masses, masses, st.floats(0, 12), st.floats(1e-3, 12))
def test_polarisations_are_at_most_one(values, m1, m2, low, width):
    par = with_masses(m1, m2, 0.0)
    arguments = {"P": (low,), "<": (low, low + width)}
    for name in POLARISATIONS:
        bins = () if name.startswith("Ptautot") else arguments[name[0]]
        assert abs(predict(name, par, values, *bins)) <= 1 + 1e-12


@given(coefficients, masses, masses, st.floats(0.1, 10))
def test_quadratic_scaling(values, m1, m2, factor):
    """Without interference with the SM the new rate grows with the square of the couplings."""
    par = with_masses(m1, m2, 0.0)
    # vectors of two active neutrinos interfere with the SM
    sterile = {k: v for k, v in values.items() if k[:4] != "Vnud" or int(k[8]) > 3}
    scaled = {k: factor * v for k, v in sterile.items()}
    for name in ("BR(B0->K*inv)", "BR(B0->Kinv)", "BR(Bs->inv)"):
        sm = predict(name, par, None)
        new = predict(name, par, sterile) - sm
        assert predict(name, par, scaled) - sm == pytest.approx(
            factor**2 * new, rel=1e-9, abs=1e-11 * sm * max(1, factor**2)
        )
