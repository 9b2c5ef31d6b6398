"""Problems that cannot be solved this way are refused with what is wrong with them."""

import pytest
import torch

from sgn_sciml.local_solver import Unsolvable, solve
from sgn_sciml.pde import Condition
from tests.local_solver.problems import PI, Bratu, Plate, RobinHeat, Schroedinger

INITIAL, LEFT, RIGHT = RobinHeat.conditions


class NoWall(RobinHeat):
    law = "no_wall"
    conditions = (INITIAL, LEFT)


class NoStart(RobinHeat):
    law = "no_start"
    conditions = (LEFT, RIGHT)


class Mean(RobinHeat):
    law = "mean"

    def residual(self, d):
        return d.u_t - d.u_xx + d.u.mean()


class NotANumber(RobinHeat):
    law = "root"

    def residual(self, d):
        return d.u_t - d.u_xx - torch.sqrt(d.u - 3)


class Corner(RobinHeat):
    law = "corner"
    conditions = (
        Condition("initial", {"t": 0.0}, lambda d: d.u - 1),
        Condition("left", {"x": 0.0}, lambda d: d.u),
        Condition("right", {"x": 1.0}, lambda d: d.u),
    )


class OnlySlopes(Plate):
    law = "only_slopes"

    def residual(self, d):
        return d.u_xx + d.u_yy - torch.cos(PI * d.x)

    @property
    def conditions(self):
        faces = ({"x": 0.0}, {"x": 1.0}, {"y": 0.0}, {"y": 1.0})
        slope = {"x": lambda d: d.u_x, "y": lambda d: d.u_y}
        return tuple(Condition(f"wall{k}", face, slope[min(face)]) for k, face in enumerate(faces))


class Contradiction(Bratu):
    law = "contradiction"
    conditions = (*Bratu.conditions, Condition("again", {"x": 0.0}, lambda d: d.u - 1))


class FourCoordinates(Plate):
    law = "four"
    coordinates = ("x", "y", "z", "w")


class OneField(Schroedinger):
    law = "one_of_two"
    conditions = Schroedinger.conditions[:1]


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (NoWall, "order 2 along x and 1 condition there: no_wall has no condition at x = 1"),
        (NoStart, "order 1 along t and 0 conditions there: no_start has no condition at t = 0"),
        (OneField, "take 2 conditions along t, there is 1: none holds v at t = 0"),
        (Mean, "couples points"),
        (NotANumber, "t = 0.*slopes are not finite"),
        (
            Corner,
            "'initial' and 'left' of corner contradict each other at x = 0, t = 0: "
            "u is 1 by the first and 0 by the second",
        ),
        (OnlySlopes, "knows u up to a constant at best: .*Give its value at a point, too"),
        (Contradiction, "'left' and 'again' .* at x = 0: u is 0 by the first and 1 by the"),
        (FourCoordinates, "has 4 coordinates"),
    ],
)
def test_what_is_wrong_is_said(problem, message):
    with pytest.raises(Unsolvable, match=message):
        solve(problem(), 1e-3)
