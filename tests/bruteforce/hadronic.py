r"""Hadronic matrix elements of :math:`\bar q\,\Gamma\,b` from form factors.

Form factors of arXiv:1503.05534 (BSZ) for B -> V; the usual f+, f0, fT for B -> P. With
:math:`P=p_B+p`, :math:`q=p_B-p`, :math:`\Delta=m_B^2-m_M^2`, :math:`\epsilon^{0123}=+1`:

.. math::
   \langle P|\bar q\gamma^\mu b|B\rangle &= f_+ (P-q\Delta/q^2)^\mu + f_0\, q^\mu\Delta/q^2\\
   \langle P|\bar q\sigma^{\mu\nu}b|B\rangle &= i f_T (P^\mu q^\nu-P^\nu q^\mu)/(m_B+m_P)\\
   \langle V|\bar q\gamma^\mu b|B\rangle &=
     -\epsilon^{\mu\alpha\beta\gamma}\eta^*_\alpha p_{B\beta}p_\gamma\,2V/(m_B+m_V)\\
   \langle V|\bar q\gamma^\mu\gamma_5 b|B\rangle &= i\eta^{*\mu}(m_B+m_V)A_1
     - iP^\mu\,\eta^*\!q\,A_2/(m_B+m_V) - iq^\mu\,\eta^*\!q\,(2m_V/q^2)(A_3-A_0)\\
   \langle V|\bar q\sigma^{\mu\nu}q_\nu\gamma_5 b|B\rangle &=
     T_2(\eta^{*\mu}\Delta-\eta^*\!q\,P^\mu) + T_3\,\eta^*\!q\,(q^\mu-P^\mu q^2/\Delta)\\
   \langle V|\bar q\sigma^{\mu\nu}q_\nu b|B\rangle &=
     -2iT_1\,\epsilon^{\mu\alpha\beta\gamma}\eta^*_\alpha p_{B\beta}p_\gamma

How the signs are fixed (each is a test in ``test_selfconsistency.py``):

* the sign of T1 against T2: :math:`T_1(0)=T_2(0)`, i.e. no pole at :math:`q^2=0` in the full
  tensor :math:`\langle\sigma^{\mu\nu}\gamma_5\rangle`, with the numerical identity between
  :math:`\sigma\gamma_5` and :math:`\epsilon\sigma`;
* tensor against vector (P and V): the static relation :math:`\gamma^0 b=b` gives
  :math:`\sigma^{i0}b=i\gamma^i b` and :math:`\sigma^{i0}\gamma_5b=-i\gamma^i\gamma_5 b`, which
  must hold with positive fT/f+, T1/V, T2/A1 (Isgur-Wise);
* V against A1: in the large-energy limit a left-handed current makes no helicity +1 meson;
* scalar densities: equations of motion, with running quark masses.

The axial matrix element for the decay constant is
:math:`\langle 0|\bar s\gamma^\mu\gamma_5 b|\bar B(p)\rangle=if_Bp^\mu`.
All components are contravariant, in the rest frame of q, the meson moving along +z. GeV.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .spinors import EPSILON, METRIC, dot, polarisations_along_z


def kallen(a: float, b: float, c: float) -> float:
    """Källén function of squared masses, in factors: without cancellation at threshold."""
    plus, minus = (np.sqrt(b) + np.sqrt(c)) ** 2, (np.sqrt(b) - np.sqrt(c)) ** 2
    return (a - plus) * (a - minus)


@dataclass(frozen=True)
class Currents:
    """Matrix elements of qbar Gamma b; the first axis is the helicity of the meson (0, +, -).

    Attributes
    ----------
    S, P : ndarray, shape (h,)
        Gamma = 1 and gamma5.
    V, A : ndarray, shape (h, 4)
        Gamma = gamma^mu and gamma^mu gamma5.
    T, T5 : ndarray, shape (h, 4, 4)
        Gamma = sigma^{mu nu} and sigma^{mu nu} gamma5.
    """

    S: np.ndarray
    P: np.ndarray
    V: np.ndarray
    A: np.ndarray
    T: np.ndarray
    T5: np.ndarray

    def scalar(self, chirality: str) -> np.ndarray:
        """Return qbar P_X b."""
        return (self.S + _sign(chirality) * self.P) / 2

    def vector(self, chirality: str) -> np.ndarray:
        """Return qbar gamma^mu P_X b."""
        return (self.V + _sign(chirality) * self.A) / 2

    def tensor(self, chirality: str) -> np.ndarray:
        """Return qbar sigma^{mu nu} P_X b."""
        return (self.T + _sign(chirality) * self.T5) / 2


def _sign(chirality: str) -> int:
    return {"L": -1, "R": 1}[chirality]


def dual(tensor: np.ndarray) -> np.ndarray:
    """(i/2) eps^{mu nu a b} t_{ab}: turns <sigma> into <sigma gamma5> and back."""
    low = np.einsum("ar,bs,...rs->...ab", METRIC, METRIC, tensor)
    return 0.5j * np.einsum("mnab,...ab->...mn", EPSILON, low)


def _wedge(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a^mu b^nu - a^nu b^mu."""
    outer = np.einsum("...m,...n->...mn", a, b)
    return outer - np.swapaxes(outer, -1, -2)


