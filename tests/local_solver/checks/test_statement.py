"""What is wrong with a problem as stated is told before anything is solved; nothing else is."""

import importlib
import inspect
import pkgutil

import pytest
import torch

import tests.local_solver.gallery
from sgn_sciml import pde
from sgn_sciml.local_solver import Unsolvable, solve
from sgn_sciml.local_solver.checks import rows_of
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.pde import Condition, KuramotoSivashinsky, Problem
from tests.local_solver import problems
from tests.local_solver.gallery.elliptic import Plane
from tests.local_solver.gallery.illposed import INITIAL, LEFT, RIGHT, Heat, NoWall
from tests.local_solver.gallery.transport import Transport

REFUSED = {
    "flows.NoPressure": "p up to a constant at best: .* hold derivatives of p, never p itself",
    "illposed.Backward": r"ill-posed, as heat backward in time is: .*u_t \+ 1 u_xx at x = ",
    "illposed.BackwardRough": "makes short waves grow without bound after it",
    "illposed.EndOnly": "known at t = 0.5, and it would have to be followed back to t = 0: ",
    "illposed.LateInitial": "known at t = 0.2, and it would have to be followed back to t = 0: ",
    "illposed.NoWall": "take 4 conditions along x, there are 2: none holds v at x = 0, nor v at x",
    "illposed.Nothing": "no condition at x = 0 and x = 1 and t = 0",
    "illposed.PeriodicDiffers": "not periodic in x: u is 0 at x = 0 and 1 at x = 1",
    "illposed.Ratio": r"is NaN or infinite at \d+ of 500 points, .* for example at x = 0.4",
    "illposed.TwiceInitial": r"'initial' and 'other' of .* contradict each other at x = 0.5443, "
    "t = 0: u is 0.99032 by the first and 0 by the second",
    "mistakes.Column": r"is \(8, 1\), expected \(8,\)",
    "mistakes.FifthOrder": "has u_xxxxx, a derivative of order 5 along x: .* up to 4 along it",
    "mistakes.Infinite": "from x = 0.0 to inf: both must be finite numbers",
    "mistakes.NoEquation": "no equation of no_equation holds v: its residual asks for u only",
    "mistakes.Nonsense": "the domain is empty, t goes from 0.5 to 0.5",
    "mistakes.Reversed": "from x = 1.0 to 0.0: the lower corner comes first",
    "mistakes.Text": "nu is the text '0.1', not a number: leave the quotation marks out",
    "mistakes.ThirdInTime": "has u_ttt, a derivative of order 3 along t: .* up to 2 along it",
    "mistakes.Typing": "mistakes.py, line 48: AttributeError: no derivative 'w_xx'",
    "steady.Incompatible": "integral over the walls, 0, must be that of the source inside, 1",
    "steady.TwoValues": "'l' and 'top' of two_values contradict each other at x = 0, y = 1: "
    "u is 0 by the first and 1 by the second",
    "transport.BothEnds": "'outflow' of both_ends at x = 1 is at an outflow, .*: leave it out",
    "transport.OutflowAgrees": "is at an outflow, .*: leave it out",
    "transport.WrongEnd": "is at an outflow, .*: give it at x = 0",
}
WRAPPERS = ("Changed", "Window")  # of other problems


def everything():
    """All problems of the gallery, of the tests beside it and of the package."""
    folder = tests.local_solver.gallery
    names = [f"{folder.__name__}.{m.name}" for m in pkgutil.iter_modules(folder.__path__)]
    modules = [importlib.import_module(name) for name in names]
    found = {}
    for module in [*modules, problems]:
        for name, kind in vars(module).items():
            own = inspect.isclass(kind) and kind.__module__ == module.__name__
            if own and issubclass(kind, Problem) and hasattr(kind, "law"):
                found[f"{module.__name__.split('.')[-1]}.{name}"] = kind
    shipped = {n: getattr(pde, n) for n in pde.__all__ if inspect.isclass(getattr(pde, n))}
    for name, kind in shipped.items():
        if issubclass(kind, Problem) and kind is not Problem and name not in WRAPPERS:
            found[f"pde.{name}"] = kind
    return found


