"""``nusmeft predict``: observables for a WCxf file, next to the Standard Model and to data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import IO, Any

from . import shared
from .terminal import legible

__all__ = ["add_parser"]

_DESCRIPTION = """\
Predict observables for the Wilson coefficients in a WCxf file (YAML or JSON; nuSMEFT,
nuWET, nuWET-4, nuWET-3, SMEFT, WET, WET-4 or WET-3), next to the Standard Model and to data.
"""
_EXAMPLES = """\
examples:
  nusmeft predict point.yml --m-N1 1.5
      all observables without arguments, with N1 of 1.5 GeV
  nusmeft predict point.yml -o '<dBR/dq2>(B+->Kinv),4,8' -o 'BR(Bs->inv)' --json
      two observables, one of them in a bin of q², as JSON
  nusmeft predict point.yml --running full --option smeft_matchingscale=160 --par Vcb=0.041
      with other running, matching and CKM elements
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
    shared.add_dataset(parser)
    shared.add_masses(parser)
    shared.add_par(parser)
    shared.add_running(parser)
    shared.add_json(parser, "the table, and what it was made with,")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    par, chosen = shared.given_par(options), shared.given_options(options)

    def predict(content: IO[Any]) -> None:
        data = _data(options, shared.load(content, chosen), par)
        if options.json:
            import json

            print(json.dumps(data, indent=2))
        else:
            _print_table(data)

    return shared.attempt_file(options.file, predict, par | chosen)


def _data(options: argparse.Namespace, wc_obj: Any, given: Mapping[str, float]) -> dict[str, Any]:
    """Everything that `nusmeft predict` prints, as a dictionary for JSON."""
    import flavio

    from flavio_nusmeft.batch import is_reached
    from flavio_nusmeft.measurements import results
    from flavio_nusmeft.observables import NAMES
    from flavio_nusmeft.physics import plausible
    from flavio_nusmeft.settings import provenance

    if options.observable:
        observables = [shared.observable(item) for item in options.observable]
    else:
        observables = [(n,) for n in NAMES if flavio.Observable[n].arguments is None]
        observables = [(n,) for (n,) in observables if is_reached(n, wc_obj.wc.eft)]
    par = shared.all_parameters(given)
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
        "masses": {name: par[name] for name in shared.MASSES},
        "parameters": {name: x for name, x in given.items() if name not in shared.MASSES},
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
    if data["parameters"]:
        console.print(f"parameters: {shared.listed(data['parameters'])}", highlight=False)
    console.print(shared.listed(data["made with"]), highlight=False, style="dim")
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
