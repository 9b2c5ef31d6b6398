r"""Residuals of laws on grids, relative to a size that does not depend on the prediction.

A residual is a list of fields that vanish where a prediction obeys the law, to the order of its
differences; the loss is the mean over items of the root of their mean squares. They need nothing
but the input and the prediction, so that any grid will do, and no solution need be known.

References:
    Li et al., *Physics-informed neural operator for learning partial differential equations*
    (2021), https://arxiv.org/abs/2111.03794
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.metrics.burgers import burgers_rate
from sgn_sciml.metrics.darcy import darcy_operator
from sgn_sciml.metrics.field import root
from sgn_sciml.metrics.physics import last_frame, mean_square

__all__ = ["BurgersLaw", "DarcyLaw", "LawResidual"]


class LawResidual(ABC):
    """What predictions leave over in a law, given what they were made from."""

    @abstractmethod
    def residuals(self, u: Tensor, start: Tensor) -> Sequence[Tensor]:
        """Fields that vanish where the law holds, each with the items first and without a unit.

        Args:
            u: Prediction in physical units, ``(items, channels, *space)`` or, over time,
                ``(items, frames, channels, *space)``.
            start: The input in physical units, on the same grid.

        Raises:
            ValueError: If the shapes do not fit the law.
        """

    def __call__(self, u: Tensor, start: Tensor) -> Tensor:
        """Root mean square of the residuals of each item, shape ``(items,)``."""
        squares = [mean_square(field) for field in self.residuals(u, start)]
        return root(torch.stack(squares).sum(0))


@dataclass(frozen=True)
class DarcyLaw(LawResidual):
    r""":math:`-\nabla\cdot(a\nabla u) = f` on the unit square, u = 0 on its edge.

    The five-point residual over f, and the values on the edge over f / a, the size of a solution.
    Where a jumps, the truth of a finer grid has a residual of its own, see
    :class:`~sgn_sciml.metrics.DarcyResidual`: what is learnt is the solution of the coarse
    differences.

    Args:
        forcing: f, a constant.
        edge: Weight of the values on the edge.
    """

    forcing: float = 1.0
    edge: float = 10.0

    def __post_init__(self) -> None:
        if not self.forcing:
            raise ValueError("a residual relative to zero forcing has no meaning")

    def residuals(self, u: Tensor, start: Tensor) -> Sequence[Tensor]:
        if u.ndim != 4 or u.shape[1] != 1 or start[:, :1].shape != u.shape:
            raise ValueError(
                "Darcy's law takes a and u of shape (items, 1, x, y) on one grid, not "
                f"{tuple(start.shape)} and {tuple(u.shape)}"
            )
        a = start[:, :1]
        inner = (darcy_operator(a, u) - self.forcing) / self.forcing
        size = self.forcing / a.mean((1, 2, 3), keepdim=True)
        ends = [u[..., 0, :], u[..., -1, :], u[..., :, 0], u[..., :, -1]]
        edge = torch.cat(ends, -1)[..., None] / size
        return inner, self.edge * edge


@dataclass(frozen=True)
class BurgersLaw(LawResidual):
    r""":math:`u_t + c\,(u^2/2)_x = \nu\,u_{xx}`, x periodic, between successive frames.

    Crank-Nicolson in time, Fourier in space, from the input's last frame on; relative to the root
    mean square of the input over the time of all frames. Second order in the time between frames,
    so take many (:class:`~sgn_sciml.metrics.BurgersDefect` tells what truth leaves over).

    Args:
        nu_effective: The factor of u_xx.
        dt: Time between frames.
        speed: The factor c.
        length: Period of x.
    """

    nu_effective: float
    dt: float
    speed: float = 1.0
    length: float = 1.0

    def residuals(self, u: Tensor, start: Tensor) -> Sequence[Tensor]:
        if u.ndim != 4:
            raise ValueError(
                f"Burgers' law takes frames (items, frames, channels, x), not {tuple(u.shape)}: "
                "pair by Windows, with out_channels for all frames that follow"
            )
        first = last_frame(start, u)
        duration = self.dt * u.shape[1]
        size = first.square().flatten(1).mean(1).sqrt().view(-1, 1, 1, 1) / duration
        u = torch.cat([first, u], 1)
        rate = burgers_rate(u, self.nu_effective, self.speed, self.length)
        left_over = u.diff(dim=1) / self.dt - (rate[:, 1:] + rate[:, :-1]) / 2
        return (left_over / torch.where(size == 0, 1.0, size),)
