"""Masses of the six neutrinos."""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..eft.operators import N_ACTIVE, N_NEUTRINOS
from ..errors import InvalidMass, UnknownParameter, nearest_parameter

__all__ = ["STERILE", "neutrino_mass", "neutrino_masses"]

#: parameters of the masses of N
STERILE = ("m_N1", "m_N2", "m_N3")
_HEAVY = 1e5  # GeV


def neutrino_masses(par: Mapping[str, float]) -> list[float]:
    """Masses of the six neutrinos (GeV): three massless ones, m_N1, m_N2 and m_N3.

    Raises
    ------
    InvalidMass
    """
    return [neutrino_mass(par, i) for i in range(N_NEUTRINOS)]


def neutrino_mass(par: Mapping[str, float], index: int) -> float:
    """Mass (GeV) of one of the neutrinos, counted from 0."""
    if index < N_ACTIVE:
        return 0.0
    name = STERILE[index - N_ACTIVE]
    try:
        mass = float(par[name])
    except KeyError:
        known = flavio.default_parameters.all_parameters
        hint = "" if name in known else nearest_parameter(name, known)
        raise UnknownParameter(f"there is no parameter '{name}'{hint}") from None
    if not 0 <= mass < np.inf:
        raise InvalidMass(
            f"{name} = {mass} GeV: a mass must be finite and not negative (a constraint on"
            " it should be a positive distribution)"
        )
    # nothing decays to anything heavier, nor do protons make it; squares stay finite
    return min(mass, _HEAVY)
