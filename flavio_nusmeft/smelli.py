"""The global likelihood of smelli with the observables of this package.

Needs smelli (``pip install 'flavio_nusmeft[smelli]'``); nothing else of the package imports it.

smelli changes wilson's default options when it is imported: ``smeft_accuracy`` becomes
``leadinglog`` for all objects. If it is this module that imports smelli, it sets them back, so
that no prediction depends on the import. If smelli was imported before, they stay as they are.
For leading-log running of the SMEFT part, as in smelli, set the option on an object or with
``wilson.Wilson.set_default_option("smeft_accuracy", "leadinglog")``.
"""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import flavio
import wilson

from . import _data
from .eft.bases import known_coefficients
from .eft.wilson import NuWilson, load_wc, promote
from .errors import InvalidScale

__all__ = ["GlobalLikelihood"]

_OURS = ["likelihood_nusmeft.yaml", "likelihood_kpiinv.yaml"]
# of smelli: the results on B -> h nu nu and R(D), R(D*) are in ours
_COUNTED_TWICE = ("likelihood_bqnunu.yaml", "likelihood_rd_rds.yaml")
# of ours: K -> pi nu nu is in the quark likelihood of smelli
_COUNTED_THERE = ("likelihood_kpiinv.yaml",)
# the EFT whose observables and likelihoods of smelli hold for the part without N
_STANDARD = {"nuSMEFT": "SMEFT", "nuWET": "WET"}
_MASSES = ("m_N1", "m_N2", "m_N3")


def _import_smelli() -> tuple[Any, Any]:
    """The modules ``smelli`` and ``smelli.ckm``, with wilson's default options left alone.

    Raises
    ------
    ImportError
        If smelli is not installed.
    """
    first = "smelli" not in sys.modules
    options = dict(wilson.Wilson._default_options)
    try:
        return importlib.import_module("smelli"), importlib.import_module("smelli.ckm")
    except ModuleNotFoundError as error:
        if error.name != "smelli":
            raise
        raise ImportError(
            "flavio_nusmeft.smelli needs smelli: pip install 'flavio_nusmeft[smelli]'",
            name="smelli",
        ) from None
    finally:
        if first:
            wilson.Wilson._default_options.update(options)


_smelli, _ckm = _import_smelli()
_Base: Any = _smelli.GlobalLikelihood
_BaseScheme: Any = _ckm.CKMSchemeRmuBtaunuBxlnuDeltaM


class _CKMScheme(_BaseScheme):
    """smelli's scheme, with sterile neutrinos in B -> X_c e nu, which fixes V_cb."""

    par_central: dict[str, float]

    def __init__(self, masses: Mapping[str, float]) -> None:
        super().__init__()
        self.par_central = {**self.par_central, **masses}

    def np_predictions_nockm(self, w: Any = None, **ckm: float) -> list[float]:
        """Predictions of the four input observables without their CKM factors."""
        predictions = list(super().np_predictions_nockm(w, **ckm))
        if w is not None:
            index = self.observables.index("BR(B->Xcenu)")
            par = {**self.par_central, **ckm}
            rate = flavio.Observable["BR(B->Xceinv)"].prediction_par(par, w)
            predictions[index] = rate / self.ckm_fac(**ckm)[index]
        return predictions


def _own(w: wilson.Wilson) -> flavio.WilsonCoefficients:
    """A copy whose options smelli may set.

    smelli writes CKM elements into the option ``parameters`` of the object; where this is not
    set, into the default options of wilson. flavio keeps an object of its own class as it is,
    and with it the results of running, from one observable to the next.
    """
    parameters = dict(w.get_option("parameters"))
    if type(w) is wilson.Wilson and w.wc.eft not in _STANDARD:
        own = flavio.WilsonCoefficients()
        own.set_initial_wcxf(w.wc)
    else:
        own = copy.copy(promote(w) if w.wc is not None and w.wc.eft in _STANDARD else w)
    if isinstance(own, NuWilson):
        own.warns_of_stock = False  # what smelli's own likelihoods see is said in the class
    own._options = {**w._options, "parameters": parameters}
    own.clear_cache()
    return own


