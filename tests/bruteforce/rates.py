r"""Widths from explicit amplitudes: sum over helicities, numerical angular integral.

Dirac pairs in the parity basis, and Majorana pairs straight from the LEFT and the nuSMEFT
Lagrangian, without the parity basis. The neutrino field :math:`\chi_a`, a = 1..6, is a
four-component Majorana field: its left-handed projection is nu_a for a <= 3, its right-handed
projection is n_{a-3} for a >= 4. A Lagrangian :math:`\sum_{ab}c_{ab}\,\bar\chi_a\Gamma\chi_b`
has two Wick contractions, :math:`c_{ab}\,\bar u_1\Gamma v_2-c_{ba}\,\bar u_2\Gamma v_1` with
:math:`v=C\bar u^T`, and the width has a factor 1/(1+delta_ab).

Masses in GeV, q2 in GeV^2, coefficients in GeV^-2, widths in GeV, dGamma/dq2 in GeV^-1. Flavour
indices are zero-based: quarks (d, s, b) and (u, c, t), neutrinos (nu_1, nu_2, nu_3, N_1, N_2, N_3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .hadronic import Currents, currents_vacuum
from .phasespace import (
    allowed,
    integrate,
    integrate_polarised,
    meson_currents,
    pair_spinors,
    sandwich,
    three_body_factor,
    total_and_longitudinal,
    two_body_factor,
)
from .spinors import GAMMA5, GAMMA_LOW, ID4, PROJECTOR, SIGMA_LOW

Arrays = Mapping[str, np.ndarray]
Pair = tuple[int, int]
# Lorentz type, chirality of the lepton current, chirality of the quark current, c[a, b]
Terms = list[tuple[str, str, str, np.ndarray]]


def _parity_matrix(couplings: Mapping[str, complex], currents: Currents) -> np.ndarray:
    """W for L = sum_i (C_i O_i + C'_i O'_i) in the parity basis, shape (h, 4, 4)."""
    matrix = np.zeros((len(currents.S), 4, 4), dtype=complex)
    for prime, scalar, vector in (("", "R", "L"), ("p", "L", "R")):
        c = {k: complex(couplings.get(k + prime, 0)) for k in "VASPT"}
        matrix += np.einsum("h,ab->hab", currents.scalar(scalar), c["S"] * ID4 + c["P"] * GAMMA5)
        matrix += np.einsum(
            "hm,mab->hab", currents.vector(vector), GAMMA_LOW @ (c["V"] * ID4 + c["A"] * GAMMA5)
        )
        matrix += c["T"] * np.einsum("hmn,mnab->hab", currents.tensor(scalar), SIGMA_LOW)
    return matrix


def _amplitude(
    q2: float, m_B: float, m_M: float, m1: float, m2: float, matrix: np.ndarray, n_theta: int
) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude (meson, theta, f1, f2) of ubar_1 matrix v_2 with the root of the phase space, and
    the weights of the angles."""
    row1, col2, _, _, weight = pair_spinors(q2, m1, m2, n_theta)
    factor = three_body_factor(q2, m_B, m_M, m1, m2)
    return np.sqrt(factor) * sandwich(row1, matrix, col2), weight


def dirac_width(
    q2: float,
    m_B: float,
    m_M: float,
    m1: float,
    m2: float,
    couplings: Mapping[str, complex],
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    spin: int,
    n_theta: int = 16,
) -> tuple[float, float]:
    r"""dGamma/dq2 of B -> M f1 f2bar with distinguishable Dirac fermions.

    Parameters
    ----------
    q2 : float
        Invariant mass squared of the pair.
    m_B, m_M : float
        Meson masses.
    m1, m2 : float
        Masses of f1 (particle, from the barred field) and f2 (antiparticle).
    couplings : mapping
        Keys ``V A S P T`` (quark current gamma^mu P_L, gamma^mu P_L, P_R, P_R, sigma P_R) and the
        primed ``Vp Ap Sp Pp Tp``; L = sum C O with O_A, O_P having gamma5 in fbar_1 .. f_2, and no
        factor 1/2. Missing keys are zero.
    form_factors : mapping
        ``f+ f0 fT`` (spin 0) or ``V A0 A1 A12 T1 T2 T23`` (spin 1), at this q2.
    m_b, m_q : float
        Running quark masses of the scalar densities.
    spin : {0, 1}
        Spin of M.
    n_theta : int
        Gauss-Legendre nodes in cos(theta); 3 are already exact.

    Returns
    -------
    total, longitudinal : float
        dGamma/dq2, and its part with helicity 0 of a vector meson (0 for spin 0). Both are zero
        outside the physical region.
    """
    masses = m_B, m_M, m1, m2
    if not allowed(q2, *masses):
        return 0.0, 0.0
    currents = meson_currents(q2, m_B, m_M, form_factors, m_b, m_q, spin)
    matrix = _parity_matrix(couplings, currents)
    return total_and_longitudinal(integrate(*_amplitude(q2, *masses, matrix, n_theta)), spin)


