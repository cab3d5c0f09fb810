"""Other explanations of B+ -> K+ + inv than N, by their spectra alone, for `Belle2Likelihood`.

A spectrum is an array of branching ratios in the 100 bins of generated q², without the SM; where it
interferes with it, it may be negative. `Belle2Likelihood.function` makes a log-likelihood of it.

- `resonance`: B+ -> K+ X with X invisible
- `dark_scalars`: B+ -> K+ + a pair of scalars, by the scalar or the vector current
- `binned`: of any dBR/dq²
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import flavio
import numpy as np

from .._inputs import all_parameters, number, text
from ..errors import InvalidMass, InvalidShape, InvalidValue
from ..formulas.kinematics import kallen
from ..formulas.quadrature import bin_nodes
from ..physics.formfactors import form_factors
from ..physics.modes import SEMI_INVISIBLE
from .record import EDGES

__all__ = ["binned", "dark_scalars", "resonance"]


def __dir__() -> list[str]:
    return sorted(__all__)


_MODE = SEMI_INVISIBLE["B+->K"]
_NODES = 20  # in a bin
_NARROW = 1e-6  # GeV²; a narrower line is one without width, to 1e-4 of its branching ratio


def binned(density: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Branching ratios in the 100 bins.

    By 20 Gauss-Legendre nodes in every bin: exact for smooth spectra, to some per cent of a bin
    where a threshold lies in it.

    Parameters
    ----------
    density : callable
        dBR/dq² (GeV^-2) at q² (GeV², array), 0 outside of phase space.

    Returns
    -------
    ndarray
        Shape (100,).

    Raises
    ------
    InvalidShape
    """
    x, w = np.polynomial.legendre.leggauss(_NODES)
    low, width = np.array(EDGES[:-1]), np.diff(EDGES)
    q2 = low[:, None] + width[:, None] * (x + 1) / 2
    values = np.asarray(density(q2.ravel()), dtype=float)
    if values.shape != (q2.size,):
        raise InvalidShape(
            f"dBR/dq² at q² of shape ({q2.size},) must have this shape, not {values.shape}"
        )
    return np.asarray((values.reshape(q2.shape) * w).sum(axis=1) * width / 2)


def resonance(
    BR: float, m_X: float, width: float = 0.0, par: Mapping[str, float] | None = None
) -> np.ndarray:
    """B+ -> K+ X: a line in q², dBR/dq² ∝ 1/((q² - m_X²)² + m_X² Γ²).

    Without factors of phase space and form factors, which depend on the spin of X and hardly change
    over a line. The efficiencies are known as averages of the bins; here they are linear between
    the middles of bins, so that ln L is continuous in the mass, also for a line without width.

    Parameters
    ----------
    BR : float
        BR(B+ -> K+ X) BR(X -> inv), in all of phase space.
    m_X : float
        Mass, GeV.
    width : float, default 0.0
        Γ of X, constant, GeV.
    par : mapping of str to float, optional
        All parameters of flavio, for the masses of B+ and K+; default: central values.

    Returns
    -------
    ndarray
        Shape (100,), with the sum BR.

    Raises
    ------
    InvalidMass
        Negative, or above m_B - m_K.
    InvalidValue
    """
    BR, m_X, width = number("BR", BR), number("m_X", m_X), number("width", width)
    m_B, m_K = _masses(par)
    if not 0 <= m_X <= m_B - m_K:
        raise InvalidMass(f"m_X = {m_X} GeV is not between 0 and m_B - m_K = {m_B - m_K:.4g} GeV")
    if not 0 <= width < np.inf:
        raise InvalidValue(f"width = {width} GeV must be finite and not negative")
    edges = np.array(EDGES)
    middles = (edges[1:] + edges[:-1]) / 2
    position, half = m_X**2, m_X * width
    if half < _NARROW:
        where = np.interp(position, middles, np.arange(len(middles)))
        return BR * np.maximum(1 - abs(np.arange(len(middles)) - where), 0)
    ends = np.array([0.0, (m_B - m_K) ** 2])
    total, _ = _line(ends, position, half)
    points = np.concatenate([ends[:1], middles, ends[1:]])
    integral, moment = (np.diff(part) for part in _line(points, position, half))
    # what lies between two middles goes to both bins, in proportion to the distances
    above = (moment[1:-1] - middles[:-1] * integral[1:-1]) / np.diff(middles)
    bins = np.zeros(len(middles))
    bins[:-1] += integral[1:-1] - above
    bins[1:] += above
    bins[0] += integral[0]
    bins[-1] += integral[-1]
    return np.asarray(BR * bins / (total[1] - total[0]))


