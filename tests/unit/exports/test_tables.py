"""Binned spectra: values, covariance, weights, coverage, and files that can be read back."""

from __future__ import annotations

import csv
import itertools

import flavio
import numpy as np
import pytest
import yaml

from flavio_nusmeft import NuWilson, errors, predict
from flavio_nusmeft._files import check_writable
from flavio_nusmeft.belle2.record import sm_spectrum
from flavio_nusmeft.exports.tables import Spectrum, spectrum
from flavio_nusmeft.inference.draws import parameter_draws

NAME = "<dBR_SD/dq2>(B+->Kinv)"
SCALAR = {"LNQd_2123": 2e-8}
FGMS = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
EDGES = (0, 4, 8.5, 14, 23)


@pytest.fixture(scope="module")
def scalar():
    return NuWilson(SCALAR, 1e3, "nuSMEFT", "FGMS")


@pytest.fixture(scope="module")
def table(scalar):
    return spectrum(NAME, EDGES, scalar, par={"m_N1": 1.5}, draws=8, seed=3)


def test_values_and_covariance(table):
    """As `predict`, and the covariance of the predictions at the same draws with new physics."""
    bins = [(NAME, low, high) for low, high in itertools.pairwise(EDGES)]
    found = predict(bins, SCALAR, **FGMS, par={"m_N1": 1.5})
    expected = [float(found[name]) for name in bins]
    assert table.values == pytest.approx(expected, rel=1e-12, abs=0)
    drawn = []
    for draw in parameter_draws(8, {"m_N1": 1.5}, seed=3):
        point = predict(bins, SCALAR, **FGMS, par=draw)
        drawn.append([float(point[name]) for name in bins])
    assert table.covariance == pytest.approx(np.cov(np.transpose(drawn)), rel=1e-9, abs=0)
    assert table.uncertainties == pytest.approx(np.std(drawn, axis=0, ddof=1), rel=1e-9, abs=0)
    assert table.info["LNQd_2123"] == 2e-8
    assert table.info["m_N1"] == "1.5 GeV"


@pytest.mark.parametrize(
    ("name", "total", "edges"),
    [
        ("<dBR/dq2>(B+->Kinv)", "BR(B+->Kinv)", (0, 5, 23)),
        ("<dBR/dq2>(B0->K*inv)", "BR(B0->K*inv)", (0, 5, 20)),
        ("<BR>(B0->Dtauinv)", "BR(B0->Dtauinv)", (3, 5, 12)),
    ],
)
def test_branching_ratios_add_up(name, total, edges, scalar):
    found = spectrum(name, edges, scalar).branching_ratios
    assert found.sum() == pytest.approx(flavio.np_prediction(total, scalar), rel=1e-8, abs=0)


def test_grid_of_belle2(scalar):
    """The default: 100 bins to 22.885 GeV², above which there is next to nothing."""
    ours, sm = spectrum(NAME, wc_obj=scalar), spectrum(NAME)
    assert len(ours.values) == 100
    assert ours.edges[-1] == 22.885
    total = flavio.np_prediction("BR_SD(B+->Kinv)", scalar)
    assert 0 < 1 - ours.branching_ratios.sum() / total < 1e-4
    weights = ours.weights(sm)
    assert weights.values == pytest.approx(ours.values / sm.values, rel=1e-12, abs=0)
    assert sm.weights(sm).values == pytest.approx(np.ones(100), rel=1e-14, abs=0)
    # their simulation has form factors of another collaboration, which differ by 10%
    weights = sm.weights(sm_spectrum()).values
    assert weights[:95] == pytest.approx(np.ones(95), rel=0.15, abs=0)


def test_weights_scale_the_covariance(table):
    reference = np.array([1e-6, 2e-6, 1e-6, 5e-7])
    weights = table.weights(reference)
    factor = np.diff(EDGES) / reference
    assert weights.values == pytest.approx(table.values * factor, rel=1e-14, abs=0)
    expected = np.array(
        [[table.covariance[i, j] * factor[i] * factor[j] for j in range(4)] for i in range(4)]
    )
    assert weights.covariance == pytest.approx(expected, rel=1e-14, abs=0)
    with pytest.raises(errors.UnknownObservable, match="not a branching ratio"):
        _ = weights.branching_ratios


