"""One-loop beta functions of nuSMEFT: symmetries, and limits that wilson's SMEFT knows."""

from __future__ import annotations

import numpy as np
import pytest
from random_coefficients import random_coefficients
from scipy.stats import unitary_group
from wilson.run.smeft import beta as wilson_beta
from wilson.util import smeftutil

from flavio_nusmeft.eft.flavour import to_arrays
from flavio_nusmeft.eft.operators import WARSAW
from flavio_nusmeft.eft.rge import CHARGED, NEUTRAL, beta

CLASSES = (*NEUTRAL, *CHARGED)


def random_matrix(rng):
    return rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))


def random_sm(rng):
    couplings = dict(zip(("gp", "g", "gs"), rng.uniform(0.3, 1.2, size=3), strict=True))
    return couplings | {name: random_matrix(rng) for name in ("Gu", "Gd", "Ge")}


def random_arrays(rng, classes=CLASSES):
    return to_arrays(random_coefficients(WARSAW, rng, set(classes)), WARSAW)


def rotated(array, fields, U):
    """C after psi -> U psi, one index at a time: barred fields come first in a current."""
    for position, field in enumerate(fields):
        matrix = U[field].conj() if position in (0, 2) else U[field]
        array = np.moveaxis(np.tensordot(array, matrix, axes=(position, 0)), -1, position)
    return array


def test_covariance(rng):
    """beta(C rotated, Yukawas rotated) is beta(C) rotated, for unitary rotations of all fields."""
    U = {field: unitary_group.rvs(3, random_state=rng) for field in "qudlen"}
    sm, C = random_sm(rng), random_arrays(rng)
    turned = sm | {
        "Gu": U["q"].conj().T @ sm["Gu"] @ U["u"],
        "Gd": U["q"].conj().T @ sm["Gd"] @ U["d"],
        "Ge": U["l"].conj().T @ sm["Ge"] @ U["e"],
    }
    found = beta({k: rotated(v, WARSAW[k].fields, U) for k, v in C.items()}, turned)
    for name, array in beta(C, sm).items():
        expected = rotated(array, WARSAW[name].fields, U)
        assert np.abs(found[name] - expected).max() < 1e-12 * np.abs(expected).max(), name


def test_hermiticity(rng):
    running = beta(random_arrays(rng), random_sm(rng))
    for name in NEUTRAL:
        array = running[name]
        order = (1, 0) if array.ndim == 2 else (1, 0, 3, 2)
        assert np.abs(array - np.transpose(array, order).conj()).max() < 1e-12 * abs(array).max()


def test_further_axes_in_front(rng):
    """Many points at once are the points one by one."""
    sm, points = random_sm(rng), [random_arrays(rng) for _ in range(2)]
    batch = beta({name: np.stack([C[name] for C in points]) for name in CLASSES}, sm)
    for i, C in enumerate(points):
        for name, array in beta(C, sm).items():
            assert np.abs(batch[name][i] - array).max() < 1e-12 * np.abs(array).max(), name


# wilson's SMEFT with e -> n, u <-> d, phi -> phi~: n has no charged partner then, so G_e = 0 here
MAPPED = {
    "qn": ("qe", 1),
    "nu": ("ed", 1),
    "nd": ("eu", 1),
    "phin": ("phie", -1),  # i phi^dagger D phi changes sign
    "lnqd1": ("lequ1", 1),
    "lnqd3": ("lequ3", 1),
    "lnuq": ("ledq", 1),
    "nW": ("eW", 1),
    "nB": ("eB", 1),
}


def wilsons(C, **sm):
    """wilson's beta functions for arrays of a few SMEFT classes."""
    arrays = smeftutil.C_array2dict(np.zeros(9999, dtype=complex))
    zero = np.zeros((3, 3), dtype=complex)
    arrays |= {"g": 0.0, "gp": 0.0, "gs": 0.0, "Gu": zero, "Gd": zero, "Ge": zero} | sm | C
    return wilson_beta.beta(arrays)


