r"""A V-cycle of multigrid whose stencils are learnt: the linear operator of MgNO.

.. math::
    u \leftarrow u + S * (f - A * u) \qquad \text{(smoothing)} \\
    u_{l+1} = \Pi *_2 u_l, \quad f_{l+1} = R *_2 f_l
    \text{ or } R *_2 (f_l - A * u_l) \qquad \text{(restriction)} \\
    u_l \leftarrow u_l + P *_2^\top u_{l+1} \qquad \text{(correction)}

with :math:`*_2` a convolution of stride two. All stencils of all levels are weights of their own.
With the residual restricted, :math:`\Pi = 0`, S of Jacobi's method, full weighting R and linear
interpolation P it is the V-cycle of textbooks.

References:
    He, Liu and Xu, *MgNO: efficient parameterization of linear operators via multigrid* (2024),
    https://arxiv.org/abs/2310.19809

    He and Xu, *MgNet* (2019), https://arxiv.org/abs/1901.10415
"""

from collections.abc import Sequence
from functools import partial
from typing import cast

from torch import Tensor, nn

from sgn_sciml.operators.families.convolutions import Convolution, Interpolation

__all__ = ["Coarsening", "Smoothing", "VCycle"]


class Smoothing(nn.Module):
    """A step :math:`u + S * (f - A * u)`, or :math:`S * f` at the beginning, where u is 0.

    Args:
        source: Channels of f.
        channels: Channels of u.
        periodic: Whether each axis is periodic.
        first: Whether u is 0.
    """

    def __init__(
        self, source: int, channels: int, periodic: Sequence[bool], first: bool = False
    ) -> None:
        super().__init__()
        self.smoother = Convolution(source, channels, periodic, bias=False)
        self.stencil = None if first else Convolution(channels, source, periodic, bias=False)

    def forward(self, u: Tensor | None, f: Tensor) -> Tensor:
        """Smooth u ``(batch, channels, *space)``, given f ``(batch, source, *space)``."""
        if u is None or self.stencil is None:
            y: Tensor = self.smoother(f)
            return y
        return u + cast(Tensor, self.smoother(f - self.stencil(u)))


class Coarsening(nn.Module):
    """Start and right-hand side on the next coarser grid.

    Args:
        source: Channels of f.
        channels: Channels of u.
        periodic: Whether each axis is periodic.
        residual: Whether the residual is restricted, or f itself.
    """

    def __init__(
        self, source: int, channels: int, periodic: Sequence[bool], residual: bool
    ) -> None:
        super().__init__()
        self.stencil = Convolution(channels, source, periodic, bias=False) if residual else None
        self.start = Convolution(channels, channels, periodic, stride=2, bias=False)
        self.restriction = Convolution(source, source, periodic, stride=2, bias=False)

    def forward(self, u: Tensor, f: Tensor) -> tuple[Tensor, Tensor]:
        """The coarse u and f."""
        left = f if self.stencil is None else f - self.stencil(u)
        return self.start(u), self.restriction(left)


class VCycle(nn.Module):
    """A linear map of fields, ``(batch, in_channels, *space) -> (batch, channels, *space)``.

    Args:
        in_channels: Channels of f.
        channels: Channels of u.
        periodic: Whether each axis is periodic.
        before: Smoothing steps on the way down, one number per level, the finest first.
        after: Those on the way up, likewise; none on the coarsest level.
        residual: Whether residuals are restricted; f itself in the authors' experiments.
        kernel: Size of the interpolation kernels.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        periodic: Sequence[bool],
        before: Sequence[int],
        after: Sequence[int],
        residual: bool = False,
        kernel: int = 3,
    ) -> None:
        super().__init__()
        levels = range(len(before))
        smoothing = partial(Smoothing, in_channels, channels, periodic)
        self.before = nn.ModuleList(
            nn.ModuleList(smoothing(first=level == k == 0) for k in range(before[level]))
            for level in levels
        )
        self.after = nn.ModuleList(
            nn.ModuleList(smoothing() for _ in range(after[level])) for level in levels[:-1]
        )
        self.coarsenings = nn.ModuleList(
            Coarsening(in_channels, channels, periodic, residual) for _ in levels[:-1]
        )
        self.interpolations = nn.ModuleList(
            Interpolation(channels, channels, periodic, kernel) for _ in levels[:-1]
        )

    def forward(self, f: Tensor) -> Tensor:
        u: Tensor | None = None
        down: list[tuple[Tensor, Tensor]] = []
        for level, steps in enumerate(self.before):
            if down:
                u, f = self.coarsenings[level - 1](*down[-1])
            for step in cast(nn.ModuleList, steps):
                u = step(u, f)
            assert u is not None  # the finest level begins with a step
            down.append((u, f))
        u = down[-1][0]
        for level in reversed(range(len(down) - 1)):
            fine, f = down[level]
            u = fine + self.interpolations[level](u, fine.shape[2:])
            for step in cast(nn.ModuleList, self.after[level]):
                u = step(u, f)
        return cast(Tensor, u)
