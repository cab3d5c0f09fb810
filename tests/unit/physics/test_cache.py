"""The cache that knows by which parameters it must distinguish."""

from __future__ import annotations

from flavio_nusmeft.physics.cache import ParameterCache


def test_recomputes_for_parameters_that_matter_only():
    calls = []

    def function(par, kind):
        calls.append(dict(par))
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
