"""Many points, and likelihoods, against stock flavio (and EOS where installed) in the same run.

``stock`` and ``eos`` evaluate one point of the same number of branching ratios; the command prints
the ratio of the times per point.
"""

from __future__ import annotations

import importlib.util
import itertools

import flavio
import matplotlib as mpl
import numpy as np
import pytest
from belle2_record import PUBLISHED
from flavio.statistics.likelihood import FastLikelihood

import flavio_nusmeft as nus
from flavio_nusmeft.belle2 import record
from flavio_nusmeft.inference import scan

BRANCHING_RATIOS = [
    "BR(B+->Kinv)",
    "BR(B0->Kinv)",
    "BR(B+->K*inv)",
    "BR(B0->K*inv)",
    "BR(Bs->phiinv)",
    "BR(Bs->inv)",
]
STOCK = ["BR(B+->Knunu)", "BR(B0->Knunu)", "BR(B+->K*nunu)", "BR(B0->K*nunu)"]
EOS = {"B->Knunu": 22.8, "B->K^*nunu": 19.2, "B_s->phinunu": 18.9}  # to q², GeV²
FOUR = ["BR_SD(B+->Kinv)", "BR(B0->Kinv)", "BR_SD(B+->K*inv)", "BR(B0->K*inv)"]
COEFFICIENTS = (
    *("QN_2312", "LNQd_2123", "LNQdT_2123", "QN_2321", "dN_2312", "dN_2321"),
    *("LNQd_2132", "LNQdT_2132", "LNQd_1123", "LNQdT_1123"),
)
FGMS = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
N_POINTS = 10**6
MEASUREMENTS = [
    "Belle B->hnunu SL 2017",
    "Belle B->hnunu had 2013",
    "BaBar B->Knunu had 2013",
    "BaBar B->Knunu SL 2010",
]


@pytest.fixture(scope="module")
def stock_point():
    w = flavio.WilsonCoefficients()
    w.set_initial({"CL_bsnuenue": 1e-3}, 4.8, "WET", "flavio")
    return w


@pytest.mark.parametrize("code", ["stock", "nusmeft"])
@pytest.mark.parametrize("n", [3, 10])
def test_predict(n, code, benchmark, par, stock_point):
    """A million points of complex coefficients at fixed mass."""
    benchmark.group = f"predict, 10^6 points x {n} coefficients"
    if code == "stock":
        observables = [flavio.Observable[name] for name in STOCK]
        run = lambda: [observable.prediction_par(par, stock_point) for observable in observables]  # noqa: E731
        benchmark.pedantic(run, rounds=5, warmup_rounds=1)
        return
    rng = np.random.default_rng(1)
    values = {
        name: rng.normal(size=N_POINTS) * 1e-8 + 1j * rng.normal(size=N_POINTS) * 1e-8
        for name in COEFFICIENTS[:n]
    }
    benchmark.extra_info["points"] = N_POINTS
    benchmark.pedantic(
        lambda: nus.predict(BRANCHING_RATIOS, values, **FGMS, par={"m_N1": 1.5}),
        rounds=5,
        warmup_rounds=1,
    )


@pytest.mark.skipif(not importlib.util.find_spec("eos"), reason="EOS is not installed")
def test_eos(benchmark):
    """EOS, one point of three branching ratios, in C++."""
    with mpl.rc_context():
        import eos
    benchmark.group = "EOS, one point"
    parameters = eos.Parameters()
    options = eos.Options(**{"model": "WET", "form-factors": "BSZ2015"})
    observables = [
        eos.Observable.make(
            f"{name}::BR", parameters, eos.Kinematics(q2_min=0.01, q2_max=end), options
        )
        for name, end in EOS.items()
    ]
    coefficient, values = parameters["sbnunu::Re{cVL}"], itertools.count()

    def run():
        coefficient.set(6.4 + 1e-6 * next(values))
        return [observable.evaluate() for observable in observables]

    benchmark.pedantic(run, rounds=200, warmup_rounds=2)


def test_mass_plane(benchmark):
    """200 x 200 points of mass and coefficient, every mass new."""
    benchmark.group = "predict, 200 x 200 (mass, coefficient)"
    shifts = itertools.count()
    x = np.linspace(0, 0.04e-6, 200)

    def run():
        masses = np.linspace(0.01, 2.3, 200)[:, None] + 1e-6 * next(shifts)
        return nus.predict(BRANCHING_RATIOS[:4], {"QN_2311": x}, **FGMS, par={"m_N1": masses})

    benchmark.pedantic(run, rounds=4, warmup_rounds=1)


