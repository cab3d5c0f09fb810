"""NuWilson: a point in the parameter space of nuSMEFT or nuWET, with running and matching.

Use `NuWilson` wherever flavio takes a ``wc_obj``. Observables of this package see all its
coefficients, stock flavio observables its SMEFT (or WET) part.
"""

from __future__ import annotations

import copy
import os
from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping
from typing import IO, Any, ClassVar

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
    listed,
    nearest,
    warn,
)
from .bases import known_coefficients
from .chain import PARAMETERS, Settings, needs_ckm, nusmeft_map, nuwet_map
from .checks import check_coefficients
from .evolution import Ckm
from .files import read_wc
from .flavour import LinearMap
from .hints import sector_hint
from .limits import SMALLEST_MATCHING, check_scale, warn_scale, warn_size
from .rounding import real_where_hermitian, without_dust
from .running import LOWEST
from .standard import (
    StandardWilson,
    check_option,
    ckm_elements,
    finite,
    frozen,
    invalid_option,
    options_of,
    own_options,
    run_standard,
    set_options,
    with_ckm,
)
from .theories import HIGH, LOW, THEORIES, EffectiveTheory, check_reached, theory_of
from .translators import from_warsaw, to_warsaw, warn_dropped

__all__ = ["HIGH_PARTNERS", "MIXED", "PARTNERS", "TAIL_PARTNERS", "NuWilson", "values_of"]


def __dir__() -> list[str]:
    return sorted(__all__)


_CKM = Ckm._fields
_BY_FLAVOURS = {theory.flavours: theory for theory in LOW}
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
# more loops of QCD, with the decoupling of quarks
_LOOPS = (
    "arXiv:hep-ph/9703278",
    "arXiv:hep-ph/9703284",
    "arXiv:hep-ph/0007171",
    "arXiv:hep-ph/0609280",
    "arXiv:1703.03751",
)


#: for a sector of WET, the observables of this package that sum over N where flavio's do not
PARTNERS: dict[str, tuple[str, ...]] = {}
#: likewise for a class of coefficients with N in nuSMEFT, for observables at m_Z and above
HIGH_PARTNERS: dict[str, tuple[str, ...]] = {}
#: likewise, for rates of pp -> l nu at large transverse mass
TAIL_PARTNERS: dict[str, tuple[str, ...]] = {}
#: parameters that mix N with active neutrinos, with the mass without which they change nothing
MIXED: dict[str, str] = {}


class _Schema(vol.Schema):
    """A schema that takes any mapping, as the default options are."""

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return dict(super().__call__(dict(data)))


