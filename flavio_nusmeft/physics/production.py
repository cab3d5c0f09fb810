"""N_k in two-body decays with a charged lepton, relative to a neutrino of the SM with its mass.

Searches for peaks measure BR(P -> l N); they quote it as a mixing |U|², that of an N which couples
as the neutrino of the SM but for U. Any couplings, those of operators, of mixing and both with
their interference, correspond to

    |U|²_eff = Γ(P -> l N_k) / Γ_SM(P -> l ν; m_ν = m_Nk),

in which decay constant, lifetime and the element of the CKM matrix of the SM amplitude cancel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..eft.operators import N_ACTIVE, N_NEUTRINOS
from . import channels, two_body
from .modes import CHARGED_LEPTONS, TwoBodyMode

__all__ = ["Produced", "produced"]

_N = np.arange(N_ACTIVE, N_NEUTRINOS)


class Produced(NamedTuple):
    """Branching ratios of P -> l N_k, and these over those of the SM with the mass of N_k.

    Both of shape (3,); the second is 0 where the decay is closed.
    """

    branching_ratios: np.ndarray
    mixings: np.ndarray


def produced(par: Mapping[str, float], wc_obj: Any, mode: TwoBodyMode) -> Produced:
    """What a decay P -> l N_k is with these parameters and coefficients, k = 1, 2, 3.

    Parameters
    ----------
    par : all parameters
    wc_obj : any object with Wilson coefficients, None: the SM
    mode : of `modes.LEPTONIC`

    Raises
    ------
    InvalidMass, InvalidMixing
    """
    rate = two_body.rate(mode)
    C = channels.couplings(wc_obj, par, rate.couplings)[_N]
    # of the neutrino of the lepton's flavour, as flavio has it, with its corrections
    standard = channels.fields(None, par, rate.couplings)[CHARGED_LEPTONS.index(mode.lepton or "")]
    forms = rate.forms(par, _N)
    first, second = rate.terms
    rates = (forms * (C[:, first] * C[:, second].conj()).real).sum(axis=1)
    of_sm = forms @ (standard[list(first)] * standard[list(second)].conj()).real
    mixings = np.divide(rates, of_sm, out=np.zeros(len(_N)), where=of_sm > 0)
    return Produced(rate.factor * rates, mixings)
