"""Scaling of fields to mean zero and deviation one, fitted on training data only."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["NoScaling", "Normalizer", "PerChannel", "PerPixel"]


class Normalizer(nn.Module):
    r""":math:`(x - \mu)/(\sigma + \epsilon)` with statistics of a training set, in its state.

    Fields are ``(..., channels, *space)``; leading axes are samples and times.

    Args:
        eps: Added to the deviation; the FNO papers take 1e-5.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("mean", torch.zeros(0))
        self.register_buffer("std", torch.zeros(0))

    @property
    def fitted(self) -> bool:
        """Whether it has statistics."""
        return self.mean.numel() > 0

    @abstractmethod
    def _reduced(self, space: int) -> tuple[int, ...]:
        """Axes of ``(rows, channels, *space)`` to average over."""

    def fit(self, blocks: Iterable[Tensor], space: int) -> None:
        """Take the statistics of a training set.

        Args:
            blocks: Fields ``(..., channels, *space)``.
            space: Number of space axes.
        """
        count, mean, square = 0.0, torch.zeros(()), torch.zeros(())
        axes = self._reduced(space)
        for block in blocks:
            # float64, and merged by differences of means: no cancellation, any number of blocks.
            x = block.reshape(-1, *block.shape[block.ndim - 1 - space :]).double()
            n = x[:, :1].numel() if 2 in axes else float(len(x))
            m = x.mean(axes, keepdim=True)
            square = square + ((x - m) ** 2).sum(axes, keepdim=True)
            square = square + (m - mean) ** 2 * (count * n / (count + n))
            mean = mean + (m - mean) * (n / (count + n))
            count += n
        self.mean = mean[0].float()
        self.std = (square / count).sqrt()[0].float()

    def forward(self, x: Tensor) -> Tensor:
        """Scale a field of physical units."""
        mean, std = self._statistics(x)
        return (x - mean) / (std + self.eps)

    def inverse(self, x: Tensor) -> Tensor:
        """Back to physical units."""
        mean, std = self._statistics(x)
        return x * (std + self.eps) + mean

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        grid = self.mean.shape[1:]
        if any(n != 1 for n in grid) and grid != x.shape[-len(grid) :]:
            raise ValueError(
                f"statistics per pixel on a grid of {tuple(grid)} do not fit a field on "
                f"{tuple(x.shape[-len(grid) :])}; take PerChannel to change the resolution"
            )
        return self.mean.to(x), self.std.to(x)

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        # The shape is that of the training data; a new object does not know it yet.
        for name in ("mean", "std"):
            if (value := state_dict.get(prefix + name)) is not None:
                setattr(self, name, torch.empty_like(value, device=self.mean.device))
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


class PerChannel(Normalizer):
    """One mean and deviation per channel: fits every resolution."""

    def _reduced(self, space: int) -> tuple[int, ...]:
        return (0, *range(2, 2 + space))


class PerPixel(Normalizer):
    """One mean and deviation per channel and grid point, as in the FNO papers."""

    def _reduced(self, space: int) -> tuple[int, ...]:
        return (0,)


class NoScaling(Normalizer):
    """Leaves fields as they are."""

    @property
    def fitted(self) -> bool:
        return True

    def _reduced(self, space: int) -> tuple[int, ...]:
        return (0,)

    def forward(self, x: Tensor) -> Tensor:
        return x

    def inverse(self, x: Tensor) -> Tensor:
        return x
