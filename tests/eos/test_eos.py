"""Comparison with EOS 1.0.21 for massless sterile neutrinos.

EOS (https://eos.github.io) is an independent C++ program. It has b -> s nu nu with vector, scalar
and tensor operators of massless neutrinos and form factors in the same BSZ parametrisation. Every
input of EOS is set here to what this package uses, see `Eos`; what is compared is the physics:
amplitudes, phase space, normalisation, form factors, integration over q².

EOS has H = N sum_i c_i O_i for each of three neutrino flavours, with
N = 4 G_F/√2 α/(2π) V_tb V_ts*, O_V = [s̄ γ P_L,R b][ν̄ γ P_L ν], O_S = [s̄ P_L,R b][ν̄^c P_L ν] and
O_T = [s̄ σ P_L b][ν̄^c σ P_L ν]. For one operator with a sterile neutrino and coefficient C

- a vector makes the pair N1 N1: the massless rate is that of one neutrino flavour with C, EOS has
  three with N c, so they agree for |C|² = 3 N² |c|²
- a scalar or tensor makes the pair ν N1 of different neutrinos: one rate with |C|². EOS has three
  pairs of identical neutrinos, each with |2 N c|² (two contractions) and 1/2 (identical
  particles), so they agree for |C|² = 6 N² |c|²

Sterile operators do not interfere with the SM: their part of a rate is the prediction with the
coefficient minus that of the SM, and in EOS the rate without the SM coefficient.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import flavio
import numpy as np
import pytest
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
COEFFICIENT = 1.5e-8 + 1.0e-8j  # GeV^-2 at 1 TeV; makes sterile parts comparable to the SM

# Relative tolerances. Spectra are closed forms on both sides and agree up to rounding, 2e-15;
# differences to the SM lose up to 4e-13 where the sterile part vanishes at either end.
POINT = 1e-11
# EOS integrates with GSL's QAGS and asks for 5e-4. Where the integrand is smooth, its 21-point rule
# agrees to 1e-14 and tests the accuracy that the package states for its own quadrature.
SMOOTH_BIN = 2e-9
# In bins that end in the square root at the endpoint the same rule reaches 5e-7.
ENDPOINT_BIN = 2e-6


@dataclass(frozen=True, eq=False)
class Transition:
    """Form factors: names in this package and in EOS.

    ``z_masses`` are the meson masses in z and in the relations at q² = 0, ``poles`` the resonances
    of the BSZ parametrisation. Both are parameters of EOS's own, with the suffix @BSZ2015.
    """

    name: str
    eos: str
    z_masses: dict[str, str]
    poles: dict[str, str]


@dataclass(frozen=True)
class Mode:
    """A decay, with the mesons in flavio and in EOS."""

    name: str
    transition: Transition
    mesons: tuple[str, str]
    eos_mesons: tuple[str, str]
    spectator: str | None = None
    rate: str = "BR"

    @property
    def endpoint(self) -> float:
        par = parameters()
        m_B, m_M = (par[f"m_{meson}"] for meson in self.mesons)
        return float((m_B - m_M) ** 2)


_VECTOR_POLES = {"m0": "B_s", "m1-": "B_s^*", "m1+": "B_s,1"}
K = Transition("B->K", "B->K", {"B0": "B_d", "K0": "K_d"}, {"m+": "B_s^*", "m0": "B_s,0"})
KSTAR = Transition("B->K*", "B->K^*", {"B0": "B_d", "K*0": "K_d^*"}, _VECTOR_POLES)
PHI = Transition("Bs->phi", "B_s->phi", {"Bs": "B_s", "phi": "phi"}, _VECTOR_POLES)

MODES = (
    # EOS fixes the spectator of B->Knunu to u; only masses and lifetime know about it
    Mode("B0->K", K, ("B0", "K0"), ("B_u", "K_u")),
    Mode("B+->K", K, ("B+", "K+"), ("B_u", "K_u"), rate="BR_SD"),
    Mode("B0->K*", KSTAR, ("B0", "K*0"), ("B_d", "K_d^*"), "d"),
    Mode("B+->K*", KSTAR, ("B+", "K*+"), ("B_u", "K_u^*"), "u", rate="BR_SD"),
    Mode("Bs->phi", PHI, ("Bs", "phi"), ("B_s", "phi")),
)
VECTOR_MODES = tuple(mode for mode in MODES if mode.transition is not K)


@dataclass(frozen=True)
class Case:
    """One operator: coefficient of nuSMEFT FGMS at 1 TeV, of nuWET at 4.8 GeV, and of EOS.

    ``factor`` is |C|²/(N² |c|²), see the docstring of the module. (For massless neutrinos the
    rates do not depend on the chirality of the neutrino current, where EOS has only one.)
    """

    nusmeft: str
    nuwet: str
    eos: str
    factor: int


VECTORS = (
    Case("QN_2311", "VnudLL_4423", "cVL", 3),
    Case("dN_2311", "VnudLR_4423", "cVR", 3),
)
CASES = (
    *VECTORS,
    # the hermitian conjugate of [ν̄^c P_L ν][b̄ P_L s] is the one with s̄ P_R b
    Case("LNQd_2123", "SnudLL_2432", "cSR", 6),
    Case("LNQd_2132", "SnudLL_2423", "cSL", 6),
    Case("LNQdT_2123", "TnudLL_2432", "cTL", 6),
    Case("LNQdT_2132", "TnudLL_2423", "cTL", 6),
)

all_modes = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
vector_modes = pytest.mark.parametrize("mode", VECTOR_MODES, ids=lambda mode: mode.name)
all_cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.nusmeft)
vector_cases = pytest.mark.parametrize("case", VECTORS, ids=lambda case: case.nusmeft)


@cache
def parameters() -> dict[str, float]:
    """flavio's parameters with the few changes that EOS cannot follow."""
    par = dict(flavio.default_parameters.get_central_all())
    par["m_N1"] = par["m_N2"] = par["m_N3"] = 0.0
    par["B->K* finite width"] = 1.0
    # EOS has one parameter for the mass of the B_s in z and for the 0- pole
    par["Bs->phi GRvDV m0"] = par["m_Bs"]
    return par


