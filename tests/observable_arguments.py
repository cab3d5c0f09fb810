"""Every observable of the package with arguments inside of its phase space."""

import flavio

from flavio_nusmeft.observables import QUANTITIES

_VALUES = {"q2": 3.0, "q2min": 1.0, "q2max": 2.9, "MXmin": 1.0, "MXmax": 5.2}
_KAONS = {"q2": 0.03, "q2min": 0.02, "q2max": 0.1}


def all_observables():
    """Names, and tuples with arguments; without pp, which needs a PDF set."""
    result = []
    for name in QUANTITIES:
        if name.startswith("R_13"):
            continue
        arguments = flavio.Observable[name].arguments
        values = _VALUES | (_KAONS if any(k in name for k in ("K+->", "KL->", "KS->")) else {})
        result.append((name, *(values[a] for a in arguments)) if arguments else name)
    return result
