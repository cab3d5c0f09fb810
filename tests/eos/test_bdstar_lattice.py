"""The fit behind `B->D* lattice`: its inputs, its parameters and what the collaborations give."""

from __future__ import annotations

import sys

import bdstar_lattice as lattice
import flavio
import numpy as np
import pytest

from flavio_nusmeft._data import load_yaml
from flavio_nusmeft.physics.formfactors import form_factors

if sys.version_info[:2] != (3, 11):
    pytest.skip("EOS wheels tested on Python 3.11", allow_module_level=True)


@pytest.fixture
def chosen(monkeypatch):
    quantity = "B->D* invisible form factor"
    monkeypatch.setitem(flavio.config["implementation"], quantity, "B->D* lattice")


def test_parameters_are_the_fit():
    """Those of data/parameters.yml, to a millionth of their errors."""
    expected = lattice.group()
    (found,) = [
        group for group in load_yaml("parameters.yml")["correlated"] if "lattice" in str(group)
    ]
    assert found["parameters"] == expected["parameters"]
    values, covariance = (np.array(found["values"][x]) for x in ("central_value", "covariance"))
    errors = np.sqrt(np.diag(covariance))
    pull = (values - expected["values"]["central_value"]) / errors
    assert np.abs(pull).max() < 1e-6
    pull = (covariance - expected["values"]["covariance"]) / np.outer(errors, errors)
    assert np.abs(pull).max() < 1e-6


def test_table():
    assert lattice.TABLE.read_text(encoding="utf-8") == lattice.table()


@pytest.mark.usefixtures("chosen")
def test_form_factors_describe_the_points(par):
    """χ² of the package's form factors; single points are within two errors."""
    points, values, covariance = lattice.inputs()
    found = [form_factors("B->D*", par, np.array([q2]))[ff][0] for ff, q2 in points]
    difference = np.array(found) - values
    assert np.abs(difference / np.sqrt(np.diag(covariance))).max() < 2
    *_, minimum, dof = lattice.fit()
    assert dof == 48 - 17
    assert difference @ np.linalg.solve(covariance, difference) == pytest.approx(
        minimum, rel=1e-6, abs=0
    )


@pytest.mark.parametrize("collaboration", lattice.ALL)
def test_collaborations(collaboration):
    """With the inputs of one: its own results, within half of their errors."""
    coefficients, *_ = lattice.fit((collaboration,))
    found = lattice.observables(coefficients)
    for name, (value, error) in lattice.PUBLISHED[collaboration].items():
        assert found[name] == pytest.approx(value, abs=error / 2)


@pytest.mark.usefixtures("chosen")
def test_observables_of_the_package(par):
    """They are those of the closed form in the script, with flavio's electroweak correction."""
    coefficients, *_ = lattice.fit()
    expected = lattice.observables(coefficients)

    def predict(name):
        return flavio.Observable[name].prediction_par(par, None)

    tau, mu = predict("BR(B0->D*tauinv)"), predict("BR(B0->D*muinv)")
    assert tau / mu == pytest.approx(expected["R"], rel=1e-8, abs=0)
    assert predict("FLtot(B0->D*tauinv)") == pytest.approx(expected["F_L"], rel=1e-8, abs=0)
    correction = flavio.physics.bdecays.wilsoncoefficients.get_CVLSM(par, 4.8, nf=5)
    vcb = abs(flavio.physics.ckm.get_ckm(par)[1, 2])
    assert mu == pytest.approx(expected["BR"] * (vcb * correction) ** 2, rel=1e-4, abs=0)
