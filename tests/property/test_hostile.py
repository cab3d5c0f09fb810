"""Points at the edges of phase space and of floating-point numbers.

Every prediction is a finite number, or an error of the package where there is none, and numpy has
nothing to warn of (warnings are errors in all tests).
"""

from __future__ import annotations

import math
import re

import flavio
import numpy as np
import pytest

from flavio_nusmeft import NuWilson, errors, predict
from flavio_nusmeft.eft.flavour import lookup
from flavio_nusmeft.eft.operators import JMS
from flavio_nusmeft.observables import NAMES as ALL
from flavio_nusmeft.physics.modes import LEPTONIC, SEMI_INVISIBLE, SEMILEPTONIC

pytestmark = pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.NuSMEFTWarning")

PAR = flavio.default_parameters.get_central_all()
# decays below m_Z, of coefficients of nuWET
NAMES = [n for n in ALL if not re.search(r"\((Z|W|h|pp)->", n)]
MODES = (*SEMI_INVISIBLE.values(), *SEMILEPTONIC.values())
TINY = 5e-324  # the smallest positive number
# coefficients of GeV^-2 whose squares are numbers, and some whose squares are none
SIZES, HUGE = (1e-8, 1e-8, 1.0, 1e-160, 1e-300), (1e160, 1e300)
QUARKS = [{"d", "s"}, {"d", "b"}, {"s", "b"}, {"u", "c"}]
QUARKS += [{up, down} for up in "uc" for down in "dsb"]
FLAVOURS = {"d": "dsb", "u": "uc", "e": "123"}


def _quarks(coefficient):
    fields, indices = coefficient.operator.fields[2:], coefficient.indices[2:]
    return {FLAVOURS[f[0]][i] for f, i in zip(fields, indices, strict=True)}


REAL = {name: c.real for name, c in lookup(JMS).items() if _quarks(c) in QUARKS}


def _process(name):
    process = name.partition("(")[2].removesuffix("inv)")
    return process.replace("B->", "B0->").replace("D->", "D0->")


OBSERVABLES = {mode: [n for n in NAMES if _process(n) == mode.name] for mode in MODES}
# thresholds of decays to two particles
TWO_BODY = [PAR[m] / n for m in ("m_B0", "m_Bs") for n in (1, 2)]
TWO_BODY += [PAR[f"m_{mode.B}"] - PAR[f"m_{mode.lepton}"] for mode in LEPTONIC.values()]
LOW = [n for n in NAMES if not n.partition("(")[2].startswith(("Z", "W", "h"))]  # than m_Z
OTHERS = [n for n in LOW if not any(n in names for names in OBSERVABLES.values())]


def masses_of(mode):
    """Of the initial and final hadron, and of the charged lepton."""
    lepton = PAR[f"m_{mode.lepton}"] if mode.lepton else 0.0
    return PAR[f"m_{mode.B}"], PAR[f"m_{mode.M}"], lepton


