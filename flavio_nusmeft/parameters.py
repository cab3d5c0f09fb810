"""The package's own parameters, added to flavio's default parameters: masses, form factors."""

from __future__ import annotations

from typing import Any

import numpy as np
from flavio import Parameter, default_parameters
from flavio.classes import ParameterConstraints

from ._data import load_yaml

__all__ = ["register"]


def __dir__() -> list[str]:
    return sorted(__all__)


# what the coefficients of a fit multiply, and where they come from
_FITS = {
    "GRvDV": ("BSZ coefficient of (z - z(0))", "arXiv:2305.06301"),
    "GKvD": ("BSZ coefficient of (z - z(0))", "arXiv:1811.00983"),
    "lattice": (
        "BSZ coefficient of (z - z(0))",
        "fit to arXiv:2105.14019, 2304.03137, 2306.05657",
    ),
    "DM": ("coefficient of z", "arXiv:1602.01399, nominal fit"),
    "Meinel": ("coefficient of z", "arXiv:1712.05783, nominal fit"),
}


def _describe(name: str, tex: str, description: str) -> None:
    parameter = Parameter(name)
    parameter.tex = tex
    parameter.description = description


def register(constraints: ParameterConstraints = default_parameters) -> None:
    """Add the parameters to ``constraints``, if they are not there yet.

    Parameters
    ----------
    constraints : ParameterConstraints, optional
        Where to add them; default: ``flavio.default_parameters``.
    """
    if "m_N1" in constraints.all_parameters:
        return
    data = load_yaml("parameters.yml")
    for name, info in data["parameters"].items():
        _describe(name, info["tex"], info["description"])
        constraints.set_constraint(name, info["value"])
    for group in data["correlated"]:
        for name in group["parameters"]:
            # "B->K* GRvDV a0_A1": process, fit, coefficient
            process, fit, coefficient = name.split(" ")
            order, form_factor = coefficient[1:].split("_")
            expansion, source = _FITS[fit]
            _describe(
                name,
                rf"$\alpha_{{{order}}}^{{{form_factor}}}$",
                f"{process} form factor {form_factor}: {expansion}^{order} ({source})",
            )
    groups = [{**group, "values": _by_covariance(group["values"])} for group in data["correlated"]]
    ParameterConstraints.from_yaml_dict(groups, instance=constraints)


def _by_covariance(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a distribution with its covariance in place of correlations.

    flavio writes both, and reads the covariance: only a distribution that was made from it is the
    same to the last digit when it is read again.
    """
    values = dict(values)
    if "correlation" in values:
        deviations = np.array(values.pop("standard_deviation"))
        covariance = np.outer(deviations, deviations) * np.array(values.pop("correlation"))
        values["covariance"] = covariance.tolist()
    return values
