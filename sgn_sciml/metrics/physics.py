r"""How well predictions obey the equation they come from, beside how well the truth does.

Every metric here gives ``name/prediction`` and ``name/target``: the second is the floor, what
the stored truth itself scores, for it was made on a finer grid, with smaller steps or another
scheme, and rounded to float32. A prediction at the floor obeys the law as well as can be seen.

Fields come in physical units. A batch of pairs has the shape ``(items, channels, *spatial)`` and
one of rollouts ``(items, frames, channels, *spatial)``. Differences are taken in float64.
"""

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.base import FieldMetric, error_and_target
from sgn_sciml.metrics.field import ratio

__all__ = ["Conservation", "PhysicsMetric"]


def mean_square(u: Tensor) -> Tensor:
    """Mean of squares of each item, ``(items, *) -> (items,)``."""
    return u.square().flatten(1).mean(1)


def last_frame(start: Tensor, rollout: Tensor) -> Tensor:
    """The frame a rollout ``(items, frames, channels, *)`` starts from, with one frame.

    It is the last of the input's frames, or, where these are stacked as channels, its last
    channels.

    Raises:
        ValueError: If the input has too few axes or channels.
    """
    channels, axes = rollout.shape[2], rollout.ndim - 3
    if start.ndim == rollout.ndim:
        start = start[:, -1]
    if start.ndim != axes + 2 or start.shape[1] < channels:
        raise ValueError(
            f"a rollout of shape {tuple(rollout.shape)} cannot start from {tuple(start.shape)}"
        )
    return start[:, None, -channels:]


class PhysicsMetric(FieldMetric):
    """Mean over samples of a relative defect, of predictions and of the truth.

    Args:
        name: Prefix of the results. Two of a kind in one ``MetricCollection`` need two.
        kwargs: Options of :class:`torchmetrics.Metric`.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.sums = f"{name}_sums"
        self.add_sum(self.sums, (3,))

    @abstractmethod
    def defect(self, u: Tensor, target: Tensor, start: Tensor) -> Tensor:
        """Relative defect of fields u beside the truth, shape ``(items,)``; u may be the truth."""

    def update(self, pred: Tensor, target: Tensor, input: Tensor) -> None:
        """Add a batch: predictions, truth of the same shape, and what was predicted from."""
        _, target = error_and_target(pred, target)
        pred, start = pred.to(target), input.to(target)
        defect, floor = (self.defect(u, target, start) for u in (pred, target))
        terms = torch.stack([defect, floor, torch.ones_like(floor)])
        setattr(self, self.sums, getattr(self, self.sums) + terms.sum(1))

    def compute(self) -> dict[str, Tensor]:
        """Mean defects over all samples seen, by name; nan without samples."""
        pred, target, samples = getattr(self, self.sums)
        return {f"{self.name}/prediction": pred / samples, f"{self.name}/target": target / samples}


class Conservation(PhysicsMetric):
    """Drift of the mean of a periodic field, which a conservation law keeps.

    The mean over space of every frame and channel minus that of the input it started from; root
    mean square over frames and channels, relative to the root mean square of the truth.

    Args:
        axes: Number of spatial axes, which tells pairs from rollouts.
        name: Prefix of the results.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: On update, if prediction and target differ in shape or are neither
            ``(items, channels, *spatial)`` nor ``(items, frames, channels, *spatial)``, or if the
            input has fewer channels; of more, the last ones count.

    Example:
        >>> u = torch.tensor([[[-1.0, 1.0]]])
        >>> metric = Conservation()
        >>> metric.update(u + 0.25, u, u)
        >>> [value.item() for value in metric.compute().values()]
        [0.25, 0.0]
    """

    def __init__(self, axes: int = 1, name: str = "conservation", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.axes = axes

    def defect(self, u: Tensor, target: Tensor, start: Tensor) -> Tensor:
        if u.ndim not in (self.axes + 2, self.axes + 3):
            raise ValueError(
                f"expected pairs or rollouts with {self.axes} spatial axes, got {tuple(u.shape)}"
            )
        if u.ndim == self.axes + 2:
            u = u[:, None]
        first = last_frame(start, u)  # on any grid
        drift = u.flatten(3).mean(3) - first.flatten(3).mean(3)
        return ratio(mean_square(drift), mean_square(target), 1.0)
