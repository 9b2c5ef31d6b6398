"""Ordinary equations in space, with conditions at both ends."""

import math

import torch
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import airy

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.known import Known, Made


class Layer(Known):
    """A boundary layer of width eps = 1e-4."""

    law = "layer"
    coordinates = ("x",)
    domain = ((0.0,), (1.0,))
    eps = 1e-4
    conditions = (
        Condition("left", {"x": 0.0}, lambda d: d.u),
        Condition("right", {"x": 1.0}, lambda d: d.u - 1),
    )

    def residual(self, d):
        return self.eps * d.u_xx + d.u_x

    def known(self, x):
        return (torch.special.expm1(-x / self.eps) / math.expm1(-1 / self.eps),)


class TurningPoint(Known):
    """An interior layer: eps u'' + x u' = 0."""

    law = "turning_point"
    coordinates = ("x",)
    domain = ((-1.0,), (1.0,))
    conditions = (
        Condition("left", {"x": -1.0}, lambda d: d.u + 1),
        Condition("right", {"x": 1.0}, lambda d: d.u - 1),
    )

    def residual(self, d):
        return 1e-4 * d.u_xx + d.x * d.u_x

    def known(self, x):
        return (torch.erf(x / math.sqrt(2e-4)),)


class Airy(Known):
    law = "airy"
    coordinates = ("x",)
    domain = ((-15.0,), (5.0,))

    def residual(self, d):
        return d.u_xx - d.x * d.u

    @property
    def conditions(self):
        return self.sides("u")

    def known(self, x):
        return (torch.from_numpy(airy(x.detach().numpy())[0]),)


class Blasius(Known):
    """The third order on a half line, cut at 10; found by shooting, too."""

    law = "blasius"
    coordinates = ("x",)
    domain = ((0.0,), (10.0,))
    conditions = (
        Condition("wall", {"x": 0.0}, lambda d: d.u),
        Condition("slip", {"x": 0.0}, lambda d: d.u_x),
        Condition("far", {"x": 10.0}, lambda d: d.u_x - 1),
    )

    def residual(self, d):
        return d.u_xxx + 0.5 * d.u * d.u_xx

    @staticmethod
    def shot(shear, at):
        """The solution of an initial slope at some places."""
        return solve_ivp(
            lambda _, y: (y[1], y[2], -0.5 * y[0] * y[2]),
            (0.0, 10.0),
            (0.0, 0.0, shear),
            method="DOP853",
            rtol=3e-14,
            atol=1e-15,
            t_eval=at,
        ).y

    def exact(self, points):
        x = points[:, 0].double()
        order = x.argsort()
        shear = brentq(lambda s: self.shot(s, [10.0])[1, -1] - 1, 0.33, 0.34, xtol=1e-15)
        found = torch.from_numpy(self.shot(shear, x[order].numpy())[:1].T.copy())
        return torch.empty(len(x), 1, dtype=torch.float64).index_copy_(0, order, found)


class Beam(Known):
    """Euler and Bernoulli's: clamped at one end, free at the other, loaded."""

    law = "cantilever"
    coordinates = ("x",)
    domain = ((0.0,), (2.0,))
    conditions = (
        Condition("clamp", {"x": 0.0}, lambda d: [d.u, d.u_x]),
        Condition("free", {"x": 2.0}, lambda d: {"bend": d.u_xx, "shear": d.u_xxx}),
    )

    def residual(self, d):
        return 200e9 * 1e-6 * d.u_xxxx - 1000

    def known(self, x):
        return (1000 * x**2 * (x**2 - 8 * x + 24) / (24 * 200e9 * 1e-6),)


class Bolza(Made):
    """One condition inside: not at an end of the domain."""

    law = "three_points"
    coordinates = ("x",)
    domain = ((0.0,), (1.0,))

    def operator(self, d):
        return d.u_xx + d.u

    @property
    def conditions(self):
        return (self.given("u", x=0.0), self.given("u", x=0.3))

    def known(self, x):
        return (torch.exp(x),)


class Lane(Known):
    """Lane and Emden with n = 1, singular at 0 in its coefficient alone."""

    law = "lane_emden"
    coordinates = ("r",)
    domain = ((0.0,), (3.0,))
    conditions = (
        Condition("middle", {"r": 0.0}, lambda d: d.u - 1),
        Condition("even", {"r": 0.0}, lambda d: d.u_r),
    )

    def residual(self, d):
        return d.u_rr + 2 / d.r * d.u_r + d.u

    def known(self, r):
        return (torch.sinc(r / math.pi),)