def polarised_width(
    q2: float,
    m_B: float,
    m_M: float,
    m1: float,
    m2: float,
    couplings: Mapping[str, complex],
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    spin: int,
    n_theta: int = 16,
) -> tuple[float, float]:
    """`dirac_width` with helicity +1/2 and with -1/2 of f1, in the rest frame of the pair."""
    masses = m_B, m_M, m1, m2
    if not allowed(q2, *masses):
        return 0.0, 0.0
    currents = meson_currents(q2, m_B, m_M, form_factors, m_b, m_q, spin)
    matrix = _parity_matrix(couplings, currents)
    return integrate_polarised(*_amplitude(q2, *masses, matrix, n_theta))


def dirac_two_body_width(
    m_B: float,
    f_B: float,
    m_b: float,
    m_q: float,
    m1: float,
    m2: float,
    couplings: Mapping[str, complex],
) -> float:
    """Width of B -> f1 f2bar with distinguishable Dirac fermions; arguments as `dirac_width`."""
    if m1 + m2 >= m_B:
        return 0.0
    currents = currents_vacuum(m_B, f_B, m_b, m_q)
    row1, col2, _, _, weight = pair_spinors(m_B**2, m1, m2, 1)
    amplitude = sandwich(row1, _parity_matrix(couplings, currents), col2)
    return float(two_body_factor(m_B, m1, m2) * integrate(amplitude, weight).sum())


def left_terms(left: Arrays, quarks: Pair) -> Terms:
    """Terms (chibar_a Gamma chi_b)(qbar_i Gamma q_j) of the LEFT Lagrangian, h.c. included.

    Parameters
    ----------
    left : mapping
        Arrays ``VLL VLR SLL SLR TLL``, each (6, 6, 3, 3), any of them absent. L is the sum over
        all indices of C O, plus h.c. for S and T; V hermitian, S symmetric, T antisymmetric.
    quarks : (int, int)
        Zero-based (i, j) of qbar_i ... q_j.
    """
    i, j = quarks
    zero = np.zeros((6, 6, 3, 3))
    get = {k: np.asarray(left.get(k, zero)) for k in ("VLL", "VLR", "SLL", "SLR", "TLL")}

    def direct(name: str) -> np.ndarray:
        return get[name][:, :, i, j]

    def hermitian(name: str) -> np.ndarray:
        # (chibar_a P_L chi_b)(qbar_j Gamma q_i) -> (chibar_b P_R chi_a)(qbar_i Gamma' q_j)
        return get[name][:, :, j, i].conj().T

    return [
        ("V", "L", "L", direct("VLL")),
        ("V", "L", "R", direct("VLR")),
        ("S", "L", "L", direct("SLL")),
        ("S", "R", "R", hermitian("SLL")),
        ("S", "L", "R", direct("SLR")),
        ("S", "R", "L", hermitian("SLR")),
        ("T", "L", "L", direct("TLL")),
        ("T", "R", "R", hermitian("TLL")),
    ]


