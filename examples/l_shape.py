"""Laplace's equation on an L-shaped domain, whose corner makes the gradient infinite."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.geometry import Box
from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class LShape(Problem):
    """u = r^(2/3) sin(2 theta / 3) about the corner at the origin."""

    law = "l_shape"
    coordinates = ("x", "y")
    grid = (101, 101)
    geometry = Box((-1, -1), (1, 1)) - Box((0, -1), (1, 0), name="notch")

    def residual(self, d):
        return d.u_xx + d.u_yy

    @property
    def conditions(self):
        return (Condition("walls", on="boundary", residual=lambda d: d.u - corner(d.x, d.y)),)

    def exact(self, points):
        return corner(*points.double().unbind(-1))[:, None]


def corner(x, y):
    angle = math.pi - torch.atan2(y, -x)  # from 0 on the right wall of the corner to 3 pi / 2
    return (x * x + y * y) ** (1 / 3) * torch.sin(2 / 3 * angle)
