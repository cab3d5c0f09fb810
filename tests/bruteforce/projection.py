r"""nuSMEFT -> nuWET at tree level by projection of four-fermion amplitudes.

The nuSMEFT Lagrangian is written out in components: SU(2) contractions from explicit tensors, the
hermitian conjugate from :math:`\gamma^0\Gamma^\dagger\gamma^0`, gauge-boson exchange at zero
momentum as :math:`-\frac12 J^T M^{-2}J` in the basis (W1, W2, W3, B) with the mass matrix from the
vacuum value of the Higgs. Its quark-level amplitudes, with random external spinors and both
Majorana contractions, are then fitted by the amplitudes of the LEFT operators. No matching formula
enters.

Conventions: D = d + i g2 T W + i g1 Y B, eps_12 = +1, phitilde = i sigma2 phi*, down quarks and
charged leptons mass eigenstates, q = (V^dagger u, d), right-handed quarks mass eigenstates.
Coefficients in GeV^-2, masses in GeV.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from .rates import CHARGED
from .spinors import (
    GAMMA,
    GAMMA_LOW,
    ID4,
    PAULI,
    PROJECTOR,
    SIGMA,
    SIGMA_LOW,
    bar,
    conjugate,
    u_spinors,
)

Kinds = tuple[str, str, str, str]

STRUCTURES = {
    "S": (ID4[None], ID4[None]),
    "V": (GAMMA, GAMMA_LOW),
    "T": (SIGMA.reshape(16, 4, 4), SIGMA_LOW.reshape(16, 4, 4)),
}
# Fields in the order of the flavour indices, Lorentz type, {SU(2) components: weight}, hermitian.
OPERATORS = {
    "qn": ("qqnn", "V", {(0, 0, 0, 0): 1, (1, 1, 0, 0): 1}, True),
    "nd": ("nndd", "V", {(0, 0, 0, 0): 1}, True),
    "nu": ("nnuu", "V", {(0, 0, 0, 0): 1}, True),
    "ln": ("llnn", "V", {(0, 0, 0, 0): 1, (1, 1, 0, 0): 1}, True),
    "ne": ("nnee", "V", {(0, 0, 0, 0): 1}, True),
    "lnle": ("lnle", "S", {(0, 0, 1, 0): 1, (1, 0, 0, 0): -1}, False),
    "nedu": ("nedu", "V", {(0, 0, 0, 0): 1}, False),
    "lnqd1": ("lnqd", "S", {(0, 0, 1, 0): 1, (1, 0, 0, 0): -1}, False),
    "lnqd3": ("lnqd", "T", {(0, 0, 1, 0): 1, (1, 0, 0, 0): -1}, False),
    "lnuq": ("lnuq", "S", {(0, 0, 0, 0): 1, (1, 0, 0, 1): 1}, False),
}
HYPERCHARGE = {"l": -1 / 2, "q": 1 / 6, "e": -1.0, "u": 2 / 3, "d": -1 / 3, "n": 0.0}


@dataclass(frozen=True)
class Term:
    """c[a, b, i, j] sum_K (psibar_a first_K psi_b)(psibar_i second_K psi_j).

    ``kinds`` are the species (``chi``, ``e``, ``u``, ``d``) of the four mass-eigenstate fields.
    """

    kinds: Kinds
    first: np.ndarray
    second: np.ndarray
    c: np.ndarray

    def conjugated(self) -> Term:
        """Hermitian conjugate."""
        k = self.kinds
        return Term(
            (k[1], k[0], k[3], k[2]),
            _adjoint(self.first),
            _adjoint(self.second),
            np.conj(self.c).transpose(1, 0, 3, 2),
        )

    def swapped(self) -> Term:
        """Exchange the two (commuting) bilinears."""
        kinds = self.kinds[2:] + self.kinds[:2]
        return Term(kinds, self.second, self.first, self.c.transpose(2, 3, 0, 1))


@dataclass(frozen=True)
class Bilinear:
    """c[a, b] psibar_a gamma^mu P psi_b, as part of a current coupled to a gauge boson."""

    kinds: tuple[str, str]
    chirality: str
    c: np.ndarray


def _adjoint(stack: np.ndarray) -> np.ndarray:
    """gamma0 Gamma^dagger gamma0."""
    return GAMMA[0] @ np.conj(np.swapaxes(stack, -1, -2)) @ GAMMA[0]


def _fields(V: np.ndarray) -> dict[str, list[tuple[str, str, np.ndarray]]]:
    """SU(2) components of each field: species, chirality, matrix (flavour, mass eigenstate)."""
    one, none = np.eye(3), np.zeros((3, 3))
    return {
        "l": [("chi", "L", np.hstack([one, none])), ("e", "L", one)],
        "q": [("u", "L", V.conj().T), ("d", "L", one)],
        "n": [("chi", "R", np.hstack([none, one]))],
        "e": [("e", "R", one)],
        "u": [("u", "R", one)],
        "d": [("d", "R", one)],
    }


def _contact_terms(coefficients: Mapping[str, np.ndarray], V: np.ndarray) -> list[Term]:
    """Four-fermion operators in components, with their hermitian conjugates where they have one."""
    fields = _fields(V)
    terms = []
    for name, (slots, structure, components, hermitian) in OPERATORS.items():
        if name not in coefficients:
            continue
        upper, lower = STRUCTURES[structure]
        for indices, weight in components.items():
            parts = [fields[slot][index] for slot, index in zip(slots, indices, strict=True)]
            e1, e2, e3, e4 = (part[2] for part in parts)
            c = np.einsum(
                "prst,pa,rb,si,tj->abij",
                coefficients[name],
                np.conj(e1),
                e2,
                np.conj(e3),
                e4,
                optimize=True,
            )
            term = Term(
                tuple(part[0] for part in parts),
                upper @ PROJECTOR[parts[1][1]],
                lower @ PROJECTOR[parts[3][1]],
                weight * c,
            )
            terms.append(term)
            if not hermitian:
                terms.append(term.conjugated())
    return terms


def _generators(g1: float, g2: float, hypercharge: float, doublet: bool) -> np.ndarray:
    """G_V of D = d + i G_V V for V = W1, W2, W3, B; shape (4, n, n)."""
    n = 2 if doublet else 1
    weak = g2 * PAULI / 2 if doublet else np.zeros((3, 1, 1))
    return np.concatenate([weak, g1 * hypercharge * np.eye(n)[None]])


def _exchange_terms(
    coefficients: Mapping[str, np.ndarray],
    V: np.ndarray,
    m_W: float,
    v: float,
    alpha_e: float,
) -> list[Term]:
    """One gauge boson between phin or phine and a fermion current, at zero momentum."""
    if not {"phin", "phine"} & set(coefficients):
        return []
    fields = _fields(V)
    g2 = 2 * m_W / v
    sin2 = 4 * np.pi * alpha_e / g2**2
    g1 = g2 * np.sqrt(sin2 / (1 - sin2))
    higgs = np.array([0, v / np.sqrt(2)])
    higgs_tilde = np.array([v / np.sqrt(2), 0])
    action = _generators(g1, g2, 0.5, True) @ higgs  # (G_V phi), shape (4, 2)
    inverse_mass2 = np.linalg.pinv(2 * np.real(action.conj() @ action.T), rcond=1e-12)

    standard: list[list[Bilinear]] = [[] for _ in range(4)]
    for name, components in fields.items():
        generators = _generators(g1, g2, HYPERCHARGE[name], len(components) == 2)
        for boson, i, j in product(range(4), range(len(components)), range(len(components))):
            (kind_i, chirality, e_i), (kind_j, _, e_j) = components[i], components[j]
            c = -generators[boson, i, j] * e_i.conj().T @ e_j
            standard[boson].append(Bilinear((kind_i, kind_j), chirality, c))

    chi, e = fields["n"][0][2], fields["e"][0][2]
    new: list[list[Bilinear]] = [[] for _ in range(4)]
    for boson in range(4):
        if "phin" in coefficients:
            vev = 1j * higgs @ (1j * action[boson])
            vev = vev + np.conj(vev)  # left minus right derivative
            c = vev * chi.conj().T @ coefficients["phin"] @ chi
            new[boson].append(Bilinear(("chi", "chi"), "R", c))
        if "phine" in coefficients:
            vev = 1j * higgs_tilde @ (1j * action[boson])
            c = vev * chi.conj().T @ coefficients["phine"] @ e
            new[boson].append(Bilinear(("chi", "e"), "R", c))
            new[boson].append(Bilinear(("e", "chi"), "R", c.conj().T))

    terms = []
    for w, x in product(range(4), range(4)):
        for a, b in product(new[w], standard[x]):
            c = -inverse_mass2[w, x] * np.einsum("ab,ij->abij", a.c, b.c)
            if np.any(c):
                first, second = GAMMA @ PROJECTOR[a.chirality], GAMMA_LOW @ PROJECTOR[b.chirality]
                terms.append(Term(a.kinds + b.kinds, first, second, c))
    return terms


def _sample_spinors(n_samples: int) -> tuple[np.ndarray, ...]:
    """Rows and columns (n, 4) of legs 1 and 2 (v = C ubar^T each) and of two quarks."""
    rng = np.random.default_rng(20230906)
    rows = []
    for _ in range(4):
        spinor = u_spinors(rng.normal(size=(n_samples, 3)), 1.3)
        rows.append(np.einsum("nh,nha->na", rng.normal(size=(n_samples, 2)), bar(spinor)))
    row1, row2, quark_row, quark = rows
    return row1, conjugate(row1), row2, conjugate(row2), quark_row, conjugate(quark)


def _product(
    first: np.ndarray,
    second: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
    quark_row: np.ndarray,
    quark_column: np.ndarray,
) -> np.ndarray:
    """Sum over K of the two bilinears, for each sample."""
    one = np.einsum("na,kab,nb->nk", row, first, column)
    two = np.einsum("na,kab,nb->nk", quark_row, second, quark_column)
    return np.einsum("nk,nk->n", one, two)


def _structure(kind: str, lepton: str, quark: str) -> tuple[np.ndarray, np.ndarray]:
    upper, lower = STRUCTURES[kind]
    return upper @ PROJECTOR[lepton], lower @ PROJECTOR[quark]


def _sector(terms: list[Term], kinds: Kinds) -> list[Term]:
    selected = [t for t in terms if t.kinds == kinds]
    if kinds[:2] != kinds[2:]:
        selected += [t.swapped() for t in terms if t.swapped().kinds == kinds]
    return selected


def _solve(columns: list[np.ndarray], amplitudes: np.ndarray) -> np.ndarray:
    """Least squares for many amplitudes (n, ...); the fit has to be exact."""
    matrix = np.stack(columns, axis=-1)
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        raise ArithmeticError("the LEFT amplitudes are linearly dependent")
    flat = amplitudes.reshape(len(amplitudes), -1)
    solution = np.linalg.lstsq(matrix, flat, rcond=None)[0]
    if not np.allclose(matrix @ solution, flat, rtol=0, atol=1e-11 * np.abs(flat).max(initial=0)):
        raise ArithmeticError("the LEFT operators do not span the nuSMEFT amplitude")
    return solution.reshape(len(columns), *amplitudes.shape[1:])


def _project_neutral(terms: list[Term], quark: str) -> dict[str, np.ndarray]:
    """Neutral-current arrays (6, 6, 3, 3), keys VLL VLR SLL SLR TLL, for quark 'd' or 'u'."""
    row1, col1, row2, col2, quark_row, quark_col = _sample_spinors(40)
    legs12 = (row1, col2, quark_row, quark_col)
    legs21 = (row2, col1, quark_row, quark_col)

    def amplitude(first: np.ndarray, second: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Both contractions for all outgoing (chi_a, chi_b): shape (n, a, b, ...)."""
        direct = np.multiply.outer(_product(first, second, *legs12), c)
        crossed = np.multiply.outer(_product(first, second, *legs21), np.swapaxes(c, 0, 1))
        return direct - crossed

    total = np.zeros((len(row1), 6, 6, 3, 3), dtype=complex)
    for term in _sector(terms, ("chi", "chi", quark, quark)):
        total = total + amplitude(term.first, term.second, term.c)

    arrays = {k: np.zeros((6, 6, 3, 3), dtype=complex) for k in ("VLL", "VLR", "SLL", "SLR", "TLL")}
    conjugates = {k: np.zeros((6, 6, 3, 3), dtype=complex) for k in ("SLL", "SLR", "TLL")}
    other = {"L": "R", "R": "L"}

    def fill(pairs: list[tuple[int, int]], same: bool) -> None:
        """Fit the final states `pairs`; columns are LEFT amplitudes with one unit coefficient."""
        labels, columns = [], []
        # Flavours (0, 1) stand for the pair; for equal flavours the arrays have one entry.
        unit = np.zeros((1, 1)) if same else np.zeros((2, 2))
        at = (0, 0) if same else (0, 1)
        for name in arrays:
            kind, x, y = name
            if kind == "V":
                entries = [at] if same else [(0, 1), (1, 0)]
                for entry in entries:
                    c = unit.copy()
                    c[entry] = 1
                    columns.append(amplitude(*_structure(kind, x, y), c)[(slice(None), *at)])
                    labels.append((name, entry == (1, 0), False))
                continue
            c = unit.copy()
            c[at] = 1
            c = c + c.T if kind == "S" else c - c.T
            if same:
                c = c / 2
            if not np.any(c):
                continue
            columns.append(amplitude(*_structure(kind, x, y), c)[(slice(None), *at)])
            labels.append((name, False, False))
            hermitian = _structure(kind, other[x], other[y])
            columns.append(amplitude(*hermitian, c.T)[(slice(None), *at)])
            labels.append((name, False, True))
        a, b = np.array(pairs).T
        for (name, exchanged, is_conjugate), x in zip(
            labels, _solve(columns, total[:, a, b]), strict=True
        ):
            if is_conjugate:
                conjugates[name][a, b] = np.conj(np.swapaxes(x, -1, -2))
            elif exchanged:
                arrays[name][b, a] = x
            else:
                arrays[name][a, b] = x

    fill([(a, a) for a in range(6)], True)
    fill([(a, b) for a in range(6) for b in range(a + 1, 6)], False)
    scale = max(float(np.abs(array).max()) for array in arrays.values())
    for name, array in conjugates.items():
        if not np.allclose(array, arrays[name], rtol=0, atol=1e-10 * scale):
            raise ArithmeticError(f"{name}: conjugate processes give different coefficients")
        lower = np.tril_indices(6, -1)
        arrays[name][lower] = array[lower[::-1]] * (-1 if name[0] == "T" else 1)
    for name in ("VLL", "VLR"):
        if not np.allclose(
            arrays[name], np.conj(arrays[name]).transpose(1, 0, 3, 2), rtol=0, atol=1e-10 * scale
        ):
            raise ArithmeticError(f"{name} is not hermitian")
    return arrays


