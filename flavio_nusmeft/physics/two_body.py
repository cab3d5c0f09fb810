"""B_s -> inv, B0 -> inv and B_c -> l + inv.

With x = m/m_B, Δ = C - C', the width of two Dirac fermions is

    Γ = λ^½(1, x_a², x_b²) m_B³ f² / (32 π)
        · { |Δ_V (x_a - x_b) + Δ_S/(x_b + x_s)|² [1 - (x_a + x_b)²]
          + |Δ_A (x_a + x_b) + Δ_P/(x_b + x_s)|² [1 - (x_a - x_b)²] }.

For a pair of Majorana neutrinos, divided by 1 + δ_ab, this is twice arXiv:2309.02940 Eqs. (15),
(16), (24), (25): the Lagrangian (20) and the form factors (23) of that paper give this
normalisation, which also reproduces the textbook rates of B -> l nu and B_s -> l l.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from . import channels
from .kinematics import kallen
from .modes import TwoBodyMode
from .widths import COMPONENTS

__all__ = ["branching_ratio", "two_body_width"]

_V, _A, _S, _P = (COMPONENTS.index(f"{name}-") for name in "VASP")


def two_body_width(
    m_B: float, f_B: float, quark_masses: float, m1: np.ndarray, m2: np.ndarray, C: np.ndarray
) -> np.ndarray:
    """Width (GeV) of B -> f1 f2 for distinguishable Dirac fermions.

    Parameters
    ----------
    quark_masses : sum of the running masses of the meson's quarks, GeV
    m1, m2 : shape (pairs,), GeV
    C : couplings, shape (pairs, 10) as in `widths.COMPONENTS`, GeV^-2
    """
    x1, x2 = m1 / m_B, m2 / m_B
    is_open = x1 + x2 < 1
    root = np.sqrt(np.where(is_open, kallen(np.ones_like(x1), x1**2, x2**2), 0.0))
    chirality = m_B / quark_masses
    vector = abs(C[:, _V] * (x1 - x2) + C[:, _S] * chirality) ** 2 * (1 - (x1 + x2) ** 2)
    axial = abs(C[:, _A] * (x1 + x2) + C[:, _P] * chirality) ** 2 * (1 - (x1 - x2) ** 2)
    return np.asarray(root * m_B**3 * f_B**2 / (32 * np.pi) * (vector + axial))


def branching_ratio(
    wc_obj: flavio.WilsonCoefficients, par: Mapping[str, float], mode: TwoBodyMode
) -> float:
    """Branching ratio, summed over all neutrinos or pairs of them."""
    scale = flavio.config["renormalization scale"]["bll"]
    running = flavio.physics.running.running
    quark_masses = sum(running.get_mq(quark, par, scale) for quark in mode.quarks)
    m1, m2 = np.array(channels.masses(par, mode.lepton)).T
    widths = two_body_width(
        par[f"m_{mode.B}"],
        par[f"f_{mode.B}"],
        quark_masses,
        m1,
        m2,
        channels.couplings(wc_obj, par, mode.quarks, mode.lepton, scale),
    )
    return float(par[f"tau_{mode.B}"] * (widths / channels.symmetry_factors(mode.lepton)).sum())