def _line(q2: np.ndarray, position: float, half: float) -> tuple[np.ndarray, np.ndarray]:
    """Integrals to q² of a line, and of q² times it, up to constants."""
    x = (q2 - position) / half
    integral = np.arctan(x)
    return integral, position * integral + half / 2 * np.log1p(x * x)


def dark_scalars(
    BR: float, m_phi: float, current: str = "scalar", par: Mapping[str, float] | None = None
) -> np.ndarray:
    """B+ -> K+ φ φ with invisible scalars.

    For (s̄ b) φ φ, dBR/dq² ∝ √λ β f0², with λ = λ(m_B², m_K², q²) and β² = 1 - 4 m_φ²/q²; for
    (s̄ γ_μ b)(φ* i∂^μ φ - h.c.) it is λ^(3/2) β³ f+², for massless φ the shape of the SM. Form
    factors are those of ``BR_SD(B+->Kinv)`` here.

    Parameters
    ----------
    BR : float
        The branching ratio.
    m_phi : float
        Mass of one scalar, GeV.
    current : {"scalar", "vector"}
        Of the quarks.
    par : mapping of str to float, optional
        All parameters of flavio; default: central values.

    Returns
    -------
    ndarray
        Shape (100,), with the sum BR.

    Raises
    ------
    InvalidMass
        Negative, or without phase space.
    InvalidValue
    """
    BR, m_phi, current = number("BR", BR), number("m_phi", m_phi), text("current", current)
    if current not in ("scalar", "vector"):
        raise InvalidValue(f"current = '{current}' must be 'scalar' or 'vector'")
    par = _parameters(par)
    m_B, m_K = _masses(par)
    if not 0 <= m_phi < (m_B - m_K) / 2:
        raise InvalidMass(
            f"m_phi = {m_phi} GeV is not between 0 and (m_B - m_K)/2 = {(m_B - m_K) / 2:.4g} GeV"
        )
    low, high, endpoint = np.array(EDGES[:-1]), np.array(EDGES[1:]), (m_B - m_K) ** 2
    high[-1] = max(high[-1], endpoint)  # the last edge is rounded
    open_bins = np.flatnonzero((high > 4 * m_phi**2) & (low < endpoint))
    q2, weights, bins = bin_nodes(m_phi, m_phi, endpoint, low[open_bins], high[open_bins])
    factors = form_factors(_MODE.form_factors, par, q2)
    momentum = np.sqrt(np.maximum(kallen(m_B**2, m_K**2, q2), 0))
    velocity = np.sqrt(np.maximum(1 - 4 * m_phi**2 / q2, 0))
    if current == "scalar":
        density = momentum * velocity * factors["f0"] ** 2
    else:
        density = (momentum * velocity) ** 3 * factors["f+"] ** 2
    sums = np.bincount(open_bins[bins], density * weights, minlength=len(EDGES) - 1)
    return np.asarray(BR * sums / sums.sum())


def _parameters(par: Mapping[str, float] | None) -> Mapping[str, float]:
    if par is None:
        central: dict[str, float] = flavio.default_parameters.get_central_all()
        return central
    all_parameters(par)
    return par


def _masses(par: Mapping[str, float] | None) -> tuple[float, float]:
    """Of B+ and K+, GeV."""
    par = _parameters(par)
    return par[f"m_{_MODE.B}"], par[f"m_{_MODE.M}"]
