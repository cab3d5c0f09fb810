"""What `compare` returns: a table that prints and saves itself, and its lines."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass, field
from typing import Any, ClassVar

from scipy.stats import norm

from .._inputs import brief
from .._saved import Saved
from ..errors import InvalidScan, nearest
from .scan import Minimum

__all__ = ["Comparison", "Explanation"]


def __dir__() -> list[str]:
    return sorted(__all__)


_WIDTH = 100  # of the notes below a table


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Saved):
    """A line of a `Comparison`.

    Attributes
    ----------
    label : str
        Its name.
    values : dict of str to float
        All variables at the best fit.
    free : tuple of str
        Those that were fitted.
    log_likelihood : float
        ln L there; nan if the fit failed.
    converged : bool
        Whether the fit did.
    change : float
        Of -2 ln L from the reference.
    degrees : int or None
        How many variables it has more than the reference, which it contains; None where it does
        not, or this is not known.
    p_value : float
        Of the reference; nan without ``degrees``, or where one of the fits has not converged.
    wilks : bool
        Whether the theorem for it holds.
    change_of_aic : float
        Of -2 ln L + 2 × free variables from the reference.
    log_evidence : float
        ln Z, Z = ∫ L π, for priors that are flat within the bounds; nan if not asked for.
    log_evidence_error : float
        Its statistical error.
    log_bayes_factor : float
        ln Z - ln Z of the reference.
    log_bayes_factor_error : float
        Its statistical error.
    notes : tuple of str
        What to know of it.
    minimum : Minimum or None
        The fit.
    definition : dict
        Function and bounds.
    """

    label: str
    values: dict[str, float]
    free: tuple[str, ...]
    log_likelihood: float
    converged: bool
    change: float = math.nan
    degrees: int | None = None
    p_value: float = math.nan
    wilks: bool = True
    change_of_aic: float = math.nan
    log_evidence: float = math.nan
    log_evidence_error: float = math.nan
    log_bayes_factor: float = math.nan
    log_bayes_factor_error: float = math.nan
    notes: tuple[str, ...] = ()
    minimum: Minimum | None = None
    definition: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        state = "" if self.converged else ", not converged"
        return f"Explanation({self.label}: {self.best}, ln L = {self.log_likelihood:.6g}{state})"

    @property
    def best(self) -> str:
        """The best fit in words, without what is held at 0."""
        return ", ".join(
            f"{name} = {value:.4g}{'' if name in self.free else ' (held)'}"
            for name, value in self.values.items()
            if value or name in self.free
        )

    @property
    def significance(self) -> float:
        """The p-value in standard deviations, two-sided: p = 0.0455 is 2."""
        return float(norm.isf(self.p_value / 2))


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Saved):
    """Result of `compare`; ``print`` shows the table, ``[label]`` is a line of it.

    Attributes
    ----------
    explanations : tuple of Explanation
        In the order given, the reference first.
    """

    explanations: tuple[Explanation, ...]

    _derived: ClassVar[tuple[str, ...]] = ("reference",)

    @property
    def reference(self) -> str:
        """Label of the first one."""
        return self.explanations[0].label

    def __getitem__(self, label: str) -> Explanation:
        for explanation in self.explanations:
            if explanation.label == label:
                return explanation
        labels = [e.label for e in self.explanations]
        raise InvalidScan(
            f"no explanation {brief(label)}; there are {', '.join(labels)}"
            f"{nearest(str(label), labels)}"
        )

    def __repr__(self) -> str:
        return f"Comparison({', '.join(e.label for e in self.explanations)})"

    def __str__(self) -> str:
        head = ["", "Δ(-2 ln L)", "free", "p", "ΔAIC", "ln B", "best fit"]
        rows = [head, *(self._row(e) for e in self.explanations)]
        with_evidence = not all(math.isnan(e.log_evidence) for e in self.explanations)
        if not with_evidence:
            rows = [row[:5] + row[6:] for row in rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = []
        for row in rows:
            first, *middle, last = row
            cells = [text.rjust(w) for text, w in zip(middle, widths[1:-1], strict=True)]
            lines.append("  ".join([first.ljust(widths[0]), *cells, last]).rstrip())
        first = self.reference
        lines.append(
            f"changes from {first}; p: of {first} by Wilks' theorem, in brackets where it"
            " does not hold"
        )
        if with_evidence:
            lines.append(
                f"ln B: of the Bayes factor over {first}, for flat priors within the bounds"
            )
        notes: dict[str, list[str]] = {}
        for explanation in self.explanations:
            for note in explanation.notes:
                notes.setdefault(note, []).append(explanation.label)
        for note, labels in notes.items():
            lines += textwrap.wrap(f"{'; '.join(labels)}: {note}", _WIDTH, subsequent_indent="  ")
        return "\n".join(lines)

    def _row(self, e: Explanation) -> list[str]:
        p = f"{e.p_value:.2g} ({e.significance:.1f}σ)"
        p = "" if math.isnan(e.p_value) else p if e.wilks else f"[{p}]"
        change, aic = (
            "" if math.isnan(x) else f"{round(x, 2) + 0.0:.2f}{'' if e.converged else '?'}"
            for x in (e.change, e.change_of_aic)
        )
        bayes = f"{e.log_bayes_factor:.2f} ± {e.log_bayes_factor_error:.2f}"
        bayes = "" if math.isnan(e.log_bayes_factor) else bayes
        return [e.label, change, str(len(e.free)), p, aic, bayes, e.best]
