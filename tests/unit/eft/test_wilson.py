"""NuWilson: input, options, delegation."""

from __future__ import annotations

import copy
import io
import math
import pickle
import re

import flavio
import pytest
import wilson
from wilson import wcxf

from flavio_nusmeft import NuWilson, errors
from flavio_nusmeft.eft.objects import load_wc, promote, with_options
from flavio_nusmeft.eft.standard import with_ckm

ARGUMENTS = (1e3, "nuSMEFT", "Warsaw")


def test_is_a_flavio_object():
    """So flavio passes it through unchanged."""
    w = NuWilson({"qn_2311": 1e-8}, *ARGUMENTS)
    assert flavio.WilsonCoefficients.from_wilson(w, {}) is w


@pytest.mark.parametrize(
    ("values", "scale", "eft", "basis", "error", "message"),
    [
        ({"LNQd_2124": 1}, 1e3, "nuSMEFT", "FGMS", errors.UnknownCoefficient, "indices of LNQd"),
        ({"LNQd_0123": 1}, 1e3, "nuSMEFT", "FGMS", errors.UnknownCoefficient, "indices of LNQd"),
        ({"SLNQd": 1}, 1e3, "nuSMEFT", "FGMS", errors.UnknownCoefficient, "SLNQd"),
        ({"dN_3211": 1}, 1e3, "nuSMEFT", "FGMS", errors.UnknownCoefficient, r"dN_2311\*"),
        ({"nd_2111": 1}, 1e3, "nuSMEFT", "Warsaw", errors.UnknownCoefficient, r"nd_1211\*"),
        ({"lq3_2123": 1}, 1e3, "nuSMEFT", "Warsaw", errors.UnknownCoefficient, r"lq3_1232\*"),
        ({"TnudLL_4123": 1}, 5, "nuWET", "JMS", errors.UnknownCoefficient, "= -TnudLL_1423,"),
        ({"SnudLL_4123": 1}, 5, "nuWET", "JMS", errors.UnknownCoefficient, "= SnudLL_1423,"),
        ({"qn_2311": 1}, 1e3, "nuSMEFT", "warsaw", errors.UnknownBasis, "FGMS, LiaoMa, Warsaw"),
        ({"qn_2311": 1}, 1e3, "nuSMEFT2", "Warsaw", errors.UnknownBasis, "nuSMEFT or nuWET"),
        ({"lq1_1111": 1}, 1e3, "SMEFT", "Warsaw", errors.UnknownBasis, "WilsonCoefficients"),
        ({"qn_1111": 1j}, *ARGUMENTS, errors.InvalidValue, "qn_1111 is real"),
        ({"phin_11": 1 + 1j}, *ARGUMENTS, errors.InvalidValue, "phin_11 is real"),
        ({"qn_2311": math.nan}, *ARGUMENTS, errors.InvalidValue, "qn_2311 = nan is not finite"),
        ({"qn_2311": complex(1, math.inf)}, *ARGUMENTS, errors.InvalidValue, "not finite"),
        ({"qn_2311": "x"}, *ARGUMENTS, errors.InvalidValue, "'x' is not a number"),
        ({"qn_2311": None}, *ARGUMENTS, errors.InvalidValue, "not a number"),
        ({"qn_2311": "1e-8"}, *ARGUMENTS, errors.InvalidValue, "'1e-8' is not a number"),
        ({"qqql_2111": 1}, *ARGUMENTS, errors.UnknownCoefficient, "= qqql_1121, set that one"),
        ({}, 0, "nuSMEFT", "Warsaw", errors.InvalidScale, "positive finite"),
        ({}, -5, "nuSMEFT", "Warsaw", errors.InvalidScale, "positive finite"),
        ({}, math.inf, "nuSMEFT", "Warsaw", errors.InvalidScale, "positive finite"),
        ({}, math.nan, "nuSMEFT", "Warsaw", errors.InvalidScale, "positive finite"),
        ({}, "high", "nuSMEFT", "Warsaw", errors.InvalidScale, "not a real number"),
    ],
)
def test_bad_input(values, scale, eft, basis, error, message):
    with pytest.raises(error, match=message):
        NuWilson(values, scale, eft, basis)


