"""Comparison of B -> D(*) l + inv with EOS 1.0.21, for massless sterile neutrinos.

EOS (https://eos.github.io) is an independent C++ program with b -> c l nu in the weak effective
theory, lepton masses, and form factors in the same BSZ parametrisation. Every input of EOS is set
here to what this package uses, see `Eos`; what is compared is the physics: helicity amplitudes of
vector, scalar and tensor currents and their interference, normalisation, form factors, integration
over q². (The tensor in B -> P is why: flavio's own rate of that operator is not right.)

EOS has H = 4 G_F/√2 V_cb sum_i c_i O_i with O_V = [c̄ γ P_L,R b][l̄ γ P_L ν],
O_S = [c̄ P_L,R b][l̄ P_L ν] and O_T = [c̄ σ P_L b][l̄ σ P_L ν], where cVL includes the SM.

- WET, basis flavio: the same operators in the same normalisation, without the SM. So C = c, and
  cVL = C_VL + C_VL^SM, which is 1 + α/π log(m_Z/μ) in flavio.
- nuWET has L = C [N̄ ... l][b̄ ... c] + h.c. with C in GeV^-2, so C* = -4 G_F/√2 V_cb c for the
  conjugate operator. Conjugation keeps chiralities in vectors and exchanges P_L and P_R in scalars
  and tensors.

  - In VLL, VLR, SRL, SRR, TRR the field is left-handed, N^c, as an active neutrino: SRL is
    [N̄^c P_R l][b̄ P_L c], its conjugate [c̄ P_R b][l̄ P_L N^c], so cSR; VLL is cVL, VLR is cVR,
    SRR is cSL, TRR is cT.
  - In VRL, VRR, SLL, SLR, TLL it is right-handed, N: SLL is [N̄ P_L l][b̄ P_L c], its conjugate
    [c̄ P_R b][l̄ P_R N]. Parity exchanges P_L and P_R in both currents, without signs, and is a
    symmetry of QCD, so the rate is that of the mirror image [c̄ P_L b][l̄ P_L ν], cSL; VRR is cVL,
    VRL is cVR, SLR is cSR, TLL is cT. This holds for interference among them as well, also that
    ~ m_l of vectors with scalars and tensors.

  The two helicities of a massless neutrino, and different neutrinos, add up incoherently.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import flavio
import numpy as np
import pytest
import wilson
from scipy.optimize import brentq

from flavio_nusmeft import NuWilson

PYTHON = sys.version_info[:2]
if PYTHON != (3, 11):
    pytest.skip("EOS wheels tested on Python 3.11", allow_module_level=True)
else:
    import matplotlib

    with matplotlib.rc_context():  # EOS turns on LaTeX for everyone
        import eos

SCALE = 4.8  # GeV, where flavio takes the coefficients and quark masses of these decays
LEPTON_INDEX = {"mu": 2, "tau": 3}

# Relative tolerances. Spectra are closed forms on both sides and agree to 1e-14, or 1e-16 over the
# distance to the threshold, in units of it: 3e-13 at the first of `FRACTIONS` for a τ.
POINT = 1e-12
# What this package states for its own quadrature; here it agrees to 3e-13.
INTEGRAL = 5e-9

FRACTIONS = (1e-4, 0.1, 0.35, 0.6, 0.85, 0.99)  # of the q² range, for spectra
# Bins where a rule of 15 points is exact. EOS uses no more for B -> D*, as its absolute tolerance
# is larger than these integrals; over all q² it is off by up to 9e-4.
SMOOTH_BINS = ((0.1, 0.3), (0.3, 0.5), (0.5, 0.8))

# of EOS's coefficients; rates and interference are comparable to the SM
VALUES = {
    "cVL": 0.3 + 0.2j,
    "cVR": -0.2 + 0.4j,
    "cSL": -0.5 + 0.3j,
    "cSR": 0.8 + 0.2j,
    "cT": 0.2 - 0.3j,
}


@dataclass(frozen=True, eq=False)
class Transition:
    """Form factors: names in this package and in EOS.

    ``z_masses`` are the mesons whose masses are in z and in the relations at q² = 0, ``poles`` the
    resonances of the BSZ parametrisation. Both are parameters of EOS's own, with the suffix
    @BSZ2015.
    """

    name: str
    eos: str
    z_masses: Mapping[str, str]
    poles: Mapping[str, str]


@dataclass(frozen=True)
class Mode:
    """A decay, with the mesons in flavio and in EOS."""

    name: str
    transition: Transition
    lepton: str
    mesons: tuple[str, str]
    eos_mesons: tuple[str, str]
    spectator: str


D = Transition("B->D", "B->D", {"B+": "B_d", "D0": "D_u"}, {"m+": "B_c^*", "m0": "B_c,0"})
DSTAR = Transition(
    "B->D*",
    "B->D^*",
    {"B0": "B_d", "D*0": "D_u^*"},
    {"m0": "B_c", "m1-": "B_c^*", "m1+": "B_c,1"},
)
MODES = tuple(
    Mode(f"{name}{lepton}", transition, lepton, mesons, eos_mesons, spectator)
    for name, transition, mesons, eos_mesons, spectator in (
        ("B0->D", D, ("B0", "D+"), ("B_d", "D_d"), "d"),
        ("B+->D", D, ("B+", "D0"), ("B_u", "D_u"), "u"),
        ("B0->D*", DSTAR, ("B0", "D*+"), ("B_d", "D_d^*"), "d"),
        ("B+->D*", DSTAR, ("B+", "D*0"), ("B_u", "D_u^*"), "u"),
    )
    for lepton in LEPTON_INDEX
)
VECTOR_MODES = tuple(mode for mode in MODES if mode.transition is DSTAR)


@dataclass(frozen=True, eq=False)
class Case:
    """Operators: coefficients of this package, at 4.8 GeV, and those of EOS.

    Keys are names in WET (basis flavio) or nuWET (JMS) with the lepton as ``{l}`` or ``{i}``,
    values the name in EOS. Every item of ``currents`` has a neutrino state of its own; what is in
    the first has that of the SM.
    """

    name: str
    currents: tuple[Mapping[str, str], ...]

    @property
    def has_tensor(self) -> bool:
        return any("cT" in current.values() for current in self.currents)


WET = {f"C{name[1:]}_bc{{l}}nu{{l}}": name for name in VALUES}
OTHER = {name.replace("nu{l}", "nue"): eos_name for name, eos_name in WET.items()}
# by the helicity of N1
LEFT = {
    "VnueduLL_4{i}32": "cVL",
    "VnueduLR_4{i}32": "cVR",
    "SnueduRL_4{i}32": "cSR",
    "SnueduRR_4{i}32": "cSL",
    "TnueduRR_4{i}32": "cT",
}
RIGHT = {
    "VnueduRR_4{i}32": "cVL",
    "VnueduRL_4{i}32": "cVR",
    "SnueduLR_4{i}32": "cSR",
    "SnueduLL_4{i}32": "cSL",
    "TnueduLL_4{i}32": "cT",
}

CASES = (
    Case("SM", ({},)),
    *(Case(name.split("_")[0], ({name: eos_name},)) for name, eos_name in WET.items()),
    Case("WET", (WET,)),
    Case("other-neutrino", ({}, OTHER)),
    *(
        Case(name.split("_")[0], ({}, {name: eos_name}))
        for name, eos_name in (LEFT | RIGHT).items()
    ),
    Case("left-handed-N", ({}, LEFT)),
    Case("right-handed-N", ({}, RIGHT)),
    Case("N", ({}, LEFT, RIGHT)),
)

all_modes = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
vector_modes = pytest.mark.parametrize("mode", VECTOR_MODES, ids=lambda mode: mode.name)
all_cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
# every term of the rate is in one of these
few_cases = pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.name in ("SM", "WET", "other-neutrino", "N")],
    ids=lambda case: case.name,
)


@cache
def _parameters(mode: Mode, equal_masses: bool) -> dict[str, float]:
    par = dict(flavio.default_parameters.get_central_all())
    par["m_N1"] = par["m_N2"] = par["m_N3"] = 0.0
    if equal_masses:
        for name, meson in zip(mode.transition.z_masses, mode.mesons, strict=True):
            par[f"m_{name}"] = par[f"m_{meson}"]
    return par


def _needs_equal_masses(mode: Mode, case: Case) -> bool:
    return case.has_tensor and mode.transition is DSTAR


def parameters(mode: Mode, case: Case) -> dict[str, float]:
    """flavio's parameters, with one change that EOS needs for the tensor operator of B -> D*.

    Its amplitude takes T3, which its form factors make of T2 and T23 with the masses in z, and
    takes it apart with those of the mesons in the decay. With different masses this is not the
    T23 of the parametrisation: for D*⁺ it is 0.1 % less at low q² and 3 % near the endpoint. The
    masses in z become those of the mesons.
    """
    return _parameters(mode, _needs_equal_masses(mode, case))


def normalisation(par: Mapping[str, float]) -> complex:
    """-4 G_F/√2 V_cb, GeV^-2."""
    return complex(-4 * par["GF"] / np.sqrt(2) * flavio.physics.ckm.get_ckm(par)[1, 2])


class Eos:
    """EOS for one decay, with all its inputs set to those of this package."""

    def __init__(self, mode: Mode, par: Mapping[str, float]) -> None:
        self._mode = mode
        self._parameters = eos.Parameters()
        self._sector = f"cb{mode.lepton}nu{mode.lepton}"
        self._options = {
            "model": "WET",
            "form-factors": "BSZ2015",
            "q": mode.spectator,
            "l": mode.lepton,
        }
        self._sm = flavio.physics.bdecays.wilsoncoefficients.get_CVLSM(par, SCALE, nf=5)
        self._set("WET::G_Fermi", par["GF"])
        self._set("CKM::abs(V_cb)", abs(flavio.physics.ckm.get_ckm(par)[1, 2]))
        self._set_masses(par)
        self._set_form_factors(par)
        self._set_quark_masses(par)

    def _set(self, name: str, value: float) -> None:
        self._parameters[name].set(float(value))

    def _set_masses(self, par: Mapping[str, float]) -> None:
        """Masses in phase space, and the lifetime, in s, where flavio has GeV^-1."""
        self._set(f"mass::{self._mode.lepton}", par[f"m_{self._mode.lepton}"])
        for meson, name in zip(self._mode.mesons, self._mode.eos_mesons, strict=True):
            self._set(f"mass::{name}", par[f"m_{meson}"])
        hbar = self._parameters["QM::hbar"].evaluate()
        lifetime = par[f"tau_{self._mode.mesons[0]}"] * hbar
        self._set(f"life_time::{self._mode.eos_mesons[0]}", lifetime)

    def _set_form_factors(self, par: Mapping[str, float]) -> None:
        transition = self._mode.transition
        prefix = f"{transition.name} GKvD "
        for pole, name in transition.poles.items():
            self._set(f"mass::{name}@BSZ2015", par[prefix + pole])
        for meson, name in transition.z_masses.items():
            self._set(f"mass::{name}@BSZ2015", par[f"m_{meson}"])
        for name in par:
            if name.startswith(f"{prefix}a"):
                order, form_factor = name.removeprefix(f"{prefix}a").split("_")
                eos_name = f"{transition.eos}::alpha^{form_factor}_{order}@BSZ2015"
                self._set(eos_name, par[name])

    def _set_quark_masses(self, par: Mapping[str, float]) -> None:
        """Inputs for which EOS, with its own running, has flavio's masses at 4.8 GeV."""
        running = flavio.physics.running.running
        self._set(f"{self._sector}::mu", SCALE)
        self._set("QCD::mu_b", 4.0)  # m_b(4.8) jumps where m_b(m_b) crosses this threshold
        model = eos.Model.make("WET", self._parameters, eos.Options())
        for name, mass, target in (
            ("mass::b(MSbar)", model.m_b_msbar, running.get_mb(par, SCALE)),
            ("mass::c", model.m_c_msbar, running.get_mc(par, SCALE)),
        ):
            self._solve(name, mass, target)

    def _solve(self, name: str, mass: Callable[[float], float], target: float) -> None:
        """Set the parameter so that the mass at 4.8 GeV becomes the target."""

        def difference(value: float) -> float:
            self._set(name, value)
            return mass(SCALE) - target

        start = self._parameters[name].evaluate()
        self._set(name, brentq(difference, 0.95 * start, 1.05 * start, xtol=1e-15))
        assert mass(SCALE) == pytest.approx(target, rel=1e-13, abs=0)

    def choose(self, coefficients: Mapping[str, complex], sm: bool) -> None:
        """Switch on operators, with or without the SM."""
        for name in VALUES:
            value = coefficients.get(name, 0) + (self._sm if sm and name == "cVL" else 0)
            self._set(f"{self._sector}::Re{{{name}}}", np.real(value))
            self._set(f"{self._sector}::Im{{{name}}}", np.imag(value))

    def __call__(self, observable: str, **kinematics: float) -> float:
        """Value for the last choice of operators."""
        return float(
            eos.Observable.make(
                f"{self._mode.transition.eos}lnu::{observable}",
                self._parameters,
                eos.Kinematics(**kinematics),
                eos.Options(**self._options),
            ).evaluate()
        )

    def longitudinal_fraction(self, q2: float) -> float:
        """F_L at q², which EOS has for bins only."""
        J = {x: self(f"J_{x}(q2)", q2=q2) for x in ("1c", "2c", "1s", "2s")}
        longitudinal, transverse = J["1c"] - J["2c"] / 3, 2 * (J["1s"] - J["2s"] / 3)
        return longitudinal / (longitudinal + transverse)


