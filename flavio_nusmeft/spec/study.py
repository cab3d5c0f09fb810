"""A specification that has been read: the log-likelihood, and what identifies its results."""

from __future__ import annotations

import importlib.metadata
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import flavio
import yaml
from flavio.statistics.probability import DeltaDistribution

from .. import settings
from .._inputs import as_path, brief, printable
from ..belle2 import record
from ..errors import InvalidSpec, NuSMEFTError
from ..inference.fits import likelihood
from ..inference.fixed import Fixed
from ..inference.log_likelihood import LogLikelihood
from ..physics.detectors import Detector
from .reading import Node, read_text, read_tree
from .schema import SCANS, as_observable, complete

__all__ = ["Spec", "check_spec", "has_prior", "read", "refused"]

_PACKAGES = ("numpy", "scipy", "iminuit", "emcee", "dynesty")
_ACTIONS = {"fit": ("report",), "scan": SCANS}
_EXTENDABLE = ("steps", "discard")  # of a chain: its results do not depend on them, step by step


@dataclass(frozen=True)
class Spec:
    """What is fitted or scanned; made by `read`.

    Attributes
    ----------
    content : dict
        The specification with all defaults.
    source : str
        The name of the file.
    """

    content: Mapping[str, Any]
    source: str

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The ranges of the variables, as `scan` and `intervals` take them."""
        return {name: (low, high) for name, (low, high) in self.content["variables"].items()}

    @property
    def starts(self) -> dict[str, Any]:
        """The argument ``starts`` of maximisations, if it is given."""
        return {"starts": self.content["starts"]} if "starts" in self.content else {}

    def function(self) -> LogLikelihood | Fixed:
        """Make the log-likelihood of the variables.

        Returns
        -------
        LogLikelihood
            Or, with fixed coefficients, an object with the same methods.

        Raises
        ------
        InvalidSpec
            If the parts of the specification do not fit.
        """
        content = self.content
        try:
            data = likelihood(
                content["dataset"],
                [as_observable(o) for o in content["observables"]]
                if "observables" in content
                else None,
                alternatives=content["alternatives"],
                fit_parameters=[name for name in content["variables"] if has_prior(name)],
                fast=content["fast"],
                theory=content.get("theory", "SM"),
                belle2=content.get("belle2"),
                searches=content.get("searches"),
            )
            if content["fast"]:
                data.make_measurement(N=content["draws"], seed=content["seed"])
            function = LogLikelihood(
                data,
                [*content["variables"], *content["fixed"]],
                scale=content["scale"],
                eft=content["eft"],
                basis=content["basis"],
                par=content["parameters"],
                options=content["options"],
                detector=[Detector(**keys) for keys in content.get("detectors", [])] or None,
            )
        except NuSMEFTError as error:
            raise refused(self.source, str(error)) from None
        return Fixed(function, content["fixed"]) if content["fixed"] else function

    def to_yaml(self) -> str:
        """Write all of it, also defaults, as a file that gives the same results.

        Returns
        -------
        str
            YAML.
        """
        return yaml.safe_dump(
            dict(self.content),
            sort_keys=False,
            default_flow_style=None,
            width=100,
            allow_unicode=True,
        )

    def identity(self, action: str, function: LogLikelihood | Fixed) -> dict[str, Any]:
        """What the results of an action depend on.

        Parameters
        ----------
        action : {"fit", "scan"}
            Of the two.
        function : LogLikelihood
            From `function`.

        Returns
        -------
        dict of str to object
            JSON: the specification, versions, data, options and settings.
        """
        other = {key for name, keys in _ACTIONS.items() if name != action for key in keys}
        content = {name: value for name, value in self.content.items() if name not in other}
        if "belle2" in content:  # wherever it is: it has checksums
            content["belle2"] = record.DOI
        if "chain" in content:
            chain = content["chain"]
            content["chain"] = {k: v for k, v in chain.items() if k not in _EXTENDABLE}
        found = {
            "action": action,
            "spec": content,
            "versions": versions(),
            "function": function.description(),
        }
        return json.loads(json.dumps(found))


def read(path: str | os.PathLike[str]) -> Spec:
    """Read a specification, see `flavio_nusmeft.spec`.

    Parameters
    ----------
    path : str or path-like
        A file in YAML or JSON.

    Returns
    -------
    Spec
        With all defaults.

    Raises
    ------
    InvalidSpec
        If something is wrong in it: file, line and key are named.
    """
    file = as_path("a specification", path, InvalidSpec)

    def absolute(node: Node) -> str:
        folder = (file.absolute().parent / node.text("the path of the record")).resolve()
        try:
            record.find(folder)
        except NuSMEFTError as error:
            node.fail(str(error))
        return str(folder)

    return Spec(complete(read_tree(read_text(file), str(file)), absolute), str(file))


def refused(source: str, message: str) -> InvalidSpec:
    """The error for something that does not fit in a file."""
    return InvalidSpec(printable(f"{source}: {' '.join(message.split())}"))


def has_prior(name: str) -> bool:
    """Whether flavio has a parameter with an uncertainty of this name."""
    known = flavio.default_parameters._parameters
    return name in known and not isinstance(known[name][1], DeltaDistribution)


def versions() -> dict[str, str]:
    """Versions of the packages that results depend on, to the last bit."""
    return settings.versions() | {name: _version(name) for name in _PACKAGES}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def check_spec(spec: Any) -> None:
    """Check that it is a `Spec`, not a path or the content of a file.

    Raises
    ------
    InvalidSpec
    """
    if not isinstance(spec, Spec):
        raise InvalidSpec(f"{brief(spec)} is no specification that was read: give spec.read(path)")
