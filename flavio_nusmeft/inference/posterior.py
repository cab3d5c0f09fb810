"""Credible intervals and limits for flat priors: of one variable, and of Markov chains."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .._optional import require
from ..errors import InvalidScan, nearest
from .curves import SAME, interpolated, interval_of
from .refinement import gaps, peaks, walls
from .results import Curve, Interval
from .scan.sampling import Chain
from .study import ROUNDS, Study

__all__ = ["of_chain", "of_variable"]

Array = NDArray[np.float64]

_STEP = 0.1  # of -2 ln L between points of a posterior
_FINE = 32  # of the interpolated curve, for each of its points
_BINS = 10_000  # of a chain
_DIGITS = 6  # of a density
_TIED = 0.02  # of the posterior, with the same density
_SIGMAS = 3.0  # of counts in a gap, which is none if it is not deeper
_LOW = 30.0  # of -2 ln L, where a posterior is small


def of_variable(study: Study, cl: float, *, upper: bool) -> Interval:
    """Part of the posterior with a flat prior in the only variable."""
    if len(study.names) > 1 or study.observable is not None:
        raise InvalidScan(
            "method = 'bayes' is for a variable of a function of one variable; sample functions"
            " of several with nus.scan.sample, and give the chain to nus.intervals.credible"
        )
    with study.shown("interval"):
        study.begin()
        for _ in range(ROUNDS):
            curve = study.curve()
            chosen = study.new(_wanted(study, curve))
            if not chosen:
                break
            study.add(*np.array(chosen).T)
        curve = study.curve()
    cells = len(curve.values) - 1
    x = np.interp(np.arange(cells * _FINE + 1) / _FINE, np.arange(cells + 1), curve.values)
    density = np.exp(interpolated(curve)(x) - curve.log_likelihood.max())
    parts = (density[1:] + density[:-1]) / 2 * np.diff(x)
    parts[np.repeat(gaps(curve, study.vanishing), _FINE)] = 0.0
    parts /= parts.sum()
    low, high = study.range()
    if upper:
        below = np.append(0.0, np.cumsum(parts))
        pieces: tuple[tuple[float, float], ...] = ((low, float(np.interp(cl, below, x))),)
    else:
        pieces = _pieces(_densest(parts, x, cl), x)
    notes = []
    if chosen:
        notes.append(f"the posterior is not exact after {ROUNDS} rounds; more points may help")
    if not upper and _is_ambiguous(parts, x, cl):
        notes.append("the density is constant at the ends: other regions are as good")
    return interval_of(
        curve,
        cl,
        f"{_kind(upper)} with {cl:.4g} of the posterior, flat prior in {study.quantity} from"
        f" {low:.6g} to {high:.6g}",
        pieces,
        notes,
    )


def _wanted(study: Study, curve: Curve) -> list[float]:
    """Where the density changes much between two points, or may be higher."""
    known, rise = curve.values, curve.rise
    coarse = (np.abs(np.diff(rise)) > _STEP) & (np.minimum(rise[1:], rise[:-1]) < _LOW)
    coarse &= ~gaps(curve, study.vanishing) & (np.diff(known) > SAME * np.ptp(known))
    wanted = [*((known[1:] + known[:-1]) / 2)[coarse].tolist(), *peaks(curve, _LOW)]
    wanted += study.missed(curve)
    if study.vanishing:
        wanted += walls(curve, study.vanishing)
    return wanted


def of_chain(chain: Chain, quantity: str, cl: float, *, upper: bool, discard: int) -> Interval:
    """Part of the samples of a Markov chain."""
    if quantity not in chain.variables:
        hint = nearest(str(quantity), chain.variables)
        raise InvalidScan(f"'{quantity}' is no variable of the chain{hint}")
    drawn = chain.samples(discard)[:, chain.variables.index(quantity)]
    bounds = chain.definition.get("bounds")
    lowest, highest = float(drawn.min()), float(drawn.max())
    low, high = (lowest, highest) if bounds is None else bounds[quantity]
    notes: list[str] = []
    if upper:
        pieces: tuple[tuple[float, float], ...] = ((low, float(np.quantile(drawn, cl))),)
        if bounds is None:
            notes.append(
                "the chain does not know its bounds: the lower end is its lowest sample, the prior"
                " may begin below"
            )
    else:
        counts, edges, note = _histogram(drawn)
        notes += note
        # what is between the outermost samples and the bounds belongs to the outermost bins
        width = edges[1] - edges[0]
        edges[0] = low if lowest - low < width else lowest
        edges[-1] = high if high - highest < width else highest
        inside = _densest(counts / counts.sum(), edges, cl)
        times = _autocorrelation(chain.chain[discard:, :, chain.variables.index(quantity)])
        if _close_gaps(inside, counts, times):
            notes.append("gaps no deeper than statistical errors of the chain are closed")
        pieces = _pieces(inside, edges)
    index = np.unravel_index(chain.log_likelihood.argmax(), chain.log_likelihood.shape)
    best = dict(zip(chain.variables, chain.chain[index].tolist(), strict=True))
    where = "" if bounds is None else f" from {low:.6g} to {high:.6g}"
    others = [name for name in chain.variables if name != quantity]
    prior = ", ".join([f"{quantity}{where}", *others])
    return Interval(
        quantity,
        cl,
        f"{_kind(upper)} with {cl:.4g} of the posterior, flat priors in {prior}",
        best[quantity],
        pieces,
        tuple(notes),
        best,
        float(chain.log_likelihood.max()),
        None,
        chain.definition | {"samples": len(drawn), "discard": discard},
    )


def _histogram(drawn: Array) -> tuple[Array, Array, list[str]]:
    """Counts in bins of Freedman and Diaconis, but not for what is far outside."""
    low, high = np.quantile(drawn, [0.25, 0.75])
    width = 2 * (high - low) / len(drawn) ** (1 / 3)
    count = np.ptp(drawn) / width if width > 0 else 1
    counts, edges = np.histogram(drawn, bins=int(np.clip(np.ceil(count), 1, _BINS)))
    far = "bins are coarse, because some samples are far away: discard more steps"
    return counts, edges, [far] if count > _BINS else []


def _autocorrelation(drawn: Array) -> float:
    """Steps from one independent sample to the next, of an array (steps, walkers); at least 1."""
    require("credible", "emcee")
    from emcee.autocorr import integrated_time

    if len(drawn) < 2 or not np.ptp(drawn) > 0:
        return 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.nanmax([1.0, *integrated_time(drawn[:, :, None], tol=0)]))


def _close_gaps(inside: NDArray[np.bool_], counts: Array, times: float) -> bool:
    """Fill gaps whose counts could be as high as those around; whether there were some."""
    least, closed = counts[inside].min(), False
    bins = np.flatnonzero(inside)
    for a, b in pairwise(bins):
        expected = least * (b - a - 1)
        if expected and expected - counts[a + 1 : b].sum() < _SIGMAS * np.sqrt(expected * times):
            inside[a:b] = closed = True
    return closed


def _kind(upper: bool) -> str:
    return "upper limit" if upper else "region of highest density"


def _densest(parts: Array, edges: Array, cl: float) -> NDArray[np.bool_]:
    """Whether cells are among those with the highest density that contain the given part."""
    order = np.argsort(-_rounded(parts, edges), kind="stable")
    count = int(np.searchsorted(np.cumsum(parts[order]), cl)) + 1
    inside = np.zeros(len(parts), dtype=bool)
    inside[order[:count]] = True
    return inside


def _pieces(inside: NDArray[np.bool_], edges: Array) -> tuple[tuple[float, float], ...]:
    """Cells that are neighbours, together."""
    starts = np.flatnonzero(inside & ~np.append(False, inside[:-1]))
    stops = np.flatnonzero(inside & ~np.append(inside[1:], False))
    return tuple((float(edges[a]), float(edges[b + 1])) for a, b in zip(starts, stops, strict=True))


def _rounded(parts: Array, edges: Array) -> Array:
    """Densities of cells, equal where they differ by rounding errors."""
    density = parts / np.diff(edges)
    return np.asarray(np.round(density / density.max(), _DIGITS))


def _is_ambiguous(parts: Array, edges: Array, cl: float) -> bool:
    """Whether much of the posterior has the density at which the region of highest density ends."""
    density = _rounded(parts, edges)
    order = np.argsort(-density, kind="stable")
    last = min(int(np.searchsorted(np.cumsum(parts[order]), cl)), len(order) - 1)
    return bool(parts[density == density[order[last]]].sum() > _TIED)
