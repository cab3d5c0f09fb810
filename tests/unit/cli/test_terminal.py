"""Output in terminals that lack ±, Greek letters and lines."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import warnings
from contextlib import contextmanager, suppress

import pytest
from nusmeft_cli import main
from nusmeft_cli.terminal import legible, safe_output

from flavio_nusmeft import _data

SCALAR = str(_data.path("examples/scalar.yml"))
ENCODINGS = ("ascii", "cp1252", "cp437", "cp932", "gb18030", "iso8859-1", "koi8-r", "utf-8")


@contextmanager
def terminal(encoding):
    """Standard output and error as a terminal with another encoding has them: a function that
    reads what was written. (Not a fixture: pytest sets both anew for the test itself.)"""
    own = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="") for _ in own
    )

    def read(name: str = "stdout") -> str:
        stream = getattr(sys, name)
        stream.flush()
        text = stream.buffer.getvalue().decode(encoding)
        stream.buffer.seek(0)
        stream.buffer.truncate()
        return text

    try:
        yield read
    finally:
        sys.stdout, sys.stderr = own


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_table(encoding):
    """Columns are aligned whatever stands for ±."""
    with terminal(encoding) as read:
        assert main(["predict", SCALAR, "--m-N1", "1.5", "--all"]) == 0
        text = read()
    rows = [line for line in text.splitlines() if "BR(" in line]
    assert len(rows) > 20
    assert len({len(line) for line in rows}) == 1
    plus_minus = "+-" if encoding in ("ascii", "koi8-r") else "±"
    assert f"0.281 {plus_minus} 0.011" in text
    pull = "-2.5sigma" if encoding in ("ascii", "cp1252", "iso8859-1", "koi8-r") else "-2.5σ"
    assert pull in text
    assert "\\" not in text


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "utf-8"])
def test_lists(encoding):
    with terminal(encoding) as read:
        assert main(["list", "parameters", "B->K* finite width"]) == 0
        plus_minus = "+-" if encoding == "ascii" else "±"
        assert f"1.200 {plus_minus} 0.050" in read()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("command", ["", "predict", "list", "export", "figures", "run"])
def test_help(encoding, command):
    with terminal(encoding) as read:
        with pytest.raises(SystemExit, match="0"):
            main([*command.split(), "--help"])
        assert "usage: nusmeft" in read()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_error(encoding, tmp_path):
    """Whatever the user has typed comes back."""
    arguments = ["--observable", "BR(B⁺→K⁺νν̄)", "--format", "csv", "-o", str(tmp_path / "x")]
    with terminal(encoding) as read:
        assert main(["export", SCALAR, *arguments]) == 2
        text = read("stderr")
        assert main(["predict", "no/b\udcff\U0001f600.yml"]) == 2
        assert "b\\udcff" in read("stderr")
    assert ("BR(B+->K+nunu" if encoding == "ascii" else "BR(") in text
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.3 ± 0.7", "2.3 +- 0.7"),
        ("B⁺ → K⁺νν̄", "B+ -> K+nunu"),
        ("B⁰ → K⁽*⁾⁰", "B0 -> K(*)0"),
        ("q² < 2 GeV²", "q^2 < 2 GeV^2"),
        ("10⁻⁸ GeV⁻²", "10^-8 GeV^-2"),
        ("1σ, χ², Γ, Δ, ς, ώ", "1sigma, chi^2, Gamma, Delta, sigma, omega"),
        ("1–3 ≤ √2 × ∞ − …", "1-3 <= sqrt2 x inf - ..."),
        ("┏━┳━┓┃│─└", "+-+-+||-+"),
        ("Müller, Ł", "Muller, \\u0141"),
        ("漢", "\\u6f22"),
    ],
)
def test_ascii(text, expected, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert legible(text) == expected
    with safe_output():
        print(text)
    assert sys.stdout.buffer.getvalue().decode() == expected + os.linesep


@pytest.mark.parametrize("arguments", [["--help"], ["predict", "nowhere.yml"], ["wcxf", "-h"]])
def test_streams_are_left_as_they_were(arguments):
    with terminal("ascii"):
        before = sys.stdout.errors, sys.stderr.errors, warnings.showwarning
        with suppress(SystemExit):
            main(arguments)
        assert (sys.stdout.errors, sys.stderr.errors, warnings.showwarning) == before


def test_warnings_are_lines(capsys, tmp_path):
    path = tmp_path / "both.yml"
    path.write_text(
        "{eft: nuSMEFT, basis: Warsaw, scale: 1000, values: {nW_11: 1.0e-8, qn_2311: 1.0e-8}}"
    )
    arguments = ["run", str(path), "--scale", "80", "--eft", "nuWET", "--basis", "JMS"]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(arguments) == 0
    assert capsys.readouterr().err == "nusmeft: no counterpart in nuWET, dropped: nW_11\n"


def test_installed_command_in_another_encoding():
    """From the outside, with the encodings of the system and of Python."""
    command = shutil.which("nusmeft", path=os.path.dirname(sys.executable))
    assert command is not None
    for setting in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}):
        result = subprocess.run(
            [command, "export", "--help"], capture_output=True, check=True, env=os.environ | setting
        )
        assert b"GeV" in result.stdout
        result.stdout.decode("utf-8")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [["--version"], ["predict", SCALAR, "--json"]])
def test_full_disk_behind_standard_output(arguments):
    command = shutil.which("nusmeft", path=os.path.dirname(sys.executable))
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [command, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 1
    assert result.stderr == "nusmeft: cannot write the output: No space left on device\n"
