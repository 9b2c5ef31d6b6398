"""Statements with a slip: refused by its name, or solved as it was meant."""

import math

import torch

from sgn_sciml.pde import Problem
from tests.local_solver.gallery.illposed import Heat


class Text(Heat):
    """A parameter that came as text."""

    law = "text"
    nu = "0.1"
    exact = Problem.exact

    def residual(self, d):
        return d.u_t - self.nu * d.u_xx


class Single(Heat):
    """Tensors of single precision within."""

    law = "single"

    def residual(self, d):
        return d.u_t - torch.tensor([1.0]) * d.u_xx


class Column(Heat):
    """A residual of shape (N, 1)."""

    law = "column"
    exact = Problem.exact

    def residual(self, d):
        return (d.u_t - d.u_xx)[:, None]


class Typing(Heat):
    """A field that does not exist."""

    law = "typing"
    exact = Problem.exact

    def residual(self, d):
        return d.u_t - d.w_xx


class Nonsense(Heat):
    """An empty domain."""

    law = "nonsense"
    domain = ((0.0, 0.5), (1.0, 0.5))
    exact = Problem.exact


class Reversed(Heat):
    """Corners in the wrong order."""

    law = "reversed"
    domain = ((1.0, 0.0), (0.0, 0.5))
    exact = Problem.exact


class Infinite(Heat):
    law = "infinite"
    domain = ((0.0, 0.0), (math.inf, 0.5))
    exact = Problem.exact


class FifthOrder(Heat):
    """Kawahara's order."""

    law = "fifth_order"
    exact = Problem.exact

    def residual(self, d):
        return d.u_t - d.u_xxxxx


class ThirdInTime(Heat):
    law = "third_in_time"
    exact = Problem.exact

    def residual(self, d):
        return d.u_ttt - d.u_xx


class NoEquation(Heat):
    """The equation does not hold the second field."""

    law = "no_equation"
    fields = ("u", "v")
    exact = Problem.exact
