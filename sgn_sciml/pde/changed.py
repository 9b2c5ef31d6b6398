r"""A problem with other conditions, named by words in a configuration.

.. code-block:: yaml

    problem:
      class_path: Changed
      init_args:
        problem: own.Heat
        words:
          - {class_path: Dirichlet, init_args: {where: left, value: sin(t)}}

A word takes the place of the condition that goes by its name; others are added. The equation
stays. What the problem's own ``impose`` builds in, and its exact solution, belong to its own
conditions and are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.conditions.condition import Condition
from sgn_sciml.pde.conditions.holding import held_by
from sgn_sciml.pde.conditions.word import ConditionWord, Word
from sgn_sciml.pde.problem import Problem

__all__ = ["Changed"]


@dataclass(frozen=True)
class Changed(Problem):
    """A problem with conditions of its own and others.

    Args:
        problem: The problem.
        words: Conditions that replace those of the same names, or are added.

    Raises:
        ValueError: If there are none, or one cannot mean anything there.
    """

    problem: Problem
    words: list[ConditionWord]

    def __post_init__(self) -> None:
        if not self.words:
            raise ValueError("Changed: name the conditions that differ in words")
        for name in ("coordinates", "fields", "periodic", "geometry"):
            object.__setattr__(self, name, getattr(self.problem, name))
        object.__setattr__(self, "law", f"{self.problem.law}_changed")
        if hasattr(self.problem, "grid"):
            object.__setattr__(self, "grid", self.problem.grid)
        self.check_conditions()

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self.problem.domain

    @property
    def conditions(self) -> tuple[Condition, ...]:
        others = held_by(self, [each for each in self.words if isinstance(each, Word)])
        names = {condition.name for condition in others}
        return (*(c for c in self.problem.conditions if c.name not in names), *others)

    def residual(self, d: Derivatives) -> Tensor | Mapping[str, Tensor]:
        return self.problem.residual(d)

    @property
    def parameters(self) -> dict[str, Any]:
        return self.problem.parameters | {"words": "; ".join(map(repr, self.words))}
