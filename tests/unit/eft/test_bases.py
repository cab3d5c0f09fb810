"""The WCxf EFTs and bases."""

from __future__ import annotations

import matplotlib.mathtext
import pytest
import yaml
from wilson import wcxf

from flavio_nusmeft import _data
from flavio_nusmeft.eft import bases

BASES = [
    ("nuSMEFT", "Warsaw"),
    ("nuSMEFT", "FGMS"),
    ("nuSMEFT", "LiaoMa"),
    ("nuWET", "JMS"),
    ("nuWET-4", "JMS"),
    ("nuWET-3", "JMS"),
]


@pytest.mark.parametrize("key", BASES)
def test_wcxf_validates(key):
    wcxf.Basis[key].validate(skip_tex=True)


@pytest.mark.parametrize("name", bases.documents())
def test_shipped_files_are_the_table(name):
    """The files for people say what is registered: bases.write('data/bases') makes them."""
    assert _data.load_yaml(f"bases/{name}.yml") == bases.documents()[name]


def test_every_shipped_file_is_of_the_table():
    files = {path.name for path in _data.path("bases").iterdir()}
    assert files == {f"{name}.yml" for name in bases.documents()}


def test_written_files_are_the_shipped_ones(tmp_path):
    bases.write(tmp_path)
    for path in tmp_path.iterdir():
        shipped = _data.path(f"bases/{path.name}")
        assert path.read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")


@pytest.mark.parametrize("key", BASES)
def test_shipped_basis_loads_in_wcxf(key):
    """wcxf itself reads the files (under another name, so that nothing is overwritten)."""
    eft, basis = key
    text = _data.path(f"bases/{eft.lower()}.{basis.lower()}.basis.yml").read_text("utf-8")
    loaded = wcxf.Basis.load(text.replace(f"basis: {basis}", "basis: copy", 1))
    try:
        loaded.validate(skip_tex=True)
        assert loaded.sectors == wcxf.Basis[key].sectors
    finally:
        del wcxf.Basis[eft, "copy"]


def test_warsaw_contains_smeft():
    ours, theirs = wcxf.Basis["nuSMEFT", "Warsaw"], wcxf.Basis["SMEFT", "Warsaw"]
    assert len(ours.all_wcs) == 1635 + 693
    for sector, names in theirs.sectors.items():
        assert ours.sectors[sector] == names


def test_wet_names_are_a_subset_with_the_same_sector_and_type():
    ours, theirs = wcxf.Basis["nuWET", "JMS"].sectors, wcxf.Basis["WET", "JMS"].sectors
    classes = ("Vnud", "Vnuu", "Vnue", "Snuedu", "Tnuedu")
    count = 0
    for sector, names in theirs.items():
        for name, info in names.items():
            if name.startswith(classes):
                count += 1
                assert ours[sector][name].get("real", False) == info.get("real", False)
    assert count == 402 + 90
    assert set(wcxf.Basis["nuWET-3", "JMS"].sectors) <= set(wcxf.Basis["WET-3", "JMS"].sectors)


def test_charged_leptons_of_a_theory():
    """Without c there is no tau in WET-3 either."""
    for eft, leptons in (("nuWET-4", "123"), ("nuWET-3", "12")):
        names = wcxf.Basis[eft, "JMS"].all_wcs
        indices = [name[-2:] for name in names if name[1:5] == "nueL" or name[1:5] == "nueR"]
        assert {index for pair in indices for index in pair} == set(leptons)


def test_names_of_the_community_file():
    """Index order of arXiv:2411.07220: quarks first in qn, N first in nd, nu, ne, last in ln."""
    sterile = wcxf.Basis["nuSMEFT", "Warsaw"].sectors["sterile"]
    assert sterile["qn_2311"]["tex"] == r"(\bar q_2 \gamma_\mu q_3)(\bar n_1 \gamma^\mu n_1)"
    assert sterile["nd_1123"]["tex"] == r"(\bar n_1 \gamma_\mu n_1)(\bar d_2 \gamma^\mu d_3)"
    assert sterile["lnuq_1123"]["tex"] == r"(\bar l_1^j n_1)(\bar u_2 q_3^j)"


@pytest.mark.parametrize("key", BASES)
def test_tex_is_well_formed(key):
    """matplotlib's parser, which flavio's plots use without LaTeX, reads every formula."""
    parser = matplotlib.mathtext.MathTextParser("path")
    for names in list(wcxf.Basis[key].sectors.values())[-30:]:
        for name, info in list(names.items())[:: max(1, len(names) // 12)]:
            if key[1] == "Warsaw" and name in wcxf.Basis["SMEFT", "Warsaw"].all_wcs:
                continue
            # mathtext lacks \overleftrightarrow, which LaTeX's amsmath has
            tex = info["tex"].replace(r"\overleftrightarrow{D}", "D")
            parser.parse(f"${tex}$")


@pytest.mark.parametrize("fmt", ["json", "yaml"])
def test_exchange(fmt):
    """Coefficients survive writing and reading as YAML and JSON."""
    values = {"lnqd1_2123": {"Re": 1e-8, "Im": -2e-9}, "qn_2311": 3e-8, "lq1_1123": 1e-9}
    wc = wcxf.WC("nuSMEFT", "Warsaw", 1e3, values)
    again = wcxf.WC.load(wc.dump(fmt=fmt))
    again.validate()
    assert (again.eft, again.basis, again.scale, again.dict) == (
        wc.eft,
        wc.basis,
        wc.scale,
        wc.dict,
    )


def test_registering_keeps_what_exists():
    before = wcxf.Basis["nuSMEFT", "FGMS"]
    bases.register()
    assert wcxf.Basis["nuSMEFT", "FGMS"] is before
    assert yaml.safe_load(_data.path("bases/nuwet.eft.yml").read_text())["eft"] == "nuWET"
