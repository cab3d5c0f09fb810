"""Evolution matrices of nuSMEFT: the solver, wilson's Standard Model, bases, known numbers."""

from __future__ import annotations

import numpy as np
import pytest
from random_coefficients import random_coefficients
from scipy.integrate import solve_ivp
from wilson import parameters as wilson_parameters
from wilson.run.smeft import SMEFT, smpar
from wilson.run.smeft.rge import smeft_evolve
from wilson.util import smeftutil

from flavio_nusmeft import NuWilson, errors
from flavio_nusmeft.eft import evolution as module
from flavio_nusmeft.eft.evolution import evolution, magnus
from flavio_nusmeft.eft.flavour import from_arrays, to_arrays
from flavio_nusmeft.eft.operators import WARSAW
from flavio_nusmeft.eft.rge import CHARGED, NEUTRAL, beta
from flavio_nusmeft.errors import DroppedCoefficientWarning

M_Z, ALPHA_S = 91.1876, 0.1185
CKM = module.Ckm(*(wilson_parameters.p[name] for name in module.Ckm._fields))


def run(values, start=1e3, end=M_Z):
    C = to_arrays(values, WARSAW)
    return from_arrays(evolution(start, end, ALPHA_S, CKM)(C), WARSAW)


@pytest.mark.parametrize(
    ("source", "target", "value"),
    [
        ("lnqd1_2123", "lnqd1_2123", 1.169),
        ("lnqd3_2123", "lnqd3_2123", 0.969),
        ("lnqd3_2123", "lnqd1_2123", -0.117),
        ("lnqd1_2123", "lnqd3_2123", -0.0024),
        ("lnqd1_2132", "lnqd1_2132", 1.162),
        ("lnqd3_2132", "lnqd3_2132", 0.963),
        ("qn_2311", "qn_2311", 0.994),
        ("nd_1123", "nd_1123", 1.000),
        ("lnuq_1123", "lnuq_1123", 1.164),
        ("nedu_1132", "nedu_1132", 1.008),
        ("phin_11", "phin_11", 0.927),
        ("nu_1133", "phin_11", 0.069),
    ],
)
def test_known_elements(source, target, value):
    """From 1 TeV to m_Z, one-loop running of arXiv:2103.04441 and arXiv:2407.16751."""
    found = run({source: 1.0})[target]
    assert found.real == pytest.approx(value, abs=6e-4 if abs(value) > 0.01 else 6e-5)
    assert abs(found.imag) < 1e-6  # of the phase convention of the CKM matrix


def test_down_to_the_b_quark():
    """From 1 TeV to 4.8 GeV; with y_t for b_L -> s_R."""
    for flavours, (scalar, tensor, to_scalar) in (
        ("2123", (1.605, 0.872, -0.161)),
        ("2132", (1.596, 0.867, -0.160)),
    ):
        # C*_2123 is the coefficient of (nu N)(sbar_R b_L)
        left = "2432" if flavours == "2123" else "2423"
        elements = {}
        for name in ("lnqd1", "lnqd3"):
            w = NuWilson({f"{name}_{flavours}": 1e-8}, 1e3, "nuSMEFT", "Warsaw")
            w.set_option("running", "full")
            w.set_option("alpha_s", ALPHA_S)
            found = w.match_run(4.8, "nuWET", "JMS", ("sbnunu",)).dict
            elements[name] = {key: 1e8 * value for key, value in found.items()}
        assert elements["lnqd1"][f"SnudLL_{left}"].real == pytest.approx(scalar, abs=3e-3)
        assert elements["lnqd3"][f"TnudLL_{left}"].real == pytest.approx(-tensor, abs=3e-3)
        assert elements["lnqd3"][f"SnudLL_{left}"].real == pytest.approx(to_scalar, abs=1.5e-3)
        assert elements["lnqd1"][f"TnudLL_{left}"].real == pytest.approx(0.002, abs=5e-4)


