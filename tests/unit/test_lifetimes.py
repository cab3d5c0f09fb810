"""`decays`: lifetime, fractions, tables and files."""

from __future__ import annotations

import json
import math
import pickle
import warnings

import flavio
import numpy as np
import pytest

import flavio_nusmeft as nus
from flavio_nusmeft.lifetimes import BBN_LIFETIME, Decays

SPACE = {"scale": 1000.0, "eft": "nuSMEFT", "basis": "Warsaw"}
VALUES = {"lnqd1_1111": 1e-8 + 1e-8j, "nB_11": 1e-10}


def decays(values=VALUES, m_N1=0.6, **more):
    return nus.decays(values, **SPACE, par={"m_N1": m_N1}, **more)


def test_numbers():
    found = decays()
    assert found.total == pytest.approx(sum(found.widths.values()), rel=1e-14, abs=0)
    assert sum(found.branching_ratios.values()) == pytest.approx(1, abs=1e-12)
    # ħ and c of the PDG
    assert found.lifetime == pytest.approx(6.582119569e-25 / found.total, rel=1e-9, abs=0)
    assert found.ctau == pytest.approx(299792458 * found.lifetime, rel=1e-14, abs=0)
    assert found.visible_fraction == 1
    assert found.invisible_fraction == 0
    assert isinstance(found.m_N, float)
    assert found.in_tension_with_BBN is False


def test_object_or_dictionary():
    wc = nus.NuWilson(VALUES, **SPACE)
    plain = flavio.WilsonCoefficients()
    plain.set_initial(VALUES, **SPACE)
    expected = decays()
    for given in (wc, plain):
        found = nus.decays(given, par={"m_N1": 0.6})
        assert found.widths == expected.widths
        assert found.space == expected.space
    full = flavio.default_parameters.get_central_all() | {"m_N1": 0.6}
    assert nus.decays(wc, par=full).par == expected.par == {"m_N1": 0.6}


def test_masses_of_flavio():
    """What is set in flavio is used, and shown."""
    for name, value in (("m_N1", "0.6"), ("U_e1", "1e-5")):
        flavio.default_parameters.set_constraint(name, value)
    try:
        found = nus.decays()
    finally:
        for name in ("m_N1", "U_e1"):
            flavio.default_parameters.set_constraint(name, "0")
    assert found.par == {"m_N1": 0.6, "U_e1": 1e-5}
    assert found.widths == nus.decays(par=found.par).widths


def test_several_masses():
    masses = [0.4, 0.05, 2.0]
    found = decays(m_N1=masses)
    for i, mass in enumerate(masses):
        one = decays(m_N1=mass)
        assert found.lifetime[i] == pytest.approx(one.lifetime, rel=1e-12, abs=0)
        for state, ratio in found.branching_ratios.items():
            expected = one.branching_ratios.get(state, 0)
            assert ratio[i] == pytest.approx(expected, rel=1e-12, abs=0)
    assert found.in_tension_with_BBN.dtype == bool
    assert len(str(found).splitlines()) == 3 + 2 + 3 + 1  # notes, heading, masses


def test_options():
    """The dipole that full running makes of a tensor of b -> s decays N in seconds."""
    values, space = {"LNQdT_2123": 0.02 * nus.TeV**-2}, {**SPACE, "basis": "FGMS"}
    with pytest.warns(nus.errors.NoEffectWarning, match=r"LNQdT_2123 .* N1 .*full"):
        alone = nus.decays(values, **space, par={"m_N1": 1.5})
    assert alone.lifetime == np.inf
    full = nus.decays(values, **space, par={"m_N1": 1.5}, options={"running": "full"})
    assert 1 < full.lifetime < 10
    assert max(full.widths, key=full.widths.get) == "nu gamma"
    assert full.in_tension_with_BBN
    assert "tension with BBN" in str(full)
    assert full.made_with["running"] == "full"


def test_stable():
    found = nus.decays(par={"m_N1": 1.0})
    assert found.lifetime == found.ctau == np.inf
    assert found.branching_ratios == {}
    assert (found.visible_fraction, found.invisible_fraction) == (0, 1)
    assert not found.in_tension_with_BBN  # it does not decay at all
    assert "stable" in str(found)
    assert found.to_dict()["lifetime"] == "inf"
    both = decays({"lnqd1_1111": 1e-8}, m_N1=[0.1, 0.6])
    assert list(both.lifetime == np.inf) == [True, False]
    assert both.visible_fraction.tolist() == [0, 1]
    assert both.invisible_fraction.tolist() == [1, 0]
    assert "stable" in str(both)