class Eos:
    """EOS for one decay, with all its inputs set to those of this package."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._parameters = eos.Parameters()
        self._options = {"model": "WET", "form-factors": "BSZ2015"}
        if mode.spectator is not None:
            self._options["q"] = mode.spectator
        self._set_electroweak()
        self._set_mesons()
        self._set_form_factors()
        self._set_quark_masses()

    def _set(self, name: str, value: float) -> None:
        self._parameters[name].set(float(value))

    def _set_electroweak(self) -> None:
        par = parameters()
        ckm = flavio.physics.ckm.get_ckm(par)
        alpha = flavio.physics.running.running.get_alpha(par, SCALE)["alpha_e"]
        self._set("WET::G_Fermi", par["GF"])
        self._set("QED::alpha_e(m_b)", alpha)
        self._set("CKM::abs(V_tb)", abs(ckm[2, 2]))
        self._set("CKM::abs(V_ts)", abs(ckm[2, 1]))
        self._norm = 4 * par["GF"] / np.sqrt(2) * alpha / (2 * np.pi)
        self._norm *= abs(ckm[2, 2] * ckm[2, 1])

    def _set_mesons(self) -> None:
        """Masses in phase space, and the lifetime, in s, where flavio has GeV^-1."""
        par = parameters()
        for meson, name in zip(self._mode.mesons, self._mode.eos_mesons, strict=True):
            self._set(f"mass::{name}", par[f"m_{meson}"])
        hbar = self._parameters["QM::hbar"].evaluate()
        lifetime = par[f"tau_{self._mode.mesons[0]}"] * hbar
        self._set(f"life_time::{self._mode.eos_mesons[0]}", lifetime)

    def _set_form_factors(self) -> None:
        par, transition = parameters(), self._mode.transition
        prefix = f"{transition.name} GRvDV "
        for pole, name in transition.poles.items():
            self._set(f"mass::{name}@BSZ2015", par[prefix + pole])
        for meson, name in transition.z_masses.items():
            self._set(f"mass::{name}@BSZ2015", par[f"m_{meson}"])
        for name in par:
            if name.startswith(f"{prefix}a"):
                order, form_factor = name.removeprefix(f"{prefix}a").split("_")
                eos_name = f"{transition.eos}::alpha^{form_factor}_{order}@BSZ2015"
                self._set(eos_name, par[name])

    def _set_quark_masses(self) -> None:
        """Inputs for which EOS, with its own running, has flavio's masses at 4.8 GeV."""
        par, running = parameters(), flavio.physics.running.running
        self._set("sbnunu::mu", SCALE)
        self._set("QCD::mu_b", 4.0)  # m_b(4.8) jumps where m_b(m_b) crosses this threshold
        model = eos.Model.make("WET", self._parameters, eos.Options())
        for name, mass, target in (
            ("mass::b(MSbar)", model.m_b_msbar, running.get_mb(par, SCALE)),
            ("mass::s(2GeV)", model.m_s_msbar, running.get_ms(par, SCALE)),
        ):
            self._solve(name, mass, target)

    def _solve(self, name: str, mass: Callable[[float], float], target: float) -> None:
        """Set the parameter so that the mass at 4.8 GeV becomes the target."""

        def difference(value: float) -> float:
            self._set(name, value)
            return mass(SCALE) - target

        start = self._parameters[name].evaluate()
        self._set(name, brentq(difference, 0.97 * start, 1.03 * start, xtol=1e-15))
        assert mass(SCALE) == pytest.approx(target, rel=1e-13, abs=0)

    def choose(self, case: Case | None) -> None:
        """Switch on one operator: that of the SM, or a sterile one without the SM."""
        for name in ("cVL", "cVR", "cSL", "cSR", "cTL"):
            self._set(f"sbnunu::Re{{{name}}}", 0)
            self._set(f"sbnunu::Im{{{name}}}", 0)
        if case is None:
            par = parameters()
            value = complex(flavio.physics.bdecays.wilsoncoefficients.CL_SM(par, SCALE))
            name = "cVL"
        else:
            value = low_energy(case) / (self._norm * np.sqrt(case.factor))
            name = case.eos
        self._set(f"sbnunu::Re{{{name}}}", value.real)
        self._set(f"sbnunu::Im{{{name}}}", value.imag)

    def __call__(self, observable: str, **kinematics: float) -> float:
        """Value for the last choice of the operator."""
        return float(
            eos.Observable.make(
                f"{self._mode.transition.eos}nunu::{observable}",
                self._parameters,
                eos.Kinematics(**kinematics),
                eos.Options(**self._options),
            ).evaluate()
        )


