r"""Fourier neural operators: thin adapters over the ``neuraloperator`` library.

.. math::
    v_0 = P(a, x), \qquad v_{l+1} = \sigma\bigl(K_l v_l + W_l v_l\bigr), \qquad u = Q(v_L)

:math:`K_l` multiplies the lowest Fourier modes by complex weights; what lies above them passes
through :math:`W_l` only. The adapters spell ``modes`` as the papers do: m modes per axis are
:math:`|k| < m`. The library counts both signs and keeps n // 2 + 1 on the last axis, so m modes
are its ``n_modes = 2m``, which on the last axis is one more than the papers keep.

What they add: positions of periodic and of closed grids, no entry of the library's own in the
state dict (its constructor arguments, which neither strict nor weights-only loading takes), and an
import that is paid by those who use it.

References:
    Li et al., *Fourier neural operator for parametric partial differential equations* (2021)

    Kossaifi et al., *Multi-grid tensorized Fourier neural operator* (2024)

    Rahman, Ross and Azizzadenesheli, *U-NO: U-shaped neural operators* (2023)
"""

import io
import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.networks.operators.convolution import spectral_convolution

__all__ = ["FNO", "TFNO", "UNO", "Adapter", "positions"]

Skip = Literal["linear", "identity", "soft-gating"] | None


def positions(x: Tensor, periodic: Sequence[bool]) -> Tensor:
    """Coordinates of a grid on the unit box, as channels.

    Args:
        x: Field, shape ``(batch, channels, *space)``.
        periodic: Whether an axis leaves out its last point, which is its first; a closed axis has
            both ends.

    Returns:
        Coordinates, shape ``(batch, axes, *space)``, dtype and device of x.
    """
    lines = [
        torch.arange(n, device=x.device, dtype=x.dtype) / max(n if wraps else n - 1, 1)
        for n, wraps in zip(x.shape[2:], periodic, strict=True)
    ]
    grid = torch.stack(torch.meshgrid(*lines, indexing="ij"))
    return grid.expand(len(x), *grid.shape)


class Adapter(OperatorNetwork):
    """A model of the library behind our interface.

    Args:
        build: Makes the model from its number of input channels, positions included.
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        axes: Number of space axes.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is told the positions.
    """

    def __init__(
        self,
        build: Callable[[int], nn.Module],
        in_channels: int,
        out_channels: int,
        axes: int,
        periodic: bool | Sequence[bool],
        positional: bool,
    ) -> None:
        super().__init__(in_channels, out_channels, axes)
        self.periodic = (periodic,) * axes if isinstance(periodic, bool) else tuple(periodic)
        if len(self.periodic) != axes:
            raise ValueError(f"periodic has {len(self.periodic)} entries for {axes} axes")
        self.positional = positional
        # The library's import changes the filters of the process; its UNO prints.
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            self.model = build(in_channels + axes * positional)
        self.register_state_dict_post_hook(_drop_metadata)  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor) -> Tensor:
        """Apply it, ``(batch, in_channels, *space) -> (batch, out_channels, *space)``."""
        if self.positional:
            x = torch.cat([x, positions(x, self.periodic)], 1)
        y: Tensor = self.model(x)
        return y


def _drop_metadata(module: nn.Module, state: dict[str, Any], *_: Any) -> None:
    state.pop("_metadata", None)


def check_modes(modes: Sequence[int]) -> tuple[int, ...]:
    """The library's ``n_modes``.

    Raises:
        ValueError: If there is no mode on an axis.
    """
    if not modes or min(modes) < 1:
        raise ValueError(f"modes needs a number of at least 1 for each space axis, got {modes}")
    return tuple(2 * m for m in modes)


class FNO(Adapter):
    """Fourier neural operator.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        modes: Modes per space axis in the papers' meaning; their number is the number of axes.
        width: Channels.
        depth: Number of Fourier layers.
        channel_mlp: Whether each layer ends in a pointwise network over the channels.
        channel_mlp_expansion: Its hidden width over the width.
        channel_mlp_skip: The path around it: ``linear``, ``identity``, ``soft-gating`` or null.
        lifting_ratio: Hidden width of the lifting over the width; 0 for a linear lifting.
        projection_ratio: Hidden width of the projection over the width.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is told the positions.
        padding: Padding of the domain as a fraction of it, for axes that are not periodic.
        norm: Normalisation between layers: ``group_norm``, ``instance_norm`` or null.
        non_linearity: Activation between layers.
        factorization: Tensor factorisation of the weights (``tucker``, ``cp``, ``tt``) or null.
        rank: Rank of the factorisation, as a fraction of the dense weights.

    Raises:
        ValueError: For sizes out of range.

    Example:
        >>> fno = FNO(modes=(16,), width=32)
        >>> fno.n_modes
        (32,)
        >>> fno(torch.zeros(2, 1, 64)).shape
        torch.Size([2, 1, 64])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        modes: tuple[int, ...] = (16,),
        width: int = 64,
        depth: int = 4,
        channel_mlp: bool = True,
        channel_mlp_expansion: float = 0.5,
        channel_mlp_skip: Skip = "soft-gating",
        lifting_ratio: float = 2.0,
        projection_ratio: float = 2.0,
        periodic: bool | tuple[bool, ...] = True,
        positional: bool = True,
        padding: float = 0.0,
        norm: Literal["group_norm", "instance_norm"] | None = None,
        non_linearity: Callable[[Tensor], Tensor] = F.gelu,
        factorization: Literal["tucker", "cp", "tt"] | None = None,
        rank: float = 1.0,
    ) -> None:
        if min(in_channels, out_channels, width, depth) < 1:
            raise ValueError("in_channels, out_channels, width and depth must be at least 1")
        n_modes = check_modes(modes)

        def build(channels: int) -> nn.Module:
            from neuralop.models import FNO as Model

            model: nn.Module = Model(
                n_modes=n_modes,
                in_channels=channels,
                out_channels=out_channels,
                hidden_channels=width,
                n_layers=depth,
                lifting_channel_ratio=lifting_ratio,
                projection_channel_ratio=projection_ratio,
                positional_embedding=None,
                non_linearity=non_linearity,
                norm=norm,
                use_channel_mlp=channel_mlp,
                channel_mlp_expansion=channel_mlp_expansion,
                channel_mlp_skip=channel_mlp_skip,
                domain_padding=padding or None,
                factorization=factorization,
                rank=rank,
                conv_module=spectral_convolution(),
            )
            return model

        super().__init__(build, in_channels, out_channels, len(modes), periodic, positional)
        self.n_modes = n_modes

    def extra_repr(self) -> str:
        return (
            f"modes={tuple(n // 2 for n in self.n_modes)} (the library's n_modes={self.n_modes})"
        )


class TFNO(FNO):
    """Tensorised Fourier neural operator: spectral weights in Tucker form.

    Args:
        rank: Rank, as a fraction of the dense weights.
        kwargs: As for :class:`FNO`.
    """

    def __init__(self, rank: float = 0.1, **kwargs: Any) -> None:
        super().__init__(factorization="tucker", rank=rank, **kwargs)


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
        positional: Whether the network is told the positions.
        padding: Padding of the domain as a fraction of it, for axes that are not periodic.

    Raises:
        ValueError: For sizes out of range.

    Example:
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
                integral_operator=spectral_convolution(),
            )
            return model

        super().__init__(build, in_channels, out_channels, axes, periodic, positional)