def test_lighter_n():
    """What N2 -> N1 ν ν by mixing is beside the rest; it is said where it is left out."""
    both = {"m_N1": 0.5, "m_N2": 2.0, "U_mu1": 1e-2, "U_e2": 1e-2}
    assert nus.decays(N=2, par=both).left_out == ("N1 nu nu by mixing, small as its |U|²",)
    for par in [{**both, "m_N1": 2.5}, {**both, "U_mu1": 0.0}, {**both, "U_e2": 0.0, "U_e3": 0.1}]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert not any("by mixing" in what for what in nus.decays(N=2, par=par).left_out)


def test_are_compared():
    """As other results: by their content."""
    first, second = (decays(m_N1=[0.4, 0.6]) for _ in range(2))
    assert first == second
    assert first != decays(m_N1=[0.4, 0.7])


def test_title():
    assert "m_N1 = 0.6 GeV, U_mu1 = 0.001" in str(
        nus.decays(VALUES, **SPACE, par={"m_N1": 0.6, "U_mu1": 1e-3})
    )


def test_other_n():
    """Mixing and mass of N2, and the decay of N1 is asked for."""
    with pytest.warns(nus.errors.NoEffectWarning, match="U_mu2 makes N1 decay"):
        nus.decays(par={"m_N1": 1.0, "m_N2": 1.0, "U_mu2": 1e-4})
    assert nus.decays(N=2, par={"m_N2": 1.0, "U_mu2": 1e-4}).lifetime < 1
    # masses in an array are no missing masses
    assert nus.decays(par={"m_N1": [1.0, 2.0], "U_mu1": 1e-4}).lifetime.max() < 1
    with pytest.warns(nus.errors.NoEffectWarning, match="m_N2 is 0"):
        nus.decays(par={"m_N1": 1.0, "U_mu1": 1e-4, "U_mu2": 1e-4})


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("lnqd1_2123", "full"),  # its dipole
        ("lnqd1_2111", None),
        ("qn_2311", ""),  # N1 in pairs only: stable in any case
        ("nB_12", "; these are of N2"),
        ("qn_2322", "; these are of N2"),
    ],
)
def test_remedy_of_stable(name, remedy):
    """What is said is true: the option makes it decay, or is not named."""
    par = {"m_N1": 1.5, "m_N2": 1.0}
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        alone = nus.decays({name: 1e-10}, **SPACE, par=par)
    messages = [str(warning.message) for warning in found]
    if remedy is None:
        assert (messages, alone.total > 0) == ([], True)
        return
    (message,) = messages
    assert alone.total == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        full = nus.decays({name: 1e-10}, **SPACE, par=par, options={"running": "full"})
    assert (full.total > 0) is ("full" in message)
    assert message.endswith(f"stable{remedy}") or (remedy == "full" and remedy in message)


def test_states_of_dirac():
    """A Dirac N of which one state has another mass or mixing, in decays and in predictions."""
    values = nus.dirac({"nedu_1132": 1e-8, "nedu_1111": 1e-8}, eft="nuSMEFT", basis="Warsaw")
    mass, mixing = r"give m_N1 and m_N2 the same", r"give U_mu1 and U_mu2 the same size"
    for par, message in [
        ({"m_N1": 1.5}, mass),
        ({"m_N1": 1.5, "m_N2": 1.5, "U_mu1": 1e-2}, mixing),
    ]:
        with pytest.warns(nus.errors.DiracMassWarning, match=message):
            nus.decays(values, **SPACE, par=par)
        with pytest.warns(nus.errors.DiracMassWarning, match=message):
            nus.predict(["BR(B+->Deinv)"], values, **SPACE, par=par)
        full = flavio.default_parameters.get_central_all() | par
        with pytest.warns(nus.errors.DiracMassWarning, match=message):
            flavio.Observable["BR(B+->Deinv)"].prediction_par(full, nus.NuWilson(values, **SPACE))
    same = {"m_N1": 1.5, "m_N2": 1.5, "U_mu1": 1e-2, "U_mu2": -1e-2}
    nus.decays(values, **SPACE, par=same)
    nus.predict(["BR(B+->Deinv)"], values, **SPACE, par=same)


def test_citations():
    with flavio.citations.collect() as papers:
        nus.decays(par={"m_N1": 1.0, "U_mu1": 1e-4})
    assert {"arXiv:1805.08567", "arXiv:2008.00749"} <= papers.set


