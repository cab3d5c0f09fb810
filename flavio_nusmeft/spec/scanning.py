"""The grid or chain of a specification."""

from __future__ import annotations

import csv
import io
import json
import os
from concurrent.futures import Executor
from typing import Any

import numpy as np

from .._inputs import as_path
from ..errors import InvalidCheckpoint, InvalidFile, NuSMEFTWarning
from ..inference.intervals import credible
from ..inference.scan import Chain, Grid, Nested, grid, nested, sample
from .fitting import made_with, table, without
from .folder import MADE_WITH, RESULT, SPEC, Folder, as_json, noted
from .schema import SCANS
from .study import Spec, check_spec, refused

__all__ = ["load", "scan"]

_NUMBERS, _ROWS, _CHECKPOINT = "result.npz", "result.csv", "checkpoint.db"
_TIMES = 50  # autocorrelation times
_SHORT = (
    "the chain is shorter than 50 autocorrelation times, so the intervals are not reliable yet:"
    " give more steps, and the chain is continued"
)


def scan(
    spec: Spec,
    output: str | os.PathLike[str],
    *,
    checkpoint: str | os.PathLike[str] | None = None,
    executor: Executor | int | None = None,
    force: bool = False,
    progress: bool = True,
) -> Grid | Chain | Nested:
    """Do the scan that a specification asks for, and write it to a folder.

    Parameters
    ----------
    spec : Spec
        From `read`, with ``grid``, ``chain`` or ``nested``.
    output : str or path-like
        Folder for ``result.json``, ``result.npz``, ``result.csv``, ``spec.yml`` and
        ``made-with.json``; made if it is missing.
    checkpoint : str or path-like, optional
        File for the points, in place of ``checkpoint.db`` in the folder. A scan that was
        interrupted is continued, and so is a chain with more steps.
    executor : Executor or int, optional
        None for this process, a number of processes, or an executor, as in `scan.grid`.
    force : bool, default False
        Remove the results of something else.
    progress : bool, default True
        Show bars on stderr.

    Returns
    -------
    Grid, Chain or Nested
        As `scan.grid`, `scan.sample` or `scan.nested`; `load` reads it again.

    Raises
    ------
    InvalidSpec
    InvalidCheckpoint
        If the folder or the checkpoint has results of something else.
    UnwritablePath, MissingPackage, FailedPoint, FailedWorkers
    """
    check_spec(spec)
    content = spec.content
    if not any(name in content for name in SCANS):
        raise refused(
            spec.source,
            "there is no grid, chain or nested to scan; give e.g. chain: {steps: 1000}, or grid:"
            f" {{{next(iter(content['variables']))}: {{points: 20}}}}",
        )
    texts: list[str] = []
    with noted(texts, (NuSMEFTWarning,)):
        function = spec.function()
    identity = spec.identity("scan", function)
    files = (RESULT, SPEC, _NUMBERS, _ROWS, _CHECKPOINT)
    folder = Folder(output, identity, spec.source, files, force)
    common: dict[str, Any] = {"seed": content["seed"], "executor": executor, "progress": progress}
    common["checkpoint"] = folder.path / _CHECKPOINT if checkpoint is None else checkpoint
    found: Grid | Chain | Nested
    with noted(texts):
        if "grid" in content:
            axes = content["grid"]
            rest = {name: ends for name, ends in spec.bounds.items() if name not in axes}
            found = grid(function, axes, profile=rest or None, **spec.starts, **common)
            summary, arrays, rows = _of_grid(found)
        elif "nested" in content:
            found = nested(function, spec.bounds, **content["nested"], **common)
            summary, arrays, rows = _of_nested(found)
            texts += [text for text in found.notes if text not in texts]
        else:
            chain = content["chain"]
            _check_longer(folder, chain["steps"])
            walk = {name: chain[name] for name in ("steps", "walkers")}
            found = sample(function, spec.bounds, **walk, **common)
            summary, arrays, rows = _of_chain(found, chain["discard"])
            # of a handful of steps the estimate may be anything
            times = summary["autocorrelation_time"] or [np.inf]
            if chain["steps"] - chain["discard"] < _TIMES * max(1.0, *times):
                texts.append(_SHORT)
    result = {"made_with": made_with(identity), "spec": identity["spec"], **summary}
    result["warnings"] = sorted(texts)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    folder.finish(
        {
            SPEC: spec.to_yaml(),
            _NUMBERS: stream.getvalue(),
            _ROWS: _csv(rows),
            RESULT: as_json(result),
        }
    )
    return found


def _check_longer(folder: Folder, steps: int) -> None:
    known = folder.result()
    if known is not None and known["steps"] > steps:
        raise InvalidCheckpoint(
            f"{folder.path} has a chain of {known['steps']} steps, more than {steps}: give another"
            " output, or --force (force=True) to remove it"
        )


