"""Ways to evaluate an equation, with the same numbers: fused, compiled, eager and nested."""

import ctypes
import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from sgn_sciml.jets import eager
from sgn_sciml.jets.build import Unavailable, library
from sgn_sciml.jets.equation import Equation
from sgn_sciml.jets.kernel import addresses, encode
from sgn_sciml.jets.program import Program

__all__ = ["Automatic", "Compiled", "Eager", "Engine", "Fused", "Nested"]

logger = logging.getLogger(__name__)


class Engine(ABC):
    """Base of the engines."""

    @abstractmethod
    def residuals(self, equation: Equation, points: Tensor) -> Tensor:
        """Residuals at points ``(N, d)``, one row each: ``(E, N)``."""

    def loss(self, equation: Equation, points: Tensor, weights: Tensor | None = None) -> Tensor:
        """Mean over the points of the sum of squared residuals.

        Args:
            equation: The equation.
            points: Points, shape ``(N, d)``.
            weights: Weight of each point, shape ``(N,)``; None for 1.

        Returns:
            A number.
        """
        squares = self.residuals(equation, points).square().sum(0)
        return (squares if weights is None else weights * squares).mean()


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
        blocks = self.blocks(points, weights)
        loss: Tensor = BlockedLoss.apply(self, program, blocks, *program.tensors)  # type: ignore[no-untyped-call]
        return loss

    def blocks(
        self, points: Tensor, weights: Tensor | None
    ) -> list[tuple[Tensor, Tensor | float]]:
        """Points and what their squared residuals count."""
        size = self.block if self.block and points.device.type == "cpu" else len(points)
        spans = [slice(i, i + size) for i in range(0, len(points), size)]
        if weights is None:
            return [(points[span], 1 / len(points)) for span in spans]
        return [(points[span], weights[span] / len(points)) for span in spans]


class BlockedLoss(Function):
    """The loss of some points after the other; its gradients come with it."""

    @staticmethod
    def forward(
        ctx: Any,
        engine: Eager,
        program: Program,
        blocks: list[tuple[Tensor, Tensor | float]],
        *tensors: Tensor,
    ) -> Tensor:
        wanted = [i for i, want in enumerate(ctx.needs_input_grad[3:]) if want]
        leaves = [t.detach().requires_grad_(i in wanted) for i, t in enumerate(tensors)]
        total = blocks[0][0].new_zeros(())
        ctx.gradients = [None] * len(tensors)
        for points, weights in blocks:
            with torch.set_grad_enabled(bool(wanted)):
                residuals = engine.run(program, points, leaves)
                loss = (weights * residuals.square().sum(0)).sum()
            total += loss.detach()
            if wanted:
                each = torch.autograd.grad(
                    loss, [leaves[i] for i in wanted], materialize_grads=True, allow_unused=True
                )
                for i, g in zip(wanted, each, strict=True):
                    known = ctx.gradients[i]
                    ctx.gradients[i] = g if known is None else known.add_(g)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return (None,) * 3 + tuple(None if g is None else grad * g for g in ctx.gradients)


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

            def run(points: Tensor, *tensors: Tensor) -> Tensor:
                return eager.run(bare, points, tensors)

            self._compiled[key] = torch.compile(run, dynamic=False, backend=self.backend)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's compiler warns of its own doings
            found: Tensor = self._compiled[key](points, *tensors)
        return found


