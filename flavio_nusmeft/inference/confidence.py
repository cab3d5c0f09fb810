"""Confidence intervals and limits from a profile likelihood, refined at their ends."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.stats import norm

from .curves import crossings, interval_of, is_known, rise
from .refinement import gaps, outwards, peaks, reached, walls
from .results import Curve, Interval
from .study import ROUNDS, Study

__all__ = ["confidence"]


def confidence(study: Study, cl: float, *, upper: bool) -> Interval:
    """Where -2 ln L is less than a threshold above its minimum."""
    threshold = float((norm.ppf(cl) if upper else norm.ppf((1 + cl) / 2)) ** 2)
    last = [(np.nan, np.inf)] * 2
    with study.shown("interval"):
        study.begin()
        for _ in range(ROUNDS):
            curve = study.curve()
            chosen = study.new(_wanted(study, curve, threshold, upper))
            if study.observable is not None:
                targets = outwards(curve, study.range(), threshold, last, upper=upper)
                chosen += zip(*targets, strict=True)
            if not chosen:
                break
            study.add(*np.array(chosen).T)
        curve = study.curve()
    pieces, holes = _pieces(study, curve, threshold)
    best = int(curve.log_likelihood.argmax())
    excluded = list[tuple[float, float]]()
    if upper:
        between = [(first[1], second[0]) for first, second in pairwise(pieces)]
        excluded = [each for each in between if each not in holes and each[0] < each[1]]
        top = max((b for a, b in pieces if b >= curve.values[best]), default=curve.values[-1])
        pieces = [(study.range()[0], float(top))]
    notes = _at_ends(study, curve, pieces, upper)
    if excluded:
        listed = ", ".join(f"{a:.6g} to {b:.6g}" for a, b in excluded)
        notes.append(f"below the limit there are excluded values, {listed}, see interval")
    if holes:
        listed = ", ".join(f"{a:.6g} and {b:.6g}" for a, b in holes)
        notes.append(f"the likelihood vanishes between {listed}")
    if chosen:
        notes.append(f"ends are not exact after {ROUNDS} rounds; more points may help")
    sides = "one-sided, Φ(z) = CL" if upper else "two-sided, erf(z/√2) = CL"
    kind = "upper limit" if upper else "interval"
    return interval_of(
        curve,
        cl,
        f"profile likelihood {kind}: -2 ln L rises by {threshold:.4g} ({sides})",
        tuple(pieces),
        notes,
    )


def _wanted(study: Study, curve: Curve, threshold: float, upper: bool) -> list[float]:
    """Where the curve has to be known better."""
    ends = crossings(curve, threshold)
    if upper and rise(curve, curve.values[0]) > threshold:
        ends = ends[1:]  # below the first one everything is excluded, and the limit is no less
    wanted = [x for x in ends if not is_known(curve, x, threshold)]
    wanted += peaks(curve, threshold) + study.missed(curve)
    if study.vanishing:
        wanted += walls(curve, study.vanishing)
    return wanted


def _pieces(
    study: Study, curve: Curve, threshold: float
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Pieces below the threshold, and holes where the likelihood vanishes."""
    low, high = float(curve.values[0]), float(curve.values[-1])
    closed = np.flatnonzero(gaps(curve, study.vanishing))
    holes = [(float(curve.values[i]), float(curve.values[i + 1])) for i in closed]
    ends = [x for x in crossings(curve, threshold) if not any(a < x < b for a, b in holes)]
    edges = sorted({low, *ends, *(x for hole in holes for x in hole), high})
    pieces = list[tuple[float, float]]()
    for a, b in pairwise(edges):
        if (a, b) not in holes and rise(curve, (a + b) / 2) < threshold:
            touches = bool(pieces) and pieces[-1][1] == a
            pieces.append((pieces.pop()[0] if touches else a, b))
    return pieces, holes


def _at_ends(
    study: Study, curve: Curve, pieces: list[tuple[float, float]], upper: bool
) -> list[str]:
    """Notes on ends of the curve that belong to the interval; those at bounds are set to these."""
    notes = []
    best = float(curve.values[curve.log_likelihood.argmax()])
    ends = float(curve.values[0]), float(curve.values[-1])
    for side, end, limit in zip(("lower", "upper"), ends, study.range(), strict=True):
        outer = pieces[0][0] if side == "lower" else pieces[-1][1]
        if outer != end or (upper and side == "lower"):
            continue
        if study.observable is None and end != limit:
            notes.append(f"the likelihood vanishes beyond {end:.6g}")
        elif not reached(end, limit, best):
            notes.append(f"what is beyond {end:.6g} was not reached, up to {limit:.6g}")
        else:
            pieces[0 if side == "lower" else -1] = (
                (limit, pieces[0][1]) if side == "lower" else (pieces[-1][0], limit)
            )
            notes.append(
                f"the {side} bound {limit:.6g} is inside: ln L does not fall enough before it"
            )
    return notes
