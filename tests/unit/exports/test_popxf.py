"""Exported polynomials equal the predictions, evaluated here by their keys alone."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from pathlib import Path

import flavio
import numpy as np
import pytest
from wilson import wcxf

from flavio_nusmeft import _data, errors, popxf, predict
from flavio_nusmeft.batch import Predictor
from flavio_nusmeft.eft.space import Space
from flavio_nusmeft.exports.popxf import popxf_correlations, to_popxf
from flavio_nusmeft.inference.draws import parameter_draws

# the published JSON schemas popxf-1.0.json and popxf-corr-1.0.json (www.schemastore.org), beside
# the checkout
SCHEMAS = Path(__file__).resolve().parents[4] / "shared" / "data" / "popxf"
# a Python with jelli==0.1, rgevolve==0.1.1, numpy<2.4 and popxf==0.0.1
JELLI = "NUSMEFT_JELLI_PYTHON"

JMS = {"scale": 4.8, "eft": "nuWET", "basis": "JMS"}
NUSMEFT = {"scale": 1e3, "eft": "nuSMEFT", "basis": "Warsaw"}
FGMS = {**NUSMEFT, "basis": "FGMS"}
RATES = ["BR(B+->Kinv)", ("<dBR_SD/dq2>(B+->Kinv)", 4, 8), "BR(Bs->inv)"]
MIXED = ["BR(B0->K*inv)", "FLtot(B0->K*inv)", "Rtaul(B->Dlinv)", ("<Ptau>(B0->D*tauinv)", 4, 8)]
MASSES = {"m_N1": 0.6, "m_N2": 0.3}
FEW = ("SnudLL_2432", "VnudLL_2323", "VnudLR_4423", "VnudLR_4523")


def name_of(observable):
    return observable if isinstance(observable, str) else ",".join(map(str, observable))


def polynomials(table, point):
    """Values and gradients by (name, "R" or "I") of the polynomials in a table of monomials."""
    values, gradients = 0.0, {}
    for key, coefficients in table.items():
        *names, parts = ast.literal_eval(key)
        factors = [
            1.0 if name == "" else {"R": point[name].real, "I": point[name].imag}[part]
            for name, part in zip(names, parts, strict=True)
        ]
        values = values + np.array(coefficients) * factors[0] * factors[1]
        for i in (0, 1):
            if names[i]:
                variable = names[i], parts[i]
                term = np.array(coefficients) * factors[1 - i]
                gradients[variable] = gradients.get(variable, 0.0) + term
    return values, gradients


def observables(document, point):
    """Values and gradients of the observables, by quotient rule where they are ratios."""
    metadata, data = document["metadata"], document["data"]
    if "polynomial_names" not in metadata:
        return polynomials(data["observable_central"], point)
    values, gradients = polynomials(data["polynomial_central"], point)
    results, slopes = [], {variable: [] for variable in gradients}
    for entry in metadata["observable_expressions"]:
        names = {k: metadata["polynomial_names"].index(v) for k, v in entry["variables"].items()}
        if entry["expression"] == "p":
            results.append(values[names["p"]])
            for variable, gradient in gradients.items():
                slopes[variable].append(gradient[names["p"]])
            continue
        assert entry["expression"] == "num / den"
        num, den = names["num"], names["den"]
        results.append(values[num] / values[den])
        for variable, gradient in gradients.items():
            slope = (gradient[num] - results[-1] * gradient[den]) / values[den]
            slopes[variable].append(slope)
    return np.array(results), {variable: np.array(slope) for variable, slope in slopes.items()}


def random_point(rng, document, size=2e-8):
    """All parameters of a document: complex, real where imaginary parts do not occur."""
    names = document["metadata"]["parameters"]
    wcxf_basis = document["metadata"]["basis"]["wcxf"]
    basis = wcxf.Basis[wcxf_basis["eft"], wcxf_basis["basis"]]
    info = {name: v or {} for sector in basis.sectors.values() for name, v in sector.items()}
    values = (rng.normal(size=len(names)) + 1j * rng.normal(size=len(names))) * size
    return {
        name: complex(value.real) if info[name].get("real") else complex(value)
        for name, value in zip(names, values, strict=True)
    }


def predictions(wanted, point, options, par):
    found = predict(wanted, point, par=par, **options)
    return np.array([float(found[observable]) for observable in wanted])


@pytest.mark.parametrize(
    ("wanted", "options", "sectors", "size"),
    [
        (RATES, JMS, ["sbnunu"], 2e-8),
        (MIXED, JMS, ["cbenu", "cbmunu", "cbtaunu", "sbnunu"], 2e-8),
        (RATES, FGMS, ["sterile"], 2e-8),
        (MIXED[:3], {"scale": 5e3, "eft": "nuSMEFT", "basis": "LiaoMa"}, ["sterile"], 2e-8),
        (RATES[:1], NUSMEFT, ["sterile"], 2e-8),
        (MIXED, {"scale": 4.8, "eft": "WET", "basis": "flavio"}, None, 0.3),
    ],
    ids=["nuWET-rates", "nuWET-ratios", "FGMS", "LiaoMa", "Warsaw", "WET"],
)
@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.NoEffectWarning")
def test_equals_predictions(wanted, options, sectors, size, rng):
    """At random complex points in all coefficients, by the keys of the JSON text alone."""
    document = json.loads(json.dumps(to_popxf(wanted, par=MASSES, **options)))
    metadata = document["metadata"]
    assert metadata["observable_names"] == [name_of(o) for o in wanted]
    found = metadata["basis"]["wcxf"]["sectors"]
    if sectors is not None:
        assert found == sectors
    content = wcxf.Basis[options["eft"], options["basis"]].sectors
    # readers that go by sectors take the list to be complete
    assert metadata["parameters"] == sorted(name for sector in found for name in content[sector])
    for _ in range(2):
        point = random_point(rng, document, size)
        expected = predictions(wanted, point, options, MASSES)
        values, _ = observables(document, point)
        assert values == pytest.approx(expected, rel=1e-12, abs=0)
    zero, _ = observables(document, dict.fromkeys(metadata["parameters"], 0j))
    assert zero == pytest.approx(predictions(wanted, {}, options, MASSES), rel=1e-12, abs=0)


def test_gradient(rng):
    """Symmetric differences of quadratic polynomials are exact."""
    document = to_popxf(RATES, **JMS, coefficients=FEW)
    point = random_point(rng, document)
    _, gradients = observables(document, point)
    assert set(gradients) == {(n, p) for n in FEW for p in "RI"}
    for (name, part), gradient in gradients.items():
        step = 1e-7 * (1 if part == "R" else 1j)
        high, low = ({**point, name: point[name] + s} for s in (step, -step))
        difference = predictions(RATES, high, JMS, {}) - predictions(RATES, low, JMS, {})
        assert gradient == pytest.approx(difference / 2e-7, rel=1e-9, abs=1e-6)


def test_monomials_are_canonical():
    """Names in alphabetical order, one key per monomial, none that vanishes, sorted."""
    document = to_popxf([*RATES, "BR(B+->Dtauinv)"], **NUSMEFT)
    table = document["data"]["observable_central"]
    keys = [ast.literal_eval(key) for key in table]
    assert keys == sorted(set(keys))
    assert keys[0] == ("", "", "RR")
    sterile = wcxf.Basis["nuSMEFT", "Warsaw"].sectors["sterile"]
    real = {name for name, info in sterile.items() if info.get("real")}
    assert real <= set(document["metadata"]["parameters"])
    for (first, second, parts), values in zip(keys, table.values(), strict=True):
        assert first <= second
        assert (first, second, parts[::-1]) not in keys or first != second or parts in ("RR", "II")
        assert any(values)
        assert not any(n in real and p == "I" for n, p in zip((first, second), parts, strict=True))


def test_record():
    """The masses and every parameter that matters are recorded, and no others are needed."""
    document = to_popxf(MIXED, **JMS, par={**MASSES, "Vcb": 0.041}, coefficients=FEW)
    metadata = document["metadata"]
    assert metadata["misc"]["masses"] == {"m_N1": 0.6, "m_N2": 0.3, "m_N3": 0.0}
    assert metadata["misc"]["observables"][3]["arguments"] == [4.0, 8.0]
    (step,) = metadata["reproducibility"]
    assert step["inputs"]["Vcb"] == 0.041
    assert step["tool"]["settings"]["versions"]["flavio"] == flavio.__version__
    (drawn,) = parameter_draws(1, {}, seed=3)
    recorded = {name: drawn[name] for name in step["inputs"]}
    again = to_popxf(MIXED, **JMS, par=recorded, coefficients=FEW)
    exact = Predictor(MIXED, sorted(FEW), Space(**JMS)).polynomials(drawn)
    constants = again["data"]["polynomial_central"]["('', '', 'RR')"]
    assert constants[:4] == exact.numerator[:, 0, 0].tolist()


def test_expansion_of_ratios(rng):
    """The error of the expansion is of third order."""
    document = to_popxf(MIXED, **JMS, coefficients=(*FEW, "VnudLR_1123", "VnueduLL_1132"))
    direction = random_point(rng, document)
    errors_of_steps = []
    for step in (0.02, 0.01):
        point = {name: step * value for name, value in direction.items()}
        expanded, _ = polynomials(document["data"]["observable_central"], point)
        errors_of_steps.append(expanded - observables(document, point)[0])
    first, second = np.array(errors_of_steps)
    assert first[0] == pytest.approx(0, abs=1e-20)
    assert (first[1:3] / second[1:3]) == pytest.approx(8, rel=0.1, abs=0)


@pytest.fixture(scope="module")
def uncertain():
    """A document with uncertainties, and its correlations."""
    wanted = [*RATES, "FLtot(B0->K*inv)"]
    options = {**JMS, "coefficients": FEW, "par": MASSES, "draws": 12, "seed": 5}
    document = to_popxf(wanted, **options)
    assert popxf.documents(wanted, **options)[0] == document
    return wanted, document, popxf_correlations(wanted, **options)


def test_covariance(uncertain, rng):
    """Uncertainties and correlations give the covariance of the predictions at any point."""
    wanted, document, correlations = uncertain
    point = random_point(rng, document)
    table = document["data"]["observable_uncertainties"]["parameters"]
    assert table.keys() == document["data"]["observable_central"].keys()
    monomials = [polynomials({key: [1.0]}, point)[0][0] for key in table]
    sigma = np.array(list(table.values())) * np.array(monomials)[:, None]
    array = np.array(correlations["all"]["correlations"]["parameters"])
    found = np.einsum("ijkl,ki,lj->ij", array, sigma, sigma)[:3, :3]
    draws = parameter_draws(12, MASSES, seed=5)
    drawn = np.array([predictions(RATES, point, JMS, draw) for draw in draws])
    # the correlation of two equal monomials is 1, and their differences cancel
    assert found == pytest.approx(np.cov(drawn.T), rel=1e-9, abs=0)
    assert correlations["all"]["row_names"] == [name_of(o) for o in wanted]


def test_generator_as_seed():
    """The document says which integer was drawn from it; with that the draws are the same."""
    options = {**JMS, "coefficients": FEW, "par": MASSES, "draws": 2}
    documents = [to_popxf(RATES, **options, seed=np.random.default_rng(4)) for _ in range(2)]
    assert documents[0] == documents[1]
    (step,) = documents[0]["metadata"]["reproducibility"]
    seed = step["tool"]["settings"]["uncertainties"]["seed"]
    assert seed == np.random.default_rng(4).integers(2**32)
    assert to_popxf(RATES, **options, seed=seed) == documents[0]
    assert to_popxf(RATES, **options) == to_popxf(RATES, **options, seed=0) != documents[0]


def test_draws_leave_the_generator_alone():
    np.random.seed(1)  # noqa: NPY002
    expected = np.random.get_state()[1]  # noqa: NPY002
    first, second = (parameter_draws(2, {"m_N1": 1.0}, seed=2) for _ in range(2))
    assert first == second
    assert first[0]["Vcb"] != first[1]["Vcb"]
    assert first[0]["m_N1"] == 1.0
    assert np.array_equal(np.random.get_state()[1], expected)  # noqa: NPY002


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the schemas are not beside the checkout")
def test_schema(uncertain):
    jsonschema = pytest.importorskip("jsonschema")
    schema, schema_of_correlations = (
        json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
        for name in ("popxf-1.0", "popxf-corr-1.0")
    )
    _, document, correlations = uncertain
    few = {**JMS, "coefficients": FEW}
    for valid in (
        document,
        to_popxf(RATES, **JMS),
        to_popxf(MIXED, **few),
        to_popxf(RATES, **few, jelli=True),
        to_popxf(RATES, **few, draws=2, seed=1),
    ):
        jsonschema.Draft7Validator(schema).validate(valid)
    jsonschema.Draft7Validator(schema_of_correlations).validate(correlations)


def test_only_some_coefficients(rng):
    """Without sectors: a reader that needs complete sectors fails instead of mixing them up."""
    document = to_popxf(RATES, **JMS, coefficients=reversed(FEW))
    assert document["metadata"]["parameters"] == sorted(FEW)
    assert document["metadata"]["basis"] == {"wcxf": {"eft": "nuWET", "basis": "JMS"}}
    point = random_point(rng, document)
    expected = predictions(RATES, point, JMS, {})
    assert observables(document, point)[0] == pytest.approx(expected, rel=1e-12, abs=0)


def test_for_jelli():
    document = to_popxf(MIXED, **NUSMEFT, coefficients=("qn_1111", "qn_2311"), jelli=True)
    custom = document["metadata"]["basis"]["custom"]
    assert custom["parameters"] == {"qn_1111": "R", "qn_2311": "C"}
    assert list(custom["parameters"]) == document["metadata"]["parameters"]
    for entry in document["metadata"]["observable_expressions"]:
        assert set(entry) == {"terms", "expression"}


@pytest.mark.parametrize(
    ("wanted", "options", "error", "message"),
    [
        (RATES, {"eft": "SMEFT", "basis": "Warsaw"}, errors.NotPolynomial, "SMEFT"),
        (
            RATES,
            {"eft": "nuSMEFT", "basis": "Warsaw", "coefficients": ["lq1_2223", "qn_2311"]},
            errors.NotPolynomial,
            "lq1_2223: in coefficients of SMEFT",
        ),
        (
            ["BR(B+->Kinv)"],
            {**FGMS, "par": dict.fromkeys(("m_N1", "m_N2", "m_N3"), 5)},
            errors.NotPolynomial,
            "depends on a coefficient of nuSMEFT FGMS with these masses",
        ),
        (["BR(B+->Kinf)"], {}, errors.UnknownObservable, "did you mean"),
        ([], {}, errors.InvalidValue, "different observables"),
        (RATES[:1] * 2, {}, errors.InvalidValue, "different observables"),
        (RATES, {"basis": "Jms"}, errors.UnknownBasis, "no basis 'Jms'"),
        (RATES, {"coefficients": ["X"]}, errors.UnknownCoefficient, "'X'"),
        (RATES, {"coefficients": []}, errors.InvalidValue, "empty"),
        (RATES, {"par": {"m_N1": [0.1, 0.2]}}, errors.InvalidValue, "m_N1 must be one number"),
        (RATES, {"par": {"m_N1": -1}}, errors.InvalidMass, "m_N1"),
        (RATES, {"draws": 1}, errors.InvalidValue, "draws = 1"),
        (RATES, {"draws": 5, "jelli": True}, errors.InvalidValue, "jelli 0.1 reads no"),
        (
            [("<FL>(B0->K*inv)", 30, 35)],
            {"coefficients": FEW},
            errors.UndefinedRatio,
            "<FL>(B0->K*inv),30,35: the denominator vanishes",
        ),
    ],
)
def test_refused(wanted, options, error, message):
    with pytest.raises(error) as caught:
        to_popxf(wanted, **{**JMS, **options})
    assert message in str(caught.value)


def test_too_many_correlations():
    with pytest.raises(errors.InvalidValue, match="give fewer coefficients"):
        popxf_correlations(MIXED, **JMS, draws=100)
    with pytest.raises(errors.InvalidValue, match="need draws"):
        popxf_correlations(RATES, **JMS, coefficients=FEW, draws=0)


READER = """
import json, sys, warnings
folder, schemas = sys.argv[1:]
warnings.simplefilter("ignore")
import jax, jelli
from jax import numpy as jnp
from wilson import wcxf
result = {}
for basis in json.load(open(f"{folder}/bases.json")):
    wcxf.Basis.load(open(basis))
