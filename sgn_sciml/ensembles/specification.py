"""The configuration of an ensemble: a problem, and what differs from sample to sample.

.. code-block:: yaml

    problem: {class_path: Burgers}
    vary:
      nu: {log: [0.01, 0.1]}   # or linear: [low, high], or list: [...], in that order
    initial: {class_path: GaussianField, init_args: {length: 0.3}}

A constant of the problem that is a function of space, such as a source, varies as an initial state
does: by a class of random functions, or by the path of a Python function that makes one from a
seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from difflib import get_close_matches
from pkgutil import resolve_name
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.ensembles.initial_state import BegunWith, initial_names
from sgn_sciml.ensembles.numbers import Listed, Number, number_of
from sgn_sciml.ensembles.random_functions import FromSeed, RandomFunction, SpaceFunction
from sgn_sciml.pde import Problem
from sgn_sciml.system.classes import instantiate

__all__ = ["DrawnSample", "Specification", "refuse_unknown"]


@dataclass(frozen=True)
class DrawnSample:
    """What a sample has of its own.

    Attributes:
        problem: The problem to solve.
        numbers: Its constants that differ, by name.
        functions: Its constants that are functions, by name.
        start: The functions that it begins with, by the name of what they are given for.
    """

    problem: Problem
    numbers: Mapping[str, float]
    functions: Mapping[str, SpaceFunction]
    start: Mapping[str, SpaceFunction]


@dataclass(frozen=True)
class Specification:
    """What a sample is drawn from.

    Attributes:
        problem: The problem with the constants that all samples share.
        numbers: Distributions of constants, in the order of the configuration.
        functions: Distributions of constants that are functions.
        start: Distributions of initial states, by the name of what they are given for.
    """

    problem: Problem
    numbers: Mapping[str, Number]
    functions: Mapping[str, RandomFunction]
    start: Mapping[str, RandomFunction]

    @classmethod
    def of(cls, problem: Any, vary: Any = None, initial: Any = None) -> "Specification":
        """What settings say.

        Args:
            problem: Class path of the problem, with its arguments or alone.
            vary: Constants to their distributions.
            initial: Distribution of the initial state or, by what is given, several.

        Raises:
            ValueError: If there is no such problem, constant or initial value, if they describe
                no distribution, or if nothing differs.
        """
        made = instantiate(Problem, problem, "problem")  # type: ignore[type-abstract]
        for name, given in (("vary", vary), ("initial", initial)):
            if given is not None and not isinstance(given, Mapping | str):
                raise ValueError(f"{name} must map names to distributions, got {given}")
        if isinstance(vary, str):
            raise ValueError(f"vary must map constants to distributions, got {vary}")
        constants = (
            [n for n in vars(made) if n[0] != "_"] if is_dataclass(made) else list(made.parameters)
        )
        numbers: dict[str, Number] = {}
        functions: dict[str, RandomFunction] = {}
        for name, settings in (vary or {}).items():
            refuse_unknown(name, constants, f"{made.law} has no constant")
            if isinstance(settings, str) or is_class(settings):
                functions[name] = function_of(f"vary.{name}", settings)
            else:
                numbers[name] = number_of(f"vary.{name}", settings)
        found = cls(made, numbers, functions, starts(made, initial))
        if not (found.numbers or found.functions or found.start):
            raise ValueError("every sample would be the same: set vary or initial")
        return found

    @property
    def sweep(self) -> int | None:
        """Samples after which listed constants have had all their combinations.

        None where anything is drawn.
        """
        lists = [len(n.values) for n in self.numbers.values() if isinstance(n, Listed)]
        drawn = len(lists) < len(self.numbers) or self.functions or self.start
        return None if drawn else int(np.prod(lists))

    def draw(self, seed: int, sample: int, attempt: int = 0) -> DrawnSample:
        """What a sample has of its own: a function of these three numbers alone.

        Args:
            seed: Seed of the file.
            sample: Number of the sample.
            attempt: How often it was drawn before.

        Raises:
            ValueError: If the problem refuses its constants, or an own function is none.
        """

        def stream(name: str) -> np.random.Generator:  # what is added later changes no other
            return np.random.default_rng([seed, sample, attempt, *name.encode()])

        numbers: dict[str, float] = {}
        step = 1
        for name, number in self.numbers.items():
            if isinstance(number, Listed):
                numbers[name] = number.values[sample // step % len(number.values)]
                step *= len(number.values)
            else:
                numbers[name] = number.draw(stream(name))
        box = self.problem
        functions = {n: checked(n, f.draw(stream(n), box), box) for n, f in self.functions.items()}
        begun = f"{{}} at the {box.coordinates[-1]} of the beginning"
        start = {
            n: checked(begun.format(n), f.draw(stream(f"initial {n}"), box), box)
            for n, f in self.start.items()
        }
        problem = with_constants(self.problem, {**numbers, **functions})
        return DrawnSample(
            BegunWith(problem, start) if start else problem, numbers, functions, start
        )


def starts(problem: Problem, initial: Any) -> dict[str, RandomFunction]:
    """Distributions of initial states by what is given; one alone is that of the one field."""
    if initial is None:
        return {}
    if not problem.evolving:
        raise ValueError(f"{problem.law} is steady: it has no initial state")
    known = initial_names(problem)
    alone = isinstance(initial, str) or is_class(initial)
    if alone and len(problem.fields) > 1:
        raise ValueError(
            f"{problem.law} has the fields {', '.join(problem.fields)}: write initial as "
            f"{{{problem.fields[0]}: ..., {problem.fields[1]}: ...}}"
        )
    given = {problem.fields[0]: initial} if alone else initial
    for name in given:
        refuse_unknown(name, known, f"{problem.law}: no initial condition gives")
    return {name: function_of(f"initial.{name}", value) for name, value in given.items()}


def is_class(settings: Any) -> bool:
    """Whether settings name a class."""
    return isinstance(settings, Mapping) and "class_path" in settings


def function_of(key: str, settings: Any) -> RandomFunction:
    """A distribution of functions: a class, or the path of a function that takes a seed."""
    if not isinstance(settings, str) and not is_class(settings):
        raise ValueError(
            f"{key} takes a class of random functions, such as GaussianField, or the path of a "
            f"function that makes one from a seed; got {settings}"
        )
    if isinstance(settings, str) and "." in settings:
        try:
            found = resolve_name(settings)
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(f"{key}: there is no {settings}: {error}") from error
        if not isinstance(found, type):
            if not callable(found):
                raise ValueError(f"{key}: {settings} is not a function of a seed")
            return FromSeed(found, settings)
    flat = key.replace(".", "_")  # a key with dots would be one within another
    try:
        return instantiate(RandomFunction, settings, flat)  # type: ignore[type-abstract]
    except ValueError as error:
        raise ValueError(str(error).replace(flat, key)) from error


def with_constants(problem: Problem, constants: Mapping[str, Any]) -> Problem:
    """A problem with other constants, which it checks where it can."""
    if is_dataclass(problem):
        found: Problem = replace(problem, **constants)
        return found
    return problem.holding(constants)


def checked(name: str, function: SpaceFunction, problem: Problem) -> SpaceFunction:
    """A function of space that returns one finite number per point.

    Raises:
        ValueError: If it does not.
    """
    n = 5
    unit = torch.rand(n, len(problem.coordinates), generator=torch.Generator().manual_seed(0))
    points = problem.box_points(unit.double())[:, : len(problem.space)]
    values = function(*points.unbind(1))
    if not isinstance(values, Tensor) or values.shape != (n,):
        shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"{name}: values of {n} points are {shape}, expected a tensor of ({n},)")
    if not bool(values.isfinite().all()):
        raise ValueError(f"{name}: the function is NaN or infinite within the domain")
    return function


def refuse_unknown(name: str, known: Any, what: str) -> None:
    """See that a name is known.

    Raises:
        ValueError: If it is not; the message has the names that are near, or all of them.
    """
    if name in known:
        return
    close = get_close_matches(str(name), list(known), n=2, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(known)}"
    raise ValueError(f"{what} {name!r}; {hint if known else 'there are none'}")
