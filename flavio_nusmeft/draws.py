"""Random draws of parameters, and predictions for them that cost a matrix product per point."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from flavio.classes import ParameterConstraints

from . import settings
from ._inputs import integer, wc_object
from .batch import Observable, Predictor
from .eft.wilson import NuWilson, options_of

__all__ = ["Draws", "check_seed", "draw", "seeded"]


def __dir__() -> list[str]:
    return sorted(__all__)


def check_seed(seed: int | None) -> None:
    """Check that a seed is None, or one that numpy's global generator takes.

    Raises
    ------
    InvalidValue
    """
    if seed is not None:
        integer("seed", seed, 0, 2**32 - 1)


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seed numpy's global generator, from which flavio draws, and restore it afterwards.

    None leaves it alone.
    """
    if seed is None:
        yield
        return
    check_seed(seed)
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def draw(
    constraints: ParameterConstraints, varied: Iterable[str], n: int
) -> list[dict[str, float]]:
    """Parameter points with ``varied`` drawn at random, and the others at their central values."""
    central, drawn = constraints.get_central_all(), constraints.get_random_all(size=n)
    names = set(varied)
    return [
        {k: float(drawn[k][i]) if k in names else value for k, value in central.items()}
        for i in range(n)
    ]


class Draws:
    """Predictions for draws of the parameters, from polynomials that are remembered."""

    _KEPT = 64

    def __init__(self, observables: Sequence[Observable], draws: list[dict[str, float]]) -> None:
        self._observables = tuple(observables)
        self._draws = draws
        self._predictors: dict[Any, Predictor] = {}
        self._polynomials: OrderedDict[Any, tuple[np.ndarray, np.ndarray]] = OrderedDict()

    def checksum(self) -> str:
        """Of the drawn parameters."""
        numbers = [[float(point[name]) for name in sorted(point)] for point in self._draws]
        return hashlib.sha256(repr(numbers).encode()).hexdigest()

    def predictions(self, fixed: Mapping[str, float], wc_obj: Any) -> np.ndarray:
        """Shape (draws, observables); ``fixed`` are parameters that are not drawn."""
        wc = getattr(wc_object(wc_obj), "wc", None)
        if wc is None:
            wc_obj = NuWilson({}, 1e3, "nuSMEFT", "FGMS")
            wc = wc_obj.wc
        values = {name: value for name, value in wc.dict.items() if value != 0}
        options = options_of(wc_obj)
        key: tuple[Any, ...] = (
            wc.eft,
            wc.basis,
            wc.scale,
            tuple(values),
            repr(sorted(options.items())),
        )
        if key not in self._predictors:
            self._predictors[key] = Predictor(
                self._observables,
                tuple(values),
                scale=wc.scale,
                eft=wc.eft,
                basis=wc.basis,
                options=options,
            )
        predictor = self._predictors[key]
        nonlinear = {name: values[name] for name in predictor.nonlinear}
        key = (*key, tuple(fixed.items()), tuple(nonlinear.items()), settings.number())
        if key not in self._polynomials:
            found = [predictor.polynomials({**draw, **fixed}, nonlinear) for draw in self._draws]
            numerators = np.array([p.numerator for p in found])
            denominators = np.array([p.denominator for p in found])
            denominators[:, ~found[0].is_ratio, 0, 0] = 1.0
            self._polynomials[key] = numerators, denominators
            if len(self._polynomials) > self._KEPT:
                self._polynomials.popitem(last=False)
        numerators, denominators = self._polynomials[key]
        linear = np.array([values[name] for name in predictor.linear], dtype=complex)
        x = np.concatenate([[1.0], np.array([linear.real, linear.imag]).T.ravel()])
        return np.asarray((numerators @ x @ x) / (denominators @ x @ x))
