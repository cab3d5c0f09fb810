"""QCD running of the Wilson coefficients, arXiv:2309.02940 Eqs. (12)-(13).

Vector currents do not run; quark scalar and tensor currents run multiplicatively,

    C(mu_1) = (alpha_s(mu_2) / alpha_s(mu_1))^(gamma/b) C(mu_2),    b = -11 + 2/3 n_f,

with gamma = 3 C_F for scalars and -C_F for tensors, and alpha_s from 4-loop running. Operators
without quarks do not run.
"""

from __future__ import annotations

from functools import lru_cache

import rundec
from wilson.util import qcd

from ..errors import InvalidScale

__all__ = ["ALPHA_S", "M_T", "M_Z", "alpha_s", "qcd_evolution"]

ALPHA_S = 0.1181  # alpha_s(m_Z), the value that gives the paper's running factors
M_Z = qcd.MZ
M_T = 173.21  # GeV, the threshold at which flavio decouples the top quark
_C_F = 4 / 3
_GAMMA = {"V": 0.0, "S": 3 * _C_F, "T": -_C_F}
_LOOPS = 4


_LOWEST = 1.0  # GeV; five-flavour running has no meaning far below m_b


@lru_cache(maxsize=1024)
def alpha_s(scale: float, nf: int, alpha_s_mz: float = ALPHA_S, m_t: float = M_T) -> float:
    """Strong coupling in the theory with ``nf`` = 5 or 6 flavours at ``scale`` (GeV).

    ``m_t`` (GeV) is where the sixth flavour decouples.

    Raises
    ------
    InvalidScale
        Below 1 GeV.
    """
    if scale < _LOWEST:
        raise InvalidScale(
            f"cannot run down to {scale} GeV: the b quark is active above 1 GeV only"
        )
    crd = rundec.CRunDec()
    if nf == 5:
        return float(crd.AlphasExact(alpha_s_mz, M_Z, scale, nf, _LOOPS))
    crd.nfMmu.Mth = crd.nfMmu.muth = m_t
    crd.nfMmu.nf = 6
    return float(crd.AlL2AlH(alpha_s_mz, M_Z, crd.nfMmu, scale, _LOOPS))


def _ratio_power(
    scale_in: float, scale_out: float, nf: int, alpha_s_mz: float, m_t: float
) -> float:
    """(alpha_s(in)/alpha_s(out))^(1/b)."""
    ratio = alpha_s(scale_in, nf, alpha_s_mz, m_t) / alpha_s(scale_out, nf, alpha_s_mz, m_t)
    return float(ratio ** (1 / (-11 + 2 * nf / 3)))


@lru_cache(maxsize=1024)
def qcd_evolution(
    scale_in: float, scale_out: float, alpha_s_mz: float = ALPHA_S, m_t: float | None = M_T
) -> dict[str, float]:
    """Evolution factors of the current types "V", "S" and "T".

    Parameters
    ----------
    scale_in, scale_out : scales in GeV
    alpha_s_mz : alpha_s(m_Z) with five flavours
    m_t : scale above which the top quark is active (GeV), or None if it never is (nuWET)
    """
    threshold = float("inf") if m_t is None else m_t
    (low, high), inverted = sorted((scale_in, scale_out)), scale_in < scale_out
    power = 1.0  # from high to low
    if high > threshold:
        power *= _ratio_power(high, max(low, threshold), 6, alpha_s_mz, threshold)
    if low < threshold:
        power *= _ratio_power(min(high, threshold), low, 5, alpha_s_mz, threshold)
    if inverted:
        power = 1 / power
    return {current: power**gamma for current, gamma in _GAMMA.items()}
