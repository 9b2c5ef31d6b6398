"""Optimisers for small problems that torch.optim lacks, and their schedules."""

from sgn_sciml.optim.levenberg_marquardt import LevenbergMarquardt
from sgn_sciml.optim.muon import GroupAdam, MuonAdam
from sgn_sciml.optim.phases import OptimizerFactory, Phase, Phases
from sgn_sciml.optim.schedules import Cosine, Exponential, Linear, OneCycle, Schedule, StepDecay
from sgn_sciml.optim.ssbfgs import SSBFGS
from sgn_sciml.optim.ssbroyden import SSBroyden

__all__ = [
    "SSBFGS",
    "Cosine",
    "Exponential",
    "GroupAdam",
    "LevenbergMarquardt",
    "Linear",
    "MuonAdam",
    "OneCycle",
    "OptimizerFactory",
    "Phase",
    "Phases",
    "SSBroyden",
    "Schedule",
    "StepDecay",
]
