"""Limits on one operator at a time."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import re
import shutil

import flavio
import numpy as np
import pytest
from belle2_record import PUBLISHED
from scipy.optimize import brentq, minimize_scalar

import flavio_nusmeft as nus
from flavio_nusmeft import errors, settings
from flavio_nusmeft.inference.limits import Limits

POINT = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
VECTOR, SCALAR, TENSOR = "QN_2311", "LNQd_2123", "LNQdT_2123"


def function_of(name, m_N1, dataset="current", point=POINT, **arguments):
    likelihood = nus.likelihood(dataset, **arguments)
    return nus.LogLikelihood(likelihood, [name], par={"m_N1": m_N1}, **point)


@pytest.fixture(scope="module")
def everything():
    """All operators of arXiv:2309.02940."""
    return nus.limits(m_N1=1.5, **POINT)


def check_directly(row, function, highest):
    """The row against the likelihood of flavio's kind, on a grid and with roots of its own."""

    def chi2(C):
        return -2 * function([C])

    grid = np.linspace(0, highest, 400)
    values = [chi2(C) for C in grid]
    i = int(np.argmin(values))
    if i == 0:
        best = 0.0
    else:
        bounds = (grid[i - 1], grid[i + 1])
        best = minimize_scalar(
            chi2, bounds=bounds, method="bounded", options={"xatol": 1e-8 * highest}
        ).x
    lowest = chi2(best)
    assert row.best == pytest.approx(best, abs=1e-5 * highest)
    assert row.significance == pytest.approx(math.sqrt(max(0, chi2(0) - lowest)), abs=1e-5)
    # 1.28155² of a one-sided 90%
    upper = brentq(lambda C: chi2(C) - lowest - 1.6423744, best, highest, xtol=1e-9 * highest)
    assert row.upper == pytest.approx(upper, rel=1e-6, abs=0)
    ((low, high),) = row.interval
    upper = brentq(lambda C: chi2(C) - lowest - 1, best, highest, xtol=1e-9 * highest)
    assert high == pytest.approx(upper, rel=1e-4, abs=0)  # 68.27% is 1.00002²
    if chi2(0) - lowest > 1:
        lower = brentq(lambda C: chi2(C) - lowest - 1, 0, best, xtol=1e-9 * highest)
        assert low == pytest.approx(lower, rel=1e-4, abs=0)
    else:
        assert low == 0
    assert row.Lambda == pytest.approx(1e-3 / math.sqrt(row.upper), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("name", "m_N1"),
    [(VECTOR, 0.0), (VECTOR, 1.5), (SCALAR, 1.5), (TENSOR, 0.0), ("QN_1211", 0.0)],
)
@pytest.mark.parametrize("dataset", ["current", "paper2023"])
def test_directly(name, m_N1, dataset):
    if dataset == "paper2023" and name == "QN_1211":
        name = "LNQdT_1132"  # that data set has no kaons
    (row,) = nus.limits([name], m_N1=m_N1, dataset=dataset, **POINT).rows
    check_directly(row, function_of(name, m_N1, dataset), 2 * row.upper)
    assert row.of_modulus


def test_interference():
    """Of active neutrinos with the SM: a second minimum at positive C, far away if C is narrow."""
    point = {"scale": 4.8, "eft": "nuWET", "basis": "JMS"}
    name = "VnudLL_1112"
    (row,) = nus.limits([name], m_N1=0, **point).rows
    assert not row.of_modulus
    check_directly(row, function_of(name, 0.0, point=point), 2 * row.upper)


def test_two_minima(monkeypatch):
    """A narrow measurement at the SM has a mirror, beyond a wall of hundreds in -2 ln L."""
    name, observable = "VnudLL_1113", "BR_SD(B+->piinv)"
    sm = flavio.sm_prediction(observable)
    measurement = flavio.Measurement("narrow")
    measurement.add_constraint(
        [observable], flavio.statistics.probability.NormalDistribution(sm, sm / 100)
    )
    monkeypatch.setattr("flavio_nusmeft.inference.fits.dataset_names", lambda *_: ["narrow"])
    point = {"scale": 4.8, "eft": "nuWET", "basis": "JMS"}
    try:
        (row,) = nus.limits([name], m_N1=0, **point).rows
        function = function_of(name, 0.0, point=point)
        grid = np.linspace(0, 1.2 * row.upper, 4000)
        rise = np.array([-2 * (function([C]) - function([0.0])) for C in grid])
    finally:
        del flavio.Measurement["narrow"]
    assert len(row.interval) == 2
    assert rise.max() > 30
    inside = grid[rise < 1.6423744]
    assert row.upper == pytest.approx(inside.max(), abs=2 * grid[1])
    for low, high in row.interval:
        chosen = (grid > low) & (grid < high)
        assert chosen.any()
        assert (rise[chosen] < 1.001).all()


