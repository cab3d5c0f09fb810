"""The figures: their numbers, artists and files."""

from __future__ import annotations

import csv
import datetime
import re

import flavio
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from scipy.optimize import brentq

from flavio_nusmeft import NuWilson, TeV, __version__, dirac, errors, figures
from flavio_nusmeft.measurements import result, results

KPLUS, KSTAR, K0 = "B+->Kinv", "B0->K*inv", "B0->Kinv"


def single(observable, par, coefficients, m_N, *arguments):
    """One evaluation by flavio."""
    wc_obj = NuWilson(coefficients, 1e3, "nuSMEFT", "FGMS")
    prediction = flavio.Observable[observable].prediction_par
    return prediction({**par, "m_N1": m_N}, wc_obj, *arguments)


def test_data_of_the_paper():
    """Limits and bands are those of the measurements, the alternative is hatched."""
    data = figures.experiment("paper2023")
    for channel, observable in data.observables.items():
        assert observable == f"BR({channel})"
        (found,) = results(observable, "paper2023")
        if found.limit is not None:
            assert data.limits[channel].value == found.limit
    average, belle2 = data.bands
    for band, name in (
        (average, "flavio_nusmeft B+->Kinv simple average 2023"),
        (belle2, "flavio_nusmeft Belle II B+->Kinv EPS 2023"),
    ):
        found = result("BR(B+->Kinv)", name)
        assert band.channel == KPLUS
        assert band.low == found.central - found.error_minus
        assert band.high == found.central + found.error_plus
    assert (average.member, average.belle2) == (True, False)
    assert (belle2.member, belle2.belle2) == (False, True)
    assert belle2.label == r"Belle II $(2.4\pm0.7)\times 10^{-5}$"


def test_current_data():
    """Short-distance rates of the charged modes, and the strongest limit of every channel that has
    not been measured: that of BaBar on K+, 1.3e-5, is below the band of Belle II."""
    data = figures.experiment("current")
    assert data.observables[KPLUS] == "BR_SD(B+->Kinv)"
    assert data.observables["B+->K*inv"] == "BR_SD(B+->K*inv)"
    for channel, observable in data.observables.items():
        limits = [r.limit for r in results(observable, "current") if r.limit is not None]
        if channel == KPLUS:
            assert min(limits) == 1.3e-5 < data.bands[0].low
            assert channel not in data.limits
        else:
            assert data.limits[channel].value == min(limits)
    (band,) = data.bands
    assert (band.member, band.belle2) == (True, True)
    with pytest.raises(errors.UnknownDataset, match="no data set 'paper'"):
        figures.experiment("paper")


def test_reach(par):
    """arXiv:2309.02940 Sec. 4: mu relative to the SM, on top of the SM."""
    signal = {K0: (2.06, 1.37), KSTAR: (1.08, 0.72), "B+->K*inv": (2.04, 1.45)}
    for name in ("paper2023", "current"):
        data = figures.experiment(name)
        values = {(line.channel, line.kind): line.value for line in data.reach}
        assert values.pop(("Bs->inv", "reach")) == 1.1e-5
        for channel, strengths in signal.items():
            total = single(data.observables[channel], par, {}, 0)
            short = single(figures.CHANNELS[channel].observables[-1], par, {}, 0)
            for mu, kind in zip(strengths, ("reach", "improved reach"), strict=True):
                expected = total + mu * short
                assert values.pop((channel, kind)) == pytest.approx(expected, rel=1e-12, abs=0)
        assert not values


# arXiv:2309.11353, abstract
FCC_EE = {KSTAR: 0.0053, "Bs->phiinv": 0.0120, K0: 0.0337, "Lambdab->Lambdainv": 0.0986}


