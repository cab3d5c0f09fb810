"""Belle II's likelihood as a function of the variables of a spectrum, as scans take it."""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import flavio
import numpy as np

from .. import settings
from .._inputs import brief, mapping, number, reals
from .._inputs import names as names_of
from ..eft.hints import parameter_hint
from ..errors import InvalidShape, InvalidValue, UnknownParameter, nearest
from ..measurements import digest
from .alternatives import binned

if TYPE_CHECKING:
    from .likelihood import Belle2Likelihood

__all__ = ["SpectrumLikelihood"]

_PAR = "par"  # the argument of a spectrum that takes the parameters of flavio


class SpectrumLikelihood:
    """ln L of the SM and a spectrum, as a function of an array: ``function([9e-6, 2.1])``.

    Made by `Belle2Likelihood.function`, which describes the arguments. It can be pickled if the
    spectrum can.

    Parameters
    ----------
    belle2 : Belle2Likelihood
        The likelihood.
    spectrum : callable
        Branching ratios in the bins, or dBR/dq².
    variables : sequence of str
        Arguments of ``spectrum``, in the order of the array.
    fixed : mapping of str to object, optional
        Values of its other arguments.
    par : mapping of str to float, optional
        Values of parameters of flavio.

    Attributes
    ----------
    belle2 : Belle2Likelihood
        The likelihood.
    spectrum : callable
        As given.
    variables : tuple of str
        As given.
    """

    def __init__(
        self,
        belle2: Belle2Likelihood,
        spectrum: Callable[..., Any],
        variables: Sequence[str],
        *,
        fixed: Mapping[str, Any] | None = None,
        par: Mapping[str, float] | None = None,
    ) -> None:
        self.belle2, self.spectrum = belle2, spectrum
        self.variables = tuple(names_of("variables", variables))
        if not 0 < len(self.variables) == len(set(self.variables)):
            raise InvalidValue(
                f"variables must be a list of different names, not {brief(variables)}"
            )
        self._fixed = dict(mapping("fixed", {} if fixed is None else fixed))
        self._par: dict[str, float] = flavio.default_parameters.get_central_all()
        self._given: dict[str, float] = {}
        for name, value in mapping("par", {} if par is None else par).items():
            if name not in self._par:
                raise UnknownParameter(f"no parameter '{name}'{parameter_hint(name, self._par)}")
            self._given[name] = number(f"parameter {name}", value)
        self._par |= self._given
        self._arguments = self._check_arguments()
        self._known: tuple[int, np.ndarray] | None = None
        _ = self._sm

    @property
    def _sm(self) -> np.ndarray:
        """Of the SM with the settings of now, also for shifted form factors."""
        now = settings.number()
        if self._known is None or self._known[0] != now:
            self._known = now, self.belle2.spectra(self._par, None)
        return self._known[1]

    def _check_arguments(self) -> dict[str, Any]:
        """The arguments of the spectrum that are not variables."""
        if not callable(self.spectrum):
            raise InvalidValue(
                f"spectrum must be a function of {', '.join(self.variables)}, not"
                f" {brief(self.spectrum)}"
            )
        try:
            known = inspect.signature(self.spectrum).parameters
        except ValueError:  # some functions written in C
            raise InvalidValue(
                f"the arguments of {brief(self.spectrum)} are not known: give a Python function"
            ) from None
        free = any(p.kind is p.VAR_KEYWORD for p in known.values())
        for name in (*self.variables, *self._fixed):
            if (name not in known and not free) or name == _PAR:
                raise InvalidValue(
                    f"'{name}' is no argument of the spectrum that can be given here; these are"
                    f" {', '.join(n for n in known if n != _PAR)}{nearest(name, known)}"
                )
            if name in self.variables and name in self._fixed:
                raise InvalidValue(f"'{name}' is a variable; leave it out of fixed")
        arguments = self._fixed | ({_PAR: self._par} if _PAR in known else {})
        for name, p in known.items():
            needed = p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
            if needed and name not in arguments and name not in self.variables:
                raise InvalidValue(
                    f"the argument '{name}' of the spectrum has no value: make it a variable, or"
                    " give it in fixed"
                )
        return arguments

    def __repr__(self) -> str:
        fixed = "".join(f", {name}={value!r}" for name, value in self._fixed.items())
        return (
            f"SpectrumLikelihood({', '.join(self.variables)}: {_name(self.spectrum)}{fixed},"
            f" {self.belle2!r})"
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": None, "settings": settings.snapshot()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        then = state.pop("settings")
        self.__dict__.update(state)
        settings.warn_pickled(then)

    def bins(self, x: Sequence[float] | np.ndarray) -> np.ndarray:
        """The spectrum at a point, without the SM.

        Parameters
        ----------
        x : sequence of float or ndarray
            Values of the variables, shape (variables,).

        Returns
        -------
        ndarray
            Branching ratios in the bins, shape (100,).

        Raises
        ------
        InvalidShape, InvalidValue
        """
        array = reals("a point", x)
        if array.shape != (len(self.variables),):
            raise InvalidShape(
                f"a point has the variables {', '.join(self.variables)}: shape"
                f" ({len(self.variables)},), not {array.shape}"
            )
        values = dict(zip(self.variables, array.tolist(), strict=True))
        found = self.spectrum(**values, **self._arguments)
        result = binned(found) if callable(found) else reals("a spectrum", found)
        if result.shape != self._sm.shape[1:]:
            raise InvalidShape(f"a spectrum has the shape {self._sm.shape[1:]}, not {result.shape}")
        return result

    def _rows(self, x: Sequence[float] | np.ndarray) -> np.ndarray:
        """Sum with the SM, shape (1 + 2 components, 100)."""
        result = self._sm + self.bins(x)
        if not np.isfinite(result).all() or (result < 0).any():
            raise InvalidValue(
                "the sum of the SM and a spectrum must be finite and not negative in every bin"
            )
        return np.asarray(result)

    def __call__(self, x: Sequence[float] | np.ndarray) -> float:
        """Evaluate the function.

        Parameters
        ----------
        x : sequence of float or ndarray
            Values of the variables, shape (variables,).

        Returns
        -------
        float
            ln L.

        Raises
        ------
        InvalidShape, InvalidValue
        """
        return self.belle2._log_likelihood(self._rows(x), False)

    def description(self) -> dict[str, Any]:
        """What the function is, for the files of scans.

        Returns
        -------
        dict of str to object
            JSON: data, spectrum, fixed values and checksums of the numbers.
        """
        numbers = hashlib.sha256(self._sm.tobytes())
        numbers.update(repr(sorted((n, float(v)) for n, v in self._par.items())).encode())
        return {
            # as a `LogLikelihood` of Belle II alone has it
            "likelihood": "Likelihood",
            "observables": [],
            "measurements": [],
            "data": digest([]),
            "fit parameters": {},
            "spectrum": _text(self.spectrum),
            "variables": list(self.variables),
            "fixed": {name: repr(value) for name, value in self._fixed.items()},
            "par": dict(self._given),
            "settings": settings.description(),
            "belle2": self.belle2.description(),
            "numbers": numbers.hexdigest(),
        }


def _name(function: Any) -> str:
    if isinstance(function, functools.partial):
        return _name(function.func)
    kind = function if hasattr(function, "__qualname__") else type(function)
    return f"{kind.__module__}.{kind.__qualname__}"


def _text(function: Any, seen: frozenset[Any] = frozenset()) -> str:
    """A function, as far as it can be told: its name, and a checksum of its text and values.

    Also of what it takes from its module: values, and functions that are defined there.
    """
    if isinstance(function, functools.partial):
        return f"{_text(function.func, seen)} {_value([function.args, function.keywords])}"
    if not inspect.isfunction(function):
        return f"{_name(function)} {_value(function)}"
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):  # typed into an interpreter
        text = function.__code__.co_code.hex() + repr(function.__code__.co_consts)
    names, known = sorted(_names(function.__code__)), function.__globals__
    around = [(name, known[name]) for name in names if name in known]
    around += zip(function.__code__.co_freevars, _inner(function), strict=True)
    seen |= {function}
    for name, value in around:
        if not inspect.isfunction(value):
            text += f"{name} {_value(value)}"
        elif value.__globals__ is known and value not in seen:
            text += f"{name} {_text(value, seen)}"
    values = _value([function.__defaults__, function.__kwdefaults__])
    return f"{_name(function)} {hashlib.sha256(_plain(text + values).encode()).hexdigest()}"


def _names(code: CodeType) -> set[str]:
    """The names in a function, and in the functions within it."""
    inner = (const for const in code.co_consts if inspect.iscode(const))
    return set(code.co_names).union(*map(_names, inner))


def _inner(function: FunctionType) -> list[Any]:
    return [cell.cell_contents for cell in function.__closure__ or ()]


def _value(value: Any) -> str:
    """All of the digits and elements of arrays."""
    if inspect.ismodule(value):
        return value.__name__
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
        return _plain(repr(value))


def _plain(text: str) -> str:
    """Without addresses, which differ between processes."""
    return re.sub(r" at 0x[0-9a-f]+", "", text)
