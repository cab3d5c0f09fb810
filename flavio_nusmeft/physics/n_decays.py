"""Decays of N: partial widths by final state, from operators and mixing together.

Couplings are those of `channels.couplings`, for the pairs (ν_a, N), (N', N) and for l with N, so
that exchange of W and Z by mixing interferes with operators. As in arXiv:1805.08567 it is taken at
tree level, with s_W² = 1 - m_W²/m_Z²: the electroweak logarithm of l q q' is 2.3%, those of the
other channels are as large. N is a Majorana particle: the
conjugate of every final state counts. Mesons and charged leptons are at 2 GeV (those with a b quark
at flavio's scale of leptonic B decays), quarks at m_N, photons and neutrinos at m_Z, where nuSMEFT
ends.

- two bodies: l P, ν P (`formulas.two_body`), l V, ν V (`formulas.vector_two_body`), of those mesons
  whose decay constants flavio has. Densities of η and η' contain the anomaly: only their axial
  vector currents count
- ν l l', all pairs of charged leptons, and ν q q', l q q', from 1 GeV, all with `quark_widths.
  fermion`; quarks with MSbar masses and the QCD corrections of hadronic decays of τ, as in
  arXiv:1805.08567
- 3 ν by mixing, G_F² m_N⁵ |U|²/(96 π³) to first order; N' with two ν by ln and phin, not by
  mixing, which makes |U|² times the width of 3 ν (``left_out`` says so)
- ν γ from the dipoles nW and nB

Hadrons are what is larger, the sum of mesons or that of quarks; what the mesons lack is called
``more hadrons``. Left out are pairs of mesons below 1 GeV, as of scalar currents, N -> ν γ by loops
of mixing, e e from photons of a dipole, off-shell h, dipoles of W and Z, nn, and form factors
m_N²/m_W² of heavy N.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import flavio
import numpy as np

from ..eft.flavour import to_arrays
from ..eft.matching import match_leptons, sine_squared
from ..eft.objects import promote
from ..eft.operators import N_ACTIVE, N_NEUTRINOS, WARSAW
from ..eft.theories import HIGH, THEORIES, theory_of
from ..eft.wilson import NuWilson
from ..errors import InvalidMass
from ..formulas.electroweak import n_to_nu_photon
from ..formulas.widths import COMPONENTS
from . import channels
from .cache import ParameterCache, Recorder
from .channels import STERILE, CouplingSet
from .charged_couplings import has_coefficients
from .mixing import rotation
from .modes import CHARGED_LEPTONS
from .n_channels import (
    FIRST_QUARKS,
    LOW,
    PAIR_INDEX,
    TERMS,
    Channel,
    mass_of,
    massless_pair,
    open_channels,
    others,
    scale_of,
)
from .neutral_couplings import left_to_parity

__all__ = ["INVISIBLE", "MORE", "NWidths", "n_widths"]

#: final states of neutrinos alone
INVISIBLE = ("3nu", *(f"{name[2:]} nu nu" for name in STERILE))
MORE = "more hadrons"
# vector mesons without decay constants in flavio, by their quarks
_MISSING = {"dc": "D*+", "sc": "Ds*", "bu": "B*+", "cu": "D*0", "bd": "B*0", "bs": "Bs*"}
_LARGE = 0.01  # m_N²/m_W², from which on it is named
_NOT_DECAYING = {"nn": "operators of four N", "nphi": "operators of N with h"}
# of C_ab and C_ba: V and T are antisymmetric
_TRANSPOSED = np.array([-1.0 if component[0] in "VT" else 1.0 for component in COMPONENTS])


class NWidths(NamedTuple):
    """Partial widths (GeV) by final state, shape (masses,); they add up to the total.

    ``mesons``, ``quarks``: the sums of mesons and, with QCD corrections, of quarks, of which the
    larger one counts. ``left_out``: what the coefficients have that is in no width.
    """

    widths: dict[str, np.ndarray]
    mesons: np.ndarray
    quarks: np.ndarray
    left_out: tuple[str, ...]


def _qcd(par: Mapping[str, float], mass: float) -> float:
    """1 + Δ_QCD, that of hadronic decays of τ, as in arXiv:1805.08567."""
    a = flavio.physics.running.running.get_alpha_s(par, mass) / np.pi
    return float(1 + a + 5.2 * a**2 + 26.4 * a**3)


_cached_qcd = ParameterCache(_qcd)


def on_shell(par: Mapping[str, float]) -> Recorder:
    """The parameters with the s_W² of decays of N, 1 - m_W²/m_Z²."""
    result = par.copy() if isinstance(par, Recorder) else Recorder(par)
    result["s2w"] = 1 - (par["m_W"] / par["m_Z"]) ** 2
    return result


class _Couplings:
    """Couplings of one N, each set once."""

    def __init__(self, wc_obj: Any, par: Mapping[str, float], n: int) -> None:
        self.wc_obj = promote(wc_obj) if has_coefficients(wc_obj) else None
        self.par, self.n = on_shell(par), n
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
                result[a] = C[PAIR_INDEX[a, self.n]]
            elif a > self.n:
                result[a] = _TRANSPOSED * C[PAIR_INDEX[self.n, a]]
        return result

    def products(self, channel: Channel, scale: float) -> np.ndarray:
        """Of the couplings, shape (partners, terms): l, or ν, summed over flavours, and N'."""
        part = "vector" if channel.meson in ("eta", "eta'") else "N" if channel.lepton else "all"
        C = self.of(CouplingSet(channel.quarks, channel.lepton, scale, part))
        first, second = TERMS[channel.kind]
        products = (C[:, first] * C[:, second].conj()).real
        if channel.lepton is not None:
            return products
        return np.array([products[:N_ACTIVE].sum(axis=0), *products[others(self.n)]])

    def neutrinos(self, partner: int) -> np.ndarray:
        """Products for N -> N' ν ν, summed over flavours, shape (terms,), from ln and phin."""
        first, second = TERMS["leptons"]
        if not isinstance(self.wc_obj, NuWilson) or self.wc_obj.wc.eft != HIGH.eft:
            return np.zeros(len(first))
        values = self.wc_obj.sterile_high(self.par["m_Z"], self.par)
        wanted = {k: v for k, v in values.items() if k.partition("_")[0] in ("ln", "phin")}
        C = to_arrays(wanted, WARSAW)
        # the exchange of Z is that of charged leptons, with 2 (T3 - Q s_W²) = 1
        ln = C.get("ln", np.zeros((3, 3, 3, 3), dtype=complex))
        if "phin" in C:
            ln = ln + np.einsum("ij,ba->ijba", np.eye(3), C["phin"])
        arrays = match_leptons({"ln": ln}, sine_squared(self.par))
        total = np.zeros(len(first))
        for i in range(3):
            for j in range(3):
                C_ij = left_to_parity(arrays, i, j, "e")
                c = np.array([C_ij[name][partner, self.n] for name in COMPONENTS])
                total += (c[list(first)] * c[list(second)].conj()).real
        return total


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
    neutral = ["nu", *(STERILE[a - N_ACTIVE][2:] for a in others(n))]

    def add(state: str, width: np.ndarray) -> None:
        if width.any():
            widths[state] = widths.get(state, 0.0) + width

    for channel, forms in open_channels(par, n, tuple(m_N.tolist())):
        width = (forms * _products(found, channel, forms, m_N)).sum(axis=1)
        if channel.kind == "quarks":
            hadrons["quarks"] += width.sum(axis=0)
            left_out += _missing(channel, par, m_N, width)
            continue
        if channel.kind != "leptons":
            hadrons["mesons"] += width.sum(axis=0)
        partners = neutral if channel.lepton is None else [channel.lepton]
        for partner, value in zip(partners, width, strict=True):
            add(f"{partner} {channel.name}", value)
    for state, width in _neutral(found, m_N, neutral).items():
        add(state, width)
    add(INVISIBLE[0], par["GF"] ** 2 * m_N**5 / (96 * np.pi**3) * _three_neutrinos(par, n))
    is_heavy = hadrons["quarks"] > 0
    hadrons["quarks"][is_heavy] *= [_cached_qcd(par, m) for m in m_N[is_heavy].tolist()]
    add(MORE, np.maximum(hadrons["quarks"] - hadrons["mesons"], 0.0))
    left_out += _scalars(found, m_N) + _lighter(found, m_N)
    propagator = float((m_N.max() / par["m_W"]) ** 2)
    if propagator > _LARGE:
        left_out.append(f"corrections of m_N²/m_W², which is {propagator:.0%}")
    return NWidths(widths, hadrons["mesons"], hadrons["quarks"], tuple(dict.fromkeys(left_out)))