def test_prospects(par):
    """Relative to the SM, on top of the SM."""
    data = figures.experiment("current")
    assert {line.channel for line in data.prospects} == set(FCC_EE)
    for line in data.prospects:
        assert (line.kind, line.source) == ("FCC-ee reach", "arXiv:2309.11353")
        expected = (1 + FCC_EE[line.channel]) * single(f"BR({line.channel})", par, {}, 0)
        assert line.value == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("name", ["QN_2311", "LNQd_2123", "LNQdT_2123"])
def test_reach_in_the_coefficient(par, name):
    """Against a root of flavio's prediction, for FCC-ee, Belle II, limits and measurements."""
    masses = (0.0, 1.3, 2.2)
    found = figures.reach(name, m_N=masses)
    assert found.values.shape == (len(found.lines), 3)
    observables = {**found.data.observables, **{c: f"BR({c})" for c in figures.Z_POLE}}
    checked = 0
    pairs = zip(found.lines, found.values, strict=True)
    lines = [(line.channel, line.value, row) for line, row in pairs]
    for band, (low, high) in zip(found.bands, found.edges, strict=True):
        lines += [(band.channel, band.low, low), (band.channel, band.high, high)]
    for channel, value, row in lines:
        for mass, C in zip(masses, row, strict=True):

            def excess(C, channel=channel, value=value, mass=mass):
                return single(observables[channel], par, {name: C}, mass) - value

            if np.isnan(C):  # closed, or a massless vector in Bs -> inv
                assert excess(TeV**-2) < 0
                continue
            # the smallest excess over the SM is 5e-3 of the rate, which is known to 1e-10
            root = brentq(excess, 0, 2 * C, xtol=1e-20)
            assert root == pytest.approx(C, rel=1e-7, abs=0)
            checked += 1
    assert checked > 30


def test_reach_with_interference(par):
    """An active coefficient interferes with the SM: the root is the positive one."""
    theory = figures.Theory(eft="nuSMEFT", basis="Warsaw")
    found = figures.reach("ld_1123", m_N=[0.0], theory=theory)
    C = found.strongest("FCC-ee reach")[0]
    wc_obj = NuWilson({"ld_1123": C}, 1e3, "nuSMEFT", "Warsaw")
    changes = []
    for channel, mu in FCC_EE.items():
        prediction = flavio.Observable[f"BR({channel})"].prediction_par
        changes.append((prediction(par, wc_obj) / prediction(par, None) - 1) / mu)
    # the strongest channel is just at its uncertainty
    assert max(changes) == pytest.approx(1, abs=1e-7)


def test_strongest_reach():
    """The minimum over channels, without limits on what has been measured."""
    found = figures.reach("LNQd_2123", m_N=[0.0, 4.0])
    pairs = zip(found.lines, found.values, strict=True)
    rows = {line.channel: row for line, row in pairs if line.kind == "limit"}
    assert KPLUS not in rows
    expected = np.nanmin([*rows.values()], axis=0)
    np.testing.assert_array_equal(found.strongest("limit"), expected)
    axes = Figure().subplots()
    artists = figures.draw_reach(axes, figures.reach("LNQd_2123"))
    assert {*FCC_EE, "Belle II", "excluded"} <= set(artists)
    names, columns = found.table()
    assert len(names) == len(columns) == 2 + len(found.lines) + 2 * len(found.bands)
    assert sum("FCC-ee" in name for name in names) == len(FCC_EE)


