"""Mixing of the active neutrinos with N: from the fields of the Lagrangian to those with masses.

With real U_βk (parameters ``U_e1`` ... ``U_tau3``) the fields of flavour are

    (ν_β, n_s) = W (ν_i, N_k),   W = ( √(1 - U Uᵀ)        U      )
                                     (    -Uᵀ        √(1 - Uᵀ U) ),

a real orthogonal matrix: to first order ν_β gets Σ_k U_βk N_k^c, and every amplitude of an active
neutrino loses 1/2 Σ_k U_βk² for each leg ν_β. Couplings of all operators, of the SM, of SMEFT and
of N, are rotated, so that those to the same final state interfere, and with massless N no sum over
the neutrinos depends on U. Mixing among the active neutrinos changes no such sum either. Couplings
of N can be complex; the phases of U are those that can be absorbed in them.

G_F and the elements of the CKM matrix are those of the parameters, not fitted again with mixing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import InvalidMixing, UnknownParameter
from .cache import ParameterCache, Recorder
from .modes import CHARGED_LEPTONS
from .neutral_couplings import PAIRS

__all__ = ["MIXINGS", "MIXING_NAMES", "mixings", "pair_rotations", "rotation", "unmixed"]

#: parameters, by flavour and N
MIXINGS = tuple(tuple(f"U_{lepton}{k}" for k in (1, 2, 3)) for lepton in CHARGED_LEPTONS)
MIXING_NAMES = frozenset(name for names in MIXINGS for name in names)
_ROUNDING = 1e-12


def mixings(par: Mapping[str, float]) -> np.ndarray:
    """The matrix U, shape (3, 3): flavours, N.

    Raises
    ------
    InvalidMixing
        If it is no part of a unitary matrix.
    """
    try:
        U = np.array([[float(par[name]) for name in names] for names in MIXINGS])
    except KeyError as error:
        raise UnknownParameter(
            f"there is no parameter '{error.args[0]}': the parameters of flavio_nusmeft were"
            " removed, as by flavio.default_parameters.read_default()"
        ) from None
    if not U.any():
        return U
    for name, value in zip(np.ravel(MIXINGS).tolist(), U.ravel().tolist(), strict=True):
        if not np.isfinite(value):
            raise InvalidMixing(f"{name} = {value}: a mixing must be finite")
    for names, values in [
        *zip(MIXINGS, U, strict=True),
        *zip(zip(*MIXINGS, strict=True), U.T, strict=True),
    ]:
        total = float(values @ values)
        if total > 1 + _ROUNDING:
            sum_of = " + ".join(f"{n}²" for n, x in zip(names, values, strict=True) if x)
            raise InvalidMixing(f"{sum_of} = {total:.6g} is above 1")
    largest = float(np.linalg.eigvalsh(U @ U.T).max())
    if largest > 1 + _ROUNDING:
        raise InvalidMixing(
            f"U_e1 ... U_tau3 are no part of a unitary matrix: U U^T has the eigenvalue"
            f" {largest:.6g} above 1"
        )
    return U


def _root(symmetric: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(symmetric)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T)


def _rotation(par: Mapping[str, float], kind: None) -> np.ndarray | None:
    U = mixings(par)
    if not U.any():
        return None
    one = np.eye(3)
    return np.block([[_root(one - U @ U.T), U], [-U.T, _root(one - U.T @ U)]])


_cached_rotation = ParameterCache(_rotation)


def rotation(par: Mapping[str, float]) -> np.ndarray | None:
    """The matrix W, shape (6, 6): fields of flavour, fields with masses; None without mixing.

    Raises
    ------
    InvalidMixing
    """
    return _cached_rotation(par, None)


def _pair_rotations(par: Mapping[str, float], kind: None) -> tuple[np.ndarray, np.ndarray] | None:
    W = rotation(par)
    if W is None:
        return None
    first, second = np.array(PAIRS).T
    straight = W[np.ix_(first, first)] * W[np.ix_(second, second)]
    crossed = W[np.ix_(second, first)] * W[np.ix_(first, second)]
    identical = (first == second)[:, None]
    symmetric = np.where(identical, straight, straight + crossed)
    return symmetric, straight - crossed


_cached_pair_rotations = ParameterCache(_pair_rotations)


def pair_rotations(par: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray] | None:
    """Of couplings that are symmetric and antisymmetric in the neutrinos; None without mixing.

    Both of shape (21, 21), pairs of fields of flavour and of fields with masses, as in `PAIRS`.

    Raises
    ------
    InvalidMixing
    """
    return _cached_pair_rotations(par, None)


def unmixed(par: Mapping[str, float]) -> Recorder:
    """The same parameters without mixing."""
    result = par.copy() if isinstance(par, Recorder) else Recorder(par)
    result.update(dict.fromkeys(MIXING_NAMES, 0.0))
    return result
