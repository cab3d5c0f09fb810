"""Where the coefficients of the figures live, and predictions for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import settings
from .._inputs import brief, text
from ..batch import predict
from ..eft.space import Space
from ..eft.theories import THEORIES
from ..errors import InvalidValue

__all__ = ["Theory", "check"]


def check(theory: Any, *coefficients: Any) -> None:
    """Check that a theory is one, and that coefficients are names.

    Raises
    ------
    InvalidValue
    """
    if not isinstance(theory, Theory):
        raise InvalidValue(f"theory must be a Theory, not {brief(theory)}")
    for coefficient in coefficients:
        text("a coefficient", coefficient)


@dataclass(frozen=True)
class Theory:
    """EFT, basis and scale of coefficients, and the parameters.

    The form factors are those chosen in ``flavio.config``.

    Attributes
    ----------
    scale : float
        MSbar scale of the coefficients, GeV.
    eft, basis : str
        EFT and basis of the coefficients.
    mass : str
        The parameter that the figures call m_N.
    par : mapping of str to float
        Parameters that differ from flavio's central values.
    options : mapping of str to object
        Options of running and matching, as for `NuWilson`, e.g. ``{"running": "full"}``.
    """

    scale: float = 1000.0
    eft: str = "nuSMEFT"
    basis: str = "FGMS"
    mass: str = "m_N1"
    par: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def for_dataset(self, dataset: str) -> Theory:
        """The theory with the QCD running that the figures of a data set have.

        For ``paper2023`` that of the paper, else four loops. An option ``qcd_loops`` stays.
        `write_figures` does this itself; other functions take a theory as it is.

        Parameters
        ----------
        dataset : str
            ``paper2023`` or ``current``.

        Returns
        -------
        Theory
            With the option ``qcd_loops`` if it is of use.
        """
        if dataset == "paper2023" or self.eft not in THEORIES:
            return self
        return replace(self, options={"qcd_loops": 4, **self.options})

    def predict(
        self, observables: Sequence[Any], coefficients: Mapping[str, ArrayLike], m_N: ArrayLike
    ) -> dict[Any, np.ndarray]:
        """Predict observables, as `flavio_nusmeft.predict`.

        Parameters
        ----------
        observables : sequence of observables
            Names, or tuples of a name and its arguments.
        coefficients : mapping of str to array_like
            GeV^-2, numbers or arrays by name.
        m_N : array_like
            GeV.

        Returns
        -------
        dict of observable to ndarray
            Arrays by observable.
        """
        par: dict[str, ArrayLike] = {**self.par, self.mass: m_N}
        return predict(
            observables,
            coefficients,
            scale=self.scale,
            eft=self.eft,
            basis=self.basis,
            par=par,
            options=self.options,
        )

    def provenance(self) -> dict[str, Any]:
        """How predictions are made.

        Returns
        -------
        dict of str to object
            Basis, mass, parameters, options, settings that are not the shipped ones, and versions.
        """
        space = Space.of(self.scale, self.eft, self.basis, self.options)
        result: dict[str, Any] = {"EFT": str(space), "m_N": self.mass}
        result |= {f"parameter {name}": value for name, value in self.par.items()}
        return result | settings.provenance(space.point({}))