@cache
def _eos(mode: Mode, equal_masses: bool) -> Eos:
    return Eos(mode, _parameters(mode, equal_masses))


def currents(mode: Mode, case: Case) -> Iterator[Eos]:
    """EOS with the operators of one neutrino state after the other switched on."""
    reference = _eos(mode, _needs_equal_masses(mode, case))
    for i, current in enumerate(case.currents):
        reference.choose({name: VALUES[name] for name in current.values()}, sm=i == 0)
        yield reference


def rate(mode: Mode, case: Case, observable: str, **kinematics: float) -> float:
    """EOS's rate, summed over the neutrino states."""
    return sum(reference(observable, **kinematics) for reference in currents(mode, case))


def longitudinal_spectrum(mode: Mode, case: Case, q2: float) -> float:
    """EOS's dBR/dq² with a longitudinal D*."""
    return sum(
        reference("dBR/dq2", q2=q2) * reference.longitudinal_fraction(q2)
        for reference in currents(mode, case)
    )


def point(mode: Mode, case: Case) -> wilson.Wilson:
    """Wilson coefficients of this package; see the docstring of the module."""
    norm = normalisation(parameters(mode, case))
    standard, sterile = {}, {}
    for current in case.currents:
        for template, eos_name in current.items():
            name = template.format(l=mode.lepton, i=LEPTON_INDEX[mode.lepton])
            if name.startswith("C"):
                standard[name] = VALUES[eos_name]
            else:
                sterile[name] = (norm * VALUES[eos_name]).conjugate()
    if sterile:
        return NuWilson(sterile, SCALE, "nuWET", "JMS")
    return wilson.Wilson(standard, SCALE, "WET", "flavio")


