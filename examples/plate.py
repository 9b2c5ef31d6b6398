"""A clamped plate under a load: fourth derivatives."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class Plate(Problem):
    law = "plate"
    coordinates = ("x", "y")
    imposed = frozenset({"left", "right", "bottom", "top"})
    domain = (0.0, 0.0), (1.0, 1.0)

    def residual(self, d):
        p, q = 2 * math.pi * d.x, 2 * math.pi * d.y
        load = 4 * torch.cos(p) * torch.cos(q) - torch.cos(p) - torch.cos(q)
        return d.u_xxxx + 2 * d.u_xxyy + d.u_yyyy - 4 * math.pi**4 * load

    @property
    def conditions(self):  # the slopes vanish, too, by impose
        return (
            Condition("left", {"x": 0.0}, lambda d: d.u),
            Condition("right", {"x": 1.0}, lambda d: d.u),
            Condition("bottom", {"y": 0.0}, lambda d: d.u),
            Condition("top", {"y": 1.0}, lambda d: d.u),
        )

    def impose(self, points, raw):
        x, y = points.split(1, -1)
        return (4 * x * (1 - x) * y * (1 - y)) ** 2 * raw

    def exact(self, points):
        return torch.sin(math.pi * points).square().prod(-1, keepdim=True)
