"""What the subcommands share: options of one meaning, WCxf files, and errors in one line."""

from __future__ import annotations

import argparse
import io
import math
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

__all__ = [
    "MASSES",
    "Refused",
    "add_cite",
    "add_command",
    "add_dataset",
    "add_detector",
    "add_dirac",
    "add_file",
    "add_json",
    "add_masses",
    "add_observables",
    "add_par",
    "add_running",
    "all_parameters",
    "attempt",
    "attempt_file",
    "given_detectors",
    "given_options",
    "given_par",
    "listed",
    "load",
    "observable",
    "papers",
    "print_papers",
    "print_paths",
]

MASSES = ("m_N1", "m_N2", "m_N3")


class Refused(Exception):
    """An option that cannot be right, whatever flavio knows: found before flavio is imported."""


def default_basis(eft: str) -> str:
    """The basis of the names of coefficients where none is given."""
    return {"nuSMEFT": "FGMS", "SMEFT": "Warsaw"}.get(eft, "JMS")


def add_command(commands: Any, name: str, **texts: str) -> argparse.ArgumentParser:
    """A parser whose help keeps the lines of ``description`` and ``epilog``, the examples.

    Values may be negative numbers of any form: argparse before Python 3.14 takes -1e-3 for an
    option.
    """
    layout = argparse.RawDescriptionHelpFormatter
    parser: argparse.ArgumentParser = commands.add_parser(name, formatter_class=layout, **texts)
    parser._negative_number_matcher = re.compile(r"-\.?\d")
    return parser


