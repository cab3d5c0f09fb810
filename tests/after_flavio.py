"""Code in processes that have imported flavio and nothing of this package: forks of one of them.

The import of flavio takes longer than most tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path


class Runner:
    """Call it with code for a process of its own; warnings are errors there."""

    def __init__(self, folder: Path) -> None:
        self._output, self._error = folder / "stdout", folder / "stderr"
        # rundec, which flavio imports, warns on its own; Python >= 3.12 does at a fork with threads
        ignored = ("builtin type", "This process")
        flags = ["-Werror", *(f"-Wignore:{text}:DeprecationWarning" for text in ignored)]
        self._process = subprocess.Popen(
            [sys.executable, *flags, __file__, str(self._output), str(self._error)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end; what it returns and prints."""
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None
        assert replies is not None
        requests.write(json.dumps(code) + "\n")
        requests.flush()
        status = int(replies.readline())
        output, error = self._output.read_text("utf-8"), self._error.read_text("utf-8")
        return subprocess.CompletedProcess(code, status, output, error)

    def close(self) -> None:
        self._process.communicate()


def _run(code: str) -> None:
    """In the fork: like ``python -c``, with standard output and error in files."""
    for number, path in enumerate(sys.argv[1:], 1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    status = 0
    try:
        exec(code, {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.path[0] = ""  # as with python -c
    import flavio  # noqa: F401

    for line in sys.stdin:
        if not (child := os.fork()):
            _run(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
