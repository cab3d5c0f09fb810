"""What l_i -> l_j + inv has beyond the decays of quarks: W exchange, and the value of G_F.

The couplings are those of `neutral_couplings.pair_couplings` with charged leptons in place of
quarks: (l_j Γ l_i)(ν_a Γ ν_b), into which Fierz relations bring the exchange of a W.

G_F is measured in μ -> e + inv. As in flavio, the G_F of the W exchange in τ decays is the one that
gives the measured rate of μ -> e ν ν together with the coefficients of SMEFT or WET. N in the final
state of the μ decay would lower it as well, by half of its fraction of the μ decays; this is left
out. The decay of the μ itself is the one with G_F as it is in the parameters, without this shift.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

__all__ = ["fermi_shift", "w_exchange"]

_TAU = 2


def w_exchange(GF: float, final: int, initial: int) -> dict[str, complex]:
    """The nuWET coefficient (ν_j ν_i)(e_i e_j) of i -> j ν_i ν_j: -4 G_F/√2 (GeV^-2)."""
    i, j = initial + 1, final + 1
    return {f"VnueLL_{j}{i}{i}{j}": complex(-4 * GF / np.sqrt(2))}


def fermi_shift(
    active: flavio.WilsonCoefficients, par: Mapping[str, float], initial: int
) -> float:
    """G_F of the W exchange minus that of the parameters (GeV^-2), in decays of the lepton.

    Parameters
    ----------
    active : coefficients of SMEFT or WET
    initial : index of the lepton that decays
    """
    if initial != _TAU:
        return 0.0
    return float(flavio.physics.taudecays.taulnunu.GFeff(active, par) - par["GF"])
