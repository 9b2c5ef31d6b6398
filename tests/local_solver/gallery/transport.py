"""Systems and single equations of first order in space and time."""

import math

import torch

from sgn_sciml.pde import Condition, Problem
from tests.local_solver.gallery.known import Made
from tests.local_solver.gallery.waves import OneWave

PI = math.pi
LEFT = {"x": 0.0}
RIGHT = {"x": 1.0}
INITIAL = {"t": 0.0}


class Transport(OneWave):
    """Of first order, one condition at the inflow, a coefficient that varies."""

    law = "transport"

    @property
    def conditions(self):
        return (*self.start("u"), self.given("u", x=0.0))

    def residual(self, d):
        return d.u_t + (1 + d.x) * d.u_x

    def known(self, x, t):
        return (torch.sin(6 * (torch.log(1 + x) - t)),)


class BothEnds(Transport):
    """A condition at the outflow, too, which contradicts: there is no solution."""

    law = "both_ends"

    @property
    def conditions(self):
        return (
            *super().conditions,
            Condition("outflow", RIGHT, lambda d: d.u - 0.5 * d.t - self.at(d, "u")),
        )


class OutflowAgrees(Transport):
    """One at the outflow that agrees."""

    law = "outflow_agrees"

    @property
    def conditions(self):
        return (*super().conditions, self.given("u", x=1.0))


class WrongEnd(Transport):
    """The condition is at the outflow instead of the inflow: ill-posed."""

    law = "wrong_end"

    @property
    def conditions(self):
        return (*self.start("u"), self.given("u", x=1.0))


class Maxwell(OneWave):
    """E and H between a conductor and an open end."""

    law = "maxwell"
    fields = ("E", "H")

    @property
    def conditions(self):
        return (
            *self.start("E", "H"),
            Condition("conductor", LEFT, lambda d: d.E),
            Condition("open", RIGHT, lambda d: d.E - d.H - self.at(d, "E") + self.at(d, "H")),
        )

    def residual(self, d):
        return {"E": d.E_t + d.H_x, "H": d.H_t + d.E_x}

    def known(self, x, t):
        return torch.sin(9 * x) * torch.sin(9 * t), torch.cos(9 * x) * torch.cos(9 * t)


class Light(OneWave):
    """Maxwell in SI units: a wave of 1 micrometre between two plates, for ten periods."""

    law = "light"
    fields = ("E", "H")
    domain = ((0.0, 0.0), (1e-6, 3.3356409519815204e-14))
    eps, mu = 8.8541878128e-12, 1.25663706212e-6

    @property
    def conditions(self):
        return (*self.start("E", "H"), *self.sides("E"))

    def residual(self, d):
        return {"E": self.eps * d.E_t + d.H_x, "H": self.mu * d.H_t + d.E_x}

    def known(self, x, t):
        k = 2e6 * PI
        w = k / math.sqrt(self.eps * self.mu)
        impedance = math.sqrt(self.mu / self.eps)
        e = torch.sin(k * x) * torch.sin(w * t)
        return e, torch.cos(k * x) * torch.cos(w * t) / impedance


class Acoustics(OneWave):
    """Pressure and velocity in air, in SI units: 1.2 kg/m^3 and 340 m/s, two periods."""

    law = "acoustics"
    fields = ("p", "u")
    domain = ((0.0, 0.0), (1.0, 0.0118))

    @property
    def conditions(self):
        return (*self.start("p", "u"), *self.sides("u"))

    def residual(self, d):
        return {"p": d.p_t + 1.2 * 340**2 * d.u_x, "u": 1.2 * d.u_t + d.p_x}

    def known(self, x, t):
        w = 340 * PI * t
        p = 101325 + torch.cos(PI * x) * torch.cos(w)
        return p, torch.sin(PI * x) * torch.sin(w) / (1.2 * 340)


class ShallowWater(OneWave, Made):
    """Height and velocity, subcritical: one condition at each wall."""

    law = "shallow_water"
    fields = ("h", "u")

    @property
    def conditions(self):
        return (*self.start("h", "u"), self.given("h", x=0.0), self.given("u", x=1.0))

    def operator(self, d):
        return {
            "h": d.h_t + d.h_x * d.u + d.h * d.u_x,
            "u": d.u_t + d.u * d.u_x + 9.81 * d.h_x,
        }

    def known(self, x, t):
        return 1 + 0.1 * torch.sin(2 * PI * (x - t)), 0.5 + 0.2 * torch.cos(2 * PI * x) * t


class InviscidSmooth(OneWave):
    """Inviscid Burgers before its shock: u = (x + 1) / (t + 2), a fan."""

    law = "inviscid_smooth"

    @property
    def conditions(self):
        return (*self.start("u"), self.given("u", x=0.0))

    def residual(self, d):
        return d.u_t + d.u * d.u_x

    def known(self, x, t):
        return ((x + 1) / (t + 2),)


class InviscidShock(InviscidSmooth):
    """A sine wave that breaks at t = 1 / (2 pi): to be refused."""

    law = "inviscid_shock"
    periodic = frozenset({"x"})
    conditions = (Condition("initial", INITIAL, lambda d: d.u - torch.sin(2 * PI * d.x)),)
    exact = Problem.exact


class JumpMoves(OneWave):
    """Transport of a jump: no smooth solution, to be refused or met to the tolerance."""

    law = "jump_moves"
    conditions = (
        Condition("initial", INITIAL, lambda d: d.u - (d.x < 0.3).double()),
        Condition("inflow", LEFT, lambda d: d.u - 1),
    )

    def residual(self, d):
        return d.u_t + d.u_x

    def known(self, x, t):
        return ((x - t < 0.3).double(),)
