"""QCD and QED running of the Wilson coefficients.

In QCD, arXiv:2309.02940 Eqs. (12)-(13), vector currents do not run; quark scalar and tensor
currents run multiplicatively,

    C(mu_1) = (alpha_s(mu_2) / alpha_s(mu_1))^(gamma/b) C(mu_2),    b = -11 + 2/3 n_f,

with gamma = 3 C_F for scalars and -C_F for tensors, and alpha_s from 4-loop running. Operators
without quarks do not run. QED in nuWET is added at first order in alpha_e, as wilson does in WET.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import rundec
from wilson.util import qcd

from ..errors import InvalidScale
from ..settings import ALPHA_S
from .flavour import Arrays
from .operators import JMS

__all__ = ["LOWEST", "M_T", "M_Z", "alpha_s", "qcd_evolution", "run_nuwet"]

M_Z = qcd.MZ
M_T = 173.21  # GeV, the threshold at which flavio decouples the top quark
_C_F = 4 / 3
_GAMMA = {"V": 0.0, "S": 3 * _C_F, "T": -_C_F}
_LOOPS = 4
LOWEST = 1.0  # GeV; perturbation theory has no meaning below
# where the b and c quarks decouple in alpha_s (GeV), as in wilson.util.qcd
_M_B, _M_C = 4.8, 1.3


@lru_cache(maxsize=1024)
def alpha_s(scale: float, nf: int, alpha_s_mz: float = ALPHA_S) -> float:
    """Strong coupling in the theory with ``nf`` = 3 to 6 flavours at ``scale`` (GeV).

    Raises
    ------
    InvalidScale
        Below 1 GeV.
    """
    if scale < LOWEST:
        raise InvalidScale(f"cannot run down to {scale} GeV: the running is defined above 1 GeV")
    crd = rundec.CRunDec()

    def decoupled(coupling: float, start: float, threshold: float, nf: int, end: float) -> float:
        crd.nfMmu.Mth = crd.nfMmu.muth = threshold
        crd.nfMmu.nf = nf
        return float(crd.AlH2AlL(coupling, start, crd.nfMmu, end, _LOOPS))

    if nf == 6:
        crd.nfMmu.Mth = crd.nfMmu.muth = M_T
        crd.nfMmu.nf = 6
        return float(crd.AlL2AlH(alpha_s_mz, M_Z, crd.nfMmu, scale, _LOOPS))
    if nf == 5:
        return float(crd.AlphasExact(alpha_s_mz, M_Z, scale, nf, _LOOPS))
    if nf == 4:
        return decoupled(alpha_s_mz, M_Z, _M_B, 5, scale)
    return decoupled(alpha_s(_M_C, 4, alpha_s_mz), _M_C, _M_C, 4, scale)


def _ratio_power(scale_in: float, scale_out: float, nf: int, alpha_s_mz: float) -> float:
    """(alpha_s(in)/alpha_s(out))^(1/b)."""
    ratio = alpha_s(scale_in, nf, alpha_s_mz) / alpha_s(scale_out, nf, alpha_s_mz)
    return float(ratio ** (1 / (-11 + 2 * nf / 3)))


@lru_cache(maxsize=1024)
def qcd_evolution(
    scale_in: float, scale_out: float, alpha_s_mz: float = ALPHA_S, nf: int | None = None
) -> dict[str, float]:
    """Evolution factors of the current types "V", "S" and "T".

    Parameters
    ----------
    scale_in, scale_out : scales in GeV
    alpha_s_mz : alpha_s(m_Z) with five flavours
    nf : number of quark flavours; None: six above `M_T` and five below
    """
    if nf is not None:
        power = _ratio_power(scale_in, scale_out, nf, alpha_s_mz)
    else:
        (low, high), inverted = sorted((scale_in, scale_out)), scale_in < scale_out
        power = 1.0  # from high to low
        if high > M_T:
            power *= _ratio_power(high, max(low, M_T), 6, alpha_s_mz)
        if low < M_T:
            power *= _ratio_power(min(high, M_T), low, 5, alpha_s_mz)
        if inverted:
            power = 1 / power
    return {current: power**gamma for current, gamma in _GAMMA.items()}


# Anomalous dimensions of the operators of nuWET in QED, in units of alpha_e/(4 pi): classes that
# mix, and the matrix. A neutrino has no charge, so a neutral current runs like the current of
# quarks or charged leptons alone, (-6, 2) Q² for scalar and tensor as (-6, 2) C_F in QCD; the
# charged currents as in arXiv:1711.05270, with the same numbers for the parity-conjugate operators.
# Penguins, which mix neutral currents without change of flavour (sector ffnunu), are left out.
_CHARGE2 = (("d", 1 / 9), ("u", 4 / 9), ("e", 1.0))
_QED: tuple[tuple[tuple[str, ...], Sequence[Sequence[float]]], ...] = (
    *(((f"Snu{f}L{x}",), [[-6 * Q2]]) for f, Q2 in _CHARGE2 for x in "LR"),
    *(((f"Tnu{f}LL",), [[2 * Q2]]) for f, Q2 in _CHARGE2),
    *(((f"Vnuedu{x}",), [[-4.0]]) for x in ("LL", "RR")),
    *(((f"Vnuedu{x}",), [[-2.0]]) for x in ("LR", "RL")),
    *(((f"Snuedu{x}",), [[4 / 3]]) for x in ("LR", "RL")),
    *(((f"Snuedu{x}", f"Tnuedu{x}"), [[4 / 3, 8.0], [1 / 6, -40 / 9]]) for x in ("LL", "RR")),
)


def run_nuwet(
    C: Arrays, scale_in: float, scale_out: float, nf: int, alpha_s_mz: float, alpha_e: float
) -> Arrays:
    """Full arrays of nuWET with ``nf`` quark flavours at ``scale_out`` (GeV).

    ``alpha_e`` = 0: QCD only.
    """
    factors = qcd_evolution(scale_in, scale_out, alpha_s_mz, nf)
    result = {name: factors[JMS[name].qcd] * array for name, array in C.items()}
    if alpha_e == 0:
        return result
    # first order in alpha_e: the integral of U_QCD(out, mu) gamma U_QCD(mu, in) over ln mu, where
    # ln mu is related to alpha_s at one loop, as in wilson.run.wet.rge.getUe
    coupling, b0 = alpha_s(scale_in, nf, alpha_s_mz), 11 - 2 * nf / 3
    eta = coupling / alpha_s(scale_out, nf, alpha_s_mz)
    a = {current: -gamma / b0 for current, gamma in _GAMMA.items()}
    for classes, matrix in _QED:
        for i, target in enumerate(classes):
            for j, source in enumerate(classes):
                if source not in C:
                    continue
                a_i, a_j = a[JMS[target].qcd], a[JMS[source].qcd]
                factor = (eta**a_i - eta ** (a_j + 1)) / (a_i - a_j - 1)
                change = alpha_e / (2 * b0 * coupling) * matrix[i][j] * factor * C[source]
                result[target] = result.get(target, 0) + change
    return result
