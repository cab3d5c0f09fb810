r"""K_L and K_S -> pi0 chi_a chi_b: both amplitudes, of K0 and of K0bar, added before squaring.

With C|K0> = |K0bar>, so CP|K0> = -|K0bar>, and no CP violation in the mixing,
:math:`K_{L,S}=(K^0\pm\bar K^0)/\sqrt2`. K0bar decays through :math:`\bar d\,\Gamma s`, K0 through
:math:`\bar s\,\Gamma d`; charge conjugation exchanges these currents, with the sign of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .hadronic import Currents
from .phasespace import (
    allowed,
    integrate,
    meson_currents,
    pair_spinors,
    sandwich,
    three_body_factor,
)
from .rates import Arrays, _matrix, left_terms

# psibar Gamma chi -> sign * chibar Gamma psi
_C_SIGNS = {"S": 1, "P": 1, "V": -1, "A": 1, "T": -1, "T5": -1}


def conjugated(currents: Currents) -> Currents:
    """<pi0|sbar Gamma d|K0> from <pi0|dbar Gamma s|K0bar>."""
    return Currents(**{name: sign * getattr(currents, name) for name, sign in _C_SIGNS.items()})


def neutral_kaon_width(
    q2: float,
    m_K: float,
    m_pi: float,
    masses: Sequence[float],
    left: Arrays,
    form_factors: Mapping[str, float],
    m_s: float,
    m_d: float,
    sign: int,
    n_theta: int = 16,
) -> float:
    """dGamma/dq2 of K_L (sign +1) or K_S (-1), summed over all pairs.

    Without the 1/2 of the pi0; the other arguments as in `rates.majorana_width_left`.
    """
    k0bar = meson_currents(q2, m_K, m_pi, form_factors, m_s, m_d, 0)
    amplitudes = [(left_terms(left, (0, 1)), k0bar, sign)]
    amplitudes.append((left_terms(left, (1, 0)), conjugated(k0bar), 1))
    total = 0.0
    for a in range(6):
        for b in range(a, 6):
            if not allowed(q2, m_K, m_pi, masses[a], masses[b]):
                continue
            row1, col2, row2, col1, weight = pair_spinors(q2, masses[a], masses[b], n_theta)
            amplitude = 0
            for terms, currents, factor in amplitudes:
                w_ab, w_ba = _matrix(terms, a, b, currents), _matrix(terms, b, a, currents)
                swapped = np.swapaxes(sandwich(row2, w_ba, col1), -1, -2)
                amplitude = amplitude + factor * (sandwich(row1, w_ab, col2) - swapped)
            squared = integrate(amplitude, weight).sum() / (4 if a == b else 2)
            total += three_body_factor(q2, m_K, m_pi, masses[a], masses[b]) * float(squared)
    return total
