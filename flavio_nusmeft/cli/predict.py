"""``nusmeft predict``: observables for a WCxf file, next to the Standard Model and to data."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from . import pulls, shared
from .terminal import console, legible

__all__ = ["add_parser"]

_DESCRIPTION = """\
Predict observables for the Wilson coefficients in a WCxf file (YAML or JSON; nuSMEFT,
nuWET, nuWET-4, nuWET-3, SMEFT, WET, WET-4 or WET-3), next to the Standard Model and to data.

The table has the observables that the coefficients change by more than 0.1% or that are measured in
the data set; JSON has all. A pull is the distance from the measurement in the same row, in standard
deviations: √(2 ln L(best) - 2 ln L(prediction)), without theory errors. For predictions that an
upper limit allows it says "within". The last line is about all measurements of these
observables in the data set, of which a row shows one.

In JSON, "idle" has the coefficients with N that change no observable of this package, "unmatched"
those without counterpart below m_W (as NuWilson.unmatched), which Z, W and h may see.
"""
DRAWS = 50
CHANGE = 1e-3  # of the SM prediction, from which on an observable counts as changed
_EXAMPLES = """\
examples:
  nusmeft predict point.yml --m-N1 1.5
      the observables that change or are measured, with N1 of 1.5 GeV
  nusmeft predict point.yml --all --uncertainty
      all observables without arguments, with theory errors from 50 draws of the parameters
  nusmeft predict point.yml -o '<dBR/dq2>(B+->Kinv),4,8' -o 'BR(Bs->inv)' --json
      two observables, one of them in a bin of q², as JSON
  nusmeft predict point.yml -o 'BR(B0->K*inv)' --cite
      the papers that this prediction and its measurements are from, as BibTeX
  nusmeft predict point.yml --dirac --m-N1 1.5
      for a Dirac N of 1.5 GeV in place of a Majorana N
  nusmeft predict point.yml --running full --option smeft_matchingscale=160 --par Vcb=0.041
      with other running, matching and CKM elements
  nusmeft predict point.yml --m-N1 1.5 --par U_mu1=1e-3 --detector 'Belle II'
      without events in which N decay in the detector