def test_dirac_ratios(par):
    """Against single predictions; nan where no N can be made, and for N without mass in B_s."""
    masses = np.array([0.0, 1.0, 2.0, 2.3, 2.6])
    found = figures.dirac_ratios(m_N=masses)
    assert np.isnan(found.values["Bs->inv"][0])
    np.testing.assert_allclose(found.values["Bs->inv"][1:], 0.5, rtol=1e-9, atol=0)
    states = dirac({"QN_2311": 1e-7}, eft="nuSMEFT", basis="FGMS")
    for channel, observable in ((KPLUS, "BR_SD(B+->Kinv)"), (KSTAR, "BR(B0->K*inv)")):
        sm = single(observable, par, {}, 0)
        for m, ratio in zip(masses, found.values[channel], strict=True):
            majorana = single(observable, par, {"QN_2311": 1e-7}, m) - sm
            if 2 * m >= par["m_B0"] - par["m_K*0" if channel == KSTAR else "m_K+"]:
                assert np.isnan(ratio)
                continue
            expected = (single(observable, {**par, "m_N2": m}, states, m) - sm) / majorana
            assert ratio == pytest.approx(expected, rel=1e-8, abs=0)
    names, columns = found.table()
    assert len(names) == len(columns) == 2 + len(found.values)
    # operators with one N, and another one
    other = figures.dirac_ratios("LNQd_2132", m_N=[1.5]).values
    assert all(x[0] == pytest.approx(1, rel=1e-9, abs=0) for x in other.values())
    theory = figures.Theory(mass="m_N2")
    third = figures.dirac_ratios("QN_2322", m_N=masses[1:3], theory=theory)
    expected = found.values[KPLUS][1:3]
    np.testing.assert_allclose(third.values[KPLUS], expected, rtol=1e-9, atol=0)
    artists = figures.draw_dirac_ratios(Figure().subplots(), found)
    assert set(artists) == {"one", *found.values}
    with pytest.raises(errors.InvalidValue, match="m_N1, m_N2, m_N3, not m_b"):
        figures.dirac_ratios(theory=figures.Theory(mass="m_b"))
    with pytest.raises(errors.InvalidValue, match="lq1_1123 is no coefficient with N"):
        figures.dirac_ratios("lq1_1123", m_N=[1.0], theory=figures.Theory(basis="Warsaw"))
    with pytest.raises(errors.InvalidValue, match="no coefficient is one of N1"):
        figures.dirac_ratios("QN_2333", m_N=[1.0])


def test_spectra(par):
    q2 = np.array([0.5, 3.0, 9.5, 16.0, 22.85])
    for dataset, name in (("paper2023", "dBR/dq2(B+->Kinv)"), ("current", "dBR_SD/dq2(B+->Kinv)")):
        data = figures.spectra(q2=q2, dataset=dataset)
        assert data.observable == name
        assert data.values.shape == (3, 2, 5)
        for i, C in enumerate(data.coefficients.items()):
            for j, mass in enumerate((0.0, 1.5)):
                expected = [single(name, par, dict([C]), mass, x) for x in q2]
                np.testing.assert_allclose(data.values[i, j], expected, rtol=1e-9, atol=0)
        np.testing.assert_allclose(data.sm, [single(name, par, {}, 0, x) for x in q2], rtol=1e-12)
    # below the threshold of two N, or of one, there is the SM alone
    assert data.values[0, 1, 1] == pytest.approx(data.sm[1], rel=1e-12, abs=0)
    assert data.values[1, 1, 0] == pytest.approx(data.sm[0], rel=1e-12, abs=0)
    assert data.values[1, 1, 1] > 1.001 * data.sm[1]


@pytest.mark.parametrize("dataset", ["paper2023", "current"])
def test_branching_ratios(par, dataset):
    C = np.array([0.0, 0.01, 0.03]) * TeV**-2
    for name, mass in (("QN_2311", 1.5), ("LNQd_2123", 0.0)):
        curves = figures.branching_ratios(name, mass, dataset=dataset, C=C)
        for channel, observable in curves.data.observables.items():
            expected = [single(observable, par, {name: value}, mass) for value in C]
            np.testing.assert_allclose(curves.values[channel], expected, rtol=1e-9, atol=1e-30)


