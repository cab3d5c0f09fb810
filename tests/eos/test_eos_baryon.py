"""Lambda_b -> Lambda + inv against EOS 1.0.21: form factors (arXiv:1602.01399), massless vectors.

EOS has vector currents for this decay. Its three-term parametrisation gets our coefficients,
masses, lifetime and the normalisation of the rate; see `test_eos` for the conventions.
"""

from __future__ import annotations

import sys

import flavio
import numpy as np
import pytest

from flavio_nusmeft import NuWilson
from flavio_nusmeft.physics.formfactors import form_factors

if sys.version_info[:2] != (3, 11):
    pytest.skip("EOS wheels tested on Python 3.11", allow_module_level=True)
else:
    import matplotlib

    with matplotlib.rc_context():  # EOS turns on LaTeX for everyone
        import eos

SCALE = 4.8
NAMES = {
    "fVt": "time^V",
    "fV0": "long^V",
    "fVperp": "perp^V",
    "fAt": "time^A",
    "fA0": "long^A",
    "fAperp": "perp^A",
    "fT0": "long^T",
    "fTperp": "perp^T",
    "fT50": "long^T5",
    "fT5perp": "perp^T5",
}
# a_0 of these is that of another form factor, in both programs
FIXED = ("fAperp", "fT5perp")
# the resonance masses in EOS are 1e-4 away from those of the lattice paper, and fixed
FORM_FACTORS = 1e-3


@pytest.fixture(scope="module")
def parameters():
    return flavio.default_parameters.get_central_all() | {"m_N1": 0.0}


@pytest.fixture(scope="module")
def eos_parameters(parameters):
    par, result = parameters, eos.Parameters()

    def put(name, value):
        result[name].set(float(value))

    for ours, theirs in NAMES.items():
        for k in range(3):
            if k or ours not in FIXED:
                put(
                    f"Lambda_b->Lambda::a_{k}_{theirs}@DM2016",
                    par[f"Lambdab->Lambda DM a{k}_{ours}"],
                )
    put("mass::Lambda_b", par["m_Lambdab"])
    put("mass::Lambda", par["m_Lambda"])
    put("life_time::Lambda_b", par["tau_Lambdab"] * result["QM::hbar"].evaluate())
    ckm = flavio.physics.ckm.get_ckm(par)
    put("WET::G_Fermi", par["GF"])
    put("CKM::abs(V_tb)", abs(ckm[2, 2]))
    put("CKM::abs(V_ts)", abs(ckm[2, 1]))
    put("QED::alpha_e(m_b)", flavio.physics.running.running.get_alpha(par, SCALE)["alpha_e"])
    put("sbnunu::mu", SCALE)
    return result


def evaluate(name, eos_parameters, **kinematics):
    options = eos.Options(**{"form-factors": "DM2016", "model": "WET"})
    return eos.Observable.make(
        name, eos_parameters, eos.Kinematics(**kinematics), options
    ).evaluate()


def test_form_factors(parameters, eos_parameters):
    for q2 in (0.5, 8.0, 15.0, 20.0):
        ours = form_factors("Lambdab->Lambda", parameters, np.array([q2]))
        for name, theirs in NAMES.items():
            expected = evaluate(f"Lambda_b->Lambda::f_{theirs}(q2)", eos_parameters, q2=q2)
            assert ours[name][0] == pytest.approx(expected, rel=FORM_FACTORS, abs=0)


@pytest.mark.parametrize(("left", "right"), [(6.4, 0.0), (6.4, 3.0), (6.4, -4.0)])
def test_vectors(left, right, parameters, eos_parameters, monkeypatch):
    """Active neutrinos with both currents; EOS's form factors in this package."""
    for part, value in (("Re{cVL}", left), ("Im{cVL}", 0), ("Re{cVR}", right), ("Im{cVR}", 0)):
        eos_parameters[f"sbnunu::{part}"].set(value)

    def theirs(wc_obj, par_dict, q2):
        return {
            name: np.array(
                [
                    evaluate(f"Lambda_b->Lambda::f_{other}(q2)", eos_parameters, q2=x)
                    for x in np.ravel(q2)
                ]
            ).reshape(np.shape(q2))
            for name, other in NAMES.items()
        }

    quantity = "Lambdab->Lambda invisible form factor"
    label = "Lambdab->Lambda EOS"
    flavio.classes.Implementation(label, quantity, theirs)
    monkeypatch.setitem(flavio.config["implementation"], quantity, label)
    try:
        sm = complex(flavio.physics.bdecays.wilsoncoefficients.CL_SM(parameters, SCALE)).real
        values = {f"CL_bsnu{x}nu{x}": left - sm for x in ("e", "mu", "tau")}
        values |= {f"CR_bsnu{x}nu{x}": right for x in ("e", "mu", "tau")}
        w = flavio.WilsonCoefficients()
        w.set_initial(values, SCALE)
        for q2 in (2.0, 9.0, 17.0):
            expected = evaluate("Lambda_b->Lambdanunu::dBR/dq2", eos_parameters, q2=q2)
            found = flavio.Observable["dBR/dq2(Lambdab->Lambdainv)"].prediction_par(
                parameters, w, q2
            )
            assert found == pytest.approx(expected, rel=1e-9, abs=0)
            expected = evaluate("Lambda_b->Lambdanunu::F_L(q^2)", eos_parameters, q2=q2)
            found = flavio.Observable["FL(Lambdab->Lambdainv)"].prediction_par(parameters, w, q2)
            assert found == pytest.approx(expected, rel=1e-9, abs=0)
    finally:
        del flavio.classes.Implementation[label]


def test_right_handed_neutrino(parameters, eos_parameters):
    """N N through a vector: one of EOS's three flavours with the same coefficient."""
    C = 2e-8
    w = NuWilson({"VnudLL_4423": C}, SCALE, "nuWET", "JMS")
    observable = flavio.Observable["BR(Lambdab->Lambdainv)"]
    part = observable.prediction_par(parameters, w) - observable.prediction_par(parameters, None)
    sm = observable.prediction_par(parameters, None)
    ckm = flavio.physics.ckm.get_ckm(parameters)
    alpha = flavio.physics.running.running.get_alpha(parameters, SCALE)["alpha_e"]
    norm = 4 * parameters["GF"] / np.sqrt(2) * alpha / (2 * np.pi) * abs(ckm[2, 2] * ckm[2, 1])
    C_L = abs(flavio.physics.bdecays.wilsoncoefficients.CL_SM(parameters, SCALE))
    assert part / sm == pytest.approx(C**2 / (3 * (norm * C_L) ** 2), rel=1e-9, abs=0)
