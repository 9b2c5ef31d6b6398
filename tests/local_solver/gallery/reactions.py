"""Nonlinear equations of first order in time: fronts, reactions, diffusion."""

import math

import torch

from tests.local_solver.gallery.heat import OneSpace
from tests.local_solver.gallery.known import Known

PI = math.pi


class Front(Known):
    """Burgers with nu = 2e-3: a front that travels, inflow on the left."""

    law = "front"
    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1.0, 1.0))
    nu = 2e-3

    @property
    def conditions(self):
        return (*self.start("u"), *self.sides("u"))

    def residual(self, d):
        return d.u_t + d.u * d.u_x - self.nu * d.u_xx

    def known(self, x, t):
        return (0.5 - 0.5 * torch.tanh((x - 0.2 - 0.5 * t) / (4 * self.nu)),)


class SharpFront(Front):
    law = "sharp_front"
    nu = 2e-4


class Fisher(Known):
    """Fisher's equation, the wave of speed 5 / sqrt(6)."""

    law = "fisher"
    coordinates = ("x", "t")
    domain = ((-20.0, 0.0), (30.0, 5.0))

    @property
    def conditions(self):
        return (*self.start("u"), *self.sides("u"))

    def residual(self, d):
        return d.u_t - d.u_xx - d.u * (1 - d.u)

    def known(self, x, t):
        return ((1 + torch.exp((x - 5 / math.sqrt(6) * t) / math.sqrt(6))) ** -2,)


class Nagumo(Fisher):
    """Bistable: the wave that FitzHugh-Nagumo has without recovery, threshold 0.2."""

    law = "nagumo"

    def residual(self, d):
        return d.u_t - d.u_xx - d.u * (1 - d.u) * (d.u - 0.2)

    def known(self, x, t):
        return (1 / (1 + torch.exp((x - math.sqrt(2) * (0.5 - 0.2) * t) / math.sqrt(2))),)


class FitzHughNagumo(OneSpace):
    """Both fields, the second without diffusion and ten times slower."""

    law = "fitzhugh_nagumo"
    fields = ("u", "v")

    @property
    def conditions(self):
        return (*self.start("u", "v"), *self.sides("u_x"))

    def operator(self, d):
        return {
            "u": d.u_t - 0.05 * d.u_xx - d.u + d.u**3 / 3 + d.v,
            "v": d.v_t - 0.1 * (d.u + 0.7 - 0.8 * d.v),
        }

    def known(self, x, t):
        return torch.tanh(5 * (x - 0.3 - 0.3 * t)), torch.exp(-t) * torch.cos(2 * x)


class GrayScott(OneSpace):
    """Two species, periodic."""

    law = "gray_scott"
    fields = ("u", "v")
    periodic = frozenset({"x"})

    @property
    def conditions(self):
        return tuple(self.start("u", "v"))

    def operator(self, d):
        rate = d.u * d.v**2
        return [
            d.u_t - 2e-3 * d.u_xx + rate - 0.04 * (1 - d.u),
            d.v_t - 1e-3 * d.v_xx - rate + 0.1 * d.v,
        ]

    def known(self, x, t):
        wave = torch.exp(torch.sin(2 * PI * (x - t)))
        return 1 - 0.2 * wave, 0.1 * wave * torch.cos(t)


class OneSided(OneSpace):
    """Two fields of which the second is zero."""

    law = "one_sided"
    fields = ("u", "v")

    @property
    def conditions(self):
        return (*self.start("u", "v"), *self.sides("u", "v"))

    def operator(self, d):
        return [d.u_t - d.u_xx + d.v, d.v_t - d.v_xx + d.v * d.u]

    def known(self, x, t):
        return torch.sin(PI * x) * torch.exp(-(PI**2) * t), 0 * x


class PorousMedium(OneSpace):
    """u_t = (u^2)_xx above zero."""

    law = "porous_medium"

    def operator(self, d):
        return d.u_t - 2 * d.u * d.u_xx - 2 * d.u_x**2

    def known(self, x, t):
        return (1.5 + torch.sin(4 * x - t),)


class CahnHilliard(OneSpace):
    """Of order four and nonlinear there, without flux through the walls."""

    law = "cahn_hilliard"

    def operator(self, d):
        u, u_x, u_xx = d.u, d.u_x, d.u_xx
        return d.u_t - (3 * u**2 - 1) * u_xx - 6 * u * u_x**2 + 0.01 * d.u_xxxx

    @property
    def conditions(self):
        return (*self.start("u"), *self.sides("u_x", "u_xxx"))

    def known(self, x, t):
        return (torch.cos(PI * x) * (1 + 0.3 * torch.sin(2 * t)) / 2,)