class NuWilson(StandardWilson):
    """Wilson coefficients of nuSMEFT or nuWET at a scale.

    N1, N2 and N3 are Majorana particles that leave the detector undecayed, unless a prediction is
    asked for one in a ``detector``, and mix with the active neutrinos as the parameters ``U_e1`` to
    ``U_tau3`` say, by default not. A Dirac N is two Majorana states of equal mass, with the
    coefficients that `flavio_nusmeft.dirac` returns for those of the Dirac N.

    Parameters
    ----------
    wcdict : mapping of str to complex
        Coefficients by name, real or complex, in GeV^-2 (or the coefficient's dimension); new
        physics only.
    scale : float
        MSbar scale in GeV.
    eft, basis : str
        ``nuSMEFT`` with ``Warsaw``, ``FGMS`` or ``LiaoMa``, or ``nuWET`` (five quark flavours),
        ``nuWET-4`` or ``nuWET-3`` with ``JMS``.
    options : mapping of str to object, optional
        Values of options, see below; for the others the defaults of now.

    Raises
    ------
    UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale

    Warns
    -----
    SizeWarning
        For coefficients larger than (4π/scale)², mostly TeV^-2 given as GeV^-2.
    ScaleWarning, NoEffectWarning, HeavyMassWarning, DiracMassWarning
        Later, in predictions, for scales at which another EFT is to be used, for coefficients that
        change no observable, for N heavier than all that decay, and for unequal masses of the
        states of a Dirac N.
    StockObservableWarning
        Later, for stock observables of flavio to which N contributes.

    Notes
    -----
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
    - ``qcd_loops``: loops of its anomalous dimensions in QCD, 1 to 4, for both kinds of running.
      1 (default) is that of the paper; 4 is better, and the one to take but for its reproduction:
      scalars run as the quark mass by which widths divide (arXiv:hep-ph/9703284), tensors to their
      known three loops (arXiv:hep-ph/0007171). From 1 TeV to 4.8 GeV scalars grow by 1.694 instead
      of 1.608, tensors shrink to 0.827 instead of 0.8535. All else, in ``full`` running the gauge
      and Yukawa couplings, stays at one loop, and matching at tree level.

    Of ``parameters`` the part with N takes the CKM elements (in predictions those of flavio's
    parameters), ``GF``, ``alpha_e`` and ``m_W``; masses and the other couplings above m_Z are
    wilson's defaults. ``qcd_order`` and ``smeft_accuracy`` have no effect on it, and ``qcd_loops``
    has none on the SMEFT and WET part: wilson runs that with one loop.
    """

    # every option has a default: own ones, then those of wilson, as they are when an object is made
    _default_options: ClassVar[MutableMapping[str, Any]] = ChainMap(
        settings.NUWILSON, wilson.Wilson._default_options
    )
    _option_schema = _Schema(
        {
            **StandardWilson._option_schema.schema,
            "running": vol.In(["qcd", "full"]),
            "alpha_s": vol.All(finite, vol.Range(min=0.05, max=0.2)),
            "qcd_loops": vol.All(finite, vol.In([1, 2, 3, 4]), vol.Coerce(int)),
            "smeft_matchingscale": vol.All(
                finite,
                vol.Range(min=SMALLEST_MATCHING),
                StandardWilson._option_schema.schema["smeft_matchingscale"],
            ),
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
        """Do all that the constructor does, without a word on the size of the coefficients."""
        super().__init__()
        # later changes of the defaults do not count
        self._options = own_options(self._default_options)
        #: whether to warn where stock observables miss the part with N
        self.warns_of_stock = True
        self._set(wcdict, scale, eft, basis)
        set_options(self, options or {})

    def set_initial(
        self, wc_dict: Mapping[str, complex], scale: float, eft: str, basis: str
    ) -> None:
        """Set the coefficients, as the constructor does.

        Parameters
        ----------
        wc_dict : mapping of str to complex
            Coefficients by name.
        scale : float
            MSbar scale, GeV.
        eft, basis : str
            EFT and basis, as in the constructor.
        """
        self._set(wc_dict, scale, eft, basis)
        warn_size(self.wc.dict, eft, self.wc.scale)

    def _set(self, wc_dict: Mapping[str, complex], scale: float, eft: str, basis: str) -> None:
        wc_dict = mapping("wcdict", wc_dict)
        if text("the EFT", eft, UnknownBasis) not in THEORIES:
            raise UnknownBasis(
                f"NuWilson takes coefficients of nuSMEFT or nuWET (-4, -3), not of '{eft}'"
                + (
                    ": use flavio.WilsonCoefficients"
                    if eft in wcxf.EFT.instances
                    else nearest(eft, THEORIES)
                )
            )
        known = known_coefficients(eft, basis)
        scale = check_scale(scale, eft)
        check_coefficients(wc_dict, known, eft, basis)
        values = {str(name): complex(value) for name, value in wc_dict.items()}
        self.wc = wcxf.WC(eft=eft, basis=basis, scale=scale, values=wcxf.WC.dict2values(values))
        theory = THEORIES[eft]
        if theory is HIGH:
            values = to_warsaw(values, basis)
        standard = known_coefficients(theory.standard, theory.hub)
        self._standard_values = frozenset(
            (k, v) for k, v in values.items() if k in standard and v != 0
        )
        self._sterile_values = {k: v for k, v in values.items() if k not in standard and v != 0}
        self.clear_cache()

    def set_initial_wcxf(self, wc: wcxf.WC) -> None:
        """Set the coefficients from a WCxf object, as `from_wc` does.

        Parameters
        ----------
        wc : wcxf.WC
            Coefficients of nuSMEFT or nuWET.
        """
        self.set_initial(values_of(wc), wc.scale, wc.eft, wc.basis)

    @classmethod
    def from_wc(cls, wc: wcxf.WC) -> NuWilson:
        """The object with the coefficients of a WCxf object, e.g. of what `match_run` returns.

        Imaginary parts of hermitian coefficients are dropped if they are no larger than rounding
        errors (1e-12 of the largest coefficient, 1e-6 in wilson's results for WET), else refused.

        Parameters
        ----------
        wc : wcxf.WC
            Coefficients of nuSMEFT or nuWET.

        Returns
        -------
        NuWilson
            With these coefficients, and the default options.
        """
        return cls(values_of(wc), wc.scale, wc.eft, wc.basis)

    @classmethod
    def load_wc(cls, stream: IO[Any] | str | os.PathLike[str]) -> NuWilson:
        """Read a WCxf file (YAML or JSON): its path, an open stream or its content.

        Rounding errors are treated as by `from_wc`.

        Parameters
        ----------
        stream : str, path-like or stream
            Path, open stream, or content.

        Returns
        -------
        NuWilson
            With the coefficients of the file, and the default options.

        Raises
        ------
        InvalidFile, UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
        """
        return cls.from_wc(read_wc(stream))

    def get_option(self, key: str) -> Any:
        """Value of an option: set on the object, else the default when it was made.

        Parameters
        ----------
        key : str
            Name of the option.

        Returns
        -------
        object
            The value.
        """
        for options in (self._options, self._default_options):
            if key in options:
                return options[key]
        raise KeyError(f"{brief(key)} is not an option{nearest(str(key), self._options)}")

    def set_option(self, key: str, value: Any) -> None:
        """Set an option, and forget results of running and matching.

        Parameters
        ----------
        key : str
            Name of the option.
        value : object
            The value, as the class describes it.

        Raises
        ------
        InvalidValue
        """
        check_option(self, key, self.wc.eft, value)
        try:
            super().set_option(key, value)
        except vol.Invalid as error:
            raise invalid_option(key, value, error) from None

    @classmethod
    def set_default_option(cls, key: str, value: Any) -> None:
        """Set the default of an option, for objects that are made later.

        Parameters
        ----------
        key : str
            Name of the option.
        value : object
            The value, as the class describes it.

        Raises
        ------
        InvalidValue
        """
        check_option(cls, key, "NuWilson", value)
        try:
            super().set_default_option(key, value)
        except vol.Invalid as error:
            raise invalid_option(key, value, error) from None

    def clear_cache(self) -> None:
        """Forget results of running and matching, as `set_option` does."""
        super().clear_cache()
        # what `physics.plausible` remembers
        self._is_plausible = False
        self._dirac_pairs: list[tuple[int, int]] | None = None

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
        return hash((self.wc, frozen(options_of(self))))

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

        Parameters
        ----------
        sector : str
            Sector of WET, as flavio or WCxf call it.
        scale : float
            In GeV.
        par : mapping of str to float
            All parameters, of which the CKM elements are taken, and whether N mix.
        eft : str, default 'WET'
            EFT and basis of the result.
        basis : str, default 'flavio'
            EFT and basis of the result.
        nf_out : int, optional
            Number of quark flavours.

        Returns
        -------
        dict of str to complex
            Coefficients of the sector by name, those of the SM left out.

        Warns
        -----
        StockObservableWarning
            If N contributes in the sector, by coefficients or by mixing.
        """
        name = sectors_flavio2wcxf.get(sector, sector)
        if self.warns_of_stock and name in PARTNERS:
            mixed = [U for U, mass in MIXED.items() if par.get(U) and par.get(mass)]
            if mixed:
                _warn_stock(PARTNERS[name], name, listed(mixed))
        if self._sterile_values and self.warns_of_stock:
            target = _BY_FLAVOURS.get(nf_out or 0) or theory_of(eft)
            self._warn_stock(name, target, scale)
        return super().get_wc(sector, scale, par, eft, basis, nf_out)

    def _warn_stock(self, sector: str, target: EffectiveTheory | None, scale: float) -> None:
        known = target is not None and sector in wcxf.EFT[target.eft].sectors
        if not known or target is None or not THEORIES[self.wc.eft].contains(target):
            return
        # of tau and kaons below 1 GeV
        way = self.sterile_map(max(scale, LOWEST), (sector,), target.eft)
        if any(way.column(name) for name in self._sterile_values):
            _warn_stock(PARTNERS.get(sector, ()), sector)

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

        Parameters
        ----------
        sector : str
            Sector, as flavio or WCxf call it, or ``all``.
        scale : float
            In GeV.
        par : mapping of str to float
            All parameters, of which the CKM elements are taken.
        eft : str, default 'WET'
            EFT of the result.
        basis : str, default 'flavio'
            Basis of the result.
        nf_out : int, optional
            Number of quark flavours.

        Returns
        -------
        wcxf.WC
            Coefficients of the sector.

        Warns
        -----
        StockObservableWarning
            For SMEFT, if N contributes in decays of Z, W or h, or in pp -> l + inv.
        """
        is_high = eft == HIGH.standard and self.wc.eft == HIGH.eft
        if is_high and self._sterile_values and self.warns_of_stock:
            way = self.high_map(scale, par)
            reached = {
                str(key).partition("_")[0]
                for name in self._sterile_values
                for key, *_ in way.column(name)
            }
            # this basis is that of pp -> l nu and l l in flavio
            known = TAIL_PARTNERS if basis == "Warsaw up" else HIGH_PARTNERS
            partners = [p for c in known if c in reached for p in known[c]]
            if partners:
                _warn_stock(tuple(dict.fromkeys(partners)), "Z, W and h")
        return super().get_wcxf(sector, scale, par, eft, basis, nf_out)

    def match_run(
        self, scale: float, eft: str, basis: str, sectors: str | Iterable[str] = "all"
    ) -> wcxf.WC:
        """Run (and match) the coefficients to a scale, EFT and basis.

        Parameters
        ----------
        scale : float
            In GeV.
        eft, basis : str
            ``nuSMEFT`` and ``nuWET`` (``nuWET-4``, ``nuWET-3``, below m_b and m_c) give all
            coefficients; ``SMEFT`` and ``WET`` (``WET-4``, ``WET-3``) the part without sterile
            neutrinos.
        sectors : str or iterable of str, default 'all'
            Names of the sectors that are wanted, e.g. ``("sbnunu",)``.

        Returns
        -------
        wcxf.WC
            Coefficients by name in ``dict``.

        Raises
        ------
        UnknownBasis, UnknownSector, InvalidScale

        Warns
        -----
        DroppedCoefficientWarning
            For coefficients with N that reach none of the EFT or basis asked for; of SMEFT and
            WET, if there are no others.
        ScaleWarning
            For scales, of the object or ``scale``, at which another EFT is to be used.

        Notes
        -----
        Coefficients of hermitian operators are exactly real. Rounding errors of the running to
        nuSMEFT and nuWET, below 2.2e-16 of the largest coefficient, are left out.
        """
        scale = check_scale(scale, eft)
        known = known_coefficients(eft, basis)
        chosen = _check_sectors(sectors, eft)
        warn_scale(self)
        if eft in THEORIES:
            warn_scale(self, eft, scale)
        if eft == HIGH.eft:
            values = from_warsaw(self._run_nusmeft(scale), basis)
            names = {n for s in chosen for n in wcxf.Basis[eft, basis].sectors.get(s, ())}
            values = {name: value for name, value in values.items() if name in names}
        elif eft in THEORIES:
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
        """Non-zero coefficients with N that reach none of nuWET, with the options of the object.

        Those of nuSMEFT are named as in Warsaw.
        """
        if self.wc.eft != HIGH.eft:
            return []
        return self._unmatched(self.get_option("smeft_matchingscale"), LOW[0].eft)

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

        Parameters
        ----------
        scale : float
            In GeV.
        sectors : tuple of str
            Sectors of ``eft``.
        eft : str, default 'nuWET'
            ``nuWET``, ``nuWET-4`` or ``nuWET-3``.
        par : mapping of str to float, optional
            Parameters of flavio, of which the CKM elements are taken; None: those of the object.

        Returns
        -------
        dict of str to complex
            Coefficients in JMS by name.
        """
        if not self._sterile_values and THEORIES[self.wc.eft].contains(THEORIES[eft]):
            return {}
        return self.sterile_map(scale, sectors, eft, par)(self._sterile_values)

    def sterile_map(
        self,
        scale: float,
        sectors: tuple[str, ...],
        eft: str,
        par: Mapping[str, float] | None = None,
    ) -> LinearMap:
        """The map of the coefficients with N, in Warsaw or JMS, that `sterile` applies.

        Parameters
        ----------
        scale : float
            In GeV.
        sectors : tuple of str
            Sectors of ``eft``.
        eft : str
            ``nuWET``, ``nuWET-4`` or ``nuWET-3``.
        par : mapping of str to float, optional
            Parameters of flavio, of which the CKM elements are taken; None: those of the object.

        Returns
        -------
        LinearMap
            From coefficients to coefficients, by name.
        """
        source, start = self.wc.eft, self.wc.scale
        check_reached(source, THEORIES[eft])
        needed = source == HIGH.eft and needs_ckm(self.get_option("running"), sectors)
        ckm: Mapping[str, float] = wilson_parameters.p
        if needed:
            ckm = self.parameters if par is None else ckm_elements(par)
        return nuwet_map(source, start, eft, float(scale), sectors, self._settings(ckm))

    def _settings(self, ckm: Mapping[str, float]) -> Settings:
        """Options and parameters, with the CKM elements of ``ckm``; notes the papers to cite."""
        option, parameters = self.get_option, self.parameters
        cite(_PAPERS[option("running")] + (_LOOPS if option("qcd_loops") > 1 else ()))
        parameters |= {name: ckm[name] for name in _CKM}
        return Settings(
            running=option("running"),
            alpha_s=option("alpha_s"),
            loops=option("qcd_loops"),
            matching=option("smeft_matchingscale"),
            m_b=option("mb_matchingscale"),
            m_c=option("mc_matchingscale"),
            qed=bool(option("qed_order")),
            **{name: float(parameters[name]) for name in PARAMETERS},
            sm=tuple(smpar.p.values()) if option("running") == "full" else (),
        )

    def sterile_high(
        self, scale: float, par: Mapping[str, float] | None = None
    ) -> dict[str, complex]:
        """Coefficients with N of nuSMEFT (Warsaw) at ``scale`` (GeV).

        Parameters
        ----------
        scale : float
            In GeV.
        par : mapping of str to float, optional
            Parameters of flavio, of which the CKM elements are taken; None: those of the object.

        Returns
        -------
        dict of str to complex
            Coefficients by name, those of SMEFT left out.

        Raises
        ------
        UnknownBasis
            For coefficients of nuWET (-4, -3).
        """
        check_reached(self.wc.eft, HIGH)
        return self.high_map(scale, par)(self._sterile_values) if self._sterile_values else {}

    def high_map(self, scale: float, par: Mapping[str, float] | None = None) -> LinearMap:
        """The map of the coefficients with N of nuSMEFT, in Warsaw, that `sterile_high` applies.

        Parameters
        ----------
        scale : float
            In GeV.
        par : mapping of str to float, optional
            As in `sterile_high`.

        Returns
        -------
        LinearMap
            From coefficients to coefficients, by name.
        """
        ckm: Mapping[str, float] = wilson_parameters.p
        if self.get_option("running") == "full":
            ckm = self.parameters if par is None else ckm_elements(par)
        return nusmeft_map(self.wc.scale, float(scale), self._settings(ckm))

    def _run_nusmeft(self, scale: float) -> dict[str, complex]:
        sterile = self.sterile_high(scale)
        return self._without_dust(self.standard(scale, HIGH.standard, HIGH.hub, "all")) | sterile

    def _without_dust(self, standard: Mapping[str, complex]) -> dict[str, complex]:
        """Results of wilson without rounding errors; what was given is no rounding error."""
        return without_dust(standard, keep=dict(self._standard_values))

    def standard(
        self, scale: float, eft: str, basis: str, sectors: str | Iterable[str]
    ) -> dict[str, complex]:
        """Coefficients of the part without sterile neutrinos, run by wilson.

        nuWET (-4, -3) stands for WET (-4, -3).

        Parameters
        ----------
        scale : float
            In GeV.
        eft, basis : str
            EFT and basis of the result.
        sectors : str or iterable of str
            Names of sectors, or ``all``.

        Returns
        -------
        dict of str to complex
            Coefficients by name.
        """
        if not self._standard_values:
            return {}
        cite(_WILSON)
        if eft in THEORIES:
            eft = THEORIES[eft].standard
        chosen = sectors if sectors == "all" else _check_sectors(sectors, eft)
        return dict(run_standard(with_ckm(self, None), scale, eft, basis, chosen).dict)

    @property
    def standard_values(self) -> frozenset[tuple[str, complex]]:
        """Non-zero coefficients of SMEFT Warsaw, or of WET (-4, -3) JMS, as pairs."""
        return self._standard_values

    @property
    def standard_basis(self) -> tuple[str, str]:
        """EFT and basis of `standard_values`."""
        theory = THEORIES[self.wc.eft]
        return theory.standard, theory.hub


def _warn_stock(partners: tuple[str, ...], of: str, mixings: str = "") -> None:
    take = f"; this package has none of {of} with N"
    if partners:
        take = f": take those with inv for nu in their names, here {', '.join(partners)}"
    seen = "see only the part of the coefficients without N"
    if mixings:
        seen = f"do not see the mixing {mixings}"
    warn(f"observables of flavio {seen}{take}", StockObservableWarning)


def values_of(wc: wcxf.WC) -> dict[str, complex]:
    """Coefficients that a program has written, see `real_where_hermitian`.

    Parameters
    ----------
    wc : wcxf.WC
        Coefficients of any EFT.

    Returns
    -------
    dict of str to complex
        Coefficients by name, without rounding errors.
    """
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
