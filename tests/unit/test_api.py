"""The names of every public module, word for word, and what the folders take from each other.

A module is public if it has a ``__dir__``; a change of its names is a change of the package.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pydoc
import sys
from pathlib import Path

import public_api
import pytest

import flavio_nusmeft

ROOT = Path(flavio_nusmeft.__file__).parent

API: dict[str, list[str]] = {
    "": [
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
    ],
    "batch": [
        "Observable",
        "Polynomials",
        "Predictor",
        "as_observables",
        "central_parameters",
        "is_reached",
        "parameters_of",
        "predict",
        "quantity_of",
    ],
    "belle2": ["Belle2Likelihood"],
    "belle2.alternatives": ["binned", "dark_scalars", "resonance"],
    "citations": ["FLAVIO", "bibtex", "cite", "collected", "fields", "register"],
    "distributions": [
        "ConvolvedNormals",
        "CorrelatedNormals",
        "CountingLimit",
        "Counts",
        "ONE_SIDED",
        "completed",
    ],
    "eft.dirac": ["dirac", "dirac_pairs", "sterile_flavours"],
    "eft.wilson": ["HIGH_PARTNERS", "MIXED", "NuWilson", "PARTNERS", "TAIL_PARTNERS", "values_of"],
    "errors": [
        "AssumptionWarning",
        "CheckpointWarning",
        "ConvergenceWarning",
        "DiracMassWarning",
        "DroppedCoefficientWarning",
        "FailedMinimization",
        "FailedPoint",
        "FailedPointWarning",
        "FailedWorkers",
        "HeavyMassWarning",
        "IncompleteBins",
        "InvalidBin",
        "InvalidCheckpoint",
        "InvalidFile",
        "InvalidMass",
        "InvalidMixing",
        "InvalidRecord",
        "InvalidScale",
        "InvalidScan",
        "InvalidShape",
        "InvalidSpec",
        "InvalidValue",
        "MissingPackage",
        "MissingRecord",
        "NeutrinoMassWarning",
        "NoEffectWarning",
        "NotPolynomial",
        "NuSMEFTError",
        "NuSMEFTWarning",
        "ScaleWarning",
        "SettingsWarning",
        "SizeWarning",
        "StockObservableWarning",
        "TheoryWarning",
        "UndefinedRatio",
        "UnknownBasis",
        "UnknownCoefficient",
        "UnknownDataset",
        "UnknownMeasurement",
        "UnknownObservable",
        "UnknownParameter",
        "UnknownSearch",
        "UnknownSector",
        "UnwritablePath",
        "WorkerWarning",
        "listed",
        "nearest",
        "nearest_parameter",
        "warn",
    ],
    "_files": ["check_writable", "write_files"],
    "searches": ["Search", "Searches"],
    "searches.likelihood": ["Searches"],
    "searches.search": ["KINDS", "Search"],
    "exports.popxf": ["documents", "popxf_correlations", "to_popxf"],
    "exports.tables": ["Spectra", "Spectrum", "spectra", "spectrum"],
    "figures": [
        "Band",
        "CHANNELS",
        "Curves",
        "DiracRatios",
        "Experiment",
        "FIGURES",
        "Line",
        "PaperFigure",
        "Plane",
        "Reach",
        "Spectra",
        "Theory",
        "Z_POLE",
        "branching_ratios",
        "coefficient_plane",
        "dirac_ratios",
        "draw_channels",
        "draw_decays",
        "draw_dirac_ratios",
        "draw_plane",
        "draw_reach",
        "draw_searches",
        "draw_signal",
        "draw_spectra",
        "experiment",
        "mass_plane",
        "reach",
        "spectra",
        "write_decays",
        "write_explorer",
        "write_figures",
    ],
    "inference.comparison": ["Comparison", "Explanation", "compare"],
    "inference.draws": ["Draws", "check_draws", "draw", "one_point", "parameter_draws", "seeded"],
    "inference.explanations": ["Comparison", "Explanation"],
    "inference.fits": ["FastLikelihood", "Likelihood", "likelihood"],
    "inference.intervals": [
        "Curve",
        "Interval",
        "credible",
        "interval",
        "profile",
        "upper_limit",
    ],
    "inference.limits": ["Limit", "Limits", "limits"],
    "inference.likelihoods": ["FastLikelihood", "Likelihood", "MeasurementLikelihood"],
    "inference.log_likelihood": ["LogLikelihood"],
    "inference.results": ["Curve", "Interval"],
    "inference.scan": [
        "Chain",
        "Grid",
        "LogLikelihood",
        "Minimum",
        "Nested",
        "Start",
        "grid",
        "minimize",
        "nested",
        "sample",
    ],
    "invisible": [
        "InvisibleProbability",
        "Lifetime",
        "invisible_probability",
        "is_seen",
        "lifetimes",
    ],
    "lifetimes": ["BBN_LIFETIME", "Decays", "decays", "point"],
    "measurements": [
        "Result",
        "add_to_flavio",
        "dataset",
        "describe",
        "digest",
        "find",
        "paper",
        "pull",
        "register",
        "result",
        "results",
        "warn_of_rates",
    ],
    "observables": ["NAMES", "QUANTITIES", "check_value", "form_factors", "papers", "register"],
    "parameters": ["register"],
    "settings": [
        "ALPHA_S",
        "NUWILSON",
        "Snapshot",
        "applied",
        "changed",
        "choose",
        "description",
        "differences",
        "live",
        "number",
        "provenance",
        "snapshot",
        "versions",
        "warn_pickled",
    ],
    "smelli": ["GlobalLikelihood"],
    "spec": ["Spec", "fit", "load", "read", "scan"],
    "units": ["TeV"],
    "uv": [
        "R2_tilde",
        "S1",
        "U1",
        "U1_bar",
        "V2_tilde",
        "W_prime",
        "Z_prime",
        "add",
        "scalar_doublet",
    ],
}

TREES = {path: ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def module_of(path):
    """The parts of its name below the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


