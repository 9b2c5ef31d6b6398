"""Structural similarity of pictures in [0, 1], at one scale or at several."""

import math
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from sgn_sciml.metrics.base import accumulator

__all__ = ["MSSSIM", "SMALLEST", "SSIM", "MeanSimilarity", "inner_similarity"]

WINDOW = 11
DEVIATION = 1.5  # of the Gaussian, pixels
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # exponents, from the finest scale on
SMALLEST = WINDOW * 2 ** (len(SCALES) - 1)  # pixels along a side: a window at the coarsest scale


def inner_similarity(preds: Tensor, target: Tensor) -> Tensor:
    """Similarity of each window that lies wholly in a picture, in double precision.

    Along one axis after the other, which takes a thirtieth of the time of torchmetrics' windows of
    two axes and gives the same to 1e-13; those that reach over the border are not made at all.

    Args:
        preds: Shape ``(items, channels, height, width)``, at least 11 pixels along each side.
        target: Same shape.

    Returns:
        Shape ``(items, channels, height - 10, width - 10)``.
    """
    luminance, structure = similarities(preds, target)
    return luminance * structure


def similarities(preds: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The two factors of similarity: of means, and of what varies about them."""
    dtype = accumulator(target.device)  # variances are differences of means of squares
    x, y = preds.to(dtype), target.to(dtype)
    a, b = weighted_means(x), weighted_means(y)
    ab, squares = a * b, a.square() + b.square()
    shared = weighted_means(x * y) - ab
    spread = weighted_means(x.square() + y.square()) - squares
    c, d = 0.01**2, 0.03**2
    return (2 * ab + c) / (squares + c), (2 * shared + d) / (spread + d)


def weighted_means(u: Tensor) -> Tensor:
    """Means over all windows of the last two axes, by the weights of a Gaussian."""
    offsets = range(-(WINDOW // 2), WINDOW // 2 + 1)
    weights = [math.exp(-((k / DEVIATION) ** 2) / 2) for k in offsets]
    for axis in (-1, -2):
        count = u.shape[axis] - WINDOW + 1
        found = torch.zeros_like(u.narrow(axis, 0, count))
        for k, weight in enumerate(weights):
            found.add_(u.narrow(axis, k, count), alpha=weight / sum(weights))
        u = found
    return u


class MeanSimilarity(Metric):
    """A mean that is taken in part by part; nan of nothing."""

    full_state_update = False
    higher_is_better = True
    total: Tensor
    count: Tensor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def compute(self) -> Tensor:
        """The mean over all that was taken in."""
        return (self.total / self.count).float()


class SSIM(MeanSimilarity):
    """Mean structural similarity (Gaussian window of 11 pixels, sigma 1.5).

    Windows lie wholly in the picture, as in the paper's code, MATLAB and scikit-image. Pictures
    that are smaller than the window are left out; nan if all are.

    References:
        Wang et al., *Image quality assessment: from error visibility to structural similarity*
        (2004)
    """

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take in pictures ``(items, channels, height, width)``."""
        if min(target.shape[2:]) < WINDOW:
            return
        inside = inner_similarity(preds, target)
        self.total += inside.flatten(1).mean(1).double().sum()
        self.count += len(inside)


class MSSSIM(MeanSimilarity):
    """Mean structural similarity at five scales, each of half the resolution of the one before.

    Structure counts at all of them, luminance at the coarsest; windows are those of
    :class:`SSIM`, and negative structure counts as none. Pictures of fewer than 176 pixels along
    a side, which have no window at the coarsest scale, are left out; nan if all are.

    References:
        Wang et al., *Multiscale structural similarity for image quality assessment* (2003)
    """

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Take in pictures ``(items, channels, height, width)``."""
        if min(target.shape[2:]) < SMALLEST:
            return
        dtype = accumulator(target.device)
        preds, target, found = preds.to(dtype), target.to(dtype), torch.ones((), dtype=dtype)
        for k, exponent in enumerate(SCALES):
            if k > 0:
                preds, target = (torch.nn.functional.avg_pool2d(u, 2) for u in (preds, target))
            luminance, each = similarities(preds, target)
            each = luminance * each if k == len(SCALES) - 1 else each
            found = found * each.flatten(1).mean(1).clamp(min=0) ** exponent
        self.total += found.double().sum()
        self.count += len(target)
