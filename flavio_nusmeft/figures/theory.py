"""Where the coefficients of the figures live, and predictions for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._inputs import brief, text
from ..batch import predict
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
    """EFT, basis and scale (GeV) of coefficients, and the parameters.

    ``mass`` is the parameter that the figures call m_N; ``par`` holds parameters that differ from
    flavio's central values, ``options`` those of running and matching, as for `NuWilson`, e.g.
    ``{"running": "full"}``. The form factors are those chosen in ``flavio.config``.
    """

    scale: float = 1000.0
    eft: str = "nuSMEFT"
    basis: str = "FGMS"
    mass: str = "m_N1"
    par: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def predict(
        self, observables: Sequence[Any], coefficients: Mapping[str, ArrayLike], m_N: ArrayLike
    ) -> dict[Any, np.ndarray]:
        """As `flavio_nusmeft.predict`: coefficients in GeV^-2, masses in GeV."""
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
