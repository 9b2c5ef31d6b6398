r"""F-FNO: Fourier layers that transform one axis at a time.

.. math::
    v_{l+1} = v_l + F_l\Bigl(\sum_i \mathcal{F}_i^{-1}\, R_i\, \mathcal{F}_i\, v_l\Bigr), \qquad
    u = Q\, (v_L - v_{L-1})

Each :math:`R_i` has m c^2 complex weights for m modes and c channels, so that their number grows
with the sum of the modes and not with their product. :math:`F_l` is a feed-forward network of
four times the width. As in the authors' code, what is read out is the last layer without the path
around it, spectral weights are shared by all layers and begin at a tenth of Glorot's size, linear
layers are weight-normalised, and there is no activation in the read-out.

References:
    Tran et al., *Factorized Fourier neural operators* (2023), https://arxiv.org/abs/2111.13802;
    code: https://github.com/alasdairtran/fourierflow
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm as normalised

from sgn_sciml.layers import ActivationLike, FeedForward
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.convolutions import per_axis_flags
from sgn_sciml.operators.networks.adapter import check_modes, positions

__all__ = ["FFNO", "AxisSpectralConvolution"]

HEAD = 128


class AxisSpectralConvolution(nn.Module):
    """Spectral convolutions along each axis, added up.

    Shape ``(batch, *space, channels) -> (batch, *space, channels)``.

    Args:
        channels: Channels.
        modes: Modes along each axis: wavenumbers 0 to m - 1.
        gain: Initial size over Glorot's.
    """

    def __init__(self, channels: int, modes: tuple[int, ...], gain: float) -> None:
        super().__init__()
        self.modes = modes
        weights = [torch.empty(channels, channels, m, 2) for m in modes]
        for weight in weights:
            nn.init.xavier_normal_(weight, gain=gain)
        self.weights = nn.ParameterList(weights)  # real and imaginary parts

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros_like(x)
        for dim, (m, parts) in enumerate(zip(self.modes, self.weights, strict=True), start=1):
            n, weight = x.shape[dim], torch.view_as_complex(parts)
            kept = min(m, n // 2 + 1)
            wave = torch.fft.rfft(x, dim=dim).narrow(dim, 0, kept).movedim(dim, 0)
            mixed = wave.flatten(1, -2) @ weight[..., :kept].permute(2, 0, 1)
            wave = mixed.view_as(wave).movedim(0, dim)
            total = total + torch.fft.irfft(wave, n, dim=dim)  # zeros above the modes
        return total


class FFNO(OperatorNetwork):
    """Factorised Fourier neural operator.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        modes: Modes per space axis in the papers' meaning; their number is the number of axes.
        width: Channels.
        depth: Number of layers.
        factor: Hidden width of the feed-forward networks over the width.
        shared: Whether all layers have the same spectral weights.
        weight_norm: Whether linear layers are weight-normalised.
        gain: Initial size of the spectral weights over Glorot's.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is given the positions.
        activation: Activation of the feed-forward networks.

    Raises:
        ValueError: For sizes out of range.

    Example:
        >>> FFNO(modes=(4, 4), width=8, depth=2)(torch.zeros(1, 1, 16, 12)).shape
        torch.Size([1, 1, 16, 12])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        modes: tuple[int, ...] = (16, 16),
        width: int = 64,
        depth: int = 24,
        factor: int = 4,
        shared: bool = True,
        weight_norm: bool = True,
        gain: float = 0.1,
        periodic: bool | tuple[bool, ...] = True,
        positional: bool = True,
        activation: ActivationLike = "relu",
    ) -> None:
        super().__init__(in_channels, out_channels, len(modes))
        if min(in_channels, out_channels, width, depth, factor) < 1:
            raise ValueError(
                "in_channels, out_channels, width, depth and factor must be at least 1"
            )
        check_modes(modes)
        self.periodic, self.modes = per_axis_flags(periodic, len(modes)), tuple(modes)
        self.positional = positional
        self.lift = nn.Linear(in_channels + self.axes * positional, width)
        count = 1 if shared else depth
        self.convs = nn.ModuleList(
            AxisSpectralConvolution(width, self.modes, gain) for _ in range(count)
        )
        self.mlp = nn.ModuleList(
            FeedForward(width, factor * width, activation=activation) for _ in range(depth)
        )
        self.head = nn.Sequential(nn.Linear(width, HEAD), nn.Linear(HEAD, out_channels))
        if weight_norm:
            for module in [m for m in self.modules() if isinstance(m, nn.Linear)]:
                normalised(module)

    def forward(self, x: Tensor) -> Tensor:
        if self.positional:
            x = torch.cat([x, positions(x, self.periodic)], 1)
        v = self.lift(x.movedim(1, -1))
        last = v
        for k, mlp in enumerate(self.mlp):
            last = mlp(self.convs[k % len(self.convs)](v))
            v = v + last
        y: Tensor = self.head(last).movedim(-1, 1)
        return y
