"""Pulls: how far predictions are from measurements, in standard deviations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Tension", "largest", "pull_text", "tension_text"]

TENSION = 2.0  # standard deviations


def pull_text(value: float, result: Mapping[str, Any]) -> str:
    """A pull with its sign; nothing more than ``within`` for what a limit allows.

    Parameters
    ----------
    value : the prediction
    result : an entry of ``results`` in the output of `nusmeft predict`
    """
    if value <= result.get("limit", -math.inf):
        return "within"
    size = result["pull"]
    if size is None:
        return ""
    return f"{size:+.1f}σ"


def _words(size: float) -> str:
    return f"{abs(size):.1f}σ {'above' if size > 0 else 'below'}"


class Tension(NamedTuple):
    """A measurement and what it says about a prediction."""

    label: str
    result: Mapping[str, Any]


def largest(
    rows: Sequence[Mapping[str, Any]], label: Callable[[Mapping[str, Any]], str]
) -> Tension | None:
    """The largest pull of all measurements of all rows, None without measurements.

    A prediction below the best value of an upper limit is not excluded by it, however unlikely.

    Parameters
    ----------
    rows : ``observables`` of the output of `nusmeft predict`
    label : function that gives a row its name
    """
    found = [
        Tension(label(row), result)
        for row in rows
        for result in row["results"]
        if result["pull"] is not None and (result["pull"] > 0 or "limit" not in result)
    ]
    return max(found, key=lambda tension: abs(tension.result["pull"]), default=None)


def tension_text(tension: Tension | None, dataset: str) -> str:
    """The last line of the table."""
    if tension is None:
        return f"Nothing here is measured in the data set {dataset}."
    size, before = tension.result["pull"], tension.result["SM pull"]
    words = f"{tension.label}, {_words(size)} {tension.result['measurement']}"
    if before is not None:
        words += f" (SM: {_words(before)})"
    if abs(size) > TENSION:
        return f"Excluded most: {words}."
    return f"No measurement is in tension ({TENSION:g}σ) with this; the largest pull is {words}."