@pytest.mark.parametrize(("name", "kind"), everything().items())
def test_only_what_is_wrong_is_refused(name, kind):
    if name not in REFUSED:
        for tolerance in (1e-6, 1e-12):
            rows_of(kind(), tolerance)
        return
    with pytest.raises(ValueError, match=REFUSED[name]):
        rows_of(kind(), 1e-6)


def heat(**other):
    """The heat equation with something else about it."""
    return type("Other", (Heat,), {"law": "other", **other})()


def test_a_disagreement_below_the_tolerance_passes():
    problem = heat(conditions=(INITIAL, LEFT, Condition("hot", {"x": 1.0}, lambda d: d.u - 1e-5)))
    rows_of(problem, 1e-5)
    with pytest.raises(Unsolvable, match=r"at x = 1, t = 0: u is .* and 1e-05 by the second"):
        rows_of(problem, 1e-8)


def test_three_conditions_that_agree_two_by_two_only():
    start = Condition("start", {"t": 0.0}, lambda d: [d.u - d.v - 1, d.u + d.v - 1])
    walls = [
        Condition(f"{f}{x}", {"x": x}, lambda d, f=f: getattr(d, f)) for x in (0, 1) for f in "uv"
    ]
    problem = heat(
        fields=("u", "v"),
        conditions=(start, *walls),
        residual=lambda self, d: [d.u_t - d.u_xx, d.v_t - d.v_xx],
    )
    with pytest.raises(Unsolvable, match=r"'start' and 'u0' and 'v0' .*: the best fields leave"):
        rows_of(problem, 1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_highest_even_order_says_whether_it_runs_backward(sign):
    rows_of(KuramotoSivashinsky(), 1e-6)  # its u_xx has the other sign, its u_xxxx not
    bends = [Condition(f"b{v}", {"x": v}, lambda d: d.u_xx) for v in (0.0, 1.0)]
    plate = heat(
        conditions=(*Heat.conditions, *bends),
        residual=lambda self, d: d.u_t + sign * (d.u_xxxx + d.u_xx),
    )
    if sign > 0:
        rows_of(plate, 1e-6)
    else:
        with pytest.raises(Unsolvable, match="u_t - 1 u_xxxx at x = "):
            rows_of(plate, 1e-6)


def test_a_state_that_is_known_at_the_end_runs_backward_well():
    final = Condition("payoff", {"t": 0.5}, INITIAL.residual)
    problem = heat(conditions=(final, LEFT, RIGHT), residual=lambda self, d: d.u_t + d.u_xx)
    rows_of(problem, 1e-6)


def test_a_diffusivity_that_is_negative_where_the_state_is():
    problem = heat(
        conditions=(Condition("initial", {"t": 0.0}, lambda d: d.u - d.x + 0.5),),
        periodic=frozenset(),
        residual=lambda self, d: d.u_t - d.u * d.u_xx,
    )
    walls = [Condition(f"w{v}", {"x": v}, lambda d, v=v: d.u - v + 0.5) for v in (0.0, 1.0)]
    object.__setattr__(problem, "conditions", (*problem.conditions, *walls))
    with pytest.raises(Unsolvable, match=r"u_t \+ 0.\d+ u_xx at x = 0.0"):
        rows_of(problem, 1e-6)


def moving(velocity, *walls):
    """A transport equation from 1 with conditions at some walls."""
    conditions = [Condition("initial", {"t": 0.0}, lambda d: d.u - 1)]
    conditions += [Condition(f"wall{v:g}", {"x": v}, lambda d: d.u - 1) for v in walls]
    residual = lambda self, d: d.u_t + velocity(d) * d.u_x  # noqa: E731
    return type("Moving", (Transport,), {"conditions": conditions, "residual": residual})()


@pytest.mark.parametrize(
    ("velocity", "walls", "message"),
    [
        (lambda d: -1.0, (1.0,), None),
        (lambda d: -1.0, (0.0,), "at x = 0 is at an outflow, .*: give it at x = 1"),
        (lambda d: d.u, (0.0,), None),
        (lambda d: d.u, (1.0,), "at x = 1 is at an outflow, .*: give it at x = 0"),
        (lambda d: 0.5 - d.x, (0.0, 1.0), None),
        (lambda d: 0.5 - d.x, (0.0,), "no condition at x = 1"),
        (lambda d: d.x - 0.5, (), None),
        (lambda d: d.x - 0.5, (0.0, 1.0), "at x = 0 is at an outflow, .*: leave it out"),
        (lambda d: torch.cos(9 * d.t), (0.0, 1.0), None),  # in and out in turn
    ],
)
def test_conditions_belong_where_values_come_in(velocity, walls, message):
    if message is None:
        rows_of(moving(velocity, *walls), 1e-6)
    else:
        with pytest.raises(Unsolvable, match=message):
            rows_of(moving(velocity, *walls), 1e-6)


class Insulated(Plane):
    law = "insulated"
    source = 1.0

    def residual(self, d):
        return d.u_xx + d.u_yy - self.source

    @property
    def conditions(self):
        out = {"x": lambda d: d.u_x - d.x / 2, "y": lambda d: 3 * d.u_y - 1.5 * d.y}
        ends = [Condition(f"{a}{v}", {a: v}, out[a]) for a in "xy" for v in (0.0, 1.0)]
        return (*ends, Condition("point", {"x": 0.0, "y": 0.0}, lambda d: d.u))


def test_slopes_on_all_walls_balance_the_source():
    rows_of(Insulated(), 1e-12)
    problem = Insulated()
    object.__setattr__(problem, "source", 1.001)
    with pytest.raises(Unsolvable, match=r"over the walls, 1, must be .* inside, 1.001"):
        rows_of(problem, 1e-6)


def test_fewer_equations_than_fields():
    problem = heat(fields=("u", "v"), residual=lambda self, d: d.u_t - d.u_xx + d.v)
    with pytest.raises(Unsolvable, match="has 2 fields, u, v, and 1 equation: the residual must"):
        rows_of(problem, 1e-6)


def test_fields_that_no_wall_holds_are_named():
    equations = ProblemRows.of(NoWall())
    assert equations.suspects() == (
        "Note that no condition holds v at x = 0 and x = 1, though there is v_xx."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Heat, 1e-6), r"takes a problem, got the class Heat: write Heat\(\)"),
        ((Heat(), "1e-6"), "tolerance must be a number, got '1e-6'"),
        ((Heat(), 1e-6, problems.Problem, 3), "whole number from 4 to 40, got 3"),
        ((Heat(), 1e-6, problems.Problem, 0), "whole number from 4 to 40, got 0"),
        ((Heat(), 1e-6, problems.Problem, 41), "whole number from 4 to 40, got 41"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(Unsolvable, match=message):
        solve(*arguments)


def test_a_system_with_a_condition_too_few():
    start, *walls = NoWall.conditions[3], INITIAL, LEFT, RIGHT
    system = {"fields": ("u", "v"), "residual": NoWall.residual}
    cold = Condition("cold", LEFT.face, lambda d: d.v - 1)
    ends = [cold, Condition("right_v", RIGHT.face, lambda d: d.v)]
    with pytest.raises(Unsolvable, match="take 2 conditions along t, there is 1: none holds v at"):
        rows_of(heat(conditions=(*walls, *ends), **system), 1e-6)
    with pytest.raises(Unsolvable, match="along x, there are 3: none holds v at x = 1"):
        rows_of(heat(conditions=(start, *walls, cold), **system), 1e-6)
    # What one wall says twice, with none at the other, may do: the sum counts.
    slope = Condition("slope", LEFT.face, lambda d: d.v_x)
    rows_of(heat(conditions=(start, *walls, cold, slope), **system), 1e-6)


def test_names_of_the_gallery_are_not_those_of_shipped_problems():
    """Configurations name classes by their own name where that is the only one."""
    assert not {name.partition(".")[2] for name in everything() if "pde." not in name} & {
        name.removeprefix("pde.") for name in everything() if name.startswith("pde.")
    }
