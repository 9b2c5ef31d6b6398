r"""DPOT: a transformer whose attention is a network of the Fourier modes of patches.

Each frame of a window is cut into patches, positions are added, and the frames are merged by

.. math::
    z = \sum_t W_t\, (\cos(\gamma t) \odot z_t), \qquad t \in [0, 1]

then blocks of :math:`z + \mathrm{MLP}(N(N z + \mathcal{F}^{-1} M \mathcal{F} N z))` follow, with M
a network of one hidden layer, the same at every mode, on blocks of channels; modes beyond the
first m, and negative ones of the first axis, are left out. Sizes and start are those of the
authors' code; pre-training on many equations, its noise and its classifier are not part of this.

References:
    Hao et al., *DPOT: auto-regressive denoising operator transformer for large-scale PDE
    pre-training* (2024), https://arxiv.org/abs/2403.03542; code: https://github.com/thu-ml/DPOT

    Guibas et al., *Adaptive Fourier neural operators* (2021), https://arxiv.org/abs/2111.13587
"""

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike, FeedForward
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.convolutions import channel_activation
from sgn_sciml.operators.networks.adapter import positions

__all__ = ["DPOT", "ModeNetwork"]

GROUPS = 8  # of the norms
FASTEST = 10.0  # waves of time begin from 2^-10 to 2^10


class ModeNetwork(nn.Module):
    """A network of the Fourier modes, and what it is given: ``(batch, width, n_1, n_2)``.

    Args:
        width: Channels, a multiple of the blocks.
        blocks: Blocks of channels that do not see each other.
        modes: Number of modes along each axis.
        activation: Activation of real and imaginary parts, on the channels of all blocks.
    """

    def __init__(self, width: int, blocks: int, modes: int, activation: ActivationLike) -> None:
        super().__init__()
        self.modes, size = modes, width // blocks
        scale = 1 / size**2
        self.weights = nn.ParameterList(
            scale * torch.rand(2, blocks, size, size) for _ in range(2)
        )
        self.biases = nn.ParameterList(scale * torch.rand(2, blocks, 1, size) for _ in range(2))
        self.act = channel_activation(activation, width)

    def forward(self, x: Tensor) -> Tensor:
        n, m = x.shape[-2:], self.modes
        wave = torch.fft.rfft2(x, norm="ortho")
        kept = wave[..., :m, :m]
        y = self._linear(0, kept)
        y = torch.complex(self.act(y.real.contiguous()), self.act(y.imag.contiguous()))
        y = self._linear(1, y)
        missing = [a - b for a, b in zip(wave.shape[-2:], y.shape[-2:], strict=True)]
        full = nn.functional.pad(y, (0, missing[1], 0, missing[0]))
        back: Tensor = torch.fft.irfft2(full, n, norm="ortho")
        return x + back

    def _linear(self, k: int, wave: Tensor) -> Tensor:
        """A linear map of each mode, on blocks of channels."""
        w, b = torch.complex(*self.weights[k]), torch.complex(*self.biases[k])
        parts = wave.flatten(2).reshape(len(wave), len(w), -1, wave[0, 0].numel()).mT
        return (parts @ w + b).mT.reshape(wave.shape)


class DPOT(OperatorNetwork):
    """Auto-regressive Fourier transformer of windows of frames on one square grid.

    Args:
        in_channels: Number of input functions, frames first: a multiple of the frames.
        out_channels: Number of output functions.
        frames: Frames of the window.
        points: Points along both axes, a multiple of the patch; no other grid will do.
        patch: Points of a patch along each axis.
        width: Channels, a multiple of 8 and of the blocks.
        depth: Number of blocks of the transformer.
        blocks: Blocks of channels of the mode networks.
        modes: Number of modes of the patches along each axis.
        factor: Hidden width of the channel networks over the width.
        head: Channels of the read-out.
        periodic: Whether the axes are periodic, which positions depend on.
        activation: Activation everywhere.

    Raises:
        ValueError: For sizes out of range, and for another grid.

    Example:
        >>> DPOT(4, 1, frames=4, points=16, width=16, depth=1)(torch.zeros(2, 4, 16, 16)).shape
        torch.Size([2, 1, 16, 16])
    """

    def __init__(
        self,
        in_channels: int = 10,
        out_channels: int = 1,
        frames: int = 10,
        points: int = 64,
        patch: int = 4,
        width: int = 128,
        depth: int = 4,
        blocks: int = 4,
        modes: int = 32,
        factor: int = 1,
        head: int = 32,
        periodic: bool = True,
        activation: ActivationLike = "gelu",
    ) -> None:
        super().__init__(in_channels, out_channels, 2)
        sizes = (in_channels, out_channels, frames, patch, width, depth, blocks, modes, factor)
        if min(*sizes, head) < 1 or in_channels % frames or points % patch:
            raise ValueError(
                "sizes must be at least 1, in_channels a multiple of frames, points one of patch"
            )
        if width % GROUPS or width % blocks:
            raise ValueError(f"width must be a multiple of {GROUPS} and of blocks, got {width}")
        self.periodic, self.frames, self.points = periodic, frames, points

        def act(channels: int) -> nn.Module:
            return channel_activation(activation, channels)

        told = in_channels // frames + 3
        lifted = out_channels * patch + 3
        self.embed = nn.Sequential(
            nn.Conv2d(told, lifted, patch, patch), act(lifted), nn.Conv2d(lifted, width, 1)
        )
        side = points // patch
        self.places = nn.Parameter(torch.empty(width, side, side))
        nn.init.trunc_normal_(self.places, std=0.02)
        self.merge = nn.Parameter(torch.randn(frames, width, width) / (frames * width**0.5))
        self.rates = nn.Parameter(2 ** torch.linspace(-FASTEST, FASTEST, width))
        self.filters = nn.ModuleList(
            ModeNetwork(width, blocks, modes, activation) for _ in range(depth)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, width) for _ in range(2 * depth))
        self.mlp = nn.ModuleList(
            FeedForward(width, factor * width, activation=activation) for _ in range(depth)
        )
        self.head = nn.Sequential(
            nn.ConvTranspose2d(width, head, patch, patch),
            act(head),
            nn.Conv2d(head, head, 1),
            act(head),
            nn.Conv2d(head, out_channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        if tuple(x.shape[2:]) != (self.points,) * 2:
            raise ValueError(
                f"DPOT has weights for each patch of {self.points} x {self.points} points and "
                f"cannot take {' x '.join(map(str, x.shape[2:]))}: set points, and train anew"
            )
        space = positions(x, (self.periodic,) * 2)
        time = torch.linspace(0, 1, self.frames, device=x.device, dtype=x.dtype)
        z = x.new_zeros(())
        for k, frame in enumerate(x.chunk(self.frames, 1)):
            told = torch.cat([frame, space, time[k].expand_as(space[:, :1])], 1)
            patches = (self.embed(told) + self.places) * (time[k] * self.rates).cos()[
                :, None, None
            ]
            z = z + (patches.movedim(1, -1) @ self.merge[k])
        z = z.movedim(-1, 1)
        norms = iter(self.norms)
        for mode_network, mlp in zip(self.filters, self.mlp, strict=True):
            y = mode_network(next(norms)(z))
            y = next(norms)(y)
            z = z + mlp(y.movedim(1, -1)).movedim(-1, 1)
        u: Tensor = self.head(z)
        return u
