"""Conditions that cannot mean what they say are refused."""

import pytest
import torch

from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import PROBLEMS, Condition, Poisson
from sgn_sciml.pinn import PINN


def asked(*conditions, built_in=frozenset()):
    class Own(Poisson):
        law = "own"
        imposed = frozenset(built_in)

        @property
        def conditions(self):
            return tuple(Condition(name, face, lambda d: d.u) for name, face in conditions)

    return Own()


WRONG = {
    "two conditions are called 'end'": asked(("end", {"x": 0.0}), ("end", {"x": 1.0})),
    "fixes 'X', the coordinates are x": asked(("left", {"X": 0.0})),
    "lies at x = 3.0, outside the domain": asked(("left", {"x": 3.0})),
    "cannot be called 'residual'": asked(("residual", {"x": 0.0})),
    "imposed names 'lft', the conditions are called left": asked(
        ("left", {"x": 0.0}), built_in={"lft"}
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_condition_is_refused_before_anything_trains(message):
    with pytest.raises(ValueError, match=message):
        PINN(CoordinateMLP(1, 1, width=4, depth=1), WRONG[message])


@pytest.mark.parametrize("law", PROBLEMS)
def test_those_of_every_problem_are_right(law):
    PROBLEMS[law]().check_conditions()


class Line(Poisson):
    law = "own"
    imposed = frozenset({"left", "right"})

    @property
    def conditions(self):
        left = Condition("left", {"x": 0.0}, lambda d: d.u)
        return left, Condition("right", {"x": 1.0}, lambda d: d.u - 1e-6)


IMPOSE = {
    "left": lambda self, points, raw: raw,
    "right": lambda self, points, raw: points * (1 - points) * raw,
    "a large rest": lambda self, points, raw: 1e-6 * points + points * raw,
}


@pytest.mark.parametrize("case", IMPOSE)
def test_an_impose_that_misses_its_condition_is_refused_in_any_unit(case):
    name = "left" if case == "left" else "right"
    problem = type("Own", (Line,), {"impose": IMPOSE[case]})()
    with pytest.raises(ValueError, match=f"'{name}' is in imposed, but impose leaves"):
        PINN(CoordinateMLP(1, 1, width=4, depth=1, head_scale=1e-6), problem)


@pytest.mark.parametrize("head_scale", [1.0, 1e-6])
def test_an_impose_that_meets_its_conditions_is_accepted_in_any_unit(head_scale):
    def impose(self, points, raw):
        return 1e-6 * points + torch.sin(torch.pi * points) * raw

    problem = type("Own", (Line,), {"impose": impose})()
    PINN(CoordinateMLP(1, 1, width=4, depth=1, head_scale=head_scale), problem)
