"""What `nested` returns: posterior and evidence; `Nested` is public in `scan`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..._inputs import seed_number
from ..._saved import Saved
from ...errors import InvalidScan
from .sampling import Chain
from .session import integer

if TYPE_CHECKING:
    from ..results import Interval

__all__ = ["Nested"]

Array = NDArray[np.float64]

#: what must be equal in the descriptions of two log-likelihoods for their ratio to mean something
_DATA = (
    "data",
    "measurements",
    "observables",
    "likelihood",
    "theory",
    "fit parameters",
    "record of Belle II",
    "searches",
)


@dataclass(frozen=True, repr=False, eq=False)
class Nested(Saved):
    """Result of `nested`: the evidence, and weighted samples of the posterior.

    Two are equal if their content is. ``print`` shows a table.

    Attributes
    ----------
    variables : tuple of str
        Their names.
    log_evidence : float
        ln Z, Z = ∫ L π, with the prior π that is flat between the bounds and has the integral 1.
    log_evidence_error : float
        Its statistical error.
    samples : ndarray
        Values of the variables, shape (samples, variables), in ascending order of ln L.
    weights : ndarray
        Of the samples, shape (samples,); their sum is 1.
    log_likelihood : ndarray
        ln L of the samples, shape (samples,).
    calls : int
        Points at which the log-likelihood was needed.
    notes : tuple of str
        What to know of it: points that failed, where the likelihood vanishes.
    definition : dict
        Of the run: function, bounds, settings, versions.
    """

    variables: tuple[str, ...]
    log_evidence: float
    log_evidence_error: float
    samples: Array
    weights: Array
    log_likelihood: Array
    calls: int
    notes: tuple[str, ...]
    definition: dict[str, Any]

    _derived: ClassVar[tuple[str, ...]] = ("prior",)

    @property
    def prior(self) -> str:
        """The prior in words."""
        bounds = self.definition["bounds"]
        listed = (f"{name} from {bounds[name][0]:.6g} to {bounds[name][1]:.6g}" for name in bounds)
        return f"flat in {', '.join(listed)}"

    @property
    def mean(self) -> dict[str, float]:
        """Mean of each variable in the posterior."""
        return self._by_name(self.weights @ self.samples)

    @property
    def std(self) -> dict[str, float]:
        """Standard deviation of each variable in the posterior."""
        return self._by_name(np.sqrt(np.diag(self.covariance)))

    @property
    def covariance(self) -> Array:
        """Covariance of the variables in the posterior, shape (variables, variables)."""
        scale = np.ptp(self.samples, axis=0)  # squares of tiny numbers are zero
        scale[scale == 0] = 1.0
        apart = (self.samples - self.weights @ self.samples) / scale
        return np.asarray(np.outer(scale, scale) * ((apart.T * self.weights) @ apart))

    @property
    def effective_samples(self) -> float:
        """1 / Σ w²: as many independent samples of equal weight have the same precision."""
        return float(1 / (self.weights @ self.weights))

    def _by_name(self, values: Array) -> dict[str, float]:
        return dict(zip(self.variables, values.tolist(), strict=True))

    def _evidence(self) -> str:
        return f"ln Z = {self.log_evidence:.2f} ± {self.log_evidence_error:.2g}"

    def __repr__(self) -> str:
        more = "".join(f"; {note}" for note in self.notes)
        return f"Nested({self._evidence()}, prior {self.prior}{more})"

    def __str__(self) -> str:
        mean, std = self.mean, self.std
        width = max(map(len, self.variables))
        lines = [
            f"{self._evidence()}, {len(self.samples)} samples from {self.calls} points",
            f"prior: {self.prior}",
            *(f"{name:{width}}  {mean[name]:<12.6g}  ± {std[name]:.2g}" for name in mean),
            *self.notes,
        ]
        return "\n".join(lines)

    def equal_weight(self, count: int | None = None, seed: int | np.random.Generator = 0) -> Array:
        """Samples of equal weight, drawn from the weighted ones, in random order.

        Parameters
        ----------
        count : int, optional
            Their number; default `effective_samples`. Of more, many are the same.
        seed : int or numpy.random.Generator, default 0
            Of the draws.

        Returns
        -------
        ndarray
            Values of the variables, shape (count, variables).

        Raises
        ------
        InvalidScan
            If count or seed is none.
        """
        return self.samples[self._drawn(count, seed)]

    def _drawn(self, count: int | None, seed: int | np.random.Generator) -> NDArray[np.intp]:
        """Numbers of samples: each as often as its weight says, but for one."""
        count = round(self.effective_samples) if count is None else count
        count = integer("count", count, 1)
        random = np.random.default_rng(seed_number(seed, InvalidScan))
        places = (np.arange(count) + random.random()) / count
        below = np.cumsum(self.weights)
        chosen = np.searchsorted(below / below[-1], places, side="right")
        return random.permutation(np.minimum(chosen, len(below) - 1))

    def interval(self, quantity: str, cl: float = 0.6827, *, upper: bool = False) -> Interval:
        """Credible interval or upper limit of a variable.

        Parameters
        ----------
        quantity : str
            A variable.
        cl : float, default 0.6827
            Part of the posterior.
        upper : bool, default False
            Upper limit, in place of the region of highest density.

        Returns
        -------
        Interval
            As that of a Markov chain from `intervals.credible`, with the prior in its definition.

        Raises
        ------
        InvalidScan
            If there is no such variable, or the level is none.
        """
        from ..intervals import credible

        drawn = self._drawn(None, 0)
        chain = Chain(
            self.variables,
            self.samples[drawn, None, :],
            self.log_likelihood[drawn, None],
            np.ones(1),
            self.definition,
        )
        found = credible(chain, quantity, cl=cl, upper=upper)
        top = self._by_name(self.samples[self.log_likelihood.argmax()])
        kind = "upper limit" if upper else "region of highest density"
        low = self.definition["bounds"][quantity][0]
        return replace(
            found,
            definition=f"Bayesian {kind} with {cl:.4g} of the posterior, prior {self.prior}",
            best=top[quantity],
            pieces=((low, found.high),) if upper else found.pieces,
            notes=(*found.notes, *self.notes),
            minimum=top,
            log_likelihood=float(self.log_likelihood.max()),
            made_of=self.definition | {"samples": len(drawn)},
        )

    def bayes_factor(self, other: Nested) -> tuple[float, float]:
        """How much better this model describes the data than another: ln B = ln Z - ln Z'.

        Both models have a flat prior between their bounds. A variable that the data do not
        determine costs nothing; wider bounds of one that they do lower Z in proportion.

        Parameters
        ----------
        other : Nested
            Of the same data. Variables, bounds and fixed values may be others, except those of
            fit parameters of the likelihood.

        Returns
        -------
        (float, float)
            ln B, positive if this model is better, and its statistical error.

        Raises
        ------
        InvalidScan
            If the data are not the same, or not known.
        """
        if not isinstance(other, Nested):
            raise InvalidScan(
                "a Bayes factor needs another result of nus.scan.nested, not "
                f"{type(other).__name__}"
            )
        mine, others = _data(self.definition), _data(other.definition)
        for one in (mine, others):
            if one["data"] is None and one["measurements"] is None:
                raise InvalidScan(
                    "no Bayes factor: the log-likelihood does not say what its data are; a method "
                    'description() that returns {"data": ...} does that'
                )
        differing = [key for key in mine if mine[key] != others[key]]
        if differing:
            raise InvalidScan(
                f"no Bayes factor: it compares models of the same data; different are "
                f"{', '.join(differing)}"
            )
        nuisance = _fit_parameters(self.definition), _fit_parameters(other.definition)
        if nuisance[0] != nuisance[1]:
            raise InvalidScan(
                "no Bayes factor: fit parameters of the likelihood must be variables with the same "
                f"bounds in both, not {nuisance[0]} here and {nuisance[1]} there"
            )
        error = math.hypot(self.log_evidence_error, other.log_evidence_error)
        return self.log_evidence - other.log_evidence, error


def _data(definition: dict[str, Any]) -> dict[str, Any]:
    function = dict(definition["function"])
    function["record of Belle II"] = (function.get("belle2") or {}).get("checksums")
    return {key: function.get(key) for key in _DATA}


def _fit_parameters(definition: dict[str, Any]) -> dict[str, Any]:
    """Bounds of those that are variables: their own prior is in the likelihood."""
    known = definition["function"].get("fit parameters") or {}
    return {name: bounds for name, bounds in definition["bounds"].items() if name in known}