def test_bbn():
    """Above m_π and above 0.02 s, arXiv:2008.00749."""
    assert BBN_LIFETIME == 0.02
    sizes = np.array([1e-12, 1e-9])
    late, early = (decays({"lnqd1_1111": size}) for size in sizes)
    assert late.lifetime > 0.02 > early.lifetime
    assert (late.in_tension_with_BBN, early.in_tension_with_BBN) == (True, False)
    light = decays({"nB_11": 1e-16}, m_N1=0.1)
    assert light.lifetime > 0.02
    assert not light.in_tension_with_BBN


def test_description():
    found = decays()
    assert repr(found).startswith("Decays(N1, m_N = 0.6 GeV, τ = ")
    text = str(found)
    assert "lnqd1_1111 = 1e-08+1e-08j GeV^-2" in text
    assert "e pi" in text
    assert "left out: scalar currents" in text
    assert "running = qcd" in text
    assert repr(decays(m_N1=[1, 2])).startswith("Decays(N1, 2 masses, nuSMEFT")


def test_files(tmp_path):
    for found in (decays(), decays(m_N1=[0.1, 0.6])):
        path = tmp_path / "decays.json"
        found.save(path)
        data = json.loads(path.read_text())
        assert data == found.to_dict()
        assert data["coefficients"]["lnqd1_1111"] == {"Re": 1e-8, "Im": 1e-8}
        assert data["units"]["lifetime"] == "s"
        assert pickle.loads(pickle.dumps(found)).to_dict() == data
        read = Decays.load(path)
        assert read == found
        assert str(read) == str(found)
        for name in ("m_N", "mesons", "quarks", "lifetime", "in_tension_with_BBN"):
            here, there = getattr(found, name), getattr(read, name)
            assert type(there) is type(here)
            assert np.asarray(there).dtype == np.asarray(here).dtype
            np.testing.assert_array_equal(there, here)
        for name, width in found.widths.items():
            np.testing.assert_array_equal(read.widths[name], width)
        assert read.coefficients == found.coefficients
        assert read.left_out == found.left_out
        path.write_text(json.dumps(data | {"m_N": {}}))
        with pytest.raises(nus.errors.InvalidFile, match="no Decays"):
            Decays.load(path)
    stable = nus.decays(par={"m_N1": 1.0})
    stable.save(path)
    assert Decays.load(path).lifetime == stable.lifetime == math.inf
    with pytest.raises(nus.errors.UnwritablePath):
        found.save(tmp_path / "none" / "x.json")


E = nus.errors


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({}, E.InvalidMass, "m_N1 = 0.*GeV"),
        ({"N": 2, "par": {"m_N1": 1}}, E.InvalidMass, "m_N2"),
        ({"par": {"m_N1": 100}}, E.InvalidMass, "m_W"),
        ({"par": {"m_N1": [1, -2]}}, E.InvalidMass, "-2"),
        ({"N": 4}, E.InvalidValue, "N = 4"),
        ({"N": "N1"}, E.InvalidValue, "N1"),
        ({"par": {"m_N1": 1, "m_N2": [1, 2]}}, E.InvalidShape, "m_N2"),
        ({"par": {"m_N1": [[1, 2]]}}, E.InvalidShape, "m_N1"),
        ({"par": {"m_N1": []}}, E.InvalidShape, "m_N1"),
        ({"par": {"m_n1": 1}}, E.UnknownParameter, "m_N1"),
        ({"par": {"m_N1": "1"}}, E.InvalidValue, "m_N1"),
        ({"scale": 2.0, "par": {"m_N1": 1}}, E.InvalidValue, "scale.*mixing alone"),
        ({"coefficients": VALUES, "par": {"m_N1": 1}}, E.InvalidValue, "scale, eft, basis"),
        (
            {"coefficients": {"LNQd": 1e-8}, "par": {"m_N1": 1}} | SPACE,
            E.UnknownCoefficient,
            "LNQd",
        ),
        (
            {"coefficients": {"nB_11": [1e-8, 2e-8]}, "par": {"m_N1": 1}} | SPACE,
            E.InvalidShape,
            "nB_11",
        ),
        (
            {"coefficients": {"nB_11": np.nan}, "par": {"m_N1": 1}} | SPACE,
            E.InvalidValue,
            "nB_11",
        ),
        ({"coefficients": 1.0, "par": {"m_N1": 1}} | SPACE, E.InvalidValue, "coefficients"),
        (
            {"coefficients": nus.NuWilson(VALUES, **SPACE), "options": {"running": "full"}},
            E.InvalidValue,
            "options.*object",
        ),
    ],
)
def test_errors(arguments, error, match):
    with pytest.raises(error, match=match) as raised:
        nus.decays(**arguments)
    assert "\n" not in str(raised.value)


def test_too_large():
    with pytest.warns(nus.errors.SizeWarning):
        decays({"lnqd1_1111": 1.0})
