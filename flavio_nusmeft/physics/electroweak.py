"""N in decays of Z, W and h: what their widths of nuSMEFT add to those of flavio.

Coefficients of Warsaw at flavio's scales of these decays (``zdecays``, ``wdecays``, ``hdecays`` in
``flavio.config["renormalization scale"]``), widths of `formulas.electroweak` at tree level,
v = (√2 G_F)^-½, s_W² as in `eft.matching.sine_squared`. N do not mix; an N that is heavier than
what decays does not count. Without coefficients of N, as of SMEFT, the widths are 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import flavio
import numpy as np

from ..eft.flavour import Arrays, to_arrays
from ..eft.matching import sine_squared
from ..eft.objects import promote
from ..eft.operators import N_ACTIVE, WARSAW
from ..eft.wilson import NuWilson
from ..formulas.electroweak import h_to_nu_n, w_to_lepton_n, z_to_nn, z_to_nu_n
from .channels import neutrino_masses
from .charged_couplings import has_coefficients
from .modes import CHARGED_LEPTONS

__all__ = ["h_width", "w_width", "z_width"]


def _coefficients(
    wc_obj: flavio.WilsonCoefficients | None,
    par: Mapping[str, float],
    decay: str,
    classes: tuple[str, ...],
) -> Arrays:
    """Arrays (flavour, flavour) of some classes at the scale of a decay, GeV^-2."""
    arrays: Arrays = {name: np.zeros(WARSAW[name].shape, dtype=complex) for name in classes}
    if has_coefficients(wc_obj):
        wc_obj = promote(wc_obj)
        if isinstance(wc_obj, NuWilson):
            scale = flavio.config["renormalization scale"][decay]
            values = wc_obj.sterile_high(scale, par)
            wanted = {k: v for k, v in values.items() if k.partition("_")[0] in classes}
            arrays |= to_arrays(wanted, WARSAW)
    return arrays


def _v(par: Mapping[str, float]) -> float:
    return float((np.sqrt(2) * par["GF"]) ** -0.5)


def _masses(par: Mapping[str, float]) -> np.ndarray:
    return np.array(neutrino_masses(par)[N_ACTIVE:])


def z_width(wc_obj: flavio.WilsonCoefficients | None, par: Mapping[str, float]) -> float:
    """Γ(Z -> N N) + Γ(Z -> ν N), GeV, the sum over all N and flavours.

    flavio's ``Gamma(Z->nunu)`` is a third of the sum over flavours, so a third of this adds to it.

    Parameters
    ----------
    wc_obj : any flavio or wilson object of nuSMEFT, SMEFT or WET, or None

    Raises
    ------
    UnknownBasis
        For coefficients of nuWET (-4, -3).
    """
    C = _coefficients(wc_obj, par, "zdecays", ("phin", "nW", "nB"))
    m_Z, v, m_N = par["m_Z"], _v(par), _masses(par)
    pairs = z_to_nn(m_Z, m_N[:, None], m_N, m_Z * v * C["phin"])
    s2 = sine_squared(par)
    d_Z = v / np.sqrt(2) * (np.sqrt(1 - s2) * C["nW"] - np.sqrt(s2) * C["nB"])
    # all ordered pairs, halved: a ≠ b counts once, a = b has 1/2
    return float(pairs.sum() / 2 + z_to_nu_n(m_Z, m_N, d_Z).sum())


def w_width(
    wc_obj: flavio.WilsonCoefficients | None, par: Mapping[str, float], lepton: str
) -> float:
    """Γ(W -> l N), GeV, the sum over N, for l = e, mu or tau; arguments as in `z_width`."""
    C = _coefficients(wc_obj, par, "wdecays", ("phine", "nW"))
    index, m_W, v = CHARGED_LEPTONS.index(lepton), par["m_W"], _v(par)
    g_R = -m_W * v / np.sqrt(2) * C["phine"][:, index].conj()
    widths = w_to_lepton_n(
        m_W, np.asarray(par[f"m_{lepton}"]), _masses(par), np.zeros(()), g_R, v * C["nW"][index]
    )
    return float(widths.sum())


def h_width(wc_obj: flavio.WilsonCoefficients | None, par: Mapping[str, float]) -> float:
    """Γ(h -> ν N), GeV, the sum over all N and flavours; arguments as in `z_width`.

    The mass term of nphi is absorbed in a Yukawa coupling: N do not mix.
    """
    C = _coefficients(wc_obj, par, "hdecays", ("nphi",))
    y = _v(par) ** 2 / np.sqrt(2) * C["nphi"]
    return float(h_to_nu_n(par["m_h"], _masses(par), y).sum())
