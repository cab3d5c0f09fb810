"""Run the benchmarks and print medians, and ratios stock flavio / flavio_nusmeft.

``python tests/benchmarks --save speed.json`` writes the ratios to a file, ``--compare speed.json``
prints them beside those of the run, and fails if one is less than half of what it was.
``--history`` adds them, with date and versions, to ``tests/benchmarks/history.json``, the record of
the project: for an idle machine, at a release. ``--compare`` takes that file, too, and of it the
last entry.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections import defaultdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import pytest

HISTORY = Path(__file__).with_name("history.json")
VERSIONS = ("flavio_nusmeft", "flavio", "wilson", "numpy", "scipy")
WORSE = 0.5  # on a busy machine less means nothing
TARGETS = {
    "K*, same parameters": 1000,
    "K, same parameters": 100,
    "K*, np_prediction": 150,
    "K, np_prediction": 15,
    "K*, all parameters changed": 100,
    "K, all parameters changed": 15,
    "R(D*), same parameters": 100,
    "pi mu, same parameters": 50,
    "pi mu, np_prediction": 10,
    "pi mu, all parameters changed": 10,
    "make_measurement(N=100)": 60,
    "log_likelihood": 100,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], prog="benchmarks")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the ratios as JSON")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="with those of --save")
    parser.add_argument("--history", action="store_true", help=f"add the ratios to {HISTORY.name}")
    arguments = parser.parse_args()
    # read before the minutes that the benchmarks take, and before --save replaces it
    before = ratios_of(arguments.compare) if arguments.compare else {}
    if arguments.history:
        records(HISTORY)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "benchmark.json"
        status = pytest.main(
            [
                str(Path(__file__).parent),
                "--override-ini=addopts=--import-mode=importlib",
                "--benchmark-only",
                f"--benchmark-json={output}",
                "-q",
                "--benchmark-columns=median",
            ]
        )
        if status:
            return int(status)
        results = json.loads(output.read_text())["benchmarks"]
    groups = medians(results)
    report(groups, before)
    found = ratios(groups)
    if arguments.save:
        arguments.save.write_text(json.dumps(found, indent=1) + "\n")
    if arguments.history:
        add_record(HISTORY, found)
    slower = [name for name, ratio in found.items() if ratio < WORSE * before.get(name, 0.0)]
    for name in slower:
        print(f"{name}: {found[name]:.3g} times faster than flavio, it was {before[name]:.3g}")
    return int(bool(slower))


def records(path: Path) -> list[dict]:
    """The record, oldest first; of a file that is not there, empty."""
    found = json.loads(path.read_text()) if path.exists() else []
    if not isinstance(found, list):
        sys.exit(f"{path} is no history, but a file of --save")
    return found


def ratios_of(path: Path) -> dict[str, float]:
    """Those of a file of ``--save``, or the last ones of a history."""
    found = json.loads(path.read_text())
    return found[-1]["ratios"] if isinstance(found, list) else found


def add_record(path: Path, found: dict[str, float]) -> None:
    """Add ratios, to three digits, with what they depend on."""
    record = {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
        "versions": {"python": platform.python_version()} | {n: version(n) for n in VERSIONS},
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),  # per minute; above 1 the machine was not idle
        "ratios": {name: float(f"{ratio:.3g}") for name, ratio in found.items()},
    }
    path.write_text(json.dumps([*records(path), record], indent=1) + "\n")


def medians(results: list[dict]) -> dict[str, dict[str, tuple[float, int]]]:
    """Median and number of points by group and code."""
    groups = defaultdict(dict)
    for result in results:
        code = (result["params"] or {}).get("code", "nusmeft")
        points = result["extra_info"].get("points", 1)
        code = "nusmeft" if code != "stock" else code
        groups[result["group"]][code] = (result["stats"]["median"], points)
    return groups


def ratios(groups: dict[str, dict[str, tuple[float, int]]]) -> dict[str, float]:
    """Times per point, flavio over nusmeft, where both are measured."""
    result = {}
    for name, found in groups.items():
        if "stock" in found:
            stock, own = (time / points for time, points in (found["stock"], found["nusmeft"]))
            result[name] = stock / own
    return result


def report(groups: dict[str, dict[str, tuple[float, int]]], before: dict[str, float]) -> None:
    print(f"\n{'case':42}{'flavio':>12}{'nusmeft':>12}{'ratio':>8}{'goal':>7}", end="")
    print(f"{'before':>8}" if before else "")
    all_ratios = ratios(groups)
    for name, found in groups.items():
        row = f"{name:42}"
        row += f"{found['stock'][0] * 1e3:9.3f} ms" if "stock" in found else " " * 12
        row += f"{found['nusmeft'][0] * 1e3:9.3f} ms"
        if name in all_ratios:
            row += f"{all_ratios[name]:8.3g}{TARGETS.get(name, ''):>7}"
            row += f"{before[name]:8.3g}" if name in before else ""
        print(row)


if __name__ == "__main__":
    sys.exit(main())
