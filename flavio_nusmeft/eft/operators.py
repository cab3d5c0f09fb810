r"""The operators: one frozen table from which all names, bases and maps are made.

Conventions: four-component fields; the quark and lepton doublets q, l and singlets u, d, e are in
the basis where down-type quarks and charged leptons are mass eigenstates (arXiv:2309.02940
Eq. (7)); n is the right-handed sterile neutrino, a Majorana field N = n + n^c. The index order is
the order of the fields in the operator. In nuWET the left-handed neutrinos
:math:`\nu_\alpha` are the active ones for α = 1..3 and :math:`N_{\alpha-3}^c` for α = 4..6.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

__all__ = [
    "FGMS",
    "JMS",
    "LIAO_MA",
    "NU_SMEFT",
    "N_ACTIVE",
    "N_NEUTRINOS",
    "WARSAW",
    "OperatorClass",
    "Symmetry",
]

N_ACTIVE = 3  # active neutrino flavours
N_NEUTRINOS = 6  # active and sterile ones


@dataclass(frozen=True)
class Symmetry:
    """Symmetry of a coefficient array.

    Every generator ``(permutation, sign, conjugate)`` states
    ``C[indices] = sign * C[permuted indices]``, complex conjugated if ``conjugate``.
    """

    generators: tuple[tuple[tuple[int, ...], int, bool], ...] = ()


NONE = Symmetry()
HERMITIAN_MATRIX = Symmetry((((1, 0), 1, True),))
HERMITIAN = Symmetry((((1, 0, 3, 2), 1, True),))
# two identical singlet currents, exchangeable and Fierz-symmetric (arXiv:1612.04527)
HERMITIAN_FIERZ = Symmetry(
    (((1, 0, 3, 2), 1, True), ((2, 3, 0, 1), 1, False), ((0, 3, 2, 1), 1, False))
)
# two identical currents, exchangeable (SMEFT and WET); hermitian ones
EXCHANGEABLE = Symmetry((((2, 3, 0, 1), 1, False),))
HERMITIAN_EXCHANGEABLE = Symmetry((*HERMITIAN.generators, *EXCHANGEABLE.generators))
SYMMETRIC_MATRIX = Symmetry((((1, 0), 1, False),))
SYMMETRIC = Symmetry((((1, 0, 2, 3), 1, False),))
ANTISYMMETRIC = Symmetry((((1, 0, 2, 3), -1, False),))


@dataclass(frozen=True)
class OperatorClass:
    """One class of operators.

    Attributes
    ----------
    name : class name, the part of a coefficient's name before the underscore
    fields : the field of each index, in order; e.g. ``("l", "n", "q", "d")``
    symmetry : symmetry of the coefficient array
    tex : LaTeX of the operator with one ``{}`` per field
    qcd : how it runs in QCD: "V" (not at all), "S" or "T" (as a quark scalar or tensor current);
        for Warsaw and nuWET, where coefficients run
    """

    name: str
    fields: tuple[str, ...]
    symmetry: Symmetry
    tex: str
    qcd: str = "V"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the full coefficient array."""
        return tuple(_SIZES.get(field, 3) for field in self.fields)


# sizes of index ranges that are not 3: nuWET has 6 neutrinos and no top quark
_SIZES = {"nu": N_NEUTRINOS, "nuc": N_NEUTRINOS, "uL": 2, "uR": 2}


def _table(*classes: OperatorClass) -> MappingProxyType[str, OperatorClass]:
    return MappingProxyType({c.name: c for c in classes})


_VECTOR = r"(\bar {} \gamma_\mu {})(\bar {} \gamma^\mu {})"
_SCALAR_EPS = r"(\bar {}^j {}) \varepsilon_{{jk}} (\bar {}^k {})"
_TENSOR_EPS = (
    r"(\bar {}^j \sigma_{{\mu\nu}} {}) \varepsilon_{{jk}} (\bar {}^k \sigma^{{\mu\nu}} {})"
)

# The 16 dimension-6, B- and L-conserving classes with sterile neutrinos: arXiv:1612.04527, with
# the names and index order of arXiv:2411.07220 and the tensor lnqd3 of arXiv:2309.02940 Eq. (1).
WARSAW = _table(
    OperatorClass("qn", ("q", "q", "n", "n"), HERMITIAN, _VECTOR),
    OperatorClass("nd", ("n", "n", "d", "d"), HERMITIAN, _VECTOR),
    OperatorClass("nu", ("n", "n", "u", "u"), HERMITIAN, _VECTOR),
    OperatorClass("ne", ("n", "n", "e", "e"), HERMITIAN, _VECTOR),
    OperatorClass("ln", ("l", "l", "n", "n"), HERMITIAN, _VECTOR),
    OperatorClass("nn", ("n", "n", "n", "n"), HERMITIAN_FIERZ, _VECTOR),
    OperatorClass("nedu", ("n", "e", "d", "u"), NONE, _VECTOR),
    OperatorClass("lnle", ("l", "n", "l", "e"), NONE, _SCALAR_EPS),
    OperatorClass("lnqd1", ("l", "n", "q", "d"), NONE, _SCALAR_EPS, "S"),
    OperatorClass("lnqd3", ("l", "n", "q", "d"), NONE, _TENSOR_EPS, "T"),
    OperatorClass("lnuq", ("l", "n", "u", "q"), NONE, r"(\bar {}^j {})(\bar {} {}^j)", "S"),
    OperatorClass("nphi", ("l", "n"), NONE, r"(\varphi^\dagger\varphi)(\bar {} \tilde\varphi {})"),
    OperatorClass(
        "phin",
        ("n", "n"),
        HERMITIAN_MATRIX,
        r"(\varphi^\dagger i \overleftrightarrow{{D}}_\mu \varphi)(\bar {} \gamma^\mu {})",
    ),
    OperatorClass(
        "phine", ("n", "e"), NONE, r"i(\tilde\varphi^\dagger D_\mu\varphi)(\bar {} \gamma^\mu {})"
    ),
    OperatorClass(
        "nW",
        ("l", "n"),
        NONE,
        r"(\bar {} \sigma^{{\mu\nu}} {}) \tau^I \tilde\varphi W^I_{{\mu\nu}}",
    ),
    OperatorClass(
        "nB", ("l", "n"), NONE, r"(\bar {} \sigma^{{\mu\nu}} {}) \tilde\varphi B_{{\mu\nu}}"
    ),
)

