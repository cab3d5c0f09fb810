"""Where an EFT is the theory to use, and how large its coefficients can be."""

from __future__ import annotations

from collections.abc import Mapping
from math import hypot, inf, pi
from typing import Any

import numpy as np
from wilson import parameters as wilson_parameters

from .._inputs import number
from ..errors import InvalidScale, ScaleWarning, SizeWarning, listed, warn
from .running import M_T
from .theories import HIGH, LOW

__all__ = ["SMALLEST_MATCHING", "check_scale", "largest_coefficient", "warn_scale", "warn_size"]

SMALLEST_MATCHING = 10.0  # GeV, of the option smeft_matchingscale
_PLANCK = 1.22e19  # GeV, the Planck mass; above it there is no field theory of particles
_M_W = wilson_parameters.p["m_W"]
_HIGH = frozenset({HIGH.eft, HIGH.standard})
_LOW = frozenset(theory.eft for theory in LOW)


def check_scale(scale: Any, eft: str = "") -> float:
    """A scale as a number.

    Raises
    ------
    InvalidScale
        If it is not positive, above the Planck mass, or in nuSMEFT and SMEFT below every scale at
        which they can be matched.
    """
    value = number("scale", scale, InvalidScale)
    if not 0 < value < inf:
        raise InvalidScale(f"scale = {scale} must be a positive finite number (in GeV)")
    if value > _PLANCK:
        raise InvalidScale(f"scale = {value:g} GeV is above the Planck mass")
    if eft in _HIGH and value < SMALLEST_MATCHING:
        raise InvalidScale(
            f"scale = {value:g} GeV: {eft} is a theory above the electroweak scale; scales are in"
            " GeV, 1 TeV is 1000 (nus.TeV)"
        )
    return value


def warn_scale(wc_obj: Any, eft: str | None = None, scale: float | None = None) -> None:
    """Warn where another EFT is to be used.

    Between nuSMEFT and nuWET every scale from m_W to m_t may be taken, and the matching scale of
    the object, whatever it is.

    Parameters
    ----------
    wc_obj : any object of wilson, flavio or this package; its options count
    eft, scale : default: those of the object
    """
    eft, scale = eft or wc_obj.wc.eft, scale or wc_obj.wc.scale
    matching, m_c = map(wc_obj.get_option, ("smeft_matchingscale", "mc_matchingscale"))
    if eft in _HIGH and scale < min(matching, _M_W):
        other = LOW[0].eft if eft == HIGH.eft else LOW[0].standard
        text = f"below m_W, where {other} is the theory to use"
    elif eft in _LOW and scale > max(matching, M_T):
        text = "above m_t, where nuSMEFT is the theory to use"
    elif eft == LOW[0].eft and scale < m_c:
        text = "below m_c, where its quarks are too heavy"
    else:
        return
    warn(
        f"{eft} at {scale:g} GeV is {text}; scales are in GeV, 1 TeV is 1000 (nus.TeV)",
        ScaleWarning,
    )


def largest_coefficient(scale: float) -> float:
    """(4π)²/M² in GeV^-2, with M the scale and at least m_W.

    That is the exchange of a particle of mass M with the largest couplings that mean anything, 4π
    (naive dimensional analysis, A. Manohar and H. Georgi, Nucl. Phys. B234 (1984) 189; as in
    `uv`). Particles that are integrated out in nuWET are not lighter than the W.
    """
    return (4 * pi / max(scale, _M_W)) ** 2


def warn_size(values: Mapping[str, Any], eft: str, scale: float) -> bool:
    """Warn of coefficients above `largest_coefficient`.

    TeV^-2 given as GeV^-2 are a million times too large.

    Parameters
    ----------
    values : coefficients by name, numbers or arrays, GeV^-2

    Returns
    -------
    bool
        Whether there are some.
    """
    if eft not in _HIGH and eft not in _LOW:
        return False  # WET has coefficients without dimension
    bound = largest_coefficient(scale)
    large = [
        name
        for name, value in values.items()
        if _largest(value) > bound and not name.startswith("llphiphi")  # GeV^-1
    ]
    if large:
        warn(
            f"{listed(large)} above (4π/scale)² = {bound:.2g} GeV^-2, what the strongest coupling"
            " gives: coefficients are in GeV^-2; from TeV^-2 multiply by nus.TeV**-2",
            SizeWarning,
        )
    return bool(large)


def _largest(value: Any) -> float:
    """Absolute value of a number; of an array the largest real or imaginary part."""
    if not isinstance(value, np.ndarray):
        return hypot(value.real, value.imag)
    parts = (value.real, value.imag) if np.iscomplexobj(value) else (value,)
    return max(float(max(part.max(initial=0), -part.min(initial=0))) for part in parts)
