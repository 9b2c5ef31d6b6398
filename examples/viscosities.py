"""One network for a decade of viscosities: the logarithm of nu is a coordinate."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Burgers, Condition, Problem


@dataclass(frozen=True)
class AllBurgers(Problem):
    law = "burgers_of_nu"
    coordinates = ("x", "n", "t")  # nu = 10^n
    imposed = frozenset({"initial", "left", "right"})
    grid = (101, 6, 21)
    domain = (-1.0, -2.0, 0.0), (1.0, -1.0, 1.0)

    def residual(self, d):
        return d.u_t + d.u * d.u_x - 10**d.n * d.u_xx

    @property
    def conditions(self):
        return (
            Condition("initial", {"t": 0.0}, lambda d: d.u + torch.sin(math.pi * d.x)),
            Condition("left", {"x": -1.0}, lambda d: d.u),
            Condition("right", {"x": 1.0}, lambda d: d.u),
        )

    def impose(self, points, raw):
        x, _, t = points.split(1, -1)
        return t * (1 - x**2) * raw - torch.sin(math.pi * x)

    def exact(self, points):
        u = points.new_empty(len(points), 1)
        for n in points[:, 1].unique():
            rows = points[:, 1] == n
            u[rows] = Burgers(nu=10 ** n.item()).exact(points[rows][:, [0, 2]])
        return u
