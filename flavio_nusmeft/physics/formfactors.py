"""Form factors of the package: BSZ parametrisation, vectorised in q².

Which form factors a process takes is chosen as in flavio, by
``flavio.config['implementation']['B->K* invisible form factor']``:

- ``B->K* GRvDV`` (default), arXiv:2305.06301, parameters ``B->K* GRvDV ...``
- ``B->K* as flavio``, whatever stock flavio uses for its own observables (slower)

and likewise for ``B->K`` and ``Bs->phi``; for ``B->D`` and ``B->D*`` the default is ``GKvD``,
arXiv:1811.00983 (LCSR and lattice), and stock flavio takes CLN. ``B->D* lattice`` is a fit to the
later lattice results of arXiv:2105.14019, 2304.03137 and 2306.05657, which is the better choice for
F_L and branching ratios (data/README.md). For ``Lambdab->Lambda`` the default is ``DM``, the
nominal fit of arXiv:1602.01399, and ``Lambdab->Lambda DM higher order`` is its higher-order fit;
for ``Lambdac->p``, which flavio does not have, it is ``Meinel``, the nominal fit of
arXiv:1712.05783. ``B->rho``, ``B->omega``, ``Bs->K*``, ``D->pi``, ``D->K``, ``B->pi`` and ``K->pi``
are those of stock flavio, vectorised, with flavio's parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import flavio
import numpy as np

from .. import settings

_FITS = {
    "GRvDV": "arXiv:2305.06301",
    "GKvD": "arXiv:1811.00983, light-cone sum rules and lattice",
    "lattice": "fit to arXiv:2105.14019, 2304.03137, 2306.05657",
    "BSZ": "flavio's parameters",
}

__all__ = ["PROCESSES", "FormFactorProcess", "form_factors", "implementation", "papers", "register"]


@dataclass(frozen=True)
class FormFactorProcess:
    """A transition with its BSZ parametrisation as in flavio.

    ``fit`` is the default set of coefficients, ``masses`` are the parameters of the masses in z
    (the same for charged and neutral mesons), ``poles`` gives the name of the pole mass of every
    form factor, ``relations`` compute a0 of one form factor from that of another by an exact
    kinematic identity at q² = 0, ``endpoint`` likewise a2 by one at maximal q² between form factors
    of the same pole, ``pole_prefix`` begins the names of the pole masses.
    """

    name: str
    fit: str
    masses: tuple[str, str]
    poles: Mapping[str, str]
    relations: tuple[tuple[str, str, Callable[[float, float], float]], ...]
    pole_prefix: str = ""
    endpoint: tuple[tuple[str, str, Callable[[float, float], float]], ...] = ()

    def pole(self, ff: str) -> str:
        """Name of the parameter that is the pole mass of a form factor."""
        return f"{self.pole_prefix or f'{self.name} {self.fit}'} {self.poles[ff]}"


_B_P_POLES = {"f+": "m+", "f0": "m0", "fT": "m+"}
_B_P_RELATIONS = (("f0", "f+", lambda m_B, m_P: 1.0),)
_B_V_POLES = {
    "V": "m1-",
    "A0": "m0",
    "A1": "m1+",
    "A12": "m1+",
    "T1": "m1-",
    "T2": "m1+",
    "T23": "m1+",
}
# arXiv:1503.05534 Eq. (16)
_B_V_RELATIONS = (
    ("A12", "A0", lambda m_B, m_V: (m_B**2 - m_V**2) / (8 * m_B * m_V)),
    ("T2", "T1", lambda m_B, m_V: 1.0),
)
# a vector meson at rest has no preferred direction
_B_V_ENDPOINT = (
    ("A12", "A1", lambda m_B, m_V: (m_B**2 - m_V**2) / (8 * m_B * m_V)),
    ("T23", "T2", lambda m_B, m_V: (m_B + m_V) ** 2 / (4 * m_B * m_V)),
)
_DSTAR_LATTICE = FormFactorProcess(
    "B->D*",
    "lattice",
    ("m_B0", "m_D*+"),
    _B_V_POLES,
    _B_V_RELATIONS,
    "B->D* GKvD",
    _B_V_ENDPOINT,
)
PROCESSES = {
    process.name: process
    for process in (
        FormFactorProcess("B->K", "GRvDV", ("m_B0", "m_K0"), _B_P_POLES, _B_P_RELATIONS),
        FormFactorProcess("B->K*", "GRvDV", ("m_B0", "m_K*0"), _B_V_POLES, _B_V_RELATIONS),
        FormFactorProcess("Bs->phi", "GRvDV", ("m_Bs", "m_phi"), _B_V_POLES, _B_V_RELATIONS),
        FormFactorProcess("B->D", "GKvD", ("m_B+", "m_D0"), _B_P_POLES, _B_P_RELATIONS),
        FormFactorProcess("B->D*", "GKvD", ("m_B0", "m_D*0"), _B_V_POLES, _B_V_RELATIONS),
        FormFactorProcess(
            "B->rho", "BSZ", ("m_B0", "m_rho0"), _B_V_POLES, _B_V_RELATIONS, "B->rho BCL"
        ),
        FormFactorProcess(
            "B->omega", "BSZ", ("m_B0", "m_omega"), _B_V_POLES, _B_V_RELATIONS, "B->omega BCL"
        ),
        FormFactorProcess(
            "Bs->K*", "BSZ", ("m_Bs", "m_K*0"), _B_V_POLES, _B_V_RELATIONS, "Bs->K* BCL"
        ),
        FormFactorProcess(
            "D->pi", "BSZ", ("m_D0", "m_pi+"), _B_P_POLES, _B_P_RELATIONS, "D->pi BCL"
        ),
        FormFactorProcess("D->K", "BSZ", ("m_D0", "m_K+"), _B_P_POLES, _B_P_RELATIONS, "D->K BCL"),
    )
}


def _z(q2: np.ndarray | float, m_B: float, m_M: float) -> np.ndarray:
    """Conformal variable z(q²) with t0 = t+ (1 - sqrt(1 - t-/t+)), arXiv:1503.05534 Eq. (15)."""
    t_plus, t_minus = (m_B + m_M) ** 2, (m_B - m_M) ** 2
    t0 = t_plus * (1 - np.sqrt(1 - t_minus / t_plus))
    root, root0 = np.sqrt(t_plus - q2), np.sqrt(t_plus - t0)
    return (root - root0) / (root + root0)


def _bsz(
    process: FormFactorProcess,
) -> Callable[[Any, Mapping[str, float], np.ndarray], dict[str, np.ndarray]]:
    prefix = f"{process.name} {process.fit}"
    fixed = {target: (source, factor) for target, source, factor in process.relations}
    names = {
        ff: [f"{prefix} a{k}_{fixed[ff][0] if ff in fixed and k == 0 else ff}" for k in range(3)]
        for ff in process.poles
    }
    for ff, *_ in process.endpoint:
        names[ff].pop()
    pole_names = {ff: process.pole(ff) for ff in process.poles}

    def coefficients(par: Mapping[str, float], m_B: float, m_M: float) -> dict[str, list[float]]:
        result = {ff: [par[name] for name in names[ff]] for ff in names}
        for ff, (source, factor) in fixed.items():
            result[ff][0] = result[source][0] * factor(m_B, m_M)
        if process.endpoint:
            end = _z((m_B - m_M) ** 2, m_B, m_M) - _z(0.0, m_B, m_M)
            for ff, source, factor in process.endpoint:
                (a0, a1), (b0, b1, b2) = result[ff], result[source]
                value = factor(m_B, m_M) * (b0 + end * (b1 + end * b2))
                result[ff].append((value - a0 - end * a1) / end**2)
        return result

    def evaluate(wc_obj: Any, par: Mapping[str, float], q2: np.ndarray) -> dict[str, np.ndarray]:
        # F(q²) = sum_k a_k [z(q²) - z(0)]^k / (1 - q²/m_R²), arXiv:1503.05534 Eq. (14)
        m_B, m_M = (par[name] for name in process.masses)
        dz = _z(q2, m_B, m_M) - _z(0.0, m_B, m_M)
        poles = {name: 1 - q2 / par[name] ** 2 for name in set(pole_names.values())}
        result = {}
        for ff, (a0, a1, a2) in coefficients(par, m_B, m_M).items():
            pole = pole_names[ff]
            result[ff] = (a0 + dz * (a1 + dz * a2)) / poles[pole]
        return result

    return evaluate


_BARYON, _CHARMED = "Lambdab->Lambda", "Lambdac->p"


def _baryon_poles(
    m1_minus: float, m1_plus: float, m0_plus: float, m0_minus: float
) -> dict[str, float]:
    """Masses of the resonances (GeV) of every form factor by their spin and parity."""
    return {
        **dict.fromkeys(("fV0", "fVperp", "fT0", "fTperp"), m1_minus),
        **dict.fromkeys(("fA0", "fAperp", "fT50", "fT5perp"), m1_plus),
        "fVt": m0_plus,
        "fAt": m0_minus,
    }


_BARYON_POLES = {
    _BARYON: _baryon_poles(5.416, 5.750, 5.711, 5.367),  # arXiv:1602.01399
    _CHARMED: _baryon_poles(2.010, 2.423, 2.351, 1.870),  # arXiv:1712.05783
}
# masses whose sum is √t_+ and whose difference is √t_0 (arXiv:1602.01399 Eq. (34)): parameters, as
# flavio has them, or GeV: D and π, Λ_c and n of arXiv:1712.05783
_BARYON_THRESHOLDS: dict[str, tuple[str | float, ...]] = {
    _BARYON: ("m_B+", "m_K+", "m_Lambdab", "m_Lambda"),
    _CHARMED: (1.870, 0.135, 2.28646, 0.939565),
}
# relations at the endpoint, arXiv:1602.01399 Eqs. (7) and (8)
_BARYON_A0 = {"fAperp": "fA0", "fT5perp": "fT50"}


def _detmold_meinel(
    process: str, fit: str
) -> Callable[[Any, Mapping[str, float], np.ndarray], dict[str, np.ndarray]]:
    """Helicity form factors of a baryon, F(q²) = sum_k a_k z(q²)^k / (1 - q²/m_R²).

    ``fit`` names the coefficients. ``DM``: those of the nominal fit, which has two terms; the third
    has an uncertainty alone. ``SSE``: flavio's, of the higher-order fit with three terms, of which
    flavio 2.7.1 evaluates the first two; at q² = 0 this is wrong by up to a factor of four.
    ``Meinel``: those of the nominal fit with three terms.
    """
    prefix, poles = f"{process} {fit}", _BARYON_POLES[process]
    names = {
        ff: [f"{prefix} a0_{_BARYON_A0.get(ff, ff)}", f"{prefix} a1_{ff}", f"{prefix} a2_{ff}"]
        for ff in poles
    }
    thresholds = _BARYON_THRESHOLDS[process]

    def evaluate(wc_obj: Any, par: Mapping[str, float], q2: np.ndarray) -> dict[str, np.ndarray]:
        m_P, m_Q, m_B, m_L = (par[m] if isinstance(m, str) else m for m in thresholds)
        t_plus = (m_P + m_Q) ** 2
        root, root0 = np.sqrt(t_plus - q2), np.sqrt(t_plus - (m_B - m_L) ** 2)
        z = (root - root0) / (root + root0)
        result = {}
        for ff, pole in poles.items():
            a0, a1, a2 = (par[name] for name in names[ff])
            result[ff] = (a0 + z * (a1 + z * a2)) / (1 - q2 / pole**2)
        return result

    return evaluate


_LMVD = "B->pi BCL"


def _lmvd(wc_obj: Any, par: Mapping[str, float], q2: np.ndarray) -> dict[str, np.ndarray]:
    """B -> pi, BCL parametrisation of arXiv:2102.07233.

    F(q²) = F(0) (1 + sum_k b_k [ζ_k(q²) - ζ_k(0)]) / (1 - q²/m_R²) with
    ζ_k = z^k - (-1)^(k-n) z^n k/n for f+ and fT, z^k for f0.
    """
    m_B, m_P = par[f"{_LMVD} LMVD m_B+"], par[f"{_LMVD} LMVD m_pi0"]
    z, z0 = _z(q2, m_B, m_P), _z(0.0, m_B, m_P)
    result = {}
    for ff, at_zero, pole in (("f+", "f+", "m+"), ("fT", "fT", "m+"), ("f0", "f+", "m0")):
        letter, value = ff[1:], np.ones_like(q2)
        order = 5 if ff == "f0" else 4
        for k in range(1, order):
            b = par[f"{_LMVD} b_{letter}^{k}"]
            tail = 0.0 if ff == "f0" else (-1.0) ** (k - 4) * k / 4 * (z**4 - z0**4)
            value = value + b * (z**k - z0**k - tail)
        f_0 = par[f"{_LMVD} f_{at_zero[1:]}(0)"]
        result[ff] = f_0 * value / (1 - q2 / par[f"{_LMVD} LMVD {pole}"] ** 2)
    return result


def _dispersive(wc_obj: Any, par: Mapping[str, float], q2: np.ndarray) -> dict[str, np.ndarray]:
    """K -> pi.

    arXiv:1005.2323 Eqs. (33), (37) with arXiv:0903.1654 App. A for f0 and f+, and arXiv:1108.1021
    Eq. (4) for fT.
    """
    p = {name: par[f"K->pi {name}"] for name in ("f+(0)", "ln(C)", "Lambda_+", "fT(0)", "sT")}
    D, d, k, H1, H2 = (par[f"K->pi {name}"] for name in ("D", "d", "k", "H1", "H2"))
    m_K, m_pi = par["m_KL"], par["m_pi+"]
    x = q2 / (m_K - m_pi) ** 2
    G = x * D + (1 - x) * d + x * (1 - x) * k
    H = H1 * x + H2 * x**2
    return {
        "f+": p["f+(0)"] * np.exp(q2 / m_pi**2 * (p["Lambda_+"] + H)),
        "f0": p["f+(0)"] * np.exp(q2 / (m_K**2 - m_pi**2) * (p["ln(C)"] - G)),
        "fT": p["fT(0)"] / (1 - p["sT"] * q2),
    }


def _as_flavio(
    process: str,
) -> Callable[[Any, Mapping[str, float], np.ndarray], dict[str, np.ndarray]]:
    """Stock flavio's form factors, one q² at a time."""

    def evaluate(wc_obj: Any, par: Mapping[str, float], q2: np.ndarray) -> dict[str, np.ndarray]:
        quantity = flavio.classes.AuxiliaryQuantity[f"{process} form factor"]
        values = [quantity.prediction(par_dict=par, wc_obj=None, q2=x) for x in q2.flat]
        return {ff: np.array([v[ff] for v in values]).reshape(q2.shape) for ff in values[0]}

    return evaluate


