"""Which decays see which operators with N: the table data/operator-map.md.

``python tests/operator_map.py`` writes it, from the linear maps of the coefficients at 1 TeV to the
couplings of all observables. The flavours of N do not matter and are not told apart.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import flavio

from flavio_nusmeft import NuWilson
from flavio_nusmeft.eft.flavour import lookup
from flavio_nusmeft.eft.operators import WARSAW
from flavio_nusmeft.physics import plausible

TABLE = Path(__file__).parents[1] / "data" / "operator-map.md"
RUNNINGS = ("qcd", "full")


def operators():
    """Names of coefficients by operators without the flavours of N: ``qn_23nn``."""
    result = {}
    for name, coefficient in lookup(WARSAW).items():
        fields = coefficient.operator.fields
        indices = (
            "n" if field == "n" else str(index + 1)
            for field, index in zip(fields, coefficient.indices, strict=True)
        )
        result.setdefault(f"{coefficient.operator.name}_{''.join(indices)}", []).append(name)
    return result


def families(names, running):
    """By coefficient: the decays that it changes."""
    par = flavio.default_parameters.get_central_all()
    w = NuWilson({}, 1e3, "nuSMEFT", "Warsaw")
    w.set_option("running", running)
    return {name: list(plausible.families(w, name, par)) for name in names}


def table():
    """By operator: the decays with `qcd` running, and those that `full` running adds."""
    first = {label: names[0] for label, names in operators().items()}
    qcd, full = (families(first.values(), running) for running in RUNNINGS)
    return {
        label: (qcd[name], [x for x in full[name] if x not in qcd[name]])
        for label, name in first.items()
    }


def numbers(found):
    """How many of all coefficients change some observable, by running."""
    members = {label: len(names) for label, names in operators().items()}
    qcd = sum(members[label] for label, (first, _) in found.items() if first)
    full = sum(members[label] for label, both in found.items() if any(both))
    return qcd, full, sum(members.values())


def text(found):
    """The file."""
    qcd, full, total = numbers(found)
    intro = (
        "Coefficients of nuSMEFT (Warsaw, down quarks and charged leptons mass eigenstates) at"
        " 1 TeV, and the decays in whose observables they appear: at tree level with QCD"
        " (`qcd`), and what the mixing of operators (`full`) adds, however small. `n` stands for"
        " the flavours of N. `b->s` is without a charged lepton, `b->u e` with one; two-body decays"
        " do not see tensors. `bb`, `cc`, `ss`, `omega`, `pi0`, `eta` are Υ(1S), J/ψ, φ, ω, π⁰, η"
        " → inv."
    )
    lines = [
        "# Which decays see which operators with N",
        "",
        *textwrap.wrap(intro, 100),
        "Written by `python tests/operator_map.py`.",
        "",
        f"Of {total} coefficients {qcd} change an observable with `qcd`, {full} with `full`.",
        "",
        "| operator | coefficients | `qcd` | `full` adds |",
        "|---|---|---|---|",
    ]
    members = operators()
    for label, both in found.items():
        cells = (", ".join(names) or "none" for names in both)
        lines.append(f"| `{label}` | {len(members[label])} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(text(table()), encoding="utf-8")
