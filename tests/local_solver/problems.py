"""Problems of many kinds with exact solutions, as a user would write them."""

import math
from dataclasses import dataclass

import torch

from sgn_sciml.pde import Condition, Problem

PI = math.pi
WALLS = (("left", {"x": 0.0}), ("right", {"x": 1.0}), ("bottom", {"y": 0.0}), ("top", {"y": 1.0}))


@dataclass(frozen=True)
class RobinHeat(Problem):
    law = "robin_heat"
    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1.0, 0.5))
    conditions = (
        Condition("initial", {"t": 0.0}, lambda d: d.u - torch.cos(d.x) - 1),
        Condition("left", {"x": 0.0}, lambda d: d.u_x),
        Condition("right", {"x": 1.0}, lambda d: d.u_x + math.tan(1.0) * (d.u - 1)),
    )

    def residual(self, d):
        return d.u_t - d.u_xx

    def exact(self, points):
        x, t = points.double().T
        return (1 + torch.cos(x) * torch.exp(-t))[:, None]


@dataclass(frozen=True)
class Schroedinger(Problem):
    """Two fields, periodic: a plane wave."""

    law = "schroedinger"
    coordinates = ("x", "t")
    fields = ("u", "v")
    periodic = frozenset({"x"})
    domain = ((0.0, 0.0), (2 * PI, 1.0))
    conditions = (
        Condition("real", {"t": 0.0}, lambda d: d.u - torch.cos(2 * d.x)),
        Condition("imaginary", {"t": 0.0}, lambda d: d.v - torch.sin(2 * d.x)),
    )

    def residual(self, d):
        return {"real": d.u_t + 0.5 * d.v_xx, "imaginary": d.v_t - 0.5 * d.u_xx}

    def exact(self, points):
        x, t = points.double().T
        return torch.stack([torch.cos(2 * x - 2 * t), torch.sin(2 * x - 2 * t)], 1)


@dataclass(frozen=True)
class Plate(Problem):
    """Fourth order in two coordinates, simply supported."""

    law = "plate"
    coordinates = ("x", "y")
    domain = ((0.0, 0.0), (1.0, 1.0))

    def residual(self, d):
        load = 4 * PI**4 * torch.sin(PI * d.x) * torch.sin(PI * d.y)
        return d.u_xxxx + 2 * d.u_xxyy + d.u_yyyy - load

    @property
    def conditions(self):
        values = [Condition(name, face, lambda d: d.u) for name, face in WALLS]
        bend = {"x": lambda d: d.u_xx, "y": lambda d: d.u_yy}
        bends = [Condition(f"{name}_bend", face, bend[min(face)]) for name, face in WALLS]
        return (*values, *bends)

    def exact(self, points):
        return torch.sin(PI * points.double()).prod(1, keepdim=True)


@dataclass(frozen=True)
class Bratu(Problem):
    """Nonlinear and steady, in one coordinate."""

    law = "bratu"
    coordinates = ("x",)
    domain = ((0.0,), (1.0,))
    conditions = (
        Condition("left", {"x": 0.0}, lambda d: d.u),
        Condition("right", {"x": 1.0}, lambda d: d.u),
    )

    def residual(self, d):
        return d.u_xx + torch.exp(d.u)

    def exact(self, points):
        theta = 1.5171645990507543  # theta = sqrt(2) cosh(theta / 4)
        x = points.double()
        return -2 * torch.log(torch.cosh((x - 0.5) * theta / 2) / math.cosh(theta / 4))


