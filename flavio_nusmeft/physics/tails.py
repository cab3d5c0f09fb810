"""pp -> l + inv at 13 TeV: the rate in a bin of the transverse mass over that of the SM.

The active neutrinos are flavio's R_13(pp -> l nu), arXiv:2212.10497. N add

    Σ_N Σ_ij ∫ dτ 2 [L(u_i, d̄_j) + L(d_j, ū_i)] Σ_k |C_k,ij(N)|² σ̂_k(τ S) / the same of the SM

with flavio's parton luminosities, the cross sections of `formulas.tails`, exact in m_N, and the
couplings of `tail_couplings` at flavio's scale of the bin, (mTmin + mTmax)/2; all at leading order.

The amplitude of the W is flavio's, F = g²/2/(ŝ - m_W² + i m_W Γ_W) with e²/s_W² times 0.9608 for g²
(its running to 1 TeV), for N too: phine has F times v²/2 phine, that is as many events per event of
the SM as in W -> l N, and nW has √8 v/g |F| times nW.

The parton distributions, flavio.config['PDF set']['dileptons'], are installed by the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import flavio
import numpy as np
from flavio.physics.dileptons import partondist, pplnu

from ..errors import MissingRecord
from ..formulas.tails import DIPOLE, SCALAR, TENSOR, VECTOR, lowest, parton_level
from .cache import ParameterCache
from .channels import CouplingSet
from .charged_couplings import has_coefficients
from .mixing import rotation
from .rates import Form, Rate, Stock
from .tail_couplings import KINDS, N_UP

__all__ = ["ENERGY", "counted_twice", "rate", "stock"]

#: of the two protons, GeV
ENERGY = 13000.0
_S = ENERGY**2
_ROWS = [SCALAR, SCALAR, TENSOR, VECTOR, VECTOR, DIPOLE, VECTOR]  # of KINDS
_INDICES = tuple(range(len(KINDS) * N_UP * 3))
_UP, _DOWN = (2, 4), (1, 3, 5)  # numbers of the quarks in distributions
_PANELS, _NODES = 24, 10
_WIDTHS = np.array([-100.0, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100])  # of panels around the W

Pairs = tuple[tuple[float, float], ...]


def _member(par: Mapping[str, float]) -> int:
    return int(par[flavio.config["PDF set"]["dileptons"]["members par"]])


def _check_installed(par: Mapping[str, float]) -> None:
    """Check that there are parton distributions.

    Raises
    ------
    MissingRecord
    """
    name, member = flavio.config["PDF set"]["dileptons"]["name"], _member(par)
    try:
        partondist.get_pdf(name, member)
    except Exception as error:
        if type(error) is not Exception:  # flavio's is of no kind of its own
            raise
        what = f"the PDF set {name}"
        if "member" in str(error):
            raise MissingRecord(f"{what} has no member {member}: set '{_parameter()}'") from None
        raise MissingRecord(
            f"pp -> l + inv needs {what}: python -m parton update &&"
            f" python -m parton install {name}"
        ) from None


def _parameter() -> str:
    return str(flavio.config["PDF set"]["dileptons"]["members par"])


def _luminosity(par: Mapping[str, float], Q2: float) -> Any:
    """flavio's, which it keeps without a look at the name of the set."""
    _check_installed(par)
    found = partondist.get_parton_lumi(Q2=Q2, member=_member(par))
    if found.pdf.name != flavio.config["PDF set"]["dileptons"]["name"]:
        partondist.get_parton_lumi.cache_clear()
        found = partondist.get_parton_lumi(Q2=Q2, member=_member(par))
    return found


