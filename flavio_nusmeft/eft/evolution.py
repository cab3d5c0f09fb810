"""Evolution matrices of the operators with N in nuSMEFT.

They are those of one loop with gauge, Yukawa and QCD terms (`rge`), or, for the QCD terms, of more
loops (`running`): the others are then those of one loop times the ratio of QCD factors.

The Standard Model parameters start from wilson's values at m_Z and run with wilson's one-loop beta
functions. Coefficients refer to the basis where down-type quarks and charged leptons are mass
eigenstates at their scale, before and after the running, as in wilson.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from math import exp, log, pi, sqrt
from typing import Any, NamedTuple

import ckmutil.ckm
import ckmutil.diag
import ckmutil.phases
import flavio
import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from wilson.run.smeft import beta as wilson_beta
from wilson.run.smeft import smpar
from wilson.util import smeftutil

from .flavour import Arrays
from .operators import WARSAW
from .rge import CHARGED, NEUTRAL, beta
from .running import M_T, M_Z, qcd_evolution

__all__ = ["Ckm", "Evolution", "evolution", "magnus"]

_STEP = 0.4  # of ln mu; the error of the evolution is then below 1e-8
_CONJUGATED = frozenset({"nedu", "phine"})  # which mix with the others after conjugation
_COUPLINGS = ("gp", "g", "gs")
_YUKAWAS = ("Gu", "Gd", "Ge")


class Ckm(NamedTuple):
    """CKM elements, as in wilson's parameters."""

    Vus: float
    Vub: float
    Vcb: float
    gamma: float


# CKM matrices near which others are: flavio's central one, and wilson's
_KNOWN = tuple(
    Ckm(*(float(source(name)) for name in Ckm._fields))
    for source in (flavio.default_parameters.get_central, smpar.p.__getitem__)
)
_LARGEST = 0.01  # difference of elements; the second order is then below 1e-8
_EPSILON = 1e-3  # of the differences that are the first order


class _Fields(NamedTuple):
    """Unitary rotations of the fields."""

    q: np.ndarray
    u: np.ndarray
    d: np.ndarray
    l: np.ndarray  # noqa: E741
    e: np.ndarray


def _shape(name: str) -> tuple[int, ...]:
    """Of the flavours other than N."""
    return tuple(3 for field in WARSAW[name].fields if field != "n")


def _size(classes: Sequence[str]) -> int:
    return sum(int(np.prod(_shape(name))) for name in classes)


def _to_vectors(C: Arrays, classes: Sequence[str]) -> np.ndarray:
    """Shape (size, number of N flavours)."""
    rows = []
    for name in classes:
        fields = WARSAW[name].fields
        order = sorted(range(len(fields)), key=lambda i: fields[i] == "n")
        array = np.transpose(C[name], order).reshape(int(np.prod(_shape(name))), -1)
        rows.append(array.conj() if name in _CONJUGATED else array)
    return np.concatenate(rows)


def _to_arrays(vectors: np.ndarray, classes: Sequence[str], n: int) -> Arrays:
    """Inverse of `_to_vectors` for n flavours of N; further axes may stand in front."""
    result: Arrays = {}
    start, lead = 0, vectors.shape[:-2]
    for name in classes:
        fields, size = WARSAW[name].fields, int(np.prod(_shape(name)))
        order = sorted(range(len(fields)), key=lambda i: fields[i] == "n")
        part = vectors[..., start : start + size, :]
        part = part.reshape(*lead, *_shape(name), *[n] * fields.count("n"))
        axes = [*range(len(lead)), *(len(lead) + i for i in np.argsort(order))]
        array = np.transpose(part, axes)
        result[name] = array.conj() if name in _CONJUGATED else array
        start += size
    return result


def _generator(classes: Sequence[str], sm: Mapping[str, Any]) -> np.ndarray:
    """A in d(vector)/dlnmu = A vector, for any one flavour of N."""
    units = np.eye(_size(classes), dtype=complex)[..., None]
    running = beta(_to_arrays(units, classes, 1), sm)
    rows = [
        (running[name].conj() if name in _CONJUGATED else running[name]).reshape(len(units), -1)
        for name in classes
    ]
    return np.concatenate(rows, axis=1).T / (16 * pi**2)


