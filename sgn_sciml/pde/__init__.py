"""Equations, one a file, and derivatives of networks. This room knows torch and scipy only."""

from sgn_sciml.pde.burgers import Burgers, cole_hopf
from sgn_sciml.pde.derivatives import Derivatives
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["Burgers", "Condition", "Derivatives", "Problem", "cole_hopf"]
