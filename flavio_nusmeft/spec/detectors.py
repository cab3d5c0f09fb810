"""Detectors in specifications."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..physics.detectors import Detector, as_detectors
from .reading import Node

__all__ = ["detector"]


def detector(node: Node) -> dict[str, Any]:
    """One that has a name, or one with keys, as JSON and YAML can have it."""
    if not node.is_mapping:
        (found,) = as_detectors(node.text("the name of a detector, or keys of one: its radius"))
        return _written(found)
    keys = node.mapping(("name", "radius", "boost", "hadrons"), "a detector")
    for key in ("name", "radius"):
        if key not in keys:
            node.fail(f"{key} is missing")
    hadrons = keys["hadrons"].items("a list of hadrons") if "hadrons" in keys else []
    return _written(
        Detector(
            keys["name"].text("a name"),
            keys["radius"].number("a radius in m"),
            keys["boost"].number("βγ of the hadrons") if "boost" in keys else 0.0,
            tuple(item.text("the name of a hadron") for item in hadrons),
        )
    )


def _written(found: Detector) -> dict[str, Any]:
    return asdict(found) | {"hadrons": list(found.hadrons)}
