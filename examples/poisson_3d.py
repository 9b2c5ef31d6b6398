"""Poisson's equation in a cube."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Dirichlet, Problem


@dataclass(frozen=True)
class Cube(Problem):
    law = "poisson_3d"
    coordinates = ("x", "y", "z")
    grid = (33, 33, 33)
    domain = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    conditions = (Dirichlet("boundary"),)

    def residual(self, d):
        source = 3 * math.pi**2 * self.solution(d.x, d.y, d.z)
        return d.u_xx + d.u_yy + d.u_zz + source

    def solution(self, x, y, z):
        return torch.sin(math.pi * x) * torch.sin(math.pi * y) * torch.sin(math.pi * z)

    def exact(self, points):
        return self.solution(*points.split(1, -1))
