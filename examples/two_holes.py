"""Poisson's equation on a square with two holes: one is held at values, one at a flow."""

from dataclasses import dataclass

from torch import cos, sin

from sgn_sciml.geometry import Box, Difference, Disk
from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class TwoHoles(Problem):
    """-(u_xx + u_yy) = 5 sin(x) cos(2 y), solved by u = sin(x) cos(2 y)."""

    law, coordinates, grid = "two_holes", ("x", "y"), (101, 101)
    holes = Disk((1, 1), 0.4, "cold"), Disk((2, 1.8), 0.5, "warm")
    geometry = Difference(Box((0, 0), (3, 3), "walls"), holes)

    def residual(self, d):
        return d.u_xx + d.u_yy + 5 * solution(d.x, d.y)

    @property
    def conditions(self):
        return (
            Condition("held", on=("walls", "cold"), residual=lambda d: d.u - solution(d.x, d.y)),
            Condition("flow", on="warm", residual=lambda d: d.normal("u") - flow(d)),
        )

    def exact(self, points):
        return solution(*points.double().unbind(-1))[:, None]


def solution(x, y):
    return sin(x) * cos(2 * y)


def flow(d):
    return d.n_x * cos(d.x) * cos(2 * d.y) - 2 * d.n_y * sin(d.x) * sin(2 * d.y)
