"""The command ``nusmeft``.

Installed as the top-level package ``nusmeft_cli``: importing ``flavio_nusmeft`` imports flavio,
which takes seconds, and neither ``nusmeft --help`` nor a typing error should wait for it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from typing import IO, Any

from . import wcxf
from .attempt import attempt
from .export import add_parser as _add_export
from .run import add_parser as _add_run
from .terminal import legible, safe_output, written

__all__ = ["main"]


class _Version(argparse.Action):
    """Print the version, which is read without importing the package."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        spec = find_spec("flavio_nusmeft")
        assert spec is not None
        assert spec.origin is not None
        print("nusmeft", run_path(str(Path(spec.origin).with_name("_version.py")))["__version__"])
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nusmeft", description="Flavour physics with sterile neutrinos."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(title="commands", dest="command", required=True)
    predict = commands.add_parser(
        "predict",
        help="predict observables for a WCxf file",
        description="Predict observables for the Wilson coefficients in a WCxf file (YAML or"
        " JSON; nuSMEFT, nuWET, nuWET-4, nuWET-3, SMEFT, WET, WET-4 or WET-3), next to the Standard"
        " Model and to data.",
    )
    predict.add_argument("file", help="WCxf file, or - for standard input")
    for i in (1, 2, 3):
        predict.add_argument(
            f"--m-N{i}", type=float, metavar="GEV", help=f"mass of the sterile neutrino N{i}"
        )
    predict.add_argument(
        "-o",
        "--observable",
        action="append",
        metavar="NAME[,ARGUMENT...]",
        help="an observable with its arguments, e.g. '<dBR/dq2>(B+->Kinv),4,8'; may be repeated"
        " (default: all of this package that take no arguments)",
    )
    predict.add_argument(
        "--dataset",
        default="current",
        metavar="NAME",
        help="data set to compare with: current (default) or paper2023",
    )
    predict.add_argument(
        "--running",
        choices=("qcd", "full"),
        help="of coefficients with N: qcd, as in arXiv:2309.02940 (default), or full, one loop with"
        " gauge and Yukawa couplings",
    )
    predict.add_argument("--json", action="store_true", help="print JSON instead of a table")
    predict.set_defaults(run=_run_predict)
    figures = commands.add_parser(
        "figures",
        help="draw the figures of arXiv:2309.02940",
        description="Draw the five figures of arXiv:2309.02940 and one of the reach of Belle II and"
        " FCC-ee, and write the numbers behind them as CSV. Prints the files it writes.",
    )
    figures.add_argument(
        "-o", "--output", required=True, metavar="DIR", help="directory, made if it is missing"
    )
    figures.add_argument(
        "--dataset",
        default="both",
        choices=("paper2023", "current", "both"),
        help="data to compare with (default: both)",
    )
    figures.add_argument(
        "--format",
        nargs="+",
        default=["pdf", "png", "csv"],
        choices=("pdf", "png", "svg", "csv"),
        help="kinds of files (default: pdf png csv)",
    )
    figures.set_defaults(run=_run_figures)
    _add_export(commands)
    _add_run(commands)
    commands.add_parser("wcxf", help=wcxf.HELP, add_help=False)  # see main
    return parser


def _split(text: str) -> tuple[Any, ...]:
    """Name and numerical arguments of an observable."""
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


def load(content: IO[Any], running: str | None) -> Any:
    """The object with the coefficients of a WCxf file and the option ``--running``."""
    from flavio_nusmeft.eft.objects import load_wc
    from flavio_nusmeft.eft.wilson import NuWilson
    from flavio_nusmeft.errors import InvalidValue

    wc_obj = load_wc(content)
    if running is not None:
        if not isinstance(wc_obj, NuWilson):
            raise InvalidValue(f"--running is for coefficients with N, not for {wc_obj.wc.eft}")
        wc_obj.set_option("running", running)
    return wc_obj


