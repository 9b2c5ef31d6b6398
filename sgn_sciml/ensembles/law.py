"""Samples of any problem, each solved by local least squares."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.ensembles.random_functions import SpaceFunction
from sgn_sciml.ensembles.specification import DrawnSample, Specification
from sgn_sciml.laws.law import Array, Law, relative_difference
from sgn_sciml.layouts.contents import SPACE
from sgn_sciml.layouts.grid_fields import GridFields, plain_constants
from sgn_sciml.local_solver import LocalSolution, Unsolvable, solve
from sgn_sciml.local_solver.checks.fingerprint import fingerprint
from sgn_sciml.local_solver.on_grid import METHOD, ROUNDING, on_grid
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.local_solver.solver import FINEST
from sgn_sciml.pde import Problem

__all__ = ["ACCURACY", "SolvedSamples"]

ACCURACY, REDRAWN = "estimated_relative_error", "redrawn"
ATTEMPTS = 20  # draws of one sample before it is given up
SIZE = {1: 128, 2: 64, 3: 32}  # points along each coordinate of space, where nothing is said


@dataclass(frozen=True)
class SolvedSamples(Law):
    """A problem with drawn constants, functions and initial states.

    What is stored of a problem that evolves: with ``frames`` trajectories, of each field over time
    and space; without, the initial state ``a`` (of several fields ``a_u`` and so on) and each
    field at the end. Of a steady problem each field. Functions that differ are stored over space,
    constants that differ by sample, as are the estimate of the solver's error and how often the
    sample was drawn again.

    It holds plain settings alone, so that other processes can be given it.

    Args:
        problem: Class path of the problem, with its arguments or alone.
        vary: Constants of the problem to their distributions.
        initial: Distribution of the initial state, or several by what is given.
        grid: Points along each coordinate of space; None for those of the problem.
        frames: Frames in time, the initial state included; None for a pair of states.
        tolerance: Relative error that is asked of the solver.
        redraw: Draw a sample that cannot be solved again; otherwise it ends the making.

    Raises:
        ValueError: If the settings do not fit each other, or sample 0 cannot be posed.
    """

    problem: Any
    vary: Any = None
    initial: Any = None
    grid: Sequence[int] | None = None
    frames: int | None = None
    tolerance: float = 1e-6
    redraw: bool = False

    licence: ClassVar[str] = ""  # what a user makes of an own equation is the user's
    checked: ClassVar[int] = 1

    def __post_init__(self) -> None:
        base = self.base
        object.__setattr__(self, "name", base.law)
        object.__setattr__(self, "about", f"{base.law}, samples solved by {METHOD}")
        if not set(base.space) <= set(SPACE):
            raise ValueError(
                f"{base.law} has the coordinates {', '.join(base.coordinates)}; a file of samples "
                "has x, y and z in space, and t"
            )
        if not FINEST <= self.tolerance < 1:
            raise ValueError(f"the tolerance must lie in [{FINEST:g}, 1), got {self.tolerance}")
        if self.frames is not None and not base.evolving:
            raise ValueError(f"{base.law} is steady: it has no frames")
        if self.frames is not None and self.frames < 2:
            raise ValueError(f"frames must be at least 2, got {self.frames}")
        object.__setattr__(self, "axes", self._axes())
        self.coordinates()  # a wrong number of points is told before anything is solved
        _ = self.equation

    def __getstate__(self) -> dict[str, Any]:  # conditions are often lambdas
        return {k: v for k, v in vars(self).items() if k not in ("specification", "equation")}

    @cached_property
    def specification(self) -> Specification:
        """What samples are drawn from."""
        return Specification.of(self.problem, self.vary, self.initial)

    @property
    def base(self) -> Problem:
        """The problem with the constants that all samples share."""
        return self.specification.problem

    @cached_property
    def equation(self) -> str:
        """What changes when the problem or one of its functions is edited."""
        return fingerprint(ProblemRows.of(self.specification.draw(0, 0).problem))[:12]

    # -- what a file says --------------------------------------------------------------------

    @property
    def starts(self) -> dict[str, str]:
        """Fields of a file that hold initial states, to what they are given for."""
        names = list(self.specification.start)
        if self.frames is not None or not names:
            return {}
        return {"a": names[0]} if len(names) == 1 else {f"a_{name}": name for name in names}

    def _axes(self) -> dict[str, tuple[str, ...]]:
        said = self.specification
        space = self.base.space
        found: dict[str, tuple[str, ...]] = {}
        lists: list[tuple[Any, tuple[str, ...]]] = [
            ([*said.numbers, ACCURACY, REDRAWN], ()),
            ([*self.starts, *said.functions], space),
            (self.base.fields, ("t", *space) if self.frames else space),
        ]
        for names, axes in lists:
            for name in names:
                if name in found or name in (*self.base.coordinates, "sample"):
                    raise ValueError(f"{self.base.law}: two parts of a file are called {name!r}")
                found[name] = axes
        return found

    def coordinates(self) -> dict[str, Array]:
        base, size = self.base, len(self.base.space)
        usual = tuple(getattr(base, "grid", ()))[:size] or (SIZE[size],) * size
        shape = usual if self.grid is None else tuple(self.grid)
        shape = shape * size if len(shape) == 1 else shape
        if len(shape) != size:
            raise ValueError(
                f"{base.law}: the grid needs points along {', '.join(base.space)}, got "
                f"{', '.join(map(str, shape))}"
            )
        axes = base.axes((*shape, self.frames or 2) if base.evolving else shape)
        found = {name: axes[name].numpy() for name in base.space}
        return {"t": axes["t"].numpy(), **found} if self.frames else found

    def parameters(self) -> dict[str, Any]:
        shared = {
            name: value if isinstance(value, int | float | str) else json.dumps(value)
            for name, value in plain_constants(self.base.parameters).items()
            if name not in self.axes
        }
        said = {
            "problem": text_of(self.problem),
            "vary": text_of(self.vary),
            "initial": text_of(self.initial),
            "points": " x ".join(str(len(v)) for v in self.coordinates().values()),
            "tolerance": self.tolerance,
            "solved_by": METHOD,
            "equation": self.equation,
        }
        return {**{k: v for k, v in said.items() if v != ""}, **shared}

    def software(self) -> dict[str, str]:
        return {"torch": torch.__version__}

    # -- making ------------------------------------------------------------------------------

    def samples(self, seed: int, numbers: Sequence[int]) -> dict[str, Array]:
        found = [self.sample(seed, number) for number in numbers]
        return {name: np.stack([each[name] for each in found]) for name in self.axes}

    def sample(self, seed: int, number: int) -> dict[str, Array]:
        """Draw and solve one sample.

        Raises:
            ValueError: If it cannot be solved, and is not to be drawn again or was too often.
        """
        reason = ""
        for attempt in range(ATTEMPTS if self.redraw else 1):
            drawn = self.specification.draw(seed, number, attempt)
            try:
                solution = solve(drawn.problem, self.tolerance)
            except Unsolvable as error:
                reason = f"sample {number}{constants(drawn)} is not solved: {error}"
            else:
                return self._stored(drawn, solution, attempt)
        if self.redraw:
            raise ValueError(f"{reason} (drawn {ATTEMPTS} times in vain)")
        raise ValueError(f"{reason} (--redraw draws such samples again)")

    def _stored(
        self, drawn: DrawnSample, solution: LocalSolution, attempt: int
    ) -> dict[str, Array]:
        base = self.base
        space = {n: torch.from_numpy(v) for n, v in self.coordinates().items() if n != "t"}
        found: dict[str, Array] = {k: np.asarray(v) for k, v in drawn.numbers.items()}
        found |= {
            ACCURACY: np.asarray(max(solution.estimate, ROUNDING)),
            REDRAWN: np.asarray(float(attempt)),
        }
        for name, given in self.starts.items():
            found[name] = values_of(drawn.start[given], space)
        for name, function in drawn.functions.items():
            found[name] = values_of(function, space)
        axes = dict(space)
        if base.evolving:
            end = torch.tensor([base.domain[1][-1]], dtype=torch.float64)
            axes["t"] = torch.from_numpy(self.coordinates()["t"]) if self.frames else end
        for name, values in on_grid(solution, axes).fields.items():
            if base.evolving:
                values = values.movedim(-1, 0) if self.frames else values[..., 0]
            found[name] = values.numpy()
        return found

    # -- convergence -------------------------------------------------------------------------

    def other_solver(self) -> Self:
        finer = float(f"{self.tolerance / 10:.3g}")
        return replace(self, tolerance=finer if finer >= FINEST else self.tolerance * 10)

    def self_convergence(self, seed: int) -> float:
        one, other = (
            law.samples(seed, range(self.checked)) for law in (self, self.other_solver())
        )
        return max(relative_difference(one[f], other[f]) for f in self.base.fields)


def text_of(settings: Any) -> str:
    """Settings on one line; empty for none."""
    if settings is None:
        return ""
    return settings if isinstance(settings, str) else json.dumps(settings, default=str)


def constants(drawn: DrawnSample) -> str:
    """The constants of a sample, for a message."""
    listed = ", ".join(f"{name} = {value:g}" for name, value in drawn.numbers.items())
    return f" ({listed})" if listed else ""


def values_of(function: SpaceFunction, axes: Mapping[str, Tensor]) -> Array:
    """A function of space on a grid, ``(*space)``."""
    points = GridFields(axes, {}, "").points
    values = function(*points.reshape(-1, len(axes)).unbind(1))
    found: Array = values.detach().double().reshape(points.shape[:-1]).numpy()
    return found
