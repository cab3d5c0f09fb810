"""Scales at which another EFT is to be used, and coefficients that no coupling gives."""

from __future__ import annotations

import warnings

import flavio
import numpy as np
import pytest
import wilson

import flavio_nusmeft as nus
from flavio_nusmeft import NuWilson, errors
from flavio_nusmeft.eft.objects import load_wc

BASIS = {"nuSMEFT": "Warsaw", "nuWET": "JMS", "nuWET-4": "JMS", "nuWET-3": "JMS"}
NAME = {"nuSMEFT": "qn_1211", "nuWET": "VnudLL_4412", "nuWET-4": "VnudLL_4412"}
NAME["nuWET-3"] = NAME["nuWET"]
OBSERVABLE = "BR(K+->piinv)"  # in every EFT


def direct(eft, scale, options):
    w = NuWilson({NAME[eft]: 1e-10}, scale, eft, BASIS[eft])
    for key, value in options.items():
        w.set_option(key, value)
    flavio.np_prediction(OBSERVABLE, w)


def plain(eft, scale, options):
    """An object of wilson's."""
    w = wilson.Wilson({NAME[eft]: 1e-10}, scale, eft, BASIS[eft])
    for key, value in options.items():
        w.set_option(key, value)
    flavio.np_prediction(OBSERVABLE, w)


def in_batch(eft, scale, options):
    point = {"scale": scale, "eft": eft, "basis": BASIS[eft], "options": options}
    nus.predict(OBSERVABLE, {NAME[eft]: np.array([0, 1e-10])}, **point)


def in_likelihood(eft, scale, options):
    likelihood = nus.likelihood("current", [OBSERVABLE])
    point = {"scale": scale, "eft": eft, "basis": BASIS[eft], "options": options}
    nus.LogLikelihood(likelihood, [NAME[eft]], **point)


def in_popxf(eft, scale, options):
    point = {"scale": scale, "eft": eft, "basis": BASIS[eft], "options": options}
    nus.to_popxf(OBSERVABLE, coefficients=[NAME[eft]], **point)


def from_file(eft, scale, options):
    text = f"{{eft: {eft}, basis: {BASIS[eft]}, scale: {scale}, values: {{{NAME[eft]}: 1.0e-10}}}}"
    w = load_wc(text)
    for key, value in options.items():
        w.set_option(key, value)
    flavio.np_prediction(OBSERVABLE, w)


def running(eft, scale, options):
    w = NuWilson({NAME[eft]: 1e-10}, scale, eft, BASIS[eft])
    for key, value in options.items():
        w.set_option(key, value)
    w.match_run(2.0, "nuWET-3", "JMS", ("sdnunu",))


WAYS = [direct, plain, in_batch, in_likelihood, in_popxf, from_file, running]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(
    ("eft", "scale", "options", "message"),
    [
        ("nuSMEFT", 50.0, {}, "nuSMEFT at 50 GeV is below m_W, where nuWET"),
        ("nuSMEFT", 50.0, {"smeft_matchingscale": 60.0}, "below m_W"),
        ("nuWET", 1e3, {}, "nuWET at 1000 GeV is above m_t, where nuSMEFT"),
        ("nuWET", 500.0, {"smeft_matchingscale": 400.0}, "above m_t"),
        ("nuWET", 1.0, {}, "nuWET at 1 GeV is below m_c"),
        ("nuWET-4", 1e3, {}, "nuWET-4 at 1000 GeV"),
        ("nuWET-3", 1e3, {}, "nuWET-3 at 1000 GeV"),
    ],
)
def test_scales_of_other_theories(way, eft, scale, options, message):
    with pytest.warns(errors.ScaleWarning, match=message):
        way(eft, scale, options)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(
    ("eft", "scale", "options"),
    [
        ("nuSMEFT", 91.1876, {}),
        ("nuSMEFT", 80.5, {}),
        ("nuSMEFT", 50.0, {"smeft_matchingscale": 50.0}),
        ("nuSMEFT", 1e5, {}),
        ("nuWET", 91.1876, {}),
        ("nuWET", 160.0, {}),
        ("nuWET", 400.0, {"smeft_matchingscale": 400.0}),
        ("nuWET", 4.2, {}),
        ("nuWET-4", 1.3, {}),
        ("nuWET-3", 1.0, {}),
    ],
)
def test_scales_that_are_used(way, eft, scale, options):
    way(eft, scale, options)  # warnings are errors


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("scale", [1.0, 5.0, 1e20])
def test_scales_without_a_theory(way, scale):
    with pytest.raises(errors.InvalidScale, match=r"in GeV, 1 TeV is 1000|above the Planck mass"):
        way("nuSMEFT", scale, {})


