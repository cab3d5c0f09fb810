"""Remember what depends on parameters only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from operator import itemgetter
from typing import Any, Generic, TypeVar

from .. import settings

__all__ = ["ParameterCache", "Recorder"]

T = TypeVar("T")


class Recorder(dict[str, Any]):
    """A view of a parameter dictionary that notes which of its values are read.

    It contains what has been read or stored in it, as by flavio's form factors; what is stored is
    not noted.
    """

    def __init__(self, par: Mapping[str, Any], read: set[str] | None = None) -> None:
        super().__init__()
        self._par = par
        self.read: set[str] = set() if read is None else read

    def __missing__(self, key: str) -> Any:
        self[key] = value = self._par[key]
        self.read.add(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._par.keys() | super().keys())

    def __len__(self) -> int:
        return len(self._par.keys() | super().keys())

    # those of dictionaries go past __missing__
    __contains__ = Mapping.__contains__
    get: Any = Mapping.get
    keys: Any = Mapping.keys
    values: Any = Mapping.values
    items: Any = Mapping.items

    def copy(self) -> Recorder:
        """Another view; what is read there counts here as well."""
        result = Recorder(self._par, self.read)
        result.update(zip(super().__iter__(), super().values(), strict=True))
        return result


class _Table:
    """The parameters that the results of one kind depend on, and the function that takes them."""

    def __init__(self, names: frozenset[str] = frozenset()) -> None:
        self.names = names
        self.take = itemgetter(*sorted(names)) if names else _nothing


class ParameterCache(Generic[T]):
    """Call ``function(par, kind, *arguments)`` once per value of the parameters that it reads.

    Parameters
    ----------
    function : must read its parameters from the dictionary ``par``, and what else it depends on
        from the `settings` alone
    maxsize : number of results kept; those not used for longest go first

    Which parameters are read is recorded for every ``kind`` (and setting). So it may depend on
    ``kind``, and where it depends on the values of other parameters, it is learnt as it happens.
    Several threads can use it: the names in a key always contain those that were read. A pickle has
    no results: they are those of `settings` that have another number in another process.
    """

    def __init__(self, function: Callable[..., T], maxsize: int = 2048) -> None:
        self._function = function
        self._maxsize = maxsize
        self._tables: dict[Hashable, _Table] = {}
        self._results: OrderedDict[tuple[Hashable, ...], T] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_tables": {}, "_results": OrderedDict()}

    def __call__(self, par: Mapping[str, Any], kind: Hashable, *arguments: Hashable) -> T:
        """The result for these parameters, kept or new."""
        kind = (settings.number(), kind)
        table = self._tables.get(kind)
        if table is not None:
            key = (table, arguments, table.take(par))
            try:
                result = self._results[key]
                self._results.move_to_end(key)
                return result
            except KeyError:
                pass
        recorder = Recorder(par)
        result = self._function(recorder, kind[1], *arguments)
        table = self._tables.get(kind)
        if table is None or not recorder.read <= table.names:
            # results of the old table are not found any more
            table = _Table(frozenset(recorder.read).union(table.names if table else ()))
            self._tables[kind] = table
        self._results[table, arguments, table.take(par)] = result
        while len(self._results) > self._maxsize:
            self._results.popitem(last=False)
        return result


def _nothing(par: Mapping[str, Any]) -> None:
    return None
