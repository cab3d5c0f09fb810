"""Convergence of the q² integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from flavio_nusmeft.formulas.quadrature import N_FAR, N_NODES, bin_nodes, nodes
from flavio_nusmeft.formulas.widths import pseudoscalar, vector

M_B = 5.27934
MASSES = (0, 1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 1.5, 2, 2.19, 2.3, 3.5, 4.7)


def integrals(m1, m2, spin, n, q2min=0.0, q2max=np.inf):
    """All terms of a width with single-pole form factors."""
    m_M = 0.8955 if spin else 0.4976
    q2, weights = nodes(np.array([m1]), np.array([m2]), (M_B - m_M) ** 2, q2min, q2max, n)
    return integrals_at(q2[0], weights[0], m1, m2, spin)


def integrals_at(q2, weights, m1, m2, spin):
    m_M = 0.8955 if spin else 0.4976
    poles = {"f+": 29.0, "f0": 34.0, "fT": 29.0} if spin == 0 else {
        "V": 29.0, "A0": 28.8, "A1": 34.0, "A12": 34.0, "T1": 29.0, "T2": 34.0, "T23": 34.0
    }  # fmt: skip
    ff = {name: 0.3 / (1 - q2 / pole) for name, pole in poles.items()}
    arguments = (q2, M_B, m_M, m1, m2, ff, 4.1, 0.08)
    terms = pseudoscalar(*arguments) if spin == 0 else vector(*arguments)[0]
    return (terms * weights).sum(axis=1)


def largest_error(found, reference):
    big = np.abs(reference) > 1e-13 * np.abs(reference).max()
    return np.abs(found[big] / reference[big] - 1).max()


@pytest.mark.parametrize("spin", [0, 1])
@pytest.mark.parametrize("m2", MASSES)
def test_every_mass(spin, m2):
    """The error of every single term is below 1e-9, from massless to the endpoint.

    The reference is the same rule with ten times the nodes, which `test_reference` ties to an
    adaptive integration.
    """
    end = M_B - (0.8955 if spin else 0.4976)
    for m1 in {0.0, 1e-4 * m2, 1e-2 * m2, 0.3 * m2, m2, max(0.0, end - m2 - 0.01)}:
        if m1 + m2 < end:
            reference = integrals(m1, m2, spin, 10 * N_NODES)
            assert largest_error(integrals(m1, m2, spin, N_NODES), reference) < 1e-9


@pytest.mark.parametrize("q2_max", [1e-6, 1e-4, 2.2e-3, 0.01, 0.1, 1.0])
@pytest.mark.parametrize("masses", [(5.11e-4, 0), (5.11e-4, 1e-4), (1e-4, 1e-4), (1e-3, 2.0)])
def test_bins_from_zero(masses, q2_max):
    """Small bins at the threshold of an electron."""
    reference = integrals(*masses, 0, 10 * N_NODES, 0, q2_max)
    if reference.any():
        assert largest_error(integrals(*masses, 0, N_NODES, 0, q2_max), reference) < 1e-9


@pytest.mark.parametrize("q2_bin", [(0, 1), (4, 8), (0.1, 23), (1e-4, 1e-3), (15, 22.8)])
@pytest.mark.parametrize("masses", [(0, 0), (0, 1e-3), (1e-3, 1e-3), (0.01, 0.02), (0, 1.5)])
def test_bins(masses, q2_bin):
    reference = integrals(*masses, 0, 10 * N_NODES, *q2_bin)
    if reference.any():
        assert largest_error(integrals(*masses, 0, N_NODES, *q2_bin), reference) < 1e-9


@pytest.mark.parametrize("width", [1e-3, 1e-6, 1e-9, 1e-12])
def test_narrow_bins(width):
    """The average over a narrow bin is the value at its centre."""
    m1, m2 = np.array([0.3]), np.array([0.7])
    q2, weights = nodes(m1, m2, 22.8, 5.0, 5.0 + width)
    assert weights.sum() == pytest.approx(5.0 + width - 5.0, rel=1e-12, abs=0)
    assert (q2 >= 5.0 - 1e-14).all()
    assert (q2 <= 5.0 + width + 1e-14).all()


def test_exponential_convergence():
    """The rule is spectral: the error falls by orders of magnitude with a few more nodes."""
    reference = integrals(1e-3, 1e-3, 0, 400)
    errors = [largest_error(integrals(1e-3, 1e-3, 0, n), reference) for n in (12, 24, 36)]
    assert errors[1] < 1e-3 * errors[0]
    assert errors[2] < 1e-1 * errors[1]


@pytest.mark.parametrize("masses", [(0.0, 0.0), (0.003, 0.003), (0.02, 1.4), (2.3, 2.3)])
def test_reference(masses):
    """The weights integrate √λ √λ_ℓ/q² as scipy's adaptive quadrature does."""
    m1, m2 = masses
    low, high = (m1 + m2) ** 2, (M_B - 0.4976) ** 2

    def integrand(q2):
        lam_l = (q2 - (m1 + m2) ** 2) * (q2 - (m1 - m2) ** 2)
        return np.sqrt((high - q2) * lam_l) / q2

    q2, weights = nodes(np.array([m1]), np.array([m2]), high)
    # q² = low + x² removes the root at the threshold, break points resolve small masses
    breaks = [b for b in (0.001, 0.01, 0.1, 1) if b < np.sqrt(high - low)]
    expected = sum(
        quad(lambda x: 2 * x * integrand(low + x**2), a, b, epsabs=0, epsrel=1e-9, limit=400)[0]
        for a, b in zip([1e-12, *breaks], [*breaks, np.sqrt(high - low)], strict=True)
    )
    assert (integrand(q2) * weights).sum() == pytest.approx(expected, rel=1e-8, abs=0)


