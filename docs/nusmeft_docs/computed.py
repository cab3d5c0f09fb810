"""What the catalogue shows beside names: SM values with their errors, and limits."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import flavio
import numpy as np

import flavio_nusmeft as nus
from flavio_nusmeft.inference.draws import draw, seeded
from flavio_nusmeft.observables import NAMES

DRAWS = 100
MASSES = (0.0, 0.5, 1.5, 3.0)  # GeV
POINT = {"scale": 1e3, "eft": "nuSMEFT"}
_CKM = {"Vus", "Vub", "Vcb", "gamma", "delta"}
_FORM_FACTOR = re.compile(r"^\S+->\S+ (?!finite width)")


def _source(parameter: str) -> str:
    if parameter in _CKM:
        return "CKM elements"
    return "form factors" if _FORM_FACTOR.match(parameter) else "other parameters"


def totals() -> list[str]:
    """Observables without arguments."""
    return [name for name in NAMES if flavio.Observable[name].arguments is None]


def standard_model() -> dict[str, dict[str, Any]]:
    """By observable: the SM value, its error, and the error that every kind of parameters gives."""
    constraints, names = flavio.default_parameters, totals()
    observables = [flavio.Observable[name] for name in names]
    parameters = set(constraints.all_parameters)
    groups = {"error": parameters}
    for parameter in parameters:
        groups.setdefault(_source(parameter), set()).add(parameter)

    def values(par: dict[str, float]) -> list[float]:
        return [float(observable.prediction_par(par, None)) for observable in observables]

    central = values(constraints.get_central_all())
    found: dict[str, dict[str, Any]] = {
        name: {"value": value, "budget": {}} for name, value in zip(names, central, strict=True)
    }
    for group, varied in groups.items():
        with seeded(1):
            points = draw(constraints, varied, DRAWS)
        errors = np.std([values(par) for par in points], axis=0)
        for name, error in zip(names, errors.tolist(), strict=True):
            if group == "error":
                found[name]["error"] = error
            else:
                found[name]["budget"][group] = error
    return found


def limits() -> dict[str, Any]:
    """What ``nusmeft limits`` gives for all operators, and its definition."""
    found = nus.limits(m_N1=MASSES, basis="Warsaw", **POINT)
    return {
        "definition": found.definition,
        "rows": [row.to_dict() for row in found.rows],
    }


def explorer() -> str:
    """The page with sliders, with the current data."""
    with TemporaryDirectory() as folder:
        path = nus.figures.write_explorer(Path(folder) / "explorer.html")
        return path.read_text("utf-8")
