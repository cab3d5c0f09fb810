"""Semi-invisible decays of K, D and Lambda_c, and of B to pi and rho."""

from __future__ import annotations

import itertools

import flavio
import numpy as np
import pytest
import wilson
from bruteforce import rates
from bruteforce.kaons import neutral_kaon_width

from flavio_nusmeft import NuWilson, predict
from flavio_nusmeft.eft.flavour import lookup, to_arrays
from flavio_nusmeft.eft.operators import JMS
from flavio_nusmeft.physics import kaons
from flavio_nusmeft.physics.formfactors import form_factors
from flavio_nusmeft.physics.modes import SEMI_INVISIBLE
from flavio_nusmeft.physics.neutral_couplings import pair_couplings

MODES = {name: mode for name, mode in SEMI_INVISIBLE.items() if mode.quarks != "bs"}
SCALES = {"bd": 4.8, "sd": 2.0, "cu": 2.0}
EFTS = {"bd": "nuWET", "sd": "nuWET-3", "cu": "nuWET-4"}
QUARKS = {"bd": ("d", 0, 2), "sd": ("d", 0, 1), "cu": ("u", 0, 1)}  # final and initial quark
KAPPA_RATIO = 2.231e-10 / 5.173e-11  # κ_L/κ_+ of arXiv:0705.2025


STANDARD_MODEL = flavio.WilsonCoefficients()


def value(observable, par, w=None, *arguments):
    w = STANDARD_MODEL if w is None else w
    return flavio.Observable[observable].prediction_par(par, w, *arguments)


def short_distance(mode):
    return "BR_SD" if MODES[mode].long_distance else "BR"


def set_masses(par, *masses):
    par.update({f"m_N{i}": m for i, m in enumerate(masses, start=1)})


def endpoint(par, mode):
    return (par[f"m_{MODES[mode].B}"] - par[f"m_{MODES[mode].M}"]) ** 2


def names_of(quarks, *, sterile=False):
    """All nuWET coefficients of a quark transition."""
    kind, i, j = QUARKS[quarks]
    return [
        name
        for name, c in lookup(JMS).items()
        if name[1:4] == f"nu{kind}" and {i, j} == set(c.indices[2:])
        if not (sterile and name[0] == "V" and max(c.indices[:2]) < 3)
    ]


def random_values(quarks, rng, size, **options):
    known = lookup(JMS)
    return {
        name: size * complex(rng.normal(), 0 if known[name].real else rng.normal())
        for name in names_of(quarks, **options)
    }


def size_of(quarks):
    """Coefficients (GeV^-2) that make rates of the size of the SM, or of 1e-6 for D."""
    return {"bd": 1e-9, "sd": 1e-11, "cu": 1e-8}[quarks]


def everything(quarks, rng):
    values = random_values(quarks, rng, size_of(quarks))
    return NuWilson(values, SCALES[quarks], EFTS[quarks], "JMS")


# the Standard Model


@pytest.mark.parametrize("mode", [m for m in MODES if MODES[m].quarks != "cu"])
def test_standard_model_is_stock_flavio(mode, par):
    """To the accuracy of flavio's quadrature; kaons, where flavio does not integrate, exactly."""
    rel = {"K": 1e-14, "B": 3e-6 if "rho" in mode else 2e-7}[mode[0]]
    for V_ub, m_t in ((par["Vub"], par["m_t"]), (0.0042, 170.0)):
        par.update(Vub=V_ub, m_t=m_t)
        stock = value(f"BR({mode}nunu)", par)
        assert value(f"{short_distance(mode)}({mode}inv)", par) == pytest.approx(
            stock, rel=rel, abs=0
        )


@pytest.mark.parametrize("mode", [m for m in MODES if m[0] == "B"])
@pytest.mark.parametrize("q2", [0.2, 8.0, 19.0])
def test_spectrum_is_stock_flavio(mode, q2, par):
    ours = value(f"d{short_distance(mode)}/dq2({mode}inv)", par, None, q2)
    assert ours == pytest.approx(value(f"dBR/dq2({mode}nunu)", par, None, q2), rel=1e-12, abs=0)


