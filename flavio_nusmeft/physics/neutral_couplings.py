"""Couplings of b -> s(d) f1 f2 in the parity basis, arXiv:2309.02940 App. A.2.

L = 1/2 sum_ab (C_i O_i + C'_i O'_i) over the parities i = S, P, V, A, T; the neutrinos are
Majorana fields, so S, P, A are symmetric and V, T antisymmetric in the neutrino indices.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import flavio
import numpy as np

from ..eft.flavour import Arrays, LinearMap
from ..eft.operators import JMS, N_ACTIVE, N_NEUTRINOS
from ..eft.wilson import NuWilson, promote, set_ckm
from .cache import ParameterCache
from .charged_couplings import has_coefficients
from .modes import CHARGED_LEPTONS
from .widths import COMPONENTS, combine

__all__ = ["PAIRS", "left_to_parity", "pair_couplings"]

# the 21 pairs of neutrinos, indices from 0
PAIRS = tuple((a, b) for a in range(N_NEUTRINOS) for b in range(a, N_NEUTRINOS))
_PAIR_INDEX = {pair: k for k, pair in enumerate(PAIRS)}
_DOWN = "dsb"


def left_to_parity(C: Arrays, final: int, initial: int) -> dict[str, np.ndarray]:
    """Couplings C±C' of initial -> final, Eq. (21).

    Parameters
    ----------
    C : full nuWET arrays (any subset of the down-type neutral classes), GeV^-2
    final, initial : down-type quark indices; for b -> s: 1 and 2

    Returns
    -------
    dict
        Arrays (neutrino, neutrino) by the names of `widths.COMPONENTS`.
    """
    s, b = final, initial
    zero = np.zeros((N_NEUTRINOS, N_NEUTRINOS), dtype=complex)

    def entry(name: str, i: int, j: int) -> np.ndarray:
        return C[name][:, :, i, j] if name in C else zero

    def symmetric(m: np.ndarray) -> np.ndarray:
        return (m + m.T) / 2

    def antisymmetric(m: np.ndarray) -> np.ndarray:
        return (m - m.T) / 2

    LL, LR = entry("VnudLL", s, b), entry("VnudLR", s, b)
    V, Vp = antisymmetric(LL), antisymmetric(LR)
    A, Ap = -symmetric(LL), -symmetric(LR)
    SLL, SLR = symmetric(entry("SnudLL", s, b)), symmetric(entry("SnudLR", s, b))
    SLL_dagger = symmetric(entry("SnudLL", b, s).conj().T)
    SLR_dagger = symmetric(entry("SnudLR", b, s).conj().T)
    S, P = SLR + SLL_dagger, -SLR + SLL_dagger
    Sp, Pp = SLL + SLR_dagger, -SLL + SLR_dagger
    T = 2 * antisymmetric(entry("TnudLL", b, s).conj().T)
    Tp = 2 * antisymmetric(entry("TnudLL", s, b))
    return combine({"V": (V, Vp), "A": (A, Ap), "S": (S, Sp), "P": (P, Pp), "T": (T, Tp)})


@cache
def _parity_map(quarks: str) -> LinearMap:
    """Map of independent nuWET coefficients to {(pair, component): coupling}."""
    initial, final = (_DOWN.index(quark) for quark in quarks)

    def function(C: Arrays) -> dict[tuple[int, int], complex]:
        couplings = left_to_parity(C, final, initial)
        return {
            (k, c): complex(couplings[component][pair])
            for c, component in enumerate(COMPONENTS)
            for k, pair in enumerate(PAIRS)
            if couplings[component][pair] != 0
        }

    return LinearMap(JMS, function)


def _sm_couplings(
    par: Mapping[str, float], quarks: str, scale: float
) -> tuple[complex, complex, np.ndarray]:
    """Normalisation N of flavio's C_L, C_R, the SM coefficient N C_L, and the couplings.

    arXiv:2309.02940 Eq. (11), with flavio's C_L^SM and alpha(scale).
    """
    alpha = flavio.physics.running.running.get_alpha(par, scale)["alpha_e"]
    xi_t = flavio.physics.ckm.xi("t", quarks)(par)
    normalisation = 4 * par["GF"] / np.sqrt(2) * xi_t * alpha / (2 * np.pi)
    sm = normalisation * flavio.physics.bdecays.wilsoncoefficients.CL_SM(par, scale)
    couplings = np.zeros((len(PAIRS), len(COMPONENTS)), dtype=complex)
    for a in range(N_ACTIVE):
        k = _PAIR_INDEX[a, a]
        couplings[k, COMPONENTS.index("A+")] = couplings[k, COMPONENTS.index("A-")] = -sm
    return complex(normalisation), complex(sm), couplings


def _sm_of_kind(par: Mapping[str, float], kind: tuple[Any, ...]) -> Any:
    return _sm_couplings(par, kind[0], kind[1])


_sm = ParameterCache(_sm_of_kind)


def _active(
    wc_obj: flavio.WilsonCoefficients, par: Mapping[str, float], quarks: str, scale: float
) -> dict[str, complex]:
    """nuWET coefficients of active neutrinos from flavio's C_L, C_R of b -> s nu nu.

    So the rate is that of stock flavio. For coefficients given in SMEFT or WET JMS this is 6%
    below the rate for the same GeV^-2 in nuWET: wilson translates them to C_L, C_R with
    alpha_e = 1/127.9, and flavio multiplies these by alpha_e(4.8 GeV) = 1/132.1.
    """
    sector = f"{quarks[::-1]}nunu"
    set_ckm(wc_obj, par)
    wcs = wc_obj.get_wc(sector, scale, par)
    normalisation = _sm(par, (quarks, scale, _ckm()))[0]
    result: dict[str, complex] = {}
    i, j = (_DOWN.index(q) + 1 for q in quarks[::-1])
    for a, flavour_a in enumerate(CHARGED_LEPTONS):
        for b, flavour_b in enumerate(CHARGED_LEPTONS):
            for chirality in "LR":
                value = wcs[f"C{chirality}_{quarks}nu{flavour_a}nu{flavour_b}"]
                if value == 0:
                    continue
                # the partner of a name with a > b is hermitian: (nu_b nu_a)(j i)
                if a <= b:
                    result[f"VnudL{chirality}_{a + 1}{b + 1}{i}{j}"] = normalisation * value
                else:
                    result[f"VnudL{chirality}_{b + 1}{a + 1}{j}{i}"] = np.conj(
                        normalisation * value
                    )
    return result


def _ckm() -> str:
    return str(flavio.config["implementation"]["CKM matrix"])


def pair_couplings(
    wc_obj: flavio.WilsonCoefficients, par: Mapping[str, float], quarks: str, scale: float
) -> np.ndarray:
    """Couplings of every pair of neutrinos: SM, active-neutrino and sterile contributions.

    Parameters
    ----------
    wc_obj : any flavio or wilson object: SMEFT, WET, nuSMEFT or nuWET
    quarks : "bs" or "bd"
    scale : renormalisation scale, GeV

    Returns
    -------
    ndarray
        Shape (21, 10): pairs as in `PAIRS`, couplings as in `widths.COMPONENTS`, GeV^-2.
    """
    couplings: np.ndarray = _sm(par, (quarks, scale, _ckm()))[2]
    if not has_coefficients(wc_obj):
        return couplings
    wc_obj = promote(wc_obj)
    sectors = (f"{quarks[::-1]}nunu",)
    if not isinstance(wc_obj, NuWilson):
        left = _active(wc_obj, par, quarks, scale)
    else:
        left = wc_obj.sterile(scale, sectors)
        if wc_obj.wc.eft == "nuWET":
            left |= wc_obj.standard(scale, "nuWET", "JMS", sectors)
        elif wc_obj.has_standard_part:
            left |= _active(wc_obj, par, quarks, scale)
    couplings = couplings.copy()
    for (pair, component), value in _parity_map(quarks)(left).items():
        couplings[pair, component] += value
    return couplings
