"""Likelihoods of coefficients and masses: flavio's own, with the data sets of this package.

- `likelihood` makes a flavio ``Likelihood`` (parameters at the values given) or ``FastLikelihood``
  (measured values Gaussian, with theory uncertainties); limits are as published in both.
- `LogLikelihood` turns it into a function of a few variables, for `scan`,
  ``flavio.plots.likelihood_contour``, samplers and minimisers.
"""

from __future__ import annotations

import hashlib
import os
import uuid
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, overload

import flavio
import numpy as np
from flavio.classes import ParameterConstraints
from flavio.statistics import likelihood as flavio_likelihood
from flavio.statistics.probability import DeltaDistribution, UniformDistribution

from .. import settings
from .._inputs import brief, mapping, number, reals
from .._inputs import names as names_of
from ..batch import Observable, as_observables
from ..belle2 import Belle2Likelihood
from ..eft.space import Space
from ..errors import (
    InvalidShape,
    InvalidValue,
    SettingsWarning,
    UnknownObservable,
    UnknownParameter,
    nearest,
    nearest_parameter,
)
from ..measurements import dataset as dataset_names
from ..measurements import describe, digest, find
from ..physics import plausible
from .likelihoods import FastLikelihood, Likelihood

__all__ = ["FastLikelihood", "Likelihood", "LogLikelihood", "likelihood"]


def __dir__() -> list[str]:
    return sorted(__all__)


# what Belle2Likelihood replaces
_BELLE2 = "flavio_nusmeft Belle II B+->Kinv combined 2023"

FitParameters = Iterable[str] | Mapping[str, tuple[float, float]]


@overload
def likelihood(
    dataset: str = ...,
    observables: Iterable[Observable] | None = ...,
    *,
    alternatives: Iterable[str] = ...,
    fit_parameters: FitParameters = ...,
    fast: Literal[True],
    theory: str = ...,
    belle2: Belle2Likelihood | str | os.PathLike[str] | None = ...,
) -> FastLikelihood: ...


@overload
def likelihood(
    dataset: str = ...,
    observables: Iterable[Observable] | None = ...,
    *,
    alternatives: Iterable[str] = ...,
    fit_parameters: FitParameters = ...,
    fast: Literal[False] = ...,
    theory: str = ...,
    belle2: Belle2Likelihood | str | os.PathLike[str] | None = ...,
) -> Likelihood: ...


@overload
def likelihood(
    dataset: str = ...,
    observables: Iterable[Observable] | None = ...,
    *,
    alternatives: Iterable[str] = ...,
    fit_parameters: FitParameters = ...,
    fast: bool,
    theory: str = ...,
    belle2: Belle2Likelihood | str | os.PathLike[str] | None = ...,
) -> Likelihood | FastLikelihood: ...


def likelihood(
    dataset: str = "current",
    observables: Iterable[Observable] | None = None,
    *,
    alternatives: Iterable[str] = (),
    fit_parameters: FitParameters = (),
    fast: bool = False,
    theory: str = "SM",
    belle2: Belle2Likelihood | str | os.PathLike[str] | None = None,
) -> Likelihood | FastLikelihood:
    """Likelihood of a data set of this package.

    Parameters
    ----------
    dataset : str, default 'current'
        ``paper2023``, the inputs of arXiv:2309.02940, or ``current``.
    observables : iterable of observables, optional
        Those to use (with arguments: tuples, or lists as YAML gives them); default: all of the data
        set.
    alternatives : iterable of str, optional
        Names of measurements that replace members of the data set, see `dataset`.
    fit_parameters : iterable of str or mapping of str to (float, float), optional
        Parameters that are fitted, e.g. masses: a dictionary of names and ranges (GeV) gives them
        flat priors; names alone keep the priors they have in ``flavio.default_parameters``.
    fast : bool, default False
        False: a flavio ``Likelihood``, with parameters at the given values; True: a flavio
        ``FastLikelihood``, whose measured values are Gaussian, with theory uncertainties, and whose
        ``make_measurement`` must be called before use. Limits are as they were published in both.
    theory : str, default 'SM'
        For fast likelihoods, ``SM`` or ``NP``, see `FastLikelihood`.
    belle2 : Belle2Likelihood, str or path-like, optional
        The published likelihood of B+ -> K+ + inv in place of Belle II's branching ratio in the
        data set ``current``: a `Belle2Likelihood`, or the path of its files. With
        ``observables=[]`` there is nothing else.

    Returns
    -------
    Likelihood or FastLikelihood
        As ``fast`` says.

    Raises
    ------
    UnknownDataset, UnknownMeasurement
    UnknownObservable
        An observable that is not measured in the data set, or none at all.
    UnknownParameter
        A fit parameter that flavio does not have, or that has no prior.
    InvalidValue
        A range that is empty or not finite.
    """
    names = dataset_names(dataset, alternatives)
    if belle2 is not None:
        if fast or _BELLE2 not in names:
            raise InvalidValue(
                "belle2 is for the data set 'current' with fast=False, where it takes the place of"
                f" '{_BELLE2}'"
            )
        names.remove(_BELLE2)
        if not isinstance(belle2, Belle2Likelihood):
            belle2 = Belle2Likelihood(belle2)
    measured = sorted({o for n in names for o in find(n).all_parameters}, key=str)
    chosen = measured if observables is None else list(dict.fromkeys(as_observables(observables)))
    if not chosen and belle2 is None:
        raise UnknownObservable("the list of observables is empty")
    for observable in chosen:
        if observable not in measured:
            name = observable if isinstance(observable, str) else observable[0]
            known = name in flavio.Observable.instances
            raise UnknownObservable(
                f"'{observable}' is not measured in the data set '{dataset}'"
                f"{_of_same_decay(name, measured) if known else nearest(name, map(str, measured))};"
                f" measured are {', '.join(map(str, measured))}"
            )
    if not isinstance(fit_parameters, Mapping):
        fit_parameters = names_of("fit_parameters", fit_parameters)
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


