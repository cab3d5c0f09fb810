"""Measurements and data sets."""

from __future__ import annotations

import flavio
import numpy as np
import pytest
from flavio.statistics.likelihood import Likelihood
from scipy.stats import norm

from flavio_nusmeft import NuWilson, _data, citations, dataset, errors
from flavio_nusmeft import likelihood as nus_likelihood
from flavio_nusmeft.citations import bibtex
from flavio_nusmeft.measurements import (
    Result,
    add_to_flavio,
    find,
    paper,
    register,
    result,
    results,
)
from flavio_nusmeft.observables import NAMES

PAPER = {
    "BR(B+->Kinv)": "(1.40 ± 0.40)e-05",
    "BR(B0->Kinv)": "< 2.6e-05 (90%)",
    "BR(B0->K*inv)": "< 1.8e-05 (90%)",
    "BR(B+->K*inv)": "< 4e-05 (90%)",
    "BR(Bs->inv)": "< 0.00059 (90%)",
    "Rmue(B->Dlinv)": "0.995 ± 0.045",
    "Remu(B->D*linv)": "1.010 ± 0.032",
    "Remu(B->Xlinv)": "1.007 ± 0.021",
}


def all_names():
    sets = _data.load_yaml("datasets.yml")
    alternatives = sets.pop("alternatives")
    return [*(n for members in sets.values() for n in members), *alternatives]


def test_paper():
    """arXiv:2309.02940 Sec. 3."""
    observables = [o for n in dataset("paper2023") for o in find(n).all_parameters]
    assert sorted(observables) == sorted(PAPER)  # nothing counted twice
    for observable, text in PAPER.items():
        assert [str(r) for r in results(observable, "paper2023")] == [text]


def test_current():
    """Short-distance signals for charged modes; Belle II first, then searches by strength."""
    found = results("BR_SD(B+->Kinv)", "current")
    assert found[0].central == pytest.approx(2.3e-5, abs=0)
    assert [r.limit for r in found[1:]] == [1.3e-5, 1.9e-5, 3.7e-5, 5.5e-5]
    assert results("BR(B+->Kinv)", "current") == []
    assert str(results("BR(Bs->inv)", "current")[0]) == "< 0.00056 (90%)"
    assert str(results("BR(B0->inv)", "current")[0]) == "< 2.4e-05 (90%)"
    assert [r.limit for r in results("BR(B0->K*inv)", "current")] == [1.8e-5, 5.5e-5, 9.3e-5]


def test_other_quarks():
    """K, D and b -> d in the current data set; the older NA62 data are within the newer."""
    assert [str(r) for r in results("BR(K+->piinv)", "current")] == ["(1.30 +0.33 -0.30)e-10"]
    assert [str(r) for r in results("BR(KL->piinv)", "current")] == ["< 2.2e-09 (90%)"]
    assert [str(r) for r in results("BR(D0->piinv)", "current")] == ["< 0.00021 (90%)"]
    limits = {
        "BR_SD(B+->piinv)": [1.4e-5, 9.8e-5],
        "BR(B0->piinv)": [0.9e-5, 6.9e-5],
        "BR_SD(B+->rhoinv)": [3.0e-5, 21.3e-5],
        "BR(B0->rhoinv)": [4.0e-5, 20.8e-5],
    }
    for observable, expected in limits.items():
        found = [r.limit for r in results(observable, "current")]
        assert found == pytest.approx(expected, rel=1e-12, abs=0)
    newer = result("BR(K+->piinv)", "flavio_nusmeft NA62 K+->piinv 2026")
    assert str(newer) == "(9.6 +1.9 -1.8)e-11"


def test_asymmetric_errors_are_shown():
    assert str(Result("x", 2.3e-5, 7.24e-6, 6.31e-6)) == "(2.30 +0.72 -0.63)e-05"
    assert str(Result("x", 12.0, 3.0, 3.0)) == "12.0 ± 3.0"


def test_charged_currents():
    """Muons over electrons in Belle 2015, electrons over muons in the others."""
    assert [str(r) for r in results("Rmue(B->Dlinv)", "current")] == ["0.995 ± 0.045"]
    assert [str(r) for r in results("Remu(B->Dlinv)", "current")] == ["1.020 ± 0.030"]
    # two experiments; the two of Belle overlap
    found = [str(r) for r in results("Remu(B->D*linv)", "current")]
    assert found == ["1.010 ± 0.032", "0.998 ± 0.022"]
    tagged = result("Remu(B->D*linv)", "flavio_nusmeft Belle Remu(D*) 2023")
    assert str(tagged) == "0.990 ± 0.031"
    assert [str(r) for r in results("Remu(B->Xlinv)", "current")] == ["1.007 ± 0.021"]
    assert [str(r) for r in results("Rtaul(B->Dlinv)", "current")] == ["0.358 ± 0.024"]
    assert [str(r) for r in results("Rtaul(B->D*linv)", "current")] == ["0.281 ± 0.011"]
    average = flavio.Measurement["flavio_nusmeft HFLAV R(D) R(D*) 2025"]
    covariance = average._constraints[0][0].covariance
    assert covariance[0, 1] == pytest.approx(-0.374 * 0.024 * 0.011, rel=1e-12, abs=0)