def test_smeft_limit(rng):
    """All terms without hypercharges and without G_e. The dipoles of wilson contain G_e = 0."""
    sm, C = random_sm(rng), random_arrays(rng)
    sm |= {"gp": 0.0, "Ge": np.zeros((3, 3))}
    for name in ("ne", "ln", "lnle", "nedu", "phine"):
        C[name] = 0 * C[name]
    # q Gu phi~ u + q Gd phi d with phi = phi'~, phi~ = -phi'
    found = wilsons(
        {theirs: sign * C[ours] for ours, (theirs, sign) in MAPPED.items()},
        g=sm["g"],
        gs=sm["gs"],
        Gu=-sm["Gd"],
        Gd=sm["Gu"],
    )
    running = beta(C, sm)
    for ours, (theirs, sign) in MAPPED.items():
        expected = sign * found[theirs]
        assert np.abs(running[ours] - expected).max() < 1e-12 * np.abs(expected).max(), ours


def test_lepton_yukawa_in_dipoles(rng):
    """The up-quark dipoles of SMEFT with u -> n, d -> e, q -> l, apart from the Higgs' own leg."""
    Ge, dipole = random_matrix(rng), random_matrix(rng)
    zero = {name: 0 * array for name, array in random_arrays(rng, CHARGED).items()}
    sm = {"gp": 0.0, "g": 0.0, "gs": 0.0, "Gu": np.zeros((3, 3)), "Gd": np.zeros((3, 3)), "Ge": Ge}
    higgs = np.trace(Ge @ Ge.conj().T)
    for ours, theirs in (("nW", "uW"), ("nB", "uB")):
        found = beta({**zero, ours: dipole}, sm)[ours] - higgs * dipole
        expected = wilsons({theirs: dipole}, Gd=Ge)[theirs] - 3 * higgs * dipole
        assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


def test_lepton_yukawa_in_the_charged_current(rng):
    """phiud of SMEFT with u -> n, d -> e."""
    Ge, current = random_matrix(rng), random_matrix(rng)
    zero = {name: 0 * array for name, array in random_arrays(rng, CHARGED).items()}
    sm = {"gp": 0.0, "g": 0.0, "gs": 0.0, "Gu": np.zeros((3, 3)), "Gd": np.zeros((3, 3)), "Ge": Ge}
    higgs = np.trace(Ge @ Ge.conj().T)
    found = beta({**zero, "phine": current}, sm)["phine"] - 2 * higgs * current
    expected = wilsons({"phiud": current}, Gd=Ge)["phiud"] - 6 * higgs * current
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize(("ours", "theirs", "coupling"), [("nB", "uB", "gp"), ("nW", "uW", "g")])
def test_dipoles_in_lepton_scalars(ours, theirs, coupling, rng):
    """quqd1 of SMEFT with u -> n, d -> e, q -> l has the colour factor 1/3 in one of its terms, and
    the hypercharges y_q + y_d = -1/6 in place of y_l + y_e = -3/2."""
    Ge, dipole = random_matrix(rng), random_matrix(rng)
    zero = {name: 0 * array for name, array in random_arrays(rng, CHARGED).items()}
    sm = {"gp": 0.0, "g": 0.0, "gs": 0.0, "Gu": np.zeros((3, 3)), "Gd": np.zeros((3, 3)), "Ge": Ge}
    found = beta({**zero, ours: dipole}, sm | {coupling: 0.7})["lnle"]
    quarks = wilsons({theirs: dipole}, Gd=Ge, **{coupling: 0.7})["quqd1"]
    same, crossed = np.einsum("pr,st->prst", dipole, Ge), np.einsum("sr,pt->prst", dipole, Ge)
    basis = np.array([same.ravel(), crossed.ravel()]).T
    (a, b), residual, *_ = np.linalg.lstsq(basis, quarks.ravel(), rcond=None)
    assert residual < 1e-20
    charge = 9 if coupling == "gp" else 1  # (y_l + y_e)/(y_q + y_d)
    expected = charge * (a * same + 3 * b * crossed)
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


