"""Tree-level matching of nuSMEFT onto nuWET at the electroweak scale.

arXiv:2309.02940 Eqs. (8)-(10) for the classes of the paper; the others follow in the same way.
Full coefficient arrays; neutrino indices of nuWET are 0..2 for active and 3..5 for sterile
neutrinos. u = V^dagger u_hat; the top quark is integrated out, so up-type arrays keep two
generations.
"""

from __future__ import annotations

from collections.abc import Mapping

import ckmutil.ckm
import numpy as np

from .flavour import Arrays
from .operators import N_ACTIVE, N_NEUTRINOS

__all__ = [
    "match",
    "match_charged",
    "match_down",
    "match_leptons",
    "match_up",
    "sine_squared",
]

_A, _S = slice(0, N_ACTIVE), slice(N_ACTIVE, N_NEUTRINOS)
_UP = slice(0, 2)
_T3 = {"d": -1 / 2, "u": 1 / 2, "e": -1 / 2}
_CHARGE = {"d": -1 / 3, "u": 2 / 3, "e": -1.0}


def _vector(sterile: np.ndarray) -> np.ndarray:
    """Neutral vector array of which only the sterile-sterile block is not zero.

    nbar_b gamma n_a = -(nubar_a gamma nu_b) for the left-handed nu = n^c: with [i, j, b, a] in
    the argument the result is [a, b, i, j].
    """
    result = np.zeros((N_NEUTRINOS, N_NEUTRINOS, *sterile.shape[:2]), dtype=complex)
    result[_S, _S] = -np.einsum("ijba->abij", sterile)
    return result


def _majorana(block: np.ndarray, symmetry: int) -> np.ndarray:
    """(Anti)symmetrised neutral array from the block [sterile, active, i, j]."""
    result = np.zeros((N_NEUTRINOS, N_NEUTRINOS, *block.shape[2:]), dtype=complex)
    result[_S, _A] = block / 2
    result[_A, _S] = symmetry * np.einsum("abij->baij", block) / 2
    return result


def _charged(block: np.ndarray) -> np.ndarray:
    """Charged-current array from the block [sterile, lepton, down, up] with three ups."""
    result = np.zeros((N_NEUTRINOS, *block.shape[1:3], 2), dtype=complex)
    result[_S] = block[..., _UP]
    return result


def _z_exchange(phin: np.ndarray, fermion: str, chirality: str, s_w2: float) -> np.ndarray:
    """nbar gamma n J_Z of phin, [i, j, b, a]: 2 phin (T3 - Q s_W^2) delta_ij."""
    t3 = _T3[fermion] if chirality == "L" else 0.0
    n_flavours = 2 if fermion == "u" else 3
    return np.einsum("ij,ba->ijba", 2 * (t3 - _CHARGE[fermion] * s_w2) * np.eye(n_flavours), phin)


def _vector_currents(
    C: Arrays, fermion: str, left: np.ndarray | None, right: np.ndarray | None, s_w2: float
) -> Arrays:
    """Vector currents of two neutrinos and two fermions: direct terms [i, j, b, a], Z exchange."""
    c: Arrays = {}
    for chirality, direct in (("L", left), ("R", right)):
        parts = [] if direct is None else [direct]
        if "phin" in C:
            parts.append(_z_exchange(C["phin"], fermion, chirality, s_w2))
        if parts:
            c[f"Vnu{fermion}L{chirality}"] = sum(map(_vector, parts[1:]), _vector(parts[0]))
    return c


def _right(C: Arrays, name: str) -> np.ndarray | None:
    """Of right-handed fermions, whose indices come last."""
    return np.einsum("baij->ijba", C[name]) if name in C else None


def match_down(C: Arrays, s_w2: float) -> Arrays:
    """Down-type neutral currents, Eqs. (8) and (9)."""
    c = _vector_currents(C, "d", C.get("qn"), _right(C, "nd"), s_w2)
    if "lnqd1" in C:
        c["SnudLL"] = _majorana(np.einsum("baji->abij", C["lnqd1"].conj()), +1)
    if "lnqd3" in C:
        c["TnudLL"] = _majorana(np.einsum("baji->abij", C["lnqd3"].conj()), -1)
    return c


