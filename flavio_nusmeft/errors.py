"""Exceptions and warnings of the package; each derives from the fitting built-in one."""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Iterable
from types import FrameType

__all__ = [
    "CheckpointWarning",
    "ConvergenceWarning",
    "DroppedCoefficientWarning",
    "FailedMinimization",
    "FailedPoint",
    "FailedWorkers",
    "HeavyMassWarning",
    "IncompleteBins",
    "InvalidBin",
    "InvalidCheckpoint",
    "InvalidFile",
    "InvalidMass",
    "InvalidRecord",
    "InvalidScale",
    "InvalidScan",
    "InvalidShape",
    "InvalidValue",
    "MissingRecord",
    "NoEffectWarning",
    "NotPolynomial",
    "NuSMEFTError",
    "NuSMEFTWarning",
    "ScaleWarning",
    "SizeWarning",
    "StockObservableWarning",
    "UndefinedRatio",
    "UnknownBasis",
    "UnknownCoefficient",
    "UnknownDataset",
    "UnknownObservable",
    "UnknownParameter",
    "UnknownSector",
    "UnwritablePath",
    "WorkerWarning",
    "listed",
    "nearest",
    "warn",
]


class NuSMEFTError(Exception):
    """Base of all errors of the package."""


class _Lookup(NuSMEFTError, KeyError):
    """A KeyError that prints its message as it is, not quoted."""

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownCoefficient(_Lookup):
    """A Wilson coefficient that its basis does not have."""


class UnknownObservable(_Lookup):
    """An observable that flavio does not know, or that has no prediction."""


class UnknownParameter(_Lookup):
    """A parameter that flavio does not have, or a fit parameter without a prior."""


class UnknownBasis(NuSMEFTError, ValueError):
    """An EFT or a basis that does not exist, or cannot be reached from the given one."""


class UnknownSector(NuSMEFTError, ValueError):
    """A sector that the EFT does not have."""


class UnknownDataset(NuSMEFTError, ValueError):
    """A data set that does not exist."""


class InvalidValue(NuSMEFTError, ValueError):
    """A Wilson coefficient that is not a finite number, or not real where it must be."""


class InvalidScale(NuSMEFTError, ValueError):
    """A renormalisation scale that is not a positive finite number, or that the EFT cannot have."""


class InvalidShape(NuSMEFTError, ValueError):
    """Arrays whose shapes do not broadcast."""


class InvalidMass(NuSMEFTError, ValueError):
    """A sterile-neutrino mass that is negative or not finite."""


class InvalidBin(NuSMEFTError, ValueError):
    """A q² that is not finite, or a bin with q2min >= q2max."""


class IncompleteBins(InvalidBin):
    """Bins that do not cover the spectrum."""


class UndefinedRatio(NuSMEFTError, ZeroDivisionError):
    """A ratio of branching ratios whose denominator vanishes."""


class NotPolynomial(NuSMEFTError, ValueError):
    """Coefficients of which the observables are not polynomials, or not at all functions."""


class UnwritablePath(NuSMEFTError, OSError):
    """A file or folder that cannot be written."""


class InvalidFile(NuSMEFTError, ValueError):
    """A file that is not a WCxf file with Wilson coefficients."""


class InvalidRecord(NuSMEFTError, ValueError):
    """A published record that is damaged, of another version or of another form."""


class MissingRecord(NuSMEFTError, FileNotFoundError):
    """A published record that must be downloaded first."""


class InvalidScan(NuSMEFTError, ValueError):
    """Axes, bounds or settings of a scan that do not fit its log-likelihood or each other."""


class InvalidCheckpoint(NuSMEFTError, ValueError):
    """A checkpoint file that belongs to something else, is damaged, in use or not writable."""


class FailedPoint(NuSMEFTError, RuntimeError):
    """A log-likelihood that raises an exception, or is nan, at the point named."""


class FailedWorkers(NuSMEFTError, RuntimeError):
    """Workers that die at the same point again and again, or cannot run a scan at all."""


class FailedMinimization(NuSMEFTError, RuntimeError):
    """A minimisation that converges from none of its starting points."""


class NuSMEFTWarning(UserWarning):
    """Base of all warnings of the package."""


class CheckpointWarning(NuSMEFTWarning):
    """Results could not be written to the checkpoint file, and are in memory only."""


class ConvergenceWarning(NuSMEFTWarning):
    """A maximum at which the minimiser did not converge."""


class WorkerWarning(NuSMEFTWarning):
    """A worker of a scan died, and its points are done again."""


class DroppedCoefficientWarning(NuSMEFTWarning):
    """Non-zero coefficients have no counterpart in the basis or EFT asked for."""


class NoEffectWarning(NuSMEFTWarning):
    """Coefficients with N that change no observable of the package."""


class StockObservableWarning(NuSMEFTWarning):
    """A stock observable of flavio is asked of coefficients with N, of which it sees nothing."""


class SizeWarning(NuSMEFTWarning):
    """A coefficient beyond (4π/scale)² or a branching ratio above 1: mostly TeV^-2 for GeV^-2."""


class ScaleWarning(NuSMEFTWarning):
    """A scale at which the EFT is not the theory to use."""


class HeavyMassWarning(NuSMEFTWarning):
    """Every N is too heavy for all decays: mostly a mass in MeV."""


_INSIDE = frozenset({"flavio_nusmeft", "flavio", "wilson", "smelli"})


def warn(text: str, category: type[NuSMEFTWarning]) -> None:
    """Warn at the line of the user's code that calls this package, or flavio.

    Python shows a text once per line; so it should not contain numbers that change from point to
    point.
    """
    level, found = 1, 1
    frame: FrameType | None = sys._getframe()
    while frame is not None:  # scipy's integrators, for one, stand in between
        level += 1
        if frame.f_globals.get("__name__", "").partition(".")[0] in _INSIDE:
            found = level
        frame = frame.f_back
    warnings.warn(text, category, stacklevel=found)


_LISTED = 20  # names in a warning


def listed(names: Iterable[str]) -> str:
    """Names for a warning, the first ones if there are many."""
    known = list(names)
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return ", ".join(known[:_LISTED]) + more


def nearest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` with the most similar known name, or an empty string."""
    names = list(known)
    alike = [other for other in names if len(other) == len(name)]
    if alike:
        # a coefficient with a wrong index: fewest, then smallest differences
        def distance(other: str) -> tuple[int, int]:
            steps = [abs(ord(a) - ord(b)) for a, b in zip(name, other, strict=True) if a != b]
            return len(steps), sum(steps)

        best = min(alike, key=distance)
        if distance(best)[0] <= len(name) // 3:
            return f"; did you mean '{best}'?"
    matches = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean '{matches[0]}'?" if matches else ""
