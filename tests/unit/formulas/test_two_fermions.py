"""Two-body widths of fermions, vector mesons, Z, W and h against explicit amplitudes."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
from bruteforce import two_fermions as explicit

from flavio_nusmeft.formulas import electroweak as ew
from flavio_nusmeft.formulas.two_body import TWO_BODY_TERMS, fermion_pseudoscalar, two_body
from flavio_nusmeft.formulas.vector_two_body import (
    PHOTON_TERMS,
    VECTOR_TWO_BODY_TERMS,
    fermion_vector,
    vector_photon_two_body,
    vector_two_body,
)
from flavio_nusmeft.formulas.widths import COMPONENTS
from flavio_nusmeft.physics.neutral_couplings import left_to_parity

PION = {"mass": 0.49, "f_P": 0.156, "m_quarks": 0.11}
RHO = {"mass": 0.78, "f_V": 0.21, "f_T": 0.16}
# (barred, other): tau -> N, N -> l, near threshold, massless daughters
FERMIONS = [(1.78, 0.4), (1.78, 0.0), (0.106, 2.3), (0.0, 1.3), (0.9, 1.691), (3.0, 2.2)]
PAIRS = [(0.0, 0.0), (0.3, 0.0), (0.0, 2.0), (0.1, 0.7), (1.5, 1.5), (1.1, 1.95)]
M_V, F_V, F_T = 3.1, 0.41, 0.37
V, LEPTONS = 246.2, (0.0, 0.000511, 1.777)


def random_complex(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def random_couplings(rng):
    return {k + p: complex(random_complex(rng)) for k in "VASPT" for p in ("", "p")}


def quadratic(coefficients, terms, couplings):
    return sum(
        k * (couplings[a] * couplings[b].conjugate()).real
        for k, (a, b) in zip(coefficients, terms, strict=True)
    )


def plus_minus(couplings):
    return {
        name: couplings[name[0]] + int(name[1] + "1") * couplings[name[0] + "p"]
        for name in COMPONENTS
    }


def random_left(rng):
    """LEFT arrays of neutral currents, by the names of the explicit calculation and of nuWET."""
    left = {k: random_complex(rng, 6, 6, 3, 3) for k in ("VLL", "VLR", "SLL", "SLR", "TLL")}
    for name, c in left.items():
        other = c.conj().transpose(1, 0, 3, 2) if name[0] == "V" else c.transpose(1, 0, 2, 3)
        left[name] = (c - other if name[0] == "T" else c + other) / 2
    return left, {f"{name[0]}nud{name[1:]}": c for name, c in left.items()}


def test_fermion_to_pseudoscalar(rng):
    for m_b, m_n in FERMIONS:
        couplings = random_couplings(rng)
        expected = explicit.fermion_width(m_b, m_n, PION, couplings)
        found = fermion_pseudoscalar(*PION.values(), np.array([m_b]), np.array([m_n]))[:, 0]
        value = quadratic(found, TWO_BODY_TERMS, plus_minus(couplings))
        assert value == pytest.approx(expected, rel=1e-8, abs=0)
        assert value > 0


def test_fermion_to_vector(rng):
    for m_b, m_n in FERMIONS:
        couplings = random_couplings(rng)
        expected = explicit.fermion_width(m_b, m_n, RHO, couplings)
        found = fermion_vector(*RHO.values(), np.array([m_b]), np.array([m_n]))[:, 0]
        value = quadratic(found, VECTOR_TWO_BODY_TERMS, plus_minus(couplings))
        assert value == pytest.approx(expected, rel=1e-8, abs=0)
        assert value > 0


def test_vector_to_fermions(rng):
    for m1, m2 in PAIRS:
        couplings = random_couplings(rng)
        expected = explicit.vector_width(M_V, F_V, F_T, m1, m2, couplings)
        found = vector_two_body(M_V, F_V, F_T, np.array([m1]), np.array([m2]))[:, 0]
        value = quadratic(found, VECTOR_TWO_BODY_TERMS, plus_minus(couplings))
        assert value == pytest.approx(expected, rel=1e-8, abs=0)


def test_majorana_pairs_of_vector_mesons(rng):
    """Γ_Dirac/(1 + δ) with the couplings of the parity basis, from the LEFT Lagrangian."""
    left, arrays = random_left(rng)
    masses = (0.0, 0.0, 0.0, 0.3, 0.9, 1.2)
    C = left_to_parity(arrays, 1, 1)
    for a, b in ((0, 0), (0, 1), (1, 4), (3, 3), (3, 5), (4, 5)):
        expected = explicit.majorana_vector_width(M_V, F_V, F_T, masses, left, 1, (a, b))
        m1, m2 = np.array([masses[a]]), np.array([masses[b]])
        found = vector_two_body(M_V, F_V, F_T, m1, m2)[:, 0] / (2 if a == b else 1)
        value = quadratic(found, VECTOR_TWO_BODY_TERMS, {k: c[a, b] for k, c in C.items()})
        assert value == pytest.approx(expected, rel=1e-8, abs=0)


@pytest.mark.parametrize("meson", [PION, RHO], ids=["P", "V"])
def test_majorana_fermions_to_neutral_mesons(meson, rng):
    """N -> nu P or V, and N -> N': Γ with the coupling C_(daughter, N), no further factor."""
    left, arrays = random_left(rng)
    masses = (0.0, 0.0, 0.0, 0.3, 1.4, 2.4)
    C = left_to_parity(arrays, 1, 1)
    width, terms = (
        (fermion_pseudoscalar, TWO_BODY_TERMS)
        if "f_P" in meson
        else (fermion_vector, VECTOR_TWO_BODY_TERMS)
    )
    for daughter, n in ((0, 4), (2, 5), (3, 4), (4, 5)):
        expected = explicit.majorana_fermion_width(masses, meson, left, 1, n, daughter)
        found = width(*meson.values(), np.array([masses[daughter]]), np.array([masses[n]]))[:, 0]
        value = quadratic(found, terms, {k: c[daughter, n] for k, c in C.items()})
        assert value == pytest.approx(expected, rel=1e-8, abs=0)


