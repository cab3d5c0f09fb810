"""The oracle against identities, textbook rates, and the closed forms of the specification.

Everything compared here is known in closed form, so the tolerance is that of double precision
(1e-10 relative, far above the accumulated rounding) unless a limit is taken.
"""

from __future__ import annotations

import numpy as np
import pytest

from . import hadronic, phasespace, rates, spinors
from .hadronic import kallen
from .projection import project_nuwet

TOL = 1e-10
M_B, M_QUARKS = 5.28, (4.2, 0.1)
M_MESON = {0: 0.494, 1: 0.892}
MASSES = (0.0, 0.0, 0.0, 0.3, 0.9, 1.4)
DIRAC = tuple(k + p for k in "VASPT" for p in ("", "p"))
FORM_FACTORS = ("f+", "f0", "fT", "V", "A0", "A1", "A12", "T1", "T2", "T23")
EW = {"m_W": 80.4, "v": 246.0, "alpha_e": 1 / 128}


def complex_normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def hermitian(c: np.ndarray) -> np.ndarray:
    """Hermitian part of c[p, r, s, t]."""
    return (c + c.conj().transpose(1, 0, 3, 2)) / 2


def random_couplings(rng: np.random.Generator) -> dict[str, complex]:
    return {k: complex(complex_normal(rng)) for k in DIRAC}


def random_form_factors(rng: np.random.Generator) -> dict[str, float]:
    return {k: float(rng.uniform(0.2, 1)) for k in FORM_FACTORS}


def random_left(rng: np.random.Generator) -> dict[str, np.ndarray]:
    left = {k: complex_normal(rng, 6, 6, 3, 3) for k in ("VLL", "VLR", "SLL", "SLR", "TLL")}
    for k in left:
        exchanged = left[k].transpose(1, 0, 2, 3)
        if k[0] == "V":
            left[k] = hermitian(left[k])
        else:
            left[k] = (left[k] + (exchanged if k[0] == "S" else -exchanged)) / 2
    return left


def random_nusmeft(rng: np.random.Generator) -> dict[str, np.ndarray]:
    names = ("qn", "nd", "nu", "nedu", "lnqd1", "lnqd3", "lnuq")
    c = {k: complex_normal(rng, 3, 3, 3, 3) for k in names}
    for k in ("qn", "nd", "nu"):
        c[k] = hermitian(c[k])
    phin = complex_normal(rng, 3, 3)
    return c | {"phin": phin + phin.conj().T, "phine": complex_normal(rng, 3, 3)}


