"""Many points at once: observables as real quadratic polynomials of the Wilson coefficients.

At fixed parameters every rate is a quadratic polynomial of the real and imaginary parts of the
coefficients of nuSMEFT classes with N, of nuWET and of WET. Its matrix is computed once per
distinct parameter point; a plane of coefficients is then a matrix product. Coefficients of SMEFT
do not enter linearly (wilson runs the parameters of the SM along), nor do those of WET in μ decay
(G_F), so each distinct point of these runs on its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from numbers import Real
from typing import Any, NamedTuple

import flavio
import numpy as np
from numpy.typing import ArrayLike

from ._inputs import brief, mapping, number, numbers, scalar
from .eft.dirac import dirac_pairs
from .eft.hints import parameter_hint
from .eft.space import Space
from .eft.theories import HIGH, THEORIES, theory_of
from .eft.wilson import NuWilson
from .errors import (
    InvalidBin,
    InvalidShape,
    InvalidValue,
    UndefinedRatio,
    UnknownObservable,
    UnknownParameter,
    nearest,
)
from .observables import NAMES, QUANTITIES, check_value
from .physics import channels, plausible
from .physics.cache import ParameterCache
from .physics.channels import CouplingSet
from .physics.detectors import Detector, Observed
from .physics.rates import Part, Quantity, Rate, Stock, couplings_of

__all__ = [
    "Observable",
    "Polynomials",
    "Predictor",
    "as_observables",
    "central_parameters",
    "is_reached",
    "parameters_of",
    "predict",
    "quantity_of",
]


def __dir__() -> list[str]:
    return sorted(__all__)


Observable = str | tuple[Any, ...]

_KEPT = 256  # matrices of rates
_CHUNK = 2**17  # monomials times points evaluated together: 1 MB


def predict(
    observables: Observable | Sequence[Observable],
    coefficients: Mapping[str, ArrayLike],
    *,
    scale: float,
    eft: str,
    basis: str,
    par: Mapping[str, ArrayLike] | None = None,
    options: Mapping[str, Any] | None = None,
    detector: str | Detector | Sequence[str | Detector] | None = None,
) -> dict[Observable, np.ndarray]:
    """Predict observables of this package for arrays of coefficients and parameters.

    Parameters
    ----------
    observables : str, tuple or sequence of these
        Names, or tuples of a name and its arguments, as in flavio. Lists, as YAML and JSON give
        them, stand for the tuples, also among the keys of the result.
    coefficients : mapping of str to array_like
        Wilson coefficients at ``scale``, new physics only (GeV^-2 or the coefficient's dimension):
        numbers or arrays that broadcast, real or complex.
    scale : float
        MSbar scale of the coefficients, GeV.
    eft, basis : str
        EFT, ``nuSMEFT`` or ``nuWET`` (-4, -3; see `NuWilson`), ``SMEFT`` or ``WET`` (-4, -3), and
        basis.
    par : mapping of str to array_like, optional
        Parameters that differ from the central values of ``flavio.default_parameters``, or a full
        dictionary of parameters: numbers or arrays that broadcast with the coefficients.
    options : mapping of str to object, optional
        Options of running and matching, as for `NuWilson`, e.g. ``{"running": "full"}``.
    detector : str, Detector or list of these, optional
        Count only events that stay invisible in a detector, ``Belle II``, ``ALEPH``, ``NA62`` or a
        `Detector`: in the first one of a list that sees the decay. By default N are stable.

    Returns
    -------
    dict
        Arrays of the common shape by observable, without ``detector`` equal to
        `flavio.np_prediction` point by point.

    Raises
    ------
    UnknownObservable, UnknownCoefficient, UnknownParameter, UnknownBasis, InvalidValue,
    InvalidShape, InvalidMass, InvalidBin, InvalidScale, UndefinedRatio

    Warns
    -----
    SizeWarning, ScaleWarning, NoEffectWarning, HeavyMassWarning, DiracMassWarning
        Once each, as `NuWilson`; NoEffectWarning for every coefficient that no observable of this
        package depends on, and for a detector if all N are stable.

    Notes
    -----
    The integrals over q² are done once per distinct point of ``par``. Points of SMEFT coefficients
    take as long as wilson's running of them; all others cost a small matrix product. With a
    detector every point is calculated on its own, as widths of N depend on it, in some 10 ms for
    these and each observable; `invisible_probability` has the assumptions.
    """
    wanted = as_observables(observables)
    coefficients = mapping("coefficients", coefficients)
    values = {str(name): numbers(name, value) for name, value in coefficients.items()}
    overrides = parameters_of(par)
    shape = _broadcast(values | {f"par['{k}']": v for k, v in overrides.items()})
    predictor = Predictor(wanted, tuple(values), Space.of(scale, eft, basis, options))
    central = central_parameters(overrides)
    predictor.check(values)
    predictor.space.warn_size(values)

    result = np.empty((len(wanted), math.prod(shape)))
    largest = np.full(len(wanted), -np.inf)
    fixed = {name: v for name, v in overrides.items() if v.ndim}
    observed = None if detector is None else predictor.observed(detector, central)
    linear = _Rows({name: values[name] for name in predictor.linear}, shape)
    outside = predictor.nonlinear if observed is None else tuple(values)
    outer = fixed | {f" {name}": values[name] for name in outside}
    for point, positions in _distinct(outer, shape):
        parameters = central | {name: float(np.real(point[name])) for name in fixed}
        given = {name: point[f" {name}"] for name in outside}
        if observed is not None:
            found = observed(predictor.space.point(given), parameters)
            result[:, slice(None) if positions is None else positions] = found[:, None]
            np.maximum(largest, found, out=largest)
            continue
        polynomials = predictor.polynomials(parameters, given)
        with np.errstate(over="ignore", invalid="ignore"):
            np.maximum(largest, polynomials.evaluate(linear, positions, result), out=largest)
    predictor.warn_idle(central, overrides)  # if nothing was refused
    predictor.warn_dirac(values, {**central, **overrides})
    if observed is not None:
        running = predictor.space.with_defaults().options.get("running")
        is_partial = theory_of(eft) is HIGH and running != "full"
        remedy = "; the option running = 'full' has more operators mix" * is_partial
        observed.warn_stable(remedy)
    for observable, value in zip(wanted, largest.tolist(), strict=True):
        name, *arguments = (observable,) if isinstance(observable, str) else observable
        if result.size:
            check_value(name, tuple(arguments), value)
    return {name: result[i].reshape(shape) for i, name in enumerate(wanted)}


class Polynomials(NamedTuple):
    """Quadratic polynomials x^T Q x with x = (1, Re c_1, Im c_1, Re c_2, ...).

    Attributes
    ----------
    numerator : ndarray
        Shape (observables, K, K).
    denominator : ndarray
        Shape (observables, K, K), with 1 where there is none.
    is_ratio : ndarray of bool
        Shape (observables,), whether there is a denominator.
    undefined : ndarray
        Shape (observables,), values where the denominator vanishes (nan: an error).
    """

    numerator: np.ndarray
    denominator: np.ndarray
    is_ratio: np.ndarray
    undefined: np.ndarray

    def evaluate(self, rows: _Rows, positions: np.ndarray | None, out: np.ndarray) -> np.ndarray:
        """Write the values into an array.

        Parameters
        ----------
        rows : rows of x
            The points.
        positions : ndarray or None
            Positions of these points in ``out``; None: all.
        out : ndarray
            Shape (observables, points), is written to.

        Returns
        -------
        ndarray
            The largest value of every observable, shape (observables,).
        """
        ratios = np.flatnonzero(self.is_ratio)
        stacked = np.concatenate([self.numerator, self.denominator[ratios]])
        stacked = stacked[:, rows.variables][:, :, rows.variables]
        # the monomials x_i x_j that occur, i <= j
        upper = np.triu(np.ones(stacked.shape[1:], dtype=bool))
        used = upper & (stacked != 0).any(axis=0)
        starts = [(i, np.flatnonzero(used[i])) for i in range(len(used)) if used[i].any()]
        weights = np.where(np.eye(len(used), dtype=bool), stacked, 2 * stacked)[:, used]
        size = rows.size if positions is None else len(positions)
        step = max(1, _CHUNK // max(1, weights.shape[1]))
        monomials = np.empty((weights.shape[1], min(step, size)))
        largest = np.full(len(self.numerator), -np.inf)
        for start in range(0, size, step):
            stop = min(start + step, size)
            chosen = slice(start, stop) if positions is None else positions[start:stop]
            x = rows.take(chosen)
            part, row = monomials[:, : stop - start], 0
            for i, partners in starts:
                np.multiply(x[i], x[partners], out=part[row : row + len(partners)])
                row += len(partners)
            values = weights @ part
            numerators, denominators = np.split(values, [len(self.numerator)])
            if len(ratios):
                self._divide(numerators, denominators, ratios)
            np.maximum(largest, numerators.max(axis=1), out=largest)
            out[:, chosen] = numerators
        return largest

    def at(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and derivatives at one point.

        Parameters
        ----------
        x : ndarray
            (1, Re c_1, Im c_1, ...), shape (K,).

        Returns
        -------
        (ndarray, ndarray)
            Values, shape (observables,), and their derivatives by ``x``, shape (observables, K).

        Raises
        ------
        UndefinedRatio
        """
        slopes = 2 * (self.numerator @ x)
        values = slopes @ x / 2
        for i in np.flatnonzero(self.is_ratio):
            below = self.denominator[i] @ x
            total = below @ x
            if total > 0:
                values[i] /= total
                slopes[i] = (slopes[i] - 2 * values[i] * below) / total
            elif np.isnan(self.undefined[i]):
                raise UndefinedRatio("the branching ratio in the denominator vanishes")
            else:
                values[i], slopes[i] = self.undefined[i], 0.0
        return values, slopes

    def _divide(self, numerators: np.ndarray, denominators: np.ndarray, ratios: np.ndarray) -> None:
        closed = denominators <= 0
        undefined = np.broadcast_to(self.undefined[ratios][:, None], closed.shape)
        if np.isnan(undefined[closed]).any():
            raise UndefinedRatio("the branching ratio in the denominator vanishes")
        quotient = numerators[ratios] / np.where(closed, 1.0, denominators)
        numerators[ratios] = np.where(closed, undefined, quotient)


class _Rows:
    """The vectors x = (1, Re c_1, Im c_1, ...) of flattened points, made in pieces.

    ``variables`` are the indices in x of those that are there: real arrays have no Im.
    """

    def __init__(self, values: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> None:
        self.size = math.prod(shape)
        self.variables = [0]
        self._values: list[Any] = []
        for k, value in enumerate(values.values()):
            self.variables += [1 + 2 * k, 2 + 2 * k][: 1 + np.iscomplexobj(value)]
            full = np.broadcast_to(value, shape)
            self._values.append(full.reshape(-1) if full.flags.c_contiguous else full.flat)

    def take(self, chosen: slice | np.ndarray) -> np.ndarray:
        """Shape (variables, points)."""
        length = len(range(self.size)[chosen]) if isinstance(chosen, slice) else len(chosen)
        x = np.empty((len(self.variables), length))
        x[0], row = 1.0, 1
        for value in self._values:
            column = value[chosen]
            x[row] = column.real
            row += 1
            if np.iscomplexobj(column):
                x[row] = column.imag
                row += 1
        return x


class Predictor:
    """Observables as polynomials of named coefficients; what `predict` compiles.

    Parameters
    ----------
    observables : sequence of observables
        As in `predict`.
    names : sequence of str
        Coefficients, the variables of the polynomials.
    space : Space
        Scale, EFT, basis and options of the coefficients.

    Attributes
    ----------
    linear, nonlinear : tuple of str
        The names that are variables, and those that are not (`Space.is_linear`; all of WET, too, if
        flavio computes a part of an observable).
    columns : ParameterCache
        ``columns(par, which)``: couplings of a set without coefficients, then per unit of every
        variable, shape (K, channels, 10).
    """

    def __init__(
        self,
        observables: Sequence[Observable],
        names: Sequence[str],
        space: Space,
    ) -> None:
        self.observables = tuple(observables)
        self._quantities = [quantity_of(observable) for observable in observables]
        self.space = space
        space.check(names)
        # what flavio computes is no polynomial of coefficients without N
        standard = {n for n in names if space.is_linear(n) and space.is_standard(n)}
        fixed = standard if standard and self._has_stock() else set()
        self.linear = tuple(n for n in names if space.is_linear(n) and n not in fixed)
        self.nonlinear = tuple(n for n in names if n not in self.linear)
        known = space.known
        self._units = [
            space.point({name: unit})
            for name in self.linear
            for unit in (1.0, 1j if not known[name] else 0.0)
        ]
        self._origin = space.point({})
        space.warn_scale()
        self._fields = ParameterCache(self._make_fields)
        self.columns = ParameterCache(self._make_columns)
        # of rates; several have the same, and most do not depend on a mass of N
        self._matrices = ParameterCache(self._make_matrix, maxsize=_KEPT)

    def __repr__(self) -> str:
        return (
            f"Predictor({len(self.observables)} observables,"
            f" {len(self.linear) + len(self.nonlinear)} coefficients of {self.space})"
        )

    def _has_stock(self) -> bool:
        """Whether flavio computes a part of any of the observables."""
        par = central_parameters({})
        quantities = [function(par, *arguments) for function, arguments in self._quantities]
        parts = [part for q in quantities for part in (*q.numerator, *q.denominator)]
        return any(isinstance(part, Stock) for part in parts)

    def observed(self, detector: Any, par: Mapping[str, float]) -> Observed:
        """The observables with what N do in detectors, point by point.

        Parameters
        ----------
        detector : str, Detector or list of these
            As in `predict`.
        par : mapping of str to float
            All parameters.

        Returns
        -------
        Observed
            A function of an object with coefficients and all parameters.
        """
        names = (o if isinstance(o, str) else o[0] for o in self.observables)
        quantities = [(name, *rest) for name, rest in zip(names, self._quantities, strict=True)]
        return Observed(quantities, detector, par)

    def check(self, values: Mapping[str, np.ndarray]) -> None:
        """Check values of coefficients.

        Parameters
        ----------
        values : mapping of str to ndarray
            Arrays by name.

        Raises
        ------
        InvalidValue
            If one is not finite, or not real where it must be.
        """
        known = self.space.known
        for name, value in values.items():
            if not np.isfinite(value).all():
                raise InvalidValue(f"{name} has values that are not finite")
            if known[name] and np.iscomplexobj(value) and value.imag.any():
                raise InvalidValue(f"{name} is real (its operator is hermitian)")

    def warn_idle(
        self, par: Mapping[str, float], masses: Mapping[str, ArrayLike] | None = None
    ) -> None:
        """Warn of coefficients with N that change no observable, or whose N are too heavy.

        Parameters
        ----------
        par : mapping of str to float
            All parameters.
        masses : mapping of str to array_like, optional
            Arrays of m_N1, m_N2, m_N3 (GeV), in place of those in ``par``.
        """
        units = [unit for unit in self._units if isinstance(unit, NuWilson)]
        idle = [name for unit in units for name in plausible.idle(unit, par)]
        if units:
            plausible.warn_idle(list(dict.fromkeys(idle)), units[0], par)
        smallest = [np.min((masses or {}).get(name, par[name])) for name in channels.STERILE]
        names = [name for unit in units for name in unit._sterile_values]
        protons = plausible.need_protons(self.observables)
        plausible.warn_heavy(names, self.space.eft, smallest, par, protons)
        plausible.warn_massless({**par, **(masses or {})})
        given = [name for name, values in (masses or {}).items() if np.any(values)]
        plausible.warn_idle_masses(names, self.space.eft, given)

    def warn_dirac(self, values: Mapping[str, np.ndarray], par: Mapping[str, ArrayLike]) -> None:
        """Warn if the coefficients are those of a Dirac N whose states differ.

        Parameters
        ----------
        values : mapping of str to ndarray
            Coefficients by name, arrays that broadcast.
        par : mapping of str to array_like
            With masses (GeV) and mixings of all N.
        """
        if self.space.eft not in THEORIES or any(not v.size for v in values.values()):
            return
        if not plausible.may_differ(par):
            return
        # the largest values of each: of one Dirac N they have the same place
        point = self.space.point({n: v.flat[np.argmax(abs(v))].item() for n, v in values.items()})
        plausible.warn_dirac(dirac_pairs(point._sterile_values, self.space.eft), par)

    def polynomials(
        self, par: Mapping[str, float], nonlinear: Mapping[str, complex] | None = None
    ) -> Polynomials:
        """The polynomials for given parameters, at a point of the SMEFT coefficients.

        Parameters
        ----------
        par : mapping of str to float
            All parameters.
        nonlinear : mapping of str to complex, optional
            Values of the coefficients that are not variables.

        Returns
        -------
        Polynomials
            In the coefficients of ``linear``.
        """
        channels.neutrino_masses(par)  # also those that have no couplings are checked
        shift = {name: complex(v) for name, v in (nonlinear or {}).items() if v != 0}
        point = self.space.point(shift) if shift else self._origin
        columns = cache(partial(self._shifted, point, par))

        def matrix(parts: tuple[Part, ...]) -> np.ndarray:
            total = np.zeros((1 + len(self._units),) * 2)
            for rate in parts:
                if isinstance(rate, Stock):
                    total[0, 0] += rate.value(point, par)
                    continue
                if shift:
                    part = _quadratic(rate, par, columns(rate.couplings))
                else:
                    part = self._matrices(par, rate._replace(factor=1.0))
                total += rate.factor * part
            return total

        size = len(self._quantities)
        numerator = np.empty((size, 1 + len(self._units), 1 + len(self._units)))
        denominator = np.zeros_like(numerator)
        undefined = np.full(size, np.nan)
        is_ratio = np.zeros(size, dtype=bool)
        for i, (function, arguments) in enumerate(self._quantities):
            quantity: Quantity = function(par, *arguments)
            numerator[i] = matrix(quantity.numerator)
            numerator[i, 0, 0] += quantity.offset
            if quantity.denominator:
                is_ratio[i] = True
                denominator[i] = matrix(quantity.denominator)
                if quantity.undefined is not None:
                    undefined[i] = quantity.undefined
        return Polynomials(numerator, denominator, is_ratio, undefined)

    def _make_matrix(self, par: Mapping[str, float], rate: Rate) -> np.ndarray:
        return _quadratic(rate, par, self.columns(par, rate.couplings))

    def _shifted(self, wc_obj: Any, par: Mapping[str, float], which: CouplingSet) -> np.ndarray:
        """As `_make_columns`, at the couplings of an object in place of those of the origin."""
        B = self.columns(par, which).copy()
        B[0] = channels.couplings(wc_obj, par, which)
        return B

    def _make_columns(self, par: Mapping[str, float], which: CouplingSet) -> np.ndarray:
        """Couplings without coefficients, then per unit of every variable.

        Shape (K, channels, 10).
        """
        return channels.mass_basis(par, which, self._fields(par, which))

    def _make_fields(self, par: Mapping[str, float], which: CouplingSet) -> np.ndarray:
        """As `_make_columns`, of the fields of flavour, which most mixings do not change."""
        origin = channels.fields(self._origin, par, which)
        units = [channels.fields(unit, par, which) - origin for unit in self._units]
        return np.array([origin, *units])


def _quadratic(rate: Rate, par: Mapping[str, float], B: np.ndarray) -> np.ndarray:
    """The matrix of a rate without its factor; B as from `Predictor._make_columns`."""
    used = np.flatnonzero(B.any(axis=(0, 2)))
    if not len(used):
        return np.zeros((len(B), len(B)))
    first, second = rate.terms
    B = B[:, used]
    left = (B[:, :, first] * rate.forms(par, used)).reshape(len(B), -1)
    right = B[:, :, second].reshape(len(B), -1)
    result = left.real @ right.real.T + left.imag @ right.imag.T
    return np.asarray((result + result.T) / 2)


def as_observables(observables: Any) -> list[Observable]:
    """A list of observables: names, and tuples of a name and its arguments.

    A list of a name and numbers, as YAML and JSON give it, is the same as the tuple. A single
    observable is a list of one.

    Parameters
    ----------
    observables : str, tuple, list or ndarray
        One observable or several.

    Returns
    -------
    list of observables
        Names and tuples.

    Raises
    ------
    UnknownObservable
    """
    if isinstance(observables, np.ndarray):
        observables = observables.tolist()
    if isinstance(observables, (str, tuple)) or _is_call(observables):
        return [_as_observable(observables)]
    if not isinstance(observables, Iterable):
        raise UnknownObservable(f"observables must be a list of names, not {brief(observables)}")
    return [_as_observable(observable) for observable in observables]


def _is_call(observable: Any) -> bool:
    """Whether it is a list of a name and at least one number."""
    return (
        isinstance(observable, list)
        and len(observable) > 1
        and isinstance(observable[0], str)
        and all(isinstance(x, Real) and not isinstance(x, bool) for x in observable[1:])
    )


def _as_observable(observable: Any) -> Observable:
    if isinstance(observable, str):
        return str(observable)
    if isinstance(observable, tuple) and observable:
        return (observable[0], *map(scalar, observable[1:]))
    if not _is_call(observable):
        raise UnknownObservable(
            f"{brief(observable)} is not an observable: give a name, or a name with its arguments"
            " as in ('<dBR/dq2>(B+->Kinv)', 4, 8)"
        )
    return tuple(observable)


def is_reached(observable: Observable, eft: str) -> bool:
    """Whether an EFT has all quarks that an observable of this package depends on.

    Parameters
    ----------
    observable : str or tuple
        One of this package.
    eft : str
        E.g. ``nuWET-4``.

    Returns
    -------
    bool
        Whether it has all.
    """
    source = theory_of(eft)
    function, arguments = quantity_of(observable)
    quantity: Quantity = function(central_parameters({}), *arguments)
    sets = couplings_of(quantity)
    needed = {THEORIES[channels.sector(which.quarks, which.lepton)[0]] for which in sets}
    return source is None or all(map(source.contains, needed))


def quantity_of(observable: Observable) -> tuple[Any, tuple[float, ...]]:
    """The function ``(par, *arguments) -> Quantity`` of an observable, and its arguments.

    Parameters
    ----------
    observable : str or tuple
        Name, or tuple of a name and arguments.

    Returns
    -------
    (callable, tuple of float)
        The function and the arguments that follow ``par``.

    Raises
    ------
    UnknownObservable
    """
    name, *arguments = (observable,) if isinstance(observable, str) else observable
    if not isinstance(name, str) or name not in QUANTITIES:
        hint = nearest(str(name), NAMES)
        if name in flavio.Observable.instances:
            hint = ", but of flavio: use flavio.np_prediction"
        raise UnknownObservable(f"'{name}' is not an observable of flavio_nusmeft{hint}")
    wanted = flavio.Observable[name].arguments or []
    if len(arguments) != len(wanted):
        form = ", ".join([repr(name), *wanted])
        need = f"give the tuple ({form})" if wanted else "it takes no arguments"
        raise UnknownObservable(f"{observable!r} has the wrong number of arguments: {need}")
    checked = [number(f"{wanted[i]} of {name}", x, InvalidBin) for i, x in enumerate(arguments)]
    return QUANTITIES[name], tuple(checked)


def parameters_of(par: Mapping[str, ArrayLike] | None) -> dict[str, np.ndarray]:
    """The argument ``par`` as arrays by name.

    Parameters
    ----------
    par : mapping of str to array_like or None
        Numbers or arrays by name.

    Returns
    -------
    dict of str to ndarray
        Arrays, without dimensions for numbers.

    Raises
    ------
    InvalidValue
    """
    given = {} if par is None else mapping("par", par)
    return {str(name): numbers(f"parameter {name}", value) for name, value in given.items()}


def _broadcast(arrays: Mapping[str, np.ndarray]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items() if a.ndim)
        raise InvalidShape(f"the shapes do not broadcast: {shapes}") from None


def central_parameters(overrides: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Central values, with the overrides that are single numbers.

    Parameters
    ----------
    overrides : mapping of str to ndarray
        Arrays by name.

    Returns
    -------
    dict of str to float
        All parameters.
    """
    central: dict[str, float] = flavio.default_parameters.get_central_all()
    for name, value in overrides.items():
        if name not in central:
            raise UnknownParameter(
                f"flavio has no parameter '{name}'{parameter_hint(name, central)}"
            )
        if np.iscomplexobj(value) or not np.isfinite(value).all():
            raise InvalidValue(f"parameter {name} must be real and finite")
        if not value.ndim:
            central[name] = float(value)
    return central


def _distinct(
    arrays: Mapping[str, np.ndarray], shape: tuple[int, ...]
) -> Iterator[tuple[dict[str, complex], np.ndarray | None]]:
    """Every distinct point of the arrays, and the flat positions where it occurs (None: all)."""
    if not arrays:
        yield {}, None
        return
    # the distinct points of the arrays alone, then where each of them is in the full shape
    own = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    number: np.ndarray = np.zeros(math.prod(own), dtype=np.int64)
    for array in arrays.values():
        values, index = np.unique(np.broadcast_to(array, own).reshape(-1), return_inverse=True)
        number = number * max(1, len(values)) + index.reshape(-1)
        number = np.unique(number, return_inverse=True)[1].reshape(-1)
    _, first, number = np.unique(number, return_index=True, return_inverse=True)
    if len(first) == 1:
        yield {name: array.reshape(-1)[0] for name, array in arrays.items()}, None
        return
    full = np.broadcast_to(number.reshape(own), shape).reshape(-1)
    order = np.argsort(full, kind="stable")
    bounds = np.searchsorted(full[order], np.arange(len(first) + 1))
    for i, k in enumerate(first):
        point = {name: np.broadcast_to(a, own).flat[k] for name, a in arrays.items()}
        yield point, order[bounds[i] : bounds[i + 1]]
