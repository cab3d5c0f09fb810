"""The command nusmeft list."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import flavio
import pytest
from nusmeft_cli import catalogue, main
from wilson import wcxf

from flavio_nusmeft import _data
from flavio_nusmeft.measurements import dataset, find
from flavio_nusmeft.observables import NAMES


@pytest.fixture
def listed(capsys):
    """Entries of ``nusmeft list ... --json``."""

    def read(*arguments):
        assert main(["list", *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return read


def names(entries):
    return [entry["name"] for entry in entries]


def test_observables(listed):
    found = listed("observables")
    assert names(found) == list(NAMES)
    entries = {entry["name"]: entry for entry in found}
    assert entries["<dBR/dq2>(B+->Kinv)"]["arguments"] == ["q2min", "q2max"]
    assert entries["<dBR/dq2>(B+->Kinv)"]["unit"] == "GeV^-2"
    assert entries["BR_SD(B+->Kinv)"] == {
        "name": "BR_SD(B+->Kinv)",
        "arguments": [],
        "unit": "",
        "description": flavio.Observable["BR_SD(B+->Kinv)"].description,
        "measured": True,
        "measurements": [m for m in dataset("current") if "B->hinv" in m or "Kinv" in m],
        "form factors": ["B->K GRvDV"],
        "papers": ["arXiv:2309.02940", "Buras:2014fpa", "Gubernari:2023puw"],
    }
    assert entries["BR(Bs->inv)"]["form factors"] == []
    assert not entries["BR(B+->Kinv)"]["measured"]
    of_paper = {entry["name"]: entry for entry in listed("observables", "--dataset", "paper2023")}
    assert of_paper["BR(B+->Kinv)"]["measured"]
    assert not of_paper["BR_SD(B+->Kinv)"]["measured"]


def test_measurements(listed):
    sets = _data.load_yaml("datasets.yml")
    everything = listed("measurements")
    expected = {name for names in sets.values() for name in names}
    assert sorted(names(everything)) == sorted(expected)
    assert names(listed("measurements", "--dataset", "paper2023")) == sets["paper2023"]
    both = listed("measurements", "--dataset", "current+leptonic")
    assert names(both) == [*sets["current"], *sets["leptonic"]]
    entries = {entry["name"].removeprefix("flavio_nusmeft "): entry for entry in everything}
    shared = entries["Belle Rmue(D) 2015"]
    assert shared["data sets"] == ["paper2023", "current"]
    assert shared["source"] == "arXiv:1510.03657"
    assert entries["NA62 K+->piinv 2026"]["data sets"] == ["alternative in current"]
    assert entries["Belle B->hinv SL 2017"]["source"] == "arXiv:1702.03224"
    assert all(entry["source"] for entry in everything)
    pair = entries["HFLAV R(D) R(D*) 2025"]["results"]
    assert [result["text"] for result in pair] == ["0.358 ± 0.024", "0.281 ± 0.011"]
    (limit,) = entries["Belle II B->Xsinv 2025"]["results"]
    assert limit == {
        "observable": "BR(B->Xsinv)",
        "arguments": [],
        "label": "BR(B->Xsinv)",
        "limit": 3.2e-4,
        "confidence_level": 0.9,
        "unit": "",
        "text": "< 0.00032 (90%)",
    }
    regions = entries["Belle II B->Xsinv 2025 regions"]["results"]
    assert [result["arguments"] for result in regions] == [[0, 0.6], [0.6, 1], [1, 5.2]]


def test_measurements_of_an_observable(listed):
    found = listed("measurements", "BR(Bs->inv)")
    assert sorted(names(found)) == [
        "flavio_nusmeft LEP Bs->inv preprint 2023",
        "flavio_nusmeft LEP Bs->inv published",
    ]
    assert all("BR(Bs->inv)" in find(name).all_parameters for name in names(found))


@pytest.mark.parametrize(
    ("options", "eft", "basis"),
    [
        ([], "nuSMEFT", "FGMS"),
        (["--basis", "Warsaw"], "nuSMEFT", "Warsaw"),
        (["--eft", "nuWET"], "nuWET", "JMS"),
        (["--eft", "SMEFT"], "SMEFT", "Warsaw"),
        (["--eft", "WET", "--basis", "flavio"], "WET", "flavio"),
    ],
)
def test_operators(options, eft, basis, listed):
    found = {entry["name"]: entry for entry in listed("operators", *options)}
    assert set(found) == set(wcxf.Basis[eft, basis].all_wcs)
    for sector, entries in wcxf.Basis[eft, basis].sectors.items():
        for name, info in entries.items():
            real = bool((info or {}).get("real"))
            kind = "real" if real else "complex"
            assert found[name]["kind"] == kind
            assert found[name]["operator"] == (info or {}).get("tex", "")
            assert found[name]["sector"] == sector


def test_parameters(listed):
    data = _data.load_yaml("parameters.yml")
    own = [*data["parameters"], *(n for group in data["correlated"] for n in group["parameters"])]
    found = listed("parameters")
    assert names(found) == own
    entries = {entry["name"]: entry for entry in found}
    width = entries["B->K* finite width"]
    assert (width["central"], width["error_plus"], width["error_minus"]) == (1.2, 0.05, 0.05)
    assert (width["text"], width["origin"]) == ("1.200 ± 0.050", "arXiv:1908.02267")
    assert entries["m_N1"]["text"] == "0"
    assert entries["m_N1"]["origin"] == ""
    assert entries["B->K GRvDV a0_f+"]["text"] == "0.332 ± 0.010"
    assert entries["B->K GRvDV a0_f+"]["origin"] == "arXiv:2305.06301"
    assert entries["Lambdab->Lambda DM a0_fT0"]["origin"] == "arXiv:1602.01399"
    free = ("m_N", "U_")
    assert all(entry["origin"] for entry in found if not entry["name"].startswith(free))


def test_parameters_of_flavio(listed):
    """With a pattern all of flavio's."""
    found = listed("parameters", "*")
    assert sorted(names(found)) == sorted(flavio.default_parameters.all_parameters)
    central = flavio.default_parameters.get_central_all()
    assert {entry["name"]: entry["central"] for entry in found} == pytest.approx(
        central, rel=1e-12, abs=0
    )
    entries = {entry["name"]: entry for entry in found}
    errors = flavio.default_parameters.get_1d_errors_rightleft()
    for name in ("Vcb", "m_b", "tau_B+", "alpha_s"):
        assert entries[name]["error_plus"] == pytest.approx(errors[name][0], rel=1e-9, abs=0)
        assert entries[name]["error_minus"] == pytest.approx(errors[name][1], rel=1e-9, abs=0)
    assert entries["Vcb"]["origin"] == "arXiv:2310.20324"
    assert entries["m_B+"]["origin"] == "PDG"
    assert entries["m_b"]["origin"] == "flavio"