def test_errors_derive_from_builtin_ones():
    assert issubclass(errors.UnknownCoefficient, KeyError)
    for error in (errors.UnknownBasis, errors.InvalidValue, errors.InvalidScale):
        assert issubclass(error, ValueError)
    assert str(errors.UnknownCoefficient("plain words")) == "plain words"


def test_match_run_checks_its_arguments():
    w = NuWilson({"qn_2311": 1e-8}, *ARGUMENTS)
    with pytest.raises(errors.UnknownSector, match="did you mean 'sbnunu'"):
        w.match_run(4.8, "nuWET", "JMS", ("sbnunnu",))
    with pytest.raises(errors.UnknownBasis, match="no basis 'flavio'"):
        w.match_run(4.8, "nuWET", "flavio")
    with pytest.raises(errors.InvalidScale):
        w.match_run(-1, "nuWET", "JMS")
    low = NuWilson({"VnudLL_4423": 1e-8}, 4.8, "nuWET", "JMS")
    with pytest.raises(errors.UnknownBasis, match="cannot run from nuWET up"):
        low.match_run(1e3, "nuSMEFT", "Warsaw")


def test_unmatched_classes_are_named():
    values = {"qn_2311": 1e-8, "nn_1111": 1e-8, "nW_11": 1e-9, "lnle_1111": 0.0}
    w = NuWilson(values, *ARGUMENTS)
    with pytest.warns(errors.DroppedCoefficientWarning, match="nuWET, dropped: nn_1111, nW_11$"):
        assert w.match_run(91.1876, "nuWET", "JMS", ("sbnunu",)).dict == {"VnudLL_4423": -1e-8}