def add_file(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Add the WCxf file."""
    parser.add_argument("file", help=f"WCxf file, or - for standard input{more}")


def add_masses(group: Any, names: Iterable[str] = MASSES, several: str = "") -> None:
    """Add the masses of N.

    Parameters
    ----------
    group : parser or group of one
    names : of the masses
    several : what several masses with commas are for; empty: one only
    """
    for name in names:
        flag, more = f"--{name.replace('_', '-')}", f"; {several}" * bool(several)
        text = f"mass of the sterile neutrino {name[2:]}{more}"
        metavar, kind = ("GEV[,GEV...]", _floats) if several else ("GEV", float)
        group.add_argument(flag, type=kind, metavar=metavar, help=text)


def _floats(text: str) -> float | list[float]:
    try:
        first, *others = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be numbers with commas, not {text}") from None
    return [first, *others] if others else first


def add_observables(parser: argparse.ArgumentParser, default: str) -> None:
    """Add a choice of observables."""
    parser.add_argument(
        "-o",
        "--observable",
        action="append",
        metavar="NAME[,ARGUMENT...]",
        help="an observable with its arguments, e.g. '<dBR/dq2>(B+->Kinv),4,8'; may be repeated"
        f" (default: {default})",
    )


def add_par(group: Any, what: str = "a parameter in place of flavio's central value") -> None:
    """Add values of parameters."""
    text = f"{what}, e.g. Vcb=0.041; may be repeated"
    group.add_argument("--par", action="append", default=[], metavar="NAME=VALUE", help=text)


def add_running(group: Any) -> None:
    """Add the running of coefficients with N."""
    group.add_argument(
        "--running",
        choices=("qcd", "full"),
        help="of coefficients with N: qcd, as in arXiv:2309.02940 (default), or full, one loop with"
        " gauge and Yukawa couplings",
    )
    group.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another option of running and matching, e.g. qcd_loops=4 (better than the one loop of"
        " the paper), alpha_s=0.1179 or smeft_matchingscale=160; may be repeated",
    )


def add_dataset(
    parser: argparse.ArgumentParser,
    default: str = "current",
    known: str = "current, paper2023, electroweak, leptonic, charged, tails or a sum as"
    " current+leptonic",
) -> None:
    """Add the data set."""
    text = f"data set to compare with: {known} (default: {default})"
    parser.add_argument("--dataset", default=default, metavar="NAME", help=text)


def add_dirac(parser: argparse.ArgumentParser, masses: str = "") -> None:
    """Add the question whether N1 is a Dirac particle."""
    parser.add_argument(
        "--dirac",
        action="store_true",
        help="the N1 of the file is a Dirac particle: take its coefficients as those of the two"
        f" Majorana states N1 and N2{masses}",
    )


def add_detector(parser: Any) -> None:
    """Add detectors."""
    parser.add_argument(
        "--detector",
        action="append",
        default=[],
        metavar="NAME",
        help="count only what stays invisible there: Belle II, ALEPH or NA62, or the radius of a"
        " detector in m and βγ of the hadrons that decay, e.g. 1.6,0.28; may be repeated, the first"
        " that sees a decay counts",
    )


def given_detectors(options: argparse.Namespace) -> tuple[Any, ...]:
    """The detectors of ``--detector``."""
    from flavio_nusmeft.physics.detectors import Detector, as_detectors

    found: list[Any] = []
    for text in options.detector:
        radius, _, boost = text.partition(",")
        numbers = _number(radius), _number(boost or "0")
        if numbers[0] is None or numbers[1] is None:
            found.append(text)
        else:
            found.append(Detector(f"a ball of {numbers[0]:g} m", numbers[0], numbers[1]))
    return as_detectors(found) if found else ()


def add_json(parser: Any, instead: str = "the list of files") -> None:
    """Add output as JSON."""
    parser.add_argument("--json", action="store_true", help=f"print {instead} as JSON")


def add_cite(parser: Any) -> None:
    """Add the papers."""
    text = (
        "print also BibTeX of the papers behind the numbers: method, form factors, running,"
        " measurements"
    )
    parser.add_argument("--cite", action="store_true", help=text)


def papers(noted: Iterable[str], measurements: Iterable[str]) -> dict[str, Any]:
    """Papers that predictions note, of flavio and of measurements, for JSON: keys and BibTeX.

    Measurements without a paper are in a list of their own.
    """
    from flavio_nusmeft.citations import FLAVIO, bibtex
    from flavio_nusmeft.measurements import paper

    found = {name: paper(name) for name in dict.fromkeys(measurements)}
    keys = {FLAVIO, *noted, *(key for key in found.values() if key is not None)}
    return {
        "papers": sorted(keys),
        "bibtex": bibtex(keys),
        "without paper": [name for name, key in found.items() if key is None],
    }


def print_papers(data: Mapping[str, Any]) -> None:
    """Print what `papers` gives."""
    print(f"\n{data['bibtex']}")
    if data["without paper"]:
        print(f"\nmeasurements without a paper: {', '.join(data['without paper'])}")


def _assignments(flag: str, texts: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.rpartition("="))
        if not equals or not name:
            raise Refused(f"{flag} {text}: give NAME=VALUE")
        if name in found:
            raise Refused(f"{name} is given twice with {flag}")
        found[name] = value
    return found


def given_par(options: argparse.Namespace) -> dict[str, float]:
    """Parameters of ``--par`` and, where the command has them, of ``--m-N1`` to ``--m-N3``.

    With ``--dirac`` m_N2 is m_N1.

    Raises
    ------
    Refused
    """
    par = _given_par(options)
    if getattr(options, "dirac", False):
        if "m_N2" in par and par["m_N2"] != par.get("m_N1"):
            raise Refused("m_N2: with --dirac N1 and N2 are one particle, of the mass m_N1")
        if "m_N1" in par:
            par["m_N2"] = par["m_N1"]
    return par


def _given_par(options: argparse.Namespace) -> dict[str, float]:
    par: dict[str, float] = {}
    for name, text in _assignments("--par", options.par).items():
        value = _number(text)
        if value is None:
            raise Refused(f"--par {name}={text}: the value must be a number")
        par[name] = value
    for name in MASSES:
        mass = getattr(options, name, None)
        if mass is not None:
            if name in par:
                raise Refused(f"{name} is given twice, with --{name.replace('_', '-')} and --par")
            par[name] = mass
    return par


def given_options(options: argparse.Namespace) -> dict[str, Any]:
    """Options of running and matching, of ``--running`` and ``--option``.

    Raises
    ------
    Refused
    """
    found: dict[str, Any] = {}
    for name, text in _assignments("--option", options.option).items():
        value = _number(text)
        if value is not None and not math.isfinite(value):
            raise Refused(f"--option {name}={text}: the value must be finite")
        found[name] = text if value is None else int(value) if value.is_integer() else value
    if "parameters" in found:
        raise Refused("--option parameters: give --par NAME=VALUE")
    if options.running is not None:
        if "running" in found:
            raise Refused("running is given twice, with --running and --option")
        found["running"] = options.running
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def all_parameters(par: Mapping[str, float]) -> dict[str, float]:
    """All parameters of flavio: these, and the central values of the others.

    Masses of N may have any value here: predictions check them.

    Raises
    ------
    UnknownParameter, InvalidValue
    """
    import numpy as np
    from flavio.physics.ckm import get_ckm

    from flavio_nusmeft.batch import central_parameters, parameters_of
    from flavio_nusmeft.errors import InvalidValue

    masses = {name: value for name, value in par.items() if name in MASSES}
    others = {name: value for name, value in par.items() if name not in masses}
    found = central_parameters(parameters_of(others)) | masses
    with np.errstate(invalid="ignore"):
        if not np.isfinite(get_ckm(found)).all():
            raise InvalidValue(f"there is no CKM matrix with {listed(others)}")
    return found


def listed(values: Mapping[str, Any]) -> str:
    """Names with their values in one line."""
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def load(content: IO[Any], options: Mapping[str, Any], dirac: bool = False) -> Any:
    """The object with the coefficients of a WCxf file, and options of running and matching.

    With ``dirac`` those of N1 in the file are of a Dirac particle.

    Raises
    ------
    InvalidFile, UnknownBasis, UnknownCoefficient, InvalidValue, InvalidScale
    """
    from flavio_nusmeft.eft.objects import load_wc, with_options
    from flavio_nusmeft.eft.theories import THEORIES
    from flavio_nusmeft.errors import InvalidValue

    wc_obj = load_wc(content)
    if not options and not dirac:
        return wc_obj
    wc = wc_obj.wc
    if "running" in options and wc.eft not in THEORIES:
        raise InvalidValue(f"--running is for coefficients with N, not for {wc.eft}")
    values = wc_obj.wc.dict
    if dirac:
        from flavio_nusmeft.eft.dirac import dirac as two_states

        values = two_states(values, eft=wc.eft, basis=wc.basis)
        if values == wc_obj.wc.dict:
            raise InvalidValue("--dirac: the file has no coefficient with N")
    return with_options(values, wc.scale, wc.eft, wc.basis, options)


def observable(text: str) -> tuple[Any, ...]:
    """Name and numerical arguments of an observable, of ``NAME[,ARGUMENT...]``.

    Raises
    ------
    UnknownObservable, InvalidBin
    """
    import flavio

    from flavio_nusmeft.errors import InvalidBin, UnknownObservable, nearest

    name, *arguments = text.split(",")
    known = flavio.Observable.instances
    if name not in known or known[name].prediction is None:
        from flavio_nusmeft.observables import NAMES

        raise UnknownObservable(f"no observable '{name}'{nearest(name, NAMES)}")
    wanted = known[name].arguments or []
    if len(arguments) != len(wanted):
        need = f"the arguments {', '.join(wanted)}" if wanted else "no arguments"
        raise InvalidBin(f"{name} takes {need}, not {','.join(arguments) or 'none'}")
    try:
        return (name, *map(float, arguments))
    except ValueError:
        raise InvalidBin(f"arguments of {name} must be numbers: {','.join(arguments)}") from None


def attempt(
    action: Callable[[], int | None],
    changed: Mapping[str, Any] | None = None,
    file: str = "",
) -> int:
    """Exit status of an action: its own or 0; 2, and one line, for an error of the package.

    Warnings of the package are one line, too, and are shown once.

    Parameters
    ----------
    changed : parameters and options that the user has set, to which errors of arithmetic in flavio
        and wilson are due; without any they are errors of the program
    file : what `InvalidFile` is about
    """
    from flavio_nusmeft.errors import InvalidFile, NuSMEFTError, NuSMEFTWarning

    shown: set[str] = set()
    original: Any = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if not issubclass(category, NuSMEFTWarning):
            original(message, category, *place, **more)
        elif str(message) not in shown:
            shown.add(str(message))
            print(f"nusmeft: {message}", file=sys.stderr)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", NuSMEFTWarning)
            warnings.showwarning = show
            return action() or 0
    except InvalidFile as error:
        print(f"nusmeft: {file}: {error}", file=sys.stderr)
    except NuSMEFTError as error:
        print(f"nusmeft: {' '.join(str(error).splitlines())}", file=sys.stderr)
    except (ArithmeticError, ValueError) as error:
        if not changed:
            raise
        reason = " ".join(str(error).split())
        print(f"nusmeft: cannot compute with {listed(changed)}: {reason}", file=sys.stderr)
    return 2


def attempt_file(
    file: str, action: Callable[[IO[Any]], None], changed: Mapping[str, Any] | None = None
) -> int:
    """Exit status of an action on the content of a file, or of standard input for ``-``.

    Raises
    ------
    Refused
        If it cannot be read.
    """
    try:
        content = _read(file)
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from None
    return attempt(lambda: action(content), changed, file)


def _read(file: str) -> IO[Any]:
    """Binary where possible: WCxf files are in UTF-8, whatever the terminal is in."""
    if file != "-":
        return io.BytesIO(Path(file).read_bytes())
    content = getattr(sys.stdin, "buffer", sys.stdin).read()
    return io.BytesIO(content) if isinstance(content, bytes) else io.StringIO(content)


def print_paths(paths: Iterable[Path], as_json: bool) -> None:
    """Print the files that were written, one a line or as a list in JSON."""
    names = [str(path) for path in paths]
    if as_json:
        import json

        print(json.dumps(names, indent=2))
    else:
        for name in names:
            print(name)
