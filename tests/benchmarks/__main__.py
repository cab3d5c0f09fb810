"""Run the benchmarks and print medians, and ratios stock flavio / flavio_nusmeft."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

TARGETS = {
    "K*, same parameters": 1000,
    "K, same parameters": 100,
    "K*, np_prediction": 150,
    "K, np_prediction": 15,
    "K*, all parameters changed": 100,
    "K, all parameters changed": 15,
    "R(D*), same parameters": 100,
    "make_measurement(N=100)": 60,
    "log_likelihood": 100,
}


def main() -> int:
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
        groups = defaultdict(dict)
        for result in json.loads(output.read_text())["benchmarks"]:
            code = (result["params"] or {}).get("code", "nusmeft")
            points = result["extra_info"].get("points", 1)
            code = "nusmeft" if code != "stock" else code
            groups[result["group"]][code] = (result["stats"]["median"], points)
    print(f"\n{'case':42}{'flavio':>12}{'nusmeft':>12}{'ratio':>8}{'goal':>7}")
    for name, found in groups.items():
        row = f"{name:42}"
        row += f"{found['stock'][0] * 1e3:9.3f} ms" if "stock" in found else " " * 12
        row += f"{found['nusmeft'][0] * 1e3:9.3f} ms"
        if "stock" in found:
            stock, own = (time / points for time, points in (found["stock"], found["nusmeft"]))
            row += f"{stock / own:8.3g}{TARGETS.get(name, ''):>7}"
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
