"""Scans of a log-likelihood over coefficients, masses and other parameters.

- `grid`: the likelihood on a grid, or with ``profile`` its maximum over further variables: for
  contours in one or two variables
- `minimize`: the best fit, from several starting points, with errors or why there is none
- `sample`: a Markov chain, for posterior distributions in many variables
- `nested`: nested sampling, for evidences, Bayes factors and posteriors with several maxima

A log-likelihood is any picklable callable with an attribute ``variables`` (`LogLikelihood`).
With ``checkpoint``, a file, a scan that is repeated after it was interrupted or killed does the
missing points only, and its result is the same to the last bit. Results depend on the arguments
and ``seed`` alone, not on the executor or the order in which points are finished.

``executor`` is None (this process), a number of processes, or any executor of the interface of
``concurrent.futures``. In a script, calls with processes belong under
``if __name__ == "__main__":``. On a cluster, with dask-jobqueue::

    from dask.distributed import Client
    from dask_jobqueue import SLURMCluster

    cluster = SLURMCluster(
        cores=8,
        processes=8,
        memory="16GB",
        walltime="04:00:00",
        worker_extra_args=["--preload", "flavio_nusmeft"],
    )
    cluster.scale(jobs=20)
    with Client(cluster) as client:
        grid(function, axes, executor=client.get_executor(), checkpoint="scan.db")

or with MPI, started as ``mpiexec -n 64 python -m mpi4py.futures script.py``::

    from mpi4py.futures import MPIPoolExecutor

    with MPIPoolExecutor() as executor:
        grid(function, axes, executor=executor, checkpoint="scan.db")

Use one thread per process: flavio is not made for several. With dask, let the workers import the
package before they report for work (``--preload``; ``LocalCluster(preload=["flavio_nusmeft"])``):
the import blocks a worker for seconds, and on a busy machine dask takes it for lost. If a worker
dies, this is reported, and its points are done again; MPI however ends the whole job then: start it
again with the same checkpoint.
"""

from __future__ import annotations

from .evidence import Nested
from .grids import Grid, grid
from .minimum import minimize
from .nesting import nested
from .points import LogLikelihood
from .results import Minimum, Start
from .sampling import Chain, sample

__all__ = [
    "Chain",
    "Grid",
    "LogLikelihood",
    "Minimum",
    "Nested",
    "Start",
    "grid",
    "minimize",
    "nested",
    "sample",
]


def __dir__() -> list[str]:
    return sorted(__all__)