def test_polarisations():
    """arXiv:2311.05224 (published), 1903.03102 and 1709.00129."""
    found = [str(r) for r in results("FLtot(B0->D*tauinv)", "current")]
    assert found == ["0.410 ± 0.067", "0.600 ± 0.089"]
    (tau,) = results("Ptautot(B->D*tauinv)", "current")
    assert tau.central == -0.38
    # the statistical error, 0.51, with a larger one upwards; the width of the sum is between those
    # of the quadratic sums of either side
    assert 0.51 < tau.error_minus < tau.error_plus
    mean = (tau.error_plus + tau.error_minus) / 2
    assert np.hypot(0.51, 0.16) < mean < np.hypot(0.51, 0.21)


def test_belle_ii_errors():
    """0.5 (stat) with +0.5 -0.4 (syst): between the quadratic sums of either side."""
    (combined,) = (r for r in results("BR_SD(B+->Kinv)", "current") if r.central is not None)
    assert 0.6e-5 < combined.error_minus < combined.error_plus < 0.75e-5


def limit_of(measurement, observable):
    return measurement._parameters[observable][1].limit


def test_gamma_likelihoods_are_flavios():
    ours = flavio.Measurement["flavio_nusmeft Belle B->hinv SL 2017"]
    theirs = flavio.Measurement["Belle B->hnunu SL 2017"]
    for mine, stock in (
        ("BR_SD(B+->Kinv)", "BR(B+->Knunu)"),
        ("BR(B0->K*inv)", "BR(B0->K*nunu)"),
    ):
        args = 0.5e-5
        assert ours.get_logprobability_all({**dict.fromkeys(ours.all_parameters, 1e-6), mine: args})
        x = np.linspace(0, 6 * limit_of(ours, mine), 50)
        density = ours._parameters[mine][1].logpdf(x)
        # flavio's own is at the mercy of rounding below 1e-6 of the maximum
        kept = density > density.max() - 13
        expected = theirs._parameters[stock][1].logpdf(x)
        assert density[kept] == pytest.approx(expected[kept], rel=1e-12, abs=0)
        assert 5 < kept.sum() < 50


@pytest.mark.parametrize("name", sorted(set(all_names())))
def test_every_measurement(name):
    assert name.startswith("flavio_nusmeft ")
    measurement = find(name)
    assert measurement.experiment
    assert measurement.url or "EPS" in measurement.description
    key = paper(name)
    if key is None:
        assert "arxiv" not in measurement.url
        assert not measurement.inspire
    else:
        entry = bibtex([key])
        number = measurement.url.removeprefix("https://arxiv.org/abs/")
        assert number == measurement.url or f"eprint = {{{number}}}" in entry
        citations.cite([key])  # known to flavio
    for observable in measurement.all_parameters:
        name = observable if isinstance(observable, str) else observable[0]
        assert name in NAMES  # a misspelt name would load silently


def ours_in_flavio():
    return [n for n in flavio.Measurement.instances if n.startswith("flavio_nusmeft")]


def test_flavio_sees_the_current_data_set():
    assert sorted(ours_in_flavio()) == sorted(dataset("current"))
    register()
    assert sorted(ours_in_flavio()) == sorted(dataset("current"))


def reference(name):
    """What a measurement was published as; a conference talk has no entry of its own."""
    measurement = find(name)
    return measurement.url or measurement.inspire or measurement.description


def everything_measured():
    return sorted({o for n in dataset("current") for o in find(n).all_parameters})


@pytest.mark.parametrize("observable", everything_measured())
def test_flavio_counts_every_result_once(observable):
    """By its defaults: no alternative, and no two entries from one publication."""
    seen = Likelihood(observables=[observable]).measurement_likelihood.get_measurements
    measuring = [n for n in all_names() if observable in find(n).all_parameters]
    assert sorted(seen) == sorted({*measuring} & {*dataset("current")})
    references = [reference(n) for n in seen]
    assert len(set(references)) == len(references)
    combined, expected = (
        flavio.combine_measurements(observable, include_measurements=names)
        for names in (None, dataset("current"))
    )
    assert combined.central_value == expected.central_value