def nusmeft_terms(coefficients: Arrays, quarks: Pair, VLL_SM: complex = 0.0) -> Terms:
    """Terms (chibar_a Gamma chi_b)(dbar_i Gamma d_j) of the nuSMEFT Lagrangian, h.c. included.

    Parameters
    ----------
    coefficients : mapping
        Arrays ``qn nd lnqd1 lnqd3``, each (3, 3, 3, 3), any of them absent; qn and nd hermitian
        (qn_prst* = qn_rpts), the other two with + h.c.; L is the sum over all indices. Down quarks
        are mass eigenstates. In GeV^-2.
    quarks : (int, int)
        Zero-based (i, j) of dbar_i ... d_j.
    VLL_SM : complex
        Coefficient of sum_a (nubar_aL gamma nu_aL)(dbar_iL gamma d_jL), active neutrinos.
    """
    i, j = quarks
    nu, n = slice(0, 3), slice(3, 6)
    eps_nu_d = 1.0  # eps_12: upper component of l with lower component of q
    zero = np.zeros((3, 3, 3, 3))
    get = {k: np.asarray(coefficients.get(k, zero)) for k in ("qn", "nd", "lnqd1", "lnqd3")}
    terms: Terms = []

    def add(kind: str, neutrino: str, quark: str, rows: slice, cols: slice, c: np.ndarray) -> None:
        block = np.zeros((6, 6), dtype=complex)
        block[rows, cols] = c
        terms.append((kind, neutrino, quark, block))

    add("V", "R", "L", n, n, get["qn"][i, j])
    add("V", "R", "R", n, n, get["nd"][:, :, i, j])
    for kind, name in (("S", "lnqd1"), ("T", "lnqd3")):
        # (nubar_p Gamma P_R n_r)(dbar_s Gamma P_R d_t), and h.c. (nbar_r Gamma P_L nu_p)(dbar_t ..)
        add(kind, "R", "R", nu, n, eps_nu_d * get[name][:, :, i, j])
        add(kind, "L", "L", n, nu, eps_nu_d * get[name][:, :, j, i].conj().T)
    add("V", "L", "L", nu, nu, VLL_SM * np.eye(3))
    return terms


def _matrix(terms: Terms, a: int, b: int, currents: Currents) -> np.ndarray:
    """Coefficient of chibar_a (..) chi_b as a Dirac matrix, shape (h, 4, 4)."""
    matrix = np.zeros((len(currents.S), 4, 4), dtype=complex)
    for kind, neutrino, quark, c in terms:
        if c[a, b] == 0:
            continue
        if kind == "S":
            w = np.einsum("h,ab->hab", currents.scalar(quark), PROJECTOR[neutrino])
        elif kind == "V":
            w = np.einsum("hm,mab->hab", currents.vector(quark), GAMMA_LOW @ PROJECTOR[neutrino])
        else:
            w = np.einsum("hmn,mnab->hab", currents.tensor(quark), SIGMA_LOW @ PROJECTOR[neutrino])
        matrix += c[a, b] * w
    return matrix


def _pairs(pair: Pair | None) -> list[Pair]:
    return [pair] if pair is not None else [(a, b) for a in range(6) for b in range(a, 6)]


def _squared(
    terms: Terms, pair: Pair, currents: Currents, s: float, masses: Sequence[float], n_theta: int
) -> np.ndarray:
    """Angular average of |M|^2 / (1 + delta_ab), both contractions, shape (h,)."""
    a, b = pair
    w_ab, w_ba = _matrix(terms, a, b, currents), _matrix(terms, b, a, currents)
    row1, col2, row2, col1, weight = pair_spinors(s, masses[a], masses[b], n_theta)
    amplitude = sandwich(row1, w_ab, col2)
    amplitude = amplitude - np.swapaxes(sandwich(row2, w_ba, col1), -1, -2)
    return integrate(amplitude, weight) / (2 if a == b else 1)


def _three_body(
    terms: Terms,
    q2: float,
    m_B: float,
    m_M: float,
    masses: Sequence[float],
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    spin: int,
    pair: Pair | None,
    n_theta: int,
) -> tuple[float, float]:
    total = np.zeros(2)
    currents = None
    for a, b in _pairs(pair):
        active = any(np.any(c[[a, b], [b, a]]) for *_, c in terms)
        if not active or not allowed(q2, m_B, m_M, masses[a], masses[b]):
            continue
        if currents is None:
            currents = meson_currents(q2, m_B, m_M, form_factors, m_b, m_q, spin)
        factor = three_body_factor(q2, m_B, m_M, masses[a], masses[b])
        squared = _squared(terms, (a, b), currents, q2, masses, n_theta)
        total += total_and_longitudinal(factor * squared, spin)
    return float(total[0]), float(total[1])


