"""Poisson's equation in a cube."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Condition, Problem

FACES = [(name, value) for name in "xyz" for value in (0.0, 1.0)]


@dataclass(frozen=True)
class Cube(Problem):
    law = "poisson_3d"
    coordinates = ("x", "y", "z")
    imposed = frozenset(f"{name} = {value:g}" for name, value in FACES)
    grid = (33, 33, 33)
    domain = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def residual(self, d):
        source = 3 * math.pi**2 * self.solution(d.x, d.y, d.z)
        return d.u_xx + d.u_yy + d.u_zz + source

    @property
    def conditions(self):
        return tuple(Condition(f"{n} = {v:g}", {n: v}, lambda d: d.u) for n, v in FACES)

    def impose(self, points, raw):
        x, y, z = points.split(1, -1)
        return x * (1 - x) * y * (1 - y) * z * (1 - z) * raw

    def solution(self, x, y, z):
        return torch.sin(math.pi * x) * torch.sin(math.pi * y) * torch.sin(math.pi * z)

    def exact(self, points):
        return self.solution(*points.split(1, -1))