for name, (scale, point) in json.load(open(f"{folder}/points.json")).items():
    document = json.load(open(f"{folder}/{name}.json"))
    basis = document["metadata"]["basis"]
    if "custom" in basis:
        custom = jelli.CustomBasis(basis["custom"]["name"], basis["custom"]["parameters"])
        variables, where = custom.get_parameter_basis(), (None, None)
    else:
        from jelli.utils.par_helpers import get_wc_basis_from_wcxf
        where = basis["wcxf"]["eft"], basis["wcxf"]["basis"]
        variables = get_wc_basis_from_wcxf(*where)
    jelli.ObservableSector.load(f"{folder}/{name}.json")
    data = jelli.ObservableSector.get_class_prediction_data(*where, [name])
    function = jelli.ObservableSector.get_class_prediction_function([name])
    x = jnp.array([point[n][p == "I"] if n in point else 0.0 for n, p in variables])
    values = lambda x: function(x, scale, data)
    gradients = jax.jacfwd(values)(x)
    result[name] = {
        "values": values(x).tolist(),
        "gradients": {f"{n} {p}": gradients[:, i].tolist() for i, (n, p) in enumerate(variables)},
    }
if schemas:
    from jsonschema import Draft7Validator
    from popxf.validator import schemas as known
    name = "popxf-1.0.json"
    known.schemas[name] = json.load(open(f"{schemas}/{name}"))
    known.validators[name] = Draft7Validator
    from popxf.tools.parser import POPxfParser
    for name in json.load(open(f"{folder}/valid.json")):
        POPxfParser(json.load(open(f"{folder}/{name}.json")))
