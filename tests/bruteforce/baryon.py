r"""Amplitudes of a baryon of spin 1/2, :math:`\Lambda_b\to\Lambda f_1\bar f_2`, from form factors.

Helicity form factors of arXiv:1602.01399, those of arXiv:1111.1844, with
:math:`p` and :math:`k` the momenta of :math:`\Lambda_b` (mass M) and :math:`\Lambda` (mass m),
:math:`q=p-k`, :math:`s_\pm=(M\pm m)^2-q^2`, and two combinations orthogonal to q,

.. math::
   L^\mu&=(p+k)^\mu-q^\mu(M^2-m^2)/q^2,\\
   N_+^\mu&=\gamma^\mu-2(m\,p^\mu+M\,k^\mu)/s_+,\qquad
   N_-^\mu=\gamma^\mu+2(m\,p^\mu-M\,k^\mu)/s_-:\\
   \langle\gamma^\mu\rangle&=\bar u\,[\,f_0(M-m)q^\mu/q^2+f_+(M+m)L^\mu/s_++f_\perp N_+^\mu\,]\,u\\
   \langle\gamma^\mu\gamma_5\rangle&=
     -\bar u\gamma_5[\,g_0(M+m)q^\mu/q^2+g_+(M-m)L^\mu/s_-+g_\perp N_-^\mu\,]\,u\\
   \langle i\sigma^{\mu\nu}q_\nu\rangle&=
     -\bar u\,[\,h_+q^2L^\mu/s_++h_\perp(M+m)N_+^\mu\,]\,u\\
   \langle i\sigma^{\mu\nu}q_\nu\gamma_5\rangle&=
     -\bar u\gamma_5[\,\tilde h_+q^2L^\mu/s_-+\tilde h_\perp(M-m)N_-^\mu\,]\,u

For a point-like baryon all of them are 1, which fixes every sign and factor. By flavio's names
f_0, f_+, f_⊥ are ``fVt``, ``fV0``, ``fVperp``; g: ``fAt``, ``fA0``, ``fAperp``; h: ``fT0``,
``fTperp``; h with a tilde: ``fT50``, ``fT5perp``. In the rest frame of q the last two matrix
elements are the components 0i of the tensors; the components ij are those of the other tensor,
by :math:`\sigma\gamma_5=\frac{i}{2}\epsilon\sigma`. Scalar densities: equations of motion.

In the rest frame of q, both baryons moving along +z. GeV.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .hadronic import Currents, dual, momenta
from .spinors import (
    GAMMA,
    GAMMA5,
    GAMMA_LOW,
    ID4,
    SIGMA_LOW,
    bar,
    dot,
    u_spinors,
    v_spinors,
)

FORM_FACTORS = (
    *("fVt", "fV0", "fVperp", "fAt", "fA0", "fAperp"),
    *("fT0", "fTperp", "fT50", "fT5perp"),
)
HELICITY_0 = np.eye(2, dtype=bool)
"""Helicities (Lambda, Lambda_b) for which that of the pair, their difference, is 0."""


def baryon_spinors(q2: float, M: float, m: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows ubar of Lambda and columns u of Lambda_b, each (helicity, 4)."""
    p, k, _ = momenta(q2, M, m)
    return bar(u_spinors(k[1:], m)), u_spinors(p[1:], M)


