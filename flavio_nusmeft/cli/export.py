"""``nusmeft export``: predictions as files for other codes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from . import shared

__all__ = ["add_parser"]

_DESCRIPTION = """\
Write predictions as files for other codes: popxf, polynomials of the Wilson
coefficients (POPxf 1.0) for jelli and others; csv and hepdata, spectra in bins
of q² with covariance. Prints the files it writes.
"""
_EXAMPLES = """\
examples:
  nusmeft export point.yml --format popxf --observable 'BR(B+->Kinv)' -o Kinv.json
      polynomials in all coefficients of the EFT, basis and scale of point.yml
  nusmeft export point.yml --format csv --observable '<dBR/dq2>(B+->Kinv)' --bins 0,4,8,12,23 \\
      --draws 100 -o Kinv.csv
      the spectrum at the point, with covariance
  nusmeft export point.yml --format hepdata --observable '<dBR_SD/dq2>(B+->Kinv)' --weights \\
      --draws 100 -o Kinv
      weights relative to the SM in the 100 bins of Belle II
  nusmeft export point.yml --format csv --observable '<dBR/dq2>(B+->Kinv)' --m-N1 1.5 \\
      --running full --par Vcb=0.041 -o full.csv
      with a mass, running and CKM elements as in nusmeft predict
  nusmeft export point.yml --format csv --observable '<dBR/dq2>(B+->Kinv)' \\
      --observable '<dBR/dq2>(B0->K*inv)' --m-N1 0.5,1,1.5 --bins 0,4,8,12,23 --draws 100 -o all.csv
      two modes at three masses, with one covariance of all bins
"""


def add_parser(commands: Any) -> None:
    """Add the command to the sub-parsers of argparse."""
    parser = shared.add_command(
        commands,
        "export",
        help="write polynomials (POPxf) or binned spectra (CSV, HEPData)",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    shared.add_file(
        parser,
        ". Of popxf it says the EFT, the basis and the scale, and with --given the coefficients;"
        " the values do not enter",
    )
    parser.add_argument("--format", required=True, choices=("popxf", "csv", "hepdata"))
    parser.add_argument(
        "--observable",
        required=True,
        action="append",
        metavar="NAME[,ARGUMENT...]",
        help="an observable, may be repeated; popxf: with its arguments; csv and hepdata: a binned"
        " one without arguments, like '<dBR/dq2>(B+->Kinv)'",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="PATH", help="file, or for hepdata a folder"
    )
    shared.add_masses(parser, several="csv and hepdata: also several")
    shared.add_par(parser)
    shared.add_running(parser)
    parser.add_argument(
        "--draws",
        type=int,
        default=0,
        metavar="N",
        help="draws of the parameters for uncertainties (default: none). With popxf the"
        " correlations go to a second file, PATH with -corr.json; use it with --given",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    popxf = parser.add_argument_group("popxf")
    popxf.add_argument(
        "--given", action="store_true", help="only the coefficients that are in the file"
    )
    popxf.add_argument("--jelli", action="store_true", help="as jelli 0.1 reads it")
    tables = parser.add_argument_group("csv and hepdata")
    tables.add_argument(
        "--bins",
        metavar="Q2,Q2,...",
        help="edges of the bins, GeV² (default: 100 bins from 0 to 22.885, those of Belle II)",
    )
    tables.add_argument(
        "--partial", action="store_true", help="accept bins that do not cover the spectrum"
    )
    tables.add_argument(
        "--weights", action="store_true", help="weights relative to the SM instead of the spectrum"
    )
    shared.add_json(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    par, chosen = shared.given_par(options), shared.given_options(options)

    def export(content: IO[Any]) -> None:
        shared.all_parameters(par)
        write = _write_popxf if options.format == "popxf" else _write_spectrum
        shared.print_paths(write(options, content, par, chosen), options.json)

    return shared.attempt_file(options.file, export, par | chosen)


def _refuse(options: argparse.Namespace, *names: str) -> None:
    from flavio_nusmeft.errors import InvalidValue

    for name in names:
        if getattr(options, name):
            raise InvalidValue(f"--{name} is not an option of --format {options.format}")


def _write_popxf(
    options: argparse.Namespace,
    content: IO[Any],
    par: Mapping[str, float],
    chosen: Mapping[str, Any],
) -> list[Path]:
    import json

    from flavio_nusmeft import popxf
    from flavio_nusmeft._files import check_writable, write_files

    _refuse(options, "bins", "partial", "weights")
    wc = shared.load(content, chosen).wc
    observables = [
        name if not arguments else (name, *arguments)
        for name, *arguments in map(shared.observable, options.observable)
    ]
    path = check_writable(options.output)
    correlations = path.with_name(f"{path.stem}-corr.json")
    paths, stale = [path], []
    if options.draws:
        paths.append(check_writable(correlations))
    elif popxf.is_correlations(correlations):
        stale.append(correlations)  # of the file that is written anew
    documents = popxf.documents(
        observables,
        scale=wc.scale,
        eft=wc.eft,
        basis=wc.basis,
        par=par,
        coefficients=list(wc.dict) if options.given else None,
        draws=options.draws,
        seed=options.seed,
        jelli=options.jelli,
        options=chosen,
    )
    texts = [json.dumps(document, indent=1) for document in documents]
    write_files(dict(zip(paths, texts, strict=True)), remove=stale)
    return paths


def _write_spectrum(
    options: argparse.Namespace,
    content: IO[Any],
    par: Mapping[str, float],
    chosen: Mapping[str, Any],
) -> list[Path]:
    from flavio_nusmeft._files import check_writable
    from flavio_nusmeft.errors import InvalidBin
    from flavio_nusmeft.exports.tables import spectra, spectrum

    _refuse(options, "given", "jelli")
    wc_obj = shared.load(content, chosen)
    arguments: dict[str, Any] = {"par": par, "partial": options.partial}
    if options.bins:
        try:
            arguments["edges"] = [float(x) for x in options.bins.split(",")]
        except ValueError:
            raise InvalidBin(f"--bins must be numbers with commas: {options.bins}") from None
    path = check_writable(options.output, directory=options.format == "hepdata")
    predict: Any = spectra
    observables: Any = options.observable
    if len(observables) == 1 and not any(isinstance(value, list) for value in par.values()):
        predict, (observables,) = spectrum, observables
    result = predict(
        observables, wc_obj=wc_obj, draws=options.draws, seed=options.seed, **arguments
    )
    if options.weights:
        result = result.weights(predict(observables, **arguments))
    if options.format == "hepdata":
        paths: list[Path] = result.to_hepdata(path)
        return paths
    result.to_csv(path)
    return [path]
