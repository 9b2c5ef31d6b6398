"""Channels first: an activation of channels-last arrays on the fields of a neural operator.

The gates mix channels along the last axis; convolutional networks keep channels on the second.
"""

from torch import Tensor, nn

__all__ = ["ChannelsFirst"]


class ChannelsFirst(nn.Module):
    """A module of shape ``(..., n) -> (..., n)`` on fields ``(batch, n, *space)``.

    The module sees a transposed view ``(batch, points, n)``; no data is moved. Elementwise maps
    and the dense spectral map compute in the layout that they are given, so the channels stay
    where they are.

    Args:
        module: The module, for example a :class:`~sgn_sciml.layers.SpectralGate`.

    Example:
        >>> import torch
        >>> from sgn_sciml.layers import SpectralGate
        >>> ChannelsFirst(SpectralGate(8))(torch.zeros(2, 8, 16, 16)).shape
        torch.Size([2, 8, 16, 16])
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, u: Tensor) -> Tensor:
        y: Tensor = self.module(u.flatten(2).transpose(1, 2))
        return y.transpose(1, 2).reshape(u.shape)
