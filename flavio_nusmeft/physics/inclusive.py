"""B -> X_c l + inv and B -> X_s + inv.

B -> X_c: flavio's SM rate, new physics relative to it or at tree level.

Active neutrinos: flavio's rate in the SM, with its perturbative and power corrections
(arXiv:1107.3100), times the tree-level ratio of the rates with and without new physics; flavio
corrects new physics by the same factor. (Its own interferences have Re(C_i C_j) in place of
Re(C_i C_j*) and are right for real coefficients only.) These corrections do not know the mass of
the τ: R(X_c), τ over the mean of e and μ, is 0.250, 12% above the 0.223 of arXiv:1506.08896.

Final states with N, and active neutrinos through operators that WET does not have, are added at
tree level, at parton level, with the masses that flavio takes: m_b in the kinetic scheme at 1 GeV
and m_c(3 GeV).

B -> X_s: the decay of a b quark with the mass of the 1S scheme, times the QCD correction of the
massless vector current for all operators, as in arXiv:1409.4557. Power corrections, -3% there, are
left out; the parameter ``delta_BXsinv`` stands for them, and for those of other operators and of
massive N, which are not known.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..formulas.quadrature import nodes
from ..formulas.quark_widths import QUARK_TERMS, quark
from ..formulas.widths import term_indices
from . import channels
from .cache import ParameterCache
from .channels import CouplingSet
from .rates import Quantity, Rate, evaluate

__all__ = ["rates", "strange_rate"]

_TERMS = term_indices(QUARK_TERMS)


def _form(par: Mapping[str, float], kind: tuple[str, float]) -> tuple[np.ndarray, float]:
    """Integrated coefficients of the tree-level branching ratio, shape (neutrinos, terms).

    And flavio's SM branching ratio over that of tree level.
    """
    lepton, scale = kind
    running = flavio.physics.running.running
    m_b, m_c = running.get_mb_KS(par, 1.0), running.get_mc(par, 3.0)
    m1, m2 = np.array(channels.masses(par, lepton)).T
    q2, weights = nodes(m1, m2, (m_b - m_c) ** 2)
    coefficients = quark(q2, m_b, m_c, m1[:, None], m2[:, None])
    lifetime = (par["tau_B0"] + par["tau_B+"]) / 2
    form = lifetime * (coefficients * weights).sum(axis=-1).T
    tree = Rate(CouplingSet("bc", lepton, scale, "active"), form, _TERMS)
    sm = flavio.physics.bdecays.bxlnu.BR_BXclnu(par, flavio.WilsonCoefficients(), lepton)
    return form, float(sm) / evaluate(Quantity((tree,)), None, par)


_cached_form = ParameterCache(_form)


def rates(par: Mapping[str, float], lepton: str) -> tuple[Rate, Rate]:
    """Branching ratio of B -> X_c l + inv, the average of B0 and B+ as in flavio.

    As the sum of the parts with active and with sterile neutrinos.
    """
    scale = flavio.config["renormalization scale"]["bxlnu"]
    form, correction = _cached_form(par, (lepton, scale))
    return (
        Rate(CouplingSet("bc", lepton, scale, "active"), form, _TERMS, correction),
        Rate(CouplingSet("bc", lepton, scale, "sterile"), form, _TERMS),
    )


def _strange_form(par: Mapping[str, float], kind: tuple[float]) -> np.ndarray:
    """Form of the branching ratio of B -> X_s + inv, shape (pairs of neutrinos, terms)."""
    (scale,) = kind
    running = flavio.physics.running.running
    m_b, m_s = running.get_mb_1S(par), running.get_ms(par, scale)
    m1, m2 = np.array(channels.masses(par, None)).T
    q2, weights = nodes(m1, m2, (m_b - m_s) ** 2)
    coefficients = quark(q2, m_b, m_s, m1[:, None], m2[:, None])
    alpha_s = running.get_alpha(par, m_b)["alpha_s"]
    kappa = 1 + alpha_s / np.pi * (25 / 6 - 2 * np.pi**2 / 3)
    lifetime = (par["tau_B0"] + par["tau_B+"]) / 2
    correction = kappa * (1 + par["delta_BXsinv"])
    form = lifetime * correction * (coefficients * weights).sum(axis=-1).T
    return np.asarray(form / channels.symmetry_factors(None)[:, None])


_cached_strange_form = ParameterCache(_strange_form)


def strange_rate(par: Mapping[str, float]) -> Rate:
    """Branching ratio of B -> X_s + inv without the τ part, the average of B0 and B+."""
    scale = flavio.config["renormalization scale"]["bxll"]
    return Rate(CouplingSet("bs", None, scale), _cached_strange_form(par, (scale,)), _TERMS)