def test_flavio_counts_nothing_twice_in_all():
    """As many observations as the data set has, over all observables together."""
    found = Likelihood(observables=everything_measured()).measurement_likelihood
    count = sum(len(find(n).all_parameters) for n in dataset("current"))
    assert found.get_number_observations() == count


def test_what_flavio_does_not_see_is_known():
    """By name, for flavio when it is asked for, and only then."""
    name = "flavio_nusmeft Belle II B+->Kinv inclusive 2023"
    assert str(result("BR_SD(B+->Kinv)", name)) == "(2.70 ± 0.71)e-05"
    assert name not in flavio.Measurement.instances
    assert add_to_flavio(name) == add_to_flavio([name]) == [name]
    try:
        assert flavio.Measurement[name] is find(name)
        chosen = Likelihood(observables=["BR_SD(B+->Kinv)"], include_measurements=[name])
        x = {"BR_SD(B+->Kinv)": 2.7e-5 + np.hypot(0.5e-5, 0.5e-5)}
        value = chosen.measurement_likelihood.log_likelihood_pred(x, delta=True)
        assert value == pytest.approx(-0.5, rel=1e-12, abs=0)
    finally:
        del flavio.Measurement[name]
    assert find(name).name == name


def test_alternatives_replace_members():
    alternatives = _data.load_yaml("datasets.yml")["alternatives"]
    for name, entry in alternatives.items():
        members = dataset(entry["data set"])
        assert entry["replaces"] in members
        found = dataset(entry["data set"], [name])
        assert {*members} ^ {*found} == {entry["replaces"], name}
        assert len(found) == len(members)
        assert dataset(entry["data set"], name) == found
    with pytest.raises(errors.UnknownMeasurement, match="'paper2023' has no alternative"):
        dataset("paper2023", ["flavio_nusmeft NA62 K+->piinv 2026"])
    with pytest.raises(errors.UnknownMeasurement, match=r"did you mean '.* NA62 K.* 2026'"):
        dataset("current", ["flavio_nusmeft NA62 K+->piinv 2025"])
    with pytest.raises(errors.UnknownMeasurement, match=r"did you mean '.* NA62 K.* 2024'"):
        find("flavio_nusmeft NA62 K+->piinv 2O24")


def test_unknown_dataset():
    with pytest.raises(errors.UnknownDataset, match="paper2023, current"):
        dataset("paper")
    with pytest.raises(
        errors.UnknownDataset, match=r"no data set 'chargd'.* did you mean 'charged'"
    ):
        dataset("current+chargd")
    with pytest.raises(errors.UnknownDataset, match=r"no data set ''"):
        dataset("current+")


def test_sums_of_data_sets():
    """In any order, with alternatives; what has results in common cannot be added."""
    parts = ("current", "leptonic", "charged")
    members = [name for part in parts for name in dataset(part)]
    assert dataset("current+leptonic+charged") == dataset("current + leptonic + charged") == members
    assert sorted(dataset("charged+leptonic+current")) == sorted(members)
    newer = "flavio_nusmeft NA62 K+->piinv 2026"
    assert newer in dataset("leptonic+current", [newer])
    assert results("BR(B+->muinv)", "current") == []
    assert [str(r) for r in results("BR(B+->muinv)", "current+leptonic")] == ["(5.3 ± 2.2)e-07"]
    for name in ("current+current", "paper2023+current", "current+charged+current"):
        with pytest.raises(errors.UnknownDataset, match="have results in common"):
            dataset(name)
    found = nus_likelihood("leptonic+current", ["BR(B+->muinv)", "BR(B0->inv)"])
    assert len(found.measurement_likelihood.get_measurements) == 2


TAKEN = _data.load_yaml("measurements_from_flavio.yml")


def test_no_result_is_taken_twice():
    """Of one measurement of flavio every observable once, in all data sets together."""
    found = [
        (entry["measurement"], name) for entry in TAKEN.values() for name in entry["observables"]
    ]
    assert len(set(found)) == len(found) > 80
    assert {*TAKEN} <= {*all_names()}
    # averages of experiments that are there themselves, or the other way round
    for one, other in (
        ("HFLAV rad 2018", "Belle B->enu 2007"),
        ("CKM ratio measurements", "PDG 2022"),
        ("PDG 2015", "PDG 2022"),
        ("PDG 2018 D->lnu", "PDG 2022 D->lnu"),
        ("Belle B0->pilnu 2013", "HFLAV B0->pilnu 2021"),
        ("BaBar B->omegalnu 2012", "BPR combination B->omegalnu 2021"),
        ("Belle B->D*lnu 2018 untagged", "Belle B->D*lnu 2010"),
        ("LEP W->leptons ratios", "LEP W->leptons"),
    ):
        used = {entry["measurement"] for entry in TAKEN.values()}
        assert other in used
        assert one not in used
    electrons = {o for n, o in found if n == "PDG 2022 D->Plnu" and "enu" in o}
    assert not electrons  # in the bins of BESIII and CLEO


