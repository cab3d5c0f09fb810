"""The numbers of the explorer, with the formulas of its page, against predictions."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from flavio_nusmeft import TeV, errors, predict
from flavio_nusmeft.figures import Theory, explorer, forms, write_explorer
from flavio_nusmeft.measurements import pull, results

NAMES = tuple(explorer.COEFFICIENTS)
THEORY = Theory(options={"qcd_loops": 4})


@pytest.fixture(scope="module")
def current():
    return explorer.compute("current", THEORY)


def vector(coefficients):
    """(1, Re c_1, Im c_1, ...), GeV^-2."""
    x = np.eye(1, 1 + 2 * len(NAMES))[0]
    for name, C in coefficients.items():
        k = 1 + 2 * NAMES.index(name)
        x[k : k + 2] = np.real(C), np.imag(C)
    return x


# one of every class, with interference, heavy and light
POINTS = [
    {},
    {"QN_2311": 0.03, "dN_2311": 0.02 - 0.01j},
    {"dN_2311": 0.3j, "LNQd_2132": 0.01},
    {"LNQd_3123": 0.4, "LNQdT_3123": -0.2j, "LNQd_1132": 0.03},
    {"LNQdT_1132": 0.05, "LNQdT_2123": 0.001},
]


@pytest.mark.parametrize("coefficients", POINTS)
def test_values_are_predictions(current, coefficients):
    """Also without mass, where decays close, and where all are closed."""
    values = {name: C * TeV**-2 for name, C in coefficients.items()}
    masses = {0.0, 1e-3, 0.7, 1.9, 5.5}
    for found in current.tables:
        for rate in found.rates:
            masses |= {form.m_max * f for form in rate.forms for f in (1 - 1e-5, 0.98, 1.0)}
    masses = np.array(sorted(masses))
    names = [found.observable for found in current.tables]
    exact = THEORY.predict(names, values, masses)
    x = vector(values)
    for found in current.tables:
        page = [found(x, m_N) for m_N in masses]
        assert page == pytest.approx(exact[found.observable], rel=1e-5, abs=0)


@pytest.mark.parametrize("coefficients", POINTS)
def test_spectra_are_predictions(current, coefficients):
    values = {name: C * TeV**-2 for name, C in coefficients.items()}
    x = vector(values)
    for panel in current.panels:
        q2_max = panel.table.numerator.q2_max
        for q2 in q2_max * np.array([1e-3, 0.2, 0.77, 1 - 1e-4]):
            root = np.sqrt(q2)
            close = 1e-5 * np.array([-1, 1])  # at the threshold itself, rounding decides
            masses = root * np.array([0, 0.1, *(0.5 + close), 0.8, *(1 + close), 1.1])
            key = (panel.observable, q2)
            exact = THEORY.predict([key], values, masses)[key]
            page = [panel(x, m_N, q2) for m_N in masses]
            assert page == pytest.approx(exact, rel=1e-5, abs=0)


def test_error_is_measured(current, monkeypatch):
    """It is small, and tables that are too coarse are refused."""
    assert 0 < current.error < 1e-6
    monkeypatch.setattr(forms, "MASS_NODES", 3)
    monkeypatch.setattr(explorer, "_ROWS", explorer._ROWS[:4])
    with pytest.raises(errors.InvalidValue, match="tables over m_N are off by"):
        explorer.compute("paper2023", Theory())


def test_interpolation_is_exact_for_polynomials():
    nodes = forms.chebyshev(6)
    values = np.stack([nodes**5 - nodes, np.ones(6)], axis=1)
    for x in (0.0, 0.3, nodes[2], 1.0):
        assert forms.interpolate(values, x) == pytest.approx([x**5 - x, 1], abs=1e-14)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    path.write_text("old")
    assert write_explorer(path, "paper2023", theory=Theory(par={"Vcb": 0.041})) == path
    return path.read_text(encoding="utf-8")


def test_page_needs_nothing_else(text):
    """No file, style, font or script of elsewhere; links are for readers to follow."""
    assert len(text.encode()) < 3e6
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=\"(?!data:)", text)
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|import\(", text)
    assert "/* data */" not in text


def content(text):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


def test_page_says_how_it_was_made(text):
    data = content(text)
    assert data["dataset"] == "paper2023"
    assert data["made"]["qcd_loops"] == "1"
    assert data["made"]["parameter Vcb"] == "0.041"
    assert {"arXiv:2309.02940", "Gubernari:2023puw"} <= {p["key"] for p in data["papers"]}
    assert data["error"] < 1e-3


def test_tau_part(current, text):
    """Part of the spectra of the paper's data, up to its endpoint; experiments subtract it."""
    assert [panel.tau for panel in current.panels] == [None] * 4
    panels = content(text)["panels"]
    assert [bool(panel["tau"]) for panel in panels] == [True, False, True, False]
    for panel in panels:
        name = panel["observable"]
        assert name.startswith("dBR/dq2")
        if not panel["tau"]:
            continue
        end, c0, c1 = panel["tau"]
        for q2 in (0.5, 7.0, end - 1e-6, end + 1e-6):
            keys = [(name, q2), (name.replace("BR", "BR_SD"), q2)]
            exact = predict(keys, {}, par={"Vcb": 0.041}, scale=1e3, eft="nuSMEFT", basis="FGMS")
            both, short = (float(exact[key]) for key in keys)
            part = c0 + c1 * q2 if q2 < end else 0.0
            assert short + part == pytest.approx(both, rel=1e-9, abs=0)


