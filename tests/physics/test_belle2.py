"""The published likelihood of B+ -> K+ nu nu: numbers of Belle II, and pyhf.

For the record see `flavio_nusmeft.belle2.record`; it is not part of the project.
"""

from __future__ import annotations

import belle2_record
import flavio
import numpy as np
import pytest
from belle2_claims import RESONANCE, components
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import brentq, minimize_scalar

from flavio_nusmeft import (
    LogLikelihood,
    NuWilson,
    alternatives,
    compare,
    interval,
    intervals,
    likelihood,
    scan,
)
from flavio_nusmeft.belle2 import Belle2Likelihood, record
from flavio_nusmeft.belle2.model import Model
from flavio_nusmeft.errors import InvalidScan

if not belle2_record.PUBLISHED.is_dir():
    pytest.skip("needs the record of Belle II", allow_module_level=True)

SM = record.sm_spectrum()


@pytest.fixture(scope="module")
def b2():
    return Belle2Likelihood(belle2_record.PUBLISHED)


@pytest.fixture(scope="module")
def published():
    """The workspace and its model as published, with Belle II's form-factor parameters."""
    workspace = record.read(belle2_record.PUBLISHED).workspace
    return workspace, Model(workspace["channels"], workspace["observations"], "mu")


@pytest.mark.parametrize(
    ("mu", "expected"),
    [(1.0, -127.21182488859057), (0.5, -136.724765413002), (1.5, -118.74875703814962)],
)
def test_reference_densities(published, mu, expected):
    """Of the record, at pyhf's initial parameters with the signal strength shifted."""
    model = published[1]
    alpha, gamma = np.zeros(len(model.parameters)), np.ones(model.size)
    found = model.log_density(alpha, gamma, np.full(18, mu))[0]
    assert found == pytest.approx(expected, abs=1e-9)


def test_density_equals_pyhf(published, rng):
    pyhf = pytest.importorskip("pyhf")
    workspace, model = published
    reference = pyhf.Model({"channels": workspace["channels"]}, validate=False, poi_name="mu")
    config = reference.config
    observed = {o["name"]: o["data"] for o in workspace["observations"]}
    data = [x for name in config.channels for x in observed[name]] + config.auxdata
    initial = np.array(config.suggested_init())
    assert len(initial) == 232
    for spread in (0.3, 1.0, 2.0):
        x = initial + spread * rng.normal(size=len(initial))
        for name in model.staterrors:
            x[config.par_slice(name)] = rng.uniform(0.5, 1.5, len(model.staterrors[name]))
        mu = float(x[config.par_slice("mu")][0])
        alpha, gamma = belle2_record.pyhf_point(model, config, x)
        found = model.log_density(alpha, gamma, np.full(18, mu))[0]
        expected = float(reference.logpdf(x, data)[0])
        # 1e-13 of -ln L = 1e2 ... 1e4, where ν can be small; nan where it is negative
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_signal_strength(published):
    """arXiv:2311.14647: 4.6 ± 1.3; 2.7σ above the SM and 3.5σ above no signal."""
    model = published[1]

    def minus(mu):
        return -2 * model.profile(np.full(18, mu)).log_likelihood

    fit = minimize_scalar(minus, bounds=(0, 20), method="bounded", options={"xatol": 1e-5})
    up = brentq(lambda mu: minus(mu) - fit.fun - 1, fit.x, 12)
    down = brentq(lambda mu: minus(mu) - fit.fun - 1, 0, fit.x)
    # half of the last digit given
    assert fit.x == pytest.approx(4.6, abs=0.05)
    assert (up - down) / 2 == pytest.approx(1.3, abs=0.05)
    assert np.sqrt(minus(1) - fit.fun) == pytest.approx(2.7, abs=0.05)
    assert np.sqrt(minus(0) - fit.fun) == pytest.approx(3.5, abs=0.05)