def test_modulus():
    """A limit on |C| holds for -C and iC."""
    (row,) = nus.limits([SCALAR], m_N1=1.5, **POINT).rows
    assert row.of_modulus
    function = nus.LogLikelihood(
        nus.likelihood("current"), [SCALAR, f"Im({SCALAR})"], par={"m_N1": 1.5}, **POINT
    )
    values = [function([x * row.upper, y * row.upper]) for x, y in ((1, 0), (-1, 0), (0, 1))]
    assert max(values) - min(values) < 0.025


@pytest.mark.parametrize(
    ("name", "m_N1", "limit"),
    [(VECTOR, 1.5, 0.0366), (VECTOR, 0.0, 0.0161), (TENSOR, 0.0, 0.00495), (SCALAR, 0.0, 0.0190)],
)
def test_published(name, m_N1, limit):
    """The numbers of data/paper-claims.md, all from B0 -> K*0 < 1.8e-5."""
    found = nus.limits([name], m_N1=m_N1, method="published", dataset="paper2023", **POINT)
    (row,) = found.rows
    assert row.upper * 1e6 == pytest.approx(limit, abs=0.6 * 10.0 ** -(5 if limit < 0.01 else 4))
    assert row.observables == ("BR(B0->K*inv)",)
    assert row.measurement == "flavio_nusmeft Belle B->hinv SL 2017 limits"
    assert math.isnan(row.best)
    assert row.interval == ()
    predicted = nus.predict(row.observables[0], {name: row.upper}, par={"m_N1": m_N1}, **POINT)
    assert predicted["BR(B0->K*inv)"] == pytest.approx(1.8e-5, rel=1e-9, abs=0)


@pytest.mark.usefixtures("as_flavio")
def test_published_with_flavios_form_factors():
    """As in tests/physics/test_literature.py."""
    found = nus.limits([VECTOR], m_N1=1.5, method="published", dataset="paper2023", **POINT)
    assert found.rows[0].upper * 1e6 == pytest.approx(0.0309, abs=5e-5)
    assert any("form factor" in name for name in found.made_with)


def test_published_one_at_a_time():
    """Each limit by itself: a weaker one, and the strongest of two."""
    arguments = {"m_N1": 0, "method": "published", "dataset": "paper2023", **POINT}
    single = {
        name: nus.limits([SCALAR], observables=[name], **arguments).rows[0].upper
        for name in ("BR(B0->K*inv)", "BR(Bs->inv)")
    }
    assert single["BR(Bs->inv)"] * 1e6 == pytest.approx(0.0382, abs=5e-5)
    both = nus.limits([SCALAR], observables=list(single), **arguments).rows[0]
    assert both.upper == min(single.values())


def test_representatives(everything):
    """Every operator of the basis is in one place, and those of one row have one likelihood."""
    from wilson import wcxf

    named = [row.operator for row in everything.rows]
    others = [name for row in everything.rows for name in row.equivalent]
    known = [n for s in wcxf.Basis["nuSMEFT", "FGMS"].sectors.values() for n in s]
    assert sorted([*named, *others, *everything.without]) == sorted(known)
    rows = {row.operator: row for row in everything.rows}
    # quark currents of either chirality in B -> K(*), and lepton flavours (arXiv:2309.02940 Sec. 4)
    assert rows[VECTOR].equivalent == ("dN_2311",)
    assert {"LNQd_2123", "LNQd_1132"} <= set(rows["LNQd_1123"].equivalent)
    assert "LNQd_3123" in rows  # changes B+ -> tau + inv, by V_us
    for name in (VECTOR, "LNQd_1123", "QN_2322"):
        row = rows[name]
        for C in np.linspace(0, row.upper, 7):
            values = [
                function_of(n, 1.5)([C]) - function_of(n, 1.5)([0.0])
                for n in (name, row.equivalent[0], row.equivalent[-1])
            ]
            assert max(values) - min(values) < 0.025
    # N2 is massless here
    assert rows["QN_2322"].upper < 0.7 * rows[VECTOR].upper