def predict(observable: str, mode: Mode, case: Case, *args: float) -> float:
    """Prediction of this package, of the SM and the operators."""
    instance = flavio.Observable[f"{observable}({mode.name}inv)"]
    return float(instance.prediction_par(parameters(mode, case), point(mode, case), *args))


def limits(mode: Mode, case: Case) -> tuple[float, float]:
    """Threshold and endpoint in q²."""
    par = parameters(mode, case)
    m_B, m_M = (par[f"m_{meson}"] for meson in mode.mesons)
    return par[f"m_{mode.lepton}"] ** 2, (m_B - m_M) ** 2


def at(mode: Mode, case: Case, fraction: float) -> float:
    """q² at a fraction of its range."""
    threshold, endpoint = limits(mode, case)
    return threshold + fraction * (endpoint - threshold)


def integral(mode: Mode, case: Case, spectrum: Callable[[float], float]) -> float:
    """Integral over the phase space, without the quadratures of EOS and this package.

    In log q² nothing happens at the scale m_l² of light leptons, and log q² =
    log(endpoint) - L y² makes the square root at the endpoint analytic.
    """
    threshold, endpoint = limits(mode, case)
    length = np.log(endpoint / threshold)
    y, weights = np.polynomial.legendre.leggauss(20)
    y, weights = (y + 1) / 2, weights / 2
    q2 = endpoint * np.exp(-length * y**2)
    return float(np.dot(weights * 2 * y * length * q2, [spectrum(x) for x in q2]))


