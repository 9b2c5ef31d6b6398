"""Burgers' equation as a measure of rollouts: the defect between successive frames."""

import math
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.field import ratio
from sgn_sciml.metrics.physics import PhysicsMetric, last_frame, mean_square

__all__ = ["BurgersDefect"]


def burgers_rate(u: Tensor, nu: float, speed: float, length: float) -> Tensor:
    r""":math:`\nu u_{xx} - c\,(u^2/2)_x` of periodic u along its last axis, by Fourier."""
    n = u.shape[-1]
    k = 2 * math.pi / length * torch.arange(n // 2 + 1, device=u.device, dtype=u.dtype)
    slope = k * (torch.arange(n // 2 + 1, device=u.device) < n / 2)  # the sawtooth has none
    wave, flux = torch.fft.rfft(u), torch.fft.rfft(u.square() / 2)
    rate: Tensor = torch.fft.irfft(-nu * k**2 * wave - 1j * speed * slope * flux, n)
    return rate


class BurgersDefect(PhysicsMetric):
    r"""The residual of rollouts in :math:`u_t + c\,(u^2/2)_x = \nu\,u_{xx}`, x periodic.

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

    def defect(self, u: Tensor, target: Tensor, start: Tensor) -> Tensor:
        if u.ndim != 4:
            raise ValueError(
                f"expected rollouts (items, frames, channels, x), got {tuple(u.shape)}"
            )
        first = last_frame(start, u)
        if first.shape[-1] != u.shape[-1]:
            raise ValueError(f"{u.shape[-1]} points cannot start from {first.shape[-1]}")
        u, target = torch.cat([first, u], 1), torch.cat([first, target], 1)
        rate = burgers_rate(u, self.nu_effective, self.speed, self.length)
        left_over = u.diff(dim=1) / self.dt - (rate[:, 1:] + rate[:, :-1]) / 2
        return ratio(mean_square(left_over), mean_square(target.diff(dim=1) / self.dt), 1.0)
