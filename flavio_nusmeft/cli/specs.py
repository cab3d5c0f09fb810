"""``nusmeft fit`` and ``nusmeft scan``: fits and scans that a file specifies."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import shared
from .pulls import pull_text
from .terminal import console

__all__ = ["add_parser"]

_FIT = """\
Fit coefficients, masses and other parameters as a file in YAML says: best fit and its
significance over the SM, intervals, limits, contours and pulls. Writes a folder with
result.json, figures, the complete specification (spec.yml), and what the results were
made with (made-with.json). A fit that was interrupted or killed is continued by the
same command, with the same result to the last bit; so does a fit of spec.yml.
"""
_FIT_EXAMPLES = """\
examples:
  nusmeft fit data/examples/fit-scalar.yml
      the scalar and its mass for the data of arXiv:2309.02940, in the folder fit-scalar
  nusmeft fit my-fit.yml -o results --workers 4 --format pdf png
      on four cores; all keys of such a file: pydoc flavio_nusmeft.spec
"""
_SCAN = """\
Evaluate a likelihood on a grid, draw a Markov chain, or sample nested, as a file in YAML
says. Writes a folder with result.json, result.npz, result.csv, the complete specification
(spec.yml), and what the results were made with (made-with.json). A scan that was
interrupted or killed is continued by the same command, and a chain by one with more steps.
"""
_SCAN_EXAMPLES = """\
examples:
  nusmeft scan data/examples/scan-vector.yml
      the vector and its mass on a grid, in the folder scan-vector
  nusmeft scan my-scan.yml -o results --workers 4 --checkpoint /scratch/points.db
      on four cores; all keys of such a file: pydoc flavio_nusmeft.spec
in Python:
  flavio_nusmeft.spec.load("scan-vector")
