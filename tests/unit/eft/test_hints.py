"""The name that an error suggests is the right one, or there is none.

What is right is computed from coefficient arrays: those of SMEFT and WET as wilson symmetrises
them, those of operators with N as symmetrised here, entry by entry.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import flavio
import numpy as np
import pytest
from wilson import wcxf
from wilson.util import smeftutil, wetutil

import flavio_nusmeft as nus
from flavio_nusmeft.eft.hints import hint, parameter_hint, sector_hint

SPACE = {"scale": 1e3, "eft": "nuSMEFT", "basis": "Warsaw"}
Arrays = dict[str, np.ndarray]


def _hermitian(C):
    return C + np.einsum("rpts", C).conj()


def _fierz(C):
    """Symmetric in the first and third, and in the second and fourth index."""
    C = C + np.einsum("srpt", C)
    return _hermitian(C + np.einsum("ptsr", C))


_STERILE: dict[str, tuple[tuple[int, ...], Callable[[np.ndarray], np.ndarray]]] = {
    **dict.fromkeys(("qn", "nd", "nu", "ne", "ln"), ((3,) * 4, _hermitian)),
    "nn": ((3,) * 4, _fierz),
    **{
        name: ((3,) * 4, lambda C: C)
        for name in ("nedu", "lnle", "lnqd1", "lnqd3", "lnuq", "LNQd", "LNQdT", "LdQN")
    },
    **{name: ((3,) * 2, lambda C: C) for name in ("nphi", "phine", "nW", "nB")},
    "phin": ((3,) * 2, lambda C: C + C.conj().T),
    **dict.fromkeys(("QN", "dN"), ((3,) * 4, _hermitian)),
}
_NU_WET: dict[str, tuple[tuple[int, ...], Callable[[np.ndarray], np.ndarray]]] = {}
for quark, size in (("d", 3), ("u", 2)):
    shape = (6, 6, size, size)
    for handed in ("LL", "LR"):
        _NU_WET[f"Vnu{quark}{handed}"] = shape, _hermitian
        _NU_WET[f"Snu{quark}{handed}"] = shape, lambda C: C + np.einsum("rpst", C)
    _NU_WET[f"Tnu{quark}LL"] = shape, lambda C: C - np.einsum("rpst", C)
for kind in ("VLL", "VLR", "VRL", "VRR", "SLL", "SLR", "SRL", "SRR", "TLL", "TRR"):
    _NU_WET[f"{kind[0]}nuedu{kind[1:]}"] = (6, 3, 3, 2), lambda C: C


def _random(shape, rng):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def _own(classes, rng) -> Arrays:
    return {name: symmetrise(_random(shape, rng)) for name, (shape, symmetrise) in classes.items()}


def _theirs(util, rng) -> Arrays:
    shapes = {name: shape for name, shape in util.C_keys_shape.items() if shape != 1}
    arrays = util.symmetrize({name: _random(shape, rng) for name, shape in shapes.items()})
    for name in util.C_symm_keys.get(71, ()):  # wilson leaves the diagonal as it is
        arrays[name] = arrays[name] - np.einsum("rpst", arrays[name])
    return arrays


def _arrays(eft: str, basis: str) -> Arrays:
    rng = np.random.default_rng(1612)
    if basis in ("FGMS", "LiaoMa"):
        known = {name.split("_")[0] for name in wcxf.Basis[eft, basis].all_wcs}
        return _own({name: _STERILE[name] for name in known}, rng)
    if eft == "nuSMEFT":
        sterile = {n: v for n, v in _STERILE.items() if n[0].islower() and n != "dN"}
        return _theirs(smeftutil, rng) | _own(sterile, rng)
    if eft.startswith("nu"):
        return _own(_NU_WET, rng)
    return _theirs(smeftutil if eft == "SMEFT" else wetutil, rng)


def _entry(arrays: Arrays, name: str) -> complex:
    operator, digits = name.split("_")
    return arrays[operator][tuple(int(digit) - 1 for digit in digits)]


_TERM = re.compile(r"([+-]?) ?(?:([\d.]+) )?(\w+_\d+)(\*?)")


def _value(text: str, arrays: Arrays, known: set[str]) -> complex:
    """The value of a sum like ``-0.5 LNQd_2321 - 0.125 LNQdT_2321*``; all must be known."""
    total, end = 0j, 0
    for match in _TERM.finditer(text):
        sign, factor, name, star = match.groups()
        assert text[end : match.start()].strip() == ""
        assert name in known
        value = _entry(arrays, name) * float(factor or 1) * (-1 if sign == "-" else 1)
        total += value.conjugate() if star else value
        end = match.end()
    assert end == len(text) > 0
    return total


_BASES = [
    ("nuSMEFT", "Warsaw"),
    ("nuSMEFT", "FGMS"),
    ("nuSMEFT", "LiaoMa"),
    ("nuWET", "JMS"),
    ("SMEFT", "Warsaw"),
    ("SMEFT", "Warsaw up"),
    ("WET", "JMS"),
]
# tensors with two equal neutrinos; SuudLR, SuudRL and SdduRL with two equal quarks
_VANISHING = {("nuWET", "JMS"): 6 * 9 + 6 * 4, ("WET", "JMS"): 2 * 9 + 2 * 9 + 3 * 6}


@pytest.mark.parametrize(("eft", "basis"), _BASES)
def test_redundant_and_vanishing_names(eft, basis):
    arrays, known = _arrays(eft, basis), set(wcxf.Basis[eft, basis].all_wcs)
    checked = vanishing = 0
    for operator, array in arrays.items():
        if not any(name.startswith(f"{operator}_") for name in known):
            continue  # dimension four
        for indices in itertools.product(*map(range, array.shape)):
            name = f"{operator}_{''.join(str(i + 1) for i in indices)}"
            if name in known:
                continue
            checked += 1
            text = hint(name, eft, basis)
            if array[indices] == 0:
                vanishing += 1
                assert "vanishes" in text
                continue
            found = re.fullmatch(
                rf"; it is not independent: {name} = (.+), set (that one|these)", text
            )
            assert found, (name, text)
            assert _value(found[1], arrays, known) == pytest.approx(
                array[indices], rel=1e-14, abs=0
            )
    assert checked > {"FGMS": 70, "LiaoMa": 70}.get(basis, 800)
    assert vanishing == _VANISHING.get((eft, basis), 0)


# arXiv:2309.02940 Eqs. (1) and (2), and the index order of arXiv:2411.07220: array of FGMS and
# Warsaw with equal meaning, from one set of arrays of FGMS
def _fgms_and_others() -> dict[str, Arrays]:
    fgms = _arrays("nuSMEFT", "FGMS")
    tensor = fgms["LNQdT"]
    warsaw = {
        "qn": fgms["QN"],
        "nd": np.transpose(fgms["dN"], (2, 3, 0, 1)),
        "lnqd1": fgms["LNQd"],
        "lnqd3": tensor,
    }
    liaoma = {
        "QN": fgms["QN"],
        "dN": fgms["dN"],
        "LNQd": fgms["LNQd"] - 4 * tensor,
        "LdQN": -8 * np.transpose(tensor, (0, 3, 2, 1)),
    }
    return {"FGMS": fgms, "Warsaw": warsaw, "LiaoMa": liaoma}


@pytest.mark.parametrize(
    ("source", "target", "classes"),
    [
        ("FGMS", "Warsaw", ("QN", "dN", "LNQd", "LNQdT")),
        ("Warsaw", "FGMS", ("qn", "nd", "lnqd1", "lnqd3")),
        ("Warsaw", "LiaoMa", ("qn", "nd")),
        ("FGMS", "LiaoMa", ("LNQdT",)),
    ],
)
def test_names_of_another_basis(source, target, classes):
    """Coefficients with equal meaning are named, with the right order of the indices."""
    arrays, known = _fgms_and_others(), set(wcxf.Basis["nuSMEFT", target].all_wcs)
    one = {("FGMS", "LiaoMa"): -4.0}  # of LNQdT in LNQd; in LdQN it is -8
    for operator in classes:
        for indices in itertools.product(range(3), repeat=4):
            name = f"{operator}_{''.join(str(i + 1) for i in indices)}"
            text = hint(name, "nuSMEFT", target)
            found = re.fullmatch(rf"; it is a coefficient of the basis {source}, here (.+)", text)
            assert found, (name, text)
            value = arrays[source][operator][indices]
            if (source, target) in one:
                assert re.fullmatch(r"-8 LdQN_\d+ - 4 LNQd_\d+|-4 LNQd_\d+ - 8 LdQN_\d+", found[1])
                digits = re.search(r"LdQN_(\d+)", found[1])[1]
                assert [int(d) - 1 for d in digits] == [indices[i] for i in (0, 3, 2, 1)]
                assert f"LNQd_{name[-4:]}" in found[1]
            else:
                assert _value(found[1], arrays[target], known) == pytest.approx(
                    value, rel=1e-14, abs=0
                )


@pytest.mark.parametrize(
    ("eft", "basis", "name", "text"),
    [
        (
            "nuSMEFT",
            "FGMS",
            "lnuq_1123",
            "a coefficient of the basis Warsaw, and FGMS has",
        ),
        ("nuSMEFT", "Warsaw", "VnudLL_4423", "a coefficient of nuWET JMS"),
        ("nuWET-3", "JMS", "VnudLL_4423", "a coefficient of nuWET JMS"),
        ("nuWET", "JMS", "C9_bsmumu", "a coefficient of WET flavio"),
        ("WET", "flavio", "phiq1_23", "a coefficient of SMEFT "),
        ("SMEFT", "Warsaw", "lnqd1_2123", "a coefficient of nuSMEFT Warsaw"),
        ("nuSMEFT", "FGMS", "LNQd_2124", "the indices of LNQd are 1-3, 1-3, 1-3, 1-3"),
        ("nuSMEFT", "FGMS", "LNQd", "the indices of LNQd are 1-3, 1-3, 1-3, 1-3"),
        ("nuWET", "JMS", "VnuuLL_4433", "the indices of VnuuLL are 1-6, 1-6, 1-2, 1-2"),
        ("nuSMEFT", "FGMS", "lnqd_2123", "did you mean 'LNQd_2123'?"),
        ("nuSMEFT", "Warsaw", "lnqd2_2123", "did you mean 'lnqd1_2123' or 'lnqd3_2123'?"),
    ],
)
def test_other_names(eft, basis, name, text):
    assert hint(name, eft, basis).startswith((f"; it is {text}", f"; {text}"))


def _misspellings(name: str) -> set[str]:
    """Every letter wrong, missing, doubled, in the other case, or exchanged with the next."""
    result = set()
    for i, letter in enumerate(name):
        before, after = name[:i], name[i + 1 :]
        result |= {before + other + after for other in "dqxL1379_"}
        result |= {before + after, before + 2 * letter + after, before + letter.swapcase() + after}
        result.add(before + after[:1] + letter + after[1:])
    return result - {name}


@pytest.mark.parametrize(("eft", "basis"), [*_BASES, ("WET", "flavio"), ("nuWET-3", "JMS")])
def test_misspelt_names(eft, basis):
    """A misspelt name gets the right name, a true statement about the name it has become, or
    nothing."""
    known = set(wcxf.Basis[eft, basis].all_wcs)
    rng = np.random.default_rng(7)
    # one coefficient of every class
    first = {name.split("_")[0]: name for name in rng.permutation(sorted(known)).tolist()}
    pairs = [(right, wrong) for right in first.values() for wrong in sorted(_misspellings(right))]
    helped = 0
    for right, wrong in (pairs[i] for i in rng.permutation(len(pairs))[:200]):
        if wrong in known:
            continue
        text = hint(wrong, eft, basis)
        if "did you mean" in text:
            names = re.findall(r"'([^']+)'", text)
            # a letter that becomes one of another name in the other case: lL_1232 for le_1232
            cases = [name for name in names if name.casefold() == wrong.casefold()]
            assert right in names or cases == names, (right, wrong, text)
            assert set(names) <= known
            helped += 1
        elif "is a coefficient of the basis" in text:
            (other,) = re.findall(r"of the basis (\w+)", text)
            assert hint(wrong, "nuSMEFT", other) == "" or "not independent" in hint(
                wrong, "nuSMEFT", other
            )
        elif "is a coefficient of" in text:
            other_eft, _, bases = text.removeprefix("; it is a coefficient of ").partition(" ")
            other = bases.split(",")[0].split(";")[0]
            assert wrong in wcxf.Basis[other_eft, other].all_wcs
        elif "the indices of" in text:
            assert wrong.split("_")[0] in first
    assert helped > 20


@pytest.mark.parametrize(
    ("eft", "sector", "text"),
    [
        ("WET", "bsnunu", "; did you mean 'sbnunu'?"),
        ("nuWET", "bdnunu", "; did you mean 'dbnunu'?"),
        ("nuWET", "bcmunu", "; did you mean 'cbmunu'?"),
        ("nuWET", "bsmumu", ""),
        ("nuWET-3", "sbnunu", "; it is a sector of WET, "),
        ("nuWET", "sterile", "; it is a sector of nuSMEFT"),
        ("WET", "nonsense", ""),
    ],
)
def test_sectors(eft, sector, text):
    found = sector_hint(sector, eft)
    assert found.startswith(text)
    assert bool(found) == bool(text)


def test_parameters():
    """Where a coefficient is asked for, a parameter is told from a typing error, and vice versa."""
    for eft, basis in [("nuSMEFT", "Warsaw"), ("nuSMEFT", "FGMS"), ("nuWET", "JMS")]:
        for name in ("U_mu1", "m_N1", "Vcb"):
            assert "it is a parameter" in hint(name, eft, basis)
    known = flavio.default_parameters.all_parameters
    assert parameter_hint("lnqd1_2123", known) == "; it is a coefficient of nuSMEFT Warsaw"
    assert parameter_hint("LNQd_2123", known).startswith("; it is a coefficient of nuSMEFT FGMS")
    assert parameter_hint("U_m1", known) == "; did you mean 'U_e1' or 'U_mu1'?"


@pytest.mark.parametrize(
    "call",
    [
        lambda par: nus.predict(["BR(B+->Kinv)"], {}, **SPACE, par=par),
        lambda par: nus.decays(par={"m_N1": 1.0, **par}),
        lambda par: nus.likelihood("current", fit_parameters=dict.fromkeys(par, (0, 1))),
        lambda par: nus.LogLikelihood(nus.likelihood("current"), ["m_N1"], **SPACE, par=par),
    ],
)
def test_coefficients_as_parameters(call):
    with pytest.raises(nus.errors.UnknownParameter, match="it is a coefficient of nuSMEFT"):
        call({"lnqd1_2123": 1e-8})