def fast_likelihood(code):
    if code == "stock":
        result = FastLikelihood("stock", observables=STOCK, include_measurements=MEASUREMENTS)
        del FastLikelihood["stock"]
        return result
    return nus.likelihood("current", FOUR, fast=True, theory="NP" if "NP" in code else "SM")


@pytest.mark.parametrize("code", ["stock", "nusmeft"])
def test_make_measurement(code, benchmark):
    """Theory covariance of four modes from 100 draws; stock flavio from 10, times 10."""
    benchmark.group = "make_measurement(N=100)"
    likelihood = fast_likelihood(code)
    draws = 10 if code == "stock" else 100
    benchmark.extra_info["points"] = draws / 100
    benchmark.pedantic(
        lambda: likelihood.make_measurement(N=draws, force=True, force_exp=True),
        rounds=2 if code == "stock" else 5,
    )


@pytest.mark.parametrize("code", ["stock", "nusmeft", "NP"])
def test_log_likelihood(code, benchmark, par):
    """A new point; NP: with the theory covariance of the point itself, at 1 TeV."""
    benchmark.group = "log_likelihood" + ", theory follows NP" * (code == "NP")
    likelihood = fast_likelihood(code)
    if code == "stock":
        likelihood.sm_covariance._cov = np.eye(4) * 1e-14
    likelihood.make_measurement(N=100)
    counter = itertools.count()

    def run():
        step = 1e-4 * next(counter)
        if code == "stock":
            w = flavio.WilsonCoefficients()
            w.set_initial({"CL_bsnuenue": step}, 4.8, "WET", "flavio")
        else:
            w = nus.NuWilson({"LNQd_2123": 1e-8 * (1 + step)}, 1e3, "nuSMEFT", "FGMS")
        return likelihood.log_likelihood(par, w)

    benchmark.pedantic(run, rounds=10 if code == "stock" else 300, warmup_rounds=1)


@pytest.mark.parametrize("mass", ["same", "new"])
def test_full_log_likelihood(mass, benchmark):
    """All data of "current" at a new coefficient and the same, or a new, mass of N."""
    benchmark.group = f"log-likelihood of all data, {mass} mass"
    likelihood = nus.likelihood("current", fit_parameters={"m_N1": (0, 2.4)})
    function = nus.LogLikelihood(likelihood, ["LNQd_2123", "m_N1"], **FGMS)
    steps = itertools.count()

    def run():
        step = 1e-4 * next(steps)
        return function([1e-8 * (1 + step), 1.0 + step * (mass == "new")])

    benchmark.pedantic(run, rounds=300, warmup_rounds=3)


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published record is not there")
@pytest.mark.parametrize("way", ["one by one", "together"])
def test_belle2(way, benchmark):
    """Belle II's likelihood of 1000 spectra."""
    benchmark.group = f"Belle II, 1000 spectra {way}"
    likelihood, sm = nus.Belle2Likelihood(PUBLISHED), record.sm_spectrum()
    rng = np.random.default_rng(1)
    edges = rng.uniform(0, 100, (1000, 1))
    spectra = sm + rng.uniform(0, 6, (1000, 1)) * sm * (np.arange(100) > edges)
    if way == "together":
        run = lambda: likelihood.log_likelihoods(spectra)  # noqa: E731
    else:
        run = lambda: [likelihood.spectrum_log_likelihood(x) for x in spectra]  # noqa: E731
    benchmark.pedantic(run, rounds=3, warmup_rounds=1)


def test_scan_with_processes(benchmark):
    """100 cheap points in two processes: the second scan of a session, and those that follow."""
    benchmark.group = "grid of 100 points, executor=2"
    likelihood = nus.likelihood("current", ["BR(B0->Kinv)", "BR_SD(B+->Kinv)"])
    function = nus.LogLikelihood(likelihood, ["LNQd_2123", "QN_2311"], **FGMS)
    axes = {name: np.linspace(0, 2e-8, 10) for name in function.variables}
    benchmark.pedantic(
        lambda: scan.grid(function, axes, executor=2, progress=False), rounds=3, warmup_rounds=1
    )