def magnus(generator: Any, start: float, end: float, steps: int) -> np.ndarray:
    """Solution U(end) of dU/dt = A(t) U, U(start) = 1, by the Magnus expansion of fourth order.

    Parameters
    ----------
    generator : function t -> A, shape (n, n)
    steps : of equal length, with two Gauss-Legendre nodes each
    """
    h = (end - start) / steps
    result: Any = None
    for step in range(steps):
        middle = start + (step + 0.5) * h
        first, second = (generator(middle + sign * h * sqrt(3) / 6) for sign in (-1, 1))
        commutator = second @ first - first @ second
        factor = expm(h / 2 * (first + second) + sqrt(3) / 12 * h**2 * commutator)
        result = factor if result is None else factor @ result
    return np.asarray(result)


def _standard_model(alpha_s: float, ckm: Ckm) -> dict[str, Any]:
    """wilson's parameters at m_Z with another alpha_s and CKM matrix."""
    zero = smeftutil.C_array2dict(np.zeros(9999, dtype=complex))
    sm = {**zero, **smpar.smeftpar(M_Z, zero, "Warsaw")}
    wilsons = ckmutil.ckm.ckm_tree(*(smpar.p[name] for name in Ckm._fields))
    sm["Gu"] = ckmutil.ckm.ckm_tree(*ckm).conj().T @ wilsons @ sm["Gu"]
    sm["gs"] = sqrt(4 * pi * alpha_s)
    return sm


def _trajectory(sm: dict[str, Any], scales: Sequence[float]) -> Any:
    """The function ln mu -> parameters, between m_Z and the scales."""

    def pack(values: Mapping[str, Any]) -> np.ndarray:
        numbers = [np.array([values[name] for name in _COUPLINGS], dtype=complex)]
        return np.concatenate([*numbers, *(values[name].ravel() for name in _YUKAWAS)])

    def unpack(vector: np.ndarray) -> dict[str, Any]:
        numbers = dict(zip(_COUPLINGS, vector[:3].real.tolist(), strict=True))
        yukawas = vector[3:].reshape(3, 3, 3)
        return numbers | dict(zip(_YUKAWAS, yukawas, strict=True))

    def derivative(t: float, y: np.ndarray) -> np.ndarray:
        running = wilson_beta.beta({**sm, **unpack(y.view(complex))}, newphys=False)
        return pack(running).view(float) / (16 * pi**2)

    start = pack(sm).astype(complex).view(float)
    parts = []
    for end in (min(*scales, M_Z), max(*scales, M_Z)):
        if end != M_Z:
            options = {"method": "DOP853", "rtol": 1e-10, "atol": 1e-12, "dense_output": True}
            span = (log(M_Z), log(end))
            parts.append((span, solve_ivp(derivative, span, start, **options).sol))

    def parameters(t: float) -> dict[str, Any]:
        for (first, last), solution in parts:
            if min(first, last) <= t <= max(first, last):
                return unpack(solution(t).view(complex))
        return unpack(start.view(complex))

    return parameters


def _to_mass_basis(sm: Mapping[str, Any]) -> _Fields:
    """Rotations to the mass basis of down-type quarks and charged leptons at a scale."""
    u_left, _, u_right = ckmutil.diag.msvd(sm["Gu"])
    d_left, _, d_right = ckmutil.diag.msvd(sm["Gd"])
    e_left, _, e_right = ckmutil.diag.msvd(sm["Ge"])
    u_left, d_left, u_right, d_right = ckmutil.phases.rephase_standard(
        u_left, d_left, u_right, d_right
    )
    _, e_left, e_right = ckmutil.phases.rephase_pmns_standard(np.eye(3), e_left, e_right)
    return _Fields(q=d_left, u=u_right, d=d_right, l=e_left, e=e_right)


def _rotated(sm: Mapping[str, Any], fields: _Fields) -> dict[str, Any]:
    q, u, d, l, e = fields  # noqa: E741
    yukawas = {
        "Gu": q.conj().T @ sm["Gu"] @ u,
        "Gd": q.conj().T @ sm["Gd"] @ d,
        "Ge": l.conj().T @ sm["Ge"] @ e,
    }
    return {**sm, **yukawas}