"""


def add_parser(commands: Any) -> None:
    """Add the command to the sub-parsers of argparse."""
    parser = shared.add_command(
        commands,
        "predict",
        help="predict observables for a WCxf file",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    shared.add_file(parser)
    shared.add_observables(parser, "all of this package that take no arguments")
    parser.add_argument(
        "--all", action="store_true", help="show also what is neither changed nor measured"
    )
    parser.add_argument(
        "--uncertainty",
        type=_draws,
        nargs="?",
        const=DRAWS,
        default=0,
        metavar="N",
        help="theory error of the predictions: their standard deviation for N draws of the"
        f" parameters, those of --par fixed (default: {DRAWS})",
    )
    shared.add_dataset(parser)
    shared.add_masses(parser)
    shared.add_dirac(parser, ", both of the mass m_N1")
    shared.add_par(parser)
    shared.add_detector(parser)
    shared.add_running(parser)
    shared.add_cite(parser)
    shared.add_json(parser, "the table, and what it was made with,")
    parser.set_defaults(run=_run)


def _draws(text: str) -> int:
    """A number of draws, of the command line."""
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no number of draws, 2 or more; without a number it stands after the file"
        )
    return int(text)


def _run(options: argparse.Namespace) -> int:
    par, chosen = shared.given_par(options), shared.given_options(options)
    if options.detector and options.uncertainty:
        raise shared.Refused("--uncertainty is of stable N: leave --detector out")

    def predict(content: IO[Any]) -> None:
        data = _data(options, shared.load(content, chosen, options.dirac), par)
        if options.json:
            import json

            print(json.dumps(data, indent=2))
        else:
            every = options.all or options.observable
            rows = data["observables"]
            _print_table(data, rows if every else [row for row in rows if _is_shown(row)])
            if options.cite:
                shared.print_papers(data)

    return shared.attempt_file(options.file, predict, par | chosen)


def _data(options: argparse.Namespace, wc_obj: Any, given: Mapping[str, float]) -> dict[str, Any]:
    """Everything that `nusmeft predict` prints, as a dictionary for JSON."""
    from flavio_nusmeft.citations import collected
    from flavio_nusmeft.measurements import dataset, warn_of_rates
    from flavio_nusmeft.physics import plausible
    from flavio_nusmeft.physics.detectors import Events
    from flavio_nusmeft.settings import provenance

    detectors = shared.given_detectors(options)
    observables = _observables(options, wc_obj, detectors)
    par = shared.all_parameters(given)
    events = Events(detectors, wc_obj, par) if detectors else None
    with collected() as noted:
        rows = [
            _row(name, arguments, wc_obj, par, options, events) for name, *arguments in observables
        ]
    measurements = [result["measurement"] for row in rows for result in row["results"]]
    if options.uncertainty:
        errors = _errors(observables, options.uncertainty, given, wc_obj)
        for row, error in zip(rows, errors, strict=True):
            row["uncertainty"] = error
    keys = [name if not arguments else (name, *arguments) for name, *arguments in observables]
    warn_of_rates(dataset(options.dataset), keys, "pulls; --uncertainty shows them")
    idle = plausible.idle(wc_obj, par)
    plausible.warn_idle(idle, wc_obj, par)
    return {
        "eft": wc_obj.wc.eft,
        "basis": wc_obj.wc.basis,
        "scale": wc_obj.wc.scale,
        "values": wc_obj.wc.values,
        "idle": idle,
        "unmatched": getattr(wc_obj, "unmatched", []),
        "masses": {name: par[name] for name in shared.MASSES},
        "parameters": {name: x for name, x in given.items() if name not in shared.MASSES},
        "made with": provenance(wc_obj),
        "dataset": options.dataset,
        "draws": options.uncertainty,
        "observables": rows,
        **(shared.papers(noted, measurements) if options.cite else {}),
        **({} if events is None else _decays(events, par)),
    }


def _decays(events: Any, par: Mapping[str, float]) -> dict[str, Any]:
    """The detectors, and what N do."""
    from dataclasses import asdict

    from flavio_nusmeft.invisible import lifetimes

    found = {}
    for name, life in lifetimes(events, par).items():
        stable = life.lifetime == float("inf")
        found[name] = asdict(life) | {"lifetime": None if stable else life.lifetime}
        found[name]["text"] = str(life)
    detectors = [asdict(one) | {"text": str(one)} for one in events.detectors]
    return {"detectors": detectors, "lifetimes": found}


def _observables(
    options: argparse.Namespace, wc_obj: Any, detectors: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Those asked for, or all without arguments that the EFT, and detectors, can reach."""
    import flavio

    from flavio_nusmeft.batch import is_reached
    from flavio_nusmeft.invisible import is_seen
    from flavio_nusmeft.observables import NAMES

    if options.observable:
        return [shared.observable(item) for item in options.observable]
    names = (name for name in NAMES if flavio.Observable[name].arguments is None)
    reached = [name for name in names if is_reached(name, wc_obj.wc.eft)]
    return [(name,) for name in reached if not detectors or is_seen(name, detectors)]


def _row(
    name: str,
    arguments: Sequence[float],
    wc_obj: Any,
    par: Mapping[str, float],
    options: argparse.Namespace,
    events: Any,
) -> dict[str, Any]:
    """An observable, and what the measurements of the data set say about it."""
    import flavio

    from flavio_nusmeft.errors import InvalidValue, NuSMEFTError
    from flavio_nusmeft.measurements import pull, results
    from flavio_nusmeft.observables import NAMES
    from flavio_nusmeft.physics.mixing import MIXING_NAMES

    observable = flavio.Observable[name]
    try:
        without = {**par, **dict.fromkeys(MIXING_NAMES, 0.0)}
        standard = observable.prediction_par(without, flavio.WilsonCoefficients(), *arguments)
        prediction = observable.prediction_par(par, wc_obj, *arguments)
    except Exception as error:
        if isinstance(error, NuSMEFTError) or name in NAMES:
            raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InvalidValue(f"flavio's prediction of {name} fails: {reason}") from None
    key = (name, *arguments) if arguments else name
    ratio = None
    if events is not None:
        stable = prediction
        prediction, is_rate = _remaining(key, events)
        ratio = prediction / stable if is_rate and stable else None
    found = [
        {k: v for k, v in vars(result).items() if v is not None}
        | {
            "text": str(result),
            "pull": pull(key, result.measurement, prediction),
            "SM pull": pull(key, result.measurement, standard),
        }
        for result in results(key, options.dataset)
    ]
    return {
        "observable": name,
        "arguments": dict(zip(observable.arguments or [], arguments, strict=True)),
        "SM": standard,
        "prediction": prediction,
        "uncertainty": None,
        "results": found,
        "pull": found[0]["pull"] if found else None,
    } | ({} if events is None else {"P_inv": ratio})


