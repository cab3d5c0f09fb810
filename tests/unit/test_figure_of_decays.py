"""The figure of branching ratios of N."""

from __future__ import annotations

import numpy as np
import pytest

import flavio_nusmeft as nus
from flavio_nusmeft import figures
from flavio_nusmeft.figures.decays import final_state_tex

pytest.importorskip("matplotlib")

WC = nus.NuWilson({"nedu_1111": 1e-8, "nB_11": 1e-13}, 1000, "nuSMEFT", "Warsaw")


@pytest.fixture(scope="module")
def found():
    return nus.decays(WC, par={"m_N1": [3.0, 0.1, 0.5, 1.0]})


def axes():
    from matplotlib.figure import Figure

    return Figure().add_subplot()


def test_lines(found):
    ax = axes()
    lines = figures.draw_decays(ax, found)
    assert next(iter(lines)) == max(
        found.branching_ratios, key=lambda s: found.branching_ratios[s].max()
    )
    for state, line in lines.items():
        x, y = line.get_data()
        assert list(x) == [0.1, 0.5, 1.0, 3.0]
        expected = found.branching_ratios[state][[1, 2, 3, 0]]
        assert np.nan_to_num(y) == pytest.approx(expected, abs=0)
    assert ax.get_xlabel() == "$m_{N_1}$ [GeV]"
    assert ax.get_ylabel() == "branching ratio"
    # no two of them alike
    kinds = {(line.get_color(), line.get_linestyle()) for line in lines.values()}
    assert len(kinds) == len(lines)


def test_others(found):
    lines = figures.draw_decays(axes(), found, most=2)
    assert list(lines)[2:] == ["others"]
    total = sum(np.nan_to_num(line.get_ydata()) for line in lines.values())
    assert total == pytest.approx(np.ones(4), abs=1e-12)


def test_labels(found):
    from matplotlib.mathtext import MathTextParser

    assert final_state_tex("mu pi") == r"$\mu\,\pi$"
    assert final_state_tex("more hadrons") == "more hadrons"
    for state in (*found.widths, "nu eta'", "N2 nu nu", "nu psi(2S)", "e K*", "3nu", "nu Bs"):
        MathTextParser("path").parse(final_state_tex(state))


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_files(found, tmp_path, kind):
    path = tmp_path / f"decays.{kind}"
    assert figures.write_decays(path, found) == path
    content = path.read_bytes()
    assert b"nedu_1111" in content
    figures.write_decays(path, found)
    assert path.read_bytes() == content  # the same numbers give the same file


def test_errors(found, tmp_path):
    error = nus.errors.InvalidValue
    with pytest.raises(error, match="m_N1"):
        figures.draw_decays(axes(), nus.decays(WC, par={"m_N1": 1.0}))
    with pytest.raises(error, match="stable"):
        figures.draw_decays(axes(), nus.decays(par={"m_N1": [1.0, 2.0]}))
    with pytest.raises(error, match="Decays"):
        figures.draw_decays(axes(), {})
    with pytest.raises(error, match="Axes"):
        figures.draw_decays(None, found)
    with pytest.raises(error, match="most"):
        figures.draw_decays(axes(), found, most=0)
    for name in ("decays", "decays.nope"):
        with pytest.raises(error, match="format"):
            figures.write_decays(tmp_path / name, found)


def test_format_that_needs_another_program(found, tmp_path, monkeypatch):
    """As pgf, which matplotlib writes with the help of LaTeX."""
    from matplotlib.figure import Figure

    def savefig(*_, **__):
        raise RuntimeError("'xelatex' not found; install it\nor change rcParams")

    monkeypatch.setattr(Figure, "savefig", savefig)
    message = r"^matplotlib cannot write pgf: 'xelatex' not found; install it$"
    with pytest.raises(nus.errors.MissingPackage, match=message):
        figures.write_decays(tmp_path / "decays.pgf", found)
    assert list(tmp_path.iterdir()) == []
