"""The probability that an event stays invisible in a detector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from . import settings
from .batch import Observable, as_observables, central_parameters, parameters_of, quantity_of
from .citations import cite
from .errors import InvalidShape, InvalidValue
from .lifetimes import BBN_LIFETIME, point
from .physics import channels
from .physics.channels import STERILE
from .physics.detectors import Detector, Events, Observed
from .physics.neutral_couplings import PAIRS
from .physics.rates import Quantity, Rate, evaluate

__all__ = ["InvisibleProbability", "Lifetime", "invisible_probability", "is_seen", "lifetimes"]


def __dir__() -> list[str]:
    return sorted(__all__)


_PAPER = "arXiv:2008.00749"
_HBAR = constants.hbar / constants.e * 1e-9  # GeV s


@dataclass(frozen=True)
class Lifetime:
    """Of one N.

    Attributes
    ----------
    m_N : float
        Its mass, GeV.
    lifetime : float
        In s; inf if it is stable.
    invisible_fraction : float
        Of its decays, those to neutrinos alone; 1 if it is stable.
    in_tension_with_BBN : bool
        Whether m_N is above m_π and the lifetime above 0.02 s.
    """

    m_N: float
    lifetime: float
    invisible_fraction: float
    in_tension_with_BBN: bool

    def __str__(self) -> str:
        if self.lifetime == np.inf:
            return "stable"
        tension = f", above {BBN_LIFETIME} s: in tension with BBN" * self.in_tension_with_BBN
        return f"lifetime {self.lifetime:.3g} s, cτ = {constants.c * self.lifetime:.3g} m{tension}"


def lifetimes(events: Events, par: Mapping[str, float]) -> dict[str, Lifetime]:
    """Of all N with a mass below m_W.

    Parameters
    ----------
    events : Events
        At a point.
    par : mapping of str to float
        All parameters.

    Returns
    -------
    dict of str to Lifetime
        By the name of N.
    """
    found = {}
    for k, name in enumerate(STERILE, 1):
        mass = float(par[name])
        if not 0 < mass < par["m_W"]:
            continue
        width, hidden = events.widths(k)
        lifetime = _HBAR / width if width else np.inf
        late = bool(width) and lifetime > BBN_LIFETIME and mass > par["m_pi+"]
        found[f"N{k}"] = Lifetime(mass, lifetime, hidden, late)
    return found


def is_seen(observable: Observable, detectors: Sequence[Detector]) -> bool:
    """Whether detectors see all decays of an observable, and P_inv of these is known.

    Parameters
    ----------
    observable : str or tuple
        Of this package.
    detectors : sequence of Detector
        The detectors.

    Returns
    -------
    bool
        Whether they do.
    """
    function, arguments = quantity_of(observable)
    quantity: Quantity = function(central_parameters({}), *arguments)
    parts = (*quantity.numerator, *quantity.denominator)
    hadrons = {part.form.hadron for part in parts if isinstance(part, Rate)}
    return bool(hadrons) and all(h and any(d.sees(h) for d in detectors) for h in hadrons)


@dataclass(frozen=True)
class InvisibleProbability:
    """P_inv of an observable; ``print`` shows the table.

    Attributes
    ----------
    observable : str or tuple
        Which one.
    detectors : tuple of Detector
        As they were given.
    value : float
        P_inv: the prediction with decays of N over that with stable N, nan if that is 0.
    stable, prediction : float
        These predictions.
    channels : dict of str to (float, float)
        Of every final state, ``nu N1`` the sum over flavours, the part of the rate with stable N
        and P_inv; for a ratio those of its numerator. ``long distance`` is that of a τ.
    lifetimes : dict of str to Lifetime
        Of the N with mass.
    made_with : dict
        Options, settings that are not the shipped ones, and versions, see `settings.provenance`.
    """

    observable: Observable
    detectors: tuple[Detector, ...]
    value: float
    stable: float
    prediction: float
    channels: dict[str, tuple[float, float]]
    lifetimes: dict[str, Lifetime]
    made_with: dict[str, Any]

    def __str__(self) -> str:
        lines = [
            f"{self.observable} in {', '.join(map(str, self.detectors))}",
            f"P_inv = {self.value:.6g}: {self.prediction:.6g} of {self.stable:.6g} with stable N",
            *(f"{N} of {life.m_N:g} GeV: {life}" for N, life in self.lifetimes.items()),
            "",
            f"{'final state':14}{'part of rate':>14}{'P_inv':>12}",
        ]
        for state, (part, probability) in self.channels.items():
            lines.append(f"{state:14}{part:14.4g}{probability:12.6g}")
        return "\n".join(lines)


def invisible_probability(
    observable: Observable,
    coefficients: Any = None,
    *,
    detector: str | Detector | Sequence[str | Detector],
    scale: float | None = None,
    eft: str | None = None,
    basis: str | None = None,
    par: Mapping[str, ArrayLike] | None = None,
    options: Mapping[str, Any] | None = None,
) -> InvisibleProbability:
    """The probability that an event of a decay stays invisible in a detector.

    Parameters
    ----------
    observable : str or tuple
        Of this package, of a decay of a meson or baryon.
    coefficients : mapping of str to complex, object or None
        As in `decays`; None: mixing alone.
    detector : str, Detector or list of these
        ``Belle II``, ``ALEPH``, ``NA62`` or a `Detector`; the first one of a list that sees the
        decay counts.
    scale, eft, basis : float, str and str
        MSbar scale (GeV), EFT and basis of a mapping of coefficients.
    par : mapping of str to float, optional
        Parameters that differ from the central values of ``flavio.default_parameters``: masses and
        mixings.
    options : mapping of str to object, optional
        Options of running and matching, as for `NuWilson`.

    Returns
    -------
    InvisibleProbability
        P_inv of the observable and of its final states, and lifetimes.

    Raises
    ------
    InvalidValue
        If there is no such detector, or it does not see the decay.
    UnknownObservable, UnknownCoefficient, UnknownParameter, UnknownBasis, InvalidMass, InvalidShape

    Notes
    -----
    All N of an event have to leave the detector or to decay to neutrinos alone,
    `formulas.survival`; what a detector is says `physics.detectors`, and how N decay
    `physics.n_decays`. N' from decays of N count as invisible. Active neutrinos alone are always
    invisible, and so is the long-distance part of a τ.

    N of 1.5 GeV that couple by one operator of b and s of 0.02 TeV^-2 at 1 TeV, with the option
    ``running="full"``, live 4.7 s (``lnqd3_1123``, by the dipole that it makes) or 1.5e3 s
    (``lnqd1_1123``, by charged currents), and for ever with ``qn_2311``: all invisible, and those
    that decay in tension with BBN if they were in equilibrium, unless they mix. ``lnqd1_1132`` and
    ``lnqd3_1132`` contain currents of s and u: 0.04 s and 0.01 s.
    """
    (chosen,) = as_observables([observable])
    overrides = parameters_of(par)
    for name, value in overrides.items():
        if value.ndim:
            raise InvalidShape(f"{name} must be a number, not of shape {value.shape}")
    full = central_parameters(overrides)
    wc_obj, _ = point(coefficients, scale, eft, basis, options)
    function, arguments = quantity_of(chosen)
    name = chosen if isinstance(chosen, str) else chosen[0]
    observed = Observed([(name, function, arguments)], detector, full)
    quantity: Quantity = function(full, *arguments)
    channels.neutrino_masses(full)
    events = Events(observed.detectors, wc_obj, full)
    stable, prediction = evaluate(quantity, wc_obj, full), evaluate(quantity, wc_obj, full, events)
    if not np.isfinite([stable, prediction]).all():
        raise InvalidValue(f"{name} is not finite with coefficients, or a bin, of such a size")
    cite([_PAPER])
    return InvisibleProbability(
        observable=chosen,
        detectors=observed.detectors,
        value=prediction / stable if stable else np.nan,
        stable=stable,
        prediction=prediction,
        channels=_channels(quantity, wc_obj, full, events),
        lifetimes=lifetimes(events, full),
        made_with=settings.provenance(wc_obj),
    )


def _state(lepton: str | None, channel: int) -> str:
    if lepton is None:
        return " ".join("nu" if a < 3 else f"N{a - 2}" for a in PAIRS[channel])
    return f"{lepton} {'nu' if channel < 3 else f'N{channel - 2}'}"


def _channels(
    quantity: Quantity, wc_obj: Any, par: Mapping[str, float], events: Events
) -> dict[str, tuple[float, float]]:
    """Of every final state of the rates its part, and P_inv."""
    sums: dict[str, np.ndarray] = {}
    for rate in quantity.numerator:
        if not isinstance(rate, Rate):
            continue
        C = channels.couplings(wc_obj, par, rate.couplings)
        used = np.flatnonzero(C.any(axis=1))
        if not len(used):
            continue
        first, second = (C[used][:, indices] for indices in rate.terms)
        products = rate.factor * (first * second.conj()).real
        forms = rate.forms(par, used)
        seen = events.forms(par, rate, used, forms)
        for k, *values in zip(
            used.tolist(), (forms * products).sum(1), (seen * products).sum(1), strict=True
        ):
            state = _state(rate.couplings.lepton, k)
            sums[state] = sums.get(state, np.zeros(2)) + np.array(values)
    if quantity.offset:
        sums["long distance"] = np.full(2, quantity.offset)
    total = sum(value[0] for value in sums.values())
    return {
        state: (float(without / total), float(left / without))
        for state, (without, left) in sums.items()
        if without
    }