def _full_tensor(X: np.ndarray, X5: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sigma and sigma gamma5 from their contractions X and X5 with q_nu, which q annihilates."""
    electric, electric5 = (
        (np.einsum("...m,n->...mn", x, q) - np.einsum("...n,m->...mn", x, q)) / dot(q, q)
        for x in (X, X5)
    )
    return electric + dual(electric5), electric5 + dual(electric)


def currents_baryon(
    q2: float, M: float, m: float, form_factors: Mapping[str, float], m_b: float, m_q: float
) -> Currents:
    """<Lambda|qbar Gamma b|Lambda_b>; the first axes are the helicities of Lambda and Lambda_b."""
    p, k, q = momenta(q2, M, m)
    row, column = baryon_spinors(q2, M, m)
    ff, plus, minus = form_factors, M + m, M - m
    s_plus, s_minus = plus**2 - q2, minus**2 - q2
    along = p + k - q * plus * minus / q2
    unit, along, time = (np.einsum("m,ab->mab", x, ID4) for x in (np.ones(4), along, q))
    unit_p, unit_k = p[:, None, None] * unit, k[:, None, None] * unit
    across_plus = GAMMA - 2 * (m * unit_p + M * unit_k) / s_plus
    across_minus = GAMMA + 2 * (m * unit_p - M * unit_k) / s_minus

    def element(matrix: np.ndarray) -> np.ndarray:
        return np.einsum("la,...ac,bc->lb...", row, matrix, column)

    vector = element(
        ff["fVt"] * minus / q2 * time
        + ff["fV0"] * plus / s_plus * along
        + ff["fVperp"] * across_plus
    )
    axial = -element(
        GAMMA5
        @ (
            ff["fAt"] * plus / q2 * time
            + ff["fA0"] * minus / s_minus * along
            + ff["fAperp"] * across_minus
        )
    )
    X = 1j * element(ff["fT0"] * q2 / s_plus * along + ff["fTperp"] * plus * across_plus)
    X5 = 1j * element(
        GAMMA5 @ (ff["fT50"] * q2 / s_minus * along + ff["fT5perp"] * minus * across_minus)
    )
    T, T5 = _full_tensor(X, X5, q)
    return Currents(
        S=dot(vector, q) / (m_b - m_q),
        P=-dot(axial, q) / (m_b + m_q),
        V=vector,
        A=axial,
        T=T,
        T5=T5,
    )


def amplitudes(
    q2: float,
    M: float,
    m: float,
    m1: float,
    m2: float,
    form_factors: Mapping[str, float],
    m_b: float,
    m_q: float,
    n_theta: int = 5,
    n_phi: int = 5,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    r"""Amplitudes of the operators ``V A S P T``, primed ``Vp ...``, and the weights of the angles.

    Quark currents gamma^mu P_L (V, A), P_R (S, P), sigma P_R (T), primed with P_L <-> P_R; lepton
    currents fbar1 Gamma f2 with gamma5 for A and P.

    Returns
    -------
    amplitudes : dict of arrays with axes angle, Lambda, Lambda_b, f1, f2
    weights : array
        The sum over all axes of \|amplitude\|^2 times these is dGamma/dq2, averaged over the spin
        of Lambda_b. Second powers of cos(theta) and second harmonics of phi occur: any numbers
        of nodes from three on are exact.
    """
    hadron = currents_baryon(q2, M, m, form_factors, m_b, m_q)
    root = np.sqrt(q2)
    p_baryon = momenta(q2, M, m)[0][3]
    p_lepton = np.sqrt((q2 - (m1 + m2) ** 2) * (q2 - (m1 - m2) ** 2)) / (2 * root)
    cos, weight = np.polynomial.legendre.leggauss(n_theta)
    cos, phi = (x.ravel() for x in np.meshgrid(cos, 2 * np.pi * np.arange(n_phi) / n_phi))
    sin = np.sqrt(1 - cos**2)
    p1 = p_lepton * np.stack([sin * np.cos(phi), sin * np.sin(phi), cos], axis=-1)
    f1, f2 = bar(u_spinors(p1, m1)), v_spinors(-p1, m2)

    def lepton(matrices: np.ndarray) -> np.ndarray:
        return np.einsum("nia,...ac,njc->nij...", f1, matrices, f2)

    one, gamma5 = lepton(ID4), lepton(GAMMA5)
    vector, axial, tensor = lepton(GAMMA_LOW), lepton(GAMMA_LOW @ GAMMA5), lepton(SIGMA_LOW)
    result = {}
    for prime, left, right in (("", "L", "R"), ("p", "R", "L")):
        scalar = hadron.scalar(right)
        result["S" + prime] = np.einsum("lb,nij->nlbij", scalar, one)
        result["P" + prime] = np.einsum("lb,nij->nlbij", scalar, gamma5)
        result["V" + prime] = np.einsum("lbm,nijm->nlbij", hadron.vector(left), vector)
        result["A" + prime] = np.einsum("lbm,nijm->nlbij", hadron.vector(left), axial)
        result["T" + prime] = np.einsum("lbmr,nijmr->nlbij", hadron.tensor(right), tensor)
    # 1/(2M) dPhi2(Lambda_b; Lambda q) dq2/(2 pi) dPhi2(q; f1 f2), dPhi2 = |p|/(4 pi sqrt(s)) for an
    # average over angles; the momentum in the rest frame of Lambda_b is p_baryon sqrt(q2)/M
    factor = (p_baryon * root / M) / (4 * np.pi * M) * p_lepton / (4 * np.pi * root)
    factor *= 1 / (2 * M) / (2 * np.pi) / 2  # and the average over two spins
    return result, factor * np.tile(weight / 2, n_phi) / n_phi


def baryon_width(
    by_operator: Mapping[str, np.ndarray],
    weights: np.ndarray,
    couplings: Mapping[str, complex],
) -> tuple[float, float]:
    """dGamma/dq2 and its part with helicity 0 of the pair, from what `amplitudes` returns."""
    total = sum(couplings[name] * amplitude for name, amplitude in by_operator.items())
    per_helicity = np.einsum("nlbij,n->lb", np.abs(total) ** 2, weights)
    return float(per_helicity.sum()), float(per_helicity[HELICITY_0].sum())