def test_tensors_and_dipoles_mix_consistently(rng):
    """lnle seen as a tensor, 1/8 of its crossed component, feeds the dipoles as a lnqd3 of one
    colour with the hypercharges of leptons would."""
    Ge = random_matrix(rng)
    C = random_arrays(rng, CHARGED)
    zero = {name: 0 * array for name, array in C.items()}
    sm = {"gp": 0.4, "g": 0.7, "gs": 0.0, "Gu": np.zeros((3, 3)), "Gd": Ge, "Ge": Ge}
    leptons = beta({**zero, "lnle": 8 * np.einsum("prst->srpt", C["lnqd3"])}, sm)
    quarks = beta({**zero, "lnqd3": C["lnqd3"]}, sm)
    assert np.allclose(leptons["nW"], quarks["nW"] / 3, rtol=1e-12, atol=0)
    assert np.allclose(leptons["nB"], quarks["nB"] / 3 * 9, rtol=1e-12, atol=0)


HYPERCHARGE = {"q": 1 / 6, "u": 2 / 3, "d": -1 / 3, "l": -1 / 2, "e": -1.0, "phi": 1 / 2}
BARYON = {"q": 1 / 3, "u": 1 / 3, "d": 1 / 3, "l": 0.0, "e": 0.0, "phi": 0.0}
LEPTON = {"q": 0.0, "u": 0.0, "d": 0.0, "l": 1.0, "e": 1.0, "phi": 0.0}


def current_times(charges, N):
    """Coefficients of the product of a current of the Standard Model and one of N."""
    unit = np.eye(3)
    result = {f"n{f}": charges[f] * np.einsum("pr,st->prst", N, unit) for f in "ude"}
    result |= {f"{f}n": charges[f] * np.einsum("pr,st->prst", unit, N) for f in "ql"}
    return result | {"phin": charges["phi"] * N}


def test_conserved_currents_run_with_their_gauge_coupling_only(rng):
    """Hypercharge with N runs as g'², 2 x 41/6; Yukawa couplings leave conserved currents alone."""
    sm, N = random_sm(rng), random_matrix(rng)
    C = current_times(HYPERCHARGE, N)
    running = beta(C, sm)
    for name, array in C.items():
        assert np.allclose(running[name], 41 / 3 * sm["gp"] ** 2 * array, rtol=1e-12, atol=1e-12)
    for charges in (BARYON, LEPTON):
        running = beta(current_times(charges, N), sm | {"gp": 0.0})
        assert max(np.abs(array).max() for array in running.values()) < 1e-12


def scalar_and_tensor(y_n, y_q, y_d):
    """arXiv:1312.2014 for (lbar n) eps (qbar d), units of g1²: S -> S, T -> S, T -> T, S -> T."""
    return (
        -6 * (y_n**2 + y_n * (y_d - y_q) + y_q * y_d),
        -24 * (y_q + y_d) * (2 * y_n - y_q + y_d),
        2 * (y_n**2 - y_n * y_q + y_n * y_d - 2 * y_q**2 + 5 * y_q * y_d - 2 * y_d**2),
        -(y_q + y_d) * (2 * y_n - y_q + y_d) / 2,
    )


def other_scalar(y_n, y_q, y_u):
    """The same for (lbar n)(ubar q)."""
    return (-6 * (y_u * (y_q - y_n) + y_n * (y_n + y_q)),)


def dipoles(y_n, y_l):
    """W -> W, B -> W, B -> B, W -> B: the first and third in g1², the others in g1 g2."""
    return (
        -3 * y_n**2 + 8 * y_n * y_l - 3 * y_l**2,
        3 * y_l - y_n,
        3 * y_n**2 + 4 * y_n * y_l + 3 * y_l**2 + 41 / 6,
        3 * (3 * y_l - y_n),
    )


def diagonal(running, target, source):
    """The number by which one array is another."""
    factor = np.vdot(source, running[target]) / np.vdot(source, source)
    assert np.abs(running[target] - factor * source).max() < 1e-12
    return factor