def test_kaon_numbers(par):
    """flavio 2.7.1, as in the current literature (8.6 and 2.9)e-11 up to CKM inputs; without
    charm K+ would be half of it, which only K+ knows."""
    assert value("BR(K+->piinv)", par) == pytest.approx(8.14e-11, rel=1e-3, abs=0)
    assert value("BR(KL->piinv)", par) == pytest.approx(2.78e-11, rel=1e-3, abs=0)
    par["deltaPcu"] -= 0.4
    assert value("BR(K+->piinv)", par) < 4.5e-11
    assert value("BR(KL->piinv)", par) == pytest.approx(2.78e-11, rel=5e-3, abs=0)


def test_no_standard_model_in_charm(par):
    for name in ("BR(D0->piinv)", "BR_SD(D+->piinv)", "BR(Lambdac->pinv)"):
        assert value(name, par) == 0


@pytest.mark.parametrize(("mode", "mixing"), [("K+->pi", 0.0), ("KL->pi", 0.0252)])
def test_kaon_normalisation_is_close_to_the_form_factors(mode, mixing, par):
    """κ_ν against f+(0) = 0.97 in the isospin limit and without QED.

    The mixing of pi0 and eta makes K+ -> pi0 larger by 2.5% in the amplitude (flavio's
    ``K->pi delta_K+pi0``), K0 -> pi0 smaller by as much, and does not concern K+ -> pi+.
    """
    w = NuWilson({"VnudLL_4412": 1e-10j, "VnudLL_4512": 1e-10j}, 2.0, "nuWET-3", "JMS")
    new = value(f"BR({mode}inv)", par, w) - value(f"BR({mode}inv)", par)
    m_K, m_pi = (par[f"m_{getattr(MODES[mode], x)}"] for x in "BM")
    q2, weights = np.polynomial.legendre.leggauss(40)
    q2 = (q2 + 1) / 2 * (m_K - m_pi) ** 2
    left = to_arrays(w.wc.dict, JMS)
    left = {"VLL": left["VnudLL"]}
    rate = 0.0
    for x, weight in zip(q2, weights, strict=True):
        ff = {k: float(v[0]) for k, v in form_factors("K->pi", par, np.array([x])).items()}
        arguments = (x, m_K, m_pi, [0.0] * 6, left, ff, 0.1, 0.005)
        if mode == "KL->pi":
            dBR = neutral_kaon_width(*arguments, 1, n_theta=4) / 2
        else:
            dBR = rates.majorana_width_left(*arguments, 0, (0, 1), n_theta=4)[0]
        rate += weight / 2 * (m_K - m_pi) ** 2 * dBR * par[f"tau_{MODES[mode].B}"]
    assert new == pytest.approx(rate * (1 - mixing) ** 2, rel=0.01, abs=0)


# active neutrinos as in stock flavio

SMEFT = {"lq1_1113": 1e-9, "lq3_2212": 3e-10, "ld_3312": 2e-10 + 1e-10j, "lq1_1212": 2e-10j}
SMEFT |= {"ld_1213": 2e-9}
WET = {"CL_sdnuenue": 2 - 3j, "CR_sdnumunutau": 4j, "CL_bdnuenumu": 5.0, "CR_bdnutaunutau": 2j}
WET_JMS = {"VnudLL_1112": 1e-11j + 1e-11, "VnudLR_1221": 2e-11, "VnudLL_1231": 1e-9}


@pytest.mark.parametrize("mode", ["K+->pi", "B+->pi", "B0->pi", "B+->rho", "B0->rho"])
@pytest.mark.parametrize(
    ("values", "scale", "eft", "basis"),
    [(SMEFT, 1e3, "SMEFT", "Warsaw"), (WET, 80.0, "WET", "flavio"), (WET_JMS, 4.8, "WET", "JMS")],
    ids=["SMEFT", "WET", "JMS"],
)
def test_active_neutrinos_as_in_stock_flavio(mode, values, scale, eft, basis, par):
    """With flavours that change and complex coefficients of both quark chiralities."""
    w = wilson.Wilson(values, scale, eft, basis)
    stock, sm = value(f"BR({mode}nunu)", par, w), value(f"BR({mode}nunu)", par)
    assert abs(stock / sm - 1) > 1e-3
    ours = value(f"{short_distance(mode)}({mode}inv)", par, w)
    assert ours == pytest.approx(stock, rel=3e-6, abs=0)
    if eft == "SMEFT":
        both = NuWilson(values, scale, "nuSMEFT", basis)
        again = value(f"{short_distance(mode)}({mode}inv)", par, both)
        assert again == pytest.approx(stock, rel=3e-6, abs=0)