# coefficient, size (GeV^-2 at 1 TeV), m_N1 (GeV); inside and beyond the edge
POINTS = (
    (None, 0.0, 0.0),
    ("LNQd_2123", 2e-8, 0.0),
    ("LNQd_2123", 3e-8, 1.5),
    ("LNQd_2123", 8e-8, 0.6),
    ("LNQd_2123", 2e-7, 2.5),
    ("QN_2311", 3e-8, 0.3),
    ("QN_2311", 6e-8, 1.0),
    ("QN_2311", 1.2e-7, 1.9),
    ("LNQdT_2123", 1e-8, 0.0),
    ("LNQdT_2123", 2e-8, 1.2),
    ("LNQdT_2123", 6e-8, 2.0),
)


@pytest.mark.parametrize(("name", "size", "mass"), POINTS)
def test_profile_equals_pyhf(b2, par, name, size, mass):
    pytest.importorskip("pyhf")
    pytest.importorskip("iminuit")
    par["m_N1"] = mass
    wc = NuWilson({name: size} if name else {}, 1e3, "nuSMEFT", "FGMS")
    exact = b2.log_likelihood(par, wc, exact=True)
    # MINUIT stops at an estimated distance of 1e-6
    assert b2.log_likelihood(par, wc) == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize("mu", [0.0, 24.0, 25.5, 1e10])
def test_profile_equals_pyhf_for_other_spectra(b2, mu):
    pytest.importorskip("pyhf")
    pytest.importorskip("iminuit")
    exact = b2.spectrum_log_likelihood(mu * SM, exact=True)
    assert b2.spectrum_log_likelihood(mu * SM) == pytest.approx(exact, abs=1e-4, rel=1e-13)


@pytest.fixture(scope="module")
def with_covariance():
    return Belle2Likelihood(belle2_record.PUBLISHED, form_factor_covariance=True)


OPERATORS = (
    "LNQd_2123",
    "LNQd_2132",
    "LNQd_1123",
    "QN_2311",
    "QN_2323",
    "LNQdT_2123",
    "LNQdT_1132",
)


def random_point(par, rng):
    """Parameters with other masses, and coefficients of size 1 GeV^-2."""
    masses = {f"m_N{k}": float(rng.choice([0, rng.uniform(0, 5)])) for k in (1, 2, 3)}
    names = rng.choice(OPERATORS, rng.integers(1, 4), replace=False)
    direction = {str(n): float(rng.normal()) for n in names}
    return par | masses, direction


@pytest.mark.parametrize("kind", ["b2", "with_covariance"])
@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.SizeWarning")
def test_far_signals(request, par, rng, kind):
    """Random masses and operators, from 1e-9 to 1e-2 GeV^-2: finite everywhere, and beyond the
    maximum the smaller the larger the coefficients."""
    likelihood, far = request.getfixturevalue(kind), 0
    none = likelihood.spectrum_log_likelihood(0 * SM) if kind == "b2" else -119.74
    for _ in range(20):
        point, direction = random_point(par, rng)
        values = []
        for size in np.sort(10 ** rng.uniform(-9, -2, 12)):
            wc = NuWilson({n: size * c for n, c in direction.items()}, 1e3, "nuSMEFT", "FGMS")
            values.append(likelihood.log_likelihood(point, wc))
        values = np.array(values)
        assert np.isfinite(values).all()
        # 1e-8: heavy N without signal, where ln L of the SM is found within 1e-9 from any start
        assert (np.diff(values[values.argmax() :]) < 1e-8).all()
        far += (values < none - 51).sum()
    assert far > 80


@pytest.mark.parametrize("kind", ["b2", "with_covariance"])
@pytest.mark.filterwarnings("ignore::flavio_nusmeft.errors.SizeWarning")
def test_profile_equals_pyhf_at_the_edge(request, par, kind):
    """Of 50 below no signal; with LNQdT and covariance there are two maxima, 12 apart."""
    pytest.importorskip("pyhf")
    pytest.importorskip("iminuit")
    likelihood, par["m_N1"] = request.getfixturevalue(kind), 0.24
    for name, size in (("LNQd_2123", 3e-7), ("QN_2311", 1e-3), ("LNQdT_2123", 4.7e-7)):
        wc = NuWilson({name: size}, 1e3, "nuSMEFT", "FGMS")
        exact = likelihood.log_likelihood(par, wc, exact=True)
        found = likelihood.log_likelihood(par, wc)
        assert found == pytest.approx(exact, abs=1e-4, rel=1e-13)


