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


@pytest.fixture
def lattice(monkeypatch):
    quantity = "B->D* invisible form factor"
    monkeypatch.setitem(flavio.config["implementation"], quantity, "B->D* lattice")


LATTICE = [
    f"B->D* lattice a{k}_{ff}"
    for ff in ("V", "A0", "A1", "A12", "T1", "T2", "T23")
    for k in range(3)
    if (k, ff) not in ((0, "A12"), (2, "A12"), (0, "T2"), (2, "T23"))
]


@pytest.mark.usefixtures("lattice")
def test_lattice_is_flavios_parametrisation(par, rng, monkeypatch):
    """B -> D* for any coefficients, with a2 of A12 and T23 as the endpoint gives them."""
    for name in LATTICE:
        par[name] *= rng.uniform(0.5, 1.5)
        par[name.replace("lattice", "BSZ")] = par[name]
    for pole in ("m0", "m1-", "m1+"):
        par[f"B->D* BCL {pole}"] = par[f"B->D* GKvD {pole}"]
    m_B, m_V = par["m_B0"], par["m_D*+"]
    par["m_D*0"] = m_V  # flavio's z
    t_plus, t_minus = (m_B + m_V) ** 2, (m_B - m_V) ** 2
    root0 = np.sqrt(t_plus * np.sqrt(1 - t_minus / t_plus))
    z_end, z_0 = (
        (np.sqrt(t_plus - t) - root0) / (np.sqrt(t_plus - t) + root0) for t in (t_minus, 0)
    )
    end = form_factors("B->D*", par, np.array([t_minus]))
    for ff, a0 in (("A12", end_a0(par)), ("T23", par["B->D* lattice a0_T23"])):
        series = end[ff][0] * (1 - t_minus / par["B->D* GKvD m1+"] ** 2) - a0
        step = z_end - z_0
        par[f"B->D* BSZ a2_{ff}"] = (series - par[f"B->D* lattice a1_{ff}"] * step) / step**2
    quantity = "B->D* form factor"
    monkeypatch.setitem(flavio.config["implementation"], quantity, "B->D* BSZ3")
    for q2 in (0.0, 3.0, 10.0):
        ours = form_factors("B->D*", par, np.array([q2]))
        theirs = flavio.classes.AuxiliaryQuantity[quantity].prediction(
            par_dict=par, wc_obj=None, q2=q2
        )
        for name, value in theirs.items():
            assert ours[name][0] == pytest.approx(value, rel=1e-11, abs=0)


def end_a0(par):
    """a0 of A12."""
    m_B, m_V = par["m_B0"], par["m_D*+"]
    return par["B->D* lattice a0_A0"] * (m_B**2 - m_V**2) / (8 * m_B * m_V)


@pytest.mark.usefixtures("lattice")
def test_lattice_relations(par, rng):
    """The exact relations at both ends, also between A2, T3 and the others, for any coefficients.

    A12 and T23 in terms of A1, A2 and T2, T3 have λ in front of A2 and T3, arXiv:1503.05534
    Eqs. (2) and (3): λ = 0 at maximal q².
    """
    for name in LATTICE:
        par[name] *= rng.uniform(0.5, 1.5)
    m_B, m_V = par["m_B0"], par["m_D*+"]
    q2 = (m_B - m_V) ** 2
    start, end = (form_factors("B->D*", par, np.array([x])) for x in (0.0, q2))
    A12 = (m_B + m_V) * (m_B**2 - m_V**2 - q2) / (16 * m_B * m_V**2) * end["A1"]
    T23 = (
        (m_B**2 - m_V**2)
        * (m_B**2 + 3 * m_V**2 - q2)
        / (8 * m_B * m_V**2 * (m_B - m_V))
        * end["T2"]
    )
    assert end["A12"] == pytest.approx(A12, rel=1e-12, abs=0)
    assert end["T23"] == pytest.approx(T23, rel=1e-12, abs=0)
    assert start["T1"] == pytest.approx(start["T2"], rel=1e-14, abs=0)
    assert start["A12"] == pytest.approx(
        start["A0"] * (m_B**2 - m_V**2) / (8 * m_B * m_V), rel=1e-14, abs=0
    )


def test_lattice_covariance():
    """All coefficients vary together, and there are no others."""
    assert set(LATTICE) == {n for n in flavio.Parameter.instances if n.startswith("B->D* lattice")}
    constraint = flavio.default_parameters._parameters[LATTICE[0]][1]
    assert all(flavio.default_parameters._parameters[n][1] is constraint for n in LATTICE)
    np.testing.assert_array_equal(constraint.covariance, constraint.covariance.T)
    assert np.linalg.eigvalsh(constraint.covariance).min() > 0


def test_lambda_c_is_the_constraint_of_eos(par):
    """arXiv:1712.05783, nominal fit: `Lambda_c->proton::...[nominal]@M:2017A` of EOS, made for all
    form factors at three (for two of them: two) values of q²."""
    expected = {
        "fVt": (0.702996783, 0.779741358, 0.939961615),
        "fV0": (0.719875870, 0.833221978, 1.064145098),
        "fVperp": (1.234443932, 1.462890789, 1.854303372),
        "fAt": (0.666393728, 0.806571725, 1.062758973),
        "fA0": (0.636086919, 0.706017159),
        "fAperp": (0.638149869, 0.713354434, 0.830683186),
        "fT0": (1.041371903, 1.236116277, 1.552864595),
        "fTperp": (0.559493938, 0.663429289, 0.847091940),
        "fT50": (0.559180024, 0.620386237),
        "fT5perp": (0.541067837, 0.603642425, 0.717056598),
    }
    found = form_factors("Lambdac->p", par, np.array([0.272119, 0.725650, 1.269888]))
    for name, values in expected.items():
        assert found[name][: len(values)] == pytest.approx(np.array(values), rel=3e-7, abs=0)
    end = form_factors("Lambdac->p", par, np.array([(2.28646 - 0.939565) ** 2]))
    for first, second in (("fA0", "fAperp"), ("fT50", "fT5perp")):
        assert end[first] == pytest.approx(end[second], rel=1e-12, abs=0)
