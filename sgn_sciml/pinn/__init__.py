"""Physics-informed networks: solve a differential equation with a network.

Start with :mod:`~sgn_sciml.pinn.task` (the loss), then :mod:`~sgn_sciml.pinn.collocation` (the
points). Equations are in :mod:`sgn_sciml.pde`, derivatives in :mod:`sgn_sciml.jets`.
"""

from sgn_sciml.system.extras import needed_by

with needed_by(__name__, "pinn"):
    from sgn_sciml.pinn.collocation import Collocation
    from sgn_sciml.pinn.description import SolutionData
    from sgn_sciml.pinn.exact import Exact
    from sgn_sciml.pinn.figures import FieldFigures
    from sgn_sciml.pinn.observations import Observations
    from sgn_sciml.pinn.resampling import R3, RAR, Resampling, ResidualAdaptive
    from sgn_sciml.pinn.sampling import Arcsine, LatinHypercube, Sampler, Sobol, Uniform
    from sgn_sciml.pinn.task import PINN
    from sgn_sciml.pinn.unknowns import Unknowns
    from sgn_sciml.pinn.weights.balancing import Balancing
    from sgn_sciml.pinn.weights.causal import Causal
    from sgn_sciml.pinn.weights.gradient_norm import GradientNorm
    from sgn_sciml.pinn.weights.ntk import NTK
    from sgn_sciml.pinn.weights.point_weights import PointWeights
    from sgn_sciml.pinn.weights.residual_attention import ResidualAttention
    from sgn_sciml.pinn.writer import PredictionWriter

__all__ = [
    "NTK",
    "PINN",
    "R3",
    "RAR",
    "Arcsine",
    "Balancing",
    "Causal",
    "Collocation",
    "Exact",
    "FieldFigures",
    "GradientNorm",
    "LatinHypercube",
    "Observations",
    "PointWeights",
    "PredictionWriter",
    "Resampling",
    "ResidualAdaptive",
    "ResidualAttention",
    "Sampler",
    "Sobol",
    "SolutionData",
    "Uniform",
    "Unknowns",
]
