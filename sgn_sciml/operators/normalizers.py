r"""Scaling of fields to mean zero and deviation one, fitted on training data only.

.. math::
    \frac{x - \mu}{\max(\sigma, \epsilon\,\bar\sigma)}

with :math:`\sigma` the deviation of a channel, or of a pixel, and :math:`\bar\sigma` that of the
channel, which keeps pixels of no deviation finite. The FNO papers have :math:`\sigma + \epsilon`,
which has a unit: fields of 1e-12 would vanish beside it.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.metrics.base import accumulator, precision

__all__ = ["NoScaling", "Normalizer", "PerChannel", "PerPixel"]


class Normalizer(nn.Module):
    """Scaling with statistics of a training set, in its state.

    Fields are ``(..., channels, *space)``; leading axes are samples and times. A channel that is
    constant in the training set, to the rounding of its values, is scaled to 0, and all of 0 is
    scaled back to that constant.

    Args:
        eps: Least deviation of a pixel, in parts of its channel's.
    """

    mean: Tensor
    std: Tensor
    scale: Tensor

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        for name in ("mean", "std", "scale"):
            self.register_buffer(name, torch.zeros(0))

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
        axes, rounding = self._reduced(space), 0.0
        for block in blocks:
            rounding = torch.finfo(precision(block)).eps
            # float64, and merged by differences of means: no cancellation, any number of blocks.
            x = block.reshape(-1, *block.shape[block.ndim - 1 - space :]).double()
            n = x[:, :1].numel() if 2 in axes else float(len(x))
            m = x.mean(axes, keepdim=True)
            square = square + ((x - m) ** 2).sum(axes, keepdim=True)
            square = square + (m - mean) ** 2 * (count * n / (count + n))
            mean = mean + (m - mean) * (n / (count + n))
            count += n
        self.mean = mean[0]
        std = (square / count).sqrt()[0]
        self.std = torch.where(std <= rounding * self.mean.abs(), 0.0, std)
        channel = self.std.flatten(1).square().mean(1).sqrt()
        self.scale = torch.maximum(self.std, self.eps * channel.view(-1, *(1,) * space))

    def forward(self, x: Tensor) -> Tensor:
        """Scale a field of physical units; the mean is taken off in float64."""
        mean, scale = self._statistics(x)
        scaled = (x.to(mean.dtype) - mean) / torch.where(scale == 0, torch.inf, scale)
        return scaled.to(x.dtype)

    def inverse(self, x: Tensor) -> Tensor:
        """Back to physical units, in the dtype of x."""
        mean, scale = self._statistics(x)
        return (x.to(mean.dtype) * scale + mean).to(x.dtype)

    def without_constants(self, x: Tensor) -> Tensor:
        """A scaled field, 0 in the channels that are constant."""
        return torch.where(self._statistics(x)[1] == 0, 0.0, x)

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        grid = self.mean.shape[1:]
        channels = x.shape[-1 - len(grid)]
        if len(self.mean) != channels:
            raise ValueError(
                f"statistics of {len(self.mean)} channels do not fit a field of {channels}: set "
                "the network's out_channels to those of the data"
            )
        if any(n != 1 for n in grid) and grid != x.shape[-len(grid) :]:
            raise ValueError(
                f"statistics per pixel on a grid of {tuple(grid)} do not fit a field on "
                f"{tuple(x.shape[-len(grid) :])}; take PerChannel to change the resolution"
            )
        dtype = accumulator(x.device)
        return self.mean.to(x.device, dtype), self.scale.to(x.device, dtype)

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        # Files of version 0.1 have no scale: it was the deviation and eps itself.
        if prefix + "scale" not in state_dict and prefix + "std" in state_dict:
            std = state_dict[prefix + "std"]
            state_dict[prefix + "scale"] = std + self.eps if std.numel() else std
        # The shape is that of the training data; a new object does not know it yet.
        for name in ("mean", "std", "scale"):
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

    def without_constants(self, x: Tensor) -> Tensor:
        return x
