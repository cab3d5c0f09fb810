"""The WCxf EFTs and bases ``nuSMEFT`` and ``nuWET``, generated from the operator table.

The same documents are shipped as YAML files in ``data/bases``, written by `write`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from wilson import wcxf

from .._inputs import text
from ..errors import UnknownBasis, nearest
from .flavour import Coefficient, lookup
from .operators import JMS, NU_SMEFT
from .theories import HIGH, LOW, THEORIES, EffectiveTheory, theory_of

__all__ = ["check_readable", "documents", "known_coefficients", "register", "write"]

STERILE = "sterile"

_QUARKS = {"d": LOW[0].down, "u": LOW[0].up}
_FLAVOUR_CHANGING = {frozenset(s[:2]): s for s in ("sbnunu", "dbnunu", "sdnunu", "cununu")}
_LEPTON_CHANGING = {(0, 1): "nunumue", (1, 2): "nunumutau", (0, 2): "nunutaue"}
_NUMBERS = {5: "five", 4: "four", 3: "three"}
_LEPTONS = ("e", "mu", "tau")
_LEPTON_TEX = ("e", r"\mu", r"\tau")


@cache
def _sector_name(fields: tuple[str, ...], lepton: int, i: int, j: int) -> str:
    """Sector of a nuWET coefficient, named as in WET: sbnunu, cbenu, nunumue.

    i, j are the indices of its last two fields, ``fields``, quarks or charged leptons.
    """
    if fields[0][0] == "e":
        return "ffnunu" if i == j else _LEPTON_CHANGING[min(i, j), max(i, j)]
    first, second = _QUARKS[fields[0][0]][i], _QUARKS[fields[1][0]][j]
    if fields[0][0] != fields[1][0]:
        return f"{second}{first}{_LEPTONS[lepton]}nu"
    if i == j:
        return "ffnunu"
    return _FLAVOUR_CHANGING[frozenset((first, second))]


@cache
def _symbol(field: str, index: int) -> str:
    """LaTeX of a field of one flavour."""
    if field in ("nu", "nuc"):
        if index >= 3:
            return f"N_{{{index - 2}}}" if field == "nuc" else f"N^c_{{{index - 2}}}"
        return rf"\nu_{{{_LEPTON_TEX[index]} L}}" + ("^c" if field == "nuc" else "")
    if field[-1] in "LR":
        flavour = _LEPTON_TEX[index] if field[0] == "e" else _QUARKS[field[0]][index]
        return f"{flavour}_{field[-1]}"
    return f"{field}_{index + 1}"


def _entry(coefficient: Coefficient) -> dict[str, Any]:
    operator = coefficient.operator
    symbols = map(_symbol, operator.fields, coefficient.indices)
    entry: dict[str, Any] = {"tex": operator.tex.format(*symbols)}
    if coefficient.real:
        entry["real"] = True
    return entry


_DESCRIPTIONS = {
    "Warsaw": (
        "All dimension-6 operators of SMEFT Warsaw and the 16 B- and L-conserving classes with"
        " right-handed sterile neutrinos n (arXiv:1612.04527); names and index order of"
        " arXiv:2411.07220, with the tensor lnqd3 = (l sigma n) eps (q sigma d) in place of a"
        " second scalar. The operator of phine is i(phitilde^dagger D_mu phi)(nbar gamma^mu e),"
        " without a left-right derivative. L = sum_i C_i O_i (+ h.c. if O_i is not hermitian)."
        " Down-type quarks and charged leptons are mass eigenstates."
    ),
    "FGMS": (
        "The four operators of Felkl, Giri, Mohanta, Schmidt, arXiv:2309.02940 Eq. (1), with"
        " scalar and tensor not mixing in QCD; index order of the paper (the N indices of dN"
        " come last)."
    ),
    "LiaoMa": (
        "The operators of arXiv:2309.02940 Eq. (1) in the scalar basis of Liao and Ma,"
        " arXiv:1612.04527: LdQN_prst = (l_p d_r) eps (q_s n_t) in place of the tensor."
    ),
    "JMS": (
        "Operators with a neutrino and quarks, or with two neutrinos and two charged leptons, of"
        " the low-energy EFT with 3 active (1, 2, 3) and 3 sterile (4, 5, 6) neutrinos,"
        " arXiv:2309.02940 Eqs. (4) and (6), after arXiv:1709.04486. Every operator stands once:"
        " coefficients symmetric or antisymmetric in the neutrino indices are kept for increasing"
        " indices and count both orders. The coefficients of WET JMS with neutrinos and quarks or"
        " charged leptons have the same names and meaning. Top quarks, dipoles and operators with"
        " four neutrinos are not included."
    ),
}


def _survives(coefficient: Coefficient, theory: EffectiveTheory) -> bool:
    """Whether a theory has all quarks, or charged leptons, of an operator of nuWET."""
    fields, indices = coefficient.operator.fields[2:], coefficient.indices[2:]
    quarks = theory.up + theory.down
    pairs = [(f[0], i) for f, i in zip(fields, indices, strict=True)]
    return all(i < theory.leptons if f == "e" else _QUARKS[f][i] in quarks for f, i in pairs)


@cache
def _nuwet_sectors() -> dict[str, dict[str, dict[str, Any]]]:
    # sectors in the order of WET
    sectors: dict[str, dict[str, dict[str, Any]]] = {
        name: {}
        for name in wcxf.EFT[LOW[0].standard].sectors
        if name.endswith(("enu", "munu", "taunu"))
    }
    changing = (*_FLAVOUR_CHANGING.values(), *_LEPTON_CHANGING.values())
    sectors |= {name: {} for name in (*changing, "ffnunu")}
    for coefficient in lookup(JMS).values():
        fields, (_, lepton, i, j) = coefficient.operator.fields, coefficient.indices
        charged = fields[1] in ("eL", "eR")
        sector = _sector_name(fields[2:], lepton if charged else 0, i, j)
        sectors[sector][coefficient.name] = _entry(coefficient)
    return sectors


def _sectors(theory: EffectiveTheory) -> dict[str, dict[str, dict[str, Any]]]:
    """Sectors of nuWET, as far as WET has them with the quarks of a theory."""
    kept = {name for name, coefficient in lookup(JMS).items() if _survives(coefficient, theory)}
    wet = wcxf.EFT[theory.standard].sectors
    return {
        sector: {name: entry for name, entry in entries.items() if name in kept}
        for sector, entries in _nuwet_sectors().items()
        if sector in wet
    }


def documents() -> dict[str, dict[str, Any]]:
    """All EFT and basis documents by file name (without ending), ready to dump or load."""
    sterile = {
        basis: {STERILE: {name: _entry(c) for name, c in lookup(table).items()}}
        for basis, table in NU_SMEFT.items()
    }
    sterile["Warsaw"] = {**wcxf.Basis[HIGH.standard, HIGH.hub].sectors, **sterile["Warsaw"]}
    result: dict[str, dict[str, Any]] = {
        "nusmeft.eft": {
            "eft": "nuSMEFT",
            "metadata": {
                "description": "Standard Model Effective Field Theory with three right-handed"
                " sterile neutrinos"
            },
            "sectors": {
                **wcxf.EFT[HIGH.standard].sectors,
                STERILE: {
                    "tex": "N",
                    "description": "Baryon- and lepton-number conserving operators with sterile"
                    " neutrinos (N carries lepton number)",
                },
            },
        },
    }
    for basis, sectors in sterile.items():
        result[f"nusmeft.{basis.lower()}.basis"] = _basis("nuSMEFT", basis, sectors)
    for theory in LOW:
        sectors, eft = _sectors(theory), theory.eft
        result[f"{eft.lower()}.eft"] = {
            "eft": eft,
            "metadata": {
                "description": f"Low-energy effective theory with {_NUMBERS[theory.flavours]} quark"
                " flavours, three active and three sterile neutrinos: operators with neutrinos"
                " and quarks or charged leptons"
            },
            "sectors": {name: wcxf.EFT[theory.standard].sectors[name] for name in sectors},
        }
        result[f"{eft.lower()}.jms.basis"] = _basis(eft, "JMS", sectors)
    return result


def _basis(eft: str, basis: str, sectors: dict[str, Any]) -> dict[str, Any]:
    return {
        "eft": eft,
        "basis": basis,
        "metadata": {"description": _DESCRIPTIONS[basis]},
        "sectors": sectors,
    }


def register() -> None:
    """Make the EFTs and bases known to ``wilson.wcxf``; what exists there already is kept."""
    for document in documents().values():
        if "basis" in document:
            if (document["eft"], document["basis"]) not in wcxf.Basis.instances:
                wcxf.Basis(**document)
        elif document["eft"] not in wcxf.EFT.instances:
            wcxf.EFT(**document)
    _coefficients.cache_clear()


def known_coefficients(eft: str, basis: str) -> dict[str, bool]:
    """Names of the coefficients of any registered basis, and whether each is real.

    Raises
    ------
    UnknownBasis
    """
    return _coefficients(text("the EFT", eft, UnknownBasis), text("the basis", basis, UnknownBasis))


@cache
def _coefficients(eft: str, basis: str) -> dict[str, bool]:
    try:
        instance = wcxf.Basis[eft, basis]
    except KeyError:
        bases = [b for e, b in wcxf.Basis.instances if e == eft]
        if not bases:
            known = sorted(wcxf.EFT.instances)
            hint = nearest(eft, known)
            raise UnknownBasis(
                f"EFT '{eft}' does not exist; known are {', '.join(known)}{hint}"
            ) from None
        raise UnknownBasis(
            f"EFT {eft} has no basis '{basis}'; known are {', '.join(sorted(bases))}"
            f"{nearest(basis, bases)}"
        ) from None
    return {
        name: bool((info or {}).get("real", False))
        for sector in instance.sectors.values()
        for name, info in sector.items()
    }


def check_readable(eft: str, basis: str) -> None:
    """Check that coefficients of a basis reach observables.

    WCxf has bases to which wilson translates, but from which it does not.

    Raises
    ------
    UnknownBasis
    """
    known_coefficients(eft, basis)
    _check_readable(eft, basis)


@cache
def _check_readable(eft: str, basis: str) -> None:
    if eft in THEORIES:
        return
    theory = theory_of(eft)
    if theory is None:
        known = [*THEORIES, *(theory.standard for theory in THEORIES.values())]
        raise UnknownBasis(
            f"coefficients of {eft} reach no observable; give those of {', '.join(known)}"
        )
    hubs, translators = theory.readable, wcxf.Translator.instances
    readable = [
        name
        for source, name in sorted(wcxf.Basis.instances)
        if source == eft and all(name == hub or (eft, name, hub) in translators for hub in hubs)
    ]
    if basis not in readable:
        raise UnknownBasis(
            f"wilson cannot translate the basis '{basis}' of {eft} to {' and '.join(hubs)}; give"
            f" coefficients in {', '.join(readable)}"
        )


def write(directory: Path | str) -> None:
    """Write the documents as YAML files into ``directory``."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        with open(folder / f"{name}.yml", "w", encoding="utf-8") as stream:
            yaml.safe_dump(document, stream, sort_keys=False, allow_unicode=True)