class Draw:
    """Random numbers, many of them special."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def one(self, items):
        return items[self.rng.integers(len(items))]

    def near(self, x):
        """x, or one of its neighbours."""
        return float(self.one((x, np.nextafter(x, np.inf), np.nextafter(x, -np.inf))))

    def masses(self, mode):
        m_B, m_M, lepton = masses_of(mode)
        open_ = m_B - m_M - lepton

        def mass():
            exponent = self.rng.uniform
            special = (0.0, TINY, lepton, open_, open_ / 2, 1e300, *TWO_BODY)
            wide = (10 ** exponent(-323, 0), 10 ** exponent(-12, 0), 10 ** exponent(0, 308))
            return abs(self.near(self.one((*special, *wide, self.rng.uniform(0, 6)))))

        found = [mass(), mass(), mass()]
        if self.rng.random() < 0.3:
            found[1] = abs(open_ - found[0])  # thresholds of two different N
        return dict(zip(("m_N1", "m_N2", "m_N3"), found, strict=True))

    def q2(self, mode, masses):
        m_B, m_M, lepton = masses_of(mode)
        first, second, _ = (min(m, 1e150) for m in masses.values())
        end = (m_B - m_M) ** 2
        thresholds = ((first + lepton) ** 2, 4 * first**2, (first + second) ** 2, lepton**2)
        wide = (10 ** self.rng.uniform(-323, 2), 10 ** self.rng.uniform(0, 308))
        inside = (self.rng.uniform(0, end), end + self.rng.uniform(-1e-10, 1e-10))
        return self.near(self.one((*thresholds, end, 0.0, -1.0, *wide, *inside)))

    def arguments(self, name, mode, masses):
        wanted = flavio.Observable[name].arguments or []
        if wanted == ["MXmin", "MXmax"]:
            return self.one(((0.0, 0.6), (0.6, 1.0), (1.0, 6.0)))
        if len(wanted) < 2:
            return tuple(self.q2(mode, masses) for _ in wanted)
        low, width = self.q2(mode, masses), 10 ** self.rng.uniform(-15, 2)
        others = (np.nextafter(low, np.inf), low + 1e-14, low + width, self.q2(mode, masses))
        high = float(self.one(others))
        if low == high:
            high = float(np.nextafter(low, np.inf))
        return min(low, high), max(low, high)

    def coefficients(self, sizes):
        size, names = self.one(sizes), self.rng.choice(sorted(REAL), 4, replace=False).tolist()
        return {
            n: size * (self.rng.normal() if REAL[n] else complex(*self.rng.normal(size=2)))
            for n in names
        }


@pytest.mark.parametrize("seed", range(5))
def test_one_point_at_a_time(seed):
    """5 x 2000 points through flavio."""
    draw = Draw(seed)
    points = 0
    while points < 2000:
        mode = draw.one(MODES)
        masses = draw.masses(mode)
        values = draw.coefficients((*SIZES, *HUGE))
        wc_obj = draw.one((None, *[NuWilson(values, 4.8, "nuWET", "JMS")] * 3))
        is_huge = max(map(abs, values.values())) > 1e100
        for name in [*draw.rng.permutation(OBSERVABLES[mode])[:7].tolist(), draw.one(OTHERS)]:
            arguments = draw.arguments(name, mode, masses)
            place = (name, arguments, masses, values if wc_obj else None)
            points += 1
            try:
                value = flavio.Observable[name].prediction_par(PAR | masses, wc_obj, *arguments)
            except errors.InvalidValue:
                assert is_huge, place
            except errors.UndefinedRatio:
                assert name.startswith(("R", "<R")), place
            else:
                assert math.isfinite(value), place
                # a polarisation, and inclusive minus exclusive rates, may be negative
                assert value >= 0 or name.startswith(("Ptau", "<Ptau", "<BR>(B->Xs")), place


@pytest.mark.parametrize("seed", range(6))
def test_many_points_at_once(seed):
    """6 x 5000 points through `predict`: 5 x 5 masses and 5 values of 4 coefficients."""
    draw = Draw(100 + seed)
    points = 0
    while points < 5000:
        mode = draw.one(MODES)
        drawn = [draw.masses(mode) for _ in range(5)]
        names = draw.rng.permutation(OBSERVABLES[mode])[:8].tolist()
        wanted = {(n, *draw.arguments(n, mode, drawn[0])) for n in names}
        wanted = [o if len(o) > 1 else o[0] for o in wanted]
        values = draw.coefficients(SIZES)
        factors = np.array([1.0, 0.0, -1.0, 1e-3, 1e-100])
        par = {
            "m_N1": np.array([m["m_N1"] for m in drawn])[:, None, None],
            "m_N2": np.array([m["m_N2"] for m in drawn])[:, None],
        }
        try:
            found = predict(
                wanted,
                {name: value * factors for name, value in values.items()},
                scale=4.8,
                eft="nuWET",
                basis="JMS",
                par=par,
            )
        except errors.UndefinedRatio:
            continue
        for observable, array in found.items():
            assert array.shape == (5, 5, 5)
            assert np.isfinite(array).all(), (observable, drawn, values)
            points += array.size


@pytest.mark.parametrize("running", ["qcd", "full"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 10.0, 91.1876, 1e3, 1e10, 1.2e19, 1e42, 1e300])
def test_scales(running, scale):
    """From the electroweak scale to the Planck mass there are numbers, beyond there are none."""
    values = {"QN_2311": 1e-8, "LNQd_2123": 1e-8, "LNQdT_3123": 1e-8}
    options = {"scale": scale, "eft": "nuSMEFT", "basis": "FGMS", "options": {"running": running}}
    names = ["BR(B0->K*inv)", "BR(D+->piinv)", "BR(Bc->tauinv)"]
    if 10 <= scale < 1e20:
        assert all(0 < value < 1 for value in predict(names, values, **options).values())
        return
    with pytest.raises(errors.InvalidScale):
        predict(names, values, **options)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_one_ulp(mode):
    """The average over the narrowest bin is the value there, away from the edges of phase space."""
    m_B, m_M, lepton = masses_of(mode)
    low, high = (0.15 + (lepton or 0.15)) ** 2, (m_B - m_M) ** 2
    q2 = low + 0.4 * (high - low)
    next_ = float(np.nextafter(q2, np.inf))
    wc_obj = NuWilson({n: 1e-8 for n in REAL if n[-4] == "4"}, 4.8, "nuWET", "JMS")
    par = PAR | {"m_N1": 0.15}

    def value(name, *arguments):
        return flavio.Observable[name].prediction_par(par, wc_obj, *arguments)

    point = value(f"dBR/dq2({mode.name}inv)", q2)
    name = f"<dBR/dq2>({mode.name}inv)"
    if name in NAMES:
        average = value(name, q2, next_)
    else:
        average = value(f"<BR>({mode.name}inv)", q2, next_) / (next_ - q2)
    # nodes lie within an ulp of q², which changes a spectrum by 1e-15 of itself, and sums of 40
    # weights are rounded
    assert average == pytest.approx(point, rel=1e-12, abs=0)
    assert point > 0


@pytest.mark.parametrize("mass", [TINY, 1e-300, 1e-160, 1e-100, 1e-30])
def test_tiny_masses_are_massless(mass):
    """The rates depend on squares of masses, and no square of these is seen next to 1e-20 GeV²."""
    wc_obj = NuWilson({n: 1e-8 for n in REAL if n[-4] == "4"}, 4.8, "nuWET", "JMS")
    for name in LOW:
        arguments = {0: (), 1: (3.0,), 2: (1.0, 4.0)}[len(flavio.Observable[name].arguments or ())]
        if name == "<BR>(B->Xsinv)":
            arguments = (0.0, 0.6)
        observable = flavio.Observable[name]
        massless = observable.prediction_par(PAR, wc_obj, *arguments)
        found = observable.prediction_par(PAR | {"m_N1": mass}, wc_obj, *arguments)
        assert found == pytest.approx(massless, rel=1e-12, abs=0), name


@pytest.mark.parametrize("q2", [0.0, TINY, 1e-300, 1e-100, 1e-50, 1e-20])
def test_smallest_q2(q2):
    """Rates of massless neutrinos are smooth at q² = 0: at points, and in bins from there on."""
    for mode in SEMI_INVISIBLE.values():
        name = f"dBR/dq2({mode.name}inv)"
        expected = flavio.sm_prediction(name, 1e-10)
        assert flavio.sm_prediction(name, q2) == pytest.approx(expected, rel=1e-8, abs=0)
        high = float(np.nextafter(q2, 1.0))
        average = flavio.sm_prediction(f"<dBR/dq2>({mode.name}inv)", q2, high)
        assert average == pytest.approx(expected, rel=1e-8, abs=0)
