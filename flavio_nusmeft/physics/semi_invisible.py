"""B -> M + inv, short distance: rates and longitudinal fractions summed over all neutrinos.

The rate of a pair of Majorana neutrinos is Γ_Dirac(C_ab)/(1 + δ_ab), summed over the 21 pairs
(arXiv:2309.02940 Eq. (14)).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flavio
import numpy as np

from ..errors import InvalidMass
from .cache import ParameterCache
from .couplings import PAIRS, pair_couplings
from .formfactors import form_factors, implementation
from .integrate import nodes
from .modes import SEMI_INVISIBLE, SemiInvisibleMode
from .widths import COMPONENTS, PSEUDOSCALAR_TERMS, VECTOR_TERMS, pseudoscalar, vector

__all__ = ["branching_ratio", "differential", "longitudinal", "neutrino_masses"]

_MASSLESS_Q2 = 1e-12  # GeV²; stands in for q² = 0, where massless rates have a finite limit


# for every spin of M the components of the first and of the second coupling of every term
_TERMS = {
    spin: np.array([[COMPONENTS.index(c) for c in pair] for pair in terms]).T
    for spin, terms in ((0, PSEUDOSCALAR_TERMS), (1, VECTOR_TERMS))
}
_IDENTICAL = np.array([2.0 if a == b else 1.0 for a, b in PAIRS])[:, None]


def neutrino_masses(par: Mapping[str, float]) -> np.ndarray:
    """Masses of the six neutrinos (GeV): three massless ones, m_N1, m_N2 and m_N3.

    Raises
    ------
    InvalidMass
    """
    sterile = [float(par[f"m_N{i}"]) for i in (1, 2, 3)]
    for i, mass in enumerate(sterile, start=1):
        if not 0 <= mass < np.inf:
            raise InvalidMass(f"m_N{i} = {mass} GeV: a mass must be finite and not negative")
    return np.array([0.0, 0.0, 0.0, *sterile])


def _coefficients(
    par: Mapping[str, float],
    mode: SemiInvisibleMode,
    q2: np.ndarray,
    m1: np.ndarray,
    m2: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Total and longitudinal coefficients of dBR/dq² (GeV^-2), shape (terms, pairs, nodes)."""
    scale = flavio.config["renormalization scale"][mode.scale]
    running = flavio.physics.running.running
    m_b, m_q = running.get_mb(par, scale), running.get_mq(mode.quarks[1], par, scale)
    m_B, m_M = par[f"m_{mode.B}"], par[f"m_{mode.M}"]
    ffs = form_factors(mode.form_factors, par, q2)
    if mode.spin == 0:
        total = pseudoscalar(q2, m_B, m_M, m1, m2, ffs, m_b, m_q)
        part = np.zeros_like(total)
    else:
        total, part = vector(q2, m_B, m_M, m1, m2, ffs, m_b, m_q)
    factor = par[f"tau_{mode.B}"]
    if mode.width_factor is not None:
        factor = factor * par[mode.width_factor]
    return total * factor, part * factor


def _forms(
    par: Mapping[str, float], kind: tuple[Any, ...], q2min: float, q2max: float
) -> tuple[np.ndarray, np.ndarray]:
    """Total and longitudinal quadratic forms, shape (pairs, terms): integrated over the bin,
    or at the point q² if q2min = q2max."""
    mode = SEMI_INVISIBLE[kind[0]]
    endpoint = (par[f"m_{mode.B}"] - par[f"m_{mode.M}"]) ** 2
    masses = neutrino_masses(par).tolist()
    # pairs of equal masses share their integrals
    pair_masses = [(masses[a], masses[b]) for a, b in PAIRS]
    distinct = {pair: k for k, pair in enumerate(dict.fromkeys(pair_masses))}
    m1, m2 = np.array(list(distinct)).T
    if q2min == q2max:
        q2, weights = _point(m1, m2, endpoint, q2min)
    else:
        q2, weights = nodes(m1, m2, endpoint, q2min, q2max)
    position = [distinct[pair] for pair in pair_masses]
    total, part = (
        (coefficients * weights).sum(axis=-1).T[position] / _IDENTICAL
        for coefficients in _coefficients(par, mode, q2, m1[:, None], m2[:, None])
    )
    return total, part


def _point(
    m1: np.ndarray, m2: np.ndarray, endpoint: float, q2: float
) -> tuple[np.ndarray, np.ndarray]:
    """One node of weight 1 at q², of weight 0 where q² lies outside of phase space."""
    threshold = (m1 + m2) ** 2
    is_open = (threshold < q2) & (q2 <= endpoint) | (threshold == 0) & (q2 == 0)
    inside = min(max(q2, _MASSLESS_Q2), endpoint)
    return np.full((len(m1), 1), inside), is_open[:, None].astype(float)


_cached_forms = ParameterCache(_forms)


def _evaluate(
    wc_obj: flavio.WilsonCoefficients,
    par: Mapping[str, float],
    mode: SemiInvisibleMode,
    q2min: float,
    q2max: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Total and longitudinal forms and the products of couplings; a rate is their sum."""
    kind = (mode.name, implementation(mode.form_factors))
    total, part = _cached_forms(par, kind, q2min, q2max)
    scale = flavio.config["renormalization scale"][mode.scale]
    C = pair_couplings(wc_obj, par, mode.quarks, scale)
    first, second = _TERMS[mode.spin]
    return total, part, (C[:, first] * C[:, second].conj()).real


def _rate(
    wc_obj: flavio.WilsonCoefficients,
    par: Mapping[str, float],
    mode: SemiInvisibleMode,
    q2min: float,
    q2max: float,
) -> float:
    total, _, products = _evaluate(wc_obj, par, mode, q2min, q2max)
    return float(np.vdot(total, products))


def branching_ratio(
    wc_obj: flavio.WilsonCoefficients,
    par: Mapping[str, float],
    mode: SemiInvisibleMode,
    q2min: float = 0.0,
    q2max: float = np.inf,
) -> float:
    """Branching ratio in q2min < q² < q2max (GeV²), without the long-distance part."""
    if q2min == q2max:
        return 0.0
    return _rate(wc_obj, par, mode, q2min, q2max)


def differential(
    wc_obj: flavio.WilsonCoefficients, par: Mapping[str, float], mode: SemiInvisibleMode, q2: float
) -> float:
    """dBR/dq² (GeV^-2) without the long-distance part; 0 outside of phase space."""
    if q2 < 0:
        return 0.0
    return _rate(wc_obj, par, mode, q2, q2)


def longitudinal(
    wc_obj: flavio.WilsonCoefficients,
    par: Mapping[str, float],
    mode: SemiInvisibleMode,
    q2min: float = 0.0,
    q2max: float = np.inf,
) -> float:
    """Longitudinal fraction F_L of a bin, or at the point q² = q2min = q2max; 0 if closed."""
    if q2max < 0:
        return 0.0
    total, part, products = _evaluate(wc_obj, par, mode, q2min, q2max)
    rate = np.vdot(total, products)
    return float(np.vdot(part, products) / rate) if rate > 0 else 0.0