def test_its_python_gives_its_numbers(text):
    """The call that the page shows, with options and parameters."""
    data = content(text)
    arguments = eval(f"dict({data['predict']['arguments']})")
    names = [row["observable"] for row in data["rows"]]
    found = predict(names, {}, par=data["predict"]["par"], **arguments)
    for row in data["rows"]:
        constants = [rate["constant"] for rate in row["rates"]]
        value = constants[0] / (constants[1] if len(constants) > 1 else 1)
        assert value == pytest.approx(float(found[row["observable"]]), rel=1e-10, abs=1e-30)


def test_measurements_and_limits(text):
    """All of the data set; pulls between the values of the table, none for limits."""
    rows = content(text)["rows"]
    assert len(rows) == 9
    for row in rows:
        known = results(row["observable"], "paper2023")
        assert len(row["results"]) == len(known)
        for shown, result in zip(row["results"], known, strict=True):
            assert shown["limit"] == result.limit
            assert bool(shown["pull"]) is (result.limit is None)
            if not shown["pull"]:
                continue
            x, y = np.array(shown["pull"]).T
            for value in (0.6 * result.central, 1.3 * result.central):
                expected = pull(row["observable"], result.measurement, value)
                assert np.interp(value, x, y) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (2.6e-5, "< 2.6 × 10⁻⁵ (90% CL)"),
        (1.94e-4, "< 1.94 × 10⁻⁴ (90% CL)"),
        (0.02, "< 0.02 (90% CL)"),
    ],
)
def test_limits_are_typeset(limit, expected):
    found = explorer.Result("x", limit=limit, confidence_level=0.9)
    assert explorer._typeset(found) == expected


def test_values_are_typeset():
    found = explorer.Result("x", central=2.3e-5, error_plus=0.72e-5, error_minus=0.63e-5)
    assert explorer._typeset(found) == "(2.30 +0.72 −0.63) × 10⁻⁵"
    found = explorer.Result("x", central=0.358, error_plus=0.024, error_minus=0.024)
    assert explorer._typeset(found) == "0.358 ± 0.024"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"dataset": "paper"}, errors.UnknownDataset),
        ({"dataset": "electroweak"}, errors.InvalidValue),
        ({"theory": "full"}, errors.InvalidValue),
        ({"theory": Theory(basis="Warsaw")}, errors.UnknownCoefficient),
        ({"theory": Theory(par={"Vcd": 1})}, errors.UnknownParameter),
    ],
)
def test_wrong_input(arguments, error, tmp_path):
    with pytest.raises(error):
        write_explorer(tmp_path / "page.html", **arguments)
    assert not list(tmp_path.iterdir())
