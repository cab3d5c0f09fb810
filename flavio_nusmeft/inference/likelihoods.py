"""flavio's likelihoods with the measurements of this package, registered with flavio or not."""

from __future__ import annotations

import copy
import warnings
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import flavio
import numpy as np
from flavio.classes import ParameterConstraints
from flavio.statistics import likelihood as flavio_likelihood
from flavio.statistics.probability import (
    MultivariateNormalDistribution,
    NormalDistribution,
    ProbabilityDistribution,
)

from .. import settings
from .._inputs import integer, seed_number
from ..batch import Observable
from ..belle2 import Belle2Likelihood
from ..distributions import ONE_SIDED
from ..errors import InvalidValue, UnknownObservable
from ..measurements import find
from ..searches import Searches
from .draws import Draws, draw, seeded
from .slopes import slope

__all__ = ["FastLikelihood", "Likelihood", "MeasurementLikelihood"]


def __dir__() -> list[str]:
    return sorted(__all__)


class _Part(NamedTuple):
    """A distribution of observables that one measurement gives; the others are integrated out."""

    measurement: str
    observables: tuple[Observable, ...]
    distribution: ProbabilityDistribution
    others: tuple[Observable, ...]

    @property
    def one_sided(self) -> bool:
        return isinstance(self.distribution, ONE_SIDED)


def _parts(name: str, observables: Iterable[Observable]) -> list[_Part]:
    wanted, found = set(observables), []
    measurement = find(name)
    for distribution, names in measurement._constraints:
        # flavio leaves constraints in the list that have been replaced
        current = [
            o for i, o in enumerate(names) if measurement._parameters[o] == (i, distribution)
        ]
        kept = tuple(o for o in current if o in wanted)
        if kept:
            others = [i for i, o in enumerate(names) if o not in kept]
            if others:
                distribution = distribution.reduce_dimension(exclude=tuple(others))
            found.append(_Part(name, kept, distribution, tuple(names[i] for i in others)))
    return found


