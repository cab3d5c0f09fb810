"""Mesons -> inv, P -> l + inv for π, K, D, D_s, B, B_c, and τ -> π, K + inv.

The widths are those of `formulas.two_body`, and of `formulas.vector_two_body` for Υ(1S), J/ψ, φ, ω,
which also become a photon: it couples to quarks with flavio's α_e at the scale of the decay.
Densities of the η contain the anomaly: only its axial vector currents count.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..formulas.two_body import TWO_BODY_TERMS, fermion_pseudoscalar, two_body
from ..formulas.vector_two_body import PHOTON_COMPONENTS, PHOTON_TERMS, vector_photon_two_body
from ..formulas.widths import term_indices
from . import channels
from .cache import ParameterCache
from .modes import INVISIBLE, LEPTONIC, TAU_HADRONIC, VECTORS, TwoBodyMode
from .neutral_couplings import charge
from .rates import Form, Rate, Spectra

__all__ = ["rate"]

_TERMS = term_indices(TWO_BODY_TERMS)
_VECTOR_TERMS = term_indices(PHOTON_TERMS, PHOTON_COMPONENTS)
_MODES = INVISIBLE | LEPTONIC | TAU_HADRONIC | VECTORS
_PAIRS_OF_LIGHT_QUARKS = {"pi0": "ud", "eta": "ud"}


def _forms(
    par: Mapping[str, float], kind: tuple[str, float], pairs: tuple[tuple[float, float], ...]
) -> tuple[np.ndarray, ...]:
    """Coefficients of the branching ratio, shape (pairs of masses, terms)."""
    name, scale = kind
    mode = _MODES[name]
    running = flavio.physics.running.running
    m1, m2 = np.array(pairs).T
    mass, constant = par[f"m_{mode.B}"], par[mode.decay_constant or f"f_{mode.B}"]
    if name in VECTORS:
        alpha = running.get_alpha(par, scale)["alpha_e"]
        mean = sum(x * charge(pair) for pair, x in channels.content(par, mode.quarks).items())
        constants = constant, _tensor(par, mode.B, scale), np.sqrt(4 * np.pi * alpha) * mean
        widths = vector_photon_two_body(mass, *constants, m1, m2)
        return (par[f"tau_{mode.B}"] * widths.T,)
    quarks = _PAIRS_OF_LIGHT_QUARKS.get(mode.quarks, mode.quarks)
    quark_masses = sum(running.get_mq(quark, par, scale) for quark in quarks)
    is_tau = name in TAU_HADRONIC
    function = fermion_pseudoscalar if is_tau else two_body
    widths = function(mass, constant, quark_masses, m1, m2)
    if is_tau:  # not the decay of a heavier N
        widths = np.where(m2 < m1, widths, 0.0)
    return (par["tau_tau" if is_tau else f"tau_{mode.B}"] * widths.T,)


def _tensor(par: Mapping[str, float], meson: str, scale: float) -> float:
    """f_V^T, GeV; that of quarkonia as in flavio at the scale of their decays."""
    if meson in ("phi", "omega"):
        return float(flavio.physics.running.running.get_f_perp(par, meson, scale))
    return float(par[f"fT_{meson}"])


def _spectra(
    par: Mapping[str, float], kind: tuple[str, float], pairs: tuple[tuple[float, float], ...]
) -> Spectra:
    """`_forms` at q² = m², of mesons."""
    mass = par[f"m_{_MODES[kind[0]].B}"]
    parts = tuple(part.T[..., None] for part in _forms(par, kind, pairs))
    return Spectra(np.full((len(pairs), 1), mass**2), parts, mass, 0.0)


_cached_forms = ParameterCache(_forms)
_cached_spectra = ParameterCache(_spectra, maxsize=256)


def rate(mode: TwoBodyMode) -> Rate:
    """Branching ratio, the sum over all neutrinos or pairs of them.

    In decays of K and π active neutrinos have flavio's radiative corrections, and there and in
    those of τ its Fermi constant; sterile ones are at tree level.
    """
    scale = float(flavio.config["renormalization scale"][mode.scale])
    part = mode.part
    if mode.name in TAU_HADRONIC:
        part = "tau"
    elif mode.lepton is not None and mode.quarks in ("su", "du"):
        part = "leptonic"
    which = channels.CouplingSet(mode.quarks, mode.lepton, scale, part)
    terms = _VECTOR_TERMS if mode.name in VECTORS else _TERMS
    kind = (mode.name, scale)
    if mode.name in TAU_HADRONIC:
        return Rate(which, Form(_cached_forms, kind), terms)
    return Rate(which, Form(_cached_forms, kind, (), 0, _cached_spectra, mode.B), terms)