def test_order_of_the_solver(rng):
    """Fourth order, and the solution of scipy for a matrix that does not commute with itself."""
    first, second = rng.normal(size=(2, 5, 5)) / 2

    def generator(t):
        return np.cos(t) * first + t * second

    def derivative(t, y):
        return (generator(t) @ y.reshape(5, 5)).ravel()

    solution = solve_ivp(derivative, (0, 2), np.eye(5).ravel(), rtol=1e-12, atol=1e-13)
    exact = solution.y[:, -1].reshape(5, 5)
    errors = [np.abs(magnus(generator, 0, 2, n) - exact).max() for n in (8, 16, 32)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(np.abs(orders - 4) < 0.25)
    inverse = magnus(generator, 2, 0, 64) @ magnus(generator, 0, 2, 64)
    assert np.abs(inverse - np.eye(5)).max() < 1e-5


@pytest.mark.parametrize("loops", [1, 4])
def test_steps_are_small_enough(monkeypatch, loops):
    def matrices():
        base = module._Base((5e3, M_Z), module._standard_model(ALPHA_S, CKM), (ALPHA_S, loops))
        return [base.matrix(classes) for classes in (NEUTRAL, CHARGED)]

    coarse = matrices()
    monkeypatch.setattr(module, "_STEP", 0.1)
    for one, other in zip(coarse, matrices(), strict=True):
        assert 0 < np.abs(one - other).max() < 1e-8


@pytest.mark.parametrize("scales", [(1e3, M_Z), (300.0, 2e3)])
def test_other_ckm_matrices(scales, rng, monkeypatch):
    """In first order near a known one, against the whole calculation."""
    known = module._KNOWN[0]
    C = to_arrays(random_coefficients(WARSAW, rng, {*NEUTRAL, *CHARGED}), WARSAW)
    others = [
        known._replace(Vub=known.Vub * 1.1, Vus=known.Vus + 1e-3),
        known._replace(Vcb=known.Vcb * 1.1, gamma=known.gamma + 0.5),
    ]
    near = [module.Evolution(*scales, ALPHA_S, ckm)(C) for ckm in others]
    monkeypatch.setattr(module, "_LARGEST", -1.0)
    for ckm, found in zip(others, near, strict=True):
        for name, exact in module.Evolution(*scales, ALPHA_S, ckm)(C).items():
            difference = np.abs(found[name] - exact).max()
            assert difference < 1e-8 * np.abs(C[name]).max(), name
    # what is far away is computed as a whole
    unlike = module.Evolution(*scales, ALPHA_S, known._replace(Vus=0.3))
    assert not unlike._weights.any()


def test_random_point_against_a_general_solver(rng):
    """All classes and flavours at once: wilson's Standard Model and the coefficients in one ODE."""
    classes = (*NEUTRAL, *CHARGED)
    C = to_arrays(random_coefficients(WARSAW, rng, set(classes)), WARSAW)
    # in the basis where the Yukawas are as at m_Z, so neither end needs a rotation
    sm = module._standard_model(ALPHA_S, CKM)
    shapes = {name: C[name].shape for name in classes}

    def unpack(y):
        vector, result, start = y.view(complex), {}, 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            result[name] = vector[start : start + size].reshape(shape)
            start += size
        return result

    parameters = module._trajectory(sm, (1e3,))

    def derivative(t, y):
        running = beta(unpack(y), parameters(t))
        return np.concatenate([running[n].ravel() for n in shapes]).view(float) / (16 * np.pi**2)

    start = np.concatenate([C[name].ravel() for name in shapes]).view(float)
    span = (np.log(1e3), np.log(M_Z))
    solution = solve_ivp(derivative, span, start, rtol=1e-9, atol=1e-10, method="DOP853")
    expected = unpack(np.ascontiguousarray(solution.y[:, -1]))
    above = module._to_mass_basis(parameters(span[0]))._asdict()
    found = evolution(1e3, M_Z, ALPHA_S, CKM)(module.rotate(C, above))
    for name, array in expected.items():
        assert np.abs(found[name] - array).max() < 1e-7, name


def test_steps_make_the_whole():
    """The basis at an intermediate scale is that of the next step."""
    values = {"lnqd3_2132": 1.0, "qn_3311": 1.0, "phin_12": 1j, "nedu_2133": 0.5, "lnle_1322": 1.0}
    steps = run(run(values, 2e3, 400.0), 400.0, M_Z)
    once = run(values, 2e3, M_Z)
    for name in steps.keys() | once.keys():
        assert abs(steps.get(name, 0) - once.get(name, 0)) < 1e-8, name
    back = run(run(values), M_Z, 1e3)
    for name in back.keys() | values.keys():
        assert abs(back.get(name, 0) - values.get(name, 0)) < 1e-8, name


def test_standard_model_is_wilsons():
    """Parameters at 1 TeV, in wilson's basis there, against wilson's own functions."""
    zero = smeftutil.C_array2dict(np.zeros(9999, dtype=complex))
    start = zero | smpar.smeftpar(M_Z, zero, "Warsaw")
    expected = smeft_evolve(start, M_Z, 1e3, newphys=False, rtol=1e-9, atol=1e-11)
    expected = SMEFT._rotate_defaultbasis(expected)
    parameters = module._trajectory(module._standard_model(smpar.p["alpha_s"], CKM), (1e3,))
    at_tev = parameters(np.log(1e3))
    found = module._rotated(at_tev, module._to_mass_basis(at_tev))
    for name in ("g", "gp", "gs"):
        assert found[name] == pytest.approx(expected[name], rel=1e-8, abs=0)
    for name in ("Gu", "Gd", "Ge"):
        assert np.abs(found[name] - expected[name]).max() < 1e-8
        if name != "Gu":
            assert np.abs(found[name] - np.diag(np.diag(found[name]))).max() < 1e-12


def test_rotation_of_coefficients_is_wilsons(rng):
    """Classes of wilson's SMEFT with the fields of one here: q and d indices, barred first."""
    at_tev = module._trajectory(module._standard_model(ALPHA_S, CKM), (1e4,))(np.log(1e4))
    at_tev["Gd"] = at_tev["Gd"] + 0.01 * rng.normal(size=(3, 3))  # a rotation one can see
    U = module._to_mass_basis(at_tev)
    zero = smeftutil.C_array2dict(np.zeros(9999, dtype=complex))
    array = rng.normal(size=(3, 3, 3, 3)) + 1j * rng.normal(size=(3, 3, 3, 3))
    C = zero | dict.fromkeys(("qd1", "lequ1", "ledq"), array)
    expected = SMEFT._flavor_rotation(C | at_tev, **{f"U{f}": getattr(U, f) for f in "qudle"})
    own = {"q": U.q, "d": U.d, "u": U.u, "l": U.l}
    nd = module.rotate({"nd": np.einsum("prst->stpr", array)}, {"n": U.d, "d": U.q})["nd"]
    assert np.allclose(np.einsum("stpr->prst", nd), expected["qd1"], rtol=1e-12, atol=1e-12)
    lnuq = module.rotate({"lnuq": array}, {**own, "n": U.e, "u": U.d})["lnuq"]
    assert np.allclose(lnuq, expected["ledq"], rtol=1e-12, atol=1e-12)
    assert np.abs(lnuq - array).max() > 0.01


def test_what_does_not_run():
    values = {"nn_1111": 1.0, "nphi_12": 2.0, "qn_2311": 1.0}
    found = run(values)
    assert found["nn_1111"] == 1.0
    assert found["nphi_12"] == pytest.approx(2.0, rel=1e-14, abs=0)


def test_classes_that_match_after_running_only():
    """Dipoles feed tensors of quarks in proportion to m_b: without mixing they are dropped."""
    w = NuWilson({"nW_21": 1e-6}, 1e3, "nuSMEFT", "Warsaw")
    with pytest.warns(DroppedCoefficientWarning, match="nW_21$"):
        assert w.match_run(4.8, "nuWET", "JMS", ("ffnunu",)).dict == {}
    w.set_option("running", "full")
    found = w.match_run(4.8, "nuWET", "JMS", ("ffnunu",))["TnudLL_2433"]
    # minus lnqd3, which has y_b = 0.015, from running down, and 0.86 in QCD
    expected = 0.86 * 1e-6 * 1.5 * 0.64 * 0.015 * np.log(1e3 / M_Z) / (16 * np.pi**2)
    assert found.real == pytest.approx(expected, rel=0.1, abs=0)


def test_wilson_object_at_a_scale_of_nusmeft():
    """N and SMEFT parts of one object run side by side, and neither sees the other."""
    values = {"lnqd3_2123": 1e-8, "lq1_1123": 1e-8}
    both = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    both.set_option("running", "full")
    wc = both.match_run(200.0, "nuSMEFT", "Warsaw").dict
    assert wc["lnqd1_2123"].real < -0.05e-8
    for name in values:
        alone = NuWilson({name: values[name]}, 1e3, "nuSMEFT", "Warsaw")
        alone.set_option("running", "full")
        for key, value in alone.match_run(200.0, "nuSMEFT", "Warsaw").dict.items():
            assert wc[key] == pytest.approx(value, rel=1e-12, abs=1e-25)


def test_real_coefficients_stay_real():
    w = NuWilson({"qn_3311": -1e-8, "nu_1133": 1e-8}, 1e3, "nuSMEFT", "Warsaw")
    w.set_option("running", "full")
    wc = w.match_run(M_Z, "nuSMEFT", "Warsaw")
    wc.validate()
    again = NuWilson.from_wc(wc)
    assert again.wc["phin_11"].real > 0.1e-8
    w.match_run(4.8, "nuWET", "JMS").validate()


@pytest.mark.parametrize("value", ["Full", "", None, 1])
def test_wrong_option(value):
    with pytest.raises(errors.InvalidValue, match="option running"):
        NuWilson({}, 1e3, "nuSMEFT", "Warsaw").set_option("running", value)
