"""What flavio's and wilson's own tests demand of everything that is registered with them."""

from __future__ import annotations

import flavio
import numpy as np
import wilson
from flavio.classes import ParameterConstraints

from flavio_nusmeft import NuWilson


def test_parameters_are_the_same_when_written_and_read():
    """To the last digit, with all covariances; as `flavio.test_classes`."""
    written = flavio.default_parameters.get_yaml_dict()
    read = ParameterConstraints.from_yaml_dict(written)
    assert read.get_yaml_dict() == written


def test_covariances_are_symmetric():
    for distribution, names in flavio.default_parameters._constraints:
        for matrix in ("covariance", "correlation"):
            array = np.atleast_2d(getattr(distribution, matrix, 0.0))
            assert np.array_equal(array, array.T), (names, matrix)


def test_every_option_has_a_valid_default():
    """As `wilson.test_wilson` demands of all subclasses of its configurable classes."""
    defaults = NuWilson._default_options
    assert set(NuWilson._option_schema.schema) == set(defaults)
    assert NuWilson._option_schema(defaults) == defaults
    assert set(wilson.Wilson._default_options) < set(defaults)


def test_options_are_checked():
    point = NuWilson({}, 1e3, "nuSMEFT", "FGMS")
    for name in NuWilson._option_schema.schema:
        point.set_option(str(name), NuWilson._default_options[name])
        assert point.get_option(name) == NuWilson._default_options[name]