@pytest.mark.parametrize(
    ("kind", "pattern", "expected"),
    [
        ("observables", "br_sd(b+->kinv)", ["BR_SD(B+->Kinv)"]),
        ("observables", "BR(B?->Kinv)", ["BR(B+->Kinv)", "BR(B0->Kinv)"]),
        ("observables", "bsd", []),
        ("observables", "r[me]*(B->D\\*linv)", []),
        ("observables", "R[me]u*(B->Dlinv)", ["Rmue(B->Dlinv)"]),
        ("operators", "LNQd_?123", ["LNQd_1123", "LNQd_2123", "LNQd_3123"]),
        ("parameters", "m_n?", ["m_N1", "m_N2", "m_N3"]),
    ],
)
def test_patterns(kind, pattern, expected, capsys):
    """Part of a name, or the whole with wildcards, in any case; nothing is status 2."""
    status = main(["list", kind, pattern, "--json"])
    out = capsys.readouterr().out
    if expected:
        assert status == 0
        assert names(json.loads(out)) == expected
    else:
        assert (status, out) == (2, "")


@pytest.mark.parametrize("options", [["--json"], ["--eft", "nuSMEFT", "--json"]])
def test_pattern_after_options(options, capsys):
    """In any place, as elsewhere on a command line."""
    assert main(["list", "operators", *options, "LNQd_?123"]) == 0
    assert names(json.loads(capsys.readouterr().out)) == ["LNQd_1123", "LNQd_2123", "LNQd_3123"]
    for wrong in (["a", "b"], ["--none"], ["a", "--none"]):
        with pytest.raises(SystemExit):
            main(["list", "operators", *options, *wrong])
        assert "unrecognized arguments" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["observables", "BR(B+->Kinf)"], "the nearest names are 'BR(B+->Kinv)' or "),
        (["measurements", "Bele II"], "'flavio_nusmeft Belle II "),
        (["operators", "LNQx_2123"], "; did you mean 'LNQd_2123'?"),
        (["operators", "LNQd_2124"], "; the indices of LNQd are 1-3, 1-3, 1-3, 1-3"),
        (
            ["operators", "ln_*"],
            "in nuSMEFT FGMS; there are with --eft nuSMEFT --basis Warsaw, e.g. ln_1111",
        ),
        (
            ["operators", "VnueLL*"],
            "in nuSMEFT FGMS; there are with --eft nuWET --basis JMS or --eft nuWET-3",
        ),
        (
            ["operators", "phil1", "--eft", "nuWET"],
            "in nuWET JMS; there are with --eft nuSMEFT --basis Warsaw or --eft SMEFT --basis",
        ),
        (["operators", "VneuLL*"], "no operators with 'VneuLL*'\n"),  # nothing is like it
        (
            ["observables", "BR(B+->Knunu)"],
            "the names here have inv for nu: 'BR(B+->Kinv)'\n",
        ),
        (["operators", "LNQd_*9"], "no operators with 'LNQd_*9'; the nearest names are 'LNQd_"),
        (["parameters", "Vbc"], "'Vcb'"),
        (["observables", "\U0001f600"], "no observables with '\U0001f600'"),
        (["operators", "--eft", "nuSM"], "EFT 'nuSM' does not exist"),
        (["operators", "--basis", "FGMT"], "no basis 'FGMT'; known are FGMS, LiaoMa, Warsaw"),
        (["measurements", "--dataset", "paper"], "no data set 'paper'"),
        (["observables", "--eft", "WET"], "--eft is for operators, not for observables"),
        (["parameters", "--dataset", "x"], "--dataset is for observables and measurements, not"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(arguments, message, capsys):
    assert main(["list", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("nusmeft: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("kind", ["observables", "measurements", "operators", "parameters"])
def test_piped_tables_have_one_line_per_row(kind, listed, capsys):
    entries = listed(kind)
    rows = [row for entry in entries for row in catalogue._rows(entry)]
    assert main(["list", kind]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split()[0] == catalogue._KINDS[kind][1]["name"]
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert line.startswith(row["name"])
        key = {"operators": "operator", "observables": "description"}.get(kind, "text")
        assert row[key] in line  # LaTeX with brackets, too


def test_terminal_has_a_frame(monkeypatch):
    """As wide as the terminal; long cells are folded, not cut."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("TERM", "dumb")
    assert main(["list", "operators", "LNQd_2123"]) == 0
    text = screen.getvalue()
    assert "━" in text
    assert "LNQd_2123" in text
    assert max(map(len, text.splitlines())) <= 90


def test_wrong_options_do_not_wait_for_flavio():
    code = (
        "import sys, nusmeft_cli\n"
        "assert nusmeft_cli.main(['list', 'parameters', '--eft', 'WET']) == 2\n"
        "assert 'flavio' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
