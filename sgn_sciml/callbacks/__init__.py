"""Callbacks of any task: gates, spectral errors, guards, budgets, progress."""

from sgn_sciml.callbacks.averaging import AverageFollows, with_followers
from sgn_sciml.callbacks.best import BestCheckpoint
from sgn_sciml.callbacks.budget import TimeBudget
from sgn_sciml.callbacks.ending import EndOfTraining
from sgn_sciml.callbacks.gates import GateEvolution
from sgn_sciml.callbacks.guard import FiniteLoss, LastCheckpoint, NonFiniteError
from sgn_sciml.callbacks.progress import StepProgress
from sgn_sciml.callbacks.progressive import ProgressiveFrequencies
from sgn_sciml.callbacks.selection import SelectActivations
from sgn_sciml.callbacks.spectrum import SpectralErrorMap
from sgn_sciml.callbacks.spline_grids import FollowData
from sgn_sciml.system.moved import former_names

__all__ = [
    "AverageFollows",
    "BestCheckpoint",
    "EndOfTraining",
    "FiniteLoss",
    "FollowData",
    "GateEvolution",
    "LastCheckpoint",
    "NonFiniteError",
    "ProgressiveFrequencies",
    "SelectActivations",
    "SpectralErrorMap",
    "StepProgress",
    "TimeBudget",
    "with_followers",
]

__getattr__ = former_names(__name__, "pinn", "operators", "inr", "runs")
