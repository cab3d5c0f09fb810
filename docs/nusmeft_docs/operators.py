"""The operators with N: which decays see them, and the limits on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wilson import wcxf

from flavio_nusmeft.eft.flavour import lookup
from flavio_nusmeft.eft.operators import FGMS, NONE, WARSAW, OperatorClass
from flavio_nusmeft.eft.translators import to_warsaw

from . import operator_map
from .computed import MASSES
from .markdown import code, index, measurement_link, page, table

_OTHER_NAMES = {"qn": "QN", "nd": "dN", "lnqd1": "LNQd", "lnqd3": "LNQdT"}
_FIELDS = {"l": "l", "n": "n", "q": "q", "d": "d", "u": "u", "e": "e"}


def _general(operator: OperatorClass) -> str:
    """LaTeX with the indices p, r, s, t."""
    fields = [f"{_FIELDS[f]}_{i}" for f, i in zip(operator.fields, "prst", strict=False)]
    return operator.tex.format(*fields)


def _fgms() -> dict[str, str]:
    """By name in Warsaw: that in FGMS."""
    found = {}
    for name in lookup(FGMS):
        ((warsaw, _),) = to_warsaw({name: 1.0}, "FGMS").items()
        found[warsaw] = name
    return found


def _label(name: str, operator: OperatorClass) -> str:
    """The row of the map: flavours of N are not told apart."""
    head, _, indices = name.partition("_")
    parts = ("n" if f == "n" else i for f, i in zip(operator.fields, indices, strict=True))
    return f"{head}_{''.join(parts)}"


def _by_coefficient(limits: Mapping[str, Any]) -> dict[str, dict[float, Mapping[str, Any]]]:
    found: dict[str, dict[float, Mapping[str, Any]]] = {}
    for row in limits["rows"]:
        for name in (row["operator"], *row["equivalent"]):
            found.setdefault(name, {})[row["m_N1"]] = row
    return found


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    if row["upper"] is None:
        return "–"
    observable = row["observables"][0]
    name = observable if isinstance(observable, str) else observable[0]
    sign = "" if row["of_modulus"] else "C > 0: "
    return f"{sign}{row['upper'] * 1e6:.3g} ({code(name)}, {measurement_link(row['measurement'])})"


def _class_page(
    operator: OperatorClass, names: list[str], limits: Mapping[str, Any], definition: str
) -> str:
    fgms, tex = _fgms(), wcxf.Basis["nuSMEFT", "Warsaw"].sectors
    info = {n: entry for entries in tex.values() for n, entry in entries.items()}
    other = _OTHER_NAMES.get(operator.name)
    kind = "complex, with + h.c." if operator.symmetry is NONE else "hermitian: each pair once"
    title = f"{code(operator.name)}{f' ({code(other)} in FGMS)' if other else ''}"
    rows = []
    for name in names:
        seen = operator_map.rows()[_label(name, operator)]
        also = f" {code(fgms[name])}" if name in fgms else ""
        real = " (real)" if (info[name] or {}).get("real") else ""
        cells = [_cell(limits.get(name, {}).get(mass)) for mass in MASSES]
        rows.append([code(name) + also + real, ", ".join(map(code, seen.tree)) or "none", *cells])
    headings = ["coefficient", "seen by", *(f"m_N1 = {mass:g} GeV" for mass in MASSES)]
    return page(
        title,
        index([*names, *(fgms[name] for name in names if name in fgms)]),
        f"$$C_{{prst}}\\,{_general(operator)}$$"
        if len(operator.fields) == 4
        else f"$$C_{{pr}}\\,{_general(operator)}$$",
        f"{len(names)} coefficients, {kind}; p, r, s, t: the indices of the name, in this order.",
        "`seen by`: decays whose observables change at tree level with QCD"
        " ([the map](../operator-map.md) has what mixing adds). The other columns: upper limits on"
        " |C| at 90% in TeV⁻² at 1 TeV, one coefficient at a time, data set `current`, N2 and N3"
        " massless, with the observable and the measurement that drive it; –: none below"
        " (4π)² TeV⁻²; empty: no measured observable depends on it at tree level."
        " Definition: [below](#definition).",
        table(headings, rows),
        "## Definition",
        f"{definition[0].upper()}{definition[1:]}. By `nusmeft limits --basis Warsaw --m-N1 0,1.5`,"
        " with the default QCD of one loop; `--option qcd_loops=4` lowers limits on scalars by 5%"
        " and raises those on tensors by 3%.",
    )


def pages(limits: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    found, members = _by_coefficient(limits), {}
    for name, coefficient in lookup(WARSAW).items():
        members.setdefault(coefficient.operator.name, []).append(name)
    rows = []
    for name, names in members.items():
        operator = WARSAW[name]
        rows.append(
            [
                f"[{code(name)}]({name}.md)",
                code(_OTHER_NAMES[name]) if name in _OTHER_NAMES else "",
                f"${_general(operator)}$",
                str(len(names)),
                ", ".join(operator.fields),
            ]
        )
        yield (
            f"operators/{name}.md",
            _class_page(operator, names, found, limits["definition"]),
        )
    intro = (
        "The 16 classes of nuSMEFT `Warsaw` with sterile neutrinos n: names, indices in the order"
        " of the name, and a page each with every coefficient, the decays that see it, and the"
        " limit on it. All other coefficients of `Warsaw` are those of SMEFT. `FGMS` is the basis"
        " of arXiv:2309.02940, in its index order: note that the N indices of `nd` come first,"
        " `dN_2311` is `nd_1123`. Below m_Z see [](../../conventions.md)."
    )
    tree = "\n".join(members)
    yield (
        "operators/index.md",
        page(
            "Operators",
            intro,
            table(["class", "FGMS", "operator", "coefficients", "indices"], rows),
            f"```{{toctree}}\n:hidden:\n\n{tree}\n```",
        ),
    )
