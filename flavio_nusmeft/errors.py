"""Exceptions and warnings of the package; each derives from the fitting built-in one.

``Unknown...``: a name that does not exist, or not where it is needed. ``Invalid...``: a value that
cannot be used, of the kind that the name says; of any other kind `InvalidValue`. ``Failed...``:
what was started and has no result. All are `NuSMEFTError`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from types import FrameType

__all__ = [
    "AssumptionWarning",
    "CheckpointWarning",
    "ConvergenceWarning",
    "DiracMassWarning",
    "DroppedCoefficientWarning",
    "FailedMinimization",
    "FailedPoint",
    "FailedPointWarning",
    "FailedWorkers",
    "HeavyMassWarning",
    "IncompleteBins",
    "InvalidBin",
    "InvalidCheckpoint",
    "InvalidFile",
    "InvalidMass",
    "InvalidMixing",
    "InvalidRecord",
    "InvalidScale",
    "InvalidScan",
    "InvalidShape",
    "InvalidSpec",
    "InvalidValue",
    "MissingPackage",
    "MissingRecord",
    "NeutrinoMassWarning",
    "NoEffectWarning",
    "NotPolynomial",
    "NuSMEFTError",
    "NuSMEFTWarning",
    "ScaleWarning",
    "SettingsWarning",
    "SizeWarning",
    "StockObservableWarning",
    "TheoryWarning",
    "UndefinedRatio",
    "UnknownBasis",
    "UnknownCoefficient",
    "UnknownDataset",
    "UnknownMeasurement",
    "UnknownObservable",
    "UnknownParameter",
    "UnknownSearch",
    "UnknownSector",
    "UnwritablePath",
    "WorkerWarning",
    "listed",
    "nearest",
    "nearest_parameter",
    "warn",
]


def __dir__() -> list[str]:
    return sorted(__all__)


class NuSMEFTError(Exception):
    """Base of all errors of the package."""


class _Unknown(NuSMEFTError, KeyError, ValueError):
    """A name that does not exist; unlike a KeyError it prints its message as it is, not quoted."""

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownCoefficient(_Unknown):
    """A Wilson coefficient that its basis does not have."""


class UnknownObservable(_Unknown):
    """An observable that does not exist, takes other arguments, or is none of those asked for.

    Asked for are, as the message says, observables of this package, measured or binned ones, or
    branching ratios.
    """


class UnknownMeasurement(_Unknown):
    """A measurement that neither this package nor flavio has, or not as an alternative."""


class UnknownParameter(_Unknown):
    """A parameter that flavio does not have, or a fit parameter without a prior or a value."""


class UnknownBasis(_Unknown):
    """An EFT or a basis that does not exist, or cannot be reached from the given one."""


class UnknownSearch(_Unknown):
    """A search for N that does not exist."""


class UnknownSector(_Unknown):
    """A sector that the EFT does not have."""


class UnknownDataset(_Unknown):
    """A data set that does not exist."""


class InvalidValue(NuSMEFTError, ValueError):
    """A value that is not what it must be, e.g. a coefficient that is not a finite number."""


class InvalidScale(NuSMEFTError, ValueError):
    """A renormalisation scale that cannot be used.

    It is missing, no positive finite number, one that the EFT cannot have, or another one than that
    of the coefficients to be added.
    """


class InvalidShape(NuSMEFTError, ValueError):
    """An array of another shape than needed, or arrays whose shapes do not broadcast."""


class InvalidMass(NuSMEFTError, ValueError):
    """A mass, of a sterile neutrino or of the heavy particle of a model, that is not possible.

    Both must be finite, that of a neutrino not negative, that of a heavy particle above the
    electroweak scale.
    """


class InvalidMixing(NuSMEFTError, ValueError):
    """Mixings of neutrinos that are not finite or no part of a unitary matrix."""


class InvalidBin(NuSMEFTError, ValueError):
    """A q² or bins that cannot be used.

    They are no numbers, not finite, do not increase, or are not the bins of a reference or of data.
    """


class IncompleteBins(InvalidBin):
    """Bins that do not cover the spectrum."""


class UndefinedRatio(NuSMEFTError, ZeroDivisionError):
    """A ratio of branching ratios whose denominator vanishes."""


class MissingPackage(NuSMEFTError, ImportError):
    """A package that is needed and not installed; the message says how to install it."""


class NotPolynomial(NuSMEFTError, ValueError):
    """Coefficients of which the observables are not polynomials, or not at all functions."""


class UnwritablePath(NuSMEFTError, OSError):
    """A file or folder that cannot be written."""


class InvalidFile(NuSMEFTError, ValueError):
    """A file that is not what is to be read, e.g. no WCxf file, or a folder without results."""


class InvalidRecord(NuSMEFTError, ValueError):
    """A published record that is damaged, of another version or of another form."""


class MissingRecord(NuSMEFTError, FileNotFoundError):
    """A published record, or a set of parton distributions, that must be downloaded first."""


class InvalidScan(NuSMEFTError, ValueError):
    """Axes, bounds or settings of a scan that do not fit its log-likelihood or each other."""


class InvalidSpec(NuSMEFTError, ValueError):
    """A specification of a fit or scan with something wrong in it; the message says where."""


class InvalidCheckpoint(NuSMEFTError, ValueError):
    """A checkpoint file, or a folder with results, that belongs to something else.

    Or one that is damaged, in use or not writable.
    """


class FailedPoint(NuSMEFTError, RuntimeError):
    """A log-likelihood that raises an exception, or is nan, at the point named."""


class FailedWorkers(NuSMEFTError, RuntimeError):
    """Workers that die at the same point again and again, or cannot run a scan at all."""


class FailedMinimization(NuSMEFTError, RuntimeError):
    """A minimisation that converges from none of its starting points."""


class NuSMEFTWarning(UserWarning):
    """Base of all warnings of the package."""


class AssumptionWarning(NuSMEFTWarning):
    """A limit is used where it has been derived for something else."""


class CheckpointWarning(NuSMEFTWarning):
    """Results could not be written to the checkpoint file, and are in memory only."""


class ConvergenceWarning(NuSMEFTWarning):
    """A maximum at which the minimiser did not converge."""


class DiracMassWarning(NuSMEFTWarning):
    """Masses, or mixings, that differ of the two Majorana states of one Dirac N: one forgotten."""


class FailedPointWarning(NuSMEFTWarning):
    """Points of a scan, or starts of a minimisation, at which the log-likelihood fails."""


class NeutrinoMassWarning(NuSMEFTWarning):
    """A model gives N and the active neutrinos a Dirac mass, and so mixing, which is neglected."""


class SettingsWarning(NuSMEFTWarning):
    """A result belongs to other settings of flavio or wilson than those in force."""


class WorkerWarning(NuSMEFTWarning):
    """A worker of a scan died, and its points are done again."""


class DroppedCoefficientWarning(NuSMEFTWarning):
    """Non-zero coefficients have no counterpart in the basis or EFT asked for."""


class NoEffectWarning(NuSMEFTWarning):
    """Coefficients with N that change no observable of the package."""


class StockObservableWarning(NuSMEFTWarning):
    """A stock observable of flavio is asked of coefficients or mixings of N, which it ignores."""


class SizeWarning(NuSMEFTWarning):
    """A coefficient beyond (4π/scale)² or a branching ratio above 1: mostly TeV^-2 for GeV^-2."""


class TheoryWarning(NuSMEFTWarning):
    """Data that need theory uncertainties are used without."""


class ScaleWarning(NuSMEFTWarning):
    """A scale at which the EFT is not the theory to use."""


class HeavyMassWarning(NuSMEFTWarning):
    """Every N is too heavy for all that could make it: mostly a mass in MeV."""


_INSIDE = frozenset({"flavio_nusmeft", "flavio", "wilson", "smelli"})


def warn(text: str, category: type[NuSMEFTWarning]) -> None:
    """Warn at the line of the user's code that calls this package, or flavio.

    Python shows a text once per line; so it should not contain numbers that change from point to
    point.

    Parameters
    ----------
    text : str
        What is wrong, and the remedy.
    category : subclass of NuSMEFTWarning
        The warning.
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
    """Names for a warning, the first ones if there are many.

    Parameters
    ----------
    names : iterable of str
        Names.

    Returns
    -------
    str
        Up to twenty of them, separated by commas.
    """
    known = list(names)
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return ", ".join(known[:_LISTED]) + more


