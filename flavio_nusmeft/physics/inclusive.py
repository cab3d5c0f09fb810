"""B -> X_c l + inv and B -> X_s + inv.

B -> X_c: flavio's SM rate, new physics relative to it or at tree level.

Active neutrinos: flavio's rate in the SM, with its perturbative and power corrections
(`corrections.inclusive`), times the tree-level ratio of the rates with and without new physics;
flavio corrects new physics by the same factor. (Its own interferences have Re(C_i C_j) in place of
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
from .cache import ParameterCache
from .channels import CouplingSet
from .corrections import inclusive_masses
from .rates import Form, Rate, Spectra

__all__ = ["rate", "strange_rate"]

_TERMS = term_indices(QUARK_TERMS)


def _spectra(
    par: Mapping[str, float], kind: tuple[str], pairs: tuple[tuple[float, float], ...]
) -> Spectra:
    """Coefficients of the branching ratio, at tree level, for B -> X_s with its corrections."""
    (quarks,) = kind
    running = flavio.physics.running.running
    factor = (par["tau_B0"] + par["tau_B+"]) / 2
    if quarks == "bc":
        m_b, m_q = inclusive_masses(par)
    else:
        m_b, m_q = running.get_mb_1S(par), running.get_ms(par, _scale("bxll"))
        alpha_s = running.get_alpha(par, m_b)["alpha_s"]
        factor *= 1 + alpha_s / np.pi * (25 / 6 - 2 * np.pi**2 / 3)
        factor *= 1 + par["delta_BXsinv"]
    m1, m2 = np.array(pairs).T
    q2, weights = nodes(m1, m2, (m_b - m_q) ** 2)
    coefficients = quark(q2, m_b, m_q, m1[:, None], m2[:, None])
    return Spectra(q2, (coefficients * weights,), m_b, m_q, factor)


def _forms(
    par: Mapping[str, float], kind: tuple[str], pairs: tuple[tuple[float, float], ...]
) -> tuple[np.ndarray, ...]:
    """`_spectra` integrated, shape (pairs of masses, terms)."""
    return _spectra(par, kind, pairs).integrals()


_cached_forms = ParameterCache(_forms)
_cached_spectra = ParameterCache(_spectra, maxsize=256)


def _scale(key: str) -> float:
    return float(flavio.config["renormalization scale"][key])


def _rate(couplings: CouplingSet) -> Rate:
    form = Form(_cached_forms, (couplings.quarks,), (), 0, _cached_spectra, "B")
    return Rate(couplings, form, _TERMS)


def rate(lepton: str) -> Rate:
    """Branching ratio of B -> X_c l + inv, the average of B0 and B+ as in flavio."""
    return _rate(CouplingSet("bc", lepton, _scale("bxlnu"), "inclusive"))


def strange_rate() -> Rate:
    """Branching ratio of B -> X_s + inv without the τ part, the average of B0 and B+."""
    return _rate(CouplingSet("bs", None, _scale("bxll")))
