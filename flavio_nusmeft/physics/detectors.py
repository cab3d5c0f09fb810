"""Where N have to decay to be seen, and the probability that an event stays invisible.

A `Detector` is a ball around the decay, in which a decay of N to anything but neutrinos is seen.
Distances in a real one depend on the direction: its barrel and its endcaps are at different ones,
so P_inv is a good estimate of the size of the effect, and no more where it is far from 1.

The pair of N is taken to be isotropic in its rest frame (`formulas.survival`). That is exact for
scalar currents and for two-body decays. The angles of amplitudes change P_inv of B -> K, K* + inv,
for masses up to 2.2 GeV, at rest and with the boosts below, by at most 0.012 for pairs of equal N
with a vector current, and for ν N by 0.035 (vector current) and 0.031 (tensor); of B -> V with one
chirality of the neutrino, as in charged currents, by 0.053. It is most where P_inv is near 1/2.

N' from N -> N' + neutrinos counts as invisible, also where it decays itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import constants

from .._inputs import brief, names, number, text
from ..citations import cite
from ..eft.operators import N_ACTIVE
from ..errors import InvalidValue, NoEffectWarning, listed, nearest, warn
from ..formulas.survival import Decaying, Survival
from .channels import STERILE, symmetry_factors
from .channels import masses as channel_masses
from .n_decays import INVISIBLE, n_widths
from .neutral_couplings import PAIRS
from .rates import Quantity, Rate, evaluate

__all__ = ["DETECTORS", "Detector", "Events", "Observed", "as_detectors"]

_PAPER = "arXiv:1805.08567"  # of decays by mixing
_HBAR_C = constants.hbar * constants.c / constants.e * 1e-9  # GeV m
# of what a detector sees: the average of the charges of B, as of inclusive decays, too
_B_MESONS = ("B+", "B0", "B", "Bs")


@dataclass(frozen=True)
class Detector:
    """A ball around the decay, in which decays of N are seen.

    Attributes
    ----------
    name : str
        For tables and messages.
    radius : float
        Of the ball, m: how far N have to fly in the laboratory. With 0 every event is invisible, as
        without a detector.
    boost : float
        βγ of the hadron that decays, in the laboratory.
    hadrons : tuple of str
        The hadrons whose decays it sees, by flavio's names, ``B`` for the average of B+ and B0;
        empty: all. They are those for which ``boost`` is meant.

    Raises
    ------
    InvalidValue
        If the radius or the boost is negative, or not a number.
    """

    name: str
    radius: float
    boost: float = 0.0
    hadrons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", text("name of a detector", self.name))
        object.__setattr__(self, "hadrons", tuple(names("hadrons", self.hadrons)))
        for what, unit in (("radius", " m"), ("boost", "")):
            value = number(f"{what} of {self.name}", getattr(self, what))
            if not 0 <= value < np.inf:
                raise InvalidValue(
                    f"{what} of {self.name} = {value:g}{unit}: must be finite and not negative"
                )
            object.__setattr__(self, what, value)

    def __str__(self) -> str:
        return f"{self.name} (radius {self.radius:g} m, βγ = {self.boost:g})"

    def sees(self, hadron: str) -> bool:
        """Whether it sees decays of a hadron.

        Parameters
        ----------
        hadron : str
            By flavio's name.

        Returns
        -------
        bool
            Whether it does.
        """
        return not self.hadrons or hadron in self.hadrons


#: the detectors that have a name
DETECTORS = {
    detector.name: detector
    for detector in (
        # To the last of the 15 layers of the barrel KLM: from 201.9 cm gaps of 4.4 cm (the first
        # 4.1 cm) and between them 4.7 cm of iron; basf2, klm/data/BKLM.xml. Beams of 7.007 and
        # 4.000 GeV: βγ = 3.007/10.588 of the Υ(4S), in whose frame the momentum of B (0.33 GeV) is
        # left out.
        Detector("Belle II", 3.33, 0.284, _B_MESONS),
        # Coil 5.3 m in diameter, around it 1.2 m of iron, the hadron calorimeter: "ALEPH
        # experiment", Wikipedia; what lies between them would make it larger. The mean energy of B
        # is 0.716 of that of the beam, 45.6 GeV, hep-ex/0106051.
        Detector("ALEPH", 3.85, 6.1, (*_B_MESONS, "Lambdab")),
        # From the middle of the decay region, 105 to 170 m after the target (na62.web.cern.ch, page
        # on LAV), to the calorimeter LKr at 240.4 m (cLKrStartPos in the code of NA62); K+ of
        # 75 GeV, arXiv:2312.17188. N fly along the beam.
        Detector("NA62", 102.9, 151.9, ("K+",)),
    )
}


def as_detectors(value: Any) -> tuple[Detector, ...]:
    """The argument ``detector``: a name, a `Detector`, or a list of these.

    Raises
    ------
    InvalidValue
        If there is no detector of a name.
    """
    if isinstance(value, (str, Detector)):
        value = [value]
    if not isinstance(value, Iterable) or isinstance(value, Mapping):
        value = [value] if value is not None else []
    found = []
    for item in value:
        if isinstance(item, str) and item in DETECTORS:
            found.append(DETECTORS[item])
        elif isinstance(item, Detector):
            found.append(item)
        else:
            hint = nearest(item, DETECTORS) if isinstance(item, str) else ""
            raise InvalidValue(
                f"{brief(item)} is not a detector: there are {', '.join(DETECTORS)}, and"
                f" nus.Detector(name, radius, boost) makes one{hint}"
            )
    if not found:
        raise InvalidValue(f"give a detector: {', '.join(DETECTORS)}, or a nus.Detector")
    return tuple(found)


def _of_hadron(detectors: Iterable[Detector], hadron: str, observable: str = "") -> Detector:
    """The first detector that sees the decays of a hadron.

    Raises
    ------
    InvalidValue
        If none does, or there is no hadron: P_inv of the decay is not known.
    """
    of = f"{observable}: " * bool(observable)
    if not hadron:
        raise InvalidValue(
            f"{of}the probability that N stay invisible is for decays of mesons and baryons only;"
            " predict others without a detector"
        )
    for detector in detectors:
        if detector.sees(hadron):
            return detector
    others = [name for name, one in DETECTORS.items() if one.sees(hadron)]
    given = " and ".join(one.name for one in detectors)
    raise InvalidValue(
        f"{of}{given} sees no decays of {hadron}: give a detector that does, too,"
        f" {' or '.join([*others, 'a nus.Detector'])}"
    )


class Events:
    """Events at a point of coefficients and parameters: what N do in detectors.

    Parameters
    ----------
    detectors : as from `as_detectors`
    wc_obj : object with coefficients, or None
    par : all parameters
    """

    def __init__(
        self, detectors: tuple[Detector, ...], wc_obj: Any, par: Mapping[str, float]
    ) -> None:
        self.detectors, self.wc_obj, self.par = detectors, wc_obj, par
        self._widths: dict[int, tuple[float, float]] = {}

    def widths(self, N: int) -> tuple[float, float]:
        """Total width of N1, N2 or N3, GeV, and the fraction of its decays to neutrinos alone.

        A stable one has the fraction 1.
        """
        found = self._widths.get(N)
        if found is None:
            total, hidden = 0.0, 0.0
            if self.par[STERILE[N - 1]]:
                widths = n_widths(self.wc_obj, self.par, N).widths
                total = float(sum(width[0] for width in widths.values()))
                hidden = float(sum(widths[name][0] for name in INVISIBLE if name in widths))
            found = self._widths[N] = total, hidden / total if total else 1.0
        return found

    @property
    def produced(self) -> dict[str, bool]:
        """The N whose width was asked for, and whether they decay."""
        return {f"N{k}": width > 0 for k, (width, _) in self._widths.items()}

    def survival(
        self, hadron: str, lepton: str | None, channel: int, m_M: float, m_R: float
    ) -> Survival | None:
        """P_inv of the pair of a channel in decays of a hadron; None for a stable pair.

        What is heavier than the hadron is not produced.
        """
        detector = _of_hadron(self.detectors, hadron)
        indices = PAIRS[channel] if lepton is None else (-1, channel)
        found = []
        for index in indices:
            N = index - N_ACTIVE + 1
            mass = self.par[STERILE[N - 1]] if N > 0 else 0.0
            if not detector.radius or not 0 < mass < m_M:
                found.append(Decaying())
                continue
            width, hidden = self.widths(N)
            found.append(Decaying(detector.radius * mass * width / _HBAR_C, hidden))
        if not any(one.kappa for one in found):
            return None
        masses = channel_masses(self.par, lepton, channel)
        return Survival(m_M, m_R, masses, (found[0], found[1]), detector.boost)

    def forms(
        self, par: Mapping[str, float], rate: Rate, chosen: np.ndarray, stable: np.ndarray
    ) -> np.ndarray:
        """`Rate.forms` times P_inv, from that with stable N."""
        hadron, lepton, result = rate.form.hadron, rate.couplings.lepton, stable.copy()
        known: dict[Survival, np.ndarray] = {}
        factors = symmetry_factors(lepton)
        for row, channel in enumerate(chosen.tolist()):
            if not stable[row].any():
                continue
            spectrum = rate.form.spectrum_of(par, channel_masses(par, lepton, channel))
            survival = self.survival(hadron, lepton, channel, spectrum.m_M, spectrum.m_R)
            if survival is None:
                continue
            if survival not in known:
                known[survival] = (spectrum.values * survival(spectrum.q2)).sum(axis=-1)
            result[row] = known[survival] / factors[channel]
        return result


class Observed:
    """Observables that count what stays invisible in detectors, one point at a time.

    Parameters
    ----------
    quantities : sequence of (str, callable, tuple)
        Of every observable its name, and what gives its quantity: a function of parameters and
        arguments, and these.
    detector : str, Detector or list of these
        As in `batch.predict`.
    par : mapping of str to float
        All parameters.

    Raises
    ------
    InvalidValue
        If there is no such detector, or none for one of the observables.
    """

    def __init__(
        self,
        quantities: Sequence[tuple[str, Callable[..., Quantity], tuple[float, ...]]],
        detector: Any,
        par: Mapping[str, float],
    ) -> None:
        self.detectors = as_detectors(detector)
        #: N that were produced, and whether any of them decays, at the points until now
        self.produced: dict[str, bool] = {}
        self._functions = [(function, arguments) for _, function, arguments in quantities]
        cite([_PAPER])
        for name, function, arguments in quantities:
            quantity = function(par, *arguments)
            for rate in (*quantity.numerator, *quantity.denominator):
                if isinstance(rate, Rate):
                    _of_hadron(self.detectors, rate.form.hadron, name)

    def __call__(self, wc_obj: Any, par: Mapping[str, float]) -> np.ndarray:
        """Values at one point, shape (observables,)."""
        events = Events(self.detectors, wc_obj, par)
        values = self.of(events)
        for name, decays in events.produced.items():
            self.produced[name] = decays or self.produced.get(name, False)
        return values

    def warn_stable(self, remedy: str = "") -> None:
        """Warn if N were produced, and all of them were stable.

        Parameters
        ----------
        remedy : str, optional
            What may help.

        Warns
        -----
        NoEffectWarning
        """
        if self.produced and not any(self.produced.values()):
            what = f"no coefficient and no mixing makes {listed(self.produced)} decay"
            warn(f"a detector changes nothing: {what}{remedy}", NoEffectWarning)

    def of(self, events: Events) -> np.ndarray:
        """Values at the point of some events, shape (observables,)."""
        wc_obj, par = events.wc_obj, events.par
        quantities = [function(par, *arguments) for function, arguments in self._functions]
        with np.errstate(over="ignore", invalid="ignore"):  # of huge coefficients
            return np.array([evaluate(quantity, wc_obj, par, events) for quantity in quantities])
