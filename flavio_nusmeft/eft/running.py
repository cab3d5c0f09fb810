"""QCD and QED running of the Wilson coefficients.

In QCD vector currents do not run; quark scalar and tensor currents run multiplicatively,

    d ln C/d ln a = gamma(a)/beta(a),    a = alpha_s/(4 pi),    d ln a/d ln mu^2 = -a beta(a),

with alpha_s from 4-loop running, and gamma and beta to a number of loops. With one loop that is
arXiv:2309.02940 Eq. (13), C(mu_1) = (alpha_s(mu_2) / alpha_s(mu_1))^(gamma/b) C(mu_2) with
b = -11 + 2/3 n_f and gamma = 3 C_F for scalars, -C_F for tensors. Scalars run like the quark mass,
known to four loops, tensors are known to three; from three loops on they change where a quark
decouples. Operators without quarks do not run. QED in nuWET is added at first order in alpha_e, as
wilson does in WET.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, log, pi

import numpy as np
import rundec
from numpy.polynomial.polynomial import polyval
from wilson.util import qcd

from ..errors import InvalidScale
from ..settings import ALPHA_S
from .flavour import Arrays
from .operators import JMS

__all__ = [
    "LOWEST",
    "M_T",
    "M_Z",
    "alpha_s",
    "decouple",
    "decoupling",
    "qcd_evolution",
    "run_nuwet",
]

M_Z = qcd.MZ
M_T = 173.21  # GeV, the threshold at which flavio decouples the top quark
_LOOPS = 4
LOWEST = 1.0  # GeV; perturbation theory has no meaning below
# where the b and c quarks decouple in alpha_s (GeV), as in wilson.util.qcd
_M_B, _M_C = 4.8, 1.3
_ZETA3, _ZETA4, _ZETA5 = 1.2020569031595942, pi**4 / 90, 1.0369277551433699
# on the interval from 0 to 1
_NODES, _WEIGHTS = (x / 2 for x in np.polynomial.legendre.leggauss(12))
_NODES = _NODES + 0.5


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


def _beta(nf: int) -> tuple[float, ...]:
    """Coefficients of beta(a), arXiv:hep-ph/9701390."""
    return (
        11 - 2 / 3 * nf,
        102 - 38 / 3 * nf,
        2857 / 2 - 5033 / 18 * nf + 325 / 54 * nf**2,
        149753 / 6
        + 3564 * _ZETA3
        - (1078361 / 162 + 6508 / 27 * _ZETA3) * nf
        + (50065 / 162 + 6472 / 81 * _ZETA3) * nf**2
        + 1093 / 729 * nf**3,
    )


def _gamma(nf: int) -> dict[str, tuple[float, ...]]:
    """Coefficients of gamma(a), arXiv:hep-ph/9703284 Eq. (15) for scalars.

    For tensors arXiv:hep-ph/0007171 with the colour factors of SU(3), and the sign of coefficients.
    The terms with the most powers of n_f are (3 - d)/(d - 1) times those of scalars in the
    d = 4 - 4/3 n_f a dimensions where the coupling is fixed; a test derives them.
    """
    return {
        "V": (0.0,),
        "S": (
            4.0,
            202 / 3 - 20 / 9 * nf,
            1249 - (2216 / 27 + 160 / 3 * _ZETA3) * nf - 140 / 81 * nf**2,
            4603055 / 162
            + 135680 / 27 * _ZETA3
            - 8800 * _ZETA5
            - (91723 / 27 + 34192 / 9 * _ZETA3 - 880 * _ZETA4 - 18400 / 9 * _ZETA5) * nf
            + (5242 / 243 + 800 / 9 * _ZETA3 - 160 / 3 * _ZETA4) * nf**2
            + (332 / 243 + 64 / 27 * _ZETA3) * nf**3,
        ),
        "T": (
            -4 / 3,
            -(362 - 52 / 3 * nf) / 9,
            -(52555 - 2784 * _ZETA3 - (5240 + 1440 * _ZETA3) * nf - 36 * nf**2) / 81,
        ),
    }


def _logarithms(
    scale_in: float, scale_out: float, nf: int, alpha_s_mz: float, loops: int
) -> dict[str, float]:
    """Logarithms of the evolution factors with ``nf`` flavours."""
    start, end = (log(alpha_s(scale, nf, alpha_s_mz) / (4 * pi)) for scale in (scale_in, scale_out))
    a = np.exp(start + (end - start) * _NODES)
    measure = (end - start) * _WEIGHTS / polyval(a, _beta(nf)[:loops])
    return {
        current: float(measure @ polyval(a, coefficients[:loops]))
        for current, coefficients in _gamma(nf).items()
    }


@lru_cache(maxsize=256)
def decoupling(
    scale: float, nf: int, alpha_s_mz: float = ALPHA_S, loops: int = 1
) -> dict[str, float]:
    """Factors of the current types where the heaviest of ``nf`` quarks decouples at ``scale``.

    Scalars as the mass, to one loop less than the running (rundec). Tensors to two loops: at zero
    momentum the bare diagram is -(d-3)/(d-1) times that of the scalar; arXiv:hep-ph/0609280.
    """
    if loops < 3:
        return dict.fromkeys("VST", 1.0)
    mass = {6: M_T, 5: _M_B, 4: _M_C}[nf]
    coupling = alpha_s(scale, nf, alpha_s_mz)
    crd = rundec.CRunDec()
    crd.nfMmu.Mth, crd.nfMmu.muth, crd.nfMmu.nf = mass, scale, nf
    scalar = float(crd.mH2mL(1.0, coupling, scale, crd.nfMmu, scale, loops))
    L = 2 * log(scale / mass)
    tensor = 1 + (coupling / (4 * pi)) ** 2 * (-97 / 81 + 52 / 27 * L - 4 / 9 * L**2)
    return {"V": 1.0, "S": scalar, "T": tensor}


@lru_cache(maxsize=4096)
def qcd_evolution(
    scale_in: float,
    scale_out: float,
    alpha_s_mz: float = ALPHA_S,
    nf: int | None = None,
    loops: int = 1,
) -> dict[str, float]:
    """Evolution factors of the current types "V", "S" and "T".

    Parameters
    ----------
    scale_in, scale_out : scales in GeV
    alpha_s_mz : alpha_s(m_Z) with five flavours
    nf : number of quark flavours; None: six from `M_T` on and five below
    loops : 1 to 4, of the anomalous dimensions
    """
    if nf is not None:
        logs = _logarithms(scale_in, scale_out, nf, alpha_s_mz, loops)
        return {current: exp(x) for current, x in logs.items()}
    low, high = sorted((scale_in, scale_out))
    result = dict.fromkeys("VST", 1.0)  # from high to low
    steps = []
    if high > M_T:
        steps.append(qcd_evolution(high, max(low, M_T), alpha_s_mz, 6, loops))
    if low < M_T <= high:
        steps.append(decoupling(M_T, 6, alpha_s_mz, loops))
    if low < M_T:
        steps.append(qcd_evolution(min(high, M_T), low, alpha_s_mz, 5, loops))
    for step in steps:
        result = {current: factor * step[current] for current, factor in result.items()}
    if scale_in < scale_out:
        result = {current: 1 / factor for current, factor in result.items()}
    return result


def decouple(C: Arrays, scale: float, nf: int, alpha_s_mz: float, loops: int) -> Arrays:
    """Full arrays of nuWET below ``scale`` (GeV), where the heaviest of ``nf`` quarks decouples."""
    factors = decoupling(scale, nf, alpha_s_mz, loops)
    return {name: factors[JMS[name].qcd] * array for name, array in C.items()}


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
    C: Arrays,
    scale_in: float,
    scale_out: float,
    nf: int,
    alpha_s_mz: float,
    loops: int,
    alpha_e: float,
) -> Arrays:
    """Full arrays of nuWET with ``nf`` quark flavours at ``scale_out`` (GeV).

    ``loops`` of the anomalous dimensions in QCD; ``alpha_e`` = 0: QCD only.
    """
    factors = qcd_evolution(scale_in, scale_out, alpha_s_mz, nf, loops)
    result = {name: factors[JMS[name].qcd] * array for name, array in C.items()}
    if alpha_e == 0:
        return result
    # first order in alpha_e: the integral of U_QCD(out, mu) gamma U_QCD(mu, in) over ln mu
    integrals = _integrals(scale_in, scale_out, nf, alpha_s_mz, loops)
    for classes, matrix in _QED:
        for i, target in enumerate(classes):
            for j, source in enumerate(classes):
                if source not in C:
                    continue
                integral = integrals[JMS[target].qcd, JMS[source].qcd]
                change = alpha_e / (4 * pi) * matrix[i][j] * integral * C[source]
                result[target] = result.get(target, 0) + change
    return result


@lru_cache(maxsize=256)
def _integrals(
    scale_in: float, scale_out: float, nf: int, alpha_s_mz: float, loops: int
) -> dict[tuple[str, str], float]:
    """Of U_QCD(out, mu) of one current and U_QCD(mu, in) of another over ln mu."""
    pairs = [(target, source) for target in "VST" for source in "VST"]
    if loops == 1:
        # ln mu is related to alpha_s at one loop, as in wilson.run.wet.rge.getUe
        coupling, b0 = alpha_s(scale_in, nf, alpha_s_mz), _beta(nf)[0]
        eta = coupling / alpha_s(scale_out, nf, alpha_s_mz)
        a = {current: -gamma[0] / b0 for current, gamma in _gamma(nf).items()}
        unit = 2 * pi / (b0 * coupling)
        return {
            (i, j): unit * (eta ** a[i] - eta ** (a[j] + 1)) / (a[i] - a[j] - 1) for i, j in pairs
        }
    result = dict.fromkeys(pairs, 0.0)
    length = log(scale_out / scale_in)
    for node, weight in zip(_NODES.tolist(), _WEIGHTS.tolist(), strict=True):
        middle = scale_in * exp(length * node)
        first = qcd_evolution(scale_in, middle, alpha_s_mz, nf, loops)
        second = qcd_evolution(middle, scale_out, alpha_s_mz, nf, loops)
        for i, j in pairs:
            result[i, j] += length * weight * second[i] * first[j]
    return result
