"""A cloud that drifts and spreads: its speed and diffusivity from noisy observations."""

from dataclasses import dataclass

import torch

from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class Cloud(Problem):
    speed: float = 0.5
    nu: float = 0.02

    law = "cloud"
    coordinates = ("x", "t")
    imposed = frozenset({"initial"})
    domain = (-1.0, 0.0), (2.0, 1.0)

    def residual(self, d):
        return d.u_t + self.speed * d.u_x - self.nu * d.u_xx

    @property
    def conditions(self):
        return (Condition("initial", {"t": 0.0}, lambda d: d.u - torch.exp(-10 * d.x**2)),)

    def impose(self, points, raw):
        x, t = points.split(1, -1)
        return torch.exp(-10 * x**2) + t * raw

    def exact(self, points):
        x, t = points.split(1, -1)
        wide = 1 + 40 * self.nu * t
        return torch.exp(-10 * (x - self.speed * t) ** 2 / wide) / torch.sqrt(wide)
