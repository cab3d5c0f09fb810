"""pp -> l + inv: rates at large transverse mass, of active neutrinos and N."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from .._inputs import number
from ..errors import InvalidBin
from ..physics import tails
from ..physics.modes import LEPTON_TEX
from ..physics.rates import Quantity
from .specs import Par, Spec

__all__ = ["specs"]


def _check_bin(mTmin: float, mTmax: float) -> tuple[float, float]:
    """Both ends (GeV) of a bin that can have events."""
    low, high = (number(n, x, InvalidBin) for n, x in (("mTmin", mTmin), ("mTmax", mTmax)))
    if not (0 < low < high < np.inf and low < tails.ENERGY):
        raise InvalidBin(
            f"mTmin = {mTmin}, mTmax = {mTmax}: a bin of the transverse mass is in GeV, not empty,"
            f" above 0 and begins below {tails.ENERGY:.0f}"
        )
    return low, high


def _ratio(lepton: str, par: Par, mTmin: float, mTmax: float) -> Quantity:
    low, high = _check_bin(mTmin, mTmax)
    # N first: it says in one line which coefficients cannot reach the scale
    tree = tails.rate(lepton, low, high), tails.counted_twice()
    return Quantity((*tree, tails.stock(lepton, low, high)))


def specs() -> Iterator[Spec]:
    """The rows of the table."""
    for lepton in ("e", "mu"):
        tex = rf"pp\to {LEPTON_TEX[lepton]}\,\text{{inv}}"
        yield Spec(
            f"R_13(pp->{lepton}inv)",
            ("mTmin", "mTmax"),
            partial(_ratio, lepton),
            rf"Cross section of ${tex}$ at $\sqrt{{s}}=13$ TeV normalized to the SM contribution",
            rf"$\text{{R}}_{{13}}({tex})$",
            f"Process :: contact interactions :: ${tex}$",
            ("arXiv:2212.10497", "arXiv:2411.07220"),
        )
