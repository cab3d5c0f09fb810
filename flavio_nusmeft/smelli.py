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
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import flavio
import numpy as np
import wilson

from . import _data
from ._inputs import mapping, text, wc_object
from ._optional import require
from .eft.bases import known_coefficients
from .eft.objects import load_wc, promote
from .eft.theories import HIGH, LOW, THEORIES
from .eft.wilson import NuWilson
from .errors import InvalidScale, InvalidValue, UnknownBasis, UnknownParameter, nearest_parameter

__all__ = ["GlobalLikelihood"]

_OURS = [
    "likelihood_nusmeft.yaml",
    "likelihood_kpiinv.yaml",
    "likelihood_dstar_polarisation.yaml",
    "likelihood_tauinv.yaml",
]


def __dir__() -> list[str]:
    return sorted(__all__)


# of smelli: the results on B -> h nu nu and R(D), R(D*) are in ours
_COUNTED_TWICE = ("likelihood_bqnunu.yaml", "likelihood_rd_rds.yaml")
# of ours: smelli has K -> pi nu nu in its quark likelihood, F_L(D*) of Belle in that of
# b -> c l nu, and B -> tau nu, B -> pi tau nu and D -> tau nu in several
_COUNTED_THERE = (
    "likelihood_kpiinv.yaml",
    "likelihood_dstar_polarisation.yaml",
    "likelihood_tauinv.yaml",
)
# of ours, if smelli takes V_ub from B -> tau nu
_CKM_INPUT = ("likelihood_tauinv.yaml",)
_MASSES = ("m_N1", "m_N2", "m_N3")


def _import_smelli() -> tuple[Any, Any]:
    """The modules ``smelli`` and ``smelli.ckm``, with wilson's default options left alone.

    Raises
    ------
    MissingPackage
        If smelli is not installed.
    """
    require("flavio_nusmeft.smelli", "smelli")
    first = "smelli" not in sys.modules
    options = dict(wilson.Wilson._default_options)
    try:
        return importlib.import_module("smelli"), importlib.import_module("smelli.ckm")
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
    if type(w) is wilson.Wilson and w.wc.eft not in THEORIES:
        own = flavio.WilsonCoefficients()
        own.set_initial_wcxf(w.wc)
    else:
        own = copy.copy(promote(w) if w.wc is not None and w.wc.eft in THEORIES else w)
    if isinstance(own, NuWilson):
        own.warns_of_stock = False  # what smelli's own likelihoods see is said in the class
    own._options = {**own._options, **w._options, "parameters": parameters}
    own.clear_cache()
    return own


def _check_parameters(par_dict: Mapping[str, float]) -> None:
    known = flavio.default_parameters.all_parameters
    for name, value in par_dict.items():
        if name not in known:
            hint = nearest_parameter(name, known)
            raise UnknownParameter(f"flavio has no parameter '{name}'{hint}")
        number = isinstance(value, (float, int, np.number)) and np.isfinite(value)
        if not number or (name in _MASSES and value < 0):
            raise InvalidValue(
                f"par_dict: {name} = {value!r} is not a finite number"
                f"{' that is positive or zero' * (name in _MASSES)}"
            )


# sizes of a variable that are tried, in units of the size at which a likelihood changes by one
_TRIED = (0.1, 0.3, 1.0, -0.1, -0.3, -1.0)
# decades in which this size is looked for: from coefficients in GeV^-2 to dimensionless numbers
_DECADES = 10.0 ** np.arange(-16, 4)


def _of_array(x: Any, *, function: Any, spread: bool, unit: Any = 1.0) -> Any:
    """A function of an array in units; of module level, for smelli's processes."""
    if not callable(function):
        return function
    values = np.atleast_1d(x) * unit
    return function(*values) if spread else function(values)


