"""Ordinary equations in time."""

import torch
from scipy.integrate import solve_ivp

from sgn_sciml.pde import Condition
from tests.local_solver.gallery.known import Known

INITIAL = {"t": 0.0}


class Decay(Known):
    law = "decay"
    coordinates = ("t",)
    domain = ((0.0,), (5.0,))
    conditions = (Condition("start", INITIAL, lambda d: d.u - 1),)

    def residual(self, d):
        return d.u_t + d.u

    def known(self, t):
        return (torch.exp(-t),)


class StiffCosine(Known):
    """Prothero and Robinson: a slow solution among fast ones."""

    law = "prothero_robinson"
    coordinates = ("t",)
    domain = ((0.0,), (10.0,))
    conditions = (Condition("start", INITIAL, lambda d: d.u - 1),)

    def residual(self, d):
        return d.u_t + 1e6 * (d.u - torch.cos(d.t)) + torch.sin(d.t)

    def known(self, t):
        return (torch.cos(t),)


class Oscillator(Known):
    """One of second order, for a long time."""

    law = "oscillator"
    coordinates = ("t",)
    domain = ((0.0,), (100.0,))
    conditions = (
        Condition("start", INITIAL, lambda d: d.u - 1),
        Condition("velocity", INITIAL, lambda d: d.u_t),
    )

    def residual(self, d):
        return d.u_tt + d.u

    def known(self, t):
        return (torch.cos(t),)


class Integrated(Known):
    """A system in time whose solution is found by an integrator of order eight."""

    coordinates = ("t",)
    fields = ("u", "v")
    begin = (1.0, 1.0)
    stiff = False

    def velocity(self, u, v):
        raise NotImplementedError

    def residual(self, d):
        du, dv = self.velocity(d.u, d.v)
        return {"u": d.u_t - du, "v": d.v_t - dv}

    @property
    def conditions(self):
        u, v = self.begin
        return (
            Condition("u0", INITIAL, lambda d: d.u - u),
            Condition("v0", INITIAL, lambda d: d.v - v),
        )

    def exact(self, points):
        t = points[:, 0].double()
        order = t.argsort()
        stiff = {"method": "Radau", "rtol": 3e-13, "atol": 1e-13}
        other = {"method": "DOP853", "rtol": 3e-14, "atol": 1e-15}
        found = solve_ivp(
            lambda _, y: [float(v) for v in self.velocity(*torch.from_numpy(y))],
            (0.0, self.domain[1][0]),
            self.begin,
            t_eval=t[order].numpy(),
            **(stiff if self.stiff else other),
        ).y.T
        return torch.empty(len(t), 2, dtype=torch.float64).index_copy_(
            0, order, torch.from_numpy(found.copy())
        )


class LotkaVolterra(Integrated):
    law = "lotka_volterra"
    domain = ((0.0,), (20.0,))

    def velocity(self, u, v):
        return 1.1 * u - 0.4 * u * v, 0.1 * u * v - 0.4 * v


class VanDerPol(Integrated):
    """Stiff: mu = 20, a period and a half."""

    law = "van_der_pol"
    domain = ((0.0,), (50.0,))
    begin = (2.0, 0.0)
    stiff = True

    def velocity(self, u, v):
        return v, 20 * (1 - u * u) * v - u


class Pendulum(Integrated):
    law = "pendulum"
    domain = ((0.0,), (30.0,))
    begin = (3.0, 0.0)

    def velocity(self, u, v):
        return v, -torch.sin(u)


class BlowUp(Known):
    """Ends at t = 1, before the end of the domain: there is no solution."""

    law = "blow_up"
    coordinates = ("t",)
    domain = ((0.0,), (2.0,))
    conditions = (Condition("start", INITIAL, lambda d: d.u - 1),)

    def residual(self, d):
        return d.u_t - d.u**2


class Logistic(Known):
    law = "logistic"
    coordinates = ("t",)
    domain = ((-2.0,), (20.0,))
    conditions = (Condition("start", {"t": -2.0}, lambda d: d.u - 0.01),)

    def residual(self, d):
        return d.u_t - d.u * (1 - d.u)

    def known(self, t):
        return (0.01 / (0.01 + 0.99 * torch.exp(-t - 2)),)


class Absolute(Known):
    """Not smooth in u: u' = -|u| from 1 stays smooth."""

    law = "absolute"
    coordinates = ("t",)
    domain = ((0.0,), (3.0,))
    conditions = (Condition("start", INITIAL, lambda d: d.u - 1),)

    def residual(self, d):
        return d.u_t + d.u.abs()

    def known(self, t):
        return (torch.exp(-t),)


class Root(Known):
    """u' = -sqrt(u), which is infinitely steep at u = 0, from where Newton begins."""

    law = "torricelli"
    coordinates = ("t",)
    domain = ((0.0,), (1.0,))
    conditions = (Condition("start", INITIAL, lambda d: d.u - 1),)

    def residual(self, d):
        return d.u_t + torch.sqrt(d.u)

    def known(self, t):
        return ((1 - t / 2) ** 2,)


class Inverse(Root):
    """Divides by u."""

    law = "inverse"

    def residual(self, d):
        return d.u_t - 1 / d.u

    def known(self, t):
        return (torch.sqrt(1 + 2 * t),)
