"""B -> M + inv (short distance) and B -> M l + inv: rates and longitudinal fractions.

A rate is the sum over channels and terms of a form, which depends on parameters, masses and the
bin only, times a product of couplings. Forms are integrated once and remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flavio
import numpy as np

from . import channels
from .cache import ParameterCache
from .formfactors import form_factors, implementation
from .integrate import nodes
from .modes import SEMI_INVISIBLE, SEMILEPTONIC, ExclusiveMode
from .widths import PSEUDOSCALAR_TERMS, VECTOR_TERMS, pseudoscalar, term_indices, vector

__all__ = ["branching_ratio", "differential", "longitudinal"]

_MODES = SEMI_INVISIBLE | SEMILEPTONIC
_MASSLESS_Q2 = 1e-12  # GeV²; stands in for q² = 0, where massless rates have a finite limit
_TERMS = {0: term_indices(PSEUDOSCALAR_TERMS), 1: term_indices(VECTOR_TERMS)}


def _coefficients(
    par: Mapping[str, float],
    mode: ExclusiveMode,
    scale: float,
    q2: np.ndarray,
    m1: np.ndarray,
    m2: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Total and longitudinal coefficients of dBR/dq² (GeV^-2), shape (terms, masses, nodes)."""
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
    """Total and longitudinal quadratic forms, shape (channels, terms): integrated over the bin,
    or at the point q² if q2min = q2max."""
    name, scale, _ = kind
    mode = _MODES[name]
    endpoint = (par[f"m_{mode.B}"] - par[f"m_{mode.M}"]) ** 2
    # channels with equal masses share their integrals
    channel_masses = channels.masses(par, mode.lepton)
    distinct = {pair: k for k, pair in enumerate(dict.fromkeys(channel_masses))}
    m1, m2 = np.array(list(distinct)).T
    if q2min == q2max:
        q2, weights = _point(m1, m2, endpoint, q2min)
    else:
        q2, weights = nodes(m1, m2, endpoint, q2min, q2max)
    position = [distinct[pair] for pair in channel_masses]
    symmetry = channels.symmetry_factors(mode.lepton)[:, None]
    total, part = (
        (coefficients * weights).sum(axis=-1).T[position] / symmetry
        for coefficients in _coefficients(par, mode, scale, q2, m1[:, None], m2[:, None])
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
    mode: ExclusiveMode,
    q2min: float,
    q2max: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Total and longitudinal forms and the products of couplings; a rate is their sum."""
    scale = flavio.config["renormalization scale"][mode.scale]
    kind = (mode.name, scale, implementation(mode.form_factors))
    total, part = _cached_forms(par, kind, q2min, q2max)
    C = channels.couplings(wc_obj, par, mode.quarks, mode.lepton, scale)
    first, second = _TERMS[mode.spin]
    return total, part, (C[:, first] * C[:, second].conj()).real


def _rate(
    wc_obj: flavio.WilsonCoefficients,
    par: Mapping[str, float],
    mode: ExclusiveMode,
    q2min: float,
    q2max: float,
) -> float:
    total, _, products = _evaluate(wc_obj, par, mode, q2min, q2max)
    return float(np.vdot(total, products))


def branching_ratio(
    wc_obj: flavio.WilsonCoefficients,
    par: Mapping[str, float],
    mode: ExclusiveMode,
    q2min: float = 0.0,
    q2max: float = np.inf,
) -> float:
    """Branching ratio in q2min < q² < q2max (GeV²), without the long-distance part."""
    if q2min == q2max:
        return 0.0
    return _rate(wc_obj, par, mode, q2min, q2max)


def differential(
    wc_obj: flavio.WilsonCoefficients, par: Mapping[str, float], mode: ExclusiveMode, q2: float
) -> float:
    """dBR/dq² (GeV^-2) without the long-distance part; 0 outside of phase space."""
    if q2 < 0:
        return 0.0
    return _rate(wc_obj, par, mode, q2, q2)


def longitudinal(
    wc_obj: flavio.WilsonCoefficients,
    par: Mapping[str, float],
    mode: ExclusiveMode,
    q2min: float = 0.0,
    q2max: float = np.inf,
) -> float:
    """Longitudinal fraction F_L of a bin, or at the point q² = q2min = q2max; 0 if closed."""
    if q2max < 0:
        return 0.0
    total, part, products = _evaluate(wc_obj, par, mode, q2min, q2max)
    rate = np.vdot(total, products)
    return float(np.vdot(part, products) / rate) if rate > 0 else 0.0