def _project_charged(terms: list[Term]) -> dict[str, np.ndarray]:
    """Charged-current arrays (6, 3, 3, 3), keys of `CHARGED`."""
    row1, _, _, column, quark_row, quark_col = _sample_spinors(40)
    legs = (row1, column, quark_row, quark_col)
    total = np.zeros((len(row1), 6, 3, 3, 3), dtype=complex)
    for term in _sector(terms, ("chi", "e", "d", "u")):
        total = total + np.multiply.outer(_product(term.first, term.second, *legs), term.c)
    columns = [_product(*_structure(*chirality), *legs) for chirality in CHARGED.values()]
    return dict(zip(CHARGED, _solve(columns, total), strict=True))


def project_nuwet(
    coefficients: Mapping[str, np.ndarray],
    V: np.ndarray,
    m_W: float,
    v: float,
    alpha_e: float,
) -> dict[str, np.ndarray]:
    """Return all tree-level nuWET coefficient arrays of a nuSMEFT point.

    Parameters
    ----------
    coefficients : mapping
        Any of ``qn nd nu nedu lnqd1 lnqd3 lnuq`` (3, 3, 3, 3) and ``phin phine`` (3, 3), index
        order of the fields in the name; L is the sum over all indices. qn, nd, nu, phin are
        hermitian (qn_prst* = qn_rpts); h.c. is added for the other classes.
    V : ndarray, shape (3, 3)
        CKM matrix.
    m_W, v, alpha_e : float
        g2 = 2 m_W/v, s_W^2 = 4 pi alpha_e/g2^2.

    Returns
    -------
    dict
        ``VnudLL VnudLR SnudLL SnudLR TnudLL`` and ``Vnuu.. Snuu.. Tnuu..``, shape (6, 6, 3, 3):
        L is the sum over all indices of C O, plus h.c. for S and T; V hermitian, S symmetric,
        T antisymmetric in the neutrinos. Charged ones (`rates.CHARGED`), shape (6, 3, 3, 3) in the
        order (neutrino, lepton, down, up), plus h.c.

    Raises
    ------
    ArithmeticError
        If a fit is not exact, or the result lacks its symmetry.
    """
    terms = _contact_terms(coefficients, V)
    terms += _exchange_terms(coefficients, V, m_W, v, alpha_e)
    result = {}
    for quark in "du":
        for name, array in _project_neutral(terms, quark).items():
            result[f"{name[0]}nu{quark}{name[1:]}"] = array
    return result | _project_charged(terms)
