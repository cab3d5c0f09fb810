"""Observables as polynomials in the POPxf format (arXiv:2511.17348), for jelli and other codes.

`to_popxf` writes what `predict` computes: exact quadratic polynomials of the real and imaginary
parts of the Wilson coefficients, for one set of parameters and masses. Ratios (F_L, P_tau, R(D))
are expressions of an exact numerator and denominator; the file then has, as the format asks for
where there are uncertainties, their expansions to second order around the SM too.

jelli 0.1 deviates from the format: it knows ``terms`` instead of ``variables``, no uncertainties,
and takes sectors like ``sbnunu`` of any EFT for those of WET. ``to_popxf(..., jelli=True)`` is for
it; nothing of this package is needed to read the file::

    import json, jelli
    document = json.load(open("Kinv.json"))
    custom = document["metadata"]["basis"]["custom"]
    jelli.CustomBasis(custom["name"], custom["parameters"])
    jelli.ObservableSector("Kinv", document)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from wilson import wcxf

from .. import settings
from .._inputs import names, seed_number
from .._version import __version__
from ..batch import Observable, Polynomials, Predictor, as_observables, quantity_of
from ..eft.space import Space
from ..eft.theories import HIGH, theory_of
from ..errors import InvalidValue, NotPolynomial, UndefinedRatio
from ..inference.draws import check_draws, one_point, parameter_draws
from ..physics.cache import Recorder
from ..physics.rates import Quantity, evaluate

__all__ = ["documents", "popxf_correlations", "to_popxf"]


def __dir__() -> list[str]:
    return sorted(__all__)


_SCHEMA = "https://json.schemastore.org/popxf-1.0.json"
_CORRELATIONS_SCHEMA = "https://json.schemastore.org/popxf-corr-1.0.json"
_SOURCE = "parameters"  # the name of the uncertainty
_LARGEST = 10**7  # correlations in a file: 200 MB


class _Export(NamedTuple):
    """What a document is made from.

    ``sectors`` is None where only some coefficients are variables; ``given``: parameters that
    differ from the central values.
    """

    observables: tuple[Observable, ...]
    sectors: tuple[str, ...] | None
    predictor: Predictor
    given: dict[str, float]
    par: dict[str, float]


def to_popxf(
    observables: Observable | Sequence[Observable],
    *,
    scale: float,
    eft: str = "nuWET",
    basis: str,
    par: Mapping[str, float] | None = None,
    coefficients: Iterable[str] | None = None,
    draws: int = 0,
    seed: int | np.random.Generator = 0,
    jelli: bool = False,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Observables as a POPxf 1.0 document, for ``json.dump``.

    Parameters
    ----------
    observables : str, tuple or sequence of these
        Names, or tuples or lists of a name and its arguments, as in `predict`. In the document they
        are called as in the command ``nusmeft``: ``<dBR/dq2>(B+->Kinv),4,8``.
    scale : float
        MSbar scale of the coefficients, GeV.
    eft : str, default 'nuWET'
        EFT of the coefficients: ``nuWET``, ``WET``, or ``nuSMEFT``, there of the coefficients with
        N only. Of coefficients of SMEFT nothing is an exact polynomial.
    basis : str
        Basis of the coefficients: ``JMS`` for nuWET.
    par : mapping of str to float, optional
        Parameters that differ from the central values of ``flavio.default_parameters``, e.g. the
        masses m_N1, m_N2, m_N3 (GeV). They are recorded in the document.
    coefficients : iterable of str, optional
        The variables of the polynomials; the others are zero. Default: all of every sector that
        contributes, which readers that go by sectors need.
    draws : int, default 0
        Number of random draws of the parameters (not of those in ``par``) for the uncertainty of
        every monomial, 0.3 s each with a full sector; 0: none.
    seed : int or numpy.random.Generator, default 0
        Seed of the draws; a generator gives an integer for it, which the document says.
    jelli : bool, default False
        Write what jelli 0.1 can read, see above.
    options : mapping of str to object, optional
        Options of running and matching, as for `NuWilson`, e.g. ``{"running": "full"}``.

    Returns
    -------
    dict of str to object
        The document.

    Raises
    ------
    NotPolynomial
        For coefficients of SMEFT, and if no coefficient contributes.
    UnknownObservable, UnknownCoefficient, UnknownParameter, UnknownBasis, InvalidValue,
    InvalidMass, InvalidBin, InvalidScale, UndefinedRatio
    """
    draws, seed = check_draws(draws), seed_number(seed)
    _check_jelli(jelli, draws)
    export = _prepare(observables, Space.of(scale, eft, basis, options), par, coefficients)
    return _document(export, _draw(export, draws, seed), jelli)


