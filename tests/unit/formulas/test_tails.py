"""q q̄' -> l N: explicit spinors, and flavio for massless N."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
from bruteforce import spinors
from bruteforce.spinors import GAMMA, GAMMA_LOW, PROJECTOR, SIGMA, SIGMA_LOW
from flavio.physics.dileptons import pplnu
from scipy.integrate import quad

from flavio_nusmeft.formulas import tails

ENERGY = 700.0  # of quarks, GeV
S = 4 * ENERGY**2
LEFT, RIGHT = PROJECTOR["L"], PROJECTOR["R"]
Q = np.array([2 * ENERGY, 0, 0, 0])


def scalar(quark, lepton):
    return [(quark, lepton)]


def vector(quark, lepton):
    return [(GAMMA[i] @ quark, GAMMA_LOW[i] @ lepton) for i in range(4)]


def tensor(quark, lepton):
    return [(SIGMA[i, j] @ quark, SIGMA_LOW[i, j] @ lepton) for i in range(4) for j in range(4)]


def dipole(quark, lepton):
    momentum = np.einsum("mnab,n->mab", SIGMA_LOW, Q)
    return [(GAMMA[i] @ quark, momentum[i] @ lepton) for i in range(4)]


# row, operator, chiralities of the quark and lepton currents
OPERATORS = {
    "lnqd1": (tails.SCALAR, scalar, RIGHT, RIGHT),
    "lnuq": (tails.SCALAR, scalar, LEFT, RIGHT),
    "SM": (tails.VECTOR, vector, LEFT, LEFT),
    "nedu": (tails.VECTOR, vector, RIGHT, RIGHT),
    "phine": (tails.VECTOR, vector, LEFT, RIGHT),
    "lnqd3": (tails.TENSOR, tensor, RIGHT, RIGHT),
    "nW": (tails.DIPOLE, dipole, LEFT, RIGHT),
}


def amplitudes(pairs, cosine, m):
    """Of all helicities, for incoming massless q̄' along z and q', outgoing l and N."""
    anti, quark = (np.array([0, 0, sign * ENERGY]) for sign in (1, -1))
    momentum = (S - m**2) / (4 * ENERGY)
    lepton = momentum * np.array([np.sqrt(1 - cosine**2), 0, cosine])
    vbar = spinors.bar(spinors.v_spinors(anti, 0.0))
    u = spinors.u_spinors(quark, 0.0)
    ubar = spinors.bar(spinors.u_spinors(lepton, 0.0))
    v = spinors.v_spinors(-lepton, m)
    return sum(np.einsum("ia,ab,jb,kc,cd,ld->ijkl", vbar, q, u, ubar, n, v) for q, n in pairs)


def spectrum(total, m):
    """dσ/dc from the sum over helicities: a third for colours, a quarter for spins."""
    return total / 12 / (32 * np.pi * S) * (1 - m**2 / S)


def explicit(name, m, low, high):
    """Between two transverse masses, integrated numerically over both hemispheres."""
    _, operator, quark, lepton = OPERATORS[name]
    pairs = operator(quark, lepton)
    largest = (S - m**2) / np.sqrt(S)

    def both(c):
        return sum(np.sum(abs(amplitudes(pairs, x, m)) ** 2) for x in (c, -c))

    a, b = (np.sqrt(max(0.0, 1 - (m_T / largest) ** 2)) for m_T in (high, low))
    return spectrum(quad(both, a, b, epsabs=0, epsrel=1e-10)[0], m)


@pytest.mark.parametrize("m", [0.0, 5.0, 600.0])
@pytest.mark.parametrize("name", OPERATORS)
def test_explicit_amplitudes(name, m):
    row = OPERATORS[name][0]
    for low, high in ((300.0, 500.0), (900.0, 3000.0)):
        found = tails.parton_level(S, low, m)[row] - tails.parton_level(S, high, m)[row]
        assert found == pytest.approx(explicit(name, m, low, high), rel=1e-9, abs=0)
        assert found > 0


@pytest.mark.parametrize(("first", "second"), [("SM", "phine"), ("SM", "nedu"), ("lnuq", "lnqd1")])
def test_chirality_is_a_reflection(first, second):
    """RL and RR differ from LL by cos θ -> -cos θ, if at all: the transverse mass sees nothing."""
    for c in (-0.7, 0.2, 0.9):
        total = {}
        for name in (first, second):
            _, operator, quark, lepton = OPERATORS[name]
            pairs = operator(quark, lepton)
            total[name] = [np.sum(abs(amplitudes(pairs, x, 0.0)) ** 2) for x in (c, -c)]
        reflected = total[second][::-1] if second == "phine" else total[second]
        assert total[first] == pytest.approx(reflected, rel=1e-10, abs=0)


def test_no_interference():
    """Different operators: none, or odd in cos θ (scalar and tensor)."""
    for m in (0.0, 600.0):
        for one, (_, f, *chiral) in OPERATORS.items():
            for other, (_, g, *others) in OPERATORS.items():
                if one == other or "SM" in (one, other):  # the SM has another neutrino
                    continue
                even = product = 0.0
                for c in (0.3, -0.3):
                    a, b = amplitudes(f(*chiral), c, m), amplitudes(g(*others), c, m)
                    even += np.sum(a * b.conj())
                    product += np.sqrt(np.sum(abs(a) ** 2) * np.sum(abs(b) ** 2))
                assert abs(even) < 1e-10 * product


def test_w_pole_dipole_in_terms_of_scalar_and_tensor():
    """For m = 0: as |CSRR|² = ŝ |C|² and |CTRR|² = -ŝ |C|²/16."""
    scalar_, _, tensor_, dipole_ = tails.parton_level(S, 300.0, 0.0)
    assert dipole_ == pytest.approx(S * (scalar_ - tensor_ / 16), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (tails.SCALAR, "CSRR"),
        (tails.SCALAR, "CSRL"),
        (tails.TENSOR, "CTRR"),
        (tails.VECTOR, "CVLL"),
    ],
)
def test_flavio(row, name):
    """Also below the upper end of the bin, where the spectrum ends."""
    hadronic, low, high = 13000.0**2, 300.0, 500.0
    C = {f"{x}_enuud": np.zeros((3, 3, 3, 3)) for x in ("CSRR", "CSRL", "CTRR", "CVLL")}
    C[f"{name}_enuud"][1, 2, 0, 1] = 3.0
    for s in (350.0**2, 800.0**2):
        found = tails.parton_level(s, low, 0.0)[row] - tails.parton_level(s, high, 0.0)[row]
        expected = pplnu.dsigma_dtau_qqlnu_partial(
            hadronic, s / hadronic, low**2 / hadronic, high**2 / hadronic, "u", "s", "mu", C
        )
        assert 9 * found == pytest.approx(expected, rel=1e-10, abs=0)


@pytest.mark.parametrize("m", [0.0, 300.0])
def test_threshold(m):
    s = tails.lowest(500.0, m)
    below, above = np.moveaxis(tails.parton_level(np.array([0.999, 1.001]) * s, 500.0, m), 1, 0)
    assert not below.any()
    assert (above > 0).all()
    assert not tails.parton_level(0.5 * m**2 + 1, 500.0, m).any()


def test_running_coupling_of_flavio():
    """The W of flavio has e²/s_W² times 0.9608."""
    par = flavio.default_parameters.get_central_all()
    g2 = 2 * abs(pplnu.F_qqlnu_SM(par["m_W"] ** 2, par)) * par["m_W"] / par["tau_W"]
    assert g2 == pytest.approx(0.9608 * 4 * np.pi * par["alpha_e"] / par["s2w"], rel=1e-12, abs=0)
    assert g2 == pytest.approx(
        0.958 * 4 * np.sqrt(2) * par["GF"] * par["m_W"] ** 2, rel=1e-3, abs=0
    )
