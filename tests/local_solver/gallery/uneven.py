"""Jumps, spikes and unusual units in one coordinate."""

import math

import torch
from scipy.optimize import brentq

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.known import Known, Made


class Kink(Known):
    """A load that jumps at 1/3, off all dyadic edges."""

    law = "kink"
    coordinates = ("x",)
    domain = ((0.0,), (1.0,))
    conditions = (
        Condition("left", {"x": 0.0}, lambda d: d.u),
        Condition("right", {"x": 1.0}, lambda d: d.u - 1),
    )
    place = 1 / 3

    def residual(self, d):
        return d.u_xx - torch.where(d.x < self.place, torch.ones_like(d.x), -torch.ones_like(d.x))

    def known(self, x):
        a = self.place
        # u = x^2/2 + b x on the left, -x^2/2 + c x + e on the right, smooth to first order
        # a + b = -a + c;  a^2/2 + b a = -a^2/2 + c a + e;  -1/2 + c + e = 1
        e = -(a**2)
        c = 1.5 - e
        b = c - 2 * a
        return (torch.where(x < a, x**2 / 2 + b * x, -(x**2) / 2 + c * x + e),)


class KinkOnEdge(Kink):
    law = "kink_on_edge"
    place = 0.25


class Flux(Known):
    """Two fields: a coefficient of 1 and 1000, u continuous and its slope not; off edges."""

    law = "flux"
    coordinates = ("x",)
    fields = ("u", "q")
    domain = ((0.0,), (1.0,))
    conditions = (
        Condition("left", {"x": 0.0}, lambda d: d.u),
        Condition("right", {"x": 1.0}, lambda d: d.u - 1),
    )
    place = 0.3

    def residual(self, d):
        k = torch.where(d.x < self.place, 1.0, 1000.0)
        return [d.q - k * d.u_x, d.q_x]

    def known(self, x):
        a = self.place
        q = 1 / (a + (1 - a) / 1000)
        u = torch.where(x < a, q * x, 1 - q * (1 - x) / 1000)
        return u, q * torch.ones_like(x)


class Spike(Made):
    """A source of width 1e-3 far from where four boxes have their nodes."""

    law = "spike"
    coordinates = ("x",)
    domain = ((0.0,), (1.0,))

    def operator(self, d):
        return d.u_xx - d.u

    @property
    def conditions(self):
        return self.sides("u")

    def known(self, x):
        return (torch.sin(3 * x) + torch.exp(-(((x - 0.37) / 1e-3) ** 2)),)


class LateSpike(Made):
    """A pulse at t = 7.3 of width 1e-3."""

    law = "late_spike"
    coordinates = ("t",)
    domain = ((0.0,), (10.0,))

    def operator(self, d):
        return d.u_t + d.u

    @property
    def conditions(self):
        return self.start("u")

    def known(self, t):
        return (1 + torch.special.erf((t - 7.3) / 1e-3),)


class Huge(Known):
    """A solution of size 1e8."""

    law = "huge"
    coordinates = ("x",)
    domain = ((0.0,), (1e-6,))
    conditions = (
        Condition("left", {"x": 0.0}, lambda d: d.u - 1e8),
        Condition("right", {"x": 1e-6}, lambda d: d.u - 3e8),
    )

    def residual(self, d):
        return 1e-12 * d.u_xx - 9 * d.u

    def known(self, x):
        s = 3e6 * x
        return ((1e8 * torch.sinh(3 - s) + 3e8 * torch.sinh(s)) / math.sinh(3),)


class Tiny(Known):
    """A solution of size 1e-12."""

    law = "tiny"
    coordinates = ("x",)
    domain = ((0.0,), (1e4,))
    conditions = (
        Condition("left", {"x": 0.0}, lambda d: d.u - 1e-12),
        Condition("right", {"x": 1e4}, lambda d: d.u),
    )

    def residual(self, d):
        return 1e8 * d.u_xx - d.u

    def known(self, x):
        return (1e-12 * torch.sinh(1 - x / 1e4) / math.sinh(1),)


class TinyBratu(Known):
    """Bratu's problem in units in which its solution is of size 1e-9."""

    law = "tiny_bratu"
    coordinates = ("x",)
    domain = ((0.0,), (1.0,))
    conditions = (
        Condition("left", {"x": 0.0}, lambda d: d.u),
        Condition("right", {"x": 1.0}, lambda d: d.u),
    )

    def residual(self, d):
        return 1e9 * d.u_xx + 3 * torch.exp(1e9 * d.u)

    def known(self, x):
        theta = brentq(lambda s: s - math.sqrt(6) * math.cosh(s / 4), 1.0, 4.5, xtol=1e-15)
        return (-2e-9 * torch.log(torch.cosh((x - 0.5) * theta / 2) / math.cosh(theta / 4)),)
