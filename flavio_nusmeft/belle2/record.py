"""The published record of Belle II, arXiv:2507.12393.

The package ships none of it. The record https://doi.org/10.17182/hepdata.166082 is a pyhf workspace
and, for every bin of the fit with signal, the number of expected events of the SM in bins of
generated q²: the four files of `FILES`, as the authors of the paper have them in their repository.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import reprlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .._inputs import as_path
from ..errors import InvalidRecord, InvalidValue, MissingRecord

__all__ = ["DOI", "EDGES", "FILES", "VARIABLE", "Record", "find", "read", "sm_spectrum"]

DOI = "10.17182/hepdata.166082"
VARIABLE = "NUSMEFT_BELLE2"  # environment variable with the folder
# the files with the names of `FILES`, at a fixed commit
AUTHORS_COPY = (
    "https://raw.githubusercontent.com/lorenzennio/knunu-reinterpretation-mini/"
    "065bce076279e04593220889f68176f8f4d63958/scripts/data"
)

# of generated q², GeV²; column 0 of the number densities holds candidates without a generated q²
EDGES = tuple(float(x) for x in np.linspace(0, 22.885, 101))

WORKSPACE = "combined_likelihood.json"
# SHA-256 of the numbers, see `_checksum`
FILES = {
    WORKSPACE: "d9de94e983264a2f820c42b30a1f5065bdec5e5015caf175167e39f9e94eb278",
    "number_density_ita_regA.csv": (
        "a8e5c58d7c40b8e620d456ef149745f1bcc4e89bd638ce1fc1a42da166387686"
    ),
    "number_density_ita_regB.csv": (
        "c49f370171f2f5ffcd0566f0112465bded429d86663ff075e1e7b11797ae4e69"
    ),
    "number_density_hta.csv": "e5254ee938ec5de54ad305d95f24c04082ecbaebfbbae14d1276bb8be2486487",
}
HOW_TO = (
    f"download the record https://doi.org/{DOI}, for example the copy of its authors with\n"
    f"  curl -f --create-dirs -o 'belle2/#1' '{AUTHORS_COPY}/{{{','.join(FILES)}}}'\n"
    f"and give the folder (here belle2) as argument or as environment variable {VARIABLE}"
)
_ITA = "__Bsig_H_reconstructed_q2_vs_BDT2_Bplus2Kplus_v42_signal_inefficiency_"
# channels of the workspace: inclusive tag in the signal and control regions, on and off resonance,
# and hadronic tag; number of bins
_CHANNELS = {
    f"A{_ITA}zoomSR_Y4S": 9,
    f"B{_ITA}zoomCR_Y4S": 3,
    f"C{_ITA}zoomSR_offres": 9,
    f"D{_ITA}zoomCR_offres": 3,
    "sgn1_had": 6,
}
# the number densities of the channels with signal; rows are bins of the fit
_DENSITIES = {
    f"A{_ITA}zoomSR_Y4S": "number_density_ita_regA.csv",
    f"B{_ITA}zoomCR_Y4S": "number_density_ita_regB.csv",
    "sgn1_had": "number_density_hta.csv",
}
SIGNAL = "mu"  # the normalisation factor that marks the signal samples


class _Range(NamedTuple):
    """A number between two, both included."""

    low: float
    high: float


# what is beyond these is damage. Published: files of up to 2e5 bytes; 8 samples in a channel, 28
# modifiers of a sample, 51 parameters besides those of staterrors; at most 3098 events in a bin,
# factors between 0.5 and 1.5, and statistical uncertainties of up to 1.0003 times the events
_BYTES = 5_000_000
_SAMPLES, _MODIFIERS, _PARAMETERS = 16, 60, 100
_EVENTS, _VARIED = _Range(0.0, 1e7), _Range(-1e7, 1e7)
_FACTOR = _Range(0.1, 10.0)
_RELATIVE = 100.0
# the form of the workspace: an object with these keys, a list of such values, a number or a type
_WORKSPACE: dict[str, Any] = {
    "channels": [
        {
            "name": str,
            "samples": [
                {
                    "name": str,
                    "data": [_EVENTS],
                    "modifiers": [{"name": str, "type": str}],
                }
            ],
        }
    ],
    "observations": [{"name": str, "data": [_EVENTS]}],
    "measurements": [{"name": str, "config": dict}],
}
# and of the data of a modifier
_DATA: dict[str, Any] = {
    "histosys": {"hi_data": [_VARIED], "lo_data": [_VARIED]},
    "normsys": {"hi": _FACTOR, "lo": _FACTOR},
    "staterror": [_EVENTS],
    "normfactor": type(None),
}
_NAMES = {dict: "an object", list: "a list", str: "a text", type(None): "null"}


class Record(NamedTuple):
    """The workspace, number densities (bins, 1 + 100) by channel, checksums by file, and folder."""

    workspace: dict[str, Any]
    densities: dict[str, np.ndarray]
    checksums: dict[str, str]
    folder: Path


def find(path: str | os.PathLike[str] | None) -> Path:
    """The folder of the record.

    Raises
    ------
    MissingRecord
        If it is not given, does not exist or lacks files.
    InvalidValue
        If it is not a path.
    """
    given = path if path is not None else os.environ.get(VARIABLE)
    if given is None or given == "":
        raise MissingRecord(f"the likelihood of Belle II is not part of this package: {HOW_TO}")
    folder = as_path("the folder of the record", given, InvalidValue)
    if not folder.is_dir():
        raise MissingRecord(f"there is no folder '{folder}': {HOW_TO}")
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise MissingRecord(f"the folder '{folder}' lacks {', '.join(missing)}: {HOW_TO}")
    return folder


def read(path: str | os.PathLike[str] | None = None, check_sums: bool = True) -> Record:
    """Read and check the record.

    Parameters
    ----------
    path : folder; None: from the environment variable `VARIABLE`
    check_sums : False: accept other contents than those published first, of the same form

    Raises
    ------
    MissingRecord
    InvalidRecord
        A file that is truncated, has other numbers or other shapes.
    """
    folder = find(path)
    contents = {name: _content(folder / name) for name in FILES}
    workspace = _workspace(folder / WORKSPACE, contents[WORKSPACE])
    densities = {
        channel: _density(folder / name, contents[name], _CHANNELS[channel])
        for channel, name in _DENSITIES.items()
    }
    checksums = {name: _checksum(name, content) for name, content in contents.items()}
    for name, expected in FILES.items():
        if check_sums and checksums[name] != expected:
            raise InvalidRecord(
                f"'{folder / name}' ({len(contents[name])} bytes) is damaged or of another version:"
                f" SHA-256 of its numbers {checksums[name]}, expected {expected}. Download it"
                " again, or accept another version of the record with check_sums=False"
            )
    _compare(workspace, densities, folder)
    return Record(workspace, densities, checksums, folder)


def _checksum(name: str, content: bytes) -> str:
    """SHA-256 of the content with nine digits of every number.

    Copies of the record are written with different numbers of digits, white space and order of
    keys.
    """
    if name == WORKSPACE:
        workspace = json.loads(content, parse_float=_nine_digits, parse_int=_nine_digits)
        text = json.dumps(workspace, sort_keys=True)
    else:
        rows = _cells(content)
        text = "\n".join(",".join(map(_nine_digits, row)) for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def _nine_digits(number: str) -> str:
    return f"{float(number):.8e}"


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES + 1)
    except OSError as error:
        raise InvalidRecord(f"'{path}' cannot be read: {error.strerror}") from None
    if len(content) > _BYTES:
        raise InvalidRecord(f"'{path}' has more than {_BYTES} bytes")
    return content


def _workspace(path: Path, content: bytes) -> dict[str, Any]:
    """The workspace, of which all that is used has the form of the published one."""
    try:
        found = json.loads(content, parse_int=float, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise InvalidRecord(f"'{path}' is not a pyhf workspace: {_line(error)}") from None
    where = f"'{path}'"
    workspace: dict[str, Any] = found
    _check(workspace, _WORKSPACE, where)
    parameters: dict[str, set[str]] = {"staterror": set(), "other": set()}
    for key in ("channels", "observations"):
        _check_names(workspace[key], f"{where}, {key}")
        names = {entry["name"] for entry in workspace[key]}
        if names != set(_CHANNELS):
            raise InvalidRecord(
                f"{where} has the {key} {reprlib.repr(sorted(names))}, expected {list(_CHANNELS)}"
            )
    for k, observation in enumerate(workspace["observations"]):
        bins = _CHANNELS[observation["name"]]
        _check_length(observation["data"], bins, f"{where}, observations[{k}].data")
    for k, channel in enumerate(workspace["channels"]):
        samples = f"{where}, channels[{k}].samples"
        _check_names(channel["samples"], samples, _SAMPLES)
        for n, sample in enumerate(channel["samples"]):
            at = f"{samples}[{n}]"
            _check_length(sample["data"], _CHANNELS[channel["name"]], f"{at}.data")
            _check_modifiers(sample, f"{at}.modifiers", parameters)
    if len(parameters["other"]) > _PARAMETERS:
        raise InvalidRecord(f"{where} has more than {_PARAMETERS} parameters")
    return workspace


def _check_modifiers(sample: dict[str, Any], where: str, parameters: dict[str, set[str]]) -> None:
    """Check the modifiers of a sample, and that every ``staterror`` has a name of its own.

    ``parameters``: names of the ``staterror`` and of the others so far
    """
    modifiers, events = sample["modifiers"], sample["data"]
    if len(modifiers) > _MODIFIERS:
        raise InvalidRecord(f"{where}: more than {_MODIFIERS}")
    for (name, kind), count in Counter((m["name"], m["type"]) for m in modifiers).items():
        if kind not in _DATA or (name == SIGNAL) != (kind == "normfactor"):
            raise InvalidRecord(
                f"{where}: the published workspace has no modifier {reprlib.repr(name)} of type"
                f" {reprlib.repr(kind)}"
            )
        own = kind == "staterror"
        others = parameters["other"] | parameters["staterror"] if own else parameters["staterror"]
        if count > 1 or name in others:
            raise InvalidRecord(f"{where}: the name {reprlib.repr(name)} of '{kind}' is not unique")
        parameters["staterror" if own else "other"].add(name)
    for n, modifier in enumerate(modifiers):
        at = f"{where}[{n}].data"
        data = modifier.get("data")
        _check(data, _DATA[modifier["type"]], at)
        if modifier["type"] == "histosys":
            for key in ("hi_data", "lo_data"):
                _check_length(data[key], len(events), f"{at}.{key}")
        elif modifier["type"] == "staterror":
            _check_length(data, len(events), at)
            if any(x > _RELATIVE * y > 0 for x, y in zip(data, events, strict=True)):
                raise InvalidRecord(f"{at}: more than {_RELATIVE:g} times the events")


def _check(value: Any, form: Any, where: str) -> None:
    """Check that a value has a form as in `_WORKSPACE`."""
    if isinstance(form, _Range):
        if not isinstance(value, float) or not form.low <= value <= form.high:
            raise InvalidRecord(
                f"{where}: {reprlib.repr(value)} is not a number from {form.low:g} to {form.high:g}"
            )
        return
    expected: Any = form if isinstance(form, type) else type(form)
    if not isinstance(value, expected):
        raise InvalidRecord(f"{where}: {reprlib.repr(value)} is not {_NAMES[expected]}")
    if isinstance(form, dict):
        for key, inner in form.items():
            if key not in value:
                raise InvalidRecord(f"{where} has no '{key}'")
            _check(
                value[key], inner, f"{where}, {key}" if where.endswith("'") else f"{where}.{key}"
            )
    elif isinstance(form, list):
        for k, item in enumerate(value):
            _check(item, form[0], f"{where}[{k}]")


def _check_names(entries: list[dict[str, Any]], where: str, largest: int = len(_CHANNELS)) -> None:
    names = [entry["name"] for entry in entries]
    if len(set(names)) < len(names):
        raise InvalidRecord(f"{where}: the names {reprlib.repr(names)} are not unique")
    if len(names) > largest:
        raise InvalidRecord(f"{where}: more than {largest}")


def _check_length(data: list[float], length: int, where: str) -> None:
    if len(data) != length:
        raise InvalidRecord(f"{where}: {len(data)} numbers, expected {length}")


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a key is twice in {reprlib.repr([key for key, _ in pairs])}")
    return found


def _line(error: Exception) -> str:
    """The beginning of its first line: Python quotes the input in full."""
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _cells(content: bytes) -> list[list[str]]:
    """The table; spreadsheets put a byte order mark before it."""
    text = content.removeprefix(codecs.BOM_UTF8).decode("ascii")
    if "_" in text:
        raise ValueError("'_' is not part of a number")  # it is for Python
    return [line.split(",") for line in text.splitlines()]


def _density(path: Path, content: bytes, rows: int) -> np.ndarray:
    shape = (rows, len(EDGES))  # one column for every bin, and that without q²
    try:
        table = [[float(x) for x in row] for row in _cells(content)]
    except ValueError as error:
        raise InvalidRecord(f"'{path}' is not a table of shape {shape}: {_line(error)}") from None
    if len(table) != rows:
        raise InvalidRecord(f"'{path}' has {len(table)} rows, expected {rows}")
    for k, row in enumerate(table):
        _check_length(row, len(EDGES), f"'{path}', row {k + 1}")
    density = np.array(table)
    wrong = np.argwhere(~((density >= _EVENTS.low) & (density <= _EVENTS.high)))
    if len(wrong):
        at, column = wrong[0]
        raise InvalidRecord(
            f"'{path}', row {at + 1}, column {column + 1}: {density[at, column]} is not a number"
            f" from {_EVENTS.low:g} to {_EVENTS.high:g}"
        )
    without = np.flatnonzero((density[:, 0] > 0) & (density[:, 1:].sum(axis=1) == 0))
    if len(without):
        raise InvalidRecord(f"'{path}', row {without[0] + 1}: no events in the bins of q²")
    return density


def _compare(workspace: dict[str, Any], densities: dict[str, np.ndarray], folder: Path) -> None:
    """Check that signal is where the number densities are, and equal to their sums."""
    for channel in workspace["channels"]:
        name = channel["name"]
        nominal = [s["data"] for s in channel["samples"] if _is_signal(s)]
        if len(nominal) != (name in densities):
            raise InvalidRecord(
                f"'{folder / WORKSPACE}' has {len(nominal)} samples with the modifier '{SIGNAL}' in"
                f" channel '{name}', expected {int(name in densities)}"
            )
        for events in nominal:
            sums = densities[name].sum(axis=1)
            # 1e-4: the published sums differ by up to 2e-5
            wrong = np.flatnonzero(~np.isclose(sums, events, rtol=1e-4, atol=0))
            if len(wrong):
                raise InvalidRecord(
                    f"row {wrong[0] + 1} of '{folder / _DENSITIES[name]}' does not add up to the"
                    f" signal of '{WORKSPACE}': {sums[wrong[0]]}, expected {events[wrong[0]]}"
                )


def _is_signal(sample: dict[str, Any]) -> bool:
    return any(m["name"] == SIGNAL for m in sample["modifiers"])


def sm_spectrum() -> np.ndarray:
    """Branching ratios of B+ -> K+ nu nu in the 100 bins with which the signal was generated.

    dBR/dq² ∝ λ^(3/2) f+(q²)² with the BCL parametrisation and central values of arXiv:2207.12468,
    averages of the masses over charges, and the total 4.966e-6 (arXiv:2507.12393; short distance).
    """
    m_B, m_K, pole = 5.279495, 0.495644, 5.4158  # GeV
    a, total = (0.2545, -0.71, 0.32), 4.966e-6
    x, w = np.polynomial.legendre.leggauss(20)
    edges = np.array(EDGES)
    width = np.diff(edges)[:, None]
    q2 = edges[:-1, None] + width * (x + 1) / 2
    t_plus = (m_B + m_K) ** 2
    root = np.sqrt(t_plus - q2)
    z = (root - np.sqrt(t_plus)) / (root + np.sqrt(t_plus))
    # arXiv:2207.12468 Eq. (34) with N = 3, t0 = 0; the normalisation drops out
    series = sum(a[n] * (z**n - n / 3 * (-1) ** (n - 3) * z**3) for n in range(3))
    f_plus = series / (1 - q2 / pole**2)
    lam = (m_B**2 - m_K**2 - q2) ** 2 - 4 * m_K**2 * q2
    bins = (width / 2 * w * lam**1.5 * f_plus**2).sum(axis=1)
    return np.asarray(bins * total / bins.sum())
