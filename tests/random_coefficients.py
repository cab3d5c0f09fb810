"""Random points of a table of operators, for the tests of `flavio_nusmeft.eft`."""

from __future__ import annotations

from flavio_nusmeft.eft.flavour import lookup


def random_coefficients(table, rng, names=None):
    """A random value for every coefficient of a table, real where it must be."""
    return {
        name: complex(rng.normal(), 0 if c.real else rng.normal())
        for name, c in lookup(table).items()
        if names is None or name.split("_")[0] in names
    }


def random_point(rng, known, size):
    """A random value of a size for every coefficient of a basis, real where it must be.

    ``known`` says for every name whether it is real.
    """
    return {
        name: size * complex(rng.normal(), 0 if real else rng.normal())
        for name, real in known.items()
    }
