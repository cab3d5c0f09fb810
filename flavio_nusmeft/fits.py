"""Likelihoods of coefficients and masses: flavio's own, with the data sets of this package.

- `likelihood` makes a flavio ``Likelihood`` (limits as published, parameters at the values given)
  or ``FastLikelihood`` (everything Gaussian, theory uncertainties included).
- `LogLikelihood` turns it into a function of a few variables, for `scan`,
  ``flavio.plots.likelihood_contour``, samplers and minimisers.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import flavio
import numpy as np
import scipy.stats
from flavio.classes import ParameterConstraints
from flavio.statistics import likelihood as flavio_likelihood
from flavio.statistics.probability import DeltaDistribution, UniformDistribution

from .batch import Observable
from .belle2 import Belle2Likelihood
from .draws import Draws, draw, seeded
from .eft.bases import known_coefficients
from .eft.flavour import check_coefficients
from .eft.limits import warn_scale, warn_size
from .eft.wilson import NuWilson, with_options
from .errors import (
    InvalidShape,
    InvalidValue,
    UnknownObservable,
    UnknownParameter,
    nearest,
)
from .measurements import dataset as dataset_names
from .physics import plausible

__all__ = ["FastLikelihood", "Likelihood", "LogLikelihood", "likelihood"]

# what Belle2Likelihood replaces
_BELLE2 = "flavio_nusmeft Belle II B+->Kinv combined 2023"

FitParameters = Iterable[str] | Mapping[str, tuple[float, float]]


class _MeasurementLikelihood(flavio_likelihood.MeasurementLikelihood):
    """With the list of measurements looked up once, in a fixed order.

    flavio goes through its registry at each call, and sums in the random order of a set.
    """

    _names: list[str] | None = None

    @property
    def get_measurements(self) -> list[str]:
        if self._names is None:
            self._names = sorted(super().get_measurements)
        return self._names


class Likelihood(flavio_likelihood.Likelihood):
    """flavio's ``Likelihood``, faster: measurements and priors are looked up once."""

    measurement_likelihood: Any

    def __init__(self, *args: Any, belle2: Belle2Likelihood | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.belle2 = belle2
        old = self.measurement_likelihood
        self.measurement_likelihood = _MeasurementLikelihood(
            old.observables,
            include_measurements=old.include_measurements,
            exclude_measurements=old.exclude_measurements,
            include_pseudo_measurements=old.include_pseudo_measurements,
        )
        priors = ParameterConstraints()
        for constraint, names in self.par_obj._constraints:
            # flavio leaves constraints in the list that have been replaced
            current = any(self.par_obj._parameters[n][1] is constraint for n in names)
            if current and not set(names).isdisjoint(self.fit_parameters):
                priors.add_constraint(names, constraint)
        self.parameter_likelihood = flavio_likelihood.ParameterLikelihood(
            par_obj=priors, parameters=self.fit_parameters
        )

    def log_likelihood_exp(
        self,
        par_dict: Mapping[str, float],
        wc_obj: Any,
        exclude_observables: Iterable[Observable] | None = None,
        delta: bool = False,
    ) -> float:
        """Experimental contribution, as in flavio; ``belle2`` is always in, up to a constant."""
        result = float(super().log_likelihood_exp(par_dict, wc_obj, exclude_observables, delta))
        if self.belle2 is not None:
            result += self.belle2.log_likelihood(par_dict, wc_obj)
        return result


class FastLikelihood(flavio_likelihood.FastLikelihood):
    """flavio's ``FastLikelihood``; it can be pickled, and its theory uncertainties can follow the
    new physics.

    Parameters
    ----------
    theory : ``SM``, the theory covariance of the Standard Model at every point, as in flavio, or
        ``NP``, the one at the point itself: flavio's random draws of the parameters are kept, and
        every observable is evaluated for each of them as a polynomial of the coefficients. A point
        with new values of the coefficients takes milliseconds; the first one with other masses (or
        other coefficients of SMEFT) takes as long as the draws take in the SM (or in wilson).

    The rest as in flavio. Call ``make_measurement`` before use.
    """

    def __init__(self, name: str, *, theory: str = "SM", **kwargs: Any) -> None:
        if theory not in ("SM", "NP"):
            raise InvalidValue(f"theory = {theory!r}: it must be 'SM' or 'NP'")
        super().__init__(name, **kwargs)
        self.theory = theory
        self._draws: Draws | None = None

    def make_measurement(
        self,
        N: int = 100,
        Nexp: int = 5000,
        threads: int = 1,
        force: bool = False,
        force_exp: bool = False,
        seed: int | None = None,
    ) -> None:
        """Compute the covariances, as in flavio.

        Parameters
        ----------
        N, Nexp : number of random draws for theory and for experiment
        seed : of numpy's global generator during the call, for results that can be reproduced;
            None takes the generator as it is
        """
        with seeded(seed):
            super().make_measurement(N, Nexp, threads, force, force_exp)
            if self.theory == "NP" and (self._draws is None or force):
                self._draws = Draws(
                    self.observables, draw(self.par_obj, self.nuisance_parameters, N)
                )
        self._likelihood = Likelihood(
            par_obj=self.par_obj,
            fit_parameters=self.fit_parameters,
            observables=self.observables,
            include_measurements=[self.pseudo_measurement.name],
            include_pseudo_measurements=True,
        )

    def theory_covariance(self, par_dict: Mapping[str, float], wc_obj: Any) -> np.ndarray:
        """Covariance of the predictions from the draws, shape (observables, observables).

        Parameters
        ----------
        par_dict : parameters; the draws take the values of the fit parameters from here
        wc_obj : any object with Wilson coefficients of nuSMEFT, nuWET, SMEFT or WET; None: the SM
        """
        if self._draws is None:
            self._draws = Draws(self.observables, draw(self.par_obj, self.nuisance_parameters, 100))
        fixed = {name: float(par_dict[name]) for name in self.fit_parameters}
        return np.atleast_2d(np.cov(self._draws.predictions(fixed, wc_obj).T))

    def log_likelihood(
        self,
        par_dict: Mapping[str, float],
        wc_obj: Any,
        exclude_observables: Iterable[Observable] | None = None,
        delta: bool = False,
    ) -> float:
        """Log-likelihood, as in flavio."""
        if self.theory == "SM":
            return float(super().log_likelihood(par_dict, wc_obj, exclude_observables, delta))
        measurements = self.likelihood.measurement_likelihood
        predictions = measurements.get_predictions_par(par_dict, wc_obj)
        excluded = set(exclude_observables or ())
        kept = [i for i, name in enumerate(self.observables) if name not in excluded]
        central, experiment = self.exp_covariance.get(force=False)
        covariance = np.atleast_2d(experiment) + self.theory_covariance(par_dict, wc_obj)
        distribution = scipy.stats.multivariate_normal(
            np.ravel(central)[kept], covariance[np.ix_(kept, kept)]
        )
        values = [predictions[self.observables[i]] for i in kept]
        result = float(distribution.logpdf(values))
        return result - float(distribution.logpdf(distribution.mean)) if delta else result

    def __setstate__(self, state: dict[str, Any]) -> None:
        # flavio finds both by name, and another process does not have them
        self.__dict__.update(state)
        type(self).instances[self.name] = self
        if self.pseudo_measurement is not None:
            flavio.Measurement.instances[self.pseudo_measurement.name] = self.pseudo_measurement


FastLikelihood.instances = OrderedDict()


def likelihood(
    dataset: str = "current",
    observables: Iterable[Observable] | None = None,
    *,
    fit_parameters: FitParameters = (),
    fast: bool = False,
    theory: str = "SM",
    belle2: Belle2Likelihood | str | os.PathLike[str] | None = None,
) -> Likelihood | FastLikelihood:
    """Likelihood of a data set of this package.

    Parameters
    ----------
    dataset : ``paper2023``, the inputs of arXiv:2309.02940, or ``current``
    observables : those to use (with arguments: tuples); default: all of the data set
    fit_parameters : parameters that are fitted, e.g. masses: a dictionary of names and ranges
        (GeV) gives them flat priors; names alone keep the priors they have in
        ``flavio.default_parameters``
    fast : False: a flavio ``Likelihood``, with limits as they were published and parameters at the
        given values; True: a flavio ``FastLikelihood`` (Gaussian, with theory uncertainties), whose
        ``make_measurement`` must be called before use
    theory : for fast likelihoods, ``SM`` or ``NP``, see `FastLikelihood`
    belle2 : the published likelihood of B+ -> K+ + inv in place of Belle II's branching ratio in
        the data set ``current``: a `Belle2Likelihood`, or the path of its files. With
        ``observables=[]`` there is nothing else

    Raises
    ------
    UnknownDataset
    UnknownObservable
        An observable that is not measured in the data set, or none at all.
    UnknownParameter
        A fit parameter that flavio does not have, or that has no prior.
    InvalidValue
        A range that is empty or not finite.
    """
    names = dataset_names(dataset)
    if belle2 is not None:
        if fast or _BELLE2 not in names:
            raise InvalidValue("belle2 is for the data set 'current' with fast=False")
        names.remove(_BELLE2)
        if not isinstance(belle2, Belle2Likelihood):
            belle2 = Belle2Likelihood(belle2)
    measured = sorted({o for n in names for o in flavio.Measurement[n].all_parameters}, key=str)
    chosen = measured if observables is None else list(dict.fromkeys(observables))
    if not chosen and belle2 is None:
        raise UnknownObservable("the list of observables is empty")
    for observable in chosen:
        if observable not in measured:
            raise UnknownObservable(
                f"'{observable}' is not measured in the data set '{dataset}'"
                f"{nearest(str(observable), map(str, measured))}; measured are"
                f" {', '.join(map(str, measured))}"
            )
    constraints = _priors(fit_parameters)
    fitted = list(fit_parameters)
    if fast:
        return FastLikelihood(
            f"flavio_nusmeft {dataset} {uuid.uuid4().hex}",
            theory=theory,
            par_obj=constraints,
            fit_parameters=fitted,
            nuisance_parameters=[n for n in constraints.all_parameters if n not in fitted],
            observables=chosen,
            include_measurements=names,
        )
    if theory != "SM":
        raise InvalidValue("theory = 'NP' is for fast likelihoods; give fast=True")
    return Likelihood(
        par_obj=constraints,
        fit_parameters=fitted,
        observables=chosen,
        include_measurements=names,
        belle2=belle2,
    )


def _priors(fit_parameters: FitParameters) -> ParameterConstraints:
    """flavio's default parameters, with flat priors for those that have a range."""
    constraints = flavio.default_parameters
    ranges = fit_parameters if isinstance(fit_parameters, Mapping) else {}
    if ranges:
        constraints = constraints.copy()
    for name in fit_parameters:
        if name not in constraints.all_parameters:
            hint = nearest(name, constraints.all_parameters)
            raise UnknownParameter(f"flavio has no parameter '{name}'{hint}")
        if name in ranges:
            low, high = _range(name, ranges[name])
            distribution = UniformDistribution((low + high) / 2, (high - low) / 2)
            constraints.add_constraint([name], distribution)
        elif isinstance(constraints._parameters[name][1], DeltaDistribution):
            raise UnknownParameter(
                f"the fit parameter '{name}' has no prior: give fit_parameters as a dictionary"
                f" with its range, e.g. {{'{name}': (0, 2)}}"
            )
    return constraints


def _range(name: str, bounds: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = map(float, bounds)
    except (TypeError, ValueError):
        raise InvalidValue(f"the range of '{name}' must be (low, high), not {bounds!r}") from None
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InvalidValue(f"the range of '{name}' must be finite and increasing, not {bounds!r}")
    return low, high


class LogLikelihood:
    """Log-likelihood as a function of an array: ``function([2e-8, 1.5])``.

    Parameters
    ----------
    likelihood : from `likelihood`, or any flavio ``Likelihood`` or ``FastLikelihood``
    variables : names of Wilson coefficients and parameters, in the order of the array. A
        coefficient stands for its real part, ``Im(name)`` for the imaginary part.
    scale, eft, basis : of the coefficients, as for `NuWilson`
    par : values of parameters that are not variables (default: central values of the likelihood's)
    options : of running and matching, as for `NuWilson`, e.g. ``{"running": "full"}``

    It can be pickled. A prior that vanishes, or a negative mass, gives -inf.

    Warns
    -----
    NoEffectWarning, ScaleWarning
        For variables that no observable of this package depends on; for scales at which another
        EFT is to be used.
    SizeWarning, HeavyMassWarning
        When called, as `NuWilson` does.

    Raises
    ------
    UnknownCoefficient, UnknownParameter, UnknownBasis, InvalidScale, InvalidValue
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
    ) -> None:
        self.likelihood = likelihood
        self.variables = tuple(variables)
        # with the defaults of now, also in other processes
        defaults = NuWilson._default_options if eft.startswith("nu") else {}
        self._wilson = (scale, eft, basis, {**defaults, **(options or {})})
        if isinstance(variables, str) or len(set(self.variables)) != len(self.variables):
            raise InvalidValue(f"variables must be a list of different names, not {variables!r}")
        self._par: dict[str, float] = likelihood.par_obj.get_central_all()
        for name, value in (par or {}).items():
            if name not in self._par:
                raise UnknownParameter(f"no parameter '{name}'{nearest(name, self._par)}")
            if name in self.variables:
                raise InvalidValue(f"'{name}' is a variable; leave it out of par")
            self._par[name] = float(value)
        self._given = dict(par or {})
        self._parameters = [name for name in self.variables if name in self._par]
        known = known_coefficients(eft, basis)
        names = [_coefficient(name) for name in self.variables if name not in self._par]
        check_coefficients(dict.fromkeys((name for name, _ in names), 0.0), known, eft, basis)
        for name, factor in names:
            if known[name] and factor != 1:
                raise InvalidValue(f"{name} is real (its operator is hermitian)")
        self.point([0.0] * len(self.variables))
        unit = with_options(dict.fromkeys((name for name, _ in names), 1.0), *self._wilson)
        warn_scale(unit, eft, scale)
        plausible.warn_idle(plausible.idle(unit, self._par), unit, self._par)

    def point(self, x: Sequence[float] | np.ndarray) -> tuple[dict[str, float], Any]:
        """Parameter dictionary and Wilson coefficients at a point.

        Raises
        ------
        InvalidShape
        """
        if np.shape(x) != (len(self.variables),):
            raise InvalidShape(
                f"a point has the variables {', '.join(self.variables)}: shape"
                f" ({len(self.variables)},), not {np.shape(x)}"
            )
        par = self._par.copy()
        values: dict[str, complex] = {}
        for name, value in zip(self.variables, x, strict=True):
            if name in par:
                par[name] = float(value)
            else:
                coefficient, factor = _coefficient(name)
                values[coefficient] = values.get(coefficient, 0) + factor * float(value)
        scale, eft, *_ = self._wilson
        warn_size(values, eft, scale)
        return par, with_options(values, *self._wilson)

    def __call__(self, x: Sequence[float] | np.ndarray) -> float:
        par, wc_obj = self.point(x)
        fast = isinstance(self.likelihood, flavio_likelihood.FastLikelihood)
        full = self.likelihood.likelihood if fast else self.likelihood
        prior = full.log_prior_fit_parameters(par)
        if prior == -np.inf or any(par[f"m_N{i}"] < 0 for i in (1, 2, 3)):
            return -np.inf
        if fast:  # flavio leaves the prior out
            return float(prior + self.likelihood.log_likelihood(par, wc_obj))
        return float(prior + self.likelihood.log_likelihood_exp(par, wc_obj))

    def description(self) -> dict[str, Any]:
        """What the function is, for the files of scans."""
        likelihood, (scale, eft, basis, options) = self.likelihood, self._wilson
        found: dict[str, Any] = {
            "likelihood": type(likelihood).__name__,
            "observables": [str(name) for name in likelihood.observables],
            "measurements": sorted(likelihood.include_measurements or []),
            "fit parameters": {
                name: repr(likelihood.par_obj._parameters[name][1])
                for name in likelihood.fit_parameters
            },
            "variables": list(self.variables),
            "scale": scale,
            "eft": eft,
            "basis": basis,
            "options": options,
            "par": self._given,
        }
        numbers = hashlib.sha256(repr(sorted(self._par.items())).encode())
        if isinstance(likelihood, flavio_likelihood.FastLikelihood):
            distribution = (
                likelihood.likelihood and likelihood.pseudo_measurement._constraints[0][0]
            )
            numbers.update(np.ravel(distribution.central_value).tobytes())
            numbers.update(np.ravel(distribution.covariance).tobytes())
            found["theory"] = getattr(likelihood, "theory", "SM")
        if getattr(likelihood, "belle2", None) is not None:
            found["belle2"] = likelihood.belle2.description()
        found["numbers"] = numbers.hexdigest()
        return found


def _coefficient(variable: str) -> tuple[str, complex]:
    """Name of the coefficient and the factor of the variable in it."""
    if variable.startswith("Im(") and variable.endswith(")"):
        return variable[3:-1], 1j
    return variable, 1