"""


def add_parser(commands: Any) -> None:
    """Add the commands to the sub-parsers of argparse."""
    texts = {"help": "fit what a file specifies", "description": _FIT, "epilog": _FIT_EXAMPLES}
    fit = shared.add_command(commands, "fit", **texts)
    _add_common(fit)
    fit.add_argument(
        "--format",
        nargs="+",
        default=["pdf"],
        choices=("pdf", "png", "svg", "none"),
        help="kinds of figures (default: pdf)",
    )
    shared.add_json(fit, "result.json")
    fit.set_defaults(run=_fit)
    texts = {"help": "scan what a file specifies", "description": _SCAN, "epilog": _SCAN_EXAMPLES}
    scan = shared.add_command(commands, "scan", **texts)
    _add_common(scan)
    scan.add_argument(
        "--checkpoint", metavar="FILE", help="for the points (default: checkpoint.db in DIR)"
    )
    shared.add_json(scan, "result.json")
    scan.set_defaults(run=_scan)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="SPEC.yml", help="what to do, in YAML")
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="folder, made if it is missing (default: the name of the file without .yml, here)",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: this one)")
    parser.add_argument(
        "--force", action="store_true", help="remove the results of something else in DIR"
    )


def _fit(options: argparse.Namespace) -> int:
    formats = [] if options.format == ["none"] else options.format
    if "none" in formats:
        raise shared.Refused("--format none: give nothing else then")

    def run(spec: Any, output: Path, common: Mapping[str, Any]) -> None:
        from flavio_nusmeft.spec import fit

        found = fit(spec, output, formats=formats, **common)
        _show(options, output, found, _fit_tables)

    return _run(options, run)


def _scan(options: argparse.Namespace) -> int:
    def run(spec: Any, output: Path, common: Mapping[str, Any]) -> None:
        import json

        from flavio_nusmeft.spec import scan

        scan(spec, output, checkpoint=options.checkpoint, **common)
        found = json.loads((output / "result.json").read_bytes())
        _show(options, output, found, _grid_tables if "axes" in found else _posterior_tables)

    return _run(options, run)


def _run(
    options: argparse.Namespace, action: Callable[[Any, Path, Mapping[str, Any]], None]
) -> int:
    file = Path(options.file)
    if not file.is_file() and not file.exists():
        raise shared.Refused(f"{file}: No such file or directory")
    output = Path(options.output) if options.output is not None else Path(file.stem)
    if options.output is None and output.is_file():
        raise shared.Refused(f"{output} is a file: give a folder with --output")
    if options.workers is not None and options.workers < 1:
        raise shared.Refused(f"--workers {options.workers}: there must be one at least")
    common = {"executor": options.workers, "force": options.force}

    def run() -> None:
        from flavio_nusmeft.spec import read

        action(read(file), output, common | {"progress": sys.stderr.isatty()})

    try:
        return shared.attempt(run)
    except KeyboardInterrupt:
        print("nusmeft: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def _show(
    options: argparse.Namespace,
    output: Path,
    found: Mapping[str, Any],
    tables: Callable[[Mapping[str, Any]], Sequence[Any]],
) -> None:
    if options.json:
        print((output / "result.json").read_text("utf-8"), end="")
        return
    out = console()
    for each in tables(found):
        out.print(each)
    for text in found["warnings"]:
        out.print(f"Note: {text}", soft_wrap=True)
    out.print(f"written to {output}", soft_wrap=True)


def _table(title: str, *columns: str) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right")
    return table


def _name(quantity: str | Sequence[Any]) -> str:
    if isinstance(quantity, str):
        return quantity
    name, *arguments = tuple(quantity)
    return f"{name}({', '.join(f'{value:g}' for value in arguments)})"


def _fit_tables(found: Mapping[str, Any]) -> list[Any]:
    spec, best = found["spec"], found["best_fit"]
    table = _table("best fit", "", "value", "error", "range")
    for name, value in best["values"].items():
        error = best["errors"][name]
        text = best["notes"].get(name) or ("" if error is None else f"± {error:.2g}")
        low, high = spec["variables"][name]
        table.add_row(name, f"{value:.5g}", text, f"[{low:g}, {high:g}]")
    lines: list[Any] = [_title(found), table, *_best_lines(found)]
    rows = [(each, "interval") for each in found["intervals"]]
    rows += [(each, "limit") for each in found["limits"]]
    if rows:
        table = _table("intervals and limits", "", "CL", "", "best")
        for each, kind in rows:
            cl = f"{100 * each['cl']:.4g}%"
            table.add_row(_name(each["quantity"]), cl, _range(each, kind), f"{each['best']:.5g}")
        lines.append(table)
    for each, _ in rows:
        lines += [f"{_name(each['quantity'])}: {note}" for note in each["notes"]]
    for each in found["contours"]:
        pair = " and ".join(each["variables"])
        lines += [f"contour of {pair}: {note}" for note in each["notes"]]
    if found.get("pulls"):
        lines.append(_pulls(found["pulls"]))
    return lines


def _title(found: Mapping[str, Any]) -> str:
    spec = found["spec"]
    values = {**spec["fixed"], **spec["parameters"]}
    more = f"; {shared.listed(values)}" if values else ""
    data = [spec["dataset"]]
    if spec.get("belle2") is not None:
        data.append("Belle II's published likelihood")
    if spec.get("searches") is not None:
        chosen = spec["searches"]
        data.append(f"searches {chosen if isinstance(chosen, str) else ', '.join(chosen)}")
    where = f"{spec['eft']} {spec['basis']} at {spec['scale']:g} GeV"
    return f"{where}, data: {' with '.join(data)}{more}"


def _best_lines(found: Mapping[str, Any]) -> list[str]:
    best = found["best_fit"]
    state = "converged" if best["valid"] else f"not converged: {best['reason']}"
    lines = [f"ln L = {best['log_likelihood']:.6g}, {state}"]
    if best["gain"] is not None:
        standard = found["SM"]["log_likelihood"]
        text = f"SM: ln L = {standard:.6g}, -2 ln L is larger by {best['gain']:.4g}"
        if best["significance"] is not None:
            text += f": {best['significance']:.2g}σ ({_count(best)})"
        lines.append(text)
    return [*lines, *best["significance_notes"], *best["flat"]]


def _count(best: Mapping[str, Any]) -> str:
    count = best["degrees_of_freedom"]
    return f"{count} variable{'s' * (count > 1)}"


def _range(found: Mapping[str, Any], kind: str) -> str:
    if not found["pieces"]:
        return "none"
    if kind == "limit":
        return f"< {found['pieces'][-1][1]:.5g}"
    return " or ".join(f"[{low:.5g}, {high:.5g}]" for low, high in found["pieces"])


def _pulls(rows: Sequence[Mapping[str, Any]]) -> Any:
    table = _table("pulls", "measurement", "observable", "SM", "best fit", "SM pull", "pull")
    for row in rows:
        name = row["measurement"].removeprefix("flavio_nusmeft ")
        if "gain" in row:
            gain = row["gain"]
            text = "" if gain is None else f"-2 ln L falls by {gain:.3g}"
            table.add_row(name, text, "", "", "", "")
            continue
        values = [row["SM"], row["best fit"]]
        found = [{**row, "pull": row["SM pull"]}, row]
        pulls = [pull_text(value, each) for value, each in zip(values, found, strict=True)]
        predictions = [f"{value:.4g}" for value in values]
        table.add_row(name, _name(row["observable"]), *predictions, *pulls)
    return table


def _grid_tables(found: Mapping[str, Any]) -> list[Any]:
    values = _flat(found["log_likelihood"])
    axes = " x ".join(f"{name} ({len(values)})" for name, values in found["axes"].items())
    lines = [_title(found), f"grid: {axes}"]
    known = [value for value in values if value is not None]
    if known:
        lines.append(f"maximum of ln L: {max(known):.6g}")
    if len(known) < len(values):
        failed = len(found["failed"])
        zero = len(values) - len(known) - failed
        lines.append(f"of {len(values)} points the likelihood vanishes at {zero}, {failed} failed")
    return lines


def _flat(nested: Any) -> list[Any]:
    if not isinstance(nested, list):
        return [nested]
    return [value for each in nested for value in _flat(each)]


def _posterior_tables(found: Mapping[str, Any]) -> list[Any]:
    if "log_evidence" in found:
        title = f"ln Z = {found['log_evidence']:.2f} ± {found['log_evidence_error']:.2g}"
        title += f", prior {found['prior']}"
        what = "posterior"
    else:
        accepted = f"{100 * found['acceptance_fraction']:.0f}% of the proposals accepted"
        title = f"chain: {found['steps']} steps of {found['walkers']} walkers, {accepted}"
        what = f"without {found['discard']} steps"
    table = _table(what, "", "CL", "highest density", "best")
    for each in found["intervals"]:
        cl = f"{100 * each['cl']:.4g}%"
        table.add_row(each["quantity"], cl, _range(each, "interval"), f"{each['best']:.5g}")
    return [_title(found), title, table]
