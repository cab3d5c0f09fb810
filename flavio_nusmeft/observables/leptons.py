"""Decays of charged leptons: τ -> l + inv, μ -> e + inv."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..physics import lepton_decays
from ..physics.modes import LEPTON_TEX
from ..physics.rates import Quantity, scaled
from .specs import Par, Spec

__all__ = ["TOTALS", "specs"]

_QED = ("Pich:2013lsa",)
#: by the leptons of the decay
TOTALS = {
    "taue": "BR(tau->einv)",
    "taumu": "BR(tau->muinv)",
    "mue": "Gamma/Gamma_SM(mu->einv)",
}


def _tau(final: str, par: Par) -> Quantity:
    return Quantity((lepton_decays.rate("tau", final),))


def _muon(par: Par) -> Quantity:
    """The width over that of the SM with the same Fermi constant."""
    rate = lepton_decays.rate("mu", "e")
    return Quantity((scaled(rate, 1 / lepton_decays.standard_muon(par)),))


def specs() -> Iterator[Spec]:
    """The rows of the table."""
    process = r"Process :: $%s$ lepton decays :: Leptonic tree-level decays :: %s :: $%s$"
    for final in ("e", "mu"):
        tex = rf"\tau^-\to {LEPTON_TEX[final]}^-\,\text{{inv}}"
        yield Spec(
            TOTALS[f"tau{final}"],
            (),
            partial(_tau, final),
            f"Branching ratio of ${tex}$",
            rf"$\text{{BR}}({tex})$",
            process % (r"\tau", r"$\tau\to \ell$ + invisible", tex),
            _QED,
        )
    tex = r"\mu^-\to e^-\,\text{inv}"
    yield Spec(
        TOTALS["mue"],
        (),
        _muon,
        f"Width of ${tex}$ over that of the SM with the same Fermi constant",
        rf"$\Gamma/\Gamma_\text{{SM}}({tex})$",
        process % (r"\mu", r"$\mu\to e$ + invisible", tex),
    )
