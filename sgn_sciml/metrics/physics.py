r"""How well predictions obey the equation they come from, beside how well the truth does.

Every metric here gives ``name/prediction`` and ``name/target``: the second is the floor, what
the stored truth itself scores, for it was made on a finer grid, with smaller steps or another
scheme, and rounded to float32. A prediction at the floor obeys the law as well as can be seen.

Fields come in physical units. A batch of pairs has the shape ``(items, channels, *spatial)`` and
one of rollouts ``(items, frames, channels, *spatial)``. Differences are taken in float64.
"""

import math
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.base import FieldMetric, accumulator, error_and_target
from sgn_sciml.metrics.field import ratio

__all__ = ["BurgersDefect", "Conservation", "DarcyResidual", "PhysicsMetric"]


def mean_square(u: Tensor) -> Tensor:
    """Mean of squares of each item, ``(items, *) -> (items,)``."""
    return u.square().flatten(1).mean(1)


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
    def defects(self, pred: Tensor, target: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Relative defect of each prediction and each truth, each of shape ``(items,)``."""

    def update(self, pred: Tensor, target: Tensor, input: Tensor) -> None:
        """Add a batch: predictions, truth of the same shape, and what was predicted from."""
        error_and_target(pred, target)
        dtype = accumulator(pred.device)
        defects = self.defects(pred.to(dtype), target.to(dtype), input.to(dtype))
        terms = torch.stack([*defects, torch.ones_like(defects[0])])
        setattr(self, self.sums, getattr(self, self.sums) + terms.sum(1))

    def compute(self) -> dict[str, Tensor]:
        """Mean defects over all samples seen, by name; nan without samples."""
        pred, target, samples = getattr(self, self.sums)
        return {f"{self.name}/prediction": pred / samples, f"{self.name}/target": target / samples}


def darcy_operator(a: Tensor, u: Tensor) -> Tensor:
    r"""Five-point :math:`-\nabla\cdot(a\nabla u)` at the inner nodes, u = 0 on the boundary.

    The coefficient of a face is the mean of its two nodes.

    Args:
        a: Coefficient at the nodes of the unit square, boundary included, ``(*, n_x, n_y)``.
        u: Solution at these nodes; its boundary values are not read.

    Returns:
        Values of shape ``(*, n_x - 2, n_y - 2)``.
    """
    u = torch.nn.functional.pad(u[..., 1:-1, 1:-1], (1, 1, 1, 1))
    hx, hy = (1 / (n - 1) for n in u.shape[-2:])
    x_flux = (a[..., 1:, :] + a[..., :-1, :]) / 2 * u.diff(dim=-2) / hx**2
    y_flux = (a[..., 1:] + a[..., :-1]) / 2 * u.diff(dim=-1) / hy**2
    return -(x_flux.diff(dim=-2)[..., 1:-1] + y_flux.diff(dim=-1)[..., 1:-1, :])


class DarcyResidual(PhysicsMetric):
    r"""Relative residual of :math:`-\nabla\cdot(a\nabla u) = f`, u = 0 on the unit square's edge.

    :math:`\|A u - f\| / \|f\|` over the inner nodes of a grid with both ends, spacing
    1 / (n - 1), five-point stencil with the mean coefficient on faces, as the reference solver
    has. Truth that was solved on a finer grid and subsampled has a residual of its own, on 85
    nodes 1.4 for the benchmark's two materials and 1e-3 for a smooth medium; rounding to float32
    leaves 4e-5. So a network may lie far below its truth without being any better: read
    ``darcy_residual/target`` first. Boundary values are not read, they count as zero.

    Args:
        forcing: f, a constant.
        name: Prefix of the results.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If ``forcing`` is zero; on update, if prediction and target differ in shape or
            are not ``(items, 1, x, y)``, or if the input, whose first channel is a, has another
            grid.

    Example:
        >>> x = torch.linspace(0, 1, 9, dtype=torch.float64)
        >>> u = (x * (1 - x) / 2)[:, None] + 0 * x  # solves -u_xx = 1, but is not 0 at y = 0, 1
        >>> metric = DarcyResidual()
        >>> metric.update(0 * u[None, None], u[None, None], torch.ones(1, 1, 9, 9))
        >>> metric.compute()["darcy_residual/prediction"]
        tensor(1., dtype=torch.float64)
    """

    def __init__(self, forcing: float = 1.0, name: str = "darcy_residual", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        if not forcing:
            raise ValueError("a residual relative to zero forcing has no meaning")
        self.forcing = forcing

    def defects(self, pred: Tensor, target: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        if pred.ndim != 4 or pred.shape[1] != 1:
            raise ValueError(f"expected u of shape (items, 1, x, y), got {tuple(pred.shape)}")
        a = start[:, :1]
        if a.shape != pred.shape:
            raise ValueError(
                f"u and its input a have different grids: {tuple(pred.shape)} and "
                f"{tuple(start.shape)}"
            )
        first, second = (
            mean_square(darcy_operator(a, u) - self.forcing).sqrt() / abs(self.forcing)
            for u in (pred, target)
        )
        return first, second


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


def burgers_rate(u: Tensor, nu: float, speed: float, length: float) -> Tensor:
    r""":math:`\nu u_{xx} - c\,(u^2/2)_x` of periodic u along its last axis, by Fourier."""
    n = u.shape[-1]
    k = 2 * math.pi / length * torch.arange(n // 2 + 1, device=u.device, dtype=u.dtype)
    slope = k * (torch.arange(n // 2 + 1, device=u.device) < n / 2)  # the sawtooth has none
    wave, flux = torch.fft.rfft(u), torch.fft.rfft(u.square() / 2)
    rate: Tensor = torch.fft.irfft(-nu * k**2 * wave - 1j * speed * slope * flux, n)
    return rate


class BurgersDefect(PhysicsMetric):
    r"""What rollouts leave over in :math:`u_t + c\,(u^2/2)_x = \nu\,u_{xx}`, x periodic.

    Between successive frames, the input's last one and then those of the rollout: the difference
    quotient in time against the mean of both frames' right-hand sides (Crank-Nicolson), Fourier
    in space, without dealiasing. Root mean square over frames and points, relative to that of
    the truth's difference quotient. Truth has a defect of second order in the time between
    frames, and of order one where a shock passes a grid point in less: 0.01 and 0.6 at
    PDEBench's 0.01 for its nu = 0.01 and 0.001.

    Every channel is a solution of its own. The values of the benchmarks' laws on the unit
    interval: nu / pi and c = 1 for PDEBench, :math:`0.1 / (2\pi)^2` and
    :math:`c = 1 / (2\pi)` for the FNO benchmark's file.

    Args:
        nu_effective: The factor :math:`\nu` of u_xx.
        dt: Time between frames.
        speed: The factor c.
        length: Period of x.
        name: Prefix of the results.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: On update, if prediction and target differ in shape or are not
            ``(items, frames, channels, x)``, or if the input is on another grid.

    Example:
        >>> x = torch.arange(32, dtype=torch.float64) / 32
        >>> wave = torch.sin(2 * torch.pi * x).expand(1, 4, 1, 32)
        >>> time = torch.arange(4).view(1, 4, 1, 1)
        >>> target = wave + 0.5 * time  # no solution: the mean grows
        >>> metric = BurgersDefect(nu_effective=0.0, dt=1.0, speed=0.0)
        >>> metric.update(wave[:, 1:], target[:, 1:], wave[:, 0])
        >>> [f"{value:.3f}" for value in metric.compute().values()]
        ['0.000', '1.000']
    """

    def __init__(
        self,
        nu_effective: float,
        dt: float,
        speed: float = 1.0,
        length: float = 1.0,
        name: str = "burgers_defect",
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self.nu_effective = nu_effective
        self.dt = dt
        self.speed = speed
        self.length = length

    def defects(self, pred: Tensor, target: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        if pred.ndim != 4:
            raise ValueError(
                f"expected rollouts (items, frames, channels, x), got {tuple(pred.shape)}"
            )
        first = last_frame(start, pred)
        if first.shape[-1] != pred.shape[-1]:
            raise ValueError(f"{pred.shape[-1]} points cannot start from {first.shape[-1]}")
        change = mean_square(torch.cat([first, target], 1).diff(dim=1) / self.dt)
        pred, target = (
            ratio(mean_square(self._left_over(torch.cat([first, u], 1))), change, 1.0)
            for u in (pred, target)
        )
        return pred, target

    def _left_over(self, u: Tensor) -> Tensor:
        rate = burgers_rate(u, self.nu_effective, self.speed, self.length)
        return u.diff(dim=1) / self.dt - (rate[:, 1:] + rate[:, :-1]) / 2


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

    def defects(self, pred: Tensor, target: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        if pred.ndim not in (self.axes + 2, self.axes + 3):
            raise ValueError(
                f"expected pairs or rollouts with {self.axes} spatial axes, "
                f"got {tuple(pred.shape)}"
            )
        if pred.ndim == self.axes + 2:
            pred, target = pred[:, None], target[:, None]
        first = last_frame(start, pred).flatten(3).mean(3)
        norm = mean_square(target)
        pred, target = (
            ratio(mean_square(u.flatten(3).mean(3) - first), norm, 1.0) for u in (pred, target)
        )
        return pred, target