def random_ckm(rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(complex_normal(rng, 3, 3))[0]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(42)


# ------------------------------------------------------------------------------ closed forms


def closed_width(q2, m_B, m_M, m1, m2, couplings, ff, m_b, m_q, spin):
    """Return dGamma_Dirac/dq2 in closed form and its longitudinal part."""
    mp, mm, root = m1 + m2, m1 - m2, np.sqrt(q2)
    a, b = q2 - mp**2, q2 - mm**2
    lam = kallen(m_B**2, m_M**2, q2)
    V1, A1 = 2 / 3 * b * (2 * q2 + mp**2) / q2, 2 / 3 * a * (2 * q2 + mm**2) / q2
    V0, A0 = 2 * mm**2 * a / q2, 2 * mp**2 * b / q2
    TV, TA = 2 / 3 * b * (q2 + 2 * mp**2) / q2, 2 / 3 * a * (q2 + 2 * mm**2) / q2
    VS, AP, VT, AT = 2 * mm * a / root, 2 * mp * b / root, 2 * mp * b / root, 2 * mm * a / root
    plus = {k: couplings[k] + couplings[k + "p"] for k in "VASPT"}
    minus = {k: couplings[k] - couplings[k + "p"] for k in "VASPT"}
    prefactor = np.sqrt(lam * a * b) / (256 * np.pi**3 * m_B**3 * q2)

    def sq(z):
        return abs(z) ** 2

    def re(x, y):
        return (x * np.conj(y)).real

    delta = m_B**2 - m_M**2
    if spin == 0:
        h1, h0 = ff["f+"] * np.sqrt(lam) / (2 * root), ff["f0"] * delta / (2 * root)
        hS, hT = ff["f0"] * delta / (2 * (m_b - m_q)), ff["fT"] * np.sqrt(lam) / (m_B + m_M)
        R = sq(plus["V"]) * (h1**2 * V1 + h0**2 * V0) + sq(plus["A"]) * (h1**2 * A1 + h0**2 * A0)
        R += hS**2 * (sq(plus["S"]) * 2 * a + sq(plus["P"]) * 2 * b)
        R += 2 * h0 * hS * (re(plus["V"], plus["S"]) * VS + re(plus["A"], plus["P"]) * AP)
        R += hT**2 * (sq(plus["T"]) * TV + sq(minus["T"]) * TA)
        R += 2 * h1 * hT * (re(plus["V"], plus["T"]) * VT + re(plus["A"], minus["T"]) * AT)
        return prefactor * R, 0.0

    def quadratic(perp, par, zero, t, s, Tperp, Tpar, Tzero):
        R = (sq(plus["V"]) * perp**2 + sq(minus["V"]) * (par**2 + zero**2)) * V1
        R += (sq(plus["A"]) * perp**2 + sq(minus["A"]) * (par**2 + zero**2)) * A1
        R += t**2 * (sq(minus["V"]) * V0 + sq(minus["A"]) * A0)
        R += s**2 * (sq(minus["S"]) * 2 * a + sq(minus["P"]) * 2 * b)
        R += 2 * t * s * (re(minus["V"], minus["S"]) * VS + re(minus["A"], minus["P"]) * AP)
        R += Tperp**2 * (sq(plus["T"]) * TV + sq(minus["T"]) * TA)
        R += (Tpar**2 + Tzero**2) * (sq(minus["T"]) * TV + sq(plus["T"]) * TA)
        mixed = par * Tpar + zero * Tzero
        R += 2 * (re(plus["V"], plus["T"]) * perp * Tperp + re(minus["V"], minus["T"]) * mixed) * VT
        R += 2 * (re(plus["A"], minus["T"]) * perp * Tperp + re(minus["A"], plus["T"]) * mixed) * AT
        return prefactor * R

    transverse = (
        ff["V"] * np.sqrt(lam / 2) / (m_B + m_M),
        ff["A1"] * (m_B + m_M) / np.sqrt(2),
    )
    longitudinal = (
        4 * m_B * m_M * ff["A12"] / root,
        ff["A0"] * np.sqrt(lam) / (2 * root),
        ff["A0"] * np.sqrt(lam) / (2 * (m_b + m_q)),
    )
    tensor = (
        np.sqrt(2 * lam) * ff["T1"] / root,
        np.sqrt(2) * ff["T2"] * delta / root,
        4 * m_B * m_M * ff["T23"] / (m_B + m_M),
    )
    return (
        quadratic(*transverse, *longitudinal, *tensor),
        quadratic(0, 0, *longitudinal, 0, 0, tensor[2]),
    )


def closed_two_body(m_B, f_B, m_b, m_q, m1, m2, couplings):
    """Return the closed form of the width of B -> f1 f2bar, distinguishable Dirac fermions."""
    x1, x2, x_sum = m1 / m_B, m2 / m_B, (m_b + m_q) / m_B
    diff = {k: couplings[k] - couplings[k + "p"] for k in "VASP"}
    vector = abs(diff["V"] * (x1 - x2) + diff["S"] / x_sum) ** 2 * (1 - (x1 + x2) ** 2)
    axial = abs(diff["A"] * (x1 + x2) + diff["P"] / x_sum) ** 2 * (1 - (x1 - x2) ** 2)
    K = np.sqrt(kallen(1, x1**2, x2**2))
    return K * m_B**3 * f_B**2 / (32 * np.pi) * (vector + axial)


def parity_couplings(left, a, b, i=1, j=2):
    """Parity basis of the pair (a, b), arXiv:2309.02940 Eqs. (20)-(22), tensors antisymmetrised."""

    def sym(m):
        return (m[a, b] + m[b, a]) / 2

    def anti(m):
        return (m[a, b] - m[b, a]) / 2

    direct = {k: c[:, :, i, j] for k, c in left.items()}
    conj = {k: c[:, :, j, i].conj() for k, c in left.items()}  # symmetric under (ab) where used
    return {
        "V": anti(direct["VLL"]),
        "A": -sym(direct["VLL"]),
        "Vp": anti(direct["VLR"]),
        "Ap": -sym(direct["VLR"]),
        "S": sym(direct["SLR"]) + sym(conj["SLL"]),
        "P": -sym(direct["SLR"]) + sym(conj["SLL"]),
        "Sp": sym(direct["SLL"]) + sym(conj["SLR"]),
        "Pp": -sym(direct["SLL"]) + sym(conj["SLR"]),
        "T": 2 * anti(conj["TLL"].T),
        "Tp": 2 * anti(direct["TLL"]),
    }


def closed_matching(c, V, m_W, v, alpha_e):
    """Tree-level matching formulas of the specification, full symmetrised arrays."""
    sin2 = np.pi * alpha_e * v**2 / m_W**2
    nu, n, one = slice(0, 3), slice(3, 6), np.eye(3)
    left = {
        f"{kind}nu{q}{x}": np.zeros((6, 6, 3, 3), dtype=complex)
        for q in "du"
        for kind, x in (("V", "LL"), ("V", "LR"), ("S", "LL"), ("S", "LR"), ("T", "LL"))
    }
    left |= {name: np.zeros((6, 3, 3, 3), dtype=complex) for name in rates.CHARGED}

    def z_exchange(t3, charge):
        return -2 * np.einsum("ba,ij->abij", c["phin"], one) * (t3 - charge * sin2)

    def fill(name, block, sign):
        left[name][n, nu] = block
        left[name][nu, n] = sign * block.transpose(1, 0, 2, 3)

    left["VnudLL"][n, n] = -np.einsum("ijba->abij", c["qn"]) + z_exchange(-1 / 2, -1 / 3)
    left["VnudLR"][n, n] = -np.einsum("baij->abij", c["nd"]) + z_exchange(0, -1 / 3)
    left["VnuuLL"][n, n] = z_exchange(1 / 2, 2 / 3)
    left["VnuuLL"][n, n] -= np.einsum("im,mnba,jn->abij", V, c["qn"], V.conj())
    left["VnuuLR"][n, n] = -np.einsum("baij->abij", c["nu"]) + z_exchange(0, 2 / 3)
    fill("SnudLL", np.einsum("baji->abij", c["lnqd1"].conj()) / 2, 1)
    fill("TnudLL", np.einsum("baji->abij", c["lnqd3"].conj()) / 2, -1)
    fill("SnuuLR", np.einsum("im,bajm->abij", V, c["lnuq"].conj()) / 2, 1)
    left["SnueduLL"][n] = -np.einsum("jm,bami->abij", V.conj(), c["lnqd1"].conj())
    left["TnueduLL"][n] = -np.einsum("jm,bami->abij", V.conj(), c["lnqd3"].conj())
    left["SnueduLR"][n] = np.einsum("baji->abij", c["lnuq"].conj())
    left["VnueduRR"][n] = c["nedu"]
    left["VnueduRL"][n] = -np.einsum("ji,ab->abij", V.conj(), c["phine"])
    return left


def neutral_down(left):
    """Keys VnudLL, ... -> VLL, ... of the neutral down-quark sector."""
    return {k[0] + k[4:]: x for k, x in left.items() if k[1:4] == "nud"}


# ------------------------------------------------------------------------------ Dirac algebra


def test_clifford_and_charge_conjugation():
    anticommutator = np.einsum("mab,nbc->mnac", spinors.GAMMA, spinors.GAMMA)
    anticommutator = anticommutator + anticommutator.transpose(1, 0, 2, 3)
    expected = 2 * np.einsum("mn,ab->mnab", spinors.METRIC, spinors.ID4)
    np.testing.assert_allclose(anticommutator, expected, atol=1e-14)
    inverse = np.linalg.inv(spinors.CHARGE)
    for gamma in spinors.GAMMA:
        np.testing.assert_allclose(inverse @ gamma @ spinors.CHARGE, -gamma.T, atol=1e-14)


def test_sigma_gamma5_identity_fixes_epsilon():
    low = spinors.SIGMA_LOW
    identity = 0.5j * np.einsum("mnrs,rsab->mnab", spinors.EPSILON, low)
    np.testing.assert_allclose(spinors.SIGMA @ spinors.GAMMA5, identity, atol=1e-14)


@pytest.mark.parametrize("mass", [0.0, 1.7])
def test_spin_sums_and_helicity(rng, mass):
    p3 = rng.normal(size=3)
    p = spinors.four_momentum(p3, mass)
    u, v = spinors.u_spinors(p3, mass), spinors.v_spinors(p3, mass)
    mass_matrix = mass * spinors.ID4
    for w, sign in ((u, 1), (v, -1)):
        total = np.einsum("ha,hb->ab", w, spinors.bar(w))
        np.testing.assert_allclose(total, spinors.slash(p) + sign * mass_matrix, atol=1e-13)
    spin = np.kron(np.eye(2), np.einsum("i,iab->ab", p3 / np.linalg.norm(p3), spinors.PAULI))
    for h, sign in enumerate((1, -1)):
        np.testing.assert_allclose(spin @ u[h], sign * u[h], atol=1e-13)
        np.testing.assert_allclose(spin @ v[h], -sign * v[h], atol=1e-13)
    np.testing.assert_allclose(spinors.conjugate(spinors.bar(v)), u, atol=1e-13)


def test_tensor_fierz_identity(rng):
    # arXiv:2309.02940 Eq. (2); exchanging two anticommuting fields flips the sign of the -8.
    lep, q = complex_normal(rng, 2, 4)
    n, d = complex_normal(rng, 2, 4) @ spinors.PROJECTOR["R"].T
    tensor = np.einsum(
        "a,mnab,b,c,mncd,d->", lep, spinors.SIGMA, n, q, spinors.SIGMA_LOW, d, optimize=True
    )
    assert tensor == pytest.approx(
        8 * (lep @ d) * (q @ n) - 4 * (lep @ n) * (q @ d), rel=TOL, abs=0
    )


# ------------------------------------------------------------------------- hadronic elements


@pytest.mark.parametrize("spin", [0, 1])
def test_equations_of_motion(rng, spin):
    q2, (m_b, m_q) = 7.3, M_QUARKS
    cur = phasespace.meson_currents(
        q2, M_B, M_MESON[spin], random_form_factors(rng), m_b, m_q, spin
    )
    q = np.array([np.sqrt(q2), 0, 0, 0])
    np.testing.assert_allclose(spinors.dot(cur.V, q), (m_b - m_q) * cur.S, atol=1e-12)
    np.testing.assert_allclose(spinors.dot(cur.A, q), -(m_b + m_q) * cur.P, atol=1e-12)


def test_vacuum_equation_of_motion():
    cur = hadronic.currents_vacuum(5.37, 0.23, *M_QUARKS)
    q = np.array([5.37, 0, 0, 0])
    np.testing.assert_allclose(spinors.dot(cur.A, q), -sum(M_QUARKS) * cur.P, rtol=TOL)


@pytest.mark.parametrize("spin", [0, 1])
def test_tensor_is_dual_of_its_gamma5_partner(rng, spin):
    cur = phasespace.meson_currents(
        7.3, M_B, M_MESON[spin], random_form_factors(rng), *M_QUARKS, spin
    )
    np.testing.assert_allclose(hadronic.dual(cur.T), cur.T5, atol=1e-12)
    np.testing.assert_allclose(hadronic.dual(cur.T5), cur.T, atol=1e-12)


def test_tensor_form_factor_definitions(rng):
    q2, m_V, ff = 7.3, M_MESON[1], random_form_factors(rng)
    cur = hadronic.currents_vector(q2, M_B, m_V, ff, *M_QUARKS)
    p_B, p_M, q = hadronic.momenta(q2, M_B, m_V)
    delta, total, g = M_B**2 - m_V**2, p_B + p_M, spinors.METRIC
    T3 = hadronic.form_factor_T3(q2, M_B, m_V, ff)
    for h, eta in enumerate(spinors.polarisations_along_z(p_M[0], p_M[3], m_V).conj()):
        eta_q = spinors.dot(eta, q)
        expected = ff["T2"] * (eta * delta - eta_q * total)
        expected = expected + T3 * eta_q * (q - q2 / delta * total)
        np.testing.assert_allclose(cur.T5[h] @ g @ q, expected, atol=1e-10)
        lowered = (g @ eta, g @ p_B, g @ p_M)
        expected = -2j * ff["T1"] * np.einsum("mabc,a,b,c->m", spinors.EPSILON, *lowered)
        np.testing.assert_allclose(cur.T[h] @ g @ q, expected, atol=1e-10)


def test_sign_of_t1_against_t2():
    # T1(0) = T2(0): no photon pole in <sigma gamma5>; with T1(0) = -T2(0) it grows like 1/q2.
    def size(sign, q2):
        ff = random_form_factors(np.random.default_rng(3)) | {"T1": 0.3, "T2": 0.3 * sign}
        cur = hadronic.currents_vector(q2, M_B, M_MESON[1], ff, *M_QUARKS)
        velocity = hadronic.momenta(q2, M_B, M_MESON[1])[0] / M_B
        return np.linalg.norm(cur.T5[1] @ spinors.METRIC @ velocity)

    assert size(1, 1e-3) == pytest.approx(size(1, 1e-4), rel=1e-2, abs=0)
    assert size(-1, 1e-4) == pytest.approx(10 * size(-1, 1e-3), rel=1e-2, abs=0)


def test_static_relation_pseudoscalar():
    # sigma^{i0} b = i gamma^i b for gamma^0 b = b, with the Isgur-Wise value of fT (positive).
    q2, m_P = 7.3, M_MESON[0]
    ff = {"f+": 0.5, "f0": 0.4}
    f_minus = (ff["f0"] - ff["f+"]) * (M_B**2 - m_P**2) / q2
    ff["fT"] = (M_B + m_P) / (2 * M_B) * (ff["f+"] - f_minus)
    assert ff["fT"] > 0
    cur = hadronic.currents_pseudoscalar(q2, M_B, m_P, ff, *M_QUARKS)
    p_B, p_M, _ = hadronic.momenta(q2, M_B, m_P)
    velocity = p_B / M_B
    normal = spinors.METRIC @ (p_M - spinors.dot(p_M, velocity) * velocity)
    tensor = normal @ cur.T[0] @ spinors.METRIC @ velocity
    assert tensor == pytest.approx(1j * normal @ cur.V[0], rel=TOL, abs=0)


def test_static_relation_vector():
    # Isgur-Wise: T1 is a sum of V and A1 with positive coefficients; T2 from the axial relation.
    q2, m_V = 7.3, M_MESON[1]
    ff = {"V": 0.5, "A0": 0.4, "A1": 0.3, "A12": 0.3, "T23": 0.6}
    ff["T1"] = (M_B**2 + q2 - m_V**2) / (2 * M_B) * ff["V"] / (M_B + m_V)
    ff["T1"] += (M_B + m_V) / (2 * M_B) * ff["A1"]
    q0 = (M_B**2 + q2 - m_V**2) / (2 * M_B)
    delta = M_B**2 - m_V**2
    total0 = 2 * M_B - q0
    ff["T2"] = ff["T1"] + ((M_B + m_V) * ff["A1"] - ff["T1"] * total0) * q2 / (delta * q0)
    assert ff["T2"] > 0
    cur = hadronic.currents_vector(q2, M_B, m_V, ff, *M_QUARKS)
    p_B, p_M, _ = hadronic.momenta(q2, M_B, m_V)
    velocity = spinors.METRIC @ p_B / M_B
    for h in (1, 2):
        normal = spinors.METRIC @ spinors.polarisations_along_z(p_M[0], p_M[3], m_V)[h]
        assert normal @ cur.T5[h] @ velocity == pytest.approx(
            -1j * normal @ cur.A[h], rel=TOL, abs=0
        )
        assert normal @ cur.T[h] @ velocity == pytest.approx(1j * normal @ cur.V[h], rel=TOL, abs=0)


def test_left_handed_current_makes_no_positive_helicity():
    # Large-energy limit: V = (m_B + m_V)/m_B xi, A1 = 2E/(m_B + m_V) xi, suppression (m_V/E)^2.
    q2, m_V = 2.0, 0.01
    energy = (M_B**2 + m_V**2 - q2) / (2 * M_B)
    ff = dict.fromkeys(FORM_FACTORS, 0.3)
    ff |= {"V": (M_B + m_V) / M_B, "A1": 2 * energy / (M_B + m_V)}
    left = hadronic.currents_vector(q2, M_B, m_V, ff, *M_QUARKS).vector("L")
    sizes = np.linalg.norm(left, axis=1)
    assert sizes[1] < 1e-4 * sizes[2]


# ------------------------------------------------------------------- phase space and textbook


def test_three_body_phase_space_against_dalitz_boundaries():
    q2, m1, m2, m_M = 9.0, 0.4, 1.1, 0.5
    e2 = (q2 - m1**2 + m2**2) / (2 * np.sqrt(q2))
    e3 = (M_B**2 - q2 - m_M**2) / (2 * np.sqrt(q2))
    p2, p3 = np.sqrt(e2**2 - m2**2), np.sqrt(e3**2 - m_M**2)
    width = ((e2 + e3) ** 2 - (p2 - p3) ** 2) - ((e2 + e3) ** 2 - (p2 + p3) ** 2)
    expected = width / ((2 * np.pi) ** 3 * 32 * M_B**3)
    assert phasespace.three_body_factor(q2, M_B, m_M, m1, m2) == pytest.approx(
        expected, rel=TOL, abs=0
    )


def test_massless_b_to_k_nu_nu(rng):
    # One left-handed flavour: |C|^2 lam^(3/2) f+^2 / (1536 pi^3 m_B^3), e.g. arXiv:1409.4557.
    q2, m_P, ff, c = 6.0, M_MESON[0], random_form_factors(rng), 0.3 + 0.4j
    lam = kallen(M_B**2, m_P**2, q2)
    expected = abs(c) ** 2 * lam**1.5 * ff["f+"] ** 2 / (1536 * np.pi**3 * M_B**3)
    args = (ff, *M_QUARKS, 0)
    dirac = rates.dirac_width(q2, M_B, m_P, 0, 0, {"V": c / 2, "A": -c / 2}, *args)[0]
    assert dirac == pytest.approx(expected, rel=TOL, abs=0)
    left = {"VLL": np.zeros((6, 6, 3, 3), dtype=complex)}
    left["VLL"][1, 1, 1, 2], left["VLL"][1, 1, 2, 1] = c, np.conj(c)
    majorana = rates.majorana_width_left(q2, M_B, m_P, MASSES, left, *args)[0]
    assert majorana == pytest.approx(expected, rel=TOL, abs=0)
    direct = rates.majorana_width_nusmeft(q2, M_B, m_P, MASSES, {}, *args, VLL_SM=c)[0]
    assert direct == pytest.approx(3 * expected, rel=TOL, abs=0)


def test_textbook_leptonic_decays():
    G_F, f_B, m_l = 1.1663787e-5, 0.19, 1.777
    c = -4 * G_F / np.sqrt(2)
    width = rates.dirac_two_body_width(M_B, f_B, *M_QUARKS, m_l, 0, {"V": c / 2, "A": -c / 2})
    expected = G_F**2 * f_B**2 * M_B * m_l**2 * (1 - m_l**2 / M_B**2) ** 2 / (8 * np.pi)
    assert width == pytest.approx(expected, rel=TOL, abs=0)

    alpha, c10, m_mu = 1 / 128, -4.2, 0.105658
    coupling = 4 * G_F / np.sqrt(2) * alpha / (4 * np.pi) * c10
    width = rates.dirac_two_body_width(M_B, f_B, *M_QUARKS, m_mu, m_mu, {"A": coupling})
    expected = (G_F * alpha * c10 * f_B * m_mu) ** 2 * M_B / (16 * np.pi**3)
    expected *= np.sqrt(1 - 4 * m_mu**2 / M_B**2)
    assert width == pytest.approx(expected, rel=TOL, abs=0)


# ------------------------------------------------------------- closed forms of the specification


@pytest.mark.parametrize("spin", [0, 1])
@pytest.mark.parametrize("masses", [(0, 0), (0, 0.8), (0.8, 0), (0.6, 0.6), (0.4, 1.7)])
def test_closed_form_of_the_dirac_width(rng, spin, masses):
    for q2 in (3.0, 7.1, 11.9, 17.0):
        args = (M_B, M_MESON[spin], *masses, random_couplings(rng), random_form_factors(rng))
        result = rates.dirac_width(q2, *args, *M_QUARKS, spin)
        allowed = q2 > sum(masses) ** 2
        expected = closed_width(q2, *args, *M_QUARKS, spin) if allowed else (0, 0)
        np.testing.assert_allclose(result, expected, rtol=TOL)


def test_dirac_width_outside_phase_space(rng):
    args = (M_B, M_MESON[0], 0.6, 0.6, random_couplings(rng), random_form_factors(rng))
    for q2 in (1.43, (M_B - M_MESON[0]) ** 2 + 0.01):
        assert rates.dirac_width(q2, *args, *M_QUARKS, 0) == (0, 0)


@pytest.mark.parametrize("masses", [(0, 0), (0, 0.8), (1.1, 1.1), (0.4, 1.7)])
def test_closed_form_of_the_two_body_width(rng, masses):
    args = (5.37, 0.23, *M_QUARKS, *masses, random_couplings(rng))
    assert rates.dirac_two_body_width(*args) == pytest.approx(
        closed_two_body(*args), rel=TOL, abs=0
    )


# -------------------------------------------------------------------- Majorana pairs and LEFT


@pytest.mark.parametrize("spin", [0, 1])
@pytest.mark.parametrize("pair", [(0, 0), (0, 1), (1, 4), (4, 1), (4, 4), (3, 5)])
@pytest.mark.parametrize("quarks", [(1, 2), (0, 2)])
def test_majorana_width_is_parity_basis_width(rng, spin, pair, quarks):
    left, ff = random_left(rng), random_form_factors(rng)
    masses = [MASSES[k] for k in pair]
    args = (ff, *M_QUARKS, spin)
    result = rates.majorana_width_left(
        9.3, M_B, M_MESON[spin], MASSES, left, *args, quarks=quarks, pair=pair
    )
    couplings = parity_couplings(left, *pair, *quarks)
    expected = rates.dirac_width(9.3, M_B, M_MESON[spin], *masses, couplings, *args)
    factor = 2 if pair[0] == pair[1] else 1
    np.testing.assert_allclose(result, np.array(expected) / factor, rtol=TOL)


@pytest.mark.parametrize("pair", [(0, 0), (0, 1), (1, 4), (4, 4), (3, 5)])
def test_majorana_two_body_is_parity_basis_width(rng, pair):
    left = random_left(rng)
    args = (5.37, 0.23, *M_QUARKS)
    result = rates.majorana_two_body_left(*args, MASSES, left, pair=pair)
    masses = [MASSES[k] for k in pair]
    expected = closed_two_body(*args, *masses, parity_couplings(left, *pair))
    assert result == pytest.approx(expected / (2 if pair[0] == pair[1] else 1), rel=TOL, abs=0)


def test_sum_over_final_states(rng):
    left, ff = random_left(rng), random_form_factors(rng)
    args = (9.3, M_B, M_MESON[1], MASSES, left, ff, *M_QUARKS, 1)
    pairs = [(a, b) for a in range(6) for b in range(a, 6)]
    parts = [rates.majorana_width_left(*args, pair=pair) for pair in pairs]
    np.testing.assert_allclose(rates.majorana_width_left(*args), np.sum(parts, axis=0), rtol=TOL)


def test_kept_names_carry_twice_the_symmetrised_coefficient(rng):
    # Operators listed once (a <= b) with doubled off-diagonal S and T give the same rate.
    left, ff = random_left(rng), random_form_factors(rng)
    once = dict(left)
    for name in ("SLL", "SLR", "TLL"):
        weight = np.triu(2 * np.ones((6, 6)), 1) + np.eye(6)
        once[name] = left[name] * weight[:, :, None, None]
    for spin in (0, 1):
        args = (ff, *M_QUARKS, spin)
        results = [
            rates.majorana_width_left(9.3, M_B, M_MESON[spin], MASSES, c, *args)
            for c in (left, once)
        ]
        np.testing.assert_allclose(*results, rtol=TOL)


@pytest.mark.parametrize("spin", [0, 1])
def test_charged_current_in_the_parity_basis(rng, spin):
    # arXiv:2309.02940 Eq. (19); no 1/2 in the Lagrangian.
    left = {name: complex_normal(rng, 6, 3, 3, 3) for name in rates.CHARGED}
    indices = (4, 1, 2, 1)
    get = {name: x[indices].conj() for name, x in left.items()}
    couplings = {
        "V": (get["VnueduRL"] + get["VnueduLL"]) / 2,
        "Vp": (get["VnueduRR"] + get["VnueduLR"]) / 2,
        "A": (get["VnueduRL"] - get["VnueduLL"]) / 2,
        "Ap": (get["VnueduRR"] - get["VnueduLR"]) / 2,
        "S": (get["SnueduLL"] + get["SnueduRL"]) / 2,
        "Sp": (get["SnueduLR"] + get["SnueduRR"]) / 2,
        "P": (get["SnueduLL"] - get["SnueduRL"]) / 2,
        "Pp": (get["SnueduLR"] - get["SnueduRR"]) / 2,
        "T": get["TnueduLL"],
        "Tp": get["TnueduRR"],
    }
    args = (random_form_factors(rng), 4.2, 1.1, spin)
    masses = (0.1057, MASSES[4])
    result = rates.charged_width_left(6.1, M_B, 1.9, *masses, left, *args, indices)
    expected = rates.dirac_width(6.1, M_B, 1.9, *masses, couplings, *args)
    np.testing.assert_allclose(result, expected, rtol=TOL)


# ------------------------------------------------------------------------------- nuSMEFT


def test_projection_against_the_matching_formulas(rng):
    c, V = random_nusmeft(rng), random_ckm(rng)
    result, expected = project_nuwet(c, V, **EW), closed_matching(c, V, **EW)
    assert result.keys() == expected.keys()
    for name, array in result.items():
        np.testing.assert_allclose(array, expected[name], rtol=0, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("spin", [0, 1])
@pytest.mark.parametrize("VLL_SM", [0, 0.6 - 0.3j])
def test_nusmeft_width_is_left_width(rng, spin, VLL_SM):
    c = {k: x for k, x in random_nusmeft(rng).items() if k in ("qn", "nd", "lnqd1", "lnqd3")}
    left = neutral_down(project_nuwet(c, random_ckm(rng), **EW))
    for a in range(3):
        left["VLL"][a, a, 1, 2] += VLL_SM
        left["VLL"][a, a, 2, 1] += np.conj(VLL_SM)
    args = (random_form_factors(rng), *M_QUARKS, spin)
    kinematics = (9.3, M_B, M_MESON[spin], MASSES)
    for pair in [None, (0, 0), (1, 4), (3, 3), (3, 5)]:
        result = rates.majorana_width_nusmeft(*kinematics, c, *args, pair=pair, VLL_SM=VLL_SM)
        expected = rates.majorana_width_left(*kinematics, left, *args, pair=pair)
        np.testing.assert_allclose(result, expected, rtol=TOL)
        two_body = (5.37, 0.23, *M_QUARKS, MASSES)
        result = rates.majorana_two_body_nusmeft(*two_body, c, pair=pair, VLL_SM=VLL_SM)
        expected = rates.majorana_two_body_left(*two_body, left, pair=pair)
        assert result == pytest.approx(expected, rel=TOL, abs=0)


def test_projection_rejects_what_left_cannot_hold(rng):
    # A non-hermitian array of a hermitian class is not a Lagrangian.
    with pytest.raises(ArithmeticError, match="not hermitian"):
        project_nuwet({"qn": complex_normal(rng, 3, 3, 3, 3)}, random_ckm(rng), **EW)
