"""The effective theories with N, from high to low scales, and wilson's theories without N.

This is the one table of them: what an EFT contains, in which bases it runs and where it ends.
"""

from __future__ import annotations

from typing import NamedTuple

from ..errors import UnknownBasis

__all__ = ["HIGH", "LOW", "THEORIES", "EffectiveTheory", "check_reached", "theory_of"]


class EffectiveTheory(NamedTuple):
    """An EFT with sterile neutrinos.

    Attributes
    ----------
    eft : str
        Its name in WCxf.
    standard : str
        wilson's EFT of the same scales without sterile neutrinos.
    hub : str
        The basis of both in which they run and are matched here.
    readable : tuple of str
        The bases of `standard` in which wilson runs and flavio reads.
    up, down : str
        The quarks, light ones first.
    leptons : int
        Number of charged leptons.
    end : str
        The field of `chain.Settings` with the scale of matching to the next theory; empty for the
        last one.
    """

    eft: str
    standard: str
    hub: str
    readable: tuple[str, ...]
    up: str
    down: str
    leptons: int
    end: str

    @property
    def flavours(self) -> int:
        """Number of quark flavours."""
        return len(self.up) + len(self.down)

    def contains(self, other: EffectiveTheory) -> bool:
        """Whether there is a way from here down to the other: it has no more quarks."""
        return self.flavours >= other.flavours


_JMS = ("JMS", "flavio")
#: by the name of the EFT with N
THEORIES: dict[str, EffectiveTheory] = {
    theory.eft: theory
    for theory in (
        EffectiveTheory("nuSMEFT", "SMEFT", "Warsaw", ("Warsaw",), "uct", "dsb", 3, "matching"),
        EffectiveTheory("nuWET", "WET", "JMS", _JMS, "uc", "dsb", 3, "m_b"),
        EffectiveTheory("nuWET-4", "WET-4", "JMS", _JMS, "uc", "ds", 3, "m_c"),
        EffectiveTheory("nuWET-3", "WET-3", "JMS", _JMS, "u", "ds", 2, ""),
    )
}
_BY_STANDARD = {theory.standard: theory for theory in THEORIES.values()}
#: the theory above the electroweak scale, and those below
HIGH, *LOW = THEORIES.values()


def theory_of(eft: str) -> EffectiveTheory | None:
    """The theory with N of the same scales as an EFT, with or without N."""
    return THEORIES.get(eft) or _BY_STANDARD.get(eft)


def check_reached(source: str, target: EffectiveTheory) -> None:
    """Check that an EFT with coefficients has all quarks of another.

    Raises
    ------
    UnknownBasis
    """
    known = theory_of(source)
    if known is not None and not known.contains(target):
        sterile = source in THEORIES
        high, low = (t.eft if sterile else t.standard for t in (HIGH, target))
        give = high if target is HIGH else f"{low} or {high}"
        others = "of decays below m_Z" if target is HIGH else "that need no heavier quarks"
        raise UnknownBasis(
            f"cannot run from {source} up to {low}: give coefficients of {give}, or choose"
            f" observables {others}"
        )
