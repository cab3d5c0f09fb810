"""`nearest` names what a typing error explains, and nothing else."""

from __future__ import annotations

import flavio
import pytest

from flavio_nusmeft import errors
from flavio_nusmeft.errors import nearest
from flavio_nusmeft.observables import NAMES


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("BR(B+->Kinvv)", "; did you mean 'BR(B+->Kinv)'?"),
        ("BR(B+ -> K inv)", "; did you mean 'BR(B+->Kinv)'?"),
        ("br(b+->kinv)", "; did you mean 'BR(B+->Kinv)'?"),
        ("BR(B->Kinv)", "; did you mean 'BR(B+->Kinv)' or 'BR(B0->Kinv)'?"),
        ("dBR/dq2>(B+->Kinv)", "; did you mean 'dBR/dq2(B+->Kinv)' or '<dBR/dq2>(B+->Kinv)'?"),
        ("BR(B+->Knunu)", ""),  # of flavio
        ("R(D)", ""),
        ("", ""),
    ],
)
def test_observables(name, text):
    assert nearest(name, NAMES) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [("mN1", "; did you mean 'm_N1'?"), ("vcb", "; did you mean 'Vcb'?"), ("x", ""), ("M", "")],
)
def test_parameters(name, text):
    assert nearest(name, flavio.default_parameters.all_parameters) == text


def test_many_equally_close_names_are_none():
    assert nearest("a10", [f"a1{x}" for x in "bcde"]).count("'") == 8
    assert nearest("a10", [f"a1{x}" for x in "bcdef"]) == ""


@pytest.mark.parametrize("right", ["BR(B+->Kinv)", "<BR>(B0->Dtauinv)", "Ptautot(B->D*tauinv)"])
def test_single_letters(right):
    """A letter that is wrong, missing, doubled or exchanged: the right name is among the named."""
    for i, letter in enumerate(right):
        before, after = right[:i], right[i + 1 :]
        wrong = {before + other + after for other in "x+D0"}
        wrong |= {before + after, before + 2 * letter + after}
        wrong.add(before + after[:1] + letter + after[1:])
        for name in wrong - set(NAMES):
            text = nearest(name, NAMES)
            assert text == "" or f"'{right}'" in text, name


def test_unknown_names():
    """All are errors of one kind, KeyError and ValueError, with a message that is not quoted."""
    kinds = [kind for name, kind in vars(errors).items() if name.startswith("Unknown")]
    assert len(kinds) == 8
    for kind in kinds:
        for caught in (KeyError, ValueError, errors.NuSMEFTError):
            with pytest.raises(caught) as raised:
                raise kind("no 'x'")
            assert str(raised.value) == "no 'x'"
