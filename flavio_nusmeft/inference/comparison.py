"""Explanations of the same data in one table: fits, p-values, information criteria.

The first one is the reference, mostly the SM. Of each of the others the table has

- Δ(-2 ln L), the change from the reference, at the best fits: negative where it describes the data
  better;
- the number of free variables, and the p-value of the reference against it by Wilks' theorem: the
  probability of at least this improvement if the reference is true, for a χ² with as many degrees
  of freedom as it has more free variables. It needs an explanation that contains the reference,
  which is looked up: at the reference's values of the variables, or at 0, the likelihood must be
  the same. The theorem does not hold where variables mean nothing there (the mass of N without
  coefficient: the look-elsewhere effect, which no number of degrees of freedom describes), or where
  they cannot go on beyond it (a branching ratio or square of a coefficient that is not negative: p
  is too large, for one variable twice): p is in brackets then, and a note says why;
- the change of Akaike's information criterion -2 ln L + 2 × free variables, also without nesting;
- if it is asked for, the logarithm of the Bayes factor over the reference, for flat priors.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import chi2

from .._inputs import brief, mapping, seed_number
from .._version import __version__
from ..errors import ConvergenceWarning, FailedMinimization, InvalidScan
from .explanations import Comparison, Explanation
from .held import Bounds, Held
from .scan import Minimum, minimize, nested
from .scan.descent import AGREE
from .scan.points import LogLikelihood
from .scan.session import check_names, identity, integer

__all__ = ["Comparison", "Explanation", "compare"]


def __dir__() -> list[str]:
    return sorted(__all__)


# of the description of a function: what must be the same
_DATA = {
    "observables": "the observables of their likelihoods",
    "measurements": "the measurements of their likelihoods",
    "data": "the measured values",
    "theory": "the theory uncertainties",
    "fit parameters": "the priors of fit parameters",
    "searches": "the searches for N",
    "belle2": "versions or form-factor uncertainties of Belle II's likelihood",
}


def compare(
    explanations: Mapping[str, tuple[LogLikelihood, Bounds]],
    *,
    evidence: bool = False,
    starts: int = 10,
    seed: int | np.random.Generator = 0,
    executor: Executor | int | None = None,
    progress: bool = True,
) -> Comparison:
    """Fit explanations of the same data, and compare them with the first one.

    Each is fitted twice, from different samples of starting points.

    Parameters
    ----------
    explanations : mapping of str to (LogLikelihood, mapping)
        By label, a log-likelihood, e.g. `LogLikelihood` or `Belle2Likelihood.function`, and for
        each of its variables the bounds (lower, upper) or a number at which it is held: the SM is
        any of them with coefficients or branching ratios held at 0.
    evidence : bool, default False
        Also the Bayes factors over the reference, by `scan.nested`, for priors that are flat
        within the bounds: they depend on these. Takes thousands of points for each explanation.
    starts : int, default 10
        Most starting points, as for `scan.minimize`.
    seed : int or numpy.random.Generator, default 0
        Of the samples.
    executor : Executor or int, optional
        None for this process, a number of processes, or an executor.
    progress : bool, default True
        Show bars on stderr.

    Returns
    -------
    Comparison
        A fit that did not converge is marked and has no p-value.

    Raises
    ------
    InvalidScan
        If labels, variables or bounds do not fit, or data, priors or treatment of the theory are
        not the same in all.
    FailedMinimization
        If the likelihood of the reference vanishes, or no fit of it has a result.
    FailedPoint, FailedWorkers
        As `scan.minimize`; `FailedPoint` also where a function fails and no variable is free.
    """
    given = _checked(explanations)
    notes = _same_data(given)
    starts, seed = integer("starts", starts, 1), seed_number(seed, InvalidScan)
    found: list[Explanation] = []
    for label, (function, bounds) in given.items():
        held = Held.of(function, bounds)
        fit = _fit(label, held, starts, seed, executor, progress)
        settings = {"bounds": held.limits, "starts": starts, "seed": seed}
        definition = identity("compare", function, **settings) | {"version": __version__}
        fit = replace(fit, notes=(*notes[label], *fit.notes), definition=definition)
        if evidence:
            fit = _with_evidence(fit, held, seed, executor, progress)
        if found:
            found.append(_compared(fit, found[0], held))
        elif math.isnan(fit.log_likelihood):
            raise FailedMinimization(f"the reference {label}: {fit.notes[-1]}")
        else:
            found.append(replace(fit, change=0.0, change_of_aic=0.0))
    return Comparison(tuple(found))


def _checked(explanations: Any) -> dict[str, tuple[LogLikelihood, Bounds]]:
    if not hasattr(explanations, "keys"):
        raise InvalidScan(
            f"a dictionary of labels and (function, bounds) is needed, not {brief(explanations)}"
        )
    given: dict[str, tuple[LogLikelihood, Bounds]] = {}
    for label, pair in mapping("explanations", explanations).items():
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise InvalidScan(f"'{label}' must be a pair (function, bounds), not {brief(pair)}")
        function, bounds = pair
        check_names(function, f"the bounds of '{label}'", bounds)
        given[label] = function, {name: bounds[name] for name in function.variables}
    if len(given) < 2:
        raise InvalidScan("there must be two explanations at least, the reference first")
    return given


def _same_data(given: Mapping[str, tuple[LogLikelihood, Bounds]]) -> dict[str, tuple[str, ...]]:
    """Refuse other data than those of the reference; notes by label where they are not known."""
    labels, functions = list(given), [function for function, _ in given.values()]
    known = [f.description() if hasattr(f, "description") else {} for f in functions]
    notes: dict[str, tuple[str, ...]] = {}
    for label, function, content in zip(labels, functions, known, strict=True):
        notes[label] = ()
        if function is functions[0]:
            continue
        if "data" not in known[0] or "data" not in content:
            notes[label] = (f"whether its data are those of {labels[0]} is not known",)
            continue
        for name, what in _DATA.items():
            if _part(known[0], name) != _part(content, name):
                raise InvalidScan(
                    f"'{label}' and '{labels[0]}' cannot be compared: {what} are not the same"
                )
    return notes


def _part(description: Mapping[str, Any], name: str) -> Any:
    value = description.get(name, "SM" if name == "theory" else None)
    return (
        {k: v for k, v in value.items() if k != "settings"} if name == "belle2" and value else value
    )


def _fit(
    label: str,
    held: Held,
    starts: int,
    seed: int,
    executor: Executor | int | None,
    progress: bool,
) -> Explanation:
    if not held.variables:
        x = np.array([])
        value = held(x)
        if value == -np.inf:
            note = "the likelihood vanishes"
            return Explanation(label, held.values(x), (), math.nan, False, notes=(note,))
        return Explanation(label, held.values(x), (), value, True)
    fits: list[Minimum] = []
    notes: list[str] = []
    for number in (seed, (seed + 1) % 2**32):
        with warnings.catch_warnings():  # what they say becomes a note
            warnings.simplefilter("ignore", ConvergenceWarning)
            try:
                found = minimize(
                    held,
                    held.bounds,
                    starts=starts,
                    seed=number,
                    executor=executor,
                    progress=progress,
                )
            except FailedMinimization as error:
                notes.append(str(error))
            else:
                fits.append(found)
    if not fits:
        values = held.values(np.full(len(held.variables), math.nan))
        return Explanation(label, values, held.variables, math.nan, False, notes=(notes[0],))
    highest = max(fit.log_likelihood for fit in fits)
    agreeing = [fit for fit in fits if fit.log_likelihood > highest - AGREE]
    best = max(agreeing, key=lambda fit: (fit.valid, fit.log_likelihood))
    if not best.valid:
        notes.append(f"not converged: {best.reason}")
    if len(agreeing) == 1:
        notes.append("one of two fits has found this maximum: more starts may find a higher one")
    values = held.values(np.array(list(best.values.values())))
    notes += best.flat
    return Explanation(
        label,
        values,
        held.variables,
        best.log_likelihood,
        best.valid,
        notes=tuple(notes),
        minimum=best,
    )


def _with_evidence(
    found: Explanation, held: Held, seed: int, executor: Executor | int | None, progress: bool
) -> Explanation:
    if not held.variables:
        return replace(found, log_evidence=found.log_likelihood, log_evidence_error=0.0)
    run = nested(held, held.bounds, seed=seed, executor=executor, progress=progress)
    return replace(
        found,
        log_evidence=run.log_evidence,
        log_evidence_error=run.log_evidence_error,
        notes=(*found.notes, *run.notes),
    )


def _compared(found: Explanation, reference: Explanation, held: Held) -> Explanation:
    """With what depends on the reference."""
    change = -2 * (found.log_likelihood - reference.log_likelihood)
    more = len(found.free) - len(reference.free)
    found = replace(
        found,
        change=change,
        change_of_aic=change + 2 * more,
        log_bayes_factor=found.log_evidence - reference.log_evidence,
        log_bayes_factor_error=math.hypot(found.log_evidence_error, reference.log_evidence_error),
    )
    if not (reference.converged and found.converged) or not more:
        return found
    inside = held.containing(
        reference.values, reference.free, reference.log_likelihood, found.values
    )
    if inside is None:
        note = f"no p-value, because it does not contain {reference.label}"
        return replace(found, notes=(*found.notes, note))
    if change > 2 * AGREE:
        note = f"not converged: it contains {reference.label}, which is better: more starts"
        return replace(found, converged=False, degrees=more, notes=(*found.notes, note))
    notes = list(found.notes)
    if inside.meaningless:
        notes.append(
            f"Wilks' theorem does not hold, {reference.label} is the same for every"
            f" {' and '.join(inside.meaningless)}: look-elsewhere effect, p is a rough guide"
        )
    if inside.one_sided:
        notes.append(
            f"Wilks' theorem does not hold, {reference.label} is at the end of the range of"
            f" {' and '.join(inside.one_sided)} or of the square: p is too large"
        )
    return replace(
        found,
        degrees=more,
        p_value=float(chi2.sf(max(-change, 0.0), more)),
        wilks=not (inside.meaningless or inside.one_sided),
        notes=tuple(notes),
    )
