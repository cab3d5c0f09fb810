"""Form factors of B -> D* from three lattice calculations: `B->D* lattice` in data/parameters.yml.

``python tests/bdstar_lattice.py`` fits them, prints the parameters as they are in
data/parameters.yml and writes data/bdstar-lattice.md. The inputs are form factors at a few q² with
their covariances, of FNAL/MILC (arXiv:2105.14019), HPQCD (arXiv:2304.03137) and JLQCD
(arXiv:2306.05657), as EOS 1.0.21 ships them (``pip install eoshep==1.0.21``); the three are taken
as independent. What is fitted are the coefficients of

    F(q²) = sum_k a_k [z(q²) - z(0)]^k / (1 - q²/m_R²),

arXiv:1503.05534 Eqs. (14) and (15). Four of them follow from others by relations that are exact: a0
of A12 and T2 from that of A0 and T1 at q² = 0, Eq. (16), the last one of A12 and T23 from A1 and T2
at maximal q², where a D* at rest has no preferred direction. The fit is linear; there is no prior
and no dispersive bound.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import yaml
from scipy.linalg import block_diag
from scipy.stats import chi2

TABLE = Path(__file__).parents[1] / "data" / "bdstar-lattice.md"
FILE = "constraints/theoretical/B-to-V-form-factors.yaml"
CONSTRAINTS = {
    "FNAL/MILC": "B->D^*::FormFactors@FNAL+MILC:2021A",
    "HPQCD": "B->D^*::FormFactors@HPQCD:2023A",
    "JLQCD": "B->D^*::FormFactors@JLQCD:2023A",
}
ALL = tuple(CONSTRAINTS)
# in the abstracts: R(D*), and F_L of B -> D* tau nu; all: arXiv:2310.03680
PUBLISHED = {
    "FNAL/MILC": {"R": (0.265, 0.013)},
    "HPQCD": {"R": (0.273, 0.015), "F_L": (0.395, 0.024)},
    "JLQCD": {"R": (0.252, 0.022)},
    "all": {"R": (0.266, 0.009)},
}

# GeV, flavio 2.7.1
M_B, M_V, M_TAU, M_MU = 5.27966, 2.01026, 1.77686, 0.1056583745
POLES = {
    "A0": 6.275,
    **dict.fromkeys(("V", "T1"), 6.330),
    **dict.fromkeys(("A1", "A12", "T2", "T23"), 6.767),
}
G_F = 1.1663787e-5  # GeV^-2
LIFETIME = 1.519e-12 / 6.582119569e-25  # of the B0, GeV^-1
T_PLUS, T_MINUS = (M_B + M_V) ** 2, (M_B - M_V) ** 2
_ROOT0 = np.sqrt(T_PLUS * np.sqrt(1 - T_MINUS / T_PLUS))  # sqrt(t+ - t0)
# form factor: the other one, and the ratio
AT_ZERO = {"A12": ("A0", (M_B**2 - M_V**2) / (8 * M_B * M_V)), "T2": ("T1", 1.0)}
AT_END = {
    "A12": ("A1", (M_B**2 - M_V**2) / (8 * M_B * M_V)),
    "T23": ("T2", (M_B + M_V) ** 2 / (4 * M_B * M_V)),
}


def _z(q2):
    root = np.sqrt(T_PLUS - q2)
    return (root - _ROOT0) / (root + _ROOT0)


def _dz(q2):
    return _z(q2) - _z(0.0)


@cache
def names(terms=3):
    """Of the coefficients that are fitted."""
    return [
        f"a{k}_{ff}"
        for ff in POLES
        for k in range(terms)
        if not (k == 0 and ff in AT_ZERO) and not (k == terms - 1 and ff in AT_END)
    ]


@cache
def _coefficient(ff, k, terms):
    """As a row: the coefficient in terms of those that are fitted."""
    free = names(terms)
    if f"a{k}_{ff}" in free:
        return np.eye(len(free))[free.index(f"a{k}_{ff}")]
    if k == 0:
        other, ratio = AT_ZERO[ff]
        return ratio * _coefficient(other, 0, terms)
    other, ratio = AT_END[ff]
    end = _dz(T_MINUS)
    numerator = ratio * sum(_coefficient(other, j, terms) * end**j for j in range(terms))
    numerator = numerator - sum(_coefficient(ff, j, terms) * end**j for j in range(k))
    return numerator / end**k


def rows(ff, q2, terms=3):
    """The form factor at q² (array) is this matrix times the coefficients that are fitted."""
    q2 = np.asarray(q2)
    series = sum(np.multiply.outer(_dz(q2) ** k, _coefficient(ff, k, terms)) for k in range(terms))
    return series / (1 - q2[..., None] / POLES[ff] ** 2)


def inputs(collaborations=ALL):
    """Form factors and q² (GeV²) of the points, their values and covariance."""
    (folder,) = find_spec("_eos_data").submodule_search_locations
    text = (Path(folder) / FILE).read_text(encoding="utf-8")
    # those of other transitions are left out: reading all takes long
    found = [_constraint(text, CONSTRAINTS[name]) for name in collaborations]
    points = [
        (observable.split("::")[1].split("(")[0].replace("_", ""), kinematics["q2"])
        for c in found
        for observable, kinematics in zip(c["observables"], c["kinematics"], strict=True)
    ]
    values = np.concatenate([c["means"] for c in found])
    return points, values, block_diag(*(c["covariance"] for c in found))


def _constraint(text, name):
    lines = text.split(f"\n{name}:\n")[1].split("\n")
    end = next(i for i, line in enumerate(lines) if line and not line[0].isspace())
    return yaml.safe_load("\n".join(lines[:end]))


def fit(collaborations=ALL, terms=3, tensors=True):
    """Coefficients, their covariance, χ² and degrees of freedom.

    Coefficients of the tensor form factors, which HPQCD alone has, are 0 without error where there
    are no data, or without ``tensors``.
    """
    points, values, covariance = inputs(collaborations)
    keep = [i for i, (ff, _) in enumerate(points) if tensors or ff[0] != "T"]
    points, values, covariance = (
        [points[i] for i in keep],
        values[keep],
        covariance[np.ix_(keep, keep)],
    )
    matrix = np.array([rows(ff, q2, terms) for ff, q2 in points])
    fitted = np.flatnonzero(np.abs(matrix).sum(axis=0))
    inverse = np.linalg.inv((covariance + covariance.T) / 2)
    errors = np.linalg.inv(matrix[:, fitted].T @ inverse @ matrix[:, fitted])
    result, result_errors = np.zeros(matrix.shape[1]), np.zeros(2 * (matrix.shape[1],))
    result[fitted] = errors @ matrix[:, fitted].T @ inverse @ values
    result_errors[np.ix_(fitted, fitted)] = errors
    residuals = values - matrix @ result
    return result, result_errors, residuals @ inverse @ residuals, len(values) - len(fitted)


def observables(coefficients, terms=3):
    """Of B0 -> D*+ l nu in the SM: R(D*) (τ over μ), F_L (τ), BR (μ) for V_cb = 1.

    Helicity amplitudes, e.g. arXiv:1309.0301 App. B, written with A12.
    """
    result = {m: _rates(np.asarray(coefficients), m, terms) for m in (M_TAU, M_MU)}
    (tau, tau_long), (mu, _) = result[M_TAU], result[M_MU]
    return {"R": tau / mu, "F_L": tau_long / tau, "BR": mu * LIFETIME}


def _rates(coefficients, mass, terms):
    x, weights = np.polynomial.legendre.leggauss(60)
    # smooth at both ends: a square root at maximal q², the scale m² at the other
    u, extent = (x + 1) / 2, np.log(T_MINUS / mass**2)
    q2 = T_MINUS * np.exp(-extent * u**2)
    V, A0, A1, A12 = (rows(ff, q2, terms) @ coefficients for ff in ("V", "A0", "A1", "A12"))
    p = np.sqrt((T_PLUS - q2) * (T_MINUS - q2)) / (2 * M_B)
    transverse = 2 * (((M_B + M_V) * A1) ** 2 + (2 * M_B * p * V / (M_B + M_V)) ** 2)
    longitudinal = (8 * M_B * M_V * A12) ** 2 / q2
    timelike = (2 * M_B * p * A0) ** 2 / q2
    factor = G_F**2 * p * q2 / (96 * np.pi**3 * M_B**2) * (1 - mass**2 / q2) ** 2
    spin = 1 + mass**2 / (2 * q2)
    long = factor * (longitudinal * spin + 1.5 * mass**2 / q2 * timelike)
    measure = weights * extent * u * q2
    return measure @ (long + factor * transverse * spin), measure @ long


def with_errors(coefficients, covariance, terms=3):
    """The observables with errors, from derivatives."""
    central, result = observables(coefficients, terms), {}
    values, vectors = np.linalg.eigh(covariance)
    steps = (vectors * np.sqrt(np.clip(values, 0, None))).T
    shifts = [
        (observables(coefficients + s / 2, terms), observables(coefficients - s / 2, terms))
        for s in steps
    ]
    for name, value in central.items():
        result[name] = value, np.sqrt(sum((up[name] - down[name]) ** 2 for up, down in shifts))
    return result


def group():
    """The parameters as in data/parameters.yml."""
    coefficients, covariance, *_ = fit()
    return {
        "parameters": [f"B->D* lattice {name}" for name in names()],
        "values": {
            "distribution": "multivariate_normal",
            "central_value": [float(f"{x:.10g}") for x in coefficients],
            "covariance": [[float(f"{x:.10g}") for x in line] for line in covariance],
        },
    }


def _line(label, collaborations, terms=3, tensors=True):
    coefficients, covariance, minimum, dof = fit(collaborations, terms, tensors)
    found = with_errors(coefficients, covariance, terms)
    R, F_L, BR = (
        f"{value:.{digits}f} ± {error:.{digits}f}"
        for (value, error), digits in zip(found.values(), (3, 3, 1), strict=True)
    )
    probability = chi2.sf(minimum, dof)
    published = PUBLISHED.get(label, {})
    theirs = ", ".join(f"{k} {value:.3f} ± {error:.3f}" for k, (value, error) in published.items())
    return f"| {label} | {minimum:.1f}/{dof} | {probability:.2f} | {R} | {F_L} | {BR} | {theirs} |"


def table():
    """The text of data/bdstar-lattice.md."""
    lines = [
        "# B → D* form factors from the lattice: the fits",
        "",
        "Fits as in `tests/bdstar_lattice.py`, which writes this table: R(D*) (τ over μ), F_L of",
        "B⁰ → D*⁺τν, and the branching ratio of B⁰ → D*⁺μν over |V_cb|², in the SM without",
        "electroweak corrections, with the errors of the form factors. The first line is `B->D*",
        "lattice`. Published: in the abstracts; for all three, arXiv:2310.03680.",
        "",
        "| input | χ²/dof | p | R(D*) | F_L | BR/V_cb² | published |",
        "|---|---|---|---|---|---|---|",
        _line("all", ALL),
        *(_line(name, (name,)) for name in ALL),
        *(_line(f"without {name}", tuple(c for c in ALL if c != name)) for name in ALL),
        _line("all, two terms of the series", ALL, terms=2),
        _line("all, four terms, without tensors", ALL, terms=4, tensors=False),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
    print(yaml.safe_dump([group()], width=10**6, sort_keys=False, default_flow_style=None))
