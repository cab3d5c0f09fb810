"""τ -> μ(e) + inv and μ -> e + inv.

The decay of a quark at parton level, `quark_widths.quark`, with the masses of the charged leptons;
times flavio's QED correction of the massless vector current (arXiv:1310.7922 Eq. (3)) for all
operators. The correction of m_i²/m_W², +3e-4 for the τ, is left out, as in flavio.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..formulas.quadrature import nodes
from ..formulas.quark_widths import QUARK_TERMS, quark
from ..formulas.widths import term_indices
from .cache import ParameterCache
from .channels import CouplingSet
from .mixing import unmixed
from .neutral_couplings import TRANSITIONS
from .rates import Form, Quantity, Rate, evaluate

__all__ = ["rate", "standard_muon"]

_TERMS = term_indices(QUARK_TERMS)
_SCALES = {"tau": "taudecays", "mu": "mudecays"}


def _scale(initial: str) -> float:
    return float(flavio.config["renormalization scale"][_SCALES[initial]])


def _forms(
    par: Mapping[str, float], kind: tuple[str, str], pairs: tuple[tuple[float, float], ...]
) -> tuple[np.ndarray, ...]:
    """Integrated coefficients of the branching ratio, shape (pairs of masses, terms)."""
    initial, final = kind
    m_i, m_j = par[f"m_{initial}"], par[f"m_{final}"]
    flavours = TRANSITIONS[initial + final].theory.flavours
    alpha = flavio.physics.running.running.get_alpha_e(par, _scale(initial), nf_out=flavours)
    factor = par[f"tau_{initial}"] * (1 + alpha / (2 * np.pi) * (25 / 4 - np.pi**2))
    m1, m2 = np.array(pairs).T
    q2, weights = nodes(m1, m2, (m_i - m_j) ** 2)
    coefficients = quark(q2, m_i, m_j, m1[:, None], m2[:, None])
    return (factor * (coefficients * weights).sum(axis=-1).T,)


_cached_forms = ParameterCache(_forms)


def rate(initial: str, final: str) -> Rate:
    """Branching ratio of initial -> final + inv.

    Without N that of flavio, of active neutrinos through all its operators.

    Parameters
    ----------
    initial, final : ``tau`` and ``mu`` or ``e``, or ``mu`` and ``e``
    """
    couplings = CouplingSet(initial + final, None, _scale(initial))
    return Rate(couplings, Form(_cached_forms, (initial, final)), _TERMS)


def _standard(par: Mapping[str, float], kind: None) -> float:
    return evaluate(Quantity((rate("mu", "e"),)), None, unmixed(par))


_cached_standard = ParameterCache(_standard)


def standard_muon(par: Mapping[str, float]) -> float:
    """Branching ratio of μ -> e + inv in the SM without mixing: 1 within 1e-4."""
    return _cached_standard(par, None)