def test_closed_decays():
    zero, one = np.array([0.0]), np.array([1.0])
    for m_b, m_n in ((zero, 0.7 * one), (one, one), (zero, zero), (one, 0.6 * one)):
        assert not fermion_vector(*RHO.values(), m_b, m_n).any()
        assert not fermion_pseudoscalar(0.75, 0.1, 0.1, m_b, m_n).any()
    assert not vector_two_body(M_V, F_V, F_T, np.array([2.0, 3.1]), np.array([1.2, 0.0])).any()
    assert ew.z_to_nn(91.2, 50.0, 42.0, 0.1) == 0
    assert ew.z_to_nu_n(91.2, 92.0, 0.1) == 0
    assert ew.w_to_lepton_n(80.4, 1.777, 79.0, 0.1, 0.1, 0.1) == 0
    assert ew.h_to_nu_n(125.0, 126.0, 0.1) == 0


def test_exchange_of_a_photon(rng):
    """With the operators of quarks, interfering, for an active neutrino with a mass as well."""
    model = explicit.Electroweak(0.648, 0.358, V)
    left, arrays = random_left(rng)
    nW, nB = random_complex(rng, 2, 3, 3) * 0.1
    d = V / np.sqrt(2) * (model.s * nW + model.c * nB)
    masses = (0.2, 0.4, 0.0, 0.3, 0.9, 1.2)
    constants = M_V, F_V, F_T, -model.g * model.s / 3
    p = np.array([M_V, 0, 0, 0])
    current = explicit.vector_currents(F_V, F_T, M_V, p, explicit.polarisations(p, M_V))
    exchange = explicit.photon_exchange(model, -1 / 2, 1 / 6, M_V, F_V, (nW, nB))
    parts = [(explicit.left_terms(left, (1, 1)), current)]
    C = left_to_parity(arrays, 1, 1)
    for a, b in ((0, 3), (1, 5), (2, 4), (1, 4)):
        couplings = {name: c[a, b] for name, c in C.items()}
        couplings |= {"D+": 2j * d[a, b - 3].imag, "D-": 2 * d[a, b - 3].real + 0j}
        m1, m2 = np.array([masses[a]]), np.array([masses[b]])
        found = vector_photon_two_body(*constants, m1, m2)[:, 0]
        expected = explicit.invisible_width(M_V, masses, parts, (a, b), exchange)
        value = quadratic(found, PHOTON_TERMS, couplings)
        assert value == pytest.approx(expected, rel=1e-8, abs=0)
        opposite = quadratic(found, PHOTON_TERMS, couplings | {"D+": -couplings["D+"]})
        assert abs(opposite / value - 1) > 1e-3  # the sign of the photon matters


