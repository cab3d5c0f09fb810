"""One page per process: its observables in the SM, in the data, and the operators that they see."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from typing import Any

import flavio
from nusmeft_cli import catalogue

from flavio_nusmeft import observables
from flavio_nusmeft.measurements import pull
from flavio_nusmeft.physics import formfactors
from flavio_nusmeft.physics.modes import INVISIBLE, LEPTONIC, TAU_HADRONIC, VECTORS

from . import operator_map
from .markdown import (
    bullets,
    code,
    index,
    linked,
    measurement_link,
    page,
    paper,
    slug,
    table,
    with_error,
)

_SPECS = {spec.name: spec for spec in observables._SPECS}
_TWO_BODY = {f"{name}inv" for name in (*LEPTONIC, *TAU_HADRONIC)}
_NOTHING = {f"{name}inv" for name in (*INVISIBLE, *VECTORS)}
# page of the formulas: title; what is on it
PHYSICS = {
    "neutral": "B, K and D to a meson and nothing visible",
    "baryons": "Baryons",
    "invisible": "Mesons that decay to nothing visible",
    "charged": "Charged currents",
    "two-body": "One charged lepton and nothing else visible; τ to a meson",
    "leptons": "Decays of leptons to leptons",
    "electroweak": "Z, W and h",
    "tails": "pp at large transverse mass",
}
_PATTERNS = (
    (r"Lambda", "baryons"),
    (r"^pp->", "tails"),
    (r"^[ZWh]->", "electroweak"),
    (r"^(tau|mu)->(e|mu)inv", "leptons"),
    (r"^(P\+|pi\+|K\+)->l?(e|mu)?inv|^K\+->linv", "two-body"),
    (r"(e|mu|tau|l)inv$", "charged"),
)
# as papers call them, for the search
_ALSO = {
    "Rtaul(B->Dlinv)": "R(D)",
    "Rtaul(B->D*linv)": "R(D*)",
    "BR_SD(B+->Kinv)": "B+->K+nunu",
    "BR(B0->K*inv)": "B0->K*0nunu",
    "BR(K+->piinv)": "K+->pi+nunu",
    "BR(KL->piinv)": "KL->pi0nunu",
}
_ARGUMENTS = {("q2",): (6.0,), ("q2min", "q2max"): (1.0, 2.0), ("MXmin", "MXmax"): (0.0, 0.6)}
_ARGUMENTS[("mTmin", "mTmax")] = (500.0, 600.0)


def process(name: str) -> str:
    """What is between the brackets."""
    return name.partition("(")[2].removesuffix(")")


def _other_names(names: list[str]) -> list[str]:
    """Those of papers and of flavio for what has the same name with ``inv``."""
    found = [_ALSO[name] for name in names if name in _ALSO]
    for name in names:
        stock = (name.replace("inv", neutrinos) for neutrinos in ("nunu", "nu"))
        found += [other for other in stock if other in flavio.Observable.instances]
    return found


def physics_page(decay: str) -> str:
    if decay in _TWO_BODY:
        return "two-body"
    if decay in _NOTHING:
        return "invisible"
    return next((name for pattern, name in _PATTERNS if re.search(pattern, decay)), "neutral")


def by_process() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in observables.NAMES:
        found.setdefault(process(name), []).append(name)
    return found


def link(decay: str, up: str = "") -> str:
    return f"[{code(decay)}]({up}{slug(decay)}.md)"


def _arguments(name: str) -> tuple[float, ...]:
    names = flavio.Observable[name].arguments
    return _ARGUMENTS[tuple(names)] if names else ()


def measured() -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """By observable: the measurements, with what they say."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    options = argparse.Namespace(dataset=None, pattern=None)
    for entry in catalogue._measurements(options):
        for result in entry["results"]:
            found.setdefault(result["observable"], []).append((entry["name"], entry | result))
    return found


def pull_text(result: Mapping[str, Any], measurement: str) -> str:
    """Of the SM, without its error."""
    name, arguments = result["observable"], result["arguments"]
    if name not in _SPECS or process(name).startswith("pp->"):
        return ""
    par = flavio.default_parameters.get_central_all()
    value = float(flavio.Observable[name].prediction_par(par, None, *arguments))
    if value <= result.get("limit", -float("inf")):
        return "allowed"
    key = (name, *arguments) if arguments else name
    size = pull(key, measurement, value)
    return "" if size is None else f"{size:+.1f}σ"


def _measurement_rows(names: list[str], data: dict[str, Any]) -> list[list[str]]:
    return [
        [
            code(result["label"]),
            result["text"],
            pull_text(result, measurement),
            ", ".join(result["data sets"]),
            measurement_link(measurement),
        ]
        for name in names
        for measurement, result in data.get(name, ())
    ]


