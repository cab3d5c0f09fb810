"""What `intervals` returns: objects that know their definition, print, save and plot themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .._saved import Saved
from ..batch import Observable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Curve", "Interval"]


def __dir__() -> list[str]:
    return sorted(__all__)


Array = NDArray[np.float64]

_FINE = 16  # points of a drawn curve, for each of its own


@dataclass(frozen=True, eq=False, repr=False)
class Curve(Saved):
    """A profile likelihood.

    Attributes
    ----------
    quantity : str or tuple
        A variable or an observable.
    values : ndarray
        Its values, shape (points,), in ascending order.
    log_likelihood : ndarray
        The largest ln L with this value, shape (points,).
    slopes : ndarray
        Derivative of that, shape (points,); nan if it is not known.
    variables : dict of str to ndarray
        Where the maximum is, shapes (points,).
    converged : ndarray of bool
        Whether the maximisation has converged, shape (points,).
    notes : tuple of str
        What to know of it: maximisations that failed, values that were not reached.
    made_of : dict
        Function, bounds, seed and version.
    """

    quantity: Observable
    values: Array
    log_likelihood: Array
    slopes: Array
    variables: dict[str, Array]
    converged: NDArray[np.bool_]
    notes: tuple[str, ...]
    made_of: dict[str, Any]

    _derived: ClassVar[tuple[str, ...]] = ("definition",)

    def __repr__(self) -> str:
        low, high = self.values[[0, -1]]
        failed = int(np.sum(~self.converged))
        more = f", {failed} not converged" if failed else ""
        more += "".join(f"; {note}" for note in self.notes)
        return (
            f"Curve({_name(self.quantity)}: {len(self.values)} points from {low:.6g} to {high:.6g},"
            f" maximum of ln L {self.log_likelihood.max():.6g}{more})"
        )

    @property
    def definition(self) -> str:
        """What the numbers mean."""
        return (
            f"profile likelihood of {_name(self.quantity)}: the largest ln L with its value, over"
            f" {', '.join(self.variables)} within the bounds"
        )

    @property
    def rise(self) -> Array:
        """-2 ln L above its minimum, shape (points,)."""
        return np.asarray(2 * (self.log_likelihood.max() - self.log_likelihood))

    def plot(self, ax: Axes) -> None:
        """Draw -2 ln L above its minimum, interpolated as for intervals.

        Parameters
        ----------
        ax : matplotlib.axes.Axes
            To draw on.
        """
        from .curves import interpolated  # which knows this class

        cells = len(self.values) - 1
        x = np.interp(np.arange(cells * _FINE + 1) / _FINE, np.arange(cells + 1), self.values)
        ax.plot(x, 2 * (self.log_likelihood.max() - interpolated(self)(x)), color="C0")
        ax.set_xlabel(_name(self.quantity))
        ax.set_ylabel(r"$-2\,\Delta\ln L$")


@dataclass(frozen=True, eq=False, repr=False)
class Interval(Saved):
    """An interval or a limit; ``print`` says what it is.

    Attributes
    ----------
    quantity : str or tuple
        A variable or an observable.
    cl : float
        Confidence or credible level.
    definition : str
        What the number means.
    best : float
        Value of the quantity where the likelihood is largest.
    pieces : tuple of (float, float)
        The interval, or several that are disjoint; of a limit, from the boundary to the limit.
    notes : tuple of str
        What to know of it: ends that are bounds, maximisations that failed.
    minimum : dict of str to float
        The variables where the likelihood is largest.
    log_likelihood : float
        ln L there.
    curve : Curve or None
        The profile likelihood.
    made_of : dict
        Function, bounds, seed and version.
    """

    quantity: Observable
    cl: float
    definition: str
    best: float
    pieces: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]
    minimum: dict[str, float]
    log_likelihood: float
    curve: Curve | None
    made_of: dict[str, Any]

    @property
    def low(self) -> float:
        """Lower end of the first piece; nan if there is none."""
        return self.pieces[0][0] if self.pieces else math.nan

    @property
    def high(self) -> float:
        """Upper end of the last piece, the limit; nan if there is none."""
        return self.pieces[-1][1] if self.pieces else math.nan

    @property
    def _is_limit(self) -> bool:
        return "upper limit" in self.definition

    def __repr__(self) -> str:
        name, level = _name(self.quantity), f"{100 * self.cl:.4g}%"
        if self._is_limit:
            what = f"{name} < {self.high:.5g}"
        else:
            joined = " or ".join(f"[{low:.5g}, {high:.5g}]" for low, high in self.pieces)
            what = f"{name} in {joined or 'no interval'}"
        more = f"; {'; '.join(self.notes)}" if self.notes else ""
        return f"Interval({what} at {level}, best {self.best:.5g}{more})"

    def __str__(self) -> str:
        first = repr(replace(self, notes=())).removeprefix("Interval(").removesuffix(")")
        return "\n".join([first, self.definition, *self.notes])

    def plot(self, ax: Axes) -> None:
        """Draw the profile likelihood and the interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes
            To draw on.
        """
        if self.curve is not None:
            self.curve.plot(ax)
        for low, high in self.pieces:
            ax.axvspan(low, high, color="C0", alpha=0.15, lw=0)
        ax.axvline(self.best, color="C0", ls=":")
        ax.set_xlabel(_name(self.quantity))


def _name(quantity: Observable) -> str:
    if isinstance(quantity, str):
        return quantity
    name, *arguments = quantity
    return f"{name}({', '.join(f'{x:g}' for x in arguments)})"
