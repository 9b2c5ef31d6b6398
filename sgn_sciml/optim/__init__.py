"""Optimisers that torch does not have."""

from sgn_sciml.optim.phases import OptimizerFactory, Phase, Phases

__all__ = ["OptimizerFactory", "Phase", "Phases"]
