"""Translations between the bases of nuSMEFT."""

from __future__ import annotations

import pytest
from random_coefficients import random_coefficients
from wilson import wcxf

from flavio_nusmeft.eft.flavour import lookup
from flavio_nusmeft.eft.operators import FGMS, LIAO_MA
from flavio_nusmeft.errors import DroppedCoefficientWarning


def translate(values, source, target):
    wc = wcxf.WC("nuSMEFT", source, 1e3, wcxf.WC.dict2values(values))
    return wc.translate(target).dict


@pytest.mark.parametrize(("basis", "table"), [("FGMS", FGMS), ("LiaoMa", LIAO_MA)])
def test_identity_through_warsaw(basis, table, rng):
    values = random_coefficients(table, rng)
    there = translate(values, basis, "Warsaw")
    assert translate(there, "Warsaw", basis) == pytest.approx(values, rel=1e-14, abs=0)


def test_direct_translation_is_the_one_through_warsaw(rng):
    values = random_coefficients(FGMS, rng)
    direct = translate(values, "FGMS", "LiaoMa")
    assert direct == pytest.approx(
        translate(translate(values, "FGMS", "Warsaw"), "Warsaw", "LiaoMa"), rel=1e-14, abs=0
    )


@pytest.mark.parametrize(
    ("name", "target", "conjugate"),
    [("QN_2311", "qn_2311", False), ("LNQd_2123", "lnqd1_2123", False)]
    + [("LNQdT_2132", "lnqd3_2132", False), ("dN_2311", "nd_1123", False)]
    + [("dN_2312", "nd_1223", False), ("dN_1112", "nd_1211", False)]
    # where nd_stpr is not a kept name, its hermitian partner is: dN_prst = (nd_tsrp)*
    + [
        (f"dN_{i}", f"nd_{i[3]}{i[2]}{i[1]}{i[0]}", True)
        for i in ("1221", "1231", "1232", "1321", "1331", "1332", "2321", "2331", "2332")
    ],
)
def test_index_order(name, target, conjugate):
    """The Warsaw class nd has the sterile neutrinos first, dN the quarks."""
    value = 1.0 + (0 if lookup(FGMS)[name].real else 2j)
    expected = complex(value).conjugate() if conjugate else value
    assert translate({name: value}, "FGMS", "Warsaw") == {target: expected}


def test_fierz():
    """arXiv:2309.02940 Eq. (2), as coefficients: O_T = -8 O_LdQN - 4 O_LNQd, exchanged indices."""
    assert translate({"LNQdT_2123": 1.0}, "FGMS", "LiaoMa") == {
        "LNQd_2123": -4.0,
        "LdQN_2321": -8.0,
    }
    assert translate({"LdQN_2321": 1.0}, "LiaoMa", "FGMS") == {
        "LNQd_2123": -0.5,
        "LNQdT_2123": -0.125,
    }


def test_dropping_warns_and_names():
    values = {"qn_2311": 1.0, "nu_1112": 1.0, "lq1_1123": 1.0, "nW_11": 0.0}
    with pytest.warns(DroppedCoefficientWarning, match="FGMS, dropped: nu_1112, lq1_1123$"):
        assert translate(values, "Warsaw", "FGMS") == {"QN_2311": 1.0}


def test_sectors_argument():
    """WCxf passes sectors=None or a tuple; the translators take both."""
    wc = wcxf.WC("nuSMEFT", "FGMS", 1e3, {"QN_2311": 1.0})
    assert wc.translate("Warsaw", sectors=("sterile",)).dict == {"qn_2311": 1.0}
