r"""Forward models of inverse problems: what is known of a signal.

.. math::
    L = \frac{1}{M} \sum_m \bigl( (\mathcal{A} f)_m - y_m \bigr)^2

=============  ===============================  ==========================================
measurement    :math:`\mathcal{A} f`            problem
=============  ===============================  ==========================================
Samples        :math:`f(x_m)`                   fit, denoise, inpaint, super-resolve
Gradients      :math:`\nabla f(x_m)`            reconstruct from slopes, up to a constant
LineIntegrals  :math:`\int f(x)\,\mathrm ds`    tomography from few views
=============  ===============================  ==========================================

Signals are scaled to [-1, 1] and coordinates run over [-1, 1] along each axis.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from scipy.interpolate import CubicSpline
from torch import Tensor

from sgn_sciml.inr.rendering import PointFunction
from sgn_sciml.layers.waves.sine import true_gradients

__all__ = ["Gradients", "LineIntegrals", "Measurement", "Samples", "grid_points"]


def grid_points(axes: Sequence[Tensor]) -> Tensor:
    """All points of a grid, shape ``(points, axes)``, the last axis running fastest."""
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))


def noisy(values: Tensor, deviation: float | Tensor, generator: torch.Generator) -> Tensor:
    """Values with Gaussian noise of a standard deviation."""
    noise = torch.randn(values.shape, generator=generator, dtype=values.dtype)
    return values + deviation * noise


class Measurement(ABC):
    """What is known of a signal.

    Attributes:
        up_to_constant: Whether it says nothing of a constant that is added to a channel.
    """

    up_to_constant: ClassVar[bool] = False

    @abstractmethod
    def observe(
        self,
        values: Tensor,
        axes: Sequence[Tensor],
        generator: torch.Generator,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Measure a signal.

        Args:
            values: Signal, shape ``(channels, *grid)``.
            axes: Coordinates of the grid along each axis.
            generator: Source of noise and of random choices.
            mask: Which samples there are, shape ``grid``; None for all.

        Returns:
            Where each measurement was made and what it gave, M entries each.

        Raises:
            ValueError: If there is nothing to measure of such a signal.
        """

    @abstractmethod
    def predict(self, f: PointFunction, points: Tensor) -> Tensor:
        """What a function would have given.

        Args:
            f: Function of points, ``(..., axes) -> (..., channels)``.
            points: Some of the places that :meth:`observe` returned.
        """

    def known(
        self, grid: Sequence[int], generator: torch.Generator, mask: Tensor | None = None
    ) -> Tensor | None:
        """Which samples of the grid were told, or None where that says nothing."""
        return None

    def interpolated(self, values: Tensor, axes: Sequence[Tensor]) -> Tensor | None:
        """What cubic interpolation makes of it, to compare with; None where it does not apply.

        Args:
            values: Signal, shape ``(channels, *grid)``.
            axes: Coordinates of the grid along each axis.
        """
        return None

    def refuse(self, mask: Tensor | None) -> None:
        """Refuse a signal that lacks samples."""
        if mask is not None:
            raise ValueError(f"{type(self).__name__} needs a signal without a mask")


