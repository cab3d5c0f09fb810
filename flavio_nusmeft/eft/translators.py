"""Translators between the Warsaw basis of nuSMEFT and the bases FGMS and LiaoMa.

Pure functions of full coefficient arrays, and their WCxf adapters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ..errors import DroppedCoefficientWarning, listed, warn
from .flavour import Arrays, LinearMap, from_arrays
from .operators import FGMS, LIAO_MA, WARSAW

__all__ = ["from_warsaw", "has_counterpart", "to_warsaw", "translate", "warn_dropped"]


def _fgms_to_warsaw(C: Arrays) -> Arrays:
    c: Arrays = {}
    if "QN" in C:
        c["qn"] = C["QN"]
    if "dN" in C:
        c["nd"] = np.einsum("prst->stpr", C["dN"])  # the Warsaw class has the N indices first
    if "LNQd" in C:
        c["lnqd1"] = C["LNQd"]
    if "LNQdT" in C:
        c["lnqd3"] = C["LNQdT"]
    return c


def _warsaw_to_fgms(C: Arrays) -> Arrays:
    c: Arrays = {}
    if "qn" in C:
        c["QN"] = C["qn"]
    if "nd" in C:
        c["dN"] = np.einsum("stpr->prst", C["nd"])
    if "lnqd1" in C:
        c["LNQd"] = C["lnqd1"]
    if "lnqd3" in C:
        c["LNQdT"] = C["lnqd3"]
    return c


# arXiv:2309.02940 Eq. (2): O_LNQdT = -8 (L d)(Q N) - 4 (L N)(Q d). LdQN_ptsr = (L_p d_t)(Q_s N_r)
# therefore has the same flavours as LNQd_prst, and
#   C_LdQN = -8 C_LNQdT,  C_LNQd(LiaoMa) = C_LNQd(FGMS) - 4 C_LNQdT.
def _liaoma_to_fgms(C: Arrays) -> Arrays:
    c: Arrays = {name: C[name] for name in ("QN", "dN", "LNQd") if name in C}
    if "LdQN" in C:
        scalar = np.einsum("ptsr->prst", C["LdQN"])
        c["LNQd"] = c.get("LNQd", 0) - scalar / 2
        c["LNQdT"] = -scalar / 8
    return c


def _fgms_to_liaoma(C: Arrays) -> Arrays:
    c: Arrays = {name: C[name] for name in ("QN", "dN", "LNQd") if name in C}
    if "LNQdT" in C:
        c["LNQd"] = c.get("LNQd", 0) - 4 * C["LNQdT"]
        c["LdQN"] = -8 * np.einsum("prst->ptsr", C["LNQdT"])
    return c


_TO_WARSAW = {
    "FGMS": LinearMap(FGMS, lambda C: from_arrays(_fgms_to_warsaw(C), WARSAW)),
    "LiaoMa": LinearMap(
        LIAO_MA, lambda C: from_arrays(_fgms_to_warsaw(_liaoma_to_fgms(C)), WARSAW)
    ),
}
_FROM_WARSAW = {
    "FGMS": LinearMap(WARSAW, lambda C: from_arrays(_warsaw_to_fgms(C), FGMS)),
    "LiaoMa": LinearMap(
        WARSAW, lambda C: from_arrays(_fgms_to_liaoma(_warsaw_to_fgms(C)), LIAO_MA)
    ),
}
_KEPT = frozenset({"qn", "nd", "lnqd1", "lnqd3"})  # classes that FGMS and LiaoMa hold


def warn_dropped(names: Iterable[str], target: str) -> None:
    """Warn that non-zero coefficients have no counterpart in ``target``."""
    names = list(names)
    if names:
        warn(f"no counterpart in {target}, dropped: {listed(names)}", DroppedCoefficientWarning)


def to_warsaw(values: Mapping[str, complex], basis: str) -> dict[str, complex]:
    """Translate independent coefficients of ``basis`` (FGMS, LiaoMa, Warsaw) to Warsaw."""
    return dict(values) if basis == "Warsaw" else _TO_WARSAW[basis](values)


def from_warsaw(values: Mapping[str, complex], basis: str) -> dict[str, complex]:
    """Translate independent Warsaw coefficients to ``basis``.

    Non-zero coefficients that ``basis`` does not have are named in a
    ``DroppedCoefficientWarning``.
    """
    if basis == "Warsaw":
        return dict(values)
    kept = {name: v for name, v in values.items() if name.split("_")[0] in _KEPT}
    warn_dropped((n for n, v in values.items() if n not in kept and v != 0), f"nuSMEFT {basis}")
    return _FROM_WARSAW[basis](kept)


def translate(values: Mapping[str, complex], source: str, target: str) -> dict[str, complex]:
    """Translate independent coefficients between bases of nuSMEFT, see `from_warsaw`."""
    return from_warsaw(to_warsaw(values, source), target)


def has_counterpart(name: str, source: str, target: str) -> bool:
    """Whether `translate` keeps a coefficient."""
    return target == "Warsaw" or all(n.split("_")[0] in _KEPT for n in to_warsaw({name: 1}, source))
