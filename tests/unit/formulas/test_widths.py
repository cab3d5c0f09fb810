"""Closed forms against explicit helicity amplitudes with a numerical angular integral."""

from __future__ import annotations

import numpy as np
import pytest
from bruteforce.rates import dirac_two_body_width, dirac_width

from flavio_nusmeft.formulas.two_body import TWO_BODY_TERMS, two_body
from flavio_nusmeft.formulas.widths import (
    COMPONENTS,
    PSEUDOSCALAR_TERMS,
    VECTOR_TERMS,
    pseudoscalar,
    vector,
)

M_B, M_P, M_V, M_QUARKS = 5.28, 0.4976, 0.8955, (4.1, 0.08)
MASSES = [
    (0.0, 0.0),
    (0.0, 1.5),
    (1.5, 0.0),
    (1e-3, 1e-3),
    (0.02, 0.3),
    (1.2, 0.7),
    (2.1, 2.1),
    (0.01, 4.0),
]


def random_couplings(rng):
    return {k + p: complex(*rng.normal(size=2)) for k in "VASPT" for p in ("", "p")}


def plus_minus(couplings):
    return np.array(
        [couplings[name[0]] + int(name[1] + "1") * couplings[name[0] + "p"] for name in COMPONENTS]
    )


def quadratic(coefficients, terms, C):
    index = COMPONENTS.index
    return sum(
        k * (C[index(a)] * C[index(b)].conjugate()).real
        for k, (a, b) in zip(coefficients, terms, strict=True)
    )


def q2_values(m1, m2, m_M):
    low, high = (m1 + m2) ** 2, (M_B - m_M) ** 2
    return low + (high - low) * np.array([1e-6, 0.01, 0.2, 0.5, 0.9, 1 - 1e-6])


@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_pseudoscalar(m1, m2, rng):
    for q2 in q2_values(m1, m2, M_P):
        couplings = random_couplings(rng)
        ff = dict(zip(("f+", "f0", "fT"), rng.uniform(0.2, 2, 3), strict=True))
        expected, _ = dirac_width(q2, M_B, M_P, m1, m2, couplings, ff, *M_QUARKS, spin=0, n_theta=8)
        coefficients = pseudoscalar(np.float64(q2), M_B, M_P, m1, m2, ff, *M_QUARKS)
        found = quadratic(coefficients, PSEUDOSCALAR_TERMS, plus_minus(couplings))
        assert found == pytest.approx(expected, rel=1e-8, abs=0)


@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_vector(m1, m2, rng):
    names = ("V", "A0", "A1", "A12", "T1", "T2", "T23")
    for q2 in q2_values(m1, m2, M_V):
        couplings = random_couplings(rng)
        ff = dict(zip(names, rng.uniform(0.2, 2, 7), strict=True))
        expected, longitudinal = dirac_width(
            q2, M_B, M_V, m1, m2, couplings, ff, *M_QUARKS, spin=1, n_theta=8
        )
        total, part = vector(np.float64(q2), M_B, M_V, m1, m2, ff, *M_QUARKS)
        C = plus_minus(couplings)
        assert quadratic(total, VECTOR_TERMS, C) == pytest.approx(expected, rel=1e-8, abs=0)
        assert quadratic(part, VECTOR_TERMS, C) == pytest.approx(longitudinal, rel=1e-8, abs=0)


@pytest.mark.parametrize(("m1", "m2"), MASSES)
def test_two_body(m1, m2, rng):
    couplings = random_couplings(rng)
    expected = dirac_two_body_width(5.367, 0.23, *M_QUARKS, m1, m2, couplings)
    coefficients = two_body(5.367, 0.23, sum(M_QUARKS), np.array([m1]), np.array([m2]))[:, 0]
    found = quadratic(coefficients, TWO_BODY_TERMS, plus_minus(couplings))
    assert found == pytest.approx(expected, rel=1e-8, abs=0)


def test_outside_of_phase_space():
    ff = {"f+": 1.0, "f0": 1.0, "fT": 1.0}
    for q2 in (0.5, 1.99, (M_B - M_P) ** 2 + 1e-9, 40.0):
        assert not pseudoscalar(np.float64(q2), M_B, M_P, 0.7, 0.8, ff, *M_QUARKS).any()
    assert not two_body(5.367, 0.23, 4.2, np.array([3.0]), np.array([2.4])).any()
