r"""G-FNO: a Fourier neural operator that commutes with quarter turns and reflections.

.. math::
    v_{l+1} = \sigma\bigl(\mathrm{MLP}_l\, N K_l N v_l + W_l v_l\bigr)

All maps are those of :mod:`~sgn_sciml.operators.families.group_layers`, N normalises each channel
over points and elements. Fields are scalars: the components of a vector would have to turn, too.
Sizes and start are those of the authors' code; of its positions only the distance from the centre
is taken, for closed axes.

References:
    Helwig et al., *Group equivariant Fourier neural operators for partial differential equations*
    (2023), https://arxiv.org/abs/2306.05697; code: https://github.com/divelab/AIRS
"""

from functools import partial

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.convolutions import channel_activation
from sgn_sciml.operators.families.group_layers import TURNS, GroupPointwise, GroupSpectral
from sgn_sciml.operators.networks.adapter import check_modes, positions

__all__ = ["GFNO"]

EPSILON = 1e-5


class GFNO(OperatorNetwork):
    """Group-equivariant Fourier neural operator of scalar fields on a square.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        modes: Modes of both axes in the papers' meaning.
        width: Channels, each with a field for every element of the group.
        depth: Number of Fourier layers.
        reflection: Whether the group has reflections beside the quarter turns.
        periodic: Whether the axes are periodic; closed ones tell the distance from the centre.
        activation: Activation of the channels, the same for all elements.

    Raises:
        ValueError: For sizes out of range, and for a grid that is not square or too coarse.

    Example:
        >>> network = GFNO(modes=3, width=4, depth=1)
        >>> x = torch.randn(1, 1, 8, 8)
        >>> torch.allclose(network(x.rot90(1, (2, 3))), network(x).rot90(1, (2, 3)), atol=1e-5)
        True
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        modes: int = 12,
        width: int = 10,
        depth: int = 4,
        reflection: bool = False,
        periodic: bool = True,
        activation: ActivationLike = "gelu",
    ) -> None:
        super().__init__(in_channels, out_channels, 2)
        if min(in_channels, out_channels, width, depth) < 1:
            raise ValueError("in_channels, out_channels, width and depth must be at least 1")
        check_modes((modes,))
        self.modes, self.periodic = (modes, modes), periodic
        self.elements = TURNS * (1 + reflection)
        point = partial(GroupPointwise, reflection=reflection)
        self.lift = point(in_channels + (not periodic), width, source=False)
        self.convs = nn.ModuleList(
            GroupSpectral(width, width, modes, reflection) for _ in range(depth)
        )
        self.inward = nn.ModuleList(point(width, width) for _ in range(depth))
        self.outward = nn.ModuleList(point(width, width) for _ in range(depth))
        self.skips = nn.ModuleList(point(width, width) for _ in range(depth))
        self.before, self.head = (
            point(width, 4 * width),
            point(4 * width, out_channels, target=False),
        )
        widths = [*[width] * (2 * depth - 1), 4 * width]
        self.act = nn.ModuleList(channel_activation(activation, n) for n in widths)

    def forward(self, x: Tensor) -> Tensor:
        n, m = x.shape[-1], self.modes[0]
        if x.shape[-2] != n or n < 2 * m - 1:
            raise ValueError(
                f"GFNO turns its grid, which must be square and have {2 * m - 1} points or more "
                f"along each axis for {m} modes, not {' x '.join(map(str, x.shape[2:]))}"
            )
        if not self.periodic:
            offset = positions(x[:1], (False, False)) - 0.5
            distance = torch.linalg.vector_norm(offset, dim=1, keepdim=True)
            x = torch.cat([x, distance.expand(len(x), -1, -1, -1)], 1)
        acts = iter(self.act)
        v = self.lift(x)
        for k, conv in enumerate(self.convs):
            y = self._normed(conv(self._normed(v)))
            y = self.outward[k](self._each(next(acts), self.inward[k](y)))
            v = y + self.skips[k](v)
            if k < len(self.convs) - 1:
                v = self._each(next(acts), v)
        u: Tensor = self.head(self._each(next(acts), self.before(v)))
        return u

    def _by_channel(self, v: Tensor) -> Tensor:
        return v.reshape(len(v), -1, self.elements, *v.shape[2:])

    def _each(self, act: nn.Module, v: Tensor) -> Tensor:
        """An activation of the channels, alike for all elements."""
        y: Tensor = act(self._by_channel(v))
        return y.reshape(v.shape)

    def _normed(self, v: Tensor) -> Tensor:
        """Each channel over points and elements."""
        return nn.functional.instance_norm(self._by_channel(v), eps=EPSILON).reshape(v.shape)
