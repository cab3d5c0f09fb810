"""The command nusmeft predict."""

from __future__ import annotations

import json

import flavio
import pytest
from nusmeft_cli import main

from flavio_nusmeft import NuWilson, _data
from flavio_nusmeft.observables import NAMES

SCALAR = str(_data.path("examples/scalar.yml"))


def test_table(capsys):
    assert main(["predict", SCALAR, "--m-N1", "1.5"]) == 0
    out = capsys.readouterr().out
    for name in NAMES:
        if flavio.Observable[name].arguments is None:
            assert name in out
    assert "m_N1 = 1.5 GeV" in out
    assert "LNQd_2123 = 2e-08" in out
    assert "< 1.8e-05 (90%)" in out
    assert max(map(len, out.splitlines())) <= 100


def test_json(capsys, par):
    assert main(["predict", SCALAR, "--m-N1", "1.5", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["masses"] == {"m_N1": 1.5, "m_N2": 0, "m_N3": 0}
    rows = {row["observable"]: row for row in data["observables"]}
    par["m_N1"] = 1.5
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    for name, row in rows.items():
        assert row["SM"] == flavio.Observable[name].prediction_par(par, None)
        assert row["prediction"] == flavio.Observable[name].prediction_par(par, w)
    assert rows["BR(B0->Kinv)"]["results"][0] == {
        "measurement": "flavio_nusmeft Belle B->hinv SL 2017",
        "limit": 2.6e-5,
        "confidence_level": 0.9,
        "text": "< 2.6e-05 (90%)",
    }


def test_chosen_observables(capsys):
    arguments = ["-o", "<dBR/dq2>(B+->Kinv),4,8", "-o", "FL(B0->K*inv),3", "--json"]
    assert main(["predict", SCALAR, *arguments, "--dataset", "paper2023"]) == 0
    rows = json.loads(capsys.readouterr().out)["observables"]
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    assert [row["arguments"] for row in rows] == [{"q2min": 4, "q2max": 8}, {"q2": 3}]
    assert rows[0]["prediction"] == flavio.np_prediction("<dBR/dq2>(B+->Kinv)", w, 4, 8)
    assert rows[1]["SM"] == flavio.sm_prediction("FL(B0->K*inv)", 3)


@pytest.mark.parametrize(("flavours", "decays"), [("3", "K"), ("4", "KD")])
def test_fewer_quarks(flavours, decays, tmp_path, capsys):
    """Without -o the observables that the EFT can reach, else an error that says what to do."""
    path = tmp_path / "low.yml"
    path.write_text(
        f"{{eft: nuWET-{flavours}, basis: JMS, scale: 2.0, values: {{VnudLL_4412: 1.0e-11}}}}"
    )
    assert main(["predict", str(path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["observables"]
    assert {row["observable"].partition("(")[2][0] for row in rows} == set(decays)
    (charged,) = (row for row in rows if row["observable"] == "BR(K+->piinv)")
    assert charged["prediction"] > charged["SM"]
    assert main(["predict", str(path), "-o", "BR(B+->Kinv)"]) == 2
    assert "give coefficients of nuWET or nuSMEFT" in capsys.readouterr().err


def test_running(capsys, tmp_path, par):
    name, w = "BR(B+->Kinv)", NuWilson({"LNQd_2132": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    w.set_option("running", "full")
    path = tmp_path / "scalar.yml"
    path.write_text(w.wc.dump(fmt="yaml"))
    assert main(["predict", str(path), "--running", "full", "-o", name, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["observables"]
    assert row["prediction"] == flavio.Observable[name].prediction_par(par, w)
    path.write_text("{eft: SMEFT, basis: Warsaw, scale: 1000, values: {lq1_1123: 1.0e-9}}")
    assert main(["predict", str(path), "--running", "full"]) == 2
    assert "coefficients with N, not for SMEFT" in capsys.readouterr().err


def test_parameters(capsys, par):
    """--par changes the SM, too, and is said in the table and in JSON."""
    arguments = ["predict", SCALAR, "-o", "BR(B+->Kinv)", "--par", "Vcb=0.045", "--m-N1", "1.5"]
    assert main([*arguments, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["parameters"] == {"Vcb": 0.045}
    assert data["masses"]["m_N1"] == 1.5
    (row,) = data["observables"]
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    observable = flavio.Observable["BR(B+->Kinv)"]
    before = [observable.prediction_par(par | {"m_N1": 1.5}, wc) for wc in (None, w)]
    par |= {"Vcb": 0.045, "m_N1": 1.5}
    found = [row["SM"], row["prediction"]]
    assert found == [observable.prediction_par(par, wc) for wc in (None, w)]
    assert found[0] > 1.1 * before[0]  # of |Vts|², which Vcb changes by 15%
    assert found[1] > before[1]
    assert main(arguments) == 0
    assert "parameters: Vcb = 0.045\n" in capsys.readouterr().out


def test_options(capsys, par):
    """Options of running and matching are those of the object, and are listed."""
    arguments = ["--option", "alpha_s=0.12", "--option", "smeft_matchingscale=160", "--json"]
    assert main(["predict", SCALAR, "-o", "BR(B+->Kinv)", *arguments]) == 0
    data = json.loads(capsys.readouterr().out)
    options = {"alpha_s": 0.12, "smeft_matchingscale": 160}
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS", options)
    (row,) = data["observables"]
    assert row["prediction"] == flavio.Observable["BR(B+->Kinv)"].prediction_par(par, w)
    assert {name: data["made with"][name] for name in options} == options


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yml"], "No such file"),
        ([SCALAR, "--m-N1", "-1"], "m_N1 = -1.0 GeV"),
        ([SCALAR, "--m-N2", "nan"], "m_N2 = nan GeV"),
        ([SCALAR, "-o", "BR(B+->Kinf)"], r"no observable 'BR(B+->Kinf)'; did you mean"),
        ([SCALAR, "-o", "<dBR/dq2>(B+->Kinv),4"], "takes the arguments q2min, q2max, not 4"),
        ([SCALAR, "-o", "BR(B+->Kinv),4"], "takes no arguments"),
        ([SCALAR, "-o", "FL(B0->K*inv),x"], "must be numbers: x"),
        ([SCALAR, "-o", "<FL>(B0->K*inv),5,1"], "q2min = 5.0 is larger than q2max = 1.0"),
        ([SCALAR, "--dataset", "paper"], "no data set 'paper'"),
        ([SCALAR, "--par", "m_N1=-1"], "m_N1 = -1.0 GeV"),
        ([SCALAR, "--par", "m_N2=nan"], "m_N2 = nan GeV"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(arguments, message, capsys):
    assert main(["predict", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("nusmeft: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("LNQd_2123", "LNQd_2124", "the indices of LNQd are 1-3"),
        ("FGMS", "FGMT", "no basis 'FGMT'"),
        ("nuSMEFT", "nuSM", "EFT 'nuSM' does not exist"),
        ("1000", "-1", "positive finite"),
        ("2.0e-8", ".inf", "not finite"),
        ("nuSMEFT\nbasis: FGMS", "WET-3\nbasis: JMS", "not a coefficient of WET-3"),
        ("2.0e-8", "2.0e-8\n  LNQd_2123: 1e-8", "stands more than once"),
        ("values:", "values: [", "neither YAML nor JSON"),
    ],
)
def test_wrong_file(old, new, message, tmp_path, capsys):
    text = _data.path("examples/scalar.yml").read_text("utf-8")
    assert old in text
    (tmp_path / "x.yml").write_text(text.replace(old, new))
    assert main(["predict", str(tmp_path / "x.yml")]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_smeft_file(tmp_path, capsys):
    path = tmp_path / "smeft.json"
    path.write_text('{"eft": "WET", "basis": "flavio", "scale": 4.8, "values": {"CL_bsnuenue": 5}}')
    assert main(["predict", str(path), "-o", "BR_SD(B+->Kinv)", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["observables"][0]
    w = flavio.WilsonCoefficients()
    w.set_initial({"CL_bsnuenue": 5}, 4.8, "WET", "flavio")
    assert row["prediction"] == pytest.approx(
        flavio.np_prediction("BR(B+->Knunu)", w), rel=1e-6, abs=0
    )


def test_wet_basis_that_flavio_cannot_read(tmp_path, capsys):
    path = tmp_path / "eos.yml"
    path.write_text("{eft: WET, basis: EOS, scale: 4.2, values: {'cbtaunutau::cVL': 0.1}}")
    assert main(["predict", str(path)]) == 2
    assert "wilson cannot translate the basis 'EOS' of WET" in capsys.readouterr().err


def test_coefficients_without_effect_are_named(tmp_path, capsys):
    path = tmp_path / "dipole.yml"
    path.write_text(
        "{eft: nuSMEFT, basis: Warsaw, scale: 1000, values: {nW_11: 1.0e-8, qn_2311: 1.0e-8}}"
    )
    assert main(["predict", str(path), "-o", "BR(B0->Kinv)"]) == 0
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith(
        "nusmeft: no observable of flavio_nusmeft depends on nW_11 (qcd running)"
    )
    assert "running = 'full' the effect comes by mixing" in line
    assert "BR(B0->Kinv)" in captured.out
