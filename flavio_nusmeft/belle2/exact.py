"""The profile likelihood by pyhf and MINUIT, from the workspace with the signal replaced."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._optional import require
from ..errors import FailedMinimization
from .model import Model

__all__ = ["log_likelihood", "workspace"]

_COMPONENT = "form_factors_c"  # parameters of the components: form_factors_c1, ...
_GOAL = 1e-6  # estimated distance of -ln L to the minimum


def workspace(
    published: dict[str, Any],
    signal: str,
    dropped: Sequence[str],
    factors: np.ndarray,
    components: np.ndarray | None,
) -> dict[str, Any]:
    """The published workspace with another signal.

    Parameters
    ----------
    signal : name of the normalisation factor of the signal samples, which is removed
    dropped : parameters that are removed
    factors, components : as in `model.Model.profile`

    Returns
    -------
    dict
        A pyhf workspace. All variations of the signal in a bin are scaled with its events.
    """
    result = copy.deepcopy(published)
    first = 0
    for channel in result["channels"]:
        for sample in channel["samples"]:
            modifiers = sample["modifiers"]
            is_signal = any(m["name"] == signal for m in modifiers)
            sample["modifiers"] = [m for m in modifiers if m["name"] not in (signal, *dropped)]
            if not is_signal:
                continue
            chosen = slice(first, first + len(sample["data"]))
            first = chosen.stop
            sample["data"] = _scaled(sample["data"], factors[chosen])
            for modifier in sample["modifiers"]:
                if modifier["type"] == "histosys":
                    for key in ("hi_data", "lo_data"):
                        modifier["data"][key] = _scaled(modifier["data"][key], factors[chosen])
                elif modifier["type"] == "staterror":
                    modifier["data"] = _scaled(modifier["data"], factors[chosen])
            for k, change in enumerate([] if components is None else components[chosen].T, 1):
                events = np.array(sample["data"])
                data = {
                    "hi_data": (events + change).tolist(),
                    "lo_data": (events - change).tolist(),
                }
                name = f"{_COMPONENT}{k}"
                sample["modifiers"].append({"name": name, "type": "histosys", "data": data})
    for measurement in result["measurements"]:
        measurement["config"] = {"poi": "", "parameters": []}
    return result


def _scaled(data: Sequence[float], factors: np.ndarray) -> list[float]:
    return [float(x) for x in np.array(data) * factors]


def log_likelihood(
    spec: dict[str, Any], model: Model, factors: np.ndarray, components: np.ndarray | None
) -> float:
    """ln L of pyhf at the minimum that MIGRAD finds from pyhf's initial parameters, without the
    normalisation of the constraints, as in `model.Profile`.

    Parameters
    ----------
    spec : from `workspace`
    model, factors, components : for the gradient, which pyhf does not have with numpy; what is
        minimised is pyhf's own ``logpdf``

    Raises
    ------
    MissingPackage
    FailedMinimization
    """
    require("the exact likelihood of Belle II", "pyhf", "iminuit")
    import pyhf
    from iminuit import Minuit

    logger = logging.getLogger("pyhf")
    level = logger.level
    logger.setLevel(logging.WARNING)  # it tells every parameter
    exact = pyhf.Model({"channels": spec["channels"]}, validate=False, poi_name=None)
    logger.setLevel(level)
    config = exact.config
    observed = {o["name"]: o["data"] for o in spec["observations"]}
    data = [x for name in config.channels for x in observed[name]] + config.auxdata
    initial = np.array(config.suggested_init())
    names = (*model.parameters, *(f"{_COMPONENT}{k}" for k in range(1, 1 + _width(components))))
    alphas = [config.par_slice(name).start for name in names]
    gammas = {name: config.par_slice(name) for name in model.staterrors}

    def minus(x: np.ndarray) -> float:
        return -float(np.asarray(exact.logpdf(x, data)).item())

    def gradient(x: np.ndarray) -> np.ndarray:
        x, gamma = np.asarray(x), np.ones(model.size)
        for name, where in model.staterrors.items():
            gamma[where] = x[gammas[name]]
        _, by_alpha, by_gamma = model.log_density(x[alphas], gamma, factors, components)
        result = np.zeros(len(x))
        result[alphas] = -by_alpha
        for name, where in model.staterrors.items():
            result[gammas[name]] = -by_gamma[where]
        return result

    minuit = Minuit(minus, initial, grad=gradient)
    minuit.errordef = Minuit.LIKELIHOOD
    minuit.limits = config.suggested_bounds()
    minuit.fixed = config.suggested_fixed()
    minuit.strategy = 0
    minuit.tol = _GOAL / (0.002 * Minuit.LIKELIHOOD)
    minuit.migrad(ncall=20000)
    if not minuit.valid:
        raise FailedMinimization(
            f"MINUIT does not find the maximum of Belle II's likelihood: {minuit.fmin}"
        )
    normalisation = exact.constraint_logpdf(pyhf.tensorlib.astensor(config.auxdata), initial)
    return -float(minuit.fval) - float(np.asarray(normalisation).item())


def _width(components: np.ndarray | None) -> int:
    return 0 if components is None else components.shape[1]
