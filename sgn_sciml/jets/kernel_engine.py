"""The engine that runs programs in the kernel."""

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch
from torch import Tensor

from sgn_sciml.jets.compilation import library
from sgn_sciml.jets.engine import Engine, apart, loss_with_gradients
from sgn_sciml.jets.equation import Equation
from sgn_sciml.jets.kernel import Aim, Rounding, address, addresses, encode
from sgn_sciml.jets.program import Program

__all__ = ["Fused"]


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

        def evaluate(
            tensors: Sequence[Tensor], wanted: Sequence[bool]
        ) -> tuple[Tensor, list[Tensor | None]]:
            gradients = [
                torch.zeros(t.shape, dtype=t.dtype) if want else None
                for t, want in zip(tensors, wanted, strict=True)
            ]
            losses = self.execute(program, points, weights, gradients if any(wanted) else None)
            return losses.sum().to(points.dtype), gradients

        return loss_with_gradients(evaluate, program.tensors)

    def jacobian(
        self, equation: Equation, points: Tensor, parameters: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            program = equation.program(points)
        count, sizes = len(program.outputs), [p.numel() for p in parameters]
        residuals = points.new_empty(count, len(points))
        found = points.new_zeros(count, sum(sizes), len(points))
        for number, slopes in enumerate(found):
            places = dict(zip(map(id, parameters), slopes.split(sizes), strict=True))
            # A parameter's part is written where it belongs; that of what was computed from
            # parameters, as a folded weight, is led back to them.
            computed = {
                k: points.new_zeros(tensor.numel(), len(points))
                for k, tensor in enumerate(program.tensors)
                if tensor.requires_grad and not tensor.is_leaf
            }
            each = [computed.get(k, places.get(id(t))) for k, t in enumerate(program.tensors)]
            self.execute(program, points, None, each, residuals, number)
            if computed:
                outputs = [program.tensors[k] for k in computed]
                more = number + 1 < count
                slopes += apart(outputs, parameters, [g.T for g in computed.values()], more)
        return residuals, found

    def execute(
        self,
        program: Program,
        points: Tensor,
        weights: Tensor | None,
        gradients: list[Tensor | None] | None,
        residuals: Tensor | None = None,
        only: int | None = None,
        targets: Tensor | None = None,
        aim: Aim = Aim.VANISH,
        rounding: tuple[Rounding, Rounding] = (Rounding.NONE, Rounding.NONE),
        factor: float | None = None,
    ) -> Tensor:
        """Run the kernel.

        Args:
            program: The program.
            points: Points, shape ``(N, d)``.
            weights: Weight of each point, or None.
            gradients: Gradients to add to, one per tensor, None where it is not wanted; None to
                leave them all.
            residuals: Where to write the residuals, shape ``(E, N)``.
            only: Differentiate this residual at each point instead: a gradient has a row of N
                numbers for each of its own.
            targets: What the aim is, shape ``(N, width of the output)``.
            aim: What a residual is.
            rounding: How numbers enter matrix products, on the way ahead and back.
            factor: What sums are multiplied by; the reciprocal of N if None.

        Returns:
            The sum over the points of each squared residual (of each value times its slope) times
            the factor, shape ``(E,)``, in float64.
        """
        encoded = encode(*program.structure, tuple(t.numel() for t in program.tensors))
        points = points.detach().contiguous()
        tensors = [tensor.detach().contiguous() for tensor in program.tensors]
        weights = None if weights is None else weights.detach().to(points).contiguous()
        targets = None if targets is None else targets.detach().to(points).contiguous()
        call = library().jets_double if points.dtype == torch.float64 else library().jets_float
        count, block = len(points), self.block or suitable_block(program)
        threads = max(1, min(self.threads or torch.get_num_threads(), -(-count // block)))
        share = -(-count // threads // block) * block  # whole blocks
        spans = [(i, min(count, i + share)) for i in range(0, count, share)]
        losses = torch.zeros(len(spans), len(program.outputs), dtype=torch.float64)
        summed = only is None
        each = [gradients, *(zeros_like(gradients) if summed else gradients for _ in spans[1:])]

        def part(k: int) -> None:
            mine = each[k]
            call(
                encoded.address,
                address(points),
                address(weights),
                address(targets),
                *(ctypes.c_int64(n) for n in (aim, *rounding, *spans[k], count, block)),
                ctypes.c_double(1 / count if factor is None else factor),
                addresses(tensors),
                None if mine is None else addresses(mine),
                *(ctypes.c_int64(n) for n in (0 if summed else count, only or 0)),
                address(losses[k]),
                address(residuals),
            )

        if len(spans) == 1:
            part(0)
        else:
            list(pool(len(spans)).map(part, range(len(spans))))
        for mine in each[1:] if summed else ():
            for total, g in zip(gradients or [], mine or [], strict=True):
                if total is not None and g is not None:
                    total.add_(g)
        return losses.sum(0)


def zeros_like(gradients: list[Tensor | None] | None) -> list[Tensor | None] | None:
    """Room for the gradients of one more thread."""
    if gradients is None:
        return None
    return [None if g is None else torch.zeros_like(g) for g in gradients]


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
    most = 256 if streams > 1 else 192  # whole tiles, of either kind, of values alone
    return max(64, min(most, 6 * 2**20 // size // 32 * 32))
