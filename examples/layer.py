"""Advection and little diffusion: a layer of width 0.01 at the right end."""

from dataclasses import dataclass

import torch

from sgn_sciml.pde import Dirichlet, Problem


@dataclass(frozen=True)
class Layer(Problem):
    width: float = 0.01

    law = "layer"
    coordinates = ("x",)
    grid = (2001,)
    domain = (0.0,), (1.0,)
    conditions = (Dirichlet("boundary"),)

    def residual(self, d):
        return d.u_x - self.width * d.u_xx - 1

    def exact(self, points):
        return points - torch.exp((points - 1) / self.width)  # to 1e-43
