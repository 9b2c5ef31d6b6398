"""A function of points, and losses of its values, in the kernel."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from sgn_sciml.jets.compilation import library
from sgn_sciml.jets.engine import loss_with_gradients
from sgn_sciml.jets.kernel import Aim, Rounding
from sgn_sciml.jets.kernel_engine import Fused
from sgn_sciml.jets.program import Program, Unrecordable
from sgn_sciml.jets.record import record_values
from sgn_sciml.system.blame import explained

__all__ = ["FusedFunction", "has_bfloat16_tiles"]

PartialGradients = list[Tensor | None]


class FusedFunction:
    """Values of a function and its losses; a few hundred points at a time go forward and back.

    The function is recorded anew at each call, with its weights of that moment.

    Args:
        function: Maps points ``(N, d)`` to values ``(N, C)``, each row on its own, by operations
            that are known to the kernel.
        rounding: How numbers enter the products of matrices, forward and back. With anything but
            ``NONE`` numbers are float32, and the processor has bfloat16 tiles.
        fused: Runs the kernel.

    Raises:
        Unavailable: By all methods, where the kernel cannot be built.
        NotImplementedError: By all methods, if the function does something else, or points are on
            another device than the CPU.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        rounding: tuple[Rounding, Rounding] = (Rounding.NONE, Rounding.NONE),
        fused: Fused | None = None,
    ) -> None:
        self.function = function
        self.rounding = rounding
        self.fused = fused or Fused()

    def values(self, points: Tensor, rounding: Rounding = Rounding.NONE) -> Tensor:
        """Values at points ``(N, d)``, shape ``(C, N)``, without a graph; rounded only if told."""
        with torch.no_grad():
            return self._values(self._program(points), points, (rounding, Rounding.NONE))

    def loss(self, points: Tensor, targets: Tensor) -> Tensor:
        """The mean square of what is missing to targets ``(N, C)``, a part of torch's graph."""
        return self._sum(points, targets, Aim.MEET, 1 / targets.numel())

    def along(self, points: Tensor, slopes: Tensor) -> Tensor:
        """The sum of all values times slopes ``(N, C)``, a part of torch's graph."""
        return self._sum(points, slopes, Aim.SLOPES, 1.0)

    def __call__(self, points: Tensor) -> Tensor:
        """Values at points ``(..., d)``, shape ``(..., C)``, a part of torch's graph.

        Once the derivatives with respect to the function's weights are asked for, points go
        through it again. There are none with respect to points.
        """
        if points.requires_grad:
            raise Unrecordable("derivatives with respect to points")
        rows = points.reshape(-1, points.shape[-1])
        program = self._program(rows)
        found: Tensor = ValuesWithGradients.apply(  # type: ignore[no-untyped-call]
            self, program, rows, *program.tensors
        )
        return found.view(*points.shape[:-1], found.shape[-1])

    def _program(self, points: Tensor) -> Program:
        if points.device.type != "cpu" or points.dtype not in (torch.float32, torch.float64):
            raise Unrecordable(f"{points.dtype} on {points.device.type}")
        library()
        if any(self.rounding) and (points.dtype != torch.float32 or not has_bfloat16_tiles()):
            raise Unrecordable("products of bfloat16 need float32 points and a processor with AMX")
        try:
            return record_values(self.function, points)
        except NotImplementedError:
            raise
        except Exception as error:  # of code that was written for tensors
            raise Unrecordable(explained(error)) from error

    def _values(
        self, program: Program, points: Tensor, rounding: tuple[Rounding, Rounding]
    ) -> Tensor:
        found = points.new_empty(program.nodes[program.outputs[0]].width, len(points))
        self.fused.execute(program, points, None, None, found, rounding=rounding)
        return found

    def _sum(self, points: Tensor, targets: Tensor, aim: Aim, factor: float) -> Tensor:
        program = self._program(points)

        def evaluate(
            tensors: Sequence[Tensor], wanted: Sequence[bool]
        ) -> tuple[Tensor, PartialGradients]:
            return self._loss(program, points, targets, aim, factor, wanted)

        return loss_with_gradients(evaluate, program.tensors)

    def _loss(
        self,
        program: Program,
        points: Tensor,
        targets: Tensor,
        aim: Aim,
        factor: float,
        wanted: Sequence[bool],
    ) -> tuple[Tensor, PartialGradients]:
        width = program.nodes[program.outputs[0]].width
        if targets.shape != (len(points), width):
            raise ValueError(
                f"expected targets of shape {(len(points), width)}, got {tuple(targets.shape)}"
            )
        gradients = [
            torch.zeros(t.shape, dtype=t.dtype) if want else None
            for t, want in zip(program.tensors, wanted, strict=True)
        ]
        losses = self.fused.execute(
            program,
            points,
            None,
            gradients if any(wanted) else None,
            targets=targets,
            aim=aim,
            rounding=self.rounding,
            factor=factor,
        )
        return losses.sum().to(points.dtype), gradients


class ValuesWithGradients(Function):
    """Values, whose gradients are made when they are asked for."""

    @staticmethod
    def forward(
        ctx: Any, fused: FusedFunction, program: Program, points: Tensor, *tensors: Tensor
    ) -> Tensor:
        ctx.parts = fused, program, points
        return fused._values(program, points, fused.rounding).T

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slopes: Tensor) -> tuple[Any, ...]:
        fused, program, points = ctx.parts
        wanted = ctx.needs_input_grad[3:]
        _, gradients = fused._loss(program, points, slopes, Aim.SLOPES, 1.0, wanted)
        return (None, None, None, *gradients)


def has_bfloat16_tiles() -> bool:
    """Whether processor, operating system and compiler have products of bfloat16 tiles (AMX).

    Raises:
        Unavailable: If the kernel cannot be built.
    """
    return bool(library().jets_halves())
