"""Decays of N: partial widths by final state, from operators and mixing together.

Couplings are those of `channels.couplings`, for the pairs (ν_a, N), (N', N) and for l with N, so
that exchange of W and Z by mixing interferes with operators. N is a Majorana particle: the
conjugate of every final state counts. Mesons and charged leptons are at 2 GeV (those with a b quark
at flavio's scale of leptonic B decays), quarks at m_N, the photon at m_Z, where nuSMEFT ends.

- two bodies: l P, ν P (`formulas.two_body`), l V, ν V (`formulas.vector_two_body`), of those mesons
  whose decay constants flavio has. Densities of η and η' contain the anomaly: only their axial
  vector currents count
- ν l l', all pairs of charged leptons, and ν q q', l q q', from 1 GeV (`quark_widths.fermion`), with
  QCD corrections as of the hadronic decays of τ (arXiv:1805.08567), and MSbar masses
- 3 ν by mixing, G_F² m_N⁵ |U|²/(96 π³)
- ν γ from the dipoles nW and nB

Hadrons are what is larger, the sum of mesons or that of quarks; what the mesons lack is called
``more hadrons``. Below 1 GeV pairs of mesons, as of scalar currents, are left out; so are the one-loop
N -> ν γ by mixing, photons of a dipole that become e e, off-shell h, dipoles of W and Z, and decays
to other N with neutrinos only. Form factors m_N²/m_W² of heavy N are not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import flavio
import numpy as np

from ..eft.objects import promote
from ..eft.operators import N_ACTIVE, N_NEUTRINOS
from ..eft.theories import THEORIES, theory_of
from ..errors import InvalidMass
from ..formulas.electroweak import n_to_nu_photon
from ..formulas.quadrature import nodes
from ..formulas.quark_widths import QUARK_TERMS, fermion
from ..formulas.two_body import TWO_BODY_TERMS, fermion_pseudoscalar
from ..formulas.vector_two_body import VECTOR_TWO_BODY_TERMS, fermion_vector
from ..formulas.widths import COMPONENTS, term_indices
from . import channels
from .cache import ParameterCache
from .channels import STERILE, CouplingSet
from .charged_couplings import has_coefficients
from .modes import CHARGED_LEPTONS
from .neutral_couplings import PAIRS

__all__ = ["INVISIBLE", "MIXING", "MORE", "NWidths", "n_widths"]

#: parameters of mixing, by flavour and N
MIXING = tuple(tuple(f"U_{lepton}{k}" for lepton in CHARGED_LEPTONS) for k in (1, 2, 3))
INVISIBLE = "3nu"
MORE = "more hadrons"
_LOW = 2.0  # GeV, of mesons and leptons
_FIRST_QUARKS = 1.0  # GeV
_COLOURS = 3


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
# vector mesons without decay constants in flavio, by their quarks
_MISSING = {"dc": "D*+", "sc": "Ds*", "bu": "B*+", "cu": "D*0", "bd": "B*0", "bs": "Bs*"}
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
_TERMS = {
    "P": term_indices(TWO_BODY_TERMS),
    "V": term_indices(VECTOR_TWO_BODY_TERMS),
    "leptons": term_indices(QUARK_TERMS),
    "quarks": term_indices(QUARK_TERMS),
}
# of C_ab and C_ba: V and T are antisymmetric
_TRANSPOSED = np.array([-1.0 if component[0] in "VT" else 1.0 for component in COMPONENTS])
_PAIR_INDEX = {pair: k for k, pair in enumerate(PAIRS)}


def _scale(channel: Channel) -> float | None:
    """Of the couplings, GeV; None: m_N."""
    if channel.kind == "quarks":
        return None
    is_heavy = channel.kind in "PV" and "b" in channel.quarks
    return float(flavio.config["renormalization scale"]["bll"]) if is_heavy else _LOW


def _meson_form(
    par: Mapping[str, float], channel: Channel, m_f: np.ndarray, m_N: np.ndarray
) -> np.ndarray:
    running = flavio.physics.running.running
    meson, scale = channel.meson, _scale(channel)
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
        initial, final = channel.quarks
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
    neutral = [0.0, *(channels.masses(par, None, _PAIR_INDEX[a, a])[0] for a in _others(n))]
    for channel in CHANNELS:
        partners = neutral if channel.lepton is None else [par[f"m_{channel.lepton}"]]
        size = len(_TERMS[channel.kind][0])
        forms: dict[float, np.ndarray] = {}
        for m_f in partners:
            is_open = m_N > m_f + _threshold(par, channel)
            if channel.kind == "quarks":
                is_open &= m_N >= _FIRST_QUARKS
            if m_f not in forms and is_open.any():
                forms[m_f] = np.zeros((size, len(m_N)))
                some = m_N[is_open]
                forms[m_f][:, is_open] = _form(par, channel, np.full_like(some, m_f), some)
        if forms:
            closed = np.zeros((size, len(m_N)))
            result.append((channel, np.array([forms.get(m, closed) for m in partners])))
    return result


def _others(n: int) -> list[int]:
    return [a for a in range(N_ACTIVE, N_NEUTRINOS) if a != n]


_cached_forms = ParameterCache(_forms, maxsize=64)


def _qcd(par: Mapping[str, float], mass: float) -> float:
    """1 + Δ_QCD, that of hadronic decays of τ, as in arXiv:1805.08567."""
    a = flavio.physics.running.running.get_alpha_s(par, mass) / np.pi
    return float(1 + a + 5.2 * a**2 + 26.4 * a**3)


_cached_qcd = ParameterCache(_qcd)


class _Couplings:
    """Couplings of one N, each set once."""

    def __init__(self, wc_obj: Any, par: Mapping[str, float], n: int) -> None:
        self.wc_obj = promote(wc_obj) if has_coefficients(wc_obj) else None
        self.par, self.n = par, n
        self._found: dict[CouplingSet, np.ndarray] = {}

    def reaches(self, quarks: str, lepton: str | None) -> bool:
        """Whether the EFT of the coefficients has all quarks and leptons of a transition."""
        source = None if self.wc_obj is None else theory_of(self.wc_obj.wc.eft)
        return source is None or source.contains(THEORIES[channels.sector(quarks, lepton)[0]])

    def all(self, which: CouplingSet) -> np.ndarray:
        """Those of `channels.couplings`, of the SM alone where the EFT ends."""
        found = self._found.get(which)
        if found is None:
            wc_obj = self.wc_obj if self.reaches(which.quarks, which.lepton) else None
            found = self._found[which] = channels.couplings(wc_obj, self.par, which)
        return found

    def of(self, which: CouplingSet) -> np.ndarray:
        """Those with N: shape (1, 10) with l, else (6, 10)."""
        C = self.all(which)
        if which.lepton is not None:
            return C[self.n, None]
        result = np.zeros((N_NEUTRINOS, C.shape[1]), dtype=complex)
        for a in range(N_NEUTRINOS):
            if a < self.n:
                result[a] = C[_PAIR_INDEX[a, self.n]]
            elif a > self.n:
                result[a] = _TRANSPOSED * C[_PAIR_INDEX[self.n, a]]
        return result

    def products(self, channel: Channel, scale: float) -> np.ndarray:
        """Of the couplings, shape (partners, terms): l, or ν, summed over flavours, and N'."""
        part = "vector" if channel.meson in ("eta", "eta'") else "all"
        C = self.of(CouplingSet(channel.quarks, channel.lepton, scale, part))
        first, second = _TERMS[channel.kind]
        products = (C[:, first] * C[:, second].conj()).real
        if channel.lepton is not None:
            return products
        return np.array([products[:N_ACTIVE].sum(axis=0), *products[_others(self.n)]])


