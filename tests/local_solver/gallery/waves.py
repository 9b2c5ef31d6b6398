"""Waves of second order in time, beams included."""

import math

import torch

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.known import Known, Made

PI = math.pi
LEFT = {"x": 0.0}
RIGHT = {"x": 1.0}
INITIAL = {"t": 0.0}


class OneWave(Known):
    """Known values at the start and at both walls, unless said otherwise."""

    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1.0, 1.0))

    @property
    def conditions(self):
        return (*self.start("u", "u_t"), *self.sides("u"))


class Breather(OneWave):
    """Sine-Gordon's breather."""

    law = "breather"
    domain = ((-10.0, 0.0), (10.0, 10.0))

    def residual(self, d):
        return d.u_tt - d.u_xx + torch.sin(d.u)

    def known(self, x, t):
        w = 0.6
        k = math.sqrt(1 - w * w)
        return (4 * torch.atan(k / w * torch.cos(w * t) / torch.cosh(k * x)),)


class KleinGordon(OneWave, Made):
    """Cubic."""

    law = "klein_gordon"

    def operator(self, d):
        return d.u_tt - d.u_xx + d.u**3

    def known(self, x, t):
        return (x * torch.cos(5 * PI * t) + (x * t) ** 3,)


class Telegraph(OneWave):
    law = "telegraph"
    domain = ((0.0, 0.0), (PI, 5.0))

    def residual(self, d):
        return d.u_tt + 2 * d.u_t + d.u - 4 * d.u_xx

    def known(self, x, t):
        return (torch.exp(-t) * torch.cos(4 * t) * torch.sin(2 * x),)


class LongString(OneWave):
    """A hundred periods and more."""

    law = "long_string"
    domain = ((0.0, 0.0), (1.0, 100.0))

    def residual(self, d):
        return d.u_tt - d.u_xx

    def known(self, x, t):
        return (torch.sin(PI * x) * torch.cos(PI * t),)


class Absorbed(OneWave):
    """A pulse that leaves through both walls, which absorb it."""

    law = "absorbed"
    domain = ((-1.0, 0.0), (1.0, 1.5))

    def residual(self, d):
        return d.u_tt - d.u_xx

    @property
    def conditions(self):
        return (
            *self.start("u", "u_t"),
            Condition("left", {"x": -1.0}, lambda d: d.u_t - d.u_x),
            Condition("right", {"x": 1.0}, lambda d: d.u_t + d.u_x),
        )

    def known(self, x, t):
        return (torch.exp(-(((x - t) / 0.1) ** 2)) + torch.exp(-(((x + t) / 0.1) ** 2)),)


class EndState(OneWave):
    """A wave that is known at both times instead of its velocity."""

    law = "end_state"
    domain = ((0.0, 0.0), (1.0, 0.3))

    def residual(self, d):
        return d.u_tt - d.u_xx

    @property
    def conditions(self):
        return (self.given("u", t=0.0), self.given("u", t=0.3), *self.sides("u"))

    def known(self, x, t):
        return (torch.sin(PI * x) * torch.cos(PI * t),)


class FreeBeam(OneWave):
    """A beam in its second mode between simple supports."""

    law = "supported_beam"
    domain = ((0.0, 0.0), (1.0, 0.2))

    def residual(self, d):
        return d.u_tt + d.u_xxxx

    @property
    def conditions(self):
        return (*self.start("u", "u_t"), *self.sides("u", "u_xx"))

    def known(self, x, t):
        return (torch.sin(2 * PI * x) * torch.cos(4 * PI**2 * t),)


class Cantilever(FreeBeam, Made):
    """Clamped on the left and free on the right."""

    law = "swinging_cantilever"
    domain = ((0.0, 0.0), (1.0, 1.0))

    def operator(self, d):
        return d.u_tt + d.u_xxxx

    residual = Made.residual

    @property
    def conditions(self):
        return (
            *self.start("u", "u_t"),
            *(self.given(n, x=0.0) for n in ("u", "u_x")),
            *(self.given(n, x=1.0) for n in ("u_xx", "u_xxx")),
        )

    def known(self, x, t):
        return (x**2 * (x**2 - 4 * x + 6) * torch.cos(3 * t),)


class RingBeam(FreeBeam):
    """Periodic."""

    law = "ring_beam"
    domain = ((0.0, 0.0), (2 * PI, 2.0))
    periodic = frozenset({"x"})

    @property
    def conditions(self):
        return tuple(self.start("u", "u_t"))

    def known(self, x, t):
        return (torch.cos(x - t) + 0.1 * torch.cos(2 * x + 4 * t),)


class CornerWave(OneWave):
    """Released from a hat: kinks travel along characteristics."""

    law = "plucked"
    conditions = (
        Condition("initial", INITIAL, lambda d: d.u - 0.5 + (d.x - 0.5).abs()),
        Condition("velocity", INITIAL, lambda d: d.u_t),
        Condition("left", LEFT, lambda d: d.u),
        Condition("right", RIGHT, lambda d: d.u),
    )

    def residual(self, d):
        return d.u_tt - d.u_xx

    def known(self, x, t):
        def hat(s):
            s = torch.remainder(s, 2)
            return torch.where(s < 1, 0.5 - (s - 0.5).abs(), (s - 1.5).abs() - 0.5)

        return ((hat(x - t) + hat(x + t)) / 2,)
