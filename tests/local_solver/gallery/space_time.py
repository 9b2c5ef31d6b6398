"""Two coordinates of space and time."""

import math

import torch

from tests.local_solver.gallery.known import Made

PI = math.pi


class Unsteady(Made):
    """Two coordinates of space and time; known at the start and on all sides."""

    coordinates = ("x", "y", "t")
    domain = ((0.0, 0.0, 0.0), (1.0, 1.0, 0.5))

    @property
    def conditions(self):
        return (*self.start(*self.fields), *self.sides(*self.fields, axes="xy"))


class TaylorGreen(Unsteady):
    """Periodic, with a pressure that is known at one point at all times."""

    law = "taylor_green"
    fields = ("u", "v", "p")
    periodic = frozenset("xy")
    domain = ((0.0, 0.0, 0.0), (2 * PI, 2 * PI, 1.0))
    nu = 0.05

    @property
    def conditions(self):
        return (*self.start("u", "v"), self.given("p", x=0.0, y=0.0))

    def operator(self, d):
        return {
            "x": d.u_t + d.u * d.u_x + d.v * d.u_y + d.p_x - self.nu * (d.u_xx + d.u_yy),
            "y": d.v_t + d.u * d.v_x + d.v * d.v_y + d.p_y - self.nu * (d.v_xx + d.v_yy),
            "mass": d.u_x + d.v_y,
        }

    def known(self, x, y, t):
        e = torch.exp(-2 * self.nu * t)
        u, v = torch.cos(x) * torch.sin(y) * e, -torch.sin(x) * torch.cos(y) * e
        return u, v, -(torch.cos(2 * x) + torch.cos(2 * y) - 2) / 4 * e**2


class TaylorGreenWalls(TaylorGreen):
    """The same between known velocities on a quarter of it."""

    law = "taylor_green_walls"
    periodic = frozenset()
    domain = ((0.0, 0.0, 0.0), (PI, PI, 0.5))

    @property
    def conditions(self):
        sides = self.sides("u", "v", axes="xy")
        return (*self.start("u", "v"), *sides, self.given("p", x=0.0, y=0.0))


class Heat(Unsteady):
    law = "heat_2d"

    def operator(self, d):
        return d.u_t - d.u_xx - d.u_yy

    def known(self, x, y, t):
        return (torch.sin(PI * x) * torch.cos(2 * y) * torch.exp(-t) + t,)


class VectorBurgers(Unsteady):
    """Both velocities, nu = 0.01: a front along a diagonal."""

    law = "burgers_2d"
    fields = ("u", "v")
    nu = 0.01

    def operator(self, d):
        return [
            d.u_t + d.u * d.u_x + d.v * d.u_y - self.nu * (d.u_xx + d.u_yy),
            d.v_t + d.u * d.v_x + d.v * d.v_y - self.nu * (d.v_xx + d.v_yy),
        ]

    def known(self, x, y, t):
        wave = 1 / (4 * (1 + torch.exp((4 * y - 4 * x - t) / (32 * self.nu))))
        return 0.75 - wave, 0.75 + wave


class RotatingHill(Unsteady):
    law = "rotating_hill"
    domain = ((-1.0, -1.0, 0.0), (1.0, 1.0, 0.5))

    def operator(self, d):
        return d.u_t - 2 * d.y * d.u_x + 2 * d.x * d.u_y - 1e-3 * (d.u_xx + d.u_yy)

    def known(self, x, y, t):
        a = x - 0.4 * torch.cos(2 * t)
        b = y - 0.4 * torch.sin(2 * t)
        return (torch.exp(-(a**2 + b**2) / 0.1),)


class Drum(Unsteady):
    """The wave equation, of second order in time."""

    law = "drum"
    domain = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))

    def operator(self, d):
        return d.u_tt - d.u_xx - d.u_yy

    @property
    def conditions(self):
        return (*self.start("u", "u_t"), *self.sides("u", axes="xy"))

    def known(self, x, y, t):
        return (torch.sin(PI * x) * torch.sin(PI * y) * torch.cos(math.sqrt(2) * PI * t),)
