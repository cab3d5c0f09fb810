"""``nusmeft list``: the names that commands and files take, and what stands behind them."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import shared
from .terminal import console, legible

__all__ = ["add_parser"]

_DESCRIPTION = """\
List names:
  observables   of this package: arguments, form factors in force, meaning, whether the data set has
                measurements; with --json also their papers
  measurements  of this package: values, data sets, source
  operators     of a basis: names of the coefficients, operators, whether they are real
  parameters    of this package, with PATTERN of flavio, too: central value, error, origin
  searches      for N in peaks (and in visible decays), from the package HNLimits: masses, limits

PATTERN is a part of the name, or the whole name with the wildcards *, ? and [...], in upper or
lower case. Measurements are also found by their observables.
"""
_EXAMPLES = """\
examples:
  nusmeft list observables 'B+->K*'
  nusmeft list measurements 'BR(Bs->inv)' --dataset current
  nusmeft list operators 'LNQd_*23'
  nusmeft list operators --eft nuWET --json
  nusmeft list parameters Vcb
  nusmeft list searches 'K->*' --m-N1 0.3
"""
_OPTIONS = {
    "eft": ("operators",),
    "basis": ("operators",),
    "dataset": ("observables", "measurements"),
    "m_N1": ("searches",),
}
_NEAREST = 3  # names in an error

Entry = dict[str, Any]


def add_parser(commands: Any) -> None:
    """Add the command to the sub-parsers of argparse."""
    parser = shared.add_command(
        commands,
        "list",
        help="list observables, measurements, operators, parameters or searches",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument("kind", choices=list(_KINDS), help="what to list")
    parser.add_argument("pattern", nargs="?", metavar="PATTERN", help="part of the name")
    parser.add_argument("--eft", metavar="NAME", help="of the operators (default: nuSMEFT)")
    text = "of the operators (default: FGMS for nuSMEFT, Warsaw for SMEFT, else JMS)"
    parser.add_argument("--basis", metavar="NAME", help=text)
    parser.add_argument(
        "--dataset",
        metavar="NAME",
        help="of the measurements (default: all), or to look for measurements of the observables"
        " (default: current)",
    )
    parser.add_argument(
        "--m-N1", type=float, metavar="GEV", help="mass at which limits of searches are listed"
    )
    shared.add_json(parser, "the list")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    for name, kinds in _OPTIONS.items():
        if getattr(options, name) is not None and options.kind not in kinds:
            flag = name.replace("_", "-")
            raise shared.Refused(f"--{flag} is for {' and '.join(kinds)}, not for {options.kind}")
    return shared.attempt(lambda: _list(options))


def _list(options: argparse.Namespace) -> int:
    entries, columns = _KINDS[options.kind]
    known = entries(options)
    found = known if options.pattern is None else _matching(options.pattern, known)
    if not found:
        hint = _hint(options, options.pattern or "", known)
        print(f"nusmeft: no {options.kind} with '{options.pattern}'{hint}", file=sys.stderr)
        return 2
    if options.json:
        import json

        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        _print_table(columns, [row for entry in found for row in _rows(entry)])
    return 0


def _hint(options: argparse.Namespace, pattern: str, known: Iterable[Entry]) -> str:
    """What there is instead: with the pattern elsewhere, else names that are like it."""
    if options.kind == "operators":
        from flavio_nusmeft.eft.hints import hint

        chosen, others = _elsewhere(options)
        found = {place: _matching(pattern, entries) for place, entries in others.items()}
        places = [place for place, entries in found.items() if entries]
        if places:
            listed = " or ".join(f"--eft {eft} --basis {basis}" for eft, basis in places[:_NEAREST])
            example = found[places[0]][0]["name"]
            return f" in {' '.join(chosen)}; there are with {listed}, e.g. {example}"
        explained = hint(pattern, *chosen)
        if explained:
            return explained
    else:  # flavio's names
        with_inv = re.sub("(nu)+", "inv", pattern)
        ours = [name for entry in _matching(with_inv, known) for name in _names(entry)]
        ours = [name for name in dict.fromkeys(ours) if _matches(with_inv, name)]
        if with_inv != pattern and ours:
            return f"; the names here have inv for nu: {' or '.join(map(repr, ours[:_NEAREST]))}"
    names = dict.fromkeys(name for entry in known for name in _names(entry))
    close = " or ".join(map(repr, _closest(pattern, names)))
    return f"; the nearest names are {close}" if close else ""


def _elsewhere(
    options: argparse.Namespace,
) -> tuple[tuple[str, str], dict[tuple[str, str], list[Entry]]]:
    """The basis that was listed, and the operators of all others: the same EFT first, then ours."""
    from wilson import wcxf

    eft = options.eft or "nuSMEFT"
    chosen = eft, options.basis or shared.default_basis(eft)
    places = sorted(wcxf.Basis.instances)
    places.sort(key=lambda place: (place[0] != eft, not place[0].startswith("nu")))
    return chosen, {place: _operators_of(*place) for place in places if place != chosen}


def _names(entry: Entry) -> list[str]:
    """What a pattern may match: the name, and the observables of a measurement."""
    return [entry["name"], *(result["observable"] for result in entry.get("results", ()))]


def _matching(pattern: str, entries: Iterable[Entry]) -> list[Entry]:
    """Entries with the pattern in a name, or with a name that its wildcards match."""
    return [entry for entry in entries if any(_matches(pattern, name) for name in _names(entry))]


def _matches(pattern: str, name: str) -> bool:
    from fnmatch import fnmatchcase

    folded = pattern.casefold()
    return folded in name.casefold() or fnmatchcase(name.casefold(), folded)


def _closest(pattern: str, names: Iterable[str]) -> list[str]:
    """Names that have most letters of the pattern in its order, half or more, short ones first."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(autojunk=False)
    letters = re.sub(r"[*?\s]", "", pattern).casefold()
    matcher.set_seq2(letters)

    def missing(name: str) -> tuple[int, int]:
        matcher.set_seq1(name.casefold())
        return -sum(block.size for block in matcher.get_matching_blocks()), len(name)

    ranked = sorted((missing(name), name) for name in names)
    return [name for (size, _), name in ranked[:_NEAREST] if 0 > size <= -len(letters) / 2]


