r"""Unknown constants of an equation, which train with the network.

.. math::
    c = c_0\, e^{\theta}, \qquad \theta = 0 \text{ at the start}

A constant keeps the sign of its starting value and moves by factors rather than by amounts, so
that one learning rate serves a viscosity of 0.003 and a speed of 300.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.pde import Problem

__all__ = ["Unknowns"]


def is_real(declared: Any, value: Any) -> bool:
    """Whether a constant is a real number; declared so, its default may be written as whole."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, float) or (whole and declared in (float, "float"))


class Unknowns(nn.Module):
    """Constants of a problem that train.

    Args:
        start: Starting value by name, not 0.
        problem: The problem whose fields they are.

    Raises:
        ValueError: If the problem has no such number, or a start is 0 or refused by the problem.
    """

    def __init__(self, start: Mapping[str, float], problem: Problem) -> None:
        super().__init__()
        known = {f.name for f in fields(problem) if is_real(f.type, getattr(problem, f.name))}
        if unknown := sorted(set(start) - known):
            raise ValueError(
                f"{problem.law} has no constant {', '.join(unknown)}; "
                f"it has {', '.join(sorted(known)) or 'none'}"
            )
        if zeros := sorted(name for name, value in start.items() if value == 0):
            raise ValueError(f"{', '.join(zeros)} cannot start at 0: it moves by factors")
        self.start = dict(start)
        type(problem)(**problem.parameters | self.start)  # the problem's own checks
        self.logs = nn.ParameterDict({name: torch.zeros(()) for name in start})

    def values(self) -> dict[str, Tensor]:
        """The constants, each of shape ``()``, a part of torch's graph."""
        return {name: start * self.logs[name].exp() for name, start in self.start.items()}

    def errors(self, problem: Problem) -> dict[str, Tensor]:
        """Relative errors where the problem has the true constants."""
        values = {name: value.detach() for name, value in self.values().items()}
        return {n: (v / getattr(problem, n) - 1).abs() for n, v in values.items()}

    def report(self, truth: Problem | None = None) -> dict[str, Tensor]:
        """The constants as ``unknown/name``, and ``unknown/name_error`` where a truth is known."""
        found = {f"unknown/{name}": value.detach() for name, value in self.values().items()}
        errors = {} if truth is None else self.errors(truth)
        return found | {f"unknown/{name}_error": error for name, error in errors.items()}

    def check(self, residuals: Mapping[str, Tensor]) -> None:
        """See that the constants matter.

        Args:
            residuals: What should vanish, with its graph.

        Raises:
            ValueError: If none depends on one of them.
        """
        total: Any = torch.stack([rows.sum() for rows in residuals.values()]).sum()
        gradients = torch.autograd.grad(total, list(self.logs.values()), allow_unused=True)
        for name, gradient in zip(self.logs, gradients, strict=True):
            if gradient is None:
                raise ValueError(
                    f"no residual depends on {name}, so it cannot be found; a residual keeps "
                    "track of a constant in torch's functions, not in those of math or float()"
                )
