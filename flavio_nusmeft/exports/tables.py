"""Binned predictions as tables with covariance: CSV, and the YAML of HEPData.

`spectrum` predicts a binned observable of this package in all bins of a grid, `spectra` several and
arrays of masses, with one covariance; `Spectrum.weights` are ratios to another spectrum, for the
reweighting of simulated events (redist, pyhf).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import flavio
import numpy as np
from numpy.typing import ArrayLike

from .. import settings
from .._inputs import mapping, names, reals, seed_number, wc_object
from ..batch import central_parameters, parameters_of
from ..belle2.record import EDGES
from ..citations import FLAVIO, collected
from ..eft.objects import with_options
from ..eft.standard import options_of
from ..errors import (
    IncompleteBins,
    InvalidBin,
    InvalidShape,
    InvalidValue,
    UnknownObservable,
    nearest,
)
from ..inference.draws import Draws, check_draws, parameter_draws
from ..observables import NAMES
from .binned import Spectrum, is_rate
from .joint import Spectra

__all__ = ["Spectra", "Spectrum", "spectra", "spectrum"]


def __dir__() -> list[str]:
    return sorted(__all__)


_BEYOND = 100.0  # GeV²; above the largest q² of any b hadron
# part of the branching ratio that may lie outside of the bins: the grid of Belle II ends
# 0.017 GeV² below the endpoint of B+ -> K+, where at most 5e-5 of it lies
_OUTSIDE = 1e-4


def spectrum(
    observable: str,
    edges: ArrayLike = EDGES,
    wc_obj: Any = None,
    *,
    par: Mapping[str, float] | None = None,
    draws: int = 0,
    seed: int | np.random.Generator = 0,
    partial: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Spectrum:
    """Predict a binned observable in all bins of a grid.

    Parameters
    ----------
    observable : str
        One of this package with the arguments q2min and q2max, e.g. ``<dBR_SD/dq2>(B+->Kinv)``,
        ``<BR>(B0->Dtauinv)`` or ``<FL>(B0->K*inv)``.
    edges : array_like, optional
        Edges of the bins, GeV², increasing; default: the 100 bins from 0 to 22.885 GeV² in which
        Belle II has published its number densities (arXiv:2507.12393).
    wc_obj : NuWilson, Wilson, WilsonCoefficients or None, optional
        Any object with Wilson coefficients; None: the SM.
    par : mapping of str to float, optional
        Parameters that differ from the central values of ``flavio.default_parameters``.
    draws : int, default 0
        Number of random draws of the parameters (not of those in ``par``) for the covariance, which
        is that of the point itself; 0: none.
    seed : int or numpy.random.Generator, default 0
        Seed of the draws; a generator gives an integer for it, which ``info`` says.
    partial : bool, default False
        Accept bins that do not cover the spectrum.
    options : mapping of str to object, optional
        Options of running and matching in place of those of ``wc_obj``, as for `NuWilson`, e.g.
        ``{"running": "full"}``.

    Returns
    -------
    Spectrum
        With covariance if there are draws.

    Raises
    ------
    IncompleteBins
        If more than 1e-4 of the branching ratio lies outside of the bins. (Not for fractions.)
    UnknownObservable, UnknownParameter, InvalidValue, InvalidBin, InvalidMass
    """
    for name, array in parameters_of(par).items():
        if array.ndim:
            raise InvalidValue(f"parameter {name} must be one number; for arrays there is spectra")
    _check(observable, edges)
    (found,) = spectra(
        [observable],
        edges,
        wc_obj,
        par=par,
        draws=draws,
        seed=seed,
        partial=partial,
        options=options,
    ).spectra
    return found


def spectra(
    observables: str | Sequence[str],
    edges: ArrayLike | Mapping[str, ArrayLike] = EDGES,
    wc_obj: Any = None,
    *,
    par: Mapping[str, ArrayLike] | None = None,
    draws: int = 0,
    seed: int | np.random.Generator = 0,
    partial: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Spectra:
    """Predict binned observables, also for arrays of masses, with one covariance of all bins.

    The draws of the parameters are the same for all, so that the covariance has the correlations
    between bins, observables and masses.

    Parameters
    ----------
    observables : str or sequence of str
        As in `spectrum`, one or several.
    edges : array_like or mapping of str to array_like, optional
        Edges of the bins, GeV², as in `spectrum`, the same for all or by observable.
    wc_obj : NuWilson, Wilson, WilsonCoefficients or None, optional
        Any object with Wilson coefficients; None: the SM.
    par : mapping of str to array_like, optional
        Parameters that differ from the central values of ``flavio.default_parameters``: numbers, or
        arrays of one shape (points,), e.g. ``{"m_N1": [0.5, 1.0, 1.5]}``.
    draws : int, default 0
        Number of random draws of the parameters that are not in ``par``; 0: no covariance.
    seed : int or numpy.random.Generator, default 0
        Seed of the draws.
    partial : bool, default False
        Accept bins that do not cover a spectrum.
    options : mapping of str to object, optional
        Options of running and matching in place of those of ``wc_obj``.

    Returns
    -------
    Spectra
        For every observable all points, in their order.

    Raises
    ------
    IncompleteBins, UnknownObservable, UnknownParameter, InvalidValue, InvalidShape, InvalidBin,
    InvalidMass
    """
    bounds = _bounds(observables, edges)
    number, seed = check_draws(draws), seed_number(seed)
    wc_obj = _with(wc_obj, options)
    central, points = _points(par)
    varied = {name for name in points[0] if len({point[name] for point in points}) > 1}
    found, drawn = [], []
    common = parameter_draws(number, {}, seed) if number else []
    for name, edges_of in bounds.items():
        pairs = list(itertools.pairwise(edges_of.tolist()))
        together = Draws([(name, *pair) for pair in pairs], common)
        for point in points:
            with collected() as papers:
                result = _predicted(name, edges_of, wc_obj, central | point, partial)
            info = _info(wc_obj, central | point, number, seed)
            info["Papers"] = ", ".join(sorted({FLAVIO, *papers}))
            found.append(replace(result, info=info))
            if number:
                with np.errstate(invalid="ignore"):
                    drawn.append(together.predictions(point, wc_obj))
    labels = [{name: x for name, x in point.items() if name in varied} for point in points]
    positions = tuple(labels * len(bounds))
    if not number:
        return Spectra(tuple(found), None, positions)
    # fractions are 0 where phase space is closed
    values = np.nan_to_num(np.concatenate(drawn, axis=1), nan=0.0, posinf=np.inf, neginf=-np.inf)
    covariance = np.atleast_2d(np.cov(values.T))
    last = np.cumsum([len(one.values) for one in found]).tolist()
    parts = [slice(end - len(one.values), end) for one, end in zip(found, last, strict=True)]
    whole = tuple(
        replace(one, covariance=covariance[part, part])
        for one, part in zip(found, parts, strict=True)
    )
    return Spectra(whole, covariance, positions)


def _predicted(
    observable: str, edges: np.ndarray, wc_obj: Any, par: Mapping[str, float], partial: bool
) -> Spectrum:
    prediction = flavio.Observable[observable].prediction_par
    pairs = itertools.pairwise(edges.tolist())
    result = Spectrum(
        observable, edges, np.array([prediction(par, wc_obj, *pair) for pair in pairs])
    )
    if not partial and is_rate(observable):
        _check_coverage(result, lambda low, high: prediction(par, wc_obj, low, high))
    return result


def _with(wc_obj: Any, options: Mapping[str, Any] | None) -> Any:
    """The object with other options."""
    chosen = {} if options is None else mapping("options", options)
    wc = getattr(wc_object(wc_obj), "wc", None)
    if not chosen:
        return wc_obj
    if wc is None:
        raise InvalidValue("options of the running are for coefficients, of which the SM has none")
    return with_options(wc.dict, wc.scale, wc.eft, wc.basis, {**options_of(wc_obj), **chosen})


def _points(
    par: Mapping[str, ArrayLike] | None,
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """All parameters without the arrays, and those that are given, point by point."""
    arrays = parameters_of(par)
    central = central_parameters(arrays)
    shapes = {array.shape for array in arrays.values() if array.ndim} or {(1,)}
    if len(shapes) > 1 or len(next(iter(shapes))) > 1 or (0,) in shapes:
        listed = ", ".join(f"{name} {array.shape}" for name, array in arrays.items() if array.ndim)
        raise InvalidShape(f"arrays of parameters must have one shape (points,), not {listed}")
    ((size,),) = shapes
    rows = {name: np.broadcast_to(array, size).tolist() for name, array in arrays.items()}
    return central, [{name: float(row[k]) for name, row in rows.items()} for k in range(size)]


def _bounds(
    observables: str | Sequence[str], edges: ArrayLike | Mapping[str, ArrayLike]
) -> dict[str, np.ndarray]:
    chosen = [observables] if isinstance(observables, str) else names("observables", observables)
    if not chosen or len(set(chosen)) < len(chosen):
        raise UnknownObservable("observables must be a list of different names, one at least")
    if not isinstance(edges, Mapping):
        return {name: _check(name, edges) for name in chosen}
    for name in edges:
        if name not in chosen:
            raise InvalidBin(f"edges for '{name}', which is not in observables")
    missing = [name for name in chosen if name not in edges]
    if missing:
        raise InvalidBin(f"no edges for {', '.join(missing)}")
    return {name: _check(name, edges[name]) for name in chosen}


def _check(observable: str, edges: ArrayLike) -> np.ndarray:
    binned = [n for n in NAMES if flavio.Observable[n].arguments == ["q2min", "q2max"]]
    if observable not in binned:
        raise UnknownObservable(
            f"'{observable}' is not a binned observable of flavio_nusmeft"
            f"{nearest(str(observable), binned)}"
        )
    bounds = reals("edges", edges, InvalidBin)
    if bounds.ndim != 1 or len(bounds) < 2 or not np.isfinite(bounds).all():
        raise InvalidBin("edges must be a list of at least two finite numbers (GeV²)")
    if (np.diff(bounds) <= 0).any():
        raise InvalidBin("edges must increase")
    return bounds


def _check_coverage(result: Spectrum, prediction: Any) -> None:
    inside = float(result.branching_ratios.sum())
    first, last = float(result.edges[0]), float(result.edges[-1])
    outside = []
    for text, low, high in (
        (f"q² < {first:g} GeV²", min(0.0, first), first),
        (f"q² > {last:g} GeV²", last, max(_BEYOND, last)),
    ):
        if low < high:
            width = high - low if "/dq2" in result.observable else 1.0
            outside.append((text, float(prediction(low, high)) * width))
    missing = sum(part for _, part in outside)
    total = inside + missing
    if missing > _OUTSIDE * total:
        parts = " and ".join(
            f"{text} with a branching ratio of {part:.3g} ({part / total:.2%})"
            for text, part in outside
            if part > 0
        )
        raise IncompleteBins(
            f"the bins do not cover the spectrum of {result.observable}: they miss {parts};"
            " ask for partial coverage if that is what you want"
        )


def _info(wc_obj: Any, par: Mapping[str, float], draws: int, seed: int) -> dict[str, Any]:
    wc = getattr(wc_obj, "wc", None)
    values = {name: value for name, value in wc.dict.items() if value != 0} if wc else {}
    info: dict[str, Any] = {"Model": "SM"}
    if wc and values:
        info = {"EFT": f"{wc.eft} {wc.basis} at {wc.scale:.15g} GeV"}
        for name, value in values.items():
            info[name] = value.real if value.imag == 0 else value
    masses = {f"m_N{i}": f"{par[f'm_N{i}']:.15g} GeV" for i in (1, 2, 3)}
    central = flavio.default_parameters.get_central_all()
    others = {name: x for name, x in par.items() if name not in masses and x != central[name]}
    info |= masses | {f"parameter {name}": value for name, value in others.items()}
    if draws:
        info["Parameter draws"] = f"{draws}, seed {seed}"
    return info | settings.provenance(wc_obj)
