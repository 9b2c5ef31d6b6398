"""FitzHugh and Nagumo's nerve: a voltage that spreads, and its slow recovery."""

from dataclasses import dataclass

from sgn_sciml.pde import InitialValue, Neumann, Problem


@dataclass(frozen=True)
class Nerve(Problem):
    spread: float = 0.05
    slowness: float = 0.2

    law = "fitzhugh_nagumo"
    coordinates = ("x", "t")
    fields = ("v", "w")
    domain = (0.0, 0.0), (1.0, 4.0)
    conditions = InitialValue({"v": "cos(pi*x)", "w": 0}), Neumann(("left", "right"))

    def residual(self, d):
        return {
            "voltage": d.v_t - self.spread * d.v_xx - d.v + d.v**3 / 3 + d.w - 0.3,
            "recovery": d.w_t - self.slowness * (d.v + 0.7 - 0.8 * d.w),
        }
