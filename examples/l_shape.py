"""Laplace's equation on an L-shaped domain: u = r^(2/3) sin(2 theta / 3) about its corner."""

import math
from dataclasses import dataclass

from torch import atan2, cat, sin, sqrt

from sgn_sciml.geometry import Box
from sgn_sciml.layers.encodings import Encoding
from sgn_sciml.pde import Dirichlet, Problem


class Polar(Encoding):
    """Root of the distance to the corner, where the gradient is infinite, and the direction."""

    def __init__(self):
        super().__init__(in_features=2, out_features=3)

    def forward(self, points):
        x, y = points[..., :1] - 1e-9, points[..., 1:]  # the corner itself has no direction
        r = sqrt(x * x + y * y)
        return cat([sqrt(r), x / r, y / r], -1)


@dataclass(frozen=True)
class LShape(Problem):
    law, coordinates, grid = "l_shape", ("x", "y"), (101, 101)
    geometry = Box((-1, -1), (1, 1)) - Box((0, -1), (1, 0), name="notch")
    conditions = (Dirichlet("boundary", lambda x, y: known(x, y)),)

    def residual(self, d):
        return (d.x**2 + d.y**2) * (d.u_xx + d.u_yy)  # else all weight lies on the corner

    def exact(self, points):
        return known(*points.double().T)[:, None]


def known(x, y):
    return (x * x + y * y) ** (1 / 3) * sin(math.pi / 2 + atan2(-x - y, y - x) / 1.5)