def rotate(C: Arrays, fields: Mapping[str, np.ndarray]) -> Arrays:
    """Coefficients after the change of fields psi -> U psi; fields without a U stay."""
    result: Arrays = {}
    for name, array in C.items():
        rotated = array
        for position, field in enumerate(WARSAW[name].fields):
            if field in fields:
                U = fields[field].conj() if position % 2 == 0 else fields[field]
                rotated = np.moveaxis(np.tensordot(rotated, U, axes=(position, 0)), -1, position)
        result[name] = rotated
    return result


def _hermitian(array: np.ndarray) -> np.ndarray:
    order = (1, 0, 3, 2)[: array.ndim]
    return (array + np.transpose(array, order).conj()) / 2


class _Base:
    """The evolution for given Yukawas at m_Z, in the basis of the fields in which they are given.

    Parameters
    ----------
    scales : from and to, GeV
    sm : wilson's parameters at m_Z
    qcd : alpha_s(m_Z) and number of loops
    """

    def __init__(
        self, scales: tuple[float, float], sm: dict[str, Any], qcd: tuple[float, int]
    ) -> None:
        self.sm, self._scales, self._qcd = sm, scales, qcd
        self._parameters = _trajectory(sm, scales)
        self._matrices: dict[tuple[str, ...], np.ndarray] = {}
        self._responses: dict[tuple[str, ...], np.ndarray] = {}

    @cached_property
    def yukawas(self) -> np.ndarray:
        """Gu, the matrix T in Gd = T Gd(m_Z), and Ge at both scales, shape (2, 3, 3, 3)."""
        to_start = np.linalg.inv(self.sm["Gd"])
        ends = [self._parameters(log(scale)) for scale in self._scales]
        return np.array([[p["Gu"], p["Gd"] @ to_start, p["Ge"]] for p in ends])

    def matrix(self, classes: tuple[str, ...]) -> np.ndarray:
        """For `NEUTRAL` or `CHARGED`."""
        if classes not in self._matrices:
            start, end = map(log, self._scales)
            middle = [log(M_T)] * (
                self._qcd[1] > 1 and min(start, end) < log(M_T) < max(start, end)
            )

            def generator(t: float) -> np.ndarray:
                if self._qcd[1] == 1:
                    return _generator(classes, self._parameters(t))
                # of C/U, with C = U in QCD alone
                factors = self._factors(classes, exp(t))
                others = _generator(classes, self._parameters(t) | {"gs": 0.0})
                return others * factors / factors[:, None]

            matrix = np.eye(_size(classes))
            for first, last in pairwise([start, *middle, end]):
                steps = max(1, int(np.ceil(abs(last - first) / _STEP)))
                matrix = magnus(generator, first, last, steps) @ matrix
            if self._qcd[1] > 1:
                matrix = self._factors(classes, self._scales[1])[:, None] * matrix
            self._matrices[classes] = matrix
        return self._matrices[classes]

    def _factors(self, classes: tuple[str, ...], scale: float) -> np.ndarray:
        """Of QCD from the first scale to another, in the order of `_to_vectors`."""
        alpha_s, loops = self._qcd
        factors = qcd_evolution(self._scales[0], scale, alpha_s, loops=loops)
        return np.concatenate([np.full(_size((n,)), factors[WARSAW[n].qcd]) for n in classes])

    @cached_property
    def _changed(self) -> list[_Base]:
        """For Gd -> (1 + ε E) Gd at m_Z, E with one element 1 or i, in the order of `weights`."""
        units = np.eye(9).reshape(9, 3, 3)
        return [
            _Base(
                self._scales,
                {**self.sm, "Gd": self.sm["Gd"] + factor * E @ self.sm["Gd"]},
                self._qcd,
            )
            for factor in (_EPSILON, 1j * _EPSILON)
            for E in units
        ]

    def weights(self, change: np.ndarray) -> np.ndarray:
        """Of the responses to Gd -> (1 + change) Gd at m_Z."""
        return np.concatenate([change.real.ravel(), change.imag.ravel()]) / _EPSILON

    def respond(self, weights: np.ndarray, classes: tuple[str, ...] | None = None) -> np.ndarray:
        """`matrix`, or `yukawas`, in the first order of a change of Gd at m_Z."""
        own = self.yukawas if classes is None else self.matrix(classes)
        if not weights.any():
            return own
        key = classes or ()
        if key not in self._responses:
            found = [b.matrix(classes) if classes else b.yukawas for b in self._changed]
            self._responses[key] = np.array(found) - own
        return own + np.tensordot(weights, self._responses[key], 1)


