"""Equations, one a file.

This room knows torch, numpy, derivatives by their names, and of ``laws`` the time stepper.
"""

from sgn_sciml.pde.advection import Advection
from sgn_sciml.pde.allen_cahn import AllenCahn
from sgn_sciml.pde.burgers import Burgers, cole_hopf
from sgn_sciml.pde.cavity import Cavity
from sgn_sciml.pde.changed import Changed
from sgn_sciml.pde.conditions import (
    Condition,
    Dirichlet,
    InitialValue,
    InitialVelocity,
    Neumann,
    PeriodicPair,
    PointValues,
    Robin,
    SymmetricWall,
)
from sgn_sciml.pde.darcy import Darcy
from sgn_sciml.pde.helmholtz import Helmholtz
from sgn_sciml.pde.integrals import Average, Integral, integration_domain
from sgn_sciml.pde.kdv import KdV
from sgn_sciml.pde.kuramoto_sivashinsky import KuramotoSivashinsky
from sgn_sciml.pde.poisson import Poisson
from sgn_sciml.pde.poisson_2d import Poisson2D
from sgn_sciml.pde.problem import Problem
from sgn_sciml.pde.reaction_diffusion import ReactionDiffusion
from sgn_sciml.pde.reference import Reference
from sgn_sciml.pde.wave import Wave
from sgn_sciml.pde.window import Window

__all__ = [
    "PROBLEMS",
    "Advection",
    "AllenCahn",
    "Average",
    "Burgers",
    "Cavity",
    "Changed",
    "Condition",
    "Darcy",
    "Dirichlet",
    "Helmholtz",
    "InitialValue",
    "InitialVelocity",
    "Integral",
    "KdV",
    "KuramotoSivashinsky",
    "Neumann",
    "PeriodicPair",
    "PointValues",
    "Poisson",
    "Poisson2D",
    "Problem",
    "ReactionDiffusion",
    "Reference",
    "Robin",
    "SymmetricWall",
    "Wave",
    "Window",
    "cole_hopf",
    "integration_domain",
]

PROBLEMS: dict[str, type[Problem]] = {
    problem.law: problem
    for problem in (
        Advection,
        AllenCahn,
        Burgers,
        Cavity,
        Darcy,
        Helmholtz,
        KdV,
        KuramotoSivashinsky,
        Poisson,
        Poisson2D,
        ReactionDiffusion,
        Wave,
    )
}
