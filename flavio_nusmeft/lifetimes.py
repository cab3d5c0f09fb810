"""Decays of sterile neutrinos: partial widths, lifetime, and whether they can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from . import settings
from ._inputs import brief, integer, mapping, numbers, wc_object
from ._saved import Flags, Numbers, Saved
from .batch import central_parameters, parameters_of
from .citations import cite
from .eft.limits import warn_scale
from .eft.objects import promote
from .eft.space import Space
from .eft.wilson import NuWilson
from .errors import InvalidShape, InvalidValue
from .physics import plausible
from .physics.channels import STERILE
from .physics.mixing import MIXINGS
from .physics.n_decays import INVISIBLE, n_widths

__all__ = ["BBN_LIFETIME", "Decays", "decays", "point"]


def __dir__() -> list[str]:
    return sorted(__all__)


#: s; a longer lifetime of N that decay to mesons is in tension with BBN, arXiv:2008.00749
BBN_LIFETIME = 0.02
_PAPERS = ("arXiv:1805.08567", "arXiv:2008.00749")
_HBAR = constants.hbar / constants.e * 1e-9  # GeV s
_SHOWN = 1e-4  # of branching ratios in tables


@dataclass(frozen=True, repr=False, eq=False)
class Decays(Saved):
    """Decays of one N; ``print`` shows the table.

    All numbers are floats for one mass, and arrays of the shape of ``m_N`` for several. The sum
    over flavours of ν and over a final state and its conjugate is meant: ``mu pi`` is
    μ⁻π⁺ + μ⁺π⁻, ``nu e mu`` the sum of ν e⁻μ⁺ and ν e⁺μ⁻.

    Attributes
    ----------
    N : int
        Which one.
    m_N : float or ndarray
        Its mass, GeV.
    widths : dict of str to float or ndarray
        Partial widths, GeV, that add up to the total.
    mesons, quarks : float or ndarray
        Widths to single mesons and to quarks, with QCD corrections, GeV; the larger one counts, and
        what mesons lack is ``more hadrons`` in ``widths``.
    left_out : tuple of str
        What the coefficients have that is in no width.
    coefficients : dict of str to complex
        Coefficients, GeV^-2.
    space : str
        Their EFT, basis and scale; empty if there are none.
    par : dict of str to float
        Masses and mixings that are not 0, and other parameters that were given.
    made_with : dict
        Options, settings that are not the shipped ones, and versions, see `settings.provenance`.
    in_tension_with_BBN : bool or ndarray
        Whether an N above m_π, once in equilibrium, decays later than `BBN_LIFETIME`:
        arXiv:2008.00749, which is about N above m_π that decay: False for others. A flag only.
    """

    units: ClassVar[dict[str, str]] = {"m_N": "GeV", "widths": "GeV", "lifetime": "s", "ctau": "m"}
    _derived = (
        *("branching_ratios", "total", "lifetime", "ctau", "visible_fraction"),
        *("invisible_fraction", "units"),
    )

    N: int
    m_N: Numbers
    widths: dict[str, Numbers]
    mesons: Numbers
    quarks: Numbers
    left_out: tuple[str, ...]
    coefficients: dict[str, complex]
    space: str
    par: dict[str, float]
    made_with: dict[str, Any]
    in_tension_with_BBN: Flags

    @property
    def total(self) -> Any:
        """Total width, GeV."""
        return sum(self.widths.values(), 0.0 * self.m_N)

    @property
    def lifetime(self) -> Any:
        """Lifetime, s; inf if N is stable."""
        with np.errstate(divide="ignore"):
            return self._like(_HBAR / np.asarray(self.total))

    @property
    def ctau(self) -> Any:
        """Lifetime times the speed of light, m."""
        return constants.c * self.lifetime

    @property
    def branching_ratios(self) -> dict[str, Any]:
        """Branching ratios by final state, in the order of ``widths``; empty if N is stable."""
        return {name: self._ratio(width) for name, width in self.widths.items()}

    @property
    def invisible_fraction(self) -> Any:
        """Fraction of the decays to neutrinos, and to N', only; 1 for a stable N, which leaves."""
        return self._like(np.where(np.asarray(self.total) > 0, self._ratio(self._invisible), 1.0))

    @property
    def visible_fraction(self) -> Any:
        """Fraction of the decays with a photon, charged leptons or hadrons; 0 for a stable N."""
        return self._like(self._ratio(self.total - self._invisible))

    @property
    def _invisible(self) -> Any:
        known = [self.widths[name] for name in INVISIBLE if name in self.widths]
        return sum(known, 0.0 * self.m_N)

    def _ratio(self, width: Any) -> Any:
        total = np.asarray(self.total)
        return self._like(np.divide(width, total, out=np.zeros_like(total), where=total > 0))

    def _like(self, value: Any) -> Any:
        return float(value) if np.ndim(self.m_N) == 0 else np.asarray(value)

    def __repr__(self) -> str:
        place = self.space or "mixing"
        if np.ndim(self.m_N):
            return f"Decays(N{self.N}, {len(self.m_N)} masses, {place})"
        return f"Decays(N{self.N}, m_N = {self.m_N:g} GeV, τ = {self.lifetime:.3g} s, {place})"

    def __str__(self) -> str:
        lines = [self._title, *(f"left out: {what}" for what in self.left_out)]
        lines.append(", ".join(f"{name} = {value}" for name, value in self.made_with.items()))
        table = self._many() if np.ndim(self.m_N) else self._one()
        return "\n".join([*lines, "", *table])

    @property
    def _title(self) -> str:
        values = [
            f"{name} = {c if c.imag else c.real:g} GeV^-2" for name, c in self.coefficients.items()
        ]
        given = [
            f"{name} = {value:g}{' GeV' * (name in STERILE)}" for name, value in self.par.items()
        ]
        place = f"{self.space}: {', '.join(values) or 'all zero'}; " if self.space else ""
        return f"N{self.N}: {place}{', '.join(given)}".rstrip("; ")

    def _one(self) -> list[str]:
        ratios = sorted(self.branching_ratios.items(), key=lambda item: -item[1])
        shown = [(name, ratio) for name, ratio in ratios if ratio >= _SHOWN]
        cells = [("decay", "width [GeV]", "branching ratio")]
        cells += [(name, f"{self.widths[name]:.3e}", f"{ratio:.4f}") for name, ratio in shown]
        lines = _table(cells) if shown else []
        if len(shown) < len(ratios):
            lines.append(f"{len(ratios) - len(shown)} more below {_SHOWN:g}")
        summary = [f"total width {self.total:.4g} GeV"]
        if self.total > 0:
            summary.append(f"lifetime {self.lifetime:.4g} s, cτ = {self.ctau:.4g} m")
            fractions = self.visible_fraction, self.invisible_fraction
            summary.append("visible {:.4f}, invisible {:.4f}".format(*fractions))
        else:
            summary.append("stable: no coefficient or mixing makes it decay")
        if self.in_tension_with_BBN:
            summary.append(_BBN)
        return [*lines, *[""] * bool(lines), *summary]

    def _many(self) -> list[str]:
        headings = ("m_N [GeV]", "lifetime [s]", "cτ [m]", "visible", "largest decay", "tension")
        cells: list[tuple[str, ...]] = [headings]
        ratios, tension = self.branching_ratios, self.in_tension_with_BBN
        for i, mass in enumerate(self.m_N.tolist()):
            best = max(ratios, key=lambda name: ratios[name][i], default="")
            largest = f"{best} {ratios[best][i]:.3f}" if self.total[i] > 0 else "stable"
            numbers = [f"{x[i]:.3e}" for x in (self.lifetime, self.ctau)]
            visible = f"{self.visible_fraction[i]:.4f}"
            cells.append((f"{mass:g}", *numbers, visible, largest, "BBN" * bool(tension[i])))
        return [*_table(cells), *([f"BBN: {_BBN}"] if tension.any() else [])]


