"""Running and matching of the operators with N from any EFT and scale down to another.

Everything is linear in the coefficients, so the way between two scales is a `LinearMap` that is
built once.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from wilson import wcxf

from .evolution import Ckm, evolution
from .flavour import Arrays, LinearMap, from_arrays
from .matching import match
from .operators import JMS, WARSAW
from .running import M_T, decouple, qcd_evolution, run_nuwet
from .theories import HIGH, LOW, THEORIES

__all__ = ["PARAMETERS", "Settings", "needs_ckm", "nusmeft_map", "nuwet_map"]


class Settings(NamedTuple):
    """What the running and matching depends on, beside the scales.

    ``running`` is ``qcd`` or ``full``; ``alpha_s`` at m_Z; ``loops`` of QCD; ``matching``, ``m_b``,
    ``m_c`` are the scales of the thresholds (GeV), the others wilson's parameters; ``sm`` are, for
    ``full``, all of wilson's parameters at m_Z.
    """

    running: str
    alpha_s: float
    loops: int
    matching: float
    m_b: float
    m_c: float
    qed: bool
    Vus: float
    Vub: float
    Vcb: float
    gamma: float
    GF: float
    alpha_e: float
    m_W: float
    sm: tuple[float, ...] = ()


#: names of wilson's parameters among the settings
PARAMETERS = ("Vus", "Vub", "Vcb", "gamma", "GF", "alpha_e", "m_W")


def _run_nusmeft(C: Arrays, start: float, end: float, settings: Settings) -> Arrays:
    if start == end:
        return C
    if settings.running == "full":
        ckm = Ckm(*(getattr(settings, name) for name in Ckm._fields))
        return evolution(start, end, settings.alpha_s, ckm, settings.sm, settings.loops)(C)
    factors = qcd_evolution(start, end, settings.alpha_s, loops=settings.loops)
    return {name: factors[WARSAW[name].qcd] * array for name, array in C.items()}


def _run_nuwet(
    C: Arrays, source: str, start: float, target: str, end: float, settings: Settings
) -> Arrays:
    """Down through the thresholds; what has heavier quarks is left to the caller."""
    alpha_e = settings.alpha_e if settings.running == "full" and settings.qed else 0.0
    qcd = settings.alpha_s, settings.loops
    passed = LOW[LOW.index(THEORIES[source]) : LOW.index(THEORIES[target])]
    for theory in passed:
        threshold = getattr(settings, theory.end)
        C = run_nuwet(C, start, threshold, theory.flavours, *qcd, alpha_e)
        C = decouple(C, threshold, theory.flavours, *qcd)
        start = threshold
    return run_nuwet(C, start, end, THEORIES[target].flavours, *qcd, alpha_e)


@lru_cache(maxsize=256)
def _currents(sectors: tuple[str, ...]) -> str:
    """Which currents `match` has to compute for the sectors."""
    leptons = any(sector.startswith("nunu") for sector in sectors) or "ffnunu" in sectors
    charged = any(sector.endswith("nu") and not sector.endswith("nunu") for sector in sectors)
    up = "cununu" in sectors or "ffnunu" in sectors
    down = any(sector.endswith("nunu") and sector != "cununu" for sector in sectors)
    return "d" * down + "u" * up + "c" * charged + "e" * leptons


@lru_cache(maxsize=256)
def needs_ckm(running: str, sectors: tuple[str, ...]) -> bool:
    """Whether the way from nuSMEFT to the sectors depends on the CKM matrix."""
    return running == "full" or not set(_currents(sectors)) <= {"d", "e"}


@cache
def _names(eft: str, sectors: tuple[str, ...]) -> frozenset[str]:
    known = wcxf.Basis[eft, THEORIES[eft].hub].sectors
    return frozenset(name for sector in sectors for name in known.get(sector, ()))


@lru_cache(maxsize=256)
def nuwet_map(
    source: str,
    start: float,
    target: str,
    end: float,
    sectors: tuple[str, ...],
    settings: Settings,
) -> LinearMap:
    """Map of independent coefficients with N to those of nuWET (-4, -3) in some sectors.

    Parameters
    ----------
    source : nuSMEFT (Warsaw), nuWET, nuWET-4 or nuWET-3 (JMS), with as many flavours as ``target``
        or more
    start, end : scales, GeV
    """

    def function(C: Arrays) -> dict[str, complex]:
        eft, scale = source, start
        if source == HIGH.eft:
            C = _run_nusmeft(C, start, settings.matching, settings)
            C = match(C, settings._asdict(), _currents(sectors))
            eft, scale = LOW[0].eft, settings.matching
            if scale >= M_T:  # where nuSMEFT still has the top quark
                C = decouple(C, scale, 6, settings.alpha_s, settings.loops)
        C = _run_nuwet(C, eft, scale, target, end, settings)
        names = _names(target, sectors)
        return {name: value for name, value in from_arrays(C, JMS).items() if name in names}

    return LinearMap(WARSAW if source == HIGH.eft else JMS, function)


@lru_cache(maxsize=64)
def nusmeft_map(start: float, end: float, settings: Settings) -> LinearMap:
    """Map of independent Warsaw coefficients with N between two scales (GeV) of nuSMEFT."""
    return LinearMap(WARSAW, lambda C: from_arrays(_run_nusmeft(C, start, end, settings), WARSAW))