def _starting_points(
    chi2: Callable[[np.ndarray], dict[str, float]], n: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Units of the variables, and by likelihood where a minimisation starts, in these units."""
    zero = chi2(np.zeros(n))
    unit, starts = np.ones(n), {name: np.zeros(n) for name in zero}
    for i, axis in enumerate(np.eye(n)):
        sizes: dict[str, float] = {}
        for size in _DECADES:
            values = chi2(size * axis)
            changed = [name for name in zero if abs(values[name] - zero[name]) > 1]
            sizes = {**dict.fromkeys(changed, size), **sizes}
            # the others do not depend on it
            if len(sizes) == len(zero) or abs(values["global"] - zero["global"]) > 1e4:
                break
        if not sizes:
            continue
        unit[i] = min(sizes.values())
        tried = [size * f for size in {*sizes.values()} for f in _TRIED]
        found = {x: chi2(x * axis) for x in tried}
        for name, size in sizes.items():
            near = [x for x in found if abs(x) <= size]
            starts[name][i] = min(near, key=lambda x: found[x][name]) / unit[i]
    return unit, starts


class GlobalLikelihood(_Base):
    """Likelihood of smelli with the measurements of the data set ``current``.

    Its methods and those of a point are smelli's: ``parameter_point(...)`` and from there
    ``log_likelihood_dict()``, ``obstable()``; ``plot_data_2d``, ``chi2_min``. Log-likelihoods of
    a point are relative to the SM. Theory uncertainties do not enter the likelihoods
    ``likelihood_nusmeft.yaml``, ``likelihood_kpiinv.yaml`` (decays of kaons) and
    ``likelihood_dstar_polarisation.yaml`` (F_L and P_τ in B -> D* τ + inv).

    Parameters
    ----------
    eft : str, default 'nuSMEFT'
        EFT of coefficients that are given as dictionaries: ``nuSMEFT`` (with all of SMEFT),
        ``nuWET``, SMEFT or WET.
    basis : str, optional
        Their basis: ``Warsaw`` (default), ``FGMS`` or ``LiaoMa`` for nuSMEFT, ``JMS`` for nuWET.
    par_dict : mapping of str to float, optional
        Values of flavio's parameters that differ from the default, e.g. ``m_N1``. The others are
        taken from ``flavio.default_parameters`` now, not again later. CKM elements are used with
        ``fix_ckm=True`` only.
    with_smelli : bool, default False
        Whether to add smelli's own likelihoods, which see the SMEFT or WET part only. Left out are
        those with results that are in the data set, too: ``likelihood_rd_rds.yaml`` and
        ``likelihood_bqnunu.yaml``. K -> pi nu nu is part of smelli's quark likelihood, with older
        data and without N, F_L of Belle of ``likelihood_lfu_fccc.yaml``, and neither can be taken
        out: so ``likelihood_kpiinv.yaml`` and ``likelihood_dstar_polarisation.yaml`` are left out.
    fix_ckm : bool, default True
        Whether to use the CKM elements of the parameters, as flavio's likelihoods do (default). If
        False, smelli extracts them at every point from four observables, of which B -> X_c e + inv
        contains sterile neutrinos; the other three, K and pi -> mu nu, B+ -> tau nu and Delta M_d /
        Delta M_s, see the SMEFT or WET part only.
    **options : object
        The other arguments of `smelli.GlobalLikelihood`.

    Raises
    ------
    UnknownBasis
    UnknownParameter
        A name in ``par_dict`` that flavio does not have, or a fit parameter of a likelihood (in its
        YAML file) that has no value there.
    InvalidValue
        A value in it that is not a finite number, or a negative mass of N.
    """

    eft: str
    _ckm_scheme: Any
    _default_bases: ClassVar[dict[str, str]] = {
        **_Base._default_bases,
        **{theory.eft: theory.hub for theory in (HIGH, LOW[0])},
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
        text("the EFT", eft, UnknownBasis)
        known_coefficients(eft, basis or self._default_bases.get(eft, ""))
        par_dict = {} if par_dict is None else mapping("par_dict", par_dict)
        _check_parameters(par_dict)
        if with_smelli:
            self._fast_likelihoods_yaml = _Base._fast_likelihoods_yaml
            self._fast_likelihoods_yaml_fixckm = _Base._fast_likelihoods_yaml_fixckm
            theirs = [name for name in _Base._likelihoods_yaml if name not in _COUNTED_TWICE]
            ours = [name for name in _OURS if name not in _COUNTED_THERE]
            self._likelihoods_yaml = [*theirs, *ours]
        elif not fix_ckm:
            self._likelihoods_yaml = [name for name in _OURS if name not in _CKM_INPUT]
        super().__init__(eft, basis, par_dict, fix_ckm=fix_ckm, **options)
        for file, likelihood in {**self.fast_likelihoods, **self.likelihoods}.items():
            for name in likelihood.fit_parameters:
                if name not in (par_dict or {}):
                    raise UnknownParameter(
                        f"the fit parameter '{name}' of {file} has no value: give it in par_dict"
                    )
        if type(self._ckm_scheme) is _BaseScheme:
            self._ckm_scheme = _CKMScheme({name: self.par_dict_default[name] for name in _MASSES})

    def __repr__(self) -> str:
        return f"GlobalLikelihood(eft='{self.eft}', basis='{self.basis}')"

    def _load_likelihoods(self, **selection: Any) -> None:
        eft = self.eft
        if eft in THEORIES:
            self.eft = THEORIES[eft].standard  # smelli leaves out some likelihoods if not SMEFT
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

        Parameters
        ----------
        wc_dict : mapping of str to complex
            Coefficients by name.
        scale : float
            MSbar scale, GeV.

        Returns
        -------
        wilson.Wilson
            With the coefficients in EFT and basis of the likelihood.

        Raises
        ------
        UnknownCoefficient, InvalidValue, InvalidScale
        """
        if self.eft in THEORIES:
            return NuWilson(wc_dict, scale, self.eft, self.basis)
        return super().get_wilson(dict(wc_dict), scale)

    def parameter_point(
        self,
        point: Mapping[str, complex] | wilson.Wilson | str | Path,
        scale: float | None = None,
    ) -> Any:
        """A point in parameter space, a ``smelli.classes.GlobalLikelihoodPoint``.

        Parameters
        ----------
        point : mapping of str to complex, wilson.Wilson, str or path-like
            Coefficients in EFT and basis of the likelihood, with ``scale``; an object with
            coefficients of any EFT (it is not changed), or the path of a WCxf file.
        scale : float, optional
            In GeV.

        Returns
        -------
        smelli.classes.GlobalLikelihoodPoint
            A point with smelli's methods.

        Raises
        ------
        UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale, InvalidFile
        """
        if isinstance(point, (str, Path)):
            point = load_wc(Path(point))
        elif isinstance(point, Mapping):
            if scale is None:
                raise InvalidScale("coefficients need a scale (in GeV)")
            point = self.get_wilson(point, scale)
        return super().parameter_point(_own(wc_object(point)))

    def chi2_min(
        self,
        wc_fct: Callable[..., Mapping[str, complex]],
        scale: float | Callable[..., float],
        **options: Any,
    ) -> dict[str, dict[str, Any]]:
        """Minima of -2 log-likelihood, of every likelihood, as in smelli.

        smelli starts at zero, where the derivative vanishes if only the squares of coefficients
        enter, and takes steps of 1e-8, whatever the variables are. Here the unit of a variable is
        the power of ten at which a likelihood changes by one, and the start is the best of a few
        values of each variable, none of them zero. ``initial_guesses`` and ``plotdata`` are taken
        as they are.

        Parameters
        ----------
        wc_fct : callable
            Functions of the variables, or of one array, that return coefficients and a scale in
            GeV; ``scale`` may be a number.
        scale : float or callable
            Functions of the variables, or of one array, that return coefficients and a scale in
            GeV; ``scale`` may be a number.
        **options : object
            As in smelli; ``n``, the number of variables, for a function of one array.

        Returns
        -------
        dict of str to dict of str to object
            Results as smelli gives them, by likelihood.
        """
        arguments = len(inspect.getfullargspec(wc_fct).args)
        n = arguments if arguments > 1 else options.get("n")
        if n is None or any(options.get(k) is not None for k in ("initial_guesses", "plotdata")):
            return dict(super().chi2_min(wc_fct, scale, **options))
        coefficients, scales = (
            partial(_of_array, function=f, spread=n == arguments) for f in (wc_fct, scale)
        )

        def chi2(x: np.ndarray) -> dict[str, float]:
            point = self.parameter_point(coefficients(x), scales(x))
            return {name: -2 * value for name, value in point.log_likelihood_dict().items()}

        unit, starts = _starting_points(chi2, n)
        found = super().chi2_min(
            partial(_of_array, function=wc_fct, spread=n == arguments, unit=unit),
            partial(_of_array, function=scale, spread=n == arguments, unit=unit),
            **{**options, "n": None, "initial_guesses": starts},
        )
        for result in found.values():
            result["coords_min"] = result["coords_min"] * unit
        return dict(found)
