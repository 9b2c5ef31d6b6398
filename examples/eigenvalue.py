"""The ground state of the quartic oscillator: an eigenvalue is an unknown constant."""

from dataclasses import dataclass

from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class Oscillator(Problem):
    energy: float = 1.0603620904841829  # what the unknown is compared with

    law = "quartic_oscillator"
    coordinates = ("x",)
    imposed = frozenset({"norm", "left", "right"})
    domain = (-4.0,), (4.0,)

    def residual(self, d):
        return d.u_xx + (self.energy - d.x**4) * d.u

    @property
    def conditions(self):  # where the solution is 1 fixes its size
        return (
            Condition("norm", {"x": 0.0}, lambda d: d.u - 1),
            Condition("left", {"x": -4.0}, lambda d: d.u),
            Condition("right", {"x": 4.0}, lambda d: d.u),
        )

    def impose(self, points, raw):
        return (1 - points**2 / 16) * (1 + points * raw)