def test_weights_refused(table):
    with pytest.raises(errors.InvalidBin, match="other bins"):
        table.weights(spectrum(NAME, (0, 4, 8, 14, 23)))
    with pytest.raises(errors.InvalidShape, match="4 bins"):
        table.weights([1.0, 2.0])
    with pytest.raises(errors.UndefinedRatio, match=r"empty in 4 < q² < 8\.5"):
        table.weights([1.0, 0.0, 1.0, 1.0])
    closed = spectrum(NAME, (0, 23, 30))
    assert closed.weights([1.0, 0.0]).values[1] == 0


def test_coverage(scalar):
    """What is missing is said, with its branching ratio."""
    with pytest.raises(errors.IncompleteBins) as caught:
        spectrum(NAME, (2, 5, 15), scalar)
    below = 2 * flavio.np_prediction(NAME, scalar, 0, 2)
    above = 15 * flavio.np_prediction(NAME, scalar, 15, 30)
    assert f"q² < 2 GeV² with a branching ratio of {below:.3g}" in str(caught.value)
    assert f"q² > 15 GeV² with a branching ratio of {above:.3g}" in str(caught.value)
    partial = spectrum(NAME, (2, 5, 15), scalar, partial=True)
    inside = flavio.np_prediction("BR_SD(B+->Kinv)", scalar) - below - above
    assert partial.branching_ratios.sum() == pytest.approx(inside, rel=1e-8, abs=0)
    # m_τ² < q² for B -> D τ + inv: bins need not start at 0
    assert spectrum("<BR>(B0->Dtauinv)", (3.1, 12)).values > 0
    with pytest.raises(errors.IncompleteBins, match=r"q² < 3\.5 GeV²"):
        spectrum("<BR>(B0->Dtauinv)", (3.5, 12))


def test_fractions():
    """No branching ratios, no coverage; 0 where phase space is closed, also in the draws."""
    found = spectrum("<FL>(B0->K*inv)", (2, 5, 30, 35), draws=4, seed=np.random.default_rng(1))
    assert found.info["Parameter draws"] == f"4, seed {np.random.default_rng(1).integers(2**32)}"
    assert 0.3 < found.values[0] < 1
    assert found.values[2] == 0
    assert found.uncertainties[0] > 0
    assert not found.covariance[2].any()
    assert found.widths is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((NAME, (0, 5, 4)), errors.InvalidBin, "must increase"),
        ((NAME, (5,)), errors.InvalidBin, "at least two"),
        ((NAME, (0, np.inf)), errors.InvalidBin, "finite"),
        (("<dBR_SD/dq2>(B+->Kin)",), errors.UnknownObservable, "did you mean"),
        (("BR(B+->Kinv)",), errors.UnknownObservable, "not a binned observable"),
    ],
)
def test_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        spectrum(*arguments)


def test_parameters_refused():
    with pytest.raises(errors.UnknownParameter, match=r"did you mean .*'m_N1'"):
        spectrum(NAME, EDGES, par={"m_N4": 1})
    with pytest.raises(errors.InvalidValue, match="draws = 1"):
        spectrum(NAME, EDGES, draws=1)


def test_shapes_are_checked():
    with pytest.raises(errors.InvalidShape, match=r"values of 2 bins: shape \(2,\), not \(3,\)"):
        Spectrum(NAME, np.arange(3.0), np.ones(3))
    with pytest.raises(errors.InvalidShape, match="covariance of 2 bins"):
        Spectrum(NAME, np.arange(3.0), np.ones(2), np.eye(3))


