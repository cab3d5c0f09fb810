"""UV models with sterile neutrinos: tree-level matching onto all operators of nuSMEFT.

Every function takes the mass (GeV) and the couplings of one heavy particle, and returns a
`NuWilson` at the scale of that mass with all dimension-six coefficients of nuSMEFT Warsaw that its
exchange generates, those of SMEFT included: observables of this package and stock flavio
observables can be computed from the same object.

Couplings are 3x3 arrays in flavour, the indices in the order in which the fields stand in the
Lagrangian; those that are not given vanish. As everywhere, the quark doublets q and lepton doublets
l are in the basis where down-type quarks and charged leptons are mass eigenstates. C is the charge
conjugation matrix, psi^c = C psibar^T, epsilon_12 = 1, phi~ = i sigma_2 phi*. Tree-level exchange
at dimension six, without running above or loops at the threshold; the scalars eta, S1 and R2~ are
those of arXiv:2309.02940 Sec. 5.

Left out of every model: mixing of a Z' or W' with the Z or W (couplings to the Higgs current),
couplings of S1 and V2~ to two quarks, which would make the proton decay, kinetic mixing, magnetic
couplings of vectors, and couplings to the Higgs doublet that act at dimension eight or in loops
only, like ``|S1|² phi† phi``.

`add` makes one object of several models.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike
from wilson.util import smeftutil

from ._inputs import number, numbers
from .eft.flavour import Arrays, from_arrays
from .eft.operators import WARSAW
from .eft.standard import options_of
from .eft.wilson import NuWilson
from .errors import (
    InvalidMass,
    InvalidScale,
    InvalidShape,
    InvalidValue,
    NeutrinoMassWarning,
    UnknownBasis,
)

__all__ = [
    "S1",
    "U1",
    "R2_tilde",
    "U1_bar",
    "V2_tilde",
    "W_prime",
    "Z_prime",
    "add",
    "scalar_doublet",
]


def __dir__() -> list[str]:
    return sorted(__all__)


_V = 246.22  # GeV, (√2 G_F)^(-1/2), as in wilson
_PERTURBATIVE = 4 * np.pi


def scalar_doublet(
    mass: float,
    *,
    y_N: ArrayLike | None = None,
    y_d: ArrayLike | None = None,
    y_u: ArrayLike | None = None,
    y_e: ArrayLike | None = None,
    lam: complex = 0.0,
) -> NuWilson:
    """Second Higgs doublet eta (1, 2, -1/2).

    In the basis where it has no vacuum expectation value at leading order:

    L = -y_N lbar N eta - y_d qbar (i sigma_2 eta*) d - y_u qbar eta u
        - y_e lbar (i sigma_2 eta*) e - lam (phi† phi)(phi~† eta) + h.c.

    phi~† eta = eta^T i sigma_2 phi is the singlet of eta and the Higgs doublet phi (1, 2, 1/2).
    ``lam`` gives phi, the potential of the Higgs boson, and with the other couplings uphi, dphi,
    ephi and nphi, which shift its couplings and the masses of the fermions. nphi is a Dirac mass of
    N with the active neutrinos: it means mixing, which is neglected everywhere else.

    Parameters
    ----------
    mass : float
        Of the heavy particle, GeV; the scale of the coefficients.
    y_N, y_d, y_u, y_e : array_like, optional
        Couplings, shape (3, 3), indices in the order of the Lagrangian; default: 0.
    lam : complex, default 0.0
        Coupling to three Higgs fields.

    Returns
    -------
    NuWilson
        Coefficients of nuSMEFT Warsaw at the scale ``mass``.

    Raises
    ------
    InvalidMass, InvalidShape, InvalidValue

    Warns
    -----
    NeutrinoMassWarning
        If both ``lam`` and ``y_N`` are not zero.
    """
    N, d, u, e = _couplings(y_N=y_N, y_d=y_d, y_u=y_u, y_e=y_e)
    quartic = _number("lam", lam)
    model = _point(
        mass,
        {
            "lnqd1": -np.einsum("pr,st->prst", N, d),
            "lnuq": np.einsum("pr,ts->prst", N, u.conj()),
            "lnle": -np.einsum("pr,st->prst", N, e),
            "ln": -np.einsum("pt,rs->prst", N, N.conj()) / 2,
            "nphi": np.conj(quartic) * N,
        },
        {
            "qd1": -np.einsum("pt,rs->prst", d, d.conj()) / 6,
            "qd8": -np.einsum("pt,rs->prst", d, d.conj()),
            "qu1": -np.einsum("pt,rs->prst", u, u.conj()) / 6,
            "qu8": -np.einsum("pt,rs->prst", u, u.conj()),
            "le": -np.einsum("pt,rs->prst", e, e.conj()) / 2,
            "ledq": np.einsum("pr,ts->prst", e, d.conj()),
            "quqd1": -np.einsum("pr,st->prst", u, d),
            "lequ1": np.einsum("pr,st->prst", e, u),
            "phi": np.array(abs(quartic) ** 2),
            "uphi": np.conj(quartic) * u,
            "dphi": -quartic * d,
            "ephi": -quartic * e,
        },
    )
    # <phi~> = (v/√2, 0) in (phi† phi) lbar phi~ N
    dirac = abs(quartic) * abs(N).max() * _V**3 / (2 * np.sqrt(2) * model.wc.scale**2)
    if dirac:
        warnings.warn(
            f"lam and y_N give N and the active neutrinos a Dirac mass of up to {dirac:.2g} GeV"
            " (nphi), and N mixes with them unless a Yukawa coupling of N cancels it; mixing is"
            " neglected here: set lam = 0, or take N as unmixed on purpose",
            NeutrinoMassWarning,
            stacklevel=2,
        )
    return model


def S1(
    mass: float,
    *,
    y_L: ArrayLike | None = None,
    y_R: ArrayLike | None = None,
    y_N: ArrayLike | None = None,
) -> NuWilson:
    """Scalar leptoquark S1 (3bar, 1, 1/3).

    L = S1 [y_L (q^c)bar^i epsilon_ij l^j + y_R (u^c)bar e + y_N (d^c)bar N] + h.c.

    With y_L and y_N scalar and tensor come together, lnqd3 = -lnqd1/4. Couplings to two quarks,
    which would make the proton decay, are absent.

    Parameters
    ----------
    mass : float
        Of the heavy particle, GeV; the scale of the coefficients.
    y_L, y_R, y_N : array_like, optional
        Couplings, shape (3, 3), indices in the order of the Lagrangian; default: 0.

    Returns
    -------
    NuWilson
        Coefficients of nuSMEFT Warsaw at the scale ``mass``.

    Raises
    ------
    InvalidMass, InvalidShape, InvalidValue
    """
    L, R, N = _couplings(y_L=y_L, y_R=y_R, y_N=y_N)
    scalar = np.einsum("sp,tr->prst", L.conj(), N) / 2
    charged = np.einsum("tr,sp->prst", R, L.conj()) / 2
    lq1 = np.einsum("tr,sp->prst", L, L.conj()) / 4
    return _point(
        mass,
        {
            "nd": np.einsum("tr,sp->prst", N, N.conj()) / 2,
            "nedu": np.einsum("tr,sp->prst", R, N.conj()) / 2,
            "lnqd1": scalar,
            "lnqd3": -scalar / 4,
        },
        {
            "eu": np.einsum("tr,sp->prst", R, R.conj()) / 2,
            "lq1": lq1,
            "lq3": -lq1,
            "lequ1": charged,
            "lequ3": -charged / 4,
        },
    )


def R2_tilde(
    mass: float, *, y_N: ArrayLike | None = None, y_L: ArrayLike | None = None
) -> NuWilson:
    """Scalar leptoquark R2~ (3, 2, 1/6).

    L = y_N qbar R2~ N + y_L dbar R2~^i epsilon_ij l^j + h.c.

    With both couplings scalar and tensor come together, lnqd3 = lnqd1/4. (With the other order of
    R2~ and l in the second term both change sign.)

    Parameters
    ----------
    mass : float
        Of the heavy particle, GeV; the scale of the coefficients.
    y_N, y_L : array_like, optional
        Couplings, shape (3, 3), indices in the order of the Lagrangian; default: 0.

    Returns
    -------
    NuWilson
        Coefficients of nuSMEFT Warsaw at the scale ``mass``.

    Raises
    ------
    InvalidMass, InvalidShape, InvalidValue
    """
    N, L = _couplings(y_N=y_N, y_L=y_L)
    scalar = np.einsum("sr,tp->prst", N, L.conj()) / 2
    return _point(
        mass,
        {
            "qn": -np.einsum("pt,rs->prst", N, N.conj()) / 2,
            "lnqd1": scalar,
            "lnqd3": scalar / 4,
        },
        {"ld": -np.einsum("sr,tp->prst", L, L.conj()) / 2},
    )


def Z_prime(
    mass: float,
    *,
    g_q: ArrayLike | None = None,
    g_u: ArrayLike | None = None,
    g_d: ArrayLike | None = None,
    g_l: ArrayLike | None = None,
    g_e: ArrayLike | None = None,
    g_N: ArrayLike | None = None,
) -> NuWilson:
    """Z' (1, 1, 0) without mixing with the Z.

    L = Z'_mu J^mu,  J^mu = sum over fields of g psibar gamma^mu psi, with hermitian g.

    Parameters
    ----------
    mass : float
        Of the heavy particle, GeV; the scale of the coefficients.
    g_q, g_u, g_d, g_l, g_e, g_N : array_like, optional
        Couplings, shape (3, 3), hermitian; default: 0.

    Returns
    -------
    NuWilson
        Coefficients of nuSMEFT Warsaw at the scale ``mass``.

    Raises
    ------
    InvalidMass, InvalidShape, InvalidValue
        Also if a matrix is not hermitian.
    """
    given = {"g_q": g_q, "g_u": g_u, "g_d": g_d, "g_l": g_l, "g_e": g_e, "g_N": g_N}
    q, u, d, l, e, n = _couplings(**given)  # noqa: E741
    for name, g in zip(given, (q, u, d, l, e, n), strict=True):
        wrong = np.argwhere(abs(g - g.conj().T) > 1e-12 * abs(g).max())
        if len(wrong):
            i, j = wrong[0]
            raise InvalidValue(
                f"{name} is not hermitian: {name}[{i}, {j}] = {g[i, j]} is not the complex"
                f" conjugate of {name}[{j}, {i}] = {g[j, i]}"
            )
        g += g.conj().T.copy()
        g /= 2  # exactly hermitian, so that real coefficients are

    def between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        factor = 1 / 2 if first is second else 1.0
        return -factor * np.einsum("pr,st->prst", first, second)

    def identical(g: np.ndarray) -> np.ndarray:
        """Singlets, whose operators are symmetric in the flavours of both unbarred fields."""
        product = between(g, g)
        return (product + np.einsum("ptsr->prst", product)) / 2

    return _point(
        mass,
        {
            "qn": between(q, n),
            "nu": between(n, u),
            "nd": between(n, d),
            "ln": between(l, n),
            "ne": between(n, e),
            "nn": identical(n),
        },
        {
            "qq1": between(q, q),
            "uu": between(u, u),
            "dd": between(d, d),
            "ll": between(l, l),
            "ee": identical(e),
            "qu1": between(q, u),
            "qd1": between(q, d),
            "ud1": between(u, d),
            "lq1": between(l, q),
            "lu": between(l, u),
            "ld": between(l, d),
            "le": between(l, e),
            "qe": between(q, e),
            "eu": between(e, u),
            "ed": between(e, d),
        },
    )


def W_prime(mass: float, *, g_N: ArrayLike | None = None, g_R: ArrayLike | None = None) -> NuWilson:
    """W' (1, 1, 1) without mixing with the W.

    L = W'_mu (g_N Nbar gamma^mu e + g_R ubar gamma^mu d) + h.c.

    Parameters
    ----------
    mass : float
        Of the heavy particle, GeV; the scale of the coefficients.
    g_N, g_R : array_like, optional
        Couplings, shape (3, 3), indices in the order of the Lagrangian; default: 0.

    Returns
    -------
    NuWilson
        Coefficients of nuSMEFT Warsaw at the scale ``mass``.

    Raises
    ------
    InvalidMass, InvalidShape, InvalidValue
    """
    N, R = _couplings(g_N=g_N, g_R=g_R)
    return _point(
        mass,
        {
            "nedu": -np.einsum("pr,ts->prst", N, R.conj()),
            "ne": -np.einsum("pt,rs->prst", N, N.conj()),
        },
        {
            "ud1": -np.einsum("pt,rs->prst", R, R.conj()) / 3,
            "ud8": -2 * np.einsum("pt,rs->prst", R, R.conj()),
        },
    )


def U1(
    mass: float,
    *,
    x_L: ArrayLike | None = None,
    x_R: ArrayLike | None = None,
    x_N: ArrayLike | None = None,
) -> NuWilson:
    """Vector leptoquark U1 (3, 1, 2/3).

    L = U1_mu (x_L qbar gamma^mu l + x_R dbar gamma^mu e + x_N ubar gamma^mu N) + h.c.

    Parameters
    ----------
    mass : float
        Of the heavy particle, GeV; the scale of the coefficients.
    x_L, x_R, x_N : array_like, optional
        Couplings, shape (3, 3), indices in the order of the Lagrangian; default: 0.

    Returns
    -------
    NuWilson
        Coefficients of nuSMEFT Warsaw at the scale ``mass``.

    Raises
    ------
    InvalidMass, InvalidShape, InvalidValue
    """
    L, R, N = _couplings(x_L=x_L, x_R=x_R, x_N=x_N)
    lq = -np.einsum("sr,tp->prst", L, L.conj()) / 2
    return _point(
        mass,
        {
            "nu": -np.einsum("sr,tp->prst", N, N.conj()),
            "nedu": -np.einsum("sr,tp->prst", R, N.conj()),
            "lnuq": 2 * np.einsum("sr,tp->prst", N, L.conj()),
        },
        {
            "lq1": lq,
            "lq3": lq,
            "ed": -np.einsum("sr,tp->prst", R, R.conj()),
            "ledq": 2 * np.einsum("sr,tp->prst", R, L.conj()),
        },
    )


def U1_bar(mass: float, *, x_N: ArrayLike | None = None) -> NuWilson:
    """Vector leptoquark U1bar (3, 1, -1/3).

    L = U1bar_mu x_N dbar gamma^mu N + h.c.

    Parameters
    ----------
    mass : float
        Of the heavy particle, GeV; the scale of the coefficients.
    x_N : array_like, optional
        Couplings, shape (3, 3), indices in the order of the Lagrangian; default: 0.

    Returns
    -------
    NuWilson
        Coefficients of nuSMEFT Warsaw at the scale ``mass``.

    Raises
    ------
    InvalidMass, InvalidShape, InvalidValue
    """
    (N,) = _couplings(x_N=x_N)
    return _point(mass, {"nd": -np.einsum("sr,tp->prst", N, N.conj())}, {})


def V2_tilde(
    mass: float, *, x_N: ArrayLike | None = None, x_L: ArrayLike | None = None
) -> NuWilson:
    """Vector leptoquark V2~ (3bar, 2, -1/6).

    L = epsilon_ij V2~_mu^j (x_N (q^c)bar^i gamma^mu N + x_L (u^c)bar gamma^mu l^i) + h.c.

    Parameters
    ----------
    mass : float
        Of the heavy particle, GeV; the scale of the coefficients.
    x_N, x_L : array_like, optional
        Couplings, shape (3, 3), indices in the order of the Lagrangian; default: 0.

    Returns
    -------
    NuWilson
        Coefficients of nuSMEFT Warsaw at the scale ``mass``.

    Raises
    ------
    InvalidMass, InvalidShape, InvalidValue
    """
    N, L = _couplings(x_N=x_N, x_L=x_L)
    return _point(
        mass,
        {
            "qn": np.einsum("rt,ps->prst", N, N.conj()),
            "lnuq": 2 * np.einsum("tr,sp->prst", N, L.conj()),
        },
        {"lu": np.einsum("tr,sp->prst", L, L.conj())},
    )


def add(*models: NuWilson) -> NuWilson:
    """The sum of the coefficients of several models, all at the same scale.

    Heavy particles of different masses belong to different scales. Take the heavier model to the
    scale of the lighter one first, which neglects loops with both:

    ``heavy = NuWilson.from_wc(heavy.match_run(light.wc.scale, "nuSMEFT", "Warsaw"))``

    Couplings of two heavy particles to each other are not part of it. The sum has the options of
    the models, which must agree.

    Parameters
    ----------
    *models : NuWilson
        Objects of one scale, EFT and basis, with the same options.

    Returns
    -------
    NuWilson
        The sum.

    Raises
    ------
    InvalidScale
        If the scales differ.
    UnknownBasis
        If the EFT or the basis differ.
    InvalidValue
        If the options differ, or without any model.
    """
    if not models:
        raise InvalidValue("nothing to add: give the models, add(first, second)")
    first = models[0].wc
    values: dict[str, complex] = {}
    for model in models:
        wc = model.wc
        if (wc.eft, wc.basis) != (first.eft, first.basis):
            raise UnknownBasis(
                f"cannot add coefficients of {wc.eft} {wc.basis} to those of {first.eft}"
                f" {first.basis}: translate them with match_run"
            )
        if wc.scale != first.scale:
            low = min(wc.scale, first.scale)
            raise InvalidScale(
                f"cannot add coefficients at {wc.scale:g} GeV to those at {first.scale:g} GeV: run"
                f" the heavier model w to the lower scale, NuWilson.from_wc(w.match_run({low:g},"
                f" '{first.eft}', '{first.basis}'))"
            )
        if options_of(model) != options_of(models[0]):
            raise InvalidValue(
                f"the options of the models differ: {options_of(model)} and"
                f" {options_of(models[0])}; set them alike with set_option"
            )
        for name, value in wc.dict.items():
            values[name] = values.get(name, 0) + value
    total = NuWilson(values, first.scale, first.eft, first.basis)
    for key, value in options_of(models[0]).items():
        total.set_option(key, value)
    return total


def _couplings(**matrices: ArrayLike | None) -> list[np.ndarray]:
    """Checked arrays of couplings, zero where there is none."""
    result = []
    for name, matrix in matrices.items():
        if matrix is None:
            result.append(np.zeros((3, 3), dtype=complex))
            continue
        array = numbers(name, matrix).astype(complex)
        if array.shape != (3, 3):
            raise InvalidShape(f"{name} has the shape {array.shape}, it must be (3, 3)")
        for (i, j), value in np.ndenumerate(array):
            _check(f"{name}[{i}, {j}]", value)
        result.append(array)
    return result


def _number(name: str, value: complex) -> complex:
    """A checked coupling without flavour."""
    array = numbers(name, value)
    if array.ndim:
        raise InvalidValue(f"{name} must be one number, not an array of shape {array.shape}")
    _check(name, complex(array))
    return complex(array)


def _check(name: str, value: complex) -> None:
    if not np.isfinite(value):
        raise InvalidValue(f"{name} = {value} is not finite")
    if abs(value) > _PERTURBATIVE:
        raise InvalidValue(
            f"|{name}| = {abs(value):.3g} is larger than 4 pi: the exchange at tree level means"
            " nothing for such a coupling"
        )


def _point(mass: float, sterile: Arrays, standard: Arrays) -> NuWilson:
    """Coefficients from full arrays, in units of 1/mass²."""
    size = number("mass", mass, InvalidMass)
    if not _V < size < np.inf:
        raise InvalidMass(
            f"mass = {mass} GeV: nuSMEFT needs a mass above the electroweak scale, {_V} GeV"
        )
    values = from_arrays(sterile, WARSAW)
    if standard:
        arrays = smeftutil.add_missing({k: np.asarray(v) for k, v in standard.items()})
        values |= smeftutil.arrays2wcxf_nonred(arrays)
    scaled = {name: complex(value) / size**2 for name, value in values.items() if value != 0}
    return NuWilson(scaled, size, "nuSMEFT", "Warsaw")
