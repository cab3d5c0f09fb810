"""Files of wilson: read where they can be used, one clear error where not."""

from __future__ import annotations

import io
import json

import flavio
import numpy as np
import pytest
import wilson
from nusmeft_cli import main
from random_coefficients import random_point
from wilson import wcxf

from flavio_nusmeft import LogLikelihood, errors, likelihood, predict, to_popxf
from flavio_nusmeft.eft.bases import known_coefficients
from flavio_nusmeft.eft.objects import load_wc, with_options

BASES = sorted(wcxf.Basis.instances)
SCALES = {"SMEFT": 1e3, "nuSMEFT": 1e3, "WET-2": 1.1}  # GeV; others: 2
REACHED = {"WET-3": "K", "WET-4": "KD"}
#: one mode of every kind of transition
MODES = ("BR(K+->piinv)", "BR(D0->piinv)", "BR_SD(B+->Kinv)", "BR(B0->Dtauinv)", "BR(B->Xcmuinv)")


def wilson_can_use(eft: str, basis: str) -> bool:
    """Whether wilson gets from a basis to those in which flavio looks coefficients up."""
    values = {next(iter(wcxf.Basis[eft, basis].all_wcs)): 1e-9}
    try:
        w = wilson.Wilson(values, SCALES.get(eft, 2.0), eft, basis)
        w.match_run(1.5, "WET-3", "flavio")
    except ValueError:
        return False
    return True


def test_every_registered_basis(tmp_path, capsys):
    """Where wilson can do nothing with a basis, every entry says so before anything is computed."""
    fits = likelihood("current", ["BR(K+->piinv)"])
    refused = set()
    for eft, basis in BASES:
        scale = SCALES.get(eft, 2.0)
        name = next(iter(wcxf.Basis[eft, basis].all_wcs))
        point = {"scale": scale, "eft": eft, "basis": basis}
        wc = wcxf.WC(**point, values={name: 1e-9})
        path = tmp_path / "point.json"
        path.write_text(wc.dump())
        if eft.startswith("nu") or wilson_can_use(eft, basis):
            assert load_wc(path).wc.dict == {name: 1e-9}
            assert np.isfinite(predict("BR(K+->piinv)", {name: 1e-9}, **point)["BR(K+->piinv)"])
            continue
        refused.add((eft, basis))
        for entry in (
            lambda path=path: load_wc(path),
            lambda name=name, point=point: predict("BR(K+->piinv)", {name: 1e-9}, **point),
            lambda point=point: predict("BR(K+->piinv)", {}, **point),
            lambda point=point: to_popxf("BR(K+->piinv)", **point),
            lambda name=name, point=point: LogLikelihood(fits, [name], **point),
            lambda name=name, point=point: with_options({name: 1e-9}, **point),
        ):
            with pytest.raises(errors.UnknownBasis, match=rf"{basis}.*{eft}.*; give|{eft}.*; give"):
                entry()
        assert main(["predict", str(path)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert eft in err
        assert err.count("\n") == 1
    assert {("SMEFT", "Warsaw mass"), ("SMEFT", "SMEFTsim_top"), ("WET", "EOS")} <= refused
    assert {("WET", "formflavor"), ("WET-2", "JMS")} <= refused


@pytest.fixture(scope="module")
def smeft() -> wilson.Wilson:
    """A random point of all of SMEFT, apart from operators that violate baryon or lepton number."""
    violating = ("qqql", "duql", "qque", "duue", "llphiphi")
    known = known_coefficients("SMEFT", "Warsaw")
    names = {name: real for name, real in known.items() if not name.startswith(violating)}
    values = random_point(np.random.default_rng(1), names, 1e-9)
    return wilson.Wilson(values, 1e3, "SMEFT", "Warsaw")


@pytest.mark.parametrize(
    ("eft", "basis", "scale"),
    [
        *(("SMEFT", basis, 800.0) for basis in ("Warsaw", "Warsaw up", "Higgs-Warsaw up")),
        *(("WET", basis, 4.8) for basis in ("JMS", "flavio", "Bern", "FlavorKit")),
        *((eft, b, 2.0) for eft in ("WET-4", "WET-3") for b in ("JMS", "flavio", "Bern")),
    ],
)
def test_what_wilson_writes_after_running(eft, basis, scale, smeft, par):
    """The numbers are those of flavio's own reading; what needs heavier quarks is refused."""
    wc = smeft.match_run(scale, eft, basis)
    plain = wilson.Wilson.from_wc(wc)
    for fmt in ("json", "yaml"):
        found = load_wc(io.StringIO(wc.dump(fmt=fmt)))
        assert found.wc.values.keys() == wc.values.keys()
        for mode in MODES:
            observable = flavio.Observable[mode]
            if mode.partition("(")[2][0] in REACHED.get(eft, "KDB"):
                expected = observable.prediction_par(par, plain)
                assert observable.prediction_par(par, found) == pytest.approx(
                    expected, rel=1e-9, abs=0
                )
            else:
                for wc_obj in (found, plain):
                    with pytest.raises(errors.UnknownBasis, match=r"cannot run from WET-. up to"):
                        observable.prediction_par(par, wc_obj)


def test_all_sectors_at_the_scale_of_the_observable(par):
    """Without running wilson returns more than was asked for: it must not matter."""
    values = {"VnuuLL_2212": 1e-8, "uG_12": 1e-9, "VddLL_1212": 1e-9}
    alone = {"VnuuLL_2212": 1e-8}
    observable = flavio.Observable["BR(D0->piinv)"]
    found = [
        observable.prediction_par(par, load_wc(wcxf.WC("WET-4", "JMS", 2.0, v).dump()))
        for v in (values, alone)
    ]
    assert found[0] == found[1] > 0


def test_matching_scale_that_wilson_cannot_match_at():
    """wilson has no matcher for a basis that it would have to translate first."""
    point = {"scale": 91.1876, "eft": "SMEFT", "basis": "Higgs-Warsaw up"}
    with pytest.raises(errors.UnknownBasis, match="translate them to Warsaw"):
        predict("BR(B+->Kinv)", {"lq1_1123": 1e-9}, **point)
    point["scale"] = 92.0
    assert predict("BR(B+->Kinv)", {"lq1_1123": 1e-9}, **point)["BR(B+->Kinv)"] > 0


def test_command_takes_fewer_quarks(tmp_path, capsys):
    """Without -o the observables that the EFT can reach."""
    path = tmp_path / "low.json"
    path.write_text(wcxf.WC("WET-3", "JMS", 2.0, {"VnudLL_1112": 1e-10}).dump())
    assert main(["predict", str(path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["observables"]
    # kaons, π, η, ω, φ, μ, and P for the ratio of K and π
    initial = {row["observable"].partition("(")[2][0] for row in rows}
    assert {"K"} < initial <= set("KPpeom")
    (charged,) = (row for row in rows if row["observable"] == "BR(K+->piinv)")
    assert charged["prediction"] != charged["SM"]
