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
    """A copy of a parameter dictionary that notes which of its values are read."""

    def __init__(self, par: Mapping[str, Any], read: set[str] | None = None) -> None:
        super().__init__(dict.items(par) if isinstance(par, dict) else par)
        self.read: set[str] = set() if read is None else read
        self._own: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if key not in self._own:
            self.read.add(key)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """As of a dictionary; the key is noted."""
        try:
            return self[key]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())  # so that dict(par) and {**par} come through __getitem__

    def items(self) -> Any:
        """As of a dictionary; all keys are noted."""
        self.read.update(self.keys() - self._own)
        return super().items()

    def values(self) -> Any:
        """As of a dictionary; all keys are noted."""
        self.read.update(self.keys() - self._own)
        return super().values()

    def copy(self) -> Recorder:
        """Another dictionary; what is read there counts here as well."""
        result = Recorder(self, self.read)
        result._own = set(self._own)
        return result

    def __setitem__(self, key: str, value: Any) -> None:
        # flavio's form factors store dependent coefficients in the dictionary
        self._own.add(key)
        super().__setitem__(key, value)


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
    maxsize : number of results kept; the oldest go first

    Which parameters are read is recorded for every ``kind`` (and setting). So it may depend on
    ``kind``, and where it depends on the values of other parameters, it is learnt as it happens.
    Several threads can use it: the names in a key always contain those that were read.
    """

    def __init__(self, function: Callable[..., T], maxsize: int = 2048) -> None:
        self._function = function
        self._maxsize = maxsize
        self._tables: dict[Hashable, _Table] = {}
        self._results: OrderedDict[tuple[Hashable, ...], T] = OrderedDict()

    def __call__(self, par: Mapping[str, Any], kind: Hashable, *arguments: Hashable) -> T:
        """The result for these parameters, kept or new."""
        kind = (settings.number(), kind)
        table = self._tables.get(kind)
        if table is not None:
            key = (table, arguments, table.take(par))
            try:
                return self._results[key]
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