@cache
def _eos(mode: Mode) -> Eos:
    return Eos(mode)


def eos_for(mode: Mode, case: Case | None) -> Eos:
    """EOS for the decay with one operator switched on."""
    result = _eos(mode)
    result.choose(case)
    return result


def point(case: Case | None) -> flavio.WilsonCoefficients:
    """Wilson coefficients of this package; the SM without a case."""
    if case is None:
        return flavio.WilsonCoefficients()
    return NuWilson({case.nusmeft: COEFFICIENT}, 1000, "nuSMEFT", "FGMS")


def low_energy(case: Case) -> complex:
    """The coefficient at 4.8 GeV, GeV^-2: running and matching as in this package."""
    wc = point(case).match_run(SCALE, "nuWET", "JMS", ("sbnunu",))
    assert list(wc.dict) == [case.nuwet]
    return complex(wc.dict[case.nuwet])


def predict(observable: str, case: Case | None, *args: float) -> float:
    """Prediction of this package: of the SM, or of the SM and the sterile operator."""
    return float(flavio.Observable[observable].prediction_par(parameters(), point(case), *args))


def part(observable: str, case: Case | None, *args: float) -> float:
    """Prediction of the SM, or of the sterile operator alone."""
    if case is None:
        return predict(observable, None, *args)
    return predict(observable, case, *args) - predict(observable, None, *args)


def points(mode: Mode) -> list[float]:
    return [fraction * mode.endpoint for fraction in (1e-4, 0.1, 0.35, 0.6, 0.85, 0.99)]


def smooth_bins(mode: Mode) -> list[tuple[float, float]]:
    edges = [fraction * mode.endpoint for fraction in (0.0, 0.2, 0.5, 0.8)]
    return list(pairwise(edges))


def check_spectrum(mode: Mode, case: Case | None) -> None:
    reference = eos_for(mode, case)
    for q2 in points(mode):
        ours = part(f"d{mode.rate}/dq2({mode.name}inv)", case, q2)
        assert ours == pytest.approx(reference("dBR/dq2", q2=q2), rel=POINT, abs=0)


def check_bins(mode: Mode, case: Case | None) -> None:
    reference = eos_for(mode, case)
    last = (0.8 * mode.endpoint, mode.endpoint)
    tolerances = [(q2_bin, SMOOTH_BIN) for q2_bin in smooth_bins(mode)]
    for (low, high), tolerance in [*tolerances, (last, ENDPOINT_BIN)]:
        ours = part(f"<d{mode.rate}/dq2>({mode.name}inv)", case, low, high) * (high - low)
        theirs = reference("BR", q2_min=low, q2_max=high)
        assert ours == pytest.approx(theirs, rel=tolerance, abs=0)


