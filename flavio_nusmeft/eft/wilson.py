"""NuWilson: a point in the parameter space of nuSMEFT or nuWET, with running and matching.

Use `NuWilson` wherever flavio takes a ``wc_obj``. Observables of this package see all its
coefficients, stock flavio observables its SMEFT (or WET) part.
"""

from __future__ import annotations

import copy
import os
from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import IO, Any, ClassVar

import flavio
import numpy as np
import voluptuous as vol
import wilson
from flavio.physics.eft import sectors_flavio2wcxf
from wilson import parameters as wilson_parameters
from wilson import wcxf
from wilson.run.smeft import smpar

from .. import settings
from .._inputs import brief, mapping, names, text
from ..citations import cite
from ..errors import (
    InvalidValue,
    StockObservableWarning,
    UnknownBasis,
    UnknownSector,
    nearest,
    warn,
)
from .bases import check_readable, known_coefficients
from .chain import FLAVOURS, PARAMETERS, Settings, needs_ckm, nusmeft_map, nuwet_map
from .evolution import Ckm
from .files import read_wc
from .flavour import LinearMap, check_coefficients
from .hints import sector_hint
from .limits import SMALLEST_MATCHING, check_scale, warn_scale, warn_size
from .operators import NU_SMEFT
from .rounding import real_where_hermitian, without_dust
from .running import LOWEST
from .translators import from_warsaw, to_warsaw, warn_dropped

__all__ = [
    "PARTNERS",
    "NuWilson",
    "StandardWilson",
    "check_reached",
    "ckm_elements",
    "load_wc",
    "match_run",
    "options_of",
    "promote",
    "register",
    "with_ckm",
    "with_options",
]

# the EFT without sterile neutrinos that each EFT contains
_STANDARD = {
    "nuSMEFT": ("SMEFT", "Warsaw"),
    "nuWET": ("WET", "JMS"),
    "nuWET-4": ("WET-4", "JMS"),
    "nuWET-3": ("WET-3", "JMS"),
}
_CKM = Ckm._fields
_FLAVOURS = FLAVOURS | {_STANDARD[eft][0]: quarks for eft, quarks in FLAVOURS.items()}
_WET = {5: "WET", 4: "WET-4", 3: "WET-3"}  # by the number of quarks, as in flavio
# what the running of the part with N cites
_JMS = "Jenkins:2017jig"
_PAPERS = {
    "qcd": ("arXiv:2309.02940", _JMS),
    "full": (
        _JMS,
        "arXiv:1711.05270",
        "arXiv:2010.12109",
        "arXiv:2103.04441",
        "arXiv:2407.16751",
    ),
}
_WILSON = ("Aebischer:2018bkb",)


#: for a sector of WET, the observables of this package that sum over N where flavio's do not
PARTNERS: dict[str, tuple[str, ...]] = {}


class StandardWilson(flavio.WilsonCoefficients):
    """Coefficients of SMEFT or WET that run with the CKM elements of flavio's parameters.

    That is what flavio makes of a ``wilson.Wilson``, with other ``parameters`` of the object kept.
    A ``flavio.WilsonCoefficients`` runs with the CKM elements of wilson, or those set on it.
    """

    def get_wcxf(
        self,
        sector: str,
        scale: float,
        par: Mapping[str, float],
        eft: str = "WET",
        basis: str = "flavio",
        nf_out: int | None = None,
    ) -> wcxf.WC:
        """As in flavio, of the part without N, with the CKM elements of ``par``.

        flavio calls this with gamma of the opposite sign for CP-conjugated amplitudes, where it
        wants the coefficients of the decay itself; so gamma is taken to be positive.
        """
        part = flavio.WilsonCoefficients()
        if self.has_standard_part:
            part = with_ckm(self, {**par, "gamma": abs(par["gamma"])})
        return part.get_wcxf(sector, scale, par, eft, basis, nf_out)

    @property
    def has_standard_part(self) -> bool:
        """Whether any coefficient without sterile neutrinos is non-zero."""
        return bool(self.standard_values)

    @property
    def standard_values(self) -> frozenset[tuple[str, complex]]:
        """Non-zero coefficients without sterile neutrinos, as pairs."""
        return frozenset((k, v) for k, v in self.wc.dict.items() if v != 0)

    @property
    def standard_basis(self) -> tuple[str, str]:
        """EFT and basis of `standard_values`."""
        return self.wc.eft, self.wc.basis


