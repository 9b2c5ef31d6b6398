"""The classes that a configuration can name without a path: imported here, listed for help."""

import inspect
import textwrap

from torch.optim import Optimizer

import sgn_sciml.callbacks
import sgn_sciml.geometry
import sgn_sciml.inr
import sgn_sciml.layers
import sgn_sciml.local_solver
import sgn_sciml.networks
import sgn_sciml.operators
import sgn_sciml.operators.families
import sgn_sciml.operators.networks
import sgn_sciml.operators.physics
import sgn_sciml.optim
import sgn_sciml.pde
import sgn_sciml.pinn
from sgn_sciml.geometry import Region
from sgn_sciml.inr.measurements import Measurement
from sgn_sciml.inr.points import Points
from sgn_sciml.inr.shapes import Shape
from sgn_sciml.inr.signals import SignalData
from sgn_sciml.layers.activations import Activation
from sgn_sciml.layers.boundaries import Boundary
from sgn_sciml.layers.encodings import Encoding
from sgn_sciml.layers.grids import Range
from sgn_sciml.metrics.physics import PhysicsMetric
from sgn_sciml.networks import CoordinateNetwork, OperatorNetwork
from sgn_sciml.operators.losses import FieldLoss
from sgn_sciml.operators.normalizers import Normalizer
from sgn_sciml.operators.pairing import Pairing
from sgn_sciml.operators.physics import LawResidual
from sgn_sciml.operators.splits import Split
from sgn_sciml.operators.symmetries import Symmetry
from sgn_sciml.optim import Schedule
from sgn_sciml.pde import Problem, Reference
from sgn_sciml.pde.conditions.word import ConditionWord
from sgn_sciml.pinn.resampling import Resampling
from sgn_sciml.pinn.sampling import Sampler
from sgn_sciml.pinn.weights.balancing import Balancing
from sgn_sciml.pinn.weights.point_weights import PointWeights
from sgn_sciml.runs import BaseTask

__all__ = ["SECTIONS", "class_list", "registered"]

# What a configuration can name, by the class that it must be of.
SECTIONS: dict[str, tuple[type, ...]] = {
    "tasks": (BaseTask,),
    "networks": (CoordinateNetwork,),
    "operators": (OperatorNetwork,),
    "activations": (Activation,),
    "encodings": (Encoding,),
    "spline ends": (Boundary, Range),
    "problems": (Problem,),
    "conditions": (ConditionWord,),
    "references": (Reference,),
    "regions": (Region,),
    "PINN terms": (Balancing, PointWeights),
    "PINN points": (Sampler, Resampling),
    "signals": (SignalData,),
    "shapes": (Shape,),
    "measured": (Measurement,),
    "points": (Points,),
    "pairs": (Pairing, Split, Normalizer),
    "losses": (FieldLoss,),
    "laws": (LawResidual,),
    "symmetries": (Symmetry,),
    "physics": (PhysicsMetric,),
    "optimisers": (Optimizer,),
    "schedules": (Schedule,),
}
# Bases of others, and what every run has without being asked.
NOT_NAMED = {"Adapter", "FourierScores", "SignalTask", "Solution"}
STANDARD = {
    "AverageFollows",
    "BestCheckpoint",
    "EndOfTraining",
    "FiniteLoss",
    "LastCheckpoint",
    "NonFiniteError",
    "StepProgress",
    "TimeBudget",
    "with_followers",
}
OTHERS = ("EMAWeightAveraging", "FieldFigures", "OperatorFigures", "SignalFigures")
WIDTH = 99
LABEL = 14


def registered(*bases: type) -> list[str]:
    """Names of the classes of this package that can be made and are of one of some classes."""
    found, left = set(), list(bases)
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        ours = kind.__module__.startswith("sgn_sciml.") and kind.__name__ not in NOT_NAMED
        if ours and kind not in bases and not inspect.isabstract(kind):
            found.add(kind.__name__)
    return sorted(name for name in found if not name.startswith("_"))


def class_list() -> str:
    """All of them, a paragraph per section, to print."""
    lines = []
    callbacks = sorted({*sgn_sciml.callbacks.__all__, *OTHERS} - STANDARD)
    named = {label: registered(*bases) for label, bases in SECTIONS.items()}
    named["networks"].append("your.Module")
    named["measured"].append("FrequencyWeighting")
    named["optimisers"] += ["torch.optim.*", "pytorch_optimizer.SOAP"]
    for label, names in {**named, "callbacks": callbacks}.items():
        text = ", ".join(names)
        lines += textwrap.wrap(
            text,
            WIDTH,
            initial_indent=f"  {label:<{LABEL}}",
            subsequent_indent=" " * (LABEL + 2),
        )
    return "\n".join(lines)
