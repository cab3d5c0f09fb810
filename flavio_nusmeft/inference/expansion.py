"""Predictions as functions of named variables, with their derivatives.

In coefficients of nuSMEFT with N, nuWET and WET predictions are quadratic polynomials, or ratios of
such, and so are their derivatives exact. In other variables, masses and other parameters and
coefficients of SMEFT, derivatives are central differences of the polynomials: with steps of 1e-4 of
a natural scale their error is some 1e-8 of it, apart from a mass that closes a decay, where
predictions have no second derivative.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import settings
from ..batch import Observable, Polynomials, Predictor
from ..eft.space import Space
from ..eft.theories import HIGH, theory_of
from ..observables import QUANTITIES, check_value
from ..physics.channels import STERILE, CouplingSet
from ..physics.mixing import MIXING_NAMES

__all__ = ["Expansion", "Variable", "difference", "step", "variable"]

_STEP = 1e-4
_KEPT = 256  # polynomials


class Variable(NamedTuple):
    """A variable: a parameter, or a coefficient with the factor 1 or i of the variable in it."""

    name: str
    factor: complex | None


def variable(text: str, parameters: Mapping[str, float]) -> Variable:
    """The variable of a name: of a parameter, a coefficient, or ``Im(coefficient)``."""
    if text in parameters:
        return Variable(text, None)
    if text.startswith("Im(") and text.endswith(")"):
        return Variable(text[3:-1], 1j)
    return Variable(text, 1)


class Expansion:
    """Predictions of this package for a point in named variables.

    Parameters
    ----------
    observables : sequence of observables
        Of this package.
    variables : sequence of Variable
        Coefficients in ``space`` and parameters.
    space : Space
        Of the coefficients.
    par : mapping of str to float
        All parameters; those that are variables are replaced.
    detector : str, Detector or list of these, optional
        As in `predict`. With it predictions are no polynomials: all derivatives are differences.
    """

    def __init__(
        self,
        observables: Sequence[Observable],
        variables: Sequence[Variable],
        space: Space,
        par: Mapping[str, float],
        detector: Any = None,
    ) -> None:
        self.observables = tuple(observables)
        self._variables = tuple(variables)
        self._par = dict(par)
        names = list(dict.fromkeys(v.name for v in variables if v.factor is not None))
        self._predictor = Predictor(self.observables, names, space)
        linear = self._predictor.linear
        #: of every variable: its position in x = (1, Re c_1, Im c_1, ...), or None
        self._positions = [
            1 + 2 * linear.index(v.name) + (v.factor == 1j) if v.name in linear else None
            for v in self._variables
        ]
        self._polynomials: OrderedDict[tuple[Any, ...], Polynomials] = OrderedDict()
        self._detector = detector
        self._observed = None
        if detector is not None:
            self._observed = self._predictor.observed(detector, self._par)

    def __reduce__(self) -> Any:
        # what it remembers is found anew
        space = self._predictor.space
        arguments = self.observables, self._variables, space, self._par, self._detector
        return Expansion, arguments

    @staticmethod
    def covers(observables: Sequence[Observable]) -> bool:
        """Whether all observables are of this package."""
        names = [o if isinstance(o, str) else o[0] for o in observables]
        return all(name in QUANTITIES for name in names)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Predictions, shape (observables,).

        Parameters
        ----------
        x : ndarray
            Values of the variables, shape (variables,).

        Returns
        -------
        ndarray
            In the order of the observables.

        Raises
        ------
        InvalidValue, InvalidMass, UndefinedRatio
        """
        values = self._values(x)
        for observable, value in zip(self.observables, values.tolist(), strict=True):
            name, *arguments = (observable,) if isinstance(observable, str) else observable
            check_value(name, tuple(arguments), value)
        return values

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Derivatives of the predictions, shape (observables, variables)."""
        result = np.empty((len(self.observables), len(x)))
        slopes = None
        if self._observed is None:
            _, slopes = self._polynomial(x).at(self._vector(x))
        for i, position in enumerate(self._positions):
            if position is not None and slopes is not None:
                result[:, i] = slopes[:, position]
            else:
                moved = step(self._variables[i], float(x[i]), self._predictor.space)
                result[:, i] = difference(self._values, x, i, moved)
        return result

    def columns(self, par: Mapping[str, float], which: CouplingSet) -> list[np.ndarray | None]:
        """Derivatives of couplings by every variable, shape (channels, 10).

        None if they are not linear in it.
        """
        columns = self._predictor.columns(par, which)
        return [None if position is None else columns[position] for position in self._positions]

    def _values(self, x: np.ndarray) -> np.ndarray:
        if self._observed is None:
            return self._polynomial(x).at(self._vector(x))[0]
        par, values = dict(self._par), dict[str, complex]()
        for (name, factor), value in zip(self._variables, x, strict=True):
            if factor is None:
                par[name] = float(value)
            else:
                values[name] = values.get(name, 0) + factor * float(value)
        return self._observed(self._predictor.space.point(values), par)

    def _vector(self, x: np.ndarray) -> np.ndarray:
        vector = np.zeros(1 + 2 * len(self._predictor.linear))
        vector[0] = 1.0
        for position, value in zip(self._positions, x, strict=True):
            if position is not None:
                vector[position] += value
        return vector

    def _polynomial(self, x: np.ndarray) -> Polynomials:
        fixed = tuple(x[i] for i, p in enumerate(self._positions) if p is None)
        key = (*fixed, settings.number())
        found = self._polynomials.get(key)
        if found is None:
            par, nonlinear = dict(self._par), dict[str, complex]()
            for v, position, value in zip(self._variables, self._positions, x, strict=True):
                if v.factor is None:
                    par[v.name] = float(value)
                elif position is None:
                    nonlinear[v.name] = nonlinear.get(v.name, 0) + v.factor * float(value)
            found = self._polynomials[key] = self._predictor.polynomials(par, nonlinear)
            if len(self._polynomials) > _KEPT:
                self._polynomials.popitem(last=False)
        return found


def step(variable: Variable, value: float, space: Space) -> tuple[float, int]:
    """Step of differences, and 1 or -1 if they are only taken upwards or downwards, else 0.

    A mass is not negative, and mixings may be as large as they can be. The step is 1e-4 of the
    value, or of what changes an amplitude as much as the SM does.
    """
    name, factor = variable
    if factor is not None:
        # GeV^-2; of wilson's other bases of WET dimensionless
        with_dimension = theory_of(space.eft) is HIGH or space.basis == "JMS"
        return _STEP * max(abs(value), 1e-9 if with_dimension else 1.0), 0
    if name in STERILE:
        return _STEP, int(value < _STEP)
    if name in MIXING_NAMES:  # around 0 within the rounding of what is allowed
        return _STEP * max(abs(value), 1e-5), -int(np.sign(value))
    return _STEP * (abs(value) or 1.0), 0


def difference(
    function: Callable[[np.ndarray], Any], x: np.ndarray, i: int, step: tuple[float, int]
) -> Any:
    """Derivative of a function in one variable, by differences of second order."""
    h, side = step

    def at(k: int) -> Any:
        moved = np.array(x, dtype=float)
        moved[i] += k * h
        return function(moved)

    if side:
        return (4 * at(side) - at(2 * side) - 3 * at(0)) / (2 * side * h)
    return (at(1) - at(-1)) / (2 * h)