class NWidths(NamedTuple):
    """Partial widths (GeV) by final state, shape (masses,); they add up to the total.

    ``mesons``, ``quarks``: the sums of mesons and, with QCD corrections, of quarks, of which the
    larger one counts. ``left_out``: what the coefficients have that is in no width.
    """

    widths: dict[str, np.ndarray]
    mesons: np.ndarray
    quarks: np.ndarray
    left_out: tuple[str, ...]


def n_widths(
    wc_obj: Any, par: Mapping[str, float], N: int, masses: np.ndarray | None = None
) -> NWidths:
    """Partial widths of N1, N2 or N3.

    Parameters
    ----------
    wc_obj : any flavio or wilson object: SMEFT, WET, nuSMEFT or nuWET, or None for mixing alone
    par : all parameters
    N : 1, 2 or 3
    masses : of this N (GeV), in place of the one in ``par``

    Raises
    ------
    InvalidMass
    """
    n, name = N_ACTIVE + N - 1, STERILE[N - 1]
    m_N = np.atleast_1d(par[name] if masses is None else masses).astype(float)
    _check_masses(name, m_N, par["m_W"])
    found = _Couplings(wc_obj, par, n)
    widths: dict[str, np.ndarray] = {}
    hadrons = {"mesons": np.zeros_like(m_N), "quarks": np.zeros_like(m_N)}
    left_out = _unreached(found)

    def add(name: str, width: np.ndarray) -> None:
        if width.any():
            widths[name] = widths.get(name, 0.0) + width

    names = ["nu", *(STERILE[a - N_ACTIVE][2:] for a in _others(n))]
    for channel, forms in _cached_forms(par, n, tuple(m_N.tolist())):
        scale = _scale(channel)
        if scale is not None:
            products = np.repeat(found.products(channel, scale)[..., None], len(m_N), axis=-1)
        else:
            open_ = np.flatnonzero(forms.any(axis=(0, 1)))
            products = np.zeros_like(forms)
            for i in open_.tolist():
                products[..., i] = found.products(channel, float(m_N[i]))
        width = (forms * products).sum(axis=1)
        if channel.kind == "quarks":
            hadrons["quarks"] += width.sum(axis=0)
            left_out += _missing(channel, par, m_N, width)
            continue
        if channel.kind != "leptons":
            hadrons["mesons"] += width.sum(axis=0)
        for partner, value in zip(
            names if channel.lepton is None else [channel.lepton], width, strict=True
        ):
            add(f"{partner} {channel.name}", value)
    _add_photons(found, m_N, names, add)
    mixing = sum(float(par.get(name, 0.0)) ** 2 for name in MIXING[N - 1])
    add(INVISIBLE, par["GF"] ** 2 * m_N**5 * mixing / (96 * np.pi**3))
    is_heavy = hadrons["quarks"] > 0
    hadrons["quarks"][is_heavy] *= [_cached_qcd(par, m) for m in m_N[is_heavy].tolist()]
    add(MORE, np.maximum(hadrons["quarks"] - hadrons["mesons"], 0.0))
    return NWidths(widths, hadrons["mesons"], hadrons["quarks"], tuple(dict.fromkeys(left_out)))


