"""FitzHugh and Nagumo's nerve: a voltage that spreads, and its slow recovery."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class Nerve(Problem):
    spread: float = 0.05
    slowness: float = 0.2

    law = "fitzhugh_nagumo"
    coordinates = ("x", "t")
    fields = ("v", "w")
    imposed = frozenset({"voltage", "recovery"})
    domain = (0.0, 0.0), (1.0, 4.0)

    def residual(self, d):
        return {
            "voltage": d.v_t - self.spread * d.v_xx - d.v + d.v**3 / 3 + d.w - 0.3,
            "recovery": d.w_t - self.slowness * (d.v + 0.7 - 0.8 * d.w),
        }

    @property
    def conditions(self):
        return (
            Condition("voltage", {"t": 0.0}, lambda d: d.v - torch.cos(math.pi * d.x)),
            Condition("recovery", {"t": 0.0}, lambda d: d.w),
            Condition("left", {"x": 0.0}, lambda d: d.v_x),
            Condition("right", {"x": 1.0}, lambda d: d.v_x),
        )

    def impose(self, points, raw):
        x, t = points.split(1, -1)
        start = torch.cat([torch.cos(math.pi * x), torch.zeros_like(x)], -1)
        return start + t * raw
