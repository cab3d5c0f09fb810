"""Where the data files are: installed beside the package, or in the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

__all__ = ["load_yaml", "path"]

_PACKAGE = Path(__file__).parent


def path(name: str) -> Path:
    """Path of a data file, e.g. ``measurements.yml``."""
    for folder in (_PACKAGE / "data", _PACKAGE.parent / "data"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"data file {name} is missing; is flavio_nusmeft installed correctly?")


def load_yaml(name: str) -> Any:
    """Content of a YAML data file, with the fast loader where PyYAML has it."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path(name).read_text(encoding="utf-8"), Loader=loader)