def _quantity(process: str) -> str:
    return f"{process} invisible form factor"


def implementation(process: str) -> str:
    """The configured implementation."""
    return str(flavio.config["implementation"][_quantity(process)])


# keys of `citations.cite` for the parametrisations, and for those of stock flavio, which notes them
# when it evaluates them, but not for results that are remembered
_PAPERS = {
    "GRvDV": ("Gubernari:2023puw",),
    "GKvD": ("Gubernari:2018wyi",),
    "lattice": ("FermilabLattice:2021cdg", "Harrison:2023dzh", "Aoki:2023qpa"),
    "DM": ("Detmold:2016pkz",),
    "SSE": ("Detmold:2016pkz",),
    "Meinel": ("arXiv:1712.05783",),
    "LMVD": ("Leljak:2021vte",),
    "dispersive": ("Bernard:2009zm", "Antonelli:2010yf", "arXiv:1108.1021"),
    "BCL4-LMVD": ("Leljak:2021vte",),
    "BCL": ("Bourrely:2008za",),
    "CLN": ("Caprini:1997mu",),
}
_BSZ_PAPERS = {
    "B->K": ("Gubernari:2018wyi", "Gubernari:2023puw"),
    **dict.fromkeys(("D->pi", "D->K"), ("Gubernari:2018wyi", "Lubicz:2017syv", "Lubicz:2018rfs")),
    **dict.fromkeys(("B->D", "B->pi"), ("Gubernari:2018wyi",)),
}