def match_up(C: Arrays, V: np.ndarray, s_w2: float) -> Arrays:
    """Up-type neutral currents."""
    left, right = C.get("qn"), _right(C, "nu")
    if left is not None:
        left = np.einsum("im,mnba,jn->ijba", V, left, V.conj())[_UP, _UP]
    if right is not None:
        right = right[_UP, _UP]
    c = _vector_currents(C, "u", left, right, s_w2)
    if "lnuq" in C:
        block = np.einsum("im,bajm->abij", V, C["lnuq"].conj())
        c["SnuuLR"] = _majorana(block[..., _UP, _UP], +1)
    return c


def match_charged(C: Arrays, V: np.ndarray) -> Arrays:
    """Charged currents, Eq. (10)."""
    c: Arrays = {}
    for source, target in (("lnqd1", "SnueduLL"), ("lnqd3", "TnueduLL")):
        if source in C:
            c[target] = _charged(-np.einsum("jm,bami->abij", V.conj(), C[source].conj()))
    if "lnuq" in C:
        c["SnueduLR"] = _charged(np.einsum("baji->abij", C["lnuq"].conj()))
    if "nedu" in C:
        c["VnueduRR"] = _charged(C["nedu"])
    if "phine" in C:
        c["VnueduRL"] = _charged(-np.einsum("ji,ab->abij", V.conj(), C["phine"]))
    return c


def match_leptons(C: Arrays, s_w2: float) -> Arrays:
    """Currents of two neutrinos and two charged leptons.

    Fierz relations of anticommuting fields bring the neutrinos together in
    (l_p n)eps(l_s e) = (nubar_p n)(ebar_s e) + 1/2 (nubar_s n)(ebar_p e)
    + 1/8 (nubar_s sigma n)(ebar_p sigma e), and in the exchange of a W between phine and leptons.
    """
    c = _vector_currents(C, "e", C.get("ln"), _right(C, "ne"), s_w2)
    if "phine" in C:
        c["SnueLR"] = _majorana(np.einsum("ki,aj->akij", np.eye(3), 2 * C["phine"]), +1)
    if "lnle" in C:
        direct = np.einsum("baji->abij", C["lnle"].conj())
        crossed = np.einsum("jabi->abij", C["lnle"].conj())
        c["SnueLL"] = _majorana(direct + crossed / 2, +1)
        c["TnueLL"] = _majorana(crossed / 8, -1)
    return c


def sine_squared(parameters: Mapping[str, float]) -> float:
    """s_W^2 as wilson's matching takes it, from m_W, G_F and alpha_e (arXiv:1804.05033)."""
    return float(
        np.pi * parameters["alpha_e"] / (np.sqrt(2) * parameters["GF"] * parameters["m_W"] ** 2)
    )


def match(C: Arrays, parameters: Mapping[str, float], currents: str = "duce") -> Arrays:
    """Match full Warsaw arrays with N onto full nuWET arrays.

    Parameters
    ----------
    C : arrays of classes with N at the matching scale, GeV^-2
    parameters : wilson's parameters (Vus, Vub, Vcb, gamma, GF, alpha_e, m_W)
    currents : which to compute: neutral down ("d"), neutral up ("u"), charged ("c"), those of
        neutrinos and charged leptons ("e")
    """
    result: Arrays = {}
    s_w2 = sine_squared(parameters)
    V = ckmutil.ckm.ckm_tree(*(parameters[k] for k in ("Vus", "Vub", "Vcb", "gamma")))
    if "d" in currents:
        result |= match_down(C, s_w2)
    if "u" in currents:
        result |= match_up(C, V, s_w2)
    if "c" in currents:
        result |= match_charged(C, V)
    if "e" in currents:
        result |= match_leptons(C, s_w2)
    return result
