"""Runs a scan as a script, for tests that kill it: JSON in the argument, arrays in a file."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback

import scan_functions

scan_functions.without_flavio()  # also in the workers, which import this script


def dask_client(allowed_failures):
    """A client of two processes; the argument says how often dask tries a task again."""
    import dask
    import distributed

    class WithoutFlavio(distributed.WorkerPlugin):
        """Also for the workers that are started later."""

        def setup(self, worker):
            scan_functions.without_flavio()

    dask.config.set({"distributed.scheduler.allowed-failures": allowed_failures})
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    )
    client = distributed.Client(cluster)
    client.register_plugin(WithoutFlavio())
    return client


def main(job):
    import numpy as np

    from flavio_nusmeft.inference import scan

    if "file_size" in job:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_size"], job["file_size"]))
    arguments = job["arguments"]
    if "allowed_failures" in job:
        arguments["executor"] = dask_client(job["allowed_failures"]).get_executor()
    function = getattr(scan_functions, job["function"])(**job["options"])
    arguments.setdefault("progress", False)
    result = getattr(scan, job["scan"])(function, job["axes"], **arguments)
    if job["out"]:
        arrays = {"log_likelihood": result.log_likelihood}
        if job["scan"] == "grid":
            arrays |= result.profiled
        else:
            arrays["points"] = result.chain if job["scan"] == "sample" else result.samples
        with open(job["out"], "wb") as file:
            np.savez(file, **arrays)


if __name__ == "__main__":
    # a process that nohup or a shell has started in the background inherits an ignored Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    job = json.loads(sys.argv[1])
    status = 0
    try:
        main(job)
    except Exception:
        traceback.print_exc()
        status = 1
    if "allowed_failures" in job:
        # dask may fail or hang if it is closed while it replaces a worker; its workers end anyhow
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
