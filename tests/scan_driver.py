"""Runs a scan as a script, for tests that kill it: JSON in the argument, arrays in a file."""

from __future__ import annotations

import json
import sys

import scan_functions

scan_functions.without_flavio()  # also in the workers, which import this script


def main(job):
    import numpy as np

    from flavio_nusmeft import scan

    if "file_size" in job:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_size"], job["file_size"]))
    function = getattr(scan_functions, job["function"])(**job["options"])
    result = getattr(scan, job["scan"])(function, job["axes"], progress=False, **job["arguments"])
    if job["out"]:
        arrays = {"log_likelihood": result.log_likelihood}
        arrays |= {"chain": result.chain} if job["scan"] == "sample" else result.profiled
        with open(job["out"], "wb") as file:
            np.savez(file, **arrays)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
