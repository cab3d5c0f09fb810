"""The fit of a specification: its parts, each kept as soon as it is complete."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import flavio
import numpy as np
from scipy.stats import chi2, norm

from .. import settings
from .._optional import require
from ..belle2 import record
from ..errors import NuSMEFTError, NuSMEFTWarning
from ..inference.fixed import Fixed
from ..inference.intervals import interval, upper_limit
from ..inference.log_likelihood import LogLikelihood
from ..inference.scan import grid, minimize
from ..measurements import find, pull, result
from ..physics.channels import STERILE
from ..physics.mixing import MIXING_NAMES
from .draw import pictures
from .folder import RESULT, SPEC, Folder, as_json, noted
from .schema import as_observable
from .study import Spec, check_spec, has_prior, refused

__all__ = ["fit", "made_with", "table", "without"]

_AGREE = 1e-3  # in ln L, as for the starts of a minimisation
_FEW = 10  # points inside of a contour
_SIGNIFICANCE = (
    "gain: 2 (ln L - ln L of the SM), all coefficients 0, other parameters at their maximum;"
    " significance: standard deviations with the p-value of a χ² of this size"
)
_CONTOUR = (
    "-2 ln L above its minimum, maximised over all other variables, on a grid; contours where it"
    " is the quantile of χ² with two degrees of freedom"
)


def fit(
    spec: Spec,
    output: str | os.PathLike[str],
    *,
    formats: Sequence[str] = ("pdf",),
    executor: Executor | int | None = None,
    force: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Do what a specification asks for, and write it to a folder.

    Parameters
    ----------
    spec : Spec
        From `read`.
    output : str or path-like
        Folder for ``result.json``, ``spec.yml``, ``made-with.json`` and figures; made if it is
        missing. A fit that was interrupted is continued; a complete one is not done again.
    formats : sequence of str, default ('pdf',)
        Of figures, as matplotlib has them; empty for none.
    executor : Executor or int, optional
        None for this process, a number of processes, or an executor, as in `scan.grid`.
    force : bool, default False
        Remove the results of something else.
    progress : bool, default True
        Show bars on stderr.

    Returns
    -------
    dict
        The content of ``result.json``.

    Raises
    ------
    InvalidSpec
    InvalidCheckpoint
        If the folder has results of something else.
    UnwritablePath, MissingPackage, FailedMinimization, FailedPoint, FailedWorkers
    """
    check_spec(spec)
    require("a fit", "iminuit")
    if formats:
        require("a figure", "matplotlib")
    texts: list[str] = []
    with noted(texts, (NuSMEFTWarning,)):
        function = spec.function()
        _try(spec, function)
    identity = spec.identity("fit", function)
    folder = Folder(output, identity, spec.source, (RESULT, SPEC), force)
    result = folder.result()
    if result is None:
        study = _Fit(spec, function, folder, executor, progress)
        result = study.result(identity, texts)
    drawn = pictures(result, formats, result["made_with"])
    folder.finish({SPEC: spec.to_yaml(), **drawn, RESULT: as_json(result)})
    return result


def _try(spec: Spec, function: LogLikelihood | Fixed) -> None:
    """Evaluate the function at the ends and in the middle of the ranges, for its warnings.

    Raises
    ------
    InvalidSpec
        If it fails at all of them.
    """
    low, high = np.array(list(spec.bounds.values())).T
    errors = [_failure(function, x) for x in (low, high, (low + high) / 2)]
    if all(errors):
        reason = f"the likelihood cannot be computed within the ranges: {errors[0]}"
        raise refused(spec.source, reason)


def _failure(function: LogLikelihood | Fixed, x: np.ndarray) -> Exception | None:
    try:
        function(x)
    except (NuSMEFTError, ValueError, ArithmeticError) as error:  # outside of the domain
        return error
    return None


