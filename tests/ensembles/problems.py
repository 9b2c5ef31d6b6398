"""Problems whose constants or initial states vary."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class PeriodicBurgers(Problem):
    """Burgers' equation on the unit interval, as the laws of benchmark data have it."""

    nu: float = 0.02
    time: float = 0.5

    law = "periodic_burgers"
    coordinates = ("x", "t")
    periodic = frozenset({"x"})
    conditions = (Condition("initial", {"t": 0.0}, lambda d: d.u - torch.cos(2 * torch.pi * d.x)),)

    @property
    def domain(self):
        return (0.0, 0.0), (1.0, self.time)

    def residual(self, d):
        return d.u_t + d.u * d.u_x - self.nu * d.u_xx


@dataclass(frozen=True)
class Confused(PeriodicBurgers):
    """A constant that is called as the field is."""

    u: float = 1.0


def still(*x):
    return torch.zeros_like(x[0])


@dataclass(frozen=True)
class Membrane(Problem):
    """A membrane under a load: its source is a constant that is a function."""

    load: Callable = still
    tension: float = 1.0

    law = "membrane"
    coordinates = ("x", "y")
    domain = ((0.0, 0.0), (1.0, 1.0))
    conditions = tuple(
        Condition(f"{n}{v:g}", {n: v}, lambda d: d.u) for n in "xy" for v in (0.0, 1.0)
    )

    def residual(self, d):
        return self.tension * (d.u_xx + d.u_yy) + self.load(d.x, d.y)


def bump(seed):
    """A user's own function from a seed."""
    k = 1 + seed % 3
    return lambda x: torch.sin(k * torch.pi * x)


def no_function(seed):
    return seed
