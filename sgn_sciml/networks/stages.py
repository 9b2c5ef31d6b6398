r"""A network that fits what others left over.

.. math::
    N_k(x) = N_{k-1}(x) + a_k\, n_k(x), \qquad N_0 = n_0

Only :math:`n_k` trains. A network stalls where what is missing is small and fast; the next one,
whose first layer begins with that frequency and whose output counts in units of the small
amplitude :math:`a_k`, sees a function of ordinary size and shape. Conditions that a problem
imposes on any network hold for the sum as well.

References:
    Wang and Lai, *Multi-stage neural networks: function approximator of machine precision* (2024),
    https://arxiv.org/abs/2307.08934
"""

from collections.abc import Sequence

from torch import Tensor, nn

from sgn_sciml.networks.base import CoordinateNetwork
from sgn_sciml.networks.checkpoints import take_earlier

__all__ = ["Staged"]


class Staged(CoordinateNetwork):
    """The network of a later stage; its checkpoint holds those before.

    Args:
        network: Network of this stage.
        before: Networks of the stages before, in their order.
        amplitudes: Amplitudes of the stages but the first, this one's last.
        previous: Checkpoint of the stage before; None leaves its weights as they come.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If the networks do not fit together, there is not a positive amplitude for
            each, or the checkpoint is of other networks.
    """

    def __init__(
        self,
        network: CoordinateNetwork,
        before: Sequence[CoordinateNetwork],
        amplitudes: Sequence[float],
        previous: str | None = None,
    ) -> None:
        super().__init__(network.in_features, network.out_features)
        if len(before) != len(amplitudes) or not before or not min(amplitudes) > 0:
            raise ValueError(
                "Staged: need a positive amplitude for every stage but the first, got "
                f"{list(amplitudes)} for {len(before)} stages before this one"
            )
        sizes = {(each.in_features, each.out_features) for each in (network, *before)}
        if len(sizes) > 1:
            raise ValueError(
                f"Staged: the networks map other numbers of features: {sorted(sizes)}"
            )
        self.amplitudes = [float(amplitude) for amplitude in amplitudes]
        self.before = nn.ModuleList(before)
        self.before.requires_grad_(False)
        self.network = network
        if previous is not None:
            take_earlier(self.before, previous, "stage")

    def set_domain(self, lower: Sequence[float], upper: Sequence[float]) -> None:
        super().set_domain(lower, upper)
        for network in (*self.before, self.network):
            assert isinstance(network, CoordinateNetwork)
            network.set_domain(lower, upper)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.before[0](x)
        for amplitude, network in zip(
            self.amplitudes, (*self.before[1:], self.network), strict=True
        ):
            y = y + amplitude * network(x)
        return y
