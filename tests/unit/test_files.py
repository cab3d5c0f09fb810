"""Files are written completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nusmeft_cli import main

from flavio_nusmeft import _data, errors
from flavio_nusmeft._files import write_files
from flavio_nusmeft.exports.tables import Spectrum
from flavio_nusmeft.figures import files

resource = pytest.importorskip("resource")

SCALAR = str(_data.path("examples/scalar.yml"))
RUN = ["run", SCALAR, "--scale", "4.8", "--eft", "nuWET", "--basis", "JMS", "-o"]
POPXF = ["export", SCALAR, "--format", "popxf", "--given", "--observable", "BR(B+->Kinv)", "-o"]
OLD = "what was there before\n"


@contextlib.contextmanager
def full_disk():
    """No file can be longer than 10 bytes: writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def table(covariance: bool = True) -> Spectrum:
    matrix = np.diag([1e-14, 4e-14]) if covariance else None
    values = np.array([1e-7, 2e-7])
    return Spectrum("<dBR_SD/dq2>(B+->Kinv)", np.array([0.0, 4.0, 8.0]), values, matrix)


def svg(folder):
    from matplotlib.figure import Figure

    return files._save(Figure(), folder / "x.svg", {})


WRITERS = {
    "csv": lambda folder: table().to_csv(folder / "x.csv"),
    "hepdata": lambda folder: table().to_hepdata(folder),
    "figure": svg,
    "panels": lambda folder: files.write_figures(folder, ("current",), ("csv",), numbers=()),
    "run": lambda folder: main([*RUN, str(folder / "x.yml")]),
    "popxf": lambda folder: main([*POPXF, str(folder / "x.json")]),
}


def message(writer, folder, capsys) -> str:
    """The error of a writer that fails; a command prints it and returns 2."""
    try:
        assert writer(folder) == 2
    except errors.UnwritablePath as error:
        return str(error)
    return capsys.readouterr().err


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_no_pieces(name, tmp_path, capsys):
    new = tmp_path / "new"
    new.mkdir()
    with full_disk():  # not longer than the call: pytest writes as well
        text = message(WRITERS[name], new, capsys)
    assert "File too large" in text
    assert not list(new.iterdir())


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_replaces_whole_files(name, tmp_path, monkeypatch, capsys):
    """What is there is complete at every moment, until the new content is."""
    WRITERS[name](tmp_path)
    written = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert written
    for path in written:
        path.write_text(OLD)
    states = []

    def fsync(number):
        states.append({path: path.read_text() for path in written})
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        assert "No space left" in message(WRITERS[name], tmp_path, capsys)
    assert states == [dict.fromkeys(written, OLD)]
    assert {path: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(written, OLD)
    WRITERS[name](tmp_path)
    assert written.keys() == set(tmp_path.iterdir())


def test_death_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(OLD)
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "import scan_functions\nscan_functions.without_flavio()\n"
        "from flavio_nusmeft._files import write_files\n"
        "os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_files({Path(sys.argv[1]): 'new' * 10**6})"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", code, str(path)]
    result = subprocess.run(command, env=environment, check=False)
    assert result.returncode == -signal.SIGKILL
    assert path.read_text() == OLD


def test_several_files_together(tmp_path):
    """The second cannot be written: the first stays, too; what is stale goes with success only."""
    first, second, stale = tmp_path / "a", tmp_path / "folder", tmp_path / "stale"
    first.write_text(OLD)
    stale.write_text(OLD)
    with pytest.raises(errors.UnwritablePath, match="nowhere/b: No such file"):
        write_files({first: "new", tmp_path / "nowhere" / "b": "new"}, remove=[stale])
    assert first.read_text() == stale.read_text() == OLD
    write_files({first: "new", second: b"\0"}, remove=[stale, tmp_path / "absent"])
    assert first.read_text() == "new"
    assert second.read_bytes() == b"\0"
    assert {path.name for path in tmp_path.iterdir()} == {"a", "folder"}


def test_permissions_and_links_are_kept(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text(OLD)
    target.chmod(0o640)
    link.symlink_to(target)
    write_files({link: "new"})
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    mask = os.umask(0o027)
    try:
        write_files({tmp_path / "fresh": "new"})
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_devices_are_written_to(tmp_path):
    """They stay what they are."""
    with pytest.raises(errors.UnwritablePath, match="/dev/full: No space left"):
        table().to_csv("/dev/full")
    table().to_csv("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        table().to_csv(pipe)
        text = os.read(reader, 10**6).decode()
    finally:
        os.close(reader)
    table().to_csv(tmp_path / "x.csv")
    assert text == (tmp_path / "x.csv").read_bytes().decode()
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)


def test_second_submission_without_covariance(tmp_path):
    """A covariance of other numbers must not lie beside the table; other files stay."""
    (tmp_path / "notes.txt").write_text(OLD)
    assert {path.name for path in table().to_hepdata(tmp_path)} >= {"covariance.yaml"}
    written = table(covariance=False).to_hepdata(tmp_path)
    assert {path.name for path in written} == {"spectrum.yaml", "submission.yaml"}
    assert {path.name for path in tmp_path.iterdir()} == {
        "spectrum.yaml",
        "submission.yaml",
        "notes.txt",
    }


def test_a_file_that_no_submission_names_is_kept(tmp_path):
    (tmp_path / "covariance.yaml").write_text(OLD)
    table(covariance=False).to_hepdata(tmp_path)
    assert (tmp_path / "covariance.yaml").read_text() == OLD


def test_second_popxf_without_correlations(tmp_path, capsys):
    path, beside = tmp_path / "x.json", tmp_path / "x-corr.json"
    arguments = ["export", str(_data.path("examples/nuwet.yml")), "--format", "popxf", "--given"]
    arguments += ["--observable", "BR(B+->Kinv)", "-o", str(path)]
    assert main([*arguments, "--draws", "2"]) == 0
    assert beside.exists()
    assert main(arguments) == 0
    assert not beside.exists()
    beside.write_text(OLD)  # of someone else
    assert main(arguments) == 0
    assert beside.read_text() == OLD
