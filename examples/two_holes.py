"""Poisson's equation on a square with two holes: one is held at values, one at a flow."""

from dataclasses import dataclass

from torch import cos, sin

from sgn_sciml.geometry import Box, Difference, Disk
from sgn_sciml.pde import Dirichlet, Neumann, Problem


def solution(x, y):
    return sin(x) * cos(2 * y)


def flow(x, y, n_x, n_y):
    return n_x * cos(x) * cos(2 * y) - 2 * n_y * sin(x) * sin(2 * y)


@dataclass(frozen=True)
class TwoHoles(Problem):
    """-(u_xx + u_yy) = 5 sin(x) cos(2 y), solved by u = sin(x) cos(2 y)."""

    law, coordinates, grid = "two_holes", ("x", "y"), (101, 101)
    holes = Disk((1, 1), 0.4, "cold"), Disk((2, 1.8), 0.5, "warm")
    geometry = Difference(Box((0, 0), (3, 3), "walls"), holes)
    conditions = Dirichlet(("walls", "cold"), solution, name="held"), Neumann("warm", flow)

    def residual(self, d):
        return d.u_xx + d.u_yy + 5 * solution(d.x, d.y)

    def exact(self, points):
        return solution(*points.double().unbind(-1))[:, None]
