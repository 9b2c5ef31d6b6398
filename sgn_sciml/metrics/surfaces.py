"""Distances between two surfaces, and how alike their normals are, from samples of both."""

import torch
from torch import Tensor

from sgn_sciml.metrics.base import FieldMetric, accumulator

__all__ = ["ChamferDistance", "NormalConsistency", "TwoWayMean", "VolumeIoU"]


class TwoWayMean(FieldMetric):
    r"""Half the sum of two means, one over samples of each of two surfaces.

    .. math::
        \frac12 \Bigl( \frac1n \sum_i d(x_i) + \frac1m \sum_j d(y_j) \Bigr), \qquad
        x_i \in A,\ y_j \in B

    Args:
        unit: What the result is multiplied by: the length of a unit.
    """

    is_differentiable = False
    sums: Tensor

    def __init__(self, unit: float = 1.0) -> None:
        super().__init__()
        self.unit = unit
        self.add_sum("sums", (2, 2))

    def update(self, there: Tensor, back: Tensor) -> None:
        """Add numbers of samples of the one surface and of the other, of any shape."""
        dtype = accumulator(self.device)
        rows = [
            torch.stack([part.sum(), torch.full_like(part, 1).sum()])
            for part in (each.detach().to(self.device, dtype) for each in (there, back))
        ]
        self.sums = self.sums + torch.stack(rows)

    def compute(self) -> Tensor:
        """The mean of both means; nan without samples of both."""
        return self.unit * (self.sums[:, 0] / self.sums[:, 1]).mean()


class ChamferDistance(TwoWayMean):
    """The same of distances, not squared, to the other surface: Chamfer-L1 of Mescheder et al.

    References:
        Mescheder et al., *Occupancy networks* (2019), https://arxiv.org/abs/1812.03828
    """


class NormalConsistency(TwoWayMean):
    """The same of absolute cosines between normals at samples and at the nearest points.

    References:
        As for :class:`ChamferDistance`.
    """

    higher_is_better = True


class VolumeIoU(FieldMetric):
    """Intersection over union of two solids, from booleans at the same points.

    1 where both are empty.
    """

    is_differentiable = False
    higher_is_better = True
    counts: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("counts", torch.zeros(2, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add booleans of one shape: whether points lie inside.

        Raises:
            ValueError: If the shapes differ.
        """
        if pred.shape != target.shape:
            raise ValueError(
                f"prediction and target differ in shape: {tuple(pred.shape)} and "
                f"{tuple(target.shape)}"
            )
        both, either = (pred & target).sum(), (pred | target).sum()
        self.counts = self.counts + torch.stack([both, either])

    def compute(self) -> Tensor:
        """The share of what lies in either that lies in both."""
        both, either = self.counts.to(accumulator(self.counts.device))
        return torch.where(either > 0, both / either.clamp(min=1), torch.ones_like(both))