def test_closed_bins():
    q2, weights = nodes(np.array([0.0, 2.5, 0.0]), np.array([0.0, 2.5, 1.0]), 20.0, 0.1, 0.9)
    assert (weights[0] > 0).all()
    assert not weights[1:].any()
    assert np.isfinite(q2).all()


@pytest.mark.parametrize("edges", [np.linspace(0, 22.885, 101), [0, 0.3, 1, 5, 8, 8.1, 12, 16, 25]])
@pytest.mark.parametrize("spin", [0, 1])
def test_fewer_nodes_in_many_bins(spin, edges):
    """Far from threshold and endpoint, 12 nodes give what 40 and 60 give: 2e-13, rounding of sums
    of 40 terms."""
    low, high = np.array(edges[:-1]), np.array(edges[1:])
    m_M = 0.8955 if spin else 0.4976
    endpoint = (M_B - m_M) ** 2
    for m1, m2 in ((0, 0), (0, 0.9), (0.003, 0.003), (0.1, 2.5), (1.9, 1.9)):
        is_open = (high > (m1 + m2) ** 2) & (low < endpoint)
        q2, weights, bins = bin_nodes(m1, m2, endpoint, low[is_open], high[is_open])
        assert set(bins) == set(range(is_open.sum()))
        counts = np.bincount(bins)
        assert set(counts) <= {N_FAR, N_NODES}
        for k in np.flatnonzero(counts == N_FAR)[::7]:
            mine = bins == k
            reference = integrals(m1, m2, spin, 60, low[is_open][k], high[is_open][k])
            found = integrals_at(q2[mine], weights[mine], m1, m2, spin)
            assert largest_error(found, reference) < 2e-13
        for k in np.flatnonzero(counts == N_NODES):
            mine = bins == k
            reference = integrals(m1, m2, spin, N_NODES, low[is_open][k], high[is_open][k])
            found = integrals_at(q2[mine], weights[mine], m1, m2, spin)
            np.testing.assert_allclose(found, reference, rtol=1e-13, atol=0)
