"""What a specification says about chains and nested sampling."""

from __future__ import annotations

from typing import Any

from .reading import Node

__all__ = ["chain", "nested"]


def chain(node: Node, variables: int) -> dict[str, Any]:
    """A chain, with defaults."""
    keys = node.mapping(("steps", "walkers", "discard"), "steps, and walkers if you like")
    if "steps" not in keys:
        node.fail("steps is missing: the number of steps")
    steps = keys["steps"].integer(1)
    walkers = max(32, 4 * variables)
    if "walkers" in keys:
        walkers = keys["walkers"].integer(2 * variables, "an integer (two walkers per variable)")
    discard = keys["discard"].integer(0) if "discard" in keys else steps // 4
    if discard >= steps:
        keys["discard"].fail(f"of {steps} steps nothing would be left")
    return {"steps": steps, "walkers": walkers, "discard": discard}


def nested(node: Node, variables: int) -> dict[str, Any]:
    """Nested sampling, with defaults."""
    keys = node.mapping(("live", "dlogz"), "live points and dlogz if you like, or {}")
    live = 500
    if "live" in keys:
        live = keys["live"].integer(max(20, 5 * variables), "an integer (20, 5 per variable)")
    dlogz = keys["dlogz"].number() if "dlogz" in keys else 0.1
    if dlogz <= 0:
        keys["dlogz"].fail(f"must be positive, not {dlogz:g}")
    return {"live": live, "dlogz": dlogz}
