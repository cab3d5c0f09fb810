"""Couplings of u_i d̄_t -> l⁺ N from the coefficients of nuSMEFT (Warsaw) at the scale of a bin.

Of the operators with N, and of those that change the vertex of the W, V the CKM matrix, i an
up-type quark, t a down-type quark, p the lepton, r the N, v = (√2 G_F)^-½:

    scalar   Σ_s V_is lnqd1_prst, and lnuq_prit of the other chirality
    tensor   Σ_s V_is lnqd3_prst
    vector   nedu*_rpti
    W        V_it phine_rp v²/2, relative to that of the SM, as of W -> l N
    dipole   V_it nW_pr v
    mixing   V_it W_pr, the same of the left-handed current (`mixing`), active neutrinos included

Only their absolute values count. Without coefficients of N, as of SMEFT, and without mixing the
couplings are 0: active neutrinos are flavio's.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..eft.flavour import Arrays, to_arrays
from ..eft.objects import promote
from ..eft.operators import N_ACTIVE, N_NEUTRINOS, WARSAW
from ..eft.theories import HIGH, check_reached
from ..eft.wilson import NuWilson
from .charged_couplings import has_coefficients
from .mixing import rotation
from .modes import CHARGED_LEPTONS

__all__ = ["CLASSES", "KINDS", "N_UP", "tail_couplings"]

#: classes of coefficients with N that are seen in pp -> l N
CLASSES = ("lnqd1", "lnqd3", "lnuq", "nedu", "phine", "nW")
#: of couplings, each for every pair of an up- and a down-type quark
KINDS = ("scalar", "other scalar", "tensor", "vector", "W", "dipole", "mixing")
#: up-type quarks in the proton
N_UP = 2


def _coefficients(
    wc_obj: flavio.WilsonCoefficients, par: Mapping[str, float], scale: float
) -> Arrays:
    """Arrays of `CLASSES` with full flavour indices, GeV^-2."""
    arrays: Arrays = {name: np.zeros(WARSAW[name].shape, dtype=complex) for name in CLASSES}
    wc_obj = promote(wc_obj)
    check_reached(wc_obj.wc.eft, HIGH)
    if isinstance(wc_obj, NuWilson):
        values = wc_obj.sterile_high(scale, par)
        arrays |= to_arrays(
            {k: v for k, v in values.items() if k.partition("_")[0] in CLASSES}, WARSAW
        )
    return arrays


def tail_couplings(
    wc_obj: flavio.WilsonCoefficients | None,
    par: Mapping[str, float],
    lepton: str,
    scale: float,
) -> np.ndarray:
    """Couplings of every neutrino.

    Parameters
    ----------
    wc_obj : any flavio or wilson object of nuSMEFT or SMEFT, or None
    lepton : the charged lepton
    scale : renormalisation scale, GeV

    Returns
    -------
    ndarray
        Shape (6, 42): fields of flavour; `KINDS` × (u, c) × (d, s, b). GeV^-2, those of the W and
        of mixing without dimension, the dipole GeV^-1.

    Raises
    ------
    UnknownBasis
        For coefficients of WET or nuWET (-4, -3).
    """
    pairs = (N_UP, 3)
    result = np.zeros((N_NEUTRINOS, len(KINDS), *pairs), dtype=complex)
    p = CHARGED_LEPTONS.index(lepton)
    V = flavio.physics.ckm.get_ckm(par)[:N_UP]
    if rotation(par) is not None:
        result[p, KINDS.index("mixing")] = V
    if has_coefficients(wc_obj):
        C = _coefficients(wc_obj, par, scale)
        v = float((np.sqrt(2) * par["GF"]) ** -0.5)
        kinds = (
            np.einsum("is,rst->rit", V, C["lnqd1"][p]),
            C["lnuq"][p][:, :N_UP],
            np.einsum("is,rst->rit", V, C["lnqd3"][p]),
            C["nedu"][:, p, :, :N_UP].conj().transpose(0, 2, 1),
            np.einsum("it,r->rit", V, v**2 / 2 * C["phine"][:, p]),
            np.einsum("it,r->rit", V, v * C["nW"][p]),
        )
        result[N_ACTIVE:, : len(kinds)] = np.stack(kinds, axis=1)
    return result.reshape(N_NEUTRINOS, -1)
