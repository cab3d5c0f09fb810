"""Records of the form of Belle II's: the published one, where it is, and a small invented one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from flavio_nusmeft.belle2 import record

PUBLISHED = Path(__file__).parents[1].parent / "shared" / "data" / "belle2_knunu"
_BINS = dict(zip(record._CHANNELS, (9, 3, 9, 3, 6), strict=True))


def make(folder: Path) -> Path:
    """Write an invented record: every kind of modifier, asymmetric variations, shared parameters,
    two variations of one normsys parameter, and a bin without nominal events."""
    rng = np.random.default_rng(250712393)
    channels, observations = [], []
    for name, bins in _BINS.items():
        samples = []
        for sample in ("charged", "mixed"):
            events = rng.uniform(20, 60, bins)
            events[0] = 0.0 if name == "sgn1_had" and sample == "mixed" else events[0]
            high = 1.3 if name == "sgn1_had" else 1.5
            modifiers = [
                _histosys(rng, "corr_pid_c1", events, 0.08),
                {"name": f"mu_bkg_{sample}", "type": "normsys", "data": {"hi": high, "lo": 0.6}},
                {"name": "nBB", "type": "normsys", "data": {"hi": 1.02, "lo": 0.985}},
                _staterror(rng, f"uncorr_{sample}_{name}", events),
            ]
            samples.append({"name": sample, "data": events.tolist(), "modifiers": modifiers})
        expected = np.sum([sample["data"] for sample in samples], axis=0)
        if name in record._DENSITIES:
            density = rng.uniform(0, 0.1, (bins, len(record.EDGES)))
            density[:, 0] *= 0.1
            np.savetxt(folder / record._DENSITIES[name], density, delimiter=",")
            events = density.sum(axis=1)
            modifiers = [
                {"name": "mu", "type": "normfactor", "data": None},
                _histosys(rng, "corr_pid_c1", events, 0.05),
                _histosys(rng, "corr_ff_c1", events, 0.02),
                _staterror(rng, f"uncorr_signal_{name}", events),
            ]
            samples.insert(0, {"name": "signal", "data": events.tolist(), "modifiers": modifiers})
            expected = expected + 3 * events
        channels.append({"name": name, "samples": samples})
        observations.append({"name": name, "data": rng.poisson(expected).tolist()})
    measurement = {"name": "Measurement", "config": {"poi": "mu", "parameters": []}}
    workspace = {
        "channels": channels,
        "observations": observations,
        "measurements": [measurement],
        "version": "1.0.0",
    }
    (folder / record.WORKSPACE).write_text(json.dumps(workspace))
    return folder


def _histosys(rng, name, events, size):
    change = rng.uniform(-size, size, len(events))
    high, low = (1 + change) * events, (1 - change * rng.uniform(0.7, 1.3, len(events))) * events
    return {
        "name": name,
        "type": "histosys",
        "data": {"hi_data": high.tolist(), "lo_data": low.tolist()},
    }


def _staterror(rng, name, events):
    errors = np.where(events > 0, rng.uniform(0.05, 0.3, len(events)) * events, 1e-4)
    return {"name": name, "type": "staterror", "data": errors.tolist()}


def pyhf_point(model, config, x):
    """α and γ of the package's `Model` for pyhf's flat vector of parameters."""
    gamma = np.ones(model.size)
    for name, where in model.staterrors.items():
        gamma[where] = x[config.par_slice(name)]
    return x[[config.par_slice(name).start for name in model.parameters]], gamma
