"""An integral beside a derivative: u' + 2 u + 5 times the integral of u from 0 to x is 1."""

from dataclasses import dataclass

import torch

from sgn_sciml.pde import Dirichlet, Problem


@dataclass(frozen=True)
class Circuit(Problem):
    law = "circuit"
    coordinates = ("x",)
    domain = (0.0,), (5.0,)
    conditions = (Dirichlet("left"),)

    def residual(self, d):
        return d.u_x + 2 * d.u + 5 * d.integral("u", over="x", upper=d.x) - 1

    def exact(self, points):
        return torch.exp(-points) * torch.sin(2 * points) / 2