PATHS = {module_of(path): path for path in TREES}


def names_of(module):
    """Its ``__all__``, read without importing it."""
    for node in TREES[PATHS[module]].body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def test_public_modules():
    public = {
        ".".join(module_of(path))
        for path, tree in TREES.items()
        if any(isinstance(node, ast.FunctionDef) and node.name == "__dir__" for node in tree.body)
    }
    assert public == set(API)
    # a module at the top that is not public says so by its name
    top = {path.stem for path in ROOT.glob("*.py") if not path.stem.startswith("_")}
    assert top <= public


@pytest.mark.parametrize("name", API)
def test_names(name):
    # not imported for the question: to import smelli changes default options of wilson
    if name == "smelli" and importlib.util.find_spec("smelli") is None:
        pytest.skip("smelli is not installed")
    module = importlib.import_module(f"flavio_nusmeft.{name}".rstrip("."))
    assert dir(module) == sorted(module.__all__) == API[name]
    for public in module.__all__:
        assert getattr(module, public) is not None
        assert not public.startswith("_")


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="other versions write signatures else")
def test_signatures():
    """After an intended change: python tests/public_api.py, and a line in CHANGELOG.md."""
    assert public_api.text().splitlines() == public_api.FILE.read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", ["popxf", "scan", "spec", "tables", "uv"])
def test_help(name):
    """Modules of the package or of its folders, by name and by object."""
    module = getattr(flavio_nusmeft, name)
    for thing in (module, f"flavio_nusmeft.{name}"):
        text = pydoc.plain(pydoc.render_doc(thing))
        assert all(public in text for public in module.__all__)


def imported(path):
    """What a file imports from other folders: their modules, with the names or None for itself."""
    folder = path.relative_to(ROOT).parent.parts
    for node in ast.walk(TREES[path]):
        if not isinstance(node, ast.ImportFrom):
            continue
        written = tuple((node.module or "").split(".")) if node.module else ()
        if node.level:
            source = folder[: len(folder) + 1 - node.level] + written
        elif written[0] == "flavio_nusmeft":
            source = written[1:]
        else:
            continue
        for alias in node.names:
            module = (*source, alias.name)
            if module in PATHS:
                yield module, None, alias.asname or alias.name
            else:
                yield source, alias.name, alias.asname or alias.name


def test_folders_take_public_names_of_each_other():
    wrong = []
    for path, tree in TREES.items():
        for source, name, local in imported(path):
            if PATHS[source].parent == path.parent:
                continue
            used = {name}
            if name is None:  # a module: what is taken from it
                used = {
                    node.attr
                    for node in ast.walk(tree)
                    if isinstance(node, ast.Attribute) and ast.unparse(node.value) == local
                }
            known = names_of(source) | {"__version__"}
            known |= {module[-1] for module in PATHS if module and module[:-1] == source}
            wrong += [f"{path.name}: {'.'.join(source)}.{n}" for n in sorted(used - known)]
    assert not wrong