def stock_name(ours, theirs):
    """What stands in flavio's measurement for an observable of ours: one, or two of a mean."""
    name, *arguments = (ours,) if isinstance(ours, str) else ours
    names = [stock for stock, own in theirs.items() if own == name]
    return [(n, *arguments) if arguments else n for n in names]


@pytest.mark.parametrize("name", TAKEN)
def test_likelihoods_are_flavios(name):
    """The same density at the same predictions, correlations included."""
    theirs = TAKEN[name]["observables"]
    source, own = flavio.Measurement[TAKEN[name]["measurement"]], find(name)
    if len({*theirs.values()}) < len(theirs):
        return  # means, below
    rng = np.random.default_rng(1)
    x = {}
    for distribution, observables in own._constraints:
        central = np.ravel(distribution.central_value)
        error = np.ravel(distribution.error_right)
        shift = rng.uniform(0.3, 1.0, len(central))
        x |= dict(zip(observables, central + shift * error, strict=True))
    stock = {stock_name(o, theirs)[0]: value for o, value in x.items()}
    expected = [
        float(distribution.logpdf([stock[o] for o in names] if len(names) > 1 else stock[names[0]]))
        for distribution, names in source._constraints
        if names[0] in stock
    ]
    assert sum(len(names) for _, names in own._constraints) == len(x)
    found = sum(float(value) for value in own.get_logprobability_all(x).values())
    assert found == pytest.approx(sum(expected), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", ["Belle B->Dlinv 2015", "Belle B->D*linv 2010"])
def test_means_of_electrons_and_muons(name):
    """Of random numbers of flavio's distribution."""
    entry = TAKEN[f"flavio_nusmeft {name}"]
    ((distribution, theirs),) = flavio.Measurement[entry["measurement"]]._constraints
    ((found, ours),) = find(f"flavio_nusmeft {name}")._constraints
    assert 2 * len(ours) == len(theirs) == 40
    pairs = [[theirs.index(n) for n in stock_name(o, entry["observables"])] for o in ours]
    assert {len(pair) for pair in pairs} == {2}
    drawn = np.random.default_rng(0).multivariate_normal(
        distribution.central_value, distribution.covariance, 20000
    )
    means = np.transpose([drawn[:, pair].mean(axis=1) for pair in pairs])
    error = found.standard_deviation if hasattr(found, "standard_deviation") else found.error_right
    assert np.abs((means.mean(axis=0) - found.central_value) / error).max() < 0.04
    ratio = np.cov(means.T) / np.outer(error, error) - found.covariance / np.outer(error, error)
    assert np.abs(ratio).max() < 0.05


def of_stock_form_factors():
    """Pairs of observables: of every name the first and the last bin."""
    for entry in TAKEN.values():
        measured = list(flavio.Measurement[entry["measurement"]].all_parameters)
        for stock, own in entry["observables"].items():
            if own.split("->")[0][-1] in "+0B" and any(x in own for x in (">D", "K*", "_SD")):
                continue  # b -> c and b -> s have others
            if "pp->" in own:
                continue  # 1, with distributions of partons
            found = [o for o in measured if stock in (o, o[0])]
            for o in dict.fromkeys([found[0], found[-1]]):
                yield own if isinstance(o, str) else (own, *o[1:]), o


def test_predictions_of_the_standard_model_are_flavios(par):
    pairs = list(of_stock_form_factors())
    for ours, theirs in pairs:
        assert value(ours, par) == pytest.approx(value(theirs, par), rel=3e-4, abs=0)
    assert len(pairs) > 55


def value(observable, par):
    name, *arguments = (observable,) if isinstance(observable, str) else observable
    prediction = flavio.Observable[name].prediction_par
    return prediction(par, flavio.WilsonCoefficients(), *arguments)


def test_pulls_of_the_standard_model(par):
    """Of measured values, without theory errors: known tensions only."""
    pulls = {}
    for name in dataset("current+electroweak+leptonic"):
        for observable in find(name).all_parameters:
            found = result(observable, name)
            if found.limit is None:
                difference = value(observable, par) - found.central
                error = found.error_plus if difference > 0 else found.error_minus
                pulls[name.removeprefix("flavio_nusmeft "), observable] = difference / error
            else:
                assert value(observable, par) < 0.6 * found.limit
    large = {key: pull for key, pull in pulls.items() if abs(pull) > 2}
    assert len(pulls) > 25
    assert large.keys() == {
        ("Belle II B+->Kinv combined 2023", "BR_SD(B+->Kinv)"),
        ("HFLAV R(D) R(D*) 2025", "Rtaul(B->Dlinv)"),
        ("HFLAV R(D) R(D*) 2025", "Rtaul(B->D*linv)"),
        ("LEP W->linv 2013", "BR(W->tauinv)"),
    }
    assert max(map(abs, large.values())) < 3


def test_rates_need_theory_uncertainties(par):
    """chi² of the Standard Model: with them one per value, without them far above."""
    measured = [o for n in dataset("charged") for o in find(n).all_parameters]
    chosen = [o for o in measured if "B->D" not in str(o) and "+->D" not in str(o)]
    fast = nus_likelihood("charged", chosen, fast=True)
    fast.make_measurement(N=40)
    ((distribution, observables),) = fast.pseudo_measurement._constraints
    predicted = fast.full_measurement_likelihood.get_predictions_par(par, None)
    difference = [predicted[o] for o in observables] - distribution.central_value
    chi2 = difference @ np.linalg.solve(distribution.covariance, difference)
    assert 0.7 < chi2 / len(observables) < 1.6  # the tension is in the spectra of D -> K, pi
    _, experiment = fast.exp_covariance.get(5000, force=False)
    assert difference @ np.linalg.solve(experiment, difference) > 3 * len(observables)


def test_warning_without_theory_uncertainties():
    rate, other = ("<BR>(B0->pilinv)", 0, 2), "BR(B0->inv)"
    with pytest.warns(errors.TheoryWarning, match="fast=True"):
        nus_likelihood("charged", [rate])
    with pytest.warns(errors.TheoryWarning, match="CKM"):
        nus_likelihood("current+charged", [rate, other], fit_parameters={"m_N1": (0, 2)})
    nus_likelihood("charged", [rate], fast=True)
    nus_likelihood("charged", [rate], fit_parameters=["Vub"])
    nus_likelihood("current+charged", [other])


def likelihood(name):
    measurements = add_to_flavio(dataset(name))
    observables = sorted({o for n in measurements for o in find(n).all_parameters})
    return Likelihood(observables=observables, include_measurements=measurements)


def test_flavio_likelihood_of_the_paper(par, monkeypatch):
    """The list is what include_measurements wants: -2 ln L by hand.

    A limit x < X at 90% is half a Gaussian around 0 with width X / 1.645.
    """
    w = NuWilson({"LNQd_2123": 1.5e-8}, 1e3, "nuSMEFT", "FGMS")

    def by_hand(wc_obj):
        x = {o: flavio.Observable[o].prediction_par(par, wc_obj) for o in PAPER}
        chi2 = ((x["BR(B+->Kinv)"] - 1.4e-5) / 0.4e-5) ** 2
        for o, limit in (
            ("BR(B0->Kinv)", 2.6e-5),
            ("BR(B0->K*inv)", 1.8e-5),
            ("BR(B+->K*inv)", 4.0e-5),
            ("BR(Bs->inv)", 5.9e-4),
        ):
            chi2 += (x[o] / (limit / norm.ppf(0.95))) ** 2
        chi2 += ((x["Rmue(B->Dlinv)"] - 0.995) / np.hypot(0.022, 0.039)) ** 2
        chi2 += ((x["Remu(B->D*linv)"] - 1.01) / np.hypot(0.01, 0.03)) ** 2
        chi2 += ((x["Remu(B->Xlinv)"] - 1.007) / np.hypot(0.009, 0.019)) ** 2
        return -chi2 / 2

    monkeypatch.setattr(flavio.Measurement, "instances", flavio.Measurement.instances.copy())
    paper = likelihood("paper2023")
    difference = paper.log_likelihood(par, w) - paper.log_likelihood(par, None)
    assert difference == pytest.approx(by_hand(w) - by_hand(None), rel=1e-6, abs=0)


def test_current_data_prefer_the_scalar(par):
    """Belle II pulls up, nothing else forbids it: Delta chi² > 4 for one parameter."""
    current = likelihood("current")
    w = NuWilson({"LNQd_2123": 1.5e-8}, 1e3, "nuSMEFT", "FGMS")
    difference = current.log_likelihood(par, w) - current.log_likelihood(par, None)
    assert 2 < difference < 10