def test_photon_to_nu_n_over_electrons():
    """Γ(V -> νN)/Γ(V -> ee) = |d|² m_V²/(2πα) (1 - x²)² (1 + 2x²), whatever the meson."""
    alpha, d, m_N, zero = 1 / 130.0, 0.3 - 0.4j, 1.3, np.zeros(1)
    charge = 2 / 3 * np.sqrt(4 * np.pi * alpha)
    found = vector_photon_two_body(M_V, F_V, F_T, charge, zero, np.array([m_N]))[:, 0]
    nothing = dict.fromkeys(COMPONENTS, 0j)
    width = quadratic(found, PHOTON_TERMS, nothing | {"D+": 2j * d.imag, "D-": 2 * d.real + 0j})
    electrons = 4 * np.pi * (alpha * 2 / 3 * F_V) ** 2 / (3 * M_V)
    x2 = (m_N / M_V) ** 2
    expected = abs(d) ** 2 * M_V**2 / (2 * np.pi * alpha) * (1 - x2) ** 2 * (1 + 2 * x2)
    assert width / electrons == pytest.approx(expected, rel=1e-12, abs=0)
    closed = vector_photon_two_body(M_V, F_V, F_T, charge, zero, np.array([M_V]))
    assert not closed.any()


def test_textbook():
    """Taus of the SM, V -> e e and Upsilon(1S) -> nu nu (9.3e-6 of its width)."""
    G_F, V_ud, f, m_tau, m_pi = 1.166e-5, 0.974, 0.130, 1.777, 0.1396
    C = -4 * G_F / np.sqrt(2) * V_ud / 2
    zero, couplings = np.zeros(1), {"V-": C, "A-": -C, "S-": 0, "P-": 0}
    found = fermion_pseudoscalar(m_pi, f, 0.01, np.array([m_tau]), zero)[:, 0]
    expected = (G_F * V_ud * f) ** 2 * m_tau**3 / (16 * np.pi) * (1 - (m_pi / m_tau) ** 2) ** 2
    found = quadratic(found, TWO_BODY_TERMS, {k: complex(c) for k, c in couplings.items()})
    assert found == pytest.approx(expected, rel=1e-12, abs=0)

    alpha, Q = 1 / 137.0, 2 / 3
    vector = vector_two_body(M_V, F_V, 0.0, zero, zero)[0, 0]
    found = vector * (2 * 4 * np.pi * alpha * Q / M_V**2) ** 2  # C = C', the current is vectorial
    assert found == pytest.approx(4 * np.pi * (alpha * Q * F_V) ** 2 / (3 * M_V), rel=1e-12, abs=0)

    # three flavours of L = -2√2 G_F (nubar γ P_L nu)(bbar γ (T3 P_L - Q s²) b), of the paper
    # hep-ph/9806487 the ratio to e e: 27 G_F² m⁴ (-1 + 4/3 s²)²/(64π² α²) (4.14e-4)
    par = flavio.default_parameters.get_central_all()
    m, s2 = par["m_Upsilon(1S)"], 0.2312
    coupling = -2 * np.sqrt(2) * par["GF"] * (-1 / 2 + 2 / 3 * s2) / 2
    nu = vector_two_body(m, par["f_Upsilon(1S)"], 0.0, zero, zero)[:2, 0].sum() * 3 * coupling**2
    electrons = 4 * np.pi * (par["f_Upsilon(1S)"] / 137.036 / 3) ** 2 / (3 * m)
    expected = 27 * par["GF"] ** 2 * m**4 * (4 / 3 * s2 - 1) ** 2 / (64 * np.pi**2 / 137.036**2)
    assert nu / electrons == pytest.approx(expected, rel=1e-10, abs=0)
    assert nu * par["tau_Upsilon(1S)"] == pytest.approx(9.3e-6, rel=0.02, abs=0)


@pytest.fixture
def model():
    return explicit.Electroweak(0.648, 0.358, V)


def test_couplings_of_bosons(model):
    """The couplings in the docstring of `formulas.electroweak`, from the fields in components."""
    root = np.sqrt(2)
    assert model.higgs_current("Z") == pytest.approx(model.m_Z * V, rel=1e-12, abs=0)
    assert model.higgs_current("A") == pytest.approx(0, abs=1e-12 * V**2)
    assert model.charged_higgs_current() == pytest.approx(-model.m_W * V / root, rel=1e-12, abs=0)
    nW, nB = 0.3 - 0.2j, -0.5 + 0.7j
    found = [model.dipole(boson, nW, nB)[:1] for boson in ("Z", "A")]
    expected = V / root * np.array([model.c * nW - model.s * nB, model.s * nW + model.c * nB])
    assert np.ravel(found) == pytest.approx(expected, rel=1e-12, abs=0)
    assert model.dipole("W-", nW, nB) == pytest.approx(np.array([0, V * nW]), rel=1e-12, abs=1e-9)
    assert model.higgs_yukawa(nW) == pytest.approx(nW * V**2 / root, rel=1e-9, abs=0)
    assert model.left_current() == pytest.approx(-model.g / root, rel=1e-12, abs=0)


