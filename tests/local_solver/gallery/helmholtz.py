"""Indefinite problems, waves in steady state."""

import math

import torch

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.elliptic import Plane

PI = math.pi


class Helmholtz20(Plane):
    """Indefinite, k = 20, a plane wave."""

    law = "helmholtz_20"
    k = 20.0

    def operator(self, d):
        return d.u_xx + d.u_yy + self.k**2 * d.u

    def known(self, x, y):
        return (torch.cos(self.k * (0.6 * x + 0.8 * y)),)


class Helmholtz50(Helmholtz20):
    law = "helmholtz_50"
    k = 50.0


class Impedance(Plane):
    """A plane wave in two parts through walls that let it pass, k = 20."""

    law = "impedance"
    fields = ("u", "v")
    k = 20.0

    def residual(self, d):
        return [d.u_xx + d.u_yy + self.k**2 * d.u, d.v_xx + d.v_yy + self.k**2 * d.v]

    @property
    def conditions(self):
        found = []
        for axis in "xy":
            for place, sign in ((0.0, -1.0), (1.0, 1.0)):
                found.append(Condition(f"{axis}{place}", {axis: place}, self.passing(axis, sign)))
        return tuple(found)

    def passing(self, axis, sign):
        def lack(d, at):
            u, v = at("u"), at("v")
            u_n, v_n = sign * at(f"u_{axis}"), sign * at(f"v_{axis}")
            return u_n + self.k * v, v_n - self.k * u

        def residual(d):
            here = lack(d, lambda name: getattr(d, name))
            there = lack(d, lambda name: self.at(d, name))
            return [a - b for a, b in zip(here, there, strict=True)]

        return residual

    def known(self, x, y):
        phase = self.k * (0.6 * x + 0.8 * y)
        return torch.cos(phase), torch.sin(phase)


class Resonance(Plane):
    """Helmholtz at an eigenvalue of the square: no unique solution."""

    law = "resonance"

    def operator(self, d):
        return d.u_xx + d.u_yy + 2 * PI**2 * d.u

    def known(self, x, y):
        return (torch.sin(PI * x) * torch.sin(2 * PI * y),)
