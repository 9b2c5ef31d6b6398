"""What has no solution, or none that the statement decides: refused with that reason."""

import math

import torch

from sgn_sciml.pde import Condition, Problem
from tests.local_solver.gallery.known import Known

PI = math.pi
LEFT = Condition("left", {"x": 0.0}, lambda d: d.u)
RIGHT = Condition("right", {"x": 1.0}, lambda d: d.u)
INITIAL = Condition("initial", {"t": 0.0}, lambda d: d.u - torch.sin(PI * d.x))


class Heat(Known):
    """Well-posed; what is wrong with the others is wrong in one line."""

    law = "heat"
    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1.0, 0.5))
    conditions = (INITIAL, LEFT, RIGHT)

    def residual(self, d):
        return d.u_t - d.u_xx

    def known(self, x, t):
        return (torch.sin(PI * x) * torch.exp(-(PI**2) * t),)


class Backward(Heat):
    """The wrong sign: errors of high frequency grow without bound."""

    law = "backward"

    def residual(self, d):
        return d.u_t + d.u_xx

    def known(self, x, t):
        return (torch.sin(PI * x) * torch.exp(PI**2 * t),)


class BackwardRough(Backward):
    """The same from a state that no heat flow leaves behind."""

    law = "backward_rough"
    conditions = (
        Condition(
            "initial", {"t": 0.0}, lambda d: d.u - 1 / (1 + 50 * (d.x - 0.5) ** 2) + 1 / 13.5
        ),
        LEFT,
        RIGHT,
    )
    exact = Problem.exact


class BlowUp(Heat):
    """u_t = u_xx + u^2 from a large state: ends before the end."""

    law = "blow_up"
    conditions = (
        Condition("initial", {"t": 0.0}, lambda d: d.u - 50 * torch.sin(PI * d.x)),
        LEFT,
        RIGHT,
    )
    exact = Problem.exact

    def residual(self, d):
        return d.u_t - d.u_xx - d.u**2


class Ignored(Heat):
    """Held inside at what it begins with, against the equation."""

    law = "ignored"
    conditions = (
        *Heat.conditions,
        Condition("sensor", {"x": 0.3}, lambda d: d.u - math.sin(0.3 * PI)),
    )
    exact = Problem.exact


class LateInitial(Heat):
    """The initial values are known at t = 0.2, not at the beginning."""

    law = "late_initial"
    conditions = (Condition("initial", {"t": 0.2}, INITIAL.residual), LEFT, RIGHT)
    exact = Problem.exact


class EndOnly(Heat):
    """A final instead of an initial condition: heat backward in time."""

    law = "end_only"
    conditions = (Condition("final", {"t": 0.5}, INITIAL.residual), LEFT, RIGHT)

    def known(self, x, t):
        return (torch.sin(PI * x) * torch.exp(PI**2 * (0.5 - t)),)


class NoWall(Heat):
    """Two species, one without walls."""

    law = "no_wall"
    fields = ("u", "v")
    conditions = (
        INITIAL,
        LEFT,
        RIGHT,
        Condition("v0", {"t": 0.0}, lambda d: d.v - torch.cos(d.x)),
    )
    exact = Problem.exact

    def residual(self, d):
        return [d.u_t - d.u_xx, d.v_t - d.v_xx]


class SlopeDisagrees(Heat):
    """The slope of the initial state is not that of the wall: sqrt(t) at the corner."""

    law = "slope_disagrees"
    conditions = (
        Condition("initial", {"t": 0.0}, lambda d: d.u - d.x),
        Condition("left", {"x": 0.0}, lambda d: d.u_x),
        Condition("right", {"x": 1.0}, lambda d: d.u - 1),
    )

    def known(self, x, t):
        n = torch.arange(4000).double() + 0.5
        parts = -2 / (n * PI) ** 2 * torch.exp(-((n * PI) ** 2) * t[:, None])
        return (1 + (parts * torch.cos(n * PI * x[:, None])).sum(1),)


class Nothing(Heat):
    """No conditions at all."""

    law = "nothing"
    conditions = ()
    exact = Problem.exact


class PeriodicDiffers(Heat):
    """Periodic, from a state that is not."""

    law = "periodic_differs"
    periodic = frozenset("x")
    conditions = (Condition("initial", {"t": 0.0}, lambda d: d.u - d.x),)
    exact = Problem.exact


class TwiceInitial(Heat):
    """Two initial states that differ."""

    law = "twice_initial"
    conditions = (*Heat.conditions, Condition("other", {"t": 0.0}, lambda d: d.u))
    exact = Problem.exact


class Ratio(Heat):
    """0/0 in the residual at x = 1/2."""

    law = "ratio"
    exact = Problem.exact

    def residual(self, d):
        return d.u_t - d.u_xx + torch.log(d.x - 0.5)
