"""Fields ``(batch, channels, *space)``, which the library computes in, and channels last."""

import torch
from torch import Tensor

__all__ = ["first", "last", "straight"]


def last(x: Tensor) -> Tensor:
    """``(batch, channels, *space)`` to ``(*space, batch, channels)``."""
    return x.permute(*range(2, x.ndim), 0, 1).contiguous()


def first(x: Tensor) -> Tensor:
    """``(*space, batch, channels)`` to ``(batch, channels, *space)``."""
    return x.permute(-2, -1, *range(x.ndim - 2)).contiguous()


def straight(x: Tensor) -> Tensor:
    """The same, with gradients in order of memory; torch's instance norm misreads others."""
    if not x.requires_grad or torch.compiler.is_compiling():
        return x
    x = x.view_as(x)
    x.register_hook(Tensor.contiguous)  # type: ignore[no-untyped-call]
    return x
