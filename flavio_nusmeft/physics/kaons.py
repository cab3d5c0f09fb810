"""What K -> pi + inv has beyond the other decays: the normalisation, charm, and K_L and K_S.

Normalisation. flavio takes BR(K -> pi nu nubar) = κ_ν |A|²/(3 |V_us|²) per neutrino flavour, with
κ_ν of arXiv:0705.2025: K_l3 data, isospin breaking and QED corrections instead of form factors.
Here every rate of K -> pi + inv, differential ones and those with N included, is multiplied by
one constant, so that a massless pair with a vector current has exactly this branching ratio.
The form factors of K -> pi give the shape in q² and the scalar and tensor relative to the vector.

K_L. With C|K0> = |K0bar>, that is CP|K0> = -|K0bar>, and indirect CP violation neglected,
K_L = (K0 + K0bar)/√2 in the phase convention where V_us V_ud* is real. Charge conjugation gives

    <pi0|s̄ Γ d|K0> = η <pi0|d̄ Γ s|K0bar>,   η = -1, +1, -1 for vector, scalar and tensor,

and hermiticity the couplings of s̄ Γ d from those C of d̄ Γ s: -C* for V+, P+, T+ and C* for A+,
S+, T- (V and T are antisymmetric in the neutrinos). The amplitude of K_L is therefore that of
K0bar with

    C -> √2 Re C for V+, S+, T+,   C -> √2 i Im C for A+, P+, T-.

A K_S has Re and Im exchanged, so that Γ(K_L) + Γ(K_S) = Γ(K0) + Γ(K0bar): the bound of
Grossman and Nir (hep-ph/9701313), BR(K_L) <= 4.3 BR(K+) for massless vectors. Scalars, tensors
and massive N feel the larger energy release of K0 -> pi0: 5% more for massless scalars, and pairs
heavier than 0.354 GeV are open to K_L alone.

K_L, K_S -> inv. Here <0|s̄ Γ d|K0> = <0|d̄ Γ s|K0bar> for the axial vector and the pseudoscalar,
and the couplings of s̄ Γ d are -C* for V-, S- and C* for A-, P-, so that

    C -> √2 i Im C for V-, S-,   C -> √2 Re C for A-, P-

in K_L; again K_S has Re and Im exchanged. A pair with V- or S- has CP = +1, one with A- or P-
CP = -1, as the K_L.

For active neutrinos |C_L|² is |X_ij - X_ji*|² of that paper: without flavour conservation the
final state is no eigenstate of CP. flavio takes (Im X_ij)² for i ≠ j, too, which depends on the
phases of the neutrinos; for i = j both are the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..formulas.widths import COMPONENTS

__all__ = ["annihilated", "charm", "long_lived", "massless_rate"]

_REAL = np.array([component in ("V+", "S+", "T+") for component in COMPONENTS])
_IMAGINARY = np.array([component in ("A+", "P+", "T-") for component in COMPONENTS])
_CP_EVEN = np.array([component in ("V-", "S-") for component in COMPONENTS])
_CP_ODD = np.array([component in ("A-", "P-") for component in COMPONENTS])


def massless_rate(par: Mapping[str, float], kaon: str, scale: float) -> float:
    """Branching ratio of one pair of massless fermions per |C|² of a coupling A+, GeV^4.

    For distinguishable Dirac fermions, as in `widths`: twice that of identical Majorana ones.

    Parameters
    ----------
    kaon : ``plus`` for K+ -> pi+, ``long`` for K_L -> pi0 with couplings from `long_lived`
    scale : renormalisation scale, GeV; the result does not depend on it
    """
    kappa = flavio.physics.kdecays.kpinunu.kappa_nu_tilde(par, kaon)
    alpha = flavio.physics.running.running.get_alpha(par, scale)["alpha_e"]
    V_us = abs(flavio.physics.ckm.get_ckm(par)[0, 1])
    # flavio's amplitude A = -s_W² C / (4 G_F/√2 α/2π); Im(C)² = |C_L|²/2 in K_L
    amplitude = par["s2w"] / (4 * par["GF"] / np.sqrt(2) * alpha / (2 * np.pi))
    mixture = {"plus": 1.0, "long": 0.5}[kaon]
    return float(2 * mixture * kappa * (amplitude / V_us) ** 2 / 3)


def charm(par: Mapping[str, float]) -> complex:
    """The charm contribution to V_ts V_td* C_L of s -> d nu nubar, as in flavio.

    P_c(X) of hep-ph/0603079, the same for the three flavours, and the long-distance δP_cu.
    """
    V_us = abs(flavio.physics.ckm.get_ckm(par)[0, 1])
    P_c = flavio.physics.kdecays.kpinunu.kpinunu_charm(par) + par["deltaPcu"]
    return complex(-flavio.physics.ckm.xi("c", "sd")(par) * P_c * V_us**4 / par["s2w"])


def long_lived(couplings: np.ndarray) -> np.ndarray:
    """Couplings of K_L -> pi0 f_a f_b from those of K0bar, shape (pairs, 10)."""
    parts = np.where(_REAL, couplings.real, 0) + 1j * np.where(_IMAGINARY, couplings.imag, 0)
    return np.asarray(np.sqrt(2) * parts)


def annihilated(couplings: np.ndarray, *, short: bool = False) -> np.ndarray:
    """Couplings of K_L (or K_S) -> f_a f_b from those of K0bar, shape (pairs, 10)."""
    real, imaginary = (_CP_EVEN, _CP_ODD) if short else (_CP_ODD, _CP_EVEN)
    parts = np.where(real, couplings.real, 0) + 1j * np.where(imaginary, couplings.imag, 0)
    return np.asarray(np.sqrt(2) * parts)
