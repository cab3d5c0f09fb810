"""Matching onto nuWET with quarks against the projection of explicit four-fermion amplitudes."""

from __future__ import annotations

import ckmutil.ckm
import numpy as np
import pytest
from bruteforce.projection import project_nuwet
from random_coefficients import random_coefficients
from wilson import parameters as wilson_parameters

from flavio_nusmeft.eft import matching
from flavio_nusmeft.eft.flavour import from_arrays, to_arrays
from flavio_nusmeft.eft.operators import JMS, WARSAW

MATCHED = ("qn", "nd", "nu", "nedu", "lnqd1", "lnqd3", "lnuq", "phin", "phine")
PARAMETERS = wilson_parameters.p
CKM = ckmutil.ckm.ckm_tree(*(PARAMETERS[k] for k in ("Vus", "Vub", "Vcb", "gamma")))


def matched(values, currents="duc"):
    return from_arrays(matching.match(to_arrays(values, WARSAW), PARAMETERS, currents), JMS)


def projected(arrays):
    """nuWET arrays from amplitudes, without the top quark."""
    v = 1 / np.sqrt(np.sqrt(2) * PARAMETERS["GF"])
    result = project_nuwet(arrays, CKM, PARAMETERS["m_W"], v, PARAMETERS["alpha_e"])
    cut = {}
    for name, array in result.items():
        ups = [slice(0, 2) if f[0] == "u" else slice(None) for f in JMS[name].fields[2:]]
        cut[name] = array[(slice(None), slice(None), *ups)]
    return cut


@pytest.mark.parametrize("name", MATCHED)
def test_every_class_against_amplitudes(name, rng):
    """All nuWET coefficients of one class with random complex flavour, names and factors too."""
    values = random_coefficients(WARSAW, rng, {name})
    expected = from_arrays(projected(to_arrays(values, WARSAW)), JMS)
    scale = max(map(abs, expected.values()))
    expected = {k: v for k, v in expected.items() if abs(v) > 1e-11 * scale}
    result = matched(values)
    result = {k: v for k, v in result.items() if abs(v) > 1e-11 * scale}
    assert set(result) == set(expected)
    for key, value in expected.items():
        assert abs(result[key] - value) < 1e-10 * scale, key


def test_all_classes_together(rng):
    """Interfering contributions, qn with phin for instance, add."""
    values = random_coefficients(WARSAW, rng, set(MATCHED))
    expected = from_arrays(projected(to_arrays(values, WARSAW)), JMS)
    result = matched(values)
    for key in set(expected) | set(result):
        assert abs(result.get(key, 0) - expected.get(key, 0)) < 1e-9, key


def test_arrays_have_the_symmetry(rng):
    """Names are read off one entry of every orbit; running and translators take all of them."""
    values = random_coefficients(WARSAW, rng, set(MATCHED))
    arrays = matching.match(to_arrays(values, WARSAW), PARAMETERS)
    assert {"VnudLL", "SnudLL", "TnudLL", "SnuuLR", "TnueduLL"} <= set(arrays)
    for name, array in arrays.items():
        assert np.any(array != 0)
        for permutation, sign, conjugate in JMS[name].symmetry.generators:
            image = np.transpose(array, np.argsort(permutation))
            image = sign * (image.conj() if conjugate else image)
            # sums of up to nine products of CKM elements
            np.testing.assert_allclose(array, image, rtol=0, atol=1e-14 * np.abs(array).max())


@pytest.mark.parametrize("name", ["ne", "ln", "nn", "lnle", "nphi", "nW", "nB"])
def test_the_others_have_no_quark_operator(name, rng):
    values = random_coefficients(WARSAW, rng, {name})
    assert matched(values) == {}
    assert bool(matched(values, "duce")) is (name in ("ne", "ln", "lnle"))


def test_named_coefficients():
    """arXiv:2309.02940 Eqs. (8)-(10) for single names."""
    assert matched({"qn_2311": 1}, "d") == {"VnudLL_4423": -1}
    assert matched({"nd_1223": 1j}, "d") == {"VnudLR_4532": 1j}
    assert matched({"lnqd1_2123": 1j}, "d") == {"SnudLL_2432": -1j}
    assert matched({"lnqd3_2123": 1j}, "d") == {"TnudLL_2432": 1j}
    charged = matched({"lnqd1_3133": 1}, "c")
    assert charged == pytest.approx(
        {f"SnueduLL_433{u + 1}": -CKM[u, 2].conjugate() for u in (0, 1)}, rel=1e-14, abs=0
    )


def test_weak_mixing_angle_is_wilsons():
    """The phil1 entry of wilson's own matching, VnudLR = (2/3) s_W² phil1, fixes s_W²."""
    from wilson import Wilson

    wc = Wilson({"phil1_12": 1e-8}, 91.1876, "SMEFT", "Warsaw").match_run(91.1876, "WET", "JMS")
    expected = 2 / 3 * matching.sine_squared(PARAMETERS) * 1e-8
    assert wc["VnudLR_1233"] == pytest.approx(expected, rel=1e-6, abs=0)