class MeasurementLikelihood(flavio_likelihood.MeasurementLikelihood):
    """flavio's ``MeasurementLikelihood``, with measurements and distributions looked up once.

    Of a correlated measurement of which only some observables are used the others are integrated
    out (of a numerical distribution: profiled, as in flavio).

    Parameters
    ----------
    observables : sequence of observables
        Observables, all of them measured.
    include_measurements : iterable of str, optional
        Names of the measurements to use; default: all.
    exclude_measurements : iterable of str, optional
        Names of measurements to leave out.
    include_pseudo_measurements : bool, default False
        Use the pseudo-measurements of fast likelihoods, too.

    Raises
    ------
    UnknownObservable
        If an observable is not measured.
    UnknownMeasurement
        If there is no such measurement.
    """

    _names: list[str] | None = None
    _found: list[_Part] | None = None
    _one_sided: bool | None = None
    _key: int | None = None

    def __init__(
        self,
        observables: Sequence[Observable],
        *,
        include_measurements: Iterable[str] | None = None,
        exclude_measurements: Iterable[str] | None = None,
        include_pseudo_measurements: bool = False,
    ) -> None:
        # flavio looks for measurements in its own registry only
        super().__init__(
            [],
            exclude_measurements=exclude_measurements,
            include_measurements=include_measurements,
            include_pseudo_measurements=include_pseudo_measurements,
        )
        self.observables = list(observables)
        self._names = self._found = None
        missing = set(self.observables) - {o for part in self.parts for o in part.observables}
        if missing:
            raise UnknownObservable(f"no measurement of {', '.join(sorted(map(str, missing)))}")
        self._warn()

    @property
    def get_measurements(self) -> list[str]:
        """Names of the measurements, in a fixed order (flavio's is that of a set)."""
        if self._names is None:
            if self.include_measurements is None:
                names = super().get_measurements
            else:
                wanted = set(self.observables)
                included = set(self.include_measurements)
                names = [n for n in included if wanted.intersection(find(n).all_parameters)]
            self._names = sorted(names)
        return self._names

    def get_predictions_par(
        self, par_dict: Mapping[str, float], wc_obj: Any
    ) -> dict[Observable, float]:
        """Predictions of all observables, as in flavio.

        There the settings and the values of options are missing in the key of the last result.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters, as ``flavio.default_parameters.get_central_all()``.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.

        Returns
        -------
        dict of observable to float
            Predictions by observable.
        """
        options = repr(getattr(wc_obj, "_options", None))
        key = hash((settings.number(), frozenset(par_dict.items()), wc_obj, options))
        if key != self._key:
            self._predictions_cache_hash = None
            self._key = key
        return dict(super().get_predictions_par(par_dict, wc_obj))

    @property
    def parts(self) -> list[_Part]:
        """What the measurements say about the observables."""
        if self._found is None:
            self._found = self._without(())
        return self._found

    def only(self, *, one_sided: bool) -> MeasurementLikelihood:
        """The part with the one-sided distributions, or the one without; with its observables.

        Parameters
        ----------
        one_sided : bool
            Which part.

        Returns
        -------
        MeasurementLikelihood
            A copy with this part.
        """
        part = copy.copy(self)
        part._one_sided, part._found = one_sided, None
        part._predictions_cache_hash = None
        measured = {o for p in part.parts for o in p.observables}
        part.observables = [o for o in self.observables if o in measured]
        return part

    def contents(self) -> dict[str, list[Observable]]:
        """Observables by measurement.

        Returns
        -------
        dict of str to list of observables
            Lists of observables by name of the measurement.
        """
        found: dict[str, list[Observable]] = {}
        for part in self.parts:
            found.setdefault(part.measurement, []).extend(part.observables)
        return found

    def get_number_observations(
        self, exclude_observables: Iterable[Observable] | None = None
    ) -> int:
        """Number of observations, as in flavio: observables, counted for each measurement.

        Parameters
        ----------
        exclude_observables : iterable of observables, optional
            Observables that are left out.

        Returns
        -------
        int
            The number.
        """
        return sum(len(part.observables) for part in self._without(exclude_observables or ()))

    def log_likelihood_pred(
        self,
        pred_dict: Mapping[Observable, float],
        exclude_observables: Iterable[Observable] | None = None,
        delta: bool = False,
    ) -> float:
        """Log-likelihood of predictions, as in flavio.

        Parameters
        ----------
        pred_dict : mapping of observable to float
            Predictions by observable.
        exclude_observables : iterable of observables, optional
            Observables that are left out.
        delta : bool, default False
            Subtract the log-density at the central value of every distribution, as in flavio.

        Returns
        -------
        float
            ln L.
        """
        parts = self._without(exclude_observables) if exclude_observables else self.parts
        return float(
            sum(_log_density(p.observables, p.distribution, pred_dict, delta) for p in parts)
        )

    def log_likelihoods_pred(self, pred_dict: Mapping[Observable, np.ndarray]) -> np.ndarray:
        """`log_likelihood_pred` of many predictions.

        Parameters
        ----------
        pred_dict : mapping of observable to ndarray
            Predictions by observable, shape (points,).

        Returns
        -------
        ndarray
            ln L, shape (points,).
        """
        return np.asarray(sum(_log_densities(p, pred_dict) for p in self.parts))

    def slopes(self, pred_dict: Mapping[Observable, float]) -> np.ndarray:
        """Derivatives of `log_likelihood_pred` by the predictions.

        Parameters
        ----------
        pred_dict : mapping of observables to float
            Predictions.

        Returns
        -------
        ndarray
            Shape (observables,), in the order of ``observables``.
        """
        index = {observable: i for i, observable in enumerate(self.observables)}
        result = np.zeros(len(index))
        for part in self.parts:
            where = [index[observable] for observable in part.observables]
            values = np.array([pred_dict[observable] for observable in part.observables])
            result[where] += slope(part.distribution, values)
        return result

    def _without(self, excluded: Iterable[Observable]) -> list[_Part]:
        left = set(self.observables).difference(excluded)
        parts = [part for name in self.get_measurements for part in _parts(name, left)]
        return [part for part in parts if self._one_sided in (None, part.one_sided)]

    def _warn(self) -> None:
        """Warn of what marginal distributions cannot describe, as flavio does."""
        pairs = Counter((o, other) for p in self.parts for o in p.observables for other in p.others)
        for (observable, other), count in pairs.items():
            if count > 1:
                warnings.warn(
                    f"{count} measurements constrain both '{observable}' and '{other}', of which"
                    " only the former is used; add the latter to the observables",
                    stacklevel=4,
                )

    def __getstate__(self) -> dict[str, Any]:
        # distributions are large, and the other process has them
        return {**self.__dict__, "_found": None}


