"""Conditions: what vanishes where, written out or by words, and what is built in of them."""

from sgn_sciml.pde.conditions.condition import (
    Condition,
    FieldCondition,
    PairCondition,
    ScatteredCondition,
)
from sgn_sciml.pde.conditions.walls import SymmetricWall
from sgn_sciml.pde.conditions.word import Word
from sgn_sciml.pde.conditions.words import (
    Dirichlet,
    InitialValue,
    InitialVelocity,
    Neumann,
    PeriodicPair,
    PointValues,
    Robin,
)

__all__ = [
    "Condition",
    "Dirichlet",
    "FieldCondition",
    "InitialValue",
    "InitialVelocity",
    "Neumann",
    "PairCondition",
    "PeriodicPair",
    "PointValues",
    "Robin",
    "ScatteredCondition",
    "SymmetricWall",
    "Word",
]
