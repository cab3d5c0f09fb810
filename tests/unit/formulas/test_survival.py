"""P_inv in its limits, and where it is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from flavio_nusmeft.formulas.survival import Decaying, invisible

M, R = 5.279, 0.494
Q2 = np.array([10.0, 14.0, 20.0])
STABLE = Decaying()


def found(pair, boost=0.284, masses=(1.5, 1.5), q2=Q2, m_M=M, m_R=R):
    return invisible(q2, m_M, m_R, masses, pair, boost)


def test_stable_is_exactly_one():
    for pair in ((STABLE, STABLE), (Decaying(0.0, 0.3), STABLE), (Decaying(9.0, 1.0), STABLE)):
        assert (found(pair) == 1).all()


@pytest.mark.parametrize("boost", [0.0, 0.284, 6.1])
def test_prompt_decays(boost):
    """What decays at once is invisible with the fractions of both."""
    pair = (Decaying(1e9, 0.2), Decaying(1e9, 0.7))
    assert found(pair, boost) == pytest.approx(np.full(3, 0.14), abs=1e-12)


@pytest.mark.parametrize("boost", [0.0, 0.284, 6.1])
def test_long_lived(boost):
    """To first order in κ the losses add up: 1 - P = Σ κ <1/p> (1 - B)."""
    one, other = Decaying(1e-6, 0.3), Decaying(2e-6, 0.0)
    both = 1 - found((one, other), boost)
    each = 2 - found((one, STABLE), boost) - found((STABLE, other), boost)
    # one particle and two have other nodes, where momenta can vanish
    assert both == pytest.approx(each, rel=2e-3, abs=0)
    loss = 1 - found((Decaying(1e-6, 0.0), STABLE), boost)
    assert 1 - found((one, STABLE), boost) == pytest.approx(0.7 * loss, abs=1e-11)


def test_two_bodies_at_rest():
    """One momentum each."""
    m1, m2 = 1.0, 1.7
    p = np.sqrt((M**2 - (m1 + m2) ** 2) * (M**2 - (m1 - m2) ** 2)) / (2 * M)
    value = found((Decaying(0.8), Decaying(1.1, 0.4)), 0.0, (m1, m2), np.array([M**2]), M, 0.0)
    first, second = 1.0, np.exp(-1.1 / p) + (1 - np.exp(-1.1 / p)) * 0.4
    assert value == pytest.approx([first * second], abs=1e-13)  # B = 1 for the first
    value = found((Decaying(0.8, 0.0), Decaying(1.1, 0.4)), 0.0, (m1, m2), np.array([M**2]), M, 0.0)
    assert value == pytest.approx([np.exp(-0.8 / p) * second], abs=1e-13)


def test_one_particle_at_rest():
    """Its energy is uniform between the ends that the motion of the pair gives."""
    q2, m = 8.0, 1.5
    root = np.sqrt(q2)
    energy = (q2 + m**2) / (2 * root)
    p = np.sqrt(energy**2 - m**2)
    total = np.sqrt((M**2 - (R + root) ** 2) * (M**2 - (R - root) ** 2)) / (2 * M)
    ends = [(np.sqrt(total**2 + q2) * energy + sign * total * p) / root for sign in (-1, 1)]
    kappa = 0.9
    integral, _ = quad(lambda e: np.exp(-kappa / np.sqrt(e**2 - m**2)), *ends)
    expected = integral / (ends[1] - ends[0])
    value = found((STABLE, Decaying(kappa, 0.0)), 0.0, (0.0, m), np.array([q2]))
    assert value == pytest.approx([expected], abs=1e-6)


def test_exchange_of_particles():
    pair, masses = (Decaying(0.6, 0.1), Decaying(1.9, 0.3)), (0.8, 1.9)
    straight = found(pair, masses=masses)
    assert found(pair[::-1], masses=masses[::-1]) == pytest.approx(straight, abs=1e-12)


def test_fast_hadrons():
    """With a large boost all momenta grow with it: P depends on κ/βγ."""
    pair = [(STABLE, Decaying(0.5 * boost, 0.0)) for boost in (1e3, 1e5)]
    slow, fast = (found(one, b, (0.0, 1.5)) for one, b in zip(pair, (1e3, 1e5), strict=True))
    assert slow == pytest.approx(fast, abs=1e-5)


def test_longer_ways_lose_more():
    values = [found((STABLE, Decaying(kappa, 0.2)))[1] for kappa in np.geomspace(1e-3, 30, 30)]
    assert (np.diff(values) < 0).all()
    assert values[-1] > 0.2