def _log_density(
    observables: tuple[Observable, ...],
    distribution: ProbabilityDistribution,
    predictions: Mapping[Observable, float],
    delta: bool,
) -> Any:
    values = [predictions[o] for o in observables]
    density = distribution.delta_logpdf if delta else distribution.logpdf
    return density(values if len(values) > 1 else values[0])


def _log_densities(part: _Part, predictions: Mapping[Observable, np.ndarray]) -> np.ndarray:
    columns = [predictions[o] for o in part.observables]
    values = np.column_stack(columns) if len(columns) > 1 else columns[0]
    return np.asarray(part.distribution.logpdf(values)).reshape(len(columns[0]))


class Likelihood(flavio_likelihood.Likelihood):
    """flavio's ``Likelihood``, faster: measurements and priors are looked up once.

    Parameters
    ----------
    par_obj : ParameterConstraints, optional
        Central values and priors; default: ``flavio.default_parameters``.
    fit_parameters : iterable of str, optional
        Names of the parameters that are fitted; their priors are part of the likelihood.
    observables : iterable of observables, optional
        Observables, all of them measured.
    belle2 : Belle2Likelihood, optional
        Likelihood of B+ -> K+ + inv that is added.
    searches : Searches, optional
        Likelihood of searches for N that is added.
    **selection : object
        Further arguments of `MeasurementLikelihood`.
    """

    measurement_likelihood: Any

    def __init__(
        self,
        par_obj: ParameterConstraints = flavio.default_parameters,
        fit_parameters: Iterable[str] | None = None,
        observables: Iterable[Observable] = (),
        *,
        belle2: Belle2Likelihood | None = None,
        searches: Searches | None = None,
        **selection: Any,
    ) -> None:
        super().__init__(par_obj=par_obj, fit_parameters=list(fit_parameters or ()), observables=[])
        self.belle2 = belle2
        self.searches = searches
        self.measurement_likelihood = MeasurementLikelihood(list(observables), **selection)
        _copy_selection(self.measurement_likelihood, self)
        priors = ParameterConstraints()
        for constraint, names in self.par_obj._constraints:
            # flavio leaves constraints in the list that have been replaced
            current = any(self.par_obj._parameters[n][1] is constraint for n in names)
            if current and not set(names).isdisjoint(self.fit_parameters):
                priors.add_constraint(names, constraint)
        self.parameter_likelihood = flavio_likelihood.ParameterLikelihood(
            par_obj=priors, parameters=self.fit_parameters
        )

    def __repr__(self) -> str:
        added = [repr(part) for part in (self.belle2, self.searches) if part is not None]
        return f"Likelihood({', '.join([*_content(self, self.measurement_likelihood), *added])})"

    def log_likelihood_pred(self, pred_dict: Mapping[Observable, float]) -> float:
        """Experimental contribution for predictions, without ``belle2`` and ``searches``.

        Parameters
        ----------
        pred_dict : mapping of observables to float
            Predictions.

        Returns
        -------
        float
            ln L.
        """
        return float(self.measurement_likelihood.log_likelihood_pred(pred_dict))

    def log_likelihoods_pred(self, pred_dict: Mapping[Observable, np.ndarray]) -> np.ndarray:
        """`log_likelihood_pred` of many predictions.

        Parameters
        ----------
        pred_dict : mapping of observable to ndarray
            Predictions by observable, shape (points,).

        Returns
        -------
        ndarray
            ln L, shape (points,).
        """
        return np.asarray(self.measurement_likelihood.log_likelihoods_pred(pred_dict))

    def slopes(self, pred_dict: Mapping[Observable, float]) -> np.ndarray:
        """Derivatives of `log_likelihood_pred` by the predictions.

        Parameters
        ----------
        pred_dict : mapping of observables to float
            Predictions.

        Returns
        -------
        ndarray
            Shape (observables,), in the order of ``observables``.
        """
        return np.asarray(self.measurement_likelihood.slopes(pred_dict))

    def log_likelihood_exp(
        self,
        par_dict: Mapping[str, float],
        wc_obj: Any,
        exclude_observables: Iterable[Observable] | None = None,
        delta: bool = False,
    ) -> float:
        """Experimental contribution, as in flavio.

        ``belle2``, up to a constant, and ``searches`` are always in.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters, as ``flavio.default_parameters.get_central_all()``.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.
        exclude_observables : iterable of observables, optional
            Observables that are left out.
        delta : bool, default False
            Subtract the log-density at the central value of every distribution, as in flavio.

        Returns
        -------
        float
            ln L.
        """
        result = float(super().log_likelihood_exp(par_dict, wc_obj, exclude_observables, delta))
        if self.belle2 is not None:
            result += self.belle2.log_likelihood(par_dict, wc_obj)
        if self.searches is not None:
            result += self.searches.log_likelihood(par_dict, wc_obj)
        return result


