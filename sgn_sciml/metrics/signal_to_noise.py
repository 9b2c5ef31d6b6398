"""Signal-to-noise ratios in dB."""

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.base import FieldMetric, error_and_target

__all__ = ["PSNR", "SISNR", "SNR"]


def decibels(signal: Tensor, noise: Tensor, both_zero: float) -> Tensor:
    """Ratio of energies in dB, within the squared rounding of their dtype (313 dB in float64).

    Args:
        signal: Energies.
        noise: Energies, same shape.
        both_zero: The ratio where both are zero.
    """
    rounding = torch.finfo(signal.dtype).eps ** 2
    found = torch.where((signal == 0) & (noise == 0), both_zero, signal / noise)
    return 10 * found.clamp(rounding, 1 / rounding).log10()


class Decibels(FieldMetric):
    """Mean over sounds of a level in dB: the base of :class:`SNR` and :class:`SISNR`."""

    higher_is_better = True

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sums = f"{name}_sums"
        self.add_sum(self.sums, (2,))

    @abstractmethod
    def level(self, pred: Tensor, target: Tensor) -> Tensor:
        """Level of each sound, ``(batch, values) -> (batch,)``."""

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add sounds of shape ``(batch, channels, n)``."""
        _, target = error_and_target(pred, target)
        levels = self.level(pred.to(target.dtype).flatten(1), target.flatten(1))
        terms = torch.stack([levels, torch.ones_like(levels)]).sum(1)
        setattr(self, self.sums, getattr(self, self.sums) + terms)

    def compute(self) -> Tensor:
        """The mean level in dB; nan without sounds."""
        sums: Tensor = getattr(self, self.sums)
        return sums[0] / sums[1]


class SNR(Decibels):
    r"""Signal-to-noise ratio :math:`10 \log_{10} (\sum x^2 / \sum e^2)` in dB, over all channels.

    Unlike the peak signal-to-noise ratio it does not flatter a quiet sound: 0 is what a zero
    prediction scores, 313 the most that float64 can tell.

    Args:
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: On update, if prediction and target differ in shape.

    Example:
        >>> metric = SNR()
        >>> metric.update(torch.tensor([[[3.3, 4.4]]]), torch.tensor([[[3.0, 4.0]]]))
        >>> metric.compute().round(decimals=4)
        tensor(20., dtype=torch.float64)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("snr", **kwargs)

    def level(self, pred: Tensor, target: Tensor) -> Tensor:
        noise = (pred - target).square().sum(1)
        return decibels(target.square().sum(1), noise, torch.inf)


class SISNR(Decibels):
    """Scale-invariant signal-to-noise ratio in dB, one mean and one scale for all channels.

    Means are removed and the target is scaled to fit the prediction best, so that a wrong
    loudness costs nothing.

    Args:
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: On update, if prediction and target differ in shape.

    References:
        Le Roux et al., *SDR: half-baked or well done?* (2018), https://arxiv.org/abs/1811.02508
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("si_snr", **kwargs)

    def level(self, pred: Tensor, target: Tensor) -> Tensor:
        pred, target = (each - each.mean(1, keepdim=True) for each in (pred, target))
        square = target.square().sum(1)
        scale = (pred * target).sum(1) / torch.where(square == 0, 1.0, square)
        scaled = scale[:, None] * target
        return decibels(scaled.square().sum(1), (pred - scaled).square().sum(1), 0.0)


class PSNR(FieldMetric):
    r"""Peak signal-to-noise ratio :math:`10 \log_{10} (span^2 / \langle e^2 \rangle)` in dB.

    The mean runs over all values seen; infinite for a perfect prediction, nan without values.

    Args:
        span: Greatest less least value that the medium has.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If the span is not positive; on update, if prediction and target differ in
            shape.

    Example:
        >>> metric = PSNR(span=2.0)
        >>> metric.update(torch.full((1, 1, 4), 0.2), torch.zeros(1, 1, 4))
        >>> metric.compute().round(decimals=4)
        tensor(20., dtype=torch.float64)
    """

    higher_is_better = True
    squared_error: Tensor
    values: Tensor

    def __init__(self, span: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not span > 0:
            raise ValueError(f"the span of values must be positive, got {span:g}")
        self.span = span
        self.add_sum("squared_error")
        self.add_sum("values")

    def update(self, pred: Tensor, target: Tensor, known: Tensor | None = None) -> None:
        """Add signals of shape ``(batch, channels, *grid)``.

        Args:
            pred: Predictions.
            target: Truth.
            known: Which samples do not count, shape ``grid``; None counts all.
        """
        error, _ = error_and_target(pred, target)
        counted = torch.ones_like(error) if known is None else (~known).expand_as(error)
        square = (error / self.span).square()
        self.squared_error = self.squared_error + torch.where(counted > 0, square, 0.0).sum()
        self.values = self.values + counted.sum()

    def compute(self) -> Tensor:
        """The ratio over all values."""
        return 10 * (self.values / self.squared_error).log10()
