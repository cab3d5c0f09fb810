r"""Dirac algebra with explicit matrices and helicity spinors.

Chiral representation, metric (+,-,-,-), :math:`\gamma_5=i\gamma^0\gamma^1\gamma^2\gamma^3`,
:math:`\sigma^{\mu\nu}=\frac{i}{2}[\gamma^\mu,\gamma^\nu]`, :math:`C=i\gamma^2\gamma^0`.
The sign of the Levi-Civita tensor is :math:`\epsilon^{0123}=+1`, for which
:math:`\sigma^{\mu\nu}\gamma_5=\frac{i}{2}\epsilon^{\mu\nu\alpha\beta}\sigma_{\alpha\beta}`.
Momenta are in GeV.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

METRIC = np.diag([1.0, -1.0, -1.0, -1.0])
ID4 = np.eye(4, dtype=complex)
PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)


def _gamma_matrices() -> np.ndarray:
    """Contravariant gamma matrices, shape (4, 4, 4)."""
    gamma = np.zeros((4, 4, 4), dtype=complex)
    gamma[0, :2, 2:] = gamma[0, 2:, :2] = np.eye(2)
    for i in range(3):
        gamma[i + 1, :2, 2:] = PAULI[i]
        gamma[i + 1, 2:, :2] = -PAULI[i]
    return gamma


def _levi_civita() -> np.ndarray:
    """Contravariant Levi-Civita tensor with eps^{0123} = +1."""
    eps = np.zeros((4, 4, 4, 4))
    for perm in permutations(range(4)):
        eps[perm] = np.linalg.det(np.eye(4)[list(perm)])
    return eps


GAMMA = _gamma_matrices()
GAMMA5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
SIGMA = 0.5j * (np.einsum("mab,nbc->mnac", GAMMA, GAMMA) - np.einsum("nab,mbc->mnac", GAMMA, GAMMA))
CHARGE = 1j * GAMMA[2] @ GAMMA[0]
EPSILON = _levi_civita()
PROJECTOR = {"L": (ID4 - GAMMA5) / 2, "R": (ID4 + GAMMA5) / 2}

# Covariant (lowered) versions, to be contracted with contravariant hadronic currents.
GAMMA_LOW = np.einsum("mn,nab->mab", METRIC, GAMMA)
SIGMA_LOW = np.einsum("mr,ns,rsab->mnab", METRIC, METRIC, SIGMA)


def dot(a: np.ndarray, b: np.ndarray) -> complex:
    """Minkowski product of contravariant four-vectors, over the last axis."""
    return np.einsum("...m,mn,...n->...", a, METRIC, b)


def slash(p: np.ndarray) -> np.ndarray:
    """Return p_mu gamma^mu for a contravariant four-vector `p`."""
    return np.einsum("...m,mab->...ab", p, GAMMA_LOW)


def four_momentum(p3: np.ndarray, mass: float) -> np.ndarray:
    """On-shell four-momentum of a three-momentum of shape (..., 3)."""
    p3 = np.asarray(p3, dtype=float)
    energy = np.sqrt(np.sum(p3**2, axis=-1) + mass**2)
    return np.concatenate([energy[..., None], p3], axis=-1)


def u_spinors(p3: np.ndarray, mass: float) -> np.ndarray:
    """Particle spinors for helicities (+1/2, -1/2).

    Parameters
    ----------
    p3 : array_like, shape (..., 3)
        Three-momentum.
    mass : float
        Mass, zero allowed.

    Returns
    -------
    ndarray, shape (..., 2, 4)
        Normalised to ubar u = 2 m; second-to-last axis is the helicity.
    """
    p3 = np.asarray(p3, dtype=float)
    p = np.sqrt(np.sum(p3**2, axis=-1))
    theta = np.arctan2(np.hypot(p3[..., 0], p3[..., 1]), p3[..., 2])
    phi = np.arctan2(p3[..., 1], p3[..., 0])
    cos, sin = np.cos(theta / 2), np.sin(theta / 2)
    chi = np.stack(
        [
            np.stack([cos + 0j, np.exp(1j * phi) * sin], axis=-1),
            np.stack([-np.exp(-1j * phi) * sin, cos + 0j], axis=-1),
        ],
        axis=-2,
    )
    big = np.sqrt(np.sqrt(p**2 + mass**2) + p)
    small = mass / big
    left = np.stack([small, big], axis=-1)[..., None] * chi
    right = np.stack([big, small], axis=-1)[..., None] * chi
    return np.concatenate([left, right], axis=-1)


def bar(spinor: np.ndarray) -> np.ndarray:
    """Dirac adjoint (row spinor) over the last axis."""
    return np.conj(spinor) @ GAMMA[0]


def conjugate(row: np.ndarray) -> np.ndarray:
    """C times the transpose of a row spinor: v from ubar, and u from vbar."""
    return row @ CHARGE.T


def v_spinors(p3: np.ndarray, mass: float) -> np.ndarray:
    """Antiparticle spinors v = C ubar^T, the Majorana phase convention; see `u_spinors`."""
    return conjugate(bar(u_spinors(p3, mass)))


def polarisations_along_z(energy: float, momentum: float, mass: float) -> np.ndarray:
    """Polarisation vectors (helicities 0, +, -) of a vector moving along +z, shape (3, 4)."""
    root = np.sqrt(0.5)
    return np.array(
        [
            [momentum / mass, 0, 0, energy / mass],
            [0, -root, -1j * root, 0],
            [0, root, -1j * root, 0],
        ],
        dtype=complex,
    )