def _content(
    likelihood: flavio_likelihood.Likelihood | flavio_likelihood.FastLikelihood,
    measured: MeasurementLikelihood,
) -> list[str]:
    """What a likelihood is made of, for its representation."""
    fitted = ", ".join(likelihood.fit_parameters) or "none"
    return [
        f"{len(likelihood.observables)} observables",
        f"{len(measured.get_measurements)} measurements",
        f"fit parameters: {fitted}",
    ]


def _copy_selection(source: MeasurementLikelihood, target: Any) -> None:
    for name in ("observables", "include_measurements", "exclude_measurements"):
        setattr(target, name, getattr(source, name))


class _MeasuredCovariance(flavio_likelihood.MeasurementCovariance):
    """Central values and covariance of measured values, averaged over the measurements."""

    def compute(self, N: int) -> tuple[np.ndarray, np.ndarray]:
        """Shapes (observables,) and (observables, observables).

        Of normal distributions these are the parameters; of others, as in flavio, mean and
        covariance of ``N`` random numbers.
        """
        likelihood: MeasurementLikelihood = self.measurement_likelihood
        index = {observable: i for i, observable in enumerate(likelihood.observables)}
        weights, weighted = np.zeros((len(index), len(index))), np.zeros(len(index))
        for part in likelihood.parts:
            central, covariance = _moments(part.distribution, N)
            weight = np.linalg.inv(covariance)
            where = [index[observable] for observable in part.observables]
            weights[np.ix_(where, where)] += weight
            weighted[where] += weight @ central
        # the observables differ by many orders of magnitude
        unit = 1 / np.sqrt(np.diag(weights))
        covariance = np.linalg.inv(weights * np.outer(unit, unit)) * np.outer(unit, unit)
        return covariance @ weighted, covariance


def _moments(distribution: ProbabilityDistribution, n: int) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(distribution, NormalDistribution):
        variance = distribution.standard_deviation**2
        return np.array([distribution.central_value]), np.array([[variance]])
    if isinstance(distribution, MultivariateNormalDistribution):
        return np.asarray(distribution.central_value), distribution.covariance
    drawn = distribution.get_random(size=n)
    return np.atleast_1d(np.mean(drawn, axis=0)), np.atleast_2d(np.cov(np.transpose(drawn)))


