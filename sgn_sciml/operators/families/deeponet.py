r"""Deep operator networks: functions at fixed sensors in, values at any points out.

.. math::
    G(a)(y) = \sum_{k=1}^p b_k(a)\, t_k(y) + c, \qquad
    G(a_1, \dots, a_n)(y) = \sum_{k=1}^p b^1_k(a_1) \cdots b^n_k(a_n)\, t_k(y) + c

DeepONet reads all functions by one branch b, MIONet each by its own. The trunk t sees coordinates
of the unit box; along a periodic axis waves of them, so that what it returns is periodic. Its last
layer is activated, the branch's is not, and several outputs share the trunk, as in DeepXDE.

References:
    Lu et al., *Learning nonlinear operators via DeepONet* (2021), https://arxiv.org/abs/1910.03193

    Lu et al., *A comprehensive and fair comparison of two neural operators* (2022),
    https://arxiv.org/abs/2111.05512: the periodic trunk, several outputs

    Jin, Meng and Lu, *MIONet* (2022), https://arxiv.org/abs/2202.06137
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike, make_activation
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.convolutions import per_axis_flags
from sgn_sciml.operators.networks.adapter import positions

__all__ = ["DeepONet", "MIONet"]


def perceptron(sizes: Sequence[int], activation: ActivationLike, last: bool) -> nn.Sequential:
    """Linear layers of these sizes, Glorot-normal with bias 0, activations between them.

    Args:
        sizes: Features in, of each hidden layer, and out.
        activation: The activation.
        last: Whether there is one at the end, too.
    """
    layers: list[nn.Module] = []
    for n, m in pairwise(sizes):
        linear = nn.Linear(n, m)
        nn.init.xavier_normal_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, make_activation(activation, m)]
    return nn.Sequential(*layers[: None if last else -1])


class DeepONet(OperatorNetwork):
    """Deep operator network, with one branch for all input functions.

    A finer grid that contains the sensors is read at the sensors; its values are those at its own
    points. Any other grid is refused.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        sensors: Points along each space axis where functions are read; their number is the number
            of axes.
        width: Features of the hidden layers.
        features: Number p of features that branch and trunk share.
        branch_depth: Hidden layers of a branch.
        trunk_depth: Hidden layers of the trunk.
        harmonics: Waves along a periodic axis that the trunk sees.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        activation: Activation of branch and trunk.

    Raises:
        ValueError: For sizes out of range, and for a grid without the sensors.

    Example:
        >>> network = DeepONet(sensors=(16,), width=8, features=8)
        >>> network(torch.zeros(2, 1, 64)).shape
        torch.Size([2, 1, 64])
        >>> network.at(torch.zeros(2, 1, 16), torch.rand(5, 1)).shape
        torch.Size([2, 1, 5])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        sensors: tuple[int, ...] = (64,),
        width: int = 128,
        features: int = 128,
        branch_depth: int = 2,
        trunk_depth: int = 3,
        harmonics: int = 1,
        periodic: bool | tuple[bool, ...] = True,
        activation: ActivationLike = "relu",
    ) -> None:
        super().__init__(in_channels, out_channels, len(sensors))
        sizes = (in_channels, out_channels, width, features, branch_depth, trunk_depth, harmonics)
        if min(sizes) < 1 or min(sensors, default=0) < 2:
            raise ValueError("sizes must be at least 1, and sensors at least 2 along each axis")
        self.periodic = per_axis_flags(periodic, self.axes)
        self.sensors, self.harmonics = tuple(sensors), harmonics
        groups = self.groups(in_channels)
        hidden = (*[width] * branch_depth, features * out_channels)
        count = math.prod(sensors)
        self.branch_mlp = nn.ModuleList(
            perceptron((group * count, *hidden), activation, last=False) for group in groups
        )
        waves = sum(2 * harmonics if wraps else 1 for wraps in self.periodic)
        self.trunk_mlp = perceptron((waves, *[width] * trunk_depth, features), activation, True)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def groups(self, functions: int) -> list[int]:
        """Numbers of successive functions that share a branch."""
        return [functions]

    def branch(self, x: Tensor) -> Tensor:
        """Coefficients of functions on a grid, ``(batch, out_channels, features)``."""
        parts = torch.split(self.sensed(x), self.groups(self.in_channels), 1)
        product = x.new_ones(())
        for mlp, part in zip(self.branch_mlp, parts, strict=True):
            product = product * mlp(part.flatten(1))
        return product.reshape(len(x), self.out_channels, -1)

    def trunk(self, points: Tensor) -> Tensor:
        """Features of points of the unit box, ``(n, axes) -> (n, features)``."""
        told = []
        k = torch.arange(1, self.harmonics + 1, device=points.device, dtype=points.dtype)
        for x, wraps in zip(points.unbind(-1), self.periodic, strict=True):
            phase = 2 * math.pi * k * x[:, None]
            told += [phase.cos(), phase.sin()] if wraps else [x[:, None]]
        y: Tensor = self.trunk_mlp(torch.cat(told, -1))
        return y

    def merge(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """Values at points, ``(batch, out_channels, n)``: linear in both."""
        return coefficients @ features.T + self.bias[:, None]

    def at(self, x: Tensor, points: Tensor) -> Tensor:
        """Values at any points.

        Args:
            x: Functions on a grid, shape ``(batch, in_channels, *space)``.
            points: Points of the unit box, shape ``(n, axes)``.

        Returns:
            Values, shape ``(batch, out_channels, n)``.
        """
        return self.merge(self.branch(x), self.trunk(points))

    def forward(self, x: Tensor) -> Tensor:
        points = positions(x[:1], self.periodic)[0].flatten(1).T
        return self.at(x, points).reshape(len(x), -1, *x.shape[2:])

    def sensed(self, x: Tensor) -> Tensor:
        """Functions at the sensors, ``(batch, in_channels, *sensors)``."""
        axes = zip(x.shape[2:], self.sensors, self.periodic, strict=True)
        for dim, (n, m, wraps) in enumerate(axes, start=2):
            step, left = divmod(n, m) if wraps else divmod(n - 1, m - 1)
            if left or not step:
                fits = f"a multiple of {m}" if wraps else f"a multiple of {m - 1}, and one more"
                raise ValueError(
                    f"{type(self).__name__} reads functions at {m} sensors along axis {dim - 2}, "
                    f"which {n} points do not contain: give {m} or {fits}, or set sensors"
                )
            x = x[(slice(None),) * dim + (slice(None, None, step),)]
        return x


class MIONet(DeepONet):
    """Deep operator network for several functions: a branch for each, and their product.

    Args:
        kwargs: As for :class:`DeepONet`.
    """

    def groups(self, functions: int) -> list[int]:
        return [1] * functions
