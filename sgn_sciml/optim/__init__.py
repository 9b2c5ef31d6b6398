"""Optimisers that torch does not have."""

from sgn_sciml.optim.phases import OptimizerFactory, Phase, Phases
from sgn_sciml.optim.ssbfgs import SSBFGS

__all__ = ["SSBFGS", "OptimizerFactory", "Phase", "Phases"]
