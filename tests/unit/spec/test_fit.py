"""Fits of specifications: numbers, resumption after SIGKILL, repetition to the last bit."""

from __future__ import annotations

import json
import os
import pkgutil
import signal

import numpy as np
import pytest
from scipy.stats import chi2, norm

import flavio_nusmeft as nus
from flavio_nusmeft.errors import InvalidCheckpoint, InvalidSpec, UnwritablePath
from flavio_nusmeft.measurements import pull

POINT = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS"}
BOUNDS = {"LNQd_2123": (0, 5e-8), "QN_2311": (-4e-8, 4e-8)}
TEXT = """\
dataset: paper2023
parameters: {m_N1: 1.5}
variables: {LNQd_2123: [0, 5e-8], QN_2311: [-4e-8, 4e-8]}
seed: 1
report:
  intervals: [LNQd_2123]
  contours: [{variables: [QN_2311, LNQd_2123], points: 7}]
"""


def read(folder, text=TEXT):
    path = folder / "my.yml"
    path.write_text(text)
    return nus.spec.read(path)


def fit(spec, output, **arguments):
    return nus.spec.fit(spec, output, progress=False, **{"formats": [], **arguments})


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A fit without interruption, and its folder."""
    folder = tmp_path_factory.mktemp("fit")
    return fit(read(folder), folder / "out", formats=["pdf"]), folder / "out"


@pytest.fixture(scope="module")
def function():
    return nus.LogLikelihood(nus.likelihood("paper2023"), list(BOUNDS), par={"m_N1": 1.5}, **POINT)


def test_numbers_are_those_of_python(done, function):
    result, _ = done
    best = nus.scan.minimize(function, BOUNDS, seed=1, progress=False)
    expected = {k: v for k, v in best.to_dict().items() if k != "definition"}
    assert {k: result["best_fit"][k] for k in expected} == expected
    interval = nus.interval(function, "LNQd_2123", BOUNDS, seed=1, progress=False)
    expected = {k: v for k, v in interval.to_dict().items() if k != "made_of"}
    assert result["intervals"] == [json.loads(json.dumps(expected))]
    axes = {name: np.linspace(*BOUNDS[name], 7) for name in ("QN_2311", "LNQd_2123")}
    grid = nus.scan.grid(function, axes, seed=1, progress=False)
    (contour,) = result["contours"]
    assert contour["log_likelihood"] == grid.log_likelihood.tolist()
    rise = 2 * (best.log_likelihood - grid.log_likelihood)
    assert contour["rise"] == rise.tolist()
    assert contour["levels"] == pytest.approx([2.2958, 6.1801], rel=1e-4, abs=0)


def test_significance(done, function):
    result, _ = done
    best, standard = result["best_fit"], function([0.0, 0.0])
    assert result["SM"]["log_likelihood"] == standard
    assert best["gain"] == 2 * (best["log_likelihood"] - standard)
    p_value = chi2.sf(best["gain"], 2)
    assert best["significance"] == pytest.approx(norm.isf(p_value / 2), rel=1e-9, abs=0)
    assert best["degrees_of_freedom"] == 2


def test_pulls(done, function):
    result, _ = done
    par, wc_obj = function.point(list(result["best_fit"]["values"].values()))
    import flavio

    names = {row["measurement"] for row in result["pulls"]}
    assert names == set(nus.dataset("paper2023"))
    for row in result["pulls"]:
        value = flavio.Observable[row["observable"]].prediction_par(par, wc_obj)
        assert row["best fit"] == value
        assert row["pull"] == pull(row["observable"], row["measurement"], value)


def test_files(done, tmp_path):
    """The specification that is written gives the same result to the last bit."""
    result, folder = done
    names = {path.name for path in folder.iterdir()}
    figures = {"intervals-0-LNQd_2123.pdf", "contours-0-QN_2311-LNQd_2123.pdf"}
    assert names == {"result.json", "spec.yml", "made-with.json", *figures}
    assert all((folder / name).read_bytes().startswith(b"%PDF") for name in figures)
    assert nus.spec.load(folder) == result
    again = tmp_path / "again"
    fit(nus.spec.read(folder / "spec.yml"), again, formats=["pdf"])
    for name in names:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name
    versions = result["made_with"]["versions"]
    assert versions["flavio_nusmeft"] == nus.__version__
    assert versions["numpy"] == np.__version__
    assert result["made_with"]["parameters"] == {"m_N1": 1.5}
    assert result["made_with"]["options"]["running"] == "qcd"
    made_with = json.loads((folder / "made-with.json").read_text())
    assert made_with["function"]["settings"] == json.loads(json.dumps(nus.settings.description()))


def test_complete_fit_is_not_done_again(done, monkeypatch):
    result, folder = done

    def fail(*arguments, **more):
        raise AssertionError("computed again")

    monkeypatch.setattr("flavio_nusmeft.spec.fitting.minimize", fail)
    monkeypatch.setattr("flavio_nusmeft.spec.fitting.interval", fail)
    assert fit(nus.spec.read(folder / "spec.yml"), folder) == result


def killed(spec, output, target, number):
    """Do a fit in a process that kills itself when ``target`` is called for the n-th time."""
    process = os.fork()
    if not process:
        try:
            owner, _, name = target.rpartition(".")
            found, count = pytest.MonkeyPatch(), iter(range(number))
            original = getattr(pkgutil.resolve_name(owner), name)

            def call(*arguments, **more):
                if next(count, None) is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                return original(*arguments, **more)

            found.setattr(target, call)
            fit(spec, output)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@pytest.mark.parametrize(
    ("target", "number", "parts"),
    [
        # in the sample of the best fit, between parts, within an interval, within a contour
        ("flavio_nusmeft.inference.scan.points._call", 15, set()),
        ("flavio_nusmeft.inference.confidence.peaks", 1, {"best-fit", "sm"}),
        (
            "flavio_nusmeft.inference.scan.points.Block.__call__",
            2,
            {"best-fit", "sm", "intervals-0"},
        ),
        ("shutil.rmtree", 0, None),
    ],
)
def test_sigkill(done, tmp_path, target, number, parts):
    result, folder = done
    spec, output = read(tmp_path), tmp_path / "out"
    assert killed(spec, output, target, number) == -signal.SIGKILL
    if parts is not None:
        assert {path.stem for path in (output / ".nusmeft").glob("*.json")} == parts
        with pytest.raises(nus.errors.InvalidFile, match="no complete results"):
            nus.spec.load(output)
    assert fit(spec, output) == result
    assert (output / "result.json").read_bytes() == (folder / "result.json").read_bytes()
    assert not (output / ".nusmeft").exists()


def test_other_results_are_not_overwritten(done, tmp_path, monkeypatch):
    """A folder belongs to a specification, versions, settings and data; --force removes it."""
    _, folder = done
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = read(tmp_path, TEXT.replace("seed: 1", "seed: 2"))
    with pytest.raises(InvalidCheckpoint, match=r"different are spec\.seed: 1 there, 2 here"):
        fit(other, folder)
    spec = read(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("flavio_nusmeft.spec.study._version", lambda name: "0")
        with pytest.raises(InvalidCheckpoint, match=r"versions\.numpy"):
            fit(spec, folder)
    with monkeypatch.context() as patch:
        import flavio

        patch.setitem(flavio.config["renormalization scale"], "bxqinv", 4.0)
        with pytest.raises(InvalidCheckpoint, match=r"function\.settings.*bxqinv"):
            fit(spec, folder)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "made-with.json").write_text("{")
    with pytest.raises(InvalidCheckpoint, match="damaged"):
        fit(spec, tmp_path / "damaged")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_force(tmp_path):
    text = "dataset: paper2023\nvariables: {LNQd_2123: [0, 5e-8]}\nreport: {intervals: []}\n"
    output = tmp_path / "out"
    fit(read(tmp_path, text), output)
    (output / "parts").mkdir()  # of somebody else
    other = read(tmp_path, text + "seed: 2")
    fit(other, output, force=True)
    assert json.loads((output / "result.json").read_text())["spec"]["seed"] == 2
    assert (output / "parts").exists()


def test_files_of_others_are_not_overwritten(tmp_path):
    spec = read(tmp_path)
    (tmp_path / "spec.yml").write_text(TEXT)
    with pytest.raises(InvalidCheckpoint, match=r"a file spec\.yml of something else"):
        fit(spec, tmp_path)
    with pytest.raises(InvalidCheckpoint, match="would be overwritten"):
        fit(nus.spec.read(tmp_path / "spec.yml"), tmp_path, force=True)
    assert (tmp_path / "spec.yml").read_text() == TEXT
    (tmp_path / "file").touch()
    with pytest.raises(UnwritablePath):
        fit(spec, tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "my.yml", "spec.yml"]


def test_one_variable(tmp_path):
    """Bayesian limits, limits on observables, a nuisance parameter, fixed coefficients."""
    text = (
        "dataset: paper2023\nfixed: {Im(LNQd_2123): 1e-9}\nvariables: {LNQd_2123: [0, 5e-8]}\n"
        "report: {intervals: [], limits: [{quantity: LNQd_2123, method: bayes},"
        ' {quantity: ["<dBR/dq2>(B+->Kinv)", 4, 8], points: 4}]}'
    )
    spec = read(tmp_path, text)
    result = fit(spec, tmp_path / "out", formats=["png"])
    function = spec.function()
    direct = nus.upper_limit(function, "LNQd_2123", spec.bounds, method="bayes", progress=False)
    assert result["limits"][0]["pieces"] == [list(piece) for piece in direct.pieces]
    assert result["limits"][1]["quantity"] == ["<dBR/dq2>(B+->Kinv)", 4.0, 8.0]
    assert result["best_fit"]["significance"] is None
    assert "leave out the SM" in result["best_fit"]["significance_notes"][0]
    assert (tmp_path / "out" / "limits-1-dBR-dq2-B-Kinv-4.0-8.0.png").exists()


def test_standard_model_with_nuisance_parameter(tmp_path):
    """It is profiled in the SM, too, and does not count as a degree of freedom."""
    text = (
        "dataset: paper2023\nvariables: {LNQd_2123: [0, 5e-8], Vcb: [0.040, 0.044]}\n"
        "parameters: {m_N1: 1}\nreport: {intervals: []}"
    )
    spec = read(tmp_path, text)
    result = fit(spec, tmp_path / "out")
    assert result["best_fit"]["degrees_of_freedom"] == 1
    assert result["best_fit"]["significance"] == pytest.approx(
        result["best_fit"]["gain"] ** 0.5, rel=1e-9, abs=0
    )
    Vcb = result["SM"]["values"]["Vcb"]
    function = spec.function()
    standard = function([0, Vcb])
    assert result["SM"]["log_likelihood"] == pytest.approx(standard, rel=1e-12, abs=0)
    assert standard >= max(function([0, Vcb + step]) for step in (-1e-4, 1e-4))


def test_warnings_are_in_the_result(tmp_path):
    """Of variables without effect and ranges that are hardly meant, however the fit is done."""
    text = "dataset: paper2023\nvariables: {QN_1111: [0, 1e-2]}\nreport: {intervals: []}"
    with pytest.warns(nus.errors.NuSMEFTWarning):
        result = fit(read(tmp_path, text), tmp_path / "out")
    assert any("QN_1111" in text for text in result["warnings"])
    assert any("TeV" in text for text in result["warnings"])


def test_a_likelihood_that_cannot_be_computed(tmp_path):
    text = "parameters: {Vcb: 0}\nvariables: {LNQd_2123: [0, 1e-8]}"
    with pytest.raises(InvalidSpec, match=r"my\.yml: the likelihood cannot be computed"):
        fit(read(tmp_path, text), tmp_path / "out")
    assert not (tmp_path / "out").exists()


DETECTOR = """\
observables: [BR_SD(B+->Kinv), BR(B0->K*inv)]
parameters: {m_N1: 1.5, U_mu1: 3e-3}
variables: {QN_2311: [0, 6e-8]}
detectors: [Belle II, {name: mine, radius: 2, boost: 0.3, hadrons: [B+]}]
starts: 1
report: {intervals: []}
"""


def test_detectors(tmp_path):
    """Of the log-likelihood, of predictions next to data, and in what results are made with."""
    spec = read(tmp_path, DETECTOR)
    function = spec.function()
    names = [detector.name for detector in function.detectors]
    assert names == ["Belle II", "mine"]
    again = tmp_path / "again.yml"
    again.write_text(spec.to_yaml())
    assert nus.spec.read(again).content == spec.content
    result = fit(spec, tmp_path / "out")
    assert [one["name"] for one in result["made_with"]["detectors"]] == names
    best = [result["best_fit"]["values"]["QN_2311"]]
    for row in result["pulls"]:
        left = float(function.derived(row["observable"])(np.array(best))[0])
        assert row["best fit"] == pytest.approx(left, rel=1e-9, abs=0)
    without = read(tmp_path, DETECTOR.replace("detectors", "# detectors"))
    assert without.function()(best) != function(best)
    with pytest.raises(InvalidCheckpoint):
        fit(without, tmp_path / "out")


@pytest.mark.parametrize(
    ("detectors", "message"),
    [
        ("[Belle]", "'Belle' is not a detector: there are Belle II"),
        ("[]", "give one at least"),
        ("[{name: mine}]", "radius is missing"),
        ("[{name: mine, radius: -2}]", "radius of mine = -2 m"),
        ("[{name: mine, length: 2}]", "length"),
    ],
)
def test_wrong_detectors(tmp_path, detectors, message):
    text = DETECTOR.replace(
        "[Belle II, {name: mine, radius: 2, boost: 0.3, hadrons: [B+]}]", detectors
    )
    with pytest.raises(InvalidSpec, match=message):
        read(tmp_path, text)


def test_the_standard_model_has_no_mixing(tmp_path):
    """Whatever the range of a mixing; nor does it contain a mixing that is held."""
    text = "dataset: paper2023\nobservables: ['BR(B+->Kinv)', 'BR(B0->K*inv)']\n"
    text += "parameters: {m_N1: 1.0}\nvariables: {LNQd_2123: [0, 1e-7], U_mu1: [-0.1, 0.1]}\n"
    spec = read(tmp_path, text)
    found = fit(spec, tmp_path / "free")
    assert found["SM"]["values"] == {"LNQd_2123": 0, "U_mu1": 0}
    expected = spec.function()([0.0, 0.0])
    assert found["SM"]["log_likelihood"] == pytest.approx(expected, abs=1e-12)
    text = text.replace("m_N1: 1.0", "m_N1: 1.0, U_mu1: 0.1").replace(", U_mu1: [-0.1, 0.1]", "")
    found = fit(read(tmp_path, text), tmp_path / "held")
    best = found["best_fit"]
    assert best["significance"] is None
    assert "leave out the SM" in " ".join(best["significance_notes"])
