"""The command nusmeft predict."""

from __future__ import annotations

import json
import re

import flavio
import numpy as np
import pytest
from nusmeft_cli import main

from flavio_nusmeft import NuWilson, _data, invisible_probability
from flavio_nusmeft.inference.draws import parameter_draws
from flavio_nusmeft.observables import NAMES

SCALAR = str(_data.path("examples/scalar.yml"))


def rows_of(out):
    """Cells of the table, by observable."""
    lines = (line.split("│") for line in out.splitlines() if line.startswith("│"))
    return {cells[1].strip(): [cell.strip() for cell in cells[2:-1]] for cells in lines}


def in_groups(names):
    """By decays without charges and leptons, otherwise in the same order."""

    def decay(name):
        short = re.sub(r"[+0]|(?<=\(K)[LS]|(e|mu|tau|l)?inv\)$", "", name)
        return short.partition("(")[2]

    decays = [decay(name) for name in names]
    return sorted(names, key=lambda name: decays.index(decay(name)))


def test_table(capsys):
    """With --all every observable without arguments, in the order of NAMES."""
    assert main(["predict", SCALAR, "--m-N1", "1.5", "--all"]) == 0
    out = capsys.readouterr().out
    names = [name for name in NAMES if flavio.Observable[name].arguments is None]
    rows = rows_of(out)
    assert list(rows) == in_groups(names)
    assert "m_N1 = 1.5 GeV" in out
    assert "LNQd_2123 = 2e-08" in out
    assert rows["BR(B0->K*inv)"] == ["1.027e-05", "1.508e-05", "< 1.8e-05 (90%)", "within"]
    assert rows["BR(B+->Kinv)"][2:] == ["", ""]
    assert rows["BR_SD(B+->Kinv)"][2:] == ["(2.30 +0.72 -0.63)e-05", "-0.7σ"]
    assert "--all" not in out
    assert max(map(len, out.splitlines())) <= 100


def test_rows_that_matter(capsys):
    """Without --all those that change by more than 0.1% or are measured; JSON has all."""
    arguments = ["predict", SCALAR, "--m-N1", "1.5"]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["observables"]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    expected = [
        row["observable"]
        for row in found
        if row["results"] or abs(row["prediction"] - row["SM"]) > 1e-3 * abs(row["SM"])
    ]
    assert list(rows_of(out)) == in_groups(expected)
    assert "BR(B+->Kinv)" in expected  # changed
    assert "KL->piinv" in out  # measured
    assert "BR(B+->Dlinv)" not in expected
    assert f"\n{len(found) - len(expected)} more observables are not measured" in out
    assert main([*arguments, "-o", "BR(B+->Dlinv)"]) == 0  # asked for
    assert list(rows_of(capsys.readouterr().out)) == ["BR(B+->Dlinv)"]


def test_groups(capsys):
    """A line between processes; a process in one piece, however it is asked for."""
    names = ["BR(B0->Kinv)", "BR(B0->D*tauinv)", "BR(Bs->inv)", "BR_SD(B+->Kinv)", "BR(B+->D*linv)"]
    arguments = [text for name in [*names, "BR(Bs->mumu)"] for text in ("-o", name)]
    assert main(["predict", SCALAR, *arguments]) == 0
    out = capsys.readouterr().out
    order = [names[i] for i in (0, 3, 1, 4, 2)]
    assert list(rows_of(out)) == [*order, "BR(Bs->mumu)"]
    assert out.count("├") == 3


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
        assert row["uncertainty"] is None
    first = rows["BR(B0->Kinv)"]["results"][0]
    assert rows["BR(B0->Kinv)"]["pull"] == first.pop("pull")
    assert 0 < first.pop("SM pull") < rows["BR(B0->Kinv)"]["pull"] < 2
    assert first == {
        "measurement": "flavio_nusmeft Belle B->hinv SL 2017",
        "limit": 2.6e-5,
        "confidence_level": 0.9,
        "text": "< 2.6e-05 (90%)",
    }
    assert rows["BR(B+->Kinv)"]["pull"] is None
    assert data["draws"] == 0


def written(path, values, eft="nuSMEFT", basis="FGMS"):
    path.write_text(json.dumps({"eft": eft, "basis": basis, "scale": 1000, "values": values}))
    return str(path)


