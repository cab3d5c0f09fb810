"""NuWilson: a point in the parameter space of nuSMEFT or nuWET, with running and matching.

Use `NuWilson` wherever flavio takes a ``wc_obj``. Observables of this package see all its
coefficients, stock flavio observables its SMEFT (or WET) part.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import IO, Any, ClassVar

import flavio
import voluptuous as vol
import wilson
from wilson import parameters as wilson_parameters
from wilson import wcxf

from ..errors import InvalidScale, InvalidValue, UnknownBasis, UnknownSector, nearest
from .bases import known_coefficients
from .chain import FLAVOURS, Settings, needs_ckm, nusmeft_map, nuwet_map
from .evolution import Ckm
from .files import read_wc
from .flavour import check_coefficients
from .hints import sector_hint
from .matching import SMEFT_MATCHED, UNMATCHED
from .operators import NU_SMEFT
from .running import ALPHA_S
from .translators import from_warsaw, to_warsaw, warn_dropped

__all__ = [
    "NuWilson",
    "load_wc",
    "options_of",
    "promote",
    "register",
    "set_ckm",
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


def _check_scale(scale: float) -> float:
    try:
        number = float(scale)
    except (TypeError, ValueError):
        raise InvalidScale(f"scale = {scale!r} is not a number") from None
    if not 0 < number < float("inf"):
        raise InvalidScale(f"scale = {scale} must be a positive finite number (in GeV)")
    return number


class _Schema(vol.Schema):
    """A schema that takes any mapping, as the default options are."""

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return dict(super().__call__(dict(data)))


class NuWilson(flavio.WilsonCoefficients):
    """Wilson coefficients of nuSMEFT or nuWET at a scale.

    Parameters
    ----------
    wcdict : coefficients by name, real or complex, in GeV^-2 (or the coefficient's dimension);
        new physics only
    scale : MSbar scale in GeV
    eft, basis : ``nuSMEFT`` with ``Warsaw``, ``FGMS`` or ``LiaoMa``, or ``nuWET`` (five quark
        flavours), ``nuWET-4`` or ``nuWET-3`` with ``JMS``

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

    Raises
    ------
    UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
    """

    # every option has a default: own ones, then those of wilson, as they are now
    _default_options: ClassVar[MutableMapping[str, Any]] = ChainMap(
        {"running": "qcd", "alpha_s": ALPHA_S}, wilson.Wilson._default_options
    )
    _option_schema = _Schema(
        {
            **wilson.Wilson._option_schema.schema,
            "running": vol.In(["qcd", "full"]),
            "alpha_s": vol.All(vol.Coerce(float), vol.Range(min=0.05, max=0.2)),
            "smeft_matchingscale": vol.All(vol.Coerce(float), vol.Range(min=10)),
        }
    )

    def __init__(self, wcdict: Mapping[str, complex], scale: float, eft: str, basis: str) -> None:
        super().__init__()
        self._options = dict(self._default_options)  # later changes of the class do not count
        self.set_initial(wcdict, scale, eft, basis)

    def set_initial(
        self, wc_dict: Mapping[str, complex], scale: float, eft: str, basis: str
    ) -> None:
        """Set the coefficients, as the constructor does."""
        if eft not in _STANDARD:
            raise UnknownBasis(
                f"NuWilson takes coefficients of nuSMEFT or nuWET (-4, -3), not of '{eft}'"
                + (": use flavio.WilsonCoefficients" if eft in wcxf.EFT.instances else "")
            )
        known = known_coefficients(eft, basis)
        scale = _check_scale(scale)
        check_coefficients(wc_dict, known, eft, basis)
        values = {name: complex(value) for name, value in wc_dict.items()}
        self.wc = wcxf.WC(eft=eft, basis=basis, scale=scale, values=wcxf.WC.dict2values(values))
        if eft == "nuSMEFT":
            values = to_warsaw(values, basis)
        standard = known_coefficients(*_STANDARD[eft])
        self._standard_values = {k: v for k, v in values.items() if k in standard and v != 0}
        self._sterile_values = {k: v for k, v in values.items() if k not in standard and v != 0}
        self.clear_cache()

    def set_initial_wcxf(self, wc: wcxf.WC) -> None:
        """Set the coefficients from a WCxf object."""
        self.set_initial(wc.dict, wc.scale, wc.eft, wc.basis)

    @classmethod
    def load_wc(cls, stream: IO[str] | str) -> NuWilson:
        """Read a WCxf file (YAML or JSON) from a stream or a string.

        Raises
        ------
        InvalidFile, UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
        """
        return cls.from_wc(read_wc(stream))

    def get_option(self, key: str) -> Any:
        """Value of an option: set on the object, else the class default, else wilson's."""
        for options in (self._options, self._default_options, wilson.Wilson._default_options):
            if key in options:
                return options[key]
        raise KeyError(f"'{key}' is not an option{nearest(key, self._option_schema.schema)}")

    def clear_cache(self) -> None:
        """Forget results of running and matching, as `set_option` does."""
        super().clear_cache()
        self._standard_wc: flavio.WilsonCoefficients | None = None

    def __repr__(self) -> str:
        return (
            f"NuWilson({dict(self.wc.dict)}, scale={self.wc.scale}, eft='{self.wc.eft}',"
            f" basis='{self.wc.basis}')"
        )

    def __hash__(self) -> int:
        # CKM elements do not count: predictions set them from their parameters
        options = {k: v for k, v in self._options.items() if k != "parameters"}
        parameters = self._options.get("parameters", {})
        fixed = {k: v for k, v in parameters.items() if k not in _CKM}
        return hash((self.wc, frozenset(options.items()), frozenset(fixed.items())))

    def get_wcxf(
        self,
        sector: str,
        scale: float,
        par: Mapping[str, float],
        eft: str = "WET",
        basis: str = "flavio",
        nf_out: int | None = None,
    ) -> wcxf.WC:
        """As in flavio, with the CKM elements of ``par``.

        flavio calls this with gamma of the opposite sign for CP-conjugated amplitudes, where it
        wants the coefficients of the decay itself; so gamma is taken to be positive.
        """
        set_ckm(self, {**{key: par[key] for key in _CKM}, "gamma": abs(par["gamma"])})
        return super().get_wcxf(sector, scale, par, eft, basis, nf_out)

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

        Warns
        -----
        DroppedCoefficientWarning
            For coefficients with N that do not match onto nuWET, or that the basis lacks.

        Raises
        ------
        UnknownBasis, UnknownSector, InvalidScale
        """
        scale = _check_scale(scale)
        known = known_coefficients(eft, basis)
        chosen = _check_sectors(sectors, eft)
        if eft == "nuSMEFT":
            values = from_warsaw(self._run_nusmeft(scale), basis)
            names = {n for s in chosen for n in wcxf.Basis[eft, basis].sectors.get(s, ())}
            values = {name: value for name, value in values.items() if name in names}
        elif eft in FLAVOURS:
            warn_dropped(self.unmatched, eft)
            values = self.standard(scale, eft, basis, sectors) | self.sterile(scale, chosen, eft)
        else:
            values = self.standard(scale, eft, basis, sectors)
        values = {name: value for name, value in values.items() if name in known}
        return wcxf.WC(eft=eft, basis=basis, scale=scale, values=wcxf.WC.dict2values(values))

    @property
    def unmatched(self) -> list[str]:
        """Non-zero Warsaw coefficients that do not match onto nuWET at tree level."""
        if self.wc.eft != "nuSMEFT":
            return []
        sterile = [n for n in self._sterile_values if n.split("_")[0] in UNMATCHED]
        standard = [n for n in self._standard_values if n.split("_")[0] not in SMEFT_MATCHED]
        return sterile + standard

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
        source, start = self.wc.eft, self.wc.scale
        if FLAVOURS.get(source, 6) < FLAVOURS[eft]:
            raise UnknownBasis(
                f"cannot run from {source} up to {eft}: give coefficients of {eft} or nuSMEFT, or"
                " choose observables that need no heavier quarks"
            )
        if not self._sterile_values:
            return {}
        needed = source == "nuSMEFT" and needs_ckm(self.get_option("running"), sectors)
        settings = self._settings((par or self.parameters) if needed else wilson_parameters.p)
        return nuwet_map(source, start, eft, float(scale), sectors, settings)(self._sterile_values)

    def _settings(self, ckm: Mapping[str, float]) -> Settings:
        """Options and parameters, with the CKM elements of ``ckm``."""
        option, parameters = self.get_option, self.parameters
        parameters |= {name: ckm[name] for name in _CKM}
        return Settings(
            running=option("running"),
            alpha_s=option("alpha_s"),
            matching=option("smeft_matchingscale"),
            m_b=option("mb_matchingscale"),
            m_c=option("mc_matchingscale"),
            qed=bool(option("qed_order")),
            **{name: float(parameters[name]) for name in Settings._fields[6:]},
        )

    def _run_nusmeft(self, scale: float) -> dict[str, complex]:
        if self.wc.eft != "nuSMEFT":
            raise UnknownBasis(f"cannot run from {self.wc.eft} up to nuSMEFT")
        full = self.get_option("running") == "full"
        settings = self._settings(self.parameters if full else wilson_parameters.p)
        sterile = nusmeft_map(self.wc.scale, scale, settings)(self._sterile_values)
        return self.standard(scale, "SMEFT", "Warsaw", "all") | sterile

    def standard(
        self, scale: float, eft: str, basis: str, sectors: str | Iterable[str]
    ) -> dict[str, complex]:
        """Coefficients of the part without sterile neutrinos, run by wilson; nuWET (-4, -3) stands
        for WET (-4, -3)."""
        if not self._standard_values:
            return {}
        if self._standard_wc is None:
            part = flavio.WilsonCoefficients()
            part.set_initial(self._standard_values, self.wc.scale, *_STANDARD[self.wc.eft])
            for key, value in {**self._default_options, **self._options}.items():
                if key in wilson.Wilson._default_options:
                    part.set_option(key, value)
            self._standard_wc = part
        if eft in FLAVOURS:
            eft = _STANDARD[eft][0]
        chosen = sectors if sectors == "all" else _check_sectors(sectors, eft)
        return dict(self._standard_wc.match_run(scale, eft, basis, chosen).dict)

    @property
    def has_standard_part(self) -> bool:
        """Whether any coefficient without sterile neutrinos is non-zero."""
        return bool(self._standard_values)


def _check_sectors(sectors: str | Iterable[str], eft: str) -> tuple[str, ...]:
    known = wcxf.EFT[eft].sectors
    if sectors == "all":
        return tuple(known)
    chosen = (sectors,) if isinstance(sectors, str) else tuple(sectors)
    for sector in chosen:
        if sector not in known:
            raise UnknownSector(f"{eft} has no sector '{sector}'{sector_hint(sector, eft)}")
    return chosen


def set_ckm(wc_obj: wilson.Wilson, par: Mapping[str, float]) -> None:
    """Take the CKM elements of flavio's parameter dictionary ``par`` for running and matching."""
    parameters = wc_obj.get_option("parameters")
    ckm = {key: par[key] for key in _CKM}
    if any(parameters.get(key) != value for key, value in ckm.items()):
        wc_obj.set_option("parameters", {**parameters, **ckm})


@lru_cache(maxsize=64)
def _promoted(
    eft: str,
    basis: str,
    scale: float,
    values: frozenset[tuple[str, complex]],
    options: tuple[tuple[str, Any], ...],
) -> flavio.WilsonCoefficients:
    if eft in _STANDARD:
        result = NuWilson(dict(values), scale, eft, basis)
    else:
        result = flavio.WilsonCoefficients()
        result.set_initial(dict(values), scale, eft, basis)
    result._options.update(options)
    return result


def promote(wc_obj: wilson.Wilson) -> flavio.WilsonCoefficients:
    """An object of one's own for a plain wilson or flavio object; a `NuWilson` is returned as is.

    For nuSMEFT and nuWET it is a `NuWilson`. Results of running are kept as long as
    coefficients, options and CKM elements stay the same. (flavio shares the cache of a plain
    object across CKM elements.) Objects of other subclasses in SMEFT or WET are left alone, as
    flavio's `get_dependent_wcs` needs it.
    """
    plain = type(wc_obj) in (wilson.Wilson, flavio.WilsonCoefficients)
    if isinstance(wc_obj, NuWilson) or (not plain and wc_obj.wc.eft not in _STANDARD):
        return wc_obj
    defaults = NuWilson._default_options if wc_obj.wc.eft in _STANDARD else {}
    options = {**defaults, **wc_obj._options}
    options.pop("parameters", None)
    wc = wc_obj.wc
    # by content: flavio makes a new wcxf.WC for every prediction
    values = frozenset(wc.dict.items())
    return _promoted(wc.eft, wc.basis, wc.scale, values, tuple(sorted(options.items())))


def with_options(
    values: Mapping[str, complex],
    scale: float,
    eft: str,
    basis: str,
    options: Mapping[str, Any] | None = None,
) -> flavio.WilsonCoefficients:
    """A `NuWilson`, or flavio's object for SMEFT and WET, with options.

    Raises
    ------
    UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
    """
    result: flavio.WilsonCoefficients
    if eft in _STANDARD:
        result = NuWilson(values, scale, eft, basis)
    else:
        result = flavio.WilsonCoefficients()
        result.set_initial(dict(values), _check_scale(scale), eft, basis)
    known = (NuWilson if eft in _STANDARD else wilson.Wilson)._option_schema.schema
    for key, value in (options or {}).items():
        if key not in known:
            hint = nearest(key, known)
            if key in NuWilson._option_schema.schema:
                hint = ", it is for coefficients with N"
            raise InvalidValue(f"'{key}' is not an option of {eft}{hint}")
        try:
            result.set_option(key, value)
        except vol.Invalid as error:
            raise InvalidValue(f"option {key} = {value!r}: {error}") from None
    return result


def options_of(wc_obj: wilson.Wilson) -> dict[str, Any]:
    """The options of an object apart from CKM elements, which predictions set."""
    options = dict(wc_obj._options)
    parameters = {k: v for k, v in options.pop("parameters", {}).items() if k not in _CKM}
    return options | ({"parameters": parameters} if parameters else {})


def load_wc(stream: IO[str] | str) -> flavio.WilsonCoefficients:
    """Read a WCxf file of nuSMEFT or nuWET, SMEFT or WET."""
    wc = read_wc(stream)
    if wc.eft in _STANDARD:
        return NuWilson.from_wc(wc)
    check_coefficients(wc.dict, known_coefficients(wc.eft, wc.basis), wc.eft, wc.basis)
    _check_scale(wc.scale)
    if wc.eft not in ("SMEFT", "WET"):
        raise UnknownBasis(f"{wc.eft} cannot be run to the b scale; give SMEFT, WET or nuSMEFT")
    bases = {b for e, b, target in wcxf.Translator.instances if (e, target) == ("WET", "flavio")}
    if wc.eft == "WET" and wc.basis not in bases | {"flavio"}:
        known = ", ".join(sorted(bases | {"flavio"}))
        raise UnknownBasis(f"WET {wc.basis} has no translator to flavio's basis; there are {known}")
    result = flavio.WilsonCoefficients()
    result.set_initial_wcxf(wc)
    return result


def _matcher(basis: str) -> Any:
    """WCxf adapter: tree-level matching at the scale of the coefficients."""

    def match_nuwet(
        C: Mapping[str, complex], scale: float, parameters: Mapping[str, Any] | None
    ) -> dict[str, complex]:
        point = NuWilson(C, scale, "nuSMEFT", basis)
        point.set_option("smeft_matchingscale", scale)
        known = {k: v for k, v in (parameters or {}).items() if k in wilson_parameters.p}
        point.set_option("parameters", known)
        return dict(point.match_run(scale, "nuWET", "JMS").dict)

    return match_nuwet


def register() -> None:
    """Register the matchers nuSMEFT -> nuWET JMS with WCxf; existing ones are kept."""
    for basis in NU_SMEFT:
        key = ("nuSMEFT", basis, "nuWET", "JMS")
        if key not in getattr(wcxf.Matcher, "instances", {}):
            wcxf.Matcher(*key, _matcher(basis))