@all_cases
@all_modes
def test_spectrum(mode: Mode, case: Case) -> None:
    """dBR/dq²: all terms of the rate, in the SM, WET and with N1."""
    for fraction in FRACTIONS:
        q2 = at(mode, case, fraction)
        theirs = rate(mode, case, "dBR/dq2", q2=q2)
        assert predict("dBR/dq2", mode, case, q2) == pytest.approx(theirs, rel=POINT, abs=0)


@few_cases
@all_modes
def test_bins(mode: Mode, case: Case) -> None:
    """Partial branching ratios, as EOS integrates them."""
    for low, high in SMOOTH_BINS:
        q2_bin = at(mode, case, low), at(mode, case, high)
        theirs = rate(mode, case, "BR", q2_min=q2_bin[0], q2_max=q2_bin[1])
        assert predict("<BR>", mode, case, *q2_bin) == pytest.approx(theirs, rel=INTEGRAL, abs=0)


@few_cases
@all_modes
def test_total(mode: Mode, case: Case) -> None:
    """The whole phase space, with the threshold and the endpoint."""
    theirs = integral(mode, case, lambda q2: rate(mode, case, "dBR/dq2", q2=q2))
    assert predict("BR", mode, case) == pytest.approx(theirs, rel=INTEGRAL, abs=0)


