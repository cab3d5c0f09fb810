"""Limits on one coefficient at a time, of every operator: the table of a global analysis.

- `limits`: best fits, intervals and upper limits, and the measurements that they come from
- `Limits`: the table, which prints, and writes JSON, CSV and LaTeX; its rows are `Limit`
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from .. import settings
from .._inputs import line, mapping, number
from .._inputs import names as names_of
from ..batch import Observable, Predictor, central_parameters, parameters_of
from ..belle2 import Belle2Likelihood
from ..eft.space import Space
from ..eft.theories import HIGH, theory_of
from ..errors import InvalidScan, InvalidValue
from ..measurements import results
from ..searches import Search, Searches
from .fits import Likelihood, likelihood
from .limits_table import Limit, Limits
from .lines import Line, Source, lines
from .scan.session import progress_bar
from .study import level

__all__ = ["Limit", "Limits", "limits"]


def __dir__() -> list[str]:
    return sorted(__all__)


_METHODS = ("profile", "published")
_INTERVAL = 0.6827
_SAME = 0.05  # of -2 ln L: operators that agree up to the limit are one row
_SAME_LIMIT = 0.01  # relative, of published limits
_COMMON = "|C|: only the absolute value of C matters; Λ = C^(-1/2)"
_POINTS = 200  # of a coefficient in which predictions are no polynomials, roughly
_FRACTIONS = (1.0, 0.75, 0.5, 0.25)  # of the limit, at which they are compared


def limits(
    operators: Iterable[str] | None = None,
    *,
    m_N1: ArrayLike,
    scale: float,
    eft: str,
    basis: str,
    cl: float = 0.9,
    method: str = "profile",
    dataset: str = "current",
    observables: Iterable[Observable] | None = None,
    belle2: Belle2Likelihood | str | os.PathLike[str] | None = None,
    searches: Searches | str | Iterable[str | Search] | None = None,
    par: Mapping[str, float] | None = None,
    options: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> Limits:
    """Limits on Wilson coefficients, one at a time, at fixed masses.

    Parameters
    ----------
    operators : iterable of str, optional
        Names of coefficients. Default: all operators with N of the basis (in bases without N: all)
        on which a measured observable depends, one of every set that the data do not tell apart.
    m_N1 : float or array_like
        Masses of N1, GeV.
    scale : float
        MSbar scale of the coefficients, GeV.
    eft, basis : str
        EFT and basis of the coefficients, as for `NuWilson`.
    cl : float, default 0.9
        Confidence level of the upper limits; with ``published`` that of the limits that are used.
    method : {"profile", "published"}
        ``profile``: -2 ln L rises by z² above its minimum, as for `intervals.upper_limit`;
        ``published``: a prediction reaches a published limit, each taken at face value.
    dataset : str, default 'current'
        ``paper2023``, ``current`` or another, or a sum, see `flavio_nusmeft.dataset`.
    observables : iterable of observables, optional
        Those to use; default: all of the data set.
    belle2 : Belle2Likelihood, str or path-like, optional
        The published likelihood of B+ -> K+ + inv, as for `likelihood`; not with ``published``.
    searches : Searches, str or iterable of str or Search, optional
        Searches for N, as for `likelihood`; not with ``published``.
    par : mapping of str to float, optional
        Parameters that differ from flavio's central values, m_N2 and m_N3 among them.
    options : mapping of str to object, optional
        Options of running and matching, as for `NuWilson`, e.g. ``{"running": "full"}``.
    progress : bool, default True
        Show a bar on stderr for coefficients that take minutes each: those of SMEFT, which wilson
        runs at some 200 points.

    Returns
    -------
    Limits
        One row per operator and mass.

    Raises
    ------
    InvalidScan
        Of level or method, or if no operator has an effect.
    UnknownCoefficient, UnknownBasis, UnknownParameter, UnknownDataset, UnknownObservable,
    InvalidValue, InvalidShape, InvalidMass, InvalidScale, MissingRecord, InvalidRecord,
    UnknownSearch, MissingPackage

    Warns
    -----
    NoEffectWarning, ScaleWarning, HeavyMassWarning
        For operators that are given and change nothing; for scales at which another EFT is to be
        used.

    Notes
    -----
    Coefficients are real and positive, all others are 0; for operators that do not interfere with
    the SM the limits are on the absolute value, which a row says. Parameters are at their central
    values, without theory uncertainties. Values above (4π/scale)² are not looked at: there is no
    limit then. Two operators are one row if -2 ln L of both agrees within 0.05 up to the limit, at
    all masses, or for ``published`` if the same limit constrains them to 1%.
    """
    cl = level(cl)
    if method not in _METHODS:
        raise InvalidScan(f"method = {method!r} must be 'profile' or 'published'")
    if method == "published" and belle2 is not None:
        raise InvalidScan("belle2 is for method = 'profile': published limits have no likelihood")
    if method == "published" and searches is not None:
        raise InvalidScan("searches are for method = 'profile': they are a likelihood")
    space = Space.of(scale, eft, basis, options).with_defaults()
    if theory_of(eft) is not HIGH and basis != "JMS":
        raise InvalidScan(f"coefficients of {eft} {basis} have no dimension: give those of JMS")
    masses = line("m_N1", [m_N1] if np.isscalar(m_N1) else m_N1).tolist()
    given = {name: number(f"parameter {name}", v) for name, v in mapping("par", par or {}).items()}
    if "m_N1" in given:
        raise InvalidValue("m_N1 is given twice, also in par")
    central = central_parameters(parameters_of(given))
    pars = [central | {"m_N1": mass} for mass in masses]
    data = likelihood(dataset, observables, belle2=belle2, searches=searches)
    study: _Study = _Profile(cl) if method == "profile" else _Published(cl, dataset, data)
    if operators is None:
        rows, without = _representatives(study, lines(_linear(space), space, pars, data))
    else:
        chosen = list(dict.fromkeys(names_of("operators", operators)))
        _check_effect(chosen, data.observables, space, central, masses)
        with _progress(chosen, space, len(pars), progress) as note:
            found = [study.rows(found) for found in lines(chosen, space, pars, data, note)]
        rows, without = [row for group in found for row in group], []
    if not rows:
        raise InvalidScan(f"no operator of {space} changes an observable of '{dataset}'")
    return Limits(
        tuple(rows),
        method,
        cl,
        study.definition,
        _described(dataset, data),
        space.eft,
        space.basis,
        float(space.scale),
        given,
        tuple(without),
        settings.provenance(space.point({})),
    )


def _described(dataset: str, data: Likelihood) -> str:
    added = ["Belle II's published likelihood"] * (data.belle2 is not None)
    added += [repr(data.searches)] * (data.searches is not None)
    return dataset + "".join(f", with {what}" for what in added)


class _Study(ABC):
    """What is asked about every line."""

    definition: str

    def rows(self, found: Sequence[Line]) -> list[Limit]:
        """Of a coefficient, at all masses."""
        return [self.row(each) for each in found]

    @abstractmethod
    def row(self, found: Line) -> Limit:
        """Of a coefficient at a mass."""

    @abstractmethod
    def agree(self, first: Line, second: Line, row: Limit) -> bool:
        """Whether data do not tell two lines apart; the row is that of the first one."""


class _Profile(_Study):
    def __init__(self, cl: float) -> None:
        self._levels = (float(norm.ppf((1 + _INTERVAL) / 2) ** 2), float(norm.ppf(cl) ** 2))
        self.definition = (
            "profile likelihood of one coefficient, real and positive, with all others 0 and"
            " parameters at their central values; best fit: maximum of ln L, significance:"
            f" sqrt(2 (ln L - ln L(0))) there; {100 * _INTERVAL:.4g}% interval: -2 ln L rises by"
            f" {self._levels[0]:.4g} (two-sided, erf(z/√2) = CL); {100 * cl:.4g}% upper limit: by"
            f" {self._levels[1]:.4g} (one-sided, Φ(z) = CL); {_COMMON}"
        )

    def row(self, found: Line) -> Limit:
        best, gain, (interval, allowed) = found.maximum(self._levels)
        upper = allowed[-1][1]
        source = found.driver(best, upper) if upper < np.inf else None
        at = min(upper, found.bound)
        of_modulus = all(
            abs(found.rise(at * phase) - found.rise(at)) < _SAME for phase in found.phases
        )
        return _limit(found, upper, source, of_modulus, best, gain**0.5, interval)

    def agree(self, first: Line, second: Line, row: Limit) -> bool:
        values = [fraction * min(row.upper, first.bound) for fraction in _FRACTIONS]
        return all(abs(first.rise(value) - second.rise(value)) < _SAME for value in values)


class _Published(_Study):
    def __init__(self, cl: float, dataset: str, data: Likelihood) -> None:
        self._cl, self._dataset = cl, dataset
        found = [result for name in data.observables for result in results(name, dataset)]
        known = sorted({r.confidence_level for r in found if r.confidence_level is not None})
        if cl not in known:
            levels = ", ".join(f"{level:g}" for level in known) or "none"
            raise InvalidScan(f"'{dataset}' has no limit at cl = {cl:g}; published are: {levels}")
        self.definition = (
            f"published {100 * cl:.4g}% limits at face value: one coefficient, real and positive,"
            " with all others 0, at which a prediction with parameters at their central values"
            f" reaches a limit, for the limit that is reached first; {_COMMON}"
        )

    def row(self, found: Line) -> Limit:
        strongest = found.strongest(self._dataset, self._cl)
        if strongest is None or strongest[0] == np.inf:
            return _limit(found, np.inf, None, False)
        upper, source = strongest
        (observable,) = source.observables
        value = found.predictions(upper)[observable]
        turned = [found.predictions(upper * phase)[observable] for phase in found.phases]
        of_modulus = all(abs(other / value - 1) < _SAME_LIMIT for other in turned)
        return _limit(found, upper, source, of_modulus)

    def agree(self, first: Line, second: Line, row: Limit) -> bool:
        other = self.row(second)
        same = (other.measurement, other.observables) == (row.measurement, row.observables)
        return same and bool(np.isclose(other.upper, row.upper, rtol=_SAME_LIMIT, atol=0))


def _limit(
    found: Line,
    upper: float,
    source: Source | None,
    of_modulus: bool,
    best: float = np.nan,
    significance: float = np.nan,
    interval: tuple[tuple[float, float], ...] = (),
) -> Limit:
    measurement, observables = source or (None, ())
    return Limit(
        found.name,
        found.m_N1,
        best,
        significance,
        interval,
        upper,
        of_modulus,
        measurement,
        observables,
        (),
    )


@contextmanager
def _progress(
    names: Sequence[str], space: Space, masses: int, show: bool
) -> Iterator[Callable[[], None]]:
    """A bar for coefficients that are slow; yields what counts one of their points."""
    slow = sum(not space.is_linear(name) for name in names) * masses
    expected, points = _POINTS * slow, count(1)
    with progress_bar("limits", expected, show and slow > 0) as bar:

        def note() -> None:
            done = next(points)
            bar(done, max(done, expected))

        yield note
        done = next(points) - 1
        bar(done, done)


def _linear(space: Space) -> list[str]:
    """The operators that are looked at without being named."""
    names = [name for name in space.known if space.is_linear(name)]
    if not names:
        raise InvalidScan(
            f"name the operators of {space.eft}: each of them takes minutes, as amplitudes are no"
            " polynomials of them"
        )
    return names


def _check_effect(
    names: Sequence[str],
    observables: Iterable[Observable],
    space: Space,
    par: Mapping[str, float],
    masses: list[float],
) -> None:
    """Check names, and warn of those that change nothing."""
    if not names:
        raise InvalidScan("the list of operators is empty")
    used = list(dict.fromkeys(observables))
    Predictor(used, names, space).warn_idle(par, {"m_N1": masses})


def _representatives(study: _Study, found: Iterable[list[Line]]) -> tuple[list[Limit], list[str]]:
    """Rows of coefficients that data tell apart, and the names of those without effect."""
    groups: list[tuple[list[Line], list[Limit], list[str]]] = []
    without = []
    for candidate in found:
        if not any(each.moves for each in candidate):
            without.append(candidate[0].name)
            continue
        for first, rows, equivalent in groups:
            if all(map(study.agree, first, candidate, rows)):
                equivalent.append(candidate[0].name)
                break
        else:
            groups.append((candidate, study.rows(candidate), []))
    rows = [replace(row, equivalent=tuple(names)) for _, found, names in groups for row in found]
    return rows, without