def test_output_in_other_bases():
    w = NuWilson({"dN_1231": 1e-8j, "LNQdT_1123": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    assert w.match_run(1e3, "nuSMEFT", "FGMS").dict == {"dN_1231": 1e-8j, "LNQdT_1123": 1e-8}
    assert w.match_run(1e3, "nuSMEFT", "Warsaw").dict == {"nd_1321": -1e-8j, "lnqd3_1123": 1e-8}
    wc = w.match_run(4.8, "nuWET", "JMS", ("sbnunu", "cbenu"))
    wc.validate()
    assert {n.split("_")[0] for n in wc.dict} == {"TnudLL", "TnueduLL"}


def test_matching_scale_is_an_option():
    """Running is one factor below and above m_t: the scale matters where n_f changes only."""
    values = {"lnqd1_2123": 1e-8}
    low, high = NuWilson(values, *ARGUMENTS), NuWilson(values, *ARGUMENTS)
    low.set_option("smeft_matchingscale", 160.0)
    high.set_option("smeft_matchingscale", 500.0)
    run = [w.match_run(4.8, "nuWET", "JMS")["SnudLL_2432"] for w in (low, high)]
    reference = NuWilson(values, *ARGUMENTS).match_run(4.8, "nuWET", "JMS")["SnudLL_2432"]
    assert run[0] == pytest.approx(reference, rel=1e-13, abs=0)
    assert run[1] != pytest.approx(reference, rel=1e-4, abs=0)


def test_unknown_option():
    w = NuWilson({}, *ARGUMENTS)
    with pytest.raises(KeyError, match="did you mean 'alpha_s'"):
        w.get_option("alphas")
    assert w.get_option("qed_order") == wilson.Wilson._default_options["qed_order"]


def test_default_options_do_not_leak_into_wilson():
    before = dict(wilson.Wilson._default_options)
    try:
        NuWilson.set_default_option("alpha_s", 0.12)
        assert NuWilson({}, *ARGUMENTS).get_option("alpha_s") == 0.12
        assert wilson.Wilson._default_options == before
    finally:
        NuWilson.set_default_option("alpha_s", 0.1181)


def test_standard_part_follows_wilsons_options():
    """wilson's options hold for the SMEFT part, those set on the object and class defaults."""
    values = {"lq1_3323": 1e-8, "qn_2311": 1e-8}
    w = NuWilson(values, *ARGUMENTS)
    w.set_option("smeft_accuracy", "leadinglog")
    plain = wilson.Wilson({"lq1_3323": 1e-8}, 1e3, "SMEFT", "Warsaw")
    plain.set_option("smeft_accuracy", "leadinglog")
    expected = plain.match_run(4.8, "WET", "JMS", ("sbnunu",)).dict
    assert w.match_run(4.8, "WET", "JMS", ("sbnunu",)).dict == pytest.approx(
        expected, rel=1e-12, abs=0
    )


def test_parts_with_and_without_n_in_one_object():
    w = NuWilson({"VnudLL_1123": 1e-9, "VnudLL_4423": 2e-9}, 4.8, "nuWET", "JMS")
    assert w.match_run(4.8, "nuWET", "JMS", ("sbnunu",)).dict == pytest.approx(
        {"VnudLL_1123": 1e-9, "VnudLL_4423": 2e-9}, rel=1e-12, abs=0
    )
    assert w.match_run(4.8, "WET", "JMS", ("sbnunu",)).dict == {"VnudLL_1123": 1e-9}
    assert w.match_run(80.0, "WET", "flavio", ("sbnunu",))["CL_bsnuenue"] != 0


def test_object_without_standard_part_gives_empty_results():
    w = NuWilson({"qn_2311": 1e-8}, *ARGUMENTS)
    with pytest.warns(errors.DroppedCoefficientWarning):
        wc = w.match_run(4.8, "WET", "flavio", ("sbnunu",))
    assert (wc.eft, wc.basis, wc.scale, wc.dict) == ("WET", "flavio", 4.8, {})
    par = flavio.default_parameters.get_central_all()
    with pytest.warns(errors.StockObservableWarning):
        assert not any(w.get_wc("bsnuenue", 4.8, par).values())


def test_hash_sees_options_but_not_the_ckm():
    """flavio's likelihoods cache by hash; the CKM comes with the parameters."""
    w = NuWilson({"qn_2311": 1e-8}, *ARGUMENTS)
    first = hash(w)
    par = flavio.default_parameters.get_central_all()
    w.get_wcxf("sbnunu", 4.8, par)
    assert hash(w) == first
    w.set_option("alpha_s", 0.119)
    assert hash(w) != first
    assert hash(NuWilson({"qn_2311": 1e-8}, *ARGUMENTS)) != first


def test_pickle():
    w = NuWilson({"qn_2311": 1e-8, "lq1_1123": 1e-9}, *ARGUMENTS)
    w.set_option("alpha_s", 0.119)
    again = pickle.loads(pickle.dumps(w))
    name = "BR(B0->K*inv)"
    assert flavio.np_prediction(name, again) == flavio.np_prediction(name, w)
    assert again.get_option("alpha_s") == 0.119


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))]
)
def test_copies_are_independent(duplicate):
    """Neither options nor results of running pass from one to the other."""
    w = NuWilson({"qn_2311": 1e-8, "lnqd1_2123": 1e-8, "lq1_1123": 1e-9}, *ARGUMENTS)
    w.set_option("parameters", {"Vcb": 0.04})
    before = w.match_run(4.8, "nuWET", "JMS").dict
    other = duplicate(w)
    assert other.match_run(4.8, "nuWET", "JMS").dict == before
    other.set_option("alpha_s", 0.11)
    other.set_option("smeft_matchingscale", 160.0)
    other.get_option("parameters")["Vcb"] = 0.05
    changed = other.match_run(4.8, "nuWET", "JMS").dict
    assert changed != before
    assert w.get_option("alpha_s") != 0.11
    assert w.get_option("parameters") == {"Vcb": 0.04}
    assert w.match_run(4.8, "nuWET", "JMS").dict == before
    other.set_initial({"qn_2311": 2e-8}, *ARGUMENTS)
    assert w.wc.dict["lnqd1_2123"] == 1e-8
    assert w.match_run(4.8, "nuWET", "JMS").dict == before


