"""Equations, one a file. This room knows torch and scipy only, and derivatives by their names."""

from sgn_sciml.pde.burgers import Burgers, cole_hopf
from sgn_sciml.pde.problem import Condition, Problem
from sgn_sciml.pde.window import Window

__all__ = ["Burgers", "Condition", "Problem", "Window", "cole_hopf"]
