"""One page of HTML on which coefficients and the mass of N are sliders.

The page contains all its numbers (`forms`) and needs neither this package nor a network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import flavio
import numpy as np

from .. import _data
from .._files import check_writable, write_files
from .._version import __version__
from ..citations import fields
from ..eft.space import Space
from ..errors import InvalidValue
from ..measurements import Result, find, pull, results
from ..measurements import dataset as dataset_names
from ..units import TeV
from .forms import Q2_POWER, Engine, Rate, Table, spectrum, table
from .theory import Theory, check

__all__ = ["COEFFICIENTS", "Explorer", "Panel", "Row", "compute", "write_explorer"]

_SMALLEST, _LARGEST = 1e-4, 1.0  # of coefficients on the page, TeV^-2
_ACCURACY = 1e-3  # relative, of all numbers of the page
_TRIALS = 100  # points at which they are compared with predictions
_FAR = np.array([8, 10, 15, 20, 40, 100])
_PULLS = np.array([*-_FAR[::-1], *np.arange(-6, 6.01, 0.25), *_FAR])  # standard deviations
_LEPTONS = ("e", "μ", "τ")


class Row(NamedTuple):
    """What is called ``label`` on the page: the first of the observables that is measured.

    Branching ratios are there in any case, ratios where they are measured.
    """

    label: str
    observables: tuple[str, ...]
    is_ratio: bool = False


_ROWS = (
    Row("B⁺ → K⁺ + inv", ("BR_SD(B+->Kinv)", "BR(B+->Kinv)")),
    Row("B⁰ → K⁰ + inv", ("BR(B0->Kinv)",)),
    Row("B⁺ → K*⁺ + inv", ("BR_SD(B+->K*inv)", "BR(B+->K*inv)")),
    Row("B⁰ → K*⁰ + inv", ("BR(B0->K*inv)",)),
    Row("Bₛ → inv", ("BR(Bs->inv)",)),
    Row("B → Xₛ + inv", ("BR(B->Xsinv)",)),
    Row("R(D), τ/ℓ", ("Rtaul(B->Dlinv)",), True),
    Row("R(D*), τ/ℓ", ("Rtaul(B->D*linv)",), True),
    Row("R(D), μ/e", ("Rmue(B->Dlinv)",), True),
    Row("R(D), e/μ", ("Remu(B->Dlinv)",), True),
    Row("R(D*), e/μ", ("Remu(B->D*linv)",), True),
    Row("R(X), e/μ", ("Remu(B->Xlinv)",), True),
)
# the mesons of the spectra, which belong to the first rows
_MESONS = (("B+", "K+"), ("B0", "K0"), ("B+", "K*+"), ("B0", "K*0"))
_CLASSES = {
    "QN": "QN: vector, (Q̄γQ)(N̄γN)",
    "dN": "dN: vector, (d̄γd)(N̄γN)",
    "LNQd": "LNQd: scalar, (L̄N)ε(Q̄d)",
    "LNQdT": "LNQdT: tensor, (L̄σN)ε(Q̄σd)",
}
#: operators of arXiv:2309.02940 that contribute to b -> s with one N: class and flavour by name
COEFFICIENTS: dict[str, tuple[str, str]] = {
    "QN_2311": ("QN", "N N, s̄_L b_L"),
    "dN_2311": ("dN", "N N, s̄_R b_R"),
} | {
    f"{kind}_{p}1{quarks}": (kind, f"ν_{lepton} N, {text}")
    for kind in ("LNQd", "LNQdT")
    for quarks, text in (("23", "s̄_L b_R"), ("32", "b̄_L s_R"))
    for p, lepton in enumerate(_LEPTONS, 1)
}


class Panel(NamedTuple):
    """The spectrum of a mode: ``table``, and of charged modes the tau part where it is measured.

    That is c0 + c1 q² (GeV^-2) up to ``end`` (GeV²), or None.
    """

    label: str
    observable: str
    table: Table
    tau: tuple[float, float, float] | None

    def __call__(self, x: np.ndarray, m_N: float, q2: float) -> float:
        """dBR/dq², GeV^-2, for x (see `forms`), a mass (GeV) and q² (GeV²)."""
        end, c0, c1 = self.tau or (0.0, 0.0, 0.0)
        return self.table(x, m_N, q2) + (c0 + c1 * q2 if q2 <= end else 0.0)


class Explorer(NamedTuple):
    """The numbers of a page.

    ``error`` is the largest relative difference between page and predictions at random points.
    """

    labels: tuple[str, ...]
    tables: tuple[Table, ...]
    panels: tuple[Panel, ...]
    error: float
    papers: tuple[str, ...]


def write_explorer(
    path: str | Path, dataset: str = "current", *, theory: Theory | None = None
) -> Path:
    """Write a page on which coefficients and the mass of N can be chosen.

    It shows the spectra of B -> K(*) + inv and a table of branching ratios and ratios, with what is
    measured, for any mass of N1 and any values up to 1 TeV^-2 of the coefficients `COEFFICIENTS`.
    It is one file, which needs no other one and no network.

    Parameters
    ----------
    path : str or path-like
        The file, HTML; replaced if there is one.
    dataset : str, default 'current'
        Data set to compare with.
    theory : Theory, optional
        Scale, parameters and options, of nuSMEFT in the basis FGMS. Unless it has the option
        ``qcd_loops``, pages of data sets other than ``paper2023`` have four loops
        (`Theory.for_dataset`).

    Returns
    -------
    Path
        The path.

    Raises
    ------
    InvalidValue
        Also if numbers of the page would be off by more than 1e-3 with these parameters.
    UnknownDataset, UnknownCoefficient, UnknownParameter, UnwritablePath
    """
    target = check_writable(path)
    dataset_names(dataset)
    theory = theory or Theory()
    check(theory)
    theory = theory.for_dataset(dataset)
    data = _content(compute(dataset, theory), dataset, theory)
    text = _text("page.html")
    for mark, part in (
        ("/* style */", _text("style.css")),
        ("/* script */", _text("script.js")),
        ("/* data */", json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")),
    ):
        text = text.replace(mark, part)
    write_files({target: text})
    return target


def _text(name: str) -> str:
    return _data.path(f"explorer/{name}").read_text(encoding="utf-8")


def compute(dataset: str, theory: Theory) -> Explorer:
    """Tabulate all that a page shows, and compare it with predictions.

    Parameters
    ----------
    dataset : str
        Decides which of the observables are shown.
    theory : Theory
        Of nuSMEFT in the basis FGMS.

    Returns
    -------
    Explorer
        The numbers.
    """
    space = Space.of(theory.scale, theory.eft, theory.basis, theory.options)
    space.check(COEFFICIENTS)
    engine = Engine(tuple(COEFFICIENTS), space, theory.par, theory.mass)
    if not any(results(name, dataset) for row in _ROWS for name in row.observables):
        raise InvalidValue(f"the data set '{dataset}' measures nothing that the page shows")
    labels, tables, panels = [], [], []
    with flavio.citations.collect() as papers:
        for row in _ROWS:
            measured = [name for name in row.observables if results(name, dataset)]
            if measured or not row.is_ratio:
                labels.append(row.label)
                tables.append(table(engine, (*measured, *row.observables)[0]))
        for label, found, mesons in zip(labels, tables, _MESONS, strict=False):
            panels.append(_panel(engine, label, found.observable, *mesons))
        error = _largest_error(engine, tables, panels)
    if not error < _ACCURACY:
        raise InvalidValue(
            f"tables over m_N are off by {error:.1g} with these parameters, more than {_ACCURACY:g}"
        )
    return Explorer(tuple(labels), tuple(tables), tuple(panels), error, tuple(sorted(papers.set)))


def _panel(engine: Engine, label: str, rate: str, B: str, M: str) -> Panel:
    m_B, m_M, m_tau = (engine.par[f"m_{name}"] for name in (B, M, "tau"))
    observable = rate.replace("BR", "dBR", 1).replace("(", "/dq2(", 1)
    short = observable if "+" not in B else observable.replace("dBR/", "dBR_SD/")
    found, tau = spectrum(engine, short, (m_B - m_M) ** 2), None
    if short != observable:
        x = np.eye(1, 1 + 2 * len(COEFFICIENTS))[0]
        ends = [(engine.value((observable, q2), x, 0.0), found(x, 0.0, q2)) for q2 in (1.0, 2.0)]
        first, second = (both - one for both, one in ends)
        # arXiv:0908.1174, linear up to this q²
        end = (m_B**2 - m_tau**2) * (m_tau**2 - m_M**2) / m_tau**2
        tau = (end, 2 * first - second, second - first)
    return Panel(label, observable, found, tau)


def _largest_error(engine: Engine, tables: Sequence[Table], panels: Sequence[Panel]) -> float:
    """Of one to three coefficients with any phase, at all masses and close to thresholds."""
    rng = np.random.default_rng(0)
    size = len(COEFFICIENTS)
    worst = 0.0
    for number in range(_TRIALS):
        x = np.eye(1, 1 + 2 * size)[0]
        chosen = rng.choice(size, rng.integers(1, 4), replace=False)
        C = TeV**-2 * 10 ** rng.uniform(np.log10(_SMALLEST), np.log10(_LARGEST), len(chosen))
        C = C * np.exp(2j * np.pi * rng.random(len(chosen)))
        x[1 + 2 * chosen], x[2 + 2 * chosen] = C.real, C.imag
        close = 1 - 10 ** rng.uniform(-5, 0)
        for found in tables:
            m_max = rng.choice([form.m_max for rate in found.rates for form in rate.forms])
            m_N = m_max * (0.0, 1 - close, close, rng.uniform(0, 1.1))[number % 4]
            exact = engine.value(found.observable, x, m_N)
            worst = max(worst, _difference(found(x, m_N), exact))
        for panel in panels:
            q2 = panel.table.numerator.q2_max * rng.uniform(0, 1)
            m_max = rng.choice([form.m_max for form in panel.table.numerator.forms]) * np.sqrt(q2)
            m_N = m_max * (0.0, 1 - close, close, rng.uniform(0, 1.1))[number % 4]
            exact = engine.value((panel.observable, q2), x, m_N)
            worst = max(worst, _difference(panel(x, m_N, q2), exact))
    return worst


def _difference(found: float, exact: float) -> float:
    """Relative; infinite for what should be 0 and is not."""
    if found == exact:
        return 0.0
    return abs(found / exact - 1) if exact else np.inf


_GREEK = ["Gamma", "Lambda", "Upsilon", "alpha", "mu", "nu", "omega", "phi", "pi", "rho", "tau"]
_SIGNS = dict(zip(_GREEK, "ΓΛΥαμνωφπρτ", strict=True)) | {"ell": "ℓ", "to": "→ "}


def _plain(tex: str) -> str:
    """A title in LaTeX as text."""
    tex = tex.replace('\\"o', "ö")
    text = re.sub(r"\\([a-zA-Z]+) ?", lambda m: _SIGNS.get(m[1], ""), tex)
    return re.sub(r"[{}$^_]", "", text)


def _content(explorer: Explorer, dataset: str, theory: Theory) -> dict[str, Any]:
    """The data of the page; coefficients in TeV^-2."""
    return {
        "version": __version__,
        "dataset": dataset,
        "range": [_SMALLEST, _LARGEST],
        "q2 power": Q2_POWER,
        "coefficients": [
            {"name": name, "class": _CLASSES[kind], "text": text}
            for name, (kind, text) in COEFFICIENTS.items()
        ],
        "rows": [
            {
                "label": label,
                "observable": found.observable,
                "rates": [_rate(rate) for rate in found.rates],
                "results": [
                    _result(found.observable, r) for r in results(found.observable, dataset)
                ],
            }
            for label, found in zip(explorer.labels, explorer.tables, strict=True)
        ],
        "panels": [
            {
                "label": panel.label,
                "observable": panel.observable,
                "rates": [_rate(panel.table.numerator)],
                "q2_max": panel.table.numerator.q2_max,
                "tau": panel.tau,
            }
            for panel in explorer.panels
        ],
        "error": explorer.error,
        "trials": _TRIALS,
        "made": {"data set": dataset} | {k: str(v) for k, v in theory.provenance().items()},
        "predict": {
            "mass": theory.mass,
            "par": {name: value for name, value in theory.par.items() if name != theory.mass},
            "arguments": f"scale={theory.scale!r}, eft={theory.eft!r}, basis={theory.basis!r},"
            f" options={dict(theory.options)!r}",
        },
        "papers": [
            {"key": key, "title": _plain(fields(key).get("title", ""))} for key in explorer.papers
        ],
    }


def _rate(rate: Rate) -> dict[str, Any]:
    unit = TeV**-2
    return {
        "constant": _digits(rate.constant),
        "forms": [[f.m_max, f.power, f.zero, _digits(f.values)] for f in rate.forms],
        "terms": [[k, i, j, w * unit ** ((i > 0) + (j > 0))] for k, i, j, w in rate.terms],
    }


def _digits(values: np.ndarray) -> Any:
    """Nested lists of numbers with twelve digits."""
    if values.ndim:
        return [_digits(value) for value in values]
    return float(f"{values:.12g}")


def _result(observable: str, found: Result) -> dict[str, Any]:
    """A measurement; ``pull`` is a table of values and pulls, empty for a limit."""
    measurement = find(found.measurement)
    entry: dict[str, Any] = {
        "name": found.measurement.removeprefix("flavio_nusmeft "),
        "source": " ".join([measurement.experiment, *re.findall(r"\b20\d\d\b", found.measurement)]),
        "text": _typeset(found),
        "url": measurement.url or "",
        "limit": found.limit,
        "central": found.central,
        "plus": found.error_plus,
        "minus": found.error_minus,
        "pull": [],
    }
    if found.central is not None:
        errors = np.where(_PULLS < 0, found.error_minus or 0.0, found.error_plus or 0.0)
        values = [x for x in found.central + _PULLS * errors if x >= 0]
        pulls = [(x, pull(observable, found.measurement, x)) for x in values]
        entry["pull"] = [[float(x), y] for x, y in pulls if y is not None]
    return entry


def _typeset(found: Result) -> str:
    """As text without e: < 2.6 × 10⁻⁵ (90% CL)."""
    text = str(found)
    if found.limit is not None and found.limit < 0.01:
        mantissa, exponent = f"{found.limit:.2e}".split("e")
        text = f"< {float(mantissa):g}e{exponent} ({found.confidence_level:.0%})"
    raised = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    power = re.compile(r"e(-?)0*(\d+)")
    text = power.sub(lambda m: f" × 10{(m[1] + m[2]).translate(raised)}", text)
    return text.replace("-", "−").replace("%)", "% CL)")