def momenta(q2: float, m_B: float, m_M: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four-momenta (p_B, p_M, q) in the rest frame of q, the meson along +z."""
    root = np.sqrt(q2)
    p = np.sqrt(kallen(m_B**2, m_M**2, q2)) / (2 * root)
    p_B = np.array([(m_B**2 - m_M**2 + q2) / (2 * root), 0, 0, p])
    p_M = np.array([(m_B**2 - m_M**2 - q2) / (2 * root), 0, 0, p])
    return p_B, p_M, np.array([root, 0, 0, 0])


def currents_pseudoscalar(
    q2: float, m_B: float, m_P: float, form_factors: Mapping[str, float], m_b: float, m_q: float
) -> Currents:
    """<P|qbar Gamma b|B> from form factors ``f+``, ``f0``, ``fT``."""
    p_B, p_M, q = momenta(q2, m_B, m_P)
    total = p_B + p_M
    delta = m_B**2 - m_P**2
    f_plus, f_0, f_T = (form_factors[k] for k in ("f+", "f0", "fT"))
    vector = f_plus * (total - delta / q2 * q) + f_0 * delta / q2 * q
    tensor = 1j * f_T / (m_B + m_P) * _wedge(total, q)[None]
    return Currents(
        S=np.array([f_0 * delta / (m_b - m_q)], dtype=complex),
        P=np.zeros(1, dtype=complex),
        V=vector[None].astype(complex),
        A=np.zeros((1, 4), dtype=complex),
        T=tensor,
        T5=dual(tensor),
    )


def form_factor_A2(q2: float, m_B: float, m_V: float, ff: Mapping[str, float]) -> float:
    """A2 from A1 and A12."""
    plus = m_B + m_V
    numerator = plus**2 * (m_B**2 - m_V**2 - q2) * ff["A1"] - 16 * m_B * m_V**2 * plus * ff["A12"]
    return numerator / kallen(m_B**2, m_V**2, q2)


def form_factor_T3(q2: float, m_B: float, m_V: float, ff: Mapping[str, float]) -> float:
    """T3 from T2 and T23."""
    delta = m_B**2 - m_V**2
    numerator = (
        delta * (m_B**2 + 3 * m_V**2 - q2) * ff["T2"] - 8 * m_B * m_V**2 * (m_B - m_V) * ff["T23"]
    )
    return numerator / kallen(m_B**2, m_V**2, q2)


def currents_vector(
    q2: float, m_B: float, m_V: float, form_factors: Mapping[str, float], m_b: float, m_q: float
) -> Currents:
    """<V|qbar Gamma b|B> from ``V``, ``A0``, ``A1``, ``A12``, ``T1``, ``T2``, ``T23``."""
    p_B, p_M, q = momenta(q2, m_B, m_V)
    total = p_B + p_M
    delta, plus = m_B**2 - m_V**2, m_B + m_V
    ff = form_factors
    A2 = form_factor_A2(q2, m_B, m_V, ff)
    T3 = form_factor_T3(q2, m_B, m_V, ff)
    A3 = (plus * ff["A1"] - (m_B - m_V) * A2) / (2 * m_V)

    eta = np.conj(polarisations_along_z(p_M[0], p_M[3], m_V))
    eta_q = dot(eta, q)[:, None]
    low_B, low_M = METRIC @ p_B, METRIC @ p_M
    vector = -2 * ff["V"] / plus * np.einsum("mabc,ha,b,c->hm", EPSILON, eta @ METRIC, low_B, low_M)
    axial = 1j * (
        eta * plus * ff["A1"]
        - eta_q * total * A2 / plus
        - eta_q * q * 2 * m_V / q2 * (A3 - ff["A0"])
    )
    # <sigma^{mu nu} gamma5> = a eta^P + b eta^q + c (eta.q) p^q, solved for T1, T2, T3.
    a = ff["T1"]
    b = (ff["T2"] - ff["T1"]) * delta / q2
    c = -2 * (T3 + b) / delta
    tensor5 = a * _wedge(eta, total[None]) + b * _wedge(eta, q[None])
    tensor5 = tensor5 + c * eta_q[:, :, None] * _wedge(p_M, q)[None]
    pseudo = -2j * m_V * eta_q[:, 0] * ff["A0"] / (m_b + m_q)
    return Currents(
        S=np.zeros(3, dtype=complex),
        P=pseudo,
        V=vector,
        A=axial,
        T=dual(tensor5),
        T5=tensor5,
    )


def currents_vacuum(m_B: float, f_B: float, m_b: float, m_q: float) -> Currents:
    """<0|qbar Gamma b|B> at rest, from the decay constant; one trivial helicity."""
    zero = np.zeros(1, dtype=complex)
    return Currents(
        S=zero,
        P=np.array([-1j * f_B * m_B**2 / (m_b + m_q)]),
        V=np.zeros((1, 4), dtype=complex),
        A=np.array([[1j * f_B * m_B, 0, 0, 0]]),
        T=np.zeros((1, 4, 4), dtype=complex),
        T5=np.zeros((1, 4, 4), dtype=complex),
    )
