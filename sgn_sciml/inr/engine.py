"""Engines that take points through a signal's network: :mod:`sgn_sciml.jets`'s kernel, or torch.

=========  =====================================================================================
word       products of matrices in the kernel
=========  =====================================================================================
``auto``   in the precision of the network
``bf16x3`` float32 numbers as sums of two bfloat16 ones, three products of which are summed
``mixed``  the loss in float32, its gradient in bfloat16
``bf16``   both in bfloat16, for fits below 40 dB
``torch``  no kernel
=========  =====================================================================================

Sums, waves and weights are float32 in all of them. What is rendered or measured is not rounded but
by ``bf16x3``: a millionth of the values, 1.4 times the errors of float32 in a fitted picture. A
network that the kernel does not know, or a machine without it, goes on in torch.
"""

import logging
from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from sgn_sciml.jets import FusedFunction, Rounding, has_bfloat16_tiles
from sgn_sciml.jets.compilation import Unavailable

__all__ = ["EngineName", "NetworkEngine"]

logger = logging.getLogger(__name__)

EngineName: TypeAlias = Literal["auto", "bf16x3", "mixed", "bf16", "torch"]

CPU_CHUNK, DEVICE_CHUNK = 2048, 8192
NONE, HALVES, SPLIT = Rounding.NONE, Rounding.HALVES, Rounding.SPLIT
ROUNDING = {
    "auto": (NONE, NONE),
    "bf16x3": (SPLIT, SPLIT),
    "mixed": (NONE, HALVES),
    "bf16": (HALVES, HALVES),
}
PRODUCTS = {
    "bf16x3": ", products as three of bfloat16",
    "mixed": ", products of the gradient in bfloat16",
    "bf16": ", products in bfloat16",
}


class NetworkEngine:
    """Runs a network in the kernel where that is asked for and can be done.

    Args:
        name: What is asked for.
        chunk: Points at a time in torch; None for as many as suit the processor.

    Attributes:
        ran: What ran in training, for the card; empty before.

    Raises:
        ValueError: For an unknown name, or a chunk below 1.
    """

    def __init__(self, name: EngineName = "auto", chunk: int | None = None) -> None:
        if chunk is not None and chunk < 1:
            raise ValueError(f"chunk must be at least 1, got {chunk}")
        if name != "torch" and name not in ROUNDING:
            known = ", ".join([*ROUNDING, "torch"])
            raise ValueError(f"engine is one of {known}, got {name!r}")
        self.name = name
        self.chunk = chunk
        self.ran = ""
        self._told: set[str] = set()

    def train(
        self, network: nn.Module, evaluate: Callable[[FusedFunction], Tensor]
    ) -> Tensor | None:
        """A loss by the kernel, or None where torch should make it.

        Args:
            network: The network.
            evaluate: Makes the loss of the network as a function in the kernel.
        """
        self.ran = "torch"
        if (reason := self._unfit(network)) is None:
            rounding, kind = self._rounding(network)
            try:
                found = evaluate(FusedFunction(network, rounding))
            except (NotImplementedError, Unavailable) as error:
                reason = str(error)
            else:
                self.ran = f"kernel in {kind}"
                return found
        if reason:
            self._tell(f"training goes on in torch, not in the kernel: {reason}")
            self.ran += f" ({reason})"
        return None

    def evaluate(self, network: nn.Module, points: Tensor) -> Tensor:
        """Values at points, shape ``(..., axes) -> (..., channels)``; in torch within a graph."""
        if torch.is_grad_enabled() or not isinstance(points, Tensor):
            values: Tensor = network(points)
            return values
        rows = points.reshape(-1, points.shape[-1])
        parts: list[Tensor] = []
        while len(rows) or not parts:
            if (found := self._values(network, rows)) is None:
                some = rows[: self.chunk_on(rows.device)]
                found = network(some)  # hooks on the network may have had enough then
                rows = rows[len(some) :]
            else:
                rows = rows[:0]
            parts.append(found)
        values = parts[0] if len(parts) == 1 else torch.cat(parts)
        return values.reshape(*points.shape[:-1], values.shape[-1])

    def chunk_on(self, device: torch.device) -> int:
        """Points at a time in torch."""
        return self.chunk or (CPU_CHUNK if device.type == "cpu" else DEVICE_CHUNK)

    def _values(self, network: nn.Module, points: Tensor) -> Tensor | None:
        """Values at points by the kernel, or None where it cannot make them."""
        if self._unfit(network) is not None:
            return None
        try:
            return FusedFunction(network).values(points, self._rendering(points)).T
        except (NotImplementedError, Unavailable):  # training told
            return None

    def _rendering(self, points: Tensor) -> Rounding:
        """How products of what is rendered round: only where errors stay near float32's."""
        split = self.name == "bf16x3" and points.dtype == torch.float32 and has_bfloat16_tiles()
        return SPLIT if split else NONE

    def _unfit(self, network: nn.Module) -> str | None:
        """Why the kernel is out of the question, empty where nobody expects it; None if not."""
        like = next(network.parameters(), None)
        if self.name == "torch" or like is None:
            return ""
        if like.device.type != "cpu":
            return "" if self.name == "auto" else f"the network is on {like.device.type}"
        if torch.is_autocast_enabled("cpu"):
            return "mixed precision of the trainer is torch's"
        return "modules of the network have hooks" if is_hooked(network) else None

    def _rounding(self, network: nn.Module) -> tuple[tuple[Rounding, Rounding], str]:
        """How products round, and what a card calls that."""
        dtype = next(network.parameters()).dtype
        kind = str(dtype).removeprefix("torch.")
        if self.name == "auto":
            return (NONE, NONE), kind
        lacking = "" if dtype == torch.float32 else "a network in float32"
        if not lacking and not has_bfloat16_tiles():
            lacking = "a processor with bfloat16 tiles (AMX) and a compiler that knows them"
        if lacking:
            self._tell(f"the engine {self.name} needs {lacking}; going on in {kind}")
            return (NONE, NONE), f"{kind} ({self.name} needs {lacking})"
        return ROUNDING[self.name], kind + PRODUCTS[self.name]

    def _tell(self, line: str) -> None:
        """Say something, once."""
        if line not in self._told:
            self._told.add(line)
            logger.warning(line)


def is_hooked(network: nn.Module) -> bool:
    """Whether something listens to calls of a network's modules."""
    return any(
        m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in network.modules()
    )
