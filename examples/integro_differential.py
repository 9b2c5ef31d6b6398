"""An integral beside a derivative: u' + 2 u + 5 times the integral of u from 0 to x is 1."""

from dataclasses import dataclass

import torch

from sgn_sciml.pde import Dirichlet, Problem


@dataclass(frozen=True)
class Circuit(Problem):
    law = "circuit"
    coordinates = ("x",)
    fields = ("u", "i")  # i is the integral, a field of its own
    domain = (0.0,), (5.0,)
    conditions = (Dirichlet("left", field=("u", "i")),)

    def residual(self, d):
        return d.u_x + 2 * d.u + 5 * d.i - 1, d.i_x - d.u

    def exact(self, points):
        decay, angle = torch.exp(-points), 2 * points
        u = decay * torch.sin(angle) / 2
        i = (1 - decay * (torch.cos(angle) + torch.sin(angle) / 2)) / 5
        return torch.cat([u, i], -1)
