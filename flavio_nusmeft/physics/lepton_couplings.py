"""What l_i -> l_j + inv has beyond the decays of quarks: W exchange, and the value of G_F.

The couplings are those of `neutral_couplings.pair_couplings` with charged leptons in place of
quarks: (l_j Γ l_i)(ν_a Γ ν_b), into which Fierz relations bring the exchange of a W.

G_F is measured in μ -> e + inv. As in flavio, the G_F of the W exchange in τ decays is the one
that gives the measured rate of μ -> e ν ν together with the coefficients of SMEFT or WET, of the
flavours of neutrinos that interfere with the SM. N in the final state of the μ decay would lower it
as well, by half of its fraction of the μ decays; this is left out. The decay of the μ itself is the
one with G_F as it is in the parameters, without this shift.

In flavio 2.7.1 the interference of left- and right-handed charged leptons (VnueLL with VnueLR)
lacks its factor m_j/m_i, 0.06 in τ -> μ and 1/200 in μ -> e; here it is there, in G_F as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from flavio.physics.taudecays.taulnunu import F, G

__all__ = ["fermi_shift", "w_exchange"]

_TAU = 2


def w_exchange(GF: float, final: int, initial: int) -> dict[str, complex]:
    """The nuWET coefficient (ν_j ν_i)(e_i e_j) of i -> j ν_i ν_j: -4 G_F/√2 (GeV^-2)."""
    i, j = initial + 1, final + 1
    return {f"VnueLL_{j}{i}{i}{j}": complex(-4 * GF / np.sqrt(2))}


def fermi_shift(par: Mapping[str, float], muon: Mapping[str, complex]) -> float:
    """G_F of the W exchange in τ decays minus that of the parameters (GeV^-2).

    Parameters
    ----------
    muon : coefficients of WET-3 JMS that the μ decay has (GeV^-2)
    """
    ((name, sm),) = w_exchange(par["GF"], 0, 1).items()
    ratio = par["m_e"] / par["m_mu"]
    left = 1 + muon.get(name, 0) / sm
    right = muon.get(name.replace("LL", "LR"), 0) / sm
    interference = 4 * ratio * G(ratio**2) / F(ratio**2) * (left * np.conj(right)).real
    rate = abs(left) ** 2 + abs(right) ** 2 - interference
    return float(par["GF"] * (rate**-0.5 - 1))