def test_csv(table, tmp_path):
    table.to_csv(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as stream:
        lines = stream.readlines()
    comments = [line for line in lines if line.startswith("# ")]
    assert "# running: qcd\n" in comments
    assert "# alpha_s: 0.1181\n" in comments
    header, *rows = csv.reader(lines[len(comments) :])
    numbers = np.array(rows, dtype=float)
    expected = ["q2min", "q2max", NAME, "branching ratio", "uncertainty"]
    assert header == [*expected, *(f"covariance {k}" for k in (1, 2, 3, 4))]
    assert np.array_equal(numbers[:, 0], EDGES[:-1])
    assert np.array_equal(numbers[:, 2], table.values)
    assert np.array_equal(numbers[:, 3], table.branching_ratios)
    assert np.array_equal(numbers[:, 5:], table.covariance)
    spectrum(NAME, EDGES).to_csv(tmp_path / "x.csv")
    again = np.genfromtxt(tmp_path / "x.csv", delimiter=",", skip_header=0)
    assert again[1:].shape == (4, 4)


def test_hepdata(table, tmp_path):
    written = table.to_hepdata(tmp_path / "new" / "folder")
    documents = {p.name: list(yaml.safe_load_all(p.read_text("utf-8"))) for p in written}
    assert [d["data_file"] for d in documents["submission.yaml"]] == [
        "spectrum.yaml",
        "covariance.yaml",
    ]
    (data,) = documents["spectrum.yaml"]
    (q2,), (average, integrated) = data["independent_variables"], data["dependent_variables"]
    assert [(v["low"], v["high"]) for v in q2["values"]] == list(itertools.pairwise(EDGES))
    assert [v["value"] for v in average["values"]] == table.values.tolist()
    assert average["header"]["units"] == "GeV$^{-2}$"
    assert [v["value"] for v in integrated["values"]] == table.branching_ratios.tolist()
    assert average["values"][1]["errors"][0]["symerror"] == table.uncertainties[1]
    assert {"name": "LNQd_2123", "value": "2e-08"} in average["qualifiers"]
    (matrix,) = documents["covariance.yaml"]
    first, second = (variable["values"] for variable in matrix["independent_variables"])
    assert (first[1]["low"], second[1]["low"]) == (0, 4)
    values = [v["value"] for v in matrix["dependent_variables"][0]["values"]]
    assert values == table.covariance.ravel().tolist()
    # without draws there are no errors; weights and fractions have no branching ratios
    plain = spectrum("<BR>(B0->Dtauinv)", (3, 12)).hepdata()
    assert list(plain) == ["spectrum.yaml", "submission.yaml"]
    assert plain["spectrum.yaml"][0]["dependent_variables"][0]["values"][0].keys() == {"value"}
    weights = table.weights(table).hepdata()["spectrum.yaml"][0]
    assert len(weights["dependent_variables"]) == 1


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_hepdata_is_valid(table, tmp_path):
    """With HEPData's own validator, where it is installed."""
    validator = pytest.importorskip("hepdata_validator.full_submission_validator")
    closed = spectrum("<FL>(B0->K*inv)", (2, 5, 30, 35), draws=4, seed=1)
    for k, found in enumerate((table, table.weights(table), closed, spectrum(NAME, EDGES))):
        found.to_hepdata(tmp_path / str(k))
        full = validator.FullSubmissionValidator()
        assert full.validate(directory=str(tmp_path / str(k))), full.get_messages()


def test_writable(tmp_path):
    """Nothing is made or changed except a missing folder."""
    (tmp_path / "file").write_text("kept")
    assert check_writable(tmp_path / "file") == tmp_path / "file"
    assert (tmp_path / "file").read_text() == "kept"
    assert not check_writable(tmp_path / "new").exists()
    assert check_writable(tmp_path / "a" / "b", directory=True).is_dir()
    for path, directory, message in (
        (tmp_path, False, "it is a folder"),
        (tmp_path / "none" / "x", False, "no folder"),
        (tmp_path / "file" / "x", False, "no folder"),
        (tmp_path / "file", True, "cannot write to"),
    ):
        with pytest.raises(errors.UnwritablePath, match=message):
            check_writable(path, directory)


@pytest.mark.skipif("os.geteuid() == 0", reason="root can write everywhere")
def test_no_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(errors.UnwritablePath, match="permission denied"):
        check_writable(tmp_path / "x")


def test_parameters_are_recorded(par):
    """Those that differ from flavio's, also when all are given."""
    chosen = {"Vcb": 0.045, "alpha_s": 0.12, "m_N1": 1.5}
    for given in (chosen, par | chosen):
        info = spectrum(NAME, EDGES, par=given).info
        found = {name: value for name, value in info.items() if name.startswith("parameter ")}
        assert found == {"parameter Vcb": 0.045, "parameter alpha_s": 0.12}
        assert info["m_N1"] == "1.5 GeV"
