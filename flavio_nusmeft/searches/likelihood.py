"""Searches as one likelihood of masses, mixings and Wilson coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._inputs import all_parameters, brief, number, wc_object
from ..citations import cite
from ..errors import (
    AssumptionWarning,
    InvalidMass,
    InvalidValue,
    NoEffectWarning,
    UnknownSearch,
    listed,
    nearest,
    warn,
)
from ..physics import plausible
from ..physics.masses import STERILE, neutrino_masses
from ..physics.mixing import mixings
from ..physics.modes import CHARGED_LEPTONS, LEPTONIC
from ..physics.production import produced
from . import tables
from .search import KINDS, Search

__all__ = ["Searches"]


def __dir__() -> list[str]:
    return sorted(__all__)


_GROUPS = (*KINDS, "all")
_TOGETHER = 0.01  # N whose masses differ less, relative to the larger one, are in one peak
_PAPER = "Fernandez-Martinez:2023phj"


class Searches:
    """Likelihood of searches for N in peaks and in visible decays.

    Of every search -2 ln L = (z t)², with z = 1.645 for a limit at 90%, 1.960 at 95%: a normal
    distribution of positive values around 0 has that probability below the limit, as flavio takes
    limits. This is what a limit alone says: best values above 0 and fluctuations are not known.
    `upper_limit` is one-sided, Φ(z) = CL: of one search it gives 0.78 of the published |U|² at 90%,
    0.84 at 95%, and just that at cl = (1 + CL)/2.

    - Peaks: t = Σ_k |U|²_eff,k / limit(m_Nk). |U|²_eff is the branching ratio of the decay over
      that of the SM for a neutrino as heavy as N. So it counts N from mixing and from operators,
      with their interference (see `physics.production`); if N only mixes it is |U|². Dirac and
      Majorana N are the same here. N must leave the detector: of N that decay there events are
      vetoed, and the limit is none. N whose masses differ by less than 1% are in one peak, others
      count by themselves. Of searches without ``decay`` |U_βk|² counts alone.
    - Visible decays: t = |U_βk|²/limit, or, where N of large mixings decay too early, edge/|U_βk|²
      if that is smaller: 1 at both edges, outside of which values are allowed. The limits are for
      an N that mixes with one flavour and has no operators; `AssumptionWarning` says where that is
      not so. They are used as published, for Dirac or for Majorana N: one of the other nature has
      half or twice the decays, which is √2 in a limit on |U|² from production times decay.

    Parameters
    ----------
    which : str or iterable of str or Search, default "peak"
        ``peak``, ``visible`` or ``all`` of those that data/searches.yml lists, from the package
        HNLimits, whose files are read where it is installed; names of them; searches of the user;
        or a list of these.
    flavour : {"e", "mu", "tau"}, optional
        Only those of one flavour.

    Attributes
    ----------
    names : tuple of str
        Of the searches.

    Raises
    ------
    MissingPackage
        Without HNLimits: ``pip install 'flavio_nusmeft[searches]'``.
    UnknownSearch, InvalidValue, InvalidRecord

    Warns
    -----
    AssumptionWarning
        With another version of HNLimits than the one whose files were checked.

    Notes
    -----
    It can be pickled, with the limits. Those of the same data, as of the two lifetimes of DELPHI,
    count once, the strongest of them.
    """

    def __init__(
        self, which: str | Iterable[str | Search] = "peak", *, flavour: str | None = None
    ) -> None:
        if flavour is not None and flavour not in CHARGED_LEPTONS:
            raise InvalidValue(
                f"flavour must be {', '.join(CHARGED_LEPTONS)}, not {brief(flavour)}"
            )
        found = [each for each in _chosen(which) if flavour in (None, _flavour(each))]
        if not found:
            of_flavour = "" if flavour is None else f" of the flavour {flavour}"
            raise UnknownSearch(f"there is no search {brief(which)}{of_flavour}")
        self._searches = tuple(
            each if isinstance(each, Search) else tables.read(each) for each in found
        )
        self.names = tuple(each.name for each in self._searches)
        for name in self.names:
            if self.names.count(name) > 1:
                raise InvalidValue(f"searches must have different names: {name} is there twice")
        # also of those that come from another `Searches`
        self._package = next((s.package for s in self._searches if s.package), None)
        if self._package not in (None, f"{tables.PACKAGE} {tables.TESTED}"):
            warn(
                f"{self._package} is not {tables.TESTED}, of whose files units and columns were"
                " compared with the papers: look at nusmeft list searches",
                AssumptionWarning,
            )
        papers = [paper for s in self._searches if s.package for paper in s.source]
        self._papers = tuple(dict.fromkeys((_PAPER, *papers))) if papers else ()
        self._said: set[str] = set()

    def __repr__(self) -> str:
        origin = f", {self._package}" if self._package else ""
        names = listed(list(self.names))
        return f"Searches({names}{origin})"

    def __iter__(self) -> Any:
        return iter(self._searches)

    def __len__(self) -> int:
        return len(self._searches)

    def table(self, m_N: float | None = None) -> list[dict[str, Any]]:
        """What the searches are, and what they exclude at a mass.

        Parameters
        ----------
        m_N : float, optional
            GeV.

        Returns
        -------
        list of dict
            ``name``, ``flavour``, ``kind``, ``decay``, ``quantity``, ``low`` and ``high`` (masses,
            GeV), ``cl``, ``strongest``, ``nature``, ``source``; with a mass ``lower`` and
            ``upper``, between which values are excluded: None where the search does not reach the
            mass, or has no upper end.

        Raises
        ------
        InvalidMass
            If the mass is not positive.
        """
        if m_N is not None and not 0 < number("m_N", m_N) < np.inf:
            raise InvalidMass(f"m_N = {m_N} GeV must be positive and finite")
        rows = []
        for each in self._searches:
            row = {
                name: getattr(each, name)
                for name in (
                    "name",
                    "flavour",
                    "kind",
                    "decay",
                    "quantity",
                    "low",
                    "high",
                    "cl",
                    "strongest",
                )
            }
            row |= {"nature": each.nature, "source": list(each.source)}
            if m_N is not None:
                ends = (end.item() for end in each.limits([m_N]))
                lower, upper = (end if np.isfinite(end) else None for end in ends)
                row |= {"lower": lower, "upper": None if lower is None else upper}
            rows.append(row)
        return rows

    def islands(self, flavour: str, m_N: float) -> list[tuple[float, float]]:
        """What searches with two ends exclude of the mixing of an N with one flavour.

        Parameters
        ----------
        flavour : {"e", "mu", "tau"}
            The flavour.
        m_N : float
            GeV.

        Returns
        -------
        list of (float, float)
            |U|² of an N that only mixes: lower and upper end.

        Raises
        ------
        InvalidMass
        """
        found = []
        for each in self._searches:
            if each.flavour == flavour and each.quantity == "U2":
                lower, upper = (end.item() for end in each.limits([m_N]))
                if lower < upper < np.inf:  # lower is nan where there is no limit
                    found.append((lower, upper))
        return found

    def contributions(self, par_dict: Mapping[str, float], wc_obj: Any = None) -> dict[str, float]:
        """-2 ln L of every search.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters, as ``flavio.default_parameters.get_central_all()``.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.

        Returns
        -------
        dict of str to float
            By name, above its value without N. Of searches with the same data, that of the
            strongest; the others are 0.

        Raises
        ------
        InvalidMass, InvalidMixing
        """
        par, wc_obj = all_parameters(par_dict), wc_object(wc_obj)
        masses = np.array(neutrino_masses(par)[-len(STERILE) :])
        squares = mixings(par) ** 2
        peaks = _peaks(masses)
        result, visible = dict.fromkeys(self.names, 0.0), set[int]()
        reached = [s for s in self._searches if ((s.low <= masses) & (masses <= s.high)).any()]
        decays = dict.fromkeys(each.decay for each in reached if each.decay is not None)
        made = {decay: produced(par, wc_obj, LEPTONIC[decay]) for decay in decays}
        for each in reached:
            values = squares[CHARGED_LEPTONS.index(each.flavour)]
            if each.decay is not None:
                values = made[each.decay][each.quantity == "U2"]
            t = each._strength(masses, values)
            if each.kind == "visible":
                visible.update(np.flatnonzero(t).tolist())
                total = float((t**2).sum())
            else:
                total = float(sum(t[group].sum() ** 2 for group in peaks))
            result[each.name] = each.z**2 * total
        strongest: dict[str, str] = {}
        for each in reached:
            other = strongest.setdefault(each.data, each.name)
            if result[each.name] > result[other]:
                strongest[each.data], result[other] = each.name, 0.0
            elif other != each.name:
                result[each.name] = 0.0
        self._warn(masses, squares, visible, wc_obj, bool(reached))
        cite(self._papers)
        return result

    def log_likelihood(self, par_dict: Mapping[str, float], wc_obj: Any = None) -> float:
        """Ln L above its value without N, 0 or less.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters, as ``flavio.default_parameters.get_central_all()``.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.

        Returns
        -------
        float
            Ln L.

        Raises
        ------
        InvalidMass, InvalidMixing

        Warns
        -----
        NoEffectWarning
            If no search reaches the mass of any N, once.
        AssumptionWarning
            If a visible decay is of an N that does not only mix, or not with one flavour, once.
        """
        return -0.5 * sum(self.contributions(par_dict, wc_obj).values())

    def description(self) -> dict[str, Any]:
        """What the likelihood depends on, for the files of scans.

        Returns
        -------
        dict of str to object
            JSON: version of the package and checksums of the limits, by name.
        """
        return {
            "package": self._package,
            "checksums": {each.name: each.checksum() for each in self._searches},
        }

    def _warn(
        self,
        masses: np.ndarray,
        squares: np.ndarray,
        visible: set[int],
        wc_obj: Any,
        is_reached: bool,
    ) -> None:
        """Warn of what the numbers do not mean, once."""
        if not is_reached and "masses" not in self._said:
            self._said.add("masses")
            low, high = min(s.low for s in self._searches), max(s.high for s in self._searches)
            values = ", ".join(f"{n} = {m:g}" for n, m in zip(STERILE, masses, strict=True))
            warn(
                f"no search reaches {values} GeV: they say nothing there; they are from"
                f" {low:.3g} to {high:.3g} GeV",
                NoEffectWarning,
            )
        wrong = [
            STERILE[k][2:]
            for k in sorted(visible)
            if np.count_nonzero(squares[:, k]) > 1 or plausible.contains(wc_obj, k)
        ]
        if wrong and "visible" not in self._said:
            self._said.add("visible")
            warn(
                f"visible decays of {', '.join(wrong)} are taken as those of an N that mixes with"
                " one flavour and has no operators: with others it is made and decays otherwise",
                AssumptionWarning,
            )


def _chosen(which: Any) -> list[str | Search]:
    """Names of the table and searches of the user, in their order."""
    if not isinstance(which, (str, Search, Iterable)):
        raise InvalidValue(f"searches must be a list of names, not {brief(which)}")
    known, chosen = tables.known(), list[str | Search]()
    for each in [which] if isinstance(which, (str, Search)) else which:
        if isinstance(each, Search) or (isinstance(each, str) and each in known):
            chosen.append(each)
        elif isinstance(each, str) and each in _GROUPS:
            chosen += [name for name, entry in known.items() if each in ("all", entry["kind"])]
        else:
            raise UnknownSearch(f"no search {brief(each)}{_hint(str(each), known)}")
    # a name may stand for itself and in a group
    return [each for i, each in enumerate(chosen) if each not in chosen[:i]]


def _hint(wrong: str, known: Iterable[str]) -> str:
    """Names that are like it or have it in them, else all."""
    within = [name for name in known if wrong.strip() and wrong.lower() in name.lower()]
    if within:
        return f"; did you mean {' or '.join(map(repr, within))}?"
    others = f"; there are {', '.join(_GROUPS)} and {', '.join(known)}"
    return nearest(wrong, [*_GROUPS, *known]) or others


def _flavour(each: str | Search) -> str:
    return each.flavour if isinstance(each, Search) else str(tables.known()[each]["flavour"])


def _peaks(masses: np.ndarray) -> list[np.ndarray]:
    """Indices of the N of every peak."""
    order = np.argsort(masses)
    ends = np.flatnonzero(np.diff(masses[order]) > _TOGETHER * masses[order][1:])
    return np.split(order, ends + 1)