def test_z_to_nn(model, rng):
    phin = random_complex(rng, 3, 3)
    phin = phin + phin.conj().T
    masses = np.array([0.0, 11.0, 35.0])
    g = model.m_Z * V * phin
    width = ew.z_to_nn(model.m_Z, masses[:, None], masses, g) / (1 + np.eye(3))
    for a in range(3):
        for b in range(a, 3):
            expected = explicit.z_to_nn(model, phin, masses, (a, b))
            assert width[a, b] == pytest.approx(expected, rel=1e-8, abs=0)
            assert width[a, b] == pytest.approx(width[b, a], rel=1e-12, abs=0)
    x = masses / model.m_Z
    assert np.diag(width) == pytest.approx(
        np.diag(g).real ** 2 * model.m_Z * (1 - 4 * x**2) ** 1.5 / (24 * np.pi), rel=1e-12, abs=0
    )


def test_w_to_lepton_n(model, rng):
    """Vectors of both chiralities and the dipole, alone and interfering."""
    everything = random_complex(rng, 3) * [1, 1, 0.01]
    for mask in ([1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 1, 1]):
        g_L, g_R, d = everything * mask
        wilson = (
            g_L / (-model.g / np.sqrt(2)),
            np.conj(g_R / (-model.m_W * V / np.sqrt(2))),
            d / V,
        )
        for m_lepton in (*LEPTONS, 20.0):
            for m_N in (0.0, 3.0, 45.0):
                expected = explicit.w_to_lepton_n(model, *wilson, m_lepton, m_N)
                found = ew.w_to_lepton_n(model.m_W, m_lepton, m_N, g_L, g_R, d)
                assert found == pytest.approx(expected, rel=1e-8, abs=0)


def test_interference_with_the_dipole(model):
    """(m_W²/4π) λ^½ x (1+y²-x²) Re g_L d*, and y (1-y²+x²) for g_R: with phine ∝ m_lepton."""
    g, d, m_l, m_N, m_W = 0.2 - 0.1j, 0.003 + 0.002j, 7.0, 30.0, model.m_W
    x, y = m_N / m_W, m_l / m_W
    factor = m_W**2 / (4 * np.pi) * np.sqrt((1 - (x + y) ** 2) * (1 - (x - y) ** 2))
    factor *= (g * d.conjugate()).real
    for left, shape in ((True, x * (1 + y**2 - x**2)), (False, y * (1 - y**2 + x**2))):
        g_L, g_R = (g, 0) if left else (0, g)
        found = ew.w_to_lepton_n(m_W, m_l, m_N, g_L, g_R, d) - sum(
            ew.w_to_lepton_n(m_W, m_l, m_N, *c) for c in ((g_L, g_R, 0), (0, 0, d))
        )
        assert found == pytest.approx(factor * shape, rel=1e-10, abs=0)


def test_dipoles_and_higgs(model, rng):
    nW, nB, nphi = random_complex(rng, 3)
    for m_N in (0.0, 1.5, 60.0):
        d_Z = V / np.sqrt(2) * (model.c * nW - model.s * nB)
        expected = explicit.z_to_nu_n(model, nW, nB, m_N)
        assert ew.z_to_nu_n(model.m_Z, m_N, d_Z) == pytest.approx(expected, rel=1e-8, abs=0)
        y = nphi * V**2 / np.sqrt(2)
        expected = explicit.h_to_nu_n(model, nphi, 125.2, m_N)
        assert ew.h_to_nu_n(125.2, m_N, y) == pytest.approx(expected, rel=1e-8, abs=0)
    for m_N in (0.01, 1.5):
        d_gamma = V / np.sqrt(2) * (model.c * nB + model.s * nW)
        expected = explicit.n_to_nu_photon(model, nW, nB, m_N)
        assert ew.n_to_nu_photon(m_N, d_gamma) == pytest.approx(expected, rel=1e-8, abs=0)


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9])
def test_two_body_close_to_threshold(distance):
    """A massless and a heavy daughter: (1 - x²)², of which phase space and the density have one
    factor each, to the rounding of 1 - x²."""
    m_B = 5.0
    m_N = m_B * (1 - distance)
    found = two_body(m_B, 0.2, 4.0, np.array([0.0]), np.array([m_N]))
    density = found[TWO_BODY_TERMS.index(("S-", "S-"))][0]
    x = m_N / m_B
    expected = (m_B / 4.0) ** 2 * ((1 - x) * (1 + x)) ** 2 * m_B**3 * 0.2**2 / (32 * np.pi)
    assert density == pytest.approx(expected, rel=1e-15 / distance, abs=0)
