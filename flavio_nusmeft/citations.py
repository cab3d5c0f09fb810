"""The papers to cite for a prediction, in ``flavio.citations``.

Every prediction notes the papers of its method, form factors and inputs, and those of the running
of the coefficients, as flavio does: ``flavio.citations`` collects all of a session,
``flavio.Observable[name].theory_citations(*arguments)`` gives those of one observable in the SM.
What a scan computes in other processes is noted in this one. Keys are INSPIRE texkeys, or
``arXiv:`` and a number; `bibtex` gives the entries, from ``data/citations.bib``.

flavio knows the papers of its own list only, and has no way to add others: what is done about it is
in this module alone.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import Array
from typing import Any

import flavio

from . import _data
from .errors import InvalidValue

__all__ = ["FLAVIO", "bibtex", "cite", "collected", "fields", "register"]


def __dir__() -> list[str]:
    return sorted(__all__)


#: the paper of flavio, which ``flavio.citations`` has from the start
FLAVIO = "Straub:2018kue"
_ENTRY = re.compile(r"^@\w+\{([^,\s]+),$.*?^\}$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)
_TEXKEY = re.compile(r"[\w'-]+:\d{4}[a-z]{2,3}")
_ARXIV = re.compile(r"arXiv:([a-z-]+/\d{7}|\d{4}\.\d{4,5})")


@cache
def _entries() -> dict[str, str]:
    """Entries of ``data/citations.bib`` by key."""
    text = _data.path("citations.bib").read_text(encoding="utf-8")
    return {found[1]: found[0] for found in _ENTRY.finditer(text)}


def bibtex(papers: str | Iterable[str] | None = None) -> str:
    """BibTeX of papers, in the order of their keys.

    Entries have the fields that were checked. Of other papers of arXiv they have the number, of
    other keys of INSPIRE the address where it has them.

    Parameters
    ----------
    papers : str or iterable of str, optional
        Keys, in a text with commas between them (``flavio.citations.string``,
        ``spectrum.info["Papers"]``); default: those that are noted in ``flavio.citations``.

    Returns
    -------
    str
        The entries, with an empty line between two of them.

    Raises
    ------
    InvalidValue
        If one is no key.
    """
    keys = flavio.citations.set if papers is None else papers
    if isinstance(keys, str):
        keys = filter(None, map(str.strip, keys.split(",")))
    return "\n\n".join(map(_entry, sorted(set(keys))))


def fields(paper: str) -> dict[str, str]:
    """What the entry of a paper has, e.g. ``title``, in LaTeX.

    Parameters
    ----------
    paper : str
        A key.

    Returns
    -------
    dict of str to str
        Values by field, without braces around them.

    Raises
    ------
    InvalidValue
        If it is no key.
    """
    found = _FIELD.findall(_entry(paper))
    return {name: re.sub(r"^\{(.*)\}$", r"\1", value) for name, value in found}


def _entry(key: str) -> str:
    if key in _entries():
        return _entries()[key]
    number = _ARXIV.fullmatch(key)
    if number:
        return f"@misc{{{key},\n  eprint = {{{number[1]}}},\n  archivePrefix = {{arXiv}},\n}}"
    if _TEXKEY.fullmatch(key):
        return f"@misc{{{key},\n  url = {{https://inspirehep.net/literature?q=texkey%20{key}}},\n}}"
    raise InvalidValue(
        f"'{key}' is no key of a paper: give one of INSPIRE, such as Buras:2014fpa, or arXiv: and a"
        " number"
    )


@contextmanager
def collected() -> Iterator[set[str]]:
    """Collect the papers that a block notes; they are noted in ``flavio.citations`` as well.

    Yields
    ------
    set of str
        Empty until the block ends, then the keys.
    """
    papers: set[str] = set()
    with flavio.citations.collect() as noted:
        yield papers
    papers |= noted.set
    cite(papers)


def cite(papers: Iterable[str]) -> None:
    """Note papers in ``flavio.citations``, or in the scope of ``flavio.citations.collect()``.

    Parameters
    ----------
    papers : iterable of str
        Keys of INSPIRE, or ``arXiv:`` and a number.

    Raises
    ------
    KeyError
        For a paper that is neither in ``data/citations.bib`` nor in flavio's list.
    """
    collection = flavio.citations
    try:
        index, noted = collection._all_citations, collection._array.get_obj()
        for paper in papers:
            noted[index[paper]] = True
    except KeyError:  # a collection that is older than the import of this package
        _extend(collection)
        for paper in papers:
            collection.register(paper)


def register() -> None:
    """Make the papers known to flavio, in the present collection and in new ones."""
    # the set that flavio's class takes its index from, by the name that Python gives it
    type(flavio.citations)._Citations__all_citations.update(_entries())
    _extend(flavio.citations)


def _extend(collection: Any) -> None:
    """Give an existing collection places for the papers of this package."""
    papers = _entries()
    if papers.keys() <= collection._all_citations.keys():
        return
    noted = collection.set
    names = sorted(collection._all_citations.keys() | papers.keys())
    collection._all_citations = {name: i for i, name in enumerate(names)}
    collection._array = Array(ctypes.c_bool, [name in noted for name in names])