def test_diagonal_flavours_of_kl_as_in_stock_flavio(par):
    w = wilson.Wilson({"CL_sdnuenue": 2 - 3j, "CR_sdnumunumu": 4j}, 80.0, "WET", "flavio")
    stock = value("BR(KL->pinunu)", par, w)
    assert stock > 1.1 * value("BR(KL->pinunu)", par)
    assert value("BR(KL->piinv)", par, w) == pytest.approx(stock, rel=1e-12, abs=0)


def test_flavour_violation_in_kl_is_that_of_grossman_and_nir(par):
    """hep-ph/9701313: |X_ij - X_ji*|²/4 per final state, whatever the phases of the neutrinos.

    X_12 alone: half of the saturated bound, for every phase.
    """
    sm = {mode: value(f"BR({mode}inv)", par) for mode in ("K+->pi", "KL->pi")}
    for phase in np.exp(1j * np.array([0.0, 0.4, 1.2, np.pi / 2])):
        w = wilson.Wilson({"CL_sdnuenumu": 5 * phase}, 80.0, "WET", "flavio")
        new = {mode: value(f"BR({mode}inv)", par, w) - sm[mode] for mode in sm}
        assert new["KL->pi"] / new["K+->pi"] == pytest.approx(KAPPA_RATIO / 2, rel=1e-9, abs=0)


def test_up_type_quarks_from_smeft(par):
    """SMEFT of either class, and WET: the active neutrinos of c -> u through JMS."""
    w = NuWilson({"lq1_1112": 1e-8}, 1e3, "nuSMEFT", "Warsaw")
    plain = wilson.Wilson({"lq1_1112": 1e-8}, 1e3, "SMEFT", "Warsaw")
    assert value("BR(D0->piinv)", par, w) == pytest.approx(
        value("BR(D0->piinv)", par, plain), rel=1e-14, abs=0
    )
    wet = plain.match_run(2.0, "WET-4", "JMS", ("cununu",)).dict
    point = NuWilson(wet, 2.0, "nuWET-4", "JMS")
    C = pair_couplings(point, par, "cu", 2.0)
    # an axial current of one Majorana pair; running makes a little of a right-handed current
    current = wet["VnuuLL_1112"] + wet["VnuuLR_1112"]
    assert C[0, 2] == pytest.approx(-current, rel=1e-12, abs=0)
    assert value("BR(D0->piinv)", par, w) == pytest.approx(
        value("BR(D0->piinv)", par, point), rel=1e-12, abs=0
    )


# against widths straight from the Lagrangian


def brute_force(mode, par, q2, left, *, kl_sign=None, part=0):
    spec = MODES[mode]
    kind, final, initial = QUARKS[spec.quarks]
    running = flavio.physics.running.running
    masses = [running.get_mq(q, par, SCALES[spec.quarks]) for q in spec.quarks]
    left = {name.replace(f"nu{kind}", ""): array for name, array in left.items()}
    ff = {k: float(v[0]) for k, v in form_factors(spec.form_factors, par, np.array([q2])).items()}
    neutrinos = [0.0, 0.0, 0.0, par["m_N1"], par["m_N2"], par["m_N3"]]
    arguments = (q2, par[f"m_{spec.B}"], par[f"m_{spec.M}"], neutrinos, left, ff, *masses)
    if kl_sign is not None:
        return neutral_kaon_width(*arguments, kl_sign, n_theta=4)
    return rates.majorana_width_left(*arguments, spec.spin, (final, initial), n_theta=4)[part]


def sm_left(par, quarks):
    """VLL of the SM from flavio's amplitudes, as coefficients by name."""
    alpha = flavio.physics.running.running.get_alpha(par, SCALES[quarks])["alpha_e"]
    loop = 4 * par["GF"] / np.sqrt(2) * alpha / (2 * np.pi)
    if quarks == "cu":
        return {}
    if quarks == "sd":  # flavio's amplitude is that of sbar d; its partner is dbar s
        amplitude = flavio.physics.kdecays.kpinunu.kpinunu_amplitude(
            flavio.WilsonCoefficients(), par, "nue", "nue"
        )
        return {f"VnudLL_{a}{a}12": -loop / par["s2w"] * amplitude.conjugate() for a in (1, 2, 3)}
    C_L = flavio.physics.bdecays.wilsoncoefficients.CL_SM(par, SCALES[quarks])
    xi = flavio.physics.ckm.xi("t", quarks)(par)
    return {f"VnudLL_{a}{a}13": loop * xi * C_L for a in (1, 2, 3)}


