"""The published record of Belle II, arXiv:2507.12393.

The package ships none of it. The record https://doi.org/10.17182/hepdata.166082 is a pyhf workspace
and, for every bin of the fit with signal, the number of expected events of the SM in bins of
generated q²: the four files of `FILES`, as the authors of the paper have them in their repository.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import InvalidRecord, MissingRecord

__all__ = ["EDGES", "FILES", "VARIABLE", "Record", "find", "read", "sm_spectrum"]

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


class Record(NamedTuple):
    """The workspace, number densities (bins, 1 + 100) by channel, and checksums by file."""

    workspace: dict[str, Any]
    densities: dict[str, np.ndarray]
    checksums: dict[str, str]


def find(path: str | os.PathLike[str] | None) -> Path:
    """The folder of the record.

    Raises
    ------
    MissingRecord
        If it is not given, does not exist or lacks files.
    """
    given = path if path is not None else os.environ.get(VARIABLE)
    if not given:
        raise MissingRecord(f"the likelihood of Belle II is not part of this package: {HOW_TO}")
    folder = Path(given)
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
    contents = {name: (folder / name).read_bytes() for name in FILES}
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
    return Record(workspace, densities, checksums)


def _checksum(name: str, content: bytes) -> str:
    """SHA-256 of the content with nine digits of every number: copies of the record are written
    with different numbers of digits, white space and order of keys."""
    if name == WORKSPACE:
        workspace = json.loads(content, parse_float=_nine_digits, parse_int=_nine_digits)
        text = json.dumps(workspace, sort_keys=True)
    else:
        rows = [line.split(",") for line in content.decode("ascii").splitlines()]
        text = "\n".join(",".join(map(_nine_digits, row)) for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def _nine_digits(number: str) -> str:
    return f"{float(number):.8e}"


def _workspace(path: Path, content: bytes) -> dict[str, Any]:
    try:
        workspace: dict[str, Any] = json.loads(content)
        found = {c["name"]: len(c["samples"][0]["data"]) for c in workspace["channels"]}
        observed = {o["name"]: len(o["data"]) for o in workspace["observations"]}
        lengths = [
            len(s["data"]) == found[c["name"]] for c in workspace["channels"] for s in c["samples"]
        ]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InvalidRecord(f"'{path}' is not a pyhf workspace: {error!r}") from None
    for what, bins in (("channels", found), ("observations", observed)):
        if bins != _CHANNELS:
            raise InvalidRecord(f"'{path}' has the {what} {bins}, expected {_CHANNELS}")
    if not all(lengths):
        raise InvalidRecord(f"'{path}' has samples of different lengths in a channel")
    return workspace


def _density(path: Path, content: bytes, rows: int) -> np.ndarray:
    shape = (rows, len(EDGES))  # one column for every bin, and that without q²
    try:
        lines = content.decode("ascii").splitlines()
        density = np.array([[float(x) for x in line.split(",")] for line in lines])
    except ValueError as error:
        raise InvalidRecord(f"'{path}' is not a table of shape {shape}: {error}") from None
    if density.shape != shape:
        raise InvalidRecord(f"'{path}' has the shape {density.shape}, expected {shape}")
    if not np.isfinite(density).all() or (density < 0).any():
        raise InvalidRecord(f"'{path}' has entries that are negative or not finite")
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
        # 1e-4: the published sums differ by up to 2e-5
        if nominal and not np.allclose(densities[name].sum(axis=1), nominal[0], rtol=1e-4, atol=0):
            raise InvalidRecord(
                f"the rows of '{folder / _DENSITIES[name]}' do not add up to the signal of"
                f" '{WORKSPACE}': {densities[name].sum(axis=1)}, expected {nominal[0]}"
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
