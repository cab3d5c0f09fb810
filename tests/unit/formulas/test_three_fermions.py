"""N -> f f_i f_j against explicit amplitudes, and against the decay of a quark."""

from __future__ import annotations

import numpy as np
import pytest
from bruteforce import three_fermions as explicit
from scipy.integrate import quad

from flavio_nusmeft.formulas.quadrature import nodes
from flavio_nusmeft.formulas.quark_widths import QUARK_TERMS, fermion
from flavio_nusmeft.formulas.widths import COMPONENTS
from flavio_nusmeft.physics.n_decays import _TRANSPOSED
from flavio_nusmeft.physics.neutral_couplings import left_to_parity

# m_N, m_f, m_i, m_j
MASSES = [
    (2.0, 0.0, 0.1, 0.5),
    (2.0, 0.4, 0.5, 0.1),
    (1.5, 1.3, 0.05, 0.04),
    (3.0, 0.106, 0.0, 1.3),
    (1.0, 0.0, 0.0, 0.0),
]
FRACTIONS = (0.001, 0.3, 0.8, 0.999)


def random_complex(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def quadratic(coefficients, C):
    return sum(
        k * (C[a] * C[b].conjugate()).real
        for k, (a, b) in zip(coefficients, QUARK_TERMS, strict=True)
    )


def q2_values(m_N, m_f, m_i, m_j):
    low, high = (m_i + m_j) ** 2, (m_N - m_f) ** 2
    return [low + (high - low) * x for x in FRACTIONS]


@pytest.mark.parametrize("masses", MASSES)
def test_explicit_amplitudes(masses, rng):
    m_N, m_f, m_i, m_j = masses
    for q2 in q2_values(*masses):
        couplings = {k + p: complex(random_complex(rng)) for k in "VASPT" for p in ("", "p")}
        C = {
            name: couplings[name[0]] + int(name[1] + "1") * couplings[name[0] + "p"]
            for name in COMPONENTS
        }
        expected = explicit.width(q2, m_N, m_f, (m_i, m_j), couplings)
        found = quadratic(fermion(np.float64(q2), m_N, m_f, m_i, m_j), C)
        # exact up to the cancellations of spinors at the edges of phase space
        assert found == pytest.approx(expected, rel=1e-10, abs=0)


@pytest.mark.parametrize("masses", MASSES[:3])
def test_majorana(masses, rng):
    """Of pairs in either order, with flavours that change: from the LEFT Lagrangian."""
    m_N, m_f, m_i, m_j = masses
    left = {k: random_complex(rng, 6, 6, 3, 3) for k in ("VLL", "VLR", "SLL", "SLR", "TLL")}
    for name, c in left.items():
        other = c.conj().transpose(1, 0, 3, 2) if name[0] == "V" else c.transpose(1, 0, 2, 3)
        left[name] = (c - other if name[0] == "T" else c + other) / 2
    arrays = {f"{name[0]}nud{name[1:]}": c for name, c in left.items()}
    for flavours in ((0, 1), (2, 2)):
        couplings = left_to_parity(arrays, *flavours)
        for decaying, other in ((3, 1), (3, 4), (4, 3)):
            all_masses = np.zeros(6)
            all_masses[[decaying, other]] = m_N, m_f
            pair = min(decaying, other), max(decaying, other)
            C = np.array([couplings[name][pair] for name in COMPONENTS])
            if decaying < other:
                C = C * _TRANSPOSED
            C = dict(zip(COMPONENTS, C.tolist(), strict=True))
            for q2 in q2_values(*masses):
                args = (q2, all_masses, (m_i, m_j), left, flavours, decaying, other)
                found = quadratic(fermion(np.float64(q2), m_N, m_f, m_i, m_j), C)
                expected = explicit.majorana_width(*args)
                assert found == pytest.approx(expected, rel=1e-10, abs=0)


def total(m_N, m_f, m_i, m_j, n=40):
    columns = (np.array([[m]]) for m in (m_N, m_f, m_i, m_j))
    q2, weights = nodes(np.array([m_i]), np.array([m_j]), (m_N - m_f) ** 2, n=n)
    return (fermion(q2, *columns) * weights).sum(axis=(1, 2))


@pytest.mark.parametrize("masses", [*MASSES, (1.0, 0.0, 0.0005, 0.0005)])
def test_convergence(masses):
    scale = np.abs(total(*masses, n=200)).max()
    # what `quadrature.N_NODES` promises
    assert np.abs(total(*masses) - total(*masses, n=200)).max() < 2e-10 * scale


def test_left_handed(rng):
    """12 ∫ ds/s of three masses of arXiv:1805.08567, for (V-A)(V-A)."""
    G_F, m_N, m_l, m_u, m_d = 1.2e-5, 2.0, 0.3, 0.1, 0.5
    x, y, z = m_u / m_N, m_d / m_N, m_l / m_N

    def kallen(a, b, c):
        return a * a + b * b + c * c - 2 * (a * b + b * c + c * a)

    def integrand(s):
        root = kallen(s, x**2, y**2) * kallen(1, s, z**2)
        return 12 / s * (s - x**2 - y**2) * (1 + z**2 - s) * np.sqrt(max(root, 0))

    shape, _ = quad(integrand, (x + y) ** 2, (1 - z) ** 2, epsabs=0, epsrel=1e-10)
    expected = G_F**2 * m_N**5 / (192 * np.pi**3) * shape
    # L = -(4 G_F/√2) (fbar γ P_L N)(ubar γ P_L d): C_V = -C_A = half of it, unprimed
    c = -4 * G_F / np.sqrt(2) / 2
    C = dict.fromkeys(COMPONENTS, 0j) | {"V+": c, "V-": c, "A+": -c, "A-": -c}
    found = quadratic(total(m_N, m_l, m_u, m_d), {k: complex(v) for k, v in C.items()})
    assert found == pytest.approx(expected, rel=1e-8, abs=0)


def test_closed():
    for masses in ((1.0, 0.6, 0.3, 0.2), (1.0, 1.2, 0.0, 0.0)):
        assert not fermion(np.array([0.2, 0.9]), *(np.full(2, m) for m in masses)).any()