def check_total(mode: Mode, case: Case | None) -> None:
    reference = eos_for(mode, case)
    ours = part(f"{mode.rate}({mode.name}inv)", case)
    theirs = reference("BR", q2_min=0.0, q2_max=mode.endpoint)
    assert ours == pytest.approx(theirs, rel=ENDPOINT_BIN, abs=0)
    # the spectrum of EOS, integrated without its quadrature: q² = endpoint (1 - y²) makes the
    # square root at the endpoint analytic
    y, weights = np.polynomial.legendre.leggauss(20)
    y, weights = (y + 1) / 2, weights / 2
    spectrum = [reference("dBR/dq2", q2=mode.endpoint * (1 - x**2)) for x in y]
    theirs = float(np.dot(weights * 2 * y * mode.endpoint, spectrum))
    assert ours == pytest.approx(theirs, rel=SMOOTH_BIN, abs=0)


@all_modes
def test_sm_spectrum(mode: Mode) -> None:
    """With equal C_L^SM, α, G_F, CKM elements and lifetime both have the same dBR/dq²."""
    check_spectrum(mode, None)


@all_modes
def test_sm_bins(mode: Mode) -> None:
    """Equal spectra have equal integrals, up to the quadratures."""
    check_bins(mode, None)


@all_modes
def test_sm_total(mode: Mode) -> None:
    """The whole phase space, by EOS and by an independent quadrature of its spectrum."""
    check_total(mode, None)


@all_cases
@all_modes
def test_sterile_spectrum(mode: Mode, case: Case) -> None:
    """The part of one operator with N1, with the normalisation in the docstring of the module."""
    check_spectrum(mode, case)


@all_cases
@all_modes
def test_sterile_bins(mode: Mode, case: Case) -> None:
    """Sterile parts have other shapes in q² than the SM, at the threshold and the endpoint."""
    check_bins(mode, case)


@all_cases
@all_modes
def test_sterile_total(mode: Mode, case: Case) -> None:
    """Normalisation and shape at once, as in limits on coefficients."""
    check_total(mode, case)


# F_L in EOS is that of vector currents only: its longitudinal width contains A12 alone, and not
# the scalar and tensor parts that the total width has.


@vector_modes
def test_sm_longitudinal_fraction(mode: Mode) -> None:
    """F_L depends on form factors and masses only."""
    reference = eos_for(mode, None)
    for q2 in points(mode):
        ours = predict(f"FL({mode.name}inv)", None, q2)
        assert ours == pytest.approx(reference("F_L(q2)", q2=q2), rel=POINT, abs=0)
    for low, high in smooth_bins(mode):
        ours = predict(f"<FL>({mode.name}inv)", None, low, high)
        theirs = reference("F_L", q2_min=low, q2_max=high)
        assert ours == pytest.approx(theirs, rel=SMOOTH_BIN, abs=0)
    ours = predict(f"FLtot({mode.name}inv)", None)
    theirs = reference("F_L", q2_min=0.0, q2_max=mode.endpoint)
    assert ours == pytest.approx(theirs, rel=ENDPOINT_BIN, abs=0)


@vector_cases
@vector_modes
def test_sterile_longitudinal_fraction(mode: Mode, case: Case) -> None:
    """The SM and a sterile vector current add up incoherently: F_L is their weighted mean."""

    def mean(rate: str, fraction: str, **kinematics: float) -> float:
        rates, fractions = [], []
        for current in (None, case):
            reference = eos_for(mode, current)
            rates.append(reference(rate, **kinematics))
            fractions.append(reference(fraction, **kinematics))
        return float(np.average(fractions, weights=rates))

    for q2 in points(mode):
        ours = predict(f"FL({mode.name}inv)", case, q2)
        assert ours == pytest.approx(mean("dBR/dq2", "F_L(q2)", q2=q2), rel=POINT, abs=0)
    for low, high in smooth_bins(mode):
        ours = predict(f"<FL>({mode.name}inv)", case, low, high)
        theirs = mean("BR", "F_L", q2_min=low, q2_max=high)
        assert ours == pytest.approx(theirs, rel=SMOOTH_BIN, abs=0)
    ours = predict(f"FLtot({mode.name}inv)", case)
    theirs = mean("BR", "F_L", q2_min=0.0, q2_max=mode.endpoint)
    assert ours == pytest.approx(theirs, rel=ENDPOINT_BIN, abs=0)
