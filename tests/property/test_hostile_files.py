"""A WCxf file of any content is read, or refused in one line, in a short time and little memory."""

from __future__ import annotations

import io
import json
import random
import time
import tracemalloc

import pytest

from flavio_nusmeft.eft.files import read_wc
from flavio_nusmeft.eft.objects import load_wc
from flavio_nusmeft.errors import InvalidFile, NuSMEFTError

YAML = """\
eft: nuSMEFT
basis: FGMS
scale: 1000
values:
  QN_2311: 1.0e-8
  LNQd_2123: {Re: 1e-8, Im: -2.0e-9}
  LNQd_2132:
    Im: 3.0e-9
"""
WET = """\
{eft: WET, basis: flavio, scale: 4.8, metadata: {description: "x"},
 values: {C9_bsmumu: -1, CL_bsnuenue: {Re: 0.5}}}
"""
JSON = json.dumps(
    {"eft": "nuWET", "basis": "JMS", "scale": 4.8, "values": {"VnudLL_4423": {"Re": 1e-8}}}
)
TOKENS = (
    *(
        "!!float abc",
        "!!int ''",
        "!!int 0b",
        "!!bool abc",
        "!!timestamp abc",
        "!!binary '1'",
        "!!set",
    ),
    *("!!omap [a]", "!!pairs [a]", "!!null x", "!!str 1", "!!map [1]", "!!seq {a: 1}", "!x", "!!x"),
    *("!!python/object/apply:os.getcwd []", "!!python/name:os.getcwd", "!!python/tuple [1, 2]"),
    *(
        "2001-99-99",
        "2001-12-14t21:59:43.10-05:00",
        "12:30:45",
        "-.INF",
        ".nan",
        "0x_",
        "0o7",
        "1_0",
    ),
    *(
        "&a ",
        "*a",
        "<<: *a\n",
        "&a [*a]",
        "? ",
        "- ",
        ": ",
        "|\n",
        ">-\n",
        "---\n",
        "...\n",
        "%YAML 9.9\n",
    ),
    *(
        "[" * 40,
        "{a: " * 40,
        "]" * 9,
        "}" * 9,
        "'",
        '"',
        "#",
        "\t",
        "\x00",
        "\x1b[2J",
        "\ud800",
        "\u2028",
    ),
    *(
        "9" * 5000,
        "0x" + "f" * 5000,
        "1e999",
        "-1e-999",
        "1:" * 3000 + "1",
        "N" * 20000,
        "true",
        "~",
    ),
)


def _mutation(text: str, rng: random.Random) -> str:
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        i, j = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        j = min(j, i + rng.choice((1, 1, 4, 20)))
        kind = rng.randrange(6)
        if kind == 0 and i < len(text):  # a bit
            text = text[:i] + chr(ord(text[i]) ^ (1 << rng.randrange(7))) + text[i + 1 :]
        elif kind == 1:
            text = text[:i] + text[j:]
        elif kind == 2:
            text = text[:j] + text[i:]
        elif kind == 3:
            text = text[:i] + rng.choice(TOKENS) + text[i:]
        elif kind == 4:
            text = text[:i] + rng.choice(TOKENS) + text[j:]
        else:  # a value of another type
            words = text.split(" ")
            words[rng.randrange(len(words))] = rng.choice(TOKENS)
            text = " ".join(words)
    return text


@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.SizeWarning")
def test_mutations():
    rng = random.Random(16612)
    refused = 0
    start = time.perf_counter()
    for i in range(20_000):
        text = _mutation((YAML, WET, JSON)[i % 3], rng)
        before = time.perf_counter()
        try:
            load_wc(io.StringIO(text))
        except NuSMEFTError as error:
            refused += 1
            message = str(error)
            assert message.isprintable(), text
            assert len(message) < 500, text
        assert time.perf_counter() - before < 2, text
    assert 10_000 < refused < 19_900
    assert time.perf_counter() - start < 120


def _laughs(levels: int, merge: bool = False) -> str:
    first = "a0: &a0 {x: 1}\n" if merge else "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    one = "a{1}: &a{1} {{<<: [{0}]}}\n" if merge else "a{1}: &a{1} [{0}]\n"
    return (
        YAML
        + first
        + "".join(
            one.format(", ".join([f"*a{level - 1}"] * 9), level) for level in range(1, levels)
        )
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_laughs(30), "too many entries"),
        (_laughs(30, merge=True), "too many entries"),
        ("values: &a [*a]", "an alias to what contains it"),
        ("[" * 10**6, "nest"),
        ('{"values": ' * 10**5, "nest"),
        ("? " * 10**5, "nest"),
        ("- " * 10**5, "nest"),
        ("{" * 10**5, "nest"),
        (YAML + "x: [" + "1," * 10**6 + "]", "too many entries"),
        (YAML.replace("1.0e-8", "9" * 5000), "digits"),
        (JSON.replace("1e-08", "9" * 5000), "digits"),
        (YAML.replace("1.0e-8", "0x" + "f" * 9000), "too many digits"),
        (YAML.replace("1.0e-8", "1:" * 4000 + "1"), "not a number"),
        (YAML + f"  'QN{'1' * 900}': 1", "cannot be the name of a coefficient"),
        (YAML.replace("QN_2311", '"QN\\e[2J\\n"'), "cannot be the name of a coefficient"),
        (YAML.replace("FGMS", "[FGMS]"), "cannot be the name of a basis"),
        (YAML.replace("nuSMEFT", "{a: b}"), "cannot be the name of an EFT"),
        (YAML + " " * 5_000_000, "too long"),
        (YAML.replace("1.0e-8", "!!binary MQ=="), "not a number"),
        (YAML.replace("1.0e-8", "!!float abc"), "YAML does not allow"),
        (YAML.replace("1.0e-8", "2001-99-99"), "YAML does not allow"),
        (YAML.replace("values", "vlaues"), "no key 'vlaues'; did you mean 'values'"),
        (YAML + "m_N1: 1.5\n", "no key 'm_N1'; there are eft, basis, scale, values, metadata"),
    ],
)
def test_hostile(text, message):
    tracemalloc.start()
    before = time.perf_counter()
    try:
        with pytest.raises(InvalidFile, match=message) as caught:
            read_wc(io.StringIO(text))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # measuring memory makes it several times slower
    assert time.perf_counter() - before < 6
    assert peak < 300e6
    assert str(caught.value).isprintable()


def test_aliases_of_values_are_read():
    text = YAML.replace("1.0e-8", "&c 1.0e-8").replace("Im: 3.0e-9", "Im: *c")
    assert read_wc(text).dict["LNQd_2132"] == 1e-8j