@all_cases
@vector_modes
def test_longitudinal_fraction(mode: Mode, case: Case) -> None:
    """F_L with scalars and tensors; over all neutrinos it is the mean weighted with the rates."""
    for fraction in FRACTIONS:
        q2 = at(mode, case, fraction)
        theirs = longitudinal_spectrum(mode, case, q2) / rate(mode, case, "dBR/dq2", q2=q2)
        assert predict("FL", mode, case, q2) == pytest.approx(theirs, rel=POINT, abs=0)


@few_cases
@vector_modes
def test_integrated_longitudinal_fraction(mode: Mode, case: Case) -> None:
    """Ratios of integrals, in bins and over the whole phase space."""
    for low, high in SMOOTH_BINS:
        q2_bin = at(mode, case, low), at(mode, case, high)
        kinematics = {"q2_min": q2_bin[0], "q2_max": q2_bin[1]}
        part = sum(
            reference("BR", **kinematics) * reference("F_L", **kinematics)
            for reference in currents(mode, case)
        )
        theirs = part / rate(mode, case, "BR", **kinematics)
        assert predict("<FL>", mode, case, *q2_bin) == pytest.approx(theirs, rel=INTEGRAL, abs=0)
    part = integral(mode, case, lambda q2: longitudinal_spectrum(mode, case, q2))
    theirs = part / integral(mode, case, lambda q2: rate(mode, case, "dBR/dq2", q2=q2))
    assert predict("FLtot", mode, case) == pytest.approx(theirs, rel=INTEGRAL, abs=0)