def test_scales_of_the_output():
    low = NuWilson({"VnudLL_4412": 1e-10}, 4.8, "nuWET", "JMS")
    with pytest.warns(errors.ScaleWarning, match="nuWET at 1000 GeV"):
        low.match_run(1e3, "nuWET", "JMS")
    high = NuWilson({"qn_1211": 1e-10}, 1e3, "nuSMEFT", "Warsaw")
    with pytest.warns(errors.ScaleWarning, match="nuSMEFT at 50 GeV"):
        high.match_run(50.0, "nuSMEFT", "Warsaw")
    with pytest.raises(errors.InvalidScale):
        high.match_run(4.8, "nuSMEFT", "Warsaw")


@pytest.mark.parametrize("eft", ["SMEFT", "nuSMEFT"])
def test_files_of_smeft(eft):
    values = "values: {lq1_1112: 1.0e-10}"
    with pytest.raises(errors.InvalidScale, match=f"{eft} is a theory above the electroweak"):
        load_wc(f"{{eft: {eft}, basis: Warsaw, scale: 1, {values}}}")


LARGE = [  # in units of what a coupling of 4π and a mass of the scale, or of the W, give
    ("nuSMEFT", "FGMS", "LNQd_2123", 1e3, (4 * np.pi / 1e3) ** 2),
    ("nuSMEFT", "Warsaw", "lq1_1123", 1e4, (4 * np.pi / 1e4) ** 2),
    ("nuWET", "JMS", "SnudLL_1423", 4.8, (4 * np.pi / 80.4) ** 2),
    ("nuWET-3", "JMS", "VnudLL_4412", 2.0, (4 * np.pi / 80.4) ** 2),
]


@pytest.mark.parametrize(("eft", "basis", "name", "scale", "unit"), LARGE)
@pytest.mark.parametrize("factor", [1.01, -1.01, 1.01j, 1e300])
def test_coefficients_in_other_units(eft, basis, name, scale, unit, factor):
    value = factor * unit
    if eft == "nuWET-3" and isinstance(factor, complex):
        value = 1.01 * unit
    message = rf"{name} above .* in GeV\^-2; from TeV\^-2 multiply by nus.TeV\*\*-2"
    with pytest.warns(errors.SizeWarning, match=message):
        NuWilson({name: value}, scale, eft, basis)
    w = NuWilson({}, scale, eft, basis)
    with pytest.warns(errors.SizeWarning, match=message):
        w.set_initial({name: value}, scale, eft, basis)


@pytest.mark.parametrize(("eft", "basis", "name", "scale", "unit"), LARGE)
def test_strong_couplings_are_allowed(eft, basis, name, scale, unit):
    NuWilson({name: 0.99 * unit}, scale, eft, basis)


def test_dimension_five_has_another_unit():
    NuWilson({"llphiphi_11": 0.1}, 1e3, "nuSMEFT", "Warsaw")


@pytest.mark.filterwarnings("ignore:BR")
def test_arrays_in_other_units():
    values = {"LNQd_2123": np.array([0, 1e-8, 0.02]), "QN_2311": 1e-8}
    with pytest.warns(errors.SizeWarning, match="^LNQd_2123 above") as caught:
        nus.predict("BR(B+->Kinv)", values, scale=1e3, eft="nuSMEFT", basis="FGMS")
    assert len(caught) == 2  # and of the branching ratio


@pytest.mark.filterwarnings("ignore:BR")
def test_likelihoods_in_other_units():
    likelihood = nus.likelihood("current", ["BR(B0->Kinv)"])
    point = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
    function = nus.LogLikelihood(likelihood, ["LNQd_2123", "Im(LNQd_2123)"], **point)
    function([2e-8, 1e-8])
    with pytest.warns(errors.SizeWarning, match="^LNQd_2123 above"):
        function([0.0, 0.02])


def test_once_and_at_the_line_of_the_user():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for size in range(1, 50):
            NuWilson({"LNQd_2123": 0.01 * size}, 1e3, "nuSMEFT", "FGMS")
    (one,) = caught
    assert one.filename == __file__


def test_unit():
    assert 0.02 * nus.TeV**-2 == pytest.approx(2e-8, rel=1e-15, abs=0)
