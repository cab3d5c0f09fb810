"""Published numbers from Belle II's likelihood, and ours: the table data/belle2-claims.md.

``python tests/belle2_claims.py FOLDER`` writes the table, with the record in the folder.
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path

import flavio
import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import brentq, minimize_scalar

from flavio_nusmeft import NuWilson, alternatives, compare
from flavio_nusmeft.belle2 import Belle2Likelihood, record
from flavio_nusmeft.belle2.model import Model

TABLE = Path(__file__).parents[1] / "data" / "belle2-claims.md"
RESONANCE = {"BR": (0.0, 4e-5), "m_X": (0.0, 4.7)}
_BOX, _FINE = 20.0, 160  # of the couplings, and cells in which their posterior is summed

_HEAD = """\
# What is published of Belle II's likelihood, and what this package gives

The third column is written by `python tests/belle2_claims.py FOLDER`, with the record in the
folder, and computed again by `tests/physics/test_belle2_claims.py` where the record is. Published
posteriors have nuisance parameters marginalised; here these are at their maximum.

| claim | published | this package | remark |
|---|---|---|---|
"""


@cache
def _published(folder):
    """The model as published, with Belle II's own form-factor parameters."""
    workspace = record.read(folder).workspace
    return Model(workspace["channels"], workspace["observations"], "mu")


@cache
def _likelihood(folder):
    return Belle2Likelihood(folder)


def densities(folder):
    model = _published(folder)
    alpha, gamma = np.zeros(len(model.parameters)), np.ones(model.size)
    found = [model.log_density(alpha, gamma, np.full(18, mu))[0] for mu in (0.5, 1.0, 1.5)]
    return ", ".join(f"{value:.8f}" for value in found)


def _strength(folder):
    model = _published(folder)

    def minus(mu):
        return -2 * model.profile(np.full(18, mu)).log_likelihood

    fit = minimize_scalar(minus, bounds=(0, 20), method="bounded", options={"xatol": 1e-5})
    return minus, fit


def strength(folder):
    minus, fit = _strength(folder)
    up = brentq(lambda mu: minus(mu) - fit.fun - 1, fit.x, 12)
    down = brentq(lambda mu: minus(mu) - fit.fun - 1, 0, fit.x)
    return f"{fit.x:.2f} ± {(up - down) / 2:.2f}"


def significance(folder):
    minus, fit = _strength(folder)
    return "{:.2f}σ, {:.2f}σ".format(*(np.sqrt(minus(mu) - fit.fun) for mu in (1, 0)))


def components(b2, par):
    """Spectra for |C_VL + C_VR| = 1, |C_SL + C_SR| = 1 and |C_TL| = 1 of arXiv:2507.12393.

    H = N sum_i C_i O_i for three massless neutrinos; for one pair of different neutrinos the same
    scalar or tensor rate needs the coefficient √6 N, see the comparison with EOS.
    """
    alpha = flavio.physics.running.running.get_alpha(par, 4.8)["alpha_e"]
    xi_t = flavio.physics.ckm.xi("t", "bs")(par)
    N = abs(4 * par["GF"] / np.sqrt(2) * xi_t * alpha / (2 * np.pi))
    sm = b2.spectrum(par, None)
    found = [sm / abs(flavio.physics.bdecays.wilsoncoefficients.CL_SM(par, 4.8)) ** 2]
    for name in ("SnudLL_2432", "TnudLL_2432"):
        wc = NuWilson({name: np.sqrt(6) * N}, 4.8, "nuWET", "JMS")
        found.append(b2.spectrum(par, wc) - sm)
    return found


@cache
def _posterior(folder):
    """Middles of cells of the three couplings, and the posterior in them, flat priors."""
    b2 = _likelihood(folder)
    spectra = components(b2, flavio.default_parameters.get_central_all())
    axes = [np.linspace(0, _BOX, n) for n in (17, 13, 13)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = b2.log_likelihoods([point**2 @ spectra for point in grid.reshape(-1, 3)])
    function = RegularGridInterpolator(axes, values.reshape(grid.shape[:3]), method="cubic")
    x = (np.arange(_FINE) + 0.5) * _BOX / _FINE
    fine = np.stack(np.meshgrid(x, x, x, indexing="ij"), axis=-1)
    height = function(fine.reshape(-1, 3)).reshape(fine.shape[:3])
    return x, np.exp(height - height.max())


def mode(folder):
    x, density = _posterior(folder)
    return ", ".join(f"{x[k]:.1f}" for k in np.unravel_index(density.argmax(), density.shape))


def couplings(folder):
    """95% intervals of highest density, each from its first to its last cell."""
    x, density = _posterior(folder)
    parts = []
    for axis in range(3):
        marginal = density.sum(axis=tuple({0, 1, 2} - {axis}))
        marginal = marginal / marginal.sum()
        order = np.argsort(-marginal)
        inside = np.sort(order[: np.searchsorted(np.cumsum(marginal[order]), 0.95) + 1])
        half = _BOX / _FINE / 2
        parts.append(f"[{x[inside[0]] - half:.1f}, {x[inside[-1]] + half:.1f}]")
    return ", ".join(parts)


def resonance(folder):
    b2 = _likelihood(folder)
    function = b2.function(alternatives.resonance, ["BR", "m_X"], fixed={"width": 0.1})
    points = {"SM": (function, {"BR": 0, "m_X": 2}), "resonance": (function, RESONANCE)}
    found = compare(points, progress=False)["resonance"]
    values = found.values
    return f"{values['m_X']:.2f} GeV, {values['BR'] * 1e6:.1f}e-6, {found.significance:.1f}σ"


CLAIMS = {
    densities: (
        "ln of the density at the initial parameters, μ = 0.5, 1, 1.5, of the record:"
        " -136.72476541, -127.21182489, -118.74875704",
        "the model of the record, without pyhf",
    ),
    strength: ("μ = 4.6 ± 1.3 (arXiv:2311.14647)", "in units of the SM spectrum of the simulation"),
    significance: (
        "2.7σ above the SM, 3.5σ above no signal (arXiv:2311.14647)",
        "√(2Δ ln L) of the same μ",
    ),
    mode: (
        "\\|C_VL + C_VR\\|, \\|C_SL + C_SR\\|, \\|C_TL\\| = 11.3, 0.00, 8.21 at the mode"
        " (arXiv:2507.12393)",
        "massless neutrinos, flat priors from 0 to 20; form factors at flavio's central values,"
        " with a SM rate that differs by 3%",
    ),
    couplings: (
        "[1.86, 16.2], [0.00, 15.4], [0.00, 11.2] at 95% (arXiv:2507.12393)",
        "of the same posterior",
    ),
    resonance: (
        "2.1 +0.2 −0.1 GeV, BR = 9.2 +1.8 −3.4 e-6, 3.0σ (arXiv:2602.09666)",
        "maximum, width 0.1 GeV; significance for two degrees of freedom",
    ),
}


def write(folder):
    rows = [
        f"| `{function.__name__}` | {published} | {function(folder)} | {remark} |"
        for function, (published, remark) in CLAIMS.items()
    ]
    TABLE.write_text(_HEAD + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)
