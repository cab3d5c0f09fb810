"""Rates as tables over the mass of N, which a page evaluates without this package.

A rate is x^T Q(m_N) x with x = (1, Re c_1, Im c_1, Re c_2, ...), and only Q_11, the Standard Model,
does not depend on m_N. The other entries are few distinct functions, each of them

    (1 - t²)^p t^z P(t),  t = m_N / m_max,

where m_max is the largest mass that the decay is open for and P has neither zero nor pole at the
ends: p and z, halves of an integer, are read off there. P is interpolated between Chebyshev nodes;
near a threshold its relative error is thus the same as elsewhere. For spectra m_max is a multiple
of √q², P a polynomial of t, and values a smooth function of u = q²/q²_max times √(1 - u).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from ..batch import Predictor, central_parameters, parameters_of
from ..eft.space import Space
from ..errors import InvalidValue

__all__ = [
    "Q2_POWER",
    "Engine",
    "Form",
    "Rate",
    "Table",
    "chebyshev",
    "interpolate",
    "spectrum",
    "table",
]

MASS_NODES, Q2_NODES = 40, 32
SPECTRUM_MASS_NODES = 5  # at fixed q² the lepton functions are polynomials of at most m_N^4
Q2_POWER = 0.5
_SAME = 1e-9  # relative difference of entries that count as one function, or as zero
_REFERENCES = (0.01, 0.7, 1.9)  # masses at which entries are compared, GeV
_NEAR = 1e-4  # distance from t = 0 and 1 where the powers are read off

Entries = Callable[[float], np.ndarray]


def chebyshev(n: int) -> np.ndarray:
    """Chebyshev nodes of the first kind between 0 and 1, ascending, shape (n,)."""
    return np.asarray((1 - np.cos((2 * np.arange(n) + 1) * np.pi / (2 * n))) / 2)


def interpolate(values: np.ndarray, x: float) -> np.ndarray:
    """Barycentric interpolation along the first axis, whose nodes are those of `chebyshev`."""
    n = len(values)
    distance = x - chebyshev(n)
    if not distance.all():
        return np.asarray(values[int(np.argmin(np.abs(distance)))])
    # weights of nodes of the first kind
    angles = (2 * np.arange(n) + 1) * np.pi / (2 * n)
    weights = (-1.0) ** np.arange(n) * np.sin(angles) / distance
    return np.asarray(weights @ values / weights.sum())


@dataclass(frozen=True)
class Form:
    """One function of m_N, or of q² and m_N.

    Attributes
    ----------
    m_max : float
        Largest mass, GeV; of spectra in units of √q².
    power : float
        p, of 1 - t².
    zero : int
        z, of t.
    values : ndarray
        P at the nodes of t, shape (n,), of spectra at those of t and u, shape (n, k).
    """

    m_max: float
    power: float
    zero: int
    values: np.ndarray

    def __call__(self, m_N: float, q2: float | None = None, q2_max: float = 1.0) -> float:
        """The value at a mass (GeV), of spectra at a q² (GeV²)."""
        largest = self.m_max * (1.0 if q2 is None else np.sqrt(q2))
        t = m_N / largest if m_N else 0.0
        if t >= 1:
            return 0.0
        inner = interpolate(self.values, t)
        if q2 is not None:
            inner = interpolate(inner, q2 / q2_max) * (1 - q2 / q2_max) ** Q2_POWER
        return float(inner * (1 - t**2) ** self.power * t**self.zero)


@dataclass(frozen=True)
class Rate:
    """A quadratic polynomial of x at every mass.

    Attributes
    ----------
    constant : ndarray
        The Standard Model, shape (), of spectra at the nodes of u, shape (k,).
    forms : tuple of Form
        The distinct functions.
    terms : tuple of (int, int, int, float)
        Index of the form, i <= j and w: the rate has a term w form x_i x_j.
    q2_max : float
        Of spectra, GeV².
    """

    constant: np.ndarray
    forms: tuple[Form, ...]
    terms: tuple[tuple[int, int, int, float], ...]
    q2_max: float = 1.0

    def __call__(self, x: np.ndarray, m_N: float, q2: float | None = None) -> float:
        """The value for x (GeV^-2 beside the 1), shape (K,), a mass and, of spectra, a q²."""
        if q2 is None:
            total = float(self.constant)
        else:
            u = q2 / self.q2_max
            total = float(interpolate(self.constant, u) * (1 - u) ** Q2_POWER)
        values = [form(m_N, q2, self.q2_max) for form in self.forms]
        return total + sum(w * values[k] * x[i] * x[j] for k, i, j, w in self.terms)


@dataclass(frozen=True)
class Table:
    """An observable: a rate, or a ratio of two, beside what computes it.

    Attributes
    ----------
    observable : str
        Its name.
    numerator, denominator : Rate
        The rates; None in place of a denominator of 1.
    """

    observable: str
    numerator: Rate
    denominator: Rate | None = None

    @property
    def rates(self) -> tuple[Rate, ...]:
        """The numerator and, of a ratio, the denominator."""
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)

    def __call__(self, x: np.ndarray, m_N: float, q2: float | None = None) -> float:
        """The value for x, shape (K,), a mass (GeV) and, of spectra, a q² (GeV²)."""
        below = 1.0 if self.denominator is None else self.denominator(x, m_N)
        return self.numerator(x, m_N, q2) / below


class Engine:
    """Matrices of observables at any mass of N, for the parameters and options of a theory."""

    def __init__(
        self, names: Sequence[str], space: Space, par: Mapping[str, Any], mass: str
    ) -> None:
        self.names, self.space, self.mass = tuple(names), space, mass
        self._predictors: dict[Any, Predictor] = {}
        self._par = par

    @cached_property
    def par(self) -> dict[str, float]:
        """All parameters."""
        return central_parameters(parameters_of(self._par))

    def matrices(self, observable: Any, m_N: float) -> tuple[np.ndarray, np.ndarray]:
        """Of numerator and denominator, shape (K, K) each."""
        if observable not in self._predictors:
            self._predictors[observable] = Predictor([observable], self.names, self.space)
        found = self._predictors[observable].polynomials(self.par | {self.mass: m_N})
        return found.numerator[0], found.denominator[0]

    def value(self, observable: Any, x: np.ndarray, m_N: float) -> float:
        """As `predict` has it."""
        above, below = self.matrices(observable, m_N)
        return float(x @ above @ x) / (float(x @ below @ x) if below.any() else 1.0)


def table(engine: Engine, observable: str) -> Table:
    """Tabulate an observable without arguments."""
    matrices = cache(partial(engine.matrices, observable))  # forms have masses in common
    rates = []
    for part in (0, 1):

        def entries(m_N: float, part: int = part) -> np.ndarray:
            return matrices(m_N)[part]

        if entries(0.0).any():
            rates.append(_rate(entries))
    if not rates:
        raise InvalidValue(f"{observable} vanishes with these parameters")
    return Table(observable, *rates)


def _rate(entries: Entries) -> Rate:
    forms, terms = [], []
    for k, group in enumerate(_groups([entries(m) for m in _REFERENCES])):
        i, j, _ = group[0]

        def function(m_N: float, i: int = i, j: int = j) -> float:
            return float(entries(m_N)[i, j])

        forms.append(_form(function))
        terms += [(k, *term) for term in group]
    return Rate(np.array(entries(0.0)[0, 0]), tuple(forms), tuple(terms))


def _form(function: Callable[[float], float]) -> Form:
    m_max = _threshold(function)
    ends = np.array([_NEAR, 2 * _NEAR])
    low = np.abs([function(t * m_max) for t in ends])
    high = np.abs([function((1 - t) * m_max) for t in ends])
    zero = round(np.log2(low[1] / low[0]))
    slope = np.log(high[1] / high[0]) / np.log((1 - (1 - ends[1]) ** 2) / (1 - (1 - ends[0]) ** 2))
    power = round(2 * slope) / 2
    t = chebyshev(MASS_NODES)
    values = np.array([function(x * m_max) for x in t])
    return Form(m_max, power, zero, values / ((1 - t**2) ** power * t**zero))


def _threshold(function: Callable[[float], float]) -> float:
    """The largest mass with a value other than 0, by bisection."""
    low, high = 0.0, 1.0
    while function(high):
        low, high = high, 2 * high
    while high - low > 4e-16 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if function(middle) else (low, middle)
    return high


def _groups(samples: Sequence[np.ndarray]) -> list[list[tuple[int, int, float]]]:
    """The entries i <= j that are not 0, as i, j and the weight, by common function.

    ``samples`` are matrices, shape (K, K). The first entry of a group is its function.
    """
    Q = np.array(samples)
    size = np.sqrt(np.einsum("...ii->...i", np.abs(Q)))
    scale = size[:, :, None] * size[:, None, :]
    groups: list[tuple[np.ndarray, list[tuple[int, int, float]]]] = []
    for i, j in zip(*np.triu_indices(Q.shape[1]), strict=True):
        column = Q[:, i, j]
        if not i + j or not (np.abs(column) > _SAME * scale[:, i, j]).any():
            continue
        double = 1.0 if i == j else 2.0
        for first, group in groups:
            weight = float(first @ column / (first @ first))
            # everywhere, however small the values are: those at the ends of the spectrum count
            if np.all(np.abs(column - weight * first) <= _SAME * np.abs(column)):
                group.append((int(i), int(j), double * weight))
                break
        else:
            groups.append((column, [(int(i), int(j), double)]))
    return [group for _, group in groups]


def spectrum(engine: Engine, observable: str, q2_max: float) -> Table:
    """Tabulate a spectrum, an observable with the argument q²."""
    u, t = chebyshev(Q2_NODES), chebyshev(SPECTRUM_MASS_NODES)
    q2 = q2_max * u
    end = (1 - u) ** Q2_POWER

    def entries(k: int, m_N: float) -> np.ndarray:
        return engine.matrices((observable, float(q2[k])), m_N)[0]

    # of one N, or of two, at all q²: open at 3/4 of √q², or closed
    samples = [entries(k, f * np.sqrt(q2[k])) for k in range(Q2_NODES) for f in (0.0, 0.2, 0.75)]
    forms, terms = [], []
    for number, group in enumerate(_groups(samples)):
        i, j, _ = group[0]
        one = bool(samples[3 * (Q2_NODES // 2) + 2][i, j])
        m_max, power = (1.0, 1.0) if one else (0.5, 0.5)  # of √λ(q², m_1², m_2²)
        values = [
            [entries(k, x * m_max * np.sqrt(q2[k]))[i, j] for k in range(Q2_NODES)] for x in t
        ]
        forms.append(Form(m_max, power, 0, np.array(values) / (1 - t[:, None] ** 2) ** power / end))
        terms += [(number, *term) for term in group]
    constant = np.array([entries(k, 0.0)[0, 0] for k in range(Q2_NODES)]) / end
    return Table(observable, Rate(constant, tuple(forms), tuple(terms), q2_max))
