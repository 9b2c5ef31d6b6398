r"""A network that goes on in time where others ended.

.. math::
    N_k(x, t) = N_{k-1}(x, t_k) + (t - t_k)\, n_k(x, t), \qquad N_0 = n_0

Only :math:`n_k` trains. At :math:`t_k` the network, and with it every solution that a problem
makes of it point by point, equals the one before: continuous by construction, and boundary
conditions that the problem imposes on any network hold as they did.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sgn_sciml.networks.base import CoordinateNetwork
from sgn_sciml.networks.checkpoints import take_earlier

__all__ = ["Continued"]


class Continued(CoordinateNetwork):
    """The network of a later window of time; its checkpoint holds those before.

    Args:
        network: Network of this window; those before are like it.
        starts: Times at which the windows but the first begin, this one's last.
        previous: Checkpoint of the window before; None leaves its weights as they come.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If starts do not rise, or the checkpoint is of another network.
    """

    def __init__(
        self, network: CoordinateNetwork, starts: Sequence[float], previous: str | None = None
    ) -> None:
        super().__init__(network.in_features, network.out_features)
        if not starts or list(starts) != sorted(set(starts)):
            raise ValueError(f"Continued: starts must rise, got {list(starts)}")
        self.starts = [float(start) for start in starts]
        self.before = nn.ModuleList(copy.deepcopy(network) for _ in starts)
        self.before.requires_grad_(False)
        self.network = network
        if previous is not None:
            take_earlier(self.before, previous, "window")

    def set_domain(self, lower: Sequence[float], upper: Sequence[float]) -> None:
        super().set_domain(lower, upper)
        self.network.set_domain(lower, upper)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.before[0](at(x, self.starts[0]))
        for k, network in enumerate(self.before[1:], 1):
            length = self.starts[k] - self.starts[k - 1]
            y = y + length * network(at(x, self.starts[k]))
        y = y + (x[..., -1:] - self.starts[-1]) * self.network(x)
        return y


def at(x: Tensor, time: float) -> Tensor:
    """Coordinates ``(..., d)`` with another time, the last of them."""
    return torch.cat([x[..., :-1], x[..., -1:] * 0 + time], -1)
