"""Cheap log-likelihoods for the tests of scans; this module imports nothing heavy."""

from __future__ import annotations

import os
import signal
import sys
import time
import types
from pathlib import Path

import numpy as np


def without_flavio():
    """Let the scans be imported without flavio, which takes a worker ten seconds."""
    package = types.ModuleType("flavio_nusmeft")
    package.__path__ = [str(Path(__file__).parents[1] / "flavio_nusmeft")]
    sys.modules.setdefault("flavio_nusmeft", package)


class Gauss:
    """A correlated normal distribution of a coefficient, a mass and a nuisance parameter.

    Every call is noted in the file ``log``, and takes ``delay`` seconds.
    """

    variables = ("C", "m", "nu")
    mean = np.array([2e-8, 1.5, -0.3])
    sigma = np.array([3e-9, 0.2, 1.0])
    correlation = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 1.0]])

    def __init__(self, log=None, delay=0.0):
        self.log = log
        self.delay = delay

    @property
    def covariance(self):
        return self.correlation * np.outer(self.sigma, self.sigma)

    def __call__(self, x):
        if self.log is not None:
            with open(self.log, "a") as file:
                file.write(" ".join(map(float.hex, map(float, x))) + "\n")
        if self.delay:
            time.sleep(self.delay)
        self.before(x)
        pull = (x - self.mean) / self.sigma
        return float(-0.5 * pull @ np.linalg.solve(self.correlation, pull))

    def before(self, x):
        pass


class Kills(Gauss):
    """Kills its process where C = ``at``; with a file name ``once``, a single time."""

    def __init__(self, at, once=None, **arguments):
        super().__init__(**arguments)
        self.at = at
        self.once = once

    def before(self, x):
        if x[0] == self.at:
            if self.once is not None:
                try:
                    open(self.once, "x").close()
                except FileExistsError:
                    return
            os.kill(os.getpid(), signal.SIGKILL)


class OddError(Exception):
    """An exception that cannot be unpickled."""

    def __init__(self, first, second):
        super().__init__(f"{first} {second}")


class Fails(Gauss):
    """Raises an exception, or returns a value, where C = ``at``."""

    def __init__(self, at, what, **arguments):
        super().__init__(**arguments)
        self.at = at
        self.what = what

    def before(self, x):
        if x[0] == self.at and self.what == "odd":
            raise OddError("negative", "mass")
        if x[0] == self.at and self.what == "exit":
            sys.exit(3)
        if x[0] == self.at and self.what == "zero":
            1 / 0  # noqa: B018

    def __call__(self, x):
        value = super().__call__(x)
        if x[0] == self.at:
            return {"nan": np.nan, "inf": np.inf, "vector": np.zeros(2)}.get(self.what, value)
        return value


class Together(Fails):
    """Many points at once, with last bits that depend on which ones these are."""

    together = 4

    def __init__(self, at=None, what=None, **arguments):
        super().__init__(at, what, **arguments)

    def many(self, points):
        values = np.array([self(x) for x in points])
        return values * (1 + 1e-12 * np.sum(points / self.sigma))


class KillsTogether(Kills):
    """`Together`, and kills its process."""

    together, many = Together.together, Together.many


def missing():
    raise ModuleNotFoundError("only here")


class NotInstalled(Gauss):
    """Can be pickled, but not unpickled."""

    def __reduce__(self):
        return missing, ()


class Described(Gauss):
    """Says what it is."""

    def __init__(self, data, **arguments):
        super().__init__(**arguments)
        self.data = data

    def description(self):
        return {"data": self.data, "fixed": {"m_N1": 1.5}}


class Prior(Gauss):
    """The normal distribution, but excluded for C above ``limit``."""

    def __init__(self, limit, **arguments):
        super().__init__(**arguments)
        self.limit = limit

    def __call__(self, x):
        return super().__call__(x) if x[0] <= self.limit else -np.inf


class Rough(Gauss):
    """The normal distribution with noise at all scales, in which MIGRAD finds no minimum."""

    def __call__(self, x):
        return super().__call__(x) + 5 * np.sin(1e9 * x[2] + np.sin(3e12 * x[2])) ** 2


class Limited(Gauss):
    """The normal distribution, with no value for nu above ``limit``: an exception or a number."""

    def __init__(self, limit, wall=None, **arguments):
        super().__init__(**arguments)
        self.limit = limit
        self.wall = ValueError("no") if wall is None else wall

    def __call__(self, x):
        if x[2] <= self.limit:
            return super().__call__(x)
        if isinstance(self.wall, Exception):
            raise self.wall
        return self.wall


class FailsAfter(Gauss):
    """The normal distribution, but an exception at a call, counting from 1."""

    def __init__(self, call, **arguments):
        super().__init__(**arguments)
        self.call = call
        self.calls = 0

    def before(self, x):
        self.calls += 1
        if self.calls == self.call:
            raise OSError("once")


class Correlated:
    """Of two variables, with a gradient, and the sum of them as an observable."""

    variables = ("a", "b")
    covariance = np.array([[0.04, 0.03], [0.03, 0.09]])
    centre = np.array([0.5, -0.2])

    def value_and_gradient(self, x):
        slopes = np.linalg.solve(self.covariance, self.centre - x)
        return -float((self.centre - x) @ slopes) / 2, slopes

    def __call__(self, x):
        return self.value_and_gradient(x)[0]

    def derived(self, observable):
        assert observable == "sum"
        return Sum()


class Sum:
    def __call__(self, x):
        return np.array([x.sum()])

    def jacobian(self, x):
        return np.ones((1, 2))


def bump(size, place, spread):
    """A spectrum for Belle II's likelihood: dBR/dq²."""
    return lambda q2: size * np.exp(-0.5 * ((q2 - place) / spread) ** 2)


class Numbered:
    """A function of a number and a point, as scans give it to their workers."""

    def __init__(self, function):
        self.function = function

    def __call__(self, number, x):
        return np.array([self.function(x)])
