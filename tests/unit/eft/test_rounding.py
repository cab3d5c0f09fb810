"""What NuWilson writes it reads: rounding errors are dropped, anything larger is refused."""

from __future__ import annotations

import inspect
import io

import numpy as np
import pytest
import wilson
from random_coefficients import random_point
from wilson import wcxf

from flavio_nusmeft import NuWilson, errors, predict, uv
from flavio_nusmeft.eft.bases import known_coefficients
from flavio_nusmeft.eft.objects import load_wc, promote
from flavio_nusmeft.eft.rounding import real_where_hermitian, without_dust

OUTPUTS = (
    (1e3, "nuSMEFT", "Warsaw"),
    (1e3, "nuSMEFT", "FGMS"),
    (1e3, "nuSMEFT", "LiaoMa"),
    (4.8, "nuWET", "JMS"),
    (2.0, "nuWET-4", "JMS"),
    (2.0, "nuWET-3", "JMS"),
)


def real_names_are_real(wc: wcxf.WC) -> bool:
    known = known_coefficients(wc.eft, wc.basis)
    return all(complex(value).imag == 0 for name, value in wc.dict.items() if known[name])


def model(name: str, rng: np.random.Generator) -> NuWilson:
    function = getattr(uv, name)
    matrices = {}
    for coupling in list(inspect.signature(function).parameters)[1:]:
        matrix = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
        matrices[coupling] = matrix + matrix.conj().T if name == "Z_prime" else matrix
    if name == "scalar_doublet":
        matrices["lam"] = 0.3 + 0.1j
    return function(8e3, **matrices)


def assert_round_trips(wc: wcxf.WC) -> None:
    assert all(type(name) is str for name in wc.values)
    assert real_names_are_real(wc)
    assert NuWilson.from_wc(wc).wc.dict == wc.dict
    for fmt in ("json", "yaml"):
        assert load_wc(io.StringIO(wc.dump(fmt=fmt))).wc.dict == wc.dict
    own = NuWilson({}, 1e3, "nuSMEFT", "Warsaw")
    own.set_initial_wcxf(wc)
    assert own.wc.dict == wc.dict


@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.DroppedCoefficientWarning")
@pytest.mark.parametrize("running", ["qcd", "full"])
@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.NeutrinoMassWarning")
@pytest.mark.parametrize("name", [name for name in uv.__all__ if name != "add"])
def test_uv_models_round_trip(name, running, rng):
    w = model(name, rng)
    w.set_option("running", running)
    if (name, running) != ("S1", "qcd"):
        w.set_option("smeft_accuracy", "leadinglog")  # a fraction of the time, as many roundings
    for scale, eft, basis in OUTPUTS:
        assert_round_trips(w.match_run(scale, eft, basis))


@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.DroppedCoefficientWarning")
@pytest.mark.parametrize("running", ["qcd", "full"])
@pytest.mark.parametrize(("eft", "basis"), [("nuSMEFT", "FGMS"), ("nuWET", "JMS")])
def test_random_points_round_trip(eft, basis, running, rng):
    scale = 1e3 if eft == "nuSMEFT" else 80.0
    w = NuWilson(random_point(rng, known_coefficients(eft, basis), 1e-8), scale, eft, basis)
    w.set_option("running", running)
    for target in OUTPUTS:
        if eft == "nuSMEFT" or target[1] != "nuSMEFT":
            assert_round_trips(w.match_run(*target))


def test_nothing_but_rounding_is_dropped():
    """What is given is kept, however small it is beside the others."""
    values = {"lnqd1_2123": 1e-6 + 1e-30j, "qn_1111": 1e-26, "lq1_1111": 1e-30, "lq3_1123": 1e-9j}
    w = NuWilson(values, 1e3, "nuSMEFT", "Warsaw")
    assert w.match_run(1e3, "nuSMEFT", "Warsaw").dict == values
    low = {"VnudLL_1123": 1e-6, "VnudLL_1223": 1e-26, "VnudLL_4423": 1e-28j}
    w = NuWilson(low, 4.8, "nuWET", "JMS")
    assert w.match_run(4.8, "nuWET", "JMS").dict == low


def test_imaginary_parts_larger_than_rounding_are_refused():
    """1e-8 + 1e-12i for a hermitian coefficient is a typing error or a misunderstanding, in a file,
    too; 1e-34i is what running leaves. Typed values must be real to the last bit."""
    point = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
    for imaginary, computed in ((1e-12, False), (1e-34, True)):
        values = {"QN_2311": 1e-8, "QN_1111": 1e-8 + 1j * imaginary}
        wc = wcxf.WC(**point, values=wcxf.WC.dict2values(values))
        plain = wilson.Wilson.from_wc(wc)
        for typed in (
            lambda values=values: NuWilson(values, **point),
            lambda values=values: predict("BR(B+->Kinv)", values, **point),
        ):
            with pytest.raises(errors.InvalidValue, match="QN_1111 is real"):
                typed()
        for read in (
            lambda wc=wc: NuWilson.from_wc(wc).wc,
            lambda wc=wc: NuWilson.load_wc(io.StringIO(wc.dump())).wc,
            lambda wc=wc: load_wc(wc.dump(fmt="yaml")).wc,
            lambda wc=wc: wc.translate("Warsaw").translate("FGMS"),
            lambda wc=wc: wc.match("nuWET", "JMS"),
            lambda plain=plain: promote(plain).wc,
        ):
            if computed:
                assert real_names_are_real(read())
            else:
                with pytest.raises(errors.InvalidValue, match="QN_1111 is real"):
                    read()


def test_bound_is_relative_to_the_largest_coefficient():
    known = {"a": True, "b": False}
    for size in (1.0, 1e-8, 1e-30):
        values = {"a": size * (1e-3 + 1e-13j), "b": size * 1j}
        assert real_where_hermitian(values, known, "nuSMEFT") == {**values, "a": values["a"].real}
        values["a"] = size * (1e-3 + 1e-11j)
        assert real_where_hermitian(values, known, "nuSMEFT") == values
    assert real_where_hermitian({}, known, "nuSMEFT") == {}


def test_dust():
    values = {"a": 1.0 + 1e-17j, "b": 1e-17 + 1e-3j, "c": 1e-17, "d": 1e-20, "e": 0.0}
    assert without_dust(values, keep=("d",)) == {"a": 1.0, "b": 1e-3j, "d": 1e-20}
    assert without_dust({"a": 1e-40 + 1e-57j, "b": 1e-41}) == {"a": 1e-40, "b": 1e-41}
    assert without_dust({}) == {}


def test_no_dust_from_full_running():
    """A real coefficient on the diagonal feeds itself: rounding leaves no imaginary part."""
    w = NuWilson({"nd_1133": 1e-8, "qn_3311": 1e-8}, 1e3, "nuSMEFT", "Warsaw")
    w.set_option("running", "full")
    found = w.match_run(91.1876, "nuSMEFT", "Warsaw").dict
    largest = max(map(abs, found.values()))
    parts = [abs(p) for v in found.values() for p in (complex(v).real, complex(v).imag) if p != 0]
    assert min(parts) > np.finfo(float).eps * largest
