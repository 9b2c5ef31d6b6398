"""The U-shaped neural operator of the ``neuraloperator`` library.

References:
    Rahman, Ross and Azizzadenesheli, *U-NO: U-shaped neural operators* (2023)
"""

import math
from functools import partial

from torch import nn

from sgn_sciml.operators.networks.adapter import Adapter, check_modes
from sgn_sciml.operators.networks.convolution import spectral_convolution
from sgn_sciml.system.extras import needed_by

__all__ = ["UNO"]


class UNO(Adapter):
    """U-shaped neural operator: Fourier layers on coarser grids in the middle.

    The layers come in two halves: the first coarsens by 2 and widens by 2 at each of its levels,
    the second goes back, with skips across.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        modes: Modes per space axis of the outer layers; each level has half as many.
        width: Channels of the outer layers.
        levels: Number of coarser grids.
        channel_mlp_expansion: Hidden width of the pointwise networks over the width.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is given the positions.
        padding: Padding of the domain as a fraction of it, for axes that are not periodic.

    Raises:
        ValueError: For sizes out of range.

    Example:
        >>> import torch
        >>> UNO(modes=(16,), width=16)(torch.zeros(2, 1, 64)).shape
        torch.Size([2, 1, 64])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        modes: tuple[int, ...] = (16,),
        width: int = 32,
        levels: int = 1,
        channel_mlp_expansion: float = 0.5,
        periodic: bool | tuple[bool, ...] = True,
        positional: bool = True,
        padding: float = 0.0,
    ) -> None:
        if min(in_channels, out_channels, width, levels) < 1:
            raise ValueError("in_channels, out_channels, width and levels must be at least 1")
        n_modes, axes = check_modes(modes), len(modes)
        depth = [*range(1, levels + 1), *range(levels - 1, -1, -1)]  # grid after each layer

        def build(channels: int) -> nn.Module:
            with needed_by("sgn_sciml.operators", "operators"):
                from neuralop.layers.fno_block import FNOBlocks
                from neuralop.models import UNO as Model

            before = [0, *depth[:-1]]
            inner = [min(a, b) for a, b in zip(before, depth, strict=True)]
            model: nn.Module = Model(
                in_channels=channels,
                out_channels=out_channels,
                hidden_channels=width,
                lifting_channels=2 * width,
                projection_channels=2 * width,
                positional_embedding=None,
                n_layers=len(depth) + 2,
                uno_out_channels=[width, *(width * 2**d for d in depth), width],
                uno_n_modes=[
                    [max(2, math.ceil(n / 2**d)) for n in n_modes] for d in (0, *inner, 0)
                ],
                uno_scalings=[
                    [1.0] * axes,
                    *([2.0 ** (a - b)] * axes for a, b in zip(before, depth, strict=True)),
                    [1.0] * axes,
                ],
                channel_mlp_expansion=channel_mlp_expansion,
                channel_mlp_skip="linear",
                domain_padding=padding or None,
                # it takes an integral_operator, and leaves it alone
                operator_block=partial(FNOBlocks, conv_module=spectral_convolution()),
            )
            return model

        super().__init__(build, in_channels, out_channels, axes, periodic, positional)
        self.modes, self.padding = tuple(modes), padding
