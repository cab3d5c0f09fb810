"""Couplings of q -> q', q q, τ -> μ(e), μ -> e and l l with f1 f2 in the parity basis.

arXiv:2309.02940 App. A.2, with charged leptons in place of the quarks as well:
L = 1/2 sum_ab (C_i O_i + C'_i O'_i) over the parities i = S, P, V, A, T; the neutrinos are
Majorana fields, so S, P, A are symmetric and V, T antisymmetric in the neutrino indices.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import flavio
import numpy as np
from wilson import wcxf

from ..eft.flavour import Arrays, LinearMap
from ..eft.objects import promote
from ..eft.operators import JMS, N_ACTIVE, N_NEUTRINOS
from ..eft.standard import with_ckm
from ..eft.theories import HIGH, THEORIES, EffectiveTheory, check_reached
from ..eft.wilson import NuWilson
from ..formulas.widths import COMPONENTS, combine
from .cache import ParameterCache
from .charged_couplings import has_coefficients
from .kaons import charm
from .lepton_couplings import fermi_shift, w_exchange
from .modes import CHARGED_LEPTONS

__all__ = [
    "FLAVOUR_CHANGING",
    "PAIRS",
    "TRANSITIONS",
    "charge",
    "left_to_parity",
    "pair_couplings",
]

# the 21 pairs of neutrinos, indices from 0
PAIRS = tuple((a, b) for a in range(N_NEUTRINOS) for b in range(a, N_NEUTRINOS))
_PAIR_INDEX = {pair: k for k, pair in enumerate(PAIRS)}


class _Transition(NamedTuple):
    """A transition of quarks or charged leptons.

    ``kind`` of the fermions, "d", "u" or "e", with their indices from 0 (equal ones: a meson of a
    quark and its antiquark); sector; the theory in which flavio has the coefficients of active
    neutrinos at its scale.
    """

    kind: str
    final: int
    initial: int
    sector: str
    theory: EffectiveTheory


TRANSITIONS = {
    "bs": _Transition("d", 1, 2, "sbnunu", THEORIES["nuWET"]),
    "bd": _Transition("d", 0, 2, "dbnunu", THEORIES["nuWET"]),
    "sd": _Transition("d", 0, 1, "sdnunu", THEORIES["nuWET-3"]),
    "cu": _Transition("u", 0, 1, "cununu", THEORIES["nuWET-4"]),
    "bb": _Transition("d", 2, 2, "ffnunu", THEORIES["nuWET"]),
    "cc": _Transition("u", 1, 1, "ffnunu", THEORIES["nuWET-4"]),
    "ss": _Transition("d", 1, 1, "ffnunu", THEORIES["nuWET-3"]),
    "dd": _Transition("d", 0, 0, "ffnunu", THEORIES["nuWET-3"]),
    "uu": _Transition("u", 0, 0, "ffnunu", THEORIES["nuWET-3"]),
    "taumu": _Transition("e", 1, 2, "nunumutau", THEORIES["nuWET-4"]),
    "taue": _Transition("e", 0, 2, "nunutaue", THEORIES["nuWET-4"]),
    "mue": _Transition("e", 0, 1, "nunumue", THEORIES["nuWET-3"]),
    "ee": _Transition("e", 0, 0, "ffnunu", THEORIES["nuWET-3"]),
    "mumu": _Transition("e", 1, 1, "ffnunu", THEORIES["nuWET-3"]),
    "tautau": _Transition("e", 2, 2, "ffnunu", THEORIES["nuWET-4"]),
}
#: those that change the flavour of a quark or a lepton
FLAVOUR_CHANGING = frozenset(name for name, t in TRANSITIONS.items() if t.final != t.initial)
_T3_CHARGE = {"d": (-1 / 2, -1 / 3), "u": (1 / 2, 2 / 3), "e": (-1 / 2, -1.0)}


def charge(quarks: str) -> float:
    """Electric charge of the quarks of a transition, in units of e."""
    return _T3_CHARGE[TRANSITIONS[quarks].kind][1]


def _has_flavio(quarks: str) -> bool:
    """Whether flavio has C_L and C_R of active neutrinos: for down-type quarks that change."""
    return TRANSITIONS[quarks].kind == "d" and quarks in FLAVOUR_CHANGING


def left_to_parity(C: Arrays, final: int, initial: int, kind: str = "d") -> dict[str, np.ndarray]:
    """Couplings C±C' of initial -> final, Eq. (21).

    Parameters
    ----------
    C : full nuWET arrays (any subset of the neutral classes), GeV^-2
    final, initial : quark or lepton indices; for b -> s: 1 and 2
    kind : "d" for down-type quarks, "u" for up-type ones, "e" for charged leptons

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

    LL, LR = entry(f"Vnu{kind}LL", s, b), entry(f"Vnu{kind}LR", s, b)
    V, Vp = antisymmetric(LL), antisymmetric(LR)
    A, Ap = -symmetric(LL), -symmetric(LR)
    SLL, SLR = symmetric(entry(f"Snu{kind}LL", s, b)), symmetric(entry(f"Snu{kind}LR", s, b))
    SLL_dagger = symmetric(entry(f"Snu{kind}LL", b, s).conj().T)
    SLR_dagger = symmetric(entry(f"Snu{kind}LR", b, s).conj().T)
    S, P = SLR + SLL_dagger, -SLR + SLL_dagger
    Sp, Pp = SLL + SLR_dagger, -SLL + SLR_dagger
    T = 2 * antisymmetric(entry(f"Tnu{kind}LL", b, s).conj().T)
    Tp = 2 * antisymmetric(entry(f"Tnu{kind}LL", s, b))
    return combine({"V": (V, Vp), "A": (A, Ap), "S": (S, Sp), "P": (P, Pp), "T": (T, Tp)})