def _two_body(
    terms: Terms,
    m_B: float,
    f_B: float,
    m_b: float,
    m_q: float,
    masses: Sequence[float],
    pair: Pair | None,
) -> float:
    currents = currents_vacuum(m_B, f_B, m_b, m_q)
    total = 0.0
    for a, b in _pairs(pair):
        if masses[a] + masses[b] < m_B:
            factor = two_body_factor(m_B, masses[a], masses[b])
            total += factor * float(_squared(terms, (a, b), currents, m_B**2, masses, 1).sum())
    return total


def majorana_width_left(
    q2: float,
    m_B: float,
    m_M: float,
    masses: Sequence[float],
    left: Arrays,
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    spin: int,
    quarks: Pair = (1, 2),
    pair: Pair | None = None,
    n_theta: int = 16,
) -> tuple[float, float]:
    """dGamma/dq2 of B -> M chi_a chi_b (annihilating q_j, creating q_i) from the LEFT Lagrangian.

    Parameters
    ----------
    q2, m_B, m_M, form_factors, m_b, m_q, spin, n_theta
        As in `dirac_width`.
    masses : sequence of 6 floats
        Neutrino masses.
    left, quarks
        See `left_terms`; the default (1, 2) is sbar ... b.
    pair : (int, int), optional
        Zero-based (a, b) of one final state; by default the sum over a <= b.

    Returns
    -------
    total, longitudinal : float
        As in `dirac_width`.
    """
    terms = left_terms(left, quarks)
    return _three_body(terms, q2, m_B, m_M, masses, form_factors, m_b, m_q, spin, pair, n_theta)


def majorana_width_nusmeft(
    q2: float,
    m_B: float,
    m_M: float,
    masses: Sequence[float],
    coefficients: Arrays,
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    spin: int,
    quarks: Pair = (1, 2),
    pair: Pair | None = None,
    VLL_SM: complex = 0.0,
    n_theta: int = 16,
) -> tuple[float, float]:
    """As `majorana_width_left`, from the nuSMEFT Lagrangian; see `nusmeft_terms`."""
    terms = nusmeft_terms(coefficients, quarks, VLL_SM)
    return _three_body(terms, q2, m_B, m_M, masses, form_factors, m_b, m_q, spin, pair, n_theta)


def majorana_two_body_left(
    m_B: float,
    f_B: float,
    m_b: float,
    m_q: float,
    masses: Sequence[float],
    left: Arrays,
    quarks: Pair = (1, 2),
    pair: Pair | None = None,
) -> float:
    """Width of B -> chi_a chi_b from the LEFT Lagrangian; arguments as `majorana_width_left`."""
    return _two_body(left_terms(left, quarks), m_B, f_B, m_b, m_q, masses, pair)


def majorana_two_body_nusmeft(
    m_B: float,
    f_B: float,
    m_b: float,
    m_q: float,
    masses: Sequence[float],
    coefficients: Arrays,
    quarks: Pair = (1, 2),
    pair: Pair | None = None,
    VLL_SM: complex = 0.0,
) -> float:
    """Width of B -> chi_a chi_b from the nuSMEFT Lagrangian; see `nusmeft_terms`."""
    terms = nusmeft_terms(coefficients, quarks, VLL_SM)
    return _two_body(terms, m_B, f_B, m_b, m_q, masses, pair)


CHARGED = {
    "VnueduLL": ("V", "L", "L"),
    "VnueduLR": ("V", "L", "R"),
    "VnueduRL": ("V", "R", "L"),
    "VnueduRR": ("V", "R", "R"),
    "SnueduLL": ("S", "L", "L"),
    "SnueduLR": ("S", "L", "R"),
    "SnueduRL": ("S", "R", "L"),
    "SnueduRR": ("S", "R", "R"),
    "TnueduLL": ("T", "L", "L"),
    "TnueduRR": ("T", "R", "R"),
}
"""Chiralities of (chibar_a Gamma P_X e)(dbar_i Gamma P_Y u_j), chi the Majorana field."""


