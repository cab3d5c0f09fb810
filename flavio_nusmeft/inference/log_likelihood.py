"""A likelihood as a function of an array of named variables, with derivatives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from flavio.statistics import likelihood as flavio_likelihood

from .. import settings
from .._inputs import brief, mapping, number, reals
from .._inputs import names as names_of
from ..batch import Observable, as_observables, quantity_of
from ..belle2 import Belle2Likelihood
from ..belle2.likelihood import OBSERVABLE
from ..eft.hints import parameter_hint
from ..eft.space import Space
from ..errors import (
    InvalidMixing,
    InvalidShape,
    InvalidValue,
    UnknownParameter,
    nearest_parameter,
)
from ..measurements import describe, digest
from ..physics import plausible
from ..physics.channels import STERILE
from ..physics.detectors import Detector, as_detectors
from ..physics.mixing import MIXING_NAMES, MIXINGS, mixings
from ..physics.modes import CHARGED_LEPTONS
from ..searches import Searches
from .expansion import Expansion, difference, step, variable
from .likelihoods import FastLikelihood, Likelihood
from .slopes import slope

__all__ = ["LogLikelihood"]


def __dir__() -> list[str]:
    return sorted(__all__)


_TOGETHER = 16  # points of a scan: of more the gain is small, and a kill costs more
_ISLAND = 7  # points from one end to the other


class LogLikelihood:
    """Log-likelihood as a function of an array: ``function([2e-8, 1.5])``.

    Parameters
    ----------
    likelihood : Likelihood or FastLikelihood
        From `likelihood`, or any flavio ``Likelihood`` or ``FastLikelihood``.
    variables : sequence of str
        Names of Wilson coefficients and parameters, in the order of the array. A coefficient stands
        for its real part, ``Im(name)`` for the imaginary part.
    scale : float
        MSbar scale of the coefficients, GeV.
    eft, basis : str
        EFT and basis of the coefficients, as for `NuWilson`.
    par : mapping of str to float, optional
        Values of parameters that are not variables (default: central values of the likelihood's,
        but fit parameters of the likelihood need a value if they are not variables).
    options : mapping of str to object, optional
        Options of running and matching, as for `NuWilson`, e.g. ``{"running": "full"}``.
    detector : str, Detector or list of these, optional
        Compare with data only the events that stay invisible in a detector, as in `predict`, also
        in the bins of Belle II's likelihood in q²; for likelihoods of this package whose
        observables it has all.

    Attributes
    ----------
    space : Space
        Scale, EFT, basis and options of the coefficients.
    detectors : tuple of Detector
        Of ``detector``; empty: N are stable.

    Raises
    ------
    UnknownCoefficient, UnknownParameter, UnknownBasis, InvalidScale, InvalidValue, InvalidMixing

    Warns
    -----
    NoEffectWarning, ScaleWarning
        For variables that no observable of this package depends on; for scales at which another EFT
        is to be used.
    SizeWarning, HeavyMassWarning
        When called, as `NuWilson` does; of the size of coefficients once.

    Notes
    -----
    It can be pickled. A prior that vanishes, a negative mass, or variables that are mixings of no
    unitary matrix, as U_e1² + U_mu1² > 1, give -inf.
    """

    def __init__(
        self,
        likelihood: flavio_likelihood.Likelihood | flavio_likelihood.FastLikelihood,
        variables: Sequence[str],
        *,
        scale: float,
        eft: str,
        basis: str,
        par: Mapping[str, float] | None = None,
        options: Mapping[str, Any] | None = None,
        detector: str | Detector | Sequence[str | Detector] | None = None,
    ) -> None:
        if not hasattr(likelihood, "par_obj"):
            raise InvalidValue(f"{brief(likelihood)} is no likelihood: give one of nus.likelihood")
        self.likelihood = likelihood
        self.variables = tuple(names_of("variables", variables))
        # with the defaults of now, also in other processes
        self.space = Space.of(scale, eft, basis, options).with_defaults()
        if isinstance(variables, str) or not 0 < len(self.variables) == len(set(self.variables)):
            raise InvalidValue(
                f"variables must be a list of different names, not {brief(variables)}"
            )
        self._par: dict[str, float] = likelihood.par_obj.get_central_all()
        par = {} if par is None else mapping("par", par)
        for name, value in par.items():
            if name not in self._par:
                raise UnknownParameter(f"no parameter '{name}'{parameter_hint(name, self._par)}")
            if name in self.variables:
                raise InvalidValue(f"'{name}' is a variable; leave it out of par")
            self._par[name] = number(f"parameter {name}", value)
            if not np.isfinite(self._par[name]):
                raise InvalidValue(f"parameter {name} = {value} is not finite")
        self._given = dict(par)
        for name in likelihood.fit_parameters:
            if name not in self.variables and name not in self._given:
                raise UnknownParameter(
                    f"the fit parameter '{name}' of the likelihood has no value: make it a"
                    f" variable, or give it in par, e.g. par={{'{name}': {self._par[name]:.6g}}}"
                )
        self._variables = [variable(name, self._par) for name in self.variables]
        known = self.space.known
        names = [v for v in self._variables if v.factor is not None]
        for name, _ in names:
            hint = nearest_parameter(name, self._par)
            if name not in known and hint:
                raise UnknownParameter(f"no parameter and no coefficient '{name}'{hint}")
        self.space.check(name for name, _ in names)
        for name, factor in names:
            if known[name] and factor != 1:
                raise InvalidValue(f"{name} is real (its operator is hermitian)")
        self._expansion: Expansion | None = None
        self._has_warned = False  # of the size of coefficients
        self._protons = plausible.need_protons(likelihood.observables)
        self.detectors = () if detector is None else as_detectors(detector)
        if self.detectors:
            if not self._is_expanded:
                is_ours = Expansion.covers(likelihood.observables)
                remedy = 'give it theory="SM"' if is_ours else "make it with nus.likelihood"
                raise InvalidValue(
                    "detector: for likelihoods of nus.likelihood with observables of this package"
                    f' alone, fast ones with theory="SM"; {remedy}, or leave detector out'
                )
            self._expand()  # whether the detectors see all decays
            if self._belle2 is not None:
                self._expansion_of([OBSERVABLE])
        par_at_zero, _ = self.point([0.0] * len(self.variables))
        mixings(par_at_zero)
        unit = self.space.point(dict.fromkeys((name for name, _ in names), 1.0))
        self.space.warn_scale()
        plausible.warn_idle(plausible.idle(unit, self._par), unit, self._par)

    def point(self, x: Sequence[float] | np.ndarray) -> tuple[dict[str, float], Any]:
        """Parameter dictionary and Wilson coefficients at a point.

        Parameters
        ----------
        x : sequence of float or ndarray
            Values of the variables, shape (variables,).

        Returns
        -------
        (dict of str to float, NuWilson or StandardWilson)
            All parameters of flavio, and a ``wc_obj`` with the coefficients.

        Raises
        ------
        InvalidShape, InvalidValue
        """
        array = reals("a point", x)
        if array.shape != (len(self.variables),):
            raise InvalidShape(
                f"a point has the variables {', '.join(self.variables)}: shape"
                f" ({len(self.variables)},), not {array.shape}"
            )
        par = self._par.copy()
        values: dict[str, complex] = {}
        for (name, factor), value in zip(self._variables, array.tolist(), strict=True):
            if factor is None:
                par[name] = value
            else:
                values[name] = values.get(name, 0) + factor * value
        self._has_warned = self._has_warned or self.space.warn_size(values)  # once
        return par, self.space.point(values)

    def __repr__(self) -> str:
        seen = "".join(f", in {detector.name}" for detector in self.detectors)
        names = ", ".join(self.variables)
        return f"LogLikelihood({names}: {self.space}, {self.likelihood!r}{seen})"

    def __getstate__(self) -> dict[str, Any]:
        # an expansion is made anew when it is needed
        return {**self.__dict__, "_expansion": None, "settings": settings.snapshot()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        then = state.pop("settings")
        self.__dict__.update(state)
        settings.warn_pickled(then)

    def __call__(self, x: Sequence[float] | np.ndarray) -> float:
        """Evaluate the function.

        Parameters
        ----------
        x : sequence of float or ndarray
            Values of the variables, shape (variables,).

        Returns
        -------
        float
            ln L with the priors of the fit parameters.

        Raises
        ------
        InvalidShape, InvalidValue
        """
        par, wc_obj, prior = self._with_prior(x)
        if prior == -np.inf:
            return prior
        if not self._is_expanded:
            # flavio's fast likelihood leaves the prior out
            fast = isinstance(self.likelihood, flavio_likelihood.FastLikelihood)
            function = (
                self.likelihood.log_likelihood if fast else self.likelihood.log_likelihood_exp
            )
            # flavio: shape (1,) if a correlated observable is alone
            return float(np.asarray(prior + function(par, wc_obj)).item())
        plausible.check(wc_obj, par, self._protons)
        expansion = self._expand()
        predictions = dict(zip(expansion.observables, expansion(np.asarray(x)), strict=True))
        value = float(prior + self.likelihood.log_likelihood_pred(predictions))
        if self._belle2 is not None and value > -np.inf:
            value += self._belle2.log_likelihood(par, wc_obj, detector=self._detector)
        if self._searches is not None and value > -np.inf:
            value += self._searches.log_likelihood(par, wc_obj)
        return value

    def many(self, points: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
        """The function at many points: faster than a loop.

        Parameters
        ----------
        points : sequence of sequence of float or ndarray
            Values of the variables, shape (points, variables).

        Returns
        -------
        ndarray
            ln L, shape (points,), within 1e-8 of those of the single points. The last bits depend
            on which points are computed together.

        Raises
        ------
        InvalidShape, InvalidValue
        """
        array = reals("points", points)
        if array.ndim != 2:
            raise InvalidShape(f"points have the shape (points, variables), not {array.shape}")
        if not self._is_expanded:
            return np.array([self(x) for x in array])
        found = [self._with_prior(x) for x in array]
        values = np.array([prior for _, _, prior in found], dtype=float)
        possible = np.flatnonzero(values > -np.inf)
        if len(possible):
            values[possible] += self._measured(array[possible], [found[i] for i in possible])
        finite = np.flatnonzero(values > -np.inf)
        if len(finite) and self._belle2 is not None:
            spectra = [self._spectra(self._belle2, *found[i][:2]) for i in finite]
            values[finite] += self._belle2.log_likelihoods(spectra)
        if self._searches is not None:
            for i in np.flatnonzero(values > -np.inf):
                values[i] += self._searches.log_likelihood(*found[i][:2])
        return values

    @property
    def together(self) -> int:
        """Number of points that `scan.grid` gives to `many` at once: 1 where that is a loop."""
        linear = all(v.factor is None or self.space.is_linear(v.name) for v in self._variables)
        return _TOGETHER if self._is_expanded and linear and not self.detectors else 1

    def _measured(self, points: np.ndarray, found: Sequence[tuple[Any, Any, float]]) -> np.ndarray:
        """ln L of the measurements at many points."""
        for par, wc_obj, _ in found:
            plausible.check(wc_obj, par, self._protons)
        expansion = self._expand()
        rows = np.array([expansion(x) for x in points])
        names, likelihood = expansion.observables, self.likelihood
        if isinstance(likelihood, Likelihood):
            return likelihood.log_likelihoods_pred(dict(zip(names, rows.T, strict=True)))
        predictions = [dict(zip(names, row, strict=True)) for row in rows]
        return np.array([likelihood.log_likelihood_pred(one) for one in predictions])

    def _with_prior(self, x: Sequence[float] | np.ndarray) -> tuple[Any, Any, float]:
        """Parameters and coefficients of a point, and the log-prior."""
        par, wc_obj = self.point(x)
        fast = isinstance(self.likelihood, flavio_likelihood.FastLikelihood)
        full = self.likelihood.likelihood if fast else self.likelihood
        prior = full.log_prior_fit_parameters(par)
        if any(par[name] < 0 for name in STERILE):
            prior = -np.inf
        if not MIXING_NAMES.isdisjoint(self.variables) and np.isfinite(x).all():
            try:
                mixings(par)
            except InvalidMixing:
                prior = -np.inf
        return par, wc_obj, float(np.asarray(prior).item())

    def value_and_gradient(self, x: Sequence[float] | np.ndarray) -> tuple[float, np.ndarray]:
        """The log-likelihood and its derivatives by the variables.

        They are exact in coefficients of nuSMEFT with N, nuWET and WET. In masses, other parameters
        and coefficients of SMEFT, predictions are differentiated by central differences, with an
        error of some 1e-8 of a derivative (see `expansion`); so are, in all variables, likelihoods
        that are not of this package, fast ones with ``theory="NP"``, and Belle II's more than 10σ
        away from all data, those of searches, and predictions with a detector.

        Parameters
        ----------
        x : sequence of float or ndarray
            Values of the variables, shape (variables,).

        Returns
        -------
        (float, ndarray)
            ln L, and its gradient, shape (variables,); nan where ln L is -inf.

        Raises
        ------
        InvalidShape, InvalidValue
        """
        value, x = self(x), np.array(x, dtype=float)
        if value == -np.inf:
            return value, np.full(len(x), np.nan)
        if not self._is_expanded:
            return value, self._differences(self, x)
        expansion, (par, wc_obj) = self._expand(), self.point(x)
        predictions = dict(zip(expansion.observables, expansion(x), strict=True))
        by_observable = self.likelihood.slopes(predictions)
        gradient = by_observable @ expansion.jacobian(x) + self._prior_slopes(par)
        if self._belle2 is not None:
            gradient += self._belle2_slopes(x, par, wc_obj)
        if self._searches is not None:
            gradient += self._differences(self._searched, x)
        return value, gradient

    def derived(self, observable: Observable) -> Expansion:
        """An observable of this package as a function of the array of variables.

        With detectors it counts what stays invisible in them.

        Parameters
        ----------
        observable : str or tuple
            Its name, or a tuple of the name and its arguments.

        Returns
        -------
        Expansion
            A function; its method ``jacobian`` gives the derivatives.

        Raises
        ------
        UnknownObservable
        """
        (chosen,) = as_observables([observable])
        quantity_of(chosen)
        return self._expansion_of([chosen])

    def islands(
        self, variable: str, fixed: Mapping[str, float] | None = None
    ) -> list[tuple[float, ...]]:
        """What searches exclude of a mixing between two ends, for N that only mix.

        Parameters
        ----------
        variable : str
            One of the variables.
        fixed : mapping of str to float, optional
            Variables that have fixed values.

        Returns
        -------
        list of tuple of float
            Values of the variable from one end to the other, at equal ratios, for both signs. None
            for other variables than mixings, or if the mass of N varies.
        """
        par = {**self._par, **(fixed or {})}
        for row, flavour in zip(MIXINGS, CHARGED_LEPTONS, strict=True):
            if self._searches is None or variable not in row:
                continue
            mass = STERILE[row.index(variable)]
            if par[mass] <= 0 or (mass in self.variables and mass not in (fixed or {})):
                continue
            squares = self._searches.islands(flavour, par[mass])
            # -2 ln L is a power of U from the ends to the middle
            sizes = [np.sqrt(np.geomspace(low, high, _ISLAND)).tolist() for low, high in squares]
            return [*map(tuple, sizes), *(tuple(-x for x in reversed(each)) for each in sizes)]
        return []

    @property
    def _belle2(self) -> Belle2Likelihood | None:
        return getattr(self.likelihood, "belle2", None)

    @property
    def _detector(self) -> tuple[Detector, ...] | None:
        return self.detectors or None

    def _spectra(self, belle2: Belle2Likelihood, par: Mapping[str, float], wc: Any) -> np.ndarray:
        return belle2.spectra(par, wc, detector=self._detector)

    @property
    def _searches(self) -> Searches | None:
        return getattr(self.likelihood, "searches", None)

    def _searched(self, x: np.ndarray) -> float:
        assert self._searches is not None
        return self._searches.log_likelihood(*self.point(x))

    @property
    def _is_expanded(self) -> bool:
        """Whether predictions are evaluated as polynomials."""
        likelihood = self.likelihood
        if isinstance(likelihood, FastLikelihood):
            known = likelihood.theory == "SM"
        else:
            known = isinstance(likelihood, Likelihood)
        return known and Expansion.covers(likelihood.observables)

    def _expand(self) -> Expansion:
        if self._expansion is None:
            observables = list(dict.fromkeys(self.likelihood.observables))
            self._expansion = self._expansion_of(observables)
        return self._expansion

    def _expansion_of(self, observables: Sequence[Observable]) -> Expansion:
        return Expansion(observables, self._variables, self.space, self._par, self._detector)

    def _prior_slopes(self, par: Mapping[str, float]) -> np.ndarray:
        result = np.zeros(len(self.variables))
        fast = isinstance(self.likelihood, flavio_likelihood.FastLikelihood)
        full = self.likelihood.likelihood if fast else self.likelihood
        priors = full.parameter_likelihood.par_obj
        for distribution, names in priors._constraints:
            values = np.array([par[name] for name in names])
            for name, by_name in zip(names, slope(distribution, values), strict=True):
                if name in self.variables and name in full.fit_parameters:
                    result[self.variables.index(name)] += by_name
        return result

    def _belle2_slopes(self, x: np.ndarray, par: Mapping[str, float], wc_obj: Any) -> np.ndarray:
        belle2 = self._belle2
        assert belle2 is not None
        detector = self._detector
        by_bin = belle2.slopes(par, wc_obj, detector=detector)
        if by_bin is None:
            return self._differences(
                lambda y: belle2.log_likelihood(*self.point(y), detector=detector), x
            )
        columns: list[np.ndarray | None] = [None] * len(x)  # widths of N depend on coefficients
        if detector is None:
            columns = self._expand().columns(par, belle2.coupling_set)
        linear = [c for c in columns if c is not None]
        slopes = iter(belle2.spectra(par, wc_obj, np.array(linear)) if linear else ())
        return np.array(
            [
                np.vdot(
                    by_bin,
                    self._difference(lambda y: self._spectra(belle2, *self.point(y)), x, i)
                    if column is None
                    else next(slopes),
                )
                for i, column in enumerate(columns)
            ]
        )

    def _differences(self, function: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
        return np.array([self._difference(function, x, i) for i in range(len(x))])

    def _difference(self, function: Callable[[np.ndarray], Any], x: np.ndarray, i: int) -> Any:
        return difference(function, x, i, step(self._variables[i], float(x[i]), self.space))

    def description(self) -> dict[str, Any]:
        """What the function is, for the files of scans.

        Returns
        -------
        dict of str to object
            JSON: data, theory, fixed values and checksums of the numbers.
        """
        likelihood, space = self.likelihood, self.space
        fast = isinstance(likelihood, flavio_likelihood.FastLikelihood)
        measurements = sorted(
            likelihood.full_measurement_likelihood.get_measurements
            if fast
            else likelihood.measurement_likelihood.get_measurements
        )
        found: dict[str, Any] = {
            "likelihood": type(likelihood).__name__,
            "observables": [str(name) for name in likelihood.observables],
            "measurements": measurements,
            "data": digest(measurements),
            "fit parameters": {
                name: describe(likelihood.par_obj._parameters[name][1])
                for name in likelihood.fit_parameters
            },
            "variables": list(self.variables),
            "scale": float(space.scale),
            "eft": space.eft,
            "basis": space.basis,
            "options": dict(space.options),
            "par": {name: float(value) for name, value in self._given.items()},
            "settings": settings.description(),
        }
        if self.detectors:
            found["detectors"] = [asdict(detector) for detector in self.detectors]
        par = {name: float(value) for name, value in sorted(self._par.items())}
        numbers = hashlib.sha256(repr(par).encode())
        if fast:
            content = likelihood.likelihood.measurement_likelihood.get_measurements
            numbers.update(digest(content).encode())
            found["theory"] = getattr(likelihood, "theory", "SM")
            if found["theory"] == "NP":
                numbers.update(likelihood.draws.checksum().encode())
        if getattr(likelihood, "belle2", None) is not None:
            found["belle2"] = likelihood.belle2.description()
        if self._searches is not None:
            found["searches"] = self._searches.description()
        found["numbers"] = numbers.hexdigest()
        return found