class FastLikelihood(flavio_likelihood.FastLikelihood):
    """flavio's ``FastLikelihood``, in which limits are limits.

    It can be pickled, and its theory uncertainties can follow the new physics.

    Measured values, with symmetric, asymmetric or correlated errors, are one multivariate normal
    distribution of experimental and theory uncertainties: `gaussian` lists them. One-sided
    distributions, limits with or without counts, have their true density at the prediction, without
    theory uncertainties: `exact` lists them. (flavio takes the mean and the standard deviation of a
    limit, which makes a measurement away from zero of it.)

    Parameters
    ----------
    name : str
        Name in flavio's registry, which no other fast likelihood may have.
    theory : str, default 'SM'
        ``SM``, the theory covariance of the Standard Model at every point, as in flavio, or ``NP``,
        the one at the point itself: flavio's random draws of the parameters are kept, and every
        observable is evaluated for each of them as a polynomial of the coefficients. A point with
        new values of the coefficients takes milliseconds; the first one with other masses (or other
        coefficients of SMEFT) takes as long as the draws take in the SM (or in wilson).
    observables : sequence of observables, optional
        Observables, all of them measured.
    include_measurements : iterable of str, optional
        Names of the measurements to use; default: all.
    exclude_measurements : iterable of str, optional
        Names of measurements to leave out.
    searches : Searches, optional
        Likelihood of searches for N that is added.
    **kwargs : object
        Further arguments of flavio's class: ``par_obj``, ``fit_parameters``,
        ``nuisance_parameters``.

    Raises
    ------
    InvalidValue
        If ``theory`` is neither.
    UnknownObservable
        If an observable is not measured.
    UnknownMeasurement
        If there is no such measurement.

    Notes
    -----
    Call ``make_measurement`` before use.
    """

    def __init__(
        self,
        name: str,
        *,
        theory: str = "SM",
        observables: Sequence[Observable] = (),
        include_measurements: Iterable[str] | None = None,
        exclude_measurements: Iterable[str] | None = None,
        searches: Searches | None = None,
        **kwargs: Any,
    ) -> None:
        if theory not in ("SM", "NP"):
            raise InvalidValue(f"theory = {theory!r}: it must be 'SM' or 'NP'")
        super().__init__(name, observables=[], **kwargs)
        self.full_measurement_likelihood = MeasurementLikelihood(
            observables,
            include_measurements=include_measurements,
            exclude_measurements=exclude_measurements,
        )
        _copy_selection(self.full_measurement_likelihood, self)
        self._gaussian = self.full_measurement_likelihood.only(one_sided=False)
        self._exact = self.full_measurement_likelihood.only(one_sided=True)
        self.sm_covariance = flavio_likelihood.SMCovariance(
            self._gaussian.observables,
            vary_parameters=self.nuisance_parameters,
            par_obj=self.par_obj,
        )
        self.exp_covariance = _MeasuredCovariance(self._gaussian)
        self.theory = theory
        self.searches = searches
        self._draws: Draws | None = None
        self._settings: settings.Snapshot | None = None  # of the covariance

    def __repr__(self) -> str:
        content = _content(self, self.full_measurement_likelihood)
        content += [] if self.searches is None else [repr(self.searches)]
        made = "made" if self._likelihood is not None else "call make_measurement() before use"
        return f"FastLikelihood({', '.join([*content, f'theory: {self.theory}', made])})"

    @property
    def gaussian(self) -> dict[str, list[Observable]]:
        """Measurements in the multivariate normal distribution, with their observables."""
        return self._gaussian.contents()

    @property
    def exact(self) -> dict[str, list[Observable]]:
        """Measurements whose limits are evaluated as they are, with their observables."""
        return self._exact.contents()

    def make_measurement(
        self,
        N: int = 100,
        Nexp: int = 5000,
        threads: int = 1,
        force: bool = False,
        force_exp: bool = False,
        seed: int | np.random.Generator = 0,
    ) -> None:
        """Compute the covariances of what is `gaussian`, as in flavio.

        Parameters
        ----------
        N : int, default 100
            Number of random draws of the parameters for the theory covariance.
        Nexp : int, default 5000
            Number of random draws of measured values with asymmetric errors.
        threads : int, default 1
            Processes for the predictions of the draws.
        force : bool, default False
            Compute the theory covariance again, also if it is there.
        force_exp : bool, default False
            Compute the experimental covariance again.
        seed : int or numpy.random.Generator, default 0
            Seed of the draws; a generator gives an integer for it.
        """
        integer("N", N, 2, 10**9)
        integer("Nexp", Nexp, 2, 10**9)
        seed = seed_number(seed)
        if force or self._settings is None:
            self._settings = settings.snapshot()
        observables = self._gaussian.observables
        included = []
        if observables:
            with seeded(seed):
                central, experiment = self.exp_covariance.get(Nexp, force=force_exp)
                theory = self.sm_covariance.get(N, force=force, threads=threads)
                if self.theory == "NP" and (self._draws is None or force):
                    self._draws = self._draw(N)
            self.pseudo_measurement = flavio.Measurement(
                f"Pseudo-measurement for FastLikelihood instance: {self.name}"
            )
            self.pseudo_measurement.add_constraint(
                observables, _normal(np.ravel(central), np.atleast_2d(experiment + theory))
            )
            included.append(self.pseudo_measurement.name)
        self._likelihood = Likelihood(
            par_obj=self.par_obj,
            fit_parameters=self.fit_parameters,
            observables=observables,
            include_measurements=included,
            include_pseudo_measurements=True,
        )

    def _draw(self, n: int) -> Draws:
        return Draws(self._gaussian.observables, draw(self.par_obj, self.nuisance_parameters, n))

    def theory_covariance(self, par_dict: Mapping[str, float], wc_obj: Any) -> np.ndarray:
        """Covariance of the predictions from the draws: a matrix of the observables in `gaussian`.

        Parameters
        ----------
        par_dict : mapping of str to float
            Parameters; the draws take the values of the fit parameters from here.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Any object with Wilson coefficients of nuSMEFT, nuWET, SMEFT or WET; None: the SM.

        Returns
        -------
        ndarray
            Shape (n, n), in the order of the Gaussian observables.
        """
        fixed = {name: float(par_dict[name]) for name in self.fit_parameters}
        return np.atleast_2d(np.cov(self.draws.predictions(fixed, wc_obj).T))

    @property
    def draws(self) -> Draws:
        """The random draws of the parameters for ``theory="NP"``, 100 if there are none yet."""
        if self._draws is None:
            with seeded(0):
                self._draws = self._draw(100)
        return self._draws

    def log_likelihood(
        self,
        par_dict: Mapping[str, float],
        wc_obj: Any,
        exclude_observables: Iterable[Observable] | None = None,
        delta: bool = False,
    ) -> float:
        """Log-likelihood, as in flavio.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters, as ``flavio.default_parameters.get_central_all()``.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.
        exclude_observables : iterable of observables, optional
            Observables that are left out.
        delta : bool, default False
            Subtract the log-density at the central value of every distribution, as in flavio.

        Returns
        -------
        float
            ln L, without the priors of the fit parameters.
        """
        self._check_made()
        gaussian = self.likelihood.measurement_likelihood
        predictions = self.full_measurement_likelihood.get_predictions_par(par_dict, wc_obj)
        excluded = set(exclude_observables or ())
        result = self._exact.log_likelihood_pred(predictions, excluded, delta)
        if self.searches is not None:
            result += self.searches.log_likelihood(par_dict, wc_obj)
        if self.theory == "SM":
            return result + gaussian.log_likelihood_pred(predictions, excluded, delta)
        kept = tuple(name for name in gaussian.observables if name not in excluded)
        if not kept:
            return result
        central, experiment = self.exp_covariance.get(force=False)
        covariance = np.atleast_2d(experiment) + self.theory_covariance(par_dict, wc_obj)
        where = [gaussian.observables.index(name) for name in kept]
        normal = _normal(np.ravel(central)[where], covariance[np.ix_(where, where)])
        return result + float(_log_density(kept, normal, predictions, delta))

    def log_likelihood_pred(self, pred_dict: Mapping[Observable, float]) -> float:
        """Log-likelihood for predictions, with the theory covariance of the SM, no ``searches``.

        Parameters
        ----------
        pred_dict : mapping of observables to float
            Predictions.

        Returns
        -------
        float
            ln L, without the priors of the fit parameters.
        """
        self._check_made()
        gaussian = self.likelihood.measurement_likelihood
        return float(
            self._exact.log_likelihood_pred(pred_dict) + gaussian.log_likelihood_pred(pred_dict)
        )

    def slopes(self, pred_dict: Mapping[Observable, float]) -> np.ndarray:
        """Derivatives of `log_likelihood_pred` by the predictions.

        Parameters
        ----------
        pred_dict : mapping of observables to float
            Predictions.

        Returns
        -------
        ndarray
            Shape (observables,), in the order of ``observables``.
        """
        self._check_made()
        index = {observable: i for i, observable in enumerate(self.observables)}
        result = np.zeros(len(index))
        for part in (self._exact, self.likelihood.measurement_likelihood):
            where = [index[observable] for observable in part.observables]
            result[where] += part.slopes(pred_dict)
        return result

    def _check_made(self) -> None:
        if self._likelihood is None:
            raise InvalidValue("call make_measurement() of a fast likelihood before use")
        self._check_settings()

    def _check_settings(self) -> None:
        if self._settings is None or self._settings == settings.live():
            return
        changes = settings.differences(self._settings, settings.snapshot())
        listed = ", ".join(f"{name} was {old}, is {new}" for name, (old, new) in changes.items())
        raise InvalidValue(
            f"the theory uncertainties were computed with other settings ({listed}): call"
            " make_measurement(force=True), or set these again"
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        # flavio finds both by name, and another process does not have them
        self.__dict__.update(state)
        type(self).instances[self.name] = self
        if self.pseudo_measurement is not None:
            flavio.Measurement.instances[self.pseudo_measurement.name] = self.pseudo_measurement


FastLikelihood.instances = OrderedDict()


def _normal(central: np.ndarray, covariance: np.ndarray) -> ProbabilityDistribution:
    if len(central) == 1:
        return NormalDistribution(float(central[0]), float(np.sqrt(covariance[0, 0])))
    return MultivariateNormalDistribution(central, covariance)
