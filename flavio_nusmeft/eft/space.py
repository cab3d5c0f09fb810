"""Where coefficients live: scale, EFT and basis, and the options of running and matching."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import flavio
from wilson import wcxf

from .._inputs import mapping
from .bases import check_readable, known_coefficients
from .checks import check_coefficients
from .limits import warn_scale, warn_size
from .objects import with_options
from .theories import HIGH, THEORIES, theory_of
from .wilson import NuWilson

__all__ = ["Space"]


@dataclass(frozen=True)
class Space:
    """The space of the coefficients of a basis at a scale; a dictionary of values is a point in it.

    Attributes
    ----------
    scale : float
        MSbar scale of the coefficients, GeV.
    eft, basis : str
        In WCxf.
    options : mapping
        Of running and matching, as for `NuWilson`; the others are the defaults of the moment in
        which a point is made.

    Raises
    ------
    UnknownBasis, InvalidValue
    """

    scale: float
    eft: str
    basis: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_readable(self.eft, self.basis)
        object.__setattr__(self, "options", dict(mapping("options", self.options)))

    @classmethod
    def of(
        cls, scale: float, eft: str, basis: str, options: Mapping[str, Any] | None = None
    ) -> Space:
        """The space for the arguments of public functions, where no options are None."""
        return cls(scale, eft, basis, {} if options is None else options)

    def __str__(self) -> str:
        return f"{self.eft} {self.basis} at {self.scale:g} GeV"

    @property
    def known(self) -> dict[str, bool]:
        """The names of the coefficients, and whether each is real."""
        return known_coefficients(self.eft, self.basis)

    def with_defaults(self) -> Space:
        """The same with all options, those that are not given as they are by default now."""
        kind = NuWilson if self.eft in THEORIES else flavio.WilsonCoefficients
        return Space(self.scale, self.eft, self.basis, {**kind._default_options, **self.options})

    def is_linear(self, name: str) -> bool:
        """Whether amplitudes are linear in a coefficient.

        wilson runs the parameters of the SM along with those of SMEFT, of which they are functions.
        In WET, G_F in decays of τ, K and π is a function of the coefficients of active neutrinos in
        μ -> e.
        """
        theory = theory_of(self.eft)
        if theory is None or not self.is_standard(name):
            return True
        muon_decay = wcxf.Basis[self.eft, self.basis].sectors.get("nunumue", ())
        return theory is not HIGH and name not in muon_decay

    def is_standard(self, name: str) -> bool:
        """Whether a coefficient is one of SMEFT or WET, without N."""
        theory = THEORIES.get(self.eft)
        return theory is None or name in known_coefficients(theory.standard, theory.hub)

    def point(self, values: Mapping[str, complex]) -> flavio.WilsonCoefficients:
        """The object with these coefficients, see `with_options`."""
        return with_options(values, self.scale, self.eft, self.basis, self.options)

    def check(self, names: Iterable[str]) -> None:
        """Check that coefficients exist.

        Raises
        ------
        UnknownCoefficient
        """
        check_coefficients(dict.fromkeys(names, 0.0), self.known, self.eft, self.basis)

    def warn_scale(self) -> None:
        """Warn if another EFT is to be used at the scale, see `limits.warn_scale`."""
        warn_scale(self.point({}), self.eft, self.scale)

    def warn_size(self, values: Mapping[str, Any]) -> bool:
        """Warn of coefficients that are too large, see `limits.warn_size`."""
        return warn_size(values, self.eft, self.scale)
