"""P_inv against events with four-vectors, and the angles of N against amplitudes.

Nothing here shares code with the package but its rates with stable N: momenta are boosted as
four-vectors, directions drawn or put on a grid, and angular distributions are those of explicit
amplitudes in ``tests/bruteforce``.
"""

from __future__ import annotations

import flavio
import numpy as np
import pytest

import flavio_nusmeft as nus
from flavio_nusmeft.formulas.survival import Decaying, invisible
from flavio_nusmeft.physics.formfactors import form_factors
from tests.bruteforce.rates import _amplitude, _parity_matrix, meson_currents

SPACE = {"scale": 1000.0, "eft": "nuSMEFT", "basis": "Warsaw"}
HBAR_C = 1.973269804e-16  # GeV m
M_B, M_K = 5.279, 0.494


def boosted(p, beta_gamma, direction):
    """Four-vectors (E, p), shape (n, 4), into a frame that moves along -direction."""
    gamma = np.sqrt(1 + beta_gamma**2)
    along = (p[:, 1:] * direction).sum(axis=1)
    energy = gamma * p[:, 0] + beta_gamma * along
    moved = p[:, 1:] + direction * ((gamma - 1) * along + beta_gamma * p[:, 0])[:, None]
    return np.column_stack([energy, moved])


def random_directions(rng, n):
    v = rng.normal(size=(n, 3))
    return v / np.linalg.norm(v, axis=1)[:, None]


def events(rng, q2, m_M, m_R, m1, m2, boost):
    """Momenta in the laboratory of both particles of the pair, for events with given q²."""
    n = len(q2)
    root = np.sqrt(q2)
    e1 = (q2 + m1**2 - m2**2) / (2 * root)
    p = np.sqrt(e1**2 - m1**2)
    n1, n_pair, n_M = (random_directions(rng, n) for _ in range(3))
    e_pair = (m_M**2 + q2 - m_R**2) / (2 * m_M)
    p_pair = np.sqrt(np.maximum(e_pair**2 - q2, 0.0))
    found = []
    for sign, energy in ((1, e1), (-1, root - e1)):
        four = np.column_stack([energy, sign * p[:, None] * n1])
        in_M = boosted(four, p_pair / root, n_pair)
        found.append(np.linalg.norm(boosted(in_M, boost, n_M)[:, 1:], axis=1))
    return found


@pytest.mark.parametrize(
    ("m_M", "m_R", "m1", "m2", "q2", "boost"),
    [
        (M_B, M_K, 1.5, 1.5, 12.0, 0.0),
        (M_B, M_K, 1.5, 1.5, 12.0, 0.284),
        (M_B, M_K, 0.0, 1.5, 5.0, 0.284),
        (M_B, 0.892, 0.4, 1.8, 8.0, 6.1),
        (0.494, 0.140, 0.0, 0.1, 0.05, 151.9),
        (5.367, 0.0, 1.0, 1.7, 5.367**2, 0.284),
    ],
)
@pytest.mark.parametrize("strength", [0.1, 1.0, 5.0])
def test_drawn_events(m_M, m_R, m1, m2, q2, boost, strength):
    """An average over events, to three standard deviations of its error."""
    rng = np.random.default_rng(7)
    n = 60_000
    p1, p2 = events(rng, np.full(n, q2), m_M, m_R, m1, m2, boost)
    kappas = (strength * p1.mean() if m1 else 0.0, 0.7 * strength * p2.mean())
    fractions = (0.2, 0.35)
    value = np.ones(n)
    for p, kappa, fraction in zip((p1, p2), kappas, fractions, strict=True):
        leaves = np.exp(-kappa / p) if kappa else np.ones(n)
        value *= leaves + (1 - leaves) * fraction
    pair = tuple(map(Decaying, kappas, fractions))
    found = invisible(np.array([q2]), m_M, m_R, (m1, m2), pair, boost)[0]
    assert found == pytest.approx(value.mean(), abs=3 * value.std() / np.sqrt(n))


def decaying(m_N, width, radius, hidden=0.0):
    return Decaying(radius * m_N * width / HBAR_C, hidden)


def weights_on_grid(q2, m_M, m_R, masses, pair, boost, cosine):
    """P_inv at fixed angles of the pair, by four-vectors; directions of M on a grid."""
    x, w = np.polynomial.legendre.leggauss(16)
    phi = (np.arange(16) + 0.5) * np.pi / 8
    X, PHI = (a.ravel() for a in np.meshgrid(x, phi, indexing="ij"))
    weight = np.repeat(w, 16) / 32
    S = np.sqrt(1 - X**2)
    n_M = np.column_stack([S * np.cos(PHI), S * np.sin(PHI), X])
    root = np.sqrt(q2)
    e1 = (q2 + masses[0] ** 2 - masses[1] ** 2) / (2 * root)
    e_pair = (m_M**2 + q2 - m_R**2) / (2 * m_M)
    beta_gamma = np.sqrt(e_pair**2 - q2) / root
    result = np.empty(len(cosine))
    for i, c in enumerate(cosine):
        n1 = np.array([np.sqrt(1 - c**2), 0.0, c])
        product = np.ones(len(X))
        for sign, energy, m, one in zip((1, -1), (e1, root - e1), masses, pair, strict=True):
            momentum = np.sqrt(max(energy**2 - m**2, 0))
            four = np.array([[energy, *(sign * momentum * n1)]])
            in_M = boosted(four, beta_gamma, np.array([0.0, 0.0, 1.0]))
            p = np.linalg.norm(boosted(np.repeat(in_M, len(X), 0), boost, n_M)[:, 1:], axis=1)
            leaves = np.exp(-one.kappa / p)
            product *= leaves + (1 - leaves) * one.invisible
        result[i] = product @ weight
    return result


