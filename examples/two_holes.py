"""Poisson's equation on a square with two holes: one is held at a value, through one heat flows."""

from dataclasses import dataclass

import torch

from sgn_sciml.geometry import Box, Difference, Disk
from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class TwoHoles(Problem):
    """-(u_xx + u_yy) = 5 sin(x) cos(2 y), solved by u = sin(x) cos(2 y)."""

    law = "two_holes"
    coordinates = ("x", "y")
    grid = (101, 101)
    geometry = Difference(
        Box((0, 0), (3, 3), "walls"),
        (Disk((1, 1), 0.4, "cold"), Disk((2, 1.8), 0.5, "warm")),
    )

    def residual(self, d):
        return d.u_xx + d.u_yy + 5 * torch.sin(d.x) * torch.cos(2 * d.y)

    @property
    def conditions(self):
        return (
            Condition("held", on=("walls", "cold"), residual=lambda d: d.u - solution(d.x, d.y)),
            Condition("flow", on="warm", residual=lambda d: d.normal("u") - flow(d)),
        )

    def exact(self, points):
        return solution(*points.double().unbind(-1))[:, None]


def solution(x, y):
    return torch.sin(x) * torch.cos(2 * y)


def flow(d):
    u_x, u_y = torch.cos(d.x) * torch.cos(2 * d.y), -2 * torch.sin(d.x) * torch.sin(2 * d.y)
    return d.n_x * u_x + d.n_y * u_y
