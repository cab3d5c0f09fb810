"""``nusmeft decays``: lifetime and branching ratios of a sterile neutrino."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import shared

__all__ = ["add_parser"]

_DESCRIPTION = """\
Decays of a sterile neutrino by the operators of a WCxf file and by mixing, together:
partial widths, branching ratios, lifetime, and the fractions that can be seen and not.
A final state stands for its conjugate, too, and for all flavours of ν. It says what is
in tension with BBN, and what the coefficients have that is left out.
"""
_EXAMPLES = """\
examples:
  nusmeft decays --m-N1 1 --U-mu1 1e-4
      mixing alone
  nusmeft decays point.yml --m-N1 1.5 --U-e1 1e-5 --json
      operators and mixing, as JSON
  nusmeft decays point.yml --m-N1 0.5,1,2 --plot decays.pdf
      three masses, and a figure of the branching ratios between them
  nusmeft decays point.yml --m-N1 1.5 --dirac
      a Dirac N of 1.5 GeV: of each of its Majorana states half the width of a Majorana N
"""
_FLAVOURS = ("e", "mu", "tau")
_POINTS = 150
_RANGE = (0.05, 10.0)  # GeV, of the figure


def add_parser(commands: Any) -> None:
    """Add the command to the sub-parsers of argparse."""
    parser = shared.add_command(
        commands,
        "decays",
        help="lifetime and branching ratios of N",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "file", nargs="?", help="WCxf file, or - for standard input (default: mixing alone)"
    )
    parser.add_argument(
        "-N", type=int, choices=(1, 2, 3), default=1, help="which N decays (default: 1)"
    )
    shared.add_masses(parser, several="of the N that decays also several")
    for k in (1, 2, 3):
        for flavour in _FLAVOURS:
            parser.add_argument(
                f"--U-{flavour}{k}",
                type=float,
                metavar="X",
                help=f"mixing of N{k} with the neutrino of {flavour}",
            )
    shared.add_dirac(parser, ", both of the one mass m_N1")
    shared.add_par(parser)
    shared.add_running(parser)
    parser.add_argument(
        "--plot",
        metavar="FILE",
        help="write a figure of the branching ratios against the mass, between those given, or"
        f" from {_RANGE[0]:g} to {_RANGE[1]:g} GeV; the suffix is its format",
    )
    shared.add_json(parser, "the table, and what it was made with,")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    par: dict[str, Any] = shared.given_par(options)
    for k in (1, 2, 3):
        for flavour in _FLAVOURS:
            name = f"U_{flavour}{k}"
            value = getattr(options, name)
            if value is not None:
                if name in par:
                    flag = f"--{name.replace('_', '-')}"
                    raise shared.Refused(f"{name} is given twice, with {flag} and --par")
                par[name] = value
    mass = f"m_N{options.N}"
    if mass not in par:
        others = [k for k in (1, 2, 3) if f"m_N{k}" in par]
        instead = f", or -N {others[0]} for N{others[0]}" if others else ""
        flag = f"--{mass.replace('_', '-')}"
        raise shared.Refused(f"give the mass of N{options.N}, as {flag} 1.5{instead}")
    if options.dirac:
        _check_dirac(options, par[mass])
    chosen = shared.given_options(options)
    if options.file is None:
        if chosen:
            raise shared.Refused(f"without a file nothing runs: {', '.join(chosen)}")
        return shared.attempt(lambda: _print(options, None, par), par)
    return shared.attempt_file(
        options.file,
        lambda content: _print(options, shared.load(content, chosen, options.dirac), par),
        par | chosen,
    )


def _check_dirac(options: argparse.Namespace, mass: float | list[float]) -> None:
    """Check that there is one Dirac N1, of coefficients and of one mass."""
    if options.file is None:
        raise shared.Refused(
            "--dirac is for the coefficients of a file; N1 of mixing alone, with U/√2 in place of"
            " U, decays as a Dirac N with U"
        )
    if options.N == 2:
        raise shared.Refused("-N 2: with --dirac N1 and N2 are one particle; leave it out")
    if isinstance(mass, list) or options.plot is not None:
        what = "--plot" if options.plot is not None else "several masses"
        raise shared.Refused(f"{what}: not with --dirac, of one mass at a time for both states")


def _print(options: argparse.Namespace, wc_obj: Any, par: Mapping[str, Any]) -> None:
    from flavio_nusmeft import decays
    from flavio_nusmeft._files import check_writable

    plot = None if options.plot is None else check_writable(Path(options.plot))
    found = decays(wc_obj, options.N, par=par)
    if plot is not None:
        from flavio_nusmeft.figures import write_decays

        mass = f"m_N{options.N}"
        write_decays(plot, decays(wc_obj, options.N, par={**par, mass: _masses(par[mass])}))
    if options.json:
        import json

        print(json.dumps(found.to_dict(), indent=2))
    else:
        print(found)


def _masses(given: float | list[float]) -> Any:
    """Of a figure, GeV."""
    import numpy as np

    low, high = _RANGE
    if isinstance(given, list) and min(given) < max(given):
        low, high = min(given), max(given)
    return np.geomspace(low, high, _POINTS)
