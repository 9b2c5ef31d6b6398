"""Dispersive waves, solitons above all."""

import math

import torch

from tests.local_solver.gallery.waves import OneWave


class Soliton(OneWave):
    """Nonlinear Schroedinger's bright soliton, moving."""

    law = "soliton"
    fields = ("u", "v")
    domain = ((-15.0, 0.0), (15.0, 2.0))

    @property
    def conditions(self):
        return (*self.start("u", "v"), *self.sides("u", "v"))

    def residual(self, d):
        square = d.u**2 + d.v**2
        return {"re": d.u_t + d.v_xx / 2 + square * d.v, "im": d.v_t - d.u_xx / 2 - square * d.u}

    def known(self, x, t):
        high, phase = 1 / torch.cosh(x - t), x + 0 * t
        return high * torch.cos(phase), high * torch.sin(phase)


class KdVSoliton(OneWave):
    """One soliton of u_t + 6 u u_x + u_xxx."""

    law = "kdv_soliton"
    domain = ((-15.0, 0.0), (20.0, 1.0))
    speed = 4.0

    @property
    def conditions(self):
        return (*self.start("u"), *self.sides("u"), self.given("u_x", x=20.0))

    def residual(self, d):
        return d.u_t + 6 * d.u * d.u_x + d.u_xxx

    def known(self, x, t):
        c = self.speed
        return (c / 2 / torch.cosh(math.sqrt(c) / 2 * (x - c * t)) ** 2,)


class TwoSolitons(KdVSoliton):
    law = "two_solitons"
    domain = ((-20.0, -0.5), (20.0, 0.5))

    def known(self, x, t):
        top = 3 + 4 * torch.cosh(2 * x - 8 * t) + torch.cosh(4 * x - 64 * t)
        return (12 * top / (3 * torch.cosh(x - 28 * t) + torch.cosh(3 * x - 36 * t)) ** 2,)


class BenjaminBonaMahony(OneWave):
    """With a mixed derivative, u_xxt."""

    law = "bbm"
    domain = ((-20.0, 0.0), (25.0, 3.0))

    @property
    def conditions(self):
        return (*self.start("u"), *self.sides("u"))

    def residual(self, d):
        return d.u_t + d.u_x + d.u * d.u_x - d.u_xxt

    def known(self, x, t):
        c = 1.5
        k = 0.5 * math.sqrt(1 - 1 / c)
        return (3 * (c - 1) / torch.cosh(k * (x - c * t)) ** 2,)


class Boussinesq(OneWave):
    """The regularised one, whose u_xxtt is of second order in time and space."""

    law = "boussinesq"
    domain = ((-20.0, 0.0), (20.0, 3.0))

    def residual(self, d):
        return d.u_tt - d.u_xx - d.u_xxtt - 2 * d.u * d.u_xx - 2 * d.u_x**2

    def known(self, x, t):
        c = 1.3
        k = math.sqrt(1 - 1 / c**2) / 2
        return (1.5 * (c * c - 1) / torch.cosh(k * (x - c * t)) ** 2,)
