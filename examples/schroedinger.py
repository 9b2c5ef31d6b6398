"""The nonlinear Schroedinger equation: real part u and imaginary part v of its field."""

from dataclasses import dataclass

from sgn_sciml.pde import InitialValue, Problem


@dataclass(frozen=True)
class Schroedinger(Problem):
    law = "schroedinger"
    coordinates = ("x", "t")
    fields = ("u", "v")
    periodic = frozenset({"x"})
    grid = (128, 65)
    domain = (-5.0, 0.0), (5.0, 1.5707963267948966)
    # Smooth across the ends, which 2 / cosh(x) is not.
    conditions = (InitialValue({"u": "2*exp(2*cos(pi/5*x) - 2)", "v": 0}),)

    def residual(self, d):
        square = d.u**2 + d.v**2
        return d.u_t + d.v_xx / 2 + square * d.v, d.v_t - d.u_xx / 2 - square * d.u
