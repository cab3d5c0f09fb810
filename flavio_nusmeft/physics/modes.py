"""The decay modes: one table."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["INVISIBLE", "SEMI_INVISIBLE", "InvisibleMode", "SemiInvisibleMode"]


@dataclass(frozen=True)
class SemiInvisibleMode:
    """A decay B -> M + inv.

    Attributes
    ----------
    name : as in observables, e.g. ``B+->K*`` for BR(B+->K*inv)
    B, M : flavio's meson names, of the parameters ``m_...``, ``tau_...``, ``f_...``
    form_factors : transition of the form factors
    spin : spin of M
    tex : LaTeX of the transition
    width_factor : parameter that multiplies the short-distance rate, or None
    long_distance : whether the τ resonance contributes
    """

    name: str
    B: str
    M: str
    form_factors: str
    spin: int
    tex: str
    width_factor: str | None = None
    long_distance: bool = False
    quarks: str = "bs"

    @property
    def scale(self) -> str:
        """Key of flavio's configured renormalisation scale."""
        return "bvll" if self.spin else "bpll"


_K_STAR_WIDTH = "B->K* finite width"

SEMI_INVISIBLE = {
    mode.name: mode
    for mode in (
        SemiInvisibleMode("B+->K", "B+", "K+", "B->K", 0, r"B^+\to K^+", long_distance=True),
        SemiInvisibleMode("B0->K", "B0", "K0", "B->K", 0, r"B^0\to K^0"),
        SemiInvisibleMode("B+->K*", "B+", "K*+", "B->K*", 1, r"B^+\to K^{*+}", _K_STAR_WIDTH, True),
        SemiInvisibleMode("B0->K*", "B0", "K*0", "B->K*", 1, r"B^0\to K^{*0}", _K_STAR_WIDTH),
        SemiInvisibleMode("Bs->phi", "Bs", "phi", "Bs->phi", 1, r"B_s\to \phi"),
    )
}


@dataclass(frozen=True)
class InvisibleMode:
    """A decay B -> inv of a neutral meson with quarks b and ``light``."""

    name: str
    B: str
    quarks: str
    tex: str


INVISIBLE = {
    mode.name: mode
    for mode in (
        InvisibleMode("Bs->", "Bs", "bs", "B_s"),
        InvisibleMode("B0->", "B0", "bd", "B^0"),
    )
}