def popxf_correlations(
    observables: Observable | Sequence[Observable],
    *,
    scale: float,
    eft: str = "nuWET",
    basis: str,
    par: Mapping[str, float] | None = None,
    coefficients: Iterable[str] | None = None,
    draws: int,
    seed: int | np.random.Generator = 0,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The correlations of the uncertainties of `to_popxf`, as a POPxf correlation document.

    The arguments are those of `to_popxf`; with the same ``seed`` the draws are the same, too. The
    array has the indices observable, observable, monomial, monomial; monomials in the order in
    which they are in ``observable_uncertainties``. It grows with the square of their number, so
    ``coefficients`` should be a few.

    Parameters
    ----------
    observables : str, tuple or sequence of these
        As in `to_popxf`.
    scale : float
        As in `to_popxf`.
    eft : str, default 'nuWET'
        As in `to_popxf`.
    basis : str
        As in `to_popxf`.
    par : mapping of str to float, optional
        As in `to_popxf`.
    coefficients : iterable of str, optional
        As in `to_popxf`.
    draws : int
        As in `to_popxf`.
    seed : int or numpy.random.Generator, default 0
        As in `to_popxf`.
    options : mapping of str to object, optional
        As in `to_popxf`.

    Returns
    -------
    dict of str to object
        The document.

    Raises
    ------
    InvalidValue
        If the array is too large for a file. The other errors are those of `to_popxf`.
    """
    draws, seed = check_draws(draws), seed_number(seed)
    export = _prepare(observables, Space.of(scale, eft, basis, options), par, coefficients)
    _check_size(export)
    return _correlations(export, _draw(export, draws, seed))


def documents(
    observables: Observable | Sequence[Observable],
    *,
    scale: float,
    eft: str,
    basis: str,
    par: Mapping[str, float] | None = None,
    coefficients: Iterable[str] | None = None,
    draws: int = 0,
    seed: int | np.random.Generator = 0,
    jelli: bool = False,
    options: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The document of `to_popxf` and, with draws, that of `popxf_correlations`.

    Parameters
    ----------
    observables : str, tuple or sequence of these
        As in `to_popxf`.
    scale : float
        As in `to_popxf`.
    eft, basis : str
        As in `to_popxf`.
    par : mapping of str to float, optional
        As in `to_popxf`.
    coefficients : iterable of str, optional
        As in `to_popxf`.
    draws : int, default 0
        As in `to_popxf`.
    seed : int or numpy.random.Generator, default 0
        As in `to_popxf`.
    jelli : bool, default False
        As in `to_popxf`.
    options : mapping of str to object, optional
        As in `to_popxf`.

    Returns
    -------
    list of dict of str to object
        One or two documents.
    """
    draws, seed = check_draws(draws), seed_number(seed)
    _check_jelli(jelli, draws)
    if not draws:
        export = _prepare(
            observables,
            Space.of(scale, eft, basis, options),
            par,
            coefficients,
        )
        return [_document(export, None, jelli)]
    export = _prepare(observables, Space.of(scale, eft, basis, options), par, coefficients)
    _check_size(export)
    drawn = _draw(export, draws, seed)
    return [_document(export, drawn), _correlations(export, drawn)]


def is_correlations(path: Path) -> bool:
    """Whether a file is a document of `popxf_correlations`."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("$schema") == _CORRELATIONS_SCHEMA


def _check_jelli(jelli: bool, draws: int) -> None:
    if jelli and draws:
        raise InvalidValue("jelli 0.1 reads no uncertainties; leave draws or jelli out")


class _Draws(NamedTuple):
    """Coefficients of the monomials for every draw, shape (draws, observables, monomials)."""

    samples: np.ndarray
    seed: int


def _prepare(
    observables: Observable | Sequence[Observable],
    space: Space,
    par: Mapping[str, float] | None,
    coefficients: Iterable[str] | None,
) -> _Export:
    wanted = tuple(as_observables(observables))
    if not wanted or len(set(wanted)) != len(wanted):
        raise InvalidValue("observables must be a list of different observables")
    given, parameters = one_point(par)
    chosen = None if coefficients is None else sorted(set(names("coefficients", coefficients)))
    if chosen is not None and not chosen:
        raise InvalidValue("coefficients is empty")
    refused = [name for name in chosen or () if not space.is_linear(name)]
    if refused or not any(map(space.is_linear, space.known)):
        if theory_of(space.eft) is not HIGH:
            raise NotPolynomial(
                f"{', '.join(refused)}: in coefficients of active neutrinos in μ -> e + inv no"
                " observable is an exact polynomial, as G_F depends on them"
            )
        raise NotPolynomial(
            f"{', '.join(refused) or 'SMEFT'}: in coefficients of SMEFT no observable is an exact"
            " polynomial, as wilson runs the parameters of the SM along with them. Export nuWET or"
            " WET at the b scale, and run to it with wilson"
        )
    sectors = None
    if chosen is None:
        found = _contributing(wanted, parameters, space)
        if not found:
            raise NotPolynomial(
                f"none of the observables depends on a coefficient of {space.eft} {space.basis}"
                " with these masses"
            )
        sectors = tuple(found)
        chosen = sorted(name for content in found.values() for name in content)
    predictor = Predictor(wanted, chosen, space)
    if sectors is None:
        predictor.polynomials(parameters)  # where they are refused, there is nothing to warn of
        predictor.warn_idle(parameters)
    return _Export(wanted, sectors, predictor, given, parameters)


def _contributing(
    observables: Sequence[Observable], par: Mapping[str, float], space: Space
) -> dict[str, list[str]]:
    """Sectors of the basis that any observable depends on, with their coefficients.

    A random point that lies in one sector alone changes a rate if and only if the rate depends on
    the sector.
    """
    known = space.known
    quantities = [
        function(par, *arguments) for function, arguments in map(quantity_of, observables)
    ]
    parts = [Quantity(rates) for q in quantities for rates in (q.numerator, q.denominator)]
    origin = np.array([evaluate(part, space.point({}), par) for part in parts])
    generator = np.random.default_rng(0)
    found = {}
    for sector, content in wcxf.Basis[space.eft, space.basis].sectors.items():
        names = [name for name in content if space.is_linear(name)]
        values = generator.normal(size=(2, len(names)))
        values[1, [known[name] for name in names]] = 0
        wc_obj = space.point(dict(zip(names, map(complex, *values), strict=True)))
        changed = np.array([evaluate(part, wc_obj, par) for part in parts])
        if names and not np.allclose(changed, origin, rtol=1e-9, atol=0):
            found[sector] = names
    return found


def _draw(export: _Export, draws: int, seed: int) -> _Draws | None:
    if not draws:
        return None
    keys = _keys(export)
    samples = []
    for point in parameter_draws(draws, export.given, seed):
        polynomials = export.predictor.polynomials(point)
        expanded = _expanded(polynomials, export.observables)
        samples.append(_coefficients(expanded, keys.positions))
    return _Draws(np.array(samples), seed)


class _Keys(NamedTuple):
    """Monomials in sorted order, and the positions (i, j), i <= j, in the matrices."""

    names: list[str]
    positions: tuple[np.ndarray, np.ndarray]


def _keys(export: _Export, polynomials: Polynomials | None = None) -> _Keys:
    """All monomials that occur, and the constant one."""
    if polynomials is None:
        polynomials = export.predictor.polynomials(export.par)
    expanded = _expanded(polynomials, export.observables)
    stacked = np.concatenate([polynomials.numerator, polynomials.denominator, expanded])
    used = np.triu((stacked != 0).any(axis=0))
    used[0, 0] = True
    variables = [("", "R")]
    variables += [(name, part) for name in export.predictor.linear for part in "RI"]
    keys = {
        (variables[i][0], variables[j][0], variables[i][1] + variables[j][1]): (i, j)
        for i, j in np.argwhere(used).tolist()
    }
    order = sorted(keys)
    first, second = np.array([keys[key] for key in order]).T
    return _Keys([str(key) for key in order], (first, second))


def _coefficients(matrices: np.ndarray, positions: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Coefficients of the monomials, shape (polynomials, monomials)."""
    first, second = positions
    return np.where(first == second, 1, 2) * matrices[:, first, second]


def _expanded(polynomials: Polynomials, observables: Sequence[Observable]) -> np.ndarray:
    """Matrices of the observables, ratios expanded around the SM to second order."""
    result = polynomials.numerator.copy()
    for i, observable in enumerate(observables):
        if not polynomials.is_ratio[i]:
            continue
        N, D = polynomials.numerator[i], polynomials.denominator[i]
        if D[0, 0] <= 0:
            raise UndefinedRatio(f"{_name(observable)}: the denominator vanishes in the SM")
        # N/D = r + l + q for the orders of N = (r + l + q) D; matrices have linear terms halved
        ratio = N[0, 0] / D[0, 0]
        rest = (N - ratio * D) / D[0, 0]
        linear, slope = 2 * rest[0], 2 * D[0] / D[0, 0]
        linear[0] = slope[0] = 0.0
        result[i] = rest - (np.outer(linear, slope) + np.outer(slope, linear)) / 2
        result[i, 0, 0] = ratio
    return result


def _name(observable: Observable) -> str:
    if isinstance(observable, str):
        return observable
    name, *arguments = observable
    return ",".join([name, *(repr(float(x)).removesuffix(".0") for x in arguments)])


def _document(export: _Export, draws: _Draws | None, jelli: bool = False) -> dict[str, Any]:
    par = Recorder(export.par)
    polynomials = export.predictor.polynomials(par)
    keys = _keys(export, polynomials)
    names = [_name(observable) for observable in export.observables]

    def table(values: np.ndarray) -> dict[str, list[float]]:
        return dict(zip(keys.names, values.T.tolist(), strict=True))

    expanded = _coefficients(_expanded(polynomials, export.observables), keys.positions)
    metadata: dict[str, Any] = {
        "observable_names": names,
        "parameters": list(export.predictor.linear),
        "basis": _basis(export, jelli),
        "scale": float(export.predictor.space.scale),
        "polynomial_degree": 2,
    }
    data: dict[str, Any] = {"observable_central": table(expanded)}
    if polynomials.is_ratio.any():
        ratios = np.flatnonzero(polynomials.is_ratio)
        metadata["polynomial_names"] = [
            f"{name} numerator" if is_ratio else name
            for name, is_ratio in zip(names, polynomials.is_ratio, strict=True)
        ] + [f"{names[i]} denominator" for i in ratios]
        variables = "terms" if jelli else "variables"
        metadata["observable_expressions"] = [
            {
                variables: {"num": f"{name} numerator", "den": f"{name} denominator"},
                "expression": "num / den",
            }
            if is_ratio
            else {variables: {"p": name}, "expression": "p"}
            for name, is_ratio in zip(names, polynomials.is_ratio, strict=True)
        ]
        exact = np.concatenate([polynomials.numerator, polynomials.denominator[ratios]])
        data["polynomial_central"] = table(_coefficients(exact, keys.positions))
    if draws is not None:
        uncertainties = draws.samples.std(axis=0, ddof=1)
        data["observable_uncertainties"] = {_SOURCE: table(uncertainties)}
    read = {name: float(par[name]) for name in sorted(par.read | set(export.given))}
    metadata["reproducibility"] = _reproducibility(export, draws, read)
    metadata["misc"] = _misc(export)
    return {"$schema": _SCHEMA, "metadata": metadata, "data": data}


def _basis(export: _Export, jelli: bool) -> dict[str, Any]:
    predictor = export.predictor
    eft, basis = predictor.space.eft, predictor.space.basis
    if not jelli:
        wcxf_basis: dict[str, Any] = {"eft": eft, "basis": basis}
        if export.sectors is not None:
            # with sectors jelli takes the list of parameters to be complete
            wcxf_basis["sectors"] = list(export.sectors)
        return {"wcxf": wcxf_basis}
    content = ", ".join(export.sectors or predictor.linear)
    real = predictor.space.known
    return {
        "custom": {
            "name": f"{eft} {basis}: {content}",
            "description": f"coefficients of the WCxf basis {basis} of {eft}: R is real, C complex",
            "parameters": {name: "R" if real[name] else "C" for name in predictor.linear},
        }
    }


def _reproducibility(
    export: _Export, draws: _Draws | None, par: Mapping[str, float]
) -> list[dict[str, Any]]:
    point = export.predictor.space.point({})
    made = {
        **settings.description(),
        "options": {str(name): point.get_option(name) for name in point._option_schema.schema},
    }
    if draws is not None:
        made["uncertainties"] = {
            "draws": len(draws.samples),
            "seed": draws.seed,
            "fixed": sorted(export.given),
        }
    step = {
        "description": "Polynomials of the Wilson coefficients at fixed parameters; inputs: every"
        " parameter that they depend on, names and units (GeV) as in flavio.",
        "tool": {
            "name": "flavio_nusmeft",
            "version": __version__,
            "settings": made,
        },
        "inputs": dict(par),
    }
    return [step]


def _misc(export: _Export) -> dict[str, Any]:
    assumed = "Coefficients are new physics only, those that are not in parameters are zero"
    return {
        "description": f"{assumed}. Masses of sterile neutrinos are fixed: another file for each.",
        "masses": {f"m_N{i}": float(export.par[f"m_N{i}"]) for i in (1, 2, 3)},
        "observables": [
            {"name": o, "arguments": []}
            if isinstance(o, str)
            else {"name": o[0], "arguments": [float(x) for x in o[1:]]}
            for o in export.observables
        ],
    }


def _check_size(export: _Export) -> None:
    size, monomials = len(export.observables), len(_keys(export).names)
    numbers = (size * monomials) ** 2
    if numbers > _LARGEST:
        raise InvalidValue(
            f"the correlations of {monomials} monomials of {size} observables are {numbers:.0e}"
            " numbers: give fewer coefficients or observables"
        )


def _correlations(export: _Export, draws: _Draws | None) -> dict[str, Any]:
    if draws is None:
        raise InvalidValue("correlations need draws")
    n, size, monomials = draws.samples.shape
    samples = draws.samples.reshape(n, -1)
    deviations = samples - samples.mean(axis=0)
    length = np.sqrt((deviations**2).sum(axis=0))
    deviations /= np.where(length > 0, length, 1.0)
    array = (deviations.T @ deviations).reshape(size, monomials, size, monomials)
    names = [_name(observable) for observable in export.observables]
    return {
        "$schema": _CORRELATIONS_SCHEMA,
        "all": {
            "row_names": names,
            "col_names": names,
            "correlations": {_SOURCE: array.transpose(0, 2, 1, 3).tolist()},
        },
    }