def test_equal_masses():
    """With one mass the flavour of N changes nothing; at several masses it must at none."""
    observables = ["BR(B0->K*inv)", "BR_SD(B+->Kinv)"]
    arguments = {"observables": observables, "dataset": "current", **POINT}
    rows = {r.operator: r for r in nus.limits(m_N1=0, **arguments).rows}
    assert {"QN_2322", "QN_2333", "dN_2333"} <= set(rows[VECTOR].equivalent)
    found = nus.limits(m_N1=[0, 1.5], **arguments).rows
    assert [r.m_N1 for r in found] == [0, 1.5] * (len(found) // 2)
    both = {r.operator: r for r in found if r.m_N1 == 0}
    assert "QN_2322" in both
    assert both["QN_2322"].upper == pytest.approx(both[VECTOR].upper, rel=1e-6, abs=0)
    assert rows[VECTOR].upper == both[VECTOR].upper
    with_masses = nus.limits(m_N1=1.5, par={"m_N2": 1.5, "m_N3": 1.5}, **arguments)
    rows = {r.operator: r for r in with_masses.rows}
    assert {"QN_2322", "QN_2333"} <= set(rows[VECTOR].equivalent)


def test_published_representatives():
    found = nus.limits(m_N1=0, method="published", dataset="paper2023", **POINT)
    rows = {row.operator: row for row in found.rows}
    assert {"dN_2311", "QN_2322"} <= set(rows[VECTOR].equivalent)
    assert {"LNQd_2123", "LNQd_3132"} <= set(rows["LNQd_1123"].equivalent)
    assert "LNQdT_2123" in rows["LNQdT_1123"].equivalent


def test_no_limit():
    """N too heavy for the decays that the operator changes."""
    found = nus.limits(["QN_1211", VECTOR], m_N1=1.5, observables=["BR(K+->piinv)"], **POINT)
    for row in found.rows:
        assert (row.upper, row.measurement, row.has_limit) == (math.inf, None, False)
        assert (row.best, row.significance, row.interval) == (0, 0, ((0, math.inf),))
        content = row.to_dict()
        assert (content["upper"], content["Lambda"]) == (None, None)
        assert content["interval"] == [[0, None]]
    assert str(found).count("no limit") == 3  # two rows, and what that means
    assert "(4π/scale)² = 158 TeV^-2" in str(found)
    assert found.to_latex().count("& no limit &") == 2


def test_driver():
    """The measurement is the one whose ln L falls most, by flavio's own densities."""
    (row,) = nus.limits([VECTOR], m_N1=0, **POINT).rows
    function = function_of(VECTOR, 0.0)
    falls = {}
    for name in function.likelihood.observables:
        for measurement in nus.dataset("current"):
            entry = flavio.Measurement[measurement]._parameters.get(name)
            if entry and len(entry[1].error_left if np.ndim(entry[1].error_left) else [0]) == 1:
                predicted = [
                    nus.predict(name, {VECTOR: C}, par={"m_N1": 0}, **POINT)[name]
                    for C in (row.best, row.upper)
                ]
                density = [float(np.ravel(entry[1].logpdf(float(p)))[0]) for p in predicted]
                falls[measurement, name] = density[0] - density[1]
    measurement, name = max(falls, key=falls.get)
    assert (row.measurement, row.observables) == (measurement, (name,))


@pytest.mark.skipif(not PUBLISHED.exists(), reason="needs the record of Belle II")
def test_belle2():
    pytest.importorskip("pyhf")
    belle2 = nus.Belle2Likelihood(PUBLISHED)
    (row,) = nus.limits([VECTOR], m_N1=1.5, belle2=belle2, **POINT).rows
    check_directly(row, function_of(VECTOR, 1.5, belle2=belle2), 2 * row.upper)
    found = nus.limits([VECTOR, "QN_1311"], m_N1=1.5, belle2=belle2, observables=[], **POINT)
    assert found.rows[0].measurement == "Belle II B+->Kinv, published likelihood"
    assert not found.rows[1].has_limit  # no b -> s
    assert "with Belle II's published likelihood" in str(found)
    with pytest.raises(errors.InvalidScan, match="belle2 is for method = 'profile'"):
        nus.limits([VECTOR], m_N1=1.5, belle2=belle2, method="published", **POINT)


@pytest.fixture(scope="module")
def three():
    return nus.limits([VECTOR, SCALAR, TENSOR], m_N1=[0, 1.5], par={"Vcb": 0.041}, **POINT)


def test_json(three, tmp_path):
    three.save(tmp_path / "limits.json")
    again = Limits.load(tmp_path / "limits.json")
    assert again == three
    data = json.loads((tmp_path / "limits.json").read_text("utf-8"))
    assert data == json.loads(json.dumps(three.to_dict()))
    assert data["units"]["C"] == "GeV^-2"
    assert data["par"] == {"Vcb": 0.041}
    assert "-2 ln L rises by 1 " in data["definition"]
    assert "by 1.642 (one-sided, Φ(z) = CL)" in data["definition"]
    point = nus.NuWilson({}, 1e3, "nuSMEFT", "FGMS")
    assert data["made_with"] == settings.provenance(point)
    assert [(row["operator"], row["m_N1"]) for row in data["rows"]] == [
        (name, mass) for name in (VECTOR, SCALAR, TENSOR) for mass in (0, 1.5)
    ]
    for row, found in zip(data["rows"], three.rows, strict=True):
        assert row["upper"] == found.upper
        assert row["interval"] == [list(piece) for piece in found.interval]
        assert row["Lambda"] == found.Lambda


def test_csv(three, tmp_path):
    three.to_csv(tmp_path / "limits.csv")
    lines = (tmp_path / "limits.csv").read_text("utf-8").splitlines()
    comments = [line for line in lines if line.startswith("# ")]
    assert f"# {three.definition}" in comments
    assert "# coefficients in GeV^-2" in comments
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) == 6
    for row, found in zip(rows, three.rows, strict=True):
        assert (row["operator"], float(row["upper"])) == (found.operator, found.upper)
        low, high = map(float, row["interval"].split())
        assert ((low, high),) == found.interval
        assert row["measurement"] == found.measurement


