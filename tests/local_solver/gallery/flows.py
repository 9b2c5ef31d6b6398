"""Steady flows as velocities and pressure."""

import math

import torch

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.known import Known

PI = math.pi
WALLS = ({"x": 0.0}, {"x": 1.0}, {"y": 0.0}, {"y": 1.0})


class Flow(Known):
    """Steady Navier-Stokes; velocities are known on all sides, the pressure at one point."""

    coordinates = ("x", "y")
    fields = ("u", "v", "p")
    domain = ((0.0, 0.0), (1.0, 1.0))
    nu = 0.025

    @property
    def conditions(self):
        x, y = self.domain[0]
        return (*self.sides("u", "v", axes="xy"), self.given("p", x=x, y=y))

    def residual(self, d):
        return {
            "x": d.u * d.u_x + d.v * d.u_y + d.p_x - self.nu * (d.u_xx + d.u_yy),
            "y": d.u * d.v_x + d.v * d.v_y + d.p_y - self.nu * (d.v_xx + d.v_yy),
            "mass": d.u_x + d.v_y,
        }


class Kovasznay(Flow):
    law = "kovasznay"
    domain = ((-0.5, -0.5), (1.0, 1.5))

    def known(self, x, y):
        a = 20 - math.sqrt(400 + 4 * PI**2)
        e = torch.exp(a * x)
        u = 1 - e * torch.cos(2 * PI * y)
        return u, a / (2 * PI) * e * torch.sin(2 * PI * y), (1 - e**2) / 2


class PressureInside(Kovasznay):
    """The pressure is known at a point that is not a corner."""

    law = "pressure_inside"

    @property
    def conditions(self):
        return (*self.sides("u", "v", axes="xy"), self.given("p", x=0.1, y=0.2))


class NoPressure(Kovasznay):
    """The pressure is not known anywhere."""

    law = "no_pressure"

    @property
    def conditions(self):
        return tuple(self.sides("u", "v", axes="xy"))


class Poiseuille(Flow):
    """A channel: a field that is zero, an outlet of given pressure."""

    law = "poiseuille"
    nu = 0.1

    @property
    def conditions(self):
        wall = [self.given(f, y=v) for f in "uv" for v in (0.0, 1.0)]
        return (
            *wall,
            self.given("u", x=0.0),
            self.given("v", x=0.0),
            Condition("outlet", {"x": 1.0}, lambda d: [d.p, d.u_x]),
        )

    def known(self, x, y):
        return 4 * y * (1 - y), 0 * y, 8 * self.nu * (1 - x)


class LidCavity(Flow):
    """The regularised lid at Re = 100 in velocities and pressure, beside the stream function."""

    law = "lid_cavity"
    nu = 0.01

    @property
    def conditions(self):
        still = [
            Condition(f"{f}{face}", face, lambda d, f=f: getattr(d, f))
            for f in "uv"
            for face in WALLS[:3]
        ]
        lid = Condition("lid", {"y": 1.0}, lambda d: [d.u - 16 * (d.x * (1 - d.x)) ** 2, d.v])
        return (*still, lid, Condition("corner", {"x": 0.0, "y": 0.0}, lambda d: d.p))

    def exact(self, points):
        raise NotImplementedError
