"""What `minimize` returns; `Start` and `Minimum` are public in `scan`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._saved import Saved
from .curvature import PHASE, SMALL, STRAIGHT
from .descent import AGREE

__all__ = ["Minimum", "Start", "direction_text"]

Array = NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class Start(Saved):
    """What `minimize` has found from one starting point.

    Attributes
    ----------
    values : dict of str to float
        Values of the variables at the maximum of the likelihood; nan if the function failed.
    log_likelihood : float
        The maximum of ln L; nan if the function failed.
    valid : bool
        Whether MIGRAD has converged.
    reason : str
        Why not, or empty.
    """

    values: dict[str, float]
    log_likelihood: float
    valid: bool
    reason: str

    def _value(self, name: str) -> str:
        return f"{name} = {self.values[name]:.6g}"

    def __repr__(self) -> str:
        values = ", ".join(map(self._value, self.values))
        state = "valid" if self.valid else "not valid"
        return f"{type(self).__name__}({values}: ln L = {self.log_likelihood:.6g}, {state})"


@dataclass(frozen=True, repr=False, eq=False)
class Minimum(Start):
    """Result of `minimize`: the best of its starts, and all of them.

    Two are equal if their content is. ``print`` shows a table.

    Attributes
    ----------
    values : dict of str to float
        Values of the variables at the maximum of the likelihood.
    log_likelihood : float
        The maximum of ln L.
    valid : bool
        Whether MIGRAD has converged there.
    reason : str
        Why not, or empty.
    errors : dict of str to float
        From the curvature (-2 ln L + 1), as of HESSE; variables at a bound are held there. nan
        where such an error means nothing.
    covariance : ndarray
        Shape (variables, variables), in their order; nan for those without an error.
    notes : dict of str to str
        Why a variable has no error.
    flat : tuple of str
        Variables and combinations of variables that the likelihood does not determine.
    starts : tuple of Start
        The results from all starting points.
    definition : dict
        Of the fit: function, bounds, seed, version.
    """

    errors: dict[str, float]
    covariance: Array
    notes: dict[str, str]
    flat: tuple[str, ...]
    starts: tuple[Start, ...]
    definition: dict[str, Any]

    def _value(self, name: str) -> str:
        note = f" ({self.notes[name]})" if name in self.notes else f" ± {self.errors[name]:.2g}"
        return super()._value(name) + note

    def __str__(self) -> str:
        least = self.log_likelihood - AGREE
        same = sum(start.log_likelihood >= least for start in self.starts)
        state = "converged" if self.valid else f"not converged: {self.reason}"
        lines = [
            f"ln L = {self.log_likelihood:.6g}, {state}; "
            f"found from {same} of {len(self.starts)} starts"
        ]
        width = max(map(len, self.values))
        for name, value in self.values.items():
            error = self.notes.get(name, f"± {self.errors[name]:.2g}")
            lines.append(f"{name:{width}}  {value:<12.6g}  {error}")
        return "\n".join([*lines, *self.flat])


def direction_text(
    names: tuple[str, ...], direction: Array, ranges: Array, pairs: list[tuple[int, int]], kind: int
) -> str:
    """A direction in which the likelihood does not change, in words.

    Parameters
    ----------
    names : tuple of str
        Of the variables.
    direction : ndarray
        Its components, scaled by the ranges of the variables.
    ranges : ndarray
        Of the variables, in their units.
    pairs : list of (int, int)
        Variables that are real and imaginary part of the same coefficient.
    kind : int
        `STRAIGHT`, `CURVED` or `PHASE`.
    """
    named = [i for i, component in enumerate(direction) if abs(component) > SMALL]
    if kind == PHASE:
        phases = [names[real] for real, imaginary in pairs if {real, imaginary} & set(named)]
        several = "common " * (len(phases) > 1)
        return f"the {several}phase of {' and '.join(phases)} does not change this likelihood"
    first, *others = named
    steps = direction * ranges
    text = names[first] + "".join(
        f" = {_coefficient(steps[first] / steps[i])} {names[i]}" for i in others
    )
    if kind == STRAIGHT:
        return f"this likelihood does not change along {text}"
    return f"this likelihood does not change along a curve, at its maximum along {text}"


def _coefficient(value: float) -> str:
    return f"{value:.2f}" if 0.1 <= abs(value) < 1000 else f"{value:.3g}"