def _rows(entry: Entry) -> list[Entry]:
    """Of a measurement one row for every observable."""
    return [{**entry, **result} for result in entry["results"]] if "results" in entry else [entry]


def _print_table(columns: Mapping[str, str], rows: Iterable[Entry]) -> None:
    """Within a frame in a terminal, else one line per row, whatever its length."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.HEAVY_HEAD if sys.stdout.isatty() else None, pad_edge=False)
    for number, heading in enumerate(columns.values()):
        table.add_column(heading, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(legible(_cell(row[key])) for key in columns))
    console(width=10_000).print(table)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _unit(observable: str) -> str:
    """Of an observable of this package: all others are ratios."""
    return "GeV^-2" if "/dq2" in observable else ""


def _observables(options: argparse.Namespace) -> list[Entry]:
    import flavio

    from flavio_nusmeft.measurements import dataset, find
    from flavio_nusmeft.observables import NAMES, form_factors, papers

    measured: dict[str, list[str]] = {}
    for member in dataset(options.dataset or "current"):
        for key in find(member).all_parameters:
            name = key if isinstance(key, str) else key[0]
            measured.setdefault(name, []).append(member)
    return [
        {
            "name": name,
            "arguments": flavio.Observable[name].arguments or [],
            "unit": _unit(name),
            "description": flavio.Observable[name].description,
            "measured": name in measured,
            "measurements": measured.get(name, []),
            "form factors": form_factors(name),
            "papers": papers(name),
        }
        for name in NAMES
    ]


def _measurements(options: argparse.Namespace) -> list[Entry]:
    from flavio_nusmeft import _data
    from flavio_nusmeft.measurements import dataset, find

    sets = _data.load_yaml("datasets.yml")
    alternatives = sets.pop("alternatives")
    if options.dataset is None:
        members = [name for names in sets.values() for name in names]
        chosen = list(dict.fromkeys([*members, *alternatives]))
    else:
        chosen = dataset(options.dataset)
    labels = {
        name: [label for label, names in sets.items() if name in names]
        + [f"alternative in {a['data set']}" for other, a in alternatives.items() if other == name]
        for name in chosen
    }
    return [
        {
            "name": name,
            "data sets": labels[name],
            "experiment": find(name).experiment,
            "results": [_result(key, name) for key in find(name).all_parameters],
            "source": _source(find(name)),
            "inspire": find(name).inspire,
            "url": find(name).url,
            "description": find(name).description,
        }
        for name in chosen
    ]


def _result(key: str | tuple[Any, ...], measurement: str) -> Entry:
    """What a measurement says about one of its observables."""
    from flavio_nusmeft.measurements import result

    name, *arguments = (key,) if isinstance(key, str) else key
    found = result(key, measurement)
    numbers = {k: v for k, v in vars(found).items() if v is not None and k != "measurement"}
    return {
        "observable": name,
        "arguments": arguments,
        "label": ", ".join(map(str, (name, *arguments))),
        **numbers,
        "unit": _unit(name),
        "text": f"{found} {_unit(name)}".strip(),
    }


def _source(measurement: Any) -> str:
    """arXiv number, INSPIRE key, address or, for want of these, the description."""
    arxiv = re.search(r"arxiv\.org/abs/(\S+)", measurement.url or "")
    if arxiv:
        return f"arXiv:{arxiv[1]}"
    return str(measurement.inspire or measurement.url or measurement.description or "")


def _operators(options: argparse.Namespace) -> list[Entry]:
    eft = options.eft or "nuSMEFT"
    return _operators_of(eft, options.basis or shared.default_basis(eft))


def _operators_of(eft: str, basis: str) -> list[Entry]:
    from wilson import wcxf

    from flavio_nusmeft.eft.bases import known_coefficients

    known = known_coefficients(eft, basis)
    return [
        {
            "name": name,
            "operator": (info or {}).get("tex", ""),
            "kind": "real" if known[name] else "complex",
            "sector": sector,
        }
        for sector, entries in wcxf.Basis[eft, basis].sectors.items()
        for name, info in entries.items()
    ]


def _parameters(options: argparse.Namespace) -> list[Entry]:
    import flavio

    from flavio_nusmeft import _data

    data = _data.load_yaml("parameters.yml")
    own = [
        *data["parameters"],
        *(name for group in data["correlated"] for name in group["parameters"]),
    ]
    known = flavio.default_parameters.all_parameters
    others = [] if options.pattern is None else sorted(set(known) - set(own))
    origins = _origins(data["parameters"])
    return [_parameter(name, origins) for name in (*own, *others)]


def _parameter(name: str, origins: Mapping[str, str]) -> Entry:
    import flavio
    import numpy as np

    from flavio_nusmeft.measurements import Result

    position, distribution = flavio.default_parameters._parameters[name]
    central, plus, minus = (
        float(np.ravel(values)[position])
        for values in (
            distribution.central_value,
            distribution.error_right,
            distribution.error_left,
        )
    )
    exact = not (plus > 0 and minus > 0)
    description = getattr(flavio.Parameter.instances.get(name), "description", "") or ""
    paper = re.search(r"arXiv:[\w./-]*\w", description)
    return {
        "name": name,
        "central": central,
        "error_plus": plus,
        "error_minus": minus,
        "text": f"{central:.6g}" if exact else str(Result("", central, plus, minus)),
        "description": description,
        "origin": origins.get(name, paper[0] if paper else "flavio"),
    }


def _searches(options: argparse.Namespace) -> list[Entry]:
    from flavio_nusmeft.searches import Searches

    rows = Searches("all").table(options.m_N1)
    for row in rows:
        row |= {"masses": f"{row['low']:.4g} - {row['high']:.4g}", "cl text": f"{row['cl']:.0%}"}
        ends = [f"{row[end]:.3g}" for end in ("lower", "upper") if row.get(end) is not None]
        row["limit"] = " - ".join(ends)
        if options.m_N1 is None:
            row["limit"] = f"down to {row['strongest']:.3g}"
    return rows


# comments in flavio's file that say where a value is from, not how it was converted
_ORIGIN = re.compile(r"\d{4}\.\d{4,5}|hep-|doi|\b[A-Z]\w+:\d{4}|PDG|FLAG|HFLAV|HFAG|LEP|BESIII")
_ARXIV = re.compile(r"(?<![\w:/.])(?=\d{4}\.\d{4,5})")


def _origins(own: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Of this package's parameters, and of those that have a comment in flavio's file.

    What flavio's table of the PDG gives replaces the values of that file.
    """
    from pathlib import Path

    import flavio
    from flavio.parameters import FlavioParticle

    file = Path(flavio.__file__).with_name("data") / "parameters_uncorrelated.yml"
    lines = re.findall(r"^(\S.*?):\s.*?\s#\s*(.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    found: dict[str, str] = {}
    last = ""
    for name, comment in lines:
        last = last if comment == '"' else comment  # ditto
        if _ORIGIN.search(last):
            found[name] = _ARXIV.sub("arXiv:", last.strip(" ="))
    for particle in FlavioParticle.flavio_all():
        found |= {data[0]: "PDG" for data in (particle.flavio_m, particle.flavio_tau) if data}
    return found | {name: entry.get("source", "") for name, entry in own.items()}


_KINDS: dict[str, tuple[Callable[[argparse.Namespace], list[Entry]], dict[str, str]]] = {
    "observables": (
        _observables,
        {
            "name": "observable",
            "arguments": "arguments",
            "unit": "unit",
            "measured": "measured",
            "form factors": "form factors",
            "description": "description",
        },
    ),
    "measurements": (
        _measurements,
        {
            "name": "measurement",
            "data sets": "data sets",
            "label": "observable",
            "text": "value",
            "source": "source",
        },
    ),
    "operators": (_operators, {"name": "name", "operator": "operator", "kind": "coefficient"}),
    "parameters": (
        _parameters,
        {"name": "parameter", "text": "value", "origin": "origin", "description": "description"},
    ),
    "searches": (
        _searches,
        {
            "name": "search",
            "flavour": "|U|² of",
            "kind": "kind",
            "masses": "m_N [GeV]",
            "limit": "excluded |U|²",
            "cl text": "CL",
            "nature": "N",
            "source": "source",
        },
    ),
}
