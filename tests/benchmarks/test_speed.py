"""Speed against stock flavio in the same run; ``python tests/benchmarks`` prints the ratios.

Every case is measured for both: ``stock`` evaluates flavio's own decay to neutrinos for one and the
same object, whose coefficients it has cached; ``nusmeft`` gets a coefficient object that it has not
seen, given at 1 TeV, so that its running and matching are included.
"""

from __future__ import annotations

import itertools

import flavio
import pytest

from flavio_nusmeft import NuWilson
from flavio_nusmeft.eft import evolution
from flavio_nusmeft.eft.rge import CHARGED, NEUTRAL

MODES = {
    "K*": ("BR(B0->K*inv)", "BR(B0->K*nunu)"),
    "K": ("BR(B+->Kinv)", "BR(B+->Knunu)"),
    "R(D*)": ("Rtaul(B->D*linv)", "Rtaul(B->D*lnu)"),
    "pi mu": ("BR(B0->pimuinv)", "BR(B0->pimunu)"),
}
N_POINTS = 4000


@pytest.fixture(scope="module")
def points():
    """Fresh coefficient objects."""
    return itertools.cycle(
        NuWilson({"LNQd_2123": 2e-8 + 1e-12 * i}, 1e3, "nuSMEFT", "FGMS") for i in range(N_POINTS)
    )


@pytest.fixture(scope="module")
def stock_point():
    w = flavio.WilsonCoefficients()
    w.set_initial({"CL_bsnuenue": 1e-3}, 4.8, "WET", "flavio")
    return w


@pytest.fixture(scope="module")
def parameters():
    """Parameter points as in uncertainty sampling."""
    draws = flavio.default_parameters.get_random_all(size=300)
    return itertools.cycle([{k: v[i] for k, v in draws.items()} for i in range(300)])


@pytest.mark.parametrize("code", ["stock", "nusmeft"])
@pytest.mark.parametrize("mode", MODES)
def test_same_parameters(mode, code, benchmark, points, stock_point, par):
    benchmark.group = f"{mode}, same parameters"
    if code == "stock":
        observable = flavio.Observable[MODES[mode][1]]
        benchmark.pedantic(
            lambda: observable.prediction_par(par, stock_point), rounds=15, warmup_rounds=1
        )
    else:
        observable = flavio.Observable[MODES[mode][0]]
        benchmark.pedantic(
            lambda: observable.prediction_par(par, next(points)), rounds=1000, warmup_rounds=5
        )


@pytest.mark.parametrize("code", ["stock", "nusmeft"])
@pytest.mark.parametrize("mode", MODES)
def test_np_prediction(mode, code, benchmark, points, stock_point):
    benchmark.group = f"{mode}, np_prediction"
    if code == "stock":
        benchmark.pedantic(
            lambda: flavio.np_prediction(MODES[mode][1], stock_point), rounds=15, warmup_rounds=1
        )
    else:
        benchmark.pedantic(
            lambda: flavio.np_prediction(MODES[mode][0], next(points)),
            rounds=300,
            warmup_rounds=5,
        )


@pytest.mark.parametrize("code", ["stock", "nusmeft"])
@pytest.mark.parametrize("mode", MODES)
def test_all_parameters_changed(mode, code, benchmark, points, stock_point, parameters):
    benchmark.group = f"{mode}, all parameters changed"
    if code == "stock":
        observable = flavio.Observable[MODES[mode][1]]
        benchmark.pedantic(
            lambda: observable.prediction_par(next(parameters), stock_point),
            rounds=15,
            warmup_rounds=1,
        )
    else:
        observable = flavio.Observable[MODES[mode][0]]
        benchmark.pedantic(
            lambda: observable.prediction_par(next(parameters), next(points)),
            rounds=250,
            warmup_rounds=5,
        )


def test_fresh_point(benchmark):
    """Creation, running and matching of a nuSMEFT point at 1 TeV."""
    benchmark.group = "fresh point"
    values = itertools.count(1)

    def run():
        w = NuWilson({"LNQd_2123": 1e-10 * next(values)}, 1e3, "nuSMEFT", "FGMS")
        return w.match_run(4.8, "nuWET", "JMS", ("sbnunu",))

    benchmark.pedantic(run, rounds=2000, warmup_rounds=5)


def test_fresh_point_with_full_running(benchmark):
    """The same with all classes mixing; the evolution between the scales is there."""
    benchmark.group = "fresh point, full running"
    values = itertools.count(1)

    def run():
        w = NuWilson({"LNQdT_2123": 1e-10 * next(values)}, 1e3, "nuSMEFT", "FGMS")
        w.set_option("running", "full")
        return w.match_run(4.8, "nuWET", "JMS", ("sbnunu",))

    benchmark.pedantic(run, rounds=500, warmup_rounds=5)


@pytest.mark.parametrize("ckm", ["known", "other"])
def test_evolution(ckm, benchmark):
    """Building the evolution between two scales; other CKM matrices are close to a known one."""
    benchmark.group = f"evolution of nuSMEFT from 1 TeV, {ckm} CKM matrix"
    known, steps = evolution._KNOWN[0], itertools.count(1)

    def build():
        if ckm == "known":
            evolution._base.cache_clear()
        point = known if ckm == "known" else known._replace(Vub=known.Vub + 1e-6 * next(steps))
        found = evolution.Evolution(1e3, 91.1876, 0.1181, point)
        return found.matrix(NEUTRAL), found.matrix(CHARGED)

    benchmark.pedantic(build, rounds=5, warmup_rounds=1)


def test_parameter_dictionary(benchmark):
    """flavio's get_central_all, the floor of every np_prediction."""
    benchmark.group = "flavio's parameter dictionary"
    benchmark.pedantic(flavio.default_parameters.get_central_all, rounds=200, warmup_rounds=5)
