"""The checkpoint file: nothing is lost, nothing foreign is touched."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from flavio_nusmeft.errors import CheckpointWarning, InvalidCheckpoint
from flavio_nusmeft.inference.scan.checkpoint import Checkpoint

IDENTITY = {"scan": "grid", "axes": {"C": [0.1, 0.2], "m": [1.0]}, "seed": 0}
ROWS = {3: np.array([1.5, -np.inf]), 0: np.array([np.nan, 5e-324])}


@pytest.fixture
def path(tmp_path):
    with Checkpoint(tmp_path / "scan.db", IDENTITY, 2) as checkpoint:
        checkpoint.add(ROWS)
    return tmp_path / "scan.db"


def files(directory):
    return {file.name: file.read_bytes() for file in directory.iterdir()}


def refused(path, message, identity=IDENTITY, width=2, count=math.inf):
    """The file is refused in one printable line, and no file in its directory changes."""
    before = files(path.parent)
    with pytest.raises(InvalidCheckpoint, match=message) as error:
        Checkpoint(path, identity, width, count)
    assert str(error.value).isprintable()
    after = files(path.parent)
    assert before == {name: after[name] for name in before}
    assert set(after) - set(before) <= {f"{path.name}-shm"}  # SQLite's, if there is a -wal


def test_rows_come_back_bit_by_bit(path):
    with Checkpoint(path, IDENTITY, 2) as checkpoint:
        assert checkpoint.keys.tolist() == [0, 3]
        assert checkpoint.rows.tobytes() == np.array([ROWS[0], ROWS[3]]).tobytes()
        checkpoint.add({1: np.array([0.1, 0.2])})
    assert list(files(path.parent)) == ["scan.db"]
    with Checkpoint(path, IDENTITY, 2) as checkpoint:
        assert checkpoint.keys.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed: 0 there, 1 here"),
        ({"axes": {"C": [0.1, 0.3], "m": [1.0]}}, r"axes\.C: \[0\.1, 0\.2\] there"),
        ({"axes": {"m": [1.0], "C": [0.1, 0.2]}}, "the order of axes: C, m there, m, C here"),
        ({"axes": {"C": [0.1, 0.2]}}, r"axes\.m: \[1\.0\] there, null here"),
        ({"axes": {"C": list(range(20)), "m": [1.0]}}, r"\(20 values\) here"),
        ({"scan": "sample"}, 'scan: "grid" there, "sample" here'),
    ],
)
def test_other_scan(path, change, message):
    refused(path, message, IDENTITY | change)


def test_other_width(path):
    refused(path, "row 0 is not what was written", width=3)


@pytest.mark.parametrize(
    "content", [b"", b"C,m,nu\n1,2,3\n", b"SQLite format 3\0", b"\0" * 5000], ids=repr
)
def test_other_kind_of_file(tmp_path, content):
    (tmp_path / "notes").write_bytes(content)
    refused(tmp_path / "notes", "not the checkpoint of a scan|damaged")


def test_other_database(tmp_path):
    database = sqlite3.connect(tmp_path / "other.db")
    database.execute("CREATE TABLE results (key)")
    database.close()
    refused(tmp_path / "other.db", "not the checkpoint of a scan")


def test_other_version(path):
    database = sqlite3.connect(path)
    database.execute("UPDATE meta SET value = '2' WHERE name = 'version'")
    database.commit()
    database.close()
    refused(path, "format '2'; this version of flavio_nusmeft reads '1'")


def altered(path, *statements):
    database = sqlite3.connect(path)
    for statement in statements:
        database.execute(*statement) if isinstance(statement, tuple) else database.execute(
            statement
        )
    database.commit()
    database.close()


@pytest.mark.parametrize("value", ["NULL", "12", "1.5", "'abcdefghabcdefgh'", "x'00'", "''"])
@pytest.mark.parametrize("column", ["data", "crc"])
def test_other_value_in_a_row(path, column, value):
    altered(path, f"UPDATE results SET {column} = {value} WHERE key = 3")
    refused(path, "the row 3 is not what was written")


def test_text_that_is_none(path):
    altered(path, ("UPDATE results SET data = CAST(? AS TEXT)", (b"\xff\n\x1b" * 5,)))
    refused(path, "damaged")


@pytest.mark.parametrize("key", [-1, 4, 2**62])
def test_key_of_no_point(path, key):
    """With the checksum that belongs to it."""
    data = bytes(16)
    row = (key, zlib.crc32(data, key & 0xFFFFFFFF), data)
    altered(path, ("INSERT INTO results VALUES (?, ?, ?)", row))
    refused(path, f"the row {key} is not what was written", count=4)


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE results"],
        ["DROP TABLE results", "CREATE TABLE results (key TEXT, crc, data)"],
        ["ALTER TABLE results RENAME TO old", "CREATE VIEW results AS SELECT * FROM old"],
        ["CREATE TRIGGER t BEFORE INSERT ON results BEGIN SELECT RAISE(ABORT, 'a\nb'); END"],
    ],
)
def test_other_tables(path, statements):
    altered(path, *statements)
    refused(path, "its tables are not those of a checkpoint")


@pytest.mark.parametrize("value", ["a\nb\x1b[31m", "x" * 10_000, b"1", None])
def test_format_that_does_not_exist(path, value):
    altered(path, ("UPDATE meta SET value = ? WHERE name = 'version'", (value,)))
    refused(path, "has the format .{1,60}; this version of flavio_nusmeft reads '1'")


@pytest.mark.parametrize("text", [None, "", "[" * 100_000, '{"a":' * 3000, "1" * 5000, b"\xff"])
def test_identity_that_is_none(path, text):
    altered(path, ("UPDATE meta SET value = ? WHERE name = 'identity'", (text,)))
    refused(path, "it does not say of which scan it is")


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([], r"all: \[\] there, "),
        ({**IDENTITY, "a\x1b[31m\nb": 1}, r"a\?\[31m b: 1 there, null here$"),
        ({**IDENTITY, "\ud800" * 100: 1}, r"\?{60}: 1 there, null here$"),
        ({**IDENTITY, "seed": ["\x9b", "\u202e", 1, 2, 3, 4, "z" * 999]}, r".z{39}\] \(7 values"),
        ({f"v{i}": i for i in range(99)} | IDENTITY, r"v9: 9 there, null here and 89 more$"),
    ],
)
def test_identity_with_control_characters(path, stored, message):
    altered(path, ("UPDATE meta SET value = ? WHERE name = 'identity'", (json.dumps(stored),)))
    refused(path, message)


def test_truncated(path):
    content = path.read_bytes()
    for length in range(1, len(content), 97):
        path.write_bytes(content[:length])
        refused(path, "not the checkpoint|damaged")


def test_changed_bytes(path, rng):
    """A changed byte is noticed, or it is one that does not matter."""
    content = path.read_bytes()
    noticed = 0
    for position in rng.choice(len(content), 400, replace=False):
        changed = bytearray(content)
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        try:
            with Checkpoint(path, IDENTITY, 2) as checkpoint:
                assert checkpoint.keys.tolist() == [0, 3]
                assert checkpoint.rows.tobytes() == np.array([ROWS[0], ROWS[3]]).tobytes()
        except InvalidCheckpoint:
            noticed += 1
            assert path.read_bytes() == changed
    assert noticed > 5  # most of the file is empty
    data = content.index(ROWS[3].tobytes())
    path.write_bytes(content[:data] + b"\x01" + content[data + 1 :])
    refused(path, "row 3 is not what was written")


def script(code):
    """Run code in another process; its stderr."""
    return subprocess.run(
        [sys.executable, "-c", "import scan_functions as s; s.without_flavio(); " + code],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
    ).stderr


def test_in_use(path):
    with Checkpoint(path, IDENTITY, 2) as checkpoint:
        checkpoint.add({1: np.zeros(2)})
        # not by its bytes: a process that opens and closes a file drops its locks on it
        before = [(entry.name, entry.stat()) for entry in os.scandir(path.parent)]
        for _ in range(2):
            with pytest.raises(InvalidCheckpoint, match="in use by another scan"):
                Checkpoint(path, IDENTITY, 2)
            assert "in use by another scan" in script(
                "from flavio_nusmeft.inference.scan.checkpoint import Checkpoint; "
                f"Checkpoint({str(path)!r}, {IDENTITY!r}, 2)"
            )
        after = {entry.name: entry.stat() for entry in os.scandir(path.parent)}
        for name, stat in before:
            assert (after[name].st_size, after[name].st_mtime_ns) == (
                stat.st_size,
                stat.st_mtime_ns,
            )
        checkpoint.add({2: np.zeros(2)})
    with Checkpoint(path, IDENTITY, 2) as checkpoint:
        assert checkpoint.keys.tolist() == [0, 1, 2, 3]


def test_foreign_after_kill(path, tmp_path):
    """The newest rows are in the -wal file then; it is left alone, and read by the right scan."""
    script(
        "import os, numpy as np; from flavio_nusmeft.inference.scan.checkpoint import Checkpoint; "
        f"c = Checkpoint({str(path)!r}, {IDENTITY!r}, 2); c.add({{7: np.ones(2)}}); "
        "os.kill(os.getpid(), 9)"
    )
    assert len(files(tmp_path)["scan.db-wal"]) > 0
    refused(path, "seed", IDENTITY | {"seed": 2})
    with Checkpoint(path, IDENTITY, 2) as checkpoint:
        assert checkpoint.keys.tolist() == [0, 3, 7]
    assert list(files(tmp_path)) == ["scan.db"]


@pytest.mark.parametrize(
    "name", ["missing/scan.db", "file/scan.db", "", "/dev/full", "x" * 300, "\0"]
)
def test_unusable_path(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidCheckpoint):
        Checkpoint(tmp_path / name, IDENTITY, 2)
    assert list(files(tmp_path)) == ["file"]


def test_identity_is_readable(path):
    """With any SQLite client."""
    database = sqlite3.connect(path)
    ((text,),) = database.execute("SELECT value FROM meta WHERE name = 'identity'").fetchall()
    database.close()
    assert json.loads(text) == IDENTITY


@pytest.mark.parametrize("wait", [0.0, 1e6])
def test_writes_again_when_there_is_space(path, monkeypatch, wait):
    """RLIMIT_FSIZE makes the kernel refuse writes, as on a full disk."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr("flavio_nusmeft.inference.scan.checkpoint._RETRY", wait)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Checkpoint(path, IDENTITY, 2) as checkpoint:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, unlimited[1]))
        try:
            with pytest.warns(CheckpointWarning, match="cannot be written"):
                checkpoint.add({10: np.full(2, 10)})
            for key in range(11, 20):
                checkpoint.add({key: np.full(2, key)})  # no further warnings
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        checkpoint.add({20: np.full(2, 20)})
        written = path.with_name(f"{path.name}-wal").stat().st_size > 4000
        assert written == (wait == 0.0)
    with Checkpoint(path, IDENTITY, 2) as checkpoint:
        assert checkpoint.keys.tolist() == [0, 3, *range(10, 21)]
