"""Several networks side by side, each with fields of its own and, where asked, fewer coordinates.

An unknown coefficient k(x) beside a solution u(x, t) is a field that does not depend on t: a
network that is not shown t says so exactly, without an equation k_t = 0.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from sgn_sciml.networks.base import CoordinateNetwork

__all__ = ["Separate"]


class Separate(CoordinateNetwork):
    """Networks whose outputs are joined, shape ``(..., d) -> (..., f)``.

    Sizes that a network was not given are those of the coordinates it sees, and one field.

    Args:
        networks: The networks, in the order of the fields.
        axes: Which coordinates each sees, by number, None for all; all see all when None.

    Raises:
        ValueError: If there is no network, or not as many axes as networks.

    Example:
        >>> from sgn_sciml.networks import CoordinateMLP
        >>> network = Separate([CoordinateMLP(2, 1), CoordinateMLP(1, 1)], axes=[None, [0]])
        >>> network(torch.zeros(10, 2)).shape
        torch.Size([10, 2])
    """

    def __init__(
        self,
        networks: list[CoordinateNetwork],
        axes: list[list[int] | None] | None = None,
    ) -> None:
        axes = [None] * len(networks) if axes is None else axes
        if not networks or len(axes) != len(networks):
            raise ValueError(
                f"Separate: needs networks, and axes for each, got {len(networks)} networks and "
                f"{len(axes)} axes"
            )
        pairs = list(zip(networks, axes, strict=True))
        reach = [network.in_features if seen is None else max(seen) + 1 for network, seen in pairs]
        super().__init__(max(reach), sum(network.out_features for network in networks))
        self.axes = axes
        self.networks = nn.ModuleList(networks)

    def parts(self) -> Iterator[tuple[CoordinateNetwork, list[int]]]:
        """Each network, and the coordinates that it sees."""
        for network, axes in zip(self.networks, self.axes, strict=True):
            assert isinstance(network, CoordinateNetwork)
            yield network, list(range(self.in_features)) if axes is None else axes

    def take_sizes(self, in_features: int, out_features: int) -> None:
        if missing := [a for axes in self.axes for a in axes or () if not 0 <= a < in_features]:
            raise ValueError(
                f"Separate: a network sees the coordinate {missing[0]}, of {in_features} "
                "coordinates, which count from 0"
            )
        if in_features != self.in_features:
            self.in_features = in_features
            self.register_buffer("lower", torch.full((in_features,), -1.0))
            self.register_buffer("upper", torch.full((in_features,), 1.0))
        for network, axes in self.parts():
            network.take_sizes(len(axes), 1)
            if network.in_features != len(axes):
                raise ValueError(
                    f"Separate: a network has in_features={network.in_features} and sees "
                    f"{len(axes)} coordinates"
                )
        self.out_features = sum(network.out_features for network, _ in self.parts())

    def set_domain(self, lower: Sequence[float], upper: Sequence[float]) -> None:
        super().set_domain(lower, upper)
        for network, axes in self.parts():
            network.set_domain([lower[a] for a in axes], [upper[a] for a in axes])

    def forward(self, x: Tensor) -> Tensor:
        columns = [torch.cat([x[..., a : a + 1] for a in axes], -1) for _, axes in self.parts()]
        pairs = zip(self.parts(), columns, strict=True)
        return torch.cat([network(seen) for (network, _), seen in pairs], -1)