CURRENTS = {
    "scalar": {"S": 1.0, "P": 1.0},
    "vector": {"A": 1.0},
    "tensor": {"T": 1.0},
    "left-handed": {"V": 1.0, "A": -1.0},
}


def exact_and_isotropic(current, spin, masses, pair, boost, n=24):
    """P_inv of a decay with the angles of amplitudes, and with isotropic pairs."""
    par = flavio.default_parameters.get_central_all()
    m_M, m_R = (par["m_B0"], par["m_K*0"]) if spin else (par["m_B+"], par["m_K+"])
    low, high = sum(masses) ** 2, (m_M - m_R) ** 2
    x, w = np.polynomial.legendre.leggauss(n)
    q2s, weights = low + (high - low) * (x + 1) / 2, w
    ffs = form_factors("B->K*" if spin else "B->K", par, q2s)
    cosine, _ = np.polynomial.legendre.leggauss(16)
    rate, exact, flat = 0.0, 0.0, 0.0
    for i, q2 in enumerate(q2s.tolist()):
        ff = {key: float(value[i]) for key, value in ffs.items()}
        currents = meson_currents(q2, m_M, m_R, ff, 4.2, 0.1, spin)
        matrix = _parity_matrix(CURRENTS[current], currents)
        amplitude, angle = _amplitude(q2, m_M, m_R, *masses, matrix, 16)
        density = np.einsum("hnij,n->n", np.abs(amplitude) ** 2, angle)
        # the meson flies along +z in the frame of the pair, so the pair along -z in that of M
        seen = weights_on_grid(q2, m_M, m_R, masses, pair, boost, -cosine)
        rate += weights[i] * density.sum()
        exact += weights[i] * density @ seen
        flat += weights[i] * density.sum() * (angle @ seen)
    return exact / rate, flat / rate


@pytest.mark.parametrize(
    ("current", "spin", "m1", "m2", "boost", "kappa", "bound"),
    [  # where the difference is largest, and the bound in the text of `physics.detectors`
        ("scalar", 0, 0.0, 1.5, 0.284, 1.0, 1e-12),
        ("scalar", 1, 0.0, 1.5, 0.284, 1.0, 1e-12),
        ("vector", 0, 0.5, 0.5, 0.0, 0.3, 0.012),
        ("vector", 1, 0.5, 0.5, 0.0, 0.3, 0.012),
        ("vector", 0, 1.5, 1.5, 0.284, 1.0, 0.012),
        ("vector", 0, 0.0, 2.2, 0.0, 1.0, 0.035),
        ("tensor", 0, 0.0, 0.5, 0.0, 1.0, 0.031),
        ("tensor", 1, 0.0, 2.2, 0.0, 1.0, 0.031),
        ("left-handed", 1, 0.0, 2.2, 0.0, 1.0, 0.053),
    ],
)
def test_isotropic_pairs(current, spin, m1, m2, boost, kappa, bound):
    """How much P_inv changes with the angles of amplitudes."""
    one = Decaying(kappa, 0.0)
    pair = (one if m1 else Decaying(), one)
    exact, flat = exact_and_isotropic(current, spin, (m1, m2), pair, boost, n=10)
    assert flat == pytest.approx(exact, abs=bound)


def branching_ratio_left(mode, par, masses, width, hidden, radius, boost, n=40):
    """Rate-weighted P_inv of B+ -> K+ N N by drawn events, from dBR/dq² with stable N."""
    rng = np.random.default_rng(11)
    low, high = sum(masses) ** 2, (M_B - M_K) ** 2
    x, w = np.polynomial.legendre.leggauss(n)
    q2s = low + (high - low) * (x + 1) / 2
    values = mode(q2s)
    sums = np.zeros(2)
    for q2, weight, value in zip(q2s, w, values, strict=True):
        momenta = events(rng, np.full(4000, q2), M_B, M_K, *masses, boost)
        seen = np.ones(4000)
        for p, m in zip(momenta, masses, strict=True):
            leaves = np.exp(-radius * m * width / HBAR_C / p)
            seen *= leaves + (1 - leaves) * hidden
        sums += weight * value * np.array([1.0, seen.mean()])
    return sums[1] / sums[0]


def test_rate_of_events():
    """BR(B+ -> K+ + inv) from operators and mixing, N N part: events drawn in bins of q²."""
    coefficients, par = {"qn_2311": 2e-8}, {"m_N1": 1.5, "U_tau1": 3e-3}
    decay = nus.decays(coefficients, **SPACE, par=par)
    found = nus.invisible_probability(
        "BR_SD(B+->Kinv)", coefficients, **SPACE, par=par, detector="Belle II"
    )
    part, probability = found.channels["N1 N1"]

    def spectrum(q2s):
        names = [("dBR_SD/dq2(B+->Kinv)", q2) for q2 in q2s.tolist()]
        with_N = nus.predict(names, coefficients, **SPACE, par={"m_N1": 1.5})
        without = nus.predict(names, {"qn_2311": 0.0}, **SPACE, par={"m_N1": 1.5})
        return np.array([float(with_N[n] - without[n]) for n in names])

    width, hidden = float(decay.total), float(decay.invisible_fraction)
    drawn = branching_ratio_left(spectrum, par, (1.5, 1.5), width, hidden, 3.33, 0.284)
    assert 0.3 < probability < 0.95
    assert probability == pytest.approx(drawn, abs=3 * 0.3 / np.sqrt(40 * 4000))
    assert 0 < part < 1