def test_excluded_most(tmp_path, capsys):
    """The last line: the largest pull of all measurements, also of those that are not shown."""
    path = written(tmp_path / "large.json", {"LNQd_2123": 8e-8})
    assert main(["predict", path, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["observables"]
    results = [(r["pull"], row["observable"], r) for row in rows for r in row["results"]]
    size, name, result = max(results, key=lambda item: abs(item[0]))
    assert size > 5
    assert main(["predict", path]) == 0
    out = capsys.readouterr().out
    before = abs(result["SM pull"])
    assert out.splitlines()[-1].startswith(
        f"Excluded most: {name}, {size:.1f}σ above {result['measurement']} (SM: {before:.1f}σ "
    )
    assert rows_of(out)["BR(B0->K*inv)"][3].startswith("+")  # above its limit


def test_nothing_excluded(capsys):
    arguments = ["predict", SCALAR, "--m-N1", "1.5", "-o", "BR(K+->piinv)"]
    assert main(arguments) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == (
        "No measurement is in tension (2σ) with this; the largest pull is BR(K+->piinv), 1.6σ below"
        " flavio_nusmeft NA62 K+->piinv 2024 (SM: 1.6σ below)."
    )
    assert main([*arguments, "--dataset", "paper2023"]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == "Nothing here is measured in the data set paper2023."


def test_tension_with_a_measurement_that_is_not_shown(capsys):
    """In the row is Belle II's value, to which the prediction is close, not BaBar's limit."""
    assert main(["predict", SCALAR, "--m-N1", "1.5", "-o", "BR_SD(B+->Kinv)"]) == 0
    out = capsys.readouterr().out
    assert rows_of(out)["BR_SD(B+->Kinv)"][3] == "-0.7σ"
    assert out.splitlines()[-1] == (
        "Excluded most: BR_SD(B+->Kinv), 2.4σ above flavio_nusmeft BaBar B->Kinv SL 2010"
        " (SM: 0.4σ above)."
    )


def test_uncertainty(capsys, par):
    """As numpy gives it for the draws of seed 0, also of an observable of flavio."""
    names = ["BR(B+->Kinv)", "BR(Bs->mumu)", "<dBR/dq2>(B0->K*inv)"]
    arguments = ["-o", names[0], "-o", names[1], "-o", f"{names[2]},4,8", "--par", "Vcb=0.042"]
    assert main(["predict", SCALAR, *arguments, "--json", "--uncertainty", "5"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["draws"] == 5
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    points = parameter_draws(5, {"Vcb": 0.042}, seed=0)
    for row, more in zip(data["observables"], [(), (), (4, 8)], strict=True):
        function = flavio.Observable[row["observable"]].prediction_par
        values = [function(point, w, *more) for point in points]
        assert row["uncertainty"] == pytest.approx(np.std(values), rel=1e-6, abs=0)
        assert 0.01 < row["uncertainty"] / row["prediction"] < 0.3
    assert main(["predict", SCALAR, *arguments, "--uncertainty"]) == 0
    out = capsys.readouterr().out
    rows = rows_of(out)
    sizes = [float(cells[2]) for cells in rows.values() if "e-" in cells[2]]
    assert len(sizes) == 3
    for size, row in zip(sizes, data["observables"], strict=True):
        assert size != float(f"{row['uncertainty']:.2g}")  # 50 draws, not 5
        assert 0.2 < size / row["uncertainty"] < 5
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("number", ["1", "-3", "many", "2.5"])
def test_wrong_number_of_draws(number, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["predict", SCALAR, f"--uncertainty={number}"])
    assert f"'{number}' is no number of draws, 2 or more" in capsys.readouterr().err


def test_complex_coefficient(tmp_path, capsys):
    """A number in the header, {'Re', 'Im'} in JSON as in the file."""
    values = {"LNQd_2123": {"Re": 1e-8, "Im": -2e-8}, "LNQd_2132": 3e-9}
    path = written(tmp_path / "complex.json", values)
    assert main(["predict", path, "-o", "BR(B0->Kinv)"]) == 0
    header = capsys.readouterr().out.splitlines()[0]
    assert header.endswith(": LNQd_2123 = 1e-08-2e-08j, LNQd_2132 = 3e-09")
    assert main(["predict", path, "-o", "BR(B0->Kinv)", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["values"] == values


def test_chosen_observables(capsys):
    arguments = ["-o", "<dBR/dq2>(B+->Kinv),4,8", "-o", "FL(B0->K*inv),3", "--json"]
    assert main(["predict", SCALAR, *arguments, "--dataset", "paper2023"]) == 0
    rows = json.loads(capsys.readouterr().out)["observables"]
    w = NuWilson({"LNQd_2123": 2e-8}, 1e3, "nuSMEFT", "FGMS")
    assert [row["arguments"] for row in rows] == [{"q2min": 4, "q2max": 8}, {"q2": 3}]
    assert rows[0]["prediction"] == flavio.np_prediction("<dBR/dq2>(B+->Kinv)", w, 4, 8)
    assert rows[1]["SM"] == flavio.sm_prediction("FL(B0->K*inv)", 3)


@pytest.mark.parametrize(("flavours", "decays"), [("3", "KPpeom"), ("4", "KLPpeomDJt")])
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
    path = tmp_path / "top.yml"
    path.write_text(
        "{eft: nuSMEFT, basis: Warsaw, scale: 1000, values: {nu_1133: 1.0e-8, qn_2311: 1.0e-8}}"
    )
    assert main(["predict", str(path), "-o", "BR(B0->Kinv)"]) == 0
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith(
        "nusmeft: no observable of flavio_nusmeft depends on nu_1133 (qcd running)"
    )
    assert "running = 'full' the effect comes by mixing" in line
    assert "BR(B0->Kinv)" in captured.out


def test_theory_errors_of_rates(capsys):
    """Their pulls are of the experiment alone, which is said."""
    assert main(["predict", SCALAR, "--dataset", "charged", "-o", "Gamma(pi+->muinv)"]) == 0
    captured = capsys.readouterr()
    assert "-14.6σ" in captured.out
    assert "not in pulls; --uncertainty shows them" in captured.err
    assert main(["predict", SCALAR, "--dataset", "current+charged", "-o", "BR(B0->inv)"]) == 0
    assert capsys.readouterr().err == ""


def test_stock_observables_that_fail(tmp_path, capsys):
    """flavio has no mass of l: its error is one line, too."""
    path = tmp_path / "point.yml"
    path.write_text("{eft: nuSMEFT, basis: FGMS, scale: 1000, values: {LNQd_2123: 1.0e-8}}")
    assert main(["predict", str(path), "-o", "BR(KL->pilnu)"]) != 0
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["nusmeft: flavio's prediction of BR(KL->pilnu) fails: KeyError: 'm_l'"]


def test_cite(capsys):
    """BibTeX after the table and in JSON: method, form factors, running, the data of the rows."""
    arguments = ["predict", SCALAR, "-o", "BR(B0->K*inv)", "--cite"]
    assert main(arguments) == 0
    table, _, entries = capsys.readouterr().out.partition("\n\n@")
    assert "BR(B0->K*inv)" in table
    assert main([*arguments, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert f"@{entries}" == f"{data['bibtex']}\n"
    assert re.findall(r"^@\w+\{(.*),$", data["bibtex"], re.MULTILINE) == data["papers"]
    assert data["without paper"] == []
    expected = {"arXiv:2309.02940", "Gubernari:2023puw", "Jenkins:2017jig", "Straub:2018kue"}
    assert expected | {"Grygier:2017tzo", "Lutz:2013ftz"} <= {*data["papers"]}
    assert "Detmold:2016pkz" not in data["papers"]


def test_cite_what_has_no_paper(capsys):
    assert main(["predict", SCALAR, "-o", "Rtaul(B->D*linv)", "--cite"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "measurements without a paper: flavio_nusmeft HFLAV R(D) R(D*) 2025"


def test_detector(capsys):
    """P_inv of every rate, what N do, and only decays that are seen."""
    arguments = ["predict", SCALAR, "--m-N1", "1.5", "--par", "U_mu1=3e-3", "--running", "full"]
    assert main([*arguments, "--detector", "Belle II", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["detectors"][0]["radius"] == 3.33
    life = found["lifetimes"]["N1"]
    rows = {row["observable"]: row for row in found["observables"]}
    assert not any(name.startswith(("BR(K+->", "BR(tau", "GammaZ")) for name in rows)
    expected = invisible_probability(
        "BR(B0->K*inv)",
        {"LNQd_2123": 2e-8},
        scale=1000.0,
        eft="nuSMEFT",
        basis="FGMS",
        par={"m_N1": 1.5, "U_mu1": 3e-3},
        options={"running": "full"},
        detector="Belle II",
    )
    row = rows["BR(B0->K*inv)"]
    assert row["prediction"] == pytest.approx(expected.prediction, rel=1e-9, abs=0)
    assert row["P_inv"] == pytest.approx(expected.value, abs=1e-9)
    assert rows["Rmue(B->Dlinv)"]["P_inv"] is None
    assert life["lifetime"] == pytest.approx(expected.lifetimes["N1"].lifetime, rel=1e-9, abs=0)
    assert main([*arguments, "--detector", "Belle II", "-o", "BR(B0->K*inv)"]) == 0
    out = capsys.readouterr().out
    assert "invisible in Belle II (radius 3.33 m, βγ = 0.284)" in out
    assert "N1: lifetime" in out
    assert "P_inv" in out


def test_bbn_and_own_detector(capsys):
    arguments = ["predict", SCALAR, "--m-N1", "1.5", "--running", "full", "-o", "BR(B+->Kinv)"]
    assert main([*arguments, "--detector", "1.6,0.28"]) == 0
    out = capsys.readouterr().out
    assert "invisible in a ball of 1.6 m (radius 1.6 m, βγ = 0.28)" in out
    assert "in tension with BBN" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--detector", "Belle"], "'Belle' is not a detector: there are Belle II, ALEPH, NA62"),
        (["--detector=-1"], "radius of a ball of -1 m"),
        (["--detector", "NA62", "-o", "BR(B+->Kinv)"], "NA62 sees no decays of B+"),
        (["--detector", "Belle II", "--uncertainty"], "leave --detector out"),
    ],
)
def test_wrong_detector(arguments, message, capsys):
    assert main(["predict", SCALAR, "--m-N1", "1.5", *arguments]) != 0
    assert message in capsys.readouterr().err


def test_the_standard_model_has_no_mixing(capsys):
    arguments = ["predict", SCALAR, "--m-N1", "1.5", "-o", "BR(Bs->inv)", "--json"]
    assert main([*arguments, "--par", "U_mu1=0.01"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["observables"]
    assert row["SM"] == 0
    assert row["prediction"] > 0