@lru_cache(maxsize=256)
def _papers(process: str, chosen: str, flavios: str) -> tuple[str, ...]:
    label = flavios if chosen == f"{process} as flavio" else chosen
    kind = label.removeprefix(f"{process} ")
    if kind.startswith("BSZ"):
        return _BSZ_PAPERS.get(process, ("Straub:2015ica",))
    return next((keys for name, keys in _PAPERS.items() if kind.startswith(name)), ())


def papers(process: str) -> tuple[str, ...]:
    """Papers of the form factors in force, keys of `citations.cite`; none for those of users."""
    flavios = flavio.config["implementation"].get(f"{process} form factor", "")
    return _papers(process, implementation(process), flavios)


def form_factors(process: str, par: Mapping[str, float], q2: np.ndarray) -> dict[str, np.ndarray]:
    """Form factors of ``process`` at ``q2`` (GeV², array), by name."""
    quantity = flavio.classes.AuxiliaryQuantity[_quantity(process)]
    return quantity.prediction(par_dict=par, wc_obj=None, q2=q2)


def register() -> None:
    """Add the quantities and implementations to flavio; choose the defaults where nothing is."""
    choices = {
        name: [
            (
                f"{name} {process.fit}",
                _bsz(process),
                f"BSZ parametrisation, {_FITS[process.fit]}",
            )
        ]
        for name, process in PROCESSES.items()
    }
    lattice = f"BSZ parametrisation, {_FITS[_DSTAR_LATTICE.fit]}"
    choices["B->D*"].append(("B->D* lattice", _bsz(_DSTAR_LATTICE), lattice))
    source = "arXiv:1602.01399, lattice"
    choices[_BARYON] = [
        (f"{_BARYON} DM", _detmold_meinel(_BARYON, "DM"), f"{source}, nominal fit"),
        (
            f"{_BARYON} DM higher order",
            _detmold_meinel(_BARYON, "SSE"),
            f"{source}, higher-order fit: all three terms of flavio's parameters",
        ),
    ]
    choices[_CHARMED] = [
        (
            f"{_CHARMED} Meinel",
            _detmold_meinel(_CHARMED, "Meinel"),
            "arXiv:1712.05783, lattice, nominal fit",
        )
    ]
    choices["B->pi"] = [("B->pi LMVD", _lmvd, "BCL parametrisation, arXiv:2102.07233")]
    choices["K->pi"] = [
        (
            "K->pi dispersive",
            _dispersive,
            "dispersive f+ and f0 (hep-ph/0603202), pole fT (arXiv:1108.1021)",
        )
    ]
    for name, own in choices.items():
        if _quantity(name) in flavio.classes.AuxiliaryQuantity.instances:
            continue
        quantity = flavio.classes.AuxiliaryQuantity(_quantity(name), arguments=["q2"])
        quantity.set_description(f"Form factors of {name} for final states with missing energy")
        flavios = [(f"{name} as flavio", _as_flavio(name), f"flavio's own {name} form factors")]
        if f"{name} form factor" not in flavio.classes.AuxiliaryQuantity.instances:
            flavios = []
        for label, function, description in (*own, *flavios):
            choice = flavio.classes.Implementation(label, _quantity(name), function)
            choice.set_description(description)
        settings.choose(_quantity(name), own[0][0])
