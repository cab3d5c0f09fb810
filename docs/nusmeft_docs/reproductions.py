"""Numbers of papers next to those of the package, for the pages of `docs/reproductions`.

What takes long, or needs files that are not part of the package, is in tables of ``data/`` that
scripts write: ``paper-claims.md``, ``belle2-claims.md``, ``bdstar-lattice.md``, ``coverage.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import flavio
import numpy as np

import flavio_nusmeft as nus
from flavio_nusmeft import figures

from .markdown import code, linked, table

_PER_PS = 6.582119569e-13  # GeV ps
_CHOICES = flavio.config["implementation"]


class Row(NamedTuple):
    """A published number, ours, and the test, ``file::function`` in ``tests``, that compares them.

    ``ours`` gives the text; ``paper`` is where ``published`` is from.
    """

    quantity: str
    paper: str
    published: str
    ours: Callable[[], str]
    test: str
    remark: str = ""


def _par(**changes: float) -> dict[str, float]:
    return {**flavio.default_parameters.get_central_all(), **changes}


def _sm(name: str, *arguments: float) -> float:
    return float(flavio.sm_prediction(name, *arguments))


@contextmanager
def _form_factors(transition: str, choice: str) -> Iterator[None]:
    key = f"{transition} invisible form factor"
    before = _CHOICES[key]
    _CHOICES[key] = f"{transition} {choice}"
    try:
        yield
    finally:
        _CHOICES[key] = before


def _with(transition: str, choice: str, name: str, digits: int) -> Callable[[], str]:
    def ours() -> str:
        with _form_factors(transition, choice):
            return f"{_sm(name):.{digits}f}"

    return ours


def _polarisation(meson: str) -> Callable[[], str]:
    def ours() -> str:
        name = f"Ptautot(B->{meson}tauinv)"
        with _form_factors(f"B->{meson}", "as flavio"):
            return f"{_sm(name):.3f}"

    return ours


def _inclusive_tau() -> str:
    light = (_sm("BR(B->Xceinv)") + _sm("BR(B->Xcmuinv)")) / 2
    return f"{_sm('BR(B->Xctauinv)') / light:.3f}"


def _lambda_b() -> str:
    """With the nominal fit in flavio's parameters, of which flavio evaluates two terms."""
    par = _par()
    for name in [name for name in par if name.startswith("Lambdab->Lambda DM a")]:
        par[name.replace("DM", "SSE")] = par[name]
    observable = flavio.Observable["<dBR/dq2>(Lambdab->Lambdamumu)"]
    values = [
        observable.prediction_par(par, flavio.WilsonCoefficients(), *edges)
        for edges in ((0.1, 2.0), (2.0, 4.0), (15.0, 20.0))
    ]
    return ", ".join(f"{1e7 * value:.3f}" for value in values)


def _lambda_c() -> str:
    """Λ_c -> n e nu, by isospin the decay to p and a pair with the current of the SM."""
    par = _par()
    par["m_p"] = par["m_n"]
    C = 4 * par["GF"] / np.sqrt(2)
    w = nus.NuWilson({"VnuuLL_1412": C}, 2.0, "nuWET-4", "JMS")
    value = flavio.Observable["BR(Lambdac->pinv)"].prediction_par(par, w)
    return f"{value / par['tau_Lambdac'] / _PER_PS:.3f}"


def _upsilon() -> str:
    par = _par()
    m, f, alpha = par["m_Upsilon(1S)"], par["f_Upsilon(1S)"], 1 / 137.036
    ee = 4 * np.pi * alpha**2 / 9 * f**2 / (3 * m)
    return f"{_sm('BR(Upsilon(1S)->inv)') / par['tau_Upsilon(1S)'] / ee:.3e}"


def _upsilon_formula() -> str:
    par = _par()
    m, alpha = par["m_Upsilon(1S)"], 1 / 137.036
    bracket = (1 - 4 / 3 * par["s2w"]) ** 2
    return f"{27 * par['GF'] ** 2 * m**4 * bracket / (64 * np.pi**2 * alpha**2):.3e}"


def _tau_part() -> str:
    return f"{100 * (1 - _sm('BR_SD(B+->piinv)') / _sm('BR(B+->piinv)')):.0f}%"


def _lepton(name: str, initial: str, final: str) -> Callable[[], str]:
    """BR without flavio's QED correction."""

    def ours() -> str:
        par = _par()
        scale, flavours = {"tau": (1.8, 4), "mu": (1.0, 3)}[initial]
        alpha = flavio.physics.running.running.get_alpha_e(par, scale, nf_out=flavours)
        qed = 1 + alpha / (2 * np.pi) * (25 / 4 - np.pi**2)
        return f"{_sm(name) / qed:.4f}"

    return ours


def _width(flavour: str, m_N: float) -> Callable[[], str]:
    def ours() -> str:
        mixing = {"m_N1": m_N, f"U_{flavour}1": 1e-3}
        return f"{float(nus.decays(par=mixing).total) * 1e6:.3g}"

    return ours


def _f_plus() -> str:
    quantity = flavio.classes.AuxiliaryQuantity["B->K invisible form factor"]
    values = quantity.prediction(par_dict=_par(), wc_obj=None, q2=np.zeros(1))
    return f"{float(values['f+'][0]):.8f}"