class _Schema(vol.Schema):
    """A schema that takes any mapping, as the default options are."""

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return dict(super().__call__(dict(data)))


class NuWilson(StandardWilson):
    """Wilson coefficients of nuSMEFT or nuWET at a scale.

    N1, N2 and N3 are Majorana particles that leave the detector undecayed and do not mix with the
    active neutrinos. A Dirac N is two Majorana states of equal mass, n = (n_1 + i n_2)/sqrt(2): of
    a coefficient C of nbar n (qn, nd, nu, ne, ln, phin) it has C/2 with the N indices 11 and 22,
    iC/2 with 12 and -iC/2 with 21; of lbar n (lnle, lnqd1, lnqd3, lnuq, nW, nB, nphi) C/sqrt(2) and
    iC/sqrt(2), of nbar e (nedu, phine) C/sqrt(2) and -iC/sqrt(2).

    Parameters
    ----------
    wcdict : coefficients by name, real or complex, in GeV^-2 (or the coefficient's dimension);
        new physics only
    scale : MSbar scale in GeV
    eft, basis : ``nuSMEFT`` with ``Warsaw``, ``FGMS`` or ``LiaoMa``, or ``nuWET`` (five quark
        flavours), ``nuWET-4`` or ``nuWET-3`` with ``JMS``
    options : values of options, see below; for the others the defaults of now

    The SMEFT or WET part runs through wilson. Without Yukawa couplings of N, operators with N do
    not feed those without linearly at dimension six, nor the other way round.

    Options (`set_option`) are those of `wilson.Wilson`, which hold for the SMEFT and WET part
    (``smeft_matchingscale``, ``mb_matchingscale``, ``mc_matchingscale`` and, for ``full`` running,
    ``qed_order`` for the part with N, too), and

    - ``running``: of the part with N. ``qcd`` (default), as in arXiv:2309.02940 Eq. (13), or
      ``full``: one loop with gauge and Yukawa couplings in nuSMEFT, where the classes mix and
      coefficients refer to the mass basis of down-type quarks and charged leptons at their scale,
      and QCD and QED in nuWET. ``nn`` does not run, ``nphi`` is kept.
    - ``alpha_s``: alpha_s(m_Z) in the running of the part with N (0.1181, arXiv:2309.02940)

    Of ``parameters`` the part with N takes the CKM elements (in predictions those of flavio's
    parameters), ``GF``, ``alpha_e`` and ``m_W``; masses and the other couplings above m_Z are
    wilson's defaults. ``qcd_order`` and ``smeft_accuracy`` have no effect on it.

    Warns
    -----
    SizeWarning
        For coefficients larger than (4π/scale)², mostly TeV^-2 given as GeV^-2.
    ScaleWarning, NoEffectWarning, HeavyMassWarning
        Later, in predictions, for scales at which another EFT is to be used, for coefficients that
        change no observable, and for N heavier than all that decay.
    StockObservableWarning
        Later, for stock observables of flavio to which N contributes.

    Raises
    ------
    UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
    """

    # every option has a default: own ones, then those of wilson, as they are when an object is made
    _default_options: ClassVar[MutableMapping[str, Any]] = ChainMap(
        settings.NUWILSON, wilson.Wilson._default_options
    )
    _option_schema = _Schema(
        {
            **wilson.Wilson._option_schema.schema,
            "running": vol.In(["qcd", "full"]),
            "alpha_s": vol.All(vol.Coerce(float), vol.Range(min=0.05, max=0.2)),
            "smeft_matchingscale": vol.All(vol.Coerce(float), vol.Range(min=SMALLEST_MATCHING)),
        }
    )

    def __init__(
        self,
        wcdict: Mapping[str, complex],
        scale: float,
        eft: str,
        basis: str,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._begin(wcdict, scale, eft, basis, options)
        warn_size(self.wc.dict, eft, self.wc.scale)

    def _begin(
        self,
        wcdict: Mapping[str, complex],
        scale: float,
        eft: str,
        basis: str,
        options: Mapping[str, Any] | None,
    ) -> None:
        """All that the constructor does, without a word on the size of the coefficients."""
        super().__init__()
        # later changes of the defaults do not count
        self._options = _own_options(self._default_options)
        #: whether to warn where stock observables miss the part with N
        self.warns_of_stock = True
        self._set(wcdict, scale, eft, basis)
        _set_options(self, options or {})

    def set_initial(
        self, wc_dict: Mapping[str, complex], scale: float, eft: str, basis: str
    ) -> None:
        """Set the coefficients, as the constructor does."""
        self._set(wc_dict, scale, eft, basis)
        warn_size(self.wc.dict, eft, self.wc.scale)

    def _set(self, wc_dict: Mapping[str, complex], scale: float, eft: str, basis: str) -> None:
        wc_dict = mapping("wcdict", wc_dict)
        if text("the EFT", eft, UnknownBasis) not in _STANDARD:
            raise UnknownBasis(
                f"NuWilson takes coefficients of nuSMEFT or nuWET (-4, -3), not of '{eft}'"
                + (": use flavio.WilsonCoefficients" if eft in wcxf.EFT.instances else "")
            )
        known = known_coefficients(eft, basis)
        scale = check_scale(scale, eft)
        check_coefficients(wc_dict, known, eft, basis)
        values = {str(name): complex(value) for name, value in wc_dict.items()}
        self.wc = wcxf.WC(eft=eft, basis=basis, scale=scale, values=wcxf.WC.dict2values(values))
        if eft == "nuSMEFT":
            values = to_warsaw(values, basis)
        standard = known_coefficients(*_STANDARD[eft])
        self._standard_values = frozenset(
            (k, v) for k, v in values.items() if k in standard and v != 0
        )
        self._sterile_values = {k: v for k, v in values.items() if k not in standard and v != 0}
        self.clear_cache()

    def set_initial_wcxf(self, wc: wcxf.WC) -> None:
        """Set the coefficients from a WCxf object, as `from_wc` does."""
        self.set_initial(_values(wc), wc.scale, wc.eft, wc.basis)

    @classmethod
    def from_wc(cls, wc: wcxf.WC) -> NuWilson:
        """The object with the coefficients of a WCxf object, e.g. of what `match_run` returns.

        Imaginary parts of hermitian coefficients are dropped if they are no larger than rounding
        errors (1e-12 of the largest coefficient, 1e-6 in wilson's results for WET), else refused.
        """
        return cls(_values(wc), wc.scale, wc.eft, wc.basis)

    @classmethod
    def load_wc(cls, stream: IO[Any] | str | os.PathLike[str]) -> NuWilson:
        """Read a WCxf file (YAML or JSON): its path, an open stream or its content.

        Rounding errors are treated as by `from_wc`.

        Raises
        ------
        InvalidFile, UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
        """
        return cls.from_wc(read_wc(stream))

    def get_option(self, key: str) -> Any:
        """Value of an option: set on the object, else the default when it was made."""
        for options in (self._options, self._default_options):
            if key in options:
                return options[key]
        raise KeyError(f"{brief(key)} is not an option{nearest(str(key), self._options)}")

    def set_option(self, key: str, value: Any) -> None:
        """Set an option, and forget results of running and matching.

        Raises
        ------
        InvalidValue
        """
        _check_option(self, key, self.wc.eft)
        try:
            super().set_option(key, value)
        except vol.Invalid as error:
            raise _invalid_option(key, value, error) from None

    @classmethod
    def set_default_option(cls, key: str, value: Any) -> None:
        """Set the default of an option, for objects that are made later.

        Raises
        ------
        InvalidValue
        """
        _check_option(cls, key, "NuWilson")
        try:
            super().set_default_option(key, value)
        except vol.Invalid as error:
            raise _invalid_option(key, value, error) from None

    def clear_cache(self) -> None:
        """Forget results of running and matching, as `set_option` does."""
        super().clear_cache()
        self._is_plausible = False  # what `physics.plausible` remembers

    def __getstate__(self) -> dict[str, Any]:
        # of copies and pickles: the options are their own, results of running are found anew
        own = {"_options": copy.deepcopy(self._options), "_cache": {}}
        return self.__dict__ | own

    def __repr__(self) -> str:
        # the running, and what is not the default
        options = {
            name: value
            for name, value in self._options.items()
            if name in settings.NUWILSON or value != self._default_options.get(name)
        }
        return (
            f"NuWilson({dict(self.wc.dict)}, scale={self.wc.scale}, eft='{self.wc.eft}',"
            f" basis='{self.wc.basis}', options={options})"
        )

    def __hash__(self) -> int:
        # CKM elements do not count: predictions take those of their parameters
        return hash((self.wc, _frozen(options_of(self))))

    def get_wc(
        self,
        sector: str,
        scale: float,
        par: Mapping[str, float],
        eft: str = "WET",
        basis: str = "flavio",
        nf_out: int | None = None,
    ) -> dict[str, complex]:
        """As in flavio, for stock observables, which see the part without N.

        Warns
        -----
        StockObservableWarning
            If N contributes in the sector.
        """
        if self._sterile_values and self.warns_of_stock:
            name, target = sectors_flavio2wcxf.get(sector, sector), _WET.get(nf_out or 0, eft)
            self._warn_stock(name, f"nu{target}", scale)
        return super().get_wc(sector, scale, par, eft, basis, nf_out)

    def _warn_stock(self, sector: str, eft: str, scale: float) -> None:
        known = eft in FLAVOURS and sector in wcxf.EFT[eft].sectors
        if not known or FLAVOURS[eft] > FLAVOURS.get(self.wc.eft, 6):
            return
        way = self.sterile_map(max(scale, LOWEST), (sector,), eft)  # of tau and kaons: below
        if any(way.column(name) for name in self._sterile_values):
            partners = PARTNERS.get(sector)
            take = f"; this package has none of {sector} with N"
            if partners:
                take = f": take those with inv for nu in their names, here {', '.join(partners)}"
            warn(
                "observables of flavio see only the part of the coefficients without N" + take,
                StockObservableWarning,
            )

    def match_run(
        self, scale: float, eft: str, basis: str, sectors: str | Iterable[str] = "all"
    ) -> wcxf.WC:
        """Run (and match) the coefficients to a scale, EFT and basis.

        Parameters
        ----------
        scale : in GeV
        eft, basis : ``nuSMEFT`` and ``nuWET`` (``nuWET-4``, ``nuWET-3``, below m_b and m_c) give
            all coefficients; ``SMEFT`` and ``WET`` (``WET-4``, ``WET-3``) the part without sterile
            neutrinos
        sectors : names of the sectors that are wanted, e.g. ``("sbnunu",)``

        Coefficients of hermitian operators are exactly real. Rounding errors of the running to
        nuSMEFT and nuWET, below 2.2e-16 of the largest coefficient, are left out.

        Warns
        -----
        DroppedCoefficientWarning
            For coefficients with N that reach none of the EFT or basis asked for; of SMEFT and
            WET, if there are no others.
        ScaleWarning
            For scales, of the object or ``scale``, at which another EFT is to be used.

        Raises
        ------
        UnknownBasis, UnknownSector, InvalidScale
        """
        scale = check_scale(scale, eft)
        known = known_coefficients(eft, basis)
        chosen = _check_sectors(sectors, eft)
        warn_scale(self)
        if eft in _STANDARD:
            warn_scale(self, eft, scale)
        if eft == "nuSMEFT":
            values = from_warsaw(self._run_nusmeft(scale), basis)
            names = {n for s in chosen for n in wcxf.Basis[eft, basis].sectors.get(s, ())}
            values = {name: value for name, value in values.items() if name in names}
        elif eft in FLAVOURS:
            warn_dropped(self._unmatched(scale, eft), eft)
            standard = self.standard(scale, eft, basis, sectors)
            standard = {name: value for name, value in standard.items() if name in known}
            values = self._without_dust(standard) | self.sterile(scale, chosen, eft)
        else:
            if not self._standard_values:  # so that nothing is left
                warn_dropped(self._sterile_values, eft)
            values = self.standard(scale, eft, basis, sectors)
        # wilson has names that are no plain strings
        values = {str(name): value for name, value in values.items() if name in known}
        values = real_where_hermitian(values, known, eft)
        return wcxf.WC(eft=eft, basis=basis, scale=scale, values=wcxf.WC.dict2values(values))

    @property
    def unmatched(self) -> list[str]:
        """Non-zero coefficients with N (in Warsaw for nuSMEFT) that reach none of nuWET, with the
        options of the object."""
        if self.wc.eft != "nuSMEFT":
            return []
        return self._unmatched(self.get_option("smeft_matchingscale"), "nuWET")

    def _unmatched(self, scale: float, eft: str) -> list[str]:
        if not self._sterile_values:
            return []
        way = self.sterile_map(scale, tuple(wcxf.EFT[eft].sectors), eft)
        return [name for name in self._sterile_values if not way.column(name)]

    def sterile(
        self,
        scale: float,
        sectors: tuple[str, ...],
        eft: str = "nuWET",
        par: Mapping[str, float] | None = None,
    ) -> dict[str, complex]:
        """Coefficients of nuWET (-4, -3) at ``scale`` (GeV) that do not come from SMEFT or WET.

        These are the operators with sterile neutrinos, and those of active neutrinos that WET
        does not have. The CKM elements are those of ``par``, flavio's parameters, or of the object.
        """
        if not self._sterile_values and FLAVOURS.get(self.wc.eft, 6) >= FLAVOURS[eft]:
            return {}
        return self.sterile_map(scale, sectors, eft, par)(self._sterile_values)

    def sterile_map(
        self,
        scale: float,
        sectors: tuple[str, ...],
        eft: str,
        par: Mapping[str, float] | None = None,
    ) -> LinearMap:
        """The map of the coefficients with N, in Warsaw or JMS, that `sterile` applies."""
        source, start = self.wc.eft, self.wc.scale
        check_reached(source, eft)
        needed = source == "nuSMEFT" and needs_ckm(self.get_option("running"), sectors)
        ckm: Mapping[str, float] = wilson_parameters.p
        if needed:
            ckm = self.parameters if par is None else ckm_elements(par)
        return nuwet_map(source, start, eft, float(scale), sectors, self._settings(ckm))

    def _settings(self, ckm: Mapping[str, float]) -> Settings:
        """Options and parameters, with the CKM elements of ``ckm``; notes the papers to cite."""
        option, parameters = self.get_option, self.parameters
        cite(_PAPERS[option("running")])
        parameters |= {name: ckm[name] for name in _CKM}
        return Settings(
            running=option("running"),
            alpha_s=option("alpha_s"),
            matching=option("smeft_matchingscale"),
            m_b=option("mb_matchingscale"),
            m_c=option("mc_matchingscale"),
            qed=bool(option("qed_order")),
            **{name: float(parameters[name]) for name in PARAMETERS},
            sm=tuple(smpar.p.values()) if option("running") == "full" else (),
        )

    def _run_nusmeft(self, scale: float) -> dict[str, complex]:
        if self.wc.eft != "nuSMEFT":
            raise UnknownBasis(f"cannot run from {self.wc.eft} up to nuSMEFT")
        full = self.get_option("running") == "full"
        route = self._settings(self.parameters if full else wilson_parameters.p)
        sterile = nusmeft_map(self.wc.scale, scale, route)(self._sterile_values)
        return self._without_dust(self.standard(scale, "SMEFT", "Warsaw", "all")) | sterile

    def _without_dust(self, standard: Mapping[str, complex]) -> dict[str, complex]:
        """Results of wilson without rounding errors; what was given is no rounding error."""
        return without_dust(standard, keep=dict(self._standard_values))

    def standard(
        self, scale: float, eft: str, basis: str, sectors: str | Iterable[str]
    ) -> dict[str, complex]:
        """Coefficients of the part without sterile neutrinos, run by wilson; nuWET (-4, -3) stands
        for WET (-4, -3)."""
        if not self._standard_values:
            return {}
        cite(_WILSON)
        if eft in FLAVOURS:
            eft = _STANDARD[eft][0]
        chosen = sectors if sectors == "all" else _check_sectors(sectors, eft)
        return dict(match_run(with_ckm(self, None), scale, eft, basis, chosen).dict)

    @property
    def standard_values(self) -> frozenset[tuple[str, complex]]:
        """Non-zero coefficients of SMEFT Warsaw, or of WET (-4, -3) JMS, as pairs."""
        return self._standard_values

    @property
    def standard_basis(self) -> tuple[str, str]:
        """EFT and basis of `standard_values`."""
        return _STANDARD[self.wc.eft]


def match_run(
    wc_obj: wilson.Wilson,
    scale: float,
    eft: str,
    basis: str,
    sectors: str | tuple[str, ...] = "all",
) -> wcxf.WC:
    """Results of ``wc_obj.match_run`` for any object, with one kind of error for what wilson cannot
    do.

    Raises
    ------
    UnknownBasis, InvalidScale, UnknownSector
    """
    source = wc_obj.wc.eft
    if isinstance(wc_obj, NuWilson):
        return wc_obj.match_run(scale, eft, basis, sectors)
    known_coefficients(eft, basis)
    if eft in _STANDARD:
        raise UnknownBasis(f"coefficients of {source} cannot be run to {eft}: give nuSMEFT Warsaw")
    try:
        return wc_obj.match_run(check_scale(scale), eft, basis, sectors)
    except (ValueError, TypeError) as error:  # no way from here to there; translator to EOS
        reason = f"{source} {wc_obj.wc.basis} to {eft} {basis}"
        raise UnknownBasis(f"wilson cannot run {reason}: {error}") from error


def check_reached(source: str, target: str) -> None:
    """Check that an EFT with coefficients has all quarks of ``target``, WET or nuWET (-4, -3).

    Raises
    ------
    UnknownBasis
    """
    if _FLAVOURS.get(source, 6) < _FLAVOURS[target]:
        high = "nuSMEFT" if source.startswith("nu") else "SMEFT"
        raise UnknownBasis(
            f"cannot run from {source} up to {target}: give coefficients of {target} or {high}, or"
            " choose observables that need no heavier quarks"
        )


def _values(wc: wcxf.WC) -> dict[str, complex]:
    """Coefficients that a program has written, see `real_where_hermitian`."""
    if not isinstance(wc, wcxf.WC):
        raise InvalidValue(f"wc must be a wcxf.WC, not {brief(wc)}")
    registered = (wc.eft, wc.basis) in wcxf.Basis.instances
    known = known_coefficients(wc.eft, wc.basis) if registered else {}
    return real_where_hermitian(wc.dict, known, wc.eft)


def _check_sectors(sectors: str | Iterable[str], eft: str) -> tuple[str, ...]:
    known = wcxf.EFT[eft].sectors
    if isinstance(sectors, str) and sectors == "all":
        return tuple(known)
    chosen = tuple(names("sectors", sectors))
    for sector in chosen:
        if sector not in known:
            raise UnknownSector(f"{eft} has no sector '{sector}'{sector_hint(sector, eft)}")
    return chosen


def ckm_elements(par: Mapping[str, float]) -> dict[str, float]:
    """The CKM elements that wilson takes, V_us, |V_ub|, V_cb and γ, of flavio's parameters ``par``
    in the parametrisation of ``flavio.config['implementation']['CKM matrix']``."""
    if flavio.config["implementation"]["CKM matrix"] == "Tree":
        return {key: par[key] for key in _CKM}
    V = flavio.physics.ckm.get_ckm(par)
    gamma = np.angle(-V[0, 0] * V[0, 2].conj() / (V[1, 0] * V[1, 2].conj()))
    elements = (abs(V[0, 1]), abs(V[0, 2]), abs(V[1, 2]), gamma)
    return dict(zip(_CKM, map(float, elements), strict=True))


def _own_options(options: Mapping[str, Any]) -> dict[str, Any]:
    return {**options, "parameters": dict(options.get("parameters", {}))}


def _frozen(options: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Options that can be a key."""
    parameters = tuple(sorted(options.get("parameters", {}).items()))
    return tuple(sorted({**options, "parameters": parameters}.items()))


@lru_cache(maxsize=64)
def _made(
    eft: str,
    basis: str,
    scale: float,
    values: frozenset[tuple[str, complex]],
    options: tuple[tuple[str, Any], ...],
    number: int,
) -> flavio.WilsonCoefficients:
    """An object that is never changed, with all results of running that it has remembered.

    ``number`` of the settings, on which these depend.
    """
    if eft in _STANDARD:
        real = real_where_hermitian(dict(values), known_coefficients(eft, basis), eft)
        result = NuWilson(real, scale, eft, basis)
    else:
        result = flavio.WilsonCoefficients()
        result.set_initial(dict(values), scale, eft, basis)
    result._options.update(options)
    result._options["parameters"] = dict(result._options["parameters"])
    return result


def promote(wc_obj: wilson.Wilson) -> flavio.WilsonCoefficients:
    """A `NuWilson` for a plain wilson or flavio object of nuSMEFT or nuWET; any other object is
    returned as it is.

    Raises
    ------
    UnknownBasis
        For a basis of SMEFT or WET from which wilson has no translator.
    """
    if isinstance(wc_obj, NuWilson):
        return wc_obj
    if wc_obj.wc.eft not in _STANDARD:
        check_readable(wc_obj.wc.eft, wc_obj.wc.basis)
        return wc_obj
    wc = wc_obj.wc
    options = {**NuWilson._default_options, **wc_obj._options}
    # by content: flavio makes a new wcxf.WC for every prediction
    values = frozenset(wc.dict.items())
    return _made(wc.eft, wc.basis, wc.scale, values, _frozen(options), settings.number())


def with_ckm(wc_obj: wilson.Wilson, par: Mapping[str, float] | None) -> flavio.WilsonCoefficients:
    """The part of an object without N, with the parameters that it runs with.

    The object itself is not changed, so that several threads can use it. Results of running are
    kept as long as coefficients, options and CKM elements stay the same. (flavio shares the cache
    of a ``wilson.Wilson`` across CKM elements.)

    Parameters
    ----------
    wc_obj : a `StandardWilson`, which runs with the CKM elements of flavio's ``par`` (None: its
        own); a plain object, with its own; others are returned as they are
    """
    options = _own_options(wc_obj._options)
    if isinstance(wc_obj, StandardWilson):
        eft, basis = wc_obj.standard_basis
        values = wc_obj.standard_values
        options = {k: v for k, v in options.items() if k not in settings.NUWILSON}
        if par is not None:
            options["parameters"] |= ckm_elements(par)
    elif type(wc_obj) in (wilson.Wilson, flavio.WilsonCoefficients):
        eft, basis, values = wc_obj.wc.eft, wc_obj.wc.basis, frozenset(wc_obj.wc.dict.items())
    else:  # as flavio's get_dependent_wcs needs it
        return wc_obj
    return _made(eft, basis, wc_obj.wc.scale, values, _frozen(options), settings.number())


def with_options(
    values: Mapping[str, complex],
    scale: float,
    eft: str,
    basis: str,
    options: Mapping[str, Any] | None = None,
) -> flavio.WilsonCoefficients:
    """A `NuWilson`, or a `StandardWilson` for SMEFT and WET, with options.

    Nothing is said on the size of the coefficients, which may be units: see `limits.warn_size`.

    Raises
    ------
    UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
    """
    if eft in _STANDARD:
        point = NuWilson.__new__(NuWilson)
        point._begin(values, scale, eft, basis, options)
        return point
    check_readable(eft, basis)
    result = StandardWilson()
    result.set_initial(dict(values), check_scale(scale, eft), eft, basis)
    _set_options(result, options or {})
    matched = eft == "SMEFT" and scale == result.get_option("smeft_matchingscale")
    if matched and (eft, basis, "WET", "JMS") not in wcxf.Matcher.instances:
        raise UnknownBasis(
            f"wilson cannot match SMEFT {basis} at the scale of the coefficients, {scale} GeV:"
            " translate them to Warsaw"
        )
    return result


def _set_options(wc_obj: flavio.WilsonCoefficients, options: Mapping[str, Any]) -> None:
    for key, value in mapping("options", options).items():
        _check_option(wc_obj, key, wc_obj.wc.eft)
        try:
            wc_obj.set_option(key, value)
        except vol.Invalid as error:
            raise _invalid_option(key, value, error) from None


def _check_option(wc_obj: Any, key: str, what: str) -> None:
    known = wc_obj._option_schema.schema
    if key not in known:
        hint = nearest(str(key), known) or f"; there are {', '.join(sorted(known))}"
        if key in NuWilson._option_schema.schema:
            hint = ", it is for coefficients with N"
        raise InvalidValue(f"{brief(key)} is not an option of {what}{hint}")


def _invalid_option(key: str, value: Any, error: vol.Invalid) -> InvalidValue:
    reasons = {wrong.msg for wrong in getattr(error, "errors", [error])}
    return InvalidValue(f"option {key} = {brief(value)}: {', '.join(sorted(reasons))}")


def options_of(wc_obj: wilson.Wilson) -> dict[str, Any]:
    """The options of an object apart from CKM elements, which predictions set."""
    options = _own_options(wc_obj._options)
    for name in _CKM:
        options["parameters"].pop(name, None)
    return options


def load_wc(stream: IO[Any] | str | os.PathLike[str]) -> flavio.WilsonCoefficients:
    """Read a WCxf file of nuSMEFT or nuWET (-4, -3), SMEFT or WET (-4, -3), as `NuWilson.load_wc`.

    Raises
    ------
    InvalidFile, UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
    """
    wc = read_wc(stream)
    if wc.eft in _STANDARD:
        return NuWilson.from_wc(wc)
    check_readable(wc.eft, wc.basis)
    values = _values(wc)
    check_coefficients(values, known_coefficients(wc.eft, wc.basis), wc.eft, wc.basis)
    warn_size(values, wc.eft, wc.scale)
    return with_options(values, wc.scale, wc.eft, wc.basis)


def _matcher(basis: str) -> Any:
    """WCxf adapter: tree-level matching at the scale of the coefficients."""

    def match_nuwet(
        C: Mapping[str, complex], scale: float, parameters: Mapping[str, Any] | None
    ) -> dict[str, complex]:
        known = known_coefficients("nuSMEFT", basis)
        values = real_where_hermitian(C, known, "nuSMEFT")
        point = NuWilson(values, scale, "nuSMEFT", basis)
        point.set_option("smeft_matchingscale", scale)
        own = {k: v for k, v in (parameters or {}).items() if k in wilson_parameters.p}
        point.set_option("parameters", own)
        return dict(point.match_run(scale, "nuWET", "JMS").dict)

    return match_nuwet


def register() -> None:
    """Register the matchers nuSMEFT -> nuWET JMS with WCxf; existing ones are kept."""
    for basis in NU_SMEFT:
        key = ("nuSMEFT", basis, "nuWET", "JMS")
        if key not in getattr(wcxf.Matcher, "instances", {}):
            wcxf.Matcher(*key, _matcher(basis))