def test_planes(par):
    plane = figures.mass_plane("LNQdT_2123", m_N=[0.0, 2.0, 4.5], C=[1e-8, 1e-7])
    assert plane.values[KPLUS].shape == (2, 3)
    for channel in (KPLUS, KSTAR, K0):
        expected = single(f"BR({channel})", par, {"LNQdT_2123": 1e-7}, 2.0)
        assert plane.values[channel][1, 1] == pytest.approx(expected, rel=1e-9, abs=0)
    plane = figures.coefficient_plane("QN_2311", "dN_2311", 1.5, x=[-2e-8, 1e-8], y=[0.0, 3e-8])
    for channel in (KPLUS, KSTAR, K0):
        expected = single(f"BR({channel})", par, {"QN_2311": -2e-8, "dN_2311": 3e-8}, 1.5)
        assert plane.values[channel][1, 0] == pytest.approx(expected, rel=1e-9, abs=0)


def test_range_of_masses(par):
    """Two N in the final state for vectors, one for scalars and tensors."""
    endpoint = par["m_B+"] - par["m_K+"]
    for name, number in (("QN_2311", 2), ("dN_2311", 2), ("LNQd_2123", 1), ("LNQdT_2132", 1)):
        x = figures.mass_plane(name, C=[1e-8]).x
        assert (x[0], x[-1]) == (0, pytest.approx(endpoint / number, rel=1e-12, abs=0))
        assert len(x) == 200


def test_limits_on_the_vector(par):
    """With the form factors of arXiv:2305.06301; the paper quotes 0.037 for 1.5 GeV."""
    for mass, C in ((1.5, 0.0366), (0.0, 0.0161)):
        curves = figures.branching_ratios("QN_2311", mass)
        found = curves.crossing(KSTAR, curves.data.limits[KSTAR].value)
        assert found == pytest.approx(C * TeV**-2, abs=5e-5 * TeV**-2)
        there = single("BR(B0->K*inv)", par, {"QN_2311": found}, mass)
        assert there == pytest.approx(1.8e-5, rel=1e-7, abs=0)
    assert np.isnan(curves.crossing(KSTAR, 1.0))


@pytest.mark.parametrize(("mass", "edge"), [(0.85, 1.0e-5), (1.42, 1.4e-5), (1.58, 1.7e-5)])
def test_masses_at_which_the_vector_explains_the_signal(mass, edge):
    """The largest BR(B+->Kinv) that the limit on K*0 admits reaches these values.

    The masses are rounded to 0.01 GeV.
    """
    at = []
    for m in (mass - 0.01, mass + 0.01):
        curves = figures.branching_ratios("QN_2311", m)
        C = curves.crossing(KSTAR, 1.8e-5)
        at.append(np.interp(C, curves.C, curves.values[KPLUS]))
    assert at[0] < edge < at[1]


def test_scalar_allowed_and_tensor_excluded():
    """At every mass below 4 GeV: the lower edge of the average against the limits."""
    for name, allowed in (("LNQd_2123", True), ("LNQdT_2123", False)):
        for mass in (0.0, 1.0, 2.0, 3.0, 3.9):
            curves = figures.branching_ratios(name, mass, C=np.linspace(0, 3e-7, 3001))
            needed = curves.crossing(KPLUS, 1.0e-5)
            limits = [curves.crossing(c, curves.data.limits[c].value) for c in (KSTAR, K0)]
            assert (needed < np.nanmin(limits)) == allowed


def test_other_theory(par):
    """Another basis, and another parameter."""
    theory = figures.Theory(basis="Warsaw", par={"B->K* finite width": 1.0})
    ours = figures.branching_ratios("nd_1123", 0.5, C=[0.0, 2e-8], theory=theory)
    par["B->K* finite width"] = 1.0
    for channel in ours.values:
        expected = single(f"BR({channel})", par, {"dN_2311": 2e-8}, 0.5)
        assert ours.values[channel][1] == pytest.approx(expected, rel=1e-9, abs=0)
    heavy = figures.branching_ratios("QN_2322", 1.5, C=[2e-8], theory=figures.Theory(mass="m_N2"))
    assert heavy.values[KPLUS][0] == pytest.approx(
        single("BR(B+->Kinv)", par, {"QN_2311": 2e-8}, 1.5), rel=1e-9, abs=0
    )