_LITERATURE, _DECAYS = "physics/test_literature.py", "physics/test_n_decays.py"
_LEPTONS, _POLARISED = "physics/test_lepton_decays.py", "physics/test_polarisation.py"
ROWS: dict[str, tuple[Row, ...]] = {
    "hadrons": (
        Row(
            "f₊(0) of B → K",
            "arXiv:2305.06301",
            "0.33196382",
            _f_plus,
            "unit/physics/test_formfactors.py::test_published_values",
            "first coefficient of the file published with it",
        ),
        Row(
            "R(D*)",
            "arXiv:2310.03680",
            "0.266 ± 0.009",
            _with("B->D*", "lattice", "Rtaul(B->D*linv)", 3),
            f"{_LITERATURE}::test_lattice_form_factors_of_d_star",
            "`B->D* lattice`; by collaboration: [table](../generated/data/bdstar-lattice.md)",
        ),
        Row(
            "P_τ(D)",
            "arXiv:1212.1878",
            "0.325 ± 0.009",
            _polarisation("D"),
            f"{_POLARISED}::test_standard_model",
            "form factors of flavio",
        ),
        Row(
            "P_τ(D*)",
            "arXiv:1212.1878",
            "−0.497 ± 0.013",
            _polarisation("D*"),
            f"{_POLARISED}::test_standard_model",
            "form factors of flavio",
        ),
        Row(
            "R_eμ(X)",
            "arXiv:2207.03432",
            "1.006 ± 0.001",
            lambda: f"{_sm('Remu(B->Xlinv)'):.4f}",
            "physics/test_charged.py::test_sm_ratios",
        ),
        Row(
            "R(X_c), τ over the mean of e and μ",
            "arXiv:1506.08896",
            "0.223",
            _inclusive_tau,
            "physics/test_charged.py::test_inclusive",
            "flavio's rate: its corrections do not know m_τ ([differences](differences.md))",
        ),
        Row(
            "10⁵ BR(B → X_s νν)",
            "arXiv:1409.4557",
            "2.9 ± 0.3",
            lambda: f"{1e5 * _sm('BR(B->Xsinv)'):.2f}",
            f"{_LITERATURE}::test_inclusive_strange",
            "without power corrections, −3% there",
        ),
        Row(
            "τ in B⁺ → π⁺ + inv",
            "arXiv:0908.1174",
            "97%",
            _tau_part,
            "physics/test_flavours.py::test_long_distance_numbers",
        ),
        Row(
            "10⁷ dBR/dq² of Λ_b → Λμμ, GeV⁻², 0.1–2, 2–4, 15–20 GeV²",
            "arXiv:1602.01399 Table VII",
            "0.25, 0.18, 0.756",
            _lambda_b,
            f"{_LITERATURE}::test_lattice_form_factors",
            "by flavio, with the form factors of this package",
        ),
        Row(
            "Γ(Λ_c → n e ν)/\\|V_cd\\|², ps⁻¹",
            "arXiv:1712.05783",
            "0.405 ± 0.016 ± 0.020",
            _lambda_c,
            f"{_LITERATURE}::test_lattice_form_factors_of_lambda_c",
            "as Λ_c → p with m_n and the current of the Standard Model",
        ),
        Row(
            "Γ(Υ(1S) → νν)/Γ(ee)",
            "arXiv:hep-ph/9806487",
            f"27 G_F² m⁴ (1 − 4/3 s_W²)²/(64π²α²) = {_upsilon_formula()}",
            _upsilon,
            "physics/test_invisible.py::test_standard_model",
            "with flavio's parameters",
        ),
    ),
    "leptons": (
        *(
            Row(
                f"BR({text}), tree level",
                "textbook",
                value,
                _lepton(name, initial, final),
                f"{_LEPTONS}::test_standard_model",
                remark,
            )
            for text, value, name, initial, final, remark in (
                ("τ → μνν", "0.1736", "BR(tau->muinv)", "tau", "mu", ""),
                ("τ → eνν", "0.1785", "BR(tau->einv)", "tau", "e", ""),
            )
        ),
        *(
            Row(
                f"Γ/\\|U_{name}\\|², m_N = {m_N:g} GeV, GeV",
                "arXiv:1805.08567",
                f"{value}, of independent code with its formulas and inputs",
                _width(flavour, m_N),
                f"{_DECAYS}::test_totals",
                "m_s, m_c, α_s and decay constants are flavio's",
            )
            for flavour, name, m_N, value in (
                ("e", "e", 0.3, "2.453e-15"),
                ("mu", "μ", 0.3, "1.670e-15"),
                ("mu", "μ", 1.0, "3.80e-13"),
                ("mu", "μ", 3.0, "9.7e-11"),
                ("tau", "τ", 0.3, "9.14e-16"),
                ("tau", "τ", 3.0, "3.8e-11"),
            )
        ),
    ),
}


def numbers() -> dict[str, list[str]]:
    """Ours, by the names of the tables."""
    return {name: [row.ours() for row in rows] for name, rows in ROWS.items()}


def tables(ours: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Files for the pages to include."""
    headings = ["quantity", "paper", "published", "this package", "test", "remark"]
    for name, rows in ROWS.items():
        cells = [
            [row.quantity, linked(row.paper), row.published, value, _link(row.test), row.remark]
            for row, value in zip(rows, ours[name], strict=True)
        ]
        yield f"reproductions/{name}.txt", table(headings, cells).replace("\\\\|", "\\|")


def _link(test: str) -> str:
    file, _, function = test.partition("::")
    return f"[{code(function)}](../../tests/{file})"


def drawings() -> dict[str, Any]:
    """The figures of arXiv:2309.02940 as SVG, by the names of their files."""
    with TemporaryDirectory() as folder:
        chosen = [number for number in figures.FIGURES if isinstance(number, int)]
        paths = figures.write_figures(folder, "paper2023", "svg", numbers=chosen)
        return {path.name: path.read_text("utf-8") for path in paths}
