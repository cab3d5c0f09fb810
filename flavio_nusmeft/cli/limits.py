"""``nusmeft limits``: limits on one operator at a time."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import shared

__all__ = ["add_parser"]

_DESCRIPTION = """\
Limits on Wilson coefficients, one at a time, at fixed masses: best fit with its
significance, 68% interval, upper limit, scale of new physics, and the measurement
that drives the limit. Default: all operators of the basis that change an observable
of the data set, one of every set that the data do not tell apart.
"""
_EXAMPLES = """\
examples:
  nusmeft limits --m-N1 1.5
      all operators of arXiv:2309.02940
  nusmeft limits --operators QN_2311,LNQd_2123,LNQdT_2123 --m-N1 0,0.5,1,1.5,2 --latex
      three operators at five masses, for a paper
  nusmeft limits --operators QN_2311 --m-N1 0,1.5 --method published --dataset paper2023
      where predictions reach published limits, as in arXiv:2309.02940
  nusmeft limits point.yml --m-N1 1.5 --running full --csv limits.csv
      the operators of a file, in its EFT, basis and scale
"""
_SPACE = {"eft": "nuSMEFT", "basis": None, "scale": 1000.0}


def add_parser(commands: Any) -> None:
    """Add the command to the sub-parsers of argparse."""
    parser = shared.add_command(
        commands,
        "limits",
        help="limits on one operator at a time",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "file",
        nargs="?",
        help="WCxf file, or - for standard input: it says the operators, the EFT, the basis and"
        " the scale; the values do not enter",
    )
    parser.add_argument("--operators", metavar="NAME,NAME,...", help="in place of a file")
    parser.add_argument("--eft", help=f"without a file (default: {_SPACE['eft']})")
    parser.add_argument("--basis", help="without a file (default: FGMS; JMS for nuWET)")
    parser.add_argument(
        "--scale", type=float, metavar="GEV", help=f"without a file (default: {_SPACE['scale']:g})"
    )
    parser.add_argument(
        "--m-N1",
        dest="masses",
        required=True,
        metavar="GEV,GEV,...",
        help="masses of the sterile neutrino N1",
    )
    shared.add_masses(parser, shared.MASSES[1:])
    parser.add_argument(
        "--cl", type=float, default=0.9, help="confidence level of upper limits (default: 0.9)"
    )
    parser.add_argument(
        "--method",
        choices=("profile", "published"),
        default="profile",
        help="-2 ln L rises above its minimum (default), or predictions reach published limits",
    )
    shared.add_dataset(parser)
    shared.add_observables(parser, "those of the data set")
    parser.add_argument(
        "--belle2",
        metavar="PATH",
        help="folder with the record of Belle II, for its published likelihood of B+ -> K+ + inv",
    )
    parser.add_argument(
        "--searches",
        metavar="NAME[,NAME...]",
        help="searches for N, as nusmeft list searches has them, e.g. peak",
    )
    shared.add_par(parser)
    shared.add_running(parser)
    shared.add_cite(parser)
    parser.add_argument("--csv", metavar="FILE", help="write the table to a file, too")
    output = parser.add_mutually_exclusive_group()
    shared.add_json(output, "the table, and what it was made with,")
    output.add_argument("--latex", action="store_true", help="print the table in LaTeX")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    par, chosen = shared.given_par(options), shared.given_options(options)
    masses = _masses(options.masses)
    if "m_N1" in par:
        raise shared.Refused("m_N1 is given twice, with --m-N1 and --par")
    if options.file is None:
        names = None if options.operators is None else options.operators.split(",")
        given = {name: getattr(options, name) for name in _SPACE}
        space = _SPACE | {name: value for name, value in given.items() if value is not None}
        space["basis"] = space["basis"] or shared.default_basis(str(space["eft"]))
        return shared.attempt(
            lambda: _print(options, names, space, masses, par, chosen), par | chosen
        )
    for name in ("operators", *_SPACE):
        if getattr(options, name) is not None:
            raise shared.Refused(f"--{name} is given twice, by the file {options.file}, too")

    def of_file(content: Any) -> None:
        wc = shared.load(content, {}).wc
        space = {"eft": wc.eft, "basis": wc.basis, "scale": wc.scale}
        _print(options, list(wc.dict), space, masses, par, chosen)

    return shared.attempt_file(options.file, of_file, par | chosen)


def _masses(text: str) -> list[float]:
    try:
        return [float(mass) for mass in text.split(",")]
    except ValueError:
        raise shared.Refused(f"--m-N1 must be numbers with commas: {text}") from None


def _print(
    options: argparse.Namespace,
    operators: list[str] | None,
    space: Mapping[str, Any],
    masses: list[float],
    par: Mapping[str, float],
    chosen: Mapping[str, Any],
) -> None:
    from flavio_nusmeft._files import check_writable
    from flavio_nusmeft.citations import collected
    from flavio_nusmeft.inference.limits import limits
    from flavio_nusmeft.measurements import dataset, find

    path = None if options.csv is None else check_writable(Path(options.csv))
    shared.all_parameters(par)
    observables = [shared.observable(item) for item in options.observable or ()]
    keys = [name if not rest else (name, *rest) for name, *rest in observables]
    with collected() as noted:
        found = limits(
            operators,
            m_N1=masses,
            cl=options.cl,
            method=options.method,
            dataset=options.dataset,
            observables=keys or None,
            belle2=options.belle2,
            searches=None if options.searches is None else options.searches.split(","),
            par=par,
            options=chosen,
            **space,
        )
    used = [
        name
        for name in dataset(options.dataset)
        if not keys or not {*keys}.isdisjoint(find(name).all_parameters)
    ]
    papers = shared.papers(noted, used) if options.cite else {}
    if path is not None:
        found.to_csv(path)
    if options.json:
        import json

        print(json.dumps(found.to_dict() | papers, indent=2))
    else:
        print(found.to_latex() if options.latex else found)
        if options.cite:
            shared.print_papers(papers)
