"""Steady problems that are nonlinear, rough, or not to be solved."""

import math

import torch

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.elliptic import Cube, Plane

PI = math.pi


class Bratu2D(Plane):
    law = "bratu_2d"

    def operator(self, d):
        return d.u_xx + d.u_yy + 2 * torch.exp(d.u)

    def known(self, x, y):
        return (0.5 * torch.sin(PI * x) * torch.sin(PI * y),)


class MinimalSurface(Plane):
    """Scherk's surface."""

    law = "minimal_surface"
    domain = ((-1.0, -1.0), (1.0, 1.0))

    def residual(self, d):
        return (1 + d.u_y**2) * d.u_xx - 2 * d.u_x * d.u_y * d.u_xy + (1 + d.u_x**2) * d.u_yy

    def known(self, x, y):
        return (torch.log(torch.cos(x) / torch.cos(y)),)


class PLaplace(Plane):
    """div(|grad u|^2 grad u), p = 4, degenerate where u is level: Newton begins there."""

    law = "p_laplace"

    def operator(self, d):
        square = d.u_x**2 + d.u_y**2
        mixed = d.u_x**2 * d.u_xx + 2 * d.u_x * d.u_y * d.u_xy + d.u_y**2 * d.u_yy
        return square * (d.u_xx + d.u_yy) + 2 * mixed

    def known(self, x, y):
        return (torch.exp(x) + y + 0.2 * torch.sin(3 * y),)


class MongeAmpere(Plane):
    law = "monge_ampere"

    def operator(self, d):
        return d.u_xx * d.u_yy - d.u_xy**2

    def known(self, x, y):
        return (torch.exp((x**2 + y**2) / 2),)


class Eikonal(Plane):
    """Of first order and nonlinear, regularised by nothing: u = x + y / 2."""

    law = "eikonal"

    def residual(self, d):
        return torch.sqrt(d.u_x**2 + d.u_y**2) - math.sqrt(1.25)

    @property
    def conditions(self):
        return (self.given("u", x=0.0), self.given("u", y=0.0))

    def known(self, x, y):
        return (x + y / 2,)


class NonlinearCube(Cube):
    law = "nonlinear_cube"

    def operator(self, d):
        return d.u_xx + d.u_yy + d.u_zz - d.u**3

    def known(self, x, y, z):
        return (torch.cos(2 * x + y - z),)


class Corner(Plane):
    """r^(2/3) sin(2/3 phi), singular in a corner of the square."""

    law = "corner"

    def residual(self, d):
        return d.u_xx + d.u_yy

    def known(self, x, y):
        r, phi = torch.hypot(x, y), torch.atan2(y, x)
        return (r ** (2 / 3) * torch.sin(2 / 3 * phi),)


class Bump(Plane):
    """A source of width 0.004 beside a smooth one, away from where four boxes have nodes."""

    law = "bump"

    def operator(self, d):
        return d.u_xx + d.u_yy

    def known(self, x, y):
        narrow = torch.exp(-((x - 0.371) ** 2 + (y - 0.618) ** 2) / 0.004**2)
        return (torch.sin(PI * x) * torch.sin(PI * y) + narrow,)


class Interface(Plane):
    """Conductivities 1 and 100 as u and two fluxes; the interface at x = 0.3."""

    law = "interface"
    fields = ("u", "p", "q")
    place = 0.3

    def operator(self, d):
        k = torch.where(d.x < self.place, 1.0, 100.0)
        return [d.p - k * d.u_x, d.q - k * d.u_y, d.p_x + d.q_y]

    def known(self, x, y):
        k = torch.where(x < self.place, 1.0, 100.0)
        s = x - self.place
        wave = torch.sin(PI * y)
        return s / k * wave, wave + 0 * x, PI * s * torch.cos(PI * y)


class InterfaceOnEdge(Interface):
    law = "interface_on_edge"
    place = 0.5


class Incompatible(Plane):
    """Insulated although heat is made inside: no steady state exists."""

    law = "incompatible"

    def residual(self, d):
        return d.u_xx + d.u_yy - 1

    @property
    def conditions(self):
        slopes = {"x": lambda d: d.u_x, "y": lambda d: d.u_y}
        ends = [Condition(f"{a}{v}", {a: v}, slopes[a]) for a in "xy" for v in (0.0, 1.0)]
        return (*ends, Condition("corner", {"x": 0.0, "y": 0.0}, lambda d: d.u))

    def exact(self, points):
        raise NotImplementedError


class TwoValues(Plane):
    """Contradicting values where two sides meet."""

    law = "two_values"

    def residual(self, d):
        return d.u_xx + d.u_yy

    @property
    def conditions(self):
        zero = [Condition(n, f, lambda d: d.u) for n, f in (("l", {"x": 0.0}), ("r", {"x": 1.0}))]
        lid = Condition("top", {"y": 1.0}, lambda d: d.u - 1)
        return (*zero, Condition("bottom", {"y": 0.0}, lambda d: d.u), lid)

    def exact(self, points):
        raise NotImplementedError
