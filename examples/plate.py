"""A clamped plate under a load: fourth derivatives."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Dirichlet, Neumann, Problem


@dataclass(frozen=True)
class Plate(Problem):
    law = "plate"
    coordinates = ("x", "y")
    domain = (0.0, 0.0), (1.0, 1.0)
    conditions = Dirichlet("boundary"), Neumann("boundary")  # deflection and slope are zero

    def residual(self, d):
        p, q = 2 * math.pi * d.x, 2 * math.pi * d.y
        load = 4 * torch.cos(p) * torch.cos(q) - torch.cos(p) - torch.cos(q)
        return d.u_xxxx + 2 * d.u_xxyy + d.u_yyyy - 4 * math.pi**4 * load

    def exact(self, points):
        return torch.sin(math.pi * points).square().prod(-1, keepdim=True)
