"""A metric of some fields out of several: pooled, a small one hides behind the larger ones."""

from typing import Any

from torch import Tensor
from torchmetrics import Metric
from torchmetrics.wrappers.abstract import WrapperMetric

__all__ = ["OneField"]


class OneField(WrapperMetric):
    """A metric that sees one field, or some.

    Args:
        metric: Metric of fields ``(batch, fields, *spatial)``.
        field: Number of the field, or which ones.

    Example:
        >>> import torch
        >>> from sgn_sciml.metrics import RelativeL2
        >>> metric = OneField(RelativeL2(), 1)
        >>> metric.update(torch.tensor([[1000.0, 0.0]]), torch.tensor([[1000.0, 1.0]]))
        >>> metric.compute()
        tensor(1., dtype=torch.float64)
    """

    def __init__(self, metric: Metric, field: int | slice) -> None:
        super().__init__()
        self.metric = metric
        self.field = field

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add a batch of shape ``(batch, fields, *spatial)``."""
        one = self.field
        chosen = one if isinstance(one, slice) else slice(one, one + 1)
        self.metric.update(pred[:, chosen], target[:, chosen])

    def compute(self) -> Any:
        return self.metric.compute()

    def reset(self) -> None:
        super().reset()
        self.metric.reset()