def test_one_maximum_up_to_the_edge(b2, rng):
    """From any start within the bounds Newton's method finds the same maximum."""
    model, none = b2._model, b2.spectrum_log_likelihood(0 * SM)
    q2, tested = (b2.edges[1:] + b2.edges[:-1]) / 2, 0
    for _ in range(6):
        peak = np.exp(-(((q2 - rng.uniform(0, 20)) / rng.uniform(0.3, 5)) ** 2))
        far = 1e3 * peak
        edge = 50 / (none - b2.spectrum_log_likelihood(far))
        for part in (edge * (1 - 1e-6), edge * rng.uniform(0.3, 1)):
            factors, _ = b2._signal(part * far[None])
            expected = b2.spectrum_log_likelihood(part * far)
            start = model.profile(factors)
            for spread in (0.5, 1, 2.5, 5):
                alpha = np.clip(spread * rng.normal(size=len(start.alpha)), -5, 5)
                held = np.zeros(len(alpha), dtype=bool)
                other = start._replace(alpha=alpha, held=held, factor=None)
                found = model.profile(factors, None, other).log_likelihood
                assert found == pytest.approx(expected, abs=1e-6)
                tested += 1
    assert tested == 48


def test_why_the_model_ends(b2):
    """The full model saturates, as γ remove any signal from its bins: ln L falls by less than 1
    from 1e5 to 1e9 times the SM, which no experiment says."""
    model = b2._model
    near, far = (model.profile(np.full(18, size)).log_likelihood for size in (1e5, 1e9))
    assert near - far < 1
    factors = np.full(18, 1e5)
    gamma = model.gamma(model.profile(factors), factors, None)[model._signal]
    assert gamma.max() < 1e-3
    # at most the price of γ = 0 in all bins, and of the background that is then at its best
    price = (1 / (2 * model._sigma[model._signal] ** 2)).sum()
    assert b2.spectrum_log_likelihood(0 * SM) - far < price
    below = b2.spectrum_log_likelihood(1e5 * SM) - b2.spectrum_log_likelihood(1e9 * SM)
    assert below > 1e8


def test_maximum_of_pyhf(b2):
    """pyhf's density, by differences alone, has its maximum over all parameters there."""
    pyhf = pytest.importorskip("pyhf")
    factors = np.full(18, 4.0)
    workspace = b2._workspace(factors, None)
    model = pyhf.Model({"channels": workspace["channels"]}, validate=False, poi_name=None)
    config = model.config
    observed = {o["name"]: o["data"] for o in workspace["observations"]}
    data = [x for name in config.channels for x in observed[name]] + config.auxdata
    profile = b2._model.profile(factors)
    point = b2._model._point(profile.alpha, *b2._model._signal_arrays(factors, None))
    x = np.array(config.suggested_init())
    for name, value in zip(b2._model.parameters, profile.alpha, strict=True):
        x[config.par_slice(name)] = value
    for name, where in b2._model.staterrors.items():
        x[config.par_slice(name)] = point.gamma.ravel()[where]
    h = 1e-4
    steps = h * np.eye(len(x))
    up = np.array([float(model.logpdf(x + step, data)[0]) for step in steps])
    down = np.array([float(model.logpdf(x - step, data)[0]) for step in steps])
    centre = float(model.logpdf(x, data)[0])
    slope, curvature = (up - down) / (2 * h), -(up + down - 2 * centre) / h**2
    assert (curvature > 0.5).all()
    # what a Newton step could gain; the differences have errors of order h² and 1e-12/h
    assert (slope**2 / curvature).sum() < 1e-7


def test_history(b2, rng):
    spectra = [size * SM * rng.uniform(0.2, 3, 100) for size in (1, 30, 0, 300, 5, 1e5, 4)]
    warm = [b2.spectrum_log_likelihood(s) for s in spectra]
    cold = [Belle2Likelihood(belle2_record.PUBLISHED).spectrum_log_likelihood(s) for s in spectra]
    assert warm == cold
    # the starts that are kept lead to the same maximum as none, as far as the model is used
    none = b2.spectrum_log_likelihood(0 * SM)
    inside = [(s, v) for s, v in zip(spectra, warm, strict=True) if v > none - 50]
    assert len(inside) > 2
    for spectrum, value in inside:
        factors, _ = b2._signal(spectrum[None])
        assert b2._model.profile(factors).log_likelihood == pytest.approx(
            value, rel=1e-10, abs=1e-7
        )


