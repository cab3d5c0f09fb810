"""One search: what it excludes as a function of the mass of N."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from flavio import default_parameters
from numpy.typing import ArrayLike
from scipy.stats import norm

from .._inputs import brief, line, names, number, text
from ..errors import InvalidMass, InvalidShape, InvalidValue, UnknownObservable, nearest
from ..physics.modes import CHARGED_LEPTONS, LEPTONIC

__all__ = ["KINDS", "Search"]


def __dir__() -> list[str]:
    return sorted(__all__)


KINDS = ("peak", "visible")
_NATURES = ("either", "Dirac", "Majorana")


class Search:
    """A limit on the mixing |U|² of N with one flavour, or on BR(P -> l N), against the mass of N.

    Parameters
    ----------
    name : str
        Its name.
    m_N : array_like
        Masses, GeV, shape (n,), in any order.
    limit : array_like
        What is excluded begins here: |U|², or a branching ratio, shape (n,).
    flavour : {"e", "mu", "tau"}
        The flavour β of |U_βk|², or the charged lepton of a decay.
    kind : {"peak", "visible"}, default "peak"
        ``peak``: the kinematics of the decay that makes N show it, whatever happens to N later;
        ``visible``: decays of N are seen, which are those of mixing.
    decay : str, optional
        Of a peak: the decay that makes N, e.g. ``K+->mu``, ``pi+->e``, ``B+->mu``. Without it only
        mixing makes N.
    quantity : {"U2", "BR"}, default "U2"
        What ``limit`` is; ``BR`` is the branching ratio of ``decay``.
    upper : (array_like, array_like), optional
        Masses and values up to which it is excluded: above, N decays before the detector. At masses
        beyond these there is no upper end.
    cl : float, default 0.9
        Confidence level of the limit.
    nature : {"either", "Dirac", "Majorana"}, default "either"
        Of N in the analysis.
    data : str, optional
        Searches with the same one have events in common; default: the name.
    source : sequence of str, optional
        Papers.

    Attributes
    ----------
    low, high : float
        Range of the masses, GeV. Beyond it there is no limit.
    strongest : float
        The smallest limit at any mass.
    z : float
        Standard deviations at the limit, of a normal distribution of positive values only.
    package : str
        Name and version of the package that it comes with; empty for one of the user.

    Raises
    ------
    InvalidValue, InvalidShape, InvalidMass, UnknownObservable
    """

    def __init__(
        self,
        name: str,
        m_N: ArrayLike,
        limit: ArrayLike,
        *,
        flavour: str,
        kind: str = "peak",
        decay: str | None = None,
        quantity: str = "U2",
        upper: tuple[ArrayLike, ArrayLike] | None = None,
        cl: float = 0.9,
        nature: str = "either",
        data: str = "",
        source: Sequence[str] = (),
    ) -> None:
        self.name, self.package = text("the name of a search", name), ""
        self.flavour = self._one_of("flavour", flavour, CHARGED_LEPTONS)
        self.kind = self._one_of("kind", kind, KINDS)
        self.nature = self._one_of("nature", nature, _NATURES)
        self.quantity = self._one_of("quantity", quantity, ("U2", "BR"))
        self.decay = decay
        self._check_decay()
        self.cl = number(f"cl of {self.name}", cl)
        if not 0.5 < self.cl < 1:
            percent = f"; {cl:g}% is {cl / 100:g}" if 50 < self.cl < 100 else ""
            raise InvalidValue(f"cl of {self.name} = {cl:g} must be between 0.5 and 1{percent}")
        self.z = float(norm.ppf((1 + self.cl) / 2))
        self.data, self.source = data or self.name, tuple(names("source", source))
        self._lower = self._curve("limit", m_N, limit)
        masses = line("m_N", m_N)
        self.strongest = float(np.min(limit))
        self.low, self.high = float(masses.min()), float(masses.max())
        self._upper: np.ndarray | None = None
        if upper is not None:
            try:
                x, y = upper
            except (TypeError, ValueError):
                raise InvalidShape(f"upper of {self.name} must be a pair: masses, values") from None
            self._upper = self._curve("upper", x, y)
        self._check_plausible()

    def _one_of(self, what: str, value: Any, known: tuple[str, ...]) -> str:
        if value not in known:
            hint = nearest(str(value), known)
            raise InvalidValue(
                f"{what} of {self.name} must be {', '.join(known)}, not {brief(value)}{hint}"
            )
        return str(value)

    def _check_decay(self) -> None:
        known = [name for name, mode in LEPTONIC.items() if mode.lepton == self.flavour]
        if self.decay is not None and self.decay not in known:
            raise UnknownObservable(
                f"decay of {self.name} must be {', '.join(known)}, not"
                f" {brief(self.decay)}{nearest(str(self.decay), known)}"
            )
        if self.decay is not None and self.kind != "peak":
            raise InvalidValue(f"{self.name}: decay is for peaks; visible decays are of mixing")
        if self.quantity == "BR" and self.decay is None:
            raise InvalidValue(f"{self.name}: a branching ratio needs decay, e.g. 'B+->mu'")

    def _check_plausible(self) -> None:
        """What hints at other units, or excludes nothing."""
        if self.low == self.high:
            raise InvalidValue(f"limit of {self.name}: all masses are {self.low:g} GeV")
        if self.decay is not None:
            meson, lepton = LEPTONIC[self.decay].B, LEPTONIC[self.decay].lepton
            m_P, m_l = (
                default_parameters.get_central(f"m_{particle}") for particle in (meson, lepton)
            )
            if self.low >= m_P - m_l:
                raise InvalidMass(
                    f"masses of {self.name} begin at {self.low:g} GeV, above the {m_P - m_l:.3g}"
                    f" GeV of {self.decay}; if they are in MeV, give GeV"
                )
        if self.strongest >= 1:
            raise InvalidValue(
                f"limit of {self.name} is nowhere below 1: |U|² and branching ratios are"
            )
        if self._upper is not None:
            masses = np.exp(np.concatenate([self._lower[0], self._upper[0]]))
            if np.isnan(self._limits(masses)[0]).all():
                raise InvalidValue(f"upper of {self.name} is nowhere above its limit")

    def _curve(self, what: str, m_N: ArrayLike, values: ArrayLike) -> np.ndarray:
        """Logarithms of masses and values, by mass, shape (2, n)."""
        x, y = line("m_N", m_N), line(what, values)
        if len(x) != len(y) or len(x) < 2:
            raise InvalidShape(
                f"{what} of {self.name}: {len(x)} masses and {len(y)} values; there must be as many"
                " of both, two at least"
            )
        for each, array in (("masses", x), (f"values of {what}", y)):
            if not (np.isfinite(array).all() and (array > 0).all()):
                raise InvalidValue(f"{each} of {self.name} must be finite and positive")
        order = np.argsort(x, kind="stable")
        return np.log(np.array([x[order], y[order]]))

    def limits(self, m_N: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Between which values it excludes, interpolated in the logarithms.

        Parameters
        ----------
        m_N : array_like
            GeV, shape (n,).

        Returns
        -------
        (ndarray, ndarray)
            Shape (n,): the lower end, nan where nothing is excluded, and the upper one, inf where
            there is none.

        Raises
        ------
        InvalidMass
        """
        return self._limits(_masses(m_N))

    def _limits(self, m_N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with np.errstate(divide="ignore"):
            x = np.log(m_N)
        lower = np.exp(np.interp(x, self._lower[0], self._lower[1], left=np.nan, right=np.nan))
        upper = np.full_like(lower, np.inf)
        if self._upper is not None:
            upper = np.exp(np.interp(x, self._upper[0], self._upper[1], left=np.inf, right=np.inf))
        return np.where(lower < upper, lower, np.nan), upper

    def strength(self, m_N: ArrayLike, value: ArrayLike) -> np.ndarray:
        """How strongly it excludes values: 1 at its ends, more between, less outside.

        It is value/limit, or upper/value where that is smaller: it falls above the upper end.

        Parameters
        ----------
        m_N : array_like
            GeV, shape (n,).
        value : array_like
            |U|² or branching ratio, shape (n,).

        Returns
        -------
        ndarray
            Shape (n,), 0 beyond the range of masses.

        Raises
        ------
        InvalidMass, InvalidShape
        """
        masses, array = _masses(m_N), line("value", value)
        if masses.shape != array.shape:
            raise InvalidShape(f"{len(masses)} masses and {len(array)} values of {self.name}")
        return self._strength(masses, array)

    def _strength(self, m_N: np.ndarray, value: np.ndarray) -> np.ndarray:
        lower, upper = self._limits(m_N)
        with np.errstate(divide="ignore"):
            found = np.fmin(value / lower, upper / value)
        return np.where(np.isnan(lower), 0.0, found)

    def checksum(self) -> str:
        """Of all that its likelihood depends on.

        Returns
        -------
        str
            Hexadecimal.
        """
        upper = None if self._upper is None else self._upper.tolist()
        content = (self._lower.tolist(), upper, self.flavour, self.kind, self.decay)
        return hashlib.sha256(
            repr((*content, self.quantity, self.cl, self.data)).encode()
        ).hexdigest()

    def __repr__(self) -> str:
        return (
            f"Search('{self.name}': {self.kind}, {self.flavour}, {self.quantity},"
            f" {self.low:.4g} to {self.high:.4g} GeV, {100 * self.cl:g}%)"
        )


def _masses(m_N: ArrayLike) -> np.ndarray:
    masses = line("m_N", m_N)
    if not (np.isfinite(masses).all() and (masses >= 0).all()):
        raise InvalidMass(f"m_N = {brief(m_N)} GeV must be finite and not negative")
    return masses
