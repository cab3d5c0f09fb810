"""Specifications of fits and scans: what is read, and what is refused in one line."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import numpy as np
import pytest

import flavio_nusmeft as nus
from flavio_nusmeft import _data
from flavio_nusmeft.errors import InvalidSpec

POINT = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
FULL = """\
dataset: paper2023
alternatives: [flavio_nusmeft Belle II B+->Kinv EPS 2023]
observables: [BR(B+->Kinv), BR(B0->K*inv)]
eft: nuSMEFT
basis: FGMS
scale: 1e3
options: {running: full, alpha_s: 0.118}
parameters: {m_N2: 0.5}
fixed: {QN_2311: 1e-8, Im(LNQd_2123): -2e-9}
variables:
  LNQd_2123: [0, 1e-7]
  m_N1: [0, 2.3]
  Vcb: [0.040, 0.044]
seed: 3
starts: 5
report:
  intervals: [LNQd_2123, {quantity: m_N1, cl: 0.9}]
  limits: [BR(B0->K*inv), ["<dBR/dq2>(B+->Kinv)", 4, 8]]
  contours: [[m_N1, LNQd_2123], {variables: [Vcb, m_N1], cl: [0.5], points: 7}]
  pulls: no
grid:
  LNQd_2123: {points: 5}
  m_N1: {from: 0.1, points: 3, log: true}
