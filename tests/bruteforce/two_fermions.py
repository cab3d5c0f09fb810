r"""Two-body widths of bosons and fermions from explicit spinors, and the electroweak vertices.

The amplitude of a boson is :math:`\bar u_1 W v_2`, that of a fermion :math:`\bar u_f W u_F`; W has
one matrix per polarisation. Vertices come from the fields in components:
:math:`D_\mu=\partial_\mu+igW^I_\mu\tau^I/2+ig'B_\mu/2`, :math:`W^3=cZ+sA`, :math:`B=cA-sZ`,
:math:`W^\pm=(W^1\mp iW^2)/\sqrt2`, :math:`\varphi=(0,(v+h)/\sqrt2)`,
:math:`\tilde\varphi=i\tau^2\varphi^*`. A field that annihilates a boson of momentum p has
:math:`\partial_\mu\to-ip_\mu`. Masses in GeV, widths in GeV.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .hadronic import Currents, dual, kallen
from .phasespace import two_body_factor
from .rates import Arrays, Terms, _charged_terms, _matrix, _parity_matrix, left_terms
from .spinors import (
    GAMMA,
    METRIC,
    PAULI,
    PROJECTOR,
    SIGMA_LOW,
    bar,
    four_momentum,
    u_spinors,
    v_spinors,
)

DIRECTION = np.array([0.48, -0.6, 0.64])  # of unit length, and nothing special


def _momentum(mass: float, m1: float, m2: float) -> np.ndarray:
    return DIRECTION * np.sqrt(kallen(mass**2, m1**2, m2**2)) / (2 * mass)


def polarisations(p: np.ndarray, mass: float) -> np.ndarray:
    """Three (or, without mass, two) contravariant polarisation vectors of momentum p."""
    basis = np.linalg.qr(np.column_stack([DIRECTION, np.eye(3)[:, :2]]))[0].T
    transverse = np.concatenate([np.zeros((2, 1)), basis[1:]], axis=1)
    if mass == 0:
        return transverse.astype(complex)
    momentum = p[1:] @ DIRECTION
    longitudinal = np.concatenate([[momentum], p[0] * DIRECTION]) / mass
    return np.vstack([transverse, longitudinal]).astype(complex)


# ------------------------------------------------------------------------------ mesons


def vector_currents(
    f_V: float, f_T: float, mass: float, p: np.ndarray, eps: np.ndarray
) -> Currents:
    """<0|qbar Gamma q|V(p)> of every polarisation."""
    zero, none = np.zeros(len(eps), dtype=complex), np.zeros((len(eps), 4), dtype=complex)
    outer = np.einsum("hm,n->hmn", eps, p)
    tensor = 1j * f_T * (outer - np.swapaxes(outer, 1, 2))
    return Currents(S=zero, P=zero, V=f_V * mass * eps, A=none, T=tensor, T5=dual(tensor))


def pseudoscalar_currents(f_P: float, mass: float, m_quarks: float, p: np.ndarray) -> Currents:
    """<0|qbar Gamma q|P(p)>; ``m_quarks`` is the sum of the masses."""
    zero = np.zeros((1, 4, 4), dtype=complex)
    return Currents(
        S=np.zeros(1, dtype=complex),
        P=np.array([-1j * f_P * mass**2 / m_quarks]),
        V=np.zeros((1, 4), dtype=complex),
        A=1j * f_P * p[None],
        T=zero,
        T5=zero,
    )


def created(currents: Currents) -> Currents:
    """<M|qbar Gamma q|0>: the conjugate, as qbar gamma5 q and that of sigma are antihermitian."""
    c = {name: np.conj(value) for name, value in vars(currents).items()}
    return Currents(**(c | {"P": -c["P"], "T5": -c["T5"]}))


def _boson(mass: float, m1: float, m2: float, matrix: np.ndarray, crossed: np.ndarray) -> float:
    """Width from ubar_1 matrix v_2 - ubar_2 crossed v_1, averaged over the polarisations."""
    if m1 + m2 >= mass:
        return 0.0
    p = _momentum(mass, m1, m2)
    amplitude = np.einsum("ia,hab,jb->hij", bar(u_spinors(p, m1)), matrix, v_spinors(-p, m2))
    amplitude = amplitude - np.einsum(
        "jb,hba,ia->hij", bar(u_spinors(-p, m2)), crossed, v_spinors(p, m1)
    )
    squared = float(np.sum(np.abs(amplitude) ** 2)) / len(matrix)
    return float(two_body_factor(mass, m1, m2)) * squared


def _fermion(m_F: float, m_f: float, m_X: float, matrix: np.ndarray, crossed: np.ndarray) -> float:
    """Width from ubar_f matrix u_F - vbar_F crossed v_f, averaged over the spin of F."""
    p, rest = _momentum(m_F, m_f, m_X), np.zeros(3)
    amplitude = np.einsum("ia,hab,jb->hij", bar(u_spinors(p, m_f)), matrix, u_spinors(rest, m_F))
    amplitude = amplitude - np.einsum(
        "jb,hba,ia->hij", bar(v_spinors(rest, m_F)), crossed, v_spinors(p, m_f)
    )
    return float(two_body_factor(m_F, m_f, m_X) * np.sum(np.abs(amplitude) ** 2)) / 2


def vector_width(
    m_V: float, f_V: float, f_T: float, m1: float, m2: float, couplings: Mapping[str, complex]
) -> float:
    """Width of V -> f1 f2bar, Dirac fermions, L as in `rates.dirac_width`."""
    p = np.array([m_V, 0, 0, 0])
    currents = vector_currents(f_V, f_T, m_V, p, polarisations(p, m_V))
    matrix = _parity_matrix(couplings, currents)
    return _boson(m_V, m1, m2, matrix, 0 * matrix)


def majorana_vector_width(
    m_V: float, f_V: float, f_T: float, masses: Sequence[float], left: Arrays, quark: int, pair
) -> float:
    """Width of V(qbar q) -> chi_a chi_b from the LEFT Lagrangian, see `rates.left_terms`."""
    a, b = pair
    p = np.array([m_V, 0, 0, 0])
    currents = vector_currents(f_V, f_T, m_V, p, polarisations(p, m_V))
    terms = left_terms(left, (quark, quark))
    w, crossed = _matrix(terms, a, b, currents), _matrix(terms, b, a, currents)
    return _boson(m_V, masses[a], masses[b], w, crossed) / (2 if a == b else 1)


def invisible_width(
    mass: float,
    masses: Sequence[float],
    parts: Sequence[tuple[Terms, Currents]],
    pair,
    exchange: np.ndarray | None = None,
) -> float:
    """Width of a meson -> chi_a chi_b.

    Parameters
    ----------
    parts : terms of qbar_i Gamma q_j, see `rates.left_terms`, with <0|qbar_i Gamma q_j|M>; their
        amplitudes add up
    exchange : further amplitudes W of nubar_a W nu_b, see `photon_exchange`
    """
    a, b = pair
    w = sum(_matrix(terms, a, b, currents) for terms, currents in parts)
    crossed = sum(_matrix(terms, b, a, currents) for terms, currents in parts)
    if exchange is not None:
        w, crossed = w + exchange[a, b], crossed + exchange[b, a]
    return _boson(mass, masses[a], masses[b], w, crossed) / (2 if a == b else 1)


def _meson(decaying: float, other: float, meson: Mapping[str, float]) -> Currents | None:
    """<0|qbar Gamma q|M> of the meson in the rest frame of a fermion that decays to it."""
    mass = meson["mass"]
    if other + mass >= decaying:
        return None
    p = four_momentum(-_momentum(decaying, other, mass), mass)
    if "f_P" in meson:
        return pseudoscalar_currents(meson["f_P"], mass, meson["m_quarks"], p)
    return vector_currents(meson["f_V"], meson["f_T"], mass, p, polarisations(p, mass))


def fermion_width(
    m_b: float, m_n: float, meson: Mapping[str, float], couplings: Mapping[str, complex]
) -> float:
    """Width of the heavier of b and n to the lighter and a meson, L = (bbar .. n)(qbar .. q').

    Parameters
    ----------
    m_b, m_n : masses of the barred field and of the other
    meson : its ``mass``, and ``f_P`` and ``m_quarks`` or ``f_V`` and ``f_T``
    couplings : as in `rates.dirac_width`
    """
    decaying, other = max(m_b, m_n), min(m_b, m_n)
    currents = _meson(decaying, other, meson)
    if currents is None:
        return 0.0
    if m_n > m_b:
        matrix = _parity_matrix(couplings, created(currents))
    else:  # (bbar W n)^dagger = nbar gamma0 W^dagger gamma0 b
        matrix = _parity_matrix(couplings, currents)
        matrix = GAMMA[0] @ np.swapaxes(matrix.conj(), 1, 2) @ GAMMA[0]
    return _fermion(decaying, other, meson["mass"], matrix, 0 * matrix)


def charged_lepton_width(
    m_lepton: float,
    m_nu: float,
    meson: Mapping[str, float],
    left: Arrays,
    indices: tuple[int, int, int, int],
) -> float:
    """Width of l -> chi M from the charged LEFT operators, see `rates.charged_width_left`."""
    currents = _meson(m_lepton, m_nu, meson)
    if currents is None:
        return 0.0
    matrix = _matrix(_charged_terms(left, indices), 0, 0, currents)
    matrix = GAMMA[0] @ np.swapaxes(matrix.conj(), 1, 2) @ GAMMA[0]
    return _fermion(m_lepton, m_nu, meson["mass"], matrix, 0 * matrix)


def majorana_fermion_width(
    masses: Sequence[float],
    meson: Mapping[str, float],
    left: Arrays,
    quark: int,
    decaying: int,
    other: int,
) -> float:
    """Width of chi_decaying -> chi_other M(qbar q) from the LEFT Lagrangian."""
    currents = _meson(masses[decaying], masses[other], meson)
    if currents is None:
        return 0.0
    terms: Terms = left_terms(left, (quark, quark))
    w = _matrix(terms, other, decaying, created(currents))
    crossed = _matrix(terms, decaying, other, created(currents))
    return _fermion(masses[decaying], masses[other], meson["mass"], w, crossed)


# ------------------------------------------------------------------------------ vertices


class Electroweak:
    """Vertices of one gauge boson or Higgs boson, from the fields in components."""

    def __init__(self, g: float, g_prime: float, v: float) -> None:
        self.g, self.g_prime, self.v = g, g_prime, v
        self.c = g / np.hypot(g, g_prime)
        self.s = g_prime / np.hypot(g, g_prime)
        self.m_W = g * v / 2
        self.m_Z = np.hypot(g, g_prime) * v / 2

    def _gauge(self, boson: str) -> tuple[np.ndarray, float]:
        """W^I and B of a unit field; W+ and W- are independent of each other."""
        root = np.sqrt(0.5)
        return {
            "W+": (np.array([root, 1j * root, 0]), 0.0),
            "W-": (np.array([root, -1j * root, 0]), 0.0),
            "Z": (np.array([0, 0, self.c + 0j]), -self.s),
            "A": (np.array([0, 0, self.s + 0j]), self.c),
        }[boson]

    def _doublets(self, h: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        phi = np.array([0, (self.v + h) / np.sqrt(2)], dtype=complex)
        return phi, 1j * PAULI[1] @ phi.conj()

    def _derivative(self, boson: str) -> np.ndarray:
        """D phi for a unit field, the derivative aside."""
        W, B = self._gauge(boson)
        matrix = np.einsum("i,iab->ab", W, PAULI) * self.g / 2 + np.eye(2) * self.g_prime * B / 2
        return 1j * matrix @ self._doublets()[0]

    def higgs_current(self, boson: str) -> complex:
        """phi^dagger i D phi - i (D phi)^dagger phi for a unit (real) field."""
        phi, _ = self._doublets()
        half = 1j * phi.conj() @ self._derivative(boson)
        return complex(half + half.conj())

    def charged_higgs_current(self) -> complex:
        """I phitilde^dagger D phi for a unit field W+."""
        return complex(1j * self._doublets()[1].conj() @ self._derivative("W+"))

    def dipole(self, boson: str, nW: complex, nB: complex) -> np.ndarray:
        """Coefficients of (nubar, ebar) sigma P_R n X_{mu nu} from nW and nB."""
        W, B = self._gauge(boson)
        phi_tilde = self._doublets()[1]
        return nW * np.einsum("i,iab,b->a", W, PAULI, phi_tilde) + nB * B * phi_tilde

    def left_current(self) -> complex:
        """Coefficient of ebar gamma^mu P_L nu W^-_mu in lbar i gamma^mu D_mu l."""
        W, _ = self._gauge("W-")
        return complex((1j * 1j * self.g / 2 * np.einsum("i,iab->ab", W, PAULI))[1, 0])

    def higgs_yukawa(self, nphi: complex) -> complex:
        """Coefficient of nubar P_R n h; a Yukawa coupling makes the mass term vanish."""

        def terms(h: float) -> np.ndarray:
            phi, phi_tilde = self._doublets(h)
            return np.array([phi_tilde[0], (phi.conj() @ phi) * phi_tilde[0]])

        h = np.arange(4.0)
        cubic = np.polynomial.polynomial.polyfit(h, np.array([terms(x).real for x in h]), 3)
        yukawa = -nphi * cubic[0, 1] / cubic[0, 0]
        return complex(yukawa * cubic[1, 0] + nphi * cubic[1, 1])


def _vector_vertex(p: np.ndarray, eps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """eps_mu gamma^mu and X_{mu nu} sigma^{mu nu} of an incoming boson, one per polarisation."""
    low, p_low = eps @ METRIC, METRIC @ p
    strength = -1j * (np.einsum("m,hn->hmn", p_low, low) - np.einsum("n,hm->hmn", p_low, low))
    sigma = np.einsum("mr,ns,rsab->mnab", METRIC, METRIC, SIGMA_LOW)
    return np.einsum("hm,mab->hab", low, GAMMA), np.einsum("hmn,mnab->hab", strength, sigma)


def _at_rest(mass: float) -> tuple[np.ndarray, np.ndarray]:
    p = np.array([mass, 0, 0, 0])
    return _vector_vertex(p, polarisations(p, mass))


def z_to_nn(ew: Electroweak, phin: np.ndarray, masses: Sequence[float], pair) -> float:
    """Width of Z -> N_a N_b from (phi^dagger i D phi + h.c.)(nbar gamma n)."""
    a, b = pair
    gamma, _ = _at_rest(ew.m_Z)
    vertex = ew.higgs_current("Z") * phin
    w, crossed = (vertex[i] * gamma @ PROJECTOR["R"] for i in ((a, b), (b, a)))
    return _boson(ew.m_Z, masses[a], masses[b], w, crossed) / (2 if a == b else 1)


def z_to_nu_n(ew: Electroweak, nW: complex, nB: complex, m_N: float) -> float:
    """Width of Z -> nu N of one flavour, both Majorana fields."""
    _, sigma = _at_rest(ew.m_Z)
    d = ew.dipole("Z", nW, nB)[0]
    w, crossed = d * sigma @ PROJECTOR["R"], np.conj(d) * sigma @ PROJECTOR["L"]
    return _boson(ew.m_Z, 0.0, m_N, w, crossed)


def n_to_nu_photon(ew: Electroweak, nW: complex, nB: complex, m_N: float) -> float:
    """Width of N -> nu photon of one flavour, both Majorana fields."""
    p = four_momentum(-_momentum(m_N, 0.0, 0.0), 0.0)
    # an outgoing photon is an incoming one of momentum -p
    _, sigma = _vector_vertex(-p, polarisations(p, 0.0).conj())
    d = ew.dipole("A", nW, nB)[0]
    w, crossed = d * sigma @ PROJECTOR["R"], np.conj(d) * sigma @ PROJECTOR["L"]
    return _fermion(m_N, 0.0, 0.0, w, crossed)


def photon_exchange(
    ew: Electroweak,
    T3: float,
    hypercharge: float,
    mass: float,
    f_V: float,
    dipoles: tuple[np.ndarray, np.ndarray],
    charge: float | None = None,
) -> np.ndarray:
    """Amplitude of V(qbar q) -> photon -> nu N, axes nubar_a, nu_b, polarisation, spinors.

    i M = <0|i L_q|V> propagator i L_dipole: L_q = qbar i gamma^mu D_mu q, the propagator -i g/q2.

    Parameters
    ----------
    T3, hypercharge : of the left-handed quark
    dipoles : nW and nB, (active, N)
    charge : e at the scale of the decay, in place of that of the vertices
    """
    W, B = ew._gauge("A")
    covariant = 1j * (ew.g * T3 * W[2].real + ew.g_prime * hypercharge * B)  # D = d + this A
    quark = (1j * covariant).real
    if charge is not None:
        quark *= charge / (ew.g * ew.s)
    _, sigma = _at_rest(mass)
    virtual = 1j * quark * f_V * mass * (-1j) / mass**2
    result = np.zeros((6, 6, 3, 4, 4), dtype=complex)
    for flavour in range(3):
        for sterile in range(3):
            nW, nB = (array[flavour, sterile] for array in dipoles)
            d = ew.dipole("A", nW, nB)[0]
            result[flavour, 3 + sterile] = virtual * d * sigma @ PROJECTOR["R"]
            result[3 + sterile, flavour] = virtual * np.conj(d) * sigma @ PROJECTOR["L"]
    return result


def w_to_lepton_n(
    ew: Electroweak, mixing: complex, phine: complex, nW: complex, m_lepton: float, m_N: float
) -> float:
    """Width of W^- -> l^- N: nu_l = mixing N^c + .., (n, l) of phine, (l, n) of nW."""
    gamma, sigma = _at_rest(ew.m_W)
    vertex = mixing * ew.left_current() * gamma @ PROJECTOR["L"]
    # h.c. of phine W^+ nbar gamma P_R e
    vertex = vertex + np.conj(phine * ew.charged_higgs_current()) * gamma @ PROJECTOR["R"]
    vertex = vertex + ew.dipole("W-", nW, 0)[1] * sigma @ PROJECTOR["R"]
    return _boson(ew.m_W, m_lepton, m_N, vertex, 0 * vertex)


def h_to_nu_n(ew: Electroweak, nphi: complex, m_h: float, m_N: float) -> float:
    """Width of h -> nu N of one flavour, both Majorana fields."""
    y = ew.higgs_yukawa(nphi)
    w, crossed = y * PROJECTOR["R"][None], np.conj(y) * PROJECTOR["L"][None]
    return _boson(m_h, 0.0, m_N, w, crossed)