@cache
def _parity_map(quarks: str) -> LinearMap:
    """Map of independent nuWET coefficients to {(pair, component): coupling}."""
    kind, final, initial, *_ = TRANSITIONS[quarks]

    def function(C: Arrays) -> dict[tuple[int, int], complex]:
        couplings = left_to_parity(C, final, initial, kind)
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

    arXiv:2309.02940 Eq. (11), with flavio's C_L^SM and alpha(scale); s -> d with charm. In c -> u
    the GIM mechanism leaves nothing. q q have the exchange of a Z, -2√2 G_F (T3 - Q s_W²) with
    flavio's s_W², and charged leptons that of a W, in the couplings alone.
    """
    couplings = np.zeros((len(PAIRS), len(COMPONENTS)), dtype=complex)
    kind, final, initial, *_ = TRANSITIONS[quarks]
    if quarks not in FLAVOUR_CHANGING:
        T3, charge = _T3_CHARGE[kind]
        left, right = (-2 * np.sqrt(2) * par["GF"] * (t - charge * par["s2w"]) for t in (T3, 0.0))
        for a in range(N_ACTIVE):
            k = _PAIR_INDEX[a, a]
            couplings[k, COMPONENTS.index("A+")] = -(left + right)
            couplings[k, COMPONENTS.index("A-")] = -(left - right)
    if kind == "e":
        for key, value in _parity_map(quarks)(w_exchange(par["GF"], final, initial)).items():
            couplings[key] += value
    if not _has_flavio(quarks):
        return 0j, 0j, couplings
    alpha = flavio.physics.running.running.get_alpha(par, scale)["alpha_e"]
    xi_t = flavio.physics.ckm.xi("t", quarks)(par)
    loop = 4 * par["GF"] / np.sqrt(2) * alpha / (2 * np.pi)
    sm = loop * xi_t * flavio.physics.bdecays.wilsoncoefficients.CL_SM(par, scale)
    if quarks == "sd":
        sm = sm + loop * charm(par)
    for a in range(N_ACTIVE):
        k = _PAIR_INDEX[a, a]
        couplings[k, COMPONENTS.index("A+")] = couplings[k, COMPONENTS.index("A-")] = -sm
    return complex(loop * xi_t), complex(sm), couplings


def _sm_of_kind(par: Mapping[str, float], kind: tuple[Any, ...]) -> Any:
    return _sm_couplings(par, kind[0], kind[1])


_sm = ParameterCache(_sm_of_kind)


def _jms(part: flavio.WilsonCoefficients, quarks: str, scale: float) -> dict[str, complex]:
    """Coefficients of SMEFT or WET in the basis JMS of WET (-4, -3)."""
    sector, eft = TRANSITIONS[quarks].sector, TRANSITIONS[quarks].theory.standard
    # at the scale of the coefficients wilson returns all sectors
    names = wcxf.Basis[eft, "JMS"].sectors[sector]
    found = part.match_run(scale, eft, "JMS", (sector,)).dict
    return {name: value for name, value in found.items() if name in names}


def _active(
    wc_obj: flavio.WilsonCoefficients, par: Mapping[str, float], quarks: str, scale: float
) -> dict[str, complex]:
    """nuWET coefficients of active neutrinos in SMEFT or WET.

    For down-type quarks from flavio's C_L, C_R of b -> s nu nu, so that the rate is that of stock
    flavio. For coefficients given in SMEFT or WET JMS this is 6% below the rate for the same
    GeV^-2 in nuWET: wilson translates them to C_L, C_R with alpha_e = 1/127.9, and flavio
    multiplies these by alpha_e(4.8 GeV) = 1/132.1. Up-type quarks, which flavio's basis does not
    have, quarks of equal flavour, and leptons, where it has the same in GeV^-2, are taken from JMS.
    """
    _, final, initial, sector, theory = TRANSITIONS[quarks]
    eft = theory.standard
    check_reached(wc_obj.wc.eft, theory)
    part = with_ckm(wc_obj, par)
    if not _has_flavio(quarks):
        left = _jms(part, quarks, scale)
        if quarks in ("taumu", "taue"):
            muon_scale = float(flavio.config["renormalization scale"]["mudecays"])
            shift = fermi_shift(par, _jms(part, "mue", muon_scale))
            for name, value in w_exchange(shift, final, initial).items():
                left[name] = left.get(name, 0) + value
        return left
    wcs = part.get_wc(sector, scale, par, eft=eft)
    normalisation = _sm(par, (quarks, scale))[0]
    i, j = final + 1, initial + 1
    if quarks == "sd":  # the one sector where flavio's operators are those of d -> s
        i, j, normalisation = j, i, normalisation.conjugate()
    result: dict[str, complex] = {}
    for a, flavour_a in enumerate(CHARGED_LEPTONS, start=1):
        for b, flavour_b in enumerate(CHARGED_LEPTONS, start=1):
            for chirality in "LR":
                value = normalisation * wcs[f"C{chirality}_{quarks}nu{flavour_a}nu{flavour_b}"]
                if value == 0:
                    continue
                # names have a <= b, and i <= j where a = b; (nu_b nu_a)(j i) is the partner
                if a < b or (a == b and i < j):
                    result[f"VnudL{chirality}_{a}{b}{i}{j}"] = value
                else:
                    result[f"VnudL{chirality}_{b}{a}{j}{i}"] = np.conj(value)
    return result


def pair_couplings(
    wc_obj: flavio.WilsonCoefficients, par: Mapping[str, float], quarks: str, scale: float
) -> np.ndarray:
    """Couplings of every pair of neutrinos: SM, active-neutrino and sterile contributions.

    Parameters
    ----------
    wc_obj : any flavio or wilson object: SMEFT, WET, nuSMEFT or nuWET
    quarks : a key of `TRANSITIONS`
    scale : renormalisation scale, GeV

    Returns
    -------
    ndarray
        Shape (21, 10): pairs as in `PAIRS`, couplings as in `widths.COMPONENTS`, GeV^-2.
    """
    couplings: np.ndarray = _sm(par, (quarks, scale))[2]
    if not has_coefficients(wc_obj):
        return couplings
    wc_obj = promote(wc_obj)
    *_, sector, theory = TRANSITIONS[quarks]
    if not isinstance(wc_obj, NuWilson):
        left = _active(wc_obj, par, quarks, scale)
    else:
        eft, sectors = theory.eft, (sector,)
        left = wc_obj.sterile(scale, sectors, eft, par)
        if _has_flavio(quarks) and wc_obj.wc.eft != HIGH.eft:
            left |= wc_obj.standard(scale, eft, "JMS", sectors)
        elif wc_obj.has_standard_part:
            left |= _active(wc_obj, par, quarks, scale)
    couplings = couplings.copy()
    for (pair, component), value in _parity_map(quarks)(left).items():
        couplings[pair, component] += value
    return couplings
