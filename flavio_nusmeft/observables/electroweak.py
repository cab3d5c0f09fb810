"""Z -> inv, W -> l + inv, h -> inv: flavio's widths and those of N."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..physics import electroweak
from ..physics.modes import CHARGED_LEPTONS, LEPTON_TEX
from ..physics.rates import Part, Quantity, scaled
from .specs import Par, Spec

__all__ = ["specs"]

_OPERATORS = "arXiv:2411.07220"
_Z, _W, _H = ("Freitas:2014hra", "Brivio:2017vri"), ("Brivio:2017vri",), ("Falkowski:2019hvp",)


# the parts with N come first: they say in one line which coefficients cannot reach m_Z


def _z_invisible(par: Par) -> Quantity:
    """A third of the invisible width, as flavio's mean over the flavours."""
    tree, twice = electroweak.z_rate(), electroweak.counted_twice("Z")
    parts = scaled(tree, 1 / 3), scaled(twice, 1 / 3), electroweak.z_invisible()
    return Quantity(parts)


def _w_tree(lepton: str) -> tuple[Part, ...]:
    return electroweak.w_rate(lepton), electroweak.counted_twice("W", lepton)


def _w_leptonic(lepton: str) -> tuple[Part, ...]:
    return (*_w_tree(lepton), electroweak.w_leptonic(lepton))


def _w_branching_ratio(lepton: str, par: Par) -> Quantity:
    tree = [part for x in CHARGED_LEPTONS for part in _w_tree(x)]
    total: tuple[Part, ...] = (*tree, electroweak.w_total())
    return Quantity(_w_leptonic(lepton), denominator=total)


def _w_ratio(first: str, second: str, par: Par) -> Quantity:
    return Quantity(_w_leptonic(first), denominator=_w_leptonic(second))


def _h_invisible(par: Par) -> Quantity:
    """Without the 0.1% of h -> ZZ* -> 4ν in the Standard Model."""
    rate = electroweak.h_rate()
    return Quantity((rate,), denominator=(rate, electroweak.h_total()))


def specs() -> Iterator[Spec]:
    """The rows of the table."""
    tex = r"Z^0\to\text{inv}"
    yield Spec(
        "Gamma(Z->inv)",
        (),
        _z_invisible,
        f"A third of the partial width of ${tex}$, GeV",
        rf"$\Gamma({tex})/3$",
        f"Process :: $Z^0$ decays :: Flavour conserving decays :: ${tex}$",
        (_OPERATORS, *_Z),
    )
    leptonic = r"Process :: $W^\pm$ decays :: Leptonic decays"
    for lepton in CHARGED_LEPTONS:
        tex = rf"W^\pm\to {LEPTON_TEX[lepton]}^\pm\,\text{{inv}}"
        yield Spec(
            f"BR(W->{lepton}inv)",
            (),
            partial(_w_branching_ratio, lepton),
            f"Branching ratio of ${tex}$",
            rf"$\text{{BR}}({tex})$",
            f"{leptonic} :: ${tex}$",
            (_OPERATORS, *_W),
        )
    tex = r"W^\pm\to \ell^\pm\,\text{inv}"
    for first, second in (("tau", "e"), ("mu", "e"), ("tau", "mu")):
        ratio = rf"R_{{{LEPTON_TEX[first]} {LEPTON_TEX[second]}}}({tex})"
        yield Spec(
            f"R{first}{second}(W->linv)",
            (),
            partial(_w_ratio, first, second),
            f"Ratio of branching ratios ${ratio}$, first over second lepton",
            f"${ratio}$",
            f"{leptonic} :: ${tex}$",
            (_OPERATORS, *_W),
        )
    tex = r"h\to\text{inv}"
    yield Spec(
        "BR(h->inv)",
        (),
        _h_invisible,
        rf"Branching ratio of ${tex}$, without $h\to ZZ^*\to 4\nu$",
        rf"$\text{{BR}}({tex})$",
        f"Process :: Higgs decay :: ${tex}$",
        (_OPERATORS, *_H),
    )