def _remaining(observable: Any, events: Any) -> tuple[float, bool]:
    """Prediction without events in which N are seen, and whether it is no ratio."""
    from flavio_nusmeft.batch import quantity_of
    from flavio_nusmeft.physics.detectors import Observed

    function, arguments = quantity_of(observable)
    name = observable if isinstance(observable, str) else observable[0]
    observed = Observed([(name, function, arguments)], events.detectors, events.par)
    return float(observed.of(events)[0]), not function(events.par, *arguments).denominator


def _errors(
    observables: Sequence[tuple[Any, ...]], n: int, fixed: Mapping[str, float], wc_obj: Any
) -> list[float]:
    """Standard deviations of the predictions for draws of the parameters."""
    import flavio
    import numpy as np

    from flavio_nusmeft.inference.draws import Draws, parameter_draws
    from flavio_nusmeft.observables import NAMES

    points = parameter_draws(n, fixed, seed=0)
    own = [item if len(item) > 1 else item[0] for item in observables if item[0] in NAMES]
    deviations = iter(Draws(own, points).predictions(fixed, wc_obj).std(axis=0) if own else ())

    def error(name: str, *arguments: float) -> float:
        if name in NAMES:
            return float(next(deviations))
        function = flavio.Observable[name].prediction_par  # of flavio
        return float(np.std([function(point, wc_obj, *arguments) for point in points]))

    return [error(*item) for item in observables]


def _number(value: Any) -> str:
    """A coefficient, which is complex as {'Re': ..., 'Im': ...}."""
    if isinstance(value, Mapping):
        value = complex(value["Re"], value["Im"])
    return str(value).strip("()")


def _label(row: Mapping[str, Any]) -> str:
    return ", ".join([row["observable"], *map(str, row["arguments"].values())])


def _process(row: Mapping[str, Any]) -> str:
    """The decay without charges and leptons: B->D for BR(B0->Dtauinv)."""
    name = row["observable"]
    found = re.search(r"\(([A-Za-z][a-z]*)[^>]*->(.*?)(?:e|mu|tau|l)?inv\)", name)
    return "->".join(found.groups()) if found else name.partition("(")[2]


def _by_process(rows: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(_process(row), []).append(row)
    return list(groups.values())


def _is_shown(row: Mapping[str, Any]) -> bool:
    change = abs(row["prediction"] - row["SM"])
    return bool(row["results"]) or change > CHANGE * abs(row["SM"])


def _print_header(data: Mapping[str, Any]) -> None:
    out = console()
    values = ", ".join(f"{k} = {_number(v)}" for k, v in data["values"].items()) or "all zero"
    place = f"{data['eft']} {data['basis']} at {data['scale']:g} GeV"
    out.print(f"{place}: {values}", soft_wrap=True)
    out.print(", ".join(f"{name} = {mass:g} GeV" for name, mass in data["masses"].items()))
    if data["parameters"]:
        out.print(f"parameters: {shared.listed(data['parameters'])}")
    for detector in data.get("detectors", []):
        out.print(f"invisible in {detector['text']}", soft_wrap=True)
    for name, life in data.get("lifetimes", {}).items():
        out.print(f"{name}: {life['text']}", soft_wrap=True)
    out.print(shared.listed(data["made with"]), style="dim")


def _print_table(data: Mapping[str, Any], rows: Sequence[dict[str, Any]]) -> None:
    from rich.table import Table

    _print_header(data)
    table = Table()
    table.add_column("observable", overflow="fold")
    for heading in ("SM", "with new\nphysics", *["theory\nerror"] * bool(data["draws"])):
        table.add_column(heading, justify="right", no_wrap=True)
    if "detectors" in data:
        table.add_column("P_inv", justify="right", no_wrap=True)
    table.add_column(f"measurement or\nlimit ({data['dataset']})", no_wrap=True)
    table.add_column("pull", justify="right", no_wrap=True)
    for group in _by_process(rows):
        for row in group:
            numbers = [f"{row['SM']:.4g}", f"{row['prediction']:.4g}"]
            if data["draws"]:
                numbers.append(f"{row['uncertainty']:.2g}")
            if "detectors" in data:
                numbers.append("" if row["P_inv"] is None else f"{row['P_inv']:.4g}")
            texts = ["", ""]
            if row["results"]:
                first = row["results"][0]
                texts = [first["text"], pulls.pull_text(row["prediction"], first)]
            table.add_row(_label(row), *numbers, *map(legible, texts))
        table.add_section()
    out = console()
    out.print(table)
    hidden = len(data["observables"]) - len(rows)
    if hidden:
        out.print(
            f"{hidden} more observables are not measured and changed by less than 0.1%: --all"
        )
    tension = pulls.largest(data["observables"], _label)
    out.print(pulls.tension_text(tension, data["dataset"]), soft_wrap=True)
