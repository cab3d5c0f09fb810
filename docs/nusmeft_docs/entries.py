"""The pages of the catalogue."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from nusmeft_cli import catalogue

from flavio_nusmeft import observables

from . import observables as observable_pages
from . import operator_map
from . import operators as operator_pages
from .markdown import code, linked, measurement_link, page, short, slug, table

_SETS = {
    "paper2023": "the inputs of arXiv:2309.02940",
    "current": "what is known to flavio and used by default",
    "electroweak": "Z, W and h; for coefficients of nuSMEFT",
    "leptonic": "one light charged lepton; for light N",
    "charged": "rates and spectra of charged currents; with theory uncertainties",
    "tails": "pp at large transverse mass; parton distributions must be installed",
}


def _measurements() -> str:
    """A section per measurement."""
    options = argparse.Namespace(dataset=None, pattern=None)
    entries = catalogue._measurements(options)
    sets: dict[str, list[str]] = {}
    sections = []
    for entry in entries:
        name = short(entry["name"])
        for label in entry["data sets"]:
            sets.setdefault(label, []).append(measurement_link(name))
        rows = [
            [
                code(result["label"]),
                result["text"],
                observable_pages.pull_text(result, entry["name"]),
            ]
            for result in entry["results"]
        ]
        description = (entry["description"] or "").strip().rstrip(".")
        about = ". ".join(filter(None, (entry["experiment"], linked(description))))
        source = "" if entry["source"] == entry["description"] else linked(entry["source"])
        if entry["inspire"]:
            source += f", {code(entry['inspire'])}"
        source = f" Source: {source}." if source else ""
        sections += [
            f"(measurement-{slug(name)})=\n### {name}",
            f"{about}.{source} Data sets: {', '.join(entry['data sets'])}.",
            table(["observable", "value", "SM"], rows),
        ]
    overview = [
        f"**{label}** ({linked(_SETS[label])}): {', '.join(names)}."
        if label in _SETS
        else f"**{label}**: {', '.join(names)}."
        for label, names in sets.items()
    ]
    return page(
        "Measurements and data sets",
        "Every name begins with `flavio_nusmeft `, left out here. `SM` is the pull of the SM"
        " without theory errors, `allowed`: below the limit. Where values come from and how they"
        " are represented: [](data/sources.md). How to add one: [](../howto/measurements.md).",
        "## Data sets",
        *overview,
        "## Measurements",
        *sections,
    )


def _parameters() -> str:
    options = argparse.Namespace(pattern=None)
    rows = [
        [code(e["name"]), e["text"], linked(e["origin"]), e["description"]]
        for e in catalogue._parameters(options)
    ]
    return page(
        "Parameters",
        "Those that this package adds to flavio. `flavio.default_parameters` has them with all of"
        " flavio's, which `nusmeft list parameters PATTERN` lists, too. Correlated ones have a"
        " covariance, in `data/parameters.yml`; [](data/sources.md) says more of their origin.",
        table(["parameter", "value", "origin", "what it is"], rows),
    )


def _map() -> str:
    rows = [
        [code(name), str(row.coefficients), ", ".join(row.tree) or "none", ", ".join(row.mixing)]
        for name, row in operator_map.rows().items()
    ]
    return page(
        "Operators and decays",
        "Coefficients of nuSMEFT `Warsaw` at 1 TeV, and the decays in whose observables they"
        " appear: at tree level with QCD, and by the mixing of operators (`running` is `full`)."
        " `n` stands for the flavours of N; `b->s` is without a charged lepton, `b->u e` with one;"
        " two-body decays do not see tensors; `bb`, `cc`, `ss`, `omega`, `pi0`, `eta` are Υ(1S),"
        " J/ψ, φ, ω, π⁰, η → inv. Figure: the part of the coefficients of a class that a decay sees"
        " at tree level (dark), and those that mixing adds (light).",
        "```{image} operator-map.svg\n:alt: classes of operators against decays\n:width: 100%\n```",
        table(["operator", "coefficients", "at tree level", "added by mixing"], rows),
    )


def pages(numbers: Mapping[str, Any], limits: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from observable_pages.pages(numbers)
    yield from operator_pages.pages(limits)
    yield "measurements.md", _measurements()
    yield "parameters.md", _parameters()
    yield "operator-map.md", _map()
    yield (
        "index.md",
        page(
            "Catalogue",
            f"Made from the tables of the package when this site is built: {len(observables.NAMES)}"
            " observables, and all measurements, operators and parameters. On the command line:"
            " `nusmeft list`.",
            "```{toctree}\n:maxdepth: 1\n\nobservables/index\nmeasurements\noperators/index\n"
            "operator-map\nparameters\ndata/sources\n```",
            "```{toctree}\n:hidden:\n\ndata/bdstar-lattice\ndata/coverage\n```",
        ),
    )
