"""The folder with the results of a fit or scan: to be continued, complete, or of something else."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._files import check_writable, write_files
from .._inputs import printable
from ..errors import (
    ConvergenceWarning,
    FailedPointWarning,
    InvalidCheckpoint,
    NuSMEFTWarning,
)
from ..inference.scan.checkpoint import differences

__all__ = ["MADE_WITH", "RESULT", "SPEC", "Folder", "as_json", "noted"]

MADE_WITH, RESULT, SPEC = "made-with.json", "result.json", "spec.yml"
_PARTS = ".nusmeft"  # a name that nobody else uses: it is removed at the end
_SHOWN = 5  # differences named in a message
# what results themselves say; others are of single points, computed in whatever process
_OF_RESULTS = (ConvergenceWarning, FailedPointWarning)


def as_json(value: Any) -> str:
    """The text of a file."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


@contextmanager
def noted(texts: list[str], kinds: tuple[type[Warning], ...] = _OF_RESULTS) -> Iterator[None]:
    """Warnings in the block are shown when it ends; the texts of some kinds are noted, too."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NuSMEFTWarning)
        try:
            yield
        finally:
            found = list(caught)
    for each in dict.fromkeys((str(w.message), w.category) for w in found):
        text, category = each
        if issubclass(category, kinds) and text not in texts:
            texts.append(text)
        warnings.warn(text, category, stacklevel=3)


class Folder:
    """A folder for the results of one identity.

    Parameters
    ----------
    path : str or path-like
        The folder; made if it is missing.
    identity : mapping of str to object
        From `Spec.identity`.
    source : str
        The file of the specification, which is not overwritten.
    files : sequence of str
        Names of the files that will be written.
    force : bool
        Remove what is there.

    Raises
    ------
    UnwritablePath
    InvalidCheckpoint
        If there are results of something else.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        identity: Mapping[str, Any],
        source: str,
        files: tuple[str, ...],
        force: bool,
    ) -> None:
        self.path = check_writable(Path(path), directory=True)
        self.parts = self.path / _PARTS
        made_with = self.path / MADE_WITH
        existing = [name for name in (*files, MADE_WITH) if (self.path / name).exists()]
        own, file = self.path / SPEC, Path(source)
        if MADE_WITH not in existing and own.exists() and file.exists() and own.samefile(file):
            raise _refused(f"{self.path / SPEC} would be overwritten: give another output")
        if force:
            for name in existing:
                for suffix in ("", "-wal", "-shm"):  # of a checkpoint
                    (self.path / f"{name}{suffix}").unlink(missing_ok=True)
            shutil.rmtree(self.parts, ignore_errors=True)
        elif MADE_WITH in existing:
            self._check(made_with, identity)
        elif existing:
            raise _refused(
                f"{self.path} has a file {existing[0]} of something else: give another output,"
                " or --force (force=True) to replace it"
            )
        self.parts = check_writable(self.parts, directory=True)
        write_files({made_with: json.dumps(identity, indent=1) + "\n"})

    def _check(self, made_with: Path, identity: Mapping[str, Any]) -> None:
        try:
            stored = json.loads(made_with.read_bytes())
        except (OSError, ValueError, RecursionError):
            stored = None
        if not isinstance(stored, dict):
            found = [f"{MADE_WITH} is damaged"]
        else:
            found = differences(stored, dict(identity))
        if found:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise _refused(
                f"{self.path} has the results of something else; different are"
                f" {'; '.join(found[:_SHOWN])}{more}. Give another output, or --force (force=True)"
                " to remove them and start anew"
            )

    def result(self) -> dict[str, Any] | None:
        """The result, if it is complete."""
        return _read(self.path / RESULT)

    def part(self, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """A part of the result, from its file or computed; with the texts of its warnings.

        What it is does not depend on whether it comes from a file.
        """
        path = self.parts / f"{name}.json"
        found = _read(path)
        if found is None:
            texts: list[str] = []
            with noted(texts):
                result = compute()
            text = as_json({"result": result, "warnings": texts})
            write_files({path: text})
            found = json.loads(text)
        return found

    def checkpoint(self, name: str) -> Path:
        """File for the checkpoint of a scan that is a part."""
        return self.parts / f"{name}.db"

    def finish(self, files: Mapping[str, str | bytes]) -> list[Path]:
        """Write the results, the last one being that which says that all are there."""
        paths = {self.path / name: content for name, content in files.items()}
        write_files(paths)
        shutil.rmtree(self.parts, ignore_errors=True)
        return list(paths)


def _read(path: Path) -> dict[str, Any] | None:
    """A JSON file; None if it is missing or damaged."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refused(message: str) -> InvalidCheckpoint:
    return InvalidCheckpoint(printable(message))
