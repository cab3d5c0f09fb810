"""Likelihoods of coefficients and masses: flavio's own, with the data sets of this package.

- `likelihood` makes a flavio ``Likelihood`` (parameters at the values given) or ``FastLikelihood``
  (measured values Gaussian, with theory uncertainties); limits are as published in both.
- `LogLikelihood` turns it into a function of a few variables, for `scan`,
  ``flavio.plots.likelihood_contour``, samplers and minimisers.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from typing import Literal, overload

import flavio
import numpy as np
from flavio.classes import ParameterConstraints
from flavio.statistics.probability import DeltaDistribution, UniformDistribution

from .._inputs import names as names_of
from ..batch import Observable, as_observables
from ..belle2 import Belle2Likelihood
from ..citations import cite
from ..eft.hints import parameter_hint
from ..errors import (
    InvalidValue,
    UnknownObservable,
    UnknownParameter,
    nearest,
)
from ..measurements import dataset as dataset_names
from ..measurements import find, paper, warn_of_rates
from ..searches import Search, Searches
from .likelihoods import FastLikelihood, Likelihood

__all__ = ["FastLikelihood", "Likelihood", "likelihood"]


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
    searches: Searches | str | Iterable[str | Search] | None = ...,
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
    searches: Searches | str | Iterable[str | Search] | None = ...,
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
    searches: Searches | str | Iterable[str | Search] | None = ...,
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
    searches: Searches | str | Iterable[str | Search] | None = None,
) -> Likelihood | FastLikelihood:
    """Likelihood of a data set of this package, whose papers are noted in ``flavio.citations``.

    Parameters
    ----------
    dataset : str, default 'current'
        ``paper2023``, ``current``, ``electroweak``, ``leptonic``, ``charged``, ``tails`` or a sum,
        see `dataset`.
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
    searches : Searches, str or iterable of str or Search, optional
        Searches for N in peaks and visible decays, of which the likelihood is part: `Searches`,
        or what it is made of, e.g. ``peak``. With ``observables=[]`` there is nothing else.

    Returns
    -------
    Likelihood or FastLikelihood
        As ``fast`` says.

    Raises
    ------
    UnknownDataset, UnknownMeasurement, UnknownSearch, MissingPackage
    UnknownObservable
        An observable that is not measured in the data set, or none at all.
    UnknownParameter
        A fit parameter that flavio does not have, or that has no prior.
    InvalidValue
        A range that is empty or not finite.

    Warns
    -----
    TheoryWarning
        For rates of ``charged`` with all parameters at given values.

    Notes
    -----
    V_cb, V_ub and V_us are parameters as all others, with flavio's values and priors, which come
    from decays like those of ``charged``, without N. Without ``fast`` they are as given, or, in
    ``fit_parameters``, part of the fit; with it their priors are in the theory covariance.
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
    if searches is not None and not isinstance(searches, Searches):
        searches = Searches(searches)
    if not chosen and belle2 is None and searches is None:
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
    if not fast and (isinstance(fit_parameters, Mapping) or not fit_parameters):
        remedy = "likelihood has them with fast=True, or such parameters as fit_parameters"
        warn_of_rates(names, chosen, f"this likelihood; nus.{remedy}")
    used = [n for n in names if not {*chosen}.isdisjoint(find(n).all_parameters)]
    cite(key for key in map(paper, used) if key is not None)
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
            searches=searches,
        )
    if theory != "SM":
        raise InvalidValue("theory = 'NP' is for fast likelihoods; give fast=True")
    return Likelihood(
        par_obj=constraints,
        fit_parameters=fitted,
        observables=chosen,
        include_measurements=names,
        belle2=belle2,
        searches=searches,
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
            hint = parameter_hint(name, constraints.all_parameters)
            raise UnknownParameter(f"flavio has no parameter '{name}'{hint}")
        if name in ranges:
            low, high = _range(name, ranges[name])
            distribution = UniformDistribution((low + high) / 2, (high - low) / 2)
            # both ends belong to it, to the last bit (of flavio's only the lower one)
            distribution.range = low, np.nextafter(high, np.inf)
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