print(json.dumps(result))
"""


@pytest.mark.skipif(JELLI not in os.environ, reason=f"{JELLI} is not set")
def test_jelli(uncertain, tmp_path, rng):
    """jelli's values and gradients are ours, and popxf's own parser accepts the files.

    The environment variable NUSMEFT_JELLI_PYTHON is a Python in which

        pip install jelli==0.1 rgevolve==0.1.1 'numpy<2.4' popxf==0.0.1

    was run; this package need not be there.
    """
    nusmeft = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
    wet = {"scale": 4.8, "eft": "WET", "basis": "flavio"}
    cases = {
        "rates": (RATES, JMS, True),
        "ratios": (MIXED, JMS, True),
        "some": (RATES, {**JMS, "coefficients": FEW}, True),
        "wcxf": (RATES, nusmeft, False),
        "wet": (MIXED, wet, True),
    }
    documents, points, expected = {"uncertain": uncertain[1]}, {}, {}
    for name, (wanted, options, custom) in cases.items():
        valid = to_popxf(wanted, par=MASSES, **options)
        documents[f"{name}-valid"] = valid
        documents[name] = to_popxf(wanted, par=MASSES, **options, jelli=custom)
        point = random_point(rng, valid, 0.3 if name == "wet" else 2e-8)
        scale = options["scale"]
        points[name] = scale, {k: (v.real, v.imag) for k, v in point.items()}
        options = {key: options[key] for key in JMS}
        expected[name] = (
            predictions(wanted, point, options, MASSES),
            observables(valid, point)[1],
        )
    for name, document in documents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    valid_names = ["uncertain", *(f"{name}-valid" for name in cases)]
    (tmp_path / "points.json").write_text(json.dumps(points))
    (tmp_path / "valid.json").write_text(json.dumps(valid_names))
    bases = [str(_data.path("bases/nusmeft.fgms.basis.yml"))]
    (tmp_path / "bases.json").write_text(json.dumps(bases))
    process = subprocess.run(
        [os.environ[JELLI], "-c", READER, str(tmp_path), str(SCHEMAS) if SCHEMAS.is_dir() else ""],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout.splitlines()[-1])
    for name, (values, gradients) in expected.items():
        assert found[name]["values"] == pytest.approx(values, rel=1e-10, abs=0)
        ours = {f"{n} {p}": slopes for (n, p), slopes in gradients.items()}
        size = np.max(np.abs(list(ours.values())), axis=0)
        for variable, slopes in found[name]["gradients"].items():
            slope = ours.get(variable, np.zeros(len(values)))
            assert np.all(np.abs(slopes - slope) <= 1e-10 * size), (name, variable)


@pytest.mark.parametrize(
    "content", ["", "[" * 100_000, '{"a": ' * 100_000, "9" * 5000, "\x00", "[]"]
)
def test_other_files_are_no_correlations(content, tmp_path):
    """Of any content: such a file beside the output is left alone."""
    path = tmp_path / "Kinv-corr.json"
    path.write_text(content)
    assert not popxf.is_correlations(path)