def test_normal_coordinates_are_not_enough(b2):
    """The likelihood is not a parabola in the signal: why the full model is profiled."""
    values = [-2 * b2.spectrum_log_likelihood(mu * SM) for mu in (3.6, 4.6, 5.6, 11.0)]
    curvature = values[0] - 2 * values[1] + values[2]
    parabola = values[1] + (values[2] - values[0]) / 2 * 6.4 + curvature / 2 * 6.4**2
    assert abs(values[3] - parabola) > 0.5


def test_coefficient_of_the_sm(par):
    """The value of arXiv:2507.12393."""
    found = abs(flavio.physics.bdecays.wilsoncoefficients.CL_SM(par, 4.8))
    assert found == pytest.approx(6.6, abs=0.1)


def test_massless_couplings(b2, par, rng):
    """arXiv:2507.12393: mode (11.3, 0.00, 8.21); 95%: [1.86, 16.2], [0.00, 15.4], [0.00, 11.2].

    Here: mode (11.6, 0, 8.3); 95%: [1.7, 16.4], [0, 15.9], [0, 11.7]. There nuisance parameters and
    those of the form factors of lattice QCD are marginalised; here nuisance parameters are at their
    maximum, and form factors at the central values of flavio, with a SM rate that differs by 3%.
    Coefficients are flat from 0 to 20 in both.
    """
    spectra = components(b2, par)
    axes = [np.linspace(0, 20, n) for n in (13, 9, 9)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    points = grid.reshape(-1, 3)
    values = np.array([b2.spectrum_log_likelihood(p**2 @ spectra) for p in points])
    log_likelihood = RegularGridInterpolator(axes, values.reshape(grid.shape[:3]), method="cubic")
    # independent samples of the posterior, in cells of 0.25
    x = np.linspace(0.125, 19.875, 80)
    fine = np.stack(np.meshgrid(x, x, x, indexing="ij"), axis=-1).reshape(-1, 3)
    height = log_likelihood(fine)
    density = np.exp(height - height.max())
    np.testing.assert_allclose(fine[density.argmax()], (11.3, 0.0, 8.2), atol=0.6)
    cells = rng.choice(len(fine), 100_000, p=density / density.sum())
    drawn = fine[cells] + rng.uniform(-0.125, 0.125, (len(cells), 3))
    names = ("V", "S", "T")
    chain = scan.Chain(
        names,
        drawn.reshape(1000, 100, 3),
        height[cells].reshape(1000, 100),
        np.ones(100),
        {"bounds": dict.fromkeys(names, (0.0, 20.0))},
    )
    published = ((1.86, 16.2), (0.0, 15.4), (0.0, 11.2))
    ours = ((1.7, 16.4), (0.0, 15.9), (0.0, 11.7))
    for name, expected, number in zip(names, published, ours, strict=True):
        ((low, high),) = intervals.credible(chain, name, cl=0.95).pieces
        assert (low, high) == pytest.approx(number, abs=0.35)  # 0.15 of the samples, 0.2 of bins
        assert (low, high) == pytest.approx(expected, abs=0.6)


def test_one_massless_coupling(b2, par):
    """One at a time, from functions of one variable: a posterior is a part of the profile.

    Where |C_VL + C_VR| alone describes the data, its rate is μ times that of the SM, with the μ of
    arXiv:2311.14647, 4.6 ± 1.3, which has a posterior of its own shape.
    """
    spectra = components(b2, par)

    class Vector:
        variables = ("V",)

        def __call__(self, x):
            return b2.spectrum_log_likelihood(x[0] ** 2 * spectra[0])

    box = {"V": (0.0, 20.0)}
    found = interval(Vector(), "V", box, progress=False)
    sm = abs(flavio.physics.bdecays.wilsoncoefficients.CL_SM(par, 4.8))
    total = spectra[0].sum() * sm**2 / SM.sum()  # of this package, of the simulation of Belle II
    strength = np.array([found.low, found.best, found.high]) ** 2 / sm**2 * total
    assert strength == pytest.approx([3.3, 4.6, 5.9], abs=0.2)
    posterior = interval(Vector(), "V", box, method="bayes", progress=False)
    assert posterior.pieces[0] == pytest.approx((found.low, found.high), abs=0.3)


def test_resonance(b2):
    """arXiv:2602.09666: the SM and a resonance of width 0.1 GeV at 2.1 +0.2 -0.1 GeV with
    BR = 9.2 +1.8 -3.4 10^-6, favoured by 3.0σ.

    There mode and ranges are those of a posterior, with flat priors and the nuisance parameters
    marginalised; here nuisance parameters are at their maximum and there are no form factors among
    them. Tolerances are the digits given and the steps of the grid.
    """
    function = b2.function(alternatives.resonance, ["BR", "m_X"], fixed={"width": 0.1})
    table = compare(
        {"SM": (function, {"BR": 0, "m_X": 2}), "resonance": (function, RESONANCE)}, progress=False
    )
    found = table["resonance"]
    assert found.values["m_X"] == pytest.approx(2.1, abs=0.05)
    assert found.values["BR"] == pytest.approx(9.2e-6, abs=0.5e-6)
    assert found.significance == pytest.approx(3.0, abs=0.3)  # for two degrees of freedom
    assert not found.wilks
    m_X, BR = np.linspace(1.4, 3.2, 19), np.linspace(0, 2e-5, 21)
    sm = function.bins([0, 2]) + b2.spectrum(flavio.default_parameters.get_central_all(), None)
    spectra = [sm + function.bins([size, mass]) for mass in m_X for size in BR]
    density = np.exp(b2.log_likelihoods(spectra) - found.log_likelihood).reshape(19, 21)
    expected = ((m_X, 1, (2.0, 2.3), 0.11), (BR, 0, (5.8e-6, 1.1e-5), 1.1e-6))
    for x, axis, ends, step in expected:
        marginal = density.sum(axis=axis)
        order = np.argsort(-marginal)
        size = np.searchsorted(np.cumsum(marginal[order]) / marginal.sum(), 0.6827) + 1
        inside = x[order[:size]]
        np.testing.assert_allclose((inside.min(), inside.max()), ends, atol=step)


def test_sterile_neutrinos_and_alternatives(b2):
    """In one table: the same SM, though from different functions; vectors with light N have the
    spectrum of the SM, as massless scalars by the vector current."""
    data = likelihood("current", [], belle2=b2)
    neutrino = LogLikelihood(data, ["QN_2311", "m_N1"], scale=1e3, eft="nuSMEFT", basis="FGMS")
    scalars = b2.function(alternatives.dark_scalars, ["BR", "m_phi"], fixed={"current": "vector"})
    found = compare(
        {
            "SM": (neutrino, {"QN_2311": 0, "m_N1": 1}),
            "light N": (neutrino, {"QN_2311": (0, 1e-7), "m_N1": 0}),
            "light scalars": (scalars, {"BR": (0, 1e-4), "m_phi": 0}),
            "any N": (neutrino, {"QN_2311": (0, 1e-7), "m_N1": (0, 2.3)}),
        },
        starts=3,
        progress=False,
    )
    light = [found[label] for label in ("light N", "light scalars")]
    assert light[0].change == pytest.approx(light[1].change, abs=1e-3)
    assert [e.degrees for e in light] == [1, 1]
    assert not any(e.wilks for e in light)
    assert found["any N"].change < light[0].change - 1
    assert any("every m_N1" in note for note in found["any N"].notes)
    with_errors = Belle2Likelihood(belle2_record.PUBLISHED, form_factor_covariance=True)
    other = with_errors.function(alternatives.resonance, ["BR", "m_X"])
    with pytest.raises(InvalidScan, match="form-factor uncertainties of Belle II's likelihood"):
        compare(
            {"SM": (neutrino, {"QN_2311": 0, "m_N1": 1}), "X": (other, RESONANCE)}, progress=False
        )