_BBN = (
    f"lifetime above {BBN_LIFETIME} s: in tension with BBN (arXiv:2008.00749) if N was in thermal"
    " equilibrium"
)


def decays(
    coefficients: Any = None,
    N: int = 1,
    *,
    scale: float | None = None,
    eft: str | None = None,
    basis: str | None = None,
    par: Mapping[str, ArrayLike] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Decays:
    """Decays of a sterile neutrino by operators and mixing together.

    Parameters
    ----------
    coefficients : mapping of str to complex, object or None
        Wilson coefficients at ``scale``, new physics only (GeV^-2); or a `NuWilson` or another
        object with coefficients of wilson or flavio, which has its own scale, EFT, basis and
        options; or None: mixing alone.
    N : int, default 1
        Which of N1, N2 and N3.
    scale, eft, basis : float, str and str
        MSbar scale (GeV), EFT and basis of a mapping of coefficients, as in `predict`.
    par : mapping of str to array_like
        Parameters that differ from the central values of ``flavio.default_parameters``, or a full
        dictionary: with the mass of this N (``m_N1``, GeV), a number or a list of numbers, and its
        mixings.
    options : mapping of str to object, optional
        Options of running and matching, as for `NuWilson`.

    Returns
    -------
    Decays
        Partial widths, lifetime, visible and invisible fraction.

    Raises
    ------
    InvalidMass
        For N without mass, or above m_W.
    InvalidValue, InvalidShape, InvalidScale, UnknownCoefficient, UnknownParameter, UnknownBasis

    Warns
    -----
    NoEffectWarning
        If there are coefficients or mixings, and none makes this N decay.
    DiracMassWarning
        If the coefficients are those of a Dirac N, and its two states differ in mass or mixing.
    SizeWarning, ScaleWarning
        As `NuWilson`.

    Notes
    -----
    `physics.n_decays` says which decays there are, at which scales, and what is left out. N are
    Majorana particles; a Dirac N has half the width for every operator with one N, and mixing.
    """
    N = integer("N", N, 1, 3)
    overrides = parameters_of(par)
    name = STERILE[N - 1]
    for parameter, value in overrides.items():
        if value.ndim > (parameter == name) or not value.size:
            kind = "a number" if parameter != name else "a number or a list of numbers"
            raise InvalidShape(f"{parameter} must be {kind}, not of shape {value.shape}")
    full = central_parameters(overrides)
    masses = overrides.get(name, numbers(name, full[name]))
    wc_obj, space = point(coefficients, scale, eft, basis, options)
    values = {} if wc_obj is None else {k: complex(v) for k, v in wc_obj.wc.dict.items()}
    found = n_widths(wc_obj, full, N, masses)
    plausible.check_decays(N, wc_obj, full, masses, found)
    cite(_PAPERS)

    def like(value: np.ndarray) -> Any:
        return value if masses.ndim else value[0].item()

    total = np.atleast_1d(sum(found.widths.values(), 0.0 * masses))
    late = (total > 0) & (BBN_LIFETIME * total < _HBAR)
    central = central_parameters({})
    names = [*STERILE, *(U for row in MIXINGS for U in row if full[U])]
    names = [k for k in names if full[k] and (k != name or not masses.ndim)]
    names += [str(k) for k, v in overrides.items() if not v.ndim and full[k] != central[k]]
    given = {k: float(full[k]) for k in dict.fromkeys(names)}
    return Decays(
        N=N,
        m_N=like(np.atleast_1d(masses).astype(float)),
        widths={key: like(value) for key, value in found.widths.items()},
        mesons=like(found.mesons),
        quarks=like(found.quarks),
        left_out=found.left_out,
        coefficients={k: v for k, v in values.items() if v},
        space=space,
        par=given,
        made_with=settings.provenance(wc_obj),
        in_tension_with_BBN=like(late & (np.atleast_1d(masses) > float(full["m_pi+"]))),
    )


def point(
    coefficients: Any,
    scale: float | None,
    eft: str | None,
    basis: str | None,
    options: Mapping[str, Any] | None,
) -> tuple[Any, str]:
    """Coefficients in the forms that `decays` takes.

    Parameters
    ----------
    coefficients : mapping of str to complex, object or None
        As in `decays`, as all others.
    scale : float or None
        Of a mapping.
    eft, basis : str or None
        Of a mapping.
    options : mapping of str to object or None
        Of a mapping.

    Returns
    -------
    (object or None, str)
        The object with coefficients, and where they are.

    Raises
    ------
    InvalidValue, InvalidShape, InvalidScale, UnknownCoefficient, UnknownBasis

    Warns
    -----
    SizeWarning, ScaleWarning
    """
    where = {"scale": scale, "eft": eft, "basis": basis, "options": options}
    given = [name for name, value in where.items() if value is not None]
    if coefficients is None or hasattr(coefficients, "match_run"):
        if given:
            what = "mixing alone" if coefficients is None else "an object with coefficients"
            raise InvalidValue(
                f"{', '.join(given)}: of a dictionary of coefficients, not of {what}"
            )
        wc_obj = wc_object(coefficients)
        if wc_obj is None or wc_obj.wc is None:
            return None, ""
        wc_obj = promote(wc_obj)
        if isinstance(wc_obj, NuWilson):
            warn_scale(wc_obj)
        wc = wc_obj.wc
        return wc_obj, f"{wc.eft} {wc.basis} at {wc.scale:g} GeV"
    values = mapping("coefficients", coefficients)
    missing = [name for name in ("scale", "eft", "basis") if where[name] is None]
    if scale is None or eft is None or basis is None:
        raise InvalidValue(f"give the {', '.join(missing)} of the coefficients, as to nus.predict")
    space = Space.of(scale, eft, basis, options)
    space.check(values)
    for name, value in values.items():
        if np.ndim(value):
            raise InvalidShape(f"{name} = {brief(value)} must be a number; lists are for m_N alone")
    found = space.point(values)
    space.warn_size(values)
    space.warn_scale()
    return found, str(space)


def _table(cells: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return [rows[0], "  ".join("-" * width for width in widths), *rows[1:]]