_Contents = tuple[dict[str, Any], dict[str, Any], list[list[Any]]]


def _of_grid(found: Grid) -> _Contents:
    names, shape = list(found.axes), found.log_likelihood.shape
    summary = {
        "axes": {name: values.tolist() for name, values in found.axes.items()},
        "log_likelihood": table(found.log_likelihood),
        "profiled": {name: table(values) for name, values in found.profiled.items()},
        "converged": found.converged.tolist(),
        "failed": [{"index": list(i), "reason": reason} for i, reason in found.failed.items()],
    }
    arrays = {"axes": np.array(names), "log_likelihood": found.log_likelihood}
    arrays |= {"profiled": np.array(list(found.profiled)), "converged": found.converged}
    arrays |= {f"axis {name}": values for name, values in found.axes.items()}
    arrays |= {f"profiled {name}": values for name, values in found.profiled.items()}
    rows: list[list[Any]] = [[*names, "ln L", *found.profiled, "converged"]]
    for index in np.ndindex(shape):
        at = [float(found.axes[name][i]) for name, i in zip(names, index, strict=True)]
        values = [float(array[index]) for array in (found.log_likelihood, *found.profiled.values())]
        rows.append([*at, *values, int(found.converged[index])])
    return summary, arrays, rows


def _of_chain(found: Chain, discard: int) -> _Contents:
    times = found.autocorrelation_time(discard)
    intervals = [credible(found, name, discard=discard).to_dict() for name in found.variables]
    steps, walkers, _ = found.chain.shape
    summary = {
        "variables": list(found.variables),
        "steps": steps,
        "walkers": walkers,
        "discard": discard,
        "acceptance_fraction": float(found.acceptance_fraction.mean()),
        "autocorrelation_time": None if times is None else times.tolist(),
        "intervals": [without(each, "made_of", "curve") for each in intervals],
        "definition": found.definition,
    }
    arrays = {"variables": np.array(found.variables), "chain": found.chain}
    arrays |= {"log_likelihood": found.log_likelihood}
    arrays |= {"acceptance_fraction": found.acceptance_fraction}
    rows: list[list[Any]] = [["step", "walker", *found.variables, "ln L"]]
    for step in range(steps):
        for walker in range(walkers):
            point = found.chain[step, walker].tolist()
            rows.append([step, walker, *point, float(found.log_likelihood[step, walker])])
    return summary, arrays, rows


def _of_nested(found: Nested) -> _Contents:
    intervals = [found.interval(name).to_dict() for name in found.variables]
    summary = without(found.to_dict(), "samples", "weights", "log_likelihood")
    summary["intervals"] = [without(each, "made_of", "curve") for each in intervals]
    names = ("samples", "weights", "log_likelihood")
    arrays = {name: getattr(found, name) for name in names}
    rows: list[list[Any]] = [[*found.variables, "ln L", "weight"]]
    columns = zip(found.samples, found.log_likelihood, found.weights, strict=True)
    rows += [[*point.tolist(), float(height), float(weight)] for point, height, weight in columns]
    return summary, arrays, rows


def _csv(rows: list[list[Any]]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def load(folder: str | os.PathLike[str]) -> dict[str, Any] | Grid | Chain | Nested:
    """Read the results of `fit` or `scan`.

    Parameters
    ----------
    folder : str or path-like
        Where they were written.

    Returns
    -------
    dict, Grid, Chain or Nested
        Of a fit what `fit` returns, of a scan what `scan` returns.

    Raises
    ------
    InvalidFile
        If they are not complete.
    """
    path = as_path("a folder", folder, InvalidFile)
    try:
        result = json.loads((path / RESULT).read_bytes())
        action = json.loads((path / MADE_WITH).read_bytes())["action"]
        if action == "fit":
            return dict(result)
        with np.load(path / _NUMBERS, allow_pickle=False) as file:
            arrays = dict(file)
        return _loaded(result, arrays)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InvalidFile(f"{path} has no complete results: {error}") from None


def _loaded(result: dict[str, Any], arrays: dict[str, Any]) -> Grid | Chain | Nested:
    if "chain" in arrays:
        variables = tuple(arrays.pop("variables").tolist())
        return Chain(variables, **arrays, definition=result["definition"])
    if "weights" in arrays:
        names = ("log_evidence", "log_evidence_error", "calls", "definition")
        kept = {name: result[name] for name in names}
        return Nested(tuple(result["variables"]), **arrays, **kept, notes=tuple(result["notes"]))
    return Grid(
        {name: arrays[f"axis {name}"] for name in arrays["axes"].tolist()},
        arrays["log_likelihood"],
        {name: arrays[f"profiled {name}"] for name in arrays["profiled"].tolist()},
        arrays["converged"],
        {tuple(entry["index"]): entry["reason"] for entry in result["failed"]},
    )
