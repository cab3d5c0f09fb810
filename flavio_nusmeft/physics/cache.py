"""Remember what depends on parameters only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from operator import itemgetter
from typing import Any, Generic, TypeVar

__all__ = ["ParameterCache", "Recorder"]

T = TypeVar("T")


class Recorder(dict[str, Any]):
    """A copy of a parameter dictionary that notes which of its values are read."""

    def __init__(self, par: Mapping[str, Any]) -> None:
        super().__init__(par)
        self.read: set[str] = set()
        self._own: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if key not in self._own:
            self.read.add(key)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def copy(self) -> Recorder:
        return self  # what is read of a copy counts as well

    def __setitem__(self, key: str, value: Any) -> None:
        # flavio's form factors store dependent coefficients in the dictionary
        self._own.add(key)
        super().__setitem__(key, value)


class ParameterCache(Generic[T]):
    """Call ``function(par, kind, *arguments)`` once per value of the parameters that it reads.

    Parameters
    ----------
    function : must read its parameters from the dictionary ``par`` alone
    maxsize : number of results kept; the oldest go first

    Which parameters are read is recorded for every ``kind``. So it may depend on ``kind``, and
    where it depends on the values of other parameters, it is learnt as it happens.
    """

    def __init__(self, function: Callable[..., T], maxsize: int = 2048) -> None:
        self._function = function
        self._maxsize = maxsize
        self._names: dict[Hashable, tuple[str, ...]] = {}
        self._getters: dict[Hashable, Callable[[Mapping[str, Any]], Any]] = {}
        self._results: OrderedDict[tuple[Hashable, ...], T] = OrderedDict()

    def __call__(self, par: Mapping[str, Any], kind: Hashable, *arguments: Hashable) -> T:
        getter = self._getters.get(kind)
        if getter is not None:
            key = (kind, arguments, getter(par))
            try:
                return self._results[key]
            except KeyError:
                pass
        recorder = Recorder(par)
        result = self._function(recorder, kind, *arguments)
        names = self._names.get(kind, ())
        if getter is None or not recorder.read.issubset(names):
            # results stored under fewer names could be mistaken for others
            for stored in [stored for stored in self._results if stored[0] == kind]:
                del self._results[stored]
            names = tuple(sorted(recorder.read.union(names)))
            self._names[kind] = names
            self._getters[kind] = getter = itemgetter(*names) if names else _nothing
        self._results[kind, arguments, getter(par)] = result
        if len(self._results) > self._maxsize:
            self._results.popitem(last=False)
        return result


def _nothing(par: Mapping[str, Any]) -> None:
    return None