class GlobalLikelihood(_Base):
    """Likelihood of smelli with the measurements of the data set ``current``.

    Its methods and those of a point are smelli's: ``parameter_point(...)`` and from there
    ``log_likelihood_dict()``, ``obstable()``; ``plot_data_2d``, ``chi2_min``. Log-likelihoods of
    a point are relative to the SM. Theory uncertainties do not enter the likelihoods
    ``likelihood_nusmeft.yaml`` and ``likelihood_kpiinv.yaml`` (decays of kaons).

    Parameters
    ----------
    eft, basis : of coefficients that are given as dictionaries: ``nuSMEFT`` with ``Warsaw`` (the
        default; all of SMEFT, too), ``FGMS``, ``LiaoMa``, ``nuWET`` with ``JMS``, or SMEFT and WET
    par_dict : values of flavio's parameters that differ from the default, e.g. ``m_N1``. The
        others are taken from ``flavio.default_parameters`` now, not again later.
    with_smelli : whether to add smelli's own likelihoods, which see the SMEFT or WET part only.
        Left out are those with results that are in the data set, too: ``likelihood_rd_rds.yaml``
        and ``likelihood_bqnunu.yaml``. K -> pi nu nu is part of smelli's quark likelihood, with
        older data and without N, and cannot be taken out: so ``likelihood_kpiinv.yaml`` is left
        out.
    fix_ckm : whether to use the CKM elements of the parameters, as flavio's likelihoods do
        (default). If False, smelli extracts them at every point from four observables, of which
        B -> X_c e + inv contains sterile neutrinos; the other three, K and pi -> mu nu,
        B+ -> tau nu and Delta M_d / Delta M_s, see the SMEFT or WET part only.
    options : the other arguments of `smelli.GlobalLikelihood`

    Raises
    ------
    UnknownBasis
    """

    eft: str
    _ckm_scheme: Any
    _default_bases: ClassVar[dict[str, str]] = {
        **_Base._default_bases,
        "nuSMEFT": "Warsaw",
        "nuWET": "JMS",
    }
    _fast_likelihoods_yaml: list[str] = []  # noqa: RUF012
    _fast_likelihoods_yaml_fixckm: list[str] = []  # noqa: RUF012
    _likelihoods_yaml: list[str] = _OURS

    def __init__(
        self,
        eft: str = "nuSMEFT",
        basis: str | None = None,
        par_dict: Mapping[str, float] | None = None,
        *,
        with_smelli: bool = False,
        fix_ckm: bool = True,
        **options: Any,
    ) -> None:
        known_coefficients(eft, basis or self._default_bases.get(eft, ""))
        if with_smelli:
            self._fast_likelihoods_yaml = _Base._fast_likelihoods_yaml
            self._fast_likelihoods_yaml_fixckm = _Base._fast_likelihoods_yaml_fixckm
            theirs = [name for name in _Base._likelihoods_yaml if name not in _COUNTED_TWICE]
            ours = [name for name in _OURS if name not in _COUNTED_THERE]
            self._likelihoods_yaml = [*theirs, *ours]
        super().__init__(eft, basis, par_dict, fix_ckm=fix_ckm, **options)
        if type(self._ckm_scheme) is _BaseScheme:
            self._ckm_scheme = _CKMScheme({name: self.par_dict_default[name] for name in _MASSES})

    def _load_likelihoods(self, **selection: Any) -> None:
        eft = self.eft
        self.eft = _STANDARD.get(eft, eft)  # smelli leaves out some likelihoods if not SMEFT
        try:
            super()._load_likelihoods(**selection)
        finally:
            self.eft = eft

    def _get_yaml_path(self, name: str) -> str:
        try:
            return str(_data.path(f"smelli/{name}"))
        except FileNotFoundError:
            return super()._get_yaml_path(name)

    def get_wilson(self, wc_dict: Mapping[str, complex], scale: float) -> wilson.Wilson:
        """Object for the coefficients; a `NuWilson` for nuSMEFT and nuWET.

        Raises
        ------
        UnknownCoefficient, InvalidValue, InvalidScale
        """
        if self.eft in _STANDARD:
            return NuWilson(wc_dict, scale, self.eft, self.basis)
        return super().get_wilson(dict(wc_dict), scale)

    def parameter_point(
        self,
        point: Mapping[str, complex] | wilson.Wilson | str | Path,
        scale: float | None = None,
    ) -> Any:
        """A point in parameter space, a `smelli.classes.GlobalLikelihoodPoint`.

        Parameters
        ----------
        point : coefficients in EFT and basis of the likelihood, with ``scale``; an object with
            coefficients of any EFT (it is not changed), or the path of a WCxf file
        scale : in GeV

        Raises
        ------
        UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale, InvalidFile
        """
        if isinstance(point, (str, Path)):
            point = load_wc(Path(point).read_text(encoding="utf-8"))
        elif isinstance(point, Mapping):
            if scale is None:
                raise InvalidScale("coefficients need a scale (in GeV)")
            point = self.get_wilson(point, scale)
        return super().parameter_point(_own(point))