def nearest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` with the known names that a typing error explains, or nothing.

    These are the names that differ in case and spaces only, or else by one letter (wrong, missing,
    too many, or exchanged with its neighbour), in names of ten and more letters by two. If more
    than four are equally close, none is named.

    Parameters
    ----------
    name : str
        What was typed.
    known : iterable of str
        The names that exist.

    Returns
    -------
    str
        The end of a message, or an empty string.
    """
    typed = _folded(name)
    most = 0 if len(typed) < 3 else 1 if len(typed) < 10 else 2
    found: list[str] = []
    for other in map(str, known):
        errors = _typing_errors(typed, _folded(other), most)
        if errors < most:
            found.clear()
            most = errors
        if errors == most:
            found.append(other)
    if not 0 < len(found) <= 4:
        return ""
    return f"; did you mean {' or '.join(map(repr, found))}?"


def nearest_parameter(name: str, known: Iterable[str]) -> str:
    """As `nearest`, of parameters: what looks like a mass of N is not that of the neutron, m_n.

    Parameters
    ----------
    name : str
        What was typed.
    known : iterable of str
        The parameters that exist.

    Returns
    -------
    str
        The end of a message, or an empty string.
    """
    masses = [f"m_N{i}" for i in (1, 2, 3)]
    known = list(known)
    if name in masses and name not in known:  # read_default() of flavio knows its own ones only
        again = "flavio_nusmeft.parameters.register() adds it again"
        return f": the parameters of flavio were reset; {again}"
    return ("N" in name and nearest(name, masses)) or nearest(name, known)


def _folded(name: str) -> str:
    return "".join(name.split()).casefold()


def _typing_errors(first: str, second: str, most: int) -> int:
    """Letters that are wrong, missing, too many or exchanged; any larger number if above ``most``.

    The optimal string alignment distance, in the band of the matrix where it can be small.
    """
    far, size = most + 1, len(second)
    if abs(len(first) - size) > most:
        return far
    before: list[int] = []
    last = [*range(size + 1)]
    for i, a in enumerate(first, 1):
        row = [far] * (size + 1)
        row[0] = i
        for j in range(max(1, i - most), min(size, i + most) + 1):
            b = second[j - 1]
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and b == first[i - 2]:
                row[j] = min(row[j], before[j - 2] + 1)
        if min(row) > most:
            return far
        before, last = last, row
    return last[-1]
