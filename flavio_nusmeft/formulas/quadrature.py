"""Quadrature nodes in q² that resolve the threshold, a small mass and the endpoint."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

__all__ = ["N_FAR", "N_NODES", "SMALLEST", "bin_nodes", "nodes"]

N_NODES = 40  # relative error of every term below 2e-10 for every mass and bin
# the same in bins that are two of their widths away from both ends of phase space, where the
# integrands are singular: relative error below 2e-13
N_FAR = 12
#: GeV²; stands in for smaller q², where massless rates have a finite limit. Its powers and those of
#: 1/q² that widths contain are finite numbers, and nothing of a spectrum lies below
SMALLEST = 1e-100
_FLOOR = 1e-7  # smallest resolved scale, in units of the length of the q² range


@lru_cache(maxsize=8)
def _gauss_legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    x, w = np.polynomial.legendre.leggauss(n)
    return (x + 1) / 2, w / 2


def nodes(
    m1: np.ndarray,
    m2: np.ndarray,
    endpoint: float | np.ndarray,
    q2min: float | np.ndarray = 0.0,
    q2max: float | np.ndarray = np.inf,
    n: int = N_NODES,
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for the integral over q2min < q² < q2max within phase space.

    The integrands are smooth functions times √λ √λ_ℓ / (powers of q²): with t = q² - (m1+m2)²,
    λ_ℓ = t (t + 4 m1 m2) branches at both roots, 1/q² is singular at t = -(m1+m2)², and λ ends
    in a square root. t = s sinh²u with s = 4 m1 m2 maps the singularities at negative t to
    |Im u| = π/2 for any ratio of the masses, and u = u1 - (u1 - u0) y² removes the square root
    at the endpoint; what remains is analytic, for Gauss-Legendre in y.

    Parameters
    ----------
    m1, m2 : masses, shape (pairs,), GeV
    endpoint : (m_B - m_M)², GeV²; one for all pairs, or one each
    q2min, q2max : bin, GeV², or one bin for every pair

    Returns
    -------
    q2, weights : shape (pairs, n); the weights are 0, and q2 is the endpoint, where the bin is
        closed. q2 is at least `SMALLEST`
    """
    threshold = (m1 + m2) ** 2
    low, high = np.maximum(threshold, q2min), np.minimum(endpoint, q2max)
    is_open = high > low
    start = np.where(is_open, low - threshold, 0.0)
    stop = np.where(is_open, high - threshold, 1.0)
    scale = np.maximum(4 * m1 * m2, _FLOOR * np.maximum(endpoint - threshold, stop))
    x0, x1 = np.sqrt(start / scale), np.sqrt(stop / scale)
    # u1 - u0 without cancellation, for narrow bins
    width = np.where(is_open, high - low, 1.0)
    length = np.arcsinh(width / scale / (x1 * np.sqrt(1 + x0**2) + x0 * np.sqrt(1 + x1**2)))
    length = length[:, None]
    y, w = _gauss_legendre(n)
    u = np.arcsinh(x1)[:, None] - length * y**2
    sinh = np.sinh(u)
    q2 = np.maximum(threshold[:, None] + scale[:, None] * sinh**2, SMALLEST)
    weights = 4 * scale[:, None] * sinh * np.sqrt(1 + sinh**2) * length * y * w
    if not is_open.all():
        closed = ~is_open
        q2[closed] = np.broadcast_to(endpoint, closed.shape)[closed, None]
        weights[closed] = 0.0
    return q2, weights


def bin_nodes(
    m1: float, m2: float, endpoint: float, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `nodes` for one pair of masses and many bins that are not closed, with fewer nodes in all.

    Parameters
    ----------
    low, high : edges of the bins, shape (bins,), GeV²

    Returns
    -------
    q2, weights : shape (nodes,)
    bins : shape (nodes,), which bin a node belongs to; the nodes of a bin are neighbours
    """
    is_far = np.minimum(low - (m1 + m2) ** 2, endpoint - high) >= 2 * (high - low)
    groups = []
    for where, n in ((np.flatnonzero(~is_far), N_NODES), (np.flatnonzero(is_far), N_FAR)):
        first, second = np.full(len(where), m1), np.full(len(where), m2)
        q2, weights = nodes(first, second, endpoint, low[where], high[where], n)
        groups.append((q2.ravel(), weights.ravel(), np.repeat(where, n)))
    q2, weights, bins = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    return q2, weights, bins