def _check_masses(name: str, masses: np.ndarray, m_W: float) -> None:
    for mass in masses.tolist():
        if not 0 < mass < np.inf:
            need = "a massless N does not decay: give its mass in GeV" if mass == 0 else "in GeV"
            raise InvalidMass(f"{name} = {mass:g}: {need}")
        if mass > m_W:
            raise InvalidMass(
                f"{name} = {mass:g} GeV is above m_W = {m_W:g} GeV, where N decays to W and Z and"
                " nuWET does not hold"
            )


def _add_photons(found: _Couplings, m_N: np.ndarray, names: list[str], add: Any) -> None:
    """N -> ν γ, and N -> N' γ, (1 - m'²/m²)³ times that of a massless partner."""
    if not found.reaches("photon", None):
        return
    d = found.all(CouplingSet("photon", None, found.par["m_Z"]))[:, 0]
    partners = (range(N_ACTIVE), *([a] for a in _others(found.n)))
    for name, group in zip(names, partners, strict=True):
        squared = sum(abs(d[_PAIR_INDEX[min(a, found.n), max(a, found.n)]]) ** 2 for a in group)
        mass = channels.masses(found.par, None, _PAIR_INDEX[group[0], group[0]])[0]
        closing = np.maximum(1 - (mass / m_N) ** 2, 0.0) ** 3
        add(f"{name} gamma", closing * n_to_nu_photon(m_N, np.sqrt(squared)))


def _unreached(found: _Couplings) -> list[str]:
    """What the EFT of the coefficients does not have."""
    if found.wc_obj is None:
        return []
    wc = found.wc_obj.wc
    result = []
    if not found.reaches("photon", None):
        result.append(f"N -> nu gamma: {wc.eft} has no dipole of N")
    beyond = [c.quarks for c in CHANNELS if not found.reaches(c.quarks, c.lepton) and not c.meson]
    if beyond:
        result.append(
            f"operators of {', '.join(dict.fromkeys(beyond))}: {wc.eft} has none; mixing counts"
        )
    for name, what in (("nn", "four N"), ("nphi", "N with h")):
        if any(key.partition("_")[0] == name and value for key, value in wc.dict.items()):
            result.append(f"{name}: operators of {what}")
    return result


def _missing(
    channel: Channel, par: Mapping[str, float], m_N: np.ndarray, width: np.ndarray
) -> list[str]:
    meson = _MISSING.get(channel.quarks)
    if meson is None or not width.any():
        return []
    m_l = 0.0 if channel.lepton is None else par[f"m_{channel.lepton}"]
    if m_N.max() < par[f"m_{meson}"] + m_l:
        return []
    partner = channel.lepton or "nu"
    return [f"{partner} {meson} alone: no decay constant (it is among '{MORE}')"]