def test_artists():
    """On Axes of the user, whose settings stay as they are."""
    before = dict(mpl.rcParams)
    axes = Figure().subplots()
    data = figures.spectra({"dN_2311": 2e-8}, masses=(0.5,), q2=np.linspace(0, 20, 11))
    lines = figures.draw_spectra(axes, data)
    assert set(lines) == {("dN_2311", 0.5), "SM"}
    np.testing.assert_array_equal(lines["SM"].get_ydata(), 1e6 * data.sm)
    assert "GeV$^2$" in axes.get_xlabel()
    assert axes.get_xlim() == (0, 20)

    axes = Figure().subplots()
    C = np.geomspace(0.01, 0.1, 61) * TeV**-2
    plane = figures.mass_plane("QN_2311", m_N=np.linspace(0, 2, 61), C=C)
    artists = figures.draw_plane(axes, plane)
    for channel in (KSTAR, K0):
        (path,) = artists[channel].get_paths()
        limit = plane.data.limits[channel].value
        for m, found in (path.vertices[0], path.vertices[-1]):
            curves = figures.branching_ratios("QN_2311", m, C=np.linspace(0, 2e-7, 2001))
            # the contour is interpolated linearly in a grid of 61 by 61
            expected = curves.crossing(channel, limit) / TeV**-2
            assert found == pytest.approx(expected, rel=0.01, abs=0)
    assert {name for name in artists if "->" in name} >= {KSTAR, K0}
    assert axes.get_xlim() == (0, 2)
    assert axes.get_ylim() == pytest.approx((0.01, 0.1), abs=1e-12)
    assert axes.get_yscale() == "log"
    assert "m_N" in axes.get_xlabel()
    assert "TeV" in axes.get_ylabel()
    # the legend shows both bands and both limits
    assert len(axes.get_legend_handles_labels()[1]) == 4

    curves = figures.branching_ratios("LNQd_2123", 1.5, C=np.linspace(0, 4e-8, 101))
    axes = Figure().subplots()
    artists = figures.draw_signal(axes, curves)
    np.testing.assert_array_equal(artists[KPLUS].get_ydata(), 1e5 * curves.values[KPLUS])
    assert artists[KSTAR].get_xdata()[0] == curves.crossing(KSTAR, 1.8e-5) / TeV**-2
    axes = Figure().subplots()
    artists = figures.draw_channels(axes, curves, channels=(K0, KSTAR))
    assert {K0, f"{K0} limit", f"{K0} reach", f"{KSTAR} improved reach"} <= set(artists)
    assert "Bs->inv" not in artists
    assert list(artists[f"{K0} limit"].get_ydata()) == [2.6e-5, 2.6e-5]
    assert dict(mpl.rcParams) == before


def test_nothing_to_draw_does_not_warn():
    """A plane in which no limit is reached."""
    axes = Figure().subplots()
    plane = figures.coefficient_plane("QN_2311", "dN_2311", x=[-1e-10, 1e-10], y=[-1e-10, 1e-10])
    assert set(figures.draw_plane(axes, plane)) == {"SM"}


