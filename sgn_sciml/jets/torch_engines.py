"""Engines that are torch alone: nested autograd, jets, and jets through ``torch.compile``."""

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.jets import eager
from sgn_sciml.jets.engine import Engine, loss_with_gradients
from sgn_sciml.jets.equation import Equation
from sgn_sciml.jets.program import Program

__all__ = ["Compiled", "Eager", "Nested"]


class Nested(Engine):
    """Reverse differentiation of reverse differentiation: any network, any order, slowly."""

    def residuals(self, equation: Equation, points: Tensor) -> Tensor:
        return equation.nested(points)


class Eager(Engine):
    """Jets, one operation after another in torch, on any device.

    Args:
        block: Points at a time on a CPU, whose cache they should fit; None for all.
    """

    def __init__(self, block: int | None = 2048) -> None:
        self.block = block

    def run(self, program: Program, points: Tensor, tensors: Sequence[Tensor]) -> Tensor:
        """Residuals of a program, ``(E, N)``."""
        return eager.run(program, points, tensors)

    def residuals(self, equation: Equation, points: Tensor) -> Tensor:
        program = equation.program(points)
        return self.run(program, points, program.tensors)

    def loss(self, equation: Equation, points: Tensor, weights: Tensor | None = None) -> Tensor:
        program = equation.program(points)
        size = self.block if self.block and points.device.type == "cpu" else len(points)

        def evaluate(
            tensors: Sequence[Tensor], wanted: Sequence[bool]
        ) -> tuple[Tensor, list[Tensor | None]]:
            leaves = [t.detach().requires_grad_(w) for t, w in zip(tensors, wanted, strict=True)]
            trained = [leaf for leaf in leaves if leaf.requires_grad]
            total, sums = points.new_zeros(()), [torch.zeros_like(leaf) for leaf in trained]
            for start in range(0, len(points), size):
                part = slice(start, start + size)
                with torch.set_grad_enabled(bool(trained)):
                    squares = self.run(program, points[part], leaves).square().sum(0)
                    loss = (squares if weights is None else weights[part] * squares).sum()
                    loss = loss / len(points)
                total += loss.detach()
                if trained:
                    each = torch.autograd.grad(
                        loss, trained, materialize_grads=True, allow_unused=True
                    )
                    for known, g in zip(sums, each, strict=True):
                        known += g
            found = iter(sums)
            return total, [next(found) if w else None for w in wanted]

        return loss_with_gradients(evaluate, program.tensors)


class Compiled(Eager):
    """Jets through ``torch.compile``, which takes about half a minute at the first step.

    Args:
        block: Points at a time on a CPU, whose cache they should fit; None for all.
        backend: Backend of ``torch.compile``.
    """

    def __init__(self, block: int | None = 2048, backend: str = "inductor") -> None:
        super().__init__(block)
        self.backend = backend
        self._compiled: dict[Hashable, Any] = {}

    def run(self, program: Program, points: Tensor, tensors: Sequence[Tensor]) -> Tensor:
        key = program.structure
        if key not in self._compiled:
            bare = replace(program, tensors=[])
            # Python 3.11 keeps them under a lock, at which torch would go back to eager.
            for plan in (key[0], eager.VALUES):
                plan.fill()

            def run(points: Tensor, *tensors: Tensor) -> Tensor:
                return eager.run(bare, points, tensors)

            self._compiled[key] = torch.compile(run, dynamic=False, backend=self.backend)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's compiler warns of its own doings
            found: Tensor = self._compiled[key](points, *tensors)
        return found
