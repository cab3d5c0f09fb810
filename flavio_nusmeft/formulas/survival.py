"""Probability that a pair of particles of a decay stays invisible in a detector.

M decays to a visible system R and a pair (1, 2) of invariant mass √q²; one of the pair may be
visible itself, or stable. The pair is isotropic in its rest frame and M, without polarisation,
decays isotropically in its own. A particle of mass m and width Γ leaves a ball of radius L around
the decay with

    P = exp(-κ/p),   κ = L m Γ/(ħ c),

p being its momentum in the frame of the ball, in which M moves with βγ. If it does not leave it,
it stays invisible with the probability B of a decay to neutrinos alone. An event is invisible with

    P_inv = <(P_1 + (1 - P_1) B_1) (P_2 + (1 - P_2) B_2)>,

the average over the directions of the pair and of M.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .kinematics import kallen

__all__ = ["Decaying", "Survival", "invisible"]

# P_inv is within 0.003 of its limit at every q², for any boost, and closer in integrals over q²
_PAIR, _POLAR, _AZIMUTH = 24, 12, 6
_CHUNK = 64  # q² that are evaluated together: 1 MB per array


class Decaying(NamedTuple):
    """A particle in a detector: κ (GeV), and the probability B that its decay is invisible."""

    kappa: float = 0.0
    invisible: float = 1.0


class Survival(NamedTuple):
    """P_inv of a pair as a function of q²; arguments of `invisible`."""

    m_M: float
    m_R: float
    masses: tuple[float, float]
    pair: tuple[Decaying, Decaying]
    boost: float

    def __call__(self, q2: np.ndarray) -> np.ndarray:
        """At every q² (GeV²), in the shape of ``q2``, (n,)."""
        result = np.empty_like(q2)
        for k in range(0, len(q2), _CHUNK):
            result[k : k + _CHUNK] = invisible(q2[k : k + _CHUNK], *self)
        return result


@lru_cache(maxsize=8)
def _legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes between -1 and 1 and weights of an average."""
    x, w = np.polynomial.legendre.leggauss(n)
    return x, w / 2


@lru_cache(maxsize=2)
def _directions() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions of M relative to the pair: cos θ, sin θ cos φ, and weights, for half of them."""
    cosine, weight = _legendre(_POLAR)
    phi = (np.arange(_AZIMUTH) + 0.5) * np.pi / _AZIMUTH  # of a periodic function
    across = np.sqrt(1 - cosine**2)[:, None] * np.cos(phi)
    along = np.broadcast_to(cosine[:, None], across.shape)
    weights = np.broadcast_to(weight[:, None] / _AZIMUTH, across.shape)
    return along.ravel(), across.ravel(), weights.ravel()


def invisible(
    q2: np.ndarray,
    m_M: float,
    m_R: float,
    masses: tuple[float, float],
    pair: tuple[Decaying, Decaying],
    boost: float,
) -> np.ndarray:
    """P_inv at every q², in the shape of ``q2``; 1 for a pair that is invisible anyway.

    Parameters
    ----------
    q2 : GeV², shape (n,)
    m_M, m_R : masses of what decays and of the visible system, GeV; m_R = 0 and q² = m_M² for
        M -> 1 2
    masses : of the pair, GeV
    pair : the particles
    boost : βγ of M
    """
    decaying = [
        (sign, mass, one)
        for sign, mass, one in zip((1, -1), masses, pair, strict=True)
        if one.kappa and one.invisible < 1
    ]
    if not decaying:
        return np.ones_like(q2)
    m1, m2 = masses
    root = np.sqrt(q2)
    # momentum of the pair in the frame of M, and of the particles in that of the pair
    total = np.sqrt(np.maximum(kallen(m_M**2, m_R**2, q2), 0.0)) / (2 * m_M)
    p = np.sqrt(np.maximum(kallen(m1**2, m2**2, q2), 0.0)) / (2 * root)
    gamma = np.sqrt(1 + (total / root) ** 2)
    cosine, weight = _legendre(_PAIR)
    along, across, weights = np.zeros(1), np.zeros(1), np.ones(1)
    if boost and len(decaying) == 1:  # directions relative to this particle are enough
        along, weights = _legendre(_PAIR)
    elif boost:
        along, across, weights = _directions()
    result = np.ones((len(q2), len(cosine), len(weights)))
    for sign, mass, one in decaying:
        energy = np.sqrt(mass**2 + p**2)[:, None]
        p_z = sign * p[:, None] * cosine
        # to the frame of M, then to that of the detector
        energy_M = gamma[:, None] * energy + (total / root)[:, None] * p_z
        p_M = gamma[:, None] * p_z + (total / root)[:, None] * energy
        p_T = sign * p[:, None] * np.sqrt(1 - cosine**2)
        if len(decaying) == 1:
            p_M, p_T = np.sqrt(p_M**2 + p_T**2), np.zeros_like(p_T)
        parallel = p_M[..., None] * along + p_T[..., None] * across
        energy_lab = np.sqrt(1 + boost**2) * energy_M[..., None] + boost * parallel
        momentum = np.sqrt(np.maximum(energy_lab**2 - mass**2, 0.0))
        with np.errstate(divide="ignore"):
            leaves = np.exp(-one.kappa / momentum)
        result *= leaves + (1 - leaves) * one.invisible
    return np.asarray((result @ weights) @ weight)
