"""Advection and little diffusion: a layer of width 0.01 at the right end."""

from dataclasses import dataclass

import torch

from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class Layer(Problem):
    width: float = 0.01

    law = "layer"
    coordinates = ("x",)
    imposed = frozenset({"left", "right"})
    grid = (2001,)
    domain = (0.0,), (1.0,)

    def residual(self, d):
        return d.u_x - self.width * d.u_xx - 1

    @property
    def conditions(self):
        return (
            Condition("left", {"x": 0.0}, lambda d: d.u),
            Condition("right", {"x": 1.0}, lambda d: d.u),
        )

    def impose(self, points, raw):
        return points * (1 - points) * raw

    def exact(self, points):
        return points - torch.exp((points - 1) / self.width)  # to 1e-43
