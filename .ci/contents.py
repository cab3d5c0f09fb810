"""Check that a wheel and an sdist contain what they should: python .ci/contents.py DIST CHECKOUT.

The sdist has every file of the checkout, but for those of git and its servers; the wheel the
modules and the data, nothing else.
"""

from __future__ import annotations

import configparser
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

_OF_GIT = {".gitignore", ".pre-commit-config.yaml", ".zenodo.json"}


def main(dist: Path, checkout: Path) -> int:
    tracked = subprocess.run(["git", "-C", checkout, "ls-files"], check=True, capture_output=True)
    tracked_files = tracked.stdout.decode().splitlines()
    files = {name for name in tracked_files if not name.startswith(".github/")} - _OF_GIT
    config = configparser.ConfigParser()
    config.read(checkout / "setup.cfg")
    wrong = []
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        packed = {
            member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()
        }
    generated = {"PKG-INFO"} | {name for name in packed if ".egg-info/" in name}
    wrong += [f"not in the sdist: {name}" for name in sorted(files - packed)]
    wrong += [f"too much in the sdist: {name}" for name in sorted(packed - files - generated)]
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = _installed(files, config["options"]["package_dir"])
    wrong += [f"not in the wheel: {name}" for name in sorted(expected - packed)]
    wrong += [f"too much in the wheel: {name}" for name in sorted(packed - expected)]
    print(*wrong, sep="\n", end="\n" * bool(wrong))
    return bool(wrong)


def _installed(files: set[str], package_dir: str) -> set[str]:
    """Where files of the packages are in the wheel."""
    lines = (line.split("=") for line in package_dir.split("\n") if line)
    folders = {folder.strip(): package.strip().replace(".", "/") for package, folder in lines}
    result = set()
    for name in files:
        inside = [folder for folder in folders if name.startswith(f"{folder}/")]
        if inside:
            folder = max(inside, key=len)
            result.add(folders[folder] + name.removeprefix(folder))
    return result


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
