"""The papers to cite for a prediction, in ``flavio.citations``.

Every prediction notes the papers of its method, form factors and inputs, and those of the running
of the coefficients, as flavio does: ``flavio.citations`` collects all of a session,
``flavio.Observable[name].theory_citations(*arguments)`` gives those of one observable in the SM.
Keys are INSPIRE texkeys, or ``arXiv:`` and a number; ``data/citations.yml`` has the titles.

flavio knows the papers of its own list only, and has no way to add others: what is done about it is
in this module alone.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from multiprocessing import Array
from typing import Any

import flavio

from ._data import load_yaml

__all__ = ["cite", "register"]


def __dir__() -> list[str]:
    return sorted(__all__)


def cite(papers: Iterable[str]) -> None:
    """Note papers in ``flavio.citations``, or in the scope of ``flavio.citations.collect()``.

    Parameters
    ----------
    papers : iterable of str
        Keys of INSPIRE, or ``arXiv:`` and a number.

    Raises
    ------
    KeyError
        For a paper that is neither in ``data/citations.yml`` nor in flavio's list.
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
    type(flavio.citations)._Citations__all_citations.update(load_yaml("citations.yml"))
    _extend(flavio.citations)


def _extend(collection: Any) -> None:
    """Give an existing collection places for the papers of this package."""
    papers = load_yaml("citations.yml")
    if papers.keys() <= collection._all_citations.keys():
        return
    noted = collection.set
    names = sorted(collection._all_citations.keys() | papers.keys())
    collection._all_citations = {name: i for i, name in enumerate(names)}
    collection._array = Array(ctypes.c_bool, [name in noted for name in names])
