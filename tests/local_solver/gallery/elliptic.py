"""Steady linear problems in two and three coordinates."""

import math

import torch

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.known import Made

PI = math.pi


class Plane(Made):
    """Known values on all sides, unless said otherwise."""

    coordinates = ("x", "y")
    domain = ((0.0, 0.0), (1.0, 1.0))

    @property
    def conditions(self):
        return tuple(self.sides("u", axes="xy"))


class Anisotropic(Plane):
    law = "anisotropic"
    domain = ((-1.0, -1.0), (1.0, 1.0))

    def operator(self, d):
        return d.u_xx + d.u_yy

    def known(self, x, y):
        return (torch.sin(40 * x) * torch.sin(y),)


class Variable(Plane):
    """A coefficient that varies by a hundred, Robin on the right and Neumann on the top."""

    law = "variable"

    def operator(self, d):
        k = torch.exp(4.6 * d.x * d.y)
        return k * (d.u_xx + d.u_yy + 4.6 * d.y * d.u_x + 4.6 * d.x * d.u_y)

    @property
    def conditions(self):
        at = self.at
        return (
            self.given("u", x=0.0),
            self.given("u", y=0.0),
            self.given("u_y", y=1.0),
            Condition("robin", {"x": 1.0}, lambda d: d.u_x + d.u - at(d, "u_x") - at(d, "u")),
        )

    def known(self, x, y):
        return (torch.cos(3 * x - 2 * y),)


class NoValue(Plane):
    """Insulated everywhere, and the value known in the middle, not on a side."""

    law = "no_value"

    def operator(self, d):
        return d.u_xx + d.u_yy

    @property
    def conditions(self):
        ends = [self.given(f"u_{a}", **{a: v}) for a in "xy" for v in (0.0, 1.0)]
        return (*ends, self.given("u", x=0.3, y=0.4))

    def known(self, x, y):
        return (torch.cos(PI * x) * torch.cos(2 * PI * y),)


class Clamped(Plane):
    """A clamped plate."""

    law = "clamped_plate"

    def operator(self, d):
        return d.u_xxxx + 2 * d.u_xxyy + d.u_yyyy

    @property
    def conditions(self):
        slopes = [self.given(f"u_{a}", **{a: v}) for a in "xy" for v in (0.0, 1.0)]
        return (*super().conditions, *slopes)

    def known(self, x, y):
        return ((1 - torch.cos(2 * PI * x)) * (1 - torch.cos(2 * PI * y)),)


class Skew(Plane):
    """Steady convection with two layers of width 1e-2 at the outflow."""

    law = "skew"
    nu = 1e-2

    def operator(self, d):
        return d.u_x + d.u_y - self.nu * (d.u_xx + d.u_yy)

    def known(self, x, y):
        def part(s):
            return s - torch.special.expm1(s / self.nu) / math.expm1(1 / self.nu)

        return (part(x) * part(y),)


class Elastic(Plane):
    """Plane strain of two displacements, lambda = 2, mu = 1, the right side free of given load."""

    law = "elastic"
    fields = ("u", "v")

    def operator(self, d):
        return {
            "x": 4 * d.u_xx + d.u_yy + 3 * d.v_xy,
            "y": d.v_xx + 4 * d.v_yy + 3 * d.u_xy,
        }

    @property
    def conditions(self):
        faces = ({"x": 0.0}, {"y": 0.0}, {"y": 1.0})
        held = [self.given(f, **face) for f in "uv" for face in faces]
        at = self.at
        normal = Condition(
            "normal",
            {"x": 1.0},
            lambda d: 4 * (d.u_x - at(d, "u_x")) + 2 * (d.v_y - at(d, "v_y")),
        )
        shear = Condition(
            "shear", {"x": 1.0}, lambda d: d.u_y - at(d, "u_y") + d.v_x - at(d, "v_x")
        )
        return (*held, normal, shear)

    def known(self, x, y):
        return torch.sin(PI * x) * torch.exp(y), torch.cos(2 * x) * y**2


class HugePlane(Plane):
    """Poisson's equation for a potential of 1e8 V over 1e-6 m."""

    law = "huge_plane"
    domain = ((0.0, 0.0), (1e-6, 2e-6))

    def operator(self, d):
        return d.u_xx + d.u_yy

    def known(self, x, y):
        return (1e8 * torch.sin(3e6 * x) * torch.exp(-1e6 * y),)


class Cube(Plane):
    """Poisson's equation in three coordinates."""

    law = "cube"
    coordinates = ("x", "y", "z")
    domain = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))

    def operator(self, d):
        return d.u_xx + d.u_yy + d.u_zz

    @property
    def conditions(self):
        return tuple(self.sides("u", axes="xyz"))

    def known(self, x, y, z):
        return (torch.sin(PI * x) * torch.sin(PI * y) * torch.sin(PI * z),)


class ZeroPlane(Plane):
    """Nothing: no source and walls at 0."""

    law = "zero_plane"

    def operator(self, d):
        return d.u_xx + d.u_yy

    def known(self, x, y):
        return (0 * x,)


class HalfZeroPlane(Plane):
    """A harmonic field beside a second one that is zero."""

    law = "half_zero_plane"
    fields = ("u", "v")

    def operator(self, d):
        return [d.u_xx + d.u_yy - d.v, d.v_xx + d.v_yy]

    @property
    def conditions(self):
        return tuple(self.sides("u", "v", axes="xy"))

    def known(self, x, y):
        return torch.sin(2 * x) * torch.exp(2 * y), 0 * y