def test_files(tmp_path):
    """Every kind of file, although the user has LaTeX switched on and there is none."""
    with mpl.rc_context({"text.usetex": True}):
        reported = []
        written = figures.write_figures(tmp_path, ["paper2023"], on_written=reported.append)
    assert written == reported
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert len(written) == 22
    for path in written:
        if path.suffix == ".png":
            pixels = imread(path)[:, :, :3]
            ink = (pixels < 0.9).any(axis=2)
            assert 0.01 < ink.mean() < 0.6, path.name
            # drawn up to all sides, and nothing cut off at the edges
            assert ink[: len(ink) // 5].any()
            assert ink[:, -pixels.shape[1] // 5 :].any()
            assert not ink[[0, -1]].any()
            assert not ink[:, [0, -1]].any()
        elif path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF")
    for number, rows in ((1, 461), (2, 3 * 200**2), (3, 4 * 401), (4, 4 * 401), (5, 4 * 161**2)):
        (path,) = tmp_path.glob(f"fig{number}*.csv")
        with path.open(encoding="utf-8") as stream:
            header, *table = csv.reader(line for line in stream if not line.startswith("# "))
        assert len(table) == rows
        assert any("[" in name for name in header)
        assert {len(row) for row in table} == {len(header)}
    reach = next(tmp_path.glob("reach*.csv")).read_text(encoding="utf-8").splitlines()
    assert sum(not line.startswith("# ") for line in reach) == 1 + 3 * 200
    # the last table: the vector against the scalar for 1.5 GeV
    row = dict(zip(header, table[-1], strict=True))
    assert (row["x"], row["y"], row["m_N [GeV]"]) == ("LNQd_2123", "QN_2311", "1.5")
    columns = {"LNQd_2123": "C_x [TeV^-2]", "QN_2311": "C_y [TeV^-2]"}
    point = {name: float(row[column]) * TeV**-2 for name, column in columns.items()}
    expected = single("BR(B0->Kinv)", flavio.default_parameters.get_central_all(), point, 1.5)
    assert float(row["BR(B0->Kinv)"]) == pytest.approx(expected, rel=1e-5, abs=0)
    with (tmp_path / "data-paper2023.csv").open(encoding="utf-8") as stream:
        lines = [line for line in stream if not line.startswith("# ")]
    kinds = [row["kind"] for row in csv.DictReader(lines)]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "member": 1,
        "alternative": 1,
        "limit": 4,
        "reach": 4,
        "improved reach": 3,
        "FCC-ee reach": 4,
    }


@pytest.mark.parametrize("kind", ["pdf", "png", "svg", "ps", "csv"])
def test_same_numbers_same_file(kind, tmp_path):
    """No dates, but how they were made."""
    theory = figures.Theory(par={"Vcb": 0.0431}, options={"running": "full"})
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        figures.write_figures(tmp_path / name, ["current"], [kind], numbers=[1], theory=theory)
    first, second = (sorted((tmp_path / name).iterdir())[-1] for name in ("a", "b"))
    assert first.name == f"fig1-spectra-current.{kind}"
    content = first.read_bytes()
    assert content == second.read_bytes()
    if kind == "pdf":  # strings of PDF are broken up
        content = re.sub(rb"\\[\r\n]+", b"", content)
    expected = {"data set": "current"} | theory.for_dataset("current").provenance()
    assert expected["EFT"] == "nuSMEFT FGMS at 1000 GeV"
    assert expected["running"] == "full"
    for name, value in expected.items():
        assert f"{name}: {value}".encode() in content, name
    for name in ("parameter Vcb: 0.0431", f"flavio_nusmeft: {__version__}"):
        assert name.encode() in content
    year = str(datetime.date.today().year)
    assert f"{year}-".encode() not in content
    assert b"CreationDate (" not in content


def test_figures_are_those_of_the_paper():
    panels = figures.FIGURES[1].compute("current", figures.Theory())
    assert panels[0].observable == "dBR_SD/dq2(B+->Kinv)"


def test_matplotlib_is_imported_for_drawing_only(after_flavio):
    code = """
import sys
import flavio_nusmeft
from flavio_nusmeft import figures
figures.experiment("paper2023")
assert not any(name.split(".")[0] == "matplotlib" for name in sys.modules)
sys.modules["matplotlib"] = None  # as if it were not installed
panels = figures.FIGURES[3].compute("paper2023", figures.Theory())
for call in (
    lambda: figures.FIGURES[3].draw(panels),
    lambda: figures.write_figures(".", formats=["png"]),
):
    try:
        call()
    except ImportError as error:
        assert "pip install 'flavio_nusmeft[plot]'" in str(error)
    else:
        raise AssertionError
"""
    result = after_flavio(code)
    assert result.returncode == 0, result.stderr
