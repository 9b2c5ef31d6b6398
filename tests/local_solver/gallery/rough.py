"""Narrow, kinked and jumping data of equations of first order in time."""

import math

import torch

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.heat import OneSpace
from tests.local_solver.gallery.known import Known

PI = math.pi
LEFT = {"x": 0.0}
RIGHT = {"x": 1.0}
INITIAL = {"t": 0.0}


class Peak(Known):
    """Heat from a Gaussian of width 1e-3 away from all nodes of four strips."""

    law = "peak"
    coordinates = ("x", "t")
    domain = ((-1.0, 0.0), (1.0, 0.1))
    width, place = 1e-3, 0.137

    @property
    def conditions(self):
        return (*self.start("u"), *self.sides("u"))

    def residual(self, d):
        return d.u_t - 0.01 * d.u_xx

    def known(self, x, t):
        square = self.width**2 + 0.04 * t
        far = torch.sqrt(self.width**2 / square)
        return (far * torch.exp(-((x - self.place) ** 2) / square),)


class PeakBesideOthers(Peak):
    """The same upon a smooth state, so that there is something without it, too."""

    law = "peak_beside"

    def known(self, x, t):
        smooth = torch.cos(PI * x / 2) * torch.exp(-0.01 * (PI / 2) ** 2 * t)
        return (smooth + super().known(x, t)[0],)


class LatePulse(OneSpace):
    """A source that acts at t = 0.613 for 1e-3."""

    law = "late_pulse"

    def operator(self, d):
        return d.u_t - d.u_xx

    def known(self, x, t):
        return (torch.sin(PI * x) * (2 + torch.special.erf((t - 0.613) / 1e-3)),)


class Barenblatt(Known):
    """Not smooth: the porous medium's front of compact support."""

    law = "barenblatt"
    coordinates = ("x", "t")
    domain = ((-4.0, 1.0), (4.0, 2.0))

    @property
    def conditions(self):
        return (*self.start("u"), *self.sides("u"))

    def residual(self, d):
        return d.u_t - 2 * d.u * d.u_xx - 2 * d.u_x**2

    def known(self, x, t):
        return (t ** (-1 / 3) * torch.relu(1 - x**2 / (12 * t ** (2 / 3))),)


class KinkedStart(Known):
    """A kink in the initial state: a hat, by its sine series."""

    law = "kinked_start"
    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1.0, 0.1))
    conditions = (
        Condition("initial", INITIAL, lambda d: d.u - 1 + (2 * d.x - 1).abs()),
        Condition("left", LEFT, lambda d: d.u),
        Condition("right", RIGHT, lambda d: d.u),
    )

    def residual(self, d):
        return d.u_t - d.u_xx

    def known(self, x, t):
        n = torch.arange(1, 4001, 2).double()
        parts = torch.sin(n * PI / 2) / n**2 * torch.exp(-((n * PI) ** 2) * t[:, None])
        return (8 / PI**2 * (parts * torch.sin(n * PI * x[:, None])).sum(1),)


class KinkedOff(KinkedStart):
    """The kink at 0.3, which no halving meets."""

    law = "kinked_off"
    conditions = (
        Condition("initial", INITIAL, lambda d: d.u - torch.minimum(d.x / 0.3, (1 - d.x) / 0.7)),
        *KinkedStart.conditions[1:],
    )

    def known(self, x, t):
        n = torch.arange(1, 4001).double()
        parts = 2 / (n * PI) ** 2 / 0.21 * torch.sin(0.3 * n * PI)
        parts = parts * torch.exp(-((n * PI) ** 2) * t[:, None])
        return ((parts * torch.sin(n * PI * x[:, None])).sum(1),)


class JumpInside(OneSpace):
    """A conductivity of 1 and 10, the interface at 0.3, as u and its flux."""

    law = "jump_inside"
    fields = ("u", "q")
    place = 0.3

    @property
    def conditions(self):
        return (self.given("u", t=0.0), *self.sides("u"))

    def operator(self, d):
        k = torch.where(d.x < self.place, 1.0, 10.0)
        return {"flux": d.q - k * d.u_x, "heat": d.u_t - d.q_x}

    def known(self, x, t):
        k = torch.where(x < self.place, 1.0, 10.0)
        s = x - self.place
        return torch.exp(-t) * s / k, torch.exp(-t) + 0 * x


class JumpOnEdge(JumpInside):
    law = "jump_on_edge"
    place = 0.5