def test_wcxf_match_is_the_same():
    """The matcher that the wcxf command uses, at the scale of the coefficients."""
    values = {"lnqd1_2123": 1e-8, "qn_2311": 2e-8, "lq1_1123": 1e-9}
    wc = wcxf.WC("nuSMEFT", "Warsaw", 91.1876, values).match("nuWET", "JMS")
    w = NuWilson(values, 91.1876, "nuSMEFT", "Warsaw")
    assert wc.dict == pytest.approx(w.match_run(91.1876, "nuWET", "JMS").dict, rel=1e-14, abs=0)
    plain = wilson.Wilson({"lq1_1123": 1e-9}, 91.1876, "SMEFT", "Warsaw")
    expected = plain.match_run(91.1876, "WET", "JMS")["VnudLL_1123"]
    assert wc["VnudLL_1123"] == pytest.approx(expected, rel=1e-14, abs=0)


def test_repr_is_code():
    w = NuWilson({"qn_2311": 1e-8 + 2e-9j}, *ARGUMENTS)
    again = eval(repr(w), {"NuWilson": NuWilson})
    assert (again.wc.dict, again.wc.scale) == (w.wc.dict, w.wc.scale)
    w.set_option("running", "full")
    w.set_option("parameters", {"m_W": 80.0})
    again = eval(repr(w), {"NuWilson": NuWilson})
    assert again._options == w._options


