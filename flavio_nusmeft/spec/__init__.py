"""Fits and scans that a file specifies, as the commands ``nusmeft fit`` and ``nusmeft scan`` do.

- `read`: a file in YAML; its `Spec` makes the log-likelihood (``spec.function()``,
  ``spec.bounds``)
- `fit`, `scan`: do it and write a folder, or go on where it was interrupted
- `load`: read such a folder

All keys but ``variables`` have defaults::

    dataset: current            # or paper2023
    alternatives: []            # measurements that replace members of the data set
    observables: [...]          # those to use; default: all of the data set
    belle2: path                # folder with the record of Belle II, relative to the file
    searches: peak              # for N: peak, visible, all, or a list of names, see `Searches`
    detectors: [Belle II, {name: mine, radius: 2, boost: 0.3}]  # of `LogLikelihood`; default: none
    fast: false                 # true: with theory uncertainties, see `likelihood`
    theory: SM                  # or NP, for fast likelihoods
    draws: 100                  # of the parameters, for fast likelihoods
    eft: nuSMEFT
    basis: FGMS
    scale: 1000                 # GeV
    options: {running: full}    # of running and matching, as for `NuWilson`
    parameters: {m_N2: 0.5}     # in place of flavio's central values
    fixed: {QN_2311: 1e-8}      # coefficients with fixed values; the others are 0
    variables:                  # coefficients, Im(coefficients) and parameters with their ranges
      LNQd_2123: [0, 1e-7]
      m_N1: [0, 2.3]
    seed: 0
    starts: 10                  # most starting points of every maximisation
    report:                     # of a fit, beside the best fit
      intervals: [LNQd_2123, {quantity: m_N1, cl: 0.9}]  # default: all variables
      limits: [BR(B0->K*inv), {quantity: LNQd_2123, cl: 0.95, method: profile, points: 13}]
      contours: [[m_N1, LNQd_2123]]  # or {variables: [...], cl: [0.6827], points: 25}
      pulls: true
    grid:                       # of a scan; variables that are not here are profiled
      LNQd_2123: [0, 1e-8, 2e-8]
      m_N1: {from: 0.1, to: 2.3, points: 20, log: true}
    chain: {steps: 1000, walkers: 32, discard: 250}  # of a scan, in place of a grid
    nested: {live: 500, dlogz: 0.1}  # or this: evidence and posterior

A parameter with an uncertainty in flavio keeps this as its prior when it is a variable; masses and
coefficients have flat priors. ``1e-8`` is a number here. An observable with arguments is a list,
``["<dBR/dq2>(B+->Kinv)", 4, 8]``.
"""

from __future__ import annotations

from .fitting import fit
from .scanning import load, scan
from .study import Spec, read

__all__ = ["Spec", "fit", "load", "read", "scan"]


def __dir__() -> list[str]:
    return sorted(__all__)
