"""pyhf's default interpolations with two derivatives: code4 (normsys) and code4p (histosys)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["Norms", "code4p", "code4p_curvature"]


class Norms:
    """The distinct ``normsys`` variations, each with its α.

    ``into``, shape (variations, α), and ``applies``, shape (rows, variations), are 1 where it
    belongs, else 0.
    """

    def __init__(
        self,
        variations: Mapping[tuple[int, float, float], list[np.ndarray]],
        rows: int,
        parameters: int,
    ) -> None:
        self._index = np.array([key[0] for key in variations], dtype=int)
        self.into = np.zeros((len(variations), parameters))
        self.into[np.arange(len(variations)), self._index] = 1.0
        self.applies = np.zeros((rows, len(variations)))
        for column, where in zip(self.applies.T, variations.values(), strict=True):
            column[np.concatenate(where)] = 1.0
        high = np.array([key[1] for key in variations])
        low = np.array([key[2] for key in variations])
        self._up, self._down = np.log(high), np.log(low)
        # code4: high^α for α > 1, low^-α for α < -1, and between them the polynomial in α of order
        # 6 that is 1 at 0 and has their values and two derivatives at ±1
        k = np.arange(1, 7)
        even = (-1) ** k
        matrix = [k**0, even, k, -k * even, k * (k - 1), k * (k - 1) * even]
        values = [
            *(high - 1, low - 1, high * self._up, -low * self._down),
            *(high * self._up**2, low * self._down**2),
        ]
        c = np.vstack([np.ones(len(high)), np.linalg.solve(np.array(matrix), np.array(values))])
        k = np.arange(7)[:, None]
        zero = np.zeros((1, len(high)))
        # N and two derivatives, by powers of α
        self._polynomials = np.array(
            [c, np.vstack([(k * c)[1:], zero]), np.vstack([(k * (k - 1) * c)[2:], zero, zero])]
        )

    def _inside(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """N and two derivatives within ±1, shape (3, ..., variations), and what is beyond of |α|.

        α of the variations, shape (..., variations).
        """
        inside = np.minimum(np.maximum(alpha, -1.0), 1.0)
        powers = np.empty((7, *alpha.shape))
        powers[0], powers[1:] = 1.0, inside
        np.multiply.accumulate(powers, out=powers)
        lead = (1,) * (alpha.ndim - 1)
        polynomials = self._polynomials.reshape(3, 7, *lead, -1)
        return (polynomials * powers).sum(axis=1), np.abs(alpha - inside)

    def interpolate(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """ln N and its derivative, for every variation; α of shape (..., parameters)."""
        alpha = alpha[..., self._index]
        (norm, slope, _), beyond = self._inside(alpha)
        log_norm = np.log(norm) + beyond * np.where(alpha > 0, self._up, self._down)
        return log_norm, slope / norm

    def curvature(self, alpha: np.ndarray) -> np.ndarray:
        """The second derivative of ln N."""
        norm, slope, curvature = self._inside(alpha[..., self._index])[0]
        return np.asarray(curvature / norm - (slope / norm) ** 2)


def code4p(alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """q(α) of code4p and its derivative: |α|, but (15 α² - 10 α⁴ + 3 α⁶)/8 within ±1."""
    inside = np.minimum(np.maximum(alpha, -1.0), 1.0)
    x = inside * inside
    q = x * (15 / 8 + x * (3 / 8 * x - 10 / 8)) + np.abs(alpha - inside)
    return q, inside * (15 / 4 + x * (9 / 4 * x - 20 / 4))


def code4p_curvature(alpha: np.ndarray) -> np.ndarray:
    """The second derivative of the weight of code4p."""
    x = np.minimum(alpha * alpha, 1.0)
    return 15 / 4 * (1 - x) * (1 - 3 * x)
