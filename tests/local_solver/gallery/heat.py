"""Diffusion and convection in one coordinate of space and time, linear."""

import math

import torch

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.known import Known, Made

PI = math.pi
LEFT = {"x": 0.0}
RIGHT = {"x": 1.0}
INITIAL = {"t": 0.0}


class OneSpace(Made):
    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1.0, 1.0))

    @property
    def conditions(self):
        return (*self.start("u"), *self.sides("u"))


class MovingWalls(OneSpace):
    """Heat between walls whose values change in time."""

    law = "moving_walls"

    def operator(self, d):
        return d.u_t - d.u_xx

    def known(self, x, t):
        return (torch.cos(5 * t) * torch.exp(x) + torch.sin(PI * x) * t,)


class RobinBoth(OneSpace):
    """Heat with a coefficient that varies, through walls that transfer heat both ways."""

    law = "robin_both"

    def operator(self, d):
        return d.u_t - (1 + d.x**2) * d.u_xx - 2 * d.x * d.u_x

    @property
    def conditions(self):
        at = self.at
        return (
            *self.start("u"),
            Condition("l", LEFT, lambda d: d.u_x - 2 * d.u - at(d, "u_x") + 2 * at(d, "u")),
            Condition("r", RIGHT, lambda d: d.u_x + 3 * d.u - at(d, "u_x") - 3 * at(d, "u")),
        )

    def known(self, x, t):
        return (torch.sin(3 * x + t) + 2,)


class Insulated(Known):
    """Heat between insulated walls, for a time in which only its mean is left."""

    law = "insulated"
    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1.0, 100.0))
    conditions = (
        Condition("initial", INITIAL, lambda d: d.u - 1 - torch.cos(2 * PI * d.x)),
        Condition("left", LEFT, lambda d: d.u_x),
        Condition("right", RIGHT, lambda d: d.u_x),
    )

    def residual(self, d):
        return d.u_t - d.u_xx

    def known(self, x, t):
        return (1 + torch.cos(2 * PI * x) * torch.exp(-4 * PI**2 * t),)


class Cooling(Insulated):
    """Heat that leaves through the walls until nothing is left."""

    law = "cooling"
    domain = ((0.0, 0.0), (1.0, 10.0))
    conditions = (
        Condition("initial", INITIAL, lambda d: d.u - torch.sin(PI * d.x)),
        Condition("left", LEFT, lambda d: d.u),
        Condition("right", RIGHT, lambda d: d.u),
    )

    def known(self, x, t):
        return (torch.sin(PI * x) * torch.exp(-(PI**2) * t),)


class Constant(Insulated):
    law = "constant"
    domain = ((0.0, 0.0), (1.0, 1.0))
    conditions = (Condition("initial", INITIAL, lambda d: d.u - 5), *Insulated.conditions[1:])

    def known(self, x, t):
        return (5 + 0 * x,)


class Zero(Insulated):
    law = "zero"
    domain = ((0.0, 0.0), (1.0, 1.0))
    conditions = (Condition("initial", INITIAL, lambda d: d.u), *Cooling.conditions[1:])

    def known(self, x, t):
        return (0 * x,)


class LayerFlow(OneSpace):
    """Convection that ends in a layer of width nu = 1e-2 at the outflow."""

    law = "layer_flow"
    nu = 1e-2

    def operator(self, d):
        return d.u_t + d.u_x - self.nu * d.u_xx

    def known(self, x, t):
        layer = torch.exp((x - 1) / self.nu)
        return ((x - layer) * (1 + 0.5 * torch.sin(3 * t)),)


class ThinLayerFlow(LayerFlow):
    law = "thin_layer_flow"
    nu = 1e-3


class ThinnestLayerFlow(LayerFlow):
    law = "thinnest_layer_flow"
    nu = 1e-4


class LateStart(OneSpace):
    """Time from 1e4 to 2e4, a domain of negative numbers."""

    law = "late_start"
    domain = ((-3e-6, 1e4), (-1e-6, 2e4))

    def operator(self, d):
        return d.u_t - 1e-16 * d.u_xx

    def known(self, x, t):
        return (1e8 * (2 + torch.sin(3e6 * x) * torch.cos(1e-3 * t)),)


class TwoConditionsInOne(OneSpace):
    """The right wall stated twice, once with its derivative in time in one condition."""

    law = "redundant"

    def operator(self, d):
        return d.u_t - d.u_xx

    @property
    def conditions(self):
        return (
            *self.start("u"),
            *self.sides("u"),
            Condition(
                "again", RIGHT, lambda d: [d.u - self.at(d, "u"), d.u_t - self.at(d, "u_t")]
            ),
        )

    def known(self, x, t):
        return (torch.sin(2 * x) * torch.exp(-t),)
