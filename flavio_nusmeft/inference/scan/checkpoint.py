"""Results of a scan in a file, one row per finished point, safe against the death of the process.

The file is an SQLite database in write-ahead mode: a row that `Checkpoint.add` has written
survives SIGKILL, and a loss of power costs at most the last rows. While a scan runs, and after it
was killed, the newest rows are in the file with the suffix ``-wal`` beside it: the two belong
together. When a scan ends in any other way, there is one file.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import tempfile
import time
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._inputs import as_path, brief, printable
from ...errors import CheckpointWarning, InvalidCheckpoint

__all__ = ["Checkpoint", "differences"]

_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID = 0x4E75534D  # "NuSM"
_VERSION = 1
#: Open in this process. To read such a file would drop the lock that SQLite has on it (POSIX).
_OPEN: set[str] = set()
_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE results (key INTEGER PRIMARY KEY, crc, data BLOB)",
)
_RETRY = 10.0  # seconds until a write is tried again after one has failed
_SHOWN = 10  # differences named in a message


class Checkpoint:
    """Rows of float64 numbers by their key, in a file that belongs to one scan.

    Parameters
    ----------
    path : str or path-like
        The file; made if there is none, in a directory that exists.
    identity : mapping of str to object
        What the rows are the results of (JSON). A file is continued only with an equal one.
    width : int
        Numbers in a row.
    count : float, default inf
        All keys are below it.

    Attributes
    ----------
    keys : ndarray of int
        Array (rows), what the file contained when it was opened, in ascending order.
    rows : ndarray
        Array (rows, width), the numbers to it.

    Raises
    ------
    InvalidCheckpoint
        If the file cannot be made or written, is in use by another scan, damaged, no checkpoint, or
        that of another scan. An existing file is then as it was before, to the byte.
    """

    keys: NDArray[np.int64]
    rows: NDArray[np.float64]

    def __init__(
        self,
        path: str | os.PathLike[str],
        identity: Mapping[str, Any],
        width: int,
        count: float = math.inf,
    ) -> None:
        self.path = as_path("checkpoint", path, InvalidCheckpoint).absolute()
        self._waiting: dict[int, NDArray[np.float64]] = {}
        self._failed: float | None = None
        self._real = os.path.realpath(self.path)
        try:
            if self._real in _OPEN:
                raise sqlite3.OperationalError("locked by this process")
            if not self.path.exists():
                _create(self.path, identity)
            self._read(json.loads(json.dumps(identity)), width, count)
            self._database = self._open()
        except OSError as error:
            raise _invalid(
                f"the checkpoint file {self.path} cannot be used: {error.strerror or error}; "
                "give a file in an existing directory that can be written"
            ) from error
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if "locked" in str(error):
                raise _invalid(
                    f"the checkpoint file {self.path} is in use by another scan"
                ) from error
            raise _invalid(
                f"the checkpoint file {self.path} is damaged or cannot be written ({error}); it "
                "was left as it is. Restore it from a copy, or give another file to start anew"
            ) from error

    def _read(self, identity: dict[str, Any], width: int, count: float) -> None:
        """Check the file and read its rows, through a connection that cannot change it."""
        with self.path.open("rb") as file:
            header = file.read(100)
        if (
            header[:16] != _MAGIC[: len(header)]
            or header[68:72] != _APPLICATION_ID.to_bytes(4, "big")[: len(header[68:72])]
        ):
            raise _invalid(
                f"{self.path} is not the checkpoint of a scan; it was left as it is. "
                "Give the name of a checkpoint, or of a file that does not exist"
            )
        if len(header) < 100:
            raise sqlite3.DatabaseError(f"only {len(header)} bytes long")
        # without a write-ahead file nobody writes; "immutable" leaves no other files behind
        mode = "ro" if _beside(self.path, "-wal").exists() else "ro&immutable=1"
        database = sqlite3.connect(f"{self.path.as_uri()}?mode={mode}", uri=True, timeout=0)
        try:
            ((state,),) = database.execute("PRAGMA quick_check(1)").fetchall()
            if state != "ok":
                raise sqlite3.DatabaseError(state)
            self._check_meta(dict(database.execute("SELECT name, value FROM meta")), identity)
            tables = database.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL").fetchall()
            if sorted(tables) != [(table,) for table in _TABLES]:
                raise sqlite3.DatabaseError("its tables are not those of a checkpoint")
            keys, blobs = [], []
            query = "SELECT key, crc, data FROM results ORDER BY key"
            for key, check, data in database.execute(query):
                whole = isinstance(data, bytes) and len(data) == 8 * width
                if not whole or check != _crc(key, data) or not 0 <= key < count:
                    raise sqlite3.DatabaseError(f"the row {key} is not what was written")
                keys.append(key)
                blobs.append(data)
        finally:
            database.close()
        self.keys = np.array(keys, dtype=np.int64)
        self.rows = np.frombuffer(b"".join(blobs), dtype="<f8").reshape(len(keys), width)

    def _check_meta(self, meta: dict[str, Any], identity: dict[str, Any]) -> None:
        version = meta.get("version")
        if version != str(_VERSION):
            raise _invalid(
                f"the checkpoint file {self.path} has the format {brief(version)}; "
                f"this version of flavio_nusmeft reads '{_VERSION}'"
            )
        try:
            differing = differences(json.loads(meta["identity"]), identity)
        except (LookupError, TypeError, ValueError, RecursionError):
            raise sqlite3.DatabaseError("it does not say of which scan it is") from None
        if differing:
            more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
            raise _invalid(
                f"{self.path} is the checkpoint of another scan; it was left as it is. "
                f"Different are {'; '.join(differing[:_SHOWN])}{more}"
            )

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, isolation_level=None, timeout=0)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("BEGIN IMMEDIATE")  # takes the lock, and keeps it until closed
            ((rows,),) = database.execute("SELECT count(*) FROM results").fetchall()
            database.execute("ROLLBACK")
            if rows != len(self.keys):
                raise sqlite3.OperationalError("locked until now by another scan")
        except BaseException:
            database.close()
            raise
        _OPEN.add(self._real)
        # left by a connection without exclusive lock, as in _read; nobody can use it now
        _beside(self.path, "-shm").unlink(missing_ok=True)
        return database

    def add(self, rows: Mapping[int, NDArray[np.float64]]) -> None:
        """Write rows, all or none; when this returns, they survive the death of the process.

        Warns
        -----
        CheckpointWarning
            Once, if the file cannot be written, for example because the disk is full. The rows are
            kept, and tried again later and by `close`.
        """
        self._waiting.update(rows)
        if self._failed is None or time.monotonic() - self._failed > _RETRY:
            self._write()

    def _write(self) -> None:
        rows = []
        for key, row in self._waiting.items():
            data = np.asarray(row, dtype="<f8").tobytes()
            rows.append((key, _crc(key, data), data))
        try:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", rows)
            self._database.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            first, self._failed = self._failed is None, time.monotonic()
            if first:
                warnings.warn(
                    printable(
                        f"the checkpoint file {self.path} cannot be written ({error}): the scan "
                        "goes on in memory. The points written so far can be resumed; if there is "
                        "space again before the scan ends, the others will be written as well"
                    ),
                    CheckpointWarning,
                    stacklevel=4,
                )
        else:
            self._waiting.clear()

    def close(self) -> None:
        """Write what could not be written before, if possible, and close the file."""
        try:
            if self._waiting:
                self._write()
        finally:
            self._database.close()
            _OPEN.discard(self._real)

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _create(path: Path, identity: Mapping[str, Any]) -> None:
    """A checkpoint without rows, written at once; never in the place of an existing file."""
    with tempfile.TemporaryDirectory() as directory:
        complete = Path(directory) / "new"
        database = sqlite3.connect(complete, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            for table in _TABLES:
                database.execute(table)
            database.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                [("version", str(_VERSION)), ("identity", json.dumps(identity))],
            )
        finally:
            database.close()
        image = complete.read_bytes()
    with path.open("xb") as file:
        try:
            file.write(image)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            path.unlink()
            raise


def _invalid(message: str) -> InvalidCheckpoint:
    return InvalidCheckpoint(printable(message))


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _crc(key: int, data: bytes) -> int:
    return zlib.crc32(data, key & 0xFFFFFFFF)


def differences(stored: Any, wanted: Any, name: str = "") -> list[str]:
    """Which entries differ, by their names, with both values."""
    if isinstance(stored, dict) and isinstance(wanted, dict):
        found = []
        for key in {**stored, **wanted}:
            path = f"{name}.{key[:60]}" if name else key[:60]
            found += differences(stored.get(key), wanted.get(key), path)
        if not found and list(stored) != list(wanted):
            found = [f"the order of {name}: {', '.join(stored)} there, {', '.join(wanted)} here"]
        return found
    if json.dumps(stored) == json.dumps(wanted):  # text: nan equals itself
        return []
    return [f"{name or 'all'}: {_brief(stored)} there, {_brief(wanted)} here"]


def _brief(value: Any) -> str:
    if isinstance(value, list) and len(value) > 6:
        numbers = ", ".join(_brief(number)[:40] for number in value[:3])
        return f"[{numbers}, ... {_brief(value[-1])[:40]}] ({len(value)} values)"
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
