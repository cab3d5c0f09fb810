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
        ("just\ntext", "no mapping"),
        ("nowhere.yml", "nowhere.yml: No such file"),
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", [GOOD, read_wc(GOOD).dump(fmt="json")])
def test_paths_and_byte_order_marks(text, encoding, tmp_path):
    """Windows writes byte order marks; a file is given by its path or open, as text or binary."""
    path = tmp_path / "scalar.yml"
    path.write_text(text, encoding)
    expected = read_wc(GOOD).dict
    assert read_wc(path).dict == read_wc(str(path)).dict == expected
    assert NuWilson.load_wc(path).wc.dict == NuWilson.load_wc(str(path)).wc.dict == expected
    with path.open("rb") as stream:
        assert read_wc(stream).dict == expected
    if encoding != "utf-16":
        with path.open(encoding="utf-8") as stream:
            assert read_wc(stream).dict == expected


@pytest.mark.parametrize("name", ["nowhere.yml", "."])
def test_paths_that_cannot_be_read(name, tmp_path):
    for path in (tmp_path / name, str(tmp_path / name)):
        with pytest.raises(errors.InvalidFile, match=rf"{tmp_path}.*(No such|directory)"):
            read_wc(path)


@pytest.mark.parametrize(
    "key",
    [
        "!!python/object/apply:numpy._core.multiarray.scalar [1, 2]",
        "!!python/object/apply:numpy._core.multiarray.scalar {a: 1}",
        "!!python/object/apply:numpy.core.multiarray.scalar"
        " [!!python/object/apply:numpy.dtype {args: [f8]}, !!binary AAAA]",
        "!!python/object/apply:os.system [ls]",
    ],
)
def test_other_objects_are_no_names(key):
    with pytest.raises(errors.InvalidFile):
        read_wc(f"eft: WET\nbasis: JMS\nscale: 1\nvalues:\n  ? {key}\n  : 1.0\n")


def test_binary_file(tmp_path):
    path = tmp_path / "x.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with open(path, encoding="utf-8") as stream, pytest.raises(errors.InvalidFile, match="text"):
        read_wc(stream)