def _charged_terms(left: Arrays, indices: tuple[int, int, int, int], up: bool = False) -> Terms:
    """(ebar Gamma chi)(ubar Gamma d) , or with ``up`` (chibar Gamma e)(dbar Gamma u)."""
    other = {"L": "R", "R": "L"}
    terms: Terms = []
    for name, array in left.items():
        kind, lepton, quark = CHARGED[name]
        if up:
            terms.append((kind, lepton, quark, array[indices].reshape(1, 1)))
            continue
        if kind != "V":
            lepton, quark = other[lepton], other[quark]
        terms.append((kind, lepton, quark, np.conj(array[indices]).reshape(1, 1)))
    return terms


def charged_width_left(
    q2: float,
    m_B: float,
    m_M: float,
    m_lepton: float,
    m_nu: float,
    left: Arrays,
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    spin: int,
    indices: tuple[int, int, int, int],
    n_theta: int = 16,
    up: bool = False,
) -> tuple[float, float]:
    """dGamma/dq2 of B -> M l^- chi (b -> u_j l^- chi_a) from the charged LEFT operators.

    The process needs the hermitian conjugates, (ebar Gamma chi)(ubar Gamma d). With ``up`` the
    up-type quark decays, c -> d_i l^+ chi_a, through the operators themselves; then m_b and m_q are
    the masses of the up- and of the down-type quark.

    Parameters
    ----------
    left : mapping
        Arrays named as in `CHARGED`, each (6, 3, 3, 3), any of them absent; L is the sum over all
        indices (neutrino, charged lepton, down quark, up quark) of C O, plus h.c.
    indices : (int, int, int, int)
        Zero-based indices of the process in that order.

    Other arguments and the result are those of `dirac_width`, with m1 = m_lepton, m2 = m_nu.
    """
    masses = (m_B, m_M, m_nu, m_lepton) if up else (m_B, m_M, m_lepton, m_nu)
    if not allowed(q2, *masses):
        return 0.0, 0.0
    currents = meson_currents(q2, m_B, m_M, form_factors, m_b, m_q, spin)
    matrix = _matrix(_charged_terms(left, indices, up), 0, 0, currents)
    return total_and_longitudinal(integrate(*_amplitude(q2, *masses, matrix, n_theta)), spin)


def charged_two_body_left(
    m_B: float,
    f_B: float,
    m_b: float,
    m_q: float,
    m_lepton: float,
    m_nu: float,
    left: Arrays,
    indices: tuple[int, int, int, int],
    up: bool = False,
) -> float:
    """Width of B -> l chi from the charged LEFT operators; see `charged_width_left`."""
    if m_lepton + m_nu >= m_B:
        return 0.0
    m1, m2 = (m_nu, m_lepton) if up else (m_lepton, m_nu)
    matrix = _matrix(_charged_terms(left, indices, up), 0, 0, currents_vacuum(m_B, f_B, m_b, m_q))
    row1, col2, _, _, weight = pair_spinors(m_B**2, m1, m2, 1)
    squared = integrate(sandwich(row1, matrix, col2), weight).sum()
    return float(two_body_factor(m_B, m1, m2) * squared)


def polarised_charged_width_left(
    q2: float,
    m_B: float,
    m_M: float,
    m_lepton: float,
    m_nu: float,
    left: Arrays,
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    spin: int,
    indices: tuple[int, int, int, int],
    n_theta: int = 16,
) -> tuple[float, float]:
    """`charged_width_left` with helicity +1/2 and with -1/2 of l^-, in the rest frame of q."""
    masses = m_B, m_M, m_lepton, m_nu
    if not allowed(q2, *masses):
        return 0.0, 0.0
    currents = meson_currents(q2, m_B, m_M, form_factors, m_b, m_q, spin)
    matrix = _matrix(_charged_terms(left, indices), 0, 0, currents)
    return integrate_polarised(*_amplitude(q2, *masses, matrix, n_theta))