def test_hypercharges(rng):
    """One set of formulas for the hypercharges of e in wilson and those of N here."""
    y_e, y_l, y_q, y_u, y_d = -1.0, -1 / 2, 1 / 6, 2 / 3, -1 / 3
    zero = {name: 0 * array for name, array in random_arrays(rng, CHARGED).items()}
    sm = dict.fromkeys(("gp", "g", "gs"), 0.0) | dict.fromkeys(("Gu", "Gd", "Ge"), np.zeros((3, 3)))
    tensor, matrix = random_arrays(rng, ("lnqd1",))["lnqd1"], random_matrix(rng)
    elements = (
        ("lequ1", "lequ3", "lnqd1", "lnqd3", tensor, scalar_and_tensor, (y_q, y_u), (y_q, y_d)),
        ("ledq", None, "lnuq", None, tensor, other_scalar, (y_q, y_d), (y_q, y_u)),
        ("eW", "eB", "nW", "nB", matrix, dipoles, (y_l,), (y_l,)),
    )
    for first, second, mine, mine2, array, formula, theirs_y, mine_y in elements:
        for names, y_n, y, function in (
            ((first, second), y_e, theirs_y, lambda C, sm: wilsons(C, **sm)),
            ((mine, mine2), 0.0, mine_y, lambda C, sm: beta({**zero, **C}, sm)),
        ):
            expected = formula(y_n, *y)
            pairs = ((0, 0), (1, 0), (1, 1), (0, 1))[: len(expected)]
            for value, (source, target) in zip(expected, pairs, strict=True):
                mixes = formula is dipoles and source != target
                couplings = sm | {"gp": 1.0, "g": 1.0 if mixes else 0.0}
                running = function({names[source]: array}, couplings)
                found = diagonal(running, names[target], array)
                assert found == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_scalar_of_leptons(rng):
    """lnle is a scalar of which the tensor part is Fierzed back: T = -4 S + 8 S crossed."""
    C = random_arrays(rng, ("lnle",))["lnle"]
    zero = {name: 0 * array for name, array in random_arrays(rng, CHARGED).items()}
    crossed = np.einsum("prst->srpt", C)
    for couplings, tensor in (({"gp": 1.0, "g": 0.0}, None), ({"gp": 0.0, "g": 1.0}, 3 / 8)):
        sm = {"gs": 0.0, **dict.fromkeys(("Gu", "Gd", "Ge"), np.zeros((3, 3))), **couplings}
        scalar, _, _, hypercharge = scalar_and_tensor(0.0, -1 / 2, -1.0)
        if tensor is None:
            tensor = hypercharge
        else:
            scalar = 0.0
        expected = scalar * C + tensor * (-4 * C + 8 * crossed)
        found = beta({**zero, "lnle": C}, sm)["lnle"]
        assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


def test_right_handed_charged_current():
    """Exchange of a B in (nbar e)(dbar u): within the currents, then between them."""
    y_e, y_d, y_u = -1.0, -1 / 3, 2 / 3
    expected = y_e**2 + (y_d - y_u) ** 2 + 8 * y_e * y_u - 2 * y_e * y_d
    C = {name: np.zeros(WARSAW[name].shape) for name in CHARGED}
    C["nedu"][0, 1, 2, 1] = 1.0
    sm = {"gp": 1.0, "g": 1.0, "gs": 1.0, **dict.fromkeys(("Gu", "Gd", "Ge"), np.zeros((3, 3)))}
    assert beta(C, sm)["nedu"][0, 1, 2, 1] == pytest.approx(expected, rel=1e-12, abs=0)
    # the same rules for (ebar e)(ubar u), without the penguins of other flavours, in wilson
    eu = np.zeros((3, 3, 3, 3), dtype=complex)
    eu[0, 1, 1, 2] = 1.0
    found = wilsons({"eu": eu}, gp=1.0)["eu"][0, 1, 1, 2]
    assert found == pytest.approx(2 * (8 - 2) * y_e * y_u, rel=1e-12, abs=0)
