"""B -> M + inv (short distance) and B -> M l + inv: rates, F_L, lepton polarisation.

B is any initial hadron, also a K or D. The forms of `rates` are integrated once and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flavio
import numpy as np

from ..formulas.quadrature import SMALLEST, bin_nodes, nodes
from ..formulas.quark_widths import QUARK_TERMS, baryon
from ..formulas.survival import Survival
from ..formulas.widths import (
    POLARISED_PSEUDOSCALAR_TERMS,
    POLARISED_VECTOR_TERMS,
    PSEUDOSCALAR_TERMS,
    VECTOR_TERMS,
    polarised_pseudoscalar,
    polarised_vector,
    pseudoscalar,
    term_indices,
    vector,
)
from . import channels, kaons
from .cache import ParameterCache, Recorder
from .detectors import Events
from .formfactors import form_factors
from .modes import SEMI_INVISIBLE, SEMILEPTONIC, ExclusiveMode
from .rates import Form, Quantity, Rate, Spectra

__all__ = [
    "Shift",
    "coupling_set",
    "longitudinal",
    "longitudinal_rate",
    "polarisation",
    "rate",
    "spectrum",
    "spectrum_slopes",
]

Shift = tuple[tuple[str, float], ...]  # changes of parameters: (name, what is added)

_MODES = SEMI_INVISIBLE | SEMILEPTONIC
_AXIAL = PSEUDOSCALAR_TERMS.index(("A+", "A+"))
# the widths and their pairs of couplings, by the spin of M
_RATE, _POLARISED = "rate", "polarised"
_WIDTHS: dict[tuple[str, float], Callable[..., Any]] = {
    (_RATE, 0): pseudoscalar,
    (_RATE, 0.5): baryon,
    (_RATE, 1): vector,
    (_POLARISED, 0): polarised_pseudoscalar,
    (_POLARISED, 1): polarised_vector,
}
_TERMS = {
    (_RATE, 0): term_indices(PSEUDOSCALAR_TERMS),
    (_RATE, 0.5): term_indices(QUARK_TERMS),
    (_RATE, 1): term_indices(VECTOR_TERMS),
    (_POLARISED, 0): term_indices(POLARISED_PSEUDOSCALAR_TERMS),
    (_POLARISED, 1): term_indices(POLARISED_VECTOR_TERMS),
}


def _coefficients(
    par: Mapping[str, float],
    mode: ExclusiveMode,
    quantity: str,
    scale: float,
    q2: np.ndarray,
    ffs: Mapping[str, np.ndarray],
    m1: np.ndarray,
    m2: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Coefficients of dBR/dq² or of its polarised analogue (GeV^-2), shape (terms, ...).

    The rest is the shape of q², the form factors and the masses; for a rate to a hadron with spin
    the total and the longitudinal ones.
    """
    running = flavio.physics.running.running
    # with a charged lepton the u quark is massless, as in flavio
    m_b, m_q = (
        0.0 if quark == "u" and mode.lepton else running.get_mq(quark, par, scale)
        for quark in mode.quarks
    )
    m_B, m_M = par[f"m_{mode.B}"], par[f"m_{mode.M}"]

    def widths(
        q2: np.ndarray, ffs: Mapping[str, np.ndarray], m1: np.ndarray, m2: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        width = _WIDTHS[quantity, mode.spin](q2, m_B, m_M, m1, m2, ffs, m_b, m_q)
        return width if isinstance(width, tuple) else (width,)

    factor = par[f"tau_{mode.B}"] * mode.isospin
    if mode.width_factor is not None:
        factor = factor * par[mode.width_factor]
    for name in mode.corrections:
        factor = factor * (1 + par[name]) ** 2
    if mode.kaon is not None:
        zero = np.zeros(1)
        points, weights = nodes(zero, zero, (m_B - m_M) ** 2)
        massless = form_factors(mode.form_factors, par, points)
        total = widths(points, massless, zero[:, None], zero[:, None])[0][_AXIAL]
        factor = kaons.massless_rate(par, mode.kaon, scale) / float((total * weights).sum())
    return tuple(part * factor for part in widths(q2, ffs, m1, m2))


def _spectra(
    par: Mapping[str, float],
    kind: tuple[Any, ...],
    q2min: float,
    q2max: float,
    pairs: tuple[tuple[float, float], ...],
) -> Spectra:
    """Quadratic forms of what `_coefficients` returns: in a bin, or at q² = q2min = q2max."""
    name, quantity, scale = kind
    mode = _MODES[name]
    endpoint = (par[f"m_{mode.B}"] - par[f"m_{mode.M}"]) ** 2
    m1, m2 = np.array(pairs).T
    if q2min == q2max:
        q2, weights = _point(m1, m2, endpoint, q2min)
    else:
        q2, weights = nodes(m1, m2, endpoint, q2min, q2max)
    ffs = form_factors(mode.form_factors, par, q2)
    parts = _coefficients(par, mode, quantity, scale, q2, ffs, m1[:, None], m2[:, None])
    found = tuple(part * weights for part in parts)
    return Spectra(q2, found, par[f"m_{mode.B}"], par[f"m_{mode.M}"])


def _forms(
    par: Mapping[str, float],
    kind: tuple[Any, ...],
    q2min: float,
    q2max: float,
    pairs: tuple[tuple[float, float], ...],
) -> tuple[np.ndarray, ...]:
    """`_spectra` integrated, shape (pairs of masses, terms)."""
    return _spectra(par, kind, q2min, q2max, pairs).integrals()


def _point(
    m1: np.ndarray, m2: np.ndarray, endpoint: float, q2: float
) -> tuple[np.ndarray, np.ndarray]:
    """One node of weight 1 at q², of weight 0 where q² lies outside of phase space."""
    threshold = (m1 + m2) ** 2
    is_open = (threshold < q2) & (q2 <= endpoint) | (threshold == 0) & (q2 == 0)
    inside = min(max(q2, SMALLEST), endpoint)
    return np.full((len(m1), 1), inside), is_open[:, None].astype(float)


_cached_forms = ParameterCache(_forms)
_cached_spectra = ParameterCache(_spectra, maxsize=256)  # up to 10 kB each


def _scale(mode: ExclusiveMode) -> float:
    return float(flavio.config["renormalization scale"][mode.scale])


def coupling_set(mode: ExclusiveMode, scale: float) -> channels.CouplingSet:
    """The couplings of a mode at a renormalisation scale (GeV)."""
    part = "long" if mode.kaon == "long" else "light" if mode.quarks == "su" else "all"
    return channels.CouplingSet(mode.quarks, mode.lepton, scale, part)


def _rate(
    mode: ExclusiveMode, q2min: float, q2max: float, quantity: str = _RATE, part: int = 0
) -> Rate:
    """Of the parts that `_coefficients` returns, one."""
    scale = _scale(mode)
    kind = (mode.name, quantity, scale)
    form = Form(_cached_forms, kind, (q2min, q2max), part, _cached_spectra, mode.B)
    return Rate(coupling_set(mode, scale), form, _TERMS[quantity, mode.spin])


def rate(mode: ExclusiveMode, q2min: float = 0.0, q2max: float = np.inf) -> Rate:
    """Branching ratio in q2min < q² < q2max (GeV²), without the long-distance part.

    With q2min = q2max it is dBR/dq² (GeV^-2) at this point. Outside of phase space it is 0.
    """
    return _rate(mode, q2min, q2max)


def longitudinal_rate(mode: ExclusiveMode, q2min: float = 0.0, q2max: float = np.inf) -> Rate:
    """As `rate`, with a longitudinal M, a hadron with spin."""
    return _rate(mode, q2min, q2max, part=1)


def longitudinal(mode: ExclusiveMode, q2min: float = 0.0, q2max: float = np.inf) -> Quantity:
    """Longitudinal fraction F_L, to a hadron with spin, in a bin or at q² = q2min = q2max.

    It is 0 where phase space is closed.
    """
    part = longitudinal_rate(mode, q2min, q2max)
    return Quantity((part,), denominator=(rate(mode, q2min, q2max),), undefined=0.0)


def polarisation(mode: ExclusiveMode, q2min: float = 0.0, q2max: float = np.inf) -> Quantity:
    """Longitudinal polarisation P = (Γ(+1/2) - Γ(-1/2))/Γ of the charged lepton.

    Of a bin or at the point q² = q2min = q2max; 0 where phase space is closed.

    ±1/2 is the helicity of l^- in the rest frame of the lepton pair (of q), for the decay of a b
    quark, Bbar -> M l^- + inv, as in arXiv:1212.1878. For l^+ in the decays of B the sign of the
    helicity is the opposite: P is (Γ(-1/2) - Γ(+1/2))/Γ, the same number, since no coupling enters
    with its imaginary part.
    """
    part = _rate(mode, q2min, q2max, _POLARISED)
    return Quantity((part,), denominator=(rate(mode, q2min, q2max),), undefined=0.0)


class _BinSpectra(NamedTuple):
    """Forms of one pair of masses in many bins before they are integrated.

    ``q2``: nodes, GeV², shape (nodes,); ``values``: forms times the weights of the nodes, shape
    (terms, shifts, nodes); ``starts``: the first node of every bin that has nodes; ``open``: which
    bins these are; ``size``: number of all bins.
    """

    q2: np.ndarray
    values: np.ndarray
    starts: np.ndarray
    open: np.ndarray
    size: int

    def integrals(self, weights: np.ndarray | float = 1.0) -> np.ndarray:
        """With a factor at every node, shape (shifts, bins, terms)."""
        sums = np.add.reduceat(self.values * weights, self.starts, axis=-1)
        terms, shifts = self.values.shape[:2]
        result = np.zeros((shifts, self.size, terms))
        result[:, self.open] = np.moveaxis(sums, 0, -1)
        return result


def _bin_spectra(
    par: Recorder,
    kind: tuple[Any, ...],
    edges: tuple[float, ...],
    shifts: tuple[Shift, ...],
    m1: float,
    m2: float,
) -> _BinSpectra:
    """As `_spectra`, for one pair of masses and many bins at once."""
    name, quantity, scale = kind
    mode = _MODES[name]
    endpoint = (par[f"m_{mode.B}"] - par[f"m_{mode.M}"]) ** 2
    low, high = np.array(edges[:-1]), np.array(edges[1:])
    is_open = ((m1 + m2) ** 2 < high) & (low < endpoint)
    q2, weights, bins = bin_nodes(m1, m2, endpoint, low[is_open], high[is_open])
    ffs = _shifted_form_factors(par, mode, shifts, q2)
    masses = np.array(m1), np.array(m2)
    total = _coefficients(par, mode, quantity, scale, q2, ffs, *masses)[0]
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    open_bins = np.flatnonzero(is_open)[bins[starts]]
    return _BinSpectra(q2, total * weights, starts, open_bins, len(is_open))


def _pair_spectrum(
    par: Recorder,
    kind: tuple[Any, ...],
    edges: tuple[float, ...],
    shifts: tuple[Shift, ...],
    m1: float,
    m2: float,
) -> np.ndarray:
    """As `_forms`, for one pair of masses and many bins at once, shape (shifts, bins, terms)."""
    return _bin_spectra(par, kind, edges, shifts, m1, m2).integrals()


def _shifted_form_factors(
    par: Recorder, mode: ExclusiveMode, shifts: tuple[Shift, ...], q2: np.ndarray
) -> dict[str, np.ndarray]:
    """Form factors for every shift of parameters, shape (shifts, nodes)."""
    rows = []
    for shift in shifts:
        shifted = par.copy()
        for name, step in shift:
            shifted[name] = par[name] + step
        rows.append(form_factors(mode.form_factors, shifted, q2))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


# an entry has 8 kB per shift
_cached_pair_spectrum = ParameterCache(_pair_spectrum, maxsize=512)
# here it has 80 kB per shift
_cached_bin_spectra = ParameterCache(_bin_spectra, maxsize=16)


def spectrum(
    par: Mapping[str, float],
    mode: ExclusiveMode,
    edges: tuple[float, ...],
    wc_obj: Any,
    shifts: tuple[Shift, ...] = ((),),
    events: Events | None = None,
) -> np.ndarray:
    """Branching ratios in many bins at once, equal to those of `rate` in every bin.

    Parameters
    ----------
    edges : of the bins in q², increasing, GeV²
    wc_obj : any object with Wilson coefficients; None: the SM
    shifts : changes of parameters that the couplings and masses do not depend on
    events : of ``wc_obj`` and ``par``: what stays invisible in detectors. P_inv at every q² depends
        on masses and widths of N alone, so it is the same for all shifts

    Returns
    -------
    ndarray
        Shape (shifts, bins). Only pairs of masses with couplings are integrated.
    """
    scale = _scale(mode)
    C = channels.couplings(wc_obj, par, coupling_set(mode, scale))
    first, second = _TERMS[_RATE, mode.spin]
    return _of_products(par, mode, edges, (C[:, first] * C[:, second].conj()).real, shifts, events)


def spectrum_slopes(
    par: Mapping[str, float],
    mode: ExclusiveMode,
    edges: tuple[float, ...],
    wc_obj: Any,
    columns: np.ndarray,
    shifts: tuple[Shift, ...] = ((),),
) -> np.ndarray:
    """Derivatives of `spectrum` by variables in which the couplings are linear.

    Parameters
    ----------
    columns : derivatives of the couplings, shape (variables, channels, 10)

    Returns
    -------
    ndarray
        Shape (variables, shifts, bins).
    """
    scale = _scale(mode)
    C = channels.couplings(wc_obj, par, coupling_set(mode, scale))
    first, second = _TERMS[_RATE, mode.spin]
    products = (
        columns[:, :, first] * C[:, second].conj() + C[:, first] * columns[:, :, second].conj()
    ).real
    return np.array([_of_products(par, mode, edges, product, shifts) for product in products])


def _of_products(
    par: Mapping[str, float],
    mode: ExclusiveMode,
    edges: tuple[float, ...],
    products: np.ndarray,
    shifts: tuple[Shift, ...],
    events: Events | None = None,
) -> np.ndarray:
    """The spectrum for products of couplings, shape (channels, terms)."""
    kind = (mode.name, _RATE, _scale(mode))
    products = products / channels.symmetry_factors(mode.lepton)[:, None]
    m_B, m_M = par[f"m_{mode.B}"], par[f"m_{mode.M}"]
    by_pair: dict[tuple[tuple[float, float], Survival | None], np.ndarray] = {}
    for channel, product in enumerate(products):
        if product.any():
            survival = None
            if events is not None:
                survival = events.survival(mode.B, mode.lepton, channel, m_B, m_M)
            pair = channels.masses(par, mode.lepton, channel), survival
            by_pair[pair] = by_pair[pair] + product if pair in by_pair else product
    result = np.zeros((len(shifts), len(edges) - 1))
    for ((m1, m2), survival), product in by_pair.items():
        if survival is None:
            forms = _cached_pair_spectrum(par, kind, edges, shifts, m1, m2)
        else:
            found = _cached_bin_spectra(par, kind, edges, shifts, m1, m2)
            forms = found.integrals(survival(found.q2))
        result += forms @ product
    return result
