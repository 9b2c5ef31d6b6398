"""A cloud that drifts and spreads: its speed and diffusivity from noisy observations."""

from dataclasses import dataclass

import torch

from sgn_sciml.pde import InitialValue, Problem


@dataclass(frozen=True)
class Cloud(Problem):
    speed: float = 0.5
    nu: float = 0.02

    law = "cloud"
    coordinates = ("x", "t")
    domain = (-1.0, 0.0), (2.0, 1.0)
    conditions = (InitialValue("exp(-10*x**2)"),)

    def residual(self, d):
        return d.u_t + self.speed * d.u_x - self.nu * d.u_xx

    def exact(self, points):
        x, t = points.split(1, -1)
        wide = 1 + 40 * self.nu * t
        return torch.exp(-10 * (x - self.speed * t) ** 2 / wide) / torch.sqrt(wide)
