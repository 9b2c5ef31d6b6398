"""Callbacks: read tensors, hand them to viz, send the result to every logger."""

from sgn_sciml.callbacks.budget import TimeBudget
from sgn_sciml.callbacks.card import Card
from sgn_sciml.callbacks.fields import FieldFigures, PredictionWriter
from sgn_sciml.callbacks.follow import FollowData
from sgn_sciml.callbacks.gates import GateEvolution
from sgn_sciml.callbacks.guard import FiniteLoss, LastCheckpoint, NonFiniteError
from sgn_sciml.callbacks.operators import OperatorFigures
from sgn_sciml.callbacks.predictions import SamplePredictionWriter
from sgn_sciml.callbacks.progress import StepProgress
from sgn_sciml.callbacks.progressive import ProgressiveFrequencies
from sgn_sciml.callbacks.signal_figures import SignalFigures
from sgn_sciml.callbacks.signals import SignalWriter
from sgn_sciml.callbacks.spectrum import SpectralErrorMap

__all__ = [
    "Card",
    "FieldFigures",
    "FiniteLoss",
    "FollowData",
    "GateEvolution",
    "LastCheckpoint",
    "NonFiniteError",
    "OperatorFigures",
    "PredictionWriter",
    "ProgressiveFrequencies",
    "SamplePredictionWriter",
    "SignalFigures",
    "SignalWriter",
    "SpectralErrorMap",
    "StepProgress",
    "TimeBudget",
]
