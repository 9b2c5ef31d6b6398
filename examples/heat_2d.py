"""Heat in a plate: insulated sides, one that gives heat to the air, an exact solution."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import InitialValue, Neumann, Problem, Robin

K = 0.8603335890193797  # K tan K = 1


@dataclass(frozen=True)
class Heat(Problem):
    nu: float = 0.1

    law = "heat_2d"
    coordinates = ("x", "y", "t")
    grid = (33, 33, 21)
    domain = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    conditions = (
        InitialValue(lambda x, y: torch.cos(math.pi * x) * torch.cos(K * y)),
        Neumann(("left", "right", "bottom")),
        Robin("top"),  # u_y + u = 0
    )

    def residual(self, d):
        return d.u_t - self.nu * (d.u_xx + d.u_yy)

    def exact(self, points):
        x, y, t = points.split(1, -1)
        decay = torch.exp(-self.nu * (math.pi**2 + K**2) * t)
        return torch.cos(math.pi * x) * torch.cos(K * y) * decay