def _check_masses(name: str, masses: np.ndarray, m_W: float) -> None:
    for mass in masses.tolist():
        if mass == 0:
            raise InvalidMass(f"{name} = 0: a massless N does not decay; give its mass in GeV")
        if not 0 < mass < np.inf:
            raise InvalidMass(f"{name} = {mass:g} GeV: a mass must be finite and positive")
        if mass > m_W:
            raise InvalidMass(
                f"{name} = {mass:g} GeV is above m_W = {m_W:g} GeV, where N decays to W and Z and"
                " nuWET does not hold"
            )


def _three_neutrinos(par: Mapping[str, float], n: int) -> float:
    """Of N -> ν ν ν by Z exchange, relative to |U|² = 1: three massless Majorana neutrinos.

    The Z couples to K = Wᵀ P W, P the active fields; the amplitude of ν_a ν_b and, with the
    opposite helicity, ν_c is K_an K_bc + K_bn K_ac, of which the square is summed.
    """
    W = rotation(par)
    if W is None:
        return 0.0
    K = W[:N_ACTIVE].T @ W[:N_ACTIVE]
    k, light = K[:N_ACTIVE, n], K[:N_ACTIVE, :N_ACTIVE]
    return float(k @ k * np.trace(light @ light) + k @ light @ light @ k) / 4