def test_text(three):
    lines = str(three).splitlines()
    assert lines[0] == "nuSMEFT FGMS at 1000 GeV, data: current, Vcb = 0.041"
    assert lines[1] == three.definition
    (row,) = (line for line in lines if line.startswith(f"{TENSOR}  1.5"))
    assert f"|C| < {three.rows[5].upper * 1e6:#.3g}" in row
    assert repr(three).startswith("Limits(6 rows, nuSMEFT FGMS")


def test_latex(three):
    text = three.to_latex()
    lines = text.splitlines()
    assert f"% {three.definition}" in lines
    body = lines[lines.index(r"\midrule") + 1 : lines.index(r"\bottomrule")]
    assert len(body) == 6
    columns = len("lllllll") + 1
    assert rf"\begin{{tabular}}{{{'l' * columns}}}" in lines
    assert all(line.count("&") == columns - 1 and line.endswith(r" \\") for line in body)
    assert body[0].startswith(rf"\texttt{{QN\_2311}} & $0$ & ${three.rows[0].best * 1e6:#.3g}$ &")
    kaons = nus.limits(["LNQd_1212"], m_N1=0, **POINT).to_latex()
    assert r"\times 10^{-5}" in kaons


def check_latex(cell):
    """Escapes, braces and mathematical mode of a cell; mathematics also by matplotlib's parser."""
    from matplotlib.mathtext import MathTextParser

    assert cell.isascii()
    plain = re.sub(r"\\[&%$#_{}]", "", cell)
    parts = plain.split("$")
    assert len(parts) % 2 == 1, cell
    for text in parts[::2]:
        assert not re.search(r"[&%#_^~<>|]", text), cell
        known = {"texttt", "textbackslash", "textasciicircum", "textasciitilde"}
        assert set(re.findall(r"\\([a-zA-Z]+)", text)) <= known, cell
    depth = 0
    for character in plain:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0, cell
    assert depth == 0, cell
    for formula in parts[1::2]:
        assert formula, cell
        assert formula.count("{") == formula.count("}"), cell
        mathtext = formula.replace(r"\text{", r"\mathrm{").replace(r"_\text", r"_\mathrm")
        MathTextParser("path").parse(f"${mathtext}$")


