"""What exports have in common: parameters and draws of them, and files that can be written."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import flavio

from ._inputs import as_path, brief, integer
from .batch import central_parameters, parameters_of
from .draws import check_seed, draw, seeded
from .errors import InvalidValue, UnwritablePath

__all__ = ["check_draws", "check_writable", "one_point", "parameter_draws", "write_files"]

_MOST = 10**9  # draws


def check_draws(draws: int, seed: int | None) -> int:
    """The number of draws: 0, or at least 2. The seed is checked as well, before any work is done.

    Raises
    ------
    InvalidValue
    """
    check_seed(seed)
    try:
        number = integer("draws", draws, 0, _MOST)
    except InvalidValue:
        number = 1
    if number == 1:
        raise InvalidValue(f"draws = {brief(draws)} must be 0 (no uncertainties) or at least 2")
    return number


def one_point(par: Mapping[str, float] | None) -> tuple[dict[str, float], dict[str, float]]:
    """The parameters that are given, and all: these and the central values of the others.

    Raises
    ------
    UnknownParameter, InvalidValue
    """
    arrays = parameters_of(par)
    for name, array in arrays.items():
        if array.ndim:
            raise InvalidValue(f"parameter {name} must be one number")
    parameters = central_parameters(arrays)
    return {name: parameters[name] for name in arrays}, parameters


def parameter_draws(n: int, fixed: Mapping[str, float], seed: int | None) -> list[dict[str, float]]:
    """Points drawn from ``flavio.default_parameters``, those of ``fixed`` at their values.

    Parameters
    ----------
    n : number of points
    seed : of numpy's global generator during the call; None takes the generator as it is
    """
    constraints = flavio.default_parameters
    with seeded(seed):
        points = draw(constraints, constraints.all_parameters, n)
    return [{**point, **fixed} for point in points]


def check_writable(path: str | Path, directory: bool = False) -> Path:
    """Check that a file can be written, or files in a folder, which is made if it is missing.

    The file itself is neither made nor changed.

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
    """Write files, all or none: whatever happens, an old file stays until the new ones are complete
    and on disk.

    Parameters
    ----------
    contents : of the files, text in UTF-8; they take their places in this order
    remove : files that do not belong to the new ones; removed before these take their places

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
