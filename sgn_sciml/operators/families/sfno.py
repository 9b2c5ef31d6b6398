r"""SFNO: a Fourier neural operator on the sphere.

.. math::
    v_{l+1} = v_l + \mathrm{MLP}_l\bigl(\mathcal{S}^{-1}\, R_l\, \mathcal{S}\, v_l\bigr)

with spherical harmonics for waves. R multiplies the coefficients of each degree by a matrix of the
channels, whatever their order. The first layer goes from the grid of the input to one of Gauss
latitudes that just carries the degrees, the last one back, with the path around them.

Published weights are complex. A phase that is the same for the orders m > 0 of a degree is the
opposite one for the orders below 0, so that layers commute with turns about the axis only; with
``isotropic`` weights are real, and they commute with all rotations.

Sizes and start are those of torch-harmonics, without its embeddings of positions.

References:
    Bonev et al., *Spherical Fourier neural operators* (2023), https://arxiv.org/abs/2306.03838;
    code: https://github.com/NVIDIA/torch-harmonics
"""

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike, FeedForward
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.sphere import Latitudes, analyse_sphere, synthesise_sphere

__all__ = ["SFNO", "SphereConvolution"]


class SphereConvolution(nn.Module):
    """A convolution on the sphere, shape ``(*, width, latitudes, longitudes)``.

    Args:
        width: Channels.
        modes: Number of degrees, from 0.
        isotropic: Whether weights are real.
    """

    def __init__(self, width: int, modes: int, isotropic: bool) -> None:
        super().__init__()
        parts = 1 if isotropic else 2
        scale = (2 / width / parts) ** 0.5  # the variance of both parts together
        self.weight = nn.Parameter(scale * torch.randn(modes, width, width, parts))

    def forward(self, c: Tensor) -> Tensor:
        """Coefficients from coefficients, ``(batch, width, l, m)``."""
        imaginary = self.weight[..., 1] if self.weight.shape[-1] == 2 else 0 * self.weight[..., 0]
        weight = torch.complex(self.weight[..., 0], imaginary)
        mixed: Tensor = weight @ c.permute(0, 2, 1, 3)  # (batch, l, width, m)
        return mixed.permute(0, 2, 1, 3)


class SFNO(OperatorNetwork):
    """Spherical Fourier neural operator.

    Fields lie on latitudes from pole to pole, both included, by longitudes; any number of them
    that carries the modes.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        modes: Number of degrees of the spherical harmonics, from 0.
        width: Channels.
        depth: Number of layers.
        factor: Hidden width of the channel networks over the width.
        isotropic: Whether spectral weights are real, so that all rotations commute.
        activation: Activation of the channel networks.

    Raises:
        ValueError: For sizes out of range, and for a grid that does not carry the modes.

    Example:
        >>> SFNO(modes=4, width=8, depth=2)(torch.zeros(1, 1, 9, 16)).shape
        torch.Size([1, 1, 9, 16])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        modes: int = 16,
        width: int = 64,
        depth: int = 4,
        factor: int = 2,
        isotropic: bool = False,
        activation: ActivationLike = "gelu",
    ) -> None:
        super().__init__(in_channels, out_channels, 2)
        if min(in_channels, out_channels, modes, width, depth, factor) < 1:
            raise ValueError(
                "in_channels, out_channels, modes, width, depth and factor must be at least 1"
            )
        self.modes = (modes, modes)
        self.lift = _linear(in_channels, width)
        self.convs = nn.ModuleList(
            SphereConvolution(width, modes, isotropic) for _ in range(depth)
        )
        self.mlp = nn.ModuleList(
            FeedForward(width, factor * width, activation=activation) for _ in range(depth)
        )
        for mlp in self.mlp:
            assert isinstance(mlp, FeedForward)
            nn.init.normal_(mlp.fc1.weight, std=(2 / width) ** 0.5)
            nn.init.normal_(mlp.fc2.weight, std=(1 / (factor * width)) ** 0.5)
            nn.init.zeros_(mlp.fc1.bias)
            mlp.fc2.bias = None  # type: ignore[assignment]
        self.head = _linear(width, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        m, (rows, columns) = self.modes[0], x.shape[2:]
        if rows < m or columns < 2 * m:
            raise ValueError(
                f"SFNO needs {m} latitudes and {2 * m} longitudes or more for {m} degrees, "
                f"not {rows} x {columns}: set modes to {min(rows, columns // 2)} or fewer"
            )
        v = self.lift(x.movedim(1, -1)).movedim(-1, 1)
        outer: tuple[int, int, Latitudes] = (rows, columns, "even")
        inner: tuple[int, int, Latitudes] = (m, 2 * m, "gauss")
        grids = [outer, *[inner] * (len(self.convs) - 1), outer]
        for k, (conv, mlp) in enumerate(zip(self.convs, self.mlp, strict=True)):
            before, after = grids[k : k + 2]
            c = analyse_sphere(v, m, before[2])
            if before != after:
                v = synthesise_sphere(c, *after)
            y = synthesise_sphere(conv(c), *after)
            v = v + mlp(y.movedim(1, -1)).movedim(-1, 1)
        u: Tensor = self.head(v.movedim(1, -1)).movedim(-1, 1)
        return u


def _linear(n: int, m: int) -> nn.Linear:
    """A linear layer without bias, normal."""
    layer = nn.Linear(n, m, bias=False)
    nn.init.normal_(layer.weight, std=n**-0.5)
    return layer