_QN = OperatorClass("QN", ("q", "q", "n", "n"), HERMITIAN, _VECTOR)
_DN = OperatorClass("dN", ("d", "d", "n", "n"), HERMITIAN, _VECTOR)
_LNQD = OperatorClass("LNQd", ("l", "n", "q", "d"), NONE, _SCALAR_EPS)

# arXiv:2309.02940 Eq. (1)
FGMS = _table(_QN, _DN, _LNQD, OperatorClass("LNQdT", ("l", "n", "q", "d"), NONE, _TENSOR_EPS))
# arXiv:1612.04527; LdQN_prst = (L_p d_r) eps (Q_s N_t)
LIAO_MA = _table(_QN, _DN, _LNQD, OperatorClass("LdQN", ("l", "d", "q", "n"), NONE, _SCALAR_EPS))

NU_SMEFT = MappingProxyType({"Warsaw": WARSAW, "FGMS": FGMS, "LiaoMa": LIAO_MA})

_LEFT_V = r"(\bar {} \gamma_\mu {})(\bar {} \gamma^\mu {})"
_LEFT_S = r"(\overline{{{}}} {})(\bar {} {})"
_LEFT_T = r"(\overline{{{}}} \sigma_{{\mu\nu}} {})(\bar {} \sigma^{{\mu\nu}} {})"
# \nu^c_L gamma_mu e_R: a vector current of the conjugate neutrino
_LEFT_VC = r"(\overline{{{}}} \gamma_\mu {})(\bar {} \gamma^\mu {})"


def _neutral(q: str) -> tuple[OperatorClass, ...]:
    left, right = f"{q}L", f"{q}R"
    scalar, tensor = ("V", "V") if q == "e" else ("S", "T")  # leptons have no colour
    return (
        OperatorClass(f"Vnu{q}LL", ("nu", "nu", left, left), HERMITIAN, _LEFT_V),
        OperatorClass(f"Vnu{q}LR", ("nu", "nu", right, right), HERMITIAN, _LEFT_V),
        OperatorClass(f"Snu{q}LL", ("nuc", "nu", right, left), SYMMETRIC, _LEFT_S, scalar),
        OperatorClass(f"Snu{q}LR", ("nuc", "nu", left, right), SYMMETRIC, _LEFT_S, scalar),
        OperatorClass(f"Tnu{q}LL", ("nuc", "nu", right, left), ANTISYMMETRIC, _LEFT_T, tensor),
    )


# LEFT operators with a neutrino and quarks, arXiv:2309.02940 Eqs. (4) and (6), or with two
# neutrinos and charged leptons; names as in the WET basis JMS, after arXiv:1709.04486.
JMS = _table(
    *_neutral("d"),
    *_neutral("u"),
    *_neutral("e"),
    OperatorClass("VnueduLL", ("nu", "eL", "dL", "uL"), NONE, _LEFT_V),
    OperatorClass("VnueduLR", ("nu", "eL", "dR", "uR"), NONE, _LEFT_V),
    OperatorClass("VnueduRL", ("nuc", "eR", "dL", "uL"), NONE, _LEFT_VC),
    OperatorClass("VnueduRR", ("nuc", "eR", "dR", "uR"), NONE, _LEFT_VC),
    OperatorClass("SnueduLL", ("nuc", "eL", "dR", "uL"), NONE, _LEFT_S, "S"),
    OperatorClass("SnueduLR", ("nuc", "eL", "dL", "uR"), NONE, _LEFT_S, "S"),
    OperatorClass("SnueduRL", ("nu", "eR", "dR", "uL"), NONE, r"(\bar {} {})(\bar {} {})", "S"),
    OperatorClass("SnueduRR", ("nu", "eR", "dL", "uR"), NONE, r"(\bar {} {})(\bar {} {})", "S"),
    OperatorClass("TnueduLL", ("nuc", "eL", "dR", "uL"), NONE, _LEFT_T, "T"),
    OperatorClass(
        "TnueduRR",
        ("nu", "eR", "dL", "uR"),
        NONE,
        r"(\bar {} \sigma_{{\mu\nu}} {})(\bar {} \sigma^{{\mu\nu}} {})",
        "T",
    ),
)