def _form_factors(transition: str) -> str:
    chosen = formfactors.implementation(transition)
    known = flavio.classes.Implementation.instances
    quantity = f"{transition} invisible form factor"
    others = [name for name, x in known.items() if x.quantity == quantity and name != chosen]
    papers = "; ".join(map(paper, formfactors.papers(transition)))
    source = linked(known[chosen].description)
    text = f"{code(transition)}: by default {code(chosen)}, {source}. Cited as: {papers}."
    if others:
        names = ", ".join(map(code, others))
        text += f" Others, for `flavio.config['implementation']['{quantity}']`: {names}."
    return text


def _budget(numbers: Mapping[str, Any]) -> list[str]:
    def share(source: str) -> str:
        value = abs(numbers["value"])
        return f"{100 * numbers['budget'][source] / value:.1f}%" if value else ""

    return [share(source) for source in ("form factors", "CKM elements", "other parameters")]


def _page(decay: str, names: list[str], numbers: Mapping[str, Any], data: dict[str, Any]) -> str:
    rows, budget = [], []
    for name in names:
        observable = flavio.Observable[name]
        found = numbers.get(name)
        value = with_error(found["value"], found["error"]) if found else ""
        arguments = ", ".join(map(code, observable.arguments or ()))
        rows.append([code(name), arguments, observable.description, value])
        if found and found["value"]:
            budget.append([code(name), value, *_budget(found)])
    tex = flavio.Observable[names[0]].tex
    unit = " dBR/dq² is in GeV⁻², q² in GeV²." if any("dq2" in name for name in names) else ""
    physics = physics_page(decay)
    transitions = list(dict.fromkeys(t for name in names for t in _SPECS[name].transitions))
    labels, tensors = set(), False
    for name in names:
        more, sees = operator_map.families(name, _arguments(name))
        labels |= more
        tensors |= sees
    parts = [
        index([*names, *_other_names(names)]),
        f"First of the observables: {tex}. Formulas, inputs and limits of validity:"
        f" [{PHYSICS[physics]}](../../physics/{physics}.md).{unit}",
        "## Observables",
        table(["name", "arguments", "what it is", "SM"], rows),
    ]
    if budget:
        parts += [
            "SM values are central, with the standard deviation for draws of all parameters. In"
            " per cent of the value, the error that each kind of parameters gives alone:",
            table(["name", "SM", "form factors", "CKM elements", "others"], budget),
        ]
    if transitions:
        parts += ["## Form factors", bullets(map(_form_factors, transitions))]
    measurements = _measurement_rows(names, data)
    parts.append("## Measurements")
    if measurements:
        parts += [
            table(["observable", "value", "SM", "data sets", "measurement"], measurements),
            "`SM`: the pull of the SM, without theory errors; `allowed`: below the limit.",
        ]
    else:
        parts.append("None in the data sets of this package.")
    parts += ["## Operators", _operators(labels, tensors)]
    return page(code(decay), *parts, "## Papers", _papers(names))


def _operators(labels: set[str], tensors: bool) -> str:
    columns = ", ".join(map(code, sorted(labels)))
    if labels == {operator_map.TAILS}:
        return (
            "`lnqd1`, `lnqd3`, `lnuq`, `nedu`, `phine` and `nW` with the charged lepton of the"
            " observable, at the scale of the bin: see [](../../physics/tails.md)."
        )
    tree, mixing = operator_map.operators(labels, tensors)
    names = ", ".join(map(code, tree)) or "none"
    return (
        f"Of nuSMEFT `Warsaw` at 1 TeV, at tree level with QCD: {names}. `n` is any N. With"
        f' `running="full"` {len(mixing)} more, by mixing. The column of the'
        f" [map of operators and decays](../operator-map.md): {columns}."
    )


def _papers(names: list[str]) -> str:
    """To cite for the SM, as flavio knows them."""
    keys: set[str] = set()
    for name in names:
        if flavio.Observable[name].arguments is None:
            keys |= flavio.Observable[name].theory_citations()
    return bullets(map(paper, sorted(keys))) or "Those of the form factors and of the method."


_INDEX = """\
All names that predictions, likelihoods and the command line take, by process: a page each with SM
values and their errors, form factors, measurements with the pull of the SM, and operators.
`inv` is any invisible final state: active neutrinos and N."""


def pages(numbers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    data, processes = measured(), by_process()
    sections = [_INDEX]
    for family, title in PHYSICS.items():
        members = [decay for decay in processes if physics_page(decay) == family]
        rows = []
        for decay in members:
            names = processes[decay]
            first = next((n for n in names if n in numbers), "")
            value = numbers[first] if first else None
            sm = f"{code(first)} = {with_error(value['value'], value['error'])}" if value else ""
            seen = sum(len(data.get(name, ())) for name in names)
            rows.append([link(decay), sm, str(len(names)), str(seen or "")])
        sections += [
            f"## {title}",
            f"Formulas: [](../../physics/{family}.md).",
            table(["process", "first observable in the SM", "observables", "results"], rows),
        ]
    tree = "\n".join(slug(decay) for decay in processes)
    sections.append(f"```{{toctree}}\n:hidden:\n\n{tree}\n```")
    yield "observables/index.md", page("Observables", *sections)
    for decay, names in processes.items():
        yield f"observables/{slug(decay)}.md", _page(decay, names, numbers, data)