@lru_cache(maxsize=8)
def _base(
    scales: tuple[float, float], qcd: tuple[float, int], ckm: Ckm, sm: tuple[float, ...]
) -> _Base:
    return _Base(scales, _standard_model(qcd[0], ckm), qcd)


class Evolution:
    """Evolution of the full arrays of nuSMEFT Warsaw between two scales.

    The matrices act on all coefficients with given flavours of N; classes that are absent and not
    generated are left out, those without running are kept.

    Another CKM matrix than one of `_KNOWN` is a change of the down-type Yukawas in the basis where
    those of up-type quarks stay, and as they are small, 1e-8 exact in its first order.
    """

    def __init__(
        self,
        scale_in: float,
        scale_out: float,
        alpha_s: float,
        ckm: Ckm,
        sm: tuple[float, ...] = (),
        loops: int = 1,
    ) -> None:
        V = ckmutil.ckm.ckm_tree(*ckm)
        near = ckm if ckm in _KNOWN else _KNOWN[0]
        turn = ckmutil.ckm.ckm_tree(*near).conj().T @ V
        if np.abs(turn - np.eye(3)).max() > _LARGEST:
            near, turn = ckm, np.eye(3)
        elif near == ckm:
            turn = np.eye(3)
        self._base = _base((scale_in, scale_out), (alpha_s, loops), near, sm)
        self._weights = self._base.weights(turn - np.eye(3))
        ends = [
            _to_mass_basis({"Gu": Gu, "Gd": T @ turn @ self._base.sm["Gd"], "Ge": Ge})._asdict()
            for Gu, T, Ge in self._base.respond(self._weights)
        ]
        self._from = {field: U.conj().T for field, U in ends[0].items()}
        self._to = ends[1]
        self._matrices: dict[tuple[str, ...], np.ndarray] = {}

    def matrix(self, classes: tuple[str, ...]) -> np.ndarray:
        """For `NEUTRAL` or `CHARGED`, in a basis between those at the ends."""
        if classes not in self._matrices:
            self._matrices[classes] = self._base.respond(self._weights, classes)
        return self._matrices[classes]

    def __call__(self, C: Arrays) -> Arrays:
        """Coefficients at the other scale."""
        C = rotate(C, self._from)
        result: Arrays = {}
        for classes in (NEUTRAL, CHARGED):
            if C.keys().isdisjoint(classes):
                continue
            full = {name: C.get(name, np.zeros(WARSAW[name].shape)) for name in classes}
            vectors = self.matrix(classes) @ _to_vectors(full, classes)
            result |= _to_arrays(vectors, classes, 3)
        for name in C.keys() - result.keys():
            result[name] = C[name]
        result = rotate(result, self._to)
        # exactly hermitian, without the rounding errors of the products
        return result | {n: _hermitian(result[n]) for n in NEUTRAL if n in result}


@lru_cache(maxsize=256)
def evolution(
    scale_in: float,
    scale_out: float,
    alpha_s: float,
    ckm: Ckm,
    sm: tuple[float, ...] = (),
    loops: int = 1,
) -> Evolution:
    """The evolution between two scales (GeV).

    Parameters
    ----------
    alpha_s : at m_Z, in the MSbar scheme
    sm : wilson's parameters at m_Z, which enter; the evolutions for others are kept apart
    loops : of QCD, 1 to 4
    """
    return Evolution(scale_in, scale_out, alpha_s, ckm, sm, loops)
