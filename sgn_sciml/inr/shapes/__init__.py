"""Shapes: analytic solids, and solids and surfaces from files as networks.

Start with :mod:`~sgn_sciml.inr.shapes.task` (the function), then
:mod:`~sgn_sciml.inr.shapes.losses` and :mod:`~sgn_sciml.inr.shapes.files`.
"""

from sgn_sciml.inr.shapes.formulas import Bracket, Gyroid, Shape, Sphere, Torus

__all__ = ["Bracket", "Gyroid", "Shape", "Sphere", "Torus"]