def test_latex_structure(three):
    """As strict as LaTeX: rules, columns, and what stands in the cells."""
    published = nus.limits(
        ["QN_2311", "LNQd_1212"], m_N1=[0, 4], method="published", dataset="paper2023", **POINT
    )
    names = sorted(flavio.Measurement.instances)
    odd = dataclasses.replace(three.rows[0], measurement=r"a_b & 50% $x$ #1 {~} <|> ^ \n ->")
    noted = {**three.made_with, "odd": "two\nlines"}
    others = [dataclasses.replace(three.rows[1], measurement=name) for name in names]
    every = dataclasses.replace(three, rows=(odd, *others), made_with=noted)
    for table in (three, published, every):
        lines = table.to_latex().splitlines()
        first = next(i for i, line in enumerate(lines) if not line.startswith("% "))
        assert "% " + table.definition in lines[:first]
        begin, top, headings, middle, *body, bottom, end = lines[first:]
        (columns,) = re.fullmatch(r"\\begin\{tabular\}\{(l+)\}", begin).groups()
        rules = [r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}"]
        assert [top, middle, bottom, end] == rules
        assert len(body) == len(table.rows)
        for row in (headings, *body):
            assert row.endswith(r" \\")
            cells = re.split(r"(?<!\\)&", row.removesuffix(r" \\"))
            assert len(cells) == len(columns), row
            for cell in cells:
                check_latex(cell.strip())
    with pytest.raises(AssertionError):
        check_latex("a_b")
    with pytest.raises(AssertionError):
        check_latex("$x")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_latex_is_valid(three, tmp_path):
    import subprocess

    document = (
        r"\documentclass{article}\usepackage{amsmath,booktabs}\begin{document}"
        f"\n{three.to_latex()}\n" + r"\end{document}"
    )
    (tmp_path / "x.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"cl": 90}, errors.InvalidScan, "90% is 0.9"),
        ({"method": "bayes"}, errors.InvalidScan, "must be 'profile' or 'published'"),
        ({"operators": []}, errors.InvalidScan, "list of operators is empty"),
        ({"operators": ["QN_2341"]}, errors.UnknownCoefficient, "the indices of QN are 1-3"),
        ({"m_N1": -1}, errors.InvalidMass, "m_N1 = -1"),
        ({"m_N1": []}, errors.InvalidShape, "m_N1 must be a list of numbers"),
        ({"m_N1": "1"}, errors.InvalidValue, "m_N1"),
        ({"par": {"m_N1": 1}}, errors.InvalidValue, "given twice"),
        ({"par": {"Vcb": [0.04, 0.05]}}, errors.InvalidValue, "Vcb"),
        ({"par": {"Vbc": 0.04}}, errors.UnknownParameter, "did you mean 'Vcb'"),
        ({"dataset": "paper"}, errors.UnknownDataset, "no data set 'paper'"),
        ({"observables": ["BR(B+->Dinv)"]}, errors.UnknownObservable, "not measured"),
        ({"method": "published", "cl": 0.95}, errors.InvalidScan, "published are: 0.9"),
        ({"eft": "SMEFT", "basis": "Warsaw", "operators": None}, errors.InvalidScan, "name the"),
        ({"eft": "WET", "basis": "flavio"}, errors.InvalidScan, "have no dimension"),
    ],
)
def test_wrong_input(arguments, error, message):
    given = {"operators": [VECTOR], "m_N1": 1.0, **POINT} | arguments
    with pytest.raises(error, match=message.replace("(", r"\(")) as caught:
        nus.limits(**given)
    assert "\n" not in str(caught.value)


def test_operators_without_effect(tmp_path):
    with pytest.warns(errors.NoEffectWarning, match="depends on nu_1133"):
        found = nus.limits(["nu_1133"], m_N1=0, **{**POINT, "basis": "Warsaw"})
    assert not found.rows[0].has_limit
    found.save(tmp_path / "limits.json")
    again = Limits.load(tmp_path / "limits.json")
    assert again == found
    assert (again.rows[0].upper, again.rows[0].interval) == (math.inf, found.rows[0].interval)
    assert str(again) == str(found)
    with pytest.raises(errors.InvalidScan, match="no operator of nuSMEFT FGMS"):
        nus.limits(m_N1=1.5, par={"m_N2": 2, "m_N3": 2}, observables=["BR(K+->piinv)"], **POINT)


def test_progress_of_slow_coefficients(capfd):
    """Each point is seen where wilson runs, or G_F changes; a fraction of a second is not."""
    point = {"scale": 4.8, "eft": "WET", "basis": "JMS", "m_N1": 0, "dataset": "current"}
    nus.limits(["VnueLL_1221"], observables=["BR(B+->tauinv)"], **point)
    shown = capfd.readouterr().err
    assert re.search(r"limits .* (\d+)/\1 ", shown)
    nus.limits(["VnueLL_1221"], observables=["BR(B+->tauinv)"], progress=False, **point)
    nus.limits(["VnudLL_3323"], observables=["BR(B0->Kinv)"], **point)
    assert capfd.readouterr().err == ""
