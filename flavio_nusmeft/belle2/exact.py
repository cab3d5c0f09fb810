"""The profile likelihood by pyhf and MINUIT, from the workspace with the signal replaced."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .._optional import require
from ..errors import FailedMinimization
from .model import Model, Profile

__all__ = ["log_likelihood", "workspace"]

_COMPONENT = "form_factors_c"  # parameters of the components: form_factors_c1, ...
_GOAL = 1e-6  # estimated distance of -ln L to the minimum
_CALLS = 5000  # a signal of the size of the data needs some 2000


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
    spec: dict[str, Any],
    model: Model,
    factors: np.ndarray,
    components: np.ndarray | None,
    profile: Profile,
) -> float:
    """ln L of pyhf, without the normalisation of the constraints, as in `model.Profile`.

    At the better of the minima that MIGRAD finds from pyhf's initial parameters, from where it can
    miss the maximum, and from those of a profile. pyhf's backend is numpy with double precision
    meanwhile, whatever it was.

    Parameters
    ----------
    spec : from `workspace`
    model, factors, components : for the gradient, which pyhf does not have with numpy; what is
        minimised is pyhf's own ``logpdf``
    profile : of `model.Model.profile` there or close by

    Raises
    ------
    MissingPackage
    FailedMinimization
    """
    require("the exact likelihood of Belle II", "pyhf", "iminuit")
    import pyhf
    from iminuit import Minuit

    def maximum() -> float:  # nothing of pyhf that it makes outlives it
        exact = pyhf.Model({"channels": spec["channels"]}, validate=False, poi_name=None)
        config = exact.config
        observed = {o["name"]: o["data"] for o in spec["observations"]}
        data = [x for name in config.channels for x in observed[name]] + config.auxdata
        initial = np.array(config.suggested_init())
        names = (*model.parameters, *(f"{_COMPONENT}{k + 1}" for k in range(_width(components))))
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

        def migrad(start: np.ndarray) -> Minuit:
            minuit = Minuit(minus, start, grad=gradient)
            minuit.errordef = Minuit.LIKELIHOOD
            minuit.limits = config.suggested_bounds()
            minuit.fixed = config.suggested_fixed()
            minuit.strategy = 0
            minuit.tol = _GOAL / (0.002 * Minuit.LIKELIHOOD)
            return minuit.migrad(ncall=_CALLS, iterate=1)

        gamma = model.gamma(profile, factors, components)
        near = initial.copy()
        near[alphas] = profile.alpha
        for name, where in model.staterrors.items():
            near[gammas[name]] = gamma[where]
        found = [migrad(initial), migrad(near)]
        valid = [minuit.fval for minuit in found if minuit.valid]
        if not valid:
            distances = ", ".join(f"{minuit.fmin.edm:.1e}" for minuit in found)
            raise FailedMinimization(
                "MINUIT does not find the maximum of Belle II's likelihood: estimated distances"
                f" {distances}"
            )
        normalisation = exact.constraint_logpdf(pyhf.tensorlib.astensor(config.auxdata), initial)
        return -float(min(valid)) - float(np.asarray(normalisation).item())

    with _double_precision(), _quiet():
        return maximum()


@contextmanager
def _double_precision() -> Iterator[None]:
    """numpy with double precision as pyhf's backend, and the former one afterwards."""
    import pyhf

    default, current = pyhf.get_backend(default=True), pyhf.get_backend()
    # models take some constants from the default backend, so it must be a fitting one as well
    change_default = not _is_double(default[0])
    if _is_double(current[0]) and not change_default:
        yield
        return
    numpy = pyhf.tensor.numpy_backend(precision="64b")
    try:
        pyhf.set_backend(numpy, current[1], default=change_default)
        yield
    finally:
        if change_default:
            pyhf.set_backend(*default, default=True)
        pyhf.set_backend(*current)


def _is_double(backend: Any) -> bool:
    return bool(backend.name == "numpy" and backend.precision == "64b")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without pyhf's messages, which tell every parameter."""
    logger = logging.getLogger("pyhf")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _width(components: np.ndarray | None) -> int:
    return 0 if components is None else components.shape[1]