def _nodes(par: Mapping[str, float], start: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights in τ from ``start`` to 1, where rates start as √(τ - start).

    In y, τ = start exp(y²), and in panels that become narrow at the W.
    """
    end = np.sqrt(-np.log(start))
    edges = np.linspace(0.0, end, _PANELS + 1)
    m_W, width = par["m_W"], 1 / par["tau_W"]
    w = np.log(m_W**2 / (_S * start)) + _WIDTHS * width / m_W
    edges = np.unique(np.concatenate([edges, np.sqrt(w[(w > 0) & (w < end**2)])]))
    x, weights = np.polynomial.legendre.leggauss(_NODES)
    half = np.diff(edges)[:, None] / 2
    y = (edges[:-1, None] + half * (1 + x)).ravel()
    tau = start * np.exp(y**2)
    return tau, (half * weights).ravel() * 2 * y * tau


def _above(par: Mapping[str, float], plumi: Any, m_T: float, m: float) -> np.ndarray:
    """Cross sections above a transverse mass, shape (kinds, 2, 3); the SM is that of ``W``."""
    start = lowest(m_T, m) / _S
    if start >= 1:
        return np.zeros((len(KINDS), N_UP, 3))
    tau, weights = _nodes(par, start)
    luminosity = 2 * np.array(
        [[plumi.L(u, -d, tau) + plumi.L(d, -u, tau) for d in _DOWN] for u in _UP]
    )
    s = tau * _S
    partonic = parton_level(s, m_T, m)[_ROWS]
    F = abs(pplnu.F_qqlnu_SM(s, par))
    g2 = 2 * abs(pplnu.F_qqlnu_SM(par["m_W"] ** 2, par)) * par["m_W"] / par["tau_W"]
    for kind in ("W", "mixing"):
        partonic[KINDS.index(kind)] *= F**2
    partonic[KINDS.index("dipole")] *= 8 / g2 * F**2
    return np.asarray(np.einsum("kn,udn,n->kud", partonic, luminosity, weights))


def _cross_sections(par: Mapping[str, float], low: float, high: float, m: float) -> np.ndarray:
    plumi = _luminosity(par, ((low + high) / 2) ** 2)
    return _above(par, plumi, low, m) - _above(par, plumi, high, m)


def _forms(
    par: Mapping[str, float], kind: tuple[()], low: float, high: float, pairs: Pairs
) -> tuple[np.ndarray, ...]:
    """Cross sections over that of the SM, shape (pairs of masses, kinds × pairs of quarks)."""
    V = abs(flavio.physics.ckm.get_ckm(par)[:N_UP]) ** 2
    standard = np.sum(V * _cross_sections(par, low, high, 0.0)[KINDS.index("W")])
    sections = [_cross_sections(par, low, high, m).ravel() for _, m in pairs]
    return (np.array(sections) / standard,)


_cached_forms = ParameterCache(_forms)


def rate(lepton: str, low: float, high: float) -> Rate:
    """pp -> l N over pp -> l ν of the SM, the sum over N; with mixing, active neutrinos as well.

    Parameters
    ----------
    lepton : e or mu
    low, high : transverse masses, GeV
    """
    couplings = CouplingSet("pp", lepton, (low + high) / 2)
    return Rate(couplings, Form(_cached_forms, (), (low, high)), (_INDICES, _INDICES))


def _counted_twice(wc_obj: Any, par: Mapping[str, float]) -> float:
    return 0.0 if rotation(par) is None else -1.0


def counted_twice() -> Stock:
    """What is in flavio's ratio and in `rate`: -1, and 0 without mixing."""
    return Stock(_counted_twice)


def _active(lepton: str, low: float, high: float, wc_obj: Any, par: Mapping[str, float]) -> float:
    """flavio's ratio, which is 1 in the SM."""
    if not has_coefficients(wc_obj):
        _check_installed(par)
        return 1.0
    _luminosity(par, ((low + high) / 2) ** 2)  # flavio's are now those of this set
    return float(pplnu.R_sigma_qqlnu_int(_S, low, high, lepton, wc_obj, par))


@lru_cache(maxsize=4096)
def stock(lepton: str, low: float, high: float) -> Stock:
    """flavio's R_13(pp -> l nu), with arguments as in `rate`."""
    return Stock(partial(_active, lepton, low, high))
