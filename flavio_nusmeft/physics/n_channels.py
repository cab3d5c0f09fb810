"""The final states of decays of N, and the coefficients of their widths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import flavio
import numpy as np

from ..eft.operators import N_ACTIVE, N_NEUTRINOS
from ..formulas.quadrature import nodes
from ..formulas.quark_widths import QUARK_TERMS, fermion
from ..formulas.two_body import TWO_BODY_TERMS, fermion_pseudoscalar
from ..formulas.vector_two_body import VECTOR_TWO_BODY_TERMS, fermion_vector
from ..formulas.widths import term_indices
from . import channels
from .cache import ParameterCache
from .modes import CHARGED_LEPTONS
from .neutral_couplings import PAIRS

__all__ = [
    "CHANNELS",
    "FIRST_QUARKS",
    "LOW",
    "PAIR_INDEX",
    "TERMS",
    "Channel",
    "mass_of",
    "massless_pair",
    "open_channels",
    "others",
    "scale_of",
]

LOW = 2.0  # GeV, the scale of mesons and leptons
FIRST_QUARKS = 1.0  # GeV, m_N from which on quarks count
_COLOURS = 3
PAIR_INDEX = {pair: k for k, pair in enumerate(PAIRS)}


class Channel(NamedTuple):
    """A final state: what there is beside ν, N' or l.

    ``kind``: P, V, leptons or quarks; ``quarks`` as in `CouplingSet`, ``lepton`` the charged one
    or None; ``copies``: 2 if the conjugate is another state; ``meson`` by flavio's name.
    """

    name: str
    kind: str
    quarks: str
    lepton: str | None
    copies: int
    meson: str = ""


_NEUTRAL_MESONS = (
    ("P", "pi0", "pi0", 1),
    ("P", "eta", "eta", 1),
    ("P", "eta'", "eta'", 1),
    ("P", "K0", "sd", 2),
    ("P", "D0", "cu", 2),
    ("P", "B0", "bd", 2),
    ("P", "Bs", "bs", 2),
    ("P", "eta_c(1S)", "cc", 1),
    ("P", "eta_b(1S)", "bb", 1),
    ("V", "rho0", "rho0", 1),
    ("V", "omega", "omega", 1),
    ("V", "phi", "ss", 1),
    ("V", "K*0", "sd", 2),
    *(("V", name, "cc", 1) for name in ("J/psi", "psi(2S)")),
    *(("V", f"Upsilon({n}S)", "bb", 1) for n in (1, 2, 3)),
)
_CHARGED_MESONS = (
    ("P", "pi+", "du"),
    ("P", "K+", "su"),
    ("P", "D+", "dc"),
    ("P", "Ds", "sc"),
    ("P", "B+", "bu"),
    ("P", "Bc", "bc"),
    ("V", "rho+", "du"),
    ("V", "K*+", "su"),
)
_LEPTONS = ("ee", "mumu", "tautau", "mue", "taue", "taumu")
_NEUTRAL_QUARKS = ("uu", "dd", "ss", "cc", "bb", "cu", "sd", "bd", "bs")
_CHARGED_QUARKS = tuple(down + up for down in "dsb" for up in "uc")


def _pair(leptons: str) -> tuple[str, str]:
    """The initial and the final lepton of a transition."""
    first = next(name for name in CHARGED_LEPTONS if leptons.startswith(name))
    return first, leptons[len(first) :]


def _channels() -> Iterator[Channel]:
    for leptons in _LEPTONS:
        first, second = _pair(leptons)
        yield Channel(f"{second} {first}", "leptons", leptons, None, 1 + (first != second))
    for kind, meson, quarks, copies in _NEUTRAL_MESONS:
        yield Channel(meson, kind, quarks, None, copies, meson)
    for lepton in CHARGED_LEPTONS:
        for kind, meson, quarks in _CHARGED_MESONS:
            yield Channel(meson.rstrip("+"), kind, quarks, lepton, 2, meson)
    for quarks in _NEUTRAL_QUARKS:
        yield Channel(quarks, "quarks", quarks, None, 1 + (quarks[0] != quarks[1]))
    for lepton in CHARGED_LEPTONS:
        for quarks in _CHARGED_QUARKS:
            yield Channel(quarks, "quarks", quarks, lepton, 2)


CHANNELS = tuple(_channels())
TERMS = {
    "P": term_indices(TWO_BODY_TERMS),
    "V": term_indices(VECTOR_TWO_BODY_TERMS),
    "leptons": term_indices(QUARK_TERMS),
    "quarks": term_indices(QUARK_TERMS),
}


def scale_of(channel: Channel) -> float | None:
    """Of the couplings, GeV; None: m_N."""
    if channel.kind == "quarks":
        return None
    is_heavy = channel.kind in "PV" and "b" in channel.quarks
    return float(flavio.config["renormalization scale"]["bll"]) if is_heavy else LOW


def _meson_form(
    par: Mapping[str, float], channel: Channel, m_f: np.ndarray, m_N: np.ndarray
) -> np.ndarray:
    running = flavio.physics.running.running
    meson, scale = channel.meson, scale_of(channel)
    mass = par[f"m_{meson}"]
    if channel.kind == "V":
        constant = par["f_rho0" if meson == "rho+" else f"f_{meson}"]  # isospin
        if f"fT_{meson}" in par:
            tensor = par[f"fT_{meson}"]
        else:
            tensor = running.get_f_perp(par, meson, scale)
        return fermion_vector(mass, constant, tensor, m_f, m_N)
    mixed = meson in ("pi0", "eta", "eta'")
    quarks = "ud" if mixed else channel.quarks
    quark_masses = sum(running.get_mq(quark, par, scale) for quark in quarks)
    constant = par["f_pi0" if mixed else f"f_{meson}"]
    return fermion_pseudoscalar(mass, constant, quark_masses, m_f, m_N)


def _masses_of_pair(par: Mapping[str, float], channel: Channel) -> tuple[float, float]:
    """Masses of f_i and f_j (GeV), of (fbar_i Γ f_j)."""
    if channel.kind == "leptons":
        initial, final = _pair(channel.quarks)
    else:
        initial, final = tuple(channel.quarks)
    return par[f"m_{final}"], par[f"m_{initial}"]


def _form(
    par: Mapping[str, float], channel: Channel, m_f: np.ndarray, m_N: np.ndarray
) -> np.ndarray:
    """Coefficients of the width, with copies and colours, shape (terms, masses)."""
    if channel.kind in "PV":
        return channel.copies * _meson_form(par, channel, m_f, m_N)
    m_i, m_j = (np.full_like(m_N, mass) for mass in _masses_of_pair(par, channel))
    q2, weights = nodes(m_i, m_j, (m_N - m_f) ** 2)
    columns = (mass[:, None] for mass in (m_N, m_f, m_i, m_j))
    width = (fermion(q2, *columns) * weights).sum(axis=-1)
    return channel.copies * (_COLOURS if channel.kind == "quarks" else 1) * width


def massless_pair(m_N: np.ndarray, m_f: float) -> np.ndarray:
    """Coefficients of the width of N -> f with two massless neutrinos, shape (terms, masses)."""
    width = np.zeros((len(QUARK_TERMS), len(m_N)))
    is_open = m_N > m_f
    some = m_N[is_open]
    zero = np.zeros_like(some)
    q2, weights = nodes(zero, zero, (some - m_f) ** 2)
    columns = (mass[:, None] for mass in (some, zero + m_f, zero, zero))
    width[:, is_open] = (fermion(q2, *columns) * weights).sum(axis=-1)
    return width


def _threshold(par: Mapping[str, float], channel: Channel) -> float:
    """Sum of the masses (GeV) but for that of f."""
    if channel.kind in "PV":
        return par[f"m_{channel.meson}"]
    return sum(_masses_of_pair(par, channel))


def _forms(
    par: Mapping[str, float], n: int, masses: tuple[float, ...]
) -> list[tuple[Channel, np.ndarray]]:
    """Channels that are open, and their coefficients, shape (partners, terms, masses).

    Partners are l, or ν and the two other N.
    """
    m_N, result = np.array(masses), []
    neutral = [0.0, *(mass_of(par, a) for a in others(n))]
    for channel in CHANNELS:
        partners = neutral if channel.lepton is None else [par[f"m_{channel.lepton}"]]
        size = len(TERMS[channel.kind][0])
        forms: dict[float, np.ndarray] = {}
        for m_f in partners:
            is_open = m_N > m_f + _threshold(par, channel)
            if channel.kind == "quarks":
                is_open &= m_N >= FIRST_QUARKS
            if m_f not in forms and is_open.any():
                forms[m_f] = np.zeros((size, len(m_N)))
                some = m_N[is_open]
                forms[m_f][:, is_open] = _form(par, channel, np.full_like(some, m_f), some)
        if forms:
            closed = np.zeros((size, len(m_N)))
            result.append((channel, np.array([forms.get(m, closed) for m in partners])))
    return result


def mass_of(par: Mapping[str, float], a: int) -> float:
    """Of a neutrino by its index, GeV."""
    return channels.masses(par, None, PAIR_INDEX[a, a])[0]


def others(n: int) -> list[int]:
    """Indices of the other two N."""
    return [a for a in range(N_ACTIVE, N_NEUTRINOS) if a != n]


#: ``open_channels(par, n, masses)``: of the neutrino with index n, for a tuple of masses (GeV)
open_channels = ParameterCache(_forms, maxsize=64)
