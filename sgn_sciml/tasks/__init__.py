"""Tasks: LightningModules that join a network, a problem and metrics."""

from sgn_sciml.tasks.balancing import Balancing
from sgn_sciml.tasks.base import BaseTask
from sgn_sciml.tasks.causal import Causal
from sgn_sciml.tasks.gradient_norm import GradientNorm
from sgn_sciml.tasks.inr import INR
from sgn_sciml.tasks.measurements import Gradients, LineIntegrals, Samples
from sgn_sciml.tasks.ntk import NTK
from sgn_sciml.tasks.operator import Operator
from sgn_sciml.tasks.pinn import PINN
from sgn_sciml.tasks.point_weights import PointWeights
from sgn_sciml.tasks.residual_attention import ResidualAttention
from sgn_sciml.tasks.unknowns import Unknowns

__all__ = [
    "INR",
    "NTK",
    "PINN",
    "Balancing",
    "BaseTask",
    "Causal",
    "GradientNorm",
    "Gradients",
    "LineIntegrals",
    "Operator",
    "PointWeights",
    "ResidualAttention",
    "Samples",
    "Unknowns",
]
