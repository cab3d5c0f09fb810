"""Files that can be written, and files that are written completely or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from ._inputs import as_path
from .errors import UnwritablePath

__all__ = ["check_writable", "write_files"]


def __dir__() -> list[str]:
    return sorted(__all__)


def check_writable(path: str | Path, directory: bool = False) -> Path:
    """Check that a file can be written, or files in a folder, which is made if it is missing.

    The file itself is neither made nor changed.

    Parameters
    ----------
    path : str or path-like
        File or folder.
    directory : bool, default False
        Whether it is a folder.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    UnwritablePath
    """
    path = as_path("the file to write", path)
    folder = path if directory else path.parent
    try:
        if directory:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritablePath(f"cannot write to {path}: {error.strerror}") from None
    if not folder.is_dir():
        raise UnwritablePath(f"cannot write {path}: there is no folder {folder}")
    if not directory and path.is_dir():
        raise UnwritablePath(f"cannot write {path}: it is a folder")
    # a new file is made beside an old one; devices are written to
    replaced = [path.resolve()] if path.is_file() else []
    for existing in [path] if _is_device(path) else [path.resolve().parent, *replaced]:
        if not os.access(existing, os.W_OK | (os.X_OK if existing.is_dir() else 0)):
            raise UnwritablePath(f"cannot write {path}: permission denied")
    return path


def write_files(contents: Mapping[Path, str | bytes], remove: Iterable[Path] = ()) -> None:
    """Write files, all or none.

    Whatever happens, an old file stays until the new ones are complete and on disk.

    Parameters
    ----------
    contents : mapping of path-like to str or bytes
        Of the files, text in UTF-8; they take their places in this order.
    remove : iterable of path-like, optional
        Files that do not belong to the new ones; removed before these take their places.

    Raises
    ------
    UnwritablePath
    """
    complete: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in contents.items():
            data = content.encode("utf-8") if isinstance(content, str) else content
            if _is_device(path):
                with path.open("wb") as stream:
                    stream.write(data)
                continue
            target = path.resolve()  # a link stays one
            temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
            complete[temporary] = target
            with temporary.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
        for path in remove:
            path.unlink(missing_ok=True)
        for path, target in complete.items():
            path.replace(target)
        for folder in {target.parent for target in complete.values()}:
            _sync_folder(folder)
    except OSError as error:
        raise UnwritablePath(f"cannot write {path}: {error.strerror}") from None
    finally:
        for temporary in complete:
            temporary.unlink(missing_ok=True)


def _is_device(path: Path) -> bool:
    """Whether a path is no place for a file, like /dev/stdout or a named pipe."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a loss of power, where the system can do that."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows has no such thing
        return
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems
            raise
    finally:
        os.close(number)
