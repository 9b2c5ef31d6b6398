"""Heat in a plate: insulated sides, one that gives heat to the air, an exact solution."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Condition, Problem

K = 0.8603335890193797  # K tan K = 1


@dataclass(frozen=True)
class Heat(Problem):
    nu: float = 0.1

    law = "heat_2d"
    coordinates = ("x", "y", "t")
    grid = (33, 33, 21)
    domain = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def residual(self, d):
        return d.u_t - self.nu * (d.u_xx + d.u_yy)

    @property
    def conditions(self):  # beside the start, which is in impose
        return (
            Condition("left", {"x": 0.0}, lambda d: d.u_x),
            Condition("right", {"x": 1.0}, lambda d: d.u_x),
            Condition("bottom", {"y": 0.0}, lambda d: d.u_y),
            Condition("top", {"y": 1.0}, lambda d: d.u_y + d.u),
        )

    def impose(self, points, raw):
        x, y, t = points.split(1, -1)
        return torch.cos(math.pi * x) * torch.cos(K * y) + t * raw

    def exact(self, points):
        decay = torch.exp(-self.nu * (math.pi**2 + K**2) * points[:, 2:])
        return self.impose(points, 0 * decay) * decay