def _predict(options: argparse.Namespace, content: IO[Any]) -> dict[str, Any]:
    """Everything that `nusmeft predict` prints, as a dictionary for JSON."""
    import flavio

    from flavio_nusmeft.batch import is_reached
    from flavio_nusmeft.measurements import results
    from flavio_nusmeft.observables import NAMES
    from flavio_nusmeft.physics import plausible
    from flavio_nusmeft.settings import provenance

    wc_obj = load(content, options.running)
    if options.observable:
        observables = [_split(item) for item in options.observable]
    else:
        observables = [(n,) for n in NAMES if flavio.Observable[n].arguments is None]
        observables = [(n,) for (n,) in observables if is_reached(n, wc_obj.wc.eft)]
    par = flavio.default_parameters.get_central_all()
    for i in (1, 2, 3):
        mass = getattr(options, f"m_N{i}")
        if mass is not None:
            par[f"m_N{i}"] = mass
    rows = []
    for name, *arguments in observables:
        observable = flavio.Observable[name]
        found = results((name, *arguments) if arguments else name, options.dataset)
        rows.append(
            {
                "observable": name,
                "arguments": dict(zip(observable.arguments or [], arguments, strict=True)),
                "SM": observable.prediction_par(par, flavio.WilsonCoefficients(), *arguments),
                "prediction": observable.prediction_par(par, wc_obj, *arguments),
                "results": [
                    {k: v for k, v in vars(result).items() if v is not None} | {"text": str(result)}
                    for result in found
                ],
            }
        )
    idle = plausible.idle(wc_obj, par)
    plausible.warn_idle(idle, wc_obj, par)
    return {
        "eft": wc_obj.wc.eft,
        "basis": wc_obj.wc.basis,
        "scale": wc_obj.wc.scale,
        "values": wc_obj.wc.values,
        "unmatched": idle,
        "masses": {f"m_N{i}": par[f"m_N{i}"] for i in (1, 2, 3)},
        "made with": provenance(wc_obj),
        "dataset": options.dataset,
        "observables": rows,
    }


def _print_table(data: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 100)
    values = ", ".join(f"{k} = {v}" for k, v in data["values"].items()) or "all zero"
    console.print(
        f"{data['eft']} {data['basis']} at {data['scale']:g} GeV: {values}",
        highlight=False,
        soft_wrap=True,
    )
    masses = ", ".join(f"{name} = {mass:g} GeV" for name, mass in data["masses"].items())
    console.print(masses, highlight=False)
    made = ", ".join(f"{name} = {value}" for name, value in data["made with"].items())
    console.print(made, highlight=False, style="dim")
    table = Table("observable")
    for heading in ("SM", "with new physics"):
        table.add_column(heading, justify="right")
    table.add_column(f"measurement or limit ({data['dataset']})")
    for row in data["observables"]:
        label = ", ".join([row["observable"], *map(str, row["arguments"].values())])
        found = row["results"]
        text = legible(found[0]["text"]) if found else ""
        table.add_row(label, f"{row['SM']:.4g}", f"{row['prediction']:.4g}", text)
    console.print(table, highlight=False)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status, 2 for wrong input."""
    given = sys.argv[1:] if arguments is None else arguments
    with safe_output():
        return written(lambda: _run(given))


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["wcxf"]:  # has a parser of its own
        return wcxf.run(arguments[1:])
    options = _parser().parse_args(arguments)
    status: int = options.run(options)
    return status


def _run_figures(options: argparse.Namespace) -> int:
    directory = Path(options.output)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        print(f"nusmeft: cannot write to {directory}: {error.strerror}", file=sys.stderr)
        return 2
    datasets = ("paper2023", "current") if options.dataset == "both" else (options.dataset,)
    try:
        written = _write_figures(directory, datasets, options.format)
    except ImportError as error:
        print(f"nusmeft: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"nusmeft: {error}", file=sys.stderr)
        return 1
    for path in written:
        print(path)
    return 0


def _write_figures(directory: Path, datasets: Sequence[str], formats: Sequence[str]) -> list[Path]:
    """Write everything, with a progress bar on a terminal."""
    if not sys.stderr.isatty():
        from flavio_nusmeft.figures import write_figures

        return write_figures(directory, datasets, formats)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)
        from flavio_nusmeft.figures import FIGURES, write_figures

        # a figure in every format, and one table of the measurements, per data set
        total = len(datasets) * (len(FIGURES) * len(formats) + ("csv" in formats))
        progress.update(task, total=total)
        return write_figures(
            directory,
            datasets,
            formats,
            on_written=lambda path: progress.update(task, advance=1, description=path.stem),
        )


def _run_predict(options: argparse.Namespace) -> int:
    def predict(content: IO[Any]) -> None:
        data = _predict(options, content)
        if options.json:
            print(json.dumps(data, indent=2))
        else:
            _print_table(data)

    return attempt(options.file, predict)