"""


@pytest.fixture
def read(tmp_path):
    def of(text):
        path = tmp_path / "spec.yml"
        path.write_text(text, encoding="utf-8")
        return nus.spec.read(path)

    return of


def test_function_is_that_of_python(read):
    """Parameters with an uncertainty keep their prior, coefficients may be fixed."""
    spec = read(FULL.replace("running: full", "mb_matchingscale: 4.1"))
    function = spec.function()
    data = nus.likelihood(
        "paper2023",
        ["BR(B+->Kinv)", "BR(B0->K*inv)"],
        alternatives=["flavio_nusmeft Belle II B+->Kinv EPS 2023"],
        fit_parameters=["Vcb"],
    )
    names = ["LNQd_2123", "m_N1", "Vcb", "QN_2311", "Im(LNQd_2123)"]
    options = {"mb_matchingscale": 4.1, "alpha_s": 0.118}
    direct = nus.LogLikelihood(data, names, par={"m_N2": 0.5}, options=options, **POINT)
    assert function.variables == ("LNQd_2123", "m_N1", "Vcb")
    x = np.array([2e-8, 1.5, 0.0425])
    full = [*x, 1e-8, -2e-9]
    assert function(x) == direct(full)
    assert function.many([x]).tolist() == direct.many([full]).tolist()
    value, gradient = function.value_and_gradient(x)
    expected = direct.value_and_gradient(full)
    assert value == expected[0]
    assert gradient.tolist() == expected[1][:3].tolist()
    one, other = (f.derived("BR(B0->K*inv)") for f in (function, direct))
    assert one(x) == other(np.array(full))
    assert one.jacobian(x).tolist() == other.jacobian(np.array(full))[:, :3].tolist()
    assert spec.bounds == {"LNQd_2123": (0, 1e-7), "m_N1": (0, 2.3), "Vcb": (0.04, 0.044)}
    with pytest.raises(nus.errors.InvalidShape, match=r"shape \(3,\), not \(2,\)"):
        function([1, 2])


def test_defaults(read):
    spec = read("variables: {LNQd_2123: [0, 1e-8]}")
    direct = nus.LogLikelihood(nus.likelihood("current"), ["LNQd_2123"], **POINT)
    assert spec.function().description() == direct.description()
    assert spec.content["report"]["intervals"] == [
        {"quantity": "LNQd_2123", "cl": 0.6827, "method": "profile", "points": 13}
    ]


@pytest.mark.parametrize(
    "text", [FULL, "variables: {m_N1: [0, 1]}\nchain: {steps: 9}", "fixed", "scan"]
)
def test_what_is_written_is_read_as_the_same(read, text):
    examples = {"fixed": "fit-scalar.yml", "scan": "scan-vector.yml"}
    if text in examples:
        text = _data.path(f"examples/{examples[text]}").read_text("utf-8")
    spec = read(text)
    again = read(spec.to_yaml())
    assert again.content == spec.content
    assert list(again.content["variables"]) == list(spec.content["variables"])
    assert again.to_yaml() == spec.to_yaml()


def test_grid_values(read):
    grid = read(FULL).content["grid"]
    assert grid["LNQd_2123"] == [float(x) for x in np.linspace(0, 1e-7, 5)]
    assert grid["m_N1"] == pytest.approx([0.1, 0.23**0.5, 2.3], rel=1e-12, abs=0)
    assert grid["m_N1"][-1] == 2.3


def test_numbers_and_names_are_what_they_are_meant_to_be(read):
    """No rule of YAML 1.1: 1e-8 is a number, 010 is ten, 1:30 no number, and on is no name."""
    spec = read('\ufeffvariables: {LNQd_2123: ["-1e-8", 1E-8], m_N1: [01, 2_0]}')
    assert spec.bounds == {"LNQd_2123": (-1e-8, 1e-8), "m_N1": (1.0, 20.0)}
    with pytest.raises(InvalidSpec, match="must be a number, not '1:30'"):
        read("variables: {m_N1: [0, 1:30]}")


def test_json(read):
    text = '{\n\t"variables": {"LNQd_2123": [0, 1e-8]},\n\t"options": {"running": "full"}\n}'
    assert read(text).content["options"]["running"] == "full"


def test_fast(read):
    spec = read(
        "dataset: paper2023\nfast: true\ndraws: 5\nseed: 2\nobservables: [BR(B+->Kinv)]\n"
        "variables: {LNQd_2123: [0, 1e-7]}"
    )
    data = nus.likelihood("paper2023", ["BR(B+->Kinv)"], fast=True)
    data.make_measurement(N=5, seed=2)
    direct = nus.LogLikelihood(data, ["LNQd_2123"], **POINT)
    assert spec.function()([1e-8]) == direct([1e-8])
    assert spec.content["theory"] == "SM"


V = "variables: {m_N1: [0, 1]}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("- 1", "must be a specification"),
        ("a: b: c", "line 1: not YAML: mapping values are not allowed here"),
        (V + "---\na: 1", "not YAML: but found another document"),
        ("[" * 500, "nested too deeply"),
        ("variables: &a {m_N1: *a}", "nested too deeply"),
        ("\0", "not YAML"),
        ("variables: !!python/object:os.system {}", "tags such as .* are not read"),
        ("{? [a]: b}", "a key must be a name"),
        ("dataset: current", "variables is missing"),
        ("variables: {}", "variables: there must be one variable at least"),
        ("variable: {m_N1: [0, 1]}", "line 1, variable: .*did you mean 'variables'"),
        (V + "\n\nsede: 1", "line 4, sede: .*did you mean 'seed'"),
        ("variables: {m_N1: [0, 1], m_N1: [0, 2]}", "variables.m_N1: the key stands more than"),
        ("variables: {m_N1: [2, 1]}", r"variables.m_N1: the range .* did you mean \[1, 2\]"),
        ("variables: {m_N1: [1, 1]}", "must begin with the lower end$"),
        ("variables: {m_N1: [0]}", "must be a range"),
        ("variables: {m_N1: 1}", r"must be a range \[low, high\], not '1'"),
        ("variables: {m_N1: [0, x]}", r"variables.m_N1\[1\]: must be a number, not 'x'"),
        ("variables: {m_N1: [0, .inf]}", "must be a number, not '.inf'"),
        ("variables: {m_N1: [0, null]}", "must be a number, not nothing"),
        ("variables: {m_N1: [-1, 2]}", r"a mass is not negative: did you mean \[0, 2\]"),
        ("variables: {m_n1: [0, 1]}", "no coefficient 'm_n1'; did you mean 'm_N1'"),
        ("variables: {LNQd_2143: [0, 1]}", "variables.LNQd_2143: .*the indices of LNQd are 1-3"),
        ("variables: {Im(QN_2211): [0, 1]}", "is real"),
        (V + "dataset: paper2024", "dataset: no data set 'paper2024'; .*did you mean 'paper2023'"),
        (V + "alternatives: [x]", "alternatives: the data set 'current' has no alternative 'x'"),
        (V + "alternatives: x", "must be a list of names of measurements"),
        (V + "observables: [BR(B+->Kinf)]", "line 2, observables: .*did you mean"),
        (V + "observables: []", "observables: the list of observables is empty"),
        (V + "belle2: nowhere", "belle2: there is no folder '/.*/nowhere'"),
        (V + "eft: nuSMEFTT", "line 2, eft: .*did you mean 'nuSMEFT'"),
        (V + "basis: FGMT", "line 2, basis: .*did you mean 'FGMS'"),
        (V + "scale: -1", "scale: scale = -1.0 must be a positive"),
        (V + "scale: high", "scale: must be a scale in GeV, not 'high'"),
        (V + "options: {runing: full}", "options: .*did you mean 'running'"),
        (V + "options: {running: fall}", "must be one of"),
        (V + "parameters: {Vbc: 1}", "parameters.Vbc: .*did you mean 'Vcb'"),
        (V + "parameters: {m_N2: -1}", "parameters.m_N2: a mass is not negative"),
        (V + "parameters: {QN_2311: 1}", "it is a coefficient: put it under fixed"),
        (V + "parameters: {Vub: 5}", "parameters: there is no CKM matrix with Vub = 5"),
        ("variables: {Vub: [0, 5]}", "variables.Vub: there is no CKM matrix with Vub = 5"),
        (V + "fixed: {m_N2: 1}", "it is a parameter: put it under parameters"),
        (V + "fixed: {QN_2341: 1}", "fixed.QN_2341"),
        (V + "parameters: {m_N1: 1}", "variables.m_N1: it is given twice, in parameters, too"),
        (V + "seed: -1", "line 2, seed: must be an integer >= 0, not '-1'$"),
        (V + "seed: 1e3", "must be an integer"),
        (V + "seed: 9999999999", "seed = 9999999999 must be"),
        (V + "starts: 0", "starts: must be an integer >= 1"),
        (V + "theory: NP", "theory: is for fast likelihoods"),
        (V + "fast: maybe", "must be true or false, not 'maybe'"),
        (V + "fast: true\ntheory: PN", "must be SM or NP, not 'PN'"),
        (V + "report: {interval: []}", "did you mean 'intervals'"),
        (V + "report: {intervals: m_N1}", "must be a list"),
        (V + "report: {intervals: [m_N2]}", r"report.intervals\[0\]: .*did you mean 'm_N1'"),
        (V + "report: {limits: [BR(B->Kinv)]}", r"limits\[0\]: .*did you mean 'BR\(B\+->Kinv\)'"),
        (V + 'report: {limits: [["<dBR/dq2>(B+->Kinv)", 8, 4]]}', "q2min = 8.0 is larger"),
        (V + "report: {limits: [{quantity: m_N1, cl: 90}]}", "90% is 0.9"),
        (V + "report: {limits: [{quantity: m_N1, cl: 0.4}]}", "has more than 0.5"),
        (V + "report: {limits: [{cl: 0.4}]}", "quantity is missing"),
        (V + "report: {limits: [{quantity: BR(B0->inv), method: bayes}]}", "bayes is for one var"),
        (V + "report: {contours: [[m_N1, m_N1]]}", "a pair of different variables"),
        (V + "report: {contours: [[m_N1, m_N2]]}", "'m_N2' is none of the variables m_N1"),
        (V + "report: {pulls: }", "must be true or false, not nothing"),
        ("eft: nuWET-3\nbasis: JMS\nscale: 2\nvariables: {m_N1: [0, 1]}\n"
         "report: {limits: [BR(B0->Kinv)]}", "nuWET-3 does not have all quarks"),
        (V + "grid: {m_N2: [0, 2]}", "none of the variables m_N1; did you mean 'm_N1'"),
        (V + "grid: {m_N1: [0, 2]}", "grid.m_N1: 2 is outside of the range"),
        (V + "grid: {m_N1: [1, 1]}", "different values"),
        (V + "grid: {m_N1: {from: 1, to: 0, points: 3}}", "from must be the lower end"),
        (V + "grid: {m_N1: {points: 3, log: true}}", "must be positive, not from 0"),
        (V + "grid: {m_N1: {from: 0.5}}", "points is missing"),
        (V + "grid: {m_N1: {points: 999999999999}}", "too many"),
        (V + "grid: {m_N1: [0]}\nchain: {steps: 3}", "there is a grid already"),
        (V + "chain: {steps: 3}\nnested: {}", "nested: there is a chain already"),
        (V + "nested: {live: 3}", "nested.live: must be an integer .* >= 20"),
        (V + "nested: {dlogz: 0}", "must be positive"),
        (V + "chain: {walkers: 3}", "steps is missing"),
        (V + "chain: {steps: 9, walkers: 1}", "two walkers per variable"),
        (V + "chain: {steps: 9, discard: 9}", "nothing would be left"),
    ],
)  # fmt: skip
def test_wrong_specifications(read, text, message):
    with pytest.raises(InvalidSpec, match=message) as error:
        read(text)
    assert "\n" not in str(error.value)
    assert "spec.yml" in str(error.value)


def test_missing_and_binary_files(tmp_path, read):
    with pytest.raises(InvalidSpec, match=r"nowhere\.yml: No such file"):
        nus.spec.read(tmp_path / "nowhere.yml")
    with pytest.raises(InvalidSpec, match="Is a directory"):
        nus.spec.read(tmp_path)
    (tmp_path / "x.yml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InvalidSpec, match="not a text file"):
        nus.spec.read(tmp_path / "x.yml")
    with pytest.raises(InvalidSpec, match="too many"):
        read("# " + "x" * 200_000)


def refusal(read, text):
    """None if it is read, and what is written is the same."""
    try:
        spec = read(text)
    except InvalidSpec as error:
        return str(error)
    assert read(spec.to_yaml()).content == spec.content
    return None


@pytest.mark.parametrize("seed", range(2))
def test_mutations(read, seed):
    """Whatever is changed in a file, it is read or refused in one line."""
    random_ = random.Random(seed)
    tokens = [
        "",
        "null",
        "[]",
        "{}",
        "-1",
        "1e-8",
        "nan",
        "x",
        "[[",
        "true",
        ": ",
        "- ",
        "\n",
        "&a",
    ]
    tokens += ["*a", "!!", "'", "#", "\t", "m_N1", "BR(B+->Kinv)", "é\u2028", "  ", ",", "{a: 1}"]
    refused = 0
    for _ in range(100):
        text = FULL
        for _ in range(random_.randint(1, 3)):
            start = random_.randrange(len(text))
            stop = start + random_.choice([0, 0, 1, 3, 10, 40])
            text = text[:start] + random_.choice(tokens) + text[stop:]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nus.errors.NuSMEFTWarning)
            message = refusal(read, text)
        if message is not None:
            refused += 1
            assert len(message.splitlines()) == 1
            assert "spec.yml" in message
    assert 20 < refused < 100


@pytest.mark.parametrize("action", [nus.spec.fit, nus.spec.scan])
@pytest.mark.parametrize("given", ["fit.yml", Path("fit.yml"), {"variables": {}}, None])
def test_what_was_not_read(action, given, tmp_path):
    with pytest.raises(InvalidSpec, match=r"give spec.read\(path\)"):
        action(given, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
