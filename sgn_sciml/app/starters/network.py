"""A network of your own: any module from points to fields."""

import torch
from torch import Tensor, nn


class Own(nn.Module):
    """Two branches, whose product is the field.

    Args:
        width: Hidden channels.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.waves = nn.Linear(2, width)  # 2 coordinates
        self.trunk = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, width))
        self.head = nn.Linear(width, 1)  # 1 field

    def forward(self, x: Tensor) -> Tensor:
        """Points (N, 2) in the units of the equation to fields (N, 1)."""
        product = torch.sin(self.waves(x)) * torch.tanh(self.trunk(x))
        fields: Tensor = self.head(product)
        return fields
