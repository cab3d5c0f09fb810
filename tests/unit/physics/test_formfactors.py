"""Form factors."""

from __future__ import annotations

import json
import pkgutil

import flavio
import numpy as np
import pytest

from flavio_nusmeft.physics.formfactors import PROCESSES, form_factors

FITS = [name for name, process in PROCESSES.items() if process.fit != "BSZ"]  # not flavio's own


def q2_of(process):
    return np.linspace(0, 2.9 if process[0] == "D" else 0.12 if process == "K->pi" else 10, 7)


@pytest.mark.parametrize("process", FITS)
def test_parametrisation_is_flavios(process, par, monkeypatch):
    """With the same coefficients flavio's BSZ implementation gives the same form factors."""
    fit = f"{process} {PROCESSES[process].fit}"
    q2_values = q2_of(process)
    ours = form_factors(process, par, q2_values)
    for name in [n for n in par if n.startswith(f"{fit} a")]:
        par[name.replace(fit, f"{process} BSZ")] = par[name]
    for pole in set(PROCESSES[process].poles.values()):
        par[f"{process} BCL {pole}"] = par[f"{fit} {pole}"]
    quantity = f"{process} form factor"
    monkeypatch.setitem(flavio.config["implementation"], quantity, f"{process} BSZ3")
    for k, q2 in enumerate(q2_values):
        theirs = flavio.classes.AuxiliaryQuantity[quantity].prediction(
            par_dict=par, wc_obj=None, q2=q2
        )
        assert set(ours) == set(theirs)
        for name, value in theirs.items():
            assert ours[name][k] == pytest.approx(value, rel=1e-13, abs=0)


@pytest.mark.parametrize("process", ["B->rho", "B->pi", "D->pi", "K->pi"])
def test_stock_form_factors_vectorised(process, par):
    """All that stock flavio has for these, f_T included, with its parameters."""
    par = {name: x * 1.01 if name.startswith(process) else x for name, x in par.items()}
    q2_values = q2_of(process)
    ours = form_factors(process, par, q2_values)
    quantity = flavio.classes.AuxiliaryQuantity[f"{process} form factor"]
    for k, q2 in enumerate(q2_values):
        theirs = quantity.prediction(par_dict=dict(par), wc_obj=None, q2=q2)
        assert set(ours) == set(theirs)
        for name, value in theirs.items():
            assert ours[name][k] == pytest.approx(value, rel=1e-13, abs=0)


@pytest.mark.usefixtures("as_flavio")
@pytest.mark.parametrize("process", PROCESSES)
def test_stock_form_factors_can_be_chosen(process, par):
    stock = flavio.classes.AuxiliaryQuantity[f"{process} form factor"]
    expected = stock.prediction(par_dict=dict(par), wc_obj=None, q2=2.0)
    found = form_factors(process, dict(par), np.array([[2.0]]))
    assert {name: float(v[0, 0]) for name, v in found.items()} == expected


def test_published_values(par):
    """B -> K of arXiv:2305.06301: f+(0) is the first coefficient; f0(0) = f+(0), T1(0) = T2(0)."""
    ff = form_factors("B->K", par, np.array([0.0]))
    assert ff["f+"] == ff["f0"] == pytest.approx(0.33196382, rel=1e-14, abs=0)
    ff = form_factors("B->K*", par, np.array([0.0]))
    assert ff["T1"] == pytest.approx(ff["T2"], rel=1e-14, abs=0)
    m_B, m_V = par["m_B0"], par["m_K*0"]
    assert ff["A12"] == pytest.approx(
        ff["A0"] * (m_B**2 - m_V**2) / (8 * m_B * m_V), rel=1e-14, abs=0
    )


@pytest.mark.parametrize("process", FITS)
def test_covariance(process):
    """The parameters are correlated and vary as published."""
    fit = f"{process} {PROCESSES[process].fit}"
    names = [n for n in flavio.Parameter.instances if n.startswith(f"{fit} a")]
    assert len(names) == (8 if process in ("B->K", "B->D") else 19)
    constraint = flavio.default_parameters._parameters[names[0]][1]
    assert all(flavio.default_parameters._parameters[n][1] is constraint for n in names)
    covariance = constraint.covariance
    np.testing.assert_allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_same_numbers_as_flavios_file():
    """B -> K is the fit that stock flavio uses, number by number."""
    for name in flavio.Parameter.instances:
        if name.startswith("B->K GRvDV a"):
            get = flavio.default_parameters.get_central
            assert get(name) == get(name.replace("GRvDV", "BSZ"))


@pytest.mark.parametrize(("process", "file"), [("B->D", "BD"), ("B->D*", "BDstar")])
def test_gkvd_is_flavios_file(process, file):
    """arXiv:1811.00983, LCSR and lattice, as flavio ships it: values, errors, correlations."""
    path = f"physics/data/arXiv-1811-00983v1/{file}_LCSR-Lattice.json"
    published = json.loads(pkgutil.get_data("flavio", path))
    names = [n for n in flavio.Parameter.instances if n.startswith(f"{process} GKvD a")]
    constraint = flavio.default_parameters._parameters[names[0]][1]
    for i, name in enumerate(names):
        a, ff = name.split(" ")[-1].split("_")
        assert constraint.central_value[i] == published["central"][ff][a]
        error = published["uncertainty"][ff][a]
        assert constraint.covariance[i, i] == pytest.approx(error**2, rel=1e-12, abs=0)
        for j, other in enumerate(names):
            b, gg = other.split(" ")[-1].split("_")
            expected = (
                error * published["uncertainty"][gg][b] * published["correlation"][ff + gg][a + b]
            )
            assert constraint.covariance[i, j] == pytest.approx(expected, rel=1e-10, abs=1e-16)
