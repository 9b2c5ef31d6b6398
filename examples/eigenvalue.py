"""The ground state of the quartic oscillator: an eigenvalue is an unknown constant."""

from dataclasses import dataclass

from sgn_sciml.pde import Dirichlet, Problem


@dataclass(frozen=True)
class Oscillator(Problem):
    energy: float = 1.0603620904841829  # what the unknown is compared with

    law = "quartic_oscillator"
    coordinates = ("x",)
    domain = (-4.0,), (4.0,)
    conditions = Dirichlet("boundary"), Dirichlet("x = 0", 1.0)  # which fixes the size

    def residual(self, d):
        return d.u_xx + (self.energy - d.x**4) * d.u
