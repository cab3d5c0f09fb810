"""One-loop anomalous dimensions of the operators with N in nuSMEFT.

Gauge, Yukawa and QCD running of all classes that are linear in N currents; the Yukawa couplings
of N are neglected. ``nn`` does not run (N has no gauge charge), and ``nphi``, a shift of the Dirac
mass, is kept as it is. arXiv:2010.12109, arXiv:2103.04441 and arXiv:2407.16751; with e -> n,
u <-> d, phi -> phi~ the terms without the lepton Yukawa couplings are those of arXiv:1308.2627,
1310.4838 and 1312.2014.

Yukawa couplings as in wilson, L = -qbar Gu phi~ u - qbar Gd phi d - lbar Ge phi e + h.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .flavour import Arrays
from .operators import WARSAW

__all__ = ["CHARGED", "NEUTRAL", "beta"]

#: classes that mix: two N currents, or one N (its conjugate for the last two)
NEUTRAL = ("qn", "nd", "nu", "ne", "ln", "phin")
CHARGED = ("lnqd1", "lnqd3", "lnuq", "lnle", "nW", "nB", "nedu", "phine")

_I = np.eye(3)


def _einsum(subscripts: str, *operands: Any) -> np.ndarray:
    """Contract flavour indices; arrays may have further axes in front."""
    inputs, output = subscripts.split("->")
    inputs = ",".join(
        f"...{term}" if np.ndim(array) > len(term) else term
        for term, array in zip(inputs.split(","), operands, strict=True)
    )
    ellipsis = "..." if "..." in inputs else ""
    return np.einsum(f"{inputs}->{ellipsis}{output}", *operands, optimize=len(operands) > 2)


def _legs(name: str, C: np.ndarray, gamma: Mapping[str, np.ndarray]) -> np.ndarray:
    """Wave functions of the fermions: gamma of every leg, left of barred fields, else right."""
    fields = WARSAW[name].fields
    letters = "prst"[: len(fields)]
    result = np.zeros_like(C)
    for position, field in enumerate(fields):
        if field not in gamma:
            continue
        inner = letters[:position] + "v" + letters[position + 1 :]
        leg = letters[position]
        pair = leg + "v" if position % 2 == 0 else "v" + leg
        result = result + _einsum(f"{pair},{inner}->{letters}", gamma[field], C)
    return result


def beta(C: Arrays, sm: Mapping[str, Any]) -> Arrays:
    """16 pi² dC/dlnmu of the classes in C.

    Parameters
    ----------
    C : full arrays of all classes in `NEUTRAL`, or in `CHARGED`, or both; further axes may stand
        in front of the flavour indices
    sm : couplings by wilson's names: ``gp``, ``g``, ``gs``, and ``Gu``, ``Gd``, ``Ge`` of shape
        (3, 3)
    """
    Gu, Gd, Ge = sm["Gu"], sm["Gd"], sm["Ge"]
    left = {name: G @ G.conj().T for name, G in zip("ude", (Gu, Gd, Ge), strict=True)}
    right = {name: G.conj().T @ G for name, G in zip("ude", (Gu, Gd, Ge), strict=True)}
    gamma = {"q": (left["u"] + left["d"]) / 2, "l": left["e"] / 2, **right}
    gamma_h = float(np.trace(3 * left["u"] + 3 * left["d"] + left["e"]).real)
    result: Arrays = {}
    if NEUTRAL[0] in C:
        result |= _neutral(C, sm, left, right, gamma_h)
    if CHARGED[0] in C:
        result |= _charged(C, sm, left, right, gamma_h)
    return {name: value + _legs(name, C[name], gamma) for name, value in result.items()}


def _neutral(
    C: Arrays,
    sm: Mapping[str, Any],
    left: Mapping[str, np.ndarray],
    right: Mapping[str, np.ndarray],
    gamma_h: float,
) -> Arrays:
    qn, nd, nu, ne, ln, phin = (C[name] for name in NEUTRAL)
    Gu, Gd, Ge = sm["Gu"], sm["Gd"], sm["Ge"]
    # exchange of a B: (4/3) g1² times hypercharges and numbers of components of the loop
    P = (
        4
        / 3
        * sm["gp"] ** 2
        * (
            -_einsum("prww->pr", nd)
            + 2 * _einsum("prww->pr", nu)
            - _einsum("prww->pr", ne)
            + _einsum("wwpr->pr", qn)
            - _einsum("wwpr->pr", ln)
            + phin / 2
        )
    )
    return {
        "phin": P / 2
        + 2 * gamma_h * phin
        + 6 * _einsum("prst,ts->pr", nd, right["d"])
        - 6 * _einsum("prst,ts->pr", nu, right["u"])
        + 6 * _einsum("stpr,ts->pr", qn, left["u"] - left["d"])
        + 2 * _einsum("prst,ts->pr", ne, right["e"])
        - 2 * _einsum("stpr,ts->pr", ln, left["e"]),
        "qn": _einsum("pr,st->prst", _I / 6, P)
        + _einsum("pr,st->prst", left["u"] - left["d"], phin)
        - _einsum("pv,stvw,rw->prst", Gd, nd, Gd.conj())
        - _einsum("pv,stvw,rw->prst", Gu, nu, Gu.conj()),
        "nd": _einsum("st,pr->prst", -_I / 3, P)
        + _einsum("st,pr->prst", 2 * right["d"], phin)
        - 2 * _einsum("vs,vwpr,wt->prst", Gd.conj(), qn, Gd),
        "nu": _einsum("st,pr->prst", 2 * _I / 3, P)
        - _einsum("st,pr->prst", 2 * right["u"], phin)
        - 2 * _einsum("vs,vwpr,wt->prst", Gu.conj(), qn, Gu),
        "ne": _einsum("st,pr->prst", -_I, P)
        + _einsum("st,pr->prst", 2 * right["e"], phin)
        - 2 * _einsum("vs,vwpr,wt->prst", Ge.conj(), ln, Ge),
        "ln": _einsum("pr,st->prst", -_I / 2, P)
        - _einsum("pr,st->prst", left["e"], phin)
        - _einsum("pv,stvw,rw->prst", Ge, ne, Ge.conj()),
    }


def _charged(
    C: Arrays,
    sm: Mapping[str, Any],
    left: Mapping[str, np.ndarray],
    right: Mapping[str, np.ndarray],
    gamma_h: float,
) -> Arrays:
    lnqd1, lnqd3, lnuq, lnle, nW, nB, nedu, phine = (C[name] for name in CHARGED)
    Gu, Gd, Ge = sm["Gu"], sm["Gd"], sm["Ge"]
    Guc, Gdc, Gec = Gu.conj(), Gd.conj(), Ge.conj()
    nedu_star = nedu.conj()
    g1, g2, g3 = sm["gp"], sm["g"], sm["gs"]
    g11, g22, g33 = g1**2, g2**2, g3**2
    # exchange of a Higgs with a closed loop of fermions
    X = (
        -3 * _einsum("prvw,vw->pr", lnqd1, Gdc)
        - 3 * _einsum("prvw,wv->pr", lnuq, Gu)
        - _einsum("prvw,vw->pr", lnle, Gec)
        - _einsum("vrpw,vw->pr", lnle, Gec) / 2
    )
    # a dipole and a Yukawa coupling make a tensor (lbar sigma n) eps (lbar sigma e), which Fierz
    # relations turn into scalars, arXiv:2309.02940 Eq. (2)
    dipole = 3 / 2 * (g1 * nB + g2 * nW)
    return {
        "lnqd1": (g11 / 3 - 8 * g33) * lnqd1
        + (-2 * g11 + 18 * g22) * lnqd3
        - 2 * _einsum("st,pr->prst", Gd, X)
        - 2 * _einsum("sv,wt,prvw->prst", Gu, Gd, lnuq)
        + 2 * _einsum("pw,sv,rwtv->prst", Ge, Gu, nedu_star),
        "lnqd3": (-10 / 9 * g11 - 3 * g22 + 8 / 3 * g33) * lnqd3
        + (-g11 / 24 + 3 / 8 * g22) * lnqd1
        - _einsum("pw,sv,rwtv->prst", Ge, Gu, nedu_star) / 2
        + _einsum("pr,st->prst", g1 / 6 * nB + 3 / 2 * g2 * nW, Gd),
        "lnuq": (-2 / 3 * g11 - 8 * g33) * lnuq
        - 2 * _einsum("ts,pr->prst", Guc, X)
        - 2 * _einsum("vs,tw,prvw->prst", Guc, Gdc, lnqd1)
        + 2 * _einsum("pw,tv,rwvs->prst", Ge, Gdc, nedu_star),
        "lnle": -3 / 2 * (g11 + g22) * lnle
        + 3 * (g22 - g11) * _einsum("srpt->prst", lnle)
        - 2 * _einsum("st,pr->prst", Ge, X)
        - 4 * _einsum("pr,st->prst", dipole, Ge)
        + 8 * _einsum("sr,pt->prst", dipole, Ge),
        "nW": -(11 / 12 * g22 + 3 / 4 * g11) * nW
        - 3 / 2 * g1 * g2 * nB
        + 6 * g2 * _einsum("prst,st->pr", lnqd3, Gdc)
        + g2 / 4 * _einsum("prst,pt->sr", lnle, Gec)
        + gamma_h * nW
        + 2 * _einsum("pv,vr->pr", left["e"], nW),
        "nB": (-9 / 4 * g22 + 91 / 12 * g11) * nB
        - 9 / 2 * g1 * g2 * nW
        + 2 * g1 * _einsum("prst,st->pr", lnqd3, Gdc)
        + 3 / 4 * g1 * _einsum("prst,pt->sr", lnle, Gec)
        + gamma_h * nB
        - 2 * _einsum("pv,vr->pr", left["e"], nB),
        "nedu": -4 * g11 * nedu
        + 2 * _einsum("pr,st->prst", phine, Gd.conj().T @ Gu)
        + _einsum("vr,wt,vpws->prst", Ge, Gu, (lnqd1 - 12 * lnqd3).conj())
        + _einsum("vr,ws,vptw->prst", Ge, Gdc, lnuq.conj()),
        "phine": (2 * gamma_h - 3 * g11) * phine
        + 12 * _einsum("prst,ts->pr", nedu, Gu.conj().T @ Gd)
        + 2 * _einsum("pv,vr->pr", phine, right["e"]),
    }