def _of_same_decay(name: str, measured: Iterable[Observable]) -> str:
    """What of the decay of an observable is measured, as a hint."""
    names = {o if isinstance(o, str) else o[0] for o in measured}
    decay = name.partition("(")[2]
    same = sorted(n for n in names if decay and n.partition("(")[2] == decay)
    return f", but {', '.join(same)}" if same else ""


def _priors(fit_parameters: FitParameters) -> ParameterConstraints:
    """flavio's default parameters, with flat priors for those that have a range."""
    constraints = flavio.default_parameters
    ranges = fit_parameters if isinstance(fit_parameters, Mapping) else {}
    if ranges:
        constraints = constraints.copy()
    for name in fit_parameters:
        if name not in constraints.all_parameters:
            hint = nearest_parameter(name, constraints.all_parameters)
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

    Attributes
    ----------
    space : Space
        Scale, EFT, basis and options of the coefficients.

    Raises
    ------
    UnknownCoefficient, UnknownParameter, UnknownBasis, InvalidScale, InvalidValue

    Warns
    -----
    NoEffectWarning, ScaleWarning
        For variables that no observable of this package depends on; for scales at which another EFT
        is to be used.
    SizeWarning, HeavyMassWarning
        When called, as `NuWilson` does.

    Notes
    -----
    It can be pickled. A prior that vanishes, or a negative mass, gives -inf.
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
                raise UnknownParameter(f"no parameter '{name}'{nearest_parameter(name, self._par)}")
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
        self._parameters = [name for name in self.variables if name in self._par]
        known = self.space.known
        names = [_coefficient(name) for name in self.variables if name not in self._par]
        for name, _ in names:
            hint = nearest_parameter(name, self._par)
            if name not in known and hint:
                raise UnknownParameter(f"no parameter and no coefficient '{name}'{hint}")
        self.space.check(name for name, _ in names)
        for name, factor in names:
            if known[name] and factor != 1:
                raise InvalidValue(f"{name} is real (its operator is hermitian)")
        self.point([0.0] * len(self.variables))
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
        for name, value in zip(self.variables, array.tolist(), strict=True):
            if name in par:
                par[name] = value
            else:
                coefficient, factor = _coefficient(name)
                values[coefficient] = values.get(coefficient, 0) + factor * value
        self.space.warn_size(values)
        return par, self.space.point(values)

    def __repr__(self) -> str:
        return f"LogLikelihood({', '.join(self.variables)}: {self.space}, {self.likelihood!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "settings": settings.snapshot()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        changes = settings.differences(state.pop("settings"), settings.snapshot())
        self.__dict__.update(state)
        if changes:
            listed = ", ".join(f"{n} was {old}, is {new}" for n, (old, new) in changes.items())
            warnings.warn(
                f"pickled with other settings, which change its values: {listed}; set them here as"
                " they were (`scan` does that for its workers)",
                SettingsWarning,
                stacklevel=2,
            )

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
        par, wc_obj = self.point(x)
        fast = isinstance(self.likelihood, flavio_likelihood.FastLikelihood)
        full = self.likelihood.likelihood if fast else self.likelihood
        prior = full.log_prior_fit_parameters(par)
        if prior == -np.inf or any(par[f"m_N{i}"] < 0 for i in (1, 2, 3)):
            return -np.inf
        # flavio's fast likelihood leaves the prior out
        function = self.likelihood.log_likelihood if fast else self.likelihood.log_likelihood_exp
        # flavio: shape (1,) if a correlated observable is alone
        return float(np.asarray(prior + function(par, wc_obj)).item())

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
        found["numbers"] = numbers.hexdigest()
        return found


def _coefficient(variable: str) -> tuple[str, complex]:
    """Name of the coefficient and the factor of the variable in it."""
    if variable.startswith("Im(") and variable.endswith(")"):
        return variable[3:-1], 1j
    return variable, 1
