"""Reading WCxf files."""

from __future__ import annotations

import io

import pytest

from flavio_nusmeft import NuWilson, errors
from flavio_nusmeft.eft.files import read_wc

GOOD = """
eft: nuSMEFT
basis: FGMS
scale: 1e3
values:
  QN_2311: 1e-8
  LNQd_2123: {Re: 1e-8, Im: -2.0e-9}
  LNQd_2132: {Im: 3.0e-9}
"""


def test_yaml():
    wc = read_wc(GOOD)
    assert (wc.eft, wc.basis, wc.scale) == ("nuSMEFT", "FGMS", 1e3)
    assert wc.dict == {"QN_2311": 1e-8, "LNQd_2123": 1e-8 - 2e-9j, "LNQd_2132": 3e-9j}


@pytest.mark.parametrize("fmt", ["json", "yaml"])
def test_what_wcxf_writes(fmt):
    text = read_wc(GOOD).dump(fmt=fmt)
    assert NuWilson.load_wc(io.StringIO(text)).wc.dict == read_wc(GOOD).dict


def test_flow_mapping_is_yaml():
    text = "{eft: nuSMEFT, basis: FGMS, scale: 1000, values: {QN_2311: 1.0e-8}}"
    assert read_wc(text).dict == {"QN_2311": 1e-8}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "  QN_2311: 2e-8\n", "line 6 ff.: key 'QN_2311' stands more than once"),
        (GOOD + "scale: 5\n", "key 'scale' stands more than once"),
        ('{"eft": "nuSMEFT", "eft": "nuSMEFT"}', "key 'eft' stands more than once"),
        (GOOD.replace("-2.0e-9}", ""), "neither YAML nor JSON"),
        (GOOD[: GOOD.index("values")], "values missing"),
        (GOOD.replace("scale: 1e3\n", ""), "scale missing"),
        ("", "no mapping"),
        ("just text", "no mapping"),
        ("- a\n- b\n", "no mapping"),
        (GOOD.replace("Re:", "re:"), "keys Re and Im"),
        (GOOD.replace("1e-8\n", "abc\n", 1), "QN_2311 is not a number: 'abc'"),
        (GOOD.replace("1e-8\n", "\n", 1), "QN_2311 is not a number: None"),
        (GOOD.replace("1e-8\n", "true\n", 1), "QN_2311 is not a number: True"),
        (GOOD.replace("1e-8\n", "[1, 2]\n", 1), "QN_2311 is not a number"),
        (GOOD.replace("1e3", "high"), "scale is not a number"),
        ("? [a]\n: 1\n", "cannot be a key"),
        ("eft: a\nbasis: b\nscale: 1\nvalues: 3\n", "values must map"),
    ],
)
def test_malformed(text, message):
    with pytest.raises(errors.InvalidFile, match=message):
        read_wc(text)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("QN_2311: 1e-8", "QN_2311: .nan", errors.InvalidValue),
        ("QN_2311: 1e-8", "QN_1111: {Re: 1e-8, Im: 1e-8}", errors.InvalidValue),
        ("QN_2311", "QN_2314", errors.UnknownCoefficient),
        ("FGMS", "Warsaw2", errors.UnknownBasis),
        ("1e3", "-3", errors.InvalidScale),
    ],
)
def test_content_is_checked(old, new, error):
    with pytest.raises(error):
        NuWilson.load_wc(io.StringIO(GOOD.replace(old, new)))


def test_binary_file(tmp_path):
    path = tmp_path / "x.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with open(path, encoding="utf-8") as stream, pytest.raises(errors.InvalidFile, match="text"):
        read_wc(stream)
