"""The cache that knows by which parameters it must distinguish."""

from __future__ import annotations

import pickle

import flavio
import pytest

from flavio_nusmeft.physics.cache import ParameterCache, Recorder


def test_recomputes_for_parameters_that_matter_only():
    calls = []

    def function(par, kind):
        calls.append(kind)
        return par["a"] + (par["c"] if par["a"] > 5 else 0)

    cache = ParameterCache(function)
    assert cache({"a": 1, "b": 1, "c": 1}, "x") == 1
    assert cache({"a": 1, "b": 2, "c": 2}, "x") == 1
    assert len(calls) == 1
    # only now c matters: learnt as it happens
    assert cache({"a": 6, "b": 2, "c": 2}, "x") == 8
    assert cache({"a": 6, "b": 2, "c": 3}, "x") == 9
    assert cache({"a": 6, "b": 9, "c": 3}, "x") == 9
    assert len(calls) == 3


def test_copies_are_read():
    """What is copied as a whole may be used, so all of it counts."""
    for function in (
        lambda par, kind: dict(par)["a"],
        lambda par, kind: {**par}["a"],
        lambda par, kind: dict(par.items())["a"],
        lambda par, kind: max(par.values()),
    ):
        cache = ParameterCache(function)
        assert [cache({"a": a}, "x") for a in (1, 2, 1)] == [1, 2, 1]


def test_copies_are_independent():
    def function(par, kind):
        other = par.copy()
        other["a"] = 10.0
        return par["a"] + other["a"] + other["b"]

    cache = ParameterCache(function)
    assert cache({"a": 1.0, "b": 2.0}, "x") == 13.0
    assert cache({"a": 1.0, "b": 3.0}, "x") == 14.0


def test_settings_are_in_the_key(monkeypatch):
    scales = flavio.config["renormalization scale"]
    cache = ParameterCache(lambda par, kind: par["a"] * scales["bll"])
    assert cache({"a": 1.0}, "x") == 4.8
    with monkeypatch.context() as patch:
        patch.setitem(scales, "bll", 2.0)
        assert cache({"a": 1.0}, "x") == 2.0
    assert cache({"a": 1.0}, "x") == 4.8


def test_names_that_are_learnt_do_not_collide():
    """As many names as before, but others."""

    def function(par, kind):
        return par["a"], par["b" if par["a"] > 0 else "c"]

    for first in (1, -1):
        cache = ParameterCache(function)
        points = [{"a": first * s, "b": b, "c": c} for s in (1, -1) for b in (1, 2) for c in (1, 2)]
        for par in points * 2:
            assert cache(par, "x") == function(par, "x")


def test_kinds_and_arguments_are_kept_apart():
    cache = ParameterCache(lambda par, kind, x: (par["a"] if kind == "a" else par["b"]) * x)
    par = {"a": 2, "b": 3}
    assert [cache(par, "a", 1), cache(par, "b", 1), cache(par, "a", 2)] == [2, 3, 4]
    assert cache({"a": 2, "b": 7}, "b", 1) == 7


def test_values_written_by_the_function_are_not_parameters():
    def function(par, kind):
        par["derived"] = 2 * par["a"]  # as flavio's form factors do
        return par["derived"]

    cache = ParameterCache(function)
    par = {"a": 1}
    assert cache(par, "x") == 2
    assert par == {"a": 1}
    assert cache({"a": 3}, "x") == 6


def test_bounded():
    cache = ParameterCache(lambda par, kind: par["a"], maxsize=3)
    for a in range(10):
        cache({"a": a}, "x")
    assert len(cache._results) == 3


def test_ways_of_reading():
    """get and copy are followed as well."""
    cache = ParameterCache(lambda par, kind: par.get("a", 0) + par.copy()["b"] + par.get("x", 5))
    assert cache({"a": 1, "b": 2}, "k") == 8
    assert cache({"a": 2, "b": 2}, "k") == 9
    assert cache({"a": 2, "b": 3}, "k") == 10


def test_recorder_is_a_dictionary_of_all_parameters():
    par = {"a": 1.0, "b": 2.0}
    recorder = Recorder(par)
    recorder["c"] = 3.0
    assert dict(recorder) == {**par, "c": 3.0}
    assert len(recorder) == 3
    assert recorder.read == {"a", "b"}
    assert "c" not in par
    assert recorder.get("d", 4.0) == 4.0
    assert "d" not in recorder
    with pytest.raises(KeyError):
        recorder["d"]


def _scaled(par, kind):
    return par["a"] * flavio.config["renormalization scale"]["bll"]


def test_pickles_have_no_results(monkeypatch):
    """The settings of another process can have the number that others have here."""
    cache = ParameterCache(_scaled)
    assert cache({"a": 1.0}, "x") == 4.8
    copy = pickle.loads(pickle.dumps(cache))
    monkeypatch.setattr("flavio_nusmeft.settings.number", lambda: 0)
    monkeypatch.setitem(flavio.config["renormalization scale"], "bll", 2.0)
    assert copy({"a": 1.0}, "x") == 2.0


def test_results_that_are_used_stay():
    calls = []

    def function(par, kind):
        calls.append(par["a"])
        return par["a"]

    cache = ParameterCache(function, maxsize=2)
    for a in (1, 2, 1, 3, 1):
        assert cache({"a": a}, "x") == a
    assert calls == [1, 2, 3]
