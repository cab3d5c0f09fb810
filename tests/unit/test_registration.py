"""What the import does, in fresh processes."""

from __future__ import annotations

import subprocess
import sys

import flavio
import pytest
from wilson import wcxf

import flavio_nusmeft

SNAPSHOT = """
import copy, yaml, flavio
from wilson import Wilson
def state():
    par = flavio.default_parameters.get_central_all()
    return {
        "parameters": {k: v for k, v in par.items() if k in names},
        "observables": {n: flavio.Observable[n].prediction for n in observables},
        "measurements": {n: flavio.Measurement[n] for n in measurements},
        "config": {k: {i: v[i] for i in v if "invisible" not in i} for k, v in config().items()},
        "options": dict(Wilson._default_options),
        "stock": flavio.sm_prediction("BR(B0->K*nunu)"),
    }
config = lambda: copy.deepcopy(flavio.config)
names = list(flavio.default_parameters.all_parameters)
observables = list(flavio.Observable.instances)
measurements = list(flavio.Measurement.instances)
before = state()
import flavio_nusmeft
after = state()
assert before == after, [k for k in before if before[k] != after[k]]
"""


def test_changes_nothing_of_flavio(after_flavio):
    result = after_flavio(SNAPSHOT)
    assert result.returncode == 0, result.stderr


def test_import_does_not_warn_or_print():
    # the SWIG wrapper of rundec, imported by flavio, warns on its own
    flags = ("-W", "error", "-W", "ignore:builtin type:DeprecationWarning")
    command = [sys.executable, *flags, "-c", "import flavio_nusmeft"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_import_of_a_submodule_registers_through_the_package_only(after_flavio):
    code = (
        "import flavio; from wilson import wcxf; import flavio_nusmeft.eft.operators;"
        "assert 'nuSMEFT' in wcxf.EFT.instances"
    )
    assert after_flavio(code).returncode == 0


def test_idempotent():
    observable = flavio.Observable["BR(B+->Kinv)"]
    measurement = flavio.Measurement[flavio_nusmeft.dataset("current")[0]]
    basis = wcxf.Basis["nuSMEFT", "Warsaw"]
    translators, matchers = dict(wcxf.Translator.instances), dict(wcxf.Matcher.instances)
    flavio.default_parameters.set_constraint("m_N3", "0.25")
    try:
        flavio_nusmeft._register()
        assert flavio.default_parameters.get_central("m_N3") == 0.25
    finally:
        flavio.default_parameters.set_constraint("m_N3", "0")
    assert flavio.Observable["BR(B+->Kinv)"] is observable
    assert observable.prediction is not None
    assert flavio.Measurement[flavio_nusmeft.dataset("current")[0]] is measurement
    assert wcxf.Basis["nuSMEFT", "Warsaw"] is basis
    assert _same(wcxf.Translator.instances, translators)
    assert _same(wcxf.Matcher.instances, matchers)


def _same(found, expected):
    return found.keys() == expected.keys() and all(found[k] is v for k, v in expected.items())


def test_an_upstream_nusmeft_is_left_alone(after_flavio):
    code = """
from wilson import wcxf
import flavio
eft = wcxf.EFT("nuSMEFT", sectors={"theirs": {}})
translator = wcxf.Translator("nuSMEFT", "Warsaw", "FGMS", dict)
matcher = wcxf.Matcher("nuSMEFT", "Warsaw", "nuWET", "JMS", dict)
import flavio_nusmeft
assert wcxf.EFT["nuSMEFT"] is eft
assert wcxf.Translator["nuSMEFT", "Warsaw", "FGMS"] is translator
assert wcxf.Matcher["nuSMEFT", "Warsaw", "nuWET", "JMS"] is matcher
"""
    result = after_flavio(code)
    assert result.returncode == 0, result.stderr


def test_public_names():
    """The public interface is frozen here; a change of it is a decision."""
    assert flavio_nusmeft.__all__ == [
        "Belle2Likelihood",
        "Detector",
        "LogLikelihood",
        "NuWilson",
        "Searches",
        "TeV",
        "alternatives",
        "citations",
        "compare",
        "dataset",
        "decays",
        "dirac",
        "errors",
        "figures",
        "interval",
        "intervals",
        "invisible_probability",
        "likelihood",
        "limits",
        "popxf",
        "predict",
        "scan",
        "settings",
        "spec",
        "tables",
        "to_popxf",
        "upper_limit",
        "uv",
    ]
    assert dir(flavio_nusmeft) == sorted(flavio_nusmeft.__all__)
    for name in flavio_nusmeft.errors.__all__:
        assert getattr(flavio_nusmeft.errors, name).__doc__


@pytest.mark.parametrize("name", flavio_nusmeft.__all__)
def test_public_docstrings(name):
    assert getattr(flavio_nusmeft, name).__doc__


def test_after_a_reset_of_parameters():
    """flavio's ``read_default`` leaves its own parameters; what to do is said, and it helps."""
    code = """
import flavio
import flavio_nusmeft as nus
before = flavio.sm_prediction("BR(B+->Kinv)")
flavio.default_parameters.read_default()
try:
    flavio.sm_prediction("BR(B+->Kinv)")
except nus.errors.UnknownParameter as error:
    print(error)
nus.parameters.register()
assert flavio.sm_prediction("BR(B+->Kinv)") == before
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "there is no parameter 'm_N1': the parameters of flavio were reset; "
        "flavio_nusmeft.parameters.register() adds it again\n"
    )