def test_promote():
    plain = wilson.Wilson({"QN_2311": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    plain.set_option("smeft_matchingscale", 120.0)
    own = promote(plain)
    assert isinstance(own, NuWilson)
    assert own.get_option("smeft_matchingscale") == 120.0
    assert promote(plain) is own
    plain.set_option("smeft_matchingscale", 200.0)
    assert promote(plain).get_option("smeft_matchingscale") == 200.0
    smeft = wilson.Wilson({"lq1_1123": 1e-8}, 1e3, "SMEFT", "Warsaw")
    assert promote(smeft) is smeft
    assert promote(own) is own


def test_sectors_as_a_string():
    w = NuWilson({"VnudLL_1123": 1e-9, "VnudLL_4423": 2e-9}, 4.8, "nuWET", "JMS")
    for eft in ("nuWET", "WET"):
        one = w.match_run(10.0, eft, "JMS", "sbnunu").dict
        assert one == w.match_run(10.0, eft, "JMS", ("sbnunu",)).dict != {}
    with pytest.raises(errors.UnknownSector, match="WET has no sector 'foo'"):
        w.match_run(10.0, "WET", "JMS", ("foo",))


def test_sectors_of_nusmeft():
    values = {"qn_2311": 1e-8, "lq1_1123": 1e-9}
    w = NuWilson(values, *ARGUMENTS)
    assert set(w.match_run(1e3, "nuSMEFT", "Warsaw", "sterile").dict) == {"qn_2311"}


def test_set_initial():
    """flavio's way of changing an object keeps it consistent."""
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    w.set_initial({"QN_2311": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    other = NuWilson({"QN_2311": 1e-8}, 1e3, "nuSMEFT", "FGMS")
    name = "BR(B0->K*inv)"
    assert flavio.np_prediction(name, w) == flavio.np_prediction(name, other)
    w.set_initial_wcxf(wcxf.WC("nuWET", "JMS", 4.8, {"SnudLL_2432": 1e-8}))
    assert w.wc.eft == "nuWET"
    with pytest.raises(errors.UnknownBasis):
        w.set_initial({"C7_bs": 1}, 160, "WET", "flavio")


def test_smeft_is_left_to_wilson():
    """Its classes without quarks and neutrinos contribute, by mixing or through G_F."""
    w = NuWilson({"ll_1221": 1e-8}, *ARGUMENTS)
    assert w.unmatched == []
    assert abs(w.match_run(91.1876, "nuWET", "JMS", ("cbenu",))["VnueduLL_1132"]) > 1e-10


def test_long_warnings_are_cut():
    w = NuWilson({f"nW_{i}{j}": 1e-9 for i in "123" for j in "123" if i <= j}, *ARGUMENTS)
    with pytest.warns(errors.DroppedCoefficientWarning, match="nW_33$"):
        w.match_run(91.1876, "nuWET", "JMS")
    many = {f"nedu_{i}{j}{k}1": 1e-8 for i in "123" for j in "123" for k in "123"}
    with pytest.warns(errors.DroppedCoefficientWarning, match="and 7 more$"):
        NuWilson(many, *ARGUMENTS).match_run(1e3, "nuSMEFT", "FGMS")


def test_scales_that_cannot_be_reached():
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    with (
        pytest.raises(errors.InvalidScale, match="above 1 GeV"),
        pytest.warns(errors.ScaleWarning, match="nuWET at 0.1 GeV is below m_c"),
    ):
        w.match_run(0.1, "nuWET", "JMS")
    with pytest.raises(errors.InvalidValue, match="at least 10"):
        w.set_option("smeft_matchingscale", -3)


@pytest.mark.parametrize("basis", ["FGMS", "LiaoMa"])
def test_wcxf_match_from_other_bases(basis):
    wc = wcxf.WC("nuSMEFT", basis, 91.1876, {"QN_2311": 1e-8, "LNQd_2123": 2e-8})
    assert wc.match("nuWET", "JMS")["SnudLL_2432"] == 2e-8


def test_translation_of_unknown_names():
    wc = wcxf.WC("nuSMEFT", "FGMS", 1e3, {"LNQd_2124": 1e-8})
    with pytest.raises(errors.UnknownCoefficient, match="indices of LNQd are"):
        wc.translate("Warsaw")


@pytest.mark.parametrize("name", ["scalar", "vector", "nuwet"])
def test_examples(name):
    from flavio_nusmeft import _data

    w = NuWilson.load_wc(_data.path(f"examples/{name}.yml"))
    assert flavio.np_prediction("BR(B+->Kinv)", w) > 1.2 * flavio.sm_prediction("BR(B+->Kinv)")


def test_load_wc_takes_every_eft():
    smeft = '{"eft": "SMEFT", "basis": "Warsaw", "scale": 1000, "values": {"lq1_1123": 1e-9}}'
    assert load_wc(io.StringIO(smeft)).wc.eft == "SMEFT"
    with pytest.raises(errors.UnknownBasis, match="EFT 'XET' does not exist"):
        load_wc(smeft.replace("SMEFT", "XET"))
    with pytest.raises(errors.UnknownCoefficient, match="indices of lq1 are"):
        load_wc(smeft.replace("lq1_1123", "lq1_1124"))


def test_promote_by_content():
    """flavio copies a plain object for every prediction: the results of running are shared."""
    plain = [
        wilson.Wilson({"lq1_1123": 1e-8, "lq3_2223": 2e-8}, 1e3, "SMEFT", "Warsaw")
        for _ in range(2)
    ]
    assert with_ckm(plain[0], None) is with_ckm(plain[1], None)
    other = wilson.Wilson({"lq1_1123": 1e-8, "lq3_2223": 3e-8}, 1e3, "SMEFT", "Warsaw")
    assert with_ckm(other, None) is not with_ckm(plain[0], None)


def test_cp_conjugated_amplitudes(par):
    """Stock observables that ask for coefficients with the CP-conjugated parameters."""
    values = {"lq1_2223": 3e-8, "lq1_2213": 3e-8}
    observable = flavio.Observable["<S4>(Bs->phimumu)"]
    found = observable.prediction_par(par, NuWilson(values, 1e3, "nuSMEFT", "Warsaw"), 1.1, 6.0)
    expected = observable.prediction_par(
        par, wilson.Wilson(values, 1e3, "SMEFT", "Warsaw"), 1.1, 6.0
    )
    assert found == pytest.approx(expected, rel=1e-9, abs=0)


@pytest.mark.parametrize(("eft", "basis"), [("SMEFT", "Warsaw"), ("WET", "flavio")])
def test_nothing_left_without_n(eft, basis):
    scale = 500.0 if eft == "SMEFT" else 4.8
    w = NuWilson({"qn_2311": 1e-8}, *ARGUMENTS)
    with pytest.warns(errors.DroppedCoefficientWarning, match=f"in {eft}, dropped: qn_2311$"):
        assert not w.match_run(scale, eft, basis).dict
    w = NuWilson({"qn_2311": 1e-8, "lq1_1123": 1e-9}, *ARGUMENTS)
    assert w.match_run(scale, eft, basis).dict  # warnings are errors
    assert not NuWilson({}, *ARGUMENTS).match_run(scale, eft, basis).dict


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("runing", "full", "'runing' is not an option of NuWilson; did you mean 'running'?"),
        ("running", "ful", "option running = 'ful': value must be one of"),
    ],
)
def test_defaults_that_do_not_exist(key, value, message):
    before = dict(NuWilson._default_options)
    with pytest.raises(errors.InvalidValue, match=re.escape(message)):
        NuWilson.set_default_option(key, value)
    assert dict(NuWilson._default_options) == before


@pytest.mark.parametrize("name", ["BR(B+->Kinv)", "BR(B+->Dtauinv)", "BR(Bs->inv)"])
@pytest.mark.parametrize(("eft", "basis"), [("WET", "formflavor"), ("SMEFT", "Warsaw mass")])
def test_objects_of_a_basis_without_translator(name, eft, basis):
    coefficient = next(iter(next(iter(wcxf.Basis[eft, basis].sectors.values()))))
    w = wilson.Wilson({coefficient: 1e-9}, 100.0, eft, basis)
    with pytest.raises(errors.UnknownBasis, match=f"cannot translate the basis '{basis}' of {eft}"):
        flavio.np_prediction(name, w)


@pytest.mark.parametrize(
    ("eft", "basis", "scale"),
    [("nuSMEFT", "FGMS", 1e3), ("nuWET", "JMS", 4.8), ("SMEFT", "Warsaw", 1e3)],
)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, None, "x", 1j])
def test_numbers_of_options_are_finite(eft, basis, scale, value):
    """Of every option that is a number, and of every parameter; in one line."""
    names = ["smeft_matchingscale", "mb_matchingscale", "mc_matchingscale"]
    names += ["qed_order", "qcd_order", "smeft_matching_order"]
    names += ["alpha_s"] if eft in ("nuSMEFT", "nuWET") else []
    given = [{name: value} for name in names]
    given += [{"parameters": {name: value}} for name in ("GF", "m_W", "Vcb")]
    for options in given:
        with pytest.raises(errors.InvalidValue, match="option") as caught:
            with_options({}, scale, eft, basis, options)
        assert "\n" not in str(caught.value)
        if eft == "nuSMEFT":
            ((name, number),) = options.items()
            with pytest.raises(errors.InvalidValue, match=f"option {name}"):
                NuWilson({}, scale, eft, basis).set_option(name, number)
            with pytest.raises(errors.InvalidValue, match=f"option {name}"):
                NuWilson.set_default_option(name, number)


@pytest.mark.parametrize("value", [0, -4.2, 1e30])
def test_matching_scales_are_scales(value):
    for name in ("mb_matchingscale", "mc_matchingscale", "smeft_matchingscale"):
        with pytest.raises(errors.InvalidValue, match=f"option {name} = .*(scale|least)"):
            NuWilson({}, 1e3, "nuSMEFT", "FGMS", options={name: value})
    with pytest.raises(errors.InvalidValue, match="option parameters must be a dictionary"):
        NuWilson({}, 1e3, "nuSMEFT", "FGMS", options={"parameters": value})