def _products(
    found: _Couplings, channel: Channel, forms: np.ndarray, m_N: np.ndarray
) -> np.ndarray:
    """Of the couplings, shape (partners, terms, masses or 1)."""
    scale = scale_of(channel)
    if scale is not None:
        return found.products(channel, scale)[..., None]
    products = np.zeros_like(forms)
    for i in np.flatnonzero(forms.any(axis=(0, 1))).tolist():
        products[..., i] = found.products(channel, float(m_N[i]))
    return products


def _neutral(found: _Couplings, m_N: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """ν γ, N' γ and N' ν ν; N' γ is (1 - m'²/m²)³ times the width of a massless N'."""
    result: dict[str, np.ndarray] = {}
    if not found.reaches("photon", None):
        return result
    # where nuSMEFT ends, as in `boson_couplings.photon_couplings`
    scale = float(found.par["m_Z"])
    if isinstance(found.wc_obj, NuWilson):
        scale = float(found.wc_obj.get_option("smeft_matchingscale"))
    which = CouplingSet("photon", None, scale)
    d = found.all(which)[:, [COMPONENTS.index("T+"), COMPONENTS.index("T-")]]
    partners = (range(N_ACTIVE), *([a] for a in others(found.n)))
    for name, group in zip(names, partners, strict=True):
        pairs = [PAIR_INDEX[min(a, found.n), max(a, found.n)] for a in group]
        mass = mass_of(found.par, group[0])
        closing = np.maximum(1 - (mass / m_N) ** 2, 0.0) ** 3
        dipole = np.asarray(np.linalg.norm(d[pairs]))
        result[f"{name} gamma"] = closing * n_to_nu_photon(m_N, dipole)
        if name != "nu":
            products = found.neutrinos(group[0])
            if products.any():
                result[f"{name} nu nu"] = products @ massless_pair(m_N, mass)
    return result


def _unreached(found: _Couplings) -> list[str]:
    """What operators have, or their EFT does not have."""
    if found.wc_obj is None:
        return []
    wc, result = found.wc_obj.wc, []
    theory = theory_of(wc.eft)
    if theory is None:
        return []
    if isinstance(found.wc_obj, NuWilson) and theory is not HIGH:
        result.append(f"nu gamma: {wc.eft} has no dipole of N")
    missing = [q for q in "cb" if q not in theory.up + theory.down]
    missing += ["tau"] * (theory.leptons < len(CHARGED_LEPTONS))
    if missing:
        result.append(f"operators with {', '.join(missing)}: {wc.eft} has none, only mixing counts")
    for name, what in _NOT_DECAYING.items():
        if any(key.partition("_")[0] == name and value for key, value in wc.dict.items()):
            result.append(f"{name}: {what}")
    return result


def _missing(
    channel: Channel, par: Mapping[str, float], m_N: np.ndarray, width: np.ndarray
) -> list[str]:
    """Vector mesons that have no decay constant, in transitions that there are."""
    meson = _MISSING.get(channel.quarks)
    if meson is None or not width.any():
        return []
    partner = channel.lepton or "nu"
    m_l = 0.0 if channel.lepton is None else par[f"m_{channel.lepton}"]
    if m_N.max() < par[f"m_{meson}"] + m_l:
        return []
    return [f"{partner} {meson.rstrip('+')}, which is among '{MORE}': no decay constant"]


def _scalars(found: _Couplings, m_N: np.ndarray) -> list[str]:
    """Scalar currents of light quarks, which make two mesons, where quarks do not count."""
    if not ((m_N > 2 * found.par["m_pi0"]) & (m_N < FIRST_QUARKS)).any():
        return []
    scalar = COMPONENTS.index("S+"), COMPONENTS.index("P+")
    sets = [CouplingSet(quarks, None, LOW) for quarks in ("uu", "dd", "ss", "sd")]
    sets += [CouplingSet(q, lepton, LOW) for q in ("du", "su") for lepton in CHARGED_LEPTONS]
    if any(found.of(which)[:, scalar].any() for which in sets):
        return [f"scalar currents of quarks below {FIRST_QUARKS:g} GeV, which make two mesons"]
    return []


def _lighter(found: _Couplings, m_N: np.ndarray) -> list[str]:
    """N' ν ν by mixing of both, with or without an operator."""
    W = rotation(found.par)
    if W is None or not W[:N_ACTIVE, found.n].any():
        return []
    return [
        f"{STERILE[a - N_ACTIVE][2:]} nu nu by mixing, small as its |U|²"
        for a in others(found.n)
        if W[:N_ACTIVE, a].any() and 0 < mass_of(found.par, a) < m_N.max()
    ]