class Samples(Measurement):
    """Samples of the signal: all of them, or some.

    Args:
        noise: Standard deviation of Gaussian noise that is added, in parts of the signal's range.
        keep: Share of the samples that is told, drawn at random.
        every: Every how many samples along each axis one is told, from the first.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(self, noise: float = 0.0, keep: float = 1.0, every: int = 1) -> None:
        if noise < 0 or not 0 < keep <= 1 or every < 1:
            raise ValueError(
                f"Samples needs noise >= 0, 0 < keep <= 1, every >= 1: {noise}, {keep}, {every}"
            )
        self.noise = noise
        self.keep = keep
        self.every = every

    @property
    def exact(self) -> bool:
        """Whether all samples are told as they are."""
        return self.noise == 0 and self.keep == 1 and self.every == 1

    def observe(
        self,
        values: Tensor,
        axes: Sequence[Tensor],
        generator: torch.Generator,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        points, samples = grid_points(axes), values.flatten(1).T
        known = self.known(values.shape[1:], generator, mask)
        if known is not None:
            points, samples = points[known.flatten()], samples[known.flatten()]
        if self.noise > 0:
            samples = noisy(samples, 2 * self.noise, generator)
        return points, samples

    def predict(self, f: PointFunction, points: Tensor) -> Tensor:
        return f(points)

    def known(
        self, grid: Sequence[int], generator: torch.Generator, mask: Tensor | None = None
    ) -> Tensor | None:
        if self.every == 1 and self.keep == 1:
            return mask
        known = torch.zeros(tuple(grid), dtype=torch.bool)
        known[(slice(None, None, self.every),) * len(grid)] = True
        if mask is not None:
            known &= mask
        if self.keep < 1:
            known &= torch.rand(tuple(grid), generator=generator) < self.keep
        return known

    def interpolated(self, values: Tensor, axes: Sequence[Tensor]) -> Tensor | None:
        if self.every == 1 or self.keep < 1 or min(values.shape[1:]) <= 3 * self.every:
            return None
        found = values[(slice(None), *(slice(None, None, self.every),) * len(axes))].double().cpu()
        for k, axis in enumerate(axes, start=1):
            points = axis.double().cpu()
            spline = CubicSpline(points[:: self.every].numpy(), found.numpy(), axis=k)
            found = torch.from_numpy(spline(points.numpy()))
        return found.to(values)


class Gradients(Measurement):
    """Slopes of the signal, central differences over neighbouring samples.

    They leave open a constant in each channel. Measures take the one that comes closest to the
    truth; a rendered signal has the middle of its values in the middle of its range.

    Args:
        noise: Standard deviation of Gaussian noise, in parts of the slopes' own.

    Raises:
        ValueError: If the noise is negative.
    """

    up_to_constant = True

    def __init__(self, noise: float = 0.0) -> None:
        if noise < 0:
            raise ValueError(f"noise must not be negative, got {noise}")
        self.noise = noise

    def observe(
        self,
        values: Tensor,
        axes: Sequence[Tensor],
        generator: torch.Generator,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        self.refuse(mask)
        if min(values.shape[1:]) < 3:
            raise ValueError("slopes need 3 samples along each axis")
        slopes = torch.gradient(values, spacing=list(axes), dim=list(range(1, values.ndim)))
        found = torch.stack(slopes, -1).flatten(1, -2).movedim(0, 1)  # (points, channels, axes)
        if self.noise > 0:
            found = noisy(found, self.noise * found.square().mean().sqrt(), generator)
        return grid_points(axes), found

    def predict(self, f: PointFunction, points: Tensor) -> Tensor:
        points = points.detach().requires_grad_()
        with true_gradients():
            channels = f(points).unbind(-1)
        slopes = [torch.autograd.grad(c.sum(), points, create_graph=True)[0] for c in channels]
        return torch.stack(slopes, -2)


class LineIntegrals(Measurement):
    """Parallel projections of an image, as in computed tomography: means along rays.

    Rays of each view are as far apart as the samples; what lies outside the image counts as
    its least value.

    Args:
        views: Number of directions, evenly over half a turn.
        noise: Standard deviation of Gaussian noise on the means, in parts of the signal's range.

    Raises:
        ValueError: If there is no view, or the noise is negative.
    """

    def __init__(self, views: int = 60, noise: float = 0.0) -> None:
        if views < 1 or noise < 0:
            raise ValueError(f"LineIntegrals needs views >= 1, noise >= 0: {views}, {noise}")
        self.views = views
        self.noise = noise

    def observe(
        self,
        values: Tensor,
        axes: Sequence[Tensor],
        generator: torch.Generator,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        self.refuse(mask)
        if values.ndim != 3:
            raise ValueError(f"projections are made of images, not of {values.ndim - 1} axes")
        count = max(values.shape[1:])
        angle = math.pi * torch.arange(self.views, dtype=torch.float64) / self.views
        offsets = (2 * torch.arange(count, dtype=torch.float64) + 1) / count - 1
        along = torch.stack([-angle.sin(), angle.cos()], -1)[:, None, None]
        across = torch.stack([angle.cos(), angle.sin()], -1)[:, None, None]
        points = offsets[:, None, None] * across + offsets[None, :, None] * along
        points = points.flatten(0, 1)  # (rays, samples along the ray, axes)
        inside = points.abs().amax(-1) <= 1
        sampled = F.grid_sample(
            values[None].double(),
            points.flip(-1)[None],
            padding_mode="border",
            align_corners=False,
        )[0]
        means = torch.where(inside, sampled, -1.0).mean(-1).T
        if self.noise > 0:
            means = noisy(means, 2 * self.noise, generator)
        crossing = inside.any(-1)
        return points[crossing], means[crossing]

    def predict(self, f: PointFunction, points: Tensor) -> Tensor:
        inside = (points.abs().amax(-1) <= 1)[..., None]
        return torch.where(inside, f(points), -1.0).mean(-2)
