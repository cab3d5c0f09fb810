"""QCD running of the Wilson coefficients, arXiv:2309.02940 Eqs. (12)-(13).

Vector currents do not run; quark scalar and tensor currents run multiplicatively,

    C(mu_1) = (alpha_s(mu_2) / alpha_s(mu_1))^(gamma/b) C(mu_2),    b = -11 + 2/3 n_f,

with gamma = 3 C_F for scalars and -C_F for tensors, and alpha_s from 4-loop running. Operators
without quarks do not run.
"""

from __future__ import annotations

from functools import lru_cache

import rundec
from flavio.config import config
from wilson.util import qcd

__all__ = ["ALPHA_S", "M_Z", "alpha_s", "qcd_evolution"]

ALPHA_S = 0.1181  # alpha_s(m_Z), the value that gives the paper's running factors
M_Z = qcd.MZ
_C_F = 4 / 3
_GAMMA = {"V": 0.0, "S": 3 * _C_F, "T": -_C_F}
_LOOPS = 4


@lru_cache(maxsize=1024)
def alpha_s(scale: float, nf: int, alpha_s_mz: float = ALPHA_S) -> float:
    """Strong coupling in the theory with ``nf`` = 5 or 6 flavours at ``scale`` (GeV)."""
    crd = rundec.CRunDec()
    if nf == 5:
        return float(crd.AlphasExact(alpha_s_mz, M_Z, scale, nf, _LOOPS))
    top = config["RGE thresholds"]["mt"]
    crd.nfMmu.Mth = crd.nfMmu.muth = top
    crd.nfMmu.nf = 6
    return float(crd.AlL2AlH(alpha_s_mz, M_Z, crd.nfMmu, scale, _LOOPS))


def _ratio_power(scale_in: float, scale_out: float, nf: int, alpha_s_mz: float) -> float:
    """(alpha_s(in)/alpha_s(out))^(1/b)."""
    ratio = alpha_s(scale_in, nf, alpha_s_mz) / alpha_s(scale_out, nf, alpha_s_mz)
    return float(ratio ** (1 / (-11 + 2 * nf / 3)))


@lru_cache(maxsize=1024)
def qcd_evolution(
    scale_in: float, scale_out: float, alpha_s_mz: float = ALPHA_S, top: bool = True
) -> dict[str, float]:
    """Evolution factors of the current types "V", "S" and "T".

    Parameters
    ----------
    scale_in, scale_out : scales in GeV
    alpha_s_mz : alpha_s(m_Z) with five flavours
    top : whether the top quark is active above its threshold (nuSMEFT) or never (nuWET)
    """
    threshold = config["RGE thresholds"]["mt"] if top else float("inf")
    (low, high), inverted = sorted((scale_in, scale_out)), scale_in < scale_out
    power = 1.0  # from high to low
    if high > threshold:
        power *= _ratio_power(high, max(low, threshold), 6, alpha_s_mz)
    if low < threshold:
        power *= _ratio_power(min(high, threshold), low, 5, alpha_s_mz)
    if inverted:
        power = 1 / power
    return {current: power**gamma for current, gamma in _GAMMA.items()}
