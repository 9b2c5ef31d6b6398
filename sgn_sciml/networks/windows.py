r"""A network that goes on in time where others ended.

.. math::
    N_k(x, t) = N_{k-1}(x, t_k) + (t - t_k)\, n_k(x, t), \qquad N_0 = n_0

Only :math:`n_k` trains. At :math:`t_k` the network, and with it every solution that a problem
makes of it point by point, equals the one before: continuous by construction, and boundary
conditions that the problem imposes on any network hold as they did.

An equation of second order in time hands over its first derivative, too:

.. math::
    N_k(x, t) = N_{k-1}\Bigl(x,\, t_k + \tfrac{h}{\pi} \sin \tfrac{\pi (t - t_k)}{h}\Bigr)
        + (t - t_k)^2\, n_k(x, t)

with h the length of the window before. The bent time leaves :math:`t_k` at speed 1 and stays near
it, so that the network before is not asked for values far from where it was trained.

A window may start from the weights of the one before and a little noise, as a window is much like
the last.
"""

import copy
import math
from collections.abc import Sequence
from itertools import pairwise

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
        noise: What is added to the last window's weights to start from, in units of freshly drawn
            ones; None starts from those alone.
        order: Order of the equation in time, 1 or 2: of how many derivatives, from the 0th on, the
            window takes over the values.
        begin: Time at which the first window begins; needed for order 2.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If starts do not rise, noise is negative, the order is another or lacks its
            beginning, or the checkpoint is of another network.
    """

    def __init__(
        self,
        network: CoordinateNetwork,
        starts: Sequence[float],
        previous: str | None = None,
        noise: float | None = None,
        order: int = 1,
        begin: float | None = None,
    ) -> None:
        super().__init__(network.in_features, network.out_features)
        if not starts or list(starts) != sorted(set(starts)):
            raise ValueError(f"Continued: starts must rise, got {list(starts)}")
        if order not in (1, 2):
            raise ValueError(f"Continued: order must be 1 or 2, got {order}")
        if order == 2 and (begin is None or not begin < starts[0]):
            raise ValueError(f"Continued: order 2 needs begin < {starts[0]}, got {begin}")
        if noise is not None and not 0 <= noise < math.inf:
            raise ValueError(f"Continued: noise must be 0 or more, got {noise}")
        self.order = order
        self.starts = [float(start) for start in starts]
        edges = [*([] if begin is None else [float(begin)]), *self.starts]
        self.lengths = [b - a for a, b in pairwise(edges)]  # of the windows before, for order 2
        self.before = nn.ModuleList(copy.deepcopy(network) for _ in starts)
        self.before.requires_grad_(False)
        self.network = network
        if previous is not None:
            take_earlier(self.before, previous, "window")
            if noise is not None:
                start_from(network, self.before[-1], noise)

    def set_domain(self, lower: Sequence[float], upper: Sequence[float]) -> None:
        super().set_domain(lower, upper)
        self.network.set_domain(lower, upper)

    def forward(self, x: Tensor) -> Tensor:
        return self.in_slope(x) if self.order == 2 else self.in_value(x)

    def in_slope(self, x: Tensor) -> Tensor:
        """With the value and first derivative in time of the network before."""
        networks = [*self.before, self.network]
        last = len(networks) - 1
        y: Tensor | None = None
        for k in range(last, -1, -1):  # from this window back, the time bent at each start
            part = networks[k](x)
            if k:
                passed = x[..., -1:] - self.starts[k - 1]
                part = passed * passed * part
                bend = self.lengths[k - 1] / math.pi
                time = self.starts[k - 1] + bend * torch.sin(passed / bend)
                x = torch.cat([x[..., :-1], time], -1)
            y = part if y is None else y + part
        assert y is not None
        return y

    def in_value(self, x: Tensor) -> Tensor:
        """With the value of the network before."""
        y: Tensor = self.before[0](at(x, self.starts[0]))
        for k, network in enumerate(self.before[1:], 1):
            length = self.starts[k] - self.starts[k - 1]
            y = y + length * network(at(x, self.starts[k]))
        y = y + (x[..., -1:] - self.starts[-1]) * self.network(x)
        return y


@torch.no_grad()
def start_from(network: nn.Module, before: nn.Module, noise: float) -> None:
    """Give a network the weights of another and so much of its own, freshly drawn ones."""
    known = dict(before.named_parameters())
    for name, weight in network.named_parameters():
        weight.copy_(known[name] + noise * weight)


def at(x: Tensor, time: float) -> Tensor:
    """Coordinates ``(..., d)`` with another time, the last of them."""
    return torch.cat([x[..., :-1], x[..., -1:] * 0 + time], -1)
