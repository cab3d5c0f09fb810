"""Results are saved and read again, to the last bit."""

from __future__ import annotations

import dataclasses
import json
import math
import struct
import warnings

import numpy as np
import pytest
import scan_functions as functions

from flavio_nusmeft import errors, scan
from flavio_nusmeft._saved import Saved
from flavio_nusmeft.inference import intervals
from flavio_nusmeft.inference.comparison import Comparison, compare
from flavio_nusmeft.inference.results import Curve, Interval

BOUNDS = {"C": (-1e-8, 5e-8), "m": (0.0, 3.0), "nu": (-8.0, 8.0)}


class Line:
    """A likelihood of two variables, one of which means nothing."""

    variables = ("x", "y")

    def __call__(self, x):
        return -float(x[0] ** 2)


def results():
    """One of each kind, with nan, infinities and what failed among the numbers."""
    gauss, line = functions.Gauss(), Line()
    quiet = {"progress": False}
    fit = scan.minimize(line, {"x": (-1.0, 2.0), "y": (0.0, 1.0)}, seed=3, **quiet)
    assert any(map(math.isnan, fit.errors.values()))
    yield fit
    yield fit.starts[0]
    yield scan.sample(gauss, BOUNDS, steps=3, **quiet)
    failing = functions.Fails(1e-8, "zero")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.FailedPointWarning)
        grid = scan.grid(failing, {"C": [0.0, 1e-8], "m": [1.0], "nu": [0.0, 1.0]}, **quiet)
    assert grid.failed
    yield grid
    yield scan.grid(gauss, {"C": [0.0, 1e-8]}, profile={n: BOUNDS[n] for n in ("m", "nu")}, **quiet)
    yield scan.nested(line, {"x": (-1.0, 2.0), "y": (0.0, 1.0)}, live=50, **quiet)
    curve = intervals.profile(line, "x", {"x": (-1.0, 2.0), "y": (0.0, 1.0)}, points=5, **quiet)
    yield curve
    infinite = np.array([math.inf, -math.inf, math.nan, -0.0, 5e-324])
    yield dataclasses.replace(curve, slopes=infinite, quantity=("<BR>(B->Xsinv)", 0.0, 8))
    yield intervals.interval(line, "x", {"x": (-1.0, 2.0), "y": (0.0, 1.0)}, **quiet)
    yield Interval("x", 0.9, "an upper limit", 0.1, (), (), {"x": math.nan}, -math.inf, None, {})
    found = compare({"SM": (line, {"x": 0, "y": 0}), "N": (line, {"x": (-1, 1), "y": 0})}, **quiet)
    assert math.isnan(found["N"].log_evidence)
    assert found["N"].minimum is not None
    yield found


def bits(value):
    """Everything that a value is, with types, and with floats by their bits."""
    if isinstance(value, Saved):
        content = {f.name: bits(getattr(value, f.name)) for f in dataclasses.fields(value)}
        # descriptions are JSON: lists for tuples
        for name in {"definition", "made_of"} & content.keys():
            if isinstance(getattr(value, name), dict):
                content[name] = json.dumps(getattr(value, name))
        return type(value), content
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, float):  # the sign of nan means nothing, and is not in JSON
        return "nan" if np.isnan(value) else struct.pack("<d", value)
    if isinstance(value, dict):
        return [(bits(k), bits(v)) for k, v in value.items()]
    if isinstance(value, (tuple, list)):
        return type(value), [bits(entry) for entry in value]
    return type(value), value


def test_round_trip(tmp_path):
    path = tmp_path / "result.json"
    for result in results():
        result.save(path)
        again = type(result).load(str(path))
        assert bits(again) == bits(result)
        assert again == result
        assert (repr(again), str(again)) == (repr(result), str(result))
        again.save(tmp_path / "again.json")
        assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_read_results_go_on(tmp_path):
    """What is read plots, and is thinned, as what was computed."""
    chain = scan.sample(functions.Gauss(), BOUNDS, steps=30, progress=False)
    chain.save(tmp_path / "chain.json")
    again = scan.Chain.load(tmp_path / "chain.json")
    assert np.array_equal(again.samples(5, 2), chain.samples(5, 2))
    assert again.interval("C", discard=5) == chain.interval("C", discard=5)
    assert again != scan.sample(functions.Gauss(), BOUNDS, steps=30, seed=1, progress=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is no Curve: "),
        ("", "is no Curve: Expecting value"),
        ("[]", r"is no Curve: it must be a dictionary, not \[\]"),
        ("[" * 100_000, "is no Curve: too many brackets"),
        ('{"quantity": "x"}', "the key 'converged' is missing"),
        ({"axes": {}}, "the key 'axes' does not belong to it"),
        ({"notes": "note"}, "'note' must be a list"),
        ({"values": ["one"]}, "could not convert string to float: 'one'"),
        ({"made_of": 3}, "3 must be a dictionary"),
    ],
)
def test_other_files_are_refused(content, message, tmp_path):
    path = tmp_path / "curve.json"
    array = np.array([0.0, 1.0])
    curve = Curve("x", array, array, array, {"x": array}, array > 0, (), {})
    if isinstance(content, dict):
        content = json.dumps(curve.to_dict() | content)
    if content is None:
        path.write_bytes(b"\xff\xfe\x00")
    else:
        path.write_text(content)
    with pytest.raises(errors.InvalidFile, match=message) as caught:
        Curve.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(errors.InvalidFile, match=r"cannot read .*No such file"):
        scan.Minimum.load(tmp_path / "none.json")
    with pytest.raises(errors.InvalidFile, match=r"cannot read .*: Is a directory"):
        Comparison.load(tmp_path)
