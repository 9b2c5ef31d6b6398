"""Structural similarity of pictures in [0, 1], of any size."""

from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.functional.image import structural_similarity_index_measure

from sgn_sciml.metrics.base import accumulator

__all__ = ["SSIM"]

WINDOW = 11


class SSIM(Metric):
    """Mean structural similarity (Gaussian window of 11 pixels, sigma 1.5).

    Windows lie wholly in the picture, as in the paper's code, MATLAB and scikit-image. Pictures
    that are smaller than the window are left out; nan if all are.

    References:
        Wang et al., *Image quality assessment: from error visibility to structural similarity*
        (2004)
    """

    full_state_update = False
    higher_is_better = True
    total: Tensor
    count: Tensor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take in pictures ``(items, channels, height, width)``."""
        if min(target.shape[2:]) < WINDOW:
            return
        dtype = accumulator(target.device)  # variances are differences of means of squares
        _, each = structural_similarity_index_measure(
            preds.to(dtype),
            target.to(dtype),
            data_range=1.0,
            reduction="none",
            kernel_size=WINDOW,
            return_full_image=True,
        )
        border = WINDOW // 2  # torchmetrics mirrors the picture there, the paper does not
        inside = each[..., border:-border, border:-border]
        self.total += inside.flatten(1).mean(1).double().sum()
        self.count += len(inside)

    def compute(self) -> Tensor:
        """The mean over all pictures."""
        return (self.total / self.count).float()