@dataclass(frozen=True)
class SineGordon(Problem):
    """Nonlinear and of second order in time: a kink that travels."""

    law = "sine_gordon"
    coordinates = ("x", "t")
    domain = ((-10.0, 0.0), (10.0, 2.0))

    def residual(self, d):
        return d.u_tt - d.u_xx + torch.sin(d.u)

    @staticmethod
    def kink(x, t):
        return 4 * torch.atan(torch.exp((x - 0.5 * t) / math.sqrt(0.75)))

    @property
    def conditions(self):
        g = 1 / math.sqrt(0.75)
        return (
            Condition("initial", {"t": 0.0}, lambda d: d.u - self.kink(d.x, 0 * d.x)),
            Condition("velocity", {"t": 0.0}, lambda d: d.u_t + g / torch.cosh(g * d.x)),
            Condition("left", {"x": -10.0}, lambda d: d.u - self.kink(d.x, d.t)),
            Condition("right", {"x": 10.0}, lambda d: d.u - self.kink(d.x, d.t)),
        )

    def exact(self, points):
        return self.kink(points.double()[:, :1], points.double()[:, 1:])


@dataclass(frozen=True)
class Stokes(Problem):
    """Three fields, of different orders, and a value at one corner."""

    law = "stokes"
    coordinates = ("x", "y")
    fields = ("u", "v", "p")
    domain = ((0.0, 0.0), (1.0, 1.0))

    def residual(self, d):
        x, y = PI * d.x, PI * d.y
        u_yy = -4 * PI**3 * torch.sin(x) ** 2 * torch.sin(2 * y)
        u_xx = 2 * PI**3 * torch.cos(2 * x) * torch.sin(2 * y)
        v_xx = 4 * PI**3 * torch.sin(2 * x) * torch.sin(y) ** 2
        v_yy = -2 * PI**3 * torch.sin(2 * x) * torch.cos(2 * y)
        return {
            "x": d.p_x - (d.u_xx + d.u_yy) + u_xx + u_yy + PI * torch.sin(x) * torch.sin(y),
            "y": d.p_y - (d.v_xx + d.v_yy) + v_xx + v_yy - PI * torch.cos(x) * torch.cos(y),
            "mass": d.u_x + d.v_y,
        }

    @property
    def conditions(self):
        rest = [
            Condition(f"{f}_{name}", face, lambda d, f=f: getattr(d, f))
            for name, face in WALLS
            for f in "uv"
        ]
        return (*rest, Condition("corner", {"x": 0.0, "y": 0.0}, lambda d: d.p))

    def exact(self, points):
        x, y = (PI * points.double()).T
        u = PI * torch.sin(x) ** 2 * torch.sin(2 * y)
        v = -PI * torch.sin(2 * x) * torch.sin(y) ** 2
        return torch.stack([u, v, torch.cos(x) * torch.sin(y)], 1)


@dataclass(frozen=True)
class Heat2D(Problem):
    """Two coordinates of space and time, with walls of two kinds."""

    law = "heat_2d"
    coordinates = ("x", "y", "t")
    domain = ((0.0, 0.0, 0.0), (1.0, 1.0, 0.2))

    def residual(self, d):
        return d.u_t - 0.1 * (d.u_xx + d.u_yy)

    @property
    def conditions(self):
        start = Condition(
            "initial", {"t": 0.0}, lambda d: d.u - torch.cos(PI * d.x) * torch.sin(PI * d.y)
        )
        sides = [
            Condition(n, f, (lambda d: d.u_x) if "x" in f else lambda d: d.u) for n, f in WALLS
        ]
        return (start, *sides)

    def exact(self, points):
        x, y, t = points.double().T
        decay = torch.exp(-0.2 * PI**2 * t)
        return (torch.cos(PI * x) * torch.sin(PI * y) * decay)[:, None]


@dataclass(frozen=True)
class SmallUnits(Problem):
    """Micrometres, a thousand seconds, 1e5 units of the field."""

    law = "small_units"
    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1e-6, 1e3))
    conditions = (
        Condition("initial", {"t": 0.0}, lambda d: d.u - 1e5 * torch.sin(PI * d.x * 1e6)),
        Condition("left", {"x": 0.0}, lambda d: d.u),
        Condition("right", {"x": 1e-6}, lambda d: d.u),
    )

    def residual(self, d):
        return d.u_t - 1e-16 * d.u_xx

    def exact(self, points):
        x, t = points.double().T
        return (1e5 * torch.sin(PI * x * 1e6) * torch.exp(-(PI**2) * 1e-4 * t))[:, None]
