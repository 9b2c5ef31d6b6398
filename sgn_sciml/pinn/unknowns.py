r"""Unknown constants of an equation, which train with the network.

.. math::
    c = c_0\, e^{\theta}, \qquad \theta = 0 \text{ at the start}

A constant keeps the sign of its starting value and moves by factors rather than by amounts, so
that one learning rate serves a viscosity of 0.003 and a speed of 300. One whose sign may change
starts with a scale in place of that, :math:`c = c_0 + s\,\theta`.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.pde import Problem

__all__ = ["Start", "Unknowns"]


def is_real(declared: Any, value: Any) -> bool:
    """Whether a constant is a real number; declared so, its default may be written as whole."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, float) or (whole and declared in (float, "float"))


Start = float | dict[str, float]
"""A starting value, or ``start`` and ``scale`` of a constant whose sign may change."""


class Unknowns(nn.Module):
    """Constants of a problem that train.

    Args:
        start: Starting value by name, not 0; or ``{start: 0.0, scale: 1.0}`` for a constant that
            moves by amounts of the size of the scale, and through 0.
        problem: The problem whose fields they are.

    Raises:
        ValueError: If the problem has no such number, a start is 0 without a scale, or refused by
            the problem, or a scale is not positive.
    """

    def __init__(self, start: Mapping[str, Start], problem: Problem) -> None:
        super().__init__()
        known = {f.name for f in fields(problem) if is_real(f.type, getattr(problem, f.name))}
        if unknown := sorted(set(start) - known):
            raise ValueError(
                f"{problem.law} has no constant {', '.join(unknown)}; "
                f"it has {', '.join(sorted(known)) or 'none'}"
            )
        self.start: dict[str, float] = {}
        self.scale: dict[str, float] = {}
        for name, value in start.items():
            if isinstance(value, Mapping):
                if set(value) != {"start", "scale"} or not value["scale"] > 0:
                    raise ValueError(
                        f"the unknown {name} takes a start and a positive scale, "
                        f"{{start: 0.0, scale: 1.0}}, got {dict(value)}"
                    )
                self.scale[name] = value["scale"]
            self.start[name] = value["start"] if isinstance(value, Mapping) else value
        if zeros := sorted(k for k, v in self.start.items() if v == 0 and k not in self.scale):
            raise ValueError(
                f"{', '.join(zeros)} cannot start at 0: it moves by factors. For one whose sign "
                f"may change give a scale, {zeros[0]}: {{start: 0.0, scale: 1.0}}"
            )
        type(problem)(**problem.parameters | self.start)  # the problem's own checks
        by_factors = [name for name in start if name not in self.scale]
        self.logs = nn.ParameterDict({name: torch.zeros(()) for name in by_factors})
        self.shifts = nn.ParameterDict({name: torch.zeros(()) for name in self.scale})

    @property
    def trained(self) -> dict[str, Tensor]:
        """What trains for each constant, of shape ``()``."""
        return {
            name: (self.shifts if name in self.scale else self.logs)[name] for name in self.start
        }

    def values(self) -> dict[str, Tensor]:
        """The constants, each of shape ``()``, a part of torch's graph."""
        found = {}
        for name, start in self.start.items():
            if name in self.scale:
                found[name] = start + self.scale[name] * self.shifts[name]
            else:
                found[name] = start * self.logs[name].exp()
        return found

    def slopes(self) -> dict[str, Tensor]:
        """How fast each constant moves with what trains for it, not negative."""
        values = self.values()
        return {
            name: torch.full_like(value, self.scale[name]) if name in self.scale else value.abs()
            for name, value in values.items()
        }

    def errors(self, problem: Problem) -> dict[str, Tensor]:
        """Relative errors where the problem has the true constants, and they are not 0."""
        values = {name: value.detach() for name, value in self.values().items()}
        truth = {name: getattr(problem, name) for name in values}
        return {n: (v / truth[n] - 1).abs() for n, v in values.items() if truth[n] != 0}

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
        trained = self.trained
        gradients = torch.autograd.grad(total, list(trained.values()), allow_unused=True)
        for name, gradient in zip(trained, gradients, strict=True):
            if gradient is None:
                raise ValueError(
                    f"no residual depends on {name}, so it cannot be found; a residual keeps "
                    "track of a constant in torch's functions, not in those of math or float()"
                )