class Fused(Engine):
    """A kernel that takes some hundred points through all operations at a time; CPU only.

    Args:
        block: Points at a time, at most 512; None chooses by the size of the program.
        threads: Threads; None for torch's number.
    """

    def __init__(self, block: int | None = None, threads: int | None = None) -> None:
        self.block = block
        self.threads = threads

    def residuals(self, equation: Equation, points: Tensor) -> Tensor:
        program = equation.program(points)
        found = points.new_empty(len(program.outputs), len(points))
        self.execute(program, points, None, None, found)
        return found

    def loss(self, equation: Equation, points: Tensor, weights: Tensor | None = None) -> Tensor:
        program = equation.program(points)
        loss: Tensor = FusedLoss.apply(self, program, points, weights, *program.tensors)  # type: ignore[no-untyped-call]
        return loss

    def execute(
        self,
        program: Program,
        points: Tensor,
        weights: Tensor | None,
        gradients: list[Tensor | None] | None,
        residuals: Tensor | None = None,
    ) -> Tensor:
        """Run the kernel.

        Args:
            program: The program.
            points: Points, shape ``(N, d)``.
            weights: Weight of each point, or None.
            gradients: Gradients to add to, one per tensor, None where it is not wanted; None to
                leave them all.
            residuals: Where to write the residuals, shape ``(E, N)``.

        Returns:
            The mean over the points of each squared residual, shape ``(E,)``, in float64.
        """
        plan, nodes, outputs = program.structure
        encoded = encode(plan, nodes, outputs, tuple(t.numel() for t in program.tensors))
        points = points.detach().contiguous()
        tensors = [tensor.detach().contiguous() for tensor in program.tensors]
        call = library().jets_double if points.dtype == torch.float64 else library().jets_float
        count, block = len(points), self.block or suitable_block(program)
        threads = self.threads or torch.get_num_threads()
        threads = max(1, min(threads, -(-count // block)))
        share = -(-count // threads // block) * block  # whole blocks
        spans = [(i, min(count, i + share)) for i in range(0, count, share)]
        losses = torch.zeros(len(spans), len(program.outputs), dtype=torch.float64)
        each = [gradients] + [
            None
            if gradients is None
            else [g if g is None else torch.zeros_like(g) for g in gradients]
            for _ in spans[1:]
        ]

        def part(k: int) -> None:
            mine = each[k]
            call(
                encoded.address,
                ctypes.c_void_p(points.data_ptr()),
                ctypes.c_void_p(None if weights is None else weights.data_ptr()),
                *(ctypes.c_int64(n) for n in (*spans[k], count, block)),
                ctypes.c_double(1 / count),
                addresses(list(tensors)),
                None if mine is None else addresses(mine),
                ctypes.c_void_p(losses[k].data_ptr()),
                ctypes.c_void_p(None if residuals is None else residuals.data_ptr()),
            )

        if len(spans) == 1:
            part(0)
        else:
            list(pool(len(spans)).map(part, range(len(spans))))
            for mine in each[1:]:
                for total, g in zip(gradients or [], mine or [], strict=True):
                    if total is not None and g is not None:
                        total.add_(g)
        return losses.sum(0)


class Automatic(Engine):
    """The fastest that works: fused on a CPU with a compiler, else eager; nested without rules.

    What does not work is said once in the log.
    """

    def __init__(self) -> None:
        self._chosen: WeakKeyDictionary[Equation, Engine] = WeakKeyDictionary()

    def residuals(self, equation: Equation, points: Tensor) -> Tensor:
        return self._run(equation, points, lambda engine: engine.residuals(equation, points))

    def loss(self, equation: Equation, points: Tensor, weights: Tensor | None = None) -> Tensor:
        return self._run(equation, points, lambda engine: engine.loss(equation, points, weights))

    def _run(
        self, equation: Equation, points: Tensor, evaluate: Callable[[Engine], Tensor]
    ) -> Tensor:
        if equation not in self._chosen:
            self._chosen[equation] = fastest(points)
        try:
            return evaluate(self._chosen[equation])
        except NotImplementedError as error:
            if isinstance(self._chosen[equation], Nested):
                raise
            logger.warning("%s: %s; differentiating by nested autograd", equation.name, error)
            self._chosen[equation] = Nested()
            return evaluate(self._chosen[equation])


def fastest(points: Tensor) -> Engine:
    """The fastest engine for such points."""
    if points.device.type != "cpu" or points.dtype not in (torch.float32, torch.float64):
        return Eager()
    try:
        library()
    except Unavailable as error:
        logger.warning("%s; going on without it", error)
        return Eager()
    return Fused()


@cache
def pool(threads: int) -> ThreadPoolExecutor:
    """Threads that run the kernel; it holds no lock of Python's."""
    return ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))


def suitable_block(program: Program) -> int:
    """Points at a time: long rows are worth more than a small second-level cache, to a degree."""
    assert program.plan is not None
    streams = len(program.plan)
    numbers = sum(node.width * (1 if node.flat else streams) for node in program.nodes)
    size = 2 * numbers * program.like.element_size()
    return max(64, min(256, 6 * 2**20 // size // 32 * 32))


class FusedLoss(Function):
    """The loss of the fused engine; its gradients come with it."""

    @staticmethod
    def forward(
        ctx: Any,
        engine: Fused,
        program: Program,
        points: Tensor,
        weights: Tensor | None,
        *tensors: Tensor,
    ) -> Tensor:
        wanted = ctx.needs_input_grad[4:]
        gradients = [
            torch.zeros(t.shape, dtype=t.dtype) if want else None
            for t, want in zip(tensors, wanted, strict=True)
        ]
        losses = engine.execute(program, points, weights, gradients if any(wanted) else None)
        ctx.gradients = gradients
        return losses.sum().to(points.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        return (None,) * 4 + tuple(None if g is None else grad * g for g in ctx.gradients)