MASSES = {"bd": (0.4, 1.1, 1.6), "sd": (0.03, 0.11, 0.05), "cu": (0.1, 0.5, 0.9)}


@pytest.mark.parametrize("massive", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_all_operators(mode, massive, par, rng):
    """V, A, S, P and T of all pairs, random and complex, with the SM; K_L from both amplitudes.

    For kaons relative to the SM, since κ_ν normalises both.
    """
    quarks = MODES[mode].quarks
    if massive:
        set_masses(par, *MASSES[quarks])
    values = random_values(quarks, rng, size_of(quarks))
    w = NuWilson(values, SCALES[quarks], EFTS[quarks], "JMS")
    sm = sm_left(par, quarks)
    total = {name: values.get(name, 0) + sm.get(name, 0) for name in {*values, *sm}}
    kl_sign = 1 if mode == "KL->pi" else None
    observable = f"d{short_distance(mode)}/dq2({mode}inv)"
    for fraction in (0.02, 0.4, 0.9):
        q2 = fraction * endpoint(par, mode)
        expected = brute_force(mode, par, q2, to_arrays(total, JMS), kl_sign=kl_sign)
        ours = value(observable, par, w, q2)
        if MODES[mode].kaon:
            ours /= value(observable, par, None, q2)
            expected /= brute_force(mode, par, q2, to_arrays(sm, JMS), kl_sign=kl_sign)
        else:
            expected *= par[f"tau_{MODES[mode].B}"] * MODES[mode].isospin
        assert ours == pytest.approx(expected, rel=1e-9, abs=0)


def test_longitudinal_baryon(par, rng):
    """F_L of Lambda_c -> p, with all operators and unequal masses; 1/3 at the endpoint."""
    mode = "Lambdac->p"
    set_masses(par, *MASSES["cu"])
    values = random_values("cu", rng, size_of("cu"))
    w = NuWilson(values, SCALES["cu"], EFTS["cu"], "JMS")
    for fraction in (0.05, 0.5, 0.95):
        q2 = fraction * endpoint(par, mode)
        total, longitudinal = brute_force(mode, par, q2, to_arrays(values, JMS), part=slice(None))
        found = value(f"FL({mode}inv)", par, w, q2)
        assert found == pytest.approx(longitudinal / total, rel=1e-9, abs=0)
    set_masses(par, 0, 0, 0)
    end = endpoint(par, mode) * (1 - 1e-6)
    vector = NuWilson({"VnuuLL_4512": 1e-8}, SCALES["cu"], EFTS["cu"], "JMS")
    assert value(f"FL({mode}inv)", par, vector, end) == pytest.approx(1 / 3, rel=2e-3, abs=0)


def test_kl_and_ks_are_k0_and_k0bar(par, rng):
    """The independent calculation: the mixing conserves the sum, whatever the couplings."""
    set_masses(par, *MASSES["sd"])
    left = to_arrays(random_values("sd", rng, 1e-11), JMS)
    sums = [brute_force("KL->pi", par, 0.08, left, kl_sign=sign) for sign in (1, -1)]
    k0bar = brute_force("KL->pi", par, 0.08, left)
    assert sums[0] != pytest.approx(sums[1], rel=1e-2, abs=0)
    assert sum(sums) == pytest.approx(2 * k0bar, rel=1e-12, abs=0)


# the bound of Grossman and Nir


def test_grossman_nir_of_couplings(par, rng):
    """|C_L|² <= 2 |C|² for every coupling, and with K_S it is an equality."""
    C = pair_couplings(everything("sd", rng), par, "sd", 2.0)
    C_L, C_S = kaons.long_lived(C), kaons.long_lived(1j * C)
    relevant = [0, 2, 4, 6, 8, 9]  # those of a pseudoscalar
    assert (abs(C_L) ** 2 <= 2 * abs(C) ** 2 * (1 + 1e-14)).all()
    both = abs(C_L[:, relevant]) ** 2 + abs(C_S[:, relevant]) ** 2
    np.testing.assert_allclose(both, 2 * abs(C[:, relevant]) ** 2, rtol=1e-13, atol=0)


@pytest.mark.parametrize("sterile", [True, False])
@pytest.mark.parametrize("masses", [(0.0, 0.0, 0.0), (0.02, 0.05, 0.09)], ids=str)
def test_grossman_nir(masses, sterile, par):
    """BR(K_L) <= 4.3 BR(K+) for random couplings.

    This is for massless vectors. Scalars, tensors and massive N favour the larger energy release
    of K0 -> pi0 by up to 6%.
    """
    set_masses(par, *masses)
    rng = np.random.default_rng(9701313)
    for size in (1e-12, 1e-11, 1e-10):
        for _ in range(10):
            values = random_values("sd", rng, size, sterile=sterile)
            chosen = rng.choice(list(values), size=rng.integers(1, 9), replace=False)
            w = NuWilson({name: values[name] for name in chosen}, 2.0, "nuWET-3", "JMS")
            ratio = value("BR(KL->piinv)", par, w) / value("BR(K+->piinv)", par, w)
            assert ratio < KAPPA_RATIO * 1.06


def test_kl_alone_is_open(par):
    """Half of m_K - m_pi is 0.1771 GeV for the charged and 0.1813 GeV for the neutral kaon."""
    set_masses(par, 0.179)
    w = NuWilson({"VnudLL_4412": 1e-9j}, 2.0, "nuWET-3", "JMS")
    assert value("BR(K+->piinv)", par, w) == value("BR(K+->piinv)", par)
    assert value("BR(KL->piinv)", par, w) > value("BR(KL->piinv)", par)


@pytest.mark.parametrize(
    ("values", "fraction"),
    [
        ({"VnudLL_4412": 1.0}, 0),  # one Majorana pair: C_A real conserves CP, and K_L has CP = -1
        ({"VnudLL_4412": 1j}, 1),
        ({"VnudLR_5512": -1j}, 1),
        ({"VnudLL_4512": 1.0}, 1 / 2),  # half V, half A
        ({"VnudLL_4512": 1.0, "VnudLL_4521": -1.0}, 1),  # V
        ({"VnudLL_4512": 1.0, "VnudLL_4521": 1.0}, 0),  # A
        ({"SnudLL_1412": 1.0}, 1 / 2),  # half S, half P
        ({"SnudLL_1412": 1.0, "SnudLL_1421": 1.0}, 1),  # S
        ({"SnudLL_1412": 1.0, "SnudLL_1421": -1.0}, 0),  # P
        ({"SnudLL_1412": 1j, "SnudLL_1421": 1j}, 1),  # P
        ({"SnudLL_1412": 1j, "SnudLL_1421": -1j}, 0),  # S
        ({"TnudLL_1412": 1j}, 1 / 2),
    ],
    ids=str,
)
def test_saturation(values, fraction, par):
    """Which part of the bound a coupling reaches, massless."""
    w = NuWilson({k: 1e-10 * v for k, v in values.items()}, 2.0, "nuWET-3", "JMS")
    plus, long = (
        value(f"BR({mode}inv)", par, w) - value(f"BR({mode}inv)", par)
        for mode in ("K+->pi", "KL->pi")
    )
    expected = fraction * KAPPA_RATIO
    if next(iter(values))[0] != "V":
        # of higher dimension in q²: they grow with the energy release of K0 and K+
        release = [np.sqrt(endpoint(par, mode)) for mode in ("KL->pi", "K+->pi")]
        expected *= (release[0] / release[1]) ** 2
    assert long / plus == pytest.approx(expected, rel=5e-3, abs=1e-9)


# limits


@pytest.mark.parametrize("mode", MODES)
def test_massless_limit(mode, par, rng):
    """Interference of V with S, or with T, is linear in the mass, over the energy release."""
    w = everything(MODES[mode].quarks, rng)
    name = f"{short_distance(mode)}({mode}inv)"
    massless = value(name, par, w)
    for mass, rel in ((1e-4, 1e-3), (1e-6, 1e-5)):
        set_masses(par, mass, mass, mass)
        assert value(name, par, w) == pytest.approx(massless, rel=rel, abs=0)


@pytest.mark.parametrize("mode", MODES)
def test_threshold(mode, par):
    """A pair opens at 4 m²; above the endpoint nothing is left but the SM."""
    kind, i, j = QUARKS[MODES[mode].quarks]
    w = NuWilson(
        {f"Vnu{kind}LL_44{i + 1}{j + 1}": 1e-9j},
        SCALES[MODES[mode].quarks],
        EFTS[MODES[mode].quarks],
        "JMS",
    )
    name, end = f"dBR/dq2({mode}inv)", endpoint(par, mode)
    mass = 0.3 * np.sqrt(end)
    set_masses(par, mass)
    below, above = (
        value(name, par, w, q2) - value(name, par, None, q2)
        for q2 in (4 * mass**2 * (1 - 1e-9), 4 * mass**2 * (1 + 1e-4))
    )
    assert below == 0 < above
    assert value(name, par, w, end * (1 + 1e-12)) == value(name, par, None, end * (1 + 1e-12))
    for heavy in (np.sqrt(end) / 2, 3.0, 6.0):
        set_masses(par, heavy)
        assert value(f"BR({mode}inv)", par, w) == value(f"BR({mode}inv)", par)


@pytest.mark.parametrize("mode", MODES)
def test_bins_add_up(mode, par, rng):
    """With the long-distance part where there is one; the spectrum integrates to the bins."""
    quarks = MODES[mode].quarks
    set_masses(par, *MASSES[quarks])
    w = everything(quarks, rng)
    end = endpoint(par, mode)
    edges = np.array([0, 0.01, 0.3, 0.55, 0.8, 1.1]) * end
    for symbol in {"BR", short_distance(mode)}:
        total = sum(
            value(f"<d{symbol}/dq2>({mode}inv)", par, w, a, b) * (b - a)
            for a, b in itertools.pairwise(edges)
        )
        assert total == pytest.approx(value(f"{symbol}({mode}inv)", par, w), rel=1e-6, abs=0)
    set_masses(par, 0, 0, 0)
    x, weights = np.polynomial.legendre.leggauss(24)
    low, high = 0.3 * end, 0.6 * end
    points = (low + high) / 2 + (high - low) / 2 * x
    symbol = short_distance(mode)
    spectrum = [value(f"d{symbol}/dq2({mode}inv)", par, w, q2) for q2 in points]
    average = value(f"<d{symbol}/dq2>({mode}inv)", par, w, low, high)
    assert average == pytest.approx(np.dot(weights, spectrum) / 2, rel=1e-9, abs=0)


@pytest.mark.parametrize("mode", MODES)
def test_nuwet_does_not_distinguish_massless_neutrinos(mode, par):
    """Without the SM in the way: 1, 2 and 4, 5 are the same physics when all are massless."""
    quarks = MODES[mode].quarks
    kind, i, j = QUARKS[quarks]
    name = f"{short_distance(mode)}({mode}inv)"

    def rate(first, second):
        values = {
            f"Vnu{kind}LL_{first}{second}{i + 1}{j + 1}": size_of(quarks) * (1 + 2j),
            f"Vnu{kind}LR_{first}{second}{j + 1}{i + 1}": size_of(quarks),
            f"Snu{kind}LL_{first}{second}{i + 1}{j + 1}": size_of(quarks) * 1j,
            f"Tnu{kind}LL_{first}{second}{i + 1}{j + 1}": size_of(quarks) * 2,
        }
        return value(name, par, NuWilson(values, SCALES[quarks], EFTS[quarks], "JMS"))

    # active vectors go through WET: alpha_e runs a little, 1e-3 of the vector part
    assert rate(1, 2) == pytest.approx(rate(4, 5), rel=1e-2, abs=0)


# the τ


@pytest.mark.parametrize(
    ("mode", "production", "decay"),
    [
        ("B+->pi", "BR(B+->taunu)", "BR(tau->pinu)"),
        ("D+->pi", "BR(D+->taunu)", "BR(tau->pinu)"),
    ],
)
def test_long_distance_is_production_times_decay(mode, production, decay, par):
    """A narrow resonance: equal to the product of flavio's rates, but for the radiative
    corrections of these (1-3%), and much larger than any short distance."""
    long = value(f"BR({mode}inv)", par) - value(f"BR_SD({mode}inv)", par)
    product = value(production, par) * value(decay, par)
    assert long == pytest.approx(product, rel=0.04, abs=0)
    assert long > 50 * value(f"BR_SD({mode}inv)", par)


def test_long_distance_numbers(par):
    """arXiv:0908.1174: 97% of B+ -> pi+ inv is the τ."""
    total, short = value("BR(B+->piinv)", par), value("BR_SD(B+->piinv)", par)
    assert 0.96 < 1 - short / total < 0.99
    # τ -> ρ nu over τ -> π nu is 2.4 in the data, 2.3 for a stable ρ
    rho = value("BR(B+->rhoinv)", par) - value("BR_SD(B+->rhoinv)", par)
    assert rho / (total - short) == pytest.approx(2.42, rel=0.1, abs=0)


def test_long_distance_phase_space(par):
    """q² of the two neutrinos ends at (m_D² - m_τ²)(m_τ² - m_π²)/m_τ²."""
    end = (par["m_D+"] ** 2 - par["m_tau"] ** 2) * (1 - (par["m_pi+"] / par["m_tau"]) ** 2)
    assert value("dBR/dq2(D+->piinv)", par, None, end * 0.999) > 0
    assert value("dBR/dq2(D+->piinv)", par, None, end * 1.001) == 0
    whole = value("<dBR/dq2>(D+->piinv)", par, None, 0, 1) * 1
    assert whole == pytest.approx(value("BR(D+->piinv)", par), rel=1e-12, abs=0)


# the chain from nuSMEFT


@pytest.mark.parametrize("mode", MODES)
def test_from_nusmeft(mode, par):
    """Couplings of N from the electroweak scale, and predict() for many points."""
    names = {
        "bd": ("qn_1311", "lnqd1_1113", "lnqd3_1131"),
        "sd": ("qn_1211", "lnqd1_1112", "lnqd3_1121"),
        "cu": ("nu_1112", "lnuq_1112", "qn_1112"),
    }[MODES[mode].quarks]
    set_masses(par, 0.05)
    symbol = short_distance(mode)
    for name in names:
        w = NuWilson(
            {name: 1e-9 * (1 if name.startswith("qn_11") else 1 + 1j)}, 1e3, "nuSMEFT", "Warsaw"
        )
        assert value(f"{symbol}({mode}inv)", par, w) > value(f"{symbol}({mode}inv)", par)
    x = np.array([0, 1e-9, 3e-9j])
    found = predict(
        f"{symbol}({mode}inv)",
        {names[1]: x},
        scale=1e3,
        eft="nuSMEFT",
        basis="Warsaw",
        par={"m_N1": 0.05},
    )[f"{symbol}({mode}inv)"]
    for point, expected in zip(x, found, strict=True):
        w = NuWilson({names[1]: point}, 1e3, "nuSMEFT", "Warsaw")
        assert value(f"{symbol}({mode}inv)", par, w) == pytest.approx(expected, rel=1e-12, abs=0)


def test_up_type_quarks_take_the_ckm_of_the_parameters(par):
    """VnuuLL = -V qn V^dagger with the CKM elements of flavio's parameters, as they are now."""
    w = NuWilson({"qn_1211": 1e-7j, "qn_2211": 3e-8}, 1e3, "nuSMEFT", "Warsaw")
    qn = np.array([[0, 1e-7j, 0], [-1e-7j, 3e-8, 0], [0, 0, 0]])
    observable = "BR(D0->piinv)"
    for V_us in (par["Vus"], 0.3):
        par["Vus"] = V_us
        V = flavio.physics.ckm.get_ckm(par)
        found = w.sterile(2.0, ("cununu",), "nuWET-4", par)
        assert found["VnuuLL_4412"] == pytest.approx(-(V @ qn @ V.conj().T)[0, 1], rel=1e-9, abs=0)
        low = NuWilson({"VnuuLL_4412": found["VnuuLL_4412"]}, 2.0, "nuWET-4", "JMS")
        expected = value(observable, par, low)
        assert value(observable, par, w) == pytest.approx(expected, rel=1e-9, abs=0)
