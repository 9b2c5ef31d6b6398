r"""Boosting: a second operator learns what a first one leaves wrong.

.. math::
    u = G_1(a) + s\, G_2(a, G_1(a))

The first operator is trained and fixed. Its residual has a flatter spectrum than the solution, so
the waves that were too weak to count for :math:`G_1` count for :math:`G_2`. The scale s is the
size of the residual: :math:`G_2` learns a field of order one.

References:
    Qin et al., *Toward a better understanding of Fourier neural operators from a spectral
    perspective* (2024), https://arxiv.org/abs/2404.07200: SpecBoost, SpecB-FNO
"""

import math

import torch
from torch import Tensor

from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.networks.weights import load_network_weights

__all__ = ["Boosted"]


class Boosted(OperatorNetwork):
    """An operator plus a correction by a second operator, the only one that trains.

    The weights of both, and the scale, are in the state dict. Gradients with respect to the input
    pass through both, as rollouts need. Train it on the data of the first operator: the scaling of
    fields is that of the data.

    Args:
        first: The trained operator; its parameters are frozen, and it runs in evaluation mode.
        second: The operator of the residual. It is given the input and the first one's output, so
            its ``in_channels`` is ``first.in_channels + first.out_channels``.
        first_checkpoint: Checkpoint of a task whose network's weights the first one takes. The
            file is read whenever the network is built, so it has to stay where it is.
        residual_scale: Root mean square of the first operator's error in the units of the network:
            where targets are scaled to unit variance, about its relative L2 error.

    Raises:
        ValueError: If the two do not fit, the scale is not positive, or the checkpoint holds
            another network.

    Example:
        >>> from sgn_sciml.operators.networks import FNO
        >>> boosted = Boosted(FNO(width=8), FNO(in_channels=2, width=8, modes=(32,)))
        >>> boosted(torch.zeros(2, 1, 64)).shape
        torch.Size([2, 1, 64])
    """

    scale: Tensor

    def __init__(
        self,
        first: OperatorNetwork,
        second: OperatorNetwork,
        first_checkpoint: str | None = None,
        residual_scale: float = 0.01,
    ) -> None:
        super().__init__(first.in_channels, first.out_channels, first.axes)
        expected = {
            "in_channels": first.in_channels + first.out_channels,
            "out_channels": first.out_channels,
            "axes": first.axes,
        }
        for name, value in expected.items():
            if getattr(second, name) != value:
                raise ValueError(
                    f"the second operator corrects the output of the first from its input and "
                    f"output: it needs {name}={value}, got {getattr(second, name)}"
                )
        if not (residual_scale > 0 and math.isfinite(residual_scale)):
            raise ValueError(f"residual_scale must be positive, got {residual_scale}")
        if first_checkpoint is not None:
            load_network_weights(first, first_checkpoint)
        self.first = first.requires_grad_(False)
        self.second = second
        self.register_buffer("scale", torch.tensor(float(residual_scale)))

    def forward(self, x: Tensor) -> Tensor:
        """Apply it, ``(batch, in_channels, *space) -> (batch, out_channels, *space)``."""
        self.first.eval()  # here, as Lightning warns of a module that begins in this mode
        y: Tensor = self.first(x)
        z: Tensor = self.second(torch.cat([x, y], 1))
        return y + self.scale * z

    def extra_repr(self) -> str:
        return f"scale={self.scale.tolist():g}"
