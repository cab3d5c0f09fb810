"""What experiments say about the channels of the figures: limits, bands and expected reach."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .. import _data
from ..measurements import Result, find, result, results
from ..measurements import dataset as dataset_names
from .theory import Theory

__all__ = ["CHANNELS", "Z_POLE", "Band", "Channel", "Experiment", "Line", "experiment"]


class Channel(NamedTuple):
    """A decay: its observables (those of charged modes with and without the tau part), and TeX."""

    observables: tuple[str, ...]
    tex: str


CHANNELS: dict[str, Channel] = {
    "Bs->inv": Channel(("BR(Bs->inv)",), r"B_s"),
    "B0->K*inv": Channel(("BR(B0->K*inv)",), r"B^0\to K^{*0}"),
    "B+->K*inv": Channel(("BR(B+->K*inv)", "BR_SD(B+->K*inv)"), r"B^+\to K^{*+}"),
    "B0->Kinv": Channel(("BR(B0->Kinv)",), r"B^0\to K^0"),
    "B+->Kinv": Channel(("BR(B+->Kinv)", "BR_SD(B+->Kinv)"), r"B^+\to K^+"),
}
# decays that need the Z pole, for which nothing has been measured
Z_POLE: dict[str, Channel] = {
    "Bs->phiinv": Channel(("BR(Bs->phiinv)",), r"B_s\to\phi"),
    "Lambdab->Lambdainv": Channel(("BR(Lambdab->Lambdainv)",), r"\Lambda_b\to\Lambda"),
}


@dataclass(frozen=True)
class Line:
    """A branching ratio of a channel that is excluded, or that Belle II or FCC-ee will reach.

    Attributes
    ----------
    channel : str
        Name of the channel.
    value : float
        Branching ratio.
    kind : str
        ``limit``, ``reach``, ``improved reach`` (Belle II) or ``FCC-ee reach``.
    text : str
        Confidence level, luminosity or collider.
    source : str
        Measurement or paper.
    """

    channel: str
    value: float
    kind: str
    text: str
    source: str


@dataclass(frozen=True)
class Band:
    """The interval of one standard deviation of a measurement.

    Attributes
    ----------
    channel : str
        Name of the channel.
    low : float
        Lower edge, branching ratio.
    high : float
        Upper edge, branching ratio.
    label : str
        For legends, LaTeX.
    belle2 : bool
        Of Belle II alone (hatched).
    member : bool
        Belongs to the data set (filled).
    source : str
        Measurement.
    """

    channel: str
    low: float
    high: float
    label: str
    belle2: bool
    member: bool
    source: str


@dataclass(frozen=True)
class Experiment:
    """All that the figures show of a data set.

    Attributes
    ----------
    dataset : str
        ``paper2023`` or ``current``.
    observables : mapping of str to str
        By channel, which branching ratio is measured: with or without the tau part.
    limits : mapping of str to Line
        The strongest limit by channel.
    reach : tuple of Line
        Expected reach of Belle II.
    bands : tuple of Band
        Measurements.
    prospects : tuple of Line
        Expected reach of FCC-ee, also for `Z_POLE`.
    """

    dataset: str
    observables: Mapping[str, str]
    limits: Mapping[str, Line]
    reach: tuple[Line, ...]
    bands: tuple[Band, ...]
    prospects: tuple[Line, ...] = ()


def experiment(dataset: str, theory: Theory | None = None) -> Experiment:
    """The strongest limits, the measured bands and the expected reach for a data set.

    Parameters
    ----------
    dataset : str
        ``paper2023`` or ``current``.
    theory : Theory, optional
        Its parameters are those of the SM rates that the reach refers to.

    Returns
    -------
    Experiment
        Limits, bands and reach.

    Raises
    ------
    UnknownDataset

    Notes
    -----
    Bands are the measured values of the data set. If none of them is of Belle II alone, the
    alternatives of Belle II are added. A channel with a band has no line for the limits of earlier
    searches, which are part of the likelihoods all the same: that of BaBar on B+ -> K+ + inv,
    1.3e-5, is below the band of Belle II.

    The reach, of Belle II and of FCC-ee, is the SM branching ratio plus the expected uncertainty
    for data that agree with the SM: BR_SM + mu BR_SM(short distance) for an uncertainty mu of the
    signal strength. A branching ratio above it is more than one standard deviation away from the
    SM expectation. Published reaches of branching ratios are taken as they are. The uncertainty of
    the SM rates themselves is not part of it.
    """
    dataset_names(dataset)
    observables, limits, bands = {}, {}, []
    for channel, (candidates, _) in CHANNELS.items():
        found = [(o, results(o, dataset)) for o in candidates]
        observable, known = next((pair for pair in found if pair[1]), found[0])
        observables[channel] = observable
        values = [(r, True) for r in known if r.central is not None]
        upper = [r for r in known if r.limit is not None]
        if upper and not values:
            text = f"{upper[0].confidence_level:.0%} CL"
            limits[channel] = Line(channel, upper[0].limit or 0.0, "limit", text, _name(upper[0]))
        if values and not any(_is_belle2(r.measurement) for r, _ in values):
            values += [(r, False) for r in _alternatives(observable, dataset)]
        bands += [_band(channel, r, member) for r, member in values]
    measured = observables | {channel: names[0] for channel, (names, _) in Z_POLE.items()}
    reach, prospects = (_reach(collider, measured, theory) for collider in ("Belle II", "FCC-ee"))
    return Experiment(dataset, observables, limits, reach, tuple(bands), prospects)


def _reach(
    collider: str, observables: Mapping[str, str], theory: Theory | None
) -> tuple[Line, ...]:
    benchmarks = _data.load_yaml("benchmarks.yml")[f"{collider} reach"]
    short = {channel: (CHANNELS | Z_POLE)[channel].observables[-1] for channel in benchmarks}
    wanted = {*short.values(), *(observables[channel] for channel in benchmarks)}
    standard = (theory or Theory()).predict(sorted(wanted), {}, 0.0)
    lines = []
    for channel, entry in benchmarks.items():
        if "branching ratio" in entry:
            values = entry["branching ratio"]
        else:
            sm, unit = float(standard[observables[channel]]), float(standard[short[channel]])
            values = {k: sm + mu * unit for k, mu in entry["signal strength"].items()}
        text = f"{entry['luminosity']} ab^-1" if "luminosity" in entry else collider
        for quality, value in values.items():
            kind = "reach" if quality == "baseline" else "improved reach"
            kind = kind if collider == "Belle II" else f"{collider} {kind}"
            lines.append(Line(channel, float(value), kind, text, entry["source"]))
    return tuple(lines)


def _alternatives(observable: str, name: str) -> list[Result]:
    """Values of Belle II that may replace a member of the data set."""
    entries = _data.load_yaml("datasets.yml")["alternatives"]
    found = [
        result(observable, measurement)
        for measurement, entry in entries.items()
        if entry["data set"] == name and _is_belle2(measurement)
    ]
    return [r for r in found if r is not None and r.central is not None]


def _is_belle2(measurement: str) -> bool:
    return bool(find(measurement).experiment == "Belle II")


def _name(found: Result) -> str:
    return found.measurement.removeprefix("flavio_nusmeft ")


def _band(channel: str, found: Result, member: bool) -> Band:
    central, plus, minus = (
        float(value or 0.0) for value in (found.central, found.error_plus, found.error_minus)
    )
    belle2 = _is_belle2(found.measurement)
    exponent = math.floor(math.log10(central))
    value, up, down = (f"{x / 10**exponent:.1f}" for x in (central, plus, minus))
    error = rf"\pm{up}" if up == down else rf"^{{+{up}}}_{{-{down}}}"
    number = rf"$({value}{error})\times 10^{{{exponent}}}$"
    label = f"{'Belle II' if belle2 else 'average'} {number}"
    return Band(channel, central - minus, central + plus, label, belle2, member, _name(found))
