"""What a forward pass costs: a block against a GELU block of the same width, in one process.

Both are called in turn, and the ratio of their medians is the result, so that a machine which is
slow for a while is so for both. Ratios of two blocks are those of their ratios.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Self

import torch
import torch.nn.functional as F

from sgn_sciml.layers import Elementwise
from sgn_sciml.networks import count_parameters
from sgn_sciml.studies.engine.cell import Cell, Outcome
from sgn_sciml.studies.experiments.blocks import Block, Ordinary, hidden_for

__all__ = ["InferenceCost", "take_turns"]

LEAST, MOST = 3, 200


class InferenceCost(Cell):
    """The time of a block's forward pass over that of Linear, GELU, Linear, all of one width.

    Args:
        block: The block; a dense spectral gate when None.
        width: Channels at both ends, and in the middle of the GELU block.
        batch: Rows of the input.
        match: Give the block the same ``width`` in the middle as the GELU block has, or the same
            number of ``parameters``, as near as a whole number of channels comes.
        compiled: Whether torch.compile compiles both.
        seconds: How long to go on after three calls of each.
        memory_limit: Bytes that a call may hold.
        device: Device.
        seed: Number of the repetition; weights and inputs are random.

    Raises:
        ValueError: If a number is out of range.
    """

    together: ClassVar[tuple[str, ...]] = ("batch", "seed")

    def __init__(
        self,
        block: Block | None = None,
        width: int = 128,
        batch: int = 1024,
        match: Literal["width", "parameters"] = "width",
        compiled: bool = False,
        seconds: float = 0.3,
        memory_limit: float = 4e9,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        if min(width, batch) < 1 or not seconds >= 0:
            raise ValueError("width, batch must be at least 1, and seconds not negative")
        self.block = block or Ordinary()
        self.width, self.batch, self.match = width, batch, match
        self.compiled = compiled
        self.seconds = seconds
        self.memory_limit = memory_limit
        self.device = torch.device(device)
        self.seed = seed

    def run(self) -> Outcome:
        return self.run_together([self])[0]

    @classmethod
    def run_together(cls, cells: Sequence[Self]) -> list[Outcome]:
        first = cells[0]
        gelu = Ordinary(lambda n: Elementwise(n, F.gelu)).make(first.width, first.width)
        hidden = first.width
        if first.match == "parameters":
            hidden = hidden_for(first.block, first.width, count_parameters(gelu))
        for cell in cells:
            held = cell.block.memory(cell.width, hidden, cell.batch)
            if held > cell.memory_limit:
                raise ValueError(
                    f"a call with {cell.batch} rows would hold {held / 1e9:.0f} GB, more than "
                    f"memory_limit, {cell.memory_limit / 1e9:g} GB"
                )
        block = first.block.make(first.width, hidden)
        calls: list[Callable[..., Any]] = [m.eval().to(first.device) for m in (block, gelu)]
        if first.compiled:
            torch.compiler.reset()  # else it gives up after the eighth block of a process
            calls = [torch.compile(call, dynamic=True) for call in calls]
        sizes = {
            "parameters": float(count_parameters(block)),
            "over_parameters": count_parameters(block) / count_parameters(gelu),
            "hidden": float(hidden),
        }
        return [cell.measure(calls, sizes) for cell in cells]

    @torch.inference_mode()
    def measure(self, modules: Sequence[Callable[..., Any]], sizes: dict[str, float]) -> Outcome:
        """Time the block and the GELU block."""
        x = torch.rand(self.batch, self.width, device=self.device) * 2 - 1  # a spline's grid

        def call(module: Callable[..., Any]) -> Callable[[], None]:
            def once() -> None:
                module(x)
                if self.device.type == "cuda":
                    torch.cuda.synchronize(self.device)

            return once

        # A single thread's own clock stands still while other processes have the core.
        alone = self.device.type == "cpu" and torch.get_num_threads() == 1
        clock = time.thread_time if alone else time.perf_counter
        block, gelu = take_turns([call(module) for module in modules], self.seconds, clock)
        seconds = statistics.median(block)
        scalars = {
            "seconds": seconds,
            "over_gelu": seconds / statistics.median(gelu),
            "calls": float(len(block)),
        }
        return Outcome(scalars | sizes)


def take_turns(
    calls: Sequence[Callable[[], Any]],
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """Time calls in turn, at least three times each and then for some seconds.

    Args:
        calls: What to time; each is called once before, to warm up.
        seconds: How long to go on, at most 200 times.
        clock: Tells the time in seconds.

    Returns:
        The times of each.
    """
    for call in calls:
        call()
    times: list[list[float]] = [[] for _ in calls]
    start = clock()
    while (count := len(times[0])) < LEAST or (clock() - start < seconds and count < MOST):
        for call, found in zip(calls, times, strict=True):
            begin = clock()
            call()
            found.append(clock() - begin)
    return times
