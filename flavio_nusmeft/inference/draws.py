"""Random draws of parameters, and predictions for them that cost a matrix product per point."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import flavio
import numpy as np
from flavio.classes import ParameterConstraints

from .. import settings
from .._inputs import brief, integer, seed_number, wc_object
from ..batch import Observable, Predictor, central_parameters, parameters_of
from ..eft.space import Space
from ..eft.standard import options_of
from ..eft.wilson import NuWilson
from ..errors import InvalidValue

__all__ = [
    "Draws",
    "check_draws",
    "draw",
    "one_point",
    "parameter_draws",
    "seeded",
]

_MOST = 10**9  # draws


def __dir__() -> list[str]:
    return sorted(__all__)


@contextmanager
def seeded(seed: int | np.random.Generator) -> Iterator[None]:
    """Seed numpy's global generator, from which flavio draws, and restore it afterwards.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        Seed of the draws in the block; a generator gives an integer for it.

    Raises
    ------
    InvalidValue
    """
    chosen, state = seed_number(seed), np.random.get_state()  # noqa: NPY002
    np.random.seed(chosen)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def draw(
    constraints: ParameterConstraints, varied: Iterable[str], n: int
) -> list[dict[str, float]]:
    """Parameter points with ``varied`` drawn at random, and the others at their central values.

    Parameters
    ----------
    constraints : ParameterConstraints
        Central values and distributions.
    varied : iterable of str
        Names of the parameters that are drawn.
    n : int
        Number of points.

    Returns
    -------
    list of dict of str to float
        All parameters, point by point.
    """
    central, drawn = constraints.get_central_all(), constraints.get_random_all(size=n)
    names = set(varied)
    return [
        {k: float(drawn[k][i]) if k in names else value for k, value in central.items()}
        for i in range(n)
    ]


def check_draws(draws: int) -> int:
    """The number of draws: 0, or at least 2.

    Parameters
    ----------
    draws : int
        To be checked.

    Returns
    -------
    int
        The number of draws.

    Raises
    ------
    InvalidValue
    """
    try:
        number = integer("draws", draws, 0, _MOST)
    except InvalidValue:
        number = 1
    if number == 1:
        raise InvalidValue(f"draws = {brief(draws)} must be 0 (no uncertainties) or at least 2")
    return number


def one_point(par: Mapping[str, float] | None) -> tuple[dict[str, float], dict[str, float]]:
    """The parameters that are given, and all: these and the central values of the others.

    Parameters
    ----------
    par : mapping of str to float or None
        Parameters that differ from the central values of ``flavio.default_parameters``.

    Returns
    -------
    (dict of str to float, dict of str to float)
        Those of ``par``, and all.

    Raises
    ------
    UnknownParameter, InvalidValue
    """
    arrays = parameters_of(par)
    for name, array in arrays.items():
        if array.ndim:
            raise InvalidValue(f"parameter {name} must be one number")
    parameters = central_parameters(arrays)
    return {name: parameters[name] for name in arrays}, parameters


def parameter_draws(
    n: int, fixed: Mapping[str, float], seed: int | np.random.Generator = 0
) -> list[dict[str, float]]:
    """Points drawn from ``flavio.default_parameters``, those of ``fixed`` at their values.

    Parameters
    ----------
    n : int
        Number of points.
    fixed : mapping of str to float
        Parameters that are not drawn, and their values.
    seed : int or numpy.random.Generator, default 0
        Seed of the draws; a generator gives an integer for it.

    Returns
    -------
    list of dict of str to float
        All parameters, point by point.
    """
    constraints = flavio.default_parameters
    with seeded(seed):
        points = draw(constraints, constraints.all_parameters, n)
    return [{**point, **fixed} for point in points]


class Draws:
    """Predictions for draws of the parameters, from polynomials that are remembered.

    Parameters
    ----------
    observables : sequence of observables
        Observables of this package.
    draws : list of dict of str to float
        Drawn parameters, point by point, all of flavio's in each.
    """

    _KEPT = 64

    def __init__(self, observables: Sequence[Observable], draws: list[dict[str, float]]) -> None:
        self._observables = tuple(observables)
        self._draws = draws
        self._predictors: dict[Any, Predictor] = {}
        self._polynomials: OrderedDict[Any, tuple[np.ndarray, np.ndarray]] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        # the numbers of settings in the keys are those of this process
        return {**self.__dict__, "_predictors": {}, "_polynomials": OrderedDict()}

    def checksum(self) -> str:
        """Checksum of the drawn parameters.

        Returns
        -------
        str
            SHA-256 in hexadecimal digits.
        """
        numbers = [[float(point[name]) for name in sorted(point)] for point in self._draws]
        return hashlib.sha256(repr(numbers).encode()).hexdigest()

    def predictions(self, fixed: Mapping[str, float], wc_obj: Any) -> np.ndarray:
        """Predictions for all draws.

        Parameters
        ----------
        fixed : mapping of str to float
            Parameters that are not drawn, and their values.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.

        Returns
        -------
        ndarray
            Shape (draws, observables).
        """
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
                self._observables, tuple(values), Space(wc.scale, wc.eft, wc.basis, options)
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
