"""Physics-informed operators: the residual of a law as a loss, beside data or in their place.

Start with :mod:`~sgn_sciml.operators.physics.residuals`.
"""

from sgn_sciml.operators.physics.residuals import BurgersLaw, DarcyLaw, LawResidual
from sgn_sciml.operators.physics.task import PhysicsInformedOperator
from sgn_sciml.operators.physics.tuning import InstanceTuning

__all__ = ["BurgersLaw", "DarcyLaw", "InstanceTuning", "LawResidual", "PhysicsInformedOperator"]
