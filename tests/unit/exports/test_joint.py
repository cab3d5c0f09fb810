"""Spectra with one covariance, correlations, pictures, and CSV files that are read again."""

from __future__ import annotations

import io
import itertools
import pickle

import flavio
import numpy as np
import pytest
import yaml

from flavio_nusmeft import NuWilson, errors
from flavio_nusmeft.exports.tables import Spectra, Spectrum, spectra, spectrum

KPLUS, KSTAR = "<dBR/dq2>(B+->Kinv)", "<dBR/dq2>(B0->K*inv)"
EDGES = {KPLUS: (0, 6, 14, 23), KSTAR: (0, 9, 19.5)}
MASSES = [0.5, 1.8]


@pytest.fixture(scope="module")
def scalar():
    return NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")


@pytest.fixture(scope="module")
def joint(scalar):
    return spectra([KPLUS, KSTAR], EDGES, scalar, par={"m_N1": MASSES, "Vcb": 0.042}, draws=12)


def test_covariance_of_flavios_draws(joint, scalar):
    """Predictions of flavio's observables at flavio's draws, for all modes and masses together."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    drawn = flavio.default_parameters.get_random_all(size=12)
    np.random.set_state(state)  # noqa: NPY002
    rows = []
    for k in range(12):
        point = {name: float(values[k]) for name, values in drawn.items()} | {"Vcb": 0.042}
        rows.append(
            [
                flavio.Observable[name].prediction_par(point | {"m_N1": mass}, scalar, *pair)
                for name, edges in EDGES.items()
                for mass in MASSES
                for pair in itertools.pairwise(edges)
            ]
        )
    expected = np.cov(np.transpose(rows))
    assert joint.covariance == pytest.approx(expected, rel=1e-9, abs=1e-12 * expected.max())
    sigma = joint.uncertainties
    assert joint.correlation == pytest.approx(expected / np.outer(sigma, sigma), rel=0, abs=1e-9)
    # the same mode at another mass has nearly the same theory error
    assert joint.correlation[1, 4] > 0.9
    smallest = np.linalg.eigvalsh(joint.correlation).min()
    assert smallest > -1e-13


def test_parts_are_single_spectra(joint, scalar):
    assert len(joint) == 4
    assert [len(one.values) for one in joint] == [3, 3, 2, 2]
    assert joint.points == ({"m_N1": 0.5}, {"m_N1": 1.8}) * 2
    assert repr(joint) == f"Spectra({KPLUS}, {KSTAR}: 4 spectra, 10 values, joint covariance)"
    alone = spectrum(KPLUS, EDGES[KPLUS], scalar, par={"m_N1": 1.8, "Vcb": 0.042}, draws=12)
    assert np.array_equal(joint[1].values, alone.values)
    assert joint[1].covariance == pytest.approx(alone.covariance, rel=1e-12, abs=0)
    assert joint[1].info == alone.info
    assert alone.correlation == pytest.approx(joint.correlation[3:6, 3:6], rel=0, abs=1e-12)
    assert spectra(KPLUS, EDGES[KPLUS], scalar).covariance is None
    assert spectra(KPLUS, EDGES[KPLUS]).correlation is None
    again = pickle.loads(pickle.dumps(joint))
    assert np.array_equal(again.covariance, joint.covariance)


def test_correlation_of_closed_bins():
    """A bin without uncertainty is correlated with no other one."""
    found = spectrum(KPLUS, (0, 8, 23, 30), draws=4).correlation
    assert np.array_equal(found[2], [0, 0, 1])
    assert np.array_equal(np.diagonal(found), np.ones(3))


def test_options(scalar):
    """In place of those of the object, and recorded."""
    full = NuWilson(
        {"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS", options={"running": "full", "alpha_s": 0.12}
    )
    expected = spectrum(KPLUS, (0, 23), full, draws=2)
    scalar.set_option("alpha_s", 0.12)
    found = spectrum(KPLUS, (0, 23), scalar, draws=2, options={"running": "full"})
    scalar.set_option("alpha_s", 0.1181)
    assert np.array_equal(found.values, expected.values)
    assert np.array_equal(found.covariance, expected.covariance)
    assert found.info == expected.info
    assert found.info["running"] == "full"
    with pytest.raises(errors.InvalidValue, match="the SM has none"):
        spectrum(KPLUS, (0, 23), options={"running": "full"})
    with pytest.raises(errors.InvalidValue, match="runing"):
        spectrum(KPLUS, (0, 23), scalar, options={"runing": "full"})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([KPLUS, KPLUS],), errors.UnknownObservable, "different names"),
        (([],), errors.UnknownObservable, "one at least"),
        (([KPLUS, KSTAR], {KPLUS: (0, 23)}), errors.InvalidBin, "no edges for <dBR/dq2>"),
        ((KPLUS, {KSTAR: (0, 23)}), errors.InvalidBin, "not in observables"),
        ((KPLUS, (0, 5)), errors.IncompleteBins, "do not cover"),
    ],
)
def test_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        spectra(*arguments)


@pytest.mark.parametrize("masses", [{"m_N1": [1, 2], "m_N2": [1, 2, 3]}, {"m_N1": []}])
def test_masses_refused(masses):
    with pytest.raises(errors.InvalidShape, match=r"one shape \(points,\)"):
        spectra(KPLUS, (0, 23), par=masses)
    with pytest.raises(errors.InvalidValue, match=r"m_N1 must be one number; .* spectra"):
        spectrum(KPLUS, (0, 23), par={"m_N1": [1.0, 2.0]})


def test_weights(joint):
    sm = spectra([KPLUS, KSTAR], EDGES, par={"m_N1": MASSES})
    weights = joint.weights(sm)
    factor = 1 / sm.values
    assert weights.values == pytest.approx(joint.values * factor, rel=1e-12, abs=0)
    expected = joint.covariance * np.outer(factor, factor)
    assert weights.covariance == pytest.approx(expected, rel=1e-12, abs=0)
    # what they are relative to is recorded
    assert weights[1].info["reference"] == KPLUS
    assert weights[1].info["reference Model"] == "SM"
    assert weights[1].info["reference LNQd_2123"] == "none"
    assert weights[1].info["reference parameter Vcb"] == "none"
    assert "reference m_N1" not in weights[1].info
    assert joint[0].weights([1, 1, 1]).info["reference"] == "branching ratios given as numbers"
    with pytest.raises(errors.InvalidShape, match="4 references are needed, not 1"):
        joint.weights(sm[:1])
    with pytest.raises(errors.InvalidValue, match="references must be spectra, not 5"):
        joint.weights(5)
    one = Spectra(joint[:2], joint.covariance[:6, :6]).weights(sm[0])
    assert np.array_equal(one.values, np.concatenate([x.weights(sm[0]).values for x in joint[:2]]))


@pytest.mark.parametrize("kind", ["single", "weights", "fraction", "joint", "joint weights"])
def test_csv_is_read_again(kind, joint, scalar, tmp_path):
    """The same numbers, and written again the same bytes; also by numpy."""
    original = {
        "single": lambda: joint[1],
        "weights": lambda: joint[1].weights(joint[0]),
        "fraction": lambda: spectrum("<FL>(B0->K*inv)", (2, 5, 30), scalar),
        "joint": lambda: joint,
        "joint weights": lambda: joint.weights(
            spectra([KPLUS, KSTAR], EDGES, par={"m_N1": [0, 0]})
        ),
    }[kind]()
    original.to_csv(tmp_path / "first.csv")
    found = type(original).from_csv(tmp_path / "first.csv")
    found.to_csv(tmp_path / "second.csv")
    text = (tmp_path / "first.csv").read_text("utf-8")
    assert (tmp_path / "second.csv").read_text("utf-8") == text
    assert np.array_equal(found.values, original.values)
    both = zip(found, original, strict=True) if "joint" in kind else [(found, original)]
    for one, other in both:
        assert one.observable == other.observable
        assert one.is_weight == other.is_weight
        assert np.array_equal(one.edges, other.edges)
        assert one.info == {name: str(value) for name, value in other.info.items()}
        if other.covariance is None:
            assert one.covariance is None
        else:
            assert np.array_equal(one.covariance, other.covariance)
        assert one.info["flavio"] == flavio.__version__
        assert float(one.info["LNQd_2123"]) == 2e-8
    if "joint" in kind:
        assert found.points == original.points
        assert np.array_equal(found.covariance, original.covariance)
        with pytest.raises(errors.InvalidFile, match=r"Spectra\.from_csv"):
            Spectrum.from_csv(tmp_path / "first.csv")
    numbers = np.genfromtxt(tmp_path / "first.csv", delimiter=",")[1:]
    assert np.array_equal(
        numbers[:, -10:] if "joint" in kind else numbers[:, 2],
        (original.covariance if "joint" in kind else original.values),
    )
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(tmp_path / "first.csv", comment="#")
    assert len(frame) == len(original.values)
    assert np.array_equal(
        frame["q2min"],
        np.concatenate([one.edges[:-1] for one in (original if "joint" in kind else [original])]),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "not a table of binned spectra"),
        (lambda text: text.replace(KPLUS, "x"), "no observable 'x'"),
        (lambda text: text.rpartition("\r\n6,")[0] + "\n", "covariance of 1 rows has 3"),
        (lambda text: text.replace("\n6,", "\n5,"), "do not follow each other"),
        (lambda text: text.replace("\n6,", "\nx,").replace(",6,", ",x,"), "could not convert"),
        (lambda text: text.replace("\n6,14,", "\n6,"), "not a table of binned spectra"),
    ],
)
def test_files_refused(change, message, joint, tmp_path):
    path = tmp_path / "x.csv"
    spectrum(KPLUS, (0, 6, 14, 23), draws=2).to_csv(path)
    text = path.read_bytes().decode().replace("0.0,6.0", "0,6").replace("6.0,14.0", "6,14")
    path.write_bytes(change(text.replace("14.0,23.0", "14,23")).encode())
    with pytest.raises(errors.InvalidFile, match=message) as caught:
        Spectrum.from_csv(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(errors.InvalidFile, match="none"):
        Spectra.from_csv(tmp_path / "none.csv")


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_hepdata(joint, tmp_path):
    """One submission with one covariance; tables of an earlier one go."""
    folder = tmp_path / "x"
    joint.to_hepdata(folder)
    names = {f"spectrum-{k}.yaml" for k in (1, 2, 3, 4)} | {"covariance.yaml", "submission.yaml"}
    assert {path.name for path in folder.iterdir()} == names
    (matrix,) = yaml.safe_load_all((folder / "covariance.yaml").read_text("utf-8"))
    values = [v["value"] for v in matrix["dependent_variables"][0]["values"]]
    assert values == joint.covariance.ravel().tolist()
    columns = {v["header"]["name"]: v["values"] for v in matrix["independent_variables"]}
    assert [columns[f"{name} (2)"][3] for name in ("Observable", "m_N1", "$q^2$")] == [
        {"value": KPLUS},
        {"value": 1.8},
        {"low": 0.0, "high": 6.0},
    ]
    assert columns["m_N1 (1)"][9] == {"value": 0.5}
    try:
        from hepdata_validator.full_submission_validator import FullSubmissionValidator
    except ImportError:
        pass
    else:
        validator = FullSubmissionValidator()
        assert validator.validate(directory=str(folder)), validator.get_messages()
    joint[0].to_hepdata(folder)
    assert {path.name for path in folder.iterdir()} == {
        "spectrum.yaml",
        "covariance.yaml",
        "submission.yaml",
    }


def test_plot(joint):
    """Histograms with the numbers of the spectra and bands; labels that matplotlib can draw."""
    figure = pytest.importorskip("matplotlib.figure").Figure()
    ax, other = figure.subplots(1, 2)
    joint[0].plot(ax, color="black")
    line, band = ax.patches
    assert np.array_equal(line.get_data().values, joint[0].values)
    assert np.array_equal(line.get_data().edges, joint[0].edges)
    assert np.array_equal(band.get_data().values, joint[0].values + joint[0].uncertainties)
    assert "GeV$^{-2}$" in ax.get_ylabel()
    joint.plot(other)
    texts = [text.get_text() for text in other.get_legend().get_texts()]
    assert len(texts) == 4
    assert "K^{*0}" in texts[3]
    assert "m_{N_1} = 1.8$ GeV" in texts[3]
    figure.savefig(io.BytesIO(), format="png")
    mixed = Spectra((joint[0], joint[0].weights(joint[0])))
    with pytest.raises(errors.InvalidValue, match="different units"):
        mixed.plot(other)
    with pytest.raises(errors.InvalidValue, match=r"plt\.gca"):
        joint[0].plot(None)