class _Fit:
    """The parts of one fit."""

    def __init__(
        self,
        spec: Spec,
        function: LogLikelihood | Fixed,
        folder: Folder,
        executor: Executor | int | None,
        progress: bool,
    ) -> None:
        self.spec, self.function, self.folder = spec, function, folder
        self.base = function.function if isinstance(function, Fixed) else function
        self.common: dict[str, Any] = {"seed": spec.content["seed"], **spec.starts}
        self.common |= {"executor": executor, "progress": progress}
        self.texts: list[str] = []

    def part(self, name: str, compute: Callable[[], Any]) -> Any:
        """A part, with its warnings noted."""
        found = self.folder.part(name, compute)
        self.texts += [text for text in found["warnings"] if text not in self.texts]
        return found["result"]

    def result(self, identity: Mapping[str, Any], texts: list[str]) -> dict[str, Any]:
        """All parts."""
        self.texts += texts
        report = self.spec.content["report"]
        best = self.part("best-fit", self.best_fit)
        standard = self.part("sm", self.standard)
        found: dict[str, Any] = {
            "made_with": made_with(identity),
            "spec": identity["spec"],
            "SM": standard,
            "best_fit": best | self.significance(best, standard),
        }
        for kind, function in (("intervals", interval), ("limits", upper_limit)):
            found[kind] = [
                self.part(f"{kind}-{i}", partial(self.interval, function, asked))
                for i, asked in enumerate(report[kind])
            ]
        found["contours"] = [
            self.part(f"contour-{i}", partial(self.contour, f"contour-{i}", asked))
            for i, asked in enumerate(report["contours"])
        ]
        self.compare(found)
        if report["pulls"]:
            found["pulls"] = self.part("pulls", partial(self.pulls, best, standard))
        found["warnings"] = sorted(self.texts)
        return found

    def best_fit(self) -> dict[str, Any]:
        """The best fit, without its definition, which is that of the whole."""
        checkpoint = self.folder.checkpoint("best-fit")
        found = minimize(self.function, self.spec.bounds, checkpoint=checkpoint, **self.common)
        return without(found.to_dict(), "definition")

    def standard(self) -> dict[str, Any]:
        """ln L without new physics."""
        bounds = self.spec.bounds
        nuisances = [name for name in self.base.variables if has_prior(name)]
        others = [name for name in self.base.variables if name not in nuisances]
        # a mass of N or another parameter without uncertainty does not matter without these
        values = {name: 0.0 if self.is_new_physics(name) else bounds[name][0] for name in others}
        if not nuisances:
            x = [values[name] for name in self.base.variables]
            return {"values": values, "log_likelihood": _finite(self.base(x))}
        found = minimize(
            Fixed(self.base, values), {name: bounds[name] for name in nuisances}, **self.common
        )
        return {"values": values | found.values, "log_likelihood": _finite(found.log_likelihood)}

    @staticmethod
    def is_new_physics(name: str) -> bool:
        """Whether it is a coefficient or a mixing, not another parameter of flavio."""
        return name in MIXING_NAMES or name not in flavio.default_parameters.all_parameters

    def significance(self, best: Mapping[str, Any], standard: Mapping[str, Any]) -> dict[str, Any]:
        """How much better than the SM the best fit is."""
        count = sum(not has_prior(name) for name in self.function.variables)
        found: dict[str, Any] = {"gain": None, "significance": None, "degrees_of_freedom": count}
        found |= {"significance_definition": _SIGNIFICANCE, "significance_notes": []}
        notes = found["significance_notes"]
        if standard["log_likelihood"] is None:
            notes.append("the likelihood vanishes in the SM")
            return found
        gain = found["gain"] = 2 * (best["log_likelihood"] - standard["log_likelihood"])
        if gain < -2 * _AGREE:
            notes.append("the SM is more likely than all points within the ranges")
        elif not self.contains_sm():
            notes.append("the ranges and fixed values leave out the SM: no significance")
        elif count:
            found["significance"] = _finite(float(norm.isf(chi2.sf(max(gain, 0.0), count) / 2)))
            if found["significance"] is None:
                notes.append("more than 37 standard deviations")
        else:
            notes.append("no variable is a coefficient, a mixing or a mass: no significance")
        masses = [name for name in self.function.variables if name in STERILE]
        if masses and self.function.variables != tuple(masses):
            listed = " and ".join(masses)
            notes.append(f"{listed} has no meaning in the SM: the χ² is an approximation")
        return found

    def contains_sm(self) -> bool:
        """Whether all coefficients and mixings can be 0."""
        ranges, content = self.spec.bounds, self.spec.content
        fixed = [*content["fixed"].values(), *map(content["parameters"].get, MIXING_NAMES)]
        free = [name for name in ranges if self.is_new_physics(name)]
        return not any(fixed) and all(ranges[name][0] <= 0 <= ranges[name][1] for name in free)

    def interval(self, function: Callable[..., Any], asked: Mapping[str, Any]) -> dict[str, Any]:
        """An interval or a limit."""
        arguments = {name: asked[name] for name in ("cl", "method", "points")}
        found = function(
            self.function,
            as_observable(asked["quantity"]),
            self.spec.bounds,
            **arguments,
            **self.common,
        )
        return without(found.to_dict(), "made_of")

    def contour(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Profile likelihood of a pair of variables."""
        bounds = self.spec.bounds
        pair = asked["variables"]
        axes = {each: np.linspace(*bounds[each], asked["points"]) for each in pair}
        rest = {each: bounds[each] for each in bounds if each not in pair}
        checkpoint = self.folder.checkpoint(name)
        found = grid(
            self.function, axes, profile=rest or None, checkpoint=checkpoint, **self.common
        )
        return {
            "variables": pair,
            "axes": {each: values.tolist() for each, values in axes.items()},
            "log_likelihood": table(found.log_likelihood),
            "profiled": {each: table(values) for each, values in found.profiled.items()},
            "cl": asked["cl"],
            "levels": [float(chi2.ppf(cl, 2)) for cl in asked["cl"]],
            "definition": _CONTOUR,
        }

    def compare(self, found: dict[str, Any]) -> None:
        """Notes on maxima that are higher than the best fit, and what contours are above."""
        highest = found["best_fit"]["log_likelihood"]
        for each in (*found["intervals"], *found["limits"]):
            if each["log_likelihood"] > highest + _AGREE:
                self.higher(f"the profile of {each['quantity']}", each["log_likelihood"], highest)
        for each in found["contours"]:
            values = np.array(each["log_likelihood"], dtype=float)
            top = float(np.max(values, where=np.isfinite(values), initial=-np.inf))
            if top > highest + _AGREE:
                self.higher(f"the grid of {' and '.join(each['variables'])}", top, highest)
            rise = 2 * (max(top, highest) - values)
            each["rise"] = table(rise)
            each["notes"] = _contour_notes(each, rise)

    def higher(self, what: str, value: float, best: float) -> None:
        """Note a maximum above the best fit."""
        self.texts.append(
            f"{what} reaches ln L = {value:.6g}, more than the best fit, {best:.6g}: give starts,"
            " more than 10, or other ranges"
        )

    def pulls(self, best: Mapping[str, Any], standard: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every measurement of an observable, with predictions in the SM and at the best fit."""
        points = [
            (function, [values["values"][name] for name in function.variables])
            for function, values in ((self.base, standard), (self.function, best))
        ]
        of_sm, of_fit = (function.point(x) for function, x in points)
        data = self.base.likelihood
        part = (
            "full_measurement_likelihood"
            if self.spec.content["fast"]
            else ("measurement_likelihood")
        )
        rows = []
        for name in sorted(getattr(data, part).get_measurements):
            for observable in data.observables:
                if observable in find(name).all_parameters:
                    if self.base.detectors:
                        values = [
                            float(function.derived(observable)(np.array(x))[0])
                            for function, x in points
                        ]
                    else:
                        values = [_prediction(observable, *point) for point in (of_sm, of_fit)]
                    pulls = [pull(observable, name, value) for value in values]
                    rows.append(_row(observable, name, values, pulls))
        belle2 = getattr(data, "belle2", None)
        if belle2 is not None:
            detector = self.base.detectors or None
            low, high = (
                belle2.log_likelihood(*point, detector=detector) for point in (of_sm, of_fit)
            )
            name = f"Belle II's published likelihood, {record.DOI}"
            rows.append({"measurement": name, "gain": _finite(2 * (high - low))})
        searches = getattr(data, "searches", None)
        if searches is not None:
            before, after = (searches.contributions(*point) for point in (of_sm, of_fit))
            rows += [{"measurement": n, "gain": _finite(before[n] - after[n])} for n in before]
        return rows


def made_with(identity: Mapping[str, Any]) -> dict[str, Any]:
    """What results were made with, in short; all of it is in made-with.json."""
    function = identity["function"]
    found = {
        "versions": identity["versions"],
        "options": function["options"],
        "settings": settings.changed(),
        "parameters": function["par"],
        "measurements": function["measurements"],
        "checksums": {"data": function["data"], "numbers": function["numbers"]},
    }
    if "detectors" in function:
        found["detectors"] = function["detectors"]
    if "belle2" in function:
        found["checksums"] |= function["belle2"]["checksums"]
    if "searches" in function:
        found["searches"] = function["searches"]["package"]
        found["checksums"] |= function["searches"]["checksums"]
    return dict(json.loads(json.dumps(found, default=repr)))


def _row(
    observable: Any, measurement: str, values: list[float], pulls: list[float | None]
) -> dict[str, Any]:
    row = {"observable": observable, "measurement": measurement}
    found = result(observable, measurement)
    if found is not None and found.limit is not None:
        row |= {"limit": found.limit, "cl": found.confidence_level}
    row |= {"SM": values[0], "best fit": values[1]}
    return row | {"SM pull": pulls[0], "pull": pulls[1]}


def _prediction(observable: Any, par: Mapping[str, float], wc_obj: Any) -> float:
    name, *arguments = (observable,) if isinstance(observable, str) else observable
    return float(flavio.Observable[name].prediction_par(par, wc_obj, *arguments))


def _contour_notes(contour: Mapping[str, Any], rise: np.ndarray) -> list[str]:
    notes = []
    for cl, level in zip(contour["cl"], contour["levels"], strict=True):
        inside = np.nan_to_num(rise, nan=np.inf) < level
        if inside.sum() < _FEW:
            notes.append(
                f"{100 * cl:.4g}%: {inside.sum()} points of the grid are inside, too few for a"
                " shape: give more points or other ranges"
            )
        for i, name in enumerate(contour["variables"]):
            for end, where in ((0, "lower"), (-1, "upper")):
                if np.take(inside, end, axis=i).any():
                    notes.append(f"{100 * cl:.4g}%: goes on beyond the {where} end of {name}")
    return notes


def without(content: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The same without some of its entries."""
    return {key: value for key, value in content.items() if key not in names}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def table(values: np.ndarray) -> Any:
    """Nested lists, None in the place of nan and inf."""
    if values.ndim == 0:
        return _finite(float(values))
    return [table(row) for row in values]
