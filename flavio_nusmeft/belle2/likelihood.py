"""The likelihood of Belle II as a function of parameters and Wilson coefficients."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flavio
import numpy as np
from numpy.typing import ArrayLike

from .. import settings
from .._inputs import all_parameters, reals, wc_object
from ..citations import cite
from ..errors import FailedMinimization, InvalidBin, InvalidRecord, InvalidShape, InvalidValue
from ..observables import QUANTITIES
from ..physics.channels import CouplingSet
from ..physics.detectors import Detector, Events, Observed
from ..physics.exclusive import Shift, coupling_set, spectrum, spectrum_slopes
from ..physics.formfactors import PROCESSES, implementation, papers
from ..physics.modes import SEMI_INVISIBLE
from . import exact as pyhf_likelihood
from . import record
from .function import SpectrumLikelihood
from .model import Model, Profile
from .together import maxima

__all__ = ["OBSERVABLE", "Belle2Likelihood"]

_Detectors = str | Detector | Sequence[str | Detector] | None

_MODE = SEMI_INVISIBLE["B+->K"]
OBSERVABLE = "BR_SD(B+->Kinv)"  #: in the bins of q²
_PAPER = "arXiv:2507.12393"
_FAR = 50.0  # below ln L of no signal (10σ) the published model ends, see the class
_CLOSE = 1e-4  # to the edge in ln L: from there one step of Newton's method is exact
_MAXIMA = 60  # along a signal; some 8 with the published record, 40 of bisection without slopes
_TIGHT = 1e-12  # brackets of the logarithm, where ln L is not found beyond the edge
_TOGETHER = 64  # points, whose Hessians and Jacobians are some 10 MB
# total branching ratios of the signals, added to the SM, at which maxima are kept as starts
_START_SIZES = (3e-6, 7e-6, 1.5e-5, 3e-5, 6e-5)
# the form-factor uncertainty of Belle II's own spectrum, which is replaced
_DROPPED = ("corr_ff_c1", "corr_ff_c2", "corr_ff_c3")


class Belle2Likelihood:
    """Published likelihood of B+ -> K+ nu nu, arXiv:2507.12393, for any short-distance spectrum.

    Expected signal in bin i of the fit: sum_j n_ij BR_j/BR_j(SM) over 100 bins of generated q²,
    with the published number densities n_ij, BR_j = BR_SD(B+->Kinv) of this package in the bin and
    BR_j(SM) the spectrum of Belle II's simulation (total 4.966e-6), both absolute; so lifetime,
    V_ts and form factors enter through the parameters. All published variations of the signal
    (systematic and statistical) are scaled with its events in every bin of the fit: their relative
    size is kept. Candidates without a generated q² (0.2% of the signal with hadronic tag) take the
    average weight of their bin. The published form-factor parameters corr_ff_c1..3 are left out.
    The last bins have no efficiency, so nothing is missed above 22.885 GeV².

    Parameters
    ----------
    path : str or path-like, optional
        Folder with the files of `record.FILES`, downloaded from
        https://doi.org/10.17182/hepdata.166082; default: environment variable NUSMEFT_BELLE2.
    form_factor_covariance : bool, default False
        False: form factors are those of the parameters given; True: their uncertainty in
        ``flavio.default_parameters`` is part of the likelihood, as parameters with normal
        distributions: the weights of the 100 bins have, to first order, the covariance that follows
        from that of the form factors, at the couplings and masses of the point.
    check_sums : bool, default True
        False: accept another version of the record, of the same form.

    Attributes
    ----------
    edges : ndarray
        Of the bins of generated q², GeV².

    Raises
    ------
    MissingRecord, InvalidRecord
    InvalidValue
        With ``form_factor_covariance``, where form factors have no covariance.

    Notes
    -----
    Beyond 10σ the published model has no meaning: its statistical uncertainties are factors γ with
    normal distributions, which can remove any signal from a bin at the price of 1/(2σ²), so that
    ln L has several maxima and saturates. So where ln L is more than 50 below that without signal,
    ln L(0), it is ln L(0) - 50/t instead, with the part t of the signal at which it is just 50
    below: continuous, finite, and the smaller the larger the signal, so that a minimiser or a
    Markov chain finds the way back. -inf for events that are too many for a float.

    It can be pickled. The maximum is sought from the closest of some that are kept, so the result
    depends on the point alone, not on earlier ones.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        form_factor_covariance: bool = False,
        check_sums: bool = True,
    ) -> None:
        self._record = record.read(path, check_sums)
        workspace = self._record.workspace
        self._model = Model(
            workspace["channels"], workspace["observations"], record.SIGNAL, _DROPPED
        )
        self.edges = np.array(record.EDGES)
        names = [c["name"] for c in workspace["channels"] if c["name"] in self._record.densities]
        densities = [self._record.densities[name] for name in names]
        self._bins = {name: len(d) for name, d in zip(names, densities, strict=True)}
        stacked = np.vstack(densities)
        with_q2 = stacked[:, 1:]
        total = with_q2.sum(axis=1)
        average = np.divide(stacked.sum(axis=1), total, out=np.ones_like(total), where=total > 0)
        # events per branching ratio, shape (signal bins, 100)
        self._response = with_q2 * average[:, None] / record.sm_spectrum()
        self.form_factor_covariance = bool(form_factor_covariance)
        self._check_sums = bool(check_sums)
        self._central: dict[str, float] = {}
        self._covariance: list[list[float]] = []
        self._shifts: tuple[Shift, ...] = ((),)
        if form_factor_covariance:
            self._central, covariance = _form_factors()
            self._covariance = covariance.tolist()
            self._shifts += _steps(list(self._central), covariance)
        try:
            no_signal = self._model.profile(np.zeros(len(stacked)))
            self._edge = no_signal.log_likelihood - _FAR
            self._start_factors, self._starts = self._make_starts()
        except FailedMinimization as error:
            raise InvalidRecord(
                f"the likelihood of the record in '{self._record.folder}' has no maximum: {error}"
            ) from None

    def __repr__(self) -> str:
        version = "as published" if self._record.checksums == record.FILES else "another version"
        return (
            f"Belle2Likelihood('{self._record.folder}',"
            f" form_factor_covariance={self.form_factor_covariance},"
            f" check_sums={self._check_sums}): B+ -> K+ inv of Belle II,"
            f" record {record.DOI}, {version}"
        )

    def _make_starts(self) -> tuple[np.ndarray, list[Profile]]:
        """Factors of the signal, shape (starts, signal bins), and the maxima.

        They are for the SM plus signals of several shapes and sizes.
        """
        sm = record.sm_spectrum()
        thirds = np.array_split(np.arange(len(sm)), 3)
        shapes = [sm / sm.sum(), *(np.isin(np.arange(len(sm)), third) for third in thirds)]
        spectra = [sm] + [
            sm + size * shape / shape.sum() for shape in shapes for size in _START_SIZES
        ]
        starts = []
        for bins in spectra:
            rows = np.repeat(bins[None], len(self._shifts), axis=0)
            factors, components = self._signal(rows)
            starts.append((factors, self._model.profile(factors, components)))
        return np.array([factors for factors, _ in starts]), [found for _, found in starts]

    def _start(self, factors: np.ndarray) -> Profile:
        """The start closest in events, in units of their fluctuation on some background."""
        return self._starts[int(self._closest(factors))]

    def _closest(self, factors: np.ndarray) -> np.ndarray:
        """Numbers of the starts for factors of shape (..., signal bins)."""
        nominal = self._model.nominal
        events = (factors[..., None, :] - self._start_factors) * nominal
        return np.asarray((events**2 / (nominal + 5)).sum(axis=-1).argmin(axis=-1))

    def log_likelihood(
        self,
        par_dict: Mapping[str, float],
        wc_obj: Any,
        exact: bool = False,
        *,
        detector: _Detectors = None,
    ) -> float:
        """ln L, maximised over the nuisance parameters.

        It contains the Poisson probabilities in full, and constraints that are 0 at their maximum.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters, as ``flavio.default_parameters.get_central_all()``.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Any object with Wilson coefficients; None: the SM.
        exact : bool, default False
            Maximise pyhf's likelihood with MINUIT (seconds); the two agree within 1e-4.
        detector : str, Detector or list of these, optional
            The signal is what stays invisible in a detector, as in `predict`, at every q² and for
            every variation of the form factors; of events with a visible decay of N none is
            selected. By default N are stable.

        Returns
        -------
        float
            ln L.

        Raises
        ------
        InvalidBin
            If the masses of the mesons move the spectrum out of Belle II's bins.
        InvalidValue
            Form factors that are not at their central values, with ``form_factor_covariance``;
            branching ratios that are nan; a detector that sees no decays of B+.
        InvalidMass, FailedMinimization
        MissingPackage
            Without pyhf or iminuit, if ``exact``.
        """
        return self._log_likelihood(self._spectra(par_dict, wc_obj, detector), exact)

    def spectrum_log_likelihood(self, spectrum: ArrayLike, exact: bool = False) -> float:
        """As `log_likelihood`, for branching ratios in the 100 bins of any model.

        There is no uncertainty of form factors then.

        Parameters
        ----------
        spectrum : array_like
            Short-distance branching ratios in the bins, shape (100,).
        exact : bool, default False
            Maximise pyhf's likelihood with MINUIT.

        Returns
        -------
        float
            ln L.

        Raises
        ------
        InvalidShape, InvalidValue
        """
        return self._log_likelihood(_checked(spectrum), exact)

    def function(
        self,
        spectrum: Callable[..., Any],
        variables: Sequence[str],
        *,
        fixed: Mapping[str, Any] | None = None,
        par: Mapping[str, float] | None = None,
    ) -> SpectrumLikelihood:
        """ln L of the SM and any spectrum as a function of its variables, for scans and intervals.

        With ``form_factor_covariance`` the uncertainty is that of the SM's part.

        Parameters
        ----------
        spectrum : callable
            ``spectrum(**variables, **fixed)``: branching ratios in the bins without the SM, shape
            (100,), or dBR/dq², a function of an array of q² (see `alternatives.binned`). An
            argument ``par`` gets all parameters of flavio. For scans with processes it is a
            function of a module.
        variables : sequence of str
            Its arguments that vary, in the order of the array.
        fixed : mapping of str to object, optional
            Values of others.
        par : mapping of str to float, optional
            Values of parameters of flavio; default: central values.

        Returns
        -------
        SpectrumLikelihood
            A log-likelihood as `scan`, `interval` and `compare` take it.

        Raises
        ------
        InvalidValue, UnknownParameter

        Examples
        --------
        >>> from flavio_nusmeft import alternatives, scan
        >>> f = belle2.function(alternatives.resonance, ["BR", "m_X"], fixed={"width": 0.1})
        >>> scan.minimize(f, {"BR": (0, 5e-5), "m_X": (0, 4)})
        """
        return SpectrumLikelihood(self, spectrum, variables, fixed=fixed, par=par)

    @np.errstate(over="ignore", invalid="ignore")  # events without number
    def log_likelihoods(self, spectra: ArrayLike) -> np.ndarray:
        """Many at once: as `spectrum_log_likelihood` of every spectrum, within 1e-8, but faster.

        Parameters
        ----------
        spectra : array_like
            Short-distance branching ratios in the bins, shape (points, 100); or with the shifts of
            the form factors, as from `spectra`, shape (points, 1 + 2 components, 100): as
            `log_likelihood` then.

        Returns
        -------
        ndarray
            ln L, shape (points,).

        Raises
        ------
        InvalidShape, InvalidValue
        """
        array = reals("spectra", spectra)
        bins = len(record.EDGES) - 1
        if array.ndim == 2:
            _check_values(array)
            array = array[:, None]
        if array.ndim != 3 or array.shape[1:] not in ((1, bins), (len(self._shifts), bins)):
            raise InvalidShape(f"spectra have the shape (points, {bins}), not {array.shape}")
        result = np.empty(len(array))
        for first in range(0, len(array), _TOGETHER):
            part = array[first : first + _TOGETHER]
            factors, components = self._signal(part)
            starts = [self._starts[k] for k in self._closest(factors)]
            values = maxima(self._model, factors, components, starts)
            for i in np.flatnonzero(~(values >= self._edge)):  # far away, or not found
                values[i] = self._log_likelihood(part[i], False)
            result[first : first + _TOGETHER] = values
        return result

    def yields(
        self, par_dict: Mapping[str, float], wc_obj: Any, *, detector: _Detectors = None
    ) -> dict[str, np.ndarray]:
        """Expected signal events in the bins of the channels that have signal, by channel.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters, as ``flavio.default_parameters.get_central_all()``.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.
        detector : str, Detector or list of these, optional
            As in `log_likelihood`.

        Returns
        -------
        dict of str to ndarray
            Events in the bins of the fit, by channel.
        """
        return self._by_channel(self._spectra(par_dict, wc_obj, detector)[0])

    def spectrum_yields(self, spectrum: ArrayLike) -> dict[str, np.ndarray]:
        """As `yields`, for branching ratios in the 100 bins of any model.

        Parameters
        ----------
        spectrum : array_like
            Short-distance branching ratios in the bins, shape (100,).

        Returns
        -------
        dict of str to ndarray
            Events in the bins of the fit, by channel.
        """
        return self._by_channel(_checked(spectrum)[0])

    def fitted_events(self, spectrum: ArrayLike) -> dict[str, dict[str, np.ndarray]]:
        """Events in the bins of all channels, with the nuisance parameters at their maximum.

        What a figure of the fit needs: ``observed`` has the fluctuations, ``background`` and
        ``signal`` are expected for branching ratios in the 100 bins of any model, with the SM.

        Parameters
        ----------
        spectrum : array_like
            Short-distance branching ratios in the bins, shape (100,).

        Returns
        -------
        dict of str to dict
            By channel, arrays ``observed``, ``background`` and ``signal``.

        Raises
        ------
        InvalidShape, InvalidValue
        FailedMinimization
            For signals that are far too large.
        """
        factors, _ = self._signal(_checked(spectrum))
        found = self._model.profile(factors, None, self._start(factors))
        observations = self._record.workspace["observations"]
        bins = {entry["name"]: len(entry["data"]) for entry in observations}
        names = [channel["name"] for channel in self._record.workspace["channels"]]
        cuts = np.cumsum([bins[name] for name in names])[:-1]
        parts = [np.split(part, cuts) for part in self._model.fitted(found, factors, None)]
        kinds = ("observed", "background", "signal")
        return {
            name: dict(zip(kinds, channel, strict=True))
            for name, *channel in zip(names, *parts, strict=True)
        }

    def spectrum(
        self, par_dict: Mapping[str, float], wc_obj: Any, *, detector: _Detectors = None
    ) -> np.ndarray:
        """Short-distance branching ratios of B+ -> K+ inv in the 100 bins.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters, as ``flavio.default_parameters.get_central_all()``.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.
        detector : str, Detector or list of these, optional
            As in `log_likelihood`.

        Returns
        -------
        ndarray
            Shape (100,).
        """
        return self._spectra(par_dict, wc_obj, detector)[0]

    def workspace(
        self, par_dict: Mapping[str, float], wc_obj: Any, *, detector: _Detectors = None
    ) -> dict[str, Any]:
        """The pyhf workspace with the signal at a point.

        ``exact`` maximises it, if the signal is not beyond 10σ.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters, as ``flavio.default_parameters.get_central_all()``.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.
        detector : str, Detector or list of these, optional
            As in `log_likelihood`.

        Returns
        -------
        dict of str to object
            JSON, for ``pyhf.Workspace``.
        """
        return self._workspace(*self._signal(self._spectra(par_dict, wc_obj, detector)))

    def description(self) -> dict[str, Any]:
        """What the likelihood is, for the files of scans.

        All that ln L depends on besides the parameters, the coefficients and ``flavio.config``, as
        texts and Python's numbers.

        Returns
        -------
        dict of str to object
            JSON; ``form factors`` and ``form factor covariance`` (in their order) are empty where
            they are those of the parameters given.
        """
        return {
            "likelihood": type(self).__name__,
            "record": record.DOI,
            "checksums": self._record.checksums,
            "left out": list(_DROPPED),
            "linear beyond": _FAR,
            "settings": settings.description(),
            "form factors": self._central,
            "form factor covariance": self._covariance,
        }

    def _spectra(
        self, par_dict: Mapping[str, float], wc_obj: Any, detector: _Detectors = None
    ) -> np.ndarray:
        """Branching ratios (1 + 2 components, 100)."""
        all_parameters(par_dict)
        wc_object(wc_obj)
        endpoint = (par_dict[f"m_{_MODE.B}"] - par_dict[f"m_{_MODE.M}"]) ** 2
        if abs(endpoint - record.EDGES[-1]) > record.EDGES[1]:
            raise InvalidBin(
                f"the spectrum ends at q² = {endpoint} GeV², and the bins of Belle II at"
                f" {record.EDGES[-1]} GeV²: check the masses of B+ and K+"
            )
        for name, value in self._central.items():
            if par_dict[name] != value:
                raise InvalidValue(
                    f"'{name}' is {par_dict[name]}, and its central value {value}: the uncertainty"
                    " of the form factors is part of this likelihood, so they cannot be varied as"
                    " well. Use form_factor_covariance=False to vary them"
                )
        if self._central and implementation(_MODE.form_factors) != _fit():
            raise InvalidValue(
                f"form_factor_covariance=True is for the form factors '{_fit()}', not for"
                f" '{implementation(_MODE.form_factors)}'"
            )
        cite((_PAPER, *papers(_MODE.form_factors)))
        events = None
        if detector is not None:
            observed = Observed([(OBSERVABLE, QUANTITIES[OBSERVABLE], ())], detector, par_dict)
            events = Events(observed.detectors, wc_obj, par_dict)
        return spectrum(par_dict, _MODE, record.EDGES, wc_obj, self._shifts, events)

    def _signal(self, spectra: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Factors and components as in `Model.profile`."""
        events = np.swapaxes(spectra @ self._response.T, -1, -2)
        nominal = self._model.nominal
        # bins without nominal signal have none for any spectrum
        factors = events[..., 0] / np.where(nominal > 0, nominal, np.inf)
        if events.shape[-1] == 1:
            return factors, None
        # a rate is a quadratic form in the form factors, so this is the derivative
        return factors, (events[..., 1::2] - events[..., 2::2]) / 2

    def _workspace(self, factors: np.ndarray, components: np.ndarray | None) -> dict[str, Any]:
        return pyhf_likelihood.workspace(
            self._record.workspace, record.SIGNAL, _DROPPED, factors, components
        )

    def slopes(
        self, par_dict: Mapping[str, float], wc_obj: Any, *, detector: _Detectors = None
    ) -> np.ndarray | None:
        """Derivatives of `log_likelihood` by what `spectra` gives.

        None where it is not that of the published model, beyond 10σ.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.
        detector : str, Detector or list of these, optional
            As in `log_likelihood`.

        Returns
        -------
        ndarray or None
            Shape (1 + 2 components, 100), per branching ratio.
        """
        factors, components = self._signal(self._spectra(par_dict, wc_obj, detector))
        if not all(np.isfinite(x).all() for x in (factors, components) if x is not None):
            return None
        try:
            found = self._model.profile(factors, components, self._start(factors))
        except FailedMinimization:
            return None
        part = 1.0
        if found.log_likelihood < self._edge or found.is_extreme:
            part, _, found = self._outwards(factors, components)
        if part != 1:
            return None
        by_factor, by_component = self._model.signal_slopes(found, factors, components)
        nominal = self._model.nominal
        rows = np.zeros((len(self._shifts), len(self.edges) - 1))
        rows[0] = (by_factor / np.where(nominal > 0, nominal, np.inf)) @ self._response
        if components is not None:
            by_row = by_component.T @ self._response / 2
            rows[1::2], rows[2::2] = by_row, -by_row
        return rows

    @property
    def coupling_set(self) -> CouplingSet:
        """The couplings on which the spectrum depends."""
        return coupling_set(_MODE, flavio.config["renormalization scale"][_MODE.scale])

    def spectra(
        self,
        par_dict: Mapping[str, float],
        wc_obj: Any,
        columns: np.ndarray | None = None,
        *,
        detector: _Detectors = None,
    ) -> np.ndarray:
        """Short-distance branching ratios in the 100 bins.

        Also for the form factors shifted by +1 and -1 standard deviations of every component.

        Parameters
        ----------
        par_dict : mapping of str to float
            All parameters.
        wc_obj : NuWilson, Wilson, WilsonCoefficients or None
            Wilson coefficients; None: the SM.
        columns : ndarray, optional
            Derivatives of the couplings, shape (K, channels, 10): give those of the spectra.
        detector : str, Detector or list of these, optional
            As in `log_likelihood`.

        Returns
        -------
        ndarray
            Shape (1 + 2 components, 100), of derivatives (K, 1 + 2 components, 100).

        Raises
        ------
        InvalidValue
            For derivatives with a detector: widths of N depend on the couplings.
        """
        if columns is None:
            return self._spectra(par_dict, wc_obj, detector)
        if detector is not None:
            raise InvalidValue("columns: of stable N only, leave detector out")
        return spectrum_slopes(par_dict, _MODE, record.EDGES, wc_obj, columns, self._shifts)

    @np.errstate(over="ignore", invalid="ignore")  # events without number
    def _log_likelihood(self, spectra: np.ndarray, exact: bool) -> float:
        factors, components = self._signal(spectra)
        if np.isnan(factors).any():
            raise InvalidValue("the branching ratios of B+ -> K+ inv are not finite")
        if not all(np.isfinite(x).all() for x in (factors, components) if x is not None):
            return -np.inf
        try:
            found = self._model.profile(factors, components, self._start(factors))
            part, value = 1.0, found.log_likelihood
        except FailedMinimization:  # far away from all starts
            part, value = 1.0, -np.inf
        if value < self._edge or found.is_extreme:
            part, value, found = self._outwards(factors, components)
        if exact:
            factors, components = _scaled(part, factors, components)
            spec = self._workspace(factors, components)
            value = pyhf_likelihood.log_likelihood(spec, self._model, factors, components, found)
        return value - _FAR * (1 / part - 1)

    def _outwards(
        self, factors: np.ndarray, components: np.ndarray | None
    ) -> tuple[float, float, Profile]:
        """The part of a signal that is at the edge, or 1 if all is inside.

        With ln L and a maximum there or close by.
        It goes from small signals outwards, so that of several maxima it is at the one that is the
        largest for those, by Newton's method in the logarithm of the part.
        """
        inside, outside = -np.inf, np.inf
        at = -float(np.log(max(1.0, factors.max())))  # not larger than the SM's in any bin
        start, last = None, self._starts[0]
        for _ in range(_MAXIMA):
            scaled = _scaled(float(np.exp(at)), factors, components)
            try:
                start = last = self._model.profile(*scaled, start or self._start(scaled[0]))
                height, slope = start.log_likelihood - self._edge, start.slope
            except FailedMinimization:
                start, height, slope = None, -np.inf, 0.0
            if height >= 0 and at == 0:
                return 1.0, self._edge + height, last
            if abs(height) < _CLOSE:
                return float(np.exp(at - height / slope)), self._edge, last
            if height > 0:
                inside = at
            else:
                outside = at
            if outside - inside < _TIGHT:
                return float(np.exp(inside)), self._edge, last
            step = min(-height / slope, 1.0) if slope < 0 else float(np.copysign(1.0, height))
            at = min(at + step, 0.0)
            if not inside < at < outside:
                at = (inside + outside) / 2
        raise FailedMinimization("the likelihood of Belle II is not continuous in the signal")

    def _by_channel(self, spectrum: np.ndarray) -> dict[str, np.ndarray]:
        events = np.split(self._response @ spectrum, np.cumsum(list(self._bins.values()))[:-1])
        return dict(zip(self._bins, events, strict=True))


def _scaled(
    part: float, factors: np.ndarray, components: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    return part * factors, None if components is None else part * components


def _checked(spectrum: ArrayLike) -> np.ndarray:
    """Shape (1, 100)."""
    bins = len(record.EDGES) - 1
    array = reals("a spectrum", spectrum)
    if array.shape != (bins,):
        raise InvalidShape(f"a spectrum has the shape ({bins},), not {array.shape}")
    _check_values(array)
    return array[None]


def _check_values(spectra: np.ndarray) -> None:
    if not np.isfinite(spectra).all() or (spectra < 0).any():
        raise InvalidValue("a spectrum must be finite and not negative")


def _fit() -> str:
    return f"{_MODE.form_factors} {PROCESSES[_MODE.form_factors].fit}"


def _form_factors() -> tuple[dict[str, float], np.ndarray]:
    """Central values and covariance of the form factors in ``flavio.default_parameters``."""
    constraints = flavio.default_parameters
    prefix = f"{_fit()} a"
    for distribution, names in constraints._constraints:
        if not all(name.startswith(prefix) for name in names):
            continue
        if all(constraints._parameters[name][1] is distribution for name in names):
            central = constraints.get_central_all()
            covariance = np.atleast_2d(np.asarray(distribution.covariance, dtype=float))
            return {str(name): float(central[name]) for name in names}, covariance
    raise InvalidValue(f"flavio.default_parameters has no covariance of '{prefix}...'")


def _steps(names: list[str], covariance: np.ndarray) -> tuple[Shift, ...]:
    """Steps of +1 and -1 standard deviations along the principal axes of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    axes = (vectors * np.sqrt(np.maximum(values, 0))).T
    return tuple(
        tuple((name, float(sign * x)) for name, x in zip(names, axis, strict=True))
        for axis in axes
        for sign in (1, -1)
    )
