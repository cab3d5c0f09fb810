"""Explanations of the same data in one table."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scan_functions import Gauss
from scipy.stats import chi2

from flavio_nusmeft import compare
from flavio_nusmeft.errors import FailedMinimization, FailedPoint, InvalidScan, UnwritablePath
from flavio_nusmeft.inference import comparison
from flavio_nusmeft.inference.scan import minimize


class Line:
    """Data y = a + b t + peak in five bins with errors 1: ln L is that of a normal distribution.

    ``peak`` is at ``place``; its ``square`` is what enters.
    """

    variables = ("a", "b")
    t = np.arange(-2.0, 3.0)
    y = np.array([-1.0, 0.3, 2.0, 2.0, 3.0])

    def model(self, a, b):
        return a + b * self.t

    def __call__(self, x):
        return -0.5 * float(((self.y - self.model(*x)) ** 2).sum())

    def description(self):
        return {"data": self.y.tolist()}


class Gradient(Line):
    def value_and_gradient(self, x):
        left = self.y - self.model(*x)
        return self(x), np.array([left.sum(), (left * self.t).sum()])


class Peak(Line):
    variables = ("size", "place")

    def model(self, size, place):
        return size * np.exp(-0.5 * (self.t - place) ** 2)


class Squared(Line):
    variables = ("coefficient",)

    def model(self, coefficient):
        return coefficient**2 * np.ones(5)


def run(**explanations):
    return compare({k.replace("_", " "): v for k, v in explanations.items()}, progress=False)


LINE = Line()
A, B = LINE.y.mean(), LINE.y @ LINE.t / (LINE.t @ LINE.t)
NULL = (LINE.y**2).sum()
RANGE = (-5.0, 5.0)


def test_least_squares():
    """Of a line and a constant, by their formulas: changes are those of the sums of squares."""
    found = run(
        none=(LINE, {"a": 0, "b": 0}),
        constant=(LINE, {"a": RANGE, "b": 0}),
        line=(LINE, {"a": RANGE, "b": RANGE}),
    )
    assert found["none"].log_likelihood == pytest.approx(-NULL / 2, abs=1e-12)
    constant, line = found["constant"], found["line"]
    assert constant.values == pytest.approx({"a": A, "b": 0}, abs=1e-3)
    assert line.values == pytest.approx({"a": A, "b": B}, abs=1e-3)
    gains = {"constant": 5 * A**2, "line": 5 * A**2 + 10 * B**2}
    for k, (label, gain) in enumerate(gains.items(), 1):
        explanation = found[label]
        assert explanation.change == pytest.approx(-gain, abs=1e-4)
        assert explanation.degrees == k == len(explanation.free)
        assert explanation.p_value == pytest.approx(chi2.sf(gain, k), abs=1e-6)
        assert explanation.change_of_aic == pytest.approx(-gain + 2 * k, abs=1e-4)
        assert explanation.wilks
        assert explanation.notes == ()
    one = found["constant"]
    assert chi2.sf(one.significance**2, 1) == pytest.approx(one.p_value, abs=1e-12)


def test_reference_with_free_variables():
    found = run(constant=(LINE, {"a": RANGE, "b": 0}), line=(LINE, {"a": RANGE, "b": RANGE}))
    assert found["constant"].change == found["constant"].change_of_aic == 0
    assert found["line"].degrees == 1
    assert found["line"].p_value == pytest.approx(chi2.sf(10 * B**2, 1), abs=1e-5)


def test_derivatives_are_used():
    gradient = Gradient()
    calls = []
    gradient.value_and_gradient = lambda x: (
        calls.append(x) or Gradient.value_and_gradient(gradient, x)
    )
    found = run(none=(gradient, {"a": 0, "b": 1}), line=(gradient, {"a": 0.5, "b": RANGE}))
    assert found["line"].values == pytest.approx({"a": 0.5, "b": B}, abs=1e-4)
    assert calls


def test_variables_without_meaning():
    """A peak without size has no place: other functions of the same data, too."""
    found = run(
        none=(LINE, {"a": 0, "b": 0}),
        peak=(Peak(), {"size": RANGE, "place": (-2, 2)}),
        peak_at_1=(Peak(), {"size": RANGE, "place": 1}),
        positive=(Peak(), {"size": (0, 5), "place": 1.0}),
        square=(Squared(), {"coefficient": (-3, 3)}),
    )
    assert found["peak"].degrees == 2
    assert not found["peak"].wilks
    assert "every place: look-elsewhere effect, p is a rough guide" in found["peak"].notes[0]
    assert found["peak at 1"].wilks
    assert found["peak at 1"].degrees == 1
    for label, name in {"positive": "size", "square": "coefficient"}.items():
        (note,) = found[label].notes
        assert not found[label].wilks
        assert f"at the end of the range of {name} or of the square: p is too large" in note
    text = str(found)
    assert re.search(r"peak +-\d+\.\d\d +2 +\[\S+ \(\d\.\dσ\)\]", text)
    assert re.search(r"peak at 1 .* \S+ \(\d\.\dσ\) ", text)


def test_one_sided_p_value_is_half():
    """Where the note says that p is twice too large: toy data without signal."""
    rng, gains = np.random.default_rng(5), []
    shape = Peak().model(1.0, 1.0)
    for _ in range(4000):
        size = max((rng.normal(size=5) @ shape) / (shape @ shape), 0)
        gains.append(size**2 * (shape @ shape))
    wilks = chi2.sf(2.7, 1)
    assert np.mean(np.array(gains) > 2.7) == pytest.approx(wilks / 2, abs=0.01)  # 3 errors
    assert abs(wilks / 2 - wilks) > 0.03


def test_what_does_not_contain_the_reference_has_no_p_value():
    found = run(
        none=(LINE, {"a": 0, "b": 0}),
        far=(LINE, {"a": (0.5, 5), "b": 0}),
        other=(LINE, {"a": 1, "b": RANGE}),
    )
    for label in ("far", "other"):
        explanation = found[label]
        assert explanation.degrees is None
        assert np.isnan(explanation.p_value)
        assert explanation.notes == ("no p-value, because it does not contain none",)
        assert np.isfinite(explanation.change_of_aic)
    found = run(b=(LINE, {"a": 0, "b": RANGE}), peak=(Peak(), {"size": RANGE, "place": RANGE}))
    assert found["peak"].degrees is None


def test_fits_without_result_are_marked(monkeypatch):
    def fails(*args, **kwargs):
        raise FailedMinimization("MIGRAD converges from none")

    monkeypatch.setattr(comparison, "minimize", fails)
    explanations = {"none": (LINE, {"a": 0, "b": 0}), "line": (LINE, {"a": RANGE, "b": 0})}
    line = compare(explanations, progress=False)["line"]
    assert not line.converged
    assert np.isnan([line.p_value, line.log_likelihood, line.change, line.values["a"]]).all()
    assert line.notes == ("MIGRAD converges from none",)
    assert "not converged" in repr(line)
    with pytest.raises(FailedMinimization, match="the reference line: MIGRAD converges from none"):
        compare(dict(reversed(explanations.items())), progress=False)


def test_fits_that_do_not_converge_are_marked(monkeypatch):
    def unsure(*args, **kwargs):
        return replace(minimize(*args, **kwargs), valid=False, reason="no parabola")

    monkeypatch.setattr(comparison, "minimize", unsure)
    explanations = {"none": (LINE, {"a": 0, "b": 0}), "line": (LINE, {"a": RANGE, "b": 0})}
    line = compare(explanations, progress=False)["line"]
    assert not line.converged
    assert line.change < 0
    assert np.isnan(line.p_value)
    assert line.notes == ("not converged: no parabola",)
    # nor has any with such a reference
    explanations = {"b": (LINE, {"a": 0, "b": RANGE}), "none": (LINE, {"a": A, "b": B})}
    assert np.isnan(compare(explanations, progress=False)["none"].p_value)


class Hidden(Line):
    """A maximum that samples do not find."""

    def __call__(self, x):
        return super().__call__(x) + 100 * np.exp(-0.5 * ((x[0] + 4.4321) / 1e-6) ** 2)


def test_worse_than_the_reference_that_it_contains():
    hidden = Hidden()
    found = run(best=(hidden, {"a": -4.4321, "b": 0}), fit=(hidden, {"a": RANGE, "b": 0}))
    assert found["fit"].change > 0
    assert not found["fit"].converged
    assert "it contains best, which is better" in found["fit"].notes[-1]
    assert np.isnan(found["fit"].p_value)
    assert re.search(r"fit +\d+\.\d\d\?", str(found))


class Vanishing(Line):
    def __call__(self, x):
        return -np.inf if x[0] == 0 else super().__call__(x)


def test_vanishing_likelihoods():
    vanishing = Vanishing()
    found = run(
        none=(LINE, {"a": 0, "b": 0}),
        gone=(vanishing, {"a": 0, "b": 0}),
        line=(vanishing, {"a": RANGE, "b": 0}),
    )
    assert found["gone"].notes == ("the likelihood vanishes",)
    assert not found["gone"].converged
    assert found["line"].degrees is None
    assert "inf" not in str(found)
    json.dumps(found.to_dict(), allow_nan=False)
    with pytest.raises(FailedMinimization, match="the reference gone: the likelihood vanishes"):
        run(gone=(vanishing, {"a": 0, "b": 0}), line=(vanishing, {"a": RANGE, "b": 0}))


class Failing(Line):
    def __call__(self, x):
        raise RuntimeError("broken")


def test_functions_that_fail():
    with pytest.raises(FailedPoint, match="broken"):
        run(none=(LINE, {"a": 0, "b": 0}), fails=(Failing(), {"a": 0, "b": 0}))
    with pytest.raises(FailedPoint, match="broken"):
        run(none=(LINE, {"a": 0, "b": 0}), fails=(Failing(), {"a": RANGE, "b": 0}))


class Other(Line):
    y = Line.y + 1


def test_other_data_are_refused():
    with pytest.raises(InvalidScan, match="'b' and 'a' cannot be compared: the measured values"):
        run(a=(LINE, {"a": 0, "b": 0}), b=(Other(), {"a": RANGE, "b": 0}))

    class Undescribed:
        variables = ("a", "b")

        def __call__(self, x):
            return LINE(x)

    found = run(none=(LINE, {"a": 0, "b": 0}), undescribed=(Undescribed(), {"a": RANGE, "b": 0}))
    (note,) = found["undescribed"].notes
    assert note == "whether its data are those of none is not known"
    assert found["undescribed"].degrees == 1


@pytest.mark.parametrize(
    ("name", "message"),
    {
        "observables": "the observables",
        "measurements": "the measurements",
        "theory": "the theory uncertainties",
        "fit parameters": "the priors",
        "belle2": "versions or form-factor uncertainties",
    }.items(),
)
def test_what_must_be_the_same(name, message):
    class Changed(Line):
        def description(self):
            return super().description() | {name: {"form factors": "other", "settings": 1}}

    explanations = {"a": (LINE, {"a": 0, "b": 0}), "b": (Changed(), {"a": 0, "b": 0})}
    with pytest.raises(InvalidScan, match=f"cannot be compared: {message}"):
        compare(explanations, progress=False)
    explanations["a"] = (Changed(), {"a": 0, "b": 0})
    assert compare(explanations, progress=False)["b"].change == 0


@pytest.mark.parametrize(
    ("explanations", "message"),
    [
        (5, "dictionary of labels"),
        ({}, "two explanations at least"),
        ({"a": (LINE, {"a": 0, "b": 0})}, "two explanations at least"),
        ({"a": LINE}, r"'a' must be a pair \(function, bounds\)"),
        ({"a": (LINE, {"a": 0})}, "the bounds of 'a' must contain every variable; b missing"),
        ({"a": (LINE, {"a": 0, "b": 0, "c": 0})}, "'c' in the bounds of 'a' is no variable"),
        ({"a": (LINE, {"a": 0, "b": 0}), "b": (5, {})}, "must be a callable"),
        ({"a": (LINE, {"a": np.inf, "b": 0}), "b": (LINE, {"a": 0, "b": 0})}, "'a' is held at inf"),
        ({"a": (LINE, {"a": "x", "b": 0}), "b": (LINE, {"a": 0, "b": 0})}, "'x' is not a real"),
        ({"a": (LINE, {"a": (2, 1), "b": 0}), "b": (LINE, {"a": 0, "b": 0})}, "reversed"),
    ],
)
def test_bad_input_is_refused(explanations, message):
    with pytest.raises(InvalidScan, match=message):
        compare(explanations, progress=False)


def test_table_and_files(tmp_path):
    found = run(none=(LINE, {"a": 0, "b": 1}), line=(LINE, {"a": RANGE, "b": RANGE}))
    first, *_ = str(found).splitlines()
    assert re.split("  +", first.strip()) == ["Δ(-2 ln L)", "free", "p", "ΔAIC", "best fit"]
    assert "b = 1 (held)" in str(found)
    assert repr(found) == "Comparison(none, line)"
    with pytest.raises(InvalidScan, match=r"no explanation 'lime'; .*did you mean 'line'\?"):
        found["lime"]
    found.save(tmp_path / "table.json")
    content = json.loads((tmp_path / "table.json").read_text())
    assert content == found.to_dict()
    assert content["reference"] == "none"
    line = content["explanations"][1]
    assert line["definition"]["function"] == {"data": LINE.y.tolist()}
    assert line["definition"]["bounds"] == {"a": list(RANGE), "b": list(RANGE)}
    assert line["definition"]["seed"] == 0
    assert line["definition"]["version"]
    with pytest.raises(UnwritablePath):
        found.save(tmp_path)


def test_executors_give_the_same():
    gauss = Gauss()
    explanations = {
        "none": (gauss, {"C": 0, "m": 1, "nu": 0}),
        "C": (gauss, {"C": (0, 5e-8), "m": (0, 3), "nu": 0}),
    }
    alone = compare(explanations, progress=False)
    with ThreadPoolExecutor(2) as pool:  # of what is pickled
        pooled = compare(explanations, executor=pool, progress=False)
    assert alone.to_dict() == pooled.to_dict()
    assert alone["C"].degrees == 2


def test_evidence():
    """Of a normal distribution, flat between -5 and 5: ln Z = ln(√(2π/5)/10) + ln L at the
    maximum; a reference without free variables has ln L."""
    pytest.importorskip("dynesty")
    explanations = {"none": (LINE, {"a": 0, "b": 0}), "constant": (LINE, {"a": RANGE, "b": 0})}
    found = compare(explanations, evidence=True, progress=False)
    constant = found["constant"]
    expected = np.log(np.sqrt(2 * np.pi / 5) / 10)
    assert 0 < constant.log_evidence_error < 0.15
    error = 4 * constant.log_evidence_error
    assert constant.log_evidence - constant.log_likelihood == pytest.approx(expected, abs=error)
    factor = constant.log_evidence + NULL / 2
    assert constant.log_bayes_factor == pytest.approx(factor, abs=1e-12)
    assert re.search(r"constant .* 0\.\d+ \(.*\) .* -?\d\.\d\d ± 0\.\d\d  a = ", str(found))
    assert "ln B: of the Bayes factor over none, for flat priors within the bounds" in str(found)
    assert "ln B" not in str(compare(explanations, progress=False))
