"""The nonlinear Schroedinger equation: real part u and imaginary part v of its field."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class Schroedinger(Problem):
    law = "schroedinger"
    coordinates = ("x", "t")
    fields = ("u", "v")
    periodic = frozenset({"x"})
    imposed = frozenset({"real", "imaginary"})
    grid = (128, 65)
    domain = (-5.0, 0.0), (5.0, 1.5707963267948966)

    def residual(self, d):
        square = d.u**2 + d.v**2
        return d.u_t + d.v_xx / 2 + square * d.v, d.v_t - d.u_xx / 2 - square * d.u

    @property
    def conditions(self):
        return (
            Condition("real", {"t": 0.0}, lambda d: d.u - start(d.x)),
            Condition("imaginary", {"t": 0.0}, lambda d: d.v),
        )

    def impose(self, points, raw):
        x, t = points.split(1, -1)
        return torch.cat([start(x), torch.zeros_like(x)], -1) + t * raw


def start(x):  # smooth across the ends, which 2 / cosh(x) is not
    return 2 * torch.exp(2 * torch.cos(math.pi / 5 * x) - 2)
